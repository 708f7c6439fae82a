/* SPDX-License-Identifier: Apache-2.0
 * confile: dicomtls.conf, an INI file. */
#ifndef DICOMTLS_CONFILE_H
#define DICOMTLS_CONFILE_H

#include "policy/conf.h"

/*
 * Reads PATH into C->file and C->sections.  A missing file is an error only if
 * it was ASKED for.  0, or -ENOMEM; everything else that is wrong is in
 * C->fail, with C->unknown set where it may hide a rule.
 */
int confile_read(struct conf *c, const char *path, bool asked);

#endif
