/* SPDX-License-Identifier: Apache-2.0
 * target: the program to be run, and whether it can be preloaded. */
#ifndef DICOMTLS_TARGET_H
#define DICOMTLS_TARGET_H

#include <limits.h>

#include "base/fail.h"
#include "elf.h"

struct target {
	char path[PATH_MAX];	/* what is executed */
	char binary[PATH_MAX];	/* what the kernel ends up loading: the same,
				   or the interpreter of a script */
	struct elf elf;		/* of binary */
};

/*
 * Finds PROGRAM as a shell would (PATH unless it has a slash), follows scripts
 * to their interpreters (through env(1), too), and judges what it finds.  0;
 * or an exit status with the sentence in F: EXIT_ABSENT, EXIT_UNFIT.  T->path
 * is set if the program exists.
 */
int target_find(const char *program, struct target *t, struct fail *f);

#endif
