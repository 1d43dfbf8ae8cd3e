/* SPDX-License-Identifier: BSD-2-Clause */
/* Templates against schemas: the CKR of every kind of fault, defaults, changes and reading. */
#include "token/template.h"

#include <stdlib.h>
#include <string.h>

#include "tests/suite.h"

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_ULONG rsa = CKK_RSA, ec = CKK_EC, x509 = CKC_X_509, bits = 2048;
static CK_ULONG certificate = CKO_CERTIFICATE;
static CK_BYTE exponent[] = {0, 1, 0, 1};

static const struct schema *find(CK_OBJECT_CLASS class, CK_ULONG type)
{
	const struct schema *schema = schema_find(class, type);

	CU_ASSERT_PTR_NOT_NULL_FATAL(schema);
	return schema;
}

static CK_RV build(const struct schema *schema, enum template_use use, CK_ATTRIBUTE *template,
		   CK_ULONG count)
{
	struct buf list;
	CK_RV rv;

	buf_init(&list, ATTR_LIST_MAX);
	rv = template_build(schema, use, template, count, &list);
	if (rv == CKR_OK)
		CU_ASSERT_EQUAL(attr_check(view_buf(&list)), RC_OK);
	buf_free(&list);
	return rv;
}

static void faults_of_a_new_certificate_have_their_values(void)
{
	CK_ATTRIBUTE good[] = {
		{CKA_CLASS, &certificate, sizeof(certificate)},
		{CKA_CERTIFICATE_TYPE, &x509, sizeof(x509)},
		{CKA_SUBJECT, (void *)"S", 1},
		{CKA_VALUE, (void *)"V", 1},
		{CKA_TOKEN, &yes, sizeof(yes)},
	};
	const struct {
		CK_ATTRIBUTE more;
		CK_RV rv;
	} rows[] = {
		{{CKA_LABEL, (void *)"label", 5}, CKR_OK},
		{{CKA_LABEL, NULL, 0}, CKR_OK},
		{{CKA_LABEL, NULL, 5}, CKR_ATTRIBUTE_VALUE_INVALID},
		{{CKA_START_DATE, (void *)"20260101", 8}, CKR_OK},
		{{CKA_START_DATE, (void *)"2026", 4}, CKR_ATTRIBUTE_VALUE_INVALID},
		{{CKA_PRIVATE, (void *)"\2", 1}, CKR_ATTRIBUTE_VALUE_INVALID},
		{{CKA_PRIVATE, &yes, 2}, CKR_ATTRIBUTE_VALUE_INVALID},
		{{CKA_CERTIFICATE_CATEGORY, &x509, 4}, CKR_ATTRIBUTE_VALUE_INVALID},
		{{CKA_UNIQUE_ID, (void *)"u", 1}, CKR_ATTRIBUTE_READ_ONLY},
		{{CKA_MODULUS, (void *)"m", 1}, CKR_TEMPLATE_INCONSISTENT},
		{{CKA_VALUE, (void *)"W", 1}, CKR_TEMPLATE_INCONSISTENT},
		{{0x12345678, (void *)"?", 1}, CKR_ATTRIBUTE_TYPE_INVALID},
	};
	const struct schema *schema = find(CKO_CERTIFICATE, CKC_X_509);
	CK_ATTRIBUTE template[6];

	memcpy(template, good, sizeof(good));
	CU_ASSERT_EQUAL(build(schema, TEMPLATE_CREATE, template, 5), CKR_OK);
	CU_ASSERT_EQUAL(build(schema, TEMPLATE_CREATE, template, 3), CKR_TEMPLATE_INCOMPLETE);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		template[5] = rows[i].more;
		CU_ASSERT_EQUAL(build(schema, TEMPLATE_CREATE, template, 6), rows[i].rv);
	}
}

