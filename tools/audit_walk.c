/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk over an export. The tree is built from the hashes in the tiles; where a leaf has another
 * hash, a second tree is built from the leaves on from there, so that in the end the signed root
 * tells whether the tiles or the leaves were altered.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "tools/audit.h"
#include "tools/export.h"
#include "tools/text.h"

enum { DAY_MS = 86400000, PATH_SIZE = 4096 };

struct walk {
	struct audit *audit;
	struct tiles tree, leaves; /* leaves: in use once something differed */
	bool forked;
	struct buf bundle, hashes, other;
	struct checkpoint previous;
	uint64_t now_ms;
	uint64_t last_counter, last_time;
	uint8_t id[LEDGER_ID]; /* of the key's name */
	bool stopped;
	bool said; /* why the audit cannot be done */
	/* The first of two leaves, until the second was seen: its header, and both leaves. */
	struct leaf_header first;
	struct buf both;
	bool first_is_good;
};

static bool same_hash(const uint8_t *a, const uint8_t *b)
{
	return view_equal(view_of(a, MERKLE_HASH), view_of(b, MERKLE_HASH));
}

/* A slip of whoever calls is no word on the export. */
static void say_no_key(struct walk *w)
{
	fprintf(stderr,
		"intaglio: --key takes the text of a ledger's key (name+id+key, as intaglio ledger create "
		"printed it), and \"%s\" is none; nothing was audited\n",
		w->audit->key_text);
	w->said = true;
}

/* The key that is trusted, or the export's own. False, and said or found, if it is none. */
static bool take_key(struct walk *w)
{
	struct audit *a = w->audit;
	uint8_t array[BOOK_KEY_FILE_MAX];
	struct view text, digits;
	struct buf file;
	char origin[LEDGER_ORIGIN + 1];

	buf_fixed(&file, array, sizeof(array));
	if (a->key_text) {
		text = view_str(a->key_text);
	} else if (book_read(&a->book, "key", &file) != RC_OK || !file.len ||
		   file.data[file.len - 1] != '\n') {
		audit_find(a, AUDIT_KEY, AUDIT_NO_RECORD,
			   "the export has no key file, or one that is no key");
		return false;
	} else {
		text = view_of(file.data, file.len - 1);
	}
	if (note_parse_key(text, &a->key) != RC_OK) {
		if (a->key_text)
			say_no_key(w);
		else
			audit_find(a, AUDIT_KEY, AUDIT_NO_RECORD, "the verifier key is malformed");
		return false;
	}
	/* The id is in the name: what the name would be made of it is the name. */
	digits = view_str(a->key.name);
	if (digits.len == LEDGER_ORIGIN) {
		for (size_t i = 0; i < LEDGER_ID; i++) {
			unsigned int byte = 0;

			sscanf(a->key.name + LEDGER_ORIGIN - 2 * LEDGER_ID + 2 * i, "%2x", &byte);
			w->id[i] = (uint8_t)byte;
		}
	}
	ledger_origin(w->id, origin);
	if (!view_equal(digits, view_str(origin))) {
		if (a->key_text)
			say_no_key(w);
		else
			audit_find(a, AUDIT_KEY, AUDIT_NO_RECORD,
				   "the verifier key is not a ledger's");
		return false;
	}
	return true;
}

/* A trusted key says nothing about the file; it has to be right all the same. */
static void check_key_file(struct walk *w)
{
	struct audit *a = w->audit;
	uint8_t array[BOOK_KEY_FILE_MAX], expected_array[BOOK_KEY_FILE_MAX];
	struct buf file, expected;

	buf_fixed(&file, array, sizeof(array));
	buf_fixed(&expected, expected_array, sizeof(expected_array));
	note_put_key(&expected, &a->key);
	buf_u8(&expected, '\n');
	if (book_read(&a->book, "key", &file) != RC_OK ||
	    !view_equal(view_buf(&file), view_buf(&expected)))
		audit_find(a, AUDIT_KEY, AUDIT_NO_RECORD,
			   "the key file of the export is missing or holds another key");
}

