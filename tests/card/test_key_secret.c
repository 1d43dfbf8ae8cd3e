/* SPDX-License-Identifier: BSD-2-Clause */
/* Secret keys on the card, wrapping and unwrapping there, and the curves whose keys are bytes. */
#include "card/key_secret.h"

#include <string.h>

#include "base/sm2.h"
#include "base/tlv.h"
#include "tests/card/bare_card.h"
#include "tests/suite.h"

enum { SIGN, DECRYPT, DERIVE, ENCRYPT, VERIFY, WRAP, UNWRAP };

static struct bare_card card;
static const uint8_t iv[16] = {7}, text[32] = "thirty-two bytes to be encipher";

static struct view none(void)
{
	return view_of(NULL, 0);
}

struct asked {
	CK_MECHANISM_TYPE mechanism;
	uint64_t len;
	CK_ATTRIBUTE_TYPE yes[5]; /* true; 0 ends */
};

/* Sends GENERATE KEY; ret_number may be NULL. */
static uint16_t generate(const struct asked *a, uint32_t *ret_number)
{
	struct buf data, list;
	struct view rendered;
	uint16_t sw;

	buf_init(&data, 1024);
	buf_init(&list, 1024);
	attr_set_ulong(&list, CKA_VALUE_LEN, a->len);
	for (size_t i = 0; i < 5 && a->yes[i]; i++)
		attr_set_bool(&list, a->yes[i], true);
	tlv_put_u32(&data, 0x80, (uint32_t)a->mechanism);
	tlv_put(&data, 0xA0, view_buf(&list));
	sw = bare_card_send(&card, 0x80460100, view_buf(&data));
	if (ret_number)
		*ret_number = sw == SW_OK ? bare_card_object(&card, &rendered) : 0;
	buf_free(&data);
	buf_free(&list);
	return sw;
}

static uint16_t wrap(uint32_t key, uint32_t mechanism, uint32_t target)
{
	struct buf data;
	uint16_t sw;

	buf_init(&data, 256);
	tlv_put_u32(&data, 0x84, key);
	tlv_put_u32(&data, 0x80, mechanism);
	tlv_put(&data, 0x81, none());
	tlv_put_u32(&data, 0x85, target);
	sw = bare_card_send(&card, 0x802A0500, view_buf(&data));
	buf_free(&data);
	return sw;
}

static uint16_t unwrap(uint32_t key, uint32_t mechanism, struct view wrapped, uint64_t type)
{
	struct buf data, list;
	uint16_t sw;

	buf_init(&data, 1024);
	buf_init(&list, 256);
	attr_set_ulong(&list, CKA_KEY_TYPE, type);
	attr_set_bool(&list, CKA_SIGN, true);
	attr_set_bool(&list, CKA_ENCRYPT, true);
	tlv_put_u32(&data, 0x84, key);
	tlv_put_u32(&data, 0x80, mechanism);
	tlv_put(&data, 0x81, none());
	tlv_put(&data, 0x82, wrapped);
	tlv_put(&data, 0xA0, view_buf(&list));
	sw = bare_card_send(&card, 0x802A0600, view_buf(&data));
	buf_free(&data);
	buf_free(&list);
	return sw;
}

static const struct asked aes = {CKM_AES_KEY_GEN, 32, {CKA_ENCRYPT, CKA_DECRYPT}};
static const struct asked hmac = {CKM_GENERIC_SECRET_KEY_GEN, 20, {CKA_SIGN, CKA_VERIFY}};

