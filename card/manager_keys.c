/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PUT KEY and DELETE [key], GPCS 11.8 and 11.2.2.3.2: key sets of three keys that open sessions,
 * one key of a set, and the other keys of a domain (card/keyring.h). Each command is one commit.
 */
#include <string.h>

#include "base/secret.h"
#include "base/tlv.h"
#include "card/keyring.h"
#include "card/keyset.h"
#include "card/manager.h"
#include "card/manager_key_data.h"
#include "card/memory.h"
#include "card/scp_options.h"

enum {
	P2_SEVERAL = 0x80,
	TAG_KEY_ID = 0xD0,
	TAG_KEY_VERSION = 0xD2,
	MISSING_ALL = 0x07,
};

/* New keys are memory of their domain; those that replace others are as long. */
static uint16_t may_grow(struct command *c, const struct key_data *data)
{
	struct registry_entry domain;
	uint64_t bytes = 0;
	enum rc rc = manager_domain(c, &domain);

	for (size_t i = 0; i < data->count; i++)
		bytes += data->keys[i].len + data->keys[i].exponent_len;
	return rc == RC_OK ? memory_may_grow(c->nvm, &domain, bytes) : command_sw(rc);
}

/* A new version must be new, a replaced one must be there and of the same kind. */
static uint16_t check_set_place(struct command *c, const struct keyset *set)
{
	struct keyset old;
	enum rc rc = keyset_load(c->nvm, set->domain, set->version, &old);
	bool exists = rc == RC_OK || keyring_has(c->nvm, set->domain, set->version);
	uint16_t sw = SW_OK;

	if (exists && c->p1 != set->version)
		sw = SW_CONDITIONS;
	if (c->p1 && c->p1 != set->version)
		rc = keyset_load(c->nvm, set->domain, c->p1, &old);
	if (sw == SW_OK && c->p1 && rc != RC_OK)
		sw = SW_REFERENCE_NOT_FOUND;
	if (sw == SW_OK && c->p1 && (old.type != set->type || old.len != set->len))
		sw = SW_WRONG_DATA;
	keyset_wipe(&old);
	return sw;
}

static uint16_t take_options(struct command *c, struct keyset *set)
{
	struct registry_entry domain;
	enum rc rc = manager_domain(c, &domain);

	if (rc == RC_OK)
		rc = scp_options_get(c->nvm, &domain, set->type, &set->i);
	return command_sw(rc);
}

static uint16_t put_set(struct command *c, const struct key_data *data)
{
	struct keyset set = {.domain = c->channel->application,
			     .version = data->version,
			     .type = data->keys->type,
			     .len = data->keys->len};
	uint16_t sw;
	enum rc rc;

	for (size_t k = 0; k < KEYSET_KEYS; k++)
		memcpy(set.key[k], data->keys[k].value, set.len);
	sw = take_options(c, &set);
	if (sw == SW_OK)
		sw = check_set_place(c, &set);
	if (sw == SW_OK && !c->p1)
		sw = may_grow(c, data);
	if (sw == SW_OK) {
		rc = nvm_begin(c->nvm);
		if (rc == RC_OK && c->p1 && c->p1 != set.version)
			keyset_delete(c->nvm, set.domain, c->p1);
		if (rc == RC_OK)
			rc = command_commit(c->nvm, keyset_put(c->nvm, &set));
		sw = command_sw(rc);
	}
	keyset_wipe(&set);
	return sw;
}

/* The set that has, or had, this one key; 6A88 if there is none of this version. */
static uint16_t find_member(struct command *c, const struct key_data *data, struct keyset *ret)
{
	const struct ring_key *key = data->keys;
	enum rc rc = keyset_load(c->nvm, c->channel->application, data->version, ret);
	bool missing;

	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? SW_REFERENCE_NOT_FOUND : command_sw(rc);
	if (data->count != 1 || key->id < 1 || key->id > KEYSET_KEYS)
		return SW_CONDITIONS;
	missing = ret->missing & 1 << (key->id - 1);
	if (c->p1 != (missing ? 0 : data->version))
		return SW_CONDITIONS;
	return key->type == ret->type && key->len == ret->len ? SW_OK : SW_WRONG_DATA;
}

/* Of a set's keys one alone: its counter goes on, so that nothing recorded fits again. */
static uint16_t put_member(struct command *c, const struct key_data *data, struct keyset *set)
{
	const struct ring_key *key = data->keys;
	enum rc rc;

	memcpy(set->key[key->id - 1], key->value, set->len);
	set->missing &= (uint8_t) ~(1 << (key->id - 1));
	rc = nvm_begin(c->nvm);
	if (rc == RC_OK)
		rc = command_commit(c->nvm, keyset_change(c->nvm, set));
	return command_sw(rc);
}

static uint16_t check_ring_place(struct command *c, const struct key_data *data)
{
	uint32_t domain = c->channel->application;
	struct ring_key old;
	uint16_t sw = SW_OK;

	for (size_t i = 0; sw == SW_OK && i < data->count; i++) {
		const struct ring_key *key = &data->keys[i];
		bool exists = keyring_load(c->nvm, domain, key->version, key->id, &old) == RC_OK;

		if (exists && c->p1 != key->version)
			sw = SW_CONDITIONS;
		else if (c->p1 && keyring_load(c->nvm, domain, c->p1, key->id, &old) != RC_OK)
			sw = SW_REFERENCE_NOT_FOUND;
		else if (c->p1 &&
			 (old.type != key->type || old.len != key->len ||
			  old.exponent_len != key->exponent_len || old.curve != key->curve))
			sw = SW_WRONG_DATA;
	}
	keyring_wipe(&old);
	return sw;
}

