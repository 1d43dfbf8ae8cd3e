/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Segment files of the log: log-%08x, a header of 64 bytes with a nonce that every commit in it is
 * checked with, then zeros. Prepared under another name and renamed when they are whole and durable,
 * so that a segment that is shorter than its size has been damaged.
 */
#ifndef INTAGLIO_CARD_NVM_SEGMENT_H
#define INTAGLIO_CARD_NVM_SEGMENT_H

#include "card/nvm_state.h"

/* Makes a segment durable; RC_FULL without room on the disk, and nothing is left behind. */
enum rc nvm_segment_make(struct nvm *nvm, uint32_t number) WARN_UNUSED;
/* Opens the file unless it is open and checks size and header: RC_NOT_FOUND, RC_DAMAGED, RC_IO. */
enum rc nvm_segment_open(struct nvm *nvm, struct nvm_segment *segment) WARN_UNUSED;
void nvm_segment_close(struct nvm *nvm, struct nvm_segment *segment);
/* Forgets all segments, closing them. */
void nvm_segment_close_all(struct nvm *nvm);
/* Checks if a file of that number is there: RC_OK, RC_NOT_FOUND, RC_IO. */
enum rc nvm_segment_exists(struct nvm *nvm, uint32_t number) WARN_UNUSED;
/* Closes and removes a dead segment. */
enum rc nvm_segment_remove(struct nvm *nvm, uint32_t number) WARN_UNUSED;
/* Removes, as far as possible, segment files before the tail that the view does not know. */
enum rc nvm_segment_sweep(struct nvm *nvm) WARN_UNUSED;
/* The highest number of a segment file in the directory, 0 if there is none. */
enum rc nvm_segment_highest(struct nvm *nvm, uint32_t *ret) WARN_UNUSED;

#endif
