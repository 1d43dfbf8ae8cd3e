/* SPDX-License-Identifier: BSD-2-Clause */
/* The state record of a ledger. */
#include "card/ledger_state.h"

#include "card/command.h"

enum { VERSION = 1 };

static enum rc take(struct view in, struct ledger_state *s)
{
	uint8_t version;

	if (view_u8(&in, &version) != RC_OK || version != VERSION ||
	    view_u64(&in, &s->cosigned) != RC_OK || view_copy(&in, s->root, MERKLE_HASH) != RC_OK ||
	    view_u64(&in, &s->cosignature.time) != RC_OK ||
	    view_copy(&in, s->cosignature.signature, ED25519_SIGNATURE) != RC_OK ||
	    view_u64(&in, &s->backwards) != RC_OK || view_u64(&in, &s->newest_backwards) != RC_OK ||
	    view_u64(&in, &s->pruned_time) != RC_OK || merkle_range_take(&in, &s->pruned) != RC_OK)
		return RC_DAMAGED;
	s->leaf_0 = in;
	return RC_OK;
}

enum rc ledger_state_load(struct nvm *nvm, uint32_t number, struct ledger_state *ret)
{
	struct view record;
	enum rc rc = nvm_get(nvm, RECORD_LEDGER_STATE | number, &record);

	*ret = (struct ledger_state){.cosigned = 0};
	if (rc == RC_OK)
		rc = take(record, ret);
	else if (rc == RC_NOT_FOUND)
		rc = RC_OK;
	if (rc == RC_OK && ret->pruned.size != nvm_leaf_first(nvm, ledger_series(number)))
		rc = RC_DAMAGED;
	return rc;
}

enum rc ledger_state_put(struct nvm *nvm, uint32_t number, const struct ledger_state *s)
{
	struct buf record;
	enum rc rc;

	buf_init(&record, NVM_RECORD_MAX);
	buf_u8(&record, VERSION);
	buf_u64(&record, s->cosigned);
	buf_put(&record, s->root, MERKLE_HASH);
	buf_u64(&record, s->cosignature.time);
	buf_put(&record, s->cosignature.signature, ED25519_SIGNATURE);
	buf_u64(&record, s->backwards);
	buf_u64(&record, s->newest_backwards);
	buf_u64(&record, s->pruned_time);
	merkle_range_put(&record, &s->pruned);
	buf_view(&record, s->leaf_0);
	rc = buf_rc(&record);
	if (rc == RC_OK)
		nvm_put(nvm, RECORD_LEDGER_STATE | number, view_buf(&record));
	buf_free(&record);
	return rc;
}

enum rc ledger_state_range(struct nvm *nvm, uint32_t number, const struct ledger_state *state,
			   uint64_t size, struct merkle_range *ret)
{
	uint8_t hash[MERKLE_HASH];
	enum rc rc = RC_OK;

	if (size < state->pruned.size)
		return RC_STATE;
	if (size > nvm_leaf_count(nvm, ledger_series(number)))
		return RC_NOT_FOUND;
	*ret = state->pruned;
	while (rc == RC_OK && ret->size < size) {
		rc = nvm_leaf_hash(nvm, ledger_series(number), ret->size, hash);
		if (rc == RC_NOT_FOUND)
			rc = RC_DAMAGED;
		if (rc == RC_OK)
			rc = merkle_append(ret, hash);
	}
	return rc;
}
