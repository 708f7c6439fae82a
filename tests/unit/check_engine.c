/* SPDX-License-Identifier: Apache-2.0
 * check_engine: two engines in memory, and what a peer may do to one. */
#include "pair.h"

#include <sys/wait.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/log.h"

static struct tlsconf client, server;

static void
make_files(void)
{
	struct pki rsa = pki_make((struct pki_want){ .rsa = 2048 });
	struct pki ec = pki_make((struct pki_want){ .rsa = 0 });

	unit_setup();
	pki_write("rsa.pem", "rsa.key", &rsa);
	pki_write("ec.pem", "ec.key", &ec);
	pki_free(&rsa);
	pki_free(&ec);
}

static void
setup(void)
{
	log_open("none", LOG_LEVEL_ERROR, false);
	client = server = pair_conf("rsa.pem", "rsa.key");
}

/* What is agreed -------------------------------------------------------------- */

static const struct {
	int version;
	const char *name;
} versions[] = {
	{ TLS_1_0, "TLSv1" }, { TLS_1_1, "TLSv1.1" },
	{ TLS_1_2, "TLSv1.2" }, { TLS_1_3, "TLSv1.3" },
};

/* As the policy has it for a minimum version that was lowered. */
static void
allow_old(struct tlsconf *conf)
{
	conf->min_version = TLS_1_0;
	conf->ciphers = "ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA";
	conf->widened = true;
}

/* _i: the client's only version, the server has all. */
START_TEST(version_of_client)
{
	struct engine_info info;
	struct pair p;

	allow_old(&server);
	allow_old(&client);
	client.min_version = client.max_version = versions[_i].version;
	pair_open(&p, &client, &server);
	ops->info(p.client.engine, &info);
	ck_assert_str_eq(info.version, versions[_i].name);
	ops->info(p.server.engine, &info);
	ck_assert_str_eq(info.version, versions[_i].name);
	pair_say(&p.client, "\1\0abcdef", 8);
	pair_say(&p.server, "\2\0ghijkl", 8);
	pair_free(&p);
}
END_TEST

START_TEST(version_of_server)
{
	struct engine_info info;
	struct pair p;

	allow_old(&client);
	allow_old(&server);
	server.min_version = server.max_version = versions[_i].version;
	pair_open(&p, &client, &server);
	ops->info(p.client.engine, &info);
	ck_assert_str_eq(info.version, versions[_i].name);
	pair_free(&p);
}
END_TEST

START_TEST(default_is_newest)
{
	struct engine_info info;
	struct pair p;

	pair_open(&p, &client, &server);
	ops->info(p.client.engine, &info);
	ck_assert_str_eq(info.version, "TLSv1.3");
	ck_assert_str_eq(info.verified, "none");
	ck_assert_str_eq(info.subject, "CN=localhost");
	ck_assert_uint_eq(strlen(info.fingerprint), 64);
	ops->info(p.server.engine, &info);
	ck_assert_str_eq(info.subject, "");
	ck_assert_str_eq(info.fingerprint, "");
	pair_free(&p);
}
END_TEST

/* Each profile with itself, at its newest and its oldest version. */
START_TEST(each_profile)
{
	const char *name = profile_at((size_t)_i / 2)->name;
	struct engine_info info;
	struct pair p;

	pair_profile(&client, name);
	pair_profile(&server, name);
	if (_i % 2 != 0)
		client.max_version = client.min_version;
	pair_open(&p, &client, &server);
	ops->info(p.client.engine, &info);
	if (strcmp(name, "null") == 0)
		ck_assert_str_eq(info.cipher, "NULL-SHA");
	else
		ck_assert_ptr_null(strstr(info.cipher, "NULL"));
	if (strcmp(name, "aes") == 0)
		ck_assert_str_eq(info.cipher, "AES128-SHA");
	if (client.max_version == TLS_1_2)
		ck_assert_str_eq(info.version, "TLSv1.2");
	pair_say(&p.client, "hello", 5);
	pair_say(&p.server, "world", 5);
	pair_free(&p);
}
END_TEST

START_TEST(elliptic_key)
{
	struct engine_info info;
	struct pair p;

	server.cert = "ec.pem";
	server.key = "ec.key";
	server.max_version = TLS_1_2;
	pair_open(&p, &client, &server);
	ops->info(p.client.engine, &info);
	ck_assert_ptr_nonnull(strstr(info.cipher, "ECDSA"));
	pair_free(&p);
}
END_TEST

static bool
hello_has(const struct pair *p, const char *word)
{
	return memmem(buf_head(&p->server.in), buf_len(&p->server.in), word,
	    strlen(word)) != NULL;
}

