/* SPDX-License-Identifier: Apache-2.0
 * policy: settings become immutable rules; a role and an address become a
 * decision. */
#ifndef DICOMTLS_POLICY_H
#define DICOMTLS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/fail.h"
#include "base/log.h"

enum role { ROLE_CLIENT, ROLE_SERVER };	/* connect(), accept() */

enum verify { VERIFY_NONE, VERIFY_CA, VERIFY_PIN, VERIFY_TOFU };

/* TLS versions as on the wire. */
enum { TLS_1_0 = 0x0301, TLS_1_1 = 0x0302, TLS_1_2 = 0x0303,
	TLS_1_3 = 0x0304 };

/* A row of the profile table (PS3.15 Annex B), see profile.c. */
struct profile {
	const char *name;	/* as in DICOMTLS_PROFILE */
	const char *source;	/* "PS3.15 B.12", or "none" */
	int min_version, max_version;
	const char *ciphers;	/* OpenSSL cipher list for TLS ≤ 1.2 */
	const char *suites;	/* TLS 1.3 suites, NULL: none */
	bool weak;		/* needs OpenSSL security level 0 */
	bool legacy_server;	/* unsafe legacy renegotiation tolerated */
	int min_rsa_bits;	/* of the certificates, 0: no limit */
	int min_ec_bits;
	int min_dh_bits;
	const char *warning;	/* said once per process, or NULL */
};

/*
 * What TLS is to be on a connection.  Immutable, lives as long as the policy;
 * strings belong to it.  Each pointer is unique per rule: a context can be
 * kept per tlsconf.
 */
struct tlsconf {
	const char *rule;	/* which rule decided, for people */
	const char *dir;	/* DICOMTLS_DIR; never NULL */
	const char *cert, *key;	/* paths; never NULL */
	const char *password_file, *password;	/* or NULL */
	bool own_files;		/* cert and key are the default files of dir:
				   made on first use when they are missing */
	const struct profile *profile;
	int min_version, max_version;	/* below TLS_1_2 security level 0 is
				   needed even if the profile is not weak */
	const char *ciphers;	/* in place of the profile's, or NULL */
	bool widened;		/* ciphers are the profile's and what old
				   versions need, not DICOMTLS_CIPHERS */
	const char *suites;	/* the same for TLS 1.3 */
	enum verify verify[2];	/* by role */
	const char *ca, *crl;	/* file or folder, or NULL */
	const char *pins;	/* comma-separated SPKI SHA-256, 64 lower-case
				   hex digits each, or NULL */
	const char *name;	/* the name the peer must have, or NULL */
	bool client_cert;	/* send ours as a client too */
	int handshake_timeout;	/* seconds, > 0 */
	bool nodelay;		/* TCP_NODELAY, writes of a PDU joined */
	const char *keylog;	/* path, or NULL */
};

/* Whether a user named the suites: sentences then tell these, else the
 * profile. */
static inline bool
policy_names_ciphers(const struct tlsconf *conf)
{
	return conf->ciphers != NULL && !conf->widened;
}

struct logconf {
	const char *target;
	enum log_level level;
	bool json;
};

struct policy;

/*
 * Reads the environment (secure_getenv: a program that gained privileges gets
 * the defaults' refusal) and the configuration file, once.  Never NULL except
 * without memory.  A setting that cannot be understood does not make this
 * fail: policy_error() then tells it and every decision refuses.
 */
struct policy *policy_load(void);
void policy_free(struct policy *p);

/* The first setting that could not be understood, or NULL. */
const struct fail *policy_error(const struct policy *p);

const struct logconf *policy_log(const struct policy *p);

enum verdict {
	VERDICT_PLAIN,	/* not ours: leave it alone */
	VERDICT_TLS,	/* upgrade it, *CONF says how */
	VERDICT_REFUSE	/* the settings are broken: it must fail */
};

/*
 * Decides about one connection.  ADDR: the target of connect() or the local
 * address of an accepted connection, AF_INET or AF_INET6 (IPv4-mapped ones
 * are taken as IPv4); anything else is plain.  NAME: the host name that the
 * program asked for, or NULL.  Takes no lock, allocates nothing.
 */
enum verdict policy_decide(const struct policy *p, enum role role,
    const struct sockaddr *addr, socklen_t len, const char *name,
    const struct tlsconf **conf);

/* Everything that a decision may depend on. */
struct connection {
	enum role role;
	const struct sockaddr *addr;	/* as in policy_decide */
	socklen_t len;
	const char *name;
	const struct sockaddr *peer;	/* of an accepted connection, or NULL
					   while it is unknown */
	socklen_t peer_len;
};

struct decision {
	enum verdict verdict;
	const struct tlsconf *conf;	/* VERDICT_TLS; else NULL */
	const char *rule;	/* the rule that matched, or NULL */
	const char *origin;	/* where it stands, or NULL */
};

/*
 * policy_decide in full.  Sections may be for some clients only ("from"): an
 * accepted connection whose PEER is unknown, or outside, gets the next section
 * that matches or the general settings; it never becomes plain thereby.
 */
enum verdict policy_decide_on(const struct policy *p,
    const struct connection *c, struct decision *d);

/* What holds outside of all sections, for tools; never NULL. */
const struct tlsconf *policy_default(const struct policy *p);

/* The I-th section's, NULL behind the last. */
const struct tlsconf *policy_section(const struct policy *p, size_t i);

/* Whether any TCP connection of this role could be decided TLS or REFUSE. */
bool policy_any(const struct policy *p, enum role role);

/*
 * The I-th range of ports, both ends inclusive, for which some rule of either
 * role wants TLS, whatever the address; the same range may come twice.  False
 * behind the last.
 */
bool policy_ports(const struct policy *p, size_t i, uint16_t *low,
    uint16_t *high);

/* The configuration file that was read, or NULL. */
const char *policy_path(const struct policy *p);

struct conf;

/* The settings as they were written, for those who explain them. */
const struct conf *policy_conf(const struct policy *p);

#endif
