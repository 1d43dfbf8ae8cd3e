/* SPDX-License-Identifier: BSD-2-Clause */
/* What is read from answers to reset of real cards, and from cut ones. */
#include "sc/atr.h"

#include "tests/sc/hex.h"
#include "tests/suite.h"

static enum rc parse(const char *text, struct atr *atr)
{
	uint8_t bytes[64];
	struct buf b;

	buf_fixed(&b, bytes, sizeof(bytes));
	hex_put(&b, text);
	return atr_parse(view_buf(&b), atr);
}

static void our_card_announces_what_it_can(void)
{
	struct atr atr;

	CU_ASSERT_EQUAL(parse("3B8E8001807380 01D758496E7461676C696FB5", &atr), RC_OK);
	CU_ASSERT_TRUE(atr.extended);
	CU_ASSERT_TRUE(atr.channels);
	CU_ASSERT_TRUE(atr.is_intaglio);
}

static void cards_of_others_are_told_apart(void)
{
	static const struct {
		const char *bytes;
		bool extended;
	} rows[] = {
		/* YubiKey 5; OpenPGP card 3.4; a Java Card with category 80; Mifare as PC/SC part 3 */
		{"3BFD1300008131FE158073C021C057597562694B657940", true},
		{"3BDA18FF81B1FE751F030031F573C001600090001C", true},
		{"3B8F8001804F0CA000000306030001000000006A", false},
		{"3B00", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct atr atr;

		CU_ASSERT_EQUAL(parse(rows[i].bytes, &atr), RC_OK);
		CU_ASSERT_EQUAL(atr.extended, rows[i].extended);
		CU_ASSERT_FALSE(atr.is_intaglio);
	}
}

static void every_cut_atr_is_refused(void)
{
	static const uint8_t whole[] = {0x3B, 0x8E, 0x80, 0x01, 0x80, 0x73, 0x80, 0x01, 0xD7,
					0x58, 'I',  'n',  't',  'a',  'g',  'l',  'i',  'o'};
	struct atr atr;

	for (size_t len = 0; len < sizeof(whole); len++)
		CU_ASSERT_EQUAL(atr_parse(view_of(whole, len), &atr), RC_MALFORMED);
	CU_ASSERT_EQUAL(parse("3A00", &atr), RC_MALFORMED);
	CU_ASSERT_EQUAL(
		parse("3BF0FFFFFFF0FFFFFFF0FFFFFFF0FFFFFFF0FFFFFFF0FFFFFFF0FFFFFFF0FFFFFF00", &atr),
		RC_MALFORMED);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"our_card_announces_what_it_can", our_card_announces_what_it_can},
		{"cards_of_others_are_told_apart", cards_of_others_are_told_apart},
		{"every_cut_atr_is_refused", every_cut_atr_is_refused},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "atr", .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("atr", suites);
}
