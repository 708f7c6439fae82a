/* SPDX-License-Identifier: Apache-2.0
 * check_conf: settings are read from where they stand, or refused there. */
#include "unit.h"

#include <errno.h>

#include "policy/conf.h"

static struct conf conf;

static void
setup(void)
{
	unit_setup();
	clearenv();
	setenv("DICOMTLS_DIR", unit_dir, 1);
}

static void
teardown(void)
{
	conf_free(&conf);
	unit_clean();
}

static void
load(const char *text)
{
	if (text != NULL)
		unit_write("dicomtls.conf", text);
	ck_assert_int_eq(conf_load(&conf), 0);
}

static void
good(const char *text)
{
	load(text);
	ck_assert_msg(conf.fail.reason == REASON_NONE, "%s", conf.fail.text);
}

static const char *
general(enum setting s)
{
	const struct value *v = conf_value(&conf, NULL, s);

	return v != NULL ? v->text : NULL;
}

START_TEST(nothing_set)
{
	int s;

	good(NULL);
	for (s = 0; s < SETTINGS; s++)
		if (s != SETTING_DIR)
			ck_assert_ptr_null(general(s));
	ck_assert_ptr_null(conf.path);
	ck_assert_str_eq(conf.dir, unit_dir);
}
END_TEST

START_TEST(empty_is_unset)
{
	setenv("DICOMTLS_CONNECT", "", 1);
	good(NULL);
	ck_assert_ptr_null(general(SETTING_CONNECT));
}
END_TEST

START_TEST(environment_wins)
{
	setenv("DICOMTLS_PROFILE", "legacy", 1);
	good("profile = aes\nmin_version = 1.0\n"
	    "[x]\nconnect = 1\nprofile = null\nmin_version = 1.1\n");
	ck_assert_str_eq(general(SETTING_PROFILE), "legacy");
	ck_assert_str_eq(general(SETTING_MIN_VERSION), "1.0");
	ck_assert_uint_eq(conf.n_sections, 1);
	ck_assert_str_eq(conf_value(&conf, conf.sections,
	    SETTING_PROFILE)->text, "legacy");
	ck_assert_str_eq(conf_value(&conf, conf.sections,
	    SETTING_MIN_VERSION)->text, "1.1");
}
END_TEST

START_TEST(spellings)
{
	good("Min-Version=1.0\n  DICOMTLS_MAX_VERSION : 1.1\r\n"
	    "\t; note\n# note\n  log=syslog ; why\n\nca = a b.pem");
	ck_assert_str_eq(general(SETTING_MIN_VERSION), "1.0");
	ck_assert_str_eq(general(SETTING_MAX_VERSION), "1.1");
	ck_assert_str_eq(general(SETTING_LOG), "syslog");
	ck_assert_ptr_nonnull(strstr(general(SETTING_CA), "/a b.pem"));
}
END_TEST

START_TEST(byte_order_mark)
{
	good("\xef\xbb\xbfprofile = aes\n");
	ck_assert_str_eq(general(SETTING_PROFILE), "aes");
}
END_TEST

/* The program may run anywhere, so paths become absolute: in the file
 * beside the file, in the environment from here. */
START_TEST(paths)
{
	char want[128];

	ck_assert_int_eq(mkdir("sub", 0700), 0);
	unit_write("sub/x.conf", "cert = c.pem\nca=/etc/ca\nlog=l\n");
	setenv("DICOMTLS_CONFIG", "sub/x.conf", 1);
	setenv("DICOMTLS_KEY", "k.pem", 1);
	setenv("DICOMTLS_DIR", ".", 1);
	good(NULL);
	snprintf(want, sizeof want, "%s/sub/c.pem", unit_dir);
	ck_assert_str_eq(general(SETTING_CERT), want);
	snprintf(want, sizeof want, "%s/sub/l", unit_dir);
	ck_assert_str_eq(general(SETTING_LOG), want);
	snprintf(want, sizeof want, "%s/k.pem", unit_dir);
	ck_assert_str_eq(general(SETTING_KEY), want);
	ck_assert_str_eq(general(SETTING_CA), "/etc/ca");
}
END_TEST

