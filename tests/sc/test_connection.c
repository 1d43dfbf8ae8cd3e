/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection in good and bad times: protected exchanges, lost sessions and what is repeated and
 * what is not, and answers that are flipped, cut, repeated, held back or put in another order.
 */
#include "sc/connection.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/sc/fake_card.h"
#include "tests/suite.h"

enum { HANDSHAKE = 8 };

static const struct apdu hello = {
	.cla = 0x80, .ins = 0x2A, .data = {(const uint8_t *)"hello", 5}, .le = 65536};

/* True if hello comes back as the fake answers it. */
static bool greets(struct sc *sc)
{
	struct view answer;
	uint16_t sw;

	return sc_exchange_repeatable(sc, &hello, &answer, &sw) == RC_OK && sw == SW_OK &&
	       answer.len == 13 && view_equal(view_of(answer.data + 8, 5), view_str("hello"));
}

static enum rc greet(struct sc *sc)
{
	struct view answer;
	uint16_t sw;

	return sc_exchange_repeatable(sc, &hello, &answer, &sw);
}

static void nothing_is_sent_before_the_first_use(void)
{
	struct sc *sc;

	fake_reset(SUITE_42);
	sc = fake_connect(NULL);
	CU_ASSERT_EQUAL(fake.count, 0);
	CU_ASSERT_EQUAL(sc_epoch(sc), 0);
	CU_ASSERT_TRUE(greets(sc));
	CU_ASSERT_EQUAL(fake.count, HANDSHAKE + 1);
	CU_ASSERT_TRUE(greets(sc));
	CU_ASSERT_EQUAL(fake.count, HANDSHAKE + 2);
	CU_ASSERT_EQUAL(sc_epoch(sc), 1);
	sc_close(&sc);
	CU_ASSERT_PTR_NULL(sc);
	sc_close(&sc);
	sc_close(NULL);
}

static void select_is_bare_before_a_session_and_protected_in_one(void)
{
	struct fci fci;
	struct sc *sc;
	uint16_t sw;

	fake_reset(SUITE_42);
	sc = fake_connect(NULL);
	CU_ASSERT_EQUAL(sc_select(sc, &fci, &sw), RC_OK);
	CU_ASSERT_EQUAL(fake.executed, 0);
	CU_ASSERT_EQUAL(fci.change_counter, 7);
	CU_ASSERT_EQUAL(fci.flags, FCI_TOKEN_INITIALISED | FCI_USER_PIN_SET);
	CU_ASSERT_EQUAL(fci.life_cycle, FCI_PERSONALISED);
	CU_ASSERT_EQUAL(fci.command_max, 65000);
	CU_ASSERT_EQUAL(fci.answer_max, 65000);
	CU_ASSERT_EQUAL(fci.suite_count, 1);
	CU_ASSERT_EQUAL(fci.suites[0], SUITE_42);
	CU_ASSERT_TRUE(sc_is_extended(sc));
	CU_ASSERT_EQUAL(sc_change_counter(sc), 0);
	/* The handshake does not select again. */
	CU_ASSERT_EQUAL(sc_connect(sc), RC_OK);
	CU_ASSERT_EQUAL(fake.count, HANDSHAKE);
	CU_ASSERT_EQUAL(sc_select(sc, &fci, &sw), RC_OK);
	CU_ASSERT_EQUAL(fake.executed, 1);
	CU_ASSERT_EQUAL(sc_change_counter(sc), 7);
	sc_close(&sc);
}

static void without_extended_length_long_commands_and_answers_pass_in_pieces(void)
{
	static uint8_t data[3000];
	const struct apdu command = {
		.cla = 0x80, .ins = 0xD2, .data = view_of(data, sizeof(data)), .le = 65536};
	struct view answer;
	struct sc *sc;
	uint16_t sw;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	for (int extended = 0; extended < 2; extended++) {
		fake_reset(SUITE_42);
		fake.extended = extended;
		fake.response_max = extended ? 0 : 256;
		sc = fake_connect(NULL);
		CU_ASSERT_EQUAL(sc_exchange_view(sc, &command, &answer, &sw), RC_OK);
		CU_ASSERT_EQUAL(fake.last_len, sizeof(data));
		CU_ASSERT_TRUE(view_equal(view_of(fake.last_data, sizeof(data)),
					  view_of(data, sizeof(data))));
		CU_ASSERT_EQUAL_FATAL(answer.len, 8 + sizeof(data));
		CU_ASSERT_TRUE(view_equal(view_of(answer.data + 8, sizeof(data)),
					  view_of(data, sizeof(data))));
		/* Inside, both ask for the whole answer. */
		CU_ASSERT_EQUAL(fake.last.le, 65536);
		sc_close(&sc);
	}
}

