/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations in parts and side by side: blocks that come out as they go in, decryption that feeds a
 * digest or a verification, the state of a digest saved and restored, MACs cut short, and seeds.
 */
#include <string.h>

#include "base/buf.h"
#include "tests/suite.h"
#include "tests/token/fixture.h"
#include "token/operation.h"

enum { TEXT = 1600, OUT = 2048 };

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_BYTE iv[16] = {9, 8, 7}, text[TEXT];
static const CK_MECHANISM_TYPE ciphers[] = {CKM_AES_ECB, CKM_AES_CBC, CKM_AES_CBC_PAD};
/* Counters that carry into the next byte. */
static CK_AES_CTR_PARAMS ctr = {128, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 250}};
static CK_GCM_PARAMS gcm = {iv, 12, 96, text, 5, 96};
static CK_MECHANISM streams[] = {{CKM_AES_CTR, &ctr, sizeof(ctr)},
				 {CKM_AES_GCM, &gcm, sizeof(gcm)}};

static int set_up(void)
{
	for (size_t i = 0; i < TEXT; i++)
		text[i] = (CK_BYTE)(i * 7 + i / 256);
	return fixture_start() != 0 || fixture_login(USER_PIN) != CKR_OK;
}

static CK_OBJECT_HANDLE make(CK_MECHANISM_TYPE type, CK_BBOOL on_card, CK_BBOOL signs)
{
	CK_MECHANISM mechanism = {type, NULL, 0};
	CK_ULONG len = 32;
	CK_ATTRIBUTE template[] = {
		{CKA_VALUE_LEN, &len, sizeof(len)}, {CKA_TOKEN, &on_card, sizeof(on_card)},
		{CKA_ENCRYPT, &yes, sizeof(yes)},   {CKA_DECRYPT, &yes, sizeof(yes)},
		{CKA_SIGN, &signs, sizeof(signs)},  {CKA_VERIFY, &yes, sizeof(yes)},
		{CKA_EXTRACTABLE, &no, sizeof(no)}, {CKA_SENSITIVE, &yes, sizeof(yes)},
	};
	CK_OBJECT_HANDLE key = 0;

	CU_ASSERT_EQUAL_FATAL(session_generate_key(fixture.rw, &mechanism, template, 8, &key),
			      CKR_OK);
	return key;
}

static CK_RV start(enum operation_kind kind, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key)
{
	CK_MECHANISM mechanism = {type, iv, type == CKM_AES_ECB ? 0 : sizeof(iv)};

	return operation_init(fixture.rw, kind, &mechanism, key);
}

static bool same(const CK_BYTE *a, const CK_BYTE *b, size_t len)
{
	return view_equal(view_of(a, len), view_of(b, len));
}

/* In parts of growing sizes; returns what came out before the last call. */
static CK_ULONG in_parts(enum operation_kind kind, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out,
			 CK_ULONG *out_len)
{
	CK_ULONG done = 0, early, len;

	for (CK_ULONG at = 0, step = 1; at < in_len; at += step, step = step * 2 + 1) {
		CK_ULONG question = 77;

		if (step > in_len - at)
			step = in_len - at;
		CU_ASSERT_EQUAL(operation_update(fixture.rw, kind, in + at, step, NULL, &question),
				CKR_OK);
		len = OUT - done;
		CU_ASSERT_EQUAL(operation_update(fixture.rw, kind, in + at, step, out + done, &len),
				CKR_OK);
		CU_ASSERT_EQUAL(len, question);
		done += len;
	}
	early = done;
	len = OUT - done;
	CU_ASSERT_EQUAL(operation_final(fixture.rw, kind, out + done, &len), CKR_OK);
	*out_len = done + len;
	return early;
}

