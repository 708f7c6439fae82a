/* SPDX-License-Identifier: Apache-2.0
 * settle: readiness for poll and select, and the business that is left when
 * the program goes to sleep. */
#include <errno.h>
#include <poll.h>
#include <stddef.h>

#include "conn/state.h"

/* poll() and select() ------------------------------------------------------- */

/* A client that has said nothing.  After a fork nobody owns it yet, but its
 * time runs for whoever waits for it. */
static bool
is_silent(const struct conn *c, short events)
{
	return c->stage == STAGE_FRESH && c->role == ROLE_SERVER &&
	    !c->disowned && (events & (POLLIN | POLLRDNORM)) != 0;
}

short
conn_poll(struct conn *c, int fd, short events, short *wait, int *limit)
{
	*wait = events;
	*limit = -1;
	if (conn_lock(c, fd) < 0)
		return 0;
	if (is_silent(c, events))
		*limit = conn_left_ms(&c->deadline);
	if (conn_unclaimed(c) || c->stage == STAGE_PASSING)
		goto out;
	/* Who waits for input alone wants the peer to speak first. */
	if (c->stage == STAGE_SHAKING || (c->stage == STAGE_FRESH &&
	    c->role == ROLE_CLIENT && (events & (POLLIN | POLLOUT)) == POLLIN))
		shake_step(c);
	else if (c->stage == STAGE_OPEN)
		output_push(c);
	if (c->stage == STAGE_SHAKING) {
		*limit = conn_left_ms(&c->deadline);
		*wait |= POLLIN;
		if (buf_len(&c->tx) >= QUEUE_MAX) {
			*wait &= (short)~POLLOUT;
			*limit = *limit < SHAKING_MS ? *limit : SHAKING_MS;
		}
	}
	if (buf_len(&c->out) > 0)
		*wait |= POLLOUT;
	if (c->stage == STAGE_OPEN)
		input_settle(c);
	/* An end may come as a record, without FIN. */
	if ((events & POLLRDHUP) != 0 && !input_deliverable(c))
		*wait |= POLLIN;
out:
	conn_leave(c);
	return 0;
}

short
conn_polled(struct conn *c, int fd, short events, short revents)
{
	const short in = POLLIN | POLLRDNORM;

	if (conn_lock(c, fd) < 0)
		return revents;
	if (is_silent(c, events) && (revents & in) == 0 &&
	    conn_left_ms(&c->deadline) == 0 && conn_claim(c) == 0)
		shake_overdue(c);
	if (conn_unclaimed(c) || c->stage == STAGE_PASSING)
		goto out;
	if (c->stage == STAGE_SHAKING || (c->stage == STAGE_FRESH &&
	    c->role == ROLE_SERVER && (revents & in) != 0))
		shake_step(c);
	else if (c->stage == STAGE_OPEN)
		output_push(c);
	if ((revents & in) != 0 && (revents & (POLLERR | POLLHUP)) == 0) {
		input_look(c);
		input_settle(c);
		if (!input_deliverable(c))
			revents &= (short)~in;
		if (c->rx_end)	/* the FIN is behind close_notify */
			revents |= POLLRDHUP;
	}
	if (buf_len(&c->out) > 0 || (c->stage == STAGE_SHAKING &&
	    buf_len(&c->tx) >= QUEUE_MAX))
		revents &= (short)~(POLLOUT | POLLWRNORM);
out:
	conn_leave(c);
	return revents & (short)(events | POLLERR | POLLHUP | POLLNVAL);
}

enum { BUSY_MS = 10, GRACE_MS = 50 };

/*
 * While a close waits for the peer, which may be another connection of this
 * very thread: clients that have spoken are answered, whoever was to read from
 * them.
 */
static _Thread_local bool answering;

void
settle_answer(bool on)
{
	answering = on;
}

/* Lists --------------------------------------------------------------------- */

/*
 * dirty: what can be done something for; shaking: handshakes under way and
 * clients that have said nothing yet, the oldest first, for their time limit.
 * Lock order: a connection's, then this.
 */
static pthread_mutex_t lists = PTHREAD_MUTEX_INITIALIZER;
static struct conn *dirty, *shaking, **shaking_end = &shaking;
atomic_int conn_business;
static atomic_int dirty_count;

static bool
is_dirty(const struct conn *c)
{
	if (c->fd < 0 || c->stage == STAGE_DEAD || conn_unclaimed(
	    (struct conn *)c))
		return false;
	return buf_len(&c->out) + buf_len(&c->tx) > 0 ||
	    (c->role == ROLE_CLIENT && (c->stage == STAGE_FRESH ||
	    c->stage == STAGE_SHAKING));
}

static void
dirty_in(struct conn *c)
{
	c->dirty_next = dirty;
	c->dirty_prev = &dirty;
	if (dirty != NULL)
		dirty->dirty_prev = &c->dirty_next;
	dirty = c;
	atomic_fetch_add(&dirty_count, 1);
	atomic_fetch_add(&conn_business, 1);
}

static void
dirty_out(struct conn *c)
{
	if (c->dirty_next != NULL)
		c->dirty_next->dirty_prev = c->dirty_prev;
	*c->dirty_prev = c->dirty_next;
	atomic_fetch_sub(&dirty_count, 1);
	atomic_fetch_sub(&conn_business, 1);
}

static void
shaking_in(struct conn *c)
{
	c->shaking_next = NULL;
	c->shaking_prev = shaking_end;
	*shaking_end = c;
	shaking_end = &c->shaking_next;
	atomic_fetch_add(&conn_business, 1);
}

