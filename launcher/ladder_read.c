/* SPDX-License-Identifier: Apache-2.0
 * ladder, reading: two of tshark's views of a recording, packet by packet.
 *
 * Fields tell TCP in a form that stays the same from version to version; the
 * dissection (-V) alone keeps the order of several messages in a packet. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ladder_now.h"
#include "tool.h"

enum { ARGUMENTS = 96, DECODED = 16 };

struct view {
	struct tool tool;
	FILE *lines;
	char *line;		/* getline(3)'s */
	size_t size;
	unsigned long number;	/* of the packet that LINE begins; 0: none */
};

struct arguments {
	const char *list[ARGUMENTS];
	size_t count;
	char owned[DECODED][64];
	size_t owned_count;
};

static void
put(struct arguments *a, const char *word)
{
	if (a->count < ARGUMENTS - 1)
		a->list[a->count++] = word;
}

static void
put_source(struct arguments *a, const struct ladder_source *src)
{
	put(a, "tshark");
	put(a, "-n");
	put(a, "-r");
	put(a, src->path);
	if (src->keylog) {
		put(a, "-o");
		put(a, "tls.keylog_file:keys.log");
	}
}

/* "This port is TLS, with DICOM in it", as Wireshark takes it. */
static void
put_port(struct arguments *a, unsigned port)
{
	char *word = a->owned[a->owned_count];

	if (a->owned_count == DECODED)
		return;
	snprintf(word, sizeof a->owned[0],
	    "uat:ssl_keys:\"any\",\"%u\",\"dicom\",\"any.pem\",\"\"", port);
	a->owned_count++;
	put(a, "-o");
	put(a, word);
}

/* What tshark had to say, first line, in F. */
static void
complaint(const struct ladder_source *src, const char *file, struct fail *f)
{
	char path[4200], line[300] = "";
	FILE *said;

	snprintf(path, sizeof path, "%s/%s", src->folder, file);
	said = fopen(path, "r");
	while (said != NULL && fgets(line, sizeof line, said) != NULL &&
	    strncmp(line, "Running as user", 15) == 0)
		line[0] = '\0';
	if (said != NULL)
		fclose(said);
	line[strcspn(line, "\n")] = '\0';
	ladder_clean(line);
	fail_set(f, REASON_SYSTEM, "tshark cannot read %s: %s", src->path,
	    line[0] != '\0' ? line : "it gave no reason");
}

static int
view_open(struct view *v, const struct arguments *a,
    const struct ladder_source *src, const char *errors, struct fail *f)
{
	struct tool_how how = { .listen = STDOUT_FILENO,
		.folder = src->folder, .errors = errors };
	int rv = tool_start(&v->tool, a->list, &how);

	if (rv == 0) {
		v->lines = fdopen(v->tool.fd, "r");
		rv = v->lines == NULL ? -errno : 0;
	}
	if (rv < 0)
		fail_set(f, REASON_SYSTEM, "tshark cannot be started: %s",
		    strerror(-rv));
	return rv;
}

/* Its exit status; what it still had to say is let go. */
static int
view_close(struct view *v)
{
	int status = 0;

	if (v->lines != NULL) {
		fclose(v->lines);
		v->tool.fd = -1;
	}
	if (v->tool.pid != 0)
		status = tool_end(&v->tool);
	free(v->line);
	return status;
}

static bool
next_line(struct view *v)
{
	ssize_t len = getline(&v->line, &v->size, v->lines);

	if (len > 0 && v->line[len - 1] == '\n')
		v->line[len - 1] = '\0';
	return len > 0;
}

/* Goes on to the dissection's next "Frame 12: ...". */
static void
next_packet(struct view *v, struct ladder *l, bool heard)
{
	const char *number;

	v->number = 0;
	while (next_line(v)) {
		number = ladder_behind(v->line, "Frame ");
		if (number != NULL) {
			v->number = strtoul(number, NULL, 10);
			return;
		}
		if (heard)
			ladder_line(l, v->line);
	}
}

/* Both views side by side. */
static void
merge(struct ladder *l, struct view *fields, struct view *words)
{
	unsigned long number;

	next_packet(words, l, false);
	while (next_line(fields)) {
		number = ladder_packet(l, fields->line);
		if (number == 0)
			continue;
		while (words->number != 0 && words->number < number)
			next_packet(words, l, false);
		if (words->number == number)
			next_packet(words, l, true);
		ladder_packet_end(l);
	}
	ladder_end(l);
}

