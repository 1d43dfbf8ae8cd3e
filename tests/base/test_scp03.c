/* SPDX-License-Identifier: BSD-2-Clause */
/* SCP03 against traces of cards in the field, every step from the static keys on. */
#include "base/scp03.h"

#include <stdio.h>

#include "tests/base/hex.h"
#include "tests/suite.h"
#include "tests/vectors/scp03.h"

enum {
	TRACES = sizeof(scp03_traces) / sizeof(scp03_traces[0]),
	COMMANDS = 5,
	HEADER = 5,
	CHALLENGE_AT = 13, /* in the answer to INITIALIZE UPDATE */
	LEVEL_ENC = 0x02,
	LEVEL_R_ENC = 0x20,
	LEVEL_R_MAC = 0x10,
};

struct session {
	uint8_t enc[SCP03_KEY_MAX], mac[SCP03_KEY_MAX], rmac[SCP03_KEY_MAX];
	size_t len;
	uint8_t chain[AES_BLOCK];
	struct view host, card; /* challenges */
};

static void counting_key(uint8_t first, uint8_t key[SCP03_KEY_MAX])
{
	for (size_t i = 0; i < SCP03_KEY_MAX; i++)
		key[i] = (uint8_t)(first + i % 16);
}

static struct session open_session(const struct scp03_trace *t)
{
	struct view answer = hex(t->initialize_update_answer), command = hex(t->initialize_update);
	struct session s = {.len = t->key_len};
	uint8_t enc[SCP03_KEY_MAX], mac[SCP03_KEY_MAX];

	s.host = view_of(command.data + HEADER, SCP03_S8);
	s.card = view_of(answer.data + CHALLENGE_AT, SCP03_S8);
	counting_key(0x00, enc);
	counting_key(0x10, mac);
	CU_ASSERT_EQUAL(scp03_derive(view_of(enc, s.len), SCP03_S_ENC, s.host, s.card, s.enc,
				     s.len),
			RC_OK);
	CU_ASSERT_EQUAL(scp03_derive(view_of(mac, s.len), SCP03_S_MAC, s.host, s.card, s.mac,
				     s.len),
			RC_OK);
	CU_ASSERT_EQUAL(scp03_derive(view_of(mac, s.len), SCP03_S_RMAC, s.host, s.card, s.rmac,
				     s.len),
			RC_OK);
	return s;
}

static bool is_cryptogram(const struct session *s, enum scp03_constant constant, const uint8_t *at)
{
	uint8_t out[SCP03_S8];

	return scp03_derive(view_of(s->mac, s->len), constant, s->host, s->card, out,
			    sizeof(out)) == RC_OK &&
	       view_equal(view_of(out, sizeof(out)), view_of(at, sizeof(out)));
}

/* The MAC over chain, and two parts, with one of the session's keys. */
static void mac(const uint8_t *key, size_t len, struct session *s, struct view a, struct view b,
		uint8_t out[AES_BLOCK])
{
	struct view parts[] = {view_of(s->chain, AES_BLOCK), a, b};
	struct cmac *cmac = NULL;

	CU_ASSERT_EQUAL(cmac_new(key, len, &cmac), RC_OK);
	CU_ASSERT_EQUAL(cmac_compute(cmac, parts, 3, out), RC_OK);
	cmac_free(&cmac);
}

/* A protected command's MAC holds; the chain moves on. Returns the data before the MAC. */
static struct view check_command(struct session *s, struct view command)
{
	size_t lc = command.len > HEADER - 1 ? command.data[HEADER - 1] : 0;
	struct view data = view_of(command.data + HEADER, lc - SCP03_S8);
	uint8_t out[AES_BLOCK];

	mac(s->mac, s->len, s, view_of(command.data, HEADER), data, out);
	CU_ASSERT(view_equal(view_of(out, SCP03_S8),
			     view_of(command.data + HEADER + lc - SCP03_S8, SCP03_S8)));
	memcpy(s->chain, out, sizeof(out));
	return data;
}

/* Data, deciphered where there is any and the level says so, is what was meant. */
static void check_plain(struct session *s, struct view sent, struct view plain, uint64_t number,
			bool response)
{
	uint8_t iv[AES_BLOCK], out[64];
	struct cipher *cipher = NULL;
	struct view open;

	CU_ASSERT_EQUAL(scp03_cipher(view_of(s->enc, s->len), &cipher), RC_OK);
	CU_ASSERT_EQUAL(scp03_iv(cipher, number, response, iv), RC_OK);
	CU_ASSERT_FATAL(sent.len <= sizeof(out));
	CU_ASSERT_EQUAL(cipher_cbc_decrypt(cipher, iv, sent.data, sent.len, out), RC_OK);
	cipher_free(&cipher);
	CU_ASSERT_EQUAL(unpad(view_of(out, sent.len), &open), RC_OK);
	CU_ASSERT(view_equal(open, plain));
}

