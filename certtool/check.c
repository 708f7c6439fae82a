/* SPDX-License-Identifier: Apache-2.0
 * check: whether our identity is and stays in order, for monitoring. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "cert/describe.h"
#include "cert/files.h"
#include "cert/hostkey.h"
#include "cert/identity.h"
#include "cert/pair.h"
#include "cert/peers.h"
#include "cert/store.h"
#include "command.h"
#include "report.h"
#include "tool.h"

enum { JSON, WARNING, CRITICAL };

static const struct command_option options[] = {
	[JSON] = { "json", NULL, "one JSON object" },
	[WARNING] = { "warning", "DAYS", "a warning below so many days left "
	    "(default: 60)" },
	[CRITICAL] = { "critical", "DAYS", "critical below so many days left "
	    "(default: 7)" },
	{ NULL, NULL, NULL }
};

struct limits {
	int warning, critical;	/* days */
};

static void
check_mode(struct report *r, const char *check, const char *path,
    mode_t bad, enum report_status status)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return;
	if (st.st_mode & bad)
		report_add(r, status, check, "%s has mode %04o: chmod %04o it",
		    path, (unsigned)(st.st_mode & 07777),
		    (unsigned)(st.st_mode & 07777 & ~bad));
	if (st.st_uid != geteuid() && st.st_uid != 0)
		report_add(r, REPORT_CRITICAL, check, "%s belongs to user %u, "
		    "not to user %u or root", path, (unsigned)st.st_uid,
		    (unsigned)geteuid());
}

static void
check_own_mode(struct report *r, const struct tlsconf *conf,
    const char *name, mode_t bad)
{
	char path[PATH_MAX];

	if (files_join(path, sizeof path, conf->dir, name) == 0)
		check_mode(r, "permissions", path, bad, REPORT_WARNING);
}

static void
check_folder(struct report *r, const struct tlsconf *conf)
{
	size_t before = r->count;

	check_mode(r, "folder", conf->dir, S_IWOTH, REPORT_CRITICAL);
	check_mode(r, "permissions", conf->key, S_IRWXG | S_IRWXO,
	    REPORT_WARNING);
	check_mode(r, "permissions", conf->cert, S_IWGRP | S_IWOTH,
	    REPORT_WARNING);
	check_own_mode(r, conf, HOSTKEY_FILE, S_IRWXG | S_IRWXO);
	check_own_mode(r, conf, PASSWORD_STORED_NAME, S_IRWXG | S_IRWXO);
	check_own_mode(r, conf, PAIR_P12, S_IRWXG | S_IRWXO);
	if (store_interrupted(conf->dir))
		report_add(r, REPORT_WARNING, "folder", "a change of the files "
		    "in %s was interrupted; the next use finishes it",
		    conf->dir);
	if (r->count == before)
		report_add(r, REPORT_GOOD, "permissions", "owners and modes "
		    "in %s are right", conf->dir);
}

static void
check_days(struct report *r, X509 *cert, const char *path,
    const struct limits *l)
{
	char end[40], begin[40];
	int days = describe_days(cert);

	describe_time(describe_end(cert), end, sizeof end);
	describe_time(describe_begin(cert), begin, sizeof begin);
	r->days = days;
	r->has_days = true;
	if (describe_begin(cert) > time(NULL))
		report_add(r, REPORT_CRITICAL, "validity", "the certificate "
		    "%s is not valid before %s: is the clock right?", path,
		    begin);
	else if (days < 0)
		report_add(r, REPORT_CRITICAL, "validity", "the certificate "
		    "%s ended on %s: renew it", path, end);
	else
		report_add(r, days < l->critical ? REPORT_CRITICAL : days <
		    l->warning ? REPORT_WARNING : REPORT_GOOD, "validity",
		    "the certificate %s ends in %d day%s, on %s", path, days,
		    days == 1 ? "" : "s", end);
}

/* Issuers that end before the leaf does. */
static void
check_chain(struct report *r, const struct identity *id)
{
	char subject[200];
	int i;

	for (i = 0; i < sk_X509_num(id->chain); i++) {
		X509 *cert = sk_X509_value(id->chain, i);

		if (describe_days(cert) >= 0)
			continue;
		describe_subject(cert, subject, sizeof subject);
		report_add(r, REPORT_CRITICAL, "chain", "the issuer's "
		    "certificate %s has ended", subject);
	}
}

static void
check_password(struct report *r, const struct tlsconf *conf,
    const struct identity *id)
{
	report_add(r, REPORT_GOOD, "password", "%s opens the key",
	    password_source_name(id->opened_by));
	if (id->opened_by == PASSWORD_NONE)
		report_add(r, REPORT_WARNING, "password", "the key %s is not "
		    "encrypted", conf->key);
	if (id->opened_by == PASSWORD_DERIVED ||
	    id->opened_by == PASSWORD_STORED)
		report_add(r, REPORT_GOOD, "host", "host and user are those "
		    "that the password was made for");
}

