/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's part of the channel for tests of the card: commands, set-up, secure messaging. */
#include "tests/card/peer.h"

#include <string.h>

#include "base/tlv.h"
#include "tests/suite.h"

enum { CLA_CHAIN = 0x10, BIG = 70000 };

uint16_t peer_raw(struct peer *p, struct view apdu, struct buf *out)
{
	struct buf response;
	struct view data;
	uint16_t sw = 0;

	buf_init(&response, BIG);
	peer_good(card_transmit(p->card, apdu, &response));
	peer_good(response_parse(view_buf(&response), &data, &sw));
	if (out) {
		buf_reset(out);
		buf_view(out, data);
	}
	buf_free(&response);
	return sw;
}

/* Fetches what a 61xx leaves. */
static uint16_t collect(struct peer *p, uint8_t cla, uint16_t sw, struct buf *out)
{
	struct buf apdu, part;

	buf_init(&part, BIG);
	buf_init(&apdu, 10);
	while (sw >> 8 == 0x61) {
		struct apdu get = {.cla = apdu_cla(cla & 0x80, p->channel), .ins = 0xC0, .le = 256};

		buf_reset(&apdu);
		apdu_put(&apdu, &get);
		sw = peer_raw(p, view_buf(&apdu), &part);
		if (out)
			buf_view(out, view_buf(&part));
	}
	buf_free(&part);
	buf_free(&apdu);
	return sw;
}

/* One command that is ready for the wire, in parts where it must be. */
static uint16_t transmit(struct peer *p, struct apdu command, struct buf *out)
{
	struct view rest = command.data;
	uint32_t le = command.le;
	uint16_t sw;

	for (;;) {
		bool last = command.extended || rest.len <= APDU_SHORT_DATA;

		peer_good(view_take(&rest, last ? rest.len : APDU_SHORT_DATA, &command.data));
		command.le = last ? le : 0;
		if (last)
			command.cla &= (uint8_t)~CLA_CHAIN;
		else
			command.cla |= CLA_CHAIN;
		buf_reset(&p->wire);
		apdu_put(&p->wire, &command);
		peer_good(buf_rc(&p->wire));
		sw = peer_raw(p, view_buf(&p->wire), out);
		if (last || sw != 0x9000)
			return collect(p, command.cla, sw, out);
	}
}

uint16_t peer_send(struct peer *p, uint8_t cla, uint8_t ins, uint8_t p1, uint8_t p2,
		   struct view data, uint32_t le, struct buf *out)
{
	struct apdu command = {.cla = apdu_cla(cla, p->channel),
			       .ins = ins,
			       .p1 = p1,
			       .p2 = p2,
			       .data = data,
			       .le = le,
			       .extended = p->extended || le > 256};

	return transmit(p, command, out);
}

uint16_t peer_environment(struct peer *p, uint8_t suite, uint8_t p1, uint8_t p2)
{
	uint8_t version = suite == 0x42 ? 1 : suite == 0x02 ? 2 : 3;
	uint8_t host_version = p2 == 0xA4 ? version + 1 : version;
	const uint8_t data[] = {0x80,         2, 0x10, suite, 0x83,    2,
				host_version, 1, 0x84, 2,     version, 1};

	p->suite = suite;
	p->p1 = p1;
	p->p2 = p2;
	return peer_send(p, 0, 0x22, p1, p2, view_of(data, sizeof(data)), 0, NULL);
}

uint16_t peer_certificate(struct peer *p, struct view certificate)
{
	return peer_send(p, 0, 0x2A, 0x00, 0xBE, certificate, 0, NULL);
}

uint16_t peer_certificates(struct peer *p)
{
	uint16_t sw = peer_certificate(p, view_buf(&peer_world()->issuer.certificate));

	if (sw != 0x9000)
		return sw;
	return peer_certificate(p, view_buf(&peer_world()->host[peer_index(p->suite)].certificate));
}

static void put_template(struct peer *p, size_t which, uint8_t tag, uint8_t usage)
{
	bool modern = p->suite == 0x42;
	size_t mark = tlv_open(&p->block, tag);

	tlv_put_u8(&p->block, 0x95, usage);
	if (modern)
		tlv_put_u8(&p->block, 0x80, 0x88);
	if (p->suite != 0x01)
		tlv_put(&p->block, 0xD1, view_of(p->key[which], modern ? 32 : 16));
	if (p->suite == 0x02 && tag == 0xB4)
		tlv_put_u64(&p->block, 0x91, p->counter[which]);
	tlv_close(&p->block, mark);
}

