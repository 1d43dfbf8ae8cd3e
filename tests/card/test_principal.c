/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The principal card: the published trace through it, byte for byte; whole installations against
 * another card's manager, by a host that only carries; what is counted; and at every operation what
 * is out of order or hostile.
 */
#include "card/principal.h"

#include <string.h>

#include "base/sw.h"
#include "base/tlv.h"
#include "tests/base/hex.h"
#include "tests/card/directory.h"
#include "tests/card/installer.h"
#include "tests/card/steps.h"
#include "tests/suite.h"

enum { APP = 3, ROOM = 4096, NOW = 0x11223344 };

static struct peer p, t, u;
static struct installer i, j;

static uint16_t op(uint8_t p1, uint8_t p2)
{
	return installer_operate(&i, p1, p2);
}

static uint16_t op_with(uint8_t p1, uint8_t p2, const char *data)
{
	return installer_ask(&i, 0x80, 0x80, p1, p2, hex(data), 65536);
}

static bool answered(const char *data)
{
	return view_equal(view_buf(&i.answer), hex(data));
}

/* Two cards of different names, made once, and copied. */
static struct peer originals[2];

static void new_target(struct peer *target, size_t which, uint8_t type, uint8_t scp_i, bool shared)
{
	struct peer *original = &originals[which];

	if (!original->card) {
		peer_fresh(original);
		original->name = which ? "DECARD00000003" : "DECARD00000002";
		peer_personalise(original);
	}
	peer_copy(target, original);
	installer_give_keys(target, type, scp_i, shared, NULL);
}

/* A principal with one activation, or more, and one target. */
static void start(uint8_t type, uint8_t scp_i, uint8_t flags, uint32_t activations)
{
	peer_new(&p);
	installer_make_principal(&p);
	new_target(&t, 0, type, scp_i, flags & PRINCIPAL_SHARED);
	installer_init(&i, &p, &t, APP);
	installer_put_keys(&i, 1, type, type == KEY_TYPE_AES ? 0 : scp_i, flags, 0);
	installer_put_application(&i, APP);
	CU_ASSERT_EQUAL(installer_charge(&i, APP, 1, activations), SW_OK);
	installer_login(&p, ROLE_USER);
}

static void stop(void)
{
	installer_free(&i);
	peer_free(&p);
	peer_free(&t);
}

/* As issuer, for what an installer may not ask. */
static bool state_is(uint32_t left, uint32_t used, bool pending)
{
	struct principal_counter n;
	bool is;

	installer_login(&p, ROLE_ISSUER);
	n = installer_counter(&i, APP);
	is = n.left == left && n.used == used && installer_is_pending(&i) == pending;
	installer_login(&p, ROLE_USER);
	return is;
}

static size_t installed(void)
{
	return installer_instances(&t, INSTALLER_INSTANCE, NULL);
}

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

	buf_init(&code, ROOM);
	buf_init(&b, ROOM);
	buf_view(&code, block);
	while (code.len < 0xFAF)
		buf_u8(&code, 0);
	peer_good(crypto_sha256(view_buf(&code), hash));
	buf_view(&b, hex("00 01 00000FAF"));
	buf_put(&b, hash, sizeof(hash));
	buf_view(&b, hex(install));
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xE0, 0, 0, view_buf(&b), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xE0, 1, 0, view_buf(&code), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xE0, 2, 0, view_of(NULL, 0), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xDA, 0, 1,
				      hex("830100 A10D 040B 00 4F08D256000001010101 A204 02020001"
					  "A303 040100"),
				      0),
			SW_OK);
	CU_ASSERT_EQUAL(installer_charge(&i, 1, 1, 1), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xD8, 0, 1,
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

	peer_new(&p);
	installer_make_principal(&p);
	installer_init(&i, &p, &p, 1);
	put_seed(block);
	crypto_random_override(seed_challenge, NULL);
	CU_ASSERT_EQUAL(installer_ask(&i, 0, 0x84, 0, 0, view_of(NULL, 0), 8), SW_OK);
	crypto_random_override(NULL, NULL);
	CU_ASSERT(answered("1122334455667788"));
	CU_ASSERT_EQUAL(op_with(0x50, 0,
				"1122334455667788 00000000000000000000 FF02 0001 010203040506"
				"B6FB6423866B6842 9000"),
			SW_OK);
	CU_ASSERT(answered("84820300108E14AC21FAE976BF0FF4783B36D6CF61"));
	CU_ASSERT_EQUAL(op(0x00, 0xB1), SW_OK);
	CU_ASSERT_EQUAL(op(0x10, 1), SW_OK);
	CU_ASSERT(answered("84E4000018B72E016B0F470C92D411F4A2D480FA43BC372CF359FF2C3D"));
	CU_ASSERT_EQUAL(op(0x10, 2), SW_RECORD_NOT_FOUND);
	CU_ASSERT_EQUAL(op(0x00, 0x21), SW_OK);
	CU_ASSERT_EQUAL(op(0x20, 1), SW_OK);
	CU_ASSERT(answered("80E60200207FE8E33C89B00BF36C4A9918434F782844E780899AC6C94000B8F28A96"
			   "0597C1"));
	CU_ASSERT_EQUAL(op(0x00, 0x31), SW_OK);
	CU_ASSERT_EQUAL(op(0x30, 1), SW_OK);
	CU_ASSERT_EQUAL_FATAL(i.answer.len, 5 + 0xD0);
	CU_ASSERT(view_equal(view_of(i.answer.data, 5), hex("80E80000D0")));
	mac = view_of(i.answer.data + i.answer.len - SCP02_MAC, SCP02_MAC);
	CU_ASSERT(view_equal(mac, hex("D81A3A70053F941A")));
	open_seed(view_buf(&i.answer), &plain, array);
	CU_ASSERT_EQUAL(plain.len, 192);
	CU_ASSERT(view_equal(view_of(plain.data, 4), hex("C4820FAF")));
	CU_ASSERT(view_equal(view_of(plain.data + 4, plain.len - 4), block));
	installer_free(&i);
	peer_free(&p);
}

