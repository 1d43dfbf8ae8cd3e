/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card's side of SCP10 against a peer that shares only base/ with it: every suite, level and
 * way in; every command in every wrong place; every way of failing; and that a failure leaves
 * nothing behind ("step 102").
 */
#include "tests/suite.h"

#include <string.h>

#include "base/tlv.h"
#include "card/dispatch.h"
#include "tests/card/peer.h"

static const uint8_t aid[] = {0xF0, 'I', 'n', 't', 'a', 'g', 'l', 'i', 'o', 0x01};
static const struct view nothing;

/* The steps of a set-up by name, in their order. */
enum step { ENVIRONMENT, CERTIFICATES, DECIPHER, CHALLENGE, EXTERNAL, INTERNAL, STEPS };

static uint16_t take_step(struct peer *p, uint8_t suite, enum step step)
{
	switch (step) {
	case ENVIRONMENT:
		return peer_environment(p, suite, 0xC1, 0xB6);
	case CERTIFICATES:
		return peer_certificates(p);
	case DECIPHER:
		return peer_decipher(p);
	case CHALLENGE:
		return peer_challenge(p);
	case EXTERNAL:
		return peer_external(p);
	case INTERNAL:
		return peer_internal(p);
	default:
		return 0;
	}
}

/* Goes all the way up to, but not into, a step. */
static void go_to(struct peer *p, uint8_t suite, enum step end)
{
	p->suite = suite;
	peer_make_block(p, 0x33);
	for (enum step step = ENVIRONMENT; step < end; step++)
		CU_ASSERT_EQUAL_FATAL(take_step(p, suite, step), 0x9000);
}

/* After "step 102" none of the later steps is served. */
static bool is_reset(struct peer *p)
{
	uint8_t any[256] = {0};

	return peer_challenge(p) == 0x6985 &&
	       peer_send(p, 0, 0x2A, 0x80, 0x84, view_of(any, sizeof(any)), 0, NULL) == 0x6985 &&
	       peer_send(p, 0, 0x82, 0, 0, view_of(any, sizeof(any)), 0, NULL) == 0x6985 &&
	       peer_send(p, 0, 0x88, 0, 0, view_of(any, 24), 256, NULL) == 0x6985 &&
	       peer_certificate(p, view_buf(&peer_world()->issuer.certificate)) == 0x6985;
}

static bool session_lives(struct peer *p)
{
	bool bare = true;

	return peer_protected(p, 0, 0xA4, 4, 0, view_of(aid, sizeof(aid)), 256, NULL, &bare) ==
		       0x9000 &&
	       !bare;
}

static void every_way_in_opens_a_session(void)
{
	static const struct {
		uint8_t suite, p1, p2;
	} ways[] = {
		{0x42, 0xC1, 0xB6}, {0x02, 0xC1, 0xB6}, {0x02, 0x81, 0xB6},
		{0x02, 0xC1, 0xA4}, {0x02, 0x81, 0xA4},
	};
	struct peer p;

	peer_new(&p);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		CU_ASSERT_EQUAL(peer_open(&p, ways[i].suite, ways[i].p1, ways[i].p2, 0x33), 0x9000);
		CU_ASSERT_TRUE(session_lives(&p));
		p.extended = !p.extended;
	}
	peer_free(&p);
}

static void every_level_of_suite_02_protects_both_ways(void)
{
	static const uint8_t levels[] = {0x01, 0x02, 0x03, 0x10, 0x11, 0x12, 0x13, 0x20,
					 0x21, 0x22, 0x23, 0x30, 0x31, 0x32, 0x33};
	struct buf plain, answer;
	struct peer p;
	bool bare;

	peer_new(&p);
	buf_init(&plain, 5000);
	buf_init(&answer, 5000);
	for (size_t i = 0; i < sizeof(levels); i++) {
		CU_ASSERT_EQUAL_FATAL(peer_open(&p, 0x02, 0xC1, 0xB6, levels[i]), 0x9000);
		CU_ASSERT_TRUE(session_lives(&p));
		CU_ASSERT_EQUAL(peer_protected(&p, 0x80, 0xCA, 0x7F, 0x21, nothing, 256, &answer,
					       NULL),
				0x9000);
		CU_ASSERT_TRUE(answer.len > 256);
		CU_ASSERT_EQUAL(peer_protected(&p, 0, 0xA4, 4, 0, view_of(aid, 3), 256, NULL,
					       &bare),
				0x6A82);
		CU_ASSERT_TRUE(session_lives(&p));
	}
	buf_free(&plain);
	buf_free(&answer);
	peer_free(&p);
}

