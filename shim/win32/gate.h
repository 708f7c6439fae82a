/* SPDX-License-Identifier: Apache-2.0
 * gate: the settings of this process, and what they say about a connection. */
#ifndef DICOMTLS_GATE_H
#define DICOMTLS_GATE_H

#include "win32/hooks.h"

#include "policy/policy.h"

/* Reads the settings and opens the log.  Once, when the DLL is loaded. */
int gate_init(struct fail *f);

/* Whether any connection of this role may be ours: one load. */
bool gate_any(enum role role);

/* Decides about a connect() of S to ADDR; *CONF as in policy_decide.  A socket
 * that is not TCP's is plain.  NAME of SIZE gets what the program asked for,
 * or "".  A refusal is logged. */
enum verdict gate_outgoing(SOCKET s, const struct sockaddr *addr, int len,
    const struct tlsconf **conf, char *name, size_t size);

/* Decides about the accepted socket S. */
enum verdict gate_incoming(SOCKET s, const struct tlsconf **conf);

/* Whether the listener S may accept a connection that is ours; *CONF is that of
 * the first address for which it may.  A refusal is logged. */
enum verdict gate_listener(SOCKET s, const struct tlsconf **conf);

#endif
