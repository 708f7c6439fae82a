/* SPDX-License-Identifier: Apache-2.0
 * start: beginnings and what we send, seen by a peer with TLS of its own: no
 * TLS at all, none yet, close_notify, and never a byte in plaintext. */
#include <sys/epoll.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"

/* What our side does ----------------------------------------------------------- */

static void
take(const char *what, int fd)
{
	char buf[100];

	say_bytes(what, buf, read(fd, buf, sizeof(buf)));
}

static void
ask(int fd)
{
	say_result("asked", write(fd, "question", 8));
	say_rest("heard", fd);
	close(fd);
}

/* Two pings make sure of the handshake and of what came with it. */
static void
begin(int fd)
{
	char c;

	must(write(fd, "g", 1));
	if (read(fd, &c, 1) != 1)
		broken("the peer's first byte");
}

static void
time_out(int fd)
{
	struct timespec start = now();

	say_result("asked", write(fd, "question", 8));
	take("heard", fd);
	say_took("it", start, 1000);
	take("heard", fd);
	say_result("write", send(fd, "x", 1, MSG_NOSIGNAL));
	close(fd);
}

static void
only_read(int fd)
{
	take("heard", fd);
	take("heard", fd);
	close(fd);
}

static void
speak_and_close(int fd)
{
	say_result("spoke", write(fd, "words", 5));
	say_result("close", close(fd));
}

static void
speak_and_shut(int fd)
{
	say_result("spoke", write(fd, "words", 5));
	say_result("shutdown", shutdown(fd, SHUT_WR));
	say_rest("heard", fd);
	close(fd);
}

static void
only_close(int fd)
{
	say_result("close", close(fd));
}

/* A program with TLS of its own: its first bytes are a ClientHello's. */
static void
own_tls(int fd)
{
	say_result("spoke", write(fd, "\x16\x03\x01\x00\x05\1ello", 10));
	say_result("spoke", write(fd, "untouched", 9));
	take("heard", fd);
	close(fd);
}

/* It begins with a record's head, but that is all: it is data like any. */
static void
nearly_tls(int fd)
{
	say_result("spoke", write(fd, "\x16\x03\x01\x00\x05hello", 10));
	close(fd);
}

/* The name that the program asked for is told to the peer. */
static void
by_name(const struct given *g)
{
	struct addrinfo hints = { .ai_family = AF_INET,
	    .ai_socktype = SOCK_STREAM }, *list;
	char text[8];
	pid_t pid;
	int fd;

	snprintf(text, sizeof(text), "%d", peer_listen(g->family->script,
	    &pid));
	if (getaddrinfo("localhost", text, &hints, &list) != 0)
		broken("getaddrinfo");
	fd = (int)must(socket(AF_INET, SOCK_STREAM, 0));
	must(connect(fd, list->ai_addr, list->ai_addrlen));
	freeaddrinfo(list);
	ask(fd);
	reap("peer", pid);
}

/* The SYN carries nothing of the program's. */
static void
fast_open(const struct given *g)
{
	pid_t pid;
	struct sockaddr_in in = loopback(peer_listen(g->family->script,
	    &pid));
	int fd = (int)must(socket(AF_INET, SOCK_STREAM, 0));
	ssize_t n = sendto(fd, "secret", 6, MSG_FASTOPEN,
	    (struct sockaddr *)&in, sizeof(in));

	say_result("sendto", n);
	close(fd);
	reap("peer", pid);
}

/* Numbers go from thread to thread as fast as can be: whoever gets one that
 * was just closed must not go out untracked. */
static void
connect_and_reset(int port)
{
	int i, fd;

	for (i = 0; i < 100; i++) {
		fd = dial(port);
		(void)!write(fd, "plain", 5);
		reset(fd);
	}
}

