/* SPDX-License-Identifier: BSD-2-Clause */
/* Key data fields and their deciphering. */
#include "card/manager_key_data.h"

#include <string.h>

#include "base/secret.h"
#include "card/keyed.h"
#include "card/keyset.h"
#include "card/manager.h"
#include "card/scp10.h"

enum {
	BLOCK_DES = 8,
	SECRET_MAX = 96, /* of a component block: a scalar of 66 bytes, padded */
	EXTENDED = 0xFF, /* before a key type: format 2 */
	CHECK_LENGTH_MAX = 0x7F, /* above it is a type: another component */
	OLD_DES_FIRST = 0x81, /* names of double length DES keys in older cards */
	OLD_DES_LAST = 0x82,
};

static struct view dek_of(struct command *c)
{
	return sm_dek(c->channel->scp10->sm, KEY_DEK);
}

static bool is_keyed(struct command *c)
{
	return keyed_is_up(c->channel->keyed);
}

/* Bytes of the AES key that sensitive data come under; 0: it is triple DES. */
static size_t strength(struct command *c)
{
	if (is_keyed(c))
		return keyed_strength(c->channel->keyed);
	return dek_of(c).len == AES256_KEY ? AES256_KEY : 0;
}

/* Under SCP10 the DEK that was agreed on; GPCS F.3.2.7, doc/scp10.md. */
static enum rc decipher10(struct command *c, struct view in, struct buf *out)
{
	static const uint8_t zero[AES_BLOCK];
	struct view dek = dek_of(c);
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

enum rc key_data_decipher(struct command *c, struct view in, struct buf *out)
{
	return is_keyed(c) ? keyed_decipher(c->channel->keyed, in, out) : decipher10(c, in, out);
}

bool key_data_is_safe(struct command *c, uint8_t type, size_t len)
{
	if (type == KEY_TYPE_ECC_PRIVATE)
		return strength(c) && strength(c) * 2 + 2 >= len; /* P-521 under AES-256 */
	return type != KEY_TYPE_AES || strength(c) >= len;
}

/* A secret: with its length before it where there may be padding, GPCS tables 11-70 and 11-71. */
static enum rc take_secret(struct command *c, struct view block, struct ring_key *key)
{
	size_t unit = strength(c) ? AES_BLOCK : BLOCK_DES;
	uint8_t array[SECRET_MAX];
	uint8_t len = (uint8_t)block.len;
	struct buf plain;
	enum rc rc = RC_OK;

	if (block.len % unit) {
		rc = view_u8(&block, &len);
		if (rc == RC_OK && (len > block.len || block.len % unit))
			rc = RC_MALFORMED;
	}
	if (rc != RC_OK || block.len > sizeof(array) || !key_data_is_safe(c, key->type, len))
		return RC_MALFORMED;
	buf_fixed(&plain, array, sizeof(array));
	rc = key_data_decipher(c, block, &plain);
	if (rc == RC_OK && plain.len < len)
		rc = RC_MALFORMED;
	if (rc == RC_OK) {
		memcpy(key->value, plain.data, len);
		key->len = len;
	}
	buf_free(&plain);
	return rc;
}

static enum rc take_public(struct view block, uint8_t *to, size_t max, size_t *ret_len)
{
	if (block.len == 0 || block.len > max)
		return RC_MALFORMED;
	memcpy(to, block.data, block.len);
	*ret_len = block.len;
	return RC_OK;
}

/* The type of a component and its block. */
static enum rc take_component(struct view *in, bool extended, uint8_t *ret_type, struct view *ret)
{
	uint8_t mark = EXTENDED;
	enum rc rc = RC_OK;

	if (extended)
		rc = view_u8(in, &mark);
	if (rc == RC_OK)
		rc = view_u8(in, ret_type);
	if (rc == RC_OK && (mark != EXTENDED || *ret_type == EXTENDED))
		rc = RC_MALFORMED;
	return rc == RC_OK ? manager_take(in, ret) : rc;
}

/* The curve written out, p in first: it must be one that has a reference; GPCS table 11-74. */
static enum rc take_curve(struct view *in, struct view first, struct ring_key *key)
{
	struct ecdsa_parameters curve = {.p = first};
	struct view *const rest[] = {&curve.a, &curve.b, &curve.g, &curve.n};
	const struct ecdsa_curve *found;
	struct view ahead;
	uint8_t type;

	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
		if (take_component(in, key->extended, &type, rest[i]) != RC_OK ||
		    type != KEY_TYPE_CURVE_A + i)
			return RC_MALFORMED;
	ahead = *in;
	if (take_component(&ahead, key->extended, &type, &curve.k) == RC_OK &&
	    type == KEY_TYPE_CURVE_K)
		*in = ahead;
	else
		curve.k.len = 0;
	if (ecdsa_find_curve(&curve, &found) != RC_OK)
		return RC_MALFORMED;
	key->curve = found->reference;
	return RC_OK;
}

/* What must follow the first component of a public or private key. */
static enum rc take_rest(struct view *in, struct ring_key *key)
{
	bool is_rsa = key->type == KEY_TYPE_RSA;
	struct view block;
	uint8_t type;
	enum rc rc = take_component(in, key->extended, &type, &block);

