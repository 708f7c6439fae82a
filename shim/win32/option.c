/* SPDX-License-Identifier: Apache-2.0
 * option: calls that change a socket or ask about it, and its end. */
#include "win32/dial.h"
#include "win32/loop.h"
#include "win32/socktab.h"
#include "win32/taken.h"

#include <mswsock.h>

#include <string.h>

#include "base/log.h"
#include "win32/gate.h"

/* Birth and death --------------------------------------------------------------- */

/* A handle may have been closed where no hook saw it (CloseHandle). */
static SOCKET
born(SOCKET s)
{
	if (s != INVALID_SOCKET)
		sock_forget(s);
	return s;
}

SOCKET WSAAPI
hook_socket(int family, int type, int protocol)
{
	return born(real.socket(family, type, protocol));
}

SOCKET WSAAPI
hook_WSASocketA(int family, int type, int protocol, LPWSAPROTOCOL_INFOA info,
    GROUP group, DWORD flags)
{
	return born(real.WSASocketA(family, type, protocol, info, group,
	    flags));
}

SOCKET WSAAPI
hook_WSASocketW(int family, int type, int protocol, LPWSAPROTOCOL_INFOW info,
    GROUP group, DWORD flags)
{
	return born(real.WSASocketW(family, type, protocol, info, group,
	    flags));
}

/* Whoever waits for ConnectEx must hear of its end, which Windows only tells
 * of a call that Windows has: give it one that closesocket() aborts. */
static void
abort_connect(struct sock *k)
{
	struct loop nobody;
	GUID id = WSAID_CONNECTEX;
	LPFN_CONNECTEX native;
	DWORD n;

	if (k->connecting == NULL ||
	    real.WSAIoctl(k->handle, SIO_GET_EXTENSION_FUNCTION_POINTER, &id,
	    sizeof id, &native, sizeof native, &n, NULL, NULL) != 0 ||
	    loop_refusing(&nobody, AF_INET, NULL) != 0)
		return;
	native(k->handle, (void *)&nobody.addr, nobody.len, NULL, 0, NULL,
	    k->connecting);
	k->connecting = NULL;
	loop_close(&nobody);
}

int WSAAPI
hook_closesocket(SOCKET s)
{
	struct sock *k = sock_find(s);

	if (k == NULL)
		return real.closesocket(s);
	EnterCriticalSection(&k->lock);
	k->closed = true;
	if (k->state == SOCK_DIALING)
		abort_connect(k);
	taken_give_up(k);
	if (k->relay != NULL)
		relay_abandoned(k->relay);
	LeaveCriticalSection(&k->lock);
	sock_forget(s);
	sock_release(k);
	return real.closesocket(s);
}

/* Modes that Windows tells nobody ------------------------------------------------ */

static void
set_nonblocking(SOCKET s, bool on)
{
	struct sock *k = sock_get(s);

	if (k != NULL)
		k->nonblocking = on;
	sock_release(k);
}

int WSAAPI
hook_ioctlsocket(SOCKET s, long command, u_long *arg)
{
	int r = real.ioctlsocket(s, command, arg);

	if (r == 0 && command == (long)FIONBIO)
		set_nonblocking(s, *arg != 0);
	return r;
}

static void
set_events(SOCKET s, HANDLE event, HWND window, UINT message, long events)
{
	struct sock *k = sock_get(s);

	if (k == NULL)
		return;
	if (events != 0)
		k->nonblocking = true;
	k->event = events != 0 ? event : NULL;
	k->window = events != 0 ? window : NULL;
	k->message = message;
	k->events = events;
	sock_release(k);
}

int WSAAPI
hook_WSAEventSelect(SOCKET s, WSAEVENT event, long events)
{
	int r;

	taken_settle(s);
	r = real.WSAEventSelect(s, event, events);
	if (r == 0)
		set_events(s, event, NULL, 0, events);
	return r;
}

int WSAAPI
hook_WSAAsyncSelect(SOCKET s, HWND window, u_int message, long events)
{
	int r;

	taken_settle(s);
	r = real.WSAAsyncSelect(s, window, message, events);
	if (r == 0)
		set_events(s, NULL, window, message, events);
	return r;
}

/* Functions that have no name ------------------------------------------------------ */

static LPFN_CONNECTEX native_connect;
static accept_ex native_accept;

/* mswsock.h of mingw's does not have these. */
#define SIO_MULTIPLE_EXTENSIONS _WSAIORW(IOC_WS2, 36)

static BOOL PASCAL
hook_connect_ex(SOCKET s, const struct sockaddr *addr, int len, PVOID buf,
    DWORD buf_len, LPDWORD sent, LPOVERLAPPED ov)
{
	const struct connect_ex ex = { native_connect, buf, buf_len, sent, ov };

	return dial_overlapped(s, addr, len, &ex);
}

static BOOL PASCAL
hook_accept_ex(SOCKET listener, SOCKET s, PVOID buf, DWORD data, DWORD local,
    DWORD remote, LPDWORD got, LPOVERLAPPED ov)
{
	return taken_overlapped(native_accept, listener, s, buf, data, local,
	    remote, got, ov);
}

