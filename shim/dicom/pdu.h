/* SPDX-License-Identifier: Apache-2.0
 * pdu: where a DICOM PDU begins and ends (PS3.8, 9.3), and the AE titles of an
 * A-ASSOCIATE-RQ. */
#ifndef DICOMTLS_PDU_H
#define DICOMTLS_PDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Follows one direction of a connection.  All zero is the beginning of the
 * stream.  A stream that does not begin as DICOM's do (A-ASSOCIATE-RQ one way;
 * -AC, -RJ or A-ABORT the other) is some other protocol, and so is one that
 * leaves the track: nothing is known of its boundaries then.
 */
struct pdu {
	uint32_t left;		/* bytes of the body still to come */
	uint8_t head[6];	/* type, reserved, length (big endian) */
	uint8_t have;		/* how many of head are there */
	uint8_t item[6];	/* a P-DATA-TF's first: length, context,
				   message control header (PS3.8, E.2) */
	uint8_t seen;		/* how many of item are there */
	bool begun;		/* the first PDU's header was seen */
	bool other;		/* not DICOM */
};

/* LEN more bytes went by. */
void pdu_feed(struct pdu *p, const void *data, size_t len);

/* Whether the stream is DICOM so far and stands inside a PDU. */
static inline bool
pdu_inside(const struct pdu *p)
{
	return !p->other && (p->have > 0 || p->left > 0);
}

/* How many bytes of the PDU that the stream stands inside of went by. */
size_t pdu_begun(const struct pdu *p);

/*
 * Whether the last LEN bytes that were fed are of no use to the receiver before
 * more of them come: they are all of one PDU that is not whole, or of one that
 * carries nothing but a fragment which is not its message's last (PS3.8, E.2).
 */
bool pdu_needs_more(const struct pdu *p, size_t len);

/*
 * Reads the AE titles of an A-ASSOCIATE-RQ (PS3.8, table 9-11) that begins at
 * DATA, blanks trimmed, unprintable bytes as '?'.  False if it is none, or
 * if it is shorter than its titles' end (42 bytes).
 */
bool pdu_titles(const void *data, size_t len, char called[17],
    char calling[17]);

#endif
