/* SPDX-License-Identifier: Apache-2.0
 * ossl: OpenSSL's error queue, for the files of this room. */
#ifndef DICOMTLS_OSSL_H
#define DICOMTLS_OSSL_H

/*
 * What OpenSSL gives as the newest reason, in words; never NULL.  The string
 * is OpenSSL's own.  The queue belongs to the program that we live in: public
 * functions of this room set a mark (ERR_set_mark) and go back to it.
 */
const char *ossl_why(void);

/* Whether the newest error says that an algorithm is not provided. */
int ossl_unsupported(void);

#endif
