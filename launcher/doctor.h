/* SPDX-License-Identifier: Apache-2.0
 * doctor: what would stop the library from working here, and the cure. */
#ifndef DICOMTLS_DOCTOR_H
#define DICOMTLS_DOCTOR_H

#include "policy/policy.h"

struct doctor {
	const struct policy *policy;
	char library[4096];	/* "" if it was not found */
	int wrong;		/* how many findings stop it from working */
};

/* A line of the report each: fine; worth knowing; stops it from working. */
void doctor_good(const char *what, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void doctor_note(const char *what, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void doctor_wrong(struct doctor *d, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The parts of the examination. */
void doctor_host(struct doctor *d);		/* libraries, kernel */
void doctor_settings(struct doctor *d);		/* settings, certificate */
void doctor_ports(struct doctor *d);		/* who listens already */
void doctor_program(struct doctor *d, const char *program);

#endif
