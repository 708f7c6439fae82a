/* SPDX-License-Identifier: Apache-2.0
 * pair: the files of an identity in DICOMTLS_DIR. */
#ifndef DICOMTLS_PAIR_H
#define DICOMTLS_PAIR_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/fail.h"
#include "cert/identity.h"
#include "cert/password.h"
#include "cert/store.h"

#define PAIR_CERT "cert.pem"	/* 0644: leaf, then its chain */
#define PAIR_KEY "key.pem"	/* 0600: PKCS#8, see pair_key_pem */
#define PAIR_P12 "cert.p12"	/* 0600: both, see pkcs12_make */

/*
 * Stages ID's three files in S, the key under PW; COMPAT as in pkcs12_make.
 * With KEEP the files of before stay as NAME.bak.  0 or -errno.
 */
int pair_put(struct store *s, const struct identity *id,
    const struct password *pw, bool compat, bool keep, struct fail *f);

/*
 * Appends KEY to OUT as PEM: "ENCRYPTED PRIVATE KEY" (PKCS#8, RFC 5958) by
 * PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA256, 1,000 iterations for a
 * derived password, which has 256 bits, and 100,000 for a person's; with PW
 * NULL "PRIVATE KEY".  0 or -errno.
 */
int pair_key_pem(EVP_PKEY *key, const struct password *pw, struct buf *out,
    struct fail *f);

/* Appends CERT and CHAIN (may be NULL) to OUT as PEM.  0 or -errno. */
int pair_certs_pem(X509 *cert, STACK_OF(X509) *chain, struct buf *out,
    struct fail *f);

#endif
