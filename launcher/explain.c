/* SPDX-License-Identifier: Apache-2.0
 * explain: which rule decides about a connection, and what it sets. */
#include "explain.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "policy/conf.h"

static const char *const versions[] = { "1.0", "1.1", "1.2", "1.3" };
static const char *const verifies[] = { "none", "ca", "pin", "tofu" };

bool
explain_split(char *target, const char *fallback, const char **host,
    const char **port)
{
	char *end, *colon;

	*port = fallback;
	if (*target == '[') {
		end = strchr(target, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return false;
		*host = target + 1;
		if (end[1] == ':')
			*port = end + 2;
		*end = '\0';
	} else {
		*host = target;
		colon = strrchr(target, ':');
		if (colon != NULL && strchr(target, ':') != colon)
			return true;	/* an IPv6 address alone */
		if (colon != NULL) {
			*colon = '\0';
			*port = colon + 1;
		}
	}
	return *port != NULL && **port != '\0';
}

static const char *
setting_origin(const struct policy *p, const struct tlsconf *t,
    enum setting s)
{
	const struct conf *c = policy_conf(p);
	const struct scope *section = NULL;
	const struct value *v;
	size_t i;

	for (i = 0; policy_section(p, i) != NULL; i++)
		if (policy_section(p, i) == t)
			section = &c->sections[i];
	v = conf_value(c, section, s);
	return v != NULL ? v->origin : "default";
}

static void
line(const char *what, const char *value, const char *origin)
{
	printf("  %-18s %s", what, value);
	if (origin != NULL)
		printf("  (%s)", origin);
	putchar('\n');
}

/* In the order in which read_verify() looks. */
static const char *
verify_origin(const struct policy *p, const struct tlsconf *t, enum role role)
{
	enum setting one = role == ROLE_CLIENT ? SETTING_CONNECT_VERIFY :
	    SETTING_LISTEN_VERIFY;
	const char *general = setting_origin(p, t, SETTING_VERIFY);
	const char *special = setting_origin(p, t, one);

	return strcmp(special, "default") != 0 ? special : general;
}

static void
explain_tls(const struct policy *p, const struct tlsconf *t)
{
	char text[256];

	snprintf(text, sizeof text, "%s (%s)", t->profile->name,
	    t->profile->source);
	line("profile", text, setting_origin(p, t, SETTING_PROFILE));
	snprintf(text, sizeof text, "TLS %s to %s",
	    versions[t->min_version - TLS_1_0],
	    versions[t->max_version - TLS_1_0]);
	line("versions", text, NULL);
	line("ciphers", t->ciphers != NULL ? t->ciphers :
	    t->profile->ciphers, setting_origin(p, t, SETTING_CIPHERS));
	if (t->max_version == TLS_1_3)
		line("TLS 1.3 suites", t->suites != NULL ? t->suites :
		    t->profile->suites, NULL);
}

static void
optional(const struct policy *p, const struct tlsconf *t, enum setting s,
    const char *value)
{
	if (value != NULL)
		line(conf_row(s)->key, value, setting_origin(p, t, s));
}

void
explain_settings(const struct policy *p, const struct tlsconf *t,
    enum role role)
{
	char text[32];

	explain_tls(p, t);
	line("verify", verifies[t->verify[role]], verify_origin(p, t, role));
	optional(p, t, SETTING_CA, t->ca);
	optional(p, t, SETTING_CRL, t->crl);
	optional(p, t, SETTING_PINS, t->pins);
	optional(p, t, SETTING_NAME, t->name);
	if (role == ROLE_CLIENT)
		line("client_cert", t->client_cert ? "yes" : "no",
		    setting_origin(p, t, SETTING_CLIENT_CERT));
	if (role == ROLE_SERVER || t->client_cert) {
		line("cert", t->cert, setting_origin(p, t, SETTING_CERT));
		line("key", t->key, setting_origin(p, t, SETTING_KEY));
	}
	optional(p, t, SETTING_KEY_PASSWORD_FILE, t->password_file);
	optional(p, t, SETTING_KEYLOG, t->keylog);
	snprintf(text, sizeof text, "%d s", t->handshake_timeout);
	line("handshake_timeout", text,
	    setting_origin(p, t, SETTING_HANDSHAKE_TIMEOUT));
}

static void
explain_one(const struct policy *p, const struct connection *c)
{
	struct decision d;
	char host[64] = "?", port[16] = "?";

	policy_decide_on(p, c, &d);
	getnameinfo(c->addr, c->len, host, sizeof host, port, sizeof port,
	    NI_NUMERICHOST | NI_NUMERICSERV);
	printf("%s %s port %s%s%s%s: %s\n",
	    c->role == ROLE_CLIENT ? "connect to" : "accept on", host, port,
	    c->name != NULL ? " (" : "", c->name != NULL ? c->name : "",
	    c->name != NULL ? ")" : "", d.verdict == VERDICT_PLAIN ?
	    "left in plaintext" : d.verdict == VERDICT_TLS ? "TLS" :
	    "refused, the settings are wrong");
	if (d.rule == NULL) {
		if (d.verdict == VERDICT_PLAIN)
			line("rule", "none matches", NULL);
		return;
	}
	line("rule", d.rule, d.origin);
	if (d.conf == NULL)
		return;
	line("settings of", d.conf->rule, NULL);
	explain_settings(p, d.conf, c->role);
}

static struct addrinfo *
resolve(const char *host, const char *port, int flags)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = flags | AI_NUMERICSERV };
	struct addrinfo *list = NULL;

	if (getaddrinfo(host, port, &hints, &list) != 0)
		return NULL;
	return list;
}

/* Numbers can be accepted on as well; a name is told to getaddrinfo alone. */
static void
explain_address(const struct policy *p, const struct addrinfo *a,
    const char *name, const struct addrinfo *from)
{
	struct connection c = { .role = ROLE_CLIENT, .addr = a->ai_addr,
		.len = a->ai_addrlen, .name = name };

	explain_one(p, &c);
	if (name != NULL)
		return;
	c.role = ROLE_SERVER;
	if (from != NULL) {
		c.peer = from->ai_addr;
		c.peer_len = from->ai_addrlen;
	}
	explain_one(p, &c);
}

int
explain(const struct policy *p, const char *target, const char *from)
{
	struct addrinfo *list, *a, *client = NULL;
	const char *host, *port, *name = NULL;
	char copy[512];
	int rv = EXIT_USAGE;

	snprintf(copy, sizeof copy, "%s%s",
	    strspn(target, "0123456789") == strlen(target) ? ":" : "", target);
	if (!explain_split(copy, NULL, &host, &port)) {
		say("\"%s\" is not understood: write HOST:PORT", target);
		return EXIT_USAGE;
	}
	if (*host == '\0')
		host = "0.0.0.0";
	list = resolve(host, port, AI_NUMERICHOST);
	if (list == NULL) {
		list = resolve(host, port, 0);
		name = host;
	}
	if (from != NULL)
		client = resolve(from, "0", AI_NUMERICHOST);
	if (list == NULL)
		say("%s port %s cannot be resolved: write an address, or check "
		    "the name", host, port);
	else if (from != NULL && client == NULL)
		say("\"%s\" is no address of a client", from);
	else
		rv = EXIT_GOOD;
	for (a = list; rv == EXIT_GOOD && a != NULL; a = a->ai_next)
		explain_address(p, a, name, client);
	if (list != NULL)
		freeaddrinfo(list);
	if (client != NULL)
		freeaddrinfo(client);
	return rv;
}
