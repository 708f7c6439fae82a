/* SPDX-License-Identifier: Apache-2.0
 * log: one line per event, to stderr, syslog or a file, as text or JSON. */
#ifndef DICOMTLS_LOG_H
#define DICOMTLS_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG };

/* A named fact of an event; it appears in the JSON form alone. */
struct log_field {
	const char *key;	/* NULL ends a list */
	const char *value;	/* NULL: the field is left out */
};

/*
 * Decides once where lines go.  TARGET: "stderr", "syslog", "none" or the
 * path of a file (appended to, made with mode 0600, opened anew for each
 * line: the library owns no descriptors).  JSON: one object a line.
 *
 * "stderr" means the descriptor 2 of this moment: a program that closes it
 * and gets 2 back for a socket or another file gets none of our lines there.
 * Where it is a network connection from the start (inetd), syslog has them.
 */
void log_open(const char *target, enum log_level level, bool json);

/* Whether a line of this level would be written. */
bool log_wants(enum log_level level);

/*
 * Writes one line.  EVENT is a stable word ("handshake", "failure", "end",
 * "notice"); FIELDS may be NULL.  The sentence has no newline.  Allocates
 * nothing, keeps errno, blocks only as long as the write does.
 */
void log_event(enum log_level level, const char *event,
    const struct log_field *fields, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* log_event without fields, event "notice". */
#define log_error(...) log_event(LOG_LEVEL_ERROR, "notice", NULL, __VA_ARGS__)
#define log_warn(...) log_event(LOG_LEVEL_WARN, "notice", NULL, __VA_ARGS__)
#define log_info(...) log_event(LOG_LEVEL_INFO, "notice", NULL, __VA_ARGS__)
#define log_debug(...) log_event(LOG_LEVEL_DEBUG, "notice", NULL, __VA_ARGS__)

#endif
