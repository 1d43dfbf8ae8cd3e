/* SPDX-License-Identifier: BSD-2-Clause */
/* Card content management in tests. */
#include "tests/card/manage.h"

#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/tlv.h"
#include "tests/base/hex.h"
#include "tests/suite.h"

struct peer manage_peer;
struct buf manage_answer;

void manage_open(void)
{
	steps_open_with_roles(&manage_peer, ROLE_ISSUER);
	CU_ASSERT_EQUAL_FATAL(manage_send(0x00A40400, ISD), 0x9000);
}

void manage_start(void)
{
	buf_init(&manage_answer, MANAGE_ROOM);
	peer_new(&manage_peer);
	manage_peer.extended = true;
	manage_open();
}

void manage_stop(void)
{
	buf_free(&manage_answer);
	peer_free(&manage_peer);
}

uint16_t manage_bytes(uint32_t header, struct view data)
{
	bool bare;

	return peer_protected(&manage_peer, (uint8_t)(header >> 24), (uint8_t)(header >> 16),
			      (uint8_t)(header >> 8), (uint8_t)header, data, 256, &manage_answer,
			      &bare);
}

uint16_t manage_send(uint32_t header, const char *data)
{
	return manage_bytes(header, hex(data));
}

bool manage_answered(const char *data)
{
	return view_equal(view_buf(&manage_answer), hex(data));
}

uint16_t manage_bare(const char *apdu)
{
	return peer_raw(&manage_peer, hex(apdu), &manage_answer);
}

/* Bodies of components that nobody reads are a byte. */
void manage_package(struct buf *out)
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

uint16_t manage_load_file(struct view file, size_t size)
{
	uint16_t sw = 0x9000;

	for (size_t at = 0, n = 0; sw == 0x9000 && at < file.len; at += size, n++) {
		size_t left = file.len - at, part = left < size ? left : size;
		uint32_t header = 0x80E80000 | (left <= size ? 0x8000 : 0) | (uint8_t)n;

		sw = manage_bytes(header, view_of(file.data + at, part));
	}
	return sw;
}

uint16_t manage_load(size_t size)
{
	struct buf block, file;
	uint16_t sw;

	buf_init(&block, MANAGE_ROOM);
	buf_init(&file, MANAGE_ROOM);
	manage_package(&block);
	tlv_put(&file, 0xC4, view_buf(&block));
	sw = manage_load_file(view_buf(&file), size);
	buf_free(&block);
	buf_free(&file);
	return sw;
}

void manage_load_package(void)
{
	CU_ASSERT_EQUAL_FATAL(manage_send(0x80E60200, "06" PACKAGE "00 00 00 00"), 0x9000);
	CU_ASSERT_EQUAL_FATAL(manage_load(100), 0x9000);
}

static uint16_t install(const char *which, const char *privileges)
{
	char data[200];

	snprintf(data, sizeof(data), "%s%02X%s 02C900 00", which, (unsigned int)hex(privileges).len,
		 privileges);
	return manage_send(0x80E60C00, data);
}

uint16_t manage_install(const char *privileges)
{
	return install("06" PACKAGE "07" MODULE "07" INSTANCE, privileges);
}

uint16_t manage_make_domain(const char *privileges)
{
	return install("07" DOMAIN_FILE "08" DOMAIN_CODE "06" DOMAIN, privileges);
}

static void make_dek(uint8_t ret[AES256_KEY])
{
	uint8_t four[4 * PEER_KEY];

	for (size_t i = 0; i < 4; i++)
		memcpy(four + i * PEER_KEY, manage_peer.key[i], PEER_KEY);
	peer_good(crypto_hkdf(view_of(four, sizeof(four)), view_of(NULL, 0),
			      view_str("intaglio scp10 dek"), ret, AES256_KEY));
}

void manage_encipher(struct view secret, struct buf *out)
{
	uint8_t dek[AES256_KEY], zero[AES_BLOCK] = {0}, block[256] = {0};
	size_t len = (secret.len + AES_BLOCK - 1) / AES_BLOCK * AES_BLOCK;
	struct cipher *cipher = NULL;

	CU_ASSERT_FATAL(len <= sizeof(block));
	make_dek(dek);
	memcpy(block, secret.data, secret.len);
	peer_good(cipher_new(CIPHER_AES_256, dek, &cipher));
	peer_good(cipher_cbc_encrypt(cipher, zero, block, len, block));
	buf_put(out, block, len);
	cipher_free(&cipher);
}

/* Type, block with its length, check value. */
static void put_key(uint8_t type, struct view key, struct buf *out)
{
	uint8_t check[KEY_CHECK];
	struct buf block;

	buf_init(&block, 256);
	manage_encipher(key, &block);
	peer_good(keyset_check(type, key, check));
	buf_u8(out, type);
	if (block.len != key.len)
		buf_u8(out, (uint8_t)(block.len + 1));
	buf_u8(out, (uint8_t)key.len);
	buf_view(out, view_buf(&block));
	buf_u8(out, KEY_CHECK);
	buf_put(out, check, KEY_CHECK);
	buf_free(&block);
}

void manage_key(uint8_t version, uint8_t type, struct view key, struct buf *out)
{
	buf_u8(out, version);
	put_key(type, key, out);
}

void manage_key_data(const struct keyset *set, struct buf *out)
{
	buf_u8(out, set->version);
	for (size_t k = 0; k < KEYSET_KEYS; k++)
		put_key(set->type, view_of(set->key[k], set->len), out);
}

struct keyset manage_keys(uint8_t version)
{
	struct keyset set = {.version = version, .type = KEY_TYPE_AES, .len = 16};

	for (size_t k = 0; k < KEYSET_KEYS; k++)
		for (size_t i = 0; i < set.len; i++)
			set.key[k][i] = (uint8_t)(k << 4 | i);
	return set;
}
