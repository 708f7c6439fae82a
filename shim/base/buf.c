/* SPDX-License-Identifier: Apache-2.0
 * buf: a growing queue of bytes. */
#include "base/buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Moves the bytes to the front when that makes enough room. */
static int
compact(struct buf *b, size_t len)
{
	if (b->head == 0 || b->size - buf_len(b) < len)
		return 0;
	memmove(b->data, b->data + b->head, buf_len(b));
	b->tail -= b->head;
	b->head = 0;
	return 1;
}

static int
grow(struct buf *b, size_t len)
{
	size_t size = b->size < 512 ? 512 : b->size;
	unsigned char *data;

	while (size - b->tail < len) {
		if (size > (size_t)-1 / 2)
			return -ENOMEM;
		size *= 2;
	}
	data = realloc(b->data, size);
	if (data == NULL)
		return -ENOMEM;
	b->data = data;
	b->size = size;
	return 0;
}

unsigned char *
buf_room(struct buf *b, size_t len)
{
	if (b->size - b->tail < len && !compact(b, len) && grow(b, len) < 0)
		return NULL;
	return b->data + b->tail;
}

void
buf_added(struct buf *b, size_t len)
{
	b->tail += len;
}

int
buf_append(struct buf *b, const void *data, size_t len)
{
	unsigned char *to;

	if (len == 0)
		return 0;
	to = buf_room(b, len);
	if (to == NULL)
		return -ENOMEM;
	memcpy(to, data, len);
	b->tail += len;
	return 0;
}

void
buf_drop(struct buf *b, size_t len)
{
	b->head += len;
	if (b->head == b->tail)
		b->head = b->tail = 0;
}

void
buf_take(struct buf *b, size_t len)
{
	b->head += len;
	if (b->head == b->tail && b->data != NULL)
		buf_free(b);
}

void
buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}
