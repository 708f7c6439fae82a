/* SPDX-License-Identifier: Apache-2.0
 * judge: what two runs of a case said, side by side. */
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runner.h"
#include "record.h"

static char *
read_file(const char *path, size_t skip)
{
	struct stat st;
	int fd = open(path, O_RDONLY);
	char *text = NULL;
	ssize_t n;

	if (fd == -1 || fstat(fd, &st) == -1)
		return strdup("");
	text = calloc(1, (size_t)st.st_size + 1);
	n = pread(fd, text, (size_t)st.st_size, (off_t)skip);
	if (n >= 0)
		text[n] = '\0';
	close(fd);
	return text;
}

/* Moves the lines that begin with HEAD to OUT, in their order. */
static void
take_actor(char *text, const char *head, size_t len, FILE *out)
{
	char *line, *end;

	for (line = text; (end = strchr(line, '\n')) != NULL; line = end + 1)
		if (strncmp(line, head, len) == 0) {
			fwrite(line, 1, (size_t)(end + 1 - line), out);
			memset(line, '\n', (size_t)(end - line));
		}
}

/*
 * Threads and processes write as they come; only the order of one actor's own
 * lines means anything.  Actors are in the order of their names.
 */
static char *
group(char *text, const char *tail)
{
	char *result = NULL, *line, *best, head[64];
	size_t size, len;
	FILE *out = open_memstream(&result, &size);

	for (;;) {
		best = NULL;
		for (line = text; *line != '\0'; line++)
			if (*line != '\n' && (line == text || line[-1] == '\n') &&
			    (best == NULL || strncmp(line, best,
			    strcspn(best, ":")) < 0))
				best = line;
		if (best == NULL)
			break;
		len = strcspn(best, ":") + 1;
		snprintf(head, sizeof(head), "%.*s", (int)len, best);
		take_actor(text, head, strlen(head), out);
	}
	fputs(tail, out);
	fclose(out);
	return result;
}

struct outcome
outcome_read(const char *record, const char *errors, int status, bool hung)
{
	char *text = read_file(record, offsetof(struct record, text));
	struct outcome o;
	char tail[64];

	if (hung)
		snprintf(tail, sizeof(tail), "HUNG\n");
	else if (WIFSIGNALED(status))
		snprintf(tail, sizeof(tail), "killed by %s\n",
		    sigabbrev_np(WTERMSIG(status)));
	else
		snprintf(tail, sizeof(tail), "exit %d\n", WEXITSTATUS(status));
	o.lines = group(text, tail);
	o.errors = read_file(errors, 0);
	free(text);
	return o;
}

struct outcome
outcome_expected(const struct family *f)
{
	struct outcome o = { NULL, strdup("") };
	const char *line, *end, *last = f->script == NULL ? "main: end\n" :
	    "main: peer exit 0\nmain: end\n";
	bool main_ended = false, of_peer;
	size_t size;
	FILE *out = open_memstream(&o.lines, &size);

	for (line = f->expect; (end = strchr(line, '\n')) != NULL;
	    line = end + 1) {
		of_peer = strncmp(line, "peer: ", 6) == 0;
		if (of_peer && !main_ended) {
			fputs(last, out);
			main_ended = true;
		}
		fprintf(out, "%s%.*s\n", of_peer ? "" : "main: ",
		    (int)(end - line), line);
	}
	fprintf(out, "%sexit 0\n", main_ended ? "" : last);
	fclose(out);
	return o;
}

void
outcome_free(struct outcome *o)
{
	free(o->lines);
	free(o->errors);
	o->lines = o->errors = NULL;
}

static char *
line_before(char *text, char *end)
{
	for (end--; end > text && end[-1] != '\n'; end--)
		;
	return end;
}

/* What is left of A and B without the lines they begin and end with alike. */
static void
strip(char **a, char **b)
{
	char *x, *y, *xend, *yend;

	for (x = *a, y = *b; *x != '\0' && *x == *y; x++, y++)
		if (*x == '\n') {
			*a = x + 1;
			*b = y + 1;
		}
	xend = *a + strlen(*a);
	yend = *b + strlen(*b);
	while (xend > *a && yend > *b) {
		x = line_before(*a, xend);
		y = line_before(*b, yend);
		if (xend - x != yend - y ||
		    memcmp(x, y, (size_t)(xend - x)) != 0)
			break;
		xend = x;
		yend = y;
	}
	*xend = *yend = '\0';
}

static const struct known *
known_for(const char *name, const char *plain, const char *shim)
{
	const struct known *k;

	for (k = known_differences; k->name != NULL; k++)
		if (fnmatch(k->name, name, 0) == 0 &&
		    strcmp(k->plain, plain) == 0 && strcmp(k->shim, shim) == 0)
			return k;
	return NULL;
}

static void
print_lines(const char *head, const char *text)
{
	const char *end;
	int n;

	for (n = 0; (end = strchr(text, '\n')) != NULL; text = end + 1, n++) {
		if (n == 12) {
			printf("  %s ...\n", head);
			break;
		}
		printf("  %s %.*s\n", head, (int)(end - text), text);
	}
}

enum verdict
judge(const struct play *p, struct outcome *plain, struct outcome *shim,
    const struct options *opt)
{
	char *a = plain->lines, *b = shim->lines;
	bool expected = p->family->expect != NULL;
	const char *bad = NULL;

	if (opt->verbose) {
		printf("%s\n", p->name);
		print_lines(expected ? "want" : "tcp", a);
		print_lines("tls", b);
		print_lines("log", shim->errors);
	}
	if (strstr(a, "BROKEN") != NULL || strstr(a, "HUNG") != NULL)
		bad = "the case itself does not work over TCP";
	else if (strcmp(a, b) == 0)
		return PASSED;
	if (bad == NULL)
		strip(&a, &b);
	if (bad == NULL && known_for(p->name, a, b) != NULL)
		return KNOWN;
	printf("FAIL %s%s%s\n", p->name, bad ? ": " : "", bad ? bad : "");
	print_lines(expected ? "want" : "tcp", a);
	print_lines(opt->plain_twice ? "tcp" : "tls", b);
	print_lines("log", shim->errors);
	fflush(stdout);
	return FAILED;
}
