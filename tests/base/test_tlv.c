/* SPDX-License-Identifier: BSD-2-Clause */
/* BER-TLV: round trips at every length form, codings that are not minimal, every truncation. */
#include "base/tlv.h"

#include <string.h>

#include "tests/base/hex.h"
#include "tests/suite.h"

static void objects_of_every_length_form_are_read_back(void)
{
	static const size_t sizes[] = {0, 1, 0x7F, 0x80, 0xFF, 0x100, 0xFFFF, 0x10000};
	static const size_t headers[] = {2, 2, 2, 3, 3, 4, 4, 5};
	static uint8_t bytes[0x10000];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct view in, value, object;
		struct buf b;

		buf_init(&b, 0x20000);
		tlv_put(&b, 0x87, view_of(bytes, sizes[i]));
		CU_ASSERT_EQUAL(b.len, headers[i] + sizes[i]);
		buf_u8(&b, 0x90);
		in = view_buf(&b);
		CU_ASSERT_EQUAL(tlv_object(&in, 0x87, &object, &value), RC_OK);
		CU_ASSERT_EQUAL(value.len, sizes[i]);
		CU_ASSERT_EQUAL(object.len, b.len - 1);
		CU_ASSERT_EQUAL(in.len, 1);
		buf_free(&b);
	}
}

static void tags_of_one_to_three_bytes_are_read_back(void)
{
	static const uint32_t tags[] = {0x01,   0x1E,   0x80,   0xBE,     0x5F1F,  0x5F29,
					0x7F21, 0x7F49, 0x7F4E, 0x5F8101, 0xFFFF7F};

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		struct view in, value;
		uint32_t tag;
		struct buf b;

		buf_init(&b, 16);
		tlv_put_u8(&b, tags[i], 0x42);
		in = view_buf(&b);
		CU_ASSERT(tlv_is_next(in, tags[i]));
		CU_ASSERT_FALSE(tlv_is_next(in, tags[i] ^ 0x20));
		CU_ASSERT_EQUAL(tlv_next(&in, &tag, &value), RC_OK);
		CU_ASSERT_EQUAL(tag, tags[i]);
		CU_ASSERT(view_equal(value, hex("42")));
		buf_free(&b);
	}
}

static void codings_that_are_not_minimal_are_malformed(void)
{
	static const char *const rows[] = {
		"", /* nothing */
		"00 00", /* no tag */
		"80", /* no length */
		"80 80", /* indefinite */
		"80 81", /* length cut */
		"80 8100", /* 0 in long form */
		"80 817F", /* 127 in long form */
		"80 82007F", /* leading zero */
		"80 820080", /* leading zero */
		"80 85 0000000001", /* five bytes of length */
		"80 FF", /* reserved */
		"80 84FFFFFFFF 00", /* longer than there is */
		"80 02 01", /* value cut */
		"1F", /* tag cut */
		"1F 80 01 00", /* tag with leading zero */
		"5F 1E 00", /* fits one byte */
		"5F 81 81 01 00", /* tag of four bytes */
		"5F 81", /* tag cut */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct view in = hex(rows[i]), before = in, value;
		uint32_t tag;

		CU_ASSERT_EQUAL(tlv_next(&in, &tag, &value), RC_MALFORMED);
		CU_ASSERT(in.data == before.data && in.len == before.len);
	}
}

static void every_truncation_is_malformed_and_takes_nothing(void)
{
	struct buf b;
	struct view value, object;
	uint8_t bytes[300] = {0};

	buf_init(&b, 512);
	tlv_put(&b, 0x7F49, view_of(bytes, sizeof(bytes)));
	for (size_t len = 0; len < b.len; len++) {
		struct view in = view_of(b.data, len);

		CU_ASSERT_EQUAL(tlv_expect(&in, 0x7F49, &value), RC_MALFORMED);
		CU_ASSERT_EQUAL(tlv_object(&in, 0x7F49, &object, &value), RC_MALFORMED);
		CU_ASSERT_EQUAL(tlv_copy(&in, 0x7F49, bytes, sizeof(bytes)), RC_MALFORMED);
		CU_ASSERT(in.data == b.data && in.len == len);
	}
	buf_free(&b);
}

static void another_tag_or_length_is_malformed_and_takes_nothing(void)
{
	struct view in = hex("80 02 1042"), before = in, value;
	uint8_t two[2], four[4];

	CU_ASSERT_EQUAL(tlv_expect(&in, 0x81, &value), RC_MALFORMED);
	CU_ASSERT_EQUAL(tlv_copy(&in, 0x80, four, 4), RC_MALFORMED);
	CU_ASSERT_EQUAL(tlv_copy(&in, 0x80, two, 1), RC_MALFORMED);
	CU_ASSERT(in.data == before.data && in.len == before.len);
	CU_ASSERT_EQUAL(tlv_copy(&in, 0x80, two, 2), RC_OK);
	CU_ASSERT(view_equal(view_of(two, 2), hex("1042")));
	CU_ASSERT_EQUAL(in.len, 0);
}

