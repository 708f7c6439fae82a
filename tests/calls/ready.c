/* SPDX-License-Identifier: Apache-2.0
 * ready: what each way to wait reports, in every state of a connection. */
#include <sys/epoll.h>
#include <sys/select.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"

#define IN (POLLIN | POLLRDHUP)

static void
take(int fd, size_t len)
{
	char buf[70000];

	say_bytes("read", buf, read(fd, buf, len));
}

static void
idle(const struct given *g)
{
	struct timespec start;
	struct watch *w;
	int fd[2];

	pair(fd);
	w = watch(g, fd[1], IN);
	say_watch(w, "no time", 0);
	start = now();
	say_watch(w, "some time", 200);
	say_took("it", start, 200);
	watch_end(w);
	close_both(fd);
}

static void
data(const struct given *g)
{
	struct watch *w;
	int fd[2];

	pair(fd);
	w = watch(g, fd[1], IN);
	must(write(fd[0], "hello", 5));
	say_watch(w, "data", 5000);
	take(fd[1], 2);
	say_watch(w, "some left", 100);
	take(fd[1], 100);
	say_watch(w, "none left", 100);
	must(write(fd[0], "again", 5));
	say_watch(w, "more", 5000);
	must(write(fd[0], " and again", 10));
	say_watch(w, "still more", 5000);
	take(fd[1], 100);
	say_watch(w, "none left", 0);
	watch_end(w);
	close_both(fd);
}

/* One byte at a time: readiness holds until the last is taken. */
static void
by_bytes(const struct given *g)
{
	struct watch *w;
	int fd[2], i, woken = 0;

	pair(fd);
	must(write(fd[0], "0123456789", 10));
	must(write(fd[0], "abcdefghij", 10));
	w = watch(g, fd[1], POLLIN);
	for (i = 0; i < 20; i++) {
		char c;

		woken += watch_wait(w, 50) == POLLIN;
		must(read(fd[1], &c, 1));
	}
	say("woken %d times", woken);
	say_watch(w, "none left", 0);
	watch_end(w);
	close_both(fd);
}

static void
end_of_stream(const struct given *g)
{
	struct watch *w;
	int fd[2];

	pair(fd);
	w = watch(g, fd[1], IN);
	must(write(fd[0], "last", 4));
	must(shutdown(fd[0], SHUT_WR));
	wait_until_gone(fd[1]);
	say_watch(w, "data and end", 5000);
	take(fd[1], 2);
	say_watch(w, "some left", 100);
	take(fd[1], 100);
	say_watch(w, "the end", 100);
	take(fd[1], 100);
	say_watch(w, "the end still", 100);
	must(shutdown(fd[1], SHUT_WR));
	wait_until_gone(fd[0]);
	say_watch(w, "both ends", 100);
	watch_end(w);
	close_both(fd);
}

static void
peer_closed(const struct given *g)
{
	struct watch *w;
	int fd[2];

	pair(fd);
	w = watch(g, fd[1], IN | POLLOUT);
	must(close(fd[0]));
	wait_until_gone(fd[1]);
	say_watch(w, "closed", 5000);
	take(fd[1], 100);
	say_watch(w, "closed", 100);
	watch_end(w);
	must(close(fd[1]));
}

static void
peer_reset(const struct given *g)
{
	struct watch *w;
	int fd[2];

	pair(fd);
	w = watch(g, fd[1], IN | POLLOUT);
	must(write(fd[0], "data", 4));
	reset(fd[0]);
	wait_until_gone(fd[1]);
	say_watch(w, "reset", 5000);
	take(fd[1], 2);
	say_watch(w, "some left", 100);
	take(fd[1], 2);
	say_watch(w, "none left", 100);
	take(fd[1], 2);
	take(fd[1], 2);
	say_watch(w, "the end", 100);
	watch_end(w);
	must(close(fd[1]));
}

static void
writable(const struct given *g)
{
	unsigned char *p = pattern(1 << 16);
	struct watch *w;
	size_t done = 0, got = 0;
	ssize_t n;
	int fd[2];

	pair(fd);
	set_nonblocking(fd[0]);
	set_nonblocking(fd[1]);
	w = watch(g, fd[0], POLLOUT);
	say_watch(w, "empty", 5000);
	while ((n = write(fd[0], p, 1 << 16)) > 0)
		done += (size_t)n;
	say_result("full", n);
	say_watch(w, "full", 100);
	while (got < done && (n = read_all(fd[1], p,
	    done - got < 1 << 16 ? done - got : 1 << 16)) > 0)
		got += (size_t)n;
	say_watch(w, "room again", 5000);
	say("all came: %d", got == done);
	watch_end(w);
	close_both(fd);
	free(p);
}

static void
write_later(int fd)
{
	pause_ms(100);
	must(write(fd, "late", 4));
}

static void
woken(const struct given *g)
{
	struct side *s;
	struct watch *w;
	int fd[2];

	pair(fd);
	w = watch(g, fd[1], IN);
	s = side("client", write_later, fd[0]);
	say_watch(w, "data", 10000);
	take(fd[1], 100);
	side_end(s);
	s = side("client", write_later, fd[0]);
	say_watch(w, "data", -1);
	take(fd[1], 100);
	side_end(s);
	watch_end(w);
	close_both(fd);
}

