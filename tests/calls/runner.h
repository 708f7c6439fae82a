/* SPDX-License-Identifier: Apache-2.0
 * runner: plays cases in processes of their own and judges what they said. */
#ifndef DICOMTLS_TEST_RUNNER_H
#define DICOMTLS_TEST_RUNNER_H

#include "calls.h"

/* One combination of a family's axes. */
struct play {
	char name[96];		/* "family/value/value" */
	const struct family *family;
	struct given given;
};

struct options {
	bool plain_twice;	/* no preload library: is the battery stable? */
	bool verbose;		/* every case, with what it said */
	bool debug;		/* the library's log tells all */
	int jobs;
	int repeat;
	int guard;		/* seconds until a case counts as hung */
};

/* What one run of a case left behind. */
struct outcome {
	char *lines;		/* grouped by actor; allocated */
	char *errors;		/* standard error; allocated */
};

enum { SIDE_PLAIN, SIDE_SHIM };

/* Plays all N cases on both sides; the number of failures, -1 for trouble. */
int run_all(const struct play *plays, size_t n, const struct options *opt);

/* Reads record and standard error of a case that ended with wait's STATUS. */
struct outcome outcome_read(const char *record, const char *errors,
    int status, bool hung);
/* What a family that speaks to a TLS peer must leave behind. */
struct outcome outcome_expected(const struct family *f);
void outcome_free(struct outcome *o);

enum verdict { PASSED, FAILED, KNOWN };

/* Compares; prints a failure. */
enum verdict judge(const struct play *p, struct outcome *plain,
    struct outcome *shim, const struct options *opt);

/* sanitizer.c: LD_PRELOAD's text for the preload library SHIM, and the
 * environment of a sanitizer's runtime, if there is one in this program. */
void sanitizer_preload(char *text, size_t size, const char *shim);
void sanitizer_options(void);

#endif
