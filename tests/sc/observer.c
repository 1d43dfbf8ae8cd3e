/* SPDX-License-Identifier: BSD-2-Clause */
/* What is inside the messages of a session. */
#include "tests/sc/observer.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/rsa_raw.h"
#include "base/tlv.h"

enum {
	SUITE_01 = 0x01,
	SUITE_42 = 0x42,
	COMMAND = 0,
	RESPONSE = 1,
	MAC = 1, /* bits of a level; those of responses are 16 times as high */
	ENC = 2,
	TEMPLATES = 8,
	BLOCK_MAX = 512,
	SECRET = 32,
};

static const char *const key_names[] = {"C-MAC key", "R-MAC key", "C-ENC key", "R-ENC key"};

struct template
{
	uint32_t tag;
	uint8_t usage;
	struct view key;
};

static struct {
	struct observed o;
	struct buf *text;
	unsigned int wrong;
	uint8_t suite, p1, p2;
	uint8_t card_challenge[16];
	struct buf block; /* D3 and templates */
	struct template templates[TEMPLATES];
	size_t count;
	uint8_t level;
	uint8_t key[4][32]; /* C-MAC, R-MAC, C-ENC, R-ENC */
	uint64_t counter[2];
	bool one_counter, up;
	uint8_t host_secret[SECRET];
	struct buf command, answer; /* what was gathered of chains */
	struct apdu first; /* the command whose answer is gathered */
} seen;

static void must(bool right)
{
	if (!right)
		abort();
}

void observer_put(const char *name, struct view value)
{
	buf_printf(seen.text, "  %s = ", name);
	for (size_t i = 0; i < value.len; i++)
		buf_printf(seen.text, "%02X", value.data[i]);
	buf_str(seen.text, "\n");
}

static void put_apdu(char mark, struct view value)
{
	buf_printf(seen.text, "%c ", mark);
	for (size_t i = 0; i < value.len; i++)
		buf_printf(seen.text, "%02X", value.data[i]);
	buf_str(seen.text, "\n");
}

void observer_begin(const struct observed *o, struct buf *out)
{
	memset(&seen, 0, sizeof(seen));
	seen.o = *o;
	seen.text = out;
	buf_init(&seen.block, BLOCK_MAX);
	buf_init(&seen.command, APDU_COMMAND_MAX);
	buf_init(&seen.answer, APDU_RESPONSE_MAX);
}

unsigned int observer_end(void)
{
	buf_free(&seen.block);
	buf_free(&seen.command);
	buf_free(&seen.answer);
	return seen.wrong;
}

static void put_raw(const char *name, EVP_PKEY *key, bool is_private, struct view in,
		    struct buf *out)
{
	buf_reset(out);
	must((is_private ? rsa_raw_private(key, in, out) : rsa_raw_public(key, in, out)) == RC_OK);
	observer_put(name, view_buf(out));
}

/* D3, B4.. and B8.. of a block. */
static void read_templates(struct view rest)
{
	struct view level, inside, value;

	must(tlv_expect(&rest, 0xD3, &level) == RC_OK && level.len == 1);
	seen.level = level.data[0];
	observer_put("level", level);
	for (seen.count = 0; rest.len; seen.count++) {
		struct template *t = &seen.templates[seen.count];

		must(seen.count < TEMPLATES && tlv_next(&rest, &t->tag, &inside) == RC_OK &&
		     tlv_find(inside, 0x95, &value) == RC_OK && value.len == 1);
		t->usage = value.data[0];
		t->key = view_of(NULL, 0);
		if (tlv_find(inside, 0xD1, &t->key) != RC_OK)
			t->key = view_of(NULL, 0);
		seen.one_counter |= t->tag == 0xB4 && t->usage == 0x30;
		if (tlv_find(inside, 0x91, &value) != RC_OK)
			continue;
		for (int d = COMMAND; d <= RESPONSE; d++) {
			struct view counter = value;

			if (t->usage & (d == COMMAND ? 0x10 : 0x20))
				must(view_u64(&counter, &seen.counter[d]) == RC_OK);
		}
	}
}

static void name_key(size_t which, struct view key)
{
	memcpy(seen.key[which], key.data, key.len);
	observer_put(key_names[which], key);
}

