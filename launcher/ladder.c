/* SPDX-License-Identifier: Apache-2.0
 * ladder: who said what and when in a recording, message by message. */
#include "ladder.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ladder_now.h"

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };	/* RFC 9293 3.1 */

const char *const ladder_fields[] = {
	"frame.number", "frame.time_epoch", "tcp.stream", "ip.src",
	"ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport",
	"tcp.flags", "tcp.len", "tcp.analysis.retransmission", NULL,
};

enum field { F_NUMBER, F_TIME, F_STREAM, F_SRC, F_SRC6, F_SPORT, F_DST,
	F_DST6, F_DPORT, F_FLAGS, F_LEN, F_AGAIN, FIELDS };

bool
ports_have(const struct ports *p, unsigned port)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (port >= p->range[i].low && port <= p->range[i].high)
			return true;
	return false;
}

/* Words ------------------------------------------------------------------- */

void
ladder_append(char *to, size_t size, const char *fmt, ...)
{
	size_t len = strlen(to);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(to + len, size - len, fmt, ap);
	va_end(ap);
}

const char *
ladder_behind(const char *line, const char *start)
{
	size_t len = strlen(start);

	return strncmp(line, start, len) == 0 ? line + len : NULL;
}

/* Characters that change what stands around them: RFC 3629 has no others
 * than these to fear, Unicode's bidirectional controls among them. */
static bool
harmful(unsigned long c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c ||
	    (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2060 && c <= 0x2069) || (c >= 0xd800 && c <= 0xdfff) ||
	    c == 0xfeff || (c & 0xfffe) == 0xfffe || c > 0x10ffff;
}

/* The length of the UTF-8 character at S if it may stay, else 0. */
static size_t
character(const unsigned char *s)
{
	static const unsigned long least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t i, len = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ?
	    3 : s[0] >= 0xc2 ? 2 : 0;
	unsigned long c = len == 1 ? s[0] : s[0] & (0x7f >> len);

	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	return len == 0 || c < least[len] || harmful(c) ? 0 : len;
}

void
ladder_clean(char *s)
{
	size_t len;

	for (; *s != '\0'; s += len) {
		len = character((const unsigned char *)s);
		if (len == 0) {
			*s = '?';
			len = 1;
		}
	}
}

void
ladder_date(int64_t when, char text[32])
{
	time_t seconds = (time_t)(when / 1000000000);
	struct tm tm;

	strcpy(text, "an unknown time");
	if (gmtime_r(&seconds, &tm) != NULL)
		strftime(text, 32, "%Y-%m-%d %H:%M:%S UTC", &tm);
}

/* Events ------------------------------------------------------------------ */

static char *
clean_copy(const char *text)
{
	char *copy = text != NULL && *text != '\0' ? strdup(text) : NULL;

	if (copy != NULL)
		ladder_clean(copy);
	return copy;
}

static bool
room(struct ladder *l)
{
	struct event *more;

	if (l->count >= LADDER_EVENTS || l->memory)
		return false;
	if (l->events == NULL) {
		more = calloc(LADDER_EVENTS, sizeof *more);
		l->events = more;
		l->memory = more == NULL;
	}
	return l->events != NULL;
}

size_t
ladder_add(struct ladder *l, enum layer layer, bool trouble,
    const char *text, const char *patient)
{
	const struct ladder_now *now = l->now;
	struct event *e;

	if (!room(l)) {
		l->left_out++;
		return LADDER_EVENTS;
	}
	e = &l->events[l->count];
	*e = (struct event){ .time = now->time, .layer = layer,
		.stream = (size_t)(now->stream - l->streams),
		.from_client = now->from_client };
	ladder_change(l, l->count, trouble, text, patient);
	return l->count++;
}

void
ladder_change(struct ladder *l, size_t event, bool trouble,
    const char *text, const char *patient)
{
	struct event *e = &l->events[event];

	if (event >= LADDER_EVENTS)
		return;
	free(e->text);
	free(e->patient);
	e->trouble = trouble;
	e->text = clean_copy(text);
	e->patient = clean_copy(patient);
	if (e->text == NULL)
		l->memory = true;
}

void
ladder_free(struct ladder *l)
{
	size_t i;

	for (i = 0; i < l->count; i++) {
		free(l->events[i].text);
		free(l->events[i].patient);
	}
	free(l->events);
	free(l->streams);
	free(l->now);
	memset(l, 0, sizeof *l);
}

