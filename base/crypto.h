/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cryptographic primitives that both ends of the channel share, on libcrypto's EVP with a library
 * context of our own, so that an application's providers, engines and configuration do not reach our keys.
 * Algorithms are fetched once. Keyed contexts (struct cipher, struct cmac) keep their key schedule
 * between messages. Every function fails with RC_CRYPTO when libcrypto does.
 */
#ifndef INTAGLIO_BASE_CRYPTO_H
#define INTAGLIO_BASE_CRYPTO_H

#include <openssl/evp.h>

#include "base/buf.h"

enum {
	SHA1_SIZE = 20,
	SHA256_SIZE = 32,
	AES_BLOCK = 16,
	AES256_KEY = 32,
	GCM_NONCE = 12,
	GCM_TAG = 16,
};

/* Our library context; made on first use, alive as long as the library. NULL if libcrypto has no memory. */
OSSL_LIB_CTX *crypto_context(void);
/* The one behind it (base/provider.h), whose generator all random bytes are from, libcrypto's own, too. */
OSSL_LIB_CTX *crypto_behind(void);

/*
 * A context for making keys of a type by libcrypto's name of it: "RSA", "EC", "X25519". No ENGINE of
 * the application is asked, nor for keys made with it (base/provider.h). NULL if libcrypto fails.
 */
EVP_PKEY_CTX *crypto_key_context(const char *type);

/*
 * libcrypto's error queue is the calling thread's, and so the application's: what comes into it
 * after a mark is taken out again by the drop that follows, what was there before stays. Pairs nest.
 */
void crypto_mark_errors(void);
void crypto_drop_errors(void);

/* n random bytes from that generator. */
enum rc crypto_random(void *ret, size_t n) WARN_UNUSED;
/* Mixes a seed into it, which adds to what it has from the system and never replaces that. */
enum rc crypto_random_seed(struct view seed) WARN_UNUSED;
/*
 * For tests and recorded transcripts only: bytes come from fill(arg, ..) until called with NULL.
 * Key generation, RSA blinding and padding inside libcrypto are not affected.
 */
void crypto_random_override(void (*fill)(void *arg, uint8_t *ret, size_t n), void *arg);

/* A digest by its fetched EVP_MD; NULL if unknown. Names as libcrypto's: "SHA2-256", "SHA1". */
const EVP_MD *crypto_md(const char *name);
/* The same for ciphers ("AES-256-CBC", "DES-EDE3-CBC") and MACs ("CMAC", "HMAC"). */
const EVP_CIPHER *crypto_cipher(const char *name);
EVP_MAC *crypto_mac(const char *name);
enum rc crypto_sha1(struct view in, uint8_t ret[SHA1_SIZE]) WARN_UNUSED;
enum rc crypto_sha256(struct view in, uint8_t ret[SHA256_SIZE]) WARN_UNUSED;
/* Over parts in order. */
enum rc crypto_sha1_parts(const struct view *parts, size_t count,
			  uint8_t ret[SHA1_SIZE]) WARN_UNUSED;
enum rc crypto_sha256_parts(const struct view *parts, size_t count,
			    uint8_t ret[SHA256_SIZE]) WARN_UNUSED;
/* The same of what is public, or is on the disk anyway, in a context that is kept and not wiped. */
enum rc crypto_sha256_public(const struct view *parts, size_t count,
			     uint8_t ret[SHA256_SIZE]) WARN_UNUSED;
/* HKDF-SHA-256 (RFC 5869); salt may be empty; len at most 255 * 32. */
enum rc crypto_hkdf(struct view ikm, struct view salt, struct view info, uint8_t *ret,
		    size_t len) WARN_UNUSED;
/* PBKDF2-HMAC-SHA-256. */
enum rc crypto_pbkdf2(struct view password, struct view salt, unsigned int iterations, uint8_t *ret,
		      size_t len) WARN_UNUSED;

/* A block cipher key in CBC without libcrypto's padding, or one block of ECB; both directions. */
struct cipher;
enum cipher_kind { CIPHER_AES_256, CIPHER_AES_192, CIPHER_AES_128, CIPHER_3DES_2KEY };
/* Key: 32, 24, 16 or 16 bytes by kind. */
enum rc cipher_new(enum cipher_kind kind, const uint8_t *key, struct cipher **ret) WARN_UNUSED;
void cipher_free(struct cipher **c);
/* CBC; len is a multiple of the block (16, or 8 for 3DES); in and out may be the same array. */
enum rc cipher_cbc_encrypt(struct cipher *c, const uint8_t *iv, const uint8_t *in, size_t len,
			   uint8_t *out) WARN_UNUSED;
enum rc cipher_cbc_decrypt(struct cipher *c, const uint8_t *iv, const uint8_t *in, size_t len,
			   uint8_t *out) WARN_UNUSED;
/* One block of ECB. */
enum rc cipher_block(struct cipher *c, const uint8_t *in, uint8_t *out) WARN_UNUSED;

/* AES-CMAC (NIST SP 800-38B) with a kept key schedule; the key has 16, 24 or 32 bytes. */
struct cmac;
enum rc cmac_new(const uint8_t *key, size_t key_len, struct cmac **ret) WARN_UNUSED;
void cmac_free(struct cmac **c);
enum rc cmac_compute(struct cmac *c, const struct view *parts, size_t count,
		     uint8_t ret[AES_BLOCK]) WARN_UNUSED;

/*
 * Retail MAC: ISO/IEC 9797-1 algorithm 3 over data that is already a multiple of 8 (single DES CBC,
 * final block triple DES), 16-byte key, 8-byte initial chaining value. RC_ARGUMENT if it is not.
 */
enum rc retail_mac(const uint8_t key[16], const uint8_t icv[8], struct view padded,
		   uint8_t ret[8]) WARN_UNUSED;
/* Single DES of one block. */
enum rc des_block(const uint8_t key[8], const uint8_t in[8], uint8_t ret[8]) WARN_UNUSED;

/* AES-256-GCM; out is in.len bytes; out and in may be the same array. open: RC_AUTH and out wiped if the tag is wrong. */
enum rc gcm_seal(const uint8_t key[AES256_KEY], const uint8_t nonce[GCM_NONCE], struct view aad,
		 struct view in, uint8_t *out, uint8_t tag[GCM_TAG]) WARN_UNUSED;
enum rc gcm_open(const uint8_t key[AES256_KEY], const uint8_t nonce[GCM_NONCE], struct view aad,
		 struct view in, const uint8_t tag[GCM_TAG], uint8_t *out) WARN_UNUSED;

/* The same with a kept key schedule, one user at a time. */
struct gcm;
enum rc gcm_new(const uint8_t key[AES256_KEY], struct gcm **ret) WARN_UNUSED;
void gcm_free(struct gcm **g);
enum rc gcm_encrypt(struct gcm *g, const uint8_t nonce[GCM_NONCE], struct view aad, struct view in,
		    uint8_t *out, uint8_t tag[GCM_TAG]) WARN_UNUSED;

/* ISO/IEC 7816-4 padding: 80 00.. up to a multiple of block. unpad: RC_MALFORMED if there is none. */
void pad_put(struct buf *b, size_t from, size_t block);
enum rc unpad(struct view in, struct view *ret) WARN_UNUSED;

#endif
