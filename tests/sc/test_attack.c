/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host as the target, in every suite: each answer of the handshake and each protected answer
 * with every bit flipped, dropped, cut, repeated, out of order, or of another session; the host's
 * own words sent back; keys that are weak or do not fit. Prints how many were tried; none may pass.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/rsa.h>

#include "base/log.h"
#include "tests/sc/fake_card.h"
#include "tests/suite.h"

enum { ANSWERS = 9, ANSWER_MAX = 4096 };

static const uint8_t suites[] = {SUITE_42, SUITE_02, SUITE_01};
enum { SUITES = sizeof(suites) };

/* What is done to one answer. */
enum deed { NOTHING, FLIP, DROP, CUT, REPLACE };

static struct attack {
	enum deed deed;
	unsigned int number; /* of the answer since fake_reset */
	size_t where; /* the bit to flip, or the bytes to leave */
	struct view with; /* for REPLACE */
	size_t length; /* of the answer as the card sent it */
	bool done;
	struct buf tape[ANSWERS]; /* the answers as the card sent them */
	struct buf signature; /* data of the last EXTERNAL AUTHENTICATE */
} attack;

static enum rc carry_out(void *arg, unsigned int number, const struct apdu *command,
			 struct buf *response)
{
	struct attack *a = arg;

	if (command->ins == 0x82) {
		buf_reset(&a->signature);
		buf_view(&a->signature, command->data);
	}
	if (number < ANSWERS) {
		buf_reset(&a->tape[number]);
		buf_view(&a->tape[number], view_buf(response));
	}
	if (number != a->number || a->deed == NOTHING)
		return RC_OK;
	a->length = response->len;
	a->done = true;
	switch (a->deed) {
	case FLIP:
		response->data[a->where / 8] ^= (uint8_t)(1 << a->where % 8);
		return RC_OK;
	case CUT:
		/* A status word that a cut has made may bring other answers. */
		buf_truncate(response, a->where < a->length ? a->where : a->length);
		return RC_OK;
	case REPLACE:
		buf_reset(response);
		buf_view(response, a->with);
		return buf_rc(response);
	default:
		return RC_IO;
	}
}

static void begin(uint8_t suite)
{
	fake_reset(suite);
	fake.tamper = carry_out;
	fake.arg = &attack;
	attack.deed = NOTHING;
}

static const struct apdu hello = {.cla = 0x80, .ins = 0x42, .data = {NULL, 0}, .le = 256};

/*
 * A handshake and one protected command. The number of the first answer that was believed after
 * the deed was done is of no interest: accepted is an answer of the application.
 */
static bool talk(uint8_t suite)
{
	struct sc *sc = fake_connect(fake_policy(suite));
	struct view answer;
	bool accepted;
	uint16_t sw = 0;

	fake_power_cut();
	fake.count = 0;
	fake.executed = 0;
	attack.done = false;
	accepted = sc_exchange_view(sc, &hello, &answer, &sw) == RC_OK && sw == SW_OK;
	sc_close(&sc);
	return accepted;
}

/* The answers of a whole exchange: SELECT, the handshake, one protected command. */
static unsigned int answers(uint8_t suite)
{
	begin(suite);
	CU_ASSERT_TRUE(talk(suite));
	return fake.count;
}

static void report(const char *what, uint8_t suite, unsigned int tried, unsigned int accepted)
{
	printf("suite %02X: %s: %u tried, %u accepted\n", suite, what, tried, accepted);
	CU_ASSERT_TRUE(tried > 0);
	CU_ASSERT_EQUAL(accepted, 0);
}

/*
 * A bit of an answer of the handshake (SELECT's says nothing that is believed), or of the protected
 * one. The host may try again in a new session where the card seems to have lost one.
 */
static void every_flipped_bit_is_refused(void)
{
	for (size_t s = 0; s < SUITES; s++) {
		unsigned int count = answers(suites[s]), tried = 0, accepted = 0;
		size_t lengths[ANSWERS];

		for (unsigned int number = 0; number < count; number++)
			lengths[number] = attack.tape[number].len;

		for (unsigned int number = 1; number < count; number++) {
			begin(suites[s]);
			attack.deed = FLIP;
			attack.number = number;
			for (attack.where = 0; attack.where < lengths[number] * 8;
			     attack.where++, tried++)
				accepted += talk(suites[s]) && attack.done;
		}
		report("flipped bits", suites[s], tried, accepted);
	}
}

static void every_lost_answer_ends_the_exchange(void)
{
	for (size_t s = 0; s < SUITES; s++) {
		unsigned int count = answers(suites[s]), accepted = 0;

		begin(suites[s]);
		attack.deed = DROP;
		for (attack.number = 0; attack.number < count; attack.number++)
			accepted += talk(suites[s]);
		report("lost answers", suites[s], count, accepted);
	}
}

