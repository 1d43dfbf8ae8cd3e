/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cards' certificates that a connection's owner keeps: with one the card is asked for none, and
 * whatever is kept wrongly costs a question and nothing else.
 */
#include "sc/connection.h"

#include "base/log.h"
#include "base/rsa.h"
#include "tests/sc/fake_card.h"
#include "tests/suite.h"

enum { GET_DATA = 0xCA, EXTERNAL = 0x82 };

/* Keeps one certificate, in memory. */
static struct buf kept;
static unsigned int reads, writes;

static enum rc read_kept(const uint8_t card_id[CVC_ID], uint8_t suite, struct buf *ret)
{
	reads++;
	CU_ASSERT_TRUE(view_equal(view_of(card_id, CVC_ID), view_of(fake_card_id, CVC_ID)));
	CU_ASSERT_EQUAL(suite, fake.suite);
	if (!kept.len)
		return RC_NOT_FOUND;
	buf_view(ret, view_buf(&kept));
	return buf_rc(ret);
}

static void write_kept(const uint8_t card_id[CVC_ID], uint8_t suite, struct view certificate)
{
	(void)card_id;
	(void)suite;
	writes++;
	buf_reset(&kept);
	buf_view(&kept, certificate);
}

static const struct sc_certificates keeper = {read_kept, write_kept};

static unsigned int asked(uint8_t ins)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < fake.count && i < FAKE_LOG; i++)
		n += fake.log[i].ins == ins;
	return n;
}

/* A session with the fake as it stands; what it cost is in fake. */
static enum rc open_fake(uint8_t suite)
{
	struct sc *sc = fake_connect(fake_policy(suite));
	enum rc rc;

	fake_power_cut();
	fake.count = 0;
	writes = 0;
	sc_set_certificates(sc, &keeper);
	rc = sc_connect(sc);
	sc_close(&sc);
	return rc;
}

/* The usual card, and its certificate kept. */
static void know_fake(uint8_t suite)
{
	fake_reset(suite);
	buf_reset(&kept);
	CU_ASSERT_EQUAL(open_fake(suite), RC_OK);
	CU_ASSERT_EQUAL(asked(GET_DATA), 1);
	CU_ASSERT_EQUAL(writes, 1);
	CU_ASSERT_TRUE(kept.len > 0);
}

/* A session comes right, the card was asked, and its own certificate is what is kept now. */
static void is_asked(const struct buf *right)
{
	CU_ASSERT_EQUAL(open_fake(fake.suite), RC_OK);
	CU_ASSERT_EQUAL(asked(GET_DATA), 1);
	CU_ASSERT_EQUAL(writes, 1);
	CU_ASSERT_TRUE(view_equal(view_buf(&kept), view_buf(right)));
}

static void a_card_that_is_known_is_not_asked(void)
{
	static const uint8_t suites[] = {SUITE_42, SUITE_02, SUITE_01};

	for (size_t i = 0; i < sizeof(suites); i++) {
		unsigned int before;

		know_fake(suites[i]);
		before = fake.count;
		reads = 0;
		CU_ASSERT_EQUAL(open_fake(suites[i]), RC_OK);
		CU_ASSERT_EQUAL(asked(GET_DATA), 0);
		CU_ASSERT_EQUAL(fake.count, before - 1);
		CU_ASSERT_EQUAL(reads, 1);
		CU_ASSERT_EQUAL(writes, 0);
	}
}

static void every_changed_byte_and_every_cut_is_noticed(void)
{
	struct buf right;

	know_fake(SUITE_42);
	buf_init(&right, CVC_MAX);
	buf_view(&right, view_buf(&kept));
	for (size_t at = 0; at < right.len; at += 3) {
		buf_reset(&kept);
		buf_view(&kept, view_of(right.data, at));
		if (at % 2 == 0) {
			buf_u8(&kept, right.data[at] ^ 1);
			buf_view(&kept, view_of(right.data + at + 1, right.len - at - 1));
		}
		if (kept.len)
			is_asked(&right);
	}
	/* The same twice is no certificate either. */
	buf_view(&kept, view_buf(&right));
	is_asked(&right);
	buf_free(&right);
}

/* Keeps a certificate as the request says, and sees it noticed. */
static void keep_instead(const struct cvc_request *request, EVP_PKEY *signer)
{
	struct buf right;

	buf_init(&right, CVC_MAX);
	buf_view(&right, view_buf(&kept));
	buf_reset(&kept);
	CU_ASSERT_EQUAL(cvc_issue(request, signer, RSA_PSS_SHA256, &kept), RC_OK);
	is_asked(&right);
	buf_free(&right);
}

