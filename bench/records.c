/* SPDX-License-Identifier: Apache-2.0
 * records: nanoseconds that OpenSSL takes for a full record, with no network
 * and no program about it.
 *
 *	records CERTIFICATE KEY
 *
 * Three lines, a name and the median of many batches: SSL_write of a record's
 * 16 KiB, SSL_read of them as DCMTK reads a PDU (6 bytes, then the rest), and
 * AES-256-GCM of as many bytes alone.  The copies that stand for the wire are
 * taken off. */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

enum { CONTENT = 16384, FULL = 5 + CONTENT + 1 + 16, BATCH = 8,
	BATCHES = 2000 };

static unsigned char wire[2 * BATCH * FULL], content[CONTENT], got[CONTENT];
static size_t head, tail;
static SSL *client, *server;
static EVP_CIPHER_CTX *aes;

/* The wire -------------------------------------------------------------------- */

static int
put(BIO *bio, const char *data, size_t len, size_t *done)
{
	if (len > sizeof wire - tail)
		errx(1, "the wire is full");
	memcpy(wire + tail, data, len);
	tail += len;
	*done = len;
	BIO_clear_retry_flags(bio);
	return 1;
}

static int
get(BIO *bio, char *data, size_t len, size_t *done)
{
	size_t n = tail - head < FULL ? tail - head : FULL;

	BIO_clear_retry_flags(bio);
	if (n == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	*done = len < n ? len : n;
	memcpy(data, wire + head, *done);
	head += *done;
	return 1;
}

static long
control(BIO *bio, int cmd, long arg, void *ptr)
{
	(void)bio;
	(void)arg;
	(void)ptr;
	return cmd == BIO_CTRL_FLUSH;
}

static BIO *
wire_bio(void)
{
	static BIO_METHOD *m;
	BIO *bio;

	if (m == NULL) {
		m = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(),
		    "wire");
		BIO_meth_set_write_ex(m, put);
		BIO_meth_set_read_ex(m, get);
		BIO_meth_set_ctrl(m, control);
	}
	bio = BIO_new(m);
	BIO_set_init(bio, 1);
	return bio;
}

/* The session ------------------------------------------------------------------ */

static void
shake_hands(const char *cert, const char *key)
{
	SSL_CTX *c = SSL_CTX_new(TLS_client_method());
	SSL_CTX *s = SSL_CTX_new(TLS_server_method());
	BIO *near, *far;
	int i;

	if (SSL_CTX_use_certificate_chain_file(s, cert) != 1 ||
	    SSL_CTX_use_PrivateKey_file(s, key, SSL_FILETYPE_PEM) != 1)
		errx(1, "%s and %s are no pair", cert, key);
	SSL_CTX_set_num_tickets(s, 0);
	SSL_CTX_set_read_ahead(s, 1);
	client = SSL_new(c);
	server = SSL_new(s);
	if (BIO_new_bio_pair(&near, 1 << 17, &far, 1 << 17) != 1)
		errx(1, "no BIOs");
	SSL_set_bio(client, near, near);
	SSL_set_bio(server, far, far);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
	for (i = 0; i < 8; i++) {
		SSL_do_handshake(client);
		SSL_do_handshake(server);
	}
	if (strcmp(SSL_get_cipher(client), "TLS_AES_256_GCM_SHA384") != 0 ||
	    !SSL_is_init_finished(server))
		errx(1, "no session with TLS_AES_256_GCM_SHA384");
	near = wire_bio();
	far = wire_bio();
	SSL_set_bio(client, near, near);
	SSL_set_bio(server, far, far);
}

/* What is measured --------------------------------------------------------------- */

static void
do_write(void)
{
	size_t n;

	if (SSL_write_ex(client, content, CONTENT, &n) != 1 || n != CONTENT)
		errx(1, "SSL_write");
}

static void
do_read(void)
{
	size_t n;

	if (SSL_read_ex(server, got, 6, &n) != 1 || n != 6 ||
	    SSL_read_ex(server, got + 6, CONTENT - 6, &n) != 1 ||
	    n != CONTENT - 6)
		errx(1, "SSL_read");
}

static void
do_aes(void)
{
	static const unsigned char iv[12];
	int n;

	if (EVP_EncryptInit_ex(aes, NULL, NULL, NULL, iv) != 1 ||
	    EVP_EncryptUpdate(aes, content, &n, content, CONTENT) != 1)
		errx(1, "AES");
}

static void
do_copy(void)
{
	memcpy(wire + tail, content, CONTENT);
	tail = (tail + FULL) % (BATCH * FULL);
}

static double
batch(void (*what)(void))
{
	struct timespec a, b;
	int i;

	clock_gettime(CLOCK_MONOTONIC, &a);
	for (i = 0; i < BATCH; i++)
		what();
	clock_gettime(CLOCK_MONOTONIC, &b);
	return ((double)(b.tv_sec - a.tv_sec) * 1e9 +
	    (double)(b.tv_nsec - a.tv_nsec)) / BATCH;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *v)
{
	qsort(v, BATCHES, sizeof *v, by_size);
	return v[BATCHES / 2];
}

int
main(int argc, char **argv)
{
	static double t[4][BATCHES];
	static unsigned char key[32];
	double copy;
	int i;

	if (argc != 3)
		errx(2, "usage: records CERTIFICATE KEY");
	shake_hands(argv[1], argv[2]);
	aes = EVP_CIPHER_CTX_new();
	EVP_EncryptInit_ex(aes, EVP_aes_256_gcm(), NULL, key, NULL);
	for (i = 0; i < BATCHES; i++) {
		head = tail = 0;
		t[0][i] = batch(do_write);
		t[1][i] = batch(do_read);
		t[2][i] = batch(do_aes);
		t[3][i] = batch(do_copy);
	}
	copy = median(t[3]);
	printf("write %.0f\nread %.0f\naes %.0f\n", median(t[0]) - copy,
	    median(t[1]) - copy, median(t[2]));
	return 0;
}
