/* SPDX-License-Identifier: Apache-2.0
 * engine: TLS over OpenSSL without I/O.  It owns no socket and never blocks;
 * its wire is two functions of its user's. */
#ifndef DICOMTLS_ENGINE_H
#define DICOMTLS_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/fail.h"
#include "policy/policy.h"

/*
 * The wire below the engine.  recv() gives up to LEN bytes: how many, 0 at the
 * end of the stream, -EAGAIN when there are none now, or another -errno.  It
 * is called only when the engine has used up all that it was given before.
 * send() takes all LEN bytes (its user keeps what cannot go out yet): 0, or
 * -errno.  Neither may block or call the engine.
 */
struct engine_port {
	ssize_t (*recv)(void *arg, void *buf, size_t len);
	int (*send)(void *arg, const void *buf, size_t len);
	void *arg;
};

/* One TLS session.  Its user sees to it that one thread at a time is in it. */
struct engine;

/* What a finished handshake came to; strings belong to the engine. */
struct engine_info {
	const char *version;		/* "TLSv1.3" */
	const char *cipher;		/* OpenSSL's name of the suite */
	const char *subject;		/* the peer's, "" without one */
	const char *fingerprint;	/* its SPKI SHA-256 in hex, or "" */
	const char *verified;		/* "none", "ca", "pin", "tofu" */
};

/*
 * The engine library's only export, dicomtls_engine, is one of these.  Results
 * are ≥ 0, or a negative errno with the sentence in the fail object.  prepare
 * and create share a cache: one thread at a time, and none during fork().  The
 * calling thread's OpenSSL error queue is left as it was.
 */
struct engine_ops {
	unsigned version;		/* ENGINE_VERSION of its build */

	/* log_open() for the engine's own copy of the log. */
	void (*log_open)(const char *target, enum log_level level, bool json);

	/* Reads what CONF needs (certificate, key, trust) ahead of the first
	 * handshake, while the process still may; made files appear here. */
	int (*prepare)(const struct tlsconf *conf, enum role role,
	    struct fail *f);

	/* NAME: what the program asked for (SNI, name check), or NULL.
	 * PEER: "host:port" for sentences.  Strings are copied.  F is where
	 * every later failure of the session is told, too: it stays valid as
	 * long as the engine, and is its user's to look at. */
	struct engine *(*create)(const struct tlsconf *conf, enum role role,
	    const char *name, const char *peer,
	    const struct engine_port *port, struct fail *f);

	/* 0 when done, -EAGAIN when the wire must bring more, or failed. */
	int (*handshake)(struct engine *e);

	/* Plaintext: its length; 0 after the peer's close_notify; -EAGAIN;
	 * -ENODATA when the stream ended without close_notify between two
	 * records; failed, also when it ended inside one. */
	ssize_t (*read)(struct engine *e, void *buf, size_t len);

	/* Takes LEN bytes into records: LEN, or failed.  LEN > 0. */
	ssize_t (*write)(struct engine *e, const void *buf, size_t len);

	/* How much plaintext read() would give at once, decrypting the next
	 * record if need be: with WIRE what the port has counts too, without
	 * it only what was given before.  0 is exact, except that *CLOSED
	 * tells of close_notify.  -ENODATA or failed as in read(). */
	ssize_t (*pending)(struct engine *e, bool wire, bool *closed);

	/* Gives back the memory that only traffic needs. */
	void (*rest)(struct engine *e);

	/* Sends close_notify, once.  0 or failed. */
	int (*close)(struct engine *e);

	void (*info)(struct engine *e, struct engine_info *info);

	/* Frees it; sends nothing. */
	void (*destroy)(struct engine *e);
};

#define ENGINE_VERSION 3u
#define ENGINE_SYMBOL "dicomtls_engine"

extern const struct engine_ops dicomtls_engine;

#endif
