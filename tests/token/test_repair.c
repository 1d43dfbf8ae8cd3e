/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an application sees when answers are lost, the card is reset, a counter of secure messaging
 * is out of step or the process forks: the CKR, the sentence, and that nothing acknowledged is lost
 * and nothing is stored twice.
 */
#include "tests/token/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "sc/messaging.h"
#include "sc/transport_embedded.h"
#include "tests/suite.h"
#include "token/slot.h"

/*
 * A line that can lose the next answer, report a reset before the next command, or say in place of
 * every answer that the card has no session.
 */
static enum { LINE_GOOD, LINE_LOSES_ANSWER, LINE_RESETS, LINE_FORGES } line;

static enum rc line_transmit(void *handle, struct view command, struct buf *response)
{
	struct buf lost;
	enum rc rc;

	if (line == LINE_GOOD)
		return transport_embedded_ops.transmit(handle, command, response);
	if (line == LINE_RESETS) {
		line = LINE_GOOD;
		rc = transport_embedded_ops.reset(handle);
		return rc == RC_OK ? RC_RESET : rc;
	}
	buf_init(&lost, APDU_RESPONSE_MAX);
	if (line == LINE_FORGES) {
		struct apdu apdu;

		if (apdu_parse(command, &apdu) != RC_OK || !apdu_is_protected(apdu.cla))
			return transport_embedded_ops.transmit(handle, command, response);
		rc = transport_embedded_ops.transmit(handle, command, &lost);
		buf_free(&lost);
		buf_u16(response, SW_SECURITY_STATUS);
		return rc;
	}
	line = LINE_GOOD;
	rc = transport_embedded_ops.transmit(handle, command, &lost);
	buf_free(&lost);
	return rc == RC_OK ? RC_IO : rc;
}

/*
 * The host's counters, by the linker's --wrap: one command is protected that nobody sends, or one
 * answer of the card is verified under the counter after its own; or leaf 1 is read, which was
 * pruned, in place of the one that is asked for.
 */
static enum { STEP_GOOD, STEP_COMMAND, STEP_ANSWER, STEP_PRUNED } step;
enum { INS_OPEN_RECORD = 0xD4 };
enum rc __wrap_messaging_protect(struct messaging *sm, const struct apdu *plain, struct apdu *ret);
enum rc __real_messaging_protect(struct messaging *sm, const struct apdu *plain, struct apdu *ret);
enum rc __wrap_messaging_verify(struct messaging *sm, struct view data, uint16_t sw,
				struct view *ret);
enum rc __real_messaging_verify(struct messaging *sm, struct view data, uint16_t sw,
				struct view *ret);

enum rc __wrap_messaging_protect(struct messaging *sm, const struct apdu *plain, struct apdu *ret)
{
	enum rc rc;

	if (step == STEP_COMMAND) {
		step = STEP_GOOD;
		rc = __real_messaging_protect(sm, plain, ret);
		if (rc != RC_OK)
			return rc;
	}
	if (step == STEP_PRUNED && plain->ins == INS_OPEN_RECORD) {
		struct apdu changed = *plain;
		struct view ledger_number = view_of(plain->data.data, 4);
		struct buf data;

		step = STEP_GOOD;
		buf_init(&data, 12);
		buf_view(&data, ledger_number);
		buf_u64(&data, 1);
		changed.data = view_buf(&data);
		rc = __real_messaging_protect(sm, &changed, ret);
		buf_free(&data);
		return rc;
	}
	return __real_messaging_protect(sm, plain, ret);
}

enum rc __wrap_messaging_verify(struct messaging *sm, struct view data, uint16_t sw,
				struct view *ret)
{
	enum rc rc;

	if (step == STEP_ANSWER) {
		step = STEP_GOOD;
		rc = __real_messaging_verify(sm, data, sw, ret);
		if (rc != RC_OK)
			return rc;
	}
	return __real_messaging_verify(sm, data, sw, ret);
}

static struct transport_ops line_ops;
static struct source line_source;

static enum rc line_open(struct slot *slot, struct transport **ret_transport,
			 struct identity **ret_identity)
{
	char path[256];
	enum rc rc;

	snprintf(path, sizeof(path), "%s/cards/%s/host", slot->config->data, slot->name);
	rc = identity_load(path, NULL, ret_identity);
	if (rc != RC_OK)
		return rc;
	snprintf(path, sizeof(path), "%s/cards/%s/card", slot->config->data, slot->name);
	return transport_open(&line_ops, path, NULL, ret_transport);
}

