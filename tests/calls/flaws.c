/* SPDX-License-Identifier: Apache-2.0
 * flaws: the thirteen flaws of the retained byte, each with its cure shown.
 * Those that need a peer with TLS of its own are in wire.c, under the same
 * numbers. */
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/time.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"

static void
take(const char *what, int fd, size_t len)
{
	char buf[70000];

	say_bytes(what, buf, read(fd, buf, len));
}

/* 1: bytes unread at close make the kernel send RST, and the peer loses what
 * was sent last.  The client's end of stream is never read here. */
static void
answer_and_close(int fd)
{
	unsigned char *p = pattern(4 << 20);
	char buf[7];

	must(recv(fd, buf, 7, MSG_WAITALL));
	say("sent %zd", write_all(fd, p, 4 << 20));
	must(close(fd));
	free(p);
}

static void
close_with_end_unread(const struct given *g)
{
	struct side *s;
	int fd[2];

	(void)g;
	pair(fd);
	must(write(fd[0], "request", 7));
	must(shutdown(fd[0], SHUT_WR));
	s = side("server", answer_and_close, fd[1]);
	pause_ms(200);
	say_rest("client", fd[0]);
	side_end(s);
	must(close(fd[0]));
}

/* 1: whoever does not own the connection must not end it: the bytes are the
 * child's, and the last word. */
static void
read_slowly(int fd)
{
	pause_ms(150);
	say_rest("child", fd);
}

static void
speak_late(int fd)
{
	pause_ms(150);
	must(write(fd, "late", 4));
	close(fd);
}

static void
close_of_no_owner(const struct given *g)
{
	unsigned char *p = pattern(60000);
	pid_t pid;
	int fd[2];

	(void)g;
	pair(fd);
	if (g->n == 0) {
		must(write(fd[0], p, 60000));
		must(shutdown(fd[0], SHUT_WR));
	}
	pid = child("child", g->n == 0 ? read_slowly : speak_late, fd[1]);
	must(close(fd[1]));
	if (g->n == 1)
		say_rest("client", fd[0]);
	reap("child", pid);
	must(close(fd[0]));
	free(p);
}

/* 3: data, then the error, then the end; the error is not forgotten. */
static void
reset_after_data(const struct given *g)
{
	int fd[2], i;

	(void)g;
	pair(fd);
	must(write(fd[0], "0123456789", 10));
	reset(fd[0]);
	wait_until_gone(fd[1]);
	for (i = 0; i < 5; i++)
		take("read", fd[1], 4);
	must(close(fd[1]));
}

/* 4: a record that the kernel took only in part is finished although the
 * program now waits for input alone. */
static void
tiny_pair(int fd[2])
{
	int lfd = listener(), tiny = 2048;

	must(setsockopt(lfd, SOL_SOCKET, SO_RCVBUF, &tiny, sizeof(tiny)));
	fd[0] = dial(port_of(lfd));
	must(setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &tiny, sizeof(tiny)));
	fd[1] = (int)must(accept(lfd, NULL, NULL));
	close(lfd);
	warm(fd);
}

static size_t accepted;

static void
read_what_was_taken(int fd)
{
	char buf[500];
	size_t got = 0;
	ssize_t n;

	pause_ms(100);
	while (got < accepted && (n = read(fd, buf, sizeof(buf))) > 0)
		got += (size_t)n;
	say("all came: %d", got == accepted);
	must(write(fd, "thanks", 6));
}

static void
partial_record(const struct given *g)
{
	unsigned char *p = pattern(1 << 20);
	struct pollfd w;
	struct side *s;
	int fd[2];

	tiny_pair(fd);
	set_nonblocking(fd[0]);
	accepted = 0;
	for (;;) {
		ssize_t n = write(fd[0], p + accepted, 50000);

		if (n <= 0)
			break;
		accepted += (size_t)n;
	}
	s = side("server", read_what_was_taken, fd[1]);
	w = (struct pollfd){ fd[0], POLLIN, 0 };
	if (g->n == 0) {
		say_result("poll", poll(&w, 1, 10000));
	} else {
		struct epoll_event ev = { .events = EPOLLIN };
		int ep = (int)must(epoll_create1(0));

		must(epoll_ctl(ep, EPOLL_CTL_ADD, fd[0], &ev));
		say_result("epoll_wait", epoll_wait(ep, &ev, 1, 10000));
		close(ep);
	}
	take("read", fd[0], 10);
	side_end(s);
	close_both(fd);
	free(p);
}

/* 6: while the peer says nothing, a first write returns at once, a poll takes
 * its own time, and nobody spins. */
