/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ECDSA with plain signatures: a published vector, every curve both ways, and what is no key; and the
 * form of SM2's ciphertexts.
 */
#include "tests/suite.h"

#include <string.h>

#include "base/ecdsa.h"
#include "base/sm2.h"
#include "base/tlv.h"
#include "tests/base/hex.h"

#include <openssl/core_names.h>

static void get_public(EVP_PKEY *key, uint8_t point[ECDSA_POINT_MAX], size_t *ret_len)
{
	CU_ASSERT_EQUAL_FATAL(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point,
							      ECDSA_POINT_MAX, ret_len),
			      1);
}

/* RFC 6979 A.2.5: P-256, SHA-256, message "sample". */
static void a_published_signature_is_right_and_its_bits_matter(void)
{
	const struct ecdsa_curve *curve = ecdsa_curve(0x00);
	uint8_t sig[64];
	EVP_PKEY *key = NULL;

	CU_ASSERT_EQUAL_FATAL(
		ecdsa_public(
			curve,
			hex("04 60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
			    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"),
			&key),
		RC_OK);
	memcpy(sig,
	       hex("EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
		   "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8")
		       .data,
	       sizeof(sig));
	CU_ASSERT_EQUAL(ecdsa_verify(key, curve, view_str("sample"), view_of(sig, 64)), RC_OK);
	CU_ASSERT_EQUAL(ecdsa_verify(key, curve, view_str("sampla"), view_of(sig, 64)), RC_AUTH);
	CU_ASSERT_EQUAL(ecdsa_verify(key, curve, view_str("sample"), view_of(sig, 63)), RC_AUTH);
	for (size_t bit = 0; bit < 512; bit += 37) {
		sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CU_ASSERT_EQUAL(ecdsa_verify(key, curve, view_str("sample"), view_of(sig, 64)),
				RC_AUTH);
		sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	memset(sig, 0, sizeof(sig));
	CU_ASSERT_EQUAL(ecdsa_verify(key, curve, view_str("sample"), view_of(sig, 64)), RC_AUTH);
	EVP_PKEY_free(key);
}

static void every_curve_signs_and_verifies(void)
{
	const struct ecdsa_curve *curve = NULL;

	while ((curve = ecdsa_next_curve(curve))) {
		EVP_PKEY *made = EVP_PKEY_Q_keygen(crypto_context(), NULL, "EC", curve->name);
		EVP_PKEY *public_key = NULL, *private_key = NULL;
		uint8_t point[ECDSA_POINT_MAX], scalar[ECDSA_SCALAR_MAX];
		BIGNUM *d = NULL;
		struct buf sig;
		size_t len;

		CU_ASSERT_PTR_NOT_NULL_FATAL(made);
		buf_init(&sig, 200);
		get_public(made, point, &len);
		CU_ASSERT_EQUAL(EVP_PKEY_get_bn_param(made, OSSL_PKEY_PARAM_PRIV_KEY, &d), 1);
		CU_ASSERT(BN_bn2binpad(d, scalar, (int)curve->size) > 0);
		CU_ASSERT_EQUAL_FATAL(ecdsa_public(curve, view_of(point, len), &public_key), RC_OK);
		CU_ASSERT_EQUAL_FATAL(
			ecdsa_private(curve, view_of(scalar, curve->size), &private_key), RC_OK);
		CU_ASSERT_EQUAL(ecdsa_sign(private_key, curve, view_str("data"), &sig), RC_OK);
		CU_ASSERT_EQUAL(sig.len, 2 * curve->size);
		CU_ASSERT_EQUAL(ecdsa_verify(public_key, curve, view_str("data"), view_buf(&sig)),
				RC_OK);
		CU_ASSERT_EQUAL(ecdsa_verify(public_key, curve, view_str("dat"), view_buf(&sig)),
				RC_AUTH);
		buf_free(&sig);
		BN_free(d);
		EVP_PKEY_free(made);
		EVP_PKEY_free(public_key);
		EVP_PKEY_free(private_key);
	}
}

static void what_is_no_key_is_refused(void)
{
	const struct ecdsa_curve *curve = ecdsa_curve(0x00);
	uint8_t point[65] = {0x04}, scalar[32] = {0};
	EVP_PKEY *key = NULL;

	CU_ASSERT_PTR_NULL(ecdsa_curve(0x09));
	CU_ASSERT_PTR_NULL(ecdsa_curve(0x60));
	CU_ASSERT_EQUAL(ecdsa_public(curve, view_of(point, 65), &key), RC_MALFORMED);
	CU_ASSERT_EQUAL(ecdsa_public(curve, view_of(point, 64), &key), RC_MALFORMED);
	CU_ASSERT_EQUAL(ecdsa_public(curve, view_of(point, 1), &key), RC_MALFORMED);
	CU_ASSERT_EQUAL(ecdsa_private(curve, view_of(scalar, 32), &key), RC_MALFORMED);
	memset(scalar, 0xFF, sizeof(scalar));
	CU_ASSERT_EQUAL(ecdsa_private(curve, view_of(scalar, 32), &key), RC_MALFORMED);
	CU_ASSERT_EQUAL(ecdsa_private(curve, view_of(scalar, 31), &key), RC_MALFORMED);
	CU_ASSERT_PTR_NULL(key);
}

/* Coordinates of so many bytes that begin with first, C3 and C2 of so many; and extra at the end. */
struct shape {
	size_t x, c3, c2, extra;
	uint8_t first;
	enum rc wanted;
};

static void put_part(struct buf *b, uint32_t tag, size_t len, uint8_t first)
{
	tlv_header(b, tag, len);
	for (size_t i = 0; i < len; i++)
		buf_u8(b, i ? 7 : first);
}

static struct view shaped(const struct shape *s, struct buf *b)
{
	size_t mark = tlv_open(b, 0x30);

	put_part(b, 0x02, 32, 1);
	put_part(b, 0x02, s->x, s->first);
	put_part(b, 0x04, s->c3, 0);
	put_part(b, 0x04, s->c2, 0);
	tlv_close(b, mark);
	for (size_t i = 0; i < s->extra; i++)
		buf_u8(b, 0);
	return view_buf(b);
}

/* GM/T 0009 7.2. */
static void a_ciphertext_of_sm2_is_whole_and_alone(void)
{
	static const struct shape shapes[] = {
		{32, 32, 1, 0, 1, RC_OK},
		{33, 32, SM2_PLAINTEXT_MAX, 0, 0, RC_OK},
		{31, 32, 16, 0, 1, RC_OK},
		{32, 32, 16, 0, 0x80, RC_OK},
		{0, 32, 16, 0, 0, RC_MALFORMED},
		{33, 32, 16, 0, 1, RC_MALFORMED},
		{34, 32, 16, 0, 0, RC_MALFORMED},
		{32, 31, 16, 0, 1, RC_MALFORMED},
		{32, 33, 16, 0, 1, RC_MALFORMED},
		{32, 32, 0, 0, 1, RC_MALFORMED},
		{32, 32, SM2_PLAINTEXT_MAX + 1, 0, 1, RC_MALFORMED},
		{32, 32, 16, 1, 1, RC_MALFORMED},
	};
	struct view in, c2;
	struct buf b;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		buf_init(&b, SM2_PLAINTEXT_MAX + 200);
		in = shaped(&shapes[i], &b);
		CU_ASSERT_EQUAL(sm2_ciphertext(in, &c2), shapes[i].wanted);
		if (shapes[i].wanted == RC_OK) {
			CU_ASSERT_EQUAL(c2.len, shapes[i].c2);
			CU_ASSERT(in.len <= sm2_ciphertext_max(c2.len));
		}
		for (size_t n = 0; n < in.len && i == 0; n++)
			CU_ASSERT_EQUAL(sm2_ciphertext(view_of(in.data, n), &c2), RC_MALFORMED);
		buf_free(&b);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"a published signature is right and its bits matter",
		 a_published_signature_is_right_and_its_bits_matter},
		{"every curve signs and verifies", every_curve_signs_and_verifies},
		{"what is no key is refused", what_is_no_key_is_refused},
		{"a ciphertext of SM2 is whole and alone", a_ciphertext_of_sm2_is_whole_and_alone},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "ecdsa", .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("ecdsa", suites);
}
