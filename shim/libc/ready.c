/* SPDX-License-Identifier: Apache-2.0
 * ready: poll and select.  The kernel's readiness is true of a tracked
 * descriptor; what is done here is the work that nobody else would do while
 * the program sleeps, on these descriptors or others, and taking back
 * readiness that came of records without plaintext. */
#include "libc/libc.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "libc/idle.h"
#include "libc/init.h"

/* poll ------------------------------------------------------------------------ */

static bool
any_tracked(struct pollfd *fds, nfds_t n)
{
	nfds_t i;

	for (i = 0; i < n; i++)
		if (fdtab_tracked(fds[i].fd))
			return true;
	return false;
}

/* Whether there is more to do than what the program asks the kernel for. */
static inline bool
concerns(struct pollfd *fds, nfds_t n)
{
	return conn_unsettled() || (fdtab_used() && any_tracked(fds, n));
}

/* What the kernel is to be asked; the milliseconds of the next time limit. */
static int
prepare(const struct pollfd *fds, struct pollfd *ask, nfds_t n)
{
	int limit = -1, ms;
	bool closing;
	struct conn *c;
	nfds_t i;

	for (i = 0; i < n; i++) {
		ask[i] = fds[i];
		c = fdtab_hold(fds[i].fd, &closing);
		if (c == NULL)
			continue;
		conn_poll(c, fds[i].fd, fds[i].events, &ask[i].events, &ms);
		if (ms >= 0 && (limit < 0 || ms < limit))
			limit = ms;
		conn_release(c);
	}
	return limit;
}

/* What the kernel's answer means to the program: how many are ready. */
static int
interpret(struct pollfd *fds, const struct pollfd *ask, nfds_t n)
{
	bool closing;
	struct conn *c;
	int ready = 0;
	nfds_t i;

	for (i = 0; i < n; i++) {
		fds[i].revents = ask[i].revents;
		c = fdtab_hold(fds[i].fd, &closing);
		if (c != NULL) {
			fds[i].revents = conn_polled(c, fds[i].fd,
			    fds[i].events, ask[i].revents);
			conn_release(c);
		}
		ready += fds[i].revents != 0;
	}
	return ready;
}

static int
poll_loop(struct pollfd *fds, struct pollfd *ask, nfds_t n,
    const struct timespec *timeout, const sigset_t *mask, int cancel)
{
	struct timespec then = idle_moment(timeout), t;
	int r, ready, saved = errno, limit, other, more;

	for (;;) {
		other = conn_settle_all(ask + n, &more);
		limit = prepare(fds, ask, n);
		limit = other >= 0 && (limit < 0 || other < limit) ? other :
		    limit;
		r = idle_poll(ask, n + (nfds_t)more,
		    idle_shorter(&then, limit, &t), mask, cancel);
		if (r < 0)
			return r;
		errno = saved;
		ready = r > 0 || limit >= 0 ? interpret(fds, ask, n) : 0;
		if (ready > 0)
			return ready;
		if (idle_over(&then))
			return interpret(fds, ask, n);
	}
}

static int
poll_many(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask, int cancel)
{
	struct pollfd *const ask = calloc(n + CONN_SETTLE, sizeof *ask);
	int r;

	if (ask == NULL)
		return refuse(ENOMEM);
	pthread_cleanup_push(free, ask);
	r = poll_loop(fds, ask, n, timeout, mask, cancel);
	pthread_cleanup_pop(1);
	return r;
}

static int
poll_tracked(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask)
{
	struct pollfd few[64 + CONN_SETTLE];
	int r, cancel;

	pthread_testcancel();
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	process_check();
	if (n > 64)
		r = poll_many(fds, n, timeout, mask, cancel);
	else
		r = poll_loop(fds, few, n, timeout, mask, cancel);
	pthread_setcancelstate(cancel, NULL);
	return r;
}

static int
poll_for(struct pollfd *fds, nfds_t n, int timeout)
{
	struct timespec t = { timeout / 1000, (timeout % 1000) * 1000000L };

	return poll_tracked(fds, n, timeout < 0 ? NULL : &t, NULL);
}