static void an_application_comes_onto_a_target(uint8_t type, uint8_t scp_i)
{
	start(type, scp_i, 0, 1);
	CU_ASSERT_EQUAL(installer_run(&i), SW_OK);
	CU_ASSERT_EQUAL(installed(), 1);
	CU_ASSERT(state_is(0, 1, false));
	installer_login(&p, ROLE_ISSUER);
	CU_ASSERT_EQUAL(installer_audited(&i, PRINCIPAL_CHARGED), 1);
	CU_ASSERT_EQUAL(installer_audited(&i, PRINCIPAL_REPORTED), 1);
	/* No second time, and nothing on the target has changed by asking. */
	installer_login(&p, ROLE_USER);
	CU_ASSERT_EQUAL(installer_begin(&i), SW_OK);
	CU_ASSERT_EQUAL(op(0x00, 0xB0 | APP), SW_CONDITIONS);
	CU_ASSERT_EQUAL(op(0x10, 1), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installed(), 1);
	stop();
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
	start(KEY_TYPE_AES, 0x61, 0, 1);
	i.challenge = 16;
	CU_ASSERT_EQUAL(installer_run(&i), SW_OK);
	CU_ASSERT_EQUAL(installed(), 1);
	CU_ASSERT(state_is(0, 1, false));
	stop();
}

static void blocks_of_extended_length_carry_more(void)
{
	start(KEY_TYPE_AES, 0x60, 0, 1);
	installer_login(&p, ROLE_ISSUER);
	installer_put_keys(&i, 1, KEY_TYPE_AES, 0, 0, 600);
	CU_ASSERT_EQUAL(installer_begin(&i), SW_OK);
	CU_ASSERT_EQUAL(installer_load(&i), SW_OK);
	CU_ASSERT_EQUAL(op(0x30, 2), SW_OK);
	CU_ASSERT_EQUAL(op(0x30, 3), SW_RECORD_NOT_FOUND);
	CU_ASSERT_EQUAL(installer_activate(&i), SW_OK);
	CU_ASSERT_EQUAL(installer_finish(&i), SW_OK);
	CU_ASSERT_EQUAL(installed(), 1);
	stop();
}

/* 904 bytes with their header: 227 blocks of 4, but 302 of 3. */
static void a_file_of_more_blocks_than_load_can_number_is_refused_at_once(void)
{
	start(KEY_TYPE_AES, 0x60, 0, 1);
	installer_login(&p, ROLE_ISSUER);
	installer_put_keys(&i, 1, KEY_TYPE_AES, 0, 0, 3);
	CU_ASSERT_EQUAL(installer_begin(&i), SW_OK);
	CU_ASSERT_EQUAL(op(0x00, 0xB0 | APP), SW_FUNCTION_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(op(0x10, 1), SW_CONDITIONS);
	installer_put_keys(&i, 1, KEY_TYPE_AES, 0, 0, 4);
	CU_ASSERT_EQUAL(installer_run(&i), SW_OK);
	CU_ASSERT_EQUAL(installed(), 1);
	CU_ASSERT(state_is(0, 1, false));
	stop();
}

static void targets_come_one_after_another_and_at_once(void)
{
	struct peer second;

	start(KEY_TYPE_DES, 0x15, 0, 2);
	new_target(&u, 1, KEY_TYPE_DES, 0x15, false);
	installer_init(&j, &second, &u, APP);
	/* A second channel of the principal, with a session of its own. */
	second = p;
	second.channel = 1;
	buf_init(&second.block, 1000);
	buf_init(&second.signature, 1000);
	buf_init(&second.wire, 70000);
	CU_ASSERT_EQUAL(installer_ask(&i, 0, 0x70, 0, 0, view_of(NULL, 0), 1), SW_OK);
	CU_ASSERT(answered("01"));
	installer_login(&second, ROLE_USER);
	CU_ASSERT_EQUAL(installer_begin(&i), SW_OK);
	CU_ASSERT_EQUAL(installer_begin(&j), SW_OK);
	CU_ASSERT_EQUAL(installer_load(&j), SW_OK);
	CU_ASSERT_EQUAL(installer_load(&i), SW_OK);
	CU_ASSERT_EQUAL(installer_activate(&i), SW_OK);
	/* One pending entry at a time: the other waits, and loses nothing. */
	CU_ASSERT_EQUAL(installer_activate(&j), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_finish(&i), SW_OK);
	CU_ASSERT_EQUAL(installer_activate(&j), SW_OK);
	CU_ASSERT_EQUAL(installer_finish(&j), SW_OK);
	CU_ASSERT_EQUAL(installed(), 1);
	CU_ASSERT_EQUAL(installer_instances(&u, INSTALLER_INSTANCE, NULL), 1);
	CU_ASSERT(state_is(0, 2, false));
	buf_free(&second.block);
	buf_free(&second.signature);
	buf_free(&second.wire);
	installer_free(&j);
	peer_free(&u);
	stop();
}

static void an_activation_is_kept_for_the_installation_that_has_begun(void)
{
	struct peer second;

	start(KEY_TYPE_DES, 0x15, 0, 1);
	new_target(&u, 1, KEY_TYPE_DES, 0x15, false);
	installer_init(&j, &second, &u, APP);
	second = p;
	second.channel = 1;
	buf_init(&second.block, 1000);
	buf_init(&second.signature, 1000);
	buf_init(&second.wire, 70000);
	CU_ASSERT_EQUAL(installer_ask(&i, 0, 0x70, 0, 0, view_of(NULL, 0), 1), SW_OK);
	installer_login(&second, ROLE_USER);
	CU_ASSERT_EQUAL(installer_begin(&i), SW_OK);
	CU_ASSERT_EQUAL(installer_load(&i), SW_OK);
	CU_ASSERT_EQUAL(installer_begin(&j), SW_OK);
	/* Refused before anything has changed on the other target. */
	CU_ASSERT_EQUAL(installer_load(&j), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_activate(&i), SW_OK);
	CU_ASSERT_EQUAL(installer_finish(&i), SW_OK);
	CU_ASSERT_EQUAL(installer_instances(&u, INSTALLER_PACKAGE, NULL), 0);
	CU_ASSERT(state_is(0, 1, false));
	buf_free(&second.block);
	buf_free(&second.signature);
	buf_free(&second.wire);
	installer_free(&j);
	peer_free(&u);
	stop();
}

static void a_torn_installation_is_tried_again_for_nothing(uint8_t type, uint8_t scp_i)
{
	start(type, scp_i, 0, 1);
	CU_ASSERT_EQUAL(installer_begin(&i), SW_OK);
	CU_ASSERT_EQUAL(installer_load(&i), SW_OK);
	CU_ASSERT_EQUAL(installer_activate(&i), SW_OK);
	CU_ASSERT(state_is(0, 1, true));
	CU_ASSERT_EQUAL(installer_run(&i), SW_OK);
	CU_ASSERT_EQUAL(installed(), 1);
	CU_ASSERT(state_is(0, 1, false));
	stop();
}

static void a_torn_installation_is_tried_again_for_nothing_by_scp02(void)
{
	a_torn_installation_is_tried_again_for_nothing(KEY_TYPE_DES, 0x15);
}

static void a_torn_installation_is_tried_again_for_nothing_by_scp03(void)
{
	a_torn_installation_is_tried_again_for_nothing(KEY_TYPE_AES, 0x70);
}

static uint16_t release_once(void)
{
	uint16_t sw = installer_begin(&i);

	if (sw == SW_OK)
		sw = installer_load(&i);
	return sw == SW_OK ? installer_activate(&i) : sw;
}

static void the_hosts_word_is_believed_three_times(void)
{
	start(KEY_TYPE_DES, 0x15, 0, 1);
	for (int n = 0; n < 4; n++) {
		CU_ASSERT_EQUAL(release_once(), SW_OK);
		/* In one session it is one activation. */
		CU_ASSERT_EQUAL(installer_activate(&i), SW_OK);
	}
	CU_ASSERT(state_is(0, 1, true));
	CU_ASSERT_EQUAL(release_once(), SW_CONDITIONS);
	installer_login(&p, ROLE_ISSUER);
	CU_ASSERT_EQUAL(installer_charge(&i, APP, 2, 1), SW_OK);
	CU_ASSERT_EQUAL(release_once(), SW_OK);
	CU_ASSERT_EQUAL(installer_audited(&i, PRINCIPAL_RETRIED), 3);
	CU_ASSERT_EQUAL(installer_audited(&i, PRINCIPAL_DROPPED), 1);
	CU_ASSERT_EQUAL(installer_audited(&i, PRINCIPAL_CHARGED), 2);
	CU_ASSERT(state_is(0, 2, true));
	stop();
}

static void a_proved_report_is_asked_for_under_scp03(void)
{
	start(KEY_TYPE_AES, 0x60, 0, 1);
	for (int n = 0; n < 6; n++)
		CU_ASSERT_EQUAL(release_once(), SW_OK);
	CU_ASSERT_EQUAL(op(0x40, 1), SW_OK);
	/* The host's word alone. */
	CU_ASSERT_EQUAL(op_with(0x60, 1, "9000"), SW_AUTHENTICATION_FAILED);
	CU_ASSERT(state_is(0, 1, true));
	/* One wrong bit; then the session is over. */
	CU_ASSERT_EQUAL(release_once(), SW_OK);
	CU_ASSERT_EQUAL(op(0x40, 1), SW_OK);
	CU_ASSERT_EQUAL(installer_carry(&i), SW_OK);
	i.reply.data[0] ^= 1;
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0x80, 0x60, 1, view_buf(&i.reply), 0),
			SW_AUTHENTICATION_FAILED);
	i.reply.data[0] ^= 1;
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0x80, 0x60, 1, view_buf(&i.reply), 0),
			SW_CONDITIONS);
	CU_ASSERT(state_is(0, 1, true));
	CU_ASSERT_EQUAL(installer_run(&i), SW_OK);
	CU_ASSERT_EQUAL(installed(), 1);
	CU_ASSERT(state_is(0, 1, false));
	stop();
}

