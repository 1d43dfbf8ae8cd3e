/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What keys ask of the keys that they wrap, unwrap and derive (CKA_WRAP_TEMPLATE and its sisters,
 * CKA_ALLOWED_MECHANISMS, CKA_WRAP_WITH_TRUSTED), and what a copy, a derived and an unwrapped key tell
 * of their past; on the card and in the session alike.
 */
#include <string.h>

#include "base/buf.h"
#include "tests/suite.h"
#include "tests/token/fixture.h"

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_OBJECT_CLASS secret = CKO_SECRET_KEY;
static CK_KEY_TYPE aes = CKK_AES;
static CK_ULONG sixteen = 16;

static int set_up(void)
{
	return fixture_start() != 0 || fixture_login(USER_PIN) != CKR_OK;
}

/* An AES key that wraps and unwraps, or has the one attribute more. */
static CK_RV make(CK_BBOOL on_card, const CK_ATTRIBUTE *more, CK_OBJECT_HANDLE *ret)
{
	CK_MECHANISM mechanism = {CKM_AES_KEY_GEN, NULL, 0};
	CK_ATTRIBUTE template[] = {
		{CKA_VALUE_LEN, &sixteen, sizeof(sixteen)},
		{CKA_TOKEN, &on_card, sizeof(on_card)},
		{CKA_WRAP, &yes, sizeof(yes)},
		{CKA_UNWRAP, &yes, sizeof(yes)},
		{CKA_ENCRYPT, &yes, sizeof(yes)},
		{CKA_SENSITIVE, &yes, sizeof(yes)},
		*more,
	};

	return session_generate_key(fixture.rw, &mechanism, template, 7, ret);
}

static CK_OBJECT_HANDLE made(CK_BBOOL on_card, CK_ATTRIBUTE more)
{
	CK_OBJECT_HANDLE key = 0;

	CU_ASSERT_EQUAL_FATAL(make(on_card, &more, &key), CKR_OK);
	return key;
}

static CK_RV wrap(CK_OBJECT_HANDLE key, CK_OBJECT_HANDLE target, CK_BYTE out[64], CK_ULONG *len)
{
	CK_MECHANISM mechanism = {CKM_AES_KEY_WRAP, NULL, 0};

	*len = 64;
	return session_wrap_key(fixture.rw, &mechanism, key, target, out, len);
}

static CK_RV unwrap(CK_OBJECT_HANDLE key, CK_BYTE *in, CK_ULONG len, CK_BBOOL on_card,
		    const CK_ATTRIBUTE *more, CK_OBJECT_HANDLE *ret)
{
	CK_MECHANISM mechanism = {CKM_AES_KEY_WRAP, NULL, 0};
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &secret, sizeof(secret)},
		{CKA_KEY_TYPE, &aes, sizeof(aes)},
		{CKA_TOKEN, &on_card, sizeof(on_card)},
		{CKA_ENCRYPT, &yes, sizeof(yes)},
		{0},
	};

	if (more)
		template[4] = *more;
	return session_unwrap_key(fixture.rw, &mechanism, key, in, len, template, more ? 5 : 4,
				  ret);
}

static CK_BBOOL flag(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	CK_BBOOL value = 77;
	CK_ATTRIBUTE attribute = {type, &value, sizeof(value)};

	CU_ASSERT_EQUAL(session_get_attributes(fixture.rw, object, &attribute, 1), CKR_OK);
	return value;
}

static void a_wrap_template_lets_only_keys_pass_that_match(void)
{
	CK_ATTRIBUTE inner[] = {{CKA_LABEL, (void *)"good", 4}, {CKA_ENCRYPT, &yes, sizeof(yes)}};
	CK_ATTRIBUTE of_wrapper = {CKA_WRAP_TEMPLATE, inner, sizeof(inner)};

	for (CK_BBOOL on_card = 0; on_card <= 1; on_card++) {
		CK_OBJECT_HANDLE key = made(on_card, of_wrapper);
		CK_OBJECT_HANDLE good = made(on_card, inner[0]);
		CK_OBJECT_HANDLE bad = made(on_card, (CK_ATTRIBUTE){CKA_LABEL, (void *)"goods", 5});
		CK_BYTE wrapped[64];
		CK_ULONG len;

		CU_ASSERT_EQUAL(wrap(key, good, wrapped, &len), CKR_OK);
		CU_ASSERT_EQUAL(wrap(key, bad, wrapped, &len), CKR_KEY_NOT_WRAPPABLE);
	}
}

