/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SM3 and SM4 through the token, and SM2 (sm2.c): the standards' examples (GB/T 32905 A.1 and A.2, GB/T 32907 A.1,
 * draft-ribose-cfrg-sm4-10 A.2, GM/T 0042 D.3), keys of the session and of the card, in one part and in
 * several, and what is refused.
 */
#include "base/buf.h"
#include "tests/base/hex.h"
#include "tests/suite.h"
#include "tests/token/fixture.h"
#include "tests/token/sm2.h"

enum { OUT = 512 };

static CK_BBOOL yes = CK_TRUE;
static const char key_hex[] = "0123456789abcdeffedcba9876543210";

static int set_up(void)
{
	return fixture_start() != 0 || fixture_login(USER_PIN) != CKR_OK;
}

static CK_RV create(CK_KEY_TYPE type, struct view value, CK_BBOOL on_card, CK_OBJECT_HANDLE *ret)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class, sizeof(class)},     {CKA_KEY_TYPE, &type, sizeof(type)},
		{CKA_TOKEN, &on_card, sizeof(on_card)}, {CKA_VALUE, (void *)value.data, value.len},
		{CKA_ENCRYPT, &yes, sizeof(yes)},       {CKA_DECRYPT, &yes, sizeof(yes)},
		{CKA_SIGN, &yes, sizeof(yes)},          {CKA_VERIFY, &yes, sizeof(yes)},
		{CKA_WRAP, &yes, sizeof(yes)},          {CKA_UNWRAP, &yes, sizeof(yes)},
		{CKA_EXTRACTABLE, &yes, sizeof(yes)},
	};

	return session_create_object(fixture.rw, template, 11, ret);
}

/* The examples' key, in the session or on the card. */
static CK_OBJECT_HANDLE example_key(CK_BBOOL on_card)
{
	CK_OBJECT_HANDLE key = 0;

	CU_ASSERT_EQUAL_FATAL(create(CKK_INTAGLIO_SM4, hex(key_hex), on_card, &key), CKR_OK);
	return key;
}

static void digest(const char *text, size_t times, const char *wanted)
{
	CK_MECHANISM m = {CKM_INTAGLIO_SM3, NULL, 0};
	CK_BYTE out[OUT];
	CK_ULONG len = sizeof(out);

	CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_DIGEST, &m, 0), CKR_OK);
	for (size_t i = 0; i < times; i++)
		CU_ASSERT_EQUAL(operation_update(fixture.rw, OPERATION_DIGEST, (CK_BYTE_PTR)text,
						 strlen(text), NULL, NULL),
				CKR_OK);
	CU_ASSERT_EQUAL(operation_final(fixture.rw, OPERATION_DIGEST, out, &len), CKR_OK);
	CU_ASSERT(view_equal(view_of(out, len), hex(wanted)));
}