static void
numbers_change_hands(const struct given *g)
{
	struct side *s[8];
	pid_t pid;
	int port = peer_listen(g->family->script, &pid), i;

	for (i = 0; i < 8; i++)
		s[i] = side("client", connect_and_reset, port);
	for (i = 0; i < 8; i++)
		side_end(s[i]);
	reap("peer", pid);
}

/* close() with SO_LINGER may take its time although the number is free: its
 * next owner must not be taken for the old one, and go out untracked. */
static void
close_slowly(int fd)
{
	struct linger l = { 1, 1 };
	char buf[65536] = "";

	set_nonblocking(fd);
	while (write(fd, buf, sizeof(buf)) > 0)
		;
	must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	must(close(fd));
}

static void
number_taken_over(const struct given *g)
{
	struct timespec start;
	struct side *s;
	pid_t pid;
	struct sockaddr_in in = loopback(peer_listen(g->family->script,
	    &pid));
	int fd[2], next = -1;

	pair(fd);
	while (next < fd[0])	/* no lower number is free */
		next = (int)must(dup(STDIN_FILENO));
	s = side("closer", close_slowly, fd[0]);
	for (start = now(); next != fd[0] && ms_since(start) < 8000;) {
		close(next);
		pause_ms(5);
		next = (int)must(socket(AF_INET, SOCK_STREAM, 0));
	}
	say("the same number: %d", next == fd[0]);
	must(connect(next, (struct sockaddr *)&in, sizeof(in)));
	(void)!write(next, "plain", 5);
	reset(next);
	side_end(s);
	reap("peer", pid);
}

/* What is unread when we close, half a record or tickets, may not cost the
 * peer what we sent last, and the kernel has not sent yet. */
static void
leave_unread(int fd)
{
	unsigned char *p = pattern(2000000);

	begin(fd);
	say("spoke %zd", write_all(fd, p, 2000000));
	pause_ms(500);
	say_result("close", close(fd));
	free(p);
}

/* Whoever does not own the connection must not drain it: the first half of a
 * record is the child's, who waits for the other. */
static void
hear_the_rest(int fd)
{
	pause_ms(300);
	must(write(fd, "g", 1));
	take("whole", fd);
}

static void
close_beside_child(int fd)
{
	pid_t pid;

	begin(fd);
	pause_ms(100);
	pid = child("main", hear_the_rest, fd);
	say_result("close", close(fd));
	must(waitpid(pid, NULL, 0));
}

