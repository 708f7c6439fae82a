/* SPDX-License-Identifier: Apache-2.0
 * forks: a connection in two processes, in every order. */
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"

static void
take(const char *what, int fd)
{
	char buf[100];

	say_bytes(what, buf, read(fd, buf, sizeof(buf)));
}

/* A client for servers that fork: three words, three answers, the end. */
static void
talk(int port)
{
	int fd = dial(port), i;

	for (i = 0; i < 3; i++) {
		must(write(fd, "word", 4));
		take("answer", fd);
	}
	must(shutdown(fd, SHUT_WR));
	say_rest("rest", fd);
	must(close(fd));
}

static void
serve(int fd)
{
	char buf[100];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		must(write(fd, buf, (size_t)n));
	say_result("end", n);
	must(close(fd));
}

/* storescp --fork: the child takes it before a byte was read. */
static void
after_accept(const struct given *g)
{
	int lfd = listener(), fd;
	pid_t pid, client = child("client", talk, port_of(lfd));

	fd = (int)must(accept(lfd, NULL, NULL));
	if (g->n == 1)		/* after the first bytes came */
		poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, 5000);
	pid = child("server", serve, fd);
	must(close(fd));
	reap("client", client);
	reap("server", pid);
}

/* dcmqrscp: the child goes on with what the parent began. */
static void
in_the_middle(const struct given *g)
{
	int lfd = listener(), fd;
	pid_t pid, client = child("client", talk, port_of(lfd));
	char buf[10];

	fd = (int)must(accept(lfd, NULL, NULL));
	must(read(fd, buf, 4));
	must(write(fd, "WORD", 4));
	if (g->n == 0) {	/* the parent closes only after all is over */
		pid = child("server", serve, fd);
		reap("server", pid);
		must(close(fd));
	} else {
		pid = child("server", serve, fd);
		must(close(fd));
		reap("server", pid);
	}
	reap("client", client);
}

static void
nothing(int fd)
{
	(void)fd;
}

static void
only_close(int fd)
{
	must(close(fd));
}

static void
leave_at_once(int fd)
{
	(void)fd;
	_exit(7);
}

/* The child leaves the connection alone; the parent goes on. */
static void
parent_goes_on(const struct given *g)
{
	static void (*const leave[])(int) = { nothing, only_close,
		leave_at_once };
	int lfd = listener(), fd;
	pid_t client = child("client", talk, port_of(lfd));
	char buf[10];

	fd = (int)must(accept(lfd, NULL, NULL));
	must(read(fd, buf, 4));
	reap("other", child("other", leave[g->n], fd));
	must(write(fd, "WORD", 4));
	reap("other", child("other", leave[g->n], fd));
	serve(fd);
	reap("client", client);
}

/* Many idle copies come and go while one process talks. */
static void
many_copies(const struct given *g)
{
	int fd[2], i;

	(void)g;
	pair(fd);
	for (i = 0; i < 5; i++) {
		reap("copy", child("copy", only_close, fd[i % 2]));
		must(write(fd[0], "data", 4));
		take("server", fd[1]);
	}
	close_both(fd);
}

/* Some of a record was read before the fork: the child gets the rest. */
static void
read_on(int fd)
{
	take("child", fd);
	take("child", fd);
	must(write(fd, "thanks", 6));
	must(close(fd));
}

static void
with_bytes_left(const struct given *g)
{
	int fd[2];
	char buf[10];
	pid_t pid;

	(void)g;
	pair(fd);
	must(write(fd[0], "0123456789", 10));
	say_bytes("parent", buf, read(fd[1], buf, 4));
	must(shutdown(fd[0], SHUT_WR));
	pid = child("child", read_on, fd[1]);
	must(close(fd[1]));
	say_rest("client", fd[0]);
	reap("child", pid);
	must(close(fd[0]));
}

/* The client has said its first words, and forks before the answer. */
static void
answered(int fd)
{
	take("answer", fd);
	must(write(fd, "bye", 3));
	must(close(fd));
}

static void
client_forks(const struct given *g)
{
	int fd[2];
	pid_t pid;

	pair_cold(fd);
	must(write(fd[0], "hello", 5));
	if (g->n == 0) {
		pid = child("client", answered, fd[0]);
		must(close(fd[0]));
		take("server", fd[1]);
		must(write(fd[1], "answer", 6));
	} else {
		reap("other", child("other", only_close, fd[0]));
		pid = child("server", serve, fd[1]);
		must(close(fd[1]));
		take("client", fd[0]);
		must(shutdown(fd[0], SHUT_WR));
	}
	reap("child", pid);
	if (g->n == 0)
		say_rest("server", fd[1]);
}

