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
bulk_out(int fd)
{
	unsigned char *p = pattern(3000000);

	say("spoke %zd", write_all(fd, p, 3000000));
	close(fd);
	free(p);
}

const struct family wire_cases[] = {
	/* Segments and records of every size. */
	{ .name = "wire.segments-of-one-to-client", .play = peer_client,
	    .script = "segments:1 handshake hear:8 say:hello notify fin gone",
	    .wire = ask,
	    .expect = "asked = 8\nheard = 5 \"hello\"\nthen = 0\n"
	    "peer: heard = 8 \"question\"\n" },
	{ .name = "wire.segments-of-one-to-server", .play = peer_server,
	    .script = "segments:1 handshake say:hello hear:6 notify fin gone",
	    .wire = hear_and_answer,
	    .expect = "heard = 5 \"hello\"\nanswered = 6\nrest = 0\n"
	    "then = 0\npeer: heard = 6 \"answer\"\n" },
	{ .name = "wire.slow-bytes", .play = peer_server,
	    .script = "segments:40 slow:5 handshake segments:1 "
	    "say:hello hear:6 notify fin gone", .wire = hear_and_answer,
	    .expect = "heard = 5 \"hello\"\nanswered = 6\nrest = 0\n"
	    "then = 0\npeer: heard = 6 \"answer\"\n" },
	{ .name = "wire.records-of-one", .play = peer_server,
	    .script = "handshake singly:0123456789 notify fin gone",
	    .wire = hear, .expect = "heard = 10 \"0123456789\"\nthen = 0\n" },
	{ .name = "flaw07.records-together", .play = peer_client,
	    .script = "handshake go say:s together:0123456789 gone",
	    .wire = together, .expect = "poll = 1\nof kind: IN\n"
	    "all = 10 \"0123456789\"\n" },
	{ .name = "flaw05.half-a-record", .play = peer_client,
	    .script = "handshake go say:s half:0123456789 go whole gone",
	    .wire = half_then_whole, .expect = "poll = 0\n"
	    "it: after the time-out\npoll = 1\nof kind: IN\n"
	    "whole = 10 \"0123456789\"\n" },
	{ .name = "wire.empty-records", .play = peer_server,
	    .env = "DICOMTLS_PROFILE=legacy",
	    .script = "version:1.0 ciphers:AES128-SHA:@SECLEVEL=0 handshake "
	    "say-version singly:0123456789 notify fin gone", .wire = hear,
	    .expect = "heard = 10 \"0123456789\"\nthen = 0\n"
	    "peer: version TLSv1\n" },
	{ .name = "wire.bulk-in", .play = peer_server,
	    .script = "handshake bulk:3000000 notify fin gone", .wire = hear,
	    .expect = "heard = 3000000 sum ee3f9d5c\nthen = 0\n" },
	{ .name = "wire.bulk-in-segments-of-999", .play = peer_server,
	    .script = "segments:999 handshake bulk:1000000 notify fin gone",
	    .wire = hear,
	    .expect = "heard = 1000000 sum 5db3ef5c\nthen = 0\n" },
	{ .name = "wire.bulk-out", .play = peer_client,
	    .script = "handshake hear-end", .wire = bulk_out,
	    .expect = "spoke 3000000\npeer: heard = 3000000 sum ee3f9d5c\n"
	    "peer: close_notify\n" },
	{ .name = "wire.tls12", .play = peer_client,
	    .script = "version:1.2 handshake say-version hear:8 say:hello "
	    "notify fin gone", .wire = ask,
	    .expect = "asked = 8\nheard = 5 \"hello\"\nthen = 0\n"
	    "peer: version TLSv1.2\npeer: heard = 8 \"question\"\n" },

	/* Readable, yet nothing for the program. */
	{ .name = "flaw05.ticket", .play = peer_client,
	    .script = "handshake go say:s wait:50 ticket:2 go say:word gone",
	    .wire = nothing_then_word, .expect = "poll = 0\n"
	    "it: after the time-out\nnonblocking = -1 EAGAIN\nlevel = 0\n"
	    "poll = 1\nof kind: IN\nlevel = 1\nword = 4 \"word\"\n"
	    "nonblocking = -1 EAGAIN\n" },
	{ .name = "flaw05.key-update", .play = peer_client,
	    .script = "handshake go say:s wait:50 keyupdate go say:word gone",
	    .wire = nothing_then_word, .expect = "poll = 0\n"
	    "it: after the time-out\nnonblocking = -1 EAGAIN\nlevel = 0\n"
	    "poll = 1\nof kind: IN\nlevel = 1\nword = 4 \"word\"\n"
	    "nonblocking = -1 EAGAIN\n" },
	{ .name = "flaw05.key-update-asked", .play = peer_server,
	    .script = "handshake go say:s wait:50 keyupdate:ask go say:word "
	    "gone", .wire = nothing_then_word, .expect = "poll = 0\n"
	    "it: after the time-out\nnonblocking = -1 EAGAIN\nlevel = 0\n"
	    "poll = 1\nof kind: IN\nlevel = 1\nword = 4 \"word\"\n"
	    "nonblocking = -1 EAGAIN\n" },
	{ .name = "flaw11.deadline-under-key-updates", .play = peer_client,
	    .script = "handshake go say:s "
	    "wait:100 keyupdate wait:100 keyupdate wait:100 keyupdate "
	    "wait:100 keyupdate wait:100 keyupdate wait:100 keyupdate "
	    "wait:100 keyupdate wait:100 keyupdate wait:100 keyupdate "
	    "wait:100 keyupdate wait:100 keyupdate wait:100 keyupdate gone",
	    .wire = deadline, .expect = "timed = -1 EAGAIN\n"
	    "timed: after the time-out\nin time 1\npoll = 0\n"
	    "it: after the time-out\nin time 1\n" },

	/* Ends. */
	{ .name = "flaw02.notify-without-fin", .play = peer_client,
	    .script = "handshake go say:s say:bye notify hear-end",
	    .wire = notified, .expect = "last = 3 \"bye\"\npoll = 1\n"
	    "of kind: IN RDHUP\nend = 0\nend = 0\npoll = 1\n"
	    "of kind: IN RDHUP\nlevel = 1\nedge = 1\nwrite = 10\nclose = 0\n"
	    "peer: heard = 10 \"still here\"\npeer: close_notify\n" },
	{ .name = "wire.fin-between-pdus", .play = peer_server,
	    .script = "handshake pdu fin gone", .wire = hear,
	    .expect = "heard = 74 sum d56da3fe\nthen = 0\n" },
	{ .name = "wire.fin-inside-a-pdu", .play = peer_server,
	    .script = "handshake pdu:40 fin gone", .wire = hear_to_error,
	    .expect = "data = 40 sum 89286c8e\nthen = -1 ECONNRESET\n"
	    "then = 0\nSO_ERROR 0\nwrite = 1\n" },
	{ .name = "flaw03.reset-by-peer", .play = peer_server,
	    .script = "handshake say:bye wait:100 reset",
	    .wire = hear_to_error, .expect = "data = 3 \"bye\"\n"
	    "then = -1 ECONNRESET\nthen = 0\nSO_ERROR 0\n"
	    "write = -1 EPIPE\n" },
	{ .name = "wire.reset-while-writing", .play = peer_client,
	    .script = "handshake go say:s reset", .wire = write_to_error,
	    .expect = "write = -1 ECONNRESET\nwrite = -1 EPIPE\n"
	    "write = -1 EPIPE\n" },
	{ .name = "wire.alert", .play = peer_server,
	    .script = "handshake say:bye alert wait:100",
	    .wire = hear_to_error, .expect = "data = 3 \"bye\"\n"
	    "then = -1 ECONNRESET\nthen = 0\nSO_ERROR 0\n"
	    "write = -1 EPIPE\n" },
	{ .name = "wire.forged-record", .play = peer_server,
	    .script = "handshake say:bye forged gone",
	    .wire = hear_to_error, .expect = "data = 3 \"bye\"\n"
	    "then = -1 ECONNRESET\nthen = 0\nSO_ERROR 0\n"
	    "write = -1 EPIPE\n" },
	{ .name = "wire.garbage-after-handshake", .play = peer_server,
	    .script = "handshake say:bye raw:garbage,not-a-record gone",
	    .wire = hear_to_error, .expect = "data = 3 \"bye\"\n"
	    "then = -1 ECONNRESET\nthen = 0\nSO_ERROR 0\n"
	    "write = -1 EPIPE\n" },
	{ .name = NULL }
};
