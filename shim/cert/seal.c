/* SPDX-License-Identifier: Apache-2.0
 * seal: a short secret as one line of text, under AES-256-GCM. */
#include "cert/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <errno.h>
#include <string.h>

#define NONCE 12
#define TAG 16
#define MAX 2048	/* bytes of a sealed secret, decoded */

static int
encrypt(EVP_CIPHER_CTX *ctx, const unsigned char *key, const void *data,
    size_t len, unsigned char *raw)
{
	int n;

	return RAND_bytes(raw, NONCE) == 1 &&
	    EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, raw) == 1 &&
	    EVP_EncryptUpdate(ctx, NULL, &n, (const unsigned char *)SEAL_WORD,
		sizeof SEAL_WORD - 1) == 1 &&
	    EVP_EncryptUpdate(ctx, raw + NONCE, &n, data, (int)len) == 1 &&
	    EVP_EncryptFinal_ex(ctx, raw + NONCE + n, &n) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG,
		raw + NONCE + len) == 1 ? 0 : -EIO;
}

int
seal_close(const unsigned char key[32], const void *data, size_t len,
    char *out, size_t size)
{
	unsigned char raw[MAX];
	EVP_CIPHER_CTX *ctx;
	char *to;
	int rc;

	if (len + NONCE + TAG > sizeof raw || SEAL_SIZE(len) > size)
		return -EMSGSIZE;
	ctx = EVP_CIPHER_CTX_new();
	rc = ctx == NULL ? -EIO : encrypt(ctx, key, data, len, raw);
	EVP_CIPHER_CTX_free(ctx);
	if (rc < 0)
		return rc;
	to = stpcpy(out, SEAL_WORD " ");
	to += EVP_EncodeBlock((unsigned char *)to, raw,
	    (int)(NONCE + len + TAG));
	strcpy(to, "\n");
	return 0;
}

/* EVP_DecodeBlock counts the padding's bytes in. */
static int
decode(const struct buf *in, unsigned char raw[MAX], size_t *len)
{
	const size_t skip = sizeof SEAL_WORD;
	const char *text = (const char *)buf_head(in);
	size_t n = buf_len(in), end;
	int got;

	if (n <= skip || memcmp(text, SEAL_WORD " ", skip) != 0)
		return -EINVAL;
	text += skip;
	n -= skip;
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	if (n % 4 != 0 || n / 4 * 3 > MAX || n < (NONCE + TAG) / 3 * 4)
		return -EINVAL;
	got = EVP_DecodeBlock(raw, (const unsigned char *)text, (int)n);
	for (end = n; end > n - 2 && text[end - 1] == '='; end--)
		got--;
	if (got < NONCE + TAG)
		return -EINVAL;
	*len = (size_t)got;
	return 0;
}

static int
decrypt(EVP_CIPHER_CTX *ctx, const unsigned char *key,
    const unsigned char *raw, size_t len, unsigned char *out)
{
	unsigned char tag[TAG];
	int n;

	memcpy(tag, raw + NONCE + len, TAG);
	return EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, raw) == 1 &&
	    EVP_DecryptUpdate(ctx, NULL, &n, (const unsigned char *)SEAL_WORD,
		sizeof SEAL_WORD - 1) == 1 &&
	    EVP_DecryptUpdate(ctx, out, &n, raw + NONCE, (int)len) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1 &&
	    EVP_DecryptFinal_ex(ctx, out + n, &n) == 1 ? 0 : -EACCES;
}

int
seal_open(const unsigned char key[32], const struct buf *in,
    unsigned char *out, size_t size, size_t *len)
{
	unsigned char raw[MAX];
	EVP_CIPHER_CTX *ctx;
	size_t n;
	int rc;

	rc = decode(in, raw, &n);
	if (rc < 0)
		return rc;
	n -= NONCE + TAG;
	if (n > size)
		return -EINVAL;
	ctx = EVP_CIPHER_CTX_new();
	rc = ctx == NULL ? -ENOMEM : decrypt(ctx, key, raw, n, out);
	EVP_CIPHER_CTX_free(ctx);
	if (rc == 0)
		*len = n;
	return rc;
}
