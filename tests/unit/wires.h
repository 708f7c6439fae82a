/* SPDX-License-Identifier: Apache-2.0
 * wires: connections over real sockets, with nothing interposed, and a peer
 * whose every byte on the wire is ours to send or to hold back. */
#ifndef DICOMTLS_UNIT_WIRES_H
#define DICOMTLS_UNIT_WIRES_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "base/log.h"
#include "conn/conn.h"
#include "conn/fdtab.h"
#include "pair.h"

/* Plain calls ------------------------------------------------------------------ */

static inline ssize_t
wires_recv(int fd, void *buf, size_t len, int flags)
{
	ssize_t n = recv(fd, buf, len, flags | MSG_DONTWAIT);

	return n < 0 ? -errno : n;
}

static inline ssize_t
wires_send(int fd, const void *buf, size_t len)
{
	ssize_t n = send(fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	return n < 0 ? -errno : n;
}

static inline ssize_t
wires_send_more(int fd, const void *buf, size_t len)
{
	ssize_t n = send(fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE);

	return n < 0 ? -errno : n;
}

static inline void
wires_push(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static inline int
wires_await(int fd, void (*abandon)(void *), void *arg)
{
	char one;

	(void)abandon;
	(void)arg;
	return recv(fd, &one, 1, MSG_PEEK) < 0 ? -errno : 0;
}

static inline int
wires_poll(int fd, short events, int timeout, void (*abandon)(void *),
    void *arg)
{
	struct pollfd p = { fd, events, 0 };
	int r = poll(&p, 1, timeout);

	(void)abandon;
	(void)arg;
	return r < 0 ? -errno : r == 0 ? 0 : p.revents;
}

static inline bool
wires_restarts(void)
{
	return true;
}

static inline int
wires_shutdown(int fd, int how)
{
	return shutdown(fd, how) < 0 ? -errno : 0;
}

static inline bool
wires_nonblocking(int fd)
{
	return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
}

static inline void
wires_nudge(int fd)
{
	(void)fd;
}

static inline int
wires_option(int fd, int option)
{
	socklen_t len = sizeof(int);
	int v = 0;

	getsockopt(fd, SOL_SOCKET, option, &v, &len);
	return v;
}

/* As of a kernel that does not tell. */
static inline size_t
wires_room(int fd, size_t *buffer)
{
	*buffer = (size_t)wires_option(fd, SO_SNDBUF);
	return 0;
}

static inline int
wires_timeout(int fd, int option)
{
	struct timeval tv = { 0, 0 };
	socklen_t len = sizeof tv;

	getsockopt(fd, SOL_SOCKET, option, &tv, &len);
	return (int)(tv.tv_sec * 1000 + tv.tv_usec / 1000);
}

static inline int
wires_state(int fd)
{
	struct pollfd p = { fd, POLLOUT, 0 };

	if (poll(&p, 1, 0) == 0)
		return -EAGAIN;
	return (p.revents & POLLERR) != 0 ? -ENOTCONN : 0;
}

static inline int
wires_error(int fd)
{
	return -wires_option(fd, SO_ERROR);
}

static inline size_t
wires_queued(int fd)
{
	int n = 0;

	return ioctl(fd, FIONREAD, &n) == 0 && n > 0 ? (size_t)n : 0;
}

static const struct wire wires = {
	wires_recv, wires_send, wires_await, wires_poll, wires_restarts,
	wires_shutdown, wires_nonblocking, wires_nudge, wires_room,
	wires_timeout, wires_state, wires_error,
	wires_send_more, wires_push, wires_queued,
};

/* Both ends of a TCP connection over loopback. */
static inline void
wires_tcp(int fds[2])
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int one = 1, l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), i;

	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(l, (struct sockaddr *)&a, len), 0);
	ck_assert_int_eq(listen(l, 1), 0);
	ck_assert_int_eq(getsockname(l, (struct sockaddr *)&a, &len), 0);
	ck_assert_int_eq(connect(fds[0], (struct sockaddr *)&a, len), 0);
	fds[1] = accept(l, NULL, NULL);
	ck_assert_int_ge(fds[1], 0);
	close(l);
	for (i = 0; i < 2; i++)
		setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

/* A connection under test ------------------------------------------------------- */

struct near {
	struct conn *c;
	int fd;
};

/* The far end of its socket: an engine whose bytes wait in SINK. */
struct far {
	struct end end;		/* the engine's */
	struct end sink;	/* its .in holds what is to be sent */
	int fd;
};

static struct tlsconf conf;

static const struct wire *near_wire = &wires;

static inline void
near_make(struct near *n, int fd, enum role role)
{
	struct conn_args args = {
		.wire = near_wire, .ops = &dicomtls_engine, .conf = &conf,
		.role = role, .peer = "10.1.2.3:40000", .port = 2762,
		.fd = fd,
	};

	n->fd = fd;
	n->c = conn_new(&args);
	ck_assert_ptr_nonnull(n->c);
	ck_assert_int_eq(fdtab_set(fd, n->c), 0);
}