static void a_key_pair_template_is_checked_against_the_mechanism(void)
{
	CK_ATTRIBUTE template[] = {
		{CKA_MODULUS_BITS, &bits, sizeof(bits)},
		{CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent)},
		{CKA_KEY_TYPE, &rsa, sizeof(rsa)},
	};
	CK_ATTRIBUTE value = {CKA_MODULUS, exponent, sizeof(exponent)};
	const struct schema *schema = find(CKO_PUBLIC_KEY, CKK_RSA);

	CU_ASSERT_EQUAL(build(schema, TEMPLATE_GENERATE, template, 3), CKR_OK);
	CU_ASSERT_EQUAL(build(schema, TEMPLATE_GENERATE, template + 1, 2), CKR_TEMPLATE_INCOMPLETE);
	template[2].pValue = &ec;
	CU_ASSERT_EQUAL(build(schema, TEMPLATE_GENERATE, template, 3), CKR_TEMPLATE_INCONSISTENT);
	template[2] = value;
	CU_ASSERT_EQUAL(build(schema, TEMPLATE_GENERATE, template, 3), CKR_ATTRIBUTE_READ_ONLY);
}

static void a_private_key_cannot_be_made_insensitive(void)
{
	CK_ATTRIBUTE sensitive = {CKA_SENSITIVE, &no, sizeof(no)};
	CK_ATTRIBUTE always = {CKA_ALWAYS_AUTHENTICATE, &yes, sizeof(yes)};
	const struct schema *schema = find(CKO_PRIVATE_KEY, CKK_EC);

	CU_ASSERT_EQUAL(build(schema, TEMPLATE_GENERATE, &sensitive, 1),
			CKR_ATTRIBUTE_VALUE_INVALID);
	CU_ASSERT_EQUAL(build(schema, TEMPLATE_GENERATE, &always, 1), CKR_OK);
	sensitive.pValue = &yes;
	CU_ASSERT_EQUAL(build(schema, TEMPLATE_GENERATE, &sensitive, 1), CKR_OK);
}

static void defaults_and_derived_values_are_put_in(void)
{
	CK_BYTE modulus[257] = {0, 0x80};
	CK_ULONG class = CKO_PUBLIC_KEY;
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class, sizeof(class)},
		{CKA_KEY_TYPE, &rsa, sizeof(rsa)},
		{CKA_MODULUS, modulus, sizeof(modulus)},
		{CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent)},
	};
	struct view value;
	struct buf list;

	buf_init(&list, ATTR_LIST_MAX);
	CU_ASSERT_EQUAL(template_build(find(CKO_PUBLIC_KEY, CKK_RSA), TEMPLATE_CREATE, template, 4,
				       &list),
			CKR_OK);
	CU_ASSERT_EQUAL(attr_ulong(view_buf(&list), CKA_MODULUS_BITS, 0), 2048);
	CU_ASSERT_EQUAL(attr_find(view_buf(&list), CKA_PUBLIC_EXPONENT, &value), RC_OK);
	CU_ASSERT_EQUAL(value.len, 3);
	CU_ASSERT_FALSE(attr_bool(view_buf(&list), CKA_WRAP, true));
	CU_ASSERT_FALSE(attr_bool(view_buf(&list), CKA_PRIVATE, true));
	CU_ASSERT_TRUE(attr_bool(view_buf(&list), CKA_MODIFIABLE, false));
	template_strip(find(CKO_PUBLIC_KEY, CKK_RSA), &list);
	CU_ASSERT_EQUAL(attr_find(view_buf(&list), CKA_TOKEN, &value), RC_NOT_FOUND);
	CU_ASSERT_EQUAL(attr_find(view_buf(&list), CKA_LOCAL, &value), RC_NOT_FOUND);
	buf_free(&list);
}

static void a_key_without_usages_has_those_of_its_type(void)
{
	CK_ATTRIBUTE template = {CKA_DECRYPT, &yes, sizeof(yes)};
	const struct schema *schema = find(CKO_PRIVATE_KEY, CKK_RSA);
	struct buf list;

	buf_init(&list, ATTR_LIST_MAX);
	CU_ASSERT_EQUAL(template_build(schema, TEMPLATE_GENERATE, NULL, 0, &list), CKR_OK);
	CU_ASSERT_TRUE(attr_bool(view_buf(&list), CKA_SIGN, false));
	CU_ASSERT_TRUE(attr_bool(view_buf(&list), CKA_DECRYPT, false));
	CU_ASSERT_FALSE(attr_bool(view_buf(&list), CKA_UNWRAP, true));
	buf_reset(&list);
	CU_ASSERT_EQUAL(template_build(schema, TEMPLATE_GENERATE, &template, 1, &list), CKR_OK);
	CU_ASSERT_FALSE(attr_bool(view_buf(&list), CKA_SIGN, true));
	CU_ASSERT_TRUE(attr_bool(view_buf(&list), CKA_DECRYPT, false));
	buf_free(&list);
}

