/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way of a command through the card: classes, channels, chaining, long answers, personalisation.
 * Who is served what is test_roles.c.
 */
#include "tests/suite.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/tlv.h"
#include "card/nvm_io.h"
#include "tests/card/peer.h"

static const uint8_t aid[] = {0xF0, 'I', 'n', 't', 'a', 'g', 'l', 'i', 'o', 0x01};

static uint16_t select_token(struct peer *p, struct buf *out)
{
	return peer_send(p, 0, 0xA4, 4, 0, view_of(aid, sizeof(aid)), 256, out);
}

static uint16_t bare(struct peer *p, uint8_t cla, uint8_t ins)
{
	const uint8_t apdu[] = {cla, ins, 0, 0};

	return peer_raw(p, view_of(apdu, sizeof(apdu)), NULL);
}

static uint8_t life_cycle(struct peer *p)
{
	struct view fci, proprietary, value, rest;
	uint8_t state = 0;
	struct buf out;

	buf_init(&out, 1000);
	CU_ASSERT_EQUAL(select_token(p, &out), 0x9000);
	rest = view_buf(&out);
	CU_ASSERT_EQUAL_FATAL(tlv_expect(&rest, 0x6F, &fci), RC_OK);
	CU_ASSERT_EQUAL_FATAL(tlv_find(fci, 0xA5, &proprietary), RC_OK);
	CU_ASSERT_EQUAL_FATAL(tlv_find(proprietary, 0xC4, &value), RC_OK);
	CU_ASSERT_EQUAL_FATAL(view_u8(&value, &state), RC_OK);
	buf_free(&out);
	return state;
}

static void select_answers_the_documented_fci(void)
{
	static const struct {
		uint32_t tag;
		size_t len;
	} objects[] = {{0xC1, 8}, {0xC2, 32}, {0xC3, 1}, {0xC4, 1},
		       {0xC5, 8}, {0xC6, 4},  {0xC7, 4}, {0xC8, 3}};
	struct view rest, fci, proprietary, value;
	struct buf out;
	struct peer p;

	peer_new(&p);
	buf_init(&out, 1000);
	CU_ASSERT_EQUAL(select_token(&p, &out), 0x9000);
	rest = view_buf(&out);
	CU_ASSERT_EQUAL(tlv_expect(&rest, 0x6F, &fci), RC_OK);
	CU_ASSERT_EQUAL(rest.len, 0);
	CU_ASSERT_EQUAL(tlv_expect(&fci, 0x84, &value), RC_OK);
	CU_ASSERT_TRUE(view_equal(value, view_of(aid, sizeof(aid))));
	CU_ASSERT_EQUAL(tlv_expect(&fci, 0xA5, &proprietary), RC_OK);
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		CU_ASSERT_EQUAL(tlv_expect(&proprietary, objects[i].tag, &value), RC_OK);
		CU_ASSERT_EQUAL(value.len, objects[i].len);
		if (objects[i].tag == 0xC5)
			CU_ASSERT_TRUE(view_equal(value, view_str("00000001")));
	}
	CU_ASSERT_EQUAL(proprietary.len, 0);
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0xA4, 4, 0, view_str("F0Intaglia"), 256, NULL), 0x6A82);
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0xA4, 7, 0, view_of(aid, 2), 256, NULL), 0x6A86);
	buf_free(&out);
	peer_free(&p);
}

