/* SPDX-License-Identifier: BSD-2-Clause */
/* PINs: VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER; ISO/IEC 7816-4 11.5. */
#include "card/pin.h"

#include <string.h>

#include "base/secret.h"
#include "base/tlv.h"
#include "card/ram.h"
#include "card/scp10.h"

bool pin_length_is_good(struct view pin)
{
	return pin.len >= PIN_MIN && pin.len <= PIN_MAX;
}

bool pin_holds(struct nvm *nvm, const struct channel *channel)
{
	enum pin_reference ref = channel->pin == PIN_SO ? PIN_REFERENCE_SO : PIN_REFERENCE_USER;
	struct pin_record record;

	return channel->pin != PIN_NONE && pin_record_load(nvm, ref, &record) == RC_OK &&
	       record.generation == channel->pin_generation;
}

bool pin_is(struct nvm *nvm, const struct channel *channel, enum pin_status status)
{
	return channel->pin == status && pin_holds(nvm, channel);
}

static void tear_ticket(struct token_ram *ram)
{
	ram->passing = NULL;
	secret_wipe(ram->ticket, sizeof(ram->ticket));
}

void pin_forget(struct channel *channel)
{
	buf_free(&channel->sealing);
	if (channel->ram && channel->ram->passing == channel)
		tear_ticket(channel->ram);
	if (channel->pin != PIN_NONE && channel->ram && --channel->ram->logins == 0)
		token_ram_wipe(channel->ram);
	channel->pin = PIN_NONE;
	channel->pin_generation = 0;
	channel->reauthenticated = false;
	secret_free(&channel->user_key);
}

static enum rc remember(struct channel *channel, enum pin_status status,
			const uint8_t key[CARD_KEY_SIZE], uint64_t generation)
{
	if (!channel->user_key)
		channel->user_key = secret_new(CARD_KEY_SIZE);
	if (!channel->user_key)
		return RC_MEMORY;
	memcpy(channel->user_key, key, CARD_KEY_SIZE);
	if (channel->pin == PIN_NONE && channel->ram)
		channel->ram->logins++;
	channel->pin = status;
	channel->pin_generation = generation;
	channel->reauthenticated = true;
	return RC_OK;
}

static uint16_t tries_left(const struct pin_record *record)
{
	return SW_TRIES_LEFT | pin_record_left(record);
}

/* Takes the pending attempts, this one among them, off the counter for good. */
static enum rc put_judged(struct nvm *nvm, enum pin_reference ref, struct pin_record *record)
{
	struct token_state state;
	enum rc rc;

	if (!record->pending)
		return RC_OK;
	record->tries = pin_record_left(record);
	record->pending = 0;
	rc = token_load(nvm, &state);
	if (rc != RC_OK)
		return rc;
	state.changes++;
	pin_record_put(nvm, ref, record);
	return token_put(nvm, &state);
}

/* One attempt more is pending, durably, or the PIN is locked. */
static uint16_t begin_attempt(struct nvm *nvm, enum pin_reference ref, struct pin_record *ret)
{
	struct pin_record record;
	bool locked = false;
	enum rc rc = nvm_begin(nvm);

	if (rc != RC_OK)
		return command_sw(rc);
	rc = pin_record_load(nvm, ref, &record);
	if (rc == RC_NOT_FOUND) {
		nvm_abort(nvm);
		return SW_REFERENCE_DATA_UNUSABLE;
	}
	if (rc == RC_OK) {
		locked = !pin_record_left(&record);
		if (locked)
			rc = put_judged(nvm, ref, &record);
		else
			record.pending++;
	}
	if (rc == RC_OK && !locked)
		pin_record_put(nvm, ref, &record);
	rc = command_commit(nvm, rc);
	if (rc != RC_OK)
		return command_sw(rc);
	*ret = record;
	return locked ? SW_BLOCKED : SW_OK;
}

static uint16_t fail_attempt(struct nvm *nvm, enum pin_reference ref)
{
	struct pin_record record;
	enum rc rc = nvm_begin(nvm);

	if (rc != RC_OK)
		return command_sw(rc);
	rc = pin_record_load(nvm, ref, &record);
	if (rc == RC_OK)
		rc = put_judged(nvm, ref, &record);
	rc = command_commit(nvm, rc);
	return rc == RC_OK ? tries_left(&record) : command_sw(rc);
}

uint16_t pin_judge(struct nvm *nvm, enum pin_reference ref, struct view pin,
		   uint8_t ret_key[CARD_KEY_SIZE], uint64_t *ret_generation)
{
	struct pin_record record;
	uint16_t sw;
	enum rc rc;

	if (!pin_length_is_good(pin))
		return SW_WRONG_LENGTH;
	sw = begin_attempt(nvm, ref, &record);
	if (sw != SW_OK)
		return sw;
	rc = pin_record_open(nvm, ref, &record, pin, ret_key);
	if (rc == RC_AUTH)
		return fail_attempt(nvm, ref);
	if (rc != RC_OK)
		return command_sw(rc);
	*ret_generation = record.generation;
	return SW_OK;
}

