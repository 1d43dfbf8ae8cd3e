/* SPDX-License-Identifier: BSD-2-Clause */
/* Sessions, states, logins and PINs on a real card, PKCS#11 5.5 and 5.6. */
#include "tests/token/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "tests/suite.h"

static CK_RV set_pin(struct session *s, const char *old_pin, const char *new_pin)
{
	return session_set_pin(s, (CK_BYTE_PTR)old_pin, strlen(old_pin), (CK_BYTE_PTR)new_pin,
			       strlen(new_pin));
}

static CK_STATE state(struct session *s)
{
	CK_SESSION_INFO info;

	CU_ASSERT_EQUAL(session_info(s, &info), CKR_OK);
	return info.state;
}

static CK_FLAGS flags(void)
{
	CK_TOKEN_INFO info;

	CU_ASSERT_EQUAL(token_info(fixture.slot, 1, 1, &info), CKR_OK);
	return info.flags;
}

static void the_token_describes_itself(void)
{
	CK_TOKEN_INFO info;
	CK_SLOT_INFO slot;

	CU_ASSERT_EQUAL(slot_info(fixture.slot, &slot), CKR_OK);
	CU_ASSERT_EQUAL(
		strncmp((char *)slot.slotDescription, "Intaglio embedded card: default ", 32), 0);
	CU_ASSERT_EQUAL(slot.flags, CKF_TOKEN_PRESENT);
	CU_ASSERT_EQUAL(token_info(fixture.slot, 3, 2, &info), CKR_OK);
	CU_ASSERT_EQUAL(strncmp((char *)info.label, "test        ", 12), 0);
	CU_ASSERT_EQUAL(strncmp((char *)info.model, "Intaglio card   ", 16), 0);
	CU_ASSERT_NOT_EQUAL(info.serialNumber[0], ' ');
	CU_ASSERT_EQUAL(info.serialNumber[8], ' ');
	CU_ASSERT_EQUAL(info.ulSessionCount, 3);
	CU_ASSERT_EQUAL(info.ulRwSessionCount, 2);
	CU_ASSERT_EQUAL(info.flags & (CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED | CKF_RNG |
				      CKF_LOGIN_REQUIRED),
			CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED | CKF_RNG |
				CKF_LOGIN_REQUIRED);
	CU_ASSERT_STRING_EQUAL(slot_channel(fixture.slot), "SCP10 i=42, level 33");
}

static void login_moves_every_session_of_the_slot(void)
{
	CU_ASSERT_EQUAL(state(fixture.rw), CKS_RW_PUBLIC_SESSION);
	CU_ASSERT_EQUAL(state(fixture.ro), CKS_RO_PUBLIC_SESSION);
	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_OK);
	CU_ASSERT_EQUAL(state(fixture.rw), CKS_RW_USER_FUNCTIONS);
	CU_ASSERT_EQUAL(state(fixture.ro), CKS_RO_USER_FUNCTIONS);
	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_USER_ALREADY_LOGGED_IN);
	CU_ASSERT_EQUAL(fixture_login_so(SO_PIN), CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
	CU_ASSERT_EQUAL(session_login(fixture.rw, 7, (CK_BYTE_PTR)USER_PIN, 6),
			CKR_USER_TYPE_INVALID);
	CU_ASSERT_EQUAL(session_login(fixture.rw, CKU_CONTEXT_SPECIFIC, (CK_BYTE_PTR)USER_PIN, 6),
			CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_EQUAL(session_logout(fixture.ro), CKR_OK);
	CU_ASSERT_EQUAL(state(fixture.rw), CKS_RW_PUBLIC_SESSION);
	CU_ASSERT_EQUAL(fixture_logout(), CKR_USER_NOT_LOGGED_IN);
}

static void the_so_and_read_only_sessions_exclude_each_other(void)
{
	struct session *s = NULL;

	CU_ASSERT_EQUAL(fixture_login_so(SO_PIN), CKR_SESSION_READ_ONLY_EXISTS);
	session_close(&fixture.ro);
	CU_ASSERT_EQUAL(fixture_login_so(SO_PIN), CKR_OK);
	CU_ASSERT_EQUAL(state(fixture.rw), CKS_RW_SO_FUNCTIONS);
	CU_ASSERT_EQUAL(session_open(fixture.slot, CKF_SERIAL_SESSION, NULL, NULL, 3, &s),
			CKR_SESSION_READ_WRITE_SO_EXISTS);
	CU_ASSERT_PTR_NULL(s);
	CU_ASSERT_EQUAL(fixture_logout(), CKR_OK);
	CU_ASSERT_EQUAL(session_open(fixture.slot, CKF_SERIAL_SESSION, NULL, NULL, 3, &fixture.ro),
			CKR_OK);
	CU_ASSERT_EQUAL(session_open(fixture.slot, CKF_RW_SESSION, NULL, NULL, 4, &s),
			CKR_SESSION_PARALLEL_NOT_SUPPORTED);
}

static void the_last_session_to_close_logs_out(void)
{
	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_OK);
	session_close(&fixture.ro);
	session_close(&fixture.rw);
	CU_ASSERT_EQUAL(session_open(fixture.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
				     1, &fixture.rw),
			CKR_OK);
	CU_ASSERT_EQUAL(state(fixture.rw), CKS_RW_PUBLIC_SESSION);
	CU_ASSERT_EQUAL(session_open(fixture.slot, CKF_SERIAL_SESSION, NULL, NULL, 2, &fixture.ro),
			CKR_OK);
}

