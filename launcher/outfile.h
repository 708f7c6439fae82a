/* SPDX-License-Identifier: Apache-2.0
 * outfile: files that appear whole, for their owner alone, and replace nothing
 * unasked. */
#ifndef DICOMTLS_OUTFILE_H
#define DICOMTLS_OUTFILE_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/fail.h"

struct outfile {
	char path[PATH_MAX];	/* "": none is wanted */
	char made[PATH_MAX];	/* what is being written, or "" */
	bool held;		/* an empty file keeps the name for us */
	bool stream;		/* no regular file: written to as it is */
};

/*
 * Sees to it that PATH can be written, and keeps its name by an empty file of
 * mode 0600 until outfile_done or outfile_drop.  A file that exists is refused
 * unless FORCE.  0, or -errno with the sentence in F.
 */
int outfile_hold(struct outfile *o, const char *path, bool force,
    struct fail *f);

/* Opens what will become the file.  NULL with the sentence in F. */
FILE *outfile_open(struct outfile *o, struct fail *f);

/* Closes TO, which outfile_open gave, and puts it in place.  0, or -errno with
 * the sentence in F; then nothing of it is left. */
int outfile_close(struct outfile *o, FILE *to, struct fail *f);

/* The same for a file that somebody else has made, at FROM in the same file
 * system. */
int outfile_take(struct outfile *o, const char *from, struct fail *f);

/* Gives the name back if nothing came of it. */
void outfile_drop(struct outfile *o);

#endif