static void a_session_runs_on_every_channel_by_itself(void)
{
	static const uint8_t numbers[] = {1, 3, 4, 19};
	struct peer p;

	peer_new(&p);
	for (unsigned int i = 1; i <= 19; i++)
		CU_ASSERT_EQUAL_FATAL(peer_send(&p, 0, 0x70, 0, 0, nothing, 1, NULL), 0x9000);
	for (size_t i = 0; i < sizeof(numbers); i++) {
		p.channel = numbers[i];
		CU_ASSERT_EQUAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
		CU_ASSERT_TRUE(session_lives(&p));
		p.channel = 0;
		CU_ASSERT_EQUAL(peer_send(&p, 0, 0xA4, 4, 0, view_of(aid, sizeof(aid)), 256, NULL),
				0x9000);
		p.channel = numbers[i];
		CU_ASSERT_TRUE(session_lives(&p));
	}
	peer_free(&p);
}

static void long_commands_and_answers_pass_a_session(void)
{
	uint8_t long_data[3000] = {0};
	struct buf answer;
	struct peer p;
	bool bare;

	peer_new(&p);
	buf_init(&answer, 5000);
	for (int extended = 0; extended < 2; extended++) {
		p.extended = extended;
		CU_ASSERT_EQUAL_FATAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
		CU_ASSERT_EQUAL(peer_protected(&p, 0, 0xA4, 4, 0,
					       view_of(long_data, sizeof(long_data)), 256, NULL,
					       &bare),
				0x6A82);
		CU_ASSERT_FALSE(bare);
		CU_ASSERT_EQUAL(peer_protected(&p, 0x80, 0xCA, 0x7F, 0x21, nothing, 256, &answer,
					       &bare),
				0x9000);
		CU_ASSERT_TRUE(answer.len > 512);
		CU_ASSERT_TRUE(session_lives(&p));
	}
	buf_free(&answer);
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
			go_to(&p, 0x02, at);
			if (at == ENVIRONMENT)
				CU_ASSERT_EQUAL(peer_send(&p, 0, 0x22, 0, 0, nothing, 0, NULL),
						0x6A86);
			CU_ASSERT_EQUAL(take_step(&p, 0x02, wrong), 0x6985);
			CU_ASSERT_TRUE(is_reset(&p));
		}
	peer_free(&p);
}

static void another_command_in_between_spoils_what_must_follow_at_once(void)
{
	struct peer p;

	peer_new(&p);
	go_to(&p, 0x42, EXTERNAL);
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0xA4, 4, 0, view_of(aid, sizeof(aid)), 256, NULL), 0x9000);
	CU_ASSERT_EQUAL(peer_external(&p), 0x6985);
	CU_ASSERT_TRUE(is_reset(&p));
	go_to(&p, 0x42, EXTERNAL);
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0x01, 4, 0, nothing, 0, NULL), 0x6D00);
	CU_ASSERT_EQUAL(peer_external(&p), 0x6985);
	go_to(&p, 0x42, EXTERNAL);
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0x82, 1, 0, nothing, 0, NULL), 0x6A86);
	CU_ASSERT_EQUAL(peer_external(&p), 0x6985);
	go_to(&p, 0x42, INTERNAL);
	CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xCA, 0x7F, 0x21, nothing, 65536, NULL), 0x9000);
	CU_ASSERT_EQUAL(peer_internal(&p), 0x6985);
	CU_ASSERT_TRUE(is_reset(&p));
	peer_free(&p);
}

