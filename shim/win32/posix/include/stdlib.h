/* SPDX-License-Identifier: Apache-2.0
 * stdlib: the environment in UTF-8. */
#ifndef DICOMTLS_WIN32_STDLIB_H
#define DICOMTLS_WIN32_STDLIB_H

#include_next <stdlib.h>

/* As it was when the library was loaded, and secure_getenv(3) in it: no
 * program gains privileges by being started. */
extern char **posix_environ;
char *secure_getenv(const char *name);
int setenv(const char *name, const char *value, int replace);

#undef environ
#define environ posix_environ

#endif
