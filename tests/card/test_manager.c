/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Card content management through the whole card: in a session of an issuer's over SCP10, and in one
 * from a key set that was put there. What is loaded is a package of our own making, which no machine
 * has to run yet.
 */
#include "tests/suite.h"

#include <string.h>

#include "base/crypto.h"
#include "base/scp03.h"
#include "base/tlv.h"
#include "tests/base/hex.h"
#include "tests/card/steps.h"

#define ISD      "A000000151000000"
#define TOKEN    "F0496E7461676C696F01"
#define PACKAGE  "F00102030405"
#define MODULE   "F0010203040501"
#define INSTANCE "F0010203040502"

enum { KEY = 16, ROOM = 4096 };

static struct peer p;
static struct buf answer;

/* One command under the session's protection, level 33. */
static uint16_t send(uint32_t header, const char *data)
{
	bool bare;

	return peer_protected(&p, (uint8_t)(header >> 24), (uint8_t)(header >> 16),
			      (uint8_t)(header >> 8), (uint8_t)header, hex(data), 256, &answer,
			      &bare);
}

static bool answered(const char *data)
{
	return view_equal(view_buf(&answer), hex(data));
}

static void start(void)
{
	buf_init(&answer, ROOM);
	peer_new(&p);
	p.extended = true;
	steps_open_with_roles(&p, ROLE_ISSUER);
	CU_ASSERT_EQUAL(send(0x00A40400, ISD), 0x9000);
}

static void stop(void)
{
	buf_free(&answer);
	peer_free(&p);
}

/* A package of this name with one applet; bodies of components nobody reads are a byte. */
static void put_package(struct buf *out)
{
	static const struct {
		uint8_t tag;
		const char *body;
	} components[] = {
		{1, "DECAFFED 01 02 04 00 01 06" PACKAGE},
		{2, "00"},
		{4, "01 00 01 07 A0000000620001"},
		{3, "01 07" MODULE "0000"},
		{6, "00"},
		{7, "00"},
		{8, "00"},
		{5, "00"},
		{9, "00"},
	};

	for (size_t i = 0; i < sizeof(components) / sizeof(components[0]); i++) {
		struct view body = hex(components[i].body);

		buf_u8(out, components[i].tag);
		buf_u16(out, (uint16_t)body.len);
		buf_view(out, body);
	}
}

/* The load file in blocks of so many bytes; the last word. */
static uint16_t load(size_t size)
{
	struct buf block, file;
	uint16_t sw = 0x9000;

	buf_init(&block, ROOM);
	buf_init(&file, ROOM);
	put_package(&block);
	tlv_put(&file, 0xC4, view_buf(&block));
	for (size_t at = 0, n = 0; sw == 0x9000 && at < file.len; at += size, n++) {
		size_t left = file.len - at, part = left < size ? left : size;
		bool bare;

		sw = peer_protected(&p, 0x80, 0xE8, left <= size ? 0x80 : 0, (uint8_t)n,
				    view_of(file.data + at, part), 256, &answer, &bare);
	}
	buf_free(&block);
	buf_free(&file);
	return sw;
}

static void what_is_built_in_is_listed(void)
{
	start();
	CU_ASSERT_EQUAL(send(0x80F28002, "4F00"), 0x9000);
	CU_ASSERT(answered("E31D 4F08" ISD "9F700101 C50398FE80 CC08" ISD));
	CU_ASSERT_EQUAL(send(0x80F24002, "4F00"), 0x9000);
	CU_ASSERT(answered("E31F 4F0A" TOKEN "9F700107 C503040000 CC08" ISD));
	CU_ASSERT_EQUAL(send(0x80F21002, "4F00"), 0x9000);
	CU_ASSERT(answered(
		"E325 4F07A0000001515350 9F700101 CE020100 8408A000000151535041 CC08" ISD));
	CU_ASSERT_EQUAL(send(0x80F24000, "4F00"), 0x9000);
	CU_ASSERT(answered("0A" TOKEN "0704"));
	CU_ASSERT_EQUAL(send(0x80F24002, "4F06A00000015100"), 0x6A88);
	CU_ASSERT_EQUAL(send(0x80F24002, ""), 0x6A80);
	CU_ASSERT_EQUAL(send(0x80F24003, "4F00"), 0x6985);
	CU_ASSERT_EQUAL(send(0x80F2C002, "4F00"), 0x6A86);
	stop();
}

