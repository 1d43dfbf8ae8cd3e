/* SPDX-License-Identifier: BSD-2-Clause */
/* At every operation what is out of order, in another form, or hostile. */
#include "base/sw.h"
#include "tests/base/hex.h"
#include "tests/card/pair.h"

/* A new challenge, and the target's answer to it: what opens a session. */
static void put_greeting(struct buf *ret)
{
	struct buf b;

	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0, 0x84, 0, 0, view_of(NULL, 0), 8), SW_OK);
	buf_init(&b, PAIR_ROOM);
	buf_view(&b, hex("8050000008"));
	buf_view(&b, view_buf(&pair_host.answer));
	buf_u8(&b, 0);
	CU_ASSERT_EQUAL(peer_raw(&pair_target, hex("00A4040008" INSTALLER_ISD "00"), NULL), SW_OK);
	CU_ASSERT_EQUAL(peer_raw(&pair_target, view_buf(&b), &pair_host.reply), SW_OK);
	buf_reset(ret);
	buf_view(ret, view_buf(&pair_host.answer));
	buf_view(ret, view_buf(&pair_host.reply));
	buf_free(&b);
}

static uint16_t greet(const struct buf *greeting)
{
	return installer_ask(&pair_host, 0x80, 0x80, 0x50, 0, view_buf(greeting), 65536);
}

/* The very bytes that have opened a session, or would, but for a wrong try before them. */
static void a_whole_greeting_serves_once(void)
{
	struct buf b;

	pair_start(KEY_TYPE_DES, 0x15, 0, 1);
	buf_init(&b, PAIR_ROOM);
	put_greeting(&b);
	CU_ASSERT_EQUAL(greet(&b), SW_OK);
	CU_ASSERT_EQUAL(greet(&b), SW_CONDITIONS);
	put_greeting(&b);
	b.data[0] ^= 1;
	CU_ASSERT_EQUAL(greet(&b), SW_CONDITIONS);
	b.data[0] ^= 1;
	CU_ASSERT_EQUAL(greet(&b), SW_CONDITIONS);
	buf_free(&b);
	pair_stop();
}

static void a_challenge_serves_once_and_only_the_last(void)
{
	struct buf old, b;

	pair_start(KEY_TYPE_DES, 0x15, 0, 1);
	buf_init(&old, PAIR_ROOM);
	buf_init(&b, PAIR_ROOM);
	CU_ASSERT_EQUAL(pair_operate_with(0x50, 0, "1122334455667788"), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_begin(&pair_host), SW_OK);
	/* Again, with the target's old answer. */
	CU_ASSERT_EQUAL(pair_operate_with(0x50, 0, "1122334455667788"), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0, 0x84, 0, 0, view_of(NULL, 0), 8), SW_OK);
	buf_view(&old, view_buf(&pair_host.answer));
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0, 0x84, 0, 0, view_of(NULL, 0), 8), SW_OK);
	CU_ASSERT(!view_equal(view_buf(&old), view_buf(&pair_host.answer)));
	buf_view(&b, hex("8050000008"));
	buf_view(&b, view_buf(&old));
	buf_u8(&b, 0);
	CU_ASSERT_EQUAL(peer_raw(&pair_target, hex("00A4040008" INSTALLER_ISD "00"), NULL), SW_OK);
	CU_ASSERT_EQUAL(peer_raw(&pair_target, view_buf(&b), &pair_host.reply), SW_OK);
	buf_view(&old, view_buf(&pair_host.reply));
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0x80, 0x50, 0, view_buf(&old), 65536),
			SW_CONDITIONS);
	/* The wrong one has used up the right one. */
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0x80, 0x50, 0, view_buf(&old), 65536),
			SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0, 0x84, 0, 0, view_of(NULL, 0), 9),
			SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0, 0x84, 1, 0, view_of(NULL, 0), 8),
			SW_INCORRECT_P1P2);
	buf_free(&old);
	buf_free(&b);
	pair_stop();
}

