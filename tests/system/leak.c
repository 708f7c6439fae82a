/* SPDX-License-Identifier: Apache-2.0
 * leak: breaks the shim on purpose.  Preloaded in front of it, this sends one
 * part of what a program writes to its sockets in clear, past the shim, as
 * such libraries did that were published.  LEAK=first: the first write alone;
 * LEAK=rest: all but the first. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
leaks(int fd)
{
	static int count;
	socklen_t len = sizeof(int);
	int type;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0)
		return 0;
	return (count++ == 0) == (strcmp(getenv("LEAK"), "first") == 0);
}

ssize_t
write(int fd, const void *buf, size_t len)
{
	ssize_t (*next)(int, const void *, size_t) =
	    (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");

	return leaks(fd) ? syscall(SYS_write, fd, buf, len) :
	    next(fd, buf, len);
}

ssize_t
send(int fd, const void *buf, size_t len, int flags)
{
	ssize_t (*next)(int, const void *, size_t, int) =
	    (ssize_t (*)(int, const void *, size_t, int))dlsym(RTLD_NEXT,
	    "send");

	return leaks(fd) ? syscall(SYS_sendto, fd, buf, len, flags, NULL, 0) :
	    next(fd, buf, len, flags);
}
