/* SPDX-License-Identifier: BSD-2-Clause */
/* Key agreement: templates and derived keys. Runs only on blocks that the host has signed. */
#include "card/agreement_keys.h"

#include <string.h>

#include "base/secret.h"
#include "base/tlv.h"
#include "card/suite.h"

enum {
	TAG_LEVEL = 0xD3,
	TAG_USAGE = 0x95,
	TAG_KEY_TYPE = 0x80,
	TAG_KEY = 0xD1,
	TAG_COUNTER = 0x91,
	KEY_TYPE_DES = 0x80,
	KEY_TYPE_3DES_CBC = 0x82,
	DES_KEY = 16,
	COUNTER_PART = 4,
};

/* `D3 01 level` and at least one B4 or B8, whole to the end; what is in them is not looked at. */
static bool is_level_and_templates(struct view in)
{
	struct view value;
	uint32_t tag;
	uint8_t level;

	if (tlv_copy(&in, TAG_LEVEL, &level, 1) != RC_OK || in.len == 0)
		return false;
	while (in.len)
		if (tlv_next(&in, &tag, &value) != RC_OK || (tag != TAG_CCT && tag != TAG_CT))
			return false;
	return true;
}

/* 80, D1 and 91 may be there; D1 and 91 are empty, 80 is empty or a type of the suite's DES. */
static bool is_optional(struct view *template, uint32_t tag)
{
	struct view value;
	uint8_t type;

	if (!tlv_is_next(*template, tag))
		return true;
	if (tlv_expect(template, tag, &value) != RC_OK)
		return false;
	if (value.len == 0)
		return true;
	return tag == TAG_KEY_TYPE && value.len == 1 && view_u8(&value, &type) == RC_OK &&
	       (type == KEY_TYPE_DES || type == KEY_TYPE_3DES_CBC);
}

static enum rc read_template(struct view *in, struct agreement *agreed)
{
	struct view template;
	uint8_t usage;
	uint32_t tag;

	if (agreed->count == AGREEMENT_TEMPLATES || tlv_next(in, &tag, &template) != RC_OK ||
	    tlv_copy(&template, TAG_USAGE, &usage, 1) != RC_OK ||
	    !is_optional(&template, TAG_KEY_TYPE) || !is_optional(&template, TAG_KEY) ||
	    !is_optional(&template, TAG_COUNTER) || template.len)
		return RC_MALFORMED;
	agreed->templates[agreed->count].tag = (uint8_t)tag;
	agreed->templates[agreed->count++].usage = usage;
	return RC_OK;
}

enum rc agreement_read(struct view block, struct agreement *ret)
{
	struct view skipped, rest, candidate;
	enum rc rc = RC_MALFORMED;

	memset(ret, 0, sizeof(*ret));
	if (block.len < 1 + AGREEMENT_SECRET)
		return rc;
	ret->host_secret = block.data + block.len - AGREEMENT_SECRET;
	rest = view_of(block.data, block.len - AGREEMENT_SECRET);
	do {
		if (view_take(&rest, 1, &skipped) != RC_OK)
			return rc;
	} while (!is_level_and_templates(rest));
	candidate = rest;
	rc = tlv_copy(&candidate, TAG_LEVEL, &ret->level, 1);
	while (rc == RC_OK && candidate.len)
		rc = read_template(&candidate, ret);
	return rc;
}

static bool is_dek(const struct agreement *agreed, size_t i)
{
	return agreed->templates[i].tag == TAG_CT && agreed->templates[i].usage & 0xC0;
}

/* GPCS table F-12: 1 and 3 for MAC keys, 2 and 4 for ENC keys, 5 and 6 for DEKs, in their order. */
static uint32_t number_by_place(const struct agreement *agreed, size_t i)
{
	uint32_t before = 0;

	for (size_t j = 0; j < i; j++)
		if (agreed->templates[j].tag == agreed->templates[i].tag &&
		    is_dek(agreed, j) == is_dek(agreed, i))
			before++;
	if (is_dek(agreed, i))
		return 5 + before;
	return (agreed->templates[i].tag == TAG_CCT ? 1 : 2) + 2 * before;
}

