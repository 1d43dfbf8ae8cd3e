/* SPDX-License-Identifier: BSD-2-Clause */
/* An audit's result as text and as JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "tools/audit.h"
#include "tools/text.h"

enum { SHOWN = 100, TYPES = 65536 };

static void say_list(const struct audit_list *list, const char *word, FILE *out)
{
	size_t shown = list->kept < SHOWN ? list->kept : SHOWN;

	for (size_t i = 0; i < shown; i++) {
		const struct audit_finding *row = &list->rows[i];

		if (row->record == AUDIT_NO_RECORD)
			fprintf(out, "%s: %s: %s\n", word, audit_kind_name(row->kind), row->text);
		else
			fprintf(out, "%s: record %lld: %s\n", word, (long long)row->record,
				row->text);
	}
	if (list->count > shown)
		fprintf(out, "%s: and %llu more\n", word,
			(unsigned long long)(list->count - shown));
}

static void say_rates(const struct audit_totals *t, FILE *out)
{
	char percent[TEXT_GROWTH * sizeof(t->rates[0].percent)], taxable[32], tax[32];
	char currency[TEXT_GROWTH * sizeof(t->rates[0].currency)];

	for (size_t i = 0; i < t->rate_count; i++) {
		const struct audit_rate *r = &t->rates[i];

		fprintf(out, "  %s%%: %llu, taxable %s, tax %s %s\n",
			text_line(view_str(r->percent), percent, sizeof(percent)),
			(unsigned long long)r->invoices,
			audit_say_amount(r->taxable, taxable, sizeof(taxable)),
			audit_say_amount(r->tax, tax, sizeof(tax)),
			text_line(view_str(r->currency), currency, sizeof(currency)));
	}
}

void audit_report_text(const struct audit *a, FILE *out)
{
	const struct audit_totals *t = &a->totals;
	char first[32], last[32], label[TEXT_GROWTH * sizeof(a->label)];
	char name[TEXT_GROWTH * sizeof(a->auditor)],
		holder[TEXT_GROWTH * sizeof(a->auditor_holder)];

	say_list(&a->findings, "WRONG", out);
	say_list(&a->notices, "notice", out);
	if (t->day_count) {
		audit_say_day(t->days[0].day, first, sizeof(first));
		audit_say_day(t->days[t->day_count - 1].day, last, sizeof(last));
		fprintf(out, "%llu record%s of %llu bytes on %zu day%s, %s to %s\n",
			(unsigned long long)t->records, t->records == 1 ? "" : "s",
			(unsigned long long)t->bytes, t->day_count, t->day_count == 1 ? "" : "s",
			first, last);
	}
	if (t->read || t->unread)
		fprintf(out, "%llu invoice%s deciphered, %llu other record%s; by tax rate:\n",
			(unsigned long long)t->read, t->read == 1 ? "" : "s",
			(unsigned long long)t->unread, t->unread == 1 ? "" : "s");
	say_rates(t, out);
	if (audit_verdict(a) == EXIT_REFUSED)
		fprintf(out, "REFUSED: %llu finding%s.\n", (unsigned long long)a->findings.count,
			a->findings.count == 1 ? "" : "s");
	else
		fprintf(out, "Ledger %s: all %llu entries are those that %s signed%s.\n",
			text_line(view_str(a->label), label, sizeof(label)),
			(unsigned long long)a->checkpoint.size,
			audit_voucher(a) ? "the card" : "the key in the export",
			a->previous_size ? ", and continue the previous audit" : "");
	if (*a->card)
		fprintf(out, "The ledger is that of card %s, which the authority vouches for.\n",
			text_line(view_str(a->card), name, sizeof(name)));
	if (*a->auditor)
		fprintf(out, "Its auditor is %s, %s%s.\n",
			text_line(view_str(a->auditor), name, sizeof(name)), audit_auditor_word(a),
			text_line(view_str(a->auditor_holder), holder, sizeof(holder)));
	if (a->authority && !audit_voucher(a))
		fprintf(out, "NOT VOUCHED FOR: not by the authority that was given.\n");
	else if (!audit_voucher(a) && *a->key.name)
		fprintf(out,
			"NOT VOUCHED FOR: the key was taken from the export itself; who it "
			"belongs to is not checked. Give it with --key, or who vouches for the "
			"card with --authority.\n");
}

static json_t *list_json(const struct audit_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->kept; i++) {
		json_t *row = json_pack("{s:s,s:s}", "kind", audit_kind_name(list->rows[i].kind),
					"text", list->rows[i].text);

		if (list->rows[i].record != AUDIT_NO_RECORD)
			json_object_set_new(row, "record",
					    json_integer((json_int_t)list->rows[i].record));
		json_array_append_new(array, row);
	}
	return array;
}

static json_t *days_json(const struct audit_totals *t)
{
	json_t *array = json_array();
	char day[32];

	for (size_t i = 0; i < t->day_count; i++) {
		const struct audit_day *d = &t->days[i];

		audit_say_day(d->day, day, sizeof(day));
		json_array_append_new(array,
				      json_pack("{s:s,s:I,s:I,s:I,s:I}", "day", day, "records",
						(json_int_t)d->records, "bytes",
						(json_int_t)d->bytes, "first", (json_int_t)d->first,
						"last", (json_int_t)d->last));
	}
	return array;
}

static json_t *types_json(const struct audit_totals *t)
{
	json_t *array = json_array();

	for (int i = 0; t->types && i < TYPES; i++) {
		if (t->types[i])
			json_array_append_new(array, json_pack("{s:i,s:I}", "type", i, "records",
							       (json_int_t)t->types[i]));
	}
	return array;
}

static json_t *rates_json(const struct audit_rate *rates, size_t count, bool has_day)
{
	json_t *array = json_array();
	char day[32];

	for (size_t i = 0; i < count; i++) {
		const struct audit_rate *r = &rates[i];

		audit_say_day(r->day, day, sizeof(day));
		json_array_append_new(array, json_pack("{s:s*,s:o,s:o,s:I,s:I,s:I}", "day",
						       has_day ? day : NULL, "percent",
						       tool_json_text(r->percent), "currency",
						       tool_json_text(r->currency), "invoices",
						       (json_int_t)r->invoices,
						       "taxable_hundredths", (json_int_t)r->taxable,
						       "tax_hundredths", (json_int_t)r->tax));
	}
	return array;
}

json_t *audit_report_json(const struct audit *a)
{
	char root[64];
	struct buf text;

	buf_fixed(&text, root, sizeof(root) - 1);
	base64_put(&text, view_of(a->checkpoint.root, MERKLE_HASH));
	root[text.len] = '\0';
	return json_pack(
		"{s:b,s:b,s:s?,s:o,s:o,s:b,s:b,s:o*,s:o*,s:b,s:o*,s:I,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:o,s:o,s:o,s:o,s:o}",
		"valid", audit_verdict(a) == EXIT_DONE, "in_order", !a->findings.count,
		"vouched_by", audit_voucher(a), "ledger", tool_json_text(a->key.name), "label",
		tool_json_text(a->label), "key_given", a->key_text != NULL, "authority_given",
		a->authority != NULL, "card", *a->card ? tool_json_text(a->card) : NULL, "auditor",
		*a->auditor ? tool_json_text(a->auditor) : NULL, "auditor_certified",
		a->auditor_proof, "auditor_holder",
		*a->auditor_holder ? tool_json_text(a->auditor_holder) : NULL, "entries",
		(json_int_t)a->checkpoint.size, "root", root, "previous_entries",
		(json_int_t)a->previous_size, "records", (json_int_t)a->totals.records, "bytes",
		(json_int_t)a->totals.bytes, "records_of_other_ledgers",
		(json_int_t)a->totals.others, "finding_count", (json_int_t)a->findings.count,
		"notice_count", (json_int_t)a->notices.count, "invoices_deciphered",
		(json_int_t)a->totals.read, "others_deciphered", (json_int_t)a->totals.unread,
		"findings", list_json(&a->findings), "notices", list_json(&a->notices), "days",
		days_json(&a->totals), "types", types_json(&a->totals), "rates",
		rates_json(a->totals.rates, a->totals.rate_count, false), "day_rates",
		rates_json(a->totals.day_rates, a->totals.day_rate_count, true));
}
