/* SPDX-License-Identifier: Apache-2.0
 * tlsconf: the words of the settings become what a connection is to be. */
#include "policy/tlsconf.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/profile.h"
#include "policy/words.h"

enum { PIN_DIGITS = 64, LONGEST_WAIT = 86400 };

static const char *const verify_words[] = { "none", "ca", "pin", "tofu",
	NULL };
static const char *const level_words[] = { "error", "warn", "info", "debug",
	NULL };
static const char *const format_words[] = { "text", "json", NULL };
static const char *const bool_words[] = { "no", "yes", "off", "on", "false",
	"true", "0", "1", NULL };
static const char *const version_words[] = { "1.0", "1.1", "1.2", "1.3",
	NULL };

/*
 * What is asked for and cannot be had.  PS3.15 B.1 wants 3DES and B.2 is a
 * protocol of its own; DCMTK and sites still name them.
 */
static const struct {
	const char *name, *why;
} impossible[] = {
	{ "basic", "the Basic profile (PS3.15 B.1) needs 3DES, which current "
	    "OpenSSL no longer has; legacy has the nearest suites" },
	{ "iscl", "ISCL (PS3.15 B.2) is not TLS; choose a TLS profile with "
	    "the peer's administrator" },
};

/* What is being read, handed down to the readers of single words. */
struct source {
	struct conf *conf;
	const struct scope *section;
};

static const struct value *
get(const struct source *s, enum setting setting)
{
	return conf_value(s->conf, s->section, setting);
}

static const char *
text(const struct source *s, enum setting setting)
{
	const struct value *v = get(s, setting);

	return v != NULL ? v->text : NULL;
}

static void
refuse(const struct source *s, const struct value *v, const char *accepted)
{
	fail_set(&s->conf->fail, REASON_SETTING,
	    "%s: \"%s\" is not understood: write %s", v->origin, v->text,
	    accepted);
}

/* One of LIST's words as its index; FALLBACK if unset or not understood. */
static int
choice(const struct source *s, enum setting setting,
    const char *const list[], int fallback)
{
	const struct value *v = get(s, setting);
	char accepted[128];
	int i;

	if (v == NULL)
		return fallback;
	i = words_find(list, v->text);
	if (i >= 0)
		return i;
	refuse(s, v, words_join(list, accepted, sizeof accepted));
	return fallback;
}

static bool
yes(const struct source *s, enum setting setting, bool fallback)
{
	const struct value *v = get(s, setting);
	int i = v != NULL ? words_find(bool_words, v->text) : fallback;

	if (i < 0)
		refuse(s, v, "yes or no");
	return i < 0 ? fallback : i % 2 == 1;
}

static int
seconds(const struct source *s, enum setting setting, int fallback)
{
	const struct value *v = get(s, setting);
	char *end;
	long n;

	if (v == NULL)
		return fallback;
	n = strtol(v->text, &end, 10);
	if (end != v->text && *end == '\0' && n >= 1 && n <= LONGEST_WAIT)
		return (int)n;
	refuse(s, v, "seconds, 1 to 86400");
	return fallback;
}

static void
unknown_profile(const struct source *s, const struct value *v)
{
	const char *list[16];
	const struct profile *p;
	char accepted[160];
	size_t i;

	for (i = 0; i < sizeof impossible / sizeof impossible[0]; i++)
		if (strcasecmp(impossible[i].name, v->text) == 0)
			fail_set(&s->conf->fail, REASON_SETTING, "%s: %s",
			    v->origin, impossible[i].why);
	for (i = 0; i < 15 && (p = profile_at(i)) != NULL; i++)
		list[i] = p->name;
	list[i] = NULL;
	refuse(s, v, words_join(list, accepted, sizeof accepted));
}

static const struct profile *
read_profile(const struct source *s)
{
	const struct value *v = get(s, SETTING_PROFILE);
	const struct profile *p = profile_find(v != NULL ? v->text : "bcp195");

	if (p == NULL)
		unknown_profile(s, v);
	return p != NULL ? p : profile_at(0);
}

