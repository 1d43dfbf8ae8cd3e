/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other book of audit compare: CSV (RFC 4180, no line breaks in fields) or JSON with an object a
 * line, held in memory. Amounts are in hundredths. The book owns its entries.
 */
#ifndef INTAGLIO_TOOLS_AUDIT_BOOK_H
#define INTAGLIO_TOOLS_AUDIT_BOOK_H

#include "tools/ubl.h"

/* One invoice of the other book; what it does not say is empty. */
struct audit_book_entry {
	char *id; /* shorter than UBL_ID */
	char date[UBL_TEXT], currency[4];
	int64_t amount;
	bool has_amount;
	uint64_t line, record; /* record: 0, or the record that has it */
};

struct audit_book {
	struct audit_book_entry *entries; /* sorted by id */
	size_t count, room;
};

/* Reads a file into an empty book. False with a sentence on standard error; free it either way. */
bool audit_book_read(struct audit_book *book, const char *file);
/* The entry of this number, or NULL. */
struct audit_book_entry *audit_book_find(const struct audit_book *book, const char *id);
void audit_book_free(struct audit_book *book);

#endif
