/* SPDX-License-Identifier: BSD-2-Clause */
/* What a card says of itself and of what is on it: GPCS 11.4, H.2 and 11.3.3.1. */
#include "sc/gp_status.h"

#include <string.h>

#include "base/tlv.h"

enum {
	P2_NEXT = 0x01,
	P2_OBJECTS = 0x02,
	TAG_ENTRY = 0xE3,
	TAG_AID = 0x4F,
	TAG_LIFE_CYCLE = 0x9F70,
	TAG_PRIVILEGES = 0xC5,
	TAG_FILE = 0xC4,
	TAG_DOMAIN = 0xCC,
	TAG_VERSION = 0xCE,
	TAG_MODULE = 0x84,
	TAG_CARD_DATA = 0x66,
	TAG_RECOGNITION = 0x73,
	TAG_OID = 0x06,
	TAG_GP_VERSION = 0x60,
	TAG_PROTOCOL = 0x64,
	TAG_KEYS = 0xE0,
	TAG_KEY = 0xC0,
	PAGES_MAX = 1024, /* a card that always has more has none */
	KEY_TYPE_EXTENDED = 0xFF,
};

/* {globalPlatform}: 1.2.840.114283. */
static const uint8_t oid_gp[] = {0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B};

static enum rc set_optional(struct aid *aid, struct view value)
{
	return value.len ? aid_set(aid, value) : RC_OK;
}

static enum rc read_object(uint32_t tag, struct view value, struct gp_entry *e)
{
	switch (tag) {
	case TAG_AID:
		return aid_set(&e->aid, value);
	case TAG_LIFE_CYCLE:
		return view_u8(&value, &e->life_cycle);
	case TAG_PRIVILEGES:
		return view_copy(&value, e->privileges,
				 value.len < GP_PRIVILEGES ? value.len : GP_PRIVILEGES);
	case TAG_FILE:
		return set_optional(&e->file, value);
	case TAG_DOMAIN:
		return set_optional(&e->domain, value);
	case TAG_VERSION:
		return value.len == 2 ? view_copy(&value, e->version, 2) : RC_OK;
	case TAG_MODULE:
		if (e->module_count == GP_MODULES_MAX)
			return RC_OK;
		return aid_set(&e->modules[e->module_count++], value);
	default:
		return RC_OK;
	}
}

/* One entry of today's format, GPCS tables 11-36 and 11-37. */
static enum rc take_objects(struct view *in, struct gp_entry *e)
{
	struct view entry, value;
	uint32_t tag;
	enum rc rc = tlv_expect(in, TAG_ENTRY, &entry);

	while (rc == RC_OK && entry.len) {
		rc = tlv_next(&entry, &tag, &value);
		if (rc == RC_OK)
			rc = read_object(tag, value, e);
	}
	return rc == RC_OK && !e->aid.len ? RC_MALFORMED : rc;
}

static enum rc take_lv(struct view *in, struct aid *ret)
{
	struct view value;
	uint8_t len;
	enum rc rc = view_u8(in, &len);

	if (rc == RC_OK)
		rc = view_take(in, len, &value);
	return rc == RC_OK ? aid_set(ret, value) : rc;
}

/* One of the format of GPCS 2.1.1, table 9-22. */
static enum rc take_plain(struct view *in, struct gp_entry *e)
{
	uint8_t count = 0;
	enum rc rc = take_lv(in, &e->aid);

	if (rc == RC_OK)
		rc = view_u8(in, &e->life_cycle);
	if (rc == RC_OK)
		rc = view_u8(in, &e->privileges[0]);
	if (rc == RC_OK && e->kind == GP_MODULES)
		rc = view_u8(in, &count);
	for (uint8_t i = 0; rc == RC_OK && i < count; i++) {
		struct aid module;

		rc = take_lv(in, &module);
		if (rc == RC_OK && e->module_count < GP_MODULES_MAX)
			e->modules[e->module_count++] = module;
	}
	return rc;
}

static enum rc see_page(struct view in, enum gp_kind kind, uint8_t p2, gp_see see, void *arg)
{
	enum rc rc = RC_OK;

	while (rc == RC_OK && in.len) {
		struct gp_entry e = {.kind = kind};

		rc = p2 & P2_OBJECTS ? take_objects(&in, &e) : take_plain(&in, &e);
		if (rc == RC_OK)
			rc = see(arg, &e);
	}
	return rc;
}

/* Words by which cards say that they do not know a format or kind. */
static bool is_unknown(uint16_t sw)
{
	return sw == SW_INCORRECT_P1P2 || sw == SW_WRONG_DATA || sw == SW_FUNCTION_NOT_SUPPORTED ||
	       sw == SW_WRONG_LENGTH || sw == 0x6B00;
}