static void other_commands_keep_what_need_not_follow_at_once(void)
{
	struct peer p;

	peer_new(&p);
	for (enum step at = CERTIFICATES; at <= CHALLENGE; at++) {
		go_to(&p, 0x42, at);
		CU_ASSERT_EQUAL(peer_send(&p, 0, 0xA4, 4, 0, view_of(aid, 2), 256, NULL), 0x6A82);
		CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xCA, 0x7F, 0x21, nothing, 65536, NULL),
				0x9000);
		CU_ASSERT_EQUAL(peer_send(&p, 0, 0x2A, 0x12, 0x34, nothing, 0, NULL), 0x6A86);
		for (enum step step = at; step < STEPS; step++)
			CU_ASSERT_EQUAL(take_step(&p, 0x42, step), 0x9000);
		CU_ASSERT_TRUE(session_lives(&p));
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
	};
	struct peer p;

	peer_new(&p);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(peer_send(&p, 0, 0x22, rows[i].p1, rows[i].p2,
					  view_of(rows[i].data, rows[i].len), 0, NULL),
				rows[i].sw);
		if (rows[i].sw != 0x9000)
			CU_ASSERT_TRUE(is_reset(&p));
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
	for (int i = 0; i < 3; i++)
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
		CU_ASSERT_TRUE(is_reset(&p));
	}
	CU_ASSERT_EQUAL(peer_open(&p, 0x02, 0xC1, 0xB6, 0x00), 0x6300);
	CU_ASSERT_EQUAL(peer_open(&p, 0x02, 0xC1, 0xB6, 0x44), 0x6300);
	peer_free(&p);
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

			go_to(&p, suites[s], DECIPHER);
			p.block.data[at] ^= 0x40;
			CU_ASSERT_EQUAL(peer_decipher(&p), 0x9000);
			CU_ASSERT_EQUAL(peer_challenge(&p), 0x9000);
			sw = peer_external(&p);
			CU_ASSERT_EQUAL(sw, is_structure(suites[s], at) ? 0x6300 : 0x9000);
			if (sw != 0x9000)
				CU_ASSERT_TRUE(is_reset(&p));
		}
	peer_free(&p);
}

static void malformed_blocks_are_refused_even_with_a_signature(void)
{
	struct peer p;

	peer_new(&p);
	for (size_t cut = 1; cut < 171; cut += 7) {
		go_to(&p, 0x42, DECIPHER);
		buf_truncate(&p.block, p.block.len - cut);
		CU_ASSERT_EQUAL(peer_decipher(&p), 0x9000);
		CU_ASSERT_EQUAL(peer_challenge(&p), 0x9000);
		CU_ASSERT_EQUAL(peer_external(&p), 0x6300);
	}
	go_to(&p, 0x42, DECIPHER);
	buf_u8(&p.block, 0);
	CU_ASSERT_EQUAL(peer_decipher(&p), 0x9000);
	CU_ASSERT_EQUAL(peer_challenge(&p), 0x9000);
	CU_ASSERT_EQUAL(peer_external(&p), 0x6300);
	CU_ASSERT_TRUE(is_reset(&p));
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

			go_to(&p, suites[s], DECIPHER);
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
			CU_ASSERT_TRUE(is_reset(&p));
		}
	for (size_t len = 127; len <= 129; len += 2) {
		uint8_t block[129] = {0};

		go_to(&p, 0x02, DECIPHER);
		CU_ASSERT_EQUAL(peer_send(&p, 0, 0x2A, 0x80, 0x84, view_of(block, len), 0, NULL),
				0x6700);
		CU_ASSERT_TRUE(is_reset(&p));
	}
	buf_free(&answer);
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
			go_to(&p, rows[i].suite, EXTERNAL);
			peer_sign(&p);
			p.signature.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			CU_ASSERT_EQUAL(peer_external_again(&p), 0x6300);
		}
	CU_ASSERT_TRUE(is_reset(&p));
	peer_free(&p);
}

