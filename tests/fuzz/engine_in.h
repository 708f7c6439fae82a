/* SPDX-License-Identifier: Apache-2.0
 * engine_in: an engine whose peer is the input, in pieces as long as its last
 * byte says. */
#ifndef DICOMTLS_ENGINE_IN_H
#define DICOMTLS_ENGINE_IN_H

#include "fuzz.h"

#include <errno.h>
#include <sys/stat.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/log.h"
#include "engine/engine.h"
#include "policy/profile.h"

struct wire_in {
	const uint8_t *data;
	size_t left, allowed;
	bool over;
};

static struct tlsconf engine_in_conf;
static char engine_in_dir[] = "/tmp/dicomtls-fuzz-XXXXXX";

static ssize_t
wire_recv(void *arg, void *buf, size_t len)
{
	struct wire_in *w = arg;

	if (w->left == 0)
		return w->over ? 0 : -EAGAIN;
	len = len < w->left ? len : w->left;
	len = len < w->allowed ? len : w->allowed;
	if (len == 0)
		return -EAGAIN;
	memcpy(buf, w->data, len);
	w->data += len;
	w->left -= len;
	w->allowed -= len;
	return (ssize_t)len;
}

static int
wire_send(void *arg, const void *buf, size_t len)
{
	(void)arg;
	(void)buf;
	(void)len;
	return 0;
}

static void
engine_in_clean(void)
{
	char path[80];

	snprintf(path, sizeof path, "%s/cert.pem", engine_in_dir);
	unlink(path);
	snprintf(path, sizeof path, "%s/key.pem", engine_in_dir);
	unlink(path);
	rmdir(engine_in_dir);
}

static void
engine_in_files(const char *cert, const char *key)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	FILE *f;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_set_pubkey(x, pkey);
	MUST(X509_sign(x, pkey, EVP_sha256()) > 0);
	f = fopen(cert, "w");
	MUST(f != NULL && PEM_write_X509(f, x) == 1 && fclose(f) == 0);
	f = fopen(key, "w");
	MUST(f != NULL && PEM_write_PrivateKey(f, pkey, NULL, NULL, 0, NULL,
	    NULL) == 1 && fclose(f) == 0);
	X509_free(x);
	EVP_PKEY_free(pkey);
}

static void
engine_in_start(enum verify verify)
{
	static char cert[80], key[80];
	const struct profile *p = profile_find("legacy");

	MUST(mkdtemp(engine_in_dir) != NULL);
	atexit(engine_in_clean);
	umask(077);
	snprintf(cert, sizeof cert, "%s/cert.pem", engine_in_dir);
	snprintf(key, sizeof key, "%s/key.pem", engine_in_dir);
	engine_in_files(cert, key);
	log_open("none", LOG_LEVEL_ERROR, false);
	engine_in_conf = (struct tlsconf){
		.rule = "the test", .dir = engine_in_dir, .cert = cert,
		.key = key, .profile = p, .min_version = p->min_version,
		.max_version = TLS_1_3, .handshake_timeout = 30,
		.verify = { verify, verify }, .ca = cert,
	};
}

/* Nobody without our key may ever get through, so no plaintext comes out. */
static void
engine_in_run(enum role role, const uint8_t *data, size_t size)
{
	struct wire_in w = { data, size, 0, false };
	struct engine_port port = { wire_recv, wire_send, &w };
	struct fail f = { 0 };
	struct engine *e;
	size_t step = size > 0 ? 1 + data[size - 1] * (size_t)16 : 1;
	int r = -EAGAIN;

	e = dicomtls_engine.create(&engine_in_conf, role, "pacs.example.org",
	    "10.1.2.3:2762", &port, &f);
	MUST(e != NULL);
	while (r == -EAGAIN && w.left > 0) {
		w.allowed = step;
		r = dicomtls_engine.handshake(e);
	}
	w.over = true;
	if (r == -EAGAIN)
		r = dicomtls_engine.handshake(e);
	MUST(r < 0 && r != -EAGAIN);
	if (r != -ENODATA)
		MUST(f.reason != REASON_NONE);
	dicomtls_engine.destroy(e);
}

#endif
