/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Secure messaging of the host. 3DES vectors: doc/scp10.md. AES vectors: computed with the openssl
 * command line (enc -aes-256-ecb and -cbc, mac CMAC) from the rules of doc/scp10.md.
 */
#include "sc/messaging.h"

#include <string.h>

#include "base/sw.h"
#include "sc/policy.h"
#include "tests/sc/hex.h"
#include "tests/suite.h"

static struct messaging_secrets counted_keys(enum messaging_kind kind)
{
	struct messaging_secrets s = {.counter = {0, 0}};
	size_t size = kind == MESSAGING_AES ? 32 : 16;
	uint8_t next = 0x10;

	for (size_t k = 0; k < MESSAGING_KEYS; k++) {
		for (size_t i = 0; i < size; i++)
			s.key[k][i] = next++;
	}
	return s;
}

static struct messaging *make(enum messaging_kind kind, uint8_t level, uint64_t command,
			      uint64_t response)
{
	struct messaging_secrets s = counted_keys(kind);
	struct messaging *sm = NULL;

	s.counter[0] = command;
	s.counter[1] = response;
	CU_ASSERT_EQUAL_FATAL(messaging_new(kind, level, &s, &sm), RC_OK);
	return sm;
}

/* True if the plain command becomes the protected one. */
static bool becomes(struct messaging *sm, const char *plain, const char *protected)
{
	struct buf in, want, got;
	struct apdu command, outer;
	bool same = false;

	buf_init(&in, 4096);
	buf_init(&want, 4096);
	buf_init(&got, 4096);
	hex_put(&in, plain);
	hex_put(&want, protected);
	if (apdu_parse(view_buf(&in), &command) == RC_OK &&
	    messaging_protect(sm, &command, &outer) == RC_OK) {
		apdu_put(&got, &outer);
		same = view_equal(view_buf(&got), view_buf(&want));
	}
	buf_free(&in);
	buf_free(&want);
	buf_free(&got);
	return same;
}

/* The plain answer of a response, checked against text; rc if it does not verify. */
static enum rc verify(struct messaging *sm, const char *response, const char *plain)
{
	struct view data, got;
	struct buf in, want;
	uint16_t sw;
	enum rc rc;

	buf_init(&in, 4096);
	buf_init(&want, 4096);
	hex_put(&in, response);
	hex_put(&want, plain);
	rc = response_parse(view_buf(&in), &data, &sw);
	if (rc == RC_OK)
		rc = messaging_verify(sm, data, sw, &got);
	if (rc == RC_OK && !view_equal(got, view_buf(&want)))
		rc = RC_STATE;
	buf_free(&in);
	buf_free(&want);
	return rc;
}

static void published_3des_commands_come_out_byte_for_byte(void)
{
	struct messaging *mac_only = make(MESSAGING_3DES, 0x01, 1, 0),
			 *both = make(MESSAGING_3DES, 0x03, 2, 0);

	CU_ASSERT_TRUE(becomes(mac_only, "80CA006600", "8CCA00660D9701008E087802AB2D9ABA3C7800"));
	CU_ASSERT_TRUE(becomes(both, "80E602000C041234567800000000000000",
			       "8CE602001D871101DC0E12F7F53DCBB7D9312E33D0BEAF00"
			       "8E08C70C4DCC5DA9D81600"));
	messaging_free(&mac_only);
	messaging_free(&both);
	CU_ASSERT_PTR_NULL(both);
}

static void published_3des_responses_verify(void)
{
	struct messaging *mac_only = make(MESSAGING_3DES, 0x11, 0, 0x1000000000000000);
	struct messaging *both = make(MESSAGING_3DES, 0x33, 0, 0x1000000000000001);

	CU_ASSERT_EQUAL(verify(mac_only, "990290008E08FCCCA90B6E7F6CFD9000", ""), RC_OK);
	CU_ASSERT_EQUAL(verify(both, "870901CA0868AB790BE10F990290008E0823BFE7EF4D8BF6469000",
			       "0102030405"),
			RC_OK);
	messaging_free(&mac_only);
	messaging_free(&both);
}

