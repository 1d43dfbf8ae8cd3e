/* SPDX-License-Identifier: BSD-2-Clause */
/* What is counted: charges, tries for nothing, the pending entry and what ends it; what is replayed. */
#include <string.h>

#include "base/sw.h"
#include "tests/base/hex.h"
#include "tests/card/pair.h"

static void a_torn_installation_is_tried_again_for_nothing(uint8_t type, uint8_t scp_i)
{
	pair_start(type, scp_i, 0, 1);
	CU_ASSERT_EQUAL(installer_begin(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(installer_load(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(installer_activate(&pair_host), SW_OK);
	CU_ASSERT(pair_state_is(0, 1, true));
	CU_ASSERT_EQUAL(installer_run(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_installed(), 1);
	CU_ASSERT(pair_state_is(0, 1, false));
	pair_stop();
}

static void a_torn_installation_is_tried_again_for_nothing_by_scp02(void)
{
	a_torn_installation_is_tried_again_for_nothing(KEY_TYPE_DES, 0x15);
}

static void a_torn_installation_is_tried_again_for_nothing_by_scp03(void)
{
	a_torn_installation_is_tried_again_for_nothing(KEY_TYPE_AES, 0x70);
}

static void the_hosts_word_is_believed_three_times(void)
{
	pair_start(KEY_TYPE_DES, 0x15, 0, 1);
	for (int n = 0; n < 4; n++) {
		CU_ASSERT_EQUAL(pair_release(), SW_OK);
		/* In one session it is one activation. */
		CU_ASSERT_EQUAL(installer_activate(&pair_host), SW_OK);
	}
	CU_ASSERT(pair_state_is(0, 1, true));
	CU_ASSERT_EQUAL(pair_release(), SW_CONDITIONS);
	installer_login(&pair_principal, ROLE_ISSUER);
	CU_ASSERT_EQUAL(installer_charge(&pair_host, PAIR_APPLICATION, 2, 1), SW_OK);
	CU_ASSERT_EQUAL(pair_release(), SW_OK);
	CU_ASSERT_EQUAL(installer_audited(&pair_host, PRINCIPAL_RETRIED), 3);
	CU_ASSERT_EQUAL(installer_audited(&pair_host, PRINCIPAL_DROPPED), 1);
	CU_ASSERT_EQUAL(installer_audited(&pair_host, PRINCIPAL_CHARGED), 2);
	CU_ASSERT(pair_state_is(0, 2, true));
	pair_stop();
}

static void a_proved_report_is_asked_for_under_scp03(void)
{
	pair_start(KEY_TYPE_AES, 0x60, 0, 1);
	for (int n = 0; n < 6; n++)
		CU_ASSERT_EQUAL(pair_release(), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x40, 1), SW_OK);
	/* The host's word alone. */
	CU_ASSERT_EQUAL(pair_operate_with(0x60, 1, "9000"), SW_AUTHENTICATION_FAILED);
	CU_ASSERT(pair_state_is(0, 1, true));
	/* One wrong bit; then the session is over. */
	CU_ASSERT_EQUAL(pair_release(), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x40, 1), SW_OK);
	CU_ASSERT_EQUAL(installer_carry(&pair_host), SW_OK);
	pair_host.reply.data[0] ^= 1;
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0x80, 0x60, 1, view_buf(&pair_host.reply),
				      0),
			SW_AUTHENTICATION_FAILED);
	pair_host.reply.data[0] ^= 1;
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0x80, 0x60, 1, view_buf(&pair_host.reply),
				      0),
			SW_CONDITIONS);
	CU_ASSERT(pair_state_is(0, 1, true));
	CU_ASSERT_EQUAL(installer_run(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_installed(), 1);
	CU_ASSERT(pair_state_is(0, 1, false));
	pair_stop();
}

