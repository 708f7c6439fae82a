/* SPDX-License-Identifier: Apache-2.0
 * check_verify: which certificates are good enough, in both roles. */
#include "pair.h"

#include "base/log.h"
#include "cert/describe.h"
#include "cert/peers.h"

static struct tlsconf client, server;
static struct pki ca, other_ca, good;
static char good_fp[DESCRIBE_FP];

static void
issue(const char *name, struct pki_want want)
{
	char cert[64], key[64];
	struct pki p = pki_make(want);

	snprintf(cert, sizeof cert, "%s.pem", name);
	snprintf(key, sizeof key, "%s.key", name);
	pki_write(cert, key, &p);
	pki_free(&p);
}

static void
make_files(void)
{
	unit_setup();
	ca = pki_make((struct pki_want){ .cn = "Good CA", .is_ca = true });
	other_ca = pki_make((struct pki_want){ .cn = "Other CA",
	    .is_ca = true });
	pki_write_cert("ca.pem", &ca);
	pki_write_cert("other-ca.pem", &other_ca);
	good = pki_make((struct pki_want){ .cn = "good", .ca = &ca });
	pki_write("good.pem", "good.key", &good);
	describe_spki(good.cert, good_fp);
	issue("expired", (struct pki_want){ .cn = "expired", .ca = &ca,
	    .begin = -30, .end = -1 });
	issue("early", (struct pki_want){ .cn = "early", .ca = &ca,
	    .begin = 2, .end = 30 });
	issue("foreign", (struct pki_want){ .cn = "foreign",
	    .ca = &other_ca });
	issue("self", (struct pki_want){ .cn = "self" });
	issue("named", (struct pki_want){ .cn = "named", .ca = &ca,
	    .san = "DNS:pacs.example.org,DNS:*.lab.example.org,IP:10.9.8.7" });
	issue("short", (struct pki_want){ .cn = "short", .ca = &ca,
	    .rsa = 1024 });
	pki_write_crl("crl.pem", &ca, NULL, 10);
	pki_write_crl("revoked.pem", &ca, good.cert, 10);
	pki_write_crl("old-crl.pem", &ca, NULL, -1);
	pki_write_crl("other-crl.pem", &other_ca, NULL, 10);
}

static void
clean_files(void)
{
	pki_free(&ca);
	pki_free(&other_ca);
	pki_free(&good);
	unit_clean();
}

static void
setup(void)
{
	log_open("none", LOG_LEVEL_ERROR, false);
	unlink(PEERS_FILE);
	client = server = pair_conf("good.pem", "good.key");
	client.ca = server.ca = "ca.pem";
}

static void
shake(struct pair *p, const char *name)
{
	pair_make(p, &client, &server, name);
	ck_assert_msg(p->client.engine != NULL, "%s", p->client.fail.text);
	ck_assert_msg(p->server.engine != NULL, "%s", p->server.fail.text);
	pair_shake(p, SIZE_MAX);
}

/* One conf is one context for good: each case has its own. */
static struct tlsconf *
fresh(const struct tlsconf *conf)
{
	struct tlsconf *c = malloc(sizeof *c);

	*c = *conf;
	return c;
}

static void
connects(const char *name, bool does)
{
	struct engine_info info;
	struct pair p;

	pair_make(&p, fresh(&client), fresh(&server), name);
	pair_shake(&p, SIZE_MAX);
	ck_assert_msg((p.client.r == 0 && p.server.r == 0) == does, "%s: %s "
	    "/ %s", name != NULL ? name : "", pair_why(&p.client)->text,
	    pair_why(&p.server)->text);
	if (does && client.verify[ROLE_CLIENT] == VERIFY_CA) {
		ops->info(p.client.engine, &info);
		ck_assert_str_eq(info.verified, "ca");
	}
	pair_free(&p);
}

/* By CA ------------------------------------------------------------------------- */