static void unknown_classes_instructions_and_channels_have_their_words(void)
{
	static const struct {
		uint8_t cla, ins;
		uint16_t sw;
	} rows[] = {
		{0x00, 0x01, 0x6D00}, {0x80, 0x01, 0x6D00}, {0xFF, 0xA4, 0x6E00},
		{0x20, 0xA4, 0x6E00}, {0xA0, 0xA4, 0x6E00}, {0xBF, 0xA4, 0x6E00},
		{0x80, 0xA4, 0x6E00}, {0x01, 0xA4, 0x6881}, {0x4F, 0xA4, 0x6881},
		{0x83, 0xA4, 0x6881}, {0x0C, 0xA4, 0x6982}, {0x84, 0x82, 0x6982},
		{0x00, 0xC0, 0x6985},
	};
	const uint8_t malformed[][6] = {{0, 0xA4, 4, 0, 5, 1}, {0, 0xA4, 4, 0, 0, 0}, {0, 0xA4, 4}};
	struct peer p;

	peer_fresh(&p);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(bare(&p, rows[i].cla, rows[i].ins), rows[i].sw);
	CU_ASSERT_EQUAL(peer_raw(&p, view_of(malformed[0], 6), NULL), 0x6700);
	CU_ASSERT_EQUAL(peer_raw(&p, view_of(malformed[1], 6), NULL), 0x6700);
	CU_ASSERT_EQUAL(peer_raw(&p, view_of(malformed[2], 3), NULL), 0x6700);
	CU_ASSERT_EQUAL(peer_raw(&p, view_of(NULL, 0), NULL), 0x6700);
	peer_free(&p);
}

static void the_answer_to_reset_is_well_formed(void)
{
	uint8_t check = 0;
	struct buf atr;
	struct peer p;

	peer_fresh(&p);
	buf_init(&atr, 33);
	CU_ASSERT_EQUAL(card_reset(p.card, &atr), RC_OK);
	CU_ASSERT_EQUAL(atr.data[0], 0x3B);
	CU_ASSERT_EQUAL(atr.len, 4u + (atr.data[1] & 0x0F) + 1);
	for (size_t i = 1; i < atr.len; i++)
		check ^= atr.data[i];
	CU_ASSERT_EQUAL(check, 0);
	buf_free(&atr);
	peer_free(&p);
}

static void a_long_command_may_come_chained_or_extended(void)
{
	struct peer p;
	struct buf data;

	for (int extended = 0; extended < 2; extended++) {
		peer_fresh(&p);
		p.extended = extended;
		peer_generate(&p);
		peer_store_data(&p, &data);
		CU_ASSERT_TRUE(data.len > 1000);
		CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xE2, 0x80, 0, view_buf(&data), 0, NULL),
				0x9000);
		CU_ASSERT_EQUAL(life_cycle(&p), 0x0F);
		buf_free(&data);
		peer_free(&p);
	}
}

static void a_chain_that_another_command_breaks_is_forgotten(void)
{
	const uint8_t part[] = {0x10, 0xA4, 4, 0, 2, 0xF0, 'I'};
	struct peer p;

	peer_fresh(&p);
	CU_ASSERT_EQUAL(peer_raw(&p, view_of(part, sizeof(part)), NULL), 0x9000);
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0xA4, 4, 0, view_of(aid + 2, 8), 256, NULL), 0x9000);
	CU_ASSERT_EQUAL(peer_raw(&p, view_of(part, sizeof(part)), NULL), 0x9000);
	CU_ASSERT_EQUAL(bare(&p, 0x00, 0x01), 0x6D00);
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0xA4, 4, 0, view_of(aid + 2, 8), 256, NULL), 0x6A82);
	CU_ASSERT_EQUAL(select_token(&p, NULL), 0x9000);
	peer_free(&p);
}

static void a_chain_longer_than_any_command_is_refused(void)
{
	uint8_t part[5 + 255] = {0x10, 0xA4, 4, 0, 255};
	uint16_t sw = 0x9000;
	struct peer p;
	size_t n = 0;

	peer_fresh(&p);
	while (sw == 0x9000 && n++ < 300)
		sw = peer_raw(&p, view_of(part, sizeof(part)), NULL);
	CU_ASSERT_EQUAL(sw, 0x6700);
	CU_ASSERT_EQUAL(n, 258);
	CU_ASSERT_EQUAL(select_token(&p, NULL), 0x9000);
	peer_free(&p);
}

