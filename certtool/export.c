/* SPDX-License-Identifier: Apache-2.0
 * export: our certificate and key for other programs. */
#include <openssl/pem.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "cert/files.h"
#include "cert/issue.h"
#include "cert/pair.h"
#include "cert/pkcs12.h"
#include "command.h"
#include "tool.h"

enum { FORM, PASSWORD, PLAIN, COMPAT, FORCE };

static const struct command_option options[] = {
	[FORM] = { "form", "FORM", "cert, der, csr, pem, key or p12 (default: "
	    "by FILE's suffix, else cert)" },
	[PASSWORD] = { "password-file", "FILE", "the exported key's password "
	    "(default: as our key's)" },
	[PLAIN] = { "no-password", NULL, "the exported key is not encrypted" },
	[COMPAT] = { "p12-compat", NULL, "a PKCS#12 for Windows Server 2016 "
	    "and older" },
	[FORCE] = { "force", NULL, "replace FILE" },
	{ NULL, NULL, NULL }
};

struct export {
	const struct identity *id;
	const struct password *pw;	/* of the exported key; NULL: none */
	bool compat;
	struct buf out;
};

static int
export_cert(struct export *e, struct fail *f)
{
	return pair_certs_pem(e->id->cert, e->id->chain, &e->out, f);
}

static int
export_key(struct export *e, struct fail *f)
{
	return pair_key_pem(e->id->key, e->pw, &e->out, f);
}

static int
export_pem(struct export *e, struct fail *f)
{
	int rc = export_cert(e, f);

	return rc < 0 ? rc : export_key(e, f);
}

static int
export_p12(struct export *e, struct fail *f)
{
	static const struct password empty = { .source = PASSWORD_EMPTY };

	return pkcs12_make(e->id->cert, e->id->key, e->id->chain,
	    e->pw != NULL ? e->pw : &empty, e->compat, &e->out, f);
}

static int
take_bio(struct export *e, BIO *bio, bool ok, struct fail *f)
{
	char *data;
	long len = ok ? BIO_get_mem_data(bio, &data) : 0;
	int rc = len > 0 ? buf_append(&e->out, data, (size_t)len) : -EIO;

	if (rc < 0)
		fail_set(f, REASON_CERTIFICATE, "the certificate cannot be "
		    "encoded");
	BIO_free(bio);
	return rc;
}

static int
export_der(struct export *e, struct fail *f)
{
	BIO *bio = BIO_new(BIO_s_mem());

	return take_bio(e, bio, bio != NULL &&
	    i2d_X509_bio(bio, e->id->cert) > 0, f);
}

/* The issuer's key identifier is for the new issuer to say. */
static bool
ask_for_extensions(X509_REQ *req, const X509 *cert)
{
	STACK_OF(X509_EXTENSION) *all;
	int at;
	bool ok;

	all = sk_X509_EXTENSION_dup(X509_get0_extensions(cert));
	at = X509v3_get_ext_by_NID(all, NID_authority_key_identifier, -1);
	if (at >= 0)
		sk_X509_EXTENSION_delete(all, at);
	ok = all != NULL && X509_REQ_add_extensions(req, all);
	sk_X509_EXTENSION_free(all);
	return ok;
}

/* The names and uses of the certificate, asked for anew. */
static int
export_csr(struct export *e, struct fail *f)
{
	BIO *bio = BIO_new(BIO_s_mem());
	X509_REQ *req = X509_to_X509_REQ(e->id->cert, NULL, NULL);
	bool ok;

	ok = bio != NULL && req != NULL &&
	    ask_for_extensions(req, e->id->cert) &&
	    X509_REQ_sign(req, e->id->key, issue_digest(e->id->key)) > 0 &&
	    PEM_write_bio_X509_REQ(bio, req);
	X509_REQ_free(req);
	return take_bio(e, bio, ok, f);
}

