/* SPDX-License-Identifier: Apache-2.0
 * modes: every way in which Windows programs use a connection.
 *
 *	modes list
 *	modes client MODE HOST PORT echo|collect|exit|none
 *	modes server MODE HOST PORT
 */
#include "modes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOTAL = 200000, CHUNK = EARLY };

static char first[CHUNK];
const char *early;

void
die(const char *what)
{
	int error = WSAGetLastError();

	printf("%s: error %d\n", what, error);
	fflush(stdout);
	ExitProcess((UINT)error & 0xff);
}

static void
fill(char *buf, size_t from, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf[i] = (char)((from + i) * 2654435761u >> 24);
}

static void
expect(const struct mode *m, SOCKET s, size_t from, size_t len)
{
	static char got[TOTAL], want[TOTAL];
	size_t have = 0;
	int n;

	while (have < len) {
		n = m->recv(s, got + have, (int)(len - have));
		if (n == 0) {
			printf("the stream ended after %zu bytes\n",
			    from + have);
			exit(1);
		}
		have += (size_t)n;
	}
	fill(want, from, len);
	if (memcmp(got, want, len) != 0) {
		printf("bytes differ behind %zu\n", from);
		exit(1);
	}
}

static void
expect_end(const struct mode *m, SOCKET s)
{
	char c;
	int n = m->recv(s, &c, 1);

	if (n != 0) {
		printf("no end of the stream, but %d\n", n);
		exit(1);
	}
}

static void
show_name(const char *whose, __typeof__(getpeername) *get, SOCKET s)
{
	struct sockaddr_storage a;
	char host[64], port[16];
	int len = sizeof a;

	if (get(s, (struct sockaddr *)&a, &len) != 0)
		die(whose);
	getnameinfo((struct sockaddr *)&a, len, host, sizeof host, port,
	    sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
	printf("%s %s %s\n", whose, host, port);
	fflush(stdout);
}

static void
show_names(SOCKET s)
{
	show_name("peer", getpeername, s);
	show_name("own", getsockname, s);
}

/* Piece by piece, each answered. */
static void
echo(const struct mode *m, SOCKET s)
{
	char buf[CHUNK];
	size_t done;

	for (done = 0; done < TOTAL; done += CHUNK) {
		fill(buf, done, CHUNK);
		if (done > 0 || early == NULL)
			m->send(s, buf, CHUNK);
		expect(m, s, done, CHUNK);
	}
	shutdown(s, SD_SEND);
	expect_end(m, s);
}

static void
send_everything(const struct mode *m, SOCKET s)
{
	char buf[CHUNK];
	size_t done;

	for (done = early != NULL ? CHUNK : 0; done < TOTAL; done += CHUNK) {
		fill(buf, done, CHUNK);
		m->send(s, buf, CHUNK);
	}
}

/* All of it, a half-close, and then all of it back. */
static void
collect(const struct mode *m, SOCKET s)
{
	send_everything(m, s);
	shutdown(s, SD_SEND);
	expect(m, s, 0, TOTAL);
	expect_end(m, s);
}

static void
client(const struct mode *m, const struct addrinfo *ai, const char *what)
{
	SOCKET s;
	char c;

	fill(first, 0, CHUNK);
	if (m->early)
		early = first;
	s = m->dial(ai->ai_addr, (int)ai->ai_addrlen);
	show_names(s);
	if (strcmp(what, "echo") == 0)
		echo(m, s);
	else if (strcmp(what, "collect") == 0)
		collect(m, s);
	else if (strcmp(what, "exit") == 0) {
		send_everything(m, s);
		ExitProcess(0);
	} else if (m->recv(s, &c, 1) == 0)
		printf("the stream ended\n");
	closesocket(s);
}

static void
server(const struct mode *m, const struct addrinfo *ai)
{
	SOCKET l = WSASocketW(ai->ai_family, SOCK_STREAM, 0, NULL, 0,
	    WSA_FLAG_OVERLAPPED), s;
	static char buf[65536];
	int n;

	if (bind(l, ai->ai_addr, (int)ai->ai_addrlen) != 0 ||
	    listen(l, 5) != 0)
		die("listen");
	printf("listening\n");
	fflush(stdout);
	s = m->take(l, ai->ai_family);
	/* What the mode is for comes first: asking for names would settle what
	 * AcceptEx got. */
	n = m->recv(s, buf, sizeof buf);
	show_names(s);
	for (; n > 0; n = m->recv(s, buf, sizeof buf))
		m->send(s, buf, n);
	shutdown(s, SD_SEND);
	closesocket(s);
}

static const struct mode *
find(const struct mode *list, const char *name)
{
	for (; list->name != NULL; list++)
		if (strcmp(list->name, name) == 0)
			return list;
	return NULL;
}

static int
print_list(const struct mode *list)
{
	for (; list->name != NULL; list++)
		printf("%s%s%s\n", list->name, list->dial != NULL ?
		    " client" : "", list->take != NULL ? " server" : "");
	return 0;
}

int
main(int argc, char **argv)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *ai;
	const struct mode *m;
	WSADATA data;

	WSAStartup(MAKEWORD(2, 2), &data);
	if (argc == 2)
		return print_list(waiting_modes) |
		    print_list(overlapped_modes);
	m = find(waiting_modes, argv[2]);
	if (m == NULL)
		m = find(overlapped_modes, argv[2]);
	if (argc < 5 || m == NULL ||
	    getaddrinfo(argv[3], argv[4], &hints, &ai) != 0)
		return 2;
	if (strcmp(argv[1], "client") == 0)
		client(m, ai, argv[5]);
	else
		server(m, ai);
	printf("good\n");
	return 0;
}
