/* SPDX-License-Identifier: Apache-2.0
 * identity: our own certificate, chain and private key, loaded from what the
 * settings name, made on first use. */
#include "cert/identity.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "cert/describe.h"
#include "cert/files.h"
#include "cert/issue.h"
#include "cert/load.h"
#include "cert/pair.h"

/* Takes the certificate that fits the key out of CERTS. */
static X509 *
take_leaf(STACK_OF(X509) *certs, EVP_PKEY *key)
{
	int i;

	for (i = 0; i < sk_X509_num(certs); i++)
		if (X509_check_private_key(sk_X509_value(certs, i), key))
			return sk_X509_delete(certs, i);
	return NULL;
}

/* Issuers in order, as TLS 1.2 wants them (RFC 5246, 7.4.2); the rest after. */
static void
order_chain(X509 *leaf, STACK_OF(X509) *chain)
{
	X509 *last = leaf, *next;
	int done, i;

	for (done = 0; done < sk_X509_num(chain); done++) {
		for (i = done; i < sk_X509_num(chain); i++)
			if (X509_check_issued(sk_X509_value(chain, i), last) ==
			    X509_V_OK)
				break;
		if (i == sk_X509_num(chain))
			return;
		next = sk_X509_delete(chain, i);
		if (sk_X509_insert(chain, next, done) <= 0) {
			X509_free(next);
			return;
		}
		last = next;
	}
}

/* OpenSSL's security level 2 (112 bits), which the engine sets, has limits of
 * its own: SSL_CTX_set_security_level(3). */
bool
identity_weak(const struct tlsconf *conf, X509 *cert, char *why, size_t size)
{
	const struct profile *p = conf->profile;
	bool level_0;
	int rsa, ec;

	if (p == NULL)
		return false;
	level_0 = p->weak || conf->min_version < TLS_1_2;
	rsa = level_0 || p->min_rsa_bits > 2048 ? p->min_rsa_bits : 2048;
	ec = level_0 || p->min_ec_bits > 224 ? p->min_ec_bits : 224;
	return describe_weak(cert, rsa, ec, level_0, why, size);
}

static int
check_strength(const struct tlsconf *conf, const struct identity *id,
    struct fail *f)
{
	char why[128];

	if (!identity_weak(conf, id->cert, why, sizeof why))
		return 0;
	fail_set(f, REASON_WEAK, "the certificate %s %s (profile %s): make "
	    "another with dicomtls-certtool generate, or choose another "
	    "profile", conf->cert, why, conf->profile->name);
	return -EKEYREJECTED;
}

int
identity_assemble(struct load *loaded, struct identity *id)
{
	*id = (struct identity){ .opened_by = loaded->opened_by };
	ERR_set_mark();
	id->cert = take_leaf(loaded->certs, loaded->key);
	if (id->cert != NULL) {
		id->key = loaded->key;
		id->chain = loaded->certs;
		loaded->key = NULL;
		loaded->certs = NULL;
		order_chain(id->cert, id->chain);
	}
	ERR_pop_to_mark();
	return id->cert == NULL ? -EKEYREJECTED : 0;
}

static int
read_key(const struct tlsconf *conf, const struct passwords *pws,
    struct load *key, struct fail *f)
{
	struct buf in = { 0 };
	int rc;

	rc = files_read(conf->key, "the key",
	    FILES_SECRET | (conf->own_files ? FILES_OWN : 0), &in, REASON_KEY,
	    f);
	if (rc == 0)
		rc = load_parse(&in, conf->key, LOAD_KEY, pws, key, f);
	buf_free(&in);
	return rc;
}

static int
mismatch(const struct tlsconf *conf, bool both, struct fail *f)
{
	if (both)
		fail_set(f, REASON_KEY, "the PKCS#12 %s has a key that fits "
		    "none of its certificates", conf->cert);
	else
		fail_set(f, REASON_KEY, "the key %s does not belong to the "
		    "certificate %s: name its own key in DICOMTLS_KEY, or "
		    "import both with dicomtls-certtool import", conf->key,
		    conf->cert);
	return -EKEYREJECTED;
}

static int
read_pair(const struct tlsconf *conf, const struct buf *in,
    const struct passwords *pws, struct identity *id, struct fail *f)
{
	struct load all = { 0 }, key = { 0 };
	bool both = load_is_pkcs12(in);
	int rc;

	if (load_what(in) & LOAD_KEY)
		files_warn_readable(conf->cert, "the certificate with its "
		    "key");
	rc = load_parse(in, conf->cert, LOAD_CERTS | (both ? LOAD_KEY : 0),
	    pws, &all, f);
	if (rc == 0 && !both) {
		rc = read_key(conf, pws, &key, f);
		all.key = key.key;
		all.opened_by = key.opened_by;
	}
	if (rc == 0 && identity_assemble(&all, id) < 0)
		rc = mismatch(conf, both, f);
	if (rc == 0)
		rc = check_strength(conf, id, f);
	load_free(&all);
	if (rc < 0)
		identity_free(id);
	return rc;
}

