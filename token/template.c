/* SPDX-License-Identifier: BSD-2-Clause */
/* Templates to attribute lists and back; every rule comes from a row of the schema. */
#include "token/template.h"

#include <stdlib.h>
#include <string.h>

#include "base/sm2.h"

enum { ULONG_SIZE = 8, DATE_SIZE = 8, INNER_MAX = 64, HEADER_SIZE = 8 };

static CK_RV list_rv(const struct buf *list)
{
	switch (buf_rc(list)) {
	case RC_OK:
		return CKR_OK;
	case RC_SPACE:
		return CKR_ATTRIBUTE_VALUE_INVALID;
	default:
		return CKR_HOST_MEMORY;
	}
}

static const CK_ATTRIBUTE *find(const CK_ATTRIBUTE *template, CK_ULONG count,
				CK_ATTRIBUTE_TYPE type)
{
	for (CK_ULONG i = 0; i < count; i++)
		if (template[i].type == type)
			return &template[i];
	return NULL;
}

/* Element i of an array of attributes, which an application may have put anywhere. */
static CK_ATTRIBUTE inner(const CK_ATTRIBUTE *a, CK_ULONG i)
{
	CK_ATTRIBUTE one;

	memcpy(&one, (const uint8_t *)a->pValue + i * sizeof(one), sizeof(one));
	return one;
}

static bool is_of_form(enum schema_form form, const CK_ATTRIBUTE *a)
{
	const uint8_t *bytes = a->pValue;

	if (!bytes)
		return a->ulValueLen == 0 && form != FORM_BOOL && form != FORM_ULONG;
	switch (form) {
	case FORM_BOOL:
		return a->ulValueLen == sizeof(CK_BBOOL) && bytes[0] <= CK_TRUE;
	case FORM_ULONG:
		return a->ulValueLen == sizeof(CK_ULONG);
	case FORM_ULONGS:
		return a->ulValueLen % sizeof(CK_ULONG) == 0 && a->ulValueLen <= ATTR_LIST_MAX;
	case FORM_DATE:
		return a->ulValueLen == 0 || a->ulValueLen == DATE_SIZE;
	case FORM_TEMPLATE:
		return a->ulValueLen % sizeof(CK_ATTRIBUTE) == 0 &&
		       a->ulValueLen / sizeof(CK_ATTRIBUTE) <= INNER_MAX;
	default:
		return a->ulValueLen <= ATTR_LIST_MAX;
	}
}

static void put_ulongs(struct buf *list, CK_ATTRIBUTE_TYPE type, const CK_ATTRIBUTE *a)
{
	const uint8_t *bytes = a->pValue;
	struct buf value;

	buf_init(&value, ATTR_LIST_MAX);
	for (CK_ULONG at = 0; at < a->ulValueLen; at += sizeof(CK_ULONG)) {
		CK_ULONG x;

		memcpy(&x, bytes + at, sizeof(x));
		buf_u64(&value, x);
	}
	if (buf_rc(&value) != RC_OK)
		buf_fail(list, buf_rc(&value));
	attr_set(list, type, view_buf(&value));
	buf_free(&value);
}

/* A template in an attribute: of forms that are known, each once, and with no template in it. */
static CK_RV put_template(struct buf *list, const CK_ATTRIBUTE *a)
{
	struct view there;
	struct buf value;
	CK_RV rv = CKR_OK;

	buf_init(&value, ATTR_LIST_MAX);
	for (CK_ULONG i = 0; rv == CKR_OK && i < a->ulValueLen / sizeof(CK_ATTRIBUTE); i++) {
		CK_ATTRIBUTE one = inner(a, i);
		enum schema_form form;

		if (!schema_form(one.type, &form) || form == FORM_TEMPLATE ||
		    attr_find(view_buf(&value), one.type, &there) == RC_OK)
			rv = CKR_ATTRIBUTE_VALUE_INVALID;
		else
			rv = template_put(&value, form, &one);
	}
	if (rv == CKR_OK) {
		attr_set(list, a->type, view_buf(&value));
		rv = list_rv(list);
	}
	buf_free(&value);
	return rv;
}

