/* SPDX-License-Identifier: BSD-2-Clause */
/* VERIFY, CHANGE REFERENCE DATA and RESET RETRY COUNTER, as doc/commands.md has them. */
#include "card/pin.h"

#include <errno.h>

#include "tests/card/bare_card.h"
#include "tests/disk.h"
#include "tests/suite.h"

static struct bare_card card;

/* What look has seen. */
enum { SEEN = 64 };
static uint8_t seen[SEEN];
static unsigned int seen_count;

static uint8_t left(enum pin_reference ref)
{
	struct pin_record record;

	CU_ASSERT_EQUAL_FATAL(pin_record_load(card.nvm, ref, &record), RC_OK);
	return pin_record_left(&record);
}

static void a_pin_that_is_not_set_cannot_be_verified(void)
{
	bare_card_new(&card);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_REFERENCE_DATA_UNUSABLE);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_SO, SO_PIN), SW_REFERENCE_DATA_UNUSABLE);
	CU_ASSERT_EQUAL(bare_card_send_two(&card, 0x00240001, USER_PIN, "4321"),
			SW_REFERENCE_DATA_UNUSABLE);
	CU_ASSERT_EQUAL(bare_card_send_two(&card, 0x002C0001, SO_PIN, "4321"),
			SW_REFERENCE_DATA_UNUSABLE);
	bare_card_free(&card);
}

static void a_right_pin_gives_the_user_key_and_logout_takes_it(void)
{
	bare_card_new_token(&card);
	CU_ASSERT_EQUAL(card.channels[0].pin, PIN_USER);
	CU_ASSERT_PTR_NOT_NULL(card.channels[0].user_key);
	CU_ASSERT_EQUAL(card.ram->logins, 1);
	CU_ASSERT_EQUAL(left(PIN_REFERENCE_USER), PIN_TRIES);
	CU_ASSERT_EQUAL(card.channels[1].pin, PIN_NONE);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_SO, SO_PIN), SW_CONDITIONS);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	CU_ASSERT_EQUAL(card.ram->logins, 1);
	bare_card_logout(&card);
	CU_ASSERT_EQUAL(card.channels[0].pin, PIN_NONE);
	CU_ASSERT_PTR_NULL(card.channels[0].user_key);
	CU_ASSERT_EQUAL(card.ram->logins, 0);
	bare_card_free(&card);
}

static void wrong_pins_count_down_to_a_locked_pin_that_stays_locked(void)
{
	bare_card_new_token(&card);
	bare_card_logout(&card);
	for (uint16_t i = PIN_TRIES; i > 0; i--) {
		CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, "wrong"),
				SW_TRIES_LEFT | (i - 1));
		bare_card_restart(&card);
		CU_ASSERT_EQUAL(left(PIN_REFERENCE_USER), i - 1);
	}
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_BLOCKED);
	CU_ASSERT_EQUAL(bare_card_send_two(&card, 0x00240001, USER_PIN, "4321"), SW_BLOCKED);
	CU_ASSERT_EQUAL(token_flags(card.nvm),
			TOKEN_INITIALISED | TOKEN_USER_PIN_SET | TOKEN_USER_PIN_LOCKED);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_SO, SO_PIN), SW_OK);
	bare_card_free(&card);
}

static void a_right_pin_fills_the_counter_again_and_flags_follow(void)
{
	static const uint8_t flags[] = {0, TOKEN_USER_PIN_LOW, TOKEN_USER_PIN_LOW,
					TOKEN_USER_PIN_LOW,
					TOKEN_USER_PIN_LOW | TOKEN_USER_PIN_FINAL};
	uint64_t changes;

	bare_card_new_token(&card);
	bare_card_logout(&card);
	changes = token_change_counter(card.nvm);
	for (size_t i = 1; i < sizeof(flags); i++) {
		CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, "wrong"),
				SW_TRIES_LEFT | (PIN_TRIES - i));
		CU_ASSERT_EQUAL(token_flags(card.nvm),
				TOKEN_INITIALISED | TOKEN_USER_PIN_SET | flags[i]);
		CU_ASSERT_EQUAL(token_change_counter(card.nvm), changes + i);
	}
	changes = token_change_counter(card.nvm);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	CU_ASSERT_EQUAL(left(PIN_REFERENCE_USER), PIN_TRIES);
	CU_ASSERT_EQUAL(token_flags(card.nvm), TOKEN_INITIALISED | TOKEN_USER_PIN_SET);
	CU_ASSERT_EQUAL(token_change_counter(card.nvm), changes + 1);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	CU_ASSERT_EQUAL(token_change_counter(card.nvm), changes + 1);
	bare_card_free(&card);
}

