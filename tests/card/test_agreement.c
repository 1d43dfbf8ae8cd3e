/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Key agreement below the commands: signatures with message recovery, what a receiver takes for
 * level and templates, and the session keys in both numberings against published numbers.
 */
#include "tests/suite.h"

#include <stdio.h>
#include <string.h>

#include "base/recovery.h"
#include "base/rsa_raw.h"
#include "card/agreement_keys.h"

enum { BITS = 1024, SIZE = BITS / 8, MESSAGE = SIZE - 22 };

static const uint8_t rest[16] = "challengecardid";

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

/* The block that a text makes: `padding text OES`, OES 00 to 1F. */
static enum rc read_block(const char *hex, struct agreement *ret)
{
	static uint8_t block[300];
	size_t n = bytes(hex, block);

	for (size_t i = 0; i < AGREEMENT_SECRET; i++)
		block[n + i] = (uint8_t)i;
	return agreement_read(view_of(block, n + AGREEMENT_SECRET), ret);
}

static enum rc derive(const char *hex, enum numbering numbering, struct session_keys *ret)
{
	uint8_t secret[AGREEMENT_SECRET];
	struct agreement agreed;

	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = (uint8_t)(0x80 + i);
	CU_ASSERT_EQUAL_FATAL(read_block(hex, &agreed), RC_OK);
	return agreement_derive(&agreed, secret, numbering, ret);
}

static const char *const numbers[] = {
	"",
	"BDDAD1C97C15CFA24B418FF7BE08FF5B",
	"A3AC6010651CFBEA14262E28E606409B",
	"3CEE08DCFB2F8763B829E958DDBA34E8",
	"459F348B794AF42C3E91530C973692E7",
	"661BF7FAE444CC6009DD1211A550BBDE",
};

static void keys_and_counters_are_the_published_ones(void)
{
	static const struct {
		const char *block;
		enum numbering numbering;
		uint64_t counter;
		bool one_counter;
		uint8_t number[SESSION_KEYS]; /* C-MAC, R-MAC, C-ENC, R-ENC, DEK, DEK; 0: none */
	} rows[] = {
		{"00 D30133 B403950110 B403950120 B803950110 B803950120 B8039501C0",
		 NUMBERING_GPCS,
		 0x9C9D9E9F1C1D1E1F,
		 false,
		 {1, 3, 2, 4, 5, 5}},
		{"00 D30133 B403950110 B403950120 B803950110 B803950120 B8039501C0",
		 NUMBERING_PATENT,
		 0x0001020380818283,
		 false,
		 {1, 2, 3, 4, 5, 5}},
		/* the place, not the use, makes the number */
		{"00 D30133 B803950180 B803950120 B403950120 B403950110 B803950110",
		 NUMBERING_GPCS,
		 0x9C9D9E9F1C1D1E1F,
		 false,
		 {3, 1, 4, 2, 5, 0}},
		{"00 D30133 B803950140 B803950120 B403950120 B403950110 B803950110",
		 NUMBERING_PATENT,
		 0x0001020380818283,
		 false,
		 {1, 2, 3, 4, 0, 5}},
		/* usage 30: one key, or two */
		{"00 D30133 B403950130 B803950130",
		 NUMBERING_GPCS,
		 0x9C9D9E9F1C1D1E1F,
		 true,
		 {1, 1, 2, 2, 0, 0}},
		{"00 D30133 B403950130 B803950130",
		 NUMBERING_PATENT,
		 0x0001020380818283,
		 true,
		 {1, 2, 3, 4, 0, 0}},
	};
	struct session_keys keys;
	uint8_t expected[16];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(derive(rows[i].block, rows[i].numbering, &keys), RC_OK);
		CU_ASSERT_EQUAL(keys.counter[0], rows[i].counter);
		CU_ASSERT_EQUAL(keys.counter[1], rows[i].counter);
		CU_ASSERT_EQUAL(keys.one_counter, rows[i].one_counter);
		for (size_t k = 0; k < SESSION_KEYS; k++) {
			CU_ASSERT_EQUAL(keys.len[k], rows[i].number[k] ? 16 : 0);
			if (bytes(numbers[rows[i].number[k]], expected))
				CU_ASSERT_TRUE(view_equal(view_of(keys.key[k], 16),
							  view_of(expected, 16)));
		}
	}
}

