/* SPDX-License-Identifier: Apache-2.0
 * dial: connect() and its kin.  The real peer is dialled and TLS is up before
 * the program's own socket is connected to the relay, so that a failure is a
 * native one and no success is reported too early. */
#include "win32/dial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "win32/gate.h"
#include "win32/loop.h"
#include "win32/relay.h"
#include "win32/socktab.h"

enum {
	CONNECT_MS = 21000,	/* as long as Windows itself tries */
	STOP_MS = 100,
	TAKE_MS = 5000,
	REFUSE_MS = 3000	/* a refusal is over by then */
};

struct dial {
	volatile LONG refs;
	struct sock *k;
	struct sockaddr_storage target, bound;
	int len;
	bool is_bound;
	const struct tlsconf *conf;
	char name[256];
	struct loop loop;
	struct relay *relay;

	HANDLE done;		/* of a blocking connect(), or NULL */
	int error;		/* Winsock's, 0: good */

	struct connect_ex ex;	/* of ConnectEx: ex.ov is not NULL */
};

static void
dial_release(struct dial *d)
{
	if (InterlockedDecrement(&d->refs) > 0)
		return;
	sock_release(d->k);
	relay_release(d->relay);
	loop_close(&d->loop);
	if (d->done != NULL)
		CloseHandle(d->done);
	free(d);
}

/* The peer ------------------------------------------------------------------- */

/* The program may have chosen the address to come from; its port is taken by
 * its own socket. */
static SOCKET
new_socket(const struct dial *d)
{
	struct sockaddr_storage from = d->bound;
	DWORD no = 0;
	u_long yes = 1;
	SOCKET s = real.WSASocketW(d->target.ss_family, SOCK_STREAM,
	    IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED |
	    WSA_FLAG_NO_HANDLE_INHERIT);

	if (s == INVALID_SOCKET)
		return s;
	if (d->target.ss_family == AF_INET6)
		real.setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, (char *)&no,
		    sizeof no);
	((struct sockaddr_in *)&from)->sin_port = 0;
	if ((d->is_bound && bind(s, (struct sockaddr *)&from, d->len) != 0) ||
	    real.ioctlsocket(s, FIONBIO, &yes) != 0) {
		real.closesocket(s);
		return INVALID_SOCKET;
	}
	return s;
}

/* 0 connected, WSAEWOULDBLOCK not yet, or the error. */
static int
look(SOCKET s)
{
	struct timeval tv = { .tv_usec = STOP_MS * 1000 };
	fd_set good, bad;
	int error = 0, len = sizeof error;

	FD_ZERO(&good);
	FD_ZERO(&bad);
	FD_SET(s, &good);
	FD_SET(s, &bad);
	if (select(0, NULL, &good, &bad, &tv) <= 0)
		return WSAEWOULDBLOCK;
	if (FD_ISSET(s, &good))
		return 0;
	getsockopt(s, SOL_SOCKET, SO_ERROR, (char *)&error, &len);
	return error != 0 ? error : WSAECONNREFUSED;
}

static int
reach(struct dial *d, SOCKET s)
{
	ULONGLONG end = GetTickCount64() + CONNECT_MS;
	int error = 0;

	if (real.connect(s, (struct sockaddr *)&d->target, d->len) != 0)
		error = WSAGetLastError();
	while (error == WSAEWOULDBLOCK) {
		if (d->k->closed)
			return WSAECONNABORTED;
		if (GetTickCount64() >= end)
			return WSAETIMEDOUT;
		error = look(s);
	}
	return error;
}

static int
dial_peer(struct dial *d)
{
	SOCKET s = new_socket(d);
	struct relay_args args = { ROLE_CLIENT, d->conf,
		d->name[0] != '\0' ? d->name : NULL, s };
	int error;

	if (s == INVALID_SOCKET)
		return WSAGetLastError();
	error = reach(d, s);
	if (error != 0) {
		real.closesocket(s);
		return error;
	}
	d->relay = relay_new(&args);
	if (d->relay == NULL)
		return WSAENOBUFS;
	/* To the program it is as if nobody had answered. */
	return relay_handshake(d->relay, &d->k->closed) == 0 ? 0 :
	    WSAECONNREFUSED;
}

