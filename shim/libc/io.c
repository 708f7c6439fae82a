/* SPDX-License-Identifier: Apache-2.0
 * io: the data: every call becomes one receive or one send over iovecs. */
#include "libc/libc.h"

#include <limits.h>
#include <string.h>

#include "base/log.h"
#include "libc/init.h"

/* Receiving ------------------------------------------------------------------ */

/* As the kernel's import_iovec has it. */
static int
check_iov(const struct iovec *iov, size_t n)
{
	size_t i;

	if (n > IOV_MAX)
		return -EMSGSIZE;
	for (i = 0; i < n; i++)
		if ((ssize_t)iov[i].iov_len < 0)
			return -EINVAL;
	return 0;
}

static ssize_t
in(struct call *call, const struct iovec *iov, size_t n, int flags)
{
	struct msghdr msg = { .msg_iov = (struct iovec *)iov, .msg_iovlen = n };
	ssize_t r = check_iov(iov, n);

	if ((flags & MSG_OOB) != 0)	/* none ever comes through TLS */
		return leave(call, -EINVAL);
	if (r < 0)
		return leave(call, r);
	r = conn_recv(call->conn, call->fd, iov, (int)n, flags);
	if (r != CONN_PASSES)
		return leave(call, r);
	leave(call, 0);
	return libc()->recvmsg(call->fd, &msg, flags);
}

/* read() of nothing returns at once, recv() waits. */
static ssize_t
in_read(struct call *call, const struct iovec *iov, int n, int flags)
{
	ssize_t len = 0;
	int i;

	if (n < 0 || n > IOV_MAX)
		return leave(call, -EINVAL);
	for (i = 0; i < n; i++)
		len |= (ssize_t)iov[i].iov_len;
	return len == 0 ? leave(call, 0) : in(call, iov, (size_t)n, flags);
}

INTERPOSE ssize_t
read(int fd, void *buf, size_t len)
{
	struct iovec iov = { buf, len };
	struct call call;

	if (!enter(&call, fd))
		return libc()->read(fd, buf, len);
	return in_read(&call, &iov, 1, 0);
}

INTERPOSE ssize_t
__read(int fd, void *buf, size_t len)
{
	return read(fd, buf, len);
}

INTERPOSE ssize_t
__read_chk(int fd, void *buf, size_t len, size_t size)
{
	if (!fdtab_tracked(fd) || len > size)
		return libc()->__read_chk(fd, buf, len, size);
	return read(fd, buf, len);
}

INTERPOSE ssize_t
readv(int fd, const struct iovec *iov, int n)
{
	struct call call;

	if (!enter(&call, fd))
		return libc()->readv(fd, iov, n);
	return in_read(&call, iov, n, 0);
}

/* RWF_NOWAIT is MSG_DONTWAIT's twin; other flags mean nothing to a socket. */
static ssize_t
in_preadv2(struct call *call, const struct iovec *iov, int n, off64_t off,
    int flags)
{
	if (off != -1)
		return leave(call, -ESPIPE);
	if ((flags & ~(RWF_NOWAIT | RWF_HIPRI)) != 0)
		return leave_unsupported(call, "flags of preadv2()");
	return in_read(call, iov, n, (flags & RWF_NOWAIT) != 0 ?
	    MSG_DONTWAIT : 0);
}

INTERPOSE ssize_t
preadv2(int fd, const struct iovec *iov, int n, off_t off, int flags)
{
	struct call call;

	if (!enter(&call, fd))
		return libc()->preadv2(fd, iov, n, off, flags);
	return in_preadv2(&call, iov, n, off, flags);
}

INTERPOSE ssize_t
preadv64v2(int fd, const struct iovec *iov, int n, off64_t off, int flags)
{
	struct call call;

	if (!enter(&call, fd))
		return libc()->preadv64v2(fd, iov, n, off, flags);
	return in_preadv2(&call, iov, n, off, flags);
}

INTERPOSE ssize_t
recv(int fd, void *buf, size_t len, int flags)
{
	struct iovec iov = { buf, len };
	struct call call;

	if ((flags & MSG_ERRQUEUE) != 0 || !enter(&call, fd))
		return libc()->recv(fd, buf, len, flags);
	return in(&call, &iov, 1, flags);
}

INTERPOSE ssize_t
__recv_chk(int fd, void *buf, size_t len, size_t size, int flags)
{
	if (!fdtab_tracked(fd) || len > size)
		return libc()->__recv_chk(fd, buf, len, size, flags);
	return recv(fd, buf, len, flags);
}

