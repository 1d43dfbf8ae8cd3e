/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card's own certificate under issuers: personalised with chains of one to four, shown, renewed
 * with other chains, and what is no chain refused without a trace.
 */
#include "tests/suite.h"

#include <string.h>

#include "base/cvc_chain.h"
#include "base/tlv.h"
#include "tests/card/steps.h"

enum { ISSUERS = 4, LIFE_FRESH = 0x01, LIFE_PERSONALISED = 0x0F, BIG = 8192 };

static const char *const names[ISSUERS] = {"DEISSUER0000A", "DEISSUER0000B", "DEISSUER0000C",
					   "DEISSUER0000D"};

/* What differs from a chain that is right: an issuer's number from 0, and what is wrong with it. */
struct wrong {
	bool swapped; /* the first two certificates */
	bool without_first;
	bool own_twice;
	bool foreign_signature; /* of the own certificate */
	bool issuer_last; /* no own certificate */
	bool terminal_issuer;
	bool expired_issuer;
	bool flipped; /* a bit of the first signature */
	bool trailing; /* a byte after the last */
};

static struct cvc_request issuer_request(unsigned int n)
{
	return (struct cvc_request){.chr = names[n],
				    .key = peer_world()->issuer.key,
				    .scheme = RSA_PSS_SHA256,
				    .type = CVC_DV,
				    .roles = ROLE_ALL,
				    .effective = PEER_TODAY,
				    .expiration = PEER_LATER};
}

static void put(struct buf *out, const struct peer_party *signer, const char *car,
		const struct cvc_request *request)
{
	struct buf certificate;

	peer_certify(signer, car, request, &certificate);
	buf_view(out, view_buf(&certificate));
	buf_free(&certificate);
}

/* Which key signs, and its name, after so many issuers. */
static const struct peer_party *signer_after(unsigned int issuers, const char **car)
{
	static struct peer_party issuer = {.scheme = RSA_PSS_SHA256};

	*car = issuers ? names[issuers - 1] : "DEAUTHOR00001";
	issuer.key = peer_world()->issuer.key;
	return issuers ? &issuer : &peer_world()->authority;
}

static void put_own(struct peer *p, struct buf *out, unsigned int issuers, uint32_t effective,
		    bool foreign)
{
	struct cvc_request own = {.chr = "DECARD00000001",
				  .type = CVC_TERMINAL,
				  .effective = effective,
				  .expiration = PEER_LATER,
				  .suite = 0x42};
	const struct peer_party *signer;
	const char *car;

	signer = signer_after(issuers, &car);
	if (foreign)
		signer = &peer_world()->host[1];
	peer_good(cvc_public_key(view_buf(&p->card_key[1]), &own.scheme, &own.key));
	put(out, signer, car, &own);
	EVP_PKEY_free(own.key);
}

static void put_issuers(struct buf *out, unsigned int issuers, const struct wrong *wrong)
{
	struct view order[ISSUERS];
	struct buf each[ISSUERS];
	const char *car;

	for (unsigned int n = 0; n < ISSUERS; n++)
		buf_init(&each[n], CVC_MAX);
	for (unsigned int n = 0; n < issuers; n++) {
		struct cvc_request request = issuer_request(n);
		const struct peer_party *signer = signer_after(n, &car);

		if (n + 1 == issuers && wrong->terminal_issuer)
			request.type = CVC_TERMINAL;
		if (n + 1 == issuers && wrong->expired_issuer) {
			request.effective = PEER_TODAY - 9;
			request.expiration = PEER_TODAY - 1;
		}
		put(&each[n], signer, car, &request);
		order[n] = view_buf(&each[n]);
	}
	if (wrong->swapped) {
		order[0] = view_buf(&each[1]);
		order[1] = view_buf(&each[0]);
	}
	for (unsigned int n = wrong->without_first ? 1 : 0; n < issuers; n++)
		buf_view(out, order[n]);
	for (unsigned int n = 0; n < ISSUERS; n++)
		buf_free(&each[n]);
}

/* The certificates of a chain with so many issuers. */
static void put_chain(struct peer *p, struct buf *out, unsigned int issuers, uint32_t effective,
		      const struct wrong *wrong)
{
	put_issuers(out, issuers, wrong);
	if (!wrong->issuer_last)
		put_own(p, out, issuers, effective, wrong->foreign_signature);
	if (wrong->own_twice)
		put_own(p, out, issuers, effective, false);
	if (wrong->flipped)
		out->data[CVC_MAX / 4] ^= 1;
	if (wrong->trailing)
		buf_u8(out, 0);
}

