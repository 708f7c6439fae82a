/* SPDX-License-Identifier: Apache-2.0
 * words: lists of accepted words, and what was probably meant. */
#ifndef DICOMTLS_WORDS_H
#define DICOMTLS_WORDS_H

#include <stddef.h>

/* Lists end with NULL.  Words compare without regard to case. */

/* The index of WORD in LIST, or -1. */
int words_find(const char *const list[], const char *word);

/* Writes "a, b or c" to BUF, cut to SIZE; returns BUF. */
const char *words_join(const char *const list[], char *buf, size_t size);

/* The word of LIST at most two slips of the pen from WORD, or NULL. */
const char *words_nearest(const char *const list[], const char *word);

#endif
