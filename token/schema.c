/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of attributes, PKCS#11 2.40 4 and the mechanisms document for the key types. */
#include "token/schema.h"

/* 4.4 and 4.1.2: every object that can be stored. */
static const struct schema_row object_rows[] = {
	{CKA_CLASS, FORM_ULONG, AT_BIRTH, DEFAULT_NONE},
	{CKA_TOKEN, FORM_BOOL, AT_BIRTH | MAY_COPY | BY_CARD, DEFAULT_FALSE},
	{CKA_LABEL, FORM_BYTES, ANY_TIME, DEFAULT_EMPTY},
	{CKA_UNIQUE_ID, FORM_BYTES, BY_CARD, DEFAULT_NONE},
	{CKA_MODIFIABLE, FORM_BOOL, AT_BIRTH | MAY_COPY, DEFAULT_TRUE},
	{CKA_DESTROYABLE, FORM_BOOL, ANY_TIME, DEFAULT_TRUE},
};
static const struct schema_group object_group = {object_rows,
						 sizeof(object_rows) / sizeof(object_rows[0])};

/* 4.5 */
static const struct schema_row data_rows[] = {
	{CKA_PRIVATE, FORM_BOOL, AT_BIRTH | MAY_COPY, DEFAULT_FALSE},
	{CKA_COPYABLE, FORM_BOOL, ANY_TIME | ONLY_DOWN, DEFAULT_TRUE},
	{CKA_APPLICATION, FORM_BYTES, ANY_TIME, DEFAULT_EMPTY},
	{CKA_OBJECT_ID, FORM_BYTES, ANY_TIME, DEFAULT_EMPTY},
	{CKA_VALUE, FORM_BYTES, ANY_TIME, DEFAULT_EMPTY},
};
static const struct schema_group data_group = {data_rows, sizeof(data_rows) / sizeof(data_rows[0])};

/* 4.6 */
static const struct schema_row certificate_rows[] = {
	{CKA_PRIVATE, FORM_BOOL, AT_BIRTH | MAY_COPY, DEFAULT_FALSE},
	{CKA_COPYABLE, FORM_BOOL, ANY_TIME | ONLY_DOWN, DEFAULT_TRUE},
	{CKA_CERTIFICATE_TYPE, FORM_ULONG, MUST_CREATE, DEFAULT_NONE},
	{CKA_TRUSTED, FORM_BOOL, MAY_CREATE | MAY_SET, DEFAULT_FALSE},
	{CKA_CERTIFICATE_CATEGORY, FORM_ULONG, MAY_CREATE, DEFAULT_NONE},
	{CKA_JAVA_MIDP_SECURITY_DOMAIN, FORM_ULONG, MAY_CREATE, DEFAULT_NONE},
	{CKA_CHECK_VALUE, FORM_BYTES, MAY_CREATE, DEFAULT_NONE},
	{CKA_START_DATE, FORM_DATE, MAY_CREATE, DEFAULT_EMPTY},
	{CKA_END_DATE, FORM_DATE, MAY_CREATE, DEFAULT_EMPTY},
	{CKA_PUBLIC_KEY_INFO, FORM_BYTES, MAY_CREATE, DEFAULT_EMPTY},
	{CKA_SUBJECT, FORM_BYTES, MUST_CREATE, DEFAULT_NONE},
	{CKA_ID, FORM_BYTES, MAY_CREATE | MAY_COPY | MAY_SET, DEFAULT_EMPTY},
	{CKA_ISSUER, FORM_BYTES, MAY_CREATE | MAY_COPY | MAY_SET, DEFAULT_EMPTY},
	{CKA_SERIAL_NUMBER, FORM_BYTES, MAY_CREATE | MAY_COPY | MAY_SET, DEFAULT_EMPTY},
	{CKA_VALUE, FORM_BYTES, MUST_CREATE, DEFAULT_NONE},
	{CKA_URL, FORM_BYTES, MAY_CREATE, DEFAULT_EMPTY},
	{CKA_HASH_OF_SUBJECT_PUBLIC_KEY, FORM_BYTES, MAY_CREATE, DEFAULT_EMPTY},
	{CKA_HASH_OF_ISSUER_PUBLIC_KEY, FORM_BYTES, MAY_CREATE, DEFAULT_EMPTY},
	{CKA_NAME_HASH_ALGORITHM, FORM_ULONG, MAY_CREATE, DEFAULT_NONE},
};
static const struct schema_group certificate_group = {
	certificate_rows, sizeof(certificate_rows) / sizeof(certificate_rows[0])};

