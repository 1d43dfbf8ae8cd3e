/* SPDX-License-Identifier: BSD-2-Clause */
/* The cursor: every truncation, the limits, the sticky failure, and what is wiped. */
#include "base/buf.h"

#include <string.h>

#include "tests/base/hex.h"
#include "tests/suite.h"

static void a_view_gives_its_integers_in_order(void)
{
	struct view v = hex("01 0203 04050607 08090A0B0C0D0E0F 1011");
	struct view rest;
	uint8_t u8, bytes[2];
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	CU_ASSERT_EQUAL(view_u8(&v, &u8), RC_OK);
	CU_ASSERT_EQUAL(view_u16(&v, &u16), RC_OK);
	CU_ASSERT_EQUAL(view_u32(&v, &u32), RC_OK);
	CU_ASSERT_EQUAL(view_u64(&v, &u64), RC_OK);
	CU_ASSERT_EQUAL(u8, 0x01);
	CU_ASSERT_EQUAL(u16, 0x0203);
	CU_ASSERT_EQUAL(u32, 0x04050607);
	CU_ASSERT_EQUAL(u64, 0x08090A0B0C0D0E0F);
	CU_ASSERT_EQUAL(view_end(&v), RC_MALFORMED);
	CU_ASSERT_EQUAL(view_take(&v, 0, &rest), RC_OK);
	CU_ASSERT_EQUAL(rest.len, 0);
	CU_ASSERT_EQUAL(view_copy(&v, bytes, 2), RC_OK);
	CU_ASSERT(view_equal(view_of(bytes, 2), hex("1011")));
	CU_ASSERT_EQUAL(view_end(&v), RC_OK);
	CU_ASSERT_EQUAL(view_copy(&v, NULL, 0), RC_OK);
}

static void a_view_that_is_too_short_stays_where_it_is(void)
{
	uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8}, copy[8];
	struct view rest;
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	for (size_t len = 0; len < 8; len++) {
		struct view v = view_of(bytes, len);

		CU_ASSERT_EQUAL(view_u64(&v, &u64), RC_MALFORMED);
		CU_ASSERT_EQUAL(view_take(&v, len + 1, &rest), RC_MALFORMED);
		CU_ASSERT_EQUAL(view_take(&v, SIZE_MAX, &rest), RC_MALFORMED);
		CU_ASSERT_EQUAL(view_copy(&v, copy, len + 1), RC_MALFORMED);
		if (len < 4)
			CU_ASSERT_EQUAL(view_u32(&v, &u32), RC_MALFORMED);
		if (len < 2)
			CU_ASSERT_EQUAL(view_u16(&v, &u16), RC_MALFORMED);
		if (len < 1)
			CU_ASSERT_EQUAL(view_u8(&v, &u8), RC_MALFORMED);
		CU_ASSERT(v.data == bytes && v.len == len);
	}
}

static void an_empty_view_may_be_without_memory(void)
{
	struct view none = view_of(NULL, 0), rest;

	CU_ASSERT(view_equal(none, view_str("")));
	CU_ASSERT_FALSE(view_equal(none, view_str("a")));
	CU_ASSERT_FALSE(view_equal(view_str("a"), view_str("b")));
	CU_ASSERT_EQUAL(view_take(&none, 0, &rest), RC_OK);
	CU_ASSERT_EQUAL(view_end(&none), RC_OK);
}

static void what_is_appended_stands_there(void)
{
	struct buf b;

	buf_init(&b, 100);
	buf_u8(&b, 0x01);
	buf_u16(&b, 0x0203);
	buf_u32(&b, 0x04050607);
	buf_u64(&b, 0x08090A0B0C0D0E0F);
	buf_put(&b, "\x10\x11", 2);
	buf_put(&b, NULL, 0);
	buf_view(&b, view_of(NULL, 0));
	buf_str(&b, "\x12");
	buf_printf(&b, "%c%s", 0x13, "\x14");
	CU_ASSERT_EQUAL(buf_rc(&b), RC_OK);
	CU_ASSERT(view_equal(view_buf(&b), hex("0102030405060708090A0B0C0D0E0F1011121314")));
	buf_free(&b);
	CU_ASSERT_EQUAL(b.len, 0);
	buf_u8(&b, 9);
	CU_ASSERT(view_equal(view_buf(&b), hex("09")));
	buf_free(&b);
	buf_free(&b);
}

static void a_buffer_grows_to_its_limit_and_not_past_it(void)
{
	for (size_t max = 0; max < 600; max += 7) {
		struct buf b;

		buf_init(&b, max);
		for (size_t i = 0; i < max; i++)
			buf_u8(&b, (uint8_t)i);
		CU_ASSERT_EQUAL(buf_rc(&b), RC_OK);
		CU_ASSERT_EQUAL(b.len, max);
		for (size_t i = 0; i < max; i++)
			CU_ASSERT_EQUAL(b.data[i], (uint8_t)i);
		buf_u8(&b, 0);
		CU_ASSERT_EQUAL(buf_rc(&b), RC_SPACE);
		CU_ASSERT_EQUAL(b.len, max);
		buf_free(&b);
	}
}