/* There is one provider of TCP; its functions serve every socket of it. */
static void
swap_extension(const GUID *id, void **out)
{
	static const GUID connect_id = WSAID_CONNECTEX;
	static const GUID accept_id = WSAID_ACCEPTEX;

	if (memcmp(id, &connect_id, sizeof *id) == 0) {
		native_connect = (LPFN_CONNECTEX)*out;
		*out = (void *)hook_connect_ex;
	} else if (memcmp(id, &accept_id, sizeof *id) == 0) {
		native_accept = (accept_ex)*out;
		*out = (void *)hook_accept_ex;
	} else {
		*out = hooks_swap(*out);
	}
}

/* Its functions take bytes past every hook, also on a socket that AcceptEx has
 * not settled yet. */
static int
no_rio(void)
{
	log_error("registered I/O (RIO) cannot be upgraded and is refused: the "
	    "program has to use WSASend and WSARecv");
	WSASetLastError(WSAEOPNOTSUPP);
	return SOCKET_ERROR;
}

int WSAAPI
hook_WSAIoctl(SOCKET s, DWORD command, LPVOID in, DWORD in_len, LPVOID out,
    DWORD out_len, LPDWORD got, LPWSAOVERLAPPED ov,
    LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
	int r;

	if (command == SIO_MULTIPLE_EXTENSIONS &&
	    (gate_any(ROLE_CLIENT) || gate_any(ROLE_SERVER)))
		return no_rio();
	r = real.WSAIoctl(s, command, in, in_len, out, out_len, got, ov,
	    routine);
	if (r != 0)
		return r;
	if (command == SIO_GET_EXTENSION_FUNCTION_POINTER &&
	    in_len >= sizeof(GUID) && out_len >= sizeof(void *))
		swap_extension(in, out);
	else if (command == FIONBIO && in_len >= sizeof(u_long))
		set_nonblocking(s, *(u_long *)in != 0);
	return r;
}

/* Options and addresses --------------------------------------------------------------- */

int WSAAPI
hook_setsockopt(SOCKET s, int level, int name, const char *value, int len)
{
	struct sock *k;
	int error = taken_settle(s);

	if (error != 0) {
		WSASetLastError(error);
		return SOCKET_ERROR;
	}
	k = sock_find(s);
	if (k != NULL && k->relay != NULL) {
		relay_set_option(k->relay, level, name, value, len);
		/* Not true of this socket, and nothing to be done. */
		if (level == SOL_SOCKET && name == SO_UPDATE_ACCEPT_CONTEXT) {
			sock_release(k);
			return 0;
		}
	}
	sock_release(k);
	return real.setsockopt(s, level, name, value, len);
}

static int
give_address(const struct sockaddr_storage *from, struct sockaddr *to, int *len)
{
	int size = from->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) :
	    sizeof(struct sockaddr_in);

	if (to == NULL || len == NULL || *len < size) {
		WSASetLastError(WSAEFAULT);
		return SOCKET_ERROR;
	}
	memcpy(to, from, (size_t)size);
	*len = size;
	return 0;
}

/* The native call first: it knows of sockets that are closed or not connected
 * yet. */
static int
address_of(SOCKET s, struct sockaddr *to, int *len, bool peer)
{
	struct sockaddr_storage own;
	int own_len = sizeof own, r;
	struct sock *k;

	taken_settle(s);
	k = sock_find(s);
	if (k == NULL || k->relay == NULL) {
		sock_release(k);
		return peer ? real.getpeername(s, to, len) :
		    real.getsockname(s, to, len);
	}
	r = peer ? real.getpeername(s, (struct sockaddr *)&own, &own_len) :
	    real.getsockname(s, (struct sockaddr *)&own, &own_len);
	if (r == 0)
		r = give_address(peer ? relay_peer(k->relay) :
		    relay_local(k->relay), to, len);
	sock_release(k);
	return r;
}

int WSAAPI
hook_getpeername(SOCKET s, struct sockaddr *addr, int *len)
{
	return address_of(s, addr, len, true);
}

int WSAAPI
hook_getsockname(SOCKET s, struct sockaddr *addr, int *len)
{
	return address_of(s, addr, len, false);
}

/* Another process cannot have the relay. */

static int
stays_here(SOCKET s)
{
	struct sock *k = sock_find(s);
	bool relayed = k != NULL && k->relay != NULL;

	sock_release(k);
	if (!relayed)
		return 0;
	log_error("a connection cannot be given to another process once TLS "
	    "has begun: WSADuplicateSocket is refused");
	WSASetLastError(WSAEOPNOTSUPP);
	return SOCKET_ERROR;
}

int WSAAPI
hook_WSADuplicateSocketA(SOCKET s, DWORD process, LPWSAPROTOCOL_INFOA info)
{
	return stays_here(s) != 0 ? SOCKET_ERROR :
	    real.WSADuplicateSocketA(s, process, info);
}

int WSAAPI
hook_WSADuplicateSocketW(SOCKET s, DWORD process, LPWSAPROTOCOL_INFOW info)
{
	return stays_here(s) != 0 ? SOCKET_ERROR :
	    real.WSADuplicateSocketW(s, process, info);
}