static void a_retry_is_not_for_another_card(uint8_t type, uint8_t scp_i)
{
	struct peer *first = &t;

	start(type, scp_i, 0, 1);
	new_target(&u, 1, type, scp_i, false);
	CU_ASSERT_EQUAL(release_once(), SW_OK);
	i.target = &u;
	CU_ASSERT_EQUAL(release_once(), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_instances(&u, INSTALLER_PACKAGE, NULL), 0);
	/* The other card under the first one's id. */
	CU_ASSERT_EQUAL(installer_ask(&i, 0, 0x84, 0, 0, view_of(NULL, 0), 8), SW_OK);
	{
		struct buf b;
		uint8_t own[PRINCIPAL_TARGET];

		buf_init(&b, ROOM);
		buf_view(&b, hex("8050000008"));
		buf_view(&b, view_buf(&i.answer));
		buf_u8(&b, 0);
		CU_ASSERT_EQUAL(peer_raw(first, hex("00A4040008" INSTALLER_ISD "00"), NULL), SW_OK);
		CU_ASSERT_EQUAL(peer_raw(first, view_buf(&b), &i.reply), SW_OK);
		memcpy(own, i.reply.data, sizeof(own));
		CU_ASSERT_EQUAL(peer_raw(&u, hex("00A4040008" INSTALLER_ISD "00"), NULL), SW_OK);
		CU_ASSERT_EQUAL(peer_raw(&u, view_buf(&b), &i.reply), SW_OK);
		memcpy(i.reply.data, own, sizeof(own));
		buf_reset(&b);
		buf_view(&b, view_buf(&i.answer));
		buf_view(&b, view_buf(&i.reply));
		CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0x80, 0x50, 0, view_buf(&b), 65536),
				SW_AUTHENTICATION_FAILED);
		buf_free(&b);
	}
	CU_ASSERT_EQUAL(op(0x00, 0xB0 | APP), SW_CONDITIONS);
	i.target = first;
	CU_ASSERT_EQUAL(installer_run(&i), SW_OK);
	CU_ASSERT(state_is(0, 1, false));
	peer_free(&u);
	stop();
}

static void a_retry_is_not_for_another_card_by_scp02(void)
{
	a_retry_is_not_for_another_card(KEY_TYPE_DES, 0x15);
}

static void a_retry_is_not_for_another_card_by_scp03(void)
{
	a_retry_is_not_for_another_card(KEY_TYPE_AES, 0x60);
}

static void a_full_trail_refuses_before_the_target_is_touched(void)
{
	start(KEY_TYPE_AES, 0x60, 0, 2);
	CU_ASSERT_EQUAL(installer_run(&i), SW_OK);
	installer_fill_trail(&p);
	installer_login(&p, ROLE_USER);
	CU_ASSERT_EQUAL(installer_begin(&i), SW_OK);
	CU_ASSERT_EQUAL(op(0x00, 0xB0 | APP), SW_NOT_ENOUGH_MEMORY);
	CU_ASSERT_EQUAL(op(0x10, 1), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installed(), 1);
	CU_ASSERT(state_is(1, 1, false));
	stop();
}

/* What a listener kept of one installation. */
struct trace {
	struct buf command[16];
	size_t count;
};

static void keep(struct trace *trace)
{
	struct buf *b = &trace->command[trace->count++];

	buf_init(b, ROOM);
	buf_view(b, view_buf(&i.answer));
}

