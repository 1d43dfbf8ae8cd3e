/* SPDX-License-Identifier: BSD-2-Clause */
/* State of the token, and the commands INITIALISE TOKEN, TOKEN INFO and GENERATE RANDOM. */
#include "card/token.h"

#include <string.h>

#include "base/crypto.h"
#include "base/secret.h"
#include "base/tlv.h"
#include "card/object.h"
#include "card/pin.h"
#include "card/ram.h"

enum { VERSION = 1, RECORD_SIZE = 2 + TOKEN_LABEL + 8 + 8 + 4 + TOKEN_UNIQUE, RANDOM_MAX = 65000 };

uint16_t command_sw(enum rc rc)
{
	switch (rc) {
	case RC_OK:
		return SW_OK;
	case RC_MALFORMED:
	case RC_AUTH:
		return SW_WRONG_DATA;
	case RC_POLICY:
	case RC_STATE:
		return SW_CONDITIONS;
	case RC_NOT_FOUND:
		return SW_REFERENCE_NOT_FOUND;
	case RC_EXISTS:
		return SW_EXISTS;
	case RC_SPACE:
		return SW_WRONG_LENGTH;
	case RC_FULL:
		return SW_NOT_ENOUGH_MEMORY;
	case RC_IO:
	case RC_DAMAGED:
		return SW_MEMORY_FAILURE;
	default:
		return SW_NO_DIAGNOSIS;
	}
}

enum rc command_commit(struct nvm *nvm, enum rc rc)
{
	if (rc == RC_OK)
		return nvm_commit(nvm, NULL, NULL);
	nvm_abort(nvm);
	return rc;
}

enum rc token_load(struct nvm *nvm, struct token_state *ret)
{
	struct token_state s = {.next_number = 1};
	uint8_t version, flags;
	struct view in;
	enum rc rc = nvm_get(nvm, RECORD_TOKEN, &in);

	if (rc == RC_NOT_FOUND) {
		memset(s.label, ' ', sizeof(s.label));
		*ret = s;
		return RC_OK;
	}
	if (rc != RC_OK)
		return rc;
	if (view_u8(&in, &version) != RC_OK || version != VERSION ||
	    view_u8(&in, &flags) != RC_OK || view_copy(&in, s.label, sizeof(s.label)) != RC_OK ||
	    view_u64(&in, &s.changes) != RC_OK || view_u64(&in, &s.generation) != RC_OK ||
	    view_u32(&in, &s.next_number) != RC_OK ||
	    view_copy(&in, s.unique, sizeof(s.unique)) != RC_OK || view_end(&in) != RC_OK)
		return RC_DAMAGED;
	s.initialised = flags & TOKEN_INITIALISED;
	*ret = s;
	return RC_OK;
}

enum rc token_unique(struct token_state *state)
{
	static const uint8_t zeros[TOKEN_UNIQUE];

	if (!view_equal(view_of(state->unique, TOKEN_UNIQUE), view_of(zeros, TOKEN_UNIQUE)))
		return RC_OK;
	return crypto_random(state->unique, sizeof(state->unique));
}

enum rc token_put(struct nvm *nvm, struct token_state *state)
{
	uint8_t array[RECORD_SIZE];
	struct buf b;
	enum rc rc = token_unique(state);

	if (rc != RC_OK)
		return rc;
	buf_fixed(&b, array, sizeof(array));
	buf_u8(&b, VERSION);
	buf_u8(&b, state->initialised ? TOKEN_INITIALISED : 0);
	buf_put(&b, state->label, sizeof(state->label));
	buf_u64(&b, state->changes);
	buf_u64(&b, state->generation);
	buf_u32(&b, state->next_number);
	buf_put(&b, state->unique, sizeof(state->unique));
	nvm_put(nvm, RECORD_TOKEN, view_buf(&b));
	return buf_rc(&b);
}

enum rc token_number(struct token_state *state, uint32_t *ret)
{
	if (state->next_number > TOKEN_OBJECTS_MAX)
		return RC_FULL;
	*ret = state->next_number++;
	return RC_OK;
}

uint64_t token_change_counter(struct nvm *nvm)
{
	struct token_state state;

	return token_load(nvm, &state) == RC_OK ? state.changes : 0;
}

