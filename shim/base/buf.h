/* SPDX-License-Identifier: Apache-2.0
 * buf: a growing queue of bytes. */
#ifndef DICOMTLS_BUF_H
#define DICOMTLS_BUF_H

#include <stddef.h>

/* All zero is an empty buffer; its memory is its own.  No locks. */
struct buf {
	unsigned char *data;	/* allocated, or NULL */
	size_t head;		/* first byte that is still there */
	size_t tail;		/* behind the last */
	size_t size;		/* allocated bytes */
};

/* How many bytes there are, and where they begin. */
static inline size_t
buf_len(const struct buf *b)
{
	return b->tail - b->head;
}

static inline unsigned char *
buf_head(const struct buf *b)
{
	return b->data + b->head;
}

/*
 * Makes room for LEN more bytes and returns where they go, or NULL when there
 * is no memory (the buffer is as before).  buf_added() then counts them in.
 */
unsigned char *buf_room(struct buf *b, size_t len);
void buf_added(struct buf *b, size_t len);

/* Appends a copy.  0, or -ENOMEM with nothing appended. */
int buf_append(struct buf *b, const void *data, size_t len);

/* Takes LEN (≤ buf_len) bytes off the front; an empty buffer keeps no
 * memory, so that an idle connection costs none. */
void buf_take(struct buf *b, size_t len);

/* The same, but an empty buffer keeps its memory. */
void buf_drop(struct buf *b, size_t len);

/* Gives back everything; B is empty and can be used again. */
void buf_free(struct buf *b);

#endif
