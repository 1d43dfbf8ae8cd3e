/* SPDX-License-Identifier: BSD-2-Clause */
/* GENERATE KEY PAIR and KEY OPERATION; every output is checked by libcrypto with the public half. */
#include "card/key_operation.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "base/rsa.h"
#include "card/key_hash.h"
#include "card/key_material.h"
#include "card/object_schema.h"
#include "card/pin.h"
#include "tests/card/bare_card.h"
#include "tests/suite.h"

enum { SIGN = 0, DECRYPT = 1, DERIVE = 2 };

static struct bare_card card;

static const uint8_t digest[64] = {1, 2, 3, 4, 5};
static const uint8_t pss_sha256[] = {0, 0, 2, 0x50, 0, 0, 0, 2, 0, 0, 0, 32};
static const uint8_t oaep_sha256[] = {0, 0, 2, 0x50, 0, 0, 0, 2};

static struct view none(void)
{
	return view_of(NULL, 0);
}

/* The pair of the last answer: number of the private object, and the public key. */
static uint32_t pair(EVP_PKEY **ret_public)
{
	struct view public_list, private_list, n, e, point;
	const struct curve *curve;
	uint32_t number;

	CU_ASSERT_NOT_EQUAL_FATAL(bare_card_object_at(&card, 0, 0, &public_list), 0);
	number = bare_card_object_at(&card, 0, 1, &private_list);
	CU_ASSERT_NOT_EQUAL_FATAL(number, 0);
	if (attr_find(public_list, CKA_MODULUS, &n) == RC_OK) {
		CU_ASSERT_EQUAL(attr_find(public_list, CKA_PUBLIC_EXPONENT, &e), RC_OK);
		CU_ASSERT_EQUAL_FATAL(rsa_public(n, e, ret_public), RC_OK);
	} else {
		CU_ASSERT_EQUAL_FATAL(attr_find(public_list, CKA_EC_PARAMS, &n), RC_OK);
		CU_ASSERT_EQUAL_FATAL(attr_find(public_list, CKA_EC_POINT, &point), RC_OK);
		curve = key_curve(n);
		CU_ASSERT_PTR_NOT_NULL_FATAL(curve);
		CU_ASSERT_EQUAL(view_take(&point, point.len - 1 - 2 * curve->bytes, &e), RC_OK);
		CU_ASSERT_EQUAL_FATAL(key_from_point(curve, point, ret_public), RC_OK);
	}
	return number;
}

static EVP_PKEY_CTX *context_for(EVP_PKEY *key)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(crypto_context(), key, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(context);
	return context;
}

static void set_padding(EVP_PKEY_CTX *context, int padding)
{
	CU_ASSERT_TRUE(EVP_PKEY_CTX_set_rsa_padding(context, padding) > 0);
	if (padding == RSA_PKCS1_PSS_PADDING) {
		CU_ASSERT_TRUE(EVP_PKEY_CTX_set_signature_md(context, crypto_md("SHA2-256")) > 0);
		CU_ASSERT_TRUE(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, 32) > 0);
	}
	if (padding == RSA_PKCS1_OAEP_PADDING)
		CU_ASSERT_TRUE(EVP_PKEY_CTX_set_rsa_oaep_md(context, crypto_md("SHA2-256")) > 0);
}

static bool verifies(EVP_PKEY *key, int padding, struct view input)
{
	EVP_PKEY_CTX *context = context_for(key);
	bool good;

	CU_ASSERT_TRUE(EVP_PKEY_verify_init(context) > 0);
	if (padding)
		set_padding(context, padding);
	good = EVP_PKEY_verify(context, card.answer.data, card.answer.len, input.data, input.len) ==
	       1;
	EVP_PKEY_CTX_free(context);
	return good;
}

static struct view enciphered(EVP_PKEY *key, int padding, struct view plain, uint8_t out[512])
{
	EVP_PKEY_CTX *context = context_for(key);
	size_t len = 512;

	CU_ASSERT_TRUE(EVP_PKEY_encrypt_init(context) > 0);
	set_padding(context, padding);
	CU_ASSERT_TRUE(EVP_PKEY_encrypt(context, out, &len, plain.data, plain.len) > 0);
	EVP_PKEY_CTX_free(context);
	return view_of(out, len);
}

