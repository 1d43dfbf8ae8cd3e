/* SPDX-License-Identifier: BSD-2-Clause */
/* DELETE, GPCS 9.5 and 11.2: an application, a load file, or one with all its applications, in one commit. */
#include "base/tlv.h"
#include "card/applet.h"
#include "card/instance.h"
#include "card/keyring.h"
#include "card/keyset.h"
#include "card/manager_install.h"

enum {
	TAG_AID = 0x4F,
	TAG_REFERENCE = 0xB6,
	TAG_TOKEN = 0x9E,
	TAG_KEY_ID = 0xD0,
	TAG_KEY_VERSION = 0xD2,
	P2_RELATED = 0x80,
	PART_SHIFT = 8,
	RECEIPT_MAX = 1 + AID_MAX,
};

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
	if (e->privileges & PRIVILEGE_CARD_RESET && install_give_back_card_reset(c->nvm) != RC_OK)
		return RC_STATE;
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
		if (!related || channels_have_selected(c->card, e.number) ||
		    e.kind == REGISTRY_DOMAIN)
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

static uint16_t remove_content(struct command *c, const struct registry_entry *domain,
			       const struct registry_entry *e, struct view parameters)
{
	uint8_t array[RECEIPT_MAX];
	struct buf receipt;
	enum rc rc = nvm_begin(c->nvm);

	if (rc != RC_OK)
		return command_sw(rc);
	buf_fixed(&receipt, array, sizeof(array));
	buf_u8(&receipt, e->aid.len);
	buf_view(&receipt, aid_view(&e->aid));
	rc = e->kind == REGISTRY_LOAD_FILE ? remove_file(c, e, c->p2 & P2_RELATED)
					   : remove_instance(c, e);
	return delegate_commit(c, domain, rc, &receipt, parameters);
}

static uint16_t delete_content(struct command *c, struct view aid, const struct token *token)
{
	struct registry_entry domain, e;
	uint16_t sw;
	enum rc rc = manager_domain(c, &domain);

	if (rc != RC_OK)
		return command_sw(rc);
	sw = manager_may(c, &domain);
	if (sw == SW_OK)
		sw = delegate_authorise(c, &domain, token);
	if (sw != SW_OK)
		return sw;
	if (registry_find(c->nvm, aid, &e) != RC_OK ||
	    (!(domain.privileges & PRIVILEGE_GLOBAL_DELETE) &&
	     !manager_is_under(c->nvm, &e, domain.number)))
		return SW_REFERENCE_NOT_FOUND;
	if (e.kind != REGISTRY_LOAD_FILE &&
	    (channels_have_selected(c->card, e.number) || has_dependents(c->nvm, &e)))
		return SW_CONDITIONS;
	return remove_content(c, &domain, &e, token->parameters);
}

/* AID, then what the token says of itself, then the token, GPCS table 11-23. */
static enum rc take_fields(struct view in, struct view *ret_aid, struct token *ret)
{
	struct view whole = in, reference = {NULL, 0};
	enum rc rc = tlv_expect(&in, TAG_AID, ret_aid);

	ret->parameters = in;
	if (rc == RC_OK && tlv_is_next(in, TAG_REFERENCE))
		rc = tlv_expect(&in, TAG_REFERENCE, &reference);
	ret->body = view_of(whole.data, whole.len - in.len);
	ret->parameters.len -= in.len;
	if (rc == RC_OK && in.len)
		rc = tlv_expect(&in, TAG_TOKEN, &ret->value);
	return rc == RC_OK ? view_end(&in) : rc;
}

static uint16_t delete_whole(struct command *c)
{
	struct token token = {.hash_len = 0};
	struct view aid;

	manager_reset(c->channel->manager);
	if (tlv_is_next(c->data, TAG_KEY_ID) || tlv_is_next(c->data, TAG_KEY_VERSION))
		return manager_delete_key(c, c->data);
	if (take_fields(c->data, &aid, &token) != RC_OK)
		return SW_WRONG_DATA;
	return delete_content(c, aid, &token);
}

uint16_t manager_delete(struct command *c)
{
	return manager_gather(c, delete_whole);
}