static void blocks_come_out_as_they_go_in(void)
{
	for (size_t c = 0; c < 3; c++) {
		for (CK_BBOOL on_card = 0; on_card <= 1; on_card++) {
			CK_OBJECT_HANDLE key = make(CKM_AES_KEY_GEN, on_card, CK_TRUE);
			CK_ULONG in_len = ciphers[c] == CKM_AES_CBC_PAD ? TEXT - 5 : TEXT;
			CK_BYTE whole[OUT], parts[OUT], back[OUT];
			CK_ULONG whole_len = OUT, len;

			CU_ASSERT_EQUAL_FATAL(start(OPERATION_ENCRYPT, ciphers[c], key), CKR_OK);
			CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_ENCRYPT, text,
							 in_len, whole, &whole_len),
					CKR_OK);
			CU_ASSERT_EQUAL_FATAL(start(OPERATION_ENCRYPT, ciphers[c], key), CKR_OK);
			CU_ASSERT(in_parts(OPERATION_ENCRYPT, text, in_len, parts, &len) >=
				  in_len - 16);
			CU_ASSERT_EQUAL(len, whole_len);
			CU_ASSERT(same(whole, parts, len));
			CU_ASSERT_EQUAL_FATAL(start(OPERATION_DECRYPT, ciphers[c], key), CKR_OK);
			CU_ASSERT(in_parts(OPERATION_DECRYPT, parts, len, back, &len) >=
				  in_len - 16);
			CU_ASSERT_EQUAL(len, in_len);
			CU_ASSERT(same(back, text, len));
		}
	}
}

/* The plaintext of GCM alone waits for its tag. */
static void a_key_stream_gives_each_byte_at_once(void)
{
	for (int i = 0; i < 4; i++) {
		bool is_gcm = i & 1;
		CK_OBJECT_HANDLE key = make(CKM_AES_KEY_GEN, i & 2 ? CK_TRUE : CK_FALSE, CK_TRUE);
		CK_ULONG in_len = TEXT - 5, whole_len = OUT, len, early;
		CK_BYTE whole[OUT], parts[OUT], back[OUT];
		CK_MECHANISM *m = &streams[is_gcm];

		CU_ASSERT_EQUAL_FATAL(operation_init(fixture.rw, OPERATION_ENCRYPT, m, key),
				      CKR_OK);
		CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_ENCRYPT, text, in_len, whole,
						 &whole_len),
				CKR_OK);
		CU_ASSERT_EQUAL_FATAL(operation_init(fixture.rw, OPERATION_ENCRYPT, m, key),
				      CKR_OK);
		CU_ASSERT_EQUAL(in_parts(OPERATION_ENCRYPT, text, in_len, parts, &len), in_len);
		CU_ASSERT_EQUAL(len, whole_len);
		CU_ASSERT_EQUAL(len, in_len + (is_gcm ? 12 : 0));
		CU_ASSERT(same(whole, parts, len));
		CU_ASSERT_EQUAL_FATAL(operation_init(fixture.rw, OPERATION_DECRYPT, m, key),
				      CKR_OK);
		early = in_parts(OPERATION_DECRYPT, parts, len, back, &len);
		CU_ASSERT_EQUAL(early, is_gcm ? 0 : in_len);
		CU_ASSERT_EQUAL(len, in_len);
		CU_ASSERT(same(back, text, len));
	}
}

