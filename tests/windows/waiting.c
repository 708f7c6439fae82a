/* SPDX-License-Identifier: Apache-2.0
 * waiting: modes that block, or wait until a call would not. */
#include "modes.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_MS = 60000 };

/* The calls by which a mode goes: imported, or looked up. */
static __typeof__(connect) *do_connect = connect;
static __typeof__(accept) *do_accept = accept;
static __typeof__(send) *do_send = send;
static __typeof__(recv) *do_recv = recv;

static SOCKET
new_socket(int family)
{
	SOCKET s = socket(family, SOCK_STREAM, 0);

	if (s == INVALID_SOCKET)
		die("socket");
	return s;
}

/* Blocking ------------------------------------------------------------------------ */

static SOCKET
block_dial(const struct sockaddr *to, int len)
{
	SOCKET s = new_socket(to->sa_family);

	if (do_connect(s, to, len) != 0)
		die("connect");
	return s;
}

static SOCKET
block_take(SOCKET l, int family)
{
	struct sockaddr_storage a;
	int len = sizeof a;
	SOCKET s = do_accept(l, (struct sockaddr *)&a, &len);

	if (s == INVALID_SOCKET || a.ss_family != family)
		die("accept");
	return s;
}

static void
block_send(SOCKET s, const char *buf, int len)
{
	int n;

	for (; len > 0; buf += n, len -= n)
		if ((n = do_send(s, buf, len, 0)) < 0)
			die("send");
}

static int
block_recv(SOCKET s, char *buf, int len)
{
	int n = do_recv(s, buf, len, 0);

	if (n < 0)
		die("recv");
	return n;
}

/* The same, by other ways to the functions ------------------------------------------- */

static void
look_up(const char *dll, bool ordinals)
{
	HMODULE m = LoadLibraryA(dll);

	do_connect = (void *)GetProcAddress(m, ordinals ? (LPCSTR)4 :
	    "connect");
	do_accept = (void *)GetProcAddress(m, ordinals ? (LPCSTR)1 :
	    "accept");
	do_send = (void *)GetProcAddress(m, ordinals ? (LPCSTR)19 : "send");
	do_recv = (void *)GetProcAddress(m, ordinals ? (LPCSTR)16 : "recv");
	if (do_connect == NULL || do_accept == NULL || do_send == NULL ||
	    do_recv == NULL)
		die("GetProcAddress");
}

static SOCKET
name_dial(const struct sockaddr *to, int len)
{
	look_up("ws2_32.dll", false);
	return block_dial(to, len);
}

static SOCKET
name_take(SOCKET l, int family)
{
	look_up("ws2_32.dll", false);
	return block_take(l, family);
}

static SOCKET
ordinal_dial(const struct sockaddr *to, int len)
{
	look_up("ws2_32.dll", true);
	return block_dial(to, len);
}

static SOCKET
ordinal_take(SOCKET l, int family)
{
	look_up("ws2_32.dll", true);
	return block_take(l, family);
}

static SOCKET
old_dial(const struct sockaddr *to, int len)
{
	look_up("wsock32.dll", false);
	return block_dial(to, len);
}

static SOCKET
old_take(SOCKET l, int family)
{
	look_up("wsock32.dll", false);
	return block_take(l, family);
}

static SOCKET
wsa_dial(const struct sockaddr *to, int len)
{
	SOCKET s = new_socket(to->sa_family);

	if (WSAConnect(s, to, len, NULL, NULL, NULL, NULL) != 0)
		die("WSAConnect");
	return s;
}

static SOCKET
wsa_take(SOCKET l, int family)
{
	SOCKET s = WSAAccept(l, NULL, NULL, NULL, 0);

	(void)family;
	if (s == INVALID_SOCKET)
		die("WSAAccept");
	return s;
}

/* A socket of IPv6's that is also for IPv4. */
static SOCKET
both_dial(const struct sockaddr *to, int len)
{
	SOCKET s = new_socket(AF_INET6);
	DWORD no = 0;

	if (setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, (char *)&no, sizeof no) !=
	    0)
		die("IPV6_V6ONLY");
	if (connect(s, to, len) != 0)
		die("connect");
	return s;
}

