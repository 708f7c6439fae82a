/* SPDX-License-Identifier: Apache-2.0
 * pdu: DICOM's units, written in pieces broken at every byte.
 *
 * Small writes of one PDU may be joined into one record; yet whatever the
 * writer does next, the peer must have what TCP would have given it. */
#include <sys/epoll.h>
#include <sys/select.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"

/* A P-DATA-TF with one PDV of 8 bytes (PS3.8, 9.3.5). */
static const unsigned char data[] = { 4, 0, 0, 0, 0, 14, 0, 0, 0, 10, 1, 3,
	'0', '1', '2', '3', '4', '5', '6', '7' };

/* A-ASSOCIATE-RQ, A-RELEASE-RQ, A-ABORT. */
static const unsigned char associate[74] = { 1, 0, 0, 0, 0, 68, 0, 1, 0, 0,
	'C', 'A', 'L', 'L', 'E', 'D', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
	' ', ' ', 'C', 'A', 'L', 'L', 'I', 'N', 'G', ' ', ' ', ' ', ' ', ' ',
	' ', ' ', ' ', ' ' };
static const unsigned char release_rq[] = { 5, 0, 0, 0, 0, 4, 0, 0, 0, 0 };

/* The server's part of an association: takes the request, answers. */
static void
associate_server(int fd)
{
	unsigned char buf[100];

	if (recv(fd, buf, sizeof(associate), MSG_WAITALL) !=
	    sizeof(associate) || memcmp(buf, associate, sizeof(associate)))
		say("another A-ASSOCIATE-RQ");
	must(write(fd, release_rq, sizeof(release_rq)));
}

static void
associated(int fd[2])
{
	unsigned char buf[10];
	struct side *s;

	pair_cold(fd);
	must(write(fd[0], associate, sizeof(associate)));
	s = side("server", associate_server, fd[1]);
	must(recv(fd[0], buf, sizeof(buf), MSG_WAITALL));
	side_end(s);
}

enum { READ, RECV, POLL, PPOLL, SELECT, EPOLL, SLEEP };
static const char *const acts[] = { "read", "recv", "poll", "ppoll", "select",
	"epoll_wait", "sleep", NULL };

/* What the writer does after each piece. */
static void
act(int what, int fd, int ep)
{
	struct timespec none = { 0, 1000000 };
	struct timeval t = { 0, 1000 };
	struct pollfd p = { fd, POLLIN, 0 };
	struct epoll_event ev;
	char c;
	fd_set r;

	FD_ZERO(&r);
	FD_SET(fd, &r);
	switch (what) {
	case READ: (void)!read(fd, &c, 1); break;
	case RECV: (void)!recv(fd, &c, 1, MSG_PEEK); break;
	case POLL: poll(&p, 1, 1); break;
	case PPOLL: ppoll(&p, 1, &none, NULL); break;
	case SELECT: select(fd + 1, &r, NULL, NULL, &t); break;
	case EPOLL: epoll_wait(ep, &ev, 1, 1); break;
	default: usleep(1000);
	}
}

/* How many of LEN bytes come within MS, with no more call of the writer's. */
static size_t
come(int fd, unsigned char *to, size_t len, int ms)
{
	struct pollfd p = { fd, POLLIN, 0 };
	size_t got = 0;
	ssize_t n;

	while (got < len && poll(&p, 1, ms) == 1) {
		n = recv(fd, to + got, len - got, MSG_DONTWAIT);
		if (n == 0 || (n == -1 && errno != EAGAIN))
			break;
		got += n > 0 ? (size_t)n : 0;
	}
	return got;
}

static bool
comes(int fd, const unsigned char *want, size_t len)
{
	unsigned char buf[100];

	return come(fd, buf, len, 2000) == len && memcmp(buf, want, len) == 0;
}

static void
in_two_pieces(const struct given *g)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int fd[2], ep = (int)must(epoll_create1(0)), came = 0, whole = 0;
	unsigned char buf[100];
	size_t k, n;

	associated(fd);
	must(epoll_ctl(ep, EPOLL_CTL_ADD, fd[0], &ev));
	set_nonblocking(fd[0]);
	for (k = 1; k < sizeof(data); k++) {
		must(write(fd[0], data, k));
		act(g->n, fd[0], ep);
		n = come(fd[1], buf, k, g->n == SLEEP ? 50 : 2000);
		came += n == k;
		must(write(fd[0], data + k, sizeof(data) - k));
		act(g->n, fd[0], ep);
		n += come(fd[1], buf + n, sizeof(data) - n, 2000);
		whole += n == sizeof(data) && memcmp(buf, data, n) == 0;
	}
	say("pieces on their own: %d", came);
	say("whole ones: %d", whole);
	close_both(fd);
}

