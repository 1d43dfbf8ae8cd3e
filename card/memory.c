/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that is promised, used and left. */
#include "card/memory.h"

#include "base/tlv.h"
#include "card/keyring.h"
#include "card/keyset.h"
#include "card/manager.h"

enum {
	TAG_SYSTEM = 0xEF,
	TAG_CODE_MINIMUM = 0xC6,
	TAG_VOLATILE = 0xC7, /* minimum or quota */
	TAG_NON_VOLATILE = 0xC8,
	TAG_VOLATILE_RESERVED = 0xD7,
	TAG_NON_VOLATILE_RESERVED = 0xD8,
};

static uint64_t keys_of_sets(struct nvm *nvm, uint32_t domain, enum rc *rc)
{
	struct keyset set = {.version = 0};
	uint64_t n = 0;

	while (*rc == RC_OK && (*rc = keyset_next(nvm, domain, set.version, &set)) == RC_OK)
		n += KEYSET_KEYS * set.len;
	keyset_wipe(&set);
	if (*rc == RC_NOT_FOUND)
		*rc = RC_OK;
	return n;
}

static uint64_t other_keys(struct nvm *nvm, uint32_t domain, enum rc *rc)
{
	struct ring_key key = {.version = 0};
	int version = -1, id = -1;
	uint64_t n = 0;

	while (*rc == RC_OK && (*rc = keyring_next(nvm, domain, version, id, &key)) == RC_OK) {
		n += key.len + key.exponent_len;
		version = key.version;
		id = key.id;
	}
	keyring_wipe(&key);
	if (*rc == RC_NOT_FOUND)
		*rc = RC_OK;
	return n;
}

enum rc memory_used(struct nvm *nvm, const struct registry_entry *e, uint64_t *ret)
{
	struct view data;
	enum rc rc = RC_OK;
	uint64_t n = registry_size(e);

	if (e->kind == REGISTRY_DOMAIN) {
		n += keys_of_sets(nvm, e->number, &rc) + other_keys(nvm, e->number, &rc);
		if (rc == RC_OK && nvm_get(nvm, RECORD_DOMAIN_DATA | e->number, &data) == RC_OK)
			n += data.len;
	}
	if (rc == RC_OK)
		*ret = n;
	return rc;
}

