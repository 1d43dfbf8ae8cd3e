/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Somebody on the wire, with the card as the target, in every form of the set-up: every bit of every
 * message flipped, every message and every part of a chain dropped, repeated, moved, cut and taken
 * from another session, the card's own answers sent back, and less asked of the card than the host
 * wants. An attack is accepted if the host then sees the whole set-up and one protected command
 * through. What is accepted is counted, and is nothing. Commands in a session: test_attack_session.c.
 */
#include "tests/suite.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "tests/card/attack.h"

static const uint8_t attacker[16] = "attacker's bytes";

static void put(struct wire *out, const struct form *form, uint32_t header, struct view data,
		uint32_t le)
{
	const struct apdu command = {.cla = (uint8_t)(header >> 24),
				     .ins = (uint8_t)(header >> 16),
				     .p1 = (uint8_t)(header >> 8),
				     .p2 = (uint8_t)header,
				     .data = data,
				     .le = le};

	wire_put(out, form->extended, command);
}

static void honest_sessions_work(void)
{
	struct peer p;

	peer_new(&p);
	for (size_t f = 0; f < FORMS; f++) {
		attack_begin(&p, &attack_forms[f]);
		CU_ASSERT_TRUE(attack_run(&p, SET_ENVIRONMENT, MESSAGES, NULL));
	}
	peer_free(&p);
}

/* An attack on one message, of which the snapshot is what was known before it. */
struct position {
	const struct form *form;
	enum message message;
	struct snapshot before;
	struct wire wire;
};

static void position_init(struct position *at)
{
	snapshot_init(&at->before);
	wire_init(&at->wire);
}

static void position_free(struct position *at)
{
	snapshot_free(&at->before);
	wire_free(&at->wire);
}

/* Goes to a message; false if the form has it not. */
static bool take_position(struct position *at, struct peer *p, const struct form *form,
			  enum message message)
{
	struct buf atr;

	buf_init(&atr, 64);
	peer_good(card_reset(p->card, &atr));
	buf_free(&atr);
	at->form = form;
	at->message = message;
	attack_begin(p, form);
	if (!attack_is_sent(p, message))
		return false;
	CU_ASSERT_TRUE_FATAL(attack_run(p, SET_ENVIRONMENT, message, NULL));
	/* Between EXTERNAL and INTERNAL AUTHENTICATE a session is half open. */
	if (message != CARD_SIGNATURE)
		snapshot_take(&at->before, p);
	attack_build(p, message, &at->wire);
	return true;
}

/* The same moment once more; the message in wire is still the one of it. */
static void return_to(struct position *at, struct peer *p)
{
	if (at->message == CARD_SIGNATURE)
		attack_go_to(p, at->form, at->message, &at->wire);
	else
		snapshot_return(&at->before, p);
}

/* GET CHALLENGE takes 00 for its own length, so that this bit says the same in other words. */
static bool says_the_same(const struct position *at, size_t part, size_t bit)
{
	const struct buf *b = &at->wire.part[part];

	return at->message == ASK_CHALLENGE && !at->form->extended && bit / 8 == b->len - 1 &&
	       b->data[bit / 8] == 1 << bit % 8;
}

