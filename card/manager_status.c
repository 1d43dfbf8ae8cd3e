/* SPDX-License-Identifier: BSD-2-Clause */
/* GET STATUS in the format of today and the one before it, and SET STATUS; GPCS 11.4 and 11.10. */
#include "base/tlv.h"
#include "card/instance.h"
#include "card/manager.h"

enum {
	P1_ISD = 0x80,
	P1_APPLICATIONS = 0x40,
	P1_FILES = 0x20,
	P1_FILES_AND_MODULES = 0x10,
	P2_NEXT = 0x01,
	P2_OBJECTS = 0x02,
	TAG_AID = 0x4F,
	TAG_ENTRY = 0xE3,
	TAG_LIFE_CYCLE = 0x9F70,
	TAG_PRIVILEGES = 0xC5,
	TAG_LOAD_FILE = 0xC4,
	TAG_DOMAIN = 0xCC,
	TAG_VERSION = 0xCE,
	TAG_MODULE = 0x84,
	ROOM = 230, /* of an answer that still goes over every channel in one piece */
	P1_DOMAIN_AND_ALL = 0x60,
	P1_TYPE = 0xE0, /* of SET STATUS; the rest is reserved and ignored, as in GET STATUS */
	P1_SUBSET = 0xF0,
};

static bool is_of(uint8_t p1, const struct registry_entry *e)
{
	if (e->number == REGISTRY_ISD)
		return p1 == P1_ISD;
	if (e->kind == REGISTRY_LOAD_FILE)
		return p1 == P1_FILES || p1 == P1_FILES_AND_MODULES;
	return p1 == P1_APPLICATIONS;
}

static void put_aid_of(struct nvm *nvm, uint32_t tag, uint32_t number, struct buf *out)
{
	struct registry_entry e;

	if (number && registry_get(nvm, number, &e) == RC_OK)
		tlv_put(out, tag, aid_view(&e.aid));
}

static void put_privileges(const struct registry_entry *e, struct buf *out)
{
	tlv_header(out, TAG_PRIVILEGES, PRIVILEGES);
	buf_u8(out, (uint8_t)(e->privileges >> 16));
	buf_u16(out, (uint16_t)e->privileges);
}

/* GPCS tables 11-36 and 11-37. */
static void put_objects(struct command *c, const struct registry_entry *e, struct buf *out)
{
	size_t mark = tlv_open(out, TAG_ENTRY);

	tlv_put(out, TAG_AID, aid_view(&e->aid));
	tlv_put_u8(out, TAG_LIFE_CYCLE, e->life_cycle);
	if (e->kind == REGISTRY_LOAD_FILE) {
		tlv_put(out, TAG_VERSION, view_of(e->version, sizeof(e->version)));
		for (size_t i = 0; c->p1 == P1_FILES_AND_MODULES && i < e->module_count; i++)
			tlv_put(out, TAG_MODULE, aid_view(&e->modules[i]));
	} else {
		put_privileges(e, out);
		put_aid_of(c->nvm, TAG_LOAD_FILE, e->load_file, out);
	}
	put_aid_of(c->nvm, TAG_DOMAIN, e->domain, out);
	tlv_close(out, mark);
}

static void put_lv(struct buf *out, const struct aid *aid)
{
	buf_u8(out, aid->len);
	buf_view(out, aid_view(aid));
}

/* The format of GPCS 2.1.1: lengths and values; privileges are their first byte. */
static void put_plain(struct command *c, const struct registry_entry *e, struct buf *out)
{
	put_lv(out, &e->aid);
	buf_u8(out, e->life_cycle);
	buf_u8(out, (uint8_t)(e->privileges >> 16));
	if (c->p1 != P1_FILES_AND_MODULES)
		return;
	buf_u8(out, e->module_count);
	for (size_t i = 0; i < e->module_count; i++)
		put_lv(out, &e->modules[i]);
}