static CK_RV change(const struct schema *schema, unsigned int use, CK_ATTRIBUTE_TYPE type,
		    CK_BBOOL from, CK_BBOOL to)
{
	CK_ATTRIBUTE attribute = {type, &to, sizeof(to)};
	struct buf list, changes;
	CK_RV rv;

	buf_init(&list, ATTR_LIST_MAX);
	buf_init(&changes, ATTR_LIST_MAX);
	attr_set_bool(&list, type, from);
	rv = template_change(schema, use, view_buf(&list), &attribute, 1, &changes);
	buf_free(&list);
	buf_free(&changes);
	return rv;
}

static void some_attributes_change_in_one_direction_only(void)
{
	const struct schema *key = find(CKO_PRIVATE_KEY, CKK_RSA);
	const struct schema *secret = find(CKO_SECRET_KEY, CKK_AES);

	CU_ASSERT_EQUAL(change(key, MAY_SET, CKA_EXTRACTABLE, CK_TRUE, CK_FALSE), CKR_OK);
	CU_ASSERT_EQUAL(change(key, MAY_SET, CKA_EXTRACTABLE, CK_FALSE, CK_TRUE),
			CKR_ATTRIBUTE_READ_ONLY);
	CU_ASSERT_EQUAL(change(secret, MAY_SET, CKA_SENSITIVE, CK_FALSE, CK_TRUE), CKR_OK);
	CU_ASSERT_EQUAL(change(secret, MAY_SET, CKA_SENSITIVE, CK_TRUE, CK_FALSE),
			CKR_ATTRIBUTE_READ_ONLY);
	CU_ASSERT_EQUAL(change(secret, MAY_SET, CKA_PRIVATE, CK_FALSE, CK_TRUE),
			CKR_ATTRIBUTE_READ_ONLY);
	CU_ASSERT_EQUAL(change(secret, MAY_COPY, CKA_PRIVATE, CK_FALSE, CK_TRUE), CKR_OK);
	CU_ASSERT_EQUAL(change(key, MAY_SET, CKA_LOCAL, CK_FALSE, CK_TRUE),
			CKR_ATTRIBUTE_READ_ONLY);
	CU_ASSERT_EQUAL(change(key, MAY_SET, CKA_ENCRYPT, CK_FALSE, CK_TRUE),
			CKR_TEMPLATE_INCONSISTENT);
}

static CK_RV get(struct view list, CK_ATTRIBUTE_TYPE type, void *out, CK_ULONG *len)
{
	CK_ATTRIBUTE attribute = {type, out, *len};
	CK_RV rv = template_get(find(CKO_SECRET_KEY, CKK_AES), list, &attribute);

	*len = attribute.ulValueLen;
	return rv;
}

