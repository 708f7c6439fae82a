/* SPDX-License-Identifier: Apache-2.0
 * check_fail: reasons and sentences. */
#include "unit.h"

#include <errno.h>

#include "base/fail.h"

START_TEST(first_wins)
{
	struct fail f = { 0 };

	fail_set(&f, REASON_EXPIRED, "%s ended %d days ago", "it", 3);
	fail_set(&f, REASON_RESET, "reset");
	ck_assert_int_eq(f.reason, REASON_EXPIRED);
	ck_assert_str_eq(f.text, "it ended 3 days ago");
	fail_clear(&f);
	ck_assert_str_eq(f.text, "");
	fail_set(&f, REASON_RESET, "reset");
	ck_assert_str_eq(f.text, "reset");
}
END_TEST

START_TEST(nobody_asks)
{
	struct fail from = { REASON_WEAK, "weak" };

	fail_set(NULL, REASON_EXPIRED, "text");
	fail_copy(NULL, &from);
}
END_TEST

START_TEST(copy)
{
	struct fail from = { REASON_WEAK, "weak" }, f = { 0 };

	fail_copy(&f, &from);
	ck_assert_int_eq(f.reason, REASON_WEAK);
	from.reason = REASON_KEY;
	fail_copy(&f, &from);
	ck_assert_int_eq(f.reason, REASON_WEAK);
}
END_TEST

START_TEST(keeps_errno)
{
	struct fail f = { 0 };

	errno = ENOTTY;
	fail_set(&f, REASON_WEAK, "%s %f", "many words", 1.5);
	ck_assert_int_eq(errno, ENOTTY);
}
END_TEST

START_TEST(cut)
{
	struct fail f = { 0 };

	fail_set(&f, REASON_WEAK, "%01500d", 0);
	ck_assert_uint_eq(strlen(f.text), sizeof f.text - 1);
}
END_TEST

START_TEST(wire)
{
	struct fail f = { 0 };

	fail_wire(&f, "10.1.2.3:104", EHOSTUNREACH);
	ck_assert_int_eq(f.reason, REASON_SYSTEM);
	ck_assert_str_eq(f.text, "the connection to 10.1.2.3:104 broke (No "
	    "route to host): see whether that host is up, and the network and "
	    "firewalls between let it pass");
	fail_wire(&f, "10.9.9.9:104", ENOBUFS);
	ck_assert_ptr_null(strstr(f.text, "10.9.9.9"));
	fail_clear(&f);
	fail_wire(&f, "10.9.9.9:104", ENOBUFS);
	ck_assert_ptr_nonnull(strstr(f.text, "memory"));
	fail_clear(&f);
	fail_wire(&f, "10.1.2.3:104", ECONNRESET);
	ck_assert_int_eq(f.reason, REASON_RESET);
	ck_assert_str_eq(f.text, "10.1.2.3:104 reset the connection: its log "
	    "tells more");
}
END_TEST

/* Scripts match on the names: each is there, once, in one style. */
START_TEST(names)
{
	const char *name;
	int i, j;

	for (i = REASON_NONE; i < REASONS; i++) {
		name = fail_reason_name(i);
		ck_assert_ptr_nonnull(name);
		ck_assert_uint_eq(strspn(name, "abcdefghijklmnopqrstuvwxyz-"),
		    strlen(name));
		for (j = REASON_NONE; j < i; j++)
			ck_assert_str_ne(name, fail_reason_name(j));
	}
	ck_assert_str_eq(fail_reason_name(REASON_PEER_PLAIN), "peer-plain");
	ck_assert_str_eq(fail_reason_name(REASONS), "none");
	ck_assert_str_eq(fail_reason_name(-1), "none");
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("fail");

	tcase_add_test(tc, first_wins);
	tcase_add_test(tc, nobody_asks);
	tcase_add_test(tc, copy);
	tcase_add_test(tc, keeps_errno);
	tcase_add_test(tc, cut);
	tcase_add_test(tc, wire);
	tcase_add_test(tc, names);
	return unit_run(tc);
}