/* Bound to the address of an interface, as programs with several do: MODES_FROM,
 * or the one that leads to the peer. */
static SOCKET
bound_dial(const struct sockaddr *to, int len)
{
	SOCKET s = new_socket(to->sa_family), probe;
	struct sockaddr_storage own = { .ss_family = AF_INET };
	const char *from = getenv("MODES_FROM");
	int own_len = sizeof own;

	probe = socket(to->sa_family, SOCK_DGRAM, 0);
	connect(probe, to, len);
	if (from == NULL)
		getsockname(probe, (struct sockaddr *)&own, &own_len);
	else if (inet_pton(AF_INET, from,
	    &((struct sockaddr_in *)&own)->sin_addr) != 1)
		die("MODES_FROM");
	((struct sockaddr_in *)&own)->sin_port = 0;
	if (bind(s, (struct sockaddr *)&own, own_len) != 0)
		die("bind");
	if (connect(s, to, len) != 0)
		die("connect");
	return s;
}

/* Not blocking, with four ways to wait ---------------------------------------------------- */

/* Waits until one of EVENTS (FD_READ and so on) is likely. */
static void (*wait_for)(SOCKET s, long events);
static HANDLE event;
static HWND window;

static void
wait_select(SOCKET s, long events)
{
	struct timeval tv = { LIMIT_MS / 1000, 0 };
	fd_set in, out, bad;
	int error, len = sizeof error;

	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&bad);
	if (events & (FD_READ | FD_ACCEPT))
		FD_SET(s, &in);
	if (events & (FD_WRITE | FD_CONNECT))
		FD_SET(s, &out);
	FD_SET(s, &bad);
	if (select(0, &in, &out, &bad, &tv) <= 0)
		die("select");
	if (!FD_ISSET(s, &bad) || !(events & FD_CONNECT))
		return;
	getsockopt(s, SOL_SOCKET, SO_ERROR, (char *)&error, &len);
	WSASetLastError(error);
	die("connect");
}

static void
wait_poll(SOCKET s, long events)
{
	WSAPOLLFD p = { .fd = s };

	if (events & (FD_READ | FD_ACCEPT))
		p.events |= POLLRDNORM;
	if (events & (FD_WRITE | FD_CONNECT))
		p.events |= POLLWRNORM;
	if (WSAPoll(&p, 1, LIMIT_MS) <= 0)
		die("WSAPoll");
	if ((events & FD_CONNECT) && (p.revents & (POLLERR | POLLHUP)))
		wait_select(s, events);
}

static void
check_connect(const WSANETWORKEVENTS *e)
{
	if (!(e->lNetworkEvents & FD_CONNECT) ||
	    e->iErrorCode[FD_CONNECT_BIT] == 0)
		return;
	WSASetLastError(e->iErrorCode[FD_CONNECT_BIT]);
	die("connect");
}

static void
wait_event(SOCKET s, long events)
{
	WSANETWORKEVENTS e = { 0 };

	while ((e.lNetworkEvents & (events | FD_CLOSE)) == 0) {
		if (WSAWaitForMultipleEvents(1, &event, FALSE, LIMIT_MS,
		    FALSE) != WSA_WAIT_EVENT_0) {
			WSASetLastError(WSAETIMEDOUT);
			die("event");
		}
		if (WSAEnumNetworkEvents(s, event, &e) != 0)
			die("WSAEnumNetworkEvents");
		check_connect(&e);
	}
}

static void
wait_message(SOCKET s, long events)
{
	MSG msg;

	(void)s;
	while (GetMessageW(&msg, NULL, 0, 0) > 0) {
		if (msg.message == WM_TIMER) {
			WSASetLastError(WSAETIMEDOUT);
			die("message");
		}
		if (msg.message != WM_USER ||
		    (WSAGETSELECTEVENT(msg.lParam) & (events | FD_CLOSE)) == 0)
			continue;
		if (WSAGETSELECTERROR(msg.lParam) == 0)
			return;
		WSASetLastError(WSAGETSELECTERROR(msg.lParam));
		die("message");
	}
}

