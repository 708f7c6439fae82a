/* SPDX-License-Identifier: Apache-2.0
 * stdio: rename(2) that replaces, and paths in UTF-8. */
#ifndef DICOMTLS_WIN32_STDIO_H
#define DICOMTLS_WIN32_STDIO_H

#include_next <stdio.h>

/* rename(2), fopen(3). */
int posix_rename(const char *from, const char *to);
FILE *posix_fopen(const char *path, const char *mode);
#define rename posix_rename
#define fopen posix_fopen

#endif
