/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Channels from a key set, card side: whole sessions of cards in the field, byte for byte, and what
 * must not open one or ends it.
 */
#include "card/keyed.h"

#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "card/applet.h"
#include "card/sm.h"
#include "tests/base/hex.h"
#include "tests/card/directory.h"
#include "tests/suite.h"
#include "tests/vectors/scp03.h"

enum {
	TRACES = sizeof(scp03_traces) / sizeof(scp03_traces[0]),
	COMMANDS = 5,
	ROOM = 512,
	DOMAIN = REGISTRY_FIRST_FREE,
};

/* The published trace's keys are one key, and a card in the field's are three. */
static const char seed_key[] = "404142434445464748494A4B4C4D4E4F";

struct world {
	const char *dir;
	struct nvm *nvm;
	struct channel channel;
	uint8_t card_id[CVC_ID]; /* zeros: the cards of the traces have no diversification data */
	struct buf answer, plain;
};

static void must(bool good)
{
	if (!good)
		abort();
}

static void world_new(struct world *w)
{
	struct nvm_options options = {.segment_size = NVM_SEGMENT_MIN};

	memset(w, 0, sizeof(*w));
	w->dir = directory_new();
	must(nvm_create(w->dir, &options) == RC_OK && nvm_open(w->dir, &options, &w->nvm) == RC_OK);
	w->channel.open = true;
	buf_init(&w->answer, ROOM);
	buf_init(&w->plain, ROOM);
}

static void world_free(struct world *w)
{
	keyed_free(&w->channel.keyed);
	nvm_close(&w->nvm);
	buf_free(&w->answer);
	buf_free(&w->plain);
	directory_free(&w->dir);
}

/* A security domain of this name, with one key set, selected. */
static void give_domain(struct world *w, const char *aid, const struct keyset *set)
{
	struct registry_entry e = {.number = DOMAIN,
				   .kind = REGISTRY_DOMAIN,
				   .life_cycle = LIFE_PERSONALIZED,
				   .privileges = PRIVILEGE_DOMAIN,
				   .domain = REGISTRY_ISD,
				   .applet = APPLET_DOMAIN};
	struct keyset own = *set;

	own.domain = DOMAIN;
	must(aid_set(&e.aid, hex(aid)) == RC_OK);
	must(nvm_begin(w->nvm) == RC_OK);
	must(registry_put(w->nvm, &e) == RC_OK && keyset_put(w->nvm, &own) == RC_OK);
	must(nvm_commit(w->nvm, NULL, NULL) == RC_OK);
	applet_select(&w->channel, &e);
}

static void set_counter(struct world *w, uint32_t to)
{
	struct keyset set;
	uint32_t n = 0;

	must(keyset_load(w->nvm, DOMAIN, 0, &set) == RC_OK);
	must(keyset_counter(w->nvm, &set, &n) == RC_OK);
	while (n < to)
		must(keyset_count(w->nvm, &set, &n) == RC_OK);
}

static uint32_t counter(struct world *w)
{
	struct keyset set;
	uint32_t n = 0;

	must(keyset_load(w->nvm, DOMAIN, 0, &set) == RC_OK);
	must(keyset_counter(w->nvm, &set, &n) == RC_OK);
	return n;
}

/* A set-up command as received, with or without Le. */
static uint16_t send(struct world *w, struct view bytes)
{
	struct apdu command;
	struct command c;

	must(apdu_parse(bytes, &command) == RC_OK);
	buf_reset(&w->answer);
	c = (struct command){.nvm = w->nvm,
			     .channel = &w->channel,
			     .card_id = w->card_id,
			     .cla = apdu_plain_cla(command.cla),
			     .ins = command.ins,
			     .p1 = command.p1,
			     .p2 = command.p2,
			     .data = command.data,
			     .le = command.le,
			     .answer = &w->answer};
	return command.ins == 0x50 ? keyed_initialize(&c) : keyed_authenticate(&c);
}

static enum rc unwrap(struct world *w, struct view bytes, struct apdu *ret)
{
	struct apdu command;

	must(apdu_parse(bytes, &command) == RC_OK);
	buf_reset(&w->plain);
	return keyed_unwrap(w->channel.keyed, &command, &w->plain, ret);
}

