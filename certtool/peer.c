/* SPDX-License-Identifier: Apache-2.0
 * peer: the certificates that a server shows. */
#include "peer.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "cert/names.h"
#include "cert/ossl.h"

#define SECONDS 10

struct target {
	char host[256], port[32];
};

static int
parse(const char *text, struct target *t, struct fail *f)
{
	const char *end, *port;
	size_t len;

	if (*text == '[') {
		end = strchr(text, ']');
		port = end != NULL ? end + 1 : "";
		text++;
	} else {
		end = strchr(text, ':');
		if (end != NULL && strchr(end + 1, ':') != NULL)
			end = NULL;
		port = end != NULL ? end : "";
		end = end != NULL ? end : text + strlen(text);
	}
	len = end != NULL ? (size_t)(end - text) : 0;
	if (len == 0 || len >= sizeof t->host || (*port != '\0' &&
	    (*port != ':' || strlen(port) < 2 || strlen(port) > 6))) {
		fail_set(f, REASON_SETTING, "\"%s\" is no peer: accepted is "
		    "HOST or HOST:PORT, an IPv6 address in brackets", text);
		return -EINVAL;
	}
	snprintf(t->host, sizeof t->host, "%.*s", (int)len, text);
	snprintf(t->port, sizeof t->port, "%s", *port ? port + 1 : PEER_PORT);
	return 0;
}

static int
try_address(const struct addrinfo *ai)
{
	const struct timeval tv = { .tv_sec = SECONDS };
	int fd, rc;

	fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC,
	    ai->ai_protocol);
	if (fd < 0)
		return -errno;
	/* On Linux SO_SNDTIMEO bounds connect(2) as well: socket(7). */
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv);
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) == 0)
		return fd;
	rc = errno == EINPROGRESS ? -ETIMEDOUT : -errno;
	close(fd);
	return rc;
}

static int
dial(const struct target *t, const char *name, struct fail *f)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *all, *ai;
	int fd = -ENOENT, rc;

	rc = getaddrinfo(t->host, t->port, &hints, &all);
	if (rc != 0) {
		fail_set(f, REASON_SYSTEM, "%s has no address: %s", name,
		    gai_strerror(rc));
		return -ENOENT;
	}
	for (ai = all; ai != NULL; ai = ai->ai_next) {
		fd = try_address(ai);
		if (fd >= 0)
			break;
	}
	freeaddrinfo(all);
	if (fd < 0)
		fail_set(f, REASON_SYSTEM, "%s cannot be reached: %s", name,
		    strerror(-fd));
	return fd;
}

/* Any version and key: we look, and trust nothing. */
static SSL_CTX *
context(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL)
		return NULL;
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(ctx, 0);
	SSL_CTX_set_cipher_list(ctx, "ALL:eNULL:!aNULL:!PSK:!SRP");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT);
	return ctx;
}

static void
not_tls(const char *name, int error, int saved, struct fail *f)
{
	int why = ERR_GET_REASON(ERR_peek_error());

	if (why == SSL_R_WRONG_VERSION_NUMBER ||
	    why == SSL_R_PACKET_LENGTH_TOO_LONG ||
	    why == SSL_R_HTTP_REQUEST)
		fail_set(f, REASON_PEER_PLAIN, "%s answered without TLS: "
		    "switch TLS on there, or name its TLS port", name);
	else if (error == SSL_ERROR_SSL && ERR_peek_error() != 0 &&
	    why != SSL_R_UNEXPECTED_EOF_WHILE_READING)
		fail_set(f, REASON_REFUSED, "%s does not finish a TLS "
		    "handshake: %s", name, ossl_why());
	else if (saved == EAGAIN)
		fail_set(f, REASON_TIMEOUT, "%s took the connection but did "
		    "not answer the TLS handshake within %d s: it is "
		    "probably waiting for plain DICOM", name, SECONDS);
	else
		fail_set(f, REASON_RESET, "%s closed the connection during "
		    "the TLS handshake: it probably speaks plain DICOM", name);
}

static int
take(SSL *ssl, struct peer *p, struct fail *f)
{
	snprintf(p->version, sizeof p->version, "%s", SSL_get_version(ssl));
	snprintf(p->cipher, sizeof p->cipher, "%s",
	    SSL_get_cipher_name(ssl));
	p->certs = X509_chain_up_ref(SSL_get_peer_cert_chain(ssl));
	if (sk_X509_num(p->certs) > 0)
		return 0;
	fail_set(f, REASON_CERTIFICATE, "%s showed no certificate", p->name);
	return -ENODATA;
}

static int
handshake(SSL_CTX *ctx, int fd, const struct target *t, struct peer *p,
    struct fail *f)
{
	SSL *ssl = SSL_new(ctx);
	int n, rc = -ENOMEM, saved;

	if (ssl != NULL && SSL_set_fd(ssl, fd)) {
		if (!names_is_address(t->host))
			SSL_set_tlsext_host_name(ssl, t->host);
		n = SSL_connect(ssl);
		saved = errno;
		if (n == 1)
			rc = take(ssl, p, f);
		else {
			not_tls(p->name, SSL_get_error(ssl, n), saved, f);
			rc = -EPROTO;
		}
		if (n == 1)
			SSL_shutdown(ssl);
	}
	SSL_free(ssl);
	return rc;
}

int
peer_fetch(const char *text, struct peer *p, struct fail *f)
{
	struct target t;
	SSL_CTX *ctx;
	int fd, rc;

	*p = (struct peer){ .certs = NULL };
	rc = parse(text, &t, f);
	if (rc < 0)
		return rc;
	snprintf(p->name, sizeof p->name, strchr(t.host, ':') ? "[%s]:%s" :
	    "%s:%s", t.host, t.port);
	fd = dial(&t, p->name, f);
	if (fd < 0)
		return fd;
	ctx = context();
	rc = ctx == NULL ? -ENOMEM : handshake(ctx, fd, &t, p, f);
	if (rc == -ENOMEM)
		fail_set(f, REASON_SYSTEM, "no memory");
	SSL_CTX_free(ctx);
	close(fd);
	return rc;
}

void
peer_free(struct peer *p)
{
	sk_X509_pop_free(p->certs, X509_free);
	p->certs = NULL;
}