/* Forked workers take clients from one listening socket. */
static void
worker(int lfd)
{
	serve((int)must(accept(lfd, NULL, NULL)));
}

static void
workers(const struct given *g)
{
	static const char *const names[] = { "a", "b", "c" };
	int lfd = listener(), i;
	pid_t w[3], c[3];

	(void)g;
	for (i = 0; i < 3; i++)
		w[i] = child("worker", worker, lfd);
	for (i = 0; i < 3; i++)
		c[i] = child(names[i], talk, port_of(lfd));
	for (i = 0; i < 3; i++)
		reap("client", c[i]);
	for (i = 0; i < 3; i++)
		reap("worker", w[i]);
}

/* The process that made it is gone; its child's child goes on. */
static void
twice(int fd)
{
	if (fork() == 0) {
		actor("grandchild");
		serve(fd);
	}
	_exit(0);
}

static void
daemonised(const struct given *g)
{
	int fd[2];

	(void)g;
	pair(fd);
	reap("child", child("child", twice, fd[1]));
	must(close(fd[1]));
	must(write(fd[0], "words", 5));
	take("client", fd[0]);
	must(shutdown(fd[0], SHUT_WR));
	say_rest("client", fd[0]);
	close(fd[0]);
}

/* Both go on with one session: TLS cannot, and the second gets EIO. */
static int turn[2];

static void
child_tries(int fd)
{
	char c;

	must(read(turn[0], &c, 1));
	say_result("child writes", write(fd, "child", 5));
}

static void
both_try(const struct given *g)
{
	int fd[2];
	pid_t pid;

	(void)g;
	pair(fd);
	must(pipe(turn));
	pid = child("child", child_tries, fd[0]);
	say_result("parent writes", write(fd[0], "parent", 6));
	take("server", fd[1]);
	must(write(turn[1], "x", 1));
	reap("child", pid);
	close_both(fd);
}

/* A library call's own fork: no handlers run. */
static void
bare_fork(const struct given *g)
{
	int fd[2], status;
	pid_t pid;

	(void)g;
	pair(fd);
	pid = _Fork();
	if (pid == 0) {
		close(fd[0]);
		close(fd[1]);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	must(write(fd[0], "data", 4));
	take("server", fd[1]);
	close_both(fd);
}

/* Another thread sits in read() while the process forks. */
static void
reader(int fd)
{
	take("thread", fd);
}

static void
under_a_reader(const struct given *g)
{
	struct side *s;
	int fd[2];

	(void)g;
	pair(fd);
	s = side("reader", reader, fd[1]);
	pause_ms(50);
	reap("child", child("child", only_close, fd[1]));
	must(write(fd[0], "data", 4));
	side_end(s);
	close_both(fd);
}

/* A child with new connections of its own, beside the parent's. */
static void
own_business(int fd)
{
	int own[2];

	close(fd);
	pair(own);
	must(write(own[0], "child's", 7));
	take("child", own[1]);
	close_both(own);
}

static void
new_ones_in_child(const struct given *g)
{
	int fd[2];

	(void)g;
	pair(fd);
	reap("child", child("child", own_business, fd[0]));
	must(write(fd[0], "parent's", 8));
	take("server", fd[1]);
	close_both(fd);
}

static const char *const when[] = { "at-once", "after-data", NULL };
static const char *const order[] = { "parent-last", "parent-first", NULL };
static const char *const leaving[] = { "exit", "close", "_exit", NULL };
static const char *const who_goes_on[] = { "child", "parent", NULL };

const struct family fork_cases[] = {
	{ .name = "fork.after-accept", .play = after_accept, .words = when },
	{ .name = "fork.in-the-middle", .play = in_the_middle,
	    .words = order },
	{ .name = "fork.parent-goes-on", .play = parent_goes_on,
	    .words = leaving },
	{ .name = "fork.many-copies", .play = many_copies },
	{ .name = "fork.with-bytes-left", .play = with_bytes_left },
	{ .name = "fork.client-forks", .play = client_forks,
	    .words = who_goes_on },
	{ .name = "fork.workers", .play = workers },
	{ .name = "fork.daemonised", .play = daemonised },
	{ .name = "fork.both-try", .play = both_try },
	{ .name = "fork.bare", .play = bare_fork },
	{ .name = "fork.under-a-reader", .play = under_a_reader },
	{ .name = "fork.new-ones-in-child", .play = new_ones_in_child },
	{ .name = NULL }
};