static const struct form {
	const char *name, *suffixes;
	bool secret;		/* holds the key: a file of mode 0600 */
	int (*make)(struct export *e, struct fail *f);
} forms[] = {
	{ "cert", ".crt", false, export_cert },
	{ "der", ".der.cer", false, export_der },
	{ "csr", ".csr.req", false, export_csr },
	{ "pem", ".pem", true, export_pem },
	{ "key", ".key", true, export_key },
	{ "p12", ".p12.pfx", true, export_p12 },
};

static const struct form *
find_form(const char *name, const char *path, struct fail *f)
{
	const char *dot = path != NULL ? strrchr(path, '.') : NULL;
	size_t i;

	for (i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (name != NULL ? strcmp(forms[i].name, name) == 0 :
		    dot != NULL && strlen(dot) == 4 &&
		    strcasestr(forms[i].suffixes, dot) != NULL)
			return &forms[i];
	if (name == NULL && path == NULL)
		return &forms[0];
	fail_set(f, REASON_SETTING, "--form %s is not understood: accepted "
	    "are cert, der, csr, pem, key and p12", name != NULL ? name :
	    "is missing, and the file's suffix");
	return NULL;
}

static int
choose_password(const struct tlsconf *conf, const struct command_args *a,
    const struct identity *id, struct password *pw, struct fail *f)
{
	struct passwords ours;
	size_t i;
	int rc;

	if (a->value[PASSWORD] != NULL)
		return password_read(a->value[PASSWORD], pw, f);
	rc = password_find(conf, &ours, f);
	for (i = 0; rc == 0 && i < ours.count; i++)
		if (ours.list[i].source == id->opened_by)
			*pw = ours.list[i];
	password_wipe_all(&ours);
	if (rc == 0 && pw->source == PASSWORD_NONE) {
		fail_set(f, REASON_PASSWORD, "our key has no password that "
		    "the exported one could get: give --password-file or "
		    "--no-password");
		rc = -EINVAL;
	}
	return rc;
}

static int
deliver(const struct form *form, const struct export *e, const char *path,
    bool replace, struct fail *f)
{
	if (path != NULL)
		return files_write(path, &e->out, form->secret ? 0600 : 0644,
		    replace, f);
	fwrite(buf_head(&e->out), 1, buf_len(&e->out), stdout);
	return 0;
}

static int
export(const struct tlsconf *conf, const struct command_args *a,
    const struct form *form, struct fail *f)
{
	struct password pw = { .source = PASSWORD_NONE };
	struct identity id = { .cert = NULL };
	struct export e = { .id = &id, .compat = a->value[COMPAT] != NULL };
	int rc;

	rc = identity_look(conf, &id, f);
	if (rc == 0 && form->secret && a->value[PLAIN] == NULL) {
		rc = choose_password(conf, a, &id, &pw, f);
		e.pw = &pw;
	}
	if (rc == 0)
		rc = form->make(&e, f);
	if (rc == 0)
		rc = deliver(form, &e, a->words[0], a->value[FORCE] != NULL,
		    f);
	if (rc == 0 && pw.source == PASSWORD_DERIVED)
		tool_note("its password is what dicomtls-certtool password "
		    "prints");
	buf_free(&e.out);
	password_wipe(&pw);
	identity_free(&id);
	return rc;
}

static int
run(const struct command_args *a)
{
	const struct form *form = NULL;
	const struct tlsconf *conf;
	struct fail f = { 0 };
	int rc = -EINVAL;

	conf = tool_conf(&f);
	if (conf != NULL)
		form = find_form(a->value[FORM], a->words[0], &f);
	if (form != NULL && form->secret && a->words[0] == NULL)
		fail_set(&f, REASON_SETTING, "a private key is not written to "
		    "standard output: name a file for it");
	else if (form != NULL)
		rc = export(conf, a, form, &f);
	return rc < 0 ? tool_fail(&f) : EXIT_GOOD;
}

const struct command command_export = {
	"export", "[FILE]", "give the certificate, key or a request to other "
	"programs", 0, 1, options, run
};
