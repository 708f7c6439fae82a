/* SPDX-License-Identifier: Apache-2.0
 * run: becomes a program with our library preloaded. */
#include <stdlib.h>

#include "become.h"
#include "command.h"
#include "explain.h"
#include "options.h"
#include "policy/conf.h"
#include "run.h"

enum { OPT_EXPLAIN, OPT_FROM, OPTS };

static const struct command_option options[] = {
	[OPT_EXPLAIN] = { "explain", 0, "HOST:PORT",
	    "tell which rule decides, and what it sets" },
	[OPT_FROM] = { "from", 0, "ADDRESS",
	    "with --explain: the client that connects" },
	[OPTS] = { 0 },
};

/* The program may start others from another folder. */
static void
settle_paths(const struct conf *c)
{
	int s;

	for (s = 0; s < SETTINGS; s++)
		if (c->env.values[s].text != NULL &&
		    conf_row(s)->flags & IS_PATH)
			setenv(conf_row(s)->variable, c->env.values[s].text,
			    1);
}

int
run_prepare(const struct policy *p)
{
	int rv;

	if (policy_error(p) != NULL) {
		say("%s", policy_error(p)->text);
		return EXIT_USAGE;
	}
	rv = become_prepare();
	if (rv == 0)
		settle_paths(policy_conf(p));
	return rv;
}

static int
run(const struct command *self, int argc, char **argv)
{
	const char *values[OPTS] = { NULL };
	int rv, first = options_parse(self, argc, argv, values);
	struct policy *p;

	if (values[OPT_EXPLAIN] == NULL && first == argc)
		options_usage(self);
	p = policy_load();
	if (p == NULL) {
		say("there is no memory");
		return EXIT_UNFIT;
	}
	if (values[OPT_EXPLAIN] != NULL && policy_error(p) == NULL)
		rv = explain(p, values[OPT_EXPLAIN], values[OPT_FROM]);
	else
		rv = run_prepare(p);
	policy_free(p);
	if (values[OPT_EXPLAIN] != NULL || rv != 0)
		return rv;
	return become(first, argv);
}

const struct command run_command = {
	.name = "run",
	.operands = "[OPTION ...] [--] PROGRAM [ARGUMENT ...]",
	.summary = "Runs a program whose connections become TLS",
	.text = "The options only set environment variables.  The exit status "
	    "is the program's\nown; 2: a setting is not understood, 126: the "
	    "program cannot be preloaded,\n127: it is not there.",
	.options = options,
	.settings = true,
	.run = run,
};
