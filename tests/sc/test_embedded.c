/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host against the project's own card, through the embedded transport: personalisation,
 * handshakes in both suites, commands of every family, and a line that flips bits. The two sides
 * share codecs and no protocol code, so what passes here was understood twice.
 */
#include "sc/transport_embedded.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/log.h"
#include "base/revocation.h"
#include "card/card.h"
#include "card/nvm_io.h"
#include "sc/application.h"
#include "tests/suite.h"

static const struct policy_reference key_42 = {.version = 1, .index = 1};
static const struct policy_reference key_02 = {.version = 2, .index = 1};
static const uint8_t card_id[CVC_ID] = {'A', 'R', 'D', '0', '0', '0', '0', '7'};
static const struct policy_card row_02 = {
	.id = {'A', 'R', 'D', '0', '0', '0', '0', '7'},
	.suite = SUITE_02,
	.card_key = {.version = 2, .index = 1},
};
static const struct policy policy_02 = {.cards = &row_02, .card_count = 1};

static char dir[] = "card-XXXXXX";
static EVP_PKEY *authority_key, *host_key;
static struct buf authority;
static struct identity *identity;

/* For what is not the test's subject, and where CUnit is not there yet. */
static void must(enum rc rc)
{
	if (rc != RC_OK)
		abort();
}

static void issue(struct buf *out, const char *chr, EVP_PKEY *key, uint8_t suite,
		  enum cvc_type type, unsigned int roles)
{
	const struct cvc_request request = {
		.car = "DETEST00001",
		.chr = chr,
		.key = key,
		.scheme = suite == SUITE_02 ? RSA_PKCS1_SHA1 : RSA_PSS_SHA256,
		.type = type,
		.roles = roles,
		.effective = cvc_today(),
		.expiration = cvc_years_on(cvc_today(), 2),
		.suite = suite,
	};

	must(cvc_issue(&request, authority_key, RSA_PSS_SHA256, out));
}

/* The host's identity: one key pair serves the test for both suites, with a certificate each. */
static void make_identity(void)
{
	static const uint8_t suites[] = {SUITE_42, SUITE_02};
	struct buf chain;

	must(rsa_generate(2048, &authority_key));
	buf_init(&authority, CVC_MAX);
	issue(&authority, "DETEST00001", authority_key, 0, CVC_CVCA, ROLE_ALL);
	must(identity_new(view_buf(&authority), &identity));
	buf_init(&chain, CVC_MAX);
	for (size_t i = 0; i < sizeof(suites); i++) {
		must(rsa_generate(2048, &host_key));
		buf_reset(&chain);
		issue(&chain, "DEHOST00001", host_key, suites[i], CVC_TERMINAL, ROLE_ALL);
		must(identity_add(identity, suites[i], host_key, view_buf(&chain)));
	}
	buf_free(&chain);
}

/* Has the card make a key, and certifies it. */
static void certify(struct sc *sc, struct policy_reference reference, uint8_t suite,
		    struct buf *certificate)
{
	enum rsa_scheme scheme;
	EVP_PKEY *key = NULL;
	struct buf object;
	uint16_t sw = 0;

	buf_init(&object, 4096);
	buf_init(certificate, CVC_MAX);
	CU_ASSERT_EQUAL_FATAL(
		application_generate_card_key(sc, reference, suite, 2048, &object, &sw), RC_OK);
	CU_ASSERT_EQUAL_FATAL(cvc_public_key(view_buf(&object), &scheme, &key), RC_OK);
	issue(certificate, "DECARD00007", key, suite, CVC_TERMINAL, 0);
	EVP_PKEY_free(key);
	buf_free(&object);
}

