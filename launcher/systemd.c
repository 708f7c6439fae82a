/* SPDX-License-Identifier: Apache-2.0
 * systemd: a drop-in that preloads our library into an existing service
 * (systemd.unit(5), systemd.exec(5)). */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "command.h"
#include "options.h"
#include "policy/conf.h"
#include "policy/policy.h"
#include "preload.h"
#include "target.h"
#include "unit.h"

enum { OPT_INSTALL, OPT_ROOT, OPTS };

static const struct command_option options[] = {
	[OPT_INSTALL] = { "install", 'i', NULL,
	    "write it to /etc/systemd/system and reload systemd" },
	[OPT_ROOT] = { "root", 0, "FOLDER",
	    "the system that is meant, for images" },
	[OPTS] = { 0 },
};

/* Specifiers are expanded and backslashes undone in quotes. */
static void
assignment(FILE *to, const char *name, const char *value)
{
	fprintf(to, "Environment=\"%s=", name);
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			putc('\\', to);
		if (*value == '%')
			putc('%', to);
		putc(*value, to);
	}
	fputs("\"\n", to);
}

/*
 * Such a service can write nowhere but where systemd lets it, and its
 * certificate has to be made on first use.
 */
static void
state_folder(FILE *to, const struct conf *c, const struct unit *u)
{
	char dir[300];
	int len = (int)(strrchr(u->name, '.') - u->name);

	if (!u->shielded || c->env.values[SETTING_DIR].text != NULL)
		return;
	snprintf(dir, sizeof dir, "/var/lib/dicomtls/%.*s", len, u->name);
	fprintf(to, "StateDirectory=dicomtls/%.*s\n", len, u->name);
	assignment(to, conf_row(SETTING_DIR)->variable, dir);
	if (c->path != NULL && c->env.values[SETTING_CONFIG].text == NULL)
		assignment(to, conf_row(SETTING_CONFIG)->variable, c->path);
}

static int
print_dropin(FILE *to, const struct conf *c, const struct unit *u,
    const char *library)
{
	char *preload = preload_add(library,
	    u->preload[0] != '\0' ? u->preload : NULL);
	int s;

	if (preload == NULL)
		return -ENOMEM;
	fprintf(to, "# dicomtls: TLS for %s, see dicomtls(7)\n[Service]\n",
	    u->name);
	assignment(to, "LD_PRELOAD", preload);
	free(preload);
	for (s = 0; s < SETTINGS; s++)
		if (c->env.values[s].text != NULL)
			assignment(to, conf_row(s)->variable,
			    c->env.values[s].text);
	state_folder(to, c, u);
	return 0;
}

/* Written beside and renamed: systemd may read at any time. */
static int
write_dropin(const char *path, const struct conf *c, const struct unit *u,
    const char *library)
{
	char fresh[PATH_MAX];
	FILE *to;
	int rv;

	snprintf(fresh, sizeof fresh, "%s.new", path);
	to = fopen(fresh, "we");
	if (to == NULL)
		return -errno;
	rv = print_dropin(to, c, u, library);
	if (ferror(to) && rv == 0)
		rv = -EIO;
	if (fclose(to) != 0 && rv == 0)
		rv = -errno;
	if (rv == 0 && (chmod(fresh, 0644) < 0 || rename(fresh, path) < 0))
		rv = -errno;
	if (rv < 0)
		unlink(fresh);
	return rv;
}

/* What systemd itself says about the result.  False: it complains. */
static bool
verify(const char *root, const char *name, const char *dropin)
{
	char option[PATH_MAX + 8], out[16384];
	char *argv[] = { (char *)"systemd-analyze", (char *)"verify", option,
		(char *)name, NULL };
	const char *line;

	snprintf(option, sizeof option, "--root=%s", *root ? root : "/");
	child_output(argv, NULL, true, out, sizeof out);
	line = strstr(out, dropin + strlen(root));
	if (line == NULL)
		return true;
	say("systemd does not understand the drop-in: %.*s",
	    (int)strcspn(line, "\n"), line);
	return false;
}

