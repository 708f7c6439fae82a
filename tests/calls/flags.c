/* SPDX-License-Identifier: Apache-2.0
 * flags: MSG_PEEK, MSG_WAITALL, MSG_TRUNC and their like act on plaintext. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"

static void
take(const struct given *g, int fd, size_t len, int flags, const char *what)
{
	char buf[70000];
	ssize_t n;

	memset(buf, '.', sizeof(buf));
	n = g->rx->recv(fd, buf, len, flags);
	say_bytes(what, buf, n);
}

static void
peek(const struct given *g)
{
	int fd[2];

	pair(fd);
	must(write(fd[0], "hello", 5));
	take(g, fd[1], 3, MSG_PEEK, "peek 3");
	take(g, fd[1], 100, MSG_PEEK, "peek all");
	take(g, fd[1], 2, 0, "take 2");
	take(g, fd[1], 100, MSG_PEEK, "peek the rest");
	must(write(fd[0], " world", 6));
	take(g, fd[1], 100, MSG_PEEK, "peek both");
	take(g, fd[1], 100, 0, "take both");
	take(g, fd[1], 100, MSG_PEEK | MSG_DONTWAIT, "peek nothing");
	shutdown(fd[0], SHUT_WR);
	take(g, fd[1], 100, MSG_PEEK, "peek the end");
	take(g, fd[1], 100, 0, "take the end");
	close_both(fd);
}

static void
peek_large(const struct given *g)
{
	unsigned char *p = pattern(60000);
	int fd[2];

	pair(fd);
	must(write(fd[0], p, 60000));
	take(g, fd[1], 60000, MSG_PEEK, "peek");
	take(g, fd[1], 30000, 0, "take a half");
	take(g, fd[1], 60000, MSG_PEEK, "peek");
	take(g, fd[1], 60000, 0, "take the rest");
	close_both(fd);
	free(p);
}

static void
in_two_parts(int fd)
{
	must(write(fd, "first ", 6));
	pause_ms(150);
	must(write(fd, "second", 6));
}

static void
waitall(const struct given *g)
{
	struct side *s;
	int fd[2];

	pair(fd);
	s = side("client", in_two_parts, fd[0]);
	take(g, fd[1], 12, MSG_WAITALL, "both");
	side_end(s);
	must(write(fd[0], "short", 5));
	shutdown(fd[0], SHUT_WR);
	take(g, fd[1], 12, MSG_WAITALL, "ended");
	take(g, fd[1], 12, MSG_WAITALL, "after the end");
	close_both(fd);
}

static void
waitall_short(const struct given *g)
{
	struct timespec start;
	int fd[2];

	pair(fd);
	set_timeouts(fd[1], 250);
	must(write(fd[0], "short", 5));
	start = now();
	take(g, fd[1], 12, MSG_WAITALL, "timed out");
	say_took("it", start, 250);
	must(write(fd[0], "short", 5));
	take(g, fd[1], 12, MSG_WAITALL | MSG_DONTWAIT, "not waiting");
	set_nonblocking(fd[1]);
	must(write(fd[0], "short", 5));
	take(g, fd[1], 12, MSG_WAITALL, "nonblocking");
	take(g, fd[1], 12, MSG_WAITALL, "nothing");
	must(write(fd[0], "reset", 5));
	reset(fd[0]);
	wait_until_gone(fd[1]);
	take(g, fd[1], 12, MSG_WAITALL, "reset");
	take(g, fd[1], 12, MSG_WAITALL, "then");
	close(fd[1]);
}

static void
waitall_peek(const struct given *g)
{
	struct side *s;
	int fd[2];

	pair(fd);
	s = side("client", in_two_parts, fd[0]);
	take(g, fd[1], 12, MSG_WAITALL | MSG_PEEK, "peek both");
	side_end(s);
	take(g, fd[1], 100, 0, "take both");
	close_both(fd);
}

/* On TCP, MSG_TRUNC discards instead of copying (tcp(7)). */
static void
discard(const struct given *g)
{
	unsigned char *p = pattern(50000);
	int fd[2];

	pair(fd);
	must(write(fd[0], "0123456789", 10));
	take(g, fd[1], 4, MSG_TRUNC, "discard");
	take(g, fd[1], 3, MSG_TRUNC | MSG_PEEK, "discard and peek");
	take(g, fd[1], 100, 0, "take");
	must(write(fd[0], p, 50000));
	say_result("discard to nowhere",
	    g->rx->recv(fd[1], NULL, 45000, MSG_TRUNC));
	take(g, fd[1], 60000, 0, "the rest");
	take(g, fd[1], 10, MSG_TRUNC | MSG_DONTWAIT, "nothing");
	close_both(fd);
	free(p);
}

