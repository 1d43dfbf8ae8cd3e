/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the card manager refuses for the card's state, or for another process's sake: locked and
 * terminated cards, locked domains, deleted applications that are still selected somewhere, numbers
 * and counters that must not come back.
 */
#include "tests/suite.h"

#include <string.h>

#include "card/instance.h"
#include "card/registry.h"
#include "tests/base/hex.h"
#include "tests/card/manage.h"

/* Another process's card, on the same directory. */
static struct peer other;

static void other_start(void)
{
	other = manage_peer;
	buf_init(&other.block, 1000);
	buf_init(&other.signature, 1000);
	buf_init(&other.wire, 70000);
	peer_good(card_open(manage_peer.dir, NULL, &other.card));
}

static void other_stop(void)
{
	card_close(&other.card);
	buf_free(&other.block);
	buf_free(&other.signature);
	buf_free(&other.wire);
}

static uint16_t other_send(uint32_t header, const char *data)
{
	bool bare;

	return peer_protected(&other, (uint8_t)(header >> 24), (uint8_t)(header >> 16),
			      (uint8_t)(header >> 8), (uint8_t)header, hex(data), 256, NULL, &bare);
}

static void other_open(const char *aid)
{
	steps_open_with_roles(&other, ROLE_ISSUER);
	CU_ASSERT_EQUAL_FATAL(other_send(0x00A40400, aid), 0x9000);
}

/* What changes contents, keys or data; each with data that would be good. */
static void nothing_changes(void)
{
	struct keyset set = manage_keys(0x31);
	struct buf data;

	buf_init(&data, 200);
	manage_key_data(&set, &data);
	CU_ASSERT_EQUAL(manage_send(0x80E60200, "06F00102030409 00 00 00 00"), 0x6985);
	CU_ASSERT_EQUAL(manage_make_domain("80"), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80E40080, "4F06" PACKAGE), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "D20130"), 0x6985);
	CU_ASSERT_EQUAL(manage_bytes(0x80D80081, view_buf(&data)), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80E29000, "4201AA"), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80F04080, TOKEN), 0x6985);
	buf_free(&data);
}

static void lock_card(void)
{
	CU_ASSERT_EQUAL(manage_send(0x80F0807F, ""), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80F08007, ""), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80F08007, ""), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80F0800F, ""), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80F08001, ""), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80F0807F, ""), 0x9000);
}

static void a_locked_card_can_only_be_unlocked_or_terminated(void)
{
	manage_start();
	manage_load_package();
	lock_card();
	nothing_changes();
	CU_ASSERT_EQUAL(manage_send(0x80F28002, "4F00"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80F08007, ""), 0x6985);
	/* A load that had begun before is not ended after. */
	CU_ASSERT_EQUAL(manage_send(0x00A40400, TOKEN), 0x6A81);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, ISD), 0x6283);
	/* At power-up it is the issuer security domain that is selected, and it alone can be. */
	peer_reopen(&manage_peer, NULL);
	CU_ASSERT_EQUAL(manage_bare("80CA006600"), 0x9000);
	CU_ASSERT_EQUAL(manage_bare("00A404000A" TOKEN "00"), 0x6A81);
	CU_ASSERT_EQUAL(manage_bare("00A4040000"), 0x6283);
	CU_ASSERT_EQUAL(manage_bare("0070000001"), 0x6A81);
	steps_open_with_roles(&manage_peer, ROLE_ISSUER);
	CU_ASSERT_EQUAL(manage_send(0x80F0800F, ""), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, TOKEN), 0x9000);
	manage_stop();
}

static void supplementary_channels_of_a_locked_card_close(void)
{
	manage_start();
	CU_ASSERT_EQUAL(manage_send(0x00700000, ""), 0x9000);
	lock_card();
	CU_ASSERT_EQUAL(manage_bare("01A4040000"), 0x6A81);
	CU_ASSERT_EQUAL(manage_bare("01A4040000"), 0x6881);
	manage_stop();
}

