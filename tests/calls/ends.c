/* SPDX-License-Identifier: Apache-2.0
 * ends: who speaks first, and ends before, in and after the conversation. */
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
take(const char *what, int fd)
{
	char buf[100];

	say_bytes(what, buf, read(fd, buf, sizeof(buf)));
}

static void
mode_off(int fd)
{
	must(fcntl(fd, F_SETFL, 0));
	set_timeouts(fd, 0);
}

/* First words ------------------------------------------------------------------- */

static void
answer_once(int fd)
{
	take("read", fd);
	must(write(fd, "answer", 6));
	take("read", fd);
}

static void
client_first(const struct given *g)
{
	struct side *s;
	int fd[2];

	pair_cold(fd);
	g->mode->set(fd[0]);
	s = side("server", answer_once, fd[1]);
	say_result("write", write(fd[0], "question", 8));
	mode_off(fd[0]);
	take("read", fd[0]);
	must(close(fd[0]));
	side_end(s);
	must(close(fd[1]));
}

static void
server_first(const struct given *g)
{
	struct side *s;
	int fd[2];

	pair_cold(fd);
	g->mode->set(fd[1]);
	s = side("client", answer_once, fd[0]);
	say_result("write", write(fd[1], "greeting", 8));
	mode_off(fd[1]);
	take("read", fd[1]);
	must(close(fd[1]));
	side_end(s);
	must(close(fd[0]));
}

static void
both_at_once(const struct given *g)
{
	struct side *s;
	char buf[20];
	int fd[2];

	(void)g;
	pair_cold(fd);
	must(write(fd[0], "from client", 11));
	must(write(fd[1], "from server", 11));
	s = side("client", answer_once, fd[0]);
	say_bytes("read", buf, recv(fd[1], buf, 11, MSG_WAITALL));
	say_bytes("read", buf, recv(fd[1], buf, 6, MSG_WAITALL));
	must(write(fd[1], "second", 6));
	side_end(s);
	close_both(fd);
}

/* Nothing but an end: no one ever spoke. */
static void
silent(const struct given *g)
{
	int fd[2], first = g->n;

	pair_cold(fd);
	must(close(fd[first]));
	take("read", fd[!first]);
	take("read", fd[!first]);
	say_result("close", close(fd[!first]));
}

static void
read_twice_and_close(int fd)
{
	take("read", fd);
	take("read", fd);
	must(close(fd));
}

/* The same by one half; the other end closes in answer. */
static void
silent_half(const struct given *g)
{
	struct side *s;
	int fd[2], first = g->n;

	pair_cold(fd);
	must(shutdown(fd[first], SHUT_WR));
	s = side("other", read_twice_and_close, fd[!first]);
	take("read", fd[first]);
	must(close(fd[first]));
	side_end(s);
}

/* The first one to write does so after the other's half was closed. */
static void
answer_and_close(int fd)
{
	must(write(fd, "the time", 8));
	must(close(fd));
}

static void
answered_half(const struct given *g)
{
	struct side *s;
	int fd[2], first = g->n;

	pair_cold(fd);
	must(shutdown(fd[first], SHUT_WR));
	s = side("other", answer_and_close, fd[!first]);
	say_rest("read", fd[first]);
	must(close(fd[first]));
	side_end(s);
}

/* One word and an answer, and gone. */
static void
one_word(const struct given *g)
{
	struct side *s;
	int fd[2], first = g->n;

	pair_cold(fd);
	s = side("other", answer_once, fd[!first]);
	must(write(fd[first], "word", 4));
	take("read", fd[first]);
	must(close(fd[first]));
	side_end(s);
	must(close(fd[!first]));
}

static void
rest_of_server(int fd)
{
	say_rest("rest", fd);
	must(close(fd));
}

/* Says something and closes at once, while the other end only now wakes. */
static void
word_and_close(const struct given *g)
{
	struct side *s;
	int fd[2], first = g->n;

	pair_cold(fd);
	s = side("other", rest_of_server, fd[!first]);
	must(write(fd[first], "word", 4));
	must(close(fd[first]));
	side_end(s);
}

