/* SPDX-License-Identifier: Apache-2.0
 * password: the password of our private key: given, stored, or derived from
 * this host and user. */
#include "cert/password.h"

#include <openssl/crypto.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cert/files.h"
#include "cert/hostid.h"
#include "cert/hostkey.h"
#include "cert/seal.h"

static int
set_text(struct password *pw, enum password_source source, const void *text,
    size_t len, const char *where, struct fail *f)
{
	if (len == 0 || len >= PASSWORD_SIZE || memchr(text, 0, len) != NULL) {
		fail_set(f, REASON_PASSWORD, "the password in %s is %s",
		    where, len == 0 ? "empty" : len >= PASSWORD_SIZE ?
		    "longer than 1024 bytes" : "binary data, not text");
		return -EINVAL;
	}
	memcpy(pw->text, text, len);
	pw->text[len] = '\0';
	pw->source = source;
	return 0;
}

int
password_read(const char *path, struct password *pw, struct fail *f)
{
	struct buf in = { 0 };
	size_t len;
	int rc;

	rc = files_read(path, "the password file", FILES_SECRET, &in,
	    REASON_PASSWORD, f);
	if (rc == 0) {
		const char *text = (const char *)buf_head(&in);
		const char *end = memchr(text, '\n', buf_len(&in));

		len = end != NULL ? (size_t)(end - text) : buf_len(&in);
		if (len > 0 && text[len - 1] == '\r')
			len--;
		rc = set_text(pw, PASSWORD_FILE, text, len, path, f);
	}
	buf_free(&in);
	return rc;
}

static int
derive(const char *dir, struct store *s, struct password *pw, struct fail *f)
{
	unsigned char key[HOSTKEY_SIZE];
	int i, rc;

	rc = hostkey_derive(dir, HOSTKEY_PASSWORD, s, key, f);
	if (rc < 0)
		return rc;
	for (i = 0; i < HOSTKEY_SIZE; i++)
		snprintf(pw->text + 2 * i, 3, "%02x", key[i]);
	pw->source = PASSWORD_DERIVED;
	OPENSSL_cleanse(key, sizeof key);
	return 0;
}

int
password_derive(const char *dir, struct password *pw, struct fail *f)
{
	return derive(dir, NULL, pw, f);
}

static int
unseal(const unsigned char key[HOSTKEY_SIZE], const struct buf *in,
    const char *path, struct password *pw, struct fail *f)
{
	unsigned char text[PASSWORD_SIZE];
	size_t len;
	int rc;

	rc = seal_open(key, in, text, sizeof text, &len);
	if (rc < 0)
		fail_set(f, REASON_PASSWORD, "the stored password %s %s: "
		    "store it again with dicomtls-certtool set-password",
		    path, rc == -EINVAL ? "is damaged" : "was stored on "
		    "another host or by another user, or the host secret was "
		    "replaced since");
	else
		rc = set_text(pw, PASSWORD_STORED, text, len, path, f);
	OPENSSL_cleanse(text, sizeof text);
	return rc;
}

int
password_stored(const char *dir, struct password *pw, struct fail *f)
{
	unsigned char key[HOSTKEY_SIZE];
	char path[PATH_MAX];
	struct buf in = { 0 };
	int rc;

	rc = files_join(path, sizeof path, dir, PASSWORD_STORED_NAME);
	if (rc == 0)
		rc = files_read(path, "the stored password",
		    FILES_OWN | FILES_SECRET, &in, REASON_PASSWORD, f);
	if (rc == 0)
		rc = hostkey_derive(dir, HOSTKEY_SEAL, NULL, key, f);
	if (rc == 0) {
		rc = unseal(key, &in, path, pw, f);
		OPENSSL_cleanse(key, sizeof key);
	}
	buf_free(&in);
	return rc;
}

int
password_store(struct store *s, const char *text, struct fail *f)
{
	unsigned char key[HOSTKEY_SIZE];
	char line[SEAL_SIZE(PASSWORD_SIZE)];
	int rc;

	rc = hostkey_derive(s->path, HOSTKEY_SEAL, s, key, f);
	if (rc < 0)
		return rc;
	rc = seal_close(key, text, strlen(text), line, sizeof line);
	if (rc < 0)
		fail_set(f, REASON_PASSWORD, "the password is too long, or "
		    "OpenSSL's AES-256-GCM failed");
	else
		rc = store_put(s, PASSWORD_STORED_NAME, line, strlen(line),
		    0600, f);
	OPENSSL_cleanse(key, sizeof key);
	return rc;
}

