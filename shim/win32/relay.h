/* SPDX-License-Identifier: Apache-2.0
 * relay: TLS with the peer on one side, the program's own bytes on the other. */
#ifndef DICOMTLS_RELAY_H
#define DICOMTLS_RELAY_H

#include "win32/hooks.h"

#include "engine/engine.h"
#include "policy/policy.h"

/*
 * The program keeps a native socket, connected inside this machine to a relay;
 * so every kind of I/O that Windows has works on it, and it never blocks
 * longer or shorter than over TCP.  Each relay has a thread of its own.
 */
struct relay;

struct relay_args {
	enum role role;
	const struct tlsconf *conf;	/* NULL: the bytes pass as they are */
	const char *name;		/* asked for by the program, or NULL */
	SOCKET net;			/* to the peer; the relay's from now on */
};

/* One reference.  NULL without memory (NET is closed then). */
struct relay *relay_new(const struct relay_args *args);
void relay_hold(struct relay *r);
void relay_release(struct relay *r);

/* Reads certificate, key and trust of CONF, or makes them, ahead of the first
 * connection.  0, or -errno (logged). */
int relay_prepare(const struct tlsconf *conf, enum role role);

/* The handshake, until it is over or *STOP is set: 0, or -errno (logged). */
int relay_handshake(struct relay *r, const volatile bool *stop);

/* Carries bytes both ways until both ends are done; LOOP is the relay's from
 * now on.  Does the handshake first if nobody did. */
void relay_run(struct relay *r, SOCKET loop);

/* The thread that ran a relay ends: what OpenSSL kept for it is given back. */
void relay_thread_end(void);

/* The program closed its socket: what it sent still goes out. */
void relay_abandoned(struct relay *r);

/* Mirrors an option of the program's socket to the peer's. */
void relay_set_option(struct relay *r, int level, int name, const char *value,
    int len);

/* The addresses that the program is to see: the peer's, and ours. */
const struct sockaddr_storage *relay_peer(const struct relay *r);
const struct sockaddr_storage *relay_local(const struct relay *r);

/* The program is about to get a socket that leads to R: from now on R has to
 * be waited for. */
void relay_begins(struct relay *r);

/* How many relays have bytes of the program's that did not go out yet. */
long relay_unfinished(void);

/* How many there are, those included that wait for the peer's end alone. */
long relay_alive(void);

/* Serialises the engine's prepare and create. */
void relay_init(void);

#endif