/* The protected command opens as the plain one that was meant. */
static bool opens_as(struct world *w, const char *sent, const char *plain)
{
	struct apdu meant, got;

	must(apdu_parse(hex(plain), &meant) == RC_OK);
	return unwrap(w, hex(sent), &got) == RC_OK && got.cla == (meant.cla & 0x80) &&
	       got.ins == meant.ins && got.p1 == meant.p1 && got.p2 == meant.p2 &&
	       view_equal(got.data, meant.data);
}

static void counting_keys(struct keyset *set, size_t len)
{
	set->type = KEY_TYPE_AES;
	set->len = len;
	for (size_t k = 0; k < KEYSET_KEYS; k++)
		for (size_t i = 0; i < len; i++)
			set->key[k][i] = (uint8_t)(k << 4 | i % 16);
}

/* The traces are of ISD-Rs and issuer security domains; their derived challenges tell which. */
static void begin_trace(struct world *w, const struct scp03_trace *t)
{
	static const char *const aids[] = {"A0000005591010FFFFFFFF8900000100", "A000000151000000"};
	struct view answer = hex(t->initialize_update_answer);
	struct keyset set = {.version = hex(t->initialize_update).data[2], .i = answer.data[12]};
	uint32_t n = answer.data[answer.len - 1];

	counting_keys(&set, t->key_len);
	for (size_t a = 0; a < 2; a++) {
		give_domain(w, aids[a], &set);
		set_counter(w, n - 1);
		CU_ASSERT_EQUAL(send(w, hex(t->initialize_update)), SW_OK);
		if (view_equal(view_buf(&w->answer), answer))
			return;
	}
	CU_FAIL("INITIALIZE UPDATE does not answer as in the trace");
}

static void sessions_of_scp03_are_those_of_the_traces(void)
{
	for (size_t i = 0; i < TRACES; i++) {
		const struct scp03_trace *t = &scp03_traces[i];
		struct world w;

		world_new(&w);
		begin_trace(&w, t);
		CU_ASSERT_EQUAL(send(&w, hex(t->external_authenticate)), SW_OK);
		CU_ASSERT_EQUAL(w.channel.roles, ROLE_ISSUER);
		CU_ASSERT_EQUAL(keyed_domain(w.channel.keyed), DOMAIN);
		for (size_t n = 0; n < COMMANDS; n++) {
			CU_ASSERT(opens_as(&w, t->command[n], scp03_plain[n]));
			if (n)
				continue;
			buf_reset(&w.answer);
			CU_ASSERT_EQUAL(keyed_wrap(w.channel.keyed, hex(scp03_plain_answer), SW_OK,
						   &w.answer),
					RC_OK);
			CU_ASSERT(view_equal(view_buf(&w.answer), hex(t->answer)));
		}
		world_free(&w);
	}
}

/* Bytes the card would have drawn at random. */
static struct view drawn;

static void draw(void *arg, uint8_t *ret, size_t n)
{
	(void)arg;
	must(view_copy(&drawn, ret, n) == RC_OK);
}

static uint16_t initialize_drawing(struct world *w, const char *command, const char *random)
{
	uint16_t sw;

	drawn = hex(random);
	crypto_random_override(draw, NULL);
	sw = send(w, hex(command));
	crypto_random_override(NULL, NULL);
	return sw;
}

static void des_keys(struct keyset *set, const char *enc, const char *mac, const char *dek)
{
	const char *const keys[] = {enc, mac, dek};

	set->type = KEY_TYPE_DES;
	set->len = SCP02_KEY;
	for (size_t k = 0; k < KEYSET_KEYS; k++)
		memcpy(set->key[k], hex(keys[k]).data, SCP02_KEY);
}

static void open_seed_session(struct world *w)
{
	struct keyset set = {.version = 1, .i = 0x15};

	des_keys(&set, seed_key, seed_key, seed_key);
	give_domain(w, "A000000151000000", &set);
	set_counter(w, 1);
	CU_ASSERT_EQUAL(initialize_drawing(w, "8050000008112233445566778800", "010203040506"),
			SW_OK);
	CU_ASSERT(view_equal(view_buf(&w->answer),
			     hex("00000000000000000000 0102 0001 010203040506 B6FB6423866B6842")));
	CU_ASSERT_EQUAL(send(w, hex("8482030010 8E14AC21FAE976BF 0FF4783B36D6CF61")), SW_OK);
}

