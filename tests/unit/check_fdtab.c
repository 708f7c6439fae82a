/* SPDX-License-Identifier: Apache-2.0
 * check_fdtab: descriptors and their connections, with threads at them. */
#include "wires.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

static struct conn *
some_conn(int fd)
{
	struct conn_args args = { .wire = &wires, .ops = &dicomtls_engine,
		.conf = &conf, .role = ROLE_SERVER, .peer = "10.1.2.3:4",
		.fd = fd };
	struct conn *c = conn_new(&args);

	ck_assert_ptr_nonnull(c);
	return c;
}

static struct conn *
hold(int fd)
{
	bool closing = false;

	return fdtab_hold(fd, &closing);
}

static void
forget(int fd)
{
	struct conn *c = fdtab_begin_close(fd);

	fdtab_end_close(fd);
	if (c != NULL) {
		conn_closed(c, fd);
		conn_release(c);
	}
}

START_TEST(nothing_tracked)
{
	ck_assert(!fdtab_used());
	ck_assert(!fdtab_tracked(0));
	ck_assert(!fdtab_tracked(-1));
	ck_assert(!fdtab_tracked(-2147483647));
	ck_assert(!fdtab_tracked(2147483647));
	ck_assert_ptr_null(hold(5));
	ck_assert_ptr_null(fdtab_begin_close(5));
	fdtab_end_close(5);
	ck_assert(!fdtab_tracked(5));
}
END_TEST

static const int numbers[] = { 0, 1, 4095, 4096, 1023, 1024, 1000000,
	(1 << 30) - 1 };

START_TEST(number)
{
	int fd = numbers[_i];
	struct conn *c = some_conn(fd);

	ck_assert_int_eq(fdtab_set(fd, c), 0);
	ck_assert(fdtab_used());
	ck_assert(fdtab_tracked(fd));
	ck_assert(!fdtab_tracked(fd - 1));
	ck_assert(!fdtab_tracked(fd + 1));
	ck_assert_ptr_eq(hold(fd), c);
	conn_release(c);
	ck_assert_int_eq(conn_descriptors(c), 1);
	forget(fd);
	ck_assert(!fdtab_tracked(fd));
	conn_release(c);
}
END_TEST

START_TEST(number_too_large)
{
	struct conn *c = some_conn(3);

	ck_assert_int_eq(fdtab_set(1 << 30, c), -ENOMEM);
	ck_assert_int_eq(fdtab_set(-1, c), -ENOMEM);
	ck_assert_int_eq(conn_descriptors(c), 0);
	conn_release(c);
}
END_TEST

START_TEST(several_descriptors)
{
	struct conn *c = some_conn(10);

	ck_assert_int_eq(fdtab_set(10, c), 0);
	ck_assert_int_eq(fdtab_set(5000, c), 0);
	conn_release(c);
	ck_assert_int_eq(conn_descriptors(c), 2);
	forget(10);
	ck_assert_ptr_eq(hold(5000), c);
	ck_assert_int_eq(conn_descriptors(c), 1);
	conn_release(c);
	forget(5000);
}
END_TEST

static void
count(int fd, struct conn *c, void *arg)
{
	(void)c;
	*(long *)arg += fd;
}

START_TEST(each)
{
	struct conn *c = some_conn(3);
	long sum = 0;

	fdtab_set(3, c);
	fdtab_set(4096, c);
	fdtab_set(100000, c);
	fdtab_each(0, 2147483647, count, &sum);
	ck_assert_int_eq(sum, 104099);
	sum = 0;
	fdtab_each(4, 99999, count, &sum);
	ck_assert_int_eq(sum, 4096);
	sum = 0;
	fdtab_each(-5, 3, count, &sum);
	ck_assert_int_eq(sum, 3);
	forget(3);
	forget(4096);
	forget(100000);
	conn_release(c);
}
END_TEST

/* While a descriptor is being closed a signal handler of the same thread may
 * use it.  It must get neither the connection nor the bare socket. */
START_TEST(in_the_middle_of_a_close)
{
	struct conn *c = some_conn(7), *got;
	char x[4];
	struct iovec iov = { x, 4 };
	bool closing = false;

	fdtab_set(7, c);
	ck_assert_ptr_eq(fdtab_begin_close(7), c);
	ck_assert(fdtab_tracked(7));
	got = fdtab_hold(7, &closing);
	ck_assert(closing);
	ck_assert_ptr_nonnull(got);
	ck_assert_ptr_ne(got, c);
	ck_assert_int_eq(conn_send(got, 7, &iov, 1, 0), -EIO);
	ck_assert_int_eq(conn_recv(got, 7, &iov, 1, MSG_DONTWAIT), -EIO);
	ck_assert_int_eq(wires_said("another process"), 0);
	conn_release(got);
	fdtab_end_close(7);
	ck_assert_ptr_null(hold(7));
	conn_closed(c, 7);
	conn_release(c);
	conn_release(c);
}
END_TEST

