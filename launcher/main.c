/* SPDX-License-Identifier: Apache-2.0
 * main: the launcher's table of commands. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "options.h"

void
say(const char *fmt, ...)
{
	va_list ap;

	fputs("dicomtls: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static const struct command *
find(const char *name)
{
	size_t i;

	for (i = 0; commands[i] != NULL; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static void
usage(FILE *to)
{
	size_t i;

	fprintf(to, "usage: dicomtls COMMAND [ARGUMENT ...]\n\n"
	    "TLS for DICOM programs that know nothing of it.\n\n");
	for (i = 0; commands[i] != NULL; i++)
		fprintf(to, "  %-8s %s\n", commands[i]->name,
		    commands[i]->summary);
	fprintf(to, "\n  dicomtls help COMMAND, dicomtls COMMAND --help tell "
	    "more;\n  dicomtls --version; dicomtls(1), dicomtls(7)\n");
}

static int
help(int argc, char **argv)
{
	const struct command *cmd = argc > 2 ? find(argv[2]) : NULL;

	if (argc > 2 && cmd == NULL) {
		say("there is no command \"%s\"", argv[2]);
		return EXIT_USAGE;
	}
	if (cmd != NULL)
		options_help(cmd, stdout);
	else
		usage(stdout);
	return EXIT_GOOD;
}

int
main(int argc, char **argv)
{
	const struct command *cmd;

	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts(PACKAGE_NAME " " PACKAGE_VERSION);
		return EXIT_GOOD;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0)
		return help(argc, argv);
	cmd = find(argv[1]);
	if (cmd == NULL) {
		say("there is no command \"%s\"", argv[1]);
		usage(stderr);
		return EXIT_USAGE;
	}
	return cmd->run(cmd, argc - 1, argv + 1);
}
