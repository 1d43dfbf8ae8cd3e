/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Secret keys on the card and in sessions, which must behave alike: generation, encryption, MACs,
 * derivation, wrapping; the curves whose keys are bytes; and keys that ask for the PIN every time.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "tests/suite.h"
#include "tests/token/fixture.h"

enum { OUT = 512 };

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_BYTE message[48] = "three blocks of sixteen bytes to be enciphered.";
static CK_BYTE iv[16] = {1, 2, 3};
static CK_GCM_PARAMS gcm = {iv, 12, 96, (CK_BYTE_PTR) "aad", 3, 128};
static CK_AES_CTR_PARAMS ctr = {128, {5}};

static const CK_MECHANISM ciphers[] = {
	{CKM_AES_ECB, NULL, 0},           {CKM_AES_CBC, iv, 16},
	{CKM_AES_CBC_PAD, iv, 16},        {CKM_AES_CTR, &ctr, sizeof(ctr)},
	{CKM_AES_GCM, &gcm, sizeof(gcm)},
};
static const CK_MECHANISM_TYPE macs[] = {CKM_SHA_1_HMAC,   CKM_SHA224_HMAC, CKM_SHA256_HMAC,
					 CKM_SHA384_HMAC,  CKM_SHA512_HMAC, CKM_SHA3_256_HMAC,
					 CKM_SHA3_512_HMAC};

static bool same(const CK_BYTE *a, const CK_BYTE *b, size_t len)
{
	return view_equal(view_of(a, len), view_of(b, len));
}

static int set_up(void)
{
	return fixture_start() != 0 || fixture_login(USER_PIN) != CKR_OK;
}

/* A key with every use and this much else: extractable; on the card or of the session. */
static CK_OBJECT_HANDLE generate(CK_MECHANISM_TYPE type, CK_ULONG len, CK_BBOOL on_card,
				 CK_BBOOL extractable)
{
	CK_MECHANISM mechanism = {type, NULL, 0};
	CK_ATTRIBUTE template[] = {
		{CKA_VALUE_LEN, &len, sizeof(len)},
		{CKA_TOKEN, &on_card, sizeof(on_card)},
		{CKA_SENSITIVE, &yes, sizeof(yes)},
		{CKA_EXTRACTABLE, &extractable, sizeof(extractable)},
		{CKA_ENCRYPT, &yes, sizeof(yes)},
		{CKA_DECRYPT, &yes, sizeof(yes)},
		{CKA_SIGN, &yes, sizeof(yes)},
		{CKA_VERIFY, &yes, sizeof(yes)},
		{CKA_WRAP, &yes, sizeof(yes)},
		{CKA_UNWRAP, &yes, sizeof(yes)},
	};
	CK_OBJECT_HANDLE key = 0;

	CU_ASSERT_EQUAL_FATAL(session_generate_key(fixture.rw, &mechanism, template, 10, &key),
			      CKR_OK);
	return key;
}

/* Runs one operation in one call; CKR of the first that fails. */
static CK_RV run(enum operation_kind kind, const CK_MECHANISM *m, CK_OBJECT_HANDLE key,
		 CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out, CK_ULONG_PTR len)
{
	CK_MECHANISM mechanism = *m;
	CK_RV rv = operation_init(fixture.rw, kind, &mechanism, key);

	return rv == CKR_OK ? operation_single(fixture.rw, kind, in, in_len, out, len) : rv;
}

static CK_RV verify(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key, CK_BYTE_PTR in, CK_ULONG in_len,
		    CK_BYTE_PTR mac, CK_ULONG mac_len)
{
	CK_MECHANISM mechanism = {type, NULL, 0};
	CK_RV rv = operation_init(fixture.rw, OPERATION_VERIFY, &mechanism, key);

	return rv == CKR_OK ? operation_verify(fixture.rw, in, in_len, mac, mac_len) : rv;
}

static void every_cipher_gives_back_what_it_took(void)
{
	for (CK_BBOOL on_card = 0; on_card <= 1; on_card++) {
		CK_OBJECT_HANDLE key = generate(CKM_AES_KEY_GEN, 32, on_card, CK_FALSE);

		for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
			CK_BYTE out[OUT], back[OUT];
			CK_ULONG asked = 0, len = sizeof(out), back_len = sizeof(back);
			CK_MECHANISM m = ciphers[i];

			CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_ENCRYPT, &m, key),
					CKR_OK);
			CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_ENCRYPT, message, 48,
							 NULL, &asked),
					CKR_OK);
			CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_ENCRYPT, message, 48,
							 out, &len),
					CKR_OK);
			CU_ASSERT_EQUAL(asked, len);
			CU_ASSERT_EQUAL(run(OPERATION_DECRYPT, &m, key, out, len, back, &back_len),
					CKR_OK);
			CU_ASSERT_EQUAL_FATAL(back_len, 48);
			CU_ASSERT(same(back, message, 48));
		}
	}
}

static void parts_are_enciphered_like_the_whole(void)
{
	CK_OBJECT_HANDLE key = generate(CKM_AES_KEY_GEN, 16, CK_TRUE, CK_FALSE);
	CK_BYTE whole[OUT], parts[OUT];
	CK_ULONG len = sizeof(whole), first = sizeof(parts), last = sizeof(parts);
	CK_MECHANISM m = ciphers[2];

	CU_ASSERT_EQUAL(run(OPERATION_ENCRYPT, &m, key, message, 40, whole, &len), CKR_OK);
	CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_ENCRYPT, &m, key), CKR_OK);
	CU_ASSERT_EQUAL(operation_update(fixture.rw, OPERATION_ENCRYPT, message, 17, parts, &first),
			CKR_OK);
	CU_ASSERT_EQUAL(first, 16);
	CU_ASSERT_EQUAL(operation_update(fixture.rw, OPERATION_ENCRYPT, message + 17, 23,
					 parts + 16, &first),
			CKR_OK);
	CU_ASSERT_EQUAL(first, 16);
	CU_ASSERT_EQUAL(operation_final(fixture.rw, OPERATION_ENCRYPT, parts + 32, &last), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(32 + last, len);
	CU_ASSERT(same(parts, whole, len));
	CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_DECRYPT, &m, key), CKR_OK);
	first = sizeof(parts);
	CU_ASSERT_EQUAL(operation_update(fixture.rw, OPERATION_DECRYPT, whole, len, parts, &first),
			CKR_OK);
	CU_ASSERT_EQUAL(first, 32);
	last = 7;
	CU_ASSERT_EQUAL(operation_final(fixture.rw, OPERATION_DECRYPT, parts + 32, &last),
			CKR_BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(operation_final(fixture.rw, OPERATION_DECRYPT, parts + 32, &last), CKR_OK);
	CU_ASSERT_EQUAL(last, 8);
	CU_ASSERT(same(parts, message, 40));
}

