/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tiles against the tree of base/merkle.h, leaf by leaf to the 70,000 leaves that the specification
 * counts out, and their names.
 */
#include "base/tiles.h"

#include <stdio.h>
#include <string.h>

#include "tests/suite.h"

enum { LEAVES = 70000, SHOWN = 3 };

static struct tiles tree;
static struct merkle_range range;
/* The tiles as a reader of files would find them: levels 0 to 2. */
static uint8_t kept[SHOWN][LEAVES][MERKLE_HASH];
static unsigned int full[SHOWN], partial[SHOWN];

static enum rc keep(void *arg, const struct tile *tile, struct view hashes)
{
	(void)arg;
	CU_ASSERT_FATAL(tile->level < SHOWN);
	CU_ASSERT_EQUAL(hashes.len, (size_t)tile->width * MERKLE_HASH);
	CU_ASSERT_EQUAL(tile->width, tile_width(tile, tree.size + (tile->width == TILE_WIDTH)));
	if (tile->width == TILE_WIDTH)
		full[tile->level]++;
	else
		partial[tile->level] = tile->width;
	return view_copy(&hashes, kept[tile->level][tile->index * TILE_WIDTH], hashes.len);
}

static void leaf(uint64_t i, uint8_t ret[MERKLE_HASH])
{
	uint8_t bytes[2] = {(uint8_t)(i >> 8), (uint8_t)i};

	CU_ASSERT_EQUAL_FATAL(merkle_leaf_hash(view_of(bytes, 2), ret), RC_OK);
}

static void the_root_is_the_trees_at_every_size(void)
{
	uint8_t hash[MERKLE_HASH], root[MERKLE_HASH], expected[MERKLE_HASH];
	unsigned int wrong = 0;

	for (uint64_t i = 0; i < LEAVES; i++) {
		leaf(i, hash);
		CU_ASSERT_EQUAL_FATAL(tiles_append(&tree, hash, keep, NULL), RC_OK);
		CU_ASSERT_EQUAL_FATAL(merkle_append(&range, hash), RC_OK);
		if (i > 600 && i % 997 && (i & (i + 2)))
			continue;
		CU_ASSERT_EQUAL(tiles_root(&tree, root), RC_OK);
		CU_ASSERT_EQUAL(merkle_root(&range, expected), RC_OK);
		wrong += !view_equal(view_of(root, MERKLE_HASH), view_of(expected, MERKLE_HASH));
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

static void seventy_thousand_leaves_make_the_tiles_that_the_specification_counts(void)
{
	CU_ASSERT_EQUAL(tiles_flush(&tree, keep, NULL), RC_OK);
	CU_ASSERT_EQUAL(full[0], 273);
	CU_ASSERT_EQUAL(partial[0], 112);
	CU_ASSERT_EQUAL(full[1], 1);
	CU_ASSERT_EQUAL(partial[1], 17);
	CU_ASSERT_EQUAL(full[2], 0);
	CU_ASSERT_EQUAL(partial[2], 1);
}

static enum rc read_kept(void *arg, const struct tile *tile, struct buf *out)
{
	const unsigned int *less = arg;

	buf_put(out, kept[tile->level][tile->index * TILE_WIDTH],
		(size_t)(tile->width - *less) * MERKLE_HASH);
	return RC_OK;
}

static void a_tree_is_taken_up_again_from_its_tiles(void)
{
	static struct tiles loaded;
	static const uint64_t sizes[] = {0,   1,     255,   256,   257,   511,
					 512, 65535, 65536, 65537, LEAVES};
	uint8_t hash[MERKLE_HASH], root[MERKLE_HASH], expected[MERKLE_HASH];
	unsigned int none = 0, one = 1;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		CU_ASSERT_EQUAL_FATAL(tiles_load(&loaded, sizes[i], read_kept, &none), RC_OK);
		for (uint64_t at = sizes[i]; at < LEAVES; at++) {
			leaf(at, hash);
			CU_ASSERT_EQUAL_FATAL(tiles_append(&loaded, hash, NULL, NULL), RC_OK);
		}
		CU_ASSERT_EQUAL(tiles_root(&loaded, root), RC_OK);
		CU_ASSERT_EQUAL(tiles_root(&tree, expected), RC_OK);
		CU_ASSERT_TRUE(
			view_equal(view_of(root, MERKLE_HASH), view_of(expected, MERKLE_HASH)));
	}
	CU_ASSERT_EQUAL(tiles_load(&loaded, LEAVES, read_kept, &one), RC_MALFORMED);
}

static void names_are_those_of_the_specification(void)
{
	static const struct {
		struct tile tile;
		const char *path;
	} rows[] = {
		{{0, 0, 256}, "tile/0/000"},
		{{0, 273, 112}, "tile/0/273.p/112"},
		{{1, 1234067, 256}, "tile/1/x001/x234/067"},
		{{7, 1000, 1}, "tile/7/x001/000.p/1"},
		{{TILE_ENTRIES, 999, 255}, "tile/entries/999.p/255"},
		{{TILE_ENTRIES, UINT64_MAX, 256}, "tile/entries/x018/x446/x744/x073/x709/x551/615"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t array[TILE_PATH_MAX];
		struct tile parsed;
		struct buf b;

		buf_fixed(&b, array, sizeof(array));
		tile_put_path(&b, &rows[i].tile);
		CU_ASSERT_EQUAL(buf_rc(&b), RC_OK);
		CU_ASSERT_TRUE(view_equal(view_buf(&b), view_str(rows[i].path)));
		CU_ASSERT_EQUAL_FATAL(tile_parse_path(view_str(rows[i].path), &parsed), RC_OK);
		CU_ASSERT_EQUAL(parsed.level, rows[i].tile.level);
		CU_ASSERT_EQUAL(parsed.index, rows[i].tile.index);
		CU_ASSERT_EQUAL(parsed.width, rows[i].tile.width);
	}
}

static void every_other_name_is_refused(void)
{
	static const char *const names[] = {
		"",
		"tile",
		"tile/",
		"tile/0",
		"tile/0/",
		"tile/00/000",
		"tile/8/000",
		"tile/-1/000",
		"tile/0/0",
		"tile/0/0000",
		"tile/0/1000",
		"tile/0/x000/001",
		"tile/0/x001",
		"tile/0/x001/",
		"tile/0/001/001",
		"tile/0/000.p",
		"tile/0/000.p/",
		"tile/0/000.p/0",
		"tile/0/000.p/01",
		"tile/0/000.p/256",
		"tile/0/000.p/1/",
		"tile/0/000/",
		"tile/0/000.tmp",
		"tile/data/000",
		"/tile/0/000",
		"tile/0/x018/x446/x744/x073/x709/x551/616",
		"tile/0/x999/x999/x999/x999/x999/x999/999",
	};
	struct tile tile;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		CU_ASSERT_EQUAL(tile_parse_path(view_str(names[i]), &tile), RC_MALFORMED);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"the root is the tree's at every size", the_root_is_the_trees_at_every_size},
		{"seventy thousand leaves make the tiles that the specification counts",
		 seventy_thousand_leaves_make_the_tiles_that_the_specification_counts},
		{"a tree is taken up again from its tiles",
		 a_tree_is_taken_up_again_from_its_tiles},
		{"names are those of the specification", names_are_those_of_the_specification},
		{"every other name is refused", every_other_name_is_refused},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "tiles", .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("tiles", suites);
}
