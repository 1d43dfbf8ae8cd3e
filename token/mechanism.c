/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of mechanisms and hash functions, and their parameters. */
#include "token/mechanism.h"

#include <string.h>

#include "base/crypto.h"
#include "base/sm2.h"
#include "base/symmetric.h"

static const uint8_t sha1_prefix[] = {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2B, 0x0E,
				      0x03, 0x02, 0x1A, 0x05, 0x00, 0x04, 0x14};
static const uint8_t sha224_prefix[] = {0x30, 0x2D, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
					0x65, 0x03, 0x04, 0x02, 0x04, 0x05, 0x00, 0x04, 0x1C};
static const uint8_t sha256_prefix[] = {0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
					0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
static const uint8_t sha384_prefix[] = {0x30, 0x41, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
					0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30};
static const uint8_t sha512_prefix[] = {0x30, 0x51, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
					0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40};

/* The card takes no padding with SHA-3. */
#define NO_MGF CK_UNAVAILABLE_INFORMATION

static const struct hash hashes[] = {
	{CKM_SHA_1, CKG_MGF1_SHA1, "SHA1", 20, {sha1_prefix, sizeof(sha1_prefix)}},
	{CKM_SHA224, CKG_MGF1_SHA224, "SHA2-224", 28, {sha224_prefix, sizeof(sha224_prefix)}},
	{CKM_SHA256, CKG_MGF1_SHA256, "SHA2-256", 32, {sha256_prefix, sizeof(sha256_prefix)}},
	{CKM_SHA384, CKG_MGF1_SHA384, "SHA2-384", 48, {sha384_prefix, sizeof(sha384_prefix)}},
	{CKM_SHA512, CKG_MGF1_SHA512, "SHA2-512", 64, {sha512_prefix, sizeof(sha512_prefix)}},
	{CKM_SHA3_224, NO_MGF, "SHA3-224", 28, {NULL, 0}},
	{CKM_SHA3_256, NO_MGF, "SHA3-256", 32, {NULL, 0}},
	{CKM_SHA3_384, NO_MGF, "SHA3-384", 48, {NULL, 0}},
	{CKM_SHA3_512, NO_MGF, "SHA3-512", 64, {NULL, 0}},
	{CKM_INTAGLIO_SM3, NO_MGF, "SM3", 32, {NULL, 0}},
};
enum { HASHES = sizeof(hashes) / sizeof(hashes[0]) };

#define NO_KEY  CK_UNAVAILABLE_INFORMATION
#define NO_HASH CK_UNAVAILABLE_INFORMATION
#define NO_CARD CK_UNAVAILABLE_INFORMATION

enum { RSA_MIN = 2048, RSA_MAX = 4096, EC_MIN = 256, EC_MAX = 521, RAW_BITS = 256 };
/* AES keys are counted in bytes, PKCS#11 6.10. */
enum { AES_MIN = 16, AES_MAX = 32, SM4_SIZE = 16, SECRET_BITS = 32768 };

/* Private key operations are the card's (CKF_HW); public ones and hashing the host's. */
#define SIGNS    (CKF_HW | CKF_SIGN | CKF_VERIFY)
#define CIPHERS  (CKF_HW | CKF_ENCRYPT | CKF_DECRYPT)
#define MESSAGES (CKF_MESSAGE_ENCRYPT | CKF_MESSAGE_DECRYPT)
#define RECOVERS (CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER)
#define WRAPS    (CKF_WRAP | CKF_UNWRAP)
#define CURVES   (CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS)
#define EC_SIGNS (SIGNS | CURVES)

static const struct mechanism mechanisms[] = {
	{CKM_RSA_PKCS_KEY_PAIR_GEN, SCHEME_KEY_PAIR, CKK_RSA, RSA_MIN, RSA_MAX,
	 CKF_HW | CKF_GENERATE_KEY_PAIR, NO_HASH, CKM_RSA_PKCS_KEY_PAIR_GEN},
	{CKM_RSA_PKCS, SCHEME_RSA_PKCS, CKK_RSA, RSA_MIN, RSA_MAX,
	 SIGNS | CIPHERS | WRAPS | RECOVERS, NO_HASH, CKM_RSA_PKCS},
	{CKM_RSA_X_509, SCHEME_RSA_RAW, CKK_RSA, RSA_MIN, RSA_MAX, SIGNS | CIPHERS | RECOVERS,
	 NO_HASH, CKM_RSA_X_509},
	{CKM_SHA1_RSA_PKCS, SCHEME_RSA_PKCS, CKK_RSA, RSA_MIN, RSA_MAX, SIGNS, CKM_SHA_1,
	 CKM_RSA_PKCS},
	{CKM_SHA224_RSA_PKCS, SCHEME_RSA_PKCS, CKK_RSA, RSA_MIN, RSA_MAX, SIGNS, CKM_SHA224,
	 CKM_RSA_PKCS},
	{CKM_SHA256_RSA_PKCS, SCHEME_RSA_PKCS, CKK_RSA, RSA_MIN, RSA_MAX, SIGNS, CKM_SHA256,
	 CKM_RSA_PKCS},
	{CKM_SHA384_RSA_PKCS, SCHEME_RSA_PKCS, CKK_RSA, RSA_MIN, RSA_MAX, SIGNS, CKM_SHA384,
	 CKM_RSA_PKCS},
	{CKM_SHA512_RSA_PKCS, SCHEME_RSA_PKCS, CKK_RSA, RSA_MIN, RSA_MAX, SIGNS, CKM_SHA512,
	 CKM_RSA_PKCS},
	{CKM_RSA_PKCS_PSS, SCHEME_RSA_PSS, CKK_RSA, RSA_MIN, RSA_MAX, SIGNS, NO_HASH,
	 CKM_RSA_PKCS_PSS},
	{CKM_SHA1_RSA_PKCS_PSS, SCHEME_RSA_PSS, CKK_RSA, RSA_MIN, RSA_MAX, SIGNS, CKM_SHA_1,
	 CKM_RSA_PKCS_PSS},
	{CKM_SHA224_RSA_PKCS_PSS, SCHEME_RSA_PSS, CKK_RSA, RSA_MIN, RSA_MAX, SIGNS, CKM_SHA224,
	 CKM_RSA_PKCS_PSS},
	{CKM_SHA256_RSA_PKCS_PSS, SCHEME_RSA_PSS, CKK_RSA, RSA_MIN, RSA_MAX, SIGNS, CKM_SHA256,
	 CKM_RSA_PKCS_PSS},
	{CKM_SHA384_RSA_PKCS_PSS, SCHEME_RSA_PSS, CKK_RSA, RSA_MIN, RSA_MAX, SIGNS, CKM_SHA384,
	 CKM_RSA_PKCS_PSS},
	{CKM_SHA512_RSA_PKCS_PSS, SCHEME_RSA_PSS, CKK_RSA, RSA_MIN, RSA_MAX, SIGNS, CKM_SHA512,
	 CKM_RSA_PKCS_PSS},
	{CKM_RSA_PKCS_OAEP, SCHEME_RSA_OAEP, CKK_RSA, RSA_MIN, RSA_MAX, CIPHERS | WRAPS, NO_HASH,
	 CKM_RSA_PKCS_OAEP},
	{CKM_EC_KEY_PAIR_GEN, SCHEME_KEY_PAIR, CKK_EC, EC_MIN, EC_MAX,
	 CKF_HW | CKF_GENERATE_KEY_PAIR | CURVES, NO_HASH, CKM_EC_KEY_PAIR_GEN},
	{CKM_ECDSA, SCHEME_ECDSA, CKK_EC, EC_MIN, EC_MAX, EC_SIGNS, NO_HASH, CKM_ECDSA},
	{CKM_ECDSA_SHA1, SCHEME_ECDSA, CKK_EC, EC_MIN, EC_MAX, EC_SIGNS, CKM_SHA_1, CKM_ECDSA},
	{CKM_ECDSA_SHA224, SCHEME_ECDSA, CKK_EC, EC_MIN, EC_MAX, EC_SIGNS, CKM_SHA224, CKM_ECDSA},
	{CKM_ECDSA_SHA256, SCHEME_ECDSA, CKK_EC, EC_MIN, EC_MAX, EC_SIGNS, CKM_SHA256, CKM_ECDSA},
	{CKM_ECDSA_SHA384, SCHEME_ECDSA, CKK_EC, EC_MIN, EC_MAX, EC_SIGNS, CKM_SHA384, CKM_ECDSA},
	{CKM_ECDSA_SHA512, SCHEME_ECDSA, CKK_EC, EC_MIN, EC_MAX, EC_SIGNS, CKM_SHA512, CKM_ECDSA},
	{CKM_SHA_1, SCHEME_DIGEST, NO_KEY, 0, 0, CKF_DIGEST, CKM_SHA_1, NO_CARD},
	{CKM_SHA224, SCHEME_DIGEST, NO_KEY, 0, 0, CKF_DIGEST, CKM_SHA224, NO_CARD},
	{CKM_SHA256, SCHEME_DIGEST, NO_KEY, 0, 0, CKF_DIGEST, CKM_SHA256, NO_CARD},
	{CKM_SHA384, SCHEME_DIGEST, NO_KEY, 0, 0, CKF_DIGEST, CKM_SHA384, NO_CARD},
	{CKM_SHA512, SCHEME_DIGEST, NO_KEY, 0, 0, CKF_DIGEST, CKM_SHA512, NO_CARD},
	{CKM_EC_EDWARDS_KEY_PAIR_GEN, SCHEME_KEY_PAIR, CKK_EC_EDWARDS, RAW_BITS, RAW_BITS,
	 CKF_HW | CKF_GENERATE_KEY_PAIR | CURVES, NO_HASH, CKM_EC_EDWARDS_KEY_PAIR_GEN},
	{CKM_EDDSA, SCHEME_EDDSA, CKK_EC_EDWARDS, RAW_BITS, RAW_BITS, EC_SIGNS, NO_HASH, CKM_EDDSA},
	{CKM_EC_MONTGOMERY_KEY_PAIR_GEN, SCHEME_KEY_PAIR, CKK_EC_MONTGOMERY, RAW_BITS, RAW_BITS,
	 CKF_HW | CKF_GENERATE_KEY_PAIR | CURVES, NO_HASH, CKM_EC_MONTGOMERY_KEY_PAIR_GEN},
	{CKM_ECDH1_DERIVE, SCHEME_DERIVE, CKK_EC, EC_MIN, EC_MAX, CKF_HW | CKF_DERIVE | CURVES,
	 NO_HASH, CKM_ECDH1_DERIVE},
	{CKM_AES_KEY_GEN, SCHEME_KEY, CKK_AES, AES_MIN, AES_MAX, CKF_HW | CKF_GENERATE, NO_HASH,
	 CKM_AES_KEY_GEN},
	{CKM_AES_ECB, SCHEME_CIPHER, CKK_AES, AES_MIN, AES_MAX, CIPHERS | WRAPS, NO_HASH,
	 CKM_AES_ECB},
	{CKM_AES_CBC, SCHEME_CIPHER, CKK_AES, AES_MIN, AES_MAX, CIPHERS | WRAPS, NO_HASH,
	 CKM_AES_CBC},
	{CKM_AES_CBC_PAD, SCHEME_CIPHER, CKK_AES, AES_MIN, AES_MAX, CIPHERS | WRAPS, NO_HASH,
	 CKM_AES_CBC_PAD},
	{CKM_AES_CTR, SCHEME_CIPHER, CKK_AES, AES_MIN, AES_MAX, CIPHERS | WRAPS, NO_HASH,
	 CKM_AES_CTR},
	{CKM_AES_GCM, SCHEME_CIPHER, CKK_AES, AES_MIN, AES_MAX, CIPHERS | WRAPS | MESSAGES, NO_HASH,
	 CKM_AES_GCM},
	{CKM_AES_KEY_WRAP, SCHEME_CIPHER, CKK_AES, AES_MIN, AES_MAX, CKF_HW | WRAPS, NO_HASH,
	 CKM_AES_KEY_WRAP},
	{CKM_AES_KEY_WRAP_KWP, SCHEME_CIPHER, CKK_AES, AES_MIN, AES_MAX, CKF_HW | WRAPS, NO_HASH,
	 CKM_AES_KEY_WRAP_KWP},
	{CKM_AES_CMAC, SCHEME_MAC, CKK_AES, AES_MIN, AES_MAX, SIGNS, NO_HASH, CKM_AES_CMAC},
	{CKM_AES_CMAC_GENERAL, SCHEME_MAC, CKK_AES, AES_MIN, AES_MAX, SIGNS, NO_HASH, CKM_AES_CMAC},
	{CKM_GENERIC_SECRET_KEY_GEN, SCHEME_KEY, CKK_GENERIC_SECRET, 8, SECRET_BITS,
	 CKF_HW | CKF_GENERATE, NO_HASH, CKM_GENERIC_SECRET_KEY_GEN},
	{CKM_SHA_1_HMAC, SCHEME_MAC, CKK_GENERIC_SECRET, 8, SECRET_BITS, SIGNS, NO_HASH,
	 CKM_SHA_1_HMAC},
	{CKM_SHA224_HMAC, SCHEME_MAC, CKK_GENERIC_SECRET, 8, SECRET_BITS, SIGNS, NO_HASH,
	 CKM_SHA224_HMAC},
	{CKM_SHA256_HMAC, SCHEME_MAC, CKK_GENERIC_SECRET, 8, SECRET_BITS, SIGNS, NO_HASH,
	 CKM_SHA256_HMAC},
	{CKM_SHA384_HMAC, SCHEME_MAC, CKK_GENERIC_SECRET, 8, SECRET_BITS, SIGNS, NO_HASH,
	 CKM_SHA384_HMAC},
	{CKM_SHA512_HMAC, SCHEME_MAC, CKK_GENERIC_SECRET, 8, SECRET_BITS, SIGNS, NO_HASH,
	 CKM_SHA512_HMAC},
	{CKM_SHA3_256_HMAC, SCHEME_MAC, CKK_GENERIC_SECRET, 8, SECRET_BITS, SIGNS, NO_HASH,
	 CKM_SHA3_256_HMAC},
	{CKM_SHA3_512_HMAC, SCHEME_MAC, CKK_GENERIC_SECRET, 8, SECRET_BITS, SIGNS, NO_HASH,
	 CKM_SHA3_512_HMAC},
	{CKM_SHA_1_HMAC_GENERAL, SCHEME_MAC, CKK_GENERIC_SECRET, 8, SECRET_BITS, SIGNS, NO_HASH,
	 CKM_SHA_1_HMAC},
	{CKM_SHA224_HMAC_GENERAL, SCHEME_MAC, CKK_GENERIC_SECRET, 8, SECRET_BITS, SIGNS, NO_HASH,
	 CKM_SHA224_HMAC},
	{CKM_SHA256_HMAC_GENERAL, SCHEME_MAC, CKK_GENERIC_SECRET, 8, SECRET_BITS, SIGNS, NO_HASH,
	 CKM_SHA256_HMAC},
	{CKM_SHA384_HMAC_GENERAL, SCHEME_MAC, CKK_GENERIC_SECRET, 8, SECRET_BITS, SIGNS, NO_HASH,
	 CKM_SHA384_HMAC},
	{CKM_SHA512_HMAC_GENERAL, SCHEME_MAC, CKK_GENERIC_SECRET, 8, SECRET_BITS, SIGNS, NO_HASH,
	 CKM_SHA512_HMAC},
	{CKM_SHA3_256_HMAC_GENERAL, SCHEME_MAC, CKK_GENERIC_SECRET, 8, SECRET_BITS, SIGNS, NO_HASH,
	 CKM_SHA3_256_HMAC},
	{CKM_SHA3_512_HMAC_GENERAL, SCHEME_MAC, CKK_GENERIC_SECRET, 8, SECRET_BITS, SIGNS, NO_HASH,
	 CKM_SHA3_512_HMAC},
	{CKM_SHA3_224, SCHEME_DIGEST, NO_KEY, 0, 0, CKF_DIGEST, CKM_SHA3_224, NO_CARD},
	{CKM_SHA3_256, SCHEME_DIGEST, NO_KEY, 0, 0, CKF_DIGEST, CKM_SHA3_256, NO_CARD},
	{CKM_SHA3_384, SCHEME_DIGEST, NO_KEY, 0, 0, CKF_DIGEST, CKM_SHA3_384, NO_CARD},
	{CKM_SHA3_512, SCHEME_DIGEST, NO_KEY, 0, 0, CKF_DIGEST, CKM_SHA3_512, NO_CARD},
	{CKM_INTAGLIO_SM3, SCHEME_DIGEST, NO_KEY, 0, 0, CKF_DIGEST, CKM_INTAGLIO_SM3, NO_CARD},
	{CKM_INTAGLIO_SM3_HMAC, SCHEME_MAC, CKK_GENERIC_SECRET, 8, SECRET_BITS, SIGNS, NO_HASH,
	 CKM_INTAGLIO_SM3_HMAC},
	{CKM_INTAGLIO_SM3_HMAC_GENERAL, SCHEME_MAC, CKK_GENERIC_SECRET, 8, SECRET_BITS, SIGNS,
	 NO_HASH, CKM_INTAGLIO_SM3_HMAC},
	{CKM_INTAGLIO_SM4_KEY_GEN, SCHEME_KEY, CKK_INTAGLIO_SM4, SM4_SIZE, SM4_SIZE,
	 CKF_HW | CKF_GENERATE, NO_HASH, CKM_INTAGLIO_SM4_KEY_GEN},
	{CKM_INTAGLIO_SM4_ECB, SCHEME_CIPHER, CKK_INTAGLIO_SM4, SM4_SIZE, SM4_SIZE, CIPHERS | WRAPS,
	 NO_HASH, CKM_INTAGLIO_SM4_ECB},
	{CKM_INTAGLIO_SM4_CBC, SCHEME_CIPHER, CKK_INTAGLIO_SM4, SM4_SIZE, SM4_SIZE, CIPHERS | WRAPS,
	 NO_HASH, CKM_INTAGLIO_SM4_CBC},
	{CKM_INTAGLIO_SM4_CBC_PAD, SCHEME_CIPHER, CKK_INTAGLIO_SM4, SM4_SIZE, SM4_SIZE,
	 CIPHERS | WRAPS, NO_HASH, CKM_INTAGLIO_SM4_CBC_PAD},
	{CKM_INTAGLIO_SM4_CTR, SCHEME_CIPHER, CKK_INTAGLIO_SM4, SM4_SIZE, SM4_SIZE, CIPHERS | WRAPS,
	 NO_HASH, CKM_INTAGLIO_SM4_CTR},
	{CKM_INTAGLIO_SM2_KEY_PAIR_GEN, SCHEME_KEY_PAIR, CKK_INTAGLIO_SM2, RAW_BITS, RAW_BITS,
	 CKF_HW | CKF_GENERATE_KEY_PAIR | CURVES, NO_HASH, CKM_INTAGLIO_SM2_KEY_PAIR_GEN},
	{CKM_INTAGLIO_SM2, SCHEME_SM2, CKK_INTAGLIO_SM2, RAW_BITS, RAW_BITS, EC_SIGNS, NO_HASH,
	 CKM_INTAGLIO_SM2},
	{CKM_INTAGLIO_SM2_SM3, SCHEME_SM2, CKK_INTAGLIO_SM2, RAW_BITS, RAW_BITS, EC_SIGNS,
	 CKM_INTAGLIO_SM3, CKM_INTAGLIO_SM2},
	{CKM_INTAGLIO_SM2_ENCRYPT, SCHEME_SM2, CKK_INTAGLIO_SM2, RAW_BITS, RAW_BITS,
	 CIPHERS | WRAPS | CURVES, NO_HASH, CKM_INTAGLIO_SM2_ENCRYPT},
	{CKM_INTAGLIO_SEAL, SCHEME_SEAL, CKK_INTAGLIO_LEDGER, 256, 256, CIPHERS, NO_HASH, NO_CARD},
	{CKM_INTAGLIO_APPLICATION_LOAD, SCHEME_LOAD, CKK_INTAGLIO_APPLICATION, 0, 0,
	 CKF_HW | CKF_SIGN, NO_HASH, NO_CARD},
};
enum { MECHANISMS = sizeof(mechanisms) / sizeof(mechanisms[0]) };

const struct mechanism *mechanism_find(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < MECHANISMS; i++)
		if (mechanisms[i].type == type)
			return &mechanisms[i];
	return NULL;
}