/* r || s of the last answer as a DER signature that verifies. */
static bool ecdsa_verifies(EVP_PKEY *key, size_t half, struct view input)
{
	struct view parts[2], rest = view_buf(&card.answer);
	struct buf body, der;
	EVP_PKEY_CTX *context;
	bool good = rest.len == 2 * half;

	buf_init(&body, 256);
	buf_init(&der, 256);
	for (unsigned int i = 0; good && i < 2; i++) {
		struct view zero;

		CU_ASSERT_EQUAL(view_take(&rest, half, &parts[i]), RC_OK);
		while (parts[i].len > 1 && parts[i].data[0] == 0)
			CU_ASSERT_EQUAL(view_take(&parts[i], 1, &zero), RC_OK);
		buf_u8(&body, 2);
		buf_u8(&body, (uint8_t)(parts[i].len + (parts[i].data[0] >> 7)));
		if (parts[i].data[0] >> 7)
			buf_u8(&body, 0);
		buf_view(&body, parts[i]);
	}
	buf_u8(&der, 0x30);
	if (body.len > 127)
		buf_u8(&der, 0x81);
	buf_u8(&der, (uint8_t)body.len);
	buf_view(&der, view_buf(&body));
	context = context_for(key);
	CU_ASSERT_TRUE(EVP_PKEY_verify_init(context) > 0);
	good = good && EVP_PKEY_verify(context, der.data, der.len, input.data, input.len) == 1;
	EVP_PKEY_CTX_free(context);
	buf_free(&body);
	buf_free(&der);
	return good;
}

static void a_generated_rsa_pair_signs_in_every_way(void)
{
	struct view input = view_of(digest, 51), short_digest = view_of(digest, 32);
	uint8_t block[256] = {0};
	EVP_PKEY *key;
	uint32_t number;

	bare_card_new_token(&card);
	CU_ASSERT_EQUAL_FATAL(bare_card_generate_rsa(&card, 2048, CKA_SIGN), SW_OK);
	number = pair(&key);
	for (unsigned int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, number, CKM_RSA_PKCS, none(), input),
				SW_OK);
		CU_ASSERT_TRUE(verifies(key, RSA_PKCS1_PADDING, input));
		CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, number, CKM_RSA_PKCS_PSS,
						  view_of(pss_sha256, 12), short_digest),
				SW_OK);
		CU_ASSERT_TRUE(verifies(key, RSA_PKCS1_PSS_PADDING, short_digest));
		block[255] = (uint8_t)i + 2;
		CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, number, CKM_RSA_X_509, none(),
						  view_of(block, 256)),
				SW_OK);
		CU_ASSERT_TRUE(verifies(key, RSA_NO_PADDING, view_of(block, 256)));
		bare_card_restart(&card);
		CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	}
	memset(block, 0xFF, sizeof(block));
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, number, CKM_RSA_X_509, none(),
					  view_of(block, 256)),
			SW_WRONG_DATA);
	CU_ASSERT_EQUAL(ERR_peek_error(), 0);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, number, CKM_RSA_PKCS, none(), input), SW_OK);
	CU_ASSERT_TRUE(verifies(key, RSA_PKCS1_PADDING, input));
	EVP_PKEY_free(key);
	bare_card_free(&card);
}

