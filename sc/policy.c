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
	return policy && policy->named_only ? NULL : &default_row;
}

static enum rc check_level(const struct policy_card *row, uint8_t level)
{
	bool both = level & LEVEL_C_MAC && level & LEVEL_R_MAC;

	if (!(level & ~LEVEL_ALL) && (both || row->unauthenticated))
		return RC_OK;
	log_error("policy asks for security level %02X; the host needs at least 11 (commands and "
		  "answers authenticated)",
		  level);
	return RC_POLICY;
}

/* Without both MACs nothing that the card says could be believed; 33 is also what 42 insists on. */
enum rc policy_check(const struct policy_card *row)
{
	uint8_t level = row->level ? row->level : LEVEL_ALL;
	bool is_old = row->suite == SUITE_02 || row->suite == SUITE_01;
	enum rc rc = check_level(row, level);

	if (rc != RC_OK)
		return rc;
	if (!is_old && row->suite != SUITE_42) {
		log_error("policy asks for suite %02X, which this host does not have", row->suite);
		return RC_POLICY;
	}
	if (!is_old && (level != LEVEL_ALL || row->stored_host_key || row->external_only ||
			row->joint_keys || row->dek)) {
		log_error("policy asks for suite 42 at level %02X%s%s%s; it has level 33 with "
			  "certificates of both sides and a key for each direction only",
			  level, row->stored_host_key ? ", without a certificate" : "",
			  row->external_only ? ", without the card's signature" : "",
			  row->joint_keys || row->dek ? ", with other keys" : "");
		return RC_POLICY;
	}
	if (row->suite == SUITE_01 && row->external_only) {
		log_error("policy asks for suite 01 without the card's signature, which brings the "
			  "card's half of the keys");
		return RC_POLICY;
	}
	return RC_OK;
}

enum rc policy_check_suite(const struct policy *policy, uint8_t suite)
{
	unsigned int bit = suite == SUITE_42   ? POLICY_42
			   : suite == SUITE_02 ? POLICY_02
					       : POLICY_01;

	if (!policy || !policy->suites || policy->suites & bit)
		return RC_OK;
	log_error("the settings do not let this host speak suite %02X with any card: add it to "
		  "suites in section [policy], if that is meant",
		  suite);
	return RC_POLICY;
}

enum rc policy_check_roles(const struct policy *policy, unsigned int roles)
{
	if (!policy || !policy->roles || !(roles & ~policy->roles))
		return RC_OK;
	log_error("the host's certificate has more roles than the settings let it show to a card");
	return RC_POLICY;
}