static void what_was_altered_or_is_no_block_is_refused(void)
{
	for (CK_BBOOL on_card = 0; on_card <= 1; on_card++) {
		CK_OBJECT_HANDLE key = generate(CKM_AES_KEY_GEN, 32, on_card, CK_FALSE);
		CK_BYTE out[OUT], back[OUT];
		CK_ULONG len = sizeof(out), back_len = sizeof(back);

		CU_ASSERT_EQUAL(run(OPERATION_ENCRYPT, &ciphers[4], key, message, 48, out, &len),
				CKR_OK);
		out[5] ^= 1;
		CU_ASSERT_EQUAL(run(OPERATION_DECRYPT, &ciphers[4], key, out, len, back, &back_len),
				CKR_ENCRYPTED_DATA_INVALID);
		CU_ASSERT_EQUAL(run(OPERATION_DECRYPT, &ciphers[1], key, out, 17, back, &back_len),
				CKR_ENCRYPTED_DATA_LEN_RANGE);
		CU_ASSERT_EQUAL(run(OPERATION_ENCRYPT, &ciphers[0], key, out, 17, back, &back_len),
				CKR_DATA_LEN_RANGE);
	}
}

static void every_mac_verifies_until_it_is_altered(void)
{
	for (CK_BBOOL on_card = 0; on_card <= 1; on_card++) {
		CK_OBJECT_HANDLE key = generate(CKM_GENERIC_SECRET_KEY_GEN, 40, on_card, CK_FALSE);

		for (size_t i = 0; i < sizeof(macs) / sizeof(macs[0]); i++) {
			CK_MECHANISM m = {macs[i], NULL, 0};
			CK_BYTE out[OUT];
			CK_ULONG len = sizeof(out);

			CU_ASSERT_EQUAL(run(OPERATION_SIGN, &m, key, message, 48, out, &len),
					CKR_OK);
			CU_ASSERT_EQUAL(verify(macs[i], key, message, 48, out, len), CKR_OK);
			CU_ASSERT_EQUAL(verify(macs[i], key, message, 47, out, len),
					CKR_SIGNATURE_INVALID);
			CU_ASSERT_EQUAL(verify(macs[i], key, message, 48, out, len - 1),
					CKR_SIGNATURE_LEN_RANGE);
			out[0] ^= 1;
			CU_ASSERT_EQUAL(verify(macs[i], key, message, 48, out, len),
					CKR_SIGNATURE_INVALID);
		}
	}
}

static CK_BBOOL flag(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	CK_BBOOL value = 2;
	CK_ATTRIBUTE attribute = {type, &value, sizeof(value)};

	CU_ASSERT_EQUAL(session_get_attributes(fixture.rw, object, &attribute, 1), CKR_OK);
	return value;
}

static void a_generated_key_knows_its_past(void)
{
	for (CK_BBOOL on_card = 0; on_card <= 1; on_card++) {
		CK_OBJECT_HANDLE stays = generate(CKM_AES_KEY_GEN, 32, on_card, CK_FALSE);
		CK_OBJECT_HANDLE goes = generate(CKM_AES_KEY_GEN, 32, on_card, CK_TRUE);
		CK_BYTE value[64];
		CK_ATTRIBUTE attribute = {CKA_VALUE, value, sizeof(value)};

		CU_ASSERT_EQUAL(flag(stays, CKA_LOCAL), CK_TRUE);
		CU_ASSERT_EQUAL(flag(stays, CKA_ALWAYS_SENSITIVE), CK_TRUE);
		CU_ASSERT_EQUAL(flag(stays, CKA_NEVER_EXTRACTABLE), CK_TRUE);
		CU_ASSERT_EQUAL(flag(goes, CKA_NEVER_EXTRACTABLE), CK_FALSE);
		CU_ASSERT_EQUAL(session_get_attributes(fixture.rw, goes, &attribute, 1),
				CKR_ATTRIBUTE_SENSITIVE);
	}
}

static CK_RV unwrap(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key, CK_BYTE_PTR in, CK_ULONG len,
		    CK_BBOOL on_card, CK_OBJECT_HANDLE *ret)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE aes = CKK_AES;
	CK_MECHANISM mechanism = {type, NULL, 0};
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class, sizeof(class)},     {CKA_KEY_TYPE, &aes, sizeof(aes)},
		{CKA_TOKEN, &on_card, sizeof(on_card)}, {CKA_ENCRYPT, &yes, sizeof(yes)},
		{CKA_SENSITIVE, &yes, sizeof(yes)},     {CKA_EXTRACTABLE, &no, sizeof(no)},
	};

	return session_unwrap_key(fixture.rw, &mechanism, key, in, len, template, 6, ret);
}

static void an_extractable_key_travels_wrapped_and_no_other(void)
{
	CK_MECHANISM wrap = {CKM_AES_KEY_WRAP, NULL, 0};

	for (unsigned int way = 0; way < 8; way++) {
		CK_OBJECT_HANDLE key = generate(CKM_AES_KEY_GEN, 32, way & 1, CK_FALSE);
		CK_OBJECT_HANDLE goes = generate(CKM_AES_KEY_GEN, 16, way >> 1 & 1, CK_TRUE);
		CK_OBJECT_HANDLE back = 0;
		CK_BYTE wrapped[OUT], before[16], after[16];
		CK_ULONG len = sizeof(wrapped), n = 16;
		CK_RV rv = session_wrap_key(fixture.rw, &wrap, key, goes, wrapped, &len);

		/* A key of the card's is not wrapped by one that is outside. */
		if (way >> 1 & 1 && !(way & 1)) {
			CU_ASSERT_EQUAL(rv, CKR_KEY_NOT_WRAPPABLE);
			continue;
		}
		CU_ASSERT_EQUAL_FATAL(rv, CKR_OK);
		CU_ASSERT_EQUAL(len, 24);
		CU_ASSERT_EQUAL_FATAL(
			unwrap(CKM_AES_KEY_WRAP, key, wrapped, len, way >> 2 & 1, &back), CKR_OK);
		CU_ASSERT_EQUAL(run(OPERATION_ENCRYPT, &ciphers[0], goes, message, 16, before, &n),
				CKR_OK);
		CU_ASSERT_EQUAL(run(OPERATION_ENCRYPT, &ciphers[0], back, message, 16, after, &n),
				CKR_OK);
		CU_ASSERT(same(before, after, 16));
		CU_ASSERT_EQUAL(flag(back, CKA_LOCAL), CK_FALSE);
		CU_ASSERT_EQUAL(flag(back, CKA_ALWAYS_SENSITIVE), CK_FALSE);
		CU_ASSERT_EQUAL(flag(back, CKA_NEVER_EXTRACTABLE), CK_FALSE);
		CU_ASSERT_EQUAL(session_wrap_key(fixture.rw, &wrap, key, back, wrapped, &len),
				CKR_KEY_UNEXTRACTABLE);
		len = 24;
		wrapped[3] ^= 1;
		CU_ASSERT_EQUAL(unwrap(CKM_AES_KEY_WRAP, key, wrapped, len, way >> 2 & 1, &back),
				CKR_WRAPPED_KEY_INVALID);
	}
}

