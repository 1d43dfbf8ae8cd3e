/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a security domain refuses, one row each: with which word, whether the session is over then, and
 * that registry, code, keys, counters and data are what they were, byte for byte. In sessions from a
 * key set, and what is not about their channel over SCP10, whose own is in test_attack_session.c.
 */
#include "tests/suite.h"

#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/tlv.h"
#include "card/instance.h"
#include "tests/base/hex.h"
#include "tests/card/delegate.h"
#include "tests/card/keyhost.h"
#include "tests/card/manage.h"

enum { ROOM = 1 << 21, VERSION = 0x30, BIG_BLOCK = 60000 };

static struct keyhost host;
static struct buf block, file, sent;
static uint8_t hash[SHA256_SIZE];
static bool over_scp10;

/* All records of the card's contents, as they lie in its memory. */
static void summarise(uint8_t ret[SHA256_SIZE])
{
	struct nvm *nvm = manage_peer.card->nvm;
	struct view bytes;
	uint32_t id = 0;
	struct buf all;

	buf_init(&all, ROOM);
	while (nvm_next(nvm, id, &id, &bytes) == RC_OK) {
		buf_u32(&all, id);
		buf_view(&all, bytes);
	}
	peer_good(buf_rc(&all));
	peer_good(crypto_sha256(view_buf(&all), ret));
	buf_free(&all);
}

static uint16_t send_bytes(uint32_t header, struct view data)
{
	return over_scp10 ? manage_bytes(header, data) : keyhost_send(&host, header, data);
}

static uint16_t send(uint32_t header, const char *data)
{
	return send_bytes(header, hex(data));
}

static uint16_t protected_raw(uint32_t header)
{
	return keyhost_raw(&host, header, view_buf(&sent));
}

static void protect(uint32_t header, const char *data)
{
	buf_reset(&sent);
	keyhost_protect(&host, header, hex(data), &sent);
}

/* In blocks of a short command. */
static uint16_t load(struct view bytes, size_t size)
{
	uint16_t sw = 0x9000;

	for (size_t at = 0, n = 0; sw == 0x9000 && at < bytes.len; at += size, n++) {
		size_t left = bytes.len - at, part = left < size ? left : size;

		sw = send_bytes(0x80E80000 | (left <= size ? 0x8000 : 0) | (uint8_t)n,
				view_of(bytes.data + at, part));
	}
	return sw;
}

static uint16_t announce(const char *owner, size_t hash_len)
{
	struct buf data;
	uint16_t sw;

	buf_init(&data, 200);
	buf_view(&data, hex("06" PACKAGE));
	buf_u8(&data, (uint8_t)hex(owner).len);
	buf_view(&data, hex(owner));
	buf_u8(&data, (uint8_t)hash_len);
	buf_put(&data, hash, hash_len);
	buf_view(&data, hex("0000"));
	sw = send_bytes(0x80E60200, view_buf(&data));
	buf_free(&data);
	return sw;
}

static uint16_t load_block(const char *owner, size_t hash_len)
{
	CU_ASSERT_EQUAL(announce(owner, hash_len), 0x9000);
	tlv_put(&file, 0xC4, view_buf(&block));
	return load(view_buf(&file), 100);
}

static uint16_t wrong_cryptogram(void)
{
	return keyhost_open(&host, host.level, FAULT_CRYPTOGRAM);
}

static uint16_t wrong_mac_of_authentication(void)
{
	return keyhost_open(&host, host.level, FAULT_MAC);
}

static uint16_t wrong_level(void)
{
	return keyhost_open(&host, host.level, FAULT_LEVEL);
}

static uint16_t replayed_authentication(void)
{
	uint32_t header = 0x84820000 | (uint32_t)host.level << 8;

	CU_ASSERT_EQUAL(keyhost_raw(&host, 0x80500000 | VERSION << 8, hex("0102030405060708")),
			0x9000);
	return keyhost_raw(&host, header, view_buf(&host.authenticate));
}

static uint16_t authentication_out_of_turn(void)
{
	CU_ASSERT_EQUAL(keyhost_raw(&host, 0x80500000 | VERSION << 8, hex("0102030405060708")),
			0x9000);
	CU_ASSERT_EQUAL(keyhost_raw(&host, 0x80CA0066, view_of(NULL, 0)), 0x9000);
	return keyhost_raw(&host, 0x84820000 | (uint32_t)host.level << 8,
			   view_buf(&host.authenticate));
}

static uint16_t wrong_mac(void)
{
	protect(0x80E40000, "4F06" DOMAIN);
	sent.data[sent.len - 1] ^= 1;
	return protected_raw(0x84E40000);
}

static uint16_t other_header(void)
{
	protect(0x80E40000, "4F06" DOMAIN);
	return protected_raw(0x84E40080);
}

