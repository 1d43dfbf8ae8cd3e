/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Suite 01 of the host: the key vector of doc/scp10.md, the host's block and signature looked at
 * from outside, both numberings, and blocks of a card that are not right.
 */
#include "sc/agreement.h"

#include <string.h>

#include "base/log.h"
#include "base/rsa_raw.h"
#include "tests/sc/fake_card.h"
#include "tests/sc/hex.h"
#include "tests/suite.h"

static void keys_are_those_of_the_vector(void)
{
	static const char *const rows[] = {
		"BDDAD1C97C15CFA24B418FF7BE08FF5B", "A3AC6010651CFBEA14262E28E606409B",
		"3CEE08DCFB2F8763B829E958DDBA34E8", "459F348B794AF42C3E91530C973692E7",
		"661BF7FAE444CC6009DD1211A550BBDE",
	};
	uint8_t oes[32], cs[32], key[16];

	for (size_t i = 0; i < 32; i++) {
		oes[i] = (uint8_t)i;
		cs[i] = (uint8_t)(0x80 + i);
	}
	for (uint32_t i = 0; i < 5; i++) {
		uint8_t array[16];
		struct buf want;

		buf_fixed(&want, array, sizeof(array));
		hex_put(&want, rows[i]);
		CU_ASSERT_EQUAL(agreement_key(oes, cs, i + 1, key), RC_OK);
		CU_ASSERT_TRUE(view_equal(view_of(key, 16), view_buf(&want)));
	}
}

static EVP_PKEY *host, *card;
static struct host_key *host_half;
static const uint8_t secret[32] = {7}, challenge[8] = {8}, id[8] = {9}, other[8] = {10};

static void make_keys(unsigned int bits)
{
	CU_ASSERT_EQUAL_FATAL(rsa_generate(bits, &host), RC_OK);
	CU_ASSERT_EQUAL_FATAL(rsa_generate(bits, &card), RC_OK);
	EVP_PKEY_up_ref(host);
	CU_ASSERT_EQUAL_FATAL(host_key_of(host, &host_half), RC_OK);
}

static void forget_keys(void)
{
	host_key_free(&host_half);
	EVP_PKEY_free(host);
	EVP_PKEY_free(card);
}

static enum rc seal(struct view body, struct buf *out)
{
	const struct agreement_host said = {
		.body = body, .secret = secret, .challenge = challenge, .card_id = id};

	buf_reset(out);
	return agreement_seal(host_half, host, card, &said, out);
}

/* The observer has all keys. */
static void the_block_is_filled_and_its_padding_has_no_d3(void)
{
	struct buf sealed, number, block;
	uint8_t body[128];

	make_keys(1024);
	buf_init(&sealed, 512);
	buf_init(&number, 512);
	buf_init(&block, 512);
	memset(body, 0xD4, sizeof(body));
	body[0] = 0xD3;
	for (int round = 0; round < 100; round++) {
		CU_ASSERT_EQUAL_FATAL(seal(view_of(body, 3), &sealed), RC_OK);
		buf_reset(&number);
		buf_reset(&block);
		CU_ASSERT_EQUAL(rsa_raw_private(card, view_buf(&sealed), &number), RC_OK);
		CU_ASSERT_EQUAL(rsa_raw_public(host, view_buf(&number), &block), RC_OK);
		CU_ASSERT_EQUAL_FATAL(block.len, 128);
		/* The smaller signature may be that of the complement. */
		if (block.data[127] != 0xBC)
			continue;
		CU_ASSERT_EQUAL(block.data[0], 0x6A);
		CU_ASSERT_EQUAL((const uint8_t *)memchr(block.data, 0xD3, 128) - block.data,
				128 - 1 - 20 - 32 - 3);
	}
	/* One byte of padding at least. */
	CU_ASSERT_EQUAL(seal(view_of(body, 128 - 22 - 32 - 1), &sealed), RC_OK);
	CU_ASSERT_EQUAL(seal(view_of(body, 128 - 22 - 32), &sealed), RC_SPACE);
	forget_keys();
	buf_free(&sealed);
	buf_free(&number);
	buf_free(&block);
}

static void what_is_sealed_opens_for_the_other_side_only(void)
{
	struct buf sealed, body;
	uint8_t got[32];

	make_keys(1024);
	buf_init(&sealed, 512);
	buf_init(&body, 512);
	/* Both halves of the range of signatures come up. */
	for (int round = 0; round < 20; round++) {
		buf_reset(&body);
		CU_ASSERT_EQUAL(seal(view_str("\xD3\x01\x33"), &sealed), RC_OK);
		CU_ASSERT_EQUAL(sealed.len, 128);
		CU_ASSERT_TRUE(fake_agreement_open(card, host, view_buf(&sealed), challenge, id,
						   &body, got));
		CU_ASSERT_EQUAL(body.len, 3);
		CU_ASSERT_TRUE(view_equal(view_of(got, 32), view_of(secret, 32)));
		CU_ASSERT_FALSE(
			fake_agreement_open(card, host, view_buf(&sealed), other, id, &body, got));
		CU_ASSERT_FALSE(fake_agreement_open(card, host, view_buf(&sealed), challenge, other,
						    &body, got));
	}
	forget_keys();
	buf_free(&sealed);
	buf_free(&body);
}

