/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AES-CMAC (NIST SP 800-38B) and the retail MAC (ISO/IEC 9797-1 algorithm 3). A struct cmac keeps a
 * keyed libcrypto context: EVP_MAC_init without a key starts the next message.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>

#include "base/crypto.h"

enum { DES = 8, CHUNK = 256 };

struct cmac {
	EVP_MAC_CTX *ctx;
};

enum rc cmac_new(const uint8_t *key, size_t key_len, struct cmac **ret)
{
	char aes128[] = "AES-128-CBC", aes192[] = "AES-192-CBC", aes256[] = "AES-256-CBC";
	char *name = key_len == 16 ? aes128 : key_len == 24 ? aes192 : aes256;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name, 0),
		OSSL_PARAM_END,
	};
	EVP_MAC *mac = crypto_mac("CMAC");
	struct cmac *c;

	if (key_len != 16 && key_len != 24 && key_len != 32)
		return RC_ARGUMENT;
	c = calloc(1, sizeof(*c));
	if (!c)
		return RC_MEMORY;
	c->ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
	if (!c->ctx || EVP_MAC_init(c->ctx, key, key_len, params) != 1) {
		cmac_free(&c);
		return RC_CRYPTO;
	}
	*ret = c;
	return RC_OK;
}

void cmac_free(struct cmac **c)
{
	if (!c || !*c)
		return;
	EVP_MAC_CTX_free((*c)->ctx);
	free(*c);
	*c = NULL;
}

enum rc cmac_compute(struct cmac *c, const struct view *parts, size_t count, uint8_t ret[AES_BLOCK])
{
	size_t n;

	if (EVP_MAC_init(c->ctx, NULL, 0, NULL) != 1)
		return RC_CRYPTO;
	for (size_t i = 0; i < count; i++) {
		if (parts[i].len && EVP_MAC_update(c->ctx, parts[i].data, parts[i].len) != 1)
			return RC_CRYPTO;
	}
	if (EVP_MAC_final(c->ctx, ret, &n, AES_BLOCK) != 1 || n != AES_BLOCK)
		return RC_CRYPTO;
	return RC_OK;
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
