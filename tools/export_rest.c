/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is left of a ledger that was pruned, as files, and intaglio audit join, which puts it behind an
 * earlier export. A rest has no tiles of hashes: the card keeps of the pruned leaves only the tree's
 * compact range, and the earlier export has more. In its first bundle pruned entries have length 0.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ledger_certificate.h"
#include "tools/audit.h"
#include "tools/export.h"

enum { REST_MAX = 32 };

enum rc export_rest_first(const struct book *book, uint64_t *ret)
{
	char text[REST_MAX + 1], *end;
	struct buf file;
	enum rc rc;

	buf_fixed(&file, text, REST_MAX);
	rc = book_read(book, EXPORT_REST, &file);
	if (rc != RC_OK)
		return rc;
	text[file.len] = '\0';
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return errno || end == text || strcmp(end, "\n") != 0 || !*ret ? RC_MALFORMED : RC_OK;
}

static struct tile bundle_of(uint64_t index, uint64_t size)
{
	struct tile tile = {.level = TILE_ENTRIES, .index = index / TILE_WIDTH};

	tile.width = tile_width(&tile, size);
	return tile;
}

/* The checkpoint of the rest, signed by the ledger's key. */
static enum exit_code take_head(const struct export *e, const struct book *book, struct buf *note,
				struct checkpoint *ret)
{
	if (book_read(book, "checkpoint", note) != RC_OK)
		return export_refuse("there is no checkpoint that can be read");
	if (book_open_note(view_buf(note), &e->key, ret) != RC_OK)
		return export_refuse("the checkpoint is not signed by the ledger's key");
	return EXIT_DONE;
}

/* Where the rest that is in the directory ends, and the entries of its last bundle. */
static enum exit_code take_up_rest(struct export *e)
{
	struct buf note;
	struct tile tile;
	enum exit_code code;

	buf_init(&note, NOTE_MAX);
	code = take_head(e, &e->book, &note, &e->from);
	e->from.origin = view_of(NULL, 0);
	buf_free(&note);
	if (code != EXIT_DONE)
		return code;
	if (e->to.size < e->from.size)
		return export_refuse(
			"the card's ledger has fewer records than the export: the card "
			"was set back to an older state");
	if (e->pruned > e->from.size)
		return export_refuse(
			"the card has pruned more since; export what it still has into a "
			"new directory");
	tile = bundle_of(e->from.size, e->from.size);
	if (tile.width && book_read_tile(&e->book, &tile, &e->bundle) != RC_OK)
		return export_refuse("the export in the directory is damaged, its last entries are "
				     "missing");
	return EXIT_DONE;
}

/* A rest that begins: in the first bundle's places of what is gone stand entries of length 0. */
static enum exit_code begin_rest(struct export *e)
{
	char line[REST_MAX];

	e->from.size = e->pruned;
	for (uint64_t i = 0; i < e->pruned % TILE_WIDTH; i++)
		book_put_entry(&e->bundle, view_of(NULL, 0));
	snprintf(line, sizeof(line), "%llu\n", (unsigned long long)e->pruned);
	return book_write(&e->book, EXPORT_REST, view_str(line)) ? EXIT_DONE : EXIT_FILE;
}

static bool write_bundle(struct export *e, uint64_t size)
{
	struct tile tile = bundle_of(size - 1, size);

	if (book_write_tile(&e->book, &tile, view_buf(&e->bundle)))
		return true;
	e->failed = EXIT_FILE;
	return false;
}

static bool write_leaf(struct export *e, struct view leaf)
{
	struct view in = leaf, body, tag;
	struct leaf_header header;

	book_put_entry(&e->bundle, leaf);
	if (buf_rc(&e->bundle) != RC_OK || leaf_parse(in, &header, &body, &tag) != RC_OK) {
		e->failed = tool_failed(e->tool, "exporting", CKR_HOST_MEMORY);
		return false;
	}
	if ((header.index + 1) % TILE_WIDTH)
		return true;
	if (!write_bundle(e, header.index + 1))
		return false;
	buf_reset(&e->bundle);
	return true;
}

enum exit_code export_rest(struct export *e)
{
	uint64_t first = e->pruned, added;
	bool begins = export_rest_first(&e->book, &first) == RC_NOT_FOUND;
	enum exit_code code = begins ? begin_rest(e) : take_up_rest(e);

	added = e->to.size - e->from.size;
	if (code == EXIT_DONE)
		code = export_walk(e, write_leaf);
	if (code == EXIT_DONE && e->bundle.len && added && !write_bundle(e, e->to.size))
		code = EXIT_FILE;
	if (code == EXIT_DONE && !export_write_head(e))
		code = EXIT_FILE;
	if (code != EXIT_DONE)
		return code;
	if (e->tool->json)
		tool_print_json(json_pack("{s:o,s:I,s:I,s:I}", "export",
					  tool_json_text(e->book.dir), "entries",
					  (json_int_t)e->to.size, "added", (json_int_t)added,
					  "first", (json_int_t)first));
	else
		printf("%s holds the ledger's entries from %lu on, %lu of %lu, %lu of them new: those "
		       "before were pruned from the card. An earlier export has them; intaglio audit "
		       "join EARLIER %s puts these behind it.\n",
		       e->book.dir, (unsigned long)first, (unsigned long)(e->to.size - first),
		       (unsigned long)e->to.size, (unsigned long)added, e->book.dir);
	return EXIT_DONE;
}

