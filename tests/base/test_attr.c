/* SPDX-License-Identifier: BSD-2-Clause */
/* Attribute lists: order, replacement, removal, and every list that is none. */
#include "base/attr.h"

#include <string.h>

#include "tests/base/hex.h"
#include "tests/suite.h"

static void attributes_stand_in_ascending_order_however_they_are_set(void)
{
	struct view value;
	struct buf b;

	buf_init(&b, ATTR_LIST_MAX);
	attr_set_ulong(&b, CKA_KEY_TYPE, CKK_RSA);
	attr_set(&b, CKA_LABEL, view_str("label"));
	attr_set_bool(&b, CKA_TOKEN, true);
	attr_set(&b, CKA_ID, view_of(NULL, 0));
	attr_set_ulong(&b, CKA_CLASS, CKO_PRIVATE_KEY);
	CU_ASSERT_EQUAL(buf_rc(&b), RC_OK);
	CU_ASSERT(view_equal(view_buf(&b),
			     hex("00000000 00000008 0000000000000003 00000001 00000001 01"
				 "00000003 00000005 6C6162656C 00000100 00000008 0000000000000000"
				 "00000102 00000000")));
	CU_ASSERT_EQUAL(attr_check(view_buf(&b)), RC_OK);
	CU_ASSERT_EQUAL(attr_find(view_buf(&b), CKA_LABEL, &value), RC_OK);
	CU_ASSERT(view_equal(value, view_str("label")));
	CU_ASSERT_EQUAL(attr_find(view_buf(&b), CKA_ID, &value), RC_OK);
	CU_ASSERT_EQUAL(value.len, 0);
	CU_ASSERT_EQUAL(attr_find(view_buf(&b), CKA_SUBJECT, &value), RC_NOT_FOUND);
	CU_ASSERT_EQUAL(attr_find(view_buf(&b), CKA_VENDOR_DEFINED, &value), RC_NOT_FOUND);
	CU_ASSERT_EQUAL(attr_ulong(view_buf(&b), CKA_CLASS, 99), CKO_PRIVATE_KEY);
	CU_ASSERT_EQUAL(attr_ulong(view_buf(&b), CKA_LABEL, 99), 99);
	CU_ASSERT_EQUAL(attr_ulong(view_buf(&b), CKA_SUBJECT, 99), 99);
	CU_ASSERT_EQUAL(attr_bool(view_buf(&b), CKA_TOKEN, false), true);
	CU_ASSERT_EQUAL(attr_bool(view_buf(&b), CKA_PRIVATE, true), true);
	CU_ASSERT_EQUAL(attr_bool(view_buf(&b), CKA_LABEL, true), true);
	buf_free(&b);
}

static void setting_again_replaces_and_removing_removes(void)
{
	static const char *const values[] = {"longer than before", "x", "", "same"};
	struct view value;
	struct buf b;

	buf_init(&b, ATTR_LIST_MAX);
	attr_set_bool(&b, CKA_TOKEN, true);
	attr_set(&b, CKA_LABEL, view_str("label"));
	attr_set_bool(&b, CKA_SIGN, true);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		attr_set(&b, CKA_LABEL, view_str(values[i]));
		CU_ASSERT_EQUAL(attr_find(view_buf(&b), CKA_LABEL, &value), RC_OK);
		CU_ASSERT(view_equal(value, view_str(values[i])));
		CU_ASSERT_EQUAL(attr_check(view_buf(&b)), RC_OK);
		CU_ASSERT_EQUAL(b.len, 3 * 8 + 2 + strlen(values[i]));
	}
	attr_remove(&b, CKA_ID);
	attr_remove(&b, CKA_LABEL);
	CU_ASSERT_EQUAL(attr_find(view_buf(&b), CKA_LABEL, &value), RC_NOT_FOUND);
	CU_ASSERT(attr_bool(view_buf(&b), CKA_TOKEN, false));
	CU_ASSERT(attr_bool(view_buf(&b), CKA_SIGN, false));
	attr_remove(&b, CKA_SIGN);
	attr_remove(&b, CKA_TOKEN);
	attr_remove(&b, CKA_TOKEN);
	CU_ASSERT_EQUAL(b.len, 0);
	buf_free(&b);
}

static void truncated_repeated_and_disordered_lists_are_malformed(void)
{
	struct view list = hex("00000001 00000001 01 00000003 00000002 4142"), value;

	CU_ASSERT_EQUAL(attr_check(list), RC_OK);
	CU_ASSERT_EQUAL(attr_check(view_of(NULL, 0)), RC_OK);
	for (size_t len = 1; len < list.len; len++) {
		if (len != 9)
			CU_ASSERT_EQUAL(attr_check(view_of(list.data, len)), RC_MALFORMED);
		CU_ASSERT_NOT_EQUAL(attr_find(view_of(list.data, len), CKA_LABEL, &value), RC_OK);
	}
	CU_ASSERT_EQUAL(attr_check(hex("00000001 00000000 00000001 00000000")), RC_MALFORMED);
	CU_ASSERT_EQUAL(attr_check(hex("00000003 00000000 00000001 00000000")), RC_MALFORMED);
	CU_ASSERT_EQUAL(attr_check(hex("00000003 FFFFFFFF 00000001 00000000")), RC_MALFORMED);
	CU_ASSERT_EQUAL(attr_check(hex("00000000 00000000 00000001 00000000")), RC_OK);
}

static void a_list_that_is_full_keeps_failing(void)
{
	uint8_t array[24];
	static uint8_t big[ATTR_LIST_MAX + 1];
	struct buf b;

	buf_fixed(&b, array, sizeof(array));
	attr_set_ulong(&b, CKA_CLASS, 1);
	attr_set_bool(&b, CKA_TOKEN, true);
	CU_ASSERT_EQUAL(buf_rc(&b), RC_SPACE);
	attr_set_bool(&b, CKA_TOKEN, true);
	CU_ASSERT_EQUAL(buf_rc(&b), RC_SPACE);
	for (size_t size = 16; size < sizeof(array); size++) {
		buf_fixed(&b, array, size);
		attr_set_ulong(&b, CKA_CLASS, 1);
		attr_set_bool(&b, CKA_TOKEN, true);
		CU_ASSERT_EQUAL(buf_rc(&b), RC_SPACE);
	}
	buf_init(&b, SIZE_MAX);
	attr_set(&b, CKA_VALUE, view_of(big, sizeof(big)));
	CU_ASSERT_EQUAL(buf_rc(&b), RC_SPACE);
	buf_free(&b);
}

int main(void)
{
	static CU_TestInfo tests[] = {
		{"attributes stand in ascending order however they are set",
		 attributes_stand_in_ascending_order_however_they_are_set},
		{"setting again replaces and removing removes",
		 setting_again_replaces_and_removing_removes},
		{"truncated, repeated and disordered lists are malformed",
		 truncated_repeated_and_disordered_lists_are_malformed},
		{"a list that is full keeps failing", a_list_that_is_full_keeps_failing},
		CU_TEST_INFO_NULL,
	};
	static CU_SuiteInfo suites[] = {
		{.pName = "attribute lists", .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("base attr", suites);
}