/* What the text of a note claims, whoever signed it; false if it is no checkpoint. */
static bool claims(struct view note, struct checkpoint *ret)
{
	const uint8_t *end = note.len ? memmem(note.data, note.len, "\n\n", 2) : NULL;

	return end && note_parse_checkpoint(view_of(note.data, (size_t)(end + 1 - note.data)),
					    ret) == RC_OK;
}

static bool take_checkpoint(struct walk *w)
{
	struct audit *a = w->audit;
	enum rc rc = book_read(&a->book, "checkpoint", &a->note);

	if (rc != RC_OK) {
		audit_find(a, AUDIT_CHECKPOINT, AUDIT_NO_RECORD,
			   "the export has no checkpoint that can be read");
		return false;
	}
	if (book_open_note(view_buf(&a->note), &a->key, &a->checkpoint) == RC_OK)
		return true;
	audit_find(a, AUDIT_CHECKPOINT, AUDIT_NO_RECORD,
		   "the checkpoint is not signed by the ledger's key");
	/* What its text claims is looked at all the same. */
	return claims(view_buf(&a->note), &a->checkpoint);
}

/* False, and a sentence, if its file cannot be read or is no checkpoint. */
static bool take_previous(struct walk *w)
{
	struct audit *a = w->audit;

	if (!a->previous)
		return true;
	if (!file_read(a->previous, NOTE_MAX, &a->previous_note))
		return false;
	if (!claims(view_buf(&a->previous_note), &w->previous)) {
		fprintf(stderr,
			"intaglio: %s is no checkpoint; give --previous one of this ledger that was kept\n",
			a->previous);
		return false;
	}
	if (book_open_note(view_buf(&a->previous_note), &a->key, &w->previous) != RC_OK) {
		audit_find(a, AUDIT_PREVIOUS, AUDIT_NO_RECORD,
			   "the previous checkpoint is not signed by this ledger's key");
		w->previous.size = 0;
		return true;
	}
	a->previous_size = w->previous.size;
	if (w->previous.size > a->checkpoint.size)
		audit_find(a, AUDIT_PREVIOUS, AUDIT_NO_RECORD,
			   "the previous audit saw %llu entries and there are %llu now: the ledger "
			   "was set back to an older state",
			   (unsigned long long)w->previous.size,
			   (unsigned long long)a->checkpoint.size);
	return true;
}

static void check_previous(struct walk *w)
{
	uint8_t root[MERKLE_HASH];

	if (!w->previous.size || w->tree.size != w->previous.size)
		return;
	if (tiles_root(&w->tree, root) != RC_OK || !same_hash(root, w->previous.root))
		audit_find(
			w->audit, AUDIT_PREVIOUS, AUDIT_NO_RECORD,
			"the first %llu entries are not those that the previous audit saw: there "
			"are two histories",
			(unsigned long long)w->previous.size);
}

/* Leaf 0: the ledger's own description, and its key. */
static void check_policy(struct walk *w, const struct leaf_header *h, struct view body)
{
	static const struct leaf_header empty;
	struct audit *a = w->audit;
	struct ledger_policy policy;

	if (h->type || h->time_ms ||
	    !view_equal(view_of(h->client_nonce, LEDGER_NONCE),
			view_of(empty.client_nonce, LEDGER_NONCE)))
		audit_find(a, AUDIT_TYPE, 0, "leaf 0 is not the ledger's description");
	if (ledger_parse_policy(body, &policy) != RC_OK) {
		audit_find(a, AUDIT_KEY, 0, "the ledger's description in leaf 0 is malformed");
		return;
	}
	text_utf8(policy.label, a->label, sizeof(a->label));
	audit_take_auditor(a, &policy);
	buf_view(&a->policy, body);
	/* A ledger without a record has to say it too. What is wrong is a finding. */
	if (a->escrow)
		(void)audit_escrow_check(a->escrow);
	if (!view_equal(policy.public_key, view_of(a->key.public_key, ED25519_PUBLIC)))
		audit_find(a, AUDIT_KEY, 0, "leaf 0 names another key than the verifier key");
}