static void a_retry_is_not_for_another_card(uint8_t type, uint8_t scp_i)
{
	struct peer *first = &pair_target;

	pair_start(type, scp_i, 0, 1);
	pair_new_target(&pair_other, 1, type, scp_i, false);
	CU_ASSERT_EQUAL(pair_release(), SW_OK);
	pair_host.target = &pair_other;
	CU_ASSERT_EQUAL(pair_release(), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_instances(&pair_other, INSTALLER_PACKAGE, NULL), 0);
	/* The other card under the first one's id. */
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0, 0x84, 0, 0, view_of(NULL, 0), 8), SW_OK);
	{
		struct buf b;
		uint8_t own[PRINCIPAL_TARGET];

		buf_init(&b, PAIR_ROOM);
		buf_view(&b, hex("8050000008"));
		buf_view(&b, view_buf(&pair_host.answer));
		buf_u8(&b, 0);
		CU_ASSERT_EQUAL(peer_raw(first, hex("00A4040008" INSTALLER_ISD "00"), NULL), SW_OK);
		CU_ASSERT_EQUAL(peer_raw(first, view_buf(&b), &pair_host.reply), SW_OK);
		memcpy(own, pair_host.reply.data, sizeof(own));
		CU_ASSERT_EQUAL(peer_raw(&pair_other, hex("00A4040008" INSTALLER_ISD "00"), NULL),
				SW_OK);
		CU_ASSERT_EQUAL(peer_raw(&pair_other, view_buf(&b), &pair_host.reply), SW_OK);
		memcpy(pair_host.reply.data, own, sizeof(own));
		buf_reset(&b);
		buf_view(&b, view_buf(&pair_host.answer));
		buf_view(&b, view_buf(&pair_host.reply));
		CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0x80, 0x50, 0, view_buf(&b), 65536),
				SW_AUTHENTICATION_FAILED);
		buf_free(&b);
	}
	CU_ASSERT_EQUAL(pair_operate(0x00, 0xB0 | PAIR_APPLICATION), SW_CONDITIONS);
	pair_host.target = first;
	CU_ASSERT_EQUAL(installer_run(&pair_host), SW_OK);
	CU_ASSERT(pair_state_is(0, 1, false));
	peer_free(&pair_other);
	pair_stop();
}

static void a_retry_is_not_for_another_card_by_scp02(void)
{
	a_retry_is_not_for_another_card(KEY_TYPE_DES, 0x15);
}

static void a_retry_is_not_for_another_card_by_scp03(void)
{
	a_retry_is_not_for_another_card(KEY_TYPE_AES, 0x60);
}

static void a_full_trail_refuses_before_the_target_is_touched(void)
{
	pair_start(KEY_TYPE_AES, 0x60, 0, 2);
	CU_ASSERT_EQUAL(installer_run(&pair_host), SW_OK);
	installer_fill_trail(&pair_principal);
	installer_login(&pair_principal, ROLE_USER);
	CU_ASSERT_EQUAL(installer_begin(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0xB0 | PAIR_APPLICATION), SW_NOT_ENOUGH_MEMORY);
	CU_ASSERT_EQUAL(pair_operate(0x10, 1), SW_CONDITIONS);
	CU_ASSERT_EQUAL(pair_installed(), 1);
	CU_ASSERT(pair_state_is(1, 1, false));
	pair_stop();
}

/* What a listener kept of one installation. */
struct trace {
	struct buf command[16];
	size_t count;
};

static void keep(struct trace *trace)
{
	struct buf *b = &trace->command[trace->count++];

	buf_init(b, PAIR_ROOM);
	buf_view(b, view_buf(&pair_host.answer));
}

