/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree against the roots and proofs that Certificate Transparency's implementations publish
 * (transparency-dev/merkle, testonly), and, for every size to 200, against RFC 6962 2.1 written
 * down naively.
 */
#include "base/merkle.h"

#include <string.h>

#include "base/crypto.h"
#include "tests/base/hex.h"
#include "tests/suite.h"

enum { SIZES = 200 };

static uint8_t leaves[SIZES][MERKLE_HASH];
static uint8_t roots[SIZES + 1][MERKLE_HASH];

/* RFC 6962 2.1, word for word. */
static void mth(size_t first, size_t n, uint8_t *ret)
{
	uint8_t both[1 + 2 * MERKLE_HASH] = {1};
	size_t k = 1;

	if (n == 1) {
		memcpy(ret, leaves[first], MERKLE_HASH);
		return;
	}
	while (k * 2 < n)
		k *= 2;
	mth(first, k, both + 1);
	mth(first + k, n - k, both + 1 + MERKLE_HASH);
	if (crypto_sha256(view_of(both, sizeof(both)), ret) != RC_OK)
		abort();
}

static int make_leaves(void)
{
	for (size_t i = 0; i < SIZES; i++) {
		uint8_t bytes[2] = {(uint8_t)i, 0xA5};

		if (merkle_leaf_hash(view_of(bytes, sizeof(bytes)), leaves[i]) != RC_OK)
			return 1;
	}
	for (size_t n = 1; n <= SIZES; n++)
		mth(0, n, roots[n]);
	return crypto_sha256(view_of(NULL, 0), roots[0]) != RC_OK;
}

static bool same(const void *a, const void *b)
{
	return view_equal(view_of(a, MERKLE_HASH), view_of(b, MERKLE_HASH));
}

static const char *const ct_leaves[] = {
	"",
	"00",
	"10",
	"2021",
	"3031",
	"40414243",
	"5051525354555657",
	"606162636465666768696a6b6c6d6e6f",
};

static const char *const ct_roots[] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static void roots_are_those_of_certificate_transparency(void)
{
	struct merkle_range range = {.size = 0};
	uint8_t hash[MERKLE_HASH];

	for (size_t n = 0; n <= 8; n++) {
		CU_ASSERT_EQUAL(merkle_root(&range, hash), RC_OK);
		CU_ASSERT(same(hash, hex(ct_roots[n]).data));
		if (n == 8)
			break;
		CU_ASSERT_EQUAL(merkle_leaf_hash(hex(ct_leaves[n]), hash), RC_OK);
		CU_ASSERT_EQUAL(merkle_append(&range, hash), RC_OK);
	}
}

/* Leaf hashes only: every subtree has to be computed. */
static enum rc from_leaves(void *arg, unsigned int level, uint64_t index, uint8_t ret[MERKLE_HASH])
{
	uint8_t(*hashes)[MERKLE_HASH] = arg;

	if (level)
		return RC_NOT_FOUND;
	memcpy(ret, hashes[index], MERKLE_HASH);
	return RC_OK;
}

/* Complete subtrees as well, as tiles would give them. */
static enum rc from_subtrees(void *arg, unsigned int level, uint64_t index,
			     uint8_t ret[MERKLE_HASH])
{
	(void)arg;
	mth(index << level, (size_t)1 << level, ret);
	return RC_OK;
}

static enum rc from_nowhere(void *arg, unsigned int level, uint64_t index, uint8_t ret[MERKLE_HASH])
{
	(void)arg, (void)level, (void)index, (void)ret;
	return RC_DAMAGED;
}

static const struct merkle_source by_leaf = {.hash = from_leaves, .arg = leaves};
static const struct merkle_source by_subtree = {.hash = from_subtrees};

