/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a ledger has besides its keys and its leaves: the countersignature, what stays of leaves that
 * were pruned, and how often its time went backwards. RECORD_LEDGER_STATE | object number: `01 ||
 * cosigned size 8 || root 32 || time 8 || signature 64 || backwards 8 || newest of them 8 || host
 * time of the last pruned leaf 8 || range before the first leaf that is there || leaf 0`. A ledger
 * older than the record is without it until it needs one.
 */
#ifndef INTAGLIO_CARD_LEDGER_STATE_H
#define INTAGLIO_CARD_LEDGER_STATE_H

#include "card/ledger_cache.h"

struct ledger_state {
	uint64_t cosigned; /* leaves of the countersigned checkpoint, 0: none */
	uint8_t root[MERKLE_HASH]; /* of it */
	struct note_cosignature cosignature;
	uint64_t backwards,
		newest_backwards; /* records with a time before that of the one before */
	uint64_t pruned_time; /* of the last leaf that was pruned */
	struct merkle_range
		pruned; /* of the leaves that were pruned: its size is the first that is there */
	struct view leaf_0; /* if pruned; borrowed from card memory until the next change */
};

/* RC_DAMAGED. */
enum rc ledger_state_load(struct nvm *nvm, uint32_t number, struct ledger_state *ret) WARN_UNUSED;
/* Puts it, inside a transaction. */
enum rc ledger_state_put(struct nvm *nvm, uint32_t number,
			 const struct ledger_state *state) WARN_UNUSED;

/*
 * The tree of the first size leaves, from what stays of those that were pruned and the hashes of the
 * others. RC_STATE: it ends before the first leaf that is there; RC_NOT_FOUND: there are not so many.
 */
enum rc ledger_state_range(struct nvm *nvm, uint32_t number, const struct ledger_state *state,
			   uint64_t size, struct merkle_range *ret) WARN_UNUSED;

#endif
