/* SPDX-License-Identifier: Apache-2.0
 * check_context: certificates that change while the program runs, or end. */
#include "pair.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include <openssl/ssl.h>

#include "base/log.h"
#include "engine/context.h"

static struct tlsconf client, server;

static void
put_pair(const char *cn, int days)
{
	struct pki p = pki_make((struct pki_want){ .cn = cn, .end = days });

	pki_write("cert.pem", "key.pem", &p);
	pki_free(&p);
}

static void
setup(void)
{
	unit_setup();
	log_open("log", LOG_LEVEL_INFO, false);
	put_pair("first", 300);
	client = server = pair_conf("cert.pem", "key.pem");
}

static void
shows(const char *subject)
{
	struct engine_info info;
	struct pair p;

	pair_open(&p, &client, &server);
	ops->info(p.client.engine, &info);
	ck_assert_str_eq(info.subject, subject);
	pair_free(&p);
}

/* How often WORDS are in the log. */
static int
said(const char *words)
{
	char *text, *at;
	int n = 0;

	if (access("log", F_OK) < 0)
		return 0;
	text = unit_read("log");
	for (at = text; (at = strstr(at, words)) != NULL; at++)
		n++;
	free(text);
	return n;
}

START_TEST(one_context_for_each)
{
	SSL_CTX *a = context_get(&server, ROLE_SERVER, NULL);
	SSL_CTX *b = context_get(&server, ROLE_SERVER, NULL);
	SSL_CTX *c = context_get(&server, ROLE_CLIENT, NULL);
	SSL_CTX *d = context_get(&client, ROLE_SERVER, NULL);

	ck_assert_ptr_nonnull(a);
	ck_assert_ptr_eq(a, b);
	ck_assert_ptr_ne(a, c);
	ck_assert_ptr_ne(a, d);
	SSL_CTX_free(a);
	SSL_CTX_free(b);
	SSL_CTX_free(c);
	SSL_CTX_free(d);
}
END_TEST

START_TEST(renewed)
{
	struct engine_info info;
	struct pair old;

	shows("CN=first");
	pair_open(&old, &client, &server);
	put_pair("second", 300);
	shows("CN=second");
	shows("CN=second");
	ck_assert_int_eq(said("took the changed certificate"), 1);
	/* A session that has begun goes on with what it has. */
	ops->info(old.client.engine, &info);
	ck_assert_str_eq(info.subject, "CN=first");
	pair_say(&old.client, "still there", 11);
	pair_say(&old.server, "so am I", 7);
	pair_free(&old);
}
END_TEST

/* A client's own certificate as well. */
START_TEST(renewed_client)
{
	struct engine_info info;
	struct pair p;

	client.client_cert = true;
	server.verify[ROLE_SERVER] = VERIFY_CA;
	server.ca = "cert.pem";
	pair_open(&p, &client, &server);
	pair_free(&p);
	put_pair("second", 300);
	/* The file of the trusted CAs is the same one, and changed too. */
	pair_open(&p, &client, &server);
	ops->info(p.server.engine, &info);
	ck_assert_str_eq(info.subject, "CN=second");
	pair_free(&p);
}
END_TEST

static void
half_written(void)
{
	unit_write("cert.pem", "-----BEGIN CERTIFICATE-----\nMIIB");
}

static void
of_another(void)
{
	struct pki p = pki_make((struct pki_want){ .cn = "another" });

	pki_write_cert("cert.pem", &p);
	pki_free(&p);
}

static void
gone(void)
{
	unlink("cert.pem");
}

static void
too_weak(void)
{
	struct pki p = pki_make((struct pki_want){ .cn = "weak",
	    .rsa = 1024 });

	pki_write("cert.pem", "key.pem", &p);
	pki_free(&p);
}

/* A pair that cannot be used is said once; the old one goes on, and a good
 * one comes into use when it is there. */
START_TEST(bad_renewal)
{
	static void (*const spoil[])(void) = { half_written, of_another,
		gone, too_weak };
	int i;

	shows("CN=first");
	spoil[_i]();
	for (i = 0; i < 3; i++)
		shows("CN=first");
	ck_assert_int_eq(said("the ones of before stay in use"), 1);
	put_pair("third", 300);
	shows("CN=third");
}
END_TEST

/* Missing at the first handshake is a failure, and heals by itself. */
START_TEST(late)
{
	struct pair p;

	unlink("cert.pem");
	pair_make(&p, &client, &server, NULL);
	ck_assert_ptr_null(p.server.engine);
	pair_failed(&p.server, REASON_CERTIFICATE, "cert.pem");
	pair_free(&p);
	put_pair("at last", 300);
	shows("CN=at last");
}
END_TEST

START_TEST(first_use_is_no_change)
{
	server.cert = "own/cert.pem";
	server.key = "own/key.pem";
	server.dir = "own";
	server.own_files = true;
	unit_write("password", "secret\n");
	chmod("password", 0600);
	server.password_file = "password";
	mkdir("own", 0700);
	ck_assert_int_eq(ops->prepare(&server, ROLE_SERVER, NULL), 0);
	ck_assert_int_eq(ops->prepare(&server, ROLE_SERVER, NULL), 0);
	ck_assert_int_eq(said("made a self-signed"), 1);
	ck_assert_int_eq(said("took the changed certificate"), 0);
}
END_TEST