static void a_generated_rsa_pair_deciphers_in_every_way(void)
{
	struct view plain = view_str("thirty-two bytes of a secret key"), input;
	uint8_t cipher[512], block[256] = {0};
	EVP_PKEY *key;
	uint32_t number;

	bare_card_new_token(&card);
	CU_ASSERT_EQUAL_FATAL(bare_card_generate_rsa(&card, 2048, CKA_DECRYPT), SW_OK);
	number = pair(&key);
	input = enciphered(key, RSA_PKCS1_PADDING, plain, cipher);
	CU_ASSERT_EQUAL(bare_card_operate(&card, DECRYPT, number, CKM_RSA_PKCS, none(), input),
			SW_OK);
	CU_ASSERT_TRUE(view_equal(view_buf(&card.answer), plain));
	cipher[100] ^= 1;
	CU_ASSERT_EQUAL(bare_card_operate(&card, DECRYPT, number, CKM_RSA_PKCS_OAEP,
					  view_of(oaep_sha256, 8), input),
			SW_WRONG_DATA);
	input = enciphered(key, RSA_PKCS1_OAEP_PADDING, plain, cipher);
	CU_ASSERT_EQUAL(bare_card_operate(&card, DECRYPT, number, CKM_RSA_PKCS_OAEP,
					  view_of(oaep_sha256, 8), input),
			SW_OK);
	CU_ASSERT_TRUE(view_equal(view_buf(&card.answer), plain));
	CU_ASSERT_EQUAL(bare_card_operate(&card, DECRYPT, number, CKM_RSA_PKCS_OAEP,
					  view_of("\0\0\2\x50\0\0\0\2label of some length", 28),
					  input),
			SW_WRONG_DATA);
	block[255] = 9;
	input = enciphered(key, RSA_NO_PADDING, view_of(block, 256), cipher);
	CU_ASSERT_EQUAL(bare_card_operate(&card, DECRYPT, number, CKM_RSA_X_509, none(), input),
			SW_OK);
	CU_ASSERT_TRUE(view_equal(view_buf(&card.answer), view_of(block, 256)));
	CU_ASSERT_EQUAL(bare_card_operate(&card, DECRYPT, number, CKM_RSA_X_509, none(),
					  view_of(cipher, 255)),
			SW_WRONG_DATA);
	EVP_PKEY_free(key);
	bare_card_free(&card);
}

static void every_curve_signs_and_derives(void)
{
	static const size_t sizes[] = {32, 48, 66};
	EVP_PKEY *key, *other;
	uint32_t number;

	bare_card_new_token(&card);
	for (size_t i = 0; i < 3; i++) {
		const struct curve *curve = key_curve_of_size(sizes[i]);
		struct buf public_list, private_list;
		struct view point, header;
		uint8_t expected[66];
		size_t len = sizeof(expected);
		EVP_PKEY_CTX *context;

		CU_ASSERT_EQUAL_FATAL(bare_card_generate_ec(&card, curve->params, CKA_SIGN), SW_OK);
		number = pair(&key);
		for (unsigned int n = 0; n < 20; n++) {
			struct view input = view_of(digest, n % 2 ? 32 : 64);

			CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, number, CKM_ECDSA, none(),
							  input),
					SW_OK);
			CU_ASSERT_TRUE(ecdsa_verifies(key, sizes[i], input));
		}
		CU_ASSERT_EQUAL(bare_card_operate(&card, DERIVE, number, CKM_ECDH1_DERIVE, none(),
						  view_of(digest, 64)),
				SW_WRONG_DATA);
		EVP_PKEY_free(key);
		CU_ASSERT_EQUAL_FATAL(bare_card_generate_ec(&card, curve->params, CKA_DERIVE),
				      SW_OK);
		number = pair(&key);
		CU_ASSERT_EQUAL_FATAL(key_generate_ec(curve, &other), RC_OK);
		buf_init(&public_list, ATTR_LIST_MAX);
		buf_init(&private_list, ATTR_LIST_MAX);
		CU_ASSERT_EQUAL(key_to_lists(other, curve, &public_list, &private_list), RC_OK);
		CU_ASSERT_EQUAL(attr_find(view_buf(&public_list), CKA_EC_POINT, &point), RC_OK);
		CU_ASSERT_EQUAL(view_take(&point, point.len - 1 - 2 * sizes[i], &header), RC_OK);
		for (unsigned int n = 0; n < 2; n++)
			CU_ASSERT_EQUAL(bare_card_operate(&card, DERIVE, number, CKM_ECDH1_DERIVE,
							  none(), point),
					SW_OK);
		context = context_for(other);
		CU_ASSERT_TRUE(EVP_PKEY_derive_init(context) > 0);
		CU_ASSERT_TRUE(EVP_PKEY_derive_set_peer(context, key) > 0);
		CU_ASSERT_TRUE(EVP_PKEY_derive(context, expected, &len) > 0);
		CU_ASSERT_TRUE(view_equal(view_buf(&card.answer), view_of(expected, len)));
		((uint8_t *)(uintptr_t)point.data)[5] ^= 1;
		CU_ASSERT_EQUAL(bare_card_operate(&card, DERIVE, number, CKM_ECDH1_DERIVE, none(),
						  point),
				SW_WRONG_DATA);
		EVP_PKEY_CTX_free(context);
		EVP_PKEY_free(key);
		EVP_PKEY_free(other);
		buf_free(&public_list);
		buf_free(&private_list);
	}
	bare_card_free(&card);
}