/* A0 { 83, certificates } of the key. */
static void put_key(struct buf *out, struct view certificates)
{
	static const uint8_t reference[] = {1, 1};
	size_t mark = tlv_open(out, 0xA0);

	tlv_put(out, 0x83, view_of(reference, 2));
	buf_view(out, certificates);
	tlv_close(out, mark);
}

static void generate(struct peer *p)
{
	static const uint8_t modern[] = {0x80, 1, 0x42, 0x81, 2, 0x08, 0x00};

	peer_fresh(p);
	CU_ASSERT_EQUAL_FATAL(peer_send(p, 0, 0x46, 1, 1, view_of(modern, sizeof(modern)), 65536,
					&p->card_key[1]),
			      0x9000);
}

static uint16_t personalise(struct peer *p, struct view certificates)
{
	struct buf data;
	uint16_t sw;

	buf_init(&data, BIG);
	buf_view(&data, view_buf(&peer_world()->authority.certificate));
	put_key(&data, certificates);
	peer_good(buf_rc(&data));
	sw = peer_send(p, 0x80, 0xE2, 0x80, 0, view_buf(&data), 0, NULL);
	buf_free(&data);
	return sw;
}

static uint8_t life_cycle(struct peer *p)
{
	static const uint8_t aid[] = {0xF0, 'I', 'n', 't', 'a', 'g', 'l', 'i', 'o', 0x01};
	struct view in, fci, data, state = {.len = 0};
	struct buf out;
	uint8_t value;

	buf_init(&out, 256);
	CU_ASSERT_EQUAL_FATAL(peer_send(p, 0, 0xA4, 4, 0, view_of(aid, sizeof(aid)), 256, &out),
			      0x9000);
	in = view_buf(&out);
	CU_ASSERT_EQUAL_FATAL(tlv_expect(&in, 0x6F, &fci), RC_OK);
	CU_ASSERT_EQUAL_FATAL(tlv_find(fci, 0xA5, &data), RC_OK);
	CU_ASSERT_EQUAL_FATAL(tlv_find(data, 0xC4, &state), RC_OK);
	CU_ASSERT_EQUAL_FATAL(view_u8(&state, &value), RC_OK);
	buf_free(&out);
	return value;
}

/* GET DATA answers the chain under CLA 80, and the last certificate's value under CLA 00. */
static void shows(struct peer *p, struct view chain)
{
	struct view rest = chain, value;
	struct cvc_chain parsed;
	struct buf out;

	CU_ASSERT_EQUAL(peer_environment(p, 0x42, 0xC1, 0xB6), 0x9000);
	buf_init(&out, BIG);
	CU_ASSERT_EQUAL(peer_send(p, 0x80, 0xCA, 0x7F, 0x21, view_of(NULL, 0), 65536, &out),
			0x9000);
	CU_ASSERT_TRUE(view_equal(view_buf(&out), chain));
	buf_reset(&out);
	CU_ASSERT_EQUAL(peer_send(p, 0x00, 0xCA, 0x7F, 0x21, view_of(NULL, 0), 65536, &out),
			0x9000);
	CU_ASSERT_EQUAL_FATAL(cvc_chain_parse(rest, &parsed), RC_OK);
	rest = cvc_chain_own(&parsed)->object;
	CU_ASSERT_EQUAL(tlv_expect(&rest, 0x7F21, &value), RC_OK);
	CU_ASSERT_TRUE(view_equal(view_buf(&out), value));
	buf_free(&out);
}

static void a_card_is_personalised_with_chains_of_one_to_four(void)
{
	static const struct wrong nothing;
	struct buf chain;
	struct peer p;

	buf_init(&chain, BIG);
	for (unsigned int issuers = 0; issuers <= ISSUERS; issuers++) {
		bool good = issuers < CVC_CHAIN_MAX;

		buf_reset(&chain);
		generate(&p);
		put_chain(&p, &chain, issuers, PEER_TODAY, &nothing);
		CU_ASSERT_EQUAL(personalise(&p, view_buf(&chain)), good ? 0x9000 : 0x6A80);
		CU_ASSERT_EQUAL(life_cycle(&p), good ? LIFE_PERSONALISED : LIFE_FRESH);
		for (int again = 0; good && again < 2; again++) {
			shows(&p, view_buf(&chain));
			CU_ASSERT_EQUAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
			peer_reopen(&p, NULL);
		}
		peer_free(&p);
	}
	buf_free(&chain);
}

