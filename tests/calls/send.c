/* SPDX-License-Identifier: Apache-2.0
 * send: what each way to send takes, and what arrives. */
#include <sys/mman.h>
#include <sys/sendfile.h>

#include <aio.h>
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
ends(const struct given *g, int fd[2])
{
	pair(fd);
	if (g->mode != NULL)
		g->mode->set(fd[0]);
}

static void
small(const struct given *g)
{
	char buf[100];
	int fd[2];

	ends(g, fd);
	say_result("sent", g->tx->send(fd[0], "hello", 5, 0));
	say_bytes("came", buf, read(fd[1], buf, 100));
	say_result("sent", g->tx->send(fd[0], "one ", 4, 0));
	say_result("sent", g->tx->send(fd[0], "two", 3, 0));
	say_bytes("came", buf, read(fd[1], buf, 100));
	close_both(fd);
}

static void
large(const struct given *g)
{
	unsigned char *p = pattern(60000);
	int fd[2];

	ends(g, fd);
	say_result("sent", g->tx->send(fd[0], p, 60000, 0));
	must(shutdown(fd[0], SHUT_WR));
	say_rest("came", fd[1]);
	close_both(fd);
	free(p);
}

static void
nothing(const struct given *g)
{
	char buf[10];
	int fd[2];

	ends(g, fd);
	say_result("sent", g->tx->send(fd[0], "", 0, 0));
	set_nonblocking(fd[1]);
	say_result("came", read(fd[1], buf, 10));
	close_both(fd);
}

static void
read_everything(int fd)
{
	say_rest("came", fd);
}

/* 8 MB, however little each call takes; a slow reader at first. */
static void
bulk(const struct given *g)
{
	size_t len = 8 << 20, done = 0;
	unsigned char *p = pattern(len);
	struct pollfd ready;
	struct side *s;
	ssize_t n;
	int fd[2];

	ends(g, fd);
	s = side("server", read_everything, fd[1]);
	while (done < len) {
		n = g->tx->send(fd[0], p + done, len - done, 0);
		ready = (struct pollfd){ fd[0], POLLOUT, 0 };
		if (n == -1 && (errno != EAGAIN || poll(&ready, 1, 9000) != 1))
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	say("sent %zu", done);
	must(shutdown(fd[0], SHUT_WR));
	side_end(s);
	close_both(fd);
	free(p);
}

/* The peer reads nothing: how a full connection is told, and that not one
 * byte more or less arrives than was taken. */
static void
full(const struct given *g)
{
	unsigned char *p = pattern(32 << 20);
	size_t done = 0;
	struct timespec start;
	struct pollfd ready;
	ssize_t n = 0;
	int fd[2], saved;

	pair(fd);
	if (g->n == 0)
		set_nonblocking(fd[0]);
	else
		set_timeouts(fd[0], 250);
	do {
		done += (size_t)n;
		start = now();
		n = g->tx->send(fd[0], p + done, 100000, 0);
		saved = errno;
	} while (n > 0 && done < 31 << 20);
	errno = saved;
	say_result("full", n);
	say_took("it", start, g->n == 0 ? 10000 : 250);
	ready = (struct pollfd){ fd[0], POLLOUT, 0 };
	say_result("room", poll(&ready, 1, 0));
	set_nonblocking(fd[1]);
	n = read_all(fd[1], p, 1 << 16);
	while (n > 0 && (size_t)n < done) {
		ssize_t more = read_all(fd[1], p, done - (size_t)n);

		n = more <= 0 ? -1 : n + more;
	}
	say("all came: %d", (size_t)n == done);
	say_result("room", poll(&ready, 1, 5000));
	say_events("of kind", ready.revents);
	close_both(fd);
	free(p);
}

static void
to_closed(const struct given *g)
{
	int fd[2], i;

	pair(fd);
	count_signal(SIGPIPE, 0);
	reset(fd[1]);
	wait_until_gone(fd[0]);
	for (i = 0; i < 3; i++) {
		say_result("sent", g->tx->send(fd[0], "x", 1, 0));
		say("signals %d", signals());
	}
	must(close(fd[0]));
}

static void
pipe_ignored(const struct given *g)
{
	int fd[2], i;

	pair(fd);
	signal(SIGPIPE, SIG_IGN);
	reset(fd[1]);
	wait_until_gone(fd[0]);
	for (i = 0; i < 3; i++)
		say_result("sent", g->tx->send(fd[0], "x", 1, 0));
	must(close(fd[0]));
}

/* Blocked, the signal stays pending for the thread. */
static void
pipe_blocked(const struct given *g)
{
	sigset_t set;
	int fd[2];

	pair(fd);
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	must(sigprocmask(SIG_BLOCK, &set, NULL));
	must(shutdown(fd[0], SHUT_WR));
	say_result("sent", g->tx->send(fd[0], "x", 1, 0));
	must(sigpending(&set));
	say("pending %d", sigismember(&set, SIGPIPE));
	close_both(fd);
}

static void
after_shutdown(const struct given *g)
{
	char buf[10];
	int fd[2];

	pair(fd);
	count_signal(SIGPIPE, 0);
	say_result("sent", g->tx->send(fd[0], "x", 1, 0));
	must(shutdown(fd[0], SHUT_WR));
	say_result("sent", g->tx->send(fd[0], "x", 1, 0));
	say_result("sent", g->tx->send(fd[0], "", 0, 0));
	say("signals %d", signals());
	must(write(fd[1], "back", 4));
	say_bytes("came", buf, read(fd[0], buf, 10));
	say_rest("came", fd[1]);
	close_both(fd);
}

static void
bad_address(const struct given *g)
{
	char *hole = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0);
	char buf[10];
	int fd[2];

	pair(fd);
	say_result("sent", g->tx->send(fd[0], hole, 10, 0));
	say_result("sent", g->tx->send(fd[0], "x", 1, 0));
	say_bytes("came", buf, read(fd[1], buf, 10));
	close_both(fd);
}

