/* SPDX-License-Identifier: BSD-2-Clause */
/* The cache of keys: a few entries, the one unused longest makes room. */
#include "card/key_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/symmetric.h"
#include "card/key_material.h"
#include "card/object_schema.h"
#include "card/pin.h"

struct key_cache {
	uint64_t clock;
	struct cached_key keys[KEY_CACHE_SIZE];
};

static void drop(struct cached_key *entry)
{
	for (size_t i = 0; i < PREPARED_COUNT; i++)
		EVP_PKEY_CTX_free(entry->prepared[i].context);
	EVP_PKEY_free(entry->key);
	buf_free(&entry->allowed);
	buf_free(&entry->secret);
	*entry = (struct cached_key){0};
}

enum rc key_cache_new(struct key_cache **ret)
{
	struct key_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return RC_MEMORY;
	*ret = cache;
	return RC_OK;
}

void key_cache_wipe(struct key_cache *cache)
{
	for (size_t i = 0; i < KEY_CACHE_SIZE; i++)
		drop(&cache->keys[i]);
}

void key_cache_free(struct key_cache **cache)
{
	if (!*cache)
		return;
	key_cache_wipe(*cache);
	free(*cache);
	*cache = NULL;
}

static struct cached_key *place_for(struct key_cache *cache, uint32_t number)
{
	struct cached_key *oldest = &cache->keys[0];

	for (size_t i = 0; i < KEY_CACHE_SIZE; i++) {
		if (cache->keys[i].number == number)
			return &cache->keys[i];
		if (cache->keys[i].used < oldest->used)
			oldest = &cache->keys[i];
	}
	return oldest;
}

static unsigned int usage(struct view list)
{
	return (attr_bool(list, CKA_SIGN, false) ? KEY_MAY_SIGN : 0) |
	       (attr_bool(list, CKA_DECRYPT, false) ? KEY_MAY_DECRYPT : 0) |
	       (attr_bool(list, CKA_DERIVE, false) ? KEY_MAY_DERIVE : 0) |
	       (attr_bool(list, CKA_ENCRYPT, false) ? KEY_MAY_ENCRYPT : 0) |
	       (attr_bool(list, CKA_VERIFY, false) ? KEY_MAY_VERIFY : 0) |
	       (attr_bool(list, CKA_WRAP, false) ? KEY_MAY_WRAP : 0) |
	       (attr_bool(list, CKA_UNWRAP, false) ? KEY_MAY_UNWRAP : 0) |
	       (attr_bool(list, CKA_SIGN_RECOVER, false) ? KEY_MAY_SIGN_RECOVER : 0);
}

static enum rc fill_private(struct cached_key *entry, struct view list)
{
	const struct curve *curve = NULL;
	struct view value;
	enum rc rc = key_from_list(list, &entry->key);

	if (rc != RC_OK)
		return rc == RC_MALFORMED ? RC_DAMAGED : rc;
	if (attr_find(list, CKA_EC_PARAMS, &value) == RC_OK)
		curve = key_curve(value);
	entry->bytes = curve ? curve->bytes : (size_t)EVP_PKEY_get_size(entry->key);
	return RC_OK;
}

static enum rc fill_secret(struct cached_key *entry, struct view list)
{
	struct view value;

	if (attr_find(list, CKA_VALUE, &value) != RC_OK ||
	    !symmetric_key_fits(entry->type, value.len))
		return RC_POLICY;
	buf_init(&entry->secret, value.len);
	buf_view(&entry->secret, value);
	entry->bytes = value.len;
	return buf_rc(&entry->secret);
}

/* Makes a free entry into the key of this list. */
static enum rc fill(struct cached_key *entry, struct view list)
{
	bool is_secret = attr_ulong(list, CKA_CLASS, ATTR_UNAVAILABLE) == CKO_SECRET_KEY;
	struct view value;
	enum rc rc;

	entry->type = attr_ulong(list, CKA_KEY_TYPE, ATTR_UNAVAILABLE);
	rc = is_secret ? fill_secret(entry, list) : fill_private(entry, list);
	if (rc != RC_OK)
		return rc;
	entry->trusted = attr_bool(list, CKA_TRUSTED, false);
	entry->usage = usage(list);
	entry->always_authenticate = attr_bool(list, CKA_ALWAYS_AUTHENTICATE, false);
	buf_init(&entry->allowed, ATTR_LIST_MAX);
	entry->restricted = attr_find(list, CKA_ALLOWED_MECHANISMS, &value) == RC_OK;
	if (entry->restricted)
		buf_view(&entry->allowed, value);
	return buf_rc(&entry->allowed);
}

static enum rc load(struct key_cache *cache, struct cached_key *entry, const struct command *c,
		    uint32_t number, const struct object_head *head)
{
	struct object object;
	uint64_t class;
	enum rc rc = object_open(c->nvm, number, object_key(c), &object);

	if (rc != RC_OK)
		return rc;
	rc = RC_POLICY;
	class = attr_ulong(view_buf(&object.list), CKA_CLASS, ATTR_UNAVAILABLE);
	if (class == CKO_PRIVATE_KEY || class == CKO_SECRET_KEY) {
		drop(entry);
		rc = fill(entry, view_buf(&object.list));
		if (rc != RC_OK)
			drop(entry);
	}
	if (rc == RC_OK) {
		entry->number = number;
		entry->loaded = ++cache->clock;
		memcpy(entry->stamp, head->stamp, sizeof(entry->stamp));
	}
	object_free(&object);
	return rc;
}

enum rc key_cache_get(struct key_cache *cache, const struct command *c, uint32_t number,
		      struct cached_key **ret)
{
	struct object_head head;
	struct cached_key *entry;
	enum rc rc = object_head(c->nvm, number, &head);

	if (rc != RC_OK)
		return rc;
	if (head.private && !pin_is(c->nvm, c->channel, PIN_USER))
		return RC_AUTH;
	entry = place_for(cache, number);
	if (entry->number != number ||
	    !view_equal(view_of(entry->stamp, OBJECT_STAMP), view_of(head.stamp, OBJECT_STAMP))) {
		rc = load(cache, entry, c, number, &head);
		if (rc != RC_OK)
			return rc;
	}
	entry->used = ++cache->clock;
	*ret = entry;
	return RC_OK;
}
