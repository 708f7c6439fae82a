/* SPDX-License-Identifier: Apache-2.0
 * conn: one upgraded connection: life, dying, options. */
#include "conn/conn.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "conn/state.h"

/* Life ---------------------------------------------------------------------- */

/*
 * Connections are reused, never freed: conn_try_hold may look at one that is
 * on its way out.
 */
static struct conn *pool;
static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;

static struct conn *
from_pool(void)
{
	struct conn *c;

	pthread_mutex_lock(&pool_lock);
	c = pool;
	if (c != NULL)
		pool = c->dirty_next;
	pthread_mutex_unlock(&pool_lock);
	if (c == NULL)
		c = calloc(1, sizeof *c);
	else
		memset((char *)c + offsetof(struct conn, descriptors), 0,
		    sizeof *c - offsetof(struct conn, descriptors));
	if (c != NULL) {
		pthread_mutex_init(&c->lock, NULL);
		pthread_mutex_init(&c->turn, NULL);
	}
	return c;
}

static void
into_pool(struct conn *c)
{
	pthread_mutex_lock(&pool_lock);
	c->dirty_next = pool;
	pool = c;
	pthread_mutex_unlock(&pool_lock);
}

void
conn_freeze(void)
{
	pthread_mutex_lock(&pool_lock);
	settle_freeze();
}

void
conn_thaw(void)
{
	settle_thaw();
	pthread_mutex_unlock(&pool_lock);
}

struct conn *
conn_new(const struct conn_args *args)
{
	struct conn *c = from_pool();

	if (c == NULL)
		return NULL;
	if (args->name != NULL && (c->name = strdup(args->name)) == NULL) {
		into_pool(c);
		return NULL;
	}
	atomic_store(&c->refs, 1);
	c->fd = args->fd;
	c->wire = args->wire;
	c->ops = args->ops;
	c->conf = args->conf;
	c->role = args->role;
	snprintf(c->peer, sizeof c->peer, "%s", args->peer);
	c->port = args->port;
	c->connecting = args->connecting;
	c->lowat = 1;
	clock_gettime(CLOCK_MONOTONIC, &c->born);
	if (c->ops == NULL) {
		fail_copy(&c->why, args->why);
		c->stage = STAGE_DEAD;
		c->error = -EACCES;
		c->rx_end = true;
		c->sticky = true;	/* by whoever refused it */
	} else {
		conn_deadline(&c->deadline, c->conf->handshake_timeout * 1000);
	}
	conn_lock(c, -1);	/* from now on other threads may find it */
	conn_leave(c);
	return c;
}

void
conn_hold(struct conn *c)
{
	atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
}

bool
conn_try_hold(struct conn *c)
{
	unsigned refs = atomic_load(&c->refs);

	while (refs > 0)
		if (atomic_compare_exchange_weak(&c->refs, &refs, refs + 1))
			return true;
	return false;
}

void
conn_release(struct conn *c)
{
	if (atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) > 1)
		return;
	settle_forget(c);
	if (c->engine != NULL)
		c->ops->destroy(c->engine);
	buf_free(&c->plain);
	buf_free(&c->tx);
	buf_free(&c->out);
	claims_release(c->claims);
	pthread_mutex_destroy(&c->lock);
	pthread_mutex_destroy(&c->turn);
	free(c->name);
	into_pool(c);
}

void
conn_opened(struct conn *c)
{
	atomic_fetch_add(&c->descriptors, 1);
}

/* A number that was closed may be another file's by the next moment. */
int
conn_closed(struct conn *c, int fd)
{
	int left = atomic_fetch_sub(&c->descriptors, 1) - 1;

	atomic_fetch_add(&c->closes, 1);
	if (left > 0 && conn_lock(c, fd) == 0) {
		c->fd = -1;
		conn_leave(c);
	}
	return left;
}

int
conn_descriptors(struct conn *c)
{
	return atomic_load(&c->descriptors);
}

void
conn_connected(struct conn *c)
{
	if (conn_lock(c, -1) < 0)
		return;
	c->connecting = false;
	conn_leave(c);
}

/* The end ------------------------------------------------------------------- */

void
conn_log_failure(struct conn *c)
{
	struct log_field fields[] = {
		{ "role", c->role == ROLE_CLIENT ? "client" : "server" },
		{ "peer", c->peer },
		{ "reason", fail_reason_name(c->why.reason) },
		{ NULL, NULL },
	};

	if (c->why.reason == REASON_NONE || c->blamed)
		return;
	c->blamed = true;
	log_event(c->stage == STAGE_OPEN && (c->why.reason == REASON_RESET ||
	    c->why.reason == REASON_TRUNCATED) ?
	    LOG_LEVEL_WARN : LOG_LEVEL_ERROR, "failure", fields, "%s",
	    c->why.text);
}

void
conn_die(struct conn *c, int error)
{
	if (c->stage == STAGE_DEAD)
		return;
	conn_log_failure(c);
	output_flush(c);	/* an alert, perhaps */
	c->stage = STAGE_DEAD;
	c->error = error;
	c->rx_end = true;
	buf_free(&c->tx);
	buf_free(&c->out);
	peek_take_off(c);
	if (!c->wire_ended)	/* else the kernel's readiness is for good */
		c->wire->shutdown(c->fd, SHUT_RDWR);
	c->sticky = true;
}

int
conn_take_error(struct conn *c, int fd)
{
	int error;

	if (conn_lock(c, fd) < 0)
		return 0;
	error = c->error != 0 ? c->error : output_error(c);
	c->error = 0;
	conn_leave(c);
	return error;
}

/* The first bytes of an A-ASSOCIATE-RQ hold the AE titles. */
void
conn_note(struct conn *c, const void *data, size_t len)
{
	size_t n = TITLES - c->head_len;

	if (n > len)
		n = len;
	memcpy(c->head + c->head_len, data, n);
	c->head_len += n;
}

/* Options ------------------------------------------------------------------- */

bool
conn_passes(struct conn *c)
{
	return atomic_load_explicit(&c->passing, memory_order_relaxed);
}

int
conn_lowat(struct conn *c)
{
	return atomic_load(&c->lowat);
}

void
conn_set_lowat(struct conn *c, int bytes)
{
	atomic_store(&c->lowat, bytes < 1 ? 1 : bytes);
}

bool
conn_nodelay(struct conn *c)
{
	return atomic_load(&c->nodelay);
}

void
conn_set_nodelay(struct conn *c, bool on)
{
	atomic_store(&c->nodelay, on);
}

bool
conn_forces_nodelay(struct conn *c)
{
	return c->conf != NULL && c->conf->nodelay;
}

void
conn_forget_room(struct conn *c)
{
	if (conn_lock(c, -1) < 0)
		return;
	c->room = 0;
	conn_leave(c);
}
