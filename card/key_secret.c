/* SPDX-License-Identifier: BSD-2-Clause */
/* GENERATE KEY, and the wrapping and unwrapping of objects by KEY OPERATION. */
#include "card/key_secret.h"

#include "base/secret.h"
#include "base/symmetric.h"
#include "base/tlv.h"
#include "card/key_operation.h"
#include "card/object_schema.h"
#include "card/pin.h"
#include "card/ram.h"

enum { GENERATED_MAX = 4096 };

/* What lists for generation and unwrapping do not hold. */
static const CK_ATTRIBUTE_TYPE made[] = {CKA_VALUE, CKA_CHECK_VALUE, CKA_TRUSTED,
					 CK_UNAVAILABLE_INFORMATION};

static enum rc begin(struct view list, uint64_t key_type, struct object *ret)
{
	if (list.len > ATTR_LIST_MAX)
		return RC_SPACE;
	if (schema_check_new(list) != RC_OK || schema_check_without(list, made) != RC_OK ||
	    attr_ulong(list, CKA_CLASS, CKO_SECRET_KEY) != CKO_SECRET_KEY ||
	    attr_ulong(list, CKA_KEY_TYPE, key_type) != key_type)
		return RC_MALFORMED;
	buf_init(&ret->list, ATTR_LIST_MAX);
	buf_view(&ret->list, list);
	attr_set_ulong(&ret->list, CKA_CLASS, CKO_SECRET_KEY);
	attr_set_ulong(&ret->list, CKA_KEY_TYPE, key_type);
	return buf_rc(&ret->list);
}

static enum rc take_value(struct object *object, struct view value)
{
	attr_set(&object->list, CKA_VALUE, value);
	attr_set_ulong(&object->list, CKA_VALUE_LEN, value.len);
	return buf_rc(&object->list);
}

static enum rc store(struct command *c, struct object *object, uint64_t generated_by)
{
	enum rc rc;

	object_complete(object, generated_by);
	rc = buf_rc(&object->list);
	if (rc == RC_OK)
		rc = nvm_begin(c->nvm);
	if (rc == RC_OK)
		rc = command_commit(c->nvm, object_store_new(c, object, 1));
	return rc == RC_OK ? object_render(object, c->answer) : rc;
}

static uint64_t generated_type(uint32_t mechanism)
{
	switch (mechanism) {
	case CKM_AES_KEY_GEN:
		return CKK_AES;
	case CKM_INTAGLIO_SM4_KEY_GEN:
		return CKK_INTAGLIO_SM4;
	case CKM_GENERIC_SECRET_KEY_GEN:
		return CKK_GENERIC_SECRET;
	default:
		return ATTR_UNAVAILABLE;
	}
}

static enum rc make(struct command *c, uint32_t mechanism, struct view list, struct object *object)
{
	uint64_t type = generated_type(mechanism);
	uint64_t len = attr_ulong(list, CKA_VALUE_LEN, 0);
	uint8_t value[GENERATED_MAX];
	enum rc rc;

	if (type == ATTR_UNAVAILABLE || len > sizeof(value) || !symmetric_key_fits(type, len))
		return RC_MALFORMED;
	rc = begin(list, type, object);
	if (rc == RC_OK)
		rc = crypto_random(value, len);
	if (rc == RC_OK)
		rc = take_value(object, view_of(value, len));
	secret_wipe(value, sizeof(value));
	return rc == RC_OK ? store(c, object, mechanism) : rc;
}

uint16_t key_secret_generate(struct command *c)
{
	struct view in = c->data, mechanism, list;
	struct object object = {0};
	uint32_t number;
	uint16_t sw;

	if (!pin_is(c->nvm, c->channel, PIN_USER))
		return SW_SECURITY_STATUS;
	if (tlv_expect(&in, 0x80, &mechanism) != RC_OK || view_u32(&mechanism, &number) != RC_OK ||
	    view_end(&mechanism) != RC_OK || tlv_expect(&in, 0xA0, &list) != RC_OK ||
	    view_end(&in) != RC_OK)
		return SW_WRONG_DATA;
	sw = command_sw(make(c, number, list, &object));
	object_free(&object);
	return sw;
}

/* PKCS#11 5.18.3: extractable, and if it asks for a trusted wrapping key, that is one. */
static bool may_wrap(const struct cached_key *key, struct view list)
{
	return attr_bool(list, CKA_EXTRACTABLE, false) &&
	       (key->trusted || !attr_bool(list, CKA_WRAP_WITH_TRUSTED, false));
}

uint16_t key_secret_wrap(struct command *c, struct cached_key *key, const struct key_request *r)
{
	struct key_order order = {KEY_MAY_WRAP, r->mechanism, r->parameter, r->input};
	struct object_head head;
	struct object object;
	struct view list;
	enum rc rc = object_head(c->nvm, r->target, &head);

	if (rc == RC_OK && head.private && !object_key(c))
		return SW_SECURITY_STATUS;
	if (rc == RC_OK)
		rc = object_open(c->nvm, r->target, object_key(c), &object);
	if (rc != RC_OK)
		return command_sw(rc);
	list = view_buf(&object.list);
	if (attr_ulong(list, CKA_CLASS, ATTR_UNAVAILABLE) != CKO_SECRET_KEY ||
	    !may_wrap(key, list) || attr_find(list, CKA_VALUE, &order.input) != RC_OK)
		rc = RC_POLICY;
	else
		rc = key_operation(key, &order, c->answer);
	object_free(&object);
	return command_sw(rc);
}

uint16_t key_secret_unwrap(struct command *c, struct cached_key *key, const struct key_request *r)
{
	const struct key_order order = {KEY_MAY_UNWRAP, r->mechanism, r->parameter, r->input};
	uint64_t type = attr_ulong(r->list, CKA_KEY_TYPE, ATTR_UNAVAILABLE);
	struct object object = {0};
	struct buf value;
	enum rc rc;

	if (!pin_is(c->nvm, c->channel, PIN_USER))
		return SW_SECURITY_STATUS;
	buf_init(&value, ATTR_LIST_MAX);
	rc = begin(r->list, type, &object);
	if (rc == RC_OK)
		rc = key_operation(key, &order, &value);
	if (rc == RC_OK && (!symmetric_key_fits(type, value.len) ||
			    attr_ulong(r->list, CKA_VALUE_LEN, value.len) != value.len))
		rc = RC_MALFORMED;
	if (rc == RC_OK)
		rc = take_value(&object, view_buf(&value));
	if (rc == RC_OK)
		rc = store(c, &object, ATTR_UNAVAILABLE);
	buf_free(&value);
	object_free(&object);
	return command_sw(rc);
}