enum rc pin_accept(struct nvm *nvm, enum pin_reference ref, uint64_t generation,
		   struct token_state *state, struct pin_record *ret)
{
	struct pin_record record;
	enum rc rc = pin_record_load(nvm, ref, &record);

	if (rc == RC_NOT_FOUND || (rc == RC_OK && record.generation != generation))
		return RC_POLICY;
	if (rc != RC_OK)
		return rc;
	if (record.tries != PIN_TRIES)
		state->changes++;
	record.tries = PIN_TRIES;
	record.pending = 0;
	*ret = record;
	return RC_OK;
}

/* The commit after a right PIN: the counter is full again, and fresh, if given, replaces the record. */
static enum rc accept(struct nvm *nvm, enum pin_reference ref, uint64_t *generation,
		      struct pin_record *fresh)
{
	struct token_state state;
	struct pin_record record;
	uint64_t changes = 0;
	enum rc rc = nvm_begin(nvm);

	if (rc != RC_OK)
		return rc;
	rc = token_load(nvm, &state);
	if (rc == RC_OK) {
		changes = state.changes;
		rc = pin_accept(nvm, ref, *generation, &state, &record);
	}
	if (rc == RC_OK && fresh) {
		fresh->generation = ++state.generation;
		record = *fresh;
	}
	if (rc == RC_OK) {
		pin_record_put(nvm, ref, &record);
		if (fresh || state.changes != changes)
			rc = token_put(nvm, &state);
	}
	rc = command_commit(nvm, rc);
	if (rc == RC_OK)
		*generation = record.generation;
	return rc;
}

static uint16_t verify(struct command *c)
{
	enum pin_status status = c->p2 == PIN_REFERENCE_SO ? PIN_SO : PIN_USER;
	uint8_t key[CARD_KEY_SIZE];
	uint64_t generation;
	uint16_t sw;
	enum rc rc;

	if (c->p1 == 0xFF && c->p2 == 0) {
		if (c->data.len)
			return SW_WRONG_LENGTH;
		pin_forget(c->channel);
		return SW_OK;
	}
	if (c->p1 || (c->p2 != PIN_REFERENCE_USER && c->p2 != PIN_REFERENCE_SO))
		return SW_INCORRECT_P1P2;
	if (c->channel->pin != PIN_NONE && c->channel->pin != status)
		return SW_CONDITIONS;
	sw = pin_judge(c->nvm, c->p2, c->data, key, &generation);
	if (sw == SW_OK) {
		rc = accept(c->nvm, c->p2, &generation, NULL);
		if (rc == RC_OK)
			rc = remember(c->channel, status, key, generation);
		sw = command_sw(rc);
	}
	secret_wipe(key, sizeof(key));
	return sw;
}

static enum rc take_two(struct view in, struct view *ret_first, struct view *ret_second)
{
	if (tlv_expect(&in, 0x80, ret_first) != RC_OK || tlv_expect(&in, 0x81, ret_second) != RC_OK)
		return RC_MALFORMED;
	return view_end(&in);
}

static uint16_t change(struct command *c)
{
	enum pin_status status = c->p2 == PIN_REFERENCE_SO ? PIN_SO : PIN_USER;
	uint8_t key[CARD_KEY_SIZE];
	struct pin_record fresh;
	struct view old, new;
	uint64_t generation;
	uint16_t sw;
	enum rc rc;

	if (c->p1 || (c->p2 != PIN_REFERENCE_USER && c->p2 != PIN_REFERENCE_SO))
		return SW_INCORRECT_P1P2;
	if (take_two(c->data, &old, &new) != RC_OK)
		return SW_WRONG_DATA;
	if (!pin_length_is_good(new))
		return SW_WRONG_LENGTH;
	sw = pin_judge(c->nvm, c->p2, old, key, &generation);
	if (sw == SW_OK) {
		rc = pin_record_make(c->nvm, c->p2, new, key, &fresh);
		if (rc == RC_OK)
			rc = accept(c->nvm, c->p2, &generation, &fresh);
		if (rc == RC_OK && c->channel->pin == status)
			c->channel->pin_generation = generation;
		sw = command_sw(rc);
	}
	secret_wipe(key, sizeof(key));
	return sw;
}

/* Puts a new user PIN record, inside a transaction, with the token's state. */
static enum rc put_user_pin(struct nvm *nvm, struct token_state *state, struct pin_record *fresh)
{
	fresh->generation = ++state->generation;
	state->changes++;
	pin_record_put(nvm, PIN_REFERENCE_USER, fresh);
	return token_put(nvm, state);
}

/* The SO is logged in on this channel, whose user key is then wrapped for the new user PIN. */
static uint16_t reset_by_so(struct command *c)
{
	struct token_state state;
	struct pin_record fresh;
	enum rc rc;

	if (!pin_is(c->nvm, c->channel, PIN_SO))
		return SW_SECURITY_STATUS;
	if (!pin_length_is_good(c->data))
		return SW_WRONG_LENGTH;
	rc = pin_record_make(c->nvm, PIN_REFERENCE_USER, c->data, c->channel->user_key, &fresh);
	if (rc == RC_OK)
		rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	rc = pin_is(c->nvm, c->channel, PIN_SO) ? token_load(c->nvm, &state) : RC_POLICY;
	if (rc == RC_OK)
		rc = put_user_pin(c->nvm, &state, &fresh);
	return command_sw(command_commit(c->nvm, rc));
}

