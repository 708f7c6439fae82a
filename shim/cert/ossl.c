/* SPDX-License-Identifier: Apache-2.0
 * ossl: OpenSSL's error queue, for the files of this room. */
#include "cert/ossl.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <stddef.h>

const char *
ossl_why(void)
{
	unsigned long e = ERR_peek_last_error();
	const char *text = ERR_reason_error_string(e);

	/* What the decoders call anything that none of them takes. */
	if (ERR_GET_LIB(e) == ERR_LIB_OSSL_DECODER &&
	    ERR_GET_REASON(e) == ERR_R_UNSUPPORTED)
		return "damaged, cut off, or of an unknown kind";
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