/* Lists of revoked certificates are renewed every few days. */
START_TEST(new_revocation_list)
{
	struct pki ca = pki_make((struct pki_want){ .cn = "CA",
	    .is_ca = true });
	struct pki leaf = pki_make((struct pki_want){ .ca = &ca });
	struct pair p;

	pki_write_cert("ca.pem", &ca);
	pki_write("leaf.pem", "leaf.key", &leaf);
	pki_write_crl("crl.pem", &ca, NULL, 10);
	server.cert = "leaf.pem";
	server.key = "leaf.key";
	client.verify[ROLE_CLIENT] = VERIFY_CA;
	client.ca = "ca.pem";
	client.crl = "crl.pem";
	pair_open(&p, &client, &server);
	pair_free(&p);
	pki_write_crl("crl.new", &ca, leaf.cert, 10);
	ck_assert_int_eq(rename("crl.new", "crl.pem"), 0);
	pair_make(&p, &client, &server, NULL);
	pair_shake(&p, SIZE_MAX);
	pair_failed(&p.client, REASON_REVOKED, "revoked");
	pair_free(&p);
	/* One that cannot be read does not make trust of distrust. */
	unit_write("crl.pem", "nonsense");
	pair_make(&p, &client, &server, NULL);
	pair_shake(&p, SIZE_MAX);
	pair_failed(&p.client, REASON_REVOKED, "revoked");
	pair_free(&p);
	ck_assert_int_eq(said("what was read before stays in use"), 1);
	pki_free(&ca);
	pki_free(&leaf);
}
END_TEST

/* Once, although two contexts show it. */
START_TEST(near_its_end)
{
	static const struct {
		int begin, end;
		const char *words;
	} cases[] = {
		{ 0, 59, "our certificate cert.pem ends in 5" },
		{ 0, 29, "our certificate cert.pem ends in 2" },
		{ 0, 6, "our certificate cert.pem ends in " },
		{ -10, -1, "our certificate cert.pem ended on " },
	};
	struct pki p = pki_make((struct pki_want){ .cn = "short",
	    .begin = cases[_i].begin, .end = cases[_i].end });

	pki_write("cert.pem", "key.pem", &p);
	pki_free(&p);
	client.client_cert = true;
	shows("CN=short");
	shows("CN=short");
	ck_assert_int_eq(said(cases[_i].words), 1);
	ck_assert_int_eq(said("dicomtls-certtool renew"), 1);
	put_pair("renewed", 300);
	shows("CN=renewed");
	ck_assert_int_eq(said("dicomtls-certtool renew"), 1);
}
END_TEST

START_TEST(not_valid_yet)
{
	struct pki p = pki_make((struct pki_want){ .cn = "early",
	    .begin = 3, .end = 300 });

	pki_write("cert.pem", "key.pem", &p);
	pki_free(&p);
	shows("CN=early");
	shows("CN=early");
	ck_assert_int_eq(said("is not valid before"), 1);
}
END_TEST

static atomic_bool over;

static void *
handshakes(void *arg)
{
	struct pair p;
	int i;

	(void)arg;
	for (i = 0; i < 60; i++) {
		pair_open(&p, &client, &server);
		pair_say(&p.client, "hello", 5);
		pair_free(&p);
	}
	return NULL;
}

static void *
renewals(void *arg)
{
	char cn[16];
	int i;

	(void)arg;
	for (i = 0; !atomic_load(&over); i++) {
		snprintf(cn, sizeof cn, "n%d", i);
		put_pair(cn, 300);
		usleep(2000);
	}
	return NULL;
}

/* Certificate and key change one after the other: in between they do not
 * fit, and nobody may notice. */
START_TEST(renewed_under_load)
{
	pthread_t threads[3], renewer;
	int i;

	log_open("none", LOG_LEVEL_ERROR, false);
	shows("CN=first");
	pthread_create(&renewer, NULL, renewals, NULL);
	for (i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, handshakes, NULL);
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&over, true);
	pthread_join(renewer, NULL);
}
END_TEST

static void *
lookups(void *arg)
{
	SSL_CTX *ctx;

	(void)arg;
	while (!atomic_load(&over)) {
		ctx = context_get(&server, ROLE_SERVER, NULL);
		SSL_CTX_free(ctx);
	}
	return NULL;
}

/* A child never finds the cache locked by a thread that it has not. */
START_TEST(fork_beside_lookups)
{
	pthread_t thread;
	int i, status;
	pid_t pid;

	shows("CN=first");
	pthread_create(&thread, NULL, lookups, NULL);
	for (i = 0; i < 200; i++) {
		pid = fork();
		ck_assert_int_ge(pid, 0);
		if (pid == 0) {
			alarm(10);
			context_get(&server, ROLE_SERVER, NULL);
			_exit(0);
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_int_eq(status, 0);
	}
	atomic_store(&over, true);
	pthread_join(thread, NULL);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("context");

	tcase_add_checked_fixture(tc, setup, unit_clean);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, one_context_for_each);
	tcase_add_test(tc, renewed);
	tcase_add_test(tc, renewed_client);
	tcase_add_loop_test(tc, bad_renewal, 0, 4);
	tcase_add_test(tc, late);
	tcase_add_test(tc, first_use_is_no_change);
	tcase_add_test(tc, new_revocation_list);
	tcase_add_loop_test(tc, near_its_end, 0, 4);
	tcase_add_test(tc, not_valid_yet);
	tcase_add_test(tc, renewed_under_load);
	tcase_add_test(tc, fork_beside_lookups);
	return unit_run(tc);
}
