/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AES-CMAC (NIST SP 800-38B) and the retail MAC (ISO/IEC 9797-1 algorithm 3). CMAC is made of CBC and
 * not libcrypto's own: setting that up for a message costs more than a command's whole MAC.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/crypto.h"

enum { DES = 8, CHUNK = 2048 };

struct cmac {
	struct cipher *cipher;
	uint8_t whole[AES_BLOCK], padded[AES_BLOCK]; /* K1 and K2 of SP 800-38B 6.1 */
};

/* SP 800-38B 6.1: the block times x, without a branch on it. */
static void twice(const uint8_t in[AES_BLOCK], uint8_t ret[AES_BLOCK])
{
	uint8_t carry = (uint8_t)(0 - (in[0] >> 7));

	for (size_t i = 0; i < AES_BLOCK - 1; i++)
		ret[i] = (uint8_t)(in[i] << 1 | in[i + 1] >> 7);
	ret[AES_BLOCK - 1] = (uint8_t)(in[AES_BLOCK - 1] << 1 ^ (carry & 0x87));
}

enum rc cmac_new(const uint8_t *key, size_t key_len, struct cmac **ret)
{
	static const uint8_t zeros[AES_BLOCK];
	uint8_t l[AES_BLOCK];
	struct cmac *c;
	enum rc rc;

	if (key_len != 16 && key_len != 24 && key_len != 32)
		return RC_ARGUMENT;
	c = calloc(1, sizeof(*c));
	if (!c)
		return RC_MEMORY;
	rc = cipher_new(key_len == 16   ? CIPHER_AES_128
			: key_len == 24 ? CIPHER_AES_192
					: CIPHER_AES_256,
			key, &c->cipher);
	if (rc == RC_OK)
		rc = cipher_block(c->cipher, zeros, l);
	if (rc != RC_OK) {
		cmac_free(&c);
		return rc;
	}
	twice(l, c->whole);
	twice(c->whole, c->padded);
	OPENSSL_cleanse(l, sizeof(l));
	*ret = c;
	return RC_OK;
}

void cmac_free(struct cmac **c)
{
	if (!c || !*c)
		return;
	cipher_free(&(*c)->cipher);
	OPENSSL_cleanse(*c, sizeof(**c));
	free(*c);
	*c = NULL;
}

/* Chains the blocks in chunk to what came before. */
static enum rc chain_blocks(struct cmac *c, uint8_t chain[AES_BLOCK], uint8_t *chunk, size_t len)
{
	enum rc rc = cipher_cbc_encrypt(c->cipher, chain, chunk, len, chunk);

	if (rc == RC_OK)
		memcpy(chain, chunk + len - AES_BLOCK, AES_BLOCK);
	return rc;
}

/* The end of a message, and its MAC in chain; a message of nothing has one block, of padding. */
static enum rc chain_last(struct cmac *c, uint8_t chain[AES_BLOCK], uint8_t *chunk, size_t len)
{
	bool whole = len && len % AES_BLOCK == 0;
	size_t size = whole ? len : (len / AES_BLOCK + 1) * AES_BLOCK;

	if (!whole) {
		memset(chunk + len, 0, size - len);
		chunk[len] = 0x80;
	}
	for (size_t i = 0; i < AES_BLOCK; i++)
		chunk[size - AES_BLOCK + i] ^= whole ? c->whole[i] : c->padded[i];
	return chain_blocks(c, chain, chunk, size);
}

enum rc cmac_compute(struct cmac *c, const struct view *parts, size_t count, uint8_t ret[AES_BLOCK])
{
	uint8_t chain[AES_BLOCK] = {0}, chunk[CHUNK];
	enum rc rc = RC_OK;
	size_t len = 0, used = 0;

	for (size_t i = 0; i < count; i++) {
		struct view rest = parts[i];

		while (rc == RC_OK && rest.len) {
			size_t n = rest.len < CHUNK - len ? rest.len : CHUNK - len;

			rc = view_copy(&rest, chunk + len, n);
			len += n;
			used = len > used ? len : used;
			/* The last block waits for the end. */
			if (rc == RC_OK && rest.len && len == CHUNK) {
				rc = chain_blocks(c, chain, chunk, CHUNK);
				len = 0;
			}
		}
	}
	if (rc == RC_OK)
		rc = chain_last(c, chain, chunk, len);
	/* With the padding of a last block that was not whole. */
	explicit_bzero(chunk, used < CHUNK - AES_BLOCK ? used + AES_BLOCK : CHUNK);
	if (rc == RC_OK)
		memcpy(ret, chain, AES_BLOCK);
	OPENSSL_cleanse(chain, sizeof(chain));
	return rc;
}

/* Single DES CBC over whole blocks; the chaining value is replaced by the last block. */
static enum rc des_chain(const uint8_t *key, uint8_t chain[DES], struct view in)
{
	uint8_t twice[2 * DES], out[CHUNK];
	struct cipher *c = NULL;
	enum rc rc;

	memcpy(twice, key, DES);
	memcpy(twice + DES, key, DES);
	rc = cipher_new(CIPHER_3DES_2KEY, twice, &c);
	while (rc == RC_OK && in.len) {
		size_t n = in.len < CHUNK ? in.len : CHUNK;

		rc = cipher_cbc_encrypt(c, chain, in.data, n, out);
		memcpy(chain, out + n - DES, DES);
		in = view_of(in.data + n, in.len - n);
	}
	cipher_free(&c);
	OPENSSL_cleanse(twice, sizeof(twice));
	OPENSSL_cleanse(out, sizeof(out));
	return rc;
}

enum rc retail_mac(const uint8_t key[16], const uint8_t icv[8], struct view padded, uint8_t ret[8])
{
	struct cipher *c = NULL;
	uint8_t chain[DES];
	struct view head;
	enum rc rc;

	if (!padded.len || padded.len % DES)
		return RC_ARGUMENT;
	memcpy(chain, icv, DES);
	rc = view_take(&padded, padded.len - DES, &head);
	if (rc == RC_OK)
		rc = des_chain(key, chain, head);
	if (rc == RC_OK)
		rc = cipher_new(CIPHER_3DES_2KEY, key, &c);
	if (rc == RC_OK)
		rc = cipher_cbc_encrypt(c, chain, padded.data, DES, ret);
	cipher_free(&c);
	OPENSSL_cleanse(chain, sizeof(chain));
	return rc;
}