static void lengths_around_every_limit_arrive_whole(void)
{
	static const size_t lengths[] = {0,   1,   15,  16,  17,   222,  223,  224,  238, 239,
					 240, 254, 255, 256, 1000, 3999, 4000, 4095, 4096};
	static uint8_t data[4096];
	struct view answer;
	struct sc *sc;
	uint16_t sw;

	for (int extended = 0; extended < 2; extended++) {
		fake_reset(SUITE_42);
		fake.extended = extended;
		fake.response_max = extended ? 0 : 256;
		sc = fake_connect(NULL);
		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			const struct apdu command = {.cla = 0x80,
						     .ins = 0xD2,
						     .data = view_of(data, lengths[i]),
						     .le = 256};

			CU_ASSERT_EQUAL(sc_exchange_view(sc, &command, &answer, &sw), RC_OK);
			CU_ASSERT_EQUAL(answer.len, 8 + lengths[i]);
			CU_ASSERT_EQUAL(fake.last_len, lengths[i]);
		}
		CU_ASSERT_EQUAL(sc_epoch(sc), 1);
		sc_close(&sc);
	}
}

static void data_longer_than_the_card_takes_is_refused_before_it_is_sent(void)
{
	static uint8_t data[300];
	const struct apdu command = {
		.cla = 0x80, .ins = 0xD2, .data = view_of(data, sizeof(data)), .le = 256};
	struct view answer;
	struct sc *sc;
	uint16_t sw;

	fake_reset(SUITE_42);
	fake.command_max = 299;
	sc = fake_connect(NULL);
	CU_ASSERT_EQUAL(sc_exchange_view(sc, &command, &answer, &sw), RC_SPACE);
	CU_ASSERT_TRUE(greets(sc));
	CU_ASSERT_EQUAL(sc_epoch(sc), 1);
	sc_close(&sc);
}

static void a_card_that_lost_the_session_is_spoken_to_again(void)
{
	for (int suite = 0; suite < 2; suite++) {
		struct sc *sc;

		fake_reset(suite ? SUITE_02 : SUITE_42);
		sc = fake_connect(suite ? &fake_policy_02 : NULL);
		CU_ASSERT_TRUE(greets(sc));
		fake_power_cut();
		CU_ASSERT_TRUE(greets(sc));
		CU_ASSERT_EQUAL(sc_epoch(sc), 2);
		CU_ASSERT_EQUAL(fake.executed, 2);
		sc_close(&sc);
	}
}

/* What a hook does with the answer of one number. */
struct plan {
	unsigned int from, to; /* numbers of the answers */
	enum rc rc; /* the transport's result instead of the answer */
	uint16_t sw; /* a bare answer instead; 0: none */
	size_t bit; /* to flip, if it is within the answer */
	size_t length;
};

static enum rc carry_out(void *arg, unsigned int number, const struct apdu *command,
			 struct buf *response)
{
	struct plan *p = arg;

	(void)command;
	if (number < p->from || number > p->to)
		return RC_OK;
	if (p->rc != RC_OK)
		return p->rc;
	p->length = response->len;
	if (p->sw) {
		buf_reset(response);
		buf_u16(response, p->sw);
	} else if (p->bit / 8 < response->len) {
		response->data[p->bit / 8] ^= (uint8_t)(1 << p->bit % 8);
	}
	return RC_OK;
}

static struct sc *planned(struct plan *plan, uint8_t suite)
{
	fake_reset(suite);
	fake.tamper = carry_out;
	fake.arg = plan;
	return fake_connect(suite == SUITE_02 ? &fake_policy_02 : NULL);
}

