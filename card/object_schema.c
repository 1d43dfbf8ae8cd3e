/* SPDX-License-Identifier: BSD-2-Clause */
/* One row an attribute: its form, and who may set and change it. PKCS#11 4.1, tables 10 to 45. */
#include "card/object_schema.h"

enum form { FORM_BYTES, FORM_BOOL, FORM_ULONG, FORM_ULONGS, FORM_DATE, FORM_LIST };

enum rule {
	FIXED, /* set at creation */
	FREE, /* changeable */
	RISES, /* a boolean that may become true */
	FALLS, /* a boolean that may become false */
	DATA, /* changeable in CKO_DATA */
	CARDS, /* set by the card alone */
};

struct row {
	CK_ATTRIBUTE_TYPE type;
	enum form form;
	enum rule rule;
};

static const struct row rows[] = {
	{CKA_CLASS, FORM_ULONG, FIXED},
	{CKA_TOKEN, FORM_BOOL, FIXED},
	{CKA_PRIVATE, FORM_BOOL, FIXED},
	{CKA_LABEL, FORM_BYTES, FREE},
	{CKA_UNIQUE_ID, FORM_BYTES, CARDS},
	{CKA_APPLICATION, FORM_BYTES, DATA},
	{CKA_VALUE, FORM_BYTES, DATA},
	{CKA_OBJECT_ID, FORM_BYTES, DATA},
	{CKA_CERTIFICATE_TYPE, FORM_ULONG, FIXED},
	{CKA_ISSUER, FORM_BYTES, FREE},
	{CKA_SERIAL_NUMBER, FORM_BYTES, FREE},
	{CKA_TRUSTED, FORM_BOOL, FREE},
	{CKA_CERTIFICATE_CATEGORY, FORM_ULONG, FIXED},
	{CKA_JAVA_MIDP_SECURITY_DOMAIN, FORM_ULONG, FIXED},
	{CKA_URL, FORM_BYTES, FIXED},
	{CKA_HASH_OF_SUBJECT_PUBLIC_KEY, FORM_BYTES, FIXED},
	{CKA_HASH_OF_ISSUER_PUBLIC_KEY, FORM_BYTES, FIXED},
	{CKA_NAME_HASH_ALGORITHM, FORM_ULONG, FIXED},
	{CKA_CHECK_VALUE, FORM_BYTES, FIXED},
	{CKA_KEY_TYPE, FORM_ULONG, FIXED},
	{CKA_SUBJECT, FORM_BYTES, FREE},
	{CKA_ID, FORM_BYTES, FREE},
	{CKA_SENSITIVE, FORM_BOOL, RISES},
	{CKA_ENCRYPT, FORM_BOOL, FREE},
	{CKA_DECRYPT, FORM_BOOL, FREE},
	{CKA_WRAP, FORM_BOOL, FREE},
	{CKA_UNWRAP, FORM_BOOL, FREE},
	{CKA_SIGN, FORM_BOOL, FREE},
	{CKA_SIGN_RECOVER, FORM_BOOL, FREE},
	{CKA_VERIFY, FORM_BOOL, FREE},
	{CKA_VERIFY_RECOVER, FORM_BOOL, FREE},
	{CKA_DERIVE, FORM_BOOL, FREE},
	{CKA_START_DATE, FORM_DATE, FREE},
	{CKA_END_DATE, FORM_DATE, FREE},
	{CKA_MODULUS, FORM_BYTES, FIXED},
	{CKA_MODULUS_BITS, FORM_ULONG, FIXED},
	{CKA_PUBLIC_EXPONENT, FORM_BYTES, FIXED},
	{CKA_PRIVATE_EXPONENT, FORM_BYTES, FIXED},
	{CKA_PRIME_1, FORM_BYTES, FIXED},
	{CKA_PRIME_2, FORM_BYTES, FIXED},
	{CKA_EXPONENT_1, FORM_BYTES, FIXED},
	{CKA_EXPONENT_2, FORM_BYTES, FIXED},
	{CKA_COEFFICIENT, FORM_BYTES, FIXED},
	{CKA_PUBLIC_KEY_INFO, FORM_BYTES, FIXED},
	{CKA_VALUE_LEN, FORM_ULONG, FIXED},
	{CKA_EXTRACTABLE, FORM_BOOL, FALLS},
	{CKA_LOCAL, FORM_BOOL, CARDS},
	{CKA_NEVER_EXTRACTABLE, FORM_BOOL, CARDS},
	{CKA_ALWAYS_SENSITIVE, FORM_BOOL, CARDS},
	{CKA_KEY_GEN_MECHANISM, FORM_ULONG, CARDS},
	{CKA_MODIFIABLE, FORM_BOOL, FIXED},
	{CKA_COPYABLE, FORM_BOOL, FALLS},
	{CKA_DESTROYABLE, FORM_BOOL, FALLS},
	{CKA_EC_PARAMS, FORM_BYTES, FIXED},
	{CKA_EC_POINT, FORM_BYTES, FIXED},
	{CKA_ALWAYS_AUTHENTICATE, FORM_BOOL, FIXED},
	{CKA_WRAP_WITH_TRUSTED, FORM_BOOL, RISES},
	{CKA_ALLOWED_MECHANISMS, FORM_ULONGS, FIXED},
	{CKA_WRAP_TEMPLATE, FORM_LIST, FIXED},
	{CKA_UNWRAP_TEMPLATE, FORM_LIST, FIXED},
	{CKA_DERIVE_TEMPLATE, FORM_LIST, FIXED},
};

