/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PUT KEY and DELETE [key] of one key, GPCS 11.8 and 11.2: public and secret keys that open no session,
 * as hosts send them, what GET DATA E0 then says, and single keys of a set.
 */
#include "tests/suite.h"

#include <string.h>

#include <openssl/core_names.h>

#include "card/keyring.h"
#include "tests/base/hex.h"
#include "tests/card/manage.h"

#define AES128 "000102030405060708090A0B0C0D0E0F"
#define DES112 "404142434445464748494A4B4C4D4E4F"

enum { ROOM = MANAGE_ROOM, RSA_1024 = 128, RSA_2048 = 256 };

static struct buf data;

static void start(void)
{
	manage_start();
	buf_init(&data, ROOM);
}

static void stop(void)
{
	buf_free(&data);
	manage_stop();
}

static uint16_t put(uint32_t p1p2)
{
	uint16_t sw = manage_bytes(0x80D80000 | p1p2, view_buf(&data));

	buf_reset(&data);
	return sw;
}

/* A modulus that is odd and of the right length. */
static void put_rsa(uint8_t version, size_t size)
{
	uint8_t n[RSA_2048];

	memset(n, 0xC3, sizeof(n));
	buf_u8(&data, version);
	buf_u8(&data, 0xA1);
	if (size == RSA_2048)
		buf_view(&data, hex("820100"));
	else
		buf_u8(&data, (uint8_t)size);
	buf_put(&data, n, size);
	buf_view(&data, hex("A003010001 00"));
}

static void get_point(uint8_t point[65])
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(crypto_context(), NULL, "EC", "P-256");
	size_t len;

	CU_ASSERT_PTR_NOT_NULL_FATAL(key);
	CU_ASSERT_EQUAL_FATAL(
		EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, 65, &len), 1);
	EVP_PKEY_free(key);
}

static void put_point(const uint8_t point[65])
{
	buf_view(&data, hex("71 B041"));
	buf_put(&data, point, 65);
	buf_view(&data, hex("F00100 00"));
}

static void keys_of_every_type_are_put_and_told_of(void)
{
	uint8_t point[65], scalar[32];

	start();
	put_rsa(0x73, RSA_1024);
	CU_ASSERT_EQUAL(put(0x0001), 0x9000);
	CU_ASSERT(manage_answered("73"));
	put_rsa(0x74, RSA_2048);
	CU_ASSERT_EQUAL(put(0x0001), 0x9000);
	manage_key(0x70, KEY_TYPE_AES, hex(AES128), &data);
	CU_ASSERT_EQUAL(put(0x0001), 0x9000);
	CU_ASSERT_EQUAL(manage_answer.len, 4);
	manage_key(0x70, KEY_TYPE_DES, hex(DES112), &data);
	CU_ASSERT_EQUAL(put(0x0002), 0x9000);
	CU_ASSERT(manage_answered("70 8BAF47"));
	get_point(point);
	put_point(point);
	CU_ASSERT_EQUAL(put(0x0001), 0x9000);
	/* A private one, with usage and access. */
	memset(scalar, 0x11, sizeof(scalar));
	buf_view(&data, hex("72 FFB120"));
	manage_encipher(view_of(scalar, sizeof(scalar)), &data);
	buf_view(&data, hex("FFF00100 00 0144 0101"));
	CU_ASSERT_EQUAL(put(0x0001), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80CA00E0, ""), 0x9000);
	CU_ASSERT(manage_answered("E034 C00401708810 C00402708010 C0060171B040F000"
				  "C00E0172FFB10020FFF0000001440101"
				  "C0060173A180A003 C0060174A100A003"));
	stop();
}

/* P-256 as hosts write it out that send no reference; GPCS table 11-74. */
#define CURVE_P "B220 FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF"
#define CURVE_AB                                                                \
	"B320 FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC" \
	"B420 5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B"
#define CURVE_G                                                                   \
	"B541 046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296" \
	"4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"
#define CURVE_N "B620 FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"

