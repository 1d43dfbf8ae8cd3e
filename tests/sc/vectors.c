/* SPDX-License-Identifier: BSD-2-Clause */
/* What the stored sessions are made of: keys, randomness, certificates, cards, and what is said. */
#include "tests/sc/vectors.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/rand.h>

#include "base/cvc_chain.h"
#include "base/log.h"
#include "base/pem.h"
#include "base/rsa_raw.h"
#include "base/tlv.h"
#include "sc/application.h"
#include "sc/transport_embedded.h"
#include "tests/suite.h"

enum { KEYS = 10, ENTROPY = 1 << 16, CARDS = 3 };

static const uint8_t suites[3] = {SUITE_42, SUITE_02, SUITE_01};

/* The keys of tests/vectors/scp10-keys.pem, in this order. */
enum key { AUTHORITY, HOST_42, HOST_02, HOST_01, CARD_42, CARD_02, CARD_01, ISSUER };
static EVP_PKEY *keys[KEYS];
static struct buf authority;
/* Of the cards under the authority, and of the third card. */
static struct buf card_chains[2][3];

void must(bool right)
{
	if (!right)
		abort();
}

const char *vectors_path(const char *name)
{
	static char path[4200];
	const char *source = getenv("INTAGLIO_SOURCE");

	snprintf(path, sizeof(path), "%s/tests/vectors/%s", source ? source : ".", name);
	return path;
}