static void a_key_stream_is_no_longer_than_its_counter(void)
{
	CK_AES_CTR_PARAMS narrow = {2, {[15] = 1}}, wide = {128, {0}}, *both[] = {&narrow, &wide};
	const CK_ULONG room[] = {48, 16};
	CK_OBJECT_HANDLE key = make(CKM_AES_KEY_GEN, CK_TRUE, CK_TRUE);
	CK_BYTE out[OUT];

	memset(wide.cb, 0xFF, sizeof(wide.cb));
	for (size_t i = 0; i < 2; i++) {
		CK_MECHANISM m = {CKM_AES_CTR, both[i], sizeof(narrow)};
		CK_ULONG len = OUT;

		CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_ENCRYPT, &m, key), CKR_OK);
		CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_ENCRYPT, text, room[i] + 1,
						 out, &len),
				CKR_DATA_LEN_RANGE);
		CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_DECRYPT, &m, key), CKR_OK);
		CU_ASSERT_EQUAL(operation_update(fixture.rw, OPERATION_DECRYPT, text, room[i], out,
						 &len),
				CKR_OK);
		CU_ASSERT_EQUAL(len, room[i]);
		len = OUT;
		CU_ASSERT_EQUAL(operation_update(fixture.rw, OPERATION_DECRYPT, text, 1, out, &len),
				CKR_ENCRYPTED_DATA_LEN_RANGE);
		CU_ASSERT_EQUAL(operation_final(fixture.rw, OPERATION_DECRYPT, out, &len),
				CKR_OPERATION_NOT_INITIALIZED);
	}
}

static void half_a_block_at_the_end_is_refused(void)
{
	CK_OBJECT_HANDLE key = make(CKM_AES_KEY_GEN, CK_FALSE, CK_TRUE);
	CK_BYTE out[OUT];
	CK_ULONG len = OUT;

	CU_ASSERT_EQUAL_FATAL(start(OPERATION_ENCRYPT, CKM_AES_CBC, key), CKR_OK);
	CU_ASSERT_EQUAL(operation_update(fixture.rw, OPERATION_ENCRYPT, text, 24, out, &len),
			CKR_OK);
	CU_ASSERT_EQUAL(len, 16);
	len = OUT;
	CU_ASSERT_EQUAL(operation_final(fixture.rw, OPERATION_ENCRYPT, out, &len),
			CKR_DATA_LEN_RANGE);
	CU_ASSERT_EQUAL_FATAL(start(OPERATION_DECRYPT, CKM_AES_CBC_PAD, key), CKR_OK);
	len = OUT;
	CU_ASSERT_EQUAL(operation_update(fixture.rw, OPERATION_DECRYPT, text, 40, out, &len),
			CKR_OK);
	len = OUT;
	CU_ASSERT_EQUAL(operation_final(fixture.rw, OPERATION_DECRYPT, out, &len),
			CKR_ENCRYPTED_DATA_LEN_RANGE);
	CU_ASSERT_EQUAL_FATAL(start(OPERATION_ENCRYPT, CKM_AES_CBC, key), CKR_OK);
	len = 15;
	CU_ASSERT_EQUAL(operation_update(fixture.rw, OPERATION_ENCRYPT, text, 16, out, &len),
			CKR_BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(len, 16);
	CU_ASSERT_EQUAL(operation_update(fixture.rw, OPERATION_ENCRYPT, text, 16, out, &len),
			CKR_OK);
	len = OUT;
	CU_ASSERT_EQUAL(operation_final(fixture.rw, OPERATION_ENCRYPT, out, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, 0);
}

static void start_digest(struct session *s, CK_MECHANISM_TYPE type)
{
	CK_MECHANISM mechanism = {type, NULL, 0};

	CU_ASSERT_EQUAL_FATAL(operation_init(s, OPERATION_DIGEST, &mechanism, 0), CKR_OK);
}

static CK_ULONG finish_digest(struct session *s, CK_BYTE out[64])
{
	CK_ULONG len = 64;

	CU_ASSERT_EQUAL(operation_final(s, OPERATION_DIGEST, out, &len), CKR_OK);
	return len;
}

static void digest_of(CK_BYTE *in, CK_ULONG len, CK_BYTE out[64])
{
	CK_ULONG out_len = 64;

	start_digest(fixture.rw, CKM_SHA256);
	CU_ASSERT_EQUAL(operation_single(fixture.rw, OPERATION_DIGEST, in, len, out, &out_len),
			CKR_OK);
}

static void what_is_decrypted_is_digested(void)
{
	for (CK_BBOOL on_card = 0; on_card <= 1; on_card++) {
		CK_OBJECT_HANDLE key = make(CKM_AES_KEY_GEN, on_card, CK_TRUE);
		CK_BYTE sealed[OUT], plain[OUT], own[64], wanted[64];
		CK_ULONG sealed_len = OUT, len;

		CU_ASSERT_EQUAL_FATAL(start(OPERATION_ENCRYPT, CKM_AES_CBC, key), CKR_OK);
		start_digest(fixture.rw, CKM_SHA256);
		len = 15;
		/* No output, no input for the digest. */
		CU_ASSERT_EQUAL(operation_update_two(fixture.rw, OPERATION_DIGEST,
						     OPERATION_ENCRYPT, text, 32, sealed, &len),
				CKR_BUFFER_TOO_SMALL);
		CU_ASSERT_EQUAL(operation_update_two(fixture.rw, OPERATION_DIGEST,
						     OPERATION_ENCRYPT, text, TEXT, sealed,
						     &sealed_len),
				CKR_OK);
		CU_ASSERT_EQUAL(sealed_len, TEXT);
		len = 0;
		CU_ASSERT_EQUAL(operation_final(fixture.rw, OPERATION_ENCRYPT, sealed, &len),
				CKR_OK);
		finish_digest(fixture.rw, own);
		digest_of(text, TEXT, wanted);
		CU_ASSERT(same(own, wanted, 32));

		CU_ASSERT_EQUAL(operation_decrypt_two(fixture.rw, OPERATION_DIGEST, sealed, 16,
						      plain, &len),
				CKR_OPERATION_NOT_INITIALIZED);
		CU_ASSERT_EQUAL_FATAL(start(OPERATION_DECRYPT, CKM_AES_CBC, key), CKR_OK);
		start_digest(fixture.rw, CKM_SHA256);
		len = 15;
		CU_ASSERT_EQUAL(operation_decrypt_two(fixture.rw, OPERATION_DIGEST, sealed, 32,
						      plain, &len),
				CKR_BUFFER_TOO_SMALL);
		len = OUT;
		CU_ASSERT_EQUAL(operation_decrypt_two(fixture.rw, OPERATION_DIGEST, sealed, TEXT,
						      plain, &len),
				CKR_OK);
		CU_ASSERT_EQUAL(len, TEXT);
		CU_ASSERT(same(plain, text, TEXT));
		finish_digest(fixture.rw, own);
		CU_ASSERT(same(own, wanted, 32));
		CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_DECRYPT, NULL, 0), CKR_OK);
	}
}