/* 4.7: every key. */
static const struct schema_row key_rows[] = {
	{CKA_KEY_TYPE, FORM_ULONG, MUST_CREATE | MAY_GENERATE, DEFAULT_NONE},
	{CKA_ID, FORM_BYTES, ANY_TIME, DEFAULT_EMPTY},
	{CKA_START_DATE, FORM_DATE, ANY_TIME, DEFAULT_EMPTY},
	{CKA_END_DATE, FORM_DATE, ANY_TIME, DEFAULT_EMPTY},
	{CKA_DERIVE, FORM_BOOL, ANY_TIME, DEFAULT_FALSE},
	{CKA_LOCAL, FORM_BOOL, BY_CARD, DEFAULT_FALSE},
	{CKA_KEY_GEN_MECHANISM, FORM_ULONG, BY_CARD, DEFAULT_NONE},
	{CKA_ALLOWED_MECHANISMS, FORM_ULONGS, AT_BIRTH, DEFAULT_EMPTY},
};
static const struct schema_group key_group = {key_rows, sizeof(key_rows) / sizeof(key_rows[0])};

/* 4.8 */
static const struct schema_row public_rows[] = {
	{CKA_PRIVATE, FORM_BOOL, AT_BIRTH | MAY_COPY, DEFAULT_FALSE},
	{CKA_COPYABLE, FORM_BOOL, ANY_TIME | ONLY_DOWN, DEFAULT_TRUE},
	{CKA_SUBJECT, FORM_BYTES, ANY_TIME, DEFAULT_EMPTY},
	{CKA_ENCRYPT, FORM_BOOL, ANY_TIME, DEFAULT_FALSE},
	{CKA_VERIFY, FORM_BOOL, ANY_TIME, DEFAULT_FALSE},
	{CKA_VERIFY_RECOVER, FORM_BOOL, ANY_TIME, DEFAULT_FALSE},
	{CKA_WRAP, FORM_BOOL, ANY_TIME, DEFAULT_FALSE},
	{CKA_WRAP_TEMPLATE, FORM_TEMPLATE, AT_BIRTH, DEFAULT_EMPTY},
	{CKA_TRUSTED, FORM_BOOL, MAY_CREATE | MAY_SET, DEFAULT_FALSE},
	{CKA_PUBLIC_KEY_INFO, FORM_BYTES, MAY_CREATE, DEFAULT_EMPTY},
};
static const struct schema_group public_group = {public_rows,
						 sizeof(public_rows) / sizeof(public_rows[0])};

/*
 * 4.9. A private key's value leaves the card under no template, so CKA_SENSITIVE false would be a
 * promise that is not kept, and a copy cannot be made.
 */
static const struct schema_row private_rows[] = {
	{CKA_PRIVATE, FORM_BOOL, AT_BIRTH, DEFAULT_TRUE},
	{CKA_COPYABLE, FORM_BOOL, AT_BIRTH | ONLY_FALSE, DEFAULT_FALSE},
	{CKA_SUBJECT, FORM_BYTES, ANY_TIME, DEFAULT_EMPTY},
	{CKA_SENSITIVE, FORM_BOOL, AT_BIRTH | MAY_SET | ONLY_TRUE, DEFAULT_TRUE},
	{CKA_EXTRACTABLE, FORM_BOOL, AT_BIRTH | MAY_SET | ONLY_DOWN, DEFAULT_FALSE},
	{CKA_ALWAYS_SENSITIVE, FORM_BOOL, BY_CARD, DEFAULT_NONE},
	{CKA_NEVER_EXTRACTABLE, FORM_BOOL, BY_CARD, DEFAULT_NONE},
	{CKA_DECRYPT, FORM_BOOL, ANY_TIME, DEFAULT_FALSE},
	{CKA_SIGN, FORM_BOOL, ANY_TIME, DEFAULT_FALSE},
	{CKA_SIGN_RECOVER, FORM_BOOL, ANY_TIME, DEFAULT_FALSE},
	{CKA_UNWRAP, FORM_BOOL, ANY_TIME, DEFAULT_FALSE},
	{CKA_WRAP_WITH_TRUSTED, FORM_BOOL, AT_BIRTH | MAY_SET | ONLY_UP, DEFAULT_FALSE},
	{CKA_UNWRAP_TEMPLATE, FORM_TEMPLATE, AT_BIRTH, DEFAULT_EMPTY},
	{CKA_DERIVE_TEMPLATE, FORM_TEMPLATE, AT_BIRTH, DEFAULT_EMPTY},
	{CKA_ALWAYS_AUTHENTICATE, FORM_BOOL, AT_BIRTH, DEFAULT_FALSE},
	{CKA_PUBLIC_KEY_INFO, FORM_BYTES, MAY_CREATE, DEFAULT_EMPTY},
};
static const struct schema_group private_group = {private_rows,
						  sizeof(private_rows) / sizeof(private_rows[0])};

