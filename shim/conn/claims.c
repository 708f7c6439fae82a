/* SPDX-License-Identifier: Apache-2.0
 * claims: words that a process shares with its forked children: who owns a
 * session. */
#include "conn/claims.h"

#include <stdlib.h>
#include <sys/mman.h>

struct claims *
claims_new(size_t n)
{
	struct claims *c = malloc(sizeof *c);
	void *word;

	if (c == NULL)
		return NULL;
	word = mmap(NULL, n * sizeof *c->word, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (word == MAP_FAILED) {
		free(c);
		return NULL;
	}
	atomic_init(&c->refs, 1);
	c->n = n;
	c->word = word;
	return c;
}

struct claims *
claims_hold(struct claims *c)
{
	atomic_fetch_add(&c->refs, 1);
	return c;
}

void
claims_release(struct claims *c)
{
	if (c == NULL || atomic_fetch_sub(&c->refs, 1) > 1)
		return;
	munmap(c->word, c->n * sizeof *c->word);
	free(c);
}
