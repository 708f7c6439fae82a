/* SPDX-License-Identifier: Apache-2.0
 * names: this host's names and addresses, for a certificate. */
#ifndef DICOMTLS_NAMES_H
#define DICOMTLS_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#define NAMES_MAX 32		/* a host of containers has hundreds */
#define NAMES_SIZE 256		/* bytes of one, with the NUL */

struct names {
	char cn[65];		/* X.520's ub-common-name, with a NUL */
	size_t count;
	char list[NAMES_MAX][NAMES_SIZE];
};

/*
 * Fills N: the host's name, with RESOLVE its fully qualified name too,
 * "localhost", and the addresses of its interfaces (no link-local ones).
 * RESOLVE asks the resolver, which may block for half a minute when no name
 * server answers: not in somebody else's process.  Never fails: without a
 * name the host is "localhost".
 */
void names_of_host(struct names *n, bool resolve);

/* Adds NAME once.  0; -EINVAL when it is neither a DNS name nor an address;
 * -ENOSPC when there are NAMES_MAX. */
int names_add(struct names *n, const char *name);

/* Whether NAME is an IPv4 or IPv6 address. */
bool names_is_address(const char *name);

#endif
