/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an audit needs of an invoice in UBL 2 (EN 16931): number, date, amounts, and sums per tax
 * rate. A scanner of elements by their local names, not an XML parser: no DTD, and in numbers of
 * invoices only the five predefined entities and references to characters; what it does not
 * understand is no invoice. Amounts are in hundredths.
 */
#ifndef INTAGLIO_TOOLS_UBL_H
#define INTAGLIO_TOOLS_UBL_H

#include "base/buf.h"

enum { UBL_RATES = 16, UBL_TEXT = 64, UBL_ID = 1024 };

struct ubl_rate {
	char percent[16]; /* without trailing zeros: "19", "7.5" */
	int64_t taxable, tax;
};

struct ubl {
	bool is_id_odd; /* the number is longer than id or not clear; id has its beginning */
	bool is_credit; /* a CreditNote: its amounts are to be taken off */
	char id[UBL_ID], date[UBL_TEXT], currency[4];
	int64_t payable;
	struct ubl_rate rates[UBL_RATES];
	size_t rate_count;
};

/* RC_MALFORMED if it is no such invoice, with a number, a currency and an amount payable. */
enum rc ubl_parse(struct view text, struct ubl *ret) WARN_UNUSED;
/* Whether it says that it is an invoice or credit note, by its root; it may be none that ubl_parse takes. */
bool ubl_claims(struct view text);
/* "-12.5" is -1250. RC_MALFORMED for more than two digits that are not zero, or what is no amount. */
enum rc ubl_amount(struct view text, int64_t *ret) WARN_UNUSED;

#endif
