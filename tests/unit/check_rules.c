/* SPDX-License-Identifier: Apache-2.0
 * check_rules: which lists are understood, and what they match. */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>

#include "policy/rules.h"

static struct pool pool;

static void
parse(struct rules *r, enum role role, const char *text)
{
	struct fail f = { 0 };
	int rv = rules_parse(r, &pool, role, text, "ORIGIN", &f);

	ck_assert_msg(rv == 0, "%s: %s", text, f.text);
}

static void
address(struct rules_addr *a, const char *host, unsigned port)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };

	in.sin_port = in6.sin6_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, host, &in.sin_addr) == 1)
		ck_assert(rules_addr_set(a, (void *)&in, sizeof in));
	else if (inet_pton(AF_INET6, host, &in6.sin6_addr) == 1)
		ck_assert(rules_addr_set(a, (void *)&in6, sizeof in6));
	else
		ck_abort_msg("bad address in the test: %s", host);
}

static const struct {
	const char *rules, *host;
	unsigned port;
	const char *name, *matched;	/* NULL: no rule matches */
} matches[] = {
	{ "2762", "10.1.2.3", 2762, NULL, "2762" },
	{ "2762", "10.1.2.3", 2761, NULL, NULL },
	{ "2762", "2001:db8::1", 2762, NULL, "2762" },
	{ "104-106", "10.1.2.3", 104, NULL, "104-106" },
	{ "104-106", "10.1.2.3", 106, NULL, "104-106" },
	{ "104-106", "10.1.2.3", 103, NULL, NULL },
	{ "104-106", "10.1.2.3", 107, NULL, NULL },
	{ "1-65535", "10.1.2.3", 65535, NULL, "1-65535" },
	{ "1,2 , 3", "10.1.2.3", 3, NULL, "3" },
	{ "!10.1.2.3:2762,2762", "10.1.2.3", 2762, NULL, "!10.1.2.3:2762" },
	{ "!10.1.2.3:2762,2762", "10.1.2.4", 2762, NULL, "2762" },
	{ "2762,!10.1.2.3:2762", "10.1.2.3", 2762, NULL, "2762" },
	{ "10.1.0.0/16:2762", "10.1.255.255", 2762, NULL,
	    "10.1.0.0/16:2762" },
	{ "10.1.0.0/16:2762", "10.2.0.0", 2762, NULL, NULL },
	{ "10.1.2.3/31:1", "10.1.2.2", 1, NULL, "10.1.2.3/31:1" },
	{ "10.1.2.3/31:1", "10.1.2.4", 1, NULL, NULL },
	{ "10.1.2.3/9:1", "10.127.0.0", 1, NULL, "10.1.2.3/9:1" },
	{ "10.1.2.3/9:1", "10.128.0.0", 1, NULL, NULL },
	{ "0.0.0.0/0:1", "255.1.1.1", 1, NULL, "0.0.0.0/0:1" },
	{ "0.0.0.0/0:1", "::1", 1, NULL, NULL },
	{ "[::]/0:1", "::1", 1, NULL, "[::]/0:1" },
	{ "[::]/0:1", "1.1.1.1", 1, NULL, NULL },
	{ "[2001:db8::1]:2762", "2001:db8::1", 2762, NULL,
	    "[2001:db8::1]:2762" },
	{ "[2001:db8::1]:2762", "2001:db8::2", 2762, NULL, NULL },
	{ "[2001:db8::]/33:1", "2001:db8:7fff::", 1, NULL,
	    "[2001:db8::]/33:1" },
	{ "[2001:db8::/33]:1", "2001:db8:8000::", 1, NULL, NULL },
	{ "10.1.2.3:2762", "::ffff:10.1.2.3", 2762, NULL, "10.1.2.3:2762" },
	{ "[::ffff:10.1.2.0]/120:1", "10.1.2.9", 1, NULL,
	    "[::ffff:10.1.2.0]/120:1" },
	{ "pacs:2762", "10.1.2.3", 2762, "pacs", "pacs:2762" },
	{ "pacs:2762", "10.1.2.3", 2762, "PACS", "pacs:2762" },
	{ "PACS.example.org.:1", "10.1.2.3", 1, "pacs.Example.org",
	    "PACS.example.org.:1" },
	{ "pacs:1", "10.1.2.3", 1, "pacs.", "pacs:1" },
	{ "pacs:2762", "10.1.2.3", 2762, "pacs2", NULL },
	{ "pacs:2762", "10.1.2.3", 2762, "pac", NULL },
	{ "pacs:2762", "10.1.2.3", 2762, NULL, NULL },
	{ "pacs:2762", "10.1.2.3", 2763, "pacs", NULL },
	{ "!pacs:104-105,104", "10.1.2.3", 104, "pacs", "!pacs:104-105" },
	{ "3d-room:7", "10.1.2.3", 7, "3d-room", "3d-room:7" },
	{ "a_b:7", "10.1.2.3", 7, "a_b", "a_b:7" },
	{ "none", "10.1.2.3", 2762, NULL, NULL },
	{ " None ", "10.1.2.3", 2762, NULL, NULL },
};