void peer_make_block(struct peer *p, uint8_t level)
{
	peer_good(crypto_random(p->key, sizeof(p->key)));
	peer_good(crypto_random(p->secret, sizeof(p->secret)));
	p->level = level;
	p->counter[0] = p->suite == 0x42 ? 0 : 5;
	p->counter[1] = p->suite == 0x42 ? 0 : 0x1000;
	buf_reset(&p->block);
	tlv_put_u8(&p->block, 0xD3, level);
	if (level & 0x01)
		put_template(p, 0, 0xB4, 0x10);
	if (level & 0x10)
		put_template(p, 1, 0xB4, 0x20);
	if (level & 0x02)
		put_template(p, 2, 0xB8, 0x10);
	if (level & 0x20)
		put_template(p, 3, 0xB8, 0x20);
	peer_good(buf_rc(&p->block));
}

EVP_PKEY *peer_card_key(struct peer *p)
{
	enum rsa_scheme scheme;
	EVP_PKEY *key = NULL;

	peer_good(cvc_public_key(view_buf(&p->card_key[peer_index(p->suite)]), &scheme, &key));
	return key;
}

uint16_t peer_decipher(struct peer *p)
{
	EVP_PKEY *key = peer_card_key(p);
	struct buf out;
	uint16_t sw;

	buf_init(&out, 1000);
	peer_good(rsa_encrypt(key, p->suite == 0x42 ? RSA_OAEP_SHA256 : RSA_ES_PKCS1,
			      view_buf(&p->block), &out));
	sw = peer_send(p, 0, 0x2A, 0x80, 0x84, view_buf(&out), 0, NULL);
	buf_free(&out);
	EVP_PKEY_free(key);
	return sw;
}

size_t peer_challenge_size(const struct peer *p)
{
	return p->suite == 0x01 ? 8 : 16;
}

uint16_t peer_challenge(struct peer *p)
{
	size_t size = peer_challenge_size(p);
	struct buf out;
	uint16_t sw;

	buf_init(&out, 100);
	sw = peer_send(p, 0, 0x84, 0, 0, view_of(NULL, 0), (uint32_t)size, &out);
	if (sw == 0x9000) {
		CU_ASSERT_EQUAL_FATAL(out.len, size);
		memcpy(p->challenge, out.data, size);
	}
	buf_free(&out);
	return sw;
}

/* What suite 42 signs before the body; nothing under 02. */
static void put_prefix(struct peer *p, uint8_t signer, struct buf *out)
{
	const uint8_t first[] = {0x80, 2, 0x10, p->suite, signer, p->p1, p->p2};
	struct view certificate = view_buf(&peer_world()->host[1].certificate);
	uint8_t hash[SHA256_SIZE];
	struct cvc host;

	if (p->suite != 0x42)
		return;
	buf_put(out, first, sizeof(first));
	peer_good(cvc_parse(&certificate, &host));
	peer_good(crypto_sha256(host.public_key, hash));
	buf_put(out, hash, sizeof(hash));
	peer_good(crypto_sha256(view_buf(&p->card_key[1]), hash));
	buf_put(out, hash, sizeof(hash));
}

static enum rsa_scheme scheme_of(const struct peer *p)
{
	return p->suite == 0x42 ? RSA_PSS_SHA256 : RSA_PKCS1_SHA1;
}

void peer_sign(struct peer *p)
{
	struct buf message;
	struct view part;

	if (p->suite == 0x01) {
		peer_agree(p);
		return;
	}
	buf_init(&message, 1000);
	put_prefix(p, 0x82, &message);
	buf_view(&message, view_buf(&p->block));
	buf_put(&message, p->challenge, 16);
	part = view_buf(&message);
	buf_reset(&p->signature);
	peer_good(rsa_sign(peer_world()->host[peer_index(p->suite)].key, scheme_of(p), &part, 1,
			   &p->signature));
	buf_free(&message);
}

uint16_t peer_external(struct peer *p)
{
	peer_sign(p);
	return peer_external_again(p);
}

uint16_t peer_external_again(struct peer *p)
{
	return peer_send(p, 0, 0x82, 0, 0, view_buf(&p->signature), 0, NULL);
}

/* The last eight bytes of the holder reference of the suite's host. */
const char *peer_host_id(const struct peer *p)
{
	return p->suite == 0x42 ? "T0042001" : p->suite == 0x02 ? "T0002001" : "T0001001";
}

