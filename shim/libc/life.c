/* SPDX-License-Identifier: Apache-2.0
 * life: the lives of a descriptor: close and dup. */
#include "libc/libc.h"

#include <linux/close_range.h>
#include <limits.h>

#include "libc/init.h"

static int
linger_of(int fd)
{
	struct linger l = { 0, 0 };
	socklen_t len = sizeof l;

	libc()->getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &len);
	return l.l_onoff ? l.l_linger : -1;
}

/* Before the real close (or dup2 over it); the caller ends the mark. */
static void
end_session(int fd)
{
	struct conn *c = fdtab_begin_close(fd);

	if (c == NULL)
		return;
	if (conn_closed(c, fd) == 0)
		conn_finish(c, fd, linger_of(fd));
	conn_release(c);
}

static int
close_tracked(int fd)
{
	int r, saved = errno;

	process_check();
	end_session(fd);
	errno = saved;
	r = libc()->close(fd);
	fdtab_end_close(fd);
	return r;
}

INTERPOSE int
close(int fd)
{
	if (!fdtab_tracked(fd) || is_vfork_child())
		return libc()->close(fd);
	return close_tracked(fd);
}

INTERPOSE int
__close(int fd)
{
	return close(fd);
}

static void
close_one(int fd, struct conn *c, void *arg)
{
	(void)c;
	(void)arg;
	close_tracked(fd);
}

static void
close_tracked_range(unsigned first, unsigned last)
{
	if (first > INT_MAX || !fdtab_used() || is_vfork_child())
		return;
	fdtab_each((int)first, last > INT_MAX ? INT_MAX : (int)last,
	    close_one, NULL);
}

INTERPOSE int
close_range(unsigned first, unsigned last, int flags)
{
	if (first <= last && (flags & ~CLOSE_RANGE_UNSHARE) == 0)
		close_tracked_range(first, last);
	return libc()->close_range(first, last, flags);
}

INTERPOSE void
closefrom(int first)
{
	close_tracked_range(first < 0 ? 0 : (unsigned)first, UINT_MAX);
	libc()->closefrom(first);
}

/* dup --------------------------------------------------------------------------- */

INTERPOSE int
dup(int fd)
{
	struct call call;
	int r;

	if (!enter(&call, fd))
		return libc()->dup(fd);
	r = libc()->dup(fd);
	if (r < 0)
		return (int)leave(&call, -errno);
	if (is_vfork_child())
		return (int)leave(&call, r);
	if (fdtab_set(r, call.conn) < 0) {
		libc()->close(r);
		return (int)leave(&call, -EMFILE);
	}
	stdio_guard(r);
	return (int)leave(&call, r);
}

/*
 * The session that was at TO ends as by close; a dup2 that will fail (FROM is
 * no descriptor) must not end it.
 */
static int
duplicate(int from, int to, int flags)
{
	bool closing = false, over = fdtab_tracked(to);
	struct conn *c = fdtab_hold(from, &closing);
	int r, saved = errno;

	if (over && fcntl(from, F_GETFD) >= 0)
		end_session(to);
	errno = saved;
	r = flags < 0 ? libc()->dup2(from, to) : libc()->dup3(from, to, flags);
	saved = errno;
	if (over)
		fdtab_end_close(to);
	if (r >= 0 && c != NULL && fdtab_set(to, c) < 0) {
		libc()->close(to);
		saved = EMFILE;
		r = -1;
	}
	if (r >= 0 && c != NULL)
		stdio_guard(to);
	if (c != NULL)
		conn_release(c);
	errno = saved;
	return r;
}

static bool
concerns(int from, int to)
{
	return from != to && (fdtab_tracked(from) || fdtab_tracked(to)) &&
	    !is_vfork_child();
}

INTERPOSE int
dup2(int from, int to)
{
	if (!concerns(from, to))
		return libc()->dup2(from, to);
	process_check();
	return duplicate(from, to, -1);
}

INTERPOSE int
__dup2(int from, int to)
{
	return dup2(from, to);
}

INTERPOSE int
dup3(int from, int to, int flags)
{
	if (!concerns(from, to))
		return libc()->dup3(from, to, flags);
	process_check();
	return duplicate(from, to, flags);
}