/* Attributes of other vendors are kept as bytes that anyone may change; ours are the card's. */
static const struct row foreign = {0, FORM_BYTES, FREE}, ours = {0, FORM_BYTES, CARDS};

enum { ALLOWED_MECHANISMS_MAX = 64 };

static const struct row *find(CK_ATTRIBUTE_TYPE type)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == type)
			return &rows[i];
	if (!(type & CKA_VENDOR_DEFINED))
		return NULL;
	return (type & 0xFFFFFF00UL) == CKX_INTAGLIO ? &ours : &foreign;
}

static enum rc check_form(enum form form, struct view value)
{
	bool good = true;

	switch (form) {
	case FORM_BYTES:
		break;
	case FORM_BOOL:
		good = value.len == 1 && value.data[0] <= CK_TRUE;
		break;
	case FORM_ULONG:
		good = value.len == 8;
		break;
	case FORM_ULONGS:
		good = value.len % 8 == 0 && value.len / 8 <= ALLOWED_MECHANISMS_MAX;
		break;
	case FORM_DATE:
		good = value.len == 0 || value.len == sizeof(CK_DATE);
		break;
	case FORM_LIST:
		good = attr_check(value) == RC_OK;
		break;
	}
	return good ? RC_OK : RC_MALFORMED;
}

enum rc schema_check_new(struct view list)
{
	const struct row *row;
	CK_ATTRIBUTE_TYPE type;
	struct view value, rest = list;

	if (attr_check(list) != RC_OK)
		return RC_MALFORMED;
	while (rest.len) {
		if (attr_next(&rest, &type, &value) != RC_OK)
			return RC_MALFORMED;
		row = find(type);
		if (!row || row->rule == CARDS || check_form(row->form, value) != RC_OK)
			return RC_MALFORMED;
	}
	return attr_bool(list, CKA_TOKEN, true) ? RC_OK : RC_MALFORMED;
}

/* The value that the object has now may become this one. */
static bool is_allowed(const struct row *row, struct view value, CK_ATTRIBUTE_TYPE type,
		       struct view now)
{
	struct view old;

	switch (row->rule) {
	case FREE:
		return true;
	case RISES:
		return value.data[0] || !attr_bool(now, type, false);
	case FALLS:
		return !value.data[0] || attr_bool(now, type, true);
	case DATA:
		if (attr_ulong(now, CKA_CLASS, ATTR_UNAVAILABLE) == CKO_DATA)
			return true;
		break;
	default:
		break;
	}
	if (type == CKA_VALUE || attr_find(now, type, &old) != RC_OK)
		return false;
	return row->rule == FIXED && row->form != FORM_BYTES && view_equal(old, value);
}

enum rc schema_check_change(struct view changes, struct view now)
{
	const struct row *row;
	CK_ATTRIBUTE_TYPE type;
	struct view value;

	if (attr_check(changes) != RC_OK)
		return RC_MALFORMED;
	while (changes.len) {
		if (attr_next(&changes, &type, &value) != RC_OK)
			return RC_MALFORMED;
		row = find(type);
		if (!row || check_form(row->form, value) != RC_OK ||
		    !is_allowed(row, value, type, now))
			return RC_MALFORMED;
	}
	return RC_OK;
}

enum rc schema_check_without(struct view list, const CK_ATTRIBUTE_TYPE *types)
{
	struct view value;

	for (; *types != CK_UNAVAILABLE_INFORMATION; types++)
		if (attr_find(list, *types, &value) != RC_NOT_FOUND)
			return RC_MALFORMED;
	return RC_OK;
}