/* As over TCP, no address is told. */
INTERPOSE ssize_t
recvfrom(int fd, void *restrict buf, size_t len, int flags,
    struct sockaddr *restrict addr, socklen_t *restrict alen)
{
	struct iovec iov = { buf, len };
	struct call call;

	if ((flags & MSG_ERRQUEUE) != 0 || !enter(&call, fd))
		return libc()->recvfrom(fd, buf, len, flags, addr, alen);
	if (addr != NULL && alen != NULL)
		*alen = 0;
	return in(&call, &iov, 1, flags);
}

INTERPOSE ssize_t
__recvfrom_chk(int fd, void *restrict buf, size_t len, size_t size, int flags,
    struct sockaddr *restrict addr, socklen_t *restrict alen)
{
	if (!fdtab_tracked(fd) || len > size)
		return libc()->__recvfrom_chk(fd, buf, len, size, flags, addr,
		    alen);
	return recvfrom(fd, buf, len, flags, addr, alen);
}

/* A socket may come in a message (SCM_RIGHTS, unix(7)). */
static ssize_t
adopt_passed(struct msghdr *msg, ssize_t r)
{
	int saved = errno, fd;
	struct cmsghdr *c;
	size_t i, n;

	if (r < 0 || msg->msg_controllen == 0)
		return r;
	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof fd;
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			open_adopt(fd);
		}
	}
	errno = saved;
	return r;
}

static void
no_extras(struct msghdr *msg)
{
	msg->msg_namelen = 0;
	msg->msg_controllen = 0;
	msg->msg_flags = 0;
}

INTERPOSE ssize_t
recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct call call;

	if ((flags & MSG_ERRQUEUE) != 0 || !enter(&call, fd))
		return adopt_passed(msg, libc()->recvmsg(fd, msg, flags));
	no_extras(msg);
	return in(&call, msg->msg_iov, msg->msg_iovlen, flags);
}

static int
adopt_all_passed(struct mmsghdr *v, int n)
{
	int i;

	for (i = 0; i < n; i++)
		adopt_passed(&v[i].msg_hdr, 0);
	return n;
}

/* It tells an error of the socket's before there is data to be read. */
static int
pending_error(int fd)
{
	socklen_t len = sizeof(int);
	int error = 0, saved = errno;

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	errno = saved;
	return error;
}

INTERPOSE int
recvmmsg(int fd, struct mmsghdr *v, unsigned n, int flags,
    struct timespec *timeout)
{
	unsigned i;
	ssize_t r;

	if ((flags & MSG_ERRQUEUE) != 0 || !fdtab_tracked(fd))
		return adopt_all_passed(v, libc()->recvmmsg(fd, v, n, flags,
		    timeout));
	i = (unsigned)pending_error(fd);
	if (i != 0)
		return refuse((int)i);
	for (i = 0; i < n; i++) {
		r = recvmsg(fd, &v[i].msg_hdr, flags & ~MSG_WAITFORONE);
		if (r < 0)
			return i > 0 ? (int)i : -1;
		v[i].msg_len = (unsigned)r;
		if ((flags & MSG_WAITFORONE) != 0)
			flags |= MSG_DONTWAIT;
	}
	return (int)i;
}

/* Sending --------------------------------------------------------------------- */

static ssize_t
pass(struct call *call, const struct iovec *iov, size_t n, int flags)
{
	struct msghdr msg = { .msg_iov = (struct iovec *)iov, .msg_iovlen = n };

	leave(call, 0);
	return libc()->sendmsg(call->fd, &msg, flags);
}

static ssize_t
out(struct call *call, const struct iovec *iov, size_t n, int flags)
{
	ssize_t r = check_iov(iov, n);

	if (r < 0)
		return leave(call, r);
	if ((flags & MSG_OOB) != 0)
		return leave_unsupported(call, "MSG_OOB");
	r = conn_send(call->conn, call->fd, iov, (int)n, flags);
	if (r == CONN_PASSES)
		return pass(call, iov, n, flags);
	if (r == -EPIPE && (flags & MSG_NOSIGNAL) == 0)
		raise(SIGPIPE);
	return leave(call, r);
}

INTERPOSE ssize_t
write(int fd, const void *buf, size_t len)
{
	struct iovec iov = { (void *)buf, len };
	struct call call;

	if (!enter(&call, fd))
		return libc()->write(fd, buf, len);
	return out(&call, &iov, 1, 0);
}

INTERPOSE ssize_t
__write(int fd, const void *buf, size_t len)
{
	return write(fd, buf, len);
}

