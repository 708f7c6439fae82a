/* SPDX-License-Identifier: Apache-2.0
 * probe: what TLS a peer speaks, its certificate, the profiles that fit. */
#include <openssl/evp.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attempt.h"
#include "cert/describe.h"
#include "command.h"
#include "explain.h"
#include "options.h"
#include "policy/profile.h"

#define DEFAULT_PORT "2762"

/* Once common, in no profile; the profiles' own are added. */
#define COMMON "ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES128-SHA256:" \
	"ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-SHA:DHE-RSA-AES256-SHA:" \
	"DHE-RSA-AES128-SHA:AES256-GCM-SHA384:AES128-GCM-SHA256:" \
	"AES256-SHA256:AES128-SHA256:AES256-SHA"
#define ALL_13 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:" \
	"TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256:" \
	"TLS_AES_128_CCM_8_SHA256"

enum { LIST = 4096, MOST_SECONDS = 10 };

static const char *const version_names[] = { "TLS 1.0", "TLS 1.1", "TLS 1.2",
	"TLS 1.3" };

struct probe {
	struct attempt base;	/* what all attempts have in common */
	const struct policy *policy;
	X509 *cert;
	bool asked;		/* for a certificate of ours */
	bool unreachable;	/* nobody listens on that address */
	char list[LIST];	/* suites below TLS 1.3 that matter */
};

/* Every attempt may show the certificate and the request for ours. */
static bool
try(struct probe *p, struct attempt *a)
{
	bool spoken = attempt(a);

	p->asked |= a->asked;
	if (p->cert == NULL)
		p->cert = a->cert;
	else
		X509_free(a->cert);
	a->cert = NULL;
	return spoken;
}

/* Takes WORD out of the colon-separated LIST, wherever it stands. */
static void
strike(char *list, const char *word)
{
	size_t len = strlen(word), n;
	char *from = list, *to = list;

	for (; *from != '\0'; from += from[n] == ':' ? n + 1 : n) {
		n = strcspn(from, ":");
		if (n == len && strncmp(from, word, n) == 0)
			continue;
		if (to != list)
			*to++ = ':';
		memmove(to, from, n);
		to += n;
	}
	*to = '\0';
}

static void
collect(char list[LIST])
{
	const struct profile *p;
	size_t i;

	snprintf(list, LIST, "%s", COMMON);
	for (i = 0; (p = profile_at(i)) != NULL; i++)
		if (strchr(p->ciphers, '!') == NULL)
			snprintf(list + strlen(list), LIST - strlen(list),
			    ":%s", p->ciphers);
}

/* The peer chooses, what it chose is struck off, until it refuses the rest. */
static void
probe_version(struct probe *p, int version)
{
	struct attempt a = p->base;
	char left[LIST];
	unsigned found = 0;

	snprintf(left, sizeof left, "%s", version == TLS_1_3 ? ALL_13 :
	    p->list);
	a.min_version = a.max_version = version;
	printf("  %-10s ", version_names[version - TLS_1_0]);
	while (left[0] != '\0') {
		a.ciphers = version == TLS_1_3 ? NULL : left;
		a.suites = version == TLS_1_3 ? left : NULL;
		if (!try(p, &a) || a.version != version)
			break;
		printf("%s%s", found++ > 0 ? ", " : "yes: ", a.cipher);
		fflush(stdout);
		strike(left, a.cipher);
	}
	if (found == 0)
		printf("no (%s)", a.why);
	putchar('\n');
}

static void
print_certificate(X509 *cert)
{
	char text[1024], spki[DESCRIBE_FP], from[64], to[64];

	describe_subject(cert, text, sizeof text);
	printf("  certificate\n    subject    %s\n", text);
	describe_issuer(cert, text, sizeof text);
	printf("    issuer     %s%s\n", text, describe_self_signed(cert) ?
	    " (self-signed)" : "");
	describe_names(cert, text, sizeof text);
	printf("    names      %s\n", text[0] != '\0' ? text : "none");
	describe_key(X509_get0_pubkey(cert), text, sizeof text);
	describe_time(describe_begin(cert), from, sizeof from);
	describe_time(describe_end(cert), to, sizeof to);
	describe_spki(cert, spki);
	printf("    key        %s\n    valid      %s to %s, %d days left\n"
	    "    pin        %s\n", text, from, to, describe_days(cert), spki);
}

static const char *
too_weak(const struct probe *p, const struct profile *profile,
    char text[256])
{
	if (p->cert != NULL && describe_weak(p->cert, profile->min_rsa_bits,
	    profile->min_ec_bits, profile->weak, text, 256))
		return text;
	return NULL;
}

static bool
probe_profile(struct probe *p, const struct profile *profile)
{
	struct attempt a = p->base;
	const char *weak;
	char text[256];
	bool fits;

	a.min_version = profile->min_version;
	a.max_version = profile->max_version;
	a.ciphers = profile->ciphers;
	a.suites = profile->suites;
	fits = try(p, &a);
	weak = too_weak(p, profile, text);
	printf("    %-17s ", profile->name);
	if (!fits)
		printf("no (%s)\n", a.why);
	else if (weak != NULL)
		printf("no (its certificate %s)\n", weak);
	else
		printf("yes: %s, %s%s%s\n",
		    version_names[a.version - TLS_1_0], a.cipher,
		    a.key[0] != '\0' ? ", " : "", a.key);
	return fits && weak == NULL;
}