static void a_signature_serves_one_challenge_of_one_card_once(void)
{
	struct peer p, other;

	peer_new(&p);
	peer_new_keys(&other);
	go_to(&p, 0x42, EXTERNAL);
	CU_ASSERT_EQUAL(peer_external(&p), 0x9000);
	CU_ASSERT_EQUAL(peer_external_again(&p), 0x6985);
	CU_ASSERT_EQUAL(take_step(&p, 0x42, ENVIRONMENT), 0x9000);
	CU_ASSERT_EQUAL(peer_certificates(&p), 0x9000);
	CU_ASSERT_EQUAL(peer_decipher(&p), 0x9000);
	CU_ASSERT_EQUAL(peer_challenge(&p), 0x9000);
	CU_ASSERT_EQUAL(peer_external_again(&p), 0x6300);
	/* The relay: keys that a host chose for one card, given to another with its challenge. */
	go_to(&p, 0x42, CHALLENGE);
	go_to(&other, 0x42, DECIPHER);
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
	go_to(&p, 0x42, EXTERNAL);
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
		go_to(&p, 0x42, CHALLENGE);
		CU_ASSERT_EQUAL(peer_send(&p, 0, 0x84, 0, 0, nothing, rows[i].le, NULL),
				rows[i].sw);
		if (rows[i].sw != 0x9000)
			CU_ASSERT_TRUE(is_reset(&p));
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
		go_to(&p, 0x42, INTERNAL);
		CU_ASSERT_EQUAL(peer_send(&p, 0, 0x88, 0, 0, view_of(data, len), 256, NULL),
				0x6700);
		CU_ASSERT_TRUE(is_reset(&p));
	}
	data[23] ^= 1;
	go_to(&p, 0x42, INTERNAL);
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0x88, 0, 0, view_of(data, 24), 256, NULL), 0x6A80);
	CU_ASSERT_TRUE(is_reset(&p));
	peer_free(&p);
}

static void internal_authenticate_is_refused_after_81_and_the_second_time(void)
{
	struct peer p;

	peer_new(&p);
	CU_ASSERT_EQUAL_FATAL(peer_open(&p, 0x02, 0x81, 0xB6, 0x33), 0x9000);
	CU_ASSERT_EQUAL(peer_internal(&p), 0x6982);
	CU_ASSERT_TRUE(is_reset(&p));
	CU_ASSERT_EQUAL_FATAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
	CU_ASSERT_EQUAL(peer_internal(&p), 0x6982);
	CU_ASSERT_TRUE(is_reset(&p));
	peer_free(&p);
}

static uint16_t present(struct peer *p, const struct peer_party *signer, const char *car,
			const struct cvc_request *request)
{
	struct buf certificate;
	uint16_t sw;

	peer_certify(signer, car, request, &certificate);
	sw = peer_certificate(p, view_buf(&certificate));
	buf_free(&certificate);
	return sw;
}

static struct cvc_request host_request(void)
{
	return (struct cvc_request){.chr = "DEHOST0042001",
				    .key = peer_world()->host[1].key,
				    .scheme = RSA_PSS_SHA256,
				    .type = CVC_TERMINAL,
				    .roles = ROLE_USER,
				    .effective = PEER_TODAY,
				    .expiration = PEER_LATER,
				    .suite = 0x42};
}

