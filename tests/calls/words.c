/* SPDX-License-Identifier: Apache-2.0
 * words: what a script can tell the TLS peer to do. */
#include <sys/socket.h>

#include <openssl/ssl.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "peer.h"

static void
handshake(const char *arg)
{
	int rc;

	(void)arg;
	do {
		rc = SSL_do_handshake(peer.ssl);
	} while (peer_goes_on(rc));
	if (rc != 1)
		say("handshake failed%s", peer.was_reset ? ": reset" :
		    peer.ended ? ": end" : "");
}

/* Speaking -------------------------------------------------------------------------- */

static void
speak(const void *p, int len)
{
	if (SSL_write(peer.ssl, p, len) != len)
		peer_die("SSL_write");
	peer_flush();
}

static void
say_text(const char *arg)
{
	speak(arg, (int)strlen(arg));
}

static void
say_singly(const char *arg)
{
	while (*arg != '\0')
		speak(arg++, 1);
}

/* Several records, one send(): they arrive together. */
static void
say_together(const char *arg)
{
	while (*arg != '\0')
		if (SSL_write(peer.ssl, arg++, 1) != 1)
			peer_die("SSL_write");
	peer_flush();
}

/* The record's first half only; whole() sends the rest. */
static char rest[20000];
static size_t rest_len;

static void
say_half(const char *arg)
{
	char *p;
	size_t len;

	if (SSL_write(peer.ssl, arg, (int)strlen(arg)) <= 0)
		peer_die("SSL_write");
	len = (size_t)BIO_get_mem_data(peer.out, &p);
	rest_len = len - len / 2;
	memcpy(rest, p + len / 2, rest_len);
	peer_send(p, len / 2);
	(void)BIO_reset(peer.out);
}

static void
whole(const char *arg)
{
	(void)arg;
	peer_send(rest, rest_len);
}

static void
say_bulk(const char *arg)
{
	size_t len = (size_t)atol(arg), done, n;
	unsigned char *p = pattern(len);

	for (done = 0; done < len; done += n) {
		n = len - done < 16384 ? len - done : 16384;
		speak(p + done, (int)n);
	}
	free(p);
}

/* An A-ASSOCIATE-RQ as short as can be (PS3.8, 9.3.2), whole or broken off. */
static void
say_pdu(const char *arg)
{
	unsigned char pdu[74] = { 1, 0, 0, 0, 0, 68, 0, 1 };
	int len = arg != NULL ? atoi(arg) : 74;

	memcpy(pdu + 10, "CALLED          CALLING         ", 32);
	speak(pdu, len);
}

/* Hearing ----------------------------------------------------------------------------- */

static int
hear_some(char *buf, int len)
{
	int rc;

	do {
		rc = SSL_read(peer.ssl, buf, len);
	} while (peer_goes_on(rc));
	return rc;
}

static int
hear_all(char *buf, int len)
{
	int got = 0, n;

	while (got < len && (n = hear_some(buf + got, len - got)) > 0)
		got += n;
	return got;
}

static void
hear(const char *arg)
{
	int len = atoi(arg);
	char *buf = malloc((size_t)len + 1);

	say_bytes("heard", buf, hear_all(buf, len));
	free(buf);
}

/* What is on the wire, as it is. */
static void
hear_raw(const char *arg)
{
	int len = atoi(arg);
	char *buf = malloc((size_t)len);

	say_bytes("heard", buf, recv(peer.fd, buf, (size_t)len, MSG_WAITALL));
	free(buf);
}

/* One byte that tells when to go on. */
static void
go(const char *arg)
{
	char c;

	(void)arg;
	if (hear_all(&c, 1) != 1)
		say("no go");
}

static void
hear_end(const char *arg)
{
	size_t room = 32 << 20;
	char *buf = malloc(room);

	(void)arg;
	say_bytes("heard", buf, hear_all(buf, (int)room));
	if (SSL_get_shutdown(peer.ssl) & SSL_RECEIVED_SHUTDOWN)
		say("close_notify");
	else
		say("no close_notify: %s", peer.was_reset ? "reset" : "FIN");
	free(buf);
}

/* Until the other side's FIN or reset; what comes is looked at no more. */
static void
gone(const char *arg)
{
	struct timespec start = now();
	struct pollfd p = { peer.fd, POLLIN, 0 };

	(void)arg;
	while (!peer.ended && ms_since(start) < 10000)
		if (poll(&p, 1, 100) == 1)
			peer_fill();
	if (!peer.ended)
		say("never gone");
}

/* Odd things ------------------------------------------------------------------------- */

