/* SPDX-License-Identifier: Apache-2.0
 * context: an SSL_CTX for each rule and role, made once, renewed when the
 * certificate's files change. */
#include "engine/context.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>

#include "base/log.h"
#include "cert/identity.h"
#include "cert/reload.h"
#include "engine/session.h"
#include "engine/sslerr.h"
#include "engine/verify.h"

#define GROUPS "X25519:P-256:P-384:P-521"
#define SIGALGS "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448:" \
	"RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:" \
	"RSA+SHA256:RSA+SHA384:RSA+SHA512"
#define SIGALGS_OLD SIGALGS ":ECDSA+SHA1:RSA+SHA1"

struct context {
	struct context *next;
	const struct tlsconf *conf;
	enum role role;
	SSL_CTX *ctx;
	struct identity own;	/* empty: we show no certificate */
	struct reload_stamp files;	/* of own */
	struct stat trust[2];	/* of the CAs and the revocation lists */
	int said;		/* the step of the last warning of own's end */
};

static struct context *cache;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* of it */

static bool
needs_level_0(const struct tlsconf *conf)
{
	return conf->profile->weak || conf->min_version < TLS_1_2;
}

static int
refuse(struct fail *f, const struct tlsconf *conf, const char *what,
    const char *value)
{
	char text[256];

	fail_set(f, REASON_SETTING,
	    "OpenSSL does not take %s \"%s\" (profile %s): %s; see "
	    "`openssl ciphers -v` for what it knows", what, value,
	    conf->profile->name, sslerr_text(text, sizeof text));
	return -EINVAL;
}

static int
set_ciphers(SSL_CTX *ctx, const struct tlsconf *conf, struct fail *f)
{
	const struct profile *p = conf->profile;
	const char *list = conf->ciphers != NULL ? conf->ciphers : p->ciphers;
	const char *suites = conf->suites != NULL ? conf->suites : p->suites;

	if (conf->min_version < TLS_1_3 && SSL_CTX_set_cipher_list(ctx, list)
	    != 1)
		return refuse(f, conf, policy_names_ciphers(conf) ?
		    "the cipher list DICOMTLS_CIPHERS" : "the cipher list",
		    list);
	if (suites != NULL && SSL_CTX_set_ciphersuites(ctx, suites) != 1)
		return refuse(f, conf, "the TLS 1.3 suites", suites);
	return 0;
}

/* All of it explicit: openssl.cnf's system_default came before us. */
static int
set_protocol(SSL_CTX *ctx, const struct tlsconf *conf, struct fail *f)
{
	bool old = needs_level_0(conf);

	SSL_CTX_clear_options(ctx, SSL_CTX_get_options(ctx));
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION |
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
	    SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_ANTI_REPLAY |
	    SSL_OP_ENABLE_MIDDLEBOX_COMPAT | SSL_OP_SINGLE_ECDH_USE |
	    SSL_OP_SINGLE_DH_USE);
	if (conf->profile->legacy_server)
		SSL_CTX_set_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT);
	if (SSL_CTX_set_min_proto_version(ctx, conf->min_version) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, conf->max_version) != 1) {
		fail_set(f, REASON_SETTING, "this OpenSSL has not the TLS "
		    "versions that DICOMTLS_MIN_VERSION and "
		    "DICOMTLS_MAX_VERSION or profile %s ask for",
		    conf->profile->name);
		return -EINVAL;
	}
	if (SSL_CTX_set1_groups_list(ctx, GROUPS) != 1 ||
	    SSL_CTX_set1_sigalgs_list(ctx, old ? SIGALGS_OLD : SIGALGS) != 1)
		return refuse(f, conf, "the groups", GROUPS);
	SSL_CTX_set_dh_auto(ctx, 1);
	SSL_CTX_set_security_level(ctx, 0);	/* while the list is read */
	if (set_ciphers(ctx, conf, f) < 0)
		return -EINVAL;
	SSL_CTX_set_security_level(ctx, old ? 0 : 2);
	return 0;
}

static void
set_modes(SSL_CTX *ctx)
{
	/* Not SSL_MODE_RELEASE_BUFFERS: see engine_ops' rest. */
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_quiet_shutdown(ctx, 0);
}

static int
set_identity(SSL_CTX *ctx, const struct tlsconf *conf,
    const struct identity *own, struct fail *f)
{
	char text[256];

	if (own->cert == NULL || SSL_CTX_use_cert_and_key(ctx, own->cert,
	    own->key, own->chain, 1) == 1)
		return 0;
	fail_set(f, REASON_CERTIFICATE, "%s cannot be used with profile %s: "
	    "%s; make a new one with dicomtls-certtool generate --force, or "
	    "take a profile that allows it", conf->cert, conf->profile->name,
	    sslerr_text(text, sizeof text));
	return -EINVAL;
}

