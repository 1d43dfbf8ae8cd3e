/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Load files: what a small one says of itself; and of the same one, every beginning, every byte with
 * every value, every component left out, twice, and out of its place.
 */
#include "base/cap.h"

#include <stdio.h>
#include <string.h>

#include "tests/base/hex.h"
#include "tests/suite.h"

#define PACKAGE "F00102030405"
#define MODULE  "F0010203040501"

enum { COMPONENTS = 10, ROOM = 400 };

static const struct {
	uint8_t tag;
	bool required;
	const char *body;
} components[COMPONENTS] = {
	{CAP_HEADER, true, "DECAFFED 01 02 05 03 01 06" PACKAGE},
	{CAP_DIRECTORY, true, "0011"},
	{CAP_IMPORT, true, "02 00 01 07 A0000000620001 06 01 07 A0000000620101"},
	{CAP_APPLET, false, "02 07" MODULE "0000 05 A000000001 0010"},
	{CAP_CLASS, true, "00"},
	{CAP_METHOD, true, "0000"},
	{CAP_STATIC_FIELD, true, "00"},
	{CAP_CONSTANT_POOL, true, "00"},
	{CAP_REFERENCE_LOCATION, true, "00"},
	{CAP_DESCRIPTOR, false, "00"},
};

static void put(struct buf *out, size_t i)
{
	struct view body = hex(components[i].body);

	buf_u8(out, components[i].tag);
	buf_u16(out, (uint16_t)body.len);
	buf_view(out, body);
}

/* All components in order; first and second, if they differ, change places. */
static void put_file(struct buf *out, size_t first, size_t second)
{
	buf_init(out, ROOM);
	for (size_t i = 0; i < COMPONENTS; i++)
		put(out, i == first ? second : i == second ? first : i);
}

static void a_load_file_says_what_it_is(void)
{
	struct buf file;
	struct cap cap;

	put_file(&file, 0, 0);
	CU_ASSERT_EQUAL_FATAL(cap_parse(view_buf(&file), &cap), RC_OK);
	CU_ASSERT_EQUAL(cap.format_major, 2);
	CU_ASSERT_EQUAL(cap.format_minor, 1);
	CU_ASSERT(cap.integers);
	CU_ASSERT(view_equal(aid_view(&cap.package.aid), hex(PACKAGE)));
	CU_ASSERT_EQUAL(cap.package.major, 1);
	CU_ASSERT_EQUAL(cap.package.minor, 3);
	CU_ASSERT_EQUAL(cap.import_count, 2);
	CU_ASSERT_EQUAL(cap.imports[1].minor, 6);
	CU_ASSERT(view_equal(aid_view(&cap.imports[1].aid), hex("A0000000620101")));
	CU_ASSERT_EQUAL(cap.applet_count, 2);
	CU_ASSERT(view_equal(aid_view(&cap.applets[0]), hex(MODULE)));
	buf_free(&file);
}

static void no_beginning_of_it_is_one(void)
{
	struct buf file;
	struct cap cap;
	size_t whole;

	put_file(&file, 0, 0);
	/* Without the last component, which need not be there, it is one. */
	whole = file.len - 4;
	for (size_t n = 0; n < file.len; n++) {
		/* Memory of its own, so that the sanitiser sees a byte read too far. */
		struct buf part;

		buf_init(&part, ROOM);
		buf_put(&part, file.data, n);
		CU_ASSERT_EQUAL(cap_parse(view_buf(&part), &cap),
				n == whole ? RC_OK : RC_MALFORMED);
		buf_free(&part);
	}
	buf_u8(&file, 0);
	CU_ASSERT_EQUAL(cap_parse(view_buf(&file), &cap), RC_MALFORMED);
	buf_free(&file);
}

/* What is accepted keeps its promises. */
static bool is_sound(const struct cap *cap)
{
	bool good = cap->applet_count <= CAP_APPLETS_MAX && cap->import_count <= CAP_IMPORTS_MAX &&
		    cap->package.aid.len >= AID_MIN && cap->package.aid.len <= AID_MAX;

	for (size_t i = 0; good && i < cap->applet_count; i++)
		good = cap->applets[i].len >= AID_MIN && cap->applets[i].len <= AID_MAX;
	for (size_t i = 0; good && i < cap->import_count; i++)
		good = cap->imports[i].aid.len >= AID_MIN && cap->imports[i].aid.len <= AID_MAX;
	return good;
}

static void no_byte_of_it_breaks_the_reader(void)
{
	unsigned int tried = 0, accepted = 0;
	struct buf file;
	struct cap cap;

	put_file(&file, 0, 0);
	for (size_t at = 0; at < file.len; at++)
		for (unsigned int value = 0; value < 256; value++) {
			uint8_t was = file.data[at];
			enum rc rc;

			file.data[at] = (uint8_t)value;
			rc = cap_parse(view_buf(&file), &cap);
			CU_ASSERT(rc == RC_OK ? is_sound(&cap) : rc == RC_MALFORMED);
			file.data[at] = was;
			tried++;
			accepted += rc == RC_OK;
		}
	printf("%u load files with another byte, %u accepted\n", tried, accepted);
	CU_ASSERT_EQUAL(tried, 256 * file.len);
	buf_free(&file);
}

static void components_have_their_place(void)
{
	struct buf file;
	struct cap cap;

	for (size_t i = 0; i < COMPONENTS; i++)
		for (size_t k = i + 1; k < COMPONENTS; k++) {
			put_file(&file, i, k);
			CU_ASSERT_EQUAL(cap_parse(view_buf(&file), &cap), RC_MALFORMED);
			buf_free(&file);
		}
	for (size_t left = 0; left < COMPONENTS; left++) {
		buf_init(&file, ROOM);
		for (size_t i = 0; i < COMPONENTS; i++)
			if (i != left)
				put(&file, i);
		CU_ASSERT_EQUAL(cap_parse(view_buf(&file), &cap),
				components[left].required ? RC_MALFORMED : RC_OK);
		put(&file, COMPONENTS - 1);
		put(&file, COMPONENTS - 1);
		CU_ASSERT_EQUAL(cap_parse(view_buf(&file), &cap), RC_MALFORMED);
		buf_free(&file);
	}
	CU_ASSERT(cap_load_order(CAP_APPLET) > cap_load_order(CAP_IMPORT));
	CU_ASSERT_EQUAL(cap_load_order(CAP_DEBUG), -1);
	CU_ASSERT_EQUAL(cap_load_order(0), -1);
	CU_ASSERT_EQUAL(cap_load_order(200), -1);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"a load file says what it is", a_load_file_says_what_it_is},
		{"no beginning of it is one", no_beginning_of_it_is_one},
		{"no byte of it breaks the reader", no_byte_of_it_breaks_the_reader},
		{"components have their place", components_have_their_place},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{.pName = "cap", .pTests = tests}, CU_SUITE_INFO_NULL};

	return suite_run("cap", suites);
}
