/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every level of secure messaging under suites 02 and 01, kinds of authentication, templates for
 * both directions, and the data encryption key.
 */
#include <string.h>

#include "base/log.h"
#include "tests/sc/fake_card.h"
#include "tests/suite.h"

static const uint8_t old_suites[] = {SUITE_02, SUITE_01};

static enum rc greet(struct sc *sc, const char *text)
{
	const struct apdu hello = {.cla = 0x80, .ins = 0x42, .data = view_str(text), .le = 256};
	struct view answer;
	uint16_t sw = 0;
	enum rc rc = sc_exchange_view(sc, &hello, &answer, &sw);

	if (rc == RC_OK && (sw != SW_OK || answer.len != 8 + strlen(text)))
		rc = RC_SW;
	return rc;
}

/* A few commands, with data and without, in one session. */
static void talk(const struct policy_card *row)
{
	const struct policy policy = {.cards = row, .card_count = 1};
	struct sc *sc = fake_connect(&policy);

	CU_ASSERT_EQUAL(greet(sc, "hello"), RC_OK);
	CU_ASSERT_EQUAL(greet(sc, ""), RC_OK);
	CU_ASSERT_EQUAL(greet(sc, "12345678"), RC_OK);
	CU_ASSERT_EQUAL(sc_epoch(sc), 1);
	CU_ASSERT_EQUAL(fake.executed, 3);
	sc_close(&sc);
}

static void every_level_works_where_policy_names_it(void)
{
	for (size_t s = 0; s < sizeof(old_suites); s++) {
		for (unsigned int level = 1; level <= LEVEL_ALL; level++) {
			struct policy_card row = fake_policy(old_suites[s])->cards[0];

			if (level & ~(unsigned int)LEVEL_ALL)
				continue;
			row.level = (uint8_t)level;
			row.unauthenticated = true;
			for (int joint = 0; joint < 2; joint++) {
				row.joint_keys = joint;
				fake_reset(old_suites[s]);
				talk(&row);
			}
		}
	}
}

/* The first protected command as it went over the wire. */
static struct buf seen;

static enum rc keep_command(void *arg, unsigned int number, const struct apdu *command,
			    struct buf *response)
{
	(void)arg;
	(void)number;
	(void)response;
	if (command->ins == 0x42 && !seen.len) {
		buf_u8(&seen, command->cla);
		buf_view(&seen, command->data);
	}
	return RC_OK;
}

static void encipherment_alone_has_a_class_and_tags_of_its_own(void)
{
	struct policy_card row = fake_policy_02.cards[0];
	const struct policy policy = {.cards = &row, .card_count = 1};
	static const uint8_t head[] = {0x88, 0x86, 0x09, 0x01};
	static const uint8_t tail[] = {0x96, 0x01, 0x00};
	struct sc *sc;

	row.level = LEVEL_C_DEC;
	row.unauthenticated = true;
	fake_reset(SUITE_02);
	fake.tamper = keep_command;
	buf_init(&seen, 256);
	sc = fake_connect(&policy);
	CU_ASSERT_EQUAL(greet(sc, "hello"), RC_OK);
	CU_ASSERT_EQUAL_FATAL(seen.len, 1 + 2 + 9 + 3);
	CU_ASSERT_TRUE(view_equal(view_of(seen.data, 4), view_of(head, 4)));
	CU_ASSERT_TRUE(view_equal(view_of(seen.data + 12, 3), view_of(tail, 3)));
	buf_reset(&seen);
	CU_ASSERT_EQUAL(greet(sc, ""), RC_OK);
	CU_ASSERT_EQUAL(seen.len, 1);
	CU_ASSERT_EQUAL(seen.data[0], 0x80);
	sc_close(&sc);
	buf_free(&seen);
}

static uint16_t refuse(const struct apdu *command, struct buf *answer)
{
	(void)command;
	(void)answer;
	return SW_WRONG_DATA;
}

static void without_r_mac_an_error_keeps_the_session(void)
{
	struct policy_card row = fake_policy_02.cards[0];
	const struct policy policy = {.cards = &row, .card_count = 1};
	const struct apdu hello = {.cla = 0x80, .ins = 0x42, .le = 256};
	struct view answer;
	struct sc *sc;
	uint16_t sw = 0;

	row.level = 0x03;
	row.unauthenticated = true;
	fake_reset(SUITE_02);
	sc = fake_connect(&policy);
	fake.serve = refuse;
	CU_ASSERT_EQUAL(sc_exchange_view(sc, &hello, &answer, &sw), RC_OK);
	CU_ASSERT_EQUAL(sw, SW_WRONG_DATA);
	fake.serve = NULL;
	CU_ASSERT_EQUAL(greet(sc, "hello"), RC_OK);
	CU_ASSERT_EQUAL(sc_epoch(sc), 1);
	sc_close(&sc);
}

