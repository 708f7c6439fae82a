/* SPDX-License-Identifier: Apache-2.0
 * sslerr: OpenSSL's errors as a reason and a sentence. */
#ifndef DICOMTLS_SSLERR_H
#define DICOMTLS_SSLERR_H

#include <stddef.h>

struct engine;

/*
 * Tells from the newest error of the thread's queue why E failed, into its
 * fail object; a reason that is already there stays.
 */
void sslerr_explain(struct engine *e);

/* The newest error of the queue in OpenSSL's words, into BUF. */
const char *sslerr_text(char *buf, size_t size);

#endif