const struct mechanism *mechanism_at(size_t i)
{
	return i < MECHANISMS ? &mechanisms[i] : NULL;
}

CK_RV mechanism_list(CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR count)
{
	CK_RV rv = CKR_OK;

	if (list && *count < MECHANISMS)
		rv = CKR_BUFFER_TOO_SMALL;
	else if (list)
		for (size_t i = 0; i < MECHANISMS; i++)
			list[i] = mechanisms[i].type;
	*count = MECHANISMS;
	return rv;
}

CK_RV mechanism_info(CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR ret)
{
	const struct mechanism *m = mechanism_find(type);

	if (!m)
		return CKR_MECHANISM_INVALID;
	*ret = (CK_MECHANISM_INFO){
		.ulMinKeySize = m->min,
		.ulMaxKeySize = m->max,
		.flags = m->flags,
	};
	return CKR_OK;
}

const struct hash *hash_find(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < HASHES; i++)
		if (hashes[i].type == type)
			return &hashes[i];
	return NULL;
}

static const struct hash *hash_of_mgf(CK_RSA_PKCS_MGF_TYPE mgf)
{
	for (size_t i = 0; i < HASHES; i++)
		if (hashes[i].mgf == mgf && mgf != NO_MGF)
			return &hashes[i];
	return NULL;
}

