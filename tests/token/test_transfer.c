/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Installations through a principal card by the real host: what is cancelled, waited for, replayed or
 * claimed for another card, and what is torn (tests/token/tear.h). test_transfer powercut tears
 * everything everywhere, and prints how often; without that word it is thinned.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/sw.h"
#include "sc/transfer.h"
#include "sc/transport_embedded.h"
#include "tests/suite.h"
#include "tests/token/tear.h"
#include "tests/token/world.h"
#include "token/principal.h"

enum { RUNS = 200, TRACE = 64, PATIENCE = 3 };

static void begin(CK_ULONG protocol, bool shared, CK_ULONG activations)
{
	const struct world_plan plan = {
		.protocol = protocol, .shared = shared, .activations = activations};

	world_begin(&plan);
}

static bool is_untouched(CK_ULONG left)
{
	struct world_state s = world_state();

	return s.left == left && s.used == 0 && s.pending == 0 &&
	       s.events[CK_INTAGLIO_EVENT_CHARGED] == 0 && world_count(TARGET) == 0;
}

static void what_is_cancelled_costs_nothing_and_leaves_nothing(void)
{
	unsigned int stop = 1;
	CK_RV rv;

	begin(3, false, 1);
	while ((rv = world_install(TARGET, stop, 0)) == CKR_FUNCTION_CANCELED && stop < RUNS) {
		CU_ASSERT(is_untouched(1));
		stop++;
	}
	/*
	 * DELETE, INSTALL [for load] and three LOADs, each with the question for one more; the
	 * activation. At the end it is too late.
	 */
	CU_ASSERT_EQUAL(rv, CKR_OK);
	CU_ASSERT_EQUAL(stop, 10);
	CU_ASSERT_EQUAL(world_state().used, 1);
	CU_ASSERT_EQUAL(world_count(TARGET), 11);
}

static void begin_keeping(void)
{
	const struct world_plan plan = {
		.protocol = 3, .activations = 1, .flags = CK_INTAGLIO_PRINCIPAL_KEEP};

	world_begin(&plan);
}

static void what_keeps_older_versions_takes_back_what_it_brought(void)
{
	begin_keeping();
	/* Between the first file's LOADs there is nothing to take back, and nothing is left. */
	CU_ASSERT_EQUAL(world_install(TARGET, 6, 0), CKR_FUNCTION_CANCELED);
	CU_ASSERT_PTR_NULL(strstr(log_last(), "may be left"));
	CU_ASSERT(is_untouched(1));
	/* No DELETE, INSTALL [for load], three LOADs; then the activation is not wanted any more. */
	CU_ASSERT_EQUAL(world_install(TARGET, 8, 0), CKR_FUNCTION_CANCELED);
	CU_ASSERT_PTR_NULL(strstr(log_last(), "may be left"));
	CU_ASSERT(is_untouched(1));
	CU_ASSERT_EQUAL(world_install(TARGET, 0, 0), CKR_OK);
	CU_ASSERT_EQUAL(world_count(TARGET), 11);
}

/* The package looks like an older one: nothing is charged, and it is said what to do. */
static void delete_what_is_left(void)
{
	static const CK_INTAGLIO_AID name = {{0xF0, 1, 2, 3, 4, 5}, 6};

	CU_ASSERT_EQUAL(world_install(TARGET, 0, 0), CKR_ACTION_PROHIBITED);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "app delete --related"));
	CU_ASSERT_EQUAL(world_state().left, 1);
	world_open();
	CU_ASSERT_EQUAL(slot_delete_content(world_slot(TARGET), NULL, &name, true), CKR_OK);
	world_close();
}