static void check_order(struct walk *w, const struct leaf_header *h, uint64_t index)
{
	struct audit *a = w->audit;
	unsigned long long number = h->index;
	int64_t record = (int64_t)index;

	if (h->index > index)
		audit_find(a, AUDIT_GAP, record,
			   "in place %lld stands record %llu: records before it are missing",
			   (long long)record, number);
	else if (h->index < index)
		audit_find(a, AUDIT_GAP, record,
			   "in place %lld stands record %llu: it is repeated or out of order",
			   (long long)record, number);
	if (index && h->card_counter <= w->last_counter)
		audit_find(a, AUDIT_COUNTER, record,
			   "the card counter is %llu after %llu: it does not grow",
			   (unsigned long long)h->card_counter,
			   (unsigned long long)w->last_counter);
	else if (index)
		a->totals.others += h->card_counter - w->last_counter - 1;
	w->last_counter = h->card_counter;
}

static void check_time(struct walk *w, const struct leaf_header *h)
{
	struct audit *a = w->audit;
	char now[32], before[32];

	if (h->time_ms < w->last_time || h->time_ms > w->now_ms + DAY_MS)
		audit_say_time(h->time_ms, now, sizeof(now));
	if (h->time_ms < w->last_time) {
		audit_say_time(w->last_time, before, sizeof(before));
		audit_notice(a, AUDIT_TIME, (int64_t)h->index, "the time is %s after %s", now,
			     before);
	}
	if (h->time_ms > w->now_ms + DAY_MS)
		audit_notice(a, AUDIT_TIME, (int64_t)h->index, "the time %s lies in the future",
			     now);
	w->last_time = h->time_ms;
}

/* A record that is whole. is_good: what lies in its places is what the tree has there. */
static void take_record(struct walk *w, const struct leaf_header *h, struct view leaves,
			bool is_good)
{
	struct audit *a = w->audit;

	audit_count(a, h);
	if (is_good && a->record && !a->record(a->arg, h, leaves))
		w->stopped = true;
}

/* Whatever comes next, or nothing, is not the second leaf that was waited for. */
static void drop_first(struct walk *w)
{
	if (w->both.len)
		audit_find(w->audit, AUDIT_LEAF, (int64_t)w->first.index,
			   "the record has two leaves, and the second does not follow");
	buf_reset(&w->both);
}

/* One of two leaves. */
static void check_part(struct walk *w, const struct leaf_header *h, struct view leaf,
		       uint64_t index, bool is_good)
{
	struct leaf_header whole = w->first;

	if (h->part == LEAF_FIRST) {
		drop_first(w);
		w->first = *h;
		w->first.index = index;
		w->first_is_good = is_good;
		buf_view(&w->both, leaf);
		return;
	}
	if (!w->both.len || leaf_check_rest(view_buf(&w->both), &w->first, h) != RC_OK) {
		drop_first(w);
		audit_find(w->audit, AUDIT_LEAF, (int64_t)index,
			   "this is the second leaf of a record whose first is not before it");
		return;
	}
	buf_view(&w->both, leaf);
	whole.length += h->length;
	take_record(w, &whole, view_buf(&w->both), w->first_is_good && is_good);
	buf_reset(&w->both);
}

/* What a leaf says about itself. is_good: it is the one that the tree has. */
static void check_leaf(struct walk *w, struct view leaf, uint64_t index, bool is_good)
{
	struct audit *a = w->audit;
	struct leaf_header h;
	struct view body, tag;

	if (leaf_parse(leaf, &h, &body, &tag) != RC_OK ||
	    (h.part == LEAF_WHOLE ? h.length > LEAF_PLAINTEXT_MAX : !index)) {
		audit_find(a, AUDIT_LEAF, (int64_t)index, "the record is malformed");
		return;
	}
	if (!view_equal(view_of(h.ledger, LEDGER_ID), view_of(w->id, LEDGER_ID)))
		audit_find(a, AUDIT_LEDGER, (int64_t)index, "the record is of another ledger");
	check_order(w, &h, index);
	if (!index) {
		check_policy(w, &h, body);
		return;
	}
	if (!h.type)
		audit_find(a, AUDIT_TYPE, (int64_t)index, "the record has no type");
	check_time(w, &h);
	if (h.part != LEAF_WHOLE) {
		check_part(w, &h, leaf, index, is_good);
		return;
	}
	drop_first(w);
	take_record(w, &h, leaf, is_good);
}

