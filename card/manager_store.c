/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * STORE DATA of a security domain, GPCS 11.11: the blocks are gathered in RAM, whatever way a host
 * cuts them, and judged when the last has come; then all of it is stored in one commit.
 */
#include "base/tlv.h"
#include "card/manager.h"
#include "card/memory.h"
#include "card/scp_options.h"

enum {
	TAG_AID = 0x4F,
	DGI_OBJECTS = 0x0070,
	DGI_LONG = 0xFF,
	P1_LAST = 0x80,
	P1_STRUCTURE = 0x18,
	P1_DGI = 0x08,
	P1_ENCRYPTED = 0x60,
	P1_FORMAT = P1_STRUCTURE | P1_ENCRYPTED,
	RECORD_MAX = 4096,
};

/* What an administrator stores as it is; the rest is made when it is asked for. */
static const struct stored {
	uint32_t tag;
	bool issuer_only;
} stored[] = {
	{TAG_ISSUER_NUMBER, false}, {TAG_IMAGE_NUMBER, false}, {TAG_CARD_DATA, false},
	{TAG_CAPABILITIES, true},   {TAG_MANAGER_URL, false},  {TAG_SCP_OPTIONS, false},
};

enum { STORED = sizeof(stored) / sizeof(stored[0]) };

static enum rc load_all(struct nvm *nvm, uint32_t domain, struct view *ret)
{
	enum rc rc = nvm_get(nvm, RECORD_DOMAIN_DATA | domain, ret);

	if (rc == RC_NOT_FOUND) {
		*ret = view_of(NULL, 0);
		return RC_OK;
	}
	return rc;
}

enum rc manager_stored(struct nvm *nvm, uint32_t domain, uint32_t tag, struct view *ret)
{
	struct view all;
	enum rc rc = load_all(nvm, domain, &all);

	return rc == RC_OK ? tlv_find(all, tag, ret) : rc;
}

static bool is_stored(const struct registry_entry *to, uint32_t tag)
{
	for (size_t i = 0; i < STORED; i++)
		if (stored[i].tag == tag)
			return !stored[i].issuer_only || to->number == REGISTRY_ISD;
	return false;
}

/* The name of the issuer security domain, which nothing else may have. */
static uint16_t check_name(struct command *c, const struct registry_entry *to, struct view value,
			   struct aid *ret)
{
	struct registry_entry other;

	if (to->number != REGISTRY_ISD || aid_set(ret, value) != RC_OK)
		return SW_WRONG_DATA;
	if (registry_find(c->nvm, value, &other) == RC_OK && other.number != to->number)
		return SW_CONDITIONS;
	return SW_OK;
}

/* Only objects that can be stored, each whole, each once. */
static uint16_t check_objects(struct command *c, const struct registry_entry *to, struct view in,
			      struct aid *ret_name)
{
	uint16_t sw = SW_OK;

	while (in.len && sw == SW_OK) {
		struct view value, twice;
		uint32_t tag;

		if (tlv_next(&in, &tag, &value) != RC_OK || value.len == 0 ||
		    tlv_find(in, tag, &twice) != RC_NOT_FOUND)
			return SW_WRONG_DATA;
		if (tag == TAG_AID)
			sw = check_name(c, to, value, ret_name);
		else if (!is_stored(to, tag) ||
			 (tag == TAG_SCP_OPTIONS && scp_options_check(value) != RC_OK))
			sw = SW_WRONG_DATA;
	}
	return sw;
}

/* What was stored, with these objects in the place of those of the same tag. RC_FULL: too much. */
static enum rc put_objects(struct command *c, const struct registry_entry *to, struct view fresh)
{
	uint8_t array[RECORD_MAX];
	struct view old, value;
	struct buf out;
	enum rc rc = load_all(c->nvm, to->number, &old);

	if (rc != RC_OK)
		return rc;
	buf_fixed(&out, array, sizeof(array));
	for (size_t i = 0; i < STORED; i++)
		if (tlv_find(fresh, stored[i].tag, &value) == RC_OK ||
		    tlv_find(old, stored[i].tag, &value) == RC_OK)
			tlv_put(&out, stored[i].tag, value);
	if (out.len > old.len && memory_may_grow(c->nvm, to, out.len - old.len) != SW_OK)
		return RC_FULL;
	if (buf_rc(&out) == RC_OK && out.len)
		nvm_put(c->nvm, RECORD_DOMAIN_DATA | to->number, view_buf(&out));
	return buf_rc(&out);
}

