/* SPDX-License-Identifier: Apache-2.0
 * ladder: who said what and when in a recording, message by message.
 *
 * tshark reads the recording; this makes a list of what it says of TCP, TLS
 * and DICOM (PS3.8 9.3, PS3.7 9.3 and E).  No locks. */
#ifndef DICOMTLS_LADDER_H
#define DICOMTLS_LADDER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/fail.h"

enum {
	LADDER_EVENTS = 2000,	/* the most that are kept; the rest counts */
	LADDER_STREAMS = 100,	/* the most connections that are listed */
	LADDER_PORTS = 64
};

enum layer { LAYER_TCP, LAYER_TLS, LAYER_DICOM };

struct event {
	int64_t time;		/* nanoseconds since the Epoch */
	size_t stream;		/* index */
	bool from_client;	/* by who connected */
	enum layer layer;
	bool trouble;		/* something that should not be */
	char *text;		/* nothing of a patient in it; UTF-8 */
	char *patient;		/* what may be about one, or NULL */
};

/* What one end of a connection has begun and not yet finished. */
struct half {
	bool spoke;		/* it sent something */
	bool ended;		/* it announced its end */
	size_t event;		/* of what follows, or LADDER_EVENTS */
	bool begun;		/* a data set, or data nobody can read */
	unsigned long long bytes;
	unsigned long parts;
};

struct stream {
	long index;		/* tshark's tcp.stream */
	char client[INET6_ADDRSTRLEN + 8], server[INET6_ADDRSTRLEN + 8];
	unsigned port;		/* the server's */
	char version[16], suite[64];	/* "" before a ServerHello */
	bool readable;		/* its secrets are there */
	bool answered;		/* the server sent something but RST */
	unsigned long again;	/* segments that were sent twice */
	struct half half[2];	/* by from_client */
};

struct ports {
	struct { uint16_t low, high; } range[LADDER_PORTS];
	size_t count;
};

struct ladder {
	struct event *events;
	size_t count;
	unsigned long left_out;	/* events that had no room */
	struct stream *streams;
	size_t streams_count;
	int64_t start;		/* of the first packet */
	bool memory;		/* there was too little */
	struct ports ports;	/* the others are not looked at */
	struct ladder_now *now;	/* where reading stands */
};

/* Whether PORT is one of them. */
bool ports_have(const struct ports *p, unsigned port);

/* Where a recording is. */
struct ladder_source {
	const char *path;	/* absolute */
	const char *folder;	/* a private one of the caller's, where tshark
				   runs, with an RSA key in any.pem: tshark
				   4.0 takes "this port is DICOM over TLS"
				   together with some RSA key alone */
	bool keylog;		/* the secrets are in folder/keys.log */
};

/*
 * Reads it.  0; -ENOENT without tshark; -errno; the sentence in F.  L->ports
 * must be set, all else zero; ladder_free() it in any case.
 */
int ladder_read(struct ladder *l, const struct ladder_source *src,
    struct fail *f);

void ladder_free(struct ladder *l);

/* The pieces that ladder_read is made of --------------------------------- */

/* The fields that tshark is asked for, in this order, up to NULL. */
extern const char *const ladder_fields[];

/* A packet: LINE has the fields between tabs, and is written to.  Its number,
 * or 0 when it is of no connection that counts. */
unsigned long ladder_packet(struct ladder *l, char *line);

/* A line of tshark's dissection (-V) of that packet, no line feed. */
void ladder_line(struct ladder *l, const char *line);

/* The packet's dissection has ended; the recording has. */
void ladder_packet_end(struct ladder *l);
void ladder_end(struct ladder *l);

/* What the summary says beside the ladder. */
struct ladder_title {
	const char *program;	/* "storescu", or NULL: read from a file */
	const char *arguments;	/* " HOST 2762 ...": may name a patient */
	const char *recording;	/* the file's name: may as well */
	bool redact;		/* leave out what may be about a patient */
};

/* Both write to TO; errors are in ferror(TO). */
void ladder_text(const struct ladder *l, const struct ladder_title *title,
    FILE *to);
void ladder_svg(const struct ladder *l, const struct ladder_title *title,
    FILE *to);

/* Makes S clean in place: UTF-8, no control characters, no change of the
 * writing direction; what is not becomes '?'. */
void ladder_clean(char *s);

/* "2026-11-24 18:07:26 UTC". */
void ladder_date(int64_t time, char text[32]);

#endif