/* Much, before the handshake could end, then close. */
static void
much_and_close(const struct given *g)
{
	size_t len = 1 << 20;
	unsigned char *p = pattern(len);
	struct side *s;
	int fd[2], first = g->n;

	pair_cold(fd);
	s = side("other", rest_of_server, fd[!first]);
	say("wrote %zd", write_all(fd[first], p, len));
	must(close(fd[first]));
	side_end(s);
	free(p);
}

/* Ends after the handshake ------------------------------------------------------- */

static void
half_close(const struct given *g)
{
	int fd[2], a = g->n, b = !g->n, i;

	pair(fd);
	must(write(fd[a], "request", 7));
	say_result("shutdown", shutdown(fd[a], SHUT_WR));
	take("read", fd[b]);
	take("read", fd[b]);
	for (i = 0; i < 3; i++) {
		must(write(fd[b], "answer", 6));
		take("read", fd[a]);
	}
	say_result("shutdown again", shutdown(fd[a], SHUT_WR));
	say_result("shutdown", shutdown(fd[b], SHUT_WR));
	take("read", fd[a]);
	say_result("shutdown all", shutdown(fd[a], SHUT_RDWR));
	say_result("close", close(fd[a]));
	say_result("close", close(fd[b]));
}

static void
shutdowns(const struct given *g)
{
	int fd[2];

	(void)g;
	pair(fd);
	count_signal(SIGPIPE, 0);
	must(write(fd[0], "data", 4));
	say_result("both", shutdown(fd[0], SHUT_RDWR));
	take("client", fd[0]);
	say_result("write", write(fd[0], "x", 1));
	say("signals %d", signals());
	take("server", fd[1]);
	take("server", fd[1]);
	say_result("write", write(fd[1], "x", 1));
	say_result("unknown", shutdown(fd[1], 5));
	say_result("none", shutdown(-1, SHUT_WR));
	close_both(fd);
}

/* Closing with bytes unread resets the connection: the peer is told. */
static void
close_unread(const struct given *g)
{
	int fd[2];

	(void)g;
	pair(fd);
	must(write(fd[0], "never read", 10));
	must(close(fd[1]));
	take("client", fd[0]);
	take("client", fd[0]);
	say_result("write", send(fd[0], "x", 1, MSG_NOSIGNAL));
	must(close(fd[0]));
}

/* One byte of it was read. */
static void
close_partly_read(const struct given *g)
{
	char c;
	int fd[2];

	(void)g;
	pair(fd);
	must(write(fd[0], "hardly read", 11));
	must(read(fd[1], &c, 1));
	must(close(fd[1]));
	take("client", fd[0]);
	take("client", fd[0]);
	must(close(fd[0]));
}

static void
linger_zero(const struct given *g)
{
	int fd[2];

	(void)g;
	pair(fd);
	must(write(fd[0], "data", 4));
	take("server", fd[1]);
	reset(fd[0]);
	wait_until_gone(fd[1]);
	take("server", fd[1]);
	take("server", fd[1]);
	say_result("write", send(fd[1], "x", 1, MSG_NOSIGNAL));
	must(close(fd[1]));
}