/* Data that takes several packets ----------------------------------------- */

void
ladder_gather(struct ladder *l, enum layer layer, unsigned long bytes)
{
	struct half *half = &l->now->stream->half[l->now->from_client];

	if (!half->begun) {
		half->begun = true;
		half->event = ladder_add(l, layer, false,
		    layer == LAYER_DICOM ? "data set" : "data", NULL);
	}
	half->bytes += bytes;
	half->parts++;
}

void
ladder_half_end(struct ladder *l, struct half *half, bool whole,
    const char *patient)
{
	char text[LADDER_TEXT] = "";
	bool dicom;

	if (!half->begun)
		return;
	dicom = half->event < LADDER_EVENTS &&
	    l->events[half->event].layer == LAYER_DICOM;
	if (dicom)
		ladder_append(text, sizeof text, "%s, %llu bytes in %lu "
		    "fragment%s", whole ? "data set" : "data set that never "
		    "ends", half->bytes, half->parts,
		    half->parts == 1 ? "" : "s");
	else
		ladder_append(text, sizeof text, "data without the secrets "
		    "to read it, %llu bytes in %lu record%s", half->bytes,
		    half->parts, half->parts == 1 ? "" : "s");
	ladder_change(l, half->event, dicom && !whole, text, patient);
	half->begun = false;
	half->bytes = half->parts = 0;
}

/* Packets ----------------------------------------------------------------- */

static int64_t
nanoseconds(const char *s)
{
	long long seconds = strtoll(s, (char **)&s, 10);
	int64_t part = 0;
	int digits = 0;

	if (*s == '.')
		for (s++; digits < 9; digits++)
			part = part * 10 +
			    (*s >= '0' && *s <= '9' ? *s++ - '0' : 0);
	return (int64_t)seconds * 1000000000 + part;
}

static struct stream *
find_stream(struct ladder *l, long index)
{
	size_t i;

	/* The latest are the likeliest. */
	for (i = l->streams_count; i-- > 0;)
		if (l->streams[i].index == index)
			return &l->streams[i];
	return NULL;
}

static struct stream *
new_stream(struct ladder *l, char *f[FIELDS], bool from_client)
{
	const char *src = *f[F_SRC] != '\0' ? f[F_SRC] : f[F_SRC6];
	const char *dst = *f[F_DST] != '\0' ? f[F_DST] : f[F_DST6];
	struct stream *s = reallocarray(l->streams, l->streams_count + 1,
	    sizeof *s);
	const char *port = from_client ? f[F_DPORT] : f[F_SPORT];
	char *source, *target;

	if (s == NULL) {
		l->memory = true;
		return NULL;
	}
	l->streams = s;
	s += l->streams_count++;
	memset(s, 0, sizeof *s);
	s->index = atol(f[F_STREAM]);
	s->port = (unsigned)strtoul(port, NULL, 10);
	source = from_client ? s->client : s->server;
	target = from_client ? s->server : s->client;
	snprintf(source, sizeof s->client, strchr(src, ':') != NULL ?
	    "[%.46s]:%.5s" : "%.46s:%.5s", src, f[F_SPORT]);
	snprintf(target, sizeof s->client, strchr(dst, ':') != NULL ?
	    "[%.46s]:%.5s" : "%.46s:%.5s", dst, f[F_DPORT]);
	return s;
}

/* Who connected: SYN tells; without it (it was recorded too late) the port. */
static bool
is_from_client(const struct ladder *l, char *f[FIELDS], unsigned flags)
{
	if (flags & SYN)
		return (flags & ACK) == 0;
	return ports_have(&l->ports, (unsigned)atoi(f[F_DPORT]));
}

static struct stream *
stream_of(struct ladder *l, char *f[FIELDS], unsigned flags)
{
	struct stream *s = find_stream(l, atol(f[F_STREAM]));

	if (s == NULL && *f[F_STREAM] != '\0' &&
	    (ports_have(&l->ports, (unsigned)atoi(f[F_SPORT])) ||
	    ports_have(&l->ports, (unsigned)atoi(f[F_DPORT]))))
		s = new_stream(l, f, is_from_client(l, f, flags));
	return s;
}

