/* SPDX-License-Identifier: Apache-2.0
 * fuzz_load: files with certificates and keys. */
#include "fuzz.h"

#include <openssl/err.h>

#include "cert/describe.h"
#include "cert/load.h"

static void
describe(X509 *cert)
{
	char text[256], fp[DESCRIBE_FP];

	describe_subject(cert, text, sizeof text);
	describe_issuer(cert, text, sizeof text);
	describe_names(cert, text, sizeof text);
	describe_spki(cert, fp);
	describe_weak(cert, 2048, 256, false, text, sizeof text);
	describe_days(cert);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct passwords none = { .count = 0 };
	struct load l = { 0 };
	struct fail f = { 0 };
	struct buf in = { 0 };
	int wanted = size > 0 ? data[0] % 4 : 0, i;

	if (size < 2 || buf_append(&in, data + 1, size - 1) < 0)
		return 0;
	load_what(&in);
	if (load_parse(&in, "the file", wanted, &none, &l, &f) < 0)
		MUST(f.reason != REASON_NONE && f.text[0] != '\0');
	else if ((wanted & LOAD_CERTS) != 0)
		MUST(sk_X509_num(l.certs) > 0);
	for (i = 0; l.certs != NULL && i < sk_X509_num(l.certs); i++)
		describe(sk_X509_value(l.certs, i));
	load_free(&l);
	buf_free(&in);
	ERR_clear_error();
	return 0;
}
