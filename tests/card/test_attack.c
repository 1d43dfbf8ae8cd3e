/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Somebody on the wire, with the card as the target: every bit of every message flipped, every
 * message dropped, repeated, moved, cut and taken from another session, the card's own answers sent
 * back, and less asked of the card than the host wants. An attack is accepted if the host then sees
 * the whole set-up and one protected command through. What is accepted is counted, and is nothing.
 */
#include "tests/suite.h"

#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "base/tlv.h"
#include "tests/card/steps.h"

enum message {
	SET_ENVIRONMENT,
	ISSUER,
	HOST,
	BLOCK,
	ASK_CHALLENGE,
	HOST_SIGNATURE,
	CARD_SIGNATURE,
	PROTECTED,
	MESSAGES
};

enum { WIRE_MAX = 2000, LE = 2 };

static const uint8_t suites[] = {0x02, 0x01, 0x42};
static const uint8_t aid[] = {0xF0, 'I', 'n', 't', 'a', 'g', 'l', 'i', 'o', 0x01};

static struct counts {
	unsigned long tried, accepted;
} counts;

/* Messages of a session as they went over the wire. */
struct record {
	struct buf wire[MESSAGES];
	struct buf answer[MESSAGES];
};

static void record_init(struct record *r)
{
	for (size_t i = 0; i < MESSAGES; i++) {
		buf_init(&r->wire[i], WIRE_MAX);
		buf_init(&r->answer[i], WIRE_MAX);
	}
}

static void record_free(struct record *r)
{
	for (size_t i = 0; i < MESSAGES; i++) {
		buf_free(&r->wire[i]);
		buf_free(&r->answer[i]);
	}
}

static bool is_sent(const struct peer *p, enum message message)
{
	return p->suite != 0x01 || message != BLOCK;
}

static void put(struct buf *out, uint32_t header, struct view data, uint32_t le)
{
	struct apdu command = {.cla = (uint8_t)(header >> 24),
			       .ins = (uint8_t)(header >> 16),
			       .p1 = (uint8_t)(header >> 8),
			       .p2 = (uint8_t)header,
			       .data = data,
			       .le = le,
			       .extended = true};

	buf_reset(out);
	apdu_put(out, &command);
	peer_good(buf_rc(out));
}

static void put_block(struct peer *p, struct buf *out)
{
	EVP_PKEY *key = peer_card_key(p);
	struct buf block;

	buf_init(&block, 1000);
	peer_good(rsa_encrypt(key, p->suite == 0x42 ? RSA_OAEP_SHA256 : RSA_ES_PKCS1,
			      view_buf(&p->block), &block));
	put(out, 0x002A8084, view_buf(&block), 0);
	buf_free(&block);
	EVP_PKEY_free(key);
}

static void put_protected(struct peer *p, struct buf *out)
{
	const struct apdu plain = {.ins = 0xA4,
				   .p1 = 4,
				   .data = view_of(aid, sizeof(aid)),
				   .le = 256,
				   .extended = true};

	buf_reset(out);
	peer_protect(p, &plain, out);
}

static const uint8_t host_challenge[16] = "host's challenge";

static void put_host_challenge(struct peer *p, uint8_t data[24], size_t *ret_len)
{
	size_t size = peer_challenge_size(p);

	memcpy(data, host_challenge, size);
	memcpy(data + size, peer_host_id(p), 8);
	*ret_len = size + 8;
}

