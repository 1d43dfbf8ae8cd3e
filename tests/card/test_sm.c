/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Secure messaging of the card: independently computed 3DES vectors, the AES form against a second
 * writing of its rule in this file, every flipped bit, every level, counters to their end.
 */
#include "tests/suite.h"

#include <stdio.h>
#include <string.h>

#include "base/sw.h"
#include "base/tlv.h"
#include "card/sm.h"

static struct session_keys keys_of(uint8_t level, size_t len, uint64_t command, uint64_t response)
{
	struct session_keys keys = {.level = level, .counter = {command, response}};
	static const uint8_t first[] = {
		[KEY_C_MAC] = 0x10, [KEY_R_MAC] = 0x20, [KEY_C_ENC] = 0x30, [KEY_R_ENC] = 0x40};

	for (size_t k = KEY_C_MAC; k <= KEY_R_ENC; k++) {
		keys.len[k] = len;
		for (size_t i = 0; i < len; i++)
			keys.key[k][i] = (uint8_t)(first[k] + i);
	}
	return keys;
}

static struct sm *session(enum sm_kind kind, struct session_keys keys)
{
	struct sm *sm = NULL;

	CU_ASSERT_EQUAL_FATAL(sm_new(kind, &keys, &sm), RC_OK);
	return sm;
}

static size_t bytes(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		unsigned int x = 0;

		CU_ASSERT_EQUAL_FATAL(sscanf(hex + 2 * i, "%2x", &x), 1);
		out[i] = (uint8_t)x;
	}
	return n;
}

static enum rc unwrap(struct sm *sm, struct view wire, struct buf *plain, struct apdu *ret)
{
	struct apdu command;

	CU_ASSERT_EQUAL_FATAL(apdu_parse(wire, &command), RC_OK);
	return sm_unwrap(sm, &command, plain, ret);
}

/* The command on the wire opens to this plain one. */
static void opens_to(struct sm *sm, const char *wire, const char *plain)
{
	uint8_t wire_bytes[300], plain_bytes[300], out[300];
	size_t wire_len = bytes(wire, wire_bytes), plain_len = bytes(plain, plain_bytes);
	struct buf data, again;
	struct apdu opened;

	buf_init(&data, 1000);
	buf_fixed(&again, out, sizeof(out));
	CU_ASSERT_EQUAL(unwrap(sm, view_of(wire_bytes, wire_len), &data, &opened), RC_OK);
	apdu_put(&again, &opened);
	CU_ASSERT_TRUE(view_equal(view_buf(&again), view_of(plain_bytes, plain_len)));
	buf_free(&data);
}

static void wraps_to(struct sm *sm, const char *answer, uint16_t sw, const char *response)
{
	uint8_t answer_bytes[300], response_bytes[300];
	size_t answer_len = bytes(answer, answer_bytes);
	size_t response_len = bytes(response, response_bytes);
	struct buf out;

	buf_init(&out, 1000);
	CU_ASSERT_EQUAL(sm_wrap(sm, view_of(answer_bytes, answer_len), sw, &out), RC_OK);
	buf_u16(&out, sw);
	CU_ASSERT_TRUE(view_equal(view_buf(&out), view_of(response_bytes, response_len)));
	buf_free(&out);
}

static void the_3des_command_vectors_open(void)
{
	struct sm *sm = session(SM_3DES, keys_of(0x01, 16, 1, 0));

	opens_to(sm, "8CCA00660D9701008E087802AB2D9ABA3C7800", "80CA006600");
	sm_free(&sm);
	sm = session(SM_3DES, keys_of(0x03, 16, 2, 0));
	opens_to(sm, "8CE602001D871101DC0E12F7F53DCBB7D9312E33D0BEAF008E08C70C4DCC5DA9D81600",
		 "80E602000C041234567800000000000000");
	sm_free(&sm);
}

static void the_3des_response_vectors_come_out(void)
{
	struct sm *sm = session(SM_3DES, keys_of(0x10, 16, 1, 0x1000000000000000));

	wraps_to(sm, "", 0x9000, "990290008E08FCCCA90B6E7F6CFD9000");
	sm_free(&sm);
	sm = session(SM_3DES, keys_of(0x30, 16, 1, 0x1000000000000001));
	wraps_to(sm, "0102030405", 0x9000,
		 "870901CA0868AB790BE10F990290008E0823BFE7EF4D8BF6469000");
	sm_free(&sm);
}

