/* SPDX-License-Identifier: Apache-2.0
 * log: one line per event, to stderr, syslog or a file, as text or JSON. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/sink.h"

enum target { TARGET_STDERR, TARGET_SYSLOG, TARGET_NONE, TARGET_FILE };

/*
 * A line is put together here; longer ones are cut.  Facts leave SENTENCE
 * bytes free, for a line without its sentence helps nobody.
 */
enum { LINE = 4096, SENTENCE = 2048, END = 4 };

struct line {
	char text[LINE];
	size_t len;
};

static struct {
	enum target target;
	enum log_level level;
	bool json;
	char path[4096];
} sink = { .target = TARGET_STDERR, .level = LOG_LEVEL_WARN };

static const char *const level_names[] = { "error", "warn", "info", "debug" };

void
log_open(const char *target, enum log_level level, bool json)
{
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
	if (!sink_begin() && sink.target == TARGET_STDERR)
		sink.target = TARGET_SYSLOG;
}

bool
log_wants(enum log_level level)
{
	return sink.target != TARGET_NONE && level <= sink.level;
}

static void __attribute__((format(printf, 2, 0)))
vadd(struct line *l, const char *fmt, va_list ap)
{
	size_t room = sizeof l->text - END - l->len;
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

/* The length of the UTF-8 character at S (RFC 3629, 4), 0 if it is none. */
static size_t
utf8(const char *s)
{
	const unsigned char *u = (const void *)s;
	size_t i, len = u[0] < 0x80 ? 1 : u[0] < 0xc2 ? 0 : u[0] < 0xe0 ? 2 :
	    u[0] < 0xf0 ? 3 : u[0] < 0xf5 ? 4 : 0;

	for (i = 1; i < len; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f) ||
	    (u[0] == 0xf0 && u[1] < 0x90) || (u[0] == 0xf4 && u[1] > 0x8f))
		return 0;
	return len;
}

/* One character of a JSON string (RFC 8259, 7).  How much of S it was. */
static size_t
escape(const char *s, char out[8])
{
	size_t len = utf8(s);

	if (len == 0)
		snprintf(out, 8, "\\ufffd");
	else if (*s == '"' || *s == '\\')
		snprintf(out, 8, "\\%c", *s);
	else if ((unsigned char)*s < 0x20 || *s == 0x7f)
		snprintf(out, 8, "\\u%04x", *s);
	else
		snprintf(out, 8, "%.*s", (int)len, s);
	return len > 0 ? len : 1;
}

/*
 * A member of the object, its value cut where the line would grow beyond LIMIT
 * bytes.  What came from a peer may be long and need not be UTF-8; the line
 * must be an object nevertheless.
 */
static void
add_member(struct line *l, const char *key, const char *value, size_t limit)
{
	char c[8];

	if (l->len + strlen(key) + strlen(",\"\":\"\"") > limit)
		return;
	add(l, ",\"%s\":\"", key);
	while (*value != '\0') {
		value += escape(value, c);
		if (l->len + strlen(c) + 1 > limit)
			break;
		add(l, "%s", c);
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
	add(l, "\",\"pid\":%d", (int)getpid());
	add_member(l, "level", level_names[level], SENTENCE);
	add_member(l, "event", event, SENTENCE);
	for (; fields != NULL && fields->key != NULL; fields++)
		if (fields->value != NULL)
			add_member(l, fields->key, fields->value, SENTENCE);
	add_member(l, "text", sentence, LINE - END - 2);
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
		if ((unsigned char)l->text[i] < 0x20 || l->text[i] == 0x7f)
			l->text[i] = '?';
}

/* A line that has no file is not lost for that. */
static void
without_file(const struct line *l, int error)
{
	static bool said;
	char text[256];
	int n;

	if (!said) {
		said = true;
		n = snprintf(text, sizeof text, "dicomtls[%d] error: "
		    "DICOMTLS_LOG=%.99s cannot be written (%s): its lines "
		    "stand here\n", (int)getpid(), sink.path, strerror(error));
		sink_stderr(text, n < (int)sizeof text ? (size_t)n :
		    sizeof text - 1);
	}
	sink_stderr(l->text, l->len);
}

static void
deliver(enum log_level level, struct line *l)
{
	if (sink.target == TARGET_SYSLOG) {
		sink_system(level, l->text, l->len);
		return;
	}
	l->text[l->len++] = '\n';
	if (sink.target == TARGET_FILE) {
		if (!sink_file(sink.path, l->text, l->len))
			without_file(l, errno);
	} else
		sink_stderr(l->text, l->len);
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