static void sm3_digests_the_standard_s_examples(void)
{
	digest("abc", 1, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
	digest("abcd", 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
}

static const struct example {
	CK_MECHANISM_TYPE type;
	const char *in, *out;
} examples[] = {
	{CKM_INTAGLIO_SM4_ECB, "0123456789abcdeffedcba9876543210",
	 "681edf34d206965e86b3e94f536e4246"},
	{CKM_INTAGLIO_SM4_CBC, "aaaaaaaabbbbbbbbccccccccddddddddeeeeeeeeffffffffaaaaaaaabbbbbbbb",
	 "78ebb11cc40b0a48312aaeb2040244cb4cb7016951909226979b0d15dc6a8f6d"},
	{CKM_INTAGLIO_SM4_CTR, "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd",
	 "ac3236cb970cc20791364c395a1342d1a3cbc1878c6f30cd074cce385cdd70c7"},
};
enum { EXAMPLES = sizeof(examples) / sizeof(examples[0]) };

static CK_RV start(enum operation_kind kind, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key)
{
	static CK_BYTE iv[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	static CK_AES_CTR_PARAMS ctr = {128,
					{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};
	CK_MECHANISM m = {type, iv, sizeof(iv)};

	if (type == CKM_INTAGLIO_SM4_ECB)
		m = (CK_MECHANISM){type, NULL, 0};
	if (type == CKM_INTAGLIO_SM4_CTR)
		m = (CK_MECHANISM){type, &ctr, sizeof(ctr)};
	return operation_init(fixture.rw, kind, &m, key);
}

/* In one part, or with a first part of so many bytes. */
static void run(enum operation_kind kind, const struct example *e, CK_OBJECT_HANDLE key,
		size_t first)
{
	struct view in = hex(kind == OPERATION_ENCRYPT ? e->in : e->out);
	struct view wanted = hex(kind == OPERATION_ENCRYPT ? e->out : e->in);
	CK_BYTE out[OUT];
	CK_ULONG len = sizeof(out), more;

	CU_ASSERT_EQUAL_FATAL(start(kind, e->type, key), CKR_OK);
	if (!first) {
		CU_ASSERT_EQUAL(operation_single(fixture.rw, kind, (CK_BYTE_PTR)in.data, in.len,
						 out, &len),
				CKR_OK);
		CU_ASSERT(view_equal(view_of(out, len), wanted));
		return;
	}
	CU_ASSERT_EQUAL(operation_update(fixture.rw, kind, (CK_BYTE_PTR)in.data, first, out, &len),
			CKR_OK);
	more = sizeof(out) - len;
	CU_ASSERT_EQUAL(operation_update(fixture.rw, kind, (CK_BYTE_PTR)in.data + first,
					 in.len - first, out + len, &more),
			CKR_OK);
	len += more;
	more = sizeof(out) - len;
	CU_ASSERT_EQUAL(operation_final(fixture.rw, kind, out + len, &more), CKR_OK);
	CU_ASSERT(view_equal(view_of(out, len + more), wanted));
}

static void sm4_enciphers_the_examples_on_card_and_host_in_any_parts(void)
{
	for (size_t i = 0; i < EXAMPLES; i++) {
		for (CK_BBOOL on_card = CK_FALSE; on_card <= CK_TRUE; on_card++) {
			CK_OBJECT_HANDLE key = example_key(on_card);

			for (size_t first = 0; first < 16; first += 5) {
				run(OPERATION_ENCRYPT, &examples[i], key, first);
				run(OPERATION_DECRYPT, &examples[i], key, first);
			}
			CU_ASSERT_EQUAL(session_destroy_object(fixture.rw, key), CKR_OK);
		}
	}
}

static void padding_comes_off_again_and_what_has_none_is_refused(void)
{
	CK_OBJECT_HANDLE key = example_key(CK_TRUE);
	CK_BYTE text[20] = "a record of invoice", sealed[OUT], out[OUT];
	CK_ULONG len = sizeof(sealed), back = sizeof(out);

	CU_ASSERT_EQUAL(start(OPERATION_ENCRYPT, CKM_INTAGLIO_SM4_CBC_PAD, key), CKR_OK);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_ENCRYPT, text, 20, sealed, &len),
			CKR_OK);
	CU_ASSERT_EQUAL(len, 32);
	CU_ASSERT_EQUAL(start(OPERATION_DECRYPT, CKM_INTAGLIO_SM4_CBC_PAD, key), CKR_OK);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_DECRYPT, sealed, len, out, &back),
			CKR_OK);
	CU_ASSERT(view_equal(view_of(out, back), view_of(text, 20)));
	CU_ASSERT_EQUAL(start(OPERATION_DECRYPT, CKM_INTAGLIO_SM4_CBC_PAD, key), CKR_OK);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_DECRYPT, sealed, 16, out, &back),
			CKR_ENCRYPTED_DATA_INVALID);
	CU_ASSERT_EQUAL(start(OPERATION_ENCRYPT, CKM_INTAGLIO_SM4_CBC, key), CKR_OK);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_ENCRYPT, text, 20, sealed, &len),
			CKR_DATA_LEN_RANGE);
}

static void hmac_with_sm3_is_the_standard_s_on_card_and_host(void)
{
	static const char wanted[] =
		"ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a";
	CK_BYTE data[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
			 "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	CK_BYTE value[32], out[OUT];
	CK_MECHANISM m = {CKM_INTAGLIO_SM3_HMAC, NULL, 0};

	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (CK_BYTE)(i + 1);
	for (CK_BBOOL on_card = CK_FALSE; on_card <= CK_TRUE; on_card++) {
		CK_OBJECT_HANDLE key = 0;
		CK_ULONG len = sizeof(out);

		CU_ASSERT_EQUAL_FATAL(create(CKK_GENERIC_SECRET, view_of(value, sizeof(value)),
					     on_card, &key),
				      CKR_OK);
		CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_SIGN, &m, key), CKR_OK);
		CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_SIGN, data, 112, out, &len),
				CKR_OK);
		CU_ASSERT(view_equal(view_of(out, len), hex(wanted)));
		CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_VERIFY, &m, key), CKR_OK);
		CU_ASSERT_EQUAL(operation_verify(fixture.rw, data, 112, out, len), CKR_OK);
		out[31] ^= 1;
		CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_VERIFY, &m, key), CKR_OK);
		CU_ASSERT_EQUAL(operation_verify(fixture.rw, data, 112, out, len),
				CKR_SIGNATURE_INVALID);
	}
}

