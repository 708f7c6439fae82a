/* SPDX-License-Identifier: Apache-2.0
 * edge: programs that live by edges, by many descriptors, by odd sets. */
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"

static int
epoll_on(int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events };
	int ep = (int)must(epoll_create1(EPOLL_CLOEXEC));

	must(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
	return ep;
}

/* Waits for an edge; -1 when none came: the program would sleep for good. */
static int
edge(int ep)
{
	struct epoll_event ev;

	return epoll_wait(ep, &ev, 1, 8000) == 1 ? (int)ev.events : -1;
}

/* How an edge-triggered program takes what there is: to EAGAIN, or, like
 * boost.asio and libuv, to the first short read. */
static int
take_edge(int fd, unsigned char *to, size_t *got, size_t len, bool to_eagain)
{
	ssize_t n;

	do {
		n = read(fd, to + *got, len - *got < 65536 ? len - *got
		    : 65536);
		if (n > 0)
			*got += (size_t)n;
	} while (n > 0 && *got < len && (to_eagain || n == 65536));
	return n == 0 ? -1 : 0;
}

static size_t big = 8 << 20;

/* boost.asio and Go watch both ways from the start. */
static uint32_t writers_events = EPOLLIN | EPOLLOUT | EPOLLET;

static void
edge_reader(int fd, bool to_eagain)
{
	unsigned char *to = malloc(big);
	int ep = epoll_on(fd, EPOLLIN | EPOLLET);
	size_t got = 0;

	while (got < big && edge(ep) > 0)
		if (take_edge(fd, to, &got, big, to_eagain) == -1)
			break;
	say_bytes("read", to, (ssize_t)got);
	close(ep);
	free(to);
}

/* Writes to EAGAIN, or to the first short write, then waits for an edge. */
static void
edge_writer(int fd, bool to_eagain)
{
	unsigned char *p = pattern(big);
	int ep = epoll_on(fd, writers_events);
	size_t put = 0, want;
	ssize_t n;

	while (put < big && edge(ep) > 0)
		do {
			want = big - put < 100000 ? big - put : 100000;
			n = write(fd, p + put, want);
			put += n > 0 ? (size_t)n : 0;
		} while (n > 0 && put < big && (to_eagain ||
		    (size_t)n == want));
	say("wrote %zu", put);
	close(ep);
	free(p);
}

static void
eagain_writer(int fd)
{
	edge_writer(fd, true);
}

static void
short_writer(int fd)
{
	edge_writer(fd, false);
}

static void
slow_reader(int fd)
{
	unsigned char *to = malloc(big);
	size_t got = 0;
	ssize_t n = 1;

	while (got < big && n > 0) {
		if (got < 20000)
			pause_ms(20);
		n = read(fd, to + got, got < 20000 ? 1000 : big - got);
		got += n > 0 ? (size_t)n : 0;
	}
	say_bytes("read", to, (ssize_t)got);
	free(to);
}

static void
plain_writer(int fd)
{
	unsigned char *p = pattern(big);
	size_t put = 0, step = 1;
	ssize_t n;

	while (put < big) {
		step = step * 5 % 9973 + 1;
		n = write(fd, p + put, big - put < step ? big - put : step);
		if (n <= 0)
			break;
		put += (size_t)n;
	}
	free(p);
}

/* By a word: who reads how. */
static void
bulk_read(const struct given *g)
{
	struct side *s;
	int fd[2];

	pair(fd);
	set_nonblocking(fd[1]);
	s = side("writer", plain_writer, fd[0]);
	edge_reader(fd[1], g->n == 0);
	side_end(s);
	close_both(fd);
}

static void
bulk_write(const struct given *g)
{
	struct side *s;
	int fd[2];

	pair(fd);
	set_nonblocking(fd[0]);
	s = side("reader", slow_reader, fd[1]);
	edge_writer(fd[0], g->n == 0);
	side_end(s);
	close_both(fd);
}

/* Both from the first byte: the handshake happens under the edges. */
static void
bulk_cold(const struct given *g)
{
	struct side *s;
	int fd[2];

	pair_cold(fd);
	set_nonblocking(fd[0]);
	set_nonblocking(fd[1]);
	s = side("writer", g->n == 0 ? eagain_writer : short_writer, fd[0]);
	edge_reader(fd[1], g->n == 0);
	side_end(s);
	close_both(fd);
}

/* The server speaks first, the client only reads, both by edges. */
static void
bulk_server_first(const struct given *g)
{
	struct side *s;
	int fd[2];

	pair_cold(fd);
	set_nonblocking(fd[0]);
	set_nonblocking(fd[1]);
	s = side("writer", g->n == 0 ? eagain_writer : short_writer, fd[1]);
	edge_reader(fd[0], g->n == 0);
	side_end(s);
	close_both(fd);
}