static uint16_t replayed_command(void)
{
	protect(0x80F28002, "4F00");
	CU_ASSERT_EQUAL(protected_raw(0x84F28002), 0x9000);
	return protected_raw(0x84F28002);
}

static uint16_t commands_in_the_wrong_order(void)
{
	protect(0x80F28002, "4F00");
	protect(0x80E40000, "4F06" DOMAIN);
	return protected_raw(0x84E40000);
}

static uint16_t command_without_a_mac(void)
{
	return keyhost_raw(&host, 0x84E40000, hex("4F06" DOMAIN));
}

static uint16_t plain_command(void)
{
	return keyhost_raw(&host, 0x80E40000, hex("4F06" DOMAIN));
}

static uint16_t load_without_a_request(void)
{
	return send(0x80E80000, "C440");
}

static uint16_t block_out_of_its_place(void)
{
	CU_ASSERT_EQUAL(announce("", 0), 0x9000);
	CU_ASSERT_EQUAL(send(0x80E80000, "C440"), 0x9000);
	CU_ASSERT_EQUAL(send(0x80E80002, "00"), 0x6A86);
	return send(0x80E80001, "00");
}

static uint16_t block_that_came_already(void)
{
	CU_ASSERT_EQUAL(announce("", 0), 0x9000);
	CU_ASSERT_EQUAL(send(0x80E80000, "C440"), 0x9000);
	return send(0x80E80000, "C440");
}

/* Past what a load file may have. */
static uint16_t too_many_bytes(void)
{
	static uint8_t bytes[BIG_BLOCK];
	uint16_t sw = announce("", 0);

	for (uint32_t n = 0; sw == 0x9000 && n < 20; n++)
		sw = send_bytes(0x80E80000 | n, view_of(bytes, sizeof(bytes)));
	return sw;
}

static uint16_t other_hash(void)
{
	uint16_t sw;

	hash[0] ^= 1;
	sw = load_block("", SHA256_SIZE);
	hash[0] ^= 1;
	return sw;
}

static uint16_t no_dap(void)
{
	return load_block(DOMAIN, SHA256_SIZE);
}

static uint16_t wrong_dap(void)
{
	size_t mark = tlv_open(&file, 0xE2);
	struct buf sig;

	buf_init(&sig, 300);
	delegate_sign(SCHEME_AES, view_of(hash, SHA1_SIZE), &sig);
	tlv_put(&file, 0x4F, hex(DOMAIN));
	tlv_put(&file, 0xC3, view_buf(&sig));
	tlv_close(&file, mark);
	buf_free(&sig);
	return load_block(DOMAIN, SHA256_SIZE);
}

static uint16_t no_cap(void)
{
	block.data[5] ^= 1; /* of the magic number */
	return load_block("", 0);
}

static uint16_t cap_that_is_too_short(void)
{
	buf_truncate(&block, block.len - 1);
	return load_block("", 0);
}

static uint16_t length_that_is_not_the_files(void)
{
	CU_ASSERT_EQUAL(announce("", 0), 0x9000);
	buf_view(&file, hex("C47F"));
	buf_view(&file, view_buf(&block));
	return load(view_buf(&file), 100);
}

static uint16_t above_its_quota(void)
{
	return send(0x80E60C00, "07" DOMAIN_FILE "08" DOMAIN_CODE "06 F001020304FF"
				"0180 08 C900 EF04 C8020001 00");
}

static uint16_t more_than_there_is(void)
{
	return send(0x80E60200, "06" PACKAGE "00 00 08 EF06 C704 00010001 00");
}

static uint16_t token_where_none_is_asked_for(void)
{
	return send(0x80E60200, "06" PACKAGE "00 00 00 01 AA");
}

static uint16_t absent_aid(void)
{
	return send(0x80E40000, "4F06F001020304FF");
}

static uint16_t built_in(void)
{
	return send(0x80E40000, "4F0A" TOKEN);
}

