/* SPDX-License-Identifier: Apache-2.0
 * pkcs12: reading and making PKCS#12 (RFC 7292). */
#ifndef DICOMTLS_PKCS12_H
#define DICOMTLS_PKCS12_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <stdbool.h>

#include "base/buf.h"
#include "base/fail.h"
#include "cert/load.h"
#include "cert/password.h"

/* load_parse() for a PKCS#12; the leaf comes first in OUT->certs. */
int pkcs12_parse(const struct buf *in, const char *name, int wanted,
    const struct passwords *pws, struct load *out, struct fail *f);

/*
 * Appends a PKCS#12 of CERT, KEY and CHAIN (may be NULL) under PASSWORD to
 * OUT: AES-256-CBC with PBKDF2 and a SHA-256 MAC, or with COMPAT
 * PBE-SHA1-3DES and a SHA-1 MAC, which Windows Server 2016 and older can read.
 * 0, or -errno with the sentence in F.
 */
int pkcs12_make(X509 *cert, EVP_PKEY *key, STACK_OF(X509) *chain,
    const struct password *pw, bool compat, struct buf *out, struct fail *f);

#endif