static void a_curve_written_out_is_the_one_of_its_reference(void)
{
	static const struct {
		const char *curve;
		uint16_t sw;
	} rows[] = {
		{CURVE_P CURVE_AB CURVE_G CURVE_N "00", 0x9000},
		{CURVE_P CURVE_AB CURVE_G CURVE_N "B701 01 00", 0x9000},
		{CURVE_P CURVE_AB CURVE_G CURVE_N "B701 02 00", 0x6A80},
		{CURVE_P CURVE_AB CURVE_G "00", 0x6A80},
		{CURVE_P CURVE_AB CURVE_N CURVE_G "00", 0x6A80},
		{CURVE_P CURVE_AB CURVE_G CURVE_N, 0x6A80},
		/* Of one's own: a is p - 4 there, and it has one byte less here. */
		{CURVE_P
		 "B320 FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFB"
		 "B420 5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B" CURVE_G
			 CURVE_N "00",
		 0x6A80},
		{CURVE_P
		 "B31F FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFF"
		 "B420 5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B" CURVE_G
			 CURVE_N "00",
		 0x6A80},
	};
	uint8_t point[65];

	start();
	get_point(point);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_view(&data, hex("71 B041"));
		buf_put(&data, point, sizeof(point));
		buf_view(&data, hex(rows[i].curve));
		CU_ASSERT_EQUAL(put(0x0001), rows[i].sw);
		if (rows[i].sw != 0x9000)
			continue;
		CU_ASSERT_EQUAL(manage_send(0x80CA00E0, ""), 0x9000);
		CU_ASSERT(manage_answered("E008 C0060171B040F000"));
		CU_ASSERT_EQUAL(manage_send(0x80E40000, "D20171"), 0x9000);
	}
	stop();
}

static void keys_that_are_none_are_refused(void)
{
	uint8_t point[65];

	start();
	get_point(point);
	point[64] ^= 1;
	put_point(point);
	CU_ASSERT_EQUAL(put(0x0001), 0x6A80);
	put_rsa(0x73, RSA_1024);
	data.data[2 + RSA_1024] ^= 1;
	CU_ASSERT_EQUAL(put(0x0001), 0x6A80); /* an even modulus */
	put_rsa(0x73, RSA_1024);
	buf_truncate(&data, data.len - 1);
	CU_ASSERT_EQUAL(put(0x0001), 0x6A80);
	put_rsa(0x73, RSA_1024);
	buf_truncate(&data, data.len - 6);
	CU_ASSERT_EQUAL(put(0x0001), 0x6A80);
	put_rsa(0x00, RSA_1024);
	CU_ASSERT_EQUAL(put(0x0001), 0x6A80);
	put_rsa(0x80, RSA_1024);
	CU_ASSERT_EQUAL(put(0x0001), 0x6A80);
	/* Two where one was announced; a type that nothing here uses; a wrong check value, and none. */
	manage_key(0x70, KEY_TYPE_AES, hex(AES128), &data);
	buf_put(&data, data.data + 1, data.len - 1);
	CU_ASSERT_EQUAL(put(0x0001), 0x6A80);
	buf_view(&data, hex("70 8510 " AES128 "00"));
	CU_ASSERT_EQUAL(put(0x0001), 0x6A80);
	manage_key(0x70, KEY_TYPE_AES, hex(AES128), &data);
	data.data[data.len - 1] ^= 1;
	CU_ASSERT_EQUAL(put(0x0001), 0x6982);
	manage_key(0x70, KEY_TYPE_AES, hex(AES128), &data);
	buf_truncate(&data, data.len - 4);
	buf_u8(&data, 0);
	CU_ASSERT_EQUAL(put(0x0001), 0x6982);
	CU_ASSERT_EQUAL(manage_send(0x80CA00E0, ""), 0x9000);
	CU_ASSERT(manage_answered("E000"));
	stop();
}

