/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host as the target, in every form of the set-up: each answer of the handshake and each
 * protected answer with every bit flipped, dropped, cut, repeated, out of order, or of another
 * session; the host's own words sent back; keys that are weak or do not fit. Prints how many were
 * tried; none may pass. An answer is spoilt in a process of its own, which goes on from there: the
 * set-up before it is then made once and not for each bit.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "base/log.h"
#include "tests/sc/fake_card.h"
#include "tests/suite.h"

enum { ANSWERS = 48, ANSWER_MAX = 4096 };

static const uint8_t suites[] = {SUITE_42, SUITE_02, SUITE_01};
enum { SUITES = sizeof(suites) };

/* Suite, P1 81, P2 A4, chains of short APDUs; the first of each suite is whole, see is_tried. */
struct form {
	uint8_t suite;
	bool external_only, stored, is_short;
	uint8_t level; /* 0: 33 */
};

static const struct form forms[] = {
	{SUITE_42, false, false, false, 0}, {SUITE_02, false, false, false, 0},
	{SUITE_01, false, false, false, 0}, {SUITE_02, true, false, false, 0},
	{SUITE_02, false, true, false, 0},  {SUITE_02, true, true, false, 0},
	{SUITE_01, false, true, false, 0},  {SUITE_42, false, false, true, 0},
	{SUITE_02, false, false, true, 0},  {SUITE_01, false, false, true, 0},
	{SUITE_02, true, false, true, 0},   {SUITE_02, false, true, true, 0},
	{SUITE_02, true, true, true, 0},    {SUITE_01, false, true, true, 0},
};
enum { FORMS = sizeof(forms) / sizeof(forms[0]) };

/* What is done to one answer. */
enum deed { NOTHING, FLIP, DROP, CUT, REPLACE };

static struct attack {
	enum deed deed;
	unsigned int number; /* of the answer since fake_reset */
	struct view with; /* for REPLACE */
	bool done;
	bool is_child; /* the process that goes on with a spoilt answer */
	unsigned int count; /* of answers where nothing is done */
	unsigned int tried, accepted;
	struct buf tape[ANSWERS]; /* the answers as the card sent them */
	struct buf signature; /* data of the last EXTERNAL AUTHENTICATE */
} attack;

/* A process for each bit takes the sanitised build long; the plain one tries them all. */
#ifdef __SANITIZE_ADDRESS__
enum { STEP = 13 };
#else
enum { STEP = 1 };
#endif

/* The bit or the length, in a process of its own; true there. What it accepts is counted here. */
static bool is_done_in_child(struct attack *a, struct buf *response, size_t where)
{
	int status = 0;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		a->is_child = a->done = true;
		if (a->deed == FLIP)
			response->data[where / 8] ^= (uint8_t)(1 << where % 8);
		else
			buf_truncate(response, where);
		return true;
	}
	CU_ASSERT_FATAL(child > 0 && waitpid(child, &status, 0) == child);
	CU_ASSERT_FATAL(WIFEXITED(status));
	a->tried++;
	a->accepted += WEXITSTATUS(status) != 0;
	return false;
}

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
	if (number != a->number || a->deed == NOTHING || a->done)
		return RC_OK;
	if (a->deed == FLIP || a->deed == CUT) {
		size_t ways = response->len * (a->deed == FLIP ? 8 : 1);

		for (size_t where = 0; where < ways; where += STEP)
			if (is_done_in_child(a, response, where))
				return RC_OK;
		/* The parent goes on as if nothing had been done. */
		return RC_OK;
	}
	a->done = true;
	if (a->deed == DROP)
		return RC_IO;
	buf_reset(response);
	buf_view(response, a->with);
	return buf_rc(response);
}

static void begin(const struct form *form)
{
	fake_reset(form->suite);
	fake.extended = !form->is_short;
	fake.response_max = form->is_short ? 256 : 0;
	fake.tamper = carry_out;
	fake.arg = &attack;
	attack.deed = NOTHING;
}

static const struct apdu hello = {.cla = 0x80, .ins = 0x42, .data = {NULL, 0}, .le = 256};

/* What the host is told of this card. */
static struct policy_card row_of(const struct form *form)
{
	struct policy_card row = fake_policy(form->suite)->cards[0];

