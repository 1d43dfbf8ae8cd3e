/* SPDX-License-Identifier: BSD-2-Clause */
/* Leaves in and out of a ledger, and proofs from the leaves that are stored. */
#include "card/ledger_record.h"

#include <string.h>

#include "card/ledger_state.h"

uint64_t ledger_card_counter(struct nvm *nvm)
{
	uint32_t id = RECORD_LEDGER;
	uint64_t count = 1;
	struct view record;

	while (nvm_next(nvm, id, &id, &record) == RC_OK && (id & RECORD_KIND_MASK) == RECORD_LEDGER)
		count += nvm_leaf_count(nvm, id);
	return count;
}

uint64_t ledger_kept(const struct ledger *ledger, struct nvm *nvm)
{
	uint32_t series = ledger_series(ledger->number);
	uint64_t first = nvm_leaf_first(nvm, series);

	return nvm_leaf_count(nvm, series) - (first ? first : 1);
}

enum rc ledger_policy_leaf(const uint8_t id[LEDGER_ID], const struct ledger_policy *policy,
			   uint64_t card_counter, struct buf *out)
{
	static const uint8_t no_tag[GCM_TAG];
	struct leaf_header header = {.card_counter = card_counter};
	uint8_t array[LEDGER_POLICY_MAX];
	struct buf body;

	buf_fixed(&body, array, sizeof(array));
	ledger_put_policy(&body, policy);
	if (buf_rc(&body) != RC_OK)
		return buf_rc(&body);
	memcpy(header.ledger, id, LEDGER_ID);
	header.length = (uint32_t)body.len;
	leaf_put_header(out, &header);
	buf_view(out, view_buf(&body));
	buf_put(out, no_tag, sizeof(no_tag));
	return buf_rc(out);
}

void ledger_draw_nonce(struct ledger *ledger)
{
	if (!ledger->has_nonce)
		ledger->has_nonce = crypto_random(ledger->nonce, sizeof(ledger->nonce)) == RC_OK;
}

/* Every nonce serves once, whatever becomes of the record. */
static enum rc take_nonce(struct ledger *ledger, uint8_t ret[GCM_NONCE])
{
	ledger_draw_nonce(ledger);
	if (!ledger->has_nonce)
		return RC_CRYPTO;
	memcpy(ret, ledger->nonce, GCM_NONCE);
	ledger->has_nonce = false;
	return RC_OK;
}

enum rc ledger_seal(struct ledger *ledger, struct leaf_header *header, struct view plaintext,
		    struct buf *out)
{
	size_t start = out->len;
	uint8_t *at;
	enum rc rc = take_nonce(ledger, header->nonce);

	if (rc != RC_OK)
		return rc;
	memcpy(header->ledger, ledger->id, LEDGER_ID);
	header->length = (uint32_t)plaintext.len;
	leaf_put_header(out, header);
	at = buf_space(out, plaintext.len + GCM_TAG);
	if (!at)
		return buf_rc(out);
	return gcm_encrypt(ledger->content_cipher, header->nonce,
			   view_of(out->data + start, leaf_header_size(header->part)), plaintext,
			   at, at + plaintext.len);
}

enum rc ledger_open(const struct ledger *ledger, struct view leaf, struct buf *out)
{
	struct view ciphertext, tag, aad;
	struct leaf_header header;
	uint8_t *at;

	if (leaf_parse(leaf, &header, &ciphertext, &tag) != RC_OK)
		return RC_DAMAGED;
	aad = view_of(leaf.data, leaf_header_size(header.part));
	buf_view(out, aad);
	if (header.index == 0) {
		buf_view(out, ciphertext);
		return buf_rc(out);
	}
	at = buf_space(out, ciphertext.len);
	if (!at)
		return buf_rc(out);
	if (gcm_open(ledger->content_key, header.nonce, aad, ciphertext, tag.data, at) != RC_OK)
		return RC_DAMAGED;
	return RC_OK;
}

enum rc ledger_leaf(const struct ledger *ledger, struct nvm *nvm, uint64_t index, struct buf *out)
{
	uint32_t series = ledger_series(ledger->number);
	struct ledger_state state;
	enum rc rc;

	if (index == 0 && nvm_leaf_first(nvm, series)) {
		rc = ledger_state_load(nvm, ledger->number, &state);
		if (rc == RC_OK)
			buf_view(out, state.leaf_0);
	} else {
		rc = nvm_leaf(nvm, series, index, out);
	}
	return rc == RC_OK ? buf_rc(out) : rc;
}

/* Where hashes of a tree's subtrees come from: its range, that of the pruned leaves, and the others. */
struct tree {
	struct nvm *nvm;
	uint32_t series;
	const struct merkle_range *range;
	struct ledger_state state;
};

/* A subtree that is one of a range's own. */
static bool take_own(const struct merkle_range *range, unsigned int level, uint64_t index,
		     uint8_t ret[MERKLE_HASH])
{
	if (!(range->size >> level & 1) || index != (range->size >> level) - 1)
		return false;
	memcpy(ret, range->hash[level], MERKLE_HASH);
	return true;
}

static enum rc subtree(void *arg, unsigned int level, uint64_t index, uint8_t ret[MERKLE_HASH])
{
	struct tree *tree = arg;
	enum rc rc;

	if (take_own(tree->range, level, index, ret) ||
	    take_own(&tree->state.pruned, level, index, ret))
		return RC_OK;
	if (level)
		return RC_NOT_FOUND;
	rc = nvm_leaf_hash(tree->nvm, tree->series, index, ret);
	return rc == RC_NOT_FOUND ? RC_DAMAGED : rc;
}

static enum rc sign(const struct ledger *ledger, const struct merkle_range *range, struct buf *out)
{
	uint8_t root[MERKLE_HASH];
	enum rc rc = merkle_root(range, root);

	if (rc == RC_OK)
		rc = ledger_put_note(&ledger->key, ledger->signer, range->size, root, out);
	return rc;
}

enum rc ledger_note(const struct ledger *ledger, struct nvm *nvm, struct buf *out)
{
	const struct merkle_range *range = nvm_leaf_range(nvm, ledger_series(ledger->number));

	return range ? sign(ledger, range, out) : RC_DAMAGED;
}

enum rc ledger_receipt(const struct ledger *ledger, struct nvm *nvm, uint64_t index,
		       struct buf *out)
{
	struct tree tree = {.nvm = nvm, .series = ledger_series(ledger->number)};
	struct merkle_source source = {subtree, &tree};
	struct receipt receipt = {.index = index};
	uint8_t array[LEDGER_NOTE_MAX];
	size_t start = out->len;
	struct buf note;
	enum rc rc;

	tree.range = nvm_leaf_range(nvm, tree.series);
	if (!tree.range)
		return RC_DAMAGED;
	if (index >= tree.range->size)
		return RC_NOT_FOUND;
	buf_fixed(&note, array, sizeof(array));
	rc = ledger_state_load(nvm, ledger->number, &tree.state);
	if (rc == RC_OK)
		rc = ledger_leaf(ledger, nvm, index, out);
	if (rc == RC_OK)
		rc = merkle_leaf_hash(view_of(out->data + start, out->len - start),
				      receipt.leaf_hash);
	if (rc == RC_OK)
		rc = merkle_prove_inclusion(&source, index, tree.range->size, &receipt.proof);
	if (rc == RC_OK)
		rc = sign(ledger, tree.range, &note);
	receipt.note = view_buf(&note);
	if (rc == RC_OK)
		rc = receipt_put(&receipt, out);
	return rc;
}