static void rsa_wraps_session_keys_and_unwraps_into_both(void)
{
	CK_OBJECT_HANDLE goes = generate(CKM_AES_KEY_GEN, 32, CK_FALSE, CK_TRUE);
	CK_ULONG bits = 2048, len = OUT, n = 16;
	CK_ATTRIBUTE public[] = {{CKA_MODULUS_BITS, &bits, sizeof(bits)},
				 {CKA_WRAP, &yes, sizeof(yes)},
				 {CKA_TOKEN, &yes, sizeof(yes)}};
	CK_ATTRIBUTE private[] = {{CKA_TOKEN, &yes, sizeof(yes)}, {CKA_UNWRAP, &yes, sizeof(yes)}};
	CK_MECHANISM rsa = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0}, wrap = {CKM_RSA_PKCS, NULL, 0};
	CK_OBJECT_HANDLE pub, priv, back;
	CK_BYTE wrapped[OUT], before[16], after[16];

	CU_ASSERT_EQUAL_FATAL(session_generate_key_pair(fixture.rw, &rsa, public, 3, private, 2,
							&pub, &priv),
			      CKR_OK);
	CU_ASSERT_EQUAL_FATAL(session_wrap_key(fixture.rw, &wrap, pub, goes, wrapped, &len),
			      CKR_OK);
	CU_ASSERT_EQUAL(len, 256);
	CU_ASSERT_EQUAL(run(OPERATION_ENCRYPT, &ciphers[0], goes, message, 16, before, &n), CKR_OK);
	for (CK_BBOOL on_card = 0; on_card <= 1; on_card++) {
		CU_ASSERT_EQUAL_FATAL(unwrap(CKM_RSA_PKCS, priv, wrapped, len, on_card, &back),
				      CKR_OK);
		CU_ASSERT_EQUAL(run(OPERATION_ENCRYPT, &ciphers[0], back, message, 16, after, &n),
				CKR_OK);
		CU_ASSERT(same(before, after, 16));
	}
	CU_ASSERT_EQUAL(unwrap(CKM_RSA_PKCS, priv, wrapped, len - 1, CK_FALSE, &back),
			CKR_WRAPPED_KEY_LEN_RANGE);
	CU_ASSERT_EQUAL(session_wrap_key(fixture.rw, &wrap, pub, pub, wrapped, &len),
			CKR_KEY_NOT_WRAPPABLE);
}

static CK_BYTE p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
static CK_BYTE x25519[] = {0x06, 0x03, 0x2B, 0x65, 0x6E};
static CK_BYTE ed25519[] = {0x06, 0x03, 0x2B, 0x65, 0x70};

static void pair(CK_MECHANISM_TYPE type, CK_BYTE_PTR curve, CK_ULONG len, CK_ATTRIBUTE_TYPE usage,
		 CK_BBOOL always, CK_OBJECT_HANDLE *pub, CK_OBJECT_HANDLE *priv)
{
	CK_MECHANISM mechanism = {type, NULL, 0};
	CK_ATTRIBUTE public[] = {{CKA_EC_PARAMS, curve, len}, {CKA_TOKEN, &yes, sizeof(yes)}};
	CK_ATTRIBUTE private[] = {{CKA_TOKEN, &yes, sizeof(yes)},
				  {usage, &yes, sizeof(yes)},
				  {CKA_ALWAYS_AUTHENTICATE, &always, sizeof(always)}};

	CU_ASSERT_EQUAL_FATAL(session_generate_key_pair(fixture.rw, &mechanism, public, 2, private,
							3, pub, priv),
			      CKR_OK);
}

static CK_RV derive(CK_OBJECT_HANDLE base, CK_OBJECT_HANDLE other, CK_ULONG kdf, CK_ULONG len,
		    CK_OBJECT_HANDLE *ret)
{
	CK_BYTE point[128];
	CK_ATTRIBUTE attribute = {CKA_EC_POINT, point, sizeof(point)};
	CK_ECDH1_DERIVE_PARAMS params = {kdf, 0, NULL, 0, NULL};
	CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &params, sizeof(params)};
	CK_KEY_TYPE aes = CKK_AES;
	CK_ATTRIBUTE template[] = {
		{CKA_KEY_TYPE, &aes, sizeof(aes)},  {CKA_VALUE_LEN, &len, sizeof(len)},
		{CKA_SENSITIVE, &yes, sizeof(yes)}, {CKA_EXTRACTABLE, &no, sizeof(no)},
		{CKA_ENCRYPT, &yes, sizeof(yes)},
	};

	CU_ASSERT_EQUAL(session_get_attributes(fixture.rw, other, &attribute, 1), CKR_OK);
	params.pPublicData = point;
	params.ulPublicDataLen = attribute.ulValueLen;
	return session_derive_key(fixture.rw, &mechanism, base, template, 5, ret);
}

