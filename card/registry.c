/* SPDX-License-Identifier: BSD-2-Clause */
/* The registry in card memory: each entry a list of data objects, in this order. */
#include "card/registry.h"

#include <string.h>

#include "base/tlv.h"
#include "card/command.h"

enum {
	NUMBER_MAX = 0xFFFF,
	ENTRY_MAX = 1024,
	TAG_KIND = 0x80,
	TAG_AID = 0x4F,
	TAG_LIFE_CYCLE = 0x81,
	TAG_PRIVILEGES = 0x82,
	TAG_DOMAIN = 0x83,
	TAG_LOAD_FILE = 0x84,
	TAG_MODULE = 0x85, /* empty: none */
	TAG_APPLET = 0x86,
	TAG_VERSION = 0x87,
	TAG_SIZE = 0x88,
	TAG_HASH = 0x89,
	TAG_MODULES = 0xAA, /* of 4F */
	TAG_PARAMETERS = 0x8B,
	TAG_MEMORY = 0x8C, /* flags 1, then reservation 4 and quota 4 by kind; absent: none */
	MEMORY_SIZE = 1 + MEMORY_KINDS * 8,
};

#define TOKEN_AID                                                        \
	{                                                                \
		{0xF0, 'I', 'n', 't', 'a', 'g', 'l', 'i', 'o', 0x01}, 10 \
	}
/* ISO/IEC 7816-15 7.5.5: A0 00 00 00 63 "PKCS-15". */
#define PKCS15_AID                                                                    \
	{                                                                             \
		{0xA0, 0x00, 0x00, 0x00, 0x63, 'P', 'K', 'C', 'S', '-', '1', '5'}, 12 \
	}
#define DOMAIN_MODULE                                               \
	{                                                           \
		{0xA0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50, 0x41}, 8 \
	}

#define PRINCIPAL_FILE                                                  \
	{                                                               \
		{0xF0, 'I', 'n', 't', 'a', 'g', 'l', 'i', 'o', 'P'}, 10 \
	}
#define PRINCIPAL_MODULE                                                      \
	{                                                                     \
		{0xF0, 'I', 'n', 't', 'a', 'g', 'l', 'i', 'o', 'P', 0x01}, 11 \
	}

/* What is in the card's COS. */
static const struct registry_entry built_in[] = {
	{
		.number = REGISTRY_ISD,
		.kind = REGISTRY_DOMAIN,
		.aid = {{0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00, 0x00}, 8},
		.life_cycle = LIFE_OP_READY,
		.privileges = PRIVILEGE_DOMAIN | PRIVILEGE_CARD_LOCK | PRIVILEGE_CARD_TERMINATE |
			      PRIVILEGE_TRUSTED_PATH | PRIVILEGE_AUTHORIZED | PRIVILEGE_TOKEN |
			      PRIVILEGE_GLOBAL_DELETE | PRIVILEGE_GLOBAL_LOCK |
			      PRIVILEGE_GLOBAL_REGISTRY | PRIVILEGE_FINAL | PRIVILEGE_RECEIPT,
		.domain = REGISTRY_ISD,
		.applet = APPLET_DOMAIN,
	},
	{
		.number = REGISTRY_TOKEN,
		.kind = REGISTRY_APPLICATION,
		.aid = TOKEN_AID,
		.life_cycle = LIFE_SELECTABLE,
		.privileges = PRIVILEGE_CARD_RESET,
		.domain = REGISTRY_ISD,
		.applet = APPLET_TOKEN,
	},
	{
		.number = REGISTRY_DOMAIN_FILE,
		.kind = REGISTRY_LOAD_FILE,
		.aid = {{0xA0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50}, 7},
		.life_cycle = LIFE_LOADED,
		.domain = REGISTRY_ISD,
		.applet = APPLET_DOMAIN,
		.version = {1, 0},
		.modules = {DOMAIN_MODULE},
		.module_count = 1,
	},
	{
		.number = REGISTRY_PKCS15,
		.kind = REGISTRY_APPLICATION,
		.aid = PKCS15_AID,
		.life_cycle = LIFE_SELECTABLE,
		.domain = REGISTRY_ISD,
		.applet = APPLET_PKCS15,
	},
	{
		.number = REGISTRY_PRINCIPAL_FILE,
		.kind = REGISTRY_LOAD_FILE,
		.aid = PRINCIPAL_FILE,
		.life_cycle = LIFE_LOADED,
		.domain = REGISTRY_ISD,
		.applet = APPLET_PRINCIPAL,
		.version = {1, 0},
		.modules = {PRINCIPAL_MODULE},
		.module_count = 1,
	},
};

static const struct registry_entry *find_built_in(uint32_t number)
{
	for (size_t i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++)
		if (built_in[i].number == number)
			return &built_in[i];
	return NULL;
}

/* Whether anything was promised. */
static bool has_memory(const struct registry_entry *e)
{
	for (int kind = 0; kind < MEMORY_KINDS; kind++)
		if (e->reserved[kind] || e->has_quota[kind])
			return true;
	return false;
}

