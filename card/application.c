/* SPDX-License-Identifier: BSD-2-Clause */
/* SELECT by name, ISO/IEC 7816-4 11.2.2; the FCI is that of doc/commands.md. */
#include "card/application.h"

#include "base/tlv.h"
#include "card/instance.h"

enum {
	P1_BY_NAME = 0x04,
	P2_FCI = 0x00,
	P2_NOTHING = 0x0C,
	TAG_FCI = 0x6F,
	TAG_NAME = 0x84,
	TAG_PROPRIETARY = 0xA5,
	TAG_CHANGE_COUNTER = 0xC1,
	TAG_DIGEST = 0xC2,
	TAG_FLAGS = 0xC3,
	TAG_LIFE_CYCLE = 0xC4,
	TAG_CARD_ID = 0xC5,
	TAG_LARGEST_COMMAND = 0xC6,
	TAG_LARGEST_ANSWER = 0xC7,
	TAG_SUITES = 0xC8,
};

static const uint8_t aid[] = {0xF0, 'I', 'n', 't', 'a', 'g', 'l', 'i', 'o', 0x01};

static uint16_t put_fci(struct command *c)
{
	const struct identity *identity = c->card->identity;
	bool personalised = identity_is_personalised(identity);
	uint8_t digest[SHA256_SIZE];
	size_t fci, proprietary;
	enum rc rc;

	rc = token_public_digest(c->nvm, digest);
	if (rc != RC_OK)
		return command_sw(rc);
	fci = tlv_open(c->answer, TAG_FCI);
	tlv_put(c->answer, TAG_NAME, view_of(aid, sizeof(aid)));
	proprietary = tlv_open(c->answer, TAG_PROPRIETARY);
	tlv_put_u64(c->answer, TAG_CHANGE_COUNTER, token_change_counter(c->nvm));
	tlv_put(c->answer, TAG_DIGEST, view_of(digest, sizeof(digest)));
	tlv_put_u8(c->answer, TAG_FLAGS, token_flags(c->nvm));
	tlv_put_u8(c->answer, TAG_LIFE_CYCLE,
		   personalised ? LIFE_CYCLE_PERSONALISED : LIFE_CYCLE_FRESH);
	tlv_put(c->answer, TAG_CARD_ID, view_of(identity_id(identity), CVC_ID));
	tlv_put_u32(c->answer, TAG_LARGEST_COMMAND, LARGEST_COMMAND);
	tlv_put_u32(c->answer, TAG_LARGEST_ANSWER, LARGEST_ANSWER);
	tlv_put(c->answer, TAG_SUITES, identity_suites(identity));
	tlv_close(c->answer, proprietary);
	tlv_close(c->answer, fci);
	return SW_OK;
}

uint16_t application_select(struct command *c)
{
	uint16_t sw = SW_OK;

	if (c->p1 != P1_BY_NAME || (c->p2 != P2_FCI && c->p2 != P2_NOTHING))
		return SW_INCORRECT_P1P2;
	if (!view_equal(c->data, view_of(aid, sizeof(aid))))
		return SW_FILE_NOT_FOUND;
	if (c->p2 == P2_FCI)
		sw = put_fci(c);
	if (sw == SW_OK)
		c->channel->selected = true;
	return sw;
}