static void two_pairs_derive_the_same_key_on_every_curve_and_kdf(void)
{
	static const CK_ULONG kdfs[] = {CKD_NULL, CKD_SHA1_KDF, CKD_SHA256_KDF, CKD_SHA512_KDF};

	for (int is_x = 0; is_x <= 1; is_x++) {
		CK_MECHANISM_TYPE type = is_x ? CKM_EC_MONTGOMERY_KEY_PAIR_GEN
					      : CKM_EC_KEY_PAIR_GEN;
		CK_OBJECT_HANDLE pub[2], priv[2], a, b;

		for (int i = 0; i < 2; i++)
			pair(type, is_x ? x25519 : p256, is_x ? sizeof(x25519) : sizeof(p256),
			     CKA_DERIVE, CK_FALSE, &pub[i], &priv[i]);
		for (size_t k = 0; k < sizeof(kdfs) / sizeof(kdfs[0]); k++) {
			CK_BYTE one[16], two[16];
			CK_ULONG n = 16;

			CU_ASSERT_EQUAL_FATAL(derive(priv[0], pub[1], kdfs[k], 32, &a), CKR_OK);
			CU_ASSERT_EQUAL_FATAL(derive(priv[1], pub[0], kdfs[k], 32, &b), CKR_OK);
			CU_ASSERT_EQUAL(run(OPERATION_ENCRYPT, &ciphers[0], a, message, 16, one,
					    &n),
					CKR_OK);
			CU_ASSERT_EQUAL(run(OPERATION_ENCRYPT, &ciphers[0], b, message, 16, two,
					    &n),
					CKR_OK);
			CU_ASSERT(same(one, two, 16));
			CU_ASSERT_EQUAL(flag(a, CKA_ALWAYS_SENSITIVE), CK_TRUE);
			CU_ASSERT_EQUAL(flag(a, CKA_LOCAL), CK_FALSE);
		}
		CU_ASSERT_EQUAL(derive(priv[0], pub[1], 99, 32, &a), CKR_MECHANISM_PARAM_INVALID);
		CU_ASSERT_EQUAL(derive(priv[0], pub[1], CKD_NULL, 33, &a),
				CKR_ATTRIBUTE_VALUE_INVALID);
		CU_ASSERT_EQUAL(derive(pub[0], pub[1], CKD_NULL, 32, &a),
				CKR_KEY_TYPE_INCONSISTENT);
	}
}

static void an_ed25519_signature_verifies_on_the_host(void)
{
	CK_MECHANISM m = {CKM_EDDSA, NULL, 0};
	CK_OBJECT_HANDLE pub, priv;
	CK_BYTE out[OUT];
	CK_ULONG len = sizeof(out);

	pair(CKM_EC_EDWARDS_KEY_PAIR_GEN, ed25519, sizeof(ed25519), CKA_SIGN, CK_FALSE, &pub,
	     &priv);
	CU_ASSERT_EQUAL(run(OPERATION_SIGN, &m, priv, message, 48, out, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, 64);
	CU_ASSERT_EQUAL(verify(CKM_EDDSA, pub, message, 48, out, len), CKR_OK);
	out[9] ^= 1;
	CU_ASSERT_EQUAL(verify(CKM_EDDSA, pub, message, 48, out, len), CKR_SIGNATURE_INVALID);
}

static void a_signature_may_come_before_its_data(void)
{
	CK_MECHANISM m = {CKM_ECDSA_SHA256, NULL, 0};
	CK_OBJECT_HANDLE pub, priv;
	CK_BYTE out[OUT];
	CK_ULONG len = sizeof(out);

	pair(CKM_EC_KEY_PAIR_GEN, p256, sizeof(p256), CKA_SIGN, CK_FALSE, &pub, &priv);
	CU_ASSERT_EQUAL(run(OPERATION_SIGN, &m, priv, message, 48, out, &len), CKR_OK);
	CU_ASSERT_EQUAL(operation_verify_signature_init(fixture.rw, &m, pub, out, len), CKR_OK);
	CU_ASSERT_EQUAL(operation_verify(fixture.rw, message, 48, out, len),
			CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_EQUAL(operation_verify_signature(fixture.rw, message, 48), CKR_OK);
	CU_ASSERT_EQUAL(operation_verify_signature_init(fixture.rw, &m, pub, out, len), CKR_OK);
	CU_ASSERT_EQUAL(operation_update(fixture.rw, OPERATION_VERIFY, message, 47, NULL, NULL),
			CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_EQUAL(operation_verify_signature_update(fixture.rw, message, 47), CKR_OK);
	CU_ASSERT_EQUAL(operation_verify_signature_final(fixture.rw), CKR_SIGNATURE_INVALID);
	CU_ASSERT_EQUAL(operation_verify_signature_final(fixture.rw),
			CKR_OPERATION_NOT_INITIALIZED);
}

static void a_cancelled_operation_is_over_and_the_others_go_on(void)
{
	CK_MECHANISM m = {CKM_SHA256, NULL, 0};

	CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_DIGEST, &m, 0), CKR_OK);
	CU_ASSERT_EQUAL(session_find_init(fixture.rw, NULL, 0), CKR_OK);
	CU_ASSERT_EQUAL(session_cancel(fixture.rw, CKF_FIND_OBJECTS | CKF_SIGN), CKR_OK);
	CU_ASSERT_EQUAL(session_find_final(fixture.rw), CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_DIGEST, &m, 0), CKR_OPERATION_ACTIVE);
	CU_ASSERT_EQUAL(session_cancel(fixture.rw, CKF_DIGEST), CKR_OK);
	CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_DIGEST, &m, 0), CKR_OK);
	CU_ASSERT_EQUAL(session_cancel(fixture.rw, ~0UL), CKR_OK);
}

