/* SPDX-License-Identifier: Apache-2.0
 * state: what the files of this room know of one connection. */
#ifndef DICOMTLS_STATE_H
#define DICOMTLS_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#include "base/buf.h"
#include "conn/claims.h"
#include "conn/conn.h"
#include "dicom/pdu.h"

enum stage {
	STAGE_FRESH,	/* nothing of TLS has happened */
	STAGE_SHAKING,	/* handshake under way */
	STAGE_OPEN,
	STAGE_DEAD,	/* failed, or ended before it was open */
	STAGE_PASSING	/* the program has TLS of its own */
};

enum {
	RECORD = 16384,		/* plaintext of a full record (RFC 8446) */
	QUEUE_MAX = 262144,	/* accepted before the handshake is over */
	SLICE = 262144,		/* moved before another thread has its turn */
	SHAKING_MS = 20,	/* another thread may end the handshake, of
				   which no event tells those who wait */
	CORK_MAX = 131072,	/* ciphertext put together for one send */
	TITLES = 42		/* A-ASSOCIATE-RQ up to its AE titles' end */
};

struct conn {
	atomic_uint refs;	/* outlives the connection: conn_try_hold */
	atomic_int descriptors;
	pthread_mutex_t lock;	/* of all below */
	pthread_mutex_t turn;	/* held by who waits for lock: conn_yield */
	atomic_bool waits;	/* who has the lock waits for the peer */
	_Atomic(pthread_t) holder;	/* a signal handler must not wait
					   for its own thread */
	int fd;			/* last used, -1: that one was closed */
	atomic_uint closes;	/* how often a descriptor was closed */

	const struct wire *wire;
	const struct engine_ops *ops;
	const struct tlsconf *conf;
	enum role role;
	char *name;
	char peer[80];
	int port;

	enum stage stage;
	bool connecting;
	bool unconnected;	/* connect() failed: the kernel knows why */
	atomic_bool passing;
	struct engine *engine;
	struct timespec born, deadline;	/* CLOCK_MONOTONIC */
	struct timespec grace;	/* of a client that says nothing: settle.c */
	struct fail why;
	struct claims *claims;	/* NULL: ours without doubt */
	size_t claim;		/* which of the words is ours */
	bool disowned;		/* another process's for good */
	bool frozen;		/* fork() holds the lock */

	/* Input. */
	size_t peeked;		/* the engine has them, the kernel still too */
	size_t behind;		/* so many more are surely in its queue */
	bool full;		/* the last look got all that it asked for */
	bool drained;		/* the last look emptied the kernel's queue */
	bool sniffed;		/* the first bytes were looked at */
	bool wire_ended;	/* the kernel said end of stream */
	bool rx_end;		/* so will we, once plain is empty */
	bool rx_shut;		/* the program shut this side down */
	bool rx_gap;		/* nothing more just now, after rx_shut */
	bool sticky;		/* readiness was made permanent */
	bool notified;		/* close_notify came */
	int error;		/* -errno to be given once, 0: none */
	bool vanished;		/* the peer closed before TLS was up, and the
				   program has written nothing since */
	atomic_int lowat;	/* SO_RCVLOWAT as the program sees it */
	struct buf plain;	/* decrypted, not taken yet */
	struct pdu rx;

	/* Output. */
	struct buf tx;		/* accepted plaintext, not in records yet */
	struct buf out;		/* records that the kernel did not take yet */
	int tx_error;		/* the kernel's -errno in sending, 0: none */
	bool tx_told;		/* the program knows of it */
	bool cork;		/* collect records in out */
	bool follows;		/* what goes out needs more to be of use */
	bool withheld;		/* the kernel may wait for that */
	bool queue_full;	/* the program waits for room in tx */
	bool tx_end;		/* shut down for writing */
	bool fin_owed;		/* it was before the handshake's end */
	atomic_bool nodelay;	/* as the program sees it */
	bool patient;		/* a write has waited for the handshake */
	size_t room;		/* bytes the kernel is known to take */
	bool refused;		/* it did not take what it had room for */
	size_t record;		/* largest record that surely fits */
	struct pdu tx_pdu;

	/* For the log. */
	uint64_t bytes_in, bytes_out;
	unsigned char head[TITLES];	/* of the A-ASSOCIATE-RQ */
	size_t head_len;
	bool blamed;		/* the line of its failure is written */
	bool ended;		/* its last line is written */

	bool is_dirty, is_shaking;	/* in the lists of settle.c */

	/* Those lists, under their own lock. */
	struct conn *dirty_next, *shaking_next;
	struct conn **dirty_prev, **shaking_prev;
};

/* conn.c: the lock; -EDEADLK in a signal handler that came in between,
 * -EIO if the session is another process's. */
int conn_enter(struct conn *c, int fd);
void conn_leave(struct conn *c);

/* Gives the lock to another thread that waits for it, if one does, and takes
 * it again: all may have changed.  -EBADF: the descriptor was closed. */
int conn_yield(struct conn *c);
int conn_lock(struct conn *c, int fd);	/* without the question of ownership */
/* -EBUSY: another thread is at it, after MS milliseconds as well. */
int conn_lock_within(struct conn *c, int ms);
int conn_claim(struct conn *c);
void conn_note(struct conn *c, const void *data, size_t len);
int conn_left_ms(const struct timespec *deadline);
void conn_deadline(struct timespec *deadline, int ms);

/* Ends the connection: ERROR (-errno, 0: none) is what the program gets,
 * C->why says why (to be logged), nothing more goes out. */
void conn_die(struct conn *c, int error);

/* The line that tells C->why, once; nothing if there is no reason. */
void conn_log_failure(struct conn *c);

/* Whether a call with these flags (MSG_DONTWAIT) may sleep. */
bool conn_may_wait(const struct conn *c, int flags);

/* Waits without the lock.  EVENTS: POLLIN, POLLOUT.  TIMEO: milliseconds left
 * of the program's own time-out, -1: none.  BEGUN: bytes went already, so that
 * a signal ends the call even with SA_RESTART.  0 look again, -EAGAIN time is
 * up, -EINTR. */
int conn_wait(struct conn *c, short events, int timeo, bool begun);

/* shake.c: 0 open; -EAGAIN; -EPIPE it is dead (see error and rx_end). */
int shake_step(struct conn *c);
bool shake_awaited(struct conn *c);	/* the peer has spoken, or is gone */
void shake_overdue(struct conn *c);	/* a client has said nothing yet */
struct engine_port shake_port(struct conn *c);

/* peek.c */
ssize_t peek_port(void *arg, void *buf, size_t len);
void peek_take_off(struct conn *c);	/* what the engine has read */

/* input.c */
void input_settle(struct conn *c);	/* the rule of the retained byte */
bool input_deliverable(struct conn *c);
void input_look(struct conn *c);	/* decrypts what came */
void input_ended(struct conn *c);

/* output.c */
int output_port(void *arg, const void *buf, size_t len);
int output_flush(struct conn *c);	/* records: 0, -EAGAIN, -errno */
int output_push(struct conn *c);	/* plaintext too, whole or not */
int output_error(struct conn *c);	/* the kernel's, told once; 0: none */

/* finish.c: the shutdown that waited for the handshake. */
void finish_owed(struct conn *c);

/* settle.c: called with the lock, before it is given back. */
void settle_note(struct conn *c);
void settle_forget(struct conn *c);
void settle_answer(bool on);	/* around a wait with the lock */
void settle_freeze(void);
void settle_thaw(void);

#endif
