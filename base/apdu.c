/* SPDX-License-Identifier: BSD-2-Clause */
/* Command and response APDUs, ISO/IEC 7816-4 5.1 and 5.4.1; GPCS 11.1.4. */
#include "base/apdu.h"

static enum rc parse_short(struct view body, uint8_t first, struct apdu *a)
{
	uint8_t le;

	if (body.len == 0) {
		a->le = first ? first : 256;
		return RC_OK;
	}
	if (first == 0 || view_take(&body, first, &a->data) != RC_OK)
		return RC_MALFORMED;
	if (body.len == 0)
		return RC_OK;
	if (view_u8(&body, &le) != RC_OK || body.len)
		return RC_MALFORMED;
	a->le = le ? le : 256;
	return RC_OK;
}

static enum rc parse_extended(struct view body, struct apdu *a)
{
	uint16_t field;

	a->extended = true;
	if (view_u16(&body, &field) != RC_OK)
		return RC_MALFORMED;
	if (body.len == 0) {
		a->le = field ? field : 65536;
		return RC_OK;
	}
	if (field == 0 || view_take(&body, field, &a->data) != RC_OK)
		return RC_MALFORMED;
	if (body.len == 0)
		return RC_OK;
	if (view_u16(&body, &field) != RC_OK || body.len)
		return RC_MALFORMED;
	a->le = field ? field : 65536;
	return RC_OK;
}

enum rc apdu_parse(struct view bytes, struct apdu *ret)
{
	struct apdu a = {.cla = 0};
	enum rc rc = RC_MALFORMED;
	uint8_t first;

	if (view_u8(&bytes, &a.cla) != RC_OK || view_u8(&bytes, &a.ins) != RC_OK ||
	    view_u8(&bytes, &a.p1) != RC_OK || view_u8(&bytes, &a.p2) != RC_OK)
		return RC_MALFORMED;
	if (bytes.len == 0) {
		*ret = a;
		return RC_OK;
	}
	if (view_u8(&bytes, &first) != RC_OK)
		return RC_MALFORMED;
	if (first == 0 && bytes.len)
		rc = parse_extended(bytes, &a);
	else
		rc = parse_short(bytes, first, &a);
	if (rc == RC_OK)
		*ret = a;
	return rc;
}

void apdu_put(struct buf *b, const struct apdu *c)
{
	bool extended = c->extended || c->data.len > APDU_SHORT_DATA || c->le > 256;

	if (c->data.len > APDU_EXTENDED_DATA || c->le > 65536) {
		buf_fail(b, RC_SPACE);
		return;
	}
	buf_u8(b, c->cla);
	buf_u8(b, c->ins);
	buf_u8(b, c->p1);
	buf_u8(b, c->p2);
	if (extended && (c->data.len || c->le))
		buf_u8(b, 0);
	if (c->data.len) {
		if (extended)
			buf_u16(b, (uint16_t)c->data.len);
		else
			buf_u8(b, (uint8_t)c->data.len);
		buf_view(b, c->data);
	}
	if (c->le) {
		if (extended)
			buf_u16(b, (uint16_t)c->le);
		else
			buf_u8(b, (uint8_t)c->le);
	}
}

unsigned int apdu_channel(uint8_t cla)
{
	if (cla & 0x40)
		return 4 + (cla & 0x0F);
	return cla & 0x03;
}

uint8_t apdu_cla(uint8_t cla, unsigned int channel)
{
	uint8_t kept = cla & (0x80 | CLA_CHAINING);

	if (channel >= 4)
		return (uint8_t)(kept | 0x40 | ((channel - 4) & 0x0F));
	return (uint8_t)(kept | channel);
}

uint8_t apdu_plain_cla(uint8_t cla)
{
	return cla & (0x80 | CLA_CHAINING);
}

bool apdu_is_protected(uint8_t cla)
{
	return cla & (cla & 0x40 ? CLA_SM_FURTHER : CLA_SM);
}

uint8_t apdu_protected_cla(uint8_t cla)
{
	return (uint8_t)(cla | (cla & 0x40 ? CLA_SM_FURTHER : CLA_SM));
}

enum rc response_parse(struct view bytes, struct view *ret_data, uint16_t *ret_sw)
{
	struct view data;

	if (bytes.len < 2 || view_take(&bytes, bytes.len - 2, &data) != RC_OK ||
	    view_u16(&bytes, ret_sw) != RC_OK)
		return RC_MALFORMED;
	*ret_data = data;
	return RC_OK;
}