CK_RV template_put(struct buf *list, enum schema_form form, const CK_ATTRIBUTE *attribute)
{
	struct view value = {attribute->pValue, attribute->ulValueLen};
	CK_ULONG x;

	if (!is_of_form(form, attribute))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	switch (form) {
	case FORM_ULONG:
		memcpy(&x, attribute->pValue, sizeof(x));
		attr_set_ulong(list, attribute->type, x);
		break;
	case FORM_ULONGS:
		put_ulongs(list, attribute->type, attribute);
		break;
	case FORM_TEMPLATE:
		return put_template(list, attribute);
	case FORM_NUMBER:
		while (value.len && value.data[0] == 0) {
			value.data++;
			value.len--;
		}
		attr_set(list, attribute->type, value);
		break;
	default:
		attr_set(list, attribute->type, value);
		break;
	}
	return list_rv(list);
}

CK_ULONG template_ulong(const CK_ATTRIBUTE *template, CK_ULONG count, CK_ATTRIBUTE_TYPE type,
			CK_ULONG fallback)
{
	const CK_ATTRIBUTE *a = find(template, count, type);

	if (a && is_of_form(FORM_ULONG, a))
		memcpy(&fallback, a->pValue, sizeof(fallback));
	return fallback;
}

bool template_bool(const CK_ATTRIBUTE *template, CK_ULONG count, CK_ATTRIBUTE_TYPE type,
		   bool fallback)
{
	const CK_ATTRIBUTE *a = find(template, count, type);

	return a && is_of_form(FORM_BOOL, a) ? *(const CK_BBOOL *)a->pValue != CK_FALSE : fallback;
}

/* What is wrong with an attribute that the schema does not have, or NULL for its row. */
static CK_RV look_up(const struct schema *schema, const CK_ATTRIBUTE *template, CK_ULONG at,
		     const struct schema_row **ret)
{
	enum schema_form form;

	*ret = schema_row(schema, template[at].type);
	if (!*ret)
		return schema_form(template[at].type, &form) ? CKR_TEMPLATE_INCONSISTENT
							     : CKR_ATTRIBUTE_TYPE_INVALID;
	if (find(template, at, template[at].type))
		return CKR_TEMPLATE_INCONSISTENT;
	return CKR_OK;
}

static bool value_is_supported(const struct schema_row *row, const CK_ATTRIBUTE *a)
{
	if (row->form != FORM_BOOL || !is_of_form(FORM_BOOL, a))
		return true;
	if (*(const CK_BBOOL *)a->pValue)
		return !(row->flags & ONLY_FALSE);
	return !(row->flags & ONLY_TRUE);
}

static CK_RV check_complete(const struct schema *schema, unsigned int must,
			    const CK_ATTRIBUTE *template, CK_ULONG count)
{
	for (size_t g = 0; g < SCHEMA_GROUPS && schema->groups[g]; g++) {
		for (size_t i = 0; i < schema->groups[g]->count; i++) {
			const struct schema_row *row = &schema->groups[g]->rows[i];

			if ((row->flags & must) == must && !find(template, count, row->type))
				return CKR_TEMPLATE_INCOMPLETE;
		}
	}
	return CKR_OK;
}

/* Defaults of what the template might have said, and of what only the card says. */
static void put_defaults(const struct schema *schema, unsigned int may, struct buf *list)
{
	struct view value;

	for (size_t g = 0; g < SCHEMA_GROUPS && schema->groups[g]; g++) {
		for (size_t i = 0; i < schema->groups[g]->count; i++) {
			const struct schema_row *row = &schema->groups[g]->rows[i];

			if (row->fallback < DEFAULT_FALSE || !(row->flags & (may | BY_CARD)) ||
			    attr_find(view_buf(list), row->type, &value) == RC_OK)
				continue;
			attr_set_bool(list, row->type, row->fallback == DEFAULT_TRUE);
		}
	}
}