	row.external_only = form->external_only;
	row.stored_host_key = form->stored;
	if (form->stored)
		row.host_key = (struct policy_reference){.version = 4, .index = 5};
	if (form->level) {
		row.level = form->level;
		row.unauthenticated = true;
	}
	return row;
}

/* A handshake and one protected command. Accepted is an answer of the application. */
static bool talk(const struct form *form)
{
	const struct policy_card row = form->suite == SUITE_42 ? (struct policy_card){.suite = 0}
							       : row_of(form);
	const struct policy policy = {.cards = &row, .card_count = 1};
	struct sc *sc = fake_connect(form->suite == SUITE_42 ? NULL : &policy);
	struct view answer;
	bool accepted;
	uint16_t sw = 0;

	fake_power_cut();
	fake.count = 0;
	fake.executed = 0;
	attack.done = false;
	accepted = sc_exchange_view(sc, &hello, &answer, &sw) == RC_OK && sw == SW_OK;
	/* A status word that a cut has made can have the host ask again; that it may believe. */
	if (attack.is_child)
		_exit(accepted && (attack.deed == FLIP || fake.count == attack.count));
	sc_close(&sc);
	return accepted;
}

/* The answers of a whole exchange: SELECT, the handshake, one protected command. */
static unsigned int answers(const struct form *form)
{
	begin(form);
	CU_ASSERT_TRUE_FATAL(talk(form));
	CU_ASSERT_FATAL(fake.count <= ANSWERS);
	attack.count = fake.count;
	return fake.count;
}

static void report(const char *what, const struct form *form, unsigned int tried,
		   unsigned int accepted)
{
	printf("suite %02X, P1 %s, P2 %s, %s, level %02X, %s: %u tried, %u accepted\n", form->suite,
	       form->external_only ? "81" : "C1", form->stored ? "A4" : "B6",
	       form->is_short ? "short" : "extended", form->level ? form->level : 0x33, what, tried,
	       accepted);
	CU_ASSERT_TRUE(tried > 0);
	CU_ASSERT_EQUAL(accepted, 0);
}

/* The certificate is the same bytes in every form; its bits are flipped in the first of each suite. */
static bool is_tried(const struct form *form, uint8_t ins)
{
	return form - forms < SUITES || (ins != 0xCA && ins != 0xC0);
}

/* Spoils the answers from a number on, each in every way of the deed. */
static void spoil(const struct form *form, enum deed deed, unsigned int from, const char *what)
{
	unsigned int count = answers(form);
	uint8_t ins[ANSWERS];

	for (unsigned int number = 0; number < count; number++)
		ins[number] = fake.log[number].ins;
	attack.tried = attack.accepted = 0;
	for (unsigned int number = from; number < count; number++) {
		if (deed == FLIP && !is_tried(form, ins[number]))
			continue;
		begin(form);
		attack.deed = deed;
		attack.number = number;
		/* What the parent does is honest: it is the measure of what a child may do. */
		CU_ASSERT_TRUE(talk(form));
	}
	report(what, form, attack.tried, attack.accepted);
}

/* A bit of an answer of the handshake (SELECT's says nothing that is believed), or of the protected one. */
static void every_flipped_bit_is_refused(void)
{
	for (size_t f = 0; f < FORMS; f++)
		spoil(&forms[f], FLIP, 1, "flipped bits");
}

static void every_cut_answer_is_refused(void)
{
	for (size_t f = 0; f < FORMS; f++)
		spoil(&forms[f], CUT, 0, "cut answers");
}

/* Levels with an R-MAC; without one anybody may have written an answer (doc/scp10.md section 8). */
static void protected_answers_of_every_level_are_refused_when_spoilt(void)
{
	static const uint8_t levels[] = {0x10, 0x11, 0x12, 0x13, 0x30, 0x31, 0x32, 0x33};

	for (size_t i = 0; i < sizeof(levels); i++)
		for (size_t f = 0; f < FORMS; f++) {
			struct form form = forms[f];
			unsigned int last;

			if (form.suite == SUITE_42 || !form.stored)
				continue;
			form.level = levels[i];
			last = answers(&form) - 1;
			spoil(&form, FLIP, last, "flipped bits of the protected answer");
			spoil(&form, CUT, last, "cuts of the protected answer");
		}
}