/* 4.10 */
static const struct schema_row secret_rows[] = {
	{CKA_PRIVATE, FORM_BOOL, AT_BIRTH | MAY_COPY, DEFAULT_TRUE},
	{CKA_COPYABLE, FORM_BOOL, ANY_TIME | ONLY_DOWN, DEFAULT_TRUE},
	{CKA_SENSITIVE, FORM_BOOL, ANY_TIME | ONLY_UP, DEFAULT_FALSE},
	{CKA_EXTRACTABLE, FORM_BOOL, ANY_TIME | ONLY_DOWN, DEFAULT_TRUE},
	{CKA_ALWAYS_SENSITIVE, FORM_BOOL, BY_CARD, DEFAULT_NONE},
	{CKA_NEVER_EXTRACTABLE, FORM_BOOL, BY_CARD, DEFAULT_NONE},
	{CKA_ENCRYPT, FORM_BOOL, ANY_TIME, DEFAULT_FALSE},
	{CKA_DECRYPT, FORM_BOOL, ANY_TIME, DEFAULT_FALSE},
	{CKA_SIGN, FORM_BOOL, ANY_TIME, DEFAULT_FALSE},
	{CKA_VERIFY, FORM_BOOL, ANY_TIME, DEFAULT_FALSE},
	{CKA_WRAP, FORM_BOOL, ANY_TIME, DEFAULT_FALSE},
	{CKA_UNWRAP, FORM_BOOL, ANY_TIME, DEFAULT_FALSE},
	{CKA_WRAP_WITH_TRUSTED, FORM_BOOL, AT_BIRTH | MAY_SET | ONLY_UP, DEFAULT_FALSE},
	{CKA_WRAP_TEMPLATE, FORM_TEMPLATE, AT_BIRTH, DEFAULT_EMPTY},
	{CKA_UNWRAP_TEMPLATE, FORM_TEMPLATE, AT_BIRTH, DEFAULT_EMPTY},
	{CKA_DERIVE_TEMPLATE, FORM_TEMPLATE, AT_BIRTH, DEFAULT_EMPTY},
	{CKA_TRUSTED, FORM_BOOL, MAY_CREATE | MAY_SET, DEFAULT_FALSE},
	{CKA_CHECK_VALUE, FORM_BYTES, AT_BIRTH, DEFAULT_NONE},
	{CKA_VALUE, FORM_BYTES, MUST_CREATE | SECRET, DEFAULT_NONE},
	{CKA_VALUE_LEN, FORM_ULONG, MAY_GENERATE, DEFAULT_NONE},
};
static const struct schema_group secret_group = {secret_rows,
						 sizeof(secret_rows) / sizeof(secret_rows[0])};

/* Mechanisms 2.1.2 */
static const struct schema_row rsa_public_rows[] = {
	{CKA_MODULUS, FORM_NUMBER, MUST_CREATE, DEFAULT_NONE},
	{CKA_MODULUS_BITS, FORM_ULONG, MUST_GENERATE, DEFAULT_NONE},
	{CKA_PUBLIC_EXPONENT, FORM_NUMBER, MUST_CREATE | MAY_GENERATE, DEFAULT_NONE},
};
static const struct schema_group rsa_public_group = {
	rsa_public_rows, sizeof(rsa_public_rows) / sizeof(rsa_public_rows[0])};

/* Mechanisms 2.1.3 */
static const struct schema_row rsa_private_rows[] = {
	{CKA_MODULUS, FORM_NUMBER, MUST_CREATE, DEFAULT_NONE},
	{CKA_PUBLIC_EXPONENT, FORM_NUMBER, MUST_CREATE, DEFAULT_NONE},
	{CKA_PRIVATE_EXPONENT, FORM_NUMBER, MUST_CREATE | SECRET, DEFAULT_NONE},
	{CKA_PRIME_1, FORM_NUMBER, MUST_CREATE | SECRET, DEFAULT_NONE},
	{CKA_PRIME_2, FORM_NUMBER, MUST_CREATE | SECRET, DEFAULT_NONE},
	{CKA_EXPONENT_1, FORM_NUMBER, MAY_CREATE | SECRET, DEFAULT_NONE},
	{CKA_EXPONENT_2, FORM_NUMBER, MAY_CREATE | SECRET, DEFAULT_NONE},
	{CKA_COEFFICIENT, FORM_NUMBER, MAY_CREATE | SECRET, DEFAULT_NONE},
};
static const struct schema_group rsa_private_group = {
	rsa_private_rows, sizeof(rsa_private_rows) / sizeof(rsa_private_rows[0])};

