/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys and signatures of delegated management, on libcrypto alone. */
#include "tests/card/delegate.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include "base/crypto.h"
#include "tests/base/hex.h"
#include "tests/suite.h"

enum { ROOM = 1024, ECC_SIZE = 32 };

static const char secret[] = "404142434445464748494A4B4C4D4E4F";

static EVP_PKEY *keys[SCHEMES];

static EVP_PKEY *key_of(enum scheme scheme)
{
	if (keys[scheme])
		return keys[scheme];
	if (scheme == SCHEME_ECC)
		keys[scheme] = EVP_PKEY_Q_keygen(crypto_context(), NULL, "EC", "P-256");
	else
		keys[scheme] = EVP_PKEY_Q_keygen(crypto_context(), NULL, "RSA",
						 (size_t)(scheme == SCHEME_RSA_1024 ? 1024 : 2048));
	CU_ASSERT_PTR_NOT_NULL_FATAL(keys[scheme]);
	return keys[scheme];
}

void delegate_free(void)
{
	for (size_t i = 0; i < SCHEMES; i++) {
		EVP_PKEY_free(keys[i]);
		keys[i] = NULL;
	}
}

static void put_rsa(EVP_PKEY *key, struct buf *out)
{
	uint8_t n[256];
	BIGNUM *x = NULL;
	int len;

	CU_ASSERT_EQUAL_FATAL(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &x), 1);
	len = BN_bn2bin(x, n);
	buf_u8(out, 0xA1);
	if (len > 128)
		buf_view(out, hex("82"));
	if (len > 128)
		buf_u16(out, (uint16_t)len);
	else
		buf_u8(out, (uint8_t)len);
	buf_put(out, n, (size_t)len);
	buf_view(out, hex("A003010001 00"));
	BN_free(x);
}

static void put_ecc(EVP_PKEY *key, struct buf *out)
{
	uint8_t point[65];
	size_t len;

	CU_ASSERT_EQUAL_FATAL(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point,
							      sizeof(point), &len),
			      1);
	buf_view(out, hex("B041"));
	buf_put(out, point, sizeof(point));
	buf_view(out, hex("F00100 00"));
}

/* A private one, for receipts. */
static void put_ecc_private(EVP_PKEY *key, struct buf *out)
{
	uint8_t scalar[ECC_SIZE];
	BIGNUM *d = NULL;

	CU_ASSERT_EQUAL_FATAL(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &d), 1);
	CU_ASSERT_FATAL(BN_bn2binpad(d, scalar, sizeof(scalar)) > 0);
	buf_view(out, hex("B120"));
	manage_encipher(view_of(scalar, sizeof(scalar)), out);
	buf_view(out, hex("F00100 00"));
	BN_free(d);
}

void delegate_put_key(uint8_t version, enum scheme scheme)
{
	struct buf data;

	buf_init(&data, ROOM);
	if (scheme == SCHEME_DES || scheme == SCHEME_AES) {
		manage_key(version, scheme == SCHEME_AES ? KEY_TYPE_AES : KEY_TYPE_DES, hex(secret),
			   &data);
	} else {
		buf_u8(&data, version);
		if (scheme == SCHEME_ECC && version == RECEIPT_VERSION)
			put_ecc_private(key_of(scheme), &data);
		else if (scheme == SCHEME_ECC)
			put_ecc(key_of(scheme), &data);
		else
			put_rsa(key_of(scheme), &data);
	}
	CU_ASSERT_EQUAL_FATAL(manage_bytes(0x80D80001, view_buf(&data)), 0x9000);
	buf_free(&data);
}

/* By the MACs' definitions: CMAC, and single DES with the last block in triple DES. */
static void put_mac(enum scheme scheme, struct view data, struct buf *out)
{
	uint8_t mac[16];
	size_t len;

	if (scheme == SCHEME_AES) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(EVP_Q_mac(
			crypto_context(), "CMAC", NULL, "AES-128-CBC", NULL, hex(secret).data, 16,
			data.data, data.len, mac, sizeof(mac), &len));
		buf_put(out, mac, len);
	} else {
		static const uint8_t icv[8];
		struct buf padded;

		buf_init(&padded, ROOM);
		buf_view(&padded, data);
		buf_u8(&padded, 0x80);
		while (padded.len % 8)
			buf_u8(&padded, 0);
		peer_good(retail_mac(hex(secret).data, icv, view_buf(&padded), mac));
		buf_put(out, mac, 8);
		buf_free(&padded);
	}
}