static void a_terminated_card_reads_data_and_no_more(void)
{
	manage_start();
	manage_load_package();
	CU_ASSERT_EQUAL(manage_send(0x80F080FF, ""), 0x9000);
	CU_ASSERT_EQUAL(manage_bare("00A404000A" TOKEN "00"), 0x6A81);
	CU_ASSERT_EQUAL(manage_bare("00A4040000"), 0x6A81);
	CU_ASSERT_EQUAL(manage_bare("8050000008112233445566778800"), 0x6A81);
	CU_ASSERT_EQUAL(manage_bare("0022C1B60A80021042830083008400"), 0x6A81);
	CU_ASSERT_EQUAL(manage_bare("80CA006600"), 0x9000);
	peer_reopen(&manage_peer, NULL);
	CU_ASSERT_EQUAL(manage_bare("80CA9F7F00"), 0x9000);
	CU_ASSERT_EQUAL(manage_bare("0070000001"), 0x6A81);
	manage_stop();
}

static void the_end_of_the_card_reaches_other_processes(void)
{
	manage_start();
	other_start();
	other_open(TOKEN);
	CU_ASSERT_EQUAL(manage_send(0x80F080FF, ""), 0x9000);
	CU_ASSERT_EQUAL(other_send(0x00A40400, TOKEN), 0x6A81);
	other_stop();
	manage_stop();
}

/* The entry is deleted in a way that asks nobody, as in the moment between a SELECT and its mark. */
static void delete_unasked(const char *aid)
{
	struct nvm *nvm = manage_peer.card->nvm;
	struct registry_entry e;

	peer_good(nvm_begin(nvm));
	peer_good(registry_find(nvm, hex(aid), &e));
	peer_good(registry_delete(nvm, e.number));
	peer_good(nvm_commit(nvm, NULL, NULL));
}

static void a_domain_deleted_elsewhere_is_gone_and_its_number_too(void)
{
	manage_start();
	CU_ASSERT_EQUAL_FATAL(manage_make_domain("80"), 0x9000);
	other_start();
	other_open(DOMAIN);
	CU_ASSERT_EQUAL(other_send(0x80F24002, "4F00"), 0x9000);
	delete_unasked(DOMAIN);
	/* Another one takes its place in the registry, and not in the other process. */
	CU_ASSERT_EQUAL_FATAL(manage_make_domain("80"), 0x9000);
	CU_ASSERT_EQUAL(other_send(0x80F24002, "4F00"), 0x6982);
	CU_ASSERT_EQUAL(peer_raw(&other, hex("80CA006600"), NULL), 0x6A88);
	other_stop();
	manage_stop();
}

