/* SPDX-License-Identifier: Apache-2.0
 * ways: libc's many ways to receive, to send and to wait, as tables. */
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/sendfile.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"

/* What a fortified program calls, and glibc's public aliases. */
ssize_t __read_chk(int fd, void *buf, size_t len, size_t room);
ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags,
    struct sockaddr *addr, socklen_t *addrlen);
int __poll_chk(struct pollfd *fds, nfds_t n, int ms, size_t room);
int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *t,
    const sigset_t *mask, size_t room);
ssize_t __read(int fd, void *buf, size_t len);
ssize_t __write(int fd, const void *buf, size_t len);
ssize_t __send(int fd, const void *buf, size_t len, int flags);
int __poll(struct pollfd *fds, nfds_t n, int ms);
int __select(int n, fd_set *r, fd_set *w, fd_set *x, struct timeval *t);

/* Receiving ---------------------------------------------------------------- */

static ssize_t
rx_read(int fd, void *buf, size_t len, int flags)
{
	(void)flags;
	return read(fd, buf, len);
}

static ssize_t
rx_readv(int fd, void *buf, size_t len, int flags)
{
	size_t half = len / 2;
	struct iovec iov[3] = { { buf, half }, { buf, 0 },
	    { (char *)buf + half, len - half } };

	(void)flags;
	return readv(fd, iov, 3);
}

static ssize_t
rx_preadv2(int fd, void *buf, size_t len, int flags)
{
	struct iovec iov = { buf, len };

	(void)flags;
	return preadv2(fd, &iov, 1, -1, 0);
}

static ssize_t
rx_recvfrom(int fd, void *buf, size_t len, int flags)
{
	struct sockaddr_storage from;
	socklen_t room = sizeof(from);

	return recvfrom(fd, buf, len, flags, (struct sockaddr *)&from, &room);
}

static ssize_t
rx_recvmsg(int fd, void *buf, size_t len, int flags)
{
	size_t half = len / 2;
	struct iovec iov[2] = { { buf, half },
	    { (char *)buf + half, len - half } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };

	return recvmsg(fd, &m, flags);
}

static ssize_t
rx_recvmmsg(int fd, void *buf, size_t len, int flags)
{
	struct iovec iov = { buf, len };
	struct mmsghdr m = { .msg_hdr = { .msg_iov = &iov,
	    .msg_iovlen = 1 } };
	int n = recvmmsg(fd, &m, 1, flags, NULL);

	return n == 1 ? (ssize_t)m.msg_len : n;
}

static ssize_t
rx_read_alias(int fd, void *buf, size_t len, int flags)
{
	(void)flags;
	return __read(fd, buf, len);
}

static ssize_t
rx_read_chk(int fd, void *buf, size_t len, int flags)
{
	(void)flags;
	return __read_chk(fd, buf, len, len);
}

static ssize_t
rx_recv_chk(int fd, void *buf, size_t len, int flags)
{
	return __recv_chk(fd, buf, len, len, flags);
}

static ssize_t
rx_recvfrom_chk(int fd, void *buf, size_t len, int flags)
{
	return __recvfrom_chk(fd, buf, len, len, flags, NULL, NULL);
}

const struct receiver receivers[] = {
	{ "read", rx_read, false },
	{ "recv", recv, true },
	{ "recvfrom", rx_recvfrom, true },
	{ "recvmsg", rx_recvmsg, true },
	{ "recvmmsg", rx_recvmmsg, true },
	{ "readv", rx_readv, false },
	{ "preadv2", rx_preadv2, false },
	{ "__read", rx_read_alias, false },
	{ "__read_chk", rx_read_chk, false },
	{ "__recv_chk", rx_recv_chk, true },
	{ "__recvfrom_chk", rx_recvfrom_chk, true },
	{ NULL, NULL, false }
};

/* Sending ------------------------------------------------------------------- */

static ssize_t
tx_write(int fd, const void *buf, size_t len, int flags)
{
	(void)flags;
	return write(fd, buf, len);
}

static ssize_t
tx_writev(int fd, const void *buf, size_t len, int flags)
{
	char *p = (char *)(uintptr_t)buf;
	size_t third = len / 3;
	struct iovec iov[4] = { { p, third }, { p, 0 }, { p + third, third },
	    { p + 2 * third, len - 2 * third } };

	(void)flags;
	return writev(fd, iov, 4);
}