static void keys_that_the_level_needs_must_be_there_once(void)
{
	static const char *const blocks[] = {
		"00 D30133 B403950110 B403950120 B803950110", /* no R-ENC */
		"00 D30101 B803950110", /* no C-MAC */
		"00 D30101 B403950110 B403950110", /* twice */
		"00 D30101 B403950130 B403950120",
		"00 D30100 B403950110", /* no level */
		"00 D30105 B403950110",
		"00 D30101 B403950100", /* no such usage */
		"00 D30101 B403950140", /* a DEK is no MAC key */
		"00 D30101 B403950110 B803950190",
	};
	struct session_keys keys;

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		CU_ASSERT_EQUAL(derive(blocks[i], NUMBERING_GPCS, &keys), RC_MALFORMED);
		CU_ASSERT_EQUAL(derive(blocks[i], NUMBERING_PATENT, &keys), RC_MALFORMED);
	}
}

static void a_receiver_takes_the_first_level_that_ends_at_the_secret(void)
{
	static const struct {
		const char *block;
		enum rc rc;
		uint8_t level;
		size_t count;
	} rows[] = {
		{"00 D30101 B403950110", RC_OK, 0x01, 1},
		{"FF D3D3 D301 D30101 B403950110", RC_OK, 0x01, 1},
		/* an earlier one that does not end there, or has something else in between */
		{"00 D30113 B403950110 00 D30101 B403950110", RC_OK, 0x01, 1},
		{"00 D30113 B403950110 D30101 B403950110", RC_OK, 0x01, 1},
		{"00 D30113 B40D D30101 B403950110 B403950120", RC_MALFORMED, 0x13, 0},
		/* empty and typed objects */
		{"00 D30101 B407950110 D1009100", RC_OK, 0x01, 1},
		{"00 D30101 B409950110 8000 D1009100", RC_OK, 0x01, 1},
		{"00 D30101 B40A950110 800180 D1009100", RC_OK, 0x01, 1},
		{"00 D30101 B406950110 800182", RC_OK, 0x01, 1},
		{"00 D30101 B406950110 800188", RC_MALFORMED, 0x01, 0},
		{"00 D30101 B407950110 9100D100", RC_MALFORMED, 0x01, 0},
		{"00 D30101 B406950110 D10100", RC_MALFORMED, 0x01, 0},
		{"00 D30101 B406950110 910100", RC_MALFORMED, 0x01, 0},
		{"00 D30101 B405950110 0500", RC_MALFORMED, 0x01, 0},
		{"00 D30101 B400", RC_MALFORMED, 0x01, 0},
		/* no padding, no template, no level */
		{"D30101 B403950110", RC_MALFORMED, 0, 0},
		{"00 D30101", RC_MALFORMED, 0, 0},
		{"00 D3020101 B403950110", RC_MALFORMED, 0, 0},
		{"00 B403950110", RC_MALFORMED, 0, 0},
		{"00 D30101 B503950110", RC_MALFORMED, 0, 0},
		{"", RC_MALFORMED, 0, 0},
		/* more templates than there are keys */
		{"00 D30101 B403950110 B403950110 B403950110 B403950110 B403950110 B403950110 "
		 "B403950110",
		 RC_MALFORMED, 0x01, 6},
	};
	struct agreement agreed;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(read_block(rows[i].block, &agreed), rows[i].rc);
		if (rows[i].rc == RC_OK) {
			CU_ASSERT_EQUAL(agreed.level, rows[i].level);
			CU_ASSERT_EQUAL(agreed.count, rows[i].count);
		}
	}
	CU_ASSERT_EQUAL(agreement_read(view_of(rest, 16), &agreed), RC_MALFORMED);
}

static EVP_PKEY *key;

static int make_key(void)
{
	return rsa_generate(BITS, &key) == RC_OK ? 0 : 1;
}

static int free_key(void)
{
	EVP_PKEY_free(key);
	return 0;
}

static void sign(struct buf *number, uint8_t message[MESSAGE])
{
	CU_ASSERT_EQUAL_FATAL(crypto_random(message, MESSAGE), RC_OK);
	buf_reset(number);
	CU_ASSERT_EQUAL_FATAL(
		recovery_sign(key, view_of(message, MESSAGE), view_of(rest, 16), number), RC_OK);
	CU_ASSERT_EQUAL_FATAL(number->len, SIZE);
}

static enum rc recover(const struct buf *number, struct buf *out)
{
	buf_reset(out);
	return recovery_open(key, view_buf(number), view_of(rest, 16), out);
}

