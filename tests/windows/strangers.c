/* SPDX-License-Identifier: Apache-2.0
 * strangers: connections inside the machine, with others who want them.  The
 * window between listening and the program's connection is made wide. */
#include "win32/loop.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

enum { ROUNDS = 20, STRANGERS = 4, WINDOW_MS = 100 };

struct real real;

static volatile LONG refused, served, late;

static void
find(void)
{
	real.accept = accept;
	real.closesocket = closesocket;
	real.connect = connect;
	real.getsockname = getsockname;
	real.ioctlsocket = ioctlsocket;
	real.setsockopt = setsockopt;
	real.WSAIoctl = WSAIoctl;
	real.WSASocketW = WSASocketW;
}

/* Connects and reads: it must get nothing but an end. */
static DWORD WINAPI
stranger(void *arg)
{
	const struct loop *l = arg;
	SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
	char c;

	if (connect(s, (const struct sockaddr *)&l->addr, l->len) != 0)
		InterlockedIncrement(&late);
	else if (recv(s, &c, 1, 0) > 0)
		InterlockedIncrement(&served);
	else
		InterlockedIncrement(&refused);
	closesocket(s);
	return 0;
}

/* One byte that only the two ends can know of. */
static int
same_connection(SOCKET program, SOCKET end)
{
	char c = 0;
	fd_set set;
	struct timeval tv = { 5, 0 };

	if (send(program, "p", 1, 0) != 1)
		return 0;
	FD_ZERO(&set);
	FD_SET(end, &set);
	return select(0, &set, NULL, NULL, &tv) == 1 &&
	    recv(end, &c, 1, 0) == 1 && c == 'p' && send(end, "q", 1, 0) == 1 &&
	    recv(program, &c, 1, 0) == 1 && c == 'q';
}

static int
one_round(void)
{
	HANDLE threads[STRANGERS];
	struct loop l;
	SOCKET program, end;
	int i, good = 0;

	if (loop_open(&l, AF_INET, NULL) != 0)
		return 0;
	for (i = 0; i < STRANGERS; i++)
		threads[i] = CreateThread(NULL, 0, stranger, &l, 0, NULL);
	Sleep(WINDOW_MS);
	program = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(program, (struct sockaddr *)&l.addr, l.len) == 0) {
		end = loop_take(&l, program, 20000);
		good = end != INVALID_SOCKET && same_connection(program, end);
		closesocket(end);
	}
	loop_close(&l);
	WaitForMultipleObjects(STRANGERS, threads, TRUE, 20000);
	for (i = 0; i < STRANGERS; i++)
		CloseHandle(threads[i]);
	closesocket(program);
	return good;
}

int
main(void)
{
	WSADATA data;
	int i, good = 0;

	WSAStartup(MAKEWORD(2, 2), &data);
	log_open("none", LOG_LEVEL_ERROR, false);
	find();
	for (i = 0; i < ROUNDS; i++)
		good += one_round();
	printf("%d of %d connections good, %ld strangers refused, %ld bytes "
	    "served, %ld late\n", good, ROUNDS, refused, served, late);
	return good == ROUNDS && served == 0 && refused > 0 ? 0 : 1;
}
