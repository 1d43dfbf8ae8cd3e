/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RSA and Ed25519 on EVP_PKEY in our library context. Functions that fail on a peer's bytes leave
 * nothing in libcrypto's error queue, which the thread shares with the application.
 */
#include "base/rsa.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/provider.h"
#include "base/secret.h"
#include "base/symmetric.h"

enum { BITS_MIN = 1024, BITS_MAX = 4096, EXPONENT_MAX = 8, PSS_SALT = 32 };

static enum rc generate(const char *type, const OSSL_PARAM *params, EVP_PKEY **ret)
{
	EVP_PKEY_CTX *ctx = crypto_key_context(type);
	EVP_PKEY *key = NULL;
	enum rc rc = RC_CRYPTO;

	if (ctx && EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_CTX_set_params(ctx, params) == 1 &&
	    EVP_PKEY_generate(ctx, &key) == 1) {
		*ret = key;
		rc = RC_OK;
	}
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

enum rc rsa_generate(unsigned int bits, EVP_PKEY **ret)
{
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_BITS, &bits),
		OSSL_PARAM_construct_end(),
	};

	if (bits < BITS_MIN || bits > BITS_MAX)
		return RC_ARGUMENT;
	return generate("RSA", params, ret);
}

enum rc rsa_check_public(struct view n, struct view e)
{
	while (n.len && !n.data[0])
		n = view_of(n.data + 1, n.len - 1);
	while (e.len && !e.data[0])
		e = view_of(e.data + 1, e.len - 1);
	if (n.len < BITS_MIN / 8 || n.len > BITS_MAX / 8 || !(n.data[n.len - 1] & 1))
		return RC_MALFORMED;
	if (n.len == BITS_MIN / 8 && !(n.data[0] & 0x80))
		return RC_MALFORMED;
	if (!e.len || e.len > EXPONENT_MAX || !(e.data[e.len - 1] & 1))
		return RC_MALFORMED;
	if (e.len == 1 && e.data[0] < 3)
		return RC_MALFORMED;
	return RC_OK;
}

static enum rc from_numbers(const BIGNUM *n, const BIGNUM *e, EVP_PKEY **ret)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = crypto_key_context("RSA");
	OSSL_PARAM *params = NULL;
	enum rc rc = RC_CRYPTO;

	if (!build || !ctx || OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) != 1)
		goto out;
	params = OSSL_PARAM_BLD_to_param(build);
	if (!params || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, ret, EVP_PKEY_PUBLIC_KEY, params) != 1)
		goto out;
	rc = RC_OK;
out:
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

enum rc rsa_public(struct view n, struct view e, EVP_PKEY **ret)
{
	BIGNUM *modulus, *exponent;
	EVP_PKEY *key = NULL;
	enum rc rc = rsa_check_public(n, e);

	if (rc != RC_OK)
		return rc;
	if (!crypto_context())
		return RC_CRYPTO;
	modulus = BN_bin2bn(n.data, (int)n.len, NULL);
	exponent = BN_bin2bn(e.data, (int)e.len, NULL);
	rc = modulus && exponent ? from_numbers(modulus, exponent, &key) : RC_MEMORY;
	BN_free(modulus);
	BN_free(exponent);
	if (rc == RC_OK)
		*ret = key;
	return rc;
}

size_t rsa_size(const EVP_PKEY *key)
{
	int n = EVP_PKEY_get_size(key);

	return n > 0 ? (size_t)n : 0;
}

unsigned int rsa_bits(const EVP_PKEY *key)
{
	int n = EVP_PKEY_get_bits(key);

	return n > 0 ? (unsigned int)n : 0;
}

bool rsa_exponent_is_f4(const EVP_PKEY *key)
{
	BIGNUM *e = NULL;
	bool is;

	is = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_word(e, RSA_F4);
	BN_free(e);
	return is;
}

static enum rc put_number(const EVP_PKEY *key, const char *name, struct buf *b)
{
	BIGNUM *x = NULL;
	uint8_t *at;

	if (EVP_PKEY_get_bn_param(key, name, &x) != 1)
		return RC_CRYPTO;
	at = buf_space(b, (size_t)BN_num_bytes(x));
	if (at)
		BN_bn2bin(x, at);
	BN_free(x);
	return buf_rc(b);
}

enum rc rsa_put_modulus(const EVP_PKEY *key, struct buf *b)
{
	return put_number(key, OSSL_PKEY_PARAM_RSA_N, b);
}

enum rc rsa_put_exponent(const EVP_PKEY *key, struct buf *b)
{
	return put_number(key, OSSL_PKEY_PARAM_RSA_E, b);
}

static enum rc set_scheme(EVP_PKEY_CTX *ctx, enum rsa_scheme scheme, int salt)
{
	if (scheme != RSA_PSS_SHA256)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 ? RC_OK
										 : RC_CRYPTO;
	if (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt) != 1 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, "SHA2-256", NULL) != 1)
		return RC_CRYPTO;
	return RC_OK;
}

static const char *scheme_digest(enum rsa_scheme scheme)
{
	return scheme == RSA_PKCS1_SHA1 ? "SHA1" : "SHA2-256";
}

