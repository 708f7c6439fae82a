/* SPDX-License-Identifier: Apache-2.0
 * check_span: places in arrays of iovecs. */
#include "unit.h"

#include <stdint.h>

#include "conn/span.h"

static char a[3], b[1], c[5];
static const struct iovec iov[] = {
	{ NULL, 0 }, { a, 3 }, { NULL, 0 }, { b, 1 }, { NULL, 0 },
	{ NULL, 0 }, { c, 5 }, { NULL, 0 },
};
enum { N = sizeof iov / sizeof iov[0] };

static void
setup(void)
{
	memset(a, '.', sizeof a);
	memset(b, '.', sizeof b);
	memset(c, '.', sizeof c);
}

START_TEST(empty)
{
	struct span s = span_of(NULL, 0);

	ck_assert_uint_eq(span_left(&s), 0);
	ck_assert_uint_eq(span_len(&s), 0);
	ck_assert_uint_eq(span_put(&s, "x", 1, false), 0);
	s = span_of(iov, 1);
	ck_assert_uint_eq(span_left(&s), 0);
	ck_assert_uint_eq(span_len(&s), 0);
}
END_TEST

/* _i: so many bytes at a time. */
START_TEST(put_in_pieces)
{
	static const char text[] = "123456789";
	struct span s = span_of(iov, N);
	size_t done = 0, n, step = (size_t)_i;

	while (done < 9) {
		ck_assert_uint_eq(span_left(&s), 9 - done);
		n = step < 9 - done ? step : 9 - done;
		ck_assert_uint_eq(span_put(&s, text + done, n, false), n);
		done += n;
	}
	ck_assert_uint_eq(span_left(&s), 0);
	ck_assert_uint_eq(span_put(&s, "x", 1, false), 0);
	ck_assert_mem_eq(a, "123", 3);
	ck_assert_mem_eq(b, "4", 1);
	ck_assert_mem_eq(c, "56789", 5);
}
END_TEST

START_TEST(put_too_much)
{
	struct span s = span_of(iov, N);

	ck_assert_uint_eq(span_put(&s, "1234567890", 10, false), 9);
}
END_TEST

START_TEST(discard)
{
	struct span s = span_of(iov, N);

	ck_assert_uint_eq(span_put(&s, "12345", 5, true), 5);
	ck_assert_mem_eq(a, "...", 3);
	ck_assert_uint_eq(span_left(&s), 4);
	ck_assert_ptr_eq(span_base(&s), c + 1);
}
END_TEST

START_TEST(go_over_many)
{
	struct span s = span_of(iov, N);

	ck_assert_uint_eq(span_len(&s), 3);
	span_go(&s, 2);
	ck_assert_uint_eq(span_len(&s), 1);
	span_go(&s, 1);
	ck_assert_uint_eq(span_len(&s), 1);
	ck_assert_ptr_eq(span_base(&s), b);
	span_go(&s, 1);
	ck_assert_uint_eq(span_len(&s), 5);
	span_go(&s, 5);
	ck_assert_uint_eq(span_left(&s), 0);
	ck_assert_uint_eq(span_len(&s), 0);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("span");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, empty);
	tcase_add_loop_test(tc, put_in_pieces, 1, 10);
	tcase_add_test(tc, put_too_much);
	tcase_add_test(tc, discard);
	tcase_add_test(tc, go_over_many);
	return unit_run(tc);
}