static void every_lost_answer_ends_the_exchange(void)
{
	for (size_t f = 0; f < FORMS; f++) {
		unsigned int count = answers(&forms[f]), accepted = 0;

		begin(&forms[f]);
		attack.deed = DROP;
		for (attack.number = 0; attack.number < count; attack.number++)
			accepted += talk(&forms[f]);
		report("lost answers", &forms[f], count, accepted);
	}
}

/* An answer of the same session in another's place; equal ones and SELECT's are none. */
static void answers_out_of_their_place_are_refused(void)
{
	for (size_t f = 0; f < FORMS; f++) {
		unsigned int count = answers(&forms[f]), tried = 0, accepted = 0;
		struct buf kept[ANSWERS];

		for (unsigned int i = 0; i < count; i++) {
			buf_init(&kept[i], ANSWER_MAX);
			buf_view(&kept[i], view_buf(&attack.tape[i]));
		}
		for (unsigned int to = 1; to < count; to++) {
			for (unsigned int from = 0; from < count; from++) {
				if (view_equal(view_buf(&kept[from]), view_buf(&kept[to])))
					continue;
				begin(&forms[f]);
				attack.deed = REPLACE;
				attack.number = to;
				attack.with = view_buf(&kept[from]);
				accepted += talk(&forms[f]);
				tried++;
			}
		}
		report("answers out of place", &forms[f], tried, accepted);
		for (unsigned int i = 0; i < count; i++)
			buf_free(&kept[i]);
	}
}

/* Challenge, card's proof and protected answer of an earlier session, one at a time. */
static void answers_of_another_session_are_refused(void)
{
	for (size_t f = 0; f < FORMS; f++) {
		unsigned int count = answers(&forms[f]), tried = 0, accepted = 0;
		struct buf old;

		for (unsigned int number = 1; number < count; number++) {
			buf_init(&old, ANSWER_MAX);
			(void)answers(&forms[f]);
			buf_view(&old, view_buf(&attack.tape[number]));
			if (old.len > 2 && fake.log[number].ins != 0xCA &&
			    fake.log[number].ins != 0xC0) {
				begin(&forms[f]);
				attack.deed = REPLACE;
				attack.number = number;
				attack.with = view_buf(&old);
				accepted += talk(&forms[f]);
				tried++;
			}
			buf_free(&old);
		}
		report("answers of another session", &forms[f], tried, accepted);
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
	for (size_t f = 0; f < FORMS; f++) {
		bool accepted;

		if (forms[f].external_only)
			continue;
		begin(&forms[f]);
		fake.tamper = reflect;
		accepted = talk(&forms[f]);
		CU_ASSERT_TRUE(attack.done);
		report("reflection", &forms[f], 1, accepted);
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
	for (size_t f = 0; f < FORMS; f++) {
		bool accepted;

		begin(&forms[f]);
		fake.tamper = echo;
		accepted = talk(&forms[f]);
		CU_ASSERT_TRUE(attack.done);
		report("commands as answers", &forms[f], 1, accepted);
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
			begin(&forms[s]);
			request = fake_card_request(suites[s]);
			request.key = key;
			fake_certify_card(&request, NULL);
			accepted += talk(&forms[s]);
			/* Nothing was enciphered under such a key. */
			CU_ASSERT_EQUAL(fake.log[fake.count - 1].ins, 0xCA);
			tried++;
			EVP_PKEY_free(key);
		}
		report("weak keys", &forms[s], tried, accepted);
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
			begin(&forms[card]);
			accepted += talk(&forms[host]);
			tried++;
		}
	}
	report("other suites", &forms[0], tried, accepted);
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
			begin(&forms[card]);
			pretended = suites[host];
			fake.tamper = pretend;
			accepted += talk(&forms[host]);
			tried++;
		}
	}
	report("claimed suites", &forms[0], tried, accepted);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"every flipped bit is refused", every_flipped_bit_is_refused},
		{"protected answers of every level are refused when spoilt",
		 protected_answers_of_every_level_are_refused_when_spoilt},
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
