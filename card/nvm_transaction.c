/* SPDX-License-Identifier: BSD-2-Clause */
/* Transactions: gathered in RAM as the items of one commit, then written at once. */
#include "card/nvm_transaction.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "card/nvm_log.h"
#include "card/nvm_room.h"
#include "card/nvm_shared.h"
#include "card/nvm_view.h"

void nvm_transaction_init(struct nvm *nvm)
{
	buf_init(&nvm->tx.items, NVM_SEGMENT_MAX);
	buf_init(&nvm->tx.data, NVM_SEGMENT_MAX);
}

void nvm_transaction_free(struct nvm *nvm)
{
	buf_free(&nvm->tx.items);
	buf_free(&nvm->tx.data);
	free(nvm->tx.series);
	nvm->tx.series = NULL;
}

static void forget(struct nvm_transaction *tx)
{
	buf_reset(&tx->items);
	buf_reset(&tx->data);
	tx->series_count = 0;
	tx->count = 0;
	tx->grows = tx->prunes = false;
	tx->rc = RC_OK;
	tx->open = false;
}

enum rc nvm_begin(struct nvm *nvm)
{
	enum rc rc = nvm_view_check(nvm);

	if (rc != RC_OK)
		return rc;
	if (nvm->tx.open)
		return RC_STATE;
	rc = nvm_shared_lock(nvm);
	if (rc != RC_OK)
		return rc;
	rc = nvm_view_catch_up(nvm);
	if (rc != RC_OK) {
		nvm_shared_unlock(nvm);
		return rc;
	}
	nvm->tx.open = true;
	return RC_OK;
}

enum rc nvm_hold(struct nvm *nvm)
{
	enum rc rc = nvm_view_check(nvm);

	if (rc == RC_OK)
		rc = nvm_shared_lock(nvm);
	if (rc != RC_OK)
		return rc;
	rc = nvm_view_catch_up(nvm);
	if (rc != RC_OK)
		nvm_shared_unlock(nvm);
	return rc;
}

void nvm_release(struct nvm *nvm)
{
	if (nvm_view_check(nvm) != RC_FORKED)
		nvm_shared_unlock(nvm);
}

static void fail(struct nvm_transaction *tx, enum rc rc)
{
	if (tx->rc == RC_OK)
		tx->rc = rc;
}

static void add(struct nvm_transaction *tx, const struct nvm_item *item, struct view bytes)
{
	nvm_item_put(&tx->items, item);
	buf_view(&tx->data, bytes);
	fail(tx, buf_rc(&tx->items));
	fail(tx, buf_rc(&tx->data));
	tx->count++;
}

void nvm_put(struct nvm *nvm, uint32_t id, struct view bytes)
{
	struct nvm_transaction *tx = &nvm->tx;
	struct nvm_item item = {.kind = NVM_PUT, .id = id, .length = (uint32_t)bytes.len};
	enum rc rc = RC_OK;

	if (!tx->open)
		return;
	if (id == 0)
		rc = RC_ARGUMENT;
	else if (bytes.len > NVM_RECORD_MAX)
		rc = RC_SPACE;
	else
		rc = crypto_sha256(bytes, item.hash);
	fail(tx, rc);
	if (rc != RC_OK)
		return;
	if (!nvm_index_record(&nvm->index, id))
		tx->grows = true;
	add(tx, &item, bytes);
}

void nvm_delete(struct nvm *nvm, uint32_t id)
{
	struct nvm_item item = {.kind = NVM_DELETE, .id = id};

	if (nvm->tx.open)
		add(&nvm->tx, &item, view_of(NULL, 0));
}

void nvm_prune(struct nvm *nvm, uint32_t series, uint64_t first)
{
	struct nvm_item item = {.kind = NVM_PRUNE, .id = series, .index = first};

	if (!nvm->tx.open)
		return;
	if (first > nvm_leaf_count(nvm, series) || first < nvm_leaf_first(nvm, series)) {
		fail(&nvm->tx, RC_ARGUMENT);
		return;
	}
	nvm->tx.prunes = true;
	add(&nvm->tx, &item, view_of(NULL, 0));
}

/* The series as it will be after the commit. */
static enum rc pending_series(struct nvm *nvm, uint32_t id, struct nvm_series **ret)
{
	struct nvm_transaction *tx = &nvm->tx;
	const struct nvm_series *present;
	struct nvm_series *series;

	for (size_t i = 0; i < tx->series_count; i++) {
		if (tx->series[i].id == id) {
			*ret = &tx->series[i];
			return RC_OK;
		}
	}
	series = realloc(tx->series, (tx->series_count + 1) * sizeof(*series));
	if (!series)
		return RC_MEMORY;
	tx->series = series;
	series += tx->series_count++;
	present = nvm_index_series(&nvm->index, id);
	if (present)
		*series = *present;
	else
		memset(series, 0, sizeof(*series));
	series->id = id;
	*ret = series;
	return RC_OK;
}

enum rc nvm_append(struct nvm *nvm, uint32_t series, struct view leaf,
		   struct merkle_range *ret_range)
{
	struct nvm_item item = {.kind = NVM_LEAF, .id = series, .length = (uint32_t)leaf.len};
	struct nvm_series *pending = NULL;
	enum rc rc = nvm_view_check(nvm);

	if (rc != RC_OK)
		return rc;
	if (!nvm->tx.open)
		return RC_STATE;
	rc = leaf.len > NVM_LEAF_MAX ? RC_SPACE : pending_series(nvm, series, &pending);
	if (rc == RC_OK)
		rc = merkle_leaf_hash(leaf, item.hash);
	if (rc != RC_OK)
		goto out;
	item.index = pending->range.size;
	rc = merkle_append(&pending->range, item.hash);
	if (rc != RC_OK)
		goto out;
	nvm->tx.grows = true;
	add(&nvm->tx, &item, leaf);
	rc = nvm->tx.rc;
	if (rc == RC_OK && ret_range)
		*ret_range = pending->range;
out:
	fail(&nvm->tx, rc);
	return rc;
}

enum rc nvm_commit(struct nvm *nvm, void (*meanwhile)(void *arg), void *arg)
{
	struct nvm_transaction *tx = &nvm->tx;
	enum rc rc = nvm_view_check(nvm);

	if (rc == RC_FORKED)
		return rc;
	if (!tx->open)
		return rc == RC_OK ? RC_STATE : rc;
	if (rc == RC_OK)
		rc = tx->rc;
	if (rc == RC_OK && tx->count == 0 && meanwhile)
		meanwhile(arg);
	if (rc == RC_OK && tx->count > 0) {
		rc = nvm_room_make(nvm, nvm_log_size(tx->count, tx->data.len),
				   tx->grows && !tx->prunes);
		if (rc == RC_IO)
			nvm->failed = true;
		if (rc == RC_OK)
			rc = nvm_log_write(nvm, 0, tx->count, view_buf(&tx->items),
					   view_buf(&tx->data), meanwhile, arg);
		if (rc == RC_OK && tx->prunes)
			rc = nvm_room_reclaim(nvm);
		if (rc == RC_IO)
			nvm->failed = true;
	}
	forget(tx);
	nvm_shared_unlock(nvm);
	return rc;
}

void nvm_abort(struct nvm *nvm)
{
	if (nvm_view_check(nvm) == RC_FORKED || !nvm->tx.open)
		return;
	forget(&nvm->tx);
	nvm_shared_unlock(nvm);
}
