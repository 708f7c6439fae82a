/* SPDX-License-Identifier: Apache-2.0
 * confile: dicomtls.conf, an INI file. */
#include "config.h"

#include "policy/confile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/place.h"
#include "policy/words.h"

enum { LARGEST = 1 << 20, LONGEST_LINE = 8192 };

/* What inih's two callbacks share. */
struct reader {
	struct conf *conf;
	const char *path;
	const char *at;		/* the rest of the text */
	unsigned line;
	unsigned section;	/* how many headers were seen */
	unsigned header_line;
	unsigned current;	/* whose scope is the last of conf's */
	size_t room;		/* for sections */
	int error;		/* -ENOMEM */
};

static void __attribute__((format(printf, 3, 4)))
complain(struct reader *r, bool hides, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	fail_set(&r->conf->fail, REASON_SETTING, "%s:%u: %s", r->path,
	    r->line, text);
	r->conf->unknown |= hides;
}

/*
 * Gives inih the next line.  Blanks in front are dropped, for inih would take
 * an indented line for more of the line above it; and a line longer than
 * inih's buffer would come apart into two.
 */
static char *
next_line(char *to, int size, void *arg)
{
	struct reader *r = arg;
	size_t len = strcspn(r->at, "\n");
	const char *s = r->at, *end = s + len;

	if (*s == '\0')
		return NULL;
	r->at = *end == '\n' ? end + 1 : end;
	r->line++;
	while (s < end && isspace((unsigned char)*s))
		s++;
	len = (size_t)(end - s);
	if (len + 3 > (size_t)size) {
		complain(r, true, "this line has %zu bytes, %d are the most: "
		    "lists may be spread over several lines with the same key",
		    len, size - 3);
		len = 0;
	}
	if (len > 0 && *s == '[') {
		r->section++;
		r->header_line = r->line;
	}
	memcpy(to, s, len);
	memcpy(to + len, "\n", 2);
	return to;
}

static struct scope *
new_section(struct reader *r, const char *name)
{
	struct conf *c = r->conf;
	struct scope *s;

	if (c->n_sections == r->room) {
		r->room = r->room * 2 + 8;
		s = pool_alloc(&c->pool, r->room * sizeof *s);
		if (s == NULL)
			return NULL;
		if (c->n_sections > 0)
			memcpy(s, c->sections, c->n_sections * sizeof *s);
		c->sections = s;
	}
	s = &c->sections[c->n_sections];
	s->name = pool_dup(&c->pool, name);
	s->origin = pool_printf(&c->pool, "%s:%u", r->path, r->header_line);
	if (s->name == NULL || s->origin == NULL)
		return NULL;
	c->n_sections++;
	r->current = r->section;
	return s;
}

static struct scope *
scope_of(struct reader *r, const char *name)
{
	if (r->section == 0)
		return &r->conf->file;
	if (r->current == r->section)
		return &r->conf->sections[r->conf->n_sections - 1];
	return new_section(r, name);
}

/* Relative to the file, wherever the program was started. */
static const char *
beside(struct reader *r, const char *text)
{
	const char *slash = strrchr(r->path, '/');

	if (place_is_absolute(text) || slash == NULL)
		return pool_dup(&r->conf->pool, text);
	return pool_printf(&r->conf->pool, "%.*s/%s", (int)(slash - r->path),
	    r->path, text);
}

static int
store(struct reader *r, struct scope *scope, enum setting s, const char *text)
{
	struct pool *pool = &r->conf->pool;
	struct value *v = &scope->values[s];

	if (v->text != NULL && conf_row(s)->flags & IS_LIST) {
		v->text = pool_printf(pool, "%s,%s", v->text, text);
		return v->text != NULL ? 0 : -ENOMEM;
	}
	if (v->text != NULL) {
		complain(r, false, "%s stands here a second time: keep one",
		    conf_row(s)->key);
		return 0;
	}
	v->text = conf_is_path(s, text) ? beside(r, text) : pool_dup(pool, text);
	v->origin = pool_printf(pool, "%s:%u: %s", r->path, r->line,
	    conf_row(s)->key);
	return v->text != NULL && v->origin != NULL ? 0 : -ENOMEM;
}

