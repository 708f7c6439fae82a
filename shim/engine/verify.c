/* SPDX-License-Identifier: Apache-2.0
 * verify: whether the peer's certificate is good enough: by CA, pin or first
 * use. */
#include "engine/verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/log.h"
#include "cert/describe.h"
#include "cert/peers.h"
#include "engine/roots.h"
#include "engine/sslerr.h"

static const char *const how[] = { "none", "ca", "pin", "tofu" };

/* Who the peer is ----------------------------------------------------------- */

static void
note_peer(struct engine *e, X509 *cert)
{
	char subject[256];

	describe_subject(cert, subject, sizeof subject);
	OPENSSL_free(e->subject);
	e->subject = OPENSSL_strdup(subject);
	describe_spki(cert, e->fingerprint);
}

/* The host of "host:port", without brackets. */
static void
host_of(const char *peer, char *host, size_t size)
{
	const char *end = strrchr(peer, ':');
	size_t len = end != NULL ? (size_t)(end - peer) : strlen(peer);

	if (peer[0] == '[' && len > 1 && peer[len - 1] == ']') {
		peer++;
		len -= 2;
	}
	snprintf(host, size, "%.*s", (int)len, peer);
}

/* As known_peers has it (peers.h): a client's port means nothing. */
static void
key_of(const struct engine *e, char key[PEERS_SIZE])
{
	const char *port = strrchr(e->peer, ':');
	size_t len = port != NULL ? (size_t)(port - e->peer) :
	    strlen(e->peer);
	const char *name = e->name;

	if (e->role == ROLE_SERVER)
		snprintf(key, PEERS_SIZE, "%.*s", (int)len, e->peer);
	else if (name == NULL)
		snprintf(key, PEERS_SIZE, "%s", e->peer);
	else
		snprintf(key, PEERS_SIZE, strchr(name, ':') != NULL ?
		    "[%.250s]%s" : "%.250s%s", name, port != NULL ? port : "");
}

/* By fingerprint -------------------------------------------------------------- */

/* All of the list's have 64 digits, so none can straddle a comma. */
static bool
listed(const struct engine *e)
{
	return e->conf->pins != NULL && e->fingerprint[0] != '\0' &&
	    strstr(e->conf->pins, e->fingerprint) != NULL;
}

static bool
verify_pin(struct engine *e, const char *key)
{
	int r;

	if (listed(e))
		return true;
	r = peers_find(e->conf->dir, key, e->fingerprint, NULL, e->fail);
	if (r == PEERS_KNOWN)
		return true;
	fail_set(e->fail, REASON_PIN_MISMATCH, "%s showed a certificate with "
	    "the key SHA-256 %s (%s), which is none of the pinned ones (%s): "
	    "if it is the right peer, `dicomtls-certtool trust add %s %s` "
	    "accepts it", e->peer, e->fingerprint, session_text(e->subject), e->conf->rule,
	    key, e->fingerprint);
	return false;
}

/* The key is remembered when the peer has proved that it owns it. */
static bool
verify_tofu(struct engine *e, const char *key)
{
	struct peers_line other;
	int r;

	if (listed(e))
		return true;
	r = peers_find(e->conf->dir, key, e->fingerprint, &other, e->fail);
	if (r == PEERS_UNKNOWN)
		e->remember = true;
	if (r == PEERS_OTHER)
		fail_set(e->fail, REASON_PIN_MISMATCH, "%s showed another key "
		    "than before: now SHA-256 %s (%s), known is %s (%s/"
		    PEERS_FILE ", line %u): ask its owner; if the new one is "
		    "right, `dicomtls-certtool trust add %s %s --also` accepts "
		    "it", e->peer, e->fingerprint, session_text(e->subject),
		    other.fingerprint, e->conf->dir, other.number, key,
		    e->fingerprint);
	return r == PEERS_KNOWN || r == PEERS_UNKNOWN;
}

int
verify_finish(struct engine *e)
{
	char key[PEERS_SIZE];
	int r;

	if (!e->remember)
		return 0;
	e->remember = false;
	key_of(e, key);
	r = peers_add(e->conf->dir, key, e->fingerprint, session_text(e->subject), false,
	    e->fail);
	if (r < 0)
		return r;
	log_info("%s was not known: from now on it must have the key SHA-256 "
	    "%s", key, e->fingerprint);
	return 0;
}

/* The peer's certificate ------------------------------------------------------ */

/* The one that failed, which may be a CA's. */
static void
blame(struct engine *e, X509 *cert)
{
	char subject[120], begin[40], end[40], text[320];

	if (cert == NULL)
		return;
	describe_subject(cert, subject, sizeof subject);
	describe_time(describe_begin(cert), begin, sizeof begin);
	describe_time(describe_end(cert), end, sizeof end);
	snprintf(text, sizeof text, "\"%s\" (%.10s to %.10s)", subject, begin,
	    end);
	OPENSSL_free(e->blamed);
	e->blamed = OPENSSL_strdup(text);
}

