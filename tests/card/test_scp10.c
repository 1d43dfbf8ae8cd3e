/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card's side of the set-up of SCP10 against a peer that shares only base/ with it: every way
 * in, every command in every wrong place, every way of failing, and that a failure leaves nothing
 * behind ("step 102").
 */
#include "tests/suite.h"

#include <string.h>

#include "base/tlv.h"
#include "card/instance.h"
#include "card/scp10.h"
#include "tests/card/steps.h"

static const uint8_t aid[] = {0xF0, 'I', 'n', 't', 'a', 'g', 'l', 'i', 'o', 0x01};
static const struct view nothing;

static void every_way_in_opens_a_session(void)
{
	static const struct {
		uint8_t suite, p1, p2;
	} ways[] = {
		{0x42, 0xC1, 0xB6}, {0x02, 0xC1, 0xB6}, {0x02, 0x81, 0xB6}, {0x02, 0xC1, 0xA4},
		{0x02, 0x81, 0xA4}, {0x01, 0xC1, 0xB6}, {0x01, 0xC1, 0xA4},
	};
	struct peer p;

	peer_new(&p);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		CU_ASSERT_EQUAL(peer_open(&p, ways[i].suite, ways[i].p1, ways[i].p2, 0x33), 0x9000);
		CU_ASSERT_TRUE(steps_session_lives(&p));
		p.extended = !p.extended;
	}
	peer_free(&p);
}

/* From every state, every step but the ones that may come next. */
static void every_step_in_a_wrong_place_goes_back_to_the_beginning(void)
{
	static const bool may_come[STEPS][STEPS] = {
		/* before the row's step: which steps are served */
		[ENVIRONMENT] = {[ENVIRONMENT] = true},
		[CERTIFICATES] = {[ENVIRONMENT] = true, [CERTIFICATES] = true},
		[DECIPHER] = {[ENVIRONMENT] = true, [DECIPHER] = true},
		[CHALLENGE] = {[ENVIRONMENT] = true, [DECIPHER] = true, [CHALLENGE] = true},
		[EXTERNAL] =
			{[ENVIRONMENT] = true, [DECIPHER] = true, [CHALLENGE] = true, [EXTERNAL] = true},
		[INTERNAL] = {[ENVIRONMENT] = true, [INTERNAL] = true},
	};
	struct peer p;

	peer_new(&p);
	for (enum step at = ENVIRONMENT; at < STEPS; at++)
		for (enum step wrong = ENVIRONMENT; wrong < STEPS; wrong++) {
			if (may_come[at][wrong])
				continue;
			steps_go_to(&p, 0x02, at);
			if (at == ENVIRONMENT)
				CU_ASSERT_EQUAL(peer_send(&p, 0, 0x22, 0, 0, nothing, 0, NULL),
						0x6A86);
			CU_ASSERT_EQUAL(steps_take(&p, 0x02, wrong), 0x6985);
			CU_ASSERT_TRUE(steps_are_reset(&p));
		}
	peer_free(&p);
}

static void another_command_in_between_spoils_what_must_follow_at_once(void)
{
	struct peer p;

	peer_new(&p);
	steps_go_to(&p, 0x42, EXTERNAL);
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0xA4, 4, 0, view_of(aid, sizeof(aid)), 256, NULL), 0x9000);
	CU_ASSERT_EQUAL(peer_external(&p), 0x6985);
	CU_ASSERT_TRUE(steps_are_reset(&p));
	steps_go_to(&p, 0x42, EXTERNAL);
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0x01, 4, 0, nothing, 0, NULL), 0x6D00);
	CU_ASSERT_EQUAL(peer_external(&p), 0x6985);
	steps_go_to(&p, 0x42, EXTERNAL);
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0x82, 1, 0, nothing, 0, NULL), 0x6A86);
	CU_ASSERT_EQUAL(peer_external(&p), 0x6985);
	steps_go_to(&p, 0x42, INTERNAL);
	CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xCA, 0x7F, 0x21, nothing, 65536, NULL), 0x9000);
	CU_ASSERT_EQUAL(peer_internal(&p), 0x6985);
	CU_ASSERT_TRUE(steps_are_reset(&p));
	peer_free(&p);
}