static void an_application_is_loaded_installed_listed_and_deleted(void)
{
	start();
	CU_ASSERT_EQUAL(send(0x80E60200, "06" PACKAGE "00 00 00 00"), 0x9000);
	CU_ASSERT(answered("00"));
	CU_ASSERT_EQUAL(load(20), 0x9000);
	CU_ASSERT_EQUAL(send(0x80F21002, "4F06" PACKAGE), 0x9000);
	CU_ASSERT(answered("E323 4F06" PACKAGE "9F700101 CE020100 8407" MODULE "CC08" ISD));
	CU_ASSERT_EQUAL(send(0x80E60C00, "06" PACKAGE "07" MODULE "07" INSTANCE "0100 02C900 00"),
			0x9000);
	CU_ASSERT(answered("00"));
	CU_ASSERT_EQUAL(send(0x80F24002, "4F07" INSTANCE), 0x9000);
	CU_ASSERT(answered("E324 4F07" INSTANCE "9F700107 C503000000 C406" PACKAGE "CC08" ISD));
	CU_ASSERT_EQUAL(send(0x00A40400, INSTANCE), 0x6999);
	CU_ASSERT_EQUAL(send(0x80E60C00, "06" PACKAGE "07" MODULE "07" INSTANCE "0100 02C900 00"),
			0x6985);
	/* Not while it is used, and not what is built in. */
	CU_ASSERT_EQUAL(send(0x80E40000, "4F06" PACKAGE), 0x6985);
	CU_ASSERT_EQUAL(send(0x80E40000, "4F0A" TOKEN), 0x6985);
	CU_ASSERT_EQUAL(send(0x80E40080, "4F06" PACKAGE), 0x9000);
	CU_ASSERT(answered("00"));
	CU_ASSERT_EQUAL(send(0x80F24002, "4F07" INSTANCE), 0x6A88);
	CU_ASSERT_EQUAL(send(0x80E40000, "4F06" PACKAGE), 0x6A88);
	stop();
}

static void what_is_wrong_with_a_load_leaves_nothing(void)
{
	start();
	CU_ASSERT_EQUAL(send(0x80E80000, "00"), 0x6985);
	CU_ASSERT_EQUAL(send(0x80E60200, "04F0010203 00 00 00 00"), 0x6A80);
	CU_ASSERT_EQUAL(send(0x80E60200, "06" PACKAGE "00 00 00"), 0x6A80);
	CU_ASSERT_EQUAL(send(0x80E60200, "06" PACKAGE "06" PACKAGE "00 00 00"), 0x6A88);
	CU_ASSERT_EQUAL(send(0x80E60200, "08" ISD "00 00 00 00"), 0x6985);
	/* Another name than the package's. */
	CU_ASSERT_EQUAL(send(0x80E60200, "06F00102030406 00 00 00 00"), 0x9000);
	CU_ASSERT_EQUAL(load(20), 0x6A80);
	/* Another hash. */
	CU_ASSERT_EQUAL(send(0x80E60200,
			     "06" PACKAGE "00 14 0000000000000000000000000000000000000000 00 00"),
			0x9000);
	CU_ASSERT_EQUAL(load(20), 0x6A80);
	/* A block out of its place, and then any. */
	CU_ASSERT_EQUAL(send(0x80E60200, "06" PACKAGE "00 00 00 00"), 0x9000);
	CU_ASSERT_EQUAL(send(0x80E80001, "C440"), 0x6A86);
	CU_ASSERT_EQUAL(load(20), 0x6985);
	CU_ASSERT_EQUAL(send(0x80F22002, "4F06" PACKAGE), 0x6A88);
	stop();
}

