/* SPDX-License-Identifier: Apache-2.0
 * conn: one upgraded connection: an engine and a wire become a byte stream
 * that behaves as TCP's would. */
#ifndef DICOMTLS_CONN_H
#define DICOMTLS_CONN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/fail.h"
#include "conn/wire.h"
#include "engine/engine.h"
#include "policy/policy.h"

/*
 * The rule of the retained byte: while plaintext, an end of stream or an error
 * can be had, the bytes it came in stay in the kernel's queue (they were only
 * peeked at), so that every kind of readiness the kernel knows is true; when
 * there is nothing to be had they are taken away, so that it is false.
 *
 * Calls take the connection's own lock for as long as they work, never while
 * they wait.  FD is the descriptor the program used (dup makes several).
 * Results are ≥ 0 or -errno as the kernel's own calls would give them.
 */
struct conn;

/* What a connection is made of; strings are copied. */
struct conn_args {
	const struct wire *wire;
	const struct engine_ops *ops;	/* NULL: refused from the start */
	const struct tlsconf *conf;	/* NULL with ops */
	enum role role;
	const char *name;		/* asked for by the program, or NULL */
	const char *peer;		/* "host:port" */
	int port;			/* ours if we serve, else the peer's */
	int fd;
	bool connecting;		/* not known to be connected yet */
	const struct fail *why;		/* with ops NULL: why it is refused */
};

/* One reference; NULL without memory. */
struct conn *conn_new(const struct conn_args *args);
void conn_hold(struct conn *c);
bool conn_try_hold(struct conn *c);	/* false: it is gone; C was one once */
void conn_release(struct conn *c);

/* How many descriptors there are of it in this process (dup, dup2). */
void conn_opened(struct conn *c);
int conn_closed(struct conn *c, int fd);	/* how many are left */
int conn_descriptors(struct conn *c);

/* recv() and its kin.  FLAGS: MSG_PEEK, MSG_WAITALL, MSG_TRUNC,
 * MSG_DONTWAIT; the others have no effect.  CONN_PASSES: see conn_send. */
ssize_t conn_recv(struct conn *c, int fd, const struct iovec *iov, int n,
    int flags);

/* send() and its kin.  FLAGS: MSG_DONTWAIT; MSG_MORE is a hint not taken.  -EPIPE wants a
 * SIGPIPE, which is the caller's to raise.  CONN_PASSES: the program brought
 * TLS of its own (its first bytes say so): the caller sends them itself. */
#define CONN_PASSES (-0x7fff)
ssize_t conn_send(struct conn *c, int fd, const struct iovec *iov, int n,
    int flags);

/*
 * Does what can be done without waiting (handshake, records that came, bytes
 * that wait to go out) on behalf of a poll for EVENTS, and says what poll()
 * must wait for in the kernel: *WAIT gets the events, *LIMIT the milliseconds
 * after which to look again (-1: no limit).  Returns the events that are true
 * although the kernel may not know.
 */
short conn_poll(struct conn *c, int fd, short events, short *wait,
    int *limit);

/* What remains of the kernel's REVENTS for the program. */
short conn_polled(struct conn *c, int fd, short events, short revents);

/* Whether the connection's bytes pass untouched: the program has TLS. */
bool conn_passes(struct conn *c);

/* connect() returned 0: no need to ask the kernel. */
void conn_connected(struct conn *c);

int conn_shutdown(struct conn *c, int fd, int how);

/* Before the last descriptor is closed: flush, close_notify, drain.  LINGER:
 * SO_LINGER's seconds; 0 aborts (nothing is sent); -1: the default limit. */
void conn_finish(struct conn *c, int fd, int linger);

/* conn_finish for the end of the process: the engine is not used again, for
 * its library may be gone before the last close. */
void conn_finish_for_good(struct conn *c, int fd);

/* Sends what the program's earlier calls left here, without waiting. */
void conn_flush(struct conn *c, int fd);

/* FIONREAD: bytes that recv would give at once. */
int conn_readable(struct conn *c, int fd);

/* SO_ERROR: takes our own pending error, 0 if there is none. */
int conn_take_error(struct conn *c, int fd);

/* Options the program sees although the kernel has others. */
int conn_lowat(struct conn *c);
void conn_set_lowat(struct conn *c, int bytes);
bool conn_nodelay(struct conn *c);
void conn_set_nodelay(struct conn *c, bool on);
bool conn_forces_nodelay(struct conn *c);
void conn_forget_room(struct conn *c);	/* SO_SNDBUF was changed */

/*
 * fork(): every connection is locked before it and unlocked after it in both
 * processes.  The first data call in either claims the session, by a word in
 * memory that both share: the I-th of CLAIMS.  Without CLAIMS (no memory) the
 * child may not use it.
 */
struct claims;
void conn_freeze(void);		/* what all connections share: after them */
void conn_thaw(void);
void conn_before_fork(struct conn *c, struct claims *claims, size_t i);
void conn_after_fork(struct conn *c, bool child);

/* Says that a session which has begun cannot go on in the program that is
 * about to be executed, although it inherits FD. */
void conn_warn_exec(struct conn *c, int fd);

/* A process that was made behind our back (clone) owns nothing. */
void conn_disown(struct conn *c);

/* Whether the session is not, or not yet, this process's: it may be closed
 * but not ended. */
bool conn_unclaimed(struct conn *c);

/*
 * Connections with unfinished business: unsent bytes, one end that has said
 * nothing yet, handshakes.  Whoever is about to sleep comes by here first, and
 * again when one of the *N entries of WAIT, an array of CONN_SETTLE, is true:
 * the program may not be waiting for those events itself.  Costs one load if
 * there are none.  Returns the milliseconds after which to come again in any
 * case, -1: no need.
 */
#define CONN_SETTLE 64
struct pollfd;
int conn_settle_all(struct pollfd *wait, int *n);
extern atomic_int conn_business;	/* settle's own: how many there are */

static inline bool
conn_unsettled(void)
{
	return atomic_load_explicit(&conn_business, memory_order_relaxed) != 0;
}

bool conn_unfinished(void);	/* of those that something can be done for */

#endif
