/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ledger's export as files, in the layout of C2SP tlog-tiles: `checkpoint`, `tile/<L>/<N>` and
 * `tile/entries/<N>`, and beside them `key`, the ledger's verifier key. doc/ledger.md describes it.
 * Views and buffers belong to the caller. One thread.
 */
#ifndef INTAGLIO_TOOLS_BOOK_H
#define INTAGLIO_TOOLS_BOOK_H

#include "base/ledger.h"
#include "base/tiles.h"

enum {
	BOOK_LEAF_MAX = 65535, /* what the two bytes before an entry can say */
	BOOK_BUNDLE_MAX = TILE_WIDTH * (2 + BOOK_LEAF_MAX),
	BOOK_KEY_FILE_MAX = NOTE_KEY_MAX + 1,
};

struct book {
	const char *dir;
};

/* The path of a file of the book; false if it is too long. */
bool book_path(const struct book *book, const char *name, char *ret, size_t size);
/* Appends a file's bytes to out. RC_NOT_FOUND; RC_SPACE if it is longer than out may be; RC_IO. */
enum rc book_read(const struct book *book, const char *name, struct buf *out) WARN_UNUSED;
/* Appends the file of a tile or of a bundle, of a partial one also from the full one that followed it. */
enum rc book_read_tile(const struct book *book, const struct tile *tile,
		       struct buf *out) WARN_UNUSED;
/* Whether book_read_tile finds something. */
bool book_has_tile(const struct book *book, const struct tile *tile);
/* Writes it, whole or not at all, and durably; makes the directories on the way. Says a sentence. */
bool book_write(const struct book *book, const char *name, struct view bytes);
/* As book_write; a full tile takes the place of its partial ones, which are removed. */
bool book_write_tile(const struct book *book, const struct tile *tile, struct view bytes);

/*
 * The checkpoint of a note, signed by key, and about key's own ledger. RC_MALFORMED, RC_AUTH. The
 * origin borrows from the note.
 */
enum rc book_open_note(struct view note, const struct note_key *key,
		       struct checkpoint *ret) WARN_UNUSED;

/* One entry of a bundle: its length in two bytes, and the leaf. */
void book_put_entry(struct buf *bundle, struct view leaf);
/* Takes one from the front. RC_MALFORMED. */
enum rc book_take_entry(struct view *bundle, struct view *ret_leaf) WARN_UNUSED;

/* The hashes of the book's tiles, for proofs about a tree of at most this size. */
struct book_tiles {
	const struct book *book;
	uint64_t size;
	struct tile loaded; /* width 0: none */
	struct buf hashes;
};
void book_tiles_init(struct book_tiles *tiles, const struct book *book, uint64_t size);
void book_tiles_free(struct book_tiles *tiles);
/* For struct merkle_source; arg is the struct book_tiles. RC_DAMAGED where a tile is not there. */
enum rc book_tiles_hash(void *arg, unsigned int level, uint64_t index, uint8_t ret[MERKLE_HASH]);

#endif