static void an_unwrap_template_is_given_to_what_is_unwrapped(void)
{
	CK_ATTRIBUTE inner[] = {{CKA_EXTRACTABLE, &no, sizeof(no)},
				{CKA_VALUE_LEN, &sixteen, sizeof(sixteen)},
				{CKA_LABEL, (void *)"from afar", 9}};
	CK_ATTRIBUTE of_wrapper = {CKA_UNWRAP_TEMPLATE, inner, sizeof(inner)};
	CK_ATTRIBUTE same = {CKA_EXTRACTABLE, &no, sizeof(no)};
	CK_ATTRIBUTE other = {CKA_EXTRACTABLE, &yes, sizeof(yes)};

	for (CK_BBOOL on_card = 0; on_card <= 1; on_card++) {
		CK_OBJECT_HANDLE key = made(on_card, of_wrapper), back = 0;
		CK_OBJECT_HANDLE goes =
			made(on_card, (CK_ATTRIBUTE){CKA_EXTRACTABLE, &yes, sizeof(yes)});
		CK_BYTE wrapped[64], label[16];
		CK_ATTRIBUTE read = {CKA_LABEL, label, sizeof(label)};
		CK_ULONG len;

		CU_ASSERT_EQUAL_FATAL(wrap(key, goes, wrapped, &len), CKR_OK);
		CU_ASSERT_EQUAL_FATAL(unwrap(key, wrapped, len, on_card, NULL, &back), CKR_OK);
		CU_ASSERT_EQUAL(flag(back, CKA_EXTRACTABLE), CK_FALSE);
		CU_ASSERT_EQUAL(session_get_attributes(fixture.rw, back, &read, 1), CKR_OK);
		CU_ASSERT_EQUAL(read.ulValueLen, 9);
		CU_ASSERT_EQUAL(unwrap(key, wrapped, len, on_card, &same, &back), CKR_OK);
		CU_ASSERT_EQUAL(unwrap(key, wrapped, len, on_card, &other, &back),
				CKR_TEMPLATE_INCONSISTENT);
	}
}

static void a_template_is_read_back_as_an_array(void)
{
	CK_ATTRIBUTE inner[] = {{CKA_VALUE_LEN, &sixteen, sizeof(sixteen)},
				{CKA_LABEL, (void *)"four", 4}};
	CK_ATTRIBUTE of_wrapper = {CKA_UNWRAP_TEMPLATE, inner, sizeof(inner)};

	for (CK_BBOOL on_card = 0; on_card <= 1; on_card++) {
		CK_OBJECT_HANDLE key = made(on_card, of_wrapper);
		CK_ATTRIBUTE back[2] = {{0}, {0}}, read = {CKA_UNWRAP_TEMPLATE, NULL, 0};
		CK_ULONG number = 0;
		char label[4];

		CU_ASSERT_EQUAL(session_get_attributes(fixture.rw, key, &read, 1), CKR_OK);
		CU_ASSERT_EQUAL_FATAL(read.ulValueLen, sizeof(back));
		read.pValue = back;
		CU_ASSERT_EQUAL(session_get_attributes(fixture.rw, key, &read, 1), CKR_OK);
		CU_ASSERT_EQUAL(back[0].type, CKA_LABEL);
		CU_ASSERT_EQUAL(back[0].ulValueLen, 4);
		CU_ASSERT_EQUAL(back[1].type, CKA_VALUE_LEN);
		CU_ASSERT_EQUAL(back[1].ulValueLen, sizeof(number));
		back[0].pValue = label;
		back[1].pValue = &number;
		back[0].ulValueLen = 3;
		CU_ASSERT_EQUAL(session_get_attributes(fixture.rw, key, &read, 1),
				CKR_BUFFER_TOO_SMALL);
		CU_ASSERT_EQUAL(back[0].ulValueLen, CK_UNAVAILABLE_INFORMATION);
		CU_ASSERT_EQUAL(number, 16);
		back[0].ulValueLen = 4;
		CU_ASSERT_EQUAL(session_get_attributes(fixture.rw, key, &read, 1), CKR_OK);
		CU_ASSERT(view_equal(view_of(label, 4), view_str("four")));
		read.ulValueLen = sizeof(back[0]);
		CU_ASSERT_EQUAL(session_get_attributes(fixture.rw, key, &read, 1),
				CKR_BUFFER_TOO_SMALL);
	}
}