const char *vectors_file(const struct scenario *scenario)
{
	char name[48];

	snprintf(name, sizeof(name), "scp10-%s.txt", scenario->file);
	return vectors_path(name);
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

void use_stream(const char *label, uint32_t apdu)
{
	stream.label = label;
	stream.apdu = apdu;
	stream.block = 0;
	stream.used = SHA256_SIZE;
	give_libcrypto(RAND_get0_public(crypto_behind()));
	give_libcrypto(RAND_get0_private(crypto_behind()));
}

/* Key generation of the card, by the linker's --wrap: it gets the fixed keys. */
static unsigned int generated;
enum rc __wrap_rsa_generate(unsigned int bits, EVP_PKEY **ret);
enum rc __real_rsa_generate(unsigned int bits, EVP_PKEY **ret);

enum rc __wrap_rsa_generate(unsigned int bits, EVP_PKEY **ret)
{
	(void)bits;
	must(CARD_42 + generated <= CARD_01);
	*ret = keys[CARD_42 + generated++];
	EVP_PKEY_up_ref(*ret);
	return RC_OK;
}

void vectors_write_keys(void)
{
	FILE *f = fopen(vectors_path("scp10-keys.pem"), "we");
	struct buf pem;

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

void vectors_read(const char *path, struct buf *out)
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
	const char *path = vectors_path("scp10-keys.pem"), *at;
	struct buf text;

	buf_init(&text, TEXT_MAX);
	vectors_read(path, &text);
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

struct issuer {
	const char *name;
	enum key key;
};
static const struct issuer root = {"DEVECTOR001", AUTHORITY};

static void issue(struct buf *out, struct issuer by, const char *chr, enum key key, uint8_t suite,
		  enum cvc_type type, unsigned int roles)
{
	const struct cvc_request request = {
		.car = by.name,
		.chr = chr,
		.key = keys[key],
		.scheme = suite == SUITE_42 || !suite ? RSA_PSS_SHA256 : RSA_PKCS1_SHA1,
		.type = type,
		.roles = roles,
		.effective = 260101,
		.expiration = 991231,
		.suite = suite,
	};

	must(cvc_issue(&request, keys[by.key], RSA_PSS_SHA256, out) == RC_OK);
}

/* Issuers of which each signs the next; who signs after the last of them. */
static struct issuer issue_issuers(struct buf *out, unsigned int count)
{
	static const char *const names[] = {"DEVISSUER01", "DEVISSUER02", "DEVISSUER03"};
	struct issuer by = root;

	must(count <= sizeof(names) / sizeof(names[0]));
	for (unsigned int i = 0; i < count; i++) {
		issue(out, by, names[i], ISSUER + i, 0, CVC_DV, ROLE_ALL);
		by = (struct issuer){names[i], ISSUER + i};
	}
	return by;
}

static void issue_host_chain(struct buf *out, size_t s, unsigned int count)
{
	static const char *const hosts[] = {"DEVHOST00042", "DEVHOST00002", "DEVHOST00001"};
	struct issuer by;

	use_stream("issuers", 0); /* the salts, whatever was signed before */
	buf_init(out, CVC_CHAIN_BYTES);
	by = issue_issuers(out, count - 1);
	issue(out, by, hosts[s], HOST_42 + s, suites[s], CVC_TERMINAL, ROLE_ALL);
}

static void issue_card_chain(struct buf *out, size_t s, unsigned int count)
{
	struct issuer by;

	buf_init(out, CVC_CHAIN_BYTES);
	by = issue_issuers(out, count - 1);
	issue(out, by, "DEVCARD0001", CARD_42 + s, suites[s], CVC_TERMINAL, 0);
}

static char dirs[CARDS][16] = {"vectors-XXXXXX", "vectors-XXXXXX", "vectors-XXXXXX"};
const uint8_t vectors_card_id[CVC_ID] = {'C', 'A', 'R', 'D', '0', '0', '0', '1'};

const struct scenario scenarios[SCENARIOS] = {
	{"42", "key transport and binding signatures, AES", SUITE_42, .certificates = 1},
	{"02", "key transport, 3DES", SUITE_02, .certificates = 1},
	{"01", "key agreement, 3DES", SUITE_01, .certificates = 1},
	{"42-chain", "four certificates, short length, channel 4", SUITE_42, .certificates = 4,
	 .channel = 4, .is_short = true},
	{"42-card", "a card under three issuers, short length", SUITE_42, .card = 2,
	 .certificates = 1, .is_short = true},
	{"02-external", "P1 81, P2 A4, keys for both directions, DEK", SUITE_02, .card = 1,
	 .certificates = 1,
	 .row = {.external_only = true,
		 .stored_host_key = true,
		 .host_key = {4, 2},
		 .joint_keys = true,
		 .dek = true}},
	{"02-cipher", "level 22, encipherment alone, two certificates", SUITE_02, .card = 1,
	 .certificates = 2, .row = {.level = 0x22, .unauthenticated = true}},
	{"02-channel", "level 22, P1 81, short length, channel 5", SUITE_02, .card = 1,
	 .certificates = 2, .channel = 5, .is_short = true,
	 .row = {.level = 0x22, .unauthenticated = true, .external_only = true}},
	{"02-rmac", "level 10, R-MAC alone", SUITE_02, .card = 1, .certificates = 1,
	 .row = {.level = 0x10, .unauthenticated = true}},
	{"01-patent", "P2 A4, numbering and counter of step 134', keys for both directions, DEK",
	 SUITE_01, .card = 1, .certificates = 1,
	 .row = {.stored_host_key = true,
		 .host_key = {4, 1},
		 .joint_keys = true,
		 .dek = true,
		 .numbering = POLICY_NUMBERING_SEED}},
	{"01-card", "a card under two issuers, a host under one", SUITE_01, .card = 2,
	 .certificates = 2},
	{"01-commands", "level 03, answers plain; numbering of step 134'", SUITE_01, .card = 1,
	 .certificates = 1,
	 .row = {.level = 0x03, .unauthenticated = true, .numbering = POLICY_NUMBERING_SEED}},
	{"01-joint", "three certificates, short length, channel 19, keys for both directions, DEK",
	 SUITE_01, .certificates = 3, .channel = 19, .is_short = true,
	 .row = {.joint_keys = true, .dek = true}},
};

static size_t suite_at(const struct scenario *scenario)
{
	size_t s = 0;

	while (suites[s] != scenario->suite)
		must(++s < sizeof(suites));
	return s;
}

/* Reference of the card's key of a suite: 1,1 and 2,1 and 3,1. */
static struct policy_reference card_reference(size_t s)
{
	return (struct policy_reference){.version = (uint8_t)(s + 1), .index = 1};
}

static void put_host_keys(struct buf *data)
{
	for (size_t s = 1; s < 3; s++) {
		const uint8_t reference[] = {4, suites[s]};
		size_t mark = tlv_open(data, 0xA1);
		struct buf chain;

		issue_host_chain(&chain, s, 1);
		tlv_put(data, 0x83, view_of(reference, 2));
		buf_view(data, view_buf(&chain));
		tlv_close(data, mark);
		buf_free(&chain);
	}
}

/* STORE DATA of doc/scp10.md, section 6. */
static void put_identity(struct buf *data, unsigned int card)
{
	buf_view(data, view_buf(&authority));
	for (size_t s = 0; s < 3; s++) {
		const uint8_t reference[] = {(uint8_t)(s + 1), 1};
		size_t mark = tlv_open(data, 0xA0);

		tlv_put(data, 0x83, view_of(reference, 2));
		buf_view(data, view_buf(&card_chains[card == 2][s]));
		tlv_close(data, mark);
	}
	tlv_put(data, 0xC8, view_of(suites, sizeof(suites)));
	if (card != 1)
		return;
	tlv_put_u8(data, 0xC9, 0x00);
	tlv_put_u8(data, 0xCA, 0x01);
	put_host_keys(data);
}

static void personalise(unsigned int card)
{
	struct apdu store = {.cla = 0x80, .ins = 0xE2, .p1 = 0x80, .extended = true};
	struct buf data, answer;
	struct transport *t = NULL;
	struct sc *sc = NULL;
	struct fci fci;
	uint16_t sw;

	must(transport_embedded_create(dirs[card], &t) == RC_OK &&
	     sc_open(&t, NULL, NULL, &sc) == RC_OK && sc_select(sc, &fci, &sw) == RC_OK);
	buf_init(&data, APDU_EXTENDED_DATA);
	buf_init(&answer, 4096);
	generated = 0;
	for (size_t s = 0; s < 3; s++)
		must(application_generate_card_key(sc, card_reference(s), suites[s], 2048, &answer,
						   &sw) == RC_OK);
	put_identity(&data, card);
	store.data = view_buf(&data);
	must(sc_exchange_bare(sc, &store, &answer, &sw) == RC_OK && sw == SW_OK);
	buf_free(&data);
	buf_free(&answer);
	sc_close(&sc);
}

static void talk(struct sc *sc, const struct scenario *scenario)
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
	bool is_old = scenario->suite != SUITE_42;
	struct view answer;
	struct fci fci;
	uint16_t sw = 0;

	CU_ASSERT_EQUAL(sc_select(sc, &fci, &sw), RC_OK);
	CU_ASSERT_EQUAL_FATAL(sc_connect(sc), RC_OK);
	CU_ASSERT_EQUAL(sc_channel(sc), scenario->channel);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		/* An error ends a session of the old suites: one is enough. */
		if (is_old && i == (scenario->is_short ? 4 : 5))
			continue;
		CU_ASSERT_EQUAL(sc_exchange_view(sc, &commands[i], &answer, &sw), RC_OK);
		CU_ASSERT_EQUAL(sw, i < 4    ? SW_OK
				    : i == 4 ? SW_REFERENCE_DATA_UNUSABLE
					     : SW_WRONG_LENGTH);
	}
}