static void what_is_selected_in_another_process_is_not_deleted(void)
{
	struct buf atr;

	manage_start();
	buf_init(&atr, 40);
	CU_ASSERT_EQUAL_FATAL(manage_make_domain("80"), 0x9000);
	other_start();
	other_open(DOMAIN);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F06" DOMAIN), 0x6985);
	CU_ASSERT_EQUAL(other_send(0x80F24002, "4F00"), 0x9000);
	/* It goes on to something else; two channels have it, and one gives it up. */
	CU_ASSERT_EQUAL(other_send(0x00A40400, ISD), 0x9000);
	CU_ASSERT_EQUAL(peer_raw(&other, hex("0070000001"), NULL), 0x6982);
	peer_good(card_reset(other.card, &atr));
	CU_ASSERT_EQUAL(peer_raw(&other, hex("0070000001"), NULL), 0x9000);
	CU_ASSERT_EQUAL(peer_raw(&other, hex("00A4040006" DOMAIN "00"), NULL), 0x9000);
	CU_ASSERT_EQUAL(peer_raw(&other, hex("01A4040006" DOMAIN "00"), NULL), 0x9000);
	CU_ASSERT_EQUAL(peer_raw(&other, hex("00A4040000"), NULL), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F06" DOMAIN), 0x6985);
	CU_ASSERT_EQUAL(peer_raw(&other, hex("00708001"), NULL), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F06" DOMAIN), 0x9000);
	/* A reset gives it up, and so does the end of the process. */
	for (int end = 0; end < 2; end++) {
		CU_ASSERT_EQUAL_FATAL(manage_make_domain("80"), 0x9000);
		CU_ASSERT_EQUAL(peer_raw(&other, hex("00A4040006" DOMAIN "00"), NULL), 0x9000);
		CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F06" DOMAIN), 0x6985);
		if (end)
			other_stop();
		else
			peer_good(card_reset(other.card, &atr));
		CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F06" DOMAIN), 0x9000);
	}
	buf_free(&atr);
	manage_stop();
}

static void a_domain_is_not_deleted_while_it_is_selected_or_has_something(void)
{
	manage_start();
	CU_ASSERT_EQUAL_FATAL(manage_make_domain("80C000"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, DOMAIN), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F06" DOMAIN), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80E60200, "06" PACKAGE "00 00 00 00"), 0x9000);
	CU_ASSERT_EQUAL(manage_load(100), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, ISD), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F06" DOMAIN), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F06" PACKAGE), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F06" DOMAIN), 0x9000);
	manage_stop();
}

static void loads_of_one_name_in_two_processes_end_in_one(void)
{
	struct buf file;

	manage_start();
	other_start();
	other_open(ISD);
	CU_ASSERT_EQUAL(other_send(0x80E60200, "06" PACKAGE "00 00 00 00"), 0x9000);
	CU_ASSERT_EQUAL(other_send(0x80E80000, "C4"), 0x9000);
	manage_load_package();
	buf_init(&file, MANAGE_ROOM);
	buf_u8(&file, 0);
	manage_package(&file);
	file.data[0] = (uint8_t)(file.len - 1);
	{
		bool bare;

		CU_ASSERT_EQUAL(peer_protected(&other, 0x80, 0xE8, 0x80, 1, view_buf(&file), 256,
					       NULL, &bare),
				0x6985);
	}
	buf_free(&file);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F06" PACKAGE), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F06" PACKAGE), 0x6A88);
	other_stop();
	manage_stop();
}

static void a_load_ends_where_its_domain_does(void)
{
	manage_start();
	CU_ASSERT_EQUAL_FATAL(manage_make_domain("80"), 0x9000);
	other_start();
	other_open(ISD);
	CU_ASSERT_EQUAL(manage_send(0x80E60200, "06" PACKAGE "06" DOMAIN "00 00 00"), 0x9000);
	CU_ASSERT_EQUAL(other_send(0x80E40000, "4F06" DOMAIN), 0x9000);
	CU_ASSERT_EQUAL(manage_load(100), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80F22002, "4F06" PACKAGE), 0x6A88);
	other_stop();
	manage_stop();
}

static void a_session_of_a_supplementary_domain_is_no_session_of_the_issuers(void)
{
	manage_start();
	CU_ASSERT_EQUAL_FATAL(manage_make_domain("80"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, DOMAIN), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80F08007, ""), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80F0807F, ""), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80F080FF, ""), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80F28002, "4F00"), 0x6A88);
	CU_ASSERT_EQUAL(manage_send(0x80F04080, TOKEN), 0x6A88);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F0A" TOKEN), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80E60200, "06" PACKAGE "00 00 00 00"), 0x6985);
	/* It may lock itself, and then no more. */
	CU_ASSERT_EQUAL(manage_send(0x80F0400F, DOMAIN), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80F04080, DOMAIN), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80F04000, DOMAIN), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80F06000, DOMAIN), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80E29000, "4201AA"), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, DOMAIN), 0x6A82);
	manage_open();
	CU_ASSERT_EQUAL(manage_send(0x80F04000, DOMAIN), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80F24002, "4F06" DOMAIN), 0x9000);
	CU_ASSERT(manage_answered("E324 4F06" DOMAIN "9F70010F C503808000 C407" DOMAIN_FILE
				  "CC08" ISD));
	manage_stop();
}