static void what_was_signed_is_recovered(void)
{
	uint8_t message[MESSAGE];
	struct buf number, out;

	buf_init(&number, SIZE);
	buf_init(&out, SIZE);
	CU_ASSERT_EQUAL(recovery_capacity(key), MESSAGE);
	for (int i = 0; i < 50; i++) {
		sign(&number, message);
		CU_ASSERT_EQUAL(recover(&number, &out), RC_OK);
		CU_ASSERT_TRUE(view_equal(view_buf(&out), view_of(message, MESSAGE)));
	}
	CU_ASSERT_EQUAL(recovery_sign(key, view_of(message, MESSAGE - 1), view_of(rest, 16), &out),
			RC_ARGUMENT);
	buf_free(&number);
	buf_free(&out);
}

static void every_flipped_bit_and_the_other_number_are_refused(void)
{
	uint8_t message[MESSAGE], other[16] = {0}, modulus[SIZE];
	struct buf number, out, n;
	unsigned int borrow = 0;

	buf_init(&number, SIZE);
	buf_init(&out, SIZE);
	buf_fixed(&n, modulus, sizeof(modulus));
	sign(&number, message);
	for (size_t bit = 0; bit < BITS; bit++) {
		number.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CU_ASSERT_EQUAL(recover(&number, &out), RC_AUTH);
		CU_ASSERT_EQUAL(out.len, 0);
		number.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	CU_ASSERT_EQUAL(recovery_open(key, view_buf(&number), view_of(other, 16), &out), RC_AUTH);
	CU_ASSERT_EQUAL(recovery_open(key, view_of(number.data, SIZE - 1), view_of(rest, 16), &out),
			RC_ARGUMENT);
	/* N - x has the same block under the modulus, and only one of the two is what is sent. */
	CU_ASSERT_EQUAL_FATAL(rsa_put_modulus(key, &n), RC_OK);
	for (size_t i = SIZE; i > 0; i--) {
		unsigned int d = (unsigned int)modulus[i - 1] - number.data[i - 1] - borrow;

		number.data[i - 1] = (uint8_t)d;
		borrow = d >> 31;
	}
	CU_ASSERT_EQUAL(recover(&number, &out), RC_AUTH);
	memset(number.data, 0xFF, SIZE);
	CU_ASSERT_EQUAL(recover(&number, &out), RC_AUTH);
	buf_free(&number);
	buf_free(&out);
}

/* The right hash in a block of another shape: signed with the key, so nothing but the shape is wrong. */
static void a_block_of_another_shape_is_refused(void)
{
	static const struct {
		size_t at;
		uint8_t flip;
	} rows[] = {{0, 0x01},        {0, 0x20},        {SIZE - 1, 0x10},
		    {SIZE - 1, 0x80}, {SIZE - 2, 0x01}, {SIZE - 21, 0x80}};
	uint8_t message[MESSAGE];
	struct buf number, block, out;

	buf_init(&number, SIZE);
	buf_init(&block, SIZE);
	buf_init(&out, SIZE);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		/* About half of the signatures are the lesser number themselves. */
		for (int tries = 0; tries < 8; tries++) {
			sign(&number, message);
			buf_reset(&block);
			CU_ASSERT_EQUAL_FATAL(rsa_raw_public(key, view_buf(&number), &block),
					      RC_OK);
			if (block.data[0] != 0x6A)
				continue;
			block.data[rows[i].at] ^= rows[i].flip;
			buf_reset(&number);
			CU_ASSERT_EQUAL_FATAL(rsa_raw_private(key, view_buf(&block), &number),
					      RC_OK);
			CU_ASSERT_EQUAL(recover(&number, &out), RC_AUTH);
		}
	buf_free(&number);
	buf_free(&block);
	buf_free(&out);
}

static CU_TestInfo key_tests[] = {
	{"keys and counters are the published ones", keys_and_counters_are_the_published_ones},
	{"keys that the level needs must be there once",
	 keys_that_the_level_needs_must_be_there_once},
	{"a receiver takes the first level that ends at the secret",
	 a_receiver_takes_the_first_level_that_ends_at_the_secret},
	CU_TEST_INFO_NULL,
};

static CU_TestInfo recovery_tests[] = {
	{"what was signed is recovered", what_was_signed_is_recovered},
	{"every flipped bit and the other number are refused",
	 every_flipped_bit_and_the_other_number_are_refused},
	{"a block of another shape is refused", a_block_of_another_shape_is_refused},
	CU_TEST_INFO_NULL,
};

int main(void)
{
	CU_SuiteInfo suites[] = {
		{.pName = "keys", .pTests = key_tests},
		{.pName = "recovery",
		 .pInitFunc = make_key,
		 .pCleanupFunc = free_key,
		 .pTests = recovery_tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("card agreement", suites);
}
