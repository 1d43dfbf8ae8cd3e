/* SPDX-License-Identifier: BSD-2-Clause */
/* The Merkle tree of RFC 6962 2.1 with SHA-256. */
#include "base/merkle.h"

#include <string.h>

#include "base/crypto.h"

static const uint8_t leaf_prefix = 0x00, node_prefix = 0x01;

static struct view hash_view(const uint8_t *hash)
{
	return view_of(hash, MERKLE_HASH);
}

enum rc merkle_leaf_hash(struct view leaf, uint8_t ret[MERKLE_HASH])
{
	struct view parts[] = {view_of(&leaf_prefix, 1), leaf};

	return crypto_sha256_public(parts, 2, ret);
}

enum rc merkle_node_hash(const uint8_t left[MERKLE_HASH], const uint8_t right[MERKLE_HASH],
			 uint8_t ret[MERKLE_HASH])
{
	struct view parts[] = {view_of(&node_prefix, 1), hash_view(left), hash_view(right)};

	return crypto_sha256_public(parts, 3, ret);
}

enum rc merkle_append(struct merkle_range *range, const uint8_t leaf_hash[MERKLE_HASH])
{
	uint8_t hash[MERKLE_HASH];
	unsigned int level = 0;
	enum rc rc;

	if (range->size == UINT64_MAX)
		return RC_FULL;
	memcpy(hash, leaf_hash, MERKLE_HASH);
	for (; range->size >> level & 1; level++) {
		rc = merkle_node_hash(range->hash[level], hash, hash);
		if (rc != RC_OK)
			return rc;
	}
	memcpy(range->hash[level], hash, MERKLE_HASH);
	range->size++;
	return RC_OK;
}

enum rc merkle_root(const struct merkle_range *range, uint8_t ret[MERKLE_HASH])
{
	uint8_t hash[MERKLE_HASH];
	bool begun = false;
	enum rc rc;

	if (!range->size)
		return crypto_sha256(view_of(NULL, 0), ret);
	for (unsigned int level = 0; level < MERKLE_LEVELS; level++) {
		if (!(range->size >> level & 1))
			continue;
		if (!begun) {
			memcpy(hash, range->hash[level], MERKLE_HASH);
			begun = true;
			continue;
		}
		rc = merkle_node_hash(range->hash[level], hash, hash);
		if (rc != RC_OK)
			return rc;
	}
	memcpy(ret, hash, MERKLE_HASH);
	return RC_OK;
}

void merkle_range_put(struct buf *b, const struct merkle_range *range)
{
	buf_u64(b, range->size);
	for (unsigned int level = 0; level < MERKLE_LEVELS; level++) {
		if (range->size >> level & 1)
			buf_put(b, range->hash[level], MERKLE_HASH);
	}
}

enum rc merkle_range_take(struct view *in, struct merkle_range *ret)
{
	struct merkle_range range = {.size = 0};
	struct view rest = *in;

	if (view_u64(&rest, &range.size) != RC_OK)
		return RC_MALFORMED;
	for (unsigned int level = 0; level < MERKLE_LEVELS; level++) {
		if (range.size >> level & 1 &&
		    view_copy(&rest, range.hash[level], MERKLE_HASH) != RC_OK)
			return RC_MALFORMED;
	}
	*in = rest;
	*ret = range;
	return RC_OK;
}

void merkle_prove_next(const struct merkle_range *before, struct merkle_proof *ret)
{
	ret->count = 0;
	for (unsigned int level = 0; level < MERKLE_LEVELS; level++) {
		if (before->size >> level & 1)
			memcpy(ret->hash[ret->count++], before->hash[level], MERKLE_HASH);
	}
}

/* The largest power of two below n, as its exponent; n is at least 2. */
static unsigned int split_level(uint64_t n)
{
	return 63 - (unsigned int)__builtin_clzll(n - 1);
}

/* The depth of recursion is the level. */
static enum rc subtree(const struct merkle_source *source, unsigned int level, uint64_t index,
		       uint8_t *ret)
{
	uint8_t left[MERKLE_HASH], right[MERKLE_HASH];
	enum rc rc = source->hash(source->arg, level, index, ret);

	if (rc != RC_NOT_FOUND || !level)
		return rc;
	rc = subtree(source, level - 1, 2 * index, left);
	if (rc == RC_OK)
		rc = subtree(source, level - 1, 2 * index + 1, right);
	if (rc == RC_OK)
		rc = merkle_node_hash(left, right, ret);
	return rc;
}

/* MTH of n leaves from a first that is a multiple of every power of two in n. */
static enum rc tree(const struct merkle_source *source, uint64_t first, uint64_t n, uint8_t *ret)
{
	struct merkle_range range = {.size = n};
	enum rc rc;

	for (unsigned int level = MERKLE_LEVELS; level-- > 0;) {
		if (!(n >> level & 1))
			continue;
		rc = subtree(source, level, first >> level, range.hash[level]);
		if (rc != RC_OK)
			return rc;
		first += (uint64_t)1 << level;
	}
	return merkle_root(&range, ret);
}

enum rc merkle_root_of(const struct merkle_source *source, uint64_t size, uint8_t ret[MERKLE_HASH])
{
	return tree(source, 0, size, ret);
}

/* Proofs are gathered from the root down and read from the leaf up. */
static void reverse(struct merkle_proof *proof)
{
	uint8_t swap[MERKLE_HASH];

	for (unsigned int i = 0; i < proof->count / 2; i++) {
		uint8_t *a = proof->hash[i], *b = proof->hash[proof->count - 1 - i];

		memcpy(swap, a, MERKLE_HASH);
		memcpy(a, b, MERKLE_HASH);
		memcpy(b, swap, MERKLE_HASH);
	}
}