static void other_commands_keep_what_need_not_follow_at_once(void)
{
	struct peer p;

	peer_new(&p);
	for (enum step at = CERTIFICATES; at <= CHALLENGE; at++) {
		steps_go_to(&p, 0x42, at);
		CU_ASSERT_EQUAL(peer_send(&p, 0, 0xA4, 4, 0, view_of(aid, 2), 256, NULL), 0x6A82);
		CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xCA, 0x7F, 0x21, nothing, 65536, NULL),
				0x9000);
		CU_ASSERT_EQUAL(peer_send(&p, 0, 0x2A, 0x12, 0x34, nothing, 0, NULL), 0x6A86);
		for (enum step step = at; step < STEPS; step++)
			CU_ASSERT_EQUAL(steps_take(&p, 0x42, step), 0x9000);
		CU_ASSERT_TRUE(steps_session_lives(&p));
	}
	peer_free(&p);
}

static void security_environments_are_read_strictly(void)
{
	static const struct {
		uint8_t p1, p2, len, data[14];
		uint16_t sw;
	} rows[] = {
		{0xC1, 0xB6, 12, {0x80, 2, 0x10, 0x42, 0x83, 2, 1, 1, 0x84, 2, 1, 1}, 0x9000},
		{0xC1, 0xB6, 8, {0x80, 2, 0x10, 0x42, 0x83, 0, 0x84, 0}, 0x9000},
		{0xC1, 0xB6, 10, {0x80, 2, 0x10, 0x02, 0x83, 0, 0x84, 2, 2, 1}, 0x9000},
		{0x81, 0xB6, 12, {0x80, 2, 0x10, 0x02, 0x83, 2, 2, 1, 0x84, 2, 2, 1}, 0x9000},
		{0x81, 0xA4, 12, {0x80, 2, 0x10, 0x02, 0x83, 2, 3, 1, 0x84, 2, 2, 1}, 0x9000},
		/* 42 is mutual, with certificates */
		{0x81, 0xB6, 8, {0x80, 2, 0x10, 0x42, 0x83, 0, 0x84, 0}, 0x6A86},
		{0xC1, 0xA4, 8, {0x80, 2, 0x10, 0x42, 0x83, 0, 0x84, 0}, 0x6A86},
		{0x41, 0xB6, 8, {0x80, 2, 0x10, 0x42, 0x83, 0, 0x84, 0}, 0x6A86},
		{0xC1, 0xB8, 8, {0x80, 2, 0x10, 0x42, 0x83, 0, 0x84, 0}, 0x6A86},
		/* keys of the other suite, and keys that are not there */
		{0xC1, 0xB6, 8, {0x80, 2, 0x10, 0x02, 0x83, 0, 0x84, 0}, 0x6A88},
		{0xC1, 0xB6, 10, {0x80, 2, 0x10, 0x42, 0x83, 0, 0x84, 2, 2, 1}, 0x6A88},
		{0xC1, 0xB6, 10, {0x80, 2, 0x10, 0x42, 0x83, 0, 0x84, 2, 9, 9}, 0x6A88},
		{0xC1, 0xB6, 10, {0x80, 2, 0x10, 0x42, 0x83, 2, 9, 9, 0x84, 0}, 0x6A88},
		{0xC1, 0xA4, 12, {0x80, 2, 0x10, 0x02, 0x83, 2, 9, 9, 0x84, 2, 2, 1}, 0x6A88},
		/* suites that the card does not know */
		{0xC1, 0xB6, 8, {0x80, 2, 0x10, 0x00, 0x83, 0, 0x84, 0}, 0x6A81},
		{0xC1, 0xB6, 8, {0x80, 2, 0x10, 0x03, 0x83, 0, 0x84, 0}, 0x6A81},
		/* form */
		{0xC1, 0xB6, 0, {0}, 0x6A80},
		{0xC1, 0xB6, 6, {0x80, 2, 0x10, 0x42, 0x83, 0}, 0x6A80},
		{0xC1, 0xB6, 6, {0x80, 2, 0x10, 0x42, 0x84, 0}, 0x6A80},
		{0xC1, 0xB6, 8, {0x80, 2, 0x11, 0x42, 0x83, 0, 0x84, 0}, 0x6A80},
		{0xC1, 0xB6, 8, {0x83, 0, 0x84, 0, 0x80, 2, 0x10, 0x42}, 0x6A80},
		{0xC1, 0xB6, 9, {0x80, 2, 0x10, 0x42, 0x83, 1, 1, 0x84, 0}, 0x6A80},
		{0xC1, 0xB6, 10, {0x80, 2, 0x10, 0x42, 0x83, 0, 0x84, 0, 0x85, 0}, 0x6A80},
		{0xC1, 0xB6, 11, {0x80, 2, 0x10, 0x42, 0x83, 0, 0x84, 3, 1, 1, 1}, 0x6A80},
		{0xC1, 0xB6, 11, {0x80, 2, 0x10, 0x42, 0x83, 3, 1, 1, 1, 0x84, 0}, 0x6A80},
		{0xC1, 0xB6, 9, {0x80, 3, 0x10, 0x42, 0, 0x83, 0, 0x84, 0}, 0x6A80},
	};
	struct peer p;

	peer_new(&p);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(peer_send(&p, 0, 0x22, rows[i].p1, rows[i].p2,
					  view_of(rows[i].data, rows[i].len), 0, NULL),
				rows[i].sw);
		if (rows[i].sw != 0x9000)
			CU_ASSERT_TRUE(steps_are_reset(&p));
	}
	peer_free(&p);
}

