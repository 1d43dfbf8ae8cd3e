/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An export under way, for tools/export.c, which writes whole ones and continues them, and
 * tools/export_rest.c, for what is left of a ledger that was pruned. One thread; the command owns all.
 */
#ifndef INTAGLIO_TOOLS_EXPORT_H
#define INTAGLIO_TOOLS_EXPORT_H

#include "tools/book.h"
#include "tools/ledger.h"

/* The file that says that an export is a rest, and from which entry on: a number and LF. */
#define EXPORT_REST "rest"

struct export
{
	struct tool *tool;
	struct book book;
	const struct book *rest; /* where leaves come from; NULL: from the card */
	CK_OBJECT_HANDLE ledger;
	char key_text[NOTE_KEY_MAX + 1];
	struct note_key key;
	struct buf note, certificate; /* the card's; the certificate may be empty */
	struct checkpoint from, to; /* the export's, the card's */
	uint64_t pruned; /* so many of the leaves are not on the card any more */
	uint8_t id[LEDGER_ID];
	struct tiles tiles; /* of the size from */
	struct buf leaves, bundle;
	enum exit_code failed; /* why a callback ended the work */
};

enum exit_code export_refuse(const char *why);
/* Calls each with every leaf from one size to the next, in bulk. */
enum exit_code export_walk(struct export *e, bool (*each)(struct export *e, struct view leaf));
/* Writes key, certificate and, last, checkpoint. */
bool export_write_head(const struct export *e);
/* Continues the export in the directory up to e->to. */
enum exit_code export_continue(struct export *e);

/* The first entry of a rest; RC_NOT_FOUND: it is none. RC_MALFORMED, RC_IO. */
enum rc export_rest_first(const struct book *book, uint64_t *ret) WARN_UNUSED;
/* Writes what the card still has, or continues that. */
enum exit_code export_rest(struct export *e);
/* The leaves from index on that the bundle of a rest has, one after the other in e->leaves. */
enum exit_code export_rest_leaves(struct export *e, uint64_t index);

#endif
