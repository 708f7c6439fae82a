/* SPDX-License-Identifier: Apache-2.0
 * issue: making keys and self-signed certificates. */
#include "cert/issue.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <stdlib.h>
#include <string.h>

#include "cert/ossl.h"

#define SERIAL_BITS 127		/* positive, 16 bytes: RFC 5280, 4.1.2.2 */

time_t
issue_end(time_t now)
{
	struct tm tm;
	int year;

	gmtime_r(&now, &tm);
	tm.tm_year += ISSUE_YEARS;
	year = tm.tm_year + 1900;
	if (tm.tm_mon == 1 && tm.tm_mday == 29 &&
	    (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0)))
		tm.tm_mday = 28;
	return timegm(&tm);
}

static EVP_PKEY *
rsa_key(const char *bits)
{
	char *end;
	unsigned long n = strtoul(bits, &end, 10);

	if (*end != '\0' || n < 2048 || n > 8192)
		return NULL;
	return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)n);
}

static EVP_PKEY *
ec_key(const char *curve)
{
	if (strcmp(curve, "P-256") != 0 && strcmp(curve, "P-384") != 0 &&
	    strcmp(curve, "P-521") != 0)
		return NULL;
	return EVP_EC_gen(curve);
}

EVP_PKEY *
issue_key(const char *spec, struct fail *f)
{
	EVP_PKEY *key = NULL;

	ERR_set_mark();
	if (strncasecmp(spec, "rsa:", 4) == 0)
		key = rsa_key(spec + 4);
	else if (strncasecmp(spec, "ec:", 3) == 0)
		key = ec_key(spec + 3);
	if (key == NULL)
		fail_set(f, REASON_KEY, "no key \"%s\" can be made: accepted "
		    "are rsa:2048 to rsa:8192, ec:P-256, ec:P-384 and "
		    "ec:P-521", spec);
	ERR_pop_to_mark();
	return key;
}

static int
set_serial(X509 *cert)
{
	BIGNUM *bn = BN_new();
	int ok;

	ok = bn != NULL && BN_rand(bn, SERIAL_BITS, BN_RAND_TOP_ONE,
	    BN_RAND_BOTTOM_ANY) &&
	    BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(cert)) != NULL;
	BN_free(bn);
	return ok;
}

static int
set_validity(X509 *cert, int days)
{
	time_t now = time(NULL);
	time_t end = days > 0 ? now + (time_t)days * 86400 : issue_end(now);

	return ASN1_TIME_set(X509_getm_notBefore(cert), now) != NULL &&
	    ASN1_TIME_set(X509_getm_notAfter(cert), end) != NULL;
}

static int
set_subject(X509 *cert, const char *cn)
{
	X509_NAME *name = X509_get_subject_name(cert);

	return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
	    (const unsigned char *)cn, -1, -1, 0) &&
	    X509_set_issuer_name(cert, name);
}

static int
add_ext(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;
	int ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = ext != NULL && X509_add_ext(cert, ext, -1);
	X509_EXTENSION_free(ext);
	return ok;
}

static int
add_names(X509 *cert, const struct names *n)
{
	GENERAL_NAMES *all = GENERAL_NAMES_new();
	GENERAL_NAME *one;
	size_t i;
	int ok = all != NULL;

	for (i = 0; ok && i < n->count; i++) {
		one = a2i_GENERAL_NAME(NULL, NULL, NULL,
		    names_is_address(n->list[i]) ? GEN_IPADD : GEN_DNS,
		    (char *)n->list[i], 0);
		ok = one != NULL && sk_GENERAL_NAME_push(all, one) > 0;
		if (!ok)
			GENERAL_NAME_free(one);
	}
	ok = ok && (n->count == 0 || X509_add1_ext_i2d(cert,
	    NID_subject_alt_name, all, 0, 0) == 1);
	GENERAL_NAMES_free(all);
	return ok;
}

static int
add_extensions(X509 *cert, EVP_PKEY *key)
{
	return add_ext(cert, NID_basic_constraints, "critical,CA:FALSE") &&
	    add_ext(cert, NID_key_usage, EVP_PKEY_is_a(key, "RSA") ?
	    "critical,digitalSignature,keyEncipherment" :
	    "critical,digitalSignature") &&
	    add_ext(cert, NID_ext_key_usage, "serverAuth,clientAuth") &&
	    add_ext(cert, NID_subject_key_identifier, "hash") &&
	    add_ext(cert, NID_authority_key_identifier, "keyid:always");
}

/* SHA-384 for P-384 and so on: FIPS 186-5, 6.1.1. */
const EVP_MD *
issue_digest(const EVP_PKEY *key)
{
	int bits = EVP_PKEY_is_a(key, "EC") ? EVP_PKEY_get_bits(key) : 0;

	if (EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448"))
		return NULL;
	return bits > 384 ? EVP_sha512() : bits > 256 ? EVP_sha384() :
	    EVP_sha256();
}

static int
sign(X509 *cert, EVP_PKEY *key)
{
	return X509_sign(cert, key, issue_digest(key)) > 0;
}

static X509 *
blank(EVP_PKEY *key, int days)
{
	X509 *cert = X509_new();

	if (cert != NULL && X509_set_version(cert, X509_VERSION_3) &&
	    set_serial(cert) && set_validity(cert, days) &&
	    X509_set_pubkey(cert, key))
		return cert;
	X509_free(cert);
	return NULL;
}

X509 *
issue_cert(EVP_PKEY *key, const struct names *names, int days, struct fail *f)
{
	X509 *cert;

	ERR_set_mark();
	cert = blank(key, days);
	if (cert != NULL && !(set_subject(cert, names->cn) &&
	    add_extensions(cert, key) && add_names(cert, names) &&
	    sign(cert, key))) {
		X509_free(cert);
		cert = NULL;
	}
	if (cert == NULL)
		fail_set(f, REASON_CERTIFICATE, "the certificate for \"%s\" "
		    "cannot be made: %s", names->cn, ossl_why());
	ERR_pop_to_mark();
	return cert;
}

/* What depends on the key is made anew. */
static int
copy_names(X509 *cert, X509 *old)
{
	int at = X509_get_ext_by_NID(old, NID_subject_alt_name, -1);

	return X509_set_subject_name(cert, X509_get_subject_name(old)) &&
	    X509_set_issuer_name(cert, X509_get_subject_name(old)) &&
	    (at < 0 || X509_add_ext(cert, X509_get_ext(old, at), -1));
}

X509 *
issue_again(X509 *old, EVP_PKEY *key, int days, struct fail *f)
{
	X509 *cert;

	ERR_set_mark();
	cert = blank(key, days);
	if (cert != NULL && !(copy_names(cert, old) &&
	    add_extensions(cert, key) && sign(cert, key))) {
		X509_free(cert);
		cert = NULL;
	}
	if (cert == NULL)
		fail_set(f, REASON_CERTIFICATE, "the certificate cannot be "
		    "renewed: %s", ossl_why());
	ERR_pop_to_mark();
	return cert;
}
