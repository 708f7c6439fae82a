/* SPDX-License-Identifier: Apache-2.0
 * string: what Windows' C library leaves out. */
#ifndef DICOMTLS_WIN32_STRING_H
#define DICOMTLS_WIN32_STRING_H

#include_next <string.h>

#include <stddef.h>

/* strsep(3), strndup(3). */
char *strsep(char **rest, const char *delimiters);
char *strndup(const char *s, size_t len);

void *memmem(const void *in, size_t in_len, const void *what, size_t len);
char *strcasestr(const char *in, const char *what);
char *stpcpy(char *to, const char *from);
void explicit_bzero(void *p, size_t len);

/* strerror(3) that knows the errors of sockets too. */
const char *posix_strerror(int error);
#define strerror posix_strerror

#endif
