/* SPDX-License-Identifier: Apache-2.0
 * check_log: lines to stderr and to files, as text and as JSON. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/log.h"

#define LOG_FILE "log"

/* The one line that was written, as an object that the caller owns. */
static json_t *
logged(void)
{
	char *text = unit_read(LOG_FILE);
	json_error_t error;
	json_t *object;

	ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
	object = json_loads(text, 0, &error);
	ck_assert_msg(object != NULL, "%s in %s", error.text, text);
	free(text);
	ck_assert_int_eq(unlink(LOG_FILE), 0);
	return object;
}

static const char *
member(json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

START_TEST(text_line)
{
	char *text;

	log_open(LOG_FILE, LOG_LEVEL_INFO, false);
	log_info("%s:%d is fine", "pacs", 2762);
	log_debug("too much");
	text = unit_read(LOG_FILE);
	ck_assert_ptr_nonnull(strstr(text, "Z dicomtls["));
	ck_assert_ptr_nonnull(strstr(text, "] info: pacs:2762 is fine\n"));
	ck_assert_ptr_null(strstr(text, "too much"));
	free(text);
}
END_TEST

START_TEST(one_line_whatever_comes)
{
	char *text;

	log_open(LOG_FILE, LOG_LEVEL_WARN, false);
	log_warn("AE \"A\nerror: forged\r\x1b[2J\x7f\"");
	text = unit_read(LOG_FILE);
	ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
	ck_assert_ptr_nonnull(strstr(text, "\"A?error: forged??[2J?\""));
	free(text);
}
END_TEST

START_TEST(file_is_private)
{
	struct stat st;

	umask(0);
	log_open(LOG_FILE, LOG_LEVEL_WARN, false);
	log_warn("x");
	ck_assert_int_eq(stat(LOG_FILE, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(json_line)
{
	struct log_field fields[] = { { "peer", "a\"b\\c\nd\x7f" },
		{ "left_out", NULL }, { "name", "Gr\xc3\xb6\xc3\x9f"
		"e \xf0\x9f\x98\x80" }, { NULL, NULL } };
	json_t *object;

	log_open(LOG_FILE, LOG_LEVEL_WARN, true);
	log_event(LOG_LEVEL_ERROR, "failure", fields, "it %s", "failed");
	object = logged();
	ck_assert_str_eq(member(object, "level"), "error");
	ck_assert_str_eq(member(object, "event"), "failure");
	ck_assert_str_eq(member(object, "peer"), "a\"b\\c\nd\x7f");
	ck_assert_str_eq(member(object, "name"), fields[2].value);
	ck_assert_str_eq(member(object, "text"), "it failed");
	ck_assert_ptr_null(json_object_get(object, "left_out"));
	ck_assert_int_eq(json_integer_value(json_object_get(object, "pid")),
	    getpid());
	ck_assert_uint_eq(strlen(member(object, "time")),
	    strlen("2026-01-01T00:00:00.000Z"));
	json_decref(object);
}
END_TEST

/* Whatever is too long, and wherever the cut falls: still an object, still
 * with its sentence. */
START_TEST(json_cut)
{
	char value[6001], sentence[6001];
	struct log_field fields[] = { { "a", value }, { "b", value },
		{ NULL, NULL } };
	json_t *object;
	int i;

	log_open(LOG_FILE, LOG_LEVEL_WARN, true);
	for (i = 1; i < 6000; i += 37) {
		memset(value, i % 2 ? '\n' : '"', sizeof value);
		memset(sentence, i % 3 ? 'x' : '\\', sizeof sentence);
		value[i] = sentence[6000 - i] = '\0';
		log_event(LOG_LEVEL_ERROR, "failure", fields, "Why%s",
		    sentence);
		object = logged();
		ck_assert_mem_eq(member(object, "text"), "Why", 3);
		json_decref(object);
	}
}
END_TEST

START_TEST(json_cut_between_characters)
{
	char sentence[6001];
	json_t *object;
	int i;

	log_open(LOG_FILE, LOG_LEVEL_WARN, true);
	for (i = 0; i < 6000; i++)
		sentence[i] = "\xe2\x82\xac"[i % 3];
	sentence[6000] = '\0';
	for (i = 0; i < 3; i++) {
		log_warn("%.*s%s", i, "ab", sentence);
		object = logged();
		ck_assert_ptr_nonnull(member(object, "text"));
		json_decref(object);
	}
}
END_TEST

START_TEST(json_no_utf8)
{
	static const char *const bad[] = { "\xff", "\xc0\xaf", "\xe0\x80\xaf",
		"\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf0\x80\x80\x80",
		"\xe2\x82", "\x80", "\xf5\x80\x80\x80", "K\xf6ln" };
	json_t *object;
	size_t i;

	log_open(LOG_FILE, LOG_LEVEL_WARN, true);
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		log_warn("%s.", bad[i]);
		object = logged();
		ck_assert_ptr_nonnull(strstr(member(object, "text"),
		    "\xef\xbf\xbd"));
		json_decref(object);
	}
}
END_TEST

START_TEST(keeps_errno)
{
	log_open("/nonexistent/log", LOG_LEVEL_WARN, false);
	errno = ENOTTY;
	log_warn("x");
	ck_assert_int_eq(errno, ENOTTY);
}
END_TEST

START_TEST(none)
{
	log_open("none", LOG_LEVEL_DEBUG, false);
	ck_assert(!log_wants(LOG_LEVEL_ERROR));
}
END_TEST

static void
become_stderr(int fd)
{
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
}

/* A program that closed stderr has another file there: none of our lines. */
START_TEST(stderr_reused_by_file)
{
	struct stat st;

	become_stderr(open("/dev/null", O_WRONLY));
	log_open("stderr", LOG_LEVEL_WARN, false);
	become_stderr(open("data", O_WRONLY | O_CREAT, 0600));
	log_warn("must not be in the file");
	ck_assert_int_eq(stat("data", &st), 0);
	ck_assert_int_eq(st.st_size, 0);
}
END_TEST

START_TEST(stderr_reused_by_socket)
{
	char c;
	int s[2];

	become_stderr(open("/dev/null", O_WRONLY));
	log_open("stderr", LOG_LEVEL_WARN, false);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	become_stderr(s[1]);
	log_warn("must not be in the stream");
	ck_assert_int_eq(recv(s[0], &c, 1, MSG_DONTWAIT), -1);
	close(STDERR_FILENO);
	log_warn("goes nowhere");
}
END_TEST

/* systemd gives its services a socket for stderr. */
START_TEST(stderr_was_a_socket)
{
	char line[256] = "";
	int s[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	become_stderr(s[1]);
	log_open("stderr", LOG_LEVEL_WARN, false);
	log_warn("to the journal");
	ck_assert_int_gt(recv(s[0], line, sizeof line - 1, MSG_DONTWAIT), 0);
	ck_assert_ptr_nonnull(strstr(line, "to the journal\n"));
}
END_TEST

START_TEST(stderr_broken_pipe)
{
	sigset_t pending;
	int p[2];

	ck_assert_int_eq(pipe(p), 0);
	become_stderr(p[1]);
	close(p[0]);
	signal(SIGPIPE, SIG_DFL);
	log_open("stderr", LOG_LEVEL_WARN, false);
	log_warn("nobody reads this");
	sigpending(&pending);
	ck_assert(!sigismember(&pending, SIGPIPE));
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("log");

	tcase_add_checked_fixture(tc, unit_setup, unit_clean);
	tcase_add_test(tc, text_line);
	tcase_add_test(tc, one_line_whatever_comes);
	tcase_add_test(tc, file_is_private);
	tcase_add_test(tc, json_line);
	tcase_add_test(tc, json_cut);
	tcase_add_test(tc, json_cut_between_characters);
	tcase_add_test(tc, json_no_utf8);
	tcase_add_test(tc, keeps_errno);
	tcase_add_test(tc, none);
	tcase_add_test(tc, stderr_reused_by_file);
	tcase_add_test(tc, stderr_reused_by_socket);
	tcase_add_test(tc, stderr_was_a_socket);
	tcase_add_test(tc, stderr_broken_pipe);
	return unit_run(tc);
}
