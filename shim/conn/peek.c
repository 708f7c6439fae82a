/* SPDX-License-Identifier: Apache-2.0
 * peek: the kernel's queue as the engine reads it, and the byte of it that is
 * retained; what the first bytes tell. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "conn/state.h"

/* What the first bytes tell ------------------------------------------------- */

/* A TLS record, or the ClientHello that SSL 2 had and old clients still send
 * (RFC 5246, E.2). */
static bool
looks_like_tls(const struct conn *c, const unsigned char *d, size_t len)
{
	if (d[0] >= 20 && d[0] <= 24)
		return len < 2 || d[1] == 3;
	return c->role == ROLE_SERVER && (d[0] & 0x80) != 0 &&
	    (len < 3 || d[2] == 1);
}

static void
blame_client(struct conn *c, const unsigned char *d, size_t len)
{
	char called[17], calling[17];

	if (pdu_titles(d, len, called, calling))
		fail_set(&c->why, REASON_PEER_PLAIN, "%s (AE %s to %s) spoke "
		    "plain DICOM on TLS port %d: switch TLS on there",
		    c->peer, calling, called, c->port);
	else
		fail_set(&c->why, REASON_PEER_PLAIN, "%s spoke without TLS on "
		    "TLS port %d (first byte 0x%02x): switch TLS on there",
		    c->peer, c->port, d[0]);
}

static int
sniff(struct conn *c, const unsigned char *d, size_t len)
{
	c->sniffed = true;
	if (looks_like_tls(c, d, len) && (c->role == ROLE_CLIENT ||
	    d[0] != 23))
		return 0;
	if (d[0] == 23)
		fail_set(&c->why, REASON_TAKEN_OVER, "%s goes on with a TLS "
		    "session that another program began (exec after the "
		    "handshake): that cannot be taken over", c->peer);
	else if (c->role == ROLE_SERVER)
		blame_client(c, d, len);
	else
		fail_set(&c->why, REASON_PEER_PLAIN, "%s answered without TLS "
		    "(first byte 0x%02x): switch TLS on there, or take that "
		    "port out of DICOMTLS_CONNECT", c->peer, d[0]);
	return -EPROTO;
}

/* The wire ------------------------------------------------------------------ */

/* What was peeked at is in the engine: off the kernel's queue with it, but for
 * KEEP bytes. */
static void
take_off(struct conn *c, size_t keep)
{
	ssize_t n;

	while (c->peeked > keep) {
		n = c->wire->recv(c->fd, NULL, c->peeked - keep, MSG_TRUNC);
		if (n <= 0)
			break;
		c->peeked -= (size_t)n;
	}
	if (c->peeked > keep)
		c->peeked = keep;
}

void
peek_take_off(struct conn *c)
{
	take_off(c, 0);
}

/* Bytes in the queue that the engine has not seen: asked for only where the
 * last read was full, for there may be many. */
static size_t
behind(struct conn *c)
{
	size_t n = c->full ? c->wire->queued(c->fd) : 0;

	return n > c->peeked ? n - c->peeked : 0;
}

/* Of a queue that is longer than what is asked for, bytes are read for good:
 * what readiness needs stays, and no second call takes them off. */
static ssize_t
read_on(struct conn *c, void *buf, size_t len)
{
	ssize_t n;

	if (c->behind <= len)
		c->behind = behind(c);
	if (c->behind <= len)
		return -EAGAIN;
	take_off(c, 0);
	n = c->wire->recv(c->fd, buf, len, 0);
	c->behind -= n > 0 ? (size_t)n : 0;
	return n;
}

static ssize_t
peek(struct conn *c, void *buf, size_t len)
{
	ssize_t n = c->wire->recv(c->fd, buf, len, MSG_PEEK);

	c->full = n == (ssize_t)len;
	c->drained = n >= 0 && !c->full;
	c->behind = 0;
	return n;
}

/* Up to LEN bytes that the engine has not seen; the one that was kept lies
 * before them. */
static ssize_t
peek_behind(struct conn *c, unsigned char *buf, size_t len)
{
	unsigned char both[1 + RECORD];
	ssize_t n;

	if (c->peeked == 0)
		return peek(c, buf, len);
	n = peek(c, both, 1 + (len < RECORD ? len : RECORD));
	if (n <= 1)
		return n < 0 ? n : -EAGAIN;
	memcpy(buf, both + 1, (size_t)n - 1);
	return n - 1;
}

/*
 * The engine's port: peeks at the kernel's queue, or reads on in a long one.
 * The engine asks for more only when it has used up what it got, so that can
 * go; one byte stays while there is plaintext here that came of it.
 */
ssize_t
peek_port(void *arg, void *buf, size_t len)
{
	struct conn *c = arg;
	ssize_t n;
	int r;

	take_off(c, buf_len(&c->plain) > 0 ? 1 : 0);
	if (c->drained)
		return -EAGAIN;
	n = read_on(c, buf, len);
	if (n > 0)
		return n;
	if (n == -EAGAIN)
		n = peek_behind(c, buf, len);
	if (n == 0 && c->rx_shut) {
		c->rx_gap = true;	/* recv(2) goes on after SHUT_RD */
		return -EAGAIN;
	}
	if (n <= 0 && n != -EAGAIN)
		c->wire_ended = true;
	if (n <= 0)
		return n;
	if (!c->sniffed && (r = sniff(c, buf, (size_t)n)) < 0)
		return r;
	c->peeked += (size_t)n;
	return n;
}
