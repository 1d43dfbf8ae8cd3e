/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Installation, GPCS 9.3.6 to 9.3.8 and 11.5: one commit each. What else INSTALL does is in manager_load.c
 * and manager_update.c.
 */
#include "card/manager_install.h"

#include <string.h>

#include "base/tlv.h"
#include "card/applet.h"
#include "card/memory.h"

enum {
	FOR_LOAD = 0x02,
	FOR_INSTALL = 0x04,
	FOR_SELECTABLE = 0x08,
	FOR_EXTRADITION = 0x10,
	FOR_PERSONALIZATION = 0x20,
	FOR_REGISTRY_UPDATE = 0x40,
	FOR_ALL = FOR_LOAD | FOR_INSTALL | FOR_SELECTABLE,
	P2_BEGIN = 0x01, /* of the combined process */
	P2_END = 0x03,
	TAG_APPLICATION_PARAMETERS = 0xC9,
	PRIVILEGES_ONE = 1,
	RECEIPT_MAX = 3 * (1 + AID_MAX),
};

enum rc install_take_fields(struct view in, struct install_fields *ret)
{
	struct view whole = in;

	if (manager_take(&in, &ret->file) != RC_OK || manager_take(&in, &ret->module) != RC_OK ||
	    manager_take(&in, &ret->instance) != RC_OK ||
	    manager_take(&in, &ret->privileges) != RC_OK ||
	    manager_take(&in, &ret->parameters) != RC_OK)
		return RC_MALFORMED;
	ret->body = view_of(whole.data, whole.len - in.len);
	if (manager_take(&in, &ret->token) != RC_OK)
		return RC_MALFORMED;
	return view_end(&in);
}

uint16_t install_authorise(struct command *c, const struct registry_entry *domain,
			   const struct install_fields *f)
{
	struct token token = {
		.body = f->body, .parameters = f->parameters, .value = f->token, .hash_len = 0};

	return delegate_authorise(c, domain, &token);
}

/* One byte or three, GPCS 11.5.2.3.2; the second of one byte is its default, table 6-2. */
enum rc install_take_bytes(struct view in, uint32_t *ret)
{
	uint8_t bytes[PRIVILEGES] = {0};

	if (in.len != PRIVILEGES_ONE && in.len != PRIVILEGES)
		return RC_MALFORMED;
	memcpy(bytes, in.data, in.len);
	*ret = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
	if (in.len == PRIVILEGES_ONE && (*ret & PRIVILEGE_DOMAIN))
		*ret |= PRIVILEGE_TRUSTED_PATH;
	return RC_OK;
}

/* What belongs to a security domain needs its bit; what excludes each other, GPCS 6.6.2. */
enum rc install_take_privileges(struct view in, uint32_t *ret)
{
	const uint32_t delegated = PRIVILEGE_DELEGATED & ~(uint32_t)PRIVILEGE_DOMAIN;
	const uint32_t dap = PRIVILEGE_DAP & ~(uint32_t)PRIVILEGE_DOMAIN;
	enum {
		DOMAIN_ONLY = (PRIVILEGE_DAP | PRIVILEGE_DELEGATED | PRIVILEGE_MANDATED_DAP |
			       PRIVILEGE_AUTHORIZED | PRIVILEGE_TOKEN | PRIVILEGE_RECEIPT |
			       PRIVILEGE_CIPHERED_LOAD) &
			      ~PRIVILEGE_DOMAIN
	};
	uint32_t all = 0;

	if (install_take_bytes(in, &all) != RC_OK ||
	    ((all & DOMAIN_ONLY) && !(all & PRIVILEGE_DOMAIN)))
		return RC_MALFORMED;
	if ((all & delegated) &&
	    (all & (PRIVILEGE_AUTHORIZED | PRIVILEGE_TOKEN | PRIVILEGE_RECEIPT)))
		return RC_MALFORMED;
	if ((all & PRIVILEGE_MANDATED_DAP & ~PRIVILEGE_DAP) && !(all & dap))
		return RC_MALFORMED;
	/*
	 * A privilege is granted only if the card keeps what it promises: nothing decrypts load files
	 * here, and the issuer security domain stays the final application.
	 */
	if (all & (PRIVILEGE_FINAL | PRIVILEGE_CIPHERED_LOAD))
		return RC_MALFORMED;
	*ret = all;
	return RC_OK;
}