/* From the end backwards, as far as the last block of the package. */
static void what_keeps_older_versions_is_torn_and_tried_again(void)
{
	struct disk *kept[CARDS];
	size_t left = 0, charged = 0;
	long n = 1;

	begin_keeping();
	world_keep(kept);
	for (world_lose(ALL, n); world_install(TARGET, 0, 0) != CKR_OK && n < RUNS; n++) {
		world_copy(kept);
		world_lose(ALL, n + 1);
	}
	for (n--; n > 0; n--) {
		struct world_state s;

		world_copy(kept);
		world_lose(ALL, n);
		world_install(TARGET, 0, 0);
		world_lose(NOBODY, 0);
		s = world_state();
		if (world_count(TARGET) == 0)
			break;
		left += s.used == 0;
		charged += s.pending != 0;
		if (s.used == 0)
			delete_what_is_left();
		CU_ASSERT_EQUAL(world_install(TARGET, 0, 0),
				s.used && !s.pending ? CKR_ACTION_PROHIBITED : CKR_OK);
		s = world_state();
		CU_ASSERT(s.used == 1 && s.left == 0 && s.pending == 0);
		CU_ASSERT_EQUAL(world_count(TARGET), 11);
	}
	CU_ASSERT(left >= 1 && charged >= 3);
	for (int k = 0; k < CARDS; k++)
		disk_free(&kept[k]);
}

static void without_an_activation_nothing_is_touched(void)
{
	begin(3, false, 0);
	CU_ASSERT_EQUAL(world_install(TARGET, 0, 0), CKR_ACTION_PROHIBITED);
	CU_ASSERT_EQUAL(world_install(TARGET, 0, CK_INTAGLIO_INSTALL_DRY_RUN),
			CKR_ACTION_PROHIBITED);
	CU_ASSERT(is_untouched(0));
}

/* 1 KiB blocks, and a reader of 255 bytes: an older version is still there, and nothing is charged. */
static void blocks_that_the_reader_cannot_carry_leave_the_target_as_it_was(void)
{
	const struct world_plan plan = {
		.protocol = 3, .activations = 1, .block = 1024, .upgrade = true};
	struct world_content was, is;

	world_begin(&plan);
	world_content(TARGET, &was);
	world_shorten(true);
	CU_ASSERT_EQUAL(world_install(TARGET, 0, CK_INTAGLIO_INSTALL_DRY_RUN), CKR_DATA_INVALID);
	CU_ASSERT_EQUAL(world_install(TARGET, 0, 0), CKR_DATA_INVALID);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "the target card is as it was"));
	world_shorten(false);
	world_content(TARGET, &is);
	CU_ASSERT(world_content_equal(&was, &is));
	CU_ASSERT_EQUAL(world_state().left, 1);
	CU_ASSERT_EQUAL(world_install(TARGET, 0, 0), CKR_OK);
	CU_ASSERT_EQUAL(world_count(TARGET), 11);
}

/* Torn after the activation: the pending entry is the first target's alone. */
static void a_retry_is_the_first_cards_and_others_wait(void)
{
	begin(3, false, 2);
	for (long n = 1; n < RUNS && !world_state().pending; n++) {
		world_lose(ALL, n);
		world_install(TARGET, 0, 0);
		world_lose(NOBODY, 0);
	}
	CU_ASSERT_EQUAL(world_state().pending, 1);
	/* Another card waits until it has enough of that, and is as it was. */
	CU_ASSERT_EQUAL(world_install(SECOND, 10, 0), CKR_FUNCTION_CANCELED);
	CU_ASSERT_EQUAL(world_waits(), 1);
	CU_ASSERT_EQUAL(world_count(SECOND), 0);
	CU_ASSERT_EQUAL(world_state().used, 1);
	CU_ASSERT_EQUAL(world_install(TARGET, 0, 0), CKR_OK);
	CU_ASSERT_EQUAL(world_state().used, 1);
	CU_ASSERT_EQUAL(world_waits(), 0);
	CU_ASSERT_EQUAL(world_install(SECOND, 0, 0), CKR_OK);
	CU_ASSERT_EQUAL(world_state().used, 2);
	CU_ASSERT_EQUAL(world_count(SECOND), 11);
	CU_ASSERT_EQUAL(world_count(TARGET), 11);
}

/* In slots that are open, and beside an installation that waits. */
static enum rc install_beside(int which, const struct transfer_order *order,
			      struct transfer_result *ret)
{
	const CK_INTAGLIO_KEY_SET bare = {.ulProtocol = 0};
	struct content target = {.slot = NULL};
	struct principal p;
	enum rc rc = RC_REMOVED;

