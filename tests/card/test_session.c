/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sessions of the card on the wire: levels, channels, long data, and what ends one. Who is served
 * what in them is test_roles.c.
 */
#include "tests/suite.h"

#include <string.h>

#include "tests/card/steps.h"

static const uint8_t aid[] = {0xF0, 'I', 'n', 't', 'a', 'g', 'l', 'i', 'o', 0x01};
static const struct view nothing;

static void a_session_runs_on_every_channel_by_itself(void)
{
	static const uint8_t numbers[] = {1, 3, 4, 19};
	struct peer p;

	peer_new(&p);
	for (unsigned int i = 1; i <= 19; i++)
		CU_ASSERT_EQUAL_FATAL(peer_send(&p, 0, 0x70, 0, 0, nothing, 1, NULL), 0x9000);
	for (size_t i = 0; i < sizeof(numbers); i++) {
		p.channel = numbers[i];
		CU_ASSERT_EQUAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
		CU_ASSERT_TRUE(steps_session_lives(&p));
		p.channel = 0;
		CU_ASSERT_EQUAL(peer_send(&p, 0, 0xA4, 4, 0, view_of(aid, sizeof(aid)), 256, NULL),
				0x9000);
		p.channel = numbers[i];
		CU_ASSERT_TRUE(steps_session_lives(&p));
	}
	peer_free(&p);
}

/* What the host keeps of one session. */
struct kept {
	uint8_t suite, level, key[4][PEER_KEY];
	uint64_t counter[2];
};

static void twenty_sessions_of_all_suites_run_at_once(void)
{
	static const uint8_t suites[] = {0x42, 0x02, 0x01};
	struct kept kept[20];
	struct peer p;

	peer_new(&p);
	for (unsigned int i = 1; i <= 19; i++)
		CU_ASSERT_EQUAL_FATAL(peer_send(&p, 0, 0x70, 0, 0, nothing, 1, NULL), 0x9000);
	for (p.channel = 0; p.channel < 20; p.channel++) {
		struct kept *k = &kept[p.channel];

		CU_ASSERT_EQUAL_FATAL(peer_open(&p, suites[p.channel % 3], 0xC1, 0xB6, 0x33),
				      0x9000);
		k->suite = p.suite;
		k->level = p.level;
		memcpy(k->key, p.key, sizeof(k->key));
		memcpy(k->counter, p.counter, sizeof(k->counter));
	}
	for (p.channel = 0; p.channel < 20; p.channel++) {
		const struct kept *k = &kept[p.channel];

		p.suite = k->suite;
		p.level = k->level;
		memcpy(p.key, k->key, sizeof(k->key));
		memcpy(p.counter, k->counter, sizeof(k->counter));
		CU_ASSERT_TRUE(steps_session_lives(&p));
	}
	peer_free(&p);
}

static void long_commands_and_answers_pass_a_session(void)
{
	uint8_t long_data[3000] = {0};
	struct buf answer;
	struct peer p;
	bool bare;

	peer_new(&p);
	buf_init(&answer, 5000);
	for (int extended = 0; extended < 2; extended++) {
		p.extended = extended;
		CU_ASSERT_EQUAL_FATAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
		CU_ASSERT_EQUAL(peer_protected(&p, 0, 0xA4, 4, 0,
					       view_of(long_data, sizeof(long_data)), 256, NULL,
					       &bare),
				0x6A82);
		CU_ASSERT_FALSE(bare);
		CU_ASSERT_EQUAL(peer_protected(&p, 0x80, 0xCA, 0x7F, 0x21, nothing, 256, &answer,
					       &bare),
				0x9000);
		CU_ASSERT_TRUE(answer.len > 512);
		CU_ASSERT_TRUE(steps_session_lives(&p));
	}
	buf_free(&answer);
	peer_free(&p);
}

