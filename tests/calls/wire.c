/* SPDX-License-Identifier: Apache-2.0
 * wire: one side under the preload library, the other a peer with TLS of its
 * own that does what no program under it would do.  The peer's script is in
 * the table, and what must be seen. */
#include <sys/epoll.h>

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

/* The two ways to meet the peer: we are the client, or the server. */
static void
as_client(const struct given *g)
{
	pid_t pid;
	int fd = dial(peer_listen(g->family->script, &pid));

	g->family->wire(fd);
	reap("peer", pid);
}

static void
as_server(const struct given *g)
{
	int lfd = listener(), fd;
	pid_t pid = peer_connect(g->family->script, port_of(lfd));

	fd = (int)must(accept(lfd, NULL, NULL));
	close(lfd);
	g->family->wire(fd);
	reap("peer", pid);
}

/* What our side does ----------------------------------------------------------- */

static void
take(const char *what, int fd)
{
	char buf[100];

	say_bytes(what, buf, read(fd, buf, sizeof(buf)));
}

static void
hear(int fd)
{
	say_rest("heard", fd);
	close(fd);
}

static void
hear_and_answer(int fd)
{
	take("heard", fd);
	say_result("answered", write(fd, "answer", 6));
	say_rest("rest", fd);
	close(fd);
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
say_poll(int fd, int ms)
{
	struct pollfd p = { fd, POLLIN | POLLRDHUP, 0 };
	struct timespec start = now();

	say_result("poll", poll(&p, 1, ms));
	if (p.revents == 0)
		say_took("it", start, ms);
	else
		say_events("of kind", p.revents);
}

static int
epoll_on(int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events };
	int ep = (int)must(epoll_create1(0));

	must(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
	return ep;
}

/* Records that bring nothing for the program: then a word. */
static void
nothing_then_word(int fd)
{
	struct epoll_event ev;
	int ep;

	begin(fd);
	say_poll(fd, 300);
	set_nonblocking(fd);
	take("nonblocking", fd);
	ep = epoll_on(fd, EPOLLIN);
	say_result("level", epoll_wait(ep, &ev, 1, 50));
	must(write(fd, "g", 1));
	say_poll(fd, 5000);
	say_result("level", epoll_wait(ep, &ev, 1, 5000));
	take("word", fd);
	take("nonblocking", fd);
	close(ep);
	close(fd);
}

/* A time-out is one deadline, also when records come that bring nothing. */
static void
deadline(int fd)
{
	struct timespec start;

	begin(fd);
	set_timeouts(fd, 400);
	start = now();
	take("timed", fd);
	say_took("timed", start, 400);
	say("in time %d", ms_since(start) < 1200);
	start = now();
	say_poll(fd, 400);
	say("in time %d", ms_since(start) < 1200);
	close(fd);
}

static void
together(int fd)
{
	begin(fd);
	say_poll(fd, 5000);
	pause_ms(50);
	take("all", fd);
	close(fd);
}

/* Half a record is not readable, and wakes nobody twice. */
static void
half_then_whole(int fd)
{
	begin(fd);
	pause_ms(50);
	say_poll(fd, 200);
	must(write(fd, "g", 1));
	say_poll(fd, 5000);
	take("whole", fd);
	close(fd);
}

/* close_notify without FIN: readable for good, and one may still write. */
static void
notified(int fd)
{
	struct epoll_event ev;
	int level, edge;

	begin(fd);
	level = epoll_on(fd, EPOLLIN | EPOLLRDHUP);
	edge = epoll_on(fd, EPOLLIN | EPOLLRDHUP | EPOLLET);
	take("last", fd);
	say_poll(fd, 5000);
	take("end", fd);
	take("end", fd);
	say_poll(fd, 100);
	say_result("level", epoll_wait(level, &ev, 1, 1000));
	say_result("edge", epoll_wait(edge, &ev, 1, 1000));
	say_result("write", write(fd, "still here", 10));
	say_result("close", close(fd));
}

/* The error after the data, once. */
static void
hear_to_error(int fd)
{
	int err = -1;
	socklen_t len = sizeof(err);

	take("data", fd);
	poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, 5000);
	take("then", fd);
	take("then", fd);
	must(getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len));
	say("SO_ERROR %d", err);
	say_result("write", send(fd, "x", 1, MSG_NOSIGNAL));
	close(fd);
}

static void
write_to_error(int fd)
{
	int i;

	begin(fd);
	poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, 5000);
	for (i = 0; i < 3; i++)
		say_result("write", send(fd, "x", 1, MSG_NOSIGNAL));
	close(fd);
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

