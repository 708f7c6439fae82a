/* SPDX-License-Identifier: Apache-2.0
 * pkcs12: reading and making PKCS#12 (RFC 7292). */
#include "cert/pkcs12.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#include <errno.h>

#include "cert/ossl.h"

#define FRIENDLY_NAME "dicomtls"
#define ITERATIONS 10000

/* With a NULL password PKCS12_verify_mac tries another encoding of "". */
static bool
mac_fits(PKCS12 *p12, const char *text)
{
	return PKCS12_verify_mac(p12, text, -1) ||
	    (*text == '\0' && PKCS12_verify_mac(p12, NULL, 0));
}

static int
not_opened(const char *name, const struct passwords *pws, struct fail *f)
{
	if (ossl_unsupported()) {
		fail_set(f, REASON_CERTIFICATE, "the PKCS#12 %s uses a MAC "
		    "that this OpenSSL does not have: export it anew with "
		    "SHA-256", name);
		return -EINVAL;
	}
	password_refused(pws, "the PKCS#12", name, f);
	return -EACCES;
}

static int
not_understood(const char *name, struct fail *f)
{
	if (ossl_unsupported()) {
		fail_set(f, REASON_CERTIFICATE, "the PKCS#12 %s is encrypted "
		    "with an old cipher (RC2 or the like) that this OpenSSL "
		    "reads only with its legacy provider: convert it with "
		    "\"openssl pkcs12 -legacy -in %s -out both.pem\", then "
		    "\"dicomtls-certtool import both.pem\"", name, name);
		return -ENOTSUP;
	}
	fail_set(f, REASON_CERTIFICATE, "the PKCS#12 %s is damaged or cut "
	    "off: %s", name, ossl_why());
	return -EINVAL;
}

static int
take_parts(PKCS12 *p12, const char *text, struct load *out)
{
	X509 *leaf = NULL;

	if (!PKCS12_parse(p12, text, &out->key, &leaf, &out->certs))
		return -EINVAL;
	if (leaf == NULL)
		return 0;
	if (out->certs == NULL)
		out->certs = sk_X509_new_null();
	if (out->certs == NULL || sk_X509_insert(out->certs, leaf, 0) <= 0) {
		X509_free(leaf);
		return -ENOMEM;
	}
	return 0;
}

/* Without a MAC what can be decrypted shows the password to be right; but
 * OpenSSL 3.0's PKCS12_parse wants one. */
static int
try_password(PKCS12 *p12, const char *text, bool mac, struct load *out)
{
	int rc;

	if (mac && !mac_fits(p12, text))
		return -EACCES;
	if (!mac && !PKCS12_set_mac(p12, text, -1, NULL, 0, 1, EVP_sha256()))
		return -EINVAL;
	rc = take_parts(p12, text, out);
	return rc == -EINVAL && !mac && !ossl_unsupported() ? -EACCES : rc;
}

/* The empty password last: many programs write files "without one". */
static int
open_parts(PKCS12 *p12, const char *name, const struct passwords *pws,
    struct load *out, struct fail *f)
{
	bool mac = PKCS12_mac_present(p12);
	int rc = -EACCES;
	size_t i;

	for (i = 0; rc == -EACCES && i < pws->count; i++) {
		rc = try_password(p12, pws->list[i].text, mac, out);
		out->opened_by = pws->list[i].source;
	}
	if (rc == -EACCES) {
		rc = try_password(p12, "", mac, out);
		out->opened_by = PASSWORD_EMPTY;
	}
	if (rc == -EACCES)
		return not_opened(name, pws, f);
	return rc == -EINVAL ? not_understood(name, f) : rc;
}

static int
check_parts(const char *name, int wanted, const struct load *out,
    struct fail *f)
{
	if ((wanted & LOAD_KEY) && out->key == NULL) {
		fail_set(f, REASON_KEY, "the PKCS#12 %s holds no private key",
		    name);
		return -EINVAL;
	}
	if ((wanted & LOAD_CERTS) && sk_X509_num(out->certs) <= 0) {
		fail_set(f, REASON_CERTIFICATE, "the PKCS#12 %s holds no "
		    "certificate", name);
		return -EINVAL;
	}
	return 0;
}

/* A library context with the old ciphers. */
struct old {
	OSSL_LIB_CTX *ctx;
	OSSL_PROVIDER *base, *legacy;
};

static bool
old_begin(struct old *o)
{
	*o = (struct old){ .ctx = OSSL_LIB_CTX_new() };
	if (o->ctx == NULL)
		return false;
	o->base = OSSL_PROVIDER_load(o->ctx, "default");
	o->legacy = OSSL_PROVIDER_load(o->ctx, "legacy");
	return o->base != NULL && o->legacy != NULL;
}

