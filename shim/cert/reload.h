/* SPDX-License-Identifier: Apache-2.0
 * reload: an identity whose files change while the program runs, or whose
 * certificate comes to its end. */
#ifndef DICOMTLS_RELOAD_H
#define DICOMTLS_RELOAD_H

#include <stdbool.h>

#include "cert/identity.h"
#include "policy/policy.h"

/*
 * What the files of CONF's identity looked like (stat(2)), to notice a
 * change: take one before identity_load and compare at later handshakes.
 * Two system calls.  A missing file is all zero.
 */
struct reload_file {
	unsigned long long dev, ino, size;
	long long mtime, ctime;	/* ns */
};

struct reload_stamp {
	struct reload_file file[2];	/* certificate, key */
};

void reload_stamp(const struct tlsconf *conf, struct reload_stamp *st);
bool reload_same(const struct reload_stamp *a,
    const struct reload_stamp *b);

/*
 * Loads CONF's identity anew if its files no longer look like ST; makes none
 * when they are gone (somebody may be about to put new ones there).  1: ID is
 * the new one (the old is freed).  0: nothing new.  -errno: the new files
 * cannot be used, which is logged as an error; ID is the old one and stays
 * good.  ST becomes what the files look like, so that a bad pair is reported
 * once and tried again when it changes.
 */
int reload_identity(const struct tlsconf *conf, struct identity *id,
    struct reload_stamp *st);

/* The steps of the warning: days before the end. */
#define RELOAD_WARN_DAYS { 60, 30, 7, 0 }

/*
 * Logs that ID (of the file PATH) ends soon, has ended, or is not yet valid:
 * once for each step.  *SAID is 0 at first and remembers the step; callers
 * share it between threads at the price of a double line.
 */
void reload_warn_expiry(const struct identity *id, const char *path,
    int *said);

#endif