/* RFC 6066, 3: a host name without the last dot; never an address. */
START_TEST(server_name)
{
	static const struct {
		const char *name, *sent;
		bool is;
	} cases[] = {
		{ "pacs.example.org", "pacs.example.org", true },
		{ "pacs.example.org.", "pacs.example.org.", false },
		{ "pacs.example.org.", "pacs.example.org", true },
		{ "10.1.2.3", "10.1.2.3", false },
		{ "fd00::abcd", "fd00::abcd", false },
	};
	struct pair p;

	pair_make(&p, &client, &server, cases[_i].name);
	pair_turn(&p.client, SIZE_MAX);
	ck_assert_int_eq(hello_has(&p, cases[_i].sent), cases[_i].is);
	pair_free(&p);
}
END_TEST

/* Data ------------------------------------------------------------------------ */

START_TEST(handshake_in_pieces)
{
	static const size_t pieces[] = { 1, 2, 3, 5, 7, 64, 1000 };
	struct pair p;

	if (_i >= 7)
		server.max_version = TLS_1_2;
	pair_make(&p, &client, &server, NULL);
	pair_shake(&p, pieces[_i % 7]);
	ck_assert_int_eq(p.client.r, 0);
	ck_assert_int_eq(p.server.r, 0);
	pair_say(&p.client, "after", 5);
	pair_free(&p);
}
END_TEST

START_TEST(large)
{
	static char data[100000];
	struct pair p;
	size_t i;

	for (i = 0; i < sizeof data; i++)
		data[i] = (char)(i * 7 + i / 256);
	server.max_version = versions[2 + _i].version;
	pair_open(&p, &client, &server);
	pair_say(&p.client, data, sizeof data);
	pair_say(&p.server, data, sizeof data);
	pair_free(&p);
}
END_TEST

/* No byte of plaintext comes before its record is whole, all come then. */
START_TEST(record_split_at_every_byte)
{
	size_t cut, total;
	char got[64];
	struct pair p;

	server.max_version = versions[2 + _i].version;
	pair_open(&p, &client, &server);
	for (cut = 1;; cut++) {
		ck_assert_int_eq(ops->write(p.client.engine, "0123456789", 10),
		    10);
		total = buf_len(&p.server.in);
		if (cut >= total)
			break;
		p.server.limit = cut;
		ck_assert_int_eq(ops->read(p.server.engine, got, 64),
		    -EAGAIN);
		p.server.limit = SIZE_MAX;
		ck_assert_int_eq(ops->read(p.server.engine, got, 64), 10);
		ck_assert_mem_eq(got, "0123456789", 10);
	}
	ck_assert_uint_gt(cut, 20);
	pair_free(&p);
}
END_TEST

START_TEST(pending_tells_what_read_gives)
{
	bool closed;
	char got[64];
	struct pair p;

	pair_open(&p, &client, &server);
	ck_assert_int_eq(ops->pending(p.server.engine, true, &closed), 0);
	ops->write(p.client.engine, "0123456789", 10);
	ops->write(p.client.engine, "abc", 3);
	ck_assert_int_eq(ops->pending(p.server.engine, false, &closed), 0);
	ck_assert_int_eq(ops->pending(p.server.engine, true, &closed), 10);
	ck_assert_int_eq(ops->read(p.server.engine, got, 64), 10);
	/* Both records came at once: the second needs no wire. */
	ck_assert_int_eq(ops->pending(p.server.engine, false, &closed), 3);
	ck_assert_int_eq(ops->read(p.server.engine, got, 64), 3);
	ck_assert_int_eq(ops->pending(p.server.engine, false, &closed), 0);
	ck_assert(!closed);
	ops->close(p.client.engine);
	ck_assert_int_eq(ops->pending(p.server.engine, false, &closed), 0);
	ck_assert(!closed);
	ck_assert_int_eq(ops->pending(p.server.engine, true, &closed), 0);
	ck_assert(closed);
	pair_free(&p);
}
END_TEST

/* Ends ------------------------------------------------------------------------ */

START_TEST(close_notify)
{
	char got[64];
	struct pair p;
	size_t sent;

	server.max_version = versions[2 + _i].version;
	pair_open(&p, &client, &server);
	ops->write(p.client.engine, "last", 4);
	ck_assert_int_eq(ops->close(p.client.engine), 0);
	sent = p.client.sent;
	ck_assert_int_eq(ops->close(p.client.engine), 0);
	ck_assert_uint_eq(p.client.sent, sent);
	p.server.ended = true;
	ck_assert_int_eq(ops->read(p.server.engine, got, 64), 4);
	ck_assert_int_eq(ops->read(p.server.engine, got, 64), 0);
	ck_assert_int_eq(ops->read(p.server.engine, got, 64), 0);
	/* Half-closed: the other direction goes on. */
	ck_assert_int_eq(ops->write(p.server.engine, "more", 4), 4);
	ck_assert_int_eq(ops->read(p.client.engine, got, 64), 4);
	pair_free(&p);
}
END_TEST

