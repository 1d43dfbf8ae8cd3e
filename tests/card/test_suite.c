/* SPDX-License-Identifier: BSD-2-Clause */
/* What a host may send as session keys: templates of both suites, read as doc/scp10.md has them. */
#include "tests/suite.h"

#include <stdio.h>
#include <string.h>

#include "card/suite.h"

static size_t bytes(const char *hex, uint8_t *out)
{
	size_t n = 0;

	for (; *hex; hex++) {
		unsigned int x = 0;

		if (*hex == ' ')
			continue;
		CU_ASSERT_EQUAL_FATAL(sscanf(hex++, "%2x", &x), 1);
		out[n++] = (uint8_t)x;
	}
	return n;
}

static enum rc parse(uint8_t suite, const char *hex, struct session_keys *keys, struct buf *ordered)
{
	uint8_t block[600];
	size_t len = bytes(hex, block);

	memset(keys, 0, sizeof(*keys));
	buf_init(ordered, 512);
	return suite_find(suite)->parse(view_of(block, len), keys, ordered);
}

static enum rc judge(uint8_t suite, const char *hex)
{
	struct session_keys keys;
	struct buf ordered;
	enum rc rc = parse(suite, hex, &keys, &ordered);

	buf_free(&ordered);
	return rc;
}

#define K1    "D110 101112131415161718191A1B1C1D1E1F"
#define K2    "D110 202122232425262728292A2B2C2D2E2F"
#define COUNT "9108 0000000000000005"

static void suite_02_takes_the_keys_that_the_level_needs(void)
{
	static const struct {
		const char *block;
		enum rc rc;
	} rows[] = {
		{"D30101 B41F950110" K1 COUNT, RC_OK},
		{"D30111 B41F950130" K1 COUNT, RC_OK},
		{"D30101 B422950110 800180" K1 COUNT, RC_OK},
		{"D30101 B422950110 800182" K1 COUNT, RC_OK},
		{"D30102 B815950110" K1, RC_OK},
		{"D30102 B81F950110" K1 COUNT, RC_OK},
		{"D30101 B41F950110" K1 COUNT "B81595 01C0" K2, RC_OK},
		/* more than the level needs */
		{"D30101 B41F950110" K1 COUNT "B41F950120" K2 COUNT, RC_OK},
		/* a key of the level is missing */
		{"D30111 B41F950110" K1 COUNT, RC_MALFORMED},
		{"D30103 B41F950110" K1 COUNT, RC_MALFORMED},
		/* 91 is missing in a MAC template */
		{"D30101 B415950110" K1, RC_MALFORMED},
		/* the same key twice */
		{"D30101 B41F950110" K1 COUNT "B41F950110" K2 COUNT, RC_MALFORMED},
		{"D30101 B41F950130" K1 COUNT "B41F950120" K2 COUNT, RC_MALFORMED},
		/* usage, type, length, order, rest, level */
		{"D30101 B41F950140" K1 COUNT, RC_MALFORMED},
		{"D30101 B41F950100" K1 COUNT, RC_MALFORMED},
		{"D30101 B422950110 800188" K1 COUNT, RC_MALFORMED},
		{"D30101 B40F950110 D100" COUNT, RC_MALFORMED},
		{"D30101 B41F" K1 "950110" COUNT, RC_MALFORMED},
		{"D30101 B41F950110" K1 COUNT "00", RC_MALFORMED},
		{"D30101 B421950110" K1 COUNT "0500", RC_MALFORMED},
		{"D30100 B41F950110" K1 COUNT, RC_MALFORMED},
		{"D30105 B41F950110" K1 COUNT, RC_MALFORMED},
		{"D30200 01 B41F950110" K1 COUNT, RC_MALFORMED},
		{"D30101", RC_MALFORMED},
		{"", RC_MALFORMED},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(judge(0x02, rows[i].block), rows[i].rc);
}

static void usage_30_makes_one_key_and_one_counter(void)
{
	struct session_keys keys;
	struct buf ordered;

	CU_ASSERT_EQUAL(parse(0x02, "D30111 B41F950130" K1 COUNT, &keys, &ordered), RC_OK);
	CU_ASSERT_TRUE(keys.one_counter);
	CU_ASSERT_EQUAL(keys.counter[0], 5);
	CU_ASSERT_TRUE(
		view_equal(view_of(keys.key[KEY_C_MAC], 16), view_of(keys.key[KEY_R_MAC], 16)));
	CU_ASSERT_EQUAL(ordered.len, 16);
	buf_free(&ordered);
}

/* HKDF computed elsewhere, of keys 10..2F, 30..4F, 50..6F, 70..8F. */
static void suite_42_derives_its_dek(void)
{
	struct session_keys keys;
	char hex[400] = "D30133";
	uint8_t dek[32];
	struct buf ordered;
	int at = 6;

	for (unsigned int i = 0; i < 4; i++) {
		at += snprintf(hex + at, sizeof(hex) - (size_t)at, "B%u289501%u0800188D120",
			       i < 2 ? 4 : 8, 1 + i % 2);
		for (unsigned int k = 0; k < 32; k++)
			at += snprintf(hex + at, sizeof(hex) - (size_t)at, "%02X",
				       0x10 + 32 * i + k);
	}
	CU_ASSERT_EQUAL(parse(0x42, hex, &keys, &ordered), RC_OK);
	CU_ASSERT_EQUAL(ordered.len, 128);
	bytes("73ffb4d3ae73e44bb6a6b3ab3a4f180b90e4d4c485b3cd3d04585ccec3e1d62d", dek);
	CU_ASSERT_TRUE(view_equal(view_of(keys.key[KEY_DEK], 32), view_of(dek, 32)));
	CU_ASSERT_EQUAL(keys.counter[0] | keys.counter[1], 0);
	buf_free(&ordered);
}

static void a_suite_takes_keys_of_its_sizes_only(void)
{
	static const struct {
		unsigned int bits;
		bool transport, modern;
	} rows[] = {{1024, true, false}, {1536, true, false}, {2048, true, true}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		EVP_PKEY *key = NULL;

		CU_ASSERT_EQUAL_FATAL(rsa_generate(rows[i].bits, &key), RC_OK);
		CU_ASSERT_EQUAL(suite_accepts_key(suite_find(0x02), key), rows[i].transport);
		CU_ASSERT_EQUAL(suite_accepts_key(suite_find(0x42), key), rows[i].modern);
		EVP_PKEY_free(key);
	}
	CU_ASSERT_PTR_NULL(suite_find(0x00));
	CU_ASSERT_PTR_NULL(suite_find(0x43));
}

static CU_TestInfo tests[] = {
	{"suite 02 takes the keys that the level needs",
	 suite_02_takes_the_keys_that_the_level_needs},
	{"usage 30 makes one key and one counter", usage_30_makes_one_key_and_one_counter},
	{"suite 42 derives its DEK", suite_42_derives_its_dek},
	{"a suite takes keys of its sizes only", a_suite_takes_keys_of_its_sizes_only},
	CU_TEST_INFO_NULL,
};

int main(void)
{
	CU_SuiteInfo suites[] = {{.pName = "suite", .pTests = tests}, CU_SUITE_INFO_NULL};

	return suite_run("card suite", suites);
}
