/* SPDX-License-Identifier: Apache-2.0
 * pool: memory of one life, given back all at once. */
#include "policy/pool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pool_block {
	struct pool_block *next;
	size_t size;
	max_align_t data[];
};

void *
pool_alloc(struct pool *p, size_t size)
{
	struct pool_block *b;

	if (size > (size_t)-1 - sizeof *b)
		return NULL;
	b = calloc(1, sizeof *b + size);
	if (b == NULL)
		return NULL;
	b->size = size;
	b->next = p->blocks;
	p->blocks = b;
	return b->data;
}

char *
pool_ndup(struct pool *p, const char *s, size_t len)
{
	char *copy = pool_alloc(p, len + 1);

	if (copy != NULL)
		memcpy(copy, s, len);
	return copy;
}

char *
pool_dup(struct pool *p, const char *s)
{
	return pool_ndup(p, s, strlen(s));
}

char *
pool_printf(struct pool *p, const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return NULL;
	s = pool_alloc(p, (size_t)n + 1);
	if (s == NULL)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return s;
}

void
pool_free(struct pool *p)
{
	struct pool_block *b = p->blocks, *next;

	for (; b != NULL; b = next) {
		next = b->next;
		explicit_bzero(b->data, b->size);
		free(b);
	}
	p->blocks = NULL;
}