static void what_the_card_says_of_a_generated_pair_is_true(void)
{
	struct view public_list, private_list, value;
	static const CK_ATTRIBUTE_TYPE hidden[] = {CKA_PRIVATE_EXPONENT, CKA_PRIME_1,
						   CKA_PRIME_2,          CKA_EXPONENT_1,
						   CKA_EXPONENT_2,       CKA_COEFFICIENT};

	bare_card_new_token(&card);
	CU_ASSERT_EQUAL_FATAL(bare_card_generate_rsa(&card, 2048, CKA_SIGN), SW_OK);
	CU_ASSERT_NOT_EQUAL(bare_card_object_at(&card, 0, 0, &public_list), 0);
	CU_ASSERT_NOT_EQUAL(bare_card_object_at(&card, 0, 1, &private_list), 0);
	CU_ASSERT_EQUAL(attr_ulong(public_list, CKA_CLASS, 99), CKO_PUBLIC_KEY);
	CU_ASSERT_EQUAL(attr_ulong(private_list, CKA_CLASS, 99), CKO_PRIVATE_KEY);
	CU_ASSERT_FALSE(attr_bool(public_list, CKA_PRIVATE, true));
	CU_ASSERT_TRUE(attr_bool(private_list, CKA_PRIVATE, false));
	CU_ASSERT_EQUAL(attr_ulong(public_list, CKA_MODULUS_BITS, 0), 2048);
	CU_ASSERT_EQUAL(attr_find(public_list, CKA_MODULUS, &value), RC_OK);
	CU_ASSERT_EQUAL(value.len, 256);
	CU_ASSERT_TRUE(attr_bool(private_list, CKA_LOCAL, false));
	CU_ASSERT_TRUE(attr_bool(private_list, CKA_ALWAYS_SENSITIVE, false));
	CU_ASSERT_TRUE(attr_bool(private_list, CKA_NEVER_EXTRACTABLE, false));
	CU_ASSERT_EQUAL(attr_ulong(private_list, CKA_KEY_GEN_MECHANISM, 99),
			CKM_RSA_PKCS_KEY_PAIR_GEN);
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		CU_ASSERT_EQUAL(attr_find(private_list, hidden[i], &value), RC_NOT_FOUND);
	bare_card_free(&card);
}

static void templates_against_the_rules_are_refused(void)
{
	static const struct {
		CK_MECHANISM_TYPE mechanism;
		CK_ATTRIBUTE_TYPE type; /* with a value that does not fit, in the public list */
		uint64_t x;
		size_t size;
	} rows[] = {
		{CKM_RSA_PKCS_KEY_PAIR_GEN, CKA_MODULUS_BITS, 1024, 8},
		{CKM_RSA_PKCS_KEY_PAIR_GEN, CKA_MODULUS_BITS, 2047, 8},
		{CKM_RSA_PKCS_KEY_PAIR_GEN, CKA_MODULUS_BITS, 8192, 8},
		{CKM_RSA_PKCS_KEY_PAIR_GEN, CKA_MODULUS_BITS, 2048, 4},
		{CKM_RSA_PKCS_KEY_PAIR_GEN, CKA_LABEL, 0, 8},
		{CKM_RSA_PKCS_KEY_PAIR_GEN, CKA_PUBLIC_EXPONENT, 3, 8},
		{CKM_EC_KEY_PAIR_GEN, CKA_EC_PARAMS, 0, 8},
		{CKM_EC_KEY_PAIR_GEN, CKA_LABEL, 0, 8},
		{CKM_DSA_KEY_PAIR_GEN, CKA_MODULUS_BITS, 2048, 8},
		{CKM_RSA_PKCS_KEY_PAIR_GEN, CKA_MODULUS, 2048, 8},
		{CKM_RSA_PKCS_KEY_PAIR_GEN, CKA_CLASS, CKO_PRIVATE_KEY, 8},
		{CKM_RSA_PKCS_KEY_PAIR_GEN, CKA_KEY_TYPE, CKK_EC, 8},
		{CKM_RSA_PKCS_KEY_PAIR_GEN, CKA_LOCAL, 1, 1},
	};

	bare_card_new_token(&card);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf public_list;
		uint8_t bytes[8];
		struct buf value;

		buf_fixed(&value, bytes, sizeof(bytes));
		buf_u64(&value, rows[i].x);
		buf_init(&public_list, 256);
		if (rows[i].type != CKA_LABEL)
			attr_set_ulong(&public_list, CKA_MODULUS_BITS, 2048);
		attr_set(&public_list, rows[i].type,
			 view_of(bytes + 8 - rows[i].size, rows[i].size));
		CU_ASSERT_EQUAL(bare_card_generate(&card, (uint32_t)rows[i].mechanism,
						   view_buf(&public_list), none()),
				SW_WRONG_DATA);
		buf_free(&public_list);
	}
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x80460000, view_str("\x80\x04")), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x80460200, none()), SW_INCORRECT_P1P2);
	bare_card_logout(&card);
	CU_ASSERT_EQUAL(bare_card_generate_rsa(&card, 2048, CKA_SIGN), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_SO, SO_PIN), SW_OK);
	CU_ASSERT_EQUAL(bare_card_generate_rsa(&card, 2048, CKA_SIGN), SW_SECURITY_STATUS);
	bare_card_free(&card);
}

