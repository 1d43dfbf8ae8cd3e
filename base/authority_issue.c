/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Issuing and renewing. What is asked for is judged against everything issued before, read from
 * issued/ each time: a directory has one fact of each kind, and no index that could disagree.
 */
#include "base/authority_state.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

enum {
	SUITE_MODERN = 0x42,
	SUITE_BITS_MIN = 2048, /* of suite 42, and of issuers */
	NAME_SIZE = 3 * CVC_REFERENCE_MAX + 32,
};

/* Letters and digits stand for themselves in a file's name, other bytes as %xx. */
static void put_name(const struct cvc_request *r, char ret[NAME_SIZE])
{
	struct buf b;

	buf_fixed(&b, ret, NAME_SIZE - 1);
	buf_str(&b, FOLDER_ISSUED "/");
	for (const char *c = r->chr; *c; c++)
		buf_printf(&b, authority_is_plain(*c) ? "%c" : "%%%02x", *(const uint8_t *)c);
	buf_printf(&b, "-20%06u-%02x.cvc", r->effective, r->suite);
	ret[b.len] = '\0';
}

static bool is_card(const struct cvc *c)
{
	return c->type == CVC_TERMINAL && !c->roles;
}

struct conflict {
	const struct cvc_request *request;
	uint8_t id[CVC_ID];
};

static enum rc judge_same_holder(const struct cvc_request *r, const struct cvc *c)
{
	char date[CVC_DATE_TEXT];

	if (c->type != r->type || is_card(c) != (r->type == CVC_TERMINAL && !r->roles)) {
		log_error("%s is the reference of another kind of holder already", r->chr);
		return RC_EXISTS;
	}
	if (c->suite == r->suite && c->effective >= r->effective) {
		log_error("%s has a certificate that is effective from %s: certificates of one "
			  "holder are told apart by that date, so the next one needs a later one",
			  r->chr, cvc_date_text(c->effective, date));
		return RC_EXISTS;
	}
	return RC_OK;
}

/* One certificate issued before, against the one that is asked for. */
static enum rc judge(void *arg, const struct cvc *c)
{
	const struct conflict *conflict = arg;
	const struct cvc_request *r = conflict->request;
	bool same_holder = view_equal(c->chr, view_str(r->chr));
	EVP_PKEY *key = NULL;
	uint8_t id[CVC_ID];
	enum rc rc;
	bool same_key;

	if (!same_holder && cvc_id(c, id) == RC_OK &&
	    view_equal(view_of(id, CVC_ID), view_of(conflict->id, CVC_ID))) {
		log_error("%s ends with the id of %s, and an id is one holder's", r->chr,
			  authority_holder(c->chr).text);
		return RC_EXISTS;
	}
	rc = cvc_key(c, &key);
	if (rc != RC_OK)
		return rc;
	same_key = EVP_PKEY_eq(key, r->key) == 1;
	EVP_PKEY_free(key);
	if (same_key && (!same_holder || c->suite != r->suite)) {
		log_error("this key is certified for %s, suite %02x: a key has one holder and one "
			  "suite",
			  authority_holder(c->chr).text, c->suite);
		return RC_POLICY;
	}
	return same_holder ? judge_same_holder(r, c) : RC_OK;
}

static enum rc check_key(const struct authority *a, const struct cvc_request *r)
{
	if (EVP_PKEY_eq(a->key, r->key) == 1) {
		log_error("this key is the authority's own");
		return RC_POLICY;
	}
	if ((r->suite == SUITE_MODERN || r->type != CVC_TERMINAL) &&
	    (rsa_bits(r->key) < SUITE_BITS_MIN || !rsa_exponent_is_f4(r->key))) {
		log_error("this key is not used: suite 42 and issuers need an RSA key of 2048 to "
			  "4096 bits with the public exponent 65537");
		return RC_POLICY;
	}
	return RC_OK;
}

static enum rc check_own_dates(const struct authority *a, const struct cvc_request *r)
{
	uint32_t end = a->certificate.expiration, today = cvc_today();
	char date[CVC_DATE_TEXT], other[CVC_DATE_TEXT];

	if (today > end || r->effective > end) {
		log_error("the certificate of %s ends on %s, and nothing is issued after that",
			  authority_name(a).text, cvc_date_text(end, date));
		return RC_EXPIRED;
	}
	if (r->effective < a->certificate.effective) {
		log_error("%s is before %s, when the certificate of %s begins",
			  cvc_date_text(r->effective, date),
			  cvc_date_text(a->certificate.effective, other), authority_name(a).text);
		return RC_ARGUMENT;
	}
	return RC_OK;
}

static enum rc check_request(struct authority *a, const struct cvc_request *r)
{
	struct conflict conflict = {.request = r};
	struct view chr = view_str(r->chr), head;
	enum rc rc = check_own_dates(a, r);

	if (rc == RC_OK)
		rc = check_key(a, r);
	if (rc != RC_OK)
		return rc;
	if (a->certificate.type == CVC_DV && r->type == CVC_TERMINAL && !r->roles &&
	    !(a->roles & ROLE_ISSUER)) {
		log_error("%s has not the role issuer, and hosts take no card from it",
			  authority_name(a).text);
		return RC_POLICY;
	}
	if (r->roles & ~a->roles) {
		log_error("%s has not all of these roles itself and cannot pass them on",
			  authority_name(a).text);
		return RC_POLICY;
	}
	if (view_equal(chr, a->certificate.chr)) {
		log_error("%s is the authority's own reference", r->chr);
		return RC_EXISTS;
	}
	if (view_take(&chr, chr.len - CVC_ID, &head) != RC_OK ||
	    view_copy(&chr, conflict.id, CVC_ID) != RC_OK)
		return RC_ARGUMENT;
	return authority_list(a, judge, &conflict);
}

