/* SPDX-License-Identifier: BSD-2-Clause */
/* INITIALISE TOKEN, TOKEN INFO, GENERATE RANDOM, and the state behind them. */
#include "card/token.h"

#include <string.h>

#include "base/tlv.h"
#include "card/pin.h"
#include "tests/card/bare_card.h"
#include "tests/suite.h"

#define LABEL "thirty-two characters of a label"

static struct bare_card card;

static uint16_t info(void)
{
	return bare_card_send(&card, 0x80420000, view_of(NULL, 0));
}

static struct view field(uint32_t tag)
{
	struct view value = {0};

	CU_ASSERT_EQUAL(tlv_find(view_buf(&card.answer), tag, &value), RC_OK);
	return value;
}

static uint16_t create_data(const char *label, bool private)
{
	struct buf list;
	uint16_t sw;

	buf_init(&list, ATTR_LIST_MAX);
	attr_set_ulong(&list, CKA_CLASS, CKO_DATA);
	attr_set_bool(&list, CKA_PRIVATE, private);
	attr_set(&list, CKA_LABEL, view_str(label));
	sw = bare_card_send(&card, 0x80480000, view_buf(&list));
	buf_free(&list);
	return sw;
}

static void a_fresh_card_has_a_blank_token(void)
{
	uint8_t digest[SHA256_SIZE], empty[SHA256_SIZE];

	bare_card_new(&card);
	CU_ASSERT_EQUAL(info(), SW_OK);
	CU_ASSERT_TRUE(view_equal(field(0x80), view_str("                                ")));
	CU_ASSERT_EQUAL(field(0x81).len, CVC_ID);
	CU_ASSERT_TRUE(view_equal(field(0x82), view_of("\0", 1)));
	CU_ASSERT_TRUE(view_equal(field(0x83), view_of("\0", 1)));
	CU_ASSERT_TRUE(view_equal(field(0x84), view_of("\0", 1)));
	CU_ASSERT_EQUAL(field(0x85).len, 8);
	CU_ASSERT_EQUAL(field(0x86).len, 8);
	CU_ASSERT_TRUE(view_equal(field(0x87), view_of("\x01\0", 2)));
	CU_ASSERT_EQUAL(token_change_counter(card.nvm), 0);
	CU_ASSERT_EQUAL(token_public_digest(card.nvm, digest), RC_OK);
	CU_ASSERT_EQUAL(crypto_sha256(view_of(NULL, 0), empty), RC_OK);
	CU_ASSERT_TRUE(view_equal(view_of(digest, 32), view_of(empty, 32)));
	bare_card_free(&card);
}

static void initialising_sets_label_and_so_pin_durably(void)
{
	bare_card_new(&card);
	CU_ASSERT_EQUAL(bare_card_send_two(&card, 0x80400000, SO_PIN, LABEL), SW_OK);
	CU_ASSERT_EQUAL(token_change_counter(card.nvm), 1);
	bare_card_restart(&card);
	CU_ASSERT_EQUAL(info(), SW_OK);
	CU_ASSERT_TRUE(view_equal(field(0x80), view_str(LABEL)));
	CU_ASSERT_TRUE(view_equal(field(0x82), view_of("\x01", 1)));
	CU_ASSERT_TRUE(view_equal(field(0x83), view_of("\0", 1)));
	CU_ASSERT_TRUE(view_equal(field(0x84), view_of("\x05", 1)));
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_SO, SO_PIN), SW_OK);
	bare_card_free(&card);
}

static void initialising_again_needs_the_so_pin_and_destroys_everything(void)
{
	struct token_state before, after;

	bare_card_new_token(&card);
	CU_ASSERT_EQUAL(create_data("public", false), SW_OK);
	CU_ASSERT_EQUAL(create_data("private", true), SW_OK);
	CU_ASSERT_EQUAL(token_load(card.nvm, &before), RC_OK);
	CU_ASSERT_EQUAL(bare_card_send_two(&card, 0x80400000, "wrong", LABEL), SW_TRIES_LEFT | 4);
	CU_ASSERT_EQUAL(card.channels[0].pin, PIN_USER);
	CU_ASSERT_EQUAL(bare_card_send_two(&card, 0x80400000, SO_PIN, LABEL), SW_OK);
	CU_ASSERT_EQUAL(card.channels[0].pin, PIN_NONE);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_REFERENCE_DATA_UNUSABLE);
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x804A0000, view_of("\0\0\0\0", 4)), SW_OK);
	CU_ASSERT_TRUE(view_equal(view_buf(&card.answer), view_of("\0", 1)));
	CU_ASSERT_EQUAL(token_load(card.nvm, &after), RC_OK);
	CU_ASSERT_EQUAL(after.next_number, before.next_number);
	CU_ASSERT_TRUE(after.generation > before.generation);
	CU_ASSERT_TRUE(view_equal(view_of(after.unique, TOKEN_UNIQUE),
				  view_of(before.unique, TOKEN_UNIQUE)));
	CU_ASSERT_EQUAL(token_flags(card.nvm), TOKEN_INITIALISED);
	bare_card_free(&card);
}

static void initialising_ends_logins_on_other_channels(void)
{
	bare_card_new_token(&card);
	card.on = 1;
	CU_ASSERT_EQUAL(bare_card_send_two(&card, 0x80400000, SO_PIN, LABEL), SW_OK);
	CU_ASSERT_FALSE(pin_holds(card.nvm, &card.channels[0]));
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_SO, SO_PIN), SW_OK);
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x002C0201, view_str(USER_PIN)), SW_OK);
	CU_ASSERT_FALSE(pin_holds(card.nvm, &card.channels[0]));
	bare_card_free(&card);
}

