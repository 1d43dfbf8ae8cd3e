/* SPDX-License-Identifier: BSD-2-Clause */
/* RSA and Ed25519: round trips, refusals, and the published Ed25519 vector. */
#include "base/rsa_raw.h"

#include <string.h>

#include <openssl/hmac.h>
#include <openssl/err.h>

#include "tests/base/hex.h"
#include "tests/suite.h"

static EVP_PKEY *key, *other;

static int make_keys(void)
{
	return rsa_generate(2048, &key) != RC_OK || rsa_generate(2048, &other) != RC_OK;
}

static int free_keys(void)
{
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	return 0;
}

static void a_generated_key_has_the_asked_size_and_exponent(void)
{
	EVP_PKEY *none = NULL;

	CU_ASSERT_EQUAL(rsa_bits(key), 2048);
	CU_ASSERT_EQUAL(rsa_size(key), 256);
	CU_ASSERT(rsa_exponent_is_f4(key));
	CU_ASSERT_EQUAL(rsa_generate(1023, &none), RC_ARGUMENT);
	CU_ASSERT_EQUAL(rsa_generate(4097, &none), RC_ARGUMENT);
	CU_ASSERT_PTR_NULL(none);
}

static void a_public_key_survives_being_written_and_read(void)
{
	struct buf n, e;
	EVP_PKEY *copy = NULL;

	buf_init(&n, 512);
	buf_init(&e, 8);
	CU_ASSERT_EQUAL(rsa_put_modulus(key, &n), RC_OK);
	CU_ASSERT_EQUAL(rsa_put_exponent(key, &e), RC_OK);
	CU_ASSERT_EQUAL(n.len, 256);
	CU_ASSERT(view_equal(view_buf(&e), hex("010001")));
	CU_ASSERT_EQUAL_FATAL(rsa_public(view_buf(&n), view_buf(&e), &copy), RC_OK);
	CU_ASSERT_EQUAL(EVP_PKEY_eq(copy, key), 1);
	EVP_PKEY_free(copy);
	buf_free(&n);
	buf_free(&e);
}

/* The modulus is not a product of two primes: only its size and parity are judged here. */
static enum rc try_public(size_t size, uint8_t first, uint8_t last, const char *exponent)
{
	uint8_t n[520];
	EVP_PKEY *made = NULL;
	enum rc rc;

	memset(n, 0x55, sizeof(n));
	n[0] = first;
	n[size - 1] = last;
	rc = rsa_public(view_of(n, size), hex(exponent), &made);
	CU_ASSERT_EQUAL(rc == RC_OK, made != NULL);
	EVP_PKEY_free(made);
	return rc;
}

