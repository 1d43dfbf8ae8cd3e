/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CAP files and load files of our own making: whatever order, directory and packing their components
 * come in, the same load file comes out; and hostile ones are refused.
 */
#include "base/cap_archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/tlv.h"
#include "tests/base/hex.h"
#include "tests/suite.h"

enum { ROOM = 3 << 20, ROWS = 10, DEBUG_ROW = 9 };

/* Load order, and Debug behind it. */
static const struct {
	const char *name, *bytes;
} rows[ROWS] = {
	{"Header", "01 000F DECAFFED 01 02 04 00 01 05 F001020304"},
	{"Directory", "02 0001 00"},
	{"Import", "04 000B 01 00 01 07 A0000000620001"},
	{"Applet", "03 000A 01 06 F00102030401 0000"},
	{"Class", "06 0001 00"},
	{"Method", "07 0006 010203040506"},
	{"StaticField", "08 0001 00"},
	{"ConstantPool", "05 0001 00"},
	{"RefLocation", "09 0001 00"},
	{"Debug", "0C 0002 AAAA"},
};

static const char *why;

/* A CRC-32 bit by bit: these files are small. */
static uint32_t crc(struct view in)
{
	uint32_t c = 0xFFFFFFFF;

	for (size_t i = 0; i < in.len; i++) {
		c ^= in.data[i];
		for (int bit = 0; bit < 8; bit++)
			c = c >> 1 ^ (c & 1 ? 0xEDB88320 : 0);
	}
	return ~c;
}

static void le16(struct buf *b, unsigned int x)
{
	buf_u8(b, (uint8_t)x);
	buf_u8(b, (uint8_t)(x >> 8));
}

static void le32(struct buf *b, uint32_t x)
{
	le16(b, x & 0xFFFF);
	le16(b, x >> 16);
}

/* A zip archive in the making, files stored. */
struct archive {
	struct buf file, directory;
	unsigned int count;
	uint32_t says; /* the size that is told of the next file, 0: the true one */
	bool wrong_crc;
};

static void archive_new(struct archive *a)
{
	*a = (struct archive){.count = 0};
	buf_init(&a->file, ROOM);
	buf_init(&a->directory, ROOM);
}

static void put_entry(struct archive *a, struct buf *to, bool central, const char *name,
		      struct view data, uint32_t at)
{
	uint32_t size = a->says ? a->says : (uint32_t)data.len;

	buf_view(to, hex(central ? "504B0102 1400" : "504B0304"));
	buf_view(to, hex("1400 0000 0000 0000 2100"));
	le32(to, crc(data) ^ a->wrong_crc);
	le32(to, (uint32_t)data.len);
	le32(to, size);
	le16(to, (unsigned int)strlen(name));
	le16(to, 0);
	if (central) {
		buf_view(to, hex("0000 0000 0000 00000000"));
		le32(to, at);
	}
	buf_str(to, name);
}

static void archive_add(struct archive *a, const char *name, struct view data)
{
	uint32_t at = (uint32_t)a->file.len;

	put_entry(a, &a->file, false, name, data, 0);
	buf_view(&a->file, data);
	put_entry(a, &a->directory, true, name, data, at);
	a->count++;
}

static void archive_end(struct archive *a)
{
	uint32_t at = (uint32_t)a->file.len, size = (uint32_t)a->directory.len;

	buf_view(&a->file, view_buf(&a->directory));
	buf_view(&a->file, hex("504B0506 0000 0000"));
	le16(&a->file, a->count);
	le16(&a->file, a->count);
	le32(&a->file, size);
	le32(&a->file, at);
	le16(&a->file, 0);
	if (buf_rc(&a->file) != RC_OK)
		abort();
}

static void archive_free(struct archive *a)
{
	buf_free(&a->file);
	buf_free(&a->directory);
}

/* Components from the first, and from the last if backwards, but this one (-1: all). */
static void put_all(struct archive *a, const char *directory, bool backwards, int without)
{
	for (int i = 0; i < ROWS; i++) {
		int n = backwards ? ROWS - 1 - i : i;
		char path[128];

		snprintf(path, sizeof(path), "%s%s.cap", directory, rows[n].name);
		if (n != without)
			archive_add(a, path, hex(rows[n].bytes));
	}
}

static void put_plain(struct buf *out, bool debug)
{
	for (int i = 0; i < ROWS; i++)
		if (debug || i != DEBUG_ROW)
			buf_view(out, hex(rows[i].bytes));
}

/* RC_OK: it is exactly the load file that is to come out. */
static enum rc read(struct view file)
{
	struct buf block, expected;
	enum rc rc;

	buf_init(&block, CAP_SIZE_MAX);
	buf_init(&expected, ROOM);
	put_plain(&expected, false);
	why = NULL;
	rc = cap_archive_read(file, &block, &why);
	if (rc == RC_OK && !view_equal(view_buf(&block), view_buf(&expected)))
		rc = RC_STATE;
	if (rc == RC_MALFORMED)
		CU_ASSERT(why && why[0] && block.len == 0);
	buf_free(&block);
	buf_free(&expected);
	return rc;
}