/* A status word that a cut has made can have the host ask again; that it may believe. */
static void every_cut_answer_is_refused(void)
{
	for (size_t s = 0; s < SUITES; s++) {
		unsigned int count = answers(suites[s]), tried = 0, accepted = 0;
		size_t lengths[ANSWERS];

		for (unsigned int number = 0; number < count; number++)
			lengths[number] = attack.tape[number].len;
		for (unsigned int number = 0; number < count; number++) {
			begin(suites[s]);
			attack.deed = CUT;
			attack.number = number;
			for (attack.where = 0; attack.where < lengths[number];
			     attack.where++, tried++)
				accepted += talk(suites[s]) && fake.count == count;
		}
		report("cut answers", suites[s], tried, accepted);
	}
}

/* An answer of the same session in another's place; equal ones and SELECT's are none. */
static void answers_out_of_their_place_are_refused(void)
{
	for (size_t s = 0; s < SUITES; s++) {
		unsigned int count = answers(suites[s]), tried = 0, accepted = 0;
		struct buf kept[ANSWERS];

		for (unsigned int i = 0; i < count; i++) {
			buf_init(&kept[i], ANSWER_MAX);
			buf_view(&kept[i], view_buf(&attack.tape[i]));
		}
		for (unsigned int to = 1; to < count; to++) {
			for (unsigned int from = 0; from < count; from++) {
				if (view_equal(view_buf(&kept[from]), view_buf(&kept[to])))
					continue;
				begin(suites[s]);
				attack.deed = REPLACE;
				attack.number = to;
				attack.with = view_buf(&kept[from]);
				accepted += talk(suites[s]);
				tried++;
			}
		}
		report("answers out of place", suites[s], tried, accepted);
		for (unsigned int i = 0; i < count; i++)
			buf_free(&kept[i]);
	}
}

/* Challenge, card's proof and protected answer of an earlier session, one at a time. */
static void answers_of_another_session_are_refused(void)
{
	for (size_t s = 0; s < SUITES; s++) {
		unsigned int count = answers(suites[s]), tried = 0, accepted = 0;
		struct buf old;

		for (unsigned int number = 4; number < count; number++) {
			buf_init(&old, ANSWER_MAX);
			(void)answers(suites[s]);
			buf_view(&old, view_buf(&attack.tape[number]));
			if (old.len > 2) {
				begin(suites[s]);
				attack.deed = REPLACE;
				attack.number = number;
				attack.with = view_buf(&old);
				accepted += talk(suites[s]);
				tried++;
			}
			buf_free(&old);
		}
		report("answers of another session", suites[s], tried, accepted);
	}
}

/* INTERNAL AUTHENTICATE is answered with what the host has just sent to prove itself. */
static enum rc reflect(void *arg, unsigned int number, const struct apdu *command,
		       struct buf *response)
{
	struct attack *a = arg;
	enum rc rc = carry_out(arg, number, command, response);

	if (command->ins != 0x88)
		return rc;
	a->done = true;
	buf_reset(response);
	buf_view(response, view_buf(&a->signature));
	buf_u16(response, SW_OK);
	return buf_rc(response);
}

static void the_host_s_own_signature_is_no_card_s(void)
{
	for (size_t s = 0; s < SUITES; s++) {
		bool accepted;

		begin(suites[s]);
		fake.tamper = reflect;
		accepted = talk(suites[s]);
		CU_ASSERT_TRUE(attack.done);
		report("reflection", suites[s], 1, accepted);
	}
}

/* The host's protected command comes back as its answer. */
static enum rc echo(void *arg, unsigned int number, const struct apdu *command,
		    struct buf *response)
{
	struct attack *a = arg;

	(void)number;
	if (!apdu_is_protected(command->cla))
		return RC_OK;
	a->done = true;
	buf_reset(response);
	buf_view(response, command->data);
	buf_u16(response, SW_OK);
	return buf_rc(response);
}

static void a_command_is_no_answer(void)
{
	for (size_t s = 0; s < SUITES; s++) {
		bool accepted;

		begin(suites[s]);
		fake.tamper = echo;
		accepted = talk(suites[s]);
		CU_ASSERT_TRUE(attack.done);
		report("commands as answers", suites[s], 1, accepted);
	}
}

