/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory resource management, GPCS 9.7: quotas that are kept, reservations that are there for whom they
 * were made and for nobody else, also after the card was off, and go with the application.
 */
#include "tests/suite.h"

#include <stdio.h>
#include <string.h>

#include "base/tlv.h"
#include "card/card.h"
#include "tests/base/hex.h"
#include "tests/card/directory.h"
#include "tests/card/manage.h"

#define OTHER "F001020304FF"

enum { SEGMENT = 1 << 18, CAPACITY = 8 * SEGMENT };

/* A security domain of this name with these system specific parameters. */
static uint16_t make_domain(const char *aid, const char *system)
{
	char data[200];
	unsigned int len = (unsigned int)hex(system).len;

	snprintf(data, sizeof(data),
		 "07" DOMAIN_FILE "08" DOMAIN_CODE "06%s 0180 %02X C900 EF%02X%s 00", aid, len + 4,
		 len, system);
	return manage_send(0x80E60C00, data);
}

static uint16_t put_set(uint8_t version)
{
	struct keyset set = manage_keys(version);
	struct buf data;
	uint16_t sw;

	buf_init(&data, MANAGE_ROOM);
	manage_key_data(&set, &data);
	sw = manage_bytes(0x80D80081, view_buf(&data));
	buf_free(&data);
	return sw;
}

/* Bytes of card memory and of RAM that are left, as the card says it. */
static uint32_t left(uint32_t tag)
{
	struct view in, all, value;
	uint32_t n = 0;

	CU_ASSERT_EQUAL_FATAL(manage_send(0x80CAFF21, ""), 0x9000);
	in = view_buf(&manage_answer);
	CU_ASSERT_EQUAL_FATAL(tlv_expect(&in, 0xFF21, &all), RC_OK);
	CU_ASSERT_EQUAL_FATAL(tlv_find(all, tag, &value), RC_OK);
	CU_ASSERT_EQUAL_FATAL(view_u32(&value, &n), RC_OK);
	return n;
}

static void select_domain(const char *aid)
{
	CU_ASSERT_EQUAL_FATAL(manage_send(0x00A40400, aid), 0x9000);
}

static void a_quota_is_kept_and_survives_a_reset(void)
{
	uint8_t version = 1, url[200] = {0x5F, 0x50, 0x81, 196};
	uint16_t sw = 0x9000;

	manage_start();
	CU_ASSERT_EQUAL(make_domain(DOMAIN, "C8020040"), 0x6A84); /* its entry alone is more */
	CU_ASSERT_EQUAL(make_domain(DOMAIN, "C8020140"), 0x9000);
	select_domain(DOMAIN);
	while (sw == 0x9000 && version < 20)
		sw = put_set(version++);
	CU_ASSERT_EQUAL(sw, 0x6A84);
	CU_ASSERT(version > 2 && version < 8);
	CU_ASSERT_EQUAL(manage_bytes(0x80E29000, view_of(url, sizeof(url))), 0x6A84);
	CU_ASSERT_EQUAL(manage_send(0x80CA5F50, ""), 0x6A88);
	/* The card was off; what is deleted is free again, and no more than that. */
	peer_reopen(&manage_peer, NULL);
	manage_open();
	select_domain(DOMAIN);
	CU_ASSERT_EQUAL(put_set(0x40), 0x6A84);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "D20101"), 0x9000);
	CU_ASSERT_EQUAL(put_set(0x40), 0x9000);
	CU_ASSERT_EQUAL(put_set(0x41), 0x6A84);
	/* Others have no quota. */
	select_domain(ISD);
	CU_ASSERT_EQUAL(put_set(0x41), 0x9000);
	manage_stop();
}

