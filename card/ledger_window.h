/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which client nonces the newest records of a ledger have, so that a record that is sent again is
 * found. Made from the leaves at the first SEAL and kept up to date from then on; about two
 * megabytes. Holds no secret.
 */
#ifndef INTAGLIO_CARD_LEDGER_WINDOW_H
#define INTAGLIO_CARD_LEDGER_WINDOW_H

#include "base/ledger.h"
#include "card/nvm.h"

enum { LEDGER_WINDOW = 65536 };

struct ledger_window;

/* RC_MEMORY, RC_CRYPTO. */
enum rc ledger_window_new(struct ledger_window **ret) WARN_UNUSED;
void ledger_window_free(struct ledger_window **window);
/* Reads the leaves that were added since. Errors of nvm_leaf; RC_DAMAGED. */
enum rc ledger_window_sync(struct ledger_window *window, struct nvm *nvm,
			   uint32_t number) WARN_UNUSED;
/* The nonce of a record among the newest LEDGER_WINDOW of those that were added; borrowed. */
const uint8_t *ledger_window_nonce(const struct ledger_window *window, uint64_t index);
/* Adds the record at index, which must be the next one. */
void ledger_window_add(struct ledger_window *window, uint64_t index,
		       const uint8_t nonce[LEDGER_NONCE]);
/* The index of the next record to be added. */
uint64_t ledger_window_count(const struct ledger_window *window);
/*
 * The record with this nonce. RC_NOT_FOUND: there is none; RC_POLICY: none in the window, and the
 * nonce's time is before all of those, so that the record may be older than the window.
 */
enum rc ledger_window_find(const struct ledger_window *window, const uint8_t nonce[LEDGER_NONCE],
			   uint64_t *ret_index) WARN_UNUSED;

#endif
