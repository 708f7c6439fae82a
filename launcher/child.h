/* SPDX-License-Identifier: Apache-2.0
 * child: other programs' output. */
#ifndef DICOMTLS_CHILD_H
#define DICOMTLS_CHILD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Runs ARGV with the environment variables SET ("A=1", ...; NULL ends; may be
 * NULL), standard input from /dev/null, and keeps up to SIZE - 1 bytes of its
 * output, with ERRORS of its standard error too.  Its exit status; -errno if it could not be
 * started; 128 + N after a signal N.
 */
int child_output(char *const argv[], const char *const set[], bool errors,
    char *out, size_t size);

#endif
