/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Channels from a key set, host side: whole sessions of cards in the field and of the published
 * description, byte for byte, and what is no answer of theirs.
 */
#include "sc/keychannel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/apdu.h"
#include "sc/policy.h"
#include "tests/base/hex.h"
#include "tests/suite.h"
#include "tests/vectors/scp03.h"

enum { TRACES = sizeof(scp03_traces) / sizeof(scp03_traces[0]), COMMANDS = 5, ROOM = 512 };

static const char seed_key[] = "404142434445464748494A4B4C4D4E4F";
static const char seed_challenge[] = "1122334455667788";
static const char seed_answer[] = "00000000000000000000 0102 0001 010203040506 B6FB6423866B6842";

static void same_keys(struct keychannel_keys *keys, const char *key)
{
	*keys = (struct keychannel_keys){.len = SCP02_KEY, .level = 0x03};
	for (size_t k = 0; k < KEYCHANNEL_KEYS; k++)
		memcpy(keys->key[k], hex(key).data, SCP02_KEY);
}

static void counting_keys(struct keychannel_keys *keys, size_t len, uint8_t level)
{
	*keys = (struct keychannel_keys){.len = len, .level = level};
	for (size_t k = 0; k < KEYCHANNEL_KEYS; k++)
		for (size_t i = 0; i < len; i++)
			keys->key[k][i] = (uint8_t)(k << 4 | i % 16);
}

static bool is_sent(const struct apdu *command, const char *bytes)
{
	uint8_t array[ROOM];
	struct buf b;
	bool same;

	buf_fixed(&b, array, sizeof(array));
	apdu_put(&b, command);
	same = view_equal(view_buf(&b), hex(bytes));
	if (!same) {
		for (size_t i = 0; i < b.len; i++)
			printf("%02X", array[i]);
		printf(" instead of %s\n", bytes);
	}
	return same;
}

static bool goes_out_as(struct keychannel *k, const char *plain, bool published, const char *sent)
{
	struct apdu command, out;

	return apdu_parse(hex(plain), &command) == RC_OK &&
	       keychannel_protect(k, &command, published, &out) == RC_OK && is_sent(&out, sent);
}

/* The challenge of a trace is in its INITIALIZE UPDATE. */
static enum rc begin_trace(const struct scp03_trace *t, struct keychannel **k, struct apdu *command)
{
	struct keychannel_keys keys;
	struct apdu initialize;

	counting_keys(&keys, t->key_len, hex(t->external_authenticate).data[2]);
	if (apdu_parse(hex(t->initialize_update), &initialize) != RC_OK)
		abort();
	return keychannel_begin(&keys, initialize.data, hex(t->initialize_update_answer), k,
				command);
}

static void sessions_of_scp03_are_those_of_the_traces(void)
{
	for (size_t i = 0; i < TRACES; i++) {
		const struct scp03_trace *t = &scp03_traces[i];
		struct keychannel *k = NULL;
		struct apdu command;
		struct view answer;

		CU_ASSERT_EQUAL_FATAL(begin_trace(t, &k, &command), RC_OK);
		CU_ASSERT(is_sent(&command, t->external_authenticate));
		CU_ASSERT_EQUAL(keychannel_protocol(k), 3);
		for (size_t n = 0; n < COMMANDS; n++) {
			CU_ASSERT(goes_out_as(k, scp03_plain[n], false, t->command[n]));
			if (n)
				continue;
			CU_ASSERT_EQUAL(keychannel_verify(k, hex(t->answer), 0x9000, &answer),
					RC_OK);
			CU_ASSERT(view_equal(answer, hex(scp03_plain_answer)));
		}
		keychannel_free(&k);
	}
}

static struct keychannel *open_seed(void)
{
	struct keychannel *k = NULL;
	struct keychannel_keys keys;
	struct apdu command;

	same_keys(&keys, seed_key);
	CU_ASSERT_EQUAL_FATAL(keychannel_begin(&keys, hex(seed_challenge), hex(seed_answer), &k,
					       &command),
			      RC_OK);
	CU_ASSERT(is_sent(&command, "84820300108E14AC21FAE976BF0FF4783B36D6CF61"));
	return k;
}

