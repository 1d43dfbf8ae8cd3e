/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFC 6962 Merkle trees with SHA-256: the compact range that a card keeps of a growing tree, and
 * proofs. Hashes are 32 bytes. Nothing here is secret.
 */
#ifndef INTAGLIO_BASE_MERKLE_H
#define INTAGLIO_BASE_MERKLE_H

#include "base/crypto.h"

enum { MERKLE_HASH = SHA256_SIZE, MERKLE_LEVELS = 64 };

/*
 * The roots of the perfect subtrees of a tree of size leaves: hash[level] is meaningful where bit
 * level of size is set.
 */
struct merkle_range {
	uint64_t size;
	uint8_t hash[MERKLE_LEVELS][MERKLE_HASH];
};

/* RFC 6962 2.1: SHA-256(00 || leaf), SHA-256(01 || left || right). */
enum rc merkle_leaf_hash(struct view leaf, uint8_t ret[MERKLE_HASH]) WARN_UNUSED;
enum rc merkle_node_hash(const uint8_t left[MERKLE_HASH], const uint8_t right[MERKLE_HASH],
			 uint8_t ret[MERKLE_HASH]) WARN_UNUSED;
/* Adds a leaf by its hash; the range is unchanged on failure. */
enum rc merkle_range_append(struct merkle_range *range,
			    const uint8_t leaf_hash[MERKLE_HASH]) WARN_UNUSED;
/* The tree head of the range; the hash of nothing for an empty tree. */
enum rc merkle_range_root(const struct merkle_range *range, uint8_t ret[MERKLE_HASH]) WARN_UNUSED;

#endif
