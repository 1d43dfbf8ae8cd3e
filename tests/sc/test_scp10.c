/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The handshake against a card that tells the truth, and against one, or a line, that does not: for
 * everything that the host accepts, what is flipped, cut, swapped, repeated or of another kind.
 */
#include <string.h>

#include "base/log.h"
#include "tests/sc/fake_card.h"
#include "tests/suite.h"

enum { GET_DATA = 3, INTERNAL = 7, HANDSHAKE = 7 };

/* One handshake with the fake as it stands. */
static enum rc handshake(uint8_t suite)
{
	struct sc *sc = fake_connect(fake_policy(suite));
	enum rc rc = sc_connect(sc);

	CU_ASSERT_EQUAL(sc_is_connected(sc), rc == RC_OK);
	CU_ASSERT_EQUAL(sc_epoch(sc), rc == RC_OK);
	sc_close(&sc);
	fake_power_cut();
	fake.count = 0;
	return rc;
}

static const uint8_t suites_tested[] = {SUITE_42, SUITE_02};

static void both_suites_open_a_session_in_seven_commands(void)
{
	static const uint8_t order[] = {0xA4, 0x22, 0x2A, 0xCA, 0x2A, 0x84, 0x82, 0x88};

	for (size_t s = 0; s < sizeof(suites_tested); s++) {
		struct sc_figures figures;
		struct sc *sc;

		fake_reset(suites_tested[s]);
		sc = fake_connect(fake_policy(suites_tested[s]));
		CU_ASSERT_EQUAL(sc_suite(sc), 0);
		CU_ASSERT_PTR_NULL(sc_card_id(sc));
		CU_ASSERT_EQUAL_FATAL(sc_connect(sc), RC_OK);
		CU_ASSERT_EQUAL(sc_suite(sc), suites_tested[s]);
		CU_ASSERT_TRUE(
			view_equal(view_of(sc_card_id(sc), CVC_ID), view_of(fake_card_id, CVC_ID)));
		sc_figures(sc, &figures);
		CU_ASSERT_EQUAL(figures.apdus, HANDSHAKE + 1);
		CU_ASSERT_EQUAL(figures.handshake_apdus, HANDSHAKE);
		CU_ASSERT_EQUAL(figures.sessions, 1);
		for (size_t i = 0; i < sizeof(order); i++)
			CU_ASSERT_EQUAL(fake.log[i].ins, order[i]);
		sc_close(&sc);
	}
}

/* Changes one answer. */
struct change {
	unsigned int number; /* of the answer */
	size_t bit; /* to flip */
	size_t cut; /* bytes to cut off before the status word; 0: none */
	size_t length; /* of the answer before the change */
};

static enum rc change_answer(void *arg, unsigned int number, const struct apdu *command,
			     struct buf *response)
{
	struct change *c = arg;

	(void)command;
	if (number != c->number)
		return RC_OK;
	c->length = response->len;
	if (c->cut && c->cut <= response->len - 2) {
		buf_truncate(response, response->len - 2 - c->cut);
		buf_u16(response, SW_OK);
	} else if (c->bit / 8 < response->len) {
		response->data[c->bit / 8] ^= (uint8_t)(1 << c->bit % 8);
	}
	return RC_OK;
}

static void flip_all(uint8_t suite, unsigned int number, size_t step)
{
	struct change c = {.number = number};
	unsigned int accepted = 0;
	size_t bits = 8;

	fake_reset(suite);
	fake.tamper = change_answer;
	fake.arg = &c;
	for (c.bit = 0; c.bit < bits; c.bit += step) {
		accepted += handshake(suite) == RC_OK;
		bits = c.length * 8;
	}
	CU_ASSERT_EQUAL(accepted, 0);
	CU_ASSERT_TRUE(bits > 2048);
}

static void every_flipped_bit_of_the_card_certificate_is_refused(void)
{
	flip_all(SUITE_42, GET_DATA, 1);
	flip_all(SUITE_02, GET_DATA, 7);
}

