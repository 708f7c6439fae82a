/* SPDX-License-Identifier: Apache-2.0
 * ladder, as text. */
#include <string.h>

#include "ladder.h"

static const char *const layers[] = {
	[LAYER_TCP] = "TCP", [LAYER_TLS] = "TLS", [LAYER_DICOM] = "DICOM",
};

static void
heading(const struct ladder *l, const struct ladder_title *t, FILE *to)
{
	char date[32];

	ladder_date(l->start, date);
	if (t->program != NULL)
		fprintf(to, "%s%s\n", t->program, t->redact ||
		    t->arguments == NULL ? "" : t->arguments);
	if (t->recording != NULL && !t->redact)
		fprintf(to, "recorded in %s\n", t->recording);
	if (l->start != 0)
		fprintf(to, "begins at %s\n", date);
	fputs(t->redact ? "What is about patients was left out.\n" :
	    "This text may tell of patients.\n", to);
}

static void
streams(const struct ladder *l, FILE *to)
{
	const struct stream *s;
	size_t i;

	for (i = 0; i < l->streams_count && i < LADDER_STREAMS; i++) {
		s = &l->streams[i];
		fprintf(to, "connection %zu: %s > %s, %s%s%s", i + 1,
		    s->client, s->server, s->version[0] != '\0' ? s->version :
		    "no TLS handshake", s->suite[0] != '\0' ? ", " : "",
		    s->suite);
		if (s->again > 0)
			fprintf(to, ", %lu segment%s sent again", s->again,
			    s->again == 1 ? "" : "s");
		fputc('\n', to);
	}
	if (l->streams_count > i)
		fprintf(to, "and %zu more connections\n",
		    l->streams_count - i);
	if (l->streams_count == 0)
		fputs("There was no connection on these ports.\n", to);
}

static void
event(const struct ladder *l, const struct event *e, bool redact, FILE *to)
{
	int64_t since = e->time - l->start;

	fprintf(to, "%5lld.%06lld %3zu  %s  %-5s %s%s",
	    (long long)(since / 1000000000),
	    (long long)(since % 1000000000 / 1000), e->stream + 1,
	    e->from_client ? "-->" : "<--", layers[e->layer],
	    e->trouble ? "! " : "", e->text != NULL ? e->text : "");
	if (!redact && e->patient != NULL)
		fprintf(to, " [%s]", e->patient);
	fputc('\n', to);
}

void
ladder_text(const struct ladder *l, const struct ladder_title *title,
    FILE *to)
{
	size_t i;

	heading(l, title, to);
	streams(l, to);
	if (l->count > 0)
		fputs("\n     seconds  #       what  "
		    "(--> from who connected, ! what should not be)\n", to);
	for (i = 0; i < l->count; i++)
		event(l, &l->events[i], title->redact, to);
	if (l->left_out > 0)
		fprintf(to, "and %lu more, which tshark shows\n",
		    l->left_out);
}