static void privileges_that_exclude_each_other_are_refused(void)
{
	static const char *const bad[] = {"81",     "A04000", "A02080", "800040",
					  "A0C000", "A02000", "A00080", "800200",
					  "400000", "000000", "8000",   "80000000"};

	manage_start();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(manage_make_domain(bad[i]), 0x6A80);
	manage_load_package();
	CU_ASSERT_EQUAL(manage_install("800000"), 0x6A80);
	CU_ASSERT_EQUAL(manage_install("000200"), 0x6A80);
	CU_ASSERT_EQUAL(manage_install("004000"), 0x6A80);
	manage_stop();
}

static void code_that_cannot_run_yet_leaves_power_up_to_the_issuer(void)
{
	manage_start();
	manage_load_package();
	CU_ASSERT_EQUAL(manage_install("04"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80F24002, "4F0A" TOKEN), 0x9000);
	CU_ASSERT(manage_answered("E31F 4F0A" TOKEN "9F700107 C503000000 CC08" ISD));
	peer_reopen(&manage_peer, NULL);
	CU_ASSERT_EQUAL(manage_bare("80CA006600"), 0x9000);
	CU_ASSERT_EQUAL(manage_bare("00A404000A" TOKEN "00"), 0x9000);
	manage_stop();
}

/* As hosts do it that are asked to make an application the default one, GPCS 6.6.2. */
static void the_privilege_to_answer_first_goes_from_one_to_another(void)
{
	manage_start();
	manage_load_package();
	CU_ASSERT_EQUAL(manage_install("04"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E60800, "00 00 0A" TOKEN "0104 00 00"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80F24000, "4F00"), 0x9000);
	CU_ASSERT(manage_answered("0A" TOKEN "0704 0C" PKCS15 "0700 07" INSTANCE "0700"));
	/* Neither without it, nor of what is locked, nor of what is no application. */
	CU_ASSERT_EQUAL(manage_send(0x80E60800, "00 00 07" INSTANCE "0100 00 00"), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80E60800, "00 00 08" ISD "0104 00 00"), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80F04080, INSTANCE), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E60800, "00 00 07" INSTANCE "0104 00 00"), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80F04000, INSTANCE), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E60800, "00 00 07" INSTANCE "0104 00 00"), 0x9000);
	/* With the application that has it deleted it is the issuer security domain's. */
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F07" INSTANCE), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80F28000, "4F00"), 0x9000);
	CU_ASSERT(manage_answered("08" ISD "019C"));
	CU_ASSERT_EQUAL(manage_send(0x80E60800, "00 00 0A" TOKEN "0104 00 00"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80F28000, "4F00"), 0x9000);
	CU_ASSERT(manage_answered("08" ISD "0198"));
	manage_stop();
}

static void the_privilege_to_answer_first_is_always_somebodys(void)
{
	manage_start();
	manage_load_package();
	CU_ASSERT_EQUAL(manage_install("04"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80F28000, "4F00"), 0x9000);
	CU_ASSERT(manage_answered("08" ISD "0198"));
	CU_ASSERT_EQUAL(manage_send(0x80E64000, "00 00 07" INSTANCE "0100 00 00"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80F28000, "4F00"), 0x9000);
	CU_ASSERT(manage_answered("08" ISD "019C"));
	/* What cannot be selected yet does not get it. */
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F07" INSTANCE), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E60400,
				    "06" PACKAGE "07" MODULE "07" INSTANCE "0100 02C900 00"),
			0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E64000, "00 00 07" INSTANCE "0104 00 00"), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80F28000, "4F00"), 0x9000);
	CU_ASSERT(manage_answered("08" ISD "019C"));
	manage_stop();
}

