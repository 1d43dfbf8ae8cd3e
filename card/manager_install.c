/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Installation, extradition, registry update and deletion, GPCS 9.3.6 to 9.5, 11.2 and 11.5. Each
 * is one commit.
 */
#include <string.h>

#include "base/tlv.h"
#include "card/applet.h"
#include "card/instance.h"
#include "card/keyring.h"
#include "card/keyset.h"
#include "card/manager.h"

enum {
	FOR_LOAD = 0x02,
	FOR_INSTALL = 0x04,
	FOR_SELECTABLE = 0x08,
	FOR_EXTRADITION = 0x10,
	FOR_PERSONALIZATION = 0x20,
	FOR_REGISTRY_UPDATE = 0x40,
	TAG_APPLICATION_PARAMETERS = 0xC9,
	TAG_AID = 0x4F,
	TAG_KEY_ID = 0xD0,
	TAG_KEY_VERSION = 0xD2,
	P1_MORE =
		0x80, /* commands in parts come chained by their class byte, or with extended length */
	P2_RELATED = 0x80,
	PRIVILEGES_ONE = 1,
	PART_SHIFT = 8,
};

/* The fields of an INSTALL in their order, GPCS tables 11-43 to 11-46. */
struct fields {
	struct view file, module, instance, privileges, parameters;
};

static enum rc take_fields(struct view in, struct fields *ret)
{
	struct view token;

	if (manager_take(&in, &ret->file) != RC_OK || manager_take(&in, &ret->module) != RC_OK ||
	    manager_take(&in, &ret->instance) != RC_OK ||
	    manager_take(&in, &ret->privileges) != RC_OK ||
	    manager_take(&in, &ret->parameters) != RC_OK || manager_take(&in, &token) != RC_OK ||
	    view_end(&in) != RC_OK || token.len)
		return RC_MALFORMED;
	return RC_OK;
}

/* One byte or three, GPCS 11.5.2.3.2; the second of one byte is its default, table 6-2. */
static enum rc take_bytes(struct view in, uint32_t *ret)
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
static enum rc take_privileges(struct view in, uint32_t *ret)
{
	const uint32_t delegated = PRIVILEGE_DELEGATED & ~(uint32_t)PRIVILEGE_DOMAIN;
	const uint32_t verification = PRIVILEGE_MANDATED_DAP & ~(uint32_t)PRIVILEGE_DOMAIN;
	enum {
		DOMAIN_ONLY = (PRIVILEGE_DAP | PRIVILEGE_DELEGATED | PRIVILEGE_MANDATED_DAP |
			       PRIVILEGE_AUTHORIZED | PRIVILEGE_TOKEN | PRIVILEGE_RECEIPT |
			       PRIVILEGE_CIPHERED_LOAD) &
			      ~PRIVILEGE_DOMAIN
	};
	uint32_t all = 0;

	if (take_bytes(in, &all) != RC_OK || ((all & DOMAIN_ONLY) && !(all & PRIVILEGE_DOMAIN)))
		return RC_MALFORMED;
	/*
	 * A privilege is granted only if the card keeps what it promises: nothing verifies DAPs or
	 * tokens or decrypts load files here, and the issuer security domain stays the final application.
	 */
	if (all & (delegated | verification | PRIVILEGE_FINAL | PRIVILEGE_CIPHERED_LOAD))
		return RC_MALFORMED;
	*ret = all;
	return RC_OK;
}

/* The Card Reset privilege is one application's: whoever had it before has it no more. */
static enum rc move_card_reset(struct nvm *nvm, uint32_t to)
{
	struct registry_entry e = {.number = 0};
	enum rc rc;