static void what_is_decrypted_is_verified(void)
{
	CK_OBJECT_HANDLE key = make(CKM_AES_KEY_GEN, CK_FALSE, CK_TRUE);
	CK_OBJECT_HANDLE mac_key = make(CKM_GENERIC_SECRET_KEY_GEN, CK_TRUE, CK_TRUE);
	CK_MECHANISM hmac = {CKM_SHA256_HMAC, NULL, 0};
	CK_BYTE sealed[OUT], plain[OUT], mac[64];
	CK_ULONG len = OUT, mac_len = sizeof(mac);

	CU_ASSERT_EQUAL_FATAL(operation_init(fixture.rw, OPERATION_SIGN, &hmac, mac_key), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(start(OPERATION_ENCRYPT, CKM_AES_ECB, key), CKR_OK);
	CU_ASSERT_EQUAL(operation_update_two(fixture.rw, OPERATION_SIGN, OPERATION_ENCRYPT, text,
					     160, sealed, &len),
			CKR_OK);
	CU_ASSERT_EQUAL(operation_final(fixture.rw, OPERATION_SIGN, mac, &mac_len), CKR_OK);
	for (CK_BYTE change = 0; change <= 1; change++) {
		sealed[3] ^= change;
		CU_ASSERT_EQUAL_FATAL(operation_init(fixture.rw, OPERATION_VERIFY, &hmac, mac_key),
				      CKR_OK);
		CU_ASSERT_EQUAL_FATAL(start(OPERATION_DECRYPT, CKM_AES_ECB, key), CKR_OK);
		len = OUT;
		CU_ASSERT_EQUAL(operation_decrypt_two(fixture.rw, OPERATION_VERIFY, sealed, 160,
						      plain, &len),
				CKR_OK);
		CU_ASSERT_EQUAL(operation_verify_final(fixture.rw, mac, mac_len),
				change ? CKR_SIGNATURE_INVALID : CKR_OK);
		CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_DECRYPT, NULL, 0), CKR_OK);
	}
	CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_ENCRYPT, NULL, 0), CKR_OK);
}

