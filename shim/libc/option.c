/* SPDX-License-Identifier: Apache-2.0
 * option: what the program sees and sets of the socket. */
#include "libc/libc.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "base/log.h"
#include "libc/init.h"

#ifndef SO_PEEK_OFF
#define SO_PEEK_OFF 42
#endif

INTERPOSE int
shutdown(int fd, int how)
{
	struct call call;

	if (!enter(&call, fd))
		return libc()->shutdown(fd, how);
	return (int)leave(&call, conn_shutdown(call.conn, fd, how));
}

/* getsockopt ------------------------------------------------------------------- */

static int
give_int(void *value, socklen_t *len, int v)
{
	if (*len > sizeof v)
		*len = sizeof v;
	memcpy(value, &v, *len);
	return 0;
}

/* Whether the option is one of which the program sees our value. */
static bool
own_value(struct call *call, int level, int name, int *v)
{
	if (level == SOL_SOCKET && name == SO_ERROR) {
		*v = -conn_take_error(call->conn, call->fd);
		return *v != 0;
	}
	if (level == SOL_SOCKET && name == SO_RCVLOWAT)
		*v = conn_lowat(call->conn);
	else if (level == IPPROTO_TCP && name == TCP_NODELAY)
		*v = conn_nodelay(call->conn);
	else
		return false;
	return true;
}

INTERPOSE int
getsockopt(int fd, int level, int name, void *restrict value,
    socklen_t *restrict len)
{
	struct call call;
	int v, r;

	if (!enter(&call, fd))
		return libc()->getsockopt(fd, level, name, value, len);
	if (value != NULL && len != NULL && own_value(&call, level, name, &v))
		return (int)leave(&call, give_int(value, len, v));
	if (level == IPPROTO_TCP && name == TCP_ZEROCOPY_RECEIVE)
		return (int)leave_unsupported(&call, "TCP_ZEROCOPY_RECEIVE");
	r = libc()->getsockopt(fd, level, name, value, len);
	return (int)leave(&call, r < 0 ? -errno : r);
}

/* setsockopt ------------------------------------------------------------------- */

/* These would move bytes past TLS, or hide the retained byte. */
static const char *
refused_name(int level, int name)
{
	if (level == SOL_SOCKET && name == SO_ZEROCOPY)
		return "SO_ZEROCOPY";
	if (level == SOL_SOCKET && name == SO_PEEK_OFF)
		return "SO_PEEK_OFF";
	if (level == IPPROTO_TCP && name == TCP_ULP)
		return "TCP_ULP";
	return NULL;
}

/* Whether the option is kept here and not given to the kernel. */
static bool
kept_here(struct call *call, int level, int name, int v)
{
	if (level == SOL_SOCKET && name == SO_RCVLOWAT)
		conn_set_lowat(call->conn, v);
	else if (level == IPPROTO_TCP && name == TCP_NODELAY &&
	    conn_forces_nodelay(call->conn))
		conn_set_nodelay(call->conn, v != 0);
	else
		return false;
	return true;
}

INTERPOSE int
setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	struct call call;
	int v = 0, r;

	if (!enter(&call, fd))
		return libc()->setsockopt(fd, level, name, value, len);
	if (refused_name(level, name) != NULL)
		return (int)leave_unsupported(&call, refused_name(level,
		    name));
	if (value != NULL && len >= sizeof v)
		memcpy(&v, value, sizeof v);
	if (value != NULL && len >= sizeof v && kept_here(&call, level, name,
	    v))
		return (int)leave(&call, 0);
	if (level == SOL_SOCKET && (name == SO_SNDBUF ||
	    name == SO_SNDBUFFORCE))
		conn_forget_room(call.conn);
	r = libc()->setsockopt(fd, level, name, value, len);
	return (int)leave(&call, r < 0 ? -errno : r);
}

/* ioctl, fcntl ------------------------------------------------------------------ */

INTERPOSE int
ioctl(int fd, unsigned long request, ...)
{
	struct call call;
	va_list ap;
	void *arg;
	int r;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (!enter(&call, fd))
		return libc()->ioctl(fd, request, arg);
	if (request == FIONREAD) {
		*(int *)arg = conn_readable(call.conn, fd);
		return (int)leave(&call, 0);
	}
	r = libc()->ioctl(fd, request, arg);
	return (int)leave(&call, r < 0 ? -errno : r);
}

static int
control(struct call *call, int cmd, long arg)
{
	int r = libc()->fcntl(call->fd, cmd, arg);

	if (r < 0)
		return (int)leave(call, -errno);
	if ((cmd != F_DUPFD && cmd != F_DUPFD_CLOEXEC) || is_vfork_child())
		return (int)leave(call, r);
	if (fdtab_set(r, call->conn) < 0) {
		libc()->close(r);
		return (int)leave(call, -EMFILE);
	}
	stdio_guard(r);
	return (int)leave(call, r);
}

/* Every command takes an int, a pointer or nothing: one word (fcntl(2)). */
INTERPOSE int
fcntl(int fd, int cmd, ...)
{
	struct call call;
	va_list ap;
	long arg;

	va_start(ap, cmd);
	arg = va_arg(ap, long);
	va_end(ap);
	if (!enter(&call, fd))
		return libc()->fcntl(fd, cmd, arg);
	return control(&call, cmd, arg);
}

INTERPOSE int
fcntl64(int fd, int cmd, ...)
{
	struct call call;
	va_list ap;
	long arg;

	va_start(ap, cmd);
	arg = va_arg(ap, long);
	va_end(ap);
	if (!enter(&call, fd))
		return libc()->fcntl64(fd, cmd, arg);
	return control(&call, cmd, arg);
}

INTERPOSE int
__fcntl(int fd, int cmd, ...)
{
	va_list ap;
	long arg;

	va_start(ap, cmd);
	arg = va_arg(ap, long);
	va_end(ap);
	return fcntl(fd, cmd, arg);
}
