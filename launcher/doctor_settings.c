/* SPDX-License-Identifier: Apache-2.0
 * doctor, the settings: what is configured, and our certificates. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cert/describe.h"
#include "cert/hostid.h"
#include "cert/identity.h"
#include "doctor.h"
#include "policy/conf.h"

enum { WARN_DAYS = 60 };

static void
check_rules(const struct policy *p)
{
	static const enum setting settings[2] = { SETTING_CONNECT,
		SETTING_LISTEN };
	static const char *const what[2] = { "outgoing", "incoming" };
	const struct value *v;
	size_t i, sections = 0;
	int role;

	while (policy_section(p, sections) != NULL)
		sections++;
	for (role = 0; role < 2; role++) {
		v = conf_value(policy_conf(p), NULL, settings[role]);
		if (!policy_any(p, role))
			doctor_note(what[role], "no connection becomes TLS "
			    "(%s)", v != NULL ? v->origin : "default");
		else
			doctor_good(what[role], "%s (%s)", v != NULL ?
			    v->text : conf_row(settings[role])->fallback,
			    v != NULL ? v->origin : "default");
	}
	for (i = 0; i < sections; i++)
		doctor_good("settings", "%s, profile %s",
		    policy_section(p, i)->rule,
		    policy_section(p, i)->profile->name);
}

/* Whoever can write it decides who may listen in.  A sticky folder keeps what
 * is ours. */
static bool
check_writers(struct doctor *d, const char *path, const struct stat *st)
{
	if ((st->st_mode & (S_IWOTH | S_ISVTX)) == S_IWOTH)
		doctor_wrong(d, "settings", "everyone may write %s: chmod "
		    "o-w it", path);
	else if (st->st_uid != 0 && st->st_uid != geteuid())
		doctor_wrong(d, "settings", "%s belongs to user %u, who could "
		    "change it: chown it to root or to user %u", path,
		    (unsigned)st->st_uid, (unsigned)geteuid());
	else
		return true;
	return false;
}

static void
check_file(struct doctor *d, const char *path)
{
	struct stat st;

	if (path == NULL || stat(path, &st) < 0)
		return;
	if (check_writers(d, path, &st))
		doctor_good("settings", "%s", path);
	if (policy_conf(d->policy)->file.values[SETTING_KEY_PASSWORD].text !=
	    NULL && st.st_mode & (S_IRGRP | S_IROTH))
		doctor_note("settings", "%s holds a password and others may "
		    "read it: chmod 600 it", path);
}

/* Can the folder be made, or files in it? */
static void
check_folder(struct doctor *d, const char *dir)
{
	char path[PATH_MAX], *slash;
	struct stat st;

	snprintf(path, sizeof path, "%s", dir);
	while (access(path, F_OK) < 0 && (slash = strrchr(path, '/')) != NULL)
		slash[slash == path] = '\0';
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
	    access(path, W_OK) == 0)
		doctor_good("certificate", "none yet, made in %s on first use",
		    dir);
	else
		doctor_wrong(d, "certificate", "there is none, and this user "
		    "cannot make one in %s: set DICOMTLS_DIR, or run "
		    "dicomtls-certtool generate as a user who may", dir);
}

/* An EC key needs suites with ECDSA below TLS 1.3 (RFC 8422, 2). */
static void
check_kind(struct doctor *d, const struct tlsconf *t, X509 *cert)
{
	const char *list = t->ciphers != NULL ? t->ciphers :
	    t->profile->ciphers;

	if (!describe_elliptic(cert) || t->profile->legacy_server ||
	    strstr(list, "ECDSA") != NULL)
		return;
	if (t->max_version < TLS_1_3)
		doctor_wrong(d, "certificate", "%s has an EC key, and profile "
		    "%s has suites for RSA alone: dicomtls-certtool generate "
		    "--force --key rsa:2048", t->cert, t->profile->name);
	else
		doctor_note("certificate", "%s has an EC key, for which "
		    "profile %s has TLS 1.3 alone: peers without that need a "
		    "key of RSA", t->cert, t->profile->name);
}

static void
check_identity(struct doctor *d, const struct tlsconf *t)
{
	char subject[256], end[64], cure[320];
	struct identity id;
	struct fail f = { 0 };
	int days;

	if (identity_load(t, &id, &f) < 0) {
		doctor_wrong(d, "certificate", "%s", f.text);
		return;
	}
	days = describe_days(id.cert);
	describe_subject(id.cert, subject, sizeof subject);
	describe_time(describe_end(id.cert), end, sizeof end);
	describe_renewal(id.cert, cure, sizeof cure);
	if (days < 0)
		doctor_wrong(d, "certificate", "%s ended on %s: %s", t->cert,
		    end, cure);
	else if (days < WARN_DAYS)
		doctor_note("certificate", "%s ends on %s, in %d days: %s",
		    t->cert, end, days, cure);
	else
		doctor_good("certificate", "%s, %s, until %s", t->cert,
		    subject, end);
	check_kind(d, t, id.cert);
	identity_free(&id);
}

/* Not made here: looking must not change anything. */
static void
check_certificate(struct doctor *d, const struct tlsconf *t)
{
	if (t->own_files && access(t->cert, F_OK) < 0 &&
	    access(t->key, F_OK) < 0)
		check_folder(d, t->dir);
	else if (t->own_files && (access(t->cert, F_OK) < 0 ||
	    access(t->key, F_OK) < 0))
		doctor_wrong(d, "certificate", "of %s and %s only one is "
		    "there: bring the other back, or dicomtls-certtool "
		    "generate --force", t->cert, t->key);
	else
		check_identity(d, t);
}

static void
check_certificates(struct doctor *d)
{
	const struct tlsconf *t = policy_default(d->policy), *s;
	size_t i;

	check_certificate(d, t);
	for (i = 0; (s = policy_section(d->policy, i)) != NULL; i++)
		if (strcmp(s->cert, t->cert) != 0 ||
		    strcmp(s->key, t->key) != 0)
			check_certificate(d, s);
}

/* Keys that are not ours need no derived password. */
static void
check_machine_id(const struct tlsconf *t)
{
	char id[HOSTID_SIZE];
	struct fail f = { 0 };

	if (t->password_file == NULL && t->password == NULL &&
	    hostid_machine(id, &f) < 0)
		doctor_note("machine id", "%s", f.text);
}

/* Lines without a file go to standard error, keys nowhere. */
static void
check_writable(const char *what, const char *path)
{
	char folder[PATH_MAX], *slash;

	if (path == NULL || access(path, W_OK) == 0)
		return;
	snprintf(folder, sizeof folder, "%s", path);
	slash = strrchr(folder, '/');
	if (slash == NULL)	/* "syslog" */
		return;
	slash[slash == folder] = '\0';
	if (errno != ENOENT || access(folder, W_OK | X_OK) < 0)
		doctor_note("settings", "%s=%s cannot be written by this user "
		    "(%s)", what, path, strerror(errno));
}

void
doctor_settings(struct doctor *d)
{
	const struct fail *error = policy_error(d->policy);
	struct stat st;

	if (error != NULL) {
		doctor_wrong(d, "settings", "%s", error->text);
		return;
	}
	check_file(d, policy_path(d->policy));
	if (stat(policy_default(d->policy)->dir, &st) == 0)
		check_writers(d, policy_default(d->policy)->dir, &st);
	check_rules(d->policy);
	check_machine_id(policy_default(d->policy));
	check_certificates(d);
	check_writable("DICOMTLS_LOG", policy_log(d->policy)->target);
	check_writable("DICOMTLS_KEYLOG",
	    policy_default(d->policy)->keylog);
}