static void keys_of_a_kind_open_a_session_of_their_own(void)
{
	uint8_t keys[3 * KEY], sealed[3 * KEY], four[4 * PEER_KEY], dek[AES256_KEY], zero[16] = {0};
	struct cipher *cipher = NULL;
	struct buf data;
	bool bare;

	start();
	for (size_t i = 0; i < sizeof(keys); i++)
		keys[i] = (uint8_t)(i / KEY << 4 | i % KEY);
	for (size_t i = 0; i < 4; i++)
		memcpy(four + i * PEER_KEY, p.key[i], PEER_KEY);
	CU_ASSERT_EQUAL(crypto_hkdf(view_of(four, sizeof(four)), view_of(NULL, 0),
				    view_str("intaglio scp10 dek"), dek, sizeof(dek)),
			RC_OK);
	CU_ASSERT_EQUAL_FATAL(cipher_new(CIPHER_AES_256, dek, &cipher), RC_OK);
	buf_init(&data, ROOM);
	buf_u8(&data, 0x30);
	for (size_t i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(cipher_cbc_encrypt(cipher, zero, keys + i * KEY, KEY,
						   sealed + i * KEY),
				RC_OK);
		buf_view(&data, hex("8810"));
		buf_put(&data, sealed + i * KEY, KEY);
		buf_view(&data, hex(i == 0 ? "03C35280" : i == 1 ? "03013808" : "03840DE5"));
	}
	CU_ASSERT_EQUAL(peer_protected(&p, 0x80, 0xD8, 0, 0x81, view_buf(&data), 256, &answer,
				       &bare),
			0x9000);
	CU_ASSERT(answered("30 C35280 013808 840DE5"));
	/* The same version is not new any more; a wrong check value is none. */
	CU_ASSERT_EQUAL(peer_protected(&p, 0x80, 0xD8, 0, 0x81, view_buf(&data), 256, &answer,
				       &bare),
			0x6985);
	data.data[data.len - 1] ^= 1;
	CU_ASSERT_EQUAL(peer_protected(&p, 0x80, 0xD8, 0x30, 0x81, view_buf(&data), 256, &answer,
				       &bare),
			0x6982);
	CU_ASSERT_EQUAL(send(0x80CA00E0, ""), 0x9000);
	CU_ASSERT(answered("E012 C00401308810 C00402308810 C00403308810"));
	CU_ASSERT_EQUAL(peer_raw(&p, hex("8050300008112233445566778800"), &answer), 0x9000);
	CU_ASSERT_EQUAL(answer.len, 29);
	/* The session it ended is over. */
	CU_ASSERT_EQUAL(peer_raw(&p, hex("80F28002024F0000"), &answer), 0x6982);
	cipher_free(&cipher);
	buf_free(&data);
	stop();
}

static void public_data_is_read_without_a_session(void)
{
	start();
	peer_reopen(&p, NULL);
	CU_ASSERT_EQUAL(peer_raw(&p, hex("00A4040000"), &answer), 0x9000);
	CU_ASSERT_EQUAL(answer.data[0], 0x6F);
	CU_ASSERT_EQUAL(peer_raw(&p, hex("80CA006600"), &answer), 0x9000);
	CU_ASSERT_EQUAL(answer.data[0], 0x66);
	CU_ASSERT_EQUAL(peer_raw(&p, hex("80CA9F7F00"), &answer), 0x9000);
	CU_ASSERT_EQUAL(answer.len, 45);
	CU_ASSERT_EQUAL(peer_raw(&p, hex("00CA9F7F00"), &answer), 0x9000);
	CU_ASSERT_EQUAL(answer.len, 42);
	CU_ASSERT_EQUAL(peer_raw(&p, hex("80CA00C100"), &answer), 0x6A88);
	CU_ASSERT_EQUAL(peer_raw(&p, hex("80F28002024F0000"), &answer), 0x6982);
	stop();
}

static int clean(void)
{
	peer_world_free();
	return 0;
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"what_is_built_in_is_listed", what_is_built_in_is_listed},
		{"an_application_is_loaded_installed_listed_and_deleted",
		 an_application_is_loaded_installed_listed_and_deleted},
		{"what_is_wrong_with_a_load_leaves_nothing",
		 what_is_wrong_with_a_load_leaves_nothing},
		{"keys_of_a_kind_open_a_session_of_their_own",
		 keys_of_a_kind_open_a_session_of_their_own},
		{"public_data_is_read_without_a_session", public_data_is_read_without_a_session},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "manager", .pCleanupFunc = clean, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("manager", suites);
}