static void proofs_are_those_of_certificate_transparency(void)
{
	static const struct {
		uint64_t from, to;
		unsigned int count;
		const char *hash[4];
	} rows[] = {
		{1, 1, 0, {0}},
		{1,
		 8,
		 3,
		 {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
		  "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
		  "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
		{6,
		 8,
		 3,
		 {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
		  "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
		  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
		{2,
		 5,
		 2,
		 {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
		  "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
	};
	uint8_t hashes[8][MERKLE_HASH];
	struct merkle_source source = {.hash = from_leaves, .arg = hashes};
	struct merkle_proof proof;

	for (size_t i = 0; i < 8; i++)
		CU_ASSERT_EQUAL(merkle_leaf_hash(hex(ct_leaves[i]), hashes[i]), RC_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(merkle_prove_consistency(&source, rows[i].from, rows[i].to, &proof),
				RC_OK);
		CU_ASSERT_EQUAL_FATAL(proof.count, rows[i].count);
		for (unsigned int k = 0; k < proof.count; k++)
			CU_ASSERT(same(proof.hash[k], hex(rows[i].hash[k]).data));
	}
	CU_ASSERT_EQUAL(merkle_prove_inclusion(&source, 0, 8, &proof), RC_OK);
	CU_ASSERT_EQUAL_FATAL(proof.count, 3);
	for (unsigned int k = 0; k < 3; k++)
		CU_ASSERT(same(proof.hash[k], hex(rows[1].hash[k]).data));
}

static void every_range_has_the_root_and_the_newest_proof_of_the_definition(void)
{
	struct merkle_range range = {.size = 0};
	uint8_t root[MERKLE_HASH];

	for (size_t n = 1; n <= SIZES; n++) {
		struct merkle_proof newest, general;

		merkle_prove_next(&range, &newest);
		CU_ASSERT_EQUAL(merkle_append(&range, leaves[n - 1]), RC_OK);
		CU_ASSERT_EQUAL(merkle_root(&range, root), RC_OK);
		CU_ASSERT(same(root, roots[n]));
		CU_ASSERT_EQUAL(merkle_root_of(&by_leaf, n, root), RC_OK);
		CU_ASSERT(same(root, roots[n]));
		CU_ASSERT_EQUAL(merkle_prove_inclusion(&by_leaf, n - 1, n, &general), RC_OK);
		CU_ASSERT_EQUAL(newest.count, general.count);
		CU_ASSERT(view_equal(view_of(newest.hash, newest.count * MERKLE_HASH),
				     view_of(general.hash, general.count * MERKLE_HASH)));
		CU_ASSERT_EQUAL(merkle_verify_inclusion(&newest, n - 1, n, leaves[n - 1], roots[n]),
				RC_OK);
	}
	CU_ASSERT_EQUAL(merkle_root_of(&by_leaf, 0, root), RC_OK);
	CU_ASSERT(same(root, roots[0]));
}

static void every_inclusion_proof_verifies_and_at_no_other_place(void)
{
	struct merkle_proof proof;
	size_t wrong = 0, accepted = 0;

	for (size_t n = 1; n <= SIZES; n++) {
		for (size_t i = 0; i < n; i++) {
			wrong += merkle_prove_inclusion(&by_leaf, i, n, &proof) != RC_OK;
			wrong += merkle_verify_inclusion(&proof, i, n, leaves[i], roots[n]) !=
				 RC_OK;
			accepted += merkle_verify_inclusion(&proof, i, n, leaves[(i + 1) % SIZES],
							    roots[n]) == RC_OK;
			accepted += merkle_verify_inclusion(&proof, i, n, leaves[i],
							    roots[n - 1]) == RC_OK;
			accepted += merkle_verify_inclusion(&proof, i + 1, n, leaves[i],
							    roots[n]) == RC_OK;
			accepted += merkle_verify_inclusion(&proof, n, n, leaves[i], roots[n]) ==
				    RC_OK;
		}
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(accepted, 0);
}

static void every_consistency_proof_verifies_and_with_no_other_root(void)
{
	struct merkle_proof proof;
	size_t wrong = 0, accepted = 0;

	for (size_t n = 1; n <= SIZES; n += n < 70 ? 1 : 13) {
		for (size_t m = 1; m <= n; m++) {
			wrong += merkle_prove_consistency(&by_leaf, m, n, &proof) != RC_OK;
			wrong += merkle_verify_consistency(&proof, m, n, roots[m], roots[n]) !=
				 RC_OK;
			accepted += merkle_verify_consistency(&proof, m, n, roots[m - 1],
							      roots[n]) == RC_OK;
			accepted += merkle_verify_consistency(&proof, m, n, roots[m],
							      roots[n - 1]) == RC_OK;
		}
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(accepted, 0);
}

static void a_source_of_subtrees_gives_the_same_proofs(void)
{
	struct merkle_proof a, b;

	for (size_t n = 1; n <= 40; n++) {
		for (size_t i = 0; i < n; i++) {
			CU_ASSERT_EQUAL(merkle_prove_inclusion(&by_leaf, i, n, &a), RC_OK);
			CU_ASSERT_EQUAL(merkle_prove_inclusion(&by_subtree, i, n, &b), RC_OK);
			CU_ASSERT(view_equal(view_of(a.hash, a.count * MERKLE_HASH),
					     view_of(b.hash, b.count * MERKLE_HASH)));
			CU_ASSERT_EQUAL(merkle_prove_consistency(&by_leaf, i + 1, n, &a), RC_OK);
			CU_ASSERT_EQUAL(merkle_prove_consistency(&by_subtree, i + 1, n, &b), RC_OK);
			CU_ASSERT(view_equal(view_of(a.hash, a.count * MERKLE_HASH),
					     view_of(b.hash, b.count * MERKLE_HASH)));
		}
	}
}

static void shortened_lengthened_and_flipped_proofs_are_refused(void)
{
	struct merkle_proof proof, bent;

	for (size_t n = 2; n <= 20; n++) {
		for (size_t i = 0; i < n; i++) {
			CU_ASSERT_EQUAL(merkle_prove_inclusion(&by_leaf, i, n, &proof), RC_OK);
			bent = proof;
			bent.count++;
			memcpy(bent.hash[proof.count], leaves[0], MERKLE_HASH);
			CU_ASSERT_EQUAL(merkle_verify_inclusion(&bent, i, n, leaves[i], roots[n]),
					RC_AUTH);
			for (bent.count = 0; bent.count < proof.count; bent.count++)
				CU_ASSERT_EQUAL(merkle_verify_inclusion(&bent, i, n, leaves[i],
									roots[n]),
						RC_AUTH);
			for (size_t bit = 0; bit < 8 * MERKLE_HASH * proof.count; bit += 37) {
				bent = proof;
				bent.hash[bit / 256][bit / 8 % 32] ^= (uint8_t)(1 << bit % 8);
				CU_ASSERT_EQUAL(merkle_verify_inclusion(&bent, i, n, leaves[i],
									roots[n]),
						RC_AUTH);
			}
		}
		for (size_t m = 1; m < n; m++) {
			CU_ASSERT_EQUAL(merkle_prove_consistency(&by_leaf, m, n, &proof), RC_OK);
			bent = proof;
			bent.count++;
			memcpy(bent.hash[proof.count], leaves[0], MERKLE_HASH);
			CU_ASSERT_EQUAL(merkle_verify_consistency(&bent, m, n, roots[m], roots[n]),
					RC_AUTH);
			for (bent.count = 0; bent.count < proof.count; bent.count++)
				CU_ASSERT_EQUAL(merkle_verify_consistency(&bent, m, n, roots[m],
									  roots[n]),
						RC_AUTH);
		}
	}
}

static void impossible_sizes_are_refused(void)
{
	struct merkle_proof proof = {.count = 0}, huge = {.count = MERKLE_PROOF_MAX + 1};
	struct merkle_range full = {.size = UINT64_MAX};

	CU_ASSERT_EQUAL(merkle_prove_inclusion(&by_leaf, 0, 0, &proof), RC_ARGUMENT);
	CU_ASSERT_EQUAL(merkle_prove_inclusion(&by_leaf, 5, 5, &proof), RC_ARGUMENT);
	CU_ASSERT_EQUAL(merkle_prove_consistency(&by_leaf, 0, 5, &proof), RC_ARGUMENT);
	CU_ASSERT_EQUAL(merkle_prove_consistency(&by_leaf, 6, 5, &proof), RC_ARGUMENT);
	CU_ASSERT_EQUAL(merkle_verify_inclusion(&proof, 0, 0, leaves[0], roots[0]), RC_AUTH);
	CU_ASSERT_EQUAL(merkle_verify_inclusion(&huge, 0, 9, leaves[0], roots[9]), RC_AUTH);
	CU_ASSERT_EQUAL(merkle_verify_consistency(&huge, 1, 9, roots[1], roots[9]), RC_AUTH);
	CU_ASSERT_EQUAL(merkle_verify_consistency(&proof, 0, 9, roots[0], roots[9]), RC_ARGUMENT);
	CU_ASSERT_EQUAL(merkle_verify_consistency(&proof, 9, 8, roots[9], roots[8]), RC_AUTH);
	CU_ASSERT_EQUAL(merkle_verify_consistency(&proof, 8, 9, roots[8], roots[9]), RC_AUTH);
	CU_ASSERT_EQUAL(merkle_append(&full, leaves[0]), RC_FULL);
}

static void a_failing_source_ends_the_proof(void)
{
	static const struct merkle_source nowhere = {.hash = from_nowhere};
	struct merkle_proof proof;
	uint8_t root[MERKLE_HASH];

	CU_ASSERT_EQUAL(merkle_prove_inclusion(&nowhere, 3, 7, &proof), RC_DAMAGED);
	CU_ASSERT_EQUAL(merkle_prove_consistency(&nowhere, 3, 7, &proof), RC_DAMAGED);
	CU_ASSERT_EQUAL(merkle_root_of(&nowhere, 3, root), RC_DAMAGED);
}

static void ranges_survive_as_bytes_and_no_truncation_does(void)
{
	struct merkle_range range = {.size = 0};
	struct buf b;

	buf_init(&b, MERKLE_RANGE_MAX);
	for (size_t n = 0; n <= SIZES; n++) {
		struct merkle_range copy;
		uint8_t root[MERKLE_HASH];
		struct view in;

		buf_reset(&b);
		merkle_range_put(&b, &range);
		in = view_buf(&b);
		CU_ASSERT_EQUAL(merkle_range_take(&in, &copy), RC_OK);
		CU_ASSERT_EQUAL(in.len, 0);
		CU_ASSERT_EQUAL(merkle_root(&copy, root), RC_OK);
		CU_ASSERT(same(root, roots[n]));
		for (size_t len = 0; len < b.len; len++) {
			in = view_of(b.data, len);
			CU_ASSERT_EQUAL(merkle_range_take(&in, &copy), RC_MALFORMED);
			CU_ASSERT_EQUAL(in.len, len);
		}
		if (n < SIZES)
			CU_ASSERT_EQUAL(merkle_append(&range, leaves[n]), RC_OK);
	}
	buf_free(&b);
}

int main(void)
{
	static CU_TestInfo tests[] = {
		{"roots are those of Certificate Transparency",
		 roots_are_those_of_certificate_transparency},
		{"proofs are those of Certificate Transparency",
		 proofs_are_those_of_certificate_transparency},
		{"every range has the root and the newest proof of the definition",
		 every_range_has_the_root_and_the_newest_proof_of_the_definition},
		{"every inclusion proof verifies, and at no other place",
		 every_inclusion_proof_verifies_and_at_no_other_place},
		{"every consistency proof verifies, and with no other root",
		 every_consistency_proof_verifies_and_with_no_other_root},
		{"a source of subtrees gives the same proofs",
		 a_source_of_subtrees_gives_the_same_proofs},
		{"shortened, lengthened and flipped proofs are refused",
		 shortened_lengthened_and_flipped_proofs_are_refused},
		{"impossible sizes are refused", impossible_sizes_are_refused},
		{"a failing source ends the proof", a_failing_source_ends_the_proof},
		{"ranges survive as bytes and no truncation does",
		 ranges_survive_as_bytes_and_no_truncation_does},
		CU_TEST_INFO_NULL,
	};
	static CU_SuiteInfo suites[] = {
		{.pName = "tree", .pInitFunc = make_leaves, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("base merkle", suites);
}