static enum rc read_archive(struct archive *a)
{
	enum rc rc;

	archive_end(a);
	rc = read(view_buf(&a->file));
	archive_free(a);
	return rc;
}

static void components_come_out_in_load_order(void)
{
	static const char *const directories[] = {"", "a/javacard/", "com/example/javacard/"};

	for (size_t i = 0; i < 3; i++)
		for (int backwards = 0; backwards < 2; backwards++) {
			struct archive a;

			archive_new(&a);
			archive_add(&a, "META-INF/MANIFEST.MF",
				    view_str("Manifest-Version: 1.0\n"));
			put_all(&a, directories[i], backwards, -1);
			CU_ASSERT_EQUAL(read_archive(&a), RC_OK);
		}
}

static void load_files_are_read_with_and_without_their_tag(void)
{
	struct buf plain, tagged, dap;

	buf_init(&plain, ROOM);
	buf_init(&tagged, ROOM);
	buf_init(&dap, ROOM);
	put_plain(&plain, true);
	tlv_put(&tagged, 0xC4, view_buf(&plain));
	tlv_put(&dap, 0xE2, view_str("a signature of somebody's"));
	buf_view(&dap, view_buf(&tagged));
	CU_ASSERT_EQUAL(read(view_buf(&plain)), RC_OK);
	CU_ASSERT_EQUAL(read(view_buf(&tagged)), RC_OK);
	CU_ASSERT_EQUAL(read(view_buf(&dap)), RC_OK);
	for (size_t len = 0; len < tagged.len; len++)
		CU_ASSERT_EQUAL(read(view_of(tagged.data, len)), RC_MALFORMED);
	buf_u8(&tagged, 0);
	CU_ASSERT_EQUAL(read(view_buf(&tagged)), RC_MALFORMED);
	buf_view(&plain, hex("020001 00"));
	CU_ASSERT_EQUAL(read(view_buf(&plain)), RC_MALFORMED);
	CU_ASSERT_STRING_EQUAL(why, "it has a component twice");
	CU_ASSERT_EQUAL(read(view_str("#!/bin/sh\nexit 0\n")), RC_MALFORMED);
	buf_free(&plain);
	buf_free(&tagged);
	buf_free(&dap);
}

static void what_is_missing_is_missed(void)
{
	for (int without = 0; without < DEBUG_ROW; without++) {
		bool optional = strcmp(rows[without].name, "Applet") == 0;
		struct archive a;

		archive_new(&a);
		put_all(&a, "p/javacard/", false, without);
		/* A library has no applets; it comes out as another load file, then. */
		CU_ASSERT_EQUAL(read_archive(&a), optional ? RC_STATE : RC_MALFORMED);
		if (without == 0)
			CU_ASSERT_STRING_EQUAL(why, "it is neither a CAP file nor a load file");
		if (without && !optional) {
			char text[64];

			snprintf(text, sizeof(text), "its %s component is missing",
				 rows[without].name);
			CU_ASSERT_STRING_EQUAL(why, text);
		}
	}
}

static void what_is_wrong_with_a_header_is_said(void)
{
	static const struct {
		const char *header, *why;
	} wrong[] = {
		{"01 000F DECAFFEE 01 02 04 00 01 05 F001020304",
		 "its Header component does not begin as one does"},
		{"01 0003 DECAFF", "its Header component does not begin as one does"},
		{"01 000F DECAFFED 00 03 04 00 01 05 F001020304",
		 "it is made in a format of another Java Card version than CAP files of 2.x have"},
		{"01 000F DECAFFED 01 02 04 00 01 06 F001020304",
		 "its Header, Import or Applet component is damaged"},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct archive a;

		archive_new(&a);
		put_all(&a, "", false, 0);
		archive_add(&a, "Header.cap", hex(wrong[i].header));
		CU_ASSERT_EQUAL(read_archive(&a), RC_MALFORMED);
		CU_ASSERT_STRING_EQUAL(why, wrong[i].why);
	}
	CU_ASSERT_EQUAL(read(view_of(NULL, 0)), RC_MALFORMED);
	CU_ASSERT_EQUAL(read(view_str("PK\3\4")), RC_MALFORMED);
}