enum rc rsa_sign(EVP_PKEY *key, enum rsa_scheme scheme, const struct view *parts, size_t count,
		 struct buf *signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pkey_ctx;
	size_t len = rsa_size(key);
	uint8_t *at;
	enum rc rc = RC_CRYPTO;

	if (!ctx ||
	    EVP_DigestSignInit_ex(ctx, &pkey_ctx, scheme_digest(scheme), crypto_context(), NULL,
				  key, NULL) != 1 ||
	    set_scheme(pkey_ctx, scheme, PSS_SALT) != RC_OK)
		goto out;
	for (size_t i = 0; i < count; i++) {
		if (EVP_DigestSignUpdate(ctx, parts[i].data, parts[i].len) != 1)
			goto out;
	}
	at = buf_space(signature, len);
	if (!at) {
		rc = buf_rc(signature);
		goto out;
	}
	if (EVP_DigestSignFinal(ctx, at, &len) != 1 || len != rsa_size(key)) {
		buf_fail(signature, RC_CRYPTO);
		goto out;
	}
	rc = RC_OK;
out:
	EVP_MD_CTX_free(ctx);
	return rc;
}

static enum rc verify(EVP_PKEY *key, enum rsa_scheme scheme, int salt, const struct view *parts,
		      size_t count, struct view signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pkey_ctx;
	enum rc rc = RC_CRYPTO;

	ERR_set_mark();
	if (!ctx ||
	    EVP_DigestVerifyInit_ex(ctx, &pkey_ctx, scheme_digest(scheme), crypto_context(), NULL,
				    key, NULL) != 1 ||
	    set_scheme(pkey_ctx, scheme, salt) != RC_OK)
		goto out;
	for (size_t i = 0; i < count; i++) {
		if (EVP_DigestVerifyUpdate(ctx, parts[i].data, parts[i].len) != 1)
			goto out;
	}
	if (signature.len != rsa_size(key) ||
	    EVP_DigestVerifyFinal(ctx, signature.data, signature.len) != 1) {
		rc = RC_AUTH;
		goto out;
	}
	rc = RC_OK;
out:
	ERR_pop_to_mark();
	EVP_MD_CTX_free(ctx);
	return rc;
}

enum rc rsa_verify(EVP_PKEY *key, enum rsa_scheme scheme, const struct view *parts, size_t count,
		   struct view signature)
{
	return verify(key, scheme, PSS_SALT, parts, count, signature);
}

enum rc rsa_verify_any_salt(EVP_PKEY *key, enum rsa_scheme scheme, const struct view *parts,
			    size_t count, struct view signature)
{
	return verify(key, scheme, RSA_PSS_SALTLEN_AUTO, parts, count, signature);
}

static enum rc set_encryption(EVP_PKEY_CTX *ctx, enum rsa_encryption scheme)
{
	if (scheme == RSA_ES_PKCS1)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 ? RC_OK
										 : RC_CRYPTO;
	if (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, "SHA2-256", NULL) != 1 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, "SHA2-256", NULL) != 1)
		return RC_CRYPTO;
	return RC_OK;
}

size_t rsa_plaintext_max(const EVP_PKEY *key, enum rsa_encryption scheme)
{
	size_t len = rsa_size(key), overhead = scheme == RSA_ES_PKCS1 ? 11 : 2 + 2 * SHA256_SIZE;

	return len > overhead ? len - overhead : 0;
}

enum rc rsa_stand_in(const EVP_PKEY *key, struct view block, uint8_t ret[SHA256_SIZE])
{
	uint8_t exponent[BITS_MAX / 8];
	int size = (int)rsa_size(key);
	enum rc rc = RC_CRYPTO;
	BIGNUM *d = NULL;
	struct buf out;

	buf_fixed(&out, ret, SHA256_SIZE);
	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_D, &d) == 1 &&
	    size <= (int)sizeof(exponent) && BN_bn2binpad(d, exponent, size) == size)
		rc = symmetric_run(CKM_SHA256_HMAC, SYMMETRIC_MAC, view_of(exponent, (size_t)size),
				   view_of(NULL, 0), block, &out);
	BN_clear_free(d);
	secret_wipe(exponent, sizeof(exponent));
	return rc;
}

