/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Key sets in card memory: `type 1 || i 1 || keys` under the storage key, one record a set, then a
 * byte that says which keys are missing if any is, and a record of four bytes for its sequence counter.
 */
#include "card/keyset.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/secret.h"
#include "card/command.h"

enum {
	DOMAIN_SHIFT = 8,
	VERSION_MASK = 0xFF,
	COUNTER_MAX_DES = 0xFFFF,
	COUNTER_MAX_AES = 0xFFFFFF,
	PLAIN_MAX = 2 + KEYSET_KEYS * SCP03_KEY_MAX + 1,
	MISSING_MASK = 0x07,
	SEALED_MAX = PLAIN_MAX + 64,
	DES_BLOCK = 8,
};

static uint32_t record(uint32_t kind, uint32_t domain, uint8_t version)
{
	return kind | domain << DOMAIN_SHIFT | version;
}

void keyset_wipe(struct keyset *set)
{
	OPENSSL_cleanse(set, sizeof(*set));
}

static bool is_possible(const struct keyset *set)
{
	if (set->version == 0 || set->version > KEYSET_VERSION_MAX)
		return false;
	if (set->type == KEY_TYPE_DES)
		return set->len == SCP02_KEY;
	return set->type == KEY_TYPE_AES && (set->len == 16 || set->len == 24 || set->len == 32);
}

static enum rc take_keys(struct view in, struct keyset *set)
{
	enum rc rc = view_u8(&in, &set->type);

	if (rc == RC_OK)
		rc = view_u8(&in, &set->i);
	set->len = in.len / KEYSET_KEYS;
	if (rc != RC_OK || in.len % KEYSET_KEYS > 1 || !is_possible(set))
		return RC_DAMAGED;
	for (int k = 0; rc == RC_OK && k < KEYSET_KEYS; k++)
		rc = view_copy(&in, set->key[k], set->len);
	if (rc == RC_OK && in.len)
		rc = view_u8(&in, &set->missing);
	return rc;
}

static enum rc open_set(struct nvm *nvm, uint32_t id, struct view sealed, struct keyset *ret)
{
	struct keyset set = {
		.domain = (id & ~(uint32_t)RECORD_KIND_MASK) >> DOMAIN_SHIFT,
		.version = id & VERSION_MASK,
	};
	uint8_t array[PLAIN_MAX];
	struct buf plain;
	enum rc rc;

	buf_fixed(&plain, array, sizeof(array));
	rc = nvm_secret_open(nvm, id, NULL, sealed, &plain);
	if (rc == RC_OK)
		rc = take_keys(view_buf(&plain), &set);
	if (rc == RC_OK)
		*ret = set;
	keyset_wipe(&set);
	buf_free(&plain);
	return rc == RC_AUTH ? RC_DAMAGED : rc;
}

enum rc keyset_next(struct nvm *nvm, uint32_t domain, uint8_t after, struct keyset *ret)
{
	struct view sealed;
	uint32_t id;
	enum rc rc = nvm_next(nvm, record(RECORD_KEYSET, domain, after), &id, &sealed);

	if (rc == RC_OK && id >> DOMAIN_SHIFT != record(RECORD_KEYSET, domain, 0) >> DOMAIN_SHIFT)
		return RC_NOT_FOUND;
	return rc == RC_OK ? open_set(nvm, id, sealed, ret) : rc;
}

enum rc keyset_load(struct nvm *nvm, uint32_t domain, uint8_t version, struct keyset *ret)
{
	uint32_t id = record(RECORD_KEYSET, domain, version);
	struct view sealed;
	enum rc rc;

	if (version == 0) {
		ret->version = 0;
		do
			rc = keyset_next(nvm, domain, ret->version, ret);
		while (rc == RC_OK && ret->missing);
		return rc;
	}
	rc = nvm_get(nvm, id, &sealed);
	return rc == RC_OK ? open_set(nvm, id, sealed, ret) : rc;
}

enum rc keyset_change(struct nvm *nvm, const struct keyset *set)
{
	uint32_t id = record(RECORD_KEYSET, set->domain, set->version);
	uint8_t array[PLAIN_MAX], sealed_array[SEALED_MAX];
	struct buf plain, sealed;
	enum rc rc;

	if (!is_possible(set))
		return RC_ARGUMENT;
	buf_fixed(&plain, array, sizeof(array));
	buf_fixed(&sealed, sealed_array, sizeof(sealed_array));
	buf_u8(&plain, set->type);
	buf_u8(&plain, set->i);
	for (int k = 0; k < KEYSET_KEYS; k++)
		buf_put(&plain, set->key[k], set->len);
	if (set->missing)
		buf_u8(&plain, set->missing & MISSING_MASK);
	rc = buf_rc(&plain);
	if (rc == RC_OK)
		rc = nvm_secret_seal(nvm, id, NULL, view_buf(&plain), &sealed);
	if (rc == RC_OK)
		nvm_put(nvm, id, view_buf(&sealed));
	buf_free(&plain);
	return rc;
}