/* The writer watches for room alone: an edge must tell when the handshake's
 * queue is empty, although only input came. */
static void
bulk_out_only(const struct given *g)
{
	writers_events = EPOLLOUT | EPOLLET;
	bulk_server_first(g);
}

/* Registered before connect(), as nginx and boost.asio do. */
static void
registered_early(const struct given *g)
{
	int lfd = listener(), fd = (int)must(socket(AF_INET, SOCK_STREAM, 0));
	struct sockaddr_in in = loopback(port_of(lfd));
	int ep = epoll_on(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET), n;
	char buf[10];

	(void)g;
	say_events("unconnected", edge(ep));
	set_nonblocking(fd);
	say_result("connect", connect(fd, (struct sockaddr *)&in, sizeof(in)));
	say_events("connected", edge(ep));
	n = (int)must(accept(lfd, NULL, NULL));
	warm((int[]){ fd, n });
	must(write(n, "data", 4));
	say_events("data", edge(ep) & ~POLLOUT);
	say_bytes("read", buf, read(fd, buf, 10));
	close(n);
	wait_until_gone(fd);
	say_events("closed", edge(ep) & ~POLLOUT);
	close(fd);
	close(lfd);
}

/* A disarmed one-shot stays silent until it is armed again. */
static void
oneshot(const struct given *g)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLONESHOT };
	char buf[10];
	int fd[2], ep;

	(void)g;
	pair(fd);
	ep = epoll_on(fd[1], EPOLLIN | EPOLLONESHOT);
	must(write(fd[0], "data", 4));
	say_events("first", edge(ep));
	say_bytes("read", buf, read(fd[1], buf, 2));
	say_result("disarmed", epoll_wait(ep, &ev, 1, 50));
	ev.events = EPOLLIN | EPOLLONESHOT;
	must(epoll_ctl(ep, EPOLL_CTL_MOD, fd[1], &ev));
	say_events("armed", edge(ep));
	say_bytes("read", buf, read(fd[1], buf, 10));
	ev.events = EPOLLIN | EPOLLONESHOT;
	must(epoll_ctl(ep, EPOLL_CTL_MOD, fd[1], &ev));
	say_result("empty", epoll_wait(ep, &ev, 1, 50));
	close(ep);
	close_both(fd);
}

/* An edge for each new arrival, none for what was there before. */
static void
one_edge_each(const struct given *g)
{
	struct epoll_event ev;
	char buf[10];
	int fd[2], ep, i;

	(void)g;
	pair(fd);
	ep = epoll_on(fd[1], EPOLLIN | EPOLLET);
	for (i = 0; i < 5; i++) {
		must(write(fd[0], "0123456789", 10));
		say_result("arrived", epoll_wait(ep, &ev, 1, 5000));
		say_result("again", epoll_wait(ep, &ev, 1, 20));
		say_bytes("read", buf, read(fd[1], buf, 4));
		say_result("some left", epoll_wait(ep, &ev, 1, 20));
		say_bytes("read", buf, read(fd[1], buf, 6));
		say_result("none left", epoll_wait(ep, &ev, 1, 20));
	}
	close(ep);
	close_both(fd);
}

/* Tracked, untracked, negative and closed ones in one array. */
static void
mixed(const struct given *g)
{
	struct pollfd p[6];
	int fd[2], pipes[2], closed, i;

	(void)g;
	pair(fd);
	must(pipe(pipes));
	closed = dup(pipes[0]);
	close(closed);
	p[0] = (struct pollfd){ fd[1], POLLIN, 0 };
	p[1] = (struct pollfd){ pipes[0], POLLIN, 0 };
	p[2] = (struct pollfd){ -1, POLLIN, 99 };
	p[3] = (struct pollfd){ pipes[1], POLLOUT, 0 };
	p[4] = (struct pollfd){ fd[1], POLLIN | POLLOUT, 0 };
	p[5] = (struct pollfd){ closed, POLLIN, 0 };
	say_result("poll", poll(p, 5, 0));
	must(write(fd[0], "x", 1));
	must(write(pipes[1], "x", 1));
	say_result("poll", poll(p, 6, 0));
	for (i = 0; i < 6; i++)
		say_events("of one", p[i].revents);
	close_both(fd);
}

