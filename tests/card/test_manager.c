/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Card content management through the whole card: in a session of an issuer's over SCP10, and in one
 * from a key set that was put there. What is loaded is a package of our own making, which no machine
 * has to run yet.
 */
#include "tests/suite.h"

#include "base/crypto.h"
#include "base/scp03.h"
#include "base/tlv.h"
#include "tests/base/hex.h"
#include "tests/card/manage.h"

enum { KEY = 16, ROOM = MANAGE_ROOM };

static void what_is_built_in_is_listed(void)
{
	manage_start();
	CU_ASSERT_EQUAL(manage_send(0x80F28002, "4F00"), 0x9000);
	CU_ASSERT(manage_answered("E31D 4F08" ISD "9F700101 C50398FE80 CC08" ISD));
	CU_ASSERT_EQUAL(manage_send(0x80F24002, "4F00"), 0x9000);
	CU_ASSERT(manage_answered("E31F 4F0A" TOKEN "9F700107 C503040000 CC08" ISD
				  "E321 4F0C" PKCS15 "9F700107 C503000000 CC08" ISD));
	CU_ASSERT_EQUAL(manage_send(0x80F21002, "4F00"), 0x9000);
	CU_ASSERT(manage_answered(
		"E325 4F07A0000001515350 9F700101 CE020100 8408A000000151535041 CC08" ISD
		"E32B 4F0AF0496E7461676C696F50 9F700101 CE020100 840BF0496E7461676C696F5001 CC08" ISD));
	CU_ASSERT_EQUAL(manage_send(0x80F24000, "4F00"), 0x9000);
	CU_ASSERT(manage_answered("0A" TOKEN "0704 0C" PKCS15 "0700"));
	CU_ASSERT_EQUAL(manage_send(0x80F24002, "4F06A00000015100"), 0x6A88);
	CU_ASSERT_EQUAL(manage_send(0x80F24002, ""), 0x6A80);
	CU_ASSERT_EQUAL(manage_send(0x80F24003, "4F00"), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80F2C002, "4F00"), 0x6A86);
	manage_stop();
}

static void an_application_is_loaded_installed_listed_and_deleted(void)
{
	manage_start();
	CU_ASSERT_EQUAL(manage_send(0x80E60200, "06" PACKAGE "00 00 00 00"), 0x9000);
	CU_ASSERT(manage_answered("00"));
	CU_ASSERT_EQUAL(manage_load(20), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80F21002, "4F06" PACKAGE), 0x9000);
	CU_ASSERT(manage_answered("E323 4F06" PACKAGE "9F700101 CE020100 8407" MODULE "CC08" ISD));
	CU_ASSERT_EQUAL(manage_send(0x80E60C00,
				    "06" PACKAGE "07" MODULE "07" INSTANCE "0100 02C900 00"),
			0x9000);
	CU_ASSERT(manage_answered("00"));
	CU_ASSERT_EQUAL(manage_send(0x80F24002, "4F07" INSTANCE), 0x9000);
	CU_ASSERT(manage_answered("E324 4F07" INSTANCE "9F700107 C503000000 C406" PACKAGE
				  "CC08" ISD));
	CU_ASSERT_EQUAL(manage_send(0x00A40400, INSTANCE), 0x6999);
	CU_ASSERT_EQUAL(manage_send(0x80E60C00,
				    "06" PACKAGE "07" MODULE "07" INSTANCE "0100 02C900 00"),
			0x6985);
	/* Not while it is used, and not what is built in. */
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F06" PACKAGE), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F0A" TOKEN), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80E40080, "4F06" PACKAGE), 0x9000);
	CU_ASSERT(manage_answered("00"));
	CU_ASSERT_EQUAL(manage_send(0x80F24002, "4F07" INSTANCE), 0x6A88);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F06" PACKAGE), 0x6A88);
	manage_stop();
}