static void operations_keep_to_mechanism_usage_and_form(void)
{
	const struct curve *curve = key_curve_of_size(32);
	struct view d = view_of(digest, 32);
	uint8_t long_pss[] = {0, 0, 2, 0x50, 0, 0, 0, 2, 0, 0, 0, 255};
	EVP_PKEY *key;
	uint32_t ec, rsa, public_number;
	struct view shown;

	bare_card_new_token(&card);
	CU_ASSERT_EQUAL_FATAL(bare_card_generate_ec(&card, curve->params, CKA_SIGN), SW_OK);
	public_number = bare_card_object_at(&card, 0, 0, &shown);
	ec = pair(&key);
	EVP_PKEY_free(key);
	CU_ASSERT_EQUAL_FATAL(bare_card_generate_rsa(&card, 2048, CKA_SIGN), SW_OK);
	rsa = pair(&key);
	EVP_PKEY_free(key);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, ec, CKM_RSA_PKCS, none(), d), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, ec, CKM_SHA_1, none(), d), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, ec, CKM_ECDSA, d, d), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, ec, CKM_ECDSA, none(), none()),
			SW_WRONG_DATA);
	CU_ASSERT_EQUAL(bare_card_operate(&card, 7, ec, CKM_ECDSA, none(), d), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, public_number, CKM_ECDSA, none(), d),
			SW_CONDITIONS);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, 9999, CKM_ECDSA, none(), d),
			SW_REFERENCE_NOT_FOUND);
	CU_ASSERT_EQUAL(bare_card_operate(&card, DECRYPT, rsa, CKM_RSA_X_509, none(),
					  view_of(digest, 64)),
			SW_WRONG_DATA);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, rsa, CKM_RSA_PKCS_PSS, none(), d),
			SW_WRONG_DATA);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, rsa, CKM_RSA_PKCS_PSS,
					  view_of(pss_sha256, 12), view_of(digest, 31)),
			SW_WRONG_DATA);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, rsa, CKM_RSA_PKCS_PSS, view_of(long_pss, 12),
					  d),
			SW_WRONG_DATA);
	memset(long_pss + 8, 0xFF, 4);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, rsa, CKM_RSA_PKCS_PSS, view_of(long_pss, 12),
					  d),
			SW_WRONG_DATA);
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x802A0000, view_str("\x84\x04")), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x802A0001, none()), SW_INCORRECT_P1P2);
	bare_card_free(&card);
}

