/* SPDX-License-Identifier: Apache-2.0
 * option: ioctl, fcntl and socket options on a connection. */
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"

static void
take(const char *what, int fd, size_t len)
{
	char buf[70000];

	say_bytes(what, buf, read(fd, buf, len));
}

static void
say_there(int fd, unsigned long request)
{
	int n = -1;

	say_result("ioctl", ioctl(fd, request, &n));
	say("there are %d", n);
}

/* Never less than there is, or a program that trusts it stalls. */
static void
fionread(const struct given *g)
{
	int fd[2];

	(void)g;
	pair(fd);
	say_there(fd[1], FIONREAD);
	must(write(fd[0], "one ", 4));
	say_there(fd[1], FIONREAD);
	must(write(fd[0], "two", 3));
	say_there(fd[1], FIONREAD);
	take("read", fd[1], 3);
	say_there(fd[1], FIONREAD);
	take("read", fd[1], 3);
	say_there(fd[1], SIOCINQ);
	take("read", fd[1], 3);
	say_there(fd[1], FIONREAD);
	must(shutdown(fd[0], SHUT_WR));
	wait_until_gone(fd[1]);
	say_there(fd[1], FIONREAD);
	take("read", fd[1], 3);
	close_both(fd);
}

static void
fionread_large(const struct given *g)
{
	unsigned char *p = pattern(50000);
	int fd[2];

	(void)g;
	pair(fd);
	must(write(fd[0], p, 50000));
	say_there(fd[1], FIONREAD);
	take("read", fd[1], 20000);
	say_there(fd[1], FIONREAD);
	take("read", fd[1], 60000);
	say_there(fd[1], FIONREAD);
	close_both(fd);
	free(p);
}

static void
outq(const struct given *g)
{
	struct timespec start = now();
	int fd[2], n = -1;

	(void)g;
	pair(fd);
	must(write(fd[0], "data", 4));
	take("read", fd[1], 4);
	while (n != 0 && ms_since(start) < 5000)
		must(ioctl(fd[0], SIOCOUTQ, &n));
	say("left %d", n);
	close_both(fd);
}

static void
fionbio(const struct given *g)
{
	int fd[2], on = 1, off = 0;

	(void)g;
	pair(fd);
	say_result("ioctl", ioctl(fd[1], FIONBIO, &on));
	say("O_NONBLOCK %d", !!(fcntl(fd[1], F_GETFL) & O_NONBLOCK));
	take("read", fd[1], 10);
	say_result("ioctl", ioctl(fd[1], FIONBIO, &off));
	say("O_NONBLOCK %d", !!(fcntl(fd[1], F_GETFL) & O_NONBLOCK));
	must(write(fd[0], "data", 4));
	take("read", fd[1], 10);
	close_both(fd);
}

/* PixelMed's runtime sets and clears O_NONBLOCK around each call. */
static void
toggled(const struct given *g)
{
	int fd[2], i;

	(void)g;
	pair(fd);
	for (i = 0; i < 3; i++) {
		must(fcntl(fd[1], F_SETFL, O_RDWR | O_NONBLOCK));
		take("nonblocking", fd[1], 10);
		must(fcntl(fd[1], F_SETFL, O_RDWR));
		must(write(fd[0], "data", 4));
		take("blocking", fd[1], 10);
	}
	close_both(fd);
}

static void
fcntls(const struct given *g)
{
	int fd[2];

	(void)g;
	pair(fd);
	say("F_GETFL %#x", (unsigned)fcntl(fd[0], F_GETFL));
	say("F_GETFD %d", fcntl(fd[0], F_GETFD));
	say_result("F_SETFD", fcntl(fd[0], F_SETFD, FD_CLOEXEC));
	say("F_GETFD %d", fcntl(fd[0], F_GETFD));
	say_result("F_SETOWN", fcntl(fd[0], F_SETOWN, getpid()));
	say("F_GETOWN %d", fcntl(fd[0], F_GETOWN) == getpid());
	say_result("F_GETLK", fcntl(fd[0], F_GETLK, &(struct flock){
	    .l_type = F_RDLCK }));
	say_result("F_GETPIPE_SZ", fcntl(fd[0], F_GETPIPE_SZ));
	say_result("unknown", fcntl(fd[0], 9999, 0));
	say_result("closed", fcntl(-1, F_GETFL));
	close_both(fd);
}