static void what_is_wrong_with_a_load_leaves_nothing(void)
{
	manage_start();
	CU_ASSERT_EQUAL(manage_send(0x80E80000, "00"), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80E60200, "04F0010203 00 00 00 00"), 0x6A80);
	CU_ASSERT_EQUAL(manage_send(0x80E60200, "06" PACKAGE "00 00 00"), 0x6A80);
	CU_ASSERT_EQUAL(manage_send(0x80E60200, "06" PACKAGE "06" PACKAGE "00 00 00"), 0x6A88);
	CU_ASSERT_EQUAL(manage_send(0x80E60200, "08" ISD "00 00 00 00"), 0x6985);
	/* Another name than the package's. */
	CU_ASSERT_EQUAL(manage_send(0x80E60200, "06F00102030406 00 00 00 00"), 0x9000);
	CU_ASSERT_EQUAL(manage_load(20), 0x6A80);
	/* Another hash. */
	CU_ASSERT_EQUAL(manage_send(0x80E60200,
				    "06" PACKAGE
				    "00 14 0000000000000000000000000000000000000000 00 00"),
			0x9000);
	CU_ASSERT_EQUAL(manage_load(20), 0x6A80);
	/* A block out of its place, and then any. */
	CU_ASSERT_EQUAL(manage_send(0x80E60200, "06" PACKAGE "00 00 00 00"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E80001, "C440"), 0x6A86);
	CU_ASSERT_EQUAL(manage_load(20), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80F22002, "4F06" PACKAGE), 0x6A88);
	manage_stop();
}

static void keys_of_a_kind_open_a_session_of_their_own(void)
{
	struct keyset set = manage_keys(0x30);
	struct buf data;

	manage_start();
	buf_init(&data, ROOM);
	manage_key_data(&set, &data);
	CU_ASSERT_EQUAL(manage_bytes(0x80D80081, view_buf(&data)), 0x9000);
	CU_ASSERT(manage_answered("30 C35280 013808 840DE5"));
	/* The same version is not new any more; a wrong check value is none. */
	CU_ASSERT_EQUAL(manage_bytes(0x80D80081, view_buf(&data)), 0x6985);
	data.data[data.len - 1] ^= 1;
	CU_ASSERT_EQUAL(manage_bytes(0x80D83081, view_buf(&data)), 0x6982);
	CU_ASSERT_EQUAL(manage_send(0x80CA00E0, ""), 0x9000);
	CU_ASSERT(manage_answered("E012 C00401308810 C00402308810 C00403308810"));
	CU_ASSERT_EQUAL(manage_bare("8050300008112233445566778800"), 0x9000);
	CU_ASSERT_EQUAL(manage_answer.len, 29);
	/* The session it ended is over. */
	CU_ASSERT_EQUAL(manage_bare("80F28002024F0000"), 0x6982);
	buf_free(&data);
	manage_stop();
}

static void public_data_is_read_without_a_session(void)
{
	manage_start();
	peer_reopen(&manage_peer, NULL);
	CU_ASSERT_EQUAL(manage_bare("00A4040000"), 0x9000);
	CU_ASSERT_EQUAL(manage_answer.data[0], 0x6F);
	CU_ASSERT_EQUAL(manage_bare("80CA006600"), 0x9000);
	CU_ASSERT_EQUAL(manage_answer.data[0], 0x66);
	CU_ASSERT_EQUAL(manage_bare("80CA9F7F00"), 0x9000);
	CU_ASSERT_EQUAL(manage_answer.len, 45);
	CU_ASSERT_EQUAL(manage_bare("00CA9F7F00"), 0x9000);
	CU_ASSERT_EQUAL(manage_answer.len, 42);
	CU_ASSERT_EQUAL(manage_bare("80CA00C100"), 0x6A88);
	CU_ASSERT_EQUAL(manage_bare("80F28002024F0000"), 0x6982);
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
		{"what_is_built_in_is_listed", what_is_built_in_is_listed},
		{"an_application_is_loaded_installed_listed_and_deleted",
		 an_application_is_loaded_installed_listed_and_deleted},
		{"what_is_wrong_with_a_load_leaves_nothing",
		 what_is_wrong_with_a_load_leaves_nothing},
		{"keys_of_a_kind_open_a_session_of_their_own",
		 keys_of_a_kind_open_a_session_of_their_own},
		{"public_data_is_read_without_a_session", public_data_is_read_without_a_session},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "manager", .pCleanupFunc = clean, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("manager", suites);
}
