/* SPDX-License-Identifier: Apache-2.0
 * trust: the peers that are trusted by their key. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cert/peers.h"
#include "command.h"
#include "peer.h"
#include "tool.h"

enum { REMARK, ALSO };

static const struct command_option options[] = {
	[REMARK] = { "remark", "TEXT", "stands behind the fingerprint "
	    "(default: the date)" },
	[ALSO] = { "also", NULL, "the peer's old keys stay trusted" },
	{ NULL, NULL, NULL }
};

/* "HOST:PORT" connects and takes what the server shows. */
static int
from_server(const char *text, char name[PEERS_SIZE], char fp[DESCRIBE_FP],
    struct fail *f)
{
	struct peer p;
	char subject[200];
	int rc;

	rc = peer_fetch(text, &p, f);
	if (rc < 0)
		return rc;
	describe_spki(sk_X509_value(p.certs, 0), fp);
	describe_subject(sk_X509_value(p.certs, 0), subject, sizeof subject);
	snprintf(name, PEERS_SIZE, "%.279s", p.name);
	printf("%s shows %s\n", name, subject);
	peer_free(&p);
	return 0;
}

/* A fingerprint, or the file of a certificate. */
static int
from_word(const char *word, char fp[DESCRIBE_FP], struct fail *f)
{
	struct passwords none = { .count = 0 };
	struct load l = { 0 };
	int rc;

	if (describe_parse_fp(word, fp) == 0)
		return 0;
	rc = tool_load(word, LOAD_CERTS, &none, true, &l, f);
	if (rc == 0)
		describe_spki(sk_X509_value(l.certs, 0), fp);
	load_free(&l);
	return rc;
}

static int
add(const struct tlsconf *conf, const struct command_args *a, struct fail *f)
{
	char fp[DESCRIBE_FP], name[PEERS_SIZE], date[40], remark[64];
	int rc;

	snprintf(name, sizeof name, "%.279s", a->words[1]);
	rc = a->count == 2 ? from_server(a->words[1], name, fp, f) :
	    from_word(a->words[2], fp, f);
	if (rc < 0)
		return rc;
	describe_time(time(NULL), date, sizeof date);
	snprintf(remark, sizeof remark, "added %.10s", date);
	rc = peers_add(conf->dir, name, fp, a->value[REMARK] != NULL ?
	    a->value[REMARK] : remark, a->value[ALSO] != NULL, f);
	if (rc >= 0)
		printf("%s %s with the key sha256:%s\n", name, rc > 0 ?
		    "is trusted" : "was trusted already", fp);
	return rc;
}

static int
list_line(const struct peers_line *l, void *arg)
{
	(void)arg;
	printf("%s sha256:%s%s%s\n", l->peer, l->fingerprint,
	    *l->remark ? " " : "", l->remark);
	return 0;
}

static int
remove_lines(const struct tlsconf *conf, const char *what, struct fail *f)
{
	int n = peers_remove(conf->dir, what, f);

	if (n == 0)
		fail_set(f, REASON_SETTING, "%s/" PEERS_FILE " has no line for "
		    "\"%s\"", conf->dir, what);
	if (n > 0)
		printf("removed %d line%s\n", n, n == 1 ? "" : "s");
	return n > 0 ? 0 : n < 0 ? n : -ENOENT;
}

static int
run(const struct command_args *a)
{
	const struct tlsconf *conf;
	struct fail f = { 0 };
	int rc;

	conf = tool_conf(&f);
	if (conf == NULL)
		return tool_fail(&f);
	if (strcmp(a->words[0], "add") == 0 && a->count >= 2)
		rc = add(conf, a, &f);
	else if (strcmp(a->words[0], "list") == 0 && a->count == 1)
		rc = peers_each(conf->dir, list_line, NULL, &f);
	else if (strcmp(a->words[0], "remove") == 0 && a->count == 2)
		rc = remove_lines(conf, a->words[1], &f);
	else {
		tool_note("trust takes add PEER [FINGERPRINT or FILE], list, "
		    "or remove PEER or FINGERPRINT");
		return EXIT_USAGE;
	}
	return rc < 0 ? tool_fail(&f) : EXIT_GOOD;
}

const struct command command_trust = {
	"trust", "add PEER [FINGERPRINT or FILE] | list | remove WHAT",
	"the peers that are trusted by their key (known_peers)", 1, 3,
	options, run
};
