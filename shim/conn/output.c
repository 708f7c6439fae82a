/* SPDX-License-Identifier: Apache-2.0
 * output: from the program to the kernel: a queue before the handshake's end,
 * whole PDUs joined into one record, records the kernel surely takes. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "conn/span.h"
#include "conn/state.h"

/* Records ------------------------------------------------------------------- */

/* Two sends of what is of use only together need not wake the peer twice. */
static ssize_t
send_now(struct conn *c, const void *buf, size_t len)
{
	ssize_t n = c->follows ? c->wire->send_more(c->fd, buf, len) :
	    c->wire->send(c->fd, buf, len);

	c->withheld = c->follows;
	if (n < (ssize_t)len) {
		c->refused = true;
		c->room = 0;	/* whatever it promised */
	}
	return n;
}

/*
 * The engine's port: what the kernel does not take now waits in out.  An error
 * is kept from the engine, for what the peer sent before can still be read.
 */
int
output_port(void *arg, const void *buf, size_t len)
{
	struct conn *c = arg;
	ssize_t n = 0;

	if (c->tx_error != 0)
		return 0;
	if (!c->cork && buf_len(&c->out) == 0) {
		n = send_now(c, buf, len);
		if (n < 0 && n != -EAGAIN)
			c->tx_error = (int)n;
		n = n < 0 ? 0 : n;
	}
	return buf_append(&c->out, (const char *)buf + n, len - (size_t)n);
}

int
output_flush(struct conn *c)
{
	ssize_t n;

	while (buf_len(&c->out) > 0) {
		n = send_now(c, buf_head(&c->out), buf_len(&c->out));
		if (n < 0 && n != -EAGAIN)
			c->tx_error = (int)n;
		if (n < 0)
			break;
		buf_take(&c->out, (size_t)n);
	}
	if (c->tx_error == 0)
		return buf_len(&c->out) > 0 ? -EAGAIN : 0;
	buf_free(&c->out);
	return c->tx_error;
}

/* An error in sending ends that direction.  A peer that is gone is told by
 * what can be read; anything else nobody would tell. */
static int
lost(struct conn *c, int r)
{
	if (r == -EAGAIN)
		return r;
	if (c->stage == STAGE_OPEN && r != -ECONNRESET && r != -EPIPE) {
		fail_wire(&c->why, c->peer, -r);
		conn_log_failure(c);
	}
	c->tx_end = true;
	buf_free(&c->tx);
	buf_free(&c->out);
	return r;
}

/* LEN bytes into records and on their way. */
static int
encrypt(struct conn *c, const void *data, size_t len)
{
	ssize_t n;
	size_t part, max = c->record > 0 ? c->record : RECORD;

	for (; len > 0; len -= part, data = (const char *)data + part) {
		part = len < max ? len : max;
		n = c->ops->write(c->engine, data, part);
		if (n < 0)
			conn_die(c, -ECONNRESET);
		if (n < 0 || c->tx_error != 0)
			return lost(c, n < 0 ? (int)n : c->tx_error);
		c->bytes_out += part;
	}
	return 0;
}

/* Whether the tail of tx waits for the rest of its PDU: the peer could not
 * act on it, and one record and one system call carry both. */
static bool
holds(const struct conn *c)
{
	return c->conf->nodelay && pdu_inside(&c->tx_pdu);
}

/* Makes records of tx: all of it, or what need not be held. */
static int
emit(struct conn *c, bool all)
{
	size_t len = buf_len(&c->tx), held = pdu_begun(&c->tx_pdu);
	int r = 0;

	if (!all && holds(c))
		len -= (held < len ? held : len) % RECORD;
	if (len > 0) {
		c->follows = !all && c->conf->nodelay &&
		    c->wire->send_more != NULL &&
		    pdu_needs_more(&c->tx_pdu, buf_len(&c->tx));
		r = encrypt(c, buf_head(&c->tx), len);
		c->follows = false;
		buf_drop(&c->tx, r < 0 ? 0 : len);
	}
	return r;
}

