/* SPDX-License-Identifier: Apache-2.0
 * pump: a relay at work: the handshake, and bytes both ways. */
#include "win32/pump.h"

#include <openssl/crypto.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "win32/loop.h"
#include "win32/posix/text.h"
#include "win32/sniff.h"

enum {
	CHUNK = 65536,		/* read from the program at once */
	QUEUE_MAX = 262144,	/* bytes that wait in each direction */
	STOP_MS = 100,		/* how often *STOP is looked at */
	FINISH_MS = 5000	/* a closed socket's bytes may take this long */
};

/* The engine's port ---------------------------------------------------------- */

static int
last_error(void)
{
	return -text_errno((unsigned long)WSAGetLastError());
}

static ssize_t
port_recv(void *arg, void *buf, size_t len)
{
	struct relay *r = arg;
	int n = real.recv(r->net, buf, (int)len, 0), e;

	if (n < 0)
		return last_error();
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

/* Sends what is there: 0 all of it, -EAGAIN, or another -errno. */
static int
flush_to(SOCKET s, struct buf *b)
{
	int n;

	while (buf_len(b) > 0) {
		n = real.send(s, (char *)buf_head(b), (int)buf_len(b), 0);
		if (n < 0)
			return last_error();
		buf_take(b, (size_t)n);
	}
	return 0;
}

/* Waiting -------------------------------------------------------------------- */

/* What to wait for on a socket, and then what is true. */
struct want {
	bool in, out;
};

static void
add(SOCKET s, const struct want *w, fd_set *in, fd_set *out)
{
	if (w->in)
		FD_SET(s, in);
	if (w->out)
		FD_SET(s, out);
}

/* Sleeps until one of them is true, or MS are over (-1: no limit). */
static void
wait_for(struct relay *r, struct want *net, struct want *loop, long ms)
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
		*net = *loop = (struct want){ false, false };
		return;
	}
	select(0, &in, &out, NULL, ms < 0 ? NULL : &tv);
	*net = (struct want){ FD_ISSET(r->net, &in), FD_ISSET(r->net, &out) };
	*loop = (struct want){ FD_ISSET(r->loop, &in),
		FD_ISSET(r->loop, &out) };
}

/* Failing -------------------------------------------------------------------- */

/* Both sides see a reset; an alert goes out before it, if it can. */
static int
fail(struct relay *r, int error)
{
	if (r->engine != NULL)
		fail_copy(&r->why, dicomtls_engine.why(r->engine));
	say_failed(&r->say, &r->why, r->open);
	/* What came before the failure came, as over TCP. */
	if (r->loop != INVALID_SOCKET)
		flush_to(r->loop, &r->in);
	if (buf_len(&r->out) > 0 && flush_to(r->net, &r->out) == 0) {
		/* A reset would overtake the alert. */
		shutdown(r->net, SD_SEND);
		Sleep(50);
	}
	relay_hang_up(&r->net, true);
	relay_hang_up(&r->loop, true);
	return error;
}

/* The handshake ----------------------------------------------------------------- */