static void a_key_that_always_asks_signs_once_for_each_pin(void)
{
	CK_MECHANISM m = {CKM_ECDSA_SHA256, NULL, 0};
	CK_OBJECT_HANDLE pub, priv;
	CK_UTF8CHAR pin[] = USER_PIN, wrong[] = "wrong pin";
	CK_BYTE out[OUT];

	pair(CKM_EC_KEY_PAIR_GEN, p256, sizeof(p256), CKA_SIGN, CK_TRUE, &pub, &priv);
	for (int i = 0; i < 2; i++) {
		CK_ULONG len = sizeof(out);

		CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_SIGN, &m, priv), CKR_OK);
		CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_SIGN, message, 48, out,
						 &len),
				CKR_USER_NOT_LOGGED_IN);
		/* That has ended it (5.13.2). */
		CU_ASSERT_EQUAL(session_login(fixture.rw, CKU_CONTEXT_SPECIFIC, pin,
					      sizeof(pin) - 1),
				CKR_OPERATION_NOT_INITIALIZED);
		CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_SIGN, &m, priv), CKR_OK);
		CU_ASSERT_EQUAL(session_login(fixture.rw, CKU_CONTEXT_SPECIFIC, wrong, 9),
				CKR_PIN_INCORRECT);
		CU_ASSERT_EQUAL(session_login(fixture.rw, CKU_CONTEXT_SPECIFIC, pin,
					      sizeof(pin) - 1),
				CKR_OK);
		CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_SIGN, message, 48, out,
						 &len),
				CKR_OK);
		CU_ASSERT_EQUAL(verify(CKM_ECDSA_SHA256, pub, message, 48, out, len), CKR_OK);
	}
	CU_ASSERT_EQUAL(session_login(fixture.rw, CKU_CONTEXT_SPECIFIC, pin, sizeof(pin) - 1),
			CKR_OPERATION_NOT_INITIALIZED);
	/* Nor is there anything to show it for in an operation whose key does not ask. */
	pair(CKM_EC_KEY_PAIR_GEN, p256, sizeof(p256), CKA_SIGN, CK_FALSE, &pub, &priv);
	CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_SIGN, &m, priv), CKR_OK);
	CU_ASSERT_EQUAL(session_login(fixture.rw, CKU_CONTEXT_SPECIFIC, pin, sizeof(pin) - 1),
			CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_EQUAL(session_cancel(fixture.rw, CKF_SIGN), CKR_OK);
}

static void who_locks_the_pin_in_an_operation_is_logged_out(void)
{
	CK_MECHANISM m = {CKM_ECDSA_SHA256, NULL, 0};
	CK_OBJECT_HANDLE pub, priv;
	CK_UTF8CHAR wrong[] = "wrong pin";
	CK_RV rv = CKR_PIN_INCORRECT;

	pair(CKM_EC_KEY_PAIR_GEN, p256, sizeof(p256), CKA_SIGN, CK_TRUE, &pub, &priv);
	CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_SIGN, &m, priv), CKR_OK);
	for (int i = 0; i < 15 && rv == CKR_PIN_INCORRECT; i++)
		rv = session_login(fixture.rw, CKU_CONTEXT_SPECIFIC, wrong, 9);
	CU_ASSERT_EQUAL(rv, CKR_PIN_LOCKED);
	CU_ASSERT_EQUAL(session_logout(fixture.rw), CKR_USER_NOT_LOGGED_IN);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_SIGN, message, 48, NULL,
					 &(CK_ULONG){0}),
			CKR_OPERATION_NOT_INITIALIZED);
}

static CK_RV sign_in(struct session *s, CK_BYTE *out, CK_ULONG *len)
{
	*len = OUT;
	return operation_single(s, OPERATION_SIGN, message, 48, out, len);
}

/* Two sessions show the PIN, and a third signs with another key, before either of them signs. */
static void a_pin_belongs_to_the_operation_it_was_shown_for(void)
{
	CK_MECHANISM m = {CKM_ECDSA_SHA256, NULL, 0};
	CK_OBJECT_HANDLE pub, priv, easy_pub, easy;
	CK_UTF8CHAR pin[] = USER_PIN;
	CK_BYTE out[OUT];
	CK_ULONG len;

	pair(CKM_EC_KEY_PAIR_GEN, p256, sizeof(p256), CKA_SIGN, CK_TRUE, &pub, &priv);
	pair(CKM_EC_KEY_PAIR_GEN, p256, sizeof(p256), CKA_SIGN, CK_FALSE, &easy_pub, &easy);
	for (int i = 0; i < 3; i++) {
		struct session *third;

		CU_ASSERT_EQUAL_FATAL(session_open(fixture.slot, CKF_SERIAL_SESSION, NULL, NULL, 99,
						   &third),
				      CKR_OK);
		CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_SIGN, &m, priv), CKR_OK);
		CU_ASSERT_EQUAL(operation_init(fixture.ro, OPERATION_SIGN, &m, priv), CKR_OK);
		CU_ASSERT_EQUAL(operation_init(third, OPERATION_SIGN, &m, easy), CKR_OK);
		CU_ASSERT_EQUAL(session_login(fixture.rw, CKU_CONTEXT_SPECIFIC, pin,
					      sizeof(pin) - 1),
				CKR_OK);
		CU_ASSERT_EQUAL(sign_in(fixture.ro, out, &len), CKR_USER_NOT_LOGGED_IN);
		CU_ASSERT_EQUAL(operation_init(fixture.ro, OPERATION_SIGN, &m, priv), CKR_OK);
		CU_ASSERT_EQUAL(session_login(fixture.ro, CKU_CONTEXT_SPECIFIC, pin,
					      sizeof(pin) - 1),
				CKR_OK);
		CU_ASSERT_EQUAL(sign_in(third, out, &len), CKR_OK);
		CU_ASSERT_EQUAL(sign_in(fixture.rw, out, &len), CKR_OK);
		CU_ASSERT_EQUAL(verify(CKM_ECDSA_SHA256, pub, message, 48, out, len), CKR_OK);
		CU_ASSERT_EQUAL(sign_in(fixture.ro, out, &len), CKR_OK);
		CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_SIGN, &m, priv), CKR_OK);
		CU_ASSERT_EQUAL(sign_in(fixture.rw, out, &len), CKR_USER_NOT_LOGGED_IN);
		/* Shown, and not used: what follows gets nothing of it. */
		CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_SIGN, &m, priv), CKR_OK);
		CU_ASSERT_EQUAL(session_login(fixture.rw, CKU_CONTEXT_SPECIFIC, pin,
					      sizeof(pin) - 1),
				CKR_OK);
		CU_ASSERT_EQUAL(session_cancel(fixture.rw, CKF_SIGN), CKR_OK);
		CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_SIGN, &m, priv), CKR_OK);
		CU_ASSERT_EQUAL(sign_in(fixture.rw, out, &len), CKR_USER_NOT_LOGGED_IN);
		CU_ASSERT_EQUAL(session_cancel(fixture.rw, CKF_SIGN), CKR_OK);
		session_close(&third);
	}
}