static const char aes_short[] = "990290008E081CEA2B67A97E71AA9000";
static const char aes_long[] =
	"8711016c26f2cddd93457b1ea92b780b9f48a199026A808E08900CB14A4C9FE0E56A80";

static void aes_commands_come_out_byte_for_byte(void)
{
	struct messaging *sm = make(MESSAGING_AES, 0x33, 0, 0);

	CU_ASSERT_TRUE(becomes(sm, "80CA006600", "8CCA00660D9701008E08A023254BFB35F71800"));
	CU_ASSERT_TRUE(becomes(sm, "80E602000C041234567800000000000000",
			       "8CE602001D871101488ebc4caed5db2df45ccb80854dc113"
			       "8E08A901398D0FC6EBB600"));
	messaging_free(&sm);
}

static void aes_responses_verify_in_their_order_only(void)
{
	struct messaging *sm = make(MESSAGING_AES, 0x33, 0, 0),
			 *other = make(MESSAGING_AES, 0x33, 0, 0);

	CU_ASSERT_EQUAL(verify(sm, aes_short, ""), RC_OK);
	CU_ASSERT_EQUAL(verify(sm, aes_long, "0102030405"), RC_OK);
	CU_ASSERT_EQUAL(verify(sm, aes_long, "0102030405"), RC_AUTH);
	CU_ASSERT_EQUAL(verify(other, aes_long, "0102030405"), RC_AUTH);
	messaging_free(&sm);
	messaging_free(&other);
}

/* Verifies bytes as the second response of an AES session, or of a 3DES one at its counter. */
static enum rc verify_bytes(enum messaging_kind kind, uint64_t counter, struct view bytes)
{
	struct messaging *sm = make(kind, 0x33, 0, counter);
	struct view data, plain;
	uint16_t sw;
	enum rc rc = response_parse(bytes, &data, &sw);

	if (rc == RC_OK)
		rc = messaging_verify(sm, data, sw, &plain);
	messaging_free(&sm);
	return rc;
}

static const struct {
	enum messaging_kind kind;
	uint64_t counter;
	const char *response;
} samples[] = {
	{MESSAGING_AES, 1, aes_long},
	{MESSAGING_AES, 0, aes_short},
	{MESSAGING_3DES, 0x1000000000000001,
	 "870901CA0868AB790BE10F990290008E0823BFE7EF4D8BF6469000"},
};