/* The Card Reset privilege is one application's: whoever had it before has it no more. */
enum rc install_move_card_reset(struct nvm *nvm, uint32_t domain, uint32_t to)
{
	struct registry_entry e = {.number = 0};
	enum rc rc;

	while ((rc = registry_next(nvm, e.number, &e)) == RC_OK) {
		if (e.number == to || !(e.privileges & PRIVILEGE_CARD_RESET))
			continue;
		if (domain != REGISTRY_ISD && e.number != REGISTRY_ISD &&
		    !manager_is_under(nvm, &e, domain))
			return RC_STATE;
		e.privileges &= ~(uint32_t)PRIVILEGE_CARD_RESET;
		rc = registry_put(nvm, &e);
		if (rc != RC_OK)
			return rc;
	}
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* GPCS 6.6.2. */
enum rc install_give_back_card_reset(struct nvm *nvm)
{
	struct registry_entry isd;
	enum rc rc = registry_get(nvm, REGISTRY_ISD, &isd);

	if (rc != RC_OK)
		return rc;
	isd.privileges |= PRIVILEGE_CARD_RESET;
	return registry_put(nvm, &isd);
}

uint16_t install_find(struct command *c, struct view aid, uint32_t domain,
		      struct registry_entry *ret)
{
	if (registry_find(c->nvm, aid, ret) != RC_OK || ret->kind == REGISTRY_LOAD_FILE ||
	    !manager_is_under(c->nvm, ret, domain))
		return SW_REFERENCE_NOT_FOUND;
	return SW_OK;
}

static uint16_t find_module(const struct registry_entry *file, struct view module)
{
	for (size_t i = 0; i < file->module_count; i++)
		if (view_equal(aid_view(&file->modules[i]), module))
			return SW_OK;
	return SW_REFERENCE_NOT_FOUND;
}

/* The load file of the announced AID. */
static uint16_t find_file(struct command *c, struct view aid, uint32_t domain,
			  struct registry_entry *ret)
{
	if (registry_find(c->nvm, aid, ret) != RC_OK || ret->kind != REGISTRY_LOAD_FILE ||
	    (ret->number != REGISTRY_DOMAIN_FILE && !manager_is_under(c->nvm, ret, domain)))
		return SW_REFERENCE_NOT_FOUND;
	return SW_OK;
}

static uint16_t take_parameters(struct view in, struct registry_entry *e)
{
	struct view own;

	/* The application specific ones are mandatory. */
	if (tlv_find(in, TAG_APPLICATION_PARAMETERS, &own) != RC_OK || own.len > PARAMETERS_MAX)
		return SW_WRONG_DATA;
	if (own.len)
		memcpy(e->parameters, own.data, own.len);
	e->parameters_len = (uint8_t)own.len;
	return SW_OK;
}

static uint16_t describe_instance(struct command *c, const struct registry_entry *domain,
				  const struct install_fields *f, const struct registry_entry *file,
				  struct registry_entry *e)
{
	struct registry_entry other;
	uint16_t sw = find_module(file, f->module);

	if (sw != SW_OK)
		return sw;
	*e = (struct registry_entry){.kind = file->applet == APPLET_DOMAIN ? REGISTRY_DOMAIN
									   : REGISTRY_APPLICATION,
				     .domain = domain->number,
				     .load_file = file->number,
				     .applet = file->applet};
	e->life_cycle = c->p1 & FOR_SELECTABLE ? LIFE_SELECTABLE : LIFE_INSTALLED;
	if (aid_set(&e->aid, f->instance) != RC_OK || aid_set(&e->module, f->module) != RC_OK ||
	    install_take_privileges(f->privileges, &e->privileges) != RC_OK)
		return SW_WRONG_DATA;
	if (!!(e->privileges & PRIVILEGE_DOMAIN) != (e->kind == REGISTRY_DOMAIN))
		return SW_WRONG_DATA;
	if ((e->privileges & PRIVILEGE_CARD_RESET) && !(c->p1 & FOR_SELECTABLE))
		return SW_WRONG_DATA;
	if (registry_find(c->nvm, f->instance, &other) != RC_NOT_FOUND)
		return SW_CONDITIONS;
	sw = take_parameters(f->parameters, e);
	return sw == SW_OK ? memory_take(c->nvm, f->parameters, e) : sw;
}

/* Inside a transaction; the entry has its number. */
static enum rc put_instance(struct command *c, const struct registry_entry *domain,
			    struct registry_entry *e)
{
	const struct applet *applet = applet_of(e->applet);
	enum rc rc = RC_OK;

