/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of a ledger: sealing one into a leaf, opening one, and the receipt of one. Leaves are
 * appended to card memory by the caller.
 */
#ifndef INTAGLIO_CARD_LEDGER_RECORD_H
#define INTAGLIO_CARD_LEDGER_RECORD_H

#include "card/ledger_cache.h"

/* What the card counter of the next leaf is: one more than the leaves of all ledgers of the card. */
uint64_t ledger_card_counter(struct nvm *nvm);
/* How many leaves of records lie on the card; leaf 0 and what was pruned are not counted. */
uint64_t ledger_kept(const struct ledger *ledger, struct nvm *nvm);
/* Appends leaf 0 to out: the policy, which everyone can read. */
enum rc ledger_policy_leaf(const uint8_t id[LEDGER_ID], const struct ledger_policy *policy,
			   uint64_t card_counter, struct buf *out) WARN_UNUSED;
/*
 * Seals the plaintext into a leaf, appended to out. Ledger, nonce and length of the header are
 * filled in here.
 */
enum rc ledger_seal(struct ledger *ledger, struct leaf_header *header, struct view plaintext,
		    struct buf *out) WARN_UNUSED;
/* Draws the random nonce of the next record ahead; without it, ledger_seal draws it. */
void ledger_draw_nonce(struct ledger *ledger);
/* Appends header and plaintext of a stored leaf. RC_DAMAGED if it does not open. */
enum rc ledger_open(const struct ledger *ledger, struct view leaf, struct buf *out) WARN_UNUSED;
/* Appends a leaf as it is stored. RC_NOT_FOUND; RC_STATE: it was pruned, which leaf 0 never is. */
enum rc ledger_leaf(const struct ledger *ledger, struct nvm *nvm, uint64_t index,
		    struct buf *out) WARN_UNUSED;
/* Appends the newest checkpoint. */
enum rc ledger_note(const struct ledger *ledger, struct nvm *nvm, struct buf *out) WARN_UNUSED;
/* Appends leaf || receipt of a stored leaf, in the tree of now. Fails as ledger_leaf. */
enum rc ledger_receipt(const struct ledger *ledger, struct nvm *nvm, uint64_t index,
		       struct buf *out) WARN_UNUSED;

#endif
