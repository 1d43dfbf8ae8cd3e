/* SPDX-License-Identifier: BSD-2-Clause */
/* The seven codings of ISO/IEC 7816-4 5.1, everything that is none of them, and class bytes. */
#include "base/apdu.h"

#include <string.h>

#include "base/sw.h"
#include "tests/base/hex.h"
#include "tests/suite.h"

static void the_seven_codings_are_read_and_written_back(void)
{
	static const struct {
		const char *bytes;
		size_t data;
		uint32_t le;
		bool extended;
	} rows[] = {
		{"00A40400", 0, 0, false},
		{"00A40400 10", 0, 16, false},
		{"00A40400 00", 0, 256, false},
		{"00A40400 02 3F00", 2, 0, false},
		{"00A40400 02 3F00 05", 2, 5, false},
		{"00A40400 02 3F00 00", 2, 256, false},
		{"00A40400 00 0100", 0, 256, true},
		{"00A40400 00 0000", 0, 65536, true},
		{"00A40400 00 0001", 0, 1, true},
		{"00A40400 00 0002 3F00", 2, 0, true},
		{"00A40400 00 0002 3F00 0005", 2, 5, true},
		{"00A40400 00 0002 3F00 0000", 2, 65536, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct view bytes = hex(rows[i].bytes);
		struct apdu a;
		struct buf b;

		CU_ASSERT_EQUAL_FATAL(apdu_parse(bytes, &a), RC_OK);
		CU_ASSERT_EQUAL(a.cla, 0x00);
		CU_ASSERT_EQUAL(a.ins, 0xA4);
		CU_ASSERT_EQUAL(a.p1, 0x04);
		CU_ASSERT_EQUAL(a.p2, 0x00);
		CU_ASSERT_EQUAL(a.data.len, rows[i].data);
		CU_ASSERT_EQUAL(a.le, rows[i].le);
		CU_ASSERT_EQUAL(a.extended, rows[i].extended);
		buf_init(&b, 64);
		apdu_put(&b, &a);
		CU_ASSERT(view_equal(view_buf(&b), bytes));
		buf_free(&b);
	}
}

static void other_codings_are_malformed(void)
{
	static const char *const rows[] = {
		"",
		"00",
		"00A4",
		"00A404",
		"00A40400 02 3F", /* data cut */
		"00A40400 02 3F00 0000", /* two bytes of Le after short Lc */
		"00A40400 00 01", /* half an extended Le */
		"00A40400 00 0000 00", /* extended Lc 0 */
		"00A40400 00 0000 0000", /* extended Lc 0 with Le */
		"00A40400 00 0002 3F", /* data cut */
		"00A40400 00 0002 3F00 00", /* one byte of Le after extended Lc */
		"00A40400 00 0002 3F00 000000" /* three */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct apdu a = {.cla = 0x77};

		CU_ASSERT_EQUAL(apdu_parse(hex(rows[i]), &a), RC_MALFORMED);
		CU_ASSERT_EQUAL(a.cla, 0x77);
	}
}

/* A cut command is another one at four lengths, and none at the rest. */
static void truncations_are_what_their_bytes_say(void)
{
	struct view bytes = hex("00DA0000 00 0004 01020304 0000");

	static const struct {
		size_t len, data;
		uint32_t le;
	} valid[] = {{4, 0, 0}, {5, 0, 256}, {7, 0, 4}, {11, 4, 0}};
	size_t next = 0;

	for (size_t len = 0; len < bytes.len; len++) {
		struct apdu a;
		enum rc rc = apdu_parse(view_of(bytes.data, len), &a);

		if (next == 4 || len != valid[next].len) {
			CU_ASSERT_EQUAL(rc, RC_MALFORMED);
			continue;
		}
		CU_ASSERT_EQUAL_FATAL(rc, RC_OK);
		CU_ASSERT_EQUAL(a.data.len, valid[next].data);
		CU_ASSERT_EQUAL(a.le, valid[next].le);
		next++;
	}
	CU_ASSERT_EQUAL(next, 4);
}

static void long_commands_become_extended_by_themselves(void)
{
	static uint8_t data[APDU_EXTENDED_DATA + 1];
	static const struct {
		size_t len;
		uint32_t le;
		size_t size;
	} rows[] = {
		{255, 0, 5 + 255}, {255, 256, 5 + 255 + 1},
		{256, 0, 7 + 256}, {1, 257, 7 + 1 + 2},
		{0, 65536, 7},     {APDU_EXTENDED_DATA, 65536, APDU_COMMAND_MAX},
	};
	struct buf b;

	buf_init(&b, APDU_COMMAND_MAX + 10);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct apdu a = {.data = view_of(data, rows[i].len), .le = rows[i].le}, again;

		buf_reset(&b);
		apdu_put(&b, &a);
		CU_ASSERT_EQUAL(b.len, rows[i].size);
		CU_ASSERT_EQUAL(apdu_parse(view_buf(&b), &again), RC_OK);
		CU_ASSERT_EQUAL(again.data.len, rows[i].len);
		CU_ASSERT_EQUAL(again.le, rows[i].le);
	}
	buf_reset(&b);
	apdu_put(&b, &(struct apdu){.data = view_of(data, sizeof(data))});
	CU_ASSERT_EQUAL(buf_rc(&b), RC_SPACE);
	buf_reset(&b);
	apdu_put(&b, &(struct apdu){.le = 65537});
	CU_ASSERT_EQUAL(buf_rc(&b), RC_SPACE);
	buf_free(&b);
}

