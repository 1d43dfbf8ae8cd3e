/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of secret key mechanisms, and one way through libcrypto for each family. */
#include "base/symmetric.h"

#include <stdio.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include "base/secret.h"

enum { CIPHERS = 1 << SYMMETRIC_ENCRYPT | 1 << SYMMETRIC_DECRYPT, MACS = 1 << SYMMETRIC_MAC };
enum { SECRET_MAX = 4096, NAME_MAX_LEN = 24, GCM_IV_MAX = 128, CTR_PARAMETER = 17 };

enum family { FAMILY_BLOCKS, FAMILY_PADDED, FAMILY_CTR, FAMILY_GCM, FAMILY_WRAP, FAMILY_MAC };

struct row {
	CK_MECHANISM_TYPE mechanism;
	uint64_t key_type;
	unsigned int uses;
	enum family family;
	const char *name; /* after "AES-256-" or "SM4-", or of the digest; NULL: CMAC */
	size_t iv; /* bytes of the parameter; of a wrap's: or none */
	size_t mac;
};

static const struct row rows[] = {
	{CKM_AES_ECB, CKK_AES, CIPHERS, FAMILY_BLOCKS, "ECB", 0, 0},
	{CKM_AES_CBC, CKK_AES, CIPHERS, FAMILY_BLOCKS, "CBC", AES_BLOCK, 0},
	{CKM_AES_CBC_PAD, CKK_AES, CIPHERS, FAMILY_PADDED, "CBC", AES_BLOCK, 0},
	{CKM_AES_CTR, CKK_AES, CIPHERS, FAMILY_CTR, "CTR", CTR_PARAMETER, 0},
	{CKM_AES_GCM, CKK_AES, CIPHERS, FAMILY_GCM, "GCM", 0, 0},
	{CKM_AES_KEY_WRAP, CKK_AES, CIPHERS, FAMILY_WRAP, "WRAP", 8, 0},
	{CKM_AES_KEY_WRAP_KWP, CKK_AES, CIPHERS, FAMILY_WRAP, "WRAP-PAD", 4, 0},
	{CKM_INTAGLIO_SM4_ECB, CKK_INTAGLIO_SM4, CIPHERS, FAMILY_BLOCKS, "ECB", 0, 0},
	{CKM_INTAGLIO_SM4_CBC, CKK_INTAGLIO_SM4, CIPHERS, FAMILY_BLOCKS, "CBC", AES_BLOCK, 0},
	{CKM_INTAGLIO_SM4_CBC_PAD, CKK_INTAGLIO_SM4, CIPHERS, FAMILY_PADDED, "CBC", AES_BLOCK, 0},
	{CKM_INTAGLIO_SM4_CTR, CKK_INTAGLIO_SM4, CIPHERS, FAMILY_CTR, "CTR", CTR_PARAMETER, 0},
	{CKM_AES_CMAC, CKK_AES, MACS, FAMILY_MAC, NULL, 0, AES_BLOCK},
	{CKM_SHA_1_HMAC, CKK_GENERIC_SECRET, MACS, FAMILY_MAC, "SHA1", 0, 20},
	{CKM_SHA224_HMAC, CKK_GENERIC_SECRET, MACS, FAMILY_MAC, "SHA2-224", 0, 28},
	{CKM_SHA256_HMAC, CKK_GENERIC_SECRET, MACS, FAMILY_MAC, "SHA2-256", 0, 32},
	{CKM_SHA384_HMAC, CKK_GENERIC_SECRET, MACS, FAMILY_MAC, "SHA2-384", 0, 48},
	{CKM_SHA512_HMAC, CKK_GENERIC_SECRET, MACS, FAMILY_MAC, "SHA2-512", 0, 64},
	{CKM_SHA3_256_HMAC, CKK_GENERIC_SECRET, MACS, FAMILY_MAC, "SHA3-256", 0, 32},
	{CKM_SHA3_512_HMAC, CKK_GENERIC_SECRET, MACS, FAMILY_MAC, "SHA3-512", 0, 64},
	{CKM_INTAGLIO_SM3_HMAC, CKK_GENERIC_SECRET, MACS, FAMILY_MAC, "SM3", 0, 32},
};

/* A cipher on its way, and what its parameter says. */
struct pass {
	EVP_CIPHER_CTX *ctx;
	EVP_CIPHER *cipher;
	bool encrypts;
	struct view iv, aad;
	size_t tag;
};

static const struct row *find(CK_MECHANISM_TYPE mechanism)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].mechanism == mechanism)
			return &rows[i];
	return NULL;
}

bool symmetric_has(CK_MECHANISM_TYPE mechanism, uint64_t key_type, enum symmetric_use use)
{
	const struct row *row = find(mechanism);

	return row && row->key_type == key_type && row->uses & 1U << use;
}