static void a_long_answer_is_fetched_with_get_response(void)
{
	const uint8_t get[] = {0x80, 0xCA, 0x7F, 0x21, 0x00}, more[] = {0, 0xC0, 0, 0, 0x10};
	const uint8_t without_le[] = {0x80, 0xCA, 0x7F, 0x21};
	struct buf whole, parts, part;
	struct peer p;
	uint16_t sw;

	peer_new(&p);
	buf_init(&whole, 5000);
	buf_init(&parts, 5000);
	buf_init(&part, 5000);
	CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xCA, 0x7F, 0x21, view_of(NULL, 0), 65536, &whole),
			0x9000);
	CU_ASSERT_TRUE(whole.len > 512);
	CU_ASSERT_EQUAL(peer_raw(&p, view_of(get, sizeof(get)), &parts), 0x6100);
	CU_ASSERT_EQUAL(parts.len, 256);
	do {
		sw = peer_raw(&p, view_of(more, sizeof(more)), &part);
		buf_view(&parts, view_buf(&part));
	} while (sw >> 8 == 0x61);
	CU_ASSERT_EQUAL(sw, 0x9000);
	CU_ASSERT_TRUE(view_equal(view_buf(&parts), view_buf(&whole)));
	CU_ASSERT_EQUAL(peer_raw(&p, view_of(more, sizeof(more)), NULL), 0x6985);
	CU_ASSERT_EQUAL(peer_raw(&p, view_of(without_le, 4), &part), 0x6100);
	CU_ASSERT_EQUAL(part.len, 0);
	CU_ASSERT_EQUAL(bare(&p, 0x00, 0x01), 0x6D00);
	CU_ASSERT_EQUAL(peer_raw(&p, view_of(more, sizeof(more)), NULL), 0x6985);
	buf_free(&whole);
	buf_free(&parts);
	buf_free(&part);
	peer_free(&p);
}

static unsigned int open_channel(struct peer *p)
{
	struct buf out;
	unsigned int number;

	buf_init(&out, 10);
	CU_ASSERT_EQUAL_FATAL(peer_send(p, 0, 0x70, 0, 0, view_of(NULL, 0), 1, &out), 0x9000);
	CU_ASSERT_EQUAL_FATAL(out.len, 1);
	number = out.data[0];
	buf_free(&out);
	return number;
}

static void channels_open_in_order_and_close(void)
{
	struct peer p;

	peer_fresh(&p);
	for (unsigned int i = 1; i <= 19; i++)
		CU_ASSERT_EQUAL(open_channel(&p), i);
	for (unsigned int i = 0; i <= 19; i++) {
		p.channel = i;
		CU_ASSERT_EQUAL(select_token(&p, NULL), 0x9000);
	}
	p.channel = 0;
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0x70, 0x80, 7, view_of(NULL, 0), 0, NULL), 0x9000);
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0x70, 0x80, 7, view_of(NULL, 0), 0, NULL), 0x6200);
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0x70, 0x80, 0, view_of(NULL, 0), 0, NULL), 0x6A86);
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0x70, 0x80, 20, view_of(NULL, 0), 0, NULL), 0x6A86);
	p.channel = 7;
	CU_ASSERT_EQUAL(select_token(&p, NULL), 0x6881);
	p.channel = 9;
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0x70, 0x80, 8, view_of(NULL, 0), 0, NULL), 0x6985);
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0x70, 0x80, 9, view_of(NULL, 0), 0, NULL), 0x9000);
	CU_ASSERT_EQUAL(select_token(&p, NULL), 0x6881);
	p.channel = 0;
	CU_ASSERT_EQUAL(open_channel(&p), 7);
	CU_ASSERT_EQUAL(open_channel(&p), 9);
	peer_free(&p);
}

static void with_no_channel_free_the_one_longest_unused_is_given_away(void)
{
	struct peer p;

	peer_fresh(&p);
	for (unsigned int i = 1; i <= 19; i++)
		open_channel(&p);
	for (unsigned int i = 1; i <= 19; i++) {
		if (i == 4)
			continue;
		p.channel = i;
		CU_ASSERT_EQUAL(select_token(&p, NULL), 0x9000);
	}
	p.channel = 0;
	CU_ASSERT_EQUAL(open_channel(&p), 4);
	CU_ASSERT_EQUAL(open_channel(&p), 1);
	peer_free(&p);
}