static void a_fresh_card_has_no_channel_to_open(void)
{
	struct peer p;

	peer_fresh(&p);
	CU_ASSERT_EQUAL(peer_environment(&p, 0x42, 0xC1, 0xB6), 0x6A81);
	peer_free(&p);
}

static void the_default_policy_is_suite_42_at_level_33(void)
{
	struct view whole, rest, value;
	struct buf data;
	uint32_t tag;
	struct peer p;

	peer_fresh(&p);
	peer_generate(&p);
	peer_store_data(&p, &data);
	whole = rest = view_buf(&data);
	for (int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL_FATAL(tlv_next(&rest, &tag, &value), RC_OK);
	whole.len -= rest.len;
	CU_ASSERT_EQUAL_FATAL(peer_send(&p, 0x80, 0xE2, 0x80, 0, whole, 0, NULL), 0x9000);
	CU_ASSERT_EQUAL(peer_environment(&p, 0x02, 0xC1, 0xB6), 0x6A81);
	CU_ASSERT_EQUAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
	buf_free(&data);
	peer_free(&p);
}

static void a_level_below_the_policy_is_refused_at_the_end(void)
{
	static const uint8_t levels[] = {0x00, 0x01, 0x11, 0x13, 0x44, 0xFF};
	struct peer p;

	peer_new(&p);
	for (size_t i = 0; i < sizeof(levels); i++) {
		CU_ASSERT_EQUAL(peer_open(&p, 0x42, 0xC1, 0xB6, levels[i]), 0x6300);
		CU_ASSERT_TRUE(steps_are_reset(&p));
	}
	CU_ASSERT_EQUAL(peer_open(&p, 0x02, 0xC1, 0xB6, 0x00), 0x6300);
	CU_ASSERT_EQUAL(peer_open(&p, 0x02, 0xC1, 0xB6, 0x44), 0x6300);
	peer_free(&p);
}

/* C9 of STORE DATA, which peer_store_data gives 00, with other bits. */
static void personalise_with_floor(struct peer *p, uint8_t floor)
{
	struct view rest, value = nothing;
	uint32_t tag = 0;
	struct buf data;

	peer_fresh(p);
	peer_generate(p);
	peer_store_data(p, &data);
	rest = view_buf(&data);
	while (tag != 0xC9)
		CU_ASSERT_EQUAL_FATAL(tlv_next(&rest, &tag, &value), RC_OK);
	CU_ASSERT_EQUAL_FATAL(value.len, 1);
	data.data[value.data - data.data] = floor;
	CU_ASSERT_EQUAL_FATAL(peer_send(p, 0x80, 0xE2, 0x80, 0, view_buf(&data), 0, NULL), 0x9000);
	buf_free(&data);
}

/* Every level under every floor, in both suites that have more than one: all its bits, or 6300. */
static void a_session_has_all_the_level_bits_that_the_policy_asks_for(void)
{
	static const uint8_t suites[] = {0x01, 0x02}, floors[] = {0x33, 0x11, 0x03, 0x20};
	struct peer p;

	for (size_t f = 0; f < sizeof(floors); f++) {
		personalise_with_floor(&p, floors[f]);
		for (size_t s = 0; s < sizeof(suites); s++)
			for (uint8_t level = 1; level <= 0x33; level++) {
				bool enough = (level & floors[f]) == floors[f];

				if (level & 0xCC)
					continue;
				CU_ASSERT_EQUAL(peer_open(&p, suites[s], 0xC1, 0xB6, level),
						enough ? 0x9000 : 0x6300);
				CU_ASSERT_TRUE(enough ? steps_session_lives(&p)
						      : steps_are_reset(&p));
			}
		CU_ASSERT_EQUAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
		peer_free(&p);
	}
}

/* Tags, lengths, usages, types and the level, everything in a block but keys and counters. */
static bool is_structure(uint8_t suite, size_t at)
{
	size_t in;

	if (at < 3)
		return true;
	at -= 3;
	if (suite == 0x42)
		return at % 42 < 10;
	in = at < 66 ? at % 33 : (at - 66) % 23;
	return in < 7 || (at < 66 && (in == 23 || in == 24));
}

static void a_block_that_is_not_as_agreed_fails_even_under_a_good_signature(void)
{
	static const uint8_t suites[] = {0x42, 0x02};
	struct peer p;

	peer_new(&p);
	for (size_t s = 0; s < sizeof(suites); s++)
		for (size_t at = 0; at < (suites[s] == 0x42 ? 171u : 3 + 66 + 46u); at++) {
			uint16_t sw;

			steps_go_to(&p, suites[s], DECIPHER);
			p.block.data[at] ^= 0x40;
			CU_ASSERT_EQUAL(peer_decipher(&p), 0x9000);
			CU_ASSERT_EQUAL(peer_challenge(&p), 0x9000);
			sw = peer_external(&p);
			CU_ASSERT_EQUAL(sw, is_structure(suites[s], at) ? 0x6300 : 0x9000);
			if (sw != 0x9000)
				CU_ASSERT_TRUE(steps_are_reset(&p));
		}
	peer_free(&p);
}

static void malformed_blocks_are_refused_even_with_a_signature(void)
{
	struct peer p;

	peer_new(&p);
	for (size_t cut = 1; cut < 171; cut += 7) {
		steps_go_to(&p, 0x42, DECIPHER);
		buf_truncate(&p.block, p.block.len - cut);
		CU_ASSERT_EQUAL(peer_decipher(&p), 0x9000);
		CU_ASSERT_EQUAL(peer_challenge(&p), 0x9000);
		CU_ASSERT_EQUAL(peer_external(&p), 0x6300);
	}
	steps_go_to(&p, 0x42, DECIPHER);
	buf_u8(&p.block, 0);
	CU_ASSERT_EQUAL(peer_decipher(&p), 0x9000);
	CU_ASSERT_EQUAL(peer_challenge(&p), 0x9000);
	CU_ASSERT_EQUAL(peer_external(&p), 0x6300);
	CU_ASSERT_TRUE(steps_are_reset(&p));
	peer_free(&p);
}

/* One modulus length of anything is answered alike, and fails alike two commands later. */
static void decipher_tells_nothing_about_the_block(void)
{
	static const uint8_t suites[] = {0x42, 0x02};
	struct buf answer;
	struct peer p;

	peer_new(&p);
	buf_init(&answer, 100);
	for (size_t s = 0; s < sizeof(suites); s++)
		for (int kind = 0; kind < 5; kind++) {
			size_t len = suites[s] == 0x42 ? 256 : 128;
			uint8_t block[256] = {0};

			steps_go_to(&p, suites[s], DECIPHER);
			if (kind == 1)
				memset(block, 0xFF, sizeof(block));
			if (kind > 1)
				CU_ASSERT_EQUAL_FATAL(crypto_random(block + 1, len - 1), RC_OK);
			CU_ASSERT_EQUAL(peer_send(&p, 0, 0x2A, 0x80, 0x84, view_of(block, len), 0,
						  &answer),
					0x9000);
			CU_ASSERT_EQUAL(answer.len, 0);
			CU_ASSERT_EQUAL(peer_challenge(&p), 0x9000);
			CU_ASSERT_EQUAL(peer_external(&p), 0x6300);
			CU_ASSERT_TRUE(steps_are_reset(&p));
		}
	for (size_t len = 127; len <= 129; len += 2) {
		uint8_t block[129] = {0};

		steps_go_to(&p, 0x02, DECIPHER);
		CU_ASSERT_EQUAL(peer_send(&p, 0, 0x2A, 0x80, 0x84, view_of(block, len), 0, NULL),
				0x6700);
		CU_ASSERT_TRUE(steps_are_reset(&p));
	}
	buf_free(&answer);
	peer_free(&p);
}

/* What stands in for a bad block is as long as any plaintext, and each time the same. */
static void a_bad_block_has_a_length_of_its_own(void)
{
	static const struct {
		uint8_t suite;
		size_t size, most;
	} rows[] = {{0x42, 256, 190}, {0x02, 128, 117}};
	struct peer p;

	peer_new(&p);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t count[191] = {0}, different = 0, before = 0;

		for (int n = 0; n < 120; n++) {
			uint8_t block[256] = {0};
			const struct buf *stored = &p.card->slots[p.channel].channel.scp10->block;

			memset(block + 1, n / 2, rows[i].size - 1);
			steps_go_to(&p, rows[i].suite, DECIPHER);
			CU_ASSERT_EQUAL_FATAL(peer_send(&p, 0, 0x2A, 0x80, 0x84,
							view_of(block, rows[i].size), 0, NULL),
					      0x9000);
			CU_ASSERT_FATAL(stored->len <= rows[i].most);
			if (n % 2)
				CU_ASSERT_EQUAL(stored->len, before);
			before = stored->len;
			different += !count[before]++;
		}
		CU_ASSERT(different > 25);
	}
	peer_free(&p);
}

