/* SPDX-License-Identifier: Apache-2.0
 * import: takes a certificate and its key from other programs' files. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cert/describe.h"
#include "cert/files.h"
#include "cert/pair.h"
#include "command.h"
#include "tool.h"

enum { PASSWORD, COMPAT, FORCE };

static const struct command_option options[] = {
	[PASSWORD] = { "password-file", "FILE", "holds the password of what "
	    "is imported" },
	[COMPAT] = { "p12-compat", NULL, "cert.p12 for Windows Server 2016 and "
	    "older" },
	[FORCE] = { "force", NULL, "replace existing files (kept as .bak); "
	    "take expired or weak ones" },
	{ NULL, NULL, NULL }
};

/* Moves FROM's parts to ALL. */
static int
add(struct load *all, struct load *from, const char *path, struct fail *f)
{
	X509 *cert;

	if (from->key != NULL && all->key != NULL) {
		fail_set(f, REASON_KEY, "%s holds a second private key: "
		    "import one pair at a time", path);
		return -EINVAL;
	}
	if (from->key != NULL)
		all->key = from->key;
	from->key = NULL;
	while ((cert = sk_X509_shift(from->certs)) != NULL)
		if (sk_X509_push(all->certs, cert) <= 0) {
			X509_free(cert);
			return -ENOMEM;
		}
	return 0;
}

static int
read_all(const struct tlsconf *conf, const struct command_args *a,
    struct load *all, struct fail *f)
{
	struct passwords pws;
	struct load one = { 0 };
	int i, rc;

	rc = tool_passwords(conf, a->value[PASSWORD], &pws, f);
	all->certs = sk_X509_new_null();
	for (i = 0; rc == 0 && i < a->count; i++) {
		rc = tool_load(a->words[i], 0, &pws,
		    a->value[PASSWORD] == NULL, &one, f);
		if (rc == 0)
			rc = add(all, &one, a->words[i], f);
		load_free(&one);
	}
	password_wipe_all(&pws);
	return rc;
}

/* A CA's answer comes without the key: it is the one that we have. */
static int
own_key(const struct tlsconf *conf, struct load *all, struct fail *f)
{
	struct passwords pws;
	struct load mine = { 0 };
	int rc;

	if (!files_there(conf->key)) {
		fail_set(f, REASON_KEY, "no private key is among the files, "
		    "and %s is missing: name the key's file too", conf->key);
		return -ENOENT;
	}
	rc = tool_passwords(conf, NULL, &pws, f);
	if (rc == 0)
		rc = tool_load(conf->key, LOAD_KEY, &pws, false, &mine, f);
	all->key = mine.key;
	mine.key = NULL;
	load_free(&mine);
	password_wipe_all(&pws);
	return rc;
}

static int
check_usable(const struct tlsconf *conf, X509 *cert, struct fail *f)
{
	char why[160], when[40];
	time_t now = time(NULL);

	if (identity_weak(conf, cert, why, sizeof why)) {
		fail_set(f, REASON_WEAK, "the certificate %s (--force takes "
		    "it)", why);
		return -EINVAL;
	}
	describe_time(describe_end(cert), when, sizeof when);
	if (describe_end(cert) <= now)
		fail_set(f, REASON_EXPIRED, "the certificate ended on %s "
		    "(--force takes it)", when);
	describe_time(describe_begin(cert), when, sizeof when);
	if (describe_begin(cert) > now)
		fail_set(f, REASON_NOT_YET_VALID, "the certificate is not "
		    "valid before %s (--force takes it)", when);
	return describe_end(cert) <= now || describe_begin(cert) > now ?
	    -EINVAL : 0;
}

static int
gather(const struct tlsconf *conf, const struct command_args *a,
    struct identity *id, struct fail *f)
{
	struct load all = { 0 };
	int rc;

	rc = read_all(conf, a, &all, f);
	if (rc == 0 && sk_X509_num(all.certs) == 0) {
		fail_set(f, REASON_CERTIFICATE, "no certificate is among the "
		    "files: name its file too");
		rc = -EINVAL;
	}
	if (rc == 0 && all.key == NULL)
		rc = own_key(conf, &all, f);
	if (rc == 0) {
		rc = identity_assemble(&all, id);
		if (rc < 0)
			fail_set(f, REASON_KEY, "the private key fits none of "
			    "the certificates: they are of two pairs");
	}
	if (rc == 0 && a->value[FORCE] == NULL)
		rc = check_usable(conf, id->cert, f);
	load_free(&all);
	return rc;
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
	if (a->value[FORCE] == NULL &&
	    (store_has(&s, PAIR_CERT) || store_has(&s, PAIR_KEY))) {
		fail_set(f, REASON_CERTIFICATE, "%s has a pair already: "
		    "import --force replaces it and keeps it as .bak",
		    conf->dir);
		rc = -EEXIST;
	}
	if (rc == 0)
		rc = password_for_new(conf, &s, &pw, f);
	if (rc == 0)
		rc = pair_put(&s, id, &pw, a->value[COMPAT] != NULL, true, f);
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
	char subject[200], fp[DESCRIBE_FP];
	int rc = -EINVAL;

	conf = tool_own_conf(&f);
	if (conf != NULL)
		rc = gather(conf, a, &id, &f);
	if (rc == 0)
		rc = put(conf, a, &id, &f);
	if (rc == 0) {
		describe_subject(id.cert, subject, sizeof subject);
		describe_spki(id.cert, fp);
		printf("imported %s with %d more certificate%s to %s\n"
		    "SPKI SHA-256 %s\n", subject, sk_X509_num(id.chain),
		    sk_X509_num(id.chain) == 1 ? "" : "s", conf->dir, fp);
	}
	identity_free(&id);
	return rc < 0 ? tool_fail(&f) : EXIT_GOOD;
}

const struct command command_import = {
	"import", "FILE ...", "take a certificate and key from PEM, DER, "
	"PKCS#7 or PKCS#12", 1, -1, options, run
};