/* The host's next message, from what it knows by now. */
static void build(struct peer *p, enum message message, struct buf *out)
{
	const uint8_t version = p->suite == 0x42 ? 1 : p->suite == 0x02 ? 2 : 3;
	/* 83 empty: (1,1) would be another name for the same. */
	const uint8_t environment[] = {0x80, 2, 0x10, p->suite, 0x83, 0, 0x84, 2, version, 1};
	uint8_t data[24];
	size_t len;

	switch (message) {
	case SET_ENVIRONMENT:
		put(out, 0x0022C1B6, view_of(environment, sizeof(environment)), 0);
		break;
	case ISSUER:
		put(out, 0x002A00BE, view_buf(&peer_world()->issuer.certificate), 0);
		break;
	case HOST:
		put(out, 0x002A00BE,
		    view_buf(&peer_world()->host[peer_index(p->suite)].certificate), 0);
		break;
	case BLOCK:
		put_block(p, out);
		break;
	case ASK_CHALLENGE:
		put(out, 0x00840000, view_of(NULL, 0), (uint32_t)peer_challenge_size(p));
		break;
	case HOST_SIGNATURE:
		peer_sign(p);
		put(out, 0x00820000, view_buf(&p->signature), 0);
		break;
	case CARD_SIGNATURE:
		put_host_challenge(p, data, &len);
		put(out, 0x00880000, view_of(data, len), 65536);
		break;
	default:
		put_protected(p, out);
	}
}

/* Whether the host goes on after this answer. */
static bool is_believed(struct peer *p, enum message message, uint16_t sw, const struct buf *answer)
{
	uint8_t data[24];
	size_t len;

	if (sw != 0x9000)
		return false;
	switch (message) {
	case ASK_CHALLENGE:
		if (answer->len != peer_challenge_size(p))
			return false;
		memcpy(p->challenge, answer->data, answer->len);
		return true;
	case CARD_SIGNATURE:
		put_host_challenge(p, data, &len);
		if (p->suite == 0x01)
			return peer_agreed(p, data, len, view_buf(answer));
		return peer_card_signed(p, data, answer);
	case PROTECTED:
		return answer->len > 30 && answer->data[0] == 0x87;
	default:
		return answer->len == 0;
	}
}

/* A new session of this suite, nothing sent yet. */
static void begin(struct peer *p, uint8_t suite)
{
	p->suite = suite;
	p->p1 = 0xC1;
	p->p2 = 0xB6;
	p->challenge[0] = 0;
	peer_make_block(p, 0x33);
}

/* Honest messages from `from` up to, not into, `end`; kept in record unless it is NULL. */
static bool run(struct peer *p, enum message from, enum message end, struct record *record)
{
	struct buf wire, answer;
	bool believed = true;

	buf_init(&wire, WIRE_MAX);
	buf_init(&answer, WIRE_MAX);
	for (enum message m = from; m < end && believed; m++) {
		uint16_t sw;

		if (!is_sent(p, m))
			continue;
		build(p, m, &wire);
		sw = peer_raw(p, view_buf(&wire), &answer);
		believed = is_believed(p, m, sw, &answer);
		if (!record)
			continue;
		buf_reset(&record->wire[m]);
		buf_view(&record->wire[m], view_buf(&wire));
		buf_reset(&record->answer[m]);
		buf_view(&record->answer[m], view_buf(&answer));
	}
	buf_free(&wire);
	buf_free(&answer);
	return believed;
}

static void count(bool accepted)
{
	counts.tried++;
	counts.accepted += accepted;
	CU_ASSERT_FALSE(accepted);
}

/* Sends a forged message in the place of an honest one and goes on as far as the host does. */
static bool forge(struct peer *p, enum message message, struct view wire)
{
	struct buf answer;
	bool accepted;
	uint16_t sw;

	buf_init(&answer, WIRE_MAX);
	sw = peer_raw(p, wire, &answer);
	accepted = is_believed(p, message, sw, &answer) && run(p, message + 1, MESSAGES, NULL);
	buf_free(&answer);
	return accepted;
}

/* A new session up to a message, and that message as the host makes it. */
static void go_to(struct peer *p, uint8_t suite, enum message message, struct buf *wire)
{
	begin(p, suite);
	CU_ASSERT_TRUE_FATAL(run(p, SET_ENVIRONMENT, message, NULL));
	build(p, message, wire);
}

/* The outer Le of the last two commands is not looked at (doc/scp10.md section 4). */
static size_t meaningful(enum message message, const struct buf *wire)
{
	return message >= CARD_SIGNATURE ? wire->len - LE : wire->len;
}