/* What programs look at to know what a descriptor is. */
static void
kind(const struct given *g)
{
	static const int options[] = { SO_TYPE, SO_DOMAIN, SO_PROTOCOL,
		SO_ACCEPTCONN, SO_ERROR, SO_KEEPALIVE, SO_REUSEADDR,
		SO_RCVLOWAT };
	struct stat st;
	int fd[2], v;
	socklen_t len;
	size_t i;

	(void)g;
	pair(fd);
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		len = sizeof(v);
		must(getsockopt(fd[0], SOL_SOCKET, options[i], &v, &len));
		say("option %d is %d", options[i], v);
	}
	must(fstat(fd[0], &st));
	say("a socket %d", S_ISSOCK(st.st_mode));
	say_result("lseek", lseek(fd[0], 0, SEEK_CUR));
	say("a terminal %d", isatty(fd[0]));
	say_result("fsync", fsync(fd[0]));
	say_result("ftruncate", ftruncate(fd[0], 0));
	close_both(fd);
}

static void
set_and_get(const struct given *g)
{
	static const struct {
		int level, option, value;
	} some[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ SOL_SOCKET, SO_RCVBUF, 20000 },
		{ SOL_SOCKET, SO_SNDBUF, 20000 },
		{ SOL_SOCKET, SO_REUSEADDR, 1 },
		{ SOL_SOCKET, SO_OOBINLINE, 1 },
		{ SOL_SOCKET, SO_PRIORITY, 3 },
		{ SOL_SOCKET, SO_TIMESTAMP, 1 },
		{ SOL_SOCKET, SO_BUSY_POLL, 0 },
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ IPPROTO_TCP, TCP_NODELAY, 0 },
		{ IPPROTO_TCP, TCP_CORK, 1 },
		{ IPPROTO_TCP, TCP_CORK, 0 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 30 },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, 5000 },
		{ IPPROTO_TCP, TCP_QUICKACK, 1 },
		{ IPPROTO_IP, IP_TOS, 0x10 },
		{ SOL_SOCKET, 9999, 1 },
		{ 9999, 1, 1 },
	};
	int fd[2], v;
	socklen_t len;
	size_t i;

	(void)g;
	pair(fd);
	for (i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		say("level %d option %d", some[i].level, some[i].option);
		say_result("set", setsockopt(fd[0], some[i].level,
		    some[i].option, &some[i].value, sizeof(int)));
		len = sizeof(v);
		v = -1;
		say_result("get", getsockopt(fd[0], some[i].level,
		    some[i].option, &v, &len));
		say("value %d length %u", v, len);
	}
	must(write(fd[0], "alive", 5));
	take("server", fd[1], 10);
	close_both(fd);
}

/* Nagle's algorithm is on unless a program turned it off. */
static void
nodelay_default(const struct given *g)
{
	int lfd = listener(), fd = dial(port_of(lfd)), v = -1;
	socklen_t len = sizeof(v);

	(void)g;
	must(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &v, &len));
	say("client's TCP_NODELAY %d", v);
	fd = (int)must(accept(lfd, NULL, NULL));
	must(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &v, &len));
	say("server's TCP_NODELAY %d", v);
}

/* Readiness only when so much is there; a time-out still returns less. */
static void
low_water(const struct given *g)
{
	int fd[2], v = 8;
	socklen_t len = sizeof(v);
	struct pollfd p;

	(void)g;
	pair(fd);
	say_result("set", setsockopt(fd[1], SOL_SOCKET, SO_RCVLOWAT, &v,
	    sizeof(v)));
	v = -1;
	must(getsockopt(fd[1], SOL_SOCKET, SO_RCVLOWAT, &v, &len));
	say("value %d", v);
	p = (struct pollfd){ fd[1], POLLIN, 0 };
	must(write(fd[0], "four", 4));
	say_result("poll", poll(&p, 1, 100));
	must(write(fd[0], "more", 4));
	say_result("poll", poll(&p, 1, 1000));
	take("read", fd[1], 100);
	must(write(fd[0], "few", 3));
	set_nonblocking(fd[1]);
	take("read", fd[1], 100);
	close_both(fd);
}

/* A blocking read waits for the mark, and for the end. */
static void
few_and_end(int fd)
{
	must(write(fd, "abc", 3));
	pause_ms(80);
	must(write(fd, "defgh", 5));
	must(write(fd, "ij", 2));
	pause_ms(80);
	must(shutdown(fd, SHUT_WR));
}

static void
low_water_blocking(const struct given *g)
{
	int fd[2], v = 8;
	struct side *s;
	char buf[100];
	ssize_t n;

	(void)g;
	pair(fd);
	must(setsockopt(fd[1], SOL_SOCKET, SO_RCVLOWAT, &v, sizeof(v)));
	s = side("client", few_and_end, fd[0]);
	n = read(fd[1], buf, 100);
	say("at least the mark: %d", n >= 8);
	side_end(s);
	say("all: %zd", n + read(fd[1], buf, 100));
	close_both(fd);
}