static void a_reset_closes_every_channel_but_the_basic_one(void)
{
	struct buf atr;
	struct peer p;

	peer_fresh(&p);
	p.channel = open_channel(&p);
	buf_init(&atr, 33);
	CU_ASSERT_EQUAL(card_reset(p.card, &atr), RC_OK);
	CU_ASSERT_EQUAL(select_token(&p, NULL), 0x6881);
	p.channel = 0;
	CU_ASSERT_EQUAL(select_token(&p, NULL), 0x9000);
	buf_free(&atr);
	peer_free(&p);
}

static void a_forked_child_gets_nothing(void)
{
	int status = 0;
	struct buf out;
	struct peer p;
	pid_t child;

	peer_fresh(&p);
	buf_init(&out, 100);
	child = fork();
	if (child == 0) {
		const uint8_t apdu[] = {0, 0xA4, 4, 0};

		_exit(card_transmit(p.card, view_of(apdu, 4), &out) != RC_FORKED ||
		      card_reset(p.card, &out) != RC_FORKED);
	}
	CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
	CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CU_ASSERT_EQUAL(select_token(&p, NULL), 0x9000);
	buf_free(&out);
	peer_free(&p);
}

static void keys_are_made_only_as_the_suites_allow(void)
{
	static const struct {
		uint8_t p1, p2, suite, bits[2];
		uint16_t sw;
	} rows[] = {
		{1, 1, 0x42, {0x04, 0x00}, 0x6A80}, /* too small for 42 */
		{1, 1, 0x42, {0x10, 0x80}, 0x6A80}, {1, 1, 0x42, {0x08, 0x01}, 0x6A80},
		{1, 1, 0x03, {0x08, 0x00}, 0x6A80}, /* no such suite */
		{1, 1, 0x02, {0x02, 0x00}, 0x6A80}, {0, 1, 0x02, {0x04, 0x00}, 0x6A86},
	};
	struct peer p;

	peer_fresh(&p);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint8_t data[] = {0x80,           1, rows[i].suite, 0x81, 2, rows[i].bits[0],
					rows[i].bits[1]};

		CU_ASSERT_EQUAL(peer_send(&p, 0, 0x46, rows[i].p1, rows[i].p2,
					  view_of(data, sizeof(data)), 256, NULL),
				rows[i].sw);
	}
	peer_free(&p);
}

/* Byte ranges of STORE DATA that a change must spoil: one byte in each certificate and policy. */
static void a_spoilt_personalisation_changes_nothing(void)
{
	struct view rest, value;
	struct buf data;
	struct peer p;
	uint32_t tag;

	peer_fresh(&p);
	peer_generate(&p);
	peer_store_data(&p, &data);
	rest = view_buf(&data);
	while (!tlv_is_next(rest, 0xA1))
		CU_ASSERT_EQUAL_FATAL(tlv_next(&rest, &tag, &value), RC_OK);
	/* Stored host chains come last and are judged when they are used. */
	for (size_t at = 3; at < data.len - rest.len; at += 41) {
		data.data[at] ^= 0x01;
		CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xE2, 0x80, 0, view_buf(&data), 0, NULL),
				0x6A80);
		data.data[at] ^= 0x01;
	}
	CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xE2, 0x80, 0, view_of(data.data, data.len - 1), 0,
				  NULL),
			0x6A80);
	CU_ASSERT_EQUAL(life_cycle(&p), 0x01);
	CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xE2, 0x80, 0, view_buf(&data), 0, NULL), 0x9000);
	CU_ASSERT_EQUAL(life_cycle(&p), 0x0F);
	CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xE2, 0x80, 0, view_buf(&data), 0, NULL), 0x6985);
	buf_free(&data);
	peer_free(&p);
}