static void pins_of_a_wrong_length_are_refused_uncounted(void)
{
	static const char long_pin[] =
		"12345678901234567890123456789012345678901234567890123456789012345";

	bare_card_new_token(&card);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, ""), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, "123"), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, long_pin), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(bare_card_send_two(&card, 0x00240001, USER_PIN, "123"), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(bare_card_send_two(&card, 0x00240001, USER_PIN, long_pin), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(bare_card_send_two(&card, 0x002C0001, SO_PIN, "123"), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(left(PIN_REFERENCE_USER), PIN_TRIES);
	CU_ASSERT_EQUAL(left(PIN_REFERENCE_SO), PIN_TRIES);
	bare_card_free(&card);
}

static void malformed_commands_are_refused(void)
{
	static const struct {
		uint32_t header;
		const char *data;
		uint16_t sw;
	} rows[] = {
		{0x00200003, USER_PIN, SW_INCORRECT_P1P2},
		{0x00200101, USER_PIN, SW_INCORRECT_P1P2},
		{0x0020FF01, "", SW_INCORRECT_P1P2},
		{0x0020FF00, "x", SW_WRONG_LENGTH},
		{0x00240003, "", SW_INCORRECT_P1P2},
		{0x00240101, "", SW_INCORRECT_P1P2},
		{0x00240001, "", SW_WRONG_DATA},
		{0x00240001,
		 "\x80\x04"
		 "1234",
		 SW_WRONG_DATA},
		{0x00240001,
		 "\x80\x04"
		 "1234\x81\x05"
		 "4321",
		 SW_WRONG_DATA},
		{0x00240001,
		 "\x81\x04"
		 "1234\x80\x04"
		 "4321",
		 SW_WRONG_DATA},
		{0x00240001,
		 "\x80\x04"
		 "1234\x81\x04"
		 "4321x",
		 SW_WRONG_DATA},
		{0x002C0002, "", SW_INCORRECT_P1P2},
		{0x002C0101, "", SW_INCORRECT_P1P2},
		{0x002C0001,
		 "\x80\x04"
		 "1234",
		 SW_WRONG_DATA},
		{0x002C0201, "4321", SW_SECURITY_STATUS},
	};

	bare_card_new_token(&card);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(bare_card_send(&card, rows[i].header, view_str(rows[i].data)),
				rows[i].sw);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	bare_card_free(&card);
}

static void a_changed_pin_is_the_only_one_and_ends_other_logins(void)
{
	bare_card_new_token(&card);
	card.on = 1;
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	card.on = 0;
	CU_ASSERT_EQUAL(bare_card_send_two(&card, 0x00240001, "wrong", "4321"), SW_TRIES_LEFT | 4);
	CU_ASSERT_EQUAL(bare_card_send_two(&card, 0x00240001, USER_PIN, "4321"), SW_OK);
	CU_ASSERT_EQUAL(left(PIN_REFERENCE_USER), PIN_TRIES);
	CU_ASSERT_TRUE(pin_holds(card.nvm, &card.channels[0]));
	CU_ASSERT_FALSE(pin_holds(card.nvm, &card.channels[1]));
	bare_card_restart(&card);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_TRIES_LEFT | 4);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, "4321"), SW_OK);
	bare_card_logout(&card);
	CU_ASSERT_EQUAL(bare_card_send_two(&card, 0x00240002, SO_PIN, "so-new"), SW_OK);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_SO, SO_PIN), SW_TRIES_LEFT | 4);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_SO, "so-new"), SW_OK);
	bare_card_free(&card);
}

/* Locks the user PIN and leaves nobody logged in. */
static void lock_user_pin(void)
{
	bare_card_logout(&card);
	for (unsigned int i = 0; i < PIN_TRIES; i++)
		CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, "wrong") & 0xFFF0, SW_TRIES_LEFT);
}

