/* SPDX-License-Identifier: BSD-2-Clause */
/* The file control information of the token application, doc/commands.md. */
#include "card/application.h"

#include "base/tlv.h"
#include "card/instance.h"

enum {
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

uint16_t application_select(struct command *c, const struct registry_entry *instance)
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
	tlv_put(c->answer, TAG_NAME, aid_view(&instance->aid));
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
