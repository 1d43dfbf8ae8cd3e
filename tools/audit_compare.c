/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intaglio audit compare: the sealed invoices of an export beside another book, CSV or JSON lines, from
 * the shop or its customers. The other book is held in memory; the export is walked once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/audit.h"
#include "tools/audit_book.h"
#include "tools/text.h"
#include "tools/ubl.h"

enum { DETAIL = 4 * UBL_TEXT };

struct comparison {
	struct audit_escrow escrow;
	struct audit_book book;
	uint64_t same, differing, only_sealed, only_listed, twice, unread;
	uint64_t both, amounts, currencies, dates; /* in both, and what was compared of them */
	json_t *rows; /* with --json */
};

static void say(struct comparison *c, const char *what, const char *id, uint64_t record,
		uint64_t line, const char *detail)
{
	char number[TEXT_GROWTH * UBL_ID], more[TEXT_GROWTH * DETAIL];

	if (c->rows) {
		json_t *row = json_pack("{s:s,s:o,s:o}", "what", what, "id", tool_json_text(id),
					"detail", tool_json_text(detail));

		if (record)
			json_object_set_new(row, "record", json_integer((json_int_t)record));
		if (line)
			json_object_set_new(row, "line", json_integer((json_int_t)line));
		json_array_append_new(c->rows, row);
		return;
	}
	printf("%s: %s", what, text_line(view_str(id), number, sizeof(number)));
	if (record)
		printf(", record %llu", (unsigned long long)record);
	if (line)
		printf(", line %llu", (unsigned long long)line);
	printf("%s%s\n", *detail ? ": " : "", text_line(view_str(detail), more, sizeof(more)));
}

static void judge(struct comparison *c, struct audit_book_entry *e, const struct ubl *invoice,
		  uint64_t record)
{
	char detail[DETAIL] = "";

	if (e->record) {
		c->twice++;
		say(c, "sealed twice", e->id, record, e->line, "");
		return;
	}
	e->record = record;
	c->both++;
	c->amounts += e->has_amount;
	c->currencies += *e->currency != '\0';
	c->dates += *e->date != '\0';
	if (e->has_amount && e->amount != invoice->payable)
		snprintf(detail, sizeof(detail), "amount %.2f sealed, %.2f listed",
			 (double)invoice->payable / 100, (double)e->amount / 100);
	else if (*e->currency && strcmp(e->currency, invoice->currency) != 0)
		snprintf(detail, sizeof(detail), "currency %s sealed, %s listed", invoice->currency,
			 e->currency);
	else if (*e->date && strcmp(e->date, invoice->date) != 0)
		snprintf(detail, sizeof(detail), "date %s sealed, %s listed", invoice->date,
			 e->date);
	if (!*detail) {
		c->same++;
		return;
	}
	c->differing++;
	say(c, "differs", e->id, record, e->line, detail);
}

static bool compare_record(void *arg, const struct leaf_header *header, struct view leaf)
{
	struct comparison *c = arg;
	struct audit_book_entry *e;
	struct ubl invoice;
	struct view plain;

	if (!audit_decipher(&c->escrow, header, leaf, &plain))
		return true;
	if (ubl_parse(plain, &invoice) != RC_OK) {
		c->unread++;
		return true;
	}
	e = invoice.is_id_odd ? NULL : audit_book_find(&c->book, invoice.id);
	if (e) {
		judge(c, e, &invoice, header->index);
	} else {
		c->only_sealed++;
		say(c, "only sealed", invoice.id, header->index, 0,
		    invoice.is_id_odd ? "its number goes on and cannot be compared" : "");
	}
	return true;
}

/* What "the same" means: the other book may have said nothing but numbers. */
static void say_compared(const struct comparison *c)
{
	printf("Compared of the %llu in both books: amount of %llu, currency of %llu, date of %llu.\n",
	       (unsigned long long)c->both, (unsigned long long)c->amounts,
	       (unsigned long long)c->currencies, (unsigned long long)c->dates);
	if (c->amounts < c->both)
		printf("NO AMOUNT COMPARED of %llu: the other book has none for them in a field named "
		       "amount.\n",
		       (unsigned long long)(c->both - c->amounts));
}

static json_t *compared_json(const struct comparison *c)
{
	return json_pack("{s:I,s:I,s:I,s:I}", "id", (json_int_t)c->both, "amount",
			 (json_int_t)c->amounts, "currency", (json_int_t)c->currencies, "date",
			 (json_int_t)c->dates);
}

static enum exit_code conclude(struct comparison *c, const struct audit *a)
{
	bool good;

	for (size_t i = 0; i < c->book.count; i++) {
		if (c->book.entries[i].record)
			continue;
		c->only_listed++;
		say(c, "only listed", c->book.entries[i].id, 0, c->book.entries[i].line, "");
	}
	good = !c->differing && !c->only_sealed && !c->only_listed && !c->twice;
	if (c->rows) {
		tool_print_json(json_pack(
			"{s:b,s:b,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:O}", "valid",
			audit_verdict(a) == EXIT_DONE, "equal", good, "same", (json_int_t)c->same,
			"differing", (json_int_t)c->differing, "only_sealed",
			(json_int_t)c->only_sealed, "only_listed", (json_int_t)c->only_listed,
			"sealed_twice", (json_int_t)c->twice, "other_records",
			(json_int_t)c->unread, "compared", compared_json(c), "rows", c->rows));
	} else {
		audit_report_text(a, stdout);
		printf("%llu the same, %llu differing, %llu only sealed, %llu only listed, %llu "
		       "sealed twice; %llu records are no invoices.\n",
		       (unsigned long long)c->same, (unsigned long long)c->differing,
		       (unsigned long long)c->only_sealed, (unsigned long long)c->only_listed,
		       (unsigned long long)c->twice, (unsigned long long)c->unread);
		say_compared(c);
	}
	return good ? audit_verdict(a) : EXIT_REFUSED;
}

enum exit_code audit_compare_command(struct tool *tool, int argc, char **argv)
{
	static const char *const allowed[] = {"json",       "previous",        "key",
					      "authority",  "revoked",         "with",
					      "escrow-key", "passphrase-file", NULL};
	enum exit_code code = EXIT_FILE;
	struct comparison c = {.same = 0};
	struct audit_options o;
	struct audit a;

	(void)tool;
	if (!audit_parse(&o, argc, argv, allowed) || o.file_count != 1 || !o.escrow_key || !o.with)
		return EXIT_USAGE;
	audit_init(&a);
	audit_take_options(&a, &o);
	c.rows = o.json ? json_array() : NULL;
	if (audit_book_read(&c.book, o.with) && audit_escrow_open(&c.escrow, &a, &o)) {
		a.record = compare_record;
		a.arg = &c;
		if (audit_walk(&a) == RC_OK)
			code = conclude(&c, &a);
		audit_escrow_close(&c.escrow);
	}
	json_decref(c.rows);
	audit_book_free(&c.book);
	audit_free(&a);
	return code;
}