	CU_ASSERT_EQUAL_FATAL(token_open_principal(world_slot(PRINCIPAL), &p), CKR_OK);
	if (content_open(world_slot(which), &bare, true, &target) == CKR_OK) {
		rc = transfer_run(p.card, target.gp, order, ret);
		content_close(&target);
	}
	token_close_principal(&p);
	return rc;
}

static CK_ULONG used_by_now(void)
{
	CK_INTAGLIO_PRINCIPAL_COUNTER counter[2];
	CK_INTAGLIO_PRINCIPAL_STATUS s = {.pCounters = counter, .ulCounterCount = 2};

	CU_ASSERT_EQUAL(slot_principal_status(world_slot(PRINCIPAL), &s), CKR_OK);
	return counter[0].ulUsed;
}

/* The first target's report is lost, so that others wait. */
static void spend_one(void)
{
	const struct transfer_order order = {.application = 1};
	static long n = 1; /* after which APDU it was the last time */
	CK_ULONG used = used_by_now();
	struct transfer_result result;

	for (; n < RUNS; n++) {
		world_lose(TARGET, n);
		if (install_beside(TARGET, &order, &result) == RC_OK)
			CU_FAIL_FATAL("nothing was lost");
		world_lose(NOBODY, 0);
		if (used_by_now() != used)
			break;
	}
	CU_ASSERT_EQUAL(used_by_now(), used + 1);
}

/* The target's installation is finished, and the next one on it hangs again. */
static bool others_go_on(void *arg, size_t carried, bool is_waiting)
{
	const struct transfer_order order = {.application = 1};
	struct transfer_result result;
	unsigned int *waited = arg;

	(void)carried;
	if (!is_waiting || ++*waited % 2)
		return true;
	CU_ASSERT_EQUAL(install_beside(TARGET, &order, &result), RC_OK);
	spend_one();
	return true;
}

static void who_waits_is_patient_while_others_go_on_until_there_is_nothing_left(void)
{
	unsigned int waited = 0;
	const struct transfer_order order = {
		.application = 1, .go_on = others_go_on, .arg = &waited, .patience = PATIENCE};
	struct transfer_result result;

	begin(3, false, 4);
	world_open();
	spend_one();
	CU_ASSERT_EQUAL(install_beside(SECOND, &order, &result), RC_SW);
	CU_ASSERT_EQUAL(result.step, TRANSFER_ACTIVATE);
	CU_ASSERT(result.is_spent);
	CU_ASSERT(!result.is_activated && !result.is_left);
	/* Three times another one is spent, and then no more questions. */
	CU_ASSERT_EQUAL(waited, 6);
	world_close();
	CU_ASSERT_EQUAL(world_state().left, 0);
	CU_ASSERT_EQUAL(world_count(SECOND), 0);
}

static bool nobody_goes_on(void *arg, size_t carried, bool is_waiting)
{
	unsigned int *waited = arg;

	(void)carried;
	*waited += is_waiting;
	return true;
}

static void who_waits_for_nobody_gives_up(void)
{
	unsigned int waited = 0;
	const struct transfer_order order = {
		.application = 1, .go_on = nobody_goes_on, .arg = &waited, .patience = PATIENCE};
	struct transfer_result result;

	begin(3, false, 2);
	world_open();
	spend_one();
	CU_ASSERT_EQUAL(install_beside(SECOND, &order, &result), RC_SW);
	CU_ASSERT(!result.is_spent);
	CU_ASSERT_EQUAL(waited, PATIENCE);
	world_close();
	CU_ASSERT_EQUAL(world_state().left, 1);
	CU_ASSERT_EQUAL(world_count(SECOND), 0);
}

/* What a listener kept of the commands to the target. */
static struct buf trace[TRACE];
static size_t trace_count;

static void listen_to(struct view command)
{
	if (trace_count == TRACE)
		abort();
	buf_init(&trace[trace_count], APDU_COMMAND_MAX);
	buf_view(&trace[trace_count++], command);
}

