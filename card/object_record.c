/* SPDX-License-Identifier: BSD-2-Clause */
/* The record of an object: what lies open, what is sealed and under which keys, what is rendered. */
#include "card/object.h"

#include <string.h>

#include "base/crypto.h"
#include "card/object_schema.h"

enum { VERSION = 1, FLAG_PRIVATE = 0x01, SEALED_OVERHEAD = 256 };

struct parsed {
	struct object_head head;
	struct view open; /* the list of a public object */
	struct view sealed; /* may be empty */
};

/* True for the attributes that hold an object's key material. */
static bool is_material(struct view list, CK_ATTRIBUTE_TYPE type)
{
	uint64_t class = attr_ulong(list, CKA_CLASS, ATTR_UNAVAILABLE);

	if (class != CKO_PRIVATE_KEY && class != CKO_SECRET_KEY)
		return false;
	return type == CKA_VALUE || (type >= CKA_PRIVATE_EXPONENT && type <= CKA_COEFFICIENT);
}

/* Key material that PKCS#11 4.9 lets nobody read. */
static bool is_hidden(struct view list, CK_ATTRIBUTE_TYPE type)
{
	return is_material(list, type) &&
	       (attr_bool(list, CKA_SENSITIVE, true) || !attr_bool(list, CKA_EXTRACTABLE, false));
}

static enum rc parse(struct view in, struct parsed *ret)
{
	uint8_t version, flags;
	uint32_t len;

	if (view_u8(&in, &version) != RC_OK || version != VERSION ||
	    view_u8(&in, &flags) != RC_OK ||
	    view_copy(&in, ret->head.stamp, sizeof(ret->head.stamp)) != RC_OK ||
	    view_u32(&in, &len) != RC_OK || view_take(&in, len, &ret->open) != RC_OK ||
	    attr_check(ret->open) != RC_OK)
		return RC_DAMAGED;
	ret->head.private = flags & FLAG_PRIVATE;
	ret->sealed = in;
	return RC_OK;
}

static enum rc get(struct nvm *nvm, uint32_t number, struct parsed *ret)
{
	struct view bytes;
	enum rc rc;

	if (!number || number > TOKEN_OBJECTS_MAX)
		return RC_NOT_FOUND;
	rc = nvm_get(nvm, RECORD_OBJECT | number, &bytes);
	return rc == RC_OK ? parse(bytes, ret) : rc;
}

enum rc object_head(struct nvm *nvm, uint32_t number, struct object_head *ret)
{
	struct parsed p;
	enum rc rc = get(nvm, number, &p);

	if (rc == RC_OK)
		*ret = p.head;
	return rc;
}

static enum rc merge(struct buf *list, struct view more)
{
	CK_ATTRIBUTE_TYPE type;
	struct view value;

	while (more.len) {
		if (attr_next(&more, &type, &value) != RC_OK)
			return RC_DAMAGED;
		attr_set(list, type, value);
	}
	return buf_rc(list);
}

enum rc object_open(struct nvm *nvm, uint32_t number, const uint8_t *key, struct object *ret)
{
	struct object o = {.number = number};
	struct buf plain;
	struct parsed p;
	enum rc rc = get(nvm, number, &p);

	if (rc != RC_OK)
		return rc;
	o.private = p.head.private;
	if (o.private && !key)
		return RC_POLICY;
	buf_init(&plain, ATTR_LIST_MAX);
	buf_init(&o.list, ATTR_LIST_MAX);
	buf_view(&o.list, p.open);
	rc = buf_rc(&o.list);
	if (rc == RC_OK && p.sealed.len)
		rc = nvm_secret_open(nvm, RECORD_OBJECT | number, o.private ? key : NULL, p.sealed,
				     &plain);
	if (rc == RC_AUTH)
		rc = RC_DAMAGED;
	if (rc == RC_OK)
		rc = merge(&o.list, view_buf(&plain));
	buf_free(&plain);
	if (rc == RC_OK)
		*ret = o;
	else
		buf_free(&o.list);
	return rc;
}

void object_free(struct object *object)
{
	buf_free(&object->list);
}