/* The program's socket --------------------------------------------------------- */

static void
settle(struct dial *d, int error)
{
	struct sock *k = d->k;

	EnterCriticalSection(&k->lock);
	k->connecting = NULL;
	if (error == 0) {
		relay_hold(d->relay);
		relay_begins(d->relay);
		k->relay = d->relay;
		k->state = SOCK_RELAYED;
	} else {
		k->state = SOCK_NATIVE;
	}
	LeaveCriticalSection(&k->lock);
}

static bool
native_connect(struct dial *d, const struct loop *to)
{
	struct sock *k = d->k;

	if (d->ex.ov != NULL)
		return d->ex.connect(k->handle, (void *)&to->addr, to->len,
		    d->ex.buf, d->ex.len, d->ex.sent, d->ex.ov) ||
		    WSAGetLastError() == ERROR_IO_PENDING;
	return real.connect(k->handle, (void *)&to->addr, to->len) == 0 ||
	    WSAGetLastError() == WSAEWOULDBLOCK;
}

/* Connects the program's socket, unless it was closed by now. */
static bool
connect_program(struct dial *d, const struct loop *to)
{
	struct sock *k = d->k;
	bool done = false;

	EnterCriticalSection(&k->lock);
	if (!k->closed)
		done = native_connect(d, to);
	LeaveCriticalSection(&k->lock);
	return done;
}

/* A native refusal, so that every kind of notification tells it. */
static void
refuse_program(struct dial *d)
{
	struct loop nobody;

	settle(d, WSAECONNREFUSED);
	if (loop_refusing(&nobody, d->target.ss_family, d->is_bound ?
	    &d->bound : NULL) != 0)
		return;
	loop_no_retries(d->k->handle);
	connect_program(d, &nobody);
	Sleep(REFUSE_MS);	/* the call was ours: it ends with us */
	loop_close(&nobody);
}

static void
carry(struct dial *d)
{
	SOCKET end = loop_take(&d->loop, d->k->handle, TAKE_MS);

	loop_close(&d->loop);
	if (end != INVALID_SOCKET)
		relay_run(d->relay, end);
	else
		log_debug("the program gave up its connection");
}

static DWORD WINAPI
run(void *arg)
{
	struct dial *d = arg;

	d->error = dial_peer(d);
	if (d->error == 0)
		d->error = loop_open(&d->loop, d->target.ss_family,
		    d->is_bound ? &d->bound : NULL);
	if (d->error == 0)
		settle(d, 0);
	if (d->done != NULL) {
		if (d->error != 0)
			settle(d, d->error);
		SetEvent(d->done);
	} else if (d->error != 0) {
		refuse_program(d);
	} else if (!connect_program(d, &d->loop)) {
		d->error = WSAECONNABORTED;
	}
	if (d->error == 0)
		carry(d);
	dial_release(d);
	relay_thread_end();
	return 0;
}

/* Beginning ---------------------------------------------------------------------- */

static void
note_bound(struct dial *d)
{
	int len = sizeof d->bound;

	d->is_bound = real.getsockname(d->k->handle,
	    (struct sockaddr *)&d->bound, &len) == 0;
}

static struct dial *
new_dial(struct sock *k, const struct sockaddr *addr, int len,
    const struct tlsconf *conf, const char *name)
{
	struct dial *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	d->refs = 1;
	d->k = k;
	sock_hold(k);
	d->len = len < (int)sizeof d->target ? len : (int)sizeof d->target;
	memcpy(&d->target, addr, (size_t)d->len);
	d->conf = conf;
	snprintf(d->name, sizeof d->name, "%s", name);
	d->loop.listener = INVALID_SOCKET;
	note_bound(d);
	return d;
}