static void a_recorded_trace_opens_no_other_card_with_the_same_keys(uint8_t type, uint8_t scp_i)
{
	struct trace trace = {.count = 0};
	struct buf b;

	pair_start(type, scp_i, PRINCIPAL_SHARED, 1);
	pair_new_target(&pair_other, 1, type, scp_i, true);
	CU_ASSERT_EQUAL(peer_raw(&pair_other, hex("00A4040008" INSTALLER_ISD "00"), NULL), SW_OK);
	CU_ASSERT_EQUAL(installer_begin(&pair_host), SW_OK);
	keep(&trace);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0xB0 | PAIR_APPLICATION), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x10, 1), SW_OK);
	keep(&trace);
	buf_init(&b, PAIR_ROOM);
	buf_view(&b, hex("8050000008 0102030405060708 00"));
	CU_ASSERT_EQUAL(peer_raw(&pair_other, view_buf(&b), NULL), SW_OK);
	CU_ASSERT_EQUAL(peer_raw(&pair_other, view_buf(&trace.command[0]), NULL),
			SW_AUTHENTICATION_FAILED);
	CU_ASSERT_NOT_EQUAL(peer_raw(&pair_other, view_buf(&trace.command[1]), NULL), SW_OK);
	buf_free(&b);
	for (size_t k = 0; k < trace.count; k++)
		buf_free(&trace.command[k]);
	peer_free(&pair_other);
	pair_stop();
}

static void a_recorded_trace_opens_no_other_card_by_scp02(void)
{
	a_recorded_trace_opens_no_other_card_with_the_same_keys(KEY_TYPE_DES, 0x15);
}

static void a_recorded_trace_opens_no_other_card_by_scp03(void)
{
	a_recorded_trace_opens_no_other_card_with_the_same_keys(KEY_TYPE_AES, 0x60);
}

/* What the target answered in another session, and to another command of this one, is no report. */
static void a_report_is_of_this_answer_of_this_session(void)
{
	struct buf old, other;

	pair_start(KEY_TYPE_AES, 0x60, 0, 1);
	buf_init(&old, PAIR_ROOM);
	buf_init(&other, PAIR_ROOM);
	CU_ASSERT_EQUAL(pair_release(), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x40, 1), SW_OK);
	CU_ASSERT_EQUAL(installer_carry(&pair_host), SW_OK);
	buf_view(&old, view_buf(&pair_host.reply));
	/* It never came: the whole is repeated. */
	CU_ASSERT_EQUAL(pair_release(), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x40, 1), SW_OK);
	CU_ASSERT_EQUAL(installer_carry(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0x80, 0x60, 1, view_buf(&old), 0),
			SW_AUTHENTICATION_FAILED);
	CU_ASSERT(pair_state_is(0, 1, true));
	CU_ASSERT_EQUAL(pair_release(), SW_OK);
	buf_view(&other, view_buf(&pair_host.reply));
	CU_ASSERT_EQUAL(pair_operate(0x40, 1), SW_OK);
	CU_ASSERT_EQUAL(installer_carry(&pair_host), SW_OK);
	/* That of the last LOAD. */
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0x80, 0x60, 1, view_buf(&other), 0),
			SW_AUTHENTICATION_FAILED);
	CU_ASSERT(pair_state_is(0, 1, true));
	CU_ASSERT_EQUAL(installer_run(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_installed(), 1);
	CU_ASSERT(pair_state_is(0, 1, false));
	buf_free(&old);
	buf_free(&other);
	pair_stop();
}

static void with_shared_keys_every_release_is_charged(void)
{
	pair_start(KEY_TYPE_DES, 0x15, PRINCIPAL_SHARED, 2);
	CU_ASSERT_EQUAL(pair_release(), SW_OK);
	CU_ASSERT(pair_state_is(1, 1, false));
	CU_ASSERT_EQUAL(installer_run(&pair_host), SW_OK);
	CU_ASSERT(pair_state_is(0, 2, false));
	CU_ASSERT_EQUAL(pair_release(), SW_CONDITIONS);
	CU_ASSERT_EQUAL(pair_installed(), 1);
	pair_stop();
}

