/* SPDX-License-Identifier: Apache-2.0
 * taken: accept() and its kin. */
#ifndef DICOMTLS_TAKEN_H
#define DICOMTLS_TAKEN_H

#include "win32/hooks.h"

struct sock;

/* AcceptEx's own function. */
typedef BOOL (PASCAL *accept_ex)(SOCKET, SOCKET, void *, DWORD, DWORD, DWORD,
    DWORD *, OVERLAPPED *);

BOOL taken_overlapped(accept_ex native, SOCKET listener, SOCKET s, void *buf,
    DWORD data, DWORD local, DWORD remote, DWORD *got, OVERLAPPED *ov);

/*
 * The program is about to use a socket that AcceptEx was given: if its
 * connection came, the relay takes that, and the program's socket is connected
 * to the relay.  0: it may go on (S is none of ours, or done); an error of
 * Winsock's otherwise.
 */
int taken_settle(SOCKET s);

/* The program closes a socket that AcceptEx waits for: so must ours. */
void taken_give_up(struct sock *k);

#endif
