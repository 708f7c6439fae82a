/* SPDX-License-Identifier: Apache-2.0
 * input: from the engine to the program, and when there is something. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "conn/span.h"
#include "conn/state.h"

/* Ends ---------------------------------------------------------------------- */

/* The stream ended without close_notify: whether that is an accident is told
 * by the PDU's length (PS3.8, 9.3.1). */
void
input_ended(struct conn *c)
{
	c->rx_end = true;
	if (!pdu_inside(&c->rx)) {
		log_debug("%s closed without close_notify", c->peer);
		return;
	}
	c->error = -ECONNRESET;
	if (c->why.reason != REASON_NONE)
		return;
	fail_set(&c->why, REASON_TRUNCATED, "%s closed the connection inside a "
	    "PDU, without close_notify: it was cut off, or the program there "
	    "died", c->peer);
	conn_log_failure(c);
}

static void
broken(struct conn *c, int r)
{
	if (r == 0) {
		c->rx_end = true;
		c->notified = true;
	} else if (r == -ENODATA) {
		input_ended(c);
	} else {
		conn_die(c, r == -ETIMEDOUT || r == -EHOSTUNREACH ? r :
		    -ECONNRESET);
	}
}

/* Readiness ----------------------------------------------------------------- */

/* Decrypts what came as far as to know whether there is anything. */
void
input_look(struct conn *c)
{
	bool closed;
	ssize_t r;

	if (c->stage != STAGE_OPEN || c->rx_end || c->error != 0)
		return;
	r = c->ops->pending(c->engine, true, &closed);
	if (r < 0 || closed)
		broken(c, (int)r);
}

static ssize_t pull(struct conn *c, void *buf, size_t len);

/* Until LEN bytes are in plain, or there is no more now. */
static void
fill(struct conn *c, size_t len)
{
	unsigned char *to;
	ssize_t n;

	while (buf_len(&c->plain) < len) {
		to = buf_room(&c->plain, RECORD);
		if (to == NULL)
			return;
		n = pull(c, to, RECORD);
		if (n <= 0)
			break;
		buf_added(&c->plain, (size_t)n);
	}
	buf_take(&c->plain, 0);		/* an empty one keeps no memory */
}

bool
input_deliverable(struct conn *c)
{
	bool closed;
	ssize_t r;

	if (c->error != 0 || c->rx_end)
		return true;
	if (c->lowat > 1) {
		fill(c, (size_t)c->lowat);
		return c->error != 0 || c->rx_end ||
		    buf_len(&c->plain) >= (size_t)c->lowat;
	}
	if (buf_len(&c->plain) > 0)
		return true;
	if (c->stage != STAGE_OPEN)
		return false;
	r = c->ops->pending(c->engine, false, &closed);
	if (r < 0 || closed) {
		broken(c, (int)r);
		return true;
	}
	return r > 0;
}

/* An end must stay readable for good, also when no FIN came with it; where one
 * came it is, and a shutdown would only raise another edge. */
static void
stick(struct conn *c)
{
	char one;

	if (c->sticky)
		return;
	c->sticky = true;
	peek_take_off(c);
	if (!c->wire_ended && c->wire->recv(c->fd, &one, 1, MSG_PEEK) != 0)
		c->wire->shutdown(c->fd, SHUT_RD);
}

/* Nothing more to read: an idle connection keeps no buffers, one in the middle
 * of what the program sends will want them again. */
static void
rest(struct conn *c)
{
	if (c->stage != STAGE_OPEN || pdu_needs_more(&c->tx_pdu, 0))
		return;
	buf_take(&c->tx, 0);
	c->ops->rest(c->engine);
}

/* Nothing is to be taken off, and the buffers will be wanted again. */
static bool
in_full_flow(const struct conn *c)
{
	return c->peeked == 0 && !c->rx_end && c->error == 0 &&
	    c->stage == STAGE_OPEN &&
	    (c->behind > 0 || pdu_needs_more(&c->tx_pdu, 0));
}

void
input_settle(struct conn *c)
{
	if (in_full_flow(c))
		return;
	if (!input_deliverable(c)) {
		peek_take_off(c);
		rest(c);
	} else if (c->rx_end || c->error != 0)
		stick(c);
}

/* Reading ------------------------------------------------------------------- */

/* One read of the engine's: bytes, 0 at an end (see rx_end, error), -EAGAIN. */
static ssize_t
pull(struct conn *c, void *buf, size_t len)
{
	ssize_t n;

	if (c->rx_end || c->error != 0)
		return 0;
	if (c->stage != STAGE_OPEN)
		return shake_step(c) == 0 ? pull(c, buf, len) :
		    c->stage == STAGE_DEAD ? 0 : -EAGAIN;
	n = c->ops->read(c->engine, buf, len);
	if (n == -EAGAIN)
		return n;
	if (n <= 0) {
		broken(c, (int)n);
		return 0;
	}
	c->bytes_in += (uint64_t)n;
	if (c->role == ROLE_SERVER && c->head_len < TITLES)
		conn_note(c, buf, (size_t)n);
	pdu_feed(&c->rx, buf, (size_t)n);
	return n;
}

