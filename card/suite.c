/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of the suites, and how each reads the security level and the control reference
 * templates that the host sent (GPCS F.3.1.2, tables F-11 and F-32).
 */
#include "card/suite.h"

#include <string.h>

#include "base/tlv.h"
#include "card/agreement.h"
#include "card/transport.h"

enum {
	TAG_LEVEL = 0xD3,
	TAG_USAGE = 0x95,
	TAG_KEY_TYPE = 0x80,
	TAG_KEY = 0xD1,
	TAG_COUNTER = 0x91,
	KEY_TYPE_DES = 0x80,
	KEY_TYPE_3DES_CBC = 0x82,
	KEY_TYPE_AES = 0x88,
	DES_KEY = 16,
	LEVEL_BITS = 0x33,
};

static enum rc take_level(struct view *plain, struct session_keys *keys)
{
	return tlv_copy(plain, TAG_LEVEL, &keys->level, 1);
}

static enum rc set_key(struct session_keys *keys, int which, struct view key)
{
	if (keys->len[which])
		return RC_MALFORMED;
	keys->len[which] = key.len;
	return view_copy(&key, keys->key[which], key.len);
}

enum rc suite_assign(struct session_keys *keys, uint32_t tag, uint8_t usage, struct view key)
{
	static const struct {
		uint32_t tag;
		uint8_t usage;
		int first, second;
	} names[] = {
		{TAG_CCT, USAGE_COMMAND, KEY_C_MAC, -1},
		{TAG_CCT, USAGE_RESPONSE, KEY_R_MAC, -1},
		{TAG_CCT, USAGE_BOTH, KEY_C_MAC, KEY_R_MAC},
		{TAG_CT, USAGE_COMMAND, KEY_C_ENC, -1},
		{TAG_CT, USAGE_RESPONSE, KEY_R_ENC, -1},
		{TAG_CT, USAGE_BOTH, KEY_C_ENC, KEY_R_ENC},
		{TAG_CT, USAGE_DEK_COMMAND, KEY_DEK, -1},
		{TAG_CT, USAGE_DEK_RESPONSE, KEY_RESPONSE_DEK, -1},
		{TAG_CT, USAGE_DEK_BOTH, KEY_DEK, KEY_RESPONSE_DEK},
	};
	enum rc rc = RC_MALFORMED;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].tag != tag || names[i].usage != usage)
			continue;
		rc = set_key(keys, names[i].first, key);
		if (rc == RC_OK && names[i].second >= 0)
			rc = set_key(keys, names[i].second, key);
	}
	return rc;
}

enum rc suite_check_keys(const struct session_keys *keys)
{
	static const uint8_t bits[] = {
		[KEY_C_MAC] = LEVEL_C_MAC,
		[KEY_R_MAC] = LEVEL_R_MAC,
		[KEY_C_ENC] = LEVEL_C_ENC,
		[KEY_R_ENC] = LEVEL_R_ENC,
	};

	if (keys->level == 0 || keys->level & ~LEVEL_BITS)
		return RC_MALFORMED;
	for (size_t i = 0; i < sizeof(bits); i++)
		if (keys->level & bits[i] && keys->len[i] == 0)
			return RC_MALFORMED;
	return RC_OK;
}

static enum rc take_counter(struct session_keys *keys, uint8_t usage, struct view *template)
{
	struct view value;
	uint64_t counter;

	if (tlv_expect(template, TAG_COUNTER, &value) != RC_OK || value.len != sizeof(counter) ||
	    view_u64(&value, &counter) != RC_OK)
		return RC_MALFORMED;
	if (usage & USAGE_COMMAND)
		keys->counter[0] = counter;
	if (usage & USAGE_RESPONSE)
		keys->counter[1] = counter;
	if (usage == USAGE_BOTH)
		keys->one_counter = true;
	return RC_OK;
}

static enum rc take_des_template(struct view *plain, struct session_keys *keys, struct buf *ordered)
{
	uint32_t tag;
	struct view template, key, counter;
	uint8_t usage, type = KEY_TYPE_DES;
	enum rc rc;

	if (tlv_next(plain, &tag, &template) != RC_OK || (tag != TAG_CCT && tag != TAG_CT) ||
	    tlv_copy(&template, TAG_USAGE, &usage, 1) != RC_OK)
		return RC_MALFORMED;
	if (tlv_is_next(template, TAG_KEY_TYPE) &&
	    tlv_copy(&template, TAG_KEY_TYPE, &type, 1) != RC_OK)
		return RC_MALFORMED;
	if ((type != KEY_TYPE_DES && type != KEY_TYPE_3DES_CBC) ||
	    tlv_expect(&template, TAG_KEY, &key) != RC_OK || key.len != DES_KEY)
		return RC_MALFORMED;
	rc = suite_assign(keys, tag, usage, key);
	if (rc != RC_OK)
		return rc;
	buf_view(ordered, key);
	if (tag == TAG_CCT)
		rc = take_counter(keys, usage, &template);
	else if (tlv_is_next(template, TAG_COUNTER))
		rc = tlv_expect(&template, TAG_COUNTER, &counter);
	return rc == RC_OK && template.len ? RC_MALFORMED : rc;
}

