/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Card keys from masters. Check values of keys for EMV, Visa 2 and KDF3, and the whole key, are those that
 * GlobalPlatformPro's tests have.
 */
#include "base/diversify.h"

#include <string.h>

#include "base/crypto.h"
#include "base/scp03.h"
#include "tests/base/hex.h"
#include "tests/suite.h"

enum { KEY_MAX = 32, CHECK = 3, USES = 3 };

static const char bytes[] = "00010203040506070809";
static const char master[] = "404142434445464748494A4B4C4D4E4F505152535455565758595A5B5C5D5E5F";

static const struct {
	enum diversify_method method;
	size_t len;
	const char *check[USES];
} rows[] = {
	{DIVERSIFY_EMV, 16, {"C33013", "6F4CA6", "BB8179"}},
	{DIVERSIFY_VISA2, 16, {"2BE598", "58DA38", "3C328E"}},
	{DIVERSIFY_KDF3, 16, {"E79C05", "D1BD77", "3FDE8C"}},
	{DIVERSIFY_KDF3, 24, {"1DE8EA", "47C00C", "C04D76"}},
	{DIVERSIFY_KDF3, 32, {"2972D2", "036F94", "5D57B8"}},
};

static bool has_check(bool aes, struct view key, struct view check)
{
	uint8_t block[AES_BLOCK];
	struct cipher *cipher = NULL;
	enum rc rc = aes ? scp03_cipher(key, &cipher)
			 : cipher_new(CIPHER_3DES_2KEY, key.data, &cipher);

	memset(block, aes, sizeof(block));
	CU_ASSERT_EQUAL(rc, RC_OK);
	CU_ASSERT_EQUAL(cipher_block(cipher, block, block), RC_OK);
	cipher_free(&cipher);
	return view_equal(view_of(block, CHECK), check);
}

static void keys_are_those_of_other_tools(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int use = 0; use < USES; use++) {
			uint8_t key[KEY_MAX];

			CU_ASSERT_EQUAL(diversify_by(rows[i].method,
						     view_of(hex(master).data, rows[i].len),
						     (enum diversify_use)use, hex(bytes), key),
					RC_OK);
			CU_ASSERT(has_check(rows[i].method == DIVERSIFY_KDF3,
					    view_of(key, rows[i].len), hex(rows[i].check[use])));
		}
}

static void a_whole_key_is_that_of_other_tools(void)
{
	uint8_t key[KEY_MAX];

	CU_ASSERT_EQUAL(
		diversify_by(DIVERSIFY_KDF3,
			     hex("8C72C72CF908411653018807950D82FBAD947562F0828A0B10B8B9606ABF3BCD"),
			     DIVERSIFY_ENC, hex("D9B1DE5D0362DEDCE4FB"), key),
		RC_OK);
	CU_ASSERT(view_equal(
		view_of(key, sizeof(key)),
		hex("9AAC5D0B3601F89438A0D9D0B6B256CFB47E6462DFA5228D3420C4AC7C224781")));
}

/* Each way, use and card has a key of its own; no way is the master. */
static void every_key_is_another(void)
{
	static const char *const cards[] = {bytes, "01010203040506070809", "00010203140506070809",
					    "00010203040506070909"};
	uint8_t keys[DIVERSIFY_METHODS * USES * 4][16];
	size_t n = 0;

	for (int method = DIVERSIFY_OWN; method < DIVERSIFY_METHODS; method++)
		for (int use = 0; use < USES; use++)
			for (size_t card = 0; card < 4; card++) {
				/* Neither takes all ten bytes. */
				if ((method == DIVERSIFY_EMV && card == 1) ||
				    (method == DIVERSIFY_VISA2 && card == 3))
					continue;
				CU_ASSERT_EQUAL(diversify_by((enum diversify_method)method,
							     view_of(hex(master).data, 16),
							     (enum diversify_use)use,
							     hex(cards[card]), keys[n]),
						RC_OK);
				for (size_t i = 0; i < n; i++)
					CU_ASSERT(!view_equal(view_of(keys[i], 16),
							      view_of(keys[n], 16)));
				n++;
			}
	CU_ASSERT_EQUAL(n, 4 * USES * 4 - 2 * USES);
}

static void what_is_no_master_and_no_card_is_refused(void)
{
	uint8_t key[KEY_MAX];

	for (int method = DIVERSIFY_NONE; method < DIVERSIFY_METHODS; method++) {
		enum diversify_method m = (enum diversify_method)method;
		bool des = m == DIVERSIFY_EMV || m == DIVERSIFY_VISA2;

		CU_ASSERT_EQUAL(diversify_by(m, view_of(hex(master).data, 15), DIVERSIFY_ENC,
					     hex(bytes), key),
				RC_ARGUMENT);
		CU_ASSERT_EQUAL(diversify_by(m, view_of(hex(master).data, 24), DIVERSIFY_ENC,
					     hex(bytes), key),
				des ? RC_ARGUMENT : RC_OK);
		CU_ASSERT_EQUAL(diversify_by(m, view_of(hex(master).data, 16), DIVERSIFY_ENC,
					     view_of(hex(bytes).data, 9), key),
				RC_ARGUMENT);
	}
	CU_ASSERT_EQUAL(diversify_by(DIVERSIFY_METHODS, hex(master), DIVERSIFY_ENC, hex(bytes),
				     key),
			RC_ARGUMENT);
	CU_ASSERT_EQUAL(diversify_by(DIVERSIFY_NONE, hex(master), DIVERSIFY_ENC, hex(bytes), key),
			RC_OK);
	CU_ASSERT(view_equal(view_of(key, sizeof(key)), hex(master)));
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"keys_are_those_of_other_tools", keys_are_those_of_other_tools},
		{"a_whole_key_is_that_of_other_tools", a_whole_key_is_that_of_other_tools},
		{"every_key_is_another", every_key_is_another},
		{"what_is_no_master_and_no_card_is_refused",
		 what_is_no_master_and_no_card_is_refused},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "diversify", .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("diversify", suites);
}
