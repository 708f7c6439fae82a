/* SPDX-License-Identifier: Apache-2.0
 * password: the password of our private key: given, stored, or derived from
 * this host and user. */
#ifndef DICOMTLS_PASSWORD_H
#define DICOMTLS_PASSWORD_H

#include <stddef.h>

#include "base/fail.h"
#include "cert/store.h"
#include "policy/policy.h"

#define PASSWORD_SIZE 1025	/* bytes, with the NUL */
#define PASSWORD_STORED_NAME "key.password"	/* in DICOMTLS_DIR, 0600 */

enum password_source {
	PASSWORD_NONE,		/* the key is not encrypted */
	PASSWORD_FILE,		/* a file: DICOMTLS_KEY_PASSWORD_FILE */
	PASSWORD_ENV,		/* DICOMTLS_KEY_PASSWORD */
	PASSWORD_STORED,	/* dicomtls-certtool set-password */
	PASSWORD_DERIVED,	/* from the host, see hostkey.h */
	PASSWORD_EMPTY,		/* a PKCS#12 with the empty password */
	PASSWORD_TYPED		/* at a terminal, by tools alone */
};

struct password {
	enum password_source source;
	char text[PASSWORD_SIZE];
};

/* What may open a key, in the order to try; WHY tells what is missing. */
struct passwords {
	struct password list[2];
	size_t count;
	struct fail why;
};

/*
 * The passwords that CONF offers: the given one alone (the file before the
 * variable), else the stored one and the derived one.  None is no error here,
 * for a key may need none: then count is 0 and WHY says why.  0, or -errno
 * when a given one cannot be read.  Wipe PWS in any case.
 */
int password_find(const struct tlsconf *conf, struct passwords *pws,
    struct fail *f);

/*
 * The password that a new key of CONF gets, by the same order; a host secret
 * that is missing is made and staged in S, the store of CONF's folder.  0 or
 * -errno.  Wipe PW.
 */
int password_for_new(const struct tlsconf *conf, struct store *s,
    struct password *pw, struct fail *f);

/* The password derived for this host, this user and DIR's host secret.  0, or
 * -errno; -ENOENT when there is no secret or no machine id.  Wipe PW. */
int password_derive(const char *dir, struct password *pw, struct fail *f);

/*
 * Stages TEXT in S as the stored password, sealed for this host and user; a
 * host secret that is missing is made.  The file is one line:
 *
 *	dicomtls-password-1 BASE64(nonce 12 bytes, ciphertext, tag 16 bytes)
 *
 * AES-256-GCM (NIST SP 800-38D) under hostkey.h's key for HOSTKEY_SEAL; the
 * first word, without the space, is the additional data.  0 or -errno.
 */
int password_store(struct store *s, const char *text, struct fail *f);

/* The stored password of DIR; -ENOENT when none is stored.  Wipe PW. */
int password_stored(const char *dir, struct password *pw, struct fail *f);

/* The first line of the file PATH, without its end.  0 or -errno. */
int password_read(const char *path, struct password *pw, struct fail *f);

/* "the stored password" and so on, for sentences. */
const char *password_source_name(enum password_source source);

/*
 * Says in F why none of PWS opens WHAT ("the key") NAME, and how to go on: a
 * derived password that fails means another host or another user.
 */
void password_refused(const struct passwords *pws, const char *what,
    const char *name, struct fail *f);

void password_wipe(struct password *pw);
void password_wipe_all(struct passwords *pws);

#endif
