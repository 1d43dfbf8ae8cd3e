/* SPDX-License-Identifier: BSD-2-Clause */
/* Digests by their names, and CKA_ALLOWED_MECHANISMS that name a digest and a signature together. */
#include "card/key_hash.h"

static const uint8_t sha1[] = {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2B, 0x0E,
			       0x03, 0x02, 0x1A, 0x05, 0x00, 0x04, 0x14};
static const uint8_t sha224[] = {0x30, 0x2D, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				 0x65, 0x03, 0x04, 0x02, 0x04, 0x05, 0x00, 0x04, 0x1C};
static const uint8_t sha256[] = {0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
static const uint8_t sha384[] = {0x30, 0x41, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30};
static const uint8_t sha512[] = {0x30, 0x51, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40};

static const struct key_hash hashes[] = {
	{CKM_SHA_1,
	 CKG_MGF1_SHA1,
	 "SHA1",
	 20,
	 {sha1, sizeof(sha1)},
	 CKM_SHA1_RSA_PKCS,
	 CKM_SHA1_RSA_PKCS_PSS,
	 CKM_ECDSA_SHA1},
	{CKM_SHA224,
	 CKG_MGF1_SHA224,
	 "SHA2-224",
	 28,
	 {sha224, sizeof(sha224)},
	 CKM_SHA224_RSA_PKCS,
	 CKM_SHA224_RSA_PKCS_PSS,
	 CKM_ECDSA_SHA224},
	{CKM_SHA256,
	 CKG_MGF1_SHA256,
	 "SHA2-256",
	 32,
	 {sha256, sizeof(sha256)},
	 CKM_SHA256_RSA_PKCS,
	 CKM_SHA256_RSA_PKCS_PSS,
	 CKM_ECDSA_SHA256},
	{CKM_SHA384,
	 CKG_MGF1_SHA384,
	 "SHA2-384",
	 48,
	 {sha384, sizeof(sha384)},
	 CKM_SHA384_RSA_PKCS,
	 CKM_SHA384_RSA_PKCS_PSS,
	 CKM_ECDSA_SHA384},
	{CKM_SHA512,
	 CKG_MGF1_SHA512,
	 "SHA2-512",
	 64,
	 {sha512, sizeof(sha512)},
	 CKM_SHA512_RSA_PKCS,
	 CKM_SHA512_RSA_PKCS_PSS,
	 CKM_ECDSA_SHA512},
};

enum { HASH_COUNT = sizeof(hashes) / sizeof(hashes[0]) };

const struct key_hash *key_hash(CK_MECHANISM_TYPE mechanism)
{
	for (size_t i = 0; i < HASH_COUNT; i++)
		if (hashes[i].mechanism == mechanism)
			return &hashes[i];
	return NULL;
}

const struct key_hash *key_hash_of_mgf(CK_ULONG mgf)
{
	for (size_t i = 0; i < HASH_COUNT; i++)
		if (hashes[i].mgf == mgf)
			return &hashes[i];
	return NULL;
}

static bool is_digest_info(const struct key_hash *hash, struct view input)
{
	struct view prefix;

	return view_take(&input, hash->prefix.len, &prefix) == RC_OK &&
	       view_equal(prefix, hash->prefix) && input.len == hash->size;
}

/* The input is what the combined mechanism would send to the one that runs. */
static bool is_from(CK_MECHANISM_TYPE combined, CK_MECHANISM_TYPE mechanism, struct view parameter,
		    struct view input)
{
	uint32_t named;

	if (mechanism == CKM_INTAGLIO_SM2)
		return combined == CKM_INTAGLIO_SM2_SM3;
	for (size_t i = 0; i < HASH_COUNT; i++) {
		const struct key_hash *hash = &hashes[i];

		if (mechanism == CKM_RSA_PKCS && combined == hash->with_pkcs)
			return is_digest_info(hash, input);
		if (mechanism == CKM_RSA_PKCS_PSS && combined == hash->with_pss)
			return view_u32(&parameter, &named) == RC_OK && named == hash->mechanism;
		if (mechanism == CKM_ECDSA && combined == hash->with_ecdsa)
			return input.len == hash->size;
	}
	return false;
}

bool key_hash_allows(struct view allowed, CK_MECHANISM_TYPE mechanism, struct view parameter,
		     struct view input)
{
	uint64_t one;

	while (view_u64(&allowed, &one) == RC_OK)
		if (one == mechanism || is_from(one, mechanism, parameter, input))
			return true;
	return false;
}