static void a_generated_key_is_local_and_never_shows_its_value(void)
{
	struct view list, value;

	bare_card_new_token(&card);
	CU_ASSERT_EQUAL(generate(&aes, NULL), SW_OK);
	CU_ASSERT_NOT_EQUAL(bare_card_object(&card, &list), 0);
	CU_ASSERT_EQUAL(attr_find(list, CKA_VALUE, &value), RC_NOT_FOUND);
	CU_ASSERT_EQUAL(attr_ulong(list, CKA_VALUE_LEN, 0), 32);
	CU_ASSERT_EQUAL(attr_ulong(list, CKA_KEY_TYPE, 0), CKK_AES);
	CU_ASSERT_EQUAL(attr_ulong(list, CKA_KEY_GEN_MECHANISM, 0), CKM_AES_KEY_GEN);
	CU_ASSERT(attr_bool(list, CKA_LOCAL, false));
	CU_ASSERT(attr_bool(list, CKA_ALWAYS_SENSITIVE, false));
	CU_ASSERT(attr_bool(list, CKA_NEVER_EXTRACTABLE, false));
	bare_card_free(&card);
}

static void generation_keeps_to_its_sizes_and_to_the_user(void)
{
	static const struct asked bad[] = {
		{CKM_AES_KEY_GEN, 0, {0}},
		{CKM_AES_KEY_GEN, 17, {0}},
		{CKM_AES_KEY_GEN, 64, {0}},
		{CKM_GENERIC_SECRET_KEY_GEN, 0, {0}},
		{CKM_GENERIC_SECRET_KEY_GEN, 4097, {0}},
		{CKM_AES_KEY_GEN, 32, {CKA_LOCAL}},
		{CKM_AES_KEY_GEN, 32, {CKA_TRUSTED}},
		{CKM_DES3_KEY_GEN, 24, {0}},
	};

	bare_card_new_token(&card);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(generate(&bad[i], NULL), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x80460100, none()), SW_WRONG_DATA);
	bare_card_logout(&card);
	CU_ASSERT_EQUAL(generate(&aes, NULL), SW_SECURITY_STATUS);
	bare_card_free(&card);
}

static void what_a_key_enciphers_it_deciphers_after_a_restart_too(void)
{
	struct view in = view_of(text, sizeof(text)), vector = view_of(iv, sizeof(iv));
	uint8_t cipher[64];
	uint32_t key;
	size_t len;

	bare_card_new_token(&card);
	CU_ASSERT_EQUAL_FATAL(generate(&aes, &key), SW_OK);
	CU_ASSERT_EQUAL_FATAL(bare_card_operate(&card, ENCRYPT, key, CKM_AES_CBC_PAD, vector, in),
			      SW_OK);
	len = card.answer.len;
	CU_ASSERT_EQUAL_FATAL(len, 48);
	memcpy(cipher, card.answer.data, len);
	bare_card_restart(&card);
	CU_ASSERT_EQUAL(bare_card_operate(&card, DECRYPT, key, CKM_AES_CBC_PAD, vector,
					  view_of(cipher, len)),
			SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	CU_ASSERT_EQUAL(bare_card_operate(&card, DECRYPT, key, CKM_AES_CBC_PAD, vector,
					  view_of(cipher, len)),
			SW_OK);
	CU_ASSERT(view_equal(view_buf(&card.answer), in));
	CU_ASSERT_EQUAL(bare_card_operate(&card, DECRYPT, key, CKM_AES_CBC_PAD, vector,
					  view_of(cipher, len - 16)),
			SW_WRONG_DATA);
	CU_ASSERT_EQUAL(bare_card_operate(&card, DECRYPT, key, CKM_AES_CBC_PAD, none(),
					  view_of(cipher, len)),
			SW_WRONG_DATA);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, key, CKM_AES_CMAC, none(), in),
			SW_CONDITIONS);
	CU_ASSERT_EQUAL(bare_card_operate(&card, ENCRYPT, key, CKM_SHA256_HMAC, none(), in),
			SW_WRONG_DATA);
	CU_ASSERT_EQUAL(bare_card_operate(&card, DERIVE, key, CKM_AES_ECB, none(), in),
			SW_WRONG_DATA);
	bare_card_free(&card);
}