static void a_session_that_is_lost_twice_is_a_reset(void)
{
	struct plan plan = {.from = HANDSHAKE, .to = 100, .sw = SW_SECURITY_STATUS};
	struct sc *sc;

	/* Every answer from the first protected one on, so that the second handshake fails. */
	sc = planned(&plan, SUITE_42);
	CU_ASSERT_NOT_EQUAL(greet(sc), RC_OK);
	CU_ASSERT_FALSE(sc_is_connected(sc));
	sc_close(&sc);
}

static enum rc lose_protected(void *arg, unsigned int number, const struct apdu *command,
			      struct buf *response)
{
	const uint16_t *sw = arg;

	(void)number;
	if (apdu_is_protected(command->cla)) {
		buf_reset(response);
		buf_u16(response, *sw);
	}
	return RC_OK;
}

static void what_may_not_be_repeated_is_executed_once_whatever_the_line_says(void)
{
	static const uint16_t bare[] = {SW_SECURITY_STATUS, SW_SM_MISSING, SW_SM_INCORRECT,
					SW_CHANNEL_NOT_SUPPORTED};

	for (size_t i = 0; i < sizeof(bare) / sizeof(bare[0]); i++) {
		uint16_t sw = bare[i], got;
		struct view answer;
		struct sc *sc;

		fake_reset(SUITE_42);
		fake.tamper = lose_protected;
		fake.arg = &sw;
		sc = fake_connect(NULL);
		CU_ASSERT_EQUAL(sc_exchange_view(sc, &hello, &answer, &got), RC_RESET);
		CU_ASSERT_EQUAL(fake.executed, 1);
		CU_ASSERT_FALSE(sc_is_connected(sc));
		fake.tamper = NULL;
		CU_ASSERT_TRUE(greets(sc));
		CU_ASSERT_EQUAL(sc_epoch(sc), 2);
		sc_close(&sc);
	}
}

static void a_bare_refusal_is_answered_with_one_more_try(void)
{
	uint16_t sw = SW_SM_MISSING, got;
	struct view answer;
	struct sc *sc;

	fake_reset(SUITE_42);
	fake.tamper = lose_protected;
	fake.arg = &sw;
	sc = fake_connect(NULL);
	CU_ASSERT_EQUAL(greet(sc), RC_RESET);
	CU_ASSERT_EQUAL(fake.executed, 2);
	CU_ASSERT_EQUAL(sc_epoch(sc), 2);
	sc_close(&sc);

	/* Under suite 02 a refusal of the application is bare, too. */
	sw = SW_SECURITY_STATUS;
	fake_reset(SUITE_02);
	fake.tamper = lose_protected;
	fake.arg = &sw;
	sc = fake_connect(&fake_policy_02);
	CU_ASSERT_EQUAL(sc_exchange_repeatable(sc, &hello, &answer, &got), RC_OK);
	CU_ASSERT_EQUAL(got, SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(answer.len, 0);
	CU_ASSERT_EQUAL(sc_epoch(sc), 2);
	sc_close(&sc);
}

static void other_bare_answers_end_a_session_of_suite_42(void)
{
	static const uint16_t rows[] = {0x9000, 0x6A80, 0x6F00, 0x63C2, 0x6985, 0x6983, 0x6700};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct plan plan = {.from = HANDSHAKE, .to = HANDSHAKE, .sw = rows[i]};
		struct sc *sc = planned(&plan, SUITE_42);

		CU_ASSERT_EQUAL(greet(sc), RC_AUTH);
		CU_ASSERT_EQUAL(fake.executed, 1);
		CU_ASSERT_FALSE(sc_is_connected(sc));
		CU_ASSERT_TRUE(greets(sc));
		CU_ASSERT_EQUAL(sc_epoch(sc), 2);
		sc_close(&sc);
	}
}

