/* SPDX-License-Identifier: Apache-2.0
 * relay_state: what the files of the relay know of one. */
#ifndef DICOMTLS_RELAY_STATE_H
#define DICOMTLS_RELAY_STATE_H

#include "base/buf.h"
#include "dicom/pdu.h"
#include "win32/relay.h"
#include "win32/say.h"

enum {
	CHUNK = 65536,		/* read from the program at once */
	QUEUE_MAX = 262144,	/* bytes that wait in each direction */
	STOP_MS = 100,		/* how often *STOP is looked at */
	FINISH_MS = 5000	/* a closed socket's bytes may take this long */
};

struct relay {
	volatile LONG refs;
	enum role role;
	const struct tlsconf *conf;
	char *name;
	char peer_text[80];
	struct sockaddr_storage peer, local;
	SOCKET net, loop;
	struct engine *engine;
	struct fail why;

	bool open, sniffed;
	bool more;		/* the engine may give plaintext at once */
	bool net_ended;		/* the peer will send no more */
	bool loop_ended;	/* the program will send no more */
	bool net_shut, loop_shut;	/* passed on to the other side */
	bool notified;		/* close_notify came */
	volatile bool abandoned;	/* the program's socket is closed */
	bool counted;		/* among the unfinished */
	bool begun;		/* counted among those alive */
	ULONGLONG give_up;	/* ms; 0: no limit */

	struct buf out;		/* records for the peer */
	struct buf in;		/* plaintext for the program */
	struct pdu rx, tx;
	struct say say;
};

/* What to wait for on a socket, and then what is true. */
struct relay_want {
	bool in, out;
};

/* Sleeps until one of them is true, or MS are over (-1: no limit). */
void relay_wait(struct relay *r, struct relay_want *net,
    struct relay_want *loop, long ms);

/* Winsock's last error as -errno. */
int relay_last_error(void);

/* Sends what is there: 0 all of it, -EAGAIN, or another -errno. */
int relay_flush(SOCKET s, struct buf *b);

/* Both sides see a reset; an alert goes out before it, if it can.  ERROR. */
int relay_fail(struct relay *r, int error);

/* Closes *S, if it is open, and forgets it. */
void relay_hang_up(SOCKET *s, bool reset);

/* Nothing of the program's is left to be sent; the relay is over. */
void relay_finished(struct relay *r);
void relay_ended(struct relay *r);

#endif
