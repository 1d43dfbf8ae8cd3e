/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intaglio ledger export: the ledger as files, C2SP tlog-tiles; what is there already is continued.
 * Before anything of a continuation is written the card's new leaves are read once, and must lead
 * from the tree of the export's checkpoint to that of the card's. The checkpoint is written last.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/ledger_certificate.h"
#include "tools/export.h"

enum exit_code export_refuse(const char *why)
{
	fprintf(stderr, "intaglio: %s; nothing was written\n", why);
	return EXIT_REFUSED;
}

/* The card's word for the ledger's key; a card that serves no suite 42 has none. */
static CK_RV ask_certificate(struct export *e)
{
	CK_ATTRIBUTE certificate = {CKA_INTAGLIO_LEDGER_CERTIFICATE, NULL, LEDGER_CERTIFICATE_MAX};
	struct tool *tool = e->tool;
	CK_RV rv;

	certificate.pValue = buf_space(&e->certificate, LEDGER_CERTIFICATE_MAX);
	if (!certificate.pValue)
		return CKR_HOST_MEMORY;
	rv = tool->p11->C_GetAttributeValue(tool->session, e->ledger, &certificate, 1);
	buf_truncate(&e->certificate, rv == CKR_OK ? certificate.ulValueLen : 0);
	return rv == CKR_DEVICE_REMOVED ? rv : CKR_OK;
}

/* What the card says of its ledger: key, note, checkpoint. */
static enum exit_code ask_card(struct export *e)
{
	CK_ATTRIBUTE note = {CKA_INTAGLIO_CHECKPOINT, NULL, LEDGER_NOTE_MAX};
	CK_ATTRIBUTE id = {CKA_INTAGLIO_LEDGER_ID, e->id, sizeof(e->id)};
	CK_ULONG pruned = 0;
	CK_ATTRIBUTE count = {CKA_INTAGLIO_PRUNED_COUNT, &pruned, sizeof(pruned)};
	struct tool *tool = e->tool;
	enum exit_code code = tool_session(tool);
	CK_RV rv;

	if (code == EXIT_DONE)
		code = ledger_find(tool, &e->ledger);
	if (code != EXIT_DONE)
		return code;
	note.pValue = buf_space(&e->note, LEDGER_NOTE_MAX);
	if (!note.pValue)
		return tool_failed(tool, "exporting", CKR_HOST_MEMORY);
	rv = ledger_text(tool, e->ledger, CKA_INTAGLIO_VERIFIER_KEY, e->key_text,
			 sizeof(e->key_text));
	if (rv == CKR_OK)
		rv = tool->p11->C_GetAttributeValue(tool->session, e->ledger, &id, 1);
	if (rv == CKR_OK)
		rv = tool->p11->C_GetAttributeValue(tool->session, e->ledger, &note, 1);
	if (rv == CKR_OK)
		rv = tool->p11->C_GetAttributeValue(tool->session, e->ledger, &count, 1);
	e->pruned = pruned;
	if (rv == CKR_OK)
		rv = ask_certificate(e);
	if (rv != CKR_OK)
		return tool_failed(tool, "asking for the ledger's checkpoint", rv);
	buf_truncate(&e->note, note.ulValueLen);
	if (note_parse_key(view_str(e->key_text), &e->key) != RC_OK ||
	    book_open_note(view_buf(&e->note), &e->key, &e->to) != RC_OK)
		return export_refuse("the card's checkpoint is not signed by its ledger's key");
	if (!tool->vendor || tool->vendor->version.minor < 1) {
		fprintf(stderr, "intaglio: this module is too old to export a ledger\n");
		return EXIT_CARD;
	}
	return EXIT_DONE;
}

static enum rc read_tile(void *arg, const struct tile *tile, struct buf *out)
{
	struct export *e = arg;

	return book_read_tile(&e->book, tile, out);
}

