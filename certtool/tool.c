/* SPDX-License-Identifier: Apache-2.0
 * tool: what the subcommands share. */
#include "tool.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "cert/files.h"
#include "command.h"

static struct policy *policy;

void
tool_set_dir(const char *dir)
{
	setenv("DICOMTLS_DIR", dir, 1);
}

const struct tlsconf *
tool_conf(struct fail *f)
{
	if (policy == NULL)
		policy = policy_load();
	if (policy == NULL) {
		fail_set(f, REASON_SYSTEM, "no memory for the settings");
		return NULL;
	}
	if (policy_error(policy) != NULL) {
		fail_copy(f, policy_error(policy));
		return NULL;
	}
	return policy_default(policy);
}

void
tool_end(void)
{
	policy_free(policy);
	policy = NULL;
}

const struct tlsconf *
tool_own_conf(struct fail *f)
{
	const struct tlsconf *conf = tool_conf(f);

	if (conf == NULL || conf->own_files)
		return conf;
	fail_set(f, REASON_SETTING, "DICOMTLS_CERT or DICOMTLS_KEY name files "
	    "outside (%s, %s), and this command changes those of DICOMTLS_DIR "
	    "(%s) alone: unset them for it", conf->cert, conf->key,
	    conf->dir);
	return NULL;
}

int
tool_fail(const struct fail *f)
{
	fprintf(stderr, "dicomtls-certtool: %s\n", f->text);
	return EXIT_WRONG;
}

void
tool_note(const char *fmt, ...)
{
	va_list ap;

	fputs("dicomtls-certtool: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

int
tool_number(const char *text, const char *name, int min, int max,
    struct fail *f)
{
	char *end;
	long n;

	n = strtol(text, &end, 10);
	if (*text != '\0' && *end == '\0' && n >= min && n <= max)
		return (int)n;
	fail_set(f, REASON_SETTING, "--%s %s is not understood: accepted are "
	    "whole numbers from %d to %d", name, text, min, max);
	return -1;
}

int
tool_passwords(const struct tlsconf *conf, const char *path,
    struct passwords *pws, struct fail *f)
{
	int rc;

	if (path == NULL)
		return password_find(conf, pws, f);
	*pws = (struct passwords){ .count = 0 };
	rc = password_read(path, &pws->list[0], f);
	pws->count = rc == 0;
	return rc;
}

static int
ask_password(const char *path, struct passwords *pws)
{
	char prompt[300];
	struct password *pw = &pws->list[0];

	if (!isatty(STDERR_FILENO))
		return -ENOTTY;
	snprintf(prompt, sizeof prompt, "Password of %s: ", path);
	if (EVP_read_pw_string(pw->text, PASSWORD_SIZE, prompt, 0) != 0)
		return -ECANCELED;
	pw->source = PASSWORD_TYPED;
	pws->count = 1;
	return 0;
}

int
tool_load(const char *path, int wanted, struct passwords *pws, bool ask,
    struct load *out, struct fail *f)
{
	struct fail why = { 0 };
	struct buf in = { 0 };
	int rc;

	rc = files_read(path, "the file", 0, &in, REASON_CERTIFICATE, &why);
	if (rc == 0 && wanted == 0) {
		wanted = load_what(&in);
		if (wanted == 0)
			wanted = LOAD_CERTS;	/* for its sentence */
	}
	wanted |= LOAD_OLD_CIPHERS;
	if (rc == 0)
		rc = load_parse(&in, path, wanted, pws, out, &why);
	if (rc == -EACCES && ask && ask_password(path, pws) == 0) {
		fail_clear(&why);
		rc = load_parse(&in, path, wanted, pws, out, &why);
	}
	if (rc < 0)
		fail_copy(f, &why);
	buf_free(&in);
	return rc;
}