static void the_so_unlocks_the_user_pin_and_private_objects_survive(void)
{
	uint8_t key[CARD_KEY_SIZE] = {0};
	struct view before = view_of(key, sizeof(key)), now;

	bare_card_new_token(&card);
	now = view_of(card.channels[0].user_key, CARD_KEY_SIZE);
	CU_ASSERT_EQUAL(view_copy(&now, key, sizeof(key)), RC_OK);
	lock_user_pin();
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x002C0201, view_str("4321")), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_SO, SO_PIN), SW_OK);
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x002C0201, view_str("123")), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x002C0201, view_str("4321")), SW_OK);
	CU_ASSERT_TRUE(pin_holds(card.nvm, &card.channels[0]));
	bare_card_logout(&card);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, "4321"), SW_OK);
	CU_ASSERT_TRUE(view_equal(before, view_of(card.channels[0].user_key, CARD_KEY_SIZE)));
	bare_card_free(&card);
}

static void the_so_pin_unlocks_without_login_on_its_own_counter(void)
{
	bare_card_new_token(&card);
	lock_user_pin();
	CU_ASSERT_EQUAL(bare_card_send_two(&card, 0x002C0001, "wrong", "4321"), SW_TRIES_LEFT | 4);
	CU_ASSERT_EQUAL(token_flags(card.nvm) & TOKEN_SO_PIN_LOW, TOKEN_SO_PIN_LOW);
	CU_ASSERT_EQUAL(bare_card_send_two(&card, 0x002C0001, SO_PIN, "4321"), SW_OK);
	CU_ASSERT_EQUAL(left(PIN_REFERENCE_SO), PIN_TRIES);
	CU_ASSERT_EQUAL(card.channels[0].pin, PIN_NONE);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, "4321"), SW_OK);
	bare_card_logout(&card);
	for (unsigned int i = PIN_TRIES; i > 0; i--)
		CU_ASSERT_EQUAL(bare_card_send_two(&card, 0x002C0001, "wrong", "4321"),
				SW_TRIES_LEFT | (i - 1));
	CU_ASSERT_EQUAL(bare_card_send_two(&card, 0x002C0001, SO_PIN, "4321"), SW_BLOCKED);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_SO, SO_PIN), SW_BLOCKED);
	bare_card_free(&card);
}

static void an_attempt_that_was_begun_and_not_judged_counts(void)
{
	struct pin_record record;

	bare_card_new_token(&card);
	bare_card_logout(&card);
	CU_ASSERT_EQUAL(pin_record_load(card.nvm, PIN_REFERENCE_USER, &record), RC_OK);
	record.pending = 2;
	CU_ASSERT_EQUAL(nvm_begin(card.nvm), RC_OK);
	pin_record_put(card.nvm, PIN_REFERENCE_USER, &record);
	CU_ASSERT_EQUAL(nvm_commit(card.nvm, NULL, NULL), RC_OK);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, "wrong"), SW_TRIES_LEFT | 2);
	CU_ASSERT_EQUAL(pin_record_load(card.nvm, PIN_REFERENCE_USER, &record), RC_OK);
	record.pending = record.tries;
	CU_ASSERT_EQUAL(nvm_begin(card.nvm), RC_OK);
	pin_record_put(card.nvm, PIN_REFERENCE_USER, &record);
	CU_ASSERT_EQUAL(nvm_commit(card.nvm, NULL, NULL), RC_OK);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_BLOCKED);
	CU_ASSERT_EQUAL(token_flags(card.nvm) & TOKEN_USER_PIN_LOCKED, TOKEN_USER_PIN_LOCKED);
	bare_card_free(&card);
}

static void a_pin_changed_by_another_process_ends_the_login_here(void)
{
	struct bare_card other;

	bare_card_new_token(&card);
	bare_card_attach(&other, &card);
	CU_ASSERT_EQUAL(bare_card_send_two(&other, 0x00240001, USER_PIN, "4321"), SW_OK);
	CU_ASSERT_EQUAL(nvm_refresh(card.nvm), RC_OK);
	CU_ASSERT_FALSE(pin_holds(card.nvm, &card.channels[0]));
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_TRIES_LEFT | 4);
	bare_card_detach(&other);
	bare_card_free(&card);
}

/* A card on a simulated disk with a user PIN, nobody logged in. */
static struct disk *on_disk(void)
{
	struct disk *disk = disk_new();

