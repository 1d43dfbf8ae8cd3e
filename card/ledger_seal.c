/* SPDX-License-Identifier: BSD-2-Clause */
/* Sealing: the leaf, its receipt and the new tree head in one commit. */
#include "card/ledger_seal.h"

#include <string.h>

#include "base/secret.h"
#include "card/ledger_state.h"
#include "card/pin.h"

/* A record on its way in. */
struct sealing {
	struct nvm *nvm;
	struct ledger *ledger;
	struct channel *channel;
	const struct seal_order *order;
	struct buf *out;
	size_t start; /* of the newest leaf in it */
	struct leaf_header header;
	struct merkle_range range; /* as it will be */
	struct receipt receipt;
	uint8_t note_array[LEDGER_NOTE_MAX];
	struct buf note;
	enum rc receipt_rc;
};

static struct view newest_leaf(const struct sealing *s)
{
	return view_of(s->out->data + s->start, s->out->len - s->start);
}

static enum rc sign(struct sealing *s)
{
	uint8_t root[MERKLE_HASH];
	enum rc rc = merkle_root(&s->range, root);

	return rc == RC_OK ? ledger_put_note(&s->ledger->key, s->ledger->signer, s->range.size,
					     root, &s->note)
			   : rc;
}

/* Beside the building, writing and syncing of the commit: all that it does not change, up to the protected answer. */
static void complete(void *arg)
{
	struct sealing *s = arg;
	enum rc rc = merkle_leaf_hash(newest_leaf(s), s->receipt.leaf_hash);

	if (rc == RC_OK)
		rc = sign(s);
	s->receipt.note = view_buf(&s->note);
	if (rc == RC_OK)
		rc = receipt_put(&s->receipt, s->out);
	if (rc == RC_OK && s->order->ahead)
		s->order->ahead(s->order->arg);
	s->receipt_rc = rc;
	ledger_draw_nonce(s->ledger);
}

/* The host time of the newest record as it is stored; 0 if there is none. */
static enum rc stored_time(const struct sealing *s, const struct ledger_state *state,
			   uint64_t newest, uint64_t *ret)
{
	struct view ciphertext, tag;
	struct leaf_header header;
	struct buf leaf;
	enum rc rc;

	*ret = 0;
	if (newest == 0)
		return RC_OK;
	*ret = state->pruned_time;
	if (newest < state->pruned.size)
		return RC_OK;
	buf_init(&leaf, NVM_LEAF_MAX);
	rc = ledger_leaf(s->ledger, s->nvm, newest, &leaf);
	if (rc == RC_OK && leaf_parse(view_buf(&leaf), &header, &ciphertext, &tag) != RC_OK)
		rc = RC_DAMAGED;
	if (rc == RC_OK)
		*ret = header.time_ms;
	buf_free(&leaf);
	return rc;
}

/* A time before that of the record before is stored as it is, and counted in the same commit. */
static enum rc flag_time(struct sealing *s)
{
	uint64_t newest = nvm_leaf_count(s->nvm, ledger_series(s->ledger->number)) - 1;
	bool is_known = newest && s->ledger->last_index == newest;
	uint64_t before = s->ledger->last_time;
	struct ledger_state state;
	enum rc rc;

	if (is_known && s->header.time_ms >= before)
		return RC_OK;
	rc = ledger_state_load(s->nvm, s->ledger->number, &state);
	if (rc == RC_OK && !is_known)
		rc = stored_time(s, &state, newest, &before);
	if (rc != RC_OK || s->header.time_ms >= before)
		return rc;
	state.backwards++;
	state.newest_backwards = s->header.index;
	return ledger_state_put(s->nvm, s->ledger->number, &state);
}

/* For so many leaves more. */
static enum rc check_room(const struct sealing *s, uint64_t count, unsigned int leaves)
{
	uint64_t capacity = s->ledger->rules.capacity;

	if (count + leaves > LEDGER_RECORDS_MAX)
		return RC_STATE;
	if (capacity && ledger_kept(s->ledger, s->nvm) + leaves > capacity)
		return RC_FULL;
	return RC_OK;
}

/* One leaf behind those of before, which may be s->range. */
static enum rc append_leaf(struct sealing *s, enum leaf_part part, struct view plaintext,
			   const struct merkle_range *before)
{
	enum rc rc;

	s->start = s->out->len;
	s->header.part = part;
	s->header.index = before->size;
	s->receipt.index = before->size;
	merkle_prove_next(before, &s->receipt.proof);
	rc = ledger_seal(s->ledger, &s->header, plaintext, s->out);
	if (rc != RC_OK)
		return rc;
	return nvm_append(s->nvm, ledger_series(s->ledger->number), newest_leaf(s), &s->range);
}

/* Inside the transaction: the leaf, or two, go to the answer and to card memory. */
static enum rc append(struct sealing *s)
{
	const struct merkle_range *before =
		nvm_leaf_range(s->nvm, ledger_series(s->ledger->number));
	struct view plain = s->order->plaintext, first;
	bool is_long = plain.len > LEAF_PLAINTEXT_MAX;
	enum rc rc;

