/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Complete sessions of each suite between the host and the card, with fixed keys and randomness,
 * compared byte for byte with tests/vectors/scp10-*.txt. The texts are made here: what both ends
 * send is recorded between them, and the observer of observer.h writes what is inside. With
 * INTAGLIO_WRITE_VECTORS=1 the texts are written anew.
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
#include "tests/sc/observer.h"
#include "tests/suite.h"

enum { KEYS = 10, TEXT_MAX = 1 << 20, ENTROPY = 1 << 16, APDUS = 128, CHAIN_MAX = 4 };

static const uint8_t suites[] = {SUITE_42, SUITE_02, SUITE_01};

/* The keys of tests/vectors/scp10-keys.pem, in this order. */
enum key { AUTHORITY, HOST_42, HOST_02, HOST_01, CARD_42, CARD_02, CARD_01, ISSUER };
static EVP_PKEY *keys[KEYS];
static struct buf authority, card_certificate[3];

/* A session, and where it differs from one at level 33, C1, B6, one certificate, channel 0. */
struct scenario {
	const char *file, *about;
	size_t s; /* suite, of suites[] */
	unsigned int card; /* 0, or 1: the one with stored host keys and the patent's numbering */
	unsigned int certificates, channel;
	bool is_short; /* neither end may use extended length */
	struct policy_card row;
};

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
	must(CARD_42 + generated <= CARD_01);
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

/* The host's certificates for a suite: issuers of which each signs the next, and the host's. */
static void issue_chain(struct buf *out, size_t s, unsigned int count)
{
	static const char *const hosts[] = {"DEVHOST00042", "DEVHOST00002", "DEVHOST00001"};
	static const char *const names[] = {"DEVISSUER01", "DEVISSUER02", "DEVISSUER03"};
	struct issuer by = root;

	must(count <= CHAIN_MAX);
	use_stream("issuers", 0); /* the salts, whatever was signed before */
	buf_init(out, CHAIN_MAX * CVC_MAX);
	for (unsigned int i = 0; i + 1 < count; i++) {
		issue(out, by, names[i], ISSUER + i, 0, CVC_DV, ROLE_ALL);
		by = (struct issuer){names[i], ISSUER + i};
	}
	issue(out, by, hosts[s], HOST_42 + s, suites[s], CVC_TERMINAL, ROLE_ALL);
}

/* The line between both ends: passes on, records, and changes whose randomness is drawn. */
static struct transport *inner;
static struct {
	struct buf command[APDUS], answer[APDUS];
	uint32_t count;
	bool is_short, shared;
} line;

static enum rc line_open(const char *address, const void *options, void **ret_handle,
			 struct transport_attributes *ret_attributes)
{
	(void)address;
	(void)options;
	*ret_attributes = *transport_attributes(inner);
	ret_attributes->shared = line.shared;
	if (line.is_short) {
		ret_attributes->extended = false;
		ret_attributes->command_max = 261;
		ret_attributes->response_max = 258;
	}
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

/* Both ends. */

static char dirs[2][16] = {"vectors-XXXXXX", "vectors-XXXXXX"};
static const uint8_t card_id[CVC_ID] = {'C', 'A', 'R', 'D', '0', '0', '0', '1'};

static const struct scenario scenarios[] = {
	{"42", "key transport and binding signatures, AES", 0, .certificates = 1},
	{"02", "key transport, 3DES", 1, .certificates = 1},
	{"01", "key agreement, 3DES", 2, .certificates = 1},
	{"42-chain", "four certificates, short length, channel 4", 0, .certificates = 4,
	 .channel = 4, .is_short = true},
	{"02-external", "P1 81, P2 A4, keys for both directions, DEK", 1, .card = 1,
	 .certificates = 1,
	 .row = {.external_only = true,
		 .stored_host_key = true,
		 .host_key = {4, 2},
		 .joint_keys = true,
		 .dek = true}},
	{"02-cipher", "level 22, encipherment alone, two certificates", 1, .card = 1,
	 .certificates = 2, .row = {.level = 0x22, .unauthenticated = true}},
	{"02-channel", "level 22, P1 81, short length, channel 5", 1, .card = 1, .certificates = 2,
	 .channel = 5, .is_short = true,
	 .row = {.level = 0x22, .unauthenticated = true, .external_only = true}},
	{"02-rmac", "level 10, R-MAC alone", 1, .card = 1, .certificates = 1,
	 .row = {.level = 0x10, .unauthenticated = true}},
	{"01-patent", "P2 A4, numbering and counter of step 134', keys for both directions, DEK", 2,
	 .card = 1, .certificates = 1,
	 .row = {.stored_host_key = true,
		 .host_key = {4, 1},
		 .joint_keys = true,
		 .dek = true,
		 .numbering = POLICY_NUMBERING_SEED}},
	{"01-commands", "level 03, answers plain; numbering of step 134'", 2, .card = 1,
	 .certificates = 1,
	 .row = {.level = 0x03, .unauthenticated = true, .numbering = POLICY_NUMBERING_SEED}},
	{"01-joint", "three certificates, short length, channel 19, keys for both directions, DEK",
	 2, .certificates = 3, .channel = 19, .is_short = true,
	 .row = {.joint_keys = true, .dek = true}},
};
enum { SCENARIOS = sizeof(scenarios) / sizeof(scenarios[0]) };

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