/* A number that is used anew before the mark of its close is gone. */
START_TEST(set_before_the_mark_is_gone)
{
	struct conn *old = some_conn(7), *new = some_conn(7);

	fdtab_set(7, old);
	ck_assert_ptr_eq(fdtab_begin_close(7), old);
	fdtab_set(7, new);
	fdtab_end_close(7);
	ck_assert_ptr_eq(hold(7), new);
	conn_release(new);
	forget(7);
	conn_release(new);
	conn_closed(old, 7);
	conn_release(old);
	conn_release(old);
}
END_TEST

/* A child that was made while another thread closes a descriptor: the mark
 * would stay for ever. */
static atomic_bool go_on;

static void *
slow_close(void *arg)
{
	struct conn *c = fdtab_begin_close(7);

	(void)arg;
	while (!atomic_load(&go_on))
		usleep(1000);
	fdtab_end_close(7);
	conn_closed(c, 7);
	conn_release(c);
	return NULL;
}

START_TEST(fork_in_the_middle_of_a_close)
{
	struct conn *c = some_conn(7);
	pthread_t t;
	int status;
	pid_t pid;

	fdtab_set(7, c);
	conn_release(c);
	pthread_create(&t, NULL, slow_close, NULL);
	usleep(50000);
	pid = fork();
	if (pid == 0) {
		char x[4];
		struct iovec iov = { x, 4 };

		alarm(5);
		fdtab_after_fork();
		c = hold(7);
		if (c == NULL || conn_send(c, 7, &iov, 1, 0) != -EIO)
			_exit(1);
		conn_release(c);
		if (fdtab_begin_close(7) != c)
			_exit(2);
		if (conn_closed(c, 7) == 0)
			conn_finish(c, 7, -1);
		conn_release(c);
		fdtab_end_close(7);
		_exit(fdtab_tracked(7) ? 3 : 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	atomic_store(&go_on, true);
	pthread_join(t, NULL);
	ck_assert(!fdtab_tracked(7));
}
END_TEST

/* Threads look a descriptor up while others close it and set it anew.  Each
 * connection has its number's descriptor as its port. */
enum { FDS = 6, ROUNDS = 4000, HITS = 1000 };

static atomic_long hits;

static void *
lookers(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;
	struct conn *c;
	int fd;

	while (!atomic_load(&go_on)) {
		fd = 100 + (int)(rand_r(&seed) % FDS);
		c = hold(fd);
		if (c == NULL)
			continue;
		atomic_fetch_add(&hits, 1);
		/* It is a live one, and the descriptor's own. */
		if (conn_lowat(c) != fd)
			return (void *)-1;
		conn_release(c);
	}
	return NULL;
}

static void *
changers(void *arg)
{
	int fd = 100 + (int)(uintptr_t)arg, i;
	struct conn *c;

	for (i = 0; i < ROUNDS || atomic_load(&hits) < HITS; i++) {
		c = some_conn(fd);
		conn_set_lowat(c, fd);
		fdtab_set(fd, c);
		conn_release(c);
		forget(fd);
	}
	return NULL;
}

START_TEST(races)
{
	pthread_t look[3], change[FDS];
	void *bad;
	long i;

	log_open("none", LOG_LEVEL_ERROR, false);
	for (i = 0; i < 3; i++)
		pthread_create(&look[i], NULL, lookers, (void *)(i + 1));
	for (i = 0; i < FDS; i++)
		pthread_create(&change[i], NULL, changers, (void *)i);
	for (i = 0; i < FDS; i++)
		pthread_join(change[i], NULL);
	atomic_store(&go_on, true);
	for (i = 0; i < 3; i++) {
		pthread_join(look[i], &bad);
		ck_assert_ptr_null(bad);
	}
	for (i = 0; i < FDS; i++)
		ck_assert(!fdtab_tracked(100 + (int)i));
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("fdtab");

	tcase_add_checked_fixture(tc, wires_setup, unit_clean);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, nothing_tracked);
	tcase_add_loop_test(tc, number, 0, 8);
	tcase_add_test(tc, number_too_large);
	tcase_add_test(tc, several_descriptors);
	tcase_add_test(tc, each);
	tcase_add_test(tc, in_the_middle_of_a_close);
	tcase_add_test(tc, set_before_the_mark_is_gone);
	tcase_add_test(tc, fork_in_the_middle_of_a_close);
	tcase_add_test(tc, races);
	return unit_run(tc);
}