static enum rc parse_transport(struct view plain, struct session_keys *ret, struct buf *ordered)
{
	enum rc rc = take_level(&plain, ret);

	while (rc == RC_OK && plain.len)
		rc = take_des_template(&plain, ret, ordered);
	if (rc == RC_OK)
		rc = suite_check_keys(ret);
	return rc == RC_OK ? buf_rc(ordered) : rc;
}

static size_t prefix_transport(const struct binding *binding, uint8_t signer,
			       uint8_t out[PREFIX_MAX])
{
	(void)binding;
	(void)signer;
	(void)out;
	return 0;
}

static enum rc take_aes_template(struct view *plain, uint32_t tag, uint8_t usage,
				 struct session_keys *keys, struct buf *ordered)
{
	struct view template, key;
	uint8_t found_usage, type;
	enum rc rc;

	if (tlv_expect(plain, tag, &template) != RC_OK ||
	    tlv_copy(&template, TAG_USAGE, &found_usage, 1) != RC_OK || found_usage != usage ||
	    tlv_copy(&template, TAG_KEY_TYPE, &type, 1) != RC_OK || type != KEY_TYPE_AES ||
	    tlv_expect(&template, TAG_KEY, &key) != RC_OK || key.len != AES256_KEY || template.len)
		return RC_MALFORMED;
	rc = suite_assign(keys, tag, usage, key);
	buf_view(ordered, key);
	return rc;
}

static enum rc parse_modern(struct view plain, struct session_keys *ret, struct buf *ordered)
{
	static const struct {
		uint8_t tag, usage;
	} templates[] = {
		{TAG_CCT, USAGE_COMMAND},
		{TAG_CCT, USAGE_RESPONSE},
		{TAG_CT, USAGE_COMMAND},
		{TAG_CT, USAGE_RESPONSE},
	};
	enum rc rc = take_level(&plain, ret);

	if (rc == RC_OK && ret->level != LEVEL_BITS)
		rc = RC_MALFORMED;
	for (size_t i = 0; rc == RC_OK && i < sizeof(templates) / sizeof(templates[0]); i++)
		rc = take_aes_template(&plain, templates[i].tag, templates[i].usage, ret, ordered);
	if (rc != RC_OK || plain.len)
		return rc == RC_OK ? RC_MALFORMED : rc;
	rc = buf_rc(ordered);
	if (rc == RC_OK)
		rc = crypto_hkdf(view_buf(ordered), view_of(NULL, 0),
				 view_str("intaglio scp10 dek"), ret->key[KEY_DEK], AES256_KEY);
	memcpy(ret->key[KEY_RESPONSE_DEK], ret->key[KEY_DEK], AES256_KEY);
	ret->len[KEY_DEK] = ret->len[KEY_RESPONSE_DEK] = AES256_KEY;
	return rc;
}

static size_t prefix_modern(const struct binding *binding, uint8_t signer, uint8_t out[PREFIX_MAX])
{
	const uint8_t algorithm[] = {0x80, 0x02, 0x10, binding->suite};
	struct buf b;

	buf_fixed(&b, out, PREFIX_MAX);
	buf_put(&b, algorithm, sizeof(algorithm));
	buf_u8(&b, signer);
	buf_u8(&b, binding->p1);
	buf_u8(&b, binding->p2);
	buf_put(&b, binding->host_key, SHA256_SIZE);
	buf_put(&b, binding->card_key, SHA256_SIZE);
	return b.len;
}

static const struct suite suites[] = {
	{
		.id = SUITE_AGREEMENT,
		.family = FAMILY_AGREEMENT,
		.min_bits = 1024,
		.max_bits = 4096,
		.mutual_only = true, /* the card's secret comes with its signature */
		.equal_moduli = true,
		.sha1 = true,
		.challenge = 8,
		.signature = RSA_PKCS1_SHA1,
		.sm = SM_3DES,
		.external = agreement_external,
		.internal = agreement_internal,
	},
	{
		.id = SUITE_TRANSPORT,
		.min_bits = 1024,
		.max_bits = 4096,
		.sha1 = true,
		.challenge = 16,
		.signature = RSA_PKCS1_SHA1,
		.encryption = RSA_ES_PKCS1,
		.sm = SM_3DES,
		.parse = parse_transport,
		.prefix = prefix_transport,
		.decipher = transport_decipher,
		.external = transport_external,
		.internal = transport_internal,
	},
	{
		.id = SUITE_MODERN,
		.min_bits = 2048,
		.max_bits = 4096,
		.mutual_only = true,
		.certificate_only = true,
		.challenge = 16,
		.signature = RSA_PSS_SHA256,
		.encryption = RSA_OAEP_SHA256,
		.sm = SM_AES,
		.parse = parse_modern,
		.prefix = prefix_modern,
		.decipher = transport_decipher,
		.external = transport_external,
		.internal = transport_internal,
	},
};

const struct suite *suite_find(uint8_t id)
{
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (suites[i].id == id)
			return &suites[i];
	return NULL;
}

bool suite_accepts_key(const struct suite *suite, const EVP_PKEY *key)
{
	unsigned int bits = rsa_bits(key);

	return bits >= suite->min_bits && bits <= suite->max_bits && rsa_exponent_is_f4(key);
}
