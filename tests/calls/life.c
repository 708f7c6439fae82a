/* SPDX-License-Identifier: Apache-2.0
 * life: the many ways a descriptor is copied, moved and ended. */
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"

int __close(int fd);
int __dup2(int from, int to);
int __fcntl(int fd, int cmd, ...);

static void
take(const char *what, int fd)
{
	char buf[100];

	say_bytes(what, buf, read(fd, buf, sizeof(buf)));
}

/* What the peer sees of a close: data before it, then a clean end. */
static void
closed(const struct given *g)
{
	int fd[2];

	pair(fd);
	must(write(fd[0], "last words", 10));
	say_result("close", g->n == 0 ? close(fd[0]) : __close(fd[0]));
	say_rest("server", fd[1]);
	say_result("twice", close(fd[0]));
	say_result("read", read(fd[0], NULL, 0));
	must(close(fd[1]));
}

static int
copy_of(int how, int fd)
{
	switch (how) {
	case 0: return dup(fd);
	case 1: return dup2(fd, 100);
	case 2: return dup3(fd, 100, O_CLOEXEC);
	case 3: return fcntl(fd, F_DUPFD, 50);
	case 4: return fcntl(fd, F_DUPFD_CLOEXEC, 50);
	case 5: return __dup2(fd, 100);
	default: return __fcntl(fd, F_DUPFD, 50);
	}
}

/* Copies are one connection; the first close is not its end. */
static void
copied(const struct given *g)
{
	int fd[2], copy;

	pair(fd);
	copy = (int)must(copy_of(g->n, fd[0]));
	say("flags %#x", (unsigned)fcntl(copy, F_GETFD));
	must(write(fd[0], "by the first ", 13));
	must(write(copy, "and the second", 14));
	take("server", fd[1]);
	must(close(fd[0]));
	must(write(copy, "second alone", 12));
	take("server", fd[1]);
	must(write(fd[1], "answer", 6));
	take("copy", copy);
	must(close(copy));
	say_rest("server", fd[1]);
	must(close(fd[1]));
}

/* Copied before anything was said. */
static void
copied_cold(const struct given *g)
{
	int fd[2], copy;

	pair_cold(fd);
	copy = (int)must(copy_of(g->n, fd[0]));
	must(close(fd[0]));
	warm((int[]){ copy, fd[1] });
	must(write(copy, "words", 5));
	take("server", fd[1]);
	must(close(copy));
	say_rest("server", fd[1]);
}

/* dup2 onto a live connection ends it, as Java's channels close. */
static void
covered(const struct given *g)
{
	int fd[2], pipes[2];

	pair(fd);
	must(pipe(pipes));
	must(write(fd[0], "last words", 10));
	must(g->n == 0 ? dup2(pipes[1], fd[0]) :
	    g->n == 1 ? dup3(pipes[1], fd[0], 0) : __dup2(pipes[1], fd[0]));
	say_rest("server", fd[1]);
	must(write(fd[0], "to the pipe", 11));
	take("pipe", pipes[0]);
	must(close(fd[0]));
	must(close(fd[1]));
}

static void
covered_by_itself(const struct given *g)
{
	int fd[2];

	(void)g;
	pair(fd);
	say_result("dup2", dup2(fd[0], fd[0]) == fd[0]);
	say_result("dup3", dup3(fd[0], fd[0], 0));
	say_result("dup2 of none", dup2(1000, fd[0]));
	say_result("dup2 to none", dup2(fd[0], -1));
	must(write(fd[0], "alive", 5));
	take("server", fd[1]);
	close_both(fd);
}

/* One live connection over another; both ends of each tell. */
static void
covered_by_another(const struct given *g)
{
	int a[2], b[2];

	(void)g;
	pair(a);
	pair(b);
	must(write(a[0], "old", 3));
	must(dup2(b[0], a[0]));
	must(close(b[0]));
	say_rest("old server", a[1]);
	must(write(a[0], "new", 3));
	take("new server", b[1]);
	must(close(a[0]));
	say_rest("new server", b[1]);
}

