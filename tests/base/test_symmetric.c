/* SPDX-License-Identifier: BSD-2-Clause */
/* Secret key mechanisms against published vectors, and against what was altered. */
#include "base/symmetric.h"

#include <stdio.h>
#include <string.h>

#include "tests/base/hex.h"
#include "tests/suite.h"

enum { ROOM = 512 };

static const struct vector {
	const char *source;
	CK_MECHANISM_TYPE mechanism;
	const char *key, *parameter, *in, *out;
} vectors[] = {
	{"SP 800-38A F.1.1", CKM_AES_ECB, "2b7e151628aed2a6abf7158809cf4f3c", "",
	 "6bc1bee22e409f96e93d7e117393172a", "3ad77bb40d7a3660a89ecaf32466ef97"},
	{"SP 800-38A F.2.5", CKM_AES_CBC,
	 "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
	 "000102030405060708090a0b0c0d0e0f", "6bc1bee22e409f96e93d7e117393172a",
	 "f58c4c04d6e5f1ba779eabfb5f7bfbd6"},
	{"SP 800-38A F.5.1", CKM_AES_CTR, "2b7e151628aed2a6abf7158809cf4f3c",
	 "80f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", "6bc1bee22e409f96e93d7e117393172a",
	 "874d6191b620e3261bef6864990db6ce"},
	{"GB/T 32907 A.1", CKM_INTAGLIO_SM4_ECB, "0123456789abcdeffedcba9876543210", "",
	 "0123456789abcdeffedcba9876543210", "681edf34d206965e86b3e94f536e4246"},
	{"draft-ribose-cfrg-sm4-10 A.2.2", CKM_INTAGLIO_SM4_CBC, "0123456789abcdeffedcba9876543210",
	 "000102030405060708090a0b0c0d0e0f",
	 "aaaaaaaabbbbbbbbccccccccddddddddeeeeeeeeffffffffaaaaaaaabbbbbbbb",
	 "78ebb11cc40b0a48312aaeb2040244cb4cb7016951909226979b0d15dc6a8f6d"},
	{"draft-ribose-cfrg-sm4-10 A.2.5", CKM_INTAGLIO_SM4_CTR, "0123456789abcdeffedcba9876543210",
	 "80000102030405060708090a0b0c0d0e0f",
	 "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd",
	 "ac3236cb970cc20791364c395a1342d1a3cbc1878c6f30cd074cce385cdd70c7"},
	{"GCM specification, test case 4", CKM_AES_GCM, "feffe9928665731c6d6a8f9467308308",
	 "100ccafebabefacedbaddecaf888feedfacedeadbeeffeedfacedeadbeefabaddad2",
	 "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf"
	 "0e2449a6b525b16aedf5aa0de657ba637b39",
	 "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f"
	 "6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47"},
	{"RFC 3394 4.6", CKM_AES_KEY_WRAP,
	 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "",
	 "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
	 "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"},
	{"RFC 5649 6", CKM_AES_KEY_WRAP_KWP, "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8", "",
	 "c37b7e6492584340bed12207808941155068f738",
	 "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a"},
	{"RFC 5649 6", CKM_AES_KEY_WRAP_KWP, "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8", "",
	 "466f7250617369", "afbeb0f07dfbf5419200f2ccb50bb24f"},
};