static void
dead_peer(const struct given *g)
{
	struct timespec start = now();
	struct rusage use;
	struct pollfd p;
	int fd[2];

	pair_cold(fd);
	if (g->n == 1)
		set_nonblocking(fd[0]);
	start = now();
	say_result("write", write(fd[0], "A-ASSOCIATE-RQ", 14));
	say_took("write", start, 1000);
	p = (struct pollfd){ fd[0], POLLIN, 0 };
	start = now();
	say_result("poll", poll(&p, 1, 300));
	say_took("poll", start, 300);
	say_result("write", write(fd[0], "more", 4));
	p.events = POLLIN | POLLOUT;
	say_result("poll", poll(&p, 1, 300));
	say_events("of kind", p.revents);
	set_timeouts(fd[0], 300);
	start = now();
	say_result("read", read(fd[0], &use, 1));
	if (g->n == 0)
		say_took("read", start, 300);
	must(getrusage(RUSAGE_SELF, &use));
	say("spun %d", use.ru_utime.tv_sec + use.ru_stime.tv_sec > 1);
	close(fd[1]);	/* first, for nobody would take our words */
	close(fd[0]);
}

/* 6: a slow client does not stop the server: accept() returns at once. */
static void
silent_client(const struct given *g)
{
	struct timespec start;
	int lfd = listener(), slow, fd[2];

	(void)g;
	slow = dial(port_of(lfd));
	start = now();
	say("accepted %d", accept(lfd, NULL, NULL) > 2);
	say_took("accept", start, 1000);
	fd[0] = dial(port_of(lfd));
	fd[1] = (int)must(accept(lfd, NULL, NULL));
	warm(fd);
	must(write(fd[0], "served", 6));
	take("server", fd[1], 10);
	close_both(fd);
	close(slow);
}

/* 6: epoll programs neither spin nor sleep through the handshake. */
static void
slow_server(int fd)
{
	pause_ms(400);
	take("server", fd, 10);
	must(write(fd, "answer", 6));
}

static void
no_spin(const struct given *g)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int fd[2], ep = (int)must(epoll_create1(0)), wakes = 0;
	struct side *s;
	char buf[10];
	ssize_t n;

	(void)g;
	pair_cold(fd);
	set_nonblocking(fd[0]);
	must(epoll_ctl(ep, EPOLL_CTL_ADD, fd[0], &ev));
	must(write(fd[0], "request", 7));
	s = side("server", slow_server, fd[1]);
	do {
		wakes += epoll_wait(ep, &ev, 1, 8000);
		n = read(fd[0], buf, 10);
	} while (n == -1 && errno == EAGAIN && wakes < 1000);
	say_bytes("read", buf, n);
	say("spun %d", wakes > 20);
	side_end(s);
	close(ep);
	close_both(fd);
}

/* 7: a short read means an empty queue, however many records there were. */
static void
short_read(const struct given *g)
{
	unsigned char *p = pattern(30000);
	int fd[2], i;

	(void)g;
	pair(fd);
	set_nonblocking(fd[1]);
	for (i = 0; i < 8; i++)
		must(write(fd[0], p + 1000 * i, 1000));
	take("read", fd[1], 7000);
	take("read", fd[1], 7000);
	take("read", fd[1], 1);
	close_both(fd);
	free(p);
}

/* 8: more than a record's first bytes is known to FIONREAD. */
static void
fionread(const struct given *g)
{
	int fd[2], n = -1, got = 0;
	char buf[100];

	(void)g;
	pair(fd);
	must(write(fd[0], "one", 3));
	must(write(fd[0], "two", 3));
	must(write(fd[0], "three", 5));
	while (got < 11) {
		must(ioctl(fd[1], FIONREAD, &n));
		say("there are %d", n);
		if (n <= 0)
			break;
		n = (int)must(read(fd[1], buf, n < 4 ? (size_t)n : 4));
		got += n;
	}
	close_both(fd);
}

/* 10: zero copy would send plaintext, or show the program ciphertext; what it
 * is for works in another way. */
static void
zero_copy(const struct given *g)
{
	FILE *f = tmpfile();
	char buf[20];
	int fd[2];

	(void)g;
	pair(fd);
	fputs("from a file", f);
	fflush(f);
	say_result("sendfile", sendfile(fd[0], fileno(f),
	    &(off_t){ 5 }, 100));
	say_result("send", send(fd[0], "!", 1, MSG_ZEROCOPY));
	say_bytes("read", buf, recv(fd[1], buf, 7, MSG_WAITALL));
	close_both(fd);
	fclose(f);
}