/* Whether the profile that is set here is among those that fit. */
static bool
probe_profiles(struct probe *p)
{
	const struct profile *set = policy_default(p->policy)->profile;
	const struct profile *profile, *first = NULL;
	bool fits, good = false;
	size_t i;

	printf("  profiles that fit\n");
	for (i = 0; (profile = profile_at(i)) != NULL; i++) {
		fits = probe_profile(p, profile);
		if (fits && first == NULL)
			first = profile;
		good |= fits && profile == set;
	}
	if (good)
		printf("  The profile that is set here, %s, fits.\n",
		    set->name);
	else if (first != NULL)
		printf("  The profile that is set here, %s, does not fit: "
		    "set DICOMTLS_PROFILE=%s for this peer.\n", set->name,
		    first->name);
	return good;
}

/* The widest offer there is.  False: there is no TLS to be looked into. */
static bool
probe_anything(struct probe *p)
{
	struct attempt a = p->base;

	a.min_version = TLS_1_0;
	a.max_version = TLS_1_3;
	a.ciphers = "ALL:eNULL:!aNULL:!PSK:!SRP";
	a.suites = ALL_13;
	p->unreachable = false;
	if (try(p, &a) || a.outcome == OUTCOME_REFUSED)
		return true;
	p->unreachable = a.outcome == OUTCOME_UNREACHABLE;
	if (p->unreachable)
		printf("  cannot be reached: %s\n", a.why);
	else if (a.outcome == OUTCOME_PLAIN)
		printf("  answers without TLS: switch TLS on there, or this is "
		    "its plain port\n");
	else
		printf("  no TLS: %s at our first message; plain DICOM "
		    "servers do so\n", a.why);
	return false;
}

static bool
probe_peer(struct probe *p)
{
	int version;
	bool good;

	collect(p->list);
	if (!probe_anything(p))
		return false;
	for (version = TLS_1_3; version >= TLS_1_0; version--)
		probe_version(p, version);
	if (p->cert != NULL)
		print_certificate(p->cert);
	printf("  our certificate %s\n", p->asked ?
	    "is asked for (DICOMTLS_CLIENT_CERT=yes sends it)" :
	    "is not asked for");
	good = probe_profiles(p);
	X509_free(p->cert);
	return good;
}

static bool
probe_address(struct probe *p, const char *host, const char *port,
    const struct addrinfo *to)
{
	const struct tlsconf *t = policy_default(p->policy);
	char address[64];

	getnameinfo(to->ai_addr, to->ai_addrlen, address, sizeof address,
	    NULL, 0, NI_NUMERICHOST);
	printf("%s port %s (%s)\n", host, port, address);
	p->base.to = to;
	p->base.name = t->name != NULL ? t->name :
	    strcmp(host, address) != 0 ? host : NULL;
	return probe_peer(p);
}

static int
probe_target(const struct policy *policy, const char *target)
{
	const struct tlsconf *t = policy_default(policy);
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *to;
	struct probe p = { .policy = policy };
	char copy[512];
	const char *host, *port;
	bool good = false;
	int rv;

	snprintf(copy, sizeof copy, "%s", target);
	if (!explain_split(copy, DEFAULT_PORT, &host, &port) ||
	    *host == '\0') {
		say("\"%s\" is not understood: write HOST or HOST:PORT",
		    target);
		return EXIT_USAGE;
	}
	rv = getaddrinfo(host, port, &hints, &list);
	if (rv != 0) {
		say("%s port %s: %s", host, port, gai_strerror(rv));
		return EXIT_WRONG;
	}
	p.base.seconds = t->handshake_timeout < MOST_SECONDS ?
	    t->handshake_timeout : MOST_SECONDS;
	p.base.identity = t->client_cert ? t : NULL;
	/* A name may have addresses that nobody listens on, as localhost's ::1. */
	p.unreachable = true;
	for (to = list; to != NULL && p.unreachable; to = to->ai_next)
		good = probe_address(&p, host, port, to);
	freeaddrinfo(list);
	return good ? EXIT_GOOD : EXIT_WRONG;
}

static int
probe(const struct command *self, int argc, char **argv)
{
	int rv = EXIT_USAGE, first = options_parse(self, argc, argv, NULL);
	struct policy *policy;

	if (argc - first != 1)
		options_usage(self);
	signal(SIGPIPE, SIG_IGN);
	policy = policy_load();
	if (policy == NULL)
		say("there is no memory");
	else if (policy_error(policy) != NULL)
		say("%s", policy_error(policy)->text);
	else
		rv = probe_target(policy, argv[first]);
	policy_free(policy);
	return rv;
}

const struct command probe_command = {
	.name = "probe",
	.operands = "[OPTION ...] HOST[:PORT]",
	.summary = "Tells what TLS a peer speaks, its certificate, the "
	    "profiles that fit",
	.text = "It makes some thirty short connections.  Exit status 0: the "
	    "profile that is set\nfits; 1: it does not, or there is no TLS.",
	.settings = true,
	.run = probe,
};
