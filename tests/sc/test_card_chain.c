/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A card that shows a chain of certificates, in every suite and of every length, and chains that are
 * not right: too long, out of order, under another issuer, wrongly signed, with a link that is
 * revoked, expired, weak, or has not the role to certify cards.
 */
#include <openssl/rsa.h>

#include "base/cvc_chain.h"
#include "base/log.h"
#include "base/revocation.h"
#include "tests/sc/fake_card.h"
#include "tests/suite.h"

enum { ISSUERS = 4 };

static EVP_PKEY *keys[ISSUERS], *weak, *odd;
static const char *const names[ISSUERS] = {"DEISSUE00001", "DEISSUE00002", "DEISSUE00003",
					   "DEISSUE00004"};

/* A chain being made: issuers one under the other, then the card's own. */
struct making {
	uint8_t suite;
	size_t issuers;
	struct cvc_request request[ISSUERS + 1];
	EVP_PKEY *signer[ISSUERS + 1];
	size_t order[ISSUERS + 1]; /* in which they are shown */
	size_t flip; /* the certificate whose last bit is flipped; SIZE_MAX: none */
};

static void plan(struct making *m, uint8_t suite, size_t issuers)
{
	*m = (struct making){.suite = suite, .issuers = issuers, .flip = SIZE_MAX};
	for (size_t i = 0; i <= issuers; i++) {
		struct cvc_request *r = &m->request[i];

		*r = fake_card_request(suite);
		if (i < issuers) {
			r->chr = names[i];
			r->key = keys[i];
			r->scheme = RSA_PSS_SHA256;
			r->type = CVC_DV;
			r->roles = ROLE_ISSUER | ROLE_USER;
			r->suite = 0;
		}
		if (i > 0)
			r->car = names[i - 1];
		m->signer[i] = i ? keys[i - 1] : fake_authority_key();
		m->order[i] = i;
	}
}

static void show(const struct making *m)
{
	struct buf made[ISSUERS + 1], all;

	buf_init(&all, 6 * CVC_MAX);
	for (size_t i = 0; i <= m->issuers; i++) {
		enum rsa_scheme scheme = RSA_PSS_SHA256;

		if (i > 0)
			scheme = m->request[i - 1].scheme;
		buf_init(&made[i], CVC_MAX);
		CU_ASSERT_EQUAL_FATAL(cvc_issue(&m->request[i], m->signer[i], scheme, &made[i]),
				      RC_OK);
		if (m->flip == i)
			made[i].data[made[i].len - 1] ^= 1;
	}
	for (size_t i = 0; i <= m->issuers; i++)
		buf_view(&all, view_buf(&made[m->order[i]]));
	fake_show_certificates(view_buf(&all));
	for (size_t i = 0; i <= m->issuers; i++)
		buf_free(&made[i]);
	buf_free(&all);
}

/* The card shows what was planned, and the host opens it, or not. */
static enum rc handshake(const struct making *m)
{
	struct sc *sc;
	enum rc rc;

	fake_reset(m->suite);
	show(m);
	sc = fake_connect(fake_policy(m->suite));
	log_forget();
	rc = sc_connect(sc);
	CU_ASSERT_EQUAL(rc == RC_OK, !*log_last());
	/* Nothing secret was sent to what is not a card's. */
	if (rc != RC_OK)
		CU_ASSERT_EQUAL(fake.log[fake.count - 1].ins, 0xCA);
	sc_close(&sc);
	fake_power_cut();
	return rc;
}

static const uint8_t suites[] = {SUITE_42, SUITE_02, SUITE_01};

static void chains_of_one_to_four_open_in_every_suite(void)
{
	for (size_t s = 0; s < sizeof(suites); s++)
		for (size_t issuers = 0; issuers < CVC_CHAIN_MAX; issuers++) {
			struct making m;

			plan(&m, suites[s], issuers);
			CU_ASSERT_EQUAL(handshake(&m), RC_OK);
		}
}

static void a_chain_of_five_is_refused(void)
{
	for (size_t s = 0; s < sizeof(suites); s++) {
		struct making m;

		plan(&m, suites[s], 4);
		CU_ASSERT_EQUAL(handshake(&m), RC_MALFORMED);
	}
}