static ssize_t
tx_pwritev2(int fd, const void *buf, size_t len, int flags)
{
	struct iovec iov = { (void *)(uintptr_t)buf, len };

	(void)flags;
	return pwritev2(fd, &iov, 1, -1, 0);
}

static ssize_t
tx_sendto(int fd, const void *buf, size_t len, int flags)
{
	return sendto(fd, buf, len, flags, NULL, 0);
}

static ssize_t
tx_sendmsg(int fd, const void *buf, size_t len, int flags)
{
	char *p = (char *)(uintptr_t)buf;
	struct iovec iov[2] = { { p, len / 2 }, { p + len / 2, len - len / 2 } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };

	return sendmsg(fd, &m, flags);
}

static ssize_t
tx_sendmmsg(int fd, const void *buf, size_t len, int flags)
{
	struct iovec iov = { (void *)(uintptr_t)buf, len };
	struct mmsghdr m = { .msg_hdr = { .msg_iov = &iov,
	    .msg_iovlen = 1 } };
	int n = sendmmsg(fd, &m, 1, flags);

	return n == 1 ? (ssize_t)m.msg_len : n;
}

static ssize_t
tx_write_alias(int fd, const void *buf, size_t len, int flags)
{
	(void)flags;
	return __write(fd, buf, len);
}

static ssize_t
tx_send_alias(int fd, const void *buf, size_t len, int flags)
{
	return __send(fd, buf, len, flags);
}

static ssize_t
tx_sendfile(int fd, const void *buf, size_t len, int flags)
{
	FILE *f = tmpfile();
	off_t at = 0;
	ssize_t n;

	(void)flags;
	if (f == NULL || fwrite(buf, 1, len, f) != len || fflush(f) != 0)
		broken("tmpfile");
	n = sendfile(fd, fileno(f), &at, len);
	if (n >= 0 && at != n)
		say("sendfile's offset %jd", (intmax_t)at);
	fclose(f);
	return n;
}

const struct sender senders[] = {
	{ "write", tx_write, false },
	{ "send", send, true },
	{ "sendto", tx_sendto, true },
	{ "sendmsg", tx_sendmsg, true },
	{ "sendmmsg", tx_sendmmsg, true },
	{ "writev", tx_writev, false },
	{ "pwritev2", tx_pwritev2, false },
	{ "__write", tx_write_alias, false },
	{ "__send", tx_send_alias, true },
	{ "sendfile", tx_sendfile, false },
	{ NULL, NULL, false }
};

/* Blocking or not ------------------------------------------------------------ */

static void
mode_blocking(int fd)
{
	(void)fd;
}

static void
mode_timeout(int fd)
{
	set_timeouts(fd, 250);
}

const struct mode modes[] = {
	{ "blocking", mode_blocking },
	{ "nonblocking", set_nonblocking },
	{ "timeout", mode_timeout },
	{ NULL, NULL }
};

/* Waiting --------------------------------------------------------------------- */

struct watch {
	const struct waiter *how;
	int fd, events, epoll;
};

static struct timespec *
span(int ms)
{
	static __thread struct timespec t;

	t = (struct timespec){ ms / 1000, ms % 1000 * 1000000L };
	return ms < 0 ? NULL : &t;
}

static int
polled(struct pollfd *p, int n)
{
	return n < 0 ? (say_result("wait", n), 0) : n == 0 ? 0 : p->revents;
}

static int
wait_poll(struct watch *w, int ms)
{
	struct pollfd p = { w->fd, (short)w->events, 0 };

	return polled(&p, poll(&p, 1, ms));
}

static int
wait_poll_alias(struct watch *w, int ms)
{
	struct pollfd p = { w->fd, (short)w->events, 0 };

	return polled(&p, __poll(&p, 1, ms));
}

static int
wait_poll_chk(struct watch *w, int ms)
{
	struct pollfd p = { w->fd, (short)w->events, 0 };

	return polled(&p, __poll_chk(&p, 1, ms, sizeof(p)));
}

static int
wait_ppoll(struct watch *w, int ms)
{
	struct pollfd p = { w->fd, (short)w->events, 0 };

	return polled(&p, ppoll(&p, 1, span(ms), NULL));
}

static int
wait_ppoll_chk(struct watch *w, int ms)
{
	struct pollfd p = { w->fd, (short)w->events, 0 };

	return polled(&p, __ppoll_chk(&p, 1, span(ms), NULL, sizeof(p)));
}

struct sets {
	fd_set r, w, x;
};