/*
 * TLS 1.0 and 1.1 have CBC suites alone, and a modern profile has none of
 * these: asking for the versions has to bring suites.
 */
#define CBC ":ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:AES128-SHA" \
	":ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA:AES256-SHA"

static int
widen(const struct source *s, struct tlsconf *t)
{
	if (t->min_version >= TLS_1_2 || t->profile->min_version < TLS_1_2 ||
	    t->ciphers != NULL)
		return 0;
	t->ciphers = pool_printf(&s->conf->pool, "%s" CBC,
	    t->profile->ciphers);
	t->widened = true;
	return t->ciphers != NULL ? 0 : -ENOMEM;
}

static void
check_versions(const struct source *s, const struct tlsconf *t)
{
	const struct value *min = get(s, SETTING_MIN_VERSION);
	const struct value *max = get(s, SETTING_MAX_VERSION);
	const struct value *v = max != NULL ? max : min;

	if (v == NULL)
		return;
	if (t->min_version > t->max_version)
		fail_set(&s->conf->fail, REASON_SETTING, "%s: no TLS version "
		    "is left, the oldest (%s) is newer than the newest (%s): "
		    "set both min_version and max_version", v->origin,
		    version_words[t->min_version - TLS_1_0],
		    version_words[t->max_version - TLS_1_0]);
	if (t->max_version == TLS_1_3 && t->profile->suites == NULL &&
	    t->suites == NULL)
		fail_set(&s->conf->fail, REASON_SETTING, "%s: profile %s has "
		    "no TLS 1.3 suites: choose another profile or an older "
		    "version", v->origin, t->profile->name);
}

static int
read_versions(const struct source *s, struct tlsconf *t)
{
	const struct profile *p = t->profile;

	t->min_version = TLS_1_0 + choice(s, SETTING_MIN_VERSION,
	    version_words, p->min_version - TLS_1_0);
	t->max_version = TLS_1_0 + choice(s, SETTING_MAX_VERSION,
	    version_words, p->max_version - TLS_1_0);
	check_versions(s, t);
	return widen(s, t);
}

/* Splits what the user names: OpenSSL sets TLS 1.3's suites apart. */
static int
read_ciphers(const struct source *s, struct tlsconf *t)
{
	const struct value *v = get(s, SETTING_CIPHERS);
	struct pool *pool = &s->conf->pool;
	char *copy, *word, *rest;
	const char **to;

	if (v == NULL)
		return 0;
	copy = rest = pool_dup(pool, v->text);
	if (copy == NULL)
		return -ENOMEM;
	while ((word = strsep(&rest, ":, ")) != NULL) {
		to = strncmp(word, "TLS_", 4) == 0 ? &t->suites : &t->ciphers;
		if (*word == '\0')
			continue;
		*to = *to == NULL ? word :
		    pool_printf(pool, "%s:%s", *to, word);
		if (*to == NULL)
			return -ENOMEM;
	}
	if (t->ciphers == NULL && t->suites == NULL)
		refuse(s, v, "an OpenSSL cipher list, see openssl-ciphers(1)");
	return 0;
}

/* Hex with or without colons, as certtool and openssl print it. */
static char *
read_pin(struct pool *pool, const char *word)
{
	char *pin = pool_alloc(pool, PIN_DIGITS + 1);
	size_t n = 0;

	if (pin == NULL)
		return NULL;
	if (strncasecmp(word, "sha256:", 7) == 0)
		word += 7;
	for (; *word != '\0'; word++) {
		if (*word == ':')
			continue;
		if (!isxdigit((unsigned char)*word) || n == PIN_DIGITS)
			return NULL;
		pin[n++] = (char)tolower((unsigned char)*word);
	}
	return n == PIN_DIGITS ? pin : NULL;
}