START_TEST(match)
{
	const struct rule *rule;
	struct rules_addr a;
	struct rules r;

	parse(&r, ROLE_CLIENT, matches[_i].rules);
	address(&a, matches[_i].host, matches[_i].port);
	rule = rules_match(&r, &a, matches[_i].name);
	if (matches[_i].matched == NULL)
		ck_assert_msg(rule == NULL, "%s matched", matches[_i].rules);
	else
		ck_assert_msg(rule != NULL &&
		    strcmp(rule->text, matches[_i].matched) == 0,
		    "%s with %s: %s", matches[_i].rules, matches[_i].host,
		    rule != NULL ? rule->text : "nothing");
}
END_TEST

static const char *const refused[] = { "", ",", "2762,", "0", "65536",
	"99999999999999999999", "18446744073709554378", "-1", "1-", "-", "5-4", "dicom", "10.1.2.3",
	"10.1.2.3:", ":2762", "10.1.2:2762", "10.1.2.256:2762",
	"10.1.2.3/33:2762", "10.1.2.3/:2762", "10.1.2.3/x:2762",
	"10.1.2.3/-1:2762", "2001:db8::1:2762", "::1:2762",
	"[2001:db8::1]", "[2001:db8::1]2762", "[2001:db8::]/129:2762",
	"[2001:db8::g]:1", "pacs 2762", "*:2762", "pa cs:2762", "!",
	"!!2762", "none,2762", "pacs:2762:1", "-pacs:2762", "pacs/24:2762",
	"2762;104", "2762\n104", "0x10", "+5", "pacs:+5" };

START_TEST(refuse)
{
	struct fail f = { 0 };
	struct rules r;

	ck_assert_int_eq(rules_parse(&r, &pool, ROLE_CLIENT, refused[_i],
	    "DICOMTLS_CONNECT", &f), -EINVAL);
	ck_assert_int_eq(f.reason, REASON_SETTING);
	ck_assert_ptr_eq(strstr(f.text, "DICOMTLS_CONNECT: \""), f.text);
	ck_assert_ptr_nonnull(strstr(f.text, "PORT[-PORT]"));
}
END_TEST

START_TEST(no_names_for_servers)
{
	struct fail f = { 0 };
	struct rules r;

	ck_assert_int_eq(rules_parse(&r, &pool, ROLE_SERVER, "104,pacs:2762",
	    "DICOMTLS_LISTEN", &f), -EINVAL);
	ck_assert_ptr_nonnull(strstr(f.text, "pacs:2762"));
	parse(&r, ROLE_SERVER, "10.1.2.3:104,[::1]:104,2762");
	ck_assert_uint_eq(r.count, 3);
}
END_TEST

START_TEST(many)
{
	char *text = malloc(200000), *end = text;
	struct rules_addr a;
	struct rules r;
	int i;

	for (i = 0; i < 10000; i++)
		end += sprintf(end, "%s10.1.%d.%d:2762", i > 0 ? "," : "",
		    i / 250, i % 250);
	parse(&r, ROLE_CLIENT, text);
	ck_assert_uint_eq(r.count, 10000);
	address(&a, "10.1.39.249", 2762);
	ck_assert_ptr_eq(rules_match(&r, &a, NULL), &r.list[9999]);
	free(text);
}
END_TEST

START_TEST(any)
{
	struct rules r;

	parse(&r, ROLE_CLIENT, "none");
	ck_assert(!rules_any(&r));
	parse(&r, ROLE_CLIENT, "!2762");
	ck_assert(!rules_any(&r));
	parse(&r, ROLE_CLIENT, "!2762,104");
	ck_assert(rules_any(&r));
}
END_TEST

START_TEST(other_families)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr sa = { .sa_family = AF_UNIX };
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct rules_addr a;

	ck_assert(!rules_addr_set(&a, &sa, sizeof sa));
	ck_assert(!rules_addr_set(&a, NULL, 0));
	ck_assert(!rules_addr_set(&a, (void *)&in, sizeof in - 1));
	ck_assert(!rules_addr_set(&a, (void *)&in, 0));
	/* The kernel takes it without the scope: so it is a connection. */
	ck_assert(rules_addr_set(&a, (void *)&in6, 24));
	ck_assert(!rules_addr_set(&a, (void *)&in6, 23));
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("rules");

	tcase_add_loop_test(tc, match, 0, sizeof matches / sizeof matches[0]);
	tcase_add_loop_test(tc, refuse, 0, sizeof refused / sizeof refused[0]);
	tcase_add_test(tc, no_names_for_servers);
	tcase_add_test(tc, many);
	tcase_add_test(tc, any);
	tcase_add_test(tc, other_families);
	return unit_run(tc);
}
