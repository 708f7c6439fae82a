/* SPDX-License-Identifier: Apache-2.0
 * idle: sleeping, and what is gone on with meanwhile. */
#ifndef DICOMTLS_IDLE_H
#define DICOMTLS_IDLE_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>

/* The moment that is TIMEOUT from now, NULL: never. */
struct timespec idle_moment(const struct timespec *timeout);

/* What is left until THEN, never negative; whether it has come. */
struct timespec idle_left(const struct timespec *then);
bool idle_over(const struct timespec *then);

/* The shorter of what is left and LIMIT milliseconds (-1: none), in *T; NULL:
 * for ever. */
const struct timespec *idle_shorter(const struct timespec *then, int limit,
    struct timespec *t);

/*
 * ppoll().  A thread may be cancelled in it, but not while it works on
 * connections, which it would leave locked: CANCEL is its state as the program
 * had it; outside cancellation is off.
 */
int idle_poll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask, int cancel);

/*
 * poll() for one descriptor that goes on with the unfinished business of all
 * connections (conn.h): revents, 0 at the end of TIMEOUT (milliseconds, -1:
 * none), or -errno.  May be called with a connection's lock, not with two.
 */
int idle_wait(int fd, short events, int timeout);

/* The same before a call that blocks until FD is readable.  0: make the call,
 * else -errno. */
int idle_before(int fd);

#endif