static void a_recorded_trace_opens_no_other_card_with_the_same_keys(uint8_t type, uint8_t scp_i)
{
	struct trace trace = {.count = 0};
	struct buf b;

	start(type, scp_i, PRINCIPAL_SHARED, 1);
	new_target(&u, 1, type, scp_i, true);
	CU_ASSERT_EQUAL(peer_raw(&u, hex("00A4040008" INSTALLER_ISD "00"), NULL), SW_OK);
	CU_ASSERT_EQUAL(installer_begin(&i), SW_OK);
	keep(&trace);
	CU_ASSERT_EQUAL(op(0x00, 0xB0 | APP), SW_OK);
	CU_ASSERT_EQUAL(op(0x10, 1), SW_OK);
	keep(&trace);
	buf_init(&b, ROOM);
	buf_view(&b, hex("8050000008 0102030405060708 00"));
	CU_ASSERT_EQUAL(peer_raw(&u, view_buf(&b), NULL), SW_OK);
	CU_ASSERT_EQUAL(peer_raw(&u, view_buf(&trace.command[0]), NULL), SW_AUTHENTICATION_FAILED);
	CU_ASSERT_NOT_EQUAL(peer_raw(&u, view_buf(&trace.command[1]), NULL), SW_OK);
	buf_free(&b);
	for (size_t k = 0; k < trace.count; k++)
		buf_free(&trace.command[k]);
	peer_free(&u);
	stop();
}

static void a_recorded_trace_opens_no_other_card_by_scp02(void)
{
	a_recorded_trace_opens_no_other_card_with_the_same_keys(KEY_TYPE_DES, 0x15);
}

static void a_recorded_trace_opens_no_other_card_by_scp03(void)
{
	a_recorded_trace_opens_no_other_card_with_the_same_keys(KEY_TYPE_AES, 0x60);
}

/* What the target answered in another session, and to another command of this one, is no report. */
static void a_report_is_of_this_answer_of_this_session(void)
{
	struct buf old, other;

	start(KEY_TYPE_AES, 0x60, 0, 1);
	buf_init(&old, ROOM);
	buf_init(&other, ROOM);
	CU_ASSERT_EQUAL(release_once(), SW_OK);
	CU_ASSERT_EQUAL(op(0x40, 1), SW_OK);
	CU_ASSERT_EQUAL(installer_carry(&i), SW_OK);
	buf_view(&old, view_buf(&i.reply));
	/* It never came: the whole is repeated. */
	CU_ASSERT_EQUAL(release_once(), SW_OK);
	CU_ASSERT_EQUAL(op(0x40, 1), SW_OK);
	CU_ASSERT_EQUAL(installer_carry(&i), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0x80, 0x60, 1, view_buf(&old), 0),
			SW_AUTHENTICATION_FAILED);
	CU_ASSERT(state_is(0, 1, true));
	CU_ASSERT_EQUAL(release_once(), SW_OK);
	buf_view(&other, view_buf(&i.reply));
	CU_ASSERT_EQUAL(op(0x40, 1), SW_OK);
	CU_ASSERT_EQUAL(installer_carry(&i), SW_OK);
	/* That of the last LOAD. */
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0x80, 0x60, 1, view_buf(&other), 0),
			SW_AUTHENTICATION_FAILED);
	CU_ASSERT(state_is(0, 1, true));
	CU_ASSERT_EQUAL(installer_run(&i), SW_OK);
	CU_ASSERT_EQUAL(installed(), 1);
	CU_ASSERT(state_is(0, 1, false));
	buf_free(&old);
	buf_free(&other);
	stop();
}

static void with_shared_keys_every_release_is_charged(void)
{
	start(KEY_TYPE_DES, 0x15, PRINCIPAL_SHARED, 2);
	CU_ASSERT_EQUAL(release_once(), SW_OK);
	CU_ASSERT(state_is(1, 1, false));
	CU_ASSERT_EQUAL(installer_run(&i), SW_OK);
	CU_ASSERT(state_is(0, 2, false));
	CU_ASSERT_EQUAL(release_once(), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installed(), 1);
	stop();
}

static void shared_keys_and_a_derived_challenge_are_refused(void)
{
	struct buf b;

	start(KEY_TYPE_DES, 0x15, PRINCIPAL_SHARED, 1);
	/* The issuer says so. */
	installer_login(&p, ROLE_ISSUER);
	buf_init(&b, ROOM);
	buf_view(&b, hex("80 55 00 01 0000"));
	for (int k = 0; k < 48; k++)
		buf_u8(&b, (uint8_t)k);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xD8, 0, 2, view_buf(&b), 0), SW_WRONG_DATA);
	buf_free(&b);
	/* The issuer says otherwise, and the card does it. */
	installer_give_keys(&t, KEY_TYPE_DES, 0x55, true, NULL);
	CU_ASSERT_EQUAL(installer_begin(&i), SW_CONDITIONS);
	installer_give_keys(&t, KEY_TYPE_AES, 0x70, true, NULL);
	installer_put_keys(&i, 1, KEY_TYPE_AES, 0, PRINCIPAL_SHARED, 0);
	CU_ASSERT_EQUAL(installer_begin(&i), SW_CONDITIONS);
	installer_give_keys(&t, KEY_TYPE_AES, 0x60, true, NULL);
	CU_ASSERT_EQUAL(installer_begin(&i), SW_OK);
	stop();
}

static void a_challenge_serves_once_and_only_the_last(void)
{
	struct buf old, b;

	start(KEY_TYPE_DES, 0x15, 0, 1);
	buf_init(&old, ROOM);
	buf_init(&b, ROOM);
	CU_ASSERT_EQUAL(op_with(0x50, 0, "1122334455667788"), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_begin(&i), SW_OK);
	/* Again, with the target's old answer. */
	CU_ASSERT_EQUAL(op_with(0x50, 0, "1122334455667788"), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_ask(&i, 0, 0x84, 0, 0, view_of(NULL, 0), 8), SW_OK);
	buf_view(&old, view_buf(&i.answer));
	CU_ASSERT_EQUAL(installer_ask(&i, 0, 0x84, 0, 0, view_of(NULL, 0), 8), SW_OK);
	CU_ASSERT(!view_equal(view_buf(&old), view_buf(&i.answer)));
	buf_view(&b, hex("8050000008"));
	buf_view(&b, view_buf(&old));
	buf_u8(&b, 0);
	CU_ASSERT_EQUAL(peer_raw(&t, hex("00A4040008" INSTALLER_ISD "00"), NULL), SW_OK);
	CU_ASSERT_EQUAL(peer_raw(&t, view_buf(&b), &i.reply), SW_OK);
	buf_view(&old, view_buf(&i.reply));
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0x80, 0x50, 0, view_buf(&old), 65536),
			SW_CONDITIONS);
	/* The wrong one has used up the right one. */
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0x80, 0x50, 0, view_buf(&old), 65536),
			SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_ask(&i, 0, 0x84, 0, 0, view_of(NULL, 0), 9), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(installer_ask(&i, 0, 0x84, 1, 0, view_of(NULL, 0), 8), SW_INCORRECT_P1P2);
	buf_free(&old);
	buf_free(&b);
	stop();
}

