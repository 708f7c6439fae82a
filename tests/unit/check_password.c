/* SPDX-License-Identifier: Apache-2.0
 * check_password: the derived password's test vector, the sealed one, and the
 * order in which they hold. */
#include "unit.h"

#include <errno.h>

#include "cert/hostid.h"
#include "cert/hostkey.h"
#include "cert/password.h"
#include "cert/seal.h"

static struct tlsconf conf = { .dir = "d", .own_files = true,
	.cert = "d/cert.pem", .key = "d/key.pem" };

static void
hex(const unsigned char *in, char *out)
{
	int i;

	for (i = 0; i < 32; i++)
		sprintf(out + 2 * i, "%02x", in[i]);
}

/* The vector of hostkey.h, which was computed with Python's hmac. */
START_TEST(vector)
{
	static const char machine[] = "0123456789abcdef0123456789abcdef";
	unsigned char secret[32], out[32];
	char text[65];
	int i;

	for (i = 0; i < 32; i++)
		secret[i] = (unsigned char)i;
	ck_assert_int_eq(hostkey_hkdf("dicomtls 1 key password", machine,
	    "1000", secret, out), 0);
	hex(out, text);
	ck_assert_str_eq(text, "82d4bb7315e87530858e9310a9837728"
	    "3e38ce84c9563a7a61aece2259db784b");
	ck_assert_int_eq(hostkey_hkdf("dicomtls 1 stored password", machine,
	    "1000", secret, out), 0);
	hex(out, text);
	ck_assert_str_eq(text, "612aea905a3bb1edefe28d7e802cdc65"
	    "51a892044cf531cc292d8185c6df1164");
	ck_assert_int_eq(hostkey_hkdf("dicomtls 1 key password", machine,
	    "S-1-5-21-3623811015-3361044348-30300820-1013", secret, out), 0);
	hex(out, text);
	ck_assert_str_eq(text, "47db93e9dbe6c1bca02c3d084e272441"
	    "c828538e0701bd9931efbde78af1df35");
}
END_TEST

static int
seal_roundtrip(size_t len)
{
	static const unsigned char key[32] = { 1, 2, 3 };
	unsigned char in[1024], out[1024];
	char line[SEAL_SIZE(1024)];
	struct buf b = { 0 };
	size_t n = 0;
	int rc;

	memset(in, 'p', sizeof in);
	ck_assert_int_eq(seal_close(key, in, len, line, sizeof line), 0);
	ck_assert_int_eq(buf_append(&b, line, strlen(line)), 0);
	ck_assert_uint_lt(strlen(line), SEAL_SIZE(len));
	rc = seal_open(key, &b, out, sizeof out, &n);
	ck_assert_uint_eq(n, len);
	ck_assert_mem_eq(in, out, len);
	buf_free(&b);
	return rc;
}

START_TEST(seals)
{
	size_t len;

	for (len = 1; len < 100; len++)
		ck_assert_int_eq(seal_roundtrip(len), 0);
	ck_assert_int_eq(seal_roundtrip(1024), 0);
}
END_TEST

/* Each bit of the line counts, and so does the key. */
START_TEST(seal_damage)
{
	unsigned char key[32] = { 9 }, out[100];
	char line[SEAL_SIZE(100)];
	struct buf b = { 0 };
	size_t i, n, len;
	int rc;

	ck_assert_int_eq(seal_close(key, "secret", 6, line, sizeof line), 0);
	len = strlen(line);
	for (i = 0; i < len - 1; i++) {
		line[i] ^= 1;
		buf_append(&b, line, len);
		rc = seal_open(key, &b, out, sizeof out, &n);
		/* A '=' or the unused bits before it may say the same. */
		if (i < len - 4)
			ck_assert_msg(rc < 0, "byte %zu", i);
		buf_free(&b);
		line[i] ^= 1;
	}
	for (i = 0; i < len - 1; i++) {
		buf_append(&b, line, i);
		ck_assert_int_lt(seal_open(key, &b, out, sizeof out, &n), 0);
		buf_free(&b);
	}
	key[31] = 1;
	buf_append(&b, line, len);
	ck_assert_int_eq(seal_open(key, &b, out, sizeof out, &n), -EACCES);
	buf_free(&b);
}
END_TEST

static void
make_secret(struct password *pw)
{
	struct store s;

	ck_assert_int_eq(store_open(&s, "d", NULL), 0);
	ck_assert_int_eq(password_for_new(&conf, &s, pw, NULL), 0);
	ck_assert_int_eq(store_commit(&s, NULL), 0);
	store_close(&s);
}