enum rc rsa_encrypt(EVP_PKEY *key, enum rsa_encryption scheme, struct view plain, struct buf *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(crypto_context(), key, NULL);
	size_t len = rsa_size(key);
	uint8_t *at;
	enum rc rc = RC_CRYPTO;

	if (plain.len > rsa_plaintext_max(key, scheme)) {
		rc = RC_ARGUMENT;
		goto out;
	}
	if (!ctx || EVP_PKEY_encrypt_init(ctx) != 1 || set_encryption(ctx, scheme) != RC_OK)
		goto out;
	at = buf_space(out, len);
	if (!at) {
		rc = buf_rc(out);
		goto out;
	}
	if (EVP_PKEY_encrypt(ctx, at, &len, plain.data, plain.len) != 1 || len != rsa_size(key)) {
		buf_fail(out, RC_CRYPTO);
		goto out;
	}
	rc = RC_OK;
out:
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

enum rc rsa_decipher(EVP_PKEY *key, enum rsa_encryption scheme, struct view block, uint8_t *ret,
		     size_t *ret_len, size_t *ret_good)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(crypto_context(), key, NULL);
	size_t len = rsa_size(key);
	enum rc rc = RC_CRYPTO;

	ERR_set_mark();
	if (block.len != len) {
		rc = RC_ARGUMENT;
		goto out;
	}
	if (!ctx || EVP_PKEY_decrypt_init(ctx) != 1 || set_encryption(ctx, scheme) != RC_OK)
		goto out;
	*ret_good = secret_mask(EVP_PKEY_decrypt(ctx, ret, &len, block.data, block.len) == 1);
	*ret_len = len;
	rc = RC_OK;
out:
	ERR_pop_to_mark();
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

enum rc rsa_decrypt(EVP_PKEY *key, enum rsa_encryption scheme, struct view block, struct buf *out)
{
	uint8_t plain[BITS_MAX / 8];
	size_t len = 0, good = 0;
	enum rc rc = rsa_size(key) > sizeof(plain)
			     ? RC_ARGUMENT
			     : rsa_decipher(key, scheme, block, plain, &len, &good);

	if (rc == RC_ARGUMENT || (rc == RC_OK && !good))
		rc = RC_AUTH;
	if (rc == RC_OK) {
		buf_put(out, plain, len);
		rc = buf_rc(out);
	}
	secret_wipe(plain, sizeof(plain));
	return rc;
}

enum rc pkey_put_private(const EVP_PKEY *key, struct buf *b)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	enum rc rc = RC_CRYPTO;
	uint8_t *at;
	int len;

	len = info ? i2d_PKCS8_PRIV_KEY_INFO(info, NULL) : -1;
	if (len <= 0)
		goto out;
	at = buf_space(b, (size_t)len);
	if (!at) {
		rc = buf_rc(b);
		goto out;
	}
	if (i2d_PKCS8_PRIV_KEY_INFO(info, &at) != len) {
		buf_fail(b, RC_CRYPTO);
		goto out;
	}
	rc = RC_OK;
out:
	PKCS8_PRIV_KEY_INFO_free(info);
	return rc;
}

enum rc pkey_private(struct view der, EVP_PKEY **ret)
{
	PKCS8_PRIV_KEY_INFO *info = NULL;
	const unsigned char *p = der.data;
	EVP_PKEY *key = NULL;
	enum rc rc = RC_MALFORMED;

	ERR_set_mark();
	if (!der.len || der.len > INT32_MAX)
		goto out;
	info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)der.len);
	if (!info || p != der.data + der.len)
		goto out;
	key = EVP_PKCS82PKEY_ex(info, crypto_context(), NULL);
	if (!key)
		goto out;
	*ret = key;
	rc = RC_OK;
out:
	ERR_pop_to_mark();
	PKCS8_PRIV_KEY_INFO_free(info);
	return rc;
}

enum rc ed25519_generate(EVP_PKEY **ret)
{
	const OSSL_PARAM none = OSSL_PARAM_END;

	return generate("ED25519", &none, ret);
}

enum rc ed25519_public(const EVP_PKEY *key, uint8_t ret[ED25519_PUBLIC])
{
	size_t len = ED25519_PUBLIC;

	if (!EVP_PKEY_is_a(key, "ED25519"))
		return RC_ARGUMENT;
	return EVP_PKEY_get_raw_public_key(key, ret, &len) == 1 ? RC_OK : RC_CRYPTO;
}

enum rc ed25519_sign(EVP_PKEY *key, struct view message, uint8_t ret[ED25519_SIGNATURE])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = ED25519_SIGNATURE;
	enum rc rc = RC_CRYPTO;

	if (!ctx ||
	    EVP_DigestSignInit_ex(ctx, NULL, NULL, crypto_context(), NULL, key, NULL) != 1 ||
	    EVP_DigestSign(ctx, ret, &len, message.data, message.len) != 1 ||
	    len != ED25519_SIGNATURE)
		goto out;
	rc = RC_OK;
out:
	EVP_MD_CTX_free(ctx);
	return rc;
}

enum rc ed25519_verify(const uint8_t public_key[ED25519_PUBLIC], struct view message,
		       struct view signature)
{
	EVP_PKEY *key;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	enum rc rc = RC_CRYPTO;

	ERR_set_mark();
	key = EVP_PKEY_new_raw_public_key_ex(crypto_context(), provider_key_type("ED25519"), NULL,
					     public_key, ED25519_PUBLIC);
	if (!key || !ctx ||
	    EVP_DigestVerifyInit_ex(ctx, NULL, NULL, crypto_context(), NULL, key, NULL) != 1)
		goto out;
	if (signature.len != ED25519_SIGNATURE ||
	    EVP_DigestVerify(ctx, signature.data, signature.len, message.data, message.len) != 1) {
		rc = RC_AUTH;
		goto out;
	}
	rc = RC_OK;
out:
	ERR_pop_to_mark();
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return rc;
}