static void a_domain_takes_the_privilege_to_answer_first_from_no_stranger(void)
{
	manage_start();
	CU_ASSERT_EQUAL_FATAL(manage_make_domain("804000"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, DOMAIN), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80F0400F, DOMAIN), 0x9000);
	manage_load_package();
	CU_ASSERT_EQUAL(manage_install("04"), 0x6985);
	CU_ASSERT_EQUAL(manage_install("00"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E60800, "00 00 07" INSTANCE "0104 00 00"), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80E64000, "00 00 07" INSTANCE "0104 00 00"), 0x6985);
	/* The issuer may, and what the issuer has is there to be taken. */
	manage_open();
	CU_ASSERT_EQUAL(manage_send(0x80E60800, "00 00 07" INSTANCE "0104 00 00"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E64000, "00 00 07" INSTANCE "0100 00 00"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, DOMAIN), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E60800, "00 00 07" INSTANCE "0104 00 00"), 0x9000);
	manage_stop();
}

static void applications_are_selected_by_a_part_of_their_name_in_turn(void)
{
	manage_start();
	manage_load_package();
	CU_ASSERT_EQUAL(manage_install("00"), 0x9000);
	CU_ASSERT_EQUAL_FATAL(manage_make_domain("80"), 0x9000);
	peer_reopen(&manage_peer, NULL);
	CU_ASSERT_EQUAL(manage_bare("00A404000CF00102030405060708090A0B00"), 0x6A82);
	CU_ASSERT_EQUAL(manage_bare("00A4040005F001020304"
				    "00"),
			0x6999);
	/* The next one after what is selected; nothing asks for the issuer security domain. */
	CU_ASSERT_EQUAL(manage_bare("00A4040006" DOMAIN "00"), 0x9000);
	CU_ASSERT_EQUAL(manage_bare("00A4040205F00102030400"), 0x6A82);
	CU_ASSERT_EQUAL(manage_bare("00A4040200"), 0x9000);
	CU_ASSERT_EQUAL(manage_answer.data[0], 0x6F);
	CU_ASSERT_EQUAL(manage_bare("00A4040205A00000015100"), 0x6A82);
	CU_ASSERT_EQUAL(manage_bare("00A4040004A000000100"), 0x6A82);
	CU_ASSERT_EQUAL(manage_bare("00A4040C05A000000151"), 0x9000);
	CU_ASSERT_EQUAL(manage_answer.len, 0);
	CU_ASSERT_EQUAL(manage_bare("00A4070002 3F0000"), 0x6A86);
	manage_stop();
}

