/* SPDX-License-Identifier: Apache-2.0
 * preload: where our libraries are, and LD_PRELOAD. */
#ifndef DICOMTLS_PRELOAD_H
#define DICOMTLS_PRELOAD_H

#include <stddef.h>

#include "base/fail.h"

#define PRELOAD_LIBRARY "libdicomtls.so"
#define PRELOAD_ENGINE "libdicomtls-engine.so"

/*
 * The path of one of our libraries: beside this launcher in a build folder
 * (as libtool leaves it), else where it is installed.  0, or -errno with the
 * sentence in F when it is not there or cannot stand in LD_PRELOAD.
 */
int preload_find(const char *library, char *path, size_t size,
    struct fail *f);

/*
 * The value of LD_PRELOAD with PATH in front of what OLD (may be NULL) has;
 * OLD itself if PATH is there already.  Allocated, or NULL without memory.
 */
char *preload_add(const char *path, const char *old);

/* OLD without PATH; allocated, or NULL without memory. */
char *preload_remove(const char *path, const char *old);

#endif
