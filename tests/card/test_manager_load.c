/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Load files that are none, through INSTALL [for load] and every LOAD into the whole card: each gets its
 * status word with the last block, the load is over then, and the card tells of nothing new.
 */
#include "tests/suite.h"

#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/sw.h"
#include "base/tlv.h"
#include "tests/base/hex.h"
#include "tests/card/manage.h"

enum { ROOM = 4096, PARTS = 11, BLOCK = 50, LIMIT = 1 << 20, LONG_BLOCK = 4200 };

/* In load order; "" is left out. */
static const char *const good_parts[PARTS] = {
	"01 0010 DECAFFED 01 02 04 00 01 06" PACKAGE,
	"02 0001 00",
	"04 000B 01 00 01 07 A0000000620001",
	"03 000B 01 07" MODULE "0000",
	"06 0001 00",
	"07 0004 00010203",
	"08 0001 00",
	"0A 0001 00",
	"05 0001 00",
	"09 0001 00",
	"0B 0001 00",
};

/* One component, by its place, that is something else. */
static const struct {
	const char *what;
	size_t place;
	const char *instead;
	uint16_t sw;
} rows[] = {
	{"nothing is wrong", 0, "01 0010 DECAFFED 01 02 04 00 01 06" PACKAGE, 0x9000},
	{"no Descriptor", 10, "", 0x9000},
	{"no Export", 7, "", 0x9000},
	{"no Applet: a library", 3, "", 0x9000},
	{"the format of version 2.3, with a package name", 0,
	 "01 0015 DECAFFED 03 02 04 00 01 06" PACKAGE "04 6E616D65", 0x9000},
	{"no Header", 0, "", 0x6A80},
	{"no Directory", 1, "", 0x6A80},
	{"no Import", 2, "", 0x6A80},
	{"no Class", 4, "", 0x6A80},
	{"no Method", 5, "", 0x6A80},
	{"no StaticField", 6, "", 0x6A80},
	{"no ConstantPool", 8, "", 0x6A80},
	{"no RefLocation", 9, "", 0x6A80},
	{"another magic number", 0, "01 0010 DECAFFEE 01 02 04 00 01 06" PACKAGE, 0x6A80},
	{"format version 1.2", 0, "01 0010 DECAFFED 02 01 04 00 01 06" PACKAGE, 0x6A80},
	{"format version 3.0", 0, "01 0010 DECAFFED 00 03 04 00 01 06" PACKAGE, 0x6A80},
	{"another package than announced", 0, "01 0010 DECAFFED 01 02 04 00 01 06 F00102030407",
	 0x6A80},
	{"a package name of four bytes", 0, "01 000E DECAFFED 01 02 04 00 01 04 F0010203", 0x6A80},
	{"a package name longer than its component", 0,
	 "01 0010 DECAFFED 01 02 04 00 01 07" PACKAGE, 0x6A80},
	{"a Header cut short", 0, "01 0004 DECAFFED", 0x6A80},
	{"an empty Header", 0, "01 0000", 0x6A80},
	{"a length one too small", 5, "07 0003 00010203", 0x6A80},
	{"a length one too large", 5, "07 0005 00010203", 0x6A80},
	{"a length beyond the end", 9, "09 7FFF 00", 0x6A80},
	{"a component twice", 4, "06 0001 00 06 0001 00", 0x6A80},
	{"two components in each other's place", 4, "07 0001 00 06 0001 00", 0x6A80},
	{"a component of no known tag", 10, "0E 0001 00", 0x6A80},
	{"tag 0", 10, "00 0001 00", 0x6A80},
	{"a Debug component", 10, "0C 0001 00", 0x6A80},
	{"an extended CAP's tag", 10, "8B 0001 00", 0x6A80},
	{"applets that are none", 3, "03 0001 00", 0x6A80},
	{"an applet too many", 3, "03 000B 02 07" MODULE "0000", 0x6A80},
	{"an applet's name too long", 3, "03 0015 01 11 F00102030405060708090A0B0C0D0E0F10 0000",
	 0x6A80},
	{"a byte behind the applets", 3, "03 000C 01 07" MODULE "0000 00", 0x6A80},
	{"an import too many", 2, "04 000B 02 00 01 07 A0000000620001", 0x6A80},
	{"more imports than there may be", 2, "04 0001 FF", 0x6A80},
};

static struct buf before, after;

/* Everything that GET STATUS tells. */
static void list(struct buf *out)
{
	static const uint32_t kinds[] = {0x80F28002, 0x80F24002, 0x80F21002};

	buf_reset(out);
	for (size_t i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(manage_send(kinds[i], "4F00"), 0x9000);
		buf_view(out, view_buf(&manage_answer));
	}
}

