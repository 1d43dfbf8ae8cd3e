/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands in parts by the *more commands* bit of P1, GPCS 11.1.5.1: with one MAC over all of it, as the
 * specification has it, and with one for each part; what interrupts them, and what is wrong in them.
 */
#include "tests/suite.h"

#include <string.h>

#include "card/keyring.h"
#include "tests/base/hex.h"
#include "tests/card/keyhost.h"
#include "tests/card/manage.h"

enum { ROOM = 70000, SM = 0x04000000, MORE = 0x00008000 };

static struct keyhost host;
static struct buf body, sent;

/* A session of the issuer security domain from a set of this type. */
static void start(uint8_t type, uint8_t level)
{
	struct keyset set = manage_keys(0x30);
	struct buf data;

	manage_start();
	buf_init(&data, MANAGE_ROOM);
	buf_init(&body, ROOM);
	buf_init(&sent, ROOM);
	set.type = type;
	manage_key_data(&set, &data);
	CU_ASSERT_EQUAL_FATAL(manage_bytes(0x80D80081, view_buf(&data)), 0x9000);
	buf_free(&data);
	keyhost_init(&host, &manage_peer, &set);
	CU_ASSERT_EQUAL_FATAL(keyhost_open(&host, level, FAULT_NONE), 0x9000);
}

static void stop(void)
{
	keyhost_free(&host);
	buf_free(&body);
	buf_free(&sent);
	manage_stop();
}

/* An RSA key of 2048 bits, which no short command holds. */
static void put_rsa(uint8_t version)
{
	uint8_t n[256];

	memset(n, 0xC3, sizeof(n));
	buf_reset(&body);
	buf_u8(&body, version);
	buf_view(&body, hex("A1820100"));
	buf_put(&body, n, sizeof(n));
	buf_view(&body, hex("A003010001 00"));
}

/* Cuts what is sent into parts of so many bytes; the last word, and none before it is an error. */
static uint16_t send_parts(uint32_t header, size_t size)
{
	uint16_t sw = 0x9000;

	for (size_t at = 0; sw == 0x9000 && at < sent.len; at += size) {
		size_t left = sent.len - at, part = left < size ? left : size;
		uint32_t more = part < left ? MORE : 0;

		sw = keyhost_raw(&host, header | SM | more, view_of(sent.data + at, part));
		CU_ASSERT(!more || (sw == 0x9000 && host.answer.len == 0));
	}
	buf_reset(&sent);
	return sw;
}

static void one_mac_over_all(uint8_t type, uint8_t level)
{
	start(type, level);
	put_rsa(0x73);
	keyhost_protect(&host, 0x80D80001, view_buf(&body), &sent);
	CU_ASSERT_EQUAL(send_parts(0x80D80001, 200), 0x9000);
	CU_ASSERT(view_equal(view_buf(&host.answer), hex("73")));
	/* The session goes on, and the next one is like any other. */
	CU_ASSERT_EQUAL(keyhost_send(&host, 0x80E40000, hex("D20173")), 0x9000);
	/* So short that nothing asked for it. */
	keyhost_protect(&host, 0x80E40000, hex("4F06" PACKAGE), &sent);
	CU_ASSERT_EQUAL(send_parts(0x80E40000, 9), 0x6A88);
	keyhost_protect(&host, 0x80E60C00,
			hex("07" DOMAIN_FILE "08" DOMAIN_CODE "06" DOMAIN "0180 02C900 00"), &sent);
	CU_ASSERT_EQUAL(send_parts(0x80E60C00, 10), 0x9000);
	/* One bit of it, wherever: the MAC at its end is wrong, and that ends the session. */
	put_rsa(0x74);
	keyhost_protect(&host, 0x80D80001, view_buf(&body), &sent);
	sent.data[100] ^= 1;
	CU_ASSERT_EQUAL(send_parts(0x80D80001, 200), 0x6982);
	CU_ASSERT_EQUAL(keyhost_send(&host, 0x80F28002, hex("4F00")), 0x6982);
	CU_ASSERT_EQUAL(manage_bare("80CA00E000"), 0x9000);
	CU_ASSERT_EQUAL(manage_answer.len, 20);
	stop();
}

static void a_command_in_parts_has_one_mac_over_all_of_it(void)
{
	one_mac_over_all(KEY_TYPE_DES, 0x01);
	one_mac_over_all(KEY_TYPE_DES, 0x03);
	one_mac_over_all(KEY_TYPE_AES, 0x01);
	one_mac_over_all(KEY_TYPE_AES, 0x03);
}