const EVP_MD *hash_md(const struct hash *hash)
{
	return crypto_md(hash->name);
}

/* hash CKM 4 || CKG mgf 4 */
static void put_hashes(struct buf *b, const struct mechanism_parameter *p)
{
	buf_u32(b, (uint32_t)p->hash->type);
	buf_u32(b, (uint32_t)p->mgf->mgf);
}

static CK_RV pss_parameter(const struct mechanism *m, const CK_MECHANISM *given,
			   struct mechanism_parameter *p)
{
	const CK_RSA_PKCS_PSS_PARAMS *in = given->pParameter;
	struct buf b;

	if (!in || given->ulParameterLen != sizeof(*in))
		return CKR_MECHANISM_PARAM_INVALID;
	p->hash = hash_find(in->hashAlg);
	p->mgf = hash_of_mgf(in->mgf);
	if (!p->hash || !p->hash->prefix.len || !p->mgf || in->sLen > RSA_MAX / 8 ||
	    (m->hash != NO_HASH && m->hash != in->hashAlg))
		return CKR_MECHANISM_PARAM_INVALID;
	p->salt = in->sLen;
	buf_fixed(&b, p->bytes, sizeof(p->bytes));
	put_hashes(&b, p);
	buf_u32(&b, (uint32_t)p->salt);
	p->len = b.len;
	return buf_rc(&b) == RC_OK ? CKR_OK : CKR_GENERAL_ERROR;
}

