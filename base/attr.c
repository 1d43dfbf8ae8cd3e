/* SPDX-License-Identifier: BSD-2-Clause */
/* Attribute lists: type 4, length 4, value; ascending. */
#include "base/attr.h"

#include <string.h>

#include <openssl/crypto.h>

enum { HEADER = 8 };

enum rc attr_next(struct view *list, CK_ATTRIBUTE_TYPE *ret_type, struct view *ret_value)
{
	struct view rest = *list, value;
	uint32_t type, len;

	if (view_u32(&rest, &type) != RC_OK || view_u32(&rest, &len) != RC_OK ||
	    view_take(&rest, len, &value) != RC_OK)
		return RC_MALFORMED;
	*list = rest;
	*ret_type = type;
	*ret_value = value;
	return RC_OK;
}

enum rc attr_check(struct view list)
{
	CK_ATTRIBUTE_TYPE type, before = 0;
	struct view value;
	bool first = true;

	while (list.len) {
		if (attr_next(&list, &type, &value) != RC_OK || (!first && type <= before))
			return RC_MALFORMED;
		before = type;
		first = false;
	}
	return RC_OK;
}

enum rc attr_find(struct view list, CK_ATTRIBUTE_TYPE type, struct view *ret_value)
{
	CK_ATTRIBUTE_TYPE found;
	struct view value;

	while (list.len) {
		if (attr_next(&list, &found, &value) != RC_OK)
			return RC_MALFORMED;
		if (found == type) {
			*ret_value = value;
			return RC_OK;
		}
		if (found > type)
			break;
	}
	return RC_NOT_FOUND;
}

uint64_t attr_ulong(struct view list, CK_ATTRIBUTE_TYPE type, uint64_t fallback)
{
	struct view value;
	uint64_t x;

	if (attr_find(list, type, &value) != RC_OK || value.len != 8 ||
	    view_u64(&value, &x) != RC_OK)
		return fallback;
	return x;
}

bool attr_bool(struct view list, CK_ATTRIBUTE_TYPE type, bool fallback)
{
	struct view value;
	uint8_t x;

	if (attr_find(list, type, &value) != RC_OK || value.len != 1 ||
	    view_u8(&value, &x) != RC_OK)
		return fallback;
	return x != 0;
}

/* Where an attribute stands or would stand, and the bytes it takes there now (0 if absent). */
static size_t place(const struct buf *b, CK_ATTRIBUTE_TYPE type, size_t *ret_size)
{
	struct view list = view_buf(b), value;
	CK_ATTRIBUTE_TYPE found;
	size_t at = 0;

	*ret_size = 0;
	while (list.len && attr_next(&list, &found, &value) == RC_OK && found <= type) {
		if (found == type) {
			*ret_size = HEADER + value.len;
			return at;
		}
		at = b->len - list.len;
	}
	return at;
}

static void cut(struct buf *b, size_t at, size_t size)
{
	if (!size)
		return;
	memmove(b->data + at, b->data + at + size, b->len - at - size);
	buf_truncate(b, b->len - size);
}

void attr_set(struct buf *b, CK_ATTRIBUTE_TYPE type, struct view value)
{
	uint8_t array[HEADER];
	struct buf header;
	size_t at, size;

	if (buf_rc(b) != RC_OK)
		return;
	if (value.len > ATTR_LIST_MAX) {
		buf_fail(b, RC_SPACE);
		return;
	}
	at = place(b, type, &size);
	cut(b, at, size);
	buf_fixed(&header, array, sizeof(array));
	buf_u32(&header, (uint32_t)type);
	buf_u32(&header, (uint32_t)value.len);
	buf_insert(b, at, array, sizeof(array));
	buf_insert(b, at + HEADER, value.data, value.len);
}

void attr_set_ulong(struct buf *b, CK_ATTRIBUTE_TYPE type, uint64_t x)
{
	uint8_t array[8];
	struct buf value;

	buf_fixed(&value, array, sizeof(array));
	buf_u64(&value, x);
	attr_set(b, type, view_buf(&value));
}

void attr_set_bool(struct buf *b, CK_ATTRIBUTE_TYPE type, bool x)
{
	uint8_t byte = x ? CK_TRUE : CK_FALSE;

	attr_set(b, type, view_of(&byte, 1));
}

void attr_remove(struct buf *b, CK_ATTRIBUTE_TYPE type)
{
	size_t size, at = place(b, type, &size);

	cut(b, at, size);
}
