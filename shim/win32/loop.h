/* SPDX-License-Identifier: Apache-2.0
 * loop: a connection inside this machine, between the program's socket and a
 * relay, that no stranger can take. */
#ifndef DICOMTLS_LOOP_H
#define DICOMTLS_LOOP_H

#include "win32/hooks.h"

/* A listener for one connection. */
struct loop {
	SOCKET listener;
	struct sockaddr_storage addr;
	int len;
};

/*
 * Listens on the loopback address of FAMILY, or, when the program's socket is
 * bound to an address that cannot reach that one (BOUND, else NULL), on that
 * address itself.  0, or an error of Winsock's.
 */
int loop_open(struct loop *l, int family, const struct sockaddr_storage *bound);

/*
 * Accepts the connection that comes from PROGRAM's own address and port,
 * within MS milliseconds; whoever else connects is reset.  Non-blocking and
 * without delay; INVALID_SOCKET if it does not come.
 */
SOCKET loop_take(struct loop *l, SOCKET program, DWORD ms);
void loop_close(struct loop *l);

/* An address that refuses: bound and not listening.  Close it with
 * loop_close once the refusal is over. */
int loop_refusing(struct loop *l, int family,
    const struct sockaddr_storage *bound);

/* Windows tries a refusing address for two seconds: not on this socket. */
void loop_no_retries(SOCKET s);

/* Closes S with a reset. */
void loop_reset(SOCKET s);

#endif
