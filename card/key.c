/* SPDX-License-Identifier: BSD-2-Clause */
/* GENERATE KEY PAIR and KEY OPERATION. */
#include "base/rsa.h"
#include "base/tlv.h"
#include "card/aside.h"
#include "card/key_material.h"
#include "card/key_operation.h"
#include "card/key_secret.h"
#include "card/object_schema.h"
#include "card/pin.h"
#include "card/ram.h"

/* What templates for generation do not hold: it comes out of the generation. */
static const CK_ATTRIBUTE_TYPE generated[] = {
	CKA_MODULUS,     CKA_PRIVATE_EXPONENT,
	CKA_PRIME_1,     CKA_PRIME_2,
	CKA_EXPONENT_1,  CKA_EXPONENT_2,
	CKA_COEFFICIENT, CKA_EC_POINT,
	CKA_VALUE,       CKA_PUBLIC_KEY_INFO,
	CKA_VALUE_LEN,   CKA_TRUSTED,
	CKA_CHECK_VALUE, CK_UNAVAILABLE_INFORMATION,
};

enum { P1_SECRET_KEY = 1, P1_WRAP = 5, P1_UNWRAP = 6 };

/* What is asked of GENERATE KEY PAIR. */
struct request {
	CK_MECHANISM_TYPE mechanism;
	uint64_t key_type;
	unsigned int bits; /* of RSA */
	const struct curve *curve; /* or the curve */
	struct object pair[2]; /* public, private */
};

static enum rc check_half(struct view list, uint64_t class, uint64_t key_type)
{
	if (schema_check_new(list) != RC_OK || schema_check_without(list, generated) != RC_OK ||
	    attr_ulong(list, CKA_CLASS, class) != class ||
	    attr_ulong(list, CKA_KEY_TYPE, key_type) != key_type)
		return RC_MALFORMED;
	return RC_OK;
}

static bool is_f4(struct view exponent)
{
	static const uint8_t f4[] = {0x01, 0x00, 0x01};
	uint8_t zero;

	while (exponent.len > sizeof(f4))
		if (view_u8(&exponent, &zero) != RC_OK || zero)
			return false;
	return view_equal(exponent, view_of(f4, sizeof(f4)));
}

static enum rc take_rsa(struct view public_list, struct view private_list, struct request *r)
{
	uint64_t bits = attr_ulong(public_list, CKA_MODULUS_BITS, 0);
	struct view exponent;

	if (bits < KEY_RSA_MIN || bits > KEY_RSA_MAX || bits % 8 ||
	    attr_find(private_list, CKA_MODULUS_BITS, &exponent) == RC_OK ||
	    attr_find(private_list, CKA_PUBLIC_EXPONENT, &exponent) == RC_OK)
		return RC_MALFORMED;
	if (attr_find(public_list, CKA_PUBLIC_EXPONENT, &exponent) == RC_OK && !is_f4(exponent))
		return RC_MALFORMED;
	r->key_type = CKK_RSA;
	r->bits = (unsigned int)bits;
	return RC_OK;
}

static enum rc take_ec(struct view public_list, struct view private_list, uint64_t key_type,
		       struct request *r)
{
	struct view params;

	if (attr_find(public_list, CKA_EC_PARAMS, &params) != RC_OK)
		return RC_MALFORMED;
	r->key_type = key_type;
	r->curve = key_curve(params);
	if (!r->curve || r->curve->key_type != key_type ||
	    attr_find(private_list, CKA_EC_PARAMS, &params) == RC_OK)
		return RC_MALFORMED;
	return RC_OK;
}

static void begin_half(struct object *object, struct view list, uint64_t class, uint64_t key_type)
{
	buf_init(&object->list, ATTR_LIST_MAX);
	buf_view(&object->list, list);
	attr_set_ulong(&object->list, CKA_CLASS, class);
	attr_set_ulong(&object->list, CKA_KEY_TYPE, key_type);
}

static enum rc take_request(struct view in, struct request *r)
{
	struct view public_list, private_list, mechanism;
	uint32_t number;
	enum rc rc;