/* Block 0 as printed, data in clear with its C-MAC; on the wire it is enciphered. */
static const char load_block[] =
	"C4820FAF010022DECAFFED02020200010AD15600013203010302010D6A617661636172642F46696C65020021"
	"0022002100000015011A00C00B71000A01BA002D04D11F4200000000000002000004001502000107A0000000"
	"620001020107A00000006201010600C00000008000010001010000010019008000040003010700000026002B"
	"00300035003C0043004800000E00FF000801000000880000260100010905000000A300AA00B200D500F80000"
	"3201FF000B0200000121013500800001";
static const char load_block_mac[] = "D81A3A70053F941A";

static bool opens_as_load_block(struct world *w)
{
	uint8_t zero[8] = {0}, bytes[256];
	struct view data = hex(load_block);
	struct cipher *cipher = NULL;
	struct apdu got;
	struct buf b;

	buf_fixed(&b, bytes, sizeof(bytes));
	buf_view(&b, hex("80E80000D0"));
	buf_view(&b, data);
	pad_put(&b, 5, 8);
	must(cipher_new(CIPHER_3DES_2KEY, hex("25C9794A1205FF244F5FA0378D2F8D59").data, &cipher) ==
	     RC_OK);
	must(cipher_cbc_encrypt(cipher, zero, bytes + 5, b.len - 5, bytes + 5) == RC_OK);
	cipher_free(&cipher);
	buf_view(&b, hex(load_block_mac));
	return unwrap(w, view_buf(&b), &got) == RC_OK && got.ins == 0xE8 &&
	       view_equal(got.data, data);
}

static void the_session_of_the_published_description_is_that(void)
{
	struct world w;

	world_new(&w);
	open_seed_session(&w);
	CU_ASSERT_EQUAL(counter(&w), 2);
	CU_ASSERT(opens_as(&w, "84E4000018B72E016B0F470C92D411F4A2D480FA43BC372CF359FF2C3D",
			   "84E400000A4F08D256000001010101"));
	/* INSTALL [for load] comes with the class of a plain command, and is none. */
	CU_ASSERT(opens_as(
		&w, "80E60200207FE8E33C89B00BF36C4A9918434F782844E780899AC6C94000B8F28A960597C1",
		"80E60200170AD156000132030103020108A000000003000000000000"));
	CU_ASSERT(opens_as_load_block(&w));
	world_free(&w);
}

static void a_session_of_scp02_level_01_is_that_of_the_trace(void)
{
	static const char *const sent[] = {"84F220020814DB34FA4341DCA8",
					   "84CA00660855ED7C5FF069512B00",
					   "84F22002124F0212345C054F9F70C58FC1B380C4228AF8",
					   "84F280020A4F003B95F09317DE6A4E00"};
	struct keyset set = {.version = 0x70, .i = 0x15};
	struct world w;

	world_new(&w);
	des_keys(&set, "100102030405060708090a0b0c0d0e0f", "101102030405060708090a0b0c0d0e0f",
		 "102102030405060708090a0b0c0d0e0f");
	give_domain(&w, "A000000151000000", &set);
	set_counter(&w, 1);
	CU_ASSERT_EQUAL(initialize_drawing(&w, "805070000840A62C37FA6304F800", "6B4524ABEE7C"),
			SW_OK);
	CU_ASSERT(view_equal(view_buf(&w.answer),
			     hex("00000000000000000000700200016B4524ABEE7CF32EA3838BC148F3")));
	CU_ASSERT_EQUAL(send(&w, hex("8482010010BA6961667737C5BCEBECE14C7D6A4376")), SW_OK);
	for (size_t i = 0; i < 4; i++)
		CU_ASSERT(opens_as(&w, sent[i], scp03_plain[i + 1]));
	world_free(&w);
}

/* Every bit of EXTERNAL AUTHENTICATE, of a published session each. */
static void no_altered_authentication_opens_a_session(void)
{
	const struct scp03_trace *t = &scp03_traces[2];
	size_t tried = 0, accepted = 0;

	for (size_t bit = 8 * 2; bit < 8 * hex(t->external_authenticate).len; bit++) {
		struct view good = hex(t->external_authenticate);
		uint8_t bytes[64];
		struct world w;

		if (bit / 8 == 4)
			continue; /* Lc: no command any more */
		memcpy(bytes, good.data, good.len);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		world_new(&w);
		begin_trace(&w, t);
		accepted += send(&w, view_of(bytes, good.len)) == SW_OK;
		accepted += keyed_is_up(w.channel.keyed) || w.channel.roles;
		/* Nor does the right one afterwards. */
		accepted += send(&w, good) == SW_OK;
		tried++;
		world_free(&w);
	}
	printf("EXTERNAL AUTHENTICATE: %zu tried, %zu accepted\n", tried, accepted);
	CU_ASSERT_EQUAL(accepted, 0);
}

