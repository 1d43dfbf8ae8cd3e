/* SPDX-License-Identifier: BSD-2-Clause */
/* SM2's Z and ciphertexts. The arithmetic is libcrypto's. */
#include "base/sm2.h"

#include "base/secret.h"
#include "base/tlv.h"

enum {
	TAG_INTEGER = 0x02,
	TAG_OCTETS = 0x04,
	TAG_SEQUENCE = 0x30,
	POINT_UNCOMPRESSED = 0x04,
	/* Two headers of up to four bytes, two INTEGERs of up to 35, and C3 with its header. */
	OVERHEAD_MAX = 2 * 4 + 2 * (2 + 1 + SM2_SIZE) + 2 + SM2_SIZE,
};

const uint8_t sm2_oid[SM2_OID] = {0x06, 0x08, 0x2A, 0x81, 0x1C, 0xCF, 0x55, 0x01, 0x82, 0x2D};

/* GB/T 32918.5: a, b, xG, yG. */
static const uint8_t curve[4 * SM2_SIZE] = {
	0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
	0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
	0xFF, 0xFC, 0x28, 0xE9, 0xFA, 0x9E, 0x9D, 0x9F, 0x5E, 0x34, 0x4D, 0x5A, 0x9E, 0x4B, 0xCF,
	0x65, 0x09, 0xA7, 0xF3, 0x97, 0x89, 0xF5, 0x15, 0xAB, 0x8F, 0x92, 0xDD, 0xBC, 0xBD, 0x41,
	0x4D, 0x94, 0x0E, 0x93, 0x32, 0xC4, 0xAE, 0x2C, 0x1F, 0x19, 0x81, 0x19, 0x5F, 0x99, 0x04,
	0x46, 0x6A, 0x39, 0xC9, 0x94, 0x8F, 0xE3, 0x0B, 0xBF, 0xF2, 0x66, 0x0B, 0xE1, 0x71, 0x5A,
	0x45, 0x89, 0x33, 0x4C, 0x74, 0xC7, 0xBC, 0x37, 0x36, 0xA2, 0xF4, 0xF6, 0x77, 0x9C, 0x59,
	0xBD, 0xCE, 0xE3, 0x6B, 0x69, 0x21, 0x53, 0xD0, 0xA9, 0x87, 0x7C, 0xC6, 0x2A, 0x47, 0x40,
	0x02, 0xDF, 0x32, 0xE5, 0x21, 0x39, 0xF0, 0xA0,
};

enum rc sm2_z(struct view point, struct view identifier, uint8_t ret[SM2_SIZE])
{
	const EVP_MD *md = crypto_md("SM3");
	EVP_MD_CTX *ctx;
	uint8_t bits[2], form;
	struct buf b;
	enum rc rc = RC_CRYPTO;

	if (identifier.len > SM2_IDENTIFIER_MAX)
		return RC_ARGUMENT;
	if (point.len != SM2_POINT || view_u8(&point, &form) != RC_OK || form != POINT_UNCOMPRESSED)
		return RC_MALFORMED;
	buf_fixed(&b, bits, sizeof(bits));
	buf_u16(&b, (uint16_t)(8 * identifier.len));
	ctx = EVP_MD_CTX_new();
	if (md && ctx && EVP_DigestInit_ex2(ctx, md, NULL) == 1 &&
	    EVP_DigestUpdate(ctx, bits, sizeof(bits)) == 1 &&
	    (!identifier.len || EVP_DigestUpdate(ctx, identifier.data, identifier.len) == 1) &&
	    EVP_DigestUpdate(ctx, curve, sizeof(curve)) == 1 &&
	    EVP_DigestUpdate(ctx, point.data, point.len) == 1 &&
	    EVP_DigestFinal_ex(ctx, ret, NULL) == 1)
		rc = RC_OK;
	EVP_MD_CTX_free(ctx);
	return rc;
}

