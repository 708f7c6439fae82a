/* SPDX-License-Identifier: Apache-2.0
 * show: what certificates and keys are. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cert/describe.h"
#include "cert/files.h"
#include "cert/identity.h"
#include "command.h"
#include "peer.h"
#include "tool.h"

enum { PEER, PASSWORD };

static const struct command_option options[] = {
	[PEER] = { "peer", "HOST:PORT", "the certificates that a TLS server "
	    "shows" },
	[PASSWORD] = { "password-file", "FILE", "holds the password of the "
	    "FILEs" },
	{ NULL, NULL, NULL }
};

static void
row(const char *label, const char *value)
{
	printf("  %-13s %s\n", label, value);
}

static void
show_days(X509 *cert)
{
	char begin[40], end[40], text[160];
	int days = describe_days(cert);

	describe_time(describe_begin(cert), begin, sizeof begin);
	describe_time(describe_end(cert), end, sizeof end);
	row("valid from", begin);
	if (days >= 0)
		snprintf(text, sizeof text, "%s (%d day%s left)", end, days,
		    days == 1 ? "" : "s");
	else
		snprintf(text, sizeof text, "%s (ended)", end);
	row("valid until", text);
}

static void
show_cert(X509 *cert)
{
	char text[1024], fp[DESCRIBE_FP];

	describe_subject(cert, text, sizeof text);
	row("subject", text);
	describe_issuer(cert, text, sizeof text);
	row("issuer", describe_self_signed(cert) ? "itself" : text);
	describe_names(cert, text, sizeof text);
	if (*text != '\0')
		row("names", text);
	show_days(cert);
	describe_key(X509_get0_pubkey(cert), text, sizeof text);
	row("key", text);
	row("signature", OBJ_nid2ln(X509_get_signature_nid(cert)));
	describe_cert(cert, fp);
	row("SHA-256", fp);
	describe_spki(cert, fp);
	row("SPKI SHA-256", fp);
}

static void
show_certs(STACK_OF(X509) *certs)
{
	int i;

	for (i = 0; i < sk_X509_num(certs); i++) {
		if (i > 0)
			printf("\n");
		show_cert(sk_X509_value(certs, i));
	}
}

static void
show_key(const EVP_PKEY *key, enum password_source source)
{
	char kind[80], text[200];

	describe_key(key, kind, sizeof kind);
	row("private key", kind);
	snprintf(text, sizeof text, source == PASSWORD_NONE ?
	    "not encrypted%s" : "%s", source == PASSWORD_NONE ? "" :
	    password_source_name(source));
	row("opened by", text);
}

static int
show_file(const char *path, struct passwords *pws, bool ask, struct fail *f)
{
	struct load l = { 0 };
	int rc;

	rc = tool_load(path, 0, pws, ask, &l, f);
	if (rc < 0)
		return rc;
	printf("%s (%s)\n", path, l.form);
	show_certs(l.certs);
	if (l.key != NULL)
		show_key(l.key, l.opened_by);
	load_free(&l);
	return 0;
}

static int
show_files(const struct tlsconf *conf, const struct command_args *a,
    struct fail *f)
{
	struct passwords pws;
	int i, rc;

	rc = tool_passwords(conf, a->value[PASSWORD], &pws, f);
	for (i = 0; rc == 0 && i < a->count; i++)
		rc = show_file(a->words[i], &pws, a->value[PASSWORD] == NULL,
		    f);
	password_wipe_all(&pws);
	return rc;
}

static int
show_ours(const struct tlsconf *conf, struct fail *f)
{
	struct identity id;
	int rc;

	if (conf->own_files && !files_there(conf->cert)) {
		fail_set(f, REASON_CERTIFICATE, "there is no certificate in %s "
		    "yet: the first use makes one, or generate does",
		    conf->dir);
		return -ENOENT;
	}
	rc = identity_look(conf, &id, f);
	if (rc < 0)
		return rc;
	printf("%s\n", conf->cert);
	show_cert(id.cert);
	if (sk_X509_num(id.chain) > 0)
		printf("\n");
	show_certs(id.chain);
	printf("%s\n", conf->key);
	show_key(id.key, id.opened_by);
	identity_free(&id);
	return 0;
}

static int
show_peer(const char *text, struct fail *f)
{
	struct peer p;
	int rc;

	rc = peer_fetch(text, &p, f);
	if (rc < 0)
		return rc;
	printf("%s (%s, %s)\n", p.name, p.version, p.cipher);
	show_certs(p.certs);
	peer_free(&p);
	return 0;
}

static int
run(const struct command_args *a)
{
	const struct tlsconf *conf;
	struct fail f = { 0 };
	int rc = -EINVAL;

	conf = tool_conf(&f);
	if (conf == NULL)
		return tool_fail(&f);
	if (a->value[PEER] != NULL)
		rc = show_peer(a->value[PEER], &f);
	else if (a->count == 0)
		rc = show_ours(conf, &f);
	else
		rc = show_files(conf, a, &f);
	return rc < 0 ? tool_fail(&f) : EXIT_GOOD;
}

const struct command command_show = {
	"show", "[FILE ...]", "tell what our certificate, a FILE or a peer's "
	"is", 0, -1, options, run
};