static bool is_unchanged(void)
{
	list(&after);
	return view_equal(view_buf(&before), view_buf(&after));
}

static void put_block(struct buf *out, size_t place, const char *instead)
{
	for (size_t i = 0; i < PARTS; i++)
		buf_view(out, hex(i == place ? instead : good_parts[i]));
}

static uint16_t announce(void)
{
	return manage_send(0x80E60200, "06" PACKAGE "00 00 00 00");
}

/* The whole of it in blocks of this size. */
static uint16_t load_in(struct view file, size_t size)
{
	uint16_t sw = announce();

	return sw == 0x9000 ? manage_load_file(file, size) : sw;
}

static void start(void)
{
	manage_start();
	buf_init(&before, ROOM);
	buf_init(&after, ROOM);
	list(&before);
}

static void stop(void)
{
	buf_free(&before);
	buf_free(&after);
	manage_stop();
}

static void each_bad_package_has_its_status_word_and_leaves_nothing(void)
{
	size_t tried = 0, wrong = 0;

	start();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t size = 9; size <= 100; size += 91) {
			struct buf block, file;
			bool good;
			uint16_t sw;

			buf_init(&block, ROOM);
			buf_init(&file, ROOM);
			put_block(&block, rows[i].place, rows[i].instead);
			tlv_put(&file, 0xC4, view_buf(&block));
			sw = load_in(view_buf(&file), size);
			good = sw == rows[i].sw;
			if (sw == 0x9000)
				good = good && !is_unchanged() &&
				       manage_send(0x80E40000, "4F06" PACKAGE) == 0x9000;
			/* There is nothing that could go on. */
			good = good && manage_send(0x80E80001, "00") == 0x6985 && is_unchanged();
			if (!good)
				printf("%s, blocks of %zu: %04X\n", rows[i].what, size, sw);
			wrong += !good;
			tried++;
			buf_free(&block);
			buf_free(&file);
		}
	printf("packages: %zu tried, %zu not as they should be\n", tried, wrong);
	CU_ASSERT_EQUAL(wrong, 0);
	stop();
}

/* What stands around the data block, GPCS 11.6.2.1. */
static void what_is_around_the_data_block_is_judged(void)
{
	static const struct {
		const char *what, *front, *behind;
		int tag, longer;
	} frames[] = {
		{"a byte behind it", "", "00", 0xC4, 0},
		{"another tag", "", "", 0xC5, 0},
		{"a ciphered one", "", "", 0xD4, 0},
		{"a length one too small", "", "", 0xC4, -1},
		{"a length one too large", "", "", 0xC4, 1},
		{"a DAP block before it", "E209 4F05F001020304 C300", "", 0xC4, 0},
		{"a DAP block behind it", "", "E209 4F05F001020304 C300", 0xC4, 0},
		{"two data blocks", "C40100", "", 0xC4, 0},
	};

	start();
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		struct buf block, file;
		uint16_t sw;

		buf_init(&block, ROOM);
		buf_init(&file, ROOM);
		put_block(&block, PARTS, "");
		buf_view(&file, hex(frames[i].front));
		buf_u8(&file, (uint8_t)frames[i].tag);
		buf_u8(&file, (uint8_t)((int)block.len + frames[i].longer));
		buf_view(&file, view_buf(&block));
		buf_view(&file, hex(frames[i].behind));
		CU_ASSERT(block.len < 0x80);
		sw = load_in(view_buf(&file), BLOCK);
		if (sw != 0x6A80 || !is_unchanged()) {
			printf("%s: %04X\n", frames[i].what, sw);
			CU_FAIL("not as it should be");
		}
		buf_free(&block);
		buf_free(&file);
	}
	stop();
}

static void every_cut_of_a_package_is_refused(void)
{
	struct buf block, file;

	start();
	buf_init(&block, ROOM);
	buf_init(&file, ROOM);
	put_block(&block, PARTS, "");
	tlv_put(&file, 0xC4, view_buf(&block));
	for (size_t len = 1; len < file.len; len++)
		CU_ASSERT_EQUAL(load_in(view_of(file.data, len), BLOCK), 0x6A80);
	CU_ASSERT(is_unchanged());
	buf_free(&block);
	buf_free(&file);
	stop();
}