static void a_fresh_card_is_personalised_once(void)
{
	const uint8_t suites[] = {SUITE_42, SUITE_02};
	struct application_certificate certificates[2] = {{.reference = key_42},
							  {.reference = key_02}};
	struct application_personalisation p = {.certificates = certificates,
						.certificate_count = 2,
						.suites = view_of(suites, sizeof(suites))};
	struct transport *t = NULL;
	struct buf made[2];
	struct sc *sc = NULL;
	struct fci fci;
	uint16_t sw;

	CU_ASSERT_EQUAL_FATAL(transport_embedded_create(dir, &t), RC_OK);
	CU_ASSERT_EQUAL_FATAL(sc_open(&t, NULL, NULL, &sc), RC_OK);
	CU_ASSERT_EQUAL_FATAL(sc_select(sc, &fci, &sw), RC_OK);
	CU_ASSERT_EQUAL(fci.life_cycle, FCI_FRESH);
	CU_ASSERT_TRUE(sc_is_extended(sc));
	certify(sc, key_42, SUITE_42, &made[0]);
	certify(sc, key_02, SUITE_02, &made[1]);
	p.authority = view_buf(&authority);
	for (size_t i = 0; i < 2; i++)
		certificates[i].certificate = view_buf(&made[i]);
	/* Certificates in the wrong places are refused, and nothing has changed. */
	certificates[0].certificate = view_buf(&made[1]);
	CU_ASSERT_EQUAL(application_personalise(sc, &p, &sw), RC_SW);
	certificates[0].certificate = view_buf(&made[0]);
	CU_ASSERT_EQUAL(application_personalise(sc, &p, &sw), RC_OK);
	CU_ASSERT_EQUAL(application_personalise(sc, &p, &sw), RC_SW);
	CU_ASSERT_EQUAL(sc_select(sc, &fci, &sw), RC_OK);
	CU_ASSERT_EQUAL(fci.life_cycle, FCI_PERSONALISED);
	CU_ASSERT_TRUE(view_equal(view_of(fci.card_id, CVC_ID), view_of(card_id, CVC_ID)));
	CU_ASSERT_EQUAL(fci.suite_count, 2);
	sc_close(&sc);
	buf_free(&made[0]);
	buf_free(&made[1]);
}

static struct sc *connect_to_card(const struct policy *policy)
{
	struct transport *t = NULL;
	struct sc *sc = NULL;

	CU_ASSERT_EQUAL_FATAL(transport_embedded_open(dir, &t), RC_OK);
	CU_ASSERT_EQUAL_FATAL(sc_open(&t, identity, policy, &sc), RC_OK);
	return sc;
}

static void the_handshake_comes_right_in_both_suites(void)
{
	static const struct policy *const policies[] = {NULL, &policy_02};

	for (size_t i = 0; i < 2; i++) {
		struct sc *sc = connect_to_card(policies[i]);
		struct application_token t;
		struct sc_figures figures;
		uint16_t sw;

		CU_ASSERT_EQUAL_FATAL(sc_connect(sc), RC_OK);
		CU_ASSERT_EQUAL(sc_suite(sc), i ? SUITE_02 : SUITE_42);
		sc_figures(sc, &figures);
		CU_ASSERT_EQUAL(figures.handshake_apdus, 7);
		CU_ASSERT_EQUAL(application_token_info(sc, &t, &sw), RC_OK);
		CU_ASSERT_TRUE(view_equal(view_of(t.card_id, CVC_ID), view_of(card_id, CVC_ID)));
		sc_close(&sc);
	}
}

static void every_level_of_suite_02_that_policy_allows_works(void)
{
	static const uint8_t levels[] = {0x11, 0x13, 0x31, 0x33};
	unsigned int opened = 0;

	for (size_t i = 0; i < sizeof(levels); i++) {
		struct policy_card row = row_02;
		const struct policy policy = {.cards = &row, .card_count = 1};
		struct application_token t;
		struct sc *sc;
		uint16_t sw;

		row.level = levels[i];
		sc = connect_to_card(&policy);
		/* The card's own policy refuses less than 33. */
		if (sc_connect(sc) == RC_OK) {
			CU_ASSERT_EQUAL(application_token_info(sc, &t, &sw), RC_OK);
			opened++;
		}
		sc_close(&sc);
	}
	CU_ASSERT_EQUAL(opened, 1);
}

static void suite_42_s_key_is_not_served_under_another_name(void)
{
	struct policy_card row = row_02;
	const struct policy policy = {.cards = &row, .card_count = 1};
	struct sc *sc;

	row.card_key = key_42;
	sc = connect_to_card(&policy);
	CU_ASSERT_EQUAL(sc_connect(sc), RC_POLICY);
	sc_close(&sc);
}

