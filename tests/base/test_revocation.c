/* SPDX-License-Identifier: BSD-2-Clause */
/* Revocation lists: entries in order, one a holder; a list read back; every change of it refused. */
#include "base/revocation.h"

#include <string.h>

#include "base/tlv.h"
#include "tests/suite.h"

static EVP_PKEY *authority, *other;

static int start(void)
{
	return rsa_generate(2048, &authority) != RC_OK || rsa_generate(2048, &other) != RC_OK;
}

static int finish(void)
{
	EVP_PKEY_free(authority);
	EVP_PKEY_free(other);
	return 0;
}

static const uint8_t *id(const char *text)
{
	return (const uint8_t *)text;
}

static void enter(struct buf *entries, const char *holder, uint32_t date)
{
	CU_ASSERT_EQUAL(revocation_enter(entries, id(holder), date), RC_OK);
}

static void sign(struct buf *out)
{
	struct revocation list = {.car = view_str("ZZAUTHORITY"), .sequence = 7, .date = 261121};
	struct buf entries;

	buf_init(&entries, REVOCATION_ENTRIES_MAX);
	enter(&entries, "HOLDER_B", 261201);
	enter(&entries, "HOLDER_A", 261122);
	list.entries = view_buf(&entries);
	buf_init(out, REVOCATION_MAX);
	CU_ASSERT_EQUAL_FATAL(revocation_sign(&list, authority, out), RC_OK);
	buf_free(&entries);
}

static void what_is_signed_is_read_back(void)
{
	struct revocation list;
	struct buf b;
	struct view in;

	sign(&b);
	buf_str(&b, "rest");
	in = view_buf(&b);
	CU_ASSERT_EQUAL_FATAL(revocation_parse(&in, &list), RC_OK);
	CU_ASSERT(view_equal(in, view_str("rest")));
	CU_ASSERT(view_equal(list.car, view_str("ZZAUTHORITY")));
	CU_ASSERT_EQUAL(list.sequence, 7);
	CU_ASSERT_EQUAL(list.date, 261121);
	CU_ASSERT_EQUAL(revocation_earliest(list.entries, id("HOLDER_A")), 261122);
	CU_ASSERT_EQUAL(revocation_earliest(list.entries, id("HOLDER_B")), 261201);
	CU_ASSERT_EQUAL(revocation_earliest(list.entries, id("HOLDER_C")), 0);
	CU_ASSERT_EQUAL(revocation_verify(&list, authority), RC_OK);
	CU_ASSERT_EQUAL(revocation_verify(&list, other), RC_AUTH);
	buf_free(&b);
}

static void every_flipped_bit_and_every_truncation_of_a_list_is_refused(void)
{
	struct revocation list;
	size_t accepted = 0;
	struct view in;
	struct buf b;

	sign(&b);
	for (size_t bit = 0; bit < 8 * b.len; bit++) {
		b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		in = view_buf(&b);
		accepted += revocation_parse(&in, &list) == RC_OK && in.len == 0 &&
			    revocation_verify(&list, authority) == RC_OK;
		b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < b.len; len++) {
		in = view_of(b.data, len);
		accepted += revocation_parse(&in, &list) == RC_OK;
	}
	CU_ASSERT_EQUAL(accepted, 0);
	buf_free(&b);
}