enum rc keyset_put(struct nvm *nvm, const struct keyset *set)
{
	static const uint8_t none[4];
	enum rc rc = keyset_change(nvm, set);

	if (rc == RC_OK)
		nvm_put(nvm, record(RECORD_KEYSET_COUNTER, set->domain, set->version),
			view_of(none, sizeof(none)));
	return rc;
}

void keyset_delete(struct nvm *nvm, uint32_t domain, uint8_t version)
{
	nvm_delete(nvm, record(RECORD_KEYSET, domain, version));
	nvm_delete(nvm, record(RECORD_KEYSET_COUNTER, domain, version));
}

void keyset_delete_all(struct nvm *nvm, uint32_t domain)
{
	uint32_t id = record(RECORD_KEYSET, domain, 0);
	struct view sealed;

	while (nvm_next(nvm, id, &id, &sealed) == RC_OK &&
	       id >> DOMAIN_SHIFT == record(RECORD_KEYSET, domain, 0) >> DOMAIN_SHIFT)
		keyset_delete(nvm, domain, id & VERSION_MASK);
}

enum rc keyset_counter(struct nvm *nvm, const struct keyset *set, uint32_t *ret)
{
	struct view in;
	enum rc rc = nvm_get(nvm, record(RECORD_KEYSET_COUNTER, set->domain, set->version), &in);

	if (rc == RC_NOT_FOUND) {
		*ret = 0;
		return RC_OK;
	}
	if (rc == RC_OK && in.len != sizeof(*ret))
		return RC_DAMAGED;
	return rc == RC_OK ? view_u32(&in, ret) : rc;
}

/* Inside a transaction. */
static enum rc count(struct nvm *nvm, const struct keyset *set, const uint32_t *from, uint32_t *ret)
{
	uint32_t counter, end = set->type == KEY_TYPE_DES ? COUNTER_MAX_DES : COUNTER_MAX_AES;
	uint8_t array[sizeof(counter)];
	struct buf b;
	enum rc rc = keyset_counter(nvm, set, &counter);

	if (rc == RC_OK && from && counter != *from)
		rc = RC_STATE;
	if (rc == RC_OK && counter >= end)
		rc = RC_FULL;
	if (rc != RC_OK)
		return rc;
	buf_fixed(&b, array, sizeof(array));
	buf_u32(&b, ++counter);
	nvm_put(nvm, record(RECORD_KEYSET_COUNTER, set->domain, set->version), view_buf(&b));
	*ret = counter;
	return RC_OK;
}

enum rc keyset_count(struct nvm *nvm, const struct keyset *set, uint32_t *ret)
{
	uint32_t counter = 0;
	enum rc rc = nvm_begin(nvm);

	if (rc != RC_OK)
		return rc;
	rc = command_commit(nvm, count(nvm, set, NULL, &counter));
	if (rc == RC_OK)
		*ret = counter;
	return rc;
}

enum rc keyset_count_from(struct nvm *nvm, const struct keyset *set, uint32_t from)
{
	uint32_t counter;
	enum rc rc = nvm_begin(nvm);

	if (rc != RC_OK)
		return rc;
	rc = keyset_is_current(nvm, set);
	if (rc == RC_OK)
		rc = count(nvm, set, &from, &counter);
	return command_commit(nvm, rc);
}

enum rc keyset_is_current(struct nvm *nvm, const struct keyset *set)
{
	struct keyset now;
	enum rc rc = keyset_load(nvm, set->domain, set->version, &now);

	if (rc == RC_NOT_FOUND)
		return RC_STATE;
	if (rc != RC_OK)
		return rc;
	if (now.type != set->type || now.i != set->i || now.len != set->len || now.missing)
		rc = RC_STATE;
	for (int k = 0; rc == RC_OK && k < KEYSET_KEYS; k++)
		if (!secret_equal(now.key[k], set->key[k], set->len))
			rc = RC_STATE;
	keyset_wipe(&now);
	return rc;
}

enum rc keyset_check(uint8_t type, struct view key, uint8_t ret[KEY_CHECK])
{
	uint8_t in[AES_BLOCK], out[AES_BLOCK];
	struct cipher *cipher = NULL;
	enum rc rc;

	memset(in, type == KEY_TYPE_AES ? 0x01 : 0x00, sizeof(in));
	if (type == KEY_TYPE_AES)
		rc = scp03_cipher(key, &cipher);
	else
		rc = key.len == SCP02_KEY ? cipher_new(CIPHER_3DES_2KEY, key.data, &cipher)
					  : RC_ARGUMENT;
	if (rc == RC_OK)
		rc = cipher_block(cipher, in, out);
	if (rc == RC_OK)
		memcpy(ret, out, KEY_CHECK);
	cipher_free(&cipher);
	OPENSSL_cleanse(out, sizeof(out));
	return rc;
}
