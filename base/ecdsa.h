/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ECDSA as GlobalPlatform has it, GPCS B.4: curves by their key parameter references, points
 * uncompressed, signatures plain (r and s of the order's length one after the other), and the hash
 * that goes with the curve's size. Keys are EVP_PKEYs in our own library context. Thread safe.
 */
#ifndef INTAGLIO_BASE_ECDSA_H
#define INTAGLIO_BASE_ECDSA_H

#include "base/crypto.h"

enum { ECDSA_SCALAR_MAX = 66, ECDSA_POINT_MAX = 1 + 2 * ECDSA_SCALAR_MAX };

struct ecdsa_curve {
	uint8_t reference; /* GPCS table B-2 */
	const char *name; /* libcrypto's */
	size_t size; /* bytes of a scalar, and of a coordinate */
	const char *digest;
	size_t digest_size;
};

/* NULL if there is no such reference. */
const struct ecdsa_curve *ecdsa_curve(unsigned int reference);
/* The curve after this one, the first after NULL; NULL at the end. */
const struct ecdsa_curve *ecdsa_next_curve(const struct ecdsa_curve *curve);

/* A curve's own parameters, GPCS table 11-72; k may be empty. */
struct ecdsa_parameters {
	struct view p, a, b, g, n, k;
};

/* The curve with these parameters, if it is one of those; RC_NOT_FOUND. */
enum rc ecdsa_find_curve(const struct ecdsa_parameters *in,
			 const struct ecdsa_curve **ret) WARN_UNUSED;

/* A public key of `04 x y`. RC_MALFORMED: not a point of the curve. */
enum rc ecdsa_public(const struct ecdsa_curve *curve, struct view point,
		     EVP_PKEY **ret) WARN_UNUSED;
/* A private key of its scalar, size bytes. RC_MALFORMED: zero, or not below the order. */
enum rc ecdsa_private(const struct ecdsa_curve *curve, struct view scalar,
		      EVP_PKEY **ret) WARN_UNUSED;
/* RC_AUTH if the signature is not one. */
enum rc ecdsa_verify(EVP_PKEY *key, const struct ecdsa_curve *curve, struct view data,
		     struct view signature) WARN_UNUSED;
/* Appends twice the curve's size. */
enum rc ecdsa_sign(EVP_PKEY *key, const struct ecdsa_curve *curve, struct view data,
		   struct buf *signature) WARN_UNUSED;

#endif