/* A token with a user PIN, and the user logged in. */
static void set_up_token(struct sc *sc)
{
	const uint8_t label[APPLICATION_LABEL] = "test token";
	uint16_t sw = 0;

	CU_ASSERT_EQUAL_FATAL(application_initialise_token(sc, view_str("so-pin-1"), label, &sw),
			      RC_OK);
	CU_ASSERT_EQUAL_FATAL(application_verify(sc, APPLICATION_SO, view_str("so-pin-1"), &sw),
			      RC_OK);
	CU_ASSERT_EQUAL_FATAL(application_set_user_pin(sc, view_str("1234"), &sw), RC_OK);
	CU_ASSERT_EQUAL_FATAL(application_logout(sc, &sw), RC_OK);
}

static void pins_work_and_a_lost_session_loses_the_login(void)
{
	struct sc *sc = connect_to_card(NULL);
	uint64_t counter, epoch;
	struct fci fci;
	uint16_t sw = 0;

	set_up_token(sc);
	counter = sc_change_counter(sc);
	CU_ASSERT_TRUE(counter > 0);
	CU_ASSERT_EQUAL(application_verify(sc, APPLICATION_USER, view_str("9999"), &sw), RC_SW);
	CU_ASSERT_EQUAL(sw & 0xFFF0, SW_TRIES_LEFT);
	epoch = sc_epoch(sc);
	CU_ASSERT_EQUAL(application_verify(sc, APPLICATION_USER, view_str("1234"), &sw), RC_OK);
	CU_ASSERT_EQUAL(application_change_pin(sc, APPLICATION_USER, view_str("1234"),
					       view_str("12345"), &sw),
			RC_OK);
	CU_ASSERT_EQUAL(application_unblock(sc, view_str("so-pin-1"), view_str("1234"), &sw),
			RC_OK);
	CU_ASSERT_EQUAL(sc_select(sc, &fci, &sw), RC_OK);
	CU_ASSERT_TRUE(fci.flags & FCI_TOKEN_INITIALISED);
	CU_ASSERT_TRUE(fci.flags & FCI_USER_PIN_SET);
	CU_ASSERT_EQUAL(sc_epoch(sc), epoch);
	sc_close(&sc);
}

static void put_ec_template(struct buf *b)
{
	static const uint8_t p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};

	attr_set_ulong(b, CKA_CLASS, CKO_PUBLIC_KEY);
	attr_set_ulong(b, CKA_KEY_TYPE, CKK_EC);
	attr_set(b, CKA_EC_PARAMS, view_of(p256, sizeof(p256)));
	attr_set_bool(b, CKA_VERIFY, true);
}

