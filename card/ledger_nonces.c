/* SPDX-License-Identifier: BSD-2-Clause */
/* Nonces of pruned leaves. */
#include "card/ledger_nonces.h"

#include <assert.h>

#include "card/command.h"

enum { BLOCK_BYTES = 8 + NONCES_BLOCK * LEDGER_NONCE };

static_assert((NONCES_SLOTS - 1) * NONCES_BLOCK >= LEDGER_WINDOW, "a slot would be wanted twice");

static uint32_t record_of(uint32_t number, uint64_t block)
{
	return (RECORD_LEDGER_NONCES + ((uint32_t)(block % NONCES_SLOTS) << 24)) | number;
}

/* The pruned leaves of a block that are in the window: from *ret_first to *ret_end. */
static bool limits(uint64_t block, uint64_t window_start, uint64_t to, uint64_t *ret_first,
		   uint64_t *ret_end)
{
	uint64_t first = block * NONCES_BLOCK, end = first + NONCES_BLOCK;

	*ret_first = first < window_start ? window_start : first;
	*ret_end = end > to ? to : end;
	return *ret_first < *ret_end;
}

static enum rc put_block(struct nvm *nvm, uint32_t id, const struct ledger_window *window,
			 uint64_t first, uint64_t end)
{
	struct buf record;
	enum rc rc;

	buf_init(&record, BLOCK_BYTES);
	buf_u64(&record, first);
	for (uint64_t i = first; i < end; i++)
		buf_put(&record, ledger_window_nonce(window, i), LEDGER_NONCE);
	rc = buf_rc(&record);
	if (rc == RC_OK)
		nvm_put(nvm, id, view_buf(&record));
	buf_free(&record);
	return rc;
}

enum rc ledger_nonces_put(struct nvm *nvm, uint32_t number, const struct ledger_window *window,
			  uint64_t from, uint64_t to)
{
	uint64_t count = ledger_window_count(window), last = (to - 1) / NONCES_BLOCK;
	uint64_t start = count > LEDGER_WINDOW ? count - LEDGER_WINDOW : 1;
	uint64_t block = last >= NONCES_SLOTS ? last - NONCES_SLOTS + 1 : 0;
	struct view present;
	enum rc rc = RC_OK;

	/* Each slot once: the newest block that may lie in it. */
	for (; block <= last && rc == RC_OK; block++) {
		uint32_t id = record_of(number, block);
		uint64_t first, end;

		if (!limits(block, start, to, &first, &end)) {
			if (nvm_get(nvm, id, &present) == RC_OK)
				nvm_delete(nvm, id);
		} else if (end > from) {
			rc = put_block(nvm, id, window, first, end);
		}
	}
	return rc;
}

enum rc ledger_nonces_get(struct nvm *nvm, uint32_t number, uint64_t index,
			  uint8_t ret[LEDGER_NONCE])
{
	uint64_t first, end = index + 1;
	struct view record, before;

	if (nvm_get(nvm, record_of(number, index / NONCES_BLOCK), &record) != RC_OK ||
	    view_u64(&record, &first) != RC_OK || index < first || end - first > NONCES_BLOCK ||
	    view_take(&record, (size_t)(index - first) * LEDGER_NONCE, &before) != RC_OK ||
	    view_copy(&record, ret, LEDGER_NONCE) != RC_OK)
		return RC_DAMAGED;
	return RC_OK;
}
