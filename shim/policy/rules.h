/* SPDX-License-Identifier: Apache-2.0
 * rules: lists of [!][HOST or CIDR:]PORT[-PORT] that pick connections. */
#ifndef DICOMTLS_RULES_H
#define DICOMTLS_RULES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "policy/policy.h"
#include "policy/pool.h"

enum { RULE_ANY, RULE_NET, RULE_NAME };

struct rule {
	bool negate;		/* "!": leave it plain */
	int kind;
	sa_family_t family;	/* RULE_NET */
	unsigned char net[16];	/* in network order */
	unsigned bits;		/* length of its prefix */
	const char *name;	/* RULE_NAME */
	uint16_t low, high;	/* ports, both inclusive */
	const char *text;	/* as it was written */
};

struct rules {
	struct rule *list;
	size_t count;
	bool none;		/* the word "none" */
};

/* A numeric address; IPv4-mapped IPv6 has become IPv4. */
struct rules_addr {
	sa_family_t family;
	unsigned char bytes[16];
	uint16_t port;
};

/* Reads a socket address.  False: neither AF_INET nor AF_INET6. */
bool rules_addr_set(struct rules_addr *a, const struct sockaddr *sa,
    socklen_t len);

/*
 * Reads a comma-separated list, or "none".  ORIGIN says in sentences where it
 * stands.  ROLE_SERVER refuses host names: nothing tells the name by which a
 * client called.  0; -EINVAL with the sentence in F; -ENOMEM.
 */
int rules_parse(struct rules *r, struct pool *pool, enum role role,
    const char *text, const char *origin, struct fail *f);

/* The first rule that matches, or NULL.  NAME: what the program asked the
 * resolver for, or NULL; a trailing dot and case do not count. */
const struct rule *rules_match(const struct rules *r,
    const struct rules_addr *a, const char *name);

/* Whether the list has a rule without "!". */
bool rules_any(const struct rules *r);

/* Reads "ADDRESS[/BITS]", brackets allowed.  Returns whether it was one. */
bool rules_net_parse(struct rule *rule, const char *text);

/* Whether a RULE_NET has the address. */
bool rules_net_covers(const struct rule *rule, const struct rules_addr *a);

#endif