static void put_memory(const struct registry_entry *e, struct buf *out)
{
	uint8_t flags = 0;

	for (int kind = 0; kind < MEMORY_KINDS; kind++)
		flags |= (uint8_t)(e->has_quota[kind] << kind);
	tlv_header(out, TAG_MEMORY, MEMORY_SIZE);
	buf_u8(out, flags);
	for (int kind = 0; kind < MEMORY_KINDS; kind++) {
		buf_u32(out, e->reserved[kind]);
		buf_u32(out, e->quota[kind]);
	}
}

static enum rc take_memory(struct view *in, struct registry_entry *e)
{
	struct view value;
	uint8_t flags = 0;

	if (tlv_expect(in, TAG_MEMORY, &value) != RC_OK || value.len != MEMORY_SIZE ||
	    view_u8(&value, &flags) != RC_OK)
		return RC_DAMAGED;
	for (int kind = 0; kind < MEMORY_KINDS; kind++) {
		e->has_quota[kind] = flags & 1 << kind;
		if (view_u32(&value, &e->reserved[kind]) != RC_OK ||
		    view_u32(&value, &e->quota[kind]) != RC_OK)
			return RC_DAMAGED;
	}
	return RC_OK;
}

static void encode(const struct registry_entry *e, struct buf *out)
{
	size_t modules;

	tlv_put_u8(out, TAG_KIND, (uint8_t)e->kind);
	tlv_put(out, TAG_AID, aid_view(&e->aid));
	tlv_put_u8(out, TAG_LIFE_CYCLE, e->life_cycle);
	tlv_put_u32(out, TAG_PRIVILEGES, e->privileges);
	tlv_put_u32(out, TAG_DOMAIN, e->domain);
	tlv_put_u32(out, TAG_LOAD_FILE, e->load_file);
	tlv_put(out, TAG_MODULE, aid_view(&e->module));
	tlv_put_u8(out, TAG_APPLET, (uint8_t)e->applet);
	tlv_put(out, TAG_VERSION, view_of(e->version, sizeof(e->version)));
	tlv_put_u32(out, TAG_SIZE, e->size);
	tlv_put(out, TAG_HASH, view_of(e->hash, sizeof(e->hash)));
	modules = tlv_open(out, TAG_MODULES);
	for (size_t i = 0; i < e->module_count; i++)
		tlv_put(out, TAG_AID, aid_view(&e->modules[i]));
	tlv_close(out, modules);
	tlv_put(out, TAG_PARAMETERS, view_of(e->parameters, e->parameters_len));
	if (has_memory(e))
		put_memory(e, out);
}

static enum rc take_number(struct view *in, uint32_t tag, size_t size, uint32_t *ret)
{
	struct view value;
	uint8_t byte = 0;
	enum rc rc = tlv_expect(in, tag, &value);

	if (rc != RC_OK || value.len != size)
		return RC_DAMAGED;
	if (size == 1) {
		rc = view_u8(&value, &byte);
		*ret = byte;
		return rc;
	}
	return view_u32(&value, ret);
}

static enum rc take_aid(struct view *in, uint32_t tag, bool optional, struct aid *ret)
{
	struct view value;

	if (tlv_expect(in, tag, &value) != RC_OK)
		return RC_DAMAGED;
	if (value.len == 0 && optional)
		return RC_OK;
	return aid_set(ret, value) == RC_OK ? RC_OK : RC_DAMAGED;
}

static enum rc take_modules(struct view *in, struct registry_entry *e)
{
	struct view modules;

	if (tlv_expect(in, TAG_MODULES, &modules) != RC_OK)
		return RC_DAMAGED;
	while (modules.len) {
		if (e->module_count == MODULES_MAX ||
		    take_aid(&modules, TAG_AID, false, &e->modules[e->module_count]) != RC_OK)
			return RC_DAMAGED;
		e->module_count++;
	}
	return RC_OK;
}

static enum rc decode(uint32_t number, struct view in, struct registry_entry *ret)
{
	struct registry_entry e = {.number = number};
	uint32_t kind, life_cycle, applet;
	struct view parameters;

	if (take_number(&in, TAG_KIND, 1, &kind) != RC_OK ||
	    take_aid(&in, TAG_AID, false, &e.aid) != RC_OK ||
	    take_number(&in, TAG_LIFE_CYCLE, 1, &life_cycle) != RC_OK ||
	    take_number(&in, TAG_PRIVILEGES, 4, &e.privileges) != RC_OK ||
	    take_number(&in, TAG_DOMAIN, 4, &e.domain) != RC_OK ||
	    take_number(&in, TAG_LOAD_FILE, 4, &e.load_file) != RC_OK ||
	    take_aid(&in, TAG_MODULE, true, &e.module) != RC_OK ||
	    take_number(&in, TAG_APPLET, 1, &applet) != RC_OK ||
	    tlv_copy(&in, TAG_VERSION, e.version, sizeof(e.version)) != RC_OK ||
	    take_number(&in, TAG_SIZE, 4, &e.size) != RC_OK ||
	    tlv_copy(&in, TAG_HASH, e.hash, sizeof(e.hash)) != RC_OK ||
	    take_modules(&in, &e) != RC_OK ||
	    tlv_expect(&in, TAG_PARAMETERS, &parameters) != RC_OK ||
	    (in.len && take_memory(&in, &e) != RC_OK) || view_end(&in) != RC_OK ||
	    parameters.len > PARAMETERS_MAX)
		return RC_DAMAGED;
	e.kind = (enum registry_kind)kind;
	e.life_cycle = (uint8_t)life_cycle;
	e.applet = (enum applet_kind)applet;
	if (parameters.len)
		memcpy(e.parameters, parameters.data, parameters.len);
	e.parameters_len = (uint8_t)parameters.len;
	*ret = e;
	return RC_OK;
}