	bare_card_new_on(&card, disk_io(disk));
	CU_ASSERT_EQUAL(bare_card_send_two(&card, 0x80400000, SO_PIN,
					   "label                           "),
			SW_OK);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_SO, SO_PIN), SW_OK);
	CU_ASSERT_EQUAL(bare_card_send(&card, 0x002C0201, view_str(USER_PIN)), SW_OK);
	bare_card_logout(&card);
	return disk;
}

/* The tries that are left if the power goes now and nothing pending survives. */
static void look(void *arg)
{
	struct disk *left_disk = disk_cut(arg, NULL);
	struct nvm_options options = {.io = disk_io(left_disk)};
	struct pin_record record = {.tries = 0};
	struct nvm *nvm = NULL;

	CU_ASSERT_EQUAL_FATAL(nvm_open("disk", &options, &nvm), RC_OK);
	CU_ASSERT_EQUAL(pin_record_load(nvm, PIN_REFERENCE_USER, &record), RC_OK);
	seen[seen_count++ % SEEN] = pin_record_left(&record);
	nvm_close(&nvm);
	disk_free(&left_disk);
}

static void an_attempt_is_durable_before_the_pin_is_compared(void)
{
	struct disk *disk = on_disk();

	seen_count = 0;
	disk_watch(disk, look, disk);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, "wrong"), SW_TRIES_LEFT | 4);
	disk_watch(disk, NULL, NULL);
	/* Before the last call, which makes the verdict durable, the attempt is. */
	CU_ASSERT_TRUE_FATAL(seen_count > 1 && seen_count <= SEEN);
	CU_ASSERT_EQUAL(seen[0], PIN_TRIES);
	CU_ASSERT_EQUAL(seen[seen_count - 1], PIN_TRIES - 1);
	bare_card_detach(&card);
	disk_free(&disk);
}

static void a_disk_that_fails_lets_nobody_in(void)
{
	unsigned long calls;
	struct disk *disk = on_disk();

	calls = disk_calls(disk);
	CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_OK);
	calls = disk_calls(disk) - calls;
	bare_card_detach(&card);
	disk_free(&disk);
	CU_ASSERT_TRUE(calls > 1);
	for (unsigned long i = 0; i < calls; i++) {
		disk = on_disk();
		disk_fail(disk, i, EIO);
		CU_ASSERT_EQUAL(bare_card_verify(&card, PIN_USER, USER_PIN), SW_MEMORY_FAILURE);
		CU_ASSERT_EQUAL(card.channels[0].pin, PIN_NONE);
		CU_ASSERT_PTR_NULL(card.channels[0].user_key);
		bare_card_detach(&card);
		disk_free(&disk);
	}
}

static CU_TestInfo tests[] = {
	{"a PIN that is not set cannot be verified", a_pin_that_is_not_set_cannot_be_verified},
	{"a right PIN gives the user key and logout takes it",
	 a_right_pin_gives_the_user_key_and_logout_takes_it},
	{"wrong PINs count down to a locked PIN that stays locked",
	 wrong_pins_count_down_to_a_locked_pin_that_stays_locked},
	{"a right PIN fills the counter again and flags follow",
	 a_right_pin_fills_the_counter_again_and_flags_follow},
	{"PINs of a wrong length are refused uncounted",
	 pins_of_a_wrong_length_are_refused_uncounted},
	{"malformed commands are refused", malformed_commands_are_refused},
	{"a changed PIN is the only one and ends other logins",
	 a_changed_pin_is_the_only_one_and_ends_other_logins},
	{"the SO unlocks the user PIN and private objects survive",
	 the_so_unlocks_the_user_pin_and_private_objects_survive},
	{"the SO PIN unlocks without login on its own counter",
	 the_so_pin_unlocks_without_login_on_its_own_counter},
	{"an attempt that was begun and not judged counts",
	 an_attempt_that_was_begun_and_not_judged_counts},
	{"a PIN changed by another process ends the login here",
	 a_pin_changed_by_another_process_ends_the_login_here},
	{"an attempt is durable before the PIN is compared",
	 an_attempt_is_durable_before_the_pin_is_compared},
	{"a disk that fails lets nobody in", a_disk_that_fails_lets_nobody_in},
	CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
	{.pName = "pin", .pTests = tests},
	CU_SUITE_INFO_NULL,
};

int main(void)
{
	return suite_run("card pin", suites);
}