static const char load_plain[] =
	"80E80000C0"
	"C4820FAF010022DECAFFED02020200010AD15600013203010302010D6A617661636172642F46696C65020021"
	"0022002100000015011A00C00B71000A01BA002D04D11F4200000000000002000004001502000107A0000000"
	"620001020107A00000006201010600C00000008000010001010000010019008000040003010700000026002B"
	"00300035003C0043004800000E00FF000801000000880000260100010905000000A300AA00B200D500F80000"
	"3201FF000B0200000121013500800001";

static void the_session_of_the_published_description_is_that(void)
{
	struct keychannel *k = open_seed();
	uint8_t zero[8] = {0}, clear[256];
	struct cipher *cipher = NULL;
	struct apdu command, out;
	struct view body;

	CU_ASSERT(goes_out_as(k, "84E400000A4F08D256000001010101", true,
			      "84E4000018B72E016B0F470C92D411F4A2D480FA43BC372CF359FF2C3D"));
	CU_ASSERT(goes_out_as(
		k, "80E60200170AD156000132030103020108A000000003000000000000", true,
		"80E60200207FE8E33C89B00BF36C4A9918434F782844E780899AC6C94000B8F28A960597C1"));
	/* The description prints the block in clear, with its C-MAC: it is enciphered on the wire. */
	CU_ASSERT_EQUAL_FATAL(apdu_parse(hex(load_plain), &command), RC_OK);
	CU_ASSERT_EQUAL_FATAL(keychannel_protect(k, &command, true, &out), RC_OK);
	CU_ASSERT_EQUAL(out.cla, 0x80);
	CU_ASSERT_EQUAL_FATAL(out.data.len, 0xD0);
	body = out.data;
	CU_ASSERT(view_equal(view_of(out.data.data + 0xC8, 8), hex("D81A3A70053F941A")));
	CU_ASSERT_EQUAL(cipher_new(CIPHER_3DES_2KEY, hex("25C9794A1205FF244F5FA0378D2F8D59").data,
				   &cipher),
			RC_OK);
	CU_ASSERT_EQUAL(cipher_cbc_decrypt(cipher, zero, body.data, 0xC8, clear), RC_OK);
	CU_ASSERT(view_equal(view_of(clear, 0xC0), view_of(hex(load_plain).data + 5, 0xC0)));
	cipher_free(&cipher);
	keychannel_free(&k);
}

static void without_the_published_class_every_command_says_that_it_is_protected(void)
{
	struct keychannel *k = open_seed();
	struct apdu command, out;

	CU_ASSERT_EQUAL(apdu_parse(hex(load_plain), &command), RC_OK);
	CU_ASSERT_EQUAL(keychannel_protect(k, &command, false, &out), RC_OK);
	CU_ASSERT_EQUAL(out.cla, 0x84);
	keychannel_free(&k);
}

static void a_session_of_scp02_level_01_is_that_of_the_trace(void)
{
	static const char *const sent[] = {"84F220020814DB34FA4341DCA8",
					   "84CA00660855ED7C5FF069512B00",
					   "84F22002124F0212345C054F9F70C58FC1B380C4228AF8",
					   "84F280020A4F003B95F09317DE6A4E00"};
	static const char *const key[] = {"100102030405060708090a0b0c0d0e0f",
					  "101102030405060708090a0b0c0d0e0f",
					  "102102030405060708090a0b0c0d0e0f"};
	struct keychannel_keys keys = {.len = SCP02_KEY, .level = 0x01, .version = 0x70};
	struct keychannel *k = NULL;
	struct apdu command;

	for (size_t i = 0; i < KEYCHANNEL_KEYS; i++)
		memcpy(keys.key[i], hex(key[i]).data, SCP02_KEY);
	CU_ASSERT_EQUAL_FATAL(
		keychannel_begin(&keys, hex("40A62C37FA6304F8"),
				 hex("00000000000000000000700200016B4524ABEE7CF32EA3838BC148F3"),
				 &k, &command),
		RC_OK);
	CU_ASSERT(is_sent(&command, "8482010010BA6961667737C5BCEBECE14C7D6A4376"));
	for (size_t i = 0; i < 4; i++)
		CU_ASSERT(goes_out_as(k, scp03_plain[i + 1], false, sent[i]));
	keychannel_free(&k);
}