static void usage_that_is_not_granted_is_refused(void)
{
	uint8_t block[256] = {0};
	struct buf changes;
	EVP_PKEY *key;
	uint32_t rsa;

	bare_card_new_token(&card);
	CU_ASSERT_EQUAL_FATAL(bare_card_generate_rsa(&card, 2048, CKA_SIGN), SW_OK);
	rsa = pair(&key);
	EVP_PKEY_free(key);
	CU_ASSERT_EQUAL(bare_card_operate(&card, DECRYPT, rsa, CKM_RSA_X_509, none(),
					  view_of(block, 256)),
			SW_CONDITIONS);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, rsa, CKM_RSA_X_509, none(),
					  view_of(block, 256)),
			SW_OK);
	buf_init(&changes, 64);
	buf_u32(&changes, rsa);
	buf_u32(&changes, CKA_SIGN);
	buf_u32(&changes, 1);
	buf_u8(&changes, 0);
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x804C0000, view_buf(&changes)), SW_OK);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, rsa, CKM_RSA_X_509, none(),
					  view_of(block, 256)),
			SW_CONDITIONS);
	buf_free(&changes);
	bare_card_free(&card);
}

/* A P-256 pair with one more attribute in the private half. */
static uint32_t special(CK_ATTRIBUTE_TYPE type, struct view value)
{
	struct buf public_list, private_list;
	EVP_PKEY *key;
	uint32_t number;

	buf_init(&public_list, 1024);
	buf_init(&private_list, 1024);
	attr_set(&public_list, CKA_EC_PARAMS, key_curve_of_size(32)->params);
	attr_set_bool(&private_list, CKA_SIGN, true);
	attr_set(&private_list, type, value);
	CU_ASSERT_EQUAL_FATAL(bare_card_generate(&card, CKM_EC_KEY_PAIR_GEN, view_buf(&public_list),
						 view_buf(&private_list)),
			      SW_OK);
	buf_free(&public_list);
	buf_free(&private_list);
	number = pair(&key);
	EVP_PKEY_free(key);
	return number;
}

static void allowed_mechanisms_narrow_a_key(void)
{
	static const uint8_t sha256_only[] = {0, 0, 0, 0, 0, 0, 0x10, 0x44};
	static const uint8_t ecdsa[] = {0, 0, 0, 0, 0, 0, 0x10, 0x41};
	uint32_t number;

	bare_card_new_token(&card);
	number = special(CKA_ALLOWED_MECHANISMS, view_of(sha256_only, 8));
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, number, CKM_ECDSA, none(),
					  view_of(digest, 32)),
			SW_OK);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, number, CKM_ECDSA, none(),
					  view_of(digest, 20)),
			SW_CONDITIONS);
	number = special(CKA_ALLOWED_MECHANISMS, view_of(ecdsa, 8));
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, number, CKM_ECDSA, none(),
					  view_of(digest, 20)),
			SW_OK);
	number = special(CKA_ALLOWED_MECHANISMS, none());
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, number, CKM_ECDSA, none(),
					  view_of(digest, 20)),
			SW_CONDITIONS);
	bare_card_free(&card);
}

static void digest_infos_are_known_by_their_prefix(void)
{
	const struct key_hash *hash = key_hash(CKM_SHA256);
	static const uint8_t allowed[] = {0, 0, 0, 0, 0, 0, 0, 0x40};
	struct buf info;

	CU_ASSERT_PTR_NOT_NULL_FATAL(hash);
	buf_init(&info, 128);
	buf_view(&info, hash->prefix);
	buf_put(&info, digest, 32);
	CU_ASSERT_TRUE(key_hash_allows(view_of(allowed, 8), CKM_RSA_PKCS, none(), view_buf(&info)));
	CU_ASSERT_FALSE(key_hash_allows(view_of(allowed, 8), CKM_RSA_PKCS, none(),
					view_of(info.data, info.len - 1)));
	info.data[4] ^= 1;
	CU_ASSERT_FALSE(
		key_hash_allows(view_of(allowed, 8), CKM_RSA_PKCS, none(), view_buf(&info)));
	CU_ASSERT_FALSE(key_hash_allows(none(), CKM_RSA_PKCS, none(), view_buf(&info)));
	buf_free(&info);
}

