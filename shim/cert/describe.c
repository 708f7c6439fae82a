/* SPDX-License-Identifier: Apache-2.0
 * describe: certificates and keys in words: fingerprints, names, days. */
#include "cert/describe.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DAY 86400

static void
hex(const unsigned char *digest, size_t len, char out[DESCRIBE_FP])
{
	size_t i;

	out[0] = '\0';
	for (i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

void
describe_spki(X509 *cert, char out[DESCRIBE_FP])
{
	unsigned char digest[EVP_MAX_MD_SIZE], *der = NULL;
	unsigned len = 0;
	int n;

	out[0] = '\0';
	ERR_set_mark();
	n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	if (n > 0 && EVP_Digest(der, (size_t)n, digest, &len, EVP_sha256(),
	    NULL))
		hex(digest, len, out);
	OPENSSL_free(der);
	ERR_pop_to_mark();
}

void
describe_cert(X509 *cert, char out[DESCRIBE_FP])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	out[0] = '\0';
	ERR_set_mark();
	if (X509_digest(cert, EVP_sha256(), digest, &len))
		hex(digest, len, out);
	ERR_pop_to_mark();
}

static int
parse_base64(const char *text, char out[DESCRIBE_FP])
{
	unsigned char raw[33];

	if (strlen(text) != 44 || text[43] != '=' || text[42] == '=' ||
	    EVP_DecodeBlock(raw, (const unsigned char *)text, 44) != 33)
		return -EINVAL;
	hex(raw, 32, out);
	return 0;
}

int
describe_parse_fp(const char *text, char out[DESCRIBE_FP])
{
	const char *p = text;
	size_t len = 0;

	if (strncasecmp(p, "sha256:", 7) == 0)
		p += 7;
	else if (strncasecmp(p, "sha256//", 8) == 0)
		p += 8;
	if (strlen(p) == 44)
		return parse_base64(p, out);
	for (; *p != '\0'; p++) {
		if (*p == ':')
			continue;
		if (!isxdigit((unsigned char)*p) || len == DESCRIBE_FP - 1)
			return -EINVAL;
		out[len++] = (char)tolower((unsigned char)*p);
	}
	out[len] = '\0';
	return len == DESCRIBE_FP - 1 ? 0 : -EINVAL;
}

/* Moves what BIO got to OUT and frees it. */
static void
take_text(BIO *bio, char *out, size_t size)
{
	int n = bio == NULL ? 0 : BIO_read(bio, out, (int)size - 1);

	out[n > 0 ? n : 0] = '\0';
	BIO_free(bio);
}

static void
name_text(const X509_NAME *name, char *out, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());

	/* UTF-8 stays; control characters are escaped: logs stay lines. */
	ERR_set_mark();
	if (bio != NULL)
		X509_NAME_print_ex(bio, name, 0,
		    XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
	take_text(bio, out, size);
	ERR_pop_to_mark();
}

void
describe_subject(X509 *cert, char *out, size_t size)
{
	name_text(X509_get_subject_name(cert), out, size);
}

void
describe_issuer(X509 *cert, char *out, size_t size)
{
	name_text(X509_get_issuer_name(cert), out, size);
}

/* GENERAL_NAME_print writes IPv6 addresses as nobody else does. */
static void
one_address(BIO *bio, const ASN1_OCTET_STRING *ip)
{
	int len = ASN1_STRING_length(ip);
	char text[INET6_ADDRSTRLEN] = "?";

	if (len == 4 || len == 16)
		inet_ntop(len == 4 ? AF_INET : AF_INET6,
		    ASN1_STRING_get0_data(ip), text, sizeof text);
	BIO_printf(bio, "IP:%s", text);
}

static void
one_name(BIO *bio, GENERAL_NAME *name)
{
	if (name->type == GEN_IPADD)
		one_address(bio, name->d.iPAddress);
	else if (name->type == GEN_DNS) {
		BIO_puts(bio, "DNS:");
		ASN1_STRING_print_ex(bio, name->d.dNSName,
		    ASN1_STRFLGS_ESC_CTRL);
	} else
		GENERAL_NAME_print(bio, name);
}

void
describe_names(X509 *cert, char *out, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	GENERAL_NAMES *all;
	int i;

	ERR_set_mark();
	all = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	for (i = 0; bio != NULL && i < sk_GENERAL_NAME_num(all); i++) {
		BIO_puts(bio, i > 0 ? ", " : "");
		one_name(bio, sk_GENERAL_NAME_value(all, i));
	}
	take_text(bio, out, size);
	GENERAL_NAMES_free(all);
	ERR_pop_to_mark();
}

void
describe_key(const EVP_PKEY *key, char *out, size_t size)
{
	char group[80];

	if (key == NULL) {
		snprintf(out, size, "unknown");
		return;
	}
	ERR_set_mark();
	if (!EVP_PKEY_is_a(key, "EC"))
		snprintf(out, size, "%s %d", EVP_PKEY_get0_type_name(key),
		    EVP_PKEY_get_bits(key));
	else if (EVP_PKEY_get_group_name(key, group, sizeof group, NULL))
		snprintf(out, size, "EC %s", EC_curve_nid2nist(
		    OBJ_txt2nid(group)) ? EC_curve_nid2nist(
		    OBJ_txt2nid(group)) : group);
	else
		snprintf(out, size, "EC %d", EVP_PKEY_get_bits(key));
	ERR_pop_to_mark();
}

static time_t
seconds(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) ? timegm(&tm) : 0;
}