static void every_flipped_bit_of_the_card_signature_is_refused(void)
{
	flip_all(SUITE_42, INTERNAL, 1);
	flip_all(SUITE_02, INTERNAL, 7);
}

static void a_flipped_challenge_makes_the_card_refuse(void)
{
	struct change c = {.number = 5};

	fake_reset(SUITE_42);
	fake.tamper = change_answer;
	fake.arg = &c;
	for (c.bit = 0; c.bit < 16 * 8; c.bit++)
		CU_ASSERT_EQUAL(handshake(SUITE_42), RC_AUTH);
}

static void every_cut_answer_is_refused(void)
{
	for (size_t s = 0; s < sizeof(suites_tested); s++) {
		struct change c = {.number = 0};

		fake_reset(suites_tested[s]);
		fake.tamper = change_answer;
		fake.arg = &c;
		for (c.number = 0; c.number <= HANDSHAKE; c.number++) {
			for (c.cut = 1; c.cut < 16; c.cut++) {
				bool cuts = c.number == 0 || c.number == 3 || c.number == 5 ||
					    c.number == 7;

				c.bit = SIZE_MAX;
				CU_ASSERT_EQUAL(handshake(suites_tested[s]) != RC_OK, cuts);
			}
		}
	}
}

/* Answers with a status word instead of an answer. */
static enum rc refuse(void *arg, unsigned int number, const struct apdu *command,
		      struct buf *response)
{
	const unsigned int *which = arg;

	(void)command;
	if (number == *which) {
		buf_reset(response);
		buf_u16(response, SW_CONDITIONS);
	}
	return RC_OK;
}

static void a_refusal_of_any_step_ends_the_handshake_with_a_sentence(void)
{
	for (unsigned int number = 0; number <= HANDSHAKE; number++) {
		fake_reset(SUITE_42);
		fake.tamper = refuse;
		fake.arg = &number;
		log_forget();
		CU_ASSERT_EQUAL(handshake(SUITE_42), number <= 1 ? RC_POLICY : RC_AUTH);
		CU_ASSERT_TRUE(*log_last() != '\0');
	}
}

/* Replays the answers of an earlier handshake. */
static struct {
	struct buf answer[HANDSHAKE + 1];
	bool replaying;
	unsigned int only; /* this answer alone; 0: all */
} tape;

static enum rc record_or_replay(void *arg, unsigned int number, const struct apdu *command,
				struct buf *response)
{
	(void)arg;
	(void)command;
	if (number > HANDSHAKE)
		return RC_OK;
	if (!tape.replaying) {
		buf_init(&tape.answer[number], 4096);
		buf_view(&tape.answer[number], view_buf(response));
	} else if (!tape.only || tape.only == number) {
		buf_reset(response);
		buf_view(response, view_buf(&tape.answer[number]));
	}
	return RC_OK;
}

static void a_recorded_handshake_does_not_open_another(void)
{
	for (size_t s = 0; s < sizeof(suites_tested); s++) {
		fake_reset(suites_tested[s]);
		fake.tamper = record_or_replay;
		tape.replaying = false;
		CU_ASSERT_EQUAL(handshake(suites_tested[s]), RC_OK);
		tape.replaying = true;
		tape.only = 0;
		CU_ASSERT_EQUAL(handshake(suites_tested[s]), RC_AUTH);
		tape.only = INTERNAL;
		CU_ASSERT_EQUAL(handshake(suites_tested[s]), RC_AUTH);
		for (size_t i = 0; i <= HANDSHAKE; i++)
			buf_free(&tape.answer[i]);
	}
}

/* A certificate of the card that is changed in one field. */
struct wrong {
	const char *what;
	void (*change)(struct cvc_request *request);
	enum rc rc;
};

static EVP_PKEY *other_key, *small_key;

static void give_role(struct cvc_request *r)
{
	r->roles = ROLE_USER;
}

static void make_issuer(struct cvc_request *r)
{
	r->type = CVC_DV;
}

static void other_suite(struct cvc_request *r)
{
	r->suite = SUITE_02;
}

static void no_suite(struct cvc_request *r)
{
	r->suite = 0;
	r->scheme = RSA_PKCS1_SHA256;
}