START_TEST(default_folders)
{
	struct pool pool = { 0 };

	setenv("HOME", "/home/x", 1);
	if (geteuid() == 0) {
		ck_assert_str_eq(conf_default_dir(&pool), "/etc/dicomtls");
		ck_assert_int_eq(seteuid(65534), 0);
	}
	ck_assert_str_eq(conf_default_dir(&pool), "/home/x/.config/dicomtls");
	setenv("XDG_CONFIG_HOME", "/xdg", 1);
	ck_assert_str_eq(conf_default_dir(&pool), "/xdg/dicomtls");
	setenv("XDG_CONFIG_HOME", "relative", 1);
	ck_assert_str_eq(conf_default_dir(&pool), "/home/x/.config/dicomtls");
	clearenv();
	ck_assert_ptr_null(conf_default_dir(&pool));
	ck_assert_int_eq(conf_load(&conf), 0);
	ck_assert_ptr_nonnull(strstr(conf.fail.text, "set DICOMTLS_DIR"));
	ck_assert_ptr_nonnull(conf.dir);
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
	pool_free(&pool);
}
END_TEST

START_TEST(folder_in_the_file)
{
	unit_write("other.conf", "dir = /srv/tls\n");
	setenv("DICOMTLS_CONFIG", "other.conf", 1);
	unsetenv("DICOMTLS_DIR");
	good(NULL);
	ck_assert_str_eq(conf.dir, "/srv/tls");
}
END_TEST

START_TEST(lists_add_up)
{
	good("connect = 1\nconnect = 2,3\n[a]\nlisten=4\nlisten=5\n"
	    "from=10.0.0.0/8\nfrom=::1\n[a]\nlisten=6\n");
	ck_assert_str_eq(general(SETTING_CONNECT), "1,2,3");
	ck_assert_uint_eq(conf.n_sections, 2);
	ck_assert_str_eq(conf.sections[0].values[SETTING_LISTEN].text, "4,5");
	ck_assert_str_eq(conf.sections[0].values[SETTING_FROM].text,
	    "10.0.0.0/8,::1");
	ck_assert_str_eq(conf.sections[1].values[SETTING_LISTEN].text, "6");
	ck_assert_ptr_nonnull(strstr(conf.sections[1].origin,
	    "/dicomtls.conf:8"));
}
END_TEST

START_TEST(many_sections)
{
	char *text = calloc(1, 100000), *end = text;
	int i;

	for (i = 0; i < 1000; i++)
		end += sprintf(end, "[s%d]\nconnect = %d\n", i, i + 1);
	good(text);
	free(text);
	ck_assert_uint_eq(conf.n_sections, 1000);
	ck_assert_str_eq(conf.sections[999].name, "s999");
	ck_assert_str_eq(conf.sections[999].values[SETTING_CONNECT].text,
	    "1000");
}
END_TEST

START_TEST(long_line)
{
	char text[9000] = "ciphers = ";

	memset(text + strlen(text), 'A', 4000);
	good(text);
	ck_assert_uint_eq(strlen(general(SETTING_CIPHERS)), 4000);
}
END_TEST

/* Each: what is wrong, where, and words of the cure. */
static const struct {
	const char *text, *where, *what;
	bool unknown;		/* could a rule be hidden by it? */
} refused[] = {
	{ "conect = 104", ":1: ", "(connect?)", true },
	{ "\n\n[a]\nconnect = 1\nfoo = 1\n", ":5: ", "\"foo\"", true },
	{ "connect 104\n", ":1: ", "KEY = VALUE", true },
	{ "profile=aes\n[broken\n", ":2: ", "[SECTION]", true },
	{ "profile =\n", ":1: ", "no value", true },
	{ "profile=aes\nprofile=aes\n", ":2: ", "second time", false },
	{ "[a]\nlog = x\nconnect = 1\n", ":2: ", "first section", true },
	{ "from = 10.0.0.0/8\n", ":1: ", "section", true },
	{ "config = x\n", ":1: ", "DICOMTLS_CONFIG", true },
};

START_TEST(refuse)
{
	load(refused[_i].text);
	ck_assert_int_eq(conf.fail.reason, REASON_SETTING);
	ck_assert_msg(strstr(conf.fail.text, refused[_i].where) != NULL &&
	    strstr(conf.fail.text, "/dicomtls.conf:") != NULL &&
	    strstr(conf.fail.text, refused[_i].what) != NULL, "%s",
	    conf.fail.text);
	ck_assert_int_eq(conf.unknown, refused[_i].unknown);
}
END_TEST

