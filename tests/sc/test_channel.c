/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection on a further logical channel: opened, used, lost to somebody else, given back. */
#include "base/log.h"
#include "tests/sc/fake_card.h"
#include "tests/suite.h"

static enum rc greet(struct sc *sc)
{
	const struct apdu hello = {.cla = 0x80, .ins = 0x42, .data = view_str("hello"), .le = 256};
	struct view answer;
	uint16_t sw = 0;
	enum rc rc = sc_exchange_repeatable(sc, &hello, &answer, &sw);

	if (rc == RC_OK && (sw != SW_OK || answer.len != 13))
		rc = RC_SW;
	return rc;
}

static struct sc *connect_further(uint8_t suite)
{
	fake_reset(suite);
	fake.shared = true;
	return fake_connect(fake_policy(suite));
}

static void a_further_channel_is_opened_first_and_closed_last(void)
{
	static const uint8_t suites[] = {SUITE_42, SUITE_02, SUITE_01};

	for (size_t i = 0; i < sizeof(suites); i++) {
		struct sc *sc = connect_further(suites[i]);

		CU_ASSERT_EQUAL(sc_channel(sc), 0);
		for (int n = 0; n < 3; n++)
			CU_ASSERT_EQUAL(greet(sc), RC_OK);
		CU_ASSERT_EQUAL(sc_channel(sc), 3);
		CU_ASSERT_EQUAL(sc_epoch(sc), 1);
		CU_ASSERT_EQUAL(fake.opened, 1);
		CU_ASSERT_EQUAL(fake.log[0].ins, 0x70);
		sc_close(&sc);
		CU_ASSERT_EQUAL(fake.log[fake.count - 1].ins, 0x70);
	}
}

static void channels_above_3_have_classes_of_their_own(void)
{
	struct sc *sc = connect_further(SUITE_42);

	fake.opened = 10;
	CU_ASSERT_EQUAL(greet(sc), RC_OK);
	CU_ASSERT_EQUAL(sc_channel(sc), 13);
	sc_close(&sc);
}

static void a_channel_that_is_lost_is_not_used_again(void)
{
	struct sc *sc = connect_further(SUITE_42);

	CU_ASSERT_EQUAL(greet(sc), RC_OK);
	fake_power_cut();
	CU_ASSERT_EQUAL(greet(sc), RC_OK);
	CU_ASSERT_EQUAL(sc_channel(sc), 4);
	CU_ASSERT_EQUAL(sc_epoch(sc), 2);
	CU_ASSERT_EQUAL(fake.executed, 2);
	sc_close(&sc);
}

/* Gives the protected answers of a connection to another command, as a card that gave its channel away. */
static enum rc give_away(void *arg, unsigned int number, const struct apdu *command,
			 struct buf *response)
{
	unsigned int *left = arg;

	(void)number;
	if (!apdu_is_protected(command->cla) || !*left)
		return RC_OK;
	--*left;
	buf_reset(response);
	buf_u16(response, SW_SM_INCORRECT);
	return RC_OK;
}

static void a_channel_that_somebody_else_has_now_is_left_to_him(void)
{
	unsigned int times = 1;
	struct sc *sc = connect_further(SUITE_42);

	CU_ASSERT_EQUAL(greet(sc), RC_OK);
	fake.tamper = give_away;
	fake.arg = &times;
	CU_ASSERT_EQUAL(greet(sc), RC_OK);
	CU_ASSERT_EQUAL(sc_channel(sc), 4);
	CU_ASSERT_EQUAL(sc_epoch(sc), 2);
	sc_close(&sc);
}

static enum rc refuse_channels(void *arg, unsigned int number, const struct apdu *command,
			       struct buf *response)
{
	(void)arg;
	(void)number;
	if (command->ins == 0x70) {
		buf_reset(response);
		buf_u16(response, SW_FUNCTION_NOT_SUPPORTED);
	}
	return RC_OK;
}

static void a_card_without_further_channels_is_used_on_the_basic_one(void)
{
	struct sc *sc = connect_further(SUITE_42);

	fake.tamper = refuse_channels;
	CU_ASSERT_EQUAL(greet(sc), RC_OK);
	CU_ASSERT_EQUAL(sc_channel(sc), 0);
	sc_close(&sc);
}

static uint8_t last_class;

static enum rc keep_class(void *arg, unsigned int number, const struct apdu *command,
			  struct buf *response)
{
	(void)arg;
	(void)number;
	(void)response;
	if (command->ins == 0x42)
		last_class = command->cla;
	return RC_OK;
}

static void encipherment_alone_is_marked_on_every_channel(void)
{
	static const struct {
		unsigned int opened;
		uint8_t cla;
	} rows[] = {{0, 0x8B}, {1, 0xE0}, {16, 0xEF}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy_card row = fake_policy_02.cards[0];
		const struct policy policy = {.cards = &row, .card_count = 1};
		struct sc *sc;

		row.level = LEVEL_C_DEC;
		row.unauthenticated = true;
		fake_reset(SUITE_02);
		fake.shared = true;
		fake.opened = rows[i].opened;
		fake.tamper = keep_class;
		sc = fake_connect(&policy);
		CU_ASSERT_EQUAL(greet(sc), RC_OK);
		CU_ASSERT_EQUAL(last_class, rows[i].cla);
		sc_close(&sc);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"a further channel is opened first and closed last",
		 a_further_channel_is_opened_first_and_closed_last},
		{"channels above 3 have classes of their own",
		 channels_above_3_have_classes_of_their_own},
		{"a channel that is lost is not used again",
		 a_channel_that_is_lost_is_not_used_again},
		{"a channel that somebody else has now is left to him",
		 a_channel_that_somebody_else_has_now_is_left_to_him},
		{"a card without further channels is used on the basic one",
		 a_card_without_further_channels_is_used_on_the_basic_one},
		{"encipherment alone is marked on every channel",
		 encipherment_alone_is_marked_on_every_channel},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{.pName = "channel", .pTests = tests}, CU_SUITE_INFO_NULL};

	log_open(LOG_LEVEL_NONE, false);
	return suite_run("sc/channel", suites);
}