static void a_chain_out_of_order_or_with_a_gap_is_refused(void)
{
	for (size_t s = 0; s < sizeof(suites); s++)
		for (size_t issuers = 1; issuers < CVC_CHAIN_MAX; issuers++)
			for (size_t i = 0; i < issuers; i++) {
				struct making m;

				plan(&m, suites[s], issuers);
				m.order[i] = i + 1;
				m.order[i + 1] = i;
				CU_ASSERT_EQUAL(handshake(&m), RC_AUTH);
				/* The same one twice. */
				m.order[i + 1] = i + 1;
				CU_ASSERT_EQUAL(handshake(&m), RC_AUTH);
			}
}

static void a_link_of_another_issuer_or_with_a_wrong_signature_is_refused(void)
{
	for (size_t issuers = 0; issuers < CVC_CHAIN_MAX; issuers++)
		for (size_t i = 0; i <= issuers; i++) {
			struct making m;

			plan(&m, SUITE_42, issuers);
			m.flip = i;
			CU_ASSERT_EQUAL(handshake(&m), RC_AUTH);
			plan(&m, SUITE_42, issuers);
			m.signer[i] = keys[ISSUERS - 1];
			CU_ASSERT_EQUAL(handshake(&m), RC_AUTH);
			plan(&m, SUITE_42, issuers);
			m.request[i].car = "DEISSUE00009";
			CU_ASSERT_EQUAL(handshake(&m), RC_AUTH);
		}
}

static void a_card_certifies_nobody(void)
{
	struct making m;

	plan(&m, SUITE_42, 1);
	m.request[0].type = CVC_TERMINAL;
	CU_ASSERT_EQUAL(handshake(&m), RC_AUTH);
	/* And an issuer is no card. */
	plan(&m, SUITE_42, 1);
	m.request[1].type = CVC_DV;
	CU_ASSERT_EQUAL(handshake(&m), RC_POLICY);
	/* Nor does it make an authority. */
	plan(&m, SUITE_42, 2);
	m.request[1].type = CVC_CVCA;
	CU_ASSERT_EQUAL(handshake(&m), RC_AUTH);
}

static void every_issuer_must_have_the_role(void)
{
	for (size_t issuers = 1; issuers < CVC_CHAIN_MAX; issuers++)
		for (size_t i = 0; i < issuers; i++) {
			struct making m;

			plan(&m, SUITE_42, issuers);
			m.request[i].roles = ROLE_USER | ROLE_UPDATER | ROLE_AUDITOR;
			CU_ASSERT_EQUAL(handshake(&m), RC_POLICY);
		}
}

static void every_link_must_be_within_its_dates(void)
{
	for (size_t i = 0; i < 3; i++) {
		struct making m;

		plan(&m, SUITE_02, 2);
		m.request[i].effective = 200101;
		m.request[i].expiration = 210101;
		CU_ASSERT_EQUAL(handshake(&m), RC_EXPIRED);
		plan(&m, SUITE_02, 2);
		m.request[i].effective = cvc_years_on(cvc_today(), 1);
		CU_ASSERT_EQUAL(handshake(&m), RC_EXPIRED);
	}
}

static void an_issuer_with_a_weak_key_certifies_for_the_old_suites_only(void)
{
	struct making m;

	for (size_t s = 0; s < sizeof(suites); s++) {
		plan(&m, suites[s], 1);
		m.request[0].key = weak;
		m.signer[1] = weak;
		CU_ASSERT_EQUAL(handshake(&m), suites[s] == SUITE_42 ? RC_POLICY : RC_OK);
		plan(&m, suites[s], 1);
		m.request[0].scheme = RSA_PKCS1_SHA1;
		CU_ASSERT_EQUAL(handshake(&m), suites[s] == SUITE_42 ? RC_POLICY : RC_OK);
		plan(&m, suites[s], 1);
		m.request[0].key = odd;
		m.signer[1] = odd;
		CU_ASSERT_EQUAL(handshake(&m), RC_POLICY);
	}
}