bool peer_card_signed(struct peer *p, const uint8_t *challenge, const struct buf *signature)
{
	static const struct {
		uint8_t bit;
		size_t key;
	} order[] = {{0x01, 0}, {0x10, 1}, {0x02, 2}, {0x20, 3}};
	EVP_PKEY *key = peer_card_key(p);
	struct buf message;
	struct view part;
	enum rc rc;

	buf_init(&message, 1000);
	put_prefix(p, 0x88, &message);
	for (size_t i = 0; i < 4; i++)
		if (p->level & order[i].bit)
			buf_put(&message, p->key[order[i].key], p->suite == 0x42 ? 32 : 16);
	buf_put(&message, challenge, 16);
	part = view_buf(&message);
	rc = rsa_verify(key, scheme_of(p), &part, 1, view_buf(signature));
	buf_free(&message);
	EVP_PKEY_free(key);
	return rc == RC_OK;
}

uint16_t peer_internal(struct peer *p)
{
	size_t size = peer_challenge_size(p);
	uint8_t data[24] = {0xA5, 0x5A};
	struct buf out;
	uint16_t sw;

	memcpy(data + size, peer_host_id(p), 8);
	buf_init(&out, 1000);
	sw = peer_send(p, 0, 0x88, 0, 0, view_of(data, size + 8), 256, &out);
	if (sw == 0x9000)
		CU_ASSERT_TRUE(p->suite == 0x01 ? peer_agreed(p, data, size + 8, view_buf(&out))
						: peer_card_signed(p, data, &out));
	buf_free(&out);
	return sw;
}

uint16_t peer_open(struct peer *p, uint8_t suite, uint8_t p1, uint8_t p2, uint8_t level)
{
	uint16_t sw = peer_environment(p, suite, p1, p2);

	if (sw == 0x9000 && p2 == 0xB6)
		sw = peer_certificates(p);
	peer_make_block(p, level);
	if (sw == 0x9000 && suite != 0x01)
		sw = peer_decipher(p);
	if (sw == 0x9000)
		sw = peer_challenge(p);
	if (sw == 0x9000)
		sw = peer_external(p);
	if (sw == 0x9000 && p1 == 0xC1)
		sw = peer_internal(p);
	return sw;
}

static void mac(struct peer *p, size_t which, struct view input, uint8_t ret[16])
{
	uint8_t count[16] = {0}, icv[8];
	struct view parts[] = {view_of(count, 16), input};
	struct cmac *cmac = NULL;
	struct buf padded;

	for (int i = 0; i < 8; i++)
		count[15 - i] = (uint8_t)(p->counter[which] >> (8 * i));
	p->counter[which]++;
	if (p->suite == 0x42) {
		peer_good(cmac_new(p->key[which], 32, &cmac));
		peer_good(cmac_compute(cmac, parts, 2, ret));
		cmac_free(&cmac);
		return;
	}
	buf_init(&padded, BIG);
	buf_view(&padded, input);
	pad_put(&padded, 0, 8);
	peer_good(des_block(p->key[which], count + 8, icv));
	peer_good(retail_mac(p->key[which], icv, view_buf(&padded), ret));
	buf_free(&padded);
}

/* CBC of whole blocks in place, in either direction. */
static void run_cbc(struct peer *p, size_t which, uint8_t *data, size_t len)
{
	uint8_t count[16] = {0}, iv[16] = {0};
	struct cipher *cipher = NULL;

	peer_good(cipher_new(p->suite == 0x42 ? CIPHER_AES_256 : CIPHER_3DES_2KEY,
			     p->key[2 + which], &cipher));
	for (int i = 0; i < 8; i++)
		count[15 - i] = (uint8_t)(p->counter[which] >> (8 * i));
	if (p->suite == 0x42)
		peer_good(cipher_block(cipher, count, iv));
	if (which == 0)
		peer_good(cipher_cbc_encrypt(cipher, iv, data, len, data));
	else
		peer_good(cipher_cbc_decrypt(cipher, iv, data, len, data));
	cipher_free(&cipher);
}

static void put_data(struct peer *p, struct view data, struct buf *out)
{
	size_t block = p->suite == 0x42 ? 16 : 8, from;
	bool enc = p->level & 0x02, with_mac = p->level & 0x01;

	if (data.len == 0)
		return;
	if (!enc) {
		tlv_put(out, 0x81, data);
		return;
	}
	tlv_header(out, with_mac ? 0x87 : 0x86, 1 + (data.len / block + 1) * block);
	buf_u8(out, 1);
	from = out->len;
	buf_view(out, data);
	pad_put(out, from, block);
	run_cbc(p, 0, out->data + from, out->len - from);
}