static void the_user_changes_the_pin(void)
{
	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_OK);
	CU_ASSERT_EQUAL(set_pin(fixture.ro, USER_PIN, "654321"), CKR_SESSION_READ_ONLY);
	CU_ASSERT_EQUAL(set_pin(fixture.rw, USER_PIN, "123"), CKR_PIN_LEN_RANGE);
	CU_ASSERT_EQUAL(set_pin(fixture.rw, "wrong pin", "654321"), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(set_pin(fixture.rw, USER_PIN, "654321"), CKR_OK);
	CU_ASSERT_EQUAL(state(fixture.rw), CKS_RW_USER_FUNCTIONS);
	CU_ASSERT_EQUAL(fixture_logout(), CKR_OK);
	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(set_pin(fixture.rw, "654321", USER_PIN), CKR_OK);
	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_OK);
	CU_ASSERT_EQUAL(fixture_logout(), CKR_OK);
}

static void a_pin_of_impossible_length_costs_no_try(void)
{
	CK_ULONG before = fixture_apdus();
	char long_pin[66];

	memset(long_pin, '1', 65);
	long_pin[65] = '\0';
	CU_ASSERT_EQUAL(fixture_login("123"), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(fixture_login(long_pin), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(fixture_apdus(), before);
	CU_ASSERT_FALSE(flags() & CKF_USER_PIN_COUNT_LOW);
}

static void a_wrong_pin_counts_down_says_so_and_locks(void)
{
	CK_FLAGS now;
	int wrong = 0;

	log_forget();
	CU_ASSERT_EQUAL(fixture_login("000000"), CKR_PIN_INCORRECT);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "card default: wrong PIN, "));
	CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), " left"));
	CU_ASSERT_TRUE(flags() & CKF_USER_PIN_COUNT_LOW);
	while (wrong++ < 10 && !(flags() & CKF_USER_PIN_LOCKED)) {
		if (flags() & CKF_USER_PIN_FINAL_TRY)
			CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "1 try left"));
		(void)fixture_login("000000");
	}
	now = flags();
	CU_ASSERT_TRUE(now & CKF_USER_PIN_LOCKED);
	log_forget();
	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_PIN_LOCKED);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "pkcs11-tool --unlock-pin"));
}

static void a_locked_pin_is_unlocked_with_the_so_pin(void)
{
	CU_ASSERT_TRUE_FATAL(flags() & CKF_USER_PIN_LOCKED);
	CU_ASSERT_EQUAL(set_pin(fixture.rw, "wrong-so-pin", "222222"), CKR_PIN_INCORRECT);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "wrong SO PIN"));
	CU_ASSERT_EQUAL(set_pin(fixture.rw, SO_PIN, USER_PIN), CKR_OK);
	CU_ASSERT_FALSE(flags() & CKF_USER_PIN_LOCKED);
	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_OK);
	CU_ASSERT_EQUAL(fixture_logout(), CKR_OK);
}

static void only_the_so_sets_the_user_pin(void)
{
	CK_BYTE_PTR pin = (CK_BYTE_PTR) "333333";

	CU_ASSERT_EQUAL(session_init_pin(fixture.rw, pin, 6), CKR_USER_NOT_LOGGED_IN);
	CU_ASSERT_EQUAL(session_init_pin(fixture.ro, pin, 6), CKR_USER_NOT_LOGGED_IN);
	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_OK);
	CU_ASSERT_EQUAL(session_init_pin(fixture.rw, pin, 6), CKR_USER_NOT_LOGGED_IN);
	CU_ASSERT_EQUAL(fixture_logout(), CKR_OK);
	session_close(&fixture.ro);
	CU_ASSERT_EQUAL(fixture_login_so(SO_PIN), CKR_OK);
	CU_ASSERT_EQUAL(session_init_pin(fixture.rw, pin, 3), CKR_PIN_LEN_RANGE);
	CU_ASSERT_EQUAL(session_init_pin(fixture.rw, (CK_BYTE_PTR)USER_PIN, 6), CKR_OK);
	CU_ASSERT_EQUAL(set_pin(fixture.rw, SO_PIN, "another-so-pin"), CKR_OK);
	CU_ASSERT_EQUAL(set_pin(fixture.rw, "another-so-pin", SO_PIN), CKR_OK);
	CU_ASSERT_EQUAL(fixture_logout(), CKR_OK);
	CU_ASSERT_EQUAL(session_open(fixture.slot, CKF_SERIAL_SESSION, NULL, NULL, 2, &fixture.ro),
			CKR_OK);
}

