/* SPDX-License-Identifier: Apache-2.0
 * session: what the files of this room know of one session. */
#ifndef DICOMTLS_SESSION_H
#define DICOMTLS_SESSION_H

#include <openssl/ssl.h>

#include "base/fail.h"
#include "engine/engine.h"

struct engine {
	SSL *ssl;		/* its app data is this engine */
	const struct tlsconf *conf;
	enum role role;
	struct engine_port port;
	struct fail *fail;	/* the user's */
	ssize_t wire;		/* what the port said last */
	size_t record;		/* a read of the wire is not longer */
	int alert;		/* the peer's last one, -1: none */
	bool starved;		/* the port is closed for a moment */
	bool open;		/* the handshake is over */
	bool closed;		/* our close_notify went out */
	bool heard;		/* plaintext came */
	bool asked;		/* for a certificate that we do not show */
	bool remember;		/* a peer of first use, once it is open */
	char peer[80];		/* "host:port", for sentences */
	char *name;		/* to be checked, or NULL */
	char *offered;		/* what a client offered, or NULL; until open */
	const char *verified;	/* how, NULL: not at all */
	char *subject;		/* the peer's certificate, or NULL */
	char fingerprint[65];	/* SPKI SHA-256 in hex, or "" */
	char *blamed;		/* which certificate failed, and its dates, or
				   NULL */
};

/* Some of its strings, for a sentence. */
static inline const char *
session_text(const char *s)
{
	return s != NULL ? s : "";
}

#endif
