/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys in card memory: `id type flags usage access curve`, a byte each, then `length 2 || value` and
 * `length 2 || exponent`, one key after another under the storage key.
 */
#include "card/keyring.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/secret.h"
#include "card/command.h"

enum {
	DOMAIN_SHIFT = 8,
	VERSION_MASK = 0xFF,
	FLAG_EXTENDED = 0x01,
	PLAIN_MAX = RING_KEYS_MAX * (10 + RING_VALUE_MAX + RING_EXPONENT_MAX),
	SEALED_MAX = PLAIN_MAX + 64,
};

static uint32_t record(uint32_t domain, uint8_t version)
{
	return RECORD_KEYRING | domain << DOMAIN_SHIFT | version;
}

void keyring_wipe(struct ring_key *key)
{
	OPENSSL_cleanse(key, sizeof(*key));
}

static enum rc take_value(struct view *in, uint8_t *to, size_t max, size_t *ret_len)
{
	uint16_t len;
	enum rc rc = view_u16(in, &len);

	if (rc == RC_OK && len > max)
		rc = RC_DAMAGED;
	if (rc == RC_OK)
		rc = view_copy(in, to, len);
	if (rc == RC_OK)
		*ret_len = len;
	return rc;
}

static enum rc take_key(struct view *in, uint8_t version, struct ring_key *ret)
{
	uint8_t flags = 0;

	*ret = (struct ring_key){.version = version};
	if (view_u8(in, &ret->id) != RC_OK || view_u8(in, &ret->type) != RC_OK ||
	    view_u8(in, &flags) != RC_OK || view_u8(in, &ret->usage) != RC_OK ||
	    view_u8(in, &ret->access) != RC_OK || view_u8(in, &ret->curve) != RC_OK ||
	    take_value(in, ret->value, sizeof(ret->value), &ret->len) != RC_OK ||
	    take_value(in, ret->exponent, sizeof(ret->exponent), &ret->exponent_len) != RC_OK)
		return RC_DAMAGED;
	ret->extended = flags & FLAG_EXTENDED;
	return RC_OK;
}

static void put_key(const struct ring_key *key, struct buf *out)
{
	buf_u8(out, key->id);
	buf_u8(out, key->type);
	buf_u8(out, key->extended ? FLAG_EXTENDED : 0);
	buf_u8(out, key->usage);
	buf_u8(out, key->access);
	buf_u8(out, key->curve);
	buf_u16(out, (uint16_t)key->len);
	buf_put(out, key->value, key->len);
	buf_u16(out, (uint16_t)key->exponent_len);
	buf_put(out, key->exponent, key->exponent_len);
}

/* The keys of a version in clear; empty where there are none. */
static enum rc open_version(struct nvm *nvm, uint32_t domain, uint8_t version, struct buf *plain)
{
	uint32_t id = record(domain, version);
	struct view sealed;
	enum rc rc = nvm_get(nvm, id, &sealed);

	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc == RC_OK)
		rc = nvm_secret_open(nvm, id, NULL, sealed, plain);
	return rc == RC_AUTH ? RC_DAMAGED : rc;
}

static enum rc seal_version(struct nvm *nvm, uint32_t domain, uint8_t version, struct view plain)
{
	uint32_t id = record(domain, version);
	struct buf sealed;
	enum rc rc;

	if (plain.len == 0) {
		nvm_delete(nvm, id);
		return RC_OK;
	}
	buf_init(&sealed, SEALED_MAX);
	rc = nvm_secret_seal(nvm, id, NULL, plain, &sealed);
	if (rc == RC_OK)
		nvm_put(nvm, id, view_buf(&sealed));
	buf_free(&sealed);
	return rc;
}

/* The key with the lowest identifier above id. */
static enum rc first_above(struct view in, uint8_t version, int id, struct ring_key *ret)
{
	struct ring_key key;
	bool found = false;
	enum rc rc = RC_OK;

	while (rc == RC_OK && in.len) {
		rc = take_key(&in, version, &key);
		if (rc == RC_OK && key.id > id && (!found || key.id < ret->id)) {
			*ret = key;
			found = true;
		}
	}
	keyring_wipe(&key);
	if (rc == RC_OK && !found)
		rc = RC_NOT_FOUND;
	return rc;
}

static enum rc above_in_version(struct nvm *nvm, uint32_t domain, uint8_t version, int id,
				struct ring_key *ret)
{
	struct buf plain;
	enum rc rc;