/* The ports in a list, if they are few and single; 0 else. */
static size_t
single_ports(const struct ports *p, unsigned list[DECODED])
{
	size_t i;

	if (p->count > DECODED)
		return 0;
	for (i = 0; i < p->count; i++) {
		if (p->range[i].low != p->range[i].high)
			return 0;
		list[i] = p->range[i].low;
	}
	return p->count;
}

/* Adds PORT to the list of COUNT if it is configured and new. */
static size_t
remember(const struct ports *p, unsigned list[DECODED], size_t count,
    unsigned port)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (list[i] == port)
			return count;
	if (count < DECODED && ports_have(p, port))
		list[count++] = port;
	return count;
}

/* The ports that somebody connected to. */
static int
used_ports(const struct ladder *l, const struct ladder_source *src,
    unsigned list[DECODED], size_t *count, struct fail *f)
{
	struct arguments a = { .count = 0 };
	struct view v = { .lines = NULL };
	int rv;

	*count = single_ports(&l->ports, list);
	if (*count > 0)
		return 0;
	put_source(&a, src);
	put(&a, "-Y");
	put(&a, "tcp.flags.syn == 1 && tcp.flags.ack == 0");
	put(&a, "-T");
	put(&a, "fields");
	put(&a, "-e");
	put(&a, "tcp.dstport");
	rv = view_open(&v, &a, src, "ports.err", f);
	while (rv == 0 && next_line(&v))
		*count = remember(&l->ports, list, *count,
		    (unsigned)strtoul(v.line, NULL, 10));
	view_close(&v);
	return rv;
}

static int
open_fields(struct view *v, const struct ladder_source *src, struct fail *f)
{
	struct arguments a = { .count = 0 };
	size_t i;

	put_source(&a, src);
	put(&a, "-Y");
	put(&a, "tcp");
	put(&a, "-T");
	put(&a, "fields");
	/* Of packets inside of packets, the innermost. */
	put(&a, "-E");
	put(&a, "occurrence=l");
	for (i = 0; ladder_fields[i] != NULL; i++) {
		put(&a, "-e");
		put(&a, ladder_fields[i]);
	}
	return view_open(v, &a, src, "fields.err", f);
}

static int
open_words(struct view *v, const struct ladder *l,
    const struct ladder_source *src, struct fail *f)
{
	struct arguments a = { .count = 0 };
	unsigned list[DECODED];
	size_t i, count;
	int rv = used_ports(l, src, list, &count, f);

	if (rv < 0)
		return rv;
	put_source(&a, src);
	for (i = 0; i < count; i++)
		put_port(&a, list[i]);
	put(&a, "-Y");
	put(&a, "tls || dicom");
	put(&a, "-V");
	put(&a, "-O");
	put(&a, "tls,dicom");
	return view_open(v, &a, src, "words.err", f);
}

/* What tshark's two ends mean. */
static int
judge(const struct ladder *l, const struct ladder_source *src, int fields,
    int words, struct fail *f)
{
	if (fields == TOOL_ABSENT || fields == TOOL_UNFIT) {
		fail_set(f, REASON_SYSTEM, "tshark, which reads the "
		    "recording, is not installed: install it (Debian's "
		    "package tshark)");
		return -ENOENT;
	}
	if (fields > 128 || words > 128) {
		fail_set(f, REASON_SYSTEM, "tshark was ended by signal %d "
		    "while it read %s", (fields > 128 ? fields : words) - 128,
		    src->path);
		return -EINTR;
	}
	/* A recording that was cut short is told of, and read even so. */
	if (l->streams_count == 0 && fields != 0) {
		complaint(src, "fields.err", f);
		return -EINVAL;
	}
	if (l->streams_count > 0 && words != 0 && fields == 0) {
		complaint(src, "words.err", f);
		return -EINVAL;
	}
	if (l->memory) {
		fail_set(f, REASON_SYSTEM, "there is no memory for the "
		    "summary");
		return -ENOMEM;
	}
	return 0;
}

int
ladder_read(struct ladder *l, const struct ladder_source *src, struct fail *f)
{
	struct view fields = { .lines = NULL }, words = { .lines = NULL };
	int rv, fields_end, words_end;

	rv = open_fields(&fields, src, f);
	if (rv == 0)
		rv = open_words(&words, l, src, f);
	if (rv == 0)
		merge(l, &fields, &words);
	fields_end = view_close(&fields);
	words_end = view_close(&words);
	return rv < 0 ? rv : judge(l, src, fields_end, words_end, f);
}
