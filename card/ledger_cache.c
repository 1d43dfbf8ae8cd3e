/* SPDX-License-Identifier: BSD-2-Clause */
/* Ledgers opened once and kept; the one unused longest makes room. */
#include "card/ledger_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "card/ledger_record.h"

enum { VERSION = 1, PLAIN_MAX = 256, RECORD_MAX = 512 };

struct ledger_cache {
	uint64_t clock;
	struct ledger ledgers[LEDGER_CACHE_SIZE];
};

uint32_t ledger_series(uint32_t number)
{
	return RECORD_LEDGER | number;
}

enum rc ledger_put(struct nvm *nvm, uint32_t number, const uint8_t id[LEDGER_ID],
		   const uint8_t content_key[AES256_KEY], const EVP_PKEY *signer)
{
	uint8_t array[RECORD_MAX], plain_array[PLAIN_MAX], public_key[ED25519_PUBLIC];
	struct buf record, plain;
	enum rc rc;

	buf_fixed(&record, array, sizeof(array));
	buf_fixed(&plain, plain_array, sizeof(plain_array));
	buf_put(&plain, content_key, AES256_KEY);
	rc = pkey_put_private(signer, &plain);
	if (rc == RC_OK)
		rc = buf_rc(&plain);
	if (rc == RC_OK)
		rc = ed25519_public(signer, public_key);
	if (rc == RC_OK) {
		buf_u8(&record, VERSION);
		buf_put(&record, id, LEDGER_ID);
		buf_put(&record, public_key, sizeof(public_key));
		rc = nvm_secret_seal(nvm, ledger_series(number), NULL, view_buf(&plain), &record);
	}
	if (rc == RC_OK)
		rc = buf_rc(&record);
	if (rc == RC_OK)
		nvm_put(nvm, ledger_series(number), view_buf(&record));
	buf_free(&plain);
	return rc;
}

enum rc ledger_cache_new(struct ledger_cache **ret)
{
	struct ledger_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return RC_MEMORY;
	*ret = cache;
	return RC_OK;
}

static void wipe(struct ledger *ledger)
{
	secret_free(&ledger->content_key);
	gcm_free(&ledger->content_cipher);
	EVP_PKEY_free(ledger->signer);
	ledger->signer = NULL;
}

void ledger_cache_wipe(struct ledger_cache *cache)
{
	for (size_t i = 0; i < LEDGER_CACHE_SIZE; i++)
		wipe(&cache->ledgers[i]);
}

static void drop(struct ledger *ledger)
{
	wipe(ledger);
	ledger_window_free(&ledger->window);
	*ledger = (struct ledger){0};
}

void ledger_cache_free(struct ledger_cache **cache)
{
	if (!*cache)
		return;
	for (size_t i = 0; i < LEDGER_CACHE_SIZE; i++)
		drop(&(*cache)->ledgers[i]);
	free(*cache);
	*cache = NULL;
}

static struct ledger *place_for(struct ledger_cache *cache, uint32_t number)
{
	struct ledger *oldest = &cache->ledgers[0];

	for (size_t i = 0; i < LEDGER_CACHE_SIZE; i++) {
		if (cache->ledgers[i].number == number)
			return &cache->ledgers[i];
		if (cache->ledgers[i].used < oldest->used)
			oldest = &cache->ledgers[i];
	}
	return oldest;
}

/* Takes the opened secrets apart. */
static enum rc take_keys(struct view plain, struct ledger *ret)
{
	struct view content_key;
	enum rc rc;

	if (view_take(&plain, AES256_KEY, &content_key) != RC_OK)
		return RC_DAMAGED;
	ret->content_key = secret_new(AES256_KEY);
	if (!ret->content_key)
		return RC_MEMORY;
	memcpy(ret->content_key, content_key.data, AES256_KEY);
	rc = gcm_new(ret->content_key, &ret->content_cipher);
	if (rc != RC_OK)
		return rc;
	rc = pkey_private(plain, &ret->signer);
	return rc == RC_MALFORMED ? RC_DAMAGED : rc;
}

/* What leaf 0 says; it may lie with the state, or among the leaves. */
static enum rc read_policy(struct nvm *nvm, struct ledger *l)
{
	struct view body, tag;
	struct leaf_header header;
	struct ledger_policy policy;
	struct buf leaf;
	enum rc rc;

	buf_init(&leaf, NVM_LEAF_MAX);
	rc = ledger_leaf(l, nvm, 0, &leaf);
	if (rc == RC_OK && (leaf_parse(view_buf(&leaf), &header, &body, &tag) != RC_OK ||
			    ledger_parse_policy(body, &policy) != RC_OK))
		rc = RC_DAMAGED;
	if (rc == RC_OK)
		l->rules = policy.rules;
	if (rc == RC_OK && policy.auditor.len &&
	    note_parse_cosigner(policy.auditor, &l->auditor) != RC_OK)
		rc = RC_DAMAGED;
	buf_free(&leaf);
	return rc == RC_NOT_FOUND ? RC_DAMAGED : rc;
}

static enum rc open_record(struct nvm *nvm, uint32_t number, struct view in, struct ledger *ret)
{
	uint8_t plain_array[PLAIN_MAX], public_key[ED25519_PUBLIC], version;
	struct ledger l = {.number = number};
	struct buf plain;
	enum rc rc;

	if (view_u8(&in, &version) != RC_OK || version != VERSION ||
	    view_copy(&in, l.id, sizeof(l.id)) != RC_OK ||
	    view_copy(&in, public_key, sizeof(public_key)) != RC_OK)
		return RC_DAMAGED;
	buf_fixed(&plain, plain_array, sizeof(plain_array));
	rc = nvm_secret_open(nvm, ledger_series(number), NULL, in, &plain);
	if (rc == RC_AUTH)
		rc = RC_DAMAGED;
	if (rc == RC_OK)
		rc = buf_rc(&plain);
	if (rc == RC_OK)
		rc = take_keys(view_buf(&plain), &l);
	if (rc == RC_OK)
		rc = ledger_key(l.id, public_key, &l.key);
	if (rc == RC_OK)
		rc = read_policy(nvm, &l);
	buf_free(&plain);
	if (rc == RC_OK)
		*ret = l;
	else
		wipe(&l);
	return rc;
}

enum rc ledger_cache_get(struct ledger_cache *cache, struct nvm *nvm, uint32_t number,
			 struct ledger **ret)
{
	struct ledger *entry, opened;
	struct view record;
	enum rc rc;

	if (!number || number > TOKEN_OBJECTS_MAX)
		return RC_NOT_FOUND;
	entry = place_for(cache, number);
	if (entry->number != number || !entry->content_key) {
		rc = nvm_get(nvm, ledger_series(number), &record);
		if (rc == RC_OK)
			rc = open_record(nvm, number, record, &opened);
		if (rc != RC_OK)
			return rc;
		if (entry->number != number)
			drop(entry);
		opened.window = entry->window;
		*entry = opened;
	}
	entry->used = ++cache->clock;
	*ret = entry;
	return RC_OK;
}
