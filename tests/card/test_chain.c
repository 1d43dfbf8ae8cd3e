/* SPDX-License-Identifier: BSD-2-Clause */
/* Which certificates a card believes: kinds, chains, roles, dates, suites, flipped bits. */
#include "base/tlv.h"
#include "tests/suite.h"

#include "tests/card/steps.h"

static void certificates_that_are_no_hosts_are_refused(void)
{
	const struct peer_party *authority = &peer_world()->authority;
	const struct peer_party *issuer = &peer_world()->issuer;
	struct cvc_request rows[8];
	static const uint16_t words[8] = {0x9000, 0x6A80, 0x6A88, 0x9000,
					  0x6A80, 0x6A80, 0x6984, 0x6A88};
	struct peer p;

	for (size_t i = 0; i < 8; i++)
		rows[i] = steps_host_request();
	rows[1].roles = 0; /* a card's */
	rows[2].suite = 0x02;
	rows[3].suite = 0; /* a PSS key serves 42 without saying so, and no other kind does */
	rows[4].key = peer_world()->host[0].key; /* 1024 bits */
	rows[5].scheme = RSA_PKCS1_SHA1;
	rows[6].effective = 200101;
	rows[6].expiration = PEER_TODAY - 1;
	rows[7].suite = 0;
	rows[7].scheme = RSA_PKCS1_SHA256;
	peer_new(&p);
	for (size_t i = 0; i < 8; i++) {
		steps_go_to(&p, 0x42, CERTIFICATES);
		CU_ASSERT_EQUAL(steps_present(&p, authority, "DEAUTHOR00001", &rows[i]), words[i]);
		if (words[i] != 0x9000)
			CU_ASSERT_TRUE(steps_are_reset(&p));
	}
	/* Unknown signer; a signer that did not sign; a terminal's key is no signer. */
	steps_go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(steps_present(&p, issuer, "DEISSUER00001", &rows[0]), 0x6A88);
	steps_go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(steps_present(&p, issuer, "DEAUTHOR00001", &rows[0]), 0x6300);
	steps_go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(steps_present(&p, authority, "DEAUTHOR00001", &rows[0]), 0x9000);
	CU_ASSERT_EQUAL(steps_present(&p, &peer_world()->host[1], "DEHOST0042001", &rows[0]),
			0x6985);
	CU_ASSERT_TRUE(steps_are_reset(&p));
	peer_free(&p);
}

static void a_role_must_come_down_the_whole_chain(void)
{
	struct cvc_request request = steps_host_request();
	struct peer p;

	peer_new(&p);
	request.roles = ROLE_UPDATER;
	steps_go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(peer_certificate(&p, view_buf(&peer_world()->issuer.certificate)), 0x9000);
	CU_ASSERT_EQUAL(steps_present(&p, &peer_world()->issuer, "DEISSUER00001", &request),
			0x6A80);
	CU_ASSERT_TRUE(steps_are_reset(&p));
	peer_free(&p);
}

/* A certificate expires with its last day; nothing follows it. */
static void a_certificate_is_good_to_its_last_day_and_to_its_last_byte(void)
{
	struct cvc_request request = steps_host_request();
	struct buf certificate;
	struct peer p;

	peer_new(&p);
	request.expiration = PEER_TODAY;
	steps_go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(steps_present(&p, &peer_world()->authority, "DEAUTHOR00001", &request),
			0x9000);
	peer_certify(&peer_world()->authority, "DEAUTHOR00001", &request, &certificate);
	buf_u8(&certificate, 0);
	steps_go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(peer_certificate(&p, view_buf(&certificate)), 0x6A80);
	CU_ASSERT_TRUE(steps_are_reset(&p));
	buf_free(&certificate);
	peer_free(&p);
}

/* The issuer signs as its own certificate says, not as the authority does: an issuer of 02 in SHA-1. */
static void an_issuer_signs_as_its_certificate_says(void)
{
	struct cvc_request issuer = steps_host_request(), host = steps_host_request();
	struct peer_party signer = {.key = peer_world()->issuer.key, .scheme = RSA_PKCS1_SHA1};
	struct peer p;

	issuer.chr = "DEISSUER00009";
	issuer.key = signer.key;
	issuer.scheme = RSA_PKCS1_SHA1;
	issuer.type = CVC_DV;
	issuer.suite = 0;
	host.chr = "DEHOST0002001";
	host.key = peer_world()->host[0].key;
	host.scheme = RSA_PKCS1_SHA1;
	host.suite = 0x02;
	peer_new(&p);
	for (int good = 0; good < 2; good++) {
		signer.scheme = good ? RSA_PKCS1_SHA1 : RSA_PSS_SHA256;
		steps_go_to(&p, 0x02, CERTIFICATES);
		CU_ASSERT_EQUAL(steps_present(&p, &peer_world()->authority, "DEAUTHOR00001",
					      &issuer),
				0x9000);
		CU_ASSERT_EQUAL(steps_present(&p, &signer, "DEISSUER00009", &host),
				good ? 0x9000 : 0x6300);
	}
	/* Under 42 such an issuer is none. */
	steps_go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(steps_present(&p, &peer_world()->authority, "DEAUTHOR00001", &issuer),
			0x6A80);
	peer_free(&p);
}