static void
not_connected(const struct given *g)
{
	int fd = (int)must(socket(AF_INET, SOCK_STREAM, 0)), lfd = listener();

	count_signal(SIGPIPE, 0);
	say_result("unconnected", g->tx->send(fd, "x", 1, 0));
	say_result("listening", g->tx->send(lfd, "x", 1, 0));
	say("signals %d", signals());
	close(fd);
	say_result("closed", g->tx->send(fd, "x", 1, 0));
	say_result("no descriptor", g->tx->send(-1, "x", 1, 0));
}

/* Single cases ------------------------------------------------------------------ */

static void
to_an_address(const struct given *g)
{
	struct sockaddr_in in = loopback(9);
	struct iovec iov = { (char[]){ "y" }, 1 };
	struct msghdr m = { .msg_name = &in, .msg_namelen = sizeof(in),
	    .msg_iov = &iov, .msg_iovlen = 1 };
	char buf[10];
	int fd[2];

	(void)g;
	pair(fd);
	say_result("sendto", sendto(fd[0], "x", 1, 0, (struct sockaddr *)&in,
	    sizeof(in)));
	say_result("sendmsg", sendmsg(fd[0], &m, 0));
	say_bytes("came", buf, recv(fd[1], buf, 2, MSG_WAITALL));
	close_both(fd);
}

/* The compiler would warn of a constant. */
static volatile int minus = -1;

static void
odd_vectors(const struct given *g)
{
	char text[1025], buf[2000];
	struct iovec iov[1025];
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 1025 };
	int fd[2], i;

	(void)g;
	pair(fd);
	for (i = 0; i < 1025; i++) {
		text[i] = (char)('a' + i % 26);
		iov[i] = (struct iovec){ text + i, 1 };
	}
	say_result("1025 parts", writev(fd[0], iov, 1025));
	say_result("1025 parts", sendmsg(fd[0], &m, 0));
	say_result("-1 parts", writev(fd[0], iov, minus));
	say_result("no parts", writev(fd[0], iov, 0));
	say_result("1024 parts", writev(fd[0], iov, 1024));
	say_bytes("came", buf, recv(fd[1], buf, 1024, MSG_WAITALL));
	say_result("with an offset", pwritev2(fd[0], iov, 1, 5, 0));
	say_result("unknown flag", pwritev2(fd[0], iov, 1, -1, 0x4000));
	say_result("pwrite", pwrite(fd[0], text, 1, 0));
	iov[1].iov_len = (size_t)-1;
	say_result("length -1", writev(fd[0], iov, 2));
	close_both(fd);
}

