/* SPDX-License-Identifier: Apache-2.0
 * peer: the TLS peer's one connection. */
#ifndef DICOMTLS_TEST_PEER_H
#define DICOMTLS_TEST_PEER_H

#include <openssl/ssl.h>

#include <stdbool.h>
#include <stddef.h>

struct peer {
	int fd;
	SSL *ssl;
	BIO *in, *out;		/* what came, what is to go */
	int segment, slow;	/* bytes and ms, 0: none */
	bool ended;		/* FIN or reset came */
	bool was_reset;
};
extern struct peer peer;

/* The script cannot go on. */
void peer_die(const char *what) __attribute__((noreturn));

/* Onto the wire as it is, in the segments that were asked for. */
void peer_send(const char *p, size_t len);

/* What OpenSSL wants to go out / something of what came in, for OpenSSL. */
void peer_flush(void);
void peer_fill(void);

/* Whether an operation that came to RC goes on after more of the wire. */
bool peer_goes_on(int rc);

/* words.c: does one word of a script. */
void words_run(char *word);

#endif