/* The files N.p/W that narrower trees left: each begins what is there now. */
static void check_partials(struct walk *w, const struct tile *tile, struct view bytes)
{
	struct tile full = *tile, one = *tile;
	char name[TILE_PATH_MAX + 8], path[PATH_SIZE];
	struct dirent *entry;
	struct buf text;
	DIR *dir;

	full.width = TILE_WIDTH;
	buf_fixed(&text, name, sizeof(name) - 3);
	tile_put_path(&text, &full);
	snprintf(name + text.len, sizeof(name) - text.len, ".p");
	if (!book_path(&w->audit->book, name, path, sizeof(path)))
		return;
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		one.width = (unsigned int)strtoul(entry->d_name, NULL, 10);
		if (!one.width || one.width >= tile->width)
			continue;
		buf_reset(&w->other);
		if (book_read_tile(&w->audit->book, &one, &w->other) != RC_OK ||
		    w->other.len > bytes.len ||
		    !view_equal(view_buf(&w->other), view_of(bytes.data, w->other.len)) ||
		    (tile->level != TILE_ENTRIES &&
		     w->other.len != (size_t)one.width * MERKLE_HASH))
			audit_find(w->audit, AUDIT_TREE, AUDIT_NO_RECORD,
				   "%s/%u is not what the tree has there", name, one.width);
		else if (tile->level == TILE_ENTRIES) {
			struct view in = view_buf(&w->other), leaf;
			unsigned int n = 0;

			while (in.len && book_take_entry(&in, &leaf) == RC_OK)
				n++;
			if (in.len || n != one.width)
				audit_find(w->audit, AUDIT_TREE, AUDIT_NO_RECORD,
					   "%s/%u has not %u entries", name, one.width, one.width);
		}
	}
	closedir(dir);
}

/* Every tile above the leaves, as the tree has it. */
static enum rc check_tile(void *arg, const struct tile *tile, struct view hashes)
{
	struct walk *w = arg;
	char name[TILE_PATH_MAX + 1];
	struct buf text;
	enum rc rc;

	if (!tile->level)
		return RC_OK;
	buf_fixed(&text, name, TILE_PATH_MAX);
	tile_put_path(&text, tile);
	name[text.len] = '\0';
	buf_reset(&w->other);
	rc = book_read_tile(&w->audit->book, tile, &w->other);
	if (rc != RC_OK)
		audit_find(w->audit, AUDIT_TREE, AUDIT_NO_RECORD, "%s is missing", name);
	else if (!view_equal(view_buf(&w->other), hashes))
		audit_find(w->audit, AUDIT_TREE, AUDIT_NO_RECORD,
			   "%s is not what the tree has there", name);
	check_partials(w, tile, hashes);
	return RC_OK;
}

/* in_leaf NULL: the same as in the tile. */
static enum rc append(struct walk *w, const uint8_t *in_tile, const uint8_t *in_leaf)
{
	enum rc rc = RC_OK;

	if (!w->forked && in_leaf) {
		w->leaves = w->tree;
		w->forked = true;
	}
	if (w->forked)
		rc = tiles_append(&w->leaves, in_leaf ? in_leaf : in_tile, NULL, NULL);
	if (rc == RC_OK)
		rc = tiles_append(&w->tree, in_tile, check_tile, w);
	if (rc == RC_OK)
		check_previous(w);
	return rc;
}

/* The leaf-level tile of a bundle; false if there is none of the right length. */
static bool load_hashes(struct walk *w, struct tile tile)
{
	tile.level = 0;
	buf_reset(&w->hashes);
	if (book_read_tile(&w->audit->book, &tile, &w->hashes) == RC_OK &&
	    w->hashes.len == (size_t)tile.width * MERKLE_HASH) {
		check_partials(w, &tile, view_buf(&w->hashes));
		return true;
	}
	audit_find(w->audit, AUDIT_TREE, (int64_t)(tile.index * TILE_WIDTH),
		   "the tile of records %llu and on is missing or has a wrong length",
		   (unsigned long long)tile.index * TILE_WIDTH);
	return false;
}

