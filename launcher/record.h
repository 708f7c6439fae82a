/* SPDX-License-Identifier: Apache-2.0
 * record: dumpcap as a child that records ports. */
#ifndef DICOMTLS_RECORD_H
#define DICOMTLS_RECORD_H

#include "base/fail.h"
#include "ladder.h"
#include "tool.h"

struct record {
	struct tool tool;	/* pid 0: it has ended */
	const char *folder;	/* where raw.pcapng is */
	char said[8192];	/* the end of what it said */
	size_t len;
	unsigned long packets;	/* so far, as it tells */
	int status;		/* exit status, once it has ended */
};

#define RECORD_FILE "raw.pcapng"

/*
 * Records PORTS on INTERFACE into RECORD_FILE in FOLDER, which must outlive
 * R.  Returns when the interface is open: what is sent from then on is in the
 * recording.  0, or -errno with the sentence in F.
 */
int record_start(struct record *r, const char *interface,
    const struct ports *ports, const char *folder, struct fail *f);

/* Takes in what it says, without waiting. */
void record_hear(struct record *r);

/* It was reaped with this exit status (tool_status). */
void record_ended(struct record *r, int status);

/* Bytes in the file so far. */
long long record_size(const struct record *r);

/*
 * Ends it when the last packets have been written.  0; -EIO with the sentence
 * in F when it had ended by itself or could not write.
 */
int record_stop(struct record *r, struct fail *f);

/* How many packets the kernel says were lost. */
unsigned long record_lost(const struct record *r);

#endif