/* Every bit of challenge, counter and cryptogram of the card. */
static void no_altered_greeting_is_taken_for_the_cards(void)
{
	const struct scp03_trace *t = &scp03_traces[2];
	size_t tried = 0, accepted = 0;

	for (int which = 0; which < 2; which++) {
		size_t len = hex(which ? t->initialize_update_answer : seed_answer).len;
		size_t end = which ? len - SCP03_COUNTER : len;

		for (size_t bit = 8 * (which ? 13 : 12); bit < 8 * end; bit++) {
			struct keychannel_keys keys;
			struct keychannel *k = NULL;
			uint8_t bytes[64];
			struct apdu command;

			same_keys(&keys, seed_key);
			if (which)
				counting_keys(&keys, t->key_len, 0x33);
			memcpy(bytes, hex(which ? t->initialize_update_answer : seed_answer).data,
			       len);
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (keychannel_begin(&keys,
					     which ? view_of(hex(t->initialize_update).data + 5, 8)
						   : hex(seed_challenge),
					     view_of(bytes, len), &k, &command) != RC_AUTH ||
			    k)
				accepted++;
			keychannel_free(&k);
			tried++;
		}
	}
	printf("greetings: %zu tried, %zu accepted\n", tried, accepted);
	CU_ASSERT_EQUAL(accepted, 0);
}

static void what_is_no_greeting_is_refused(void)
{
	struct view good = hex(seed_answer);
	struct keychannel_keys keys;
	struct keychannel *k = NULL;
	uint8_t bytes[64];
	struct apdu command;

	same_keys(&keys, seed_key);
	for (size_t len = 0; len < good.len; len++)
		CU_ASSERT_EQUAL(keychannel_begin(&keys, hex(seed_challenge),
						 view_of(good.data, len), &k, &command),
				RC_MALFORMED);
	memcpy(bytes, good.data, good.len);
	bytes[good.len] = 0;
	CU_ASSERT_EQUAL(keychannel_begin(&keys, hex(seed_challenge), view_of(bytes, good.len + 1),
					 &k, &command),
			RC_MALFORMED);
	bytes[11] = 0x01; /* SCP01 */
	CU_ASSERT_EQUAL(keychannel_begin(&keys, hex(seed_challenge), view_of(bytes, good.len), &k,
					 &command),
			RC_POLICY);
	/* A key set for another protocol, of another length, a level that there is not. */
	keys.protocol = KEYCHANNEL_SCP03;
	CU_ASSERT_EQUAL(keychannel_begin(&keys, hex(seed_challenge), good, &k, &command),
			RC_POLICY);
	same_keys(&keys, seed_key);
	keys.len = 32;
	CU_ASSERT_EQUAL(keychannel_begin(&keys, hex(seed_challenge), good, &k, &command),
			RC_POLICY);
	same_keys(&keys, seed_key);
	keys.level = 0x13;
	CU_ASSERT_EQUAL(keychannel_begin(&keys, hex(seed_challenge), good, &k, &command),
			RC_POLICY);
	same_keys(&keys, seed_key);
	CU_ASSERT_EQUAL(keychannel_begin(&keys, hex("11223344556677"), good, &k, &command),
			RC_ARGUMENT);
	CU_ASSERT_PTR_NULL(k);
}