/* A whole trace, sent to a card with the same keys: nothing of it is taken. */
static void a_recorded_installation_is_none_on_another_card(CK_ULONG protocol)
{
	struct transport *t = NULL;
	struct buf answer;
	size_t taken = 0;

	begin(protocol, true, 1);
	world_listen(listen_to);
	CU_ASSERT_EQUAL(world_install(TARGET, 0, 0), CKR_OK);
	world_listen(NULL);
	CU_ASSERT(trace_count > 8);
	CU_ASSERT_EQUAL_FATAL(transport_embedded_open(world_directory(SECOND), &t), RC_OK);
	buf_init(&answer, APDU_RESPONSE_MAX);
	for (size_t i = 0; i < trace_count; i++) {
		struct view data;
		uint16_t sw = 0;

		buf_reset(&answer);
		CU_ASSERT_EQUAL(transport_transmit(t, view_buf(&trace[i]), &answer), RC_OK);
		CU_ASSERT_EQUAL(response_parse(view_buf(&answer), &data, &sw), RC_OK);
		taken += sw == SW_OK;
		buf_free(&trace[i]);
	}
	trace_count = 0;
	buf_free(&answer);
	transport_close(&t);
	/* SELECT twice, its last one as the end, and INITIALIZE UPDATE are anybody's. */
	CU_ASSERT(taken <= 3);
	CU_ASSERT_EQUAL(world_count(SECOND), 0);
}

static void a_recorded_installation_is_none_under_scp02(void)
{
	a_recorded_installation_is_none_on_another_card(2);
}

static void a_recorded_installation_is_none_under_scp03(void)
{
	a_recorded_installation_is_none_on_another_card(3);
}

/* Called with CKN_SURRENDER: how often, and when it cancels. */
static struct {
	unsigned int calls, cancel_at;
	struct session *closes; /* at the first call */
} notified;

static CK_RV notify(CK_SESSION_HANDLE session, CK_NOTIFICATION event, void *application)
{
	CU_ASSERT_EQUAL(session, 7);
	CU_ASSERT_EQUAL(event, CKN_SURRENDER);
	CU_ASSERT_PTR_EQUAL(application, &notified);
	if (notified.closes) {
		struct slot *slot = session_slot(notified.closes);

		slot_lock(slot);
		session_close(&notified.closes);
		slot_unlock(slot);
	}
	return ++notified.calls == notified.cancel_at ? CKR_CANCEL : CKR_OK;
}

/* The application's key, as a search finds it; 0 if it does not. */
static CK_OBJECT_HANDLE find_application(struct session *s)
{
	CK_ULONG type = CKK_INTAGLIO_APPLICATION, count = 0;
	CK_BYTE id[] = {0, 1};
	CK_ATTRIBUTE template[] = {{CKA_KEY_TYPE, &type, sizeof(type)}, {CKA_ID, id, sizeof(id)}};
	CK_OBJECT_HANDLE found[2] = {0};

	CU_ASSERT_EQUAL(session_find_init(s, template, 2), CKR_OK);
	CU_ASSERT_EQUAL(session_find(s, found, 2, &count), CKR_OK);
	CU_ASSERT_EQUAL(session_find_final(s), CKR_OK);
	return count == 1 ? found[0] : 0;
}

static CK_ULONG left_of(struct session *s, CK_OBJECT_HANDLE key)
{
	CK_ULONG left = 99;
	CK_ATTRIBUTE attribute = {CKA_INTAGLIO_ACTIVATIONS, &left, sizeof(left)};

	CU_ASSERT_EQUAL(session_get_attributes(s, key, &attribute, 1), CKR_OK);
	return left;
}

static CK_RV sign_init(struct session *s, CK_OBJECT_HANDLE key, CK_SLOT_ID target)
{
	CK_INTAGLIO_APPLICATION_LOAD_PARAMS load = {.target = target};
	CK_MECHANISM mechanism = {CKM_INTAGLIO_APPLICATION_LOAD, &load, sizeof(load)};

	return operation_init(s, OPERATION_SIGN, &mechanism, key);
}

