/* SPDX-License-Identifier: Apache-2.0
 * load: bytes of a file become certificates and keys: PEM, DER, PKCS#7 or
 * PKCS#12, recognised by content. */
#ifndef DICOMTLS_LOAD_H
#define DICOMTLS_LOAD_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <stdbool.h>

#include "base/buf.h"
#include "base/fail.h"
#include "cert/password.h"

/* What a file holds.  Free with load_free. */
struct load {
	STACK_OF(X509) *certs;	/* in the file's order; NULL: none */
	EVP_PKEY *key;		/* NULL: none */
	enum password_source opened_by;	/* that opened the key */
	const char *form;	/* "PEM", "DER" or "PKCS#12" */
};

enum {
	/* The file has to hold a certificate, a private key. */
	LOAD_CERTS = 1,
	LOAD_KEY = 2,
	/* Read old PKCS#12 (RC2) with OpenSSL's legacy provider, in a library
	 * context of its own.  For tools: the provider is a plug-in, which
	 * has no place in somebody else's process. */
	LOAD_OLD_CIPHERS = 4
};

/*
 * Takes apart IN, the content of the file NAME.  With LOAD_CERTS or LOAD_KEY
 * what is wanted and not there is an error; what is not asked for is not
 * decoded, except from PKCS#12, where PWS opens all.  PWS: what may open a
 * key, never NULL; never prompts.  Does not change IN.  0, or -errno with the
 * sentence in F: -EINVAL for a file that is not understood, -ENOTSUP for one
 * with ciphers that OpenSSL does not have here, -EACCES when no password opens
 * it.
 */
int load_parse(const struct buf *in, const char *name, int wanted,
    const struct passwords *pws, struct load *out, struct fail *f);

/* What IN seems to hold: LOAD_CERTS, LOAD_KEY, both or (not understood) 0. */
int load_what(const struct buf *in);

/* Whether IN is a PKCS#12 (RFC 7292): a sequence that begins with version 3. */
bool load_is_pkcs12(const struct buf *in);

void load_free(struct load *l);

#endif
