/* SPDX-License-Identifier: Apache-2.0
 * ini: the part of inih's interface that is used here.  Debian has inih for
 * Linux alone. */
#ifndef DICOMTLS_WIN32_INI_H
#define DICOMTLS_WIN32_INI_H

extern int ini_max_line;	/* bytes of a line, with its NUL */

typedef char *(*ini_reader)(char *to, int size, void *stream);
typedef int (*ini_handler)(void *user, const char *section, const char *key,
    const char *value);

/*
 * [section], key = value or key : value, comments from "#" or ";" at the
 * begin of a line or from " ;".  HANDLER gives 0 for an error.  The number of
 * the first line that is wrong, 0: none, -2: no memory.
 */
int ini_parse_stream(ini_reader reader, void *stream, ini_handler handler,
    void *user);

#endif
