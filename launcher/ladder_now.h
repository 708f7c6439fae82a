/* SPDX-License-Identifier: Apache-2.0
 * ladder, inside: where reading stands; for the ladder's own files. */
#ifndef DICOMTLS_LADDER_NOW_H
#define DICOMTLS_LADDER_NOW_H

#include "ladder.h"

enum { LADDER_TEXT = 400 };	/* the longest text of an event */

enum section { SECTION_OTHER, SECTION_TLS, SECTION_DICOM };

/* The elements of a command set that are told, PS3.7 E.1. */
struct command_set {
	char name[32], id[12], class[LADDER_TEXT / 4], status[80];
	char instance[72], destination[20], comment[80];
	char remaining[8], completed[8], failed[8], warned[8];
};

struct pdu {
	unsigned type;		/* 0: none is open */
	char called[20], calling[20];
	char contexts[LADDER_TEXT / 2];	/* the first names */
	unsigned count, accepted, told;	/* presentation contexts */
	char implementation[80];
	char result[40], source[60], reason[60];
};

struct pdv {
	bool open, told;	/* told: its flags were read */
	unsigned flags;		/* PS3.8 E.2: 1 command, 2 last */
	unsigned long length;
	char context[LADDER_TEXT / 2];
	struct command_set command;
	char patient[80], patient_id[80];
};

struct ladder_now {
	unsigned long number;	/* of the packet */
	int64_t time;
	struct stream *stream;
	bool from_client;
	unsigned flags;		/* of TCP */
	unsigned long len;
	enum section section;
	bool tls, records;	/* TLS dissected it; and found records */
	bool unreadable;	/* the record at hand holds data */
	bool hello;		/* a ServerHello is at hand */
	bool alarm;		/* the alert is no close_notify */
	char alert[80];
	char handshake[LADDER_TEXT / 2];
	struct pdu pdu;
	struct pdv pdv;
};

/* An event of now; its index, LADDER_EVENTS without room.  PATIENT: NULL or
 * "" for nothing. */
size_t ladder_add(struct ladder *l, enum layer layer, bool trouble,
    const char *text, const char *patient);

/* Writes that event's texts anew, if it has room. */
void ladder_change(struct ladder *l, size_t event, bool trouble,
    const char *text, const char *patient);

/* Appends to TO as far as SIZE allows. */
void ladder_append(char *to, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* What stands behind START in LINE, or NULL. */
const char *ladder_behind(const char *line, const char *start);

/* Counts data that nobody can read, or that belongs to a data set. */
void ladder_gather(struct ladder *l, enum layer layer, unsigned long bytes);

void ladder_tls_line(struct ladder *l, const char *line);
void ladder_tls_end(struct ladder *l);
void ladder_alert_end(struct ladder *l);
void ladder_dicom_line(struct ladder *l, const char *line);
void ladder_dicom_end(struct ladder *l);

/* Says that what HALF began was all there is. */
void ladder_half_end(struct ladder *l, struct half *half, bool whole,
    const char *patient);

#endif