static void every_flipped_bit_of_external_authenticate_is_refused(void)
{
	static const struct {
		uint8_t suite;
		size_t bits, stride;
	} rows[] = {{0x02, 1024, 1}, {0x42, 2048, 13}};
	struct peer p;

	peer_new(&p);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t bit = 0; bit < rows[i].bits; bit += rows[i].stride) {
			steps_go_to(&p, rows[i].suite, EXTERNAL);
			peer_sign(&p);
			p.signature.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			CU_ASSERT_EQUAL(peer_external_again(&p), 0x6300);
		}
	CU_ASSERT_TRUE(steps_are_reset(&p));
	peer_free(&p);
}

static void a_signature_serves_one_challenge_of_one_card_once(void)
{
	struct peer p, other;

	peer_new(&p);
	peer_new_keys(&other);
	steps_go_to(&p, 0x42, EXTERNAL);
	CU_ASSERT_EQUAL(peer_external(&p), 0x9000);
	CU_ASSERT_EQUAL(peer_external_again(&p), 0x6985);
	CU_ASSERT_EQUAL(steps_take(&p, 0x42, ENVIRONMENT), 0x9000);
	CU_ASSERT_EQUAL(peer_certificates(&p), 0x9000);
	CU_ASSERT_EQUAL(peer_decipher(&p), 0x9000);
	CU_ASSERT_EQUAL(peer_challenge(&p), 0x9000);
	CU_ASSERT_EQUAL(peer_external_again(&p), 0x6300);
	/* The relay: keys that a host chose for one card, given to another with its challenge. */
	steps_go_to(&p, 0x42, CHALLENGE);
	steps_go_to(&other, 0x42, DECIPHER);
	buf_reset(&other.block);
	buf_view(&other.block, view_buf(&p.block));
	CU_ASSERT_EQUAL(peer_decipher(&other), 0x9000);
	CU_ASSERT_EQUAL(peer_challenge(&other), 0x9000);
	memcpy(p.challenge, other.challenge, sizeof(p.challenge));
	peer_sign(&p);
	buf_reset(&other.signature);
	buf_view(&other.signature, view_buf(&p.signature));
	CU_ASSERT_EQUAL(peer_external_again(&other), 0x6300);
	peer_free(&p);
	peer_free(&other);
}