static void a_holder_stands_once_with_the_latest_date_and_in_order(void)
{
	static const char *const holders[] = {"MMMMMMMM", "AAAAAAAA", "ZZZZZZZZ", "NNNNNNNN"};
	struct buf entries;

	buf_init(&entries, REVOCATION_ENTRIES_MAX);
	for (uint32_t round = 0; round < 3; round++)
		for (size_t i = 0; i < 4; i++)
			enter(&entries, holders[i], 261101 + (round == 1 ? 9 : round));
	CU_ASSERT_EQUAL(entries.len, 4 * REVOCATION_ENTRY);
	for (size_t i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(revocation_earliest(view_buf(&entries), id(holders[i])), 261110);
	CU_ASSERT(view_equal(view_of(entries.data, 8), view_str("AAAAAAAA")));
	CU_ASSERT(view_equal(view_of(entries.data + 3 * (size_t)REVOCATION_ENTRY, 8),
			     view_str("ZZZZZZZZ")));
	CU_ASSERT_EQUAL(revocation_enter(&entries, id("AAAAAAAA"), 261301), RC_ARGUMENT);
	buf_free(&entries);
}

static void a_list_that_is_full_takes_changes_and_no_new_holder(void)
{
	struct buf entries;
	uint8_t holder[CVC_ID] = {0};

	buf_init(&entries, REVOCATION_ENTRIES_MAX);
	for (unsigned int n = 0; n < REVOCATION_ENTRIES_MAX / REVOCATION_ENTRY; n++) {
		holder[0] = (uint8_t)(n >> 8);
		holder[1] = (uint8_t)n;
		CU_ASSERT_EQUAL(revocation_enter(&entries, holder, 261121), RC_OK);
	}
	CU_ASSERT_EQUAL(revocation_enter(&entries, holder, 261122), RC_OK);
	CU_ASSERT_EQUAL(revocation_earliest(view_buf(&entries), holder), 261122);
	holder[7] = 1;
	CU_ASSERT_EQUAL(revocation_enter(&entries, holder, 261121), RC_SPACE);
	buf_free(&entries);
}

static enum rc parse_with(const char *car, uint8_t version, uint32_t sequence, uint32_t date,
			  struct view entries)
{
	struct revocation list;
	struct buf b;
	struct view in;
	size_t object, body;
	enum rc rc;

	buf_init(&b, REVOCATION_MAX);
	object = tlv_open(&b, 0xE1);
	body = tlv_open(&b, 0xE2);
	tlv_put_u8(&b, 0x80, version);
	tlv_put(&b, 0x42, view_str(car));
	tlv_put_u32(&b, 0x81, sequence);
	tlv_put_u32(&b, 0x82, date);
	tlv_put(&b, 0x83, entries);
	tlv_close(&b, body);
	tlv_put_u8(&b, 0x5F37, 1);
	tlv_close(&b, object);
	in = view_buf(&b);
	rc = revocation_parse(&in, &list);
	buf_free(&b);
	return rc;
}

static void fields_out_of_range_are_malformed(void)
{
	static const uint8_t two[2 * REVOCATION_ENTRY] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 3, 0xFC, 1,
							  0, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0xFC, 1};
	uint8_t bent[sizeof(two)];
	struct view entries = view_of(two, sizeof(two));

	CU_ASSERT_EQUAL(parse_with("ZZAUTHORITY", 1, 1, 261121, entries), RC_OK);
	CU_ASSERT_EQUAL(parse_with("ZZAUTHORITY", 1, 1, 261121, view_of(NULL, 0)), RC_OK);
	CU_ASSERT_EQUAL(parse_with("ZZAUTH", 1, 1, 261121, entries), RC_MALFORMED);
	CU_ASSERT_EQUAL(parse_with("ZZAUTHORITY012345", 1, 1, 261121, entries), RC_MALFORMED);
	CU_ASSERT_EQUAL(parse_with("ZZAUTHORITY", 2, 1, 261121, entries), RC_MALFORMED);
	CU_ASSERT_EQUAL(parse_with("ZZAUTHORITY", 1, 0, 261121, entries), RC_MALFORMED);
	CU_ASSERT_EQUAL(parse_with("ZZAUTHORITY", 1, 1, 261131, entries), RC_MALFORMED);
	for (size_t len = 1; len < 12; len++)
		CU_ASSERT_EQUAL(parse_with("ZZAUTHORITY", 1, 1, 261121, view_of(two, len)),
				RC_MALFORMED);
	memcpy(bent, two, sizeof(two));
	bent[19] = 1; /* the same holder twice */
	CU_ASSERT_EQUAL(parse_with("ZZAUTHORITY", 1, 1, 261121, view_of(bent, sizeof(bent))),
			RC_MALFORMED);
	bent[19] = 0; /* descending */
	CU_ASSERT_EQUAL(parse_with("ZZAUTHORITY", 1, 1, 261121, view_of(bent, sizeof(bent))),
			RC_MALFORMED);
	bent[19] = 2;
	bent[11] = 0; /* no date */
	bent[10] = 0;
	bent[9] = 0;
	CU_ASSERT_EQUAL(parse_with("ZZAUTHORITY", 1, 1, 261121, view_of(bent, sizeof(bent))),
			RC_MALFORMED);
}

int main(void)
{
	static CU_TestInfo lists[] = {
		{"what is signed is read back", what_is_signed_is_read_back},
		{"every flipped bit and every truncation of a list is refused",
		 every_flipped_bit_and_every_truncation_of_a_list_is_refused},
		{"a holder stands once, with the latest date and in order",
		 a_holder_stands_once_with_the_latest_date_and_in_order},
		{"a list that is full takes changes and no new holder",
		 a_list_that_is_full_takes_changes_and_no_new_holder},
		{"fields out of range are malformed", fields_out_of_range_are_malformed},
		CU_TEST_INFO_NULL,
	};
	static CU_SuiteInfo suites[] = {
		{.pName = "revocation lists",
		 .pInitFunc = start,
		 .pCleanupFunc = finish,
		 .pTests = lists},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("base revocation", suites);
}