/* What a key of this type is good for. */
static const struct {
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE type;
	CK_ATTRIBUTE_TYPE usage;
} usages[] = {
	{CKO_PUBLIC_KEY, CKK_RSA, CKA_ENCRYPT},
	{CKO_PUBLIC_KEY, CKK_RSA, CKA_VERIFY},
	{CKO_PUBLIC_KEY, CKK_EC, CKA_VERIFY},
	{CKO_PRIVATE_KEY, CKK_RSA, CKA_DECRYPT},
	{CKO_PRIVATE_KEY, CKK_RSA, CKA_SIGN},
	{CKO_PRIVATE_KEY, CKK_EC, CKA_SIGN},
	{CKO_PUBLIC_KEY, CKK_EC_EDWARDS, CKA_VERIFY},
	{CKO_PRIVATE_KEY, CKK_EC_EDWARDS, CKA_SIGN},
	{CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY, CKA_DERIVE},
	{CKO_PUBLIC_KEY, CKK_INTAGLIO_SM2, CKA_ENCRYPT},
	{CKO_PUBLIC_KEY, CKK_INTAGLIO_SM2, CKA_VERIFY},
	{CKO_PRIVATE_KEY, CKK_INTAGLIO_SM2, CKA_DECRYPT},
	{CKO_PRIVATE_KEY, CKK_INTAGLIO_SM2, CKA_SIGN},
	{CKO_SECRET_KEY, CKK_AES, CKA_ENCRYPT},
	{CKO_SECRET_KEY, CKK_AES, CKA_DECRYPT},
	{CKO_SECRET_KEY, CKK_INTAGLIO_SM4, CKA_ENCRYPT},
	{CKO_SECRET_KEY, CKK_INTAGLIO_SM4, CKA_DECRYPT},
	{CKO_SECRET_KEY, CKK_GENERIC_SECRET, CKA_SIGN},
	{CKO_SECRET_KEY, CKK_GENERIC_SECRET, CKA_VERIFY},
};

/* A template that names no use of a key leaves it every use it is good for, PKCS#11 4.8, 4.9. */
static void put_usages(const struct schema *schema, const CK_ATTRIBUTE *template, CK_ULONG count,
		       struct buf *list)
{
	static const CK_ATTRIBUTE_TYPE all[] = {
		CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN,           CKA_SIGN_RECOVER, CKA_VERIFY,
		CKA_WRAP,    CKA_UNWRAP,  CKA_VERIFY_RECOVER, CKA_DERIVE,
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (find(template, count, all[i]))
			return;
	for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++)
		if (usages[i].class == schema->class && usages[i].type == schema->type)
			attr_set_bool(list, usages[i].usage, true);
}

/* What follows from other attributes and nobody may say. */
static void put_derived(const struct schema *schema, unsigned int may, struct buf *list)
{
	const struct schema_row *params = schema_row(schema, CKA_EC_PARAMS);
	struct view value;
	size_t bits;

	if (schema->class == CKO_PUBLIC_KEY &&
	    attr_find(view_buf(list), CKA_MODULUS, &value) == RC_OK && value.len) {
		bits = value.len * 8;
		for (uint8_t top = value.data[0]; !(top & 0x80) && bits; top = (uint8_t)(top << 1))
			bits--;
		attr_set_ulong(list, CKA_MODULUS_BITS, bits);
	}
	if (schema->class == CKO_SECRET_KEY &&
	    attr_find(view_buf(list), CKA_VALUE, &value) == RC_OK)
		attr_set_ulong(list, CKA_VALUE_LEN, value.len);
	if (schema->type == CKK_INTAGLIO_SM2 && params && params->flags & may &&
	    attr_find(view_buf(list), CKA_EC_PARAMS, &value) != RC_OK)
		attr_set(list, CKA_EC_PARAMS, view_of(sm2_oid, SM2_OID));
}

CK_RV template_build(const struct schema *schema, enum template_use use,
		     const CK_ATTRIBUTE *template, CK_ULONG count, struct buf *ret_list)
{
	unsigned int may = use == TEMPLATE_CREATE ? MAY_CREATE : MAY_GENERATE;
	CK_RV rv;

	for (CK_ULONG i = 0; i < count; i++) {
		const struct schema_row *row;

		rv = look_up(schema, template, i, &row);
		if (rv != CKR_OK)
			return rv;
		if (!(row->flags & may))
			return CKR_ATTRIBUTE_READ_ONLY;
		if (!value_is_supported(row, &template[i]))
			return CKR_ATTRIBUTE_VALUE_INVALID;
		rv = template_put(ret_list, row->form, &template[i]);
		if (rv != CKR_OK)
			return rv;
	}
	rv = check_complete(schema, use == TEMPLATE_CREATE ? MUST_CREATE : MUST_GENERATE, template,
			    count);
	if (rv != CKR_OK)
		return rv;
	if (attr_ulong(view_buf(ret_list), CKA_CLASS, schema->class) != schema->class ||
	    (schema->type_attribute != CKA_CLASS &&
	     attr_ulong(view_buf(ret_list), schema->type_attribute, schema->type) != schema->type))
		return CKR_TEMPLATE_INCONSISTENT;
	attr_set_ulong(ret_list, CKA_CLASS, schema->class);
	attr_set_ulong(ret_list, schema->type_attribute, schema->type);
	put_usages(schema, template, count, ret_list);
	put_defaults(schema, may, ret_list);
	put_derived(schema, may, ret_list);
	return list_rv(ret_list);
}