static const struct {
	const char *file, *key, *name, *crl;
	enum reason reason;
	const char *words[2];
} ca_cases[] = {
	{ "expired.pem", "expired.key", NULL, NULL, REASON_EXPIRED,
	    { "\"CN=expired\"", "renew it" } },
	{ "early.pem", "early.key", NULL, NULL, REASON_NOT_YET_VALID,
	    { "\"CN=early\"", "clocks" } },
	{ "foreign.pem", "foreign.key", NULL, NULL, REASON_UNTRUSTED,
	    { "CN=foreign", "DICOMTLS_CA" } },
	{ "self.pem", "self.key", NULL, NULL, REASON_UNTRUSTED,
	    { "CN=self", "pin its key SHA-256 " } },
	{ "named.pem", "named.key", NULL, NULL, REASON_NAME_MISMATCH,
	    { "than its address", "CN=named" } },
	{ "named.pem", "named.key", "ris.example.org", NULL,
	    REASON_NAME_MISMATCH, { "than ris.example.org", "name =" } },
	{ "named.pem", "named.key", "10.9.8.6", NULL, REASON_NAME_MISMATCH,
	    { "than 10.9.8.6", "CN=named" } },
	{ "short.pem", "short.key", NULL, NULL, REASON_WEAK,
	    { "CN=short", "a new one" } },
	{ "good.pem", "good.key", NULL, "revoked.pem", REASON_REVOKED,
	    { "CN=good", "revoked" } },
	{ "good.pem", "good.key", NULL, "old-crl.pem", REASON_UNTRUSTED,
	    { "old-crl.pem", "CRL has expired" } },
	{ "good.pem", "good.key", NULL, "other-crl.pem", REASON_UNTRUSTED,
	    { "other-crl.pem", "revocation list" } },
};

/* The server's certificate is looked at by the client. */
START_TEST(ca_refuses)
{
	struct pair p;

	client.verify[ROLE_CLIENT] = VERIFY_CA;
	client.crl = ca_cases[_i].crl;
	server.cert = ca_cases[_i].file;
	server.key = ca_cases[_i].key;
	/* A server that would not use such a key itself. */
	if (strcmp(server.cert, "short.pem") == 0)
		pair_profile(&server, "legacy");
	if (strcmp(server.cert, "short.pem") == 0)
		client.max_version = TLS_1_2;
	shake(&p, ca_cases[_i].name);
	ck_assert_int_eq(p.client.r, -ECONNRESET);
	pair_failed(&p.client, ca_cases[_i].reason, ca_cases[_i].words[0]);
	pair_failed(&p.client, ca_cases[_i].reason, ca_cases[_i].words[1]);
	pair_failed(&p.client, ca_cases[_i].reason, "127.0.0.1:2762");
	ck_assert_int_ne(pair_why(&p.server)->reason, REASON_NONE);
	pair_free(&p);
}
END_TEST

START_TEST(ca_accepts)
{
	client.verify[ROLE_CLIENT] = VERIFY_CA;
	connects(NULL, true);
	connects("localhost", true);
	connects("LOCALHOST", true);
	client.crl = "crl.pem";
	connects(NULL, true);
	server.cert = "named.pem";
	server.key = "named.key";
	connects("pacs.example.org", true);
	connects("pacs.example.org.", true);
	connects("ct1.lab.example.org", true);
	connects("10.9.8.7", true);
	connects("a.b.lab.example.org", false);
	connects("lab.example.org", false);
	connects("localhost", false);
	/* The file's name wins over what the program asked for. */
	client.name = "pacs.example.org";
	connects("localhost", true);
	client.name = "ris.example.org";
	connects("pacs.example.org", false);
}
END_TEST

START_TEST(ca_of_clients)
{
	server.verify[ROLE_SERVER] = VERIFY_CA;
	connects(NULL, false);
	client.client_cert = true;
	connects(NULL, true);
	client.cert = "foreign.pem";
	client.key = "foreign.key";
	connects(NULL, false);
	client.cert = "named.pem";
	client.key = "named.key";
	/* A client's name is not looked at, unless one is asked for. */
	connects(NULL, true);
	server.name = "pacs.example.org";
	connects(NULL, true);
	server.name = "ris.example.org";
	connects(NULL, false);
}
END_TEST

START_TEST(none_takes_anything)
{
	static const char *const files[] = { "expired", "early", "foreign",
		"self", "named" };
	char cert[64], key[64];
	size_t i;

	for (i = 0; i < 5; i++) {
		snprintf(cert, sizeof cert, "%s.pem", files[i]);
		snprintf(key, sizeof key, "%s.key", files[i]);
		server.cert = cert;
		server.key = key;
		connects("elsewhere.example.org", true);
	}
}
END_TEST

/* By pin ------------------------------------------------------------------------ */

