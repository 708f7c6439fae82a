/* SPDX-License-Identifier: Apache-2.0
 * main: dicomtls-certtool: finds the subcommand, reads its options. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "command.h"
#include "tool.h"

static const struct command *const commands[] = {
	&command_generate, &command_show, &command_check, &command_renew,
	&command_password, &command_set_password, &command_import,
	&command_export, &command_trust, NULL
};

enum { OPT_HELP = 'h', OPT_DIR = 'd', OPT_FIRST = 256 };

static void
usage(FILE *to)
{
	const struct command *const *c;

	fprintf(to, "usage: dicomtls-certtool COMMAND [--dir DIR] "
	    "[OPTION ...] [WORD ...]\n\n");
	for (c = commands; *c != NULL; c++)
		fprintf(to, "  %-13s %s\n", (*c)->name, (*c)->summary);
	fprintf(to, "\nCOMMAND --help tells its options; "
	    "dicomtls-certtool(1) has examples.\n");
}

static void
help(FILE *to, const struct command *c)
{
	const struct command_option *o;
	char left[64];

	fprintf(to, "usage: dicomtls-certtool %s [OPTION ...]%s%s\n\n%s\n\n",
	    c->name, *c->words ? " " : "", c->words, c->summary);
	for (o = c->options; o->name != NULL; o++) {
		snprintf(left, sizeof left, "--%s%s%s", o->name,
		    o->argument ? " " : "", o->argument ? o->argument : "");
		fprintf(to, "  %-24s %s\n", left, o->help);
	}
	fprintf(to, "  %-24s %s\n  %-24s %s\n", "--dir DIR",
	    "in place of DICOMTLS_DIR", "--help", "this text");
}

static const struct command *
find(const char *name)
{
	const struct command *const *c;

	for (c = commands; *c != NULL; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}

static void
long_options(const struct command *c, struct option *out)
{
	const struct command_option *o;

	*out++ = (struct option){ "help", no_argument, NULL, OPT_HELP };
	*out++ = (struct option){ "dir", required_argument, NULL, OPT_DIR };
	for (o = c->options; o->name != NULL; o++)
		*out++ = (struct option){ o->name,
			o->argument ? required_argument : no_argument, NULL,
			OPT_FIRST + (int)(o - c->options) };
	*out = (struct option){ NULL, 0, NULL, 0 };
}

/* -1: go on; else the exit code. */
static int
parse(const struct command *c, int argc, char **argv,
    struct command_args *args)
{
	struct option options[COMMAND_OPTIONS + 3];
	int opt;

	long_options(c, options);
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == OPT_HELP) {
			help(stdout, c);
			return EXIT_GOOD;
		}
		if (opt == OPT_DIR)
			tool_set_dir(optarg);
		else if (opt >= OPT_FIRST)
			args->value[opt - OPT_FIRST] = optarg ? optarg : "";
		else
			return EXIT_USAGE;
	}
	args->words = argv + optind;
	args->count = argc - optind;
	if (args->count >= c->min && (c->max < 0 || args->count <= c->max))
		return -1;
	help(stderr, c);
	return EXIT_USAGE;
}

static int
run(const struct command *c, int argc, char **argv)
{
	struct command_args args = { .count = 0 };
	char name[64];
	int rc;

	snprintf(name, sizeof name, "dicomtls-certtool %s", c->name);
	argv[0] = name;		/* getopt's messages begin with it */
	rc = parse(c, argc, argv, &args);
	if (rc < 0)
		rc = c->run(&args);
	tool_end();
	if (fflush(stdout) == EOF || ferror(stdout)) {
		fprintf(stderr, "dicomtls-certtool: the output cannot be "
		    "written\n");
		return rc > EXIT_WRONG ? rc : EXIT_WRONG;
	}
	return rc;
}

int
main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";
	const struct command *c = find(word);

	log_open("stderr", LOG_LEVEL_WARN, false);
	if (c != NULL)
		return run(c, argc - 1, argv + 1);
	if (strcmp(word, "--version") == 0) {
		printf("dicomtls-certtool %s\n", PACKAGE_VERSION);
		return EXIT_GOOD;
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "help") == 0) {
		usage(stdout);
		return EXIT_GOOD;
	}
	if (*word != '\0')
		fprintf(stderr, "dicomtls-certtool: there is no command "
		    "\"%s\"\n", word);
	usage(stderr);
	return EXIT_USAGE;
}
