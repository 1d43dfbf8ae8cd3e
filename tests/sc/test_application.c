/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each function of the token application as bytes: the plain command that the card gets, as
 * commands.md has it, and what becomes of good answers and of answers of the wrong form.
 */
#include "sc/application.h"

#include <string.h>

#include "base/log.h"
#include "tests/sc/fake_card.h"
#include "tests/sc/hex.h"
#include "tests/suite.h"

static struct sc *sc;
static const char *reply; /* what follows the change counter */
static uint16_t reply_sw;

static uint16_t serve(const struct apdu *command, struct buf *answer)
{
	(void)command;
	if (reply_sw != SW_OK)
		return reply_sw;
	buf_u64(answer, 41);
	hex_put(answer, reply);
	return SW_OK;
}

static int start(void)
{
	fake_reset(SUITE_42);
	fake.serve = serve;
	sc = fake_connect(NULL);
	return sc_connect(sc) == RC_OK ? 0 : 1;
}

static int stop(void)
{
	sc_close(&sc);
	return 0;
}

static void answer_with(const char *text)
{
	reply = text;
	reply_sw = SW_OK;
}

/* True if the last plain command was CLA INS P1 P2 and this data. */
static bool sent(const char *header, const char *data)
{
	const uint8_t got[] = {fake.last.cla, fake.last.ins, fake.last.p1, fake.last.p2};
	struct buf want;
	bool same;

	buf_init(&want, 4096);
	hex_put(&want, header);
	same = view_equal(view_of(got, sizeof(got)), view_buf(&want));
	buf_reset(&want);
	hex_put(&want, data);
	same = same && view_equal(view_of(fake.last_data, fake.last_len), view_buf(&want));
	buf_free(&want);
	return same;
}

static bool holds(struct buf *b, const char *text)
{
	struct buf want;
	bool same;

	buf_init(&want, 4096);
	hex_put(&want, text);
	same = view_equal(view_buf(b), view_buf(&want));
	buf_free(&want);
	buf_reset(b);
	return same;
}

static void pins_are_sent_as_commands_md_says(void)
{
	uint16_t sw = 0;

	answer_with("");
	CU_ASSERT_EQUAL(application_verify(sc, APPLICATION_USER, view_str("1234"), &sw), RC_OK);
	CU_ASSERT_TRUE(sent("00200001", "31323334"));
	CU_ASSERT_EQUAL(sw, SW_OK);
	CU_ASSERT_EQUAL(sc_change_counter(sc), 41);
	CU_ASSERT_EQUAL(application_verify(sc, APPLICATION_SO, view_str("1234"), &sw), RC_OK);
	CU_ASSERT_TRUE(sent("00200002", "31323334"));
	CU_ASSERT_EQUAL(application_logout(sc, &sw), RC_OK);
	CU_ASSERT_TRUE(sent("0020FF00", ""));
	CU_ASSERT_EQUAL(application_change_pin(sc, APPLICATION_USER, view_str("12"),
					       view_str("345"), &sw),
			RC_OK);
	CU_ASSERT_TRUE(sent("00240001", "80023132 8103333435"));
	CU_ASSERT_EQUAL(application_set_user_pin(sc, view_str("12"), &sw), RC_OK);
	CU_ASSERT_TRUE(sent("002C0201", "3132"));
	CU_ASSERT_EQUAL(application_unblock(sc, view_str("12"), view_str("3"), &sw), RC_OK);
	CU_ASSERT_TRUE(sent("002C0001", "80023132 810133"));
	CU_ASSERT_EQUAL(application_verify(sc, APPLICATION_USER, view_of(NULL, 0), &sw),
			RC_ARGUMENT);
}

static void refusals_are_told_and_keep_the_session(void)
{
	uint64_t epoch = sc_epoch(sc);
	uint16_t sw = 0;

	reply_sw = 0x63C2;
	CU_ASSERT_EQUAL(application_verify(sc, APPLICATION_USER, view_str("1234"), &sw), RC_SW);
	CU_ASSERT_EQUAL(sw, 0x63C2);
	reply_sw = SW_BLOCKED;
	CU_ASSERT_EQUAL(application_logout(sc, &sw), RC_SW);
	CU_ASSERT_EQUAL(sw, SW_BLOCKED);
	CU_ASSERT_EQUAL(sc_epoch(sc), epoch);
}