static void put_plain(const uint8_t *der, size_t len, struct buf *out)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	uint8_t plain[2 * ECC_SIZE];

	CU_ASSERT_PTR_NOT_NULL_FATAL(sig);
	CU_ASSERT(BN_bn2binpad(ECDSA_SIG_get0_r(sig), plain, ECC_SIZE) > 0);
	CU_ASSERT(BN_bn2binpad(ECDSA_SIG_get0_s(sig), plain + ECC_SIZE, ECC_SIZE) > 0);
	buf_put(out, plain, sizeof(plain));
	ECDSA_SIG_free(sig);
}

void delegate_sign(enum scheme scheme, struct view data, struct buf *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pkey_ctx = NULL;
	uint8_t sig[256];
	size_t len = sizeof(sig);

	if (scheme == SCHEME_DES || scheme == SCHEME_AES) {
		put_mac(scheme, data, out);
		EVP_MD_CTX_free(ctx);
		return;
	}
	CU_ASSERT_EQUAL_FATAL(EVP_DigestSignInit_ex(ctx, &pkey_ctx,
						    scheme == SCHEME_RSA_1024 ? "SHA1" : "SHA256",
						    crypto_context(), NULL, key_of(scheme), NULL),
			      1);
	if (scheme == SCHEME_RSA_2048) {
		CU_ASSERT_EQUAL(EVP_PKEY_CTX_set_rsa_padding(pkey_ctx, RSA_PKCS1_PSS_PADDING), 1);
		CU_ASSERT_EQUAL(EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey_ctx, 32), 1);
	}
	CU_ASSERT_EQUAL_FATAL(EVP_DigestSign(ctx, sig, &len, data.data, data.len), 1);
	if (scheme == SCHEME_ECC)
		put_plain(sig, len, out);
	else
		buf_put(out, sig, len);
	EVP_MD_CTX_free(ctx);
}

void delegate_put_signature(enum scheme scheme, struct view data, struct buf *out)
{
	struct buf sig;

	buf_init(&sig, ROOM);
	delegate_sign(scheme, data, &sig);
	if (sig.len > 255)
		buf_view(out, hex("820100"));
	else if (sig.len > 127)
		buf_u8(out, 0x81);
	if (sig.len <= 255)
		buf_u8(out, (uint8_t)sig.len);
	buf_view(out, view_buf(&sig));
	buf_free(&sig);
}

static bool verify_ecc(struct view data, struct view plain)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	ECDSA_SIG *sig = ECDSA_SIG_new();
	uint8_t der[80], *at = der;
	bool good;
	int len;

	ECDSA_SIG_set0(sig, BN_bin2bn(plain.data, ECC_SIZE, NULL),
		       BN_bin2bn(plain.data + ECC_SIZE, ECC_SIZE, NULL));
	len = i2d_ECDSA_SIG(sig, &at);
	good = len > 0 &&
	       EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", crypto_context(), NULL,
				       key_of(SCHEME_ECC), NULL) == 1 &&
	       EVP_DigestVerify(ctx, der, (size_t)len, data.data, data.len) == 1;
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(ctx);
	return good;
}

bool delegate_is_receipt(enum scheme scheme, struct view answer, uint16_t count, struct view body)
{
	struct buf data, sig;
	struct view receipt;
	uint8_t len, two;
	uint16_t counted;
	bool good;

	if (view_u8(&answer, &len) != RC_OK || len != answer.len ||
	    view_u8(&answer, &len) != RC_OK || view_take(&answer, len, &receipt) != RC_OK)
		return false;
	buf_init(&data, ROOM);
	buf_init(&sig, ROOM);
	buf_view(&data, answer);
	buf_view(&data, body);
	if (scheme == SCHEME_ECC) {
		good = receipt.len == 2 * ECC_SIZE && verify_ecc(view_buf(&data), receipt);
	} else {
		delegate_sign(scheme, view_buf(&data), &sig);
		good = view_equal(view_buf(&sig), receipt);
	}
	good = good && view_u8(&answer, &two) == RC_OK && two == 2 &&
	       view_u16(&answer, &counted) == RC_OK && counted == count;
	buf_free(&data);
	buf_free(&sig);
	return good;
}