START_TEST(order)
{
	struct password made, pw;
	struct passwords all;
	struct tlsconf given = conf;
	struct fail f = { 0 };
	struct store s;

	ck_assert_int_eq(password_find(&conf, &all, &f), 0);
	ck_assert_uint_eq(all.count, 0);
	ck_assert_ptr_nonnull(strstr(all.why.text, "host.secret"));
	make_secret(&made);
	ck_assert_int_eq(made.source, PASSWORD_DERIVED);
	ck_assert_uint_eq(strlen(made.text), 64);
	ck_assert_int_eq(password_find(&conf, &all, &f), 0);
	ck_assert_uint_eq(all.count, 1);
	ck_assert_str_eq(all.list[0].text, made.text);

	ck_assert_int_eq(store_open(&s, "d", &f), 0);
	ck_assert_int_eq(password_store(&s, "my own \xc3\xa9", &f), 0);
	ck_assert_int_eq(store_commit(&s, &f), 0);
	store_close(&s);
	ck_assert_int_eq(password_find(&conf, &all, &f), 0);
	ck_assert_uint_eq(all.count, 2);
	ck_assert_str_eq(all.list[0].text, "my own \xc3\xa9");
	ck_assert_int_eq(all.list[0].source, PASSWORD_STORED);
	ck_assert_int_eq(all.list[1].source, PASSWORD_DERIVED);

	given.password = "from the environment";
	ck_assert_int_eq(password_find(&given, &all, &f), 0);
	ck_assert_uint_eq(all.count, 1);
	ck_assert_int_eq(all.list[0].source, PASSWORD_ENV);
	given.password_file = "pw";
	ck_assert_int_eq(password_find(&given, &all, &f), -ENOENT);
	unit_write("pw", "first line\r\nsecond\n");
	ck_assert_int_eq(password_find(&given, &all, &f), 0);
	ck_assert_str_eq(all.list[0].text, "first line");
	ck_assert_int_eq(password_for_new(&given, NULL, &pw, &f), 0);
	ck_assert_str_eq(pw.text, "first line");
}
END_TEST

START_TEST(bad_files)
{
	static const char *const bad[] = { "\n", "\r\n" };
	struct password pw;
	struct fail f = { 0 };
	char *text = calloc(1, 2000);
	size_t i;

	for (i = 0; i < 2; i++) {
		unit_write("pw", bad[i]);
		fail_clear(&f);
		ck_assert_int_eq(password_read("pw", &pw, &f), -EINVAL);
		ck_assert_ptr_nonnull(strstr(f.text, "empty"));
	}
	memset(text, 'a', 1025);
	unit_write("pw", text);
	fail_clear(&f);
	ck_assert_int_eq(password_read("pw", &pw, &f), -EINVAL);
	ck_assert_ptr_nonnull(strstr(f.text, "longer"));
	text[1024] = '\0';
	unit_write("pw", text);
	ck_assert_int_eq(password_read("pw", &pw, &f), 0);
	ck_assert_uint_eq(strlen(pw.text), 1024);
	free(text);
}
END_TEST

START_TEST(damaged_secret)
{
	struct password pw;
	struct fail f = { 0 };

	make_secret(&pw);
	unit_write("d/host.secret", "short");
	ck_assert_int_eq(password_derive("d", &pw, &f), -EINVAL);
	ck_assert_ptr_nonnull(strstr(f.text, "has 5 bytes, not 32"));
}
END_TEST

/* The stored password says so when host.secret is no longer its own. */
START_TEST(other_secret)
{
	struct passwords all;
	struct password pw;
	struct store s;
	struct fail f = { 0 };

	make_secret(&pw);
	ck_assert_int_eq(store_open(&s, "d", &f), 0);
	ck_assert_int_eq(password_store(&s, "mine", &f), 0);
	ck_assert_int_eq(store_commit(&s, &f), 0);
	store_close(&s);
	unit_write("d/host.secret", "0123456789abcdef0123456789abcdef");
	ck_assert_int_eq(password_stored("d", &pw, &f), -EACCES);
	ck_assert_ptr_nonnull(strstr(f.text, "set-password"));
	ck_assert_int_eq(password_find(&conf, &all, NULL), 0);
	ck_assert_uint_eq(all.count, 1);
	ck_assert_int_eq(all.list[0].source, PASSWORD_DERIVED);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("password");

	tcase_add_checked_fixture(tc, unit_setup, unit_clean);
	tcase_add_test(tc, vector);
	tcase_add_test(tc, seals);
	tcase_add_test(tc, seal_damage);
	tcase_add_test(tc, order);
	tcase_add_test(tc, bad_files);
	tcase_add_test(tc, damaged_secret);
	tcase_add_test(tc, other_secret);
	return unit_run(tc);
}