static void flip_message(struct position *at, struct peer *p)
{
	for (size_t part = 0; part < at->wire.count; part++) {
		size_t bits = 8 * wire_meaningful(&at->wire, part, at->message, at->form->extended);

		for (size_t bit = 0; bit < bits; bit++) {
			if (says_the_same(at, part, bit))
				continue;
			return_to(at, p);
			at->wire.part[part].data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			attack_count(attack_forge(p, at->message, &at->wire));
			at->wire.part[part].data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

/* Cut as bytes, and cut inside the data with lengths that fit. */
static void cut_message(struct position *at, struct peer *p)
{
	struct wire shorter;
	struct apdu command;

	wire_init(&shorter);
	for (size_t part = 0; part < at->wire.count; part++) {
		size_t len = wire_meaningful(&at->wire, part, at->message, at->form->extended);

		for (size_t to = 0; to < len; to++) {
			return_to(at, p);
			wire_copy(&shorter, &at->wire);
			buf_truncate(&shorter.part[part], to);
			/* Five bytes of GET CHALLENGE are the same command in short coding. */
			if (at->message != ASK_CHALLENGE || to != 5)
				attack_count(attack_forge(p, at->message, &shorter));
			return_to(at, p);
			wire_copy(&shorter, &at->wire);
			peer_good(apdu_parse(view_buf(&at->wire.part[part]), &command));
			if (to >= command.data.len)
				continue;
			command.data = view_of(command.data.data, to);
			buf_reset(&shorter.part[part]);
			apdu_put(&shorter.part[part], &command);
			attack_count(attack_forge(p, at->message, &shorter));
		}
	}
	wire_free(&shorter);
}

static void drop_part(struct wire *wire, size_t part)
{
	for (; part + 1 < wire->count; part++) {
		buf_reset(&wire->part[part]);
		buf_view(&wire->part[part], view_buf(&wire->part[part + 1]));
	}
	wire->count--;
}

static void repeat_part(struct wire *wire, size_t part)
{
	CU_ASSERT_FATAL(wire->count < PARTS_MAX);
	for (size_t i = wire->count++; i > part; i--) {
		buf_reset(&wire->part[i]);
		buf_view(&wire->part[i], view_buf(&wire->part[i - 1]));
	}
}

/* Either the APDUs as they are, or only their data, with the chaining bits left in their places. */
static void swap_parts(struct wire *wire, size_t a, size_t b, bool only_data)
{
	struct buf kept = wire->part[a];

	wire->part[a] = wire->part[b];
	wire->part[b] = kept;
	if (only_data) {
		uint8_t cla = wire->part[a].data[0];

		wire->part[a].data[0] = wire->part[b].data[0];
		wire->part[b].data[0] = cla;
	}
}

static void disturb_chain(struct position *at, struct peer *p)
{
	struct wire wire;

	wire_init(&wire);
	for (size_t a = 0; at->wire.count > 1 && a < at->wire.count; a++) {
		return_to(at, p);
		wire_copy(&wire, &at->wire);
		drop_part(&wire, a);
		attack_count(attack_forge(p, at->message, &wire));
		return_to(at, p);
		wire_copy(&wire, &at->wire);
		repeat_part(&wire, a);
		attack_count(attack_forge(p, at->message, &wire));
		for (size_t b = a + 1; b < at->wire.count; b++)
			for (int only_data = 0; only_data < 2; only_data++) {
				return_to(at, p);
				wire_copy(&wire, &at->wire);
				swap_parts(&wire, a, b, only_data);
				attack_count(attack_forge(p, at->message, &wire));
			}
	}
	wire_free(&wire);
}

/* One kind of attack on every message of one form. */
static void on_every_message(const struct form *form, const char *what,
			     void (*attack)(struct position *at, struct peer *p))
{
	struct position at;
	struct peer p;

	peer_new(&p);
	position_init(&at);
	for (enum message m = SET_ENVIRONMENT; m < MESSAGES; m++)
		if (take_position(&at, &p, form, m))
			attack(&at, &p);
	attack_report(what, form);
	position_free(&at);
	peer_free(&p);
}

static void flip(size_t from, size_t end)
{
	for (size_t f = from; f < end; f++)
		on_every_message(&attack_forms[f], "every flipped bit of every message",
				 flip_message);
}

static void every_flipped_bit_in_extended_length_is_refused(void)
{
	flip(0, FORMS / 2);
}

static void every_flipped_bit_in_chains_is_refused(void)
{
	flip(FORMS / 2, FORMS);
}

static void every_cut_message_is_refused(void)
{
	for (size_t f = 0; f < FORMS; f++)
		on_every_message(&attack_forms[f], "every message cut", cut_message);
}

static void parts_of_chains_dropped_repeated_and_swapped_are_refused(void)
{
	for (size_t f = FORMS / 2; f < FORMS; f++)
		if (attack_forms[f].suite == 0x42 || attack_forms[f].p2 == 0xB6)
			on_every_message(&attack_forms[f], "parts of chains disturbed",
					 disturb_chain);
}

/* The attacker says 9000 in the card's place, with a challenge of his own. */
static void a_dropped_message_is_missed(void)
{
	struct position at;
	struct buf answer;
	struct peer p;

	peer_new(&p);
	position_init(&at);
	buf_init(&answer, WIRE_MAX);
	for (size_t f = 0; f < FORMS; f++) {
		for (enum message m = SET_ENVIRONMENT; m < PROTECTED; m++) {
			if (!take_position(&at, &p, &attack_forms[f], m))
				continue;
			buf_reset(&answer);
			if (m == ASK_CHALLENGE)
				buf_put(&answer, attacker, peer_challenge_size(&p));
			/* The card's signature is believed here without one. */
			if (m == CARD_SIGNATURE || attack_is_believed(&p, m, 0x9000, &answer))
				attack_count(attack_run(&p, m + 1, MESSAGES, NULL));
		}
		attack_report("every message dropped", &attack_forms[f]);
	}
	buf_free(&answer);
	position_free(&at);
	peer_free(&p);
}

/* MSE again begins the same set-up again, and the same block again is the same block. */
static bool may_repeat(enum message message)
{
	return message == SET_ENVIRONMENT || message == BLOCK;
}

static void a_repeated_message_is_refused(void)
{
	struct position at;
	struct buf answer;
	struct peer p;

	peer_new(&p);
	position_init(&at);
	buf_init(&answer, WIRE_MAX);
	for (size_t f = 0; f < FORMS; f++) {
		for (enum message m = SET_ENVIRONMENT; m < MESSAGES; m++) {
			bool accepted;
			uint16_t sw;

			if (!take_position(&at, &p, &attack_forms[f], m))
				continue;
			sw = attack_send(&p, &at.wire, &answer);
			CU_ASSERT_TRUE(attack_is_believed(&p, m, sw, &answer));
			sw = attack_send(&p, &at.wire, NULL);
			/* The card's second challenge stays with the attacker. */
			if (m == PROTECTED)
				accepted = sw == 0x9000;
			else
				accepted = attack_run(&p, m + 1, MESSAGES, NULL);
			if (!may_repeat(m))
				attack_count(accepted);
			CU_ASSERT_EQUAL(accepted, may_repeat(m));
		}
		attack_report("every message repeated", &attack_forms[f]);
	}
	buf_free(&answer);
	position_free(&at);
	peer_free(&p);
}

/* Each pair of messages changes places; each is made as the host would make it there. */
static void messages_in_another_order_are_refused(void)
{
	struct peer p;

	peer_new(&p);
	for (size_t f = 0; f < FORMS; f++) {
		for (enum message a = SET_ENVIRONMENT; a < MESSAGES; a++)
			for (enum message b = a + 1; b < MESSAGES; b++) {
				bool accepted = true;

				attack_begin(&p, &attack_forms[f]);
				if (!attack_is_sent(&p, a) || !attack_is_sent(&p, b))
					continue;
				CU_ASSERT_TRUE_FATAL(attack_run(&p, SET_ENVIRONMENT, a, NULL));
				for (enum message m = a; m < MESSAGES && accepted; m++) {
					enum message now = m == a ? b : m == b ? a : m;

					accepted = attack_run(&p, now, now + 1, NULL);
				}
				attack_count(accepted);
			}
		attack_report("every two messages swapped", &attack_forms[f]);
	}
	peer_free(&p);
}

/* Messages that are the same in every session of this host and card say nothing about one. */
static bool is_of_one_session(enum message message)
{
	return message == BLOCK || message == HOST_SIGNATURE || message == PROTECTED;
}

static void messages_of_another_session_are_refused(void)
{
	struct wire old[MESSAGES];
	struct position at;
	struct peer p;

	peer_new(&p);
	position_init(&at);
	for (size_t m = 0; m < MESSAGES; m++)
		wire_init(&old[m]);
	for (size_t f = 0; f < FORMS; f++) {
		bool accepted = true;

		attack_begin(&p, &attack_forms[f]);
		CU_ASSERT_TRUE_FATAL(attack_run(&p, SET_ENVIRONMENT, MESSAGES, old));
		for (enum message m = SET_ENVIRONMENT; m < MESSAGES; m++)
			if (is_of_one_session(m) && take_position(&at, &p, &attack_forms[f], m))
				attack_count(attack_forge(&p, m, &old[m]));
		/* All of it, by somebody who has nothing but the recording. */
		for (enum message m = SET_ENVIRONMENT; m < MESSAGES && accepted; m++)
			if (attack_is_sent(&p, m))
				accepted = attack_send(&p, &old[m], NULL) == 0x9000;
		attack_count(accepted);
		attack_report("messages of another session", &attack_forms[f]);
	}
	for (size_t m = 0; m < MESSAGES; m++)
		wire_free(&old[m]);
	position_free(&at);
	peer_free(&p);
}

/* What one card was sent, given to another card; the host's signature is over the other's challenge. */
static void messages_for_another_card_are_refused(void)
{
	struct wire old[MESSAGES], wire;
	struct peer p, other;

	peer_new(&p);
	peer_new_keys(&other);
	wire_init(&wire);
	for (size_t m = 0; m < MESSAGES; m++)
		wire_init(&old[m]);
	for (size_t f = 0; f < FORMS; f++) {
		const struct form *form = &attack_forms[f];

		attack_go_to(&other, form, HOST_SIGNATURE, &wire);
		attack_begin(&p, form);
		CU_ASSERT_TRUE_FATAL(attack_run(&p, SET_ENVIRONMENT, ASK_CHALLENGE, old));
		memcpy(p.challenge, other.challenge, sizeof(p.challenge));
		attack_build(&p, HOST_SIGNATURE, &wire);
		attack_count(attack_forge(&other, HOST_SIGNATURE, &wire));
		if (attack_is_sent(&p, BLOCK)) {
			attack_go_to(&other, form, BLOCK, &wire);
			attack_count(attack_forge(&other, BLOCK, &old[BLOCK]));
		}
		attack_report("messages for another card", form);
	}
	for (size_t m = 0; m < MESSAGES; m++)
		wire_free(&old[m]);
	wire_free(&wire);
	peer_free(&p);
	peer_free(&other);
}

/* The card's signature over what it was asked last, or nothing after 81. */
static void get_card_signature(struct peer *p, const struct form *form, struct buf *out)
{
	struct wire wire;

	wire_init(&wire);
	attack_begin(p, form);
	if (attack_is_sent(p, CARD_SIGNATURE)) {
		attack_go_to(p, form, CARD_SIGNATURE, &wire);
		CU_ASSERT_EQUAL_FATAL(attack_send(p, &wire, out), 0x9000);
	} else {
		buf_put(out, attacker, sizeof(attacker));
	}
	wire_free(&wire);
}

/* The card's own signature, certificate and challenge come back to it. */
static void the_cards_own_answers_are_refused(void)
{
	struct buf certificate, signature;
	struct position at;
	struct peer p;

	peer_new(&p);
	position_init(&at);
	buf_init(&certificate, WIRE_MAX);
	buf_init(&signature, WIRE_MAX);
	for (size_t f = 0; f < FORMS; f++) {
		const struct form *form = &attack_forms[f];

		buf_reset(&signature);
		get_card_signature(&p, form, &signature);
		take_position(&at, &p, form, HOST_SIGNATURE);
		put(&at.wire, form, 0x00820000, view_buf(&signature), 0);
		attack_count(attack_forge(&p, HOST_SIGNATURE, &at.wire));
		return_to(&at, &p);
		put(&at.wire, form, 0x00820000, view_of(p.challenge, peer_challenge_size(&p)), 0);
		attack_count(attack_forge(&p, HOST_SIGNATURE, &at.wire));
		if (take_position(&at, &p, form, BLOCK)) {
			put(&at.wire, form, 0x002A8084, view_buf(&signature), 0);
			attack_count(attack_forge(&p, BLOCK, &at.wire));
		}
		CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xCA, 0x7F, 0x21, view_of(NULL, 0), 65536,
					  &certificate),
				0x9000);
		for (enum message m = ISSUER; m <= HOST; m++)
			if (take_position(&at, &p, form, m)) {
				put(&at.wire, form, 0x002A00BE, view_buf(&certificate), 0);
				attack_count(attack_forge(&p, HOST, &at.wire));
			}
		attack_report("the card's own answers", form);
	}
	buf_free(&certificate);
	buf_free(&signature);
	position_free(&at);
	peer_free(&p);
}

/* The attacker changes what is asked of the card: suite, P1, P2 and references, all of them. */
static void less_than_the_host_asked_for_is_refused(void)
{
	static const uint8_t suites[] = {0x02, 0x01, 0x42}, p1s[] = {0x81, 0xC1},
			     p2s[] = {0xA4, 0xB6}, versions[] = {1, 2, 3, 4};
	struct position at;
	struct peer p;

	peer_new(&p);
	position_init(&at);
	for (size_t f = 0; f < FORMS; f++) {
		const struct form *form = &attack_forms[f];
		uint8_t own = form->suite == 0x42 ? 1 : form->suite == 0x02 ? 2 : 3;

		take_position(&at, &p, form, SET_ENVIRONMENT);
		for (unsigned int i = 0; i < 3 * 2 * 2 * 4 * 4; i++) {
			uint8_t suite = suites[i % 3], p1 = p1s[i / 3 % 2], p2 = p2s[i / 6 % 2];
			uint8_t host = versions[i / 12 % 4], card = versions[i / 48 % 4];
			const uint8_t data[] = {0x80, 2, 0x10, suite, 0x83, 2,
						host, 1, 0x84, 2,     card, 1};
			bool is_own = p2 == 0xB6 ? host == own || host == 1 : host == own + 1;

			/* The one that the host sends, by both names of the trust point. */
			if (suite == form->suite && p1 == form->p1 && p2 == form->p2 &&
			    card == own && is_own)
				continue;
			return_to(&at, &p);
			put(&at.wire, form, 0x00220000U | (uint32_t)p1 << 8 | p2,
			    view_of(data, sizeof(data)), 0);
			attack_count(attack_forge(&p, SET_ENVIRONMENT, &at.wire));
		}
		attack_report("suite, P1, P2 and references changed", form);
	}
	position_free(&at);
	peer_free(&p);
}

/* Forms that a suite has not, asked for by the host itself, with every key there is. */
static void forms_that_a_suite_has_not_are_refused(void)
{
	static const struct form none[] = {{0x42, 0xC1, 0xA4, true},  {0x42, 0x81, 0xB6, true},
					   {0x42, 0x81, 0xA4, true},  {0x01, 0x81, 0xB6, true},
					   {0x01, 0x81, 0xA4, true},  {0x42, 0xC1, 0xA4, false},
					   {0x42, 0x81, 0xB6, false}, {0x42, 0x81, 0xA4, false},
					   {0x01, 0x81, 0xB6, false}, {0x01, 0x81, 0xA4, false}};
	struct wire wire;
	struct peer p;

	peer_new(&p);
	wire_init(&wire);
	for (size_t f = 0; f < sizeof(none) / sizeof(none[0]); f++) {
		for (uint8_t i = 0; i < 5 * 5; i++) {
			const uint8_t data[] = {0x80, 2,    0x10, none[f].suite, 0x83, 2, i % 5,
						1,    0x84, 2,    i / 5,         1};

			attack_begin(&p, &none[f]);
			put(&wire, &none[f], 0x00220000U | (uint32_t)p.p1 << 8 | p.p2,
			    view_of(data, sizeof(data)), 0);
			attack_count(attack_forge(&p, SET_ENVIRONMENT, &wire));
		}
		attack_report("a form that the suite has not", &none[f]);
	}
	wire_free(&wire);
	peer_free(&p);
}

/* Keys and level that the attacker has chosen, enciphered for the card in the host's place. */
static void a_block_of_the_attackers_is_refused(void)
{
	struct position at;
	struct peer p;

	peer_new(&p);
	position_init(&at);
	for (size_t f = 0; f < FORMS; f++) {
		struct buf own;

		if (!take_position(&at, &p, &attack_forms[f], BLOCK))
			continue;
		buf_init(&own, 1000);
		buf_view(&own, view_buf(&p.block));
		for (uint8_t level = 1; level <= 0x33; level++) {
			if (level & 0xCC)
				continue;
			return_to(&at, &p);
			peer_make_block(&p, level);
			attack_build(&p, BLOCK, &at.wire);
			/* The host goes on with its own. */
			p.level = 0x33;
			buf_reset(&p.block);
			buf_view(&p.block, view_buf(&own));
			attack_count(attack_forge(&p, BLOCK, &at.wire));
		}
		attack_report("a block of the attacker's", &attack_forms[f]);
		buf_free(&own);
	}
	position_free(&at);
	peer_free(&p);
}

/* A public key of any modulus, with an exponent that no generator would give it. */
static EVP_PKEY *make_key(unsigned int bits, unsigned int exponent)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(crypto_context(), "RSA", NULL);
	OSSL_PARAM_BLD *build_params = OSSL_PARAM_BLD_new();
	BIGNUM *n = BN_new(), *e = BN_new();
	EVP_PKEY *key = NULL;
	OSSL_PARAM *params;

	CU_ASSERT_FATAL(ctx && build_params && n && e && BN_set_word(e, exponent) == 1 &&
			BN_rand(n, (int)bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD) == 1 &&
			OSSL_PARAM_BLD_push_BN(build_params, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
			OSSL_PARAM_BLD_push_BN(build_params, OSSL_PKEY_PARAM_RSA_E, e) == 1);
	params = OSSL_PARAM_BLD_to_param(build_params);
	CU_ASSERT_FATAL(params && EVP_PKEY_fromdata_init(ctx) == 1 &&
			EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) == 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build_params);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	BN_free(e);
	return key;
}