static void a_bare_error_of_suite_02_is_told_and_ends_the_session(void)
{
	struct plan plan = {.from = HANDSHAKE, .to = HANDSHAKE, .sw = SW_WRONG_DATA};
	struct sc *sc = planned(&plan, SUITE_02);
	struct view answer;
	uint16_t sw;

	CU_ASSERT_EQUAL(sc_exchange_view(sc, &hello, &answer, &sw), RC_OK);
	CU_ASSERT_EQUAL(sw, SW_WRONG_DATA);
	CU_ASSERT_EQUAL(fake.executed, 1);
	CU_ASSERT_FALSE(sc_is_connected(sc));
	CU_ASSERT_TRUE(greets(sc));
	CU_ASSERT_EQUAL(sc_epoch(sc), 2);
	sc_close(&sc);
}

static void success_or_a_warning_without_a_mac_is_refused_under_suite_02(void)
{
	static const uint16_t rows[] = {0x9000, 0x63C2, 0x6283};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct plan plan = {.from = HANDSHAKE, .to = HANDSHAKE, .sw = rows[i]};
		struct sc *sc = planned(&plan, SUITE_02);

		CU_ASSERT_EQUAL(greet(sc), RC_AUTH);
		sc_close(&sc);
	}
}

static void a_reset_before_a_command_is_repaired_unseen(void)
{
	struct plan plan = {.from = 100, .to = 100, .rc = RC_RESET};
	struct sc *sc = planned(&plan, SUITE_42);

	CU_ASSERT_TRUE(greets(sc));
	plan.from = plan.to = fake.count;
	CU_ASSERT_TRUE(greets(sc));
	CU_ASSERT_EQUAL(sc_epoch(sc), 2);
	sc_close(&sc);
}

static void a_reset_at_any_step_of_the_handshake_begins_it_again(void)
{
	for (unsigned int step = 0; step < HANDSHAKE; step++) {
		struct plan plan = {.from = step, .to = step, .rc = RC_RESET};
		struct sc *sc = planned(&plan, SUITE_42);

		CU_ASSERT_TRUE(greets(sc));
		CU_ASSERT_EQUAL(sc_epoch(sc), 1);
		sc_close(&sc);
	}
}

static void a_lost_answer_is_never_made_up_for_by_a_second_command(void)
{
	static const enum rc rows[] = {RC_IO, RC_REMOVED, RC_MEMORY};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct plan plan = {.from = HANDSHAKE, .to = HANDSHAKE, .rc = rows[i]};
		struct sc *sc = planned(&plan, SUITE_42);

		CU_ASSERT_EQUAL(greet(sc), rows[i]);
		CU_ASSERT_EQUAL(fake.executed, 1);
		CU_ASSERT_FALSE(sc_is_connected(sc));
		CU_ASSERT_TRUE(greets(sc));
		CU_ASSERT_EQUAL(sc_epoch(sc), 2);
		sc_close(&sc);
	}
}

static void a_reset_between_the_pieces_of_an_answer_is_told(void)
{
	struct plan plan = {.from = HANDSHAKE + 1, .to = HANDSHAKE + 1, .rc = RC_RESET};
	struct sc *sc;

	fake_reset(SUITE_42);
	fake.extended = false;
	fake.response_max = 20;
	fake.tamper = carry_out;
	fake.arg = &plan;
	sc = fake_connect(NULL);
	CU_ASSERT_EQUAL(sc_connect(sc), RC_OK);
	plan.from = plan.to = fake.count + 1;
	CU_ASSERT_EQUAL(greet(sc), RC_RESET);
	CU_ASSERT_EQUAL(fake.executed, 1);
	sc_close(&sc);
}

/* The first piece of an answer is taken out, and what would have been the rest refused. */
static enum rc starve(void *arg, unsigned int number, const struct apdu *command,
		      struct buf *response)
{
	(void)arg;
	(void)number;
	if (apdu_is_protected(command->cla)) {
		buf_reset(response);
		buf_u16(response, 0x6110);
	} else if (command->ins == 0xC0) {
		buf_reset(response);
		buf_u16(response, SW_SECURITY_STATUS);
	}
	return RC_OK;
}

static void a_refusal_in_place_of_the_rest_of_an_answer_repeats_nothing(void)
{
	struct sc *sc;

	fake_reset(SUITE_42);
	fake.tamper = starve;
	sc = fake_connect(NULL);
	CU_ASSERT_EQUAL(greet(sc), RC_AUTH);
	CU_ASSERT_EQUAL(fake.executed, 1);
	CU_ASSERT_FALSE(sc_is_connected(sc));
	sc_close(&sc);
}

