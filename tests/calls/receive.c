/* SPDX-License-Identifier: Apache-2.0
 * receive: what each way to receive gives, from every pattern of sends. */
#include <sys/mman.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"

/* The server's end receives as G says; the client's writes. */
static void
ends(const struct given *g, int fd[2])
{
	pair(fd);
	if (g->mode != NULL)
		g->mode->set(fd[1]);
}

static void
say_received(const struct given *g, int fd, size_t len)
{
	char buf[70000];
	ssize_t n = g->rx->recv(fd, buf, len, 0);

	say_bytes("received", buf, n);
}

/* One record, as much room as bytes, then more room, then nothing left. */
static void
exact(const struct given *g)
{
	int fd[2];

	ends(g, fd);
	must(write(fd[0], "hello", 5));
	say_received(g, fd[1], 5);
	must(write(fd[0], "world", 5));
	say_received(g, fd[1], 1000);
	set_nonblocking(fd[1]);
	say_received(g, fd[1], 1000);
	close_both(fd);
}

static void
by_pieces(const struct given *g)
{
	int fd[2], i;

	ends(g, fd);
	must(write(fd[0], "0123456789", 10));
	for (i = 0; i < 4; i++)
		say_received(g, fd[1], 3);
	close_both(fd);
}

/* Several sends are one queue; a short read would mean an empty one. */
static void
joined(const struct given *g)
{
	int fd[2];

	ends(g, fd);
	must(write(fd[0], "one ", 4));
	must(write(fd[0], "two ", 4));
	must(write(fd[0], "three", 5));
	say_received(g, fd[1], 6);
	must(write(fd[0], " four", 5));
	say_received(g, fd[1], 100);
	close_both(fd);
}

/* More than one record holds, less than the window. */
static void
large(const struct given *g)
{
	unsigned char *p = pattern(60000);
	int fd[2];

	ends(g, fd);
	must(write(fd[0], p, 60000));
	say_received(g, fd[1], 40001);
	say_received(g, fd[1], 60000);
	close_both(fd);
	free(p);
}

static void
write_later(int fd)
{
	pause_ms(100);
	must(write(fd, "late", 4));
}

/* Nothing there: wait for it, give up at once, or after the time-out. */
static void
nothing(const struct given *g)
{
	bool blocks = strcmp(g->mode->name, "blocking") == 0;
	struct timespec start;
	struct side *s = NULL;
	int fd[2];

	ends(g, fd);
	if (blocks)
		s = side("client", write_later, fd[0]);
	start = now();
	say_received(g, fd[1], 100);
	if (!blocks)
		say_took("received", start, 250);
	if (s != NULL)
		side_end(s);
	close_both(fd);
}

static void
at_end(const struct given *g)
{
	int fd[2], i;

	ends(g, fd);
	must(write(fd[0], "last", 4));
	must(shutdown(fd[0], SHUT_WR));
	for (i = 0; i < 4; i++)
		say_received(g, fd[1], 3);
	must(write(fd[1], "back", 4));
	say_received(g, fd[1], 3);
	shutdown(fd[1], SHUT_WR);
	say_rest("client's rest", fd[0]);
	close_both(fd);
}

static void
after_close(const struct given *g)
{
	int fd[2];

	ends(g, fd);
	must(write(fd[0], "bye", 3));
	must(close(fd[0]));
	say_received(g, fd[1], 100);
	say_received(g, fd[1], 100);
	must(close(fd[1]));
}

/* Data, then the reset, then the end. */
static void
after_reset(const struct given *g)
{
	int fd[2], i;

	ends(g, fd);
	must(write(fd[0], "bye", 3));
	reset(fd[0]);
	wait_until_gone(fd[1]);
	for (i = 0; i < 4; i++)
		say_received(g, fd[1], 2);
	must(close(fd[1]));
}

static void
no_room(const struct given *g)
{
	int fd[2];

	ends(g, fd);
	must(write(fd[0], "data", 4));
	say_received(g, fd[1], 0);
	say_received(g, fd[1], 100);
	shutdown(fd[0], SHUT_WR);
	say_received(g, fd[1], 0);
	close_both(fd);
}

static void
own_shutdown(const struct given *g)
{
	int fd[2];

	ends(g, fd);
	must(write(fd[0], "data", 4));
	say_result("shutdown", shutdown(fd[1], SHUT_RD));
	say_received(g, fd[1], 100);
	say_received(g, fd[1], 100);
	must(write(fd[0], "more", 4));
	say_received(g, fd[1], 100);
	must(write(fd[1], "still writes", 12));
	must(close(fd[1]));
	say_received(g, fd[0], 100);
	must(close(fd[0]));
}

/* An address that is not the program's gives EFAULT and takes nothing. */
static void
bad_address(const struct given *g)
{
	char *hole = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0);
	int fd[2];

	ends(g, fd);
	must(write(fd[0], "data", 4));
	say_result("received", g->rx->recv(fd[1], hole, 100, 0));
	say_received(g, fd[1], 100);
	close_both(fd);
}

static void
not_connected(const struct given *g)
{
	char buf[10];
	int fd = (int)must(socket(AF_INET, SOCK_STREAM, 0)), lfd = listener();

	say_result("unconnected", g->rx->recv(fd, buf, 10, 0));
	say_result("listening", g->rx->recv(lfd, buf, 10, 0));
	close(fd);
	say_result("closed", g->rx->recv(fd, buf, 10, 0));
	say_result("no descriptor", g->rx->recv(-1, buf, 10, 0));
}

