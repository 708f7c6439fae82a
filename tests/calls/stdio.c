/* SPDX-License-Identifier: Apache-2.0
 * stdio: streams on a connection, which pass by read() and write(). */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"

static void
take(const char *what, int fd)
{
	char buf[200];

	say_bytes(what, buf, read(fd, buf, sizeof(buf)));
}

static FILE *
stream(int fd, const char *mode)
{
	FILE *f = fdopen(fd, mode);

	if (f == NULL)
		broken("fdopen");
	return f;
}

static void
say_line(FILE *f)
{
	char line[100];

	if (fgets(line, sizeof(line), f) == NULL)
		say("no line: end %d error %d", !!feof(f), !!ferror(f));
	else
		say("line \"%.*s\"", (int)strcspn(line, "\n"), line);
}

static void
lines(const struct given *g)
{
	int fd[2];
	FILE *f;

	(void)g;
	pair(fd);
	f = stream(fd[1], "r");
	must(write(fd[0], "one\ntwo\nthr", 11));
	say_line(f);
	say_line(f);
	must(write(fd[0], "ee\n", 3));
	say_line(f);
	must(close(fd[0]));
	say_line(f);
	say_result("fclose", fclose(f));
	say_result("closed", fcntl(fd[1], F_GETFD));
}

static void
buffered(const struct given *g)
{
	int fd[2];
	FILE *f;

	(void)g;
	pair(fd);
	f = stream(fd[0], "w");
	say_result("fprintf", fprintf(f, "%s %d\n", "number", 7));
	set_nonblocking(fd[1]);
	take("before the flush", fd[1]);
	say_result("fflush", fflush(f));
	take("after it", fd[1]);
	say_result("fputs", fputs("at close", f) >= 0);
	say_result("fclose", fclose(f));
	take("after fclose", fd[1]);
	take("the end", fd[1]);
	must(close(fd[1]));
}

static void
unbuffered(const struct given *g)
{
	int fd[2];
	FILE *f;

	pair(fd);
	f = stream(fd[0], "w");
	setvbuf(f, NULL, g->n == 0 ? _IONBF : _IOLBF, 100);
	fputs("first line\nsecond", f);
	set_nonblocking(fd[1]);
	take("came", fd[1]);
	fputc('\n', f);
	take("came", fd[1]);
	fclose(f);
	take("came", fd[1]);
	must(close(fd[1]));
}

/* Old programs open one stream to read and one, on a copy, to write. */
static void
two_streams(const struct given *g)
{
	int fd[2];
	FILE *in, *out;

	(void)g;
	pair(fd);
	in = stream(fd[1], "r");
	out = stream((int)must(dup(fd[1])), "w");
	must(write(fd[0], "hello\n", 6));
	say_line(in);
	fputs("welcome\n", out);
	fflush(out);
	take("client", fd[0]);
	say_result("fclose", fclose(in));
	fputs("goodbye\n", out);
	say_result("fclose", fclose(out));
	say_rest("client", fd[0]);
	must(close(fd[0]));
}

static void
both_ways(const struct given *g)
{
	int fd[2];
	FILE *f;

	(void)g;
	pair(fd);
	f = stream(fd[1], "r+");
	must(write(fd[0], "hello\n", 6));
	say_line(f);
	fseek(f, 0, SEEK_CUR);
	fputs("welcome\n", f);
	fflush(f);
	take("client", fd[0]);
	say_result("fileno", fileno(f) == fd[1]);
	say_result("ftell", ftell(f));
	say_result("fclose", fclose(f));
	say_rest("client", fd[0]);
}

static void
blocks(const struct given *g)
{
	size_t len = 300000;
	unsigned char *p = pattern(len), *to = malloc(len);
	int fd[2];
	FILE *f, *w;

	(void)g;
	pair(fd);
	f = stream(fd[1], "r");
	w = stream(fd[0], "w");
	say("fwrite %zu", fwrite(p, 1000, 300, w));
	fclose(w);
	say("fread %zu", fread(to, 7, len / 7 + 10, f));
	say_bytes("read", to, (ssize_t)len);
	say("end %d error %d", !!feof(f), !!ferror(f));
	fclose(f);
	free(p);
	free(to);
}

