/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be asked of an issuer security domain before a session: GET DATA, GPCS 11.3, doc/manager.md. */
#include "sc/issuer.h"

#include "base/sw.h"
#include "base/tlv.h"
#include "sc/gp.h"
#include "sc/policy.h"

enum {
	INS_SELECT = 0xA4,
	INS_GET_DATA = 0xCA,
	P1_BY_NAME = 0x04,
	LE_SHORT = 256,
	TAG_CARD_DATA = 0x0066,
	TAG_CPLC = 0x9F7F,
	PROTOCOL_SCP10 = 0x10,
	CPLC_CARD_AT = 12, /* of our card: its identity */
	SW_CARD_LOCKED = 0x6283,
	ISSUER_COMMAND = 223, /* bytes of plain data in a command of 255 */
};

/* A data object of the issuer security domain; RC_SW if it has none. */
static enum rc read_object(struct wire *wire, uint16_t tag, struct view *ret)
{
	const struct apdu command = {.cla = 0x80,
				     .ins = INS_GET_DATA,
				     .p1 = (uint8_t)(tag >> 8),
				     .p2 = (uint8_t)tag,
				     .le = LE_SHORT};
	uint16_t sw;
	enum rc rc = wire_exchange(wire, &command, ret, &sw);

	return rc == RC_OK && sw != SW_OK ? RC_SW : rc;
}

/* Whether it is a card that tells of SCP10. */
static enum rc check_protocol(struct wire *wire)
{
	struct gp_recognition r;
	struct view data;
	enum rc rc = read_object(wire, TAG_CARD_DATA, &data);

	if (rc == RC_OK)
		rc = gp_parse_recognition(data, &r);
	for (size_t i = 0; rc == RC_OK && i < r.protocol_count; i++)
		if (r.protocols[i].protocol == PROTOCOL_SCP10)
			return RC_OK;
	return rc == RC_OK || rc == RC_MALFORMED ? RC_SW : rc;
}

/* Which card it is, of one whose token application cannot be selected: doc/manager.md, 9F7F. */
static enum rc read_card_id(struct wire *wire, uint8_t ret[CVC_ID])
{
	struct view data, value, before;
	enum rc rc = read_object(wire, TAG_CPLC, &data);

	if (rc == RC_OK && (tlv_expect(&data, TAG_CPLC, &value) != RC_OK ||
			    view_take(&value, CPLC_CARD_AT, &before) != RC_OK ||
			    view_copy(&value, ret, CVC_ID) != RC_OK))
		rc = RC_SW;
	return rc;
}

enum rc issuer_select(struct wire *wire, struct fci *ret)
{
	const struct apdu command = {.ins = INS_SELECT, .p1 = P1_BY_NAME, .le = LE_SHORT};
	struct fci f = {.life_cycle = FCI_PERSONALISED,
			.command_max = ISSUER_COMMAND,
			.answer_max = ISSUER_COMMAND,
			.suites = {SUITE_42, SUITE_02, SUITE_01},
			.suite_count = 3};
	struct view data;
	uint16_t sw;
	enum rc rc = wire_exchange(wire, &command, &data, &sw);

	if (rc == RC_OK && sw != SW_CARD_LOCKED && sw != SW_OK)
		rc = RC_SW;
	if (rc == RC_OK)
		rc = check_protocol(wire);
	if (rc == RC_OK)
		rc = read_card_id(wire, f.card_id);
	if (rc == RC_OK)
		*ret = f;
	return rc;
}
