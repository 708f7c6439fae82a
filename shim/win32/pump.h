/* SPDX-License-Identifier: Apache-2.0
 * pump: what the two files of a relay know of it. */
#ifndef DICOMTLS_PUMP_H
#define DICOMTLS_PUMP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/fail.h"
#include "dicom/pdu.h"
#include "engine/engine.h"
#include "win32/relay.h"
#include "win32/say.h"

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

/* The engine's prepare and create: one thread at a time. */
extern CRITICAL_SECTION relay_start;

/* No longer among those that the end of the process waits for, or that are
 * alive at all. */
void relay_finished(struct relay *r);
void relay_ended(struct relay *r);

/* Closes *S, with a reset if need be, and forgets it. */
void relay_hang_up(SOCKET *s, bool reset);

#endif