static bool
strong_enough(struct engine *e, X509 *cert)
{
	const struct profile *p = e->conf->profile;
	char why[200];

	if (!describe_weak(cert, p->min_rsa_bits, p->min_ec_bits, p->weak,
	    why, sizeof why))
		return true;
	fail_set(e->fail, REASON_WEAK, "%s showed a certificate that %s "
	    "(profile %s, %s): it needs a new one", e->peer, why, p->name,
	    session_text(e->subject));
	return false;
}

static bool
verify_by(struct engine *e, X509_STORE_CTX *store, X509 *cert)
{
	char key[PEERS_SIZE];

	key_of(e, key);
	switch (e->conf->verify[e->role]) {
	case VERIFY_NONE:
		return true;
	case VERIFY_CA:
		if (X509_verify_cert(store) <= 0) {
			blame(e, X509_STORE_CTX_get_current_cert(store));
			return false;
		}
		return strong_enough(e, cert);
	case VERIFY_PIN:
		return verify_pin(e, key) && strong_enough(e, cert);
	case VERIFY_TOFU:
		return strong_enough(e, cert) && verify_tofu(e, key);
	}
	return false;
}

static int
verify_peer(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store,
	    SSL_get_ex_data_X509_STORE_CTX_idx());
	struct engine *e = SSL_get_app_data(ssl);
	enum verify mode = e->conf->verify[e->role];
	X509 *cert = X509_STORE_CTX_get0_cert(store);
	bool good;

	(void)arg;
	note_peer(e, cert);
	good = verify_by(e, store, cert);
	e->verified = good ? how[mode] : NULL;
	if (mode != VERIFY_CA || e->fail->reason != REASON_NONE)
		/* Goes out as bad_certificate (RFC 8446, 6.2);
		 * X509_V_ERR_APPLICATION_VERIFICATION were
		 * handshake_failure, and the peer would look for suites. */
		X509_STORE_CTX_set_error(store, good ? X509_V_OK :
		    X509_V_ERR_CERT_REJECTED);
	return good;
}

/* What a context trusts ------------------------------------------------------- */

static int
load_into(X509_STORE *store, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return X509_STORE_load_path(store, path);
	return X509_STORE_load_file(store, path);
}

/* OpenSSL calls what the system says "system lib". */
static const char *
why_not(const char *path, char text[256])
{
	if (access(path, R_OK) < 0)
		return strerror(errno);
	return sslerr_text(text, 256);
}

static int
load_trust(SSL_CTX *ctx, const struct tlsconf *conf, struct fail *f)
{
	char text[256];

	if (conf->ca == NULL)
		return roots_load(ctx) == 1 ? 0 : -ENOMEM;
	if (load_into(SSL_CTX_get_cert_store(ctx), conf->ca) == 1)
		return 0;
	fail_set(f, REASON_SETTING, "DICOMTLS_CA=%s cannot be read as trusted "
	    "certificates: %s; it must be a PEM file or a folder made with "
	    "`openssl rehash`", conf->ca, why_not(conf->ca, text));
	return -EINVAL;
}

static int
load_crl(SSL_CTX *ctx, const struct tlsconf *conf, struct fail *f)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	char text[256];

	if (conf->crl == NULL)
		return 0;
	if (load_into(store, conf->crl) == 1) {
		X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
		return 0;
	}
	fail_set(f, REASON_SETTING, "DICOMTLS_CRL=%s cannot be read as "
	    "revocation lists: %s; it must be a PEM file or a folder made with "
	    "`openssl rehash`", conf->crl, why_not(conf->crl, text));
	return -EINVAL;
}

int
verify_context(SSL_CTX *ctx, const struct tlsconf *conf, enum role role,
    struct fail *f)
{
	enum verify mode = conf->verify[role];
	int flags = SSL_VERIFY_NONE;

	if (mode != VERIFY_NONE)
		flags = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_CTX_set_verify(ctx, flags, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, verify_peer, NULL);
	if (mode != VERIFY_CA)
		return 0;
	if (load_trust(ctx, conf, f) < 0)
		return -EINVAL;
	return load_crl(ctx, conf, f);
}

/* A server's name is what the program asked for, or else its address. */
int
verify_setup(struct engine *e)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(e->ssl);
	char host[80];
	int ok = 1;

	if (e->conf->verify[e->role] != VERIFY_CA)
		return 0;
	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	host_of(e->peer, host, sizeof host);
	if (e->name == NULL && e->role == ROLE_CLIENT)
		ok = X509_VERIFY_PARAM_set1_ip_asc(param, host);
	else if (e->name != NULL &&
	    X509_VERIFY_PARAM_set1_ip_asc(param, e->name) != 1)
		ok = X509_VERIFY_PARAM_set1_host(param, e->name, 0);
	return ok == 1 ? 0 : -EINVAL;
}
