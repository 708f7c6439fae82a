/* SPDX-License-Identifier: Apache-2.0
 * wrap: what every wrapper does, and the wire: the real calls as conn/ wants
 * them. */
#include "libc/libc.h"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <time.h>

#include "conn/wire.h"
#include "libc/idle.h"
#include "libc/init.h"

/* Wrappers ------------------------------------------------------------------- */

/* The cancel state that the innermost tracked call began with. */
static _Thread_local int entry_cancel;

bool
enter_tracked(struct call *call, int fd)
{
	bool closing = false;

	pthread_testcancel();
	process_check();
	call->error = errno;
	call->conn = fdtab_hold(fd, &closing);
	if (call->conn == NULL)
		return false;
	call->fd = fd;
	call->outer = entry_cancel;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &call->cancel);
	entry_cancel = call->cancel;
	return true;
}

ssize_t
leave(struct call *call, ssize_t result)
{
	conn_release(call->conn);
	entry_cancel = call->outer;
	pthread_setcancelstate(call->cancel, NULL);
	errno = result < 0 ? (int)-result : call->error;
	return result < 0 ? -1 : result;
}

ssize_t
leave_unsupported(struct call *call, const char *what)
{
	log_event(LOG_LEVEL_WARN, "failure", (struct log_field[]){
	    { "reason", fail_reason_name(REASON_UNSUPPORTED) },
	    { NULL, NULL } }, "the program asked for %s on descriptor %d, "
	    "which is a TLS connection and has no such thing: refused, see "
	    "dicomtls(7)", what, call->fd);
	return leave(call, -EOPNOTSUPP);
}

void
log_refusal(const struct fail *f, enum role role, const char *peer)
{
	log_event(LOG_LEVEL_ERROR, "failure", (struct log_field[]){
	    { "role", role == ROLE_CLIENT ? "client" : "server" },
	    { "peer", peer }, { "reason", fail_reason_name(f->reason) },
	    { NULL, NULL } }, "%s", f->text);
}

int
refuse(int error)
{
	errno = error;
	return -1;
}

void
cancel_allow(void)
{
	pthread_setcancelstate(entry_cancel, NULL);
}

void
cancel_forbid(void)
{
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
}

/* The wire -------------------------------------------------------------------- */

