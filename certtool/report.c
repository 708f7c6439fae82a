/* SPDX-License-Identifier: Apache-2.0
 * report: what check found, in the form that monitoring programs read. */
#include "report.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const words[] = { "good", "warning", "critical",
	"unknown" };
static const char *const shouts[] = { "OK", "WARNING", "CRITICAL",
	"UNKNOWN" };

void
report_add(struct report *r, enum report_status status, const char *check,
    const char *fmt, ...)
{
	va_list ap;

	if (r->count == REPORT_LINES)
		return;
	r->line[r->count].status = status;
	r->line[r->count].check = check;
	va_start(ap, fmt);
	vsnprintf(r->line[r->count].text, sizeof r->line[0].text, fmt, ap);
	va_end(ap);
	r->count++;
}

static int
weight(enum report_status s)
{
	static const int order[] = { 0, 1, 3, 2 };

	return order[s];
}

/* Of equals the days left are what people look for. */
static size_t
worst_line(const struct report *r)
{
	size_t i, worst = 0;
	int more;

	for (i = 1; i < r->count; i++) {
		more = weight(r->line[i].status) -
		    weight(r->line[worst].status);
		if (more > 0 || (more == 0 &&
		    strcmp(r->line[i].check, "validity") == 0))
			worst = i;
	}
	return worst;
}

enum report_status
report_worst(const struct report *r)
{
	return r->count == 0 ? REPORT_UNKNOWN :
	    r->line[worst_line(r)].status;
}

void
report_text(const struct report *r)
{
	size_t i;

	printf("DICOMTLS %s - %s", shouts[report_worst(r)],
	    r->count > 0 ? r->line[worst_line(r)].text : "nothing checked");
	if (r->has_days)
		printf(" | days=%d", r->days);
	printf("\n");
	for (i = 0; i < r->count; i++)
		printf("%-8s %-11s %s\n", words[r->line[i].status],
		    r->line[i].check, r->line[i].text);
}

void
report_json(const struct report *r)
{
	json_t *all = json_object(), *list = json_array();
	size_t i;

	json_object_set_new(all, "status",
	    json_string(words[report_worst(r)]));
	json_object_set_new(all, "code", json_integer(report_worst(r)));
	if (r->dir != NULL)
		json_object_set_new(all, "dir", json_string(r->dir));
	if (r->has_days)
		json_object_set_new(all, "days_left", json_integer(r->days));
	for (i = 0; i < r->count; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}",
		    "check", r->line[i].check,
		    "status", words[r->line[i].status],
		    "text", r->line[i].text));
	json_object_set_new(all, "checks", list);
	json_dumpf(all, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(all);
}
