/* SPDX-License-Identifier: BSD-2-Clause */
/* SELECT: the first application whose AID begins with what was asked for, in registry order. */
#include "card/select.h"

#include "card/applet.h"
#include "card/pkcs15.h"

enum { P1_BY_NAME = 0x04, P2_FIRST = 0x00, P2_NEXT = 0x02, P2_NO_ANSWER = 0x0C };

enum { SW_CARD_LOCKED = 0x6283 };

/* The whole AID, or its beginning. */
static bool is_named(const struct registry_entry *e, struct view name)
{
	return name.len <= e->aid.len && view_equal(view_of(e->aid.bytes, name.len), name);
}

static bool is_selectable(const struct registry_entry *e)
{
	if (e->kind == REGISTRY_LOAD_FILE || e->number == REGISTRY_ISD)
		return e->number == REGISTRY_ISD;
	return !(e->life_cycle & LIFE_LOCKED_BIT) && e->life_cycle >= LIFE_SELECTABLE;
}

/* RC_NOT_FOUND: there is none after this entry. */
static enum rc find(struct nvm *nvm, struct view name, uint32_t after, struct registry_entry *ret)
{
	struct registry_entry e = {.number = after};
	enum rc rc;

	if (name.len == 0)
		return registry_get(nvm, REGISTRY_ISD, ret);
	if (name.len < AID_MIN)
		return RC_NOT_FOUND;
	while ((rc = registry_next(nvm, e.number, &e)) == RC_OK)
		if (is_selectable(&e) && is_named(&e, name)) {
			*ret = e;
			return RC_OK;
		}
	return rc;
}

static uint16_t select_found(struct command *c, const struct registry_entry *e)
{
	const struct applet *applet = applet_of(e->applet);
	uint8_t state = registry_card_state(c->nvm);
	uint16_t sw;

	if (!applet || (state == LIFE_CARD_LOCKED && !(e->privileges & PRIVILEGE_FINAL)))
		return SW_FUNCTION_NOT_SUPPORTED;
	sw = applet->select(c, e);
	if (!sw_is_normal(sw))
		return sw;
	applet_select(c->channel, e);
	return sw == SW_OK && state == LIFE_CARD_LOCKED ? SW_CARD_LOCKED : sw;
}

/* Nothing was found: an application that was locked while it was selected ends here, GPCS 6.4.2.1.2. */
static uint16_t not_found(struct command *c)
{
	struct registry_entry e;

	if (registry_get(c->nvm, c->channel->application, &e) == RC_OK && !is_selectable(&e) &&
	    is_named(&e, c->data))
		applet_deselect(c->channel);
	return SW_FILE_NOT_FOUND;
}

uint16_t select_application(struct command *c)
{
	struct registry_entry e;
	uint32_t after = 0;
	uint16_t sw;
	enum rc rc;

	if (c->p1 != P1_BY_NAME)
		return pkcs15_select_file(c);
	if (c->p2 != P2_FIRST && c->p2 != P2_NEXT && c->p2 != P2_NO_ANSWER)
		return SW_INCORRECT_P1P2;
	/* A locked card has its basic channel only. */
	if (c->channel->number && registry_card_state(c->nvm) == LIFE_CARD_LOCKED) {
		c->channel->open = false;
		return SW_FUNCTION_NOT_SUPPORTED;
	}
	if (c->p2 == P2_NEXT)
		after = c->channel->application;
	rc = find(c->nvm, c->data, after, &e);
	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? not_found(c) : command_sw(rc);
	sw = select_found(c, &e);
	if (c->p2 == P2_NO_ANSWER)
		buf_reset(c->answer);
	return sw;
}

enum rc select_default(struct nvm *nvm, struct channel *channel)
{
	struct registry_entry e;
	enum rc rc = registry_default(nvm, &e);

	/* Code that nothing can run yet cannot take commands. */
	if (rc == RC_OK && (!applet_of(e.applet) || !applet_of(e.applet)->tables))
		rc = registry_get(nvm, REGISTRY_ISD, &e);
	if (rc == RC_OK)
		applet_select(channel, &e);
	return rc;
}