static void shared_keys_and_a_derived_challenge_are_refused(void)
{
	struct buf b;

	pair_start(KEY_TYPE_DES, 0x15, PRINCIPAL_SHARED, 1);
	/* The issuer says so. */
	installer_login(&pair_principal, ROLE_ISSUER);
	buf_init(&b, PAIR_ROOM);
	buf_view(&b, hex("80 55 00 01 0000"));
	for (int k = 0; k < 48; k++)
		buf_u8(&b, (uint8_t)k);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xD8, 0, 2, view_buf(&b), 0),
			SW_WRONG_DATA);
	buf_free(&b);
	/* The issuer says otherwise, and the card does it. */
	installer_give_keys(&pair_target, KEY_TYPE_DES, 0x55, true, NULL);
	CU_ASSERT_EQUAL(installer_begin(&pair_host), SW_CONDITIONS);
	installer_give_keys(&pair_target, KEY_TYPE_AES, 0x70, true, NULL);
	installer_put_keys(&pair_host, 1, KEY_TYPE_AES, 0, PRINCIPAL_SHARED, 0);
	CU_ASSERT_EQUAL(installer_begin(&pair_host), SW_CONDITIONS);
	installer_give_keys(&pair_target, KEY_TYPE_AES, 0x60, true, NULL);
	CU_ASSERT_EQUAL(installer_begin(&pair_host), SW_OK);
	pair_stop();
}

static void a_target_that_refuses_costs_one_activation(void)
{
	pair_start(KEY_TYPE_DES, 0x15, 0, 1);
	CU_ASSERT_EQUAL(pair_release(), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x40, 1), SW_OK);
	CU_ASSERT_EQUAL(pair_operate_with(0x60, 1, "6A84"), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x40, 2), SW_RECORD_NOT_FOUND);
	CU_ASSERT(pair_state_is(0, 1, true));
	/* Given up: the next one costs. */
	CU_ASSERT_EQUAL(pair_operate(0x70, 0), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x70, 0), SW_REFERENCE_NOT_FOUND);
	CU_ASSERT(pair_state_is(0, 1, false));
	CU_ASSERT_EQUAL(pair_release(), SW_CONDITIONS);
	pair_stop();
}

/* As issuer; the host has the role user after. */
static size_t noted(enum principal_event event)
{
	size_t n;

	installer_login(&pair_principal, ROLE_ISSUER);
	n = installer_audited(&pair_host, event);
	installer_login(&pair_principal, ROLE_USER);
	return n;
}

static void an_entry_without_a_free_retry_is_in_no_other_cards_way(void)
{
	pair_start(KEY_TYPE_DES, 0x15, 0, 2);
	pair_new_target(&pair_other, 1, KEY_TYPE_DES, 0x15, false);
	for (int n = 0; n < 3; n++)
		CU_ASSERT_EQUAL(pair_release(), SW_OK);
	/* One is left to its target, and it waits for that. */
	pair_host.target = &pair_other;
	CU_ASSERT_EQUAL(pair_release(), SW_CONDITIONS);
	CU_ASSERT(pair_state_is(1, 1, true));
	pair_host.target = &pair_target;
	CU_ASSERT_EQUAL(pair_release(), SW_OK);
	pair_host.target = &pair_other;
	CU_ASSERT_EQUAL(pair_release(), SW_OK);
	CU_ASSERT(pair_state_is(0, 2, true));
	CU_ASSERT_EQUAL(noted(PRINCIPAL_DROPPED), 1);
	CU_ASSERT_EQUAL(noted(PRINCIPAL_RETRIED), 3);
	/* Nothing is left to the first one, and the second has what it paid for. */
	pair_host.target = &pair_target;
	CU_ASSERT_EQUAL(pair_release(), SW_CONDITIONS);
	pair_host.target = &pair_other;
	CU_ASSERT_EQUAL(installer_run(&pair_host), SW_OK);
	CU_ASSERT(pair_state_is(0, 2, false));
	CU_ASSERT_EQUAL(installer_instances(&pair_other, INSTALLER_INSTANCE, NULL), 1);
	peer_free(&pair_other);
	pair_stop();
}