static void report(const char *what, uint8_t suite)
{
	printf("suite %02X, %s: %lu tried, %lu accepted\n", suite, what, counts.tried,
	       counts.accepted);
	memset(&counts, 0, sizeof(counts));
}

static void honest_sessions_work(void)
{
	struct peer p;

	peer_new(&p);
	for (size_t s = 0; s < sizeof(suites); s++) {
		begin(&p, suites[s]);
		CU_ASSERT_TRUE(run(&p, SET_ENVIRONMENT, MESSAGES, NULL));
	}
	peer_free(&p);
}

static void flip(uint8_t suite)
{
	struct buf wire;
	struct peer p;

	peer_new(&p);
	buf_init(&wire, WIRE_MAX);
	begin(&p, suite);
	for (enum message m = SET_ENVIRONMENT; m < MESSAGES; m++) {
		size_t bits = 1;

		for (size_t bit = 0; is_sent(&p, m) && bit < bits; bit++) {
			go_to(&p, suite, m, &wire);
			bits = 8 * meaningful(m, &wire);
			wire.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			count(forge(&p, m, view_buf(&wire)));
		}
	}
	report("every flipped bit of every message", suite);
	buf_free(&wire);
	peer_free(&p);
}

static void every_flipped_bit_under_02_is_refused(void)
{
	flip(0x02);
}

static void every_flipped_bit_under_01_is_refused(void)
{
	flip(0x01);
}

static void every_flipped_bit_under_42_is_refused(void)
{
	flip(0x42);
}

static void a_dropped_message_is_missed(void)
{
	struct buf wire, answer;
	struct peer p;

	peer_new(&p);
	buf_init(&wire, WIRE_MAX);
	buf_init(&answer, WIRE_MAX);
	for (size_t s = 0; s < sizeof(suites); s++) {
		for (enum message m = SET_ENVIRONMENT; m < PROTECTED; m++) {
			go_to(&p, suites[s], m, &wire);
			if (!is_sent(&p, m))
				continue;
			/* The attacker says 9000 in the card's place, with a challenge of his own. */
			buf_reset(&answer);
			if (m == ASK_CHALLENGE)
				buf_put(&answer, host_challenge, peer_challenge_size(&p));
			if (m == CARD_SIGNATURE || is_believed(&p, m, 0x9000, &answer))
				count(run(&p, m + 1, MESSAGES, NULL));
		}
		report("every message dropped", suites[s]);
	}
	buf_free(&wire);
	buf_free(&answer);
	peer_free(&p);
}

/* MSE again begins the same set-up again, and the same block again is the same block. */
static bool may_repeat(enum message message)
{
	return message == SET_ENVIRONMENT || message == BLOCK;
}

static void a_repeated_message_is_refused(void)
{
	struct buf wire, answer;
	struct peer p;

	peer_new(&p);
	buf_init(&wire, WIRE_MAX);
	buf_init(&answer, WIRE_MAX);
	for (size_t s = 0; s < sizeof(suites); s++) {
		for (enum message m = SET_ENVIRONMENT; m < MESSAGES; m++) {
			bool accepted;
			uint16_t sw;

			go_to(&p, suites[s], m, &wire);
			if (!is_sent(&p, m))
				continue;
			sw = peer_raw(&p, view_buf(&wire), &answer);
			CU_ASSERT_TRUE(is_believed(&p, m, sw, &answer));
			sw = peer_raw(&p, view_buf(&wire), NULL);
			/* The card's second challenge stays with the attacker. */
			if (m == PROTECTED)
				accepted = sw == 0x9000;
			else
				accepted = run(&p, m + 1, MESSAGES, NULL);
			if (!may_repeat(m))
				count(accepted);
			CU_ASSERT_EQUAL(accepted, may_repeat(m));
		}
		report("every message repeated", suites[s]);
	}
	buf_free(&wire);
	buf_free(&answer);
	peer_free(&p);
}