enum exit_code export_rest_leaves(struct export *e, uint64_t index)
{
	struct tile tile = bundle_of(index, e->to.size);
	struct view in, leaf;
	struct buf bytes;
	enum exit_code code = EXIT_DONE;
	uint64_t at = tile.index * TILE_WIDTH;

	buf_reset(&e->leaves);
	buf_init(&bytes, BOOK_BUNDLE_MAX);
	if (book_read_tile(e->rest, &tile, &bytes) != RC_OK)
		code = export_refuse("a bundle of its entries is missing");
	in = view_buf(&bytes);
	while (code == EXIT_DONE && in.len) {
		if (book_take_entry(&in, &leaf) != RC_OK)
			code = export_refuse("a bundle of its entries is damaged");
		else if (at++ >= index)
			buf_view(&e->leaves, leaf);
	}
	buf_free(&bytes);
	if (code == EXIT_DONE && buf_rc(&e->leaves) != RC_OK)
		code = tool_failed(e->tool, "joining", CKR_HOST_MEMORY);
	if (code == EXIT_DONE && at != tile.index * TILE_WIDTH + tile.width)
		code = export_refuse("a bundle of its entries is damaged");
	return code;
}

/* The key that both name: whose it is, the audit that follows has to ask. */
static enum exit_code take_keys(struct export *e)
{
	uint8_t array[2][BOOK_KEY_FILE_MAX];
	struct buf file[2];
	struct view digits;

	for (unsigned int i = 0; i < 2; i++) {
		buf_fixed(&file[i], array[i], sizeof(array[i]));
		if (book_read(i ? e->rest : &e->book, "key", &file[i]) != RC_OK || !file[i].len)
			return export_refuse("there is no key file in one of the directories");
	}
	if (!view_equal(view_buf(&file[0]), view_buf(&file[1])))
		return export_refuse("they are exports of two ledgers");
	if (note_parse_key(view_of(array[0], file[0].len - 1), &e->key) != RC_OK)
		return export_refuse("the key file is malformed");
	snprintf(e->key_text, sizeof(e->key_text), "%.*s", (int)file[0].len - 1,
		 (const char *)array[0]);
	digits = view_str(e->key.name);
	if (digits.len != LEDGER_ORIGIN)
		return export_refuse("the key is not a ledger's");
	for (size_t i = 0; i < LEDGER_ID; i++) {
		unsigned int byte = 0;

		sscanf(e->key.name + LEDGER_ORIGIN - 2 * LEDGER_ID + 2 * i, "%2x", &byte);
		e->id[i] = (uint8_t)byte;
	}
	return EXIT_DONE;
}

static enum exit_code join(struct export *e)
{
	enum exit_code code;

	if (export_rest_first(e->rest, &e->pruned) != RC_OK)
		return export_refuse("the second directory is not the rest of a pruned ledger; an "
				     "export that is whole needs no other");
	if (export_rest_first(&e->book, &e->from.size) != RC_NOT_FOUND)
		return export_refuse(
			"the first directory is a rest itself; it has to be the earlier "
			"export");
	e->from.size = 0;
	code = take_keys(e);
	if (code == EXIT_DONE)
		code = take_head(e, e->rest, &e->note, &e->to);
	/* The card's word for the key, if the rest has it. */
	if (code == EXIT_DONE)
		(void)!book_read(e->rest, "certificate", &e->certificate);
	return code == EXIT_DONE ? export_continue(e) : code;
}

enum exit_code audit_join_command(struct tool *tool, int argc, char **argv)
{
	static const char *const allowed[] = {"json", NULL};
	struct audit_options o;
	struct book rest;
	struct export *e;
	enum exit_code code;

	if (!audit_parse(&o, argc, argv, allowed) || o.file_count != 2)
		return EXIT_USAGE;
	e = calloc(1, sizeof(*e));
	if (!e)
		return tool_failed(tool, "joining", CKR_HOST_MEMORY);
	tool->json = tool->json || o.json;
	e->tool = tool;
	e->book.dir = o.files[0];
	rest.dir = o.files[1];
	e->rest = &rest;
	buf_init(&e->note, NOTE_MAX);
	buf_init(&e->certificate, LEDGER_CERTIFICATE_MAX);
	buf_init(&e->leaves, BOOK_BUNDLE_MAX);
	buf_init(&e->bundle, BOOK_BUNDLE_MAX);
	code = join(e);
	buf_free(&e->bundle);
	buf_free(&e->leaves);
	buf_free(&e->certificate);
	buf_free(&e->note);
	free(e);
	return code;
}