	while ((rc = registry_next(nvm, e.number, &e)) == RC_OK) {
		if (e.number == to || !(e.privileges & PRIVILEGE_CARD_RESET))
			continue;
		e.privileges &= ~(uint32_t)PRIVILEGE_CARD_RESET;
		rc = registry_put(nvm, &e);
		if (rc != RC_OK)
			return rc;
	}
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* The load file and module of the announced AIDs. */
static uint16_t find_module(struct command *c, const struct fields *f, uint32_t domain,
			    struct registry_entry *file)
{
	if (registry_find(c->nvm, f->file, file) != RC_OK || file->kind != REGISTRY_LOAD_FILE ||
	    (file->number != REGISTRY_DOMAIN_FILE && !manager_is_under(c->nvm, file, domain)))
		return SW_REFERENCE_NOT_FOUND;
	for (size_t i = 0; i < file->module_count; i++)
		if (view_equal(aid_view(&file->modules[i]), f->module))
			return SW_OK;
	return SW_REFERENCE_NOT_FOUND;
}

static uint16_t take_parameters(struct view in, struct registry_entry *e)
{
	struct view own;

	/* The application specific ones are mandatory; what the system could be asked for is not kept. */
	if (tlv_find(in, TAG_APPLICATION_PARAMETERS, &own) != RC_OK || own.len > PARAMETERS_MAX)
		return SW_WRONG_DATA;
	if (own.len)
		memcpy(e->parameters, own.data, own.len);
	e->parameters_len = (uint8_t)own.len;
	return SW_OK;
}

static uint16_t describe_instance(struct command *c, const struct registry_entry *domain,
				  const struct fields *f, struct registry_entry *e)
{
	struct registry_entry file, other;
	uint16_t sw = find_module(c, f, domain->number, &file);

	if (sw != SW_OK)
		return sw;
	*e = (struct registry_entry){.kind = file.applet == APPLET_DOMAIN ? REGISTRY_DOMAIN
									  : REGISTRY_APPLICATION,
				     .domain = domain->number,
				     .load_file = file.number,
				     .applet = file.applet};
	if (aid_set(&e->aid, f->instance) != RC_OK || aid_set(&e->module, f->module) != RC_OK ||
	    take_privileges(f->privileges, &e->privileges) != RC_OK)
		return SW_WRONG_DATA;
	if ((e->privileges & PRIVILEGE_DOMAIN) && e->kind != REGISTRY_DOMAIN)
		return SW_WRONG_DATA;
	if (e->kind == REGISTRY_DOMAIN && !(e->privileges & PRIVILEGE_DOMAIN))
		return SW_WRONG_DATA;
	if (registry_find(c->nvm, f->instance, &other) != RC_NOT_FOUND)
		return SW_CONDITIONS;
	return take_parameters(f->parameters, e);
}

static enum rc put_instance(struct command *c, struct registry_entry *e)
{
	const struct applet *applet = applet_of(e->applet);
	enum rc rc = registry_number(c->nvm, &e->number);