/* Mechanisms 2.3.3 */
static const struct schema_row ec_public_rows[] = {
	{CKA_EC_PARAMS, FORM_BYTES, MUST_CREATE | MUST_GENERATE, DEFAULT_NONE},
	{CKA_EC_POINT, FORM_BYTES, MUST_CREATE, DEFAULT_NONE},
};
static const struct schema_group ec_public_group = {
	ec_public_rows, sizeof(ec_public_rows) / sizeof(ec_public_rows[0])};

/* Mechanisms 2.3.4 */
static const struct schema_row ec_private_rows[] = {
	{CKA_EC_PARAMS, FORM_BYTES, MUST_CREATE, DEFAULT_NONE},
	{CKA_VALUE, FORM_NUMBER, MUST_CREATE | SECRET, DEFAULT_NONE},
	{CKA_EC_POINT, FORM_BYTES, MAY_CREATE, DEFAULT_NONE},
};
static const struct schema_group ec_private_group = {
	ec_private_rows, sizeof(ec_private_rows) / sizeof(ec_private_rows[0])};

/* Mechanisms 2.3.5: a key of RFC 7748 or 8032 is bytes, and begins with whatever it begins with. */
static const struct schema_row raw_private_rows[] = {
	{CKA_EC_PARAMS, FORM_BYTES, MUST_CREATE, DEFAULT_NONE},
	{CKA_VALUE, FORM_BYTES, MUST_CREATE | SECRET, DEFAULT_NONE},
	{CKA_EC_POINT, FORM_BYTES, MAY_CREATE, DEFAULT_NONE},
};
static const struct schema_group raw_private_group = {
	raw_private_rows, sizeof(raw_private_rows) / sizeof(raw_private_rows[0])};

/* As Mechanisms 2.3.3 and 2.3.4; there is one curve, and its name may be left out (template.c). */
static const struct schema_row sm2_public_rows[] = {
	{CKA_EC_PARAMS, FORM_BYTES, AT_BIRTH, DEFAULT_NONE},
	{CKA_EC_POINT, FORM_BYTES, MUST_CREATE, DEFAULT_NONE},
};
static const struct schema_group sm2_public_group = {
	sm2_public_rows, sizeof(sm2_public_rows) / sizeof(sm2_public_rows[0])};

static const struct schema_row sm2_private_rows[] = {
	{CKA_EC_PARAMS, FORM_BYTES, MAY_CREATE, DEFAULT_NONE},
	{CKA_VALUE, FORM_NUMBER, MUST_CREATE | SECRET, DEFAULT_NONE},
	{CKA_EC_POINT, FORM_BYTES, MAY_CREATE, DEFAULT_NONE},
};
static const struct schema_group sm2_private_group = {
	sm2_private_rows, sizeof(sm2_private_rows) / sizeof(sm2_private_rows[0])};

