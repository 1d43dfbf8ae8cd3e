/* SPDX-License-Identifier: BSD-2-Clause */
/* Tiles of a Merkle tree, C2SP tlog-tiles. */
#include "base/tiles.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

static void put_index(struct buf *b, uint64_t index)
{
	uint64_t groups[7];
	unsigned int n = 0;

	do {
		groups[n++] = index % 1000;
		index /= 1000;
	} while (index);
	while (n--)
		buf_printf(b, n ? "x%03u/" : "%03u", (unsigned int)groups[n]);
}

void tile_put_path(struct buf *b, const struct tile *tile)
{
	if (tile->level == TILE_ENTRIES)
		buf_str(b, "tile/entries/");
	else
		buf_printf(b, "tile/%d/", tile->level);
	put_index(b, tile->index);
	if (tile->width != TILE_WIDTH)
		buf_printf(b, ".p/%u", tile->width);
}

/* Takes a prefix; false, and in unmoved, if it is not there. */
static bool take_text(struct view *in, const char *text)
{
	struct view wanted = view_str(text), rest = *in, front;

	if (view_take(&rest, wanted.len, &front) != RC_OK || !view_equal(front, wanted))
		return false;
	*in = rest;
	return true;
}

/* Takes digits; leading zeros are judged by writing the path again. */
static enum rc take_number(struct view *in, uint64_t limit, uint64_t *ret)
{
	uint64_t n = 0;
	uint8_t digit;
	size_t count = 0;

	while (in->len && in->data[0] >= '0' && in->data[0] <= '9' &&
	       view_u8(in, &digit) == RC_OK) {
		n = n * 10 + (digit - '0');
		if (n > limit)
			return RC_MALFORMED;
		count++;
	}
	*ret = n;
	return count ? RC_OK : RC_MALFORMED;
}

static enum rc take_index(struct view *in, uint64_t *ret)
{
	uint64_t index = 0, group;
	bool more;

	do {
		more = take_text(in, "x");
		if (take_number(in, 999, &group) != RC_OK || index > (UINT64_MAX - group) / 1000)
			return RC_MALFORMED;
		index = index * 1000 + group;
		if (more && !take_text(in, "/"))
			return RC_MALFORMED;
	} while (more);
	*ret = index;
	return RC_OK;
}

enum rc tile_parse_path(struct view path, struct tile *ret)
{
	struct tile tile = {.level = TILE_ENTRIES, .width = TILE_WIDTH};
	uint8_t array[TILE_PATH_MAX];
	struct view in = path;
	uint64_t number;
	struct buf again;

	if (!take_text(&in, "tile/"))
		return RC_MALFORMED;
	if (!take_text(&in, "entries/")) {
		if (take_number(&in, TILE_LEVELS - 1, &number) != RC_OK || !take_text(&in, "/"))
			return RC_MALFORMED;
		tile.level = (int)number;
	}
	if (take_index(&in, &tile.index) != RC_OK)
		return RC_MALFORMED;
	if (take_text(&in, ".p/")) {
		if (take_number(&in, TILE_WIDTH - 1, &number) != RC_OK || !number)
			return RC_MALFORMED;
		tile.width = (unsigned int)number;
	}
	buf_fixed(&again, array, sizeof(array));
	tile_put_path(&again, &tile);
	if (view_end(&in) != RC_OK || buf_rc(&again) != RC_OK ||
	    !view_equal(path, view_buf(&again)))
		return RC_MALFORMED;
	*ret = tile;
	return RC_OK;
}

static unsigned int level_of(const struct tile *tile)
{
	return tile->level == TILE_ENTRIES ? 0 : (unsigned int)tile->level;
}

unsigned int tile_width(const struct tile *tile, uint64_t size)
{
	uint64_t hashes = size >> (TILE_HEIGHT * level_of(tile)), full = hashes / TILE_WIDTH;

	if (tile->index < full)
		return TILE_WIDTH;
	return tile->index == full ? (unsigned int)(hashes % TILE_WIDTH) : 0;
}

unsigned int tiles_waiting(const struct tiles *tiles, int level)
{
	return tiles->size >> (TILE_HEIGHT * (unsigned int)level) & (TILE_WIDTH - 1);
}

static enum rc root_of(const uint8_t *hashes, unsigned int count, struct merkle_range *range)
{
	enum rc rc = RC_OK;