static void a_suite_42_signature_holds_for_its_environment_only(void)
{
	struct peer p;

	peer_new(&p);
	steps_go_to(&p, 0x42, EXTERNAL);
	p.p1 = 0x81;
	peer_sign(&p);
	p.p1 = 0xC1;
	CU_ASSERT_EQUAL(peer_external_again(&p), 0x6300);
	peer_free(&p);
}

static void challenges_take_the_documented_lengths_only(void)
{
	static const struct {
		uint32_t le;
		uint16_t sw;
	} rows[] = {{0, 0x6700},  {8, 0x6700},  {15, 0x6700},
		    {17, 0x6700}, {16, 0x9000}, {256, 0x9000}};
	struct peer p;

	peer_new(&p);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		steps_go_to(&p, 0x42, CHALLENGE);
		CU_ASSERT_EQUAL(peer_send(&p, 0, 0x84, 0, 0, nothing, rows[i].le, NULL),
				rows[i].sw);
		if (rows[i].sw != 0x9000)
			CU_ASSERT_TRUE(steps_are_reset(&p));
	}
	peer_free(&p);
}

static void internal_authenticate_wants_the_hosts_own_id(void)
{
	uint8_t data[25] = {0};
	struct peer p;

	peer_new(&p);
	memcpy(data + 16, "T0042001", 8);
	for (size_t len = 23; len <= 25; len += 2) {
		steps_go_to(&p, 0x42, INTERNAL);
		CU_ASSERT_EQUAL(peer_send(&p, 0, 0x88, 0, 0, view_of(data, len), 256, NULL),
				0x6700);
		CU_ASSERT_TRUE(steps_are_reset(&p));
	}
	data[23] ^= 1;
	steps_go_to(&p, 0x42, INTERNAL);
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0x88, 0, 0, view_of(data, 24), 256, NULL), 0x6A80);
	CU_ASSERT_TRUE(steps_are_reset(&p));
	peer_free(&p);
}

