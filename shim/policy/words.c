/* SPDX-License-Identifier: Apache-2.0
 * words: lists of accepted words, and what was probably meant. */
#include "policy/words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LONGEST = 63, SLIPS = 2 };

int
words_find(const char *const list[], const char *word)
{
	int i;

	for (i = 0; list[i] != NULL; i++)
		if (strcasecmp(list[i], word) == 0)
			return i;
	return -1;
}

const char *
words_join(const char *const list[], char *buf, size_t size)
{
	const char *between = "";
	size_t i, len = 0;

	buf[0] = '\0';
	for (i = 0; list[i] != NULL && len < size; i++) {
		len += (size_t)snprintf(buf + len, size - len, "%s%s", between,
		    list[i]);
		between = list[i + 1] != NULL && list[i + 2] == NULL ?
		    " or " : ", ";
	}
	return buf;
}

static unsigned
least(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein's distance, one row at a time. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned row[LONGEST + 1], i, j, diagonal, above;
	size_t n = strlen(b);

	if (n > LONGEST || strlen(a) > LONGEST)
		return LONGEST;
	for (j = 0; j <= n; j++)
		row[j] = j;
	for (i = 1; a[i - 1] != '\0'; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= n; j++) {
			above = row[j];
			row[j] = least(above + 1, row[j - 1] + 1, diagonal +
			    (tolower((unsigned char)a[i - 1]) !=
			    tolower((unsigned char)b[j - 1])));
			diagonal = above;
		}
	}
	return row[n];
}

const char *
words_nearest(const char *const list[], const char *word)
{
	unsigned d, best = SLIPS + 1;
	const char *nearest = NULL;
	size_t i;

	for (i = 0; list[i] != NULL; i++) {
		d = distance(list[i], word);
		if (d < best && d < strlen(list[i])) {
			best = d;
			nearest = list[i];
		}
	}
	return nearest;
}