static void every_flipped_bit_of_the_targets_answer_is_refused(void)
{
	struct buf b;

	pair_start(KEY_TYPE_AES, 0x60, 0, 1);
	buf_init(&b, PAIR_ROOM);
	CU_ASSERT_EQUAL(peer_raw(&pair_target, hex("00A4040008" INSTALLER_ISD "00"), NULL), SW_OK);
	for (size_t byte = 0; byte < 29; byte++) {
		uint16_t sw;

		CU_ASSERT_EQUAL(installer_ask(&pair_host, 0, 0x84, 0, 0, view_of(NULL, 0), 8),
				SW_OK);
		buf_reset(&b);
		buf_view(&b, hex("8050000008"));
		buf_view(&b, view_buf(&pair_host.answer));
		buf_u8(&b, 0);
		CU_ASSERT_EQUAL(peer_raw(&pair_target, view_buf(&b), &pair_host.reply), SW_OK);
		pair_host.reply.data[byte] ^= (uint8_t)(1 << byte % 8);
		buf_reset(&b);
		buf_view(&b, view_buf(&pair_host.answer));
		buf_view(&b, view_buf(&pair_host.reply));
		sw = installer_ask(&pair_host, 0x80, 0x80, 0x50, 0, view_buf(&b), 65536);
		/* The key version (10) is nobody's secret; i (12) is used, but not authenticated. */
		if (byte == 10)
			CU_ASSERT_EQUAL(sw, SW_OK);
		if (byte != 10 && byte != 12)
			CU_ASSERT(sw == SW_AUTHENTICATION_FAILED || sw == SW_WRONG_DATA);
	}
	for (size_t len = 0; len < 29; len++) {
		CU_ASSERT_EQUAL(installer_ask(&pair_host, 0, 0x84, 0, 0, view_of(NULL, 0), 8),
				SW_OK);
		buf_reset(&b);
		buf_view(&b, view_buf(&pair_host.answer));
		buf_put(&b, pair_host.reply.data, len);
		CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0x80, 0x50, 0, view_buf(&b), 65536),
				SW_WRONG_DATA);
	}
	buf_free(&b);
	pair_stop();
}

