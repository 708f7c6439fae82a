/* SPDX-License-Identifier: Apache-2.0
 * ladder, as a picture: SVG 1.1 that needs nothing but itself. */
#include <string.h>

#include "ladder.h"

enum {
	WIDTH = 1100, ROW = 30, LEFT = 160, RIGHT = 1040, MARGIN = 20,
	LINE = 18, LABEL = 108	/* characters between the two lines */
};

static const char *const colours[] = {
	[LAYER_TCP] = "#777777", [LAYER_TLS] = "#1b6e3c",
	[LAYER_DICOM] = "#1a3f7a",
};
static const char *const layers[] = {
	[LAYER_TCP] = "TCP", [LAYER_TLS] = "TLS", [LAYER_DICOM] = "DICOM",
};
#define TROUBLE "#b00020"

/* At most MOST characters of S, as XML wants them (XML 1.0 2.4); an ellipsis
 * where something is missing.  S is clean UTF-8. */
static void
put(FILE *to, const char *s, size_t most)
{
	size_t n = 0;

	for (; *s != '\0'; s++) {
		if ((*s & 0xc0) != 0x80 && n++ == most) {
			fputs("\xe2\x80\xa6", to);
			return;
		}
		switch (*s) {
		case '&':
			fputs("&amp;", to);
			break;
		case '<':
			fputs("&lt;", to);
			break;
		case '>':
			fputs("&gt;", to);
			break;
		case '"':
			fputs("&quot;", to);
			break;
		default:
			fputc(*s, to);
		}
	}
}

static void
text_begin(FILE *to, int x, int y, const char *more)
{
	fprintf(to, "<text x=\"%d\" y=\"%d\" %s>", x, y, more);
}

static int
heading(const struct ladder *l, const struct ladder_title *t, FILE *to)
{
	char date[32];
	int y = MARGIN + LINE;

	text_begin(to, MARGIN, y, "font-weight=\"bold\"");
	put(to, t->program != NULL ? t->program : "Recording", LABEL);
	if (!t->redact && t->arguments != NULL)
		put(to, t->arguments, LABEL);
	fputs("</text>\n", to);
	ladder_date(l->start, date);
	y += LINE;
	text_begin(to, MARGIN, y, "");
	fprintf(to, "%s%s. %s", l->start != 0 ? "Begins at " : "Nothing was "
	    "recorded", l->start != 0 ? date : "", t->redact ? "What is about "
	    "patients was left out." : "This picture may tell of patients.");
	fputs("</text>\n", to);
	return y + LINE / 2;
}

static void
streams(const struct ladder *l, FILE *to, int y)
{
	const struct stream *s;
	size_t i;

	for (i = 0; i < l->streams_count && i < LADDER_STREAMS; i++) {
		s = &l->streams[i];
		y += LINE;
		text_begin(to, MARGIN, y, "");
		fprintf(to, "%zu: ", i + 1);
		put(to, s->client, LABEL);
		fputs(" &gt; ", to);
		put(to, s->server, LABEL);
		fputs(", ", to);
		put(to, s->version[0] != '\0' ? s->version :
		    "no TLS handshake", LABEL);
		fputc(' ', to);
		put(to, s->suite, LABEL);
		fputs("</text>\n", to);
	}
	if (l->streams_count > i) {
		text_begin(to, MARGIN, y + LINE, "");
		fprintf(to, "and %zu more connections</text>\n",
		    l->streams_count - i);
	}
}

/* The two lines that the messages go between. */
static void
rails(FILE *to, int top, int bottom)
{
	fprintf(to, "<path d=\"M%d %dV%dM%d %dV%d\" stroke=\"#444444\" "
	    "stroke-width=\"2\"/>\n", LEFT, top, bottom, RIGHT, top, bottom);
	text_begin(to, LEFT, top - 6, "text-anchor=\"middle\"");
	fputs("who connected</text>\n", to);
	text_begin(to, RIGHT, top - 6, "text-anchor=\"middle\"");
	fputs("who accepted</text>\n", to);
}

static void
arrow(FILE *to, bool right, int y, const char *colour)
{
	int tip = right ? RIGHT - 1 : LEFT + 1;
	int back = right ? tip - 8 : tip + 8;

	fprintf(to, "<path d=\"M%d %dH%d\" stroke=\"%s\"/>"
	    "<path d=\"M%d %dL%d %dL%d %dz\" fill=\"%s\"/>\n", LEFT + 1, y,
	    RIGHT - 1, colour, tip, y, back, y - 4, back, y + 4, colour);
}

static void
event(const struct ladder *l, const struct event *e, bool redact, FILE *to,
    int y)
{
	const char *colour = e->trouble ? TROUBLE : colours[e->layer];
	const char *what = e->text != NULL ? e->text : "";
	bool patient = !redact && e->patient != NULL;
	int64_t since = e->time - l->start;

	fprintf(to, "<g><title>%s ", layers[e->layer]);
	put(to, what, SIZE_MAX);
	if (patient) {
		fputs("; ", to);
		put(to, e->patient, SIZE_MAX);
	}
	fputs("</title>", to);
	text_begin(to, MARGIN, y + 4, "");
	fprintf(to, "%lld.%06lld  %zu</text>", (long long)(since / 1000000000),
	    (long long)(since % 1000000000 / 1000), e->stream + 1);
	fprintf(to, "<text x=\"%d\" y=\"%d\" fill=\"%s\">", LEFT + 14, y - 5,
	    colour);
	fprintf(to, "%s  ", layers[e->layer]);
	put(to, what, LABEL);
	if (patient && strlen(what) < LABEL - 4) {
		fputs(" [", to);
		put(to, e->patient, LABEL - strlen(what) - 2);
		fputc(']', to);
	}
	fputs("</text>", to);
	arrow(to, e->from_client, y, colour);
	fputs("</g>\n", to);
}

void
ladder_svg(const struct ladder *l, const struct ladder_title *title, FILE *to)
{
	int listed = l->streams_count < LADDER_STREAMS ?
	    (int)l->streams_count : LADDER_STREAMS + 1;
	int top = MARGIN + (listed + 5) * LINE;
	int bottom = top + ((int)l->count + 1) * ROW;
	int y;
	size_t i;

	fprintf(to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
	    "height=\"%d\" viewBox=\"0 0 %d %d\" font-size=\"12\" "
	    "font-family=\"monospace\" xml:space=\"preserve\">\n"
	    "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
	    WIDTH, bottom + 3 * LINE, WIDTH, bottom + 3 * LINE);
	y = heading(l, title, to);
	streams(l, to, y);
	rails(to, top, bottom);
	for (i = 0; i < l->count; i++)
		event(l, &l->events[i], title->redact, to,
		    top + ((int)i + 1) * ROW);
	if (l->left_out > 0) {
		text_begin(to, LEFT, bottom + LINE, "");
		fprintf(to, "and %lu more messages</text>\n", l->left_out);
	}
	fputs("</svg>\n", to);
}