	if (tlv_expect(&in, 0x80, &mechanism) != RC_OK || view_u32(&mechanism, &number) != RC_OK ||
	    view_end(&mechanism) != RC_OK || tlv_expect(&in, 0xA0, &public_list) != RC_OK ||
	    tlv_expect(&in, 0xA1, &private_list) != RC_OK || view_end(&in) != RC_OK)
		return RC_MALFORMED;
	if (public_list.len > ATTR_LIST_MAX || private_list.len > ATTR_LIST_MAX)
		return RC_SPACE;
	r->mechanism = number;
	switch (number) {
	case CKM_RSA_PKCS_KEY_PAIR_GEN:
		rc = take_rsa(public_list, private_list, r);
		break;
	case CKM_EC_KEY_PAIR_GEN:
		rc = take_ec(public_list, private_list, CKK_EC, r);
		break;
	case CKM_EC_EDWARDS_KEY_PAIR_GEN:
		rc = take_ec(public_list, private_list, CKK_EC_EDWARDS, r);
		break;
	case CKM_EC_MONTGOMERY_KEY_PAIR_GEN:
		rc = take_ec(public_list, private_list, CKK_EC_MONTGOMERY, r);
		break;
	case CKM_INTAGLIO_SM2_KEY_PAIR_GEN:
		rc = take_ec(public_list, private_list, CKK_INTAGLIO_SM2, r);
		break;
	default:
		rc = RC_MALFORMED;
		break;
	}
	if (rc == RC_OK)
		rc = check_half(public_list, CKO_PUBLIC_KEY, r->key_type);
	if (rc == RC_OK)
		rc = check_half(private_list, CKO_PRIVATE_KEY, r->key_type);
	if (rc != RC_OK)
		return rc;
	begin_half(&r->pair[0], public_list, CKO_PUBLIC_KEY, r->key_type);
	begin_half(&r->pair[1], private_list, CKO_PRIVATE_KEY, r->key_type);
	return RC_OK;
}

/* Takes as long as primes take, so it is done before the transaction. */
static enum rc make_pair(struct request *r)
{
	EVP_PKEY *key = NULL;
	enum rc rc = r->curve ? key_generate_ec(r->curve, &key) : rsa_generate(r->bits, &key);

	if (rc == RC_OK)
		rc = key_to_lists(key, r->curve, &r->pair[0].list, &r->pair[1].list);
	EVP_PKEY_free(key);
	object_complete(&r->pair[0], r->mechanism);
	object_complete(&r->pair[1], r->mechanism);
	return rc;
}

static uint16_t generate(struct command *c)
{
	struct request r = {0};
	uint64_t begun;
	enum rc rc;

	if (c->p1 == P1_SECRET_KEY && !c->p2)
		return key_secret_generate(c);
	if (c->p1 || c->p2)
		return SW_INCORRECT_P1P2;
	if (!pin_is(c->nvm, c->channel, PIN_USER))
		return SW_SECURITY_STATUS;
	rc = take_request(c->data, &r);
	if (rc == RC_OK) {
		begun = aside_begin(c);
		rc = make_pair(&r);
		if (aside_end(c, begun) && rc == RC_OK && !pin_is(c->nvm, c->channel, PIN_USER))
			rc = RC_AUTH;
	}
	if (rc == RC_OK)
		rc = nvm_begin(c->nvm);
	if (rc == RC_OK)
		rc = command_commit(c->nvm, object_store_new(c, r.pair, 2));
	if (rc == RC_OK)
		rc = object_render(&r.pair[0], c->answer);
	if (rc == RC_OK)
		rc = object_render(&r.pair[1], c->answer);
	object_free(&r.pair[0]);
	object_free(&r.pair[1]);
	return rc == RC_AUTH ? SW_SECURITY_STATUS : command_sw(rc);
}

static const unsigned int usages[] = {
	KEY_MAY_SIGN,   KEY_MAY_DECRYPT, KEY_MAY_DERIVE, KEY_MAY_ENCRYPT,
	KEY_MAY_VERIFY, KEY_MAY_WRAP,    KEY_MAY_UNWRAP,
};

