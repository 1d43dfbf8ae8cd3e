/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks with message recovery, and the keys of an agreement. */
#include "sc/agreement.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>

#include "base/rsa_raw.h"
#include "base/secret.h"

enum {
	HEADER = 0x6A, /* partial recovery, no padding of the message: ISO/IEC 9796-2 */
	TRAILER = 0xBC, /* SHA-1 implied */
	LEVEL_TAG = 0xD3, /* begins the body; a receiver looks for the first one */
	FRAME = 1 + SHA1_SIZE + 1, /* header, hash, trailer */
	BLOCK_MAX = 512,
};

static void put_padding(struct buf *b, size_t n)
{
	for (uint8_t *at = buf_space(b, n); at && n > 0; at++, n--) {
		do {
			if (crypto_random(at, 1) != RC_OK)
				buf_fail(b, RC_CRYPTO);
		} while (*at == LEVEL_TAG && buf_rc(b) == RC_OK);
	}
}

static enum rc hash_parts(struct view recovered, struct view challenge, struct view id,
			  uint8_t ret[SHA1_SIZE])
{
	struct buf b;
	enum rc rc;

	buf_init(&b, BLOCK_MAX + AGREEMENT_CHALLENGE + CVC_ID);
	buf_view(&b, recovered);
	buf_view(&b, challenge);
	buf_view(&b, id);
	rc = buf_rc(&b);
	if (rc == RC_OK)
		rc = crypto_sha1(view_buf(&b), ret);
	buf_free(&b);
	return rc;
}

enum rc agreement_block(size_t size, struct view body, const uint8_t secret[AGREEMENT_SECRET],
			const uint8_t challenge[AGREEMENT_CHALLENGE], const uint8_t card_id[CVC_ID],
			struct buf *out)
{
	size_t from = out->len, fixed = FRAME + body.len + AGREEMENT_SECRET;
	uint8_t hash[SHA1_SIZE];
	enum rc rc;

	if (size <= fixed)
		return RC_SPACE;
	buf_u8(out, HEADER);
	put_padding(out, size - fixed);
	buf_view(out, body);
	buf_put(out, secret, AGREEMENT_SECRET);
	rc = buf_rc(out);
	if (rc == RC_OK)
		rc = hash_parts(view_of(out->data + from + 1, out->len - from - 1),
				view_of(challenge, AGREEMENT_CHALLENGE), view_of(card_id, CVC_ID),
				hash);
	if (rc != RC_OK)
		return rc;
	buf_put(out, hash, sizeof(hash));
	buf_u8(out, TRAILER);
	return buf_rc(out);
}

/*
 * Looks at a number x of a modulus N: whether it is more than N - x, and what N - x is, which
 * ret has room for. Numbers have rsa_size bytes.
 */
static enum rc complement(EVP_PKEY *key, struct view x, bool *ret_is_high, uint8_t *ret)
{
	BIGNUM *n = NULL, *a = BN_bin2bn(x.data, (int)x.len, NULL), *b = BN_new();
	enum rc rc = RC_CRYPTO;

	if (!a || !b || EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) != 1)
		goto out;
	if (BN_cmp(a, n) >= 0) {
		rc = RC_AUTH;
		goto out;
	}
	if (BN_sub(b, n, a) != 1 || BN_bn2binpad(b, ret, (int)x.len) != (int)x.len)
		goto out;
	*ret_is_high = BN_cmp(a, b) > 0;
	rc = RC_OK;
out:
	BN_free(n);
	BN_clear_free(a);
	BN_clear_free(b);
	return rc;
}

enum rc agreement_seal(struct host_key *host, EVP_PKEY *host_public, EVP_PKEY *card,
		       struct view block, struct buf *out)
{
	uint8_t other[BLOCK_MAX];
	struct buf signature;
	bool is_high = false;
	enum rc rc;

