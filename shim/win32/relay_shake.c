/* SPDX-License-Identifier: Apache-2.0
 * relay_shake: the handshake of a relay, and what both its halves use. */
#include "win32/relay.h"

#include <openssl/crypto.h>

#include <errno.h>

#include "base/log.h"
#include "win32/loop.h"
#include "win32/posix/text.h"
#include "win32/relay_state.h"
#include "win32/sniff.h"

static CRITICAL_SECTION start;	/* the engine's prepare and create */

void
relay_init(void)
{
	InitializeCriticalSection(&start);
}

/* The engine's port ---------------------------------------------------------- */

int
relay_last_error(void)
{
	return -text_errno((unsigned long)WSAGetLastError());
}

static ssize_t
port_recv(void *arg, void *buf, size_t len)
{
	struct relay *r = arg;
	int n = real.recv(r->net, buf, (int)len, 0), e;

	if (n < 0)
		return relay_last_error();
	if (n > 0 && !r->sniffed) {
		r->sniffed = true;
		e = sniff_first(r->role, r->peer_text, ntohs(
		    ((struct sockaddr_in *)&r->local)->sin_port), buf,
		    (size_t)n, &r->why);
		if (e < 0)
			return e;
	}
	return n;
}

static int
port_send(void *arg, const void *buf, size_t len)
{
	struct relay *r = arg;

	return buf_append(&r->out, buf, len);
}

int
relay_flush(SOCKET s, struct buf *b)
{
	int n;

	while (buf_len(b) > 0) {
		n = real.send(s, (char *)buf_head(b), (int)buf_len(b), 0);
		if (n < 0)
			return relay_last_error();
		buf_take(b, (size_t)n);
	}
	return 0;
}

/* Waiting -------------------------------------------------------------------- */

static void
add(SOCKET s, const struct relay_want *w, fd_set *in, fd_set *out)
{
	if (w->in)
		FD_SET(s, in);
	if (w->out)
		FD_SET(s, out);
}

void
relay_wait(struct relay *r, struct relay_want *net, struct relay_want *loop, long ms)
{
	struct timeval tv = { .tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000 };
	fd_set in, out;

	FD_ZERO(&in);
	FD_ZERO(&out);
	add(r->net, net, &in, &out);
	add(r->loop, loop, &in, &out);
	if (in.fd_count + out.fd_count == 0) {
		Sleep(ms < 0 || ms > STOP_MS ? STOP_MS : (DWORD)ms);
		*net = *loop = (struct relay_want){ false, false };
		return;
	}
	select(0, &in, &out, NULL, ms < 0 ? NULL : &tv);
	*net = (struct relay_want){ FD_ISSET(r->net, &in), FD_ISSET(r->net, &out) };
	*loop = (struct relay_want){ FD_ISSET(r->loop, &in),
		FD_ISSET(r->loop, &out) };
}

/* Failing -------------------------------------------------------------------- */

int
relay_fail(struct relay *r, int error)
{
	say_failed(&r->say, &r->why, r->open);
	/* What came before the failure came, as over TCP. */
	if (r->loop != INVALID_SOCKET)
		relay_flush(r->loop, &r->in);
	if (buf_len(&r->out) > 0 && relay_flush(r->net, &r->out) == 0) {
		/* A reset would overtake the alert. */
		shutdown(r->net, SD_SEND);
		Sleep(50);
	}
	relay_hang_up(&r->net, true);
	relay_hang_up(&r->loop, true);
	return error;
}

/* The handshake ----------------------------------------------------------------- */

/* One thread at a time. */
static void
enter_engine(void)
{
	EnterCriticalSection(&start);
	/* At the process's end our threads are dead, wherever they were. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}

int
relay_prepare(const struct tlsconf *conf, enum role role)
{
	struct fail why = { 0 };
	int e;

	enter_engine();
	e = dicomtls_engine.prepare(conf, role, &why);
	LeaveCriticalSection(&start);
	if (e < 0)
		log_error("%s", why.text);
	return e;
}

static int
begin(struct relay *r)
{
	struct engine_port port = { port_recv, port_send, r };

	enter_engine();
	r->engine = dicomtls_engine.create(r->conf, r->role, r->name,
	    r->peer_text, &port, &r->why);
	LeaveCriticalSection(&start);
	return r->engine != NULL ? 0 : -EACCES;
}

static int
peer_left(struct relay *r)
{
	if (r->role == ROLE_CLIENT)
		fail_set(&r->why, REASON_RESET, "%s closed the connection "
		    "during the handshake: it may not speak TLS on that port, "
		    "or refuses this profile or our certificate; its log "
		    "tells more", r->peer_text);
	else
		log_debug("%s closed the connection before the handshake was "
		    "over", r->peer_text);
	return relay_fail(r, -ECONNRESET);
}

static int
peer_silent(struct relay *r)
{
	fail_set(&r->why, REASON_TIMEOUT, "%s did not finish the handshake "
	    "within %d s: it may not speak TLS on that port, or hang; "
	    "DICOMTLS_HANDSHAKE_TIMEOUT allows more", r->peer_text,
	    r->conf->handshake_timeout);
	return relay_fail(r, -ETIMEDOUT);
}

static int
opened(struct relay *r)
{
	struct engine_info info;

	r->open = true;
	r->more = true;
	dicomtls_engine.info(r->engine, &info);
	say_opened(&r->say, &info);
	return 0;
}

static int
reset_by_peer(struct relay *r, int error)
{
	if (r->role == ROLE_CLIENT && error == -ECONNRESET)
		fail_set(&r->why, REASON_RESET, "%s reset the connection "
		    "during the handshake: it may not speak TLS on that port, "
		    "or it refused our certificate (or wants one)",
		    r->peer_text);
	return relay_fail(r, error);
}

/* One step: 0 open, -EAGAIN, or failed. */
static int
step(struct relay *r)
{
	int e = dicomtls_engine.handshake(r->engine), f;

	if (e == 0)
		return opened(r);
	if (e == -ENODATA)
		return peer_left(r);
	if (e != -EAGAIN)
		return reset_by_peer(r, e);
	f = relay_flush(r->net, &r->out);
	return f < 0 && f != -EAGAIN ? reset_by_peer(r, f) : -EAGAIN;
}

int
relay_handshake(struct relay *r, const volatile bool *stop)
{
	ULONGLONG end = GetTickCount64() +
	    (ULONGLONG)r->conf->handshake_timeout * 1000;
	struct relay_want net, loop;
	int e = begin(r);

	if (e < 0)
		return relay_fail(r, e);
	while ((e = step(r)) == -EAGAIN) {
		if (*stop)
			return relay_fail(r, -ECANCELED);
		if (GetTickCount64() >= end)
			return peer_silent(r);
		net = (struct relay_want){ true, buf_len(&r->out) > 0 };
		loop = (struct relay_want){ false, false };
		relay_wait(r, &net, &loop, STOP_MS);
	}
	return e;
}