static void a_personalised_card_is_the_same_after_it_is_opened_again(void)
{
	struct buf before, after;
	struct peer p;

	peer_new(&p);
	buf_init(&before, 5000);
	buf_init(&after, 5000);
	CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xCA, 0x7F, 0x21, view_of(NULL, 0), 65536, &before),
			0x9000);
	card_close(&p.card);
	CU_ASSERT_EQUAL_FATAL(card_open(p.dir, NULL, &p.card), RC_OK);
	CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xCA, 0x7F, 0x21, view_of(NULL, 0), 65536, &after),
			0x9000);
	CU_ASSERT_TRUE(view_equal(view_buf(&before), view_buf(&after)));
	CU_ASSERT_EQUAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
	buf_free(&before);
	buf_free(&after);
	peer_free(&p);
}

static void another_instance_of_the_card_sees_what_the_first_one_did(void)
{
	struct peer p, other;
	struct buf data;

	peer_fresh(&p);
	peer_fresh(&other);
	card_close(&other.card);
	CU_ASSERT_EQUAL_FATAL(card_open(p.dir, NULL, &other.card), RC_OK);
	CU_ASSERT_EQUAL(life_cycle(&other), 0x01);
	peer_generate(&p);
	peer_store_data(&p, &data);
	CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xE2, 0x80, 0, view_buf(&data), 0, NULL), 0x9000);
	CU_ASSERT_EQUAL(life_cycle(&other), 0x0F);
	CU_ASSERT_EQUAL(peer_send(&other, 0x80, 0xE2, 0x80, 0, view_buf(&data), 0, NULL), 0x6985);
	for (size_t i = 0; i < PEER_SUITES; i++)
		buf_view(&other.card_key[i], view_buf(&p.card_key[i]));
	CU_ASSERT_EQUAL(peer_open(&other, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
	buf_free(&data);
	peer_free(&other);
	peer_free(&p);
}

static bool disk_fails;

static int failing_fdatasync(void *ctx, int fd)
{
	if (!disk_fails)
		return nvm_io_kernel()->fdatasync(ctx, fd);
	errno = EIO;
	return -1;
}

static void a_failed_memory_stops_the_card_until_it_is_opened_again(void)
{
	struct nvm_io io = *nvm_io_kernel();
	struct apdu store = {.cla = 0x80, .ins = 0xE2, .p1 = 0x80, .extended = true};
	const uint8_t select[] = {0, 0xA4, 4, 0};
	struct buf data, apdu, out;
	struct peer p;

	io.fdatasync = failing_fdatasync;
	log_open(LOG_LEVEL_NONE, false);
	peer_fresh(&p);
	peer_reopen(&p, &io);
	peer_generate(&p);
	peer_store_data(&p, &data);
	buf_init(&apdu, 10000);
	buf_init(&out, 1000);
	store.data = view_buf(&data);
	apdu_put(&apdu, &store);
	disk_fails = true;
	CU_ASSERT_EQUAL(card_transmit(p.card, view_buf(&apdu), &out), RC_IO);
	disk_fails = false;
	CU_ASSERT_EQUAL(card_transmit(p.card, view_buf(&apdu), &out), RC_IO);
	CU_ASSERT_EQUAL(card_transmit(p.card, view_of(select, 4), &out), RC_IO);
	CU_ASSERT_EQUAL(out.len, 0);
	peer_reopen(&p, NULL);
	CU_ASSERT_EQUAL(select_token(&p, NULL), 0x9000);
	log_open(LOG_LEVEL_WARNING, false);
	buf_free(&data);
	buf_free(&apdu);
	buf_free(&out);
	peer_free(&p);
}

/* Commands that look right and are not, of every instruction, in and out of a session. */
static void noise_is_answered_and_does_no_harm(void)
{
	static const uint8_t classes[] = {0x00, 0x10, 0x80, 0x0C, 0x8C, 0x9C, 0x84, 0x01};
	uint32_t state = 1;
	struct buf out;
	struct peer p;

	peer_new(&p);
	buf_init(&out, APDU_RESPONSE_MAX);
	for (size_t i = 0; i < 6000; i++) {
		uint8_t apdu[64];
		size_t len;

		if (i % 1500 == 0)
			CU_ASSERT_EQUAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
		for (size_t k = 0; k < sizeof(apdu); k++) {
			state = state * 1664525 + 1013904223;
			apdu[k] = (uint8_t)(state >> 24);
		}
		len = 4 + apdu[63] % 59;
		apdu[0] = classes[apdu[0] % sizeof(classes)];
		if (apdu[62] & 1)
			apdu[1] = (const uint8_t[]){
				0x22, 0x2A, 0x84, 0x82, 0x88, 0xA4, 0x70, 0xCA}[apdu[1] % 8];
		if (apdu[62] & 2)
			apdu[4] = (uint8_t)(len > 5 ? len - 5 : 0);
		if (apdu[62] & 4)
			apdu[2] = apdu[3] = 0;
		buf_reset(&out);
		CU_ASSERT_EQUAL(card_transmit(p.card, view_of(apdu, len), &out), RC_OK);
		CU_ASSERT_TRUE(out.len >= 2);
	}
	CU_ASSERT_EQUAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
	buf_free(&out);
	peer_free(&p);
}

static void get_data_answers_the_object_or_its_value(void)
{
	struct buf object, value;
	struct view rest, inner;
	struct peer p;

	peer_new(&p);
	buf_init(&object, 5000);
	buf_init(&value, 5000);
	CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xCB, 0x7F, 0x21, view_of(NULL, 0), 65536, &object),
			0x9000);
	CU_ASSERT_EQUAL(peer_send(&p, 0x00, 0xCA, 0x7F, 0x21, view_of(NULL, 0), 65536, &value),
			0x9000);
	rest = view_buf(&object);
	CU_ASSERT_EQUAL(tlv_expect(&rest, 0x7F21, &inner), RC_OK);
	CU_ASSERT_TRUE(view_equal(inner, view_buf(&value)));
	CU_ASSERT_EQUAL(peer_send(&p, 0x00, 0xCA, 0x7F, 0x22, view_of(NULL, 0), 256, NULL), 0x6A88);
	CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xCA, 0x7F, 0x21, view_of(object.data, 2), 256, NULL),
			0x6A80);
	buf_free(&object);
	buf_free(&value);
	peer_free(&p);
	peer_fresh(&p);
	CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xCA, 0x7F, 0x21, view_of(NULL, 0), 256, NULL), 0x6A88);
	peer_free(&p);
}

