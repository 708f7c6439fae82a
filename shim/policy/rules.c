/* SPDX-License-Identifier: Apache-2.0
 * rules: lists of [!][HOST or CIDR:]PORT[-PORT] that pick connections. */
#include "policy/rules.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ACCEPTED "write [!][HOST or NETWORK:]PORT[-PORT], for example " \
	"2762, 10.1.0.0/16:2762, [2001:db8::]/32:2762 or !pacs:104-105"

static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

bool
rules_addr_set(struct rules_addr *a, const struct sockaddr *sa, socklen_t len)
{
	const struct sockaddr_in6 *in6 = (const void *)sa;
	const struct sockaddr_in *in = (const void *)sa;

	memset(a, 0, sizeof *a);
	if (sa == NULL || len < (socklen_t)sizeof sa->sa_family)
		return false;
	if (sa->sa_family == AF_INET && len >= (socklen_t)sizeof *in) {
		a->family = AF_INET;
		a->port = ntohs(in->sin_port);
		memcpy(a->bytes, &in->sin_addr, 4);
		return true;
	}
	/* The kernel takes addresses without the scope (RFC 2133's). */
	if (sa->sa_family != AF_INET6 ||
	    len < (socklen_t)offsetof(struct sockaddr_in6, sin6_scope_id))
		return false;
	a->port = ntohs(in6->sin6_port);
	if (memcmp(&in6->sin6_addr, mapped, sizeof mapped) == 0) {
		a->family = AF_INET;
		memcpy(a->bytes, in6->sin6_addr.s6_addr + 12, 4);
	} else {
		a->family = AF_INET6;
		memcpy(a->bytes, &in6->sin6_addr, 16);
	}
	return true;
}

/* A decimal number up to MAX and nothing else, or -1. */
static long
number(const char *s, size_t len, long max)
{
	long n = 0;
	size_t i;

	if (len == 0 || len > 9)
		return -1;
	for (i = 0; i < len; i++) {
		if (!isdigit((unsigned char)s[i]))
			return -1;
		n = n * 10 + (s[i] - '0');
	}
	return n <= max ? n : -1;
}

static bool
ports_parse(struct rule *rule, const char *s)
{
	const char *dash = strchr(s, '-');
	long low, high;

	low = number(s, dash != NULL ? (size_t)(dash - s) : strlen(s), 65535);
	high = dash != NULL ? number(dash + 1, strlen(dash + 1), 65535) : low;
	if (low < 1 || high < low)
		return false;
	rule->low = (uint16_t)low;
	rule->high = (uint16_t)high;
	return true;
}

/* Copies TEXT without its brackets: "[A]/N" and "[A/N]" mean the same. */
static bool
unbracket(const char *text, char *out, size_t size)
{
	size_t len = 0;

	for (; *text != '\0'; text++) {
		if (*text == '[' || *text == ']')
			continue;
		if (len + 1 >= size)
			return false;
		out[len++] = *text;
	}
	out[len] = '\0';
	return true;
}

static bool
prefix_parse(struct rule *rule, const char *slash)
{
	long max = rule->family == AF_INET ? 32 : 128;
	long bits = max;

	if (slash != NULL)
		bits = number(slash + 1, strlen(slash + 1), max);
	if (bits < 0)
		return false;
	rule->bits = (unsigned)bits;
	return true;
}

/* The kernel shows such peers as IPv4 and so do we. */
static void
unmap(struct rule *rule)
{
	if (rule->family != AF_INET6 || rule->bits < 96 ||
	    memcmp(rule->net, mapped, sizeof mapped) != 0)
		return;
	memmove(rule->net, rule->net + 12, 4);
	rule->family = AF_INET;
	rule->bits -= 96;
}

bool
rules_net_parse(struct rule *rule, const char *text)
{
	char addr[64], *slash;
	bool four, six;

	if (!unbracket(text, addr, sizeof addr))
		return false;
	slash = strchr(addr, '/');
	if (slash != NULL)
		*slash = '\0';
	four = inet_pton(AF_INET, addr, rule->net) == 1;
	six = !four && inet_pton(AF_INET6, addr, rule->net) == 1;
	if (!four && !six)
		return false;
	rule->kind = RULE_NET;
	rule->family = four ? AF_INET : AF_INET6;
	if (!prefix_parse(rule, slash))
		return false;
	unmap(rule);
	return true;
}

