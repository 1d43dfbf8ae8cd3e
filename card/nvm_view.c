/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a view follows the log. What a replay finds after the published sequence was written by a
 * process that died, or whose fdatasync failed, before it was durable; the page cache may hold it
 * and the disk not. So it is written and synced once more before anything builds on it.
 */
#include "card/nvm_view.h"

#include "base/log.h"
#include "base/process.h"
#include "card/nvm_checkpoint.h"
#include "card/nvm_log.h"
#include "card/nvm_segment.h"
#include "card/nvm_shared.h"

enum rc nvm_view_check(const struct nvm *nvm)
{
	if (process_id() != nvm->owner)
		return RC_FORKED;
	return nvm->failed ? RC_IO : RC_OK;
}

void nvm_view_forget(struct nvm *nvm)
{
	nvm_segment_close_all(nvm);
	nvm_index_free(&nvm->index);
	nvm->sequence = 0;
	nvm->tail_segment = nvm->tail_offset = 0;
	nvm->last_segment = nvm->last_offset = nvm->last_length = 0;
	nvm->next_ready = 0;
	nvm->window.segment = 0;
}

/* The log up to here is durable for certain, and everybody knows. */
static enum rc settle(struct nvm *nvm, bool known, uint64_t published)
{
	enum rc rc;

	if (known && published == nvm->sequence)
		return RC_OK;
	rc = nvm_log_secure(nvm);
	return rc == RC_OK ? nvm_shared_publish(nvm) : rc;
}

static enum rc say_missing(const struct nvm *nvm)
{
	log_error("card memory %s: a segment between log-%08x and the tail is missing; restore the "
		  "directory from a backup",
		  nvm->path, nvm->tail_segment);
	return RC_DAMAGED;
}

static enum rc load(struct nvm *nvm)
{
	uint64_t published = 0;
	bool known = nvm_shared_read(nvm, &published);
	enum rc rc;

	nvm_view_forget(nvm);
	nvm->stale = true;
	rc = nvm_checkpoint_load(nvm);
	if (rc != RC_OK)
		return rc;
	rc = nvm_log_replay(nvm, UINT64_MAX);
	if (rc == RC_NOT_FOUND)
		rc = say_missing(nvm);
	if (rc == RC_OK)
		rc = nvm_log_check_tail(nvm, known && published == nvm->sequence);
	if (rc != RC_OK)
		return rc;
	if (known && published > nvm->sequence) {
		log_error("card memory %s: log-%08x is damaged at offset %u: the last good commit "
			  "is %llu, but %llu was acknowledged; restore the directory from a backup",
			  nvm->path, nvm->tail_segment, nvm->tail_offset,
			  (unsigned long long)nvm->sequence, (unsigned long long)published);
		return RC_DAMAGED;
	}
	rc = settle(nvm, known, published);
	if (rc == RC_OK)
		rc = nvm_segment_sweep(nvm);
	if (rc != RC_OK)
		return rc;
	nvm->stale = false;
	return RC_OK;
}

enum rc nvm_view_load(struct nvm *nvm)
{
	enum rc rc = load(nvm);

	/* Half a view must not be taken for one in which records are missing. */
	if (rc != RC_OK)
		nvm->failed = true;
	return rc;
}

enum rc nvm_view_catch_up(struct nvm *nvm)
{
	uint64_t published = 0;
	bool known = nvm_shared_read(nvm, &published);
	bool even = known && published == nvm->sequence;
	enum rc rc;

	if (nvm->stale)
		return nvm_view_load(nvm);
	if (even) {
		rc = nvm_log_peek(nvm);
		if (rc == RC_OK)
			return RC_OK;
	}
	rc = nvm_log_replay(nvm, UINT64_MAX);
	if (rc != RC_OK || (known && published > nvm->sequence))
		return nvm_view_load(nvm);
	return settle(nvm, known, published);
}

enum rc nvm_view_refresh(struct nvm *nvm)
{
	uint64_t published = 0;
	bool known = nvm_shared_read(nvm, &published);
	enum rc rc;

	if (known && published == nvm->sequence && !nvm->stale)
		return RC_OK;
	if (known && published > nvm->sequence && !nvm->stale) {
		rc = nvm_log_replay(nvm, published);
		if (rc == RC_OK && published == nvm->sequence)
			return RC_OK;
	}
	/* Segments have gone, or the generation file is no good: only the lock can tell. */
	rc = nvm_shared_lock(nvm);
	if (rc != RC_OK)
		return rc;
	rc = nvm_view_catch_up(nvm);
	nvm_shared_unlock(nvm);
	return rc;
}