START_TEST(pin)
{
	char pins[200];
	struct pair p;

	client.verify[ROLE_CLIENT] = VERIFY_PIN;
	snprintf(pins, sizeof pins, "%064d,%s", 0, good_fp);
	client.pins = pins;
	connects("whatever", true);
	snprintf(pins, sizeof pins, "%s,%064d", good_fp, 1);
	connects("whatever", true);
	snprintf(pins, sizeof pins, "%064d,%064d", 0, 1);
	connects("whatever", false);
	client.pins = NULL;
	connects("whatever", false);
	shake(&p, NULL);
	pair_failed(&p.client, REASON_PIN_MISMATCH, good_fp);
	pair_failed(&p.client, REASON_PIN_MISMATCH, "127.0.0.1:2762");
	pair_failed(&p.client, REASON_PIN_MISMATCH, "trust add "
	    "127.0.0.1:2762 ");
	pair_free(&p);
	/* The command does what the sentence says. */
	ck_assert_int_eq(peers_add(unit_dir, "127.0.0.1:2762", good_fp, NULL,
	    false, NULL), 1);
	connects(NULL, true);
}
END_TEST

START_TEST(pin_of_clients)
{
	struct pair p;

	server.verify[ROLE_SERVER] = VERIFY_PIN;
	server.pins = good_fp;
	client.client_cert = true;
	connects(NULL, true);
	client.cert = "self.pem";
	client.key = "self.key";
	connects(NULL, false);
	shake(&p, NULL);
	pair_failed(&p.server, REASON_PIN_MISMATCH, "127.0.0.9:40000");
	pair_failed(&p.server, REASON_PIN_MISMATCH, "trust add 127.0.0.9 ");
	pair_free(&p);
}
END_TEST

START_TEST(pin_without_client_certificate)
{
	struct pair p;

	server.verify[ROLE_SERVER] = VERIFY_PIN;
	server.pins = good_fp;
	shake(&p, NULL);
	pair_failed(&p.server, REASON_UNTRUSTED, "showed no certificate");
	pair_free(&p);
}
END_TEST

/* By first use ------------------------------------------------------------------ */

static const char *
known(void)
{
	static char text[1 << 16];
	char *t = unit_read(PEERS_FILE);

	snprintf(text, sizeof text, "%s", t);
	free(t);
	return text;
}

START_TEST(tofu_remembers)
{
	struct pair p;
	char line[200];

	client.verify[ROLE_CLIENT] = VERIFY_TOFU;
	server.max_version = _i == 0 ? TLS_1_3 : TLS_1_2;
	connects("Pacs.example.org", true);
	snprintf(line, sizeof line, "Pacs.example.org:2762 sha256:%s",
	    good_fp);
	ck_assert_ptr_nonnull(strstr(known(), line));
	connects("pacs.example.org", true);
	/* By address it is another peer. */
	connects(NULL, true);
	ck_assert_ptr_nonnull(strstr(known(), "\n127.0.0.1:2762 sha256:"));
	server.cert = "self.pem";
	server.key = "self.key";
	connects("pacs.example.org", false);
	shake(&p, NULL);
	pair_failed(&p.client, REASON_PIN_MISMATCH, good_fp);
	pair_failed(&p.client, REASON_PIN_MISMATCH,
	    "known_peers, line ");
	pair_failed(&p.client, REASON_PIN_MISMATCH, "--also` accepts it");
	pair_free(&p);
	/* A refused key is not remembered. */
	ck_assert_ptr_null(strstr(known(), "CN=self"));
}
END_TEST

START_TEST(tofu_accepted_again)
{
	struct pki p = pki_make((struct pki_want){ .cn = "new" });
	char fp[DESCRIBE_FP];

	client.verify[ROLE_CLIENT] = VERIFY_TOFU;
	connects(NULL, true);
	pki_write("new.pem", "new.key", &p);
	describe_spki(p.cert, fp);
	pki_free(&p);
	server.cert = "new.pem";
	server.key = "new.key";
	connects(NULL, false);
	ck_assert_int_eq(peers_add(unit_dir, "127.0.0.1:2762", fp, NULL,
	    true, NULL), 1);
	connects(NULL, true);
	server.cert = "good.pem";
	server.key = "good.key";
	connects(NULL, true);
}
END_TEST