static void
leave_unread(int fd)
{
	must(write(fd, "g", 1));
	pause_ms(100);
	say_result("close", close(fd));
}

static void
bulk_out(int fd)
{
	unsigned char *p = pattern(3000000);

	say("spoke %zd", write_all(fd, p, 3000000));
	close(fd);
	free(p);
}

/* A program with TLS of its own: its first bytes are a ClientHello's. */
static void
own_tls(int fd)
{
	say_result("spoke", write(fd, "\x16\x03\x01\x00\x05hello", 10));
	say_result("spoke", write(fd, "untouched", 9));
	take("heard", fd);
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

/* Half a record is unread when we close: it may not cost the peer what we
 * sent last, and the kernel has not sent yet. */
static void
leave_half_unread(int fd)
{
	unsigned char *p = pattern(2000000);

	begin(fd);
	pause_ms(50);
	say("spoke %zd", write_all(fd, p, 2000000));
	say_result("close", close(fd));
	free(p);
}

const struct family wire_cases[] = {
	/* Segments and records of every size. */
	{ .name = "wire.segments-of-one-to-client", .play = as_client,
	    .script = "segments:1 handshake hear:8 say:hello notify fin gone",
	    .wire = ask,
	    .expect = "asked = 8\nheard = 5 \"hello\"\nthen = 0\n"
	    "peer: heard = 8 \"question\"\n" },
	{ .name = "wire.segments-of-one-to-server", .play = as_server,
	    .script = "segments:1 handshake say:hello hear:6 notify fin gone",
	    .wire = hear_and_answer,
	    .expect = "heard = 5 \"hello\"\nanswered = 6\nrest = 0\n"
	    "then = 0\npeer: heard = 6 \"answer\"\n" },
	{ .name = "wire.slow-bytes", .play = as_server,
	    .script = "segments:40 slow:5 handshake segments:1 "
	    "say:hello hear:6 notify fin gone", .wire = hear_and_answer,
	    .expect = "heard = 5 \"hello\"\nanswered = 6\nrest = 0\n"
	    "then = 0\npeer: heard = 6 \"answer\"\n" },
	{ .name = "wire.records-of-one", .play = as_server,
	    .script = "handshake singly:0123456789 notify fin gone",
	    .wire = hear, .expect = "heard = 10 \"0123456789\"\nthen = 0\n" },
	{ .name = "flaw07.records-together", .play = as_client,
	    .script = "handshake go say:s together:0123456789 gone",
	    .wire = together, .expect = "poll = 1\nof kind: IN\n"
	    "all = 10 \"0123456789\"\n" },
	{ .name = "flaw05.half-a-record", .play = as_client,
	    .script = "handshake go say:s half:0123456789 go whole gone",
	    .wire = half_then_whole, .expect = "poll = 0\n"
	    "it: after the time-out\npoll = 1\nof kind: IN\n"
	    "whole = 10 \"0123456789\"\n" },
	{ .name = "wire.empty-records", .play = as_server,
	    .env = "DICOMTLS_PROFILE=legacy",
	    .script = "version:1.0 ciphers:AES128-SHA:@SECLEVEL=0 handshake "
	    "say-version singly:0123456789 notify fin gone", .wire = hear,
	    .expect = "heard = 10 \"0123456789\"\nthen = 0\n"
	    "peer: version TLSv1\n" },
	{ .name = "wire.bulk-in", .play = as_server,
	    .script = "handshake bulk:3000000 notify fin gone", .wire = hear,
	    .expect = "heard = 3000000 sum ee3f9d5c\nthen = 0\n" },
	{ .name = "wire.bulk-in-segments-of-999", .play = as_server,
	    .script = "segments:999 handshake bulk:1000000 notify fin gone",
	    .wire = hear,
	    .expect = "heard = 1000000 sum 5db3ef5c\nthen = 0\n" },
	{ .name = "wire.bulk-out", .play = as_client,
	    .script = "handshake hear-end", .wire = bulk_out,
	    .expect = "spoke 3000000\npeer: heard = 3000000 sum ee3f9d5c\n"
	    "peer: close_notify\n" },
	{ .name = "wire.tls12", .play = as_client,
	    .script = "version:1.2 handshake say-version hear:8 say:hello "
	    "notify fin gone", .wire = ask,
	    .expect = "asked = 8\nheard = 5 \"hello\"\nthen = 0\n"
	    "peer: version TLSv1.2\npeer: heard = 8 \"question\"\n" },

	/* Readable, yet nothing for the program. */
	{ .name = "flaw05.ticket", .play = as_client,
	    .script = "handshake go say:s wait:50 ticket:2 go say:word gone",
	    .wire = nothing_then_word, .expect = "poll = 0\n"
	    "it: after the time-out\nnonblocking = -1 EAGAIN\nlevel = 0\n"
	    "poll = 1\nof kind: IN\nlevel = 1\nword = 4 \"word\"\n"
	    "nonblocking = -1 EAGAIN\n" },
	{ .name = "flaw05.key-update", .play = as_client,
	    .script = "handshake go say:s wait:50 keyupdate go say:word gone",
	    .wire = nothing_then_word, .expect = "poll = 0\n"
	    "it: after the time-out\nnonblocking = -1 EAGAIN\nlevel = 0\n"
	    "poll = 1\nof kind: IN\nlevel = 1\nword = 4 \"word\"\n"
	    "nonblocking = -1 EAGAIN\n" },
	{ .name = "flaw05.key-update-asked", .play = as_server,
	    .script = "handshake go say:s wait:50 keyupdate:ask go say:word "
	    "gone", .wire = nothing_then_word, .expect = "poll = 0\n"
	    "it: after the time-out\nnonblocking = -1 EAGAIN\nlevel = 0\n"
	    "poll = 1\nof kind: IN\nlevel = 1\nword = 4 \"word\"\n"
	    "nonblocking = -1 EAGAIN\n" },
	{ .name = "flaw11.deadline-under-key-updates", .play = as_client,
	    .script = "handshake go say:s "
	    "wait:100 keyupdate wait:100 keyupdate wait:100 keyupdate "
	    "wait:100 keyupdate wait:100 keyupdate wait:100 keyupdate "
	    "wait:100 keyupdate wait:100 keyupdate wait:100 keyupdate "
	    "wait:100 keyupdate wait:100 keyupdate wait:100 keyupdate gone",
	    .wire = deadline, .expect = "timed = -1 EAGAIN\n"
	    "timed: after the time-out\nin time 1\npoll = 0\n"
	    "it: after the time-out\nin time 1\n" },

	/* Ends. */
	{ .name = "flaw02.notify-without-fin", .play = as_client,
	    .script = "handshake go say:s say:bye notify hear-end",
	    .wire = notified, .expect = "last = 3 \"bye\"\npoll = 1\n"
	    "of kind: IN RDHUP\nend = 0\nend = 0\npoll = 1\n"
	    "of kind: IN RDHUP\nlevel = 1\nedge = 1\nwrite = 10\nclose = 0\n"
	    "peer: heard = 10 \"still here\"\npeer: close_notify\n" },
	{ .name = "wire.fin-between-pdus", .play = as_server,
	    .script = "handshake pdu fin gone", .wire = hear,
	    .expect = "heard = 74 sum d56da3fe\nthen = 0\n" },
	{ .name = "wire.fin-inside-a-pdu", .play = as_server,
	    .script = "handshake pdu:40 fin gone", .wire = hear_to_error,
	    .expect = "data = 40 sum 89286c8e\nthen = -1 ECONNRESET\n"
	    "then = 0\nSO_ERROR 0\nwrite = 1\n" },
	{ .name = "flaw03.reset-by-peer", .play = as_server,
	    .script = "handshake say:bye wait:100 reset",
	    .wire = hear_to_error, .expect = "data = 3 \"bye\"\n"
	    "then = -1 ECONNRESET\nthen = 0\nSO_ERROR 0\n"
	    "write = -1 EPIPE\n" },
	{ .name = "wire.reset-while-writing", .play = as_client,
	    .script = "handshake go say:s reset", .wire = write_to_error,
	    .expect = "write = -1 ECONNRESET\nwrite = -1 EPIPE\n"
	    "write = -1 EPIPE\n" },
	{ .name = "wire.alert", .play = as_server,
	    .script = "handshake say:bye alert wait:100",
	    .wire = hear_to_error, .expect = "data = 3 \"bye\"\n"
	    "then = -1 ECONNRESET\nthen = 0\nSO_ERROR 0\n"
	    "write = -1 EPIPE\n" },
	{ .name = "wire.forged-record", .play = as_server,
	    .script = "handshake say:bye forged gone",
	    .wire = hear_to_error, .expect = "data = 3 \"bye\"\n"
	    "then = -1 ECONNRESET\nthen = 0\nSO_ERROR 0\n"
	    "write = -1 EPIPE\n" },
	{ .name = "wire.garbage-after-handshake", .play = as_server,
	    .script = "handshake say:bye raw:garbage,not-a-record gone",
	    .wire = hear_to_error, .expect = "data = 3 \"bye\"\n"
	    "then = -1 ECONNRESET\nthen = 0\nSO_ERROR 0\n"
	    "write = -1 EPIPE\n" },

	/* No TLS at all, or none yet. */
	{ .name = "wire.plain-client", .play = as_server,
	    .script = "plain gone", .wire = only_read,
	    .expect = "heard = -1 ECONNRESET\nheard = 0\n" },
	{ .name = "wire.plain-server", .play = as_client,
	    .script = "first-byte wait:100 plain gone", .wire = ask,
	    .expect = "asked = 8\nheard = 0\nthen = -1 ECONNRESET\n"
	    "peer: first byte 0x16\n" },
	{ .name = "wire.server-silent", .play = as_client,
	    .env = "DICOMTLS_HANDSHAKE_TIMEOUT=1", .script = "gone",
	    .wire = time_out, .expect = "asked = 8\n"
	    "heard = -1 ETIMEDOUT\nit: after the time-out\nheard = 0\n"
	    "write = -1 EPIPE\n" },
	{ .name = "wire.client-silent", .play = as_server,
	    .env = "DICOMTLS_HANDSHAKE_TIMEOUT=1", .script = "gone",
	    .wire = only_read, .expect = "heard = -1 ETIMEDOUT\n"
	    "heard = 0\n" },
	{ .name = "wire.client-leaves-at-once", .play = as_server,
	    .script = "fin gone", .wire = only_read,
	    .expect = "heard = 0\nheard = 0\n" },
	{ .name = "wire.server-leaves-at-once", .play = as_client,
	    .script = "fin gone", .wire = only_read,
	    .expect = "heard = 0\nheard = 0\n" },
	{ .name = "wire.server-resets-at-once", .play = as_client,
	    .script = "wait:50 reset", .wire = only_read,
	    .expect = "heard = -1 ECONNRESET\nheard = 0\n" },

	/* What we send. */
	{ .name = "wire.speak-and-close", .play = as_client,
	    .script = "first-byte handshake hear-end",
	    .wire = speak_and_close, .expect = "spoke = 5\nclose = 0\n"
	    "peer: first byte 0x16\npeer: heard = 5 \"words\"\n"
	    "peer: close_notify\n" },
	{ .name = "wire.server-speaks-and-closes", .play = as_server,
	    .script = "handshake hear-end", .wire = speak_and_close,
	    .expect = "spoke = 5\nclose = 0\n"
	    "peer: heard = 5 \"words\"\npeer: close_notify\n" },
	{ .name = "wire.speak-and-shut", .play = as_client,
	    .script = "handshake hear-end say:late notify fin",
	    .wire = speak_and_shut, .expect = "spoke = 5\nshutdown = 0\n"
	    "heard = 4 \"late\"\nthen = 0\n"
	    "peer: heard = 5 \"words\"\npeer: close_notify\n" },
	{ .name = "flaw01.tickets-unread-at-close", .play = as_client,
	    .script = "handshake ticket:3 hear-end",
	    .wire = leave_unread, .expect = "close = 0\n"
	    "peer: heard = 1 \"g\"\npeer: close_notify\n" },
	{ .name = "wire.nothing-said", .play = as_client,
	    .script = "first-byte gone", .wire = only_close,
	    .expect = "close = 0\npeer: no first byte\n" },
	{ .name = "wire.own-tls", .play = as_client,
	    .script = "hear-raw:19 raw:answer gone", .wire = own_tls,
	    .expect = "spoke = 10\nspoke = 9\nheard = 6 \"answer\"\n"
	    "peer: heard = 19 sum 916745b9\n" },
	{ .name = "wire.own-tls-server", .play = as_server,
	    .script = "hear-raw:19 raw:answer gone", .wire = own_tls,
	    .expect = "spoke = 10\nspoke = 9\nheard = 6 \"answer\"\n"
	    "peer: heard = 19 sum 916745b9\n" },
	{ .name = "flaw01.half-a-record-unread-at-close", .play = as_client,
	    .script = "handshake go say:s half:0123456789 wait:300 hear-end",
	    .wire = leave_half_unread, .expect = "spoke 2000000\nclose = 0\n"
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
