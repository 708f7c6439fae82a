/* SPDX-License-Identifier: Apache-2.0
 * verify: whether the peer's certificate is good enough: by CA, pin or first
 * use. */
#ifndef DICOMTLS_VERIFY_H
#define DICOMTLS_VERIFY_H

#include <openssl/ssl.h>

#include "engine/session.h"

/* Loads trust anchors and CRLs, sets the mode.  0, or -errno and F. */
int verify_context(SSL_CTX *ctx, const struct tlsconf *conf, enum role role,
    struct fail *f);

/* Sets what is particular to this session: the name to be checked.  0, or
 * -errno: it must not go on, for the name would not be checked. */
int verify_setup(struct engine *e);

/*
 * The handshake is over, the peer has proved that it owns its key: remembers
 * a key of first use.  0, or -errno and E's sentence (it cannot be written
 * down, or another process met the peer with another key).
 */
int verify_finish(struct engine *e);

#endif