	if (!before)
		return RC_DAMAGED;
	rc = check_room(s, before->size, is_long ? 2 : 1);
	if (rc != RC_OK)
		return rc;
	s->header.index = before->size;
	s->header.card_counter = ledger_card_counter(s->nvm);
	rc = flag_time(s);
	if (rc != RC_OK || !is_long)
		return rc == RC_OK ? append_leaf(s, LEAF_WHOLE, plain, before) : rc;
	rc = view_take(&plain, LEAF_FIRST_BYTES, &first);
	if (rc == RC_OK)
		rc = append_leaf(s, LEAF_FIRST, first, before);
	if (rc != RC_OK)
		return rc;
	s->header.card_counter++;
	rc = merkle_leaf_hash(newest_leaf(s), s->header.first);
	return rc == RC_OK ? append_leaf(s, LEAF_REST, plain, &s->range) : rc;
}

/* That a stored leaf has the type and the beginning of what is left of the plaintext, which goes. */
static enum rc compare_leaf(const struct sealing *s, uint64_t index, struct view *left,
			    enum leaf_part *ret_part)
{
	struct buf leaf, opened;
	struct leaf_header header;
	struct view plain, same;
	enum rc rc;

	buf_init(&leaf, NVM_LEAF_MAX);
	buf_init(&opened, NVM_LEAF_MAX);
	rc = ledger_leaf(s->ledger, s->nvm, index, &leaf);
	if (rc == RC_OK)
		rc = ledger_open(s->ledger, view_buf(&leaf), &opened);
	plain = view_buf(&opened);
	if (rc == RC_OK)
		rc = leaf_take_header(&plain, &header);
	if (rc == RC_OK &&
	    (header.type != s->order->type || view_take(left, plain.len, &same) != RC_OK ||
	     !secret_equal(plain.data, same.data, plain.len)))
		rc = RC_MALFORMED;
	if (rc == RC_OK)
		*ret_part = header.part;
	buf_free(&opened);
	buf_free(&leaf);
	return rc;
}

/*
 * The record whose last leaf is at index has this nonce: it is the same one, or something is wrong.
 * A record of two leaves is longer than LEAF_PLAINTEXT_MAX, and no other is.
 */
static enum rc repeat(const struct sealing *s, uint64_t index)
{
	struct view left = s->order->plaintext;
	bool is_long = left.len > LEAF_PLAINTEXT_MAX;
	enum leaf_part part = LEAF_WHOLE;
	enum rc rc = RC_OK;

	if (is_long)
		rc = compare_leaf(s, index - 1, &left, &part);
	if (rc == RC_OK && part != (is_long ? LEAF_FIRST : LEAF_WHOLE))
		rc = RC_MALFORMED;
	if (rc == RC_OK)
		rc = compare_leaf(s, index, &left, &part);
	if (rc == RC_OK && (left.len || part != (is_long ? LEAF_REST : LEAF_WHOLE)))
		rc = RC_MALFORMED;
	if (rc == RC_OK && is_long)
		rc = ledger_leaf(s->ledger, s->nvm, index - 1, s->out);
	return rc == RC_OK ? ledger_receipt(s->ledger, s->nvm, index, s->out) : rc;
}

enum rc ledger_seal_sync(struct nvm *nvm, struct ledger *ledger)
{
	enum rc rc = RC_OK;

	if (!ledger->window)
		rc = ledger_window_new(&ledger->window);
	if (rc == RC_OK)
		rc = ledger_window_sync(ledger->window, nvm, ledger->number);
	return rc;
}

/* Inside the transaction. RC_NOT_FOUND: the record is new. */
static enum rc look_for(struct sealing *s, uint64_t *ret_index)
{
	enum rc rc;

	if (s->channel && !pin_is(s->nvm, s->channel, PIN_USER))
		return RC_POLICY;
	rc = ledger_seal_sync(s->nvm, s->ledger);
	if (rc == RC_OK)
		rc = ledger_window_find(s->ledger->window, s->order->client_nonce, ret_index);
	return rc;
}

/* Appends and commits, or finds the record that is there already. */
static enum rc seal_once(struct sealing *s)
{
	uint64_t index;
	enum rc rc = ledger_seal_sync(s->nvm, s->ledger); /* most of it before the lock is taken */

	if (rc == RC_OK)
		rc = nvm_begin(s->nvm);
	if (rc != RC_OK)
		return rc;
	rc = look_for(s, &index);
	if (rc == RC_OK) {
		nvm_abort(s->nvm);
		return repeat(s, index);
	}
	if (rc == RC_NOT_FOUND)
		rc = append(s);
	if (rc != RC_OK) {
		nvm_abort(s->nvm);
		return rc;
	}
	rc = nvm_commit(s->nvm, complete, s);
	if (rc != RC_OK)
		return rc;
	if (s->header.part == LEAF_REST)
		ledger_window_add(s->ledger->window, s->header.index - 1, s->header.client_nonce);
	ledger_window_add(s->ledger->window, s->header.index, s->header.client_nonce);
	s->ledger->last_index = s->header.index;
	s->ledger->last_time = s->header.time_ms;
	return s->receipt_rc;
}

enum rc ledger_seal_record(struct nvm *nvm, struct ledger *ledger, struct channel *channel,
			   const struct seal_order *order, struct buf *out)
{
	struct sealing s = {
		.nvm = nvm,
		.ledger = ledger,
		.channel = channel,
		.order = order,
		.out = out,
		.header = {.type = order->type, .time_ms = order->time_ms},
		.receipt_rc = RC_CRYPTO,
	};

	if (!order->type)
		return RC_ARGUMENT;
	if (order->plaintext.len > ledger->rules.record_max)
		return RC_SPACE;
	memcpy(s.header.client_nonce, order->client_nonce, LEDGER_NONCE);
	buf_fixed(&s.note, s.note_array, sizeof(s.note_array));
	return seal_once(&s);
}
