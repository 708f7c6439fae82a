/* SPDX-License-Identifier: Apache-2.0
 * seal: a short secret as one line of text, under AES-256-GCM. */
#ifndef DICOMTLS_SEAL_H
#define DICOMTLS_SEAL_H

#include <stddef.h>

#include "base/buf.h"

/* The first word of a sealed line, and its additional data. */
#define SEAL_WORD "dicomtls-password-1"

/* Bytes of a line that seals LEN bytes: word, space, base64, newline, NUL. */
#define SEAL_SIZE(len) (sizeof SEAL_WORD + ((len) + 28 + 2) / 3 * 4 + 3)

/*
 * "dicomtls-password-1 BASE64(nonce 12 bytes, ciphertext, tag 16 bytes)\n"
 * with a random nonce (NIST SP 800-38D, 8.2.2).  0; -EMSGSIZE when OUT is too
 * small; -EIO when OpenSSL fails.
 */
int seal_close(const unsigned char key[32], const void *data, size_t len,
    char *out, size_t size);

/*
 * The reverse.  *LEN bytes into OUT, which the caller wipes.  0; -EINVAL when
 * IN is no such line or too long for OUT; -EACCES when KEY is another.
 */
int seal_open(const unsigned char key[32], const struct buf *in,
    unsigned char *out, size_t size, size_t *len);

#endif
