/* SPDX-License-Identifier: BSD-2-Clause */
/* CREATE OBJECT, READ OBJECTS, SET ATTRIBUTES and DESTROY OBJECT. */
#include "card/object.h"

#include "base/symmetric.h"
#include "card/key_material.h"
#include "card/object_schema.h"
#include "card/pin.h"

enum {
	ANSWER_MAX = 65000, /* what fits into a protected answer */
	COUNTER = 8, /* of the change counter before the answer */
	SECRET_VALUE_MAX = 4096,
};

const uint8_t *object_key(const struct command *c)
{
	return pin_is(c->nvm, c->channel, PIN_USER) ? c->channel->user_key : NULL;
}

/*
 * What the channel may do to an object: SW_OK if it may write one of this kind, else 6982. Asked
 * again inside the transaction that writes.
 */
static uint16_t writable(const struct command *c, bool private)
{
	struct pin_record user;

	if (pin_is(c->nvm, c->channel, PIN_USER))
		return SW_OK;
	if (private)
		return SW_SECURITY_STATUS;
	if (pin_is(c->nvm, c->channel, PIN_SO) ||
	    pin_record_load(c->nvm, PIN_REFERENCE_USER, &user) == RC_NOT_FOUND)
		return SW_OK;
	return SW_SECURITY_STATUS;
}

static enum rc check_has(struct view list, CK_ATTRIBUTE_TYPE type)
{
	struct view value;

	return attr_find(list, type, &value) == RC_OK && value.len ? RC_OK : RC_MALFORMED;
}

static enum rc check_certificate(struct view list)
{
	if (attr_ulong(list, CKA_CERTIFICATE_TYPE, ATTR_UNAVAILABLE) != CKC_X_509)
		return RC_MALFORMED;
	return check_has(list, CKA_VALUE) == RC_OK ? RC_OK : check_has(list, CKA_URL);
}

static enum rc check_public_key(struct view list)
{
	enum rc rc;

	switch (attr_ulong(list, CKA_KEY_TYPE, ATTR_UNAVAILABLE)) {
	case CKK_RSA:
		rc = check_has(list, CKA_MODULUS);
		return rc == RC_OK ? check_has(list, CKA_PUBLIC_EXPONENT) : rc;
	case CKK_EC:
	case CKK_EC_EDWARDS:
	case CKK_EC_MONTGOMERY:
	case CKK_INTAGLIO_SM2:
		rc = check_has(list, CKA_EC_PARAMS);
		return rc == RC_OK ? check_has(list, CKA_EC_POINT) : rc;
	default:
		return RC_MALFORMED;
	}
}

static enum rc check_secret_key(struct view list)
{
	struct view value;
	uint64_t type = attr_ulong(list, CKA_KEY_TYPE, ATTR_UNAVAILABLE);

	if ((type >= CKK_VENDOR_DEFINED && type != CKK_INTAGLIO_SM4) ||
	    attr_find(list, CKA_VALUE, &value) != RC_OK || !value.len ||
	    value.len > SECRET_VALUE_MAX)
		return RC_MALFORMED;
	if ((type == CKK_AES || type == CKK_INTAGLIO_SM4) && !symmetric_key_fits(type, value.len))
		return RC_MALFORMED;
	return attr_ulong(list, CKA_VALUE_LEN, value.len) == value.len ? RC_OK : RC_MALFORMED;
}

/* What the class asks for, so that whatever is stored can also be used. */
static enum rc check_class(struct view list)
{
	switch (attr_ulong(list, CKA_CLASS, ATTR_UNAVAILABLE)) {
	case CKO_DATA:
		return RC_OK;
	case CKO_CERTIFICATE:
		return check_certificate(list);
	case CKO_PUBLIC_KEY:
		return check_public_key(list);
	case CKO_PRIVATE_KEY:
		return key_check(list);
	case CKO_SECRET_KEY:
		return check_secret_key(list);
	default:
		return RC_MALFORMED;
	}
}

static bool is_secret_class(struct view list)
{
	uint64_t class = attr_ulong(list, CKA_CLASS, ATTR_UNAVAILABLE);

	return class == CKO_PRIVATE_KEY || class == CKO_SECRET_KEY;
}

static void set_default_bool(struct buf *list, CK_ATTRIBUTE_TYPE type, bool x)
{
	attr_set_bool(list, type, attr_bool(view_buf(list), type, x));
}