time_t
describe_begin(X509 *cert)
{
	return seconds(X509_get0_notBefore(cert));
}

time_t
describe_end(X509 *cert)
{
	return seconds(X509_get0_notAfter(cert));
}

int
describe_days(X509 *cert)
{
	long long left = (long long)describe_end(cert) - time(NULL);

	return (int)(left < 0 ? -((-left + DAY - 1) / DAY) : left / DAY);
}

void
describe_time(time_t t, char *out, size_t size)
{
	struct tm tm;

	gmtime_r(&t, &tm);
	if (strftime(out, size, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		out[0] = '\0';
}

static bool
weak_key(const EVP_PKEY *key, int min_rsa, int min_ec, char *out, size_t size)
{
	int bits;

	if (key == NULL) {
		snprintf(out, size, "has a public key that OpenSSL cannot "
		    "use (an unknown kind or curve)");
		return true;
	}
	bits = EVP_PKEY_get_bits(key);
	if ((EVP_PKEY_is_a(key, "RSA") && bits < min_rsa) ||
	    (EVP_PKEY_is_a(key, "EC") && bits < min_ec)) {
		snprintf(out, size, "has an %s key of %d bits, and %d is the "
		    "least", EVP_PKEY_get0_type_name(key), bits,
		    EVP_PKEY_is_a(key, "RSA") ? min_rsa : min_ec);
		return true;
	}
	return false;
}

bool
describe_self_signed(X509 *cert)
{
	bool self;

	ERR_set_mark();
	self = (X509_get_extension_flags(cert) & EXFLAG_SI) != 0;
	ERR_pop_to_mark();
	return self;
}

bool
describe_weak(X509 *cert, int min_rsa, int min_ec, bool weak_hash, char *out,
    size_t size)
{
	int md = NID_undef;
	bool weak;

	ERR_set_mark();
	weak = weak_key(X509_get0_pubkey(cert), min_rsa, min_ec, out, size);
	if (!weak && !weak_hash &&
	    X509_get_signature_info(cert, &md, NULL, NULL, NULL) &&
	    (md == NID_md5 || (md == NID_sha1 &&
	    !describe_self_signed(cert)))) {
		snprintf(out, size, "is signed with %s, which can be forged",
		    OBJ_nid2ln(md));
		weak = true;
	}
	ERR_pop_to_mark();
	return weak;
}

bool
describe_elliptic(X509 *cert)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);

	return key != NULL && EVP_PKEY_is_a(key, "EC");
}

void
describe_renewal(X509 *cert, char *buf, size_t size)
{
	char issuer[256];

	if (describe_self_signed(cert)) {
		snprintf(buf, size, "renew it with dicomtls-certtool renew");
		return;
	}
	describe_issuer(cert, issuer, sizeof issuer);
	snprintf(buf, size, "ask its issuer, %s, for a new one", issuer);
}