void token_count_change(struct nvm *nvm)
{
	struct token_state state;

	if (token_load(nvm, &state) != RC_OK)
		return;
	state.changes++;
	if (token_put(nvm, &state) != RC_OK)
		return;
}

/* Attempts left as far as they are judged; the flags follow from it. */
static uint8_t judged_tries(struct nvm *nvm, enum pin_reference ref)
{
	struct pin_record record;

	return pin_record_load(nvm, ref, &record) == RC_OK ? record.tries : PIN_TRIES;
}

static uint8_t count_flags(uint8_t tries, uint8_t low, uint8_t final, uint8_t locked)
{
	if (tries == PIN_TRIES)
		return 0;
	if (tries == 1)
		return low | final;
	return tries ? low : locked;
}

uint8_t token_flags(struct nvm *nvm)
{
	struct token_state state;
	struct pin_record user;
	uint8_t flags = 0;

	if (token_load(nvm, &state) == RC_OK && state.initialised)
		flags |= TOKEN_INITIALISED;
	if (pin_record_load(nvm, PIN_REFERENCE_USER, &user) == RC_OK)
		flags |= TOKEN_USER_PIN_SET;
	flags |= count_flags(judged_tries(nvm, PIN_REFERENCE_USER), TOKEN_USER_PIN_LOW,
			     TOKEN_USER_PIN_FINAL, TOKEN_USER_PIN_LOCKED);
	return flags | count_flags(judged_tries(nvm, PIN_REFERENCE_SO), TOKEN_SO_PIN_LOW,
				   TOKEN_SO_PIN_FINAL, TOKEN_SO_PIN_LOCKED);
}

enum rc token_public_digest(struct nvm *nvm, uint8_t ret[SHA256_SIZE])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	struct buf rendered;
	uint32_t number = 0;
	enum rc rc = RC_CRYPTO;

	buf_init(&rendered, OBJECT_RENDERED_MAX);
	if (!md || !EVP_DigestInit_ex(md, crypto_md("SHA2-256"), NULL))
		goto out;
	while ((rc = object_next(nvm, number, false, NULL, &rendered, &number)) == RC_OK) {
		if (!EVP_DigestUpdate(md, rendered.data, rendered.len)) {
			rc = RC_CRYPTO;
			goto out;
		}
		buf_reset(&rendered);
	}
	if (rc == RC_NOT_FOUND)
		rc = EVP_DigestFinal_ex(md, ret, NULL) ? RC_OK : RC_CRYPTO;
out:
	buf_free(&rendered);
	EVP_MD_CTX_free(md);
	return rc;
}

/* Every object but those that stand for ledgers, inside a transaction. */
static enum rc delete_objects(struct nvm *nvm)
{
	uint32_t id = RECORD_OBJECT;
	struct view bytes;
	enum rc rc;

	while ((rc = nvm_next(nvm, id, &id, &bytes)) == RC_OK &&
	       (id & RECORD_KIND_MASK) == RECORD_OBJECT) {
		rc = nvm_get(nvm, RECORD_LEDGER | (id & TOKEN_OBJECTS_MAX), &bytes);
		if (rc == RC_NOT_FOUND)
			nvm_delete(nvm, id);
		else if (rc != RC_OK)
			return rc;
	}
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* generation is the SO PIN record's that was judged, or NULL if none was set. */
static enum rc initialise_commit(struct nvm *nvm, struct view label, const uint64_t *generation,
				 struct pin_record *so)
{
	struct token_state state;
	struct pin_record before;
	enum rc rc = nvm_begin(nvm);