	range->size = 0;
	for (unsigned int i = 0; i < count && rc == RC_OK; i++)
		rc = merkle_append(range, hashes + (size_t)i * MERKLE_HASH);
	return rc;
}

/* A full tile goes to the sink and leaves its root at the level above. */
static enum rc pass_on(struct tiles *tiles, int level, uint8_t ret[MERKLE_HASH], tile_sink *sink,
		       void *arg)
{
	struct tile tile = {
		.level = level,
		.index = tiles->size >> (TILE_HEIGHT * ((unsigned int)level + 1)),
		.width = TILE_WIDTH,
	};
	struct merkle_range range;
	enum rc rc = RC_OK;

	if (sink)
		rc = sink(arg, &tile,
			  view_of(tiles->hash[level], (size_t)TILE_WIDTH * MERKLE_HASH));
	if (rc == RC_OK)
		rc = root_of(tiles->hash[level][0], TILE_WIDTH, &range);
	if (rc == RC_OK)
		memcpy(ret, range.hash[TILE_HEIGHT], MERKLE_HASH);
	return rc;
}

enum rc tiles_append(struct tiles *tiles, const uint8_t leaf_hash[MERKLE_HASH], tile_sink *sink,
		     void *arg)
{
	uint8_t hash[MERKLE_HASH];
	enum rc rc = RC_OK;
	int level = 0;

	if (tiles->size == UINT64_MAX)
		return RC_FULL;
	memcpy(hash, leaf_hash, MERKLE_HASH);
	for (; rc == RC_OK; level++) {
		unsigned int at = tiles_waiting(tiles, level);

		assert(level < TILE_LEVELS);
		memcpy(tiles->hash[level][at], hash, MERKLE_HASH);
		if (at != TILE_WIDTH - 1)
			break;
		rc = pass_on(tiles, level, hash, sink, arg);
	}
	if (rc == RC_OK)
		tiles->size++;
	return rc;
}

enum rc tiles_flush(const struct tiles *tiles, tile_sink *sink, void *arg)
{
	enum rc rc = RC_OK;

	for (int level = 0; level < TILE_LEVELS && rc == RC_OK; level++) {
		struct tile tile = {.level = level, .width = tiles_waiting(tiles, level)};

		if (!tile.width)
			continue;
		tile.index = level + 1 < TILE_LEVELS
				     ? tiles->size >> (TILE_HEIGHT * ((unsigned int)level + 1))
				     : 0;
		rc = sink(arg, &tile,
			  view_of(tiles->hash[level], (size_t)tile.width * MERKLE_HASH));
	}
	return rc;
}

enum rc tiles_load(struct tiles *ret, uint64_t size,
		   enum rc (*read)(void *arg, const struct tile *tile, struct buf *out), void *arg)
{
	struct buf hashes;
	enum rc rc = RC_OK;

	ret->size = size;
	for (int level = 0; level < TILE_LEVELS && rc == RC_OK; level++) {
		struct tile tile = {.level = level, .width = tiles_waiting(ret, level)};

		if (!tile.width)
			continue;
		tile.index = level + 1 < TILE_LEVELS
				     ? size >> (TILE_HEIGHT * ((unsigned int)level + 1))
				     : 0;
		buf_fixed(&hashes, ret->hash[level], sizeof(ret->hash[level]));
		rc = read(arg, &tile, &hashes);
		if (rc == RC_OK &&
		    (buf_rc(&hashes) != RC_OK || hashes.len != (size_t)tile.width * MERKLE_HASH))
			rc = RC_MALFORMED;
	}
	return rc;
}

enum rc tiles_range(const struct tiles *tiles, struct merkle_range *ret)
{
	struct merkle_range part;
	enum rc rc = RC_OK;

	*ret = (struct merkle_range){.size = tiles->size};
	for (int level = 0; level < TILE_LEVELS && rc == RC_OK; level++) {
		rc = root_of(tiles->hash[level][0], tiles_waiting(tiles, level), &part);
		for (int k = 0; k < TILE_HEIGHT && rc == RC_OK; k++) {
			if (part.size >> k & 1)
				memcpy(ret->hash[level * TILE_HEIGHT + k], part.hash[k],
				       MERKLE_HASH);
		}
	}
	return rc;
}

enum rc tiles_root(const struct tiles *tiles, uint8_t ret[MERKLE_HASH])
{
	struct merkle_range range;
	enum rc rc = tiles_range(tiles, &range);

	return rc == RC_OK ? merkle_root(&range, ret) : rc;
}