static inline ssize_t
far_recv(void *arg, void *data, size_t len)
{
	struct end *end = arg;
	struct far *far = (struct far *)((char *)end - offsetof(struct far,
	    end));
	ssize_t n = recv(far->fd, data, len, MSG_DONTWAIT);

	return n < 0 ? -errno : n;
}

static inline void
far_make(struct far *far, int fd, enum role role)
{
	struct engine_port port = { far_recv, pair_send, &far->end };

	memset(far, 0, sizeof *far);
	far->fd = fd;
	far->end.other = &far->sink;
	far->end.engine = ops->create(&conf, role, NULL, "10.9.9.9:1", &port,
	    &far->end.fail);
	ck_assert_msg(far->end.engine != NULL, "%s", far->end.fail.text);
}

/* Puts the next LEN bytes of what the engine has sent on the wire; 0: all. */
static inline void
far_push(struct far *far, size_t len)
{
	size_t have = buf_len(&far->sink.in);
	ssize_t n;

	len = len == 0 || len > have ? have : len;
	while (len > 0) {
		n = send(far->fd, buf_head(&far->sink.in), len, MSG_NOSIGNAL);
		ck_assert_msg(n > 0, "push: %s", strerror(errno));
		buf_take(&far->sink.in, (size_t)n);
		len -= (size_t)n;
	}
}

static inline void
far_write(struct far *far, const void *data, size_t len)
{
	ck_assert_int_eq(ops->write(far->end.engine, data, len),
	    (ssize_t)len);
}

static inline ssize_t
near_recv(struct near *n, void *data, size_t len, int flags)
{
	struct iovec iov = { data, len };

	return conn_recv(n->c, n->fd, &iov, 1, flags);
}

static inline ssize_t
near_send(struct near *n, const void *data, size_t len, int flags)
{
	struct iovec iov = { (void *)data, len };

	return conn_send(n->c, n->fd, &iov, 1, flags);
}

static inline short
kernel_says(int fd, short events)
{
	struct pollfd p = { fd, events, 0 };

	poll(&p, 1, 0);
	return p.revents;
}

/* What a program's own poll() would say, without waiting. */
static inline short
near_poll(struct near *n, short events)
{
	struct pollfd p = { n->fd, 0, 0 };
	int limit;

	conn_poll(n->c, n->fd, events, &p.events, &limit);
	poll(&p, 1, 0);
	return conn_polled(n->c, n->fd, events, p.revents);
}

/* A conversation that is open: the near end serves unless AS says else. */
static inline void
wires_begin(struct near *n, struct far *far, enum role as)
{
	int fds[2];

	wires_tcp(fds);
	near_make(n, fds[1], as);
	far_make(far, fds[0], as == ROLE_SERVER ? ROLE_CLIENT : ROLE_SERVER);
}

static inline void
wires_shake(struct near *n, struct far *far)
{
	int i, r = -EAGAIN;
	bool moved;

	for (i = 0; i < 50; i++) {
		near_poll(n, POLLIN);
		if (r == -EAGAIN)
			r = ops->handshake(far->end.engine);
		ck_assert_msg(r == 0 || r == -EAGAIN, "far: %s",
		    far->end.fail.text);
		moved = buf_len(&far->sink.in) > 0;
		far_push(far, 0);
		if (r == 0 && !moved && kernel_says(n->fd, POLLIN) == 0)
			return;
	}
	ck_abort_msg("the handshake does not end");
}

static inline void
wires_open(struct near *n, struct far *far, enum role as)
{
	wires_begin(n, far, as);
	wires_shake(n, far);
}

static inline void
near_close(struct near *n)
{
	struct conn *c = fdtab_begin_close(n->fd);

	ck_assert_ptr_eq(c, n->c);
	if (conn_closed(c, n->fd) == 0)
		conn_finish(c, n->fd, -1);
	conn_release(c);
	close(n->fd);
	fdtab_end_close(n->fd);
	conn_release(n->c);
}

static inline void
far_close(struct far *far)
{
	ops->destroy(far->end.engine);
	buf_free(&far->sink.in);
	close(far->fd);
}

static inline long
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A certificate and settings, and a log to look into. */
static inline void
wires_setup(void)
{
	struct pki p = pki_make((struct pki_want){ .cn = "localhost" });

	unit_setup();
	pki_write("cert.pem", "key.pem", &p);
	pki_free(&p);
	conf = pair_conf("cert.pem", "key.pem");
	log_open("log", LOG_LEVEL_DEBUG, false);
}

static inline int
wires_said(const char *words)
{
	char *text, *at;
	int n = 0;

	if (access("log", F_OK) < 0)
		return 0;
	text = unit_read("log");
	for (at = text; (at = strstr(at, words)) != NULL; at++)
		n++;
	free(text);
	return n;
}

#endif
