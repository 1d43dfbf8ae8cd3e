/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a channel from a key set: what it keeps, its two set-up commands, and what SCP02 and
 * SCP03 have in common. What a session does with a message is card/keyed_message.c's.
 */
#include "card/keyed.h"

#include <string.h>

#include "base/secret.h"
#include "card/keyed_state.h"
#include "card/registry.h"

enum {
	SCP02_LEVELS = LEVEL_C_MAC | LEVEL_C_ENC,
	SCP03_LEVELS = SCP02_LEVELS | LEVEL_R_MAC | LEVEL_R_ENC,
	DIVERSIFICATION = 10,
};

void keyed_free(struct keyed **k)
{
	if (!k || !*k)
		return;
	keyed_reset(*k);
	secret_free(k);
}

void keyed_reset(struct keyed *k)
{
	if (!k)
		return;
	cipher_free(&k->enc);
	cmac_free(&k->mac);
	cmac_free(&k->rmac);
	buf_free(&k->parts);
	secret_wipe(k, sizeof(*k));
}

bool keyed_is_up(const struct keyed *k)
{
	return k && k->state == KEYED_UP;
}

bool keyed_is_begun(const struct keyed *k)
{
	return k && k->state == KEYED_BEGUN;
}

void keyed_interrupt(struct keyed *k)
{
	if (keyed_is_begun(k))
		keyed_reset(k);
}

uint32_t keyed_domain(const struct keyed *k)
{
	return keyed_is_up(k) ? k->set.domain : 0;
}

uint8_t keyed_level(const struct keyed *k)
{
	return k->level;
}

/* Session keys, and both cryptograms, of SCP02. */
static enum rc derive02(struct keyed *k, uint16_t counter)
{
	uint8_t joined[SCP02_COUNTER + SCP02_CARD_CHALLENGE];
	struct view host = view_of(k->host_challenge, k->size);
	struct buf card;
	enum rc rc;

	buf_fixed(&card, joined, sizeof(joined));
	buf_u16(&card, counter);
	buf_put(&card, k->card_challenge, SCP02_CARD_CHALLENGE);
	rc = scp02_session_key(k->set.key[KEYSET_ENC], SCP02_S_ENC, counter, k->s_enc);
	if (rc == RC_OK)
		rc = scp02_session_key(k->set.key[KEYSET_DEK], SCP02_S_DEK, counter, k->s_dek);
	if (rc == RC_OK)
		rc = cipher_new(CIPHER_3DES_2KEY, k->s_enc, &k->enc);
	if (rc == RC_OK)
		rc = scp02_cryptogram(k->s_enc, host, view_buf(&card), k->card_cryptogram);
	if (rc == RC_OK)
		rc = scp02_cryptogram(k->s_enc, view_buf(&card), host, k->host_cryptogram);
	return rc;
}

/* SCP02 needs S-MAC before the card challenge: i = 55 derives one from the other. */
static enum rc begin02(struct command *c, struct keyed *k, struct buf *answer)
{
	struct registry_entry domain;
	uint32_t counter;
	enum rc rc = keyset_counter(c->nvm, &k->set, &counter);

	if (rc == RC_OK && counter >= UINT16_MAX)
		rc = RC_STATE;
	if (rc == RC_OK)
		rc = scp02_session_key(k->set.key[KEYSET_MAC], SCP02_S_MAC, (uint16_t)counter,
				       k->chain.key);
	if (rc == RC_OK)
		rc = registry_get(c->nvm, k->set.domain, &domain);
	if (rc == RC_OK)
		rc = k->set.i == SCP02_I_55
			     ? scp02_challenge(k->chain.key, aid_view(&domain.aid),
					       k->card_challenge)
			     : crypto_random(k->card_challenge, SCP02_CARD_CHALLENGE);
	if (rc == RC_OK)
		rc = derive02(k, (uint16_t)counter);
	k->counter = counter;
	buf_u8(answer, 0x02);
	buf_u16(answer, (uint16_t)counter);
	buf_put(answer, k->card_challenge, SCP02_CARD_CHALLENGE);
	buf_put(answer, k->card_cryptogram, SCP02_MAC);
	return rc;
}

static enum rc derive03(struct keyed *k)
{
	struct view enc = view_of(k->set.key[KEYSET_ENC], k->set.len);
	struct view mac = view_of(k->set.key[KEYSET_MAC], k->set.len);
	struct view host = view_of(k->host_challenge, k->size);
	struct view card = view_of(k->card_challenge, k->size);
	uint8_t s_mac[SCP03_KEY_MAX], s_rmac[SCP03_KEY_MAX];
	struct view key = view_of(s_mac, k->set.len);
	enum rc rc = scp03_derive(enc, SCP03_S_ENC, host, card, k->s_enc, k->set.len);

	if (rc == RC_OK)
		rc = scp03_derive(mac, SCP03_S_MAC, host, card, s_mac, k->set.len);
	if (rc == RC_OK)
		rc = scp03_derive(mac, SCP03_S_RMAC, host, card, s_rmac, k->set.len);
	if (rc == RC_OK)
		rc = scp03_derive(key, SCP03_CARD_CRYPTOGRAM, host, card, k->card_cryptogram,
				  k->size);
	if (rc == RC_OK)
		rc = scp03_derive(key, SCP03_HOST_CRYPTOGRAM, host, card, k->host_cryptogram,
				  k->size);
	if (rc == RC_OK)
		rc = scp03_cipher(view_of(k->s_enc, k->set.len), &k->enc);
	if (rc == RC_OK)
		rc = cmac_new(s_mac, k->set.len, &k->mac);
	if (rc == RC_OK)
		rc = cmac_new(s_rmac, k->set.len, &k->rmac);
	secret_wipe(s_mac, sizeof(s_mac));
	secret_wipe(s_rmac, sizeof(s_rmac));
	return rc;
}

