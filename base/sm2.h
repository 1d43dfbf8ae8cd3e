/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What SM2 (GB/T 32918) has beside an elliptic curve: Z, which a signature's digest begins with, and
 * the form of its ciphertexts, GM/T 0009. The curve is the recommended one, GB/T 32918.5; keys are
 * EVP_PKEYs in our own library context, of libcrypto's type "SM2". Thread safe.
 */
#ifndef INTAGLIO_BASE_SM2_H
#define INTAGLIO_BASE_SM2_H

#include "base/crypto.h"

enum {
	SM2_SIZE =
		32, /* bytes of a scalar, a coordinate, a digest, and of each half of a signature */
	SM2_POINT = 1 + 2 * SM2_SIZE, /* 04 x y */
	SM2_OID = 10,
	SM2_IDENTIFIER_MAX = 8191, /* its length in bits is two bytes of Z */
	SM2_PLAINTEXT_MAX = 32768, /* ours: what a ciphertext may hold */
};

/* The curve's object identifier in DER, 1.2.156.10197.1.301. */
extern const uint8_t sm2_oid[SM2_OID];

/*
 * Z = SM3(ENTL || identifier || a || b || xG || yG || x || y), GB/T 32918.2 5.5, of a point `04 x y`.
 * RC_ARGUMENT: the identifier is longer than SM2_IDENTIFIER_MAX; RC_MALFORMED: not such a point.
 */
enum rc sm2_z(struct view point, struct view identifier, uint8_t ret[SM2_SIZE]) WARN_UNUSED;

/* The most bytes of a ciphertext of so many bytes, or of SM2_PLAINTEXT_MAX. */
size_t sm2_ciphertext_max(size_t plaintext);
/*
 * Takes SM2Cipher apart, GM/T 0009 7.2: SEQUENCE { x INTEGER, y INTEGER, C3 OCTET STRING (32), C2 OCTET
 * STRING }, and nothing after it. RC_MALFORMED: it is none, or C2 is empty or above SM2_PLAINTEXT_MAX.
 */
enum rc sm2_ciphertext(struct view in, struct view *ret_c2) WARN_UNUSED;
/* Appends SM2Cipher for a public key. RC_ARGUMENT: nothing to encipher, or above SM2_PLAINTEXT_MAX. */
enum rc sm2_encrypt(EVP_PKEY *key, struct view plaintext, struct buf *out) WARN_UNUSED;
/*
 * Appends the plaintext; the context is one of the private key, after EVP_PKEY_decrypt_init.
 * RC_MALFORMED whatever is wrong with the ciphertext.
 */
enum rc sm2_decrypt(EVP_PKEY_CTX *context, struct view in, struct buf *out) WARN_UNUSED;

#endif