static void
check_stored(struct report *r, const struct tlsconf *conf)
{
	struct password pw;
	struct fail f = { 0 };
	int rc = password_stored(conf->dir, &pw, &f);

	password_wipe(&pw);
	if (rc < 0 && rc != -ENOENT)
		report_add(r, REPORT_CRITICAL, "password", "%s", f.text);
}

/* Other programs use it: it has to be the same certificate. */
static void
check_p12(struct report *r, const struct tlsconf *conf,
    const struct identity *id)
{
	char path[PATH_MAX];
	struct passwords pws;
	struct load l = { 0 };
	struct fail f = { 0 };

	if (!conf->own_files ||
	    files_join(path, sizeof path, conf->dir, PAIR_P12) < 0 ||
	    !files_there(path) || tool_passwords(conf, NULL, &pws, &f) < 0)
		return;
	if (tool_load(path, LOAD_CERTS | LOAD_KEY, &pws, false, &l, &f) < 0)
		report_add(r, REPORT_WARNING, "pkcs12", "%s", f.text);
	else if (X509_cmp(sk_X509_value(l.certs, 0), id->cert) != 0)
		report_add(r, REPORT_WARNING, "pkcs12", "%s holds another "
		    "certificate than %s: export it anew with export --force "
		    "%s", path, conf->cert, path);
	else
		report_add(r, REPORT_GOOD, "pkcs12", "%s holds the same pair",
		    path);
	load_free(&l);
	password_wipe_all(&pws);
}

static int
count_line(const struct peers_line *l, void *arg)
{
	(void)l;
	++*(int *)arg;
	return 0;
}

static void
check_peers(struct report *r, const struct tlsconf *conf)
{
	struct fail f = { 0 };
	int n = 0;

	if (peers_each(conf->dir, count_line, &n, &f) < 0)
		report_add(r, REPORT_CRITICAL, "peers", "%s", f.text);
	else if (n > 0)
		report_add(r, REPORT_GOOD, "peers", "%d known peer%s", n,
		    n == 1 ? "" : "s");
}

static const char *
check_name(enum reason reason)
{
	switch (reason) {
	case REASON_PASSWORD:
		return "password";
	case REASON_KEY:
		return "pair";
	case REASON_WEAK:
		return "strength";
	default:
		return "files";
	}
}

static void
check_identity(struct report *r, const struct tlsconf *conf,
    const struct limits *l)
{
	struct identity id;
	struct fail f = { 0 };
	char subject[200];

	if (conf->own_files && !files_there(conf->cert) &&
	    !files_there(conf->key)) {
		report_add(r, REPORT_WARNING, "files", "there is no "
		    "certificate in %s yet: the first use makes one, or "
		    "generate does", conf->dir);
		return;
	}
	if (identity_look(conf, &id, &f) < 0) {
		report_add(r, REPORT_CRITICAL, check_name(f.reason), "%s",
		    f.text);
		return;
	}
	describe_subject(id.cert, subject, sizeof subject);
	report_add(r, REPORT_GOOD, "pair", "key and certificate fit (%s)",
	    subject);
	check_password(r, conf, &id);
	check_days(r, id.cert, conf->cert, l);
	check_chain(r, &id);
	check_p12(r, conf, &id);
	identity_free(&id);
}

static int
read_limits(const struct command_args *a, struct limits *l, struct fail *f)
{
	if (a->value[WARNING] != NULL)
		l->warning = tool_number(a->value[WARNING], "warning", 0,
		    36500, f);
	if (a->value[CRITICAL] != NULL)
		l->critical = tool_number(a->value[CRITICAL], "critical", 0,
		    36500, f);
	return l->warning < 0 || l->critical < 0 ? -EINVAL : 0;
}

static int
run(const struct command_args *a)
{
	struct limits l = { .warning = 60, .critical = 7 };
	const struct tlsconf *conf;
	struct report r = { .count = 0 };
	struct fail f = { 0 };

	/* What the library would warn of is found here anyway. */
	log_open("none", LOG_LEVEL_ERROR, false);
	conf = tool_conf(&f);
	if (conf == NULL || read_limits(a, &l, &f) < 0)
		report_add(&r, REPORT_UNKNOWN, "settings", "%s", f.text);
	else {
		r.dir = conf->dir;
		check_identity(&r, conf, &l);
		check_folder(&r, conf);
		check_stored(&r, conf);
		check_peers(&r, conf);
	}
	if (a->value[JSON] != NULL)
		report_json(&r);
	else
		report_text(&r);
	return (int)report_worst(&r);
}

const struct command command_check = {
	"check", "", "check files, key, password and days left (exit 0 good, "
	"1 warning, 2 critical)", 0, 0, options, run
};