static void put_list(const char *holder, uint32_t earliest, struct buf *out)
{
	struct revocation list = {
		.car = view_str("DETEST00001"), .sequence = 1, .date = cvc_today()};
	struct cvc c = {.chr = view_str(holder)};
	uint8_t id[CVC_ID];
	struct buf entries;

	buf_init(&entries, 4096);
	CU_ASSERT_EQUAL_FATAL(cvc_id(&c, id), RC_OK);
	CU_ASSERT_EQUAL_FATAL(revocation_enter(&entries, id, earliest), RC_OK);
	list.entries = view_buf(&entries);
	CU_ASSERT_EQUAL_FATAL(revocation_sign(&list, fake_authority_key(), out), RC_OK);
	buf_free(&entries);
}

static void revocation_is_asked_for_every_link(void)
{
	for (size_t i = 0; i <= 4; i++) {
		struct identity *identity = NULL;
		struct transport *t;
		struct sc *sc = NULL;
		struct making m;
		struct buf list;

		plan(&m, SUITE_42, 3);
		fake_reset(SUITE_42);
		show(&m);
		buf_init(&list, 4096);
		/* The last one is of a stranger. */
		put_list(i < 4 ? m.request[i].chr : "DESTRANGER01", 991231, &list);
		CU_ASSERT_EQUAL_FATAL(identity_new(fake_authority(), &identity), RC_OK);
		EVP_PKEY_up_ref(fake_host_key());
		CU_ASSERT_EQUAL_FATAL(identity_add(identity, SUITE_42, fake_host_key(),
						   fake_host_chain(SUITE_42)),
				      RC_OK);
		CU_ASSERT_EQUAL_FATAL(identity_revoke(identity, view_buf(&list)), RC_OK);
		t = fake_transport();
		CU_ASSERT_EQUAL_FATAL(sc_open(&t, identity, NULL, &sc), RC_OK);
		CU_ASSERT_EQUAL(sc_connect(sc), i < 4 ? RC_POLICY : RC_OK);
		sc_close(&sc);
		identity_free(&identity);
		buf_free(&list);
	}
}

/* The card's own exponent, too. */
static void a_card_key_with_another_exponent_is_refused(void)
{
	for (size_t s = 0; s < sizeof(suites); s++) {
		struct making m;

		plan(&m, suites[s], 0);
		m.request[0].key = odd;
		CU_ASSERT_EQUAL(handshake(&m), RC_POLICY);
	}
}

static EVP_PKEY *key_with_exponent(unsigned long exponent)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(crypto_context(), "RSA", NULL);
	BIGNUM *e = BN_new();
	EVP_PKEY *key = NULL;

	if (!ctx || !e || BN_set_word(e, exponent) != 1 || EVP_PKEY_keygen_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048) != 1 ||
	    EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, e) != 1 || EVP_PKEY_generate(ctx, &key) != 1)
		key = NULL;
	BN_free(e);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static int start(void)
{
	fake_reset(SUITE_42);
	for (size_t i = 0; i < ISSUERS; i++)
		if (rsa_generate(2048, &keys[i]) != RC_OK)
			return 1;
	odd = key_with_exponent(3);
	return rsa_generate(1024, &weak) != RC_OK || !odd;
}

static int stop(void)
{
	for (size_t i = 0; i < ISSUERS; i++)
		EVP_PKEY_free(keys[i]);
	EVP_PKEY_free(weak);
	EVP_PKEY_free(odd);
	return 0;
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"chains of one to four open in every suite",
		 chains_of_one_to_four_open_in_every_suite},
		{"a chain of five is refused", a_chain_of_five_is_refused},
		{"a chain out of order or with a gap is refused",
		 a_chain_out_of_order_or_with_a_gap_is_refused},
		{"a link of another issuer or with a wrong signature is refused",
		 a_link_of_another_issuer_or_with_a_wrong_signature_is_refused},
		{"a card certifies nobody", a_card_certifies_nobody},
		{"every issuer must have the role", every_issuer_must_have_the_role},
		{"every link must be within its dates", every_link_must_be_within_its_dates},
		{"an issuer with a weak key certifies for the old suites only",
		 an_issuer_with_a_weak_key_certifies_for_the_old_suites_only},
		{"revocation is asked for every link", revocation_is_asked_for_every_link},
		{"a card key with another exponent is refused",
		 a_card_key_with_another_exponent_is_refused},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo all[] = {
		{.pName = "card chain", .pInitFunc = start, .pCleanupFunc = stop, .pTests = tests},
		CU_SUITE_INFO_NULL};

	log_open(LOG_LEVEL_NONE, false);
	return suite_run("sc/card_chain", all);
}