static void without_an_activation_nothing_is_dropped(void)
{
	pair_start(KEY_TYPE_DES, 0x15, 0, 1);
	pair_new_target(&pair_other, 1, KEY_TYPE_DES, 0x15, false);
	for (int n = 0; n < 4; n++)
		CU_ASSERT_EQUAL(pair_release(), SW_OK);
	pair_host.target = &pair_other;
	CU_ASSERT_EQUAL(pair_release(), SW_CONDITIONS);
	CU_ASSERT_EQUAL(noted(PRINCIPAL_DROPPED), 0);
	CU_ASSERT(pair_state_is(0, 1, true));
	CU_ASSERT_EQUAL(installer_instances(&pair_other, INSTALLER_PACKAGE, NULL), 0);
	peer_free(&pair_other);
	pair_stop();
}

static void under_scp03_an_entry_stays_for_its_card(void)
{
	pair_start(KEY_TYPE_AES, 0x60, 0, 2);
	pair_new_target(&pair_other, 1, KEY_TYPE_AES, 0x60, false);
	for (int n = 0; n < 6; n++)
		CU_ASSERT_EQUAL(pair_release(), SW_OK);
	pair_host.target = &pair_other;
	CU_ASSERT_EQUAL(pair_release(), SW_CONDITIONS);
	CU_ASSERT(pair_state_is(1, 1, true));
	pair_host.target = &pair_target;
	CU_ASSERT_EQUAL(installer_run(&pair_host), SW_OK);
	CU_ASSERT(pair_state_is(1, 1, false));
	peer_free(&pair_other);
	pair_stop();
}

static void put_script_of(uint16_t file, bool deletes)
{
	installer_login(&pair_principal, ROLE_ISSUER);
	installer_put_script_of(&pair_host, PAIR_APPLICATION, file, deletes);
	installer_login(&pair_principal, ROLE_USER);
}

/* On the same target, which has all of the same script. */
static void a_retry_is_not_for_another_application(void)
{
	pair_start(KEY_TYPE_AES, 0x60, 0, 1);
	installer_login(&pair_principal, ROLE_ISSUER);
	installer_put_script(&pair_host, PAIR_APPLICATION + 1);
	installer_login(&pair_principal, ROLE_USER);
	CU_ASSERT_EQUAL(pair_release(), SW_OK);
	pair_host.application = PAIR_APPLICATION + 1;
	CU_ASSERT_EQUAL(pair_release(), SW_CONDITIONS);
	pair_host.application = PAIR_APPLICATION;
	CU_ASSERT(pair_state_is(0, 1, true));
	CU_ASSERT_EQUAL(installer_run(&pair_host), SW_OK);
	CU_ASSERT(pair_state_is(0, 1, false));
	pair_stop();
}

static void an_entry_goes_with_the_application_that_it_was_for(void)
{
	pair_start(KEY_TYPE_AES, 0x60, 0, 2);
	CU_ASSERT_EQUAL(pair_release(), SW_OK);
	/* The same in another place, and another application, are not its business. */
	installer_login(&pair_principal, ROLE_ISSUER);
	installer_put_file(&pair_host, 9);
	put_script_of(9, true);
	installer_login(&pair_principal, ROLE_ISSUER);
	installer_put_script_of(&pair_host, 9, 1, false);
	CU_ASSERT(pair_state_is(1, 1, true));
	CU_ASSERT_EQUAL(pair_release(), SW_OK);
	CU_ASSERT(pair_state_is(1, 1, true));
	/* Another script is: it costs as much as any other, and the old one is not what it was. */
	put_script_of(9, false);
	CU_ASSERT(pair_state_is(1, 1, false));
	CU_ASSERT_EQUAL(noted(PRINCIPAL_DROPPED), 1);
	put_script_of(9, true);
	CU_ASSERT_EQUAL(pair_release(), SW_OK);
	CU_ASSERT(pair_state_is(0, 2, true));
	/* And none at all. */
	installer_login(&pair_principal, ROLE_ISSUER);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xDA, 0, PAIR_APPLICATION, view_of(NULL, 0),
				      0),
			SW_OK);
	CU_ASSERT(!installer_is_pending(&pair_host));
	CU_ASSERT_EQUAL(installer_audited(&pair_host, PRINCIPAL_DROPPED), 2);
	pair_stop();
}