	if (block.len > sizeof(other))
		return RC_ARGUMENT;
	buf_init(&signature, BLOCK_MAX);
	rc = host_key_raw(host, block, &signature);
	if (rc == RC_OK)
		rc = complement(host_public, view_buf(&signature), &is_high, other);
	if (rc == RC_OK)
		rc = rsa_raw_public(
			card, is_high ? view_of(other, signature.len) : view_buf(&signature), out);
	secret_wipe(other, sizeof(other));
	buf_free(&signature);
	return rc;
}

enum rc agreement_open(struct host_key *host, EVP_PKEY *card, struct view sealed, struct buf *block)
{
	uint8_t other[BLOCK_MAX];
	struct buf signature, recovered;
	bool is_high = false;
	enum rc rc;

	if (sealed.len > sizeof(other))
		return RC_AUTH;
	buf_init(&signature, BLOCK_MAX);
	buf_init(&recovered, BLOCK_MAX);
	rc = host_key_raw(host, sealed, &signature);
	/* Of x and N - x only the smaller is a signature: the larger would be a second one. */
	if (rc == RC_OK)
		rc = complement(card, view_buf(&signature), &is_high, other);
	if (rc == RC_OK && is_high)
		rc = RC_AUTH;
	if (rc == RC_OK)
		rc = rsa_raw_public(card, view_buf(&signature), &recovered);
	if (rc == RC_OK)
		rc = complement(card, view_buf(&recovered), &is_high, other);
	if (rc == RC_OK) {
		/* A block ends in the nibble C; of two complements of an odd modulus one does. */
		bool is_block = (recovered.data[recovered.len - 1] & 0x0F) == (TRAILER & 0x0F);

		buf_view(block, is_block ? view_buf(&recovered) : view_of(other, recovered.len));
		rc = buf_rc(block);
	}
	secret_wipe(other, sizeof(other));
	buf_free(&signature);
	buf_free(&recovered);
	return rc;
}

enum rc agreement_check(struct view block, const uint8_t challenge[AGREEMENT_CHALLENGE],
			const uint8_t host_id[CVC_ID], uint8_t ret_secret[AGREEMENT_SECRET])
{
	uint8_t header, trailer, hash[SHA1_SIZE];
	struct view recovered, got, secret;
	enum rc rc;

	if (block.len < FRAME + AGREEMENT_SECRET || view_u8(&block, &header) != RC_OK ||
	    view_take(&block, block.len - SHA1_SIZE - 1, &recovered) != RC_OK ||
	    view_take(&block, SHA1_SIZE, &got) != RC_OK || view_u8(&block, &trailer) != RC_OK)
		return RC_AUTH;
	rc = hash_parts(recovered, view_of(challenge, AGREEMENT_CHALLENGE),
			view_of(host_id, CVC_ID), hash);
	if (rc != RC_OK)
		return rc;
	if (header != HEADER || trailer != TRAILER || !secret_equal(got.data, hash, SHA1_SIZE))
		return RC_AUTH;
	rc = view_take(&recovered, recovered.len - AGREEMENT_SECRET, &secret);
	return rc == RC_OK ? view_copy(&recovered, ret_secret, AGREEMENT_SECRET) : rc;
}

enum rc agreement_key(const uint8_t host_secret[AGREEMENT_SECRET],
		      const uint8_t card_secret[AGREEMENT_SECRET], uint32_t counter,
		      uint8_t ret[AGREEMENT_KEY])
{
	uint8_t in[AGREEMENT_SECRET + 4], hash[SHA1_SIZE] = {0};
	struct view v = view_of(hash, AGREEMENT_KEY);
	enum rc rc;

	for (size_t i = 0; i < AGREEMENT_SECRET; i++)
		in[i] = host_secret[i] ^ card_secret[i];
	for (size_t i = 0; i < 4; i++)
		in[AGREEMENT_SECRET + i] = (uint8_t)(counter >> (24 - 8 * i));
	rc = crypto_sha1(view_of(in, sizeof(in)), hash);
	if (rc == RC_OK)
		rc = view_copy(&v, ret, AGREEMENT_KEY);
	secret_wipe(in, sizeof(in));
	secret_wipe(hash, sizeof(hash));
	return rc;
}
