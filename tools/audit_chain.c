/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose ledger it is: from the authority's certificate, which the auditor trusts, to that of the card,
 * and from the card to the ledger's verifier key (doc/ledger.md, The card's word for a ledger). And
 * whose the auditor's keys are, where leaf 0 has his certificate.
 */
#include <stdio.h>

#include "base/auditor_certificate.h"
#include "base/ledger_certificate.h"
#include "base/revocation.h"
#include "tools/audit.h"

static const char file_name[] = "certificate";

/* Dates are the auditor's to judge: a card outlives its certificate, and so does its book. */
static void check_dates(struct audit *a, const struct cvc_chain *chain, const char *whose)
{
	char from[CVC_DATE_TEXT], to[CVC_DATE_TEXT];
	uint32_t today = cvc_today();

	for (size_t i = 0; i < chain->count; i++) {
		const struct cvc *c = &chain->links[i];

		if (today < c->effective || today > c->expiration)
			audit_notice(
				a, AUDIT_CERTIFICATE, AUDIT_NO_RECORD,
				"the certificate of %s %.*s is valid from %s to %s, and not today",
				c == cvc_chain_own(chain) ? whose : "the issuer", (int)c->chr.len,
				(const char *)c->chr.data, cvc_date_text(c->effective, from),
				cvc_date_text(c->expiration, to));
	}
}

/* The list that is given has to be the authority's; an older one cannot be told from the newest. */
static enum rc take_list(struct view authority, struct view in, struct revocation *ret)
{
	EVP_PKEY *key = NULL;
	struct cvc signer;
	enum rc rc = revocation_parse(&in, ret);

	if (rc == RC_OK)
		rc = view_end(&in);
	if (rc == RC_OK)
		rc = cvc_parse(&authority, &signer);
	if (rc == RC_OK && !view_equal(ret->car, signer.chr))
		rc = RC_AUTH;
	if (rc == RC_OK)
		rc = cvc_key(&signer, &key);
	if (rc == RC_OK)
		rc = revocation_verify(ret, key);
	EVP_PKEY_free(key);
	return rc;
}

/*
 * Says by say() who of the chain is revoked, if the authority's list is given. False, and a sentence, if
 * that cannot be read.
 */
static bool check_revoked(struct audit *a, struct view authority, const struct cvc_chain *chain,
			  const char *whose,
			  void (*say)(struct audit *, enum audit_kind, int64_t, const char *, ...),
			  bool *ret_revoked)
{
	struct revocation list;
	struct buf file;

	*ret_revoked = false;
	if (!a->revoked)
		return true;
	if (!file_read(a->revoked, REVOCATION_MAX, &file))
		return false;
	if (take_list(authority, view_buf(&file), &list) != RC_OK) {
		fprintf(stderr, "intaglio: %s is not the revocation list of this authority\n",
			a->revoked);
		buf_free(&file);
		return false;
	}
	for (size_t i = 0; i < chain->count; i++) {
		const struct cvc *c = &chain->links[i];

		if (!revocation_covers(list.entries, c))
			continue;
		*ret_revoked = true;
		say(a, AUDIT_CERTIFICATE, AUDIT_NO_RECORD, "the authority has revoked %s %.*s",
		    c == cvc_chain_own(chain) ? whose : "the issuer", (int)c->chr.len,
		    (const char *)c->chr.data);
	}
	buf_free(&file);
	return true;
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

static bool check(struct audit *a, struct view authority)
{
	uint8_t array[LEDGER_CERTIFICATE_MAX], text_array[NOTE_KEY_MAX];
	struct buf file, text;
	struct cvc_chain chain;
	const struct cvc *card;
	bool revoked;
	enum rc rc;

	buf_fixed(&file, array, sizeof(array));
	buf_fixed(&text, text_array, sizeof(text_array));
	note_put_key(&text, &a->key);
	rc = book_read(&a->book, file_name, &file);
	if (rc == RC_NOT_FOUND) {
		audit_find(a, AUDIT_CERTIFICATE, AUDIT_NO_RECORD,
			   "the export has no certificate: nothing leads from the authority to "
			   "the ledger's key");
		return true;
	}
	if (rc == RC_OK)
		rc = ledger_certificate_verify(view_buf(&file), authority, view_buf(&text), &chain);
	if (rc != RC_OK) {
		audit_find(a, AUDIT_CERTIFICATE, AUDIT_NO_RECORD,
			   "the certificate does not lead from the authority to a card and from "
			   "the card to the ledger's key");
		return true;
	}
	card = cvc_chain_own(&chain);
	snprintf(a->card, sizeof(a->card), "%.*s", (int)card->chr.len,
		 (const char *)card->chr.data);
	audit_text(a->card);
	check_dates(a, &chain, "the card");
	/* Whoever has a revoked card's key can sign a ledger today and date it back. */
	return check_revoked(a, authority, &chain, "the card", audit_find, &revoked);
}

bool audit_check_chain(struct audit *a)
{
	struct buf authority;
	bool good;

	if (!a->authority && a->revoked)
		fprintf(stderr, "intaglio: --revoked goes with --authority, whose list it is\n");
	if (!a->authority) {
		audit_notice(a, AUDIT_CERTIFICATE, AUDIT_NO_RECORD,
			     "whether the export has the card's certificate, and what it says, was "
			     "not checked: give the authority's with --authority");
		return !a->revoked;
	}
	if (!read_authority(a, &authority))
		return false;
	good = check(a, view_buf(&authority));
	buf_free(&authority);
	return good;
}

/* The card took the certificate under the authority that it trusted then: another one today is no fault. */
static void check_proof(struct audit *a, const struct ledger_policy *policy)
{
	const struct auditor_certificate c = {policy->auditor, policy->escrow, policy->proof};
	struct cvc_chain chain;
	struct buf authority;
	const struct cvc *own;
	bool revoked;

	if (!read_authority(a, &authority))
		return;
	if (auditor_certificate_verify(&c, view_buf(&authority), &chain) == RC_OK) {
		own = cvc_chain_own(&chain);
		check_dates(a, &chain, "the auditor");
		if (check_revoked(a, view_buf(&authority), &chain, "the auditor", audit_notice,
				  &revoked) &&
		    !revoked)
			snprintf(a->auditor_holder, sizeof(a->auditor_holder), "%.*s",
				 (int)own->chr.len, (const char *)own->chr.data);
		audit_text(a->auditor_holder);
	} else {
		audit_notice(
			a, AUDIT_CERTIFICATE, 0,
			"the auditor's certificate in leaf 0 does not lead from this authority to "
			"the auditor's keys");
	}
	buf_free(&authority);
}

const char *audit_auditor_word(const struct audit *a)
{
	if (*a->auditor_holder)
		return "certified by the authority as ";
	return a->auditor_proof ? "with a certificate that this audit does not vouch for"
				: "by the word of whoever made the ledger";
}

void audit_take_auditor(struct audit *a, const struct ledger_policy *policy)
{
	struct note_key key;

	if (!policy->auditor.len || note_parse_cosigner(policy->auditor, &key) != RC_OK)
		return;
	snprintf(a->auditor, sizeof(a->auditor), "%s", key.name);
	a->auditor_proof = policy->proof.len > 0;
	if (a->auditor_proof && a->authority)
		check_proof(a, policy);
}
