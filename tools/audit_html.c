/* SPDX-License-Identifier: BSD-2-Clause */
/* An audit's result as one HTML page that needs no other file, no network and no script. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/audit.h"
#include "tools/text.h"

enum { PAGE_MAX = 64 << 20, TYPES = 65536, TEXT_MAX = 256 };

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<title>Ledger audit</title>\n<style>\n"
	":root{color-scheme:light dark}\n"
	"body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\n"
	"table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}\n"
	"th,td{text-align:left;padding:.25rem .6rem;border-bottom:1px solid #8886}\n"
	".n{text-align:right;font-variant-numeric:tabular-nums}\n"
	".verdict{padding:.8rem 1rem;border-left:.5rem solid;border-radius:.2rem}\n"
	".good{border-color:#2a7d3f;background:#2a7d3f22}\n"
	".bad{border-color:#b3261e;background:#b3261e22}\n"
	"tr.pause td{color:#a35c00}\ncode{overflow-wrap:anywhere}\n"
	"</style></head><body>\n<h1>Ledger audit</h1>\n";

/* Text of others, with what HTML would read as its own written out. */
static void put_text(struct buf *b, const char *others)
{
	char line[TEXT_GROWTH * TEXT_MAX], *text = text_line(view_str(others), line, sizeof(line));

	for (; *text; text++) {
		switch (*text) {
		case '<':
			buf_str(b, "&lt;");
			break;
		case '>':
			buf_str(b, "&gt;");
			break;
		case '&':
			buf_str(b, "&amp;");
			break;
		case '"':
			buf_str(b, "&quot;");
			break;
		default:
			buf_u8(b, (uint8_t)*text);
		}
	}
}

static void put_verdict(struct buf *b, const struct audit *a)
{
	if (a->findings.count)
		buf_printf(b,
			   "<p class=\"verdict bad\"><strong>Not in order:</strong> %llu "
			   "finding%s.</p>\n",
			   (unsigned long long)a->findings.count,
			   a->findings.count == 1 ? "" : "s");
	else if (!audit_voucher(a))
		buf_printf(b,
			   "<p class=\"verdict bad\"><strong>Not vouched for:</strong> all %llu "
			   "entries are those of one signed tree, but whose key signed it was not "
			   "checked.</p>\n",
			   (unsigned long long)a->checkpoint.size);
	else
		buf_printf(b,
			   "<p class=\"verdict good\"><strong>In order:</strong> all %llu entries "
			   "are those that the card signed%s.</p>\n",
			   (unsigned long long)a->checkpoint.size,
			   a->previous_size ? ", and continue the previous audit" : "");
	buf_str(b, "<table><tbody>\n<tr><th>Ledger</th><td>");
	put_text(b, a->label);
	buf_str(b, "</td></tr>\n<tr><th>Name</th><td><code>");
	put_text(b, a->key.name);
	buf_printf(b,
		   "</code></td></tr>\n<tr><th>Records</th><td>%llu, %llu bytes</td></tr>\n"
		   "<tr><th>Records of the card's other ledgers in between</th><td>%llu</td></tr>\n"
		   "<tr><th>Key</th><td>%s</td></tr>\n",
		   (unsigned long long)a->totals.records, (unsigned long long)a->totals.bytes,
		   (unsigned long long)a->totals.others,
		   *a->card      ? "vouched for by the authority"
		   : a->key_text ? "given by the auditor"
				 : "taken from the export itself; whose it is was not checked");
	if (*a->card) {
		buf_str(b, "<tr><th>Card</th><td>");
		put_text(b, a->card);
		buf_str(b, "</td></tr>\n");
	}
	if (*a->auditor) {
		buf_str(b, "<tr><th>Auditor</th><td>");
		put_text(b, a->auditor);
		buf_printf(b, ", %s", audit_auditor_word(a));
		put_text(b, a->auditor_holder);
		buf_str(b, "</td></tr>\n");
	}
	if (a->previous_size)
		buf_printf(b, "<tr><th>Previous audit</th><td>%llu entries</td></tr>\n",
			   (unsigned long long)a->previous_size);
	else
		buf_str(b, "<tr><th>Previous audit</th><td>none given: an older state of the card "
			   "would not be noticed</td></tr>\n");
	buf_str(b, "</tbody></table>\n");
}

static void put_list(struct buf *b, const char *title, const char *none,
		     const struct audit_list *list)
{
	buf_printf(b, "<h2>%s</h2>\n", title);
	if (!list->count) {
		buf_printf(b, "<p>%s</p>\n", none);
		return;
	}
	buf_str(b, "<table><thead><tr><th class=\"n\">Record</th><th>Kind</th><th>What</th></tr>"
		   "</thead><tbody>\n");
	for (size_t i = 0; i < list->kept; i++) {
		buf_str(b, "<tr><td class=\"n\">");
		if (list->rows[i].record != AUDIT_NO_RECORD)
			buf_printf(b, "%lld", (long long)list->rows[i].record);
		buf_printf(b, "</td><td>%s</td><td>", audit_kind_name(list->rows[i].kind));
		put_text(b, list->rows[i].text);
		buf_str(b, "</td></tr>\n");
	}
	buf_str(b, "</tbody></table>\n");
	if (list->count > list->kept)
		buf_printf(b, "<p>And %llu more.</p>\n",
			   (unsigned long long)(list->count - list->kept));
}