static bool is_wanted(struct command *c, const struct registry_entry *domain, struct view name,
		      const struct registry_entry *e)
{
	if (!is_of(c->p1, e))
		return false;
	if (!(domain->privileges & PRIVILEGE_GLOBAL_REGISTRY) &&
	    !manager_is_under(c->nvm, e, domain->number))
		return false;
	return e->number == REGISTRY_ISD ||
	       (name.len <= e->aid.len && view_equal(view_of(e->aid.bytes, name.len), name));
}

/* As many entries as there is room for, from the one after. */
static uint16_t list(struct command *c, struct manager *m, const struct registry_entry *domain,
		     struct view name, uint32_t after)
{
	struct registry_entry e = {.number = after};
	enum rc rc;

	while ((rc = registry_next(c->nvm, e.number, &e)) == RC_OK) {
		size_t before = c->answer->len;

		if (!is_wanted(c, domain, name, &e))
			continue;
		if (c->p2 & P2_OBJECTS)
			put_objects(c, &e, c->answer);
		else
			put_plain(c, &e, c->answer);
		if (c->answer->len <= ROOM || before == 0) {
			m->status_after = e.number;
			continue;
		}
		buf_truncate(c->answer, before);
		m->status_p1 = c->p1;
		return SW_MORE_DATA;
	}
	m->status_after = 0;
	if (rc != RC_NOT_FOUND)
		return command_sw(rc);
	return c->answer->len ? SW_OK : SW_REFERENCE_NOT_FOUND;
}

uint16_t manager_get_status(struct command *c)
{
	struct manager *m = manager_of(c->channel);
	struct view in = c->data, name;
	struct registry_entry domain;
	uint32_t after;
	enum rc rc = manager_domain(c, &domain);

	if (manager_interrupts(c))
		return SW_CONDITIONS;
	if (!m || rc != RC_OK)
		return command_sw(m ? rc : RC_MEMORY);
	c->p1 &= P1_SUBSET;
	if (c->p1 != P1_ISD && c->p1 != P1_APPLICATIONS && c->p1 != P1_FILES &&
	    c->p1 != P1_FILES_AND_MODULES)
		return SW_INCORRECT_P1P2;
	/* Further criteria and a tag list are not supported, and then ignored. */
	if (tlv_expect(&in, TAG_AID, &name) != RC_OK || name.len > AID_MAX)
		return SW_WRONG_DATA;
	after = c->p2 & P2_NEXT ? m->status_after : 0;
	if ((c->p2 & P2_NEXT) && (after == 0 || m->status_p1 != c->p1))
		return SW_CONDITIONS;
	m->status_after = 0;
	return list(c, m, &domain, name, after);
}

/* The card's own transitions, GPCS 5.1.1 and figure 5-1. */
static uint16_t set_card(struct command *c, const struct registry_entry *domain,
			 struct registry_entry *isd)
{
	uint8_t from = isd->life_cycle, to = c->p2;
	bool lock = from == LIFE_CARD_LOCKED || to == LIFE_CARD_LOCKED;

	if (to == LIFE_TERMINATED && from != LIFE_TERMINATED) {
		if (!(domain->privileges & PRIVILEGE_CARD_TERMINATE))
			return SW_CONDITIONS;
	} else if (lock) {
		if (!(domain->privileges & PRIVILEGE_CARD_LOCK) ||
		    !((from == LIFE_SECURED && to == LIFE_CARD_LOCKED) ||
		      (from == LIFE_CARD_LOCKED && to == LIFE_SECURED)))
			return SW_CONDITIONS;
	} else if (domain->number != REGISTRY_ISD ||
		   (!(from == LIFE_OP_READY && to == LIFE_INITIALIZED) &&
		    !(from == LIFE_INITIALIZED && to == LIFE_SECURED))) {
		return SW_CONDITIONS;
	}
	isd->life_cycle = to;
	return SW_OK;
}

