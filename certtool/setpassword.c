/* SPDX-License-Identifier: Apache-2.0
 * setpassword: stores a user's own password for the key, encrypted. */
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cert/files.h"
#include "cert/pair.h"
#include "command.h"
#include "tool.h"

enum { FILE_, REMOVE, FORCE };

static const struct command_option options[] = {
	[FILE_] = { "file", "FILE", "the password is its first line (default: "
	    "standard input)" },
	[REMOVE] = { "remove", NULL, "go back to the password of this host" },
	[FORCE] = { "force", NULL, "store it even if it does not open the "
	    "key" },
	{ NULL, NULL, NULL }
};

static int
from_stdin(struct password *pw, struct fail *f)
{
	char *text = pw->text;
	size_t len;

	if (isatty(STDIN_FILENO)) {
		if (EVP_read_pw_string(text, PASSWORD_SIZE, "New password: ",
		    1) == 0 && *text != '\0')
			return 0;
	} else if (setvbuf(stdin, NULL, _IONBF, 0) == 0 &&	/* no copy */
	    fgets(text, PASSWORD_SIZE, stdin) != NULL) {
		len = strcspn(text, "\r\n");
		if (len > 0 && text[len] != '\0')
			text[len] = '\0';
		if (len > 0 && len < PASSWORD_SIZE - 1)
			return 0;
	}
	fail_set(f, REASON_PASSWORD, "no password came from standard input: "
	    "accepted is one line of 1 to %d bytes", PASSWORD_SIZE - 2);
	return -EINVAL;
}

/* The password that is to hold from now on. */
static int
choose(const struct command_args *a, const struct tlsconf *conf,
    struct password *pw, struct fail *f)
{
	int rc;

	if (conf->password_file != NULL || conf->password != NULL) {
		fail_set(f, REASON_SETTING, "DICOMTLS_KEY_PASSWORD_FILE or "
		    "DICOMTLS_KEY_PASSWORD is set and goes before a stored "
		    "password: unset it first");
		return -EINVAL;
	}
	if (a->value[REMOVE] != NULL)
		return password_derive(conf->dir, pw, f);
	rc = a->value[FILE_] != NULL ? password_read(a->value[FILE_], pw, f) :
	    from_stdin(pw, f);
	pw->source = PASSWORD_STORED;
	return rc;
}

/* Whether the new password opens the files as they are. */
static bool
opens(const struct tlsconf *conf, const struct password *pw)
{
	struct passwords only = { .count = 1 };
	struct identity id;
	bool good;

	only.list[0] = *pw;
	good = identity_read(conf, &only, &id, NULL) == 0 &&
	    id.opened_by == pw->source;
	identity_free(&id);
	password_wipe_all(&only);
	return good;
}

/* Our own key gets the new password; for others' keys it has to be right. */
static int
fit(const struct tlsconf *conf, struct store *s, const struct password *pw,
    bool force, struct fail *f)
{
	struct identity id = { .cert = NULL };
	struct fail why = { 0 };
	int rc;

	if (!files_there(conf->cert) || opens(conf, pw))
		return 0;
	if (conf->own_files && identity_read(conf, NULL, &id, &why) == 0) {
		rc = pair_put(s, &id, pw, false, false, f);
		identity_free(&id);
		return rc;
	}
	if (force)
		return 0;
	fail_set(f, REASON_PASSWORD, "this password does not open %s, so it "
	    "is not stored (--force stores it)%s%s",
	    conf->own_files ? conf->key : conf->cert,
	    why.reason != REASON_NONE ? "; nor can it be given to the key: " :
	    "", why.text);
	return -EACCES;
}

static int
put(const struct tlsconf *conf, struct store *s, const struct password *pw,
    const struct command_args *a, struct fail *f)
{
	int rc;

	rc = fit(conf, s, pw, a->value[FORCE] != NULL, f);
	if (rc < 0)
		return rc;
	if (a->value[REMOVE] != NULL)
		rc = store_drop(s, PASSWORD_STORED_NAME, f);
	else
		rc = password_store(s, pw->text, f);
	return rc < 0 ? rc : store_commit(s, f);
}

static int
run(const struct command_args *a)
{
	struct password pw = { .source = PASSWORD_NONE };
	const struct tlsconf *conf;
	struct fail f = { 0 };
	struct store s;
	int rc = -EINVAL;

	conf = tool_conf(&f);
	if (conf != NULL)
		rc = choose(a, conf, &pw, &f);
	if (rc == 0)
		rc = store_open(&s, conf->dir, &f);
	if (rc == 0) {
		rc = put(conf, &s, &pw, a, &f);
		store_close(&s);
	}
	password_wipe(&pw);
	return rc < 0 ? tool_fail(&f) : EXIT_GOOD;
}

const struct command command_set_password = {
	"set-password", "", "store a password of your own for the key, "
	"encrypted", 0, 0, options, run
};
