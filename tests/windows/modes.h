/* SPDX-License-Identifier: Apache-2.0
 * modes: every way in which Windows programs use a connection. */
#ifndef DICOMTLS_TEST_MODES_H
#define DICOMTLS_TEST_MODES_H

#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <windows.h>

/* A way: how to connect, to accept, to send all of LEN bytes, to receive some.
 * They end the program when something fails (die). */
struct mode {
	const char *name;
	SOCKET (*dial)(const struct sockaddr *to, int len);
	SOCKET (*take)(SOCKET listener, int family);
	void (*send)(SOCKET s, const char *buf, int len);
	int (*recv)(SOCKET s, char *buf, int len);
	int early;	/* dial sends the first bytes too */
};

/* The first bytes, which dial has to send, or NULL. */
enum { EARLY = 10000 };
extern const char *early;

extern const struct mode waiting_modes[], overlapped_modes[];

/* Says WHAT failed with which error, and exits with that error modulo 256, so
 * that native codes can be compared. */
void die(const char *what) __attribute__((noreturn));

#endif