static void
write_key_line(const SSL *ssl, const char *line)
{
	const struct engine *e = SSL_get_app_data(ssl);
	int fd = open(e->conf->keylog, O_WRONLY | O_APPEND | O_CREAT |
	    O_CLOEXEC | O_NOCTTY, 0600);
	char text[1024];
	int n = snprintf(text, sizeof text, "%s\n", line);

	if (fd < 0 || write(fd, text, (size_t)n) != n)
		log_error("cannot write DICOMTLS_KEYLOG=%s: %s",
		    e->conf->keylog, strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void
set_keylog(SSL_CTX *ctx, const struct tlsconf *conf)
{
	static bool said;

	if (conf->keylog == NULL)
		return;
	SSL_CTX_set_keylog_callback(ctx, write_key_line);
	if (!said)
		log_warn("DICOMTLS_KEYLOG=%s: whoever reads that file can read "
		    "all that is sent, patient data included; unset it when "
		    "you have seen what you wanted", conf->keylog);
	said = true;
}

/* Old versions and weak profiles are said once per process. */
static void
warn_weak(const struct tlsconf *conf)
{
	static bool said;

	if (said)
		return;
	if (conf->profile->warning != NULL)
		log_warn("%s", conf->profile->warning);
	else if (conf->min_version < TLS_1_2)
		log_warn("TLS 1.0 or 1.1 is allowed (%s): RFC 8996 forbids "
		    "both; raise DICOMTLS_MIN_VERSION to 1.2 when the last old "
		    "peer is gone", conf->rule);
	else
		return;
	said = true;
}

static int select_alpn(SSL *, const unsigned char **, unsigned char *,
    const unsigned char *, unsigned int, void *);
static int note_offer(SSL *, int *, void *);
static int note_request(SSL *, X509 **, EVP_PKEY **);

static SSL_CTX *
make(const struct tlsconf *conf, enum role role, const struct identity *own,
    struct fail *f)
{
	SSL_CTX *ctx = SSL_CTX_new(role == ROLE_CLIENT ? TLS_client_method() :
	    TLS_server_method());

	if (ctx == NULL) {
		fail_set(f, REASON_SYSTEM, "OpenSSL has no memory for a "
		    "context");
		return NULL;
	}
	set_modes(ctx);
	set_keylog(ctx, conf);
	if (role == ROLE_SERVER) {
		SSL_CTX_set_alpn_select_cb(ctx, select_alpn, NULL);
		SSL_CTX_set_client_hello_cb(ctx, note_offer, NULL);
	} else {
		SSL_CTX_set_client_cert_cb(ctx, note_request);
	}
	if (set_protocol(ctx, conf, f) < 0 ||
	    set_identity(ctx, conf, own, f) < 0 ||
	    verify_context(ctx, conf, role, f) < 0) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	warn_weak(conf);
	return ctx;
}

/* The cache --------------------------------------------------------------- */

static bool
shows_certificate(const struct context *c)
{
	return c->role == ROLE_SERVER || c->conf->client_cert;
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	    a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Whether CAs or revocation lists look different from the last time. */
static bool
trust_changed(struct context *c)
{
	const char *const path[2] = { c->conf->ca, c->conf->crl };
	bool changed = false;
	struct stat st;
	int i;

	if (c->conf->verify[c->role] != VERIFY_CA)
		return false;
	for (i = 0; i < 2; i++) {
		if (path[i] == NULL || stat(path[i], &st) < 0 ||
		    same_file(&st, &c->trust[i]))
			continue;
		c->trust[i] = st;
		changed = true;
	}
	return changed;
}

/* A pair that was made just now looks different from the missing one. */
static int
load_own(struct context *c, struct fail *f)
{
	static const struct reload_stamp missing;
	int r;

	if (!shows_certificate(c))
		return 0;
	reload_stamp(c->conf, &c->files);
	r = identity_load(c->conf, &c->own, f);
	if (r == 0 && reload_same(&c->files, &missing))
		reload_stamp(c->conf, &c->files);
	return r;
}

static struct context *
add(const struct tlsconf *conf, enum role role, struct fail *f)
{
	struct context *c = calloc(1, sizeof *c);

	if (c == NULL) {
		fail_set(f, REASON_SYSTEM, "no memory for a TLS context");
		return NULL;
	}
	c->conf = conf;
	c->role = role;
	trust_changed(c);
	if (load_own(c, f) == 0)
		c->ctx = make(conf, role, &c->own, f);
	if (c->ctx == NULL) {
		identity_free(&c->own);
		free(c);
		return NULL;
	}
	c->next = cache;
	cache = c;
	return c;
}

/* Sessions that began with the old context keep it. */
static void
renew(struct context *c)
{
	bool changed = trust_changed(c);
	struct fail f = { 0 };
	SSL_CTX *ctx;

	if (shows_certificate(c) &&
	    reload_identity(c->conf, &c->own, &c->files) > 0) {
		changed = true;
		c->said = 0;
	}
	if (!changed)
		return;
	ctx = make(c->conf, c->role, &c->own, &f);
	if (ctx == NULL) {
		log_error("files that were changed are not used, what was "
		    "read before stays in use: %s", f.text);
		return;
	}
	SSL_CTX_free(c->ctx);
	c->ctx = ctx;
}

/* One warning for all contexts that show the same certificate. */
static void
warn_expiry(struct context *c)
{
	struct context *other;

	if (c->own.cert == NULL)
		return;
	for (other = cache; other != NULL; other = other->next)
		if (other->own.cert != NULL && other->said > c->said &&
		    X509_cmp(other->own.cert, c->own.cert) == 0)
			c->said = other->said;
	reload_warn_expiry(&c->own, c->conf->cert, &c->said);
}

static struct context *
find(const struct tlsconf *conf, enum role role)
{
	struct context *c = cache;

	while (c != NULL && (c->conf != conf || c->role != role))
		c = c->next;
	return c;
}

/* A child must not inherit the lock from a thread that it has not. */
static void
lock_cache(void)
{
	pthread_mutex_lock(&lock);
}

static void
unlock_cache(void)
{
	pthread_mutex_unlock(&lock);
}

static void
guard_fork(void)
{
	pthread_atfork(lock_cache, unlock_cache, unlock_cache);
}

SSL_CTX *
context_get(const struct tlsconf *conf, enum role role, struct fail *f)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	SSL_CTX *ctx = NULL;
	struct context *c;

	pthread_once(&once, guard_fork);
	lock_cache();
	c = find(conf, role);
	if (c != NULL)
		renew(c);
	else
		c = add(conf, role, f);
	if (c != NULL) {
		warn_expiry(c);
		ctx = c->ctx;
		SSL_CTX_up_ref(ctx);
	}
	unlock_cache();
	return ctx;
}

/* What peers ask and offer --------------------------------------------------- */

/* DCMTK 3.6.8 offers "dicom"; who offers only other names is not refused. */
static int
select_alpn(SSL *ssl, const unsigned char **out, unsigned char *outlen,
    const unsigned char *in, unsigned int inlen, void *arg)
{
	static const unsigned char dicom[] = "\5dicom";
	unsigned char *chosen;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, outlen, dicom, sizeof dicom - 1, in,
	    inlen) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* Suites that this OpenSSL does not know, by number. */
static size_t
add_suite(SSL *ssl, const unsigned char *id, char *text, size_t size)
{
	const SSL_CIPHER *suite = SSL_CIPHER_find(ssl, id);
	int n;

	if (suite != NULL)
		n = snprintf(text, size, " %s", SSL_CIPHER_get_name(suite));
	else
		n = snprintf(text, size, " 0x%02X%02X", id[0], id[1]);
	return (size_t)n;
}

/* Kept for the sentence of a handshake that fails.  SSL 2's form of the hello
 * has three bytes a suite, the first of them 0 for those of TLS. */
static int
note_offer(SSL *ssl, int *alert, void *arg)
{
	struct engine *e = SSL_get_app_data(ssl);
	size_t step = SSL_client_hello_isv2(ssl) ? 3 : 2, i, n = 0;
	const unsigned char *bytes;
	size_t len = SSL_client_hello_get0_ciphers(ssl, &bytes);
	char text[400] = "";

	(void)alert;
	(void)arg;
	for (i = 0; i + step <= len && n < sizeof text; i += step)
		if (step == 2 || bytes[i] == 0)
			n += add_suite(ssl, bytes + i + step - 2, text + n,
			    sizeof text - n);
	if (e->offered == NULL && n > 0)
		e->offered = OPENSSL_strdup(text + 1);
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* Called when a server asks for a certificate and we have none to show. */
static int
note_request(SSL *ssl, X509 **cert, EVP_PKEY **key)
{
	struct engine *e = SSL_get_app_data(ssl);

	(void)cert;
	(void)key;
	e->asked = true;
	return 0;
}
