/* SPDX-License-Identifier: Apache-2.0
 * sink: where lines of the log go; one source file per system. */
#ifndef DICOMTLS_SINK_H
#define DICOMTLS_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"

/* Remembers what descriptor 2 is at the start.  False: it is a network
 * connection (a program that inetd started), and lines on it would be part of
 * the conversation. */
bool sink_begin(void);

/*
 * Each writes TEXT of LEN bytes (with its newline, except to the system's
 * log) and blocks only as long as that takes; what cannot be written is lost.
 * sink_stderr writes nothing when descriptor 2 has become the program's.
 * sink_file: false, with errno, when the file cannot be opened.
 */
void sink_stderr(const char *text, size_t len);
bool sink_file(const char *path, const char *text, size_t len);

/* syslog(3); Windows: the event log of applications. */
void sink_system(enum log_level level, const char *text, size_t len);

#endif
