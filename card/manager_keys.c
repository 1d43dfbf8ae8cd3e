/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PUT KEY and DELETE [key], GPCS 11.8 and 11.2.2.3.2: key sets of three keys, added, replaced and
 * deleted whole. Keys come enciphered under the DEK of the session.
 */
#include <string.h>

#include "base/secret.h"
#include "base/tlv.h"
#include "card/keyed.h"
#include "card/keyset.h"
#include "card/manager.h"
#include "card/scp10.h"

enum {
	P2_SET = 0x81, /* several keys, from identifier 1 on */
	TAG_KEY_ID = 0xD0,
	TAG_KEY_VERSION = 0xD2,
	I_DES = 0x15,
	I_AES = 0x60, /* random challenges, R-MAC and R-ENC */
	BLOCK_DES = 8,
};

/* Under SCP10 the DEK that was agreed on; GPCS F.3.2.7, doc/scp10.md. */
static enum rc decipher10(struct command *c, struct view in, struct buf *out)
{
	static const uint8_t zero[AES_BLOCK];
	struct view dek = sm_dek(c->channel->scp10->sm, KEY_DEK);
	size_t block = dek.len == AES256_KEY ? AES_BLOCK : BLOCK_DES;
	struct cipher *cipher = NULL;
	uint8_t *to;
	enum rc rc;

	if (dek.len == 0)
		return RC_STATE;
	if (in.len == 0 || in.len % block)
		return RC_MALFORMED;
	to = buf_space(out, in.len);
	if (!to)
		return buf_rc(out);
	rc = cipher_new(dek.len == AES256_KEY ? CIPHER_AES_256 : CIPHER_3DES_2KEY, dek.data,
			&cipher);
	if (rc == RC_OK)
		rc = cipher_cbc_decrypt(cipher, zero, in.data, in.len, to);
	cipher_free(&cipher);
	return rc;
}

/* An AES key is not taken under a key that is easier to break, GPCS 11.8.2.3.4. */
static bool is_strong_enough(struct command *c, uint8_t type, size_t len)
{
	size_t strength = keyed_is_up(c->channel->keyed) ? keyed_strength(c->channel->keyed)
			  : sm_dek(c->channel->scp10->sm, KEY_DEK).len == AES256_KEY ? AES256_KEY
										     : 0;

	return type != KEY_TYPE_AES || strength >= len;
}

static enum rc decipher(struct command *c, struct view in, struct buf *out)
{
	return keyed_is_up(c->channel->keyed) ? keyed_decipher(c->channel->keyed, in, out)
					      : decipher10(c, in, out);
}

static bool is_key_length(uint8_t type, size_t len)
{
	if (type == KEY_TYPE_DES)
		return len == SCP02_KEY;
	return type == KEY_TYPE_AES && (len == 16 || len == 24 || len == 32);
}

/* A key component block: with a length before it where there may be padding, GPCS table 11-70. */
static enum rc take_component(struct command *c, uint8_t type, struct view block, uint8_t *key,
			      size_t *ret_len)
{
	size_t unit = type == KEY_TYPE_AES ? AES_BLOCK : BLOCK_DES;
	uint8_t array[2 * SCP03_KEY_MAX];
	uint8_t len = (uint8_t)block.len;
	struct buf plain;
	enum rc rc = RC_OK;

	if (block.len % unit) {
		rc = view_u8(&block, &len);
		if (rc == RC_OK && (len > block.len || block.len % unit))
			rc = RC_MALFORMED;
	}
	if (rc != RC_OK || block.len > sizeof(array) || !is_key_length(type, len) ||
	    !is_strong_enough(c, type, len))
		return RC_MALFORMED;
	buf_fixed(&plain, array, sizeof(array));
	rc = decipher(c, block, &plain);
	if (rc == RC_OK && plain.len < len)
		rc = RC_MALFORMED;
	if (rc == RC_OK) {
		memcpy(key, plain.data, len);
		*ret_len = len;
	}
	buf_free(&plain);
	return rc;
}

/* Key type, component block, check value. */
static uint16_t take_key(struct command *c, struct view *in, struct keyset *set,
			 enum keyset_use use)
{
	struct view block, check;
	uint8_t type, value[KEY_CHECK];
	size_t len;
	enum rc rc;

