/* SPDX-License-Identifier: Apache-2.0
 * span: a place in an array of iovecs. */
#ifndef DICOMTLS_SPAN_H
#define DICOMTLS_SPAN_H

#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>

struct span {
	const struct iovec *iov;
	int n;			/* iovecs left, the current one included */
	size_t off;		/* into the current one */
};

/* Steps over what is used up. */
static inline void
span_trim(struct span *s)
{
	while (s->n > 0 && s->off >= s->iov->iov_len) {
		s->off -= s->iov->iov_len;
		s->iov++;
		s->n--;
	}
}

static inline struct span
span_of(const struct iovec *iov, int n)
{
	struct span s = { iov, n, 0 };

	span_trim(&s);
	return s;
}

/* Bytes left in all, and in the current iovec. */
static inline size_t
span_left(const struct span *s)
{
	size_t left = 0;
	int i;

	for (i = 0; i < s->n; i++)
		left += s->iov[i].iov_len;
	return left - s->off;
}

static inline size_t
span_len(const struct span *s)
{
	return s->n > 0 ? s->iov->iov_len - s->off : 0;
}

static inline unsigned char *
span_base(const struct span *s)
{
	return (unsigned char *)s->iov->iov_base + s->off;
}

static inline void
span_go(struct span *s, size_t len)
{
	s->off += len;
	span_trim(s);
}

/* Copies up to LEN bytes into the span (DISCARD: only counts) and goes on. */
static inline size_t
span_put(struct span *s, const void *data, size_t len, bool discard)
{
	size_t done = 0, n;

	while (done < len && s->n > 0) {
		n = span_len(s) < len - done ? span_len(s) : len - done;
		if (!discard)
			memcpy(span_base(s), (const char *)data + done, n);
		span_go(s, n);
		done += n;
	}
	return done;
}

#endif