static bool is_root(const struct tiles *tiles, const struct checkpoint *checkpoint)
{
	uint8_t root[MERKLE_HASH];

	return tiles->size == checkpoint->size && tiles_root(tiles, root) == RC_OK &&
	       view_equal(view_of(root, MERKLE_HASH), view_of(checkpoint->root, MERKLE_HASH));
}

static bool has_all_bundles(const struct export *e)
{
	struct tile tile = {.level = TILE_ENTRIES};

	for (; (tile.width = tile_width(&tile, e->from.size)); tile.index++)
		if (!book_has_tile(&e->book, &tile))
			return false;
	return true;
}

/* Where an earlier export of the same ledger ended; size 0 if there is none. */
static enum exit_code take_up(struct export *e)
{
	struct buf note;
	enum rc rc;

	buf_init(&note, NOTE_MAX);
	rc = book_read(&e->book, "checkpoint", &note);
	if (rc == RC_NOT_FOUND) {
		buf_free(&note);
		return EXIT_DONE;
	}
	if (rc == RC_OK)
		rc = book_open_note(view_buf(&note), &e->key, &e->from);
	/* It goes with the note, and is not asked for again. */
	e->from.origin = view_of(NULL, 0);
	buf_free(&note);
	if (rc == RC_AUTH)
		return export_refuse("the directory holds the export of another ledger");
	if (rc != RC_OK)
		return export_refuse("the checkpoint in the directory cannot be read");
	rc = tiles_load(&e->tiles, e->from.size, read_tile, e);
	if (rc != RC_OK || !is_root(&e->tiles, &e->from))
		return export_refuse(
			"the export in the directory is damaged, its tiles are not those of "
			"its checkpoint; see intaglio audit verify");
	return has_all_bundles(e)
		       ? EXIT_DONE
		       : export_refuse("the export in the directory is damaged, some of "
				       "its entries are missing; see intaglio audit verify");
}

/* Leaves from index on, as many as the card gives at once. */
static enum exit_code read_card(struct export *e, uint64_t index)
{
	CK_ULONG len = CK_INTAGLIO_LEAVES_MAX;
	uint8_t *to;
	CK_RV rv;

	buf_reset(&e->leaves);
	to = buf_space(&e->leaves, len);
	if (!to)
		return tool_failed(e->tool, "exporting", CKR_HOST_MEMORY);
	rv = e->tool->vendor->ReadLeaves(e->tool->session, e->ledger, index, to, &len);
	if (rv != CKR_OK)
		return tool_failed(e->tool, "reading records", rv);
	buf_truncate(&e->leaves, len);
	return EXIT_DONE;
}

enum exit_code export_walk(struct export *e, bool (*each)(struct export *e, struct view leaf))
{
	struct view in, leaf, body, tag;
	struct leaf_header header;
	uint64_t index = e->from.size;
	enum exit_code code;

	while (index < e->to.size) {
		code = e->rest ? export_rest_leaves(e, index) : read_card(e, index);
		if (code != EXIT_DONE)
			return code;
		in = view_buf(&e->leaves);
		while (in.len && index < e->to.size) {
			if (leaf_take(&in, &leaf) != RC_OK ||
			    leaf_parse(leaf, &header, &body, &tag) != RC_OK ||
			    header.index != index ||
			    !view_equal(view_of(header.ledger, LEDGER_ID),
					view_of(e->id, LEDGER_ID)))
				return e->rest ? export_refuse("its entries are not the ledger's")
					       : tool_failed(e->tool, "reading records",
							     CKR_DEVICE_ERROR);
			if (!each(e, leaf))
				return e->failed;
			index++;
		}
	}
	return EXIT_DONE;
}

static bool append(struct export *e, struct view leaf, tile_sink *sink)
{
	uint8_t hash[MERKLE_HASH];

	if (merkle_leaf_hash(leaf, hash) == RC_OK &&
	    tiles_append(&e->tiles, hash, sink, e) == RC_OK)
		return true;
	if (e->failed == EXIT_DONE)
		e->failed = tool_failed(e->tool, "exporting", CKR_HOST_MEMORY);
	return false;
}