	if (rc == RC_OK && e->privileges & PRIVILEGE_CARD_RESET)
		rc = move_card_reset(c->nvm, e->number);
	if (rc == RC_OK)
		rc = registry_put(c->nvm, e);
	if (rc == RC_OK && applet && applet->install &&
	    applet->install(c, e, view_of(e->parameters, e->parameters_len)) != SW_OK)
		rc = RC_MALFORMED;
	return rc;
}

static uint16_t install(struct command *c, const struct registry_entry *domain,
			const struct fields *f)
{
	bool selectable = c->p1 & FOR_SELECTABLE;
	struct registry_entry e;
	uint16_t sw = describe_instance(c, domain, f, &e);
	enum rc rc;

	if (sw != SW_OK)
		return sw;
	if (!selectable && (e.privileges & PRIVILEGE_CARD_RESET))
		return SW_WRONG_DATA;
	e.life_cycle = selectable ? LIFE_SELECTABLE : LIFE_INSTALLED;
	rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	rc = command_commit(c->nvm, put_instance(c, &e));
	return rc == RC_OK ? manager_confirm(c) : command_sw(rc);
}

/* The application that a command names, in the domain's hierarchy. */
static uint16_t find_application(struct command *c, struct view aid, uint32_t domain,
				 struct registry_entry *ret)
{
	if (registry_find(c->nvm, aid, ret) != RC_OK || ret->kind == REGISTRY_LOAD_FILE ||
	    !manager_is_under(c->nvm, ret, domain))
		return SW_REFERENCE_NOT_FOUND;
	return SW_OK;
}

static uint16_t put_entry(struct command *c, const struct registry_entry *e, bool card_reset)
{
	enum rc rc = nvm_begin(c->nvm);

	if (rc != RC_OK)
		return command_sw(rc);
	if (card_reset)
		rc = move_card_reset(c->nvm, e->number);
	if (rc == RC_OK)
		rc = registry_put(c->nvm, e);
	rc = command_commit(c->nvm, rc);
	return rc == RC_OK ? manager_confirm(c) : command_sw(rc);
}

static uint16_t make_selectable(struct command *c, const struct registry_entry *domain,
				const struct fields *f)
{
	struct registry_entry e;
	uint32_t privileges;
	bool reset;
	uint16_t sw = find_application(c, f->instance, domain->number, &e);

	if (sw != SW_OK)
		return sw;
	if (f->file.len || f->module.len || take_bytes(f->privileges, &privileges) != RC_OK)
		return SW_WRONG_DATA;
	if (e.life_cycle != LIFE_INSTALLED)
		return SW_CONDITIONS;
	reset = privileges & PRIVILEGE_CARD_RESET;
	e.life_cycle = LIFE_SELECTABLE;
	if (reset)
		e.privileges |= PRIVILEGE_CARD_RESET;
	return put_entry(c, &e, reset);
}

/* To another security domain: `domain AID, 00, AID, 00, ..`; GPCS table 11-45. */
static uint16_t extradite(struct command *c, const struct registry_entry *domain,
			  const struct fields *f)
{
	struct registry_entry to, e;

	if (f->module.len || f->privileges.len)
		return SW_WRONG_DATA;
	if (registry_find(c->nvm, f->file, &to) != RC_OK || to.kind != REGISTRY_DOMAIN ||
	    registry_find(c->nvm, f->instance, &e) != RC_OK ||
	    !manager_is_under(c->nvm, &e, domain->number))
		return SW_REFERENCE_NOT_FOUND;
	if (e.number < REGISTRY_FIRST_FREE ||
	    (to.life_cycle & LIFE_LOCKED_BIT && to.number != REGISTRY_ISD) ||
	    (e.kind == REGISTRY_DOMAIN && manager_is_under(c->nvm, &to, e.number)))
		return SW_CONDITIONS;
	e.domain = to.number;
	return put_entry(c, &e, false);
}

/* The STORE DATA that follow are another domain's; no other kind of application takes any yet. */
static uint16_t personalise(struct command *c, const struct registry_entry *domain,
			    const struct fields *f)
{
	struct manager *m = manager_of(c->channel);
	struct registry_entry e;
	uint16_t sw = find_application(c, f->instance, domain->number, &e);

	if (!m)
		return command_sw(RC_MEMORY);
	if (sw != SW_OK)
		return sw;
	if (f->file.len || f->module.len || f->privileges.len || f->parameters.len)
		return SW_WRONG_DATA;
	if (e.kind != REGISTRY_DOMAIN || manager_may_write(c, &e) != SW_OK)
		return SW_CONDITIONS;
	m->personalised = e.number;
	return manager_confirm(c);
}

static uint16_t update_registry(struct command *c, const struct registry_entry *domain,
				const struct fields *f)
{
	struct registry_entry e;
	uint32_t privileges;
	uint16_t sw;

	if (f->file.len || f->module.len)
		return SW_FUNCTION_NOT_SUPPORTED;
	sw = find_application(c, f->instance, domain->number, &e);
	if (sw != SW_OK)
		return sw;
	if (f->privileges.len == 0)
		return manager_confirm(c);
	if (e.number < REGISTRY_FIRST_FREE)
		return SW_CONDITIONS;
	if (take_privileges(f->privileges, &privileges) != RC_OK ||
	    (privileges & PRIVILEGE_DOMAIN) != (e.privileges & PRIVILEGE_DOMAIN))
		return SW_WRONG_DATA;
	e.privileges = privileges;
	return put_entry(c, &e, privileges & PRIVILEGE_CARD_RESET);
}

uint16_t manager_install(struct command *c)
{
	struct registry_entry domain;
	struct fields f;
	uint16_t sw;
	enum rc rc;

	if (c->p2)
		return SW_INCORRECT_P1P2;
	if (c->p1 == FOR_LOAD)
		return manager_install_for_load(c);
	manager_reset(c->channel->manager);
	rc = manager_domain(c, &domain);
	if (rc != RC_OK)
		return command_sw(rc);
	/* To personalise an application is no change of contents. */
	sw = c->p1 == FOR_PERSONALIZATION ? manager_may_write(c, &domain) : manager_may(c, &domain);
	if (sw != SW_OK)
		return sw;
	if (take_fields(c->data, &f) != RC_OK)
		return SW_WRONG_DATA;
	switch (c->p1) {
	case FOR_INSTALL:
	case FOR_INSTALL | FOR_SELECTABLE:
		return install(c, &domain, &f);
	case FOR_SELECTABLE:
		return make_selectable(c, &domain, &f);
	case FOR_EXTRADITION:
		return extradite(c, &domain, &f);
	case FOR_PERSONALIZATION:
		return personalise(c, &domain, &f);
	case FOR_REGISTRY_UPDATE:
		return update_registry(c, &domain, &f);
	default:
		return SW_INCORRECT_P1P2;
	}
}

/* Nobody else's applications, and none that is selected on a channel, may lose their entry. */
static bool is_selected(const struct command *c, uint32_t number)
{
	for (size_t i = 0; i < CHANNEL_COUNT; i++)
		if (c->card->slots[i].channel.application == number)
			return true;
	return false;
}

static bool has_dependents(struct nvm *nvm, const struct registry_entry *of)
{
	struct registry_entry e = {.number = 0};

	while (registry_next(nvm, e.number, &e) == RC_OK)
		if (e.number != of->number && (e.load_file == of->number || e.domain == of->number))
			return true;
	return false;
}

static enum rc remove_instance(struct command *c, const struct registry_entry *e)
{
	const struct applet *applet = applet_of(e->applet);
	if (applet && applet->uninstall && applet->uninstall(c, e) != SW_OK)
		return RC_STATE;
	if (e->kind == REGISTRY_DOMAIN) {
		keyset_delete_all(c->nvm, e->number);
		keyring_delete_all(c->nvm, e->number);
		nvm_delete(c->nvm, RECORD_CONFIRMATIONS | e->number);
		nvm_delete(c->nvm, RECORD_DOMAIN_DATA | e->number);
	}
	return registry_delete(c->nvm, e->number);
}

static enum rc remove_file(struct command *c, const struct registry_entry *file, bool related)
{
	struct registry_entry e = {.number = 0};
	uint32_t id = RECORD_LOAD_FILE | file->number << PART_SHIFT;
	struct view part;
	enum rc rc;

