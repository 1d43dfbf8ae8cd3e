/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PINs: judging one against its try counter, and setting one. An attempt is counted durably before
 * the PIN is compared, so that cutting the power saves no try; the counter goes back only in the
 * commit that follows the comparison.
 */
#ifndef INTAGLIO_CARD_PIN_H
#define INTAGLIO_CARD_PIN_H

#include "card/pin_record.h"
#include "card/token.h"

/*
 * Counts an attempt on the PIN ref and judges it. SW_OK: ret_key is the user key, and the caller
 * finishes with pin_accept in a transaction of its own. Otherwise 63Cx, 6983, 6984, 6700 or the
 * word for a failure of memory, and everything is counted and done.
 */
uint16_t pin_judge(struct nvm *nvm, enum pin_reference ref, struct view pin,
		   uint8_t ret_key[CARD_KEY_SIZE], uint64_t *ret_generation);
/*
 * After pin_judge, inside a transaction: loads the record with its tries full again, and counts a
 * change of flags in state. The caller puts both. RC_POLICY: the PIN was changed in between.
 */
enum rc pin_accept(struct nvm *nvm, enum pin_reference ref, uint64_t generation,
		   struct token_state *state, struct pin_record *ret) WARN_UNUSED;
/* True for a length that a PIN can have. */
bool pin_length_is_good(struct view pin);
/* True if the channel has verified this PIN and it holds. */
bool pin_is(struct nvm *nvm, const struct channel *channel, enum pin_status status);

#endif