static void pkcs1_scheme(struct cvc_request *r)
{
	r->scheme = RSA_PKCS1_SHA256;
}

static void expire(struct cvc_request *r)
{
	r->effective = 200101;
	r->expiration = 210101;
}

static void begin_later(struct cvc_request *r)
{
	r->effective = cvc_years_on(cvc_today(), 1);
}

static void other_card(struct cvc_request *r)
{
	r->chr = "DECARD00002";
}

static void other_authority(struct cvc_request *r)
{
	r->car = "DEOTHER0001";
}

static void small(struct cvc_request *r)
{
	r->key = small_key;
}

static const struct wrong wrongs[] = {
	{"a role", give_role, RC_POLICY},
	{"an issuer's type", make_issuer, RC_POLICY},
	{"another suite", other_suite, RC_POLICY},
	{"no suite and the algorithm of others", no_suite, RC_POLICY},
	{"another scheme", pkcs1_scheme, RC_POLICY},
	{"an expired date", expire, RC_EXPIRED},
	{"a date to come", begin_later, RC_EXPIRED},
	{"another card's id", other_card, RC_POLICY},
	{"another authority's name", other_authority, RC_AUTH},
	{"a key of 1024 bits", small, RC_POLICY},
};

static void a_certificate_that_is_not_this_card_s_is_refused(void)
{
	CU_ASSERT_EQUAL_FATAL(rsa_generate(1024, &small_key), RC_OK);
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		struct cvc_request request;
		enum rc rc;

		fake_reset(SUITE_42);
		request = fake_card_request(SUITE_42);
		wrongs[i].change(&request);
		fake_certify_card(&request, NULL);
		log_forget();
		rc = handshake(SUITE_42);
		if (rc != wrongs[i].rc)
			printf("%s: %s\n", wrongs[i].what, rc_name(rc));
		CU_ASSERT_EQUAL(rc, wrongs[i].rc);
		CU_ASSERT_TRUE(*log_last() != '\0');
	}
	EVP_PKEY_free(small_key);
}

static void a_certificate_that_another_key_signed_is_refused(void)
{
	struct cvc_request request;

	CU_ASSERT_EQUAL_FATAL(rsa_generate(2048, &other_key), RC_OK);
	fake_reset(SUITE_42);
	request = fake_card_request(SUITE_42);
	fake_certify_card(&request, other_key);
	CU_ASSERT_EQUAL(handshake(SUITE_42), RC_AUTH);
	EVP_PKEY_free(other_key);
}

static void a_card_without_the_certified_key_cannot_answer(void)
{
	struct cvc_request request;

	CU_ASSERT_EQUAL_FATAL(rsa_generate(2048, &other_key), RC_OK);
	fake_reset(SUITE_42);
	request = fake_card_request(SUITE_42);
	request.key = other_key;
	fake_certify_card(&request, NULL);
	CU_ASSERT_EQUAL(handshake(SUITE_42), RC_AUTH);
	EVP_PKEY_free(other_key);
}

static void a_card_of_suite_02_needs_a_row_of_the_policy(void)
{
	struct sc *sc;

	fake_reset(SUITE_02);
	sc = fake_connect(NULL);
	CU_ASSERT_EQUAL(sc_connect(sc), RC_POLICY);
	CU_ASSERT_EQUAL(fake.count, 1);
	sc_close(&sc);
}

/* Somebody on the line says in the FCI that the card has suite 02 only, or has another id. */
static enum rc rewrite_fci(void *arg, unsigned int number, const struct apdu *command,
			   struct buf *response)
{
	const uint8_t *offset = arg;

	(void)command;
	if (number == 0)
		response->data[response->len - *offset] ^= 0x40;
	return RC_OK;
}

static void a_downgrade_on_the_line_is_refused(void)
{
	uint8_t suites = 3, id = 2 + 3 + 6 + 6 + 1;

	fake_reset(SUITE_42);
	fake.tamper = rewrite_fci;
	fake.arg = &suites;
	CU_ASSERT_EQUAL(handshake(SUITE_42), RC_POLICY);
	CU_ASSERT_EQUAL(handshake(SUITE_02), RC_POLICY);
	fake.arg = &id;
	CU_ASSERT_EQUAL(handshake(SUITE_42), RC_POLICY);
}