/* Splits a public object's list into what lies open and what is sealed. */
static enum rc split(struct view list, struct buf *open, struct buf *secret)
{
	struct view rest = list, value;
	CK_ATTRIBUTE_TYPE type;

	while (rest.len) {
		if (attr_next(&rest, &type, &value) != RC_OK)
			return RC_MALFORMED;
		attr_set(is_material(list, type) ? secret : open, type, value);
	}
	return buf_rc(open) == RC_OK ? buf_rc(secret) : buf_rc(open);
}

static enum rc put_record(struct nvm *nvm, const struct object *object, const uint8_t *key,
			  struct view open, struct view secret)
{
	uint32_t id = RECORD_OBJECT | object->number;
	uint8_t stamp[OBJECT_STAMP];
	struct buf record;
	enum rc rc = crypto_random(stamp, sizeof(stamp));

	if (rc != RC_OK)
		return rc;
	buf_init(&record, NVM_RECORD_MAX);
	buf_u8(&record, VERSION);
	buf_u8(&record, object->private ? FLAG_PRIVATE : 0);
	buf_put(&record, stamp, sizeof(stamp));
	buf_u32(&record, (uint32_t)open.len);
	buf_view(&record, open);
	if (secret.len)
		rc = nvm_secret_seal(nvm, id, object->private ? key : NULL, secret, &record);
	if (rc == RC_OK)
		rc = buf_rc(&record);
	if (rc == RC_OK)
		nvm_put(nvm, id, view_buf(&record));
	buf_free(&record);
	return rc;
}

enum rc object_put(struct nvm *nvm, const struct object *object, const uint8_t *key)
{
	struct buf open, secret;
	enum rc rc = buf_rc(&object->list);

	if (rc != RC_OK)
		return rc;
	if (object->private)
		return key ? put_record(nvm, object, key, (struct view){0}, view_buf(&object->list))
			   : RC_POLICY;
	buf_init(&open, ATTR_LIST_MAX);
	buf_init(&secret, ATTR_LIST_MAX);
	rc = split(view_buf(&object->list), &open, &secret);
	if (rc == RC_OK)
		rc = put_record(nvm, object, NULL, view_buf(&open), view_buf(&secret));
	buf_free(&open);
	buf_free(&secret);
	return rc;
}

enum rc object_render(const struct object *object, struct buf *out)
{
	struct view list = view_buf(&object->list), rest = list, value;
	CK_ATTRIBUTE_TYPE type;
	struct buf shown;

	buf_init(&shown, ATTR_LIST_MAX);
	while (rest.len) {
		if (attr_next(&rest, &type, &value) != RC_OK)
			break;
		if (is_hidden(list, type))
			continue;
		buf_u32(&shown, (uint32_t)type);
		buf_u32(&shown, (uint32_t)value.len);
		buf_view(&shown, value);
	}
	if (rest.len || buf_rc(&shown) != RC_OK)
		buf_fail(out, rest.len ? RC_DAMAGED : buf_rc(&shown));
	buf_u32(out, object->number);
	buf_u32(out, (uint32_t)shown.len);
	buf_view(out, view_buf(&shown));
	buf_free(&shown);
	return buf_rc(out);
}

enum rc object_next(struct nvm *nvm, uint32_t after, bool private, const uint8_t *key,
		    struct buf *out, uint32_t *ret_number)
{
	struct object object;
	struct parsed p;
	struct view bytes;
	uint32_t id;
	enum rc rc;

	if (after >= TOKEN_OBJECTS_MAX)
		return RC_NOT_FOUND;
	id = RECORD_OBJECT | after;
	do {
		rc = nvm_next(nvm, id, &id, &bytes);
		if (rc == RC_OK && (id & RECORD_KIND_MASK) != RECORD_OBJECT)
			rc = RC_NOT_FOUND;
		if (rc == RC_OK)
			rc = parse(bytes, &p);
		if (rc != RC_OK)
			return rc;
	} while (p.head.private != private);
	rc = object_open(nvm, id & TOKEN_OBJECTS_MAX, key, &object);
	if (rc != RC_OK)
		return rc;
	rc = object_render(&object, out);
	if (rc == RC_OK)
		*ret_number = object.number;
	object_free(&object);
	return rc;
}