static CK_OBJECT_HANDLE ledger, public, private;
enum { LONG_RECORD = 65536 }; /* has two leaves */

static int set_up(void)
{
	if (fixture_start() != 0)
		return 1;
	line_ops = transport_embedded_ops;
	line_ops.transmit = line_transmit;
	line_source = embedded_source;
	line_source.open = line_open;
	token_disconnect(fixture.slot);
	fixture.slot->source = &line_source;
	return token_connect(fixture.slot) != CKR_OK || fixture_login(USER_PIN) != CKR_OK ||
	       fixture_ledger("invoices", &ledger) != CKR_OK ||
	       fixture_ec("key", &public, &private) != CKR_OK;
}

static CK_RV seal_bytes(CK_BYTE nonce, const void *in, CK_ULONG in_len)
{
	CK_INTAGLIO_SEAL_PARAMS p = {.nonce = {[15] = nonce}, .ulType = 1, .ullTime = 1};
	CK_MECHANISM mechanism = {CKM_INTAGLIO_SEAL, &p, sizeof(p)};
	static CK_BYTE out[LONG_RECORD + CK_INTAGLIO_SEAL_OVERHEAD];
	CK_ULONG len = sizeof(out);
	CK_RV rv = operation_init(fixture.rw, OPERATION_ENCRYPT, &mechanism, ledger);

	if (rv != CKR_OK)
		return rv;
	return operation_single(fixture.rw, OPERATION_ENCRYPT, (CK_BYTE_PTR)in, in_len, out, &len);
}

static CK_RV seal(CK_BYTE nonce)
{
	return seal_bytes(nonce, "record", 6);
}

static CK_ULONG record_count(void)
{
	CK_ULONG count = 0;
	CK_ATTRIBUTE attribute = {CKA_INTAGLIO_RECORD_COUNT, &count, sizeof(count)};

	CU_ASSERT_EQUAL(session_get_attributes(fixture.ro, ledger, &attribute, 1), CKR_OK);
	return count;
}

static CK_STATE state(void)
{
	CK_SESSION_INFO info;

	CU_ASSERT_EQUAL(session_info(fixture.rw, &info), CKR_OK);
	return info.state;
}

static CK_RV sign(void)
{
	CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
	CK_BYTE digest[32] = {1}, out[64];
	CK_ULONG len = sizeof(out);
	CK_RV rv = operation_init(fixture.rw, OPERATION_SIGN, &mechanism, private);

	if (rv != CKR_OK)
		return rv;
	return operation_single(fixture.rw, OPERATION_SIGN, digest, sizeof(digest), out, &len);
}

/* The handles of private objects are new after every login. */
static CK_RV login_again(void)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE template = {CKA_CLASS, &class, sizeof(class)};
	CK_ULONG count = 0;
	CK_RV rv = fixture_login(USER_PIN);

	if (rv == CKR_OK)
		rv = session_find_init(fixture.rw, &template, 1);
	if (rv == CKR_OK)
		rv = session_find(fixture.rw, &private, 1, &count);
	if (rv == CKR_OK)
		rv = session_find_final(fixture.rw);
	return rv == CKR_OK && count != 1 ? CKR_GENERAL_ERROR : rv;
}

static void a_reset_without_a_login_is_not_noticed(void)
{
	CK_TOKEN_INFO info;

	CU_ASSERT_EQUAL(fixture_logout(), CKR_OK);
	log_forget();
	line = LINE_RESETS;
	CU_ASSERT_EQUAL(token_info(fixture.slot, 0, 0, &info), CKR_OK);
	CU_ASSERT_EQUAL(line, LINE_GOOD);
	CU_ASSERT_STRING_EQUAL(log_last(), "");
	CU_ASSERT_EQUAL(login_again(), CKR_OK);
}

static void a_reset_ends_the_login_and_says_so_once(void)
{
	CU_ASSERT_EQUAL(sign(), CKR_OK);
	log_forget();
	line = LINE_RESETS;
	CU_ASSERT_EQUAL(sign(), CKR_USER_NOT_LOGGED_IN);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "log in again"));
	CU_ASSERT_EQUAL(state(), CKS_RW_PUBLIC_SESSION);
	log_forget();
	CU_ASSERT_EQUAL(sign(), CKR_KEY_HANDLE_INVALID);
	CU_ASSERT_STRING_EQUAL(log_last(), "");
	CU_ASSERT_EQUAL(login_again(), CKR_OK);
	CU_ASSERT_EQUAL(sign(), CKR_OK);
}