/* Vectors of nothing do not reach the socket, write() of nothing does. */
static ssize_t
out_writev(struct call *call, const struct iovec *iov, int n, int flags)
{
	ssize_t len = 0;
	int i;

	if (n < 0 || n > IOV_MAX)
		return leave(call, -EINVAL);
	for (i = 0; i < n; i++)
		len |= (ssize_t)iov[i].iov_len;
	return len == 0 ? leave(call, 0) : out(call, iov, (size_t)n, flags);
}

INTERPOSE ssize_t
writev(int fd, const struct iovec *iov, int n)
{
	struct call call;

	if (!enter(&call, fd))
		return libc()->writev(fd, iov, n);
	return out_writev(&call, iov, n, 0);
}

static ssize_t
out_pwritev2(struct call *call, const struct iovec *iov, int n, off64_t off,
    int flags)
{
	if (off != -1)
		return leave(call, -ESPIPE);
	if ((flags & ~(RWF_NOWAIT | RWF_HIPRI | RWF_DSYNC | RWF_SYNC)) != 0)
		return leave_unsupported(call, "flags of pwritev2()");
	return out_writev(call, iov, n, (flags & RWF_NOWAIT) != 0 ?
	    MSG_DONTWAIT : 0);
}

INTERPOSE ssize_t
pwritev2(int fd, const struct iovec *iov, int n, off_t off, int flags)
{
	struct call call;

	if (!enter(&call, fd))
		return libc()->pwritev2(fd, iov, n, off, flags);
	return out_pwritev2(&call, iov, n, off, flags);
}

INTERPOSE ssize_t
pwritev64v2(int fd, const struct iovec *iov, int n, off64_t off, int flags)
{
	struct call call;

	if (!enter(&call, fd))
		return libc()->pwritev64v2(fd, iov, n, off, flags);
	return out_pwritev2(&call, iov, n, off, flags);
}

INTERPOSE ssize_t
send(int fd, const void *buf, size_t len, int flags)
{
	struct iovec iov = { (void *)buf, len };
	struct call call;

	if (!enter(&call, fd))
		return libc()->send(fd, buf, len, flags);
	return out(&call, &iov, 1, flags);
}

INTERPOSE ssize_t
__send(int fd, const void *buf, size_t len, int flags)
{
	return send(fd, buf, len, flags);
}

/*
 * MSG_FASTOPEN connects and sends in one: plaintext in the SYN.  Where TLS is
 * due it becomes a connect() before the send; -1 if that failed.
 */
static int
fast_open(int fd, const struct sockaddr *addr, socklen_t len, int flags)
{
	int saved = errno;

	if ((flags & MSG_FASTOPEN) == 0 || addr == NULL ||
	    !open_would_upgrade(fd, addr, len))
		return 0;
	if (connect(fd, addr, len) < 0 && errno != EINPROGRESS)
		return -1;
	errno = saved;
	return 0;
}

INTERPOSE ssize_t
sendto(int fd, const void *buf, size_t len, int flags,
    const struct sockaddr *addr, socklen_t alen)
{
	struct iovec iov = { (void *)buf, len };
	struct call call;

	if (fast_open(fd, addr, alen, flags) < 0)
		return -1;
	if (!enter(&call, fd))
		return libc()->sendto(fd, buf, len, flags, addr, alen);
	return out(&call, &iov, 1, flags);
}

INTERPOSE ssize_t
sendmsg(int fd, const struct msghdr *msg, int flags)
{
	struct call call;

	if (fast_open(fd, msg->msg_name, msg->msg_namelen, flags) < 0)
		return -1;
	if (!enter(&call, fd))
		return libc()->sendmsg(fd, msg, flags);
	return out(&call, msg->msg_iov, msg->msg_iovlen, flags);
}

static size_t
length(const struct msghdr *msg)
{
	size_t len = 0, i;

	for (i = 0; i < msg->msg_iovlen; i++)
		len += msg->msg_iov[i].iov_len;
	return len;
}

INTERPOSE int
sendmmsg(int fd, struct mmsghdr *v, unsigned n, int flags)
{
	unsigned i;
	ssize_t r;

	if (!fdtab_tracked(fd) && (flags & MSG_FASTOPEN) == 0)
		return libc()->sendmmsg(fd, v, n, flags);
	for (i = 0; i < n; i++) {
		r = sendmsg(fd, &v[i].msg_hdr, flags);
		if (r < 0)
			return i > 0 ? (int)i : -1;
		v[i].msg_len = (unsigned)r;
		if ((size_t)r < length(&v[i].msg_hdr))
			return (int)i + 1;
	}
	return (int)i;
}
