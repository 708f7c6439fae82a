/* SPDX-License-Identifier: Apache-2.0
 * store: changing several files of a folder as one step. */
#ifndef DICOMTLS_STORE_H
#define DICOMTLS_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/fail.h"

#define STORE_FILES 12		/* at most in one change */
#define STORE_NAME 48		/* bytes of a file's name, with the NUL */

/*
 * A change of a folder, under the folder's lock (flock(2) on ".lock", which
 * is there only meanwhile).  New contents are written beside the old
 * (".NAME.new"), fsynced, and named in a journal (".commit") whose appearance
 * by rename is the one moment at which the change happens.  Then the files
 * are renamed.  Whoever opens the folder next finishes a change that has its
 * journal and removes one that has not, so a crash, a kill or a full disk
 * leave the old files or the new ones.
 *
 * No statics: a fork in another thread inherits the lock's descriptor, but
 * store_close() unlocks it for both.
 */
struct store {
	const char *path;	/* the caller's */
	int dir, lock;		/* descriptors */
	size_t count;
	char names[STORE_FILES][STORE_NAME];
};

/*
 * Makes the folder PATH if it is missing (0755 for root, else 0700), checks
 * its owner, waits for the lock (30 s at most), and recovers.  0, or -errno
 * with the sentence in F and nothing held.  End with store_close().
 */
int store_open(struct store *s, const char *path, struct fail *f);

/*
 * Whether a change of the folder PATH was interrupted behind its journal, so
 * that somebody has to store_open() it before the files can be trusted.
 */
bool store_interrupted(const char *path);

/* Whether the file NAME exists. */
bool store_has(const struct store *s, const char *name);

/* Stages the new content of NAME with the final MODE, whatever the umask. */
int store_put(struct store *s, const char *name, const void *data, size_t len,
    mode_t mode, struct fail *f);

/* Stages NAME.bak to become what NAME is now; nothing if there is none. */
int store_keep(struct store *s, const char *name, struct fail *f);

/* Stages the removal of NAME, which may not exist. */
int store_drop(struct store *s, const char *name, struct fail *f);

/*
 * Makes what is staged happen.  0, or -errno; if the journal is there by
 * then, the change is finished by the next store_open().
 */
int store_commit(struct store *s, struct fail *f);

/* Drops what is staged and not committed; unlocks. */
void store_close(struct store *s);

#endif
