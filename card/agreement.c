/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Key agreement, card side. What the card deciphers is judged by one question, whether it is the
 * host's signature, whose answer takes the same time whatever was wrong; templates are looked at
 * only once the host is known to have signed them.
 */
#include "card/agreement.h"

#include "base/recovery.h"
#include "base/rsa_raw.h"
#include "base/secret.h"
#include "card/agreement_keys.h"
#include "card/instance.h"
#include "card/scp10.h"

enum { OCE_CHALLENGE = 8, BLOCK_MAX = 512, REST = 16 };

static const struct card_key *environment_key(const struct command *c)
{
	const struct scp10 *s = c->channel->scp10;

	return identity_key(c->card->identity, s->version, s->index);
}

/* Deciphers, recovers: the host's message into block, or RC_AUTH. */
static enum rc recover(struct command *c, struct buf *block)
{
	struct scp10 *s = c->channel->scp10;
	const struct card_key *key = environment_key(c);
	uint8_t number_array[BLOCK_MAX], rest_array[REST];
	struct buf number, rest;
	enum rc rc;

	if (!key)
		return RC_AUTH;
	buf_fixed(&number, number_array, sizeof(number_array));
	buf_fixed(&rest, rest_array, sizeof(rest_array));
	buf_put(&rest, s->challenge, s->suite->challenge);
	buf_put(&rest, c->card_id, CVC_ID);
	rc = rsa_raw_private(key->pkey, c->data, &number);
	if (rc == RC_OK)
		rc = recovery_open(s->chain.host, view_buf(&number), view_buf(&rest), block);
	buf_free(&number);
	buf_free(&rest);
	return rc;
}

/* 132' to 134': the card's secret, the keys and the session, not yet open. */
static enum rc agree(struct command *c, struct view block)
{
	struct scp10 *s = c->channel->scp10;
	struct session_keys keys = {.level = 0};
	struct agreement agreed;
	enum rc rc;

	rc = agreement_read(block, &agreed);
	if (rc != RC_OK || !identity_accepts_level(c->card->identity, agreed.level))
		return RC_AUTH;
	rc = crypto_random(s->secret, sizeof(s->secret));
	if (rc == RC_OK)
		rc = agreement_derive(&agreed, s->secret, identity_numbering(c->card->identity),
				      &keys);
	if (rc == RC_MALFORMED)
		rc = RC_AUTH;
	if (rc == RC_OK)
		rc = sm_new(s->suite->sm, &keys, &s->sm);
	secret_wipe(&keys, sizeof(keys));
	return rc;
}

uint16_t agreement_external(struct command *c)
{
	struct scp10 *s = c->channel->scp10;
	enum rc rc;

	buf_reset(&s->block);
	rc = recover(c, &s->block);
	if (rc == RC_OK)
		rc = agree(c, view_buf(&s->block));
	buf_reset(&s->block);
	secret_wipe(s->challenge, sizeof(s->challenge));
	if (rc == RC_AUTH)
		return SW_AUTHENTICATION_FAILED;
	return rc == RC_OK ? SW_OK : command_sw(rc);
}

/* `RP || card secret`, which fills a block of the card's key. */
static enum rc compose(const struct scp10 *s, size_t capacity, struct buf *message)
{
	uint8_t *padding;
	enum rc rc;

	if (capacity <= sizeof(s->secret))
		return RC_ARGUMENT;
	padding = buf_space(message, capacity - sizeof(s->secret));
	rc = padding ? crypto_random(padding, capacity - sizeof(s->secret)) : buf_rc(message);
	buf_put(message, s->secret, sizeof(s->secret));
	return rc == RC_OK ? buf_rc(message) : rc;
}

uint16_t agreement_internal(struct command *c)
{
	struct scp10 *s = c->channel->scp10;
	const struct card_key *key = environment_key(c);
	uint8_t message_array[BLOCK_MAX], number_array[BLOCK_MAX];
	struct view data = c->data, challenge;
	struct buf message, number;
	enum rc rc;

	if (!key || view_take(&data, OCE_CHALLENGE, &challenge) != RC_OK || data.len != CVC_ID)
		return SW_WRONG_LENGTH;
	if (!view_equal(data, view_of(s->chain.host_id, CVC_ID)))
		return SW_WRONG_DATA;
	buf_fixed(&message, message_array, sizeof(message_array));
	buf_fixed(&number, number_array, sizeof(number_array));
	rc = compose(s, recovery_capacity(key->pkey), &message);
	if (rc == RC_OK)
		rc = recovery_sign(key->pkey, view_buf(&message), c->data, &number);
	if (rc == RC_OK)
		rc = rsa_raw_public(s->chain.host, view_buf(&number), c->answer);
	buf_free(&message);
	buf_free(&number);
	return rc == RC_OK ? SW_OK : command_sw(rc);
}