static void a_command_that_does_not_fit_fails_the_buffer(void)
{
	struct view bytes = hex("00A40400 02 3F00 05");
	uint8_t array[8];
	struct apdu a;
	struct buf b;

	CU_ASSERT_EQUAL_FATAL(apdu_parse(bytes, &a), RC_OK);
	for (size_t size = 0; size < bytes.len; size++) {
		buf_fixed(&b, array, size);
		apdu_put(&b, &a);
		CU_ASSERT_EQUAL(buf_rc(&b), RC_SPACE);
	}
	buf_fixed(&b, array, bytes.len);
	apdu_put(&b, &a);
	CU_ASSERT_EQUAL(buf_rc(&b), RC_OK);
}

static void class_bytes_carry_channel_chaining_and_protection(void)
{
	for (unsigned int channel = 0; channel < 20; channel++) {
		for (unsigned int bits = 0; bits < 4; bits++) {
			uint8_t plain =
				(uint8_t)((bits & 1 ? 0x80 : 0) | (bits & 2 ? CLA_CHAINING : 0));
			uint8_t cla = apdu_cla(plain, channel);
			uint8_t protected_cla = apdu_protected_cla(cla);

			CU_ASSERT_EQUAL(apdu_channel(cla), channel);
			CU_ASSERT_EQUAL(apdu_channel(protected_cla), channel);
			CU_ASSERT_FALSE(apdu_is_protected(cla));
			CU_ASSERT(apdu_is_protected(protected_cla));
			CU_ASSERT_EQUAL(apdu_plain_cla(protected_cla), plain);
			CU_ASSERT_EQUAL(apdu_cla(protected_cla, channel), cla);
		}
	}
	CU_ASSERT_EQUAL(apdu_protected_cla(0x00), 0x0C);
	CU_ASSERT_EQUAL(apdu_protected_cla(0x83), 0x8F);
	CU_ASSERT_EQUAL(apdu_protected_cla(0x40), 0x60);
	CU_ASSERT_EQUAL(apdu_cla(0x00, 4), 0x40);
	CU_ASSERT_EQUAL(apdu_cla(0x80, 19), 0xCF);
	CU_ASSERT(apdu_is_protected(0x84));
}

static void responses_split_before_their_status_word(void)
{
	struct view data;
	uint16_t sw;

	CU_ASSERT_EQUAL(response_parse(hex("9000"), &data, &sw), RC_OK);
	CU_ASSERT(data.len == 0 && sw == SW_OK);
	CU_ASSERT_EQUAL(response_parse(hex("0102036A82"), &data, &sw), RC_OK);
	CU_ASSERT(view_equal(data, hex("010203")) && sw == SW_FILE_NOT_FOUND);
	CU_ASSERT_EQUAL(response_parse(hex("90"), &data, &sw), RC_MALFORMED);
	CU_ASSERT_EQUAL(response_parse(hex(""), &data, &sw), RC_MALFORMED);
	CU_ASSERT(sw_is_normal(0x9000) && sw_is_normal(0x6282) && sw_is_normal(0x63C2));
	CU_ASSERT(!sw_is_normal(0x6100) && !sw_is_normal(0x6400) && !sw_is_normal(0x9001));
}

int main(void)
{
	static CU_TestInfo tests[] = {
		{"the seven codings are read and written back",
		 the_seven_codings_are_read_and_written_back},
		{"other codings are malformed", other_codings_are_malformed},
		{"truncations are what their bytes say", truncations_are_what_their_bytes_say},
		{"long commands become extended by themselves",
		 long_commands_become_extended_by_themselves},
		{"a command that does not fit fails the buffer",
		 a_command_that_does_not_fit_fails_the_buffer},
		{"class bytes carry channel, chaining and protection",
		 class_bytes_carry_channel_chaining_and_protection},
		{"responses split before their status word",
		 responses_split_before_their_status_word},
		CU_TEST_INFO_NULL,
	};
	static CU_SuiteInfo suites[] = {
		{.pName = "APDUs", .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("base apdu", suites);
}
