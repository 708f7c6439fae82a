/* SPDX-License-Identifier: Apache-2.0
 * overlapped: modes that start a call and hear of its end. */
#include "modes.h"

#include <stdbool.h>
#include <string.h>

enum { LIMIT_MS = 60000, ADDRESS = sizeof(struct sockaddr_storage) + 16 };

/* How a call's end is heard of. */
static HANDLE port;		/* a completion port; NULL: an event */
static bool skips;		/* the port tells of no call that is over at once */
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
	if (skips && !SetFileCompletionNotificationModes((HANDLE)s,
	    FILE_SKIP_COMPLETION_PORT_ON_SUCCESS))
		die("SetFileCompletionNotificationModes");
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
	started(dial(s, to, len, (void *)early, early != NULL ? EARLY : 0,
	    NULL, &ov), "ConnectEx");
	if (end(s, "ConnectEx") != (early != NULL ? EARLY : 0))
		die("ConnectEx (short)");
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
	if (WSASend(s, &b, 1, &n, 0, &ov, NULL) != 0)
		started(FALSE, "WSASend");
	else if (skips)
		return;
	n = end(s, "WSASend");
	if ((int)n != len)
		die("WSASend (short)");
}

static int
ov_recv(SOCKET s, char *buf, int len)
{
	WSABUF b = { .len = (ULONG)len, .buf = buf };
	DWORD flags = 0, n = 0;

	begin();
	if (WSARecv(s, &b, 1, &n, &flags, &ov, NULL) != 0)
		started(FALSE, "WSARecv");
	else if (skips)
		return (int)n;
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

static SOCKET
skip_dial(const struct sockaddr *to, int len)
{
	skips = true;
	return port_dial(to, len);
}

static SOCKET
skip_take(SOCKET l, int family)
{
	skips = true;
	return port_take(l, family);
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

/* TransmitFile, from a file that is gone when it is closed. */
static void
transmit_send(SOCKET s, const char *buf, int len)
{
	wchar_t folder[MAX_PATH], path[MAX_PATH];
	HANDLE file;
	DWORD n;

	GetTempPathW(MAX_PATH, folder);
	GetTempFileNameW(folder, L"dtl", 0, path);
	file = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 0, NULL,
	    CREATE_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE, NULL);
	if (file == INVALID_HANDLE_VALUE ||
	    !WriteFile(file, buf, (DWORD)len, &n, NULL) ||
	    SetFilePointer(file, 0, NULL, FILE_BEGIN) != 0)
		die("CreateFile");
	begin();
	started(TransmitFile(s, file, (DWORD)len, 0, &ov, NULL, 0),
	    "TransmitFile");
	if ((int)end(s, "TransmitFile") != len)
		die("TransmitFile (short)");
	CloseHandle(file);
}

/* Nothing, as the first call on the socket. */
static SOCKET
transmit_take(SOCKET l, int family)
{
	SOCKET s = lazy_take(l, family);

	begin();
	started(TransmitFile(s, NULL, 0, 0, &ov, NULL, 0), "TransmitFile");
	end(s, "TransmitFile");
	return s;
}

/* Waiting calls on what AcceptEx got, without SO_UPDATE_ACCEPT_CONTEXT. */

static int
select_recv(SOCKET s, char *buf, int len)
{
	struct timeval tv = { LIMIT_MS / 1000, 0 };
	fd_set set;
	int n;

	FD_ZERO(&set);
	FD_SET(s, &set);
	if (select(0, &set, NULL, NULL, &tv) != 1)
		die("select");
	n = recvfrom(s, buf, len, 0, NULL, NULL);
	if (n < 0)
		die("recvfrom");
	return n;
}

static int
poll_recv(SOCKET s, char *buf, int len)
{
	WSAPOLLFD p = { .fd = s, .events = POLLRDNORM };
	int n;

	if (WSAPoll(&p, 1, LIMIT_MS) != 1)
		die("WSAPoll");
	n = recv(s, buf, len, 0);
	if (n < 0)
		die("recv");
	return n;
}

const struct mode overlapped_modes[] = {
	{ "overlapped", ov_dial, ov_take, ov_send, ov_recv, 0 },
	{ "early", ov_dial, NULL, ov_send, ov_recv, 1 },
	{ "port", port_dial, port_take, ov_send, ov_recv, 0 },
	{ "skip", skip_dial, skip_take, ov_send, ov_recv, 0 },
	{ "no-update", NULL, lazy_take, ov_send, ov_recv, 0 },
	{ "no-update-select", NULL, lazy_take, ov_send, select_recv, 0 },
	{ "no-update-poll", NULL, lazy_take, ov_send, poll_recv, 0 },
	{ "file", ov_dial, lazy_take, file_send, file_recv, 0 },
	{ "transmit", ov_dial, transmit_take, transmit_send, ov_recv, 0 },
	{ 0 },
};
