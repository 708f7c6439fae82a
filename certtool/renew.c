/* SPDX-License-Identifier: Apache-2.0
 * renew: a new certificate for the same names, and the same key. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cert/describe.h"
#include "cert/issue.h"
#include "cert/pair.h"
#include "command.h"
#include "tool.h"

enum { NEW_KEY, DAYS, COMPAT };

static const struct command_option options[] = {
	[NEW_KEY] = { "new-key", NULL, "a new key too: pins on the old one "
	    "break" },
	[DAYS] = { "days", "N", "valid for N days (default: five years)" },
	[COMPAT] = { "p12-compat", NULL, "cert.p12 for Windows Server 2016 and "
	    "older" },
	{ NULL, NULL, NULL }
};

/* The words of issue_key() for a key like KEY. */
static void
key_kind(const EVP_PKEY *key, char *out, size_t size)
{
	char text[64];

	describe_key(key, text, sizeof text);
	if (strncmp(text, "EC ", 3) == 0)
		snprintf(out, size, "ec:%s", text + 3);
	else
		snprintf(out, size, "rsa:%d", EVP_PKEY_get_bits(key));
}

static int
check_ours(const struct identity *id, struct fail *f)
{
	char issuer[256];

	if (describe_self_signed(id->cert))
		return 0;
	describe_issuer(id->cert, issuer, sizeof issuer);
	fail_set(f, REASON_CERTIFICATE, "the certificate was issued by %s, "
	    "and they alone can renew it: give them the output of export "
	    "--form csr, then import what they send", issuer);
	return -EPERM;
}

static int
make(const struct command_args *a, struct identity *id, struct fail *f)
{
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	char kind[64];
	int days = 0;

	if (a->value[DAYS] != NULL)
		days = tool_number(a->value[DAYS], "days", 1, 36500, f);
	if (days < 0)
		return -EINVAL;
	if (a->value[NEW_KEY] != NULL) {
		key_kind(id->key, kind, sizeof kind);
		key = issue_key(kind, f);
		if (key == NULL)
			return -EINVAL;
		EVP_PKEY_free(id->key);
		id->key = key;
	}
	cert = issue_again(id->cert, id->key, days, f);
	if (cert == NULL)
		return -EIO;
	X509_free(id->cert);
	id->cert = cert;
	return 0;
}

/* All under the lock, so that nobody changes what is being renewed. */
static int
renew(const struct tlsconf *conf, const struct command_args *a,
    struct store *s, struct identity *id, struct fail *f)
{
	struct password pw = { .source = PASSWORD_NONE };
	int rc;

	rc = identity_read(conf, NULL, id, f);
	if (rc == 0)
		rc = check_ours(id, f);
	if (rc == 0)
		rc = make(a, id, f);
	if (rc == 0)
		rc = password_for_new(conf, s, &pw, f);
	if (rc == 0)
		rc = pair_put(s, id, &pw, a->value[COMPAT] != NULL, true, f);
	if (rc == 0)
		rc = store_commit(s, f);
	password_wipe(&pw);
	return rc;
}

static void
report(const struct tlsconf *conf, const struct identity *id)
{
	char fp[DESCRIBE_FP], until[40];

	describe_spki(id->cert, fp);
	describe_time(describe_end(id->cert), until, sizeof until);
	printf("renewed %s until %s (the old files are kept as .bak)\n"
	    "SPKI SHA-256 %s\n", conf->cert, until, fp);
}

static int
run(const struct command_args *a)
{
	struct identity id = { .cert = NULL };
	const struct tlsconf *conf;
	struct fail f = { 0 };
	struct store s;
	int rc = -EINVAL;

	conf = tool_own_conf(&f);
	if (conf != NULL)
		rc = store_open(&s, conf->dir, &f);
	if (rc == 0) {
		rc = renew(conf, a, &s, &id, &f);
		store_close(&s);
	}
	if (rc == 0)
		report(conf, &id);
	identity_free(&id);
	return rc < 0 ? tool_fail(&f) : EXIT_GOOD;
}

const struct command command_renew = {
	"renew", "", "make a new certificate for the same key and names", 0, 0,
	options, run
};
