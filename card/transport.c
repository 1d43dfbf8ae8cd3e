/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Key transport, card side. The deciphered block is never judged where it is deciphered: a bad one
 * takes the same way as a good one under a wrong signature, so that no answer, no missing step and
 * no time tells an attacker what was in a block. libcrypto checks both paddings, and clears its
 * error, in constant time; what comes after it here does too (tests/card/test_oracle.c measures).
 */
#include "card/transport.h"

#include "base/secret.h"
#include "card/instance.h"
#include "card/scp10.h"

enum {
	OCE_CHALLENGE = 16,
	DUMMY_BLOCK = 171,
	HASH_BLOCK = 64, /* of SHA-1 and of SHA-256 */
	HASH_PADDING = 9,
};

static const struct card_key *environment_key(const struct command *c)
{
	const struct scp10 *s = c->channel->scp10;

	return identity_key(c->card->identity, s->version, s->index);
}

/* Puts plain or, unless it is good, the dummy into block, without a branch on which. */
static enum rc choose_block(struct buf *block, const uint8_t plain[SESSION_BLOCK_MAX], size_t len,
			    const uint8_t dummy[SESSION_BLOCK_MAX], bool good)
{
	size_t mask = (size_t)0 - good;
	uint8_t *out;

	buf_reset(block);
	out = buf_space(block, SESSION_BLOCK_MAX);
	if (!out)
		return buf_rc(block);
	for (size_t i = 0; i < SESSION_BLOCK_MAX; i++)
		out[i] = (uint8_t)((plain[i] & mask) | (dummy[i] & ~mask));
	buf_truncate(block, (len & mask) | (DUMMY_BLOCK & ~mask));
	return RC_OK;
}

uint16_t transport_decipher(struct command *c)
{
	struct scp10 *s = c->channel->scp10;
	const struct card_key *key = environment_key(c);
	uint8_t dummy[SESSION_BLOCK_MAX] = {0}, array[SESSION_BLOCK_MAX] = {0};
	struct buf plain;
	enum rc rc;

	if (!key || c->data.len != rsa_size(key->pkey))
		return SW_WRONG_LENGTH;
	rc = crypto_random(dummy, DUMMY_BLOCK);
	if (rc != RC_OK)
		return command_sw(rc);
	buf_fixed(&plain, array, sizeof(array));
	rc = rsa_decrypt(key->pkey, s->suite->encryption, c->data, &plain);
	s->block_good = rc == RC_OK;
	rc = choose_block(&s->block, array, plain.len, dummy, s->block_good);
	secret_wipe(array, sizeof(array));
	secret_wipe(dummy, sizeof(dummy));
	return rc == RC_OK ? SW_OK : command_sw(rc);
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

/*
 * Hashes nothing of importance, as much as the longest block would have taken more than this message:
 * a dummy and a deciphered block differ in length.
 */
static enum rc make_up_for_length(const struct suite *suite, const struct view *parts, size_t count)
{
	static const uint8_t filler[PREFIX_MAX + SESSION_BLOCK_MAX + CHALLENGE_MAX + HASH_BLOCK];
	uint8_t hash[SHA256_SIZE];
	size_t len = 0, blocks, most;

	for (size_t i = 0; i < count; i++)
		len += parts[i].len;
	most = (PREFIX_MAX + SESSION_BLOCK_MAX + CHALLENGE_MAX + HASH_PADDING) / HASH_BLOCK + 1;
	blocks = (len + HASH_PADDING + HASH_BLOCK - 1) / HASH_BLOCK;
	if (suite->signature == RSA_PKCS1_SHA1)
		return crypto_sha1(view_of(filler, (most - blocks) * HASH_BLOCK), hash);
	return crypto_sha256(view_of(filler, (most - blocks) * HASH_BLOCK), hash);
}

static bool is_signed(struct command *c)
{
	struct scp10 *s = c->channel->scp10;
	uint8_t prefix[PREFIX_MAX];
	struct view parts[3];
	size_t count;
	enum rc rc;

	count = compose(s, SIGNER_HOST, prefix, view_buf(&s->block),
			view_of(s->challenge, s->suite->challenge), parts);
	rc = make_up_for_length(s->suite, parts, count);
	if (rc != RC_OK)
		return false;
	return rsa_verify(s->chain.host, s->suite->signature, parts, count, c->data) == RC_OK;
}

/* Level and keys of a block that the host has signed: nobody else learns how long this takes. */
static enum rc take_keys(struct command *c)
{
	struct scp10 *s = c->channel->scp10;
	struct session_keys keys = {.level = 0};
	enum rc rc;

	buf_reset(&s->ordered_keys);
	rc = s->suite->parse(view_buf(&s->block), &keys, &s->ordered_keys);
	if (rc == RC_MALFORMED || !identity_accepts_level(c->card->identity, keys.level))
		rc = RC_AUTH;
	if (rc == RC_OK)
		rc = sm_new(s->suite->sm, &keys, &s->sm);
	secret_wipe(&keys, sizeof(keys));
	return rc;
}

uint16_t transport_external(struct command *c)
{
	struct scp10 *s = c->channel->scp10;
	enum rc rc = RC_AUTH;

	if (is_signed(c) & s->block_good)
		rc = take_keys(c);
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
