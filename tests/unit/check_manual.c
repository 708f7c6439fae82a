/* SPDX-License-Identifier: Apache-2.0
 * check_manual: the manual pages and the program's tables agree. */
#include "unit.h"

#include "policy/conf.h"
#include "policy/profile.h"

static char *page;

/* Whether the page has this line, or the line and blank and more. */
static bool
has(const char *line)
{
	size_t len = strlen(line);
	const char *s = page;

	for (; (s = strstr(s, line)) != NULL; s++)
		if ((s == page || s[-1] == '\n') &&
		    (s[len] == '\n' || s[len] == ' '))
			return true;
	return false;
}

static void
item(const char *macro, const char *word)
{
	char line[96];

	snprintf(line, sizeof line, ".It %s %s", macro, word);
	ck_assert_msg(has(line), "the manual lacks: %s", line);
}

/* Calls FN with the word of each line that begins with START. */
static void
each(const char *start, const char *until, void (*fn)(const char *word))
{
	char word[64];
	const char *s, *end = until != NULL ? strstr(page, until) : NULL;
	int n = 0;

	for (s = page; (s = strstr(s, start)) != NULL; s += strlen(start)) {
		if (end != NULL && s > end)
			break;
		ck_assert_int_eq(sscanf(s + strlen(start), "%63s", word), 1);
		fn(word);
		n++;
	}
	ck_assert_int_gt(n, 0);
}

static void
is_setting(const char *word)
{
	ck_assert_msg(conf_find(word) >= 0, "there is no setting %s", word);
}

START_TEST(settings)
{
	int s;

	page = unit_read(MANUAL "dicomtls.7");
	for (s = 0; s < SETTINGS; s++)
		if (conf_row(s)->flags & IN_ENV)
			item("Ev", conf_row(s)->variable);
		else
			item("Cm", conf_row(s)->key);
	each("\n.It Ev ", NULL, is_setting);
	free(page);
}
END_TEST

START_TEST(options)
{
	char line[96];
	size_t i;
	int s;

	page = unit_read(MANUAL "dicomtls.1");
	for (s = 0; s < SETTINGS; s++) {
		if (!(conf_row(s)->flags & IN_ENV))
			continue;
		if (conf_row(s)->letter != 0)
			snprintf(line, sizeof line, ".It Fl %c , Fl -%s",
			    conf_row(s)->letter, conf_row(s)->key);
		else
			snprintf(line, sizeof line, ".It Fl -%s",
			    conf_row(s)->key);
		for (i = 0; line[i] != '\0'; i++)
			if (line[i] == '_')
				line[i] = '-';
		ck_assert_msg(has(line), "the manual lacks: %s", line);
	}
	free(page);
}
END_TEST

static void
is_reason(const char *word)
{
	int i;

	for (i = REASON_NONE; i < REASONS; i++)
		if (strcmp(fail_reason_name(i), word) == 0)
			return;
	ck_abort_msg("there is no reason %s", word);
}

START_TEST(reasons)
{
	char *whole = unit_read(MANUAL "dicomtls.7");
	int i;

	page = strstr(whole, ".Ss Reasons\n");
	ck_assert_ptr_nonnull(page);
	for (i = REASON_NONE; i < REASONS; i++)
		item("Cm", fail_reason_name(i));
	each("\n.It Cm ", "\n.Sh ", is_reason);
	free(whole);
}
END_TEST

static void
is_profile(const char *word)
{
	ck_assert_msg(profile_find(word) != NULL, "no profile %s", word);
}

START_TEST(profiles)
{
	char *whole = unit_read(MANUAL "dicomtls.7");
	size_t i;

	page = strstr(whole, ".Sh PROFILES\n");
	ck_assert_ptr_nonnull(page);
	for (i = 0; profile_at(i) != NULL; i++)
		item("Cm", profile_at(i)->name);
	each("\n.It Cm ", "\n.Sh CERTIFICATES", is_profile);
	free(whole);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("manual");

	tcase_add_test(tc, settings);
	tcase_add_test(tc, options);
	tcase_add_test(tc, reasons);
	tcase_add_test(tc, profiles);
	return unit_run(tc);
}