/* Cut at every byte of a record: never a clean end, never a byte of it. */
START_TEST(truncation)
{
	char got[64];
	struct pair p;
	size_t cut;
	ssize_t r;

	pair_open(&p, &client, &server);
	ops->write(p.client.engine, "whole", 5);
	ck_assert_int_eq(ops->read(p.server.engine, got, 64), 5);
	ops->write(p.client.engine, "cut", 3);
	cut = (size_t)_i < buf_len(&p.server.in) ? (size_t)_i :
	    buf_len(&p.server.in) - 1;
	p.server.in.tail = p.server.in.head + cut;
	p.server.ended = true;
	r = ops->read(p.server.engine, got, 64);
	ck_assert_int_eq(r, cut == 0 ? -ENODATA : -ECONNRESET);
	ck_assert_int_eq(ops->read(p.server.engine, got, 64), r);
	if (cut > 0)
		pair_failed(&p.server, REASON_TRUNCATED, "inside a TLS record");
	pair_free(&p);
}
END_TEST

START_TEST(reset)
{
	char got[64];
	struct pair p;

	pair_open(&p, &client, &server);
	p.client.error = -ECONNRESET;
	ck_assert_int_eq(ops->read(p.client.engine, got, 64), -ECONNRESET);
	pair_failed(&p.client, REASON_RESET, "refused our certificate");
	pair_free(&p);
	pair_open(&p, &client, &server);
	pair_say(&p.server, "heard", 5);
	p.client.error = -ECONNRESET;
	ck_assert_int_eq(ops->read(p.client.engine, got, 64), -ECONNRESET);
	pair_failed(&p.client, REASON_RESET, "127.0.0.1:2762 reset the "
	    "connection: its log");
	pair_free(&p);
}
END_TEST

START_TEST(other_errors_of_the_wire)
{
	char got[64];
	struct pair p;

	pair_open(&p, &client, &server);
	p.client.error = -EHOSTUNREACH;
	ck_assert_int_eq(ops->read(p.client.engine, got, 64), -EHOSTUNREACH);
	pair_failed(&p.client, REASON_SYSTEM, "No route to host");
	pair_free(&p);
}
END_TEST

/* Hostile bytes ---------------------------------------------------------------- */

/* Any bit of a record may be turned: none is ever taken for good. */
START_TEST(tampered_record)
{
	char got[64];
	struct pair p;
	ssize_t n;

	server.max_version = versions[_i % 2 != 0 ? 3 : 2].version;
	pair_open(&p, &client, &server);
	ops->write(p.client.engine, "0123456789", 10);
	if ((size_t)_i / 2 >= buf_len(&p.server.in))
		goto out;
	buf_head(&p.server.in)[_i / 2] ^= (unsigned char)(1 << _i % 8);
	p.server.ended = true;
	n = ops->read(p.server.engine, got, 64);
	/* A longer length waits for more, and the end comes. */
	ck_assert_msg(n == -ECONNRESET || n == -ENODATA, "read: %zd", n);
	if (pair_why(&p.server)->reason != REASON_TRUNCATED)
		pair_failed(&p.server, REASON_RECORD, "tampered");
out:
	pair_free(&p);
}
END_TEST

/* A handshake with one bit turned, in either flight, ends without data and
 * without a crash. */
START_TEST(tampered_handshake)
{
	struct end *to;
	struct pair p;

	server.max_version = versions[2 + _i % 2].version;
	pair_make(&p, &client, &server, "localhost");
	pair_turn(&p.client, SIZE_MAX);
	to = &p.server;
	if (_i % 3 == 1) {
		pair_turn(&p.server, SIZE_MAX);
		to = &p.client;
	}
	buf_head(&to->in)[(size_t)_i * 37 % buf_len(&to->in)] ^= (unsigned
	    char)(1 << _i % 8);
	pair_shake(&p, SIZE_MAX);
	/* What is not covered by the handshake's hash is the record header's
	 * version alone (RFC 8446, 5.1: ignored). */
	if (p.client.r == 0 && p.server.r == 0)
		pair_say(&p.client, "equal", 5);
	else
		ck_assert(p.client.r < 0 || p.server.r < 0);
	pair_free(&p);
}
END_TEST

START_TEST(noise)
{
	struct end *to;
	unsigned char data[4096];
	struct pair p;
	size_t i, len = 1 + (size_t)_i * 13 % sizeof data;
	unsigned seed = (unsigned)_i * 2654435761u + 1;

	pair_make(&p, &client, &server, NULL);
	to = _i % 2 != 0 ? &p.client : &p.server;
	for (i = 0; i < len; i++)
		data[i] = (unsigned char)(rand_r(&seed) >> 3);
	if (_i % 3 == 0)
		memcpy(data, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		    len < 11 ? len : 11);
	ck_assert_int_eq(buf_append(&to->in, data, len), 0);
	to->ended = true;
	pair_turn(to, SIZE_MAX);
	ck_assert_int_lt(to->r, 0);
	ck_assert_int_ne(to->r, -EAGAIN);
	pair_free(&p);
}
END_TEST

