/* SPDX-License-Identifier: Apache-2.0
 * options: every setting as an option, made from the table of settings. */
#include "options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "policy/conf.h"

enum { OWN_MOST = 16, OWN = 1000, SETTING = 2000, NAME_SIZE = 32 };

/* What getopt_long(3) wants, and room for the names that it points to. */
struct parser {
	struct option options[SETTINGS + OWN_MOST + 2];
	char names[SETTINGS][NAME_SIZE];
	char letters[2 * (SETTINGS + OWN_MOST) + 8];
	size_t count;
};

/* "min_version" becomes "min-version". */
static const char *
option_name(enum setting s, char name[NAME_SIZE])
{
	const char *key = conf_row(s)->key;
	size_t i;

	for (i = 0; key[i] != '\0' && i < NAME_SIZE - 1; i++)
		name[i] = key[i] == '_' ? '-' : key[i];
	name[i] = '\0';
	return name;
}

static void
add(struct parser *p, const char *name, char letter, bool argument, int id)
{
	size_t len = strlen(p->letters);

	p->options[p->count++] = (struct option){ name,
		argument ? required_argument : no_argument, NULL, id };
	if (letter == '\0')
		return;
	p->letters[len++] = letter;
	if (argument)
		p->letters[len++] = ':';
	p->letters[len] = '\0';
}

static void
build(struct parser *p, const struct command *cmd)
{
	const struct command_option *o = cmd->options;
	int s;

	memset(p, 0, sizeof *p);
	strcpy(p->letters, "+:");
	add(p, "help", 'h', false, 'h');
	for (; o != NULL && o->name != NULL; o++)
		add(p, o->name, o->letter, o->argument != NULL,
		    OWN + (int)(o - cmd->options));
	for (s = 0; cmd->settings && s < SETTINGS; s++)
		if (conf_row(s)->flags & IN_ENV)
			add(p, option_name(s, p->names[s]),
			    conf_row(s)->letter, true, SETTING + s);
}

/* Short options come back as their letter. */
static int
id_of(const struct command *cmd, int id)
{
	int i;

	if (id >= OWN || id == 'h')
		return id;
	for (i = 0; cmd->options != NULL && cmd->options[i].name; i++)
		if (cmd->options[i].letter == id)
			return OWN + i;
	for (i = 0; i < SETTINGS; i++)
		if (conf_row(i)->letter == id)
			return SETTING + i;
	return id;
}

static void
bad_option(const struct command *cmd, int id, char **argv)
{
	if (id == ':')
		say("%s needs an argument", argv[optind - 1]);
	else
		say("%s knows no option \"%s\"", cmd->name, argv[optind - 1]);
	options_usage(cmd);
}

int
options_parse(const struct command *cmd, int argc, char **argv,
    const char *values[])
{
	struct parser p;
	int id;

	build(&p, cmd);
	optind = 1;
	opterr = 0;
	while ((id = getopt_long(argc, argv, p.letters, p.options,
	    NULL)) != -1) {
		id = id_of(cmd, id);
		if (id >= SETTING)
			setenv(conf_row(id - SETTING)->variable, optarg, 1);
		else if (id >= OWN)
			values[id - OWN] = optarg != NULL ? optarg : "";
		else if (id == 'h') {
			options_help(cmd, stdout);
			exit(EXIT_GOOD);
		} else
			bad_option(cmd, id, argv);
	}
	return optind;
}

static void
help_line(FILE *to, char letter, const char *name, const char *argument,
    const char *meaning, const char *fallback)
{
	char left[64];

	snprintf(left, sizeof left, "%c%c%c --%s%s%s", letter ? '-' : ' ',
	    letter ? letter : ' ', letter ? ',' : ' ', name,
	    argument != NULL ? " " : "", argument != NULL ? argument : "");
	fprintf(to, "  %-33s %s", left, meaning);
	if (fallback != NULL)
		fprintf(to, "\n  %-33s (default: %s)", "", fallback);
	fputc('\n', to);
}

void
options_help(const struct command *cmd, FILE *to)
{
	const struct command_option *o = cmd->options;
	char name[NAME_SIZE];
	int s;

	fprintf(to, "usage: dicomtls %s %s\n\n%s.\n", cmd->name,
	    cmd->operands, cmd->summary);
	if (cmd->text != NULL)
		fprintf(to, "\n%s\n", cmd->text);
	fprintf(to, "\nOptions:\n");
	for (; o != NULL && o->name != NULL; o++)
		help_line(to, o->letter, o->name, o->argument, o->meaning,
		    NULL);
	help_line(to, 'h', "help", NULL, "this text", NULL);
	if (!cmd->settings)
		return;
	fprintf(to, "\nSettings (each is an environment variable too, see "
	    "dicomtls(7)):\n");
	for (s = 0; s < SETTINGS; s++)
		if (conf_row(s)->flags & IN_ENV)
			help_line(to, conf_row(s)->letter,
			    option_name(s, name), conf_row(s)->argument,
			    conf_row(s)->meaning, conf_row(s)->fallback);
}

void
options_usage(const struct command *cmd)
{
	fprintf(stderr, "usage: dicomtls %s %s\n"
	    "       (dicomtls %s --help tells more)\n", cmd->name,
	    cmd->operands, cmd->name);
	exit(EXIT_USAGE);
}