static void everything_is_there_after_a_restart(void)
{
	CU_ASSERT_EQUAL_FATAL(fixture_restart(), CKR_OK);
	CU_ASSERT_TRUE(flags() & CKF_TOKEN_INITIALIZED);
	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_OK);
	CU_ASSERT_EQUAL(fixture_logout(), CKR_OK);
}

static void a_token_is_initialised_again_with_the_so_pin_only(void)
{
	unsigned char label[32];

	memset(label, ' ', sizeof(label));
	memcpy(label, "again", 5);
	CU_ASSERT_EQUAL(token_init(fixture.slot, (CK_BYTE_PTR)SO_PIN, strlen(SO_PIN), label),
			CKR_SESSION_EXISTS);
	session_close(&fixture.ro);
	session_close(&fixture.rw);
	CU_ASSERT_EQUAL(token_init(fixture.slot, (CK_BYTE_PTR) "not-the-pin", 11, label),
			CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(token_init(fixture.slot, (CK_BYTE_PTR)SO_PIN, strlen(SO_PIN), label),
			CKR_OK);
	CU_ASSERT_FALSE(flags() & CKF_USER_PIN_INITIALIZED);
	CU_ASSERT_EQUAL_FATAL(fixture_restart(), CKR_OK);
	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_USER_PIN_NOT_INITIALIZED);
	CU_ASSERT_EQUAL(set_pin(fixture.rw, USER_PIN, "654321"), CKR_PIN_INCORRECT);
}

static void random_bytes_come_in_any_number(void)
{
	static CK_BYTE bytes[70000];
	size_t zeros = 0;

	CU_ASSERT_EQUAL(session_generate_random(fixture.ro, bytes, sizeof(bytes)), CKR_OK);
	for (size_t i = 0; i < sizeof(bytes); i++)
		zeros += bytes[i] == 0;
	CU_ASSERT_TRUE(zeros < 1000);
	CU_ASSERT_EQUAL(session_generate_random(fixture.ro, bytes, 0), CKR_OK);
	CU_ASSERT_EQUAL(session_seed_random(fixture.ro, bytes, 8), CKR_OK);
}

static void an_unreadable_directory_is_a_device_error_with_a_sentence(void)
{
	CK_TOKEN_INFO info;
	char from[128], to[128];

	snprintf(from, sizeof(from), "%s/intaglio/cards/default/host/host.key", fixture.root);
	snprintf(to, sizeof(to), "%s/intaglio/cards/default/host/gone.key", fixture.root);
	CU_ASSERT_EQUAL(rename(from, to), 0);
	log_forget();
	CU_ASSERT_EQUAL(fixture_restart(), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(token_info(fixture.slot, 0, 0, &info), CKR_DEVICE_ERROR);
	CU_ASSERT_TRUE(strlen(log_last()) > 0);
	CU_ASSERT_TRUE(slot_has_token(fixture.slot));
	CU_ASSERT_EQUAL(rename(to, from), 0);
	CU_ASSERT_EQUAL(token_info(fixture.slot, 0, 0, &info), CKR_OK);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"the_token_describes_itself", the_token_describes_itself},
		{"login_moves_every_session_of_the_slot", login_moves_every_session_of_the_slot},
		{"the_so_and_read_only_sessions_exclude_each_other",
		 the_so_and_read_only_sessions_exclude_each_other},
		{"the_last_session_to_close_logs_out", the_last_session_to_close_logs_out},
		{"the_user_changes_the_pin", the_user_changes_the_pin},
		{"a_pin_of_impossible_length_costs_no_try",
		 a_pin_of_impossible_length_costs_no_try},
		{"a_wrong_pin_counts_down_says_so_and_locks",
		 a_wrong_pin_counts_down_says_so_and_locks},
		{"a_locked_pin_is_unlocked_with_the_so_pin",
		 a_locked_pin_is_unlocked_with_the_so_pin},
		{"only_the_so_sets_the_user_pin", only_the_so_sets_the_user_pin},
		{"everything_is_there_after_a_restart", everything_is_there_after_a_restart},
		{"random_bytes_come_in_any_number", random_bytes_come_in_any_number},
		{"a_token_is_initialised_again_with_the_so_pin_only",
		 a_token_is_initialised_again_with_the_so_pin_only},
		{"an_unreadable_directory_is_a_device_error_with_a_sentence",
		 an_unreadable_directory_is_a_device_error_with_a_sentence},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "session",
		 .pInitFunc = fixture_start,
		 .pCleanupFunc = fixture_stop,
		 .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("session", suites);
}