/* One change against what the object has now. */
static CK_RV check_change(const struct schema_row *row, unsigned int use, struct view list,
			  const CK_ATTRIBUTE *a)
{
	bool now, then;

	if (!(row->flags & use))
		return CKR_ATTRIBUTE_READ_ONLY;
	if (!value_is_supported(row, a))
		return CKR_ATTRIBUTE_READ_ONLY;
	if (row->form != FORM_BOOL || !is_of_form(FORM_BOOL, a))
		return CKR_OK;
	now = attr_bool(list, row->type, row->fallback == DEFAULT_TRUE);
	then = *(const CK_BBOOL *)a->pValue != CK_FALSE;
	if ((row->flags & ONLY_UP && now && !then) || (row->flags & ONLY_DOWN && !now && then))
		return CKR_ATTRIBUTE_READ_ONLY;
	return CKR_OK;
}

CK_RV template_change(const struct schema *schema, unsigned int use, struct view list,
		      const CK_ATTRIBUTE *template, CK_ULONG count, struct buf *ret_changes)
{
	for (CK_ULONG i = 0; i < count; i++) {
		const struct schema_row *row;
		CK_RV rv = look_up(schema, template, i, &row);

		if (rv == CKR_OK)
			rv = check_change(row, use, list, &template[i]);
		if (rv == CKR_OK)
			rv = template_put(ret_changes, row->form, &template[i]);
		if (rv != CKR_OK)
			return rv;
	}
	return CKR_OK;
}

void template_strip(const struct schema *schema, struct buf *list)
{
	for (size_t g = 0; g < SCHEMA_GROUPS && schema->groups[g]; g++)
		for (size_t i = 0; i < schema->groups[g]->count; i++)
			if (schema->groups[g]->rows[i].flags & BY_CARD)
				attr_remove(list, schema->groups[g]->rows[i].type);
}

void template_merge(struct buf *list, struct view changes)
{
	CK_ATTRIBUTE_TYPE type;
	struct view value;

	while (changes.len && attr_next(&changes, &type, &value) == RC_OK)
		attr_set(list, type, value);
}

bool template_is_sensitive(struct view list)
{
	return attr_bool(list, CKA_SENSITIVE, true) || !attr_bool(list, CKA_EXTRACTABLE, false);
}

static CK_RV give_ulongs(struct view value, CK_ATTRIBUTE *attribute)
{
	uint8_t *out = attribute->pValue;
	uint64_t x;

	while (view_u64(&value, &x) == RC_OK) {
		CK_ULONG native = (CK_ULONG)x;

		memcpy(out, &native, sizeof(native));
		out += sizeof(native);
	}
	return CKR_OK;
}

/* 5.7.5: elements with a place for their value get it, the others its length. */
static CK_RV give_template(struct view list, CK_ATTRIBUTE *attribute)
{
	uint8_t *at = attribute->pValue;
	CK_RV rv = CKR_OK, one_rv;
	CK_ATTRIBUTE_TYPE type;
	enum schema_form form;
	struct view value;

	while (list.len && attr_next(&list, &type, &value) == RC_OK) {
		CK_ATTRIBUTE one;

		memcpy(&one, at, sizeof(one));
		one.type = type;
		one_rv = template_give(schema_form(type, &form) ? form : FORM_BYTES, value, &one);
		memcpy(at, &one, sizeof(one));
		at += sizeof(one);
		if (rv == CKR_OK)
			rv = one_rv;
	}
	return rv;
}