/* One certificate object of EF.OD: whether it is of this form; its id. */
static bool take_certificate_object(struct view *objects, struct view *ret_id)
{
	static const uint32_t way[] = {0xA1, 0x30, 0x30, 0x04};
	struct view object, common, class, at;

	if (tlv_expect(objects, 0xA5, &object) != RC_OK ||
	    tlv_expect(&object, 0x30, &common) != RC_OK ||
	    tlv_expect(&object, 0x30, &class) != RC_OK || tlv_expect(&class, 0x04, ret_id) != RC_OK)
		return false;
	at = object;
	for (size_t i = 0; i < sizeof(way) / sizeof(way[0]); i++)
		if (tlv_expect(&at, way[i], &object) != RC_OK || at.len)
			return false;
		else
			at = object;
	return view_equal(at, *ret_id) && ret_id->len == 2;
}

static void ef_od_leads_to_every_certificate(void)
{
	static const uint8_t all[] = {0x5C, 0x00}, some[] = {0x5C, 0x01, 0x42};
	struct view list = view_of(all, sizeof(all)), rest, certificates, objects, id, value;
	struct buf directory, object, inner;
	unsigned int count = 0;
	struct peer p;

	peer_new(&p);
	buf_init(&directory, 5000);
	buf_init(&object, 5000);
	buf_init(&inner, 5000);
	CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xCA, 0x50, 0x31, list, 65536, &directory), 0x9000);
	CU_ASSERT_EQUAL(peer_send(&p, 0x00, 0xCB, 0x50, 0x31, list, 65536, &object), 0x9000);
	CU_ASSERT_TRUE(view_equal(view_buf(&directory), view_buf(&object)));
	rest = view_buf(&directory);
	CU_ASSERT_EQUAL_FATAL(tlv_expect(&rest, 0xA4, &certificates), RC_OK);
	CU_ASSERT_EQUAL_FATAL(tlv_expect(&certificates, 0xA0, &objects), RC_OK);
	CU_ASSERT_EQUAL(rest.len | certificates.len, 0);
	for (; objects.len; count++) {
		CU_ASSERT_TRUE_FATAL(take_certificate_object(&objects, &id));
		CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xCA, id.data[0], id.data[1], list, 65536,
					  &object),
				0x9000);
		CU_ASSERT_EQUAL(peer_send(&p, 0x00, 0xCB, id.data[0], id.data[1], list, 65536,
					  &inner),
				0x9000);
		rest = view_buf(&object);
		CU_ASSERT_EQUAL(tlv_expect(&rest, 0x7F21, &value), RC_OK);
		CU_ASSERT_TRUE(view_equal(value, view_buf(&inner)));
	}
	CU_ASSERT_EQUAL(count, 3);
	CU_ASSERT_EQUAL(peer_send(&p, 0x00, 0xCA, 0x50, 0x31, list, 256, NULL), 0x6A86);
	CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xCB, 0x01, 0x01, list, 256, NULL), 0x6A86);
	CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xCA, 0x50, 0x31, view_of(NULL, 0), 256, NULL), 0x6A80);
	CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xCA, 0x01, 0x01, view_of(some, 3), 256, NULL), 0x6A80);
	CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xCA, 0x09, 0x01, list, 256, NULL), 0x6A88);
	buf_free(&directory);
	buf_free(&object);
	buf_free(&inner);
	peer_free(&p);
}

