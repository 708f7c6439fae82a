/* SPDX-License-Identifier: Apache-2.0
 * sleep: a program that sleeps for a while, with business left on its
 * connections, has it gone on with. */
#include "libc/libc.h"

#include <limits.h>
#include <pthread.h>

#include "libc/idle.h"
#include "libc/init.h"

/*
 * Sleeps up to TIME away, *LEFT gets what is to be slept yet: less than a
 * millisecond, or all if there is nothing to do.  -EINTR: a signal came.
 */
static int
busily(const struct timespec *time, struct timespec *left)
{
	struct timespec then;
	int ms, r = 0;

	*left = *time;
	if (!conn_unfinished() || time->tv_sec < 0 || time->tv_nsec < 0 ||
	    time->tv_nsec >= 1000000000)
		return 0;
	pthread_testcancel();
	process_check();
	then = idle_moment(time);
	do {
		ms = left->tv_sec > INT_MAX / 2000 ? INT_MAX / 2 :
		    (int)(left->tv_sec * 1000 + left->tv_nsec / 1000000);
		if (ms > 0)
			r = idle_wait(-1, 0, ms);
		*left = idle_left(&then);
	} while (r == 0 && ms == INT_MAX / 2);
	return r;
}

INTERPOSE int
nanosleep(const struct timespec *time, struct timespec *rest)
{
	struct timespec left;

	if (!conn_unfinished())
		return libc()->nanosleep(time, rest);
	if (busily(time, &left) == 0)
		return libc()->nanosleep(&left, rest);
	if (rest != NULL)
		*rest = left;
	return refuse(EINTR);
}

INTERPOSE int
__nanosleep(const struct timespec *time, struct timespec *rest)
{
	return nanosleep(time, rest);
}

/* Until a moment of the clock's, or for a while; an error is the result. */
INTERPOSE int
clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
    struct timespec *rest)
{
	struct timespec t, left, now;
	int saved = errno, r;

	if (!conn_unfinished())
		return libc()->clock_nanosleep(clock, flags, time, rest);
	t = *time;
	if ((flags & TIMER_ABSTIME) != 0 && clock_gettime(clock, &now) == 0) {
		t.tv_sec -= now.tv_sec;
		t.tv_nsec -= now.tv_nsec;
		t.tv_sec -= t.tv_nsec < 0;
		t.tv_nsec += t.tv_nsec < 0 ? 1000000000 : 0;
	}
	r = busily(&t, &left);
	errno = saved;
	if (r == 0)
		return libc()->clock_nanosleep(clock, flags, (flags &
		    TIMER_ABSTIME) != 0 ? time : &left, rest);
	if ((flags & TIMER_ABSTIME) == 0 && rest != NULL)
		*rest = left;
	return -r;
}

/* The whole seconds that were not slept. */
INTERPOSE unsigned
sleep(unsigned seconds)
{
	struct timespec t = { seconds, 0 }, rest = { 0, 0 };
	int saved = errno;

	if (!conn_unfinished())
		return libc()->sleep(seconds);
	if (nanosleep(&t, &rest) == 0)
		rest.tv_sec = rest.tv_nsec = 0;
	errno = saved;
	return (unsigned)rest.tv_sec;
}

INTERPOSE int
usleep(useconds_t time)
{
	struct timespec t = { time / 1000000, time % 1000000 * 1000L };

	return conn_unfinished() ? nanosleep(&t, NULL) : libc()->usleep(time);
}

/* -1 when a signal came, another negative number for what is no time. */
INTERPOSE int
thrd_sleep(const struct timespec *time, struct timespec *rest)
{
	int r = clock_nanosleep(CLOCK_REALTIME, 0, time, rest);

	return r == 0 ? 0 : r == EINTR ? -1 : -2;
}
