/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The principal card: the published trace through it, byte for byte, and whole installations against
 * another card's manager, by a host that only carries.
 */
#include "card/principal.h"

#include <string.h>

#include "base/sw.h"
#include "base/tlv.h"
#include "tests/base/hex.h"
#include "tests/card/pair.h"
#include "tests/suite.h"

/* The published trace's challenge. */
static void seed_challenge(void *arg, uint8_t *ret, size_t n)
{
	(void)arg;
	for (size_t k = 0; k < n; k++)
		ret[k] = (uint8_t)(0x11 * (k % 8 + 1));
}

#define SEED_LOAD                                                                            \
	"010022DECAFFED02020200010AD15600013203010302010D6A617661636172642F46696C6502002100" \
	"22002100000015011A00C00B71000A01BA002D04D11F42000000000000020000040015"             \
	"02000107A0000000620001020107A00000006201010600C00000008000010001010000"             \
	"010019008000040003010700000026002B00300035003C0043004800000E00FF00080100000088"     \
	"0000260100010905000000A300AA00B200D500F800003201FF000B0200000121013500800001"

static void put_seed(struct view block)
{
	static const char install[] = "0AD156000132030103020108A000000003000000000000";
	uint8_t hash[SHA256_SIZE];
	struct buf code, b;

	buf_init(&code, PAIR_ROOM);
	buf_init(&b, PAIR_ROOM);
	buf_view(&code, block);
	while (code.len < 0xFAF)
		buf_u8(&code, 0);
	peer_good(crypto_sha256(view_buf(&code), hash));
	buf_view(&b, hex("00 01 00000FAF"));
	buf_put(&b, hash, sizeof(hash));
	buf_view(&b, hex(install));
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xE0, 0, 0, view_buf(&b), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xE0, 1, 0, view_buf(&code), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xE0, 2, 0, view_of(NULL, 0), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xDA, 0, 1,
				      hex("830100 A10D 040B 00 4F08D256000001010101 A204 02020001"
					  "A303 040100"),
				      0),
			SW_OK);
	CU_ASSERT_EQUAL(installer_charge(&pair_host, 1, 1, 1), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xD8, 0, 1,
				      hex("80 15 FF 01 00C0"
					  "404142434445464748494A4B4C4D4E4F"
					  "404142434445464748494A4B4C4D4E4F"
					  "404142434445464748494A4B4C4D4E4F"),
				      0),
			SW_OK);
	buf_free(&code);
	buf_free(&b);
}

/* Deciphers the body of a wrapped command under the trace's S-ENC, ICV zero. */
static void open_seed(struct view sent, struct view *ret_plain, uint8_t *array)
{
	static const uint8_t zero[8];
	struct cipher *cipher = NULL;
	struct view body = view_of(sent.data + 5, sent.len - 5 - SCP02_MAC);

	peer_good(cipher_new(CIPHER_3DES_2KEY, hex("25C9794A1205FF244F5FA0378D2F8D59").data,
			     &cipher));
	peer_good(cipher_cbc_decrypt(cipher, zero, body.data, body.len, array));
	peer_good(unpad(view_of(array, body.len), ret_plain));
	cipher_free(&cipher);
}

static void the_published_trace_comes_out_byte_for_byte(void)
{
	struct view block = hex(SEED_LOAD), plain, mac;
	uint8_t array[256];

	peer_new(&pair_principal);
	installer_make_principal(&pair_principal);
	installer_init(&pair_host, &pair_principal, &pair_principal, 1);
	put_seed(block);
	crypto_random_override(seed_challenge, NULL);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0, 0x84, 0, 0, view_of(NULL, 0), 8), SW_OK);
	crypto_random_override(NULL, NULL);
	CU_ASSERT(pair_answered("1122334455667788"));
	CU_ASSERT_EQUAL(
		pair_operate_with(0x50, 0,
				  "1122334455667788 00000000000000000000 FF02 0001 010203040506"
				  "B6FB6423866B6842 9000"),
		SW_OK);
	CU_ASSERT(pair_answered("84820300108E14AC21FAE976BF0FF4783B36D6CF61"));
	CU_ASSERT_EQUAL(pair_operate(0x00, 0xB1), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x10, 1), SW_OK);
	CU_ASSERT(pair_answered("84E4000018B72E016B0F470C92D411F4A2D480FA43BC372CF359FF2C3D"));
	CU_ASSERT_EQUAL(pair_operate(0x10, 2), SW_RECORD_NOT_FOUND);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0x21), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x20, 1), SW_OK);
	CU_ASSERT(
		pair_answered("80E60200207FE8E33C89B00BF36C4A9918434F782844E780899AC6C94000B8F28A96"
			      "0597C1"));
	CU_ASSERT_EQUAL(pair_operate(0x00, 0x31), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x30, 1), SW_OK);
	CU_ASSERT_EQUAL_FATAL(pair_host.answer.len, 5 + 0xD0);
	CU_ASSERT(view_equal(view_of(pair_host.answer.data, 5), hex("80E80000D0")));
	mac = view_of(pair_host.answer.data + pair_host.answer.len - SCP02_MAC, SCP02_MAC);
	CU_ASSERT(view_equal(mac, hex("D81A3A70053F941A")));
	open_seed(view_buf(&pair_host.answer), &plain, array);
	CU_ASSERT_EQUAL(plain.len, 192);
	CU_ASSERT(view_equal(view_of(plain.data, 4), hex("C4820FAF")));
	CU_ASSERT(view_equal(view_of(plain.data + 4, plain.len - 4), block));
	installer_free(&pair_host);
	peer_free(&pair_principal);
}