static void with_p1_81_the_session_is_up_without_the_card_s_signature(void)
{
	struct policy_card row = fake_policy_02.cards[0];
	const struct policy policy = {.cards = &row, .card_count = 1};
	struct sc_figures figures;
	struct sc *sc;

	row.external_only = true;
	fake_reset(SUITE_02);
	talk(&row);
	CU_ASSERT_EQUAL(fake.p1, 0x81);
	fake_reset(SUITE_02);
	sc = fake_connect(&policy);
	CU_ASSERT_EQUAL(sc_connect(sc), RC_OK);
	sc_figures(sc, &figures);
	CU_ASSERT_EQUAL(figures.handshake_apdus, 6);
	sc_close(&sc);
	/* The card's half of the keys of 01 has no other way to the host. */
	row = fake_policy_01.cards[0];
	row.external_only = true;
	CU_ASSERT_EQUAL(policy_check(&row), RC_POLICY);
	row.suite = SUITE_42;
	CU_ASSERT_EQUAL(policy_check(&row), RC_POLICY);
}

static void with_p2_a4_no_certificate_is_sent(void)
{
	static const uint8_t named[] = {0x83, 2, 4, 5};

	for (size_t s = 0; s < sizeof(old_suites); s++) {
		struct policy_card row = fake_policy(old_suites[s])->cards[0];

		row.stored_host_key = true;
		row.host_key = (struct policy_reference){.version = 4, .index = 5};
		fake_reset(old_suites[s]);
		talk(&row);
		CU_ASSERT_EQUAL(fake.p2, 0xA4);
		CU_ASSERT_TRUE(view_equal(view_of(fake.environment + 4, 4),
					  view_of(named, sizeof(named))));
		CU_ASSERT_EQUAL(fake.log[2].ins, 0xCA);
	}
}

static void the_dek_is_the_template_s_or_derived(void)
{
	uint8_t first[AES256_KEY];
	struct view dek;

	for (size_t s = 0; s < sizeof(old_suites); s++) {
		struct policy_card row = fake_policy(old_suites[s])->cards[0];
		const struct policy policy = {.cards = &row, .card_count = 1};

		for (int with = 0; with < 2; with++) {
			struct sc *sc;

			row.dek = with;
			fake_reset(old_suites[s]);
			sc = fake_connect(&policy);
			CU_ASSERT_EQUAL(sc_dek(sc).len, 0);
			CU_ASSERT_EQUAL(greet(sc, "hello"), RC_OK);
			CU_ASSERT_TRUE(view_equal(sc_dek(sc), view_of(fake.dek, with ? 16 : 0)));
			sc_close(&sc);
		}
	}
	for (int round = 0; round < 2; round++) {
		struct sc *sc;

		fake_reset(SUITE_42);
		sc = fake_connect(NULL);
		CU_ASSERT_EQUAL_FATAL(sc_connect(sc), RC_OK);
		dek = sc_dek(sc);
		CU_ASSERT_EQUAL_FATAL(dek.len, AES256_KEY);
		if (round)
			CU_ASSERT_FALSE(view_equal(dek, view_of(first, sizeof(first))));
		CU_ASSERT_EQUAL(view_copy(&dek, first, sizeof(first)), RC_OK);
		sc_close(&sc);
	}
}

static void only_named_cards_and_few_roles_if_policy_says_so(void)
{
	struct policy policy = {.named_only = true};
	struct policy_card row = {.suite = SUITE_42};
	struct sc *sc;

	fake_reset(SUITE_42);
	sc = fake_connect(&policy);
	CU_ASSERT_EQUAL(sc_connect(sc), RC_POLICY);
	CU_ASSERT_EQUAL(fake.count, 1);
	sc_close(&sc);
	memcpy(row.id, fake_card_id, CVC_ID);
	policy.cards = &row;
	policy.card_count = 1;
	sc = fake_connect(&policy);
	CU_ASSERT_EQUAL(sc_connect(sc), RC_OK);
	sc_close(&sc);
	/* The fake's host has the role user. */
	policy.roles = ROLE_USER | ROLE_AUDITOR;
	sc = fake_connect(&policy);
	CU_ASSERT_EQUAL(sc_connect(sc), RC_OK);
	sc_close(&sc);
	policy.roles = ROLE_AUDITOR;
	fake_reset(SUITE_42);
	sc = fake_connect(&policy);
	CU_ASSERT_EQUAL(sc_connect(sc), RC_POLICY);
	CU_ASSERT_EQUAL(fake.count, 1);
	sc_close(&sc);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"every level works where policy names it",
		 every_level_works_where_policy_names_it},
		{"encipherment alone has a class and tags of its own",
		 encipherment_alone_has_a_class_and_tags_of_its_own},
		{"without R-MAC an error keeps the session",
		 without_r_mac_an_error_keeps_the_session},
		{"with P1 81 the session is up without the card's signature",
		 with_p1_81_the_session_is_up_without_the_card_s_signature},
		{"with P2 A4 no certificate is sent", with_p2_a4_no_certificate_is_sent},
		{"the DEK is the template's or derived", the_dek_is_the_template_s_or_derived},
		{"only named cards and few roles if policy says so",
		 only_named_cards_and_few_roles_if_policy_says_so},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{.pName = "level", .pTests = tests}, CU_SUITE_INFO_NULL};

	log_open(LOG_LEVEL_NONE, false);
	return suite_run("sc/level", suites);
}
