/* SPDX-License-Identifier: Apache-2.0
 * check_store: several files change as one, whatever happens in between. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "cert/store.h"

static bool
is(const char *path, const char *text)
{
	char *have;
	bool same;

	if (access(path, F_OK) < 0)
		return text == NULL;
	have = unit_read(path);
	same = text != NULL && strcmp(have, text) == 0;
	free(have);
	return same;
}

static int
change(const char *a, const char *b)
{
	struct fail f = { 0 };
	struct store s;
	int rc;

	ck_assert_int_eq(store_open(&s, "d", &f), 0);
	rc = store_put(&s, "a", a, strlen(a), 0600, &f);
	if (rc == 0)
		rc = store_keep(&s, "b", &f);
	if (rc == 0)
		rc = store_put(&s, "b", b, strlen(b), 0644, &f);
	if (rc == 0)
		rc = store_commit(&s, &f);
	store_close(&s);
	return rc;
}

static int
entries(void)
{
	char *text;
	int n;

	ck_assert_int_eq(system("ls -A d | wc -l >n"), 0);
	text = unit_read("n");
	n = atoi(text);
	free(text);
	return n;
}

START_TEST(changes)
{
	struct stat st;

	umask(0777);
	ck_assert_int_eq(change("1", "one"), 0);
	umask(022);
	ck_assert_int_eq(stat("d/a", &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(stat("d/b", &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0644);
	ck_assert_int_eq(entries(), 2);
	ck_assert_int_eq(change("2", "two"), 0);
	ck_assert(is("d/a", "2") && is("d/b", "two") && is("d/b.bak", "one"));
	ck_assert_int_eq(change("3", "three"), 0);
	ck_assert(is("d/a", "3") && is("d/b.bak", "two"));
	ck_assert_int_eq(entries(), 3);
}
END_TEST

START_TEST(not_committed)
{
	struct store s;

	ck_assert_int_eq(change("1", "one"), 0);
	ck_assert_int_eq(store_open(&s, "d", NULL), 0);
	ck_assert_int_eq(store_put(&s, "a", "2", 1, 0600, NULL), 0);
	ck_assert_int_eq(store_drop(&s, "b", NULL), 0);
	store_close(&s);
	ck_assert(is("d/a", "1") && is("d/b", "one"));
	ck_assert_int_eq(entries(), 2);
}
END_TEST

START_TEST(drops)
{
	struct store s;

	ck_assert_int_eq(change("1", "one"), 0);
	ck_assert_int_eq(store_open(&s, "d", NULL), 0);
	ck_assert_int_eq(store_drop(&s, "b", NULL), 0);
	ck_assert_int_eq(store_put(&s, "a", "2", 1, 0600, NULL), 0);
	ck_assert_int_eq(store_commit(&s, NULL), 0);
	store_close(&s);
	ck_assert(is("d/a", "2") && is("d/b", NULL));
}
END_TEST

/* What a kill behind the journal leaves; half of the renames done. */
START_TEST(finishes)
{
	struct store s;

	ck_assert_int_eq(change("1", "one"), 0);
	unit_write("d/.b.new", "two");
	unit_write("d/.commit", "a\nb\n-c\n");
	unit_write("d/a", "2");
	unit_write("d/c", "gone");
	ck_assert(store_interrupted("d"));
	ck_assert_int_eq(store_open(&s, "d", NULL), 0);
	store_close(&s);
	ck_assert(!store_interrupted("d"));
	ck_assert(is("d/a", "2") && is("d/b", "two") && is("d/c", NULL));
	ck_assert_int_eq(entries(), 2);
}
END_TEST

/* What a kill before it leaves. */
START_TEST(undoes)
{
	struct store s;

	ck_assert_int_eq(change("1", "one"), 0);
	unit_write("d/.a.new", "2");
	unit_write("d/.b.new", "tw");
	unit_write("d/.commit.new", "a\n");
	ck_assert_int_eq(store_open(&s, "d", NULL), 0);
	store_close(&s);
	ck_assert(is("d/a", "1") && is("d/b", "one"));
	ck_assert_int_eq(entries(), 2);
}
END_TEST

/* The journal is a file: its names may not lead elsewhere. */
START_TEST(bad_journal)
{
	static const char *const bad[] = { "../x\n", "a/b\n", ".lock\n",
		"-../x\n", "-\n" };
	struct fail f = { 0 };
	struct store s;
	size_t i;

	ck_assert_int_eq(change("1", "one"), 0);
	unit_write("x", "stays");
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		unit_write("d/.commit", bad[i]);
		fail_clear(&f);
		ck_assert_int_lt(store_open(&s, "d", &f), 0);
		ck_assert_int_eq(f.reason, REASON_CERTIFICATE);
		ck_assert_ptr_nonnull(strstr(f.text, "d/.commit"));
		ck_assert_ptr_nonnull(strstr(f.text, "remove it"));
		ck_assert(is("x", "stays"));
	}
}
END_TEST

START_TEST(bad_folders)
{
	struct fail f = { 0 };
	struct store s;

	unit_write("file", "");
	ck_assert_int_eq(store_open(&s, "file", &f), -ENOTDIR);
	ck_assert_int_eq(mkdir("open", 0777), 0);
	ck_assert_int_eq(chmod("open", 0777), 0);
	fail_clear(&f);
	ck_assert_int_eq(store_open(&s, "open", &f), -EPERM);
	ck_assert_ptr_nonnull(strstr(f.text, "chmod o-w"));
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(mkdir("theirs", 0755), 0);
	ck_assert_int_eq(chown("theirs", 12345, 12345), 0);
	fail_clear(&f);
	ck_assert_int_eq(store_open(&s, "theirs", &f), -EPERM);
	ck_assert_ptr_nonnull(strstr(f.text, "user 12345"));
}
END_TEST

/* Each child raises the number once: without the lock some get lost. */
START_TEST(locks)
{
	struct store s;
	char text[16];
	int child, i;

	ck_assert_int_eq(mkdir("d", 0700), 0);
	unit_write("d/a", "0");
	for (child = 0; child < 6; child++) {
		if (fork() != 0)
			continue;
		for (i = 0; i < 20; i++) {
			char *have;

			if (store_open(&s, "d", NULL) < 0)
				_exit(1);
			have = unit_read("d/a");
			sprintf(text, "%d", atoi(have) + 1);
			free(have);
			store_put(&s, "a", text, strlen(text), 0600, NULL);
			store_commit(&s, NULL);
			store_close(&s);
		}
		_exit(0);
	}
	while (wait(&i) > 0)
		ck_assert_int_eq(i, 0);
	ck_assert(is("d/a", "120"));
}
END_TEST

/* A fork while it is held (another thread's) must not keep it for good. */
START_TEST(fork_lets_go)
{
	struct store s;
	pid_t child;

	ck_assert_int_eq(store_open(&s, "d", NULL), 0);
	child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	store_close(&s);
	alarm(5);
	ck_assert_int_eq(store_open(&s, "d", NULL), 0);
	store_close(&s);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("store");

	tcase_add_checked_fixture(tc, unit_setup, unit_clean);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, changes);
	tcase_add_test(tc, not_committed);
	tcase_add_test(tc, drops);
	tcase_add_test(tc, finishes);
	tcase_add_test(tc, undoes);
	tcase_add_test(tc, bad_journal);
	tcase_add_test(tc, bad_folders);
	tcase_add_test(tc, locks);
	tcase_add_test(tc, fork_lets_go);
	return unit_run(tc);
}