static void every_flipped_bit_of_the_targets_answer_is_refused(void)
{
	struct buf b;

	start(KEY_TYPE_AES, 0x60, 0, 1);
	buf_init(&b, ROOM);
	CU_ASSERT_EQUAL(peer_raw(&t, hex("00A4040008" INSTALLER_ISD "00"), NULL), SW_OK);
	for (size_t byte = 0; byte < 29; byte++) {
		uint16_t sw;

		CU_ASSERT_EQUAL(installer_ask(&i, 0, 0x84, 0, 0, view_of(NULL, 0), 8), SW_OK);
		buf_reset(&b);
		buf_view(&b, hex("8050000008"));
		buf_view(&b, view_buf(&i.answer));
		buf_u8(&b, 0);
		CU_ASSERT_EQUAL(peer_raw(&t, view_buf(&b), &i.reply), SW_OK);
		i.reply.data[byte] ^= (uint8_t)(1 << byte % 8);
		buf_reset(&b);
		buf_view(&b, view_buf(&i.answer));
		buf_view(&b, view_buf(&i.reply));
		sw = installer_ask(&i, 0x80, 0x80, 0x50, 0, view_buf(&b), 65536);
		/* The key version (10) is nobody's secret; i (12) is used, but not authenticated. */
		if (byte == 10)
			CU_ASSERT_EQUAL(sw, SW_OK);
		if (byte != 10 && byte != 12)
			CU_ASSERT(sw == SW_AUTHENTICATION_FAILED || sw == SW_WRONG_DATA);
	}
	for (size_t len = 0; len < 29; len++) {
		CU_ASSERT_EQUAL(installer_ask(&i, 0, 0x84, 0, 0, view_of(NULL, 0), 8), SW_OK);
		buf_reset(&b);
		buf_view(&b, view_buf(&i.answer));
		buf_put(&b, i.reply.data, len);
		CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0x80, 0x50, 0, view_buf(&b), 65536),
				SW_WRONG_DATA);
	}
	buf_free(&b);
	stop();
}

