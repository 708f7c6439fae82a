/* SPDX-License-Identifier: Apache-2.0
 * hostkey: keys derived from this host, this user and the host secret. */
#include "cert/hostkey.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cert/files.h"
#include "cert/hostid.h"
#include "cert/ossl.h"
#include "cert/wrap.h"

int
hostkey_hkdf(const char *purpose, const char *machine, const char *user,
    const unsigned char secret[HOSTKEY_SIZE], unsigned char out[HOSTKEY_SIZE])
{
	char info[HOSTID_SIZE + 64];
	OSSL_PARAM params[5];
	EVP_KDF_CTX *ctx;
	EVP_KDF *kdf;
	int len, rc = -EIO;

	len = snprintf(info, sizeof info, "%s%c%s", purpose, '\0', user);
	if (len < 0 || (size_t)len >= sizeof info)
		return -ENAMETOOLONG;
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
	    (char *)"SHA256", 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY,
	    (void *)secret, HOSTKEY_SIZE);
	params[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT,
	    (void *)machine, strlen(machine));
	params[3] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO,
	    info, (size_t)len);
	params[4] = OSSL_PARAM_construct_end();
	kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	ctx = EVP_KDF_CTX_new(kdf);
	if (ctx != NULL && EVP_KDF_derive(ctx, out, HOSTKEY_SIZE, params) > 0)
		rc = 0;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return rc;
}

static int
read_secret(const char *path, unsigned char secret[HOSTKEY_SIZE],
    struct fail *f)
{
	struct buf in = { 0 };
	int rc;

	rc = files_read(path, "the host secret", FILES_OWN | FILES_SECRET,
	    &in, REASON_PASSWORD, f);
	if (rc == 0)
		rc = wrap_open(&in, path, secret, HOSTKEY_SIZE, f);
	buf_free(&in);
	return rc;
}

static int
make_secret(struct store *s, unsigned char secret[HOSTKEY_SIZE],
    struct fail *f)
{
	struct buf out = { 0 };
	int rc;

	if (RAND_priv_bytes(secret, HOSTKEY_SIZE) != 1) {
		fail_set(f, REASON_PASSWORD, "OpenSSL has no random bytes "
		    "for a host secret: %s", ossl_why());
		return -EIO;
	}
	rc = wrap_secret(secret, HOSTKEY_SIZE, &out, f);
	if (rc == 0)
		rc = store_put(s, HOSTKEY_FILE, buf_head(&out), buf_len(&out),
		    0600, f);
	buf_free(&out);
	return rc;
}

static int
get_secret(const char *dir, struct store *s,
    unsigned char secret[HOSTKEY_SIZE], struct fail *f)
{
	char path[PATH_MAX];
	int rc;

	rc = files_join(path, sizeof path, dir, HOSTKEY_FILE);
	if (rc < 0) {
		fail_set(f, REASON_PASSWORD, "the path %s is too long", dir);
		return rc;
	}
	if (s != NULL && !files_there(path))
		return make_secret(s, secret, f);
	return read_secret(path, secret, f);
}

int
hostkey_derive(const char *dir, const char *purpose, struct store *s,
    unsigned char out[HOSTKEY_SIZE], struct fail *f)
{
	char machine[HOSTID_SIZE], user[HOSTID_SIZE];
	unsigned char secret[HOSTKEY_SIZE];
	int rc;

	rc = hostid_machine(machine, f);
	if (rc == 0)
		rc = hostid_user(user, f);
	if (rc == 0)
		rc = get_secret(dir, s, secret, f);
	if (rc == 0) {
		rc = hostkey_hkdf(purpose, machine, user, secret, out);
		if (rc < 0)
			fail_set(f, REASON_PASSWORD, "OpenSSL's HKDF failed: "
			    "%s", ossl_why());
	}
	OPENSSL_cleanse(secret, sizeof secret);
	return rc;
}
