/* SPDX-License-Identifier: BSD-2-Clause */
/* A card in a directory, its host in this process, and what both have to compute at least. */
#include "bench/channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/tlv.h"
#include "sc/application.h"
#include "sc/scp10.h"
#include "sc/transport_embedded.h"

enum {
	BITS = 2048,
	PAIRS = 40,
	HANDSHAKES = 10,
	MESSAGES = 500,
	ANSWERS = (PAIRS + 1) * MESSAGES,
	DATA = 256,
	PADDED = DATA + AES_BLOCK,
	ANSWER = 4 + 1 + PADDED + 4 + 10, /* 87, 99 and 8E of an answer */
};

static const struct policy_card row = {.suite = SUITE_42};
static const struct policy_reference key_42 = {.version = 1, .index = 1};

struct channel_bench {
	EVP_PKEY *authority_key, *host_key;
	struct buf authority, chain;
	struct identity *identity;
	struct wire wire;
	bool wired;
	uint8_t card_id[CVC_ID];
	struct messaging *sm; /* of the last handshake */
	/* Messaging alone. */
	struct messaging_secrets secrets;
	struct messaging *messaging;
	uint8_t (*answers)[ANSWER];
	size_t next;
	struct cmac *cmac[2];
	struct cipher *cipher[2];
	uint8_t data[PADDED];
};

static enum rc issue(const struct channel_bench *b, const char *chr, EVP_PKEY *key, uint8_t suite,
		     unsigned int roles, struct buf *out)
{
	const struct cvc_request request = {
		.car = "DEBENCH0001",
		.chr = chr,
		.key = key,
		.scheme = RSA_PSS_SHA256,
		.type = suite ? CVC_TERMINAL : CVC_CVCA,
		.roles = roles,
		.effective = cvc_today(),
		.expiration = cvc_years_on(cvc_today(), 1),
		.suite = suite,
	};

	return cvc_issue(&request, b->authority_key, RSA_PSS_SHA256, out);
}

static enum rc make_identity(struct channel_bench *b)
{
	enum rc rc = rsa_generate(BITS, &b->authority_key);

	if (rc == RC_OK)
		rc = rsa_generate(BITS, &b->host_key);
	if (rc == RC_OK)
		rc = issue(b, "DEBENCH0001", b->authority_key, 0, ROLE_ALL, &b->authority);
	if (rc == RC_OK)
		rc = issue(b, "DEHOST00001", b->host_key, SUITE_42, ROLE_ALL, &b->chain);
	if (rc == RC_OK)
		rc = identity_new(view_buf(&b->authority), &b->identity);
	if (rc != RC_OK)
		return rc;
	EVP_PKEY_up_ref(b->host_key);
	return identity_add(b->identity, SUITE_42, b->host_key, view_buf(&b->chain));
}

static enum rc personalise(struct channel_bench *b, struct sc *sc)
{
	struct application_certificate certificate = {.reference = key_42};
	struct application_personalisation p = {.certificates = &certificate,
						.certificate_count = 1,
						.authority = view_buf(&b->authority),
						.suites = view_of(&row.suite, 1)};
	struct buf object, made;
	enum rsa_scheme scheme;
	EVP_PKEY *key = NULL;
	struct fci fci;
	uint16_t sw = 0;
	enum rc rc = sc_select(sc, &fci, &sw);

	buf_init(&object, CVC_MAX);
	buf_init(&made, CVC_MAX);
	if (rc == RC_OK)
		rc = application_generate_card_key(sc, key_42, SUITE_42, BITS, &object, &sw);
	if (rc == RC_OK)
		rc = cvc_public_key(view_buf(&object), &scheme, &key);
	if (rc == RC_OK)
		rc = issue(b, "DECARD00001", key, SUITE_42, 0, &made);
	certificate.certificate = view_buf(&made);
	if (rc == RC_OK)
		rc = application_personalise(sc, &p, &sw);
	if (rc == RC_OK)
		rc = sc_select(sc, &fci, &sw);
	if (rc == RC_OK)
		memcpy(b->card_id, fci.card_id, CVC_ID);
	EVP_PKEY_free(key);
	buf_free(&object);
	buf_free(&made);
	return rc;
}

