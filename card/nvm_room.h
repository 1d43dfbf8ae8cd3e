/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Room in the log: when it goes on in the next segment, when that is prepared, and what is moved and
 * removed to get room back. Two segments of a capacity of at least four, and NVM_RESERVE bytes of
 * the last segment, are kept for transactions that do not grow the memory, so that a full card can
 * still count a wrong PIN and delete an object.
 */
#ifndef INTAGLIO_CARD_NVM_ROOM_H
#define INTAGLIO_CARD_NVM_ROOM_H

#include "card/nvm_state.h"

/* Sees to it that a commit of so many bytes fits at the tail. RC_FULL, RC_SPACE, RC_IO. */
enum rc nvm_room_make(struct nvm *nvm, uint64_t bytes, bool grows) WARN_UNUSED;
/* Removes, as far as possible, the segments in which nothing is needed any more. RC_IO. */
enum rc nvm_room_reclaim(struct nvm *nvm) WARN_UNUSED;
/* As nvm_space. */
void nvm_room_left(const struct nvm *nvm, uint64_t *ret_total, uint64_t *ret_free);

#endif