/* Only the pipe becomes ready: the sockets must not delay or hide it. */
static void
other_wakes(const struct given *g)
{
	struct timeval t = { 10, 0 };
	struct pollfd p[2];
	fd_set r;
	int fd[2], pipes[2];

	(void)g;
	pair(fd);
	must(pipe(pipes));
	must(write(pipes[1], "x", 1));
	p[0] = (struct pollfd){ fd[1], POLLIN, 0 };
	p[1] = (struct pollfd){ pipes[0], POLLIN, 0 };
	say_result("poll", poll(p, 2, 10000));
	FD_ZERO(&r);
	FD_SET(fd[1], &r);
	FD_SET(pipes[0], &r);
	say_result("select", select(64, &r, NULL, NULL, &t));
	say("socket %d, pipe %d, time left %d", FD_ISSET(fd[1], &r),
	    FD_ISSET(pipes[0], &r), t.tv_sec >= 5);
	close_both(fd);
}

/* A program that asks for as many as there may ever be, and whose sets end with
 * its memory: the kernel looks only at those that its table has. */
static void
select_all(const struct given *g)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct timeval t = { 10, 0 };
	char *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fd_set *r = (fd_set *)(two + page - sizeof *r);
	int fd[2], pipes[2];

	(void)g;
	pair(fd);
	must(pipe(pipes));
	must(write(pipes[1], "x", 1));
	must(mprotect(two + page, page, PROT_NONE));
	FD_SET(pipes[0], r);
	say_result("pipe alone", select(1 << 20, r, NULL, NULL, &t));
	FD_SET(fd[1], r);
	say_result("with a socket", select(1 << 20, r, NULL, NULL, &t));
	must(write(fd[0], "x", 1));
	FD_ZERO(r);
	FD_SET(fd[1], r);
	say_result("socket alone", select(1 << 20, r, NULL, NULL, &t));
	must(munmap(two, 2 * page));
	close_both(fd);
}

/* select() takes away the time it slept; poll() takes no events at all. */
static void
select_time(const struct given *g)
{
	struct timeval t = { 0, 100000 };
	struct pollfd p;
	fd_set r;
	int fd[2];

	(void)g;
	pair(fd);
	FD_ZERO(&r);
	FD_SET(fd[1], &r);
	say_result("select", select(fd[1] + 1, &r, NULL, NULL, &t));
	say("set %d, left %ld", FD_ISSET(fd[1], &r), t.tv_sec + t.tv_usec);
	t.tv_sec = -1;
	say_result("bad time", select(fd[1] + 1, &r, NULL, NULL, &t));
	p = (struct pollfd){ fd[1], 0, 0 };
	must(write(fd[0], "x", 1));
	say_result("no events", poll(&p, 1, 50));
	must(close(fd[0]));
	wait_until_gone(fd[1]);
	say_result("no events", poll(&p, 1, 50));
	say_result("only time", poll(NULL, 0, 20));
	must(close(fd[1]));
}

/* Two of a kind watch one descriptor; each tells. */
static void
two_epolls(const struct given *g)
{
	int fd[2], one, two, copy;
	char buf[10];

	(void)g;
	pair(fd);
	one = epoll_on(fd[1], EPOLLIN);
	copy = (int)must(dup(fd[1]));
	two = epoll_on(copy, EPOLLIN | EPOLLET);
	must(write(fd[0], "data", 4));
	say_events("one", edge(one));
	say_events("two", edge(two));
	say_bytes("read", buf, read(copy, buf, 2));
	say_events("one", edge(one));
	must(close(fd[1]));
	say_bytes("read", buf, read(copy, buf, 10));
	say_result("one is empty", epoll_wait(one,
	    &(struct epoll_event){ .events = 0 }, 1, 50));
	close(copy);
	close(fd[0]);
	close(one);
	close(two);
}

static const char *const disciplines[] = { "to-eagain", "to-short", NULL };

const struct family edge_cases[] = {
	{ .name = "edge.bulk-read", .play = bulk_read, .words = disciplines },
	{ .name = "edge.bulk-write", .play = bulk_write,
	    .words = disciplines },
	{ .name = "edge.bulk-cold", .play = bulk_cold, .words = disciplines },
	{ .name = "edge.bulk-server-first", .play = bulk_server_first,
	    .words = disciplines },
	{ .name = "edge.bulk-out-only", .play = bulk_out_only,
	    .words = disciplines },
	{ .name = "edge.registered-early", .play = registered_early },
	{ .name = "edge.oneshot", .play = oneshot },
	{ .name = "edge.one-edge-each", .play = one_edge_each },
	{ .name = "edge.mixed", .play = mixed },
	{ .name = "edge.other-wakes", .play = other_wakes },
	{ .name = "edge.select-all", .play = select_all },
	{ .name = "edge.select-time", .play = select_time },
	{ .name = "edge.two-epolls", .play = two_epolls },
	{ .name = NULL }
};
