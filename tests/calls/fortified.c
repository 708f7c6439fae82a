/* SPDX-License-Identifier: Apache-2.0
 * fortified: the same calls from a program that was built with
 * -D_FORTIFY_SOURCE=2 and 64-bit file offsets: libc has other names for
 * them. */
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"

#if __USE_FORTIFY_LEVEL < 2
#error "this file is about fortified calls"
#endif

/* Known only at run time, so that the checked variants are called. */
static volatile size_t length = 100;

static void
transfers(const struct given *g)
{
	char buf[100];
	int fd[2];

	(void)g;
	pair(fd);
	must(write(fd[0], "abcdefghij", 10));
	say_bytes("read", buf, read(fd[1], buf, length / 50));
	say_bytes("recv", buf, recv(fd[1], buf, length / 50, 0));
	say_bytes("recvfrom", buf, recvfrom(fd[1], buf, length / 50, 0, NULL,
	    NULL));
	say_bytes("recv", buf, recv(fd[1], buf, length, MSG_PEEK));
	say_bytes("read", buf, read(fd[1], buf, length));
	must(shutdown(fd[0], SHUT_WR));
	say_bytes("read", buf, read(fd[1], buf, length));
	close_both(fd);
}

static void
waits(const struct given *g)
{
	struct timespec t = { 5, 0 };
	struct pollfd p[4];
	fd_set r;
	int fd[2];

	(void)g;
	pair(fd);
	p[0] = (struct pollfd){ fd[1], POLLIN, 0 };
	say_result("poll", poll(p, length / 100, 50));
	must(write(fd[0], "x", 1));
	say_result("poll", poll(p, length / 100, 5000));
	say_result("ppoll", ppoll(p, length / 100, &t, NULL));
	FD_ZERO(&r);
	FD_SET(fd[1], &r);
	say_result("select", select(fd[1] + 1, &r, NULL, NULL, NULL));
	say("set %d", !!FD_ISSET(fd[1], &r));
	close_both(fd);
}

static void
controls(const struct given *g)
{
	int fd[2], copy, n = -1;
	char buf[10];

	(void)g;
	pair(fd);
	say("F_GETFL %#x", (unsigned)fcntl(fd[0], F_GETFL));
	must(fcntl(fd[1], F_SETFL, O_RDWR | O_NONBLOCK));
	say_result("read", read(fd[1], buf, length / 10));
	copy = (int)must(fcntl(fd[0], F_DUPFD, 70));
	must(close(fd[0]));
	must(write(copy, "by a copy", 9));
	must(ioctl(fd[1], FIONREAD, &n));
	say("there are %d", n);
	say_bytes("read", buf, read(fd[1], buf, length / 10));
	close(copy);
	close(fd[1]);
}

static void
streams(const struct given *g)
{
	char line[100];
	int fd[2];
	FILE *in, *out;

	(void)g;
	pair(fd);
	in = fdopen(fd[1], "r");
	out = fdopen(fd[0], "w");
	fprintf(out, "%s %zu\n", "number", length);
	fflush(out);
	say("line %s", strtok(fgets(line, (int)length, in), "\n"));
	say_result("dprintf", dprintf(fd[0], "%zu\n", length));
	say("line %s", strtok(fgets(line, (int)length, in), "\n"));
	fputs("rest\n", out);
	fclose(out);
	say("fread %zu", fread(line, 1, length, in));
	fclose(in);
}

static void
files(const struct given *g)
{
	FILE *f = tmpfile();
	off_t at = 3;
	char buf[10];
	int fd[2];

	(void)g;
	pair(fd);
	fputs("0123456789", f);
	fflush(f);
	say_result("sendfile", sendfile(fd[0], fileno(f), &at, 4));
	say("at %jd of %zu", (intmax_t)at, sizeof(at));
	say_bytes("read", buf, read(fd[1], buf, length / 10));
	say_result("pread", pread(fd[1], buf, length / 10, 0));
	close_both(fd);
	fclose(f);
}

const struct family fortified_cases[] = {
	{ .name = "fortified.transfers", .play = transfers },
	{ .name = "fortified.waits", .play = waits },
	{ .name = "fortified.controls", .play = controls },
	{ .name = "fortified.streams", .play = streams },
	{ .name = "fortified.files", .play = files },
	{ .name = NULL }
};