INTERPOSE int
poll(struct pollfd *fds, nfds_t n, int timeout)
{
	if (!concerns(fds, n))
		return libc()->poll(fds, n, timeout);
	return poll_for(fds, n, timeout);
}

INTERPOSE int
__poll(struct pollfd *fds, nfds_t n, int timeout)
{
	return poll(fds, n, timeout);
}

INTERPOSE int
__poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size)
{
	if (n > size / sizeof *fds)
		return libc()->__poll_chk(fds, n, timeout, size);
	return poll(fds, n, timeout);
}

INTERPOSE int
ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask)
{
	if (!concerns(fds, n) || (timeout != NULL && (timeout->tv_sec < 0 ||
	    timeout->tv_nsec < 0 || timeout->tv_nsec >= 1000000000)))
		return libc()->ppoll(fds, n, timeout, mask);
	return poll_tracked(fds, n, timeout, mask);
}

INTERPOSE int
__ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask, size_t size)
{
	if (n > size / sizeof *fds)
		return libc()->__ppoll_chk(fds, n, timeout, mask, size);
	return ppoll(fds, n, timeout, mask);
}

/* select ---------------------------------------------------------------------- */

/* Which events of poll make a descriptor ready in each set (select(2)). */
enum {
	SET_IN = POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR,
	SET_OUT = POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR,
	SET_EX = POLLPRI
};

/* The sets may be larger than fd_set: programs allocate their own. */
typedef unsigned long word;
enum { BITS = 8 * sizeof(word) };

static bool
has(const fd_set *set, int fd)
{
	const word *w = (const word *)set;

	return set != NULL && (w[fd / (int)BITS] >> (fd % (int)BITS) & 1) != 0;
}

static void
assign(fd_set *set, int fd, bool on)
{
	word *w = (word *)set, bit = (word)1 << (fd % (int)BITS);

	if (set == NULL)
		return;
	w[fd / (int)BITS] = on ? w[fd / (int)BITS] | bit :
	    w[fd / (int)BITS] & ~bit;
}

struct sets {
	fd_set *in, *out, *ex;
};

/* The descriptors from FIRST on, as many as are in a word. */
static inline word
part(const fd_set *set, int first)
{
	return set != NULL ? ((const word *)set)[first / (int)BITS] : 0;
}

/* No more of the sets is read than the kernel reads, for whom that number was
 * open.  Bits of the last word that are not below N cost a look, no more: what
 * follows asks again. */
static inline bool
any_tracked_in(int n, const fd_set *in, const fd_set *out, const fd_set *ex)
{
	int top = fdtab_top(), first;
	word w;

	if (n > top)
		n = top + 1;
	for (first = 0; first < n; first += (int)BITS) {
		w = part(in, first) | part(out, first) | part(ex, first);
		for (; w != 0; w &= w - 1)
			if (fdtab_tracked(first + __builtin_ctzl(w)))
				return true;
	}
	return false;
}

/* concerns() for select. */
static inline bool
concerns_sets(int n, const fd_set *in, const fd_set *out, const fd_set *ex)
{
	return conn_unsettled() || any_tracked_in(n, in, out, ex);
}

static nfds_t
to_poll(int n, const struct sets *s, struct pollfd *fds)
{
	nfds_t k = 0;
	short events;
	int fd;

	for (fd = 0; fd < n; fd++) {
		events = (short)((has(s->in, fd) ? POLLIN : 0) |
		    (has(s->out, fd) ? POLLOUT : 0) |
		    (has(s->ex, fd) ? POLLPRI : 0));
		if (events != 0)
			fds[k++] = (struct pollfd){ fd, events, 0 };
	}
	return k;
}

static int
put(fd_set *set, const struct pollfd *p, short want)
{
	bool on = has(set, p->fd) && (p->revents & want) != 0;

	assign(set, p->fd, on);
	return on;
}