static enum rc make_card(struct channel_bench *b, const char *dir)
{
	const struct apdu select = {.ins = 0xA4, .p1 = 4, .data = fci_application_aid(), .le = 256};
	struct transport *t = NULL;
	struct sc *sc = NULL;
	struct view ignored;
	char path[4200];
	uint16_t sw;
	enum rc rc;

	snprintf(path, sizeof(path), "%s/channel", dir);
	rc = mkdir(path, 0700) == 0 ? transport_embedded_create(path, &t) : RC_IO;
	if (rc == RC_OK)
		rc = sc_open(&t, NULL, NULL, &sc);
	if (rc == RC_OK)
		rc = personalise(b, sc);
	sc_close(&sc);
	transport_close(&t);
	if (rc == RC_OK)
		rc = transport_embedded_open(path, &t);
	if (rc != RC_OK)
		return rc;
	wire_open(&b->wire, t);
	b->wired = true;
	b->wire.extended = true;
	return wire_exchange(&b->wire, &select, &ignored, &sw);
}

/* Answers of 256 bytes as the card would send them, one for each value of the counter. */
static enum rc make_answer(struct channel_bench *b, size_t n)
{
	uint8_t counter[AES_BLOCK] = {0}, iv[AES_BLOCK], mac[AES_BLOCK], *at;
	struct view parts[2] = {view_of(counter, sizeof(counter))};
	struct buf out;
	enum rc rc;

	for (size_t i = 0; i < 8; i++)
		counter[8 + i] = (uint8_t)((uint64_t)n >> (56 - 8 * i));
	buf_fixed(&out, b->answers[n], ANSWER);
	tlv_header(&out, 0x87, 1 + PADDED);
	buf_u8(&out, 1);
	at = buf_space(&out, PADDED);
	rc = cipher_block(b->cipher[1], counter, iv);
	if (rc == RC_OK && at)
		rc = cipher_cbc_encrypt(b->cipher[1], iv, b->data, PADDED, at);
	tlv_header(&out, 0x99, 2);
	buf_u16(&out, SW_OK);
	parts[1] = view_buf(&out);
	if (rc == RC_OK)
		rc = cmac_compute(b->cmac[1], parts, 2, mac);
	tlv_put(&out, 0x8E, view_of(mac, 8));
	return rc == RC_OK ? buf_rc(&out) : rc;
}

static enum rc make_messages(struct channel_bench *b)
{
	enum rc rc = crypto_random(b->secrets.key, sizeof(b->secrets.key));

	b->data[DATA] = 0x80;
	b->answers = malloc(ANSWERS * sizeof(*b->answers));
	if (!b->answers)
		return RC_MEMORY;
	for (size_t d = 0; d < 2 && rc == RC_OK; d++) {
		rc = cmac_new(b->secrets.key[d], AES256_KEY, &b->cmac[d]);
		if (rc == RC_OK)
			rc = cipher_new(CIPHER_AES_256, b->secrets.key[2 + d], &b->cipher[d]);
	}
	for (size_t n = 0; n < ANSWERS && rc == RC_OK; n++)
		rc = make_answer(b, n);
	if (rc == RC_OK)
		rc = messaging_new(MESSAGING_AES, LEVEL_ALL, &b->secrets, &b->messaging);
	return rc;
}

struct channel_bench *channel_bench_new(const char *dir)
{
	struct channel_bench *b = calloc(1, sizeof(*b));
	enum rc rc;

	if (!b)
		return NULL;
	buf_init(&b->authority, CVC_MAX);
	buf_init(&b->chain, CVC_MAX);
	rc = make_identity(b);
	if (rc == RC_OK)
		rc = make_card(b, dir);
	if (rc == RC_OK)
		rc = make_messages(b);
	if (rc != RC_OK) {
		fprintf(stderr, "bench: the channel: %s\n", rc_name(rc));
		channel_bench_free(&b);
	}
	return b;
}

