/* SPDX-License-Identifier: Apache-2.0
 * tool: what the subcommands share. */
#ifndef DICOMTLS_TOOL_H
#define DICOMTLS_TOOL_H

#include <stdbool.h>

#include "base/fail.h"
#include "cert/load.h"
#include "cert/password.h"
#include "policy/policy.h"

/* --dir: before tool_conf(). */
void tool_set_dir(const char *dir);

/* The settings outside of all rules, read once; NULL (F says why) when one of
 * them cannot be understood.  Belongs to the tool until tool_end(). */
const struct tlsconf *tool_conf(struct fail *f);
void tool_end(void);

/*
 * The same for commands that write the files of DICOMTLS_DIR: an error when
 * DICOMTLS_CERT or DICOMTLS_KEY name others, which are not ours to change.
 */
const struct tlsconf *tool_own_conf(struct fail *f);

/* Prints the sentence to standard error; EXIT_WRONG. */
int tool_fail(const struct fail *f);

/* Prints a sentence to standard error. */
void tool_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A decimal number from MIN to MAX; -1 with the sentence in F (option NAME). */
int tool_number(const char *text, const char *name, int min, int max,
    struct fail *f);

/*
 * The passwords for files of somebody else's: that of the file PATH, or with
 * PATH NULL ours.  0 or -errno.  Wipe PWS.
 */
int tool_passwords(const struct tlsconf *conf, const char *path,
    struct passwords *pws, struct fail *f);

/*
 * Reads PATH and takes it apart (load_parse; WANTED 0: whatever is in it).
 * When no password in PWS opens it, asks for one at the terminal, if standard
 * error is one and ASK.  0 or -errno.
 */
int tool_load(const char *path, int wanted, struct passwords *pws, bool ask,
    struct load *out, struct fail *f);

#endif
