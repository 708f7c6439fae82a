/* SPDX-License-Identifier: Apache-2.0
 * socktab: what is remembered of the program's sockets. */
#ifndef DICOMTLS_SOCKTAB_H
#define DICOMTLS_SOCKTAB_H

#include "win32/hooks.h"
#include "win32/relay.h"

enum sock_state {
	SOCK_NATIVE,	/* nothing of ours */
	SOCK_DIALING,	/* connect() is under way to the real peer */
	SOCK_ACCEPTING,	/* AcceptEx is under way, on a socket of ours */
	SOCK_RELAYED	/* connected to a relay */
};

/* Windows tells nobody whether a socket blocks or what events it selects, so
 * the calls that set it are remembered. */
struct sock {
	SOCKET handle;
	volatile LONG refs;
	struct sock *next;	/* of the table, under its lock */

	CRITICAL_SECTION lock;	/* of all below */
	bool closed;		/* the program closed it: hands off */
	bool nonblocking;
	HANDLE event;		/* WSAEventSelect */
	HWND window;		/* WSAAsyncSelect */
	UINT message;
	long events;		/* of either */
	enum sock_state state;
	struct relay *relay;	/* a reference, or NULL */
	OVERLAPPED *connecting;	/* ConnectEx's, while DIALING */
	SOCKET accepted;	/* ours, while ACCEPTING */
	SOCKET listener;
	int upgrades;		/* of a listener: 0 unknown, 1 yes, -1 no */
};

/* With a reference; NULL when nothing is known of S. */
struct sock *sock_find(SOCKET s);

/* The same, made if need be; NULL without memory. */
struct sock *sock_get(SOCKET s);

void sock_hold(struct sock *k);
void sock_release(struct sock *k);

/* S is a new socket, or about to be closed: what was known of it is not. */
void sock_forget(SOCKET s);

/* Calls FN for every relayed socket. */
void sock_each_relayed(void (*fn)(struct sock *k));

/* Whether any is ACCEPTING: one load, so that data calls cost nothing else. */
bool sock_any_accepting(void);
void sock_count_accepting(int change);

#endif
