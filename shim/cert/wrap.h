/* SPDX-License-Identifier: Apache-2.0
 * wrap: how the host secret lies in its file; one source file per system. */
#ifndef DICOMTLS_WRAP_H
#define DICOMTLS_WRAP_H

#include <stddef.h>

#include "base/buf.h"
#include "base/fail.h"

/*
 * Linux keeps the secret as it is: the file's mode protects it.  Windows keeps
 * it encrypted for this user (DPAPI, CryptProtectData), so that neither a copy
 * of the disk nor an administrator's backup gives it away.
 */

/* Appends the LEN bytes of SECRET to OUT as the file is to have them.  0, or
 * -errno with the sentence in F. */
int wrap_secret(const unsigned char *secret, size_t len, struct buf *out,
    struct fail *f);

/* The other way: IN is the file PATH, which sentences name.  0, or -errno with
 * the sentence in F. */
int wrap_open(struct buf *in, const char *path, unsigned char *secret,
    size_t len, struct fail *f);

#endif