/* Judges a request, and makes, keeps and appends its certificate. */
static enum rc issue(struct authority *a, struct cvc_request *r, unsigned int years,
		     struct buf *out)
{
	struct holder own = authority_name(a);
	char name[NAME_SIZE];
	struct buf made;
	enum rc rc;

	r->car = own.text;
	r->expiration = cvc_years_on(r->effective, years);
	if (r->expiration > a->certificate.expiration)
		r->expiration = a->certificate.expiration;
	rc = check_request(a, r);
	if (rc != RC_OK)
		return rc;
	put_name(r, name);
	buf_init(&made, CVC_MAX);
	rc = cvc_issue(r, a->key, a->certificate.scheme, &made);
	if (rc == RC_OK)
		rc = directory_make(a->directory, FOLDER_ISSUED);
	if (rc == RC_OK)
		rc = directory_write(a->directory, name, 0644, view_buf(&made));
	if (rc == RC_OK) {
		buf_view(out, view_buf(&made));
		rc = buf_rc(out);
	}
	buf_free(&made);
	return rc;
}

static uint32_t earliest_of(const struct authority *a, struct view reference)
{
	struct cvc c = {.chr = reference};
	uint8_t id[CVC_ID];

	return cvc_id(&c, id) == RC_OK ? revocation_earliest(a->revocation.entries, id) : 0;
}

/* The effective date asked for, or the first that a card takes; RC_POLICY if a card refuses it. */
static enum rc choose_effective(const struct authority *a, const char *holder, uint32_t *effective)
{
	uint32_t earliest = earliest_of(a, view_str(holder)), today = cvc_today();
	char date[CVC_DATE_TEXT];

	if (!*effective)
		*effective = earliest > today ? earliest : today;
	if (!cvc_date_is_real(*effective))
		return RC_ARGUMENT;
	if (*effective >= earliest)
		return RC_OK;
	log_error("%s was revoked: cards take certificates that are effective from %s on", holder,
		  cvc_date_text(earliest, date));
	return RC_POLICY;
}

enum rc authority_issue(struct authority *authority, const struct authority_request *request,
			struct buf *out)
{
	static const char *const prefixes[] = {"ZZHOST", "ZZCARD", "ZZISSU"};
	bool issuer = request->kind == AUTHORITY_ISSUER;
	bool card = request->kind == AUTHORITY_CARD;
	char made[CVC_REFERENCE_MAX + 1];
	struct cvc_request r = {
		.chr = request->holder ? request->holder : made,
		.key = request->key,
		.scheme = issuer || request->suite == SUITE_MODERN ? RSA_PSS_SHA256
								   : RSA_PKCS1_SHA1,
		.type = issuer ? CVC_DV : CVC_TERMINAL,
		.roles = request->roles,
		.effective = request->effective,
		.suite = request->suite,
	};
	enum rc rc;

	if (!request->key || request->kind > AUTHORITY_ISSUER || (card == (request->roles != 0)) ||
	    (issuer == (request->suite != 0)))
		return RC_ARGUMENT;
	rc = request->holder ? authority_check_holder(request->holder)
			     : authority_make_holder(prefixes[request->kind], made);
	if (rc == RC_OK)
		rc = choose_effective(authority, r.chr, &r.effective);
	return rc == RC_OK ? issue(authority, &r, request->years, out) : rc;
}

static enum rc check_renewable(const struct authority *a, const struct cvc *old)
{
	struct holder holder = authority_holder(old->chr);
	char date[CVC_DATE_TEXT];
	enum rc rc = RC_AUTH;

	if (view_equal(old->car, a->certificate.chr))
		rc = cvc_verify(old, a->key, a->certificate.scheme);
	if (rc == RC_AUTH)
		log_error("the certificate of %s is not one of %s", holder.text,
			  authority_name(a).text);
	if (rc != RC_OK)
		return rc;
	if (old->type == CVC_CVCA) {
		log_error("%s is an authority: it is followed by a new one and a link, not renewed",
			  holder.text);
		return RC_POLICY;
	}
	if (old->expiration < cvc_today()) {
		log_error("the certificate of %s ended on %s and is not renewed; issue a new one "
			  "with that holder reference",
			  holder.text, cvc_date_text(old->expiration, date));
		return RC_EXPIRED;
	}
	if (revocation_covers(a->revocation.entries, old)) {
		log_error("the certificate of %s is revoked and not renewed; issue one for a new "
			  "key",
			  holder.text);
		return RC_POLICY;
	}
	return RC_OK;
}

enum rc authority_renew(struct authority *authority, const struct cvc *old, uint32_t effective,
			unsigned int years, struct buf *out)
{
	struct holder holder = authority_holder(old->chr);
	struct cvc_request r = {
		.chr = holder.text,
		.scheme = old->scheme,
		.type = old->type,
		.roles = old->roles,
		.effective = effective,
		.suite = old->suite,
	};
	EVP_PKEY *key = NULL;
	enum rc rc = check_renewable(authority, old);

	if (rc == RC_OK)
		rc = choose_effective(authority, holder.text, &r.effective);
	if (rc == RC_OK && r.effective <= old->effective) {
		log_error("the certificate of %s begins no earlier than its renewal would",
			  holder.text);
		rc = RC_EXISTS;
	}
	if (rc == RC_OK)
		rc = cvc_key(old, &key);
	r.key = key;
	if (rc == RC_OK)
		rc = issue(authority, &r, years, out);
	EVP_PKEY_free(key);
	return rc;
}