START_TEST(too_long_line)
{
	char *text = calloc(1, 20000);

	strcpy(text, "connect = 1\npins = ");
	memset(text + strlen(text), 'A', 9000);
	strcat(text, "\nconnect = 2\n");
	load(text);
	free(text);
	ck_assert_ptr_nonnull(strstr(conf.fail.text, ":2: "));
	ck_assert(conf.unknown);
}
END_TEST

static void
cannot_be_read(void)
{
	ck_assert_ptr_nonnull(strstr(conf.fail.text, "cannot be read"));
	ck_assert(conf.unknown);
}

START_TEST(missing_file)
{
	setenv("DICOMTLS_CONFIG", "/nonexistent/x", 1);
	load(NULL);
	cannot_be_read();
}
END_TEST

START_TEST(folder_as_file)
{
	ck_assert_int_eq(mkdir("dicomtls.conf", 0700), 0);
	load(NULL);
	cannot_be_read();
}
END_TEST

START_TEST(huge_file)
{
	unit_write("dicomtls.conf", ";");
	ck_assert_int_eq(truncate("dicomtls.conf", 2 << 20), 0);
	load(NULL);
	cannot_be_read();
}
END_TEST

/* As Windows' editors save it: rules behind a NUL would go unseen. */
START_TEST(no_text)
{
	static const char utf16[] = "\xff\xfe" "c\0o\0=\0";
	FILE *f = fopen("dicomtls.conf", "w");

	fwrite("log = none\n", 1, 11, f);
	fwrite(utf16, 1, sizeof utf16, f);
	fclose(f);
	load(NULL);
	ck_assert_ptr_nonnull(strstr(conf.fail.text, "NUL byte"));
	ck_assert(conf.unknown);
}
END_TEST

/* Reading a pipe would hang the program before its first line. */
START_TEST(pipe_as_file)
{
	ck_assert_int_eq(mkfifo("dicomtls.conf", 0600), 0);
	load(NULL);
	cannot_be_read();
}
END_TEST

START_TEST(misspelt_variable)
{
	setenv("DICOMTLS_CONECT", "104", 1);
	load(NULL);
	ck_assert_ptr_nonnull(strstr(conf.fail.text, "DICOMTLS_CONECT"));
	ck_assert_ptr_nonnull(strstr(conf.fail.text, "(DICOMTLS_CONNECT?)"));
	ck_assert(conf.unknown);
}
END_TEST

START_TEST(variables_of_tests)
{
	setenv("DICOMTLS_TEST_STRICT", "1", 1);
	good(NULL);
}
END_TEST

START_TEST(names)
{
	int s;

	for (s = 0; s < SETTINGS; s++) {
		ck_assert_int_eq(conf_find(conf_row(s)->variable), s);
		ck_assert_int_eq(conf_find(conf_row(s)->key), s);
		ck_assert_ptr_nonnull(conf_row(s)->meaning);
	}
	ck_assert_int_eq(conf_find("min-version"), SETTING_MIN_VERSION);
	ck_assert_int_eq(conf_find("MIN_version"), SETTING_MIN_VERSION);
	ck_assert_int_eq(conf_find("min"), -1);
	ck_assert_int_eq(conf_find("min_versions"), -1);
	ck_assert_int_eq(conf_find(""), -1);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("conf");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nothing_set);
	tcase_add_test(tc, empty_is_unset);
	tcase_add_test(tc, environment_wins);
	tcase_add_test(tc, spellings);
	tcase_add_test(tc, byte_order_mark);
	tcase_add_test(tc, paths);
	tcase_add_test(tc, default_folders);
	tcase_add_test(tc, folder_in_the_file);
	tcase_add_test(tc, lists_add_up);
	tcase_add_test(tc, many_sections);
	tcase_add_test(tc, long_line);
	tcase_add_loop_test(tc, refuse, 0, sizeof refused / sizeof refused[0]);
	tcase_add_test(tc, too_long_line);
	tcase_add_test(tc, missing_file);
	tcase_add_test(tc, folder_as_file);
	tcase_add_test(tc, huge_file);
	tcase_add_test(tc, no_text);
	tcase_add_test(tc, pipe_as_file);
	tcase_add_test(tc, misspelt_variable);
	tcase_add_test(tc, variables_of_tests);
	tcase_add_test(tc, names);
	return unit_run(tc);
}