static void a_certificate_that_is_not_in_order_is_not_used(void)
{
	struct cvc_request request;
	EVP_PKEY *other = NULL;

	know_fake(SUITE_42);
	CU_ASSERT_EQUAL_FATAL(rsa_generate(2048, &other), RC_OK);
	request = fake_card_request(SUITE_42);
	keep_instead(&request, other);
	request.chr = "DEOTHER00009";
	keep_instead(&request, fake_authority_key());
	request = fake_card_request(SUITE_42);
	request.roles = ROLE_USER;
	keep_instead(&request, fake_authority_key());
	request = fake_card_request(SUITE_42);
	request.effective = 200101;
	request.expiration = 200102;
	keep_instead(&request, fake_authority_key());
	request = fake_card_request(SUITE_42);
	request.suite = SUITE_02;
	keep_instead(&request, fake_authority_key());
	EVP_PKEY_free(other);
}

/* The authority certified another key for the same card before: in order, but not the card's. */
static void keep_earlier(unsigned int bits)
{
	struct cvc_request request = fake_card_request(SUITE_42);

	request.key = NULL;
	CU_ASSERT_EQUAL_FATAL(rsa_generate(bits, &request.key), RC_OK);
	buf_reset(&kept);
	CU_ASSERT_EQUAL(cvc_issue(&request, fake_authority_key(), RSA_PSS_SHA256, &kept), RC_OK);
	EVP_PKEY_free(request.key);
}

static void a_card_that_was_personalised_anew_is_asked_once(void)
{
	struct buf right;

	know_fake(SUITE_42);
	buf_init(&right, CVC_MAX);
	buf_view(&right, view_buf(&kept));
	for (unsigned int bits = 2048; bits <= 3072; bits += 1024) {
		keep_earlier(bits);
		is_asked(&right);
	}
	buf_free(&right);
	CU_ASSERT_EQUAL(open_fake(SUITE_42), RC_OK);
	CU_ASSERT_EQUAL(asked(GET_DATA), 0);
}

static enum rc refuse_hosts(void *arg, unsigned int number, const struct apdu *command,
			    struct buf *response)
{
	(void)arg;
	(void)number;
	if (command->ins == EXTERNAL) {
		buf_reset(response);
		buf_u16(response, 0x6300);
	}
	return RC_OK;
}

static void a_card_that_refuses_the_host_is_tried_twice_and_then_told(void)
{
	know_fake(SUITE_42);
	fake.tamper = refuse_hosts;
	CU_ASSERT_EQUAL(open_fake(SUITE_42), RC_AUTH);
	CU_ASSERT_EQUAL(asked(EXTERNAL), 2);
	CU_ASSERT_EQUAL(asked(GET_DATA), 1);
	CU_ASSERT_EQUAL(writes, 0);
	/* Where nothing is known there is nothing to try again with. */
	buf_reset(&kept);
	CU_ASSERT_EQUAL(open_fake(SUITE_42), RC_AUTH);
	CU_ASSERT_EQUAL(asked(EXTERNAL), 1);
	CU_ASSERT_EQUAL(writes, 0);
}

static void what_a_foreign_card_shows_is_not_kept(void)
{
	struct cvc_request request = fake_card_request(SUITE_42);
	EVP_PKEY *other = NULL;

	fake_reset(SUITE_42);
	buf_reset(&kept);
	CU_ASSERT_EQUAL_FATAL(rsa_generate(2048, &other), RC_OK);
	fake_certify_card(&request, other);
	CU_ASSERT_EQUAL(open_fake(SUITE_42), RC_AUTH);
	CU_ASSERT_EQUAL(writes, 0);
	EVP_PKEY_free(other);
}

static void a_card_with_a_kept_certificate_but_another_key_is_refused(void)
{
	struct cvc_request request = fake_card_request(SUITE_42);
	EVP_PKEY *other = NULL;

	/* It even shows the certificate that is kept: what counts is the key. */
	know_fake(SUITE_42);
	keep_earlier(2048);
	request.key = NULL;
	CU_ASSERT_EQUAL_FATAL(rsa_generate(2048, &other), RC_OK);
	request.key = other;
	fake_certify_card(&request, NULL);
	CU_ASSERT_EQUAL(open_fake(SUITE_42), RC_AUTH);
	CU_ASSERT_EQUAL(writes, 0);
	EVP_PKEY_free(other);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"a card that is known is not asked", a_card_that_is_known_is_not_asked},
		{"every changed byte and every cut is noticed",
		 every_changed_byte_and_every_cut_is_noticed},
		{"a certificate that is not in order is not used",
		 a_certificate_that_is_not_in_order_is_not_used},
		{"a card that was personalised anew is asked, once",
		 a_card_that_was_personalised_anew_is_asked_once},
		{"a card that refuses the host is tried twice and then told",
		 a_card_that_refuses_the_host_is_tried_twice_and_then_told},
		{"what a foreign card shows is not kept", what_a_foreign_card_shows_is_not_kept},
		{"a card with a kept certificate but another key is refused",
		 a_card_with_a_kept_certificate_but_another_key_is_refused},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{.pName = "certificates", .pTests = tests}, CU_SUITE_INFO_NULL};
	int result;

	log_open(LOG_LEVEL_NONE, false);
	buf_init(&kept, 4 * CVC_MAX);
	result = suite_run("sc/certificates", suites);
	buf_free(&kept);
	return result;
}