static void put_counters(void)
{
	uint8_t array[8];
	struct buf b;

	for (int d = COMMAND; d <= RESPONSE; d++) {
		if (!(seen.level & (d == COMMAND ? MAC : MAC << 4)) || (d && seen.one_counter))
			continue;
		buf_fixed(&b, array, sizeof(array));
		buf_u64(&b, seen.counter[d]);
		observer_put(seen.one_counter ? "start counter of both directions"
			     : d == COMMAND   ? "start counter of commands"
					      : "start counter of answers",
			     view_buf(&b));
	}
}

/* Keys that came with the templates, or number them. */
static void name_keys(void)
{
	for (size_t i = 0; i < seen.count; i++) {
		const struct template *t = &seen.templates[i];
		size_t first = t->tag == 0xB4 ? 0 : 2;

		if (t->usage & 0xC0)
			observer_put("DEK", t->key);
		if (t->usage & 0x10)
			name_key(first, t->key);
		if (t->usage & 0x20)
			name_key(first + 1, t->key);
	}
}

static void see_decipher(struct view data)
{
	struct buf encoded;

	buf_init(&encoded, BLOCK_MAX);
	put_raw("encoded block", seen.o.card, true, data, &encoded);
	buf_reset(&seen.block);
	must(rsa_decrypt(seen.o.card, seen.suite == SUITE_42 ? RSA_OAEP_SHA256 : RSA_ES_PKCS1, data,
			 &seen.block) == RC_OK);
	observer_put("block", view_buf(&seen.block));
	read_templates(view_buf(&seen.block));
	name_keys();
	put_counters();
	buf_free(&encoded);
}

/* `80 02 10 42 .. P1 P2` and both hashes; empty but for suite 42. */
static void bound(uint8_t signer, struct buf *out)
{
	const uint8_t head[] = {0x80, 0x02, 0x10, 0x42, signer, seen.p1, seen.p2};
	uint8_t hash[SHA256_SIZE];

	if (seen.suite != SUITE_42)
		return;
	buf_put(out, head, sizeof(head));
	must(crypto_sha256(seen.o.host_object, hash) == RC_OK);
	buf_put(out, hash, sizeof(hash));
	observer_put("hash of the host's 7F49", view_of(hash, sizeof(hash)));
	must(crypto_sha256(seen.o.card_object, hash) == RC_OK);
	buf_put(out, hash, sizeof(hash));
	observer_put("hash of the card's 7F49", view_of(hash, sizeof(hash)));
}

static void see_signature(EVP_PKEY *key, struct view message, struct view signature)
{
	uint8_t hash[SHA256_SIZE];
	struct buf encoded;

	buf_init(&encoded, BLOCK_MAX);
	observer_put("signed", message);
	must((seen.suite == SUITE_42 ? crypto_sha256(message, hash) : crypto_sha1(message, hash)) ==
	     RC_OK);
	observer_put("hash", view_of(hash, seen.suite == SUITE_42 ? SHA256_SIZE : SHA1_SIZE));
	put_raw("encoded signature", key, false, signature, &encoded);
	seen.wrong += rsa_verify(key, seen.suite == SUITE_42 ? RSA_PSS_SHA256 : RSA_PKCS1_SHA1,
				 &message, 1, signature) != RC_OK;
	buf_free(&encoded);
}

static void see_secret(const char *name, const struct buf *block, struct view rest,
		       uint8_t ret[SECRET])
{
	size_t end = block->len - 1 - SHA1_SIZE;
	uint8_t hash[SHA1_SIZE];
	struct buf hashed;

	buf_init(&hashed, BLOCK_MAX + 16);
	buf_put(&hashed, block->data + 1, end - 1);
	buf_view(&hashed, rest);
	observer_put("hashed", view_buf(&hashed));
	must(crypto_sha1(view_buf(&hashed), hash) == RC_OK);
	observer_put("hash", view_of(hash, sizeof(hash)));
	seen.wrong += !view_equal(view_of(hash, SHA1_SIZE), view_of(block->data + end, SHA1_SIZE));
	memcpy(ret, block->data + end - SECRET, SECRET);
	observer_put(name, view_of(ret, SECRET));
	buf_free(&hashed);
}

