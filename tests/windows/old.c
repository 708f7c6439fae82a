/* SPDX-License-Identifier: Apache-2.0
 * old: a program of the days of Winsock 1.1, which imports from wsock32.dll.
 *
 *	old PORT	sends 5000 bytes to 127.0.0.1 and expects them back
 *	old -l PORT	the other end of it
 */
#include <winsock.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES = 5000 };

static struct sockaddr_in
address(const char *port)
{
	struct sockaddr_in a = { 0 };

	a.sin_family = AF_INET;
	a.sin_port = htons((u_short)atoi(port));
	a.sin_addr.s_addr = inet_addr("127.0.0.1");
	return a;
}

static int
read_all(SOCKET s, char *buf)
{
	int have = 0, n;

	while (have < BYTES && (n = recv(s, buf + have, BYTES - have, 0)) > 0)
		have += n;
	return have;
}

static int
client(const char *port)
{
	struct sockaddr_in to = address(port);
	SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
	char sent[BYTES], got[BYTES];

	memset(sent, 'o', sizeof sent);
	if (connect(s, (struct sockaddr *)&to, sizeof to) != 0 ||
	    send(s, sent, BYTES, 0) != BYTES || shutdown(s, 1) != 0 ||
	    read_all(s, got) != BYTES || memcmp(sent, got, BYTES) != 0)
		return 1;
	closesocket(s);
	printf("good\n");
	return 0;
}

static int
server(const char *port)
{
	struct sockaddr_in at = address(port);
	SOCKET l = socket(AF_INET, SOCK_STREAM, 0), s;
	char buf[BYTES];

	if (bind(l, (struct sockaddr *)&at, sizeof at) != 0 ||
	    listen(l, 5) != 0)
		return 1;
	s = accept(l, NULL, NULL);
	if (read_all(s, buf) != BYTES || send(s, buf, BYTES, 0) != BYTES)
		return 1;
	closesocket(s);
	printf("good\n");
	return 0;
}

int
main(int argc, char **argv)
{
	WSADATA data;

	WSAStartup(MAKEWORD(1, 1), &data);
	return argc == 3 ? server(argv[2]) : client(argv[1]);
}
