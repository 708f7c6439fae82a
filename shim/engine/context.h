/* SPDX-License-Identifier: Apache-2.0
 * context: an SSL_CTX for each rule and role, made once, renewed when the
 * certificate's files change. */
#ifndef DICOMTLS_CONTEXT_H
#define DICOMTLS_CONTEXT_H

#include <openssl/ssl.h>

#include "base/fail.h"
#include "policy/policy.h"

/*
 * The context for CONF and ROLE; it is the cache's, SSL_new takes a reference
 * of its own.  NULL with the sentence in F.  One thread at a time.
 */
SSL_CTX *context_get(const struct tlsconf *conf, enum role role,
    struct fail *f);

#endif