static void the_token_s_facts_are_parsed(void)
{
	static const char good[] =
		"8020 4142434445464748494A4B4C4D4E4F505152535455565758595A202020202020"
		"8108 0102030405060708 820103 830105 84010A 85080000000000010000"
		"86080000000000008000 87020100";
	struct application_token t;
	uint16_t sw;

	answer_with(good);
	CU_ASSERT_EQUAL(application_token_info(sc, &t, &sw), RC_OK);
	CU_ASSERT_TRUE(sent("80420000", ""));
	CU_ASSERT_EQUAL(t.label[0], 'A');
	CU_ASSERT_EQUAL(t.card_id[7], 8);
	CU_ASSERT_EQUAL(t.flags, 3);
	CU_ASSERT_EQUAL(t.user_tries, 5);
	CU_ASSERT_EQUAL(t.so_tries, 10);
	CU_ASSERT_EQUAL(t.memory, 65536);
	CU_ASSERT_EQUAL(t.free_memory, 32768);
	CU_ASSERT_EQUAL(t.cos_version, 0x0100);
	answer_with("8020 41");
	CU_ASSERT_EQUAL(application_token_info(sc, &t, &sw), RC_MALFORMED);
	answer_with("");
	CU_ASSERT_EQUAL(application_token_info(sc, &t, &sw), RC_MALFORMED);
}

static void initialising_sends_pin_and_label(void)
{
	const uint8_t label[APPLICATION_LABEL] = "label";
	uint16_t sw;

	answer_with("");
	CU_ASSERT_EQUAL(application_initialise_token(sc, view_str("12"), label, &sw), RC_OK);
	CU_ASSERT_TRUE(sent("80400000", "80023132 81206C6162656C"
					"000000000000000000000000000000000000000000000000000000"));
	answer_with("00");
	CU_ASSERT_EQUAL(application_initialise_token(sc, view_str("12"), label, &sw), RC_MALFORMED);
}

static uint16_t serve_random(const struct apdu *command, struct buf *answer)
{
	buf_u64(answer, 42);
	for (uint32_t i = 0; i < command->le; i++)
		buf_u8(answer, 0x5A);
	return SW_OK;
}

static void random_bytes_come_in_as_many_commands_as_it_takes(void)
{
	unsigned int before = fake.executed;
	struct buf out;
	uint16_t sw;

	buf_init(&out, 4096);
	fake.serve = serve_random;
	CU_ASSERT_EQUAL(application_random(sc, 1000, &out, &sw), RC_OK);
	CU_ASSERT_EQUAL(out.len, 1000);
	CU_ASSERT_EQUAL(fake.executed - before, 5);
	CU_ASSERT_EQUAL(application_random(sc, 0, &out, &sw), RC_OK);
	fake.serve = serve;
	answer_with("00");
	CU_ASSERT_EQUAL(application_random(sc, 2, &out, &sw), RC_MALFORMED);
	CU_ASSERT_EQUAL(out.len, 1000);
	buf_free(&out);
}

/* Objects 5 and 7 with a CKA_CLASS each; the second with a length that is too long. */
#define OBJECT_5   "00000005 00000010 00000000 00000008 0000000000000002"
#define OBJECT_7   "00000007 00000010 00000000 00000008 0000000000000003"
#define OBJECT_CUT "00000007 00000011 00000000 00000008 0000000000000003"