/* Not even where the slot's own connection has a fresh PIN of the user's login. */
static void a_pin_is_not_for_two_operations_of_a_session(void)
{
	CK_ULONG bits = 2048, len = OUT, block_len = OUT;
	CK_BYTE id[] = {'t', 'w', 'i', 'c', 'e'};
	CK_MECHANISM make = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0}, m = {CKM_RSA_PKCS, NULL, 0};
	CK_ATTRIBUTE public[] = {{CKA_MODULUS_BITS, &bits, sizeof(bits)},
				 {CKA_TOKEN, &yes, sizeof(yes)}};
	CK_ATTRIBUTE private[] = {{CKA_TOKEN, &yes, sizeof(yes)},
				  {CKA_SIGN, &yes, sizeof(yes)},
				  {CKA_DECRYPT, &yes, sizeof(yes)},
				  {CKA_ALWAYS_AUTHENTICATE, &yes, sizeof(yes)},
				  {CKA_ID, id, sizeof(id)}};
	CK_UTF8CHAR pin[] = USER_PIN;
	CK_BYTE out[OUT], block[OUT];
	CK_OBJECT_HANDLE pub, priv;
	CK_ULONG found = 0;

	CU_ASSERT_EQUAL_FATAL(session_generate_key_pair(fixture.rw, &make, public, 2, private, 5,
							&pub, &priv),
			      CKR_OK);
	CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_ENCRYPT, &m, pub), CKR_OK);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_ENCRYPT, message, 48, block,
					 &block_len),
			CKR_OK);
	CU_ASSERT_EQUAL(session_logout(fixture.rw), CKR_OK);
	CU_ASSERT_EQUAL(session_login(fixture.rw, CKU_USER, pin, sizeof(pin) - 1), CKR_OK);
	CU_ASSERT_EQUAL(session_find_init(fixture.rw, &private[4], 1), CKR_OK);
	CU_ASSERT_EQUAL(session_find(fixture.rw, &priv, 1, &found), CKR_OK);
	CU_ASSERT_EQUAL(session_find_final(fixture.rw), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(found, 1);
	CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_SIGN, &m, priv), CKR_OK);
	CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_DECRYPT, &m, priv), CKR_OK);
	CU_ASSERT_EQUAL(session_login(fixture.rw, CKU_CONTEXT_SPECIFIC, pin, sizeof(pin) - 1),
			CKR_OK);
	CU_ASSERT_EQUAL(sign_in(fixture.rw, out, &len), CKR_OK);
	len = OUT;
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_DECRYPT, block, block_len, out,
					 &len),
			CKR_USER_NOT_LOGGED_IN);
}

static void messages_have_nonces_of_their_own_and_a_tag_beside_them(void)
{
	for (CK_BBOOL on_card = 0; on_card <= 1; on_card++) {
		CK_OBJECT_HANDLE key = generate(CKM_AES_KEY_GEN, 32, on_card, CK_FALSE);
		CK_BYTE nonces[2][12] = {{0}}, tags[2][16], out[2][48], back[48];
		CK_MECHANISM m = {CKM_AES_GCM, NULL, 0};

		CU_ASSERT_EQUAL(message_final(fixture.rw, OPERATION_MESSAGE_ENCRYPT),
				CKR_OPERATION_NOT_INITIALIZED);
		CU_ASSERT_EQUAL_FATAL(message_init(fixture.rw, OPERATION_MESSAGE_ENCRYPT, &m, key),
				      CKR_OK);
		CU_ASSERT_EQUAL_FATAL(message_init(fixture.rw, OPERATION_MESSAGE_DECRYPT, &m, key),
				      CKR_OK);
		for (int i = 0; i < 2; i++) {
			CK_GCM_MESSAGE_PARAMS p = {nonces[i], 12, 32, CKG_GENERATE, tags[i], 128};
			struct message in = {&p, sizeof(p), iv, 5, message, 48};
			CK_ULONG len = 47;

			CU_ASSERT_EQUAL(message_run(fixture.rw, OPERATION_MESSAGE_ENCRYPT, &in,
						    out[i], &len),
					CKR_BUFFER_TOO_SMALL);
			CU_ASSERT_EQUAL(message_run(fixture.rw, OPERATION_MESSAGE_ENCRYPT, &in,
						    out[i], &len),
					CKR_OK);
			CU_ASSERT_EQUAL(len, 48);
			in.in = out[i];
			CU_ASSERT_EQUAL(message_run(fixture.rw, OPERATION_MESSAGE_DECRYPT, &in,
						    back, &len),
					CKR_OK);
			CU_ASSERT(same(back, message, 48));
			tags[i][3] ^= 1;
			CU_ASSERT_EQUAL(message_run(fixture.rw, OPERATION_MESSAGE_DECRYPT, &in,
						    back, &len),
					CKR_AEAD_DECRYPT_FAILED);
			p.ivGenerator = CKG_GENERATE_COUNTER;
			CU_ASSERT_EQUAL(message_run(fixture.rw, OPERATION_MESSAGE_ENCRYPT, &in,
						    back, &len),
					CKR_MECHANISM_PARAM_INVALID);
		}
		for (int i = 0; i < 32; i++) {
			CK_BYTE nonce[12] = {0xA5, 0xA5, 0xA5, 0xAF}, tag[16];
			CK_GCM_MESSAGE_PARAMS p = {nonce, 12, 28, CKG_GENERATE, tag, 128};
			struct message in = {&p, sizeof(p), NULL, 0, message, 16};
			CK_ULONG len = sizeof(back);

			CU_ASSERT_EQUAL(message_run(fixture.rw, OPERATION_MESSAGE_ENCRYPT, &in,
						    back, &len),
					CKR_OK);
			CU_ASSERT_EQUAL(nonce[2], 0xA5);
			CU_ASSERT_EQUAL(nonce[3] >> 4, 0xA);
			p.ulIvFixedBits = 33;
			CU_ASSERT_EQUAL(message_run(fixture.rw, OPERATION_MESSAGE_ENCRYPT, &in,
						    back, &len),
					CKR_MECHANISM_PARAM_INVALID);
		}
		CU_ASSERT(same(nonces[0], nonces[1], 4));
		CU_ASSERT_FALSE(same(nonces[0], nonces[1], 12));
		CU_ASSERT_EQUAL(message_final(fixture.rw, OPERATION_MESSAGE_ENCRYPT), CKR_OK);
		CU_ASSERT_EQUAL(message_final(fixture.rw, OPERATION_MESSAGE_DECRYPT), CKR_OK);
	}
}

static CK_RV next(enum operation_kind kind, CK_GCM_MESSAGE_PARAMS *p, CK_BYTE *in, CK_ULONG in_len,
		  CK_FLAGS flags, CK_BYTE *out, CK_ULONG *len)
{
	const struct message m = {p, sizeof(*p), NULL, 0, in, in_len};

	return message_next(fixture.rw, kind, &m, flags, out, len);
}