/* The whole needs no further call at all, however it was broken. */
static void
whole_without_more(const struct given *g)
{
	int fd[2], bad = 0;
	size_t k;

	(void)g;
	associated(fd);
	for (k = 1; k < sizeof(data) && bad == 0; k++) {
		must(write(fd[0], data, k));
		must(write(fd[0], data + k, sizeof(data) - k));
		bad += !comes(fd[1], data, sizeof(data));
	}
	say("missing at %zu: %d", bad ? k : 0, bad);
	close_both(fd);
}

static void
byte_by_byte(const struct given *g)
{
	int fd[2];
	size_t i;

	(void)g;
	associated(fd);
	for (i = 0; i < sizeof(data); i++)
		must(write(fd[0], data + i, 1));
	say("came %d", comes(fd[1], data, sizeof(data)));
	for (i = 0; i < sizeof(data); i++)
		must(write(fd[0], data + i, 1));
	must(write(fd[0], release_rq, sizeof(release_rq)));
	say("came %d", comes(fd[1], data, sizeof(data)));
	say("came %d", comes(fd[1], release_rq, sizeof(release_rq)));
	close_both(fd);
}

/* Half a PDU, then an end: what was written still comes. */
static void
leave_by(int how, int fd)
{
	if (how == 0)
		must(close(fd));
	else if (how == 1)
		must(shutdown(fd, SHUT_WR));
	else
		must(dup2(STDIN_FILENO, fd));
}

static void
half_and_end(const struct given *g)
{
	unsigned char buf[100];
	int fd[2], bad = 0;
	size_t k;

	for (k = 1; k < sizeof(data) && bad == 0; k += 3) {
		associated(fd);
		must(write(fd[0], data, k));
		leave_by(g->n, fd[0]);
		if (recv(fd[1], buf, k, MSG_WAITALL) != (ssize_t)k ||
		    memcmp(buf, data, k) != 0)
			bad++;
		if (read(fd[1], buf, 1) != 0)
			bad++;
		close(fd[0]);
		must(close(fd[1]));
	}
	say("missing at %zu: %d", bad ? k : 0, bad);
}

static void
leave(int fd)
{
	must(write(fd, data, 7));
	_exit(0);
}

static void
half_and_exit(const struct given *g)
{
	int fd[2];
	pid_t pid;

	(void)g;
	associated(fd);
	pid = child("client", leave, fd[0]);
	must(close(fd[0]));
	say_rest("server", fd[1]);
	reap("client", pid);
}

/* One PDU over several records, and several in one write. */
static void
large_ones(const struct given *g)
{
	size_t len = 200006;
	unsigned char *p = pattern(len), head[6] = { 4, 0, 0, 3, 0x0d, 0x40 };
	int fd[2], i;

	(void)g;
	memcpy(p, head, 6);
	associated(fd);
	for (i = 0; i < 3; i++) {
		must(write(fd[0], p, 6));
		must(write(fd[0], p + 6, len - 6));
		must(write(fd[0], data, sizeof(data)));
	}
	must(shutdown(fd[0], SHUT_WR));
	say_rest("server", fd[1]);
	close_both(fd);
	free(p);
}

/* Header and body, then the writer waits for an answer in each known way:
 * many times over, for a hold would cost a delay each. */
static void
answer_all(int fd)
{
	unsigned char buf[100];
	int i;

	for (i = 0; i < 200; i++)
		if (recv(fd, buf, sizeof(data), MSG_WAITALL) !=
		    sizeof(data) || write(fd, data, sizeof(data)) < 0)
			break;
	say("answered %d", i);
}

static void
dialogue(const struct given *g)
{
	unsigned char buf[100];
	struct timespec start;
	struct side *s;
	int fd[2], i;

	pair(fd);
	s = side("server", answer_all, fd[1]);
	start = now();
	for (i = 0; i < 200; i++) {
		must(write(fd[0], data, 6));
		must(write(fd[0], data + 6, sizeof(data) - 6));
		if (g->n == POLL)
			poll(&(struct pollfd){ fd[0], POLLIN, 0 }, 1, 5000);
		if (recv(fd[0], buf, sizeof(data), MSG_WAITALL) !=
		    sizeof(data))
			break;
	}
	say("heard %d", i);
	say("stalled %d", ms_since(start) > 200 * 60);
	side_end(s);
	close_both(fd);
}

static const char *const leavings[] = { "close", "shutdown", "dup2", NULL };
static const char *const waits[] = { "read", "recv", "poll", NULL };

const struct family pdu_cases[] = {
	{ .name = "pdu.in-two-pieces", .play = in_two_pieces, .words = acts },
	{ .name = "pdu.whole-without-more", .play = whole_without_more },
	{ .name = "pdu.byte-by-byte", .play = byte_by_byte },
	{ .name = "pdu.half-and-end", .play = half_and_end,
	    .words = leavings },
	{ .name = "pdu.half-and-exit", .play = half_and_exit },
	{ .name = "pdu.large-ones", .play = large_ones },
	{ .name = "pdu.dialogue", .play = dialogue, .words = waits },
	{ .name = NULL }
};
