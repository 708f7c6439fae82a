/* SPDX-License-Identifier: Apache-2.0
 * sniff: whether a peer's first bytes are TLS, and the sentence if not. */
#ifndef DICOMTLS_SNIFF_H
#define DICOMTLS_SNIFF_H

#include <stddef.h>

#include "base/fail.h"
#include "policy/policy.h"

/* LEN > 0 bytes at DATA are the first that PEER sent to us as ROLE; PORT is
 * ours.  0, or -EPROTO with the sentence in F. */
int sniff_first(enum role role, const char *peer, int port,
    const unsigned char *data, size_t len, struct fail *f);

#endif