/* Suite 01: deciphers and recovers a block of signer for receiver; prints what is on the way. */
static void recover(EVP_PKEY *receiver, EVP_PKEY *signer, struct view sealed, struct buf *block)
{
	struct buf signature, modulus;
	int borrow = 0;

	buf_init(&signature, BLOCK_MAX);
	buf_init(&modulus, BLOCK_MAX);
	put_raw("signature", receiver, true, sealed, &signature);
	buf_reset(block);
	must(rsa_raw_public(signer, view_buf(&signature), block) == RC_OK &&
	     rsa_put_modulus(signer, &modulus) == RC_OK);
	if ((block->data[block->len - 1] & 15) != 12) {
		for (size_t i = block->len; i-- > 0;) {
			int x = modulus.data[i] - block->data[i] - borrow;

			borrow = x < 0;
			block->data[i] = (uint8_t)x;
		}
	}
	observer_put("recovered block", view_buf(block));
	seen.wrong += block->data[0] != 0x6A || block->data[block->len - 1] != 0xBC;
	buf_free(&signature);
	buf_free(&modulus);
}

/* `D3 01 level` and whole objects up to the secret. */
static bool are_templates(struct view in)
{
	struct view value;
	uint32_t tag;

	if (tlv_expect(&in, 0xD3, &value) != RC_OK || value.len != 1 || !in.len)
		return false;
	while (in.len)
		if (tlv_next(&in, &tag, &value) != RC_OK || (tag != 0xB4 && tag != 0xB8))
			return false;
	return true;
}

static void find_block(const struct buf *message)
{
	size_t end = message->len - 1 - SHA1_SIZE - SECRET, at = 2;

	while (!are_templates(view_of(message->data + at, end - at)))
		must(++at < end);
	buf_reset(&seen.block);
	buf_put(&seen.block, message->data + at, end - at);
	observer_put("block", view_buf(&seen.block));
	read_templates(view_buf(&seen.block));
}

static void see_external(struct view data)
{
	uint8_t rest[16];
	struct buf message;

	buf_init(&message, 4096);
	if (seen.suite == SUITE_01) {
		recover(seen.o.card, seen.o.host, data, &message);
		memcpy(rest, seen.card_challenge, 8);
		memcpy(rest + 8, seen.o.card_id, 8);
		see_secret("OES", &message, view_of(rest, 16), seen.host_secret);
		find_block(&message);
	} else {
		bound(0x82, &message);
		buf_view(&message, view_buf(&seen.block));
		buf_put(&message, seen.card_challenge, 16);
		see_signature(seen.o.host, view_buf(&message), data);
	}
	seen.up = seen.p1 == 0x81;
	buf_free(&message);
}

/* First 16 bytes of SHA-1((OES xor CS) || number). */
static struct view numbered(const uint8_t *mixed, uint8_t number)
{
	static uint8_t hash[SHA1_SIZE];
	uint8_t in[SECRET + 4] = {0};

	memcpy(in, mixed, SECRET);
	in[SECRET + 3] = number;
	must(crypto_sha1(view_of(in, sizeof(in)), hash) == RC_OK);
	return view_of(hash, 16);
}

/* GPCS: by place among the templates of its kind. */
static void agree_by_place(const uint8_t *mixed)
{
	uint8_t mac = 1, enc = 2, dek = 5;

	for (size_t i = 0; i < seen.count; i++) {
		const struct template *t = &seen.templates[i];
		uint8_t *next = t->usage & 0xC0 ? &dek : t->tag == 0xB4 ? &mac : &enc;
		struct view key = numbered(mixed, *next);
		size_t first = t->tag == 0xB4 ? 0 : 2;

		*next += t->usage & 0xC0 ? 1 : 2;
		if (t->usage & 0xC0)
			observer_put("DEK", key);
		if (t->usage & 0x10)
			name_key(first, key);
		if (t->usage & 0x20)
			name_key(first + 1, key);
	}
}

/* Step 134': by use. */
static void agree_by_use(const uint8_t *mixed)
{
	for (size_t i = 0; i < seen.count; i++) {
		const struct template *t = &seen.templates[i];
		size_t first = t->tag == 0xB4 ? 0 : 2;

		if (t->usage & 0xC0)
			observer_put("DEK", numbered(mixed, 5));
		if (t->usage & 0x10)
			name_key(first, numbered(mixed, (uint8_t)(first + 1)));
		if (t->usage & 0x20)
			name_key(first + 1, numbered(mixed, (uint8_t)(first + 2)));
	}
}