static void objects_are_checked_before_anybody_sees_them(void)
{
	struct buf out;
	uint16_t sw;
	bool more;

	buf_init(&out, 4096);
	answer_with(OBJECT_5);
	CU_ASSERT_EQUAL(application_create_object(sc, view_str("x"), &out, &sw), RC_OK);
	CU_ASSERT_TRUE(sent("80480000", "78"));
	CU_ASSERT_TRUE(holds(&out, OBJECT_5));
	CU_ASSERT_EQUAL(application_set_attributes(sc, 5, view_str("x"), &out, &sw), RC_OK);
	CU_ASSERT_TRUE(sent("804C0000", "0000000578"));
	CU_ASSERT_TRUE(holds(&out, OBJECT_5));
	answer_with(OBJECT_5 OBJECT_7);
	CU_ASSERT_EQUAL(application_create_object(sc, view_str("x"), &out, &sw), RC_MALFORMED);
	CU_ASSERT_EQUAL(application_generate_key_pair(sc, 0x1040, view_str("a"), view_str("b"),
						      &out, &sw),
			RC_OK);
	CU_ASSERT_TRUE(sent("80460000", "800400001040 A00161 A10162"));
	CU_ASSERT_TRUE(holds(&out, OBJECT_5 OBJECT_7));
	answer_with("01" OBJECT_5 OBJECT_7);
	CU_ASSERT_EQUAL(application_read_objects(sc, true, 4, &out, &more, &sw), RC_OK);
	CU_ASSERT_TRUE(sent("804A0100", "00000004"));
	CU_ASSERT_TRUE(more);
	CU_ASSERT_TRUE(holds(&out, OBJECT_5 OBJECT_7));
	answer_with("");
	CU_ASSERT_EQUAL(application_destroy_object(sc, 5, &sw), RC_OK);
	CU_ASSERT_TRUE(sent("804E0000", "00000005"));
	buf_free(&out);
}

static void pages_of_the_wrong_form_are_refused(void)
{
	static const char *const rows[] = {
		"",
		"01", /* more, and none to go on from */
		"02" OBJECT_5,
		"00" OBJECT_7 OBJECT_5, /* not ascending */
		"00" OBJECT_5 OBJECT_5,
		"00" OBJECT_5 OBJECT_CUT,
		"00" OBJECT_5 "00",
		"00 00000004 00000000", /* not above the number asked for */
		"00 00000005 00000001 00", /* no attribute list */
	};
	struct buf out;
	uint16_t sw;
	bool more;

	buf_init(&out, 4096);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		answer_with(rows[i]);
		CU_ASSERT_EQUAL(application_read_objects(sc, false, 4, &out, &more, &sw),
				RC_MALFORMED);
		CU_ASSERT_EQUAL(out.len, 0);
	}
	answer_with("00");
	CU_ASSERT_EQUAL(application_read_objects(sc, false, 0, &out, &more, &sw), RC_OK);
	CU_ASSERT_FALSE(more);
	buf_free(&out);
}

static void a_key_operation_is_one_command(void)
{
	const struct application_key_operation operation = {
		.operation = APPLICATION_DECRYPT,
		.key = 9,
		.mechanism = 0x0D,
		.parameter = view_str("p"),
		.input = view_str("in"),
	};
	unsigned int before = fake.count;
	struct buf out;
	uint16_t sw;

	buf_init(&out, 4096);
	answer_with("AABB");
	CU_ASSERT_EQUAL(application_key_operation(sc, &operation, &out, &sw), RC_OK);
	CU_ASSERT_TRUE(sent("802A0100", "840400000009 80040000000D 810170 8202696E"));
	CU_ASSERT_TRUE(holds(&out, "AABB"));
	CU_ASSERT_EQUAL(fake.count - before, 1);
	buf_free(&out);
}

