/* SPDX-License-Identifier: Apache-2.0
 * describe: certificates and keys in words: fingerprints, names, days. */
#ifndef DICOMTLS_DESCRIBE_H
#define DICOMTLS_DESCRIBE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/fail.h"

#define DESCRIBE_FP 65		/* bytes: SHA-256 in hexadecimal, and a NUL */

/*
 * SHA-256 of the certificate's SubjectPublicKeyInfo in DER (RFC 7469, 2.4),
 * in 64 lower-case hexadecimal digits: the fingerprint of pins, known_peers
 * and log lines.  It stays when a certificate is renewed with its key.
 * "" when OpenSSL fails.
 */
void describe_spki(X509 *cert, char out[DESCRIBE_FP]);

/* SHA-256 of the whole certificate in DER, likewise. */
void describe_cert(X509 *cert, char out[DESCRIBE_FP]);

/*
 * Reads a fingerprint as people write it: 64 hexadecimal digits in any case,
 * with or without colons, with or without "sha256:" or "sha256//" in front;
 * or 44 characters of base64 (curl's and HPKP's form).  OUT as above.  0, or
 * -EINVAL.
 */
int describe_parse_fp(const char *text, char out[DESCRIBE_FP]);

/* The subject or issuer, RFC 2253 with UTF-8 as it is; cut to SIZE. */
void describe_subject(X509 *cert, char *out, size_t size);
void describe_issuer(X509 *cert, char *out, size_t size);

/* The subjectAltNames, "DNS:a, IP:1.2.3.4"; "" without. */
void describe_names(X509 *cert, char *out, size_t size);

/* "RSA 2048", "EC P-256"; "unknown" for what OpenSSL cannot read. */
void describe_key(const EVP_PKEY *key, char *out, size_t size);

/* Begin and end of the validity in seconds since 1970. */
time_t describe_begin(X509 *cert);
time_t describe_end(X509 *cert);

/* Whole days from now until the end, rounded down; negative behind it. */
int describe_days(X509 *cert);

/* A time as "2026-11-24 15:04:05 UTC". */
void describe_time(time_t t, char *out, size_t size);

/*
 * Why CERT is too weak: an RSA key below MIN_RSA bits, an EC key below
 * MIN_EC (0: no limit), or, with WEAK_HASH false, a signature by MD5 or SHA-1
 * (of a self-signed certificate MD5 alone counts: nobody relies on its
 * signature).  True with a sentence without a subject in OUT ("has an RSA key
 * of 512 bits, …").
 */
bool describe_weak(X509 *cert, int min_rsa, int min_ec, bool weak_hash,
    char *out, size_t size);

/* Whether CERT is signed by its own key's name. */
bool describe_self_signed(X509 *cert);
/* Whether its key is an elliptic one for ECDSA. */
bool describe_elliptic(X509 *cert);

/* What is to be done about a certificate of ours that ends, as the end of a
 * sentence: who issued it decides. */
void describe_renewal(X509 *cert, char *buf, size_t size);

#endif