static CK_RV oaep_parameter(const CK_MECHANISM *given, struct mechanism_parameter *p)
{
	const CK_RSA_PKCS_OAEP_PARAMS *in = given->pParameter;
	struct buf b;

	if (!in || given->ulParameterLen != sizeof(*in))
		return CKR_MECHANISM_PARAM_INVALID;
	p->hash = hash_find(in->hashAlg);
	p->mgf = hash_of_mgf(in->mgf);
	if (!p->hash || !p->hash->prefix.len || !p->mgf ||
	    (in->ulSourceDataLen && !in->pSourceData) || in->ulSourceDataLen > RSA_MAX / 8 ||
	    (in->ulSourceDataLen && in->source != CKZ_DATA_SPECIFIED))
		return CKR_MECHANISM_PARAM_INVALID;
	p->label = view_of(in->pSourceData, in->ulSourceDataLen);
	buf_fixed(&b, p->bytes, sizeof(p->bytes));
	put_hashes(&b, p);
	p->len = b.len;
	return buf_rc(&b) == RC_OK ? CKR_OK : CKR_GENERAL_ERROR;
}

/* Pure Ed25519 only, RFC 8032 5.1: no context, no hash first. */
static CK_RV eddsa_parameter(const CK_MECHANISM *given)
{
	const CK_EDDSA_PARAMS *in = given->pParameter;

	if (!in)
		return given->ulParameterLen ? CKR_MECHANISM_PARAM_INVALID : CKR_OK;
	if (given->ulParameterLen != sizeof(*in) || in->phFlag || in->ulContextDataLen)
		return CKR_MECHANISM_PARAM_INVALID;
	return CKR_OK;
}

