/* SPDX-License-Identifier: Apache-2.0
 * attempt: one try at a TLS handshake with a peer, for probe. */
#ifndef DICOMTLS_ATTEMPT_H
#define DICOMTLS_ATTEMPT_H

#include <openssl/x509.h>

#include <netdb.h>
#include <stdbool.h>

#include "policy/policy.h"

enum outcome {
	OUTCOME_DONE,		/* the handshake was finished */
	OUTCOME_CHOSEN,		/* the peer chose version and suite, then it
				   ended: it may want a certificate */
	OUTCOME_REFUSED,	/* an alert */
	OUTCOME_CLOSED,		/* the connection ended without a word */
	OUTCOME_SILENT,		/* no answer in time */
	OUTCOME_PLAIN,		/* the answer was not TLS */
	OUTCOME_UNREACHABLE
};

struct attempt {
	/* What to try. */
	const struct addrinfo *to;
	const char *name;	/* for SNI, or NULL */
	int seconds;		/* the most to wait for each answer */
	int min_version, max_version;
	const char *ciphers;	/* TLS ≤ 1.2, or NULL */
	const char *suites;	/* TLS 1.3, or NULL */
	const struct tlsconf *identity;	/* whose certificate to send, or NULL */

	/* What came of it. */
	enum outcome outcome;
	int version;
	const char *cipher;	/* OpenSSL's own string */
	bool asked;		/* for our certificate */
	X509 *cert;		/* the peer's, or NULL; X509_free() it */
	char key[64];		/* of the key exchange: "X25519", "DH 2048" */
	char why[768];		/* without full stop; "" if done */
};

/* Tries it.  True if the peer speaks what was tried (DONE or CHOSEN). */
bool attempt(struct attempt *a);

#endif
