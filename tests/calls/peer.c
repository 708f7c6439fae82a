/* SPDX-License-Identifier: Apache-2.0
 * peer: speaks real TLS as a script tells it, also as no preload library
 * would: byte by byte, without a proper end, with garbage behind.
 *
 *	peer SCRIPT PORT	(0: listens, prints its port, takes one client)
 *
 * A script is words; an argument follows a colon.  "crowd:N" alone takes N
 * clients and looks at their first bytes. */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "peer.h"

struct peer peer;

void
peer_die(const char *what)
{
	char reason[200];

	ERR_error_string_n(ERR_peek_error(), reason, sizeof(reason));
	say("%s failed: %s", what, ERR_peek_error() ? reason :
	    strerrorname_np(errno));
	exit(1);
}

/* The wire ------------------------------------------------------------------------ */

void
peer_send(const char *p, size_t len)
{
	size_t n;

	while (len > 0) {
		n = peer.segment > 0 && (size_t)peer.segment < len ?
		    (size_t)peer.segment : len;
		if (send(peer.fd, p, n, MSG_NOSIGNAL) != (ssize_t)n)
			return;
		p += n;
		len -= n;
		if (peer.slow > 0)
			pause_ms(peer.slow);
	}
}

void
peer_flush(void)
{
	char *p;
	long len = BIO_get_mem_data(peer.out, &p);

	peer_send(p, (size_t)len);
	(void)BIO_reset(peer.out);
}

void
peer_fill(void)
{
	char buf[20000];
	ssize_t n = recv(peer.fd, buf, sizeof(buf), 0);

	if (n > 0) {
		BIO_write(peer.in, buf, (int)n);
		return;
	}
	peer.was_reset = n < 0;
	peer.ended = true;
	BIO_set_mem_eof_return(peer.in, 0);
}

bool
peer_goes_on(int rc)
{
	int error = SSL_get_error(peer.ssl, rc);

	peer_flush();
	if (rc > 0 || error != SSL_ERROR_WANT_READ || peer.ended)
		return false;
	peer_fill();
	return true;
}

/* Setting up ---------------------------------------------------------------------------- */

/* A key and a certificate of our own, for this one conversation. */
static void
identify(SSL_CTX *ctx)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"peer", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	X509_set_pubkey(cert, key);
	if (X509_sign(cert, key, EVP_sha256()) == 0 ||
	    SSL_CTX_use_certificate(ctx, cert) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, key) != 1)
		peer_die("the peer's certificate");
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void
prepare(bool server)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	SSL_CTX_set_num_tickets(ctx, 0);
	identify(ctx);
	peer.ssl = SSL_new(ctx);
	peer.in = BIO_new(BIO_s_mem());
	peer.out = BIO_new(BIO_s_mem());
	SSL_set_bio(peer.ssl, peer.in, peer.out);
	BIO_set_mem_eof_return(peer.in, -1);
	if (server)
		SSL_set_accept_state(peer.ssl);
	else
		SSL_set_connect_state(peer.ssl);
}

/* Takes N connections, one after the other, and looks at how each begins. */
static void
crowd(int lfd, int n)
{
	int i, fd, plain = 0, heard = 0;
	unsigned char c;

	for (i = 0; i < n; i++) {
		fd = (int)must(accept(lfd, NULL, NULL));
		if (recv(fd, &c, 1, 0) == 1) {
			heard++;
			plain += c != 22;
		}
		close(fd);
	}
	say("heard some %d, in plaintext %d", heard > n / 2, plain);
	exit(0);
}

int
main(int argc, char **argv)
{
	int port, lfd, one = 1;
	char *word, *save = NULL;

	if (argc != 3)
		return 2;
	record_open();
	actor("peer");
	signal(SIGPIPE, SIG_IGN);
	port = atoi(argv[2]);
	prepare(port == 0);
	if (port == 0) {
		/* A crowd comes faster than it is served, and some of it has
		 * gone by then. */
		lfd = listener_of(AF_INET, SOCK_STREAM, 4096);
		printf("%d\n", port_of(lfd));
		fclose(stdout);
		if (strncmp(argv[1], "crowd:", 6) == 0)
			crowd(lfd, atoi(argv[1] + 6));
		peer.fd = (int)must(accept(lfd, NULL, NULL));
	} else
		peer.fd = dial(port);
	setsockopt(peer.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	for (word = strtok_r(argv[1], " ", &save); word != NULL;
	    word = strtok_r(NULL, " ", &save))
		words_run(word);
	return 0;
}
