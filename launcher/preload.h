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

/*
 * Whether the loader of BINARY takes LIBRARY (a path).  It lists what it would
 * load and runs nothing (ld.so(8), LD_TRACE_LOADED_OBJECTS); OUT gets the
 * list and what it says besides.  What it does not take it only complains
 * about: the program would start without.  0, or -errno with the sentence in
 * F.
 */
int preload_try(const char *binary, const char *library, char *out,
    size_t size, struct fail *f);

/* A program that is sure to be there, for preload_try(): this one. */
#define PRELOAD_SELF "/proc/self/exe"

/* preload_find() of the library, and preload_try() with BINARY. */
int preload_ready(const char *binary, char *path, size_t size,
    struct fail *f);

/*
 * Whether every user may read LIBRARY (an absolute path): the loader leaves
 * out what a service's own user may not.  0, or -EACCES with the sentence in
 * F.
 */
int preload_reachable(const char *library, struct fail *f);

/* OLD without PATH; allocated, or NULL without memory. */
char *preload_remove(const char *path, const char *old);

#endif