static void agree(const uint8_t *cs)
{
	uint8_t mixed[SECRET], start[8] = {0};
	struct view counter = view_of(start, 8);

	for (size_t i = 0; i < SECRET; i++)
		mixed[i] = seen.host_secret[i] ^ cs[i];
	observer_put("OES xor CS", view_of(mixed, SECRET));
	if (seen.o.seed_numbering)
		agree_by_use(mixed);
	else
		agree_by_place(mixed);
	memcpy(start, seen.o.seed_numbering ? seen.host_secret : cs + 28, 4);
	memcpy(start + 4, seen.o.seed_numbering ? cs : seen.host_secret + 28, 4);
	must(view_u64(&counter, &seen.counter[COMMAND]) == RC_OK);
	seen.counter[RESPONSE] = seen.counter[COMMAND];
	put_counters();
}

static void see_internal(struct view challenge_and_id, struct view answer)
{
	struct buf message;
	uint8_t dek[32];

	buf_init(&message, 4096);
	if (seen.suite == SUITE_01) {
		uint8_t cs[SECRET];

		recover(seen.o.host, seen.o.card, answer, &message);
		see_secret("CS", &message, challenge_and_id, cs);
		agree(cs);
	} else {
		bound(0x88, &message);
		for (size_t i = 0; i < seen.count; i++)
			buf_view(&message, seen.templates[i].key);
		buf_put(&message, challenge_and_id.data, 16);
		see_signature(seen.o.card, view_buf(&message), answer);
	}
	if (seen.suite == SUITE_42) {
		must(crypto_hkdf(view_of(seen.key, 128), view_of(NULL, 0),
				 view_str("intaglio scp10 dek"), dek, 32) == RC_OK);
		observer_put("DEK", view_of(dek, 32));
	}
	seen.up = true;
	buf_free(&message);
}

static uint64_t *counter_of(unsigned int d)
{
	return &seen.counter[seen.one_counter ? COMMAND : d];
}

static void put_counter(unsigned int d, uint8_t ret[16])
{
	memset(ret, 0, 16);
	for (size_t i = 0; i < 8; i++)
		ret[8 + i] = (uint8_t)(*counter_of(d) >> (56 - 8 * i));
}

static void see_cryptogram(unsigned int d, struct view body)
{
	bool aes = seen.suite == SUITE_42;
	uint8_t counter[16], iv[16] = {0}, out[2048];
	struct cipher *c = NULL;
	struct view plain;

	must(body.len > 1 && body.len < sizeof(out) && body.data[0] == 1 &&
	     cipher_new(aes ? CIPHER_AES_256 : CIPHER_3DES_2KEY, seen.key[2 + d], &c) == RC_OK);
	put_counter(d, counter);
	if (aes)
		must(cipher_block(c, counter, iv) == RC_OK);
	observer_put("IV", view_of(iv, aes ? 16 : 8));
	must(cipher_cbc_decrypt(c, iv, body.data + 1, body.len - 1, out) == RC_OK);
	cipher_free(&c);
	observer_put("padded", view_of(out, body.len - 1));
	must(unpad(view_of(out, body.len - 1), &plain) == RC_OK);
	observer_put("data", plain);
}

/* The single-DES blocks in front of the last triple-DES step, one after the other. */
static void put_des_chain(const uint8_t *key, uint8_t state[8], struct view padded)
{
	struct buf chain;

	buf_init(&chain, padded.len + 1);
	for (size_t at = 0; at < padded.len; at += 8) {
		uint8_t in[8];

		for (size_t i = 0; i < 8; i++)
			in[i] = state[i] ^ padded.data[at + i];
		must(des_block(key, in, state) == RC_OK);
		buf_put(&chain, state, 8);
	}
	observer_put("MAC chain", view_buf(&chain));
	buf_free(&chain);
}

/* The AES blocks in front of the last one. */
static void put_aes_chain(const uint8_t *key, struct view input)
{
	uint8_t state[16] = {0};
	struct cipher *c = NULL;
	struct buf chain;

	buf_init(&chain, input.len + 1);
	must(cipher_new(CIPHER_AES_256, key, &c) == RC_OK);
	for (size_t at = 0; at + 16 < input.len; at += 16) {
		for (size_t i = 0; i < 16; i++)
			state[i] ^= input.data[at + i];
		must(cipher_block(c, state, state) == RC_OK);
		buf_put(&chain, state, 16);
	}
	observer_put("MAC chain", view_buf(&chain));
	cipher_free(&c);
	buf_free(&chain);
}

