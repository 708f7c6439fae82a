/* SPDX-License-Identifier: Apache-2.0
 * signals: EINTR and SA_RESTART, deadlines, errno, and memory running out. */
#include <sys/resource.h>
#include <sys/select.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"

/* A blocking call, with nothing there, hit by a signal after 60 ms. */
static void
interrupted_receive(const struct given *g)
{
	char buf[10];
	int fd[2];

	pair(fd);
	count_signal(SIGUSR1, 0);
	timer_signal(60);
	say_result("received", g->rx->recv(fd[1], buf, 10, 0));
	timer_signal(0);
	say("signals %d", signals() > 0);
	must(write(fd[0], "data", 4));
	say_bytes("received", buf, g->rx->recv(fd[1], buf, 10, 0));
	close_both(fd);
}

static void
write_later(int fd)
{
	pause_ms(300);
	must(write(fd, "late", 4));
}

static void
restarted_receive(const struct given *g)
{
	struct side *s;
	char buf[10];
	int fd[2];

	pair(fd);
	count_signal(SIGUSR1, SA_RESTART);
	s = side("client", write_later, fd[0]);
	timer_signal(60);
	say_bytes("received", buf, g->rx->recv(fd[1], buf, 10, 0));
	timer_signal(0);
	say("signals %d", signals() > 0);
	side_end(s);
	close_both(fd);
}

/* With SO_RCVTIMEO the kernel restarts nothing (signal(7)). */
static void
timed_receive(const struct given *g)
{
	char buf[10];
	int fd[2];

	pair(fd);
	set_timeouts(fd[1], 5000);
	count_signal(SIGUSR1, SA_RESTART);
	timer_signal(60);
	say_result("received", g->rx->recv(fd[1], buf, 10, 0));
	timer_signal(0);
	close_both(fd);
}

/* The signals stop before the deadline; waking up must not move it. */
static void
interrupted_send(const struct given *g)
{
	unsigned char *p = pattern(16 << 20);
	ssize_t n, last;
	int fd[2];

	pair(fd);
	count_signal(SIGUSR1, 0);
	timer_signal(200);
	n = g->tx->send(fd[0], p, 16 << 20, 0);
	say("some were sent: %d", n > 0 && n < 16 << 20);
	last = g->tx->send(fd[0], p, 1 << 20, 0);
	while (last > 0) {
		n += last;
		last = g->tx->send(fd[0], p, 1 << 20, 0);
	}
	say_result("then", last);
	timer_signal(0);
	say("all arrive: %d", read_all(fd[1], p, (size_t)n) == n);
	close_both(fd);
	free(p);
}

static void
interrupted_wait(const struct given *g)
{
	struct watch *w;
	int fd[2];

	pair(fd);
	w = watch(g, fd[1], POLLIN);
	count_signal(SIGUSR1, g->n == 0 ? 0 : SA_RESTART);
	timer_signal(60);
	say_watch(w, "waited", 5000);
	timer_signal(0);
	must(write(fd[0], "data", 4));
	say_watch(w, "data", 5000);
	watch_end(w);
	close_both(fd);
}

static void
interrupted_accept(const struct given *g)
{
	int lfd = listener();

	(void)g;
	count_signal(SIGUSR1, 0);
	timer_signal(60);
	say_result("accept", accept(lfd, NULL, NULL));
	say_result("accept4", accept4(lfd, NULL, NULL, SOCK_CLOEXEC));
	timer_signal(0);
	close(lfd);
}

/* Bytes before the signal are not lost, nor told as an error. */
static void
interrupted_waitall(const struct given *g)
{
	char buf[10];
	int fd[2];

	(void)g;
	pair(fd);
	must(write(fd[0], "half", 4));
	count_signal(SIGUSR1, 0);
	timer_signal(80);
	say_bytes("received", buf, recv(fd[1], buf, 10, MSG_WAITALL));
	timer_signal(0);
	close_both(fd);
}