/* The bundle, or the widest one before it: what is left of the records is looked at. */
static bool load_bundle(struct walk *w, const struct tile *tile)
{
	struct tile one = *tile;
	enum rc rc = RC_NOT_FOUND;

	for (; rc == RC_NOT_FOUND && one.width; one.width--) {
		buf_reset(&w->bundle);
		rc = book_read_tile(&w->audit->book, &one, &w->bundle);
	}
	return rc == RC_OK;
}

/* Records that are not there: the tree goes on with the tile's hashes. */
static enum rc skip(struct walk *w, uint64_t index, const uint8_t *in_tile)
{
	audit_find(w->audit, AUDIT_LEAF, (int64_t)index, "the record is missing");
	w->stopped = !in_tile;
	return in_tile ? append(w, in_tile, NULL) : RC_OK;
}

static enum rc walk_bundle(struct walk *w, const struct tile *tile)
{
	uint64_t first = tile->index * TILE_WIDTH;
	bool has_hashes = load_hashes(w, *tile), has_bundle, is_good;
	uint8_t hash[MERKLE_HASH];
	struct view in, leaf;
	enum rc rc = RC_OK;

	has_bundle = load_bundle(w, tile);
	in = view_buf(&w->bundle);
	for (unsigned int i = 0; i < tile->width && rc == RC_OK && !w->stopped; i++) {
		const uint8_t *in_tile = has_hashes ? w->hashes.data + (size_t)i * MERKLE_HASH
						    : NULL;

		/* After an entry that is cut off none can be found. */
		if (!has_bundle || book_take_entry(&in, &leaf) != RC_OK) {
			has_bundle = false;
			rc = skip(w, first + i, in_tile);
			continue;
		}
		rc = merkle_leaf_hash(leaf, hash);
		if (rc != RC_OK)
			break;
		is_good = !in_tile || same_hash(in_tile, hash);
		if (!is_good)
			audit_find(w->audit, AUDIT_LEAF, (int64_t)(first + i),
				   "the record is not the one whose hash is in the tile");
		check_leaf(w, leaf, first + i, is_good);
		rc = append(w, in_tile ? in_tile : hash, is_good ? NULL : hash);
	}
	if (has_bundle && !w->stopped) {
		if (in.len)
			audit_find(w->audit, AUDIT_LEAF, (int64_t)(first + tile->width - 1),
				   "there are bytes after the record that belong to none");
		check_partials(w, tile, view_buf(&w->bundle));
	}
	return rc;
}

static void check_root(struct walk *w)
{
	const uint8_t *signed_root = w->audit->checkpoint.root;
	uint8_t root[MERKLE_HASH];

	if (tiles_root(&w->tree, root) == RC_OK && same_hash(root, signed_root))
		return;
	if (w->forked && tiles_root(&w->leaves, root) == RC_OK && same_hash(root, signed_root))
		audit_find(w->audit, AUDIT_TREE, AUDIT_NO_RECORD,
			   "the records are those that the card signed; the tiles were altered");
	else
		audit_find(w->audit, AUDIT_TREE, AUDIT_NO_RECORD,
			   "the records are not those whose root the card signed");
}

static bool is_known(const struct walk *w, const char *name)
{
	struct tile tile;

	if (!strcmp(name, "checkpoint") || !strcmp(name, "key") || !strcmp(name, "certificate"))
		return true;
	return tile_parse_path(view_str(name), &tile) == RC_OK &&
	       tile.width <= tile_width(&tile, w->audit->checkpoint.size);
}

/* Files that are no part of the export; name is what the directory is called in the book. */
static void look_around(struct walk *w, const char *name, unsigned int depth)
{
	char path[PATH_SIZE], inner[PATH_SIZE];
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	if (depth > 12 || !book_path(&w->audit->book, name, path, sizeof(path)))
		return;
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    snprintf(inner, sizeof(inner), "%s%s%s", name, *name ? "/" : "",
			     entry->d_name) >= (int)sizeof(inner))
			continue;
		if (S_ISDIR(st.st_mode))
			look_around(w, inner, depth + 1);
		else if (!is_known(w, inner))
			audit_notice(w->audit, AUDIT_FILE, AUDIT_NO_RECORD,
				     "%.150s is no part of the export", inner);
	}
	closedir(dir);
}