/* Under one definition that is put again in other places, no order of events gets more out. */
static void whatever_comes_in_whatever_order_no_more_is_released_than_charged(void)
{
	enum { TRIES = 60, CHARGED = 8 };
	uint32_t seed = 0x2545F491, used = 0, free_tries = 0;
	struct peer *last = NULL;

	pair_start(KEY_TYPE_DES, 0x15, 0, CHARGED);
	pair_new_target(&pair_other, 1, KEY_TYPE_DES, 0x15, false);
	installer_login(&pair_principal, ROLE_ISSUER);
	installer_put_file(&pair_host, 2);
	for (int k = 0; k < TRIES; k++) {
		struct principal_counter n;

		seed ^= seed << 13;
		seed ^= seed >> 17;
		seed ^= seed << 5;
		pair_host.target = seed & 0x10 ? &pair_target : &pair_other;
		if ((seed & 0xF) == 0) {
			pair_operate(0x70, 0);
		} else if ((seed & 0xF) == 1) {
			installer_put_script_of(&pair_host, PAIR_APPLICATION,
						(uint16_t)(1 + (seed >> 8 & 1)), true);
		} else if ((seed & 0xF) == 2) {
			installer_finish(&pair_host);
		} else if (pair_release() == SW_OK) {
			n = installer_counter(&pair_host, PAIR_APPLICATION);
			/* Free is what the last one paid for, on its card, three times. */
			CU_ASSERT(n.used == used + 1 ||
				  (pair_host.target == last && ++free_tries <= 3));
			if (n.used != used)
				free_tries = 0;
			last = pair_host.target;
			used = n.used;
		}
		n = installer_counter(&pair_host, PAIR_APPLICATION);
		CU_ASSERT_EQUAL(n.used, used);
		CU_ASSERT_EQUAL(n.left + n.used, CHARGED);
	}
	CU_ASSERT_EQUAL(used, CHARGED);
	peer_free(&pair_other);
	pair_stop();
}

/* The target's receipt, of which there is none here, is a byte of its own in the answer. */
static void a_report_is_the_targets_whole_answer(void)
{
	struct buf cut;

	pair_start(KEY_TYPE_DES, 0x15, 0, 1);
	CU_ASSERT_EQUAL(pair_release(), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x40, 1), SW_OK);
	CU_ASSERT_EQUAL(installer_carry(&pair_host), SW_OK);
	CU_ASSERT(view_equal(view_buf(&pair_host.reply), hex("009000")));
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0x80, 0x60, 1, view_buf(&pair_host.reply),
				      0),
			SW_OK);
	CU_ASSERT(pair_state_is(0, 1, false));
	pair_stop();
	/* Enciphered, a block and the R-MAC; without the block it is another answer. */
	pair_start(KEY_TYPE_AES, 0x60, 0, 1);
	CU_ASSERT_EQUAL(pair_release(), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x40, 1), SW_OK);
	CU_ASSERT_EQUAL(installer_carry(&pair_host), SW_OK);
	CU_ASSERT_EQUAL_FATAL(pair_host.reply.len, 16 + 8 + 2);
	buf_init(&cut, PAIR_ROOM);
	buf_put(&cut, pair_host.reply.data + 16, 8 + 2);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0x80, 0x60, 1, view_buf(&cut), 0),
			SW_AUTHENTICATION_FAILED);
	buf_free(&cut);
	CU_ASSERT(pair_state_is(0, 1, true));
	CU_ASSERT_EQUAL(installer_run(&pair_host), SW_OK);
	CU_ASSERT(pair_state_is(0, 1, false));
	pair_stop();
}