static bool try_leaf(struct export *e, struct view leaf)
{
	return append(e, leaf, NULL);
}

/* That the card's tree continues the export's. */
static enum exit_code check_continuation(struct export *e)
{
	struct tiles *before;
	enum exit_code code;

	if (e->to.size < e->from.size)
		return export_refuse(
			"the card's ledger has fewer records than the export: the card was "
			"set back to an older state");
	if (e->to.size == e->from.size)
		return is_root(&e->tiles, &e->to)
			       ? EXIT_DONE
			       : export_refuse("the card's ledger is as long as the export and is "
					       "another one: there are two histories");
	before = malloc(sizeof(*before));
	if (!before)
		return tool_failed(e->tool, "exporting", CKR_HOST_MEMORY);
	*before = e->tiles;
	code = export_walk(e, try_leaf);
	if (code == EXIT_DONE && !is_root(&e->tiles, &e->to))
		code = export_refuse(
			"the card's ledger does not continue the export: there are two "
			"histories");
	e->tiles = *before;
	free(before);
	return code;
}

static enum rc write_tile(void *arg, const struct tile *tile, struct view hashes)
{
	struct export *e = arg;

	if (book_write_tile(&e->book, tile, hashes))
		return RC_OK;
	e->failed = EXIT_FILE;
	return RC_IO;
}

/* The bundle of the tree's last leaves, as many as wait. */
static bool write_bundle(struct export *e, unsigned int width)
{
	struct tile tile = {
		.level = TILE_ENTRIES,
		.index = (e->tiles.size - 1) / TILE_WIDTH,
		.width = width,
	};

	if (book_write_tile(&e->book, &tile, view_buf(&e->bundle)))
		return true;
	e->failed = EXIT_FILE;
	return false;
}

static bool write_leaf(struct export *e, struct view leaf)
{
	book_put_entry(&e->bundle, leaf);
	if (buf_rc(&e->bundle) != RC_OK) {
		e->failed = tool_failed(e->tool, "exporting", CKR_HOST_MEMORY);
		return false;
	}
	if (!append(e, leaf, write_tile))
		return false;
	if (tiles_waiting(&e->tiles, 0))
		return true;
	if (!write_bundle(e, TILE_WIDTH))
		return false;
	buf_reset(&e->bundle);
	return true;
}

/* The entries of the last bundle, which is not full: they are those of the tile. */
static enum exit_code take_up_bundle(struct export *e)
{
	struct tile tile = {
		.level = TILE_ENTRIES,
		.index = e->from.size / TILE_WIDTH,
		.width = tiles_waiting(&e->tiles, 0),
	};
	uint8_t hash[MERKLE_HASH];
	struct view in, leaf;
	unsigned int n = 0;

	if (!tile.width)
		return EXIT_DONE;
	if (book_read_tile(&e->book, &tile, &e->bundle) != RC_OK)
		return export_refuse("the export in the directory is damaged, its last entries are "
				     "missing");
	in = view_buf(&e->bundle);
	while (n < tile.width && book_take_entry(&in, &leaf) == RC_OK &&
	       merkle_leaf_hash(leaf, hash) == RC_OK &&
	       view_equal(view_of(hash, MERKLE_HASH), view_of(e->tiles.hash[0][n], MERKLE_HASH)))
		n++;
	if (n < tile.width || in.len)
		return export_refuse(
			"the export in the directory is damaged in its last entries; see "
			"intaglio audit verify");
	return EXIT_DONE;
}

bool export_write_head(const struct export *e)
{
	char line[NOTE_KEY_MAX + 2];

	snprintf(line, sizeof(line), "%s\n", e->key_text);
	return book_write(&e->book, "key", view_str(line)) &&
	       (!e->certificate.len ||
		book_write(&e->book, "certificate", view_buf(&e->certificate))) &&
	       book_write(&e->book, "checkpoint", view_buf(&e->note));
}

static enum exit_code write_export(struct export *e)
{
	enum exit_code code = take_up_bundle(e);

