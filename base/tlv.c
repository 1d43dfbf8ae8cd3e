/* SPDX-License-Identifier: BSD-2-Clause */
/* BER-TLV data objects, ISO/IEC 7816-4 5.2.2. */
#include "base/tlv.h"

static enum rc take_tag(struct view *in, uint32_t *ret)
{
	uint32_t tag;
	uint8_t byte;

	if (view_u8(in, &byte) != RC_OK || byte == 0)
		return RC_MALFORMED;
	tag = byte;
	if ((byte & 0x1F) == 0x1F) {
		if (view_u8(in, &byte) != RC_OK || byte == 0x80)
			return RC_MALFORMED;
		/* A second byte below 1F would have fitted the first. */
		if (byte < 0x1F)
			return RC_MALFORMED;
		tag = tag << 8 | byte;
		if (byte & 0x80) {
			if (view_u8(in, &byte) != RC_OK || (byte & 0x80))
				return RC_MALFORMED;
			tag = tag << 8 | byte;
		}
	}
	*ret = tag;
	return RC_OK;
}

static enum rc take_length(struct view *in, size_t *ret)
{
	uint32_t len = 0;
	uint8_t first, byte;

	if (view_u8(in, &first) != RC_OK)
		return RC_MALFORMED;
	if (first < 0x80) {
		*ret = first;
		return RC_OK;
	}
	first &= 0x7F;
	if (first < 1 || first > 4)
		return RC_MALFORMED;
	for (unsigned int i = 0; i < first; i++) {
		if (view_u8(in, &byte) != RC_OK || (i == 0 && byte == 0))
			return RC_MALFORMED;
		len = len << 8 | byte;
	}
	if (len < 0x80)
		return RC_MALFORMED;
	*ret = len;
	return RC_OK;
}

enum rc tlv_next(struct view *in, uint32_t *ret_tag, struct view *ret_value)
{
	struct view rest = *in;
	uint32_t tag;
	size_t len;

	if (take_tag(&rest, &tag) != RC_OK || take_length(&rest, &len) != RC_OK)
		return RC_MALFORMED;
	if (view_take(&rest, len, ret_value) != RC_OK)
		return RC_MALFORMED;
	*ret_tag = tag;
	*in = rest;
	return RC_OK;
}

enum rc tlv_object(struct view *in, uint32_t tag, struct view *ret_object, struct view *ret_value)
{
	struct view rest = *in, value;
	uint32_t found;

	if (tlv_next(&rest, &found, &value) != RC_OK || found != tag)
		return RC_MALFORMED;
	*ret_object = view_of(in->data, in->len - rest.len);
	*ret_value = value;
	*in = rest;
	return RC_OK;
}

enum rc tlv_expect(struct view *in, uint32_t tag, struct view *ret_value)
{
	struct view object;

	return tlv_object(in, tag, &object, ret_value);
}

bool tlv_is_next(struct view in, uint32_t tag)
{
	uint32_t found;

	return take_tag(&in, &found) == RC_OK && found == tag;
}

enum rc tlv_find(struct view in, uint32_t tag, struct view *ret_value)
{
	struct view value;
	uint32_t found;

	while (in.len) {
		if (tlv_next(&in, &found, &value) != RC_OK)
			return RC_MALFORMED;
		if (found == tag) {
			*ret_value = value;
			return RC_OK;
		}
	}
	return RC_NOT_FOUND;
}

enum rc tlv_copy(struct view *in, uint32_t tag, void *dst, size_t n)
{
	struct view rest = *in, value;

	if (tlv_expect(&rest, tag, &value) != RC_OK || value.len != n)
		return RC_MALFORMED;
	*in = rest;
	return view_copy(&value, dst, n);
}

static void put_tag(struct buf *b, uint32_t tag)
{
	if (tag > 0xFFFF)
		buf_u8(b, (uint8_t)(tag >> 16));
	if (tag > 0xFF)
		buf_u8(b, (uint8_t)(tag >> 8));
	buf_u8(b, (uint8_t)tag);
}

/* Writes a minimal BER length into out, and says how many bytes it took. */
static size_t length_bytes(size_t len, uint8_t out[5])
{
	size_t n = 0;

	if (len < 0x80) {
		out[0] = (uint8_t)len;
		return 1;
	}
	for (size_t x = len; x; x >>= 8)
		n++;
	out[0] = (uint8_t)(0x80 | n);
	for (size_t i = 0; i < n; i++)
		out[1 + i] = (uint8_t)(len >> 8 * (n - 1 - i));
	return n + 1;
}

void tlv_header(struct buf *b, uint32_t tag, size_t len)
{
	uint8_t bytes[5];

	if (len > 0xFFFFFFFF) {
		buf_fail(b, RC_SPACE);
		return;
	}
	put_tag(b, tag);
	buf_put(b, bytes, length_bytes(len, bytes));
}

void tlv_put(struct buf *b, uint32_t tag, struct view value)
{
	tlv_header(b, tag, value.len);
	buf_view(b, value);
}

void tlv_put_u8(struct buf *b, uint32_t tag, uint8_t x)
{
	tlv_header(b, tag, 1);
	buf_u8(b, x);
}

void tlv_put_u32(struct buf *b, uint32_t tag, uint32_t x)
{
	tlv_header(b, tag, 4);
	buf_u32(b, x);
}

void tlv_put_u64(struct buf *b, uint32_t tag, uint64_t x)
{
	tlv_header(b, tag, 8);
	buf_u64(b, x);
}

size_t tlv_open(struct buf *b, uint32_t tag)
{
	put_tag(b, tag);
	return b->len;
}

void tlv_close(struct buf *b, size_t mark)
{
	uint8_t bytes[5];

	if (buf_rc(b) == RC_OK)
		buf_insert(b, mark, bytes, length_bytes(b->len - mark, bytes));
}