static void always_authenticate_asks_for_the_pin_each_time(void)
{
	uint8_t yes = CK_TRUE;
	struct view d = view_of(digest, 32);
	uint32_t careful, easy;

	bare_card_new_token(&card);
	careful = special(CKA_ALWAYS_AUTHENTICATE, view_of(&yes, 1));
	easy = special(CKA_LABEL, view_str("easy"));
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, careful, CKM_ECDSA, none(), d), SW_OK);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, careful, CKM_ECDSA, none(), d),
			SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, easy, CKM_ECDSA, none(), d), SW_OK);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, "wrong"), SW_TRIES_LEFT | 4);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, careful, CKM_ECDSA, none(), d),
			SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, easy, CKM_ECDSA, none(), d), SW_OK);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, careful, CKM_ECDSA, none(), d),
			SW_SECURITY_STATUS);
	bare_card_free(&card);
}

static void a_key_serves_only_channels_that_are_logged_in(void)
{
	struct view d = view_of(digest, 32);
	uint32_t number;

	bare_card_new_token(&card);
	number = special(CKA_LABEL, view_str("key"));
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, number, CKM_ECDSA, none(), d), SW_OK);
	card.on = 1;
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, number, CKM_ECDSA, none(), d),
			SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_SO, SO_PIN), SW_OK);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, number, CKM_ECDSA, none(), d),
			SW_SECURITY_STATUS);
	card.on = 0;
	bare_card_logout(&card);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, number, CKM_ECDSA, none(), d),
			SW_SECURITY_STATUS);
	bare_card_free(&card);
}

static void a_key_changed_by_another_process_is_noticed(void)
{
	struct view d = view_of(digest, 32);
	struct bare_card other;
	uint8_t array[4];
	struct buf data;
	uint32_t number;

	bare_card_new_token(&card);
	number = special(CKA_LABEL, view_str("key"));
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, number, CKM_ECDSA, none(), d), SW_OK);
	bare_card_attach(&other, &card);
	CU_ASSERT_EQUAL(bare_card_verify(&other, PIN_USER, USER_PIN), SW_OK);
	buf_fixed(&data, array, sizeof(array));
	buf_u32(&data, number);
	CU_ASSERT_EQUAL(bare_card_send(&other, 0x804E0000, view_buf(&data)), SW_OK);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, number, CKM_ECDSA, none(), d),
			SW_REFERENCE_NOT_FOUND);
	bare_card_detach(&other);
	bare_card_free(&card);
}

static void more_keys_than_the_cache_holds_all_work(void)
{
	uint32_t numbers[KEY_CACHE_SIZE + 4];

	bare_card_new_token(&card);
	for (size_t i = 0; i < KEY_CACHE_SIZE + 4; i++)
		numbers[i] = special(CKA_LABEL, view_str("one of many"));
	for (size_t i = 0; i < 3 * (KEY_CACHE_SIZE + 4); i++)
		CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, numbers[i % (KEY_CACHE_SIZE + 4)],
						  CKM_ECDSA, none(), view_of(digest, 32)),
				SW_OK);
	bare_card_free(&card);
}

static CU_TestInfo tests[] = {
	{"a generated RSA pair signs in every way", a_generated_rsa_pair_signs_in_every_way},
	{"a generated RSA pair deciphers in every way",
	 a_generated_rsa_pair_deciphers_in_every_way},
	{"every curve signs and derives", every_curve_signs_and_derives},
	{"what the card says of a generated pair is true",
	 what_the_card_says_of_a_generated_pair_is_true},
	{"templates against the rules are refused", templates_against_the_rules_are_refused},
	{"operations keep to mechanism, usage and form",
	 operations_keep_to_mechanism_usage_and_form},
	{"usage that is not granted is refused", usage_that_is_not_granted_is_refused},
	{"allowed mechanisms narrow a key", allowed_mechanisms_narrow_a_key},
	{"DigestInfos are known by their prefix", digest_infos_are_known_by_their_prefix},
	{"always authenticate asks for the PIN each time",
	 always_authenticate_asks_for_the_pin_each_time},
	{"a key serves only channels that are logged in",
	 a_key_serves_only_channels_that_are_logged_in},
	{"a key changed by another process is noticed",
	 a_key_changed_by_another_process_is_noticed},
	{"more keys than the cache holds all work", more_keys_than_the_cache_holds_all_work},
	CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
	{.pName = "key", .pTests = tests},
	CU_SUITE_INFO_NULL,
};

int main(void)
{
	return suite_run("card key", suites);
}
