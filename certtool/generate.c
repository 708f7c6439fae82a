/* SPDX-License-Identifier: Apache-2.0
 * generate: a new key and a self-signed certificate. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cert/describe.h"
#include "cert/issue.h"
#include "cert/pair.h"
#include "command.h"
#include "tool.h"

enum { CN, SAN, DAYS, KEY, COMPAT, FORCE };

static const struct command_option options[] = {
	[CN] = { "cn", "NAME", "subject's common name (default: the host's "
	    "name)" },
	[SAN] = { "san", "LIST", "names and addresses, comma-separated "
	    "(default: the host's)" },
	[DAYS] = { "days", "N", "valid for N days (default: five years)" },
	[KEY] = { "key", "KIND", "rsa:2048 to rsa:8192, ec:P-256, ec:P-384, "
	    "ec:P-521" },
	[COMPAT] = { "p12-compat", NULL, "cert.p12 for Windows Server 2016 and "
	    "older" },
	[FORCE] = { "force", NULL, "replace existing files (kept as .bak)" },
	{ NULL, NULL, NULL }
};

static int
add_san(struct names *n, const char *item, struct fail *f)
{
	const char *name = item;
	int rc;

	if (strncasecmp(item, "DNS:", 4) == 0)
		name = item + 4;
	else if (strncasecmp(item, "IP:", 3) == 0)
		name = item + 3;
	rc = names_add(n, name);
	if (rc == -ENOSPC)
		fail_set(f, REASON_SETTING, "--san has more than %d names",
		    NAMES_MAX);
	else if (rc < 0)
		fail_set(f, REASON_SETTING, "--san: \"%s\" is no DNS name and "
		    "no IP address", item);
	return rc;
}

static int
add_sans(struct names *n, const char *list, struct fail *f)
{
	char item[NAMES_SIZE];
	size_t len;
	int rc = 0;

	n->count = 0;
	while (rc == 0 && *list != '\0') {
		list += strspn(list, ", ");
		len = strcspn(list, ", ");
		if (len == 0)
			break;
		snprintf(item, sizeof item, "%.*s",
		    (int)(len < sizeof item ? len : sizeof item - 1), list);
		rc = add_san(n, item, f);
		list += len;
	}
	return rc;
}

static int
choose_names(const struct command_args *a, struct names *n, struct fail *f)
{
	const char *cn = a->value[CN];

	names_of_host(n, true);
	if (cn != NULL && (*cn == '\0' || strlen(cn) >= sizeof n->cn)) {
		fail_set(f, REASON_SETTING, "--cn has %zu bytes; accepted are "
		    "1 to %zu", strlen(cn), sizeof n->cn - 1);
		return -EINVAL;
	}
	if (a->value[SAN] != NULL && add_sans(n, a->value[SAN], f) < 0)
		return -EINVAL;
	if (cn == NULL)
		return 0;
	snprintf(n->cn, sizeof n->cn, "%s", cn);
	names_add(n, cn);	/* a person's words are no name: then not */
	return 0;
}

static int
make(const struct command_args *a, struct identity *id, struct fail *f)
{
	struct names names;
	int days = 0;

	if (a->value[DAYS] != NULL)
		days = tool_number(a->value[DAYS], "days", 1, 36500, f);
	if (days < 0 || choose_names(a, &names, f) < 0)
		return -EINVAL;
	id->key = issue_key(a->value[KEY] ? a->value[KEY] : ISSUE_KEY, f);
	if (id->key != NULL)
		id->cert = issue_cert(id->key, &names, days, f);
	return id->cert == NULL ? -EINVAL : 0;
}

static int
check_free(const struct store *s, bool force, struct fail *f)
{
	static const char *const files[] = { PAIR_CERT, PAIR_KEY, PAIR_P12 };
	size_t i;

	for (i = 0; i < sizeof files / sizeof files[0]; i++)
		if (!force && store_has(s, files[i])) {
			fail_set(f, REASON_CERTIFICATE, "%s/%s exists: "
			    "generate --force makes a new key and keeps the "
			    "old files as .bak, renew keeps the key",
			    s->path, files[i]);
			return -EEXIST;
		}
	return 0;
}

static int
put(const struct tlsconf *conf, const struct command_args *a,
    const struct identity *id, struct fail *f)
{
	struct password pw = { .source = PASSWORD_NONE };
	struct store s;
	int rc;

	rc = store_open(&s, conf->dir, f);
	if (rc < 0)
		return rc;
	rc = check_free(&s, a->value[FORCE] != NULL, f);
	if (rc == 0)
		rc = password_for_new(conf, &s, &pw, f);
	if (rc == 0)
		rc = pair_put(&s, id, &pw, a->value[COMPAT] != NULL,
		    a->value[FORCE] != NULL, f);
	if (rc == 0)
		rc = store_commit(&s, f);
	password_wipe(&pw);
	store_close(&s);
	return rc;
}

static int
run(const struct command_args *a)
{
	struct identity id = { .cert = NULL };
	const struct tlsconf *conf;
	struct fail f = { 0 };
	char fp[DESCRIBE_FP], subject[200];
	int rc = -EINVAL;

	conf = tool_own_conf(&f);
	if (conf != NULL)
		rc = make(a, &id, &f);
	if (rc == 0)
		rc = put(conf, a, &id, &f);
	if (rc == 0) {
		describe_spki(id.cert, fp);
		describe_subject(id.cert, subject, sizeof subject);
		printf("made %s/{" PAIR_CERT "," PAIR_KEY "," PAIR_P12 "} "
		    "for %s\nSPKI SHA-256 %s\n", conf->dir, subject, fp);
	}
	identity_free(&id);
	return rc < 0 ? tool_fail(&f) : EXIT_GOOD;
}

const struct command command_generate = {
	"generate", "", "make a key and a self-signed certificate", 0, 0,
	options, run
};