/* Nothing is written where a name says; only its last part counts. */
static void paths_lead_nowhere(void)
{
	static const char *const paths[] = {"../../../../etc/Header.cap", "/etc/Header.cap",
					    "//Header.cap", "./a/../Header.cap", "a/\n/Header.cap"};
	static const char *const others[] = {"..\\Header.cap", "Header.cap/", "Header.cap ",
					     "header.cap",     "xHeader.cap", "Header.cap.exe"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct archive a;

		archive_new(&a);
		archive_add(&a, paths[i], hex(rows[0].bytes));
		put_all(&a, "p/", false, 0);
		CU_ASSERT_EQUAL(read_archive(&a), RC_OK);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct archive a;

		archive_new(&a);
		archive_add(&a, others[i], hex(rows[0].bytes));
		put_all(&a, "p/", false, 0);
		CU_ASSERT_EQUAL(read_archive(&a), RC_MALFORMED);
	}
}

static void a_component_twice_is_refused(void)
{
	struct archive a;

	archive_new(&a);
	put_all(&a, "p/javacard/", false, -1);
	archive_add(&a, "q/javacard/Method.cap", hex("07 0001 00"));
	CU_ASSERT_EQUAL(read_archive(&a), RC_MALFORMED);
	CU_ASSERT_STRING_EQUAL(why, "it has a component twice");
}

static void components_are_what_their_names_and_sizes_say(void)
{
	static const char *const bad[] = {"", "07", "07 0001", "07 0001 0000", "08 0001 00"};

	for (size_t i = 0; i < 5; i++) {
		struct archive a;

		archive_new(&a);
		put_all(&a, "", false, 5);
		archive_add(&a, "Method.cap", hex(bad[i]));
		CU_ASSERT_EQUAL(read_archive(&a), RC_MALFORMED);
	}
}

/* Much out of little, by a size that is told, and by one that is not. */
static void bombs_are_not_unpacked(void)
{
	struct archive a;
	struct buf big;

	buf_init(&big, ROOM);
	for (size_t i = 0; i < 70000; i++)
		buf_u8(&big, 7);
	archive_new(&a);
	put_all(&a, "", false, 5);
	archive_add(&a, "Method.cap", view_buf(&big));
	CU_ASSERT_EQUAL(read_archive(&a), RC_MALFORMED);
	CU_ASSERT_STRING_EQUAL(why, "a component is too long");
	archive_new(&a);
	put_all(&a, "", false, 5);
	a.says = 100;
	archive_add(&a, "Method.cap", view_buf(&big));
	CU_ASSERT_EQUAL(read_archive(&a), RC_MALFORMED);
	archive_new(&a);
	for (int i = 0; i < 1100; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%d", i);
		archive_add(&a, name, view_of(NULL, 0));
	}
	put_all(&a, "", false, -1);
	CU_ASSERT_EQUAL(read_archive(&a), RC_MALFORMED);
	CU_ASSERT_STRING_EQUAL(why, "it has too many files");
	archive_new(&a);
	put_all(&a, "", false, -1);
	archive_add(&a, "x/Module.capx", view_of(NULL, 0));
	CU_ASSERT_EQUAL(read_archive(&a), RC_MALFORMED);
	buf_free(&big);
}

/* Every cut and every flipped bit of a small archive: refused, or the same comes out. */
static void no_damage_goes_unnoticed(void)
{
	size_t tried = 0, accepted = 0, other = 0;
	struct archive a;

	archive_new(&a);
	put_all(&a, "p/", false, -1);
	archive_end(&a);
	for (size_t len = 0; len < a.file.len; len++, tried++)
		accepted += read(view_of(a.file.data, len)) == RC_OK;
	CU_ASSERT_EQUAL(accepted, 0);
	for (size_t bit = 0; bit < 8 * a.file.len; bit++, tried++) {
		enum rc rc;

		a.file.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		rc = read(view_buf(&a.file));
		a.file.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		/* A name that is none any more may be that of what may lack. */
		other += rc != RC_OK && rc != RC_MALFORMED && rc != RC_STATE;
	}
	printf("archives: %zu tried, %zu cut ones accepted, %zu other failures\n", tried, accepted,
	       other);
	CU_ASSERT_EQUAL(other, 0);
	archive_free(&a);
	archive_new(&a);
	put_all(&a, "", false, 5);
	a.wrong_crc = true;
	archive_add(&a, "Method.cap", hex(rows[5].bytes));
	CU_ASSERT_EQUAL(read_archive(&a), RC_MALFORMED);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"components_come_out_in_load_order", components_come_out_in_load_order},
		{"load_files_are_read_with_and_without_their_tag",
		 load_files_are_read_with_and_without_their_tag},
		{"what_is_missing_is_missed", what_is_missing_is_missed},
		{"what_is_wrong_with_a_header_is_said", what_is_wrong_with_a_header_is_said},
		{"paths_lead_nowhere", paths_lead_nowhere},
		{"a_component_twice_is_refused", a_component_twice_is_refused},
		{"components_are_what_their_names_and_sizes_say",
		 components_are_what_their_names_and_sizes_say},
		{"bombs_are_not_unpacked", bombs_are_not_unpacked},
		{"no_damage_goes_unnoticed", no_damage_goes_unnoticed},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "cap_archive", .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("cap_archive", suites);
}