static void the_3des_counter_goes_on_after_every_mac_but_not_after_a_bare_error(void)
{
	struct sm *sm = session(SM_3DES, keys_of(0x30, 16, 1, 0x1000000000000000));

	wraps_to(sm, "", 0x6A82, "6A82");
	wraps_to(sm, "", 0x9000, "990290008E08FCCCA90B6E7F6CFD9000");
	wraps_to(sm, "0102030405", 0x9000,
		 "870901CA0868AB790BE10F990290008E0823BFE7EF4D8BF6469000");
	sm_free(&sm);
}

/* The host's side of suite 42, written a second time from its rule. */
static void aes_protect(const struct session_keys *keys, uint64_t counter, const struct apdu *plain,
			struct buf *out)
{
	uint8_t count[16] = {0}, iv[16], mac[16], header[8];
	uint8_t le[2] = {(uint8_t)(plain->le >> 8), (uint8_t)plain->le};
	struct cipher *enc = NULL;
	struct cmac *cmac = NULL;
	struct buf objects;
	struct apdu wire = *plain;
	struct view parts[3];
	size_t from;

	buf_init(&objects, 70000);
	for (int i = 0; i < 8; i++)
		count[15 - i] = (uint8_t)(counter >> (8 * i));
	memcpy(header, (uint8_t[]){plain->cla, plain->ins, plain->p1, plain->p2, 0x80, 0, 0, 0}, 8);
	CU_ASSERT_EQUAL_FATAL(cipher_new(CIPHER_AES_256, keys->key[KEY_C_ENC], &enc), RC_OK);
	CU_ASSERT_EQUAL_FATAL(cmac_new(keys->key[KEY_C_MAC], 32, &cmac), RC_OK);
	CU_ASSERT_EQUAL_FATAL(cipher_block(enc, count, iv), RC_OK);
	if (plain->data.len) {
		tlv_header(&objects, 0x87, 1 + (plain->data.len / 16 + 1) * 16);
		buf_u8(&objects, 1);
		from = objects.len;
		buf_view(&objects, plain->data);
		pad_put(&objects, from, 16);
		CU_ASSERT_EQUAL_FATAL(cipher_cbc_encrypt(enc, iv, objects.data + from,
							 objects.len - from, objects.data + from),
				      RC_OK);
	}
	if (plain->le && plain->extended)
		tlv_put(&objects, 0x97, view_of(le, 2));
	else if (plain->le)
		tlv_put(&objects, 0x97, view_of(le + 1, 1));
	parts[0] = view_of(count, 16);
	parts[1] = view_of(header, 8);
	parts[2] = view_buf(&objects);
	CU_ASSERT_EQUAL_FATAL(cmac_compute(cmac, parts, 3, mac), RC_OK);
	tlv_put(&objects, 0x8E, view_of(mac, 8));
	wire.cla = apdu_protected_cla(plain->cla);
	wire.data = view_buf(&objects);
	wire.le = plain->extended ? 65536 : 256;
	apdu_put(out, &wire);
	buf_free(&objects);
	cipher_free(&enc);
	cmac_free(&cmac);
}

static const uint8_t some_data[] = "a PIN, a record, whatever has to stay between the two";

static struct apdu some_command(bool extended)
{
	return (struct apdu){.cla = 0x80,
			     .ins = 0xD2,
			     .p1 = 1,
			     .p2 = 2,
			     .data = view_of(some_data, sizeof(some_data)),
			     .le = extended ? 0x100 : 0x10,
			     .extended = extended};
}

static void an_aes_command_opens_to_what_the_host_protected(void)
{
	struct session_keys keys = keys_of(0x33, 32, 0, 0);
	struct sm *sm = session(SM_AES, keys);

	for (unsigned int i = 0; i < 4; i++) {
		struct apdu plain = some_command(i & 1), opened;
		struct buf wire, data;

		if (i & 2)
			plain.data = view_of(NULL, 0);
		buf_init(&wire, 1000);
		buf_init(&data, 1000);
		aes_protect(&keys, i, &plain, &wire);
		CU_ASSERT_EQUAL(unwrap(sm, view_buf(&wire), &data, &opened), RC_OK);
		CU_ASSERT_EQUAL(opened.cla, 0x80);
		CU_ASSERT_EQUAL(opened.le, plain.le);
		CU_ASSERT_EQUAL(opened.extended, plain.extended);
		CU_ASSERT_TRUE(view_equal(opened.data, plain.data));
		buf_free(&wire);
		buf_free(&data);
	}
	sm_free(&sm);
}

