/* SPDX-License-Identifier: Apache-2.0
 * finish: shutdown, close and the line that tells how it ended. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "conn/state.h"

/* A close over TCP returns at once and the kernel goes on sending; here that
 * takes our help, so it may last this long (milliseconds). */
#define FINISH_LIMIT 5000
#define SILENT_LIMIT 200

/* A peer that has been silent through the handshake so far will not be woken
 * by our leaving: the program's own time-out is over, most likely. */
static int
limit_of(const struct conn *c)
{
	int left;

	if (c->stage != STAGE_SHAKING || c->sniffed)
		return FINISH_LIMIT;
	left = conn_left_ms(&c->deadline);
	return c->conf->handshake_timeout * 1000 - left > 1000 ?
	    SILENT_LIMIT : FINISH_LIMIT;
}

/* Sends what was accepted, waiting for the handshake or the peer if need be. */
static int
push_out(struct conn *c, int limit)
{
	struct timespec deadline;
	int r = 0, ms;

	conn_deadline(&deadline, limit);
	settle_answer(true);
	atomic_store(&c->waits, true);
	while (c->stage != STAGE_DEAD) {
		r = buf_len(&c->tx) > 0 ? shake_step(c) : 0;
		if (r == 0)
			r = output_push(c);
		if (r == 0 && buf_len(&c->out) == 0)
			break;
		ms = conn_left_ms(&deadline);
		if (r != -EAGAIN || ms == 0)
			break;
		c->wire->poll(c->fd, (short)(buf_len(&c->out) > 0 ? POLLOUT :
		    c->connecting ? POLLOUT : POLLIN), ms, NULL, NULL);
		c->drained = false;
	}
	atomic_store(&c->waits, false);
	settle_answer(false);
	if (c->stage != STAGE_DEAD && r == 0 && buf_len(&c->out) == 0)
		return 0;
	if (buf_len(&c->tx) + buf_len(&c->out) > 0)
		log_warn("%s: %zu bytes could not be sent before the "
		    "connection was closed: the peer did not take them",
		    c->peer, buf_len(&c->tx) + buf_len(&c->out));
	return -EAGAIN;
}

static void
say_goodbye(struct conn *c, int limit)
{
	if (c->tx_end || c->stage == STAGE_DEAD)
		return;
	push_out(c, limit);
	c->tx_end = true;
	if (c->stage != STAGE_OPEN)
		return;
	c->ops->close(c->engine);
	if (output_flush(c) == -EAGAIN)
		push_out(c, limit);
}

int
conn_shutdown(struct conn *c, int fd, int how)
{
	int r = conn_enter(c, fd);

	if (r < 0)
		return r == -EDEADLK ? c->wire->shutdown(fd, how) : r;
	if (how != SHUT_WR)
		c->rx_shut = true;
	if (how != SHUT_RD)
		say_goodbye(c, limit_of(c));
	if (how == SHUT_WR && !c->connecting && (c->stage == STAGE_FRESH ||
	    c->stage == STAGE_SHAKING))
		c->fin_owed = true;	/* what we say goodbye with needs it */
	else
		r = c->wire->shutdown(fd, how);
	conn_leave(c);
	return r;
}

void
finish_owed(struct conn *c)
{
	c->fin_owed = false;
	c->ops->close(c->engine);
	output_flush(c);
	c->wire->shutdown(c->fd, SHUT_WR);
}

/* Everything that came and that the program will not read. */
static void
drain(struct conn *c)
{
	peek_take_off(c);
	while (c->wire->recv(c->fd, NULL, 1 << 20, MSG_TRUNC) > 0)
		;
}

/*
 * Unread plaintext makes the kernel reset the connection, as over TCP, and no
 * close_notify tells the peer otherwise.  All else that is unread (alerts,
 * tickets, half a record) must not: a reset may cost the peer what we sent.
 */
static void
end_session(struct conn *c, int limit)
{
	if (push_out(c, limit) < 0)
		c->tx_end = true;	/* nor would a close_notify go out */
	if (c->stage == STAGE_FRESH)
		return;		/* another process may go on with it */
	input_look(c);
	if (buf_len(&c->plain) > 0 || (!c->rx_end && c->error == 0 &&
	    input_deliverable(c))) {
		log_debug("%s: closed with unread data", c->peer);
		return;
	}
	say_goodbye(c, limit);
	drain(c);
}

static const char *
how_it_ended(const struct conn *c)
{
	if (c->why.reason != REASON_NONE)
		return fail_reason_name(c->why.reason);
	if (c->stage == STAGE_DEAD)
		return "before the handshake";
	if (c->notified)
		return "close_notify both ways";
	if (c->wire_ended)
		return "the peer closed without close_notify";
	return "we closed first";
}

static void
log_end(struct conn *c)
{
	char called[17] = "", calling[17] = "", in[24], out[24], ms[24];
	const char *how = how_it_ended(c);
	struct timespec now;
	bool dicom = pdu_titles(c->head, c->head_len, called, calling);
	struct log_field fields[] = {
		{ "role", c->role == ROLE_CLIENT ? "client" : "server" },
		{ "peer", c->peer }, { "bytes_in", in }, { "bytes_out", out },
		{ "milliseconds", ms },
		{ "calling_ae", dicom ? calling : NULL },
		{ "called_ae", dicom ? called : NULL },
		{ "how", how }, { NULL, NULL },
	};

	if (c->ended || !log_wants(LOG_LEVEL_INFO))
		return;
	c->ended = true;
	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(in, sizeof in, "%llu", (unsigned long long)c->bytes_in);
	snprintf(out, sizeof out, "%llu", (unsigned long long)c->bytes_out);
	snprintf(ms, sizeof ms, "%ld", (now.tv_sec - c->born.tv_sec) * 1000 +
	    (now.tv_nsec - c->born.tv_nsec) / 1000000);
	log_event(LOG_LEVEL_INFO, "end", fields, "%s %s%s%s%s%s%s ended: "
	    "%s bytes in, %s bytes out, %s ms, %s",
	    c->role == ROLE_CLIENT ? "to" : "from", c->peer,
	    dicom ? " (AE " : "", calling, dicom ? " to " : "", called,
	    dicom ? ")" : "", in, out, ms, how);
}

void
conn_finish(struct conn *c, int fd, int linger)
{
	if (conn_lock(c, fd) < 0)
		return;
	if (!conn_unclaimed(c) && c->stage != STAGE_PASSING) {
		if (linger != 0)
			end_session(c, linger < 0 ? limit_of(c) :
			    linger > 3600 ? 3600000 : linger * 1000);
		log_end(c);
	}
	c->tx_end = true;
	c->fd = -1;
	conn_leave(c);
}

void
conn_finish_for_good(struct conn *c, int fd)
{
	conn_finish(c, fd, -1);
	if (conn_lock(c, fd) < 0)
		return;
	if (c->stage != STAGE_PASSING)
		c->stage = STAGE_DEAD;
	c->rx_end = true;
	c->engine = NULL;	/* not freed: its library may be gone */
	conn_leave(c);
}