enum rc registry_get(struct nvm *nvm, uint32_t number, struct registry_entry *ret)
{
	const struct registry_entry *fixed = find_built_in(number);
	struct view bytes;
	enum rc rc;

	if (number == 0 || number > NUMBER_MAX)
		return RC_NOT_FOUND;
	rc = nvm_get(nvm, RECORD_REGISTRY | number, &bytes);
	if (rc == RC_NOT_FOUND && fixed) {
		*ret = *fixed;
		return RC_OK;
	}
	return rc == RC_OK ? decode(number, bytes, ret) : rc;
}

enum rc registry_next(struct nvm *nvm, uint32_t after, struct registry_entry *ret)
{
	uint32_t id;
	struct view bytes;
	enum rc rc;

	while (++after < REGISTRY_FIRST_FREE)
		if (find_built_in(after))
			return registry_get(nvm, after, ret);
	rc = nvm_next(nvm, RECORD_REGISTRY | (after - 1), &id, &bytes);
	if (rc == RC_OK && (id & RECORD_KIND_MASK) != RECORD_REGISTRY)
		return RC_NOT_FOUND;
	return rc == RC_OK ? decode(id & ~(uint32_t)RECORD_KIND_MASK, bytes, ret) : rc;
}

enum rc registry_find(struct nvm *nvm, struct view aid, struct registry_entry *ret)
{
	struct registry_entry e = {.number = 0};
	enum rc rc;

	while ((rc = registry_next(nvm, e.number, &e)) == RC_OK)
		if (view_equal(aid_view(&e.aid), aid)) {
			*ret = e;
			return RC_OK;
		}
	return rc;
}

size_t registry_size(const struct registry_entry *entry)
{
	uint8_t array[ENTRY_MAX];
	struct buf b;

	buf_fixed(&b, array, sizeof(array));
	encode(entry, &b);
	return b.len;
}

enum rc registry_put(struct nvm *nvm, const struct registry_entry *entry)
{
	uint8_t array[ENTRY_MAX];
	struct buf b;

	buf_fixed(&b, array, sizeof(array));
	encode(entry, &b);
	if (buf_rc(&b) == RC_OK)
		nvm_put(nvm, RECORD_REGISTRY | entry->number, view_buf(&b));
	return buf_rc(&b);
}

enum rc registry_delete(struct nvm *nvm, uint32_t number)
{
	if (find_built_in(number))
		return RC_POLICY;
	nvm_delete(nvm, RECORD_REGISTRY | number);
	return RC_OK;
}

/* The last number given is kept in the record of number 0. */
enum rc registry_numbers(struct nvm *nvm, uint32_t count, uint32_t *ret)
{
	uint32_t last = REGISTRY_FIRST_FREE - 1;
	uint8_t array[sizeof(last)];
	struct view bytes;
	struct buf b;
	enum rc rc = nvm_get(nvm, RECORD_REGISTRY, &bytes);

	if (rc == RC_OK && (bytes.len != sizeof(last) || view_u32(&bytes, &last) != RC_OK))
		return RC_DAMAGED;
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	if (last + count > NUMBER_MAX)
		return RC_FULL;
	buf_fixed(&b, array, sizeof(array));
	buf_u32(&b, last + count);
	nvm_put(nvm, RECORD_REGISTRY, view_buf(&b));
	*ret = last + 1;
	return RC_OK;
}

enum rc registry_default(struct nvm *nvm, struct registry_entry *ret)
{
	uint8_t state = registry_card_state(nvm);
	struct registry_entry e = {.number = 0};
	enum rc rc;

	if (state == LIFE_CARD_LOCKED || state == LIFE_TERMINATED)
		return registry_get(nvm, REGISTRY_ISD, ret);
	while ((rc = registry_next(nvm, e.number, &e)) == RC_OK)
		if ((e.privileges & PRIVILEGE_CARD_RESET) && !(e.life_cycle & LIFE_LOCKED_BIT) &&
		    e.number != REGISTRY_ISD) {
			*ret = e;
			return RC_OK;
		}
	return rc == RC_NOT_FOUND ? registry_get(nvm, REGISTRY_ISD, ret) : rc;
}

uint8_t registry_card_state(struct nvm *nvm)
{
	struct registry_entry isd;

	return registry_get(nvm, REGISTRY_ISD, &isd) == RC_OK ? isd.life_cycle : LIFE_TERMINATED;
}
