/* SPDX-License-Identifier: BSD-2-Clause */
/* INSTALL [for extradition], [for personalization] and [for registry update], GPCS 9.4. */
#include "base/tlv.h"
#include "card/manager_install.h"

enum { RECEIPT_MAX = 512 };

static void put_lv(struct buf *out, struct view v)
{
	buf_u8(out, (uint8_t)v.len);
	buf_view(out, v);
}

/* To another security domain: `domain AID, 00, AID, 00, ..`; GPCS table 11-45. */
static uint16_t find_new_domain(struct command *c, struct view aid, const struct registry_entry *e,
				struct registry_entry *ret)
{
	if (registry_find(c->nvm, aid, ret) != RC_OK || ret->kind != REGISTRY_DOMAIN)
		return SW_REFERENCE_NOT_FOUND;
	if (e->number < REGISTRY_FIRST_FREE ||
	    (ret->life_cycle & LIFE_LOCKED_BIT && ret->number != REGISTRY_ISD) ||
	    (e->kind == REGISTRY_DOMAIN && manager_is_under(c->nvm, ret, e->number)))
		return SW_CONDITIONS;
	return SW_OK;
}

static struct view aid_of(struct nvm *nvm, uint32_t number, struct registry_entry *e)
{
	return registry_get(nvm, number, e) == RC_OK ? aid_view(&e->aid) : view_of(NULL, 0);
}

uint16_t install_extradite(struct command *c, const struct registry_entry *domain,
			   const struct install_fields *f)
{
	uint8_t array[RECEIPT_MAX];
	struct registry_entry to, e, from;
	struct buf receipt;
	uint16_t sw;
	enum rc rc;

	if (f->module.len || f->privileges.len)
		return SW_WRONG_DATA;
	if (registry_find(c->nvm, f->instance, &e) != RC_OK ||
	    !manager_is_under(c->nvm, &e, domain->number))
		return SW_REFERENCE_NOT_FOUND;
	sw = find_new_domain(c, f->file, &e, &to);
	if (sw != SW_OK)
		return sw;
	buf_fixed(&receipt, array, sizeof(array));
	put_lv(&receipt, aid_of(c->nvm, e.domain, &from));
	put_lv(&receipt, f->instance);
	put_lv(&receipt, f->file);
	rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	e.domain = to.number;
	return delegate_commit(c, domain, registry_put(c->nvm, &e), &receipt, f->parameters);
}

/* The STORE DATA that follow are another domain's; no other kind of application takes any yet. */
uint16_t install_personalise(struct command *c, const struct registry_entry *domain,
			     const struct install_fields *f)
{
	struct manager *m = manager_of(c->channel);
	struct registry_entry e;
	uint16_t sw = install_find(c, f->instance, domain->number, &e);

	if (!m)
		return command_sw(RC_MEMORY);
	if (sw != SW_OK)
		return sw;
	if (f->file.len || f->module.len || f->privileges.len || f->parameters.len || f->token.len)
		return SW_WRONG_DATA;
	if (e.kind != REGISTRY_DOMAIN || manager_may_write(c, &e) != SW_OK)
		return SW_CONDITIONS;
	m->personalised = e.number;
	return manager_confirm(c);
}

static uint16_t update_privileges(const struct install_fields *f, struct registry_entry *e)
{
	uint32_t privileges;

	if (e->number < REGISTRY_FIRST_FREE)
		return SW_CONDITIONS;
	if (install_take_privileges(f->privileges, &privileges) != RC_OK ||
	    (privileges & PRIVILEGE_DOMAIN) != (e->privileges & PRIVILEGE_DOMAIN))
		return SW_WRONG_DATA;
	if (privileges & PRIVILEGE_CARD_RESET && e->life_cycle == LIFE_INSTALLED)
		return SW_CONDITIONS;
	e->privileges = privileges;
	return SW_OK;
}

/* Inside a transaction: somebody always has it. */
static enum rc update_card_reset(struct command *c, const struct registry_entry *domain,
				 const struct registry_entry *e, uint32_t old_privileges)
{
	if (e->privileges & PRIVILEGE_CARD_RESET)
		return install_move_card_reset(c->nvm, domain->number, e->number);
	return old_privileges & PRIVILEGE_CARD_RESET ? install_give_back_card_reset(c->nvm) : RC_OK;
}

/* GPCS table C-14. */
static void put_receipt(struct command *c, const struct install_fields *f, uint32_t old_domain,
			struct buf *out)
{
	struct registry_entry old;

	put_lv(out, f->file.len ? aid_of(c->nvm, old_domain, &old) : f->file);
	put_lv(out, f->instance);
	put_lv(out, f->file);
	put_lv(out, f->privileges);
	if (f->parameters.len > 0x7F)
		buf_u8(out, 0x81);
	put_lv(out, f->parameters);
}

/* Privileges, the domain, or both; all of it or nothing. */
uint16_t install_update(struct command *c, const struct registry_entry *domain,
			const struct install_fields *f)
{
	uint8_t array[RECEIPT_MAX];
	struct registry_entry e, to;
	struct buf receipt;
	uint32_t old_domain, old_privileges;
	uint16_t sw;
	enum rc rc;

	if (f->module.len)
		return SW_WRONG_DATA;
	sw = install_find(c, f->instance, domain->number, &e);
	old_domain = e.domain;
	old_privileges = e.privileges;
	if (sw == SW_OK && f->file.len) {
		sw = find_new_domain(c, f->file, &e, &to);
		e.domain = to.number;
	}
	if (sw == SW_OK && f->privileges.len)
		sw = update_privileges(f, &e);
	if (sw != SW_OK)
		return sw;
	buf_fixed(&receipt, array, sizeof(array));
	put_receipt(c, f, old_domain, &receipt);
	rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	if (f->privileges.len)
		rc = update_card_reset(c, domain, &e, old_privileges);
	if (rc == RC_OK && (f->privileges.len || f->file.len))
		rc = registry_put(c->nvm, &e);
	return delegate_commit(c, domain, rc, &receipt, f->parameters);
}