struct view vectors_authority(void)
{
	return view_buf(&authority);
}

struct view vectors_card_chain(const struct scenario *scenario)
{
	return view_buf(&card_chains[scenario->card == 2][suite_at(scenario)]);
}

void vectors_host_chain(const struct scenario *scenario, struct buf *out)
{
	issue_host_chain(out, suite_at(scenario), scenario->certificates);
}

EVP_PKEY *vectors_host_key(const struct scenario *scenario)
{
	return keys[HOST_42 + suite_at(scenario)];
}

EVP_PKEY *vectors_card_key(const struct scenario *scenario)
{
	return keys[CARD_42 + suite_at(scenario)];
}

struct transport *vectors_card(const struct scenario *scenario)
{
	struct transport *t = NULL;

	must(transport_embedded_open(dirs[scenario->card], &t) == RC_OK);
	return t;
}

/* A channel above 1 is what is left when others have been given away. */
static void open_channels(struct transport *t, unsigned int count)
{
	static const uint8_t open_channel[] = {0x00, 0x70, 0x00, 0x00, 0x01};
	struct buf answer;

	buf_init(&answer, 16);
	for (unsigned int i = 1; i < count; i++, buf_reset(&answer))
		must(transport_transmit(t, view_of(open_channel, sizeof(open_channel)), &answer) ==
		     RC_OK);
	buf_free(&answer);
}

void vectors_host(const struct scenario *scenario, struct view chain, struct transport **t)
{
	struct policy_card row = scenario->row;
	const struct policy policy = {.cards = &row, .card_count = 1};
	struct identity *identity = NULL;
	struct sc *sc = NULL;
	EVP_PKEY *key = vectors_host_key(scenario);

	memcpy(row.id, vectors_card_id, CVC_ID);
	row.suite = scenario->suite;
	row.card_key = card_reference(suite_at(scenario));
	must(identity_new(view_buf(&authority), &identity) == RC_OK && EVP_PKEY_up_ref(key) == 1 &&
	     identity_add(identity, row.suite, key, chain) == RC_OK);
	use_stream("host", 0);
	open_channels(*t, scenario->channel);
	must(sc_open(t, identity, &policy, &sc) == RC_OK);
	talk(sc, scenario);
	sc_close(&sc);
	identity_free(&identity);
}

void vectors_begin(void)
{
	must(RAND_set_DRBG_type(crypto_behind(), "TEST-RAND", NULL, NULL, NULL) == 1);
	log_open(LOG_LEVEL_ERROR, false);
}

int vectors_start(void)
{
	load_keys();
	crypto_random_override(fill, NULL);
	use_stream("set-up", 0);
	buf_init(&authority, CVC_MAX);
	issue(&authority, root, "DEVECTOR001", AUTHORITY, 0, CVC_CVCA, ROLE_ALL);
	for (size_t s = 0; s < 3; s++)
		issue_card_chain(&card_chains[0][s], s, 1);
	use_stream("card issuers", 0);
	for (size_t s = 0; s < 3; s++)
		issue_card_chain(&card_chains[1][s], s, suites[s] == SUITE_42 ? 4 : 3);
	use_stream("cards", 0);
	for (unsigned int i = 0; i < CARDS; i++) {
		must(mkdtemp(dirs[i]) != NULL);
		personalise(i);
	}
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int vectors_stop(void)
{
	int failed = 0;

	for (size_t i = 0; i < KEYS; i++)
		EVP_PKEY_free(keys[i]);
	for (size_t i = 0; i < 3; i++) {
		buf_free(&card_chains[0][i]);
		buf_free(&card_chains[1][i]);
	}
	buf_free(&authority);
	for (size_t i = 0; i < CARDS; i++)
		failed |= nftw(dirs[i], remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return failed;
}