START_TEST(plaintext)
{
	static const unsigned char rq[] = { 1, 0, 0, 0, 0, 68, 0, 1 };
	struct pair p;

	pair_make(&p, &client, &server, NULL);
	ck_assert_int_eq(buf_append(&p.server.in, rq, sizeof rq), 0);
	pair_turn(&p.server, SIZE_MAX);
	ck_assert_int_eq(p.server.r, -ECONNRESET);
	pair_failed(&p.server, REASON_RECORD, "127.0.0.9:40000");
	pair_free(&p);
}
END_TEST

/* A client that offers a suite that no OpenSSL has: its number is told. */
START_TEST(unknown_suites)
{
	static const unsigned char hello[] = {
		0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, 3,
		1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8,
		1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8,
		0, 0, 2, 0x5a, 0x5b, 1, 0
	};
	struct pair p;

	pair_make(&p, &client, &server, NULL);
	ck_assert_int_eq(buf_append(&p.server.in, hello, sizeof hello), 0);
	pair_turn(&p.server, SIZE_MAX);
	ck_assert_int_eq(p.server.r, -ECONNRESET);
	pair_failed(&p.server, REASON_NO_SHARED_CIPHER, "offered 0x5A5B)");
	pair_free(&p);
}
END_TEST

/* The default limit of OpenSSL is 100 kB: a chain of 16 MB is not read. */
START_TEST(endless_chain)
{
	struct pki ca = pki_make((struct pki_want){ .is_ca = true });
	char *pem, *leaf;
	FILE *f;
	int i;
	struct pair p;

	pki_write_cert("ca.pem", &ca);
	pem = unit_read("ca.pem");
	leaf = unit_read("rsa.pem");
	f = fopen("long.pem", "w");
	fputs(leaf, f);
	for (i = 0; i < 400; i++)
		fputs(pem, f);
	fclose(f);
	server.cert = "long.pem";
	pair_make(&p, &client, &server, NULL);
	ck_assert_msg(p.server.engine != NULL, "%s", p.server.fail.text);
	pair_shake(&p, SIZE_MAX);
	ck_assert_int_eq(p.client.r, -ECONNRESET);
	pair_failed(&p.client, REASON_RECORD, "excessive message size");
	pair_free(&p);
	free(pem);
	free(leaf);
	pki_free(&ca);
}
END_TEST

/* What is not agreed ------------------------------------------------------------ */

START_TEST(no_version)
{
	struct pair p;

	if (_i == 0) {
		client.min_version = TLS_1_3;
		server.max_version = TLS_1_2;
	} else {
		client.max_version = TLS_1_2;
		server.min_version = TLS_1_3;
	}
	pair_make(&p, &client, &server, NULL);
	pair_shake(&p, SIZE_MAX);
	pair_failed(&p.client, REASON_VERSION, _i == 0 ? "ours is TLS 1.3 to "
	    "1.3" : "ours is TLS 1.2 to 1.2");
	pair_failed(&p.server, REASON_VERSION, "127.0.0.9:40000");
	pair_failed(&p.server, REASON_VERSION, "DICOMTLS_MAX_VERSION");
	pair_free(&p);
}
END_TEST

START_TEST(no_cipher)
{
	struct pair p;

	client.max_version = TLS_1_2;
	client.ciphers = "ECDHE-RSA-AES128-GCM-SHA256";
	server.ciphers = "ECDHE-RSA-AES256-GCM-SHA384";
	pair_make(&p, &client, &server, NULL);
	pair_shake(&p, SIZE_MAX);
	pair_failed(&p.client, REASON_NO_SHARED_CIPHER, "AES128");
	pair_failed(&p.server, REASON_NO_SHARED_CIPHER,
	    "it offered ECDHE-RSA-AES128-GCM-SHA256");
	pair_failed(&p.server, REASON_NO_SHARED_CIPHER,
	    "put one of these into DICOMTLS_CIPHERS");
	pair_failed(&p.server, REASON_NO_SHARED_CIPHER, "PROFILE=bcp195 has");
	pair_failed(&p.client, REASON_NO_SHARED_CIPHER, "dicomtls probe");
	pair_free(&p);
}
END_TEST