static void an_application_comes_onto_a_target(uint8_t type, uint8_t scp_i)
{
	pair_start(type, scp_i, 0, 1);
	CU_ASSERT_EQUAL(installer_run(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_installed(), 1);
	CU_ASSERT(pair_state_is(0, 1, false));
	installer_login(&pair_principal, ROLE_ISSUER);
	CU_ASSERT_EQUAL(installer_audited(&pair_host, PRINCIPAL_CHARGED), 1);
	CU_ASSERT_EQUAL(installer_audited(&pair_host, PRINCIPAL_REPORTED), 1);
	/* No second time, and nothing on the target has changed by asking. */
	installer_login(&pair_principal, ROLE_USER);
	CU_ASSERT_EQUAL(installer_begin(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0xB0 | PAIR_APPLICATION), SW_CONDITIONS);
	CU_ASSERT_EQUAL(pair_operate(0x10, 1), SW_CONDITIONS);
	CU_ASSERT_EQUAL(pair_installed(), 1);
	pair_stop();
}

static void an_application_comes_onto_a_target_by_scp02(void)
{
	an_application_comes_onto_a_target(KEY_TYPE_DES, 0x15);
}

static void an_application_comes_onto_a_target_that_derives_its_challenge(void)
{
	an_application_comes_onto_a_target(KEY_TYPE_DES, 0x55);
}

static void an_application_comes_onto_a_target_by_scp03(void)
{
	an_application_comes_onto_a_target(KEY_TYPE_AES, 0x70);
}

static void an_application_comes_onto_a_target_by_scp03_with_long_macs(void)
{
	pair_start(KEY_TYPE_AES, 0x61, 0, 1);
	pair_host.challenge = 16;
	CU_ASSERT_EQUAL(installer_run(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_installed(), 1);
	CU_ASSERT(pair_state_is(0, 1, false));
	pair_stop();
}

static void blocks_of_extended_length_carry_more(void)
{
	pair_start(KEY_TYPE_AES, 0x60, 0, 1);
	installer_login(&pair_principal, ROLE_ISSUER);
	installer_put_keys(&pair_host, 1, KEY_TYPE_AES, 0, 0, 600);
	CU_ASSERT_EQUAL(installer_begin(&pair_host), SW_OK);
	/* 600 bytes with their padding and a MAC of 8. */
	CU_ASSERT_EQUAL(pair_operate(0x00, 0xB0 | PAIR_APPLICATION), SW_OK);
	CU_ASSERT(view_equal(view_buf(&pair_host.answer), view_of((const uint8_t[]){2, 0x68}, 2)));
	CU_ASSERT_EQUAL(installer_load(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x30, 2), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x30, 3), SW_RECORD_NOT_FOUND);
	CU_ASSERT_EQUAL(installer_activate(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(installer_finish(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_installed(), 1);
	pair_stop();
}

/* How long the request says commands are, of a script of these lengths; with MACs of 16. */
static bool is_longest(size_t deleted, size_t installed, const char *answer)
{
	static const uint8_t zeros[PRINCIPAL_PLAIN_MAX + 1], number[] = {0, 1};
	struct buf b;
	size_t mark;

	buf_init(&b, 1000);
	tlv_put_u8(&b, 0x83, 0);
	mark = tlv_open(&b, 0xA1);
	/* P2 is the first. */
	tlv_put(&b, 0x04, view_of(zeros, 1 + deleted));
	tlv_close(&b, mark);
	mark = tlv_open(&b, 0xA2);
	tlv_put(&b, 0x02, view_of(number, sizeof(number)));
	tlv_close(&b, mark);
	mark = tlv_open(&b, 0xA3);
	tlv_put(&b, 0x04, view_of(zeros, installed));
	tlv_close(&b, mark);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0x80, 0xDA, 0, PAIR_APPLICATION, view_buf(&b), 0),
			SW_OK);
	buf_free(&b);
	CU_ASSERT_EQUAL(installer_begin(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0xB0 | PAIR_APPLICATION), SW_OK);
	return pair_answered(answer);
}

static void the_scripts_own_commands_are_measured_as_well(void)
{
	pair_start(KEY_TYPE_AES, 0x61, 0, 1);
	pair_host.challenge = 16;
	installer_login(&pair_principal, ROLE_ISSUER);
	CU_ASSERT(is_longest(223, 223, ""));
	CU_ASSERT(is_longest(224, 9, "0100"));
	CU_ASSERT(is_longest(9, 224, "0100"));
	CU_ASSERT(is_longest(9, 239, "0100"));
	pair_stop();
}

/* 904 bytes with their header: 227 blocks of 4, but 302 of 3. */
static void a_file_of_more_blocks_than_load_can_number_is_refused_at_once(void)
{
	pair_start(KEY_TYPE_AES, 0x60, 0, 1);
	installer_login(&pair_principal, ROLE_ISSUER);
	installer_put_keys(&pair_host, 1, KEY_TYPE_AES, 0, 0, 3);
	CU_ASSERT_EQUAL(installer_begin(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0xB0 | PAIR_APPLICATION), SW_FUNCTION_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(pair_operate(0x10, 1), SW_CONDITIONS);
	installer_put_keys(&pair_host, 1, KEY_TYPE_AES, 0, 0, 4);
	CU_ASSERT_EQUAL(installer_run(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_installed(), 1);
	CU_ASSERT(pair_state_is(0, 1, false));
	pair_stop();
}

static void targets_come_one_after_another_and_at_once(void)
{
	pair_start(KEY_TYPE_DES, 0x15, 0, 2);
	pair_open_other(KEY_TYPE_DES, 0x15);
	CU_ASSERT_EQUAL(installer_begin(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(pair_operate(0x00, 0xB0 | PAIR_APPLICATION), SW_OK);
	CU_ASSERT_EQUAL(pair_host.answer.len, 0);
	CU_ASSERT_EQUAL(installer_begin(&pair_other_host), SW_OK);
	CU_ASSERT_EQUAL(installer_load(&pair_other_host), SW_OK);
	CU_ASSERT_EQUAL(installer_load(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(installer_activate(&pair_host), SW_OK);
	/* One pending entry at a time: the other waits, and loses nothing. */
	CU_ASSERT_EQUAL(installer_activate(&pair_other_host), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_finish(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(installer_activate(&pair_other_host), SW_OK);
	CU_ASSERT_EQUAL(installer_finish(&pair_other_host), SW_OK);
	CU_ASSERT_EQUAL(pair_installed(), 1);
	CU_ASSERT_EQUAL(installer_instances(&pair_other, INSTALLER_INSTANCE, NULL), 1);
	CU_ASSERT(pair_state_is(0, 2, false));
	pair_close_other();
	pair_stop();
}

static void an_activation_is_kept_for_the_installation_that_has_begun(void)
{
	pair_start(KEY_TYPE_DES, 0x15, 0, 1);
	pair_open_other(KEY_TYPE_DES, 0x15);
	CU_ASSERT_EQUAL(installer_begin(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(installer_load(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(installer_begin(&pair_other_host), SW_OK);
	/* Refused before anything has changed on the other target. */
	CU_ASSERT_EQUAL(installer_load(&pair_other_host), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_activate(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(installer_finish(&pair_host), SW_OK);
	CU_ASSERT_EQUAL(installer_instances(&pair_other, INSTALLER_PACKAGE, NULL), 0);
	CU_ASSERT(pair_state_is(0, 1, false));
	pair_close_other();
	pair_stop();
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"the_published_trace_comes_out_byte_for_byte",
		 the_published_trace_comes_out_byte_for_byte},
		{"an_application_comes_onto_a_target_by_scp02",
		 an_application_comes_onto_a_target_by_scp02},
		{"an_application_comes_onto_a_target_that_derives_its_challenge",
		 an_application_comes_onto_a_target_that_derives_its_challenge},
		{"an_application_comes_onto_a_target_by_scp03",
		 an_application_comes_onto_a_target_by_scp03},
		{"an_application_comes_onto_a_target_by_scp03_with_long_macs",
		 an_application_comes_onto_a_target_by_scp03_with_long_macs},
		{"blocks_of_extended_length_carry_more", blocks_of_extended_length_carry_more},
		{"the_scripts_own_commands_are_measured_as_well",
		 the_scripts_own_commands_are_measured_as_well},
		{"a_file_of_more_blocks_than_load_can_number_is_refused_at_once",
		 a_file_of_more_blocks_than_load_can_number_is_refused_at_once},
		{"targets_come_one_after_another_and_at_once",
		 targets_come_one_after_another_and_at_once},
		{"an_activation_is_kept_for_the_installation_that_has_begun",
		 an_activation_is_kept_for_the_installation_that_has_begun},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "principal", .pTests = tests},
		{.pName = "principal_counted", .pTests = principal_counted_tests},
		{.pName = "principal_back", .pTests = principal_back_tests},
		{.pName = "principal_order", .pTests = principal_order_tests},
		{.pName = "principal_issuer",
		 .pCleanupFunc = pair_clean,
		 .pTests = principal_issuer_tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("principal", suites);
}