static void levels_and_suites_that_protect_too_little_are_refused(void)
{
	static const struct {
		uint8_t suite, level;
		bool stored;
		enum rc rc;
	} rows[] = {
		{SUITE_42, 0x00, false, RC_OK},     {SUITE_42, 0x33, false, RC_OK},
		{SUITE_42, 0x13, false, RC_POLICY}, {SUITE_42, 0x33, true, RC_POLICY},
		{SUITE_02, 0x33, true, RC_OK},      {SUITE_02, 0x11, false, RC_OK},
		{SUITE_02, 0x13, false, RC_OK},     {SUITE_02, 0x31, false, RC_OK},
		{SUITE_02, 0x03, false, RC_POLICY}, {SUITE_02, 0x30, false, RC_POLICY},
		{SUITE_02, 0x01, false, RC_POLICY}, {SUITE_02, 0x10, false, RC_POLICY},
		{SUITE_02, 0x77, false, RC_POLICY}, {SUITE_01, 0x33, false, RC_OK},
		{0x03, 0x33, false, RC_POLICY},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct policy_card row = {.suite = rows[i].suite,
						.level = rows[i].level,
						.stored_host_key = rows[i].stored};

		CU_ASSERT_EQUAL(policy_check(&row), rows[i].rc);
	}
}

static void the_card_expected_is_the_only_one(void)
{
	uint8_t other[CVC_ID] = {0};
	struct identity *identity = NULL;
	struct transport *t;
	struct sc *sc = NULL;

	fake_reset(SUITE_42);
	CU_ASSERT_EQUAL_FATAL(identity_new(fake_authority(), &identity), RC_OK);
	EVP_PKEY_up_ref(fake_host_key());
	CU_ASSERT_EQUAL_FATAL(identity_add(identity, SUITE_42, fake_host_key(),
					   fake_host_chain(SUITE_42)),
			      RC_OK);
	for (int right = 0; right < 2; right++) {
		identity_expect_card(identity, right ? fake_card_id : other);
		t = fake_transport();
		CU_ASSERT_EQUAL_FATAL(sc_open(&t, identity, NULL, &sc), RC_OK);
		CU_ASSERT_EQUAL(sc_connect(sc), right ? RC_OK : RC_POLICY);
		sc_close(&sc);
	}
	identity_free(&identity);
}

static void a_weak_authority_serves_suite_02_only(void)
{
	static const enum rsa_scheme schemes[] = {RSA_PKCS1_SHA1, RSA_PSS_SHA256};

	CU_ASSERT_EQUAL_FATAL(rsa_generate(1024, &small_key), RC_OK);
	for (size_t i = 0; i < 2; i++) {
		struct cvc_request request = fake_card_request(0),
				   host = fake_card_request(SUITE_42);
		EVP_PKEY *weak = i ? small_key : fake_authority_key();
		struct identity *identity = NULL;
		struct transport *t;
		struct sc *sc = NULL;
		struct buf authority, chain;

		fake_reset(SUITE_42);
		buf_init(&authority, CVC_MAX);
		buf_init(&chain, CVC_MAX);
		request.chr = "DETEST00001";
		request.key = weak;
		request.scheme = schemes[i];
		request.type = CVC_CVCA;
		request.roles = ROLE_ALL;
		CU_ASSERT_EQUAL(cvc_issue(&request, weak, schemes[i], &authority), RC_OK);
		host.chr = "DEHOST00001";
		host.key = fake_host_key();
		host.roles = ROLE_USER;
		CU_ASSERT_EQUAL(cvc_issue(&host, weak, schemes[i], &chain), RC_OK);
		CU_ASSERT_EQUAL_FATAL(identity_new(view_buf(&authority), &identity), RC_OK);
		EVP_PKEY_up_ref(fake_host_key());
		CU_ASSERT_EQUAL_FATAL(
			identity_add(identity, SUITE_42, fake_host_key(), view_buf(&chain)), RC_OK);
		t = fake_transport();
		fake.accepts_any_host = true;
		CU_ASSERT_EQUAL_FATAL(sc_open(&t, identity, NULL, &sc), RC_OK);
		CU_ASSERT_EQUAL(sc_connect(sc), RC_POLICY);
		sc_close(&sc);
		identity_free(&identity);
		buf_free(&authority);
		buf_free(&chain);
	}
	EVP_PKEY_free(small_key);
}