static void a_search_stays_on_its_level(void)
{
	struct view in = hex("B403 950110 83020101 8400"), value;

	CU_ASSERT_EQUAL(tlv_find(in, 0x83, &value), RC_OK);
	CU_ASSERT(view_equal(value, hex("0101")));
	CU_ASSERT_EQUAL(tlv_find(in, 0x84, &value), RC_OK);
	CU_ASSERT_EQUAL(value.len, 0);
	CU_ASSERT_EQUAL(tlv_find(in, 0x95, &value), RC_NOT_FOUND);
	CU_ASSERT_EQUAL(tlv_find(view_of(NULL, 0), 0x95, &value), RC_NOT_FOUND);
	CU_ASSERT_EQUAL(tlv_find(hex("8001"), 0x95, &value), RC_MALFORMED);
}

static void constructed_objects_close_with_their_length(void)
{
	static const size_t sizes[] = {0, 10, 0x80 - 2, 0x80, 0x100};
	uint8_t bytes[0x100] = {0};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct view in, outer, inner;
		struct buf b;
		size_t a, c;

		buf_init(&b, 1024);
		a = tlv_open(&b, 0x7F21);
		c = tlv_open(&b, 0xB4);
		tlv_put(&b, 0x80, view_of(bytes, sizes[i]));
		tlv_close(&b, c);
		tlv_close(&b, a);
		in = view_buf(&b);
		CU_ASSERT_EQUAL(tlv_expect(&in, 0x7F21, &outer), RC_OK);
		CU_ASSERT_EQUAL(view_end(&in), RC_OK);
		CU_ASSERT_EQUAL(tlv_expect(&outer, 0xB4, &inner), RC_OK);
		CU_ASSERT_EQUAL(view_end(&outer), RC_OK);
		CU_ASSERT_EQUAL(tlv_expect(&inner, 0x80, &outer), RC_OK);
		CU_ASSERT_EQUAL(outer.len, sizes[i]);
		buf_free(&b);
	}
}

static void building_past_the_end_fails_and_stays_failed(void)
{
	uint8_t array[6], value[4] = {0};
	struct buf b;
	size_t mark;

	buf_fixed(&b, array, sizeof(array));
	mark = tlv_open(&b, 0x7F21);
	tlv_put_u8(&b, 0x80, 1);
	tlv_put_u32(&b, 0x81, 1);
	tlv_close(&b, mark);
	CU_ASSERT_EQUAL(buf_rc(&b), RC_SPACE);
	buf_reset(&b);
	tlv_put_u32(&b, 0x81, 0x01020304);
	CU_ASSERT(view_equal(view_buf(&b), hex("810401020304")));
	buf_reset(&b);
	mark = tlv_open(&b, 0x7F21);
	buf_put(&b, value, 4);
	tlv_close(&b, mark);
	CU_ASSERT_EQUAL(buf_rc(&b), RC_SPACE);
	buf_init(&b, 16);
	tlv_put_u64(&b, 0x91, 0x0102030405060708);
	CU_ASSERT(view_equal(view_buf(&b), hex("91080102030405060708")));
	tlv_header(&b, 0x87, (size_t)1 << 32);
	CU_ASSERT_EQUAL(buf_rc(&b), RC_SPACE);
	buf_free(&b);
}

int main(void)
{
	static CU_TestInfo tests[] = {
		{"objects of every length form are read back",
		 objects_of_every_length_form_are_read_back},
		{"tags of one to three bytes are read back",
		 tags_of_one_to_three_bytes_are_read_back},
		{"codings that are not minimal are malformed",
		 codings_that_are_not_minimal_are_malformed},
		{"every truncation is malformed and takes nothing",
		 every_truncation_is_malformed_and_takes_nothing},
		{"another tag or length is malformed and takes nothing",
		 another_tag_or_length_is_malformed_and_takes_nothing},
		{"a search stays on its level", a_search_stays_on_its_level},
		{"constructed objects close with their length",
		 constructed_objects_close_with_their_length},
		{"building past the end fails and stays failed",
		 building_past_the_end_fails_and_stays_failed},
		CU_TEST_INFO_NULL,
	};
	static CU_SuiteInfo suites[] = {
		{.pName = "data objects", .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("base tlv", suites);
}