/* A published session up to its first command. */
static void open_trace(struct world *w, const struct scp03_trace *t)
{
	world_new(w);
	begin_trace(w, t);
	CU_ASSERT_EQUAL(send(w, hex(t->external_authenticate)), SW_OK);
}

static void no_altered_repeated_or_reordered_command_is_opened(void)
{
	const struct scp03_trace *t = &scp03_traces[8];
	size_t bits = 8 * hex(t->command[0]).len, tried = 0, accepted = 0;
	struct apdu got;
	struct world w;

	for (size_t bit = 0; bit < bits; bit++) {
		struct view good = hex(t->command[0]);
		uint8_t bytes[64];
		struct apdu command;

		/* Le is not covered, Lc makes it no command, and so would bits of other classes. */
		if (bit / 8 == 4 || bit / 8 == good.len - 1 || bit < 8)
			continue;
		memcpy(bytes, good.data, good.len);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		must(apdu_parse(view_of(bytes, good.len), &command) == RC_OK);
		open_trace(&w, t);
		buf_reset(&w.plain);
		accepted += keyed_unwrap(w.channel.keyed, &command, &w.plain, &got) == RC_OK;
		tried++;
		world_free(&w);
	}
	open_trace(&w, t);
	accepted += unwrap(&w, hex(t->command[1]), &got) == RC_OK;
	world_free(&w);
	open_trace(&w, t);
	CU_ASSERT(opens_as(&w, t->command[0], scp03_plain[0]));
	accepted += unwrap(&w, hex(t->command[0]), &got) == RC_OK;
	world_free(&w);
	printf("commands: %zu tried, %zu accepted\n", tried + 2, accepted);
	CU_ASSERT_EQUAL(accepted, 0);
}

static void a_plain_command_is_not_served_in_a_session(void)
{
	struct apdu got;
	struct world w;

	open_trace(&w, &scp03_traces[0]);
	CU_ASSERT_EQUAL(unwrap(&w, hex("80CA006600"), &got), RC_STATE);
	world_free(&w);
	world_new(&w);
	open_seed_session(&w);
	CU_ASSERT_EQUAL(unwrap(&w, hex("80F220020A4F0212345C054F9F70C5"), &got), RC_STATE);
	world_free(&w);
}

static void levels_without_a_mac_or_beyond_the_protocol_are_refused(void)
{
	static const uint8_t bad[] = {0x00, 0x02, 0x10, 0x20, 0x30, 0x21, 0x23, 0x31, 0x41, 0x81};

	for (size_t i = 0; i < sizeof(bad); i++) {
		const struct scp03_trace *t = &scp03_traces[0];
		uint8_t bytes[64];
		struct view good = hex(t->external_authenticate);
		struct world w;

		memcpy(bytes, good.data, good.len);
		bytes[2] = bad[i];
		world_new(&w);
		begin_trace(&w, t);
		CU_ASSERT_EQUAL(send(&w, view_of(bytes, good.len)), SW_INCORRECT_P1P2);
		CU_ASSERT(!keyed_is_up(w.channel.keyed));
		world_free(&w);
	}
}