static int clean(void)
{
	peer_world_free();
	return 0;
}

static CU_TestInfo tests[] = {
	{"SELECT answers the documented FCI", select_answers_the_documented_fci},
	{"unknown classes, instructions and channels have their words",
	 unknown_classes_instructions_and_channels_have_their_words},
	{"the answer to reset is well-formed", the_answer_to_reset_is_well_formed},
	{"a long command may come chained or extended",
	 a_long_command_may_come_chained_or_extended},
	{"a chain that another command breaks is forgotten",
	 a_chain_that_another_command_breaks_is_forgotten},
	{"a chain longer than any command is refused", a_chain_longer_than_any_command_is_refused},
	{"a long answer is fetched with GET RESPONSE", a_long_answer_is_fetched_with_get_response},
	{"channels open in order and close", channels_open_in_order_and_close},
	{"with no channel free the one longest unused is given away",
	 with_no_channel_free_the_one_longest_unused_is_given_away},
	{"a reset closes every channel but the basic one",
	 a_reset_closes_every_channel_but_the_basic_one},
	{"a forked child gets nothing", a_forked_child_gets_nothing},
	{"keys are made only as the suites allow", keys_are_made_only_as_the_suites_allow},
	{"a spoilt personalisation changes nothing", a_spoilt_personalisation_changes_nothing},
	{"a personalised card is the same after it is opened again",
	 a_personalised_card_is_the_same_after_it_is_opened_again},
	{"another instance of the card sees what the first one did",
	 another_instance_of_the_card_sees_what_the_first_one_did},
	{"a failed memory stops the card until it is opened again",
	 a_failed_memory_stops_the_card_until_it_is_opened_again},
	{"noise is answered and does no harm", noise_is_answered_and_does_no_harm},
	{"GET DATA answers the object or its value", get_data_answers_the_object_or_its_value},
	{"EF.OD leads to every certificate", ef_od_leads_to_every_certificate},
	CU_TEST_INFO_NULL,
};

int main(void)
{
	CU_SuiteInfo suites[] = {{.pName = "dispatch", .pTests = tests, .pCleanupFunc = clean},
				 CU_SUITE_INFO_NULL};

	return suite_run("card dispatch", suites);
}