/* A ledger: intaglio-pkcs11(7). The card makes all but the label and whom it serves. */
static const struct schema_row ledger_rows[] = {
	{CKA_PRIVATE, FORM_BOOL, MAY_CREATE | ONLY_FALSE | BY_CARD, DEFAULT_FALSE},
	{CKA_ENCRYPT, FORM_BOOL, MAY_CREATE | ONLY_TRUE | BY_CARD, DEFAULT_TRUE},
	{CKA_DECRYPT, FORM_BOOL, MAY_CREATE | ONLY_TRUE | BY_CARD, DEFAULT_TRUE},
	{CKA_SENSITIVE, FORM_BOOL, BY_CARD, DEFAULT_TRUE},
	{CKA_EXTRACTABLE, FORM_BOOL, BY_CARD, DEFAULT_FALSE},
	{CKA_INTAGLIO_LEDGER_ID, FORM_BYTES, BY_CARD, DEFAULT_NONE},
	{CKA_INTAGLIO_RECORD_COUNT, FORM_ULONG, BY_CARD | LIVE, DEFAULT_NONE},
	{CKA_INTAGLIO_CHECKPOINT, FORM_BYTES, BY_CARD | LIVE, DEFAULT_NONE},
	{CKA_INTAGLIO_VERIFIER_KEY, FORM_BYTES, BY_CARD, DEFAULT_NONE},
	{CKA_INTAGLIO_LEDGER_CERTIFICATE, FORM_BYTES, BY_CARD | LIVE, DEFAULT_NONE},
	{CKA_INTAGLIO_AUDITOR, FORM_BYTES, MAY_CREATE, DEFAULT_NONE},
	{CKA_INTAGLIO_ESCROW, FORM_NUMBER, MAY_CREATE, DEFAULT_NONE},
	{CKA_INTAGLIO_AUDITOR_PROOF, FORM_BYTES, MAY_CREATE, DEFAULT_NONE},
	{CKA_INTAGLIO_APPEND_ROLES, FORM_ULONG, MAY_CREATE, DEFAULT_NONE},
	{CKA_INTAGLIO_READ_ROLES, FORM_ULONG, MAY_CREATE, DEFAULT_NONE},
	{CKA_INTAGLIO_PRUNE_ROLES, FORM_ULONG, MAY_CREATE, DEFAULT_NONE},
	{CKA_INTAGLIO_CAPACITY, FORM_ULONG, MAY_CREATE, DEFAULT_NONE},
	{CKA_INTAGLIO_RECORD_MAX, FORM_ULONG, MAY_CREATE, DEFAULT_NONE},
	{CKA_INTAGLIO_COSIGN_NEEDED, FORM_BOOL, MAY_CREATE, DEFAULT_NONE},
	{CKA_INTAGLIO_PRUNED_COUNT, FORM_ULONG, BY_CARD | LIVE, DEFAULT_NONE},
	{CKA_INTAGLIO_COSIGNED, FORM_BYTES, BY_CARD | LIVE, DEFAULT_NONE},
	{CKA_INTAGLIO_WARNINGS, FORM_ULONG, BY_CARD | LIVE, DEFAULT_NONE},
	{CKA_INTAGLIO_TIME_BACKWARDS, FORM_ULONG, BY_CARD | LIVE, DEFAULT_NONE},
};
static const struct schema_group ledger_group = {ledger_rows,
						 sizeof(ledger_rows) / sizeof(ledger_rows[0])};

/* An application of a principal card: nobody makes or changes one here. */
static const struct schema_row application_rows[] = {
	{CKA_PRIVATE, FORM_BOOL, ONLY_FALSE | BY_CARD, DEFAULT_FALSE},
	{CKA_SIGN, FORM_BOOL, BY_CARD, DEFAULT_NONE},
	{CKA_SENSITIVE, FORM_BOOL, BY_CARD, DEFAULT_TRUE},
	{CKA_EXTRACTABLE, FORM_BOOL, BY_CARD, DEFAULT_FALSE},
	{CKA_INTAGLIO_ACTIVATIONS, FORM_ULONG, BY_CARD, DEFAULT_NONE},
};
static const struct schema_group application_group = {
	application_rows, sizeof(application_rows) / sizeof(application_rows[0])};

/* 3.2, 4.14 and 4.15: nobody makes or changes what says what the token is. */
static const struct schema_row profile_rows[] = {
	{CKA_CLASS, FORM_ULONG, BY_CARD, DEFAULT_NONE},
	{CKA_UNIQUE_ID, FORM_BYTES, BY_CARD, DEFAULT_NONE},
	{CKA_PROFILE_ID, FORM_ULONG, BY_CARD, DEFAULT_NONE},
};
static const struct schema_group profile_group = {profile_rows,
						  sizeof(profile_rows) / sizeof(profile_rows[0])};

static const struct schema_row mechanism_rows[] = {
	{CKA_CLASS, FORM_ULONG, BY_CARD, DEFAULT_NONE},
	{CKA_UNIQUE_ID, FORM_BYTES, BY_CARD, DEFAULT_NONE},
	{CKA_MECHANISM_TYPE, FORM_ULONG, BY_CARD, DEFAULT_NONE},
};
static const struct schema_group mechanism_group = {
	mechanism_rows, sizeof(mechanism_rows) / sizeof(mechanism_rows[0])};