static void every_flipped_bit_of_a_protected_answer_is_refused(void)
{
	unsigned int wrong = 0;
	struct plan plan = {.from = 1, .to = 0};
	struct sc *sc = planned(&plan, SUITE_42);
	size_t bits = 8;

	for (plan.bit = 0; plan.bit < bits; plan.bit++) {
		CU_ASSERT_EQUAL_FATAL(sc_connect(sc), RC_OK);
		plan.from = plan.to = fake.count;
		wrong += greet(sc) != RC_AUTH;
		wrong += sc_is_connected(sc);
		bits = plan.length * 8;
		/* The hook fires once an attempt. */
		plan.from = 1;
		plan.to = 0;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_TRUE(bits > 30 * 8);
	sc_close(&sc);
}

/* Keeps the answers of protected commands, and gives others in their place. */
static struct {
	struct buf kept[3];
	size_t count;
	int give; /* which one to give next; -1: none */
} held;

static enum rc hold(void *arg, unsigned int number, const struct apdu *command,
		    struct buf *response)
{
	(void)arg;
	(void)number;
	if (!apdu_is_protected(command->cla))
		return RC_OK;
	if (held.count < 3) {
		buf_init(&held.kept[held.count], 4096);
		buf_view(&held.kept[held.count], view_buf(response));
		held.count++;
	}
	if (held.give >= 0) {
		buf_reset(response);
		buf_view(response, view_buf(&held.kept[held.give]));
		held.give = -1;
	}
	return RC_OK;
}

static void repeated_and_reordered_answers_are_refused(void)
{
	for (int suite = 0; suite < 2; suite++) {
		for (int give = 0; give < 2; give++) {
			struct sc *sc;

			fake_reset(suite ? SUITE_02 : SUITE_42);
			fake.tamper = hold;
			held.count = 0;
			held.give = -1;
			sc = fake_connect(suite ? &fake_policy_02 : NULL);
			CU_ASSERT_TRUE(greets(sc));
			CU_ASSERT_TRUE(greets(sc));
			held.give = give;
			CU_ASSERT_EQUAL(greet(sc), RC_AUTH);
			CU_ASSERT_TRUE(greets(sc));
			CU_ASSERT_EQUAL(sc_epoch(sc), 2);
			sc_close(&sc);
			for (size_t i = 0; i < held.count; i++)
				buf_free(&held.kept[i]);
		}
	}
}

static uint16_t refuse(const struct apdu *command, struct buf *answer)
{
	(void)command;
	(void)answer;
	return 0x63C2;
}

static void a_protected_refusal_keeps_the_session(void)
{
	struct view answer;
	struct sc *sc;
	uint16_t sw;

	fake_reset(SUITE_42);
	sc = fake_connect(NULL);
	fake.serve = refuse;
	CU_ASSERT_EQUAL(sc_exchange_view(sc, &hello, &answer, &sw), RC_OK);
	CU_ASSERT_EQUAL(sw, 0x63C2);
	fake.serve = NULL;
	CU_ASSERT_TRUE(greets(sc));
	CU_ASSERT_EQUAL(sc_epoch(sc), 1);
	sc_close(&sc);
}

static void bare_commands_are_refused_in_a_session(void)
{
	const struct apdu get = {.cla = 0x80, .ins = 0xCA, .p1 = 0x7F, .p2 = 0x21, .le = 65536};
	struct buf answer;
	struct sc *sc;
	uint16_t sw;

	fake_reset(SUITE_42);
	sc = fake_connect(NULL);
	buf_init(&answer, 4096);
	CU_ASSERT_EQUAL(sc_exchange_bare(sc, &get, &answer, &sw), RC_OK);
	CU_ASSERT_EQUAL(sw, SW_OK);
	CU_ASSERT_TRUE(answer.len > 256);
	CU_ASSERT_EQUAL(sc_connect(sc), RC_OK);
	CU_ASSERT_EQUAL(sc_exchange_bare(sc, &get, &answer, &sw), RC_STATE);
	buf_free(&answer);
	sc_close(&sc);
}

static void an_answer_that_does_not_fit_leaves_the_buffer_as_it_was(void)
{
	uint8_t array[10];
	struct buf small;
	struct sc *sc;
	uint16_t sw;

	fake_reset(SUITE_42);
	sc = fake_connect(NULL);
	buf_fixed(&small, array, sizeof(array));
	buf_u8(&small, 1);
	CU_ASSERT_EQUAL(sc_exchange(sc, &hello, &small, &sw), RC_SPACE);
	CU_ASSERT_EQUAL(small.len, 1);
	sc_close(&sc);
}

static void a_forked_child_is_told_and_the_parent_goes_on(void)
{
	struct sc *sc;
	int status = 0;
	pid_t child;

	fake_reset(SUITE_42);
	sc = fake_connect(NULL);
	CU_ASSERT_TRUE(greets(sc));
	child = fork();
	if (child == 0) {
		unsigned int before = fake.count;
		bool right = greet(sc) == RC_FORKED && fake.count == before;

		sc_close(&sc);
		_exit(right ? 0 : 1);
	}
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT_TRUE(greets(sc));
	CU_ASSERT_EQUAL(sc_epoch(sc), 1);
	sc_close(&sc);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"nothing is sent before the first use", nothing_is_sent_before_the_first_use},
		{"SELECT is bare before a session and protected in one",
		 select_is_bare_before_a_session_and_protected_in_one},
		{"without extended length long commands and answers pass in pieces",
		 without_extended_length_long_commands_and_answers_pass_in_pieces},
		{"lengths around every limit arrive whole",
		 lengths_around_every_limit_arrive_whole},
		{"data longer than the card takes is refused before it is sent",
		 data_longer_than_the_card_takes_is_refused_before_it_is_sent},
		{"a card that lost the session is spoken to again",
		 a_card_that_lost_the_session_is_spoken_to_again},
		{"what may not be repeated is executed once, whatever the line says",
		 what_may_not_be_repeated_is_executed_once_whatever_the_line_says},
		{"a session that is lost twice is a reset",
		 a_session_that_is_lost_twice_is_a_reset},
		{"a bare refusal is answered with one more try",
		 a_bare_refusal_is_answered_with_one_more_try},
		{"other bare answers end a session of suite 42",
		 other_bare_answers_end_a_session_of_suite_42},
		{"a bare error of suite 02 is told and ends the session",
		 a_bare_error_of_suite_02_is_told_and_ends_the_session},
		{"success or a warning without a MAC is refused under suite 02",
		 success_or_a_warning_without_a_mac_is_refused_under_suite_02},
		{"a reset before a command is repaired unseen",
		 a_reset_before_a_command_is_repaired_unseen},
		{"a reset at any step of the handshake begins it again",
		 a_reset_at_any_step_of_the_handshake_begins_it_again},
		{"a lost answer is never made up for by a second command",
		 a_lost_answer_is_never_made_up_for_by_a_second_command},
		{"a reset between the pieces of an answer is told",
		 a_reset_between_the_pieces_of_an_answer_is_told},
		{"a refusal in place of the rest of an answer repeats nothing",
		 a_refusal_in_place_of_the_rest_of_an_answer_repeats_nothing},
		{"every flipped bit of a protected answer is refused",
		 every_flipped_bit_of_a_protected_answer_is_refused},
		{"repeated and reordered answers are refused",
		 repeated_and_reordered_answers_are_refused},
		{"a protected refusal keeps the session", a_protected_refusal_keeps_the_session},
		{"bare commands are refused in a session", bare_commands_are_refused_in_a_session},
		{"an answer that does not fit leaves the buffer as it was",
		 an_answer_that_does_not_fit_leaves_the_buffer_as_it_was},
		{"a forked child is told and the parent goes on",
		 a_forked_child_is_told_and_the_parent_goes_on},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{.pName = "connection", .pTests = tests}, CU_SUITE_INFO_NULL};

	log_open(LOG_LEVEL_NONE, false);
	return suite_run("sc/connection", suites);
}