static void cryptograms_are_those_of_the_traces(void)
{
	for (size_t i = 0; i < TRACES; i++) {
		struct session s = open_session(&scp03_traces[i]);
		struct view answer = hex(scp03_traces[i].initialize_update_answer);

		CU_ASSERT(is_cryptogram(&s, SCP03_CARD_CRYPTOGRAM,
					answer.data + CHALLENGE_AT + SCP03_S8));
		CU_ASSERT(is_cryptogram(&s, SCP03_HOST_CRYPTOGRAM,
					hex(scp03_traces[i].external_authenticate).data + HEADER));
	}
}

static void derived_challenges_are_those_of_the_traces(void)
{
	/* The cards derive theirs from ENC, the sequence counter and the AID of the ISD or ISD-R. */
	static const char *const aids[] = {"A000000151000000", "A0000005591010FFFFFFFF8900000100"};
	size_t found = 0;

	for (size_t i = 0; i < TRACES; i++) {
		struct view answer = hex(scp03_traces[i].initialize_update_answer);
		uint8_t key[SCP03_KEY_MAX], out[SCP03_S8];

		counting_key(0x00, key);
		for (size_t a = 0; a < sizeof(aids) / sizeof(aids[0]); a++) {
			CU_ASSERT_EQUAL(
				scp03_derive(view_of(key, scp03_traces[i].key_len), SCP03_CHALLENGE,
					     view_of(answer.data + answer.len - SCP03_COUNTER,
						     SCP03_COUNTER),
					     hex(aids[a]), out, sizeof(out)),
				RC_OK);
			found += view_equal(view_of(out, sizeof(out)),
					    view_of(answer.data + CHALLENGE_AT, sizeof(out)));
		}
	}
	printf("%zu of %d derived challenges\n", found, (int)TRACES);
	CU_ASSERT_EQUAL(found, TRACES);
}

static void commands_and_answers_are_those_of_the_traces(void)
{
	for (size_t i = 0; i < TRACES; i++) {
		const struct scp03_trace *t = &scp03_traces[i];
		struct session s = open_session(t);
		uint8_t level = hex(t->external_authenticate).data[2];

		check_command(&s, hex(t->external_authenticate));
		for (size_t n = 0; n < COMMANDS; n++) {
			struct view plain = hex(scp03_plain[n]), data;
			size_t lc = plain.len > HEADER ? plain.data[HEADER - 1] : 0;

			data = check_command(&s, hex(t->command[n]));
			if (data.len && (level & LEVEL_ENC))
				check_plain(&s, data, view_of(plain.data + HEADER, lc), n + 1,
					    false);
			else
				CU_ASSERT(view_equal(data, view_of(plain.data + HEADER, lc)));
			if (n == 0 && (level & LEVEL_R_MAC)) {
				struct view answer = hex(t->answer);
				struct view body = view_of(answer.data, answer.len - SCP03_S8);
				uint8_t out[AES_BLOCK];

				mac(s.rmac, s.len, &s, body, hex("9000"), out);
				CU_ASSERT(view_equal(view_of(out, SCP03_S8),
						     view_of(answer.data + body.len, SCP03_S8)));
				if (level & LEVEL_R_ENC)
					check_plain(&s, body, hex(scp03_plain_answer), 1, true);
			}
		}
	}
}

static void other_lengths_are_refused(void)
{
	uint8_t key[SCP03_KEY_MAX] = {0}, out[SCP03_KEY_MAX];
	struct view none = view_of(NULL, 0);
	struct cipher *cipher = NULL;

	CU_ASSERT_EQUAL(scp03_derive(view_of(key, 15), SCP03_S_ENC, none, none, out, 16),
			RC_ARGUMENT);
	CU_ASSERT_EQUAL(scp03_derive(view_of(key, 16), SCP03_S_ENC, none, none, out, 0),
			RC_ARGUMENT);
	CU_ASSERT_EQUAL(scp03_derive(view_of(key, 16), SCP03_S_ENC, none, none, out, 33),
			RC_ARGUMENT);
	CU_ASSERT_EQUAL(scp03_cipher(view_of(key, 20), &cipher), RC_ARGUMENT);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"cryptograms_are_those_of_the_traces", cryptograms_are_those_of_the_traces},
		{"derived_challenges_are_those_of_the_traces",
		 derived_challenges_are_those_of_the_traces},
		{"commands_and_answers_are_those_of_the_traces",
		 commands_and_answers_are_those_of_the_traces},
		{"other_lengths_are_refused", other_lengths_are_refused},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "scp03", .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("scp03", suites);
}
