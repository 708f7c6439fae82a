/* SPDX-License-Identifier: Apache-2.0
 * engine: TLS over OpenSSL without I/O. */
#include "engine/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "engine/context.h"
#include "engine/session.h"
#include "engine/sslerr.h"
#include "engine/verify.h"

/* The BIO below the SSL: our port ------------------------------------------ */

static int
port_read(BIO *bio, char *buf, size_t len, size_t *done)
{
	struct engine *e = BIO_get_data(bio);
	ssize_t n = e->starved ? -EAGAIN : e->port.recv(e->port.arg, buf, len);

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

static BIO_METHOD *
port_method(void)
{
	static BIO_METHOD *method;

	if (method != NULL)
		return method;
	method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(),
	    "dicomtls port");
	if (method == NULL)
		return NULL;
	BIO_meth_set_read_ex(method, port_read);
	BIO_meth_set_write_ex(method, port_write);
	BIO_meth_set_ctrl(method, port_ctrl);
	return method;
}

/* Beginning ----------------------------------------------------------------- */

static int
engine_prepare(const struct tlsconf *conf, enum role role, struct fail *f)
{
	SSL_CTX *ctx;

	ERR_set_mark();
	ctx = context_get(conf, role, f);
	ERR_pop_to_mark();
	return ctx == NULL ? -EACCES : 0;
}

static void
engine_destroy(struct engine *e)
{
	if (e == NULL)
		return;
	SSL_free(e->ssl);
	free(e->name);
	free(e->offered);
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
	BIO_METHOD *method = port_method();
	BIO *bio;

	e->ssl = SSL_new(ctx);
	bio = method != NULL ? BIO_new(method) : NULL;
	if (e->ssl == NULL || bio == NULL) {
		BIO_free(bio);
		return -ENOMEM;
	}
	BIO_set_data(bio, e);
	BIO_set_init(bio, 1);
	SSL_set_bio(e->ssl, bio, bio);
	SSL_set_app_data(e->ssl, e);
	SSL_set_info_callback(e->ssl, note_alert);
	return 0;
}

/* RFC 6066, 3: names alone, no addresses. */
static int
set_name(struct engine *e, const char *name)
{
	const char *want = e->conf->name != NULL ? e->conf->name : name;

	if (want == NULL)
		return 0;
	e->name = strdup(want);
	if (e->name == NULL)
		return -ENOMEM;
	if (e->role == ROLE_CLIENT && strspn(want, "0123456789.:") !=
	    strlen(want))
		SSL_set_tlsext_host_name(e->ssl, want);
	return 0;
}

static struct engine *
create(const struct tlsconf *conf, enum role role, const char *name,
    const char *peer, const struct engine_port *port, struct fail *f)
{
	SSL_CTX *ctx = context_get(conf, role, f);
	struct engine *e;

	if (ctx == NULL)
		return NULL;
	e = calloc(1, sizeof *e);
	if (e == NULL) {
		fail_set(f, REASON_SYSTEM, "no memory for a TLS session");
		return NULL;
	}
	e->conf = conf;
	e->role = role;
	e->alert = -1;
	e->port = *port;
	snprintf(e->peer, sizeof e->peer, "%s", peer);
	if (attach(e, ctx) < 0 || set_name(e, name) < 0) {
		fail_set(f, REASON_SYSTEM, "no memory for a TLS session");
		engine_destroy(e);
		return NULL;
	}
	verify_setup(e);
	if (role == ROLE_CLIENT)
		SSL_set_connect_state(e->ssl);
	else
		SSL_set_accept_state(e->ssl);
	return e;
}

static struct engine *
engine_create(const struct tlsconf *conf, enum role role, const char *name,
    const char *peer, const struct engine_port *port, struct fail *f)
{
	struct engine *e;

	ERR_set_mark();
	e = create(conf, role, name, peer, port, f);
	ERR_pop_to_mark();
	return e;
}