static void
not_now(const struct given *g)
{
	int fd[2];
	FILE *f;

	(void)g;
	pair(fd);
	set_nonblocking(fd[1]);
	f = stream(fd[1], "r");
	say("getc %d", fgetc(f));
	say("errno %s end %d error %d", strerrorname_np(errno), !!feof(f),
	    !!ferror(f));
	clearerr(f);
	must(write(fd[0], "x", 1));
	say("getc %d", fgetc(f));
	fclose(f);
	close(fd[0]);
}

static void
bad_modes(const struct given *g)
{
	int fd[2];

	(void)g;
	pair(fd);
	say_result("bad mode", fdopen(fd[0], "q") == NULL ? -1 : 0);
	say_result("bad descriptor", fdopen(-1, "r") == NULL ? -1 : 0);
	must(write(fd[0], "alive", 5));
	take("server", fd[1]);
	close_both(fd);
}

static void
forwarded(int fd, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_result("vdprintf", vdprintf(fd, fmt, ap));
	va_end(ap);
}

static void
formatted(const struct given *g)
{
	int fd[2];

	(void)g;
	pair(fd);
	say_result("dprintf", dprintf(fd[0], "%s %d", "one", 1));
	take("server", fd[1]);
	forwarded(fd[0], "%s %d", "two", 2);
	take("server", fd[1]);
	say_result("long", dprintf(fd[0], "%0150d", 3));
	take("server", fd[1]);
	say_result("empty", dprintf(fd[0], "%s", ""));
	say_result("closed", dprintf(-1, "x"));
	close_both(fd);
}

/* A descriptor of a stream, used by both ways in turn. */
static void
mixed(const struct given *g)
{
	int fd[2];
	FILE *f;

	(void)g;
	pair(fd);
	f = stream(fd[0], "w");
	fputs("stream ", f);
	fflush(f);
	must(write(fileno(f), "and call", 8));
	take("server", fd[1]);
	fclose(f);
	take("server", fd[1]);
}

static void
open_at_exit(int fd)
{
	FILE *f = stream(fd, "w");

	fputs("never flushed by hand", f);
	exit(2);
}

static void
at_exit(const struct given *g)
{
	int fd[2];
	pid_t pid;

	(void)g;
	pair(fd);
	pid = child("client", open_at_exit, fd[0]);
	must(close(fd[0]));
	say_rest("server", fd[1]);
	reap("client", pid);
}

/* inetd programs know no descriptors, only stdin and stdout. */
static void
standard_streams(int fd)
{
	char line[100];

	dup2(fd, 0);
	dup2(fd, 1);
	close(fd);
	if (fgets(line, sizeof(line), stdin) != NULL)
		printf("got %s", line);
	printf("bye\n");
	exit(0);
}

static void
on_stdout(const struct given *g)
{
	int fd[2];
	pid_t pid;

	(void)g;
	pair(fd);
	pid = child("server", standard_streams, fd[1]);
	must(close(fd[1]));
	must(write(fd[0], "hello\n", 6));
	shutdown(fd[0], SHUT_WR);
	say_rest("client", fd[0]);
	reap("server", pid);
}

static void
cold_client(int fd)
{
	FILE *f = stream(fd, "r+");

	fputs("hello\n", f);
	fflush(f);
	say_line(f);
	fclose(f);
}

/* From the first byte: the handshake happens under the streams. */
static void
cold(const struct given *g)
{
	struct side *s;
	int fd[2];
	FILE *f;

	(void)g;
	pair_cold(fd);
	s = side("client", cold_client, fd[0]);
	f = stream(fd[1], "r+");
	say_line(f);
	fputs("welcome\n", f);
	fflush(f);
	say_line(f);
	side_end(s);
	fclose(f);
}

static const char *const bufferings[] = { "none", "line", NULL };

const struct family stdio_cases[] = {
	{ .name = "stdio.lines", .play = lines },
	{ .name = "stdio.buffered", .play = buffered },
	{ .name = "stdio.unbuffered", .play = unbuffered,
	    .words = bufferings },
	{ .name = "stdio.two-streams", .play = two_streams },
	{ .name = "stdio.both-ways", .play = both_ways },
	{ .name = "stdio.blocks", .play = blocks },
	{ .name = "stdio.not-now", .play = not_now },
	{ .name = "stdio.bad-modes", .play = bad_modes },
	{ .name = "stdio.formatted", .play = formatted },
	{ .name = "stdio.mixed", .play = mixed },
	{ .name = "stdio.at-exit", .play = at_exit },
	{ .name = "stdio.on-stdout", .play = on_stdout },
	{ .name = "stdio.cold", .play = cold },
	{ .name = NULL }
};