/* However much is said of the suites, the cure is still there. */
START_TEST(cure_is_not_cut)
{
	struct pair p;

	client.ciphers = server.ciphers = "ALL:!aNULL:!AES256";
	client.max_version = TLS_1_2;
	server.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384:"
	    "ECDHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES256-GCM-SHA384:"
	    "ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384:"
	    "DHE-RSA-AES256-SHA256:ECDHE-ECDSA-AES256-SHA";
	pair_make(&p, &client, &server, NULL);
	pair_shake(&p, SIZE_MAX);
	pair_failed(&p.server, REASON_NO_SHARED_CIPHER, "DICOMTLS_PROFILE=");
	pair_failed(&p.client, REASON_NO_SHARED_CIPHER,
	    "which DICOMTLS_PROFILE would");
	pair_free(&p);
}
END_TEST

/* Before TLS 1.3 there is no alert that says it: the request is remembered. */
START_TEST(client_certificate_wanted)
{
	char got[64];
	struct pair p;

	server.verify[ROLE_SERVER] = VERIFY_PIN;
	server.max_version = versions[2 + _i].version;
	pair_make(&p, &client, &server, NULL);
	pair_shake(&p, SIZE_MAX);
	if (p.client.r == 0)
		ck_assert_int_eq(ops->read(p.client.engine, got, 64),
		    -ECONNRESET);
	pair_failed(&p.client, REASON_CLIENT_CERT_WANTED,
	    "DICOMTLS_CLIENT_CERT=yes");
	pair_failed(&p.server, REASON_UNTRUSTED, "showed no certificate");
	pair_free(&p);
}
END_TEST

START_TEST(reset_after_request)
{
	char got[64];
	struct pair p;

	server.verify[ROLE_SERVER] = VERIFY_PIN;
	pair_make(&p, &client, &server, NULL);
	pair_turn(&p.client, SIZE_MAX);
	pair_turn(&p.server, SIZE_MAX);
	pair_turn(&p.client, SIZE_MAX);
	ck_assert_int_eq(p.client.r, 0);
	p.client.error = -ECONNRESET;
	ck_assert_int_eq(ops->read(p.client.engine, got, 64), -ECONNRESET);
	pair_failed(&p.client, REASON_CLIENT_CERT_WANTED,
	    "DICOMTLS_CLIENT_CERT=yes");
	pair_free(&p);
}
END_TEST

START_TEST(our_certificate_refused)
{
	char got[64];
	struct pair p;

	client.client_cert = true;
	server.verify[ROLE_SERVER] = VERIFY_CA;
	server.ca = "ec.pem";
	server.max_version = versions[2 + _i].version;
	pair_make(&p, &client, &server, NULL);
	pair_shake(&p, SIZE_MAX);
	if (p.client.r == 0)
		ck_assert_int_eq(ops->read(p.client.engine, got, 64),
		    -ECONNRESET);
	pair_failed(&p.client, REASON_REFUSED, "refused our certificate");
	pair_failed(&p.client, REASON_REFUSED, "let it trust rsa.pem");
	pair_failed(&p.server, REASON_UNTRUSTED, "CN=localhost");
	pair_free(&p);
}
END_TEST

/* The program's own OpenSSL ----------------------------------------------------- */

static void
queue_errors(void)
{
	ERR_clear_error();
	ERR_raise_data(ERR_LIB_USER, 77, "the first of the program's");
	ERR_raise(ERR_LIB_SYS, ENOENT);
}

static void
check_errors(void)
{
	const char *file, *func, *data;
	int line, flags;

	ck_assert_int_eq(ERR_GET_REASON(ERR_get_error_all(&file, &line, &func,
	    &data, &flags)), 77);
	ck_assert_str_eq(data, "the first of the program's");
	ck_assert_str_eq(func, "queue_errors");
	ck_assert_int_gt(line, 0);
	ck_assert_int_eq(ERR_GET_REASON(ERR_peek_error()), ENOENT);
	ck_assert_int_eq(ERR_GET_LIB(ERR_get_error()), ERR_LIB_SYS);
	ck_assert_uint_eq(ERR_get_error(), 0);
}

/* The queue is as it was after every call, good or bad. */
START_TEST(error_queue_kept)
{
	bool closed;
	char got[64];
	struct pair p;

	queue_errors();
	ck_assert_int_eq(ops->prepare(&server, ROLE_SERVER, NULL), 0);
	check_errors();
	queue_errors();
	pair_open(&p, &client, &server);
	check_errors();
	queue_errors();
	pair_say(&p.client, "hello", 5);
	check_errors();
	queue_errors();
	ops->pending(p.server.engine, true, &closed);
	check_errors();
	queue_errors();
	ops->close(p.server.engine);
	check_errors();
	queue_errors();
	ck_assert_int_eq(buf_append(&p.server.in, "garbage garbage", 15), 0);
	ck_assert_int_eq(ops->read(p.server.engine, got, 64), -ECONNRESET);
	check_errors();
	pair_failed(&p.server, REASON_RECORD, "127.0.0.9:40000");
	pair_free(&p);
}
END_TEST