static void put_days(struct buf *b, const struct audit_totals *t)
{
	char text[32];

	buf_str(b, "<h2>Days</h2>\n<table><thead><tr><th>Day (UTC)</th><th class=\"n\">Records</th>"
		   "<th class=\"n\">Bytes</th><th class=\"n\">From record</th>"
		   "<th class=\"n\">to record</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < t->day_count; i++) {
		const struct audit_day *d = &t->days[i];

		if (i && d->day > d[-1].day + 1)
			buf_printf(b,
				   "<tr class=\"pause\"><td colspan=\"5\">no records on %llu "
				   "day%s</td></tr>\n",
				   (unsigned long long)(d->day - d[-1].day - 1),
				   d->day == d[-1].day + 2 ? "" : "s");
		audit_say_day(d->day, text, sizeof(text));
		buf_printf(b,
			   "<tr><td>%s</td><td class=\"n\">%llu</td><td class=\"n\">%llu</td>"
			   "<td class=\"n\">%llu</td><td class=\"n\">%llu</td></tr>\n",
			   text, (unsigned long long)d->records, (unsigned long long)d->bytes,
			   (unsigned long long)d->first, (unsigned long long)d->last);
	}
	buf_str(b, "</tbody></table>\n");
}

static void put_types(struct buf *b, const struct audit_totals *t)
{
	buf_str(b, "<h2>Types</h2>\n<table><thead><tr><th class=\"n\">Type</th>"
		   "<th class=\"n\">Records</th></tr></thead><tbody>\n");
	for (int i = 0; t->types && i < TYPES; i++) {
		if (t->types[i])
			buf_printf(b, "<tr><td class=\"n\">%d</td><td class=\"n\">%llu</td></tr>\n",
				   i, (unsigned long long)t->types[i]);
	}
	buf_str(b, "</tbody></table>\n");
}

static void put_amount(struct buf *b, int64_t hundredths)
{
	char text[32];

	buf_printf(b, "<td class=\"n\">%s</td>", audit_say_amount(hundredths, text, sizeof(text)));
}

/* The cells of a rate, to the end of the row. */
static void put_rate(struct buf *b, const struct audit_rate *r)
{
	buf_str(b, "<td class=\"n\">");
	put_text(b, r->percent);
	buf_str(b, "%</td><td>");
	put_text(b, r->currency);
	buf_printf(b, "</td><td class=\"n\">%llu</td>", (unsigned long long)r->invoices);
	put_amount(b, r->taxable);
	put_amount(b, r->tax);
	buf_str(b, "</tr>\n");
}

static void put_rates(struct buf *b, const struct audit_totals *t)
{
	if (!t->read && !t->unread)
		return;
	buf_printf(b,
		   "<h2>Tax rates</h2>\n<p>%llu invoices were deciphered, and %llu other "
		   "records.</p>\n<table><thead><tr><th class=\"n\">Rate</th><th>Currency</th>"
		   "<th class=\"n\">Invoices</th><th class=\"n\">Taxable</th><th class=\"n\">Tax"
		   "</th></tr></thead><tbody>\n",
		   (unsigned long long)t->read, (unsigned long long)t->unread);
	for (size_t i = 0; i < t->rate_count; i++) {
		buf_str(b, "<tr>");
		put_rate(b, &t->rates[i]);
	}
	buf_str(b, "</tbody></table>\n");
}

static void put_day_rates(struct buf *b, const struct audit_totals *t)
{
	char day[32];

	if (!t->day_rate_count)
		return;
	buf_str(b, "<h2>Days and tax rates</h2>\n<table><thead><tr><th>Day (UTC)</th>"
		   "<th class=\"n\">Rate</th><th>Currency</th><th class=\"n\">Invoices</th>"
		   "<th class=\"n\">Taxable</th><th class=\"n\">Tax</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < t->day_rate_count; i++) {
		audit_say_day(t->day_rates[i].day, day, sizeof(day));
		buf_printf(b, "<tr><td>%s</td>", day);
		put_rate(b, &t->day_rates[i]);
	}
	buf_str(b, "</tbody></table>\n");
}

bool audit_report_html(const struct audit *a, const char *path)
{
	struct buf page;
	bool good;

	buf_init(&page, PAGE_MAX);
	buf_str(&page, head);
	put_verdict(&page, a);
	put_list(&page, "Findings", "Nothing is wrong.", &a->findings);
	put_list(&page, "Anomalies", "Nothing is out of the ordinary.", &a->notices);
	put_rates(&page, &a->totals);
	put_day_rates(&page, &a->totals);
	put_days(&page, &a->totals);
	put_types(&page, &a->totals);
	buf_str(&page, "</body></html>\n");
	good = buf_rc(&page) == RC_OK;
	if (!good)
		fprintf(stderr, "intaglio: the page is too large\n");
	good = good && file_write(path, view_buf(&page));
	buf_free(&page);
	return good;
}