static bool
split(char *line, char *f[FIELDS])
{
	int i;

	for (i = 0; i < FIELDS; i++) {
		f[i] = strsep(&line, "\t");
		if (f[i] == NULL)
			return false;
	}
	f[F_AGAIN][strcspn(f[F_AGAIN], "\r\n")] = '\0';
	return true;
}

unsigned long
ladder_packet(struct ladder *l, char *line)
{
	struct ladder_now *now = l->now;
	char *f[FIELDS], sender[sizeof now->stream->client];
	const char *src;

	if (now == NULL)
		now = l->now = calloc(1, sizeof *now);
	if (now == NULL || !split(line, f)) {
		l->memory |= now == NULL;
		return 0;
	}
	memset(now, 0, sizeof *now);
	now->flags = (unsigned)strtoul(f[F_FLAGS], NULL, 16);
	now->stream = stream_of(l, f, now->flags);
	if (now->stream == NULL)
		return 0;
	now->number = strtoul(f[F_NUMBER], NULL, 10);
	now->time = nanoseconds(f[F_TIME]);
	now->len = strtoul(f[F_LEN], NULL, 10);
	if (l->start == 0)
		l->start = now->time;
	/* Several interfaces may be a little out of order. */
	if (now->time < l->start)
		now->time = l->start;
	src = *f[F_SRC] != '\0' ? f[F_SRC] : f[F_SRC6];
	snprintf(sender, sizeof sender, strchr(src, ':') != NULL ?
	    "[%.46s]:%.5s" : "%.46s:%.5s", src, f[F_SPORT]);
	now->from_client = strcmp(sender, now->stream->client) == 0;
	if (*f[F_AGAIN] != '\0')
		now->stream->again++;
	if (now->flags & SYN)
		ladder_add(l, LAYER_TCP, false, now->flags & ACK ?
		    "accepted" : *f[F_AGAIN] != '\0' ? "connect, again" :
		    "connect", NULL);
	return now->number;
}

void
ladder_line(struct ladder *l, const char *line)
{
	struct ladder_now *now = l->now;

	if (*line != ' ' && *line != '\0') {
		now->section = SECTION_OTHER;
		if (ladder_behind(line, "Transport Layer Security"))
			now->section = SECTION_TLS;
		else if (ladder_behind(line, "DICOM"))
			now->section = SECTION_DICOM;
		if (now->section == SECTION_TLS)
			now->tls = true;
		return;
	}
	if (now->section == SECTION_TLS)
		ladder_tls_line(l, line);
	else if (now->section == SECTION_DICOM)
		ladder_dicom_line(l, line);
}

/* The end of one side, or of both.  A reset behind an end is the kernel's way
 * to say that nobody reads any more. */
static void
closing(struct ladder *l)
{
	struct ladder_now *now = l->now;
	struct stream *s = now->stream;
	struct half *half = &s->half[now->from_client];

	if (now->flags & RST) {
		ladder_add(l, LAYER_TCP, !s->half[0].ended &&
		    !s->half[1].ended, s->answered ?
		    "RST: the connection is reset" :
		    "RST: refused, nobody listens there", NULL);
		half->ended = true;
	} else if (now->flags & FIN) {
		ladder_add(l, LAYER_TCP, false, half->ended ? "FIN, again" :
		    "FIN: the end of what is sent", NULL);
		half->ended = true;
	}
}

void
ladder_packet_end(struct ladder *l)
{
	struct ladder_now *now = l->now;
	struct half *half = &now->stream->half[now->from_client];
	char text[80];

	ladder_tls_end(l);
	ladder_dicom_end(l);
	ladder_alert_end(l);
	if (now->tls && !now->records && now->len > 0 && !half->spoke) {
		snprintf(text, sizeof text, "%lu bytes that are not TLS",
		    now->len);
		ladder_add(l, LAYER_TCP, true, text, NULL);
		half->spoke = true;
	}
	half->spoke |= now->records;
	now->stream->answered |= !now->from_client && !(now->flags & RST);
	closing(l);
}

void
ladder_end(struct ladder *l)
{
	size_t i;

	for (i = 0; i < l->streams_count; i++) {
		ladder_half_end(l, &l->streams[i].half[0], false, NULL);
		ladder_half_end(l, &l->streams[i].half[1], false, NULL);
	}
}
