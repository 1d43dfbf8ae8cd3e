/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Block ciphers in CBC and ECB, AES-256-GCM, and ISO/IEC 7816-4 padding. A struct cipher keeps one
 * keyed libcrypto context a direction, which is never set up anew: with another IV the first block is
 * combined with what libcrypto has chained on from the message before, and that costs a fifth. libcrypto
 * has single DES in its legacy provider only; DES-EDE3 under three equal keys is the same function.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/crypto.h"

enum { KEY_MAX = 32, DES = 8 };

struct cipher {
	size_t block;
	EVP_CIPHER_CTX *encrypt, *decrypt, *ecb;
	/* The last blocks of ciphertext of each direction, which libcrypto chains on from. */
	uint8_t encrypted[AES_BLOCK], decrypted[AES_BLOCK];
	bool failed; /* libcrypto did, and what it chains on from is not known */
};

static const struct {
	const char *cbc, *ecb;
	size_t block;
} kinds[] = {
	[CIPHER_AES_256] = {.cbc = "AES-256-CBC", .ecb = "AES-256-ECB", .block = AES_BLOCK},
	[CIPHER_AES_192] = {.cbc = "AES-192-CBC", .ecb = "AES-192-ECB", .block = AES_BLOCK},
	[CIPHER_AES_128] = {.cbc = "AES-128-CBC", .ecb = "AES-128-ECB", .block = AES_BLOCK},
	[CIPHER_3DES_2KEY] = {.cbc = "DES-EDE3-CBC", .ecb = "DES-EDE3-ECB", .block = DES},
};