/* Results ------------------------------------------------------------------- */

/*
 * SSL_get_error looks at the oldest error of the thread's queue, which may be
 * the program's own: what the port said last tells more.
 */
static int
result(struct engine *e)
{
	struct sslerr_case c = {
		.ssl = e->ssl, .conf = e->conf, .role = e->role,
		.peer = e->peer, .offered = e->offered, .open = e->open,
	};

	if (SSL_want_read(e->ssl) && e->wire == -EAGAIN)
		return -EAGAIN;
	if (SSL_want_read(e->ssl) && e->wire == 0)
		return -ENODATA;
	if (e->wire < 0 && e->wire != -EAGAIN) {
		fail_set(&e->fail, e->wire == -ECONNRESET || e->wire == -EPIPE ?
		    REASON_RESET : REASON_SYSTEM, "%s: %s", e->peer,
		    strerror((int)-e->wire));
		return (int)e->wire;
	}
	sslerr_explain(&c, &e->fail);
	return -ECONNRESET;
}

static int
engine_handshake(struct engine *e)
{
	int r;

	ERR_set_mark();
	r = SSL_do_handshake(e->ssl);
	if (r == 1)
		e->open = true;
	r = r == 1 ? 0 : result(e);
	ERR_pop_to_mark();
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
	size_t n = 0;
	ssize_t r;

	ERR_set_mark();
	if (SSL_read_ex(e->ssl, buf, len, &n) == 1)
		r = (ssize_t)n;
	else
		r = read_result(e);
	ERR_pop_to_mark();
	return r;
}

static ssize_t
engine_pending(struct engine *e, bool wire, bool *closed)
{
	char one;
	size_t n;
	ssize_t r;

	*closed = false;
	if (SSL_pending(e->ssl) > 0 || (!wire && !SSL_has_pending(e->ssl)))
		return SSL_pending(e->ssl);
	ERR_set_mark();
	e->starved = !wire;
	if (SSL_peek_ex(e->ssl, &one, 1, &n) == 1) {
		r = SSL_pending(e->ssl);
	} else {
		r = read_result(e);
		*closed = r == 0;
		r = r == -EAGAIN ? 0 : r;
	}
	e->starved = false;
	ERR_pop_to_mark();
	return r;
}

static ssize_t
engine_write(struct engine *e, const void *buf, size_t len)
{
	size_t n, done = 0;
	int r = 0;

	ERR_set_mark();
	e->wire = 0;
	while (done < len) {
		n = 0;
		if (SSL_write_ex(e->ssl, (const char *)buf + done, len - done,
		    &n) != 1) {
			r = result(e);
			break;
		}
		done += n;
	}
	ERR_pop_to_mark();
	return r < 0 ? r : (ssize_t)done;
}

static int
engine_close(struct engine *e)
{
	int r;

	if (!e->open || e->closed)
		return 0;
	e->closed = true;
	ERR_set_mark();
	r = SSL_shutdown(e->ssl);
	ERR_pop_to_mark();
	return r < 0 ? -EPIPE : 0;
}

/* What is known ------------------------------------------------------------- */

static void
engine_info(struct engine *e, struct engine_info *info)
{
	info->version = SSL_get_version(e->ssl);
	info->cipher = SSL_get_cipher_name(e->ssl);
	info->verified = e->verified != NULL ? e->verified : "none";
	info->subject = e->subject;
	info->fingerprint = e->fingerprint;
}

static const struct fail *
engine_why(const struct engine *e)
{
	return &e->fail;
}

__attribute__((visibility("default")))
const struct engine_ops dicomtls_engine = {
	.version = ENGINE_VERSION,
	.prepare = engine_prepare,
	.create = engine_create,
	.handshake = engine_handshake,
	.read = engine_read,
	.write = engine_write,
	.pending = engine_pending,
	.close = engine_close,
	.info = engine_info,
	.why = engine_why,
	.destroy = engine_destroy,
};
