/* SPDX-License-Identifier: Apache-2.0
 * pair: two engines with wires in memory between them. */
#ifndef DICOMTLS_UNIT_PAIR_H
#define DICOMTLS_UNIT_PAIR_H

#include <errno.h>

#include "base/buf.h"
#include "engine/engine.h"
#include "pki.h"
#include "policy/policy.h"
#include "policy/profile.h"

static const struct engine_ops *const ops = &dicomtls_engine;

/* The settings of one end, as the defaults are, in the current folder. */
static inline struct tlsconf
pair_conf(const char *cert, const char *key)
{
	const struct profile *p = profile_find("bcp195");

	return (struct tlsconf){
		.rule = "the test", .dir = unit_dir, .cert = cert, .key = key,
		.profile = p, .min_version = p->min_version,
		.max_version = p->max_version, .handshake_timeout = 30,
		.nodelay = true,
	};
}

static inline void
pair_profile(struct tlsconf *conf, const char *name)
{
	conf->profile = profile_find(name);
	conf->min_version = conf->profile->min_version;
	conf->max_version = conf->profile->max_version;
}

struct end {
	struct engine *engine;
	struct end *other;
	struct buf in;		/* bytes on their way to this end */
	size_t limit;		/* how many may be read until the next turn */
	size_t sent;		/* by this end, in all */
	bool ended;		/* no more will come */
	int error;		/* -errno instead of an end */
	int r;			/* what the handshake said last */
	struct fail fail;	/* why there is no engine, or its own */
};

struct pair {
	struct end client, server;
};

static inline ssize_t
pair_recv(void *arg, void *data, size_t len)
{
	struct end *end = arg;
	size_t n = buf_len(&end->in);

	if (n == 0 && end->error != 0)
		return end->error;
	if (n == 0 && end->ended)
		return 0;
	n = n < len ? n : len;
	n = n < end->limit ? n : end->limit;
	if (n == 0)
		return -EAGAIN;
	memcpy(data, buf_head(&end->in), n);
	buf_take(&end->in, n);
	end->limit -= n;
	return (ssize_t)n;
}

static inline int
pair_send(void *arg, const void *data, size_t len)
{
	struct end *end = arg;

	end->sent += len;
	return buf_append(&end->other->in, data, len);
}

static inline void
pair_engine(struct end *end, const struct tlsconf *conf, enum role role,
    const char *name, const char *peer)
{
	struct engine_port port = { pair_recv, pair_send, end };

	end->limit = SIZE_MAX;
	end->r = -EAGAIN;
	end->engine = ops->create(conf, role, name, peer, &port, &end->fail);
}

static inline void
pair_make(struct pair *p, const struct tlsconf *client,
    const struct tlsconf *server, const char *name)
{
	memset(p, 0, sizeof *p);
	p->client.other = &p->server;
	p->server.other = &p->client;
	pair_engine(&p->client, client, ROLE_CLIENT, name, "127.0.0.1:2762");
	pair_engine(&p->server, server, ROLE_SERVER, NULL, "127.0.0.9:40000");
}

static inline void
pair_free(struct pair *p)
{
	ops->destroy(p->client.engine);
	ops->destroy(p->server.engine);
	buf_free(&p->client.in);
	buf_free(&p->server.in);
}

static inline const struct fail *
pair_why(const struct end *end)
{
	return &end->fail;
}

/* One end that cannot go on is gone, as its process would be. */
static inline void
pair_turn(struct end *end, size_t limit)
{
	if (end->r != -EAGAIN || end->engine == NULL)
		return;
	end->limit = limit;
	end->r = ops->handshake(end->engine);
	if (end->r < 0 && end->r != -EAGAIN)
		end->other->ended = true;
}

/* Until both are done, LIMIT bytes at a time. */
static inline void
pair_shake(struct pair *p, size_t limit)
{
	int i;

	for (i = 0; i < 20000 && (p->client.r == -EAGAIN ||
	    p->server.r == -EAGAIN); i++) {
		pair_turn(&p->client, limit);
		pair_turn(&p->server, limit);
	}
	p->client.limit = p->server.limit = SIZE_MAX;
}

static inline void
pair_open(struct pair *p, const struct tlsconf *client,
    const struct tlsconf *server)
{
	pair_make(p, client, server, NULL);
	ck_assert_msg(p->client.engine != NULL, "%s", p->client.fail.text);
	ck_assert_msg(p->server.engine != NULL, "%s", p->server.fail.text);
	pair_shake(p, SIZE_MAX);
	ck_assert_msg(p->client.r == 0, "client: %s",
	    pair_why(&p->client)->text);
	ck_assert_msg(p->server.r == 0, "server: %s",
	    pair_why(&p->server)->text);
}

/* END failed for REASON, and its sentence has WORDS in it. */
static inline void
pair_failed(const struct end *end, enum reason reason, const char *words)
{
	const struct fail *f = pair_why(end);

	ck_assert_msg(f->reason == reason && strstr(f->text, words) != NULL,
	    "wanted %s with \"%s\", got %s: %s", fail_reason_name(reason),
	    words, fail_reason_name(f->reason), f->text);
}

/* TEXT goes from FROM to its other end. */
static inline void
pair_say(struct end *from, const char *text, size_t len)
{
	static char got[1 << 17];
	size_t have = 0;
	ssize_t n;

	ck_assert_int_eq(ops->write(from->engine, text, len), (ssize_t)len);
	while (have < len) {
		n = ops->read(from->other->engine, got + have,
		    sizeof got - have);
		ck_assert_msg(n > 0, "read: %zd, %s", n,
		    pair_why(from->other)->text);
		have += (size_t)n;
	}
	ck_assert_mem_eq(got, text, len);
}

#endif
