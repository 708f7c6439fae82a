/* SPDX-License-Identifier: Apache-2.0
 * threads: several in one connection, and many connections at once. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#include "calls.h"

static size_t big = 8 << 20;

static void
send_big(int fd)
{
	unsigned char *p = pattern(big);

	say("sent %zd", write_all(fd, p, big));
	must(shutdown(fd, SHUT_WR));
	free(p);
}

static void
receive_big(int fd)
{
	say_rest("received", fd);
}

/* 8 MB each way at once, by four threads. */
static void
full_duplex(const struct given *g)
{
	struct side *s[4];
	int fd[2], i;

	if (g->n == 0)
		pair(fd);
	else
		pair_cold(fd);
	g->mode->set(fd[0]);
	g->mode->set(fd[1]);
	s[0] = side("client sends", send_big, fd[0]);
	s[1] = side("server sends", send_big, fd[1]);
	s[2] = side("client receives", receive_big, fd[0]);
	s[3] = side("server receives", receive_big, fd[1]);
	for (i = 0; i < 4; i++)
		side_end(s[i]);
	close_both(fd);
}

static void
take(int fd)
{
	char buf[100];

	say_bytes("read", buf, read(fd, buf, sizeof(buf)));
}

/* One sits in read(), the other writes; no lock may be between them. */
static void
write_under_read(const struct given *g)
{
	struct side *s;
	int fd[2], i;

	(void)g;
	pair(fd);
	s = side("reader", take, fd[0]);
	pause_ms(50);
	for (i = 0; i < 5; i++) {
		must(write(fd[0], "data", 4));
		take(fd[1]);
	}
	must(write(fd[1], "wake up", 7));
	side_end(s);
	close_both(fd);
}

/* One sits in write() on a full connection, the other reads. */
static void
push(int fd)
{
	unsigned char *p = pattern(big);

	say("pushed %zd", write_all(fd, p, big));
	free(p);
}

static void
read_under_write(const struct given *g)
{
	struct side *s;
	int fd[2];

	(void)g;
	pair(fd);
	s = side("pusher", push, fd[0]);
	pause_ms(100);
	must(write(fd[1], "hello", 5));
	take(fd[0]);
	must(write(fd[1], "again", 5));
	take(fd[0]);
	{
		char *to = malloc(big);

		say("came %zd", read_all(fd[1], to, big));
		free(to);
	}
	side_end(s);
	close_both(fd);
}

/* Two readers share one stream: each byte goes to one of them. */
static _Atomic size_t shared;

static void
share(int fd)
{
	char buf[1000];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		atomic_fetch_add(&shared, (size_t)n);
	say_result("end", n);
}

static void
two_readers(const struct given *g)
{
	struct side *a, *b;
	int fd[2];

	(void)g;
	pair(fd);
	a = side("reader a", share, fd[1]);
	b = side("reader b", share, fd[1]);
	send_big(fd[0]);
	side_end(a);
	side_end(b);
	say("together %zu", shared);
	close_both(fd);
}

/* Two writers: whole words, for each is far smaller than a record. */
static void
words(int fd)
{
	int i;

	for (i = 0; i < 500; i++)
		must(write(fd, "word", 4));
}

static void
two_writers(const struct given *g)
{
	char *to = malloc(4001);
	struct side *a, *b;
	int fd[2], i;

	(void)g;
	pair(fd);
	a = side("writer a", words, fd[0]);
	b = side("writer b", words, fd[0]);
	say("came %zd", read_all(fd[1], to, 4000));
	for (i = 0; i < 4000 && memcmp(to + i, "word", 4) == 0; i += 4)
		;
	say("whole words to %d", i);
	side_end(a);
	side_end(b);
	close_both(fd);
	free(to);
}

/* shutdown() by another thread wakes a reader. */
static void
shutdown_wakes(const struct given *g)
{
	struct side *s;
	int fd[2];

	pair(fd);
	s = side("reader", take, fd[0]);
	pause_ms(80);
	say_result("shutdown", shutdown(fd[0], g->n == 0 ? SHUT_RD
	    : SHUT_RDWR));
	side_end(s);
	close_both(fd);
}

