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

/* Sets what is particular to this session: the name to be checked. */
void verify_setup(struct engine *e);

#endif