	while ((rc = registry_next(c->nvm, e.number, &e)) == RC_OK) {
		if (e.load_file != file->number)
			continue;
		if (!related || is_selected(c, e.number) || e.kind == REGISTRY_DOMAIN)
			return RC_STATE;
		rc = remove_instance(c, &e);
		if (rc != RC_OK)
			return rc;
	}
	if (rc != RC_NOT_FOUND)
		return rc;
	while (nvm_get(c->nvm, id, &part) == RC_OK)
		nvm_delete(c->nvm, id++);
	return registry_delete(c->nvm, file->number);
}

static uint16_t delete_content(struct command *c, struct view aid, bool related)
{
	struct registry_entry domain, e;
	uint16_t sw;
	enum rc rc = manager_domain(c, &domain);

	if (rc != RC_OK)
		return command_sw(rc);
	sw = manager_may(c, &domain);
	if (sw != SW_OK)
		return sw;
	if (registry_find(c->nvm, aid, &e) != RC_OK ||
	    (!(domain.privileges & PRIVILEGE_GLOBAL_DELETE) &&
	     !manager_is_under(c->nvm, &e, domain.number)))
		return SW_REFERENCE_NOT_FOUND;
	if (e.kind != REGISTRY_LOAD_FILE &&
	    (is_selected(c, e.number) || has_dependents(c->nvm, &e)))
		return SW_CONDITIONS;
	rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	rc = e.kind == REGISTRY_LOAD_FILE ? remove_file(c, &e, related) : remove_instance(c, &e);
	rc = command_commit(c->nvm, rc);
	return rc == RC_OK ? manager_confirm(c) : command_sw(rc);
}

uint16_t manager_delete(struct command *c)
{
	struct view in = c->data, aid;

	if (c->p1 & P1_MORE)
		return SW_INCORRECT_P1P2;
	manager_reset(c->channel->manager);
	if (tlv_is_next(in, TAG_KEY_ID) || tlv_is_next(in, TAG_KEY_VERSION))
		return manager_delete_key(c, in);
	if (tlv_expect(&in, TAG_AID, &aid) != RC_OK || view_end(&in) != RC_OK)
		return SW_WRONG_DATA;
	return delete_content(c, aid, c->p2 & P2_RELATED);
}
