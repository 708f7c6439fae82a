/* SPDX-License-Identifier: Apache-2.0
 * capture, at the end: the summary, the picture, and how to open the file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "command.h"

enum { PORTS_TOLD = 8 };

/* The words behind the program's name. */
static char *
arguments(const struct capture *c)
{
	char *text = NULL;
	size_t size;
	FILE *to = c->program != NULL ? open_memstream(&text, &size) : NULL;
	char **word;

	if (to == NULL)
		return NULL;
	for (word = c->argv + c->first + 1; *word != NULL; word++)
		fprintf(to, " %s", *word);
	if (fclose(to) != 0 || text == NULL)
		return NULL;
	ladder_clean(text);
	return text;
}

static void
write_one(struct capture *c, struct outfile *o, const struct ladder *l,
    const struct ladder_title *t,
    void (*draw)(const struct ladder *, const struct ladder_title *, FILE *))
{
	struct fail f = { 0 };
	FILE *to;

	if (o->path[0] == '\0')
		return;
	to = outfile_open(o, &f);
	if (to != NULL) {
		draw(l, t, to);
		outfile_close(o, to, &f);
	}
	if (f.reason != REASON_NONE)
		capture_wrong(c, &f);
}

static void
write_all(struct capture *c, const struct ladder *l, const char *path)
{
	char *words = arguments(c);
	struct ladder_title t = { .program = c->program, .arguments = words,
		.recording = path, .redact = c->redact };

	if (c->summary.path[0] == '\0')
		ladder_text(l, &t, c->terminal);
	write_one(c, &c->summary, l, &t, ladder_text);
	write_one(c, &c->picture, l, &t, ladder_svg);
	free(words);
}

/* Of all ports that are configured, those that were used. */
static void
narrow_ports(struct capture *c, const struct ladder *l)
{
	struct ports used = { .count = 0 };
	size_t i;

	for (i = 0; i < l->streams_count && used.count < PORTS_TOLD; i++) {
		c->shaken |= l->streams[i].version[0] != '\0';
		if (ports_have(&used, l->streams[i].port))
			continue;
		used.range[used.count].low = (uint16_t)l->streams[i].port;
		used.range[used.count++].high = (uint16_t)l->streams[i].port;
	}
	if (used.count > 0)
		c->ports = used;
}

void
capture_summary(struct capture *c, const char *path, bool keylog)
{
	struct ladder l = { .ports = c->ports };
	char whole[PATH_MAX];
	struct ladder_source src = { .path = whole, .folder = c->folder,
		.keylog = keylog };
	struct fail f = { 0 };
	int rv;

	if (realpath(path, whole) == NULL)
		return;
	rv = ladder_read(&l, &src, &f);
	if (rv == 0) {
		write_all(c, &l, path);
		narrow_ports(c, &l);
	} else if (rv == -ENOENT && !c->wanted)
		say("there is no summary: %s; dicomtls capture --read makes "
		    "it from the recording then", f.text);
	else
		capture_wrong(c, &f);
	ladder_free(&l);
}

/* As a shell reads it. */
static void
put_quoted(const char *s)
{
	if (*s != '\0' && strspn(s, "-+=:,./_0123456789"
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") ==
	    strlen(s)) {
		fputs(s, stderr);
		return;
	}
	fputc('\'', stderr);
	for (; *s != '\0'; s++) {
		if (*s == '\'')
			fputs("'\\''", stderr);
		else
			fputc(*s, stderr);
	}
	fputc('\'', stderr);
}

static void
put_command(const struct capture *c, const char *program, bool secrets,
    const char *more)
{
	size_t i;

	fprintf(stderr, "    %s -r ", program);
	put_quoted(c->recording.path);
	for (i = 0; i < c->ports.count && i < PORTS_TOLD; i++) {
		if (secrets)
			fprintf(stderr, " -o 'uat:ssl_keys:\"any\",\"%u\","
			    "\"dicom\",\"any.pem\",\"\"'",
			    c->ports.range[i].low);
		else if (c->ports.range[i].low == c->ports.range[i].high)
			fprintf(stderr, " -d tcp.port==%u,tls",
			    c->ports.range[i].low);
		else
			fprintf(stderr, " -d tcp.port==%u-%u,tls",
			    c->ports.range[i].low, c->ports.range[i].high);
	}
	fprintf(stderr, "%s\n", more);
}

static void
how_to_open(const struct capture *c, bool secrets)
{
	if (secrets)
		fputs("To see DICOM in it, with any RSA key (it opens nothing; "
		    "Wireshark wants one):\n"
		    "    openssl genrsa -out any.pem 2048\n", stderr);
	else
		fputs("To see TLS in it:\n", stderr);
	put_command(c, "tshark", secrets, secrets ? " -Y dicom" : "");
	put_command(c, "wireshark", secrets, "");
}

void
capture_tell(const struct capture *c, bool secrets, unsigned long packets)
{
	if (c->recording.held)
		return;
	say("%lu packets are in %s", packets, c->recording.path);
	if (c->picture.path[0] != '\0' && !c->picture.held)
		say("the picture of them is %s%s", c->picture.path,
		    c->redact ? "" : "; it may tell of patients, --redact "
		    "makes one that does not");
	if (secrets)
		say("WARNING: %s holds patient data in readable form, for "
		    "the secrets are in it: guard it as you do the images "
		    "(--no-secrets makes a recording without them)",
		    c->recording.path);
	else if (c->secrets && c->shaken)
		say("no secrets came from %s: nobody can decrypt the "
		    "recording", c->program);
	how_to_open(c, secrets);
}