/* "10.1" or "10.1.2.999" is a slip, no host. */
static bool
name_ok(const char *s)
{
	bool letter = false;

	if (*s == '\0' || *s == '.' || *s == '-')
		return false;
	for (; *s != '\0'; s++) {
		if (!isalnum((unsigned char)*s) && strchr("._-", *s) == NULL)
			return false;
		letter |= !isdigit((unsigned char)*s) && *s != '.';
	}
	return letter;
}

static bool
host_parse(struct rule *rule, struct pool *pool, const char *host)
{
	size_t len = strlen(host);

	if (rules_net_parse(rule, host))
		return true;
	if (!name_ok(host))
		return false;
	if (host[len - 1] == '.')
		len--;
	rule->kind = RULE_NAME;
	rule->name = pool_ndup(pool, host, len);
	return rule->name != NULL;
}

/* Where the host ends: the last colon that is outside of brackets. */
static char *
host_end(char *s)
{
	char *close = strrchr(s, ']');

	return strrchr(close != NULL ? close : s, ':');
}

static int
rule_parse(struct rule *rule, struct pool *pool, char *s)
{
	char *colon;

	rule->text = pool_dup(pool, s);
	if (rule->text == NULL)
		return -ENOMEM;
	if (*s == '!') {
		rule->negate = true;
		s++;
	}
	colon = host_end(s);
	if (colon != NULL)
		*colon = '\0';
	/* An IPv6 address without brackets would lose its last group. */
	if (colon != NULL && strchr(s, '[') == NULL && strchr(s, ':') != NULL)
		return -EINVAL;
	if (!ports_parse(rule, colon != NULL ? colon + 1 : s))
		return -EINVAL;
	if (colon != NULL && !host_parse(rule, pool, s))
		return -EINVAL;
	return 0;
}

static char *
trim(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	end = s + strlen(s);
	while (end > s && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return s;
}

static int
append(struct rules *r, struct pool *pool, enum role role, char *word,
    const char *origin, struct fail *f)
{
	struct rule *rule = &r->list[r->count];
	int rv = rule_parse(rule, pool, word);

	if (rv == -EINVAL)
		fail_set(f, REASON_SETTING, "%s: \"%s\" is no rule: " ACCEPTED
		    ", or none", origin, rule->text);
	if (rv < 0)
		return rv;
	if (role == ROLE_SERVER && rule->kind == RULE_NAME) {
		fail_set(f, REASON_SETTING, "%s: \"%s\" names a host, but "
		    "accepted connections show local addresses alone: write "
		    "the address of this machine's interface", origin,
		    rule->text);
		return -EINVAL;
	}
	r->count++;
	return 0;
}

static size_t
commas(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += *s == ',';
	return n;
}

int
rules_parse(struct rules *r, struct pool *pool, enum role role,
    const char *text, const char *origin, struct fail *f)
{
	char *copy = pool_dup(pool, text), *word, *rest;
	int rv;

	*r = (struct rules){ 0 };
	r->list = pool_alloc(pool, (commas(text) + 1) * sizeof *r->list);
	if (copy == NULL || r->list == NULL)
		return -ENOMEM;
	if (strcasecmp(trim(copy), "none") == 0) {
		r->none = true;
		return 0;
	}
	for (rest = copy; (word = strsep(&rest, ",")) != NULL;) {
		rv = append(r, pool, role, trim(word), origin, f);
		if (rv < 0)
			return rv;
	}
	return 0;
}

bool
rules_net_covers(const struct rule *rule, const struct rules_addr *a)
{
	unsigned whole = rule->bits / 8, rest = rule->bits % 8;
	unsigned char mask = (unsigned char)(0xff00 >> rest);

	if (rule->family != a->family ||
	    memcmp(rule->net, a->bytes, whole) != 0)
		return false;
	return rest == 0 ||
	    ((rule->net[whole] ^ a->bytes[whole]) & mask) == 0;
}

static bool
same_name(const char *rule, const char *name)
{
	size_t len = name != NULL ? strlen(name) : 0;

	if (len > 0 && name[len - 1] == '.')
		len--;
	return len == strlen(rule) && strncasecmp(rule, name, len) == 0;
}

const struct rule *
rules_match(const struct rules *r, const struct rules_addr *a,
    const char *name)
{
	const struct rule *rule = r->list, *end = r->list + r->count;

	for (; rule < end; rule++) {
		if (a->port < rule->low || a->port > rule->high)
			continue;
		if (rule->kind == RULE_ANY ||
		    (rule->kind == RULE_NET && rules_net_covers(rule, a)) ||
		    (rule->kind == RULE_NAME && same_name(rule->name, name)))
			return rule;
	}
	return NULL;
}

bool
rules_any(const struct rules *r)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		if (!r->list[i].negate)
			return true;
	return false;
}