size_t symmetric_mac_size(CK_MECHANISM_TYPE mechanism)
{
	const struct row *row = find(mechanism);

	return row ? row->mac : 0;
}

bool symmetric_key_fits(uint64_t key_type, size_t len)
{
	if (key_type == CKK_AES)
		return len == 16 || len == 24 || len == 32;
	if (key_type == CKK_INTAGLIO_SM4)
		return len == 16;
	return key_type == CKK_GENERIC_SECRET && len && len <= SECRET_MAX;
}

bool symmetric_counter_suffices(unsigned int bits, const uint8_t block[AES_BLOCK], uint64_t len)
{
	uint64_t blocks = len / AES_BLOCK + (len % AES_BLOCK != 0), low = 0;

	if (!bits || bits > 8 * AES_BLOCK)
		return false;
	for (size_t i = AES_BLOCK - sizeof(low); i < AES_BLOCK; i++)
		low = low << 8 | block[i];
	if (bits < 64) {
		low &= (UINT64_C(1) << bits) - 1;
		return blocks <= (UINT64_C(1) << bits) - low;
	}
	/* Only a counter with nothing but ones above comes to its end. */
	for (unsigned int i = 64; i < bits; i++)
		if (!(block[AES_BLOCK - 1 - i / 8] >> i % 8 & 1))
			return true;
	return !blocks || blocks - 1 <= UINT64_MAX - low;
}

static enum rc take_ctr(struct view parameter, struct view in, struct pass *p)
{
	uint8_t bits;

	if (view_u8(&parameter, &bits) != RC_OK || parameter.len != AES_BLOCK ||
	    !symmetric_counter_suffices(bits, parameter.data, in.len))
		return RC_MALFORMED;
	p->iv = parameter;
	return RC_OK;
}

/* tag length 1 || nonce length 1 || nonce || additional data */
static enum rc take_gcm(struct view parameter, struct view *in, struct pass *p)
{
	uint8_t tag, iv;

	if (view_u8(&parameter, &tag) != RC_OK || view_u8(&parameter, &iv) != RC_OK || !iv ||
	    iv > GCM_IV_MAX || tag > GCM_TAG || (tag < 12 && tag != 8 && tag != 4) ||
	    view_take(&parameter, iv, &p->iv) != RC_OK)
		return RC_MALFORMED;
	if (!p->encrypts && in->len < tag)
		return RC_MALFORMED;
	p->aad = parameter;
	p->tag = tag;
	return RC_OK;
}

static enum rc take_parameter(const struct row *row, struct view parameter, struct view *in,
			      struct pass *p)
{
	switch (row->family) {
	case FAMILY_CTR:
		return take_ctr(parameter, *in, p);
	case FAMILY_GCM:
		return take_gcm(parameter, in, p);
	case FAMILY_WRAP:
		if (parameter.len && parameter.len != row->iv)
			return RC_MALFORMED;
		/* RFC 3394 2 and 5649 3: what is too short or not whole is no key. */
		if (!in->len ||
		    (row->iv == 8 || !p->encrypts ? in->len % 8 || in->len < 16 : false))
			return RC_MALFORMED;
		break;
	case FAMILY_BLOCKS:
		if (in->len % AES_BLOCK)
			return RC_MALFORMED;
		if (parameter.len != row->iv)
			return RC_MALFORMED;
		break;
	default:
		if (parameter.len != row->iv)
			return RC_MALFORMED;
		break;
	}
	p->iv = parameter;
	return RC_OK;
}

static bool start(const struct row *row, struct view key, struct view parameter, struct pass *p)
{
	EVP_CIPHER_CTX_set_flags(p->ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	if (EVP_CipherInit_ex2(p->ctx, p->cipher, NULL, NULL, p->encrypts, NULL) != 1)
		return false;
	if (row->family == FAMILY_GCM &&
	    EVP_CIPHER_CTX_ctrl(p->ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)p->iv.len, NULL) != 1)
		return false;
	(void)parameter;
	return EVP_CipherInit_ex2(p->ctx, NULL, key.data, p->iv.len ? p->iv.data : NULL,
				  p->encrypts, NULL) == 1 &&
	       EVP_CIPHER_CTX_set_padding(p->ctx, row->family == FAMILY_PADDED) == 1;
}