/* A MAC of its whole length, or of as many bytes as the parameter says (6.10.7, 6.20). */
static CK_RV mac_parameter(const struct mechanism *m, const CK_MECHANISM *given,
			   struct mechanism_parameter *p)
{
	CK_ULONG len;

	p->mac = symmetric_mac_size(m->card);
	if (m->type == m->card)
		return given->ulParameterLen ? CKR_MECHANISM_PARAM_INVALID : CKR_OK;
	if (!given->pParameter || given->ulParameterLen != sizeof(len))
		return CKR_MECHANISM_PARAM_INVALID;
	memcpy(&len, given->pParameter, sizeof(len));
	if (!len || len > p->mac)
		return CKR_MECHANISM_PARAM_INVALID;
	p->mac = len;
	return CKR_OK;
}

/* CKM_INTAGLIO_SM2_SM3 may be given the signer's identifier, GB/T 32918.2 5.5 and GM/T 0009 10. */
static CK_RV sm2_parameter(const struct mechanism *m, const CK_MECHANISM *given,
			   struct mechanism_parameter *p)
{
	p->identifier = view_str("1234567812345678");
	if (!given->ulParameterLen)
		return CKR_OK;
	if (m->hash == NO_HASH || !given->pParameter || given->ulParameterLen > SM2_IDENTIFIER_MAX)
		return CKR_MECHANISM_PARAM_INVALID;
	p->identifier = view_of(given->pParameter, given->ulParameterLen);
	return CKR_OK;
}

