/* SPDX-License-Identifier: Apache-2.0
 * open: where connections come from: connect, accept, inherited sockets. */
#include "libc/libc.h"

#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "libc/address.h"
#include "libc/idle.h"
#include "libc/init.h"

/* Deciding -------------------------------------------------------------------- */

static bool
option_is(int fd, int level, int name, int value)
{
	socklen_t len = sizeof(int);
	int v = 0;

	return libc()->getsockopt(fd, level, name, &v, &len) == 0 &&
	    v == value;
}

static bool
is_stream(int fd)
{
	return option_is(fd, SOL_SOCKET, SO_TYPE, SOCK_STREAM);
}

static enum verdict
decide(enum role role, const struct address *local,
    const struct sockaddr *remote, socklen_t len, struct decision *d,
    char name[256])
{
	struct connection c = { .role = role };

	name[0] = '\0';
	if (role == ROLE_SERVER) {
		c.addr = &local->any;
		c.len = local->len;
		c.peer = remote;
		c.peer_len = len;
	} else {
		c.addr = remote;
		c.len = len;
		c.name = names_find(remote, name, 256);
	}
	return policy_decide_on(init_policy(), &c, d);
}

/* Loads the engine and what CONF needs; NULL with the sentence in F. */
static const struct engine_ops *
ready_engine(enum verdict v, const struct tlsconf *conf, enum role role,
    struct fail *f)
{
	const struct engine_ops *ops = NULL;
	int r;

	if (v == VERDICT_REFUSE)
		fail_copy(f, policy_error(init_policy()));
	else
		ops = libc_engine(f);
	if (ops == NULL)
		return NULL;
	init_lock();
	r = ops->prepare(conf, role, f);
	if (r == 0)
		process_at_exit();
	init_unlock();
	return r < 0 ? NULL : ops;
}

/* TCP_NODELAY: a PDU's record must not wait for an acknowledgement. */
static void
set_nodelay(int fd, struct conn *c, const struct tlsconf *conf)
{
	int on = 1;

	conn_set_nodelay(c, option_is(fd, IPPROTO_TCP, TCP_NODELAY, 1));
	if (conf != NULL && conf->nodelay)
		libc()->setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
		    sizeof on);
}

/* SO_RCVLOWAT above 1 would hide the retained byte. */
static void
set_lowat(int fd, struct conn *c)
{
	socklen_t len = sizeof(int);
	int v = 1, one = 1;

	libc()->getsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &v, &len);
	conn_set_lowat(c, v);
	if (v > 1)
		libc()->setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &one,
		    sizeof one);
}

/* Makes FD a tracked connection.  -errno: it must not be used. */
static int
track(int fd, struct conn_args *args)
{
	struct conn *c;
	int r;

	args->wire = &libc_wire;
	args->fd = fd;
	c = conn_new(args);
	if (c == NULL)
		return -ENOBUFS;
	set_nodelay(fd, c, args->conf);
	set_lowat(fd, c);
	r = fdtab_set(fd, c);
	conn_release(c);
	if (r == 0)
		stdio_guard(fd);
	return r < 0 ? -ENOBUFS : 0;
}

static void
note_connected(int fd)
{
	bool closing = false;
	struct conn *c = fdtab_hold(fd, &closing);

	if (c == NULL)
		return;
	conn_connected(c);
	conn_release(c);
}

static void
untrack(int fd)
{
	struct conn *c = fdtab_begin_close(fd);

	fdtab_end_close(fd);
	if (c == NULL)
		return;
	conn_closed(c, fd);
	conn_release(c);
}

/* connect() ------------------------------------------------------------------- */

/* The data of the first write would go out in the SYN. */
static void
forbid_fast_open(int fd)
{
	int off = 0;

	libc()->setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &off,
	    sizeof off);
}

/*
 * It is tracked before the real call: another thread may write as soon as
 * that succeeds.
 */
static int
connect_upgraded(int fd, const struct sockaddr *addr, socklen_t len,
    const struct conn_args *proto)
{
	struct conn_args args = *proto;
	int r, saved = errno;

	forbid_fast_open(fd);
	r = track(fd, &args);
	if (r < 0)
		return refuse(-r);
	errno = saved;
	r = libc()->connect(fd, addr, len);
	saved = errno;
	if (r == 0)
		note_connected(fd);
	else if (saved != EINPROGRESS && saved != EINTR)
		untrack(fd);
	errno = saved;
	return r;
}