static enum rc gather(const struct merkle_source *source, uint64_t first, uint64_t n,
		      struct merkle_proof *proof)
{
	enum rc rc = tree(source, first, n, proof->hash[proof->count]);

	if (rc == RC_OK)
		proof->count++;
	return rc;
}

enum rc merkle_prove_inclusion(const struct merkle_source *source, uint64_t index, uint64_t size,
			       struct merkle_proof *ret)
{
	struct merkle_proof proof = {.count = 0};
	uint64_t first = 0, n = size;
	enum rc rc = RC_OK;

	if (index >= size)
		return RC_ARGUMENT;
	while (n > 1 && rc == RC_OK) {
		uint64_t k = (uint64_t)1 << split_level(n);

		if (index - first < k) {
			rc = gather(source, first + k, n - k, &proof);
			n = k;
		} else {
			rc = gather(source, first, k, &proof);
			first += k;
			n -= k;
		}
	}
	if (rc != RC_OK)
		return rc;
	reverse(&proof);
	*ret = proof;
	return RC_OK;
}

/* RFC 6962 2.1.2, SUBPROOF with the recursion turned into a loop: m is counted from first. */
enum rc merkle_prove_consistency(const struct merkle_source *source, uint64_t from, uint64_t to,
				 struct merkle_proof *ret)
{
	struct merkle_proof proof = {.count = 0};
	uint64_t first = 0, m = from, n = to;
	enum rc rc = RC_OK;

	if (!from || from > to)
		return RC_ARGUMENT;
	while (m < n && rc == RC_OK) {
		uint64_t k = (uint64_t)1 << split_level(n);

		if (m <= k) {
			rc = gather(source, first + k, n - k, &proof);
			n = k;
		} else {
			rc = gather(source, first, k, &proof);
			first += k;
			m -= k;
			n -= k;
		}
	}
	/* The old tree's own root is known to the verifier. */
	if (rc == RC_OK && first)
		rc = gather(source, first, n, &proof);
	if (rc != RC_OK)
		return rc;
	reverse(&proof);
	*ret = proof;
	return RC_OK;
}

enum rc merkle_verify_inclusion(const struct merkle_proof *proof, uint64_t index, uint64_t size,
				const uint8_t leaf_hash[MERKLE_HASH],
				const uint8_t root[MERKLE_HASH])
{
	uint64_t fn = index, sn = size - 1;
	uint8_t hash[MERKLE_HASH];
	enum rc rc;

	if (index >= size || proof->count > MERKLE_PROOF_MAX)
		return RC_AUTH;
	memcpy(hash, leaf_hash, MERKLE_HASH);
	for (unsigned int i = 0; i < proof->count; i++) {
		const uint8_t *p = proof->hash[i];

		if (!sn)
			return RC_AUTH;
		if (fn & 1 || fn == sn) {
			rc = merkle_node_hash(p, hash, hash);
			while (!(fn & 1) && fn) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			rc = merkle_node_hash(hash, p, hash);
		}
		if (rc != RC_OK)
			return rc;
		fn >>= 1;
		sn >>= 1;
	}
	return !sn && view_equal(hash_view(hash), hash_view(root)) ? RC_OK : RC_AUTH;
}

/* Steps 5 to 7 of RFC 9162 2.1.4.2; the walk begins at the hash start. */
static enum rc walk(const struct merkle_proof *proof, unsigned int next, const uint8_t *start,
		    uint64_t fn, uint64_t sn, const uint8_t *from_root, const uint8_t *to_root)
{
	uint8_t fr[MERKLE_HASH], sr[MERKLE_HASH];
	enum rc rc = RC_OK;

	memcpy(fr, start, MERKLE_HASH);
	memcpy(sr, start, MERKLE_HASH);
	for (; next < proof->count && rc == RC_OK; next++) {
		const uint8_t *c = proof->hash[next];

		if (!sn)
			return RC_AUTH;
		if (fn & 1 || fn == sn) {
			rc = merkle_node_hash(c, fr, fr);
			if (rc == RC_OK)
				rc = merkle_node_hash(c, sr, sr);
			while (!(fn & 1) && fn) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			rc = merkle_node_hash(sr, c, sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	if (rc != RC_OK)
		return rc;
	if (sn || !view_equal(hash_view(fr), hash_view(from_root)) ||
	    !view_equal(hash_view(sr), hash_view(to_root)))
		return RC_AUTH;
	return RC_OK;
}

enum rc merkle_verify_consistency(const struct merkle_proof *proof, uint64_t from, uint64_t to,
				  const uint8_t from_root[MERKLE_HASH],
				  const uint8_t to_root[MERKLE_HASH])
{
	uint64_t fn = from - 1, sn = to - 1;

	if (!from)
		return RC_ARGUMENT;
	if (from > to || proof->count > MERKLE_PROOF_MAX)
		return RC_AUTH;
	if (from == to)
		return !proof->count && view_equal(hash_view(from_root), hash_view(to_root))
			       ? RC_OK
			       : RC_AUTH;
	if (!proof->count)
		return RC_AUTH;
	while (fn & 1) {
		fn >>= 1;
		sn >>= 1;
	}
	/* fn is 0 exactly if from is a power of two, whose root the proof leaves out. */
	if (!fn)
		return walk(proof, 0, from_root, fn, sn, from_root, to_root);
	return walk(proof, 1, proof->hash[0], fn, sn, from_root, to_root);
}
