/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Key transport, card side. The deciphered block is never judged where it is deciphered: a bad one
 * takes the same way as a good one under a wrong signature, so that no answer, no missing step and
 * no time tells an attacker what was in a block. libcrypto checks both paddings, and clears its
 * error, in constant time. What comes after it here has no branch on them either. Only a length shows
 * in its time, since a processor expects a common one: so the dummy in the place of a bad block
 * has a length of its own.
 */
#include "card/transport.h"

#include "base/secret.h"
#include "card/instance.h"
#include "card/scp10.h"

enum {
	OCE_CHALLENGE = 16,
	HASH_BLOCK = 64, /* of SHA-1 and of SHA-256 */
	HASH_PADDING = 9,
	/* Blocks of the longest message. */
	PIECES = (PREFIX_MAX + SESSION_BLOCK_MAX + CHALLENGE_MAX + HASH_PADDING) / HASH_BLOCK + 1,
};

static const struct card_key *environment_key(const struct command *c)
{
	const struct scp10 *s = c->channel->scp10;

	return identity_key(c->card->identity, s->version, s->index);
}

/* Puts plain or, unless good is all ones, the dummy into block, without a branch on which. */
static enum rc choose_block(struct buf *block, const uint8_t plain[SESSION_BLOCK_MAX], size_t len,
			    const uint8_t dummy[SESSION_BLOCK_MAX], size_t dummy_len, size_t good)
{
	uint8_t *out;

	buf_reset(block);
	out = buf_space(block, SESSION_BLOCK_MAX);
	if (!out)
		return buf_rc(block);
	for (size_t i = 0; i < SESSION_BLOCK_MAX; i++)
		out[i] = (uint8_t)((plain[i] & good) | (dummy[i] & ~good));
	buf_truncate(block, (len & good) | (dummy_len & ~good));
	return RC_OK;
}

/*
 * Any length that a plaintext could have had, and the same for the same block. What follows may take as
 * long as the length wants: nobody knows that of a good block either.
 */
static enum rc draw_length(const struct card_key *key, enum rsa_encryption scheme,
			   struct view block, size_t *ret)
{
	size_t lengths = rsa_plaintext_max(key->pkey, scheme) + 1;
	uint8_t seed[SHA256_SIZE];
	struct view v = view_of(seed, sizeof(seed));
	uint32_t drawn;
	enum rc rc = rsa_stand_in(key->pkey, block, seed);

	if (rc == RC_OK)
		rc = view_u32(&v, &drawn);
	if (rc == RC_OK)
		*ret = (size_t)((uint64_t)drawn * lengths >> 32);
	secret_wipe(seed, sizeof(seed));
	return rc;
}

uint16_t transport_decipher(struct command *c)
{
	struct scp10 *s = c->channel->scp10;
	const struct card_key *key = environment_key(c);
	uint8_t dummy[SESSION_BLOCK_MAX], plain[SESSION_BLOCK_MAX] = {0};
	size_t len = 0, dummy_len, good = 0;
	enum rc rc;

	if (!key || c->data.len != rsa_size(key->pkey) || c->data.len > sizeof(plain))
		return SW_WRONG_LENGTH;
	rc = crypto_random(dummy, sizeof(dummy));
	if (rc == RC_OK)
		rc = draw_length(key, s->suite->encryption, c->data, &dummy_len);
	if (rc != RC_OK)
		return command_sw(rc);
	/* What libcrypto could not do is answered like a wrong padding. */
	if (rsa_decipher(key->pkey, s->suite->encryption, c->data, plain, &len, &good) != RC_OK)
		good = 0;
	s->block_good = good & 1;
	rc = choose_block(&s->block, plain, len, dummy, dummy_len, good);
	secret_wipe(plain, sizeof(plain));
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

/* In pieces of a hash's block, each of which is then one call of the hash; the last may be shorter. */
static size_t cut(struct view message, struct view pieces[PIECES])
{
	size_t count = 0;

	while (message.len) {
		size_t n = message.len < HASH_BLOCK ? message.len : HASH_BLOCK;

		if (view_take(&message, n, &pieces[count++]) != RC_OK)
			break;
	}
	return count;
}

/*
 * Hashes as many blocks of nothing as the longest message would have had more than this one: a dummy
 * and a deciphered block differ in length, and a block takes some 40 nanoseconds, as does a call.
 */
static enum rc make_up_for_length(const struct suite *suite, size_t len)
{
	static const uint8_t nothing[HASH_BLOCK];
	size_t blocks = (len + HASH_PADDING + HASH_BLOCK - 1) / HASH_BLOCK;
	struct view pieces[PIECES];
	uint8_t hash[SHA256_SIZE];

	for (size_t i = 0; i < PIECES; i++)
		pieces[i] = view_of(nothing, sizeof(nothing));
	if (suite->signature == RSA_PKCS1_SHA1)
		return crypto_sha1_parts(pieces, PIECES - blocks, hash);
	return crypto_sha256_parts(pieces, PIECES - blocks, hash);
}

static bool is_signed(struct command *c)
{
	struct scp10 *s = c->channel->scp10;
	uint8_t prefix[PREFIX_MAX], array[PIECES * HASH_BLOCK];
	struct view parts[3], pieces[PIECES];
	struct buf message;
	size_t count;
	enum rc rc;

	buf_fixed(&message, array, sizeof(array));
	count = compose(s, SIGNER_HOST, prefix, view_buf(&s->block),
			view_of(s->challenge, s->suite->challenge), parts);
	for (size_t i = 0; i < count; i++)
		buf_view(&message, parts[i]);
	rc = buf_rc(&message);
	if (rc == RC_OK)
		rc = make_up_for_length(s->suite, message.len);
	if (rc == RC_OK)
		rc = rsa_verify(s->chain.host, s->suite->signature, pieces,
				cut(view_buf(&message), pieces), c->data);
	secret_wipe(array, sizeof(array));
	return rc == RC_OK;
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
	static const uint8_t wanted[] = {true, true};
	struct scp10 *s = c->channel->scp10;
	const uint8_t found[] = {is_signed(c), s->block_good};
	enum rc rc = RC_AUTH;

	/* Neither && nor &, of which a compiler may make two branches, the first on the block alone. */
	if (secret_equal(found, wanted, sizeof(found)))
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