static const struct row {
	const char *name;
	uint16_t (*act)(void);
	uint16_t sw;
	bool ends; /* the session */
} rows[] = {
	{"a wrong cryptogram", wrong_cryptogram, 0x6300, true},
	{"a wrong MAC of EXTERNAL AUTHENTICATE", wrong_mac_of_authentication, 0x6300, true},
	{"a level without a MAC", wrong_level, 0x6A86, true},
	{"a replayed EXTERNAL AUTHENTICATE", replayed_authentication, 0x6300, true},
	{"EXTERNAL AUTHENTICATE out of turn", authentication_out_of_turn, 0x6982, true},
	{"a wrong MAC", wrong_mac, 0x6982, true},
	{"another header", other_header, 0x6982, true},
	{"a replayed command", replayed_command, 0x6982, true},
	{"commands in the wrong order", commands_in_the_wrong_order, 0x6982, true},
	{"a command without a MAC", command_without_a_mac, 0x6982, true},
	{"a plain command", plain_command, 0x6982, true},
	{"LOAD without INSTALL", load_without_a_request, 0x6985, false},
	{"a block out of its place", block_out_of_its_place, 0x6985, false},
	{"a block that came already", block_that_came_already, 0x6A86, false},
	{"more bytes than a load file has", too_many_bytes, 0x6A84, false},
	{"another hash", other_hash, 0x6A80, false},
	{"no DAP", no_dap, 0x6982, false},
	{"a wrong DAP", wrong_dap, 0x6982, false},
	{"no CAP", no_cap, 0x6A80, false},
	{"a CAP that is too short", cap_that_is_too_short, 0x6A80, false},
	{"a length that is not the file's", length_that_is_not_the_files, 0x6A80, false},
	{"an application above its quota", above_its_quota, 0x6A84, false},
	{"more memory than there is", more_than_there_is, 0x6A84, false},
	{"a token where none is asked for", token_where_none_is_asked_for, 0x6A80, false},
	{"an absent AID", absent_aid, 0x6A88, false},
	{"what is built in", built_in, 0x6985, false},
};

static void refuse(const struct row *row, uint8_t level)
{
	uint8_t before[SHA256_SIZE], after[SHA256_SIZE];
	uint16_t sw;
	bool over;

	buf_reset(&block);
	buf_reset(&file);
	manage_package(&block);
	peer_good(crypto_sha256(view_buf(&block), hash));
	if (over_scp10)
		manage_open();
	else
		CU_ASSERT_EQUAL_FATAL(keyhost_open(&host, level, FAULT_NONE), 0x9000);
	summarise(before);
	sw = row->act();
	over = send(0x80F28002, "4F00") != 0x9000;
	summarise(after);
	if (sw != row->sw || over != row->ends ||
	    !view_equal(view_of(before, SHA256_SIZE), view_of(after, SHA256_SIZE)))
		printf("%s: %04X instead of %04X, %s\n", row->name, sw, row->sw,
		       over ? "the session is over" : "the session goes on");
	CU_ASSERT_EQUAL(sw, row->sw);
	CU_ASSERT_EQUAL(over, row->ends);
	CU_ASSERT(view_equal(view_of(before, SHA256_SIZE), view_of(after, SHA256_SIZE)));
}

static void refuse_all(uint8_t type, uint8_t level)
{
	struct keyset set = manage_keys(VERSION);
	struct buf data;

	manage_start();
	buf_init(&data, MANAGE_ROOM);
	buf_init(&block, MANAGE_ROOM);
	buf_init(&file, MANAGE_ROOM);
	buf_init(&sent, MANAGE_ROOM);
	CU_ASSERT_EQUAL_FATAL(manage_make_domain("C0"), 0x9000);
	CU_ASSERT_EQUAL_FATAL(manage_send(0x00A40400, DOMAIN), 0x9000);
	delegate_put_key(DAP_VERSION, SCHEME_AES);
	CU_ASSERT_EQUAL_FATAL(manage_send(0x00A40400, ISD), 0x9000);
	set.type = type;
	manage_key_data(&set, &data);
	CU_ASSERT_EQUAL_FATAL(manage_bytes(0x80D80081, view_buf(&data)), 0x9000);
	keyhost_init(&host, &manage_peer, &set);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!over_scp10 || !rows[i].ends)
			refuse(&rows[i], level);
	keyhost_free(&host);
	buf_free(&data);
	buf_free(&block);
	buf_free(&file);
	buf_free(&sent);
	manage_stop();
}

static void what_is_refused_under_scp02_changes_nothing(void)
{
	refuse_all(KEY_TYPE_DES, 0x01);
	refuse_all(KEY_TYPE_DES, 0x03);
}

static void what_is_refused_under_scp03_changes_nothing(void)
{
	refuse_all(KEY_TYPE_AES, 0x01);
	refuse_all(KEY_TYPE_AES, 0x03);
}

static void what_is_refused_over_scp10_changes_nothing(void)
{
	over_scp10 = true;
	refuse_all(KEY_TYPE_AES, 0);
	over_scp10 = false;
}

static int clean(void)
{
	delegate_free();
	peer_world_free();
	return 0;
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"what is refused under SCP02 changes nothing",
		 what_is_refused_under_scp02_changes_nothing},
		{"what is refused under SCP03 changes nothing",
		 what_is_refused_under_scp03_changes_nothing},
		{"what is refused over SCP10 changes nothing",
		 what_is_refused_over_scp10_changes_nothing},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "manager refused", .pCleanupFunc = clean, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("manager refused", suites);
}