void object_complete(struct object *object, uint64_t generated_by)
{
	struct buf *list = &object->list;
	bool secret = is_secret_class(view_buf(list)), local = generated_by != ATTR_UNAVAILABLE;
	bool is_key = secret ||
		      attr_ulong(view_buf(list), CKA_CLASS, ATTR_UNAVAILABLE) == CKO_PUBLIC_KEY;

	attr_set_bool(list, CKA_TOKEN, true);
	set_default_bool(list, CKA_PRIVATE, secret);
	set_default_bool(list, CKA_MODIFIABLE, true);
	set_default_bool(list, CKA_DESTROYABLE, true);
	if (is_key) {
		attr_set_bool(list, CKA_LOCAL, local);
		attr_set_ulong(list, CKA_KEY_GEN_MECHANISM, generated_by);
	}
	if (secret) {
		set_default_bool(list, CKA_SENSITIVE, true);
		set_default_bool(list, CKA_EXTRACTABLE, false);
		attr_set_bool(list, CKA_ALWAYS_SENSITIVE,
			      local && attr_bool(view_buf(list), CKA_SENSITIVE, true));
		attr_set_bool(list, CKA_NEVER_EXTRACTABLE,
			      local && !attr_bool(view_buf(list), CKA_EXTRACTABLE, false));
	}
	object->private = attr_bool(view_buf(list), CKA_PRIVATE, true);
}

enum rc object_give_number(struct object *object, struct token_state *state)
{
	char text[2 * TOKEN_UNIQUE + 8 + 1];
	struct buf b;
	enum rc rc = token_unique(state);

	if (rc == RC_OK)
		rc = token_number(state, &object->number);
	if (rc != RC_OK)
		return rc;
	buf_fixed(&b, text, sizeof(text));
	for (size_t i = 0; i < TOKEN_UNIQUE; i++)
		buf_printf(&b, "%02x", state->unique[i]);
	buf_printf(&b, "%08x", object->number);
	attr_set(&object->list, CKA_UNIQUE_ID, view_buf(&b));
	return buf_rc(&object->list);
}

enum rc object_store_new(const struct command *c, struct object *objects, size_t count)
{
	struct token_state state;
	enum rc rc = token_load(c->nvm, &state);

	for (size_t i = 0; rc == RC_OK && i < count; i++) {
		if (writable(c, objects[i].private) != SW_OK)
			rc = RC_POLICY;
		else
			rc = object_give_number(&objects[i], &state);
		if (rc == RC_OK)
			rc = object_put(c->nvm, &objects[i], object_key(c));
		if (rc == RC_OK && !objects[i].private)
			state.changes++;
	}
	return rc == RC_OK ? token_put(c->nvm, &state) : rc;
}

static enum rc commit_new(struct command *c, struct object *object)
{
	enum rc rc = nvm_begin(c->nvm);

	if (rc != RC_OK)
		return rc;
	return command_commit(c->nvm, object_store_new(c, object, 1));
}

static bool may_trust(const struct command *c, struct view list)
{
	return !attr_bool(list, CKA_TRUSTED, false) || pin_is(c->nvm, c->channel, PIN_SO);
}

static uint16_t create(struct command *c)
{
	struct object object = {0};
	uint16_t sw;
	enum rc rc;

	if (c->p1 || c->p2)
		return SW_INCORRECT_P1P2;
	if (c->data.len > ATTR_LIST_MAX)
		return SW_WRONG_LENGTH;
	if (schema_check_new(c->data) != RC_OK)
		return SW_WRONG_DATA;
	if (!may_trust(c, c->data))
		return SW_SECURITY_STATUS;
	buf_init(&object.list, ATTR_LIST_MAX);
	buf_view(&object.list, c->data);
	object_complete(&object, ATTR_UNAVAILABLE);
	sw = writable(c, object.private);
	if (sw == SW_OK) {
		rc = check_class(c->data);
		if (rc == RC_OK)
			rc = buf_rc(&object.list);
		if (rc == RC_OK &&
		    attr_ulong(c->data, CKA_CLASS, ATTR_UNAVAILABLE) == CKO_PRIVATE_KEY)
			rc = key_put_point(&object.list);
		if (rc == RC_OK)
			rc = commit_new(c, &object);
		if (rc == RC_OK)
			rc = object_render(&object, c->answer);
		sw = command_sw(rc);
	}
	object_free(&object);
	return sw;
}

