/* SPDX-License-Identifier: Apache-2.0
 * check_identity: loading, first use, changed files and the end of a
 * certificate. */
#include "unit.h"

#include <errno.h>
#include <openssl/err.h>

#include "base/log.h"
#include "cert/describe.h"
#include "cert/issue.h"
#include "cert/pair.h"
#include "cert/pkcs12.h"
#include "cert/reload.h"

static struct tlsconf conf = { .dir = "d", .own_files = true,
	.cert = "d/cert.pem", .key = "d/key.pem" };
static const struct profile strict = { .name = "bcp195",
	.min_rsa_bits = 2048, .min_ec_bits = 256 };

static void
spki(const struct identity *id, char out[DESCRIBE_FP])
{
	describe_spki(id->cert, out);
}

START_TEST(first_use)
{
	char a[DESCRIBE_FP], b[DESCRIBE_FP];
	struct identity id;
	struct fail f = { 0 };

	ck_assert_int_eq(identity_load(&conf, &id, &f), 0);
	ck_assert_int_eq(id.opened_by, PASSWORD_DERIVED);
	spki(&id, a);
	identity_free(&id);
	ck_assert_int_eq(identity_load(&conf, &id, &f), 0);
	spki(&id, b);
	ck_assert_str_eq(a, b);
	identity_free(&id);
	/* The certificate alone is lost: its key is not. */
	ck_assert_int_eq(unlink("d/cert.pem"), 0);
	ck_assert_int_eq(identity_load(&conf, &id, &f), 0);
	spki(&id, b);
	ck_assert_str_eq(a, b);
	identity_free(&id);
	/* The key is lost: nothing is made in its place. */
	ck_assert_int_eq(unlink("d/key.pem"), 0);
	ck_assert_int_eq(identity_load(&conf, &id, &f), -ENOENT);
	ck_assert_ptr_nonnull(strstr(f.text, "key.pem is missing"));
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

/* Files that are named are never made. */
START_TEST(named)
{
	struct tlsconf other = conf;
	struct identity id;
	struct fail f = { 0 };

	other.own_files = false;
	ck_assert_int_eq(identity_load(&other, &id, &f), -ENOENT);
	ck_assert_int_eq(access("d", F_OK), -1);
}
END_TEST

static void
put_pair(const char *spec, int days, struct identity *id)
{
	struct names n = { .cn = "x", .count = 0 };
	struct password pw;
	struct store s;

	id->key = issue_key(spec, NULL);
	id->chain = NULL;
	id->cert = issue_cert(id->key, &n, days, NULL);
	ck_assert_int_eq(store_open(&s, "d", NULL), 0);
	ck_assert_int_eq(password_for_new(&conf, &s, &pw, NULL), 0);
	ck_assert_int_eq(pair_put(&s, id, &pw, false, true, NULL), 0);
	ck_assert_int_eq(store_commit(&s, NULL), 0);
	store_close(&s);
}

/* A renamed file has another inode: the stamp sees the same size and second. */
START_TEST(reloads)
{
	struct reload_stamp st;
	struct identity now, made, before;
	char a[DESCRIBE_FP], b[DESCRIBE_FP];

	log_open("none", LOG_LEVEL_ERROR, false);
	put_pair("ec:P-256", 10, &before);
	identity_free(&before);
	reload_stamp(&conf, &st);
	ck_assert_int_eq(identity_load(&conf, &now, NULL), 0);
	ck_assert_int_eq(reload_identity(&conf, &now, &st), 0);
	put_pair("ec:P-256", 20, &made);
	ck_assert_int_eq(reload_identity(&conf, &now, &st), 1);
	spki(&made, a);
	spki(&now, b);
	ck_assert_str_eq(a, b);
	ck_assert_int_eq(reload_identity(&conf, &now, &st), 0);
	identity_free(&now);
	identity_free(&made);
}
END_TEST

/* Half a file, another's key: the old identity stays, said once. */
START_TEST(keeps)
{
	struct reload_stamp st;
	struct identity now, made;
	char *pem, *log;

	log_open("log", LOG_LEVEL_ERROR, false);
	put_pair("ec:P-256", 10, &made);
	reload_stamp(&conf, &st);
	ck_assert_int_eq(identity_load(&conf, &now, NULL), 0);
	pem = unit_read("d/cert.pem");
	pem[strlen(pem) / 2] = '\0';
	unit_write("d/cert.pem", pem);
	free(pem);
	ck_assert_int_lt(reload_identity(&conf, &now, &st), 0);
	ck_assert_int_eq(X509_cmp(now.cert, made.cert), 0);
	log = unit_read("log");
	ck_assert_ptr_nonnull(strstr(log, "stay in use"));
	ck_assert_ptr_nonnull(strstr(log, "cut off"));
	free(log);
	ck_assert_int_eq(unlink("log"), 0);
	ck_assert_int_eq(reload_identity(&conf, &now, &st), 0);
	ck_assert_int_eq(access("log", F_OK), -1);
	identity_free(&made);
	put_pair("ec:P-256", 20, &made);
	ck_assert_int_eq(reload_identity(&conf, &now, &st), 1);
	identity_free(&made);
	put_pair("ec:P-256", 30, &made);
	ck_assert_int_eq(rename("d/key.pem.bak", "d/key.pem"), 0);
	ck_assert_int_eq(reload_identity(&conf, &now, &st), -EKEYREJECTED);
	ck_assert_int_eq(unlink("d/cert.pem"), 0);
	ck_assert_int_eq(reload_identity(&conf, &now, &st), -ENOENT);
	ck_assert_int_eq(access("d/cert.pem", F_OK), -1);
	identity_free(&now);
	identity_free(&made);
}
END_TEST

static const struct {
	int days, step;
	const char *words;
} expiry[] = {
	{ 100, 0, NULL }, { 60, 0, NULL }, { 59, 1, "ends in 59 days" },
	{ 29, 2, "ends in 29 days" }, { 6, 3, "ends in 6 days" },
	{ 1, 3, "ends in 1 day," },
};

START_TEST(expires)
{
	struct names n = { .cn = "x", .count = 0 };
	struct identity id = { .key = issue_key("ec:P-256", NULL) };
	char *log;
	int said = 0;

	log_open("log", LOG_LEVEL_WARN, false);
	id.cert = issue_cert(id.key, &n, expiry[_i].days, NULL);
	/* A second is gone by then: give it back. */
	X509_gmtime_adj(X509_getm_notAfter(id.cert),
	    expiry[_i].days * 86400L + 60);
	reload_warn_expiry(&id, "cert.pem", &said);
	ck_assert_int_eq(said, expiry[_i].step);
	ck_assert_int_eq(access("log", F_OK) == 0, expiry[_i].words != NULL);
	if (expiry[_i].words != NULL) {
		log = unit_read("log");
		ck_assert_ptr_nonnull(strstr(log, expiry[_i].words));
		free(log);
		unlink("log");
	}
	reload_warn_expiry(&id, "cert.pem", &said);
	ck_assert_int_eq(access("log", F_OK), -1);
	X509_gmtime_adj(X509_getm_notAfter(id.cert), -5);
	reload_warn_expiry(&id, "cert.pem", &said);
	log = unit_read("log");
	ck_assert_ptr_nonnull(strstr(log, "ended on"));
	free(log);
	identity_free(&id);
}
END_TEST

START_TEST(not_yet)
{
	struct names n = { .cn = "x", .count = 0 };
	struct identity id = { .key = issue_key("ec:P-256", NULL) };
	char *log;
	int said = 0;

	log_open("log", LOG_LEVEL_WARN, false);
	id.cert = issue_cert(id.key, &n, 300, NULL);
	X509_gmtime_adj(X509_getm_notBefore(id.cert), 1000);
	reload_warn_expiry(&id, "cert.pem", &said);
	log = unit_read("log");
	ck_assert_ptr_nonnull(strstr(log, "is not valid before"));
	free(log);
	unlink("log");
	reload_warn_expiry(&id, "cert.pem", &said);
	ck_assert_int_eq(access("log", F_OK), -1);
	identity_free(&id);
}
END_TEST

/* The chain is put in order whatever the file's, and the leaf found. */
START_TEST(p12_chain)
{
	struct passwords pws = { .count = 1,
		.list[0] = { PASSWORD_FILE, "s\xc3\xa9" "cret" } };
	struct names n = { .cn = "leaf", .count = 0 }, other = { .cn = "o" };
	EVP_PKEY *key = issue_key("ec:P-256", NULL);
	EVP_PKEY *key2 = issue_key("ec:P-256", NULL);
	X509 *leaf = issue_cert(key, &n, 1, NULL);
	X509 *more = issue_cert(key2, &other, 1, NULL);
	STACK_OF(X509) *chain = sk_X509_new_null();
	struct load l;
	struct fail f = { 0 };
	int compat;

	sk_X509_push(chain, more);
	for (compat = 0; compat < 2; compat++) {
		struct buf out = { 0 };

		ck_assert_int_eq(pkcs12_make(leaf, key, chain, &pws.list[0],
		    compat, &out, &f), 0);
		ck_assert(load_is_pkcs12(&out));
		ck_assert_int_eq(load_parse(&out, "x", LOAD_CERTS | LOAD_KEY,
		    &pws, &l, &f), 0);
		ck_assert_int_eq(sk_X509_num(l.certs), 2);
		ck_assert_int_eq(X509_cmp(sk_X509_value(l.certs, 0), leaf),
		    0);
		ck_assert_int_eq(EVP_PKEY_eq(l.key, key), 1);
		load_free(&l);
		buf_free(&out);
	}
	sk_X509_pop_free(chain, X509_free);
	X509_free(leaf);
	EVP_PKEY_free(key);
	EVP_PKEY_free(key2);
}
END_TEST

START_TEST(weak)
{
	struct tlsconf c = conf;
	struct names n = { .cn = "x", .count = 0 };
	struct identity id = { .cert = NULL };
	struct fail f = { 0 };
	struct password pw;
	struct store s;

	c.profile = &strict;
	c.min_version = TLS_1_2;
	id.key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	id.cert = issue_cert(id.key, &n, 1, NULL);
	ck_assert_int_eq(store_open(&s, "d", NULL), 0);
	ck_assert_int_eq(password_for_new(&conf, &s, &pw, NULL), 0);
	ck_assert_int_eq(pair_put(&s, &id, &pw, false, true, NULL), 0);
	ck_assert_int_eq(store_commit(&s, NULL), 0);
	store_close(&s);
	identity_free(&id);
	ck_assert_int_eq(identity_load(&c, &id, &f), -EKEYREJECTED);
	ck_assert_int_eq(f.reason, REASON_WEAK);
	ck_assert_ptr_nonnull(strstr(f.text, "RSA key of 1024 bits"));
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("identity");

	tcase_add_checked_fixture(tc, unit_setup, unit_clean);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, first_use);
	tcase_add_test(tc, named);
	tcase_add_test(tc, reloads);
	tcase_add_test(tc, keeps);
	tcase_add_loop_test(tc, expires, 0, sizeof expiry / sizeof expiry[0]);
	tcase_add_test(tc, not_yet);
	tcase_add_test(tc, p12_chain);
	tcase_add_test(tc, weak);
	return unit_run(tc);
}