static const struct schema schemas[] = {
	{CKO_DATA, CKA_CLASS, CKO_DATA, {&object_group, &data_group}},
	{CKO_CERTIFICATE, CKA_CERTIFICATE_TYPE, CKC_X_509, {&object_group, &certificate_group}},
	{CKO_PUBLIC_KEY,
	 CKA_KEY_TYPE,
	 CKK_RSA,
	 {&object_group, &key_group, &public_group, &rsa_public_group}},
	{CKO_PUBLIC_KEY,
	 CKA_KEY_TYPE,
	 CKK_EC,
	 {&object_group, &key_group, &public_group, &ec_public_group}},
	{CKO_PUBLIC_KEY,
	 CKA_KEY_TYPE,
	 CKK_EC_EDWARDS,
	 {&object_group, &key_group, &public_group, &ec_public_group}},
	{CKO_PUBLIC_KEY,
	 CKA_KEY_TYPE,
	 CKK_EC_MONTGOMERY,
	 {&object_group, &key_group, &public_group, &ec_public_group}},
	{CKO_PRIVATE_KEY,
	 CKA_KEY_TYPE,
	 CKK_EC_EDWARDS,
	 {&object_group, &key_group, &private_group, &raw_private_group}},
	{CKO_PRIVATE_KEY,
	 CKA_KEY_TYPE,
	 CKK_EC_MONTGOMERY,
	 {&object_group, &key_group, &private_group, &raw_private_group}},
	{CKO_PRIVATE_KEY,
	 CKA_KEY_TYPE,
	 CKK_RSA,
	 {&object_group, &key_group, &private_group, &rsa_private_group}},
	{CKO_PRIVATE_KEY,
	 CKA_KEY_TYPE,
	 CKK_EC,
	 {&object_group, &key_group, &private_group, &ec_private_group}},
	{CKO_PUBLIC_KEY,
	 CKA_KEY_TYPE,
	 CKK_INTAGLIO_SM2,
	 {&object_group, &key_group, &public_group, &sm2_public_group}},
	{CKO_PRIVATE_KEY,
	 CKA_KEY_TYPE,
	 CKK_INTAGLIO_SM2,
	 {&object_group, &key_group, &private_group, &sm2_private_group}},
	{CKO_SECRET_KEY,
	 CKA_KEY_TYPE,
	 CKK_GENERIC_SECRET,
	 {&object_group, &key_group, &secret_group}},
	{CKO_SECRET_KEY, CKA_KEY_TYPE, CKK_AES, {&object_group, &key_group, &secret_group}},
	{CKO_SECRET_KEY, CKA_KEY_TYPE, CKK_INTAGLIO_SM4, {&object_group, &key_group, &secret_group}},
	{CKO_SECRET_KEY,
	 CKA_KEY_TYPE,
	 CKK_INTAGLIO_LEDGER,
	 {&object_group, &key_group, &ledger_group}},
	{CKO_SECRET_KEY,
	 CKA_KEY_TYPE,
	 CKK_INTAGLIO_APPLICATION,
	 {&object_group, &key_group, &application_group}},
	{CKO_PROFILE, CKA_CLASS, CKO_PROFILE, {&profile_group}},
	{CKO_MECHANISM, CKA_CLASS, CKO_MECHANISM, {&mechanism_group}},
};
enum { SCHEMAS = sizeof(schemas) / sizeof(schemas[0]) };

const struct schema *schema_find(CK_OBJECT_CLASS class, CK_ULONG type)
{
	for (size_t i = 0; i < SCHEMAS; i++) {
		const struct schema *s = &schemas[i];

		if (s->class == class && (s->type_attribute == CKA_CLASS || s->type == type))
			return s;
	}
	return NULL;
}

CK_ATTRIBUTE_TYPE schema_type_attribute(CK_OBJECT_CLASS class)
{
	for (size_t i = 0; i < SCHEMAS; i++)
		if (schemas[i].class == class)
			return schemas[i].type_attribute;
	return CKA_CLASS;
}

const struct schema_row *schema_row(const struct schema *schema, CK_ATTRIBUTE_TYPE type)
{
	for (size_t g = 0; g < SCHEMA_GROUPS && schema->groups[g]; g++) {
		const struct schema_group *group = schema->groups[g];

		for (size_t i = 0; i < group->count; i++)
			if (group->rows[i].type == type)
				return &group->rows[i];
	}
	return NULL;
}

bool schema_form(CK_ATTRIBUTE_TYPE type, enum schema_form *ret)
{
	for (size_t i = 0; i < SCHEMAS; i++) {
		const struct schema_row *row = schema_row(&schemas[i], type);

		if (row) {
			*ret = row->form;
			return true;
		}
	}
	return false;
}