/* Everything that may go out does, however little. */
int
output_push(struct conn *c)
{
	int r = 0;

	if (c->stage != STAGE_OPEN && c->stage != STAGE_SHAKING)
		return 0;
	if (c->stage == STAGE_OPEN) {
		c->cork = buf_len(&c->tx) > RECORD;
		r = emit(c, true);
		c->cork = false;
	}
	if (r == 0)
		r = output_flush(c);
	if (c->withheld)
		c->wire->push(c->fd);
	c->withheld = false;
	return r < 0 ? lost(c, r) : r;
}

/* Room ---------------------------------------------------------------------- */

/*
 * Plaintext is accepted for as much as the kernel has room for, until it once
 * refused to take that, or else for the third of its buffer that a writable
 * socket has free.  It is asked in this order, too: of one that was found not
 * writable it tells when it is.  Every record is charged with the kernel's own
 * overhead (a struct sk_buff and its head).
 */
static void
ask_room(struct conn *c)
{
	size_t buffer, third;

	if (c->room >= RECORD)
		return;
	c->room = c->wire->room(c->fd, &buffer);
	third = buffer / 3;
	c->record = third / 2 < RECORD ? third / 2 : RECORD;
	c->record = c->record < 512 ? 512 : c->record;
	if (c->room > c->record && !c->refused)
		return;
	c->room = third < c->record ? c->record : third;
	if ((c->wire->poll(c->fd, POLLOUT, 0, NULL, NULL) & POLLOUT) == 0)
		c->room = 0;
}

static void
charge(struct conn *c, size_t len)
{
	size_t record = c->record > 0 ? c->record : RECORD;
	size_t cost = len + (len / record + 1) * 1536;

	c->room = cost < c->room ? c->room - cost : 0;
}

/* Accepting ----------------------------------------------------------------- */

static void
note_sent(struct conn *c, const void *data, size_t len)
{
	if (c->role == ROLE_CLIENT && c->head_len < TITLES)
		conn_note(c, data, len);
	pdu_feed(&c->tx_pdu, data, len);
}

/* Copies up to MAX bytes into tx. */
static ssize_t
gather(struct conn *c, struct span *s, size_t max)
{
	size_t done = 0, n;

	while (done < max && span_left(s) > 0) {
		n = span_len(s) < max - done ? span_len(s) : max - done;
		if (buf_append(&c->tx, span_base(s), n) < 0)
			return done > 0 ? (ssize_t)done : -ENOBUFS;
		note_sent(c, span_base(s), n);
		span_go(s, n);
		done += n;
	}
	return (ssize_t)done;
}

/* Full records straight from the program's memory. */
static ssize_t
direct(struct conn *c, struct span *s, size_t max)
{
	size_t n = span_len(s) < max ? span_len(s) : max;
	int r;

	n -= n % RECORD;
	r = encrypt(c, span_base(s), n);
	if (r < 0)
		return r;
	note_sent(c, span_base(s), n);
	span_go(s, n);
	return (ssize_t)n;
}

/* One step: as much as goes into one send.  Bytes accepted or -errno. */
static ssize_t
accept_some(struct conn *c, struct span *s)
{
	size_t max = CORK_MAX - buf_len(&c->out), left = span_left(s);
	ssize_t n;
	int r;

	ask_room(c);
	if (c->room == 0)
		return -EAGAIN;
	max = c->room < max ? c->room : max;
	if (buf_len(&c->tx) == 0 && span_len(s) >= RECORD && max >= RECORD)
		n = direct(c, s, max);
	else
		n = gather(c, s, left < max ? left : max);
	if (n < 0)
		return n;
	charge(c, (size_t)n);
	r = emit(c, false);
	return r < 0 ? r : n;
}