	if (code == EXIT_DONE)
		code = export_walk(e, write_leaf);
	if (code != EXIT_DONE)
		return code;
	if (!is_root(&e->tiles, &e->to)) {
		fprintf(stderr, "intaglio: the card's leaves are not those of its checkpoint\n");
		return EXIT_REFUSED;
	}
	if (e->bundle.len && !write_bundle(e, tiles_waiting(&e->tiles, 0)))
		return EXIT_FILE;
	if (tiles_flush(&e->tiles, write_tile, e) != RC_OK)
		return EXIT_FILE;
	return export_write_head(e) ? EXIT_DONE : EXIT_FILE;
}

/* Before anything of the export is touched. */
static enum exit_code check_pruned(const struct export *e)
{
	if (e->pruned <= e->from.size)
		return EXIT_DONE;
	if (e->rest) {
		fprintf(stderr,
			"intaglio: the earlier export has %llu entries and the rest begins with "
			"entry %llu: those between are in neither; nothing was written\n",
			(unsigned long long)e->from.size, (unsigned long long)e->pruned);
		return EXIT_REFUSED;
	}
	fprintf(stderr,
		"intaglio: the export ends with entry %llu, and the card has pruned all before entry "
		"%llu; export what it still has into a new directory, and put that behind a later "
		"export with intaglio audit join; nothing was written\n",
		(unsigned long long)e->from.size - 1, (unsigned long long)e->pruned);
	return EXIT_REFUSED;
}

enum exit_code export_continue(struct export *e)
{
	uint64_t added;
	enum exit_code code = take_up(e);

	if (code == EXIT_DONE)
		code = check_pruned(e);
	if (code == EXIT_DONE && e->from.size)
		code = check_continuation(e);
	added = e->to.size - e->from.size;
	if (code == EXIT_DONE && added)
		code = write_export(e);
	else if (code == EXIT_DONE && !export_write_head(e))
		code = EXIT_FILE;
	if (code != EXIT_DONE)
		return code;
	if (e->tool->json)
		tool_print_json(json_pack("{s:o,s:I,s:I}", "export", tool_json_text(e->book.dir),
					  "entries", (json_int_t)e->to.size, "added",
					  (json_int_t)added));
	else
		printf("%s holds the ledger's %lu entries, %lu of them new.\n", e->book.dir,
		       (unsigned long)e->to.size, (unsigned long)added);
	return EXIT_DONE;
}

/* What was begun as a rest goes on as one; where nothing was begun, a pruned ledger gives no more. */
static bool is_rest(const struct export *e)
{
	uint64_t first;
	struct buf note;
	enum rc rc;

	if (export_rest_first(&e->book, &first) != RC_NOT_FOUND)
		return true;
	buf_init(&note, NOTE_MAX);
	rc = book_read(&e->book, "checkpoint", &note);
	buf_free(&note);
	return rc == RC_NOT_FOUND && e->pruned;
}

static enum exit_code run(struct export *e)
{
	enum exit_code code = ask_card(e);

	if (code != EXIT_DONE)
		return code;
	return is_rest(e) ? export_rest(e) : export_continue(e);
}

enum exit_code ledger_export(struct tool *tool, int argc, char **argv)
{
	struct export *e;
	enum exit_code code;

	if (argc != 1)
		return EXIT_USAGE;
	e = calloc(1, sizeof(*e));
	if (!e)
		return tool_failed(tool, "exporting", CKR_HOST_MEMORY);
	e->tool = tool;
	e->book.dir = argv[0];
	buf_init(&e->note, LEDGER_NOTE_MAX);
	buf_init(&e->certificate, LEDGER_CERTIFICATE_MAX);
	buf_init(&e->leaves, CK_INTAGLIO_LEAVES_MAX);
	buf_init(&e->bundle, BOOK_BUNDLE_MAX);
	code = run(e);
	buf_free(&e->bundle);
	buf_free(&e->leaves);
	buf_free(&e->certificate);
	buf_free(&e->note);
	free(e);
	return code;
}