static void sign_installs(void)
{
	CK_BYTE receipt[CK_INTAGLIO_TARGET_ID];
	CK_ULONG len = 0;
	struct slot *principal;
	struct session *s = NULL;
	CK_OBJECT_HANDLE key;
	CK_SLOT_ID till;

	begin(3, false, 2);
	world_open();
	principal = world_slot(PRINCIPAL);
	till = slot_id(world_slot(TARGET));
	slot_lock(principal);
	notified.calls = 0;
	notified.cancel_at = 3;
	CU_ASSERT_EQUAL_FATAL(session_open(principal, CKF_SERIAL_SESSION, &notified, notify, 7, &s),
			      CKR_OK);
	key = find_application(s);
	CU_ASSERT_NOT_EQUAL(key, 0);
	CU_ASSERT_EQUAL(left_of(s, key), 2);
	CU_ASSERT_EQUAL(sign_init(s, key, till), CKR_OK);
	/* A question for the length, and a buffer that is too small, install nothing. */
	CU_ASSERT_EQUAL(operation_single(s, OPERATION_SIGN, NULL, 0, NULL, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, sizeof(receipt));
	len = 9;
	CU_ASSERT_EQUAL(operation_single(s, OPERATION_SIGN, NULL, 0, receipt, &len),
			CKR_BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(notified.calls, 0);
	len = sizeof(receipt);
	CU_ASSERT_EQUAL(operation_single(s, OPERATION_SIGN, NULL, 0, receipt, &len),
			CKR_FUNCTION_CANCELED);
	CU_ASSERT_EQUAL(notified.calls, 3);
	CU_ASSERT_EQUAL(operation_single(s, OPERATION_SIGN, NULL, 0, receipt, &len),
			CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_EQUAL(sign_init(s, key, till), CKR_OK);
	CU_ASSERT_EQUAL(operation_final(s, OPERATION_SIGN, receipt, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, sizeof(receipt));
	CU_ASSERT_EQUAL(key, find_application(s));
	CU_ASSERT_EQUAL(left_of(s, key), 1);
	slot_unlock(principal);
	world_close();
	CU_ASSERT_EQUAL(world_count(TARGET), 11);
	CU_ASSERT_EQUAL(world_state().used, 1);
}

static void an_application_that_was_taken_off_is_no_key_any_more(void)
{
	struct slot *principal;
	struct session *s = NULL;
	CK_OBJECT_HANDLE key;

	begin(3, false, 1);
	world_open();
	principal = world_slot(PRINCIPAL);
	slot_lock(principal);
	CU_ASSERT_EQUAL_FATAL(session_open(principal, CKF_SERIAL_SESSION, NULL, NULL, 7, &s),
			      CKR_OK);
	key = find_application(s);
	CU_ASSERT_NOT_EQUAL(key, 0);
	slot_unlock(principal);
	CU_ASSERT_EQUAL(slot_unload_principal(principal, 1), CKR_OK);
	slot_lock(principal);
	CU_ASSERT_EQUAL(find_application(s), 0);
	CU_ASSERT_EQUAL(sign_init(s, key, slot_id(world_slot(TARGET))), CKR_KEY_HANDLE_INVALID);
	slot_unlock(principal);
	world_close();
}

/* Nothing of the session is used any more, and the installation goes on. */
static void the_session_is_closed_in_its_callback(void)
{
	CK_BYTE receipt[CK_INTAGLIO_TARGET_ID];
	CK_ULONG len = sizeof(receipt);
	struct slot *principal;
	struct session *s = NULL;

	begin(3, false, 1);
	world_open();
	principal = world_slot(PRINCIPAL);
	slot_lock(principal);
	notified.calls = notified.cancel_at = 0;
	CU_ASSERT_EQUAL_FATAL(session_open(principal, CKF_SERIAL_SESSION, &notified, notify, 7, &s),
			      CKR_OK);
	CU_ASSERT_EQUAL(sign_init(s, find_application(s), slot_id(world_slot(TARGET))), CKR_OK);
	notified.closes = s;
	CU_ASSERT_EQUAL(operation_single(s, OPERATION_SIGN, NULL, 0, receipt, &len), CKR_OK);
	CU_ASSERT_PTR_NULL(notified.closes);
	CU_ASSERT_EQUAL(len, sizeof(receipt));
	slot_unlock(principal);
	world_close();
	CU_ASSERT_EQUAL(world_count(TARGET), 11);
}

static void sign_refuses_what_is_no_installation(void)
{
	CK_ULONG type = CKK_INTAGLIO_APPLICATION, class = CKO_SECRET_KEY,
		 len = CK_INTAGLIO_TARGET_ID;
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
				   {CKA_KEY_TYPE, &type, sizeof(type)}};
	CK_BYTE receipt[CK_INTAGLIO_TARGET_ID];
	CK_MECHANISM bare = {CKM_INTAGLIO_APPLICATION_LOAD, NULL, 0};
	CK_OBJECT_HANDLE key, other;
	struct slot *principal, *target;
	struct session *s = NULL;

	begin(3, false, 0);
	world_open();
	principal = world_slot(PRINCIPAL);
	target = world_slot(TARGET);
	slot_lock(principal);
	CU_ASSERT_EQUAL_FATAL(session_open(principal, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
					   NULL, 7, &s),
			      CKR_OK);
	key = find_application(s);
	CU_ASSERT_EQUAL(session_create_object(s, template, 2, &other), CKR_TEMPLATE_INCONSISTENT);
	CU_ASSERT_NOT_EQUAL(session_destroy_object(s, key), CKR_OK);
	CU_ASSERT_EQUAL(operation_init(s, OPERATION_SIGN, &bare, key), CKR_MECHANISM_PARAM_INVALID);
	CU_ASSERT_EQUAL(operation_init(s, OPERATION_VERIFY, &bare, key), CKR_MECHANISM_INVALID);
	/* Itself, none, data, and no activation. */
	CU_ASSERT_EQUAL(sign_init(s, key, slot_id(principal)), CKR_OK);
	CU_ASSERT_EQUAL(operation_single(s, OPERATION_SIGN, NULL, 0, receipt, &len),
			CKR_FUNCTION_FAILED);
	CU_ASSERT_EQUAL(sign_init(s, key, 999), CKR_OK);
	CU_ASSERT_EQUAL(operation_single(s, OPERATION_SIGN, NULL, 0, receipt, &len),
			CKR_FUNCTION_FAILED);
	CU_ASSERT_EQUAL(sign_init(s, key, slot_id(target)), CKR_OK);
	CU_ASSERT_EQUAL(operation_single(s, OPERATION_SIGN, receipt, 1, receipt, &len),
			CKR_DATA_LEN_RANGE);
	CU_ASSERT_EQUAL(sign_init(s, key, slot_id(target)), CKR_OK);
	CU_ASSERT_EQUAL(operation_single(s, OPERATION_SIGN, NULL, 0, receipt, &len),
			CKR_FUNCTION_REJECTED);
	slot_unlock(principal);
	/* A card that is no principal card has no such keys. */
	s = NULL;
	slot_lock(target);
	CU_ASSERT_EQUAL_FATAL(session_open(target, CKF_SERIAL_SESSION, NULL, NULL, 8, &s), CKR_OK);
	CU_ASSERT_EQUAL(find_application(s), 0);
	slot_unlock(target);
	world_close();
	CU_ASSERT(is_untouched(0));
}

/* One whole load of another version: a package of this name, which no other script fits. */
static CK_RV load_version(CK_BYTE name)
{
	CK_RV rv;

	world_open();
	rv = world_load(name);
	world_close();
	return rv;
}

static CK_ULONG count_files(void)
{
	CK_INTAGLIO_PRINCIPAL_STATUS s = {.pCounters = NULL};

	world_open();
	CU_ASSERT_EQUAL(slot_principal_status(world_slot(PRINCIPAL), &s), CKR_OK);
	world_close();
	return s.ulFileCount;
}

enum { OLD = 5, NEW = 6 };

/* What is installed is the old version or the new one; loaded again, it is the new one. */
static void settle_load(void)
{
	struct disk *torn[CARDS];

	world_lose(NOBODY, 0);
	world_keep(torn);
	CU_ASSERT_EQUAL(world_install(TARGET, 0, 0), CKR_OK);
	CU_ASSERT_EQUAL(world_count(TARGET), 11);
	for (int k = 0; k < CARDS; k++)
		world_put(k, torn[k]);
	CU_ASSERT_EQUAL(load_version(NEW), CKR_OK);
	CU_ASSERT_EQUAL(count_files(), 1);
	CU_ASSERT_EQUAL(world_install(TARGET, 0, 0), CKR_OK);
	CU_ASSERT_EQUAL(world_count_named(TARGET, OLD), 0);
	CU_ASSERT_EQUAL(world_count_named(TARGET, NEW), 11);
}

/* From these disks on, which are freed; ret_half: as they are when the new file came, and no more. */
static void an_upgrade_is_torn(struct disk *start[CARDS], struct disk *ret_half[CARDS])
{
	unsigned long calls, settled = 0;
	CK_RV rv = CKR_GENERAL_ERROR;
	unsigned int states = 0;
	long n;

	for (n = 1; n < RUNS; n++) {
		world_copy(start);
		calls = disk_calls(world_disk(PRINCIPAL));
		world_lose(ALL, n);
		rv = load_version(NEW);
		if (!world_is_lost())
			break;
		calls = disk_calls(world_disk(PRINCIPAL)) - calls;
		/* A try in which the card has written no more than in the last one is that one. */
		if (calls == settled && states)
			continue;
		settled = calls;
		if (++states == 2 && ret_half)
			world_keep(ret_half);
		settle_load();
	}
	CU_ASSERT_EQUAL(rv, CKR_OK);
	/* Nothing yet, the new file, the new script, the old file gone. */
	CU_ASSERT(n > 8 && states == 4);
	for (int k = 0; k < CARDS; k++)
		disk_free(&start[k]);
}

/* Twice, too: when the first one has left its file, the second has two places to choose from. */
static void an_upgrade_on_the_principal_is_torn_after_every_apdu(void)
{
	struct disk *start[CARDS], *half[CARDS] = {NULL};

	begin(3, false, 1);
	/* Now it is in the other place than that of a first load. */
	CU_ASSERT_EQUAL(load_version(OLD), CKR_OK);
	world_keep(start);
	an_upgrade_is_torn(start, half);
	CU_ASSERT_PTR_NOT_NULL_FATAL(half[PRINCIPAL]);
	an_upgrade_is_torn(half, NULL);
}

static void what_is_torn_anywhere_ends_as_it_should(void)
{
	tear_all(false);
}

static void what_is_torn_everywhere_ends_as_it_should(void)
{
	tear_all(true);
}

#define TEST(name)          \
	{                   \
#name, name \
	}

int main(int argc, char **argv)
{
	CU_TestInfo tests[] = {
		TEST(what_is_cancelled_costs_nothing_and_leaves_nothing),
		TEST(what_keeps_older_versions_takes_back_what_it_brought),
		TEST(what_keeps_older_versions_is_torn_and_tried_again),
		TEST(without_an_activation_nothing_is_touched),
		TEST(blocks_that_the_reader_cannot_carry_leave_the_target_as_it_was),
		TEST(a_retry_is_the_first_cards_and_others_wait),
		TEST(who_waits_is_patient_while_others_go_on_until_there_is_nothing_left),
		TEST(who_waits_for_nobody_gives_up),
		TEST(a_recorded_installation_is_none_under_scp02),
		TEST(a_recorded_installation_is_none_under_scp03),
		TEST(sign_installs),
		TEST(the_session_is_closed_in_its_callback),
		TEST(an_application_that_was_taken_off_is_no_key_any_more),
		TEST(sign_refuses_what_is_no_installation),
		TEST(what_is_torn_anywhere_ends_as_it_should),
		TEST(an_upgrade_on_the_principal_is_torn_after_every_apdu),
		CU_TEST_INFO_NULL,
	};
	CU_TestInfo powercut[] = {
		TEST(what_is_torn_everywhere_ends_as_it_should),
		CU_TEST_INFO_NULL,
	};
	bool thorough = argc > 1 && strcmp(argv[1], "powercut") == 0;
	CU_SuiteInfo suites[] = {
		{.pName = "transfer",
		 .pInitFunc = world_make,
		 .pCleanupFunc = world_remove,
		 .pTests = thorough ? powercut : tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("transfer", suites);
}