/* What is kept for a host that is gone, on another channel, is its target's all the same. */
static void a_target_is_not_in_its_own_way(void)
{
	pair_start(KEY_TYPE_AES, 0x60, 0, 1);
	pair_open_other(KEY_TYPE_AES, 0x60);
	pair_other_host.target = &pair_target;
	CU_ASSERT_EQUAL(installer_begin(&pair_other_host), SW_OK);
	CU_ASSERT_EQUAL(installer_load(&pair_other_host), SW_OK);
	/* Another card may not have it. */
	pair_host.target = &pair_other;
	CU_ASSERT_EQUAL(installer_begin(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0xB0 | PAIR_APPLICATION), SW_CONDITIONS);
	pair_host.target = &pair_target;
	CU_ASSERT_EQUAL(installer_run(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_installed(), 1);
	/* And the one that is gone has none any more. */
	CU_ASSERT_EQUAL(installer_activate(&pair_other_host), SW_CONDITIONS);
	CU_ASSERT(pair_state_is(0, 1, false));
	pair_close_other();
	pair_stop();
}

CU_TestInfo principal_counted_tests[] = {
	{"a_torn_installation_is_tried_again_for_nothing_by_scp02",
	 a_torn_installation_is_tried_again_for_nothing_by_scp02},
	{"a_torn_installation_is_tried_again_for_nothing_by_scp03",
	 a_torn_installation_is_tried_again_for_nothing_by_scp03},
	{"the_hosts_word_is_believed_three_times", the_hosts_word_is_believed_three_times},
	{"a_proved_report_is_asked_for_under_scp03", a_proved_report_is_asked_for_under_scp03},
	{"a_retry_is_not_for_another_card_by_scp02", a_retry_is_not_for_another_card_by_scp02},
	{"a_retry_is_not_for_another_card_by_scp03", a_retry_is_not_for_another_card_by_scp03},
	{"a_full_trail_refuses_before_the_target_is_touched",
	 a_full_trail_refuses_before_the_target_is_touched},
	{"a_recorded_trace_opens_no_other_card_by_scp02",
	 a_recorded_trace_opens_no_other_card_by_scp02},
	{"a_recorded_trace_opens_no_other_card_by_scp03",
	 a_recorded_trace_opens_no_other_card_by_scp03},
	{"a_report_is_of_this_answer_of_this_session", a_report_is_of_this_answer_of_this_session},
	{"with_shared_keys_every_release_is_charged", with_shared_keys_every_release_is_charged},
	{"shared_keys_and_a_derived_challenge_are_refused",
	 shared_keys_and_a_derived_challenge_are_refused},
	{"a_target_that_refuses_costs_one_activation", a_target_that_refuses_costs_one_activation},
	{"an_entry_without_a_free_retry_is_in_no_other_cards_way",
	 an_entry_without_a_free_retry_is_in_no_other_cards_way},
	{"without_an_activation_nothing_is_dropped", without_an_activation_nothing_is_dropped},
	{"under_scp03_an_entry_stays_for_its_card", under_scp03_an_entry_stays_for_its_card},
	{"a_retry_is_not_for_another_application", a_retry_is_not_for_another_application},
	{"an_entry_goes_with_the_application_that_it_was_for",
	 an_entry_goes_with_the_application_that_it_was_for},
	{"whatever_comes_in_whatever_order_no_more_is_released_than_charged",
	 whatever_comes_in_whatever_order_no_more_is_released_than_charged},
	{"a_target_is_not_in_its_own_way", a_target_is_not_in_its_own_way},
	{"a_report_is_the_targets_whole_answer", a_report_is_the_targets_whole_answer},
	CU_TEST_INFO_NULL,
};
