/* SPDX-License-Identifier: Apache-2.0
 * command: what a command of the launcher is; the table is in main.c. */
#ifndef DICOMTLS_COMMAND_H
#define DICOMTLS_COMMAND_H

#include <stdbool.h>

/* Exit statuses; run ends with the program's own beside these. */
enum {
	EXIT_GOOD = 0,
	EXIT_WRONG = 1,		/* something was found to be wrong */
	EXIT_USAGE = 2,		/* options or settings are not understood */
	EXIT_UNFIT = 126,	/* the program cannot be preloaded */
	EXIT_ABSENT = 127	/* there is no such program */
};

/* An option that is no setting.  A list ends with a NULL name. */
struct command_option {
	const char *name;	/* "explain" */
	char letter;		/* or 0 */
	const char *argument;	/* "HOST:PORT", or NULL: a switch */
	const char *meaning;
};

struct command {
	const char *name;
	const char *operands;	/* for the usage line */
	const char *summary;	/* one line */
	const char *text;	/* more of it, for --help */
	const struct command_option *options;	/* or NULL */
	bool settings;		/* every setting is an option as well */
	int (*run)(const struct command *self, int argc, char **argv);
};

extern const struct command run_command, capture_command, doctor_command,
    probe_command, env_command, systemd_command;

/* The commands that this system has, up to NULL: commands_SYSTEM.c. */
extern const struct command *const commands[];

/* "dicomtls: " and the sentence, to stderr. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
