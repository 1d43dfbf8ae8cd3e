/* SPDX-License-Identifier: BSD-2-Clause */
/* Text of others: what stays, what is replaced, and where it is cut. */
#include "tools/text.h"

#include <string.h>

#include "tests/suite.h"

#define LOST "\xEF\xBF\xBD"

static void what_is_utf_8_stays(void)
{
	static const char text[] =
		"a \x7E\xC2\xA0 \xC3\xBC \xDF\xBF\xE0\xA0\x80\xE2\x82\xAC\xED\x9F\xBF\xEE\x80\x80"
		"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF";
	char to[TEXT_GROWTH * sizeof(text)];

	CU_ASSERT_STRING_EQUAL(text_utf8(view_str(text), to, sizeof(to)), text);
	CU_ASSERT_STRING_EQUAL(text_line(view_str(text), to, sizeof(to)), text);
	CU_ASSERT_STRING_EQUAL(text_utf8(view_str("a\033\n\tb"), to, sizeof(to)), "a\033\n\tb");
	CU_ASSERT_STRING_EQUAL(text_utf8(view_str(""), to, sizeof(to)), "");
}

static void each_byte_of_no_character_is_replaced(void)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"19\xE9", "19" LOST},
		{"EU\xE2", "EU" LOST},
		{"\x80x", LOST "x"},
		{"\xC3(", LOST "("},
		{"\xC0\xAF", LOST LOST},
		{"\xC1\xBF", LOST LOST},
		{"\xE0\x9F\xBF", LOST LOST LOST},
		{"\xED\xA0\x80", LOST LOST LOST},
		{"\xF0\x8F\xBF\xBF", LOST LOST LOST LOST},
		{"\xF4\x90\x80\x80", LOST LOST LOST LOST},
		{"\xF8\x88\x80\x80\x80", LOST LOST LOST LOST LOST},
		{"\xE2\x82\xC3\xBC", LOST LOST "\xC3\xBC"},
		{"\xFF\xFE", LOST LOST},
	};
	char to[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_STRING_EQUAL(text_utf8(view_str(rows[i].text), to, sizeof(to)),
				       rows[i].expected);
		CU_ASSERT_STRING_EQUAL(text_line(view_str(rows[i].text), to, sizeof(to)),
				       rows[i].expected);
	}
	CU_ASSERT_STRING_EQUAL(text_utf8(view_of("A\0B", 3), to, sizeof(to)), "A" LOST "B");
}

static void a_line_has_no_control_characters_and_runs_one_way(void)
{
	static const char *const unfit[] = {
		"\001",         "\033",         "\n",           "\r",           "\t",
		"\x7F",         "\xC2\x80",     "\xC2\x9B",     "\xC2\x85",     "\xD8\x9C",
		"\xE2\x80\x8E", "\xE2\x80\x8F", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAA",
		"\xE2\x80\xAE", "\xE2\x81\xA6", "\xE2\x81\xA9",
	};
	char to[64], text[16];

	for (size_t i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++) {
		snprintf(text, sizeof(text), "a%sb", unfit[i]);
		CU_ASSERT_STRING_EQUAL(text_line(view_str(text), to, sizeof(to)), "a" LOST "b");
	}
}

static void what_is_too_long_is_cut_between_characters(void)
{
	char to[8] = "1234567";

	CU_ASSERT_STRING_EQUAL(text_utf8(view_str("ab\xE2\x82\xAC\xE2\x82\xAC"), to, 7),
			       "ab\xE2\x82\xAC");
	CU_ASSERT_STRING_EQUAL(text_utf8(view_str("abc\xFF\xFF"), to, 7), "abc" LOST);
	CU_ASSERT_STRING_EQUAL(text_utf8(view_str("abcdefgh"), to, 7), "abcdef");
	CU_ASSERT_EQUAL(to[7], '\0');
	CU_ASSERT_STRING_EQUAL(text_utf8(view_str("abc"), to, 1), "");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"what_is_utf_8_stays", what_is_utf_8_stays},
		{"each_byte_of_no_character_is_replaced", each_byte_of_no_character_is_replaced},
		{"a_line_has_no_control_characters_and_runs_one_way",
		 a_line_has_no_control_characters_and_runs_one_way},
		{"what_is_too_long_is_cut_between_characters",
		 what_is_too_long_is_cut_between_characters},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "text", .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("text", suites);
}
