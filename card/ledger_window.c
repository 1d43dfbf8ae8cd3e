/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring of nonces by index, hash chains through it, and a queue of its minima of time: of every
 * record the queue keeps those that are older than all records after it, so that its front is the
 * window's earliest time.
 */
#include "card/ledger_window.h"

#include <stdlib.h>
#include <string.h>

#include "card/ledger_cache.h"
#include "card/ledger_nonces.h"

enum { MASK = LEDGER_WINDOW - 1 };

static const uint32_t NONE = UINT32_MAX; /* the end of a chain */

struct ledger_window {
	uint64_t count; /* leaves seen, leaf 0 included */
	uint64_t key[2]; /* random, so that nobody can choose nonces that fall into one chain */
	uint8_t ring[LEDGER_WINDOW][LEDGER_NONCE]; /* of record i at i & MASK */
	uint32_t heads[LEDGER_WINDOW], nexts[LEDGER_WINDOW]; /* ring positions */
	uint64_t minima[LEDGER_WINDOW]; /* record indexes, ascending in index and time */
	size_t first, length; /* of the queue in minima, which is a ring too */
};

enum rc ledger_window_new(struct ledger_window **ret)
{
	struct ledger_window *w = calloc(1, sizeof(*w));
	enum rc rc;

	if (!w)
		return RC_MEMORY;
	rc = crypto_random(w->key, sizeof(w->key));
	if (rc != RC_OK) {
		free(w);
		return rc;
	}
	w->count = 1;
	memset(w->heads, 0xFF, sizeof(w->heads));
	*ret = w;
	return RC_OK;
}

void ledger_window_free(struct ledger_window **window)
{
	free(*window);
	*window = NULL;
}

uint64_t ledger_window_count(const struct ledger_window *window)
{
	return window->count;
}

static void take_nonce(const uint8_t nonce[LEDGER_NONCE], uint64_t *ret_time, uint64_t *ret_random)
{
	struct view v = view_of(nonce, LEDGER_NONCE);

	*ret_time = *ret_random = 0;
	if (view_u64(&v, ret_time) != RC_OK || view_u64(&v, ret_random) != RC_OK)
		abort(); /* the array has 16 bytes */
}

static uint64_t time_at(const struct ledger_window *w, uint64_t index)
{
	uint64_t time, random;

	take_nonce(w->ring[index & MASK], &time, &random);
	return time;
}

static uint32_t chain_of(const struct ledger_window *w, const uint8_t nonce[LEDGER_NONCE])
{
	uint64_t time, random, x;

	take_nonce(nonce, &time, &random);
	x = (time ^ w->key[0]) * 0x9E3779B97F4A7C15U;
	x = (x ^ x >> 32 ^ random ^ w->key[1]) * 0xD6E8FEB86659FD93U;
	x = (x ^ x >> 32 ^ w->key[0]) * 0x9E3779B97F4A7C15U;
	return (uint32_t)(x >> 48);
}

/* The oldest record leaves its chain and the queue. */
static void forget(struct ledger_window *w, uint64_t index)
{
	uint32_t position = index & MASK;
	uint32_t *at = &w->heads[chain_of(w, w->ring[position])];

	while (*at != NONE && *at != position)
		at = &w->nexts[*at];
	if (*at == position)
		*at = w->nexts[position];
	if (w->length && w->minima[w->first] == index) {
		w->first = (w->first + 1) & MASK;
		w->length--;
	}
}

static void queue(struct ledger_window *w, uint64_t index)
{
	uint64_t time = time_at(w, index);

	while (w->length && time_at(w, w->minima[(w->first + w->length - 1) & MASK]) >= time)
		w->length--;
	w->minima[(w->first + w->length) & MASK] = index;
	w->length++;
}

void ledger_window_add(struct ledger_window *w, uint64_t index, const uint8_t nonce[LEDGER_NONCE])
{
	uint32_t position = index & MASK, *head;

	if (index != w->count)
		return;
	if (index > LEDGER_WINDOW)
		forget(w, index - LEDGER_WINDOW);
	memcpy(w->ring[position], nonce, LEDGER_NONCE);
	head = &w->heads[chain_of(w, nonce)];
	w->nexts[position] = *head;
	*head = position;
	queue(w, index);
	w->count = index + 1;
}

/* Starts at an index with nothing in the window. */
static void restart(struct ledger_window *w, uint64_t index)
{
	memset(w->heads, 0xFF, sizeof(w->heads));
	w->first = w->length = 0;
	w->count = index;
}

const uint8_t *ledger_window_nonce(const struct ledger_window *w, uint64_t index)
{
	return w->ring[index & MASK];
}

/* The nonce of a leaf, or what was kept of it. leaf is an empty buffer. */
static enum rc read_nonce(struct nvm *nvm, uint32_t number, uint64_t index, struct buf *leaf,
			  uint8_t ret[LEDGER_NONCE])
{
	struct view ciphertext, tag;
	struct leaf_header header;
	enum rc rc;

	if (index < nvm_leaf_first(nvm, ledger_series(number)))
		return ledger_nonces_get(nvm, number, index, ret);
	rc = nvm_leaf(nvm, ledger_series(number), index, leaf);
	if (rc == RC_OK && leaf_parse(view_buf(leaf), &header, &ciphertext, &tag) != RC_OK)
		rc = RC_DAMAGED;
	if (rc == RC_OK)
		memcpy(ret, header.client_nonce, LEDGER_NONCE);
	return rc;
}

enum rc ledger_window_sync(struct ledger_window *w, struct nvm *nvm, uint32_t number)
{
	uint64_t end = nvm_leaf_count(nvm, ledger_series(number));
	uint8_t nonce[LEDGER_NONCE];
	struct buf leaf;
	enum rc rc = RC_OK;

	if (end < w->count)
		restart(w, 1);
	if (end > LEDGER_WINDOW && w->count < end - LEDGER_WINDOW)
		restart(w, end - LEDGER_WINDOW);
	buf_init(&leaf, NVM_LEAF_MAX);
	while (rc == RC_OK && w->count < end) {
		buf_reset(&leaf);
		rc = read_nonce(nvm, number, w->count, &leaf, nonce);
		if (rc == RC_OK)
			ledger_window_add(w, w->count, nonce);
	}
	buf_free(&leaf);
	return rc;
}

enum rc ledger_window_find(const struct ledger_window *w, const uint8_t nonce[LEDGER_NONCE],
			   uint64_t *ret_index)
{
	struct view wanted = view_of(nonce, LEDGER_NONCE);
	uint64_t time, random, newest = w->count - 1;

	for (uint32_t at = w->heads[chain_of(w, nonce)]; at != NONE; at = w->nexts[at]) {
		if (view_equal(view_of(w->ring[at], LEDGER_NONCE), wanted)) {
			*ret_index = newest - ((newest - at) & MASK);
			return RC_OK;
		}
	}
	take_nonce(nonce, &time, &random);
	if (newest > LEDGER_WINDOW && w->length && time < time_at(w, w->minima[w->first]))
		return RC_POLICY;
	return RC_NOT_FOUND;
}
