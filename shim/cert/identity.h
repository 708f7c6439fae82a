/* SPDX-License-Identifier: Apache-2.0
 * identity: our own certificate, chain and private key, loaded from what the
 * settings name, made on first use. */
#ifndef DICOMTLS_IDENTITY_H
#define DICOMTLS_IDENTITY_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <stdbool.h>

#include "base/fail.h"
#include "cert/load.h"
#include "cert/password.h"
#include "policy/policy.h"

struct identity {
	X509 *cert;
	STACK_OF(X509) *chain;	/* without cert, issuers in order; or NULL */
	EVP_PKEY *key;		/* matches cert: checked */
	enum password_source opened_by;	/* which password opened the key */
};

/*
 * Loads the identity that CONF names: PEM chain and private key, DER, or
 * PKCS#12, recognised by content; the leaf is the certificate that fits the
 * key, wherever in the file it stands.  With own_files a missing pair is made
 * first; several processes at once make one pair between them, and a change
 * of the files that was interrupted is finished or undone.  Never prompts,
 * keeps nothing open, no statics; leaves OpenSSL's error queue as it was.
 *
 * 0, or -errno with the sentence in F: -ENOENT a file is missing, -EINVAL one
 * is not understood, -EACCES no password opens the key, -EKEYREJECTED key and
 * certificate do not fit, or are weaker than CONF's profile allows.  Free
 * with identity_free.  An expired certificate is no error: the peer decides;
 * see reload.h.
 */
int identity_load(const struct tlsconf *conf, struct identity *id,
    struct fail *f);
void identity_free(struct identity *id);

/* The same, but makes nothing. */
int identity_look(const struct tlsconf *conf, struct identity *id,
    struct fail *f);

/* The same from the files as they are, without a lock: makes and finishes
 * nothing.  PWS: what to open the key with, NULL: what CONF says. */
int identity_read(const struct tlsconf *conf, const struct passwords *pws,
    struct identity *id, struct fail *f);

/*
 * Whether CERT is too weak for CONF's profile, or for the security level that
 * it is used at; WHY as in describe_weak().
 */
bool identity_weak(const struct tlsconf *conf, X509 *cert, char *why,
    size_t size);

/*
 * Makes an identity of what was LOADED, which has certificates and a key: the
 * certificate that fits the key becomes the leaf, the others its chain, in
 * order.  0 with all moved to ID, or -EKEYREJECTED when none fits.
 */
int identity_assemble(struct load *loaded, struct identity *id);

#endif