static int
from_poll(const struct sets *s, const struct pollfd *fds, nfds_t n)
{
	int count = 0;
	nfds_t i;

	for (i = 0; i < n; i++)
		if ((fds[i].revents & POLLNVAL) != 0)
			return refuse(EBADF);
	for (i = 0; i < n; i++)
		count += put(s->in, &fds[i], SET_IN) +
		    put(s->out, &fds[i], SET_OUT) +
		    put(s->ex, &fds[i], SET_EX);
	return count;
}

static int
select_with(struct pollfd *fds, int n, const struct sets *s,
    const struct timespec *timeout, const sigset_t *mask)
{
	nfds_t k = to_poll(n, s, fds);
	int r = poll_tracked(fds, k, timeout, mask);

	return r < 0 ? r : from_poll(s, fds, k);
}

static int
select_many(int n, const struct sets *s, const struct timespec *timeout,
    const sigset_t *mask)
{
	struct pollfd *const fds = calloc((size_t)n, sizeof *fds);
	int r;

	if (fds == NULL)
		return refuse(ENOMEM);
	pthread_cleanup_push(free, fds);
	r = select_with(fds, n, s, timeout, mask);
	pthread_cleanup_pop(1);
	return r;
}

/* The kernel looks at no more descriptors than its table has places for: a
 * program that passes as many as there may ever be has smaller sets. */
static int
looked_at(int n)
{
	int least = fdtab_top() + 1, size = 0, saved = errno, fd;
	const char *at;
	char text[2048];
	ssize_t len = 0;

	if (n <= FD_SETSIZE)
		return n;
	fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		len = libc()->read(fd, text, sizeof text - 1);
		libc()->close(fd);
	}
	errno = saved;
	text[len > 0 ? len : 0] = '\0';
	at = strstr(text, "FDSize:");
	if (at != NULL)
		size = atoi(at + strlen("FDSize:"));
	if (size <= 0)
		size = least > FD_SETSIZE ? least : FD_SETSIZE;
	return size < n ? size : n;
}

static int
select_tracked(int n, const struct sets *s, const struct timespec *timeout,
    const sigset_t *mask)
{
	struct pollfd few[64];

	n = looked_at(n);
	if (n > 64)
		return select_many(n, s, timeout, mask);
	return select_with(few, n, s, timeout, mask);
}

/* As Linux does, TIMEOUT becomes what was not slept of it.  Out of line, so that
 * a call that is none of ours saves no registers. */
__attribute__((noinline)) static int
select_for(int n, const struct sets *s, struct timeval *timeout)
{
	struct timespec t, then;
	int r;

	if (timeout == NULL)
		return select_tracked(n, s, NULL, NULL);
	t.tv_sec = timeout->tv_sec + timeout->tv_usec / 1000000;
	t.tv_nsec = timeout->tv_usec % 1000000 * 1000;
	then = idle_moment(&t);
	r = select_tracked(n, s, &t, NULL);
	t = idle_left(&then);
	timeout->tv_sec = t.tv_sec;
	timeout->tv_usec = t.tv_nsec / 1000;
	return r;
}

INTERPOSE int
select(int n, fd_set *restrict in, fd_set *restrict out, fd_set *restrict ex,
    struct timeval *restrict timeout)
{
	if (!concerns_sets(n, in, out, ex) || (timeout != NULL &&
	    (timeout->tv_sec < 0 || timeout->tv_usec < 0)))
		return libc()->select(n, in, out, ex, timeout);
	return select_for(n, &(struct sets){ in, out, ex }, timeout);
}

INTERPOSE int
__select(int n, fd_set *in, fd_set *out, fd_set *ex, struct timeval *timeout)
{
	return select(n, in, out, ex, timeout);
}

INTERPOSE int
pselect(int n, fd_set *restrict in, fd_set *restrict out,
    fd_set *restrict ex, const struct timespec *restrict timeout,
    const sigset_t *restrict mask)
{
	if (!concerns_sets(n, in, out, ex))
		return libc()->pselect(n, in, out, ex, timeout, mask);
	return select_tracked(n, &(struct sets){ in, out, ex }, timeout, mask);
}
