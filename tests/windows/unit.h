/* SPDX-License-Identifier: Apache-2.0
 * unit: what the unit tests need of POSIX, for those that run under Wine.
 * Included in front of them by the compiler's -include. */
#ifndef DICOMTLS_TEST_WINDOWS_UNIT_H
#define DICOMTLS_TEST_WINDOWS_UNIT_H

#include <sys/socket.h>

#include <direct.h>
#include <stdlib.h>
#include <string.h>

/* mkdtemp(3), unsetenv(3). */
char *mkdtemp(char *pattern);
int unsetenv(const char *name);

/* Knows "rm -rf 'FOLDER'" alone. */
int unit_system(const char *command);
#define system unit_system

#endif