static void a_digest_goes_on_where_it_was_saved(void)
{
	CK_BYTE state[OUT], wanted[64], own[64];
	CK_ULONG len = 0;

	CU_ASSERT_EQUAL(session_get_state(fixture.rw, NULL, &len), CKR_OPERATION_NOT_INITIALIZED);
	start_digest(fixture.rw, CKM_SHA384);
	CU_ASSERT_EQUAL(operation_update(fixture.rw, OPERATION_DIGEST, text, 700, NULL, NULL),
			CKR_OK);
	CU_ASSERT_EQUAL(session_get_state(fixture.rw, NULL, &len), CKR_OK);
	len--;
	CU_ASSERT_EQUAL(session_get_state(fixture.rw, state, &len), CKR_BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(session_get_state(fixture.rw, state, &len), CKR_OK);
	CU_ASSERT_EQUAL(operation_update(fixture.rw, OPERATION_DIGEST, text + 700, 900, NULL, NULL),
			CKR_OK);
	CU_ASSERT_EQUAL(finish_digest(fixture.rw, wanted), 48);
	/* In another session, whose own digest it replaces, and twice. */
	start_digest(fixture.ro, CKM_SHA_1);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(session_set_state(fixture.ro, state, len, 0, 0), CKR_OK);
		CU_ASSERT_EQUAL(operation_update(fixture.ro, OPERATION_DIGEST, text + 700, 900,
						 NULL, NULL),
				CKR_OK);
		CU_ASSERT_EQUAL(finish_digest(fixture.ro, own), 48);
		CU_ASSERT(same(own, wanted, 48));
	}
	CU_ASSERT_EQUAL(session_set_state(fixture.ro, state, len, 1, 0), CKR_KEY_NOT_NEEDED);
	for (CK_ULONG i = 0; i < len; i++) {
		CU_ASSERT_EQUAL(session_set_state(fixture.ro, state, i, 0, 0),
				CKR_SAVED_STATE_INVALID);
		state[i] ^= 0x10;
		CU_ASSERT_EQUAL(session_set_state(fixture.ro, state, len, 0, 0),
				CKR_SAVED_STATE_INVALID);
		state[i] ^= 0x10;
	}
	CU_ASSERT_EQUAL(operation_final(fixture.ro, OPERATION_DIGEST, own, &len),
			CKR_OPERATION_NOT_INITIALIZED);
}