static void
close_later(int fd)
{
	pause_ms(100);
	must(close(fd));
}

static void
woken_by_end(const struct given *g)
{
	struct side *s;
	struct watch *w;
	int fd[2];

	pair(fd);
	w = watch(g, fd[1], IN);
	s = side("client", close_later, fd[0]);
	say_watch(w, "closed", 10000);
	take(fd[1], 100);
	side_end(s);
	watch_end(w);
	must(close(fd[1]));
}

/* Registered when nothing was said yet; the server waits before it reads. */
static void
client_first(int fd)
{
	char buf[10];

	pause_ms(50);
	must(write(fd, "hello", 5));
	say_bytes("read", buf, read(fd, buf, 10));
}

static void
before_first_byte(const struct given *g)
{
	struct side *s;
	struct watch *w;
	int fd[2], i;

	pair_cold(fd);
	set_nonblocking(fd[1]);
	w = watch(g, fd[1], IN);
	s = side("client", client_first, fd[0]);
	for (i = 0; i < 100; i++) {
		char buf[10];
		ssize_t n;

		if (watch_wait(w, 10000) == 0)
			break;
		n = read(fd[1], buf, 10);
		if (n == -1 && errno == EAGAIN)
			continue;
		say_bytes("read", buf, n);
		break;
	}
	must(write(fd[1], "answer", 6));
	side_end(s);
	watch_end(w);
	close_both(fd);
}

/* A program that waits before it says the first word, and polls for both. */
static void
out_before_first_byte(const struct given *g)
{
	struct watch *w;
	int fd[2];

	pair_cold(fd);
	w = watch(g, fd[0], POLLIN | POLLOUT);
	say_watch(w, "fresh client", 5000);
	watch_end(w);
	w = watch(g, fd[1], POLLIN | POLLOUT);
	say_watch(w, "fresh server", 5000);
	watch_end(w);
	close_both(fd);
}

static void
unconnected(const struct given *g)
{
	struct watch *w;
	int fd = (int)must(socket(AF_INET, SOCK_STREAM, 0)), lfd = listener();
	int a;

	w = watch(g, fd, POLLIN | POLLOUT);
	say_watch(w, "fresh", 50);
	watch_end(w);
	w = watch(g, lfd, POLLIN);
	say_watch(w, "listening", 50);
	a = dial(port_of(lfd));
	say_watch(w, "a client", 5000);
	watch_end(w);
	close(a);
	close(lfd);
	close(fd);
}

/* The connection is made under the watch, as nginx and Node do. */
static void
connecting(const struct given *g)
{
	int lfd = listener(), fd = (int)must(socket(AF_INET, SOCK_STREAM, 0));
	struct sockaddr_in in = loopback(port_of(lfd));
	struct watch *w;
	int err = -1;
	socklen_t len = sizeof(err);

	set_nonblocking(fd);
	say_result("connect", connect(fd, (struct sockaddr *)&in, sizeof(in)));
	w = watch(g, fd, POLLIN | POLLOUT);
	say_watch(w, "connecting", 5000);
	must(getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len));
	say("error %d", err);
	watch_end(w);
	close(fd);
	close(lfd);
}

static void
refused(const struct given *g)
{
	int lfd = listener(), fd = (int)must(socket(AF_INET, SOCK_STREAM, 0));
	struct sockaddr_in in = loopback(port_of(lfd));
	struct watch *w;
	int err = -1;
	socklen_t len = sizeof(err);

	close(lfd);
	set_nonblocking(fd);
	say_result("connect", connect(fd, (struct sockaddr *)&in, sizeof(in)));
	w = watch(g, fd, POLLIN | POLLOUT);
	say_watch(w, "connecting", 5000);
	must(getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len));
	say("error %s", strerrorname_np(err));
	say_result("read", read(fd, &err, 1));
	watch_end(w);
	close(fd);
}

const struct family ready_cases[] = {
	{ .name = "ready.idle", .play = idle, .axes = BY_WAITER },
	{ .name = "ready.data", .play = data, .axes = BY_WAITER },
	{ .name = "ready.by-bytes", .play = by_bytes, .axes = BY_WAITER },
	{ .name = "ready.end-of-stream", .play = end_of_stream,
	    .axes = BY_WAITER },
	{ .name = "ready.peer-closed", .play = peer_closed,
	    .axes = BY_WAITER },
	{ .name = "ready.peer-reset", .play = peer_reset, .axes = BY_WAITER },
	{ .name = "ready.writable", .play = writable, .axes = BY_WAITER },
	{ .name = "ready.woken", .play = woken, .axes = BY_WAITER },
	{ .name = "ready.woken-by-end", .play = woken_by_end,
	    .axes = BY_WAITER },
	{ .name = "ready.before-first-byte", .play = before_first_byte,
	    .axes = BY_WAITER },
	{ .name = "ready.out-before-first-byte",
	    .play = out_before_first_byte, .axes = BY_WAITER },
	{ .name = "ready.unconnected", .play = unconnected,
	    .axes = BY_WAITER },
	{ .name = "ready.connecting", .play = connecting, .axes = BY_WAITER },
	{ .name = "ready.refused", .play = refused, .axes = BY_WAITER },
	{ .name = NULL }
};