static void amounts_that_are_none_are_refused(void)
{
	static const char *const rows[] = {"C80100",
					   "C803000100",
					   "D70100",
					   "D805000000FFFF",
					   "C8020100 D8020101",
					   "C7020010 D7020011",
					   "C802"};

	manage_start();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(make_domain(DOMAIN, rows[i]), 0x6A80);
	CU_ASSERT_EQUAL(manage_send(0x80F24002, "4F06" DOMAIN), 0x6A88);
	manage_stop();
}

static void ram_is_promised_once(void)
{
	manage_start();
	CU_ASSERT_EQUAL(left(0x83), 65536);
	CU_ASSERT_EQUAL(make_domain(DOMAIN, "D704 00010001"), 0x6A84);
	CU_ASSERT_EQUAL(make_domain(DOMAIN, "D702C000"), 0x9000);
	CU_ASSERT_EQUAL(left(0x83), 0x4000);
	CU_ASSERT_EQUAL(make_domain(OTHER, "D7024001"), 0x6A84);
	CU_ASSERT_EQUAL(make_domain(OTHER, "D7024000"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E60200, "06" PACKAGE "00 00 06 EF04 C7020001 00"), 0x6A84);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F06" DOMAIN), 0x9000);
	CU_ASSERT_EQUAL(left(0x83), 0xC000);
	CU_ASSERT_EQUAL(manage_send(0x80E60200, "06" PACKAGE "00 00 06 EF04 C7020001 00"), 0x9000);
	manage_stop();
}

/* A card of a capacity, personalised. */
static void start_bounded(void)
{
	struct card_options options = {
		.create = true, .segment_size = SEGMENT, .capacity = CAPACITY, .no_threads = true};
	const char *old;

	buf_init(&manage_answer, MANAGE_ROOM);
	peer_fresh(&manage_peer);
	card_close(&manage_peer.card);
	old = strdup(manage_peer.dir);
	directory_free(&old);
	old = directory_new();
	snprintf(manage_peer.dir, sizeof(manage_peer.dir), "%s", old);
	free((char *)old);
	peer_good(card_open(manage_peer.dir, &options, &manage_peer.card));
	peer_personalise(&manage_peer);
	manage_peer.extended = true;
	manage_open();
}

static void card_memory_is_promised_once(void)
{
	char promise[40];
	uint32_t before, after;

	start_bounded();
	before = left(0x82);
	CU_ASSERT(before < CAPACITY);
	snprintf(promise, sizeof(promise), "D804%08X", (unsigned int)before + 1);
	CU_ASSERT_EQUAL(make_domain(DOMAIN, promise), 0x6A84);
	snprintf(promise, sizeof(promise), "D804%08X", (unsigned int)before - 20000);
	CU_ASSERT_EQUAL(make_domain(DOMAIN, promise), 0x9000);
	after = left(0x82);
	CU_ASSERT(after <= 20000);
	CU_ASSERT_EQUAL(make_domain(OTHER, "D8024E21"), 0x6A84);
	/* Neither does a load file get it, asked for or not. */
	CU_ASSERT_EQUAL(manage_send(0x80E60200, "06" PACKAGE "00 00 06 EF04 C6024E21 00"), 0x6A84);
	CU_ASSERT_EQUAL(manage_send(0x80E60200, "06" PACKAGE "00 00 0A EF08 C6022711 C8022711 00"),
			0x6A84);
	/* Who it was promised to has it. */
	select_domain(DOMAIN);
	CU_ASSERT_EQUAL(put_set(1), 0x9000);
	select_domain(ISD);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F06" DOMAIN), 0x9000);
	CU_ASSERT(left(0x82) > after + 100000);
	CU_ASSERT_EQUAL(make_domain(OTHER, "D8024E21"), 0x9000);
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
		{"a quota is kept and survives a reset", a_quota_is_kept_and_survives_a_reset},
		{"amounts that are none are refused", amounts_that_are_none_are_refused},
		{"RAM is promised once", ram_is_promised_once},
		{"card memory is promised once", card_memory_is_promised_once},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "manager memory", .pCleanupFunc = clean, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("manager memory", suites);
}
