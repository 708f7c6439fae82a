/* SPDX-License-Identifier: Apache-2.0
 * tlsconf: the words of the settings become what a connection is to be. */
#ifndef DICOMTLS_TLSCONF_H
#define DICOMTLS_TLSCONF_H

#include "policy/conf.h"
#include "policy/policy.h"

/*
 * Fills T from the settings that hold in SECTION (NULL: in general).  The
 * strings live as long as C.  Every field is usable afterwards even if a word
 * was not understood: that is then in C->fail.  0, or -ENOMEM.
 */
int tlsconf_read(struct tlsconf *t, struct conf *c,
    const struct scope *section);

/* The same for the log's settings. */
void tlsconf_log(struct logconf *l, struct conf *c);

#endif