static void indexes_ascend_by_one_and_the_last_comes_again(void)
{
	struct buf first;

	pair_start(KEY_TYPE_DES, 0x15, 0, 1);
	buf_init(&first, PAIR_ROOM);
	/* Nothing before its time. */
	CU_ASSERT_EQUAL(pair_operate(0x00, 0xB0 | PAIR_APPLICATION), SW_CONDITIONS);
	CU_ASSERT_EQUAL(pair_operate(0x10, 1), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_begin(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x10, 1), SW_CONDITIONS);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0x21), SW_CONDITIONS);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0x31), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_activate(&pair_host), SW_CONDITIONS);
	CU_ASSERT_EQUAL(pair_operate(0x40, 1), SW_CONDITIONS);
	CU_ASSERT_EQUAL(pair_operate(0x60, 1), SW_CONDITIONS);
	/* Applications: out of range, in the wrong form, the other one. */
	CU_ASSERT_EQUAL(pair_operate(0x00, 0xB1), SW_RECORD_NOT_FOUND);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0xB0), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(pair_operate_with(0x00, 0xB0, "020003"), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(pair_operate_with(0x00, 0xB0, "020010"), SW_RECORD_NOT_FOUND);
	CU_ASSERT_EQUAL(pair_operate_with(0x00, 0xB0, "03001000"), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(pair_operate_with(0x00, 0xB3, "020003"), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0xC1), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0xB0 | PAIR_APPLICATION), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0xB0 | PAIR_APPLICATION), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0xB1), SW_CONDITIONS);
	/* DELETE. */
	CU_ASSERT_EQUAL(pair_operate(0x10, 2), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0x21), SW_CONDITIONS);
	CU_ASSERT_EQUAL(pair_operate(0x10, 1), SW_OK);
	buf_view(&first, view_buf(&pair_host.answer));
	CU_ASSERT_EQUAL(pair_operate(0x10, 1), SW_OK);
	CU_ASSERT(view_equal(view_buf(&first), view_buf(&pair_host.answer)));
	installer_carry(&pair_host);
	CU_ASSERT_EQUAL(pair_operate(0x10, 2), SW_RECORD_NOT_FOUND);
	CU_ASSERT_EQUAL(pair_operate(0x10, 3), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(pair_operate(0x10, 0), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(pair_operate_with(0x10, 0, "020001"), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0xB0 | PAIR_APPLICATION), SW_CONDITIONS);
	/* Files. */
	CU_ASSERT_EQUAL(pair_operate(0x20, 1), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0x22), SW_RECORD_NOT_FOUND);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0x31), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0x21), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0x21), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x10, 1), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0x31), SW_CONDITIONS);
	CU_ASSERT_EQUAL(pair_operate(0x30, 1), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(pair_operate(0x20, 2), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(pair_operate(0x20, 1), SW_OK);
	CU_ASSERT_EQUAL(installer_carry(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x20, 2), SW_RECORD_NOT_FOUND);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0x32), SW_RECORD_NOT_FOUND);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0x31), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0x31), SW_OK);
	/* Blocks. */
	CU_ASSERT_EQUAL(pair_operate(0x30, 2), SW_INCORRECT_P1P2);
	for (uint8_t block = 1; block <= 4; block++) {
		CU_ASSERT_EQUAL(installer_activate(&pair_host), SW_CONDITIONS);
		CU_ASSERT_EQUAL(pair_operate(0x30, block), SW_OK);
		buf_reset(&first);
		buf_view(&first, view_buf(&pair_host.answer));
		CU_ASSERT_EQUAL(pair_operate(0x30, block), SW_OK);
		CU_ASSERT(view_equal(view_buf(&first), view_buf(&pair_host.answer)));
		if (block > 1)
			CU_ASSERT_EQUAL(pair_operate(0x30, (uint8_t)(block - 1)),
					SW_INCORRECT_P1P2);
		CU_ASSERT_EQUAL(pair_operate(0x30, block), SW_OK);
		CU_ASSERT_EQUAL(installer_carry(&pair_host), SW_OK);
	}
	CU_ASSERT_EQUAL(pair_operate(0x30, 5), SW_RECORD_NOT_FOUND);
	/* Activation and what needs it. */
	CU_ASSERT_EQUAL(pair_operate(0x40, 1), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0, 0x88, 0, 0, hex("00"), 0), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0, 0x88, 0, 1, view_of(NULL, 0), 0),
			SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(installer_activate(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x30, 4), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0x21), SW_CONDITIONS);
	CU_ASSERT_EQUAL(pair_operate(0x60, 1), SW_CONDITIONS);
	CU_ASSERT_EQUAL(pair_operate(0x40, 2), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(pair_operate(0x40, 1), SW_OK);
	CU_ASSERT_EQUAL(installer_carry(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_operate_with(0x60, 2, "9000"), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(pair_operate_with(0x60, 1, "90"), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(pair_operate_with(0x60, 1, "009000"), SW_OK);
	CU_ASSERT_EQUAL(pair_operate_with(0x60, 1, "009000"), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x40, 2), SW_RECORD_NOT_FOUND);
	CU_ASSERT_EQUAL(pair_operate(0x50, 1), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(pair_operate(0x90, 1), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(pair_installed(), 1);
	buf_free(&first);
	pair_stop();
}

CU_TestInfo principal_order_tests[] = {
	{"a_whole_greeting_serves_once", a_whole_greeting_serves_once},
	{"a_challenge_serves_once_and_only_the_last", a_challenge_serves_once_and_only_the_last},
	{"every_flipped_bit_of_the_targets_answer_is_refused",
	 every_flipped_bit_of_the_targets_answer_is_refused},
	{"indexes_ascend_by_one_and_the_last_comes_again",
	 indexes_ascend_by_one_and_the_last_comes_again},
	CU_TEST_INFO_NULL,
};
