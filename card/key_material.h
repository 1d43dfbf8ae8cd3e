/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between attribute lists and libcrypto's keys: RSA of 2048 to 4096 bits, and elliptic curve keys
 * on P-256, P-384, P-521 and SM2's as named curves, Ed25519 and X25519. Keys are freed with EVP_PKEY_free.
 */
#ifndef INTAGLIO_CARD_KEY_MATERIAL_H
#define INTAGLIO_CARD_KEY_MATERIAL_H

#include "base/attr.h"
#include "base/crypto.h"

enum { KEY_RSA_MIN = 2048, KEY_RSA_MAX = 4096, KEY_BYTES_MAX = KEY_RSA_MAX / 8 };

struct curve {
	const char *name; /* libcrypto's */
	struct view params; /* CKA_EC_PARAMS: the DER of its object identifier, or of its name */
	size_t bytes; /* of a coordinate, and of each half of a signature */
	uint64_t key_type; /* CKK_EC_EDWARDS and _MONTGOMERY: keys are bytes, not points; RFC 7748, 8032 */
};

/* The curve named by CKA_EC_PARAMS; NULL if it is none of ours. */
const struct curve *key_curve(struct view params);
/* The curve of CKK_EC with coordinates of this many bytes, or NULL. */
const struct curve *key_curve_of_size(size_t bytes);
/* A private key from its attributes. RC_MALFORMED: they are incomplete or no such key. */
enum rc key_from_list(struct view list, EVP_PKEY **ret) WARN_UNUSED;
/* As key_from_list, and the key's parts fit each other; for keys that come from outside. */
enum rc key_check(struct view list) WARN_UNUSED;
/*
 * Sets CKA_EC_POINT in the list of an SM2 private key that came from outside: who signs with it needs
 * the point, GB/T 32918.2 5.5. RC_MALFORMED: it has another. Other keys' lists stay as they are.
 */
enum rc key_put_point(struct buf *list) WARN_UNUSED;
/* A curve's public key from an uncompressed point, checked to be on it. RC_MALFORMED. */
enum rc key_from_point(const struct curve *curve, struct view point, EVP_PKEY **ret) WARN_UNUSED;
/* An X25519 public key. RC_MALFORMED. */
enum rc key_from_x25519(struct view bytes, EVP_PKEY **ret) WARN_UNUSED;
/* A new key pair on a curve; rsa_generate makes the others. */
enum rc key_generate_ec(const struct curve *curve, EVP_PKEY **ret) WARN_UNUSED;
/* Sets the attributes of the public and the private half in the two lists; curve NULL: RSA. */
enum rc key_to_lists(const EVP_PKEY *key, const struct curve *curve, struct buf *public_list,
		     struct buf *private_list) WARN_UNUSED;

#endif
