/* SPDX-License-Identifier: Apache-2.0
 * check_peers: the list of peers that are trusted by their key. */
#include "unit.h"

#include <errno.h>
#include <sys/wait.h>

#include "cert/peers.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static void
list(const char *text)
{
	if (access("d", F_OK) < 0)
		ck_assert_int_eq(mkdir("d", 0700), 0);
	unit_write("d/known_peers", text);
}

static const struct {
	const char *line, *peer, *fp;
	int answer;
} rows[] = {
	{ "", "h:1", A, PEERS_UNKNOWN },
	{ "# h:1 sha256:" A, "h:1", A, PEERS_UNKNOWN },
	{ "h:1 sha256:" A, "h:1", A, PEERS_KNOWN },
	{ "h:1 sha256:" A, "H:1", A, PEERS_KNOWN },
	{ "h:1 sha256:" A, "h:1", B, PEERS_OTHER },
	{ "h:1 sha256:" A, "h:2", A, PEERS_UNKNOWN },
	{ "h:1 sha256:" A, "hh:1", A, PEERS_UNKNOWN },
	{ "h sha256:" A, "h:1", A, PEERS_KNOWN },
	{ "h sha256:" A, "h:1", B, PEERS_OTHER },
	{ "h sha256:" A, "h", A, PEERS_KNOWN },
	{ "h:1 sha256:" A, "h", A, PEERS_UNKNOWN },
	{ "* sha256:" A, "h:1", A, PEERS_KNOWN },
	{ "* sha256:" A, "h:1", B, PEERS_UNKNOWN },
	{ "* sha256:" A "\nh:1 sha256:" B, "h:1", A, PEERS_KNOWN },
	{ "h:1 sha256:" A "\nh:1 sha256:" B, "h:1", B, PEERS_KNOWN },
	{ "h:1 sha256:" A "\nh:1 sha256:" B, "h:1", C, PEERS_OTHER },
	{ "[::1]:1 sha256:" A, "[::1]:1", A, PEERS_KNOWN },
	{ "[::1] sha256:" A, "[::1]:1", A, PEERS_KNOWN },
	{ "fe80: sha256:" A, "fe80::1", A, PEERS_UNKNOWN },
	{ "::1 sha256:" A, "::1", A, PEERS_KNOWN },
	{ "\t h:1\t" A " a remark # with that\r\n", "h:1", A, PEERS_KNOWN },
	{ "h:1 AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:"
	    "AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA", "h:1", A,
	    PEERS_KNOWN },
	{ "h:1 sha256//qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=", "h:1",
	    A, PEERS_KNOWN },
	{ "h:1", "h:1", A, -EINVAL },
	{ "h:1 sha256:abc", "h:1", A, -EINVAL },
	{ "x:1 sha256:" A "a", "h:1", A, -EINVAL },
	{ "h:1 sha256:" A "\nbroken\n", "h:1", B, -EINVAL },
};

START_TEST(finds)
{
	struct peers_line other;
	struct fail f = { 0 };

	list(rows[_i].line);
	ck_assert_int_eq(peers_find("d", rows[_i].peer, rows[_i].fp, &other,
	    &f), rows[_i].answer);
	ck_assert_int_eq(f.reason != REASON_NONE, rows[_i].answer < 0);
	if (rows[_i].answer == PEERS_OTHER)
		ck_assert_str_eq(other.fingerprint, A);
}
END_TEST

START_TEST(no_file)
{
	ck_assert_int_eq(peers_find("nowhere", "h:1", A, NULL, NULL),
	    PEERS_UNKNOWN);
}
END_TEST

START_TEST(adds)
{
	struct fail f = { 0 };
	char *text;

	ck_assert_int_eq(peers_add("d", "h:1", A, "first\nh:2 x", false, &f),
	    1);
	ck_assert_int_eq(peers_add("d", "h:1", A, NULL, false, &f), 0);
	ck_assert_int_eq(peers_add("d", "h:1", B, NULL, false, &f), -EEXIST);
	ck_assert_int_eq(f.reason, REASON_PIN_MISMATCH);
	ck_assert_ptr_nonnull(strstr(f.text, A));
	ck_assert_int_eq(peers_add("d", "h:1", B, NULL, true, &f), 1);
	ck_assert_int_eq(peers_find("d", "h:1", B, NULL, &f), PEERS_KNOWN);
	ck_assert_int_eq(peers_find("d", "h:2", A, NULL, &f), PEERS_UNKNOWN);
	text = unit_read("d/known_peers");
	ck_assert(text[0] == '#');
	ck_assert_ptr_nonnull(strstr(text, "h:1 sha256:" A " first?h:2 x\n"));
	free(text);
}
END_TEST

START_TEST(refuses)
{
	static const char *const bad[] = { "", "a b", "#h", "a\tb", "a\n" };
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_int_eq(peers_add("d", bad[i], A, NULL, false, NULL),
		    -EINVAL);
	ck_assert_int_eq(peers_add("d", "h", "aa", NULL, false, NULL),
	    -EINVAL);
}
END_TEST

START_TEST(removes)
{
	char *text;

	list("# mine\n\nh:1 sha256:" A " one\n  # two\nh:2 sha256:" B "\n"
	    "* sha256:" A);
	ck_assert_int_eq(peers_remove("d", "nobody", NULL), 0);
	ck_assert_int_eq(peers_remove("d", "H:2", NULL), 1);
	text = unit_read("d/known_peers");
	ck_assert_str_eq(text, "# mine\n\nh:1 sha256:" A " one\n  # two\n"
	    "* sha256:" A "\n");
	free(text);
	ck_assert_int_eq(peers_remove("d", "sha256:" A, NULL), 2);
	text = unit_read("d/known_peers");
	ck_assert_str_eq(text, "# mine\n\n  # two\n");
	free(text);
}
END_TEST

/* Eight processes meet the same peer, each with another key: one wins. */
START_TEST(first_use)
{
	char fp[DESCRIBE_FP];
	int i, status, won = 0;

	for (i = 0; i < 8; i++) {
		if (fork() != 0)
			continue;
		memset(fp, '0' + i, 64);
		fp[64] = '\0';
		_exit(peers_add("d", "h:1", fp, NULL, false, NULL) == 1);
	}
	while (wait(&status) > 0)
		won += WEXITSTATUS(status);
	ck_assert_int_eq(won, 1);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("peers");

	tcase_add_checked_fixture(tc, unit_setup, unit_clean);
	tcase_add_loop_test(tc, finds, 0, sizeof rows / sizeof rows[0]);
	tcase_add_test(tc, no_file);
	tcase_add_test(tc, adds);
	tcase_add_test(tc, refuses);
	tcase_add_test(tc, removes);
	tcase_add_test(tc, first_use);
	return unit_run(tc);
}