static void certificates_that_are_no_hosts_are_refused(void)
{
	const struct peer_party *authority = &peer_world()->authority;
	const struct peer_party *issuer = &peer_world()->issuer;
	struct cvc_request rows[7];
	static const uint16_t words[7] = {0x9000, 0x6A80, 0x6A88, 0x6A88, 0x6A80, 0x6A80, 0x6984};
	struct peer p;

	for (size_t i = 0; i < 7; i++)
		rows[i] = host_request();
	rows[1].roles = 0; /* a card's */
	rows[2].suite = 0x02;
	rows[3].suite = 0;
	rows[4].key = peer_world()->host[0].key; /* 1024 bits */
	rows[5].scheme = RSA_PKCS1_SHA1;
	rows[6].effective = 200101;
	rows[6].expiration = PEER_TODAY - 1;
	peer_new(&p);
	for (size_t i = 0; i < 7; i++) {
		go_to(&p, 0x42, CERTIFICATES);
		CU_ASSERT_EQUAL(present(&p, authority, "DEAUTHOR00001", &rows[i]), words[i]);
		if (words[i] != 0x9000)
			CU_ASSERT_TRUE(is_reset(&p));
	}
	/* Unknown signer; a signer that did not sign; a terminal's key is no signer. */
	go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(present(&p, issuer, "DEISSUER00001", &rows[0]), 0x6A88);
	go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(present(&p, issuer, "DEAUTHOR00001", &rows[0]), 0x6300);
	go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(present(&p, authority, "DEAUTHOR00001", &rows[0]), 0x9000);
	CU_ASSERT_EQUAL(present(&p, &peer_world()->host[1], "DEHOST0042001", &rows[0]), 0x6985);
	CU_ASSERT_TRUE(is_reset(&p));
	peer_free(&p);
}

static void a_role_must_come_down_the_whole_chain(void)
{
	struct cvc_request request = host_request();
	struct peer p;

	peer_new(&p);
	request.roles = ROLE_UPDATER;
	go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(peer_certificate(&p, view_buf(&peer_world()->issuer.certificate)), 0x9000);
	CU_ASSERT_EQUAL(present(&p, &peer_world()->issuer, "DEISSUER00001", &request), 0x6A80);
	CU_ASSERT_TRUE(is_reset(&p));
	peer_free(&p);
}

static void an_issuer_alone_opens_nothing(void)
{
	struct peer p;

	peer_new(&p);
	go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(peer_certificate(&p, view_buf(&peer_world()->issuer.certificate)), 0x9000);
	CU_ASSERT_EQUAL(peer_decipher(&p), 0x6985);
	CU_ASSERT_TRUE(is_reset(&p));
	go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(peer_certificate(&p, view_buf(&peer_world()->issuer.certificate)), 0x9000);
	CU_ASSERT_EQUAL(peer_challenge(&p), 0x6985);
	CU_ASSERT_TRUE(is_reset(&p));
	peer_free(&p);
}

/* Three issuers and a host make four; a fourth issuer makes one too many. */
static void a_chain_has_at_most_four_certificates(void)
{
	static const char *const names[] = {"DEISSUER0000A", "DEISSUER0000B", "DEISSUER0000C",
					    "DEISSUER0000D"};
	struct peer_party issuer = {.key = peer_world()->issuer.key, .scheme = RSA_PSS_SHA256};
	struct cvc_request host = host_request(), request = host_request();
	struct peer p;

	peer_new(&p);
	request.key = issuer.key;
	request.type = CVC_DV;
	request.suite = 0;
	for (int issuers = 0; issuers <= 4; issuers++) {
		const struct peer_party *signer = &peer_world()->authority;
		const char *car = "DEAUTHOR00001";
		uint16_t sw = 0x9000;

		go_to(&p, 0x42, CERTIFICATES);
		for (int i = 0; i < issuers && sw == 0x9000; i++) {
			request.chr = names[i];
			sw = present(&p, signer, car, &request);
			signer = &issuer;
			car = names[i];
		}
		if (sw == 0x9000)
			sw = present(&p, signer, car, &host);
		CU_ASSERT_EQUAL(sw, issuers < 4 ? 0x9000 : 0x6A80);
	}
	peer_free(&p);
}

static void the_date_moves_with_issuers_and_not_with_hosts(void)
{
	struct cvc_request old = host_request(), next = host_request(), issuer = host_request();
	const struct peer_party *authority = &peer_world()->authority;
	struct peer p;

	peer_new(&p);
	old.expiration = PEER_TODAY + 5;
	next.effective = PEER_TODAY + 9;
	issuer.chr = "DEISSUER00002";
	issuer.key = peer_world()->issuer.key;
	issuer.type = CVC_DV;
	issuer.suite = 0;
	issuer.effective = PEER_TODAY + 6;
	go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(present(&p, authority, "DEAUTHOR00001", &next), 0x9000);
	go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(present(&p, authority, "DEAUTHOR00001", &old), 0x9000);
	go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(present(&p, authority, "DEAUTHOR00001", &issuer), 0x9000);
	go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(present(&p, authority, "DEAUTHOR00001", &old), 0x6984);
	/* It is kept. */
	card_close(&p.card);
	CU_ASSERT_EQUAL_FATAL(card_open(p.dir, NULL, &p.card), RC_OK);
	go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(present(&p, authority, "DEAUTHOR00001", &old), 0x6984);
	peer_free(&p);
}

