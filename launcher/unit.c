/* SPDX-License-Identifier: Apache-2.0
 * unit: what a service's unit file says (systemd.service(5)). */
#include "unit.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* systemd.unit(5), the first wins. */
static const char *const folders[] = {
	"/etc/systemd/system", "/run/systemd/system",
	"/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
	"/lib/systemd/system",
};

static void
take_program(struct unit *u, const char *value)
{
	value += strspn(value, "@-:+!");
	snprintf(u->program, sizeof u->program, "%.*s",
	    (int)strcspn(value, " \t"), value);
}

/* One assignment is enough to know of: the list of libraries to keep. */
static void
take_environment(struct unit *u, const char *value)
{
	const char *s = strstr(value, "LD_PRELOAD=");

	if (s != NULL)
		snprintf(u->preload, sizeof u->preload, "%.*s",
		    (int)strcspn(s + 11, " \t\"'"), s + 11);
}

static int
take(void *arg, const char *section, const char *key, const char *value)
{
	struct unit *u = arg;

	if (strcmp(section, "Service") != 0)
		return 1;
	if (strcmp(key, "ExecStart") == 0 && *value != '\0')
		take_program(u, value);
	else if (strcmp(key, "Environment") == 0)
		take_environment(u, value);
	else if ((strcmp(key, "User") == 0 && strcmp(value, "root") != 0 &&
	    *value != '\0') ||
	    (strcmp(key, "DynamicUser") == 0 &&
	    (strcasecmp(value, "yes") == 0 || strcasecmp(value, "true") == 0)) ||
	    (strcmp(key, "ProtectSystem") == 0 &&
	    (strcmp(value, "full") == 0 || strcmp(value, "strict") == 0)))
		u->shielded = true;
	return 1;
}

static bool
is_name(const char *name)
{
	return *name != '\0' && *name != '.' && strlen(name) < 240 &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789:-_.\\@") == strlen(name);
}

/* "storescp@2.service" is described by "storescp@.service". */
static void
template_of(const char *name, char *out, size_t size)
{
	const char *at = strchr(name, '@'), *dot = strrchr(name, '.');

	if (at != NULL && dot != NULL && dot > at)
		snprintf(out, size, "%.*s%s", (int)(at - name) + 1, name, dot);
	else
		snprintf(out, size, "%s", name);
}

int
unit_read(const char *root, const char *name, struct unit *u)
{
	char template[sizeof u->name];
	const char *dot = strrchr(name, '.');
	size_t i;

	memset(u, 0, sizeof *u);
	if (!is_name(name))
		return -EINVAL;
	snprintf(u->name, sizeof u->name, "%s%s", name,
	    dot != NULL && strcmp(dot, ".service") == 0 ? "" : ".service");
	template_of(u->name, template, sizeof template);
	for (i = 0; i < 2 * sizeof folders / sizeof folders[0]; i++) {
		snprintf(u->path, sizeof u->path, "%s%s/%s", root,
		    folders[i / 2], i % 2 == 0 ? u->name : template);
		if (access(u->path, R_OK) == 0) {
			/* What inih does not understand does not matter. */
			ini_parse(u->path, take, u);
			return 0;
		}
	}
	u->path[0] = '\0';
	return -ENOENT;
}