	if (view_u8(in, &type) != RC_OK || manager_take(in, &block) != RC_OK ||
	    manager_take(in, &check) != RC_OK)
		return SW_WRONG_DATA;
	if (type == 0x82 || type == 0x81) /* names of double length DES keys in older cards */
		type = KEY_TYPE_DES;
	if (use != KEYSET_ENC && type != set->type)
		return SW_WRONG_DATA;
	rc = take_component(c, type, block, set->key[use], &len);
	if (rc != RC_OK)
		return rc == RC_STATE ? SW_CONDITIONS : SW_WRONG_DATA;
	if (use != KEYSET_ENC && len != set->len)
		return SW_WRONG_DATA;
	set->type = type;
	set->len = len;
	rc = keyset_check(type, view_of(set->key[use], len), value);
	if (rc != RC_OK)
		return command_sw(rc);
	/* Keys of these types come with theirs, GPCS 11.8.2.3.3. */
	if (check.len != KEY_CHECK || !secret_equal(check.data, value, KEY_CHECK))
		return SW_SECURITY_STATUS;
	buf_put(c->answer, value, KEY_CHECK);
	return SW_OK;
}

static uint16_t take_set(struct command *c, struct keyset *set)
{
	struct view in = c->data;
	uint16_t sw = SW_OK;

	if (view_u8(&in, &set->version) != RC_OK || set->version == 0 ||
	    set->version > KEYSET_VERSION_MAX)
		return SW_WRONG_DATA;
	buf_u8(c->answer, set->version);
	for (int use = KEYSET_ENC; sw == SW_OK && use < KEYSET_KEYS; use++)
		sw = take_key(c, &in, set, (enum keyset_use)use);
	if (sw == SW_OK && in.len)
		return SW_WRONG_DATA;
	set->i = set->type == KEY_TYPE_DES ? I_DES : I_AES;
	return sw;
}

/* A new version must be new, a replaced one must be there and of the same kind. */
static uint16_t check_place(struct command *c, const struct keyset *set)
{
	struct keyset old;
	enum rc rc = keyset_load(c->nvm, set->domain, set->version, &old);
	bool exists = rc == RC_OK;
	uint16_t sw = SW_OK;

	if (exists && c->p1 != set->version)
		sw = SW_CONDITIONS;
	if (c->p1 && c->p1 != set->version)
		rc = keyset_load(c->nvm, set->domain, c->p1, &old);
	if (sw == SW_OK && c->p1 && rc != RC_OK)
		sw = SW_REFERENCE_NOT_FOUND;
	if (sw == SW_OK && c->p1 && (old.type != set->type || old.len != set->len))
		sw = SW_WRONG_DATA;
	keyset_wipe(&old);
	return sw;
}

static uint16_t put_set(struct command *c, const struct keyset *set)
{
	uint16_t sw = check_place(c, set);
	enum rc rc;

	if (sw != SW_OK)
		return sw;
	rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	if (c->p1 && c->p1 != set->version)
		keyset_delete(c->nvm, set->domain, c->p1);
	return command_sw(command_commit(c->nvm, keyset_put(c->nvm, set)));
}

/* 9000 if the selected domain's keys may change. */
static uint16_t may_write(struct command *c)
{
	struct registry_entry domain;
	enum rc rc = manager_domain(c, &domain);

	return rc == RC_OK ? manager_may_write(c, &domain) : command_sw(rc);
}

uint16_t manager_put_key(struct command *c)
{
	struct keyset set = {.domain = c->channel->application};
	uint16_t sw = may_write(c);

	manager_reset(c->channel->manager);
	if (sw != SW_OK)
		return sw;
	if (c->p2 != P2_SET || c->p1 > KEYSET_VERSION_MAX)
		return SW_INCORRECT_P1P2;
	sw = take_set(c, &set);
	if (sw == SW_OK)
		sw = put_set(c, &set);
	keyset_wipe(&set);
	return sw;
}

uint16_t manager_delete_key(struct command *c, struct view data)
{
	struct view value, in = data;
	uint32_t domain = c->channel->application;
	struct keyset set;
	uint8_t version;
	uint16_t sw = may_write(c);
	enum rc rc;

	if (sw != SW_OK)
		return sw;
	/* A set is deleted whole: the version says which. */
	if (tlv_expect(&in, TAG_KEY_VERSION, &value) != RC_OK || view_end(&in) != RC_OK ||
	    view_u8(&value, &version) != RC_OK || value.len || version == 0)
		return SW_WRONG_DATA;
	rc = keyset_load(c->nvm, domain, version, &set);
	keyset_wipe(&set);
	if (rc != RC_OK)
		return command_sw(rc);
	rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	keyset_delete(c->nvm, domain, version);
	rc = command_commit(c->nvm, RC_OK);
	return rc == RC_OK ? manager_confirm(c) : command_sw(rc);
}
