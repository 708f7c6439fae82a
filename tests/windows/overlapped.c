/* SPDX-License-Identifier: Apache-2.0
 * overlapped: modes that start a call and hear of its end. */
#include "modes.h"

#include <stdbool.h>
#include <string.h>

enum { LIMIT_MS = 60000, ADDRESS = sizeof(struct sockaddr_storage) + 16 };

/* How a call's end is heard of. */
static HANDLE port;		/* a completion port; NULL: an event */
static OVERLAPPED ov;

static void
begin(void)
{
	HANDLE event = ov.hEvent;

	memset(&ov, 0, sizeof ov);
	if (port == NULL)
		ov.hEvent = event != NULL ? event : CreateEventW(NULL, TRUE,
		    FALSE, NULL);
}

/* Waits for the call on H; how many bytes it moved. */
static DWORD
end(SOCKET s, const char *what)
{
	OVERLAPPED *which = NULL;
	DWORD n = 0, flags = 0;
	ULONG_PTR key;

	if (port != NULL) {
		if (!GetQueuedCompletionStatus(port, &n, &key, &which,
		    LIMIT_MS) && which == NULL) {
			WSASetLastError(WSAETIMEDOUT);
			die(what);
		}
	} else if (WaitForSingleObject(ov.hEvent, LIMIT_MS) != WAIT_OBJECT_0) {
		WSASetLastError(WSAETIMEDOUT);
		die(what);
	}
	if (!WSAGetOverlappedResult(s, &ov, &n, FALSE, &flags))
		die(what);
	return n;
}

static void *
extension(SOCKET s, GUID id)
{
	void *f;
	DWORD n;

	if (WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof id, &f,
	    sizeof f, &n, NULL, NULL) != 0)
		die("WSAIoctl");
	return f;
}

static SOCKET
new_socket(int family)
{
	SOCKET s = WSASocketW(family, SOCK_STREAM, 0, NULL, 0,
	    WSA_FLAG_OVERLAPPED);

	if (s == INVALID_SOCKET)
		die("WSASocketW");
	if (port != NULL && CreateIoCompletionPort((HANDLE)s, port, 0, 0) ==
	    NULL)
		die("CreateIoCompletionPort");
	return s;
}

static void
started(BOOL done, const char *what)
{
	if (!done && WSAGetLastError() != ERROR_IO_PENDING)
		die(what);
}

static SOCKET
ov_dial(const struct sockaddr *to, int len)
{
	struct sockaddr_storage any = { .ss_family = to->sa_family };
	SOCKET s = new_socket(to->sa_family);
	LPFN_CONNECTEX dial = extension(s, (GUID)WSAID_CONNECTEX);

	if (bind(s, (struct sockaddr *)&any, len) != 0)
		die("bind");
	begin();
	started(dial(s, to, len, NULL, 0, NULL, &ov), "ConnectEx");
	end(s, "ConnectEx");
	if (setsockopt(s, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0) != 0)
		die("SO_UPDATE_CONNECT_CONTEXT");
	return s;
}

static SOCKET
take(SOCKET l, int family, bool update)
{
	static char buf[2 * ADDRESS];
	SOCKET s = new_socket(family);
	LPFN_ACCEPTEX get = extension(l, (GUID)WSAID_ACCEPTEX);
	DWORD n;

	if (port != NULL)
		CreateIoCompletionPort((HANDLE)l, port, 0, 0);
	begin();
	started(get(l, s, buf, 0, ADDRESS, ADDRESS, &n, &ov), "AcceptEx");
	end(l, "AcceptEx");
	if (update && setsockopt(s, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
	    (char *)&l, sizeof l) != 0)
		die("SO_UPDATE_ACCEPT_CONTEXT");
	return s;
}

static SOCKET
ov_take(SOCKET l, int family)
{
	return take(l, family, true);
}

static SOCKET
lazy_take(SOCKET l, int family)
{
	return take(l, family, false);
}

static void
ov_send(SOCKET s, const char *buf, int len)
{
	WSABUF b = { .len = (ULONG)len, .buf = (char *)buf };
	DWORD n;

	begin();
	if (WSASend(s, &b, 1, NULL, 0, &ov, NULL) != 0)
		started(FALSE, "WSASend");
	n = end(s, "WSASend");
	if ((int)n != len)
		die("WSASend (short)");
}

static int
ov_recv(SOCKET s, char *buf, int len)
{
	WSABUF b = { .len = (ULONG)len, .buf = buf };
	DWORD flags = 0;

	begin();
	if (WSARecv(s, &b, 1, NULL, &flags, &ov, NULL) != 0)
		started(FALSE, "WSARecv");
	return (int)end(s, "WSARecv");
}

static SOCKET
port_dial(const struct sockaddr *to, int len)
{
	port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
	return ov_dial(to, len);
}

static SOCKET
port_take(SOCKET l, int family)
{
	port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
	return ov_take(l, family);
}

/* ReadFile and WriteFile, which take sockets too. */
static void
file_send(SOCKET s, const char *buf, int len)
{
	begin();
	started(WriteFile((HANDLE)s, buf, (DWORD)len, NULL, &ov), "WriteFile");
	end(s, "WriteFile");
}

static int
file_recv(SOCKET s, char *buf, int len)
{
	begin();
	if (!ReadFile((HANDLE)s, buf, (DWORD)len, NULL, &ov)) {
		if (GetLastError() == ERROR_HANDLE_EOF)
			return 0;
		started(FALSE, "ReadFile");
	}
	return (int)end(s, "ReadFile");
}

const struct mode overlapped_modes[] = {
	{ "overlapped", ov_dial, ov_take, ov_send, ov_recv },
	{ "port", port_dial, port_take, ov_send, ov_recv },
	{ "no-update", NULL, lazy_take, ov_send, ov_recv },
	{ "file", ov_dial, lazy_take, file_send, file_recv },
	{ 0 },
};
