/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Complete sessions of each suite between the host and the card, with fixed keys and randomness,
 * compared byte for byte with tests/vectors/scp10-*.txt. The texts are made here: what both ends
 * send is recorded between them, and an observer who has all private keys works every intermediate
 * value out for himself, from doc/scp10.md alone, and checks each MAC and signature on the way.
 * With INTAGLIO_WRITE_VECTORS=1 the texts are written anew.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/rand.h>

#include "base/log.h"
#include "base/pem.h"
#include "base/rsa_raw.h"
#include "base/tlv.h"
#include "sc/application.h"
#include "sc/transport_embedded.h"
#include "tests/suite.h"

enum { KEYS = 7, TEXT_MAX = 1 << 20, ENTROPY = 1 << 16, APDUS = 64 };

static const uint8_t suites[] = {SUITE_42, SUITE_02, SUITE_01};

/* The keys of tests/vectors/scp10-keys.pem, in this order. */
enum key { AUTHORITY, HOST_42, HOST_02, HOST_01, CARD_42, CARD_02, CARD_01 };
static EVP_PKEY *keys[KEYS];
static struct buf authority, chain[3], card_certificate[3];

static void must(bool right)
{
	if (!right)
		abort();
}

static const char *source_path(const char *name)
{
	static char path[4200];
	const char *source = getenv("INTAGLIO_SOURCE");

	snprintf(path, sizeof(path), "%s/tests/vectors/%s", source ? source : ".", name);
	return path;
}

static bool is_writing(void)
{
	return getenv("INTAGLIO_WRITE_VECTORS") != NULL;
}

/*
 * Randomness: each side has bytes of its own for each APDU, SHA-256(label || APDU || block), for
 * crypto_random and, apart from it, for what libcrypto draws.
 */
static struct {
	const char *label;
	uint32_t apdu, block;
	uint8_t pool[SHA256_SIZE];
	size_t used;
} stream;

static void next_block(void)
{
	uint8_t in[64];
	struct buf b;

	buf_fixed(&b, in, sizeof(in));
	buf_str(&b, stream.label);
	buf_u32(&b, stream.apdu);
	buf_u32(&b, stream.block++);
	must(crypto_sha256(view_buf(&b), stream.pool) == RC_OK);
	stream.used = 0;
}

static void fill(void *arg, uint8_t *ret, size_t n)
{
	(void)arg;
	while (n--) {
		if (stream.used == SHA256_SIZE)
			next_block();
		*ret++ = stream.pool[stream.used++];
	}
}

static void give_libcrypto(EVP_RAND_CTX *ctx)
{
	static uint8_t bytes[ENTROPY];
	unsigned int strength = 256;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_RAND_PARAM_TEST_ENTROPY, bytes, ENTROPY),
		OSSL_PARAM_construct_uint(OSSL_RAND_PARAM_STRENGTH, &strength),
		OSSL_PARAM_END,
	};

	fill(NULL, bytes, sizeof(bytes));
	must(ctx && EVP_RAND_CTX_set_params(ctx, params) == 1);
}

static void use_stream(const char *label, uint32_t apdu)
{
	stream.label = label;
	stream.apdu = apdu;
	stream.block = 0;
	stream.used = SHA256_SIZE;
	give_libcrypto(RAND_get0_public(crypto_context()));
	give_libcrypto(RAND_get0_private(crypto_context()));
}

/* Key generation of the card, by the linker's --wrap: it gets the fixed keys. */
static unsigned int generated;
enum rc __wrap_rsa_generate(unsigned int bits, EVP_PKEY **ret);
enum rc __real_rsa_generate(unsigned int bits, EVP_PKEY **ret);

enum rc __wrap_rsa_generate(unsigned int bits, EVP_PKEY **ret)
{
	(void)bits;
	must(CARD_42 + generated < KEYS);
	*ret = keys[CARD_42 + generated++];
	EVP_PKEY_up_ref(*ret);
	return RC_OK;
}

