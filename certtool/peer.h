/* SPDX-License-Identifier: Apache-2.0
 * peer: the certificates that a server shows. */
#ifndef DICOMTLS_PEER_H
#define DICOMTLS_PEER_H

#include <openssl/x509.h>

#include "base/fail.h"

#define PEER_PORT "2762"	/* PS3.15, B.1: the port recommended */

struct peer {
	STACK_OF(X509) *certs;	/* leaf first; never empty */
	char name[300];		/* "host:port", as in known_peers */
	char version[16], cipher[64];
};

/*
 * Connects to TEXT ("HOST[:PORT]", IPv6 in brackets), makes a TLS handshake
 * of any version with any certificate, and closes.  10 s at most for each
 * step.  0, or -errno with the sentence in F.  Free with peer_free.
 */
int peer_fetch(const char *text, struct peer *p, struct fail *f);
void peer_free(struct peer *p);

#endif