static uint16_t read_objects(struct command *c)
{
	size_t max = c->le && c->le < ANSWER_MAX ? c->le : ANSWER_MAX, start = c->answer->len;
	const uint8_t *key = object_key(c);
	struct view in = c->data;
	uint32_t number;
	struct buf next;
	uint8_t more = 0;
	enum rc rc;

	if (c->p2 || c->p1 > 1)
		return SW_INCORRECT_P1P2;
	if (view_u32(&in, &number) != RC_OK || view_end(&in) != RC_OK)
		return SW_WRONG_LENGTH;
	if (c->p1 && !key)
		return SW_SECURITY_STATUS;
	buf_init(&next, OBJECT_RENDERED_MAX);
	buf_u8(c->answer, 0);
	while ((rc = object_next(c->nvm, number, c->p1, key, &next, &number)) == RC_OK) {
		if (c->answer->len - start + next.len + COUNTER > max) {
			more = 1;
			break;
		}
		buf_view(c->answer, view_buf(&next));
		buf_reset(&next);
	}
	buf_free(&next);
	if (more && c->answer->len - start == 1)
		return SW_WRONG_LENGTH;
	if (rc == RC_OK || rc == RC_NOT_FOUND)
		rc = buf_rc(c->answer);
	if (rc == RC_OK)
		c->answer->data[start] = more;
	return command_sw(rc);
}

/* Inside a transaction: opens an object that the channel may write. */
static uint16_t open_writable(struct command *c, uint32_t number, CK_ATTRIBUTE_TYPE permission,
			      struct object *ret)
{
	struct object_head head;
	struct object object;
	uint16_t sw;
	enum rc rc = object_head(c->nvm, number, &head);

	if (rc != RC_OK)
		return command_sw(rc);
	sw = writable(c, head.private);
	if (sw != SW_OK)
		return sw;
	rc = object_open(c->nvm, number, object_key(c), &object);
	if (rc != RC_OK)
		return command_sw(rc);
	if (!attr_bool(view_buf(&object.list), permission, true) ||
	    attr_ulong(view_buf(&object.list), CKA_KEY_TYPE, 0) == CKK_INTAGLIO_LEDGER) {
		object_free(&object);
		return SW_CONDITIONS;
	}
	*ret = object;
	return SW_OK;
}

/* Ends the transaction of a change to one object. */
static uint16_t commit_change(struct command *c, bool private, enum rc rc)
{
	if (rc == RC_OK && !private)
		token_count_change(c->nvm);
	return command_sw(command_commit(c->nvm, rc));
}

static enum rc apply(struct object *object, struct view changes)
{
	struct view value;
	CK_ATTRIBUTE_TYPE type;

	while (changes.len) {
		if (attr_next(&changes, &type, &value) != RC_OK)
			return RC_MALFORMED;
		attr_set(&object->list, type, value);
	}
	return buf_rc(&object->list);
}

static uint16_t set_attributes(struct command *c)
{
	struct view changes = c->data;
	struct object object;
	uint32_t number;
	uint16_t sw;
	enum rc rc;

	if (c->p1 || c->p2)
		return SW_INCORRECT_P1P2;
	if (view_u32(&changes, &number) != RC_OK || !changes.len)
		return SW_WRONG_LENGTH;
	rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	sw = open_writable(c, number, CKA_MODIFIABLE, &object);
	if (sw != SW_OK) {
		nvm_abort(c->nvm);
		return sw;
	}
	rc = schema_check_change(changes, view_buf(&object.list));
	if (rc == RC_OK && !may_trust(c, changes)) {
		nvm_abort(c->nvm);
		object_free(&object);
		return SW_SECURITY_STATUS;
	}
	if (rc == RC_OK)
		rc = apply(&object, changes);
	if (rc == RC_OK)
		rc = object_put(c->nvm, &object, object_key(c));
	sw = commit_change(c, object.private, rc);
	if (sw == SW_OK)
		sw = command_sw(object_render(&object, c->answer));
	object_free(&object);
	return sw;
}

static uint16_t destroy(struct command *c)
{
	struct view in = c->data;
	struct object object;
	bool private;
	uint32_t number;
	uint16_t sw;
	enum rc rc;

	if (c->p1 || c->p2)
		return SW_INCORRECT_P1P2;
	if (view_u32(&in, &number) != RC_OK || view_end(&in) != RC_OK)
		return SW_WRONG_LENGTH;
	rc = nvm_begin(c->nvm);
	if (rc != RC_OK)
		return command_sw(rc);
	sw = open_writable(c, number, CKA_DESTROYABLE, &object);
	if (sw != SW_OK) {
		nvm_abort(c->nvm);
		return sw;
	}
	private = object.private;
	object_free(&object);
	nvm_delete(c->nvm, RECORD_OBJECT | number);
	return commit_change(c, private, RC_OK);
}

const struct command_row object_commands[] = {
	{0x80, 0x48, STATE_SESSION, ROLE_USER, true, create, "CREATE OBJECT"},
	{0x80, 0x4A, STATE_SESSION, ROLE_USER, true, read_objects, "READ OBJECTS"},
	{0x80, 0x4C, STATE_SESSION, ROLE_USER, true, set_attributes, "SET ATTRIBUTES"},
	{0x80, 0x4E, STATE_SESSION, ROLE_USER, true, destroy, "DESTROY OBJECT"},
	{.handler = NULL},
};