static void write_keys(const char *path)
{
	struct buf pem;
	FILE *f = fopen(path, "we");

	must(f != NULL);
	for (size_t i = 0; i < KEYS; i++) {
		buf_init(&pem, PEM_MAX);
		must(__real_rsa_generate(2048, &keys[i]) == RC_OK &&
		     pem_put_private(keys[i], view_of(NULL, 0), &pem) == RC_OK);
		must(fwrite(pem.data, 1, pem.len, f) == pem.len);
		buf_free(&pem);
	}
	fclose(f);
}

static void read_text(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	uint8_t chunk[4096];
	size_t n;

	while (f && (n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_put(out, chunk, n);
	if (f)
		fclose(f);
}

static void load_keys(void)
{
	static const char end[] = "-----END PRIVATE KEY-----\n";
	const char *path = source_path("scp10-keys.pem"), *at;
	struct buf text;

	buf_init(&text, TEXT_MAX);
	read_text(path, &text);
	buf_u8(&text, 0);
	at = (const char *)text.data;
	for (size_t i = 0; i < KEYS; i++) {
		const char *next = strstr(at, end);

		must(next != NULL);
		next += sizeof(end) - 1;
		EVP_PKEY_free(keys[i]);
		keys[i] = NULL;
		must(pem_private(view_of(at, (size_t)(next - at)), NULL, &keys[i]) == RC_OK);
		at = next;
	}
	buf_free(&text);
}

static void issue(struct buf *out, const char *chr, enum key key, uint8_t suite, enum cvc_type type,
		  unsigned int roles)
{
	const struct cvc_request request = {
		.car = "DEVECTOR001",
		.chr = chr,
		.key = keys[key],
		.scheme = suite == SUITE_42 || !suite ? RSA_PSS_SHA256 : RSA_PKCS1_SHA1,
		.type = type,
		.roles = roles,
		.effective = 260101,
		.expiration = 991231,
		.suite = suite,
	};

	buf_init(out, CVC_MAX);
	must(cvc_issue(&request, keys[AUTHORITY], RSA_PSS_SHA256, out) == RC_OK);
}

/* The line between both ends: passes on, records, and changes whose randomness is drawn. */
static struct transport *inner;
static struct {
	struct buf command[APDUS], answer[APDUS];
	uint32_t count;
} line;

static enum rc line_open(const char *address, const void *options, void **ret_handle,
			 struct transport_attributes *ret_attributes)
{
	(void)address;
	(void)options;
	*ret_attributes = *transport_attributes(inner);
	*ret_handle = &line;
	return RC_OK;
}

static enum rc line_transmit(void *handle, struct view command, struct buf *response)
{
	uint32_t n = line.count++;
	enum rc rc;

	(void)handle;
	must(n < APDUS);
	buf_init(&line.command[n], APDU_COMMAND_MAX);
	buf_init(&line.answer[n], APDU_RESPONSE_MAX);
	buf_view(&line.command[n], command);
	use_stream("card", n);
	rc = transport_transmit(inner, command, response);
	use_stream("host", n + 1);
	buf_view(&line.answer[n], view_buf(response));
	return rc;
}

static enum rc line_reset(void *handle)
{
	(void)handle;
	return transport_reset(inner);
}

static void line_close(void **handle)
{
	*handle = NULL;
}

static const struct transport_ops line_ops = {
	.name = "line",
	.open = line_open,
	.transmit = line_transmit,
	.reset = line_reset,
	.close = line_close,
};

static void forget_line(void)
{
	for (uint32_t i = 0; i < line.count; i++) {
		buf_free(&line.command[i]);
		buf_free(&line.answer[i]);
	}
	line.count = 0;
}

/* The observer. */

static struct {
	struct buf text;
	uint8_t suite;
	unsigned int wrong; /* MACs and signatures that do not verify */
	struct view host_object, card_object; /* 7F49 */
	uint8_t card_challenge[16];
	struct buf body;
	uint8_t key[4][32]; /* C-MAC, R-MAC, C-ENC, R-ENC */
	uint64_t counter[2];
	uint8_t oes[32];
	struct apdu apdu;
} seen;

static void put(const char *name, struct view value)
{
	buf_printf(&seen.text, "  %s = ", name);
	for (size_t i = 0; i < value.len; i++)
		buf_printf(&seen.text, "%02X", value.data[i]);
	buf_str(&seen.text, "\n");
}

static void put_line(char mark, struct view value)
{
	buf_printf(&seen.text, "%c ", mark);
	for (size_t i = 0; i < value.len; i++)
		buf_printf(&seen.text, "%02X", value.data[i]);
	buf_str(&seen.text, "\n");
}

static size_t index_of(uint8_t suite)
{
	return suite == SUITE_42 ? 0 : suite == SUITE_02 ? 1 : 2;
}

static EVP_PKEY *host_key(void)
{
	return keys[HOST_42 + index_of(seen.suite)];
}

static EVP_PKEY *card_key(void)
{
	return keys[CARD_42 + index_of(seen.suite)];
}

static void put_raw(const char *name, EVP_PKEY *key, bool is_private, struct view in,
		    struct buf *out)
{
	buf_reset(out);
	must((is_private ? rsa_raw_private(key, in, out) : rsa_raw_public(key, in, out)) == RC_OK);
	put(name, view_buf(out));
}

static void see_decipher(void)
{
	static const char *const names[] = {"C-MAC key", "R-MAC key", "C-ENC key", "R-ENC key"};
	struct view rest, level, template, value;
	struct buf encoded;
	uint32_t tag;

	buf_init(&encoded, 512);
	put_raw("encoded block", card_key(), true, seen.apdu.data, &encoded);
	buf_reset(&seen.body);
	must(rsa_decrypt(card_key(), seen.suite == SUITE_42 ? RSA_OAEP_SHA256 : RSA_ES_PKCS1,
			 seen.apdu.data, &seen.body) == RC_OK);
	put("block", view_buf(&seen.body));
	rest = view_buf(&seen.body);
	must(tlv_expect(&rest, 0xD3, &level) == RC_OK);
	put("level", level);
	for (size_t i = 0; i < 4; i++) {
		must(tlv_next(&rest, &tag, &template) == RC_OK &&
		     tlv_find(template, 0xD1, &value) == RC_OK);
		put(names[i], value);
		must(view_copy(&value, seen.key[i], value.len) == RC_OK);
		if (tlv_find(template, 0x91, &value) == RC_OK) {
			put("start counter", value);
			must(view_u64(&value, &seen.counter[i]) == RC_OK);
		}
	}
	buf_free(&encoded);
}

/* `80 02 10 42 .. P1 P2` and both hashes; empty but for suite 42. */
static void bound(uint8_t direction, struct buf *out)
{
	const uint8_t head[] = {0x80, 0x02, 0x10, 0x42, direction, 0xC1, 0xB6};
	uint8_t hash[SHA256_SIZE];

	if (seen.suite != SUITE_42)
		return;
	buf_put(out, head, sizeof(head));
	must(crypto_sha256(seen.host_object, hash) == RC_OK);
	buf_put(out, hash, sizeof(hash));
	must(crypto_sha256(seen.card_object, hash) == RC_OK);
	buf_put(out, hash, sizeof(hash));
}

static void see_signature(EVP_PKEY *key, struct view message, struct view signature)
{
	struct buf encoded;

	buf_init(&encoded, 512);
	put("signed", message);
	put_raw("encoded signature", key, false, signature, &encoded);
	seen.wrong += rsa_verify(key, seen.suite == SUITE_42 ? RSA_PSS_SHA256 : RSA_PKCS1_SHA1,
				 &message, 1, signature) != RC_OK;
	buf_free(&encoded);
}

/* Suite 01: deciphers and recovers a block of signer for receiver; prints what is on the way. */
static void recover(EVP_PKEY *receiver, EVP_PKEY *signer, struct view sealed, struct buf *block)
{
	struct buf signature, modulus;
	int borrow = 0;

	buf_init(&signature, 512);
	buf_init(&modulus, 512);
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
	put("recovered block", view_buf(block));
	seen.wrong += block->data[0] != 0x6A || block->data[block->len - 1] != 0xBC;
	buf_free(&signature);
	buf_free(&modulus);
}

static void see_external(void)
{
	struct buf message;

	buf_init(&message, 4096);
	if (seen.suite == SUITE_01) {
		recover(card_key(), host_key(), seen.apdu.data, &message);
		memcpy(seen.oes, message.data + message.len - 1 - SHA1_SIZE - 32, 32);
		put("OES", view_of(seen.oes, 32));
	} else {
		bound(0x82, &message);
		buf_view(&message, view_buf(&seen.body));
		buf_put(&message, seen.card_challenge, 16);
		see_signature(host_key(), view_buf(&message), seen.apdu.data);
	}
	buf_free(&message);
}

static void agree(const uint8_t *cs)
{
	/* GPCS: the templates come as B4/10, B4/20, B8/10, B8/20. */
	static const uint8_t numbers[] = {1, 3, 2, 4};
	static const char *const names[] = {"C-MAC key", "R-MAC key", "C-ENC key", "R-ENC key"};
	uint8_t in[36] = {0}, hash[SHA1_SIZE], start[8];
	struct view counter = view_of(start, 8);

	for (size_t i = 0; i < 32; i++)
		in[i] = seen.oes[i] ^ cs[i];
	for (size_t i = 0; i < 4; i++) {
		in[35] = numbers[i];
		must(crypto_sha1(view_of(in, sizeof(in)), hash) == RC_OK);
		memcpy(seen.key[i], hash, 16);
		put(names[i], view_of(hash, 16));
	}
	memcpy(start, cs + 28, 4);
	memcpy(start + 4, seen.oes + 28, 4);
	put("start counter", counter);
	must(view_u64(&counter, &seen.counter[0]) == RC_OK);
	seen.counter[1] = seen.counter[0];
}

static void see_internal(struct view answer)
{
	struct buf message;

	buf_init(&message, 4096);
	if (seen.suite == SUITE_01) {
		uint8_t cs[32];

		recover(host_key(), card_key(), answer, &message);
		memcpy(cs, message.data + message.len - 1 - SHA1_SIZE - 32, 32);
		put("CS", view_of(cs, 32));
		agree(cs);
	} else {
		size_t n = seen.suite == SUITE_42 ? 32 : 16;
		uint8_t dek[32];

		bound(0x88, &message);
		for (size_t i = 0; i < 4; i++)
			buf_put(&message, seen.key[i], n);
		buf_put(&message, seen.apdu.data.data, 16);
		see_signature(card_key(), view_buf(&message), answer);
		if (seen.suite == SUITE_42) {
			must(crypto_hkdf(view_of(seen.key, 128), view_of(NULL, 0),
					 view_str("intaglio scp10 dek"), dek, 32) == RC_OK);
			put("DEK", view_of(dek, 32));
		}
	}
	buf_free(&message);
}

static void put_counter(unsigned int d, uint8_t ret[16])
{
	memset(ret, 0, 16);
	for (size_t i = 0; i < 8; i++)
		ret[8 + i] = (uint8_t)(seen.counter[d] >> (56 - 8 * i));
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
	must(cipher_cbc_decrypt(c, iv, body.data + 1, body.len - 1, out) == RC_OK);
	cipher_free(&c);
	put("IV", view_of(iv, aes ? 16 : 8));
	put("padded", view_of(out, body.len - 1));
	must(unpad(view_of(out, body.len - 1), &plain) == RC_OK);
	put("data", plain);
}

/* Objects of a command or answer, with header (empty for an answer) before them. */
static void see_protected(unsigned int d, struct view header, struct view objects)
{
	struct view rest = objects, value, mac;
	uint8_t counter[16], full[16], icv[8];
	struct cmac *c = NULL;
	struct buf input;
	uint32_t tag;

	put_counter(d, counter);
	put("counter", view_of(counter + 8, 8));
	while (rest.len && !tlv_is_next(rest, 0x8E)) {
		must(tlv_next(&rest, &tag, &value) == RC_OK);
		if (tag == 0x87)
			see_cryptogram(d, value);
	}
	buf_init(&input, 8192);
	if (seen.suite == SUITE_42)
		buf_put(&input, counter, 16);
	buf_view(&input, header);
	buf_put(&input, objects.data, objects.len - rest.len);
	if (seen.suite == SUITE_42) {
		struct view all = view_buf(&input);

		must(cmac_new(seen.key[d], 32, &c) == RC_OK &&
		     cmac_compute(c, &all, 1, full) == RC_OK);
		cmac_free(&c);
	} else {
		pad_put(&input, 0, 8);
		must(des_block(seen.key[d], counter + 8, icv) == RC_OK &&
		     retail_mac(seen.key[d], icv, view_buf(&input), full) == RC_OK);
		put("ICV", view_of(icv, 8));
	}
	put("MAC input", view_buf(&input));
	put("MAC", view_of(full, 8));
	must(tlv_expect(&rest, 0x8E, &mac) == RC_OK);
	seen.wrong += !view_equal(mac, view_of(full, 8)) || rest.len;
	seen.counter[d]++;
	buf_free(&input);
}

static void see(uint32_t n)
{
	const uint8_t *h = line.command[n].data;
	const uint8_t header[8] = {h[0] & 0x80, h[1], h[2], h[3], 0x80};
	struct view data;
	uint16_t sw;

	must(apdu_parse(view_buf(&line.command[n]), &seen.apdu) == RC_OK &&
	     response_parse(view_buf(&line.answer[n]), &data, &sw) == RC_OK);
	buf_str(&seen.text, "\n");
	put_line('>', view_buf(&line.command[n]));
	if (apdu_is_protected(seen.apdu.cla))
		see_protected(0, view_of(header, 8), seen.apdu.data);
	else if (seen.apdu.ins == 0x2A && seen.apdu.p1 == 0x80)
		see_decipher();
	else if (seen.apdu.ins == 0x82)
		see_external();
	put_line('<', view_buf(&line.answer[n]));
	if (apdu_is_protected(seen.apdu.cla) && data.len)
		see_protected(1, view_of(NULL, 0), data);
	else if (seen.apdu.ins == 0x84 && data.len <= 16)
		memcpy(seen.card_challenge, data.data, data.len);
	else if (seen.apdu.ins == 0x88)
		see_internal(data);
}

/* Both ends. */

static char dir[] = "vectors-XXXXXX";
static const uint8_t card_id[CVC_ID] = {'C', 'A', 'R', 'D', '0', '0', '0', '1'};
static const struct policy_card rows[] = {
	{.id = {'C', 'A', 'R', 'D', '0', '0', '0', '1'}, .suite = SUITE_42, .card_key = {1, 1}},
	{.id = {'C', 'A', 'R', 'D', '0', '0', '0', '1'}, .suite = SUITE_02, .card_key = {2, 1}},
	{.id = {'C', 'A', 'R', 'D', '0', '0', '0', '1'}, .suite = SUITE_01, .card_key = {3, 1}},
};

static void personalise(void)
{
	struct application_certificate certificates[3];
	struct application_personalisation p = {.certificates = certificates,
						.certificate_count = 3,
						.authority = view_buf(&authority),
						.suites = view_of(suites, sizeof(suites))};
	struct transport *t = NULL;
	struct sc *sc = NULL;
	struct buf object;
	struct fci fci;
	uint16_t sw;

	must(transport_embedded_create(dir, &t) == RC_OK && sc_open(&t, NULL, NULL, &sc) == RC_OK &&
	     sc_select(sc, &fci, &sw) == RC_OK);
	buf_init(&object, 4096);
	for (size_t i = 0; i < 3; i++) {
		must(application_generate_card_key(sc, rows[i].card_key, suites[i], 2048, &object,
						   &sw) == RC_OK);
		certificates[i] = (struct application_certificate){
			.reference = rows[i].card_key,
			.certificate = view_buf(&card_certificate[i])};
	}
	must(application_personalise(sc, &p, &sw) == RC_OK);
	buf_free(&object);
	sc_close(&sc);
}

static void talk(struct sc *sc)
{
	static const uint8_t number[4], pin[] = "123456", long_pin[300];
	const struct apdu commands[] = {
		{.cla = 0x80, .ins = 0x44, .le = 16}, /* GENERATE RANDOM */
		{.cla = 0x80, .ins = 0x44, .le = 300, .extended = true},
		{.cla = 0x80, .ins = 0x4A, .data = view_of(number, 4), .le = 256}, /* READ OBJECTS */
		{.ins = 0x20, .p1 = 0xFF}, /* VERIFY, end of status */
		{.ins = 0x20, .p2 = 1, .data = view_of(pin, 6)}, /* VERIFY: none is set */
		{.ins = 0x20, .p2 = 1, .data = view_of(long_pin, sizeof(long_pin))},
	};
	struct view answer;
	struct fci fci;
	uint16_t sw = 0;

	CU_ASSERT_EQUAL(sc_select(sc, &fci, &sw), RC_OK);
	CU_ASSERT_EQUAL_FATAL(sc_connect(sc), RC_OK);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		/* An error ends a session of the old suites: one is enough. */
		if (i == 5 && sc_suite(sc) != SUITE_42)
			break;
		CU_ASSERT_EQUAL(sc_exchange_view(sc, &commands[i], &answer, &sw), RC_OK);
		CU_ASSERT_EQUAL(sw, i < 4    ? SW_OK
				    : i == 4 ? SW_REFERENCE_DATA_UNUSABLE
					     : SW_WRONG_LENGTH);
	}
}

static void put_preamble(size_t s)
{
	static const char *const about[] = {"key transport and binding signatures, AES",
					    "key transport, 3DES", "key agreement, 3DES"};
	struct view certificate = view_buf(&chain[s]);
	struct cvc c;

	buf_printf(
		&seen.text,
		"# A session of suite %02X (%s), doc/scp10.md, level 33, made by\n"
		"# tests/sc/test_vectors.c. The private keys are in scp10-keys.pem, in the order\n"
		"# authority, host 42, 02, 01, card 42, 02, 01. '>' host to card, '<' card to host,\n"
		"# indented what is inside. All numbers are hexadecimal.\n\n",
		suites[s], about[s]);
	put("trust point", view_buf(&authority));
	put("host certificate", certificate);
	put("card certificate", view_buf(&card_certificate[s]));
	put("card id", view_of(card_id, CVC_ID));
	must(cvc_parse(&certificate, &c) == RC_OK);
	seen.host_object = c.public_key;
	certificate = view_buf(&card_certificate[s]);
	must(cvc_parse(&certificate, &c) == RC_OK);
	seen.card_object = c.public_key;
}

static void session(size_t s)
{
	const struct policy policy = {.cards = &rows[s], .card_count = 1};
	struct identity *identity = NULL;
	struct transport *t = NULL;
	struct sc *sc = NULL;

	must(identity_new(view_buf(&authority), &identity) == RC_OK);
	EVP_PKEY_up_ref(keys[HOST_42 + s]);
	must(identity_add(identity, suites[s], keys[HOST_42 + s], view_buf(&chain[s])) == RC_OK);
	must(transport_embedded_open(dir, &inner) == RC_OK &&
	     transport_open(&line_ops, "line", NULL, &t) == RC_OK &&
	     sc_open(&t, identity, &policy, &sc) == RC_OK);
	use_stream("host", 0);
	talk(sc);
	sc_close(&sc);
	transport_close(&inner);
	identity_free(&identity);
}

static void compare(size_t s)
{
	char name[32];
	struct buf stored;

	snprintf(name, sizeof(name), "scp10-%02X.txt", suites[s]);
	if (is_writing()) {
		FILE *f = fopen(source_path(name), "we");

		must(f && fwrite(seen.text.data, 1, seen.text.len, f) == seen.text.len);
		fclose(f);
	}
	buf_init(&stored, TEXT_MAX);
	read_text(source_path(name), &stored);
	CU_ASSERT_TRUE(stored.len > 0);
	CU_ASSERT_TRUE(view_equal(view_buf(&stored), view_buf(&seen.text)));
	buf_free(&stored);
}

static void run_suite(size_t s)
{
	memset(&seen, 0, sizeof(seen));
	seen.suite = suites[s];
	buf_init(&seen.text, TEXT_MAX);
	buf_init(&seen.body, 512);
	put_preamble(s);
	session(s);
	for (uint32_t i = 0; i < line.count; i++)
		see(i);
	CU_ASSERT_EQUAL(seen.wrong, 0);
	compare(s);
	forget_line();
	buf_free(&seen.text);
	buf_free(&seen.body);
}

static void a_session_of_suite_42_is_the_stored_one(void)
{
	run_suite(0);
}

static void a_session_of_suite_02_is_the_stored_one(void)
{
	run_suite(1);
}

static void a_session_of_suite_01_is_the_stored_one(void)
{
	run_suite(2);
}

static int start(void)
{
	static const char *const hosts[] = {"DEVHOST00042", "DEVHOST00002", "DEVHOST00001"};

	load_keys();
	crypto_random_override(fill, NULL);
	use_stream("set-up", 0);
	issue(&authority, "DEVECTOR001", AUTHORITY, 0, CVC_CVCA, ROLE_ALL);
	for (size_t i = 0; i < 3; i++) {
		issue(&chain[i], hosts[i], HOST_42 + i, suites[i], CVC_TERMINAL, ROLE_ALL);
		issue(&card_certificate[i], "DEVCARD0001", CARD_42 + i, suites[i], CVC_TERMINAL, 0);
	}
	must(mkdtemp(dir) != NULL);
	personalise();
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int stop(void)
{
	for (size_t i = 0; i < KEYS; i++)
		EVP_PKEY_free(keys[i]);
	for (size_t i = 0; i < 3; i++) {
		buf_free(&chain[i]);
		buf_free(&card_certificate[i]);
	}
	buf_free(&authority);
	return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"a session of suite 42 is the stored one",
		 a_session_of_suite_42_is_the_stored_one},
		{"a session of suite 02 is the stored one",
		 a_session_of_suite_02_is_the_stored_one},
		{"a session of suite 01 is the stored one",
		 a_session_of_suite_01_is_the_stored_one},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo all[] = {
		{.pName = "vectors", .pInitFunc = start, .pCleanupFunc = stop, .pTests = tests},
		CU_SUITE_INFO_NULL};

	if (is_writing() && access(source_path("scp10-keys.pem"), R_OK) != 0) {
		write_keys(source_path("scp10-keys.pem"));
		printf("keys made; once more for the texts\n");
		return 0;
	}
	/* Before libcrypto's first random byte. */
	must(RAND_set_DRBG_type(crypto_context(), "TEST-RAND", NULL, NULL, NULL) == 1);
	log_open(LOG_LEVEL_ERROR, false);
	return suite_run("sc/vectors", all);
}