/* 10: as nginx and haproxy forward, from a pipe. */
static void
splice_out(const struct given *g)
{
	int fd[2], pipes[2];

	(void)g;
	pair(fd);
	must(pipe(pipes));
	must(write(pipes[1], "piped", 5));
	say_result("splice", splice(pipes[0], NULL, fd[0], NULL, 5, 0));
	must(write(fd[0], "end", 3));
	must(shutdown(fd[0], SHUT_WR));
	say_rest("server", fd[1]);
	close_both(fd);
	close_both(pipes);
}

static void
splice_in(const struct given *g)
{
	int fd[2], pipes[2];

	(void)g;
	pair(fd);
	must(pipe(pipes));
	must(write(fd[0], "socket", 6));
	say_result("splice", splice(fd[1], NULL, pipes[1], NULL, 6,
	    SPLICE_F_NONBLOCK));
	set_nonblocking(fd[1]);
	take("left", fd[1], 10);
	close_both(fd);
	close_both(pipes);
}

/* 11: one deadline for a call, however often it wakes up within. */
static void
drip(int fd)
{
	int i;

	for (i = 0; i < 12; i++) {
		pause_ms(50);
		must(write(fd, "x", 1));
	}
}

static void
one_deadline(const struct given *g)
{
	struct timespec start;
	struct side *s;
	char buf[100];
	ssize_t n;
	int fd[2];

	(void)g;
	pair(fd);
	set_timeouts(fd[1], 300);
	s = side("client", drip, fd[0]);
	start = now();
	n = recv(fd[1], buf, 100, MSG_WAITALL);
	say("some came: %d", n > 0 && n < 12);
	say("in time: %d", ms_since(start) >= 290);
	side_end(s);
	close_both(fd);
}

/* 12: a write goes on until all is taken or the kernel is full. */
static void
read_in_thread(int fd)
{
	say_rest("server", fd);
}

static void
short_write(const struct given *g)
{
	unsigned char *p = pattern(100000);
	struct side *s;
	int fd[2], size = 1 << 20;

	(void)g;
	pair(fd);
	must(setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)));
	set_nonblocking(fd[0]);
	say_result("write", write(fd[0], p, 100000));
	say_result("write", write(fd[0], p, 50000));
	s = side("server", read_in_thread, fd[1]);
	must(shutdown(fd[0], SHUT_WR));
	side_end(s);
	close_both(fd);
	free(p);
}

/* 13: odd calls put no plaintext on the wire; the words around them come. */
static void
odd_calls(const struct given *g)
{
	FILE *f = tmpfile();
	int fd[2], mark = -1;

	(void)g;
	pair(fd);
	must(write(fd[0], "before ", 7));
	say_result("pwrite", pwrite(fd[0], "secret", 6, 0));
	say_result("copy_file_range", copy_file_range(fileno(f), NULL, fd[0],
	    NULL, 10, 0));
	say_result("atmark", ioctl(fd[0], SIOCATMARK, &mark));
	say_result("unknown ioctl", ioctl(fd[0], 0xdead, &mark));
	must(write(fd[0], "after", 5));
	must(shutdown(fd[0], SHUT_WR));
	say_rest("server", fd[1]);
	close_both(fd);
}

static const char *const owners[] = { "unread", "silent", NULL };
static const char *const waits[] = { "poll", "epoll", NULL };
static const char *const blockings[] = { "blocking", "nonblocking", NULL };

const struct family flaw_cases[] = {
	{ .name = "flaw01.close-with-end-unread",
	    .play = close_with_end_unread },
	{ .name = "flaw01.close-of-no-owner", .play = close_of_no_owner,
	    .words = owners },
	{ .name = "flaw03.reset-after-data", .play = reset_after_data },
	{ .name = "flaw04.partial-record", .play = partial_record,
	    .words = waits },
	{ .name = "flaw06.dead-peer", .play = dead_peer,
	    .words = blockings },
	{ .name = "flaw06.silent-client", .play = silent_client },
	{ .name = "flaw06.no-spin", .play = no_spin },
	{ .name = "flaw07.short-read", .play = short_read },
	{ .name = "flaw08.fionread", .play = fionread },
	{ .name = "flaw10.zero-copy", .play = zero_copy },
	{ .name = "flaw10.splice-out", .play = splice_out },
	{ .name = "flaw10.splice-in", .play = splice_in },
	{ .name = "flaw11.one-deadline", .play = one_deadline },
	{ .name = "flaw12.short-write", .play = short_write },
	{ .name = "flaw13.odd-calls", .play = odd_calls },
	{ .name = NULL }
};