void channel_bench_free(struct channel_bench **bench)
{
	struct channel_bench *b = bench ? *bench : NULL;

	if (!b)
		return;
	messaging_free(&b->sm);
	messaging_free(&b->messaging);
	for (size_t d = 0; d < 2; d++) {
		cmac_free(&b->cmac[d]);
		cipher_free(&b->cipher[d]);
	}
	free(b->answers);
	if (b->wired)
		wire_close(&b->wire);
	identity_free(&b->identity);
	buf_free(&b->authority);
	buf_free(&b->chain);
	EVP_PKEY_free(b->authority_key);
	EVP_PKEY_free(b->host_key);
	free(b);
	*bench = NULL;
}

static bool shake_hands(void *arg)
{
	struct channel_bench *b = arg;
	struct buf certificate;
	bool good;

	messaging_free(&b->sm);
	buf_init(&certificate, CVC_MAX);
	good = scp10_open(&b->wire, b->identity, &row, b->card_id, &certificate, &b->sm) == RC_OK;
	buf_free(&certificate);
	return good;
}

unsigned long channel_bench_apdus(struct channel_bench *bench)
{
	uint64_t before = bench->wire.apdus;

	return shake_hands(bench) ? (unsigned long)(bench->wire.apdus - before) : 0;
}

/*
 * What neither end can do without: both certificates verified, the keys enciphered and deciphered,
 * a signature of each made and verified.
 */
static bool rsa_alone(void *arg)
{
	struct channel_bench *b = arg;
	struct view message = view_of(b->data, 171);
	struct buf out, plain;
	bool good = true;

	buf_init(&out, 1024);
	buf_init(&plain, 1024);
	for (int i = 0; i < 2 && good; i++) {
		buf_reset(&out);
		good = rsa_sign(b->host_key, RSA_PSS_SHA256, &message, 1, &out) == RC_OK;
		for (int n = 0; n < 2 && good; n++)
			good = rsa_verify(b->host_key, RSA_PSS_SHA256, &message, 1,
					  view_buf(&out)) == RC_OK;
	}
	buf_reset(&out);
	good = good && rsa_encrypt(b->host_key, RSA_OAEP_SHA256, message, &out) == RC_OK &&
	       rsa_decrypt(b->host_key, RSA_OAEP_SHA256, view_buf(&out), &plain) == RC_OK;
	buf_free(&out);
	buf_free(&plain);
	return good;
}

struct measure_result channel_bench_handshake(struct channel_bench *bench)
{
	return measure_pair(shake_hands, bench, rsa_alone, bench, PAIRS, HANDSHAKES);
}

double channel_bench_rsa(struct channel_bench *bench)
{
	double start = measure_processor();

	for (int i = 0; i < HANDSHAKES; i++)
		if (!rsa_alone(bench))
			return 0;
	return (measure_processor() - start) / HANDSHAKES * 1e6;
}

static bool protect_and_open(void *arg)
{
	struct channel_bench *b = arg;
	const struct apdu command = {.cla = 0x80,
				     .ins = 0x44,
				     .data = view_of(b->data, DATA),
				     .le = 65536,
				     .extended = true};
	struct apdu outer;
	struct view plain;

	return b->next < ANSWERS && messaging_protect(b->messaging, &command, &outer) == RC_OK &&
	       messaging_verify(b->messaging, view_of(b->answers[b->next++], ANSWER), SW_OK,
				&plain) == RC_OK &&
	       plain.len == DATA;
}

static bool aes_alone(void *arg)
{
	static const uint8_t iv[AES_BLOCK];
	struct channel_bench *b = arg;
	struct view input = view_of(b->answers[0], ANSWER);
	uint8_t out[PADDED], mac[AES_BLOCK];
	bool good = true;

	for (size_t d = 0; d < 2 && good; d++)
		good = cmac_compute(b->cmac[d], &input, 1, mac) == RC_OK &&
		       (d ? cipher_cbc_decrypt(b->cipher[d], iv, b->data, PADDED, out)
			  : cipher_cbc_encrypt(b->cipher[d], iv, b->data, PADDED, out)) == RC_OK;
	return good;
}

struct measure_result channel_bench_messaging(struct channel_bench *bench)
{
	return measure_pair(protect_and_open, bench, aes_alone, bench, PAIRS, MESSAGES);
}