static void a_mac_verifies_unless_it_or_the_message_was_altered(void)
{
	struct view in = view_of(text, sizeof(text));
	uint8_t mac[32];
	uint32_t key;

	bare_card_new_token(&card);
	CU_ASSERT_EQUAL_FATAL(generate(&hmac, &key), SW_OK);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, key, CKM_SHA256_HMAC, none(), in), SW_OK);
	CU_ASSERT_EQUAL_FATAL(card.answer.len, 32);
	memcpy(mac, card.answer.data, 32);
	CU_ASSERT_EQUAL(bare_card_operate(&card, VERIFY, key, CKM_SHA256_HMAC, view_of(mac, 32),
					  in),
			SW_OK);
	CU_ASSERT_EQUAL(bare_card_operate(&card, VERIFY, key, CKM_SHA256_HMAC, view_of(mac, 31),
					  in),
			SW_AUTHENTICATION_FAILED);
	CU_ASSERT_EQUAL(bare_card_operate(&card, VERIFY, key, CKM_SHA256_HMAC, none(), in),
			SW_AUTHENTICATION_FAILED);
	mac[31] ^= 1;
	CU_ASSERT_EQUAL(bare_card_operate(&card, VERIFY, key, CKM_SHA256_HMAC, view_of(mac, 32),
					  in),
			SW_AUTHENTICATION_FAILED);
	bare_card_free(&card);
}

static void only_extractable_keys_leave_and_only_wrapped(void)
{
	static const struct asked wrapping = {CKM_AES_KEY_GEN, 32, {CKA_WRAP, CKA_UNWRAP}};
	static const struct asked stays = {CKM_AES_KEY_GEN, 16, {CKA_ENCRYPT}};
	static const struct asked goes = {
		CKM_AES_KEY_GEN, 16, {CKA_SIGN, CKA_ENCRYPT, CKA_EXTRACTABLE}};
	static const struct asked picky = {
		CKM_AES_KEY_GEN, 16, {CKA_EXTRACTABLE, CKA_WRAP_WITH_TRUSTED}};
	uint32_t key, kept, gone, asking, back;
	uint8_t wrapped[24], before[16], mac[16];
	struct view in = view_of(text, 16), list;

	bare_card_new_token(&card);
	CU_ASSERT_EQUAL_FATAL(generate(&wrapping, &key), SW_OK);
	CU_ASSERT_EQUAL_FATAL(generate(&stays, &kept), SW_OK);
	CU_ASSERT_EQUAL_FATAL(generate(&goes, &gone), SW_OK);
	CU_ASSERT_EQUAL_FATAL(generate(&picky, &asking), SW_OK);
	CU_ASSERT_EQUAL(bare_card_operate(&card, ENCRYPT, gone, CKM_AES_ECB, none(), in), SW_OK);
	memcpy(before, card.answer.data, 16);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, gone, CKM_AES_CMAC, none(), in), SW_OK);
	memcpy(mac, card.answer.data, 16);
	CU_ASSERT_EQUAL(wrap(key, CKM_AES_KEY_WRAP, kept), SW_CONDITIONS);
	CU_ASSERT_EQUAL(wrap(key, CKM_AES_KEY_WRAP, asking), SW_CONDITIONS);
	CU_ASSERT_EQUAL(wrap(gone, CKM_AES_KEY_WRAP, gone), SW_CONDITIONS);
	CU_ASSERT_EQUAL(wrap(key, CKM_AES_KEY_WRAP, 999), SW_REFERENCE_NOT_FOUND);
	CU_ASSERT_EQUAL_FATAL(wrap(key, CKM_AES_KEY_WRAP, gone), SW_OK);
	CU_ASSERT_EQUAL_FATAL(card.answer.len, sizeof(wrapped));
	memcpy(wrapped, card.answer.data, sizeof(wrapped));
	CU_ASSERT_EQUAL_FATAL(unwrap(key, CKM_AES_KEY_WRAP, view_of(wrapped, 24), CKK_AES), SW_OK);
	back = bare_card_object(&card, &list);
	CU_ASSERT_FALSE(attr_bool(list, CKA_LOCAL, true));
	CU_ASSERT_FALSE(attr_bool(list, CKA_ALWAYS_SENSITIVE, true));
	CU_ASSERT_FALSE(attr_bool(list, CKA_NEVER_EXTRACTABLE, true));
	CU_ASSERT_EQUAL(bare_card_operate(&card, ENCRYPT, back, CKM_AES_ECB, none(), in), SW_OK);
	CU_ASSERT(view_equal(view_buf(&card.answer), view_of(before, 16)));
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, back, CKM_AES_CMAC, none(), in), SW_OK);
	CU_ASSERT(view_equal(view_buf(&card.answer), view_of(mac, 16)));
	CU_ASSERT_EQUAL(unwrap(key, CKM_AES_KEY_WRAP, view_of(wrapped, 16), CKK_AES),
			SW_WRONG_DATA);
	CU_ASSERT_EQUAL(unwrap(key, CKM_AES_KEY_WRAP, view_of(wrapped, 24), CKK_DES3),
			SW_WRONG_DATA);
	wrapped[0] ^= 1;
	CU_ASSERT_EQUAL(unwrap(key, CKM_AES_KEY_WRAP, view_of(wrapped, 24), CKK_AES),
			SW_WRONG_DATA);
	bare_card_free(&card);
}

