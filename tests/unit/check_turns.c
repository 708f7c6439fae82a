/* SPDX-License-Identifier: Apache-2.0
 * check_turns: a long call gives other threads their turn, also where the wire
 * never makes it wait. */
#include "wires.h"

#include <pthread.h>
#include <stdatomic.h>

enum { LONG = 64 << 20, SHORT = 16384 };

/* A wire without limits ------------------------------------------------------------ */

static bool open_ended;		/* from now on it takes all, and has all */
static atomic_bool under_way;	/* it does */
static atomic_bool came_by;	/* another thread, since the last look */
static int turns;

/* With the connection's lock. */
static void
look(void)
{
	atomic_store(&under_way, true);
	turns += atomic_exchange(&came_by, false);
}
static struct buf ready;	/* what comes in */

static ssize_t
endless_send(int fd, const void *buf, size_t len)
{
	if (!open_ended)
		return wires_send(fd, buf, len);
	look();
	return (ssize_t)len;
}

static ssize_t
endless_send_more(int fd, const void *buf, size_t len)
{
	return endless_send(fd, buf, len);
}

static ssize_t
endless_recv(int fd, void *buf, size_t len, int flags)
{
	size_t n = buf_len(&ready) < len ? buf_len(&ready) : len;

	if (!open_ended)
		return wires_recv(fd, buf, len, flags);
	look();
	if (n == 0)
		return -EAGAIN;
	if (buf != NULL)
		memcpy(buf, buf_head(&ready), n);
	if ((flags & MSG_PEEK) == 0)
		buf_take(&ready, n);
	return (ssize_t)n;
}

static size_t
endless_queued(int fd)
{
	return open_ended ? buf_len(&ready) : wires_queued(fd);
}

static void
make(struct near *n, struct far *far)
{
	static struct wire endless;

	endless = wires;
	endless.send = endless_send;
	endless.send_more = endless_send_more;
	endless.recv = endless_recv;
	endless.queued = endless_queued;
	near_wire = &endless;
	open_ended = false;
	wires_begin(n, far, ROLE_SERVER);
	wires_shake(n, far);
	open_ended = true;
}

/* Turns ---------------------------------------------------------------------------- */

static atomic_bool over;

static void *
other(void *arg)
{
	struct near *n = arg;

	while (!atomic_load(&under_way))
		sched_yield();
	while (!atomic_load(&over)) {
		conn_flush(n->c, n->fd);
		atomic_store(&came_by, true);
	}
	return NULL;
}

static void
run(struct near *n, bool writes)
{
	unsigned char *data = calloc(1, LONG);
	pthread_t thread;
	ssize_t r;

	turns = 0;
	atomic_store(&under_way, false);
	atomic_store(&over, false);
	pthread_create(&thread, NULL, other, n);
	r = writes ? near_send(n, data, LONG, 0) : near_recv(n, data, LONG, 0);
	atomic_store(&over, true);
	pthread_join(thread, NULL);
	ck_assert_int_eq(r, LONG);
	free(data);
	/* One may come for each of 256 parts; without the rule there is none.
	 * How many of them a busy host uses is its own affair. */
	ck_assert_int_ge(turns, 4);
}

START_TEST(long_write)
{
	struct near n;
	struct far far;

	make(&n, &far);
	run(&n, true);
	near_close(&n);
	far_close(&far);
}
END_TEST

START_TEST(long_read)
{
	unsigned char data[SHORT] = { 0 };
	struct near n;
	struct far far;
	size_t i;

	make(&n, &far);
	for (i = 0; i < LONG / SHORT; i++) {
		far_write(&far, data, SHORT);
		ck_assert_int_eq(buf_append(&ready, buf_head(&far.sink.in),
		    buf_len(&far.sink.in)), 0);
		buf_take(&far.sink.in, buf_len(&far.sink.in));
	}
	run(&n, false);
	near_close(&n);
	far_close(&far);
	buf_free(&ready);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("turns");

	tcase_add_checked_fixture(tc, wires_setup, unit_clean);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, long_write);
	tcase_add_test(tc, long_read);
	return unit_run(tc);
}
