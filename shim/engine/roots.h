/* SPDX-License-Identifier: Apache-2.0
 * roots: the authorities that the system trusts; one source file per system. */
#ifndef DICOMTLS_ROOTS_H
#define DICOMTLS_ROOTS_H

#include <openssl/ssl.h>

/* Adds them to CTX's store.  1, or 0 with OpenSSL's error or none. */
int roots_load(SSL_CTX *ctx);

#endif