static const struct vector macs[] = {
	{"RFC 4493 4, example 2", CKM_AES_CMAC, "2b7e151628aed2a6abf7158809cf4f3c", "",
	 "6bc1bee22e409f96e93d7e117393172a", "070a16b46b4d4144f79bdd9dd04a287c"},
	{"RFC 2202 3, case 2", CKM_SHA_1_HMAC, "4a656665", "",
	 "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	 "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
	{"RFC 4231 4.3", CKM_SHA256_HMAC, "4a656665", "",
	 "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
	{"GM/T 0042 D.3", CKM_INTAGLIO_SM3_HMAC,
	 "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20", "",
	 "6162636462636465636465666465666765666768666768696768696a68696a6b696a6b6c6a6b6c6d6b6c6d6e"
	 "6c6d6e6f6d6e6f706e6f70716162636462636465636465666465666765666768666768696768696a68696a6b"
	 "696a6b6c6a6b6c6d6b6c6d6e6c6d6e6f6d6e6f706e6f7071",
	 "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a"},
	{"RFC 4231 4.3", CKM_SHA512_HMAC, "4a656665", "",
	 "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	 "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d03"
	 "4f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
};

struct bytes {
	struct view k, p, i, o;
};

static struct bytes take(const struct vector *v)
{
	return (struct bytes){hex(v->key), hex(v->parameter), hex(v->in), hex(v->out)};
}

static void every_vector_enciphers_and_deciphers(void)
{
	for (size_t n = 0; n < sizeof(vectors) / sizeof(vectors[0]); n++) {
		struct bytes b = take(&vectors[n]);
		struct buf out;

		buf_init(&out, ROOM);
		CU_ASSERT_EQUAL(symmetric_run(vectors[n].mechanism, SYMMETRIC_ENCRYPT, b.k, b.p,
					      b.i, &out),
				RC_OK);
		if (!view_equal(view_buf(&out), b.o))
			printf("%s\n", vectors[n].source);
		CU_ASSERT(view_equal(view_buf(&out), b.o));
		buf_reset(&out);
		CU_ASSERT_EQUAL(symmetric_run(vectors[n].mechanism, SYMMETRIC_DECRYPT, b.k, b.p,
					      b.o, &out),
				RC_OK);
		CU_ASSERT(view_equal(view_buf(&out), b.i));
		buf_free(&out);
	}
}

static void every_mac_vector_is_made_and_verifies_unless_altered_or_cut(void)
{
	for (size_t n = 0; n < sizeof(macs) / sizeof(macs[0]); n++) {
		CK_MECHANISM_TYPE m = macs[n].mechanism;
		struct bytes b = take(&macs[n]);
		uint8_t mac[EVP_MAX_MD_SIZE];
		struct buf out;

		buf_fixed(&out, mac, sizeof(mac));
		CU_ASSERT_EQUAL(symmetric_run(m, SYMMETRIC_MAC, b.k, b.p, b.i, &out), RC_OK);
		CU_ASSERT(view_equal(view_buf(&out), b.o));
		CU_ASSERT_EQUAL(out.len, symmetric_mac_size(m));
		CU_ASSERT_EQUAL(symmetric_verify(m, b.k, b.i, view_buf(&out)), RC_OK);
		CU_ASSERT_EQUAL(symmetric_verify(m, b.k, b.i, view_of(mac, out.len - 1)), RC_AUTH);
		mac[0] ^= 1;
		CU_ASSERT_EQUAL(symmetric_verify(m, b.k, b.i, view_buf(&out)), RC_AUTH);
	}
}

/* ECB, CBC and CTR have no proof of being whole; the others do. */
static void what_was_altered_or_cut_does_not_decipher(void)
{
	for (size_t n = 6; n < sizeof(vectors) / sizeof(vectors[0]); n++) {
		struct bytes b = take(&vectors[n]);
		uint8_t copy[128];
		struct buf out;

		buf_init(&out, ROOM);
		for (size_t i = 0; i < b.o.len; i++) {
			memcpy(copy, b.o.data, b.o.len);
			copy[i] ^= 0x10;
			CU_ASSERT_EQUAL(symmetric_run(vectors[n].mechanism, SYMMETRIC_DECRYPT, b.k,
						      b.p, view_of(copy, b.o.len), &out),
					RC_MALFORMED);
			CU_ASSERT_EQUAL(symmetric_run(vectors[n].mechanism, SYMMETRIC_DECRYPT, b.k,
						      b.p, view_of(b.o.data, i), &out),
					RC_MALFORMED);
		}
		CU_ASSERT_EQUAL(out.len, 0);
		buf_free(&out);
	}
}

static void padding_is_put_and_taken_at_every_length(void)
{
	uint8_t key[32] = {1}, iv[16] = {2}, in[70];
	struct buf out, back;

	memset(in, 3, sizeof(in));
	for (size_t len = 0; len <= sizeof(in); len++) {
		buf_init(&out, ROOM);
		buf_init(&back, ROOM);
		CU_ASSERT_EQUAL(symmetric_run(CKM_AES_CBC_PAD, SYMMETRIC_ENCRYPT, view_of(key, 32),
					      view_of(iv, 16), view_of(in, len), &out),
				RC_OK);
		CU_ASSERT_EQUAL(out.len, (len / 16 + 1) * 16);
		CU_ASSERT_EQUAL(symmetric_run(CKM_AES_CBC_PAD, SYMMETRIC_DECRYPT, view_of(key, 32),
					      view_of(iv, 16), view_buf(&out), &back),
				RC_OK);
		CU_ASSERT(view_equal(view_buf(&back), view_of(in, len)));
		buf_free(&out);
		buf_free(&back);
	}
}

static void wrong_keys_parameters_and_lengths_are_refused(void)
{
	uint8_t key[32] = {1}, parameter[17] = {8};
	struct view in = view_of(parameter, 16);
	struct buf out;

	buf_init(&out, ROOM);
	memset(parameter + 1, 0xFF, 16);
	for (size_t len = 0; len <= 32; len++)
		CU_ASSERT_EQUAL(symmetric_run(CKM_AES_ECB, SYMMETRIC_ENCRYPT, view_of(key, len),
					      view_of(NULL, 0), in, &out),
				len == 16 || len == 24 || len == 32 ? RC_OK : RC_MALFORMED);
	CU_ASSERT_EQUAL(symmetric_run(CKM_AES_ECB, SYMMETRIC_ENCRYPT, view_of(key, 16),
				      view_of(parameter, 1), in, &out),
			RC_MALFORMED);
	CU_ASSERT_EQUAL(symmetric_run(CKM_AES_ECB, SYMMETRIC_MAC, view_of(key, 16),
				      view_of(NULL, 0), in, &out),
			RC_MALFORMED);
	CU_ASSERT_EQUAL(symmetric_run(CKM_AES_CBC, SYMMETRIC_ENCRYPT, view_of(key, 16), in,
				      view_of(key, 17), &out),
			RC_MALFORMED);
	CU_ASSERT_EQUAL(symmetric_run(CKM_AES_CBC, SYMMETRIC_ENCRYPT, view_of(key, 16),
				      view_of(key, 15), in, &out),
			RC_MALFORMED);
	/* A counter of 8 bits at FF serves one block. */
	CU_ASSERT_EQUAL(symmetric_run(CKM_AES_CTR, SYMMETRIC_ENCRYPT, view_of(key, 16),
				      view_of(parameter, 17), view_of(key, 16), &out),
			RC_OK);
	CU_ASSERT_EQUAL(symmetric_run(CKM_AES_CTR, SYMMETRIC_ENCRYPT, view_of(key, 16),
				      view_of(parameter, 17), view_of(key, 17), &out),
			RC_MALFORMED);
	CU_ASSERT_EQUAL(symmetric_run(CKM_SHA_1, SYMMETRIC_MAC, view_of(key, 16), view_of(NULL, 0),
				      in, &out),
			RC_MALFORMED);
	buf_free(&out);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"every_vector_enciphers_and_deciphers", every_vector_enciphers_and_deciphers},
		{"every_mac_vector_is_made_and_verifies_unless_altered_or_cut",
		 every_mac_vector_is_made_and_verifies_unless_altered_or_cut},
		{"what_was_altered_or_cut_does_not_decipher",
		 what_was_altered_or_cut_does_not_decipher},
		{"padding_is_put_and_taken_at_every_length",
		 padding_is_put_and_taken_at_every_length},
		{"wrong_keys_parameters_and_lengths_are_refused",
		 wrong_keys_parameters_and_lengths_are_refused},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "symmetric", .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("symmetric", suites);
}