void peer_protect(struct peer *p, const struct apdu *plain, struct buf *apdu)
{
	bool with_mac = p->level & 0x01;
	uint8_t le[] = {(uint8_t)(plain->le >> 8), (uint8_t)plain->le}, result[16];
	struct apdu wire = *plain;
	struct buf input;

	if (!(p->level & 0x03) || (!with_mac && !plain->data.len)) {
		apdu_put(apdu, plain);
		return;
	}
	buf_init(&input, BIG);
	buf_u8(&input, plain->cla & 0x80);
	buf_u8(&input, plain->ins);
	buf_u8(&input, plain->p1);
	buf_u8(&input, plain->p2);
	buf_u32(&input, 0x80000000);
	put_data(p, plain->data, &input);
	if (plain->le)
		tlv_put(&input, with_mac ? 0x97 : 0x96,
			plain->extended ? view_of(le, 2) : view_of(le + 1, 1));
	if (with_mac) {
		mac(p, 0, view_buf(&input), result);
		tlv_put(&input, 0x8E, view_of(result, 8));
	}
	wire.cla = with_mac || p->channel > 3 ? apdu_protected_cla(plain->cla) : plain->cla | 0x08;
	wire.data = view_of(input.data + 8, input.len - 8);
	wire.le = plain->extended ? 65536 : 256;
	apdu_put(apdu, &wire);
	buf_free(&input);
	peer_good(buf_rc(apdu));
}

/* Opens a protected answer in place. */
static void open_answer(struct peer *p, struct buf *answer, uint16_t sw, bool *ret_bare)
{
	struct view rest = view_buf(answer), value = view_of(NULL, 0), status, code, plain;
	bool with_mac = p->level & 0x10, enc = p->level & 0x20;
	struct buf copy;
	uint8_t expected[16];
	size_t covered;

	*ret_bare = with_mac && answer->len == 0;
	if (*ret_bare || !(p->level & 0x30))
		return;
	buf_init(&copy, BIG);
	if (enc && tlv_is_next(rest, with_mac ? 0x87 : 0x86)) {
		peer_good(tlv_expect(&rest, with_mac ? 0x87 : 0x86, &value));
		CU_ASSERT_EQUAL_FATAL(value.data[0], 1);
		buf_put(&copy, value.data + 1, value.len - 1);
		run_cbc(p, 1, copy.data, copy.len);
		peer_good(unpad(view_buf(&copy), &plain));
		buf_truncate(&copy, plain.len);
	} else if (!enc && tlv_is_next(rest, 0x81)) {
		peer_good(tlv_expect(&rest, 0x81, &value));
		buf_view(&copy, value);
	}
	if (with_mac) {
		peer_good(tlv_expect(&rest, 0x99, &status));
		CU_ASSERT_EQUAL(status.len, 2);
		CU_ASSERT_EQUAL(status.data[0] << 8 | status.data[1], sw);
		covered = answer->len - rest.len;
		peer_good(tlv_expect(&rest, 0x8E, &code));
		mac(p, 1, view_of(answer->data, covered), expected);
		CU_ASSERT_TRUE(view_equal(code, view_of(expected, 8)));
	}
	CU_ASSERT_EQUAL(rest.len, 0);
	buf_reset(answer);
	buf_view(answer, view_buf(&copy));
	buf_free(&copy);
}

uint16_t peer_protected(struct peer *p, uint8_t cla, uint8_t ins, uint8_t p1, uint8_t p2,
			struct view data, uint32_t le, struct buf *out, bool *ret_bare)
{
	struct apdu plain = {.cla = apdu_cla(cla, p->channel),
			     .ins = ins,
			     .p1 = p1,
			     .p2 = p2,
			     .data = data,
			     .le = le,
			     .extended = p->extended || le > 256};
	struct apdu wire;
	struct buf apdu, answer;
	bool bare = false;
	uint16_t sw;

	buf_init(&apdu, BIG);
	buf_init(&answer, BIG);
	peer_protect(p, &plain, &apdu);
	peer_good(apdu_parse(view_buf(&apdu), &wire));
	wire.extended = p->extended;
	wire.le = p->extended ? 65536 : 256;
	if (!(p->level & 0x03))
		wire.le = le;
	sw = transmit(p, wire, &answer);
	open_answer(p, &answer, sw, &bare);
	if (out) {
		buf_reset(out);
		buf_view(out, view_buf(&answer));
	}
	if (ret_bare)
		*ret_bare = bare;
	buf_free(&apdu);
	buf_free(&answer);
	return sw;
}
