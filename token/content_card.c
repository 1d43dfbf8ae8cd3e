/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card's own life cycle, GPCS 5.1.1, and extradition, GPCS 9.4.1. What the card would refuse by
 * its state is said before it is asked: its status word would not tell why.
 */
#include "base/log.h"
#include "token/content.h"

enum {
	OP_READY = 0x01,
	INITIALIZED = 0x07,
	SECURED = 0x0F,
	CARD_LOCKED = 0x7F,
	TERMINATED = 0xFF,
};

static enum rc see_state(void *arg, const struct gp_entry *entry)
{
	*(uint8_t *)arg = entry->life_cycle;
	return RC_OK;
}

/* Why a change cannot be made from this state; NULL: it can, or the state is not one of GPCS. */
static const char *objection(CK_ULONG change, uint8_t state)
{
	switch (change) {
	case CK_INTAGLIO_CARD_INITIALISE:
		return state == OP_READY ? NULL : "it is initialised already";
	case CK_INTAGLIO_CARD_SECURE:
		if (state == CARD_LOCKED)
			return "it is secured, and locked; take the lock off";
		return state == SECURED ? "it is secured already" : NULL;
	case CK_INTAGLIO_CARD_LOCK:
		if (state == CARD_LOCKED)
			return "it is locked already";
		return state == OP_READY || state == INITIALIZED
			       ? "only a secured card can be locked; secure it first"
			       : NULL;
	case CK_INTAGLIO_CARD_UNLOCK:
		return state == CARD_LOCKED ? NULL : "it is not locked";
	default:
		return NULL;
	}
}

static uint8_t state_after(CK_ULONG change)
{
	static const uint8_t states[] = {
		[CK_INTAGLIO_CARD_INITIALISE] = INITIALIZED, [CK_INTAGLIO_CARD_SECURE] = SECURED,
		[CK_INTAGLIO_CARD_LOCK] = CARD_LOCKED,       [CK_INTAGLIO_CARD_UNLOCK] = SECURED,
		[CK_INTAGLIO_CARD_TERMINATE] = TERMINATED,
	};

	return states[change];
}

static CK_RV refuse(struct content *c, const char *why)
{
	log_error("card %s: %s", c->slot->name, why);
	return CKR_ACTION_PROHIBITED;
}

static CK_RV set_state(struct content *c, uint8_t state)
{
	uint16_t sw = 0;
	enum rc rc = gp_set_status(c->gp, GP_ISSUER_DOMAIN, state, view_of(NULL, 0), &sw);

	return content_judge(c, CONTENT_CARD, rc, &sw);
}

static CK_RV change_state(struct content *c, CK_ULONG change)
{
	uint8_t state = 0;
	uint16_t sw = 0;
	enum rc rc = gp_list(c->gp, GP_ISSUER_DOMAIN, see_state, &state, &sw);
	const char *why;
	CK_RV rv;

	if (rc != RC_OK)
		return content_judge(c, CONTENT_READ, rc, &sw);
	/* A domain that sees only its own may lock and terminate, if it has the privilege. */
	if (!state && (change == CK_INTAGLIO_CARD_INITIALISE || change == CK_INTAGLIO_CARD_SECURE))
		return refuse(c, "only its issuer security domain may do that");
	why = state ? objection(change, state) : NULL;
	if (why)
		return refuse(c, why);
	if (change == CK_INTAGLIO_CARD_SECURE && state == OP_READY) {
		rv = set_state(c, INITIALIZED);
		if (rv != CKR_OK)
			return rv;
	}
	return set_state(c, state_after(change));
}

CK_RV slot_change_card(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys, CK_ULONG change)
{
	struct content c;
	CK_RV rv;

	if (change < CK_INTAGLIO_CARD_INITIALISE || change > CK_INTAGLIO_CARD_TERMINATE)
		return CKR_ARGUMENTS_BAD;
	rv = content_open(slot, keys, false, &c);
	if (rv != CKR_OK)
		return rv;
	rv = change_state(&c, change);
	content_close(&c);
	return rv;
}

CK_RV slot_move_content(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys,
			const CK_INTAGLIO_AID *aid, const CK_INTAGLIO_AID *domain)
{
	struct gp_install install = {.purpose = GP_FOR_EXTRADITION};
	struct content c;
	uint16_t sw = 0;
	CK_RV rv;

	if (!content_is_aid(aid) || !content_is_aid(domain))
		return CKR_ARGUMENTS_BAD;
	rv = content_open(slot, keys, false, &c);
	if (rv != CKR_OK)
		return rv;
	/* GPCS table 11-45: the new domain stands where a load file else does. */
	install.file = content_aid(domain);
	install.instance = content_aid(aid);
	rv = content_judge(&c, CONTENT_MOVE, gp_install(c.gp, &install, &sw), &sw);
	content_close(&c);
	return rv;
}
