/* SPDX-License-Identifier: Apache-2.0
 * command: the subcommands of dicomtls-certtool and their options, one table
 * for dispatch, usage and help. */
#ifndef DICOMTLS_COMMAND_H
#define DICOMTLS_COMMAND_H

#include <stdbool.h>

#define COMMAND_OPTIONS 10	/* at most of one command */

/* Exit codes; check has those of monitoring in their place. */
enum { EXIT_GOOD = 0, EXIT_WRONG = 1, EXIT_USAGE = 2 };

struct command_option {
	const char *name;	/* long, without dashes; NULL ends a list */
	const char *argument;	/* "NAME", or NULL: a flag */
	const char *help;
};

/* What the command line said, by the option's place in its table. */
struct command_args {
	const char *value[COMMAND_OPTIONS];	/* NULL: absent; flag: "" */
	char **words;		/* what is no option; NULL ends them */
	int count;
};

struct command {
	const char *name;
	const char *words;	/* "[FILE ...]", for usage */
	const char *summary;
	int min, max;		/* words; max -1: any number */
	const struct command_option *options;
	int (*run)(const struct command_args *args);
};

/* One in each command's file. */
extern const struct command command_generate, command_show, command_check,
    command_renew, command_password, command_set_password, command_import,
    command_export, command_trust;

#endif