static void indexes_ascend_by_one_and_the_last_comes_again(void)
{
	struct buf first;

	start(KEY_TYPE_DES, 0x15, 0, 1);
	buf_init(&first, ROOM);
	/* Nothing before its time. */
	CU_ASSERT_EQUAL(op(0x00, 0xB0 | APP), SW_CONDITIONS);
	CU_ASSERT_EQUAL(op(0x10, 1), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_begin(&i), SW_OK);
	CU_ASSERT_EQUAL(op(0x10, 1), SW_CONDITIONS);
	CU_ASSERT_EQUAL(op(0x00, 0x21), SW_CONDITIONS);
	CU_ASSERT_EQUAL(op(0x00, 0x31), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_activate(&i), SW_CONDITIONS);
	CU_ASSERT_EQUAL(op(0x40, 1), SW_CONDITIONS);
	CU_ASSERT_EQUAL(op(0x60, 1), SW_CONDITIONS);
	/* Applications: out of range, in the wrong form, the other one. */
	CU_ASSERT_EQUAL(op(0x00, 0xB1), SW_RECORD_NOT_FOUND);
	CU_ASSERT_EQUAL(op(0x00, 0xB0), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(op_with(0x00, 0xB0, "020003"), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(op_with(0x00, 0xB0, "020010"), SW_RECORD_NOT_FOUND);
	CU_ASSERT_EQUAL(op_with(0x00, 0xB0, "03001000"), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(op_with(0x00, 0xB3, "020003"), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(op(0x00, 0xC1), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(op(0x00, 0xB0 | APP), SW_OK);
	CU_ASSERT_EQUAL(op(0x00, 0xB0 | APP), SW_OK);
	CU_ASSERT_EQUAL(op(0x00, 0xB1), SW_CONDITIONS);
	/* DELETE. */
	CU_ASSERT_EQUAL(op(0x10, 2), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(op(0x00, 0x21), SW_CONDITIONS);
	CU_ASSERT_EQUAL(op(0x10, 1), SW_OK);
	buf_view(&first, view_buf(&i.answer));
	CU_ASSERT_EQUAL(op(0x10, 1), SW_OK);
	CU_ASSERT(view_equal(view_buf(&first), view_buf(&i.answer)));
	installer_carry(&i);
	CU_ASSERT_EQUAL(op(0x10, 2), SW_RECORD_NOT_FOUND);
	CU_ASSERT_EQUAL(op(0x10, 3), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(op(0x10, 0), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(op_with(0x10, 0, "020001"), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(op(0x00, 0xB0 | APP), SW_CONDITIONS);
	/* Files. */
	CU_ASSERT_EQUAL(op(0x20, 1), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(op(0x00, 0x22), SW_RECORD_NOT_FOUND);
	CU_ASSERT_EQUAL(op(0x00, 0x31), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(op(0x00, 0x21), SW_OK);
	CU_ASSERT_EQUAL(op(0x00, 0x21), SW_OK);
	CU_ASSERT_EQUAL(op(0x10, 1), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(op(0x00, 0x31), SW_CONDITIONS);
	CU_ASSERT_EQUAL(op(0x30, 1), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(op(0x20, 2), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(op(0x20, 1), SW_OK);
	CU_ASSERT_EQUAL(installer_carry(&i), SW_OK);
	CU_ASSERT_EQUAL(op(0x20, 2), SW_RECORD_NOT_FOUND);
	CU_ASSERT_EQUAL(op(0x00, 0x32), SW_RECORD_NOT_FOUND);
	CU_ASSERT_EQUAL(op(0x00, 0x31), SW_OK);
	CU_ASSERT_EQUAL(op(0x00, 0x31), SW_OK);
	/* Blocks. */
	CU_ASSERT_EQUAL(op(0x30, 2), SW_INCORRECT_P1P2);
	for (uint8_t block = 1; block <= 4; block++) {
		CU_ASSERT_EQUAL(installer_activate(&i), SW_CONDITIONS);
		CU_ASSERT_EQUAL(op(0x30, block), SW_OK);
		buf_reset(&first);
		buf_view(&first, view_buf(&i.answer));
		CU_ASSERT_EQUAL(op(0x30, block), SW_OK);
		CU_ASSERT(view_equal(view_buf(&first), view_buf(&i.answer)));
		if (block > 1)
			CU_ASSERT_EQUAL(op(0x30, (uint8_t)(block - 1)), SW_INCORRECT_P1P2);
		CU_ASSERT_EQUAL(op(0x30, block), SW_OK);
		CU_ASSERT_EQUAL(installer_carry(&i), SW_OK);
	}
	CU_ASSERT_EQUAL(op(0x30, 5), SW_RECORD_NOT_FOUND);
	/* Activation and what needs it. */
	CU_ASSERT_EQUAL(op(0x40, 1), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_ask(&i, 0, 0x88, 0, 0, hex("00"), 0), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(installer_ask(&i, 0, 0x88, 0, 1, view_of(NULL, 0), 0), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(installer_activate(&i), SW_OK);
	CU_ASSERT_EQUAL(op(0x30, 4), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(op(0x00, 0x21), SW_CONDITIONS);
	CU_ASSERT_EQUAL(op(0x60, 1), SW_CONDITIONS);
	CU_ASSERT_EQUAL(op(0x40, 2), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(op(0x40, 1), SW_OK);
	CU_ASSERT_EQUAL(installer_carry(&i), SW_OK);
	CU_ASSERT_EQUAL(op_with(0x60, 2, "9000"), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(op_with(0x60, 1, "90"), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(op_with(0x60, 1, "009000"), SW_OK);
	CU_ASSERT_EQUAL(op_with(0x60, 1, "009000"), SW_OK);
	CU_ASSERT_EQUAL(op(0x40, 2), SW_RECORD_NOT_FOUND);
	CU_ASSERT_EQUAL(op(0x50, 1), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(op(0x90, 1), SW_INCORRECT_P1P2);
	CU_ASSERT_EQUAL(installed(), 1);
	buf_free(&first);
	stop();
}

static void a_target_that_refuses_costs_one_activation(void)
{
	start(KEY_TYPE_DES, 0x15, 0, 1);
	CU_ASSERT_EQUAL(release_once(), SW_OK);
	CU_ASSERT_EQUAL(op(0x40, 1), SW_OK);
	CU_ASSERT_EQUAL(op_with(0x60, 1, "6A84"), SW_OK);
	CU_ASSERT_EQUAL(op(0x40, 2), SW_RECORD_NOT_FOUND);
	CU_ASSERT(state_is(0, 1, true));
	/* Given up: the next one costs. */
	CU_ASSERT_EQUAL(op(0x70, 0), SW_OK);
	CU_ASSERT_EQUAL(op(0x70, 0), SW_REFERENCE_NOT_FOUND);
	CU_ASSERT(state_is(0, 1, false));
	CU_ASSERT_EQUAL(release_once(), SW_CONDITIONS);
	stop();
}

static void what_the_issuer_puts_on_needs_his_role(void)
{
	static const uint8_t instructions[] = {0xD8, 0xE0, 0xDA, 0xDC, 0xF0};

	start(KEY_TYPE_DES, 0x15, 0, 1);
	for (size_t k = 0; k < sizeof(instructions); k++)
		CU_ASSERT_EQUAL(installer_ask(&i, 0x80, instructions[k], 0, 1, hex("00"), 0),
				SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xF2, 0, 0, view_of(NULL, 0), 65536), SW_OK);
	for (uint8_t p1 = 1; p1 <= 4; p1++)
		CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xF2, p1, 0, hex("00000000"), 65536),
				SW_SECURITY_STATUS);
	installer_login(&p, ROLE_AUDITOR);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xF2, 4, 0, hex("00000000"), 65536), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xF2, 1, 0, view_of(NULL, 0), 65536),
			SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(installer_ask(&i, 0, 0x84, 0, 0, view_of(NULL, 0), 8), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(op(0x00, 0xB0 | APP), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(installer_activate(&i), SW_SECURITY_STATUS);
	/* And a session at all. */
	peer_reopen(&p, NULL);
	CU_ASSERT_EQUAL(peer_raw(&p, hex("00A404000A" INSTALLER_PRINCIPAL "00"), NULL), SW_OK);
	CU_ASSERT_EQUAL(peer_raw(&p, hex("808000B3"), NULL), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(peer_raw(&p, hex("80F20000"), NULL), SW_SECURITY_STATUS);
	CU_ASSERT_EQUAL(peer_raw(&p, hex("00880000"), NULL), SW_CONDITIONS);
	stop();
}

static void what_is_wrong_with_what_is_put_on_leaves_nothing(void)
{
	static const char *const definitions[] = {
		"8301",
		"830100",
		"830100 A100 A200 A300",
		"830111 A100 A200 A303040100",
		"830100 A103040100 A200 A303040100",
		"830100 A100 A20302010A A303040100",
		"830100 A100 A200 A303050100",
		"830100 A100 A200 A303040100 00",
	};

	start(KEY_TYPE_DES, 0x15, 0, 1);
	installer_login(&p, ROLE_ISSUER);
	for (size_t k = 0; k < sizeof(definitions) / sizeof(definitions[0]); k++)
		CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xDA, 0, 9, hex(definitions[k]), 0),
				SW_WRONG_DATA);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xDA, 0, 9,
				      hex("830100 A100 A20402020007 A303040100"), 0),
			SW_REFERENCE_NOT_FOUND);
	CU_ASSERT_EQUAL(installer_charge(&i, 9, 1, 1), SW_REFERENCE_NOT_FOUND);
	/* A charge that comes again gives nothing more; one out of its order is none. */
	CU_ASSERT_EQUAL(installer_charge(&i, APP, 1, 1), SW_OK);
	CU_ASSERT_EQUAL(installer_charge(&i, APP, 1, 5), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_charge(&i, APP, 3, 5), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_charge(&i, APP, 2, 0xFFFFFFFF), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(installer_charge(&i, APP, 2, 5), SW_OK);
	CU_ASSERT_EQUAL(installer_counter(&i, APP).left, 6);
	/* Load files: block without beginning, too many bytes, another hash. */
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xE0, 1, 0, hex("00"), 0), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xE0, 0, 0, hex("0002 00000001 00"), 0),
			SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xE0, 0, 0,
				      hex("0002 00000001 6E340B9CFFB37A989CA544E6BB780A2C"
					  "78901D3FB33738768511A30617AFA01D 00"),
				      0),
			SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xE0, 1, 0, hex("0000"), 0), SW_WRONG_LENGTH);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xE0, 0, 0,
				      hex("0002 00000001 6E340B9CFFB37A989CA544E6BB780A2C"
					  "78901D3FB33738768511A30617AFA01E 00"),
				      0),
			SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xE0, 1, 0, hex("00"), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xE0, 2, 0, view_of(NULL, 0), 0), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xE0, 2, 0, view_of(NULL, 0), 0), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xF2, 2, 0, view_of(NULL, 0), 65536), SW_OK);
	CU_ASSERT_EQUAL(i.answer.len, 38);
	stop();
}

/* Bytes that a script names are one with it: they change only with another script. */
static void a_file_of_an_application_stays_as_it_is(void)
{
	static const char other[] = "0002 00000001 6E340B9CFFB37A989CA544E6BB780A2C"
				    "78901D3FB33738768511A30617AFA01D 00";
	static const char taken[] = "0001 00000001 6E340B9CFFB37A989CA544E6BB780A2C"
				    "78901D3FB33738768511A30617AFA01D 00";

	start(KEY_TYPE_DES, 0x15, 0, 1);
	installer_login(&p, ROLE_ISSUER);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xE0, 0, 0, hex(taken), 0), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xE0, 1, 0, hex("00"), 0), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xE0, 3, 0, hex("0001"), 0), SW_CONDITIONS);
	/* Another application takes a file while it is put again. */
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xE0, 0, 0, hex(other), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xE0, 1, 0, hex("00"), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xE0, 2, 0, view_of(NULL, 0), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xE0, 0, 0, hex(other), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xE0, 1, 0, hex("00"), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xDA, 0, 9,
				      hex("830100 A100 A20802020001 02020002 A303040100"), 0),
			SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xE0, 2, 0, view_of(NULL, 0), 0), SW_CONDITIONS);
	/* The last one that names it lets it go. */
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xDA, 0, APP, view_of(NULL, 0), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xE0, 3, 0, hex("0001"), 0), SW_CONDITIONS);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xDA, 0, 9, view_of(NULL, 0), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xE0, 3, 0, hex("0001"), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xE0, 3, 0, hex("0001"), 0),
			SW_REFERENCE_NOT_FOUND);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xDA, 0, 9,
				      hex("830100 A100 A20402020001 A303040100"), 0),
			SW_REFERENCE_NOT_FOUND);
	stop();
}