static void a_domain_stores_data_in_one_of_its_own(void)
{
	manage_start();
	CU_ASSERT_EQUAL_FATAL(manage_make_domain("80"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E62000, "0000 06" DOMAIN "000000"), 0x9000);
	CU_ASSERT(manage_answered("00"));
	CU_ASSERT_EQUAL(manage_send(0x80E21000, "420111"), 0x9000);
	/* A wrong block ends the count, not the session. */
	CU_ASSERT_EQUAL(manage_send(0x80E21002, "420122"), 0x6A86);
	CU_ASSERT_EQUAL(manage_send(0x80E28800, "0070 06 420133 450144"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E29000, "420155"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80CA0042, ""), 0x9000);
	CU_ASSERT(manage_answered("420155"));
	CU_ASSERT_EQUAL(manage_send(0x00A40400, DOMAIN), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80CA0042, ""), 0x9000);
	CU_ASSERT(manage_answered("420133"));
	CU_ASSERT_EQUAL(manage_send(0x80CA00C2, ""), 0x6A88);
	CU_ASSERT_EQUAL(manage_send(0x80E62000, "0000 0A" TOKEN "000000"), 0x6A88);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, ISD), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80CA00C2, ""), 0x9000);
	CU_ASSERT(manage_answered("C2020000"));
	CU_ASSERT_EQUAL(manage_send(0x80E62000, "0000 0A" TOKEN "000000"), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80E62000, "0000 06" DOMAIN "0100 0000"), 0x6A80);
	/* Its domain locked, or gone, it stores nothing more. */
	CU_ASSERT_EQUAL(manage_send(0x80E62000, "0000 06" DOMAIN "000000"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F06" DOMAIN), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E29000, "420166"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80CA0042, ""), 0x9000);
	CU_ASSERT(manage_answered("420166"));
	/* Objects that the card makes itself, or that are none. */
	CU_ASSERT_EQUAL(manage_send(0x80E29000, "C1020000"), 0x6A80);
	CU_ASSERT_EQUAL(manage_send(0x80E29000, "4202AA"), 0x6A80);
	CU_ASSERT_EQUAL(manage_send(0x80E2F000, "420166"), 0x6A81);
	CU_ASSERT_EQUAL(manage_send(0x80E28800, "0071 03 420166"), 0x6A80);
	manage_stop();
}

static void a_load_file_with_a_dap_block_is_refused(void)
{
	struct buf block, file;

	manage_start();
	buf_init(&block, MANAGE_ROOM);
	buf_init(&file, MANAGE_ROOM);
	manage_package(&block);
	buf_view(&file, hex("E20D 4F08" ISD "C30100"));
	buf_u8(&file, 0xC4);
	buf_u8(&file, (uint8_t)block.len);
	buf_view(&file, view_buf(&block));
	CU_ASSERT_EQUAL(manage_send(0x80E60200, "06" PACKAGE "00 00 00 00"), 0x9000);
	CU_ASSERT_EQUAL(manage_load_file(view_buf(&file), 50), 0x6A80);
	/* Without it, it is good. */
	CU_ASSERT_EQUAL(manage_send(0x80E60200, "06" PACKAGE "00 00 00 00"), 0x9000);
	CU_ASSERT_EQUAL(manage_load_file(view_of(file.data + 15, file.len - 15), 50), 0x9000);
	buf_free(&block);
	buf_free(&file);
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
		{"a locked card can only be unlocked or terminated",
		 a_locked_card_can_only_be_unlocked_or_terminated},
		{"supplementary channels of a locked card close",
		 supplementary_channels_of_a_locked_card_close},
		{"a terminated card reads data and no more",
		 a_terminated_card_reads_data_and_no_more},
		{"the end of the card reaches other processes",
		 the_end_of_the_card_reaches_other_processes},
		{"a domain deleted elsewhere is gone, and its number too",
		 a_domain_deleted_elsewhere_is_gone_and_its_number_too},
		{"what is selected in another process is not deleted",
		 what_is_selected_in_another_process_is_not_deleted},
		{"a domain is not deleted while it is selected or has something",
		 a_domain_is_not_deleted_while_it_is_selected_or_has_something},
		{"loads of one name in two processes end in one",
		 loads_of_one_name_in_two_processes_end_in_one},
		{"a load ends where its domain does", a_load_ends_where_its_domain_does},
		{"a session of a supplementary domain is no session of the issuer's",
		 a_session_of_a_supplementary_domain_is_no_session_of_the_issuers},
		{"privileges that exclude each other are refused",
		 privileges_that_exclude_each_other_are_refused},
		{"code that cannot run yet leaves power-up to the issuer",
		 code_that_cannot_run_yet_leaves_power_up_to_the_issuer},
		{"the privilege to answer first goes from one to another",
		 the_privilege_to_answer_first_goes_from_one_to_another},
		{"the privilege to answer first is always somebody's",
		 the_privilege_to_answer_first_is_always_somebodys},
		{"a domain takes the privilege to answer first from no stranger",
		 a_domain_takes_the_privilege_to_answer_first_from_no_stranger},
		{"applications are selected by a part of their name, in turn",
		 applications_are_selected_by_a_part_of_their_name_in_turn},
		{"a domain stores data in one of its own", a_domain_stores_data_in_one_of_its_own},
		{"a load file with a DAP block is refused",
		 a_load_file_with_a_dap_block_is_refused},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "manager states", .pCleanupFunc = clean, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("manager states", suites);
}
