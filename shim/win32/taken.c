/* SPDX-License-Identifier: Apache-2.0
 * taken: accept() and its kin.  Connections are accepted natively; then the
 * relay gets the real socket, and the program one that leads to the relay.
 * bind() is left alone, and listen() only told when there is no certificate. */
#include "win32/taken.h"

#include <string.h>

#include "base/log.h"
#include "win32/gate.h"
#include "win32/loop.h"
#include "win32/relay.h"
#include "win32/socktab.h"

enum { TAKE_MS = 5000 };

/* The relay ------------------------------------------------------------------- */

struct handover {
	struct relay *relay;
	SOCKET loop;
};

static DWORD WINAPI
run(void *arg)
{
	struct handover h = *(struct handover *)arg;

	HeapFree(GetProcessHeap(), 0, arg);
	relay_run(h.relay, h.loop);
	relay_release(h.relay);
	relay_thread_end();
	return 0;
}

/* Takes LOOP and a reference to R. */
static int
start(struct relay *r, SOCKET loop)
{
	struct handover *h = HeapAlloc(GetProcessHeap(), 0, sizeof *h);
	HANDLE thread = NULL;

	if (h != NULL) {
		*h = (struct handover){ r, loop };
		thread = CreateThread(NULL, 0, run, h, 0, NULL);
	}
	if (thread == NULL) {
		if (h != NULL)
			HeapFree(GetProcessHeap(), 0, h);
		loop_reset(loop);
		relay_release(r);
		return WSAENOBUFS;
	}
	CloseHandle(thread);
	return 0;
}

static int
family_of(SOCKET s)
{
	WSAPROTOCOL_INFOW info;
	int len = sizeof info;

	if (getsockopt(s, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&info,
	    &len) != 0)
		return AF_INET;
	return info.iAddressFamily;
}

/* A connect() inside this machine is over at once, or with select() soon. */
static int
connect_now(SOCKET s, const struct loop *l)
{
	struct timeval tv = { .tv_sec = TAKE_MS / 1000 };
	fd_set set;

	if (real.connect(s, (void *)&l->addr, l->len) == 0)
		return 0;
	if (WSAGetLastError() != WSAEWOULDBLOCK)
		return WSAGetLastError();
	FD_ZERO(&set);
	FD_SET(s, &set);
	return select(0, NULL, &set, NULL, &tv) == 1 ? 0 : WSAETIMEDOUT;
}

/*
 * Connects the program's socket K to a relay for NET, which is the relay's.
 * CONF NULL: the bytes pass as they are.
 */
static int
join(struct sock *k, SOCKET net, const struct tlsconf *conf)
{
	struct relay_args args = { ROLE_SERVER, conf, NULL, net };
	struct relay *r = relay_new(&args);
	struct loop l;
	SOCKET end;
	int error;

	if (r == NULL)
		return WSAENOBUFS;
	error = loop_open(&l, family_of(k->handle), NULL);
	if (error == 0)
		error = connect_now(k->handle, &l);
	if (error != 0) {
		relay_release(r);
		loop_close(&l);
		return error;
	}
	end = loop_take(&l, k->handle, TAKE_MS);
	loop_close(&l);
	if (end == INVALID_SOCKET) {
		relay_release(r);
		return WSAECONNABORTED;
	}
	k->relay = r;
	k->state = SOCK_RELAYED;
	relay_hold(r);
	relay_begins(r);
	return start(r, end);
}

/* listen() ----------------------------------------------------------------------- */

/* Better now than at the first connection, at night. */
int WSAAPI
hook_listen(SOCKET s, int backlog)
{
	const struct tlsconf *conf = NULL;
	enum verdict v = gate_listener(s, &conf);

	if (v == VERDICT_REFUSE || (v == VERDICT_TLS &&
	    relay_prepare(conf, ROLE_SERVER) < 0)) {
		WSASetLastError(WSAEACCES);
		return SOCKET_ERROR;
	}
	return real.listen(s, backlog);
}

/* accept() ----------------------------------------------------------------------- */

/* An accepted socket is as its listener: non-blocking, with its events. */
static void
inherit(struct sock *k, SOCKET listener)
{
	const long useful = FD_READ | FD_WRITE | FD_OOB | FD_CLOSE;
	struct sock *from = sock_find(listener);
	u_long yes = 1;

	if (from == NULL)
		return;
	if (from->nonblocking)
		real.ioctlsocket(k->handle, FIONBIO, &yes);
	k->nonblocking = from->nonblocking;
	k->event = from->event;
	k->window = from->window;
	k->message = from->message;
	k->events = from->events;
	if (k->event != NULL)
		real.WSAEventSelect(k->handle, k->event, k->events & useful);
	else if (k->window != NULL)
		real.WSAAsyncSelect(k->handle, k->window, k->message,
		    k->events & useful);
	sock_release(from);
}

static SOCKET
refused(SOCKET net)
{
	loop_reset(net);
	WSASetLastError(WSAECONNRESET);
	return INVALID_SOCKET;
}

