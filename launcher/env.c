/* SPDX-License-Identifier: Apache-2.0
 * env: the shell lines that set the environment, or undo it. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "options.h"
#include "policy/conf.h"
#include "policy/policy.h"
#include "preload.h"

enum { OPT_OFF, OPTS };

static const struct command_option options[] = {
	[OPT_OFF] = { "off", 0, NULL, "the lines that undo it" },
	[OPTS] = { 0 },
};

/* In single quotes, where the shell takes everything but their like. */
static void
export(const char *name, const char *value)
{
	printf("export %s='", name);
	for (; *value != '\0'; value++) {
		if (*value == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*value);
	}
	puts("'");
}

static int
print_off(const char *library)
{
	const char *old = conf_env("LD_PRELOAD");
	char *rest = old != NULL ? preload_remove(library, old) : NULL;
	int s;

	if (rest != NULL && *rest != '\0')
		export("LD_PRELOAD", rest);
	else
		puts("unset LD_PRELOAD");
	free(rest);
	for (s = 0; s < SETTINGS; s++)
		if (conf_env(conf_row(s)->variable) != NULL)
			printf("unset %s\n", conf_row(s)->variable);
	return EXIT_GOOD;
}

static int
print_on(const char *library)
{
	struct policy *p = policy_load();
	char *value = preload_add(library, conf_env("LD_PRELOAD"));
	const struct conf *c;
	int s, rv = EXIT_USAGE;

	if (p == NULL || value == NULL)
		goto out;
	if (policy_error(p) != NULL) {
		say("%s", policy_error(p)->text);
		goto out;
	}
	c = policy_conf(p);
	for (s = 0; s < SETTINGS; s++)
		if (c->env.values[s].text != NULL)
			export(conf_row(s)->variable, c->env.values[s].text);
	export("LD_PRELOAD", value);
	rv = EXIT_GOOD;
out:
	free(value);
	policy_free(p);
	return rv;
}

static int
env(const struct command *self, int argc, char **argv)
{
	const char *values[OPTS] = { NULL };
	char library[PATH_MAX];
	struct fail f = { 0 };
	bool off;
	int rv;

	if (options_parse(self, argc, argv, values) != argc)
		options_usage(self);
	off = values[OPT_OFF] != NULL;
	rv = off ? preload_find(PRELOAD_LIBRARY, library, sizeof library, &f) :
	    preload_ready(PRELOAD_SELF, library, sizeof library, &f);
	if (rv < 0) {
		say("%s", f.text);
		return EXIT_WRONG;
	}
	return off ? print_off(library) : print_on(library);
}

const struct command env_command = {
	.name = "env",
	.operands = "[OPTION ...]",
	.summary = "Prints the shell lines that set the environment",
	.text = "For start scripts:  eval \"$(dicomtls env -c 2762)\"",
	.options = options,
	.settings = true,
	.run = env,
};