static void what_cannot_be_saved_says_so(void)
{
	CK_OBJECT_HANDLE key = make(CKM_AES_KEY_GEN, CK_FALSE, CK_TRUE);
	CK_BYTE out[64];
	CK_ULONG len = 0;

	start_digest(fixture.rw, CKM_SHA256);
	CU_ASSERT_EQUAL_FATAL(start(OPERATION_ENCRYPT, CKM_AES_CBC, key), CKR_OK);
	CU_ASSERT_EQUAL(session_get_state(fixture.rw, NULL, &len), CKR_STATE_UNSAVEABLE);
	CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_ENCRYPT, NULL, 0), CKR_OK);
	CU_ASSERT_EQUAL(session_get_state(fixture.rw, NULL, &len), CKR_OK);
	CU_ASSERT_EQUAL(session_digest_key(fixture.rw, key), CKR_OK);
	CU_ASSERT_EQUAL(session_get_state(fixture.rw, NULL, &len), CKR_STATE_UNSAVEABLE);
	finish_digest(fixture.rw, out);
	start_digest(fixture.rw, CKM_SHA256);
	for (size_t sent = 0; sent <= OPERATION_DATA_MAX; sent += TEXT) {
		CU_ASSERT_EQUAL(session_get_state(fixture.rw, NULL, &len), CKR_OK);
		CU_ASSERT_EQUAL(operation_update(fixture.rw, OPERATION_DIGEST, text, TEXT, NULL,
						 NULL),
				CKR_OK);
	}
	CU_ASSERT_EQUAL(session_get_state(fixture.rw, NULL, &len), CKR_STATE_UNSAVEABLE);
	finish_digest(fixture.rw, out);
}

static CK_RV mac(enum operation_kind kind, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE type,
		 CK_ULONG wanted, CK_BYTE *out, CK_ULONG *len)
{
	CK_MECHANISM mechanism = {type, wanted ? &wanted : NULL, wanted ? sizeof(wanted) : 0};
	CK_RV rv = operation_init(fixture.rw, kind, &mechanism, key);

	if (rv != CKR_OK)
		return rv;
	return kind == OPERATION_SIGN ? operation_single(fixture.rw, kind, text, 99, out, len)
				      : operation_verify(fixture.rw, text, 99, out, *len);
}

static void a_mac_is_cut_as_short_as_asked(void)
{
	static const struct {
		CK_MECHANISM_TYPE make, whole, general;
		CK_ULONG size;
	} rows[] = {
		{CKM_AES_KEY_GEN, CKM_AES_CMAC, CKM_AES_CMAC_GENERAL, 16},
		{CKM_GENERIC_SECRET_KEY_GEN, CKM_SHA_1_HMAC, CKM_SHA_1_HMAC_GENERAL, 20},
		{CKM_GENERIC_SECRET_KEY_GEN, CKM_SHA224_HMAC, CKM_SHA224_HMAC_GENERAL, 28},
		{CKM_GENERIC_SECRET_KEY_GEN, CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL, 32},
		{CKM_GENERIC_SECRET_KEY_GEN, CKM_SHA384_HMAC, CKM_SHA384_HMAC_GENERAL, 48},
		{CKM_GENERIC_SECRET_KEY_GEN, CKM_SHA512_HMAC, CKM_SHA512_HMAC_GENERAL, 64},
		{CKM_GENERIC_SECRET_KEY_GEN, CKM_SHA3_256_HMAC, CKM_SHA3_256_HMAC_GENERAL, 32},
		{CKM_GENERIC_SECRET_KEY_GEN, CKM_SHA3_512_HMAC, CKM_SHA3_512_HMAC_GENERAL, 64},
	};

	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		CK_OBJECT_HANDLE key = make(rows[i / 2].make, i & 1, CK_TRUE);
		CK_MECHANISM_TYPE type = rows[i / 2].general;
		CK_ULONG size = rows[i / 2].size, whole_len = 64, len;
		CK_BYTE whole[64], cut[64];

		CU_ASSERT_EQUAL(mac(OPERATION_SIGN, key, rows[i / 2].whole, 0, whole, &whole_len),
				CKR_OK);
		for (CK_ULONG n = 1; n <= size; n += n == 1 ? size - 5 : 4) {
			len = sizeof(cut);
			CU_ASSERT_EQUAL(mac(OPERATION_SIGN, key, type, n, cut, &len), CKR_OK);
			CU_ASSERT_EQUAL(len, n);
			CU_ASSERT(same(cut, whole, n));
			CU_ASSERT_EQUAL(mac(OPERATION_VERIFY, key, type, n, cut, &len), CKR_OK);
			cut[n - 1] ^= 1;
			CU_ASSERT_EQUAL(mac(OPERATION_VERIFY, key, type, n, cut, &len),
					CKR_SIGNATURE_INVALID);
			len = n - 1;
			CU_ASSERT_EQUAL(mac(OPERATION_VERIFY, key, type, n, cut, &len),
					CKR_SIGNATURE_LEN_RANGE);
		}
		len = 64;
		CU_ASSERT_EQUAL(mac(OPERATION_SIGN, key, type, 0, cut, &len),
				CKR_MECHANISM_PARAM_INVALID);
		CU_ASSERT_EQUAL(mac(OPERATION_SIGN, key, type, size + 1, cut, &len),
				CKR_MECHANISM_PARAM_INVALID);
	}
}