		issue_chain(&chain, s, 1);
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
		buf_view(data, view_buf(&card_certificate[s]));
		tlv_close(data, mark);
	}
	tlv_put(data, 0xC8, view_of(suites, sizeof(suites)));
	if (card == 0)
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
	bool is_old = suites[scenario->s] != SUITE_42;
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

/* One session, recorded. A channel above 1 is what is left when others have been given away. */
static void session(const struct scenario *scenario, struct view chain)
{
	static const uint8_t open_channel[] = {0x00, 0x70, 0x00, 0x00, 0x01};
	struct policy_card row = scenario->row;
	const struct policy policy = {.cards = &row, .card_count = 1};
	struct identity *identity = NULL;
	struct transport *t = NULL;
	struct sc *sc = NULL;
	struct buf answer;

	memcpy(row.id, card_id, CVC_ID);
	row.suite = suites[scenario->s];
	row.card_key = card_reference(scenario->s);
	line.is_short = scenario->is_short;
	line.shared = scenario->channel > 0;
	must(identity_new(view_buf(&authority), &identity) == RC_OK);
	EVP_PKEY_up_ref(keys[HOST_42 + scenario->s]);
	must(identity_add(identity, row.suite, keys[HOST_42 + scenario->s], chain) == RC_OK);
	must(transport_embedded_open(dirs[scenario->card], &inner) == RC_OK &&
	     transport_open(&line_ops, "line", NULL, &t) == RC_OK);
	use_stream("host", 0);
	buf_init(&answer, 16);
	for (unsigned int i = 1; i < scenario->channel; i++, buf_reset(&answer))
		must(transport_transmit(t, view_of(open_channel, sizeof(open_channel)), &answer) ==
		     RC_OK);
	must(sc_open(&t, identity, &policy, &sc) == RC_OK);
	talk(sc, scenario);
	sc_close(&sc);
	transport_close(&inner);
	identity_free(&identity);
	buf_free(&answer);
}

/* 7F49 of the last certificate. */
static struct view public_key(struct view certificates)
{
	struct cvc c = {.suite = 0};

	while (certificates.len)
		must(cvc_parse(&certificates, &c) == RC_OK);
	return c.public_key;
}

static void put_preamble(const struct scenario *scenario, struct view chain, struct buf *text)
{
	struct cvc c;

	buf_printf(
		text,
		"# A session of suite %02X: %s.\n"
		"# doc/scp10.md, section 9, says what the lines are; made by tests/sc/test_vectors.c.\n"
		"# The private keys are in scp10-keys.pem.\n\n",
		suites[scenario->s], scenario->about);
	observer_put("trust point", view_buf(&authority));
	while (chain.len) {
		must(cvc_parse(&chain, &c) == RC_OK);
		observer_put("host certificate", c.object);
	}
	observer_put("card certificate", view_buf(&card_certificate[scenario->s]));
	observer_put("card id", view_of(card_id, CVC_ID));
	if (suites[scenario->s] == SUITE_01)
		buf_printf(text, "  key numbering = %02X\n", scenario->row.numbering);
}