static uint32_t make_ec_key(struct sc *sc)
{
	struct buf public_list, private_list, objects;
	struct view rest, list;
	uint32_t number = 0;
	uint16_t sw = 0;

	buf_init(&public_list, 1024);
	buf_init(&private_list, 1024);
	buf_init(&objects, 8192);
	put_ec_template(&public_list);
	attr_set_ulong(&private_list, CKA_CLASS, CKO_PRIVATE_KEY);
	attr_set_ulong(&private_list, CKA_KEY_TYPE, CKK_EC);
	attr_set_bool(&private_list, CKA_PRIVATE, true);
	attr_set_bool(&private_list, CKA_SENSITIVE, true);
	attr_set_bool(&private_list, CKA_SIGN, true);
	CU_ASSERT_EQUAL(application_generate_key_pair(sc, CKM_EC_KEY_PAIR_GEN,
						      view_buf(&public_list),
						      view_buf(&private_list), &objects, &sw),
			RC_OK);
	if (sw != SW_OK)
		printf("status word %04X\n", sw);
	rest = view_buf(&objects);
	CU_ASSERT_EQUAL(application_next_object(&rest, &number, &list), RC_OK);
	CU_ASSERT_EQUAL(application_next_object(&rest, &number, &list), RC_OK);
	buf_free(&public_list);
	buf_free(&private_list);
	buf_free(&objects);
	return number;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void a_key_signs_in_one_command_and_is_gone_when_it_is_destroyed(void)
{
	static const uint8_t digest[32] = {1};
	struct application_key_operation sign = {.operation = APPLICATION_SIGN,
						 .mechanism = CKM_ECDSA,
						 .input = view_of(digest, sizeof(digest))};
	struct sc *sc = connect_to_card(NULL);
	struct sc_figures before, after;
	struct buf out;
	bool more = true;
	uint16_t sw = 0;

	buf_init(&out, 65536);
	CU_ASSERT_EQUAL(application_verify(sc, APPLICATION_USER, view_str("1234"), &sw), RC_OK);
	sign.key = make_ec_key(sc);
	sc_figures(sc, &before);
	CU_ASSERT_EQUAL(application_key_operation(sc, &sign, &out, &sw), RC_OK);
	CU_ASSERT_EQUAL(out.len, 64);
	sc_figures(sc, &after);
	CU_ASSERT_EQUAL(after.apdus - before.apdus, 1);
	buf_reset(&out);
	CU_ASSERT_EQUAL(application_read_objects(sc, true, 0, &out, &more, &sw), RC_OK);
	CU_ASSERT_FALSE(more);
	CU_ASSERT_TRUE(out.len > 0);
	CU_ASSERT_EQUAL(application_destroy_object(sc, sign.key, &sw), RC_OK);
	CU_ASSERT_EQUAL(application_key_operation(sc, &sign, &out, &sw), RC_SW);
	buf_reset(&out);
	CU_ASSERT_EQUAL(application_random(sc, 500, &out, &sw), RC_OK);
	CU_ASSERT_EQUAL(out.len, 500);
	buf_free(&out);
	sc_close(&sc);
}

static void a_record_is_sealed_and_read_back(void)
{
	static uint8_t invoice[20000];
	struct application_seal seal = {
		.type = 1, .time = 1700000000000, .plaintext = view_of(invoice, sizeof(invoice))};
	struct sc *sc = connect_to_card(NULL);
	struct buf object, sealed, record;
	struct view rest, list;
	struct application_ledger state;
	bool is_stored = false;
	uint16_t sw = 0;

	buf_init(&object, 8192);
	buf_init(&sealed, 65536);
	buf_init(&record, 65536);
	for (size_t i = 0; i < sizeof(invoice); i++)
		invoice[i] = (uint8_t)(i * 31);
	memcpy(seal.nonce,
	       "\x00\x00\x01\x8B\xCF\xE5\x68\x00"
	       "12345678",
	       16);
	CU_ASSERT_EQUAL(application_verify(sc, APPLICATION_USER, view_str("1234"), &sw), RC_OK);
	CU_ASSERT_EQUAL_FATAL(application_ledger_create(
				      sc,
				      &(struct application_policy){.label = view_str("Invoices")},
				      &object, &sw),
			      RC_OK);
	rest = view_buf(&object);
	CU_ASSERT_EQUAL(application_next_object(&rest, &seal.ledger, &list), RC_OK);
	CU_ASSERT_EQUAL(application_ledger_seal(sc, &seal, &sealed, &is_stored, &sw), RC_OK);
	CU_ASSERT_TRUE(is_stored);
	CU_ASSERT_TRUE(sealed.len > sizeof(invoice));
	CU_ASSERT_EQUAL(application_ledger_open(sc, seal.ledger, 1, &record, &sw), RC_OK);
	CU_ASSERT_TRUE_FATAL(record.len > sizeof(invoice));
	CU_ASSERT_TRUE(
		view_equal(view_of(record.data + record.len - sizeof(invoice), sizeof(invoice)),
			   seal.plaintext));
	buf_reset(&record);
	CU_ASSERT_EQUAL(application_ledger_status(sc, seal.ledger, &state, &sw), RC_OK);
	CU_ASSERT_EQUAL(state.leaves, 2);
	CU_ASSERT_EQUAL(state.pruned, 0);
	buf_reset(&record);
	CU_ASSERT_EQUAL(application_ledger_last_receipt(sc, seal.ledger, &record, &sw), RC_OK);
	CU_ASSERT_TRUE(record.len > sizeof(invoice));
	CU_ASSERT_EQUAL(sc_epoch(sc), 1);
	buf_free(&object);
	buf_free(&sealed);
	buf_free(&record);
	sc_close(&sc);
}

/* The embedded card behind a line on which somebody flips bits and resets the card. */
static struct {
	void *handle;
	unsigned int count; /* APDUs */
	unsigned int at; /* the one that is touched */
	bool answer; /* the answer and not the command */
	size_t bit, bits;
	bool reset; /* the card is reset before it, and nobody says so */
	bool short_only; /* the reader has no extended length */
	unsigned int longest; /* bytes of an APDU either way */
	bool second; /* its address is the handle of a second way to the card */
} line;

static enum rc line_open(const char *address, const void *options, void **ret_handle,
			 struct transport_attributes *ret_attributes)
{
	enum rc rc = transport_embedded_ops.open(address, options, &line.handle, ret_attributes);

	if (line.short_only)
		ret_attributes->extended = false;
	*ret_handle = &line;
	return rc;
}

static enum rc line_transmit(void *handle, struct view command, struct buf *response)
{
	bool touched = line.count++ == line.at;
	struct buf changed;
	enum rc rc;

	(void)handle;
	buf_init(&changed, APDU_COMMAND_MAX);
	buf_view(&changed, command);
	if (touched && line.reset)
		rc = transport_embedded_ops.reset(line.handle);
	if (touched && !line.answer && !line.reset) {
		line.bits = changed.len * 8;
		changed.data[line.bit / 8] ^= (uint8_t)(1 << line.bit % 8);
	}
	rc = transport_embedded_ops.transmit(line.handle, view_buf(&changed), response);
	if (command.len > line.longest)
		line.longest = (unsigned int)command.len;
	if (response->len > line.longest)
		line.longest = (unsigned int)response->len;
	if (rc == RC_OK && touched && line.answer && !line.reset) {
		line.bits = response->len * 8;
		response->data[line.bit / 8] ^= (uint8_t)(1 << line.bit % 8);
	}
	buf_free(&changed);
	return rc;
}

static enum rc line_reset(void *handle)
{
	(void)handle;
	return transport_embedded_ops.reset(line.handle);
}

static enum rc line_share(void *handle, void **ret_handle)
{
	(void)handle;
	*ret_handle = &line.second;
	return RC_OK;
}

static void line_close(void **handle)
{
	if (*handle == &line)
		transport_embedded_ops.close(&line.handle);
	*handle = NULL;
}

static const struct transport_ops line_ops = {
	.name = "line",
	.open = line_open,
	.transmit = line_transmit,
	.reset = line_reset,
	.close = line_close,
	.share = line_share,
};

static struct sc *connect_through(bool short_only)
{
	struct transport *t = NULL;
	struct sc *sc = NULL;

	memset(&line, 0, sizeof(line));
	line.at = 1000000;
	line.short_only = short_only;
	CU_ASSERT_EQUAL_FATAL(transport_open(&line_ops, dir, NULL, &t), RC_OK);
	CU_ASSERT_EQUAL_FATAL(sc_open(&t, identity, NULL, &sc), RC_OK);
	return sc;
}

static struct sc *connect_through_line(void)
{
	return connect_through(false);
}

static void a_reader_without_extended_length_does_as_well(void)
{
	static uint8_t invoice[5000];
	struct application_seal seal = {
		.type = 2, .time = 1700000000001, .plaintext = view_of(invoice, sizeof(invoice))};
	struct sc *sc = connect_through(true);
	struct buf object, sealed;
	struct view rest, list;
	bool is_stored = false;
	uint16_t sw = 0;

	buf_init(&object, 8192);
	buf_init(&sealed, 65536);
	memcpy(seal.nonce, "\x00\x00\x01\x8B\xCF\xE5\x68\x01short678", 16);
	CU_ASSERT_EQUAL(application_verify(sc, APPLICATION_USER, view_str("1234"), &sw), RC_OK);
	CU_ASSERT_EQUAL(application_ledger_create(
				sc, &(struct application_policy){.label = view_str("Short")},
				&object, &sw),
			RC_OK);
	rest = view_buf(&object);
	CU_ASSERT_EQUAL(application_next_object(&rest, &seal.ledger, &list), RC_OK);
	CU_ASSERT_EQUAL(application_ledger_seal(sc, &seal, &sealed, &is_stored, &sw), RC_OK);
	CU_ASSERT_TRUE(is_stored);
	CU_ASSERT_TRUE(sealed.len > sizeof(invoice));
	CU_ASSERT_TRUE(line.longest <= 261);
	CU_ASSERT_EQUAL(sc_epoch(sc), 1);
	buf_free(&object);
	buf_free(&sealed);
	sc_close(&sc);
}

/* A disk that fails at one moment. */
static struct nvm_io disk;
static bool disk_fails;

static int fail_or_sync(void *ctx, int fd)
{
	if (disk_fails) {
		errno = EIO;
		return -1;
	}
	return nvm_io_kernel()->fdatasync(ctx, fd);
}

static void a_card_whose_memory_failed_is_opened_again(void)
{
	struct card_options options = {.io = &disk};
	struct application_token t;
	struct transport *transport = NULL;
	struct sc *sc = NULL;
	uint16_t sw = 0;
	enum rc rc;

	disk = *nvm_io_kernel();
	disk.fdatasync = fail_or_sync;
	CU_ASSERT_EQUAL_FATAL(transport_open(&transport_embedded_ops, dir, &options, &transport),
			      RC_OK);
	CU_ASSERT_EQUAL_FATAL(sc_open(&transport, identity, NULL, &sc), RC_OK);
	CU_ASSERT_EQUAL(application_token_info(sc, &t, &sw), RC_OK);
	disk_fails = true;
	/* A wrong PIN is counted durably before it is judged. */
	rc = application_verify(sc, APPLICATION_USER, view_str("0000"), &sw);
	CU_ASSERT_EQUAL(rc, RC_IO);
	disk_fails = false;
	CU_ASSERT_EQUAL(application_token_info(sc, &t, &sw), RC_OK);
	CU_ASSERT_EQUAL(application_verify(sc, APPLICATION_USER, view_str("1234"), &sw), RC_OK);
	CU_ASSERT_EQUAL(sc_epoch(sc), 2);
	sc_close(&sc);
}

static void a_bit_flipped_on_the_line_never_passes(void)
{
	struct sc *sc = connect_through_line();
	struct application_token t;
	unsigned int passed = 0;
	uint16_t sw;

	for (int answer = 0; answer < 2; answer++) {
		line.bits = 8;
		for (line.bit = 0; line.bit < line.bits; line.bit += 5) {
			uint64_t epoch;
			enum rc rc;

			CU_ASSERT_EQUAL_FATAL(sc_connect(sc), RC_OK);
			epoch = sc_epoch(sc);
			line.answer = answer;
			line.at = line.count;
			rc = application_token_info(sc, &t, &sw);
			/*
			 * A command that the card refused bare was sent again in a new session;
			 * the card ignores the outer Le, the last byte of the command.
			 */
			if (rc == RC_OK && sc_epoch(sc) == epoch)
				passed += answer || line.bit < line.bits - 8;
			line.at = 1000000;
		}
	}
	CU_ASSERT_EQUAL(passed, 0);
	sc_close(&sc);
}

/* The card believes in the session until it hears of its end, and keeps the login so long. */
static void a_second_channel_that_the_host_gives_up_is_closed_on_the_card(void)
{
	struct sc *sc = connect_through_line(), *second = NULL;
	struct apdu close = {.ins = 0x70, .p1 = 0x80};
	struct application_token t;
	struct buf answer;
	uint16_t sw = 0;

	CU_ASSERT_EQUAL(application_verify(sc, APPLICATION_USER, view_str("1234"), &sw), RC_OK);
	CU_ASSERT_EQUAL_FATAL(sc_share(sc, &second), RC_OK);
	CU_ASSERT_EQUAL(application_share_login(sc, second, &sw), RC_OK);
	close.p2 = (uint8_t)sc_channel(second);
	line.answer = true;
	line.at = line.count;
	CU_ASSERT_EQUAL(application_token_info(second, &t, &sw), RC_AUTH);
	sc_close(&second);
	buf_init(&answer, 10);
	CU_ASSERT_EQUAL(sc_exchange(sc, &close, &answer, &sw), RC_OK);
	CU_ASSERT_EQUAL(sw, 0x6200); /* no such channel is open */
	buf_free(&answer);
	sc_close(&sc);
}

static void a_bit_flipped_in_the_handshake_never_passes(void)
{
	for (unsigned int at = 1; at < 8; at++) {
		for (int answer = 0; answer < 2; answer++) {
			size_t bits = 8;

			for (size_t bit = 0; bit < bits; bit += 211) {
				struct sc *sc = connect_through_line();

				line.at = at;
				line.answer = answer;
				line.bit = bit;
				CU_ASSERT_NOT_EQUAL(sc_connect(sc), RC_OK);
				bits = line.bits;
				sc_close(&sc);
			}
		}
	}
}

static void a_card_that_somebody_resets_is_spoken_to_again(void)
{
	struct sc *sc = connect_through_line();
	struct application_token t;
	uint16_t sw;

	CU_ASSERT_EQUAL(application_verify(sc, APPLICATION_USER, view_str("1234"), &sw), RC_OK);
	line.reset = true;
	line.at = line.count;
	CU_ASSERT_EQUAL(application_token_info(sc, &t, &sw), RC_OK);
	CU_ASSERT_EQUAL(sc_epoch(sc), 2);
	sc_close(&sc);
}

static void a_child_of_fork_is_refused(void)
{
	struct sc *sc = connect_to_card(NULL);
	struct application_token t;
	int status = 0;
	uint16_t sw;
	pid_t child;

	CU_ASSERT_EQUAL(application_token_info(sc, &t, &sw), RC_OK);
	child = fork();
	if (child == 0) {
		enum rc rc = application_token_info(sc, &t, &sw);

		sc_close(&sc);
		_exit(rc == RC_FORKED ? 0 : 1);
	}
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT_EQUAL(application_token_info(sc, &t, &sw), RC_OK);
	CU_ASSERT_EQUAL(sc_epoch(sc), 1);
	sc_close(&sc);
}

/*
 * The RSA operations that a handshake cannot do without: each side signs, the card deciphers; each
 * side verifies a certificate and a signature, the host enciphers.
 */
static uint64_t bare_operations(void)
{
	struct view message = view_str("message");
	struct buf signature, block, plain;
	uint64_t start = now_ns();

	buf_init(&signature, 1024);
	buf_init(&block, 1024);
	buf_init(&plain, 1024);
	must(rsa_encrypt(authority_key, RSA_OAEP_SHA256, message, &block));
	must(rsa_decrypt(authority_key, RSA_OAEP_SHA256, view_buf(&block), &plain));
	for (int i = 0; i < 4; i++) {
		if (i < 2) {
			buf_reset(&signature);
			must(rsa_sign(authority_key, RSA_PSS_SHA256, &message, 1, &signature));
		}
		must(rsa_verify(authority_key, RSA_PSS_SHA256, &message, 1, view_buf(&signature)));
	}
	start = now_ns() - start;
	buf_free(&signature);
	buf_free(&block);
	buf_free(&plain);
	return start;
}

static void a_handshake_costs_little_more_than_its_rsa(void)
{
	uint64_t bare = UINT64_MAX, whole = UINT64_MAX, took;
	struct sc_figures figures;

	for (int i = 0; i < 5; i++) {
		struct sc *sc = connect_to_card(NULL);
		struct fci fci;
		uint16_t sw;

		CU_ASSERT_EQUAL(sc_select(sc, &fci, &sw), RC_OK);
		took = now_ns();
		CU_ASSERT_EQUAL(sc_connect(sc), RC_OK);
		took = now_ns() - took;
		whole = took < whole ? took : whole;
		took = bare_operations();
		bare = took < bare ? took : bare;
		sc_figures(sc, &figures);
		sc_close(&sc);
	}
	printf("handshake: %u APDUs, %u bytes out, %u in, %.2f ms; its RSA alone: %.2f ms\n",
	       (unsigned int)figures.handshake_apdus, (unsigned int)figures.sent,
	       (unsigned int)figures.received, (double)whole / 1e6, (double)bare / 1e6);
	CU_ASSERT_EQUAL(figures.handshake_apdus, 7);
}

static int make_card(void)
{
	if (!mkdtemp(dir))
		return 1;
	make_identity();
	return 0;
}

static int remove_card(void)
{
	char command[128];

	identity_free(&identity);
	EVP_PKEY_free(authority_key);
	buf_free(&authority);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void an_issuer_brings_revocations_and_a_revoked_host_is_out(void)
{
	struct revocation list = {
		.car = view_str("DETEST00001"), .sequence = 1, .date = cvc_today()};
	struct application_trust trust = {.link = {NULL, 0}};
	struct sc *sc = connect_to_card(NULL);
	struct buf entries, signed_list;
	uint16_t sw = 0;

	buf_init(&entries, REVOCATION_ENTRIES_MAX);
	buf_init(&signed_list, REVOCATION_MAX);
	must(revocation_enter(&entries, (const uint8_t *)"OST00001", cvc_years_on(cvc_today(), 1)));
	list.entries = view_buf(&entries);
	must(revocation_sign(&list, authority_key, &signed_list));
	CU_ASSERT_EQUAL(application_update_trust(sc, &trust, &sw), RC_SW);
	CU_ASSERT_EQUAL(sw, SW_WRONG_DATA);
	trust.revocations = view_buf(&signed_list);
	CU_ASSERT_EQUAL(application_update_trust(sc, &trust, &sw), RC_OK);
	CU_ASSERT_EQUAL(application_update_trust(sc, &trust, &sw), RC_SW);
	CU_ASSERT_EQUAL(sw, SW_CONDITIONS);
	sc_close(&sc);
	sc = connect_to_card(NULL);
	CU_ASSERT_EQUAL(sc_connect(sc), RC_AUTH);
	sc_close(&sc);
	buf_free(&signed_list);
	buf_free(&entries);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"a fresh card is personalised once", a_fresh_card_is_personalised_once},
		{"the handshake comes right in both suites",
		 the_handshake_comes_right_in_both_suites},
		{"every level of suite 02 that policy allows works",
		 every_level_of_suite_02_that_policy_allows_works},
		{"suite 42's key is not served under another name",
		 suite_42_s_key_is_not_served_under_another_name},
		{"PINs work and a lost session loses the login",
		 pins_work_and_a_lost_session_loses_the_login},
		{"a key signs in one command and is gone when it is destroyed",
		 a_key_signs_in_one_command_and_is_gone_when_it_is_destroyed},
		{"a record is sealed and read back", a_record_is_sealed_and_read_back},
		{"a reader without extended length does as well",
		 a_reader_without_extended_length_does_as_well},
		{"a card whose memory failed is opened again",
		 a_card_whose_memory_failed_is_opened_again},
		{"a bit flipped on the line never passes", a_bit_flipped_on_the_line_never_passes},
		{"a second channel that the host gives up is closed on the card",
		 a_second_channel_that_the_host_gives_up_is_closed_on_the_card},
		{"a bit flipped in the handshake never passes",
		 a_bit_flipped_in_the_handshake_never_passes},
		{"a card that somebody resets is spoken to again",
		 a_card_that_somebody_resets_is_spoken_to_again},
		{"a child of fork is refused", a_child_of_fork_is_refused},
		{"a handshake costs little more than its RSA",
		 a_handshake_costs_little_more_than_its_rsa},
		{"an issuer brings revocations, and a revoked host is out",
		 an_issuer_brings_revocations_and_a_revoked_host_is_out},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "embedded",
		 .pInitFunc = make_card,
		 .pCleanupFunc = remove_card,
		 .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	log_open(LOG_LEVEL_NONE, false);
	return suite_run("sc/embedded", suites);
}