static CK_RV generate(CK_ULONG len, CK_BBOOL on_card, CK_OBJECT_HANDLE *ret)
{
	CK_MECHANISM m = {CKM_INTAGLIO_SM4_KEY_GEN, NULL, 0};
	CK_ATTRIBUTE template[] = {
		{CKA_VALUE_LEN, &len, sizeof(len)},
		{CKA_TOKEN, &on_card, sizeof(on_card)},
		{CKA_EXTRACTABLE, &yes, sizeof(yes)},
		{CKA_WRAP, &yes, sizeof(yes)},
	};

	return session_generate_key(fixture.rw, &m, template, 4, ret);
}

static void keys_have_16_bytes_and_are_wrapped_like_any_other(void)
{
	CK_MECHANISM m = {CKM_INTAGLIO_SM4_ECB, NULL, 0};
	CK_KEY_TYPE type = 0;
	CK_ATTRIBUTE read = {CKA_KEY_TYPE, &type, sizeof(type)};
	CK_BYTE wrapped[OUT];

	for (CK_BBOOL on_card = CK_FALSE; on_card <= CK_TRUE; on_card++) {
		CK_OBJECT_HANDLE key = 0, none;
		CK_ULONG len = sizeof(wrapped);

		CU_ASSERT_EQUAL(generate(24, on_card, &none), CKR_ATTRIBUTE_VALUE_INVALID);
		CU_ASSERT_EQUAL_FATAL(generate(16, on_card, &key), CKR_OK);
		CU_ASSERT_EQUAL(session_get_attributes(fixture.rw, key, &read, 1), CKR_OK);
		CU_ASSERT_EQUAL(type, CKK_INTAGLIO_SM4);
		CU_ASSERT_EQUAL(session_wrap_key(fixture.rw, &m, example_key(on_card), key, wrapped,
						 &len),
				CKR_OK);
		CU_ASSERT_EQUAL(len, 16);
	}
}

static void a_key_serves_its_own_cipher_only(void)
{
	CK_OBJECT_HANDLE sm4 = example_key(CK_FALSE), aes = 0;

	CU_ASSERT_EQUAL(create(CKK_AES, hex(key_hex), CK_FALSE, &aes), CKR_OK);
	CU_ASSERT_EQUAL(start(OPERATION_ENCRYPT, CKM_INTAGLIO_SM4_CBC, aes),
			CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_EQUAL(start(OPERATION_ENCRYPT, CKM_AES_CBC, sm4), CKR_KEY_TYPE_INCONSISTENT);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"sm3_digests_the_standard_s_examples", sm3_digests_the_standard_s_examples},
		{"sm4_enciphers_the_examples_on_card_and_host_in_any_parts",
		 sm4_enciphers_the_examples_on_card_and_host_in_any_parts},
		{"padding_comes_off_again_and_what_has_none_is_refused",
		 padding_comes_off_again_and_what_has_none_is_refused},
		{"hmac_with_sm3_is_the_standard_s_on_card_and_host",
		 hmac_with_sm3_is_the_standard_s_on_card_and_host},
		{"keys_have_16_bytes_and_are_wrapped_like_any_other",
		 keys_have_16_bytes_and_are_wrapped_like_any_other},
		{"a_key_serves_its_own_cipher_only", a_key_serves_its_own_cipher_only},
		{"sm2_verifies_the_standard_s_signature_and_nothing_near_it",
		 sm2_verifies_the_standard_s_signature_and_nothing_near_it},
		{"sm2_deciphers_the_standard_s_example_and_nothing_near_it",
		 sm2_deciphers_the_standard_s_example_and_nothing_near_it},
		{"sm2_keys_of_the_card_sign_in_any_parts_and_openssl_verifies",
		 sm2_keys_of_the_card_sign_in_any_parts_and_openssl_verifies},
		{"sm2_verifies_and_deciphers_what_openssl_has_made",
		 sm2_verifies_and_deciphers_what_openssl_has_made},
		{"sm2_ciphertexts_have_a_longest_plaintext_and_openssl_opens_them",
		 sm2_ciphertexts_have_a_longest_plaintext_and_openssl_opens_them},
		{"sm2_keys_have_their_curve_and_their_point",
		 sm2_keys_have_their_curve_and_their_point},
		{"sm2_pairs_take_no_other_curve_and_no_parameter",
		 sm2_pairs_take_no_other_curve_and_no_parameter},
		{"sm2_wraps_keys_of_the_session_and_the_card_unwraps",
		 sm2_wraps_keys_of_the_session_and_the_card_unwraps},
		{"sm2_keys_keep_to_their_uses_and_mechanisms",
		 sm2_keys_keep_to_their_uses_and_mechanisms},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "SM2, SM3 and SM4",
		 .pInitFunc = set_up,
		 .pCleanupFunc = fixture_stop,
		 .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("sm", suites);
}