static void the_first_failure_sticks(void)
{
	struct buf b;

	buf_init(&b, 4);
	buf_u16(&b, 1);
	buf_u32(&b, 2);
	CU_ASSERT_EQUAL(buf_rc(&b), RC_SPACE);
	buf_u8(&b, 3);
	buf_str(&b, "x");
	buf_insert(&b, 0, "y", 1);
	CU_ASSERT_EQUAL(b.len, 2);
	CU_ASSERT_PTR_NULL(buf_space(&b, 1));
	buf_fail(&b, RC_CRYPTO);
	CU_ASSERT_EQUAL(buf_rc(&b), RC_SPACE);
	buf_reset(&b);
	CU_ASSERT_EQUAL(buf_rc(&b), RC_OK);
	buf_u32(&b, 2);
	CU_ASSERT_EQUAL(buf_rc(&b), RC_OK);
	buf_fail(&b, RC_CRYPTO);
	CU_ASSERT_EQUAL(buf_rc(&b), RC_CRYPTO);
	buf_free(&b);
}

static void sizes_that_would_overflow_are_refused(void)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	buf_u8(&b, 1);
	CU_ASSERT_PTR_NULL(buf_space(&b, SIZE_MAX));
	CU_ASSERT_EQUAL(buf_rc(&b), RC_SPACE);
	buf_free(&b);
}

static void a_fixed_buffer_stays_in_its_array_and_is_wiped(void)
{
	uint8_t array[5], zeros[4] = {0};
	struct buf b;

	memset(array, 0xEE, sizeof(array));
	buf_fixed(&b, array, 4);
	buf_u32(&b, 0x01020304);
	CU_ASSERT_EQUAL(buf_rc(&b), RC_OK);
	CU_ASSERT(b.data == array);
	buf_u8(&b, 5);
	CU_ASSERT_EQUAL(buf_rc(&b), RC_SPACE);
	CU_ASSERT_EQUAL(array[4], 0xEE);
	buf_free(&b);
	CU_ASSERT(view_equal(view_of(array, 4), view_of(zeros, 4)));
	buf_u8(&b, 7);
	CU_ASSERT_EQUAL(array[0], 7);
	buf_fixed(&b, NULL, 0);
	buf_u8(&b, 1);
	CU_ASSERT_EQUAL(buf_rc(&b), RC_SPACE);
}

static void cutting_wipes_and_inserting_moves(void)
{
	uint8_t array[8];
	struct buf b;

	buf_fixed(&b, array, sizeof(array));
	buf_str(&b, "acdf");
	buf_insert(&b, 1, "b", 1);
	buf_insert(&b, 4, "e", 1);
	buf_insert(&b, 6, "g", 1);
	buf_insert(&b, 3, NULL, 0);
	CU_ASSERT(view_equal(view_buf(&b), view_str("abcdefg")));
	buf_truncate(&b, 7);
	buf_truncate(&b, 3);
	CU_ASSERT(view_equal(view_buf(&b), view_str("abc")));
	CU_ASSERT(view_equal(view_of(array + 3, 4), hex("00000000")));
	buf_insert(&b, 0, "123456", 6);
	CU_ASSERT_EQUAL(buf_rc(&b), RC_SPACE);
	CU_ASSERT(view_equal(view_buf(&b), view_str("abc")));
}

static void a_formatted_line_that_is_too_long_fails_whole(void)
{
	struct buf b;

	buf_init(&b, 4096);
	buf_printf(&b, "%1023s", "x");
	CU_ASSERT_EQUAL(b.len, 1023);
	buf_printf(&b, "%1024s", "x");
	CU_ASSERT_EQUAL(buf_rc(&b), RC_SPACE);
	CU_ASSERT_EQUAL(b.len, 1023);
	buf_free(&b);
}

static void every_code_has_a_name(void)
{
	for (int rc = RC_OK; rc <= RC_SW; rc++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(rc_name(rc));
		CU_ASSERT_STRING_NOT_EQUAL(rc_name(rc), "unknown");
	}
	CU_ASSERT_STRING_EQUAL(rc_name(RC_SW + 1), "unknown");
	CU_ASSERT_STRING_EQUAL(rc_name(-1), "unknown");
}

int main(void)
{
	static CU_TestInfo views[] = {
		{"a view gives its integers in order", a_view_gives_its_integers_in_order},
		{"a view that is too short stays where it is",
		 a_view_that_is_too_short_stays_where_it_is},
		{"an empty view may be without memory", an_empty_view_may_be_without_memory},
		CU_TEST_INFO_NULL,
	};
	static CU_TestInfo buffers[] = {
		{"what is appended stands there", what_is_appended_stands_there},
		{"a buffer grows to its limit and not past it",
		 a_buffer_grows_to_its_limit_and_not_past_it},
		{"the first failure sticks", the_first_failure_sticks},
		{"sizes that would overflow are refused", sizes_that_would_overflow_are_refused},
		{"a fixed buffer stays in its array and is wiped",
		 a_fixed_buffer_stays_in_its_array_and_is_wiped},
		{"cutting wipes and inserting moves", cutting_wipes_and_inserting_moves},
		{"a formatted line that is too long fails whole",
		 a_formatted_line_that_is_too_long_fails_whole},
		{"every code has a name", every_code_has_a_name},
		CU_TEST_INFO_NULL,
	};
	static CU_SuiteInfo suites[] = {
		{.pName = "views", .pTests = views},
		{.pName = "buffers", .pTests = buffers},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("base buf", suites);
}
