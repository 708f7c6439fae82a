/* SPDX-License-Identifier: Apache-2.0
 * fdtab: which connection a descriptor is. */
#include "conn/fdtab.h"

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>

#include "conn/state.h"

enum { CHUNK_BITS = 12, CHUNK = 1 << CHUNK_BITS, CHUNKS = 1 << 18 };

typedef _Atomic(struct conn *) slot;

static _Atomic(slot *) chunks[CHUNKS];
static atomic_int highest = -1;	/* ever tracked */

/* A descriptor between the mark and the end of its real close. */
static struct conn *const CLOSING = (struct conn *)1;

/* What a descriptor is to those who may not wait for the end of its close:
 * every call fails. */
static struct conn *
gone(void)
{
	static const struct fail why = { REASON_SYSTEM, "it is being closed" };
	const struct conn_args args = { .why = &why, .peer = "", .fd = -1 };
	struct conn *c = conn_new(&args);

	if (c == NULL)
		abort();	/* no memory: no plaintext either */
	c->disowned = true;
	c->blamed = true;	/* nobody took it: no line */
	return c;
}

/* The one that this thread is closing, for its signal handlers. */
static _Thread_local int closing_fd = -1;

static slot *
find(int fd)
{
	slot *chunk;

	if (fd < 0 || fd >= CHUNK * CHUNKS)
		return NULL;
	chunk = atomic_load_explicit(&chunks[fd >> CHUNK_BITS],
	    memory_order_acquire);
	return chunk != NULL ? chunk + (fd & (CHUNK - 1)) : NULL;
}

static slot *
find_or_make(int fd)
{
	slot *chunk, *none = NULL;

	if (fd < 0 || fd >= CHUNK * CHUNKS || find(fd) != NULL)
		return find(fd);
	chunk = calloc(CHUNK, sizeof *chunk);
	if (chunk == NULL)
		return NULL;
	if (!atomic_compare_exchange_strong(&chunks[fd >> CHUNK_BITS], &none,
	    chunk))
		free(chunk);
	return find(fd);
}

bool
fdtab_used(void)
{
	return atomic_load_explicit(&highest, memory_order_relaxed) >= 0;
}

bool
fdtab_tracked(int fd)
{
	slot *s = find(fd);

	return s != NULL && atomic_load_explicit(s, memory_order_acquire) !=
	    NULL;
}

bool
fdtab_tracked_now(int fd)
{
	slot *s = find(fd);

	while (s != NULL && atomic_load_explicit(s, memory_order_acquire) ==
	    CLOSING && closing_fd != fd)
		sched_yield();
	return fdtab_tracked(fd);
}

struct conn *
fdtab_hold(int fd, bool *closing)
{
	slot *s = find(fd);
	struct conn *c;

	while (s != NULL && (c = atomic_load_explicit(s,
	    memory_order_acquire)) != NULL) {
		if (c == CLOSING && closing_fd == fd) {
			*closing = true;
			return gone();
		}
		if (c == CLOSING) {
			sched_yield();
			continue;
		}
		if (!conn_try_hold(c))
			continue;
		if (atomic_load(s) == c && !conn_passes(c))
			return c;
		if (conn_passes(c))
			s = NULL;
		conn_release(c);
	}
	return NULL;
}

int
fdtab_set(int fd, struct conn *c)
{
	slot *s = find_or_make(fd);
	int top = atomic_load(&highest);

	if (s == NULL)
		return -ENOMEM;
	conn_hold(c);
	conn_opened(c);
	while (top < fd && !atomic_compare_exchange_weak(&highest, &top, fd))
		;
	atomic_store_explicit(s, c, memory_order_release);
	return 0;
}

struct conn *
fdtab_begin_close(int fd)
{
	slot *s = find(fd);
	struct conn *c;

	if (s == NULL)
		return NULL;
	c = atomic_load(s);
	while (c != NULL && c != CLOSING)
		if (atomic_compare_exchange_strong(s, &c, CLOSING))
			break;
	if (c == CLOSING)
		return NULL;
	if (c != NULL)
		closing_fd = fd;
	return c;
}

void
fdtab_end_close(int fd)
{
	slot *s = find(fd);
	struct conn *c = CLOSING;

	closing_fd = -1;
	if (s != NULL)
		atomic_compare_exchange_strong(s, &c, NULL);
}

static void
visit_slot(slot *s, int fd, void (*visit)(int, struct conn *, void *),
    void *arg)
{
	struct conn *c = atomic_load(s);

	if (c == NULL || c == CLOSING || !conn_try_hold(c))
		return;
	if (atomic_load(s) == c)
		visit(fd, c, arg);
	conn_release(c);
}

void
fdtab_each(int first, int last, void (*visit)(int fd, struct conn *c,
    void *arg), void *arg)
{
	int fd = first < 0 ? 0 : first;
	slot *s;

	if (last > atomic_load(&highest))
		last = atomic_load(&highest);
	while (fd <= last) {
		s = find(fd);
		if (s == NULL) {
			fd = (fd | (CHUNK - 1)) + 1;
			continue;
		}
		visit_slot(s, fd, visit, arg);
		fd++;
	}
}

static void
end_mark(slot *s)
{
	struct conn *c = CLOSING, *none = gone();

	conn_opened(none);
	if (!atomic_compare_exchange_strong(s, &c, none))
		conn_release(none);
}

void
fdtab_after_fork(void)
{
	int fd, top = atomic_load(&highest);
	slot *s;

	for (fd = 0; fd <= top; fd++) {
		s = find(fd);
		if (s == NULL)
			fd |= CHUNK - 1;
		else if (atomic_load(s) == CLOSING)
			end_mark(s);
	}
}