	if (e->privileges & PRIVILEGE_CARD_RESET)
		rc = install_move_card_reset(c->nvm, domain->number, e->number);
	if (rc == RC_OK)
		rc = registry_put(c->nvm, e);
	if (rc == RC_OK && applet && applet->install &&
	    applet->install(c, e, view_of(e->parameters, e->parameters_len)) != SW_OK)
		rc = RC_MALFORMED;
	return rc;
}

static void put_lv(struct buf *out, const struct aid *aid)
{
	buf_u8(out, aid->len);
	buf_view(out, aid_view(aid));
}

static uint16_t install(struct command *c, const struct registry_entry *domain,
			const struct install_fields *f)
{
	uint8_t array[RECEIPT_MAX];
	struct registry_entry file, e;
	struct buf receipt;
	uint16_t sw = find_file(c, f->file, domain->number, &file);
	enum rc rc;

	if (sw == SW_OK)
		sw = describe_instance(c, domain, f, &file, &e);
	if (sw != SW_OK)
		return sw;
	buf_fixed(&receipt, array, sizeof(array));
	put_lv(&receipt, &file.aid);
	put_lv(&receipt, &e.aid);
	rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	rc = registry_numbers(c->nvm, 1, &e.number);
	if (rc == RC_OK)
		rc = put_instance(c, domain, &e);
	return delegate_commit(c, domain, rc, &receipt, f->parameters);
}

/* The load file that has come and its first application, in one commit, GPCS 9.3.8. */
static uint16_t install_loaded(struct command *c, const struct registry_entry *domain,
			       const struct install_fields *f, struct manager *m)
{
	uint8_t array[RECEIPT_MAX];
	struct registry_entry e, owner;
	struct buf receipt;
	uint32_t first = 0;
	uint16_t sw;
	enum rc rc;

	if (f->file.len && !view_equal(f->file, aid_view(&m->file.aid)))
		return SW_WRONG_DATA;
	sw = describe_instance(c, domain, f, &m->file, &e);
	if (sw == SW_OK && view_equal(f->instance, aid_view(&m->file.aid)))
		sw = SW_CONDITIONS;
	if (sw == SW_OK && registry_get(c->nvm, m->file.domain, &owner) != RC_OK)
		sw = SW_CONDITIONS;
	if (sw != SW_OK)
		return sw;
	buf_fixed(&receipt, array, sizeof(array));
	put_lv(&receipt, &m->file.aid);
	put_lv(&receipt, &e.aid);
	put_lv(&receipt, &owner.aid);
	rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	rc = registry_numbers(c->nvm, 2, &first);
	e.number = first + 1;
	e.load_file = first;
	if (rc == RC_OK)
		rc = load_put_file(c, m, first);
	if (rc == RC_OK)
		rc = put_instance(c, domain, &e);
	return delegate_commit(c, domain, rc, &receipt, f->parameters);
}

/*
 * GPCS 9.3.7. Of one that is selectable already this gives it the Card Reset privilege: so hosts say
 * which application answers first after a reset.
 */
static uint16_t check_selectable(const struct registry_entry *e, uint32_t privileges)
{
	if (e->life_cycle == LIFE_INSTALLED)
		return SW_OK;
	return e->kind == REGISTRY_APPLICATION && !(e->life_cycle & LIFE_LOCKED_BIT) &&
			       privileges & PRIVILEGE_CARD_RESET
		       ? SW_OK
		       : SW_CONDITIONS;
}

static uint16_t make_selectable(struct command *c, const struct registry_entry *domain,
				const struct install_fields *f)
{
	uint8_t array[RECEIPT_MAX];
	struct registry_entry e, file;
	struct buf receipt;
	uint32_t privileges;
	uint16_t sw = install_find(c, f->instance, domain->number, &e);
	enum rc rc;

	if (sw != SW_OK)
		return sw;
	if (f->file.len || f->module.len || install_take_bytes(f->privileges, &privileges) != RC_OK)
		return SW_WRONG_DATA;
	sw = check_selectable(&e, privileges);
	if (sw != SW_OK)
		return sw;
	if (registry_get(c->nvm, e.load_file, &file) != RC_OK)
		file.aid.len = 0; /* of what the card was made with */
	if (e.life_cycle == LIFE_INSTALLED)
		e.life_cycle = LIFE_SELECTABLE;
	e.privileges |= privileges & PRIVILEGE_CARD_RESET;
	buf_fixed(&receipt, array, sizeof(array));
	put_lv(&receipt, &file.aid);
	put_lv(&receipt, &e.aid);
	rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	if (privileges & PRIVILEGE_CARD_RESET)
		rc = install_move_card_reset(c->nvm, domain->number, e.number);
	if (rc == RC_OK)
		rc = registry_put(c->nvm, &e);
	return delegate_commit(c, domain, rc, &receipt, f->parameters);
}

/* The end of the combined process; whatever it comes to, nothing of what was loaded is kept in RAM. */
static uint16_t end_combined(struct command *c, const struct registry_entry *domain)
{
	struct manager *m = c->channel->manager;
	struct install_fields f;
	uint16_t sw = SW_CONDITIONS;

	if (!m || !m->combined || !m->complete)
		return sw;
	if (install_take_fields(c->data, &f) != RC_OK)
		return SW_WRONG_DATA;
	sw = load_authorise(c, domain, m, &f);
	return sw == SW_OK ? install_loaded(c, domain, &f, m) : sw;
}

static uint16_t install_one(struct command *c, const struct registry_entry *domain)
{
	struct install_fields f;
	uint16_t sw;

	if (c->p2 || (c->p1 != FOR_INSTALL && c->p1 != (FOR_INSTALL | FOR_SELECTABLE) &&
		      c->p1 != FOR_SELECTABLE && c->p1 != FOR_EXTRADITION &&
		      c->p1 != FOR_PERSONALIZATION && c->p1 != FOR_REGISTRY_UPDATE))
		return SW_INCORRECT_P1P2;
	/* To personalise an application is no change of contents. */
	sw = c->p1 == FOR_PERSONALIZATION ? manager_may_write(c, domain) : manager_may(c, domain);
	if (sw == SW_OK && install_take_fields(c->data, &f) != RC_OK)
		sw = SW_WRONG_DATA;
	if (sw == SW_OK && c->p1 != FOR_PERSONALIZATION)
		sw = install_authorise(c, domain, &f);
	if (sw != SW_OK)
		return sw;
	switch (c->p1) {
	case FOR_SELECTABLE:
		return make_selectable(c, domain, &f);
	case FOR_EXTRADITION:
		return install_extradite(c, domain, &f);
	case FOR_PERSONALIZATION:
		return install_personalise(c, domain, &f);
	case FOR_REGISTRY_UPDATE:
		return install_update(c, domain, &f);
	default:
		return install(c, domain, &f);
	}
}

static uint16_t install_whole(struct command *c)
{
	struct registry_entry domain;
	uint16_t sw;
	enum rc rc = manager_domain(c, &domain);

	if (rc != RC_OK)
		return command_sw(rc);
	if (c->p1 == FOR_ALL && c->p2 == P2_END) {
		sw = manager_may(c, &domain);
		if (sw == SW_OK)
			sw = end_combined(c, &domain);
		manager_reset(c->channel->manager);
		return sw;
	}
	manager_reset(c->channel->manager);
	if ((c->p1 == FOR_LOAD && c->p2 == 0) || (c->p1 == FOR_ALL && c->p2 == P2_BEGIN))
		return manager_install_for_load(c);
	return install_one(c, &domain);
}

uint16_t manager_install(struct command *c)
{
	return manager_gather(c, install_whole);
}
