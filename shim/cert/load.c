/* SPDX-License-Identifier: Apache-2.0
 * load: bytes of a file become certificates and keys: PEM, DER, PKCS#7 or
 * PKCS#12, recognised by content. */
#include "cert/load.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <errno.h>
#include <string.h>

#include "cert/ossl.h"
#include "cert/pkcs12.h"

static bool
has(const struct buf *in, const char *text)
{
	return memmem(buf_head(in), buf_len(in), text, strlen(text)) != NULL;
}

static bool
is_pem(const struct buf *in)
{
	return has(in, "-----BEGIN ");
}

bool
load_is_pkcs12(const struct buf *in)
{
	const unsigned char *p = buf_head(in), *end = p + buf_len(in);
	size_t skip;

	if (end - p < 8 || p[0] != 0x30)
		return false;
	skip = p[1] <= 0x80 ? 2 : 2 + (size_t)(p[1] & 0x7f);
	return (size_t)(end - p) > skip + 3 &&
	    memcmp(p + skip, "\x02\x01\x03", 3) == 0;
}

static BIO *
bio_of(const struct buf *in)
{
	return BIO_new_mem_buf(buf_head(in), (int)buf_len(in));
}

/* PEM's end of file is an error of its own kind; anything else is damage. */
static bool
at_end_of_pem(void)
{
	unsigned long e = ERR_peek_last_error();

	return ERR_GET_LIB(e) == ERR_LIB_PEM &&
	    ERR_GET_REASON(e) == PEM_R_NO_START_LINE;
}

static int
pem_certs(const struct buf *in, STACK_OF(X509) *certs)
{
	BIO *bio = bio_of(in);
	X509 *cert;
	int rc = 0;

	while (rc == 0 &&
	    (cert = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL)) != NULL)
		if (sk_X509_push(certs, cert) <= 0) {
			X509_free(cert);
			rc = -ENOMEM;
		}
	if (rc == 0 && !at_end_of_pem())
		rc = -EINVAL;
	BIO_free(bio);
	return rc;
}

/* Windows' CAs give out chains as PKCS#7 without a signature (".p7b"). */
static int
pkcs7_certs(PKCS7 *p7, STACK_OF(X509) *certs)
{
	STACK_OF(X509) *in = NULL;
	int i, rc = -EINVAL;

	if (p7 != NULL && PKCS7_type_is_signed(p7))
		in = p7->d.sign->cert;
	for (i = 0; i < sk_X509_num(in); i++) {
		X509 *cert = sk_X509_value(in, i);

		rc = sk_X509_push(certs, cert) > 0 ? 0 : -ENOMEM;
		if (rc < 0)
			break;
		X509_up_ref(cert);
	}
	PKCS7_free(p7);
	return rc;
}

static int
pem_pkcs7(const struct buf *in, STACK_OF(X509) *certs)
{
	BIO *bio = bio_of(in);
	int rc;

	rc = pkcs7_certs(PEM_read_bio_PKCS7(bio, NULL, NULL, NULL), certs);
	BIO_free(bio);
	return rc;
}

static int
der_certs(const struct buf *in, STACK_OF(X509) *certs)
{
	const unsigned char *p = buf_head(in), *q = p;
	X509 *cert = d2i_X509(NULL, &p, (long)buf_len(in));

	if (cert == NULL)
		return pkcs7_certs(d2i_PKCS7(NULL, &q, (long)buf_len(in)),
		    certs);
	if (sk_X509_push(certs, cert) <= 0) {
		X509_free(cert);
		return -ENOMEM;
	}
	return 0;
}

static int
any_certs(const struct buf *in, STACK_OF(X509) *certs)
{
	if (!is_pem(in))
		return der_certs(in, certs);
	return has(in, "BEGIN PKCS7") ? pem_pkcs7(in, certs) :
	    pem_certs(in, certs);
}

static int
parse_certs(const struct buf *in, const char *name, struct load *out,
    struct fail *f)
{
	int rc;

	out->certs = sk_X509_new_null();
	if (out->certs == NULL)
		return -ENOMEM;
	rc = any_certs(in, out->certs);
	if (rc == -EINVAL && is_pem(in))
		fail_set(f, REASON_CERTIFICATE, "%s has a certificate that is "
		    "damaged or cut off: %s", name, ossl_why());
	else if (rc == -EINVAL)
		fail_set(f, REASON_CERTIFICATE, "%s is no certificate: "
		    "neither PEM, DER, PKCS#7 nor PKCS#12, or it is damaged "
		    "or cut off", name);
	if (rc < 0 || sk_X509_num(out->certs) > 0)
		return rc;
	fail_set(f, REASON_CERTIFICATE, "%s holds no certificate%s", name,
	    has(in, "PRIVATE KEY") ? " but a private key: are certificate "
	    "and key swapped?" : "");
	return -EINVAL;
}