static void blocks_come_one_after_another(void)
{
	static const struct {
		const char *what;
		uint32_t second;
		uint16_t sw;
	} orders[] = {
		{"the same again", 0x80E80000, 0x6A86},
		{"one left out", 0x80E80002, 0x6A86},
		{"far off", 0x80E800FF, 0x6A86},
		{"the last one, too early", 0x80E88001, 0x6A80},
	};

	start();
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		CU_ASSERT_EQUAL(announce(), 0x9000);
		CU_ASSERT_EQUAL(manage_send(0x80E80000, "C4 5A 01 0010 DECAFFED"), 0x9000);
		CU_ASSERT_EQUAL(manage_send(orders[i].second, "00"), orders[i].sw);
		CU_ASSERT_EQUAL(manage_send(0x80E80001, "00"), 0x6985);
		CU_ASSERT(is_unchanged());
	}
	stop();
}

/* A mebibyte at most, in 256 blocks at most. */
static void there_is_an_end_to_what_a_card_takes(void)
{
	static uint8_t bytes[LONG_BLOCK];
	size_t sent = 0;
	uint16_t sw;

	start();
	CU_ASSERT_EQUAL(announce(), 0x9000);
	sw = SW_OK;
	for (unsigned int n = 0; sw == 0x9000 && n < 256; n++, sent += LONG_BLOCK)
		sw = manage_bytes(0x80E80000 | n, view_of(bytes, sizeof(bytes)));
	CU_ASSERT_EQUAL(sw, 0x6A84);
	CU_ASSERT(sent > LIMIT && sent < LIMIT + 2 * LONG_BLOCK);
	CU_ASSERT_EQUAL(manage_send(0x80E80001, "00"), 0x6985);
	CU_ASSERT_EQUAL(announce(), 0x9000);
	for (unsigned int n = 0; n < 256; n++)
		CU_ASSERT_EQUAL(manage_send(0x80E80000 | n, "00"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E88000, "00"), 0x6A86);
	CU_ASSERT_EQUAL(manage_send(0x80E80000, "00"), 0x6985);
	CU_ASSERT(is_unchanged());
	stop();
}

static void a_hash_is_that_of_the_data_block(void)
{
	static const struct {
		const char *name;
		size_t len;
	} hashes[] = {{"SHA1", 20}, {"SHA2-256", 32}, {"SHA2-384", 48}, {"SHA2-512", 64}};
	struct buf block, file, data;

	start();
	buf_init(&block, ROOM);
	buf_init(&file, ROOM);
	buf_init(&data, ROOM);
	put_block(&block, PARTS, "");
	tlv_put(&file, 0xC4, view_buf(&block));
	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
		for (int flipped = 0; flipped < 2; flipped++) {
			uint8_t hash[EVP_MAX_MD_SIZE];

			CU_ASSERT_EQUAL(EVP_Digest(block.data, block.len, hash, NULL,
						   crypto_md(hashes[i].name), NULL),
					1);
			hash[hashes[i].len - 1] ^= (uint8_t)flipped;
			buf_reset(&data);
			buf_view(&data, hex("06" PACKAGE "00"));
			buf_u8(&data, (uint8_t)hashes[i].len);
			buf_put(&data, hash, hashes[i].len);
			buf_view(&data, hex("00 00"));
			CU_ASSERT_EQUAL(manage_bytes(0x80E60200, view_buf(&data)), 0x9000);
			CU_ASSERT_EQUAL(manage_load_file(view_buf(&file), BLOCK),
					flipped ? 0x6A80 : 0x9000);
			if (!flipped)
				CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F06" PACKAGE), 0x9000);
			CU_ASSERT(is_unchanged());
		}
	/* A length that no digest has. */
	CU_ASSERT_EQUAL(manage_send(0x80E60200, "06" PACKAGE "00 03 010203 00 00"), 0x6A80);
	buf_free(&block);
	buf_free(&file);
	buf_free(&data);
	stop();
}

static int clean(void)
{
	peer_world_free();
	return 0;
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"each_bad_package_has_its_status_word_and_leaves_nothing",
		 each_bad_package_has_its_status_word_and_leaves_nothing},
		{"what_is_around_the_data_block_is_judged",
		 what_is_around_the_data_block_is_judged},
		{"every_cut_of_a_package_is_refused", every_cut_of_a_package_is_refused},
		{"blocks_come_one_after_another", blocks_come_one_after_another},
		{"there_is_an_end_to_what_a_card_takes", there_is_an_end_to_what_a_card_takes},
		{"a_hash_is_that_of_the_data_block", a_hash_is_that_of_the_data_block},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "manager_load", .pCleanupFunc = clean, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("manager_load", suites);
}
