/* SPDX-License-Identifier: Apache-2.0
 * ossl: OpenSSL's error queue, for the files of this room. */
#include "cert/ossl.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <stddef.h>

const char *
ossl_why(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	return text != NULL ? text : "no reason given";
}

int
ossl_unsupported(void)
{
	unsigned long e = ERR_peek_last_error();

	return ERR_GET_REASON(e) == ERR_R_UNSUPPORTED ||
	    (ERR_GET_LIB(e) == ERR_LIB_EVP &&
	    (ERR_GET_REASON(e) == EVP_R_UNSUPPORTED_ALGORITHM ||
	    ERR_GET_REASON(e) == EVP_R_UNKNOWN_CIPHER ||
	    ERR_GET_REASON(e) == ERR_R_FETCH_FAILED ||
	    ERR_GET_REASON(e) == EVP_R_UNKNOWN_PBE_ALGORITHM));
}