static int
read_pins(const struct source *s, struct tlsconf *t)
{
	const struct value *v = get(s, SETTING_PINS);
	struct pool *pool = &s->conf->pool;
	char *rest, *word, *pin;

	if (v == NULL)
		return 0;
	rest = pool_dup(pool, v->text);
	if (rest == NULL)
		return -ENOMEM;
	while ((word = strsep(&rest, ", ")) != NULL) {
		if (*word == '\0')
			continue;
		pin = read_pin(pool, word);
		if (pin == NULL) {
			refuse(s, v, "SHA-256 fingerprints of public keys: 64 "
			    "hex digits each, separated by commas");
			return 0;
		}
		t->pins = t->pins == NULL ? pin :
		    pool_printf(pool, "%s,%s", t->pins, pin);
		if (t->pins == NULL)
			return -ENOMEM;
	}
	return 0;
}

/* The environment's word for one role or for both wins over the section's. */
static enum verify
read_verify(const struct source *s, enum setting one)
{
	const struct scope *scopes[3] = { &s->conf->env, s->section,
		&s->conf->file };
	size_t i;

	for (i = 0; i < 3; i++) {
		if (scopes[i] == NULL)
			continue;
		if (scopes[i]->values[one].text != NULL)
			return choice(s, one, verify_words, VERIFY_NONE);
		if (scopes[i]->values[SETTING_VERIFY].text != NULL)
			return choice(s, SETTING_VERIFY, verify_words,
			    VERIFY_NONE);
	}
	return VERIFY_NONE;
}

static int
read_paths(const struct source *s, struct tlsconf *t)
{
	struct pool *pool = &s->conf->pool;

	t->dir = s->conf->dir;
	t->cert = text(s, SETTING_CERT);
	t->key = text(s, SETTING_KEY);
	t->own_files = t->cert == NULL && t->key == NULL;
	if (t->cert == NULL)
		t->cert = pool_printf(pool, "%s/cert.pem", t->dir);
	if (t->key == NULL)
		t->key = pool_printf(pool, "%s/key.pem", t->dir);
	t->password_file = text(s, SETTING_KEY_PASSWORD_FILE);
	t->password = text(s, SETTING_KEY_PASSWORD);
	t->ca = text(s, SETTING_CA);
	t->crl = text(s, SETTING_CRL);
	t->keylog = text(s, SETTING_KEYLOG);
	return t->cert != NULL && t->key != NULL ? 0 : -ENOMEM;
}

int
tlsconf_read(struct tlsconf *t, struct conf *c, const struct scope *section)
{
	struct source s = { c, section };

	*t = (struct tlsconf){ .rule = "the general settings" };
	if (section != NULL)
		t->rule = pool_printf(&c->pool, "section [%s] (%s)",
		    section->name, section->origin);
	t->profile = read_profile(&s);
	t->name = text(&s, SETTING_NAME);
	t->client_cert = yes(&s, SETTING_CLIENT_CERT, false);
	t->nodelay = yes(&s, SETTING_NODELAY, true);
	t->handshake_timeout = seconds(&s, SETTING_HANDSHAKE_TIMEOUT, 30);
	t->verify[ROLE_CLIENT] = read_verify(&s, SETTING_CONNECT_VERIFY);
	t->verify[ROLE_SERVER] = read_verify(&s, SETTING_LISTEN_VERIFY);
	if (t->rule == NULL || read_paths(&s, t) < 0 ||
	    read_ciphers(&s, t) < 0 || read_versions(&s, t) < 0 ||
	    read_pins(&s, t) < 0)
		return -ENOMEM;
	return 0;
}

void
tlsconf_log(struct logconf *l, struct conf *c)
{
	struct source s = { c, NULL };

	l->target = text(&s, SETTING_LOG);
	if (l->target == NULL)
		l->target = "stderr";
	l->level = (enum log_level)choice(&s, SETTING_LOG_LEVEL, level_words,
	    LOG_LEVEL_WARN);
	l->json = choice(&s, SETTING_LOG_FORMAT, format_words, 0) == 1;
}
