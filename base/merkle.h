/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Merkle tree of RFC 6962 2.1 with SHA-256, as compact ranges, proofs and their verification
 * (RFC 9162 2.1.3.2 and 2.1.4.2). Nothing here allocates; structs may be copied. Every function
 * fails with RC_CRYPTO when libcrypto does.
 */
#ifndef INTAGLIO_BASE_MERKLE_H
#define INTAGLIO_BASE_MERKLE_H

#include "base/buf.h"

enum {
	MERKLE_HASH = 32,
	MERKLE_LEVELS = 64,
	MERKLE_PROOF_MAX = MERKLE_LEVELS + 1,
	MERKLE_RANGE_MAX =
		8 + MERKLE_LEVELS * MERKLE_HASH, /* bytes that merkle_range_put appends */
};

/* SHA-256(00 || leaf), SHA-256(01 || left || right). */
enum rc merkle_leaf_hash(struct view leaf, uint8_t ret[MERKLE_HASH]) WARN_UNUSED;
enum rc merkle_node_hash(const uint8_t left[MERKLE_HASH], const uint8_t right[MERKLE_HASH],
			 uint8_t ret[MERKLE_HASH]) WARN_UNUSED;

/*
 * All that appending needs of a tree: where bit k of size is set, hash[k] is the root of a complete
 * subtree of 2^k leaves; the highest one is the leftmost. The empty tree is all zeros.
 */
struct merkle_range {
	uint64_t size;
	uint8_t hash[MERKLE_LEVELS][MERKLE_HASH];
};

/* Adds a leaf on the right. RC_FULL at 2^64 - 1 leaves. On failure the range is unchanged. */
enum rc merkle_append(struct merkle_range *range, const uint8_t leaf_hash[MERKLE_HASH]) WARN_UNUSED;
enum rc merkle_root(const struct merkle_range *range, uint8_t ret[MERKLE_HASH]) WARN_UNUSED;
/* The range as bytes: size 8, then the hashes of its subtrees from the smallest up. */
void merkle_range_put(struct buf *b, const struct merkle_range *range);
/* Takes them from the front of in. RC_MALFORMED. */
enum rc merkle_range_take(struct view *in, struct merkle_range *ret) WARN_UNUSED;

struct merkle_proof {
	unsigned int count;
	uint8_t hash[MERKLE_PROOF_MAX][MERKLE_HASH];
};

/*
 * The inclusion proof of the leaf that is appended to this range next, in the tree it then makes:
 * the range's own hashes, from the right to the left. No record needs to be read.
 */
void merkle_prove_next(const struct merkle_range *before, struct merkle_proof *ret);

/*
 * Where a proof's hashes come from: the root of the complete subtree of leaves index * 2^level and
 * on. A source that keeps leaf hashes only answers RC_NOT_FOUND above level 0, and the subtree is
 * then computed; any other failure ends the proof.
 */
struct merkle_source {
	enum rc (*hash)(void *arg, unsigned int level, uint64_t index, uint8_t ret[MERKLE_HASH]);
	void *arg;
};

/* The root of the first size leaves. */
enum rc merkle_root_of(const struct merkle_source *source, uint64_t size,
		       uint8_t ret[MERKLE_HASH]) WARN_UNUSED;
/* RC_ARGUMENT unless index < size. */
enum rc merkle_prove_inclusion(const struct merkle_source *source, uint64_t index, uint64_t size,
			       struct merkle_proof *ret) WARN_UNUSED;
/* RC_ARGUMENT unless 0 < from <= to. */
enum rc merkle_prove_consistency(const struct merkle_source *source, uint64_t from, uint64_t to,
				 struct merkle_proof *ret) WARN_UNUSED;

/* RC_AUTH unless the proof shows leaf_hash at index in the tree of this size and root. */
enum rc merkle_verify_inclusion(const struct merkle_proof *proof, uint64_t index, uint64_t size,
				const uint8_t leaf_hash[MERKLE_HASH],
				const uint8_t root[MERKLE_HASH]) WARN_UNUSED;
/*
 * RC_AUTH unless the proof shows that the tree of size to begins with that of size from. From an
 * empty tree there is nothing to prove: RC_ARGUMENT.
 */
enum rc merkle_verify_consistency(const struct merkle_proof *proof, uint64_t from, uint64_t to,
				  const uint8_t from_root[MERKLE_HASH],
				  const uint8_t to_root[MERKLE_HASH]) WARN_UNUSED;

#endif