/* Messages ------------------------------------------------------------------ */

static void
say_message(int fd, struct msghdr *m, const char *what)
{
	char name[64], control[64], buf[100], more[100];
	struct iovec iov[2] = { { buf, 3 }, { more, sizeof(more) } };

	*m = (struct msghdr){ .msg_iov = iov, .msg_iovlen = 2,
	    .msg_name = name, .msg_namelen = sizeof(name),
	    .msg_control = control, .msg_controllen = sizeof(control) };
	say_result(what, recvmsg(fd, m, 0));
	say("name %u control %zu flags %#x", m->msg_namelen,
	    m->msg_controllen, (unsigned)m->msg_flags);
}

static void
message_fields(const struct given *g)
{
	struct msghdr m;
	int fd[2];

	(void)g;
	pair(fd);
	must(write(fd[0], "hello world", 11));
	say_message(fd[1], &m, "data");
	shutdown(fd[0], SHUT_WR);
	say_message(fd[1], &m, "end");
	close_both(fd);
}

static void
from_whom(const struct given *g)
{
	struct sockaddr_in from = { .sin_port = 1 };
	socklen_t len = sizeof(from);
	char buf[10];
	int fd[2];

	(void)g;
	pair(fd);
	must(write(fd[0], "x", 1));
	say_result("recvfrom", recvfrom(fd[1], buf, 10, 0,
	    (struct sockaddr *)&from, &len));
	say("address length %u, port %u", len, from.sin_port);
	close_both(fd);
}

/* recvmmsg: as many messages as there is data for. */
static void
many_messages(const struct given *g)
{
	struct timespec quick = { 0, 200000000 };
	char buf[4][4];
	struct iovec iov[4];
	struct mmsghdr m[4];
	int fd[2], i, n;

	(void)g;
	pair(fd);
	memset(m, 0, sizeof(m));
	for (i = 0; i < 4; i++) {
		iov[i] = (struct iovec){ buf[i], 4 };
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	must(write(fd[0], "aaaabbbbcc", 10));
	n = recvmmsg(fd[1], m, 4, MSG_WAITFORONE, NULL);
	say_result("wait for one", n);
	for (i = 0; i < n; i++)
		say_bytes("message", buf[i], m[i].msg_len);
	must(write(fd[0], "dddd", 4));
	say_result("with a time", recvmmsg(fd[1], m, 4, MSG_DONTWAIT, &quick));
	say_result("nothing", recvmmsg(fd[1], m, 4, MSG_DONTWAIT, &quick));
	say_result("no messages", recvmmsg(fd[1], m, 0, 0, NULL));
	close_both(fd);
}

/* The compiler would warn of a constant. */
static volatile int minus = -1;

static void
odd_vectors(const struct given *g)
{
	struct iovec iov[1025];
	char buf[1025];
	int fd[2], i;

	(void)g;
	pair(fd);
	for (i = 0; i < 1025; i++)
		iov[i] = (struct iovec){ buf + i, 1 };
	must(write(fd[0], "0123456789", 10));
	say_result("1025 parts", readv(fd[1], iov, 1025));
	say_result("-1 parts", readv(fd[1], iov, minus));
	say_result("no parts", readv(fd[1], iov, 0));
	say_bytes("1024 parts", buf, readv(fd[1], iov, 1024));
	iov[1].iov_len = (size_t)-1;
	must(write(fd[0], "x", 1));
	say_result("length -1", readv(fd[1], iov, 2));
	say_result("with an offset", preadv2(fd[1], iov, 1, 5, 0));
	say_result("unknown flag", preadv2(fd[1], iov, 1, -1, 0x4000));
	say_result("nowait flag", preadv2(fd[1], iov, 1, -1, RWF_NOWAIT));
	say_result("pread", pread(fd[1], buf, 1, 0));
	close_both(fd);
}

#define ALL (BY_RECEIVER | BY_MODE)
const struct family receive_cases[] = {
	{ .name = "receive.exact", .play = exact, .axes = ALL },
	{ .name = "receive.by-pieces", .play = by_pieces, .axes = BY_RECEIVER },
	{ .name = "receive.joined", .play = joined, .axes = ALL },
	{ .name = "receive.large", .play = large, .axes = BY_RECEIVER },
	{ .name = "receive.nothing", .play = nothing, .axes = ALL },
	{ .name = "receive.at-end", .play = at_end, .axes = ALL },
	{ .name = "receive.after-close", .play = after_close,
	    .axes = BY_RECEIVER },
	{ .name = "receive.after-reset", .play = after_reset,
	    .axes = BY_RECEIVER },
	{ .name = "receive.no-room", .play = no_room, .axes = BY_RECEIVER },
	{ .name = "receive.own-shutdown", .play = own_shutdown,
	    .axes = BY_RECEIVER },
	{ .name = "receive.bad-address", .play = bad_address,
	    .axes = BY_RECEIVER },
	{ .name = "receive.not-connected", .play = not_connected,
	    .axes = BY_RECEIVER },
	{ .name = "receive.message-fields", .play = message_fields },
	{ .name = "receive.from-whom", .play = from_whom },
	{ .name = "receive.many-messages", .play = many_messages },
	{ .name = "receive.odd-vectors", .play = odd_vectors },
	{ .name = NULL }
};