static void
reload(const char *root, const char *name)
{
	char *argv[] = { (char *)"systemctl", (char *)"daemon-reload", NULL };
	char out[256];

	if (*root != '\0' || access("/run/systemd/system", F_OK) < 0)
		return;
	if (child_output(argv, NULL, true, out, sizeof out) != 0)
		say("systemd could not be told: run systemctl daemon-reload");
	printf("It takes effect with: systemctl restart %s\n", name);
}

static int
install(const char *root, const struct conf *c, const struct unit *u,
    const char *library)
{
	char path[PATH_MAX];
	int rv;

	snprintf(path, sizeof path, "%s/etc/systemd/system/%s.d", root,
	    u->name);
	if (mkdir(path, 0755) < 0 && errno != EEXIST) {
		say("%s cannot be made: %s", path, strerror(errno));
		return EXIT_WRONG;
	}
	strncat(path, "/dicomtls.conf", sizeof path - strlen(path) - 1);
	rv = write_dropin(path, c, u, library);
	if (rv < 0) {
		say("%s cannot be written: %s", path, strerror(-rv));
		return EXIT_WRONG;
	}
	printf("%s is written; remove it to undo.\n", path);
	if (!verify(root, u->name, path))
		return EXIT_WRONG;
	reload(root, u->name);
	return EXIT_GOOD;
}

/* Refuses what run would refuse. */
static int
check_program(const char *root, const struct unit *u)
{
	char path[PATH_MAX];
	struct fail f = { 0 };
	struct target t;

	if (u->program[0] != '/')
		return 0;
	snprintf(path, sizeof path, "%s%s", root, u->program);
	if (target_find(path, &t, &f) == 0)
		return 0;
	say("%s: %s", u->name, f.text);
	return EXIT_WRONG;
}

static int
find_unit(const char *root, const char *name, bool needed, struct unit *u)
{
	int rv = unit_read(root, name, u);

	if (rv == -EINVAL) {
		say("\"%s\" is no name of a service", name);
		return EXIT_USAGE;
	}
	if (rv == -ENOENT) {
		say("there is no unit %s%s", u->name, needed ? "" :
		    " here, so its program was not looked at");
		return needed ? EXIT_WRONG : 0;
	}
	return check_program(root, u);
}

static int
systemd(const struct command *self, int argc, char **argv)
{
	const char *values[OPTS] = { NULL }, *root;
	int rv, first = options_parse(self, argc, argv, values);
	char library[PATH_MAX];
	struct fail f = { 0 };
	struct policy *p;
	struct unit u;

	if (argc - first != 1)
		options_usage(self);
	root = values[OPT_ROOT] != NULL ? values[OPT_ROOT] : "";
	rv = find_unit(root, argv[first], values[OPT_INSTALL] != NULL, &u);
	if (rv != 0)
		return rv;
	p = policy_load();
	rv = EXIT_USAGE;
	if (p == NULL)
		say("there is no memory");
	else if (policy_error(p) != NULL)
		say("%s", policy_error(p)->text);
	else if (preload_ready(PRELOAD_SELF, library, sizeof library, &f) <
	    0 || (u.shielded && preload_reachable(library, &f) < 0))
		say("%s", f.text);
	else if (values[OPT_INSTALL] != NULL)
		rv = install(root, policy_conf(p), &u, library);
	else
		rv = print_dropin(stdout, policy_conf(p), &u, library) < 0 ?
		    EXIT_WRONG : EXIT_GOOD;
	policy_free(p);
	return rv;
}

const struct command systemd_command = {
	.name = "systemd",
	.operands = "[OPTION ...] UNIT",
	.summary = "Prints or installs a drop-in for an existing service",
	.text = "Settings that are given as options or stand in the "
	    "environment go into it.",
	.options = options,
	.settings = true,
	.run = systemd,
};
