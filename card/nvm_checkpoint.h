/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checkpoints: what the view knows, without any record or leaf, so that an opening replays only the
 * log after it. Two files, checkpoint-0 and checkpoint-1, are written in turn; the newer good one
 * counts. Layout: magic 4, version 4, counter 8, bytes of body 4, SHA-256 of these and the body,
 * body.
 */
#ifndef INTAGLIO_CARD_NVM_CHECKPOINT_H
#define INTAGLIO_CARD_NVM_CHECKPOINT_H

#include "card/nvm_state.h"

/* Makes the view durable as a checkpoint. RC_FULL: no room on the disk, the last one stays. */
enum rc nvm_checkpoint_write(struct nvm *nvm) WARN_UNUSED;
/*
 * Sets an empty view to the newest checkpoint, reading the records and opening the segments that it
 * names. RC_NOT_FOUND: there is none and never was. RC_DAMAGED, said in a sentence.
 */
enum rc nvm_checkpoint_load(struct nvm *nvm) WARN_UNUSED;

#endif