/* Another script, of the same file: from then on nothing is released, and nothing is charged. */
static void put_other_script(void)
{
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xDA, 0, APP,
				      hex("830100 A100 A20402020001 A303040100"), 0),
			SW_OK);
}

static void a_script_that_changes_under_an_installation_stops_it(void)
{
	start(KEY_TYPE_DES, 0x15, 0, 1);
	installer_login(&p, ROLE_ISSUER);
	CU_ASSERT_EQUAL(installer_begin(&i), SW_OK);
	CU_ASSERT_EQUAL(op(0x00, 0xB0 | APP), SW_OK);
	CU_ASSERT_EQUAL(op(0x10, 1), SW_OK);
	installer_carry(&i);
	put_other_script();
	CU_ASSERT_EQUAL(op(0x00, 0x21), SW_CONDITIONS);
	CU_ASSERT_EQUAL(op(0x20, 1), SW_CONDITIONS);
	installer_put_script(&i, APP);
	CU_ASSERT_EQUAL(installer_begin(&i), SW_OK);
	CU_ASSERT_EQUAL(installer_load(&i), SW_OK);
	put_other_script();
	CU_ASSERT_EQUAL(installer_activate(&i), SW_CONDITIONS);
	CU_ASSERT_EQUAL(op(0x40, 1), SW_CONDITIONS);
	/* The way back is as it was. */
	CU_ASSERT_EQUAL(op(0x11, 1), SW_OK);
	CU_ASSERT_EQUAL(installer_counter(&i, APP).left, 1);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xDA, 0, APP, view_of(NULL, 0), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_begin(&i), SW_OK);
	CU_ASSERT_EQUAL(op(0x00, 0xB0 | APP), SW_RECORD_NOT_FOUND);
	stop();
}

static void the_trail_says_which_target_when(void)
{
	struct view in, entry, target;
	uint8_t id[PRINCIPAL_TARGET], event, proved;
	uint16_t application;
	uint32_t sequence, date;
	uint64_t time;
	struct view digest;

	start(KEY_TYPE_AES, 0x60, 0, 1);
	CU_ASSERT_EQUAL(op_with(0x71, 0, "0000000011223344"), SW_OK);
	CU_ASSERT_EQUAL(installer_run(&i), SW_OK);
	CU_ASSERT_EQUAL(peer_raw(&t, hex("00A4040008" INSTALLER_ISD "00"), NULL), SW_OK);
	CU_ASSERT_EQUAL(peer_raw(&t, hex("80500000080102030405060708 00"), &i.reply), SW_OK);
	memcpy(id, i.reply.data, sizeof(id));
	installer_login(&p, ROLE_ISSUER);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xF2, 4, 0, hex("00000000"), 65536), SW_OK);
	in = view_buf(&i.answer);
	CU_ASSERT_EQUAL_FATAL(in.len, 2 * PRINCIPAL_AUDIT_SIZE);
	for (uint32_t k = 1; k <= 2; k++) {
		peer_good(view_take(&in, PRINCIPAL_AUDIT_SIZE, &entry));
		peer_good(view_u32(&entry, &sequence));
		peer_good(view_u8(&entry, &event));
		peer_good(view_u16(&entry, &application));
		peer_good(view_take(&entry, PRINCIPAL_TARGET, &target));
		peer_good(view_take(&entry, SHA256_SIZE, &digest));
		peer_good(view_u8(&entry, &proved));
		peer_good(view_u32(&entry, &date));
		peer_good(view_u64(&entry, &time));
		CU_ASSERT_EQUAL(sequence, k);
		CU_ASSERT_EQUAL(event, k == 1 ? PRINCIPAL_CHARGED : PRINCIPAL_REPORTED);
		CU_ASSERT_EQUAL(application, APP);
		CU_ASSERT(view_equal(target, view_of(id, sizeof(id))));
		CU_ASSERT_EQUAL(proved, 1);
		CU_ASSERT_EQUAL(date, PEER_TODAY);
		CU_ASSERT_EQUAL(time, NOW);
	}
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xF0, 0, 0, hex("00000004"), 0), SW_WRONG_DATA);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xF0, 0, 0, hex("00000002"), 0), SW_OK);
	CU_ASSERT_EQUAL(installer_audited(&i, PRINCIPAL_CHARGED), 0);
	CU_ASSERT_EQUAL(installer_audited(&i, PRINCIPAL_REPORTED), 1);
	stop();
}