/* Certified by the authority itself, so that nothing but the key is wrong. */
static void weak_and_odd_keys_are_refused(void)
{
	static const struct {
		uint8_t suite;
		unsigned int bits, exponent;
		bool good;
	} rows[] = {
		{0x42, 2048, 65537, true},  {0x42, 1024, 65537, false},
		{0x42, 1536, 65537, false}, {0x42, 2040, 65537, false},
		{0x42, 2047, 65537, false}, {0x42, 4104, 65537, false},
		{0x42, 2048, 1, false},     {0x42, 2048, 2, false},
		{0x42, 2048, 3, false},     {0x42, 2048, 17, false},
		{0x42, 2048, 65536, false}, {0x42, 2048, 65539, false},
		{0x42, 2048, 65535, false}, {0x42, 2048, 0x7FFFFFFF, false},
		{0x02, 1024, 65537, true},  {0x02, 1016, 65537, false},
		{0x02, 1024, 1, false},     {0x02, 1024, 2, false},
		{0x02, 1024, 3, false},     {0x02, 1024, 257, false},
		{0x02, 1024, 65536, false}, {0x02, 1024, 0x7FFFFFFF, false},
		{0x01, 1024, 65537, true},  {0x01, 1024, 1, false},
		{0x01, 1024, 2, false},     {0x01, 1024, 3, false},
		{0x01, 1024, 65536, false}, {0x01, 1536, 65537, false},
		{0x01, 2048, 65537, false}, {0x01, 1032, 65537, false},
		{0x01, 1016, 65537, false},
	};
	static const struct form any = {0, 0xC1, 0xB6, false};
	struct peer p;

	peer_new(&p);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cvc_request request = steps_host_request();
		uint16_t sw;

		request.key = make_key(rows[i].bits, rows[i].exponent);
		request.suite = rows[i].suite;
		request.scheme = rows[i].suite == 0x42 ? RSA_PSS_SHA256 : RSA_PKCS1_SHA1;
		steps_go_to(&p, rows[i].suite, CERTIFICATES);
		sw = steps_present(&p, &peer_world()->authority, "DEAUTHOR00001", &request);
		if (!rows[i].good)
			attack_count(sw == 0x9000);
		CU_ASSERT_EQUAL(sw == 0x9000, rows[i].good);
		EVP_PKEY_free(request.key);
	}
	attack_report("weak, odd and unequal keys", &any);
	peer_free(&p);
}

