/* SPDX-License-Identifier: BSD-2-Clause */
/* Revocation lists of an authority, and its link to the next one. */
#include "base/authority_state.h"

#include "base/log.h"

/* Signs and keeps a list with these entries and the next number. */
static enum rc keep_list(struct authority *a, struct view entries)
{
	struct revocation list = {
		.car = a->certificate.chr,
		.sequence = a->revocation.sequence + 1,
		.date = cvc_today(),
		.entries = entries,
	};
	struct buf made;
	enum rc rc;

	if (!list.sequence)
		return RC_SPACE;
	buf_init(&made, REVOCATION_MAX);
	rc = revocation_sign(&list, a->key, &made);
	if (rc == RC_OK)
		rc = directory_write(a->directory, FILE_REVOKED, 0644, view_buf(&made));
	buf_free(&made);
	return rc == RC_OK ? authority_read_list(a) : rc;
}

struct newest {
	struct view holder;
	uint32_t effective; /* 0 if there is none */
};

static enum rc find_newest(void *arg, const struct cvc *c)
{
	struct newest *newest = arg;

	if (view_equal(c->chr, newest->holder) && c->effective > newest->effective)
		newest->effective = c->effective;
	return RC_OK;
}

/* The day from which on nothing of what this holder has is accepted. */
static enum rc choose_earliest(struct authority *a, const char *holder, uint32_t *earliest)
{
	struct newest newest = {.holder = view_str(holder)};
	uint32_t today = cvc_today();
	enum rc rc = authority_list(a, find_newest, &newest);

	if (rc != RC_OK)
		return rc;
	if (!newest.effective) {
		log_error("nothing was issued to %s in %s; if it is right all the same, say from "
			  "which effective date on its certificates are good again",
			  holder, directory_path(a->directory));
		return RC_NOT_FOUND;
	}
	*earliest = cvc_day_after(newest.effective > today ? newest.effective : today);
	return RC_OK;
}

enum rc authority_revoke(struct authority *authority, const char *holder, uint32_t earliest,
			 uint32_t *ret_earliest)
{
	struct cvc c = {.chr = view_str(holder)};
	uint8_t id[CVC_ID];
	struct buf entries;
	enum rc rc = authority_check_holder(holder);

	if (rc == RC_OK)
		rc = cvc_id(&c, id);
	if (rc == RC_OK && authority->certificate.type != CVC_CVCA) {
		log_error("%s is an issuer; cards take revocations from their authority only",
			  authority_name(authority).text);
		rc = RC_POLICY;
	}
	if (rc == RC_OK && !earliest)
		rc = choose_earliest(authority, holder, &earliest);
	if (rc != RC_OK)
		return rc;
	buf_init(&entries, REVOCATION_ENTRIES_MAX);
	buf_view(&entries, authority->revocation.entries);
	rc = buf_rc(&entries);
	if (rc == RC_OK)
		rc = revocation_enter(&entries, id, earliest);
	if (rc == RC_OK)
		earliest = revocation_earliest(view_buf(&entries), id);
	if (rc == RC_OK)
		rc = keep_list(authority, view_buf(&entries));
	if (rc == RC_SPACE)
		log_error("the revocation list of %s is full: replace the authority by a new one",
			  authority_name(authority).text);
	buf_free(&entries);
	if (rc == RC_OK)
		*ret_earliest = earliest;
	return rc;
}

/* Links. */

static enum rc check_link(const struct authority *a, const struct authority *next)
{
	if (a->certificate.type != CVC_CVCA || next->certificate.type != CVC_CVCA) {
		log_error("a link leads from one authority to the next, not from or to an issuer");
		return RC_POLICY;
	}
	if (view_equal(a->certificate.chr, next->certificate.chr)) {
		log_error("both authorities have the holder reference %s", authority_name(a).text);
		return RC_EXISTS;
	}
	if (next->certificate.roles & ~a->certificate.roles) {
		log_error("%s has roles that %s has not and cannot pass on",
			  authority_name(next).text, authority_name(a).text);
		return RC_POLICY;
	}
	if (next->certificate.effective < a->certificate.effective) {
		log_error("%s began before %s", authority_name(next).text, authority_name(a).text);
		return RC_POLICY;
	}
	if (a->certificate.expiration < cvc_today() || next->certificate.expiration < cvc_today()) {
		log_error("an authority whose certificate has expired is not linked");
		return RC_EXPIRED;
	}
	return RC_OK;
}

/* What the one before revoked stays revoked. */
static enum rc take_over_list(const struct authority *a, struct authority *next)
{
	struct view rest = a->revocation.entries;
	struct buf entries;
	enum rc rc;

	if (!rest.len)
		return RC_OK;
	buf_init(&entries, REVOCATION_ENTRIES_MAX);
	buf_view(&entries, next->revocation.entries);
	rc = buf_rc(&entries);
	while (rc == RC_OK && rest.len) {
		uint8_t id[CVC_ID];
		uint32_t date;

		rc = view_copy(&rest, id, CVC_ID);
		if (rc == RC_OK)
			rc = view_u32(&rest, &date);
		if (rc == RC_OK)
			rc = revocation_enter(&entries, id, date);
	}
	if (rc == RC_OK)
		rc = keep_list(next, view_buf(&entries));
	buf_free(&entries);
	return rc;
}

enum rc authority_link(struct authority *authority, struct authority *next, struct buf *out)
{
	struct holder own = authority_name(authority), other = authority_name(next);
	struct cvc_request request = {
		.car = own.text,
		.chr = other.text,
		.key = next->key,
		.scheme = next->certificate.scheme,
		.type = CVC_CVCA,
		.roles = next->certificate.roles,
		.effective = next->certificate.effective,
		.expiration = next->certificate.expiration,
	};
	struct buf made;
	enum rc rc = check_link(authority, next);

	if (rc != RC_OK)
		return rc;
	buf_init(&made, CVC_MAX);
	rc = cvc_issue(&request, authority->key, authority->certificate.scheme, &made);
	if (rc == RC_OK)
		rc = take_over_list(authority, next);
	if (rc == RC_OK)
		rc = directory_write(next->directory, FILE_LINK, 0644, view_buf(&made));
	if (rc == RC_OK) {
		buf_view(out, view_buf(&made));
		rc = buf_rc(out);
	}
	buf_free(&made);
	return rc;
}
