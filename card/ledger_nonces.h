/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The client nonces of pruned leaves that are among a ledger's newest LEDGER_WINDOW, so that a record
 * that is sent again is known after it was pruned. In blocks of NONCES_BLOCK by index, each a record
 * `index of the first 8 || nonces`; block b is RECORD_LEDGER_NONCES plus b modulo NONCES_SLOTS in the
 * kind, | object number.
 */
#ifndef INTAGLIO_CARD_LEDGER_NONCES_H
#define INTAGLIO_CARD_LEDGER_NONCES_H

#include "card/ledger_window.h"

/* The slots hold a window wherever in a block it begins. */
enum { NONCES_BLOCK = 2304, NONCES_SLOTS = 30 };

/*
 * Inside a transaction that prunes the leaves below to, of which those below from are gone already:
 * puts the blocks that change and deletes those that have left the window, which must be up to date.
 */
enum rc ledger_nonces_put(struct nvm *nvm, uint32_t number, const struct ledger_window *window,
			  uint64_t from, uint64_t to) WARN_UNUSED;
/* The nonce of a pruned leaf. RC_DAMAGED if it was not kept. */
enum rc ledger_nonces_get(struct nvm *nvm, uint32_t number, uint64_t index,
			  uint8_t ret[LEDGER_NONCE]) WARN_UNUSED;

#endif
