/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * COSIGN LEDGER: an auditor's signature on a checkpoint of this card's own is kept. PRUNE LEDGER: the
 * oldest records go, as far as the rules allow; what their tree was stays.
 */
#include "card/ledger.h"
#include "card/ledger_nonces.h"
#include "card/ledger_seal.h"
#include "card/ledger_state.h"

/* What a note with a countersignature says, once it verifies and is of this ledger. */
static enum rc open_note(const struct ledger *ledger, struct view note, struct checkpoint *ret,
			 struct note_cosignature *ret_cosignature)
{
	struct view text;
	enum rc rc;

	if (!ledger->auditor.name[0])
		return RC_STATE;
	rc = note_open_cosigned(note, &ledger->auditor, &text, ret_cosignature);
	if (rc == RC_OK)
		rc = note_parse_checkpoint(text, ret);
	if (rc == RC_OK && !view_equal(ret->origin, view_str(ledger->key.name)))
		rc = RC_AUTH;
	return rc;
}

/* That the card's own tree had this root at this size. */
static enum rc check_root(const struct ledger *ledger, struct nvm *nvm,
			  const struct ledger_state *state, const struct checkpoint *checkpoint)
{
	struct merkle_range range;
	uint8_t root[MERKLE_HASH];
	enum rc rc;

	if (checkpoint->size <= state->cosigned)
		return RC_STATE;
	rc = ledger_state_range(nvm, ledger->number, state, checkpoint->size, &range);
	if (rc == RC_NOT_FOUND)
		return RC_AUTH;
	if (rc == RC_OK)
		rc = merkle_root(&range, root);
	if (rc == RC_OK &&
	    !view_equal(view_of(root, MERKLE_HASH), view_of(checkpoint->root, MERKLE_HASH)))
		rc = RC_AUTH;
	return rc;
}

static enum rc cosign(struct nvm *nvm, const struct ledger *ledger, struct view note)
{
	struct note_cosignature cosignature;
	struct checkpoint checkpoint;
	struct ledger_state state;
	struct view root;
	enum rc rc = open_note(ledger, note, &checkpoint, &cosignature);

	if (rc == RC_OK)
		rc = nvm_begin(nvm);
	if (rc != RC_OK)
		return rc;
	rc = ledger_state_load(nvm, ledger->number, &state);
	if (rc == RC_OK)
		rc = check_root(ledger, nvm, &state, &checkpoint);
	if (rc == RC_OK) {
		state.cosigned = checkpoint.size;
		state.cosignature = cosignature;
		root = view_of(checkpoint.root, MERKLE_HASH);
		rc = view_copy(&root, state.root, MERKLE_HASH);
	}
	if (rc == RC_OK)
		rc = ledger_state_put(nvm, ledger->number, &state);
	return command_commit(nvm, rc);
}

/* RC_STATE: the rules do not allow it, or there are not so many leaves. */
static enum rc check_prune(const struct ledger *ledger, struct nvm *nvm,
			   const struct ledger_state *state, uint64_t size)
{
	if (size > nvm_leaf_count(nvm, ledger_series(ledger->number)) ||
	    (ledger->rules.cosigned && size > state->cosigned))
		return RC_STATE;
	return RC_OK;
}

/*
 * The state as it will be: the tree up to size, the time of its last leaf, and leaf 0. RC_STATE: size
 * is between the two leaves of a record.
 */
static enum rc advance(const struct ledger *ledger, struct nvm *nvm, uint64_t size,
		       struct ledger_state *state, struct buf *leaf_0)
{
	struct view ciphertext, tag;
	struct leaf_header header;
	struct merkle_range range;
	struct buf last;
	enum rc rc;

	buf_init(&last, NVM_LEAF_MAX);
	rc = ledger_state_range(nvm, ledger->number, state, size, &range);
	if (rc == RC_OK)
		rc = ledger_leaf(ledger, nvm, 0, leaf_0);
	if (rc == RC_OK)
		rc = ledger_leaf(ledger, nvm, size - 1, &last);
	if (rc == RC_OK && leaf_parse(view_buf(&last), &header, &ciphertext, &tag) != RC_OK)
		rc = RC_DAMAGED;
	if (rc == RC_OK && header.part == LEAF_FIRST)
		rc = RC_STATE; /* a record goes whole */
	if (rc == RC_OK) {
		state->pruned = range;
		state->pruned_time = header.time_ms;
		state->leaf_0 = view_buf(leaf_0);
	}
	buf_free(&last);
	return rc;
}

/* Inside the transaction. RC_EXISTS: nothing is left to do. */
static enum rc put_prune(struct nvm *nvm, struct ledger *ledger, uint64_t size)
{
	struct ledger_state state;
	uint64_t from;
	struct buf leaf_0;
	enum rc rc = ledger_state_load(nvm, ledger->number, &state);

	if (rc == RC_OK)
		rc = check_prune(ledger, nvm, &state, size);
	if (rc != RC_OK)
		return rc;
	from = state.pruned.size;
	if (size <= from)
		return RC_EXISTS;
	buf_init(&leaf_0, NVM_LEAF_MAX);
	rc = ledger_seal_sync(nvm, ledger);
	if (rc == RC_OK)
		rc = advance(ledger, nvm, size, &state, &leaf_0);
	if (rc == RC_OK)
		rc = ledger_state_put(nvm, ledger->number, &state);
	if (rc == RC_OK)
		rc = ledger_nonces_put(nvm, ledger->number, ledger->window, from, size);
	if (rc == RC_OK)
		nvm_prune(nvm, ledger_series(ledger->number), size);
	buf_free(&leaf_0);
	return rc;
}

static enum rc prune(struct nvm *nvm, struct ledger *ledger, struct view in)
{
	uint64_t size;
	enum rc rc;

	if (view_u64(&in, &size) != RC_OK || in.len)
		return RC_SPACE;
	rc = nvm_begin(nvm);
	if (rc != RC_OK)
		return rc;
	rc = command_commit(nvm, put_prune(nvm, ledger, size));
	return rc == RC_EXISTS ? RC_OK : rc;
}

uint16_t ledger_keep(struct command *c)
{
	struct view in = c->data;
	struct ledger *ledger;
	uint16_t sw;

	if (c->p1 > 1 || c->p2)
		return SW_INCORRECT_P1P2;
	sw = ledger_take(c, &in, &ledger);
	if (sw != SW_OK)
		return sw;
	if (c->p1 == 0)
		return command_sw(cosign(c->nvm, ledger, in));
	if (!(c->channel->roles & ledger->rules.prune))
		return SW_SECURITY_STATUS;
	return command_sw(prune(c->nvm, ledger, in));
}
