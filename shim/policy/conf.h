/* SPDX-License-Identifier: Apache-2.0
 * conf: the settings as they were written, from the environment and from
 * dicomtls.conf, before anything is made of them. */
#ifndef DICOMTLS_CONF_H
#define DICOMTLS_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fail.h"
#include "policy/pool.h"

enum setting {
	SETTING_CONNECT,
	SETTING_LISTEN,
	SETTING_FROM,
	SETTING_DIR,
	SETTING_CONFIG,
	SETTING_CERT,
	SETTING_KEY,
	SETTING_KEY_PASSWORD_FILE,
	SETTING_KEY_PASSWORD,
	SETTING_PROFILE,
	SETTING_MIN_VERSION,
	SETTING_MAX_VERSION,
	SETTING_CIPHERS,
	SETTING_VERIFY,
	SETTING_CONNECT_VERIFY,
	SETTING_LISTEN_VERIFY,
	SETTING_CA,
	SETTING_CRL,
	SETTING_PINS,
	SETTING_NAME,
	SETTING_CLIENT_CERT,
	SETTING_HANDSHAKE_TIMEOUT,
	SETTING_NODELAY,
	SETTING_LOG,
	SETTING_LOG_LEVEL,
	SETTING_LOG_FORMAT,
	SETTING_KEYLOG,
	SETTINGS		/* how many there are */
};

/* Where a setting may stand, and what it is. */
enum {
	IN_ENV = 1,		/* an environment variable */
	IN_FILE = 2,		/* before the first section of dicomtls.conf */
	IN_SECTION = 4,
	IS_PATH = 8,		/* made absolute */
	IS_LIST = 16,		/* several lines in the file add up */
	IS_SECRET = 32		/* never shown */
};

/* A row of the table that options, manual and reader are made from. */
struct setting_row {
	const char *variable;	/* "DICOMTLS_CONNECT" */
	const char *key;	/* in the file: "connect" */
	unsigned flags;
	char letter;		/* of the short option, or 0 */
	const char *argument;	/* "RULES", for help */
	const char *fallback;	/* the default in words, or NULL: none */
	const char *meaning;	/* one line */
};

struct value {
	const char *text;	/* NULL: not set */
	const char *origin;	/* where it stands, for sentences */
};

struct scope {
	const char *name;	/* of the section */
	const char *origin;	/* "FILE:LINE" of the section */
	struct value values[SETTINGS];
};

struct conf {
	struct pool pool;
	const char *dir;	/* DICOMTLS_DIR, absolute; never NULL */
	const char *path;	/* the file that was read, or NULL */
	struct scope env, file;
	struct scope *sections;
	size_t n_sections;
	bool unknown;		/* an error may hide rules */
	struct fail fail;	/* the first error */
};

const struct setting_row *conf_row(enum setting s);

/* The setting of that variable, key or option ("min-version"), or -1. */
int conf_find(const char *name);

/* Whether TEXT is a path there: the log has targets that are none. */
bool conf_is_path(enum setting s, const char *text);

/*
 * Reads the environment and the file.  0, or -ENOMEM; a setting that cannot
 * be read is in C->fail.  Strings live until conf_free.
 */
int conf_load(struct conf *c);
void conf_free(struct conf *c);

/* The value that holds: the environment's, SECTION's (may be NULL), the
 * file's; NULL if it is set nowhere. */
const struct value *conf_value(const struct conf *c,
    const struct scope *section, enum setting s);

/* The folder of our files for this user, absolute, or NULL without HOME. */
const char *conf_default_dir(struct pool *pool);

/* An environment variable of the process, or NULL when it is unset, empty or
 * the program gained privileges (secure_getenv(3)). */
const char *conf_env(const char *name);

#endif