static void
key_update(const char *arg)
{
	int how = arg != NULL ? SSL_KEY_UPDATE_REQUESTED :
	    SSL_KEY_UPDATE_NOT_REQUESTED;

	if (SSL_key_update(peer.ssl, how) != 1)
		peer_die("SSL_key_update");
	handshake(NULL);
}

static void
ticket(const char *arg)
{
	int n = arg != NULL ? atoi(arg) : 1;

	while (n-- > 0) {
		if (SSL_new_session_ticket(peer.ssl) != 1)
			peer_die("SSL_new_session_ticket");
		handshake(NULL);
	}
}

static void
notify(const char *arg)
{
	(void)arg;
	SSL_shutdown(peer.ssl);
	peer_flush();
}

static void
fin(const char *arg)
{
	(void)arg;
	shutdown(peer.fd, SHUT_WR);
}

static void
do_reset(const char *arg)
{
	(void)arg;
	reset(peer.fd);
	peer.fd = -1;
}

/* A fatal alert: OpenSSL sends one about a record that nobody sent. */
static void
alert(const char *arg)
{
	static const char bad[] = "\x17\x03\x03\x00\x20"
	    "0123456789abcdef0123456789abcdef";
	char c;

	(void)arg;
	BIO_write(peer.in, bad, sizeof(bad) - 1);
	SSL_read(peer.ssl, &c, 1);
	peer_flush();
}

static void
raw(const char *arg)
{
	peer_send(arg, strlen(arg));
}

/* A record of the right form whose contents nobody can decrypt. */
static void
forged(const char *arg)
{
	static const char bad[] = "\x17\x03\x03\x00\x20"
	    "0123456789abcdef0123456789abcdef";

	(void)arg;
	peer_send(bad, sizeof(bad) - 1);
}

static void
plain_dicom(const char *arg)
{
	static const char head[] = "\x01\x00\x00\x00\x00\x44\x00\x01";

	(void)arg;
	peer_send(head, sizeof(head) - 1);
}

static void
first_byte(const char *arg)
{
	unsigned char c;

	(void)arg;
	if (recv(peer.fd, &c, 1, MSG_PEEK) == 1)
		say("first byte %#x", c);
	else
		say("no first byte");
}

static void
name_asked(const char *arg)
{
	const char *name = SSL_get_servername(peer.ssl,
	    TLSEXT_NAMETYPE_host_name);

	(void)arg;
	say("name %s", name != NULL ? name : "none");
}

static void
version(const char *arg)
{
	(void)arg;
	say("version %s", SSL_get_version(peer.ssl));
}

static void
set_segment(const char *arg)
{
	peer.segment = atoi(arg);
}

static void
set_slow(const char *arg)
{
	peer.slow = atoi(arg);
}

static void
set_version(const char *arg)
{
	int v = strcmp(arg, "1.2") == 0 ? TLS1_2_VERSION :
	    strcmp(arg, "1.0") == 0 ? TLS1_VERSION : TLS1_3_VERSION;

	SSL_set_security_level(peer.ssl, v == TLS1_VERSION ? 0 : 2);
	if (SSL_set_min_proto_version(peer.ssl, v) != 1 ||
	    SSL_set_max_proto_version(peer.ssl, v) != 1)
		peer_die("SSL_set_min_proto_version");
}

/* TLS 1.0 with CBC: OpenSSL puts an empty record before each other one. */
static void
set_ciphers(const char *arg)
{
	if (SSL_set_cipher_list(peer.ssl, arg) != 1)
		peer_die("SSL_set_cipher_list");
}

static void
wait_ms(const char *arg)
{
	pause_ms(atoi(arg));
}

static const struct {
	const char *name;
	void (*run)(const char *arg);
} commands[] = {
	{ "version", set_version }, { "ciphers", set_ciphers },
	{ "segments", set_segment }, { "slow", set_slow },
	{ "handshake", handshake }, { "say", say_text },
	{ "singly", say_singly }, { "together", say_together },
	{ "half", say_half }, { "whole", whole }, { "bulk", say_bulk },
	{ "pdu", say_pdu }, { "hear", hear }, { "go", go },
	{ "hear-end", hear_end }, { "hear-raw", hear_raw }, { "gone", gone },
	{ "keyupdate", key_update }, { "ticket", ticket },
	{ "notify", notify }, { "fin", fin }, { "reset", do_reset },
	{ "alert", alert }, { "raw", raw }, { "forged", forged },
	{ "plain", plain_dicom }, { "first-byte", first_byte },
	{ "name", name_asked }, { "say-version", version },
	{ "wait", wait_ms },
};

void
words_run(char *word)
{
	char *arg = strchr(word, ':');
	size_t i;

	if (arg != NULL)
		*arg++ = '\0';
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, word) == 0) {
			commands[i].run(arg);
			return;
		}
	say("unknown word %s", word);
	exit(2);
}

