/* SPDX-License-Identifier: Apache-2.0
 * epoll: its waits.  Its readiness needs no help; unfinished business does. */
#include "libc/libc.h"

#include <pthread.h>

#include "libc/idle.h"
#include "libc/init.h"

static int
milliseconds(const struct timespec *t)
{
	if (t == NULL)
		return -1;
	if (t->tv_sec > 2000000)
		return 2000000000;
	return (int)(t->tv_sec * 1000 + (t->tv_nsec + 999999) / 1000000);
}

static int
epoll_once(int fd, struct epoll_event *events, int max,
    const struct timespec *timeout, const sigset_t *mask, int cancel)
{
	int r;

	pthread_setcancelstate(cancel, NULL);
	r = libc()->epoll_pwait(fd, events, max, milliseconds(timeout), mask);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	return r;
}

/*
 * What unfinished business wakes up for is dealt with before epoll is asked: a
 * handshake's bytes are no input of the program's.  One takes its time, and
 * the next one's bytes come meanwhile.
 */
static void
settle_all(struct pollfd *wait)
{
	static const struct timespec none;
	int n, tries = 16;

	do
		conn_settle_all(wait, &n);
	while (n > 0 && --tries > 0 &&
	    libc()->ppoll(wait, (nfds_t)n, &none, NULL) > 0);
}

static int
epoll_loop(int fd, struct epoll_event *events, int max,
    const struct timespec *timeout, const sigset_t *mask, int cancel)
{
	static const struct timespec none;
	struct pollfd wait[CONN_SETTLE + 1];
	struct timespec then = idle_moment(timeout), t;
	int r, limit, n;

	for (;;) {
		limit = conn_settle_all(wait + 1, &n);
		wait[0] = (struct pollfd){ fd, POLLIN, 0 };
		r = n == 0 ? 0 : idle_poll(wait, (nfds_t)n + 1,
		    idle_shorter(&then, limit, &t), mask, cancel);
		if (r > 0)
			settle_all(wait + 1);
		if (r >= 0)
			r = epoll_once(fd, events, max, n > 0 ? &none :
			    idle_shorter(&then, limit, &t), mask, cancel);
		if (r != 0)
			return r;
		if (idle_over(&then))
			return 0;
	}
}

static int
epoll_tracked(int fd, struct epoll_event *events, int max,
    const struct timespec *timeout, const sigset_t *mask)
{
	int r, cancel;

	pthread_testcancel();
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	process_check();
	r = epoll_loop(fd, events, max, timeout, mask, cancel);
	pthread_setcancelstate(cancel, NULL);
	return r;
}

INTERPOSE int
epoll_wait(int fd, struct epoll_event *events, int max, int timeout)
{
	struct timespec t = { timeout / 1000, (timeout % 1000) * 1000000L };

	if (!conn_unsettled())
		return libc()->epoll_wait(fd, events, max, timeout);
	return epoll_tracked(fd, events, max, timeout < 0 ? NULL : &t, NULL);
}

INTERPOSE int
epoll_pwait(int fd, struct epoll_event *events, int max, int timeout,
    const sigset_t *mask)
{
	struct timespec t = { timeout / 1000, (timeout % 1000) * 1000000L };

	if (!conn_unsettled())
		return libc()->epoll_pwait(fd, events, max, timeout, mask);
	return epoll_tracked(fd, events, max, timeout < 0 ? NULL : &t, mask);
}

INTERPOSE int
epoll_pwait2(int fd, struct epoll_event *events, int max,
    const struct timespec *timeout, const sigset_t *mask)
{
	if (!conn_unsettled())
		return libc()->epoll_pwait2(fd, events, max, timeout, mask);
	return epoll_tracked(fd, events, max, timeout, mask);
}