static enum rc list(struct gp *gp, enum gp_kind kind, uint8_t format, gp_see see, void *arg,
		    uint16_t *ret_sw)
{
	uint8_t p2 = format;

	for (int page = 0; page < PAGES_MAX; page++) {
		uint16_t sw = 0;
		struct view in;
		enum rc rc = gp_status_page(gp, kind, p2, &in, &sw);

		if (rc != RC_OK)
			return rc;
		if (sw == SW_REFERENCE_NOT_FOUND && page == 0)
			return RC_OK;
		if (sw != SW_OK && sw != SW_MORE_DATA) {
			*ret_sw = sw;
			return RC_SW;
		}
		/* The view is the connection's, which see must not use. */
		rc = see_page(in, kind, p2, see, arg);
		if (rc != RC_OK || sw == SW_OK)
			return rc;
		p2 = format | P2_NEXT;
	}
	return RC_MALFORMED;
}

enum rc gp_list(struct gp *gp, enum gp_kind kind, gp_see see, void *arg, uint16_t *ret_sw)
{
	static const uint8_t formats[] = {P2_OBJECTS, 0};
	enum rc rc = RC_SW;

	for (size_t i = 0; i < sizeof(formats); i++) {
		rc = list(gp, kind, formats[i], see, arg, ret_sw);
		if (rc != RC_SW || !is_unknown(*ret_sw))
			return rc;
	}
	return kind == GP_MODULES ? gp_list(gp, GP_FILES, see, arg, ret_sw) : rc;
}

/* An object identifier below {globalPlatform}, and what follows its first number there. */
static bool take_oid(struct view in, uint8_t first, struct view *ret)
{
	struct view oid, gp;
	uint8_t number;

	if (tlv_find(in, TAG_OID, &oid) != RC_OK || view_take(&oid, sizeof(oid_gp), &gp) != RC_OK ||
	    !view_equal(gp, view_of(oid_gp, sizeof(oid_gp))) || view_u8(&oid, &number) != RC_OK ||
	    number != first)
		return false;
	*ret = oid;
	return true;
}

enum rc gp_parse_recognition(struct view data, struct gp_recognition *ret)
{
	struct gp_recognition r = {.protocol_count = 0};
	struct view outer = data, all = data, in, value, rest;
	uint32_t tag;
	enum rc rc = RC_OK;

	if (tlv_is_next(outer, TAG_CARD_DATA))
		rc = tlv_expect(&outer, TAG_CARD_DATA, &all);
	if (rc == RC_OK)
		rc = tlv_find(all, TAG_RECOGNITION, &in);
	if (rc != RC_OK)
		return RC_MALFORMED;
	while (in.len) {
		if (tlv_next(&in, &tag, &value) != RC_OK)
			return RC_MALFORMED;
		if (tag == TAG_GP_VERSION && take_oid(value, 2, &rest))
			rc = view_copy(&rest, r.version,
				       rest.len < sizeof(r.version) ? rest.len : sizeof(r.version));
		if (rc == RC_OK && tag == TAG_PROTOCOL && take_oid(value, 4, &rest) &&
		    r.protocol_count < GP_PROTOCOLS_MAX &&
		    view_u8(&rest, &r.protocols[r.protocol_count].protocol) == RC_OK) {
			r.protocols[r.protocol_count].has_i = rest.len > 0;
			if (rest.len)
				rc = view_u8(&rest, &r.protocols[r.protocol_count].i);
			r.protocol_count++;
		}
		if (rc != RC_OK)
			return rc;
	}
	*ret = r;
	return RC_OK;
}

static enum rc take_key(struct view in, struct gp_key *ret)
{
	struct gp_key key = {.id = 0};
	uint16_t len;
	enum rc rc = view_u8(&in, &key.id);

	if (rc == RC_OK)
		rc = view_u8(&in, &key.version);
	if (rc == RC_OK)
		rc = view_u8(&in, &key.type);
	/* The extended format: FF, type, length of two bytes, and usage. */
	if (rc == RC_OK && key.type == KEY_TYPE_EXTENDED) {
		rc = view_u8(&in, &key.type);
		if (rc == RC_OK)
			rc = view_u16(&in, &len);
		key.len = rc == RC_OK && len <= 0xFF ? (uint8_t)len : 0;
	} else if (rc == RC_OK) {
		rc = view_u8(&in, &key.len);
	}
	if (rc == RC_OK)
		*ret = key;
	return rc;
}

enum rc gp_parse_keys(struct view data, struct gp_key ret[GP_KEYS_MAX], size_t *ret_count)
{
	struct view outer = data, in = data, value;
	size_t count = 0;
	enum rc rc = RC_OK;

	if (tlv_is_next(outer, TAG_KEYS))
		rc = tlv_expect(&outer, TAG_KEYS, &in);
	while (rc == RC_OK && in.len && count < GP_KEYS_MAX) {
		rc = tlv_expect(&in, TAG_KEY, &value);
		if (rc == RC_OK)
			rc = take_key(value, &ret[count]);
		count++;
	}
	if (rc == RC_OK)
		*ret_count = count;
	return rc;
}