/* Step 134': C-MAC 1, R-MAC 2, C-ENC 3, R-ENC 4, DEK 5. */
static uint32_t number_by_use(uint8_t tag, uint8_t usage)
{
	if (usage & 0xC0)
		return 5;
	return (tag == TAG_CCT ? 1 : 3) + (usage == USAGE_RESPONSE ? 1 : 0);
}

static enum rc give(struct session_keys *keys, const uint8_t mixed[AGREEMENT_SECRET],
		    uint32_t number, uint8_t tag, uint8_t usage)
{
	uint8_t array[AGREEMENT_SECRET + 4], hash[SHA1_SIZE];
	struct buf b;
	enum rc rc;

	buf_fixed(&b, array, sizeof(array));
	buf_put(&b, mixed, AGREEMENT_SECRET);
	buf_u32(&b, number);
	rc = crypto_sha1(view_buf(&b), hash);
	if (rc == RC_OK)
		rc = suite_assign(keys, tag, usage, view_of(hash, DES_KEY));
	buf_free(&b);
	secret_wipe(hash, sizeof(hash));
	return rc;
}

static enum rc give_template(struct session_keys *keys, const struct agreement *agreed, size_t i,
			     const uint8_t mixed[AGREEMENT_SECRET], enum numbering numbering)
{
	uint8_t tag = agreed->templates[i].tag, usage = agreed->templates[i].usage;
	enum rc rc;

	if (tag == TAG_CCT && usage == USAGE_BOTH)
		keys->one_counter = true;
	if (numbering == NUMBERING_GPCS)
		return give(keys, mixed, number_by_place(agreed, i), tag, usage);
	if (usage != USAGE_BOTH)
		return give(keys, mixed, number_by_use(tag, usage), tag, usage);
	rc = give(keys, mixed, number_by_use(tag, USAGE_COMMAND), tag, USAGE_COMMAND);
	if (rc == RC_OK)
		rc = give(keys, mixed, number_by_use(tag, USAGE_RESPONSE), tag, USAGE_RESPONSE);
	return rc;
}

/* The counter that all MAC keys begin with. */
static enum rc start_counter(const uint8_t *host_secret, const uint8_t *card_secret,
			     enum numbering numbering, uint64_t *ret)
{
	const size_t last = AGREEMENT_SECRET - COUNTER_PART;
	uint8_t array[2 * COUNTER_PART];
	struct view bytes;
	struct buf b;

	buf_fixed(&b, array, sizeof(array));
	if (numbering == NUMBERING_GPCS) {
		buf_put(&b, card_secret + last, COUNTER_PART);
		buf_put(&b, host_secret + last, COUNTER_PART);
	} else {
		buf_put(&b, host_secret, COUNTER_PART);
		buf_put(&b, card_secret, COUNTER_PART);
	}
	bytes = view_buf(&b);
	return view_u64(&bytes, ret);
}

enum rc agreement_derive(const struct agreement *agreed,
			 const uint8_t card_secret[AGREEMENT_SECRET], enum numbering numbering,
			 struct session_keys *ret)
{
	uint8_t mixed[AGREEMENT_SECRET];
	enum rc rc;

	memset(ret, 0, sizeof(*ret));
	ret->level = agreed->level;
	for (size_t i = 0; i < sizeof(mixed); i++)
		mixed[i] = agreed->host_secret[i] ^ card_secret[i];
	rc = start_counter(agreed->host_secret, card_secret, numbering, &ret->counter[0]);
	ret->counter[1] = ret->counter[0];
	for (size_t i = 0; rc == RC_OK && i < agreed->count; i++)
		rc = give_template(ret, agreed, i, mixed, numbering);
	secret_wipe(mixed, sizeof(mixed));
	return rc == RC_OK ? suite_check_keys(ret) : rc;
}
