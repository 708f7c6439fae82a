/* SPDX-License-Identifier: Apache-2.0
 * refusals: what a program hears of calls that cannot be upgraded.
 *
 *	refusals accept-data PORT	AcceptEx that waits for data
 *	refusals by-name PORT		WSAConnectByNameW to 127.0.0.1
 *	refusals by-name-a PORT		WSAConnectByNameA
 *	refusals rio PORT		registered I/O
 *	refusals duplicate PORT		WSADuplicateSocketW once connected
 *	refusals listen PORT		listen
 */
#include "modes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static SOCKET
new_socket(void)
{
	SOCKET s = WSASocketW(AF_INET, SOCK_STREAM, 0, NULL, 0,
	    WSA_FLAG_OVERLAPPED);

	if (s == INVALID_SOCKET)
		exit(2);
	return s;
}

static struct sockaddr_in
loopback(const char *port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((u_short)atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static SOCKET
listener(const char *port)
{
	struct sockaddr_in at = loopback(port);
	SOCKET l = new_socket();

	if (bind(l, (struct sockaddr *)&at, sizeof at) != 0)
		exit(2);
	return l;
}

static int
accept_data(const char *port)
{
	enum { ADDRESS = sizeof(struct sockaddr_in) + 16 };
	static char buf[100 + 2 * ADDRESS];
	SOCKET l = listener(port);
	OVERLAPPED ov = { 0 };
	DWORD n;

	if (listen(l, 5) != 0)
		exit(2);
	return AcceptEx(l, new_socket(), buf, 100, ADDRESS, ADDRESS, &n, &ov);
}

static int
by_name(const char *port)
{
	wchar_t wide[16];

	swprintf(wide, 16, L"%hs", port);
	return WSAConnectByNameW(new_socket(), (wchar_t *)L"127.0.0.1", wide,
	    NULL, NULL, NULL, NULL, NULL, NULL);
}

static int
by_name_a(const char *port)
{
	return WSAConnectByNameA(new_socket(), (char *)"127.0.0.1",
	    (char *)port, NULL, NULL, NULL, NULL, NULL, NULL);
}

static int
rio(const char *port)
{
	GUID id = { 0x8509e081, 0x96dd, 0x4005,
		{ 0xb1, 0x65, 0x9e, 0x2e, 0xe8, 0xc7, 0x9e, 0x3f } };
	char table[256];
	DWORD n;

	(void)port;
	return WSAIoctl(new_socket(), _WSAIORW(IOC_WS2, 36), &id, sizeof id,
	    table, sizeof table, &n, NULL, NULL) == 0;
}

static int
duplicate(const char *port)
{
	struct sockaddr_in to = loopback(port);
	WSAPROTOCOL_INFOW info;
	SOCKET s = new_socket();

	if (connect(s, (struct sockaddr *)&to, sizeof to) != 0)
		exit(2);
	return WSADuplicateSocketW(s, GetCurrentProcessId(), &info) == 0;
}

static int
listens(const char *port)
{
	return listen(listener(port), 5) == 0;
}

static const struct {
	const char *name;
	int (*run)(const char *port);
} calls[] = {
	{ "accept-data", accept_data }, { "by-name", by_name },
	{ "by-name-a", by_name_a }, { "duplicate", duplicate },
	{ "listen", listens }, { "rio", rio },
};

int
main(int argc, char **argv)
{
	WSADATA data;
	size_t i;

	WSAStartup(MAKEWORD(2, 2), &data);
	for (i = 0; argc == 3 && i < sizeof calls / sizeof calls[0]; i++)
		if (strcmp(calls[i].name, argv[1]) == 0) {
			if (calls[i].run(argv[2]))
				printf("it went well\n");
			else
				printf("error %d\n", WSAGetLastError());
			return 0;
		}
	return 2;
}