static void every_flipped_bit_of_a_protected_command_is_refused(void)
{
	struct session_keys keys = keys_of(0x33, 32, 0, 0);
	struct apdu plain = some_command(true), opened, flipped;
	struct buf wire, data;
	size_t refused = 0, tried = 0;

	buf_init(&wire, 1000);
	buf_init(&data, 1000);
	aes_protect(&keys, 0, &plain, &wire);
	for (size_t bit = 0; bit < (wire.len - 2) * 8; bit++) {
		struct sm *sm = session(SM_AES, keys);

		wire.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		/*
		 * The channel and chaining bits are the reader's and not the MAC's, and a class byte
		 * with bit 6 is none: the dispatcher's test has it.
		 */
		if (bit != 0 && bit != 1 && bit != 4 && bit != 5 &&
		    apdu_parse(view_buf(&wire), &flipped) == RC_OK) {
			tried++;
			refused += sm_unwrap(sm, &flipped, &data, &opened) != RC_OK;
		}
		wire.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		sm_free(&sm);
	}
	CU_ASSERT_TRUE(tried > 8 * 60);
	CU_ASSERT_EQUAL(refused, tried);
	buf_free(&wire);
	buf_free(&data);
}

static void a_repeated_and_a_skipped_command_are_refused(void)
{
	struct session_keys keys = keys_of(0x33, 32, 0, 0);
	struct apdu plain = some_command(false), opened;
	struct sm *sm = session(SM_AES, keys);
	struct buf wire, data;

	buf_init(&wire, 1000);
	buf_init(&data, 1000);
	aes_protect(&keys, 0, &plain, &wire);
	CU_ASSERT_EQUAL(unwrap(sm, view_buf(&wire), &data, &opened), RC_OK);
	CU_ASSERT_EQUAL(unwrap(sm, view_buf(&wire), &data, &opened), RC_AUTH);
	sm_free(&sm);
	sm = session(SM_AES, keys);
	buf_reset(&wire);
	aes_protect(&keys, 1, &plain, &wire);
	CU_ASSERT_EQUAL(unwrap(sm, view_buf(&wire), &data, &opened), RC_AUTH);
	sm_free(&sm);
	buf_free(&wire);
	buf_free(&data);
}

static void missing_and_wrong_objects_have_their_own_answer(void)
{
	static const struct {
		const char *data;
		enum rc rc;
	} rows[] = {
		{"9701008E080000000000000000", RC_AUTH}, /* a wrong MAC */
		{"8E080000000000000000", RC_AUTH},
		{"970100", RC_MALFORMED}, /* no MAC */
		{"9701", RC_MALFORMED}, /* cut off */
		{"8E0700000000000000", RC_AUTH}, /* a short MAC */
		{"8E080000000000000000970100", RC_AUTH}, /* something after the MAC */
	};
	struct session_keys keys = keys_of(0x33, 32, 0, 0);
	uint8_t data[64];
	struct apdu opened;
	struct buf plain;

	buf_init(&plain, 100);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sm *sm = session(SM_AES, keys);
		struct apdu command = {.cla = 0x8C, .ins = 0x42, .le = 256};

		command.data = view_of(data, bytes(rows[i].data, data));
		CU_ASSERT_EQUAL(sm_unwrap(sm, &command, &plain, &opened), rows[i].rc);
		sm_free(&sm);
	}
	buf_free(&plain);
}

