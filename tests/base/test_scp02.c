/* SPDX-License-Identifier: BSD-2-Clause */
/* SCP02 against two traces: the published description's own, and one of a card in the field. */
#include "base/scp02.h"

#include "tests/base/hex.h"
#include "tests/suite.h"

static const struct trace {
	const char *enc, *mac; /* static keys */
	const char *host_challenge, *counter, *card_challenge;
	const char *card_cryptogram, *host_cryptogram;
} traces[] = {
	{"404142434445464748494A4B4C4D4E4F", "404142434445464748494A4B4C4D4E4F", "1122334455667788",
	 "0001", "010203040506", "B6FB6423866B6842", "8E14AC21FAE976BF"},
	{"100102030405060708090a0b0c0d0e0f", "101102030405060708090a0b0c0d0e0f", "40A62C37FA6304F8",
	 "0001", "6B4524ABEE7C", "F32EA3838BC148F3", "BA6961667737C5BC"},
};

/* Commands in order, the plain one with Lc as the MAC sees it, and its C-MAC. */
static const struct {
	size_t trace;
	const char *header, *data, *mac;
} commands[] = {
	{0, "8482030010", "8E14AC21FAE976BF", "0FF4783B36D6CF61"},
	{1, "8482010010", "BA6961667737C5BC", "EBECE14C7D6A4376"},
	{1, "84F2200208", "", "14DB34FA4341DCA8"},
	{1, "84CA006608", "", "55ED7C5FF069512B"},
	{1, "84F2200212", "4F0212345C054F9F70C5", "8FC1B380C4228AF8"},
	{1, "84F280020A", "4F00", "3B95F09317DE6A4E"},
};

enum { TRACES = sizeof(traces) / sizeof(traces[0]) };

static uint16_t counter(const struct trace *t)
{
	struct view v = hex(t->counter);
	uint16_t n = 0;

	CU_ASSERT_EQUAL(view_u16(&v, &n), RC_OK);
	return n;
}

static void session_keys_are_those_of_the_trace(void)
{
	uint8_t key[SCP02_KEY];

	CU_ASSERT_EQUAL(scp02_session_key(hex(traces[0].enc).data, SCP02_S_ENC, 1, key), RC_OK);
	CU_ASSERT(view_equal(view_of(key, sizeof(key)), hex("25C9794A1205FF244F5FA0378D2F8D59")));
	CU_ASSERT_EQUAL(scp02_session_key(hex(traces[0].mac).data, SCP02_S_MAC, 1, key), RC_OK);
	CU_ASSERT(view_equal(view_of(key, sizeof(key)), hex("9BED98891580C3B245FE9EC58BFA8D2A")));
}

static void cryptograms_are_those_of_the_traces(void)
{
	for (size_t i = 0; i < TRACES; i++) {
		const struct trace *t = &traces[i];
		uint8_t key[SCP02_KEY], out[SCP02_MAC],
			joined[SCP02_COUNTER + SCP02_CARD_CHALLENGE];
		struct buf card;

		buf_fixed(&card, joined, sizeof(joined));
		buf_view(&card, hex(t->counter));
		buf_view(&card, hex(t->card_challenge));
		CU_ASSERT_EQUAL(scp02_session_key(hex(t->enc).data, SCP02_S_ENC, counter(t), key),
				RC_OK);
		CU_ASSERT_EQUAL(scp02_cryptogram(key, hex(t->host_challenge), view_buf(&card), out),
				RC_OK);
		CU_ASSERT(view_equal(view_of(out, sizeof(out)), hex(t->card_cryptogram)));
		CU_ASSERT_EQUAL(scp02_cryptogram(key, view_buf(&card), hex(t->host_challenge), out),
				RC_OK);
		CU_ASSERT(view_equal(view_of(out, sizeof(out)), hex(t->host_cryptogram)));
		CU_ASSERT_EQUAL(scp02_cryptogram(key, view_buf(&card), view_of(NULL, 0), out),
				RC_ARGUMENT);
	}
}

static void command_macs_chain_as_in_the_traces(void)
{
	struct scp02_chain chains[TRACES] = {0};

	for (size_t i = 0; i < TRACES; i++)
		CU_ASSERT_EQUAL(scp02_session_key(hex(traces[i].mac).data, SCP02_S_MAC,
						  counter(&traces[i]), chains[i].key),
				RC_OK);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		uint8_t mac[SCP02_MAC];

		CU_ASSERT_EQUAL(scp02_c_mac(&chains[commands[i].trace],
					    hex(commands[i].header).data, hex(commands[i].data),
					    mac),
				RC_OK);
		CU_ASSERT(view_equal(view_of(mac, sizeof(mac)), hex(commands[i].mac)));
	}
}

/* The ICV after the trace's EXTERNAL AUTHENTICATE, printed in the published description's errata. */
static void the_next_icv_is_the_last_mac_under_single_des(void)
{
	uint8_t icv[8];

	CU_ASSERT_EQUAL(des_block(hex("9BED98891580C3B2").data, hex("0FF4783B36D6CF61").data, icv),
			RC_OK);
	CU_ASSERT(view_equal(view_of(icv, sizeof(icv)), hex("885FB3ED261FCDC8")));
}

static void a_derived_challenge_follows_the_aid_and_the_key(void)
{
	uint8_t one[SCP02_CARD_CHALLENGE], other[SCP02_CARD_CHALLENGE];
	uint8_t key[SCP02_KEY] = {1};

	CU_ASSERT_EQUAL(scp02_challenge(key, hex("A000000151000000"), one), RC_OK);
	CU_ASSERT_EQUAL(scp02_challenge(key, hex("A000000151000001"), other), RC_OK);
	CU_ASSERT(!view_equal(view_of(one, sizeof(one)), view_of(other, sizeof(other))));
	key[15] = 2;
	CU_ASSERT_EQUAL(scp02_challenge(key, hex("A000000151000000"), other), RC_OK);
	CU_ASSERT(!view_equal(view_of(one, sizeof(one)), view_of(other, sizeof(other))));
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"session_keys_are_those_of_the_trace", session_keys_are_those_of_the_trace},
		{"cryptograms_are_those_of_the_traces", cryptograms_are_those_of_the_traces},
		{"command_macs_chain_as_in_the_traces", command_macs_chain_as_in_the_traces},
		{"the_next_icv_is_the_last_mac_under_single_des",
		 the_next_icv_is_the_last_mac_under_single_des},
		{"a_derived_challenge_follows_the_aid_and_the_key",
		 a_derived_challenge_follows_the_aid_and_the_key},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "scp02", .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("scp02", suites);
}
