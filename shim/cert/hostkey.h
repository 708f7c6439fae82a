/* SPDX-License-Identifier: Apache-2.0
 * hostkey: keys derived from this host, this user and the host secret. */
#ifndef DICOMTLS_HOSTKEY_H
#define DICOMTLS_HOSTKEY_H

#include "base/fail.h"
#include "cert/store.h"

#define HOSTKEY_FILE "host.secret"	/* in DICOMTLS_DIR, mode 0600 */
#define HOSTKEY_SIZE 32			/* bytes, of the secret and of a key */

/* Purposes. */
#define HOSTKEY_PASSWORD "dicomtls 1 key password"
#define HOSTKEY_SEAL "dicomtls 1 stored password"

/*
 * HKDF (RFC 5869) with SHA-256:
 *
 *	IKM  = the 32 bytes of host.secret (on Windows: which it holds, wrap.h)
 *	salt = MACHINE, the machine's id as text (hostid.h), without a NUL
 *	info = PURPOSE, one zero byte, USER as text (hostid.h), without a NUL
 *	L    = 32 bytes
 *
 * No host name has a part in it, for hosts are renamed.  Test vector, for the
 * secret 00 01 02 … 1f, machine "0123456789abcdef0123456789abcdef" and user
 * "1000":
 *
 *	"dicomtls 1 key password"	82d4bb73 15e87530 858e9310 a9837728
 *					3e38ce84 c9563a7a 61aece22 59db784b
 *	"dicomtls 1 stored password"	612aea90 5a3bb1ed efe28d7e 802cdc65
 *					51a89204 4cf531cc 292d8185 c6df1164
 *
 * The first in lower-case hexadecimal (64 digits) is the password of key.pem
 * and cert.p12, the second the AES-256-GCM key of the stored password.
 * 0, or -EIO when OpenSSL fails.
 */
int hostkey_hkdf(const char *purpose, const char *machine, const char *user,
    const unsigned char secret[HOSTKEY_SIZE], unsigned char out[HOSTKEY_SIZE]);

/*
 * The key for PURPOSE of this host, this user and DIR's host secret.  A secret
 * that is missing is made and staged in S; with S NULL that is -ENOENT.  OUT
 * is the caller's to wipe.  0, or -errno with the sentence in F.
 */
int hostkey_derive(const char *dir, const char *purpose, struct store *s,
    unsigned char out[HOSTKEY_SIZE], struct fail *f);

#endif
