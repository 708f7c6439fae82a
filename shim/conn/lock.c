/* SPDX-License-Identifier: Apache-2.0
 * lock: who is in a connection: threads, one after the other; processes, after
 * a fork one alone; nobody while it waits. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "conn/fdtab.h"
#include "conn/state.h"

/* Lock and ownership -------------------------------------------------------- */

static int
locked(struct conn *c, int fd)
{
	atomic_store_explicit(&c->holder, pthread_self(),
	    memory_order_relaxed);
	if (fd >= 0)
		c->fd = fd;
	c->drained = false;
	return 0;
}

static bool
holds_lock(const struct conn *c)
{
	return atomic_load_explicit(&c->holder, memory_order_relaxed) ==
	    pthread_self();
}

static void
lock_in_turn(struct conn *c)
{
	pthread_mutex_lock(&c->turn);
	pthread_mutex_lock(&c->lock);
	pthread_mutex_unlock(&c->turn);
}

int
conn_lock(struct conn *c, int fd)
{
	if (holds_lock(c))
		return -EDEADLK;
	if (pthread_mutex_trylock(&c->lock) != 0)
		lock_in_turn(c);
	return locked(c, fd);
}

int
conn_lock_within(struct conn *c, int ms)
{
	struct timespec then;

	if (holds_lock(c))
		return -EDEADLK;
	if (pthread_mutex_trylock(&c->lock) == 0)
		return locked(c, -1);
	if (ms == 0)
		return -EBUSY;
	/* Not clocklock, which gcc 12's ThreadSanitizer takes for no lock. */
	clock_gettime(CLOCK_REALTIME, &then);
	then.tv_nsec += ms * 1000000L;
	then.tv_sec += then.tv_nsec / 1000000000;
	then.tv_nsec %= 1000000000;
	if (pthread_mutex_timedlock(&c->lock, &then) != 0)
		return -EBUSY;
	return locked(c, -1);
}

void
conn_leave(struct conn *c)
{
	settle_note(c);
	atomic_store_explicit(&c->holder, 0, memory_order_relaxed);
	pthread_mutex_unlock(&c->lock);
}

static int
say_taken(struct conn *c)
{
	fail_set(&c->why, REASON_TAKEN_OVER, "%s: another process owns this "
	    "TLS session since the fork (two processes used it): only the "
	    "first one to use it can go on", c->peer);
	conn_log_failure(c);
	return -EIO;
}

int
conn_claim(struct conn *c)
{
	int nobody = 0;

	if (c->disowned)
		return say_taken(c);
	if (c->claims == NULL)
		return 0;
	c->disowned = !atomic_compare_exchange_strong(
	    &c->claims->word[c->claim], &nobody, getpid());
	claims_release(c->claims);
	c->claims = NULL;
	return c->disowned ? say_taken(c) : 0;
}

int
conn_enter(struct conn *c, int fd)
{
	int r = conn_lock(c, fd);

	if (r < 0)
		return r;
	r = conn_claim(c);
	if (r < 0)
		conn_leave(c);
	return r;
}

bool
conn_unclaimed(struct conn *c)
{
	return c->claims != NULL || c->disowned;
}

void
conn_disown(struct conn *c)
{
	c->disowned = true;
}

void
conn_warn_exec(struct conn *c, int fd)
{
	if (conn_lock(c, fd) < 0)
		return;
	if (!conn_unclaimed(c) && (c->stage == STAGE_SHAKING ||
	    c->stage == STAGE_OPEN))
		log_warn("%s: another program is executed and inherits this "
		    "connection, but its TLS session cannot be handed over: "
		    "it can only close it", c->peer);
	conn_leave(c);
}

void
conn_before_fork(struct conn *c, struct claims *claims, size_t i)
{
	c->frozen = atomic_load(&c->holder) != pthread_self();
	if (c->frozen)
		pthread_mutex_lock(&c->lock);
	if (conn_unclaimed(c))
		return;
	if (c->stage != STAGE_FRESH && c->fd >= 0)
		output_push(c);
	c->claim = i;
	c->claims = claims != NULL ? claims_hold(claims) : NULL;
}