/* Before the handshake's end: into the queue, as TCP would take it. */
static ssize_t
queue(struct conn *c, struct span *s)
{
	size_t have = buf_len(&c->tx), room = have < QUEUE_MAX ?
	    QUEUE_MAX - have : 0;
	ssize_t n = room == 0 ? -EAGAIN : gather(c, s, room);

	c->queue_full = span_left(s) > 0;
	return n;
}

/* Once it is open.  Bytes accepted; -errno if none were. */
static ssize_t
give_open(struct conn *c, struct span *s)
{
	ssize_t done = 0, n = 0;
	int r = output_flush(c);

	if (r < 0)
		return lost(c, r);
	c->cork = span_left(s) > RECORD;
	while (span_left(s) > 0 && n >= 0 && r >= 0 && done < SLICE) {
		n = accept_some(c, s);
		done += n > 0 ? n : 0;
		if (n >= 0 && (buf_len(&c->out) >= CORK_MAX / 2 ||
		    span_left(s) == 0))
			r = output_flush(c);
	}
	c->cork = false;
	if (r == 0 && c->stage != STAGE_DEAD)
		r = output_flush(c);
	if (r < 0 && r != -EAGAIN)
		lost(c, r);
	if (c->tx_error != 0 && done <= (ssize_t)CORK_MAX)
		return c->tx_error;
	return done > 0 ? done : n;
}

/* Without waiting.  Bytes accepted, or -errno if none. */
static ssize_t
give(struct conn *c, struct span *s)
{
	int r = shake_step(c);

	if (r < 0 && c->stage == STAGE_DEAD)
		return r;
	if (c->stage != STAGE_OPEN)
		return c->connecting ? r : queue(c, s);
	return give_open(c, s);
}

/* Writing ------------------------------------------------------------------- */

/* Milliseconds that a first write waits for the handshake. */
#define PATIENCE 200

/* The head of a record with a ClientHello (RFC 8446, 4 and 5.1). */
static bool
looks_like_hello(const unsigned char *d)
{
	size_t len = (size_t)d[3] << 8 | d[4];

	return d[0] == 22 && d[1] == 3 && d[2] <= 4 && len > 4 &&
	    len <= RECORD && d[5] == 1;
}

/* A program that has TLS of its own begins with a ClientHello. */
static bool
is_tls(struct conn *c, struct span s)
{
	unsigned char head[6];
	size_t n, have = 0;

	if (c->stage != STAGE_FRESH || span_left(&s) < sizeof head)
		return false;
	while (have < sizeof head) {
		n = span_len(&s) < sizeof head - have ? span_len(&s) :
		    sizeof head - have;
		memcpy(head + have, span_base(&s), n);
		span_go(&s, n);
		have += n;
	}
	if (!looks_like_hello(head))
		return false;
	log_warn("%s: this program speaks TLS by itself there (its first bytes "
	    "say so): it is left alone; take port %d out of the rules to be "
	    "rid of this line", c->peer, c->port);
	c->stage = STAGE_PASSING;
	atomic_store(&c->passing, true);
	return true;
}

static int
wait_for_room(struct conn *c, int flags, bool begun,
    struct timespec *deadline)
{
	short events = c->stage == STAGE_SHAKING ? POLLIN : POLLOUT;
	int ms;

	if (!conn_may_wait(c, flags))
		return -EAGAIN;
	if (deadline->tv_nsec < 0) {
		ms = c->wire->timeout(c->fd, SO_SNDTIMEO);
		conn_deadline(deadline, ms);
		deadline->tv_sec = ms == 0 ? -1 : deadline->tv_sec;
	}
	ms = deadline->tv_sec < 0 ? -1 : conn_left_ms(deadline);
	return ms == 0 ? -EAGAIN : conn_wait(c, events, ms, begun);
}

/*
 * A record of which the kernel took only a part: the program may next wait
 * for input alone, so the rest should go now.  Rare: see ask_room.
 */
