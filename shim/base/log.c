/* SPDX-License-Identifier: Apache-2.0
 * log: one line per event, to stderr, syslog or a file, as text or JSON. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum target { TARGET_STDERR, TARGET_SYSLOG, TARGET_NONE, TARGET_FILE };

/* A line is put together here; longer ones are cut. */
struct line {
	char text[2048];
	size_t len;
};

static struct {
	enum target target;
	enum log_level level;
	bool json;
	char path[4096];
	dev_t dev;		/* what descriptor 2 was at the start */
	ino_t ino;
} sink = { .target = TARGET_STDERR, .level = LOG_LEVEL_WARN };

static const char *const level_names[] = { "error", "warn", "info", "debug" };
static const int priorities[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

void
log_open(const char *target, enum log_level level, bool json)
{
	struct stat st;

	sink.level = level;
	sink.json = json;
	if (strcmp(target, "stderr") == 0)
		sink.target = TARGET_STDERR;
	else if (strcmp(target, "syslog") == 0)
		sink.target = TARGET_SYSLOG;
	else if (strcmp(target, "none") == 0)
		sink.target = TARGET_NONE;
	else {
		sink.target = TARGET_FILE;
		snprintf(sink.path, sizeof sink.path, "%s", target);
	}
	if (fstat(STDERR_FILENO, &st) == 0) {
		sink.dev = st.st_dev;
		sink.ino = st.st_ino;
	}
}

bool
log_wants(enum log_level level)
{
	return sink.target != TARGET_NONE && level <= sink.level;
}

static void __attribute__((format(printf, 2, 0)))
vadd(struct line *l, const char *fmt, va_list ap)
{
	size_t room = sizeof l->text - 4 - l->len;	/* for the line's end */
	int n = vsnprintf(l->text + l->len, room, fmt, ap);

	if (n > 0)
		l->len += (size_t)n < room ? (size_t)n : room - 1;
}

static void __attribute__((format(printf, 2, 3)))
add(struct line *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vadd(l, fmt, ap);
	va_end(ap);
}

/* A JSON string (RFC 8259, 7).  Bytes above 0x7f pass: they are UTF-8. */
static void
add_json(struct line *l, const char *s)
{
	add(l, "\"");
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			add(l, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			add(l, "\\u%04x", *s);
		else
			add(l, "%c", *s);
	}
	add(l, "\"");
}

static void
add_time(struct line *l)
{
	struct timespec ts;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	add(l, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    ts.tv_nsec / 1000000);
}

static void
format_json(struct line *l, enum log_level level, const char *event,
    const struct log_field *fields, const char *sentence)
{
	add(l, "{\"time\":\"");
	add_time(l);
	add(l, "\",\"pid\":%d,\"level\":\"%s\",\"event\":", (int)getpid(),
	    level_names[level]);
	add_json(l, event);
	for (; fields != NULL && fields->key != NULL; fields++) {
		if (fields->value == NULL)
			continue;
		add(l, ",\"%s\":", fields->key);
		add_json(l, fields->value);
	}
	add(l, ",\"text\":");
	add_json(l, sentence);
	add(l, "}");
}

/* Newlines from a peer's strings must not forge a line of ours. */
static void
format_text(struct line *l, enum log_level level, const char *sentence)
{
	size_t i;

	if (sink.target == TARGET_FILE) {
		add_time(l);
		add(l, " ");
	}
	if (sink.target != TARGET_SYSLOG)
		add(l, "dicomtls[%d] ", (int)getpid());
	add(l, "%s: %s", level_names[level], sentence);
	for (i = 0; i < l->len; i++)
		if ((unsigned char)l->text[i] < 0x20)
			l->text[i] = '?';
}

/* Raw system calls: in a preload library the names may be our own. */
static void
put(int fd, const struct line *l)
{
	size_t done = 0;
	long n;

	while (done < l->len) {
		n = syscall(SYS_write, fd, l->text + done, l->len - done);
		if (n <= 0 && errno != EINTR)
			return;
		done += n > 0 ? (size_t)n : 0;
	}
}

/* Is descriptor 2 still what it was, or at least no file of the program's? */
static bool
stderr_is_ours(void)
{
	struct stat st;

	if (fstat(STDERR_FILENO, &st) < 0 || S_ISSOCK(st.st_mode))
		return false;
	return (st.st_dev == sink.dev && st.st_ino == sink.ino) ||
	    S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode);
}

static void
put_file(const struct line *l)
{
	long fd = syscall(SYS_openat, AT_FDCWD, sink.path,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

	if (fd < 0)
		return;
	put((int)fd, l);
	syscall(SYS_close, (int)fd);
}

static void
deliver(enum log_level level, struct line *l)
{
	if (sink.target == TARGET_SYSLOG) {
		syslog(priorities[level] | LOG_DAEMON, "dicomtls[%d] %.*s",
		    (int)getpid(), (int)l->len, l->text);
		return;
	}
	l->text[l->len++] = '\n';
	if (sink.target == TARGET_FILE)
		put_file(l);
	else if (stderr_is_ours())
		put(STDERR_FILENO, l);
}

void
log_event(enum log_level level, const char *event,
    const struct log_field *fields, const char *fmt, ...)
{
	struct line l = { .len = 0 }, sentence = { .len = 0 };
	int saved = errno;
	va_list ap;

	if (!log_wants(level))
		return;
	va_start(ap, fmt);
	vadd(&sentence, fmt, ap);
	va_end(ap);
	sentence.text[sentence.len] = '\0';
	if (sink.json)
		format_json(&l, level, event, fields, sentence.text);
	else
		format_text(&l, level, sentence.text);
	deliver(level, &l);
	errno = saved;
}
