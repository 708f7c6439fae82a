/* SPDX-License-Identifier: Apache-2.0
 * idle: sleeping, and what is gone on with meanwhile. */
#include "libc/idle.h"

#include <errno.h>
#include <pthread.h>

#include "libc/init.h"
#include "libc/libc.h"

/* Time ------------------------------------------------------------------------ */

enum { BILLION = 1000000000 };

static struct timespec
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t;
}

struct timespec
idle_moment(const struct timespec *timeout)
{
	struct timespec t = now();

	if (timeout == NULL)
		return (struct timespec){ -1, 0 };
	t.tv_sec += timeout->tv_sec;
	t.tv_nsec += timeout->tv_nsec;
	if (t.tv_nsec >= BILLION) {
		t.tv_nsec -= BILLION;
		t.tv_sec++;
	}
	return t;
}

struct timespec
idle_left(const struct timespec *then)
{
	struct timespec t = now();

	t.tv_sec = then->tv_sec - t.tv_sec;
	t.tv_nsec = then->tv_nsec - t.tv_nsec;
	if (t.tv_nsec < 0) {
		t.tv_nsec += BILLION;
		t.tv_sec--;
	}
	return t.tv_sec < 0 ? (struct timespec){ 0, 0 } : t;
}

bool
idle_over(const struct timespec *then)
{
	struct timespec t;

	if (then->tv_sec < 0)
		return false;
	t = idle_left(then);
	return t.tv_sec == 0 && t.tv_nsec == 0;
}

const struct timespec *
idle_shorter(const struct timespec *then, int limit, struct timespec *t)
{
	struct timespec l = { limit / 1000, (limit % 1000) * 1000000L };

	if (then->tv_sec < 0 && limit < 0)
		return NULL;
	*t = then->tv_sec < 0 ? l : idle_left(then);
	if (limit >= 0 && (l.tv_sec < t->tv_sec || (l.tv_sec == t->tv_sec &&
	    l.tv_nsec < t->tv_nsec)))
		*t = l;
	return t;
}

/* Waiting ----------------------------------------------------------------------- */

int
idle_poll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask, int cancel)
{
	int r;

	pthread_setcancelstate(cancel, NULL);
	r = libc()->ppoll(fds, n, timeout, mask);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	return r;
}

int
idle_wait(int fd, short events, int timeout)
{
	const struct timespec ms = { timeout / 1000, timeout % 1000 * 1000000L };
	struct timespec then = idle_moment(timeout < 0 ? NULL : &ms), t;
	struct pollfd wait[1 + CONN_SETTLE];
	int r, limit, more, cancel;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	do {
		limit = conn_settle_all(wait + 1, &more);
		wait[0] = (struct pollfd){ fd, events, 0 };
		r = idle_poll(wait, 1 + (nfds_t)more,
		    idle_shorter(&then, limit, &t), NULL, cancel);
		r = r < 0 ? -errno : wait[0].revents;
	} while (r == 0 && !idle_over(&then));
	pthread_setcancelstate(cancel, NULL);
	return r;
}

int
idle_before(int fd)
{
	int r, ms;

	if (!conn_unfinished() || libc_wire.nonblocking(fd))
		return 0;
	pthread_testcancel();
	process_check();
	ms = libc_wire.timeout(fd, SO_RCVTIMEO);
	do
		r = idle_wait(fd, POLLIN, ms > 0 ? ms : -1);
	while (r == -EINTR && ms == 0 && libc_wire.restarts());
	return r > 0 ? 0 : r == 0 ? -EAGAIN : r;
}
