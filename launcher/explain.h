/* SPDX-License-Identifier: Apache-2.0
 * explain: which rule decides about a connection, and what it sets. */
#ifndef DICOMTLS_EXPLAIN_H
#define DICOMTLS_EXPLAIN_H

#include "policy/policy.h"

/*
 * Tells on stdout what would become of a connection to TARGET ("HOST:PORT",
 * or "PORT": any address), and of one that is accepted there.  FROM: the
 * address of a client, or NULL.  An exit status.
 */
int explain(const struct policy *p, const char *target, const char *from);

/* Splits "HOST:PORT", "[ADDRESS]:PORT", "HOST" or ":PORT" in place; PORT is
 * FALLBACK if there is none.  False: it is none of these. */
bool explain_split(char *target, const char *fallback, const char **host,
    const char **port);

/* The settings of a tlsconf, each with where it stands. */
void explain_settings(const struct policy *p, const struct tlsconf *t,
    enum role role);

#endif
