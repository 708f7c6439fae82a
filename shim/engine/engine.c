/* SPDX-License-Identifier: Apache-2.0
 * engine: TLS over OpenSSL without I/O. */
#include "engine/engine.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "engine/context.h"
#include "engine/errqueue.h"
#include "engine/session.h"
#include "engine/sslerr.h"
#include "engine/verify.h"

/* The BIO below the SSL: our port ------------------------------------------ */

static int
port_read(BIO *bio, char *buf, size_t len, size_t *done)
{
	struct engine *e = BIO_get_data(bio);
	ssize_t n = -EAGAIN;

	if (len > e->record)
		len = e->record;
	if (!e->starved)
		n = e->port.recv(e->port.arg, buf, len);
	BIO_clear_retry_flags(bio);
	e->wire = n;
	if (n == -EAGAIN)
		BIO_set_retry_read(bio);
	if (n <= 0)
		return n == 0 ? 0 : -1;
	*done = (size_t)n;
	return 1;
}

static int
port_write(BIO *bio, const char *buf, size_t len, size_t *done)
{
	struct engine *e = BIO_get_data(bio);
	int r = e->port.send(e->port.arg, buf, len);

	BIO_clear_retry_flags(bio);
	if (r < 0) {
		e->wire = r;
		return -1;
	}
	*done = len;
	return 1;
}

static long
port_ctrl(BIO *bio, int cmd, long arg, void *ptr)
{
	(void)bio;
	(void)arg;
	(void)ptr;
	return cmd == BIO_CTRL_FLUSH;
}

static BIO_METHOD *method;

static void
make_method(void)
{
	method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(),
	    "dicomtls port");
	if (method == NULL)
		return;
	BIO_meth_set_read_ex(method, port_read);
	BIO_meth_set_write_ex(method, port_write);
	BIO_meth_set_ctrl(method, port_ctrl);
}

static BIO *
port_bio(struct engine *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	BIO *bio;

	pthread_once(&once, make_method);
	bio = method != NULL ? BIO_new(method) : NULL;
	if (bio != NULL) {
		BIO_set_data(bio, e);
		BIO_set_init(bio, 1);
	}
	return bio;
}

/* Beginning ----------------------------------------------------------------- */

static int
engine_prepare(const struct tlsconf *conf, enum role role, struct fail *f)
{
	struct errqueue q;
	SSL_CTX *ctx;

	errqueue_take(&q);
	ctx = context_get(conf, role, f);
	SSL_CTX_free(ctx);
	errqueue_put_back(&q);
	return ctx == NULL ? -EACCES : 0;
}

static void
forget_offer(struct engine *e)
{
	OPENSSL_free(e->offered);
	e->offered = NULL;
}

static void
engine_destroy(struct engine *e)
{
	if (e == NULL)
		return;
	SSL_free(e->ssl);
	OPENSSL_free(e->name);
	forget_offer(e);
	OPENSSL_free(e->subject);
	OPENSSL_free(e->blamed);
	free(e);
}

static void
note_alert(const SSL *ssl, int where, int value)
{
	struct engine *e = SSL_get_app_data(ssl);

	if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT)
		e->alert = value & 0xff;
}

static int
attach(struct engine *e, SSL_CTX *ctx)
{
	BIO *bio = port_bio(e);

	e->ssl = SSL_new(ctx);
	if (e->ssl == NULL || bio == NULL) {
		BIO_free(bio);
		return -ENOMEM;
	}
	SSL_set_bio(e->ssl, bio, bio);
	SSL_set_app_data(e->ssl, e);
	SSL_set_info_callback(e->ssl, note_alert);
	if (e->role == ROLE_CLIENT)
		SSL_set_connect_state(e->ssl);
	else
		SSL_set_accept_state(e->ssl);
	return 0;
}

static bool
is_address(const char *name)
{
	ASN1_OCTET_STRING *ip = a2i_IPADDRESS(name);
	bool is = ip != NULL;

	ASN1_OCTET_STRING_free(ip);
	return is;
}