static void a_key_that_only_verifies_compares_whole_macs_on_the_card(void)
{
	CK_OBJECT_HANDLE card = make(CKM_GENERIC_SECRET_KEY_GEN, CK_TRUE, CK_FALSE);
	CK_OBJECT_HANDLE own = make(CKM_GENERIC_SECRET_KEY_GEN, CK_FALSE, CK_FALSE);
	CK_BYTE cut[8] = {0};
	CK_ULONG len = 8;

	CU_ASSERT_EQUAL(mac(OPERATION_VERIFY, card, CKM_SHA256_HMAC_GENERAL, 8, cut, &len),
			CKR_KEY_FUNCTION_NOT_PERMITTED);
	CU_ASSERT_EQUAL(mac(OPERATION_VERIFY, own, CKM_SHA256_HMAC_GENERAL, 8, cut, &len),
			CKR_SIGNATURE_INVALID);
}

static void a_seed_is_taken_and_changes_nothing_for_the_worse(void)
{
	CK_BYTE a[32] = {0}, b[32] = {0};
	static CK_BYTE long_seed[10000];

	CU_ASSERT_EQUAL(session_seed_random(fixture.rw, text, 16), CKR_OK);
	CU_ASSERT_EQUAL(session_generate_random(fixture.rw, a, sizeof(a)), CKR_OK);
	CU_ASSERT_EQUAL(session_seed_random(fixture.rw, text, 16), CKR_OK);
	CU_ASSERT_EQUAL(session_generate_random(fixture.rw, b, sizeof(b)), CKR_OK);
	CU_ASSERT_FALSE(same(a, b, sizeof(a)));
	CU_ASSERT_EQUAL(session_seed_random(fixture.rw, long_seed, sizeof(long_seed)), CKR_OK);
	CU_ASSERT_EQUAL(session_seed_random(fixture.ro, NULL, 0), CKR_OK);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"blocks_come_out_as_they_go_in", blocks_come_out_as_they_go_in},
		{"a_key_stream_gives_each_byte_at_once", a_key_stream_gives_each_byte_at_once},
		{"a_key_stream_is_no_longer_than_its_counter",
		 a_key_stream_is_no_longer_than_its_counter},
		{"half_a_block_at_the_end_is_refused", half_a_block_at_the_end_is_refused},
		{"what_is_decrypted_is_digested", what_is_decrypted_is_digested},
		{"what_is_decrypted_is_verified", what_is_decrypted_is_verified},
		{"a_digest_goes_on_where_it_was_saved", a_digest_goes_on_where_it_was_saved},
		{"what_cannot_be_saved_says_so", what_cannot_be_saved_says_so},
		{"a_mac_is_cut_as_short_as_asked", a_mac_is_cut_as_short_as_asked},
		{"a_key_that_only_verifies_compares_whole_macs_on_the_card",
		 a_key_that_only_verifies_compares_whole_macs_on_the_card},
		{"a_seed_is_taken_and_changes_nothing_for_the_worse",
		 a_seed_is_taken_and_changes_nothing_for_the_worse},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "parts",
		 .pInitFunc = set_up,
		 .pCleanupFunc = fixture_stop,
		 .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("parts", suites);
}
