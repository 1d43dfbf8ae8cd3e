/* SPDX-License-Identifier: BSD-2-Clause */
/* Which suite and level a card is spoken to with. */
#include "sc/policy.h"

#include "base/log.h"

static const struct policy_card default_row = {.suite = SUITE_42, .level = LEVEL_ALL};

const struct policy_card *policy_find(const struct policy *policy, const uint8_t id[CVC_ID])
{
	for (size_t i = 0; policy && i < policy->card_count; i++) {
		const struct policy_card *row = &policy->cards[i];

		if (view_equal(view_of(row->id, CVC_ID), view_of(id, CVC_ID)))
			return row;
	}
	return &default_row;
}

/* Without both MACs nothing that the card says could be believed; 33 is also what 42 insists on. */
enum rc policy_check(const struct policy_card *row)
{
	uint8_t level = row->level ? row->level : LEVEL_ALL;

	if (level & ~LEVEL_ALL || !(level & LEVEL_C_MAC) || !(level & LEVEL_R_MAC)) {
		log_error("policy asks for security level %02X; the host needs at least 11 "
			  "(commands and answers authenticated)",
			  level);
		return RC_POLICY;
	}
	if (row->suite == SUITE_42 && (level != LEVEL_ALL || row->stored_host_key)) {
		log_error("policy asks for suite 42 at level %02X%s; it has level 33 with "
			  "certificates only",
			  level, row->stored_host_key ? " without a certificate" : "");
		return RC_POLICY;
	}
	if (row->suite != SUITE_42 && row->suite != SUITE_02) {
		log_error("policy asks for suite %02X, which this host does not have", row->suite);
		return RC_POLICY;
	}
	return RC_OK;
}