static bool
would_block(const char *what)
{
	if (WSAGetLastError() != WSAEWOULDBLOCK)
		die(what);
	return true;
}

static void
nonblocking(SOCKET s)
{
	u_long yes = 1;

	if (ioctlsocket(s, FIONBIO, &yes) != 0)
		die("ioctlsocket");
}

static void
arm(SOCKET s, long events)
{
	if (wait_for == wait_event) {
		if (event == NULL)
			event = WSACreateEvent();
		if (WSAEventSelect(s, event, events) != 0)
			die("WSAEventSelect");
	} else if (wait_for == wait_message) {
		if (window == NULL)
			window = CreateWindowW(L"STATIC", L"", 0, 0, 0, 0, 0,
			    HWND_MESSAGE, NULL, NULL, NULL);
		SetTimer(window, 1, LIMIT_MS, NULL);
		if (WSAAsyncSelect(s, window, WM_USER, events) != 0)
			die("WSAAsyncSelect");
	} else {
		nonblocking(s);
	}
}

#define ALL (FD_READ | FD_WRITE | FD_CLOSE | FD_CONNECT)

static SOCKET
soon_dial(const struct sockaddr *to, int len)
{
	SOCKET s = new_socket(to->sa_family);

	arm(s, ALL);
	if (connect(s, to, len) != 0 && would_block("connect"))
		wait_for(s, FD_CONNECT);
	return s;
}

/* The accepted socket has its listener's events. */
static SOCKET
soon_take(SOCKET l, int family)
{
	SOCKET s;

	(void)family;
	arm(l, FD_ACCEPT | ALL);
	while ((s = accept(l, NULL, NULL)) == INVALID_SOCKET &&
	    would_block("accept"))
		wait_for(l, FD_ACCEPT);
	return s;
}

static void
soon_send(SOCKET s, const char *buf, int len)
{
	int n;

	while (len > 0) {
		n = send(s, buf, len, 0);
		if (n < 0 && would_block("send"))
			wait_for(s, FD_WRITE);
		buf += n > 0 ? n : 0;
		len -= n > 0 ? n : 0;
	}
}

static int
soon_recv(SOCKET s, char *buf, int len)
{
	int n;

	while ((n = recv(s, buf, len, 0)) < 0 && would_block("recv"))
		wait_for(s, FD_READ);
	return n;
}

#define SOON(way) \
static SOCKET \
way##_dial(const struct sockaddr *to, int len) \
{ \
	wait_for = wait_##way; \
	return soon_dial(to, len); \
} \
static SOCKET \
way##_take(SOCKET l, int family) \
{ \
	wait_for = wait_##way; \
	return soon_take(l, family); \
}

SOON(select)
SOON(poll)
SOON(event)
SOON(message)

const struct mode waiting_modes[] = {
	{ "blocking", block_dial, block_take, block_send, block_recv, 0 },
	{ "by-name", name_dial, name_take, block_send, block_recv, 0 },
	{ "by-ordinal", ordinal_dial, ordinal_take, block_send, block_recv, 0 },
	{ "wsock32", old_dial, old_take, block_send, block_recv, 0 },
	{ "wsa", wsa_dial, wsa_take, block_send, block_recv, 0 },
	{ "bound", bound_dial, NULL, block_send, block_recv, 0 },
	{ "both", both_dial, NULL, block_send, block_recv, 0 },
	{ "select", select_dial, select_take, soon_send, soon_recv, 0 },
	{ "poll", poll_dial, poll_take, soon_send, soon_recv, 0 },
	{ "event", event_dial, event_take, soon_send, soon_recv, 0 },
	{ "message", message_dial, message_take, soon_send, soon_recv, 0 },
	{ 0 },
};