/* RFC 6066, 3: names alone, no addresses, without the dot of the root. */
static int
set_name(struct engine *e, const char *name)
{
	const char *want = e->conf->name != NULL ? e->conf->name : name;
	size_t len = want != NULL ? strlen(want) : 0;

	if (len > 1 && want[len - 1] == '.')
		len--;
	if (len == 0)
		return 0;
	e->name = OPENSSL_strndup(want, len);
	if (e->name == NULL)
		return -ENOMEM;
	if (e->role == ROLE_CLIENT && !is_address(e->name))
		SSL_set_tlsext_host_name(e->ssl, e->name);
	return 0;
}

static struct engine *
create(const struct tlsconf *conf, enum role role, const char *name,
    const char *peer, const struct engine_port *port, SSL_CTX *ctx,
    struct fail *f)
{
	struct engine *e = calloc(1, sizeof *e);

	if (e == NULL)
		return NULL;
	e->conf = conf;
	e->role = role;
	e->alert = -1;
	e->record = SIZE_MAX;
	e->port = *port;
	e->fail = f;
	snprintf(e->peer, sizeof e->peer, "%s", peer);
	if (attach(e, ctx) == 0 && set_name(e, name) == 0 &&
	    verify_setup(e) == 0)
		return e;
	engine_destroy(e);
	return NULL;
}

static struct engine *
engine_create(const struct tlsconf *conf, enum role role, const char *name,
    const char *peer, const struct engine_port *port, struct fail *f)
{
	struct engine *e = NULL;
	struct errqueue q;
	SSL_CTX *ctx;

	errqueue_take(&q);
	ctx = context_get(conf, role, f);
	if (ctx != NULL) {
		e = create(conf, role, name, peer, port, ctx, f);
		if (e == NULL)
			fail_set(f, REASON_SYSTEM, "no memory for a TLS "
			    "session with %s", peer);
	}
	SSL_CTX_free(ctx);
	errqueue_put_back(&q);
	return e;
}

/* Results ------------------------------------------------------------------- */

/* TLS 1.3 lets a client finish before the server has seen its certificate. */
static void
explain_wire(struct engine *e)
{
	bool unheard = e->role == ROLE_CLIENT && !e->heard &&
	    (e->wire == -ECONNRESET || e->wire == -EPIPE);

	if (unheard && e->asked)
		fail_set(e->fail, REASON_CLIENT_CERT_WANTED, "%s asked for a "
		    "certificate of ours and reset the connection: set "
		    "DICOMTLS_CLIENT_CERT=yes and let it trust %s", e->peer,
		    e->conf->cert);
	else if (unheard)
		fail_set(e->fail, REASON_RESET, "%s reset the connection "
		    "before it sent anything: it may not speak TLS on that "
		    "port, or it refused our certificate (or wants one): its "
		    "log tells more", e->peer);
	else
		fail_wire(e->fail, e->peer, (int)-e->wire);
}

/* Whether a record has begun to come in. */
static bool
inside_record(const struct engine *e)
{
	return SSL_has_pending(e->ssl) ||
	    strcmp(SSL_rstate_string(e->ssl), "RB") == 0;
}

/* The stream is over, and no close_notify came. */
static int
ended(struct engine *e)
{
	if (!e->open || !inside_record(e))
		return -ENODATA;
	fail_set(e->fail, REASON_TRUNCATED, "%s closed the connection inside "
	    "a TLS record: it was cut off, or the program there died",
	    e->peer);
	return -ECONNRESET;
}

/* What the port said last tells more than SSL_get_error. */
static int
result(struct engine *e)
{
	if (SSL_want_read(e->ssl) && e->wire == -EAGAIN)
		return -EAGAIN;
	if (SSL_want_read(e->ssl) && e->wire == 0)
		return ended(e);
	if (e->wire < 0 && e->wire != -EAGAIN) {
		explain_wire(e);
		return (int)e->wire;
	}
	sslerr_explain(e);
	return -ECONNRESET;
}

/*
 * With every record OpenSSL moves to the front of its buffer what it has read
 * behind the one before: it is given no more than a full record at a time.
 * Header, content, its type, tag (RFC 8446, 5.2); before TLS 1.3 header, nonce,
 * content, tag (RFC 5288, 3).
 */
