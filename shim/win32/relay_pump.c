/* SPDX-License-Identifier: Apache-2.0
 * relay_pump: bytes both ways between the peer and the program. */
#include "win32/relay.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "win32/relay_state.h"

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
		return relay_fail(r, -ECONNRESET);
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
	return n < 0 ? relay_last_error() : n;
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
			return relay_fail(r, -ENOMEM);
		n = read_net(r, to, CHUNK);
		if (n == -EAGAIN) {
			r->more = false;
			return 0;
		}
		if (n == -ENODATA)
			return cut_off(r);
		if (n < 0)
			return relay_fail(r, (int)n);
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
	int e = r->abandoned ? 0 : relay_flush(r->loop, &r->in);

	if (r->abandoned)
		buf_free(&r->in);
	/* A program that closed with data unread resets, as over TCP. */
	if (e < 0 && e != -EAGAIN)
		return relay_fail(r, e);
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
		e = relay_last_error();
	else if (n == 0)
		e = 0;
	else
		e = write_net(r, chunk, (size_t)n);
	if (e == -EAGAIN && n < 0)
		return 0;
	if (e < 0)
		return relay_fail(r, e);
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
	e = relay_flush(r->net, &r->out);
	if (e < 0 && e != -EAGAIN) {
		if (r->net_ended && r->loop_ended) {
			/* Nobody waits for what is left. */
			buf_free(&r->out);
			done_sending(r);
			return 0;
		}
		fail_set(&r->why, REASON_RESET, "%s: %s", r->peer_text,
		    strerror(-e));
		return relay_fail(r, e);
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
	struct relay_want net = {
		!r->net_ended && buf_len(&r->in) < QUEUE_MAX,
		buf_len(&r->out) > 0 };
	struct relay_want loop = {
		!r->loop_ended && buf_len(&r->out) < QUEUE_MAX,
		buf_len(&r->in) > 0 && !r->abandoned };
	int e = 0;

	relay_wait(r, &net, &loop, patience(r));
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
