/* SPDX-License-Identifier: Apache-2.0
 * issue: making keys and self-signed certificates. */
#ifndef DICOMTLS_ISSUE_H
#define DICOMTLS_ISSUE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <time.h>

#include "base/fail.h"
#include "cert/names.h"

#define ISSUE_KEY "rsa:2048"	/* what first use makes */
#define ISSUE_YEARS 5

/* The notAfter of a certificate made at NOW: ISSUE_YEARS calendar years later
 * in UTC, 29 February becoming 28 February where there is none. */
time_t issue_end(time_t now);

/*
 * A new key: "rsa:BITS" (2048 to 8192) or "ec:CURVE" (P-256, P-384, P-521).
 * NULL with the sentence in F.
 */
EVP_PKEY *issue_key(const char *spec, struct fail *f);

/*
 * A self-signed certificate (RFC 5280) for KEY, from now for DAYS days, or
 * with DAYS 0 until issue_end(): version 3, random serial, subject CN, the
 * names as subjectAltName, CA:FALSE, digitalSignature and with RSA
 * keyEncipherment, serverAuth and clientAuth, key identifiers.  NULL with the sentence in F.
 */
X509 *issue_cert(EVP_PKEY *key, const struct names *names, int days,
    struct fail *f);

/* The digest as strong as KEY, SHA-256 at least; NULL for keys that sign
 * without one (Ed25519). */
const EVP_MD *issue_digest(const EVP_PKEY *key);

/* The same subject and extensions as OLD (self-signed), new serial, new
 * validity, KEY.  NULL with the sentence in F. */
X509 *issue_again(X509 *old, EVP_PKEY *key, int days, struct fail *f);

#endif