/* Nonces of 12 bytes give ciphertext with each part, others with the last one. */
static void in_parts(CK_OBJECT_HANDLE key, CK_ULONG nonce_len)
{
	enum operation_kind encrypt = OPERATION_MESSAGE_ENCRYPT,
			    decrypt = OPERATION_MESSAGE_DECRYPT;
	CK_BYTE nonce[16] = {3}, tag[16], again[16], whole[48], out[48], back[48];
	CK_GCM_MESSAGE_PARAMS p = {nonce, nonce_len, 0, CKG_NO_GENERATE, tag, 128};
	struct message m = {&p, sizeof(p), iv, 5, message, 48};
	CK_ULONG first = nonce_len == 12 ? 21 : 0, len = 48;
	CK_MECHANISM cipher = {CKM_AES_GCM, NULL, 0};

	CU_ASSERT_EQUAL_FATAL(message_init(fixture.rw, encrypt, &cipher, key), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(message_init(fixture.rw, decrypt, &cipher, key), CKR_OK);
	CU_ASSERT_EQUAL(message_run(fixture.rw, encrypt, &m, whole, &len), CKR_OK);
	p.pTag = again;
	CU_ASSERT_EQUAL(next(encrypt, &p, message, 21, 0, out, &len),
			CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_EQUAL(message_begin(fixture.rw, encrypt, &m), CKR_OK);
	CU_ASSERT_EQUAL(message_begin(fixture.rw, encrypt, &m), CKR_OPERATION_ACTIVE);
	CU_ASSERT_EQUAL(message_run(fixture.rw, encrypt, &m, out, &len), CKR_OPERATION_ACTIVE);
	CU_ASSERT_EQUAL(next(encrypt, &p, message, 21, 0, out, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, first);
	CU_ASSERT_EQUAL(next(encrypt, &p, message + 21, 27, CKF_END_OF_MESSAGE, NULL, &len),
			CKR_OK);
	CU_ASSERT_EQUAL(len, 48 - first);
	len--;
	CU_ASSERT_EQUAL(next(encrypt, &p, message + 21, 27, CKF_END_OF_MESSAGE, out + first, &len),
			CKR_BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(next(encrypt, &p, message + 21, 27, CKF_END_OF_MESSAGE, out + first, &len),
			CKR_OK);
	CU_ASSERT(same(out, whole, 48) && same(tag, again, 16));
	for (int tampered = 0; tampered < 2; tampered++) {
		again[2] ^= tampered;
		memset(back, 0, sizeof(back));
		CU_ASSERT_EQUAL(message_begin(fixture.rw, decrypt, &m), CKR_OK);
		len = 0;
		CU_ASSERT_EQUAL(next(decrypt, &p, out, 40, 0, back, &len), CKR_OK);
		CU_ASSERT_EQUAL(len, 0);
		len = 48;
		CU_ASSERT_EQUAL(next(decrypt, &p, out + 40, 8, CKF_END_OF_MESSAGE, back, &len),
				tampered ? CKR_AEAD_DECRYPT_FAILED : CKR_OK);
		CU_ASSERT_EQUAL(same(back, message, 48), !tampered);
		CU_ASSERT_EQUAL(next(decrypt, &p, out, 1, 0, back, &len),
				CKR_OPERATION_NOT_INITIALIZED);
	}
	/* A part that fails ends its message, and not the process. */
	CU_ASSERT_EQUAL(message_begin(fixture.rw, encrypt, &m), CKR_OK);
	p.ulTagBits = 96;
	CU_ASSERT_EQUAL(next(encrypt, &p, message, 21, 0, out, &len), CKR_MECHANISM_PARAM_INVALID);
	CU_ASSERT_EQUAL(message_begin(fixture.rw, encrypt, &m), CKR_OK);
	CU_ASSERT_EQUAL(next(encrypt, &p, message, 21, 2, out, &len), CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(message_begin(fixture.rw, encrypt, &m), CKR_OK);
	CU_ASSERT_EQUAL(message_refuse(fixture.rw, encrypt), CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(next(encrypt, &p, NULL, 0, CKF_END_OF_MESSAGE, NULL, &len),
			CKR_OPERATION_NOT_INITIALIZED);
	/* One without content has a tag. */
	CU_ASSERT_EQUAL(message_begin(fixture.rw, encrypt, &m), CKR_OK);
	CU_ASSERT_EQUAL(next(encrypt, &p, NULL, 0, CKF_END_OF_MESSAGE, NULL, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, 0);
	CU_ASSERT_EQUAL(message_begin(fixture.rw, decrypt, &m), CKR_OK);
	CU_ASSERT_EQUAL(next(decrypt, &p, NULL, 0, CKF_END_OF_MESSAGE, NULL, &len), CKR_OK);
	CU_ASSERT_EQUAL(message_final(fixture.rw, encrypt), CKR_OK);
	CU_ASSERT_EQUAL(message_final(fixture.rw, decrypt), CKR_OK);
}

static void messages_come_in_parts(void)
{
	for (CK_BBOOL on_card = 0; on_card <= 1; on_card++) {
		CK_OBJECT_HANDLE key = generate(CKM_AES_KEY_GEN, 32, on_card, CK_FALSE);

		in_parts(key, 12);
		in_parts(key, 16);
	}
}

static void what_was_signed_is_recovered_from_the_signature(void)
{
	CK_ULONG bits = 2048, len = OUT, back_len = OUT;
	CK_ATTRIBUTE public[] = {{CKA_MODULUS_BITS, &bits, sizeof(bits)},
				 {CKA_VERIFY_RECOVER, &yes, sizeof(yes)}};
	CK_ATTRIBUTE private[] = {{CKA_TOKEN, &yes, sizeof(yes)},
				  {CKA_SIGN_RECOVER, &yes, sizeof(yes)}};
	CK_MECHANISM rsa = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0}, m = {CKM_RSA_PKCS, NULL, 0};
	CK_OBJECT_HANDLE pub, priv;
	CK_BYTE out[OUT], back[OUT];

	CU_ASSERT_EQUAL_FATAL(session_generate_key_pair(fixture.rw, &rsa, public, 2, private, 2,
							&pub, &priv),
			      CKR_OK);
	CU_ASSERT_EQUAL(run(OPERATION_SIGN, &m, priv, message, 48, out, &len),
			CKR_KEY_FUNCTION_NOT_PERMITTED);
	CU_ASSERT_EQUAL(run(OPERATION_SIGN_RECOVER, &m, priv, message, 48, out, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, 256);
	CU_ASSERT_EQUAL(run(OPERATION_VERIFY_RECOVER, &m, pub, out, len, back, &back_len), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(back_len, 48);
	CU_ASSERT(same(back, message, 48));
	out[7] ^= 1;
	CU_ASSERT_EQUAL(run(OPERATION_VERIFY_RECOVER, &m, pub, out, len, back, &back_len),
			CKR_SIGNATURE_INVALID);
	CU_ASSERT_EQUAL(run(OPERATION_VERIFY_RECOVER, &m, pub, out, len - 1, back, &back_len),
			CKR_SIGNATURE_LEN_RANGE);
}

static void a_part_goes_into_two_operations(void)
{
	CK_OBJECT_HANDLE key = generate(CKM_AES_KEY_GEN, 16, CK_FALSE, CK_FALSE);
	CK_MECHANISM digest = {CKM_SHA256, NULL, 0}, m = ciphers[2];
	CK_BYTE both[OUT], alone[OUT], hash[64], wanted[64];
	CK_ULONG len = OUT, n = OUT, h = 64, w = 64;

	CU_ASSERT_EQUAL(operation_update_two(fixture.rw, OPERATION_DIGEST, OPERATION_ENCRYPT,
					     message, 48, both, &len),
			CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_DIGEST, &digest, 0), CKR_OK);
	CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_ENCRYPT, &m, key), CKR_OK);
	CU_ASSERT_EQUAL(operation_update_two(fixture.rw, OPERATION_DIGEST, OPERATION_ENCRYPT,
					     message, 48, NULL, &len),
			CKR_OK);
	CU_ASSERT_EQUAL(operation_update_two(fixture.rw, OPERATION_DIGEST, OPERATION_ENCRYPT,
					     message, 48, both, &len),
			CKR_OK);
	CU_ASSERT_EQUAL_FATAL(len, 48);
	len = OUT - 48;
	CU_ASSERT_EQUAL(operation_final(fixture.rw, OPERATION_ENCRYPT, both + 48, &len), CKR_OK);
	len += 48;
	CU_ASSERT_EQUAL(operation_final(fixture.rw, OPERATION_DIGEST, hash, &h), CKR_OK);
	CU_ASSERT_EQUAL(run(OPERATION_ENCRYPT, &m, key, message, 48, alone, &n), CKR_OK);
	CU_ASSERT_EQUAL(run(OPERATION_DIGEST, &digest, 0, message, 48, wanted, &w), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(len, n);
	CU_ASSERT(same(both, alone, n));
	CU_ASSERT(same(hash, wanted, 32));
}

static void only_session_keys_are_digested(void)
{
	CK_OBJECT_HANDLE on_card = generate(CKM_AES_KEY_GEN, 16, CK_TRUE, CK_FALSE);
	CK_OBJECT_HANDLE here = generate(CKM_AES_KEY_GEN, 16, CK_FALSE, CK_FALSE);
	CK_MECHANISM m = {CKM_SHA3_256, NULL, 0};
	CK_BYTE out[OUT];
	CK_ULONG len = sizeof(out);

	CU_ASSERT_EQUAL(session_digest_key(fixture.rw, here), CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_DIGEST, &m, 0), CKR_OK);
	CU_ASSERT_EQUAL(session_digest_key(fixture.rw, on_card), CKR_KEY_INDIGESTIBLE);
	CU_ASSERT_EQUAL(session_digest_key(fixture.rw, 99999), CKR_KEY_HANDLE_INVALID);
	CU_ASSERT_EQUAL(session_digest_key(fixture.rw, here), CKR_OK);
	CU_ASSERT_EQUAL(operation_final(fixture.rw, OPERATION_DIGEST, out, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, 32);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"every_cipher_gives_back_what_it_took", every_cipher_gives_back_what_it_took},
		{"parts_are_enciphered_like_the_whole", parts_are_enciphered_like_the_whole},
		{"what_was_altered_or_is_no_block_is_refused",
		 what_was_altered_or_is_no_block_is_refused},
		{"every_mac_verifies_until_it_is_altered", every_mac_verifies_until_it_is_altered},
		{"a_generated_key_knows_its_past", a_generated_key_knows_its_past},
		{"an_extractable_key_travels_wrapped_and_no_other",
		 an_extractable_key_travels_wrapped_and_no_other},
		{"rsa_wraps_session_keys_and_unwraps_into_both",
		 rsa_wraps_session_keys_and_unwraps_into_both},
		{"two_pairs_derive_the_same_key_on_every_curve_and_kdf",
		 two_pairs_derive_the_same_key_on_every_curve_and_kdf},
		{"an_ed25519_signature_verifies_on_the_host",
		 an_ed25519_signature_verifies_on_the_host},
		{"a_signature_may_come_before_its_data", a_signature_may_come_before_its_data},
		{"a_cancelled_operation_is_over_and_the_others_go_on",
		 a_cancelled_operation_is_over_and_the_others_go_on},
		{"a_key_that_always_asks_signs_once_for_each_pin",
		 a_key_that_always_asks_signs_once_for_each_pin},
		{"a_pin_belongs_to_the_operation_it_was_shown_for",
		 a_pin_belongs_to_the_operation_it_was_shown_for},
		{"a_pin_is_not_for_two_operations_of_a_session",
		 a_pin_is_not_for_two_operations_of_a_session},
		{"messages_have_nonces_of_their_own_and_a_tag_beside_them",
		 messages_have_nonces_of_their_own_and_a_tag_beside_them},
		{"messages_come_in_parts", messages_come_in_parts},
		{"what_was_signed_is_recovered_from_the_signature",
		 what_was_signed_is_recovered_from_the_signature},
		{"a_part_goes_into_two_operations", a_part_goes_into_two_operations},
		{"only_session_keys_are_digested", only_session_keys_are_digested},
		/* The last one: nobody can log in any more. */
		{"who_locks_the_pin_in_an_operation_is_logged_out",
		 who_locks_the_pin_in_an_operation_is_logged_out},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "key", .pInitFunc = set_up, .pCleanupFunc = fixture_stop, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("key", suites);
}
