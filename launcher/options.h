/* SPDX-License-Identifier: Apache-2.0
 * options: every setting as an option, made from the table of settings. */
#ifndef DICOMTLS_OPTIONS_H
#define DICOMTLS_OPTIONS_H

#include <stdio.h>

#include "command.h"

/*
 * Parses argv[1..].  An option that is a setting sets its environment
 * variable; one of the command's own goes to VALUES, at its index in
 * cmd->options ("" for a switch).  Returns the index of the first operand;
 * exits with EXIT_USAGE and a sentence, or after --help.
 */
int options_parse(const struct command *cmd, int argc, char **argv,
    const char *values[]);

/* The command's --help. */
void options_help(const struct command *cmd, FILE *to);

/* One line that says how it is called; never returns. */
void options_usage(const struct command *cmd) __attribute__((noreturn));

#endif
