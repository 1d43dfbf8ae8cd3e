/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What security domains store and say of themselves, GPCS 11.3 and 11.11: objects in whatever blocks
 * a host cuts them into, the issuer security domain's name, the security level, memory left.
 */
#include "tests/suite.h"

#include <string.h>

#include "tests/base/hex.h"
#include "tests/card/manage.h"

#define NAME "A00000015153504103"

static void objects_are_stored_however_they_are_cut_into_blocks(void)
{
	manage_start();
	CU_ASSERT_EQUAL(manage_send(0x80E21000, "42"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E21001, "0311"), 0x9000);
	/* Nothing is stored before the last block. */
	CU_ASSERT_EQUAL(manage_send(0x80CA0042, ""), 0x6A88);
	CU_ASSERT_EQUAL(manage_send(0x80E29002, "2233 5F500441424344"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80CA0042, ""), 0x9000);
	CU_ASSERT(manage_answered("4203112233"));
	CU_ASSERT_EQUAL(manage_send(0x80CA5F50, ""), 0x9000);
	CU_ASSERT(manage_answered("5F500441424344"));
	CU_ASSERT_EQUAL(manage_send(0x80E20800, "0070 05 45"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E28801, "03445566"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80CA0045, ""), 0x9000);
	CU_ASSERT(manage_answered("4503445566"));
	/* What stands in no format, as GlobalPlatformPro sends it. */
	CU_ASSERT_EQUAL(manage_send(0x80E28000, "6702A000"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x00CA0067, ""), 0x9000);
	CU_ASSERT(manage_answered("A000"));
	CU_ASSERT_EQUAL(manage_send(0x80E29000, "6604 7302 0600"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80CA0066, ""), 0x9000);
	CU_ASSERT(manage_answered("6604 7302 0600"));
	manage_stop();
}

static void a_sequence_that_is_not_one_stores_nothing(void)
{
	static const struct {
		uint32_t header;
		const char *data;
		uint16_t sw;
	} rows[] = {
		{0x80E29001, "420199", 0x6A86}, /* begins with the second block */
		{0x80E29000, "4202AA", 0x6A80}, /* half an object */
		{0x80E29000, "420199 420188", 0x6A80},
		{0x80E29000, "4200", 0x6A80},
		{0x80E29000, "420199 C1020000", 0x6A80},
		{0x80E29000, "420199 C2020000", 0x6A80},
		{0x80E29000, "420199 D30100", 0x6A80},
		{0x80E29000, "420199 FF2100", 0x6A80},
		{0x80E29800, "420199", 0x6A86}, /* both formats */
		{0x80E2F000, "420199", 0x6A81},
		{0x80E28800, "0070 04 420199", 0x6A80},
		{0x80E28800, "0071 03 420199", 0x6A80},
		/* A key as a data grouping; GPCS 11.11.4, which this card leaves to PUT KEY. */
		{0x80E28800,
		 "00B9 14 B912 950110 800188 810110 820101 830130 840311 8113"
		 "8113 10 00112233445566778899AABBCCDDEEFF",
		 0x6A80},
		{0x80E29000, "420199 4F04A0000001", 0x6A80},
		{0x80E29000, "420199 4F0A" TOKEN, 0x6985},
	};

	manage_start();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(manage_send(rows[i].header, rows[i].data), rows[i].sw);
		CU_ASSERT_EQUAL(manage_send(0x80CA0042, ""), 0x6A88);
	}
	/* A second block of another format, or none after a wrong one. */
	CU_ASSERT_EQUAL(manage_send(0x80E21000, "42"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E28801, "0199"), 0x6A86);
	CU_ASSERT_EQUAL(manage_send(0x80E29001, "0199"), 0x6A86);
	CU_ASSERT_EQUAL(manage_send(0x80CA0042, ""), 0x6A88);
	manage_stop();
}

static void a_sequence_has_its_longest(void)
{
	uint8_t block[200] = {0};
	uint16_t sw = 0x9000;

	manage_start();
	for (uint32_t n = 0; n < 41 && sw == 0x9000; n++)
		sw = manage_bytes(0x80E21000 | n, view_of(block, sizeof(block)));
	CU_ASSERT_EQUAL(sw, 0x6A84);
	CU_ASSERT_EQUAL(manage_send(0x80E29000, "420111"), 0x9000);
	manage_stop();
}

