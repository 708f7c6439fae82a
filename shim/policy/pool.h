/* SPDX-License-Identifier: Apache-2.0
 * pool: memory of one life, given back all at once. */
#ifndef DICOMTLS_POOL_H
#define DICOMTLS_POOL_H

#include <stddef.h>

struct pool_block;

/* All zero is an empty pool.  No locks. */
struct pool {
	struct pool_block *blocks;
};

/* SIZE zeroed bytes, or NULL without memory; they live until pool_free. */
void *pool_alloc(struct pool *p, size_t size);

/* A copy of S, or of its first LEN bytes. */
char *pool_dup(struct pool *p, const char *s);
char *pool_ndup(struct pool *p, const char *s, size_t len);

/* A string as by printf, NULL without memory. */
char *pool_printf(struct pool *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Wipes (passwords are among it) and gives back everything. */
void pool_free(struct pool *p);

#endif
