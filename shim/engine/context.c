/* SPDX-License-Identifier: Apache-2.0
 * context: an SSL_CTX for each rule and role, made once, renewed when the
 * certificate's files change. */
#include "engine/context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>

#include "base/log.h"
#include "cert/identity.h"
#include "engine/session.h"
#include "engine/sslerr.h"
#include "engine/verify.h"

/* A read takes up to this much off the wire: four full records. */
#define READ_AHEAD 65536

#define GROUPS "X25519:P-256:P-384:P-521"
#define SIGALGS "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448:" \
	"RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:" \
	"RSA+SHA256:RSA+SHA384:RSA+SHA512"
#define SIGALGS_OLD SIGALGS ":ECDSA+SHA1:RSA+SHA1"

/* TLS 1.0 and 1.1 have CBC suites alone; a profile whose list has none gets
 * these when somebody lowers the minimum version on top of it. */
#define CIPHERS_OLD "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:" \
	"ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA:AES128-SHA:AES256-SHA"

struct context {
	struct context *next;
	const struct tlsconf *conf;
	enum role role;
	SSL_CTX *ctx;
};

static struct context *cache;

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
	const char *base = conf->ciphers != NULL ? conf->ciphers : p->ciphers;
	const char *suites = conf->suites != NULL ? conf->suites : p->suites;
	bool old = conf->ciphers == NULL && !p->weak &&
	    conf->min_version < TLS_1_2;
	char list[2048];

	snprintf(list, sizeof list, "%s%s", base, old ? ":" CIPHERS_OLD : "");
	if (conf->min_version < TLS_1_3 && SSL_CTX_set_cipher_list(ctx, list)
	    != 1)
		return refuse(f, conf, "the cipher list", list);
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
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS |
	    SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_default_read_buffer_len(ctx, READ_AHEAD);
	SSL_CTX_set_quiet_shutdown(ctx, 0);
}

static int
set_identity(SSL_CTX *ctx, const struct tlsconf *conf, struct fail *f)
{
	struct identity id = { 0 };
	char text[256];
	int r = identity_load(conf, &id, f);

	if (r < 0)
		return r;
	if (SSL_CTX_use_cert_and_key(ctx, id.cert, id.key, id.chain, 1) != 1) {
		fail_set(f, REASON_CERTIFICATE, "%s cannot be used with "
		    "profile %s: %s; make a new one with dicomtls-certtool "
		    "generate --force, or take a profile that allows it",
		    conf->cert, conf->profile->name,
		    sslerr_text(text, sizeof text));
		r = -EINVAL;
	}
	identity_free(&id);
	return r;
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

static SSL_CTX *
make(const struct tlsconf *conf, enum role role, struct fail *f)
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
	}
	if (set_protocol(ctx, conf, f) < 0 ||
	    ((role == ROLE_SERVER || conf->client_cert) &&
	    set_identity(ctx, conf, f) < 0) ||
	    verify_context(ctx, conf, role, f) < 0) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	warn_weak(conf);
	return ctx;
}

SSL_CTX *
context_get(const struct tlsconf *conf, enum role role, struct fail *f)
{
	struct context *c;

	for (c = cache; c != NULL; c = c->next)
		if (c->conf == conf && c->role == role)
			return c->ctx;
	c = calloc(1, sizeof *c);
	if (c == NULL) {
		fail_set(f, REASON_SYSTEM, "no memory for a TLS context");
		return NULL;
	}
	c->conf = conf;
	c->role = role;
	c->ctx = make(conf, role, f);
	if (c->ctx == NULL) {
		free(c);
		return NULL;
	}
	c->next = cache;
	cache = c;
	return c->ctx;
}

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

static size_t
add_names(char *text, size_t size, STACK_OF(SSL_CIPHER) *list)
{
	size_t len = 0;
	int i;

	for (i = 0; i < sk_SSL_CIPHER_num(list) && len < size; i++)
		len += (size_t)snprintf(text + len, size - len, "%s%s",
		    i > 0 ? " " : "",
		    SSL_CIPHER_get_name(sk_SSL_CIPHER_value(list, i)));
	return len;
}

/* Kept for the sentence of a handshake that fails. */
static int
note_offer(SSL *ssl, int *alert, void *arg)
{
	struct engine *e = SSL_get_app_data(ssl);
	STACK_OF(SSL_CIPHER) *list = NULL, *scsvs = NULL;
	const unsigned char *bytes;
	size_t len = SSL_client_hello_get0_ciphers(ssl, &bytes);
	char text[400];

	(void)alert;
	(void)arg;
	if (e->offered == NULL && SSL_bytes_to_cipher_list(ssl, bytes, len, 0,
	    &list, &scsvs) == 1) {
		add_names(text, sizeof text, list);
		e->offered = strdup(text);
	}
	sk_SSL_CIPHER_free(list);
	sk_SSL_CIPHER_free(scsvs);
	return SSL_CLIENT_HELLO_SUCCESS;
}
