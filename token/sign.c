/* SPDX-License-Identifier: BSD-2-Clause */
/* Signatures: the host hashes and frames, the card signs, in one command. */
#include <string.h>

#include "base/sm2.h"
#include "token/lane.h"
#include "token/outcome.h"
#include "token/pubkey.h"

enum { PKCS1_OVERHEAD = 11 };

size_t signature_size(const struct operation *o)
{
	switch (o->mechanism->scheme) {
	case SCHEME_ECDSA:
	case SCHEME_EDDSA:
	case SCHEME_SM2:
		return 2 * o->modulus;
	case SCHEME_MAC:
		return o->parameter.mac;
	default:
		return o->modulus;
	}
}

CK_RV sign_identify(struct operation *o, const struct object *key)
{
	uint8_t z[SM2_SIZE];
	struct view point;

	if (!pubkey_point(key->type, view_buf(&key->list), &point))
		return CKR_KEY_TYPE_INCONSISTENT;
	if (sm2_z(point, o->parameter.identifier, z) != RC_OK)
		return CKR_GENERAL_ERROR;
	buf_put(&o->label, z, sizeof(z));
	return buf_rc(&o->label) == RC_OK ? CKR_OK : CKR_HOST_MEMORY;
}

/* Hash, with DigestInfo for PKCS #1 v1.5, RFC 8017 9.2. */
static CK_RV hashed_input(struct operation *o, struct view data, uint8_t *block, struct view *ret)
{
	const struct view prefix = o->parameter.hash->prefix;
	size_t at = 0, len;
	CK_RV rv = digest_update(o, data);

	if (rv != CKR_OK)
		return rv;
	if (o->mechanism->scheme == SCHEME_RSA_PKCS) {
		memcpy(block, prefix.data, prefix.len);
		at = prefix.len;
	}
	rv = digest_finish(o, block + at, &len);
	*ret = view_of(block, at + len);
	/* FIPS 186-5 6.4.1: the leftmost bits of a hash longer than the order. */
	if (o->mechanism->scheme == SCHEME_ECDSA && ret->len > o->modulus)
		ret->len = o->modulus;
	return rv;
}

CK_RV sign_input(struct operation *o, struct view data, uint8_t *block, struct view *ret)
{
	if (o->mechanism->hash != CK_UNAVAILABLE_INFORMATION)
		return hashed_input(o, data, block, ret);
	*ret = data;
	switch (o->mechanism->scheme) {
	case SCHEME_RSA_PKCS:
		return data.len > o->modulus - PKCS1_OVERHEAD ? CKR_DATA_LEN_RANGE : CKR_OK;
	case SCHEME_RSA_PSS:
		return data.len != o->parameter.hash->size ? CKR_DATA_LEN_RANGE : CKR_OK;
	case SCHEME_ECDSA:
		if (data.len > o->modulus)
			ret->len = o->modulus;
		return data.len ? CKR_OK : CKR_DATA_LEN_RANGE;
	case SCHEME_EDDSA:
		return CKR_OK;
	case SCHEME_SM2:
		return data.len != o->modulus ? CKR_DATA_LEN_RANGE : CKR_OK;
	case SCHEME_RSA_RAW:
		if (data.len > o->modulus || o->modulus > SIGN_INPUT_MAX)
			return CKR_DATA_LEN_RANGE;
		/* Shorter numbers get their leading zeros, Mechanisms 2.1.7. */
		memset(block, 0, o->modulus - data.len);
		if (data.len)
			memcpy(block + o->modulus - data.len, data.data, data.len);
		*ret = view_of(block, o->modulus);
		return CKR_OK;
	default:
		return CKR_GENERAL_ERROR;
	}
}

/* A signature that the card is asked for. */
struct order {
	const struct application_key_operation *command;
	struct buf signature;
	size_t size;
};

static enum rc order_signature(struct sc *sc, void *arg, uint16_t *ret_sw)
{
	struct order *o = arg;
	enum rc rc = application_key_operation(sc, o->command, &o->signature, ret_sw);

	return rc == RC_OK && o->signature.len != o->size ? RC_MALFORMED : rc;
}

CK_RV sign_by_card(struct session *s, struct operation *o, struct view input, CK_BYTE_PTR out,
		   CK_ULONG_PTR out_len)
{
	const struct application_key_operation command = {
		.operation = APPLICATION_SIGN,
		.key = o->number,
		.mechanism = (uint32_t)o->mechanism->card,
		.parameter = view_of(o->parameter.bytes, o->parameter.len),
		.input = input,
	};
	struct order order = {.command = &command, .size = signature_size(o)};
	CK_RV rv;

	buf_fixed(&order.signature, out, *out_len);
	rv = o->asks_each_time ? lane_run_with_pin(s, CALL_SIGN, order_signature, &order)
			       : lane_run(s, o->is_beside, CALL_SIGN, order_signature, &order);
	if (rv == CKR_OK)
		*out_len = order.signature.len;
	return rv;
}
