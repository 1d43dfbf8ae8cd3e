/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The attributes that objects have, PKCS#11 2.40 4: one schema for each class and type, made of
 * groups of rows; a row says an attribute's form, who may give it a value and when, and what it is
 * when nobody does. Constant tables; no state.
 */
#ifndef INTAGLIO_TOKEN_SCHEMA_H
#define INTAGLIO_TOKEN_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cryptoki.h"

enum schema_form {
	FORM_BOOL, /* CK_BBOOL */
	FORM_ULONG, /* CK_ULONG, 8 bytes big-endian on the card */
	FORM_ULONGS, /* an array of them */
	FORM_DATE, /* CK_DATE or empty */
	FORM_NUMBER, /* unsigned big-endian, without leading zeros on the card */
	FORM_BYTES,
	FORM_TEMPLATE, /* an array of CK_ATTRIBUTE; an attribute list on the card */
};

/* When an attribute may or must be in a template, and what else is special. */
enum {
	MAY_CREATE = 0x001,
	MUST_CREATE = 0x002 | MAY_CREATE,
	MAY_GENERATE = 0x004,
	MUST_GENERATE = 0x008 | MAY_GENERATE,
	MAY_COPY = 0x010,
	MAY_SET = 0x020,
	SECRET = 0x040, /* not shown unless the object is extractable and not sensitive */
	BY_CARD = 0x080, /* the card sets it, and is not sent what the template said */
	ONLY_UP = 0x100, /* may change from false to true only */
	ONLY_DOWN = 0x200, /* may change from true to false only */
	ONLY_TRUE = 0x400, /* no other value is supported */
	ONLY_FALSE = 0x800,
	LIVE = 0x1000, /* asked from the card whenever it is read */
	AT_BIRTH = MAY_CREATE | MAY_GENERATE,
	ANY_TIME = AT_BIRTH | MAY_COPY | MAY_SET,
};

enum schema_default { DEFAULT_NONE, DEFAULT_EMPTY, DEFAULT_FALSE, DEFAULT_TRUE };

struct schema_row {
	CK_ATTRIBUTE_TYPE type;
	enum schema_form form;
	unsigned int flags;
	enum schema_default fallback;
};

struct schema_group {
	const struct schema_row *rows;
	size_t count;
};

enum { SCHEMA_GROUPS = 4 };

struct schema {
	CK_OBJECT_CLASS class;
	CK_ATTRIBUTE_TYPE type_attribute; /* CKA_KEY_TYPE, CKA_CERTIFICATE_TYPE; CKA_CLASS if none */
	CK_ULONG type; /* its value */
	const struct schema_group *groups[SCHEMA_GROUPS]; /* NULL after the last */
};

/* NULL if there is none; type is ignored for classes without one. */
const struct schema *schema_find(CK_OBJECT_CLASS class, CK_ULONG type);
/* The attribute that tells the types of a class apart; CKA_CLASS if it has none. */
CK_ATTRIBUTE_TYPE schema_type_attribute(CK_OBJECT_CLASS class);
/* NULL if objects of this schema do not have the attribute. */
const struct schema_row *schema_row(const struct schema *schema, CK_ATTRIBUTE_TYPE type);
/* The form of an attribute in whatever schema has it; false if none does. */
bool schema_form(CK_ATTRIBUTE_TYPE type, enum schema_form *ret);

#endif