/* The input through the cipher; a tag is behind what is enciphered. */
static bool turn(struct pass *p, struct view in, struct buf *out)
{
	size_t body = p->encrypts ? in.len : in.len - p->tag, before = out->len;
	uint8_t tag[GCM_TAG];
	uint8_t *at = buf_space(out, body + SYMMETRIC_OVERHEAD);
	struct view data, given;
	int n = 0, last = 0;

	if (!at || view_take(&in, body, &data) != RC_OK)
		return false;
	given = in;
	if (p->aad.len && EVP_CipherUpdate(p->ctx, NULL, &n, p->aad.data, (int)p->aad.len) != 1)
		return false;
	if (!p->encrypts && p->tag && view_copy(&given, tag, p->tag) == RC_OK &&
	    EVP_CIPHER_CTX_ctrl(p->ctx, EVP_CTRL_AEAD_SET_TAG, (int)p->tag, tag) != 1)
		return false;
	n = 0;
	if (data.len && EVP_CipherUpdate(p->ctx, at, &n, data.data, (int)data.len) != 1)
		return false;
	if (EVP_CipherFinal_ex(p->ctx, at + n, &last) != 1)
		return false;
	buf_truncate(out, before + (size_t)n + (size_t)last);
	if (!p->encrypts || !p->tag)
		return true;
	if (EVP_CIPHER_CTX_ctrl(p->ctx, EVP_CTRL_AEAD_GET_TAG, (int)p->tag, tag) != 1)
		return false;
	buf_put(out, tag, p->tag);
	return true;
}

static enum rc run_cipher(const struct row *row, bool encrypts, struct view key,
			  struct view parameter, struct view in, struct buf *out)
{
	struct pass p = {.encrypts = encrypts};
	char name[NAME_MAX_LEN];
	enum rc rc = take_parameter(row, parameter, &in, &p);

	if (rc != RC_OK)
		return rc;
	if (row->key_type == CKK_INTAGLIO_SM4)
		snprintf(name, sizeof(name), "SM4-%s", row->name);
	else
		snprintf(name, sizeof(name), "AES-%zu-%s", 8 * key.len, row->name);
	p.cipher = EVP_CIPHER_fetch(crypto_context(), name, NULL);
	p.ctx = EVP_CIPHER_CTX_new();
	rc = RC_CRYPTO;
	if (p.cipher && p.ctx && start(row, key, parameter, &p))
		rc = turn(&p, in, out) ? RC_OK : RC_MALFORMED;
	EVP_CIPHER_CTX_free(p.ctx);
	EVP_CIPHER_free(p.cipher);
	return rc == RC_OK ? buf_rc(out) : rc;
}

static enum rc run_mac(const struct row *row, struct view key, struct view in, struct buf *out)
{
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(crypto_mac(row->name ? "HMAC" : "CMAC"));
	uint8_t *at = buf_space(out, row->mac);
	OSSL_PARAM params[2] = {OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};
	char name[NAME_MAX_LEN];
	size_t len = 0;
	enum rc rc = RC_CRYPTO;

	if (row->name)
		snprintf(name, sizeof(name), "%s", row->name);
	else
		snprintf(name, sizeof(name), "AES-%zu-CBC", 8 * key.len);
	params[0] = OSSL_PARAM_construct_utf8_string(
		row->name ? OSSL_MAC_PARAM_DIGEST : OSSL_MAC_PARAM_CIPHER, name, 0);
	if (ctx && at && EVP_MAC_init(ctx, key.data, key.len, params) == 1 &&
	    (!in.len || EVP_MAC_update(ctx, in.data, in.len) == 1) &&
	    EVP_MAC_final(ctx, at, &len, row->mac) == 1 && len == row->mac)
		rc = RC_OK;
	EVP_MAC_CTX_free(ctx);
	return rc;
}

enum rc symmetric_run(CK_MECHANISM_TYPE mechanism, enum symmetric_use use, struct view key,
		      struct view parameter, struct view in, struct buf *out)
{
	const struct row *row = find(mechanism);
	size_t before = out->len;
	enum rc rc = RC_MALFORMED;

	if (!row || !(row->uses & 1U << use) || !symmetric_key_fits(row->key_type, key.len) ||
	    in.len > INT32_MAX / 2)
		return RC_MALFORMED;
	ERR_set_mark();
	if (row->family != FAMILY_MAC)
		rc = run_cipher(row, use == SYMMETRIC_ENCRYPT, key, parameter, in, out);
	else if (!parameter.len)
		rc = run_mac(row, key, in, out);
	ERR_pop_to_mark();
	if (rc != RC_OK)
		buf_truncate(out, before);
	return rc;
}

enum rc symmetric_verify(CK_MECHANISM_TYPE mechanism, struct view key, struct view in,
			 struct view mac)
{
	uint8_t array[EVP_MAX_MD_SIZE];
	struct buf wanted;
	enum rc rc;

	buf_fixed(&wanted, array, sizeof(array));
	rc = symmetric_run(mechanism, SYMMETRIC_MAC, key, view_of(NULL, 0), in, &wanted);
	if (rc == RC_OK &&
	    (mac.len != wanted.len || !secret_equal(mac.data, wanted.data, wanted.len)))
		rc = RC_AUTH;
	secret_wipe(array, sizeof(array));
	return rc;
}
