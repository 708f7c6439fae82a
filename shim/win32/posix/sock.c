/* SPDX-License-Identifier: Apache-2.0
 * sock: sockets as POSIX's descriptors, for tools. */
#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "win32/posix/text.h"

int posix_socket(int family, int type, int protocol);
int posix_connect(int fd, const struct sockaddr *addr, int len);
int posix_setsockopt(int fd, int level, int name, const void *value,
    int len);
int posix_close(int fd);

enum { TYPE = 0xf };	/* without SOCK_CLOEXEC and its kin */

static int
result(int rc)
{
	if (rc != SOCKET_ERROR)
		return rc;
	errno = text_errno((unsigned long)WSAGetLastError());
	return -1;
}

/* Handles fit into an int: they have 32 significant bits. */
int
posix_socket(int family, int type, int protocol)
{
	SOCKET s = WSASocketW(family, type & TYPE, protocol, NULL, 0,
	    WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);

	return s == INVALID_SOCKET ? result(SOCKET_ERROR) : (int)s;
}

int
posix_connect(int fd, const struct sockaddr *addr, int len)
{
	return result(connect((SOCKET)fd, addr, len));
}

int
posix_setsockopt(int fd, int level, int name, const void *value, int len)
{
	const struct timeval *tv = value;
	DWORD ms;

	if (level != SOL_SOCKET || (name != SO_RCVTIMEO && name !=
	    SO_SNDTIMEO))
		return result(setsockopt((SOCKET)fd, level, name, value, len));
	ms = (DWORD)(tv->tv_sec * 1000 + tv->tv_usec / 1000);
	return result(setsockopt((SOCKET)fd, level, name, (char *)&ms,
	    sizeof ms));
}

int
posix_close(int fd)
{
	int type, len = sizeof type;

	if (getsockopt((SOCKET)fd, SOL_SOCKET, SO_TYPE, (char *)&type, &len)
	    == 0)
		return result(closesocket((SOCKET)fd));
	return close(fd);
}
