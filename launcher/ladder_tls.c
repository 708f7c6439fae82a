/* SPDX-License-Identifier: Apache-2.0
 * ladder, TLS: what tshark says of records (RFC 8446 5.1, RFC 5246 6.2.1). */
#include <stdlib.h>
#include <string.h>

#include "ladder_now.h"

/* An alert ends what was before it, DICOM's messages too. */
void
ladder_alert_end(struct ladder *l)
{
	struct ladder_now *now = l->now;

	if (now->alert[0] != '\0')
		ladder_add(l, LAYER_TLS, now->alarm, now->alert, NULL);
	now->alert[0] = '\0';
}

/* An event of the handshake messages that came in one packet. */
void
ladder_tls_end(struct ladder *l)
{
	struct ladder_now *now = l->now;
	const struct stream *s = now->stream;
	char text[LADDER_TEXT] = "";

	if (now->handshake[0] != '\0') {
		ladder_append(text, sizeof text, "%s", now->handshake);
		if (now->hello)
			ladder_append(text, sizeof text, " (%s, %s)",
			    s->version, s->suite);
		ladder_add(l, LAYER_TLS, false, text, NULL);
	}
	now->handshake[0] = '\0';
	now->hello = false;
}

/* "Alert (Level: Fatal, Description: Unknown CA)", "Encrypted Alert". */
static void
alert(struct ladder_now *now, const char *words)
{
	const char *level = strstr(words, "Level: ");
	const char *what = strstr(words, "Description: ");

	if (level == NULL || what == NULL) {
		snprintf(now->alert, sizeof now->alert,
		    "alert that cannot be read");
		return;
	}
	what += strlen("Description: ");
	now->alarm = strncmp(what, "Close Notify", 12) != 0;
	snprintf(now->alert, sizeof now->alert, now->alarm ?
	    "alert: %.*s (%.*s)" : "close_notify", (int)strcspn(what, ")"),
	    what, (int)strcspn(level + 7, ","), level + 7);
}

static void
record(struct ladder *l, const char *words)
{
	struct ladder_now *now = l->now;

	now->records = true;
	now->unreadable = false;
	if (strstr(words, "Alert") != NULL)
		alert(now, words);
	else if (ladder_behind(words, "Application Data") != NULL)
		now->unreadable = !now->stream->readable;
}

/* The messages' names are gathered: "Server Hello, Certificate". */
static void
handshake(struct ladder *l, const char *name)
{
	struct ladder_now *now = l->now;
	size_t len = strcspn(name, "(");

	/* A message in several records is named with the last. */
	if (strstr(name, "(fragment)") != NULL)
		return;
	while (len > 0 && name[len - 1] == ' ')
		len--;
	ladder_append(now->handshake, sizeof now->handshake, "%s%.*s",
	    now->handshake[0] != '\0' ? ", " : "", (int)len, name);
	now->stream->readable |= ladder_behind(name, "Finished") != NULL;
	now->hello |= ladder_behind(name, "Server Hello") != NULL &&
	    ladder_behind(name, "Server Hello Done") == NULL;
}

/* "TLS 1.3 (0x0304)", "TLS_AES_128_GCM_SHA256 (0x1301)". */
static void
keep(char *to, size_t size, const char *words)
{
	size_t len = strcspn(words, "(");

	while (len > 0 && words[len - 1] == ' ')
		len--;
	snprintf(to, size, "%.*s", (int)len, words);
}

static void
server_hello(struct stream *s, const char *line)
{
	const char *words;

	if ((words = ladder_behind(line, "            Version: ")) != NULL ||
	    (words = ladder_behind(line,
	    "                Supported Version: ")) != NULL)
		keep(s->version, sizeof s->version, words);
	else if ((words = ladder_behind(line,
	    "            Cipher Suite: ")) != NULL)
		keep(s->suite, sizeof s->suite, words);
}

/* Data that cannot be read; an answer to it makes a new event. */
static void
unreadable(struct ladder *l, unsigned long bytes)
{
	struct ladder_now *now = l->now;

	ladder_tls_end(l);
	ladder_half_end(l, &now->stream->half[!now->from_client], true, NULL);
	ladder_gather(l, LAYER_TLS, bytes);
	now->unreadable = false;
}

void
ladder_tls_line(struct ladder *l, const char *line)
{
	struct ladder_now *now = l->now;
	const char *words;

	if (line[4] != ' ') {
		words = strstr(line, " Record Layer: ");
		if (words != NULL)
			record(l, words + strlen(" Record Layer: "));
	} else if ((words = ladder_behind(line,
	    "        Handshake Protocol: ")) != NULL)
		handshake(l, words);
	else if (now->unreadable && (words = ladder_behind(line,
	    "        Length: ")) != NULL)
		unreadable(l, strtoul(words, NULL, 10));
	else if (now->hello)
		server_hello(now->stream, line);
}