/* Chains on from zeros; ECB takes no notice. */
static EVP_CIPHER_CTX *keyed(const char *name, const uint8_t *key, int encrypt)
{
	static const uint8_t zeros[AES_BLOCK];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	const EVP_CIPHER *cipher = crypto_cipher(name);

	if (!ctx || !cipher || EVP_CipherInit_ex2(ctx, cipher, key, zeros, encrypt, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(ctx, 0) != 1) {
		EVP_CIPHER_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

enum rc cipher_new(enum cipher_kind kind, const uint8_t *key, struct cipher **ret)
{
	uint8_t three[3 * DES];
	struct cipher *c;

	if ((size_t)kind >= sizeof(kinds) / sizeof(kinds[0]))
		return RC_ARGUMENT;
	c = calloc(1, sizeof(*c));
	if (!c)
		return RC_MEMORY;
	if (kind == CIPHER_3DES_2KEY) {
		memcpy(three, key, 2 * DES);
		memcpy(three + 2 * DES, key, DES);
		key = three;
	}
	c->block = kinds[kind].block;
	c->encrypt = keyed(kinds[kind].cbc, key, 1);
	c->decrypt = keyed(kinds[kind].cbc, key, 0);
	c->ecb = keyed(kinds[kind].ecb, key, 1);
	OPENSSL_cleanse(three, sizeof(three));
	if (!c->encrypt || !c->decrypt || !c->ecb) {
		cipher_free(&c);
		return RC_CRYPTO;
	}
	*ret = c;
	return RC_OK;
}

void cipher_free(struct cipher **c)
{
	if (!c || !*c)
		return;
	EVP_CIPHER_CTX_free((*c)->encrypt);
	EVP_CIPHER_CTX_free((*c)->decrypt);
	EVP_CIPHER_CTX_free((*c)->ecb);
	OPENSSL_cleanse(*c, sizeof(**c));
	free(*c);
	*c = NULL;
}

static enum rc update(EVP_CIPHER_CTX *ctx, const uint8_t *in, size_t len, uint8_t *out)
{
	int n;

	if (!len)
		return RC_OK;
	if (len > INT32_MAX)
		return RC_ARGUMENT;
	if (EVP_CipherUpdate(ctx, out, &n, in, (int)len) != 1 || (size_t)n != len)
		return RC_CRYPTO;
	return RC_OK;
}

/* What makes of a block that is chained to last one that is chained to iv. */
static void difference(const uint8_t *iv, const uint8_t *last, size_t block, uint8_t *ret)
{
	for (size_t i = 0; i < block; i++)
		ret[i] = iv[i] ^ last[i];
}

static void combine(uint8_t *at, const uint8_t *with, size_t block)
{
	for (size_t i = 0; i < block; i++)
		at[i] ^= with[i];
}

enum rc cipher_cbc_encrypt(struct cipher *c, const uint8_t *iv, const uint8_t *in, size_t len,
			   uint8_t *out)
{
	uint8_t first[AES_BLOCK];

	if (len % c->block)
		return RC_ARGUMENT;
	if (!len)
		return RC_OK;
	difference(iv, c->encrypted, c->block, first);
	combine(first, in, c->block);
	if (c->failed || update(c->encrypt, first, c->block, out) != RC_OK ||
	    update(c->encrypt, in + c->block, len - c->block, out + c->block) != RC_OK)
		c->failed = true;
	OPENSSL_cleanse(first, sizeof(first));
	if (c->failed)
		return RC_CRYPTO;
	memcpy(c->encrypted, out + len - c->block, c->block);
	return RC_OK;
}

enum rc cipher_cbc_decrypt(struct cipher *c, const uint8_t *iv, const uint8_t *in, size_t len,
			   uint8_t *out)
{
	uint8_t other[AES_BLOCK];

	if (len % c->block)
		return RC_ARGUMENT;
	if (!len)
		return RC_OK;
	difference(iv, c->decrypted, c->block, other);
	/* Before it is overwritten, where out is in. */
	memcpy(c->decrypted, in + len - c->block, c->block);
	if (c->failed || update(c->decrypt, in, len, out) != RC_OK) {
		c->failed = true;
		return RC_CRYPTO;
	}
	combine(out, other, c->block);
	return RC_OK;
}

enum rc cipher_block(struct cipher *c, const uint8_t *in, uint8_t *out)
{
	return update(c->ecb, in, c->block, out);
}

enum rc des_block(const uint8_t key[8], const uint8_t in[8], uint8_t ret[8])
{
	uint8_t twice[2 * DES];
	struct cipher *c = NULL;
	enum rc rc;

	memcpy(twice, key, DES);
	memcpy(twice + DES, key, DES);
	rc = cipher_new(CIPHER_3DES_2KEY, twice, &c);
	if (rc == RC_OK)
		rc = cipher_block(c, in, ret);
	cipher_free(&c);
	OPENSSL_cleanse(twice, sizeof(twice));
	return rc;
}

/* A GCM context with key, nonce and additional data in; NULL on failure. */
static EVP_CIPHER_CTX *gcm_start(const uint8_t *key, const uint8_t *nonce, struct view aad,
				 int encrypt)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	const EVP_CIPHER *cipher = crypto_cipher("AES-256-GCM");
	int n;

	if (!ctx || !cipher || aad.len > INT32_MAX ||
	    EVP_CipherInit_ex2(ctx, cipher, key, nonce, encrypt, NULL) != 1 ||
	    (aad.len && EVP_CipherUpdate(ctx, NULL, &n, aad.data, (int)aad.len) != 1)) {
		EVP_CIPHER_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

static enum rc gcm_finish(EVP_CIPHER_CTX *ctx, struct view in, uint8_t *out, uint8_t tag[GCM_TAG])
{
	uint8_t none[AES_BLOCK];
	int n;

	if (update(ctx, in.data, in.len, out) != RC_OK || EVP_CipherFinal_ex(ctx, none, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, GCM_TAG, tag) != 1)
		return RC_CRYPTO;
	return RC_OK;
}

enum rc gcm_seal(const uint8_t key[AES256_KEY], const uint8_t nonce[GCM_NONCE], struct view aad,
		 struct view in, uint8_t *out, uint8_t tag[GCM_TAG])
{
	EVP_CIPHER_CTX *ctx = gcm_start(key, nonce, aad, 1);
	enum rc rc = ctx ? gcm_finish(ctx, in, out, tag) : RC_CRYPTO;

	EVP_CIPHER_CTX_free(ctx);
	return rc;
}

struct gcm {
	EVP_CIPHER_CTX *ctx;
};

enum rc gcm_new(const uint8_t key[AES256_KEY], struct gcm **ret)
{
	static const uint8_t nonce[GCM_NONCE];
	struct gcm *g = calloc(1, sizeof(*g));

	if (!g)
		return RC_MEMORY;
	g->ctx = gcm_start(key, nonce, view_of(NULL, 0), 1);
	if (!g->ctx) {
		gcm_free(&g);
		return RC_CRYPTO;
	}
	*ret = g;
	return RC_OK;
}

void gcm_free(struct gcm **g)
{
	if (!g || !*g)
		return;
	EVP_CIPHER_CTX_free((*g)->ctx);
	free(*g);
	*g = NULL;
}

enum rc gcm_encrypt(struct gcm *g, const uint8_t nonce[GCM_NONCE], struct view aad, struct view in,
		    uint8_t *out, uint8_t tag[GCM_TAG])
{
	int n;

	if (aad.len > INT32_MAX || EVP_CipherInit_ex2(g->ctx, NULL, NULL, nonce, 1, NULL) != 1 ||
	    (aad.len && EVP_CipherUpdate(g->ctx, NULL, &n, aad.data, (int)aad.len) != 1))
		return RC_CRYPTO;
	return gcm_finish(g->ctx, in, out, tag);
}

enum rc gcm_open(const uint8_t key[AES256_KEY], const uint8_t nonce[GCM_NONCE], struct view aad,
		 struct view in, const uint8_t tag[GCM_TAG], uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = gcm_start(key, nonce, aad, 0);
	enum rc rc = RC_CRYPTO;
	uint8_t copy[GCM_TAG], none[AES_BLOCK];
	int n;

	memcpy(copy, tag, GCM_TAG);
	if (!ctx || update(ctx, in.data, in.len, out) != RC_OK ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, GCM_TAG, copy) != 1)
		goto out;
	if (EVP_CipherFinal_ex(ctx, none, &n) != 1) {
		rc = RC_AUTH;
		goto out;
	}
	rc = RC_OK;
out:
	if (rc != RC_OK && in.len)
		OPENSSL_cleanse(out, in.len);
	EVP_CIPHER_CTX_free(ctx);
	return rc;
}

void pad_put(struct buf *b, size_t from, size_t block)
{
	size_t len = block - (b->len - from) % block;
	uint8_t *at = buf_space(b, len);

	if (!at)
		return;
	memset(at, 0, len);
	at[0] = 0x80;
}

enum rc unpad(struct view in, struct view *ret)
{
	while (in.len && in.data[in.len - 1] == 0)
		in.len--;
	if (!in.len || in.data[in.len - 1] != 0x80)
		return RC_MALFORMED;
	*ret = view_of(in.data, in.len - 1);
	return RC_OK;
}