static void a_key_set_that_is_not_there_is_not_found(void)
{
	struct keyset set = {.version = 1, .i = 0x60};
	struct world w;

	world_new(&w);
	counting_keys(&set, 16);
	give_domain(&w, "A000000151000000", &set);
	CU_ASSERT_EQUAL(send(&w, hex("8050020008112233445566778800")), SW_REFERENCE_NOT_FOUND);
	CU_ASSERT_EQUAL(send(&w, hex("8050000108112233445566778800")), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(send(&w, hex("80500000071122334455667700")), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(send(&w, hex("8050010008112233445566778800")), SW_OK);
	CU_ASSERT_EQUAL(w.answer.len, 29);
	CU_ASSERT_EQUAL(counter(&w), 0);
	world_free(&w);
}

static void s16_doubles_challenges_cryptograms_and_macs(void)
{
	struct keyset set = {.version = 1, .i = 0x61};
	uint8_t s_mac[32], s_rmac[32], mac[16], host[16] = {7}, cryptogram[16], bytes[64];
	struct view key, challenge, body;
	struct cmac *cmac = NULL;
	struct buf b;
	struct world w;

	world_new(&w);
	counting_keys(&set, 32);
	give_domain(&w, "A000000151000000", &set);
	buf_fixed(&b, bytes, sizeof(bytes));
	buf_view(&b, hex("8050010010"));
	buf_put(&b, host, sizeof(host));
	buf_u8(&b, 0);
	CU_ASSERT_EQUAL(send(&w, view_buf(&b)), SW_OK);
	CU_ASSERT_EQUAL(w.answer.len, 10 + 3 + 16 + 16);
	challenge = view_of(w.answer.data + 13, 16);
	key = view_of(set.key[KEYSET_MAC], 32);
	CU_ASSERT_EQUAL(scp03_derive(key, SCP03_S_MAC, view_of(host, 16), challenge, s_mac, 32),
			RC_OK);
	CU_ASSERT_EQUAL(scp03_derive(key, SCP03_S_RMAC, view_of(host, 16), challenge, s_rmac, 32),
			RC_OK);
	CU_ASSERT_EQUAL(scp03_derive(view_of(s_mac, 32), SCP03_HOST_CRYPTOGRAM, view_of(host, 16),
				     challenge, cryptogram, 16),
			RC_OK);
	buf_reset(&b);
	buf_view(&b, hex("00000000000000000000000000000000 8482110020"));
	buf_put(&b, cryptogram, 16);
	body = view_buf(&b);
	CU_ASSERT_EQUAL(cmac_new(s_mac, 32, &cmac), RC_OK);
	CU_ASSERT_EQUAL(cmac_compute(cmac, &body, 1, mac), RC_OK);
	cmac_free(&cmac);
	buf_put(&b, mac, 16);
	CU_ASSERT_EQUAL(send(&w, view_of(bytes + 16, b.len - 16)), SW_OK);
	CU_ASSERT(keyed_is_up(w.channel.keyed));
	buf_reset(&w.answer);
	CU_ASSERT_EQUAL(keyed_wrap(w.channel.keyed, view_of(NULL, 0), SW_OK, &w.answer), RC_OK);
	CU_ASSERT_EQUAL(w.answer.len, 16);
	world_free(&w);
}

static void key_check_values_are_those_published(void)
{
	static const char *const values[] = {"C35280", "013808", "840DE5"};
	struct keyset set = {.version = 1};
	uint8_t check[KEY_CHECK];

	counting_keys(&set, 16);
	for (size_t k = 0; k < KEYSET_KEYS; k++) {
		CU_ASSERT_EQUAL(keyset_check(KEY_TYPE_AES, view_of(set.key[k], 16), check), RC_OK);
		CU_ASSERT(view_equal(view_of(check, sizeof(check)), hex(values[k])));
	}
	CU_ASSERT_EQUAL(keyset_check(KEY_TYPE_DES, hex(seed_key), check), RC_OK);
	CU_ASSERT(view_equal(view_of(check, sizeof(check)), hex("8BAF47")));
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"sessions_of_scp03_are_those_of_the_traces",
		 sessions_of_scp03_are_those_of_the_traces},
		{"the_session_of_the_published_description_is_that",
		 the_session_of_the_published_description_is_that},
		{"a_session_of_scp02_level_01_is_that_of_the_trace",
		 a_session_of_scp02_level_01_is_that_of_the_trace},
		{"no_altered_authentication_opens_a_session",
		 no_altered_authentication_opens_a_session},
		{"no_altered_repeated_or_reordered_command_is_opened",
		 no_altered_repeated_or_reordered_command_is_opened},
		{"a_plain_command_is_not_served_in_a_session",
		 a_plain_command_is_not_served_in_a_session},
		{"levels_without_a_mac_or_beyond_the_protocol_are_refused",
		 levels_without_a_mac_or_beyond_the_protocol_are_refused},
		{"a_key_set_that_is_not_there_is_not_found",
		 a_key_set_that_is_not_there_is_not_found},
		{"s16_doubles_challenges_cryptograms_and_macs",
		 s16_doubles_challenges_cryptograms_and_macs},
		{"key_check_values_are_those_published", key_check_values_are_those_published},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "keyed", .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("keyed", suites);
}