static void
linger_some(const struct given *g)
{
	struct linger l = { 1, 5 };
	struct timespec start;
	int fd[2];

	(void)g;
	pair(fd);
	must(setsockopt(fd[0], SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	must(write(fd[0], "data", 4));
	start = now();
	must(close(fd[0]));
	say_took("close", start, 4000);
	say_rest("server", fd[1]);
	must(close(fd[1]));
}

/* Resets in each phase: nothing said, one word said, in the middle. */
static void
reset_in(const struct given *g)
{
	int fd[2];

	if (g->n == 0 || g->n == 1)
		pair_cold(fd);
	else
		pair(fd);
	if (g->n == 1)
		must(write(fd[0], "word", 4));
	if (g->n == 3) {
		must(write(fd[0], "word", 4));
		take("server", fd[1]);
	}
	reset(fd[0]);
	wait_until_gone(fd[1]);
	say_result("write", send(fd[1], "x", 1, MSG_NOSIGNAL));
	say_result("write", send(fd[1], "x", 1, MSG_NOSIGNAL));
	must(close(fd[1]));
}

/* The error is told once, by whoever asks first. */
static void
reset_told(const struct given *g)
{
	int fd[2], err = -1;
	socklen_t len = sizeof(err);

	pair(fd);
	reset(fd[0]);
	wait_until_gone(fd[1]);
	if (g->n == 0) {
		must(getsockopt(fd[1], SOL_SOCKET, SO_ERROR, &err, &len));
		say("SO_ERROR %s", strerrorname_np(err));
	} else if (g->n == 1) {
		take("read", fd[1]);
	} else {
		say_result("write", send(fd[1], "x", 1, MSG_NOSIGNAL));
	}
	take("read", fd[1]);
	err = -1;
	must(getsockopt(fd[1], SOL_SOCKET, SO_ERROR, &err, &len));
	say("SO_ERROR %d", err);
	take("read", fd[1]);
	must(close(fd[1]));
}

/* Both close at the same time. */
static void
both_close(const struct given *g)
{
	int fd[2];

	(void)g;
	pair(fd);
	must(write(fd[0], "a", 1));
	must(write(fd[1], "b", 1));
	take("client", fd[0]);
	take("server", fd[1]);
	must(shutdown(fd[0], SHUT_WR));
	must(shutdown(fd[1], SHUT_WR));
	take("client", fd[0]);
	take("server", fd[1]);
	say_result("close", close(fd[0]));
	say_result("close", close(fd[1]));
}

/* The writer closes 1 MB later than the reader starts; nothing is lost. */
static void
writer(int fd)
{
	unsigned char *p = pattern(1 << 20);

	must(write_all(fd, p, 1 << 20));
	must(close(fd));
	free(p);
}

static void
all_before_the_end(const struct given *g)
{
	struct side *s;
	int fd[2];

	(void)g;
	pair(fd);
	s = side("client", writer, fd[0]);
	pause_ms(50);
	say_rest("server", fd[1]);
	side_end(s);
	must(close(fd[1]));
}

static const char *const sides[] = { "client", "server", NULL };
static const char *const phases[] = { "silence", "first-word", "warm",
	"conversation", NULL };
static const char *const tellers[] = { "SO_ERROR", "read", "write", NULL };

const struct family end_cases[] = {
	{ .name = "end.client-first", .play = client_first,
	    .axes = BY_MODE },
	{ .name = "end.server-first", .play = server_first,
	    .axes = BY_MODE },
	{ .name = "end.both-at-once", .play = both_at_once },
	{ .name = "end.silent", .play = silent, .words = sides },
	{ .name = "end.silent-half", .play = silent_half, .words = sides },
	{ .name = "end.answered-half", .play = answered_half,
	    .words = sides },
	{ .name = "end.one-word", .play = one_word, .words = sides },
	{ .name = "end.word-and-close", .play = word_and_close,
	    .words = sides },
	{ .name = "end.much-and-close", .play = much_and_close,
	    .words = sides },
	{ .name = "end.half-close", .play = half_close, .words = sides },
	{ .name = "end.shutdowns", .play = shutdowns },
	{ .name = "end.close-unread", .play = close_unread },
	{ .name = "end.close-partly-read", .play = close_partly_read },
	{ .name = "end.linger-zero", .play = linger_zero },
	{ .name = "end.linger-some", .play = linger_some },
	{ .name = "end.reset-in", .play = reset_in, .words = phases },
	{ .name = "end.reset-told", .play = reset_told, .words = tellers },
	{ .name = "end.both-close", .play = both_close },
	{ .name = "end.all-before-the-end", .play = all_before_the_end },
	{ .name = NULL }
};
