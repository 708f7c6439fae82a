/* SPDX-License-Identifier: Apache-2.0
 * policy: settings become immutable rules; a role and an address become a
 * decision. */
#include "policy/policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/conf.h"
#include "policy/rules.h"
#include "policy/tlsconf.h"

#define DEFAULT_RULES "2762"

struct section {
	const struct scope *scope;
	struct rules rules[2];	/* by role */
	struct rule *from;	/* client networks; NULL: all */
	size_t n_from;
	struct tlsconf tls;
};

struct policy {
	struct conf conf;
	struct rules rules[2];	/* the general ones, by role */
	const char *origin[2];
	bool unknown[2];	/* a rule may have gone unread: refuse all */
	struct tlsconf tls;
	struct section *sections;
	size_t n_sections;
	struct logconf log;
};

static const enum setting role_setting[2] = {
	[ROLE_CLIENT] = SETTING_CONNECT,
	[ROLE_SERVER] = SETTING_LISTEN,
};

static int
parse(struct policy *p, struct rules *r, enum role role,
    const struct value *v)
{
	int rv = rules_parse(r, &p->conf.pool, role, v->text, v->origin,
	    &p->conf.fail);

	if (rv == -EINVAL)
		p->unknown[role] = true;
	return rv == -ENOMEM ? rv : 0;
}

static int
general_rules(struct policy *p, enum role role)
{
	static const struct value fallback = { DEFAULT_RULES,
		"the default" };
	const struct value *v = conf_value(&p->conf, NULL,
	    role_setting[role]);

	if (v == NULL)
		v = &fallback;
	p->unknown[role] = p->conf.unknown;
	p->origin[role] = v->origin;
	return parse(p, &p->rules[role], role, v);
}

static int
section_from(struct policy *p, struct section *s)
{
	const struct value *v = &s->scope->values[SETTING_FROM];
	char *rest, *word;

	if (v->text == NULL)
		return 0;
	rest = pool_dup(&p->conf.pool, v->text);
	s->from = pool_alloc(&p->conf.pool,
	    strlen(v->text) * sizeof *s->from);
	if (rest == NULL || s->from == NULL)
		return -ENOMEM;
	while ((word = strsep(&rest, ", ")) != NULL) {
		if (*word == '\0')
			continue;
		if (!rules_net_parse(&s->from[s->n_from], word))
			fail_set(&p->conf.fail, REASON_SETTING, "%s: \"%s\" "
			    "is no network: write addresses or "
			    "ADDRESS/BITS, separated by commas", v->origin,
			    word);
		else
			s->n_from++;
	}
	return 0;
}

static int
section_rules(struct policy *p, struct section *s)
{
	const struct value *v;
	bool any = false;
	enum role role;

	for (role = ROLE_CLIENT; role <= ROLE_SERVER; role++) {
		v = &s->scope->values[role_setting[role]];
		if (v->text == NULL)
			continue;
		any = true;
		if (parse(p, &s->rules[role], role, v) < 0)
			return -ENOMEM;
	}
	if (any)
		return 0;
	fail_set(&p->conf.fail, REASON_SETTING, "%s: section [%s] is for no "
	    "connection: add a line connect = RULES or listen = RULES",
	    s->scope->origin, s->scope->name);
	p->unknown[ROLE_CLIENT] = p->unknown[ROLE_SERVER] = true;
	return 0;
}

static int
read_sections(struct policy *p)
{
	struct conf *c = &p->conf;
	struct section *s;
	size_t i;

	p->sections = pool_alloc(&c->pool,
	    c->n_sections * sizeof *p->sections);
	if (p->sections == NULL)
		return -ENOMEM;
	p->n_sections = c->n_sections;
	for (i = 0; i < c->n_sections; i++) {
		s = &p->sections[i];
		s->scope = &c->sections[i];
		if (section_rules(p, s) < 0 || section_from(p, s) < 0 ||
		    tlsconf_read(&s->tls, c, s->scope) < 0)
			return -ENOMEM;
	}
	return 0;
}

struct policy *
policy_load(void)
{
	struct policy *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	if (conf_load(&p->conf) < 0)
		goto fail;
	tlsconf_log(&p->log, &p->conf);
	if (general_rules(p, ROLE_CLIENT) < 0 ||
	    general_rules(p, ROLE_SERVER) < 0 ||
	    tlsconf_read(&p->tls, &p->conf, NULL) < 0 ||
	    read_sections(p) < 0)
		goto fail;
	return p;
fail:
	policy_free(p);
	return NULL;
}

void
policy_free(struct policy *p)
{
	if (p == NULL)
		return;
	conf_free(&p->conf);
	free(p);
}

const struct fail *
policy_error(const struct policy *p)
{
	return p->conf.fail.reason != REASON_NONE ? &p->conf.fail : NULL;
}