static void
ranges(const struct given *g)
{
	int a[2], b[2], first;

	pair(a);
	pair(b);
	must(write(a[0], "a", 1));
	must(write(b[0], "b", 1));
	first = (int)must(fcntl(a[0], F_DUPFD, 200));
	must(dup2(b[0], first + 1));
	must(close(a[0]));
	must(close(b[0]));
	if (g->n == 0)
		say_result("close_range", close_range((unsigned)first,
		    (unsigned)first + 10, 0));
	else if (g->n == 1)
		closefrom(first);
	else
		say_result("close_range", close_range(200, ~0U, 0));
	say_rest("server a", a[1]);
	say_rest("server b", b[1]);
	say_result("gone", fcntl(first, F_GETFD));
}

/* Marked for exec, they are open still. */
static void
range_cloexec(const struct given *g)
{
	int fd[2];

	(void)g;
	pair(fd);
	say_result("close_range", close_range((unsigned)fd[0],
	    (unsigned)fd[0], CLOSE_RANGE_CLOEXEC));
	say("flags %d", fcntl(fd[0], F_GETFD));
	must(write(fd[0], "alive", 5));
	take("server", fd[1]);
	close_both(fd);
}

/* A number used again at once, by a file and then by a connection. */
static void
number_again(const struct given *g)
{
	int fd[2], pipes[2], i;

	(void)g;
	for (i = 0; i < 5; i++) {
		pair(fd);
		must(write(fd[0], "socket", 6));
		take("server", fd[1]);
		must(pipe(pipes));
		must(close(fd[0]));
		must(close(pipes[0]));
		must(pipe(pipes));
		must(write(pipes[1], "pipe", 4));
		take("pipe", pipes[0]);
		must(close(fd[1]));
		close_both(pipes);
	}
}

/* Beyond select()'s and any table's first guess, to the hard limit. */
static void
high_numbers(const struct given *g)
{
	struct rlimit lim;
	struct pollfd p;
	int fd[2], high[2], at;

	must(getrlimit(RLIMIT_NOFILE, &lim));
	lim.rlim_cur = lim.rlim_max;
	must(setrlimit(RLIMIT_NOFILE, &lim));
	at = g->n == 0 ? 1024 : g->n == 1 ? 5000 : (int)lim.rlim_max - 2;
	pair_cold(fd);
	high[0] = (int)must(dup2(fd[0], at));
	high[1] = (int)must(dup2(fd[1], at + 1));
	close_both(fd);
	warm(high);
	must(write(high[0], "data", 4));
	p = (struct pollfd){ high[1], POLLIN, 0 };
	say_result("poll", poll(&p, 1, 1000));
	take("server", high[1]);
	must(close(high[0]));
	say_rest("server", high[1]);
	must(close(high[1]));
}

/* No descriptor is left: the calls fail as ever, the old ones go on. */
static void
none_left(const struct given *g)
{
	struct rlimit lim = { 12, 12 };
	int fd[2], lfd = listener(), c;

	(void)g;
	pair(fd);
	c = dial(port_of(lfd));
	must(setrlimit(RLIMIT_NOFILE, &lim));
	while (dup(2) != -1)
		;
	say_result("dup", dup(fd[0]));
	say_result("accept", accept(lfd, NULL, NULL));
	say_result("socket", socket(AF_INET, SOCK_STREAM, 0));
	must(write(fd[0], "data", 4));
	take("server", fd[1]);
	must(close(c));
}

static void
exiting(int fd)
{
	must(write(fd, "unsent?", 7));
	exit(3);
}

static void
exiting_at_once(int fd)
{
	must(write(fd, "unsent?", 7));
	_exit(4);
}

static void
exiting_quickly(int fd)
{
	must(write(fd, "unsent?", 7));
	quick_exit(5);
}

static void
exiting_like_c99(int fd)
{
	must(write(fd, "unsent?", 7));
	_Exit(6);
}

static void
dying(int fd)
{
	must(write(fd, "unsent?", 7));
	kill(getpid(), SIGTERM);
	pause_ms(5000);
}

static void (*const exits[])(int fd) = { exiting, exiting_at_once,
	exiting_quickly, exiting_like_c99, dying };

/* The client process makes the connection itself, talks, and exits. */
static int exit_port;
static void (*exit_how)(int fd);