static void a_template_that_cannot_be_is_refused(void)
{
	CK_ATTRIBUTE twice[] = {{CKA_ENCRYPT, &yes, sizeof(yes)}, {CKA_ENCRYPT, &no, sizeof(no)}};
	CK_ATTRIBUTE unknown = {0x7FFF0001, &yes, sizeof(yes)};
	CK_ATTRIBUTE nested = {CKA_WRAP_TEMPLATE, twice, sizeof(twice[0])};
	CK_ATTRIBUTE wrong_size = {CKA_ENCRYPT, &yes, 2};
	CK_ATTRIBUTE nowhere = {CKA_LABEL, NULL, 4};
	const CK_ATTRIBUTE bad[] = {
		{CKA_UNWRAP_TEMPLATE, twice, sizeof(twice)},
		{CKA_UNWRAP_TEMPLATE, twice, sizeof(twice) - 1},
		{CKA_UNWRAP_TEMPLATE, &unknown, sizeof(unknown)},
		{CKA_UNWRAP_TEMPLATE, &nested, sizeof(nested)},
		{CKA_UNWRAP_TEMPLATE, &wrong_size, sizeof(wrong_size)},
		{CKA_UNWRAP_TEMPLATE, &nowhere, sizeof(nowhere)},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CK_OBJECT_HANDLE key;

		CU_ASSERT_EQUAL(make(CK_FALSE, &bad[i], &key), CKR_ATTRIBUTE_VALUE_INVALID);
		CU_ASSERT_EQUAL(make(CK_TRUE, &bad[i], &key), CKR_ATTRIBUTE_VALUE_INVALID);
	}
}

static CK_BYTE p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};

/* A pair whose private key derives; more is an attribute of that. */
static void pair(CK_ATTRIBUTE more, CK_BYTE point[67], CK_OBJECT_HANDLE *ret)
{
	CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
	CK_ATTRIBUTE public[] = {{CKA_EC_PARAMS, p256, sizeof(p256)}};
	CK_ATTRIBUTE private[] = {
		{CKA_TOKEN, &yes, sizeof(yes)}, {CKA_DERIVE, &yes, sizeof(yes)}, more};
	CK_ATTRIBUTE read = {CKA_EC_POINT, point, 67};
	CK_OBJECT_HANDLE pub;

	CU_ASSERT_EQUAL_FATAL(session_generate_key_pair(fixture.rw, &mechanism, public, 1, private,
							3, &pub, ret),
			      CKR_OK);
	CU_ASSERT_EQUAL_FATAL(session_get_attributes(fixture.rw, pub, &read, 1), CKR_OK);
}

static CK_RV derive(CK_OBJECT_HANDLE key, CK_BYTE point[67], CK_BBOOL on_card, CK_BBOOL sensitive,
		    CK_OBJECT_HANDLE *ret)
{
	CK_ECDH1_DERIVE_PARAMS p = {CKD_NULL, 0, NULL, 67, point};
	CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &p, sizeof(p)};
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &secret, sizeof(secret)},   {CKA_KEY_TYPE, &aes, sizeof(aes)},
		{CKA_TOKEN, &on_card, sizeof(on_card)}, {CKA_VALUE_LEN, &sixteen, sizeof(sixteen)},
		{CKA_ENCRYPT, &yes, sizeof(yes)},       {CKA_SENSITIVE, &sensitive, sizeof(yes)},
	};

	return session_derive_key(fixture.rw, &mechanism, key, template, 6, ret);
}