static const uint8_t ed25519[] = {0x06, 0x03, 0x2B, 0x65, 0x70};
static const uint8_t x25519[] = {0x06, 0x03, 0x2B, 0x65, 0x6E};

/* A pair; the public bytes go to ret_public. */
static uint32_t pair(uint32_t mechanism, struct view params, CK_ATTRIBUTE_TYPE usage,
		     uint8_t ret_public[32])
{
	struct buf public_list, private_list;
	struct view list, point, header;
	uint32_t number;

	buf_init(&public_list, 256);
	buf_init(&private_list, 256);
	attr_set(&public_list, CKA_EC_PARAMS, params);
	attr_set_bool(&private_list, usage, true);
	CU_ASSERT_EQUAL_FATAL(bare_card_generate(&card, mechanism, view_buf(&public_list),
						 view_buf(&private_list)),
			      SW_OK);
	CU_ASSERT_NOT_EQUAL_FATAL(bare_card_object_at(&card, 0, 0, &list), 0);
	CU_ASSERT_EQUAL_FATAL(attr_find(list, CKA_EC_POINT, &point), RC_OK);
	CU_ASSERT_EQUAL_FATAL(point.len, 34);
	CU_ASSERT_EQUAL(view_take(&point, 2, &header), RC_OK);
	memcpy(ret_public, point.data, 32);
	number = bare_card_object_at(&card, 0, 1, &list);
	buf_free(&public_list);
	buf_free(&private_list);
	return number;
}

static void an_ed25519_pair_signs_messages(void)
{
	uint8_t public[32];
	EVP_MD_CTX *md;
	EVP_PKEY *key;
	uint32_t number;

	bare_card_new_token(&card);
	number = pair(CKM_EC_EDWARDS_KEY_PAIR_GEN, view_of(ed25519, 5), CKA_SIGN, public);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, number, CKM_EDDSA, none(),
					  view_of(text, sizeof(text))),
			SW_OK);
	key = EVP_PKEY_new_raw_public_key_ex(crypto_context(), "ED25519", NULL, public, 32);
	md = EVP_MD_CTX_new();
	CU_ASSERT_EQUAL(EVP_DigestVerifyInit_ex(md, NULL, NULL, crypto_context(), NULL, key, NULL),
			1);
	CU_ASSERT_EQUAL(EVP_DigestVerify(md, card.answer.data, card.answer.len, text, sizeof(text)),
			1);
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(key);
	CU_ASSERT_EQUAL(bare_card_operate(&card, SIGN, number, CKM_ECDSA, none(),
					  view_of(text, 32)),
			SW_WRONG_DATA);
	bare_card_free(&card);
}

