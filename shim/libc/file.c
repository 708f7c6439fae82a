/* SPDX-License-Identifier: Apache-2.0
 * file: what moves bytes between a file or a pipe and a connection. */
#include "libc/libc.h"

/* The file's own position moves only by what was accepted. */
static ssize_t
copy_file(struct call *call, int from, off64_t pos, size_t count)
{
	char buf[16384];
	struct iovec iov = { buf, 0 };
	ssize_t n, r = 0, done = 0;

	while ((size_t)done < count) {
		n = (ssize_t)(count - (size_t)done);
		n = pread64(from, buf, n < (ssize_t)sizeof buf ? (size_t)n :
		    sizeof buf, pos + done);
		if (n <= 0)
			return done > 0 ? done : n < 0 ? -errno : 0;
		iov.iov_len = (size_t)n;
		r = conn_send(call->conn, call->fd, &iov, 1,
		    0);
		if (r < 0)
			break;
		done += r;
		if (r < n)
			break;
	}
	return done > 0 ? done : r;
}

static ssize_t
send_file(struct call *call, int from, off64_t *offset, size_t count)
{
	off64_t pos = offset != NULL ? *offset : lseek64(from, 0, SEEK_CUR);
	ssize_t r;

	if (pos < 0)
		return leave(call, errno == ESPIPE ? -EINVAL : -errno);
	r = copy_file(call, from, pos, count);
	if (r == -EPIPE)
		raise(SIGPIPE);
	if (r > 0 && offset != NULL)
		*offset += r;
	else if (r > 0)
		lseek64(from, pos + r, SEEK_SET);
	return leave(call, r == -ESPIPE ? -EINVAL : r);
}

INTERPOSE ssize_t
sendfile(int fd, int from, off_t *offset, size_t count)
{
	off64_t pos = offset != NULL ? *offset : 0;
	struct call call;
	ssize_t r;

	if (fdtab_tracked(from))
		return refuse(EINVAL);
	if (!enter(&call, fd))
		return libc()->sendfile(fd, from, offset, count);
	r = send_file(&call, from, offset != NULL ? &pos : NULL, count);
	if (offset != NULL)
		*offset = (off_t)pos;
	return r;
}

INTERPOSE ssize_t
sendfile64(int fd, int from, off64_t *offset, size_t count)
{
	struct call call;

	if (fdtab_tracked(from))
		return refuse(EINVAL);
	if (!enter(&call, fd))
		return libc()->sendfile64(fd, from, offset, count);
	return send_file(&call, from, offset, count);
}

/* Bytes would go between the socket and a pipe without passing by here; the
 * kernel says EINVAL of files that cannot, and programs then read and write. */
INTERPOSE ssize_t
splice(int from, off64_t *pos_from, int to, off64_t *pos_to, size_t len,
    unsigned flags)
{
	if (fdtab_tracked(from) || fdtab_tracked(to))
		return refuse(EINVAL);
	return libc()->splice(from, pos_from, to, pos_to, len, flags);
}