static void an_issuer_alone_opens_nothing(void)
{
	struct peer p;

	peer_new(&p);
	steps_go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(peer_certificate(&p, view_buf(&peer_world()->issuer.certificate)), 0x9000);
	CU_ASSERT_EQUAL(peer_decipher(&p), 0x6985);
	CU_ASSERT_TRUE(steps_are_reset(&p));
	steps_go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(peer_certificate(&p, view_buf(&peer_world()->issuer.certificate)), 0x9000);
	CU_ASSERT_EQUAL(peer_challenge(&p), 0x6985);
	CU_ASSERT_TRUE(steps_are_reset(&p));
	peer_free(&p);
}

/* Three issuers and a host make four; a fourth issuer makes one too many. */
static void a_chain_has_at_most_four_certificates(void)
{
	static const char *const names[] = {"DEISSUER0000A", "DEISSUER0000B", "DEISSUER0000C",
					    "DEISSUER0000D"};
	struct peer_party issuer = {.key = peer_world()->issuer.key, .scheme = RSA_PSS_SHA256};
	struct cvc_request host = steps_host_request(), request = steps_host_request();
	struct peer p;

	peer_new(&p);
	request.key = issuer.key;
	request.type = CVC_DV;
	request.suite = 0;
	for (int issuers = 0; issuers <= 4; issuers++) {
		const struct peer_party *signer = &peer_world()->authority;
		const char *car = "DEAUTHOR00001";
		uint16_t sw = 0x9000;

		steps_go_to(&p, 0x42, CERTIFICATES);
		for (int i = 0; i < issuers && sw == 0x9000; i++) {
			request.chr = names[i];
			sw = steps_present(&p, signer, car, &request);
			signer = &issuer;
			car = names[i];
		}
		if (sw == 0x9000)
			sw = steps_present(&p, signer, car, &host);
		CU_ASSERT_EQUAL(sw, issuers < 4 ? 0x9000 : 0x6A80);
	}
	peer_free(&p);
}

static void the_date_moves_with_issuers_and_not_with_hosts(void)
{
	struct cvc_request old = steps_host_request(), next = steps_host_request(),
			   issuer = steps_host_request();
	const struct peer_party *authority = &peer_world()->authority;
	struct peer p;

	peer_new(&p);
	old.expiration = PEER_TODAY + 5;
	next.effective = PEER_TODAY + 9;
	issuer.chr = "DEISSUER00002";
	issuer.key = peer_world()->issuer.key;
	issuer.type = CVC_DV;
	issuer.suite = 0;
	issuer.effective = PEER_TODAY + 6;
	steps_go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(steps_present(&p, authority, "DEAUTHOR00001", &next), 0x9000);
	steps_go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(steps_present(&p, authority, "DEAUTHOR00001", &old), 0x9000);
	steps_go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(steps_present(&p, authority, "DEAUTHOR00001", &issuer), 0x9000);
	steps_go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(steps_present(&p, authority, "DEAUTHOR00001", &old), 0x6984);
	/* It is kept. */
	card_close(&p.card);
	CU_ASSERT_EQUAL_FATAL(card_open(p.dir, NULL, &p.card), RC_OK);
	steps_go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(steps_present(&p, authority, "DEAUTHOR00001", &old), 0x6984);
	peer_free(&p);
}

static void flipped_bits_of_certificates_are_refused(void)
{
	struct buf copy;
	struct peer p;

	peer_new(&p);
	buf_init(&copy, CVC_MAX);
	for (size_t bit = 0; bit < peer_world()->issuer.certificate.len * 8; bit++) {
		buf_reset(&copy);
		buf_view(&copy, view_buf(&peer_world()->issuer.certificate));
		copy.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CU_ASSERT_EQUAL_FATAL(steps_take(&p, 0x42, ENVIRONMENT), 0x9000);
		CU_ASSERT_NOT_EQUAL(peer_certificate(&p, view_buf(&copy)), 0x9000);
	}
	CU_ASSERT_TRUE(steps_are_reset(&p));
	for (size_t cut = 1; cut < 300; cut += 17) {
		CU_ASSERT_EQUAL_FATAL(steps_take(&p, 0x42, ENVIRONMENT), 0x9000);
		CU_ASSERT_NOT_EQUAL(peer_certificate(&p, view_of(copy.data, copy.len - cut)),
				    0x9000);
	}
	buf_free(&copy);
	peer_free(&p);
}