/* What a value needs in this machine's form. */
static CK_ULONG native_size(enum schema_form form, struct view value)
{
	CK_ATTRIBUTE_TYPE type;
	struct view one;
	CK_ULONG count = 0;

	switch (form) {
	case FORM_ULONG:
	case FORM_ULONGS:
		return value.len / ULONG_SIZE * sizeof(CK_ULONG);
	case FORM_TEMPLATE:
		while (value.len && attr_next(&value, &type, &one) == RC_OK)
			count++;
		return count * sizeof(CK_ATTRIBUTE);
	default:
		return value.len;
	}
}

CK_RV template_give(enum schema_form form, struct view value, CK_ATTRIBUTE *attribute)
{
	CK_ULONG len = native_size(form, value);

	if (!attribute->pValue) {
		attribute->ulValueLen = len;
		return CKR_OK;
	}
	if (attribute->ulValueLen < len) {
		attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return CKR_BUFFER_TOO_SMALL;
	}
	attribute->ulValueLen = len;
	if (form == FORM_ULONG || form == FORM_ULONGS)
		return give_ulongs(value, attribute);
	if (form == FORM_TEMPLATE)
		return give_template(value, attribute);
	if (len)
		memcpy(attribute->pValue, value.data, len);
	return CKR_OK;
}

bool template_value(const struct schema_row *row, struct view list, struct view *ret)
{
	static const uint8_t bools[] = {CK_FALSE, CK_TRUE};

	if (attr_find(list, row->type, ret) == RC_OK)
		return true;
	*ret = view_of(NULL, 0);
	if (row->fallback == DEFAULT_FALSE || row->fallback == DEFAULT_TRUE)
		*ret = view_of(&bools[row->fallback == DEFAULT_TRUE], sizeof(bools[0]));
	return row->fallback != DEFAULT_NONE;
}

CK_RV template_get(const struct schema *schema, struct view list, CK_ATTRIBUTE *attribute)
{
	const struct schema_row *row = schema ? schema_row(schema, attribute->type) : NULL;
	struct view value;

	if (row && row->flags & SECRET && template_is_sensitive(list)) {
		attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return CKR_ATTRIBUTE_SENSITIVE;
	}
	if (!row || !template_value(row, list, &value)) {
		attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return CKR_ATTRIBUTE_TYPE_INVALID;
	}
	return template_give(row->form, value, attribute);
}

/* Whether the template's value of this attribute is the list's. */
static CK_RV compare(const CK_ATTRIBUTE *a, enum schema_form form, struct view value)
{
	struct view own;
	struct buf list;
	CK_RV rv;

	buf_init(&list, ATTR_LIST_MAX);
	rv = template_put(&list, form, a);
	if (rv == CKR_OK &&
	    (attr_find(view_buf(&list), a->type, &own) != RC_OK || !view_equal(own, value)))
		rv = CKR_TEMPLATE_INCONSISTENT;
	buf_free(&list);
	return rv;
}

CK_RV template_join(struct view list, const CK_ATTRIBUTE *template, CK_ULONG count,
		    struct joined *ret)
{
	size_t most = list.len / HEADER_SIZE + 1;
	CK_ATTRIBUTE_TYPE type;
	enum schema_form form;
	struct view value;
	uint8_t *at;
	CK_RV rv = CKR_OK;

	ret->count = count;
	ret->attributes = calloc(count + most, sizeof(*ret->attributes));
	/* A value and what aligns it need no more room than its header and it had in the list. */
	ret->values = calloc(list.len + 1, 1);
	if (!ret->attributes || !ret->values)
		return CKR_HOST_MEMORY;
	if (count)
		memcpy(ret->attributes, template, count * sizeof(*template));
	at = ret->values;
	while (rv == CKR_OK && list.len && attr_next(&list, &type, &value) == RC_OK) {
		const CK_ATTRIBUTE *own = find(template, count, type);
		CK_ATTRIBUTE *added = &ret->attributes[ret->count];

		if (!schema_form(type, &form)) {
			rv = CKR_TEMPLATE_INCONSISTENT;
		} else if (own) {
			rv = compare(own, form, value);
		} else {
			*added = (CK_ATTRIBUTE){type, at, native_size(form, value)};
			rv = template_give(form, value, added);
			at += (added->ulValueLen + ULONG_SIZE - 1) / ULONG_SIZE * ULONG_SIZE;
			ret->count++;
		}
	}
	return rv;
}

void template_joined_free(struct joined *joined)
{
	free(joined->attributes);
	free(joined->values);
	*joined = (struct joined){0};
}
