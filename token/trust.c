/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UpdateTrust of the vendor interface: certificates and a revocation list as an authority writes
 * them, put into the order and under the key references of the card's command (doc/commands.md,
 * changes of trust). Issuers' certificates belong to the card's that follows them without anything
 * between. What they are worth, the card judges.
 */
#include "base/revocation.h"
#include "token/outcome.h"
#include "token/personalise.h"
#include "token/session.h"

struct sorted {
	struct application_trust trust;
	struct view issuers; /* of the card's certificate that comes next */
	struct application_certificate certificates[PERSONALISE_SUITES];
};

/* The card's own certificate, with what came right before it of issuers. */
static bool take_own(struct sorted *sorted, const struct cvc *c)
{
	struct application_trust *trust = &sorted->trust;
	const struct personalise_suite *row = personalise_suite(c->suite);
	struct application_certificate *to = &sorted->certificates[trust->certificate_count];

	if (!row || trust->certificate_count == PERSONALISE_SUITES)
		return false;
	to->reference = row->reference;
	to->certificate = sorted->issuers.len ? view_of(sorted->issuers.data,
							sorted->issuers.len + c->object.len)
					      : c->object;
	sorted->issuers = view_of(NULL, 0);
	trust->certificate_count++;
	return true;
}

static bool take_certificate(struct sorted *sorted, const struct cvc *c)
{
	struct view *issuers = &sorted->issuers;

	if (c->type == CVC_TERMINAL)
		return take_own(sorted, c);
	if (c->type == CVC_DV) {
		*issuers = issuers->len ? view_of(issuers->data, issuers->len + c->object.len)
					: c->object;
		return true;
	}
	if (sorted->trust.link.len || issuers->len)
		return false;
	sorted->trust.link = c->object;
	return true;
}

static bool sort(struct view in, struct sorted *ret)
{
	struct revocation list;
	struct cvc c;

	if (!in.len)
		return false;
	while (in.len) {
		if (cvc_parse(&in, &c) == RC_OK) {
			if (!take_certificate(ret, &c))
				return false;
		} else if (revocation_parse(&in, &list) == RC_OK && !ret->issuers.len &&
			   !ret->trust.revocations.len) {
			ret->trust.revocations = list.object;
		} else {
			return false;
		}
	}
	return !ret->issuers.len;
}

CK_RV session_update_trust(struct session *s, CK_BYTE_PTR data, CK_ULONG len)
{
	struct slot *slot = s->slot;
	struct sorted sorted = {.trust = {.certificate_count = 0}};
	uint16_t sw = 0;
	CK_RV rv;

	if (!session_is_rw(s))
		return CKR_SESSION_READ_ONLY;
	sorted.trust.certificates = sorted.certificates;
	if (!sort(view_of(data, len), &sorted)) {
		log_error("card %s: it takes one link certificate, one renewed certificate of the "
			  "card for each of its suites, and one revocation list, and nothing else",
			  slot->name);
		return CKR_DATA_INVALID;
	}
	rv = token_connect(slot);
	if (rv != CKR_OK)
		return rv;
	return outcome(slot, CALL_TRUST, application_update_trust(slot->sc, &sorted.trust, &sw),
		       &sw);
}
