/* SPDX-License-Identifier: Apache-2.0
 * fdtab: which connection a descriptor is. */
#ifndef DICOMTLS_FDTAB_H
#define DICOMTLS_FDTAB_H

#include <stdbool.h>

#include "conn/conn.h"

/*
 * Any number from 0 to 2^30 - 1; looking up a descriptor that is not tracked
 * costs two loads.  No locks: signal handlers may look up too.
 */

/* Whether any descriptor was ever tracked. */
bool fdtab_used(void);

/* Whether FD is tracked (or just being closed). */
bool fdtab_tracked(int fd);

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
