/* SPDX-License-Identifier: Apache-2.0
 * fail: why something went wrong, as a stable reason and one sentence. */
#ifndef DICOMTLS_FAIL_H
#define DICOMTLS_FAIL_H

#include <stdbool.h>

/*
 * The reasons that dicomtls(7) documents.  Their names (fail_reason_name)
 * are part of the public interface: scripts match on them in the log.  A new
 * one needs its lines in the manual and its cause in
 * tests/system/49-policy-reasons.sh, which takes the list from fail.c.
 */
enum reason {
	REASON_NONE,
	REASON_SETTING,		/* a setting cannot be understood */
	REASON_ENGINE,		/* the engine library cannot be loaded */
	REASON_CERTIFICATE,	/* our certificate cannot be read or made */
	REASON_KEY,		/* our key cannot be read, or is another's */
	REASON_PASSWORD,	/* no password opens our key */
	REASON_PEER_PLAIN,	/* the peer spoke without TLS */
	REASON_NO_SHARED_CIPHER,
	REASON_VERSION,		/* no protocol version in common */
	REASON_EXPIRED,		/* the peer's certificate has ended */
	REASON_NOT_YET_VALID,
	REASON_UNTRUSTED,	/* no trusted CA vouches for the peer */
	REASON_REVOKED,
	REASON_WEAK,		/* key too small, signature too weak */
	REASON_PIN_MISMATCH,
	REASON_NAME_MISMATCH,
	REASON_CLIENT_CERT_WANTED,
	REASON_REFUSED,		/* the peer refused by an alert */
	REASON_TIMEOUT,
	REASON_RESET,
	REASON_TRUNCATED,	/* the stream ended inside a PDU */
	REASON_TAKEN_OVER,	/* another process owns this session */
	REASON_UNSUPPORTED,	/* a call that has no meaning over TLS */
	REASON_RECORD,		/* a bad record: garbage or tampering */
	REASON_SYSTEM,		/* an errno of the system's */
	REASONS			/* how many there are */
};

struct fail {
	enum reason reason;	/* REASON_NONE: nothing failed so far */
	char text[768];		/* one sentence, no newline, no full stop */
};

/*
 * Says why.  The first and most specific reason wins: a later call on the
 * same object changes nothing.  F may be NULL.  Keeps errno.
 */
void fail_set(struct fail *f, enum reason reason, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The network's or this host's own failure on the way to PEER ("host:port"):
 * ERROR is the errno of a send or receive; a reset is REASON_RESET, the others
 * REASON_SYSTEM.  The rest is as in fail_set().
 */
void fail_wire(struct fail *f, const char *peer, int error);

/* Copies FROM to F unless F has a reason already.  F may be NULL. */
void fail_copy(struct fail *f, const struct fail *from);

/* Forgets the reason, so that F can be used anew. */
void fail_clear(struct fail *f);

/* The stable name of a reason, "peer-plain" for example; never NULL. */
const char *fail_reason_name(enum reason reason);

#endif
