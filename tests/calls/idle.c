/* SPDX-License-Identifier: Apache-2.0
 * idle: who is not to wait for whom, and who is not to begin: what programs
 * that are not DICOM's (CPython's tests, curl) found. */
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "calls.h"

/* A receive of nothing waits for data; nothing else drives the handshake. */
static void
ask_and_wait(int fd)
{
	char buf[10];

	must(write(fd, "hello", 5));
	say_bytes("answer", buf, read(fd, buf, sizeof(buf)));
	close(fd);
}

static void
receive_nothing(const struct given *g)
{
	struct side *s;
	char buf[10];
	int fd[2];

	pair_cold(fd);
	s = side("client", ask_and_wait, fd[0]);
	say_result("nothing", g->rx->recv(fd[1], buf, 0, 0));
	say_bytes("then", buf, read(fd[1], buf, 5));
	must(write(fd[1], "!", 1));
	side_end(s);
	close(fd[1]);
}

/* Its peer is silent, so under TLS the close takes a while. */
static void
write_and_close(int fd)
{
	must(write(fd, "bye", 3));
	close(fd);
}

/* A thread that waits for one connection, while another closes another. */
static void
beside_a_close(const struct given *g)
{
	struct timespec start;
	struct watch *w;
	struct side *s;
	int one[2], two[2];

	pair(one);
	pair_cold(two);
	w = watch(g, one[1], POLLIN);
	s = side("closer", write_and_close, two[0]);
	pause_ms(100);
	start = now();
	say_watch(w, "one", 300);
	say_took("it", start, 300);
	watch_end(w);
	close(two[1]);
	side_end(s);
	close_both(one);
}

/* To ask whether it is connected sends nothing: the peer that then closes has
 * nothing unread, and the end is no reset. */
static void
asked_whether_connected(const struct given *g)
{
	struct watch *w;
	char buf[10];
	int fd[2];

	pair_cold(fd);
	w = watch(g, fd[0], POLLOUT);
	say_watch(w, "connected", 1000);
	watch_end(w);
	pause_ms(20);
	close(fd[1]);
	pause_ms(50);
	say_bytes("read", buf, read(fd[0], buf, sizeof(buf)));
	close(fd[0]);
}

/* Nothing can be sent to one that has gone, and nothing is wrong with it. */
static void
send_nothing(const struct given *g)
{
	char buf[10];
	int fd[2];

	pair_cold(fd);
	close(fd[0]);
	pause_ms(20);
	say_bytes("read", buf, read(fd[1], buf, sizeof(buf)));
	say_result("nothing", g->tx->send(fd[1], "", 0, 0));
	close(fd[1]);
}

const struct family idle_cases[] = {
	{ .name = "idle.receive-nothing", .play = receive_nothing,
	    .axes = BY_RECEIVER | FLAGS_ONLY },
	{ .name = "idle.beside-a-close", .play = beside_a_close,
	    .axes = BY_WAITER },
	{ .name = "idle.asked-whether-connected",
	    .play = asked_whether_connected, .axes = BY_WAITER },
	{ .name = "idle.send-nothing", .play = send_nothing,
	    .axes = BY_SENDER },
	{ .name = NULL }
};