static enum rc reset_commit(struct nvm *nvm, uint64_t so_generation, struct pin_record *fresh)
{
	struct pin_record so, user;
	struct token_state state;
	enum rc rc = nvm_begin(nvm);

	if (rc != RC_OK)
		return rc;
	rc = token_load(nvm, &state);
	if (rc == RC_OK)
		rc = pin_accept(nvm, PIN_REFERENCE_SO, so_generation, &state, &so);
	if (rc == RC_OK && pin_record_load(nvm, PIN_REFERENCE_USER, &user) != RC_OK)
		rc = RC_POLICY;
	if (rc == RC_OK) {
		pin_record_put(nvm, PIN_REFERENCE_SO, &so);
		rc = put_user_pin(nvm, &state, fresh);
	}
	return command_commit(nvm, rc);
}

static uint16_t reset_with_so_pin(struct command *c)
{
	uint8_t key[CARD_KEY_SIZE];
	struct pin_record fresh;
	struct view so_pin, new;
	uint64_t generation;
	uint16_t sw;
	enum rc rc;

	if (take_two(c->data, &so_pin, &new) != RC_OK)
		return SW_WRONG_DATA;
	if (!pin_length_is_good(new))
		return SW_WRONG_LENGTH;
	rc = pin_record_load(c->nvm, PIN_REFERENCE_USER, &fresh);
	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? SW_REFERENCE_DATA_UNUSABLE : command_sw(rc);
	sw = pin_judge(c->nvm, PIN_REFERENCE_SO, so_pin, key, &generation);
	if (sw == SW_OK) {
		rc = pin_record_make(c->nvm, PIN_REFERENCE_USER, new, key, &fresh);
		if (rc == RC_OK)
			rc = reset_commit(c->nvm, generation, &fresh);
		sw = command_sw(rc);
	}
	secret_wipe(key, sizeof(key));
	return sw;
}

static uint16_t reset(struct command *c)
{
	if (c->p2 != PIN_REFERENCE_USER || (c->p1 != 0 && c->p1 != 2))
		return SW_INCORRECT_P1P2;
	return c->p1 ? reset_by_so(c) : reset_with_so_pin(c);
}

static uint16_t pass_login(struct command *c)
{
	struct token_ram *ram = c->channel->ram;
	enum rc rc;

	if (c->data.len)
		return SW_WRONG_LENGTH;
	if (!pin_is(c->nvm, c->channel, PIN_USER))
		return SW_SECURITY_STATUS;
	rc = crypto_random(ram->ticket, sizeof(ram->ticket));
	if (rc != RC_OK)
		return command_sw(rc);
	ram->passing = c->channel;
	buf_put(c->answer, ram->ticket, sizeof(ram->ticket));
	return SW_OK;
}

/* Both channels are in sessions of SCP10, with hosts of one identity. */
static bool is_same_host(const struct channel *a, const struct channel *b)
{
	return scp10_is_up(a->scp10) && scp10_is_up(b->scp10) &&
	       view_equal(view_of(a->scp10->chain.host_id, CVC_ID),
			  view_of(b->scp10->chain.host_id, CVC_ID));
}

/* A ticket is good once, whoever shows what. Its channel is not busy with anything of the PIN's. */
static uint16_t take_login(struct command *c)
{
	struct token_ram *ram = c->channel->ram;
	const struct channel *from = ram->passing;
	bool good = from && from != c->channel && c->data.len == LOGIN_TICKET &&
		    secret_equal(c->data.data, ram->ticket, LOGIN_TICKET) &&
		    pin_is(c->nvm, from, PIN_USER) && is_same_host(from, c->channel);
	uint16_t sw = SW_SECURITY_STATUS;
	enum rc rc;

	tear_ticket(ram);
	if (good && c->channel->pin != PIN_NONE)
		return SW_CONDITIONS;
	if (good) {
		rc = remember(c->channel, PIN_USER, from->user_key, from->pin_generation);
		/* The PIN was not shown on this channel. */
		c->channel->reauthenticated = false;
		sw = command_sw(rc);
	}
	return sw;
}

static uint16_t hand_over(struct command *c)
{
	if (c->p1 > 1 || c->p2)
		return SW_INCORRECT_P1P2;
	return c->p1 ? take_login(c) : pass_login(c);
}

const struct command_row pin_commands[] = {
	{0x00, 0x20, STATE_SESSION, ROLE_USER, true, verify, "VERIFY", .alone = true},
	{0x00, 0x24, STATE_SESSION, ROLE_USER, true, change, "CHANGE REFERENCE DATA",
	 .alone = true},
	{0x00, 0x2C, STATE_SESSION, ROLE_USER, true, reset, "RESET RETRY COUNTER", .alone = true},
	{0x80, 0x3C, STATE_SESSION, ROLE_USER, true, hand_over, "HAND OVER LOGIN"},
	{.handler = NULL},
};