static void certificates_that_do_not_describe_themselves_are_refused(void)
{
	struct peer p;

	peer_new(&p);
	steps_go_to(&p, 0x02, CERTIFICATES);
	CU_ASSERT_EQUAL(peer_send(&p, 0, 0x2A, 0, 0xAE, view_buf(&peer_world()->issuer.certificate),
				  0, NULL),
			0x6A81);
	CU_ASSERT_TRUE(steps_are_reset(&p));
	peer_free(&p);
}

/* The same certificate with a signature over its values alone. */
static void sign_values(const struct peer_party *signer, const struct peer_party *holder,
			struct buf *out)
{
	struct view certificate = view_buf(&holder->certificate), part;
	struct buf values, signature;
	struct cvc parsed;
	size_t mark;

	buf_init(&values, CVC_MAX);
	buf_init(&signature, CVC_MAX);
	buf_init(out, CVC_MAX);
	peer_good(cvc_parse(&certificate, &parsed));
	peer_good(cvc_put_values(&parsed, &values));
	part = view_buf(&values);
	peer_good(rsa_sign(signer->key, signer->scheme, &part, 1, &signature));
	mark = tlv_open(out, 0x7F21);
	buf_view(out, parsed.body);
	tlv_put(out, 0x5F37, view_buf(&signature));
	tlv_close(out, mark);
	peer_good(buf_rc(out));
	buf_free(&signature);
	buf_free(&values);
}

static uint16_t present(struct peer *p, uint8_t p2, const struct buf *certificate)
{
	return peer_send(p, 0, 0x2A, 0, p2, view_buf(certificate), 0, NULL);
}

static void values_alone_certify_where_the_policy_says_so(void)
{
	const struct peer_party *authority = &peer_world()->authority;
	const struct peer_party *issuer = &peer_world()->issuer;
	struct buf plain_issuer, plain_host;
	struct peer p;

	peer_fresh(&p);
	p.values_only = true;
	peer_personalise(&p);
	sign_values(authority, issuer, &plain_issuer);
	sign_values(issuer, &peer_world()->host[peer_index(0x02)], &plain_host);

	steps_go_to(&p, 0x02, CERTIFICATES);
	CU_ASSERT_EQUAL(present(&p, 0xAE, &plain_issuer), 0x9000);
	CU_ASSERT_EQUAL(present(&p, 0xAE, &plain_host), 0x9000);
	/* Each form of signature is only its own. */
	steps_go_to(&p, 0x02, CERTIFICATES);
	CU_ASSERT_EQUAL(present(&p, 0xAE, &issuer->certificate), 0x6300);
	CU_ASSERT_TRUE(steps_are_reset(&p));
	steps_go_to(&p, 0x02, CERTIFICATES);
	CU_ASSERT_EQUAL(present(&p, 0xBE, &plain_issuer), 0x6300);
	plain_issuer.data[plain_issuer.len / 2] ^= 1;
	steps_go_to(&p, 0x02, CERTIFICATES);
	CU_ASSERT_NOT_EQUAL(present(&p, 0xAE, &plain_issuer), 0x9000);
	plain_issuer.data[plain_issuer.len / 2] ^= 1;
	/* And none under the modern suite. */
	steps_go_to(&p, 0x42, CERTIFICATES);
	CU_ASSERT_EQUAL(present(&p, 0xAE, &plain_issuer), 0x6A81);
	buf_free(&plain_issuer);
	buf_free(&plain_host);
	peer_free(&p);
}

static int clean(void)
{
	peer_world_free();
	return 0;
}

static CU_TestInfo tests[] = {
	{"certificates that are no host's are refused", certificates_that_are_no_hosts_are_refused},
	{"a role must come down the whole chain", a_role_must_come_down_the_whole_chain},
	{"a certificate is good to its last day and to its last byte",
	 a_certificate_is_good_to_its_last_day_and_to_its_last_byte},
	{"an issuer signs as its certificate says", an_issuer_signs_as_its_certificate_says},
	{"an issuer alone opens nothing", an_issuer_alone_opens_nothing},
	{"a chain has at most four certificates", a_chain_has_at_most_four_certificates},
	{"the date moves with issuers and not with hosts",
	 the_date_moves_with_issuers_and_not_with_hosts},
	{"flipped bits of certificates are refused", flipped_bits_of_certificates_are_refused},
	{"values alone certify where the policy says so",
	 values_alone_certify_where_the_policy_says_so},
	{"certificates that do not describe themselves are refused",
	 certificates_that_do_not_describe_themselves_are_refused},
	CU_TEST_INFO_NULL,
};

int main(void)
{
	CU_SuiteInfo suites[] = {{.pName = "chain", .pTests = tests, .pCleanupFunc = clean},
				 CU_SUITE_INFO_NULL};

	return suite_run("card chain", suites);
}