static struct sets
sets(const struct watch *w)
{
	struct sets s;

	memset(&s, 0, sizeof(s));
	if (w->events & POLLIN)
		FD_SET(w->fd, &s.r);
	if (w->events & POLLOUT)
		FD_SET(w->fd, &s.w);
	FD_SET(w->fd, &s.x);
	return s;
}

static int
selected(const struct watch *w, const struct sets *s, int n)
{
	if (n < 0)
		say_result("wait", n);
	if (n <= 0)
		return 0;
	return (FD_ISSET(w->fd, &s->r) ? POLLIN : 0) |
	    (FD_ISSET(w->fd, &s->w) ? POLLOUT : 0) |
	    (FD_ISSET(w->fd, &s->x) ? POLLPRI : 0);
}

static int
wait_select(struct watch *w, int ms)
{
	struct sets s = sets(w);
	struct timeval t = { ms / 1000, ms % 1000 * 1000 };

	return selected(w, &s, select(w->fd + 1, &s.r, &s.w, &s.x,
	    ms < 0 ? NULL : &t));
}

static int
wait_select_alias(struct watch *w, int ms)
{
	struct sets s = sets(w);
	struct timeval t = { ms / 1000, ms % 1000 * 1000 };

	return selected(w, &s, __select(w->fd + 1, &s.r, &s.w, &s.x,
	    ms < 0 ? NULL : &t));
}

static int
wait_pselect(struct watch *w, int ms)
{
	struct sets s = sets(w);

	return selected(w, &s, pselect(w->fd + 1, &s.r, &s.w, &s.x, span(ms),
	    NULL));
}

/* EPOLLIN and its like have poll's numbers on Linux. */
static int
wait_epoll(struct watch *w, int ms)
{
	struct epoll_event ev;
	int n = epoll_wait(w->epoll, &ev, 1, ms);

	if (n < 0)
		say_result("wait", n);
	return n == 1 ? (int)ev.events : 0;
}

static int
wait_epoll_pwait(struct watch *w, int ms)
{
	struct epoll_event ev;
	sigset_t none;
	int n;

	sigemptyset(&none);
	n = epoll_pwait(w->epoll, &ev, 1, ms, &none);
	if (n < 0)
		say_result("wait", n);
	return n == 1 ? (int)ev.events : 0;
}

static int
wait_oneshot(struct watch *w, int ms)
{
	struct epoll_event ev = { .events = EPOLLONESHOT |
	    (uint32_t)w->events };

	must(epoll_ctl(w->epoll, EPOLL_CTL_MOD, w->fd, &ev));
	return wait_epoll(w, ms);
}

const struct waiter waiters[] = {
	{ "poll", wait_poll, 0, false },
	{ "__poll", wait_poll_alias, 0, false },
	{ "__poll_chk", wait_poll_chk, 0, false },
	{ "ppoll", wait_ppoll, 0, false },
	{ "__ppoll_chk", wait_ppoll_chk, 0, false },
	{ "select", wait_select, 0, false },
	{ "__select", wait_select_alias, 0, false },
	{ "pselect", wait_pselect, 0, false },
	{ "epoll", wait_epoll, 0, true },
	{ "epoll_pwait", wait_epoll_pwait, 0, true },
	{ "epoll-edge", wait_epoll, (int)EPOLLET, true },
	{ "epoll-oneshot", wait_oneshot, EPOLLONESHOT, true },
	{ "epoll-exclusive", wait_epoll, EPOLLEXCLUSIVE, true },
	{ NULL, NULL, 0, false }
};

struct watch *
watch(const struct given *g, int fd, int events)
{
	struct watch *w = malloc(sizeof(*w));
	struct epoll_event ev;

	if (g->waiter->epoll_flags == (int)EPOLLEXCLUSIVE)
		events &= ~POLLRDHUP;
	*w = (struct watch){ g->waiter, fd, events, -1 };
	if (!g->waiter->epoll)
		return w;
	ev.events = (uint32_t)(events | g->waiter->epoll_flags);
	w->epoll = (int)must(epoll_create1(EPOLL_CLOEXEC));
	must(epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &ev));
	return w;
}

int
watch_wait(struct watch *w, int ms)
{
	return w->how->wait(w, ms);
}

void
say_watch(struct watch *w, const char *what, int ms)
{
	say_events(what, watch_wait(w, ms));
}

void
watch_end(struct watch *w)
{
	if (w->epoll != -1)
		close(w->epoll);
	free(w);
}