static void a_fresh_card_or_a_host_without_identity_has_no_session(void)
{
	const struct apdu command = {.cla = 0x80, .ins = 0x42, .le = 256};
	struct transport *t;
	struct sc *sc = NULL;
	struct view answer;
	uint16_t sw;

	fake_reset(SUITE_42);
	fake.life_cycle = FCI_FRESH;
	CU_ASSERT_EQUAL(handshake(SUITE_42), RC_STATE);
	t = fake_transport();
	CU_ASSERT_EQUAL_FATAL(sc_open(&t, NULL, NULL, &sc), RC_OK);
	CU_ASSERT_EQUAL(sc_exchange_view(sc, &command, &answer, &sw), RC_STATE);
	CU_ASSERT_EQUAL(fake.count, 0);
	sc_close(&sc);
}

static void key_references_are_sent_as_the_policy_has_them(void)
{
	struct policy_card row = {.suite = SUITE_42,
				  .card_key = {.version = 2, .index = 3},
				  .host_key = {.version = 4, .index = 5}};
	const struct policy policy = {.cards = &row, .card_count = 1};
	static const uint8_t named[] = {0x80, 2, 0x10, 0x42, 0x83, 2, 4, 5, 0x84, 2, 2, 3};
	static const uint8_t none[] = {0x80, 2, 0x10, 0x42, 0x83, 0, 0x84, 0};
	struct sc *sc;

	memcpy(row.id, fake_card_id, CVC_ID);
	fake_reset(SUITE_42);
	sc = fake_connect(&policy);
	CU_ASSERT_EQUAL_FATAL(sc_connect(sc), RC_OK);
	sc_close(&sc);
	CU_ASSERT_TRUE(view_equal(view_of(fake.environment, fake.environment_len),
				  view_of(named, sizeof(named))));
	CU_ASSERT_EQUAL(handshake(SUITE_42), RC_OK);
	CU_ASSERT_TRUE(view_equal(view_of(fake.environment, fake.environment_len),
				  view_of(none, sizeof(none))));
}

/* One byte before the 9000 of a command without Le. */
static enum rc add_data(void *arg, unsigned int number, const struct apdu *command,
			struct buf *response)
{
	const unsigned int *which = arg;

	if (number == *which) {
		CU_ASSERT_EQUAL(command->le, 0);
		buf_reset(response);
		buf_u8(response, 0x5A);
		buf_u16(response, SW_OK);
	}
	return RC_OK;
}

static void data_where_none_is_to_come_ends_the_handshake(void)
{
	static const struct {
		uint8_t suite;
		unsigned int number;
	} rows[] = {
		{SUITE_42, 1}, {SUITE_42, 2}, {SUITE_42, 4}, {SUITE_42, 6},
		{SUITE_02, 1}, {SUITE_02, 2}, {SUITE_02, 4}, {SUITE_02, 6},
		{SUITE_01, 1}, {SUITE_01, 2}, {SUITE_01, 5},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned int number = rows[i].number;
		struct sc *sc;

		fake_reset(rows[i].suite);
		fake.tamper = add_data;
		fake.arg = &number;
		sc = fake_connect(fake_policy(rows[i].suite));
		CU_ASSERT_EQUAL(sc_connect(sc), RC_MALFORMED);
		/* Nothing was sent after it. */
		CU_ASSERT_EQUAL(fake.count, number + 1);
		sc_close(&sc);
	}
}

