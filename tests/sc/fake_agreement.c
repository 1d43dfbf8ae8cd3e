/* SPDX-License-Identifier: BSD-2-Clause */
/* Key agreement as the fake card does it: numbers first, with BIGNUM alone. */
#include "tests/sc/fake_agreement.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>

static BIGNUM *number(EVP_PKEY *key, const char *name)
{
	BIGNUM *x = NULL;

	if (EVP_PKEY_get_bn_param(key, name, &x) != 1)
		abort();
	return x;
}

/* x^e or x^d of a key. */
static BIGNUM *power(EVP_PKEY *key, const char *exponent, const BIGNUM *x)
{
	BIGNUM *n = number(key, OSSL_PKEY_PARAM_RSA_N), *e = number(key, exponent);
	BIGNUM *y = BN_new();
	BN_CTX *ctx = BN_CTX_new();

	if (!y || !ctx || BN_mod_exp(y, x, e, n, ctx) != 1)
		abort();
	BN_free(n);
	BN_free(e);
	BN_CTX_free(ctx);
	return y;
}

static void subtract_from_modulus(EVP_PKEY *key, BIGNUM *x)
{
	BIGNUM *n = number(key, OSSL_PKEY_PARAM_RSA_N);

	if (BN_sub(x, n, x) != 1)
		abort();
	BN_free(n);
}

static bool is_more_than_half(EVP_PKEY *key, const BIGNUM *x)
{
	BIGNUM *n = number(key, OSSL_PKEY_PARAM_RSA_N);
	bool is;

	if (BN_rshift1(n, n) != 1)
		abort();
	is = BN_cmp(x, n) > 0;
	BN_free(n);
	return is;
}

static void sha1(const struct view *parts, size_t count, uint8_t ret[SHA1_SIZE])
{
	struct buf b;

	buf_init(&b, 4096);
	for (size_t i = 0; i < count; i++)
		buf_view(&b, parts[i]);
	if (buf_rc(&b) != RC_OK || crypto_sha1(view_buf(&b), ret) != RC_OK)
		abort();
	buf_free(&b);
}

bool fake_agreement_open(EVP_PKEY *card, EVP_PKEY *host, struct view sealed,
			 const uint8_t challenge[8], const uint8_t card_id[8], struct buf *body,
			 uint8_t ret_secret[FAKE_SECRET])
{
	size_t size = rsa_size(card), end = size - 1 - SHA1_SIZE - FAKE_SECRET;
	uint8_t block[512], hash[SHA1_SIZE];
	BIGNUM *x, *y;
	size_t d3;
	struct view parts[3];

	if (sealed.len != size || rsa_size(host) != size)
		return false;
	x = BN_bin2bn(sealed.data, (int)sealed.len, NULL);
	y = power(card, OSSL_PKEY_PARAM_RSA_D, x);
	BN_free(x);
	x = power(host, OSSL_PKEY_PARAM_RSA_E, y);
	BN_free(y);
	if (BN_mod_word(x, 16) != 12)
		subtract_from_modulus(host, x);
	BN_bn2binpad(x, block, (int)size);
	BN_free(x);
	parts[0] = view_of(block + 1, size - 2 - SHA1_SIZE);
	parts[1] = view_of(challenge, 8);
	parts[2] = view_of(card_id, 8);
	sha1(parts, 3, hash);
	if (block[0] != 0x6A || block[size - 1] != 0xBC ||
	    !view_equal(view_of(hash, SHA1_SIZE), view_of(block + size - 1 - SHA1_SIZE, SHA1_SIZE)))
		return false;
	for (d3 = 1; d3 < end && block[d3] != 0xD3; d3++)
		;
	if (d3 == end)
		return false;
	buf_put(body, block + d3, end - d3);
	memcpy(ret_secret, block + end, FAKE_SECRET);
	return true;
}

void fake_agreement_seal(EVP_PKEY *card, EVP_PKEY *host, const uint8_t secret[FAKE_SECRET],
			 struct view challenge_and_id, enum fake_block kind, struct buf *out)
{
	size_t size = rsa_size(card);
	uint8_t block[512];
	struct view parts[2];
	BIGNUM *x, *y;

	memset(block, 0x5A, sizeof(block));
	block[0] = kind == FAKE_BLOCK_HEADER ? 0x4A : 0x6A;
	memcpy(block + size - 1 - SHA1_SIZE - FAKE_SECRET, secret, FAKE_SECRET);
	parts[0] = view_of(block + 1, size - 2 - SHA1_SIZE);
	parts[1] = challenge_and_id;
	sha1(parts, 2, block + size - 1 - SHA1_SIZE);
	if (kind == FAKE_BLOCK_HASH)
		block[size - 2] ^= 1;
	block[size - 1] = kind == FAKE_BLOCK_TRAILER ? 0xCC : 0xBC;
	x = BN_bin2bn(block, (int)size, NULL);
	y = power(card, OSSL_PKEY_PARAM_RSA_D, x);
	if (is_more_than_half(card, y) != (kind == FAKE_BLOCK_HIGH))
		subtract_from_modulus(card, y);
	BN_free(x);
	x = power(host, OSSL_PKEY_PARAM_RSA_E, y);
	if (kind == FAKE_BLOCK_SHORT)
		size--;
	if (BN_bn2binpad(x, block, (int)rsa_size(card)) < 0)
		abort();
	buf_put(out, block, size);
	BN_free(x);
	BN_free(y);
}

void fake_agreement_key(const uint8_t oes[FAKE_SECRET], const uint8_t cs[FAKE_SECRET],
			uint8_t counter, uint8_t ret[16])
{
	uint8_t in[FAKE_SECRET + 4] = {0}, hash[SHA1_SIZE];
	struct view v = view_of(in, sizeof(in));

	for (size_t i = 0; i < FAKE_SECRET; i++)
		in[i] = oes[i] ^ cs[i];
	in[FAKE_SECRET + 3] = counter;
	sha1(&v, 1, hash);
	memcpy(ret, hash, 16);
}
