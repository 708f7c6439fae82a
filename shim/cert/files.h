/* SPDX-License-Identifier: Apache-2.0
 * files: reading the files of an identity, with a sentence for each that is
 * not what it should be. */
#ifndef DICOMTLS_FILES_H
#define DICOMTLS_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/fail.h"

#define FILES_MAX (1024 * 1024)	/* bytes; no chain is that long */

enum {
	/* In the folder that we write to: a symbolic link, or an owner other
	 * than this user or root, is refused.  Elsewhere an administrator
	 * chose the path: links are followed, a strange owner is warned of. */
	FILES_OWN = 1,
	/* A secret: others' right to read it is warned of. */
	FILES_SECRET = 2
};

/*
 * Appends the file PATH to OUT (buf_free wipes it).  WHAT names it in
 * sentences ("the key").  Never blocks on a FIFO.  0; -ENOENT when there is
 * none; or another -errno, OUT being as before; the sentence in F has REASON.
 * Takes no lock; log_warn for the warnings.
 */
int files_read(const char *path, const char *what, int flags, struct buf *out,
    enum reason reason, struct fail *f);

/* Warns, with log_warn, if the secret PATH (WHAT in sentences) can be read by
 * others. */
void files_warn_readable(const char *path, const char *what);

/*
 * Makes the new file NAME in the folder DIR (a descriptor, or AT_FDCWD) with
 * LEN bytes of DATA and, whatever the umask, MODE; fsynced.  0, or -errno and
 * no file.
 */
int files_create(int dir, const char *name, const void *data, size_t len,
    unsigned mode);

/*
 * Writes the file PATH, outside of DICOMTLS_DIR, with MODE: beside it
 * ("PATH.new"), fsynced, renamed.  -EEXIST when it is there already, unless
 * REPLACE.  0 or another -errno, with the sentence in F.
 */
int files_write(const char *path, const struct buf *data, unsigned mode,
    bool replace, struct fail *f);

/* Whether there is something at PATH, a dangling link too. */
bool files_there(const char *path);

/* Writes "DIR/NAME" to OUT of SIZE bytes; -ENAMETOOLONG if it does not fit. */
int files_join(char *out, size_t size, const char *dir, const char *name);

#endif
