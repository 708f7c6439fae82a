/* SPDX-License-Identifier: Apache-2.0
 * identity: our own certificate, chain and private key, loaded from what the
 * settings name, made on first use. */
#ifndef DICOMTLS_IDENTITY_H
#define DICOMTLS_IDENTITY_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/fail.h"
#include "policy/policy.h"

struct identity {
	X509 *cert;
	STACK_OF(X509) *chain;	/* without cert; may be NULL */
	EVP_PKEY *key;		/* matches cert: checked */
};

/*
 * Loads the identity that CONF names: PEM chain and PKCS#8 key, DER, or
 * PKCS#12, recognised by content.  With own_files a missing pair is made
 * first; several processes at once make one pair between them.  Never
 * prompts.  0, or a negative errno with the sentence in F.  Free with
 * identity_free.
 */
int identity_load(const struct tlsconf *conf, struct identity *id,
    struct fail *f);
void identity_free(struct identity *id);

#endif