size_t sm2_ciphertext_max(size_t plaintext)
{
	return (plaintext < SM2_PLAINTEXT_MAX ? plaintext : SM2_PLAINTEXT_MAX) + OVERHEAD_MAX;
}

/* A number that fits a coordinate; some write it without the zero that says it is not negative. */
static bool take_coordinate(struct view *in)
{
	struct view x;
	uint8_t first = 0;

	if (tlv_expect(in, TAG_INTEGER, &x) != RC_OK || !x.len || x.len > SM2_SIZE + 1)
		return false;
	return x.len <= SM2_SIZE || (view_u8(&x, &first) == RC_OK && first == 0);
}

enum rc sm2_ciphertext(struct view in, struct view *ret_c2)
{
	struct view parts, c3, c2;

	if (tlv_expect(&in, TAG_SEQUENCE, &parts) != RC_OK || view_end(&in) != RC_OK ||
	    !take_coordinate(&parts) || !take_coordinate(&parts) ||
	    tlv_expect(&parts, TAG_OCTETS, &c3) != RC_OK || c3.len != SM2_SIZE ||
	    tlv_expect(&parts, TAG_OCTETS, &c2) != RC_OK || view_end(&parts) != RC_OK || !c2.len ||
	    c2.len > SM2_PLAINTEXT_MAX)
		return RC_MALFORMED;
	*ret_c2 = c2;
	return RC_OK;
}

/*
 * A key stream of zeros is to be refused, GB/T 32918.4 6.1 A5 and 7.1 B4, which libcrypto 3.0 does not
 * do: C2 is then the plaintext. Once in 256 times of a single byte, never of a key.
 */
static bool is_bare(struct view plaintext, struct view c2)
{
	return plaintext.len == c2.len && secret_equal(plaintext.data, c2.data, c2.len);
}

enum rc sm2_encrypt(EVP_PKEY *key, struct view plaintext, struct buf *out)
{
	size_t before = out->len, max = sm2_ciphertext_max(plaintext.len), len;
	EVP_PKEY_CTX *ctx = NULL;
	struct view c2;
	uint8_t *at;
	enum rc rc;

	if (!plaintext.len || plaintext.len > SM2_PLAINTEXT_MAX)
		return RC_ARGUMENT;
	at = buf_space(out, max);
	if (!at)
		return buf_rc(out);
	crypto_mark_errors();
	rc = RC_CRYPTO;
	ctx = EVP_PKEY_CTX_new_from_pkey(crypto_context(), key, NULL);
	if (!ctx || EVP_PKEY_encrypt_init(ctx) != 1)
		goto out;
	do {
		len = max;
		if (EVP_PKEY_encrypt(ctx, at, &len, plaintext.data, plaintext.len) != 1 ||
		    len > max || sm2_ciphertext(view_of(at, len), &c2) != RC_OK)
			goto out;
	} while (is_bare(plaintext, c2));
	buf_truncate(out, before + len);
	rc = buf_rc(out);
out:
	if (rc != RC_OK)
		buf_truncate(out, before);
	EVP_PKEY_CTX_free(ctx);
	crypto_drop_errors();
	return rc;
}

enum rc sm2_decrypt(EVP_PKEY_CTX *context, struct view in, struct buf *out)
{
	size_t before = out->len, len;
	struct view c2;
	uint8_t *at;
	enum rc rc = sm2_ciphertext(in, &c2);

	if (rc != RC_OK)
		return rc;
	len = c2.len;
	at = buf_space(out, len);
	if (!at)
		return buf_rc(out);
	crypto_mark_errors();
	rc = RC_MALFORMED;
	if (EVP_PKEY_decrypt(context, at, &len, in.data, in.len) == 1 && len == c2.len &&
	    !is_bare(view_of(at, len), c2))
		rc = RC_OK;
	crypto_drop_errors();
	if (rc != RC_OK)
		buf_truncate(out, before);
	return rc;
}
