/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose ledger it is: from the authority's certificate, which the auditor trusts, to that of the card,
 * and from the card to the ledger's verifier key (doc/ledger.md, The card's word for a ledger).
 */
#include <stdio.h>

#include "base/ledger_certificate.h"
#include "tools/audit.h"

static const char file_name[] = "certificate";

/* Dates are the auditor's to judge: a card outlives its certificate, and so does its book. */
static void check_dates(struct audit *a, const struct cvc *card)
{
	char from[CVC_DATE_TEXT], to[CVC_DATE_TEXT];
	uint32_t today = cvc_today();

	if (today >= card->effective && today <= card->expiration)
		return;
	audit_notice(a, AUDIT_CERTIFICATE, AUDIT_NO_RECORD,
		     "the card's certificate is valid from %s to %s, and not today",
		     cvc_date_text(card->effective, from), cvc_date_text(card->expiration, to));
}

static bool read_authority(struct audit *a, struct buf *ret)
{
	struct cvc authority;
	struct view in;

	if (!file_read(a->authority, CVC_MAX, ret))
		return false;
	in = view_buf(ret);
	if (cvc_parse(&in, &authority) == RC_OK && view_end(&in) == RC_OK &&
	    authority.type == CVC_CVCA)
		return true;
	fprintf(stderr, "intaglio: %s is no authority's certificate\n", a->authority);
	buf_free(ret);
	return false;
}

static void check(struct audit *a, struct view authority)
{
	uint8_t array[LEDGER_CERTIFICATE_MAX], text_array[NOTE_KEY_MAX];
	struct buf file, text;
	struct cvc card;
	enum rc rc;

	buf_fixed(&file, array, sizeof(array));
	buf_fixed(&text, text_array, sizeof(text_array));
	note_put_key(&text, &a->key);
	rc = book_read(&a->book, file_name, &file);
	if (rc == RC_NOT_FOUND) {
		audit_find(a, AUDIT_CERTIFICATE, AUDIT_NO_RECORD,
			   "the export has no certificate: nothing leads from the authority to "
			   "the ledger's key");
		return;
	}
	if (rc == RC_OK)
		rc = ledger_certificate_verify(view_buf(&file), authority, view_buf(&text), &card);
	if (rc != RC_OK) {
		audit_find(a, AUDIT_CERTIFICATE, AUDIT_NO_RECORD,
			   "the certificate does not lead from the authority to a card and from "
			   "the card to the ledger's key");
		return;
	}
	snprintf(a->card, sizeof(a->card), "%.*s", (int)card.chr.len, (const char *)card.chr.data);
	check_dates(a, &card);
}

bool audit_check_chain(struct audit *a)
{
	struct buf authority;

	if (!a->authority)
		return true;
	if (!read_authority(a, &authority))
		return false;
	check(a, view_buf(&authority));
	buf_free(&authority);
	return true;
}