static int clean(void)
{
	peer_world_free();
	return 0;
}

static CU_TestInfo tests[] = {
	{"honest sessions work", honest_sessions_work},
	{"every flipped bit in extended length is refused",
	 every_flipped_bit_in_extended_length_is_refused},
	{"every flipped bit in chains is refused", every_flipped_bit_in_chains_is_refused},
	{"every cut message is refused", every_cut_message_is_refused},
	{"parts of chains dropped, repeated and swapped are refused",
	 parts_of_chains_dropped_repeated_and_swapped_are_refused},
	{"a dropped message is missed", a_dropped_message_is_missed},
	{"a repeated message is refused", a_repeated_message_is_refused},
	{"messages in another order are refused", messages_in_another_order_are_refused},
	{"messages of another session are refused", messages_of_another_session_are_refused},
	{"messages for another card are refused", messages_for_another_card_are_refused},
	{"the card's own answers are refused", the_cards_own_answers_are_refused},
	{"less than the host asked for is refused", less_than_the_host_asked_for_is_refused},
	{"forms that a suite has not are refused", forms_that_a_suite_has_not_are_refused},
	{"a block of the attacker's is refused", a_block_of_the_attackers_is_refused},
	{"weak and odd keys are refused", weak_and_odd_keys_are_refused},
	CU_TEST_INFO_NULL,
};

int main(void)
{
	CU_SuiteInfo suite[] = {{.pName = "attack", .pTests = tests, .pCleanupFunc = clean},
				CU_SUITE_INFO_NULL};

	return suite_run("card attack", suite);
}