static void a_derive_template_is_given_to_what_is_derived(void)
{
	CK_ATTRIBUTE inner[] = {{CKA_SENSITIVE, &yes, sizeof(yes)},
				{CKA_EXTRACTABLE, &no, sizeof(no)}};
	CK_OBJECT_HANDLE key, derived;
	CK_BYTE point[67];

	pair((CK_ATTRIBUTE){CKA_DERIVE_TEMPLATE, inner, sizeof(inner)}, point, &key);
	for (CK_BBOOL on_card = 0; on_card <= 1; on_card++) {
		CU_ASSERT_EQUAL_FATAL(derive(key, point, on_card, CK_TRUE, &derived), CKR_OK);
		CU_ASSERT_EQUAL(flag(derived, CKA_EXTRACTABLE), CK_FALSE);
		CU_ASSERT_EQUAL(derive(key, point, on_card, CK_FALSE, &derived),
				CKR_TEMPLATE_INCONSISTENT);
	}
}

static void only_allowed_mechanisms_work(void)
{
	CK_MECHANISM_TYPE cbc = CKM_AES_CBC_PAD, agreement = CKM_ECDSA;
	CK_BYTE iv[16] = {0}, wrapped[64], point[67];
	CK_MECHANISM good = {CKM_AES_CBC_PAD, iv, 16}, bad = {CKM_AES_CBC, iv, 16};
	CK_OBJECT_HANDLE goes = made(CK_FALSE, (CK_ATTRIBUTE){CKA_LABEL, NULL, 0}), key, derived;
	CK_ULONG len;

	for (CK_BBOOL on_card = 0; on_card <= 1; on_card++) {
		key = made(on_card, (CK_ATTRIBUTE){CKA_ALLOWED_MECHANISMS, &cbc, sizeof(cbc)});
		CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_ENCRYPT, &bad, key),
				CKR_MECHANISM_INVALID);
		CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_ENCRYPT, &good, key), CKR_OK);
		CU_ASSERT_EQUAL(operation_init(fixture.rw, OPERATION_ENCRYPT, NULL, 0), CKR_OK);
		CU_ASSERT_EQUAL(wrap(key, goes, wrapped, &len), CKR_MECHANISM_INVALID);
		CU_ASSERT_EQUAL(unwrap(key, wrapped, 24, CK_FALSE, NULL, &derived),
				CKR_MECHANISM_INVALID);
	}
	pair((CK_ATTRIBUTE){CKA_ALLOWED_MECHANISMS, &agreement, sizeof(agreement)}, point, &key);
	CU_ASSERT_EQUAL(derive(key, point, CK_FALSE, CK_TRUE, &derived), CKR_MECHANISM_INVALID);
}

static void wrap_with_trusted_asks_for_the_officers_word(void)
{
	CK_ATTRIBUTE trust = {CKA_TRUSTED, &yes, sizeof(yes)};

	for (CK_BBOOL on_card = 0; on_card <= 1; on_card++) {
		CK_OBJECT_HANDLE key = made(on_card, (CK_ATTRIBUTE){CKA_LABEL, NULL, 0});
		CK_OBJECT_HANDLE goes =
			made(on_card, (CK_ATTRIBUTE){CKA_WRAP_WITH_TRUSTED, &yes, sizeof(yes)});
		CK_BYTE wrapped[64];
		CK_ULONG len;

		CU_ASSERT_EQUAL(wrap(key, goes, wrapped, &len), CKR_KEY_NOT_WRAPPABLE);
		CU_ASSERT_EQUAL(session_set_attributes(fixture.rw, key, &trust, 1),
				CKR_ATTRIBUTE_READ_ONLY);
		trust.pValue = &no;
		CU_ASSERT_EQUAL(
			session_set_attributes(fixture.rw, goes,
					       &(CK_ATTRIBUTE){CKA_WRAP_WITH_TRUSTED, &no, 1}, 1),
			CKR_ATTRIBUTE_READ_ONLY);
		trust.pValue = &yes;
	}
}