static void
shaking_out(struct conn *c)
{
	if (c->shaking_next != NULL)
		c->shaking_next->shaking_prev = c->shaking_prev;
	else
		shaking_end = c->shaking_prev;
	*c->shaking_prev = c->shaking_next;
	atomic_fetch_sub(&conn_business, 1);
}

static void
note(struct conn *c, bool is, bool shakes)
{
	if (is == c->is_dirty && shakes == c->is_shaking)
		return;
	pthread_mutex_lock(&lists);
	if (is && !c->is_dirty)
		dirty_in(c);
	else if (!is && c->is_dirty)
		dirty_out(c);
	if (shakes && !c->is_shaking)
		shaking_in(c);
	else if (!shakes && c->is_shaking)
		shaking_out(c);
	pthread_mutex_unlock(&lists);
	c->is_dirty = is;
	c->is_shaking = shakes;
}

void
settle_note(struct conn *c)
{
	bool waits = c->stage == STAGE_SHAKING || (c->stage == STAGE_FRESH &&
	    c->role == ROLE_SERVER);

	note(c, is_dirty(c), waits && c->fd >= 0 && !conn_unclaimed(c));
}

void
settle_forget(struct conn *c)
{
	note(c, false, false);
}

void
settle_freeze(void)
{
	pthread_mutex_lock(&lists);
}

void
settle_thaw(void)
{
	pthread_mutex_unlock(&lists);
}

/* With a reference each: what can be done something for, and whose time is
 * up.  *LEAST: the milliseconds until the next one's is. */
static int
collect(struct conn **found, int max, int *least)
{
	struct conn *c;
	int n = 0, k = 0, ms;

	*least = -1;
	pthread_mutex_lock(&lists);
	for (c = dirty; c != NULL && n < max / 2; c = c->dirty_next)
		if (conn_try_hold(c))
			found[n++] = c;
	/* Rules may have limits of their own: the oldest need not be first. */
	for (c = shaking; c != NULL && k < max / 2; c = c->shaking_next, k++) {
		ms = conn_left_ms(&c->deadline);
		if ((ms == 0 || answering) && conn_try_hold(c))
			found[n++] = c;
		else if (*least < 0 || ms < *least)
			*least = ms;
	}
	pthread_mutex_unlock(&lists);
	return n;
}

/*
 * A program that has just connected most likely speaks next, and perhaps TLS
 * of its own, which its first bytes tell: no ClientHello before them because
 * it asked whether it is connected.  One that sleeps for longer waits for the
 * peer to speak first.  MS: when to come again.
 */
static bool
may_begin(struct conn *c, int *ms)
{
	if (c->role != ROLE_CLIENT || c->stage != STAGE_FRESH)
		return true;
	if (c->connecting && c->wire->state(c->fd) != 0)
		return false;
	if (c->grace.tv_sec == 0)
		conn_deadline(&c->grace, GRACE_MS);
	*ms = conn_left_ms(&c->grace);
	return *ms == 0;
}

/*
 * Milliseconds after which to come again; P gets what to wait for.  Another
 * thread's turn is short, and who does not wait for its end finds its bytes
 * unread.  One that closes may hold the lock for seconds, and what this one
 * waits for may be another connection; if this one closes, too, each would
 * wait for the other.
 */
static int
settle_one(struct conn *c, struct pollfd *p)
{
	bool wait = !answering && !atomic_load(&c->waits);
	int ms = -1, r = conn_lock_within(c, wait ? BUSY_MS : 0);

	if (r < 0)
		return r == -EBUSY ? BUSY_MS : -1;
	if (c->fd < 0 || conn_unclaimed(c) || !may_begin(c, &ms))
		goto out;
	ms = -1;
	if (c->stage == STAGE_FRESH && c->role == ROLE_SERVER) {
		if (answering && shake_awaited(c))
			shake_step(c);
		else if (conn_left_ms(&c->deadline) == 0)
			shake_overdue(c);
	} else if (c->stage == STAGE_SHAKING || c->stage == STAGE_FRESH) {
		shake_step(c);
	} else {
		output_push(c);
	}
	/* The handshake's last bytes are no input of the program's. */
	if (c->stage == STAGE_OPEN)
		input_settle(c);
	if (c->stage == STAGE_SHAKING)
		ms = conn_left_ms(&c->deadline);
	/* A server speaks, and closes, only when its client is through. */
	if (c->stage == STAGE_SHAKING && (buf_len(&c->tx) > 0 ||
	    c->role == ROLE_CLIENT))
		p->events = POLLIN;
	if (c->stage < STAGE_OPEN && answering)
		p->events = POLLIN;
	if (buf_len(&c->out) > 0)
		p->events |= POLLOUT;
	if (p->events != 0)
		p->fd = c->fd;
out:
	conn_leave(c);
	return ms;
}

bool
conn_unfinished(void)
{
	return atomic_load_explicit(&dirty_count, memory_order_relaxed) != 0;
}

int
conn_settle_all(struct pollfd *wait, int *count_wait)
{
	struct conn *found[CONN_SETTLE];
	int i, n, ms, least;

	*count_wait = 0;
	if (!conn_unsettled())
		return -1;
	n = collect(found, CONN_SETTLE, &least);
	for (i = 0; i < n; i++) {
		wait[*count_wait] = (struct pollfd){ -1, 0, 0 };
		ms = settle_one(found[i], &wait[*count_wait]);
		if (ms >= 0 && (least < 0 || ms < least))
			least = ms;
		*count_wait += wait[*count_wait].events != 0;
		conn_release(found[i]);
	}
	return least;
}