static void
old_end(struct old *o)
{
	if (o->legacy != NULL)
		OSSL_PROVIDER_unload(o->legacy);
	if (o->base != NULL)
		OSSL_PROVIDER_unload(o->base);
	OSSL_LIB_CTX_free(o->ctx);
}

/* Key and certificates have to outlive the library context OLD. */
static int
leave_context(struct load *l)
{
	PKCS8_PRIV_KEY_INFO *p8 = l->key ? EVP_PKEY2PKCS8(l->key) : NULL;
	unsigned char *der;
	const unsigned char *p;
	int i, len;

	if (l->key != NULL) {
		EVP_PKEY_free(l->key);
		l->key = p8 == NULL ? NULL : EVP_PKCS82PKEY(p8);
		PKCS8_PRIV_KEY_INFO_free(p8);
		if (l->key == NULL)
			return -EINVAL;
	}
	for (i = 0; i < sk_X509_num(l->certs); i++) {
		X509 *old = sk_X509_value(l->certs, i);

		der = NULL;
		len = i2d_X509(old, &der);
		p = der;
		(void)sk_X509_set(l->certs, i, d2i_X509(NULL, &p, len));
		X509_free(old);
		OPENSSL_free(der);
		if (sk_X509_value(l->certs, i) == NULL)
			return -EINVAL;
	}
	return 0;
}

static int
parse_in(OSSL_LIB_CTX *ctx, const struct buf *in, const char *name,
    const struct passwords *pws, struct load *out, struct fail *f)
{
	const unsigned char *p = buf_head(in);
	PKCS12 *p12 = PKCS12_init_ex(NID_pkcs7_data, ctx, NULL);
	int rc;

	if (p12 == NULL)
		return -ENOMEM;
	if (d2i_PKCS12(&p12, &p, (long)buf_len(in)) == NULL)
		return not_understood(name, f);
	rc = open_parts(p12, name, pws, out, f);
	PKCS12_free(p12);
	return rc;
}

static int
parse_old(const struct buf *in, const char *name, const struct passwords *pws,
    struct load *out, struct fail *f)
{
	struct old old;
	int rc = -ENOTSUP;

	if (old_begin(&old))
		rc = parse_in(old.ctx, in, name, pws, out, f);
	if (rc == 0)
		rc = leave_context(out);
	else
		load_free(out);
	old_end(&old);
	return rc;
}

int
pkcs12_parse(const struct buf *in, const char *name, int wanted,
    const struct passwords *pws, struct load *out, struct fail *f)
{
	struct load fresh = *out;
	struct fail why = { 0 };
	int rc;

	rc = parse_in(NULL, in, name, pws, out, &why);
	if (rc == -ENOTSUP && (wanted & LOAD_OLD_CIPHERS)) {
		load_free(out);
		*out = fresh;
		rc = parse_old(in, name, pws, out, NULL);
		if (rc == 0)
			out->form = "PKCS#12 with old ciphers";
	}
	if (rc < 0)
		fail_copy(f, &why);
	return rc < 0 ? rc : check_parts(name, wanted, out, f);
}

static PKCS12 *
make(X509 *cert, EVP_PKEY *key, STACK_OF(X509) *chain, const char *text,
    bool compat)
{
	int pbe = compat ? NID_pbe_WithSHA1And3_Key_TripleDES_CBC :
	    NID_aes_256_cbc;
	PKCS12 *p12;

	/* A MAC of -1 iterations is none: its digest is to be chosen. */
	p12 = PKCS12_create(text, FRIENDLY_NAME, key, cert, chain, pbe, pbe,
	    ITERATIONS, -1, 0);
	if (p12 != NULL && !PKCS12_set_mac(p12, text, -1, NULL, 0, ITERATIONS,
	    compat ? EVP_sha1() : EVP_sha256())) {
		PKCS12_free(p12);
		p12 = NULL;
	}
	return p12;
}

int
pkcs12_make(X509 *cert, EVP_PKEY *key, STACK_OF(X509) *chain,
    const struct password *pw, bool compat, struct buf *out, struct fail *f)
{
	PKCS12 *p12 = make(cert, key, chain, pw->text, compat);
	unsigned char *der = NULL;
	int len, rc = -EIO;

	len = p12 == NULL ? -1 : i2d_PKCS12(p12, &der);
	if (len > 0)
		rc = buf_append(out, der, (size_t)len);
	if (rc < 0)
		fail_set(f, REASON_CERTIFICATE, "the PKCS#12 cannot be made: "
		    "%s", ossl_why());
	OPENSSL_free(der);
	PKCS12_free(p12);
	return rc;
}