static void the_issuer_security_domain_takes_another_name(void)
{
	manage_start();
	CU_ASSERT_EQUAL(manage_send(0x80E29000, "4F09" NAME), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80F28002, "4F00"), 0x9000);
	CU_ASSERT(manage_answered("E31F 4F09" NAME "9F700101 C50398FE80 CC09" NAME));
	peer_reopen(&manage_peer, NULL);
	CU_ASSERT_EQUAL(manage_bare("00A4040000"), 0x9000);
	CU_ASSERT_EQUAL(manage_bare("00A4040008" ISD "00"), 0x6A82);
	CU_ASSERT_EQUAL(manage_bare("00A4040009" NAME "00"), 0x9000);
	manage_stop();
	/* A supplementary one keeps its own. */
	manage_start();
	CU_ASSERT_EQUAL_FATAL(manage_make_domain("80"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, DOMAIN), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E29000, "4F09" NAME), 0x6A80);
	CU_ASSERT_EQUAL(manage_send(0x80E29000, "6702A000"), 0x6A80);
	CU_ASSERT_EQUAL(manage_send(0x80E29000, "5F500141"), 0x9000);
	manage_stop();
}

static void the_level_and_the_memory_left_are_told(void)
{
	manage_start();
	CU_ASSERT_EQUAL(manage_send(0x80CA00D3, ""), 0x9000);
	CU_ASSERT(manage_answered("D301B3"));
	CU_ASSERT_EQUAL(manage_send(0x80CAFF21, ""), 0x9000);
	CU_ASSERT_EQUAL(manage_answer.len, 3 + 4 + 6 + 6);
	CU_ASSERT(view_equal(view_of(manage_answer.data, 9), hex("FF2110 81020003 8204")));
	peer_reopen(&manage_peer, NULL);
	CU_ASSERT_EQUAL(manage_bare("00A4040000"), 0x9000);
	CU_ASSERT_EQUAL(manage_bare("80CA00D300"), 0x9000);
	CU_ASSERT(manage_answered("D30100"));
	manage_stop();
}

/* What is on the card, in the words of three commands. */
static void list_all(struct buf *out)
{
	static const uint32_t reads[] = {0x80F24002, 0x80F21002, 0x80CA00E0};

	buf_reset(out);
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		CU_ASSERT_EQUAL(manage_send(reads[i], i < 2 ? "4F00" : ""), 0x9000);
		buf_view(out, view_buf(&manage_answer));
	}
}

static void a_length_that_is_none_changes_nothing(void)
{
	static const uint32_t headers[] = {0x80F28002, 0x80F04080, 0x80E60200, 0x80E60400,
					   0x80E60800, 0x80E60C00, 0x80E61000, 0x80E62000,
					   0x80E64000, 0x80E80000, 0x80E88000, 0x80E40000,
					   0x80E40080, 0x80D80001, 0x80D80081, 0x80E28800};
	static const uint8_t zeros[40];
	struct buf before, after;

	manage_start();
	buf_init(&before, MANAGE_ROOM);
	buf_init(&after, MANAGE_ROOM);
	list_all(&before);
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		for (size_t len = 0; len <= sizeof(zeros); len++) {
			uint16_t sw = manage_bytes(headers[i], view_of(zeros, len));

			if (sw != 0x6700 && sw != 0x6A80 && sw != 0x6A88 && sw != 0x6985) {
				printf("%08X, %zu bytes: %04X\n", headers[i], len, sw);
				CU_FAIL("not as it should be");
			}
		}
	list_all(&after);
	CU_ASSERT(view_equal(view_buf(&before), view_buf(&after)));
	buf_free(&before);
	buf_free(&after);
	manage_stop();
}

/*
 * Of a right command every beginning of at least so many bytes (a shorter one may be right as well), and
 * the whole with a byte more, which may be one that is ignored.
 */