static size_t
full_record(const SSL *ssl)
{
	return SSL_version(ssl) >= TLS1_3_VERSION ? 5 + 16384 + 1 + 16 :
	    5 + 8 + 16384 + 16;
}

static int
engine_handshake(struct engine *e)
{
	struct errqueue q;
	int r;

	if (e->fail->reason != REASON_NONE)
		return -ECONNRESET;
	errqueue_take(&q);
	r = SSL_do_handshake(e->ssl) == 1 ? verify_finish(e) : result(e);
	e->open = r == 0;
	if (e->open) {
		e->record = full_record(e->ssl);
		forget_offer(e);
	}
	errqueue_put_back(&q);
	return r;
}

/* A fatal alert sets SSL_RECEIVED_SHUTDOWN as well: only close_notify (RFC
 * 8446, 6.1) is an end. */
static ssize_t
read_result(struct engine *e)
{
	if ((SSL_get_shutdown(e->ssl) & SSL_RECEIVED_SHUTDOWN) != 0 &&
	    e->alert == SSL_AD_CLOSE_NOTIFY)
		return 0;
	return result(e);
}

static ssize_t
engine_read(struct engine *e, void *buf, size_t len)
{
	struct errqueue q;
	size_t n = 0;
	ssize_t r;

	errqueue_take(&q);
	if (SSL_read_ex(e->ssl, buf, len, &n) == 1) {
		e->heard = true;
		r = (ssize_t)n;
	} else {
		r = read_result(e);
	}
	errqueue_put_back(&q);
	return r;
}

static ssize_t
look(struct engine *e, bool *closed)
{
	char one;
	size_t n;
	ssize_t r;

	if (SSL_peek_ex(e->ssl, &one, 1, &n) == 1)
		return SSL_pending(e->ssl);
	r = read_result(e);
	*closed = r == 0;
	return r == -EAGAIN ? 0 : r;
}

static ssize_t
engine_pending(struct engine *e, bool wire, bool *closed)
{
	struct errqueue q;
	ssize_t r;

	*closed = false;
	if (SSL_pending(e->ssl) > 0 || (!wire && !SSL_has_pending(e->ssl)))
		return SSL_pending(e->ssl);
	errqueue_take(&q);
	e->starved = !wire;
	r = look(e, closed);
	e->starved = false;
	errqueue_put_back(&q);
	return r;
}

static ssize_t
engine_write(struct engine *e, const void *buf, size_t len)
{
	struct errqueue q;
	size_t n, done = 0;
	int r = 0;

	errqueue_take(&q);
	e->wire = 1;	/* not asked: neither an end (0) nor an error */
	while (done < len) {
		n = 0;
		if (SSL_write_ex(e->ssl, (const char *)buf + done, len - done,
		    &n) != 1) {
			r = result(e);
			break;
		}
		done += n;
	}
	errqueue_put_back(&q);
	return r < 0 ? r : (ssize_t)done;
}

static void
engine_rest(struct engine *e)
{
	SSL_free_buffers(e->ssl);
}

static int
engine_close(struct engine *e)
{
	struct errqueue q;
	int r;

	if (!e->open || e->closed)
		return 0;
	e->closed = true;
	errqueue_take(&q);
	r = SSL_shutdown(e->ssl);
	errqueue_put_back(&q);
	return r < 0 ? -EPIPE : 0;
}

/* What is known ------------------------------------------------------------- */

static void
engine_info(struct engine *e, struct engine_info *info)
{
	info->version = SSL_get_version(e->ssl);
	info->cipher = SSL_get_cipher_name(e->ssl);
	info->verified = e->verified != NULL ? e->verified : "none";
	info->subject = session_text(e->subject);
	info->fingerprint = e->fingerprint;
}

__attribute__((visibility("default")))
const struct engine_ops dicomtls_engine = {
	.version = ENGINE_VERSION,
	.log_open = log_open,
	.prepare = engine_prepare,
	.create = engine_create,
	.handshake = engine_handshake,
	.read = engine_read,
	.write = engine_write,
	.pending = engine_pending,
	.rest = engine_rest,
	.close = engine_close,
	.info = engine_info,
	.destroy = engine_destroy,
};