/* A card's key with this exponent; slow, as libcrypto makes a key for it. */
static EVP_PKEY *key_with_exponent(unsigned int bits, const char *exponent)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(crypto_context(), "RSA", NULL);
	EVP_PKEY *key = NULL;
	BIGNUM *e = NULL;

	CU_ASSERT_FATAL(BN_dec2bn(&e, exponent) > 0);
	CU_ASSERT_EQUAL_FATAL(EVP_PKEY_keygen_init(ctx), 1);
	CU_ASSERT_EQUAL_FATAL(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)bits), 1);
	CU_ASSERT_EQUAL_FATAL(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, e), 1);
	CU_ASSERT_EQUAL_FATAL(EVP_PKEY_generate(ctx, &key), 1);
	EVP_PKEY_CTX_free(ctx);
	BN_free(e);
	return key;
}

static void keys_that_are_weak_are_refused(void)
{
	static const struct {
		unsigned int bits;
		const char *exponent;
		bool is_weak_for_42_only;
	} rows[] = {
		{2048, "3", false},     {2048, "17", false},         {2048, "257", false},
		{2048, "65539", false}, {2048, "4294967297", false}, {1024, "65537", true},
		{1536, "65537", true},  {2040, "65537", true},       {2047, "65537", true},
	};

	for (size_t s = 0; s < SUITES; s++) {
		unsigned int tried = 0, accepted = 0;

		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct cvc_request request;
			EVP_PKEY *key;

			if (rows[i].is_weak_for_42_only && suites[s] != SUITE_42)
				continue;
			key = key_with_exponent(rows[i].bits, rows[i].exponent);
			begin(suites[s]);
			request = fake_card_request(suites[s]);
			request.key = key;
			fake_certify_card(&request, NULL);
			accepted += talk(suites[s]);
			/* Nothing was enciphered under such a key. */
			CU_ASSERT_EQUAL(fake.log[fake.count - 1].ins, 0xCA);
			tried++;
			EVP_PKEY_free(key);
		}
		report("weak keys", suites[s], tried, accepted);
	}
}

/* A card that speaks one suite, and a host that wants another. */
static void another_suite_than_policy_s_is_not_spoken(void)
{
	unsigned int tried = 0, accepted = 0;

	for (size_t card = 0; card < SUITES; card++) {
		for (size_t host = 0; host < SUITES; host++) {
			if (card == host)
				continue;
			begin(suites[card]);
			accepted += talk(suites[host]);
			tried++;
		}
	}
	report("other suites", 0, tried, accepted);
}

static void flip_suite_in_fci(struct buf *response, uint8_t from, uint8_t to)
{
	for (size_t i = 2; i < response->len; i++) {
		if (response->data[i - 2] == 0xC8 && response->data[i - 1] == 1 &&
		    response->data[i] == from)
			response->data[i] = to;
	}
}

static uint8_t pretended;

static enum rc pretend(void *arg, unsigned int number, const struct apdu *command,
		       struct buf *response)
{
	(void)arg;
	if (number == 0)
		flip_suite_in_fci(response, fake.suite, pretended);
	else if (command->ins == 0x22 && response->len == 2)
		memcpy(response->data, "\x90\x00", 2);
	return RC_OK;
}

/* Somebody on the line says that the card has the suite, and that it took the environment. */
static void a_suite_that_is_claimed_on_the_line_opens_nothing(void)
{
	unsigned int tried = 0, accepted = 0;

	for (size_t card = 0; card < SUITES; card++) {
		for (size_t host = 0; host < SUITES; host++) {
			if (card == host)
				continue;
			begin(suites[card]);
			pretended = suites[host];
			fake.tamper = pretend;
			accepted += talk(suites[host]);
			tried++;
		}
	}
	report("claimed suites", 0, tried, accepted);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"every flipped bit is refused", every_flipped_bit_is_refused},
		{"every lost answer ends the exchange", every_lost_answer_ends_the_exchange},
		{"every cut answer is refused", every_cut_answer_is_refused},
		{"answers out of their place are refused", answers_out_of_their_place_are_refused},
		{"answers of another session are refused", answers_of_another_session_are_refused},
		{"the host's own signature is no card's", the_host_s_own_signature_is_no_card_s},
		{"a command is no answer", a_command_is_no_answer},
		{"keys that are weak are refused", keys_that_are_weak_are_refused},
		{"another suite than policy's is not spoken",
		 another_suite_than_policy_s_is_not_spoken},
		{"a suite that is claimed on the line opens nothing",
		 a_suite_that_is_claimed_on_the_line_opens_nothing},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo all[] = {{.pName = "attack", .pTests = tests}, CU_SUITE_INFO_NULL};
	int rc;

	log_open(LOG_LEVEL_NONE, false);
	for (size_t i = 0; i < ANSWERS; i++)
		buf_init(&attack.tape[i], ANSWER_MAX);
	buf_init(&attack.signature, ANSWER_MAX);
	rc = suite_run("sc/attack", all);
	for (size_t i = 0; i < ANSWERS; i++)
		buf_free(&attack.tape[i]);
	buf_free(&attack.signature);
	return rc;
}