static void flipped_bits_of_certificates_are_refused(void)
{
	struct buf copy;
	struct peer p;

	peer_new(&p);
	buf_init(&copy, CVC_MAX);
	for (size_t bit = 0; bit < peer_world()->issuer.certificate.len * 8; bit += 7) {
		buf_reset(&copy);
		buf_view(&copy, view_buf(&peer_world()->issuer.certificate));
		copy.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CU_ASSERT_EQUAL_FATAL(take_step(&p, 0x42, ENVIRONMENT), 0x9000);
		CU_ASSERT_NOT_EQUAL(peer_certificate(&p, view_buf(&copy)), 0x9000);
	}
	CU_ASSERT_TRUE(is_reset(&p));
	for (size_t cut = 1; cut < 300; cut += 17) {
		CU_ASSERT_EQUAL_FATAL(take_step(&p, 0x42, ENVIRONMENT), 0x9000);
		CU_ASSERT_NOT_EQUAL(peer_certificate(&p, view_of(copy.data, copy.len - cut)),
				    0x9000);
	}
	buf_free(&copy);
	peer_free(&p);
}

static void certificates_that_do_not_describe_themselves_are_refused(void)
{
	struct peer p;

	peer_new(&p);
	go_to(&p, 0x02, CERTIFICATES);
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0x2A, 0, 0xAE, view_buf(&peer_world()->issuer.certificate),
				  0, NULL),
			0x6A81);
	CU_ASSERT_TRUE(is_reset(&p));
	peer_free(&p);
}

static void any_mse_ends_a_session(void)
{
	struct peer p;

	peer_new(&p);
	CU_ASSERT_EQUAL_FATAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0x22, 0, 0, nothing, 0, NULL), 0x6A86);
	CU_ASSERT_TRUE(is_reset(&p));
	CU_ASSERT_EQUAL(peer_protected(&p, 0, 0xA4, 4, 0, view_of(aid, sizeof(aid)), 256, NULL,
				       NULL),
			0x6982);
	peer_free(&p);
}

static void an_unprotected_command_ends_a_session(void)
{
	static const uint8_t instructions[] = {0xA4, 0x70, 0xCA, 0x84, 0x82, 0x88, 0x2A, 0x01};
	bool bare;
	struct peer p;

	peer_new(&p);
	for (size_t i = 0; i < sizeof(instructions); i++) {
		CU_ASSERT_EQUAL_FATAL(peer_open(&p, 0x02, 0xC1, 0xB6, 0x33), 0x9000);
		CU_ASSERT_EQUAL(peer_send(&p, 0, instructions[i], 0, 0, nothing, 0, NULL), 0x6982);
		CU_ASSERT_EQUAL(peer_protected(&p, 0, 0xA4, 4, 0, view_of(aid, sizeof(aid)), 256,
					       NULL, &bare),
				0x6982);
	}
	/* GET RESPONSE alone is transport. */
	CU_ASSERT_EQUAL_FATAL(peer_open(&p, 0x02, 0xC1, 0xB6, 0x33), 0x9000);
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0xC0, 0, 0, nothing, 256, NULL), 0x6985);
	CU_ASSERT_TRUE(session_lives(&p));
	peer_free(&p);
}

static void a_reset_ends_a_session(void)
{
	struct buf atr;
	struct peer p;

	peer_new(&p);
	buf_init(&atr, 33);
	CU_ASSERT_EQUAL_FATAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
	CU_ASSERT_EQUAL(card_reset(p.card, &atr), RC_OK);
	CU_ASSERT_EQUAL(peer_protected(&p, 0, 0xA4, 4, 0, view_of(aid, sizeof(aid)), 256, NULL,
				       NULL),
			0x6982);
	CU_ASSERT_TRUE(is_reset(&p));
	buf_free(&atr);
	peer_free(&p);
}