static void reading_keeps_the_rules_for_lengths_and_secrets(void)
{
	CK_BYTE out[64];
	CK_ULONG len, number;
	struct buf list;

	buf_init(&list, ATTR_LIST_MAX);
	attr_set(&list, CKA_VALUE, view_str("0123456789abcdef"));
	attr_set_ulong(&list, CKA_VALUE_LEN, 16);
	attr_set_bool(&list, CKA_SENSITIVE, false);
	attr_set_bool(&list, CKA_EXTRACTABLE, true);
	len = 0;
	CU_ASSERT_EQUAL(get(view_buf(&list), CKA_VALUE, NULL, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, 16);
	len = 15;
	CU_ASSERT_EQUAL(get(view_buf(&list), CKA_VALUE, out, &len), CKR_BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(len, CK_UNAVAILABLE_INFORMATION);
	len = sizeof(number);
	CU_ASSERT_EQUAL(get(view_buf(&list), CKA_VALUE_LEN, &number, &len), CKR_OK);
	CU_ASSERT_EQUAL(number, 16);
	len = sizeof(out);
	CU_ASSERT_EQUAL(get(view_buf(&list), CKA_LABEL, out, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, 0);
	len = sizeof(out);
	CU_ASSERT_EQUAL(get(view_buf(&list), CKA_MODULUS, out, &len), CKR_ATTRIBUTE_TYPE_INVALID);
	CU_ASSERT_EQUAL(len, CK_UNAVAILABLE_INFORMATION);
	attr_set_bool(&list, CKA_SENSITIVE, true);
	len = sizeof(out);
	CU_ASSERT_EQUAL(get(view_buf(&list), CKA_VALUE, out, &len), CKR_ATTRIBUTE_SENSITIVE);
	CU_ASSERT_EQUAL(len, CK_UNAVAILABLE_INFORMATION);
	attr_set_bool(&list, CKA_SENSITIVE, false);
	attr_set_bool(&list, CKA_EXTRACTABLE, false);
	len = sizeof(out);
	CU_ASSERT_EQUAL(get(view_buf(&list), CKA_VALUE, out, &len), CKR_ATTRIBUTE_SENSITIVE);
	buf_free(&list);
}

static void an_array_of_mechanisms_comes_back_as_it_went_in(void)
{
	CK_ULONG in[] = {CKM_RSA_PKCS, CKM_ECDSA}, out[2] = {0};
	CK_ATTRIBUTE attribute = {CKA_ALLOWED_MECHANISMS, in, sizeof(in)};
	struct buf list;

	buf_init(&list, ATTR_LIST_MAX);
	CU_ASSERT_EQUAL(template_put(&list, FORM_ULONGS, &attribute), CKR_OK);
	attribute.pValue = out;
	CU_ASSERT_EQUAL(template_get(find(CKO_PRIVATE_KEY, CKK_RSA), view_buf(&list), &attribute),
			CKR_OK);
	CU_ASSERT_EQUAL(out[0], CKM_RSA_PKCS);
	CU_ASSERT_EQUAL(out[1], CKM_ECDSA);
	attribute.pValue = in;
	attribute.ulValueLen = sizeof(in) - 1;
	CU_ASSERT_EQUAL(template_put(&list, FORM_ULONGS, &attribute), CKR_ATTRIBUTE_VALUE_INVALID);
	buf_free(&list);
}

static void a_ledger_takes_its_label_and_nothing_that_the_card_makes(void)
{
	CK_ATTRIBUTE label = {CKA_LABEL, (void *)"invoices", 8};
	CK_ATTRIBUTE id = {CKA_INTAGLIO_LEDGER_ID, exponent, sizeof(exponent)};
	const struct schema *schema = find(CKO_SECRET_KEY, CKK_INTAGLIO_LEDGER);
	CK_ULONG type = CKK_INTAGLIO_LEDGER;
	CK_ATTRIBUTE template[] = {label, {CKA_KEY_TYPE, &type, sizeof(type)}, id};

	CU_ASSERT_EQUAL(build(schema, TEMPLATE_CREATE, template, 2), CKR_OK);
	CU_ASSERT_EQUAL(build(schema, TEMPLATE_CREATE, template, 3), CKR_ATTRIBUTE_READ_ONLY);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"faults_of_a_new_certificate_have_their_values",
		 faults_of_a_new_certificate_have_their_values},
		{"a_key_pair_template_is_checked_against_the_mechanism",
		 a_key_pair_template_is_checked_against_the_mechanism},
		{"a_private_key_cannot_be_made_insensitive",
		 a_private_key_cannot_be_made_insensitive},
		{"defaults_and_derived_values_are_put_in", defaults_and_derived_values_are_put_in},
		{"a_key_without_usages_has_those_of_its_type",
		 a_key_without_usages_has_those_of_its_type},
		{"some_attributes_change_in_one_direction_only",
		 some_attributes_change_in_one_direction_only},
		{"reading_keeps_the_rules_for_lengths_and_secrets",
		 reading_keeps_the_rules_for_lengths_and_secrets},
		{"an_array_of_mechanisms_comes_back_as_it_went_in",
		 an_array_of_mechanisms_comes_back_as_it_went_in},
		{"a_ledger_takes_its_label_and_nothing_that_the_card_makes",
		 a_ledger_takes_its_label_and_nothing_that_the_card_makes},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{.pName = "schema", .pTests = tests}, CU_SUITE_INFO_NULL};

	return suite_run("schema", suites);
}