static void
unknown_key(struct reader *r, const char *key)
{
	const char *list[SETTINGS + 1], *near;
	unsigned where = r->section > 0 ? IN_SECTION : IN_FILE;
	size_t n = 0;
	int s;

	for (s = 0; s < SETTINGS; s++)
		if (conf_row(s)->flags & where)
			list[n++] = conf_row(s)->key;
	list[n] = NULL;
	near = words_nearest(list, key);
	complain(r, true, "unknown key \"%s\"%s%s%s: correct or remove it, "
	    "dicomtls(7) lists them all", key, near != NULL ? " (" : "",
	    near != NULL ? near : "", near != NULL ? "?)" : "");
}

static bool
allowed(struct reader *r, enum setting s)
{
	unsigned flags = conf_row(s)->flags;

	if (flags & (r->section > 0 ? IN_SECTION : IN_FILE))
		return true;
	if (flags & IN_SECTION)
		complain(r, true, "%s belongs into a section", conf_row(s)->key);
	else if (flags & IN_FILE)
		complain(r, true, "%s holds for the whole process: move it "
		    "above the first section", conf_row(s)->key);
	else
		complain(r, true, "%s cannot be set in a file, only as %s",
		    conf_row(s)->key, conf_row(s)->variable);
	return false;
}

/* inih's handler.  Zero would only tell it of an error that we know. */
static int
take(void *arg, const char *section, const char *key, const char *text)
{
	struct reader *r = arg;
	struct scope *scope;
	int s = conf_find(key);

	if (s < 0) {
		unknown_key(r, key);
		return 1;
	}
	if (!allowed(r, s))
		return 1;
	if (*text == '\0') {
		complain(r, true, "%s has no value: give it one or remove the "
		    "line", key);
		return 1;
	}
	scope = scope_of(r, section);
	if (scope == NULL || store(r, scope, s, text) < 0)
		r->error = -ENOMEM;
	return 1;
}

/* Reads all LEN bytes that FD has.  0 or -errno. */
static int
read_all(int fd, char *text, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = read(fd, text + done, len - done);
		if (n == 0)
			break;
		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* The text of a regular file and its *LEN, or NULL with -errno in *ERROR. */
static char *
slurp(struct pool *pool, const char *path, size_t *len, int *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	char *text = NULL;

	if (fd < 0 || fstat(fd, &st) < 0)
		*error = -errno;
	else if (!S_ISREG(st.st_mode))
		*error = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	else if (st.st_size > LARGEST)
		*error = -EFBIG;
	else {
		*len = (size_t)st.st_size;
		text = pool_alloc(pool, *len + 1);
		*error = text == NULL ? -ENOMEM : read_all(fd, text, *len);
	}
	if (fd >= 0)
		close(fd);
	return *error < 0 ? NULL : text;
}

static void
unreadable(struct conf *c, const char *path, int error)
{
	fail_set(&c->fail, REASON_SETTING, "%s cannot be read: %s; correct "
	    "its permissions, or name another file in DICOMTLS_CONFIG", path,
	    strerror(-error));
	c->unknown = true;
}

int
confile_read(struct conf *c, const char *path, bool asked)
{
	struct reader r = { .conf = c, .path = path };
	int error = 0, line;
	size_t len = 0;

	r.at = slurp(&c->pool, path, &len, &error);
	if (r.at == NULL) {
		if (error == -ENOMEM)
			return error;
		if (asked || (error != -ENOENT && error != -ENOTDIR))
			unreadable(c, path, error);
		return 0;
	}
	c->path = path;
	if (strlen(r.at) < len)	/* what is behind it would not be seen */
		complain(&r, true, "there is a NUL byte in this file: save it "
		    "as plain text or UTF-8");
#if HAVE_DECL_INI_MAX_LINE
	ini_max_line = LONGEST_LINE;
#endif
	line = ini_parse_stream(next_line, &r, take, &r);
	r.line = line > 0 ? (unsigned)line : r.line;
	if (line != 0)
		complain(&r, true, "this is neither KEY = VALUE nor [SECTION]");
	return r.error;
}
