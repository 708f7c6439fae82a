/* SPDX-License-Identifier: Apache-2.0
 * conf: the settings as they were written, from the environment and from
 * dicomtls.conf, before anything is made of them. */
#include "policy/conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "policy/confile.h"
#include "policy/place.h"
#include "policy/words.h"

/* The tests' own variables are no settings. */
#define PREFIX "DICOMTLS_"
#define TEST_PREFIX "DICOMTLS_TEST_"

extern char **environ;

const char *
conf_env(const char *name)
{
	const char *s = secure_getenv(name);

	return s != NULL && *s != '\0' ? s : NULL;
}

const char *
conf_default_dir(struct pool *pool)
{
	return place_default_dir(pool);
}

static int
read_env(struct conf *c)
{
	const struct setting_row *row;
	const char *text;
	int s;

	for (s = 0; s < SETTINGS; s++) {
		row = conf_row(s);
		text = row->flags & IN_ENV ? conf_env(row->variable) : NULL;
		if (text == NULL)
			continue;
		/* The program may change its folder later. */
		if (conf_is_path(s, text))
			text = place_absolute(&c->pool, text);
		if (text != NULL)
			text = pool_dup(&c->pool, text);
		if (text == NULL)
			return -ENOMEM;
		c->env.values[s].text = text;
		c->env.values[s].origin = row->variable;
	}
	return 0;
}

/* A slip in a name would else leave a connection in plaintext. */
static void
unknown_name(struct conf *c, const char *name)
{
	const char *list[SETTINGS + 1], *near;
	size_t n = 0;
	int s;

	for (s = 0; s < SETTINGS; s++)
		if (conf_row(s)->flags & IN_ENV)
			list[n++] = conf_row(s)->variable;
	list[n] = NULL;
	if (words_find(list, name) >= 0)
		return;
	near = words_nearest(list, name);
	fail_set(&c->fail, REASON_SETTING, "%s: no setting has this name"
	    "%s%s%s; correct or unset it, dicomtls(7) lists them all", name,
	    near != NULL ? " (" : "", near != NULL ? near : "",
	    near != NULL ? "?)" : "");
	c->unknown = true;
}

static void
check_names(struct conf *c)
{
	char name[64];
	char **e;

	for (e = environ; e != NULL && *e != NULL; e++) {
		if (strncmp(*e, PREFIX, strlen(PREFIX)) != 0 ||
		    strncmp(*e, TEST_PREFIX, strlen(TEST_PREFIX)) == 0)
			continue;
		snprintf(name, sizeof name, "%.*s", (int)strcspn(*e, "="), *e);
		unknown_name(c, name);
	}
}

/* Which folder, then which file: the file itself may name another folder. */
static int
read_file(struct conf *c)
{
	const char *path = c->env.values[SETTING_CONFIG].text;
	bool asked = path != NULL;

	if (c->env.values[SETTING_DIR].text != NULL)
		c->dir = c->env.values[SETTING_DIR].text;
	if (!asked && c->dir != NULL)
		path = pool_printf(&c->pool, "%s/dicomtls.conf", c->dir);
	if (path == NULL)
		return !asked && c->dir != NULL ? -ENOMEM : 0;
	return confile_read(c, path, asked);
}

/* Root's systemd services have no HOME but need none. */
static void
settle_dir(struct conf *c)
{
	if (c->env.values[SETTING_DIR].text == NULL &&
	    c->file.values[SETTING_DIR].text != NULL)
		c->dir = c->file.values[SETTING_DIR].text;
	if (c->dir != NULL)
		return;
	fail_set(&c->fail, REASON_SETTING, "DICOMTLS_DIR: HOME is not set, so "
	    "the folder of the certificate is unknown: set DICOMTLS_DIR");
	c->dir = "/nonexistent";
}

int
conf_load(struct conf *c)
{
	int rv;

	*c = (struct conf){ 0 };
	/* secure_getenv shows nothing, but the defaults may not stand in for
	 * settings that somebody made for the program. */
	if (getauxval(AT_SECURE)) {
		fail_set(&c->fail, REASON_SETTING, "this program gained "
		    "privileges (setuid, setgid or capabilities), so its "
		    "settings are not read: run it without them");
		c->dir = "/etc/dicomtls";
		return 0;
	}
	c->dir = conf_default_dir(&c->pool);
	rv = read_env(c);
	if (rv < 0)
		return rv;
	check_names(c);
	rv = read_file(c);
	if (rv < 0)
		return rv;
	settle_dir(c);
	return 0;
}

void
conf_free(struct conf *c)
{
	pool_free(&c->pool);
}

const struct value *
conf_value(const struct conf *c, const struct scope *section, enum setting s)
{
	if (c->env.values[s].text != NULL)
		return &c->env.values[s];
	if (section != NULL && section->values[s].text != NULL)
		return &section->values[s];
	if (c->file.values[s].text != NULL)
		return &c->file.values[s];
	return NULL;
}