static void a_command_counter_out_of_step_without_a_login_is_not_noticed(void)
{
	struct sc_figures before, after;
	CK_TOKEN_INFO info;

	CU_ASSERT_EQUAL(fixture_logout(), CKR_OK);
	sc_figures(fixture.slot->sc, &before);
	log_forget();
	step = STEP_COMMAND;
	CU_ASSERT_EQUAL(token_info(fixture.slot, 0, 0, &info), CKR_OK);
	CU_ASSERT_EQUAL(token_refresh(fixture.slot), CKR_OK);
	CU_ASSERT_EQUAL(step, STEP_GOOD);
	CU_ASSERT_STRING_EQUAL(log_last(), "");
	sc_figures(fixture.slot->sc, &after);
	CU_ASSERT_EQUAL(after.sessions, before.sessions + 1);
	CU_ASSERT_EQUAL(login_again(), CKR_OK);
}

static void a_command_counter_out_of_step_ends_the_login_and_says_so_once(void)
{
	CU_ASSERT_EQUAL(sign(), CKR_OK);
	log_forget();
	step = STEP_COMMAND;
	CU_ASSERT_EQUAL(sign(), CKR_USER_NOT_LOGGED_IN);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "log in again"));
	CU_ASSERT_EQUAL(state(), CKS_RW_PUBLIC_SESSION);
	log_forget();
	CU_ASSERT_EQUAL(sign(), CKR_KEY_HANDLE_INVALID);
	CU_ASSERT_STRING_EQUAL(log_last(), "");
	CU_ASSERT_EQUAL(login_again(), CKR_OK);
	CU_ASSERT_EQUAL(sign(), CKR_OK);
}

/* The card has carried the command out, and its answer is not believed. */
static void an_answer_counter_out_of_step_is_a_device_error_and_stores_once(void)
{
	CK_ULONG before = record_count();

	log_forget();
	step = STEP_ANSWER;
	CU_ASSERT_EQUAL(seal(9), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(step, STEP_GOOD);
	CU_ASSERT_TRUE(*log_last() != '\0');
	CU_ASSERT_EQUAL(record_count(), before + 1);
	if (state() != CKS_RW_USER_FUNCTIONS)
		CU_ASSERT_EQUAL(login_again(), CKR_OK);
	CU_ASSERT_EQUAL(seal(9), CKR_OK);
	CU_ASSERT_EQUAL(record_count(), before + 1);
}

static void a_seal_whose_answer_was_lost_is_stored_once(void)
{
	CK_ULONG before = record_count();

	CU_ASSERT_EQUAL(seal(1), CKR_OK);
	CU_ASSERT_EQUAL(record_count(), before + 1);
	line = LINE_LOSES_ANSWER;
	CU_ASSERT_EQUAL(seal(2), CKR_DEVICE_ERROR);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "with the same nonce"));
	CU_ASSERT_EQUAL(record_count(), before + 2);
	if (state() != CKS_RW_USER_FUNCTIONS)
		CU_ASSERT_EQUAL(login_again(), CKR_OK);
	CU_ASSERT_EQUAL(seal(2), CKR_OK);
	CU_ASSERT_EQUAL(record_count(), before + 2);
}

static void a_seal_refused_for_a_reset_stores_nothing(void)
{
	CK_ULONG before = record_count();

	line = LINE_RESETS;
	CU_ASSERT_EQUAL(seal(3), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(record_count(), before);
	CU_ASSERT_EQUAL(seal(3), CKR_USER_NOT_LOGGED_IN);
	CU_ASSERT_EQUAL(login_again(), CKR_OK);
	CU_ASSERT_EQUAL(seal(3), CKR_OK);
	CU_ASSERT_EQUAL(record_count(), before + 1);
}

/* As when another process prunes between the seal and the reading of the first leaf. */
static void a_record_pruned_before_its_answer_is_said_to_be_sealed(void)
{
	static const CK_BYTE record[LONG_RECORD] = {1};
	CK_ULONG before;

	CU_ASSERT_EQUAL(seal(4), CKR_OK);
	CU_ASSERT_EQUAL(session_prune_ledger(fixture.rw, ledger, 2), CKR_OK);
	before = record_count();
	log_forget();
	step = STEP_PRUNED;
	CU_ASSERT_EQUAL(seal_bytes(5, record, sizeof(record)), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(step, STEP_GOOD);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "the record is sealed, and was pruned"));
	CU_ASSERT_TRUE(record_count() > before);
	before = record_count();
	CU_ASSERT_EQUAL(seal_bytes(5, record, sizeof(record)), CKR_OK);
	CU_ASSERT_EQUAL(record_count(), before);
}