void
conn_after_fork(struct conn *c, bool child)
{
	if (child && c->claims == NULL)
		c->disowned = true;
	settle_note(c);
	if (child)	/* its holder is no thread of ours */
		pthread_mutex_init(&c->turn, NULL);
	if (c->frozen)
		pthread_mutex_unlock(&c->lock);
}

/* Time ---------------------------------------------------------------------- */

void
conn_deadline(struct timespec *deadline, int ms)
{
	clock_gettime(CLOCK_MONOTONIC, deadline);
	deadline->tv_sec += ms / 1000;
	deadline->tv_nsec += (long)(ms % 1000) * 1000000;
	if (deadline->tv_nsec >= 1000000000) {
		deadline->tv_nsec -= 1000000000;
		deadline->tv_sec++;
	}
}

int
conn_left_ms(const struct timespec *deadline)
{
	struct timespec now;
	long ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (deadline->tv_sec - now.tv_sec) * 1000 +
	    (deadline->tv_nsec - now.tv_nsec + 999999) / 1000000;
	return ms < 0 ? 0 : (int)ms;
}

static void
abandon(void *arg)
{
	conn_release(arg);
}

/* Another thread closed a descriptor meanwhile: FD may be another file. */
static bool
still_ours(struct conn *c, int fd)
{
	bool closing = false;
	struct conn *now = fdtab_hold(fd, &closing);

	if (now != NULL)
		conn_release(now);
	return now == c;
}

/* A mutex is not fair: who unlocks it and locks it again has it before the
 * thread that waits for it is awake. */
int
conn_yield(struct conn *c)
{
	unsigned closes = atomic_load(&c->closes);
	int fd = c->fd;

	if (pthread_mutex_trylock(&c->turn) == 0) {
		pthread_mutex_unlock(&c->turn);
		return 0;
	}
	conn_leave(c);
	if (atomic_load(&c->closes) != closes && !still_ours(c, fd))
		fd = -1;
	lock_in_turn(c);
	locked(c, fd);
	return fd < 0 ? -EBADF : 0;
}

/* Of a connection that had none yet the program hears from connect(). */
static void
blame_wire(struct conn *c, int error)
{
	if (c->stage == STAGE_SHAKING || c->stage == STAGE_OPEN)
		fail_wire(&c->why, c->peer, -error);
}

bool
conn_may_wait(const struct conn *c, int flags)
{
	return (flags & MSG_DONTWAIT) == 0 && !c->wire->nonblocking(c->fd);
}

int
conn_wait(struct conn *c, short events, int timeo, bool begun)
{
	bool shaking = c->stage == STAGE_SHAKING;
	int fd = c->fd, limit, ms = timeo, r;
	unsigned closes = atomic_load(&c->closes);

	if (buf_len(&c->out) > 0)
		events |= POLLOUT;
	if (shaking) {
		limit = conn_left_ms(&c->deadline);
		if (buf_len(&c->tx) > 0 && limit > SHAKING_MS)
			limit = SHAKING_MS;
		if (ms < 0 || limit < ms)
			ms = limit;
	}
	conn_leave(c);
	if (events == POLLIN && ms < 0 && !begun)
		r = c->wire->await_data(fd, abandon, c);
	else
		r = c->wire->poll(fd, events, ms, abandon, c);
	if (atomic_load(&c->closes) != closes && !still_ours(c, fd))
		fd = -1;
	if (conn_lock(c, fd) < 0)
		return -EINTR;
	if (fd < 0)
		return -EBADF;
	if (r == 0 && ms == timeo && ms >= 0)
		return -EAGAIN;
	if (r == -EINTR && timeo < 0 && !begun && c->wire->restarts())
		return 0;
	if (r < 0 && r != -EINTR && r != -EAGAIN) {
		blame_wire(c, r);
		conn_die(c, r);		/* the kernel tells it only once */
		return 0;
	}
	return r < 0 ? r : 0;
}