static void an_unprotected_command_is_refused_where_the_level_asks_for_protection(void)
{
	static const struct {
		uint8_t level, cla;
		bool data, accepted;
	} rows[] = {
		{0x01, 0x00, false, false}, {0x01, 0x08, false, false}, {0x01, 0x04, false, false},
		{0x01, 0x0C, false, true},  {0x03, 0x0C, true, true},   {0x03, 0x40, true, false},
		{0x03, 0x60, true, true},   {0x02, 0x08, true, true},   {0x02, 0x00, true, false},
		{0x02, 0x00, false, true},  {0x02, 0x0C, true, false},  {0x10, 0x00, true, true},
		{0x10, 0x0C, true, false},  {0x30, 0x00, true, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sm *sm = session(SM_3DES, keys_of(rows[i].level, 16, 0, 0));
		struct apdu command = {.cla = rows[i].cla};

		if (rows[i].data)
			command.data = view_of(some_data, 8);
		CU_ASSERT_EQUAL(sm_accepts_class(sm, &command), rows[i].accepted);
		sm_free(&sm);
	}
}

static void encipherment_without_a_mac_uses_its_own_tags(void)
{
	struct sm *sm = session(SM_3DES, keys_of(0x22, 16, 0, 0));

	/* The cryptograms are those of the vectors: same keys, same zero vector. */
	opens_to(sm, "88E6020013861101DC0E12F7F53DCBB7D9312E33D0BEAF0000",
		 "80E602000C041234567800000000000000");
	opens_to(sm, "88E6020016861101DC0E12F7F53DCBB7D9312E33D0BEAF0096010500",
		 "80E602000C04123456780000000000000005");
	opens_to(sm, "80CA006600", "80CA006600");
	wraps_to(sm, "0102030405", 0x9000, "860901CA0868AB790BE10F9000");
	wraps_to(sm, "", 0x9000, "9000");
	wraps_to(sm, "", 0x6985, "6985");
	sm_free(&sm);
}

static void suite_42_protects_errors_as_well(void)
{
	struct sm *sm = session(SM_AES, keys_of(0x33, 32, 0, 0));
	struct buf out;

	buf_init(&out, 100);
	CU_ASSERT_EQUAL(sm_wrap(sm, view_of(NULL, 0), 0x6A82, &out), RC_OK);
	CU_ASSERT_EQUAL(out.len, 4 + 10);
	buf_free(&out);
	sm_free(&sm);
}

static void a_counter_ends_the_session_instead_of_wrapping(void)
{
	static const struct {
		uint64_t command, response;
		bool one;
		enum rc rc;
	} rows[] = {
		{UINT64_MAX, 0, false, RC_STATE},
		{0, UINT64_MAX, false, RC_STATE},
		{UINT64_MAX - 1, UINT64_MAX - 1, false, RC_OK},
		{UINT64_MAX - 1, 0, true, RC_STATE},
		{UINT64_MAX - 2, 0, true, RC_OK},
	};
	struct apdu plain = some_command(false), opened;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct session_keys keys = keys_of(0x33, 32, rows[i].command, rows[i].response);
		struct buf wire, data;
		struct sm *sm;

		keys.one_counter = rows[i].one;
		sm = session(SM_AES, keys);
		buf_init(&wire, 1000);
		buf_init(&data, 1000);
		aes_protect(&keys, rows[i].command, &plain, &wire);
		CU_ASSERT_EQUAL(unwrap(sm, view_buf(&wire), &data, &opened), rows[i].rc);
		buf_free(&wire);
		buf_free(&data);
		sm_free(&sm);
	}
}

static void a_key_that_the_level_needs_must_be_there(void)
{
	for (size_t k = KEY_C_MAC; k <= KEY_R_ENC; k++) {
		struct session_keys keys = keys_of(0x33, 32, 0, 0);
		struct sm *sm = NULL;

		keys.len[k] = 0;
		CU_ASSERT_EQUAL(sm_new(SM_AES, &keys, &sm), RC_ARGUMENT);
	}
}

static void the_dek_stays_with_the_session(void)
{
	struct session_keys keys = keys_of(0x33, 32, 0, 0);
	struct sm *sm = session(SM_AES, keys);

	CU_ASSERT_EQUAL(sm_dek(sm, KEY_DEK).len, 0);
	sm_free(&sm);
	keys.len[KEY_DEK] = 32;
	keys.key[KEY_DEK][0] = 0x50;
	sm = session(SM_AES, keys);
	CU_ASSERT_TRUE(view_equal(sm_dek(sm, KEY_DEK), view_of(keys.key[KEY_DEK], 32)));
	sm_free(&sm);
}

static CU_TestInfo tests[] = {
	{"the 3DES command vectors open", the_3des_command_vectors_open},
	{"the 3DES response vectors come out", the_3des_response_vectors_come_out},
	{"the 3DES counter goes on after every MAC but not after a bare error",
	 the_3des_counter_goes_on_after_every_mac_but_not_after_a_bare_error},
	{"an AES command opens to what the host protected",
	 an_aes_command_opens_to_what_the_host_protected},
	{"every flipped bit of a protected command is refused",
	 every_flipped_bit_of_a_protected_command_is_refused},
	{"a repeated and a skipped command are refused",
	 a_repeated_and_a_skipped_command_are_refused},
	{"missing and wrong objects have their own answer",
	 missing_and_wrong_objects_have_their_own_answer},
	{"an unprotected command is refused where the level asks for protection",
	 an_unprotected_command_is_refused_where_the_level_asks_for_protection},
	{"encipherment without a MAC uses its own tags",
	 encipherment_without_a_mac_uses_its_own_tags},
	{"suite 42 protects errors as well", suite_42_protects_errors_as_well},
	{"a counter ends the session instead of wrapping",
	 a_counter_ends_the_session_instead_of_wrapping},
	{"a key that the level needs must be there", a_key_that_the_level_needs_must_be_there},
	{"the DEK stays with the session", the_dek_stays_with_the_session},
	CU_TEST_INFO_NULL,
};

int main(void)
{
	CU_SuiteInfo suites[] = {{.pName = "sm", .pTests = tests}, CU_SUITE_INFO_NULL};

	return suite_run("card sm", suites);
}