/* 1 when CONF gives one, 0 when it gives none. */
static int
given(const struct tlsconf *conf, struct password *pw, struct fail *f)
{
	int rc;

	if (conf->password_file != NULL)
		rc = password_read(conf->password_file, pw, f);
	else if (conf->password != NULL)
		rc = set_text(pw, PASSWORD_ENV, conf->password,
		    strlen(conf->password), "DICOMTLS_KEY_PASSWORD", f);
	else
		return 0;
	return rc < 0 ? rc : 1;
}

int
password_find(const struct tlsconf *conf, struct passwords *pws,
    struct fail *f)
{
	struct fail none = { 0 };
	int rc;

	*pws = (struct passwords){ .count = 0 };
	rc = given(conf, &pws->list[0], f);
	if (rc != 0) {
		pws->count = rc > 0;
		return rc < 0 ? rc : 0;
	}
	rc = password_stored(conf->dir, &pws->list[0], &none);
	if (rc == 0)
		pws->count++;
	else if (rc != -ENOENT || none.reason == REASON_NONE)
		fail_copy(&pws->why, &none);
	if (password_derive(conf->dir, &pws->list[pws->count],
	    &pws->why) == 0)
		pws->count++;
	return 0;
}

int
password_for_new(const struct tlsconf *conf, struct store *s,
    struct password *pw, struct fail *f)
{
	char path[PATH_MAX];
	int rc;

	rc = given(conf, pw, f);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = files_join(path, sizeof path, conf->dir, PASSWORD_STORED_NAME);
	if (rc == 0 && files_there(path))
		return password_stored(conf->dir, pw, f);
	return derive(conf->dir, s, pw, f);
}

const char *
password_source_name(enum password_source source)
{
	static const char *const names[] = {
		[PASSWORD_NONE] = "no password",
		[PASSWORD_FILE] = "the password file's password",
		[PASSWORD_ENV] = "the password of DICOMTLS_KEY_PASSWORD",
		[PASSWORD_STORED] = "the stored password",
		[PASSWORD_DERIVED] = "the password derived from this host",
		[PASSWORD_EMPTY] = "the empty password",
		[PASSWORD_TYPED] = "the password that was typed",
	};

	return names[source];
}

static void
refused_derived(const struct passwords *pws, const char *what,
    const char *name, struct fail *f)
{
	char user[HOSTID_SIZE] = "?";

	hostid_user(user, NULL);
	fail_set(f, REASON_PASSWORD, "%sthe password derived from this host "
	    "does not open %s %s (as user %s): it was made on another host, "
	    "by another user or by another program, or the host secret was "
	    "replaced; set DICOMTLS_KEY_PASSWORD_FILE, or run "
	    "dicomtls-certtool import --password-file FILE (FILE: what "
	    "dicomtls-certtool password prints where it was made), or make a "
	    "new pair with dicomtls-certtool generate --force",
	    pws->count > 1 ? "neither the stored password nor " : "",
	    what, name, user);
}

void
password_refused(const struct passwords *pws, const char *what,
    const char *name, struct fail *f)
{
	enum password_source last;

	if (pws->count == 0) {
		fail_set(f, REASON_PASSWORD, "%s %s needs a password, and %s; "
		    "or name a file with it in DICOMTLS_KEY_PASSWORD_FILE",
		    what, name, pws->why.reason != REASON_NONE ?
		    pws->why.text : "none is known");
		return;
	}
	last = pws->list[pws->count - 1].source;
	if (last == PASSWORD_DERIVED)
		refused_derived(pws, what, name, f);
	else
		fail_set(f, REASON_PASSWORD, "%s does not open %s %s: "
		    "correct it, or name the file that it belongs to",
		    password_source_name(last), what, name);
}

void
password_wipe(struct password *pw)
{
	OPENSSL_cleanse(pw, sizeof *pw);
}

void
password_wipe_all(struct passwords *pws)
{
	OPENSSL_cleanse(pws, sizeof *pws);
}
