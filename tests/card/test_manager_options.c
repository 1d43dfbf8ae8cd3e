/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options of SCP02 and SCP03 as an administrator asks for them: key sets that are put get them, say so in
 * INITIALIZE UPDATE and in the card data, and hosts that go by that open sessions.
 */
#include "tests/suite.h"

#include <stdio.h>

#include "tests/base/hex.h"
#include "tests/card/keyhost.h"
#include "tests/card/manage.h"

static void put_set(uint8_t type, uint8_t version)
{
	struct keyset set = manage_keys(version);
	struct buf data;

	set.type = type;
	buf_init(&data, MANAGE_ROOM);
	manage_key_data(&set, &data);
	CU_ASSERT_EQUAL_FATAL(manage_bytes(0x80D80081, view_buf(&data)), 0x9000);
	buf_free(&data);
}

static uint16_t make_domain(const char *parameters)
{
	char data[200];
	unsigned int len = (unsigned int)hex(parameters).len;

	snprintf(data, sizeof(data),
		 "07" DOMAIN_FILE "08" DOMAIN_CODE "06" DOMAIN "0180 %02X C9%02X%s 00", len + 2,
		 len, parameters);
	return manage_send(0x80E60C00, data);
}

/* How often the card data have the protocol with this i. */
static unsigned int announces(uint8_t protocol, uint8_t i)
{
	char oid[40];
	struct view wanted;
	unsigned int times = 0;

	snprintf(oid, sizeof(oid), "640B 0609 2A864886FC6B04 %02X%02X", protocol, i);
	wanted = hex(oid);
	if (manage_bare("80CA006600") != 0x9000)
		return 0;
	for (size_t at = 0; at + wanted.len <= manage_answer.len; at++)
		times += view_equal(view_of(manage_answer.data + at, wanted.len), wanted);
	return times;
}

static void opens(uint8_t type, uint8_t version)
{
	struct keyset set = manage_keys(version);
	struct keyhost host;

	set.type = type;
	keyhost_init(&host, &manage_peer, &set);
	for (int n = 0; n < 3; n++) {
		CU_ASSERT_EQUAL(keyhost_open(&host, 0x03, FAULT_NONE), 0x9000);
		CU_ASSERT_EQUAL(keyhost_send(&host, 0x80CA00E0, view_of(NULL, 0)), 0x9000);
	}
	keyhost_free(&host);
}

static void sets_get_the_options_of_their_domain(void)
{
	manage_start();
	CU_ASSERT_EQUAL_FATAL(make_domain("8104 0255 0370"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, DOMAIN), 0x9000);
	put_set(KEY_TYPE_AES, 0x30);
	put_set(KEY_TYPE_DES, 0x20);
	/* Bare commands end the session over SCP10. */
	peer_reopen(&manage_peer, NULL);
	CU_ASSERT_EQUAL(manage_bare("00A4040006" DOMAIN "00"), 0x9000);
	CU_ASSERT(announces(0x02, 0x55));
	CU_ASSERT(announces(0x03, 0x70));
	CU_ASSERT_EQUAL(manage_bare("8050300008112233445566778800"), 0x9000);
	CU_ASSERT_EQUAL(manage_answer.len, 32);
	CU_ASSERT_EQUAL(manage_answer.data[12], 0x70);
	opens(KEY_TYPE_AES, 0x30);
	opens(KEY_TYPE_DES, 0x20);
	manage_stop();
}

static void the_issuers_options_are_stored(void)
{
	manage_start();
	put_set(KEY_TYPE_AES, 0x30);
	CU_ASSERT_EQUAL(manage_send(0x80E29000, "FE06 8104 0371 0255"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80CA00FE, ""), 0x9000);
	CU_ASSERT(manage_answered("FE06 8104 0371 0255"));
	put_set(KEY_TYPE_AES, 0x31);
	put_set(KEY_TYPE_AES, 0x32);
	peer_reopen(&manage_peer, NULL);
	CU_ASSERT_EQUAL(manage_bare("00A4040000"), 0x9000);
	/* A set that was there keeps its own. */
	CU_ASSERT(announces(0x03, 0x60));
	CU_ASSERT_EQUAL(announces(0x03, 0x71), 1); /* of two sets */
	CU_ASSERT(announces(0x10, 0x42));
	CU_ASSERT_EQUAL(manage_bare("8050300008112233445566778800"), 0x9000);
	CU_ASSERT_EQUAL(manage_bare("8050310008112233445566778800"), 0x6700);
	CU_ASSERT_EQUAL(manage_bare("8050310010112233445566778811223344556677 8800"), 0x9000);
	CU_ASSERT_EQUAL(manage_answer.len, 10 + 3 + 16 + 16 + 3);
	manage_stop();
}

static void options_that_are_none_are_refused(void)
{
	static const char *const rows[] = {
		"8102 0205",   "8102 0340", "8102 0368", "8102 0480",           "8101 02",
		"8103 025503", "81",        "82",        "8102 0255 8102 0370", "8100 8102 0370"};
	char data[40];

	manage_start();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(make_domain(rows[i]), 0x6A80);
		snprintf(data, sizeof(data), "FE%02X%s", (unsigned int)hex(rows[i]).len, rows[i]);
		CU_ASSERT_EQUAL(manage_send(0x80E29000, data), 0x6A80);
	}
	CU_ASSERT_EQUAL(manage_send(0x80CA00FE, ""), 0x6A88);
	CU_ASSERT_EQUAL(make_domain(""), 0x9000);
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
		{"sets get the options of their domain", sets_get_the_options_of_their_domain},
		{"the issuer's options are stored", the_issuers_options_are_stored},
		{"options that are none are refused", options_that_are_none_are_refused},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "manager options", .pCleanupFunc = clean, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("manager options", suites);
}