static void
many_messages(const struct given *g)
{
	struct iovec iov[3] = { { (char[]){ "one " }, 4 },
	    { (char[]){ "two " }, 4 }, { (char[]){ "three" }, 5 } };
	struct mmsghdr m[3];
	char buf[20];
	int fd[2], i;

	(void)g;
	pair(fd);
	memset(m, 0, sizeof(m));
	for (i = 0; i < 3; i++) {
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	say_result("sendmmsg", sendmmsg(fd[0], m, 3, 0));
	say("lengths %u %u %u", m[0].msg_len, m[1].msg_len, m[2].msg_len);
	say_bytes("came", buf, recv(fd[1], buf, 13, MSG_WAITALL));
	say_result("no messages", sendmmsg(fd[0], m, 0, 0));
	close_both(fd);
}

/* A file of 100 bytes: its own offset, a given one, past its end. */
static void
file_offsets(const struct given *g)
{
	FILE *f = tmpfile();
	off_t at = 90;
	char buf[300];
	int fd[2], file = fileno(f);

	(void)g;
	pair(fd);
	must(write(file, pattern(100), 100));
	must(lseek(file, 20, SEEK_SET));
	say_result("own offset", sendfile(fd[0], file, NULL, 30));
	say("now at %jd", (intmax_t)lseek(file, 0, SEEK_CUR));
	say_result("given", sendfile(fd[0], file, &at, 1000));
	say("now at %jd, %jd", (intmax_t)at, (intmax_t)lseek(file, 0, SEEK_CUR));
	say_result("at the end", sendfile64(fd[0], file, &at, 10));
	say_bytes("came", buf, recv(fd[1], buf, 40, MSG_WAITALL));
	say_result("no file", sendfile(fd[0], -1, NULL, 10));
	say_result("from a socket", sendfile(file, fd[0], NULL, 10));
	close_both(fd);
	fclose(f);
}

static void
formatted(const struct given *g)
{
	char buf[100];
	int fd[2];

	(void)g;
	pair(fd);
	say_result("dprintf", dprintf(fd[0], "%s %d", "number", 42));
	say_bytes("came", buf, recv(fd[1], buf, 9, MSG_WAITALL));
	close_both(fd);
}

static const char *const full_words[] = { "nonblocking", "timeout", NULL };

#define ALL (BY_SENDER | BY_MODE)
/* 13: libc's own threads read and write: glibc does so on sockets too. */
static void
asynchronous(const struct given *g)
{
	char buf[20] = "secret";
	struct aiocb cb = { .aio_buf = buf, .aio_nbytes = 6 };
	struct aiocb *const list[] = { &cb };
	int fd[2];

	pair(fd);
	cb.aio_fildes = fd[g->n == 2];
	cb.aio_lio_opcode = LIO_WRITE;
	must(write(fd[0], "before", 6));
	say_result("aio", g->n == 0 ? aio_write(&cb) : g->n == 1 ?
	    lio_listio(LIO_WAIT, list, 1, NULL) : aio_read(&cb));
	aio_suspend((const struct aiocb *const *)list, 1, NULL);
	must(write(fd[0], "after", 5));
	must(shutdown(fd[0], SHUT_WR));
	say_rest("server", fd[1]);
	close_both(fd);
}

static const char *const aios[] = { "write", "list", "read", NULL };

const struct family send_cases[] = {
	{ .name = "flaw13.aio", .play = asynchronous, .words = aios },
	{ .name = "send.small", .play = small, .axes = ALL },
	{ .name = "send.large", .play = large, .axes = ALL },
	{ .name = "send.nothing", .play = nothing, .axes = BY_SENDER },
	{ .name = "send.bulk", .play = bulk, .axes = ALL },
	{ .name = "send.to-closed", .play = to_closed, .axes = BY_SENDER },
	{ .name = "send.pipe-ignored", .play = pipe_ignored,
	    .axes = BY_SENDER },
	{ .name = "send.pipe-blocked", .play = pipe_blocked,
	    .axes = BY_SENDER },
	{ .name = "send.after-shutdown", .play = after_shutdown,
	    .axes = BY_SENDER },
	{ .name = "send.bad-address", .play = bad_address, .axes = BY_SENDER },
	{ .name = "send.not-connected", .play = not_connected,
	    .axes = BY_SENDER },
	{ .name = "send.full", .play = full, .axes = BY_SENDER,
	    .words = full_words },
	{ .name = "send.to-an-address", .play = to_an_address },
	{ .name = "send.odd-vectors", .play = odd_vectors },
	{ .name = "send.many-messages", .play = many_messages },
	{ .name = "send.file-offsets", .play = file_offsets },
	{ .name = "send.formatted", .play = formatted },
	{ .name = NULL }
};
