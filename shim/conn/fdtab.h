/* SPDX-License-Identifier: Apache-2.0
 * fdtab: which connection a descriptor is. */
#ifndef DICOMTLS_FDTAB_H
#define DICOMTLS_FDTAB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "conn/conn.h"

/*
 * Any number from 0 to 2^30 - 1; looking up a descriptor that is not tracked
 * costs two loads.  No locks: signal handlers may look up too.
 */

/* fdtab's own; here because every call of the program asks the questions below,
 * most of them about descriptors that are none of ours. */
enum { FDTAB_CHUNK_BITS = 12, FDTAB_CHUNK = 1 << FDTAB_CHUNK_BITS,
	FDTAB_CHUNKS = 1 << 18 };
typedef _Atomic(struct conn *) fdtab_slot;
extern _Atomic(fdtab_slot *) fdtab_chunks[FDTAB_CHUNKS];
extern atomic_int fdtab_highest;	/* ever tracked; -1: none */

/* The highest descriptor that was ever tracked, -1: none was. */
static inline int
fdtab_top(void)
{
	return atomic_load_explicit(&fdtab_highest, memory_order_relaxed);
}

/* Whether any descriptor was ever tracked. */
static inline bool
fdtab_used(void)
{
	return fdtab_top() >= 0;
}

/* FD's place, NULL if no number near it was ever tracked. */
static inline fdtab_slot *
fdtab_find(int fd)
{
	fdtab_slot *chunk;

	if (fd < 0 || fd >= FDTAB_CHUNK * FDTAB_CHUNKS)
		return NULL;
	chunk = atomic_load_explicit(&fdtab_chunks[fd >> FDTAB_CHUNK_BITS],
	    memory_order_acquire);
	return chunk != NULL ? chunk + (fd & (FDTAB_CHUNK - 1)) : NULL;
}

/* Whether FD is tracked (or just being closed). */
static inline bool
fdtab_tracked(int fd)
{
	fdtab_slot *s = fdtab_find(fd);

	return s != NULL && atomic_load_explicit(s, memory_order_acquire) !=
	    NULL;
}

/*
 * The same for who opens FD anew: another thread may have closed that number
 * and not taken its mark off yet.  Waits for that.
 */
bool fdtab_tracked_now(int fd);

/*
 * The connection with a reference for the caller; NULL if FD is not tracked
 * or its bytes pass.  Waits while another thread closes FD; the one that
 * closes it (a signal handler came in between) gets a dead connection, for the
 * bare socket is still there, and *CLOSING true.
 */
struct conn *fdtab_hold(int fd, bool *closing);

/*
 * Makes FD a descriptor of C: takes a reference of its own, counts it with
 * conn_opened.  -ENOMEM: nothing was done.  FD is not tracked before.
 */
int fdtab_set(int fd, struct conn *c);

/*
 * Around the real close (or a dup2 over FD): fdtab_begin_close marks FD as
 * being closed and hands over the table's reference, NULL if it was not
 * tracked; fdtab_end_close frees the mark, unless FD was set anew.
 */
struct conn *fdtab_begin_close(int fd);
void fdtab_end_close(int fd);

/* In a child: descriptors that another thread was closing are dead ones, that
 * can be closed. */
void fdtab_after_fork(void);

/* Calls VISIT for every tracked descriptor from FIRST to LAST. */
void fdtab_each(int first, int last, void (*visit)(int fd, struct conn *c,
    void *arg), void *arg);

#endif