/* The challenge is random, or derived from a sequence counter that goes up with every one. */
static enum rc challenge03(struct command *c, struct keyed *k, struct buf *counter)
{
	struct registry_entry domain;
	uint32_t n;
	enum rc rc;

	if (!(k->set.i & SCP03_I_DERIVED_CHALLENGE))
		return crypto_random(k->card_challenge, k->size);
	rc = keyset_count(c->nvm, &k->set, &n);
	if (rc == RC_FULL)
		return RC_STATE;
	if (rc == RC_OK)
		rc = registry_get(c->nvm, k->set.domain, &domain);
	if (rc != RC_OK)
		return rc;
	buf_u8(counter, (uint8_t)(n >> 16));
	buf_u16(counter, (uint16_t)n);
	return scp03_derive(view_of(k->set.key[KEYSET_ENC], k->set.len), SCP03_CHALLENGE,
			    view_buf(counter), aid_view(&domain.aid), k->card_challenge, k->size);
}

static enum rc begin03(struct command *c, struct keyed *k, struct buf *answer)
{
	uint8_t array[SCP03_COUNTER];
	struct buf counter;
	enum rc rc;

	buf_fixed(&counter, array, sizeof(array));
	rc = challenge03(c, k, &counter);
	if (rc == RC_OK)
		rc = derive03(k);
	buf_u8(answer, 0x03);
	buf_u8(answer, k->set.i);
	buf_put(answer, k->card_challenge, k->size);
	buf_put(answer, k->card_cryptogram, k->size);
	buf_view(answer, view_buf(&counter));
	return rc;
}

static void put_diversification(struct command *c)
{
	static const uint8_t none[DIVERSIFICATION - CVC_ID];

	buf_put(c->answer, none, sizeof(none));
	buf_put(c->answer, c->card_id, CVC_ID);
}

uint16_t keyed_initialize(struct command *c)
{
	struct keyed *k = c->channel->keyed;
	enum rc rc;

	if (!k)
		k = c->channel->keyed = secret_new(sizeof(*k));
	if (!k)
		return command_sw(RC_MEMORY);
	keyed_reset(k);
	if (c->p2)
		return SW_INCORRECT_P1P2;
	rc = keyset_load(c->nvm, c->channel->application, c->p1, &k->set);
	if (rc == RC_OK && k->set.missing)
		rc = RC_NOT_FOUND;
	if (rc != RC_OK) {
		keyed_reset(k);
		return rc == RC_NOT_FOUND ? SW_REFERENCE_NOT_FOUND : command_sw(rc);
	}
	k->is03 = k->set.type == KEY_TYPE_AES;
	k->size = k->is03 && (k->set.i & SCP03_I_S16) ? SCP03_S16 : SCP03_S8;
	if (c->data.len != k->size) {
		keyed_reset(k);
		return SW_WRONG_LENGTH;
	}
	memcpy(k->host_challenge, c->data.data, k->size);
	put_diversification(c);
	buf_u8(c->answer, k->set.version);
	rc = k->is03 ? begin03(c, k, c->answer) : begin02(c, k, c->answer);
	if (rc != RC_OK) {
		keyed_reset(k);
		return command_sw(rc);
	}
	k->state = KEYED_BEGUN;
	return SW_OK;
}

/* Levels that the protocol has; our card asks for at least a C-MAC. */
static bool is_level(const struct keyed *k, uint8_t level)
{
	unsigned int all = k->is03 ? SCP03_LEVELS : SCP02_LEVELS;

	if (!(level & LEVEL_C_MAC) || (level & ~all))
		return false;
	if ((level & LEVEL_R_MAC) && !(k->set.i & SCP03_I_R_MAC))
		return false;
	if (!(level & LEVEL_R_ENC))
		return true;
	return (k->set.i & SCP03_I_R_ENC) && (level & LEVEL_R_MAC) && (level & LEVEL_C_ENC);
}

static uint16_t authenticate(struct command *c, struct keyed *k)
{
	struct apdu command = {
		.cla = KEYED_CLA, .ins = c->ins, .p1 = c->p1, .p2 = c->p2, .data = c->data};
	struct view body;
	bool good;
	enum rc rc;

	if (c->p2 || !is_level(k, c->p1))
		return SW_INCORRECT_P1P2;
	if (c->data.len != 2 * k->size)
		return SW_WRONG_LENGTH;
	/* Both are judged before either speaks. */
	good = secret_equal(c->data.data, k->host_cryptogram, k->size);
	rc = keyed_check_mac(k, &command, &body);
	if (rc != RC_OK && rc != RC_AUTH)
		return command_sw(rc);
	if (!good || rc != RC_OK)
		return SW_AUTHENTICATION_FAILED;
	/* Keys of a set that was replaced since open nothing, nor does a counter a second time. */
	rc = k->is03 ? keyset_is_current(c->nvm, &k->set)
		     : keyset_count_from(c->nvm, &k->set, k->counter);
	if (rc != RC_OK)
		return rc == RC_FULL ? SW_CONDITIONS : command_sw(rc);
	k->level = c->p1;
	k->state = KEYED_UP;
	return SW_OK;
}

uint16_t keyed_authenticate(struct command *c)
{
	struct keyed *k = c->channel->keyed;
	uint16_t sw = SW_CONDITIONS;

	if (keyed_is_begun(k))
		sw = authenticate(c, k);
	if (sw != SW_OK)
		keyed_reset(k);
	else
		c->channel->roles = ROLE_ISSUER;
	return sw;
}