static void two_x25519_keys_agree_and_a_point_of_small_order_is_refused(void)
{
	uint8_t a_public[32], b_public[32], secret[32], zero[32] = {0};
	uint32_t a, b;

	bare_card_new_token(&card);
	a = pair(CKM_EC_MONTGOMERY_KEY_PAIR_GEN, view_of(x25519, 5), CKA_DERIVE, a_public);
	b = pair(CKM_EC_MONTGOMERY_KEY_PAIR_GEN, view_of(x25519, 5), CKA_DERIVE, b_public);
	CU_ASSERT_EQUAL(bare_card_operate(&card, DERIVE, a, CKM_ECDH1_DERIVE, none(),
					  view_of(b_public, 32)),
			SW_OK);
	CU_ASSERT_EQUAL_FATAL(card.answer.len, 32);
	memcpy(secret, card.answer.data, 32);
	CU_ASSERT_EQUAL(bare_card_operate(&card, DERIVE, b, CKM_ECDH1_DERIVE, none(),
					  view_of(a_public, 32)),
			SW_OK);
	CU_ASSERT(view_equal(view_buf(&card.answer), view_of(secret, 32)));
	CU_ASSERT_EQUAL(bare_card_operate(&card, DERIVE, b, CKM_ECDH1_DERIVE, none(),
					  view_of(zero, 32)),
			SW_WRONG_DATA);
	CU_ASSERT_EQUAL(bare_card_operate(&card, DERIVE, b, CKM_ECDH1_DERIVE, none(),
					  view_of(a_public, 31)),
			SW_WRONG_DATA);
	bare_card_free(&card);
}

/* GB/T 32918.5 A.4, as GM/T 0009 has it; for a key that is not on this card. */
static const uint8_t sm2_example[] = {
	0x30, 0x7C, 0x02, 0x20, 0x04, 0xEB, 0xFC, 0x71, 0x8E, 0x8D, 0x17, 0x98, 0x62, 0x04,
	0x32, 0x26, 0x8E, 0x77, 0xFE, 0xB6, 0x41, 0x5E, 0x2E, 0xDE, 0x0E, 0x07, 0x3C, 0x0F,
	0x4F, 0x64, 0x0E, 0xCD, 0x2E, 0x14, 0x9A, 0x73, 0x02, 0x21, 0x00, 0xE8, 0x58, 0xF9,
	0xD8, 0x1E, 0x54, 0x30, 0xA5, 0x7B, 0x36, 0xDA, 0xAB, 0x8F, 0x95, 0x0A, 0x3C, 0x64,
	0xE6, 0xEE, 0x6A, 0x63, 0x09, 0x4D, 0x99, 0x28, 0x3A, 0xFF, 0x76, 0x7E, 0x12, 0x4D,
	0xF0, 0x04, 0x20, 0x59, 0x98, 0x3C, 0x18, 0xF8, 0x09, 0xE2, 0x62, 0x92, 0x3C, 0x53,
	0xAE, 0xC2, 0x95, 0xD3, 0x03, 0x83, 0xB5, 0x4E, 0x39, 0xD6, 0x09, 0xD1, 0x60, 0xAF,
	0xCB, 0x19, 0x08, 0xD0, 0xBD, 0x87, 0x66, 0x04, 0x13, 0x21, 0x88, 0x6C, 0xA9, 0x89,
	0xCA, 0x9C, 0x7D, 0x58, 0x08, 0x73, 0x07, 0xCA, 0x93, 0x09, 0x2D, 0x65, 0x1E, 0xFA,
};