static uint64_t beyond(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

enum rc memory_free(struct nvm *nvm, uint64_t ret[MEMORY_KINDS])
{
	struct registry_entry e = {.number = 0};
	uint64_t total, used;
	enum rc rc;

	nvm_space(nvm, &total, &ret[MEMORY_NON_VOLATILE]);
	ret[MEMORY_VOLATILE] = MANAGER_VOLATILE;
	while ((rc = registry_next(nvm, e.number, &e)) == RC_OK) {
		ret[MEMORY_VOLATILE] = beyond(ret[MEMORY_VOLATILE], e.reserved[MEMORY_VOLATILE]);
		if (!e.reserved[MEMORY_NON_VOLATILE])
			continue;
		rc = memory_used(nvm, &e, &used);
		if (rc != RC_OK)
			return rc;
		ret[MEMORY_NON_VOLATILE] = beyond(ret[MEMORY_NON_VOLATILE],
						  beyond(e.reserved[MEMORY_NON_VOLATILE], used));
	}
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

uint16_t memory_may_grow(struct nvm *nvm, const struct registry_entry *e, uint64_t bytes)
{
	uint64_t left[MEMORY_KINDS], used, reserved = e->reserved[MEMORY_NON_VOLATILE];
	enum rc rc = memory_used(nvm, e, &used);

	if (rc == RC_OK)
		rc = memory_free(nvm, left);
	if (rc != RC_OK)
		return command_sw(rc);
	if (e->has_quota[MEMORY_NON_VOLATILE] && used + bytes > e->quota[MEMORY_NON_VOLATILE])
		return SW_NOT_ENOUGH_MEMORY;
	return beyond(bytes, beyond(reserved, used)) > left[MEMORY_NON_VOLATILE]
		       ? SW_NOT_ENOUGH_MEMORY
		       : SW_OK;
}

uint16_t memory_may_load(struct nvm *nvm, uint64_t bytes)
{
	uint64_t left[MEMORY_KINDS];
	enum rc rc = memory_free(nvm, left);

	if (rc != RC_OK)
		return command_sw(rc);
	return bytes > left[MEMORY_NON_VOLATILE] ? SW_NOT_ENOUGH_MEMORY : SW_OK;
}

/* Two or four bytes; *ret_has is false where there is no such object. */
static enum rc take_amount(struct view in, uint32_t tag, uint32_t *ret, bool *ret_has)
{
	struct view value;
	uint16_t two;
	enum rc rc = tlv_find(in, tag, &value);

	*ret = 0;
	*ret_has = rc == RC_OK;
	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	if (value.len == sizeof(two)) {
		rc = view_u16(&value, &two);
		*ret = two;
		return rc;
	}
	return value.len == sizeof(*ret) ? view_u32(&value, ret) : RC_MALFORMED;
}

/* The system specific parameters; empty where there are none. */
static enum rc take_system(struct view parameters, struct view *ret)
{
	enum rc rc = parameters.len ? tlv_find(parameters, TAG_SYSTEM, ret) : RC_NOT_FOUND;

	if (rc == RC_NOT_FOUND)
		*ret = view_of(NULL, 0);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc take_promises(struct view parameters, struct registry_entry *e)
{
	static const uint32_t quota[] = {TAG_VOLATILE, TAG_NON_VOLATILE};
	static const uint32_t reserved[] = {TAG_VOLATILE_RESERVED, TAG_NON_VOLATILE_RESERVED};
	struct view in;
	bool has;
	enum rc rc = take_system(parameters, &in);

	for (int kind = 0; rc == RC_OK && kind < MEMORY_KINDS; kind++) {
		rc = take_amount(in, quota[kind], &e->quota[kind], &e->has_quota[kind]);
		if (rc == RC_OK)
			rc = take_amount(in, reserved[kind], &e->reserved[kind], &has);
		if (rc == RC_OK && e->has_quota[kind] && e->quota[kind] < e->reserved[kind])
			rc = RC_MALFORMED;
	}
	return rc;
}

uint16_t memory_take(struct nvm *nvm, struct view parameters, struct registry_entry *e)
{
	uint64_t left[MEMORY_KINDS], own;
	enum rc rc = take_promises(parameters, e);

	if (rc != RC_OK)
		return SW_WRONG_DATA;
	rc = memory_free(nvm, left);
	if (rc != RC_OK)
		return command_sw(rc);
	own = registry_size(e);
	if (e->has_quota[MEMORY_NON_VOLATILE] && own > e->quota[MEMORY_NON_VOLATILE])
		return SW_NOT_ENOUGH_MEMORY;
	if (own < e->reserved[MEMORY_NON_VOLATILE])
		own = e->reserved[MEMORY_NON_VOLATILE];
	return own > left[MEMORY_NON_VOLATILE] ||
			       e->reserved[MEMORY_VOLATILE] > left[MEMORY_VOLATILE]
		       ? SW_NOT_ENOUGH_MEMORY
		       : SW_OK;
}

uint16_t memory_check_minimum(struct nvm *nvm, struct view parameters)
{
	uint64_t left[MEMORY_KINDS];
	uint32_t code, data, ram;
	struct view in;
	bool has;

	if (take_system(parameters, &in) != RC_OK ||
	    take_amount(in, TAG_CODE_MINIMUM, &code, &has) != RC_OK ||
	    take_amount(in, TAG_NON_VOLATILE, &data, &has) != RC_OK ||
	    take_amount(in, TAG_VOLATILE, &ram, &has) != RC_OK)
		return SW_WRONG_DATA;
	if (memory_free(nvm, left) != RC_OK)
		return SW_MEMORY_FAILURE;
	return (uint64_t)code + data > left[MEMORY_NON_VOLATILE] || ram > left[MEMORY_VOLATILE]
		       ? SW_NOT_ENOUGH_MEMORY
		       : SW_OK;
}