	if (rc == RC_OK && is_rsa && type == KEY_TYPE_RSA_EXPONENT)
		return take_public(block, key->exponent, sizeof(key->exponent), &key->exponent_len);
	if (rc == RC_OK && !is_rsa && type == KEY_TYPE_CURVE_P)
		return take_curve(in, block, key);
	if (rc != RC_OK || is_rsa || type != KEY_TYPE_CURVE || block.len != 1)
		return RC_MALFORMED;
	return view_u8(&block, &key->curve);
}

static enum rc take_components(struct command *c, struct view *in, struct ring_key *key)
{
	struct view block;
	enum rc rc;

	key->extended = in->len && *in->data == EXTENDED;
	rc = take_component(in, key->extended, &key->type, &block);
	if (rc != RC_OK)
		return rc;
	if (key->type >= OLD_DES_FIRST && key->type <= OLD_DES_LAST)
		key->type = KEY_TYPE_DES;
	switch (key->type) {
	case KEY_TYPE_DES:
	case KEY_TYPE_AES:
		return take_secret(c, block, key);
	case KEY_TYPE_ECC_PRIVATE:
		rc = take_secret(c, block, key);
		break;
	case KEY_TYPE_RSA:
	case KEY_TYPE_ECC:
		rc = take_public(block, key->value, sizeof(key->value), &key->len);
		break;
	default:
		return RC_MALFORMED;
	}
	return rc == RC_OK ? take_rest(in, key) : rc;
}

/* Symmetric keys come with a check value, others have none, GPCS 11.8.2.3.3 and on. */
static uint16_t take_check(struct command *c, struct view *in, const struct ring_key *key)
{
	uint8_t len, value[KEY_CHECK];
	struct view check;
	enum rc rc;

	if (view_u8(in, &len) != RC_OK || len > CHECK_LENGTH_MAX ||
	    view_take(in, len, &check) != RC_OK)
		return SW_WRONG_DATA;
	if (key->type != KEY_TYPE_DES && key->type != KEY_TYPE_AES)
		return len ? SW_WRONG_DATA : SW_OK;
	rc = keyset_check(key->type, view_of(key->value, key->len), value);
	if (rc != RC_OK)
		return command_sw(rc);
	if (check.len != KEY_CHECK || !secret_equal(check.data, value, KEY_CHECK))
		return SW_SECURITY_STATUS;
	buf_put(c->answer, value, KEY_CHECK);
	return SW_OK;
}

/* Usage and access of the extended format, each of a byte or none; of two bytes the first counts. */
static enum rc take_purpose(struct view *in, struct ring_key *key)
{
	struct view usage, access;

	if (manager_take(in, &usage) != RC_OK || manager_take(in, &access) != RC_OK ||
	    usage.len > 2 || access.len > 1)
		return RC_MALFORMED;
	if (usage.len && view_u8(&usage, &key->usage) != RC_OK)
		return RC_MALFORMED;
	return access.len ? view_u8(&access, &key->access) : RC_OK;
}

static uint16_t take_key(struct command *c, struct view *in, struct ring_key *key)
{
	enum rc rc = take_components(c, in, key);
	uint16_t sw;

	if (rc == RC_OK)
		rc = keyring_check(key);
	if (rc == RC_STATE)
		return SW_CONDITIONS;
	if (rc != RC_OK)
		return rc == RC_MALFORMED ? SW_WRONG_DATA : command_sw(rc);
	sw = take_check(c, in, key);
	if (sw == SW_OK && key->extended && take_purpose(in, key) != RC_OK)
		sw = SW_WRONG_DATA;
	return sw;
}

uint16_t key_data_take(struct command *c, struct view in, uint8_t first_id, struct key_data *ret)
{
	uint16_t sw = SW_OK;

	if (view_u8(&in, &ret->version) != RC_OK || ret->version == 0 ||
	    ret->version > KEYSET_VERSION_MAX || in.len == 0)
		return SW_WRONG_DATA;
	buf_u8(c->answer, ret->version);
	for (ret->count = 0; sw == SW_OK && in.len; ret->count++) {
		struct ring_key *key = &ret->keys[ret->count];

		if (ret->count == RING_KEYS_MAX || first_id + ret->count > RING_ID_MAX)
			return SW_WRONG_DATA;
		key->version = ret->version;
		key->id = (uint8_t)(first_id + ret->count);
		sw = take_key(c, &in, key);
	}
	return sw;
}

bool key_data_is_set(const struct key_data *data)
{
	const struct ring_key *first = data->keys;

	if (data->count != KEYSET_KEYS || first->id != 1)
		return false;
	for (size_t k = 0; k < KEYSET_KEYS; k++)
		if (data->keys[k].type != first->type || data->keys[k].len != first->len)
			return false;
	return first->type == KEY_TYPE_DES || first->type == KEY_TYPE_AES;
}
