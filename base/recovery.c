/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ISO/IEC 9796-2 scheme 1. A number to be opened comes out of the receiver's private key, so that
 * nothing here branches on it: every check makes a mask, and one question is asked at the end.
 */
#include "base/recovery.h"

#include <string.h>

#include "base/rsa_raw.h"
#include "base/secret.h"

enum {
	HEADER = 0x6A,
	TRAILER = 0xBC,
	OVERHEAD = 1 + SHA1_SIZE + 1,
	MODULUS_MAX = 512,
	REST_MAX = 16,
};

size_t recovery_capacity(const EVP_PKEY *key)
{
	size_t size = rsa_size(key);

	return size > OVERHEAD && size <= MODULUS_MAX ? size - OVERHEAD : 0;
}

/* 0xFF if yes, 0 if no. */
static uint8_t mask_of(unsigned int yes)
{
	return (uint8_t)secret_mask(yes & 1U);
}

static uint8_t is_same(uint8_t a, uint8_t b)
{
	return mask_of(((unsigned int)(a ^ b) - 1U) >> 31);
}

/* n - x, both len bytes; the mask says whether x was the greater. */
static uint8_t subtract(const uint8_t *n, const uint8_t *x, size_t len, uint8_t *ret)
{
	unsigned int borrow = 0;

	for (size_t i = len; i > 0; i--) {
		unsigned int d = (unsigned int)n[i - 1] - x[i - 1] - borrow;

		ret[i - 1] = (uint8_t)d;
		borrow = d >> 31;
	}
	return mask_of(borrow);
}

/* a where the mask is set, else b. */
static void choose(uint8_t mask, const uint8_t *a, const uint8_t *b, size_t len, uint8_t *ret)
{
	for (size_t i = 0; i < len; i++)
		ret[i] = (uint8_t)((a[i] & mask) | (b[i] & (uint8_t)~mask));
}

static enum rc put_modulus(const EVP_PKEY *key, uint8_t modulus[MODULUS_MAX])
{
	struct buf b;
	enum rc rc;

	buf_fixed(&b, modulus, MODULUS_MAX);
	rc = rsa_put_modulus(key, &b);
	return rc == RC_OK && b.len != rsa_size(key) ? RC_ARGUMENT : rc;
}

static enum rc digest(struct view message, struct view rest, uint8_t ret[SHA1_SIZE])
{
	uint8_t array[MODULUS_MAX + REST_MAX];
	struct buf b;
	enum rc rc;

	buf_fixed(&b, array, sizeof(array));
	buf_view(&b, message);
	buf_view(&b, rest);
	rc = buf_rc(&b);
	if (rc == RC_OK)
		rc = crypto_sha1(view_buf(&b), ret);
	buf_free(&b);
	return rc;
}

enum rc recovery_compose(const EVP_PKEY *key, struct view message, struct view rest,
			 struct buf *block)
{
	uint8_t hash[SHA1_SIZE];
	enum rc rc;

	if (message.len == 0 || message.len != recovery_capacity(key))
		return RC_ARGUMENT;
	rc = digest(message, rest, hash);
	if (rc == RC_OK) {
		buf_u8(block, HEADER);
		buf_view(block, message);
		buf_put(block, hash, sizeof(hash));
		buf_u8(block, TRAILER);
		rc = buf_rc(block);
	}
	secret_wipe(hash, sizeof(hash));
	return rc;
}

enum rc recovery_lessen(const EVP_PKEY *key, struct buf *signature)
{
	uint8_t modulus[MODULUS_MAX], other[MODULUS_MAX], difference[MODULUS_MAX];
	size_t len = signature->len;
	uint8_t greater;
	enum rc rc;

	if (recovery_capacity(key) == 0 || len != rsa_size(key))
		return RC_ARGUMENT;
	rc = put_modulus(key, modulus);
	if (rc != RC_OK)
		return rc;
	subtract(modulus, signature->data, len, other);
	greater = subtract(other, signature->data, len, difference);
	choose(greater, other, signature->data, len, signature->data);
	secret_wipe(other, sizeof(other));
	secret_wipe(difference, sizeof(difference));
	return RC_OK;
}

enum rc recovery_sign(EVP_PKEY *key, struct view message, struct view rest, struct buf *out)
{
	uint8_t block_array[MODULUS_MAX], signature_array[MODULUS_MAX];
	struct buf block, signature;
	enum rc rc;

	buf_fixed(&block, block_array, sizeof(block_array));
	buf_fixed(&signature, signature_array, sizeof(signature_array));
	rc = recovery_compose(key, message, rest, &block);
	if (rc == RC_OK)
		rc = rsa_raw_private(key, view_buf(&block), &signature);
	if (rc == RC_OK)
		rc = recovery_lessen(key, &signature);
	if (rc == RC_OK) {
		buf_view(out, view_buf(&signature));
		rc = buf_rc(out);
	}
	secret_wipe(block_array, sizeof(block_array));
	secret_wipe(signature_array, sizeof(signature_array));
	return rc;
}

/* The mask says whether the number is at most half the modulus; if not, half of it takes its place. */
static uint8_t take_number(const uint8_t *modulus, struct view number, uint8_t *ret)
{
	uint8_t half[MODULUS_MAX], difference[MODULUS_MAX];
	uint8_t small;

	for (size_t i = 0; i < number.len; i++)
		half[i] = (uint8_t)(modulus[i] >> 1 | (i ? modulus[i - 1] << 7 : 0));
	small = (uint8_t)~subtract(half, number.data, number.len, difference);
	choose(small, number.data, half, number.len, ret);
	secret_wipe(difference, sizeof(difference));
	return small;
}

/* Header, hash and trailer of a block: the mask says whether all are right. */
static enum rc judge(const uint8_t *block, size_t size, struct view rest, uint8_t *ret)
{
	struct view message = view_of(block + 1, size - OVERHEAD);
	uint8_t hash[SHA1_SIZE];
	enum rc rc = digest(message, rest, hash);
	uint8_t good = is_same(block[0], HEADER) & is_same(block[size - 1], TRAILER);

	good &= mask_of(secret_equal(hash, block + 1 + message.len, SHA1_SIZE));
	*ret = good;
	secret_wipe(hash, sizeof(hash));
	return rc;
}

enum rc recovery_open(EVP_PKEY *key, struct view number, struct view rest, struct buf *message)
{
	uint8_t modulus[MODULUS_MAX], x[MODULUS_MAX], array[MODULUS_MAX], other[MODULUS_MAX];
	size_t size = rsa_size(key);
	uint8_t good, judged = 0;
	struct buf block;
	enum rc rc;

	if (recovery_capacity(key) == 0 || number.len != size)
		return RC_ARGUMENT;
	rc = put_modulus(key, modulus);
	if (rc != RC_OK)
		return rc;
	good = take_number(modulus, number, x);
	buf_fixed(&block, array, sizeof(array));
	rc = rsa_raw_public(key, view_of(x, size), &block);
	if (rc == RC_OK) {
		/* Block and complement differ in their last four bits: the modulus is odd. */
		subtract(modulus, array, size, other);
		choose(is_same(array[size - 1] & 0x0F, TRAILER & 0x0F), array, other, size, array);
		rc = judge(array, size, rest, &judged);
	}
	if (rc == RC_OK && !(good & judged))
		rc = RC_AUTH;
	if (rc == RC_OK) {
		buf_put(message, array + 1, size - OVERHEAD);
		rc = buf_rc(message);
	}
	secret_wipe(x, sizeof(x));
	secret_wipe(array, sizeof(array));
	secret_wipe(other, sizeof(other));
	return rc;
}