	buf_init(&plain, PLAIN_MAX);
	rc = open_version(nvm, domain, version, &plain);
	if (rc == RC_OK)
		rc = first_above(view_buf(&plain), version, id, ret);
	buf_free(&plain);
	return rc;
}

enum rc keyring_load(struct nvm *nvm, uint32_t domain, uint8_t version, uint8_t id,
		     struct ring_key *ret)
{
	enum rc rc = above_in_version(nvm, domain, version, id - 1, ret);

	return rc == RC_OK && ret->id != id ? RC_NOT_FOUND : rc;
}

enum rc keyring_next(struct nvm *nvm, uint32_t domain, int version, int id, struct ring_key *ret)
{
	struct view sealed;
	uint32_t found;
	enum rc rc = RC_NOT_FOUND;

	if (version >= 0)
		rc = above_in_version(nvm, domain, (uint8_t)version, id, ret);
	if (rc != RC_NOT_FOUND)
		return rc;
	rc = nvm_next(nvm, record(domain, version < 0 ? 0 : (uint8_t)version), &found, &sealed);
	if (rc == RC_OK && found >> DOMAIN_SHIFT != record(domain, 0) >> DOMAIN_SHIFT)
		rc = RC_NOT_FOUND;
	return rc == RC_OK ? above_in_version(nvm, domain, found & VERSION_MASK, -1, ret) : rc;
}

bool keyring_has(struct nvm *nvm, uint32_t domain, uint8_t version)
{
	struct view sealed;

	return nvm_get(nvm, record(domain, version), &sealed) == RC_OK;
}

/* Those of a version that are not among these identifiers. */
static enum rc keep_others(struct view in, const struct ring_key *keys, size_t count,
			   struct buf *out, size_t *ret_kept)
{
	struct ring_key key;
	enum rc rc = RC_OK;

	*ret_kept = 0;
	while (rc == RC_OK && in.len) {
		bool is_new = false;

		rc = take_key(&in, keys->version, &key);
		for (size_t i = 0; i < count; i++)
			is_new = is_new || keys[i].id == key.id;
		if (rc == RC_OK && !is_new) {
			put_key(&key, out);
			(*ret_kept)++;
		}
	}
	keyring_wipe(&key);
	return rc == RC_OK ? buf_rc(out) : rc;
}

enum rc keyring_put(struct nvm *nvm, uint32_t domain, const struct ring_key *keys, size_t count)
{
	struct buf old, fresh;
	size_t kept = 0;
	enum rc rc;

	for (size_t i = 0; i < count; i++)
		if (keys[i].version != keys->version)
			return RC_ARGUMENT;
	buf_init(&old, PLAIN_MAX);
	buf_init(&fresh, PLAIN_MAX);
	rc = open_version(nvm, domain, keys->version, &old);
	if (rc == RC_OK)
		rc = keep_others(view_buf(&old), keys, count, &fresh, &kept);
	if (rc == RC_OK && kept + count > RING_KEYS_MAX)
		rc = RC_SPACE;
	for (size_t i = 0; i < count; i++)
		put_key(&keys[i], &fresh);
	if (rc == RC_OK)
		rc = buf_rc(&fresh);
	if (rc == RC_OK)
		rc = seal_version(nvm, domain, keys->version, view_buf(&fresh));
	buf_free(&old);
	buf_free(&fresh);
	return rc;
}

enum rc keyring_delete(struct nvm *nvm, uint32_t domain, const struct ring_key *keys, size_t count)
{
	struct buf old, fresh;
	size_t kept;
	enum rc rc;

	buf_init(&old, PLAIN_MAX);
	buf_init(&fresh, PLAIN_MAX);
	rc = open_version(nvm, domain, keys->version, &old);
	if (rc == RC_OK)
		rc = keep_others(view_buf(&old), keys, count, &fresh, &kept);
	if (rc == RC_OK && fresh.len == old.len)
		rc = RC_NOT_FOUND;
	if (rc == RC_OK)
		rc = seal_version(nvm, domain, keys->version, view_buf(&fresh));
	buf_free(&old);
	buf_free(&fresh);
	return rc;
}

void keyring_delete_version(struct nvm *nvm, uint32_t domain, uint8_t version)
{
	nvm_delete(nvm, record(domain, version));
}

void keyring_delete_all(struct nvm *nvm, uint32_t domain)
{
	uint32_t id = record(domain, 0);
	struct view sealed;

	while (nvm_next(nvm, id, &id, &sealed) == RC_OK &&
	       id >> DOMAIN_SHIFT == record(domain, 0) >> DOMAIN_SHIFT)
		nvm_delete(nvm, id);
}