static void keys_are_replaced_by_their_like_and_deleted_one_by_one(void)
{
	start();
	manage_key(0x70, KEY_TYPE_AES, hex(AES128), &data);
	CU_ASSERT_EQUAL(put(0x0001), 0x9000);
	manage_key(0x70, KEY_TYPE_AES, hex(AES128), &data);
	CU_ASSERT_EQUAL(put(0x0001), 0x6985); /* no new one */
	manage_key(0x70, KEY_TYPE_AES, hex(DES112), &data);
	CU_ASSERT_EQUAL(put(0x7001), 0x9000);
	manage_key(0x70, KEY_TYPE_DES, hex(DES112), &data);
	CU_ASSERT_EQUAL(put(0x7001), 0x6A80); /* of another kind */
	manage_key(0x72, KEY_TYPE_AES, hex(DES112), &data);
	CU_ASSERT_EQUAL(put(0x7101), 0x6A88); /* in the place of none */
	manage_key(0x71, KEY_TYPE_AES, hex(DES112), &data);
	CU_ASSERT_EQUAL(put(0x7001), 0x9000); /* under another version */
	CU_ASSERT_EQUAL(manage_send(0x80CA00E0, ""), 0x9000);
	CU_ASSERT(manage_answered("E006 C00401718810"));
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "D00102D20171"), 0x6A88);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "D00101"), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "D00101D200"), 0x6A80);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "D00101D20171"), 0x9000);
	CU_ASSERT(manage_answered("00"));
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "D00101D20171"), 0x6A88);
	put_rsa(0x73, RSA_1024);
	CU_ASSERT_EQUAL(put(0x0001), 0x9000);
	/* A longer exponent would be memory that no quota was asked for. */
	put_rsa(0x73, RSA_1024);
	buf_truncate(&data, data.len - 6);
	buf_view(&data, hex("A00401000001 00"));
	CU_ASSERT_EQUAL(put(0x7301), 0x6A80);
	put_rsa(0x73, RSA_1024);
	CU_ASSERT_EQUAL(put(0x7301), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "D20173"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "D20173"), 0x6A88);
	stop();
}

static void one_key_of_a_set_is_replaced_deleted_and_put_back(void)
{
	struct keyset set = manage_keys(0x30);

	start();
	manage_key_data(&set, &data);
	CU_ASSERT_EQUAL(put(0x0081), 0x9000);
	manage_key(0x30, KEY_TYPE_AES, hex(DES112), &data);
	CU_ASSERT_EQUAL(put(0x3002), 0x9000);
	manage_key(0x30, KEY_TYPE_DES, hex(DES112), &data);
	CU_ASSERT_EQUAL(put(0x3002), 0x6A80);
	manage_key(0x30, KEY_TYPE_AES, hex(DES112), &data);
	CU_ASSERT_EQUAL(put(0x3004), 0x6985);
	manage_key(0x30, KEY_TYPE_AES, hex(DES112), &data);
	CU_ASSERT_EQUAL(put(0x0002), 0x6985);
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "D00102D20130"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80CA00E0, ""), 0x9000);
	CU_ASSERT(manage_answered("E00C C00401308810 C00403308810"));
	CU_ASSERT_EQUAL(manage_bare("8050300008112233445566778800"), 0x6A88);
	CU_ASSERT_EQUAL(manage_bare("8050000008112233445566778800"), 0x6A88);
	manage_open();
	manage_key(0x30, KEY_TYPE_AES, hex(AES128), &data);
	CU_ASSERT_EQUAL(put(0x0002), 0x9000);
	CU_ASSERT_EQUAL(manage_bare("8050300008112233445566778800"), 0x9000);
	manage_open();
	for (unsigned int id = 1; id <= KEYSET_KEYS; id++) {
		const char *const rows[] = {"D00101D20130", "D00102D20130", "D00103D20130"};

		CU_ASSERT_EQUAL(manage_send(0x80E40000, rows[id - 1]), 0x9000);
	}
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "D20130"), 0x6A88);
	stop();
}

static void keys_go_with_their_domain(void)
{
	start();
	CU_ASSERT_EQUAL_FATAL(manage_make_domain("80"), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, DOMAIN), 0x9000);
	put_rsa(0x73, RSA_1024);
	CU_ASSERT_EQUAL(put(0x0001), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x00A40400, ISD), 0x9000);
	CU_ASSERT_EQUAL(manage_send(0x80CA00E0, ""), 0x9000);
	CU_ASSERT(manage_answered("E000"));
	CU_ASSERT_EQUAL(manage_send(0x80E40000, "4F06" DOMAIN), 0x9000);
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
		{"keys of every type are put and told of", keys_of_every_type_are_put_and_told_of},
		{"a curve written out is the one of its reference",
		 a_curve_written_out_is_the_one_of_its_reference},
		{"keys that are none are refused", keys_that_are_none_are_refused},
		{"keys are replaced by their like and deleted one by one",
		 keys_are_replaced_by_their_like_and_deleted_one_by_one},
		{"one key of a set is replaced, deleted and put back",
		 one_key_of_a_set_is_replaced_deleted_and_put_back},
		{"keys go with their domain", keys_go_with_their_domain},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "manager keys", .pCleanupFunc = clean, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("manager keys", suites);
}
