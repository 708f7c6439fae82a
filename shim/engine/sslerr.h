/* SPDX-License-Identifier: Apache-2.0
 * sslerr: OpenSSL's errors as a reason and a sentence. */
#ifndef DICOMTLS_SSLERR_H
#define DICOMTLS_SSLERR_H

#include <openssl/ssl.h>

#include "base/fail.h"
#include "policy/policy.h"

/* What is known of a session that failed. */
struct sslerr_case {
	const SSL *ssl;
	const struct tlsconf *conf;
	enum role role;
	const char *peer;	/* "host:port" */
	const char *offered;	/* what the client offered, or NULL */
	bool open;		/* the handshake was over */
};

/*
 * Tells from the newest error of the thread's queue why CASE failed.  A reason
 * that is already in F stays.
 */
void sslerr_explain(const struct sslerr_case *c, struct fail *f);

/* The newest error of the queue in OpenSSL's words, into BUF. */
const char *sslerr_text(char *buf, size_t size);

#endif
