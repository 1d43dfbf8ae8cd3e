/* SPDX-License-Identifier: BSD-2-Clause */
/* The answer to reset, as far as the host asks: interface bytes are passed over. */
#include "sc/atr.h"

enum {
	DIRECT = 0x3B,
	INVERSE = 0x3F,
	CATEGORY_STATUS_LAST = 0x00, /* compact TLV and a status indicator of 3 bytes at the end */
	CATEGORY_TLV = 0x80,
	TAG_ISSUER_DATA = 0x5,
	TAG_CAPABILITIES = 0x7,
	THIRD_EXTENDED = 0x40,
	THIRD_ASSIGNED_BY_CARD = 0x10,
};

/* TA, TB, TC and TD as each Y says they are there; the TD holds the next Y. */
static enum rc skip_interface(struct view *bytes, uint8_t y)
{
	while (y) {
		uint8_t ignored, next = 0;
		enum rc rc = RC_OK;

		for (unsigned int bit = 0x10; rc == RC_OK && bit < 0x80; bit <<= 1)
			if (y & bit)
				rc = view_u8(bytes, &ignored);
		if (rc == RC_OK && y & 0x80)
			rc = view_u8(bytes, &next);
		if (rc != RC_OK)
			return RC_MALFORMED;
		y = next & 0xF0;
	}
	return RC_OK;
}

static void take_capabilities(struct view value, struct atr *atr)
{
	uint8_t ignored, third;

	if (view_u8(&value, &ignored) != RC_OK || view_u8(&value, &ignored) != RC_OK ||
	    view_u8(&value, &third) != RC_OK)
		return;
	atr->extended = third & THIRD_EXTENDED;
	atr->channels = third & THIRD_ASSIGNED_BY_CARD;
}

/* Historical bytes of another structure say nothing. */
static void take_historical(struct view bytes, struct atr *atr)
{
	struct view value;
	uint8_t category, head;

	if (view_u8(&bytes, &category) != RC_OK ||
	    (category != CATEGORY_TLV && category != CATEGORY_STATUS_LAST))
		return;
	if (category == CATEGORY_STATUS_LAST && bytes.len >= 3)
		bytes.len -= 3;
	while (view_u8(&bytes, &head) == RC_OK && view_take(&bytes, head & 0x0F, &value) == RC_OK) {
		if (head >> 4 == TAG_CAPABILITIES)
			take_capabilities(value, atr);
		else if (head >> 4 == TAG_ISSUER_DATA)
			atr->is_intaglio = view_equal(value, view_str("Intaglio"));
	}
}

enum rc atr_parse(struct view bytes, struct atr *ret)
{
	struct atr atr = {.extended = false};
	struct view historical;
	uint8_t ts, t0;

	if (bytes.len > ATR_MAX || view_u8(&bytes, &ts) != RC_OK ||
	    (ts != DIRECT && ts != INVERSE) || view_u8(&bytes, &t0) != RC_OK ||
	    skip_interface(&bytes, t0 & 0xF0) != RC_OK ||
	    view_take(&bytes, t0 & 0x0F, &historical) != RC_OK)
		return RC_MALFORMED;
	take_historical(historical, &atr);
	*ret = atr;
	return RC_OK;
}
