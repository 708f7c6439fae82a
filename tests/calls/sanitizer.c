/* SPDX-License-Identifier: Apache-2.0
 * sanitizer: what a battery that was built with a sanitizer needs to run. */
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner.h"

static int
is_runtime(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	if (strstr(info->dlpi_name, "/libasan.") == NULL)
		return 0;
	*(const char **)arg = info->dlpi_name;
	return 1;
}

/*
 * AddressSanitizer's runtime insists on being the first library.
 * ThreadSanitizer's must not be: it takes no note of locks while one of its
 * own poll(), recv() and so on is under way, and would call ours from there.
 */
void
sanitizer_preload(char *text, size_t size, const char *shim)
{
	const char *runtime = NULL;

	dl_iterate_phdr(is_runtime, &runtime);
	snprintf(text, size, "%s%s%s", runtime != NULL ? runtime : "",
	    runtime != NULL ? " " : "", shim);
}

/*
 * Cases die of bad addresses and leave by _exit() with memory in use.  What
 * tests/tsan.supp names is no race.
 */
void
sanitizer_options(void)
{
	setenv("ASAN_OPTIONS", "detect_leaks=0:handle_segv=0", 0);
	setenv("TSAN_OPTIONS", "exitcode=66 handle_segv=0 die_after_fork=0 "
	    "report_signal_unsafe=0 suppressions=" TEST_SUPPRESSIONS, 0);
	setenv("UBSAN_OPTIONS", "halt_on_error=1 print_stacktrace=1", 0);
}