/* For the program, without waiting; SPAN goes on by what it got. */
static ssize_t
take(struct conn *c, struct span *s, bool discard)
{
	unsigned char waste[4096];
	size_t got = 0, slice = SLICE, n;
	ssize_t r = 0;

	for (;;) {
		n = span_put(s, buf_head(&c->plain), buf_len(&c->plain),
		    discard);
		buf_take(&c->plain, n);
		got += n;
		if (span_left(s) == 0)
			break;
		n = span_len(s);
		if (discard)
			r = pull(c, waste, n < sizeof waste ? n : sizeof waste);
		else
			r = pull(c, span_base(s), n);
		if (r <= 0)
			break;
		span_go(s, (size_t)r);
		got += (size_t)r;
		if (got < slice)
			continue;
		slice += SLICE;
		if (conn_yield(c) < 0)
			break;
	}
	return got > 0 ? (ssize_t)got : r;
}

static ssize_t
peek(struct conn *c, const struct iovec *iov, int n, bool discard)
{
	struct span s = span_of(iov, n);

	fill(c, span_left(&s));
	return (ssize_t)span_put(&s, buf_head(&c->plain), buf_len(&c->plain),
	    discard);
}

/* What remains of a time-out that began with the call's first wait. */
static int
time_left(struct conn *c, struct timespec *deadline)
{
	int ms;

	if (deadline->tv_nsec < 0) {
		ms = c->wire->timeout(c->fd, SO_RCVTIMEO);
		if (ms == 0)
			deadline->tv_sec = -1;
		else
			conn_deadline(deadline, ms);
		if (ms == 0)
			deadline->tv_nsec = 0;
	}
	return deadline->tv_sec < 0 ? -1 : conn_left_ms(deadline);
}

static int
wait_for_more(struct conn *c, int flags, bool begun,
    struct timespec *deadline)
{
	int ms;

	output_push(c);
	if (!conn_may_wait(c, flags))
		return -EAGAIN;
	ms = time_left(c, deadline);
	if (ms == 0)
		return -EAGAIN;
	/* The kernel's queue tells nothing new of what was only peeked at. */
	if (c->peeked > 0)
		return conn_wait(c, 0, ms < 0 || ms > 5 ? 5 : ms, begun) ==
		    -EINTR ? -EINTR : 0;
	return conn_wait(c, POLLIN, ms, begun);
}

static ssize_t
finish_recv(struct conn *c, size_t got, int r)
{
	ssize_t result = r;

	if (got > 0)
		return (ssize_t)got;
	if (c->error != 0) {
		result = c->error;
		c->error = 0;
	} else if (c->rx_end) {
		result = output_error(c);
	}
	return result;
}

static ssize_t
receive(struct conn *c, const struct iovec *iov, int n, int flags)
{
	struct timespec deadline = { 0, -1 };
	struct span s = span_of(iov, n);
	size_t want = span_left(&s), goal = want, got = 0;
	bool discard = (flags & MSG_TRUNC) != 0;
	ssize_t r;

	if ((flags & MSG_WAITALL) == 0 && goal > (size_t)c->lowat)
		goal = (size_t)c->lowat;
	c->rx_gap = false;
	for (;;) {
		if (want == 0 && shake_step(c) == 0)
			input_look(c);	/* nothing below would */
		if ((flags & MSG_PEEK) != 0) {
			r = peek(c, iov, n, discard);
			got = (size_t)r;
		} else {
			r = take(c, &s, discard);
			got += r > 0 ? (size_t)r : 0;
		}
		input_settle(c);
		if (got > 0 && got >= goal)
			return (ssize_t)got;
		if (want == 0 && buf_len(&c->plain) == 0 &&
		    input_deliverable(c) && !c->rx_end && c->error == 0)
			return 0;
		if (c->rx_end || c->error != 0 || c->rx_gap)
			return finish_recv(c, got, 0);
		r = wait_for_more(c, flags, got > 0, &deadline);
		if (r < 0)
			return finish_recv(c, got, (int)r);
	}
}

ssize_t
conn_recv(struct conn *c, int fd, const struct iovec *iov, int n, int flags)
{
	ssize_t r = conn_enter(c, fd);

	if (r < 0)
		return r == -EDEADLK ? -EAGAIN : r;
	r = c->stage == STAGE_PASSING ? CONN_PASSES : receive(c, iov, n,
	    flags);
	conn_leave(c);
	return r;
}

int
conn_readable(struct conn *c, int fd)
{
	int n = conn_enter(c, fd);

	if (n < 0)
		return 0;
	if (c->stage != STAGE_DEAD)
		fill(c, SIZE_MAX);
	input_settle(c);
	n = (int)buf_len(&c->plain);
	conn_leave(c);
	return n;
}