START_TEST(tofu_of_clients)
{
	struct pair p;

	server.verify[ROLE_SERVER] = VERIFY_TOFU;
	client.client_cert = true;
	connects(NULL, true);
	ck_assert_ptr_nonnull(strstr(known(), "\n127.0.0.9 sha256:"));
	client.cert = "self.pem";
	client.key = "self.key";
	shake(&p, NULL);
	pair_failed(&p.server, REASON_PIN_MISMATCH, "trust add 127.0.0.9 ");
	pair_free(&p);
}
END_TEST

/* A stolen certificate: nothing is remembered before its owner has proved that
 * it has the key. */
START_TEST(tofu_wants_proof)
{
	struct pair p;
	int i;

	client.verify[ROLE_CLIENT] = VERIFY_TOFU;
	server.max_version = _i == 0 ? TLS_1_3 : TLS_1_2;
	pair_make(&p, &client, &server, NULL);
	pair_turn(&p.client, SIZE_MAX);
	pair_turn(&p.server, SIZE_MAX);
	/* All but the last flight's tail, where the proof is. */
	p.client.in.tail -= _i == 0 ? 60 : 20;
	for (i = 0; i < 3; i++)
		pair_turn(&p.client, SIZE_MAX);
	ck_assert_int_eq(p.client.r, -EAGAIN);
	ck_assert_int_ne(access(PEERS_FILE, F_OK), 0);
	pair_free(&p);
}
END_TEST

/* What cannot be remembered is not trusted: the next time would be a first
 * one again. */
START_TEST(tofu_cannot_write)
{
	struct pair p;

	client.verify[ROLE_CLIENT] = VERIFY_TOFU;
	client.dir = "/proc/1/no-such-folder";
	shake(&p, NULL);
	ck_assert_int_lt(p.client.r, 0);
	ck_assert_int_ne(p.client.r, -EAGAIN);
	ck_assert_int_ne(pair_why(&p.client)->reason, REASON_NONE);
	ck_assert_int_lt(ops->handshake(p.client.engine), 0);
	pair_free(&p);
}
END_TEST

START_TEST(tofu_bad_file)
{
	struct pair p;

	client.verify[ROLE_CLIENT] = VERIFY_TOFU;
	unit_write(PEERS_FILE, "# comment\nnonsense here\n");
	shake(&p, NULL);
	pair_failed(&p.client, REASON_UNTRUSTED, "line 2");
	pair_free(&p);
}
END_TEST

/* Between the look and the line another process met the peer differently. */
START_TEST(tofu_race)
{
	struct pair p;
	char fp[DESCRIBE_FP];

	client.verify[ROLE_CLIENT] = VERIFY_TOFU;
	server.max_version = TLS_1_2;
	pair_make(&p, &client, &server, NULL);
	pair_turn(&p.client, SIZE_MAX);
	pair_turn(&p.server, SIZE_MAX);
	pair_turn(&p.client, SIZE_MAX);
	ck_assert_int_eq(p.client.r, -EAGAIN);
	snprintf(fp, sizeof fp, "%064d", 7);
	ck_assert_int_eq(peers_add(unit_dir, "127.0.0.1:2762", fp, NULL,
	    false, NULL), 1);
	pair_shake(&p, SIZE_MAX);
	pair_failed(&p.client, REASON_PIN_MISMATCH, "known by another key");
	pair_free(&p);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("verify");

	tcase_add_unchecked_fixture(tc, make_files, clean_files);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, ca_refuses, 0,
	    sizeof ca_cases / sizeof ca_cases[0]);
	tcase_add_test(tc, ca_accepts);
	tcase_add_test(tc, ca_of_clients);
	tcase_add_test(tc, none_takes_anything);
	tcase_add_test(tc, pin);
	tcase_add_test(tc, pin_of_clients);
	tcase_add_test(tc, pin_without_client_certificate);
	tcase_add_loop_test(tc, tofu_remembers, 0, 2);
	tcase_add_test(tc, tofu_accepted_again);
	tcase_add_test(tc, tofu_of_clients);
	tcase_add_loop_test(tc, tofu_wants_proof, 0, 2);
	tcase_add_test(tc, tofu_cannot_write);
	tcase_add_test(tc, tofu_bad_file);
	tcase_add_test(tc, tofu_race);
	return unit_run(tc);
}
