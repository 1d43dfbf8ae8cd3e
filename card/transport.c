/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Key transport, card side. The deciphered block is never judged where it is deciphered: a bad one
 * takes the same way as a good one under a wrong signature, so that no answer and no missing step
 * tells an attacker what was in a block.
 */
#include "card/transport.h"

#include "base/secret.h"
#include "card/instance.h"
#include "card/scp10.h"

enum { OCE_CHALLENGE = 16, DUMMY_BLOCK = 171 };

static const struct card_key *environment_key(const struct command *c)
{
	const struct scp10 *s = c->channel->scp10;

	return identity_key(c->card->identity, s->version, s->index);
}

uint16_t transport_decipher(struct command *c)
{
	struct scp10 *s = c->channel->scp10;
	const struct card_key *key = environment_key(c);
	uint8_t dummy[DUMMY_BLOCK];
	enum rc rc;

	if (!key || c->data.len != rsa_size(key->pkey))
		return SW_WRONG_LENGTH;
	rc = crypto_random(dummy, sizeof(dummy));
	if (rc != RC_OK)
		return command_sw(rc);
	buf_reset(&s->block);
	rc = rsa_decrypt(key->pkey, s->suite->encryption, c->data, &s->block);
	s->block_good = rc == RC_OK;
	if (!s->block_good) {
		buf_reset(&s->block);
		buf_put(&s->block, dummy, sizeof(dummy));
	}
	return buf_rc(&s->block) == RC_OK ? SW_OK : SW_NO_DIAGNOSIS;
}

/* Prefix || body || challenge, whoever signs. */
static size_t compose(const struct scp10 *s, uint8_t signer, uint8_t prefix[PREFIX_MAX],
		      struct view body, struct view challenge, struct view parts[3])
{
	parts[0] = view_of(prefix, s->suite->prefix(&s->binding, signer, prefix));
	parts[1] = body;
	parts[2] = challenge;
	return 3;
}

static bool level_is_accepted(const struct command *c, const struct session_keys *keys)
{
	return identity_accepts_level(c->card->identity, keys->level);
}

uint16_t transport_external(struct command *c)
{
	struct scp10 *s = c->channel->scp10;
	struct session_keys keys = {.level = 0};
	uint8_t prefix[PREFIX_MAX];
	struct view parts[3];
	bool signed_by_host, good;
	size_t count;
	enum rc rc;

	count = compose(s, SIGNER_HOST, prefix, view_buf(&s->block),
			view_of(s->challenge, s->suite->challenge), parts);
	signed_by_host = rsa_verify(s->chain.host, s->suite->signature, parts, count, c->data) ==
			 RC_OK;
	buf_reset(&s->ordered_keys);
	good = s->suite->parse(view_buf(&s->block), &keys, &s->ordered_keys) == RC_OK;
	good &= s->block_good;
	good &= level_is_accepted(c, &keys);
	rc = RC_AUTH;
	if (signed_by_host & good)
		rc = sm_new(s->suite->sm, &keys, &s->sm);
	secret_wipe(&keys, sizeof(keys));
	buf_reset(&s->block);
	secret_wipe(s->challenge, sizeof(s->challenge));
	if (rc == RC_AUTH)
		return SW_AUTHENTICATION_FAILED;
	return rc == RC_OK ? SW_OK : command_sw(rc);
}

uint16_t transport_internal(struct command *c)
{
	struct scp10 *s = c->channel->scp10;
	const struct card_key *key = environment_key(c);
	struct view data = c->data, challenge, parts[3];
	uint8_t prefix[PREFIX_MAX];
	size_t count;
	enum rc rc;

	if (!key || view_take(&data, OCE_CHALLENGE, &challenge) != RC_OK || data.len != CVC_ID)
		return SW_WRONG_LENGTH;
	if (!view_equal(data, view_of(s->chain.host_id, CVC_ID)))
		return SW_WRONG_DATA;
	count = compose(s, SIGNER_CARD, prefix, view_buf(&s->ordered_keys), challenge, parts);
	rc = rsa_sign(key->pkey, s->suite->signature, parts, count, c->answer);
	return rc == RC_OK ? SW_OK : command_sw(rc);
}
