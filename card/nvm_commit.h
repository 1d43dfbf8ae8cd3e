/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One commit, as bytes and taken apart (the layout is in card/nvm_log.h), and how its items change
 * the view. Views point into the bytes that were parsed.
 */
#ifndef INTAGLIO_CARD_NVM_COMMIT_H
#define INTAGLIO_CARD_NVM_COMMIT_H

#include "card/nvm_log.h"

struct nvm_commit {
	uint64_t sequence;
	uint32_t flags;
	uint32_t count;
	uint32_t length; /* all of it, up to the next commit */
	uint32_t data_at; /* where the data begins, from the commit's start */
	struct view head; /* header and items' headers */
	struct view data;
};

/*
 * Takes sizes and sequence from a header of NVM_HEADER bytes; false if it is none or says more than
 * room bytes. The views are not set.
 */
bool nvm_commit_header(struct view header, uint32_t room, struct nvm_commit *ret);
/* Compares head with its check: RC_OK, RC_NOT_FOUND if it does not verify, RC_CRYPTO. */
enum rc nvm_commit_check_head(const struct nvm_commit *commit,
			      const uint8_t nonce[NVM_NONCE]) WARN_UNUSED;
/* Compares the data with the items' hashes: the same. */
enum rc nvm_commit_check_data(const struct nvm_commit *commit) WARN_UNUSED;
/* Builds a commit's bytes into out, which is emptied first. */
enum rc nvm_commit_build(struct buf *out, const uint8_t nonce[NVM_NONCE], uint64_t sequence,
			 uint32_t flags, uint32_t count, struct view items,
			 struct view data) WARN_UNUSED;
/*
 * Brings a checked commit that lies at the tail into the view and moves the tail behind it. A
 * failure leaves the view stale. RC_DAMAGED: it contradicts what was before it.
 */
enum rc nvm_commit_apply(struct nvm *nvm, const struct nvm_commit *commit) WARN_UNUSED;

#endif