/* Locked and back; the domain itself may also become personalized. */
static uint16_t set_application(struct command *c, const struct registry_entry *domain,
				struct registry_entry *e)
{
	bool lock = c->p2 & LIFE_LOCKED_BIT, locked = e->life_cycle & LIFE_LOCKED_BIT;

	if (e->number == domain->number && c->p2 == LIFE_PERSONALIZED) {
		if (e->life_cycle != LIFE_SELECTABLE)
			return SW_CONDITIONS;
		e->life_cycle = LIFE_PERSONALIZED;
		return SW_OK;
	}
	if (lock == locked || (e->number == domain->number && !lock))
		return SW_CONDITIONS;
	e->life_cycle = (uint8_t)(lock ? e->life_cycle | LIFE_LOCKED_BIT
				       : e->life_cycle & ~LIFE_LOCKED_BIT);
	return SW_OK;
}

static uint16_t commit(struct command *c, const struct registry_entry *e)
{
	enum rc rc = nvm_begin(c->nvm);

	if (rc != RC_OK)
		return command_sw(rc);
	return command_sw(command_commit(c->nvm, registry_put(c->nvm, e)));
}

/* Those already there stay as they are, and are no error. */
static uint16_t set_all(struct command *c, const struct registry_entry *top)
{
	struct registry_entry e = {.number = 0};
	uint8_t bit = c->p2 & LIFE_LOCKED_BIT;
	enum rc rc = nvm_begin(c->nvm);

	if (rc != RC_OK)
		return command_sw(rc);
	while ((rc = registry_next(c->nvm, e.number, &e)) == RC_OK) {
		if (e.kind == REGISTRY_LOAD_FILE || e.number == REGISTRY_ISD ||
		    !manager_is_under(c->nvm, &e, top->number))
			continue;
		e.life_cycle = (uint8_t)((e.life_cycle & ~LIFE_LOCKED_BIT) | bit);
		rc = registry_put(c->nvm, &e);
		if (rc != RC_OK)
			break;
	}
	return command_sw(command_commit(c->nvm, rc == RC_NOT_FOUND ? RC_OK : rc));
}

uint16_t manager_set_status(struct command *c)
{
	struct registry_entry domain, e;
	uint16_t sw;
	enum rc rc = manager_domain(c, &domain);

	if (manager_interrupts(c))
		return SW_CONDITIONS;
	manager_reset(c->channel->manager);
	if (rc != RC_OK)
		return command_sw(rc);
	if ((c->p1 & P1_TYPE) == P1_ISD) {
		rc = registry_get(c->nvm, REGISTRY_ISD, &e);
		sw = rc == RC_OK ? set_card(c, &domain, &e) : command_sw(rc);
		return sw == SW_OK ? commit(c, &e) : sw;
	}
	if ((c->p1 & P1_TYPE) != P1_APPLICATIONS && (c->p1 & P1_TYPE) != P1_DOMAIN_AND_ALL)
		return SW_INCORRECT_P1P2;
	/* Of a locked card only the lock can be opened; a locked domain changes nothing. */
	sw = manager_may_write(c, &domain);
	if (sw != SW_OK)
		return sw;
	if (registry_find(c->nvm, c->data, &e) != RC_OK || e.kind == REGISTRY_LOAD_FILE ||
	    e.number == REGISTRY_ISD ||
	    (!(domain.privileges & PRIVILEGE_GLOBAL_LOCK) &&
	     !manager_is_under(c->nvm, &e, domain.number)))
		return SW_REFERENCE_NOT_FOUND;
	if ((c->p1 & P1_TYPE) == P1_DOMAIN_AND_ALL)
		return e.kind == REGISTRY_DOMAIN ? set_all(c, &e) : SW_WRONG_DATA;
	sw = set_application(c, &domain, &e);
	return sw == SW_OK ? commit(c, &e) : sw;
}