static bool
from_matches(const struct section *s, const struct connection *c)
{
	struct rules_addr peer;
	size_t i;

	if (s->from == NULL)
		return true;
	if (!rules_addr_set(&peer, c->peer, c->peer_len))
		return false;
	for (i = 0; i < s->n_from; i++)
		if (rules_net_covers(&s->from[i], &peer))
			return true;
	return false;
}

/* The first section that wants it.  *HALF: one whose clients are others. */
static const struct section *
find_section(const struct policy *p, const struct connection *c,
    const struct rules_addr *a, const struct rule **rule,
    const struct section **half)
{
	const struct section *s;
	const struct rule *r;
	size_t i;

	for (i = 0; i < p->n_sections; i++) {
		s = &p->sections[i];
		r = rules_match(&s->rules[c->role], a, c->name);
		if (r == NULL || r->negate)
			continue;
		*rule = r;
		if (c->role == ROLE_CLIENT || from_matches(s, c))
			return s;
		*half = s;
	}
	return NULL;
}

static enum verdict
decided(const struct policy *p, struct decision *d, const struct tlsconf *t,
    const struct rule *rule, const char *origin)
{
	d->rule = rule->text;
	d->origin = origin;
	d->verdict = policy_error(p) != NULL ? VERDICT_REFUSE : VERDICT_TLS;
	d->conf = d->verdict == VERDICT_TLS ? t : NULL;
	return d->verdict;
}

enum verdict
policy_decide_on(const struct policy *p, const struct connection *c,
    struct decision *d)
{
	const struct rule *general, *rule = NULL;
	const struct section *s, *half = NULL;
	struct rules_addr a;

	*d = (struct decision){ VERDICT_PLAIN, NULL, NULL, NULL };
	if (!rules_addr_set(&a, c->addr, c->len))
		return d->verdict;
	if (p->unknown[c->role])
		return d->verdict = VERDICT_REFUSE;
	general = rules_match(&p->rules[c->role], &a, c->name);
	if (p->rules[c->role].none || (general != NULL && general->negate)) {
		d->rule = general != NULL ? general->text : "none";
		d->origin = p->origin[c->role];
		return d->verdict;
	}
	s = find_section(p, c, &a, &rule, &half);
	if (s != NULL)
		return decided(p, d, &s->tls, rule, s->scope->origin);
	if (general != NULL)
		return decided(p, d, &p->tls, general, p->origin[c->role]);
	if (half != NULL)
		return decided(p, d, &p->tls, rule, half->scope->origin);
	return d->verdict;
}

enum verdict
policy_decide(const struct policy *p, enum role role,
    const struct sockaddr *addr, socklen_t len, const char *name,
    const struct tlsconf **conf)
{
	struct connection c = { .role = role, .addr = addr, .len = len,
		.name = name };
	struct decision d;

	policy_decide_on(p, &c, &d);
	if (conf != NULL)
		*conf = d.conf;
	return d.verdict;
}

bool
policy_any(const struct policy *p, enum role role)
{
	size_t i;

	if (p->unknown[role])
		return true;
	if (p->rules[role].none)
		return false;
	if (rules_any(&p->rules[role]))
		return true;
	for (i = 0; i < p->n_sections; i++)
		if (rules_any(&p->sections[i].rules[role]))
			return true;
	return false;
}

/* The rule that is *LEFT further on among those that want TLS, or NULL. */
static const struct rule *
nth_rule(const struct rules *r, size_t *left)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		if (!r->list[i].negate && (*left)-- == 0)
			return &r->list[i];
	return NULL;
}

bool
policy_ports(const struct policy *p, size_t i, uint16_t *low, uint16_t *high)
{
	const struct rule *r = NULL;
	enum role role;
	size_t s;

	for (role = ROLE_CLIENT; r == NULL && role <= ROLE_SERVER; role++) {
		if (p->rules[role].none)
			continue;
		r = nth_rule(&p->rules[role], &i);
		for (s = 0; r == NULL && s < p->n_sections; s++)
			r = nth_rule(&p->sections[s].rules[role], &i);
	}
	if (r == NULL)
		return false;
	*low = r->low;
	*high = r->high;
	return true;
}

const struct tlsconf *
policy_default(const struct policy *p)
{
	return &p->tls;
}

const struct tlsconf *
policy_section(const struct policy *p, size_t i)
{
	return i < p->n_sections ? &p->sections[i].tls : NULL;
}

const struct logconf *
policy_log(const struct policy *p)
{
	return &p->log;
}

const char *
policy_path(const struct policy *p)
{
	return p->conf.path;
}

const struct conf *
policy_conf(const struct policy *p)
{
	return &p->conf;
}