static void
refused_ones(const struct given *g)
{
	static const struct {
		int level, option;
		const char *name;
	} odd[] = {
		{ SOL_SOCKET, SO_PEEK_OFF, "SO_PEEK_OFF" },
		{ SOL_SOCKET, SO_ZEROCOPY, "SO_ZEROCOPY" },
		{ IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, "TCP_ZEROCOPY_RECEIVE" },
	};
	int fd[2], one = 1;

	pair(fd);
	say_result(odd[g->n].name, setsockopt(fd[1], odd[g->n].level,
	    odd[g->n].option, &one, sizeof(one)));
	must(write(fd[0], "alive", 5));
	take("server", fd[1], 10);
	close_both(fd);
}

/* The kernel's TLS, set by a program of its own accord.  Not every kernel has
 * it, so it is not compared. */
static void
ulp(const struct given *g)
{
	int fd[2];

	(void)g;
	pair(fd);
	say_result("TCP_ULP", setsockopt(fd[0], IPPROTO_TCP, TCP_ULP, "tls",
	    4));
	must(write(fd[0], "alive", 5));
	take("server", fd[1], 10);
	close_both(fd);
}

static void
time_outs(const struct given *g)
{
	struct timeval t;
	socklen_t len = sizeof(t);
	int fd[2];

	(void)g;
	pair(fd);
	set_timeouts(fd[0], 1250);
	must(getsockopt(fd[0], SOL_SOCKET, SO_RCVTIMEO, &t, &len));
	say("receive %ld.%06ld", t.tv_sec, t.tv_usec);
	len = sizeof(t);
	must(getsockopt(fd[0], SOL_SOCKET, SO_SNDTIMEO, &t, &len));
	say("send %ld.%06ld", t.tv_sec, t.tv_usec);
	t = (struct timeval){ 0, 2000000 };
	say_result("too many microseconds", setsockopt(fd[0], SOL_SOCKET,
	    SO_RCVTIMEO, &t, sizeof(t)));
	say_result("too short", setsockopt(fd[0], SOL_SOCKET, SO_RCVTIMEO,
	    &t, 3));
	close_both(fd);
}

/* Set before the connection, they hold on it; the listener's are inherited. */
static void
inherited(const struct given *g)
{
	struct timeval t = { 1, 200000 };
	int lfd = listener(), c, s;
	char buf[10];

	(void)g;
	must(setsockopt(lfd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	c = dial(port_of(lfd));
	s = (int)must(accept(lfd, NULL, NULL));
	warm((int[]){ c, s });
	say_result("read", read(s, buf, 10));
	close(c);
	close(s);
}

static void
info(const struct given *g)
{
	struct tcp_info i;
	socklen_t len = sizeof(i);
	int fd[2];

	(void)g;
	pair(fd);
	must(getsockopt(fd[0], IPPROTO_TCP, TCP_INFO, &i, &len));
	say("state %d", i.tcpi_state);
	must(close(fd[1]));
	wait_until_gone(fd[0]);
	len = sizeof(i);
	must(getsockopt(fd[0], IPPROTO_TCP, TCP_INFO, &i, &len));
	say("state %d", i.tcpi_state);
	close(fd[0]);
}

/* A signal when data comes. */
static void
signal_driven(const struct given *g)
{
	struct timespec start;
	int fd[2];

	(void)g;
	pair(fd);
	count_signal(SIGIO, 0);
	must(fcntl(fd[1], F_SETOWN, getpid()));
	must(fcntl(fd[1], F_SETFL, O_RDWR | O_NONBLOCK | O_ASYNC));
	must(write(fd[0], "data", 4));
	for (start = now(); signals() == 0 && ms_since(start) < 5000;)
		pause_ms(1);
	say("signalled %d", signals() > 0);
	take("read", fd[1], 10);
	close_both(fd);
}

static const char *const odd_names[] = { "SO_PEEK_OFF", "SO_ZEROCOPY",
	"TCP_ZEROCOPY_RECEIVE", NULL };

const struct family option_cases[] = {
	{ .name = "option.fionread", .play = fionread },
	{ .name = "option.fionread-large", .play = fionread_large },
	{ .name = "option.outq", .play = outq },
	{ .name = "option.fionbio", .play = fionbio },
	{ .name = "option.toggled", .play = toggled },
	{ .name = "option.fcntls", .play = fcntls },
	{ .name = "option.kind", .play = kind },
	{ .name = "option.set-and-get", .play = set_and_get },
	{ .name = "option.nodelay-default", .play = nodelay_default },
	{ .name = "option.low-water", .play = low_water },
	{ .name = "option.low-water-blocking", .play = low_water_blocking },
	{ .name = "option.refused", .play = refused_ones,
	    .words = odd_names },
	{ .name = "option.ulp", .play = ulp,
	    .expect = "TCP_ULP = -1 EOPNOTSUPP\nserver = 5 \"alive\"\n" },
	{ .name = "option.time-outs", .play = time_outs },
	{ .name = "option.inherited", .play = inherited },
	{ .name = "option.info", .play = info },
	{ .name = "option.signal-driven", .play = signal_driven },
	{ .name = NULL }
};
