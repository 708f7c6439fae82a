/* SPDX-License-Identifier: Apache-2.0
 * ini: the part of inih's interface that is used here. */
#include <ini.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int ini_max_line = 200;

enum { SECTION = 50 };	/* bytes of a section's name, as inih keeps */

struct state {
	ini_handler handler;
	void *user;
	char section[SECTION];
};

static char *
trimmed(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	end = s + strlen(s);
	while (end > s && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return s;
}

/* A ";" behind a blank begins a comment. */
static void
cut_comment(char *s)
{
	for (; *s != '\0'; s++)
		if (*s == ';' && isspace((unsigned char)s[-1])) {
			*s = '\0';
			return;
		}
}

static int
pair(struct state *st, char *s)
{
	char *sign = s + strcspn(s, "=:");

	if (*sign == '\0')
		return 0;
	*sign++ = '\0';
	if (*sign == ';')
		*sign = '\0';
	cut_comment(*sign != '\0' ? sign + 1 : sign);
	return st->handler(st->user, st->section, trimmed(s), trimmed(sign));
}

static int
line(struct state *st, char *s)
{
	char *end;

	s = trimmed(s);
	if (*s == '\0' || *s == ';' || *s == '#')
		return 1;
	if (*s != '[')
		return pair(st, s);
	end = strchr(s, ']');
	if (end == NULL)
		return 0;
	*end = '\0';
	snprintf(st->section, sizeof st->section, "%s", s + 1);
	return 1;
}

int
ini_parse_stream(ini_reader reader, void *stream, ini_handler handler,
    void *user)
{
	struct state st = { .handler = handler, .user = user };
	char *buf = malloc((size_t)ini_max_line);
	int number = 0, wrong = 0;

	if (buf == NULL)
		return -2;
	while (reader(buf, ini_max_line, stream) != NULL) {
		number++;
		if (!line(&st, buf) && wrong == 0)
			wrong = number;
	}
	free(buf);
	return wrong;
}