static void there_is_one_principal_a_card_and_its_deletion_is_whole(void)
{
	bool bare;

	start(KEY_TYPE_DES, 0x15, 0, 1);
	steps_open_with_roles(&p, ROLE_ISSUER);
	CU_ASSERT_EQUAL(peer_protected(&p, 0, 0xA4, 4, 0, hex(INSTALLER_ISD), 256, NULL, &bare),
			SW_OK);
	CU_ASSERT_NOT_EQUAL(peer_protected(&p, 0x80, 0xE6, 0x0C, 0,
					   hex("0AF0496E7461676C696F50 0BF0496E7461676C696F5001"
					       "07F0010203040509 0100 02C900 00"),
					   256, NULL, &bare),
			    SW_OK);
	CU_ASSERT_EQUAL(peer_protected(&p, 0x80, 0xE4, 0, 0, hex("4F0A" INSTALLER_PRINCIPAL), 256,
				       NULL, &bare),
			SW_OK);
	CU_ASSERT_EQUAL(peer_protected(&p, 0, 0xA4, 4, 0, hex(INSTALLER_PRINCIPAL), 256, NULL,
				       &bare),
			SW_FILE_NOT_FOUND);
	installer_make_principal(&p);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xF2, 0, 0, view_of(NULL, 0), 65536), SW_OK);
	CU_ASSERT_EQUAL(i.answer.len, 0);
	CU_ASSERT_EQUAL(installer_ask(&i, 0x80, 0xF2, 1, 0, view_of(NULL, 0), 65536), SW_OK);
	CU_ASSERT_EQUAL(i.answer.len, 0);
	stop();
}

/* Whether a file of the card's memory has these bytes in it. */
static bool is_on_disk(struct view needle)
{
	static uint8_t bytes[1 << 20];
	struct dirent *entry;
	DIR *listing = opendir(p.dir);
	bool found = false;

	CU_ASSERT_PTR_NOT_NULL_FATAL(listing);
	while ((entry = readdir(listing))) {
		FILE *file = entry->d_name[0] == '.'
				     ? NULL
				     : fopen(directory_file(p.dir, entry->d_name), "rb");
		size_t n = file ? fread(bytes, 1, sizeof(bytes), file) : 0;

		found = found || (n && memmem(bytes, n, needle.data, needle.len));
		if (file)
			fclose(file);
	}
	closedir(listing);
	return found;
}

static void nothing_lies_in_clear_in_the_cards_memory(void)
{
	struct buf code;

	start(KEY_TYPE_AES, 0x60, 0, 1);
	CU_ASSERT_EQUAL(installer_run(&i), SW_OK);
	buf_init(&code, ROOM);
	installer_code(&code);
	/* What is in clear is found: the instance's name is in the registry. */
	CU_ASSERT(is_on_disk(hex(INSTALLER_PRINCIPAL)));
	CU_ASSERT(!is_on_disk(view_of(code.data + 100, 16)));
	CU_ASSERT(!is_on_disk(hex(INSTALLER_PACKAGE)));
	CU_ASSERT(!is_on_disk(hex(INSTALLER_INSTANCE)));
	for (uint8_t k = 0; k < KEYSET_KEYS; k++) {
		uint8_t key[16];

		for (uint8_t n = 0; n < sizeof(key); n++)
			key[n] = (uint8_t)(INSTALLER_MASTER + (k << 4) + n);
		CU_ASSERT(!is_on_disk(view_of(key, sizeof(key))));
	}
	buf_free(&code);
	stop();
}

static int clean(void)
{
	for (size_t k = 0; k < 2; k++)
		if (originals[k].card)
			peer_free(&originals[k]);
	peer_world_free();
	return 0;
}

#define TEST(name)          \
	{                   \
#name, name \
	}

int main(void)
{
	CU_TestInfo tests[] = {
		TEST(the_published_trace_comes_out_byte_for_byte),
		TEST(an_application_comes_onto_a_target_by_scp02),
		TEST(an_application_comes_onto_a_target_that_derives_its_challenge),
		TEST(an_application_comes_onto_a_target_by_scp03),
		TEST(an_application_comes_onto_a_target_by_scp03_with_long_macs),
		TEST(blocks_of_extended_length_carry_more),
		TEST(a_file_of_more_blocks_than_load_can_number_is_refused_at_once),
		TEST(targets_come_one_after_another_and_at_once),
		TEST(an_activation_is_kept_for_the_installation_that_has_begun),
		TEST(a_torn_installation_is_tried_again_for_nothing_by_scp02),
		TEST(a_torn_installation_is_tried_again_for_nothing_by_scp03),
		TEST(the_hosts_word_is_believed_three_times),
		TEST(a_proved_report_is_asked_for_under_scp03),
		TEST(a_retry_is_not_for_another_card_by_scp02),
		TEST(a_retry_is_not_for_another_card_by_scp03),
		TEST(a_full_trail_refuses_before_the_target_is_touched),
		TEST(a_recorded_trace_opens_no_other_card_by_scp02),
		TEST(a_recorded_trace_opens_no_other_card_by_scp03),
		TEST(a_report_is_of_this_answer_of_this_session),
		TEST(with_shared_keys_every_release_is_charged),
		TEST(shared_keys_and_a_derived_challenge_are_refused),
		TEST(a_challenge_serves_once_and_only_the_last),
		TEST(every_flipped_bit_of_the_targets_answer_is_refused),
		TEST(indexes_ascend_by_one_and_the_last_comes_again),
		TEST(a_target_that_refuses_costs_one_activation),
		TEST(what_the_issuer_puts_on_needs_his_role),
		TEST(what_is_wrong_with_what_is_put_on_leaves_nothing),
		TEST(a_file_of_an_application_stays_as_it_is),
		TEST(a_script_that_changes_under_an_installation_stops_it),
		TEST(the_trail_says_which_target_when),
		TEST(nothing_lies_in_clear_in_the_cards_memory),
		TEST(there_is_one_principal_a_card_and_its_deletion_is_whole),
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "principal", .pCleanupFunc = clean, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("principal", suites);
}
