/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Installations that are taken back, and those of scripts that delete nothing, which bring their own
 * DELETEs where they have to.
 */
#include "base/sw.h"
#include "tests/base/hex.h"
#include "tests/card/pair.h"

static size_t packages(void)
{
	return installer_instances(&pair_target, INSTALLER_PACKAGE, NULL);
}

/* DELETE n, on its way back, and on to the target. */
static uint16_t take_back(uint8_t n)
{
	uint16_t sw = pair_operate(0x11, n);

	return sw == SW_OK ? installer_carry(&pair_host) : sw;
}

static void what_is_taken_back_is_gone_and_free(void)
{
	struct buf first;

	pair_start(KEY_TYPE_AES, 0x70, 0, 1);
	pair_open_other(KEY_TYPE_AES, 0x70);
	buf_init(&first, PAIR_ROOM);
	CU_ASSERT_EQUAL(installer_begin(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x11, 1), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_load(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(packages(), 1);
	/* The activation is this installation's. */
	CU_ASSERT_EQUAL(installer_begin(&pair_other_host), SW_OK);
	CU_ASSERT_EQUAL(installer_load(&pair_other_host), SW_CONDITIONS);
	CU_ASSERT_EQUAL(pair_operate(0x11, 2), SW_CONDITIONS);
	CU_ASSERT_EQUAL(pair_operate(0x11, 1), SW_OK);
	buf_view(&first, view_buf(&pair_host.answer));
	CU_ASSERT_EQUAL(take_back(1), SW_OK);
	CU_ASSERT(view_equal(view_buf(&first), view_buf(&pair_host.answer)));
	CU_ASSERT_EQUAL(packages(), 0);
	CU_ASSERT_EQUAL(pair_operate(0x11, 3), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(pair_operate(0x11, 2), SW_RECORD_NOT_FOUND);
	/* Nothing else comes of it. */
	CU_ASSERT_EQUAL(pair_operate(0x10, 1), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0x21), SW_CONDITIONS);
	CU_ASSERT_EQUAL(pair_operate(0x30, 1), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(installer_activate(&pair_host), SW_CONDITIONS);
	CU_ASSERT_EQUAL(pair_operate(0x40, 1), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(pair_operate_with(0x60, 1, "9000"), SW_CONDITIONS);
	/* And the activation is another's. */
	CU_ASSERT_EQUAL(installer_run(&pair_other_host), SW_OK);
	CU_ASSERT(pair_state_is(0, 1, false));
	buf_free(&first);
	pair_close_other();
	pair_stop();
}

static void nothing_is_taken_back_after_the_activation(void)
{
	pair_start(KEY_TYPE_DES, 0x15, 0, 1);
	CU_ASSERT_EQUAL(pair_release(), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x11, 1), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_finish(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x11, 1), SW_CONDITIONS);
	CU_ASSERT_EQUAL(pair_installed(), 1);
	pair_stop();
}

/* A principal whose application has no DELETEs. */
static void start_keeping(uint8_t type, uint8_t scp_i)
{
	pair_start(type, scp_i, 0, 2);
	installer_login(&pair_principal, ROLE_ISSUER);
	installer_put_script_of(&pair_host, PAIR_APPLICATION, 1, false);
	installer_login(&pair_principal, ROLE_USER);
}

static void a_script_that_deletes_nothing_takes_back_what_it_brought(void)
{
	start_keeping(KEY_TYPE_DES, 0x15);
	CU_ASSERT_EQUAL(installer_begin(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(installer_load(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(packages(), 1);
	CU_ASSERT_EQUAL(take_back(1), SW_OK);
	CU_ASSERT_EQUAL(packages(), 0);
	CU_ASSERT_EQUAL(take_back(2), SW_RECORD_NOT_FOUND);
	/* Before a load file is whole there is nothing of it. */
	CU_ASSERT_EQUAL(installer_begin(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0xB0 | PAIR_APPLICATION), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x10, 1), SW_RECORD_NOT_FOUND);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0x21), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x20, 1), SW_OK);
	CU_ASSERT_EQUAL(installer_carry(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0x31), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x30, 1), SW_OK);
	CU_ASSERT_EQUAL(installer_carry(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(take_back(1), SW_RECORD_NOT_FOUND);
	CU_ASSERT(pair_state_is(2, 0, false));
	pair_stop();
}

/* What another try has left is in the way of the next one, unless that was paid for. */
static void a_script_that_deletes_nothing_is_tried_again(uint8_t type, uint8_t scp_i)
{
	start_keeping(type, scp_i);
	CU_ASSERT_EQUAL(pair_release(), SW_OK);
	CU_ASSERT_EQUAL(installer_run(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_installed(), 1);
	CU_ASSERT(pair_state_is(1, 1, false));
	CU_ASSERT_EQUAL(installer_run(&pair_host), SW_CONDITIONS);
	CU_ASSERT_EQUAL(pair_installed(), 1);
	CU_ASSERT(pair_state_is(1, 1, false));
	pair_stop();
}

static void a_script_that_deletes_nothing_is_tried_again_by_scp02(void)
{
	a_script_that_deletes_nothing_is_tried_again(KEY_TYPE_DES, 0x15);
}

static void a_script_that_deletes_nothing_is_tried_again_by_scp03(void)
{
	a_script_that_deletes_nothing_is_tried_again(KEY_TYPE_AES, 0x70);
}

CU_TestInfo principal_back_tests[] = {
	{"what_is_taken_back_is_gone_and_free", what_is_taken_back_is_gone_and_free},
	{"nothing_is_taken_back_after_the_activation", nothing_is_taken_back_after_the_activation},
	{"a_script_that_deletes_nothing_takes_back_what_it_brought",
	 a_script_that_deletes_nothing_takes_back_what_it_brought},
	{"a_script_that_deletes_nothing_is_tried_again_by_scp02",
	 a_script_that_deletes_nothing_is_tried_again_by_scp02},
	{"a_script_that_deletes_nothing_is_tried_again_by_scp03",
	 a_script_that_deletes_nothing_is_tried_again_by_scp03},
	CU_TEST_INFO_NULL,
};
