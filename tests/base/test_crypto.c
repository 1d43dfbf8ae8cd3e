/* SPDX-License-Identifier: BSD-2-Clause */
/* Digests, derivations, ciphers and MACs against published vectors, and what each must refuse. */
#include "base/crypto.h"

#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>

#include "tests/base/hex.h"
#include "tests/suite.h"

static bool same(const void *bytes, struct view expected)
{
	return view_equal(view_of(bytes, expected.len), expected);
}

/* FIPS 180-4, "abc". */
static void digests_match_fips_180(void)
{
	uint8_t out[SHA256_SIZE];
	struct view parts[] = {view_str("a"), view_str(""), view_str("bc")};

	CU_ASSERT_EQUAL(crypto_sha256(view_str("abc"), out), RC_OK);
	CU_ASSERT(
		same(out, hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")));
	memset(out, 0, sizeof(out));
	CU_ASSERT_EQUAL(crypto_sha256_parts(parts, 3, out), RC_OK);
	CU_ASSERT(
		same(out, hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")));
	CU_ASSERT_EQUAL(crypto_sha1(view_str("abc"), out), RC_OK);
	CU_ASSERT(same(out, hex("a9993e364706816aba3e25717850c26c9cd0d89d")));
	CU_ASSERT_EQUAL(crypto_sha256(view_of(NULL, 0), out), RC_OK);
	CU_ASSERT(
		same(out, hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")));
}

static void algorithms_are_found_by_name_and_others_are_not(void)
{
	CU_ASSERT_PTR_NOT_NULL(crypto_context());
	CU_ASSERT_PTR_NOT_NULL(crypto_md("SHA2-512"));
	CU_ASSERT_PTR_NOT_NULL(crypto_md("MD5"));
	CU_ASSERT_PTR_NULL(crypto_md("SHA2-255"));
	CU_ASSERT_PTR_NOT_NULL(crypto_cipher("AES-192-CTR"));
	CU_ASSERT_PTR_NOT_NULL(crypto_cipher("DES-EDE3-CBC"));
	CU_ASSERT_PTR_NULL(crypto_cipher("DES-CBC"));
	CU_ASSERT_PTR_NOT_NULL(crypto_mac("CMAC"));
	CU_ASSERT_PTR_NOT_NULL(crypto_mac("HMAC"));
	CU_ASSERT_PTR_NULL(crypto_mac("GMAC"));
}

static void count_up(void *arg, uint8_t *ret, size_t n)
{
	uint8_t *next = arg;

	for (size_t i = 0; i < n; i++)
		ret[i] = (*next)++;
}

static void random_bytes_differ_until_a_test_takes_over(void)
{
	uint8_t a[32] = {0}, b[32] = {0}, next = 7;

	CU_ASSERT_EQUAL(crypto_random(a, sizeof(a)), RC_OK);
	CU_ASSERT_EQUAL(crypto_random(b, sizeof(b)), RC_OK);
	CU_ASSERT_FALSE(same(a, view_of(b, sizeof(b))));
	crypto_random_override(count_up, &next);
	CU_ASSERT_EQUAL(crypto_random(a, 4), RC_OK);
	CU_ASSERT(same(a, hex("0708090a")));
	crypto_random_override(NULL, NULL);
	CU_ASSERT_EQUAL(crypto_random(a, 4), RC_OK);
	CU_ASSERT_EQUAL(next, 11);
}

/* RFC 5869, A.1 to A.3. */
static void hkdf_matches_rfc_5869(void)
{
	static const struct {
		const char *ikm, *salt, *info, *okm;
	} rows[] = {
		{"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
		 "f0f1f2f3f4f5f6f7f8f9",
		 "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b88718"
		 "5865"},
		{"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627"
		 "28292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
		 "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f8081828384858687"
		 "88898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
		 "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7"
		 "d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
		 "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac78272"
		 "71cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f"
		 "1d87"},
		{"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
		 "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a"
		 "96c8"},
	};
	uint8_t out[128];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct view okm = hex(rows[i].okm);

		CU_ASSERT_EQUAL(crypto_hkdf(hex(rows[i].ikm), hex(rows[i].salt), hex(rows[i].info),
					    out, okm.len),
				RC_OK);
		CU_ASSERT(same(out, okm));
	}
}

static void hkdf_refuses_what_rfc_5869_does_not_define(void)
{
	uint8_t out[1];

	CU_ASSERT_EQUAL(crypto_hkdf(view_str(""), view_str(""), view_str(""), out, 1), RC_ARGUMENT);
	CU_ASSERT_EQUAL(crypto_hkdf(view_str("k"), view_str(""), view_str(""), out, 0),
			RC_ARGUMENT);
	CU_ASSERT_EQUAL(crypto_hkdf(view_str("k"), view_str(""), view_str(""), out, 255 * 32 + 1),
			RC_ARGUMENT);
}

/* RFC 7914 section 11 (the first two) and the SHA-256 forms of RFC 6070's inputs. */
static void pbkdf2_matches_published_vectors(void)
{
	static const struct {
		const char *password, *salt;
		unsigned int iterations;
		const char *key;
	} rows[] = {
		{"passwd", "salt", 1,
		 "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
		 "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"},
		{"Password", "NaCl", 80000,
		 "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
		 "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d"},
		{"password", "salt", 2,
		 "ae4d0c95af6b46d32d0adff928f06dd02a303f8ef3c251dfd6e2d85a95474c43"},
		{"password", "salt", 4096,
		 "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a"},
	};
	uint8_t out[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct view key = hex(rows[i].key);

		CU_ASSERT_EQUAL(crypto_pbkdf2(view_str(rows[i].password), view_str(rows[i].salt),
					      rows[i].iterations, out, key.len),
				RC_OK);
		CU_ASSERT(same(out, key));
	}
	CU_ASSERT_EQUAL(crypto_pbkdf2(view_str("p"), view_str("s"), 0, out, 32), RC_ARGUMENT);
	CU_ASSERT_EQUAL(crypto_pbkdf2(view_str("p"), view_str("s"), 1, out, 0), RC_ARGUMENT);
}

#define SP800_38A_IV "000102030405060708090a0b0c0d0e0f"
#define SP800_38A_PLAIN                                                    \
	"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" \
	"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
#define SP800_38_KEY128 "2b7e151628aed2a6abf7158809cf4f3c"
#define SP800_38_KEY192 "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b"
#define SP800_38_KEY256 "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"

/* SP 800-38A F.2.1, F.2.5, F.1.1, F.1.5. Twice each: the second message finds the state clean. */
static void aes_cbc_and_ecb_match_sp_800_38a(void)
{
	static const struct {
		enum cipher_kind kind;
		const char *key, *cbc, *first_ecb;
	} rows[] = {
		{CIPHER_AES_128, SP800_38_KEY128,
		 "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
		 "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7",
		 "3ad77bb40d7a3660a89ecaf32466ef97"},
		{CIPHER_AES_256, SP800_38_KEY256,
		 "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
		 "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
		 "f3eed1bdb5d2a03c064b5a7e3db181f8"},
	};
	struct view plain = hex(SP800_38A_PLAIN), iv = hex(SP800_38A_IV);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct view sealed = hex(rows[i].cbc);
		struct cipher *c = NULL;
		uint8_t out[64];

		CU_ASSERT_EQUAL_FATAL(cipher_new(rows[i].kind, hex(rows[i].key).data, &c), RC_OK);
		for (int round = 0; round < 2; round++) {
			CU_ASSERT_EQUAL(cipher_cbc_encrypt(c, iv.data, plain.data, 64, out), RC_OK);
			CU_ASSERT(same(out, sealed));
			CU_ASSERT_EQUAL(cipher_cbc_decrypt(c, iv.data, out, 64, out), RC_OK);
			CU_ASSERT(same(out, plain));
			CU_ASSERT_EQUAL(cipher_block(c, plain.data, out), RC_OK);
			CU_ASSERT(same(out, hex(rows[i].first_ecb)));
		}
		cipher_free(&c);
		CU_ASSERT_PTR_NULL(c);
	}
	cipher_free(NULL);
}

/* One cipher that is kept, and one that is new for each message; lengths and IVs differ each time. */
static void a_message_owes_nothing_to_the_one_before(void)
{
	static const enum cipher_kind kinds[] = {CIPHER_AES_256, CIPHER_3DES_2KEY};
	uint8_t key[32] = {1, 2, 3}, iv[16] = {0}, text[96], kept[96], fresh[96];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(11 * i);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		struct cipher *all = NULL, *one = NULL;

		CU_ASSERT_EQUAL_FATAL(cipher_new(kinds[k], key, &all), RC_OK);
		for (uint8_t i = 0; i < 40; i++) {
			size_t len = (size_t)(i % 6 + 1) * 16;

			iv[i % 8] ^= (uint8_t)(i + 1);
			CU_ASSERT_EQUAL_FATAL(cipher_new(kinds[k], key, &one), RC_OK);
			CU_ASSERT_EQUAL(cipher_cbc_encrypt(one, iv, text, len, fresh), RC_OK);
			CU_ASSERT_EQUAL(cipher_cbc_encrypt(all, iv, text, len, kept), RC_OK);
			CU_ASSERT(same(kept, view_of(fresh, len)));
			CU_ASSERT_EQUAL(cipher_cbc_decrypt(one, iv, text, len, fresh), RC_OK);
			CU_ASSERT_EQUAL(cipher_cbc_decrypt(all, iv, text, len, kept), RC_OK);
			CU_ASSERT(same(kept, view_of(fresh, len)));
			cipher_free(&one);
		}
		cipher_free(&all);
	}
}

static void cbc_refuses_a_part_of_a_block_and_takes_none(void)
{
	uint8_t key[32] = {0}, iv[16] = {0}, data[32] = {0};
	struct cipher *c = NULL;

	CU_ASSERT_EQUAL_FATAL(cipher_new(CIPHER_AES_256, key, &c), RC_OK);
	CU_ASSERT_EQUAL(cipher_cbc_encrypt(c, iv, data, 0, data), RC_OK);
	for (size_t len = 1; len < 16; len++) {
		CU_ASSERT_EQUAL(cipher_cbc_encrypt(c, iv, data, len, data), RC_ARGUMENT);
		CU_ASSERT_EQUAL(cipher_cbc_decrypt(c, iv, data, 16 + len, data), RC_ARGUMENT);
	}
	cipher_free(&c);
	CU_ASSERT_EQUAL(cipher_new((enum cipher_kind)99, key, &c), RC_ARGUMENT);
	CU_ASSERT_PTR_NULL(c);
}

/* SP 800-38B D.1 to D.3. */
static void cmac_matches_sp_800_38b(void)
{
	static const struct {
		const char *key;
		size_t len;
		const char *mac;
	} rows[] = {
		{SP800_38_KEY128, 0, "bb1d6929e95937287fa37d129b756746"},
		{SP800_38_KEY128, 16, "070a16b46b4d4144f79bdd9dd04a287c"},
		{SP800_38_KEY128, 40, "dfa66747de9ae63030ca32611497c827"},
		{SP800_38_KEY128, 64, "51f0bebf7e3b9d92fc49741779363cfe"},
		{SP800_38_KEY192, 0, "d17ddf46adaacde531cac483de7a9367"},
		{SP800_38_KEY192, 40, "8a1de5be2eb31aad089a82e6ee908b0e"},
		{SP800_38_KEY256, 0, "028962f61b7bf89efc6b551f4667d983"},
		{SP800_38_KEY256, 16, "28a7023f452e8f82bd4bf28d8c37c35c"},
		{SP800_38_KEY256, 40, "aaf3d8f1de5640c232f5b169b9c911e6"},
		{SP800_38_KEY256, 64, "e1992190549f6ed5696a2c056c315410"},
	};
	struct view plain = hex(SP800_38A_PLAIN);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct view key = hex(rows[i].key), mac = hex(rows[i].mac);
		struct cmac *c = NULL;
		uint8_t out[AES_BLOCK];

		CU_ASSERT_EQUAL_FATAL(cmac_new(key.data, key.len, &c), RC_OK);
		for (size_t cut = 0; cut <= rows[i].len; cut += 5) {
			struct view parts[] = {view_of(plain.data, cut), view_of(NULL, 0),
					       view_of(plain.data + cut, rows[i].len - cut)};

			CU_ASSERT_EQUAL(cmac_compute(c, parts, 3, out), RC_OK);
			CU_ASSERT(same(out, mac));
		}
		cmac_free(&c);
		CU_ASSERT_PTR_NULL(c);
	}
	cmac_free(NULL);
}

/* Up to twice what is worked on at once, and a block and a byte. */
static void cmac_of_every_length_is_what_libcrypto_computes(void)
{
	uint8_t key[32], text[2 * 256 + 17], ours[AES_BLOCK], theirs[AES_BLOCK];
	char name[] = "AES-256-CBC";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(crypto_mac("CMAC"));
	struct cmac *c = NULL;

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(7 * i + 1);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * i + 3);
	CU_ASSERT_EQUAL_FATAL(cmac_new(key, sizeof(key), &c), RC_OK);
	for (size_t len = 0; len <= sizeof(text); len++) {
		size_t cut = len * 5 / 7, n = 0;
		struct view parts[] = {view_of(text, cut), view_of(text + cut, len - cut)};

		CU_ASSERT_EQUAL_FATAL(EVP_MAC_init(ctx, key, sizeof(key), params), 1);
		CU_ASSERT_EQUAL(EVP_MAC_update(ctx, text, len), 1);
		CU_ASSERT_EQUAL(EVP_MAC_final(ctx, theirs, &n, sizeof(theirs)), 1);
		CU_ASSERT_EQUAL(cmac_compute(c, parts, 2, ours), RC_OK);
		CU_ASSERT(same(ours, view_of(theirs, n)));
	}
	EVP_MAC_CTX_free(ctx);
	cmac_free(&c);
}

static void cmac_refuses_a_key_of_another_length(void)
{
	uint8_t key[33] = {0};
	struct cmac *c = NULL;

	for (size_t len = 0; len <= 33; len++) {
		if (len != 16 && len != 24 && len != 32)
			CU_ASSERT_EQUAL(cmac_new(key, len, &c), RC_ARGUMENT);
	}
	CU_ASSERT_PTR_NULL(c);
}

/* The card's GCM specification (McGrew, Viega), test cases 13, 14 and 16. */
static void gcm_matches_published_vectors(void)
{
	static const char zeros[] =
		"0000000000000000000000000000000000000000000000000000000000000000";
	static const struct {
		const char *key, *nonce, *aad, *plain, *sealed, *tag;
	} rows[] = {
		{zeros, "000000000000000000000000", "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
		{zeros, "000000000000000000000000", "", "00000000000000000000000000000000",
		 "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"},
		{"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
		 "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
		 "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		 "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
		 "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
		 "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
		 "76fc6ece0f4e1768cddf8853bb2d551b"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct view key = hex(rows[i].key), nonce = hex(rows[i].nonce);
		struct view aad = hex(rows[i].aad), plain = hex(rows[i].plain);
		uint8_t out[64], tag[GCM_TAG];

		CU_ASSERT_EQUAL(gcm_seal(key.data, nonce.data, aad, plain, out, tag), RC_OK);
		CU_ASSERT(same(out, hex(rows[i].sealed)));
		CU_ASSERT(same(tag, hex(rows[i].tag)));
		CU_ASSERT_EQUAL(gcm_open(key.data, nonce.data, aad, view_of(out, plain.len), tag,
					 out),
				RC_OK);
		CU_ASSERT(same(out, plain));
	}
}

static void a_kept_gcm_key_seals_as_one_that_is_set_up_anew(void)
{
	uint8_t key[AES256_KEY] = {7}, nonce[GCM_NONCE] = {0}, message[100] = {9};
	uint8_t one[sizeof(message)], other[sizeof(message)], tag[2][GCM_TAG];
	struct gcm *kept = NULL;

	CU_ASSERT_EQUAL_FATAL(gcm_new(key, &kept), RC_OK);
	for (size_t n = 0; n < 40; n++) {
		struct view aad = view_of(message, n), in = view_of(message, n * 5 / 2);

		nonce[11] = (uint8_t)(n / 2);
		CU_ASSERT_EQUAL(gcm_seal(key, nonce, aad, in, one, tag[0]), RC_OK);
		CU_ASSERT_EQUAL(gcm_encrypt(kept, nonce, aad, in, other, tag[1]), RC_OK);
		CU_ASSERT(same(other, view_of(one, in.len)));
		CU_ASSERT(same(tag[1], view_of(tag[0], GCM_TAG)));
	}
	gcm_free(&kept);
	CU_ASSERT_PTR_NULL(kept);
}

static void gcm_refuses_every_flipped_bit_and_wipes_what_it_deciphered(void)
{
	uint8_t key[AES256_KEY] = {1}, nonce[GCM_NONCE] = {2}, zeros[20] = {0};
	uint8_t message[20 + GCM_TAG + 4] = {0}, out[20];
	struct view sealed = view_of(message, 20), aad = view_of(message + 20 + GCM_TAG, 4);

	memset(message, 0x5A, sizeof(message));
	CU_ASSERT_EQUAL_FATAL(gcm_seal(key, nonce, aad, sealed, message, message + 20), RC_OK);
	for (size_t bit = 0; bit < 8 * sizeof(message); bit++) {
		message[bit / 8] ^= (uint8_t)(1 << bit % 8);
		memset(out, 0xFF, sizeof(out));
		CU_ASSERT_EQUAL(gcm_open(key, nonce, aad, sealed, message + 20, out), RC_AUTH);
		CU_ASSERT(same(out, view_of(zeros, sizeof(zeros))));
		message[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	CU_ASSERT_EQUAL(gcm_open(key, nonce, aad, sealed, message + 20, out), RC_OK);
	CU_ASSERT_EQUAL(ERR_peek_error(), 0);
}

/* The trace of a published SCP02 session with the key 40..4F: derivations, cryptograms, C-MACs. */
static void triple_des_matches_the_scp02_trace(void)
{
	struct view master = hex("404142434445464748494A4B4C4D4E4F");
	struct view senc = hex("25C9794A1205FF244F5FA0378D2F8D59");
	struct view smac = hex("9BED98891580C3B245FE9EC58BFA8D2A");
	uint8_t zero[8] = {0}, out[24];
	struct cipher *c = NULL;

	CU_ASSERT_EQUAL_FATAL(cipher_new(CIPHER_3DES_2KEY, master.data, &c), RC_OK);
	CU_ASSERT_EQUAL(cipher_cbc_encrypt(c, zero, hex("01820001000000000000000000000000").data,
					   16, out),
			RC_OK);
	CU_ASSERT(same(out, senc));
	CU_ASSERT_EQUAL(cipher_cbc_encrypt(c, zero, hex("01010001000000000000000000000000").data,
					   16, out),
			RC_OK);
	CU_ASSERT(same(out, smac));
	CU_ASSERT_EQUAL(cipher_cbc_decrypt(c, zero, out, 16, out), RC_OK);
	CU_ASSERT(same(out, hex("01010001000000000000000000000000")));
	CU_ASSERT_EQUAL(cipher_cbc_encrypt(c, zero, out, 12, out), RC_ARGUMENT);
	cipher_free(&c);

	CU_ASSERT_EQUAL_FATAL(cipher_new(CIPHER_3DES_2KEY, senc.data, &c), RC_OK);
	CU_ASSERT_EQUAL(
		cipher_cbc_encrypt(c, zero,
				   hex("112233445566778800010102030405068000000000000000").data, 24,
				   out),
		RC_OK);
	CU_ASSERT(same(out + 16, hex("B6FB6423866B6842")));
	CU_ASSERT_EQUAL(
		cipher_cbc_encrypt(c, zero,
				   hex("000101020304050611223344556677888000000000000000").data, 24,
				   out),
		RC_OK);
	CU_ASSERT(same(out + 16, hex("8E14AC21FAE976BF")));
	cipher_free(&c);
}

static void retail_macs_match_the_scp02_trace(void)
{
	struct view smac = hex("9BED98891580C3B245FE9EC58BFA8D2A");
	uint8_t zero[8] = {0}, icv[8], mac[8];

	CU_ASSERT_EQUAL(retail_mac(smac.data, zero, hex("84820300108E14AC21FAE976BF800000"), mac),
			RC_OK);
	CU_ASSERT(same(mac, hex("0FF4783B36D6CF61")));
	CU_ASSERT_EQUAL(des_block(smac.data, mac, icv), RC_OK);
	CU_ASSERT(same(icv, hex("885FB3ED261FCDC8")));
}

/* C-MAC key 10..1F, counter 1, level 01 (GPCS F.3.2), `80CA006600`. */
static void retail_mac_matches_the_scp10_vector(void)
{
	struct view key = hex("101112131415161718191A1B1C1D1E1F");
	uint8_t icv[8], mac[8];

	CU_ASSERT_EQUAL(des_block(key.data, hex("0000000000000001").data, icv), RC_OK);
	CU_ASSERT_EQUAL(retail_mac(key.data, icv, hex("80CA0066800000009701008000000000"), mac),
			RC_OK);
	CU_ASSERT(same(mac, hex("7802AB2D9ABA3C78")));
}

static void retail_mac_chains_over_long_input_and_refuses_parts_of_blocks(void)
{
	uint8_t key[16] = {1, 2, 3}, zero[8] = {0}, data[1024], mac[8], chain[8], again[8];
	size_t sizes[] = {8, 248, 256, 264, 512, 520, 1024};

	memset(data, 0x37, sizeof(data));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		CU_ASSERT_EQUAL(retail_mac(key, zero, view_of(data, sizes[i]), mac), RC_OK);
		memset(chain, 0, sizeof(chain));
		for (size_t at = 0; at + 8 < sizes[i]; at += 8) {
			for (size_t k = 0; k < 8; k++)
				chain[k] ^= data[at + k];
			CU_ASSERT_EQUAL(des_block(key, chain, chain), RC_OK);
		}
		CU_ASSERT_EQUAL(retail_mac(key, chain, view_of(data, 8), again), RC_OK);
		CU_ASSERT(same(mac, view_of(again, 8)));
	}
	CU_ASSERT_EQUAL(retail_mac(key, zero, view_of(NULL, 0), mac), RC_ARGUMENT);
	for (size_t len = 1; len < 8; len++)
		CU_ASSERT_EQUAL(retail_mac(key, zero, view_of(data, 8 + len), mac), RC_ARGUMENT);
}

static void padding_goes_on_and_comes_off(void)
{
	uint8_t array[64];
	struct view out;
	struct buf b;

	for (size_t len = 0; len < 34; len++) {
		buf_fixed(&b, array, sizeof(array));
		buf_str(&b, "head");
		for (size_t i = 0; i < len; i++)
			buf_u8(&b, 0);
		pad_put(&b, 4, 16);
		CU_ASSERT_EQUAL(buf_rc(&b), RC_OK);
		CU_ASSERT_EQUAL((b.len - 4) % 16, 0);
		CU_ASSERT(b.len - 4 > len && b.len - 4 <= len + 16);
		CU_ASSERT_EQUAL(unpad(view_of(b.data + 4, b.len - 4), &out), RC_OK);
		CU_ASSERT_EQUAL(out.len, len);
	}
	buf_fixed(&b, array, 16);
	buf_put(&b, "0123456789abcdef", 16);
	pad_put(&b, 0, 16);
	CU_ASSERT_EQUAL(buf_rc(&b), RC_SPACE);
}

static void missing_padding_is_malformed(void)
{
	struct view out = view_str("kept");

	CU_ASSERT_EQUAL(unpad(view_of(NULL, 0), &out), RC_MALFORMED);
	CU_ASSERT_EQUAL(unpad(hex("00000000"), &out), RC_MALFORMED);
	CU_ASSERT_EQUAL(unpad(hex("8001"), &out), RC_MALFORMED);
	CU_ASSERT_EQUAL(unpad(hex("808100"), &out), RC_MALFORMED);
	CU_ASSERT(view_equal(out, view_str("kept")));
}

int main(void)
{
	static CU_TestInfo basics[] = {
		{"digests match FIPS 180", digests_match_fips_180},
		{"algorithms are found by name and others are not",
		 algorithms_are_found_by_name_and_others_are_not},
		{"random bytes differ until a test takes over",
		 random_bytes_differ_until_a_test_takes_over},
		{"HKDF matches RFC 5869", hkdf_matches_rfc_5869},
		{"HKDF refuses what RFC 5869 does not define",
		 hkdf_refuses_what_rfc_5869_does_not_define},
		{"PBKDF2 matches published vectors", pbkdf2_matches_published_vectors},
		CU_TEST_INFO_NULL,
	};
	static CU_TestInfo keyed[] = {
		{"AES CBC and ECB match SP 800-38A", aes_cbc_and_ecb_match_sp_800_38a},
		{"CBC refuses a part of a block and takes none",
		 cbc_refuses_a_part_of_a_block_and_takes_none},
		{"CMAC matches SP 800-38B", cmac_matches_sp_800_38b},
		{"CMAC of every length is what libcrypto computes",
		 cmac_of_every_length_is_what_libcrypto_computes},
		{"a CBC message owes nothing to the one before",
		 a_message_owes_nothing_to_the_one_before},
		{"CMAC refuses a key of another length", cmac_refuses_a_key_of_another_length},
		{"GCM matches published vectors", gcm_matches_published_vectors},
		{"a kept GCM key seals as one that is set up anew",
		 a_kept_gcm_key_seals_as_one_that_is_set_up_anew},
		{"GCM refuses every flipped bit and wipes what it deciphered",
		 gcm_refuses_every_flipped_bit_and_wipes_what_it_deciphered},
		{"triple DES matches the SCP02 trace", triple_des_matches_the_scp02_trace},
		{"retail MACs match the SCP02 trace", retail_macs_match_the_scp02_trace},
		{"retail MAC matches the SCP10 vector", retail_mac_matches_the_scp10_vector},
		{"retail MAC chains over long input and refuses parts of blocks",
		 retail_mac_chains_over_long_input_and_refuses_parts_of_blocks},
		{"padding goes on and comes off", padding_goes_on_and_comes_off},
		{"missing padding is malformed", missing_padding_is_malformed},
		CU_TEST_INFO_NULL,
	};
	static CU_SuiteInfo suites[] = {
		{.pName = "digests and derivation", .pTests = basics},
		{.pName = "ciphers and MACs", .pTests = keyed},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("base crypto", suites);
}