static void
exit_client(int fd)
{
	char c;

	fd = dial(exit_port);
	must(write(fd, "c", 1));
	must(read(fd, &c, 1));
	exit_how(fd);
}

static void
exits_warm(const struct given *g)
{
	int lfd = listener(), fd;
	pid_t pid;
	char c;

	exit_port = port_of(lfd);
	exit_how = exits[g->n];
	pid = child("client", exit_client, -1);
	fd = (int)must(accept(lfd, NULL, NULL));
	must(read(fd, &c, 1));
	must(write(fd, "s", 1));
	say_rest("server", fd);
	reap("client", pid);
}

/* Says one thing and exits: the handshake has not even begun. */
static void
exit_cold_client(int fd)
{
	(void)fd;
	exit_how(dial(exit_port));
}

static void
exits_cold(const struct given *g)
{
	int lfd = listener(), fd;
	pid_t pid;

	exit_port = port_of(lfd);
	exit_how = exits[g->n];
	pid = child("client", exit_cold_client, -1);
	fd = (int)must(accept(lfd, NULL, NULL));
	say_rest("server", fd);
	reap("client", pid);
}

static void
speak(int fd)
{
	must(write(fd, "hello", 5));
	take("answer", fd);
	must(close(fd));
}

static void
dial_and_speak(int port)
{
	speak(dial(port));
}

/* Closed by a system call of the program's own, behind the library's back: the
 * number is another connection's next. */
static void
closed_unseen(const struct given *g)
{
	struct side *s = NULL;
	int fd[2], next[2] = { -1, -1 }, lfd = listener();
	char buf[20];

	pair(fd);
	while (must(syscall(SYS_dup, STDIN_FILENO)) < fd[0])
		;		/* no lower number is free */
	if (g->n == 1)
		s = side("client", dial_and_speak, port_of(lfd));
	pause_ms(50);
	must(syscall(SYS_close, fd[0]));
	say_result("first", read(fd[1], buf, sizeof(buf)));
	if (g->n == 0)
		next[0] = dial(port_of(lfd));
	next[1] = (int)must(accept(lfd, NULL, NULL));
	say("the same number: %d", next[0] == fd[0] || next[1] == fd[0]);
	if (g->n == 0)
		s = side("client", speak, next[0]);
	take("read", next[1]);
	must(write(next[1], "answer", 6));
	side_end(s);
	close(next[1]);
	close(fd[1]);
	close(lfd);
}

static const char *const closes[] = { "close", "__close", NULL };
static const char *const unseen[] = { "connect", "accept", NULL };
static const char *const copies[] = { "dup", "dup2", "dup3", "F_DUPFD",
	"F_DUPFD_CLOEXEC", "__dup2", "__fcntl", NULL };
static const char *const covers[] = { "dup2", "dup3", "__dup2", NULL };
static const char *const range_words[] = { "close_range", "closefrom",
	"to-the-end", NULL };
static const char *const heights[] = { "1024", "5000", "hard-limit", NULL };
static const char *const exit_words[] = { "exit", "_exit", "quick_exit",
	"_Exit", NULL };
static const char *const exit_words_warm[] = { "exit", "_exit", "quick_exit",
	"_Exit", "killed", NULL };

const struct family life_cases[] = {
	{ .name = "life.closed", .play = closed, .words = closes },
	{ .name = "life.copied", .play = copied, .words = copies },
	{ .name = "life.copied-cold", .play = copied_cold, .words = copies },
	{ .name = "life.covered", .play = covered, .words = covers },
	{ .name = "life.covered-by-itself", .play = covered_by_itself },
	{ .name = "life.covered-by-another", .play = covered_by_another },
	{ .name = "life.ranges", .play = ranges, .words = range_words },
	{ .name = "life.range-cloexec", .play = range_cloexec },
	{ .name = "life.number-again", .play = number_again },
	{ .name = "life.high-numbers", .play = high_numbers,
	    .words = heights },
	{ .name = "life.none-left", .play = none_left },
	{ .name = "life.closed-unseen", .play = closed_unseen,
	    .words = unseen },
	{ .name = "life.exits", .play = exits_warm,
	    .words = exit_words_warm },
	{ .name = "life.exits-cold", .play = exits_cold,
	    .words = exit_words },
	{ .name = NULL }
};