CK_RV mechanism_parameter(const struct mechanism *mechanism, const CK_MECHANISM *given,
			  struct mechanism_parameter *ret)
{
	*ret = (struct mechanism_parameter){0};
	switch (mechanism->scheme) {
	case SCHEME_RSA_PSS:
		return pss_parameter(mechanism, given, ret);
	case SCHEME_RSA_OAEP:
		return oaep_parameter(given, ret);
	case SCHEME_CIPHER: /* secret_parameter */
	case SCHEME_DERIVE:
		return CKR_OK;
	case SCHEME_MAC:
		return mac_parameter(mechanism, given, ret);
	case SCHEME_EDDSA:
		return eddsa_parameter(given);
	case SCHEME_SM2:
		return sm2_parameter(mechanism, given, ret);
	case SCHEME_SEAL:
		if (!given->pParameter || given->ulParameterLen != sizeof(ret->seal))
			return CKR_MECHANISM_PARAM_INVALID;
		memcpy(&ret->seal, given->pParameter, sizeof(ret->seal));
		return CKR_OK;
	case SCHEME_LOAD:
		if (!given->pParameter || given->ulParameterLen != sizeof(ret->load))
			return CKR_MECHANISM_PARAM_INVALID;
		memcpy(&ret->load, given->pParameter, sizeof(ret->load));
		return ret->load.ulVersion > 0xFF || ret->load.domain.ulLen > 16
			       ? CKR_MECHANISM_PARAM_INVALID
			       : CKR_OK;
	default:
		if (given->ulParameterLen)
			return CKR_MECHANISM_PARAM_INVALID;
		if (mechanism->hash != NO_HASH)
			ret->hash = hash_find(mechanism->hash);
		return CKR_OK;
	}
}