static void every_flipped_bit_of_a_response_is_refused(void)
{
	for (size_t s = 0; s < sizeof(samples) / sizeof(samples[0]); s++) {
		unsigned int accepted = 0;
		struct buf b;

		buf_init(&b, 256);
		hex_put(&b, samples[s].response);
		CU_ASSERT_EQUAL(verify_bytes(samples[s].kind, samples[s].counter, view_buf(&b)),
				RC_OK);
		for (size_t bit = 0; bit < b.len * 8; bit++) {
			b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			accepted += verify_bytes(samples[s].kind, samples[s].counter,
						 view_buf(&b)) != RC_AUTH;
			b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		CU_ASSERT_EQUAL(accepted, 0);
		buf_free(&b);
	}
}

static void every_truncated_response_is_refused(void)
{
	for (size_t s = 0; s < sizeof(samples) / sizeof(samples[0]); s++) {
		struct buf b;

		buf_init(&b, 256);
		hex_put(&b, samples[s].response);
		for (size_t n = 0; n < b.len; n++)
			CU_ASSERT_NOT_EQUAL(verify_bytes(samples[s].kind, samples[s].counter,
							 view_of(b.data, n)),
					    RC_OK);
		buf_free(&b);
	}
}

static void answers_without_a_mac_are_refused(void)
{
	static const char *const rows[] = {
		"9000", "6982", "99029000 9000", "6A80", "81020102 99029000 9000",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct messaging *sm = make(MESSAGING_AES, 0x33, 0, 0);

		CU_ASSERT_EQUAL(verify(sm, rows[i], ""), RC_AUTH);
		messaging_free(&sm);
	}
}

static void le_is_covered_as_it_is_coded(void)
{
	static const struct {
		const char *plain, *objects;
	} rows[] = {
		{"80440000", "8E"},
		{"8044000000", "970100 8E"},
		{"8044000010", "970110 8E"},
		{"80440000000000", "97020000 8E"},
		{"80440000000100", "97020100 8E"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct messaging *sm = make(MESSAGING_AES, 0x33, 0, 0);
		struct apdu command, outer;
		struct buf in, want;

		buf_init(&in, 64);
		buf_init(&want, 64);
		hex_put(&in, rows[i].plain);
		hex_put(&want, rows[i].objects);
		CU_ASSERT_EQUAL(apdu_parse(view_buf(&in), &command), RC_OK);
		CU_ASSERT_EQUAL_FATAL(messaging_protect(sm, &command, &outer), RC_OK);
		CU_ASSERT_TRUE(view_equal(view_of(outer.data.data, want.len), view_buf(&want)));
		CU_ASSERT_EQUAL(outer.le, command.extended ? 65536 : 256);
		buf_free(&in);
		buf_free(&want);
		messaging_free(&sm);
	}
}

static void a_counter_at_its_end_protects_nothing_more(void)
{
	const struct apdu command = {.cla = 0x80, .ins = 0x44, .le = 16};
	struct messaging *commands = make(MESSAGING_AES, 0x33, UINT64_MAX, 0);
	struct messaging *responses = make(MESSAGING_3DES, 0x33, 0, UINT64_MAX);
	struct apdu outer;

	CU_ASSERT_EQUAL(messaging_protect(commands, &command, &outer), RC_STATE);
	CU_ASSERT_EQUAL(messaging_protect(responses, &command, &outer), RC_STATE);
	messaging_free(&commands);
	messaging_free(&responses);
}

static void the_longest_data_is_protected_and_longer_is_refused(void)
{
	static uint8_t data[65536];
	struct apdu command = {
		.cla = 0x80, .ins = 0xD2, .data = view_of(data, 65535), .extended = true};
	struct messaging *sm = make(MESSAGING_AES, 0x33, 0, 0);
	struct apdu outer;

	CU_ASSERT_EQUAL(messaging_protect(sm, &command, &outer), RC_OK);
	CU_ASSERT_EQUAL(outer.data.len, 5 + 1 + 65536 + 10);
	command.data = view_of(data, 65536);
	CU_ASSERT_EQUAL(messaging_protect(sm, &command, &outer), RC_SPACE);
	messaging_free(&sm);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"published 3DES commands come out byte for byte",
		 published_3des_commands_come_out_byte_for_byte},
		{"published 3DES responses verify", published_3des_responses_verify},
		{"AES commands come out byte for byte", aes_commands_come_out_byte_for_byte},
		{"AES responses verify in their order only",
		 aes_responses_verify_in_their_order_only},
		{"every flipped bit of a response is refused",
		 every_flipped_bit_of_a_response_is_refused},
		{"every truncated response is refused", every_truncated_response_is_refused},
		{"answers without a MAC are refused", answers_without_a_mac_are_refused},
		{"Le is covered as it is coded", le_is_covered_as_it_is_coded},
		{"a counter at its end protects nothing more",
		 a_counter_at_its_end_protects_nothing_more},
		{"the longest data is protected and longer is refused",
		 the_longest_data_is_protected_and_longer_is_refused},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{.pName = "messaging", .pTests = tests}, CU_SUITE_INFO_NULL};

	return suite_run("sc/messaging", suites);
}
