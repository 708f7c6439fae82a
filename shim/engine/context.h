/* SPDX-License-Identifier: Apache-2.0
 * context: an SSL_CTX for each rule and role, made once, renewed when the
 * certificate's files change. */
#ifndef DICOMTLS_CONTEXT_H
#define DICOMTLS_CONTEXT_H

#include <openssl/ssl.h>

#include "base/fail.h"
#include "policy/policy.h"

/*
 * The context for CONF and ROLE, with a reference for the caller
 * (SSL_CTX_free).  Changed files of the certificate, of the trusted CAs and of
 * the revocation lists are taken into use here; ones that cannot be used are
 * logged, and those of before stay.  NULL with the sentence in F.  Any thread.
 */
SSL_CTX *context_get(const struct tlsconf *conf, enum role role,
    struct fail *f);

#endif