/* local, always sensitive, never extractable */
static void check_past(CK_OBJECT_HANDLE key, CK_BBOOL local, CK_BBOOL sensitive, CK_BBOOL never)
{
	CU_ASSERT_EQUAL(flag(key, CKA_LOCAL), local);
	CU_ASSERT_EQUAL(flag(key, CKA_ALWAYS_SENSITIVE), sensitive);
	CU_ASSERT_EQUAL(flag(key, CKA_NEVER_EXTRACTABLE), never);
}

static void a_copy_has_the_past_of_its_original(void)
{
	CK_ATTRIBUTE harder[] = {{CKA_SENSITIVE, &yes, 1}, {CKA_EXTRACTABLE, &no, 1}};
	CK_ATTRIBUTE softer[] = {{CKA_SENSITIVE, &no, 1}, {CKA_EXTRACTABLE, &yes, 1}};
	CK_ATTRIBUTE named[] = {{CKA_UNIQUE_ID, (void *)"mine", 4}};
	CK_ATTRIBUTE to_card[] = {{CKA_TOKEN, &yes, 1}};
	CK_OBJECT_HANDLE hard = made(CK_FALSE, harder[1]), soft = made(CK_FALSE, softer[1]), copy;
	CK_BYTE a[64], b[64];
	CK_ATTRIBUTE one = {CKA_UNIQUE_ID, a, sizeof(a)}, two = {CKA_UNIQUE_ID, b, sizeof(b)};

	CU_ASSERT_EQUAL_FATAL(session_copy_object(fixture.rw, hard, NULL, 0, &copy), CKR_OK);
	check_past(copy, CK_TRUE, CK_TRUE, CK_TRUE);
	CU_ASSERT_EQUAL(session_get_attributes(fixture.rw, hard, &one, 1), CKR_OK);
	CU_ASSERT_EQUAL(session_get_attributes(fixture.rw, copy, &two, 1), CKR_OK);
	CU_ASSERT_FALSE(view_equal(view_of(a, one.ulValueLen), view_of(b, two.ulValueLen)));
	CU_ASSERT_EQUAL_FATAL(session_copy_object(fixture.rw, soft, harder, 2, &copy), CKR_OK);
	CU_ASSERT_EQUAL(flag(copy, CKA_EXTRACTABLE), CK_FALSE);
	check_past(copy, CK_TRUE, CK_TRUE, CK_FALSE);
	CU_ASSERT_EQUAL(session_copy_object(fixture.rw, hard, softer, 1, &copy),
			CKR_ATTRIBUTE_READ_ONLY);
	CU_ASSERT_EQUAL(session_copy_object(fixture.rw, hard, softer + 1, 1, &copy),
			CKR_ATTRIBUTE_READ_ONLY);
	CU_ASSERT_EQUAL(session_copy_object(fixture.rw, hard, named, 1, &copy),
			CKR_ATTRIBUTE_READ_ONLY);
	CU_ASSERT_EQUAL(session_set_attributes(fixture.rw, hard, named, 1),
			CKR_ATTRIBUTE_READ_ONLY);
	/* Through the host's hands: the card vouches for nothing. */
	CU_ASSERT_EQUAL_FATAL(session_copy_object(fixture.rw, hard, to_card, 1, &copy), CKR_OK);
	check_past(copy, CK_FALSE, CK_FALSE, CK_FALSE);
	CU_ASSERT_EQUAL(flag(copy, CKA_SENSITIVE), CK_TRUE);
	CU_ASSERT_EQUAL(flag(copy, CKA_EXTRACTABLE), CK_FALSE);
}

static void a_key_made_harder_later_was_softer_once(void)
{
	CK_MECHANISM mechanism = {CKM_AES_KEY_GEN, NULL, 0};
	CK_ATTRIBUTE harder[] = {{CKA_SENSITIVE, &yes, 1}, {CKA_EXTRACTABLE, &no, 1}};

	for (CK_BBOOL on_card = 0; on_card <= 1; on_card++) {
		CK_ATTRIBUTE template[] = {{CKA_VALUE_LEN, &sixteen, sizeof(sixteen)},
					   {CKA_TOKEN, &on_card, sizeof(on_card)},
					   {CKA_SENSITIVE, &no, sizeof(no)},
					   {CKA_EXTRACTABLE, &yes, sizeof(yes)}};
		CK_OBJECT_HANDLE key;

		CU_ASSERT_EQUAL_FATAL(
			session_generate_key(fixture.rw, &mechanism, template, 4, &key), CKR_OK);
		check_past(key, CK_TRUE, CK_FALSE, CK_FALSE);
		CU_ASSERT_EQUAL(session_set_attributes(fixture.rw, key, harder, 2), CKR_OK);
		check_past(key, CK_TRUE, CK_FALSE, CK_FALSE);
		harder[0].pValue = &no;
		CU_ASSERT_EQUAL(session_set_attributes(fixture.rw, key, harder, 1),
				CKR_ATTRIBUTE_READ_ONLY);
		harder[0].pValue = &yes;
	}
}