static void
linger(struct conn *c)
{
	short ready;

	if (buf_len(&c->out) == 0 || c->stage != STAGE_OPEN)
		return;
	ready = (short)c->wire->poll(c->fd, POLLOUT, 50, NULL, NULL);
	if ((ready & POLLOUT) != 0)
		output_flush(c);
}

int
output_error(struct conn *c)
{
	int error = c->tx_told || c->tx_error == -EPIPE ? 0 : c->tx_error;

	c->tx_told = true;
	return c->unconnected ? c->wire->error(c->fd) : error;
}

/* A write of LEN bytes when nothing can be written any more.  Where the peer
 * just went before the handshake, TCP still takes nothing, or one write. */
static ssize_t
dead_write(struct conn *c, size_t len)
{
	int error = c->error != 0 ? c->error : output_error(c);

	if (len == 0 && error == 0 && !c->tx_end &&
	    c->why.reason == REASON_NONE)
		return 0;
	if (len > 0 && c->vanished && !c->tx_end) {
		c->vanished = false;
		return (ssize_t)len;
	}
	c->error = 0;
	return error != 0 ? error : -EPIPE;
}

/*
 * The program may wait next on no descriptor until the peer has got what it
 * wrote, and nobody would go on with the handshake.  A blocking write does, for
 * as long as that takes; not for long, the peer may be this very thread.
 */
static void
await_open(struct conn *c, int flags)
{
	struct timespec deadline;
	int ms, limit = PATIENCE;

	if (c->stage != STAGE_SHAKING || c->patient || !conn_may_wait(c, flags))
		return;
	c->patient = true;
	ms = c->wire->timeout(c->fd, SO_SNDTIMEO);
	conn_deadline(&deadline, ms > 0 && ms < limit ? ms : limit);
	while (c->stage == STAGE_SHAKING &&
	    (ms = conn_left_ms(&deadline)) > 0 &&
	    conn_wait(c, POLLIN, ms, true) == 0)
		shake_step(c);
}

static size_t
length(const struct iovec *iov, int n)
{
	struct span s = span_of(iov, n);

	return span_left(&s);
}

static ssize_t
transmit(struct conn *c, const struct iovec *iov, int n, int flags)
{
	struct timespec deadline = { 0, -1 };
	struct span s = span_of(iov, n);
	size_t want = span_left(&s), done = 0;
	ssize_t r = 0;

	while (done < want || (buf_len(&c->out) > 0 &&
	    c->stage == STAGE_OPEN)) {
		r = give(c, &s);
		done += r > 0 ? (size_t)r : 0;
		if (c->stage == STAGE_DEAD || c->tx_end)
			break;
		if (done == want && (buf_len(&c->out) == 0 ||
		    c->stage != STAGE_OPEN))
			break;
		r = r >= SLICE ? conn_yield(c) :
		    wait_for_room(c, flags, done > 0, &deadline);
		if (r < 0 || c->stage == STAGE_DEAD || c->tx_end)
			break;
	}
	await_open(c, flags);
	linger(c);
	if (done > 0 || want == 0)
		return (ssize_t)done;
	return c->stage == STAGE_DEAD || c->tx_end ? dead_write(c, want) : r;
}

ssize_t
conn_send(struct conn *c, int fd, const struct iovec *iov, int n, int flags)
{
	ssize_t r = conn_enter(c, fd);

	if (r < 0)
		return r == -EDEADLK ? -EAGAIN : r;
	if (c->stage == STAGE_PASSING || is_tls(c, span_of(iov, n)))
		r = CONN_PASSES;
	else if (c->stage == STAGE_DEAD || c->tx_end)
		r = dead_write(c, length(iov, n));
	else
		r = transmit(c, iov, n, flags);
	if (c->stage == STAGE_OPEN)
		input_settle(c);
	conn_leave(c);
	return r;
}

void
conn_flush(struct conn *c, int fd)
{
	if (conn_lock(c, fd) < 0)
		return;
	if (!conn_unclaimed(c) && c->stage != STAGE_FRESH)
		output_push(c);
	conn_leave(c);
}