static void one_mac_each(uint8_t type, uint8_t level)
{
	start(type, level);
	put_rsa(0x73);
	CU_ASSERT_EQUAL(keyhost_send(&host, 0x80D88001, view_of(body.data, 200)), 0x9000);
	CU_ASSERT_EQUAL(host.answer.len, 0);
	CU_ASSERT_EQUAL(keyhost_send(&host, 0x80D80001, view_of(body.data + 200, body.len - 200)),
			0x9000);
	CU_ASSERT(view_equal(view_buf(&host.answer), hex("73")));
	/* Something else in between: it is refused, and so is what was begun; the session goes on. */
	put_rsa(0x74);
	CU_ASSERT_EQUAL(keyhost_send(&host, 0x80D88001, view_of(body.data, 200)), 0x9000);
	CU_ASSERT_EQUAL(keyhost_send(&host, 0x80F28002, hex("4F00")), 0x6985);
	CU_ASSERT_EQUAL(keyhost_send(&host, 0x80F28002, hex("4F00")), 0x9000);
	CU_ASSERT_EQUAL(keyhost_send(&host, 0x80D88001, view_of(body.data, 200)), 0x9000);
	CU_ASSERT_EQUAL(keyhost_send(&host, 0x80D80002, view_of(body.data + 200, body.len - 200)),
			0x6985);
	CU_ASSERT_EQUAL(keyhost_send(&host, 0x80D80001, view_of(body.data + 200, body.len - 200)),
			0x6A80);
	CU_ASSERT_EQUAL(keyhost_send(&host, 0x80CA00E0, view_of(NULL, 0)), 0x9000);
	CU_ASSERT_EQUAL(host.answer.len, 28);
	stop();
}

static void a_command_in_parts_may_have_one_for_each(void)
{
	one_mac_each(KEY_TYPE_DES, 0x01);
	one_mac_each(KEY_TYPE_DES, 0x03);
	one_mac_each(KEY_TYPE_AES, 0x01);
	one_mac_each(KEY_TYPE_AES, 0x03);
}

static void what_interrupts_parts_is_refused_and_ends_them(void)
{
	start(KEY_TYPE_AES, 0x03);
	put_rsa(0x73);
	keyhost_protect(&host, 0x80D80001, view_buf(&body), &sent);
	/* The host that goes another way has not used that MAC. */
	CU_ASSERT_EQUAL(keyhost_raw(&host, 0x84D88001, view_of(sent.data, 200)), 0x9000);
	CU_ASSERT_EQUAL(keyhost_open(&host, 0x03, FAULT_NONE), 0x9000);
	CU_ASSERT_EQUAL(keyhost_raw(&host, 0x84D88001, view_of(sent.data, 200)), 0x9000);
	CU_ASSERT_EQUAL(keyhost_send(&host, 0x80F28002, hex("4F00")), 0x6985);
	CU_ASSERT_EQUAL(keyhost_send(&host, 0x80F28002, hex("4F00")), 0x9000);
	/* No end to it. */
	buf_reset(&body);
	while (body.len < 250)
		buf_u8(&body, 0);
	for (unsigned int n = 0; n < 32; n++)
		CU_ASSERT_EQUAL(keyhost_raw(&host, 0x84D88001, view_buf(&body)), 0x9000);
	CU_ASSERT_EQUAL(keyhost_raw(&host, 0x84D88001, view_buf(&body)), 0x6A86);
	/* They were nobody's, and nobody sends such again in this session. */
	CU_ASSERT_EQUAL(keyhost_raw(&host, 0x84D88001, view_buf(&body)), 0x6982);
	stop();
}

static void parts_come_over_scp10_too(void)
{
	manage_start();
	CU_ASSERT_EQUAL(manage_send(0x80E68C00, "07" DOMAIN_FILE "08" DOMAIN_CODE), 0x9000);
	CU_ASSERT_EQUAL(manage_answer.len, 0);
	CU_ASSERT_EQUAL(manage_send(0x80E60C00, "06" DOMAIN "0180 02C900 00"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80F24002, "4F06" DOMAIN), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E48000, "4F"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E60C00, "00"), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80E48000, "4F"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "06" DOMAIN), 0x9000);
	manage_stop();
}

static int clean(void)
{
	peer_world_free();
	return 0;
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"a command in parts has one MAC over all of it",
		 a_command_in_parts_has_one_mac_over_all_of_it},
		{"a command in parts may have one for each",
		 a_command_in_parts_may_have_one_for_each},
		{"what interrupts parts is refused and ends them",
		 what_interrupts_parts_is_refused_and_ends_them},
		{"parts come over SCP10, too", parts_come_over_scp10_too},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "manager parts", .pCleanupFunc = clean, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("manager parts", suites);
}