static void internal_authenticate_is_refused_after_81_and_the_second_time(void)
{
	struct peer p;

	peer_new(&p);
	CU_ASSERT_EQUAL_FATAL(peer_open(&p, 0x02, 0x81, 0xB6, 0x33), 0x9000);
	CU_ASSERT_EQUAL(peer_internal(&p), 0x6982);
	CU_ASSERT_TRUE(steps_are_reset(&p));
	CU_ASSERT_EQUAL_FATAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
	CU_ASSERT_EQUAL(peer_internal(&p), 0x6982);
	CU_ASSERT_TRUE(steps_are_reset(&p));
	peer_free(&p);
}

static int clean(void)
{
	peer_world_free();
	return 0;
}

static CU_TestInfo tests[] = {
	{"every way in opens a session", every_way_in_opens_a_session},
	{"every step in a wrong place goes back to the beginning",
	 every_step_in_a_wrong_place_goes_back_to_the_beginning},
	{"another command in between spoils what must follow at once",
	 another_command_in_between_spoils_what_must_follow_at_once},
	{"other commands keep what need not follow at once",
	 other_commands_keep_what_need_not_follow_at_once},
	{"security environments are read strictly", security_environments_are_read_strictly},
	{"a fresh card has no channel to open", a_fresh_card_has_no_channel_to_open},
	{"the default policy is suite 42 at level 33", the_default_policy_is_suite_42_at_level_33},
	{"a level below the policy is refused at the end",
	 a_level_below_the_policy_is_refused_at_the_end},
	{"a session has all the level bits that the policy asks for",
	 a_session_has_all_the_level_bits_that_the_policy_asks_for},
	{"a block that is not as agreed fails even under a good signature",
	 a_block_that_is_not_as_agreed_fails_even_under_a_good_signature},
	{"malformed blocks are refused even with a signature",
	 malformed_blocks_are_refused_even_with_a_signature},
	{"decipher tells nothing about the block", decipher_tells_nothing_about_the_block},
	{"a bad block has a length of its own", a_bad_block_has_a_length_of_its_own},
	{"every flipped bit of external authenticate is refused",
	 every_flipped_bit_of_external_authenticate_is_refused},
	{"a signature serves one challenge of one card once",
	 a_signature_serves_one_challenge_of_one_card_once},
	{"a suite 42 signature holds for its environment only",
	 a_suite_42_signature_holds_for_its_environment_only},
	{"challenges take the documented lengths only",
	 challenges_take_the_documented_lengths_only},
	{"internal authenticate wants the host's own id",
	 internal_authenticate_wants_the_hosts_own_id},
	{"internal authenticate is refused after 81 and the second time",
	 internal_authenticate_is_refused_after_81_and_the_second_time},
	CU_TEST_INFO_NULL,
};

int main(void)
{
	CU_SuiteInfo suites[] = {{.pName = "scp10", .pTests = tests, .pCleanupFunc = clean},
				 CU_SUITE_INFO_NULL};

	return suite_run("card scp10", suites);
}