/* Each pair of messages changes places; each is made as the host would make it there. */
static void messages_in_another_order_are_refused(void)
{
	struct peer p;

	peer_new(&p);
	for (size_t s = 0; s < sizeof(suites); s++) {
		for (enum message a = SET_ENVIRONMENT; a < MESSAGES; a++)
			for (enum message b = a + 1; b < MESSAGES; b++) {
				bool accepted = true;

				begin(&p, suites[s]);
				if (!is_sent(&p, a) || !is_sent(&p, b))
					continue;
				CU_ASSERT_TRUE_FATAL(run(&p, SET_ENVIRONMENT, a, NULL));
				for (enum message m = a; m < MESSAGES && accepted; m++) {
					enum message now = m == a ? b : m == b ? a : m;

					accepted = run(&p, now, now + 1, NULL);
				}
				count(accepted);
			}
		report("every two messages swapped", suites[s]);
	}
	peer_free(&p);
}

/* Cut as bytes, and cut inside the data with lengths that fit. */
static void cut(struct peer *p, uint8_t suite, enum message message, size_t stride)
{
	struct buf wire, shorter;
	struct apdu command;
	size_t len = 1;

	buf_init(&wire, WIRE_MAX);
	buf_init(&shorter, WIRE_MAX);
	for (size_t at = 0; at < len; at += stride) {
		go_to(p, suite, message, &wire);
		len = meaningful(message, &wire);
		/* Five bytes of GET CHALLENGE are the same command in short coding. */
		if (message != ASK_CHALLENGE || at != 5)
			count(forge(p, message, view_of(wire.data, at)));
		go_to(p, suite, message, &wire);
		peer_good(apdu_parse(view_buf(&wire), &command));
		if (at >= command.data.len)
			continue;
		command.data = view_of(command.data.data, at);
		buf_reset(&shorter);
		apdu_put(&shorter, &command);
		count(forge(p, message, view_buf(&shorter)));
	}
	buf_free(&wire);
	buf_free(&shorter);
}

