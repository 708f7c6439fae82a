/* SPDX-License-Identifier: Apache-2.0
 * pair: the files of an identity in DICOMTLS_DIR. */
#include "cert/pair.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include <errno.h>
#include <string.h>

#include "cert/ossl.h"
#include "cert/pkcs12.h"

#define ITERATIONS_DERIVED 1000
#define ITERATIONS_TYPED 100000
#define SALT 16

/* Moves what BIO got to OUT and frees it: memory BIOs wipe themselves. */
static int
take_bio(BIO *bio, bool ok, struct buf *out, const char *what,
    struct fail *f)
{
	char *data;
	long len = ok ? BIO_get_mem_data(bio, &data) : 0;
	int rc = -EIO;

	if (len > 0)
		rc = buf_append(out, data, (size_t)len);
	if (rc < 0)
		fail_set(f, REASON_CERTIFICATE, "%s cannot be written as PEM: "
		    "%s", what, ossl_why());
	BIO_free(bio);
	return rc;
}

static bool
encrypt_to(BIO *bio, PKCS8_PRIV_KEY_INFO *plain, const struct password *pw)
{
	int iterations = pw->source == PASSWORD_DERIVED ? ITERATIONS_DERIVED :
	    ITERATIONS_TYPED;
	X509_SIG *sealed;
	bool ok;

	sealed = PKCS8_encrypt(-1, EVP_aes_256_cbc(), pw->text,
	    (int)strlen(pw->text), NULL, SALT, iterations, plain);
	ok = sealed != NULL && PEM_write_bio_PKCS8(bio, sealed);
	X509_SIG_free(sealed);
	return ok;
}

int
pair_key_pem(EVP_PKEY *key, const struct password *pw, struct buf *out,
    struct fail *f)
{
	BIO *bio = BIO_new(BIO_s_mem());
	PKCS8_PRIV_KEY_INFO *plain;
	bool ok;

	ERR_set_mark();
	plain = EVP_PKEY2PKCS8(key);
	ok = bio != NULL && plain != NULL && (pw != NULL ?
	    encrypt_to(bio, plain, pw) :
	    PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, plain));
	PKCS8_PRIV_KEY_INFO_free(plain);
	ok = take_bio(bio, ok, out, "the key", f) == 0;
	ERR_pop_to_mark();
	return ok ? 0 : -EIO;
}

int
pair_certs_pem(X509 *cert, STACK_OF(X509) *chain, struct buf *out,
    struct fail *f)
{
	BIO *bio = BIO_new(BIO_s_mem());
	bool ok;
	int i, rc;

	ERR_set_mark();
	ok = bio != NULL && PEM_write_bio_X509(bio, cert);
	for (i = 0; ok && i < sk_X509_num(chain); i++)
		ok = PEM_write_bio_X509(bio, sk_X509_value(chain, i));
	rc = take_bio(bio, ok, out, "the certificate", f);
	ERR_pop_to_mark();
	return rc;
}

static int
put(struct store *s, const char *name, struct buf *data, mode_t mode,
    bool keep, struct fail *f)
{
	int rc = keep ? store_keep(s, name, f) : 0;

	if (rc == 0)
		rc = store_put(s, name, buf_head(data), buf_len(data), mode,
		    f);
	return rc;
}

int
pair_put(struct store *s, const struct identity *id,
    const struct password *pw, bool compat, bool keep, struct fail *f)
{
	struct buf cert = { 0 }, key = { 0 }, p12 = { 0 };
	int rc;

	rc = pair_key_pem(id->key, pw, &key, f);
	if (rc == 0)
		rc = pkcs12_make(id->cert, id->key, id->chain, pw, compat,
		    &p12, f);
	if (rc == 0)
		rc = pair_certs_pem(id->cert, id->chain, &cert, f);
	if (rc == 0)
		rc = put(s, PAIR_KEY, &key, 0600, keep, f);
	if (rc == 0)
		rc = put(s, PAIR_P12, &p12, 0600, keep, f);
	if (rc == 0)
		rc = put(s, PAIR_CERT, &cert, 0644, keep, f);
	buf_free(&key);
	buf_free(&p12);
	buf_free(&cert);
	return rc;
}