/* ppoll lets the signal in that the program holds back otherwise. */
static void
masked_wait(const struct given *g)
{
	struct timespec t = { 5, 0 };
	struct pollfd p;
	sigset_t usr1, none;
	fd_set r;
	int fd[2];

	(void)g;
	pair(fd);
	count_signal(SIGUSR1, 0);
	sigemptyset(&none);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	must(sigprocmask(SIG_BLOCK, &usr1, NULL));
	p = (struct pollfd){ fd[1], POLLIN, 0 };
	raise(SIGUSR1);
	say("held back %d", signals());
	say_result("ppoll", ppoll(&p, 1, &t, &none));
	say("let in %d", signals());
	raise(SIGUSR1);
	FD_ZERO(&r);
	FD_SET(fd[1], &r);
	say_result("pselect", pselect(fd[1] + 1, &r, NULL, NULL, &t, &none));
	say("let in %d", signals());
	say("ppoll's time is left alone: %ld.%ld", t.tv_sec, t.tv_nsec);
	close_both(fd);
}

/* Signals all the time, over a transfer both of whose ends restart. */
static void
drizzle_writer(int fd)
{
	unsigned char *p = pattern(4 << 20);
	size_t done = 0;
	ssize_t n;

	while (done < 4 << 20) {
		n = write(fd, p + done, (4 << 20) - done);
		if (n == -1 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	must(close(fd));
	free(p);
}

static void
drizzle(const struct given *g)
{
	unsigned char *to = malloc(5 << 20);
	struct side *s;
	size_t got = 0;
	ssize_t n;
	int fd[2];

	pair(fd);
	count_signal(SIGUSR1, g->n == 0 ? 0 : SA_RESTART);
	s = side("client", drizzle_writer, fd[0]);
	timer_signal(1);
	while ((n = read(fd[1], to + got, 4096)) != 0) {
		if (n == -1 && (errno != EINTR || g->n == 1))
			break;
		got += n > 0 ? (size_t)n : 0;
	}
	timer_signal(0);
	say_result("last", n);
	say_bytes("read", to, (ssize_t)got);
	side_end(s);
	close(fd[1]);
	free(to);
}

/* A handler that does I/O on the connection it interrupted (dcmnet does not,
 * but inetd's programs do).  It must not lock up. */
static int handler_fd;

static void
handler(int sig)
{
	(void)sig;
	(void)!write(handler_fd, "alarm", 5);
}

static void
io_in_handler(const struct given *g)
{
	struct sigaction sa = { .sa_handler = handler,
	    .sa_flags = SA_RESTART };
	struct side *s;
	char buf[10];
	int fd[2];

	(void)g;
	pair(fd);
	handler_fd = fd[1];
	must(sigaction(SIGUSR1, &sa, NULL));
	s = side("client", write_later, fd[0]);
	timer_signal(200);
	say_bytes("received", buf, read(fd[1], buf, 10));
	timer_signal(0);
	side_end(s);
	say_bytes("client", buf, read(fd[0], buf, 5));
	close_both(fd);
}

/* Success leaves errno as it was. */
static void
errno_kept(const struct given *g)
{
	char buf[10];
	int fd[2], lfd = listener(), c, s;

	(void)g;
	errno = 4711;
	c = dial(port_of(lfd));
	s = accept(lfd, NULL, NULL);
	say("after connect and accept %d", errno);
	warm((int[]){ c, s });
	errno = 4711;
	must(write(c, "data", 4));
	must(read(s, buf, 10));
	say("after write and read %d", errno);
	fd[0] = dup(c);
	must(close(fd[0]));
	must(shutdown(c, SHUT_WR));
	must(read(s, buf, 10));
	say("after dup, shutdown and the end %d", errno);
	must(poll(&(struct pollfd){ s, POLLIN, 0 }, 1, 10));
	must(close(s));
	must(close(c));
	say("after poll and close %d", errno);
}

/* No memory: calls fail, or work, but nothing dies or hangs; afterwards all
 * is well again. */
static void
little_memory(const struct given *g)
{
	struct rlimit old, tight;
	char buf[10];
	int fd[2];
	ssize_t n;

	(void)g;
	pair(fd);
	must(getrlimit(RLIMIT_AS, &old));
	tight = old;
	tight.rlim_cur = 1 << 20;
	must(setrlimit(RLIMIT_AS, &tight));
	while (malloc(16) != NULL)
		;
	n = send(fd[0], "tight", 5, MSG_NOSIGNAL);
	must(setrlimit(RLIMIT_AS, &old));
	if (n == 5)
		n = read(fd[1], buf, 10);
	say("taken and come, or refused: %d", n == 5 || n == -1);
	close_both(fd);
}

/* The same for reading and waiting: what comes is right, and whole unless the
 * connection failed. */
static void
little_memory_read(const struct given *g)
{
	unsigned char *p = pattern(100000), *to = malloc(100000);
	struct rlimit old, tight;
	size_t got = 0;
	ssize_t n = -1;
	int fd[2];

	(void)g;
	pair(fd);
	must(write_all(fd[0], p, 100000));
	must(shutdown(fd[0], SHUT_WR));
	must(getrlimit(RLIMIT_AS, &old));
	tight = old;
	tight.rlim_cur = 1 << 20;
	must(setrlimit(RLIMIT_AS, &tight));
	while (malloc(16) != NULL)
		;
	poll(&(struct pollfd){ fd[1], POLLIN, 0 }, 1, 5000);
	while (got < 100000 && (n = recv(fd[1], to + got, 100000 - got,
	    0)) > 0)
		got += (size_t)n;
	must(setrlimit(RLIMIT_AS, &old));
	say("what came is right: %d", memcmp(p, to, got) == 0);
	say("whole, or refused: %d", got == 100000 || n < 0);
	close_both(fd);
	free(p);
	free(to);
}

/* The same for a connection's beginning: it fails cleanly, if at all. */
static void
little_memory_cold(const struct given *g)
{
	struct rlimit old, tight;
	int fd[2], lfd = listener();
	struct sockaddr_in in = loopback(port_of(lfd));

	(void)g;
	must(getrlimit(RLIMIT_AS, &old));
	fd[0] = (int)must(socket(AF_INET, SOCK_STREAM, 0));
	tight = old;
	tight.rlim_cur = 1 << 20;
	must(setrlimit(RLIMIT_AS, &tight));
	while (malloc(16) != NULL)
		;
	(void)!connect(fd[0], (struct sockaddr *)&in, sizeof(in));
	set_nonblocking(lfd);
	fd[1] = accept(lfd, NULL, NULL);
	(void)!send(fd[0], "secret", 6, MSG_NOSIGNAL);
	must(setrlimit(RLIMIT_AS, &old));
	close(fd[0]);
	close(fd[1]);
	say("alive");
	pair(fd);
	close_both(fd);
}

static const char *const restarts[] = { "EINTR", "SA_RESTART", NULL };

const struct family signal_cases[] = {
	{ .name = "signal.receive", .play = interrupted_receive,
	    .axes = BY_RECEIVER },
	{ .name = "signal.receive-restarted", .play = restarted_receive,
	    .axes = BY_RECEIVER },
	{ .name = "signal.receive-timed", .play = timed_receive,
	    .axes = BY_RECEIVER },
	{ .name = "signal.send", .play = interrupted_send,
	    .axes = BY_SENDER },
	{ .name = "signal.wait", .play = interrupted_wait,
	    .axes = BY_WAITER, .words = restarts },
	{ .name = "signal.accept", .play = interrupted_accept },
	{ .name = "signal.waitall", .play = interrupted_waitall },
	{ .name = "signal.masked-wait", .play = masked_wait },
	{ .name = "signal.drizzle", .play = drizzle, .words = restarts },
	{ .name = "signal.io-in-handler", .play = io_in_handler },
	{ .name = "signal.errno-kept", .play = errno_kept },
	{ .name = "signal.little-memory", .play = little_memory },
	{ .name = "signal.little-memory-read", .play = little_memory_read },
	{ .name = "signal.little-memory-cold", .play = little_memory_cold },
	{ .name = NULL }
};