static void a_lost_answer_to_a_login_leaves_nobody_logged_in(void)
{
	CU_ASSERT_EQUAL(fixture_logout(), CKR_OK);
	line = LINE_LOSES_ANSWER;
	CU_ASSERT_NOT_EQUAL(fixture_login(USER_PIN), CKR_OK);
	CU_ASSERT_EQUAL(state(), CKS_RW_PUBLIC_SESSION);
	CU_ASSERT_EQUAL(login_again(), CKR_OK);
	CU_ASSERT_EQUAL(sign(), CKR_OK);
}

static void a_forged_refusal_of_a_wrong_pin_costs_one_try(void)
{
	uint8_t before;

	CU_ASSERT_EQUAL(fixture_logout(), CKR_OK);
	CU_ASSERT_EQUAL(token_refresh(fixture.slot), CKR_OK);
	before = fixture.slot->token.user_tries;
	line = LINE_FORGES;
	CU_ASSERT_EQUAL(fixture_login("000000"), CKR_DEVICE_ERROR);
	line = LINE_GOOD;
	CU_ASSERT_EQUAL(token_refresh(fixture.slot), CKR_OK);
	CU_ASSERT_EQUAL(fixture.slot->token.user_tries, before - 1);
	CU_ASSERT_EQUAL(login_again(), CKR_OK);
}

static void a_reset_at_a_find_leaves_the_public_objects(void)
{
	CK_OBJECT_HANDLE list[8];
	CK_ULONG count = 0;

	fixture.slot->public_known = false;
	line = LINE_RESETS;
	CU_ASSERT_EQUAL(session_find_init(fixture.ro, NULL, 0), CKR_OK);
	CU_ASSERT_EQUAL(session_find(fixture.ro, list, 8, &count), CKR_OK);
	CU_ASSERT_EQUAL(session_find_final(fixture.ro), CKR_OK);
	CU_ASSERT_EQUAL(count, 2);
	CU_ASSERT_EQUAL(state(), CKS_RW_PUBLIC_SESSION);
	CU_ASSERT_EQUAL(login_again(), CKR_OK);
}

/* The child only frees: what it does is no business of the card's, and the parent goes on. */
static void a_forked_child_touches_nothing_of_the_parent_s(void)
{
	int status = 1;
	pid_t child;

	CU_ASSERT_EQUAL(sign(), CKR_OK);
	child = fork();
	if (child == 0) {
		CK_RV rv = sign();

		slots_close(&fixture.slots);
		_exit(rv == CKR_OK ? 1 : 0);
	}
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CU_ASSERT_EQUAL(sign(), CKR_OK);
	CU_ASSERT_EQUAL(state(), CKS_RW_USER_FUNCTIONS);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"a_reset_without_a_login_is_not_noticed", a_reset_without_a_login_is_not_noticed},
		{"a_reset_ends_the_login_and_says_so_once",
		 a_reset_ends_the_login_and_says_so_once},
		{"a_command_counter_out_of_step_without_a_login_is_not_noticed",
		 a_command_counter_out_of_step_without_a_login_is_not_noticed},
		{"a_command_counter_out_of_step_ends_the_login_and_says_so_once",
		 a_command_counter_out_of_step_ends_the_login_and_says_so_once},
		{"an_answer_counter_out_of_step_is_a_device_error_and_stores_once",
		 an_answer_counter_out_of_step_is_a_device_error_and_stores_once},
		{"a_seal_whose_answer_was_lost_is_stored_once",
		 a_seal_whose_answer_was_lost_is_stored_once},
		{"a_seal_refused_for_a_reset_stores_nothing",
		 a_seal_refused_for_a_reset_stores_nothing},
		{"a_record_pruned_before_its_answer_is_said_to_be_sealed",
		 a_record_pruned_before_its_answer_is_said_to_be_sealed},
		{"a_lost_answer_to_a_login_leaves_nobody_logged_in",
		 a_lost_answer_to_a_login_leaves_nobody_logged_in},
		{"a_forged_refusal_of_a_wrong_pin_costs_one_try",
		 a_forged_refusal_of_a_wrong_pin_costs_one_try},
		{"a_reset_at_a_find_leaves_the_public_objects",
		 a_reset_at_a_find_leaves_the_public_objects},
		{"a_forked_child_touches_nothing_of_the_parent_s",
		 a_forked_child_touches_nothing_of_the_parent_s},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "repair",
		 .pInitFunc = set_up,
		 .pCleanupFunc = fixture_stop,
		 .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("repair", suites);
}
