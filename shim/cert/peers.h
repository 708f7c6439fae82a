/* SPDX-License-Identifier: Apache-2.0
 * peers: known_peers, the keys of peers that are trusted by fingerprint. */
#ifndef DICOMTLS_PEERS_H
#define DICOMTLS_PEERS_H

#include <stdbool.h>

#include "base/fail.h"
#include "cert/describe.h"

#define PEERS_FILE "known_peers"	/* in DICOMTLS_DIR, mode 0644 */
#define PEERS_SIZE 280			/* bytes of a peer's name, with NUL */

/*
 * A text file for people and programs: one peer a line,
 *
 *	PEER sha256:FINGERPRINT [REMARK ...]
 *
 * empty lines and lines that begin with # are comments, and stay.  PEER is
 * HOST:PORT for a server that we connect to, HOST for a client that connects
 * to us (its port means nothing; also HOST with any port), or * for any peer:
 * a pin.  HOST is a name in any case, an IPv4 address, or an IPv6 address in
 * brackets.  FINGERPRINT is describe_spki()'s.  A peer may have several lines
 * (a change of keys).  A line that is not understood is an error that names
 * it: nothing is trusted then.
 */
struct peers_line {
	unsigned number;		/* from 1 */
	char peer[PEERS_SIZE];
	char fingerprint[DESCRIBE_FP];
	char remark[128];		/* "" without; cut */
};

enum peers_answer {
	PEERS_UNKNOWN,	/* no line for this peer */
	PEERS_KNOWN,	/* its fingerprint is there */
	PEERS_OTHER	/* it has lines, with other fingerprints */
};

/*
 * Looks PEER ("host:port", or "host" of a client) with FINGERPRINT up in
 * DIR's file.  An answer, or -errno with the sentence in F; without a file
 * everybody is unknown.  With PEERS_OTHER, OTHER (may be NULL) is the first of
 * its lines.  Reads the file each time: a person may have changed it.
 */
int peers_find(const char *dir, const char *peer, const char *fingerprint,
    struct peers_line *other, struct fail *f);

/*
 * Adds a line at the end, by rename and under the folder's lock, so that two
 * processes that meet a peer at once cannot trust two keys: 1 added, 0 was
 * there already, -EEXIST when the peer has another fingerprint (unless ALSO),
 * or another -errno; the sentence in F.  REMARK may be NULL.
 */
int peers_add(const char *dir, const char *peer, const char *fingerprint,
    const char *remark, bool also, struct fail *f);

/* Removes the lines of WHAT, a peer or a fingerprint: how many, or -errno. */
int peers_remove(const char *dir, const char *what, struct fail *f);

/*
 * Calls FN for each line until it returns something else than 0, which is
 * then returned.  0 at the end, or -errno with the sentence in F.
 */
int peers_each(const char *dir, int (*fn)(const struct peers_line *line,
    void *arg), void *arg, struct fail *f);

#endif
