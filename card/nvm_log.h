/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log: how a commit is laid out, written, found, checked and brought into the view. A commit
 * begins at a multiple of 64 bytes:
 *   magic 4, flags 4, sequence 8, items 4, bytes of data 4, zeros 24, check 16;
 *   the items' headers: kind 1, zeros 3, id 4, index 8, length 4, zeros 4, hash 32;
 *   the items' data, one after the other; zeros up to the next multiple of 64.
 * An item's hash is SHA-256 of a record's bytes or the RFC 6962 hash of a leaf; the check is the
 * first 16 bytes of SHA-256 over the segment's nonce, the header and the items' headers. A commit
 * with the flag ROLL has no items and says that the log goes on in the next segment.
 */
#ifndef INTAGLIO_CARD_NVM_LOG_H
#define INTAGLIO_CARD_NVM_LOG_H

#include "card/nvm_state.h"

enum nvm_item_kind {
	NVM_PUT = 1,
	NVM_DELETE = 2,
	NVM_LEAF = 3,
	NVM_PRUNE = 4, /* of a series: index is the first leaf that stays */
};
enum { NVM_ROLL = 1 };

struct nvm_item {
	enum nvm_item_kind kind;
	uint32_t id; /* of the record or series */
	uint64_t index; /* of the leaf */
	uint32_t length;
	uint8_t hash[SHA256_SIZE];
};

void nvm_item_put(struct buf *items, const struct nvm_item *item);
enum rc nvm_item_take(struct view *items, struct nvm_item *ret) WARN_UNUSED;

/* The bytes that a commit takes in the log. */
uint64_t nvm_log_size(uint64_t items, uint64_t data);
/*
 * Writes a commit at the tail, where it must fit, syncs, publishes it to other processes and brings
 * it into the view. RC_IO: fail-stop. meanwhile as in nvm_commit.
 */
enum rc nvm_log_write(struct nvm *nvm, uint32_t flags, uint32_t count, struct view items,
		      struct view data, void (*meanwhile)(void *arg), void *arg) WARN_UNUSED;
/*
 * Replays up to commit limit, or as far as there are good commits. RC_NOT_FOUND: a segment is gone,
 * another process may have removed it.
 */
enum rc nvm_log_replay(struct nvm *nvm, uint64_t limit) WARN_UNUSED;
/* RC_OK if nothing but a torn commit lies after the tail. Under the lock only. */
enum rc nvm_log_check_tail(struct nvm *nvm, bool tail_is_known) WARN_UNUSED;
/* RC_OK if the bytes right after the tail are as they were prepared; RC_EXISTS if not. */
enum rc nvm_log_peek(struct nvm *nvm) WARN_UNUSED;
/* Writes the last commit that was replayed again, and syncs it. */
enum rc nvm_log_secure(struct nvm *nvm) WARN_UNUSED;
/* Reads bytes of a segment and compares them with their SHA-256. */
enum rc nvm_log_fetch(struct nvm *nvm, struct nvm_segment *segment, uint32_t offset,
		      uint32_t length, uint8_t *ret) WARN_UNUSED;
/* Notes the place of every leaf in a segment. */
enum rc nvm_log_place(struct nvm *nvm, struct nvm_segment *segment) WARN_UNUSED;

#endif
