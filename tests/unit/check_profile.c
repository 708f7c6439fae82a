/* SPDX-License-Identifier: Apache-2.0
 * check_profile: the profile table against the standard's text. */
#include "unit.h"

#include "policy/profile.h"

#define B10 "DHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES128-GCM-SHA256 " \
	"DHE-RSA-AES256-GCM-SHA384 ECDHE-RSA-AES256-GCM-SHA384"
#define TLS13 "TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 " \
	"TLS_CHACHA20_POLY1305_SHA256"

/* Sets of suites, in no order, straight from PS3.15 Annex B and its RFCs. */
static const struct {
	const char *name;
	int min, max;
	const char *ciphers, *suites;
	int rsa, ec, dh;
	bool weak;
} expected[] = {
	{ "bcp195", TLS_1_2, TLS_1_3,
	    "ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES256-GCM-SHA384 "
	    "ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384",
	    TLS13, 2048, 0, 0, false },
	{ "bcp195-modified", TLS_1_2, TLS_1_3,
	    "ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-RSA-AES256-GCM-SHA384 "
	    "ECDHE-ECDSA-AES256-CCM ECDHE-ECDSA-AES256-CCM8 "
	    "ECDHE-ECDSA-CHACHA20-POLY1305 ECDHE-RSA-CHACHA20-POLY1305 "
	    "ECDHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES128-GCM-SHA256 "
	    "ECDHE-ECDSA-AES128-CCM ECDHE-ECDSA-AES128-CCM8",
	    "TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256 "
	    "TLS_AES_128_GCM_SHA256 TLS_AES_128_CCM_SHA256 "
	    "TLS_AES_128_CCM_8_SHA256", 2048, 256, 0, false },
	{ "bcp195-nd", TLS_1_2, TLS_1_3, B10, TLS13, 0, 0, 0, false },
	{ "bcp195-extended", TLS_1_2, TLS_1_2,
	    B10 " ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384",
	    NULL, 2048, 256, 2048, false },
	{ "bcp195-downgrade", TLS_1_0, TLS_1_3, B10 " AES128-SHA", TLS13, 0,
	    0, 0, true },
	{ "aes", TLS_1_0, TLS_1_2, "AES128-SHA", NULL, 0, 0, 0, true },
	{ "legacy", TLS_1_0, TLS_1_2, NULL, NULL, 0, 0, 0, true },
	{ "null", TLS_1_0, TLS_1_2, "NULL-SHA", NULL, 0, 0, 0, true },
};

enum { EXPECTED = sizeof expected / sizeof expected[0] };

/* Is every word of A (apart by one of SEPARATORS) a word of B? */
static bool
all_in(const char *a, const char *b)
{
	char *copy = strdup(a), *padded = NULL, *list = NULL, *save, *w;
	bool all = true;

	ck_assert_int_gt(asprintf(&list, ":%s:", b), 0);
	for (w = list; *w != '\0'; w++)
		if (*w == ' ')
			*w = ':';
	for (w = strtok_r(copy, " :", &save); w != NULL && all;
	    w = strtok_r(NULL, " :", &save)) {
		ck_assert_int_gt(asprintf(&padded, ":%s:", w), 0);
		all = strstr(list, padded) != NULL;
		free(padded);
	}
	free(list);
	free(copy);
	return all;
}

static void
same_set(const char *got, const char *want)
{
	if (want == NULL) {
		ck_assert_ptr_null(got);
		return;
	}
	ck_assert_msg(all_in(got, want), "too many: %s", got);
	ck_assert_msg(all_in(want, got), "too few: %s", got);
}

START_TEST(as_the_standard_says)
{
	const struct profile *p = profile_find(expected[_i].name);

	ck_assert_ptr_nonnull(p);
	ck_assert_int_eq(p->min_version, expected[_i].min);
	ck_assert_int_eq(p->max_version, expected[_i].max);
	if (expected[_i].ciphers != NULL)
		same_set(p->ciphers, expected[_i].ciphers);
	same_set(p->suites, expected[_i].suites);
	ck_assert_int_eq(p->min_rsa_bits, expected[_i].rsa);
	ck_assert_int_eq(p->min_ec_bits, expected[_i].ec);
	ck_assert_int_eq(p->min_dh_bits, expected[_i].dh);
	ck_assert_int_eq(p->weak, expected[_i].weak);
	/* Nobody gets old TLS without being told. */
	ck_assert_int_eq(p->warning != NULL, p->weak);
}
END_TEST

START_TEST(all_of_them)
{
	ck_assert_ptr_nonnull(profile_at(EXPECTED - 1));
	ck_assert_ptr_null(profile_at(EXPECTED));
	ck_assert_str_eq(profile_at(0)->name, "bcp195");
	ck_assert_ptr_eq(profile_find("BCP195"), profile_at(0));
	ck_assert_ptr_null(profile_find("bcp"));
	ck_assert_ptr_null(profile_find("basic"));
}
END_TEST

START_TEST(legacy)
{
	const struct profile *p = profile_find("legacy");
	size_t i;

	ck_assert_ptr_nonnull(strstr(p->ciphers, "!aNULL"));
	ck_assert_ptr_nonnull(strstr(p->ciphers, "!eNULL"));
	ck_assert_ptr_null(strstr(p->ciphers, "ALL:"));
	for (i = 0; profile_at(i) != NULL; i++)
		ck_assert_int_eq(profile_at(i)->legacy_server,
		    profile_at(i) == p);
}
END_TEST

static const struct {
	const char *offered, *profile;
} meetings[] = {
	{ "AES256-SHA ECDHE-RSA-AES128-GCM-SHA256", "bcp195" },
	{ "TLS_AES_128_GCM_SHA256", "bcp195" },
	{ "TLS_AES_128_CCM_SHA256", "bcp195-modified" },
	{ "ECDHE-ECDSA-AES128-CCM8", "bcp195-modified" },
	{ "DHE-RSA-AES128-GCM-SHA256", "bcp195-nd" },
	{ "AES256-SHA AES128-SHA", "bcp195-downgrade" },
	{ "AES256-SHA", "legacy" },
	{ " CAMELLIA128-SHA", "legacy" },
	{ "NULL-SHA", NULL },
	{ "ADH-AES128-SHA PSK-AES128-CBC-SHA", NULL },
	{ "AES128-SH", "legacy" },
	{ "", NULL },
};

START_TEST(meeting)
{
	const struct profile *p = profile_meeting(meetings[_i].offered);

	if (meetings[_i].profile == NULL)
		ck_assert_ptr_null(p);
	else
		ck_assert_str_eq(p->name, meetings[_i].profile);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("profile");

	tcase_add_loop_test(tc, as_the_standard_says, 0, EXPECTED);
	tcase_add_loop_test(tc, meeting, 0,
	    sizeof meetings / sizeof meetings[0]);
	tcase_add_test(tc, all_of_them);
	tcase_add_test(tc, legacy);
	return unit_run(tc);
}