static void public_keys_outside_the_bounds_are_malformed(void)
{
	static const struct {
		size_t size;
		uint8_t first, last;
		const char *exponent;
		enum rc rc;
	} rows[] = {
		{128, 0x80, 1, "03", RC_OK},
		{128, 0x80, 1, "010001", RC_OK},
		{129, 0x00, 1, "000003", RC_MALFORMED}, /* 0055..: 1023 bits */
		{128, 0x7F, 1, "03", RC_MALFORMED},
		{127, 0xFF, 1, "03", RC_MALFORMED},
		{512, 0xFF, 1, "010001", RC_OK},
		{513, 0x01, 1, "010001", RC_MALFORMED},
		{256, 0x80, 2, "010001", RC_MALFORMED},
		{256, 0x80, 1, "010000", RC_MALFORMED},
		{256, 0x80, 1, "01", RC_MALFORMED},
		{256, 0x80, 1, "00", RC_MALFORMED},
		{256, 0x80, 1, "", RC_MALFORMED},
		{256, 0x80, 1, "FFFFFFFFFFFFFFFF", RC_OK},
		{256, 0x80, 1, "01FFFFFFFFFFFFFFFF", RC_MALFORMED},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(try_public(rows[i].size, rows[i].first, rows[i].last,
					   rows[i].exponent),
				rows[i].rc);
}

static void every_scheme_verifies_its_own_signature_and_no_other(void)
{
	struct view parts[] = {view_str("one "), view_str("message")};
	struct view whole = view_str("one message"), wrong = view_str("one massage");
	struct buf s;

	buf_init(&s, 1024);
	for (int scheme = RSA_PSS_SHA256; scheme <= RSA_PKCS1_SHA1; scheme++) {
		buf_reset(&s);
		CU_ASSERT_EQUAL_FATAL(rsa_sign(key, scheme, parts, 2, &s), RC_OK);
		CU_ASSERT_EQUAL(s.len, 256);
		CU_ASSERT_EQUAL(rsa_verify(key, scheme, &whole, 1, view_buf(&s)), RC_OK);
		CU_ASSERT_EQUAL(rsa_verify(key, scheme, &wrong, 1, view_buf(&s)), RC_AUTH);
		CU_ASSERT_EQUAL(rsa_verify(other, scheme, &whole, 1, view_buf(&s)), RC_AUTH);
		for (int no = RSA_PSS_SHA256; no <= RSA_PKCS1_SHA1; no++) {
			if (no != scheme)
				CU_ASSERT_EQUAL(rsa_verify(key, no, &whole, 1, view_buf(&s)),
						RC_AUTH);
		}
		for (size_t len = 0; len < s.len; len++)
			CU_ASSERT_EQUAL(rsa_verify(key, scheme, &whole, 1, view_of(s.data, len)),
					RC_AUTH);
		buf_u8(&s, 0);
		CU_ASSERT_EQUAL(rsa_verify(key, scheme, &whole, 1, view_buf(&s)), RC_AUTH);
	}
	buf_free(&s);
	CU_ASSERT_EQUAL(ERR_peek_error(), 0);
}

/* HMAC-SHA-256 under the private exponent, as openssl computes it too. */
static void what_stands_in_for_a_block_is_the_keys_and_the_blocks(void)
{
	uint8_t block[256] = {1}, first[SHA256_SIZE], again[SHA256_SIZE], hmac[SHA256_SIZE];
	uint8_t d[256];
	BIGNUM *exponent = NULL;
	unsigned int len = 0;
	int d_len;

	CU_ASSERT_EQUAL_FATAL(rsa_stand_in(key, view_of(block, sizeof(block)), first), RC_OK);
	CU_ASSERT_EQUAL_FATAL(EVP_PKEY_get_bn_param(key, "d", &exponent), 1);
	d_len = BN_bn2bin(exponent, d);
	BN_clear_free(exponent);
	CU_ASSERT_PTR_NOT_NULL(HMAC(EVP_sha256(), d, d_len, block, sizeof(block), hmac, &len));
	CU_ASSERT(view_equal(view_of(first, SHA256_SIZE), view_of(hmac, SHA256_SIZE)));
	CU_ASSERT_EQUAL(rsa_stand_in(key, view_of(block, sizeof(block)), again), RC_OK);
	CU_ASSERT(view_equal(view_of(first, SHA256_SIZE), view_of(again, SHA256_SIZE)));
	CU_ASSERT_EQUAL(rsa_stand_in(other, view_of(block, sizeof(block)), again), RC_OK);
	CU_ASSERT_FALSE(view_equal(view_of(first, SHA256_SIZE), view_of(again, SHA256_SIZE)));
	block[255]++;
	CU_ASSERT_EQUAL(rsa_stand_in(key, view_of(block, sizeof(block)), again), RC_OK);
	CU_ASSERT_FALSE(view_equal(view_of(first, SHA256_SIZE), view_of(again, SHA256_SIZE)));
}

static void every_encryption_opens_with_its_key_and_scheme_only(void)
{
	struct buf sealed, plain;
	uint8_t message[245] = {7};
	size_t limits[] = {[RSA_OAEP_SHA256] = 190, [RSA_ES_PKCS1] = 245};

	buf_init(&sealed, 1024);
	buf_init(&plain, 1024);
	for (int scheme = RSA_OAEP_SHA256; scheme <= RSA_ES_PKCS1; scheme++) {
		struct view in = view_of(message, limits[scheme]);

		CU_ASSERT_EQUAL(rsa_plaintext_max(key, scheme), limits[scheme]);
		buf_reset(&sealed);
		buf_reset(&plain);
		CU_ASSERT_EQUAL_FATAL(rsa_encrypt(key, scheme, in, &sealed), RC_OK);
		CU_ASSERT_EQUAL(sealed.len, 256);
		buf_str(&plain, "before");
		CU_ASSERT_EQUAL(rsa_decrypt(key, scheme, view_buf(&sealed), &plain), RC_OK);
		CU_ASSERT_EQUAL(plain.len, 6 + in.len);
		CU_ASSERT(view_equal(view_of(plain.data + 6, plain.len - 6), in));
		buf_truncate(&plain, 6);
		sealed.data[100] ^= 1;
		CU_ASSERT_EQUAL(rsa_decrypt(key, scheme, view_buf(&sealed), &plain), RC_AUTH);
		sealed.data[100] ^= 1;
		CU_ASSERT_EQUAL(rsa_decrypt(other, scheme, view_buf(&sealed), &plain), RC_AUTH);
		CU_ASSERT_EQUAL(rsa_decrypt(key, scheme, view_of(sealed.data, 255), &plain),
				RC_AUTH);
		CU_ASSERT_EQUAL(rsa_decrypt(key, scheme, view_of(NULL, 0), &plain), RC_AUTH);
		CU_ASSERT(view_equal(view_buf(&plain), view_str("before")));
		buf_reset(&sealed);
		in.len++;
		in.data = sealed.data;
		CU_ASSERT_EQUAL(rsa_encrypt(key, scheme, in, &sealed), RC_ARGUMENT);
		CU_ASSERT_EQUAL(sealed.len, 0);
	}
	buf_free(&sealed);
	buf_free(&plain);
	CU_ASSERT_EQUAL(ERR_peek_error(), 0);
}

static void outputs_that_do_not_fit_say_so(void)
{
	struct view message = view_str("m");
	uint8_t array[255];
	struct buf b;

	buf_fixed(&b, array, sizeof(array));
	CU_ASSERT_EQUAL(rsa_sign(key, RSA_PSS_SHA256, &message, 1, &b), RC_SPACE);
	buf_reset(&b);
	CU_ASSERT_EQUAL(rsa_encrypt(key, RSA_OAEP_SHA256, message, &b), RC_SPACE);
	buf_reset(&b);
	CU_ASSERT_EQUAL(rsa_put_modulus(key, &b), RC_SPACE);
	buf_reset(&b);
	CU_ASSERT_EQUAL(pkey_put_private(key, &b), RC_SPACE);
}

static void a_private_key_survives_pkcs8_and_no_truncation_does(void)
{
	EVP_PKEY *copy = NULL, *ed = NULL;
	struct buf der;

	buf_init(&der, 4096);
	CU_ASSERT_EQUAL_FATAL(pkey_put_private(key, &der), RC_OK);
	CU_ASSERT_EQUAL_FATAL(pkey_private(view_buf(&der), &copy), RC_OK);
	CU_ASSERT_EQUAL(EVP_PKEY_eq(copy, key), 1);
	EVP_PKEY_free(copy);
	copy = NULL;
	for (size_t len = 0; len < der.len; len += len < 64 ? 1 : 61)
		CU_ASSERT_EQUAL(pkey_private(view_of(der.data, len), &copy), RC_MALFORMED);
	buf_u8(&der, 0);
	CU_ASSERT_EQUAL(pkey_private(view_buf(&der), &copy), RC_MALFORMED);
	CU_ASSERT_PTR_NULL(copy);
	buf_reset(&der);
	CU_ASSERT_EQUAL_FATAL(ed25519_generate(&ed), RC_OK);
	CU_ASSERT_EQUAL_FATAL(pkey_put_private(ed, &der), RC_OK);
	CU_ASSERT_EQUAL_FATAL(pkey_private(view_buf(&der), &copy), RC_OK);
	CU_ASSERT_EQUAL(EVP_PKEY_eq(copy, ed), 1);
	EVP_PKEY_free(copy);
	EVP_PKEY_free(ed);
	buf_free(&der);
	CU_ASSERT_EQUAL(ERR_peek_error(), 0);
}

/* RFC 8032 7.1, TEST 3; the private key in the PKCS#8 form of RFC 8410. */
static void ed25519_matches_rfc_8032(void)
{
	struct view public_key =
		hex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
	struct view expected =
		hex("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
		    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");
	uint8_t raw[ED25519_PUBLIC], signature[ED25519_SIGNATURE];
	EVP_PKEY *ed = NULL;

	CU_ASSERT_EQUAL_FATAL(
		pkey_private(hex("302e020100300506032b657004220420"
				 "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"),
			     &ed),
		RC_OK);
	CU_ASSERT_EQUAL(ed25519_public(ed, raw), RC_OK);
	CU_ASSERT(view_equal(view_of(raw, sizeof(raw)), public_key));
	CU_ASSERT_EQUAL(ed25519_sign(ed, hex("af82"), signature), RC_OK);
	CU_ASSERT(view_equal(view_of(signature, sizeof(signature)), expected));
	CU_ASSERT_EQUAL(ed25519_verify(raw, hex("af82"), expected), RC_OK);
	CU_ASSERT_EQUAL(ed25519_verify(raw, hex("af83"), expected), RC_AUTH);
	CU_ASSERT_EQUAL(ed25519_verify(raw, hex("af82"), view_of(expected.data, 63)), RC_AUTH);
	for (size_t bit = 0; bit < 8 * sizeof(signature); bit++) {
		signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CU_ASSERT_EQUAL(ed25519_verify(raw, hex("af82"), view_of(signature, 64)), RC_AUTH);
		signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	CU_ASSERT_EQUAL(ed25519_public(key, raw), RC_ARGUMENT);
	EVP_PKEY_free(ed);
	CU_ASSERT_EQUAL(ERR_peek_error(), 0);
}

static void raw_operations_undo_each_other_and_take_whole_blocks_only(void)
{
	struct buf modulus, once, twice;
	uint8_t block[256] = {0};

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (uint8_t)i;
	buf_init(&modulus, 512);
	buf_init(&once, 512);
	buf_init(&twice, 512);
	CU_ASSERT_EQUAL(rsa_raw_private(key, view_of(block, 256), &once), RC_OK);
	CU_ASSERT_EQUAL(once.len, 256);
	CU_ASSERT_EQUAL(rsa_raw_public(key, view_buf(&once), &twice), RC_OK);
	CU_ASSERT_TRUE(view_equal(view_buf(&twice), view_of(block, 256)));
	CU_ASSERT_EQUAL(rsa_put_modulus(key, &modulus), RC_OK);
	buf_reset(&once);
	CU_ASSERT_EQUAL(rsa_raw_public(key, view_of(block, 255), &once), RC_AUTH);
	CU_ASSERT_EQUAL(rsa_raw_public(key, view_buf(&modulus), &once), RC_AUTH);
	CU_ASSERT_EQUAL(rsa_raw_private(key, view_buf(&modulus), &once), RC_AUTH);
	CU_ASSERT_EQUAL(rsa_raw_private(key, view_of(block, 0), &once), RC_AUTH);
	CU_ASSERT_EQUAL(once.len, 0);
	CU_ASSERT_EQUAL(ERR_peek_error(), 0);
	buf_free(&modulus);
	buf_free(&once);
	buf_free(&twice);
}

int main(void)
{
	static CU_TestInfo tests[] = {
		{"a generated key has the asked size and exponent",
		 a_generated_key_has_the_asked_size_and_exponent},
		{"a public key survives being written and read",
		 a_public_key_survives_being_written_and_read},
		{"public keys outside the bounds are malformed",
		 public_keys_outside_the_bounds_are_malformed},
		{"every scheme verifies its own signature and no other",
		 every_scheme_verifies_its_own_signature_and_no_other},
		{"what stands in for a block is the key's and the block's",
		 what_stands_in_for_a_block_is_the_keys_and_the_blocks},
		{"every encryption opens with its key and scheme only",
		 every_encryption_opens_with_its_key_and_scheme_only},
		{"raw operations undo each other and take whole blocks only",
		 raw_operations_undo_each_other_and_take_whole_blocks_only},
		{"outputs that do not fit say so", outputs_that_do_not_fit_say_so},
		{"a private key survives PKCS#8 and no truncation does",
		 a_private_key_survives_pkcs8_and_no_truncation_does},
		{"Ed25519 matches RFC 8032", ed25519_matches_rfc_8032},
		CU_TEST_INFO_NULL,
	};
	static CU_SuiteInfo suites[] = {
		{.pName = "keys",
		 .pInitFunc = make_keys,
		 .pCleanupFunc = free_keys,
		 .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("base rsa", suites);
}