static void every_level_of(uint8_t suite, bool by_use)
{
	static const uint8_t levels[] = {0x01, 0x02, 0x03, 0x10, 0x11, 0x12, 0x13, 0x20,
					 0x21, 0x22, 0x23, 0x30, 0x31, 0x32, 0x33};
	struct buf plain, answer;
	struct peer p;
	bool bare;

	if (by_use) {
		peer_fresh(&p);
		p.by_use = true;
		peer_personalise(&p);
	} else {
		peer_new(&p);
	}
	buf_init(&plain, 5000);
	buf_init(&answer, 5000);
	for (size_t i = 0; i < sizeof(levels); i++) {
		CU_ASSERT_EQUAL_FATAL(peer_open(&p, suite, 0xC1, 0xB6, levels[i]), 0x9000);
		CU_ASSERT_TRUE(steps_session_lives(&p));
		CU_ASSERT_EQUAL(peer_protected(&p, 0x80, 0xCA, 0x7F, 0x21, nothing, 256, &answer,
					       NULL),
				0x9000);
		CU_ASSERT_TRUE(answer.len > 256);
		CU_ASSERT_EQUAL(peer_protected(&p, 0, 0xA4, 4, 0, view_of(aid, 3), 256, NULL,
					       &bare),
				0x6A82);
		CU_ASSERT_TRUE(steps_session_lives(&p));
	}
	buf_free(&plain);
	buf_free(&answer);
	peer_free(&p);
}

static void every_level_of_suite_02_protects_both_ways(void)
{
	every_level_of(0x02, false);
}

static void every_level_of_suite_01_protects_both_ways(void)
{
	every_level_of(0x01, false);
	every_level_of(0x01, true);
}

static void any_mse_ends_a_session(void)
{
	struct peer p;

	peer_new(&p);
	CU_ASSERT_EQUAL_FATAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0x22, 0, 0, nothing, 0, NULL), 0x6A86);
	CU_ASSERT_TRUE(steps_are_reset(&p));
	CU_ASSERT_EQUAL(peer_protected(&p, 0, 0xA4, 4, 0, view_of(aid, sizeof(aid)), 256, NULL,
				       NULL),
			0x6982);
	peer_free(&p);
}

static void an_unprotected_command_ends_a_session(void)
{
	static const uint8_t instructions[] = {0xA4, 0x70, 0xCA, 0x84, 0x82, 0x88, 0x2A, 0x01};
	bool bare;
	struct peer p;

	peer_new(&p);
	for (size_t i = 0; i < sizeof(instructions); i++) {
		CU_ASSERT_EQUAL_FATAL(peer_open(&p, 0x02, 0xC1, 0xB6, 0x33), 0x9000);
		CU_ASSERT_EQUAL(peer_send(&p, 0, instructions[i], 0, 0, nothing, 0, NULL), 0x6982);
		CU_ASSERT_EQUAL(peer_protected(&p, 0, 0xA4, 4, 0, view_of(aid, sizeof(aid)), 256,
					       NULL, &bare),
				0x6982);
	}
	/* GET RESPONSE alone is transport. */
	CU_ASSERT_EQUAL_FATAL(peer_open(&p, 0x02, 0xC1, 0xB6, 0x33), 0x9000);
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0xC0, 0, 0, nothing, 256, NULL), 0x6985);
	CU_ASSERT_TRUE(steps_session_lives(&p));
	peer_free(&p);
}

static void a_reset_ends_a_session(void)
{
	struct buf atr;
	struct peer p;

	peer_new(&p);
	buf_init(&atr, 33);
	CU_ASSERT_EQUAL_FATAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
	CU_ASSERT_EQUAL(card_reset(p.card, &atr), RC_OK);
	CU_ASSERT_EQUAL(peer_protected(&p, 0, 0xA4, 4, 0, view_of(aid, sizeof(aid)), 256, NULL,
				       NULL),
			0x6982);
	CU_ASSERT_TRUE(steps_are_reset(&p));
	buf_free(&atr);
	peer_free(&p);
}

