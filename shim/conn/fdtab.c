/* SPDX-License-Identifier: Apache-2.0
 * fdtab: which connection a descriptor is. */
#include "conn/fdtab.h"

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>

#include "conn/state.h"

_Atomic(fdtab_slot *) fdtab_chunks[FDTAB_CHUNKS];
atomic_int fdtab_highest = -1;

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

static fdtab_slot *
find_or_make(int fd)
{
	fdtab_slot *chunk, *none = NULL;

	if (fd < 0 || fd >= FDTAB_CHUNK * FDTAB_CHUNKS ||
	    fdtab_find(fd) != NULL)
		return fdtab_find(fd);
	chunk = calloc(FDTAB_CHUNK, sizeof *chunk);
	if (chunk == NULL)
		return NULL;
	if (!atomic_compare_exchange_strong(
	    &fdtab_chunks[fd >> FDTAB_CHUNK_BITS], &none, chunk))
		free(chunk);
	return fdtab_find(fd);
}

bool
fdtab_tracked_now(int fd)
{
	fdtab_slot *s = fdtab_find(fd);

	while (s != NULL && atomic_load_explicit(s, memory_order_acquire) ==
	    CLOSING && closing_fd != fd)
		sched_yield();
	return fdtab_tracked(fd);
}

struct conn *
fdtab_hold(int fd, bool *closing)
{
	fdtab_slot *s = fdtab_find(fd);
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
	fdtab_slot *s = find_or_make(fd);
	int top = atomic_load(&fdtab_highest);

	if (s == NULL)
		return -ENOMEM;
	conn_hold(c);
	conn_opened(c);
	while (top < fd && !atomic_compare_exchange_weak(&fdtab_highest, &top,
	    fd))
		;
	atomic_store_explicit(s, c, memory_order_release);
	return 0;
}

struct conn *
fdtab_begin_close(int fd)
{
	fdtab_slot *s = fdtab_find(fd);
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
	fdtab_slot *s = fdtab_find(fd);
	struct conn *c = CLOSING;

	closing_fd = -1;
	if (s != NULL)
		atomic_compare_exchange_strong(s, &c, NULL);
}

static void
visit_slot(fdtab_slot *s, int fd, void (*visit)(int, struct conn *, void *),
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
	fdtab_slot *s;

	if (last > atomic_load(&fdtab_highest))
		last = atomic_load(&fdtab_highest);
	while (fd <= last) {
		s = fdtab_find(fd);
		if (s == NULL) {
			fd = (fd | (FDTAB_CHUNK - 1)) + 1;
			continue;
		}
		visit_slot(s, fd, visit, arg);
		fd++;
	}
}

static void
end_mark(fdtab_slot *s)
{
	struct conn *c = CLOSING, *none = gone();

	conn_opened(none);
	if (!atomic_compare_exchange_strong(s, &c, none))
		conn_release(none);
}

void
fdtab_after_fork(void)
{
	int fd, top = atomic_load(&fdtab_highest);
	fdtab_slot *s;

	for (fd = 0; fd <= top; fd++) {
		s = fdtab_find(fd);
		if (s == NULL)
			fd |= FDTAB_CHUNK - 1;
		else if (atomic_load(s) == CLOSING)
			end_mark(s);
	}
}