static void compare(const struct scenario *scenario, const struct buf *text)
{
	char name[48];
	struct buf stored;

	snprintf(name, sizeof(name), "scp10-%s.txt", scenario->file);
	if (is_writing()) {
		FILE *f = fopen(source_path(name), "we");

		must(f && fwrite(text->data, 1, text->len, f) == text->len);
		fclose(f);
	}
	buf_init(&stored, TEXT_MAX);
	read_text(source_path(name), &stored);
	CU_ASSERT_TRUE(stored.len > 0);
	CU_ASSERT_TRUE(view_equal(view_buf(&stored), view_buf(text)));
	buf_free(&stored);
}

static void run_scenario(const struct scenario *scenario)
{
	struct observed o = {
		.host = keys[HOST_42 + scenario->s],
		.card = keys[CARD_42 + scenario->s],
		.card_object = public_key(view_buf(&card_certificate[scenario->s])),
		.card_id = card_id,
		.seed_numbering = scenario->row.numbering == POLICY_NUMBERING_SEED,
	};
	struct buf text, chain;

	buf_init(&text, TEXT_MAX);
	issue_chain(&chain, scenario->s, scenario->certificates);
	o.host_object = public_key(view_buf(&chain));
	session(scenario, view_buf(&chain));
	observer_begin(&o, &text);
	put_preamble(scenario, view_buf(&chain), &text);
	for (uint32_t i = 0; i < line.count; i++)
		observer_see(view_buf(&line.command[i]), view_buf(&line.answer[i]));
	CU_ASSERT_EQUAL(observer_end(), 0);
	compare(scenario, &text);
	forget_line();
	buf_free(&text);
	buf_free(&chain);
}

static void sessions_of_suite(uint8_t suite)
{
	for (size_t i = 0; i < SCENARIOS; i++)
		if (suites[scenarios[i].s] == suite)
			run_scenario(&scenarios[i]);
}

static void sessions_of_suite_42_are_the_stored_ones(void)
{
	sessions_of_suite(SUITE_42);
}

static void sessions_of_suite_02_are_the_stored_ones(void)
{
	sessions_of_suite(SUITE_02);
}

static void sessions_of_suite_01_are_the_stored_ones(void)
{
	sessions_of_suite(SUITE_01);
}

static int start(void)
{
	load_keys();
	crypto_random_override(fill, NULL);
	use_stream("set-up", 0);
	buf_init(&authority, CVC_MAX);
	issue(&authority, root, "DEVECTOR001", AUTHORITY, 0, CVC_CVCA, ROLE_ALL);
	for (size_t s = 0; s < 3; s++) {
		buf_init(&card_certificate[s], CVC_MAX);
		issue(&card_certificate[s], root, "DEVCARD0001", CARD_42 + s, suites[s],
		      CVC_TERMINAL, 0);
	}
	for (unsigned int i = 0; i < 2; i++) {
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

static int stop(void)
{
	for (size_t i = 0; i < KEYS; i++)
		EVP_PKEY_free(keys[i]);
	for (size_t i = 0; i < 3; i++)
		buf_free(&card_certificate[i]);
	buf_free(&authority);
	return nftw(dirs[0], remove_one, 16, FTW_DEPTH | FTW_PHYS) |
	       nftw(dirs[1], remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"sessions of suite 42 are the stored ones",
		 sessions_of_suite_42_are_the_stored_ones},
		{"sessions of suite 02 are the stored ones",
		 sessions_of_suite_02_are_the_stored_ones},
		{"sessions of suite 01 are the stored ones",
		 sessions_of_suite_01_are_the_stored_ones},
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
