/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree of base/merkle.h in tiles, C2SP tlog-tiles: names of tiles and bundles of entries, and a
 * tree that grows leaf by leaf and gives every tile when it is full. Memory is constant, whatever
 * the size of the tree; nothing here allocates or reads files.
 */
#ifndef INTAGLIO_BASE_TILES_H
#define INTAGLIO_BASE_TILES_H

#include "base/merkle.h"

enum {
	TILE_HEIGHT = 8,
	TILE_WIDTH = 1 << TILE_HEIGHT,
	TILE_LEVELS = MERKLE_LEVELS / TILE_HEIGHT,
	TILE_ENTRIES = -1, /* instead of a level: the bundle of the entries themselves */
	TILE_PATH_MAX = 64,
};

struct tile {
	int level; /* or TILE_ENTRIES */
	uint64_t index;
	unsigned int width; /* 1 to TILE_WIDTH */
};

/* Appends the path: `tile/0/x001/234`, `tile/entries/000.p/7`. */
void tile_put_path(struct buf *b, const struct tile *tile);
/* What tile_put_path made, and nothing else: RC_MALFORMED. */
enum rc tile_parse_path(struct view path, struct tile *ret) WARN_UNUSED;
/*
 * The width of a tile in a tree of this size, 0 if it has no such tile. The width that the tile is
 * given does not matter.
 */
unsigned int tile_width(const struct tile *tile, uint64_t size);

/* What is not in a full tile yet, level by level. All zeros is the empty tree. */
struct tiles {
	uint64_t size;
	uint8_t hash[TILE_LEVELS][TILE_WIDTH][MERKLE_HASH];
};

/* Told of every tile; a failure ends what was being done. */
typedef enum rc tile_sink(void *arg, const struct tile *tile, struct view hashes);

/* How many hashes wait at a level. */
unsigned int tiles_waiting(const struct tiles *tiles, int level);
/* Adds a leaf on the right; full tiles go to the sink, which may be NULL. */
enum rc tiles_append(struct tiles *tiles, const uint8_t leaf_hash[MERKLE_HASH], tile_sink *sink,
		     void *arg) WARN_UNUSED;
/* Gives the tiles that are not full to the sink; the tree is unchanged. */
enum rc tiles_flush(const struct tiles *tiles, tile_sink *sink, void *arg) WARN_UNUSED;
/*
 * The tree of this size from its tiles that are not full: read is asked for each and appends its
 * hashes. Errors of read; RC_MALFORMED if it gave too few or too many.
 */
enum rc tiles_load(struct tiles *ret, uint64_t size,
		   enum rc (*read)(void *arg, const struct tile *tile, struct buf *out),
		   void *arg) WARN_UNUSED;
/* The compact range, and with it the root. */
enum rc tiles_range(const struct tiles *tiles, struct merkle_range *ret) WARN_UNUSED;
enum rc tiles_root(const struct tiles *tiles, uint8_t ret[MERKLE_HASH]) WARN_UNUSED;

#endif