	if (rc != RC_OK)
		return rc;
	rc = token_load(nvm, &state);
	if (rc == RC_OK && generation)
		rc = pin_accept(nvm, PIN_REFERENCE_SO, *generation, &state, &before);
	else if (rc == RC_OK && pin_record_load(nvm, PIN_REFERENCE_SO, &before) != RC_NOT_FOUND)
		rc = RC_POLICY;
	if (rc == RC_OK)
		rc = delete_objects(nvm);
	if (rc == RC_OK) {
		nvm_delete(nvm, RECORD_PIN | PIN_REFERENCE_USER);
		so->generation = ++state.generation;
		pin_record_put(nvm, PIN_REFERENCE_SO, so);
		state.initialised = true;
		state.changes++;
		rc = view_copy(&label, state.label, sizeof(state.label));
	}
	if (rc == RC_OK)
		rc = token_put(nvm, &state);
	return command_commit(nvm, rc);
}

static uint16_t initialise(struct command *c)
{
	struct view in = c->data, pin, label;
	uint8_t key[CARD_KEY_SIZE];
	struct pin_record so;
	uint64_t generation;
	bool set;
	uint16_t sw = SW_OK;
	enum rc rc;

	if (c->p1 || c->p2)
		return SW_INCORRECT_P1P2;
	if (tlv_expect(&in, 0x80, &pin) != RC_OK || tlv_expect(&in, 0x81, &label) != RC_OK ||
	    view_end(&in) != RC_OK || label.len != TOKEN_LABEL)
		return SW_WRONG_DATA;
	if (!pin_length_is_good(pin))
		return SW_WRONG_LENGTH;
	rc = pin_record_load(c->nvm, PIN_REFERENCE_SO, &so);
	set = rc != RC_NOT_FOUND;
	if (set)
		sw = pin_judge(c->nvm, PIN_REFERENCE_SO, pin, key, &generation);
	if (sw == SW_OK) {
		rc = crypto_random(key, sizeof(key));
		if (rc == RC_OK)
			rc = pin_record_make(c->nvm, PIN_REFERENCE_SO, pin, key, &so);
		if (rc == RC_OK)
			rc = initialise_commit(c->nvm, label, set ? &generation : NULL, &so);
		if (rc == RC_OK) {
			pin_forget(c->channel);
			token_ram_wipe(c->channel->ram);
		}
		sw = command_sw(rc);
	}
	secret_wipe(key, sizeof(key));
	return sw;
}

static uint8_t tries_left(struct nvm *nvm, enum pin_reference ref)
{
	struct pin_record record;

	return pin_record_load(nvm, ref, &record) == RC_OK ? pin_record_left(&record) : 0;
}

static uint16_t info(struct command *c)
{
	struct token_state state;
	uint64_t total, left;
	enum rc rc;

	if (c->p1 || c->p2)
		return SW_INCORRECT_P1P2;
	if (c->data.len)
		return SW_WRONG_LENGTH;
	rc = token_load(c->nvm, &state);
	if (rc != RC_OK)
		return command_sw(rc);
	nvm_space(c->nvm, &total, &left);
	tlv_put(c->answer, 0x80, view_of(state.label, sizeof(state.label)));
	tlv_put(c->answer, 0x81, view_of(c->card_id, CVC_ID));
	tlv_put_u8(c->answer, 0x82, token_flags(c->nvm));
	tlv_put_u8(c->answer, 0x83, tries_left(c->nvm, PIN_REFERENCE_USER));
	tlv_put_u8(c->answer, 0x84, tries_left(c->nvm, PIN_REFERENCE_SO));
	tlv_put_u64(c->answer, 0x85, total);
	tlv_put_u64(c->answer, 0x86, left);
	tlv_header(c->answer, 0x87, 2);
	buf_u16(c->answer, COS_VERSION);
	return command_sw(buf_rc(c->answer));
}

static uint16_t generate_random(struct command *c)
{
	uint8_t *at;

	if (c->p1 || c->p2)
		return SW_INCORRECT_P1P2;
	if (c->data.len || !c->le || c->le > RANDOM_MAX)
		return SW_WRONG_LENGTH;
	at = buf_space(c->answer, c->le);
	if (!at)
		return command_sw(buf_rc(c->answer));
	return command_sw(crypto_random(at, c->le));
}

const struct command_row token_commands[] = {
	{0x80, 0x40, STATE_SESSION, ROLE_USER, true, initialise, "INITIALISE TOKEN", .alone = true},
	{0x80, 0x42, STATE_SESSION, ROLE_USER, true, info, "TOKEN INFO"},
	{0x80, 0x44, STATE_SESSION, ROLE_USER, true, generate_random, "GENERATE RANDOM"},
	{.handler = NULL},
};
