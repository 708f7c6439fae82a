/* SPDX-License-Identifier: Apache-2.0
 * check_buf: the growing queue. */
#include "unit.h"

#include <errno.h>

#include "base/buf.h"

START_TEST(empty)
{
	struct buf b = { 0 };

	ck_assert_uint_eq(buf_len(&b), 0);
	ck_assert_int_eq(buf_append(&b, "", 0), 0);
	ck_assert_ptr_null(b.data);
	buf_free(&b);
}
END_TEST

/* Pieces of every size in, pieces of other sizes out: the same stream. */
START_TEST(stream)
{
	struct buf b = { 0 };
	unsigned char in = 0, out = 0, piece[977];
	size_t i, n, round;

	for (round = 1; round < 3000; round++) {
		n = round * 7919 % sizeof piece;
		for (i = 0; i < n; i++)
			piece[i] = in++;
		ck_assert_int_eq(buf_append(&b, piece, n), 0);
		n = round * 104729 % (buf_len(&b) + 1);
		for (i = 0; i < n; i++)
			ck_assert_uint_eq(buf_head(&b)[i], out++);
		buf_take(&b, n);
	}
	for (i = 0; i < buf_len(&b); i++)
		ck_assert_uint_eq(buf_head(&b)[i], out++);
	ck_assert_uint_eq(in, out);
	buf_free(&b);
}
END_TEST

START_TEST(room)
{
	struct buf b = { 0 };
	unsigned char *to = buf_room(&b, 100000);

	ck_assert_ptr_nonnull(to);
	memset(to, 'x', 100000);
	ck_assert_uint_eq(buf_len(&b), 0);
	buf_added(&b, 99999);
	ck_assert_uint_eq(buf_len(&b), 99999);
	ck_assert_int_eq(buf_head(&b)[99998], 'x');
	buf_free(&b);
}
END_TEST

/* A queue that is drained as it fills must not grow without end. */
START_TEST(bounded)
{
	struct buf b = { 0 };
	size_t i;

	ck_assert_int_eq(buf_append(&b, "head", 4), 0);
	for (i = 0; i < 100000; i++) {
		ck_assert_int_eq(buf_append(&b, "0123456789", 10), 0);
		buf_take(&b, 10);
	}
	ck_assert_uint_eq(buf_len(&b), 4);
	ck_assert_uint_le(b.size, 1024);
	buf_free(&b);
}
END_TEST

START_TEST(no_memory)
{
	struct buf b = { 0 };

	ck_assert_int_eq(buf_append(&b, "abc", 3), 0);
	ck_assert_ptr_null(buf_room(&b, (size_t)-1 - 8));
	ck_assert_uint_eq(buf_len(&b), 3);
	ck_assert_mem_eq(buf_head(&b), "abc", 3);
	buf_free(&b);
}
END_TEST

START_TEST(keeps_nothing)
{
	struct buf b = { 0 };

	ck_assert_int_eq(buf_append(&b, "patient", 7), 0);
	buf_take(&b, 7);
	ck_assert_ptr_null(b.data);
	ck_assert_uint_eq(b.size, 0);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("buf");

	tcase_add_test(tc, empty);
	tcase_add_test(tc, stream);
	tcase_add_test(tc, room);
	tcase_add_test(tc, bounded);
	tcase_add_test(tc, no_memory);
	tcase_add_test(tc, keeps_nothing);
	return unit_run(tc);
}
