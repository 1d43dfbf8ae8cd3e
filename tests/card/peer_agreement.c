/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's part of key agreement for tests of the card, in plain arithmetic on big numbers, so
 * that it shares nothing with the card's own signatures with message recovery.
 */
#include "tests/card/peer.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>

#include "tests/suite.h"

enum { BLOCK = 128, HASH = 20 };

/* x to the power of an exponent of the key, 128 bytes in and out. */
static void power(const EVP_PKEY *key, const char *exponent, const uint8_t *in, uint8_t *out)
{
	BIGNUM *n = NULL, *e = NULL, *x = BN_bin2bn(in, BLOCK, NULL);
	BN_CTX *ctx = BN_CTX_new();

	CU_ASSERT_FATAL(x && ctx && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
			EVP_PKEY_get_bn_param(key, exponent, &e) == 1);
	CU_ASSERT_EQUAL_FATAL(BN_mod_exp(x, x, e, n, ctx), 1);
	CU_ASSERT_EQUAL_FATAL(BN_bn2binpad(x, out, BLOCK), BLOCK);
	BN_clear_free(x);
	BN_clear_free(e);
	BN_free(n);
	BN_CTX_free(ctx);
}

/* N - x, 128 bytes; whether it is less than x. */
static bool complement(const EVP_PKEY *key, const uint8_t *in, uint8_t *out)
{
	BIGNUM *n = NULL, *x = BN_bin2bn(in, BLOCK, NULL);
	bool less;

	CU_ASSERT_FATAL(x && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) == 1);
	CU_ASSERT_EQUAL_FATAL(BN_sub(n, n, x), 1);
	less = BN_cmp(n, x) < 0;
	CU_ASSERT_EQUAL_FATAL(BN_bn2binpad(n, out, BLOCK), BLOCK);
	BN_free(n);
	BN_free(x);
	return less;
}

static void hash(struct view message, struct view rest, uint8_t ret[HASH])
{
	struct buf b;

	buf_init(&b, 1000);
	buf_view(&b, message);
	buf_view(&b, rest);
	peer_good(crypto_sha1(view_buf(&b), ret));
	buf_free(&b);
}

static void fill_padding(uint8_t *padding, size_t len)
{
	peer_good(crypto_random(padding, len));
	for (size_t i = 0; i < len; i++)
		if (padding[i] == 0xD3)
			padding[i] = 0xD4;
}

void peer_agree(struct peer *p)
{
	EVP_PKEY *card = peer_card_key(p), *host = peer_world()->host[2].key;
	size_t padding = BLOCK - 2 - HASH - sizeof(p->secret) - p->block.len;
	uint8_t block[BLOCK], number[BLOCK], other[BLOCK], rest[16];

	block[0] = 0x6A;
	fill_padding(block + 1, padding);
	memcpy(block + 1 + padding, p->block.data, p->block.len);
	memcpy(block + 1 + padding + p->block.len, p->secret, sizeof(p->secret));
	memcpy(rest, p->challenge, 8);
	memcpy(rest + 8, "00000001", 8);
	hash(view_of(block + 1, BLOCK - 2 - HASH), view_of(rest, 16), block + BLOCK - 1 - HASH);
	block[BLOCK - 1] = 0xBC;
	power(host, OSSL_PKEY_PARAM_RSA_D, block, number);
	if (complement(host, number, other))
		memcpy(number, other, BLOCK);
	power(card, OSSL_PKEY_PARAM_RSA_E, number, block);
	buf_reset(&p->signature);
	buf_put(&p->signature, block, BLOCK);
	EVP_PKEY_free(card);
}

/* First 16 bytes of SHA-1 over mixed secrets and number. */
static void derive(const uint8_t mixed[32], uint8_t number, uint8_t *key)
{
	const uint8_t count[4] = {0, 0, 0, number};
	uint8_t result[HASH];

	hash(view_of(mixed, 32), view_of(count, 4), result);
	memcpy(key, result, 16);
}

static void take_keys(struct peer *p, const uint8_t secret[32])
{
	static const uint8_t bits[] = {0x01, 0x10, 0x02, 0x20};
	const uint8_t *first = p->by_use ? p->secret : secret + 28;
	const uint8_t *second = p->by_use ? secret : p->secret + 28;
	uint8_t mixed[32], next[2] = {1, 2};

	for (size_t i = 0; i < sizeof(mixed); i++)
		mixed[i] = p->secret[i] ^ secret[i];
	for (size_t i = 0; i < 4; i++) {
		uint8_t number = (uint8_t)(i + 1);

		if (!(p->level & bits[i]))
			continue;
		if (!p->by_use) {
			number = next[i / 2];
			next[i / 2] += 2;
		}
		derive(mixed, number, p->key[i]);
	}
	p->counter[0] = 0;
	for (size_t i = 0; i < 8; i++)
		p->counter[0] = p->counter[0] << 8 | (i < 4 ? first[i] : second[i - 4]);
	p->counter[1] = p->counter[0];
}

bool peer_agreed(struct peer *p, const uint8_t *data, size_t len, struct view answer)
{
	EVP_PKEY *card = peer_card_key(p), *host = peer_world()->host[2].key;
	uint8_t number[BLOCK], other[BLOCK], block[BLOCK], expected[HASH];
	bool good = answer.len == BLOCK;

	if (good) {
		power(host, OSSL_PKEY_PARAM_RSA_D, answer.data, number);
		good = !complement(card, number, other);
		power(card, OSSL_PKEY_PARAM_RSA_E, number, block);
		if (block[BLOCK - 1] != 0xBC) {
			complement(card, block, other);
			memcpy(block, other, BLOCK);
		}
		hash(view_of(block + 1, BLOCK - 2 - HASH), view_of(data, len), expected);
		good = good && block[0] == 0x6A && block[BLOCK - 1] == 0xBC &&
		       view_equal(view_of(expected, HASH), view_of(block + BLOCK - 1 - HASH, HASH));
		take_keys(p, block + BLOCK - 1 - HASH - 32);
	}
	EVP_PKEY_free(card);
	return good;
}