static void
dontwait(const struct given *g)
{
	int fd[2];

	pair(fd);
	take(g, fd[1], 10, MSG_DONTWAIT, "nothing");
	must(write(fd[0], "data", 4));
	take(g, fd[1], 10, MSG_DONTWAIT, "data");
	take(g, fd[1], 10, MSG_DONTWAIT, "nothing");
	shutdown(fd[0], SHUT_WR);
	wait_until_gone(fd[1]);
	take(g, fd[1], 10, MSG_DONTWAIT, "end");
	close_both(fd);
}

static void
other_flags(const struct given *g)
{
	int fd[2];

	pair(fd);
	must(write(fd[0], "data", 4));
	take(g, fd[1], 10, MSG_ERRQUEUE, "error queue");
	take(g, fd[1], 2, MSG_NOSIGNAL, "no signal");
	take(g, fd[1], 10, MSG_CMSG_CLOEXEC, "close on exec");
	close_both(fd);
}

/* There is no urgent data, and none is asked for. */
static void
no_urgent(const struct given *g)
{
	int fd[2];

	pair(fd);
	must(write(fd[0], "data", 4));
	take(g, fd[1], 10, MSG_OOB, "urgent");
	take(g, fd[1], 10, 0, "data");
	close_both(fd);
}

/* Sending -------------------------------------------------------------------- */

static void
send_flags(const struct given *g)
{
	static const int flags[] = { MSG_DONTWAIT, MSG_NOSIGNAL, MSG_MORE,
		MSG_DONTROUTE, MSG_CONFIRM, MSG_EOR, 0 };
	char buf[100];
	int fd[2];
	size_t i;

	pair(fd);
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		say_result("sent", g->tx->send(fd[0], "data ", 5, flags[i]));
	say_bytes("all", buf, recv(fd[1], buf, 35, MSG_WAITALL));
	close_both(fd);
}

/* Held back by MSG_MORE, the bytes go with the next ones or soon. */
static void
more(const struct given *g)
{
	char buf[100];
	int fd[2];

	pair(fd);
	say_result("sent", g->tx->send(fd[0], "head ", 5, MSG_MORE));
	say_result("sent", g->tx->send(fd[0], "body", 4, 0));
	say_bytes("both", buf, recv(fd[1], buf, 9, MSG_WAITALL));
	say_result("sent", g->tx->send(fd[0], "alone", 5, MSG_MORE));
	say_bytes("alone", buf, recv(fd[1], buf, 5, MSG_WAITALL));
	say_result("sent", g->tx->send(fd[0], "last", 4, MSG_MORE));
	must(close(fd[0]));
	say_rest("last", fd[1]);
	close(fd[1]);
}

static void
nosignal(const struct given *g)
{
	int fd[2], i;

	pair(fd);
	count_signal(SIGPIPE, 0);
	reset(fd[1]);
	wait_until_gone(fd[0]);
	for (i = 0; i < 3; i++)
		say_result("sent", g->tx->send(fd[0], "x", 1, MSG_NOSIGNAL));
	say("signals %d", signals());
	say_result("sent", g->tx->send(fd[0], "x", 1, 0));
	say("signals %d", signals());
	close(fd[0]);
}

/* MSG_OOB has no meaning in TLS: refused, and nothing goes out. */
static void
urgent(const struct given *g)
{
	char buf[10];
	int fd[2];

	pair(fd);
	say_result("urgent", g->tx->send(fd[0], "!", 1, MSG_OOB));
	must(write(fd[0], "data", 4));
	say_bytes("data", buf, recv(fd[1], buf, 4, MSG_WAITALL));
	close_both(fd);
}

#define RX (BY_RECEIVER | FLAGS_ONLY)
#define TX (BY_SENDER | FLAGS_ONLY)
const struct family flag_cases[] = {
	{ .name = "flags.peek", .play = peek, .axes = RX },
	{ .name = "flags.peek-large", .play = peek_large, .axes = RX },
	{ .name = "flags.waitall", .play = waitall, .axes = RX },
	{ .name = "flags.waitall-short", .play = waitall_short, .axes = RX },
	{ .name = "flags.waitall-peek", .play = waitall_peek, .axes = RX },
	{ .name = "flags.discard", .play = discard, .axes = RX },
	{ .name = "flags.dontwait", .play = dontwait, .axes = RX },
	{ .name = "flags.others", .play = other_flags, .axes = RX },
	{ .name = "flags.no-urgent", .play = no_urgent, .axes = RX },
	{ .name = "flags.send", .play = send_flags, .axes = TX },
	{ .name = "flags.more", .play = more, .axes = TX },
	{ .name = "flags.nosignal", .play = nosignal, .axes = TX },
	{ .name = "flags.urgent", .play = urgent, .axes = TX },
	{ .name = NULL }
};