static void a_derived_key_is_no_better_than_what_it_comes_from(void)
{
	CK_OBJECT_HANDLE key, derived;
	CK_BYTE point[67];

	pair((CK_ATTRIBUTE){CKA_LABEL, NULL, 0}, point, &key);
	check_past(key, CK_TRUE, CK_TRUE, CK_TRUE);
	CU_ASSERT_EQUAL_FATAL(derive(key, point, CK_FALSE, CK_TRUE, &derived), CKR_OK);
	check_past(derived, CK_FALSE, CK_TRUE, CK_FALSE);
	CU_ASSERT_EQUAL_FATAL(derive(key, point, CK_FALSE, CK_FALSE, &derived), CKR_OK);
	check_past(derived, CK_FALSE, CK_FALSE, CK_FALSE);
	CU_ASSERT_EQUAL_FATAL(derive(key, point, CK_TRUE, CK_TRUE, &derived), CKR_OK);
	check_past(derived, CK_FALSE, CK_FALSE, CK_FALSE);
}

static void a_created_key_was_outside(void)
{
	for (CK_BBOOL on_card = 0; on_card <= 1; on_card++) {
		CK_ATTRIBUTE template[] = {
			{CKA_CLASS, &secret, sizeof(secret)},
			{CKA_KEY_TYPE, &aes, sizeof(aes)},
			{CKA_TOKEN, &on_card, sizeof(on_card)},
			{CKA_VALUE, (void *)"sixteen byte key", 16},
			{CKA_SENSITIVE, &yes, sizeof(yes)},
			{CKA_EXTRACTABLE, &no, sizeof(no)},
			{CKA_LOCAL, &yes, sizeof(yes)},
		};
		CK_OBJECT_HANDLE key;

		CU_ASSERT_EQUAL_FATAL(session_create_object(fixture.rw, template, 6, &key), CKR_OK);
		check_past(key, CK_FALSE, CK_FALSE, CK_FALSE);
		CU_ASSERT_EQUAL(session_create_object(fixture.rw, template, 7, &key),
				CKR_ATTRIBUTE_READ_ONLY);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"a_wrap_template_lets_only_keys_pass_that_match",
		 a_wrap_template_lets_only_keys_pass_that_match},
		{"an_unwrap_template_is_given_to_what_is_unwrapped",
		 an_unwrap_template_is_given_to_what_is_unwrapped},
		{"a_derive_template_is_given_to_what_is_derived",
		 a_derive_template_is_given_to_what_is_derived},
		{"a_template_is_read_back_as_an_array", a_template_is_read_back_as_an_array},
		{"a_template_that_cannot_be_is_refused", a_template_that_cannot_be_is_refused},
		{"only_allowed_mechanisms_work", only_allowed_mechanisms_work},
		{"wrap_with_trusted_asks_for_the_officers_word",
		 wrap_with_trusted_asks_for_the_officers_word},
		{"a_copy_has_the_past_of_its_original", a_copy_has_the_past_of_its_original},
		{"a_key_made_harder_later_was_softer_once",
		 a_key_made_harder_later_was_softer_once},
		{"a_derived_key_is_no_better_than_what_it_comes_from",
		 a_derived_key_is_no_better_than_what_it_comes_from},
		{"a_created_key_was_outside", a_created_key_was_outside},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "templates",
		 .pInitFunc = set_up,
		 .pCleanupFunc = fixture_stop,
		 .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("templates", suites);
}
