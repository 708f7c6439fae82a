/* SPDX-License-Identifier: Apache-2.0
 * attempt: one try at a TLS handshake with a peer, for probe. */
#include "attempt.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "cert/identity.h"

static int
dial(struct attempt *a)
{
	struct timeval tv = { a->seconds, 0 };
	int fd = socket(a->to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv);
	if (connect(fd, a->to->ai_addr, a->to->ai_addrlen) == 0)
		return fd;
	snprintf(a->why, sizeof a->why, "%s", errno == EINPROGRESS ?
	    "no answer" : strerror(errno));
	close(fd);
	return -1;
}

/* Notes what the peer says before it may hang up (RFC 8446, 4). */
static void
watch(int sent, int version, int type, const void *bytes, size_t len,
    SSL *ssl, void *arg)
{
	const unsigned char *message = bytes;
	struct attempt *a = arg;

	(void)version;
	(void)ssl;
	if (sent || type != SSL3_RT_HANDSHAKE || len == 0)
		return;
	if (message[0] == SSL3_MT_SERVER_HELLO)
		a->outcome = OUTCOME_CHOSEN;
	else if (message[0] == SSL3_MT_CERTIFICATE_REQUEST)
		a->asked = true;
}

static bool
use_identity(SSL_CTX *ctx, struct attempt *a)
{
	struct identity id;
	struct fail f = { 0 };
	bool good;

	if (a->identity == NULL)
		return true;
	if (identity_load(a->identity, &id, &f) < 0) {
		snprintf(a->why, sizeof a->why, "%s", f.text);
		return false;
	}
	good = SSL_CTX_use_cert_and_key(ctx, id.cert, id.key, id.chain, 1);
	identity_free(&id);
	return good;
}

/* All that OpenSSL has: what the peer accepts is the question, not what we
 * would. */
static SSL_CTX *
context(struct attempt *a)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL)
		return NULL;
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_msg_callback(ctx, watch);
	SSL_CTX_set_msg_callback_arg(ctx, a);
	if (SSL_CTX_set_min_proto_version(ctx, a->min_version) == 1 &&
	    SSL_CTX_set_max_proto_version(ctx, a->max_version) == 1 &&
	    (a->ciphers == NULL ||
	    SSL_CTX_set_cipher_list(ctx, a->ciphers) == 1) &&
	    (a->suites == NULL ||
	    SSL_CTX_set_ciphersuites(ctx, a->suites) == 1) &&
	    use_identity(ctx, a))
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

static void
note_key(struct attempt *a, SSL *ssl)
{
	EVP_PKEY *key = NULL;
	const char *name;

	if (SSL_get_peer_tmp_key(ssl, &key) != 1)
		return;
	name = EVP_PKEY_get0_type_name(key);
	if (name != NULL && name[0] == 'X')	/* X25519 tells its size */
		snprintf(a->key, sizeof a->key, "%s", name);
	else
		snprintf(a->key, sizeof a->key, "%s %d", name != NULL ? name :
		    "?", EVP_PKEY_get_bits(key));
	EVP_PKEY_free(key);
}

static void
note_failure(struct attempt *a, SSL *ssl, int rv, int error)
{
	unsigned long e = ERR_peek_error();
	int reason = ERR_GET_REASON(e);
	const char *text = ERR_reason_error_string(e);

	if (SSL_get_error(ssl, rv) == SSL_ERROR_SSL &&
	    a->outcome != OUTCOME_CHOSEN &&
	    (reason == SSL_R_WRONG_VERSION_NUMBER ||
	    reason == SSL_R_HTTP_REQUEST ||
	    reason == SSL_R_PACKET_LENGTH_TOO_LONG))
		a->outcome = OUTCOME_PLAIN;
	else if (a->outcome == OUTCOME_CHOSEN)
		;
	else if (e != 0 && reason != SSL_R_UNEXPECTED_EOF_WHILE_READING)
		a->outcome = OUTCOME_REFUSED;
	else if (error == EAGAIN || error == EWOULDBLOCK)
		a->outcome = OUTCOME_SILENT;
	else
		a->outcome = OUTCOME_CLOSED;
	if (a->outcome == OUTCOME_SILENT)
		text = "no answer";
	else if (a->outcome == OUTCOME_CLOSED || text == NULL)
		text = error == ECONNRESET ? "it reset the connection" :
		    "it closed the connection";
	snprintf(a->why, sizeof a->why, "%s", text);
}

static void
shake(struct attempt *a, SSL *ssl)
{
	const SSL_CIPHER *cipher;
	int rv;

	a->outcome = OUTCOME_CLOSED;
	if (a->name != NULL)
		SSL_set_tlsext_host_name(ssl, a->name);
	ERR_clear_error();
	errno = 0;
	rv = SSL_connect(ssl);
	if (rv == 1)
		a->outcome = OUTCOME_DONE;
	else
		note_failure(a, ssl, rv, errno);
	cipher = SSL_get_current_cipher(ssl);
	if (cipher == NULL && a->outcome == OUTCOME_CHOSEN)
		cipher = SSL_get_pending_cipher(ssl);
	/* It chose what was not offered: an older version, mostly. */
	if (cipher == NULL && a->outcome == OUTCOME_CHOSEN)
		a->outcome = OUTCOME_REFUSED;
	a->cipher = cipher != NULL ? SSL_CIPHER_get_name(cipher) : "";
	a->version = SSL_version(ssl);
	a->cert = SSL_get1_peer_certificate(ssl);
	note_key(a, ssl);
	if (rv == 1)
		SSL_shutdown(ssl);
}

bool
attempt(struct attempt *a)
{
	SSL_CTX *ctx;
	SSL *ssl = NULL;
	int fd;

	a->outcome = OUTCOME_UNREACHABLE;
	a->asked = false;
	a->cert = NULL;
	a->key[0] = a->why[0] = '\0';
	ctx = context(a);
	if (ctx == NULL) {
		if (a->why[0] == '\0')
			snprintf(a->why, sizeof a->why, "OpenSSL here cannot "
			    "try it");
		return false;
	}
	fd = dial(a);
	if (fd >= 0) {
		ssl = SSL_new(ctx);
		if (ssl != NULL && SSL_set_fd(ssl, fd) == 1)
			shake(a, ssl);
		SSL_free(ssl);
		close(fd);
	}
	SSL_CTX_free(ctx);
	return a->outcome <= OUTCOME_CHOSEN;
}
