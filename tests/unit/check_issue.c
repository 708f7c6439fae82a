/* SPDX-License-Identifier: Apache-2.0
 * check_issue: certificates that are made, and how they are described. */
#include "unit.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "cert/describe.h"
#include "cert/issue.h"

/* timegm(3) of 12:30:00 UTC. */
static time_t
noon(int year, int month, int day)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1,
		.tm_mday = day, .tm_hour = 12, .tm_min = 30 };

	return timegm(&tm);
}

static const struct {
	int from[3], to[3];
} ends[] = {
	{ { 2026, 11, 24 }, { 2031, 11, 24 } },
	{ { 2028, 2, 29 }, { 2033, 2, 28 } },
	{ { 2027, 2, 28 }, { 2032, 2, 28 } },
	{ { 2023, 2, 28 }, { 2028, 2, 28 } },
	{ { 2096, 2, 29 }, { 2101, 2, 28 } },
	{ { 2095, 3, 1 }, { 2100, 3, 1 } },
	{ { 1995, 2, 28 }, { 2000, 2, 28 } },
	{ { 2045, 12, 31 }, { 2050, 12, 31 } },
};

START_TEST(five_years)
{
	const int *a = ends[_i].from, *b = ends[_i].to;

	ck_assert_int_eq(issue_end(noon(a[0], a[1], a[2])),
	    noon(b[0], b[1], b[2]));
}
END_TEST

static const struct {
	const char *spec, *described;	/* NULL: refused */
} keys[] = {
	{ "rsa:2048", "RSA 2048" }, { "RSA:3072", "RSA 3072" },
	{ "ec:P-256", "EC P-256" }, { "ec:P-384", "EC P-384" },
	{ "ec:P-521", "EC P-521" }, { "rsa:1024", NULL }, { "rsa:9999", NULL },
	{ "rsa:", NULL }, { "rsa:2048x", NULL }, { "ec:secp160r1", NULL },
	{ "dsa:2048", NULL }, { "", NULL },
};

START_TEST(kinds)
{
	struct fail f = { 0 };
	EVP_PKEY *key = issue_key(keys[_i].spec, &f);
	struct names n = { .cn = "x", .count = 0 };
	X509 *cert;
	char text[80];

	if (keys[_i].described == NULL) {
		ck_assert_ptr_null(key);
		ck_assert_ptr_nonnull(strstr(f.text, "accepted are"));
		return;
	}
	describe_key(key, text, sizeof text);
	ck_assert_str_eq(text, keys[_i].described);
	cert = issue_cert(key, &n, 3, &f);
	ck_assert_ptr_nonnull(cert);
	ck_assert_int_eq(X509_verify(cert, key), 1);
	ck_assert_int_eq(describe_end(cert) - describe_begin(cert), 3 * 86400);
	X509_free(cert);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(contents)
{
	struct names n = { .cn = "M\xc3\xbcller PACS", .count = 0 };
	EVP_PKEY *key = issue_key("rsa:2048", NULL);
	char text[500];
	X509 *cert;

	ck_assert_int_eq(names_add(&n, "pacs.example.org"), 0);
	ck_assert_int_eq(names_add(&n, "10.1.2.3"), 0);
	ck_assert_int_eq(names_add(&n, "2001:db8::7"), 0);
	ck_assert_int_eq(names_add(&n, "PACS.example.org"), 0);
	ck_assert_uint_eq(n.count, 3);
	cert = issue_cert(key, &n, 0, NULL);
	describe_subject(cert, text, sizeof text);
	ck_assert_str_eq(text, "CN=M\xc3\xbcller PACS");
	describe_names(cert, text, sizeof text);
	ck_assert_str_eq(text, "DNS:pacs.example.org, IP:10.1.2.3, "
	    "IP:2001:db8::7");
	ck_assert_int_eq(X509_get_version(cert), X509_VERSION_3);
	ck_assert_int_eq(X509_check_ca(cert), 0);
	ck_assert_int_eq(X509_check_purpose(cert, X509_PURPOSE_SSL_SERVER, 0),
	    1);
	ck_assert_int_eq(X509_check_purpose(cert, X509_PURPOSE_SSL_CLIENT, 0),
	    1);
	ck_assert_uint_eq(X509_get_key_usage(cert),
	    KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT);
	ck_assert_int_eq(X509_check_host(cert, "pacs.example.org", 0, 0,
	    NULL), 1);
	ck_assert_int_eq(X509_check_ip_asc(cert, "10.1.2.3", 0), 1);
	ck_assert_int_eq(issue_end(describe_begin(cert)), describe_end(cert));
	ck_assert_uint_eq(ERR_peek_error(), 0);
	X509_free(cert);
	EVP_PKEY_free(key);
}
END_TEST

/* Pins hold over a renewal; the serial does not. */
START_TEST(again)
{
	struct names n = { .cn = "x", .count = 0 };
	EVP_PKEY *key = issue_key("ec:P-256", NULL);
	char a[DESCRIBE_FP], b[DESCRIBE_FP], before[200], after[200];
	X509 *old, *new;

	names_add(&n, "x.example.org");
	old = issue_cert(key, &n, 1, NULL);
	new = issue_again(old, key, 0, NULL);
	ck_assert_ptr_nonnull(new);
	describe_spki(old, a);
	describe_spki(new, b);
	ck_assert_str_eq(a, b);
	ck_assert_uint_eq(strlen(a), 64);
	describe_cert(old, a);
	describe_cert(new, b);
	ck_assert_str_ne(a, b);
	describe_names(old, before, sizeof before);
	describe_names(new, after, sizeof after);
	ck_assert_str_eq(before, after);
	ck_assert_int_ne(ASN1_INTEGER_cmp(X509_get0_serialNumber(old),
	    X509_get0_serialNumber(new)), 0);
	ck_assert_int_gt(describe_days(new), 1820);
	X509_free(old);
	X509_free(new);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(bad_names)
{
	static const char *const bad[] = { "", "a b", "-a", ".a", "a..b",
		"a,DNS:b", "1.2.3.4.5/", "h\xc3\xa9", "a\n", "*.", "::g" };
	struct names n = { .count = 0 };
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_msg(names_add(&n, bad[i]) == -EINVAL, "\"%s\"",
		    bad[i]);
	ck_assert_int_eq(names_add(&n, "*.example.org"), 0);
	for (i = 0; n.count < NAMES_MAX; i++) {
		char name[20];

		snprintf(name, sizeof name, "h%zu", i);
		ck_assert_int_eq(names_add(&n, name), 0);
	}
	ck_assert_int_eq(names_add(&n, "one-more"), -ENOSPC);
}
END_TEST

START_TEST(host)
{
	struct names n;
	char name[256];

	gethostname(name, sizeof name);
	names_of_host(&n, false);
	ck_assert_uint_ge(n.count, 2);
	ck_assert_str_eq(n.list[0], name);
	ck_assert_int_eq(strncmp(n.cn, name, 64), 0);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("issue");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, five_years, 0, sizeof ends / sizeof ends[0]);
	tcase_add_loop_test(tc, kinds, 0, sizeof keys / sizeof keys[0]);
	tcase_add_test(tc, contents);
	tcase_add_test(tc, again);
	tcase_add_test(tc, bad_names);
	tcase_add_test(tc, host);
	return unit_run(tc);
}