static void every_cut_message_is_refused(void)
{
	struct peer p;

	peer_new(&p);
	for (size_t s = 0; s < sizeof(suites); s++) {
		for (enum message m = SET_ENVIRONMENT; m < MESSAGES; m++) {
			begin(&p, suites[s]);
			if (is_sent(&p, m))
				cut(&p, suites[s], m, 1);
		}
		report("every message cut", suites[s]);
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
	struct record old;
	struct buf wire;
	struct peer p;

	peer_new(&p);
	record_init(&old);
	buf_init(&wire, WIRE_MAX);
	for (size_t s = 0; s < sizeof(suites); s++) {
		bool accepted = true;

		begin(&p, suites[s]);
		CU_ASSERT_TRUE_FATAL(run(&p, SET_ENVIRONMENT, MESSAGES, &old));
		for (enum message m = SET_ENVIRONMENT; m < MESSAGES; m++) {
			if (!is_of_one_session(m) || !is_sent(&p, m))
				continue;
			go_to(&p, suites[s], m, &wire);
			count(forge(&p, m, view_buf(&old.wire[m])));
		}
		/* All of it, by somebody who has nothing but the recording. */
		for (enum message m = SET_ENVIRONMENT; m < MESSAGES && accepted; m++)
			if (is_sent(&p, m))
				accepted = peer_raw(&p, view_buf(&old.wire[m]), NULL) == 0x9000;
		count(accepted);
		report("messages of another session", suites[s]);
	}
	buf_free(&wire);
	record_free(&old);
	peer_free(&p);
}

/* What one card was sent, given to another card; the host's signature is over the other's challenge. */
static void messages_for_another_card_are_refused(void)
{
	struct peer p, other;
	struct record old;
	struct buf wire;

	peer_new(&p);
	peer_new_keys(&other);
	record_init(&old);
	buf_init(&wire, WIRE_MAX);
	for (size_t s = 0; s < sizeof(suites); s++) {
		go_to(&other, suites[s], HOST_SIGNATURE, &wire);
		begin(&p, suites[s]);
		CU_ASSERT_TRUE_FATAL(run(&p, SET_ENVIRONMENT, ASK_CHALLENGE, &old));
		memcpy(p.challenge, other.challenge, sizeof(p.challenge));
		build(&p, HOST_SIGNATURE, &wire);
		count(forge(&other, HOST_SIGNATURE, view_buf(&wire)));
		if (is_sent(&p, BLOCK)) {
			go_to(&other, suites[s], BLOCK, &wire);
			count(forge(&other, BLOCK, view_buf(&old.wire[BLOCK])));
		}
		report("messages for another card", suites[s]);
	}
	buf_free(&wire);
	record_free(&old);
	peer_free(&p);
	peer_free(&other);
}

/* The card's own signature, certificate and challenge come back to it. */
static void the_cards_own_answers_are_refused(void)
{
	struct buf wire, certificate;
	struct record old;
	struct peer p;

	peer_new(&p);
	record_init(&old);
	buf_init(&wire, WIRE_MAX);
	buf_init(&certificate, WIRE_MAX);
	for (size_t s = 0; s < sizeof(suites); s++) {
		begin(&p, suites[s]);
		CU_ASSERT_TRUE_FATAL(run(&p, SET_ENVIRONMENT, MESSAGES, &old));
		go_to(&p, suites[s], HOST_SIGNATURE, &wire);
		put(&wire, 0x00820000, view_buf(&old.answer[CARD_SIGNATURE]), 0);
		count(forge(&p, HOST_SIGNATURE, view_buf(&wire)));
		go_to(&p, suites[s], HOST_SIGNATURE, &wire);
		put(&wire, 0x00820000, view_of(p.challenge, peer_challenge_size(&p)), 0);
		count(forge(&p, HOST_SIGNATURE, view_buf(&wire)));
		if (is_sent(&p, BLOCK)) {
			go_to(&p, suites[s], BLOCK, &wire);
			put(&wire, 0x002A8084, view_buf(&old.answer[CARD_SIGNATURE]), 0);
			count(forge(&p, BLOCK, view_buf(&wire)));
		}
		go_to(&p, suites[s], ISSUER, &wire);
		CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xCA, 0x7F, 0x21, view_of(NULL, 0), 65536,
					  &certificate),
				0x9000);
		put(&wire, 0x002A00BE, view_buf(&certificate), 0);
		count(forge(&p, HOST, view_buf(&wire)));
		go_to(&p, suites[s], PROTECTED, &wire);
		peer_raw(&p, view_buf(&wire), &certificate);
		put(&wire, 0x0CA40400, view_buf(&certificate), 65536);
		count(peer_raw(&p, view_buf(&wire), NULL) == 0x9000);
		report("the card's own answers", suites[s]);
	}
	buf_free(&wire);
	buf_free(&certificate);
	record_free(&old);
	peer_free(&p);
}

/* The attacker changes what is asked of the card: suite, P1, P2 and references, all of them. */
static void less_than_the_host_asked_for_is_refused(void)
{
	static const uint8_t p1s[] = {0x81, 0xC1}, p2s[] = {0xA4, 0xB6}, versions[] = {1, 2, 3, 4};
	struct buf wire;
	struct peer p;

	peer_new(&p);
	buf_init(&wire, WIRE_MAX);
	for (size_t s = 0; s < sizeof(suites); s++) {
		uint8_t own = suites[s] == 0x42 ? 1 : suites[s] == 0x02 ? 2 : 3;

		for (unsigned int i = 0; i < 3 * 2 * 2 * 4 * 4; i++) {
			uint8_t suite = suites[i % 3], p1 = p1s[i / 3 % 2], p2 = p2s[i / 6 % 2];
			const uint8_t data[] = {0x80,
						2,
						0x10,
						suite,
						0x83,
						2,
						versions[i / 12 % 4],
						1,
						0x84,
						2,
						versions[i / 48 % 4],
						1};

			/* The one that the host sends, by both names of the trust point. */
			if (suite == suites[s] && p1 == 0xC1 && p2 == 0xB6 && data[10] == own &&
			    (data[6] == own || data[6] == 1))
				continue;
			go_to(&p, suites[s], SET_ENVIRONMENT, &wire);
			put(&wire, 0x00220000U | (uint32_t)p1 << 8 | p2,
			    view_of(data, sizeof(data)), 0);
			count(forge(&p, SET_ENVIRONMENT, view_buf(&wire)));
		}
		report("suite, P1, P2 and references changed", suites[s]);
	}
	buf_free(&wire);
	peer_free(&p);
}