struct answer {
	const char *text;	/* NULL: none */
	bool asked;
};

/* A pem_password_cb; whether it was called tells encrypted from damaged. */
static int
answer_with(char *buf, int size, int rwflag, void *arg)
{
	struct answer *a = arg;
	size_t len;

	(void)rwflag;
	a->asked = true;
	if (a->text == NULL)
		return -1;
	len = strlen(a->text);
	if (len > (size_t)size)
		return -1;
	memcpy(buf, a->text, len);
	return (int)len;
}

static EVP_PKEY *
try_key(const struct buf *in, struct answer *a)
{
	BIO *bio = bio_of(in);
	EVP_PKEY *key;

	if (is_pem(in))
		key = PEM_read_bio_PrivateKey(bio, NULL, answer_with, a);
	else {
		key = d2i_PrivateKey_bio(bio, NULL);
		if (key == NULL && BIO_reset(bio) >= 0)
			key = d2i_PKCS8PrivateKey_bio(bio, NULL, answer_with,
			    a);
	}
	BIO_free(bio);
	return key;
}

static int
key_unopened(const struct buf *in, const char *name, bool asked,
    const struct passwords *pws, struct fail *f)
{
	if (asked) {
		password_refused(pws, "the key", name, f);
		return -EACCES;
	}
	if (has(in, "BEGIN CERT") && !has(in, "PRIVATE KEY"))
		fail_set(f, REASON_KEY, "%s holds a certificate but no "
		    "private key: are certificate and key swapped?", name);
	fail_set(f, REASON_KEY, "%s is no private key that can be read: %s",
	    name, ossl_why());
	return -EINVAL;
}

static int
parse_key(const struct buf *in, const char *name, const struct passwords *pws,
    struct load *out, struct fail *f)
{
	struct answer a = { NULL, false };
	size_t i = 0;

	do {
		a.text = i < pws->count ? pws->list[i].text : NULL;
		out->key = try_key(in, &a);
		if (out->key != NULL) {
			out->opened_by = a.asked ? pws->list[i].source :
			    PASSWORD_NONE;
			return 0;
		}
	} while (a.asked && ++i < pws->count);
	return key_unopened(in, name, a.asked, pws, f);
}

/* Certificates alone may be all that a caller wants of a file. */
static int
parse_plain(const struct buf *in, const char *name, int wanted,
    const struct passwords *pws, struct load *out, struct fail *f)
{
	int rc = 0;

	out->form = is_pem(in) ? "PEM" : "DER";
	if (wanted & LOAD_CERTS)
		rc = parse_certs(in, name, out, f);
	if (rc == 0 && (wanted & LOAD_KEY))
		rc = parse_key(in, name, pws, out, f);
	return rc;
}

int
load_what(const struct buf *in)
{
	STACK_OF(X509) *certs;
	int what = 0;

	if (load_is_pkcs12(in))
		return LOAD_CERTS | LOAD_KEY;
	if (is_pem(in))
		return (has(in, "BEGIN CERTIFICATE-") ||
		    has(in, "BEGIN TRUSTED CERT") ||
		    has(in, "BEGIN X509 CERT") ||
		    has(in, "BEGIN PKCS7") ? LOAD_CERTS : 0) |
		    (has(in, "PRIVATE KEY-----") ? LOAD_KEY : 0);
	ERR_set_mark();
	certs = sk_X509_new_null();
	if (certs != NULL && buf_len(in) > 0 && *buf_head(in) == 0x30)
		what = der_certs(in, certs) == 0 ? LOAD_CERTS : LOAD_KEY;
	sk_X509_pop_free(certs, X509_free);
	ERR_pop_to_mark();
	return what;
}

int
load_parse(const struct buf *in, const char *name, int wanted,
    const struct passwords *pws, struct load *out, struct fail *f)
{
	int rc;

	*out = (struct load){ .form = "PKCS#12" };
	ERR_set_mark();
	if (load_is_pkcs12(in))
		rc = pkcs12_parse(in, name, wanted, pws, out, f);
	else
		rc = parse_plain(in, name, wanted, pws, out, f);
	if (rc == -ENOMEM)
		fail_set(f, REASON_SYSTEM, "no memory for %s", name);
	if (rc < 0)
		load_free(out);
	ERR_pop_to_mark();
	return rc;
}

void
load_free(struct load *l)
{
	sk_X509_pop_free(l->certs, X509_free);
	EVP_PKEY_free(l->key);
	*l = (struct load){ .certs = NULL };
}
