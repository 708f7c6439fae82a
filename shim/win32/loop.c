/* SPDX-License-Identifier: Apache-2.0
 * loop: a connection inside this machine, between the program's socket and a
 * relay, that no stranger can take. */
#include "win32/loop.h"

#include <mstcpip.h>

#include <string.h>

#include "base/log.h"

enum { BACKLOG = 16 };

static bool
is_wildcard(const struct sockaddr_storage *a)
{
	if (a->ss_family == AF_INET)
		return ((const struct sockaddr_in *)a)->sin_addr.s_addr == 0;
	return IN6_IS_ADDR_UNSPECIFIED(
	    &((const struct sockaddr_in6 *)a)->sin6_addr);
}

static void
pick_address(struct loop *l, int family, const struct sockaddr_storage *bound)
{
	struct sockaddr_in *four = (struct sockaddr_in *)&l->addr;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&l->addr;

	memset(&l->addr, 0, sizeof l->addr);
	l->addr.ss_family = (ADDRESS_FAMILY)family;
	l->len = family == AF_INET6 ? sizeof *six : sizeof *four;
	if (bound != NULL && !is_wildcard(bound)) {
		memcpy(&l->addr, bound, (size_t)l->len);
		four->sin_port = 0;	/* the same place in both */
	} else if (family == AF_INET6) {
		six->sin6_addr = in6addr_loopback;
	} else {
		four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	}
}

/* Bound and nobody else's: no other program can bind the same port. */
static int
bind_own(struct loop *l, int family, const struct sockaddr_storage *bound)
{
	BOOL yes = TRUE;
	DWORD no = 0;

	pick_address(l, family, bound);
	l->listener = real.WSASocketW(family, SOCK_STREAM, IPPROTO_TCP, NULL,
	    0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
	if (l->listener == INVALID_SOCKET)
		return WSAGetLastError();
	real.setsockopt(l->listener, SOL_SOCKET, SO_EXCLUSIVEADDRUSE,
	    (char *)&yes, sizeof yes);
	if (family == AF_INET6)
		real.setsockopt(l->listener, IPPROTO_IPV6, IPV6_V6ONLY,
		    (char *)&no, sizeof no);
	if (bind(l->listener, (struct sockaddr *)&l->addr, l->len) == 0 &&
	    real.getsockname(l->listener, (struct sockaddr *)&l->addr,
	    &l->len) == 0)
		return 0;
	return WSAGetLastError();
}

int
loop_open(struct loop *l, int family, const struct sockaddr_storage *bound)
{
	int error = bind_own(l, family, bound);

	if (error == 0 && listen(l->listener, BACKLOG) != 0)
		error = WSAGetLastError();
	if (error != 0)
		loop_close(l);
	return error;
}

int
loop_refusing(struct loop *l, int family, const struct sockaddr_storage *bound)
{
	int error = bind_own(l, family, bound);

	if (error != 0)
		loop_close(l);
	return error;
}

void
loop_no_retries(SOCKET s)
{
	TCP_INITIAL_RTO_PARAMETERS rto = {
		TCP_INITIAL_RTO_UNSPECIFIED_RTT,
		TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS };
	DWORD n;

	real.WSAIoctl(s, SIO_TCP_INITIAL_RTO, &rto, sizeof rto, NULL, 0, &n,
	    NULL, NULL);
}

void
loop_close(struct loop *l)
{
	if (l->listener != INVALID_SOCKET)
		real.closesocket(l->listener);
	l->listener = INVALID_SOCKET;
}

void
loop_reset(SOCKET s)
{
	struct linger abort = { .l_onoff = 1, .l_linger = 0 };

	real.setsockopt(s, SOL_SOCKET, SO_LINGER, (char *)&abort,
	    sizeof abort);
	real.closesocket(s);
}

/* One end's peer is the other's own address, whatever comes in between. */
static bool
belong_together(const struct sockaddr_storage *a,
    const struct sockaddr_storage *b)
{
	const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;
	const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;

	if (a->ss_family != b->ss_family || a4->sin_port != b4->sin_port)
		return false;
	if (a->ss_family == AF_INET)
		return a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	return memcmp(&a6->sin6_addr, &b6->sin6_addr,
	    sizeof a6->sin6_addr) == 0;
}

static bool
is_programs(const struct sockaddr_storage *from, SOCKET program)
{
	struct sockaddr_storage own;
	int len = sizeof own;

	return real.getsockname(program, (struct sockaddr *)&own, &len) == 0 &&
	    belong_together(from, &own);
}

static SOCKET
accept_one(struct loop *l, SOCKET program)
{
	struct sockaddr_storage from;
	int len = sizeof from;
	SOCKET s = real.accept(l->listener, (struct sockaddr *)&from, &len);
	u_long yes = 1;
	BOOL on = TRUE;

	if (s == INVALID_SOCKET)
		return s;
	if (!is_programs(&from, program)) {
		log_warn("a stranger on this machine connected to the relay's "
		    "port and was turned away");
		loop_reset(s);
		return INVALID_SOCKET;
	}
	real.ioctlsocket(s, FIONBIO, &yes);
	real.setsockopt(s, IPPROTO_TCP, TCP_NODELAY, (char *)&on, sizeof on);
	return s;
}

SOCKET
loop_take(struct loop *l, SOCKET program, DWORD ms)
{
	ULONGLONG end = GetTickCount64() + ms, now;
	struct timeval tv;
	SOCKET s = INVALID_SOCKET;
	fd_set set;

	while (s == INVALID_SOCKET && (now = GetTickCount64()) < end) {
		tv.tv_sec = (long)((end - now) / 1000);
		tv.tv_usec = (long)((end - now) % 1000 * 1000);
		FD_ZERO(&set);
		FD_SET(l->listener, &set);
		if (select(0, &set, NULL, NULL, &tv) != 1)
			break;
		s = accept_one(l, program);
	}
	return s;
}