static int
connect_any(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct conn_args args = { .role = ROLE_CLIENT, .connecting = true };
	struct fail f = { 0 };
	struct decision d;
	enum verdict v;
	char name[256], peer[80];

	if (!address_is_inet(addr, len))
		return libc()->connect(fd, addr, len);
	v = decide(ROLE_CLIENT, NULL, addr, len, &d, name);
	if (v == VERDICT_PLAIN || !is_stream(fd))
		return libc()->connect(fd, addr, len);
	args.ops = ready_engine(v, d.conf, ROLE_CLIENT, &f);
	address_format(addr, peer, sizeof peer);
	if (args.ops == NULL) {
		log_refusal(&f, ROLE_CLIENT, peer);
		return refuse(EACCES);
	}
	args.conf = d.conf;
	args.name = name[0] != '\0' ? name : NULL;
	args.peer = peer;
	args.port = address_port(addr);
	return connect_upgraded(fd, addr, len, &args);
}

bool
open_would_upgrade(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct decision d;
	char name[256];

	return address_is_inet(addr, len) && is_stream(fd) && decide(ROLE_CLIENT,
	    NULL, addr, len, &d, name) != VERDICT_PLAIN;
}

/* A tracked socket is connected again (to ask how it went), or to nothing. */
static int
connect_again(int fd, const struct sockaddr *addr, socklen_t len)
{
	int r, saved;

	/* The first attempt failed: this one is decided about anew. */
	if (address_is_inet(addr, len) && libc_wire.state(fd) == -ENOTCONN) {
		untrack(fd);
		return connect_any(fd, addr, len);
	}
	r = libc()->connect(fd, addr, len);
	saved = errno;
	if (r == 0 && addr != NULL && addr->sa_family == AF_UNSPEC)
		untrack(fd);
	errno = saved;
	return r;
}

INTERPOSE int
connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	if (fdtab_tracked_now(fd))
		return connect_again(fd, addr, len);
	return connect_any(fd, addr, len);
}

INTERPOSE int
__connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	return connect(fd, addr, len);
}

/* accept() -------------------------------------------------------------------- */

static int
refused(int fd, int error)
{
	libc()->close(fd);
	return refuse(error);
}

/*
 * The failure is not accept's: the connection is given to the program and
 * ends at its first use, so that no server's loop sees an unknown errno.
 */
static int
accept_upgraded(int fd, enum verdict v, const struct decision *d,
    const struct address *local, const struct address *remote)
{
	struct conn_args args = { .role = ROLE_SERVER, .conf = d->conf };
	struct fail f = { 0 };
	char peer[80];

	args.ops = ready_engine(v, d->conf, ROLE_SERVER, &f);
	address_format(&remote->any, peer, sizeof peer);
	args.peer = peer;
	args.port = address_port(&local->any);
	args.why = &f;
	if (args.ops == NULL) {
		log_refusal(&f, ROLE_SERVER, peer);
		libc()->shutdown(fd, SHUT_RDWR);
	}
	return track(fd, &args);
}

static int
accepted(int fd)
{
	struct address local = { .len = sizeof local.storage };
	struct address remote = { .len = sizeof remote.storage };
	int saved = errno, r = 0;
	struct decision d;
	enum verdict v;
	char name[256];

	if (fd < 0 || getsockname(fd, &local.any, &local.len) < 0 ||
	    !address_is_inet(&local.any, local.len))
		goto out;
	if (getpeername(fd, &remote.any, &remote.len) < 0)
		remote = local;
	v = decide(ROLE_SERVER, &local, &remote.any, remote.len, &d, name);
	if (v != VERDICT_PLAIN && is_stream(fd))
		r = accept_upgraded(fd, v, &d, &local, &remote);
	if (r < 0)
		return refused(fd, ECONNABORTED);
out:
	errno = saved;
	return fd;
}