/* With two issuers each. */
static const struct row {
	struct wrong wrong;
	uint16_t at_renewal;
} rows[] = {
	{{.swapped = true}, 0x6A88},     {{.without_first = true}, 0x6A88},
	{{.own_twice = true}, 0x6300},   {{.foreign_signature = true}, 0x6300},
	{{.issuer_last = true}, 0x6A80}, {{.terminal_issuer = true}, 0x6300},
	{{.flipped = true}, 0x6300},     {{.trailing = true}, 0x6A80},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void what_is_no_chain_personalises_nothing(void)
{
	static const struct wrong nothing;
	struct buf chain;
	struct peer p;

	buf_init(&chain, BIG);
	generate(&p);
	for (size_t i = 0; i < ROWS; i++) {
		buf_reset(&chain);
		put_chain(&p, &chain, 2, PEER_TODAY, &rows[i].wrong);
		CU_ASSERT_EQUAL(personalise(&p, view_buf(&chain)), 0x6A80);
		CU_ASSERT_EQUAL(life_cycle(&p), LIFE_FRESH);
	}
	buf_reset(&chain);
	put_chain(&p, &chain, 2, PEER_TODAY, &nothing);
	CU_ASSERT_EQUAL(personalise(&p, view_buf(&chain)), 0x9000);
	buf_free(&chain);
	peer_free(&p);
}

static uint16_t renew(struct peer *p, struct view certificates)
{
	struct buf data;
	bool bare = true;
	uint16_t sw;

	steps_open_with_roles(p, ROLE_ISSUER);
	buf_init(&data, BIG);
	put_key(&data, certificates);
	peer_good(buf_rc(&data));
	sw = peer_protected(p, 0x80, 0xE2, 0x80, 0, view_buf(&data), 256, NULL, &bare);
	CU_ASSERT_FALSE(bare);
	buf_free(&data);
	return sw;
}

static void a_certificate_is_renewed_with_another_chain(void)
{
	static const unsigned int issuers[] = {2, 3, 0, 1};
	static const struct wrong nothing;
	struct buf chain;
	struct peer p;

	buf_init(&chain, BIG);
	peer_new(&p);
	for (unsigned int i = 0; i < 4; i++) {
		buf_reset(&chain);
		put_chain(&p, &chain, issuers[i], PEER_TODAY + 1 + i, &nothing);
		CU_ASSERT_EQUAL(renew(&p, view_buf(&chain)), 0x9000);
		shows(&p, view_buf(&chain));
		CU_ASSERT_EQUAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x9000);
		/* Once: the same again is no renewal. */
		CU_ASSERT_EQUAL(renew(&p, view_buf(&chain)), 0x6985);
		peer_reopen(&p, NULL);
		shows(&p, view_buf(&chain));
	}
	buf_free(&chain);
	peer_free(&p);
}

static void what_is_no_chain_renews_nothing(void)
{
	static const struct wrong nothing, expired = {.expired_issuer = true};
	struct buf before, chain;
	struct peer p;

	buf_init(&before, BIG);
	buf_init(&chain, BIG);
	peer_new(&p);
	put_chain(&p, &before, 1, PEER_TODAY + 1, &nothing);
	CU_ASSERT_EQUAL(renew(&p, view_buf(&before)), 0x9000);
	for (size_t i = 0; i < ROWS; i++) {
		buf_reset(&chain);
		put_chain(&p, &chain, 2, PEER_TODAY + 2, &rows[i].wrong);
		CU_ASSERT_EQUAL(renew(&p, view_buf(&chain)), rows[i].at_renewal);
		shows(&p, view_buf(&before));
	}
	buf_reset(&chain);
	put_chain(&p, &chain, 2, PEER_TODAY + 2, &expired);
	CU_ASSERT_EQUAL(renew(&p, view_buf(&chain)), 0x6984);
	buf_reset(&chain);
	put_chain(&p, &chain, ISSUERS, PEER_TODAY + 2, &nothing);
	CU_ASSERT_EQUAL(renew(&p, view_buf(&chain)), 0x6A80);
	shows(&p, view_buf(&before));
	buf_free(&chain);
	buf_free(&before);
	peer_free(&p);
}

static int finish(void)
{
	peer_world_free();
	return 0;
}

int main(void)
{
	static CU_TestInfo tests[] = {
		{"a card is personalised with chains of one to four",
		 a_card_is_personalised_with_chains_of_one_to_four},
		{"what is no chain personalises nothing", what_is_no_chain_personalises_nothing},
		{"a certificate is renewed with another chain",
		 a_certificate_is_renewed_with_another_chain},
		{"what is no chain renews nothing", what_is_no_chain_renews_nothing},
		CU_TEST_INFO_NULL,
	};
	static CU_SuiteInfo suites[] = {
		{.pName = "card chain", .pCleanupFunc = finish, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("card chain", suites);
}