static enum rc greet(struct sc *sc)
{
	const struct apdu hello = {.cla = 0x80, .ins = 0x42, .data = view_str("hello"), .le = 256};
	struct view answer;
	uint16_t sw = 0;
	enum rc rc = sc_exchange_view(sc, &hello, &answer, &sw);

	if (rc == RC_OK && (sw != SW_OK || answer.len != 13))
		rc = RC_SW;
	return rc;
}

static void a_session_opens_in_six_commands_under_both_numberings(void)
{
	static const uint8_t order[] = {0xA4, 0x22, 0x2A, 0xCA, 0x84, 0x82, 0x88};

	for (int seed = 0; seed < 2; seed++) {
		for (int joint = 0; joint < 2; joint++) {
			struct policy_card row = fake_policy_01.cards[0];
			const struct policy policy = {.cards = &row, .card_count = 1};
			struct sc_figures figures;
			struct sc *sc;

			row.numbering = seed ? POLICY_NUMBERING_SEED : POLICY_NUMBERING_GPCS;
			row.joint_keys = joint;
			row.dek = true;
			fake_reset(SUITE_01);
			fake.numbers_as_seed = seed;
			sc = fake_connect(&policy);
			for (int n = 0; n < 3; n++)
				CU_ASSERT_EQUAL(greet(sc), RC_OK);
			sc_figures(sc, &figures);
			CU_ASSERT_EQUAL(figures.sessions, 1);
			CU_ASSERT_EQUAL(figures.handshake_apdus, 6);
			CU_ASSERT_EQUAL(sc_suite(sc), SUITE_01);
			CU_ASSERT_TRUE(view_equal(sc_dek(sc), view_of(fake.dek, 16)));
			for (size_t i = 0; i < sizeof(order); i++)
				CU_ASSERT_EQUAL(fake.log[i].ins, order[i]);
			sc_close(&sc);
		}
	}
}

static void the_other_numbering_does_not_verify(void)
{
	struct sc *sc;

	fake_reset(SUITE_01);
	fake.numbers_as_seed = true;
	sc = fake_connect(&fake_policy_01);
	CU_ASSERT_EQUAL(sc_connect(sc), RC_OK);
	CU_ASSERT_NOT_EQUAL(greet(sc), RC_OK);
	CU_ASSERT_EQUAL(fake.executed, 0);
	sc_close(&sc);
}

static void blocks_of_a_card_that_are_not_right_are_refused(void)
{
	for (enum fake_block kind = FAKE_BLOCK_RIGHT; kind <= FAKE_BLOCK_SHORT; kind++) {
		struct sc *sc;

		fake_reset(SUITE_01);
		fake.block = kind;
		sc = fake_connect(&fake_policy_01);
		CU_ASSERT_EQUAL(sc_connect(sc), kind == FAKE_BLOCK_RIGHT ? RC_OK : RC_AUTH);
		sc_close(&sc);
	}
}

static void keys_of_unequal_length_are_refused_before_anything_secret_is_sent(void)
{
	static const unsigned int bits[] = {1024, 2047, 3072};

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		struct cvc_request request;
		EVP_PKEY *key = NULL;
		struct sc *sc;

		CU_ASSERT_EQUAL_FATAL(rsa_generate(bits[i], &key), RC_OK);
		fake_reset(SUITE_01);
		request = fake_card_request(SUITE_01);
		request.key = key;
		fake_certify_card(&request, NULL);
		sc = fake_connect(&fake_policy_01);
		CU_ASSERT_EQUAL(sc_connect(sc), RC_POLICY);
		CU_ASSERT_EQUAL(fake.log[fake.count - 1].ins, 0xCA);
		sc_close(&sc);
		EVP_PKEY_free(key);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"keys are those of the vector", keys_are_those_of_the_vector},
		{"the block is filled and its padding has no D3",
		 the_block_is_filled_and_its_padding_has_no_d3},
		{"what is sealed opens for the other side only",
		 what_is_sealed_opens_for_the_other_side_only},
		{"a session opens in six commands under both numberings",
		 a_session_opens_in_six_commands_under_both_numberings},
		{"the other numbering does not verify", the_other_numbering_does_not_verify},
		{"blocks of a card that are not right are refused",
		 blocks_of_a_card_that_are_not_right_are_refused},
		{"keys of unequal length are refused before anything secret is sent",
		 keys_of_unequal_length_are_refused_before_anything_secret_is_sent},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{.pName = "agreement", .pTests = tests}, CU_SUITE_INFO_NULL};

	log_open(LOG_LEVEL_NONE, false);
	return suite_run("sc/agreement", suites);
}
