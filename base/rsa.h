/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RSA and Ed25519 keys and the operations that channel, certificates and ledger need, as EVP_PKEY
 * in our own library context. Keys are freed with EVP_PKEY_free.
 */
#ifndef INTAGLIO_BASE_RSA_H
#define INTAGLIO_BASE_RSA_H

#include "base/crypto.h"

enum rsa_scheme {
	RSA_PSS_SHA256, /* MGF1-SHA-256, salt 32 */
	RSA_PKCS1_SHA256,
	RSA_PKCS1_SHA1, /* suites 01 and 02 only */
};

/* A new RSA key of bits (1024 to 4096; policy is the caller's), e = 65537. */
enum rc rsa_generate(unsigned int bits, EVP_PKEY **ret) WARN_UNUSED;
/*
 * RC_MALFORMED unless the modulus is odd and of 1024 to 4096 bits, and the exponent odd, at least 3
 * and of at most 64 bits. Unsigned big-endian; leading zeros are passed over.
 */
enum rc rsa_check_public(struct view n, struct view e) WARN_UNUSED;
/* A public key of modulus and exponent. RC_MALFORMED as rsa_check_public. */
enum rc rsa_public(struct view n, struct view e, EVP_PKEY **ret) WARN_UNUSED;
/* Bytes of the modulus. */
size_t rsa_size(const EVP_PKEY *key);
unsigned int rsa_bits(const EVP_PKEY *key);
/* The public exponent is 65537. */
bool rsa_exponent_is_f4(const EVP_PKEY *key);
/* Appends the modulus / exponent as unsigned big-endian without leading zeros. */
enum rc rsa_put_modulus(const EVP_PKEY *key, struct buf *b) WARN_UNUSED;
enum rc rsa_put_exponent(const EVP_PKEY *key, struct buf *b) WARN_UNUSED;

/* Signs the concatenation of parts; appends rsa_size bytes. */
enum rc rsa_sign(EVP_PKEY *key, enum rsa_scheme scheme, const struct view *parts, size_t count,
		 struct buf *signature) WARN_UNUSED;
/* RC_AUTH if the signature is not one. */
enum rc rsa_verify(EVP_PKEY *key, enum rsa_scheme scheme, const struct view *parts, size_t count,
		   struct view signature) WARN_UNUSED;
/*
 * As rsa_verify, but a PSS signature may have a salt of any length. For certificates only: OpenPACE
 * signs them with the longest salt, where TR-03110-3 A.6.3 and we have that of the hash.
 */
enum rc rsa_verify_any_salt(EVP_PKEY *key, enum rsa_scheme scheme, const struct view *parts,
			    size_t count, struct view signature) WARN_UNUSED;

enum rsa_encryption { RSA_OAEP_SHA256, RSA_ES_PKCS1 };
enum rc rsa_encrypt(EVP_PKEY *key, enum rsa_encryption scheme, struct view plain,
		    struct buf *out) WARN_UNUSED;
/*
 * Deciphers one block into ret, which has room for a modulus: of that *ret_len bytes are plaintext,
 * if *ret_good is all ones; it is 0 if the padding is wrong. Nothing here branches on which, as far
 * as libcrypto does not, so that a caller may keep it a secret. RC_ARGUMENT: the block's length.
 */
enum rc rsa_decipher(EVP_PKEY *key, enum rsa_encryption scheme, struct view block, uint8_t *ret,
		     size_t *ret_len, size_t *ret_good) WARN_UNUSED;
/* The same for who has no secret to keep: appends the plaintext. RC_AUTH if the padding is wrong. */
enum rc rsa_decrypt(EVP_PKEY *key, enum rsa_encryption scheme, struct view block,
		    struct buf *out) WARN_UNUSED;
/* Bytes of the longest plaintext. */
size_t rsa_plaintext_max(const EVP_PKEY *key, enum rsa_encryption scheme);
/*
 * A value that nobody without the private key can tell, and that is the same for the same block: to
 * make up how long the plaintext of a block with a wrong padding would have been. HMAC-SHA-256 of the
 * block under the private exponent, which is as long as the modulus.
 */
enum rc rsa_stand_in(const EVP_PKEY *key, struct view block, uint8_t ret[SHA256_SIZE]) WARN_UNUSED;

/* PKCS#8 DER, and PEM on disk is the caller's. */
enum rc pkey_put_private(const EVP_PKEY *key, struct buf *b) WARN_UNUSED;
enum rc pkey_private(struct view der, EVP_PKEY **ret) WARN_UNUSED;

enum { ED25519_PUBLIC = 32, ED25519_SIGNATURE = 64 };
enum rc ed25519_generate(EVP_PKEY **ret) WARN_UNUSED;
enum rc ed25519_public(const EVP_PKEY *key, uint8_t ret[ED25519_PUBLIC]) WARN_UNUSED;
enum rc ed25519_sign(EVP_PKEY *key, struct view message,
		     uint8_t ret[ED25519_SIGNATURE]) WARN_UNUSED;
enum rc ed25519_verify(const uint8_t public_key[ED25519_PUBLIC], struct view message,
		       struct view signature) WARN_UNUSED;

#endif