static void malformed_commands_are_refused(void)
{
	static const struct {
		uint32_t header;
		const char *data;
		uint16_t sw;
	} rows[] = {
		{0x80400100, "", SW_INCORRECT_P1P2},
		{0x80400001, "", SW_INCORRECT_P1P2},
		{0x80400000, "", SW_WRONG_DATA},
		{0x80400000,
		 "\x80\x04"
		 "1234",
		 SW_WRONG_DATA},
		{0x80400000,
		 "\x80\x04"
		 "1234\x81\x03"
		 "abc",
		 SW_WRONG_DATA},
		{0x80400000,
		 "\x80\x03"
		 "123\x81\x20" LABEL,
		 SW_WRONG_LENGTH},
		{0x80400000,
		 "\x80\x04"
		 "1234\x81\x20" LABEL "x",
		 SW_WRONG_DATA},
		{0x80420100, "", SW_INCORRECT_P1P2},
		{0x80420000, "x", SW_WRONG_LENGTH},
		{0x80440001, "", SW_INCORRECT_P1P2},
		{0x80440000, "", SW_WRONG_LENGTH},
	};

	bare_card_new(&card);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(bare_card_send(&card, rows[i].header, view_str(rows[i].data)),
				rows[i].sw);
	CU_ASSERT_EQUAL(token_flags(card.nvm), 0);
	bare_card_free(&card);
}

static void random_bytes_come_in_the_length_asked_for(void)
{
	uint8_t first[32];
	struct view got;

	bare_card_new(&card);
	card.le = 32;
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x80440000, view_of(NULL, 0)), SW_OK);
	CU_ASSERT_EQUAL_FATAL(card.answer.len, 32);
	got = view_buf(&card.answer);
	CU_ASSERT_EQUAL(view_copy(&got, first, 32), RC_OK);
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x80440000, view_of(NULL, 0)), SW_OK);
	CU_ASSERT_FALSE(view_equal(view_of(first, 32), view_buf(&card.answer)));
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x80440000, view_str("x")), SW_WRONG_LENGTH);
	card.le = 65536;
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x80440000, view_of(NULL, 0)), SW_WRONG_LENGTH);
	card.le = 0;
	bare_card_free(&card);
}

static void the_digest_follows_public_objects_only(void)
{
	uint8_t before[SHA256_SIZE], after[SHA256_SIZE];
	uint64_t changes;

	bare_card_new_token(&card);
	CU_ASSERT_EQUAL(create_data("one", false), SW_OK);
	CU_ASSERT_EQUAL(token_public_digest(card.nvm, before), RC_OK);
	changes = token_change_counter(card.nvm);
	CU_ASSERT_EQUAL(create_data("hidden", true), SW_OK);
	CU_ASSERT_EQUAL(token_public_digest(card.nvm, after), RC_OK);
	CU_ASSERT_TRUE(view_equal(view_of(before, 32), view_of(after, 32)));
	CU_ASSERT_EQUAL(token_change_counter(card.nvm), changes);
	CU_ASSERT_EQUAL(create_data("two", false), SW_OK);
	CU_ASSERT_EQUAL(token_public_digest(card.nvm, after), RC_OK);
	CU_ASSERT_FALSE(view_equal(view_of(before, 32), view_of(after, 32)));
	CU_ASSERT_EQUAL(token_change_counter(card.nvm), changes + 1);
	bare_card_free(&card);
}

static void every_result_has_its_status_word(void)
{
	CU_ASSERT_EQUAL(command_sw(RC_OK), SW_OK);
	CU_ASSERT_EQUAL(command_sw(RC_MALFORMED), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(command_sw(RC_AUTH), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(command_sw(RC_POLICY), SW_CONDITIONS);
	CU_ASSERT_EQUAL(command_sw(RC_NOT_FOUND), SW_REFERENCE_NOT_FOUND);
	CU_ASSERT_EQUAL(command_sw(RC_FULL), SW_NOT_ENOUGH_MEMORY);
	CU_ASSERT_EQUAL(command_sw(RC_SPACE), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(command_sw(RC_IO), SW_MEMORY_FAILURE);
	CU_ASSERT_EQUAL(command_sw(RC_DAMAGED), SW_MEMORY_FAILURE);
	CU_ASSERT_EQUAL(command_sw(RC_CRYPTO), SW_NO_DIAGNOSIS);
	CU_ASSERT_EQUAL(command_sw(RC_MEMORY), SW_NO_DIAGNOSIS);
}

static CU_TestInfo tests[] = {
	{"a fresh card has a blank token", a_fresh_card_has_a_blank_token},
	{"initialising sets label and SO PIN durably", initialising_sets_label_and_so_pin_durably},
	{"initialising again needs the SO PIN and destroys everything",
	 initialising_again_needs_the_so_pin_and_destroys_everything},
	{"initialising ends logins on other channels", initialising_ends_logins_on_other_channels},
	{"malformed commands are refused", malformed_commands_are_refused},
	{"random bytes come in the length asked for", random_bytes_come_in_the_length_asked_for},
	{"the digest follows public objects only", the_digest_follows_public_objects_only},
	{"every result has its status word", every_result_has_its_status_word},
	CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
	{.pName = "token", .pTests = tests},
	CU_SUITE_INFO_NULL,
};

int main(void)
{
	return suite_run("card token", suites);
}