int
identity_read(const struct tlsconf *conf, const struct passwords *pws,
    struct identity *id, struct fail *f)
{
	struct passwords own = { .count = 0 };
	struct buf in = { 0 };
	int rc;

	*id = (struct identity){ .cert = NULL };
	rc = files_read(conf->cert, "the certificate",
	    conf->own_files ? FILES_OWN : 0, &in, REASON_CERTIFICATE, f);
	if (rc == 0 && pws == NULL)
		rc = password_find(conf, &own, f);
	if (rc == 0)
		rc = read_pair(conf, &in, pws != NULL ? pws : &own, id, f);
	password_wipe_all(&own);
	buf_free(&in);
	return rc;
}

/* The key that is there, when its certificate alone is missing, or a new one. */
static int
key_for_new(const struct tlsconf *conf, struct identity *id, struct fail *f)
{
	struct passwords pws = { .count = 0 };
	struct load key = { 0 };
	int rc = 0;

	if (!files_there(conf->key)) {
		id->key = issue_key(ISSUE_KEY, f);
		return id->key == NULL ? -EIO : 0;
	}
	rc = password_find(conf, &pws, f);
	if (rc == 0)
		rc = read_key(conf, &pws, &key, f);
	id->key = key.key;
	password_wipe_all(&pws);
	return rc;
}

static int
make_pair(const struct tlsconf *conf, struct store *s, struct fail *f)
{
	struct identity id = { .cert = NULL };
	struct password pw = { .source = PASSWORD_NONE };
	struct names names;
	int rc;

	rc = password_for_new(conf, s, &pw, f);
	if (rc == 0)
		rc = key_for_new(conf, &id, f);
	if (rc == 0) {
		names_of_host(&names, false);
		id.cert = issue_cert(id.key, &names, 0, f);
		rc = id.cert == NULL ? -EIO : 0;
	}
	if (rc == 0)
		rc = pair_put(s, &id, &pw, false, false, f);
	if (rc == 0)
		rc = store_commit(s, f);
	if (rc == 0)
		log_info("made a self-signed certificate for %s in %s",
		    names.cn, conf->dir);
	identity_free(&id);
	password_wipe(&pw);
	return rc;
}

/* With the lock: nobody else is making or changing the files. */
static int
load_locked(const struct tlsconf *conf, bool make, struct identity *id,
    struct fail *f)
{
	struct store s;
	int rc;

	rc = store_open(&s, conf->dir, f);
	if (rc < 0)
		return rc;
	if (make && !files_there(conf->cert))
		rc = make_pair(conf, &s, f);
	if (rc == 0)
		rc = identity_read(conf, NULL, id, f);
	store_close(&s);
	return rc;
}

/* A pair that does not fit may be in the middle of a change. */
static bool
worth_locking(const struct tlsconf *conf, bool make, int rc)
{
	return conf->own_files && ((make && !files_there(conf->cert)) ||
	    rc == -EKEYREJECTED);
}

static int
load(const struct tlsconf *conf, bool make, struct identity *id,
    struct fail *f)
{
	struct fail first = { 0 }, second = { 0 };
	bool locked = conf->own_files && store_interrupted(conf->dir);
	int rc = -EINTR;

	if (locked)
		rc = load_locked(conf, make, id, &second);
	/* Who may not finish the change may yet read what is there. */
	if (rc < 0)
		rc = identity_read(conf, NULL, id, &first);
	if (rc < 0 && !locked && worth_locking(conf, make, rc))
		rc = load_locked(conf, make, id, &second);
	if (rc < 0) {
		fail_copy(f, &second);
		fail_copy(f, &first);
	}
	return rc;
}

int
identity_load(const struct tlsconf *conf, struct identity *id, struct fail *f)
{
	int rc;

	ERR_set_mark();
	rc = load(conf, true, id, f);
	ERR_pop_to_mark();
	return rc;
}

int
identity_look(const struct tlsconf *conf, struct identity *id, struct fail *f)
{
	int rc;

	ERR_set_mark();
	rc = load(conf, false, id, f);
	ERR_pop_to_mark();
	return rc;
}

void
identity_free(struct identity *id)
{
	X509_free(id->cert);
	sk_X509_pop_free(id->chain, X509_free);
	EVP_PKEY_free(id->key);
	*id = (struct identity){ .cert = NULL };
}