/* A key of a real modulus with an exponent that no generator would give it. */
static EVP_PKEY *make_key(unsigned int bits, unsigned int exponent)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(crypto_context(), "RSA", NULL);
	OSSL_PARAM_BLD *build_params = OSSL_PARAM_BLD_new();
	BIGNUM *n = NULL, *e = BN_new();
	EVP_PKEY *real = NULL, *key = NULL;
	OSSL_PARAM *params;

	peer_good(rsa_generate(bits, &real));
	CU_ASSERT_FATAL(ctx && build_params && e && BN_set_word(e, exponent) == 1 &&
			EVP_PKEY_get_bn_param(real, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
			OSSL_PARAM_BLD_push_BN(build_params, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
			OSSL_PARAM_BLD_push_BN(build_params, OSSL_PKEY_PARAM_RSA_E, e) == 1);
	params = OSSL_PARAM_BLD_to_param(build_params);
	CU_ASSERT_FATAL(params && EVP_PKEY_fromdata_init(ctx) == 1 &&
			EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) == 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build_params);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(real);
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
		{0x42, 2048, 65537, true},  {0x42, 1024, 65537, false}, {0x42, 1536, 65537, false},
		{0x42, 2040, 65537, false}, {0x42, 2048, 3, false},     {0x42, 2048, 17, false},
		{0x42, 2048, 65539, false}, {0x42, 2048, 65535, false}, {0x02, 1024, 65537, true},
		{0x02, 1024, 3, false},     {0x02, 1024, 257, false},   {0x01, 1024, 65537, true},
		{0x01, 1024, 3, false},     {0x01, 1536, 65537, false}, {0x01, 2048, 65537, false},
		{0x01, 1032, 65537, false},
	};
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
			count(sw == 0x9000);
		CU_ASSERT_EQUAL(sw == 0x9000, rows[i].good);
		EVP_PKEY_free(request.key);
	}
	report("weak, odd and unequal keys", 0);
	peer_free(&p);
}

static int clean(void)
{
	peer_world_free();
	return 0;
}

static CU_TestInfo tests[] = {
	{"honest sessions work", honest_sessions_work},
	{"every flipped bit under 02 is refused", every_flipped_bit_under_02_is_refused},
	{"every flipped bit under 01 is refused", every_flipped_bit_under_01_is_refused},
	{"every flipped bit under 42 is refused", every_flipped_bit_under_42_is_refused},
	{"a dropped message is missed", a_dropped_message_is_missed},
	{"a repeated message is refused", a_repeated_message_is_refused},
	{"messages in another order are refused", messages_in_another_order_are_refused},
	{"every cut message is refused", every_cut_message_is_refused},
	{"messages of another session are refused", messages_of_another_session_are_refused},
	{"messages for another card are refused", messages_for_another_card_are_refused},
	{"the card's own answers are refused", the_cards_own_answers_are_refused},
	{"less than the host asked for is refused", less_than_the_host_asked_for_is_refused},
	{"weak and odd keys are refused", weak_and_odd_keys_are_refused},
	CU_TEST_INFO_NULL,
};

int main(void)
{
	CU_SuiteInfo suite[] = {{.pName = "attack", .pTests = tests, .pCleanupFunc = clean},
				CU_SUITE_INFO_NULL};

	return suite_run("card attack", suite);
}