/* Every bit of a protected answer and its status word; the answer again; the answer cut short. */
static void no_altered_or_repeated_answer_is_believed(void)
{
	const struct scp03_trace *t = &scp03_traces[8];
	struct view good = hex(t->answer), answer;
	size_t tried = 0, accepted = 0;
	struct keychannel *k = NULL;
	struct apdu command;

	CU_ASSERT_EQUAL_FATAL(begin_trace(t, &k, &command), RC_OK);
	CU_ASSERT(goes_out_as(k, scp03_plain[0], false, t->command[0]));
	for (size_t bit = 0; bit < 8 * good.len; bit++, tried++) {
		uint8_t bytes[ROOM];

		memcpy(bytes, good.data, good.len);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		accepted += keychannel_verify(k, view_of(bytes, good.len), 0x9000, &answer) !=
			    RC_AUTH;
	}
	for (size_t len = 0; len < good.len; len++, tried++)
		accepted += keychannel_verify(k, view_of(good.data, len), 0x9000, &answer) !=
			    RC_AUTH;
	accepted += keychannel_verify(k, good, 0x6310, &answer) != RC_AUTH;
	accepted += keychannel_verify(k, good, 0x6283, &answer) != RC_AUTH;
	CU_ASSERT_EQUAL(keychannel_verify(k, good, 0x9000, &answer), RC_OK);
	CU_ASSERT(goes_out_as(k, scp03_plain[1], false, t->command[1]));
	accepted += keychannel_verify(k, good, 0x9000, &answer) != RC_AUTH;
	/* An error is bare, and what comes with it is not believed. */
	CU_ASSERT_EQUAL(keychannel_verify(k, good, 0x6A88, &answer), RC_OK);
	CU_ASSERT_EQUAL(answer.len, 0);
	printf("answers: %zu tried, %zu accepted\n", tried + 3, accepted);
	CU_ASSERT_EQUAL(accepted, 0);
	keychannel_free(&k);
}

static void the_room_of_a_command_is_what_fits(void)
{
	static const struct {
		uint8_t level;
		size_t trace, room;
	} rows[] = {{0x11, 0, 247}, {0x03, 1, 239}, {0x33, 2, 239}};
	struct keychannel *k = open_seed();
	uint8_t data[256] = {0};
	struct apdu command = {.cla = 0x80, .ins = 0xE8, .data = {data, 239}}, out;

	CU_ASSERT_EQUAL(keychannel_room(k, 255), SCP02_PLAIN_MAX);
	CU_ASSERT_EQUAL(keychannel_room(k, 60000), SCP02_PLAIN_MAX);
	CU_ASSERT_EQUAL(keychannel_room(k, 7), 0);
	CU_ASSERT_EQUAL(keychannel_protect(k, &command, false, &out), RC_OK);
	CU_ASSERT_EQUAL(out.data.len, 248);
	command.data.len = 240;
	CU_ASSERT_EQUAL(keychannel_protect(k, &command, false, &out), RC_SPACE);
	keychannel_free(&k);
	for (size_t i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL_FATAL(begin_trace(&scp03_traces[rows[i].trace], &k, &command),
				      RC_OK);
		CU_ASSERT_EQUAL(keychannel_room(k, 255), rows[i].room);
		CU_ASSERT(keychannel_room(k, 4096) > 4060);
		command = (struct apdu){.ins = 0xE8, .data = {data, rows[i].room}};
		CU_ASSERT_EQUAL(keychannel_protect(k, &command, false, &out), RC_OK);
		CU_ASSERT(out.data.len <= 255);
		keychannel_free(&k);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"sessions_of_scp03_are_those_of_the_traces",
		 sessions_of_scp03_are_those_of_the_traces},
		{"the_session_of_the_published_description_is_that",
		 the_session_of_the_published_description_is_that},
		{"without_the_published_class_every_command_says_that_it_is_protected",
		 without_the_published_class_every_command_says_that_it_is_protected},
		{"a_session_of_scp02_level_01_is_that_of_the_trace",
		 a_session_of_scp02_level_01_is_that_of_the_trace},
		{"no_altered_greeting_is_taken_for_the_cards",
		 no_altered_greeting_is_taken_for_the_cards},
		{"what_is_no_greeting_is_refused", what_is_no_greeting_is_refused},
		{"no_altered_or_repeated_answer_is_believed",
		 no_altered_or_repeated_answer_is_believed},
		{"the_room_of_a_command_is_what_fits", the_room_of_a_command_is_what_fits},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "keychannel", .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("keychannel", suites);
}
