/* SPDX-License-Identifier: Apache-2.0
 * report: what check found, in the form that monitoring programs read. */
#ifndef DICOMTLS_REPORT_H
#define DICOMTLS_REPORT_H

#include <stdbool.h>
#include <stddef.h>

/* The exit codes of monitoring plug-ins. */
enum report_status { REPORT_GOOD, REPORT_WARNING, REPORT_CRITICAL,
	REPORT_UNKNOWN };

#define REPORT_LINES 24

struct report {
	size_t count;
	struct {
		enum report_status status;
		const char *check;	/* a stable word, static */
		char text[800];
	} line[REPORT_LINES];
	int days;		/* left */
	bool has_days;
	const char *dir;
};

/* Adds a finding of CHECK. */
void report_add(struct report *r, enum report_status status,
    const char *check, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The worst of all; unknown only if nothing is worse than a warning. */
enum report_status report_worst(const struct report *r);

/* Prints to standard output: a summary line with the days as performance
 * data, then a line for each finding; or one JSON object. */
void report_text(const struct report *r);
void report_json(const struct report *r);

#endif