static void protect_select(struct peer *p, struct buf *apdu)
{
	struct apdu plain = {.ins = 0xA4, .p1 = 4, .data = view_of(aid, sizeof(aid)), .le = 256};

	buf_init(apdu, 1000);
	peer_protect(p, &plain, apdu);
}

static void every_flipped_bit_of_a_protected_command_ends_the_session(void)
{
	struct buf apdu;
	struct peer p;
	uint16_t sw;

	peer_new(&p);
	for (size_t bit = 0;; bit++) {
		CU_ASSERT_EQUAL_FATAL(peer_open(&p, 0x02, 0x81, 0xA4, 0x33), 0x9000);
		protect_select(&p, &apdu);
		if (bit == (apdu.len - 1) * 8) {
			buf_free(&apdu);
			break;
		}
		apdu.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		sw = peer_raw(&p, view_buf(&apdu), NULL);
		/* Chaining: a first part is taken, and what follows is judged as a whole. */
		if (bit != 4)
			CU_ASSERT_NOT_EQUAL(sw, 0x9000);
		/* Another class, channel or length is not this session's command at all. */
		if (bit >= 8 && bit / 8 != 4)
			CU_ASSERT_TRUE(sw == 0x6982 || sw == 0x6987 || sw == 0x6988);
		if (sw == 0x6987 || sw == 0x6988)
			CU_ASSERT_TRUE(is_reset(&p));
		buf_free(&apdu);
	}
	peer_free(&p);
}

static void a_replayed_command_ends_the_session(void)
{
	struct buf apdu;
	struct peer p;

	peer_new(&p);
	CU_ASSERT_EQUAL_FATAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
	protect_select(&p, &apdu);
	CU_ASSERT_EQUAL(peer_raw(&p, view_buf(&apdu), NULL), 0x9000);
	CU_ASSERT_EQUAL(peer_raw(&p, view_buf(&apdu), NULL), 0x6988);
	CU_ASSERT_TRUE(is_reset(&p));
	/* Nor does it serve another session, with the same keys even. */
	CU_ASSERT_EQUAL_FATAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
	CU_ASSERT_EQUAL(peer_raw(&p, view_buf(&apdu), NULL), 0x6988);
	buf_free(&apdu);
	peer_free(&p);
}

static void missing_objects_have_their_own_word(void)
{
	static const uint8_t without_mac[] = {0x0C, 0xA4, 4, 0, 3, 0x97, 1, 0, 0};
	struct peer p;

	peer_new(&p);
	CU_ASSERT_EQUAL_FATAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
	CU_ASSERT_EQUAL(peer_raw(&p, view_of(without_mac, sizeof(without_mac)), NULL), 0x6987);
	CU_ASSERT_TRUE(is_reset(&p));
	peer_free(&p);
}

static bool needs_session(const struct command_row *row)
{
	return row->state != STATE_FRESH && row->state != STATE_SETUP;
}

static bool is_served_bare_too(const struct command_row *wanted)
{
	for (size_t t = 0; command_tables[t]; t++)
		for (const struct command_row *row = command_tables[t]; row->handler; row++)
			if (row->cla == wanted->cla && row->ins == wanted->ins &&
			    !needs_session(row))
				return true;
	return false;
}

static void no_session_command_is_served_before_the_last_step(void)
{
	struct peer p;

	peer_new(&p);
	for (enum step at = ENVIRONMENT; at < STEPS; at++) {
		go_to(&p, 0x42, at);
		for (size_t t = 0; command_tables[t]; t++)
			for (const struct command_row *row = command_tables[t]; row->handler;
			     row++) {
				const uint8_t marked[] = {row->cla | 0x0C, row->ins, 0, 0};

				CU_ASSERT_EQUAL(peer_raw(&p, view_of(marked, 4), NULL), 0x6982);
				if (needs_session(row) && !is_served_bare_too(row))
					CU_ASSERT_EQUAL(peer_send(&p, row->cla, row->ins, 0, 0,
								  nothing, 0, NULL),
							0x6982);
			}
	}
	peer_free(&p);
}

