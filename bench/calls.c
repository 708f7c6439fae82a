/* SPDX-License-Identifier: Apache-2.0
 * calls: nanoseconds that calls on ordinary descriptors take.
 *
 *	calls [PORT]
 *
 * With PORT a connection to this port of this machine, served by a child, is
 * open meanwhile and was used.  A line for each call: its name and the least
 * mean of many short batches, which is what the call costs when nothing else
 * disturbs the machine. */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 2000, BATCHES = 400 };

static int null, pair[2];
static char byte;

static void
do_read(void)
{
	if (read(null, &byte, 1) != 0)
		err(1, "read");
}

static void
do_write(void)
{
	if (write(null, &byte, 1) != 1)
		err(1, "write");
}

static void
do_recv(void)
{
	if (recv(pair[0], &byte, 1, MSG_DONTWAIT) != -1)
		err(1, "recv");
}

static void
do_send(void)
{
	if (send(-1, &byte, 1, 0) != -1)
		err(1, "send");
}

static void
do_poll(void)
{
	struct pollfd p = { pair[0], POLLIN, 0 };

	if (poll(&p, 1, 0) != 0)
		err(1, "poll");
}

static void
do_select(void)
{
	struct timeval none = { 0, 0 };
	fd_set in;

	FD_ZERO(&in);
	FD_SET(pair[0], &in);
	if (select(pair[0] + 1, &in, NULL, NULL, &none) != 0)
		err(1, "select");
}

static void
do_close(void)
{
	if (close(-1) != -1)
		err(1, "close");
}

static void
do_fcntl(void)
{
	if (fcntl(null, F_GETFL) < 0)
		err(1, "fcntl");
}

static const struct {
	const char *name;
	void (*call)(void);
} calls[] = {
	{ "read", do_read }, { "write", do_write }, { "recv", do_recv },
	{ "send", do_send }, { "poll", do_poll }, { "select", do_select },
	{ "close", do_close }, { "fcntl", do_fcntl },
};

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static double
least(void (*call)(void))
{
	double best = 1e9, t;
	int64_t begin;
	int i, j;

	for (i = 0; i < BATCHES; i++) {
		begin = now();
		for (j = 0; j < BATCH; j++)
			call();
		t = (double)(now() - begin) / BATCH;
		best = t < best ? t : best;
	}
	return best;
}

/* One byte there and back, so that it is open beyond doubt. */
static void
serve(int listener)
{
	char c;
	int fd = accept(listener, NULL, NULL);

	if (fd < 0 || read(fd, &c, 1) != 1 || write(fd, &c, 1) != 1)
		err(1, "server");
	while (read(fd, &c, 1) > 0)
		;
	_exit(0);
}

static int
keep_open(int port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char c = 1;

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(listener, (struct sockaddr *)&sin, sizeof sin) < 0 ||
	    listen(listener, 1) < 0)
		err(1, "port %d", port);
	if (fork() == 0)
		serve(listener);
	close(listener);
	if (connect(fd, (struct sockaddr *)&sin, sizeof sin) < 0 ||
	    write(fd, &c, 1) != 1 || read(fd, &c, 1) != 1)
		err(1, "client");
	return fd;
}

int
main(int argc, char **argv)
{
	int open_one = argc > 1 ? keep_open(atoi(argv[1])) : -1;
	size_t i;

	null = open("/dev/null", O_RDWR);
	if (null < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		err(1, "descriptors");
	for (i = 0; i < sizeof calls / sizeof calls[0]; i++)
		printf("%s %.2f\n", calls[i].name, least(calls[i].call));
	if (open_one >= 0)
		close(open_one);
	return 0;
}