/* The 8 bytes of the MAC over header (empty for an answer) and objects. */
static void compute(unsigned int d, struct view header, struct view objects, uint8_t full[16])
{
	uint8_t counter[16], icv[8], state[8];
	struct cmac *c = NULL;
	struct buf input;
	struct view all;

	put_counter(d, counter);
	buf_init(&input, APDU_RESPONSE_MAX);
	if (seen.suite == SUITE_42)
		buf_put(&input, counter, 16);
	buf_view(&input, header);
	buf_view(&input, objects);
	if (seen.suite != SUITE_42) {
		pad_put(&input, 0, 8);
		must(des_block(seen.key[d], counter + 8, icv) == RC_OK &&
		     retail_mac(seen.key[d], icv, view_buf(&input), full) == RC_OK);
		observer_put("ICV", view_of(icv, 8));
		observer_put("MAC input", view_buf(&input));
		memcpy(state, icv, 8);
		put_des_chain(seen.key[d], state, view_buf(&input));
		observer_put("MAC", view_of(full, 8));
	} else {
		all = view_buf(&input);
		must(cmac_new(seen.key[d], 32, &c) == RC_OK &&
		     cmac_compute(c, &all, 1, full) == RC_OK);
		cmac_free(&c);
		observer_put("MAC input", all);
		put_aes_chain(seen.key[d], all);
		observer_put("whole MAC", view_of(full, 16));
	}
	buf_free(&input);
}

/* Objects of a command or answer, with header (empty for an answer) before them. */
static void see_protected(unsigned int d, struct view header, struct view objects)
{
	bool has_mac = seen.level & (d == COMMAND ? MAC : MAC << 4);
	struct view rest = objects, value, mac;
	uint8_t counter[16], full[16];
	uint32_t tag;

	put_counter(d, counter);
	if (has_mac)
		observer_put("counter", view_of(counter + 8, 8));
	while (rest.len && !tlv_is_next(rest, 0x8E)) {
		must(tlv_next(&rest, &tag, &value) == RC_OK);
		if (tag == 0x87 || tag == 0x86)
			see_cryptogram(d, value);
	}
	if (!has_mac)
		return;
	compute(d, header, view_of(objects.data, objects.len - rest.len), full);
	must(tlv_expect(&rest, 0x8E, &mac) == RC_OK);
	seen.wrong += !view_equal(mac, view_of(full, 8)) || rest.len;
	++*counter_of(d);
}

static void see_environment(struct view data)
{
	struct view algorithm;

	must(tlv_expect(&data, 0x80, &algorithm) == RC_OK && algorithm.len == 2);
	seen.suite = algorithm.data[1];
	seen.p1 = seen.first.p1;
	seen.p2 = seen.first.p2;
	seen.up = false;
}

static void see_command(const struct apdu *c)
{
	const uint8_t header[8] = {apdu_plain_cla(c->cla), c->ins, c->p1, c->p2, 0x80};

	if (apdu_is_protected(c->cla))
		see_protected(COMMAND, view_of(header, 8), c->data);
	else if (seen.up)
		return;
	else if (c->ins == 0x22)
		see_environment(c->data);
	else if (c->ins == 0x2A && c->p1 == 0x80)
		see_decipher(c->data);
	else if (c->ins == 0x82)
		see_external(c->data);
}

static void see_answer(const struct apdu *c, struct view data)
{
	if (seen.up && data.len && seen.level & (MAC | ENC) << 4)
		see_protected(RESPONSE, view_of(NULL, 0), data);
	else if (!seen.up && c->ins == 0x84 && data.len <= 16)
		memcpy(seen.card_challenge, data.data, data.len);
	else if (!seen.up && c->ins == 0x88)
		see_internal(c->data, data);
}

void observer_see(struct view command, struct view answer)
{
	struct apdu apdu;
	struct view data;
	uint16_t sw;

	must(apdu_parse(command, &apdu) == RC_OK && response_parse(answer, &data, &sw) == RC_OK);
	buf_str(seen.text, "\n");
	put_apdu('>', command);
	if (apdu.ins != 0xC0) {
		buf_reset(&seen.answer);
		buf_view(&seen.command, apdu.data);
		if (apdu.cla & CLA_CHAINING) {
			put_apdu('<', answer);
			return;
		}
		seen.first = apdu;
		seen.first.data = view_buf(&seen.command);
		see_command(&seen.first);
	}
	put_apdu('<', answer);
	buf_view(&seen.answer, data);
	if (sw >> 8 == 0x61)
		return;
	see_answer(&seen.first, view_buf(&seen.answer));
	buf_reset(&seen.command);
}