static enum rc take_operation(uint8_t p1, struct view in, struct key_request *ret)
{
	struct view number, mechanism, target;

	if (tlv_expect(&in, 0x84, &number) != RC_OK || view_u32(&number, &ret->number) != RC_OK ||
	    view_end(&number) != RC_OK || tlv_expect(&in, 0x80, &mechanism) != RC_OK ||
	    view_u32(&mechanism, &ret->mechanism) != RC_OK || view_end(&mechanism) != RC_OK ||
	    tlv_expect(&in, 0x81, &ret->parameter) != RC_OK)
		return RC_MALFORMED;
	if (p1 == P1_WRAP && tlv_expect(&in, 0x85, &target) == RC_OK) {
		if (view_u32(&target, &ret->target) != RC_OK || view_end(&target) != RC_OK)
			return RC_MALFORMED;
		return view_end(&in);
	}
	if (tlv_expect(&in, 0x82, &ret->input) != RC_OK)
		return RC_MALFORMED;
	if (p1 == P1_UNWRAP && tlv_expect(&in, 0xA0, &ret->list) == RC_OK)
		ret->makes = true;
	return view_end(&in);
}

/* The key of an operation, if the channel may use it now; fresh: it has just shown the PIN. */
static uint16_t open_key(struct command *c, uint32_t number, bool fresh, struct cached_key **ret)
{
	struct cached_key *key;
	enum rc rc = key_cache_get(c->channel->ram->keys, c, number, &key);

	if (rc == RC_AUTH)
		return SW_SECURITY_STATUS;
	if (rc != RC_OK)
		return command_sw(rc);
	if (key->always_authenticate && !fresh)
		return SW_SECURITY_STATUS;
	*ret = key;
	return SW_OK;
}

/*
 * Computes while other channels are served. What came out is given away only if the channel may still
 * have it then: the key is there, the user logged in, the operation allowed.
 */
static uint16_t compute(struct command *c, const struct key_request *r, bool fresh,
			struct cached_key *key, const struct key_order *order)
{
	struct key_job job;
	uint64_t begun;
	uint16_t sw;
	bool others;
	enum rc rc = key_job_begin(key, order, c->answer, &job);

	if (rc != RC_OK)
		return command_sw(rc);
	begun = aside_begin(c);
	rc = key_job_run(&job);
	others = aside_end(c, begun);
	key_job_end(key, &job);
	if (rc != RC_OK || !others)
		return command_sw(rc);
	sw = open_key(c, r->number, fresh, &key);
	return sw == SW_OK ? command_sw(key_operation_check(key, order)) : sw;
}

static uint16_t operate(struct command *c)
{
	bool fresh = c->channel->reauthenticated;
	struct key_request r = {0};
	struct cached_key *key = NULL;
	struct key_order order;
	uint16_t sw;
	enum rc rc;

	if (c->p2 || c->p1 >= sizeof(usages) / sizeof(usages[0]))
		return SW_INCORRECT_P1P2;
	if (take_operation(c->p1, c->data, &r) != RC_OK)
		return SW_WRONG_DATA;
	sw = open_key(c, r.number, fresh, &key);
	if (sw != SW_OK)
		return sw;
	c->channel->reauthenticated = false;
	if (r.target)
		return key_secret_wrap(c, key, &r);
	if (r.makes)
		return key_secret_unwrap(c, key, &r);
	order = (struct key_order){usages[c->p1], r.mechanism, r.parameter, r.input};
	if (key_operation_is_long(key))
		return compute(c, &r, fresh, key, &order);
	rc = key_operation(key, &order, c->answer);
	return rc == RC_AUTH ? SW_AUTHENTICATION_FAILED : command_sw(rc);
}

const struct command_row key_commands[] = {
	{0x80, 0x46, STATE_USER, ROLE_USER, true, generate, "GENERATE KEY PAIR"},
	{0x80, 0x2A, STATE_SESSION, ROLE_USER, true, operate, "KEY OPERATION"},
	{.handler = NULL},
};