static void protect_select(struct peer *p, struct buf *apdu)
{
	struct apdu plain = {.ins = 0xA4, .p1 = 4, .data = view_of(aid, sizeof(aid)), .le = 256};

	buf_init(apdu, 1000);
	peer_protect(p, &plain, apdu);
}

static void every_flipped_bit_of_a_protected_command_ends_the_session(void)
{
	struct buf apdu;
	struct peer p;
	uint16_t sw;

	peer_new(&p);
	for (size_t bit = 0;; bit++) {
		CU_ASSERT_EQUAL_FATAL(peer_open(&p, 0x02, 0x81, 0xA4, 0x33), 0x9000);
		protect_select(&p, &apdu);
		if (bit == (apdu.len - 1) * 8) {
			buf_free(&apdu);
			break;
		}
		apdu.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		sw = peer_raw(&p, view_buf(&apdu), NULL);
		/* Chaining: a first part is taken, and what follows is judged as a whole. */
		if (bit != 4)
			CU_ASSERT_NOT_EQUAL(sw, 0x9000);
		/* Another class, channel or length is not this session's command at all. */
		if (bit >= 8 && bit / 8 != 4)
			CU_ASSERT_TRUE(sw == 0x6982 || sw == 0x6987 || sw == 0x6988);
		if (sw == 0x6987 || sw == 0x6988)
			CU_ASSERT_TRUE(steps_are_reset(&p));
		buf_free(&apdu);
	}
	peer_free(&p);
}

static void a_replayed_command_ends_the_session(void)
{
	struct buf apdu;
	struct peer p;

	peer_new(&p);
	CU_ASSERT_EQUAL_FATAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
	protect_select(&p, &apdu);
	CU_ASSERT_EQUAL(peer_raw(&p, view_buf(&apdu), NULL), 0x9000);
	CU_ASSERT_EQUAL(peer_raw(&p, view_buf(&apdu), NULL), 0x6988);
	CU_ASSERT_TRUE(steps_are_reset(&p));
	/* Nor does it serve another session, with the same keys even. */
	CU_ASSERT_EQUAL_FATAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
	CU_ASSERT_EQUAL(peer_raw(&p, view_buf(&apdu), NULL), 0x6988);
	buf_free(&apdu);
	peer_free(&p);
}

static void missing_objects_have_their_own_word(void)
{
	static const uint8_t without_mac[] = {0x0C, 0xA4, 4, 0, 3, 0x97, 1, 0, 0};
	struct peer p;

	peer_new(&p);
	CU_ASSERT_EQUAL_FATAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
	CU_ASSERT_EQUAL(peer_raw(&p, view_of(without_mac, sizeof(without_mac)), NULL), 0x6987);
	CU_ASSERT_TRUE(steps_are_reset(&p));
	peer_free(&p);
}

static int clean(void)
{
	peer_world_free();
	return 0;
}

static CU_TestInfo tests[] = {
	{"a session runs on every channel by itself", a_session_runs_on_every_channel_by_itself},
	{"long commands and answers pass a session", long_commands_and_answers_pass_a_session},
	{"twenty sessions of all suites run at once", twenty_sessions_of_all_suites_run_at_once},
	{"every level of suite 02 protects both ways", every_level_of_suite_02_protects_both_ways},
	{"every level of suite 01 protects both ways, in both numberings",
	 every_level_of_suite_01_protects_both_ways},
	{"any MSE ends a session", any_mse_ends_a_session},
	{"an unprotected command ends a session", an_unprotected_command_ends_a_session},
	{"a reset ends a session", a_reset_ends_a_session},
	{"every flipped bit of a protected command ends the session",
	 every_flipped_bit_of_a_protected_command_ends_the_session},
	{"a replayed command ends the session", a_replayed_command_ends_the_session},
	{"missing objects have their own word", missing_objects_have_their_own_word},
	CU_TEST_INFO_NULL,
};

int main(void)
{
	CU_SuiteInfo suites[] = {{.pName = "session", .pTests = tests, .pCleanupFunc = clean},
				 CU_SUITE_INFO_NULL};

	return suite_run("card session", suites);
}