/* close() by another thread does not: the reader holds the connection. */
static void
close_under_read(const struct given *g)
{
	struct side *s;
	int fd[2];

	(void)g;
	pair(fd);
	s = side("reader", take, fd[0]);
	pause_ms(80);
	say_result("close", close(fd[0]));
	must(write(fd[1], "late", 4));
	side_end(s);
	must(close(fd[1]));
}

static void
wait_in(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	say_result("poll", poll(&p, 1, 8000));
	say_events("of kind", p.revents);
	take(fd);
}

static void
poll_in_thread(const struct given *g)
{
	struct side *s;
	int fd[2];

	(void)g;
	pair(fd);
	s = side("poller", wait_in, fd[1]);
	pause_ms(50);
	must(write(fd[1], "other way", 9));
	take(fd[0]);
	must(write(fd[0], "wake up", 7));
	side_end(s);
	close_both(fd);
}

/* Cancellation -------------------------------------------------------------------- */

struct victim {
	const struct given *g;
	int fd;
};

static void *
cancelled_main(void *arg)
{
	struct victim *v = arg;
	char buf[10];
	struct pollfd p = { v->fd, POLLIN, 0 };

	if (v->g->n == 0)
		(void)!read(v->fd, buf, 10);
	else if (v->g->n == 1)
		(void)!recvmsg(v->fd, &(struct msghdr){ .msg_iov =
		    &(struct iovec){ buf, 10 }, .msg_iovlen = 1 }, 0);
	else if (v->g->n == 2)
		poll(&p, 1, -1);
	else
		for (;;)
			must(write(v->fd, pattern(100000), 100000));
	return NULL;
}

static void
cancelled(const struct given *g)
{
	pthread_t thread;
	struct victim v = { g, -1 };
	void *result;
	char buf[10];
	int fd[2];

	pair(fd);
	v.fd = fd[1];
	pthread_create(&thread, NULL, cancelled_main, &v);
	pause_ms(100);
	say("cancel %d", pthread_cancel(thread));
	pthread_join(thread, &result);
	say("cancelled %d", result == PTHREAD_CANCELED);
	must(write(fd[0], "data", 4));
	say_bytes("still works", buf, read(fd[1], buf, 10));
	close_both(fd);
}

/* A thread that was cancelled before it waits leaves nothing locked. */
static int waits_on, waits_by;

static void *
wait_cancelled(void *arg)
{
	struct pollfd p = { waits_on, POLLIN, 0 };
	struct epoll_event ev = { .events = EPOLLIN };
	struct timeval t = { 5, 0 };
	int ep = epoll_create1(0);
	fd_set in;

	(void)arg;
	FD_ZERO(&in);
	FD_SET(waits_on, &in);
	epoll_ctl(ep, EPOLL_CTL_ADD, waits_on, &ev);
	pthread_cancel(pthread_self());
	if (waits_by == 0)
		poll(&p, 1, 5000);
	else if (waits_by == 1)
		select(waits_on + 1, &in, NULL, NULL, &t);
	else
		epoll_wait(ep, &ev, 1, 5000);
	return NULL;
}

static void
answer_one(int fd)
{
	char buf[10];

	say_bytes("heard", buf, read(fd, buf, sizeof(buf)));
	say_result("answered", write(fd, "answer", 6));
}

static void
cancelled_before(const struct given *g)
{
	pthread_t thread;
	struct side *s;
	void *result;
	char buf[10];
	int fd[2];

	pair_cold(fd);
	waits_on = fd[0];
	waits_by = g->n;
	set_nonblocking(fd[0]);
	must(write(fd[0], "hello", 5));
	pthread_create(&thread, NULL, wait_cancelled, NULL);
	pthread_join(thread, &result);
	say("cancelled %d", result == PTHREAD_CANCELED);
	s = side("server", answer_one, fd[1]);
	say("answer %zd", read_all(fd[0], buf, 6));
	side_end(s);
	close_both(fd);
}

/* Under load --------------------------------------------------------------------- */

