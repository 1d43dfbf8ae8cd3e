/* SPDX-License-Identifier: BSD-2-Clause */
/* LEDGER STATUS: how much there is, the checkpoints, what to be warned of; and the certificate. */
#include "base/ledger_certificate.h"
#include "base/tlv.h"
#include "card/instance.h"
#include "card/ledger.h"
#include "card/ledger_record.h"
#include "card/ledger_state.h"

/* The key pair of the card that vouches for ledgers: the one whose suite signs with PSS. */
static const struct card_key *card_key(const struct command *c)
{
	const struct identity *identity = c->card ? c->card->identity : NULL;

	for (size_t i = 0; identity && i < identity_key_count(identity); i++) {
		const struct card_key *key = identity_key_at(identity, i);

		if (key->suite == LEDGER_CERTIFICATE_SUITE)
			return key;
	}
	return NULL;
}

static uint16_t certificate(struct command *c, const struct ledger *ledger)
{
	const struct card_key *key = card_key(c);

	if (!key)
		return SW_CONDITIONS;
	return command_sw(ledger_certificate_put(&ledger->key, key->pkey,
						 view_buf(&key->certificate), c->answer));
}

/* True at nine tenths or more. */
static bool is_low(uint64_t used, uint64_t total)
{
	return used >= total - total / 10;
}

static uint8_t warnings(struct nvm *nvm, const struct ledger *ledger,
			const struct ledger_state *state)
{
	uint64_t kept = ledger_kept(ledger, nvm), capacity = ledger->rules.capacity, total, left;
	uint8_t flags = 0;

	nvm_space(nvm, &total, &left);
	if (capacity && is_low(kept, capacity))
		flags |= LEDGER_CAPACITY_LOW;
	if (is_low(total - left, total))
		flags |= LEDGER_MEMORY_LOW;
	if ((capacity && kept >= capacity) || left < NVM_LEAF_MAX)
		flags |= LEDGER_FULL;
	if (state->backwards)
		flags |= LEDGER_TIME_BACKWARDS;
	return flags;
}

/* The countersigned checkpoint as a note with both signatures. */
static enum rc put_cosigned(const struct ledger *ledger, const struct ledger_state *state,
			    struct buf *out)
{
	uint8_t array[LEDGER_NOTE_MAX + NOTE_COSIGNATURE_MAX];
	struct buf note;
	enum rc rc;

	buf_fixed(&note, array, sizeof(array));
	rc = ledger_put_note(&ledger->key, ledger->signer, state->cosigned, state->root, &note);
	if (rc != RC_OK)
		return rc;
	note_put_cosignature(&note, &ledger->auditor, &state->cosignature);
	tlv_put(out, 0x83, view_buf(&note));
	return buf_rc(&note);
}

static enum rc put_status(const struct command *c, const struct ledger *ledger,
			  const struct ledger_state *state)
{
	uint32_t series = ledger_series(ledger->number);
	uint8_t array[LEDGER_NOTE_MAX];
	struct buf note;
	enum rc rc;

	buf_fixed(&note, array, sizeof(array));
	rc = ledger_note(ledger, c->nvm, &note);
	tlv_put_u64(c->answer, 0x80, nvm_leaf_count(c->nvm, series));
	tlv_put(c->answer, 0x81, view_buf(&note));
	tlv_put_u64(c->answer, 0x82, state->pruned.size);
	if (rc == RC_OK && state->cosigned)
		rc = put_cosigned(ledger, state, c->answer);
	tlv_put_u8(c->answer, 0x84, warnings(c->nvm, ledger, state));
	tlv_put_u64(c->answer, 0x85, state->backwards);
	tlv_put_u64(c->answer, 0x86, state->newest_backwards);
	return rc == RC_OK ? buf_rc(c->answer) : rc;
}

uint16_t ledger_status(struct command *c)
{
	struct view in = c->data;
	struct ledger_state state;
	struct ledger *ledger;
	uint16_t sw;
	enum rc rc;

	if (c->p1 > 1 || c->p2)
		return SW_INCORRECT_P1P2;
	if (in.len != 4)
		return SW_WRONG_LENGTH;
	sw = ledger_take(c, &in, &ledger);
	if (sw != SW_OK)
		return sw;
	if (c->p1 == 1)
		return certificate(c, ledger);
	rc = ledger_state_load(c->nvm, ledger->number, &state);
	return command_sw(rc == RC_OK ? put_status(c, ledger, &state) : rc);
}
