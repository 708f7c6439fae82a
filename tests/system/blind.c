/* SPDX-License-Identifier: Apache-2.0
 * blind: a kernel that does not tell the state of a TCP connection, as old ones
 * do not of MPTCP.  Preloaded behind the shim, so that it is what the shim
 * takes for libc. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

int
getsockopt(int fd, int level, int name, void *restrict value,
    socklen_t *restrict len)
{
	int (*next)(int, int, int, void *, socklen_t *) =
	    (int (*)(int, int, int, void *, socklen_t *))dlsym(RTLD_NEXT,
	    "getsockopt");

	if (level == IPPROTO_TCP && name == TCP_INFO) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return next(fd, level, name, value, len);
}