static ssize_t
wire_recv(int fd, void *buf, size_t len, int flags)
{
	ssize_t n;

	do
		n = libc()->recv(fd, buf, len, flags | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static ssize_t
wire_send(int fd, const void *buf, size_t len)
{
	ssize_t n;

	do
		n = libc()->send(fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/*
 * tcp(7): for 200 ms at most.  As the socket has TCP_NODELAY it goes out with
 * the next acknowledgement that comes in, if not before.
 */
static ssize_t
wire_send_more(int fd, const void *buf, size_t len)
{
	ssize_t n;

	do
		n = libc()->send(fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL |
		    MSG_MORE);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* Setting it, even anew, sends what there is (tcp(7)). */
static void
wire_push(int fd)
{
	int on = 1;

	libc()->setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static int
await_byte(int fd)
{
	ssize_t n;
	char one;
	int r;

	/* What is unfinished elsewhere is gone on with. */
	if (conn_unfinished() && (r = idle_wait(fd, POLLIN, -1)) < 0)
		return r;
	n = libc()->recv(fd, &one, 1, MSG_PEEK);
	return n < 0 ? -errno : 0;
}

static int
wire_await_data(int fd, void (*abandon)(void *), void *arg)
{
	int r;

	pthread_cleanup_push(abandon, arg);
	cancel_allow();
	r = await_byte(fd);
	cancel_forbid();
	pthread_cleanup_pop(0);
	return r;
}

static int
poll_once(struct pollfd *p, int timeout)
{
	int r;

	if (timeout != 0 && conn_unfinished())
		return idle_wait(p->fd, p->events, timeout);
	r = libc()->poll(p, 1, timeout);
	return r < 0 ? -errno : r == 0 ? 0 : p->revents;
}

static int
wire_poll(int fd, short events, int timeout, void (*abandon)(void *),
    void *arg)
{
	struct pollfd p = { fd, events, 0 };
	int r;

	if (abandon == NULL)
		return poll_once(&p, timeout);
	pthread_cleanup_push(abandon, arg);
	cancel_allow();
	r = poll_once(&p, timeout);
	cancel_forbid();
	pthread_cleanup_pop(0);
	return r;
}

/* poll() is never restarted and does not tell which signal came: a program
 * whose handlers are all set with SA_RESTART expects a read to go on. */
static bool
wire_restarts(void)
{
	struct sigaction sa;
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		if (sigaction(sig, NULL, &sa) == 0 &&
		    sa.sa_handler != SIG_DFL && sa.sa_handler != SIG_IGN &&
		    (sa.sa_flags & SA_RESTART) == 0)
			return false;
	return true;
}

static int
wire_shutdown(int fd, int how)
{
	return libc()->shutdown(fd, how) < 0 ? -errno : 0;
}

static bool
wire_nonblocking(int fd)
{
	int flags = libc()->fcntl(fd, F_GETFL);

	return flags >= 0 && (flags & O_NONBLOCK) != 0;
}

/* The kernel takes data while less is queued than SO_SNDBUF, unless little may
 * be unsent (tcp(7), TCP_NOTSENT_LOWAT and its sysctl) or memory is short. */
static size_t
wire_room(int fd, size_t *buffer)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 }, queued, size;
	socklen_t len = sizeof info;

	if (libc()->getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len) < 0) {
		len = sizeof *info;
		libc()->getsockopt(fd, SOL_SOCKET, SO_SNDBUF,
		    &info[SK_MEMINFO_SNDBUF], &len);
		info[SK_MEMINFO_WMEM_QUEUED] = info[SK_MEMINFO_SNDBUF];
	}
	queued = info[SK_MEMINFO_WMEM_QUEUED];
	size = info[SK_MEMINFO_SNDBUF];
	*buffer = size;
	return queued < size ? size - queued : 0;
}

static int
wire_timeout(int fd, int option)
{
	struct timeval tv = { 0, 0 };
	socklen_t len = sizeof tv;

	libc()->getsockopt(fd, SOL_SOCKET, option, &tv, &len);
	if (tv.tv_sec > 1000000)
		return 1000000000;
	return (int)(tv.tv_sec * 1000 + (tv.tv_usec + 999) / 1000);
}

static int
wire_state(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof info;

	/* Where it cannot be asked (MPTCP of old kernels) the connection stays
	 * ours: a send will tell. */
	if (libc()->getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return 0;
	if (info.tcpi_state == TCP_SYN_SENT || info.tcpi_state == TCP_SYN_RECV)
		return -EAGAIN;
	return info.tcpi_state == TCP_CLOSE ? -ENOTCONN : 0;
}

static int
wire_error(int fd)
{
	socklen_t len = sizeof(int);
	int v = 0;

	libc()->getsockopt(fd, SOL_SOCKET, SO_ERROR, &v, &len);
	return -v;
}

/* Setting this option to what it is wakes those who wait for room (measured);
 * it is the only one that does so and nothing else. */
static void
wire_nudge(int fd)
{
	socklen_t len = sizeof(int);
	int v;

	if (libc()->getsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &v, &len)
	    == 0)
		libc()->setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &v,
		    sizeof v);
}

static size_t
wire_queued(int fd)
{
	int n = 0;

	return libc()->ioctl(fd, FIONREAD, &n) == 0 && n > 0 ? (size_t)n : 0;
}

const struct wire libc_wire = {
	.recv = wire_recv,
	.send = wire_send,
	.await_data = wire_await_data,
	.poll = wire_poll,
	.restarts = wire_restarts,
	.shutdown = wire_shutdown,
	.nonblocking = wire_nonblocking,
	.nudge = wire_nudge,
	.room = wire_room,
	.timeout = wire_timeout,
	.state = wire_state,
	.send_more = wire_send_more,
	.push = wire_push,
	.error = wire_error,
	.queued = wire_queued,
};