static int served;

static void
echo_server(int fd)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (write_all(fd, buf, (size_t)n) != n)
			break;
	close(fd);
}

static void
accept_all(int lfd)
{
	struct side *s[256];
	int i;

	for (i = 0; i < served; i++)
		s[i] = side("server", echo_server,
		    (int)must(accept(lfd, NULL, NULL)));
	for (i = 0; i < served; i++)
		side_end(s[i]);
}

/* A client that opens, echoes and closes: numbers are reused all the time. */
static void
open_and_close(int port)
{
	char out[2000], in[2000];
	int i, fd, good = 0;

	for (i = 0; i < 8; i++) {
		fd = dial(port);
		memset(out, 'a' + i, sizeof(out));
		must(write(fd, out, sizeof(out)));
		good += read_all(fd, in, sizeof(in)) == sizeof(in) &&
		    memcmp(in, out, sizeof(in)) == 0;
		must(close(fd));
	}
	say("good %d", good);
}

/* Meanwhile pipes come and go under the same numbers. */
static atomic_bool done;

static void
pipes(int fd)
{
	char buf[8];
	int p[2], bad = 0;

	(void)fd;
	while (!atomic_load(&done)) {
		if (pipe(p) == -1)
			continue;
		bad += write(p[1], "pipe", 4) != 4;
		bad += read(p[0], buf, 8) != 4 || memcmp(buf, "pipe", 4) != 0;
		close_both(p);
	}
	say("bad %d", bad);
}

static void
reuse_under_load(const struct given *g)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f",
		"g", "h" };
	struct side *s[8], *server, *other;
	int lfd = listener(), i;

	(void)g;
	served = 64;
	server = side("servers", accept_all, lfd);
	other = side("pipes", pipes, -1);
	for (i = 0; i < 8; i++)
		s[i] = side(names[i], open_and_close, port_of(lfd));
	for (i = 0; i < 8; i++)
		side_end(s[i]);
	atomic_store(&done, true);
	side_end(other);
	side_end(server);
}

/* 64 connections, a thread at each end of each. */
static void
crowd_client(int port)
{
	char buf[5];
	int fd = dial(port), i;

	for (i = 0; i < 10; i++) {
		must(write(fd, "hello", 5));
		if (recv(fd, buf, 5, MSG_WAITALL) != 5)
			say("short");
	}
	must(close(fd));
}

static void
crowd(const struct given *g)
{
	struct side *s[64], *server;
	int lfd = listener(), i;

	(void)g;
	served = 64;
	server = side("servers", accept_all, lfd);
	for (i = 0; i < 64; i++)
		s[i] = side("client", crowd_client, port_of(lfd));
	for (i = 0; i < 64; i++)
		side_end(s[i]);
	side_end(server);
}

static const char *const warmth[] = { "warm", "cold", NULL };
static const char *const waits[] = { "poll", "select", "epoll", NULL };
static const char *const hows[] = { "SHUT_RD", "SHUT_RDWR", NULL };
static const char *const cancelled_in[] = { "read", "recvmsg", "poll",
	"write", NULL };

const struct family thread_cases[] = {
	{ .name = "thread.full-duplex", .play = full_duplex,
	    .axes = BY_MODE, .words = warmth },
	{ .name = "thread.write-under-read", .play = write_under_read },
	{ .name = "thread.read-under-write", .play = read_under_write },
	{ .name = "thread.two-readers", .play = two_readers },
	{ .name = "thread.two-writers", .play = two_writers },
	{ .name = "thread.shutdown-wakes", .play = shutdown_wakes,
	    .words = hows },
	{ .name = "thread.close-under-read", .play = close_under_read },
	{ .name = "thread.poll-in-thread", .play = poll_in_thread },
	{ .name = "thread.cancelled", .play = cancelled,
	    .words = cancelled_in },
	{ .name = "thread.cancelled-before", .play = cancelled_before,
	    .words = waits },
	{ .name = "thread.reuse-under-load", .play = reuse_under_load },
	{ .name = "thread.crowd", .play = crowd },
	{ .name = NULL }
};