/* What a pruned ledger still had is audited behind the export that has the beginning. */
static bool is_rest(struct walk *w)
{
	uint64_t first;
	enum rc rc = export_rest_first(&w->audit->book, &first);

	if (rc == RC_NOT_FOUND)
		return false;
	if (rc != RC_OK)
		first = 0;
	audit_find(w->audit, AUDIT_GAP, AUDIT_NO_RECORD,
		   "the export is the rest of a pruned ledger: the entries before %llu are in an "
		   "earlier one, behind which intaglio audit join puts these",
		   (unsigned long long)first);
	return true;
}

static enum rc walk_all(struct walk *w)
{
	struct audit *a = w->audit;
	struct tile tile = {.level = TILE_ENTRIES};
	enum rc rc = RC_OK;

	if (!take_key(w))
		return w->said ? RC_IO : RC_OK;
	check_key_file(w);
	w->said = !audit_check_chain(a);
	if (w->said)
		return RC_IO;
	if (!take_checkpoint(w))
		return RC_OK;
	if (is_rest(w))
		return RC_OK;
	w->said = !take_previous(w);
	if (w->said)
		return RC_IO;
	while (rc == RC_OK && !w->stopped && (tile.width = tile_width(&tile, a->checkpoint.size))) {
		rc = walk_bundle(w, &tile);
		tile.index++;
	}
	if (!w->stopped)
		drop_first(w);
	if (rc == RC_OK)
		rc = tiles_flush(&w->tree, check_tile, w);
	if (rc == RC_OK && w->tree.size == a->checkpoint.size)
		check_root(w);
	else if (rc == RC_OK)
		audit_find(a, AUDIT_TREE, AUDIT_NO_RECORD,
			   "the records end after %llu of %llu entries",
			   (unsigned long long)w->tree.size,
			   (unsigned long long)a->checkpoint.size);
	look_around(w, "", 0);
	return rc;
}

/* Of that name, whatever it is; what cannot be looked at may be there. */
static bool holds(const struct audit *a, const char *name)
{
	char path[PATH_SIZE];
	struct stat st;

	return snprintf(path, sizeof(path), "%s/%s", a->book.dir, name) >= (int)sizeof(path) ||
	       lstat(path, &st) == 0 || errno != ENOENT;
}

/* A mistyped name is no book that something is wrong with. */
static bool is_there(const struct audit *a)
{
	struct stat st;

	if (stat(a->book.dir, &st) == 0 && S_ISDIR(st.st_mode)) {
		if (holds(a, "checkpoint") || holds(a, "key") || holds(a, "tile"))
			return true;
		fprintf(stderr,
			"intaglio: %s is no export of a ledger: it has no key, no checkpoint and no "
			"tiles; give the one that intaglio ledger export wrote\n",
			a->book.dir);
		return false;
	}
	fprintf(stderr,
		"intaglio: there is no folder %s; give the one that intaglio ledger export wrote\n",
		a->book.dir);
	return false;
}

enum rc audit_walk(struct audit *audit)
{
	struct walk *w = calloc(1, sizeof(*w));
	struct timespec now;
	enum rc rc;

	if (!w)
		return RC_MEMORY;
	clock_gettime(CLOCK_REALTIME, &now);
	w->audit = audit;
	w->now_ms = (uint64_t)now.tv_sec * 1000;
	buf_init(&w->both, 2 * BOOK_LEAF_MAX);
	buf_init(&w->bundle, BOOK_BUNDLE_MAX);
	buf_init(&w->other, BOOK_BUNDLE_MAX);
	buf_init(&w->hashes, TILE_WIDTH * MERKLE_HASH);
	w->said = !is_there(audit);
	rc = w->said ? RC_IO : walk_all(w);
	if (rc != RC_OK && !w->said)
		fprintf(stderr, "intaglio: the audit of %s cannot be done: %s\n", audit->book.dir,
			rc_name(rc));
	buf_free(&w->hashes);
	buf_free(&w->other);
	buf_free(&w->bundle);
	buf_free(&w->both);
	free(w);
	return rc;
}
