/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intaglio ledger proof and consistency: proofs from an export's tiles, verified before they are
 * given. An inclusion proof is written as C2SP tlog-proof.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "tools/book.h"
#include "tools/tool.h"

struct proof {
	struct book book;
	struct note_key key;
	struct buf note;
	struct checkpoint checkpoint;
	struct book_tiles tiles;
	struct merkle_source source;
	struct merkle_proof hashes;
};

static bool parse_number(const char *text, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	return !errno && *text >= '0' && *text <= '9' && !*end;
}

static enum exit_code refuse(const char *why)
{
	fprintf(stderr, "intaglio: %s\n", why);
	return EXIT_REFUSED;
}

static enum exit_code open_proof(struct proof *p, const struct tool *tool, const char *dir)
{
	uint8_t array[BOOK_KEY_FILE_MAX];
	struct view key = view_str(tool->key ? tool->key : "");
	struct buf file;

	*p = (struct proof){.book = {dir}};
	buf_init(&p->note, NOTE_MAX);
	buf_fixed(&file, array, sizeof(array));
	if (!tool->key && book_read(&p->book, "key", &file) == RC_OK && file.len)
		key = view_of(file.data, file.len - 1);
	if (note_parse_key(key, &p->key) != RC_OK ||
	    book_read(&p->book, "checkpoint", &p->note) != RC_OK ||
	    book_open_note(view_buf(&p->note), &p->key, &p->checkpoint) != RC_OK) {
		buf_free(&p->note);
		return refuse("the directory holds no export whose checkpoint the key signed");
	}
	book_tiles_init(&p->tiles, &p->book, p->checkpoint.size);
	p->source = (struct merkle_source){book_tiles_hash, &p->tiles};
	return EXIT_DONE;
}

static void close_proof(struct proof *p)
{
	book_tiles_free(&p->tiles);
	buf_free(&p->note);
}

static void put_hash(struct buf *out, const uint8_t hash[MERKLE_HASH])
{
	base64_put(out, view_of(hash, MERKLE_HASH));
	buf_u8(out, '\n');
}

static void put_hashes(struct buf *out, const struct merkle_proof *proof)
{
	for (unsigned int i = 0; i < proof->count; i++)
		put_hash(out, proof->hash[i]);
}

/* To --output, or to standard output. */
static enum exit_code give(const struct tool *tool, struct view text)
{
	if (tool->output)
		return file_write(tool->output, text) ? EXIT_DONE : EXIT_FILE;
	return fwrite(text.data, 1, text.len, stdout) == text.len && !fflush(stdout) ? EXIT_DONE
										     : EXIT_FILE;
}

static enum exit_code prove(struct proof *p, uint64_t index, struct buf *out)
{
	uint8_t leaf[MERKLE_HASH];

	if (index >= p->checkpoint.size)
		return refuse("the export has no such record");
	if (book_tiles_hash(&p->tiles, 0, index, leaf) != RC_OK ||
	    merkle_prove_inclusion(&p->source, index, p->checkpoint.size, &p->hashes) != RC_OK ||
	    merkle_verify_inclusion(&p->hashes, index, p->checkpoint.size, leaf,
				    p->checkpoint.root) != RC_OK)
		return refuse("the export's tiles are not those of its checkpoint; see intaglio "
			      "audit verify");
	buf_printf(out, "c2sp.org/tlog-proof@v1\nindex %" PRIu64 "\n", index);
	put_hashes(out, &p->hashes);
	buf_u8(out, '\n');
	buf_view(out, view_buf(&p->note));
	return buf_rc(out) == RC_OK ? EXIT_DONE : EXIT_FILE;
}

enum exit_code ledger_proof(struct tool *tool, int argc, char **argv)
{
	enum exit_code code;
	uint64_t index;
	struct proof p;
	struct buf out;

	if (argc != 2 || !parse_number(argv[1], &index))
		return EXIT_USAGE;
	code = open_proof(&p, tool, argv[0]);
	if (code != EXIT_DONE)
		return code;
	buf_init(&out, 2 * NOTE_MAX);
	code = prove(&p, index, &out);
	if (code == EXIT_DONE)
		code = give(tool, view_buf(&out));
	buf_free(&out);
	close_proof(&p);
	return code;
}

/* The root that the tiles have at a size; at the checkpoint's size it must be the signed one. */
static bool root_at(struct proof *p, uint64_t size, uint8_t ret[MERKLE_HASH])
{
	return merkle_root_of(&p->source, size, ret) == RC_OK &&
	       (size != p->checkpoint.size ||
		view_equal(view_of(ret, MERKLE_HASH), view_of(p->checkpoint.root, MERKLE_HASH)));
}

static enum exit_code prove_between(struct proof *p, uint64_t from, uint64_t to, struct buf *out)
{
	uint8_t from_root[MERKLE_HASH], to_root[MERKLE_HASH], signed_root[MERKLE_HASH];

	if (!from || from > to || to > p->checkpoint.size)
		return refuse("the sizes must be 1 or more, ascending, and within the export");
	if (!root_at(p, from, from_root) || !root_at(p, to, to_root) ||
	    !root_at(p, p->checkpoint.size, signed_root) ||
	    merkle_prove_consistency(&p->source, from, to, &p->hashes) != RC_OK ||
	    merkle_verify_consistency(&p->hashes, from, to, from_root, to_root) != RC_OK)
		return refuse("the export's tiles are not those of its checkpoint; see intaglio "
			      "audit verify");
	buf_printf(out, "from %" PRIu64 " ", from);
	put_hash(out, from_root);
	buf_printf(out, "to %" PRIu64 " ", to);
	put_hash(out, to_root);
	put_hashes(out, &p->hashes);
	return buf_rc(out) == RC_OK ? EXIT_DONE : EXIT_FILE;
}

enum exit_code ledger_consistency(struct tool *tool, int argc, char **argv)
{
	enum exit_code code;
	uint64_t from, to = 0;
	struct proof p;
	struct buf out;

	if (argc < 2 || argc > 3 || !parse_number(argv[1], &from) ||
	    (argc == 3 && !parse_number(argv[2], &to)))
		return EXIT_USAGE;
	code = open_proof(&p, tool, argv[0]);
	if (code != EXIT_DONE)
		return code;
	buf_init(&out, NOTE_MAX);
	code = prove_between(&p, from, argc == 3 ? to : p.checkpoint.size, &out);
	if (code == EXIT_DONE)
		code = give(tool, view_buf(&out));
	buf_free(&out);
	close_proof(&p);
	return code;
}