static int
start(struct dial *d)
{
	HANDLE thread;

	InterlockedIncrement(&d->refs);
	thread = CreateThread(NULL, 0, run, d, 0, NULL);
	if (thread == NULL) {
		InterlockedDecrement(&d->refs);
		return WSAENOBUFS;
	}
	CloseHandle(thread);
	return 0;
}

/* Whether K may begin; it is DIALING then. */
static int
claim(struct sock *k)
{
	int error = 0;

	EnterCriticalSection(&k->lock);
	if (k->state == SOCK_DIALING)
		error = WSAEALREADY;
	else if (k->state == SOCK_RELAYED)
		error = WSAEISCONN;
	else
		k->state = SOCK_DIALING;
	LeaveCriticalSection(&k->lock);
	return error;
}

static int
wait_and_connect(struct dial *d)
{
	WaitForSingleObject(d->done, INFINITE);
	if (d->error != 0)
		return d->error;
	if (real.connect(d->k->handle, (void *)&d->loop.addr, d->loop.len) == 0)
		return 0;
	return WSAGetLastError();
}

static int
begin(struct sock *k, const struct sockaddr *addr, int len,
    const struct tlsconf *conf, const char *name)
{
	struct dial *d;
	bool blocking = !k->nonblocking;
	int error = claim(k);

	if (error != 0)
		return error;
	d = new_dial(k, addr, len, conf, name);
	if (d == NULL)
		return WSAENOBUFS;
	if (blocking)
		d->done = CreateEventW(NULL, TRUE, FALSE, NULL);
	error = start(d);
	if (error == 0)
		error = blocking ? wait_and_connect(d) : WSAEWOULDBLOCK;
	dial_release(d);
	return error;
}

/* Hooks ---------------------------------------------------------------------------- */

static int
failed(int error)
{
	WSASetLastError(error);
	return SOCKET_ERROR;
}

/* 1: it is not ours. */
static int
connect_tls(SOCKET s, const struct sockaddr *addr, int len)
{
	const struct tlsconf *conf;
	enum verdict v;
	struct sock *k;
	char name[256];
	int error;

	v = gate_outgoing(s, addr, len, &conf, name, sizeof name);
	if (v == VERDICT_PLAIN)
		return 1;
	if (v == VERDICT_REFUSE)
		return failed(WSAEACCES);
	k = sock_get(s);
	if (k == NULL)
		return failed(WSAENOBUFS);
	error = begin(k, addr, len, conf, name);
	sock_release(k);
	return error == 0 ? 0 : failed(error);
}

int WSAAPI
hook_connect(SOCKET s, const struct sockaddr *addr, int len)
{
	int r = connect_tls(s, addr, len);

	return r <= 0 ? r : real.connect(s, addr, len);
}

int WSAAPI
hook_WSAConnect(SOCKET s, const struct sockaddr *addr, int len, LPWSABUF caller,
    LPWSABUF callee, LPQOS sqos, LPQOS gqos)
{
	int r = connect_tls(s, addr, len);

	return r <= 0 ? r : real.WSAConnect(s, addr, len, caller, callee, sqos,
	    gqos);
}

BOOL
dial_overlapped(SOCKET s, const struct sockaddr *addr, int len,
    const struct connect_ex *ex)
{
	const struct tlsconf *conf;
	struct sock *k;
	struct dial *d;
	enum verdict v;
	char name[256];
	int error;

	v = gate_outgoing(s, addr, len, &conf, name, sizeof name);
	if (v == VERDICT_PLAIN)
		return ex->connect(s, addr, len, ex->buf, ex->len, ex->sent,
		    ex->ov);
	k = v == VERDICT_TLS ? sock_get(s) : NULL;
	error = v == VERDICT_REFUSE ? WSAEACCES : k == NULL ? WSAENOBUFS :
	    claim(k);
	d = error == 0 ? new_dial(k, addr, len, conf, name) : NULL;
	if (d != NULL) {
		d->ex = *ex;
		k->connecting = ex->ov;
		error = start(d);
		dial_release(d);
	}
	sock_release(k);
	WSASetLastError(error != 0 ? error : ERROR_IO_PENDING);
	return FALSE;
}