START_TEST(error_queue_left_empty)
{
	struct tlsconf missing = server;
	char got[64];
	struct pair p;

	pair_open(&p, &client, &server);
	ck_assert_int_eq(buf_append(&p.server.in, "garbage garbage", 15), 0);
	ck_assert_int_eq(ops->read(p.server.engine, got, 64), -ECONNRESET);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	pair_free(&p);
	missing.cert = "missing.pem";
	ck_assert_int_lt(ops->prepare(&missing, ROLE_SERVER, NULL), 0);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

/* An old error of the program's is not taken for the reason. */
START_TEST(foreign_error_is_no_reason)
{
	struct pair p;

	pair_make(&p, &client, &server, NULL);
	queue_errors();
	pair_shake(&p, SIZE_MAX);
	ck_assert_int_eq(p.client.r, 0);
	ck_assert_int_eq(p.server.r, 0);
	pair_free(&p);
	ERR_clear_error();
}
END_TEST

/* Settings of openssl.cnf that would break or weaken us; what must hold. */
static const struct {
	const char *settings;
} hostile[] = {
	{ "MinProtocol = TLSv1.3\nMaxProtocol = TLSv1.3\n" },
	{ "MinProtocol = None\nCipherString = ALL:eNULL:aNULL:@SECLEVEL=0\n" },
	{ "MaxProtocol = TLSv1.2\nCipherString = AES128-SHA\n" },
	{ "CipherString = ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=5\n" },
	{ "Ciphersuites = TLS_CHACHA20_POLY1305_SHA256\nGroups = P-521\n" },
	{ "SignatureAlgorithms = RSA+SHA1\nOptions = "
	    "UnsafeLegacyRenegotiation,UnsafeLegacyServerConnect,"
	    "SessionTicket,Compression\n" },
	{ "VerifyMode = Require\n" },
	{ "Options = -MiddleboxCompat,NoRenegotiation,-EncryptThenMac\n" },
};

static void
agrees_on(const struct tlsconf *both, const char *version, const char *cipher)
{
	struct engine_info info;
	struct pair p;

	pair_open(&p, both, both);
	ops->info(p.client.engine, &info);
	ck_assert_str_eq(info.version, version);
	ck_assert_str_eq(info.cipher, cipher);
	pair_free(&p);
}

/* Not broken: each as it was asked for.  Not weaker: what was not asked for
 * is not agreed on. */
START_TEST(under_openssl_cnf)
{
	struct tlsconf twelve = server, old = server, weak = server;
	struct pair p;

	agrees_on(&server, "TLSv1.3", "TLS_AES_128_GCM_SHA256");
	twelve.max_version = TLS_1_2;
	agrees_on(&twelve, "TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256");
	pair_profile(&old, "aes");
	old.max_version = TLS_1_0;
	agrees_on(&old, "TLSv1", "AES128-SHA");
	weak.max_version = TLS_1_2;
	weak.ciphers = "AES128-SHA";
	pair_make(&p, &weak, &server, NULL);
	pair_shake(&p, SIZE_MAX);
	pair_failed(&p.server, REASON_NO_SHARED_CIPHER, "127.0.0.9");
	pair_free(&p);
	pair_make(&p, &old, &server, NULL);
	pair_shake(&p, SIZE_MAX);
	pair_failed(&p.server, REASON_VERSION, "127.0.0.9");
	pair_free(&p);
}
END_TEST

/* In a program of its own: OpenSSL reads its file once. */
START_TEST(openssl_cnf)
{
	char text[600];
	int status;
	pid_t pid;

	fflush(stdout);
	snprintf(text, sizeof text, "openssl_conf = init\n[init]\n"
	    "ssl_conf = ssl\n[ssl]\nsystem_default = bad\n[bad]\n%s",
	    hostile[_i].settings);
	unit_write("hostile.cnf", text);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		setenv("OPENSSL_CONF", "hostile.cnf", 1);
		setenv("CHECK_ENGINE_DIR", unit_dir, 1);
		unsetenv("CK_TAP_LOG_FILE_NAME");
		execl("/proc/self/exe", "check_engine", "under-openssl-cnf",
		    (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* Whether the hostile file is read at all: without that the test says
 * nothing. */
static int
cnf_counts(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	bool counts = SSL_CTX_get_min_proto_version(ctx) == TLS1_3_VERSION;

	SSL_CTX_free(ctx);
	return counts ? 0 : 1;
}

START_TEST(openssl_cnf_counts)
{
	int status;
	pid_t pid;

	unit_write("hostile.cnf", "openssl_conf = init\n[init]\n"
	    "ssl_conf = ssl\n[ssl]\nsystem_default = bad\n[bad]\n"
	    "MinProtocol = TLSv1.3\n");
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		setenv("OPENSSL_CONF", "hostile.cnf", 1);
		execl("/proc/self/exe", "check_engine", "cnf-counts",
		    (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* A peer that renegotiates, or holds back --------------------------------------- */

/* OpenSSL itself as the client of an engine. */
struct raw {
	struct end end;		/* the engine's */
	struct end far;
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *in, *out;
};

static void
raw_move(struct raw *r)
{
	char data[4096];
	int n;

	while ((n = BIO_read(r->out, data, sizeof data)) > 0)
		ck_assert_int_eq(buf_append(&r->end.in, data, (size_t)n), 0);
	if (buf_len(&r->far.in) > 0) {
		BIO_write(r->in, buf_head(&r->far.in),
		    (int)buf_len(&r->far.in));
		buf_take(&r->far.in, buf_len(&r->far.in));
	}
}

static void
raw_open(struct raw *r, int version)
{
	int i;

	memset(r, 0, sizeof *r);
	r->end.other = &r->far;
	r->far.other = &r->end;
	pair_engine(&r->end, &server, ROLE_SERVER, NULL, "127.0.0.9:40000");
	r->ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_max_proto_version(r->ctx, version);
	r->ssl = SSL_new(r->ctx);
	r->in = BIO_new(BIO_s_mem());
	r->out = BIO_new(BIO_s_mem());
	BIO_set_mem_eof_return(r->in, -1);
	SSL_set_bio(r->ssl, r->in, r->out);
	SSL_set_connect_state(r->ssl);
	for (i = 0; i < 10 && r->end.r == -EAGAIN; i++) {
		SSL_do_handshake(r->ssl);
		raw_move(r);
		r->end.r = ops->handshake(r->end.engine);
		raw_move(r);
	}
	SSL_do_handshake(r->ssl);
	raw_move(r);
	ck_assert_int_eq(r->end.r, 0);
}

static void
raw_free(struct raw *r)
{
	SSL_free(r->ssl);
	SSL_CTX_free(r->ctx);
	ops->destroy(r->end.engine);
	buf_free(&r->end.in);
	buf_free(&r->far.in);
}

START_TEST(no_renegotiation)
{
	size_t sent;
	char got[64];
	struct raw r;

	raw_open(&r, TLS1_2_VERSION);
	ck_assert_int_eq(SSL_renegotiate(r.ssl), 1);
	SSL_do_handshake(r.ssl);
	raw_move(&r);
	sent = r.end.sent;
	ck_assert_int_eq(ops->read(r.end.engine, got, 64), -EAGAIN);
	/* A warning, and no second handshake. */
	ck_assert_uint_gt(r.end.sent, sent);
	ck_assert_uint_lt(r.end.sent, sent + 64);
	raw_free(&r);
}
END_TEST

/* No ticket: it would make the socket readable without data. */
START_TEST(no_tickets)
{
	struct raw r;

	raw_open(&r, versions[2 + _i].version);
	raw_move(&r);
	ck_assert_int_eq(SSL_read(r.ssl, (char[8]){ 0 }, 8), -1);
	ck_assert_uint_eq(buf_len(&r.far.in), 0);
	ck_assert(!SSL_SESSION_has_ticket(SSL_get_session(r.ssl)));
	raw_free(&r);
}
END_TEST

START_TEST(key_update)
{
	char got[64];
	struct raw r;
	int i;

	raw_open(&r, TLS1_3_VERSION);
	for (i = 0; i < 3; i++) {
		SSL_key_update(r.ssl, SSL_KEY_UPDATE_REQUESTED);
		SSL_do_handshake(r.ssl);
		raw_move(&r);
		ck_assert_int_eq(ops->read(r.end.engine, got, 64), -EAGAIN);
		SSL_write(r.ssl, "after", 5);
		raw_move(&r);
		ck_assert_int_eq(ops->read(r.end.engine, got, 64), 5);
		ck_assert_int_eq(ops->write(r.end.engine, "answer", 6), 6);
		raw_move(&r);
		ck_assert_int_eq(SSL_read(r.ssl, got, 64), 6);
	}
	raw_free(&r);
}
END_TEST

/* Settings ---------------------------------------------------------------------- */

START_TEST(bad_settings)
{
	static const struct {
		const char *ciphers, *suites, *cert, *key, *ca, *crl;
		enum reason reason;
		const char *words;
	} cases[] = {
		{ "NO-SUCH-SUITE", NULL, NULL, NULL, NULL, NULL,
		    REASON_SETTING, "NO-SUCH-SUITE" },
		{ NULL, NULL, "none.pem", NULL, NULL, NULL,
		    REASON_CERTIFICATE, "none.pem" },
		{ NULL, NULL, NULL, "none.key", NULL, NULL, REASON_KEY,
		    "none.key" },
		{ NULL, NULL, NULL, "ec.key", NULL, NULL, REASON_KEY,
		    "does not belong" },
		{ NULL, NULL, NULL, NULL, "none.pem", NULL, REASON_SETTING,
		    "DICOMTLS_CA=none.pem" },
		{ NULL, NULL, NULL, NULL, NULL, "none.pem", REASON_SETTING,
		    "DICOMTLS_CRL=none.pem" },
	};
	struct end end = { .engine = NULL };

	if (cases[_i].ciphers != NULL)
		server.ciphers = cases[_i].ciphers;
	if (cases[_i].cert != NULL)
		server.cert = cases[_i].cert;
	if (cases[_i].key != NULL)
		server.key = cases[_i].key;
	if (cases[_i].ca != NULL || cases[_i].crl != NULL)
		server.verify[ROLE_SERVER] = VERIFY_CA;
	server.ca = cases[_i].ca != NULL ? cases[_i].ca : "rsa.pem";
	server.crl = cases[_i].crl;
	pair_engine(&end, &server, ROLE_SERVER, NULL, "127.0.0.9:1");
	ck_assert_ptr_null(end.engine);
	pair_failed(&end, cases[_i].reason, cases[_i].words);
	ck_assert_int_lt(ops->prepare(&server, ROLE_SERVER, NULL), 0);
}
END_TEST

START_TEST(key_log)
{
	struct stat st;
	struct pair p;
	char *text;

	client.keylog = "keys.log";
	pair_open(&p, &client, &server);
	text = unit_read("keys.log");
	ck_assert_ptr_nonnull(strstr(text, "CLIENT_TRAFFIC_SECRET_0 "));
	ck_assert_int_eq(stat("keys.log", &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	free(text);
	pair_free(&p);
}
END_TEST

int
main(int argc, char **argv)
{
	TCase *tc;

	if (argc == 2 && strcmp(argv[1], "cnf-counts") == 0)
		return cnf_counts();
	tc = tcase_create("engine");
	if (argc == 2 && strcmp(argv[1], "under-openssl-cnf") == 0) {
		snprintf(unit_dir, sizeof unit_dir, "%s",
		    getenv("CHECK_ENGINE_DIR"));
		tcase_add_checked_fixture(tc, setup, NULL);
		tcase_add_test(tc, under_openssl_cnf);
		if (freopen("openssl_cnf.log", "w", stdout) == NULL)
			return 1;
		return unit_run(tc);
	}
	tcase_add_unchecked_fixture(tc, make_files, unit_clean);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, version_of_client, 0, 4);
	tcase_add_loop_test(tc, version_of_server, 0, 4);
	tcase_add_test(tc, default_is_newest);
	tcase_add_loop_test(tc, each_profile, 0, 16);
	tcase_add_test(tc, elliptic_key);
	tcase_add_loop_test(tc, server_name, 0, 5);
	tcase_add_loop_test(tc, handshake_in_pieces, 0, 14);
	tcase_add_loop_test(tc, large, 0, 2);
	tcase_add_loop_test(tc, record_split_at_every_byte, 0, 2);
	tcase_add_test(tc, pending_tells_what_read_gives);
	tcase_add_loop_test(tc, close_notify, 0, 2);
	tcase_add_loop_test(tc, truncation, 0, 25);
	tcase_add_test(tc, reset);
	tcase_add_test(tc, other_errors_of_the_wire);
	tcase_add_loop_test(tc, tampered_record, 0, 80);
	tcase_add_loop_test(tc, tampered_handshake, 0, 120);
	tcase_add_loop_test(tc, noise, 0, 120);
	tcase_add_test(tc, plaintext);
	tcase_add_test(tc, unknown_suites);
	tcase_add_test(tc, endless_chain);
	tcase_add_loop_test(tc, no_version, 0, 2);
	tcase_add_test(tc, no_cipher);
	tcase_add_test(tc, cure_is_not_cut);
	tcase_add_loop_test(tc, client_certificate_wanted, 0, 2);
	tcase_add_test(tc, reset_after_request);
	tcase_add_loop_test(tc, our_certificate_refused, 0, 2);
	tcase_add_test(tc, error_queue_kept);
	tcase_add_test(tc, error_queue_left_empty);
	tcase_add_test(tc, foreign_error_is_no_reason);
	tcase_add_test(tc, openssl_cnf_counts);
	tcase_add_loop_test(tc, openssl_cnf, 0,
	    sizeof hostile / sizeof hostile[0]);
	tcase_add_test(tc, no_renegotiation);
	tcase_add_loop_test(tc, no_tickets, 0, 2);
	tcase_add_test(tc, key_update);
	tcase_add_loop_test(tc, bad_settings, 0, 6);
	tcase_add_test(tc, key_log);
	return unit_run(tc);
}