static uint32_t sm2_pair(void)
{
	struct view list, value;
	struct buf public_list, private_list;
	uint32_t number;

	buf_init(&public_list, 256);
	buf_init(&private_list, 256);
	attr_set(&public_list, CKA_EC_PARAMS, view_of(sm2_oid, SM2_OID));
	attr_set_bool(&private_list, CKA_SIGN, true);
	attr_set_bool(&private_list, CKA_DECRYPT, true);
	CU_ASSERT_EQUAL_FATAL(bare_card_generate(&card, CKM_INTAGLIO_SM2_KEY_PAIR_GEN,
						 view_buf(&public_list), view_buf(&private_list)),
			      SW_OK);
	number = bare_card_object_at(&card, 0, 1, &list);
	CU_ASSERT_NOT_EQUAL_FATAL(number, 0);
	CU_ASSERT_EQUAL(attr_find(list, CKA_VALUE, &value), RC_NOT_FOUND);
	CU_ASSERT_EQUAL(attr_find(list, CKA_EC_POINT, &value), RC_OK);
	CU_ASSERT_EQUAL(bare_card_generate(&card, CKM_EC_KEY_PAIR_GEN, view_buf(&public_list),
					   view_buf(&private_list)),
			SW_WRONG_DATA);
	buf_free(&public_list);
	buf_free(&private_list);
	return number;
}

static uint16_t sm2(unsigned int operation, uint32_t number, CK_MECHANISM_TYPE mechanism,
		    struct view parameter, struct view in)
{
	return bare_card_operate(&card, operation, number, (uint32_t)mechanism, parameter, in);
}

static void an_sm2_key_signs_digests_and_deciphers_nothing_of_another_s(void)
{
	struct view digest = view_of(text, 32), example = view_of(sm2_example, sizeof(sm2_example));
	struct view parameter = view_of(iv, 1);
	uint32_t number;

	bare_card_new_token(&card);
	number = sm2_pair();
	CU_ASSERT_EQUAL(sm2(SIGN, number, CKM_INTAGLIO_SM2, none(), digest), SW_OK);
	CU_ASSERT_EQUAL(card.answer.len, 64);
	CU_ASSERT_EQUAL(sm2(SIGN, number, CKM_INTAGLIO_SM2, parameter, digest), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(sm2(SIGN, number, CKM_INTAGLIO_SM2, none(), view_of(text, 31)),
			SW_WRONG_DATA);
	CU_ASSERT_EQUAL(sm2(SIGN, number, CKM_INTAGLIO_SM2_SM3, none(), digest), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(sm2(SIGN, number, CKM_ECDSA, none(), digest), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(sm2(DERIVE, number, CKM_ECDH1_DERIVE, none(), digest), SW_WRONG_DATA);
	for (size_t n = 2; n <= example.len; n += 4)
		CU_ASSERT_EQUAL(sm2(DECRYPT, number, CKM_INTAGLIO_SM2_ENCRYPT, none(),
				    view_of(example.data, n)),
				SW_WRONG_DATA);
	CU_ASSERT_EQUAL(sm2(DECRYPT, number, CKM_INTAGLIO_SM2_ENCRYPT, parameter, example),
			SW_WRONG_DATA);
	CU_ASSERT_EQUAL(sm2(UNWRAP, number, CKM_INTAGLIO_SM2_ENCRYPT, none(), example),
			SW_CONDITIONS);
	bare_card_free(&card);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"a_generated_key_is_local_and_never_shows_its_value",
		 a_generated_key_is_local_and_never_shows_its_value},
		{"generation_keeps_to_its_sizes_and_to_the_user",
		 generation_keeps_to_its_sizes_and_to_the_user},
		{"what_a_key_enciphers_it_deciphers_after_a_restart_too",
		 what_a_key_enciphers_it_deciphers_after_a_restart_too},
		{"a_mac_verifies_unless_it_or_the_message_was_altered",
		 a_mac_verifies_unless_it_or_the_message_was_altered},
		{"only_extractable_keys_leave_and_only_wrapped",
		 only_extractable_keys_leave_and_only_wrapped},
		{"an_ed25519_pair_signs_messages", an_ed25519_pair_signs_messages},
		{"an_sm2_key_signs_digests_and_deciphers_nothing_of_another_s",
		 an_sm2_key_signs_digests_and_deciphers_nothing_of_another_s},
		{"two_x25519_keys_agree_and_a_point_of_small_order_is_refused",
		 two_x25519_keys_agree_and_a_point_of_small_order_is_refused},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "key_secret", .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("key_secret", suites);
}