const struct family start_cases[] = {
	/* No TLS at all, or none yet. */
	{ .name = "wire.plain-client", .play = peer_server,
	    .script = "plain gone", .wire = only_read,
	    .expect = "heard = -1 ECONNRESET\nheard = 0\n" },
	{ .name = "wire.plain-server", .play = peer_client,
	    .script = "first-byte wait:100 plain gone", .wire = ask,
	    .expect = "asked = 8\nheard = 0\nthen = -1 ECONNRESET\n"
	    "peer: first byte 0x16\n" },
	{ .name = "wire.server-silent", .play = peer_client,
	    .env = "DICOMTLS_HANDSHAKE_TIMEOUT=1", .script = "gone",
	    .wire = time_out, .expect = "asked = 8\n"
	    "heard = -1 ETIMEDOUT\nit: after the time-out\nheard = 0\n"
	    "write = -1 EPIPE\n" },
	{ .name = "wire.client-silent", .play = peer_server,
	    .env = "DICOMTLS_HANDSHAKE_TIMEOUT=1", .script = "gone",
	    .wire = only_read, .expect = "heard = -1 ETIMEDOUT\n"
	    "heard = 0\n" },
	{ .name = "wire.client-leaves-at-once", .play = peer_server,
	    .script = "fin gone", .wire = only_read,
	    .expect = "heard = 0\nheard = 0\n" },
	{ .name = "wire.server-leaves-at-once", .play = peer_client,
	    .script = "fin gone", .wire = only_read,
	    .expect = "heard = 0\nheard = 0\n" },
	{ .name = "wire.server-resets-at-once", .play = peer_client,
	    .script = "wait:50 reset", .wire = only_read,
	    .expect = "heard = -1 ECONNRESET\nheard = 0\n" },

	/* What we send. */
	{ .name = "wire.speak-and-close", .play = peer_client,
	    .script = "first-byte handshake hear-end",
	    .wire = speak_and_close, .expect = "spoke = 5\nclose = 0\n"
	    "peer: first byte 0x16\npeer: heard = 5 \"words\"\n"
	    "peer: close_notify\n" },
	{ .name = "wire.server-speaks-and-closes", .play = peer_server,
	    .script = "handshake hear-end", .wire = speak_and_close,
	    .expect = "spoke = 5\nclose = 0\n"
	    "peer: heard = 5 \"words\"\npeer: close_notify\n" },
	{ .name = "wire.speak-and-shut", .play = peer_client,
	    .script = "handshake hear-end say:late notify fin",
	    .wire = speak_and_shut, .expect = "spoke = 5\nshutdown = 0\n"
	    "heard = 4 \"late\"\nthen = 0\n"
	    "peer: heard = 5 \"words\"\npeer: close_notify\n" },
	{ .name = "flaw01.tickets-unread-at-close", .play = peer_client,
	    .script = "handshake go say:s wait:300 ticket:3 wait:400 hear-end",
	    .wire = leave_unread, .expect = "spoke 2000000\nclose = 0\n"
	    "peer: heard = 2000000 sum ccc26c3a\npeer: close_notify\n" },
	{ .name = "flaw01.half-a-record-of-the-child's", .play = peer_server,
	    .script = "handshake go say:s half:0123456789 go whole gone",
	    .wire = close_beside_child,
	    .expect = "close = 0\nwhole = 10 \"0123456789\"\n" },
	{ .name = "wire.nothing-said", .play = peer_client,
	    .script = "first-byte gone", .wire = only_close,
	    .expect = "close = 0\npeer: no first byte\n" },
	{ .name = "wire.own-tls", .play = peer_client,
	    .script = "hear-raw:19 raw:answer gone", .wire = own_tls,
	    .expect = "spoke = 10\nspoke = 9\nheard = 6 \"answer\"\n"
	    "peer: heard = 19 sum 70ef4f64\n" },
	{ .name = "wire.nearly-tls", .play = peer_client,
	    .script = "handshake hear:10 gone", .wire = nearly_tls,
	    .expect = "spoke = 10\npeer: heard = 10 sum bfa5e486\n" },
	{ .name = "flaw01.half-a-record-unread-at-close", .play = peer_client,
	    .script = "handshake go say:s wait:300 half:0123456789 wait:400 "
	    "hear-end",
	    .wire = leave_unread, .expect = "spoke 2000000\nclose = 0\n"
	    "peer: heard = 2000000 sum ccc26c3a\npeer: close_notify\n" },
	{ .name = "wire.number-taken-over", .play = number_taken_over,
	    .script = "first-byte",
	    .expect = "the same number: 1\npeer: first byte 0x16\n" },
	{ .name = "wire.numbers-change-hands", .play = numbers_change_hands,
	    .env = "DICOMTLS_LOG=none", .script = "crowd:800",
	    .expect = "peer: heard some 1, in plaintext 0\n" },
	{ .name = "wire.name-asked", .play = by_name,
	    .script = "handshake name hear:8 say:hello notify fin gone",
	    .expect = "asked = 8\nheard = 5 \"hello\"\nthen = 0\n"
	    "peer: name localhost\npeer: heard = 8 \"question\"\n" },
	{ .name = "flaw09.fast-open", .play = fast_open,
	    .script = "first-byte handshake hear-end",
	    .expect = "sendto = 6\npeer: first byte 0x16\n"
	    "peer: heard = 6 \"secret\"\npeer: close_notify\n" },
	{ .name = NULL }
};
