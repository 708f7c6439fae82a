/* SPDX-License-Identifier: Apache-2.0
 * use: data calls.  They pass as they are; only a socket that AcceptEx was given
 * may still have to be joined with its relay, if the program left out
 * SO_UPDATE_ACCEPT_CONTEXT. */
#include "win32/hooks.h"
#include "win32/socktab.h"
#include "win32/taken.h"

static bool
unusable(SOCKET s)
{
	int error = taken_settle(s);

	if (error != 0)
		WSASetLastError(error);
	return error != 0;
}

/* Bytes ------------------------------------------------------------------------ */

int WSAAPI
hook_recv(SOCKET s, char *buf, int len, int flags)
{
	return unusable(s) ? SOCKET_ERROR : real.recv(s, buf, len, flags);
}

int WSAAPI
hook_recvfrom(SOCKET s, char *buf, int len, int flags, struct sockaddr *from,
    int *from_len)
{
	return unusable(s) ? SOCKET_ERROR : real.recvfrom(s, buf, len, flags,
	    from, from_len);
}

int WSAAPI
hook_send(SOCKET s, const char *buf, int len, int flags)
{
	return unusable(s) ? SOCKET_ERROR : real.send(s, buf, len, flags);
}

int WSAAPI
hook_sendto(SOCKET s, const char *buf, int len, int flags,
    const struct sockaddr *to, int to_len)
{
	return unusable(s) ? SOCKET_ERROR : real.sendto(s, buf, len, flags,
	    to, to_len);
}

int WSAAPI
hook_shutdown(SOCKET s, int how)
{
	return unusable(s) ? SOCKET_ERROR : real.shutdown(s, how);
}

int WSAAPI
hook_WSARecv(SOCKET s, LPWSABUF bufs, DWORD n, LPDWORD got, LPDWORD flags,
    LPWSAOVERLAPPED ov, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
	return unusable(s) ? SOCKET_ERROR : real.WSARecv(s, bufs, n, got,
	    flags, ov, routine);
}

int WSAAPI
hook_WSARecvFrom(SOCKET s, LPWSABUF bufs, DWORD n, LPDWORD got, LPDWORD flags,
    struct sockaddr *from, LPINT from_len, LPWSAOVERLAPPED ov,
    LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
	return unusable(s) ? SOCKET_ERROR : real.WSARecvFrom(s, bufs, n, got,
	    flags, from, from_len, ov, routine);
}

int WSAAPI
hook_WSASend(SOCKET s, LPWSABUF bufs, DWORD n, LPDWORD sent, DWORD flags,
    LPWSAOVERLAPPED ov, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
	return unusable(s) ? SOCKET_ERROR : real.WSASend(s, bufs, n, sent,
	    flags, ov, routine);
}

int WSAAPI
hook_WSASendTo(SOCKET s, LPWSABUF bufs, DWORD n, LPDWORD sent, DWORD flags,
    const struct sockaddr *to, int to_len, LPWSAOVERLAPPED ov,
    LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
	return unusable(s) ? SOCKET_ERROR : real.WSASendTo(s, bufs, n, sent,
	    flags, to, to_len, ov, routine);
}

BOOL WINAPI
hook_ReadFile(HANDLE h, LPVOID buf, DWORD len, LPDWORD got, LPOVERLAPPED ov)
{
	return unusable((SOCKET)h) ? FALSE : real.ReadFile(h, buf, len, got,
	    ov);
}

BOOL WINAPI
hook_WriteFile(HANDLE h, LPCVOID buf, DWORD len, LPDWORD done, LPOVERLAPPED ov)
{
	return unusable((SOCKET)h) ? FALSE : real.WriteFile(h, buf, len, done,
	    ov);
}

WINBOOL WINAPI
hook_TransmitFile(SOCKET s, HANDLE file, DWORD len, DWORD piece,
    LPOVERLAPPED ov, LPTRANSMIT_FILE_BUFFERS around, DWORD flags)
{
	return unusable(s) ? FALSE : real.TransmitFile(s, file, len, piece,
	    ov, around, flags);
}

/* Waiting ------------------------------------------------------------------------ */

static void
settle_all(const fd_set *set)
{
	u_int i;

	for (i = 0; set != NULL && i < set->fd_count; i++)
		taken_settle(set->fd_array[i]);
}

int WSAAPI
hook_select(int n, fd_set *in, fd_set *out, fd_set *bad,
    const PTIMEVAL limit)
{
	if (sock_any_accepting()) {
		settle_all(in);
		settle_all(out);
	}
	return real.select(n, in, out, bad, limit);
}

int WSAAPI
hook_WSAPoll(LPWSAPOLLFD fds, ULONG n, INT limit)
{
	ULONG i;

	for (i = 0; sock_any_accepting() && i < n; i++)
		taken_settle(fds[i].fd);
	return real.WSAPoll(fds, n, limit);
}