static uint16_t put_ring(struct command *c, struct key_data *data)
{
	uint32_t domain = c->channel->application;
	uint16_t sw = check_ring_place(c, data);
	enum rc rc;

	if (sw == SW_OK && !c->p1)
		sw = may_grow(c, data);
	if (sw != SW_OK)
		return sw;
	rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	rc = keyring_put(c->nvm, domain, data->keys, data->count);
	/* The old ones have the same identifiers under another version. */
	for (size_t i = 0; i < data->count; i++)
		data->keys[i].version = c->p1;
	if (rc == RC_OK && c->p1 && c->p1 != data->version)
		rc = keyring_delete(c->nvm, domain, data->keys, data->count);
	rc = command_commit(c->nvm, rc);
	return rc == RC_SPACE ? SW_NOT_ENOUGH_MEMORY : command_sw(rc);
}

static uint16_t put_keys(struct command *c, struct key_data *data)
{
	struct keyset set;
	uint16_t sw;

	if (key_data_is_set(data))
		return put_set(c, data);
	sw = find_member(c, data, &set);
	if (sw == SW_OK)
		sw = put_member(c, data, &set);
	else if (sw == SW_REFERENCE_NOT_FOUND)
		sw = put_ring(c, data);
	keyset_wipe(&set);
	return sw;
}

/* 9000 if the selected domain's keys may change. */
static uint16_t may_write(struct command *c)
{
	struct registry_entry domain;
	enum rc rc = manager_domain(c, &domain);

	return rc == RC_OK ? manager_may_write(c, &domain) : command_sw(rc);
}

static uint16_t put_whole(struct command *c)
{
	struct key_data *data;
	uint16_t sw = may_write(c);

	manager_reset(c->channel->manager);
	if (sw != SW_OK)
		return sw;
	data = secret_new(sizeof(*data));
	if (!data)
		return command_sw(RC_MEMORY);
	sw = key_data_take(c, c->data, c->p2 & RING_ID_MAX, data);
	if (sw == SW_OK && !(c->p2 & P2_SEVERAL) && data->count != 1)
		sw = SW_WRONG_DATA;
	if (sw == SW_OK)
		sw = put_keys(c, data);
	secret_free(&data);
	return sw;
}

uint16_t manager_put_key(struct command *c)
{
	return manager_gather(c, put_whole);
}

/* Of a set: whole without an identifier, else one key of it, and with the last the set. */
static enum rc delete_of_set(struct command *c, struct keyset *set, const uint8_t *id)
{
	uint8_t bit = id ? (uint8_t)(1 << (*id - 1)) : MISSING_ALL;

	if (id && (*id < 1 || *id > KEYSET_KEYS || set->missing & bit))
		return RC_NOT_FOUND;
	set->missing |= bit;
	if (set->missing != MISSING_ALL)
		return keyset_change(c->nvm, set);
	keyset_delete(c->nvm, set->domain, set->version);
	return RC_OK;
}

static enum rc delete_keys(struct command *c, uint8_t version, const uint8_t *id)
{
	uint32_t domain = c->channel->application;
	struct keyset set;
	enum rc rc = keyset_load(c->nvm, domain, version, &set);

	if (rc == RC_OK)
		rc = delete_of_set(c, &set, id);
	else if (rc == RC_NOT_FOUND && id)
		rc = keyring_delete(c->nvm, domain,
				    &(struct ring_key){.version = version, .id = *id}, 1);
	else if (rc == RC_NOT_FOUND && keyring_has(c->nvm, domain, version)) {
		keyring_delete_version(c->nvm, domain, version);
		rc = RC_OK;
	}
	keyset_wipe(&set);
	return rc;
}

static enum rc take_byte(struct view *in, uint32_t tag, uint8_t *ret)
{
	return tlv_copy(in, tag, ret, sizeof(*ret));
}

uint16_t manager_delete_key(struct command *c, struct view data)
{
	struct view in = data;
	bool has_id = tlv_is_next(in, TAG_KEY_ID);
	uint8_t version, id = 0;
	uint16_t sw = may_write(c);
	enum rc rc;

	if (sw != SW_OK)
		return sw;
	if (has_id && take_byte(&in, TAG_KEY_ID, &id) != RC_OK)
		return SW_WRONG_DATA;
	/* Not every key of one identifier, whatever its version: which they are must be said. */
	if (has_id && in.len == 0)
		return SW_CONDITIONS;
	if (take_byte(&in, TAG_KEY_VERSION, &version) != RC_OK || view_end(&in) != RC_OK ||
	    version == 0)
		return SW_WRONG_DATA;
	rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	rc = command_commit(c->nvm, delete_keys(c, version, has_id ? &id : NULL));
	if (rc == RC_NOT_FOUND)
		return SW_REFERENCE_NOT_FOUND;
	return rc == RC_OK ? manager_confirm(c) : command_sw(rc);
}