static void cut_and_lengthen(uint32_t header, struct view right, size_t least, bool more_is_ignored)
{
	uint8_t bytes[120] = {0};

	CU_ASSERT_FATAL(right.len < sizeof(bytes));
	memcpy(bytes, right.data, right.len);
	for (size_t len = least; len <= right.len + 1; len++) {
		uint16_t sw;

		if (len == right.len || (len > right.len && more_is_ignored))
			continue;
		sw = manage_bytes(header, view_of(bytes, len));
		if (sw != 0x6A80) {
			printf("%08X, %zu of %zu bytes: %04X\n", header, len, right.len, sw);
			CU_FAIL("not as it should be");
		}
	}
	CU_ASSERT_EQUAL(manage_bytes(header, right), 0x9000);
}

/* Wrong data is what GPCS 11.2 to 11.11 list for each; 6700 is for Lc and what is not there. */
static void a_command_that_is_cut_or_lengthened_is_wrong_data(void)
{
	static const struct {
		uint32_t header;
		const char *data;
		size_t least;
		bool more_is_ignored;
	} rows[] = {
		{0x80F28002, "4F00", 0, true},
		{0x80E60C00, "07A000000151535008A00000015153504107F0000000005D01018002C90000",
		 false},
		{0x80E61000, "08A0000001510000000007F0000000005D01000000", 0, false},
		{0x80E64000, "000007F0000000005D01000000", 0, false},
		{0x80E62000, "000007F0000000005D01000000", 0, false},
		{0x80E29000, "4203112233", 1, false},
		{0x80E40000, "4F07F0000000005D01", 0, false},
		{0x80E60200, "06F0010203040500000000", 0, false},
	};
	struct keyset set = manage_keys(0x30);
	struct buf data;

	manage_start();
	buf_init(&data, MANAGE_ROOM);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cut_and_lengthen(rows[i].header, hex(rows[i].data), rows[i].least,
				 rows[i].more_is_ignored);
	manage_key_data(&set, &data);
	/* Two keys are no set, but keys. */
	cut_and_lengthen(0x80D80081, view_buf(&data), data.len - 21, false);
	buf_free(&data);
	manage_stop();
}

static void challenges_and_cryptograms_have_one_length(void)
{
	struct keyset set = manage_keys(0x30);
	struct buf data;
	char apdu[120];

	manage_start();
	buf_init(&data, MANAGE_ROOM);
	manage_key_data(&set, &data);
	CU_ASSERT_EQUAL(manage_bytes(0x80D80081, view_buf(&data)), 0x9000);
	peer_reopen(&manage_peer, NULL);
	CU_ASSERT_EQUAL(manage_bare("00A4040000"), 0x9000);
	for (int len = 1; len <= 24; len++) {
		snprintf(apdu, sizeof(apdu), "80503000%02X%0*d00", len, 2 * len, 0);
		CU_ASSERT_EQUAL(manage_bare(apdu), len == 8 ? 0x9000 : 0x6700);
		CU_ASSERT_EQUAL(manage_bare("8050300008112233445566778800"), 0x9000);
		snprintf(apdu, sizeof(apdu), "84820100%02X%0*d", len, 2 * len, 0);
		CU_ASSERT_EQUAL(manage_bare(apdu), len == 16 ? 0x6300 : 0x6700);
	}
	buf_free(&data);
	manage_stop();
}

static int clean(void)
{
	peer_world_free();
	return 0;
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"objects are stored however they are cut into blocks",
		 objects_are_stored_however_they_are_cut_into_blocks},
		{"a sequence that is not one stores nothing",
		 a_sequence_that_is_not_one_stores_nothing},
		{"a sequence has its longest", a_sequence_has_its_longest},
		{"the issuer security domain takes another name",
		 the_issuer_security_domain_takes_another_name},
		{"a length that is none changes nothing", a_length_that_is_none_changes_nothing},
		{"a command that is cut or lengthened is wrong data",
		 a_command_that_is_cut_or_lengthened_is_wrong_data},
		{"challenges and cryptograms have one length",
		 challenges_and_cryptograms_have_one_length},
		{"the level and the memory left are told", the_level_and_the_memory_left_are_told},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "manager data", .pCleanupFunc = clean, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("manager data", suites);
}
