/* SPDX-License-Identifier: Apache-2.0
 * record: what was seen, in memory that all processes of a case share. */
#include <sys/mman.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "record.h"

static struct record *record;
static __thread const char *who = "main";

void
record_open(void)
{
	const char *path = getenv("CALLS_RECORD");
	int fd;

	if (path == NULL || (fd = open(path, O_RDWR | O_CLOEXEC)) == -1)
		return;
	record = mmap(NULL, sizeof(*record), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	if (record == MAP_FAILED)
		abort();
	close(fd);
}

void
actor(const char *name)
{
	who = name;
}

static void
append(const char *line, size_t len)
{
	size_t at;

	if (record == NULL) {
		fprintf(stderr, "%.*s", (int)len, line);
		return;
	}
	at = atomic_fetch_add(&record->used, len);
	if (at + len <= sizeof(record->text))
		memcpy(record->text + at, line, len);
}

void
say(const char *fmt, ...)
{
	char line[512];
	int saved = errno, head, len;
	va_list ap;

	head = snprintf(line, sizeof(line), "%s: ", who);
	va_start(ap, fmt);
	len = vsnprintf(line + head, sizeof(line) - 1 - (size_t)head, fmt, ap);
	va_end(ap);
	len = (int)strnlen(line, sizeof(line) - 2);
	line[len] = '\n';
	append(line, (size_t)len + 1);
	errno = saved;
}

static const char *
errno_name(void)
{
	const char *name = strerrorname_np(errno);

	return name != NULL ? name : "?";
}

void
say_result(const char *what, ssize_t n)
{
	if (n < 0)
		say("%s = %zd %s", what, n, errno_name());
	else
		say("%s = %zd", what, n);
}

/* FNV-1a */
static uint32_t
checksum(const unsigned char *p, size_t len)
{
	uint32_t sum = 2166136261u;

	while (len-- > 0)
		sum = (sum ^ *p++) * 16777619u;
	return sum;
}

void
say_bytes(const char *what, const void *buf, ssize_t n)
{
	const unsigned char *p = buf;
	ssize_t i;

	for (i = 0; i < n && i <= 40 && p[i] >= ' ' && p[i] <= '~'; i++)
		;
	if (n <= 0)
		say_result(what, n);
	else if (i == n)
		say("%s = %zd \"%.*s\"", what, n, (int)n, (const char *)p);
	else
		say("%s = %zd sum %08x", what, n, checksum(p, (size_t)n));
}

void
say_events(const char *what, int revents)
{
	static const struct {
		int bit;
		const char *name;
	} names[] = {
		{ POLLIN, " IN" }, { POLLPRI, " PRI" }, { POLLOUT, " OUT" },
		{ POLLERR, " ERR" }, { POLLHUP, " HUP" },
		{ POLLNVAL, " NVAL" }, { POLLRDHUP, " RDHUP" },
	};
	char text[64] = "";
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (revents & names[i].bit)
			strcat(text, names[i].name);
	say("%s:%s", what, revents == 0 ? " nothing" : text);
}

void
broken(const char *what)
{
	say("BROKEN: %s: %s", what, errno_name());
	_exit(1);
}

ssize_t
must_be(ssize_t n, const char *what)
{
	if (n < 0)
		broken(what);
	return n;
}

struct timespec
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t;
}

long
ms_since(struct timespec start)
{
	struct timespec t = now();

	return (t.tv_sec - start.tv_sec) * 1000 +
	    (t.tv_nsec - start.tv_nsec) / 1000000;
}

void
pause_ms(int ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000L };

	/* Past the preload library: it would go on with connections, as
	 * it cannot for a program that waits for another thread. */
	while (syscall(SYS_nanosleep, &left, &left) == -1 && errno == EINTR)
		;
}

void
say_took(const char *what, struct timespec start, int ms)
{
	long took = ms_since(start);

	if (took < ms - ms / 10)
		say("%s: at once", what);
	else if (took < ms + 4000)
		say("%s: after the time-out", what);
	else
		say("%s: much too late", what);
}