static int
begin(struct relay *r)
{
	struct engine_port port = { port_recv, port_send, r };

	EnterCriticalSection(&relay_start);
	/* At the process's end our threads are dead, wherever they were. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
	r->engine = dicomtls_engine.create(r->conf, r->role, r->name,
	    r->peer_text, &port, &r->why);
	LeaveCriticalSection(&relay_start);
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
	return fail(r, -ECONNRESET);
}

static int
peer_silent(struct relay *r)
{
	fail_set(&r->why, REASON_TIMEOUT, "%s did not finish the handshake "
	    "within %d s: it may not speak TLS on that port, or hang; "
	    "DICOMTLS_HANDSHAKE_TIMEOUT allows more", r->peer_text,
	    r->conf->handshake_timeout);
	return fail(r, -ETIMEDOUT);
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
	if (r->role == ROLE_CLIENT && error == -ECONNRESET &&
	    dicomtls_engine.why(r->engine)->reason == REASON_RESET)
		fail_set(&r->why, REASON_RESET, "%s reset the connection "
		    "during the handshake: it may not speak TLS on that port, "
		    "or it refused our certificate (or wants one)",
		    r->peer_text);
	return fail(r, error);
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
	f = flush_to(r->net, &r->out);
	return f < 0 && f != -EAGAIN ? reset_by_peer(r, f) : -EAGAIN;
}

int
relay_handshake(struct relay *r, const volatile bool *stop)
{
	ULONGLONG end = GetTickCount64() +
	    (ULONGLONG)r->conf->handshake_timeout * 1000;
	struct want net, loop;
	int e = begin(r);

	if (e < 0)
		return fail(r, e);
	while ((e = step(r)) == -EAGAIN) {
		if (*stop)
			return fail(r, -ECANCELED);
		if (GetTickCount64() >= end)
			return peer_silent(r);
		net = (struct want){ true, buf_len(&r->out) > 0 };
		loop = (struct want){ false, false };
		wait_for(r, &net, &loop, STOP_MS);
	}
	return e;
}

/* From the peer to the program ---------------------------------------------------- */

static void
peer_done(struct relay *r)
{
	r->net_ended = true;
	r->more = false;
}

/* An end without close_notify: a PDU's length tells whether it is one. */
static int
cut_off(struct relay *r)
{
	if (pdu_inside(&r->rx)) {
		fail_set(&r->why, REASON_TRUNCATED, "%s closed the connection "
		    "inside a PDU, without close_notify: it was cut off, or "
		    "the program there died", r->peer_text);
		return fail(r, -ECONNRESET);
	}
	log_debug("%s closed without close_notify", r->peer_text);
	peer_done(r);
	return 0;
}

static ssize_t
read_net(struct relay *r, void *buf, size_t len)
{
	int n;

	if (r->engine != NULL)
		return dicomtls_engine.read(r->engine, buf, len);
	n = real.recv(r->net, buf, (int)len, 0);
	return n < 0 ? last_error() : n;
}

static int
take_from_peer(struct relay *r)
{
	unsigned char *to;
	ssize_t n;

	r->more = true;
	while (buf_len(&r->in) < QUEUE_MAX) {
		to = buf_room(&r->in, CHUNK);
		if (to == NULL)
			return fail(r, -ENOMEM);
		n = read_net(r, to, CHUNK);
		if (n == -EAGAIN) {
			r->more = false;
			return 0;
		}
		if (n == -ENODATA)
			return cut_off(r);
		if (n < 0)
			return fail(r, (int)n);
		if (n == 0) {
			r->notified = true;
			peer_done(r);
			return 0;
		}
		pdu_feed(&r->rx, to, (size_t)n);
		if (r->role == ROLE_SERVER)
			say_note(&r->say, to, (size_t)n);
		r->say.bytes_in += (size_t)n;
		/* Nobody is there to read it. */
		if (!r->abandoned)
			buf_added(&r->in, (size_t)n);
	}
	return 0;
}

static int
give_program(struct relay *r)
{
	int e = r->abandoned ? 0 : flush_to(r->loop, &r->in);

	if (r->abandoned)
		buf_free(&r->in);
	/* A program that closed with data unread resets, as over TCP. */
	if (e < 0 && e != -EAGAIN)
		return fail(r, e);
	if (r->net_ended && !r->loop_shut && buf_len(&r->in) == 0) {
		r->loop_shut = true;
		shutdown(r->loop, SD_SEND);
	}
	return 0;
}

/* From the program to the peer ------------------------------------------------------ */

static int
write_net(struct relay *r, const void *buf, size_t len)
{
	ssize_t n;

	if (r->engine == NULL)
		return buf_append(&r->out, buf, len);
	n = dicomtls_engine.write(r->engine, buf, len);
	return n < 0 ? (int)n : 0;
}

static int
take_from_program(struct relay *r)
{
	unsigned char chunk[CHUNK];
	int n = real.recv(r->loop, (char *)chunk, sizeof chunk, 0), e;

	if (n < 0)
		e = last_error();
	else if (n == 0)
		e = 0;
	else
		e = write_net(r, chunk, (size_t)n);
	if (e == -EAGAIN && n < 0)
		return 0;
	if (e < 0)
		return fail(r, e);
	if (n == 0) {
		r->loop_ended = true;
		return 0;
	}
	pdu_feed(&r->tx, chunk, (size_t)n);
	if (r->role == ROLE_CLIENT)
		say_note(&r->say, chunk, (size_t)n);
	r->say.bytes_out += (size_t)n;
	return 0;
}

static void
done_sending(struct relay *r)
{
	r->net_shut = true;
	shutdown(r->net, SD_SEND);
	relay_finished(r);
}

static int
give_peer(struct relay *r)
{
	int e;

	if (r->loop_ended && !r->net_shut && buf_len(&r->out) == 0 &&
	    r->engine != NULL)
		dicomtls_engine.close(r->engine);
	if (r->net_shut)
		return 0;
	e = flush_to(r->net, &r->out);
	if (e < 0 && e != -EAGAIN) {
		if (r->net_ended && r->loop_ended) {
			/* Nobody waits for what is left. */
			buf_free(&r->out);
			done_sending(r);
			return 0;
		}
		fail_set(&r->why, REASON_RESET, "%s: %s", r->peer_text,
		    strerror(-e));
		return fail(r, e);
	}
	if (r->loop_ended && !r->net_shut && buf_len(&r->out) == 0)
		done_sending(r);
	return 0;
}

/* Both ways ------------------------------------------------------------------------ */

static bool
over(struct relay *r)
{
	if (r->give_up == 0 && r->abandoned && r->loop_ended)
		r->give_up = GetTickCount64() + FINISH_MS;
	if (r->give_up != 0 && GetTickCount64() >= r->give_up)
		return true;
	return r->net_ended && r->loop_shut && r->net_shut;
}

static long
patience(const struct relay *r)
{
	bool in = r->more && buf_len(&r->in) < QUEUE_MAX;

	if (in && !r->net_ended)
		return 0;
	return r->give_up != 0 ? STOP_MS : -1;
}

static int
turn(struct relay *r)
{
	struct want net = {
		!r->net_ended && buf_len(&r->in) < QUEUE_MAX,
		buf_len(&r->out) > 0 };
	struct want loop = {
		!r->loop_ended && buf_len(&r->out) < QUEUE_MAX,
		buf_len(&r->in) > 0 && !r->abandoned };
	int e = 0;

	wait_for(r, &net, &loop, patience(r));
	if (loop.in)
		e = take_from_program(r);
	if (e == 0)
		e = give_peer(r);
	if (e == 0 && !r->net_ended && (net.in || r->more))
		e = take_from_peer(r);
	if (e == 0)
		e = give_program(r);
	return e;
}

static const char *
how_it_ended(const struct relay *r)
{
	if (r->why.reason != REASON_NONE)
		return fail_reason_name(r->why.reason);
	if (r->notified)
		return "close_notify both ways";
	return r->net_ended ? "the peer closed without close_notify" :
	    "we closed first";
}

void
relay_run(struct relay *r, SOCKET loop)
{
	static const volatile bool never;
	int e = 0;

	r->loop = loop;
	if (r->conf != NULL && !r->open)
		e = relay_handshake(r, &never);
	while (e == 0 && !over(r))
		e = turn(r);
	if (r->conf != NULL && r->open)
		say_ended(&r->say, how_it_ended(r));
	relay_hang_up(&r->net, false);
	relay_hang_up(&r->loop, false);
	relay_finished(r);
	relay_ended(r);
}