static uint16_t store(struct command *c, struct registry_entry *to, struct view objects)
{
	struct aid name = {.len = 0};
	uint16_t sw = check_objects(c, to, objects, &name);
	enum rc rc;

	if (sw != SW_OK)
		return sw;
	rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	rc = put_objects(c, to, objects);
	if (rc == RC_OK && name.len) {
		to->aid = name;
		rc = registry_put(c->nvm, to);
	}
	rc = command_commit(c->nvm, rc);
	return rc == RC_SPACE ? SW_NOT_ENOUGH_MEMORY : command_sw(rc);
}

/* A data grouping: identifier, length of one byte or FF and two, content. */
static enum rc take_grouping(struct view *in, uint16_t *ret_dgi, struct view *ret)
{
	enum rc rc = view_u16(in, ret_dgi);
	uint16_t len = 0;
	uint8_t first = 0;

	if (rc == RC_OK)
		rc = view_u8(in, &first);
	len = first;
	if (rc == RC_OK && first == DGI_LONG)
		rc = view_u16(in, &len);
	return rc == RC_OK ? view_take(in, len, ret) : rc;
}

static uint16_t store_groupings(struct command *c, struct registry_entry *to, struct view in)
{
	struct view objects;
	uint16_t dgi;

	if (take_grouping(&in, &dgi, &objects) != RC_OK || dgi != DGI_OBJECTS || in.len)
		return SW_WRONG_DATA;
	return store(c, to, objects);
}

/* All blocks of a sequence say the same of their format. */
static uint16_t take_block(struct command *c, struct manager *m)
{
	if (c->p2 != m->store_block)
		return SW_INCORRECT_P1P2;
	if (m->store_block == 0)
		m->store_format = c->p1 & P1_FORMAT;
	if ((c->p1 & P1_FORMAT) != m->store_format || (c->p1 & P1_STRUCTURE) == P1_STRUCTURE)
		return SW_INCORRECT_P1P2;
	if (c->p1 & P1_ENCRYPTED)
		return SW_FUNCTION_NOT_SUPPORTED;
	buf_view(&m->stored, c->data);
	if (buf_rc(&m->stored) != RC_OK)
		return SW_NOT_ENOUGH_MEMORY;
	m->store_block++;
	return SW_OK;
}

static void forget(struct manager *m)
{
	m->store_block = 0;
	buf_free(&m->stored);
	buf_init(&m->stored, MANAGER_STORE_MAX);
}

static uint16_t store_block(struct command *c, struct manager *m, struct registry_entry *to)
{
	uint16_t sw = take_block(c, m);

	if (sw != SW_OK || !(c->p1 & P1_LAST))
		return sw;
	sw = (c->p1 & P1_STRUCTURE) == P1_DGI ? store_groupings(c, to, view_buf(&m->stored))
					      : store(c, to, view_buf(&m->stored));
	if (sw == SW_OK)
		m->personalised = 0;
	forget(m);
	return sw;
}

uint16_t manager_store_data(struct command *c)
{
	struct manager *m = manager_of(c->channel);
	struct registry_entry domain, to;
	enum rc rc = manager_domain(c, &domain);
	uint16_t sw;

	if (manager_interrupts(c))
		return SW_CONDITIONS;
	if (!m || rc != RC_OK)
		return command_sw(m ? rc : RC_MEMORY);
	if (m->personalised)
		rc = registry_get(c->nvm, m->personalised, &to);
	else
		to = domain;
	/* Neither may be locked, nor have been deleted since. */
	sw = rc == RC_OK ? manager_may_write(c, &domain) : SW_CONDITIONS;
	if (sw == SW_OK)
		sw = manager_may_write(c, &to);
	if (sw == SW_OK)
		sw = store_block(c, m, &to);
	if (sw != SW_OK)
		forget(m);
	return sw;
}
