/* SPDX-License-Identifier: Apache-2.0
 * unit: what the unit tests share. */
#ifndef DICOMTLS_UNIT_H
#define DICOMTLS_UNIT_H

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A fresh folder, the current one from now on; unit_clean() removes it. */
static char unit_dir[64];

static inline void
unit_setup(void)
{
	strcpy(unit_dir, "/tmp/dicomtls-unit-XXXXXX");
	if (mkdtemp(unit_dir) == NULL || chdir(unit_dir) < 0)
		abort();
}

static inline void
unit_clean(void)
{
	char command[96];

	snprintf(command, sizeof command, "rm -rf '%s'", unit_dir);
	if (chdir("/") < 0 || system(command) != 0)
		abort();
}

static inline void
unit_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

/* The file's text; the caller frees it. */
static inline char *
unit_read(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 16);

	if (f == NULL || text == NULL)
		abort();
	text[fread(text, 1, (1 << 16) - 1, f)] = '\0';
	fclose(f);
	return text;
}

/* Runs the one test case of a program; its exit status. */
static inline int
unit_run(TCase *tc)
{
	Suite *suite = suite_create("unit");
	SRunner *runner;
	int failed;

	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