/* A session of a host with these roles and no others. */
static void open_with_roles(struct peer *p, unsigned int roles)
{
	struct cvc_request request = host_request();

	request.roles = roles;
	go_to(p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL_FATAL(present(p, &peer_world()->authority, "DEAUTHOR00001", &request),
			      0x9000);
	for (enum step step = DECIPHER; step < STEPS; step++)
		CU_ASSERT_EQUAL_FATAL(take_step(p, 0x42, step), 0x9000);
}

static void a_command_is_served_to_its_roles_only(void)
{
	struct peer p;
	uint16_t sw;

	peer_new(&p);
	for (unsigned int roles = 1; roles <= ROLE_ALL; roles++) {
		open_with_roles(&p, roles);
		for (size_t t = 0; command_tables[t]; t++)
			for (const struct command_row *row = command_tables[t]; row->handler;
			     row++) {
				if (!needs_session(row))
					continue;
				sw = peer_protected(&p, row->cla, row->ins, 0xEE, 0xEE, nothing, 0,
						    NULL, NULL);
				if ((row->roles && !(row->roles & roles)) ||
				    row->state != STATE_SESSION)
					CU_ASSERT_EQUAL(sw, 0x6982);
				CU_ASSERT_NOT_EQUAL(sw, 0x6D00);
			}
		CU_ASSERT_TRUE(session_lives(&p));
	}
	peer_free(&p);
}

static int clean(void)
{
	peer_world_free();
	return 0;
}

static CU_TestInfo tests[] = {
	{"every way in opens a session", every_way_in_opens_a_session},
	{"every level of suite 02 protects both ways", every_level_of_suite_02_protects_both_ways},
	{"a session runs on every channel by itself", a_session_runs_on_every_channel_by_itself},
	{"long commands and answers pass a session", long_commands_and_answers_pass_a_session},
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
	{"a block that is not as agreed fails even under a good signature",
	 a_block_that_is_not_as_agreed_fails_even_under_a_good_signature},
	{"malformed blocks are refused even with a signature",
	 malformed_blocks_are_refused_even_with_a_signature},
	{"decipher tells nothing about the block", decipher_tells_nothing_about_the_block},
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
	{"certificates that are no host's are refused", certificates_that_are_no_hosts_are_refused},
	{"a role must come down the whole chain", a_role_must_come_down_the_whole_chain},
	{"an issuer alone opens nothing", an_issuer_alone_opens_nothing},
	{"a chain has at most four certificates", a_chain_has_at_most_four_certificates},
	{"the date moves with issuers and not with hosts",
	 the_date_moves_with_issuers_and_not_with_hosts},
	{"flipped bits of certificates are refused", flipped_bits_of_certificates_are_refused},
	{"certificates that do not describe theMSElves are refused",
	 certificates_that_do_not_describe_themselves_are_refused},
	{"any MSE ends a session", any_mse_ends_a_session},
	{"an unprotected command ends a session", an_unprotected_command_ends_a_session},
	{"a reset ends a session", a_reset_ends_a_session},
	{"every flipped bit of a protected command ends the session",
	 every_flipped_bit_of_a_protected_command_ends_the_session},
	{"a replayed command ends the session", a_replayed_command_ends_the_session},
	{"missing objects have their own word", missing_objects_have_their_own_word},
	{"no session command is served before the last step",
	 no_session_command_is_served_before_the_last_step},
	{"a command is served to its roles only", a_command_is_served_to_its_roles_only},
	CU_TEST_INFO_NULL,
};

int main(void)
{
	CU_SuiteInfo suites[] = {{.pName = "scp10", .pTests = tests, .pCleanupFunc = clean},
				 CU_SUITE_INFO_NULL};

	return suite_run("card scp10", suites);
}