INTERPOSE int
accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	int r = idle_before(fd);

	if (r < 0)
		return refuse(-r);
	return accepted(libc()->accept(fd, addr, len));
}

INTERPOSE int
accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	int r = idle_before(fd);

	if (r < 0)
		return refuse(-r);
	return accepted(libc()->accept4(fd, addr, len, flags));
}

/* Listening ------------------------------------------------------------------- */

/* Loads the engine while the process still may read the key. */
static int
prepare_to_serve(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct address local = { .len = len };
	struct fail f = { 0 };
	struct decision d;
	enum verdict v;
	char name[256];

	if (!address_is_inet(addr, len) || len > sizeof local.storage)
		return 0;
	memcpy(&local.storage, addr, len);
	v = decide(ROLE_SERVER, &local, NULL, 0, &d, name);
	if (v == VERDICT_PLAIN || !is_stream(fd))
		return 0;
	if (ready_engine(v, d.conf, ROLE_SERVER, &f) != NULL)
		return 0;
	log_refusal(&f, ROLE_SERVER, NULL);
	return -EACCES;
}

INTERPOSE int
bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	int saved = errno;

	if (prepare_to_serve(fd, addr, len) < 0)
		return refuse(EACCES);
	errno = saved;
	return libc()->bind(fd, addr, len);
}

INTERPOSE int
listen(int fd, int backlog)
{
	struct address local = { .len = sizeof local.storage };
	int saved = errno;

	if (getsockname(fd, &local.any, &local.len) == 0 &&
	    prepare_to_serve(fd, &local.any, local.len) < 0)
		return refuse(EACCES);
	errno = saved;
	return libc()->listen(fd, backlog);
}

/* Inherited ------------------------------------------------------------------- */

struct twin {
	struct stat st;
	struct conn *conn;
};

static void
is_twin(int fd, struct conn *c, void *arg)
{
	struct twin *t = arg;
	struct stat st;

	if (t->conn != NULL || fstat(fd, &st) < 0 ||
	    st.st_dev != t->st.st_dev || st.st_ino != t->st.st_ino)
		return;
	conn_hold(c);
	t->conn = c;
}

/* inetd gives one socket as three descriptors: they are one connection. */
static bool
adopt_twin(int fd)
{
	struct twin t = { .conn = NULL };

	if (!fdtab_used() || fstat(fd, &t.st) < 0)
		return false;
	fdtab_each(0, INT_MAX, is_twin, &t);
	if (t.conn == NULL)
		return false;
	if (fdtab_set(fd, t.conn) < 0)
		abort();	/* no memory: no plaintext either */
	stdio_guard(fd);
	conn_release(t.conn);
	return true;
}

void
open_adopt(int fd)
{
	struct address local = { .len = sizeof local.storage };
	struct address remote = { .len = sizeof remote.storage };
	struct conn_args args = { .role = ROLE_CLIENT };
	struct fail f = { 0 };
	struct decision d;
	enum verdict v;
	char name[256], peer[80];

	if (fdtab_tracked_now(fd) || adopt_twin(fd) ||
	    getsockname(fd, &local.any, &local.len) < 0 ||
	    !address_is_inet(&local.any, local.len) || !is_stream(fd) ||
	    getpeername(fd, &remote.any, &remote.len) < 0)
		return;
	v = decide(ROLE_SERVER, &local, &remote.any, remote.len, &d, name);
	if (v != VERDICT_PLAIN) {
		if (accept_upgraded(fd, v, &d, &local, &remote) < 0)
			libc()->shutdown(fd, SHUT_RDWR);
		return;
	}
	v = decide(ROLE_CLIENT, &local, &remote.any, remote.len, &d, name);
	if (v == VERDICT_PLAIN)
		return;
	args.ops = ready_engine(v, d.conf, ROLE_CLIENT, &f);
	args.conf = d.conf;
	address_format(&remote.any, peer, sizeof peer);
	args.peer = peer;
	args.port = address_port(&remote.any);
	args.why = &f;
	if (args.ops == NULL)
		log_refusal(&f, ROLE_CLIENT, peer);
	if (track(fd, &args) < 0 || args.ops == NULL)
		libc()->shutdown(fd, SHUT_RDWR);
}