static void a_suite_that_the_policy_does_not_have_is_spoken_with_no_card(void)
{
	static const unsigned int bits[] = {POLICY_42, POLICY_02, POLICY_01};
	static const uint8_t all[] = {SUITE_42, SUITE_02, SUITE_01};

	for (size_t i = 0; i < 3; i++)
		for (unsigned int allowed = 1; allowed < 8; allowed++) {
			struct policy policy = {.suites = allowed};
			struct sc *sc;

			if (all[i] != SUITE_42) {
				policy.cards = fake_policy(all[i])->cards;
				policy.card_count = 1;
			}
			fake_reset(all[i]);
			sc = fake_connect(&policy);
			CU_ASSERT_EQUAL(sc_connect(sc), allowed & bits[i] ? RC_OK : RC_POLICY);
			if (!(allowed & bits[i]))
				CU_ASSERT_EQUAL(fake.count, 1);
			sc_close(&sc);
		}
}

static void lower_levels_of_suite_02_work(void)
{
	static const uint8_t levels[] = {0x11, 0x13, 0x31, 0x33};

	for (size_t i = 0; i < sizeof(levels); i++) {
		struct policy_card row = {.suite = SUITE_02, .level = levels[i]};
		const struct policy policy = {.cards = &row, .card_count = 1};
		const struct apdu command = {
			.cla = 0x80, .ins = 0x42, .data = view_str("hello"), .le = 256};
		struct view answer;
		struct sc *sc;
		uint16_t sw;

		memcpy(row.id, fake_card_id, CVC_ID);
		fake_reset(SUITE_02);
		sc = fake_connect(&policy);
		for (int n = 0; n < 3; n++) {
			CU_ASSERT_EQUAL(sc_exchange_view(sc, &command, &answer, &sw), RC_OK);
			CU_ASSERT_EQUAL(answer.len, 8 + 5);
		}
		CU_ASSERT_EQUAL(sc_epoch(sc), 1);
		sc_close(&sc);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"both suites open a session in seven commands",
		 both_suites_open_a_session_in_seven_commands},
		{"every flipped bit of the card certificate is refused",
		 every_flipped_bit_of_the_card_certificate_is_refused},
		{"every flipped bit of the card signature is refused",
		 every_flipped_bit_of_the_card_signature_is_refused},
		{"a flipped challenge makes the card refuse",
		 a_flipped_challenge_makes_the_card_refuse},
		{"every cut answer is refused", every_cut_answer_is_refused},
		{"a refusal of any step ends the handshake with a sentence",
		 a_refusal_of_any_step_ends_the_handshake_with_a_sentence},
		{"a recorded handshake does not open another",
		 a_recorded_handshake_does_not_open_another},
		{"a certificate that is not this card's is refused",
		 a_certificate_that_is_not_this_card_s_is_refused},
		{"a certificate that another key signed is refused",
		 a_certificate_that_another_key_signed_is_refused},
		{"a card without the certified key cannot answer",
		 a_card_without_the_certified_key_cannot_answer},
		{"a card of suite 02 needs a row of the policy",
		 a_card_of_suite_02_needs_a_row_of_the_policy},
		{"a downgrade on the line is refused", a_downgrade_on_the_line_is_refused},
		{"levels and suites that protect too little are refused",
		 levels_and_suites_that_protect_too_little_are_refused},
		{"the card expected is the only one", the_card_expected_is_the_only_one},
		{"a weak authority serves suite 02 only", a_weak_authority_serves_suite_02_only},
		{"a fresh card or a host without identity has no session",
		 a_fresh_card_or_a_host_without_identity_has_no_session},
		{"key references are sent as the policy has them",
		 key_references_are_sent_as_the_policy_has_them},
		{"data where none is to come ends the handshake",
		 data_where_none_is_to_come_ends_the_handshake},
		{"a suite that the policy does not have is spoken with no card",
		 a_suite_that_the_policy_does_not_have_is_spoken_with_no_card},
		{"lower levels of suite 02 work", lower_levels_of_suite_02_work},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{.pName = "scp10", .pTests = tests}, CU_SUITE_INFO_NULL};

	log_open(LOG_LEVEL_NONE, false);
	return suite_run("sc/scp10", suites);
}