static SOCKET
swap(SOCKET net, SOCKET listener, const struct tlsconf *conf)
{
	SOCKET s = real.WSASocketW(family_of(listener), SOCK_STREAM,
	    IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
	struct sock *k;
	int error;

	if (s == INVALID_SOCKET)
		return refused(net);
	sock_forget(s);
	k = sock_get(s);
	if (k == NULL) {
		real.closesocket(s);
		return refused(net);
	}
	error = join(k, net, conf);
	if (error == 0)
		inherit(k, listener);
	sock_release(k);
	if (error == 0)
		return s;
	log_error("an accepted connection could not be handed over (error "
	    "%d), so it was closed", error);
	sock_forget(s);
	real.closesocket(s);
	WSASetLastError(WSAECONNRESET);
	return INVALID_SOCKET;
}

static SOCKET
take_in(SOCKET s, SOCKET listener)
{
	const struct tlsconf *conf;

	if (s == INVALID_SOCKET)
		return s;
	sock_forget(s);
	switch (gate_incoming(s, &conf)) {
	case VERDICT_PLAIN:
		return s;
	case VERDICT_TLS:
		return swap(s, listener, conf);
	default:
		return refused(s);
	}
}

SOCKET WSAAPI
hook_accept(SOCKET s, struct sockaddr *addr, int *len)
{
	return take_in(real.accept(s, addr, len), s);
}

SOCKET WSAAPI
hook_WSAAccept(SOCKET s, struct sockaddr *addr, LPINT len,
    LPCONDITIONPROC condition, DWORD_PTR data)
{
	return take_in(real.WSAAccept(s, addr, len, condition, data), s);
}

/* AcceptEx ------------------------------------------------------------------------ */

static bool
is_ours(SOCKET listener)
{
	struct sock *k = sock_get(listener);
	const struct tlsconf *conf;
	bool ours;

	if (k == NULL)
		return true;
	if (k->upgrades == 0)
		k->upgrades = gate_listener(listener, &conf) !=
		    VERDICT_PLAIN ? 1 : -1;
	ours = k->upgrades > 0;
	sock_release(k);
	return ours;
}

static bool
prepare(struct sock *k, SOCKET listener)
{
	SOCKET net = real.WSASocketW(family_of(listener), SOCK_STREAM,
	    IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED |
	    WSA_FLAG_NO_HANDLE_INHERIT);

	if (net == INVALID_SOCKET)
		return false;
	EnterCriticalSection(&k->lock);
	relay_release(k->relay);	/* DisconnectEx gave it back for reuse */
	k->relay = NULL;
	k->state = SOCK_ACCEPTING;
	k->accepted = net;
	k->listener = listener;
	LeaveCriticalSection(&k->lock);
	sock_count_accepting(1);
	return true;
}

/* With K's lock.  The socket that was waiting, which is the caller's. */
static SOCKET
stop_waiting(struct sock *k)
{
	SOCKET net = k->accepted;

	k->accepted = INVALID_SOCKET;
	k->state = SOCK_NATIVE;
	sock_count_accepting(-1);
	return net;
}

void
taken_give_up(struct sock *k)
{
	if (k->state == SOCK_ACCEPTING)
		real.closesocket(stop_waiting(k));
}

static BOOL
no_data(void)
{
	log_error("AcceptEx that waits for data on a configured port cannot "
	    "be upgraded and is refused: the program has to ask for none");
	WSASetLastError(WSAEOPNOTSUPP);
	return FALSE;
}

BOOL
taken_overlapped(accept_ex native, SOCKET listener, SOCKET s, void *buf,
    DWORD data, DWORD local, DWORD remote, DWORD *got, OVERLAPPED *ov)
{
	struct sock *k;
	BOOL done;
	int error;

	if (!is_ours(listener))
		return native(listener, s, buf, data, local, remote, got, ov);
	if (data > 0)
		return no_data();
	k = sock_get(s);
	if (k == NULL || !prepare(k, listener)) {
		sock_release(k);
		WSASetLastError(WSAENOBUFS);
		return FALSE;
	}
	done = native(listener, k->accepted, buf, 0, local, remote, got, ov);
	error = WSAGetLastError();
	if (!done && error != ERROR_IO_PENDING) {
		EnterCriticalSection(&k->lock);
		taken_give_up(k);
		LeaveCriticalSection(&k->lock);
	}
	sock_release(k);
	WSASetLastError(error);
	return done;
}

static bool
is_connected(SOCKET s)
{
	DWORD seconds = 0;
	int len = sizeof seconds;

	return getsockopt(s, SOL_SOCKET, SO_CONNECT_TIME, (char *)&seconds,
	    &len) == 0 && seconds != 0xffffffff;
}

/* With K's lock. */
static int
settle(struct sock *k)
{
	const struct tlsconf *conf = NULL;
	SOCKET net, listener = k->listener;

	if (k->state != SOCK_ACCEPTING || !is_connected(k->accepted))
		return 0;
	net = stop_waiting(k);
	real.setsockopt(net, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
	    (char *)&listener, sizeof listener);
	if (gate_incoming(net, &conf) != VERDICT_REFUSE)
		return join(k, net, conf);
	loop_reset(net);
	return WSAECONNRESET;
}

int
taken_settle(SOCKET s)
{
	struct sock *k;
	int error;

	if (!sock_any_accepting() || (k = sock_find(s)) == NULL)
		return 0;
	EnterCriticalSection(&k->lock);
	error = settle(k);
	LeaveCriticalSection(&k->lock);
	sock_release(k);
	if (error != 0)
		log_error("an accepted connection could not be handed over "
		    "(error %d), so it was closed", error);
	return error;
}

BOOL PASCAL
hook_AcceptEx(SOCKET listener, SOCKET s, PVOID buf, DWORD data, DWORD local,
    DWORD remote, LPDWORD got, LPOVERLAPPED ov)
{
	return taken_overlapped(real.AcceptEx, listener, s, buf, data, local,
	    remote, got, ov);
}