static void ledger_commands_are_sent_as_commands_md_says(void)
{
	struct application_seal seal = {
		.ledger = 3, .type = 0x0102, .time = 0x0A0B, .plaintext = view_str("inv")};
	struct application_ledger state;
	struct buf out;
	bool is_stored = false;
	uint16_t sw;

	memset(seal.nonce, 0xEE, sizeof(seal.nonce));
	buf_init(&out, 4096);
	answer_with(OBJECT_5);
	CU_ASSERT_EQUAL(
		application_ledger_create(sc, &(struct application_policy){.label = view_str("L")},
					  &out, &sw),
		RC_OK);
	CU_ASSERT_TRUE(sent("80D00000", "80014C"));
	CU_ASSERT_TRUE(holds(&out, OBJECT_5));
	answer_with("C0FFEE");
	CU_ASSERT_EQUAL(application_ledger_seal(sc, &seal, &out, &is_stored, &sw), RC_OK);
	CU_ASSERT_TRUE(is_stored);
	CU_ASSERT_TRUE(sent("80D20000", "00000003 EEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEE 0102"
					"0000000000000A0B 696E76"));
	CU_ASSERT_TRUE(holds(&out, "C0FFEE"));
	CU_ASSERT_EQUAL(application_ledger_open(sc, 3, 4, &out, &sw), RC_OK);
	CU_ASSERT_TRUE(sent("80D40000", "00000003 0000000000000004"));
	CU_ASSERT_EQUAL(application_ledger_open_sealed(sc, 3, view_str("leaf"), &out, &sw), RC_OK);
	CU_ASSERT_TRUE(sent("80D40100", "00000003 6C656166"));
	CU_ASSERT_EQUAL(application_ledger_read_leaf(sc, 3, 4, &out, &sw), RC_OK);
	CU_ASSERT_TRUE(sent("80D40200", "00000003 0000000000000004"));
	CU_ASSERT_EQUAL(application_ledger_read_leaves(sc, 3, 4, &out, &sw), RC_OK);
	CU_ASSERT_TRUE(sent("80D40300", "00000003 0000000000000004"));
	CU_ASSERT_EQUAL(application_ledger_last_receipt(sc, 3, &out, &sw), RC_OK);
	CU_ASSERT_TRUE(sent("80DC0000", "00000003"));
	CU_ASSERT_TRUE(holds(&out, "C0FFEE C0FFEE C0FFEE C0FFEE C0FFEE"));
	answer_with("8008 0000000000000011 8103414243 8208 0000000000000005 83024444 840109 "
		    "8508 0000000000000002 8608 000000000000000E");
	CU_ASSERT_EQUAL(application_ledger_status(sc, 3, &state, &sw), RC_OK);
	CU_ASSERT_TRUE(sent("80D60000", "00000003"));
	CU_ASSERT_EQUAL(state.leaves, 0x11);
	CU_ASSERT_EQUAL(state.pruned, 5);
	CU_ASSERT_EQUAL(state.warnings, 9);
	CU_ASSERT_EQUAL(state.backwards, 2);
	CU_ASSERT_EQUAL(state.newest_backwards, 14);
	CU_ASSERT_TRUE(view_equal(state.checkpoint, view_str("ABC")));
	CU_ASSERT_TRUE(view_equal(state.cosigned, view_str("DD")));
	answer_with("");
	CU_ASSERT_EQUAL(application_ledger_cosign(sc, 3, view_str("note"), &sw), RC_OK);
	CU_ASSERT_TRUE(sent("80DE0000", "00000003 6E6F7465"));
	CU_ASSERT_EQUAL(application_ledger_prune(sc, 3, 5, &sw), RC_OK);
	CU_ASSERT_TRUE(sent("80DE0100", "00000003 0000000000000005"));
	buf_reset(&out);
	answer_with("7F21");
	CU_ASSERT_EQUAL(application_ledger_certificate(sc, 3, &out, &sw), RC_OK);
	CU_ASSERT_TRUE(sent("80D60100", "00000003"));
	CU_ASSERT_TRUE(holds(&out, "7F21"));
	answer_with("8008 0000000000000011");
	CU_ASSERT_EQUAL(application_ledger_status(sc, 3, &state, &sw), RC_MALFORMED);
	buf_free(&out);
}

static uint16_t serve_short(const struct apdu *command, struct buf *answer)
{
	(void)command;
	buf_u32(answer, 1);
	return SW_OK;
}

static void an_answer_without_its_change_counter_is_refused(void)
{
	uint16_t sw;

	fake.serve = serve_short;
	CU_ASSERT_EQUAL(application_logout(sc, &sw), RC_MALFORMED);
	fake.serve = serve;
	CU_ASSERT_EQUAL(sc_change_counter(sc), 41);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"PINs are sent as commands.md says", pins_are_sent_as_commands_md_says},
		{"refusals are told and keep the session", refusals_are_told_and_keep_the_session},
		{"the token's facts are parsed", the_token_s_facts_are_parsed},
		{"initialising sends PIN and label", initialising_sends_pin_and_label},
		{"random bytes come in as many commands as it takes",
		 random_bytes_come_in_as_many_commands_as_it_takes},
		{"objects are checked before anybody sees them",
		 objects_are_checked_before_anybody_sees_them},
		{"pages of the wrong form are refused", pages_of_the_wrong_form_are_refused},
		{"a key operation is one command", a_key_operation_is_one_command},
		{"ledger commands are sent as commands.md says",
		 ledger_commands_are_sent_as_commands_md_says},
		{"an answer without its change counter is refused",
		 an_answer_without_its_change_counter_is_refused},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "application", .pInitFunc = start, .pCleanupFunc = stop, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	log_open(LOG_LEVEL_NONE, false);
	return suite_run("sc/application", suites);
}
