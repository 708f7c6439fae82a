/* SPDX-License-Identifier: Apache-2.0
 * become: running a program with our library in it; Linux, LD_PRELOAD. */
#include "become.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "policy/conf.h"
#include "preload.h"
#include "target.h"

int
become_prepare(void)
{
	struct fail f = { 0 };
	char path[PATH_MAX], *value;

	if (preload_find(PRELOAD_LIBRARY, path, sizeof path, &f) < 0) {
		say("%s", f.text);
		return EXIT_UNFIT;
	}
	value = preload_add(path, conf_env("LD_PRELOAD"));
	if (value == NULL || setenv("LD_PRELOAD", value, 1) < 0) {
		free(value);
		say("there is no memory");
		return EXIT_UNFIT;
	}
	free(value);
	return 0;
}

int
become(int first, char **argv)
{
	struct fail f = { 0 };
	char path[PATH_MAX];
	struct target t;
	int rv;

	argv += first;
	rv = target_find(argv[0], &t, &f);
	/* The loader leaves out what it cannot load, and the program would
	 * speak in plaintext. */
	if (rv == 0 && preload_ready(t.binary, path, sizeof path, &f) < 0)
		rv = EXIT_UNFIT;
	if (rv != 0) {
		say("%s", f.text);
		return rv;
	}
	execvp(t.path, argv);
	say("%s cannot be executed: %s", t.path, strerror(errno));
	return errno == ENOENT ? EXIT_ABSENT : EXIT_UNFIT;
}
