/* SPDX-License-Identifier: BSD-2-Clause */
/* Templates and keys. */
#include "sc/scp10_keys.h"

#include <string.h>

#include "base/tlv.h"

enum { USAGE_BOTH = 0x30, USAGE_DEK = 0xC0, TAG_MAC = 0xB4, TAG_ENC = 0xB8, DEK_SHORT = 16 };

/* The two kinds of key, and what each needs. */
static const struct {
	uint32_t tag;
	uint8_t command, response; /* the level bits that need one */
	enum messaging_key first; /* of commands; that of responses is the next */
} kinds[] = {
	{.tag = TAG_MAC, .command = LEVEL_C_MAC, .response = LEVEL_R_MAC, .first = MESSAGING_C_MAC},
	{.tag = TAG_ENC, .command = LEVEL_C_DEC, .response = LEVEL_R_ENC, .first = MESSAGING_C_ENC},
};

static void add(struct scp10_keys *k, uint32_t tag, uint8_t usage, enum messaging_key key)
{
	k->templates[k->count++] = (struct scp10_template){.tag = tag, .usage = usage, .key = key};
}

void scp10_keys_plan(struct scp10_keys *keys, const struct scp10_suite *suite,
		     const struct policy_card *row, struct messaging_secrets *secrets)
{
	*keys = (struct scp10_keys){
		.suite = suite,
		.level = row->level ? row->level : LEVEL_ALL,
		.numbering = row->numbering,
		.secrets = secrets,
	};
	for (size_t i = 0; i < 2; i++) {
		bool command = keys->level & kinds[i].command;
		bool response = keys->level & kinds[i].response;

		if (row->joint_keys && command && response) {
			add(keys, kinds[i].tag, USAGE_BOTH, kinds[i].first);
			secrets->joint_counter |= kinds[i].tag == TAG_MAC;
			continue;
		}
		if (command)
			add(keys, kinds[i].tag, 0x10, kinds[i].first);
		if (response)
			add(keys, kinds[i].tag, 0x20, kinds[i].first + 1);
	}
	if (row->dek)
		add(keys, TAG_ENC, USAGE_DEK, MESSAGING_KEYS);
}

static uint8_t *key_of(const struct scp10_keys *k, const struct scp10_template *t)
{
	return t->usage == USAGE_DEK ? k->secrets->dek : k->secrets->key[t->key];
}

enum rc scp10_keys_draw(struct scp10_keys *keys)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < keys->count; i++)
		rc = crypto_random(key_of(keys, &keys->templates[i]), keys->suite->key_size);
	return rc;
}

void scp10_keys_put(const struct scp10_keys *keys, struct buf *out)
{
	const struct scp10_suite *suite = keys->suite;

	tlv_put_u8(out, 0xD3, keys->level);
	for (size_t i = 0; i < keys->count; i++) {
		const struct scp10_template *t = &keys->templates[i];
		size_t mark = tlv_open(out, t->tag);

		tlv_put_u8(out, 0x95, t->usage);
		if (suite->key_type)
			tlv_put_u8(out, 0x80, suite->key_type);
		if (!suite->agreement)
			tlv_put(out, 0xD1, view_of(key_of(keys, t), suite->key_size));
		if (suite->counters && t->tag == TAG_MAC)
			tlv_put_u64(out, 0x91, keys->secrets->counter[t->usage == 0x20]);
		tlv_close(out, mark);
	}
}

size_t scp10_keys_list(const struct scp10_keys *keys, struct view *parts)
{
	for (size_t i = 0; i < keys->count; i++)
		parts[i] = view_of(key_of(keys, &keys->templates[i]), keys->suite->key_size);
	return keys->count;
}

/* The seed numbers keys by what they are for, whether they are there or not. */
static enum rc number_as_seed(struct scp10_keys *k, const uint8_t *host, const uint8_t *card)
{
	enum rc rc = RC_OK;

	for (uint32_t i = 0; rc == RC_OK && i < MESSAGING_KEYS; i++)
		rc = agreement_key(host, card, i + 1, k->secrets->key[i]);
	if (rc == RC_OK)
		rc = agreement_key(host, card, 5, k->secrets->dek);
	return rc;
}

/* GPCS F.3.1.3 numbers the templates of each kind as they come: MAC 1, 3; ENC 2, 4; DEK 5. */
static enum rc number_as_gpcs(struct scp10_keys *k, const uint8_t *host, const uint8_t *card)
{
	uint32_t mac = 1, enc = 2;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < k->count; i++) {
		const struct scp10_template *t = &k->templates[i];
		uint32_t *next = t->tag == TAG_MAC ? &mac : &enc;

		if (t->usage == USAGE_DEK) {
			rc = agreement_key(host, card, 5, k->secrets->dek);
			continue;
		}
		rc = agreement_key(host, card, *next, k->secrets->key[t->key]);
		*next += 2;
	}
	return rc;
}

/* The start counter of both directions. */
static uint64_t start_counter(enum policy_numbering numbering, const uint8_t *host,
			      const uint8_t *card)
{
	const size_t last = AGREEMENT_SECRET - 4;
	const uint8_t *high = numbering == POLICY_NUMBERING_SEED ? host : card + last;
	const uint8_t *low = numbering == POLICY_NUMBERING_SEED ? card : host + last;
	uint64_t counter = 0;

	for (size_t i = 0; i < 8; i++)
		counter = counter << 8 | (i < 4 ? high[i] : low[i - 4]);
	return counter;
}

enum rc scp10_keys_agree(struct scp10_keys *keys, const uint8_t host_secret[AGREEMENT_SECRET],
			 const uint8_t card_secret[AGREEMENT_SECRET])
{
	uint64_t counter = start_counter(keys->numbering, host_secret, card_secret);

	keys->secrets->counter[0] = counter;
	keys->secrets->counter[1] = counter;
	return keys->numbering == POLICY_NUMBERING_SEED
		       ? number_as_seed(keys, host_secret, card_secret)
		       : number_as_gpcs(keys, host_secret, card_secret);
}

enum rc scp10_keys_finish(struct scp10_keys *keys)
{
	struct messaging_secrets *s = keys->secrets;
	bool two = keys->suite->agreement && keys->numbering == POLICY_NUMBERING_SEED;

	for (size_t i = 0; i < keys->count; i++) {
		const struct scp10_template *t = &keys->templates[i];

		if (t->usage == USAGE_BOTH && !two)
			memcpy(s->key[t->key + 1], s->key[t->key], MESSAGING_KEY_MAX);
		if (t->usage == USAGE_DEK)
			s->dek_size = DEK_SHORT;
	}
	if (keys->suite->id != SUITE_42)
		return RC_OK;
	s->dek_size = AES256_KEY;
	return crypto_hkdf(view_of(s->key, sizeof(s->key)), view_of(NULL, 0),
			   view_str("intaglio scp10 dek"), s->dek, AES256_KEY);
}
