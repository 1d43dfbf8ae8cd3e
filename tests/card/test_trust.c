/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * STORE DATA in a session: links, renewed card certificates and revocation lists, each alone and
 * together; who may bring them; that nothing changes when one part is refused; and that another
 * instance of the card sees what changed. Besides, an auditor's certificate with which a ledger is
 * made, which the same trust judges.
 */
#include "tests/suite.h"

#include <string.h>

#include "base/ledger.h"
#include "base/revocation.h"
#include "base/tlv.h"
#include "tests/card/peer.h"

static struct peer_party next; /* the authority that follows peer_world's */

static int start(void)
{
	next.scheme = RSA_PSS_SHA256;
	return rsa_generate(2048, &next.key) != RC_OK;
}

static int finish(void)
{
	EVP_PKEY_free(next.key);
	peer_world_free();
	return 0;
}

static struct view authority_certificate(void)
{
	return view_buf(&peer_world()->authority.certificate);
}

/* A certificate of the world's suite 42 host, straight under an authority. */
static struct cvc_request host_request(unsigned int roles)
{
	return (struct cvc_request){.chr = "DEHOST0042001",
				    .key = peer_world()->host[1].key,
				    .scheme = RSA_PSS_SHA256,
				    .type = CVC_TERMINAL,
				    .roles = roles,
				    .effective = PEER_TODAY,
				    .expiration = PEER_LATER,
				    .suite = 0x42};
}

static uint16_t present(struct peer *p, const struct peer_party *signer, const char *car,
			const struct cvc_request *request)
{
	struct buf certificate;
	uint16_t sw;

	CU_ASSERT_EQUAL(peer_environment(p, 0x42, 0xC1, 0xB6), 0x9000);
	peer_certify(signer, car, request, &certificate);
	sw = peer_certificate(p, view_buf(&certificate));
	buf_free(&certificate);
	return sw;
}

/* A session of the host with these roles, under the world's authority or the next one. */
static uint16_t open_as(struct peer *p, const struct peer_party *signer, const char *car,
			unsigned int roles)
{
	struct cvc_request request = host_request(roles);
	uint16_t sw = present(p, signer, car, &request);

	if (sw != 0x9000)
		return sw;
	peer_make_block(p, 0x33);
	CU_ASSERT_EQUAL(peer_decipher(p), 0x9000);
	CU_ASSERT_EQUAL(peer_challenge(p), 0x9000);
	CU_ASSERT_EQUAL(peer_external(p), 0x9000);
	return peer_internal(p);
}

static void open_issuer(struct peer *p)
{
	CU_ASSERT_EQUAL_FATAL(open_as(p, &peer_world()->authority, "DEAUTHOR00001",
				      ROLE_ISSUER | ROLE_USER),
			      0x9000);
}

static uint16_t store(struct peer *p, struct view data)
{
	struct buf answer;
	bool bare = true;
	uint16_t sw;

	buf_init(&answer, 64);
	sw = peer_protected(p, 0x80, 0xE2, 0x80, 0, data, 256, &answer, &bare);
	CU_ASSERT_FALSE(bare);
	CU_ASSERT_EQUAL(answer.len, sw == 0x9000 ? 8 : 0);
	buf_free(&answer);
	return sw;
}

static void put_link(struct buf *out, struct cvc_request request, const struct peer_party *signer,
		     const char *car)
{
	struct buf certificate;

	if (!request.key)
		request.key = next.key;
	peer_certify(signer, car, &request, &certificate);
	buf_view(out, view_buf(&certificate));
	buf_free(&certificate);
}

static struct cvc_request link_request(void)
{
	return (struct cvc_request){.chr = "DENEXTAU00002",
				    .scheme = RSA_PSS_SHA256,
				    .type = CVC_CVCA,
				    .roles = ROLE_USER | ROLE_ISSUER,
				    .effective = PEER_TODAY + 2,
				    .expiration = PEER_LATER};
}

static void put_good_link(struct buf *out)
{
	put_link(out, link_request(), &peer_world()->authority, "DEAUTHOR00001");
}

static struct cvc_request card_request(struct peer *p)
{
	struct cvc_request request = {.chr = "DECARD00000001",
				      .type = CVC_TERMINAL,
				      .effective = PEER_TODAY + 1,
				      .expiration = PEER_LATER,
				      .suite = 0x42};

	CU_ASSERT_EQUAL_FATAL(
		cvc_public_key(view_buf(&p->card_key[1]), &request.scheme, &request.key), RC_OK);
	return request;
}

/* Puts A0 and frees the request's key. */
static void put_card(struct buf *out, struct cvc_request request, const struct peer_party *signer,
		     const char *car, uint8_t version)
{
	const uint8_t reference[] = {version, 1};
	size_t mark = tlv_open(out, 0xA0);
	struct buf certificate;

	peer_certify(signer, car, &request, &certificate);
	tlv_put(out, 0x83, view_of(reference, 2));
	buf_view(out, view_buf(&certificate));
	tlv_close(out, mark);
	buf_free(&certificate);
	EVP_PKEY_free(request.key);
}

/* A list that revokes one holder. */
static void put_list(struct buf *out, const struct peer_party *signer, const char *car,
		     uint32_t sequence, const char *id, uint32_t earliest)
{
	struct revocation list = {.car = view_str(car), .sequence = sequence, .date = PEER_TODAY};
	struct buf entries;

	buf_init(&entries, REVOCATION_ENTRIES_MAX);
	if (id)
		CU_ASSERT_EQUAL(revocation_enter(&entries, (const uint8_t *)id, earliest), RC_OK);
	list.entries = view_buf(&entries);
	CU_ASSERT_EQUAL(revocation_sign(&list, signer->key, out), RC_OK);
	buf_free(&entries);
}

/* One list of the world's authority, stored. */
static uint16_t revoke(struct peer *p, uint32_t sequence, const char *id, uint32_t earliest)
{
	struct buf data;
	uint16_t sw;

	buf_init(&data, REVOCATION_MAX);
	put_list(&data, &peer_world()->authority, "DEAUTHOR00001", sequence, id, earliest);
	sw = store(p, view_buf(&data));
	buf_free(&data);
	return sw;
}

static void a_revoked_host_opens_nothing_until_a_later_certificate(void)
{
	const struct peer_party *authority = &peer_world()->authority;
	struct cvc_request old = host_request(ROLE_USER), renewed = old;
	struct peer p;

	peer_new(&p);
	open_issuer(&p);
	CU_ASSERT_EQUAL(revoke(&p, 1, "T0042001", PEER_TODAY + 1), 0x9000);
	/* The session that brought it runs on. */
	CU_ASSERT_EQUAL(revoke(&p, 2, "T0042001", PEER_TODAY + 1), 0x9000);
	CU_ASSERT_EQUAL(present(&p, authority, "DEAUTHOR00001", &old), 0x6984);
	renewed.effective = PEER_TODAY + 1;
	CU_ASSERT_EQUAL(present(&p, authority, "DEAUTHOR00001", &renewed), 0x9000);
	peer_reopen(&p, NULL);
	CU_ASSERT_EQUAL(present(&p, authority, "DEAUTHOR00001", &old), 0x6984);
	CU_ASSERT_EQUAL(present(&p, authority, "DEAUTHOR00001", &renewed), 0x9000);
	old.chr = "DEHOST0042002";
	CU_ASSERT_EQUAL(present(&p, authority, "DEAUTHOR00001", &old), 0x9000);
	peer_free(&p);
}

static void a_revoked_issuer_takes_his_hosts_with_him(void)
{
	struct peer p;

	peer_new(&p);
	open_issuer(&p);
	CU_ASSERT_EQUAL(revoke(&p, 1, "UER00001", PEER_TODAY + 1), 0x9000);
	CU_ASSERT_EQUAL(peer_open(&p, 0x42, 0xC1, 0xB6, 0x33), 0x6984);
	/* So are chains that were stored at personalisation. */
	CU_ASSERT_EQUAL(peer_environment(&p, 0x02, 0xC1, 0xA4), 0x6984);
	peer_free(&p);
}

static void a_list_is_taken_once_and_replaces_the_one_before(void)
{
	const struct peer_party *authority = &peer_world()->authority;
	struct cvc_request old = host_request(ROLE_USER);
	struct peer p;

	peer_new(&p);
	open_issuer(&p);
	CU_ASSERT_EQUAL(revoke(&p, 5, "T0042001", PEER_TODAY + 1), 0x9000);
	CU_ASSERT_EQUAL(revoke(&p, 5, "T0042001", PEER_TODAY + 1), 0x6985);
	CU_ASSERT_EQUAL(revoke(&p, 4, NULL, 0), 0x6985);
	CU_ASSERT_EQUAL(revoke(&p, UINT32_MAX, NULL, 0), 0x9000);
	CU_ASSERT_EQUAL(revoke(&p, UINT32_MAX, "T0042001", PEER_TODAY + 1), 0x6985);
	CU_ASSERT_EQUAL(present(&p, authority, "DEAUTHOR00001", &old), 0x9000);
	peer_free(&p);
}

static void lists_that_are_not_the_trust_points_are_refused(void)
{
	struct buf data;
	struct peer p;

	peer_new(&p);
	open_issuer(&p);
	buf_init(&data, REVOCATION_MAX);
	put_list(&data, &peer_world()->authority, "DEISSUER00001", 1, "T0042001", PEER_LATER);
	CU_ASSERT_EQUAL(store(&p, view_buf(&data)), 0x6A88);
	buf_reset(&data);
	put_list(&data, &peer_world()->issuer, "DEAUTHOR00001", 1, "T0042001", PEER_LATER);
	CU_ASSERT_EQUAL(store(&p, view_buf(&data)), 0x6300);
	buf_reset(&data);
	put_list(&data, &peer_world()->authority, "DEAUTHOR00001", 1, "T0042001", PEER_LATER);
	for (size_t bit = 0; bit < 8 * data.len; bit += 23) {
		data.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CU_ASSERT_NOT_EQUAL(store(&p, view_buf(&data)), 0x9000);
		data.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < data.len; len += 17)
		CU_ASSERT_EQUAL(store(&p, view_of(data.data, len)), 0x6A80);
	buf_u8(&data, 0);
	CU_ASSERT_EQUAL(store(&p, view_buf(&data)), 0x6A80);
	open_issuer(&p);
	buf_free(&data);
	peer_free(&p);
}

static void only_an_issuer_brings_changes(void)
{
	static const unsigned int others = ROLE_USER | ROLE_UPDATER | ROLE_AUDITOR;
	struct buf data;
	struct peer p;

	peer_new(&p);
	buf_init(&data, REVOCATION_MAX);
	put_list(&data, &peer_world()->authority, "DEAUTHOR00001", 1, NULL, 0);
	CU_ASSERT_EQUAL(peer_send(&p, 0x80, 0xE2, 0x80, 0, view_buf(&data), 0, NULL), 0x6985);
	CU_ASSERT_EQUAL(open_as(&p, &peer_world()->authority, "DEAUTHOR00001", others), 0x9000);
	CU_ASSERT_EQUAL(store(&p, view_buf(&data)), 0x6982);
	open_issuer(&p);
	CU_ASSERT_EQUAL(store(&p, view_buf(&data)), 0x9000);
	buf_free(&data);
	peer_free(&p);
}

static void a_link_replaces_the_trust_point(void)
{
	struct cvc_request old = host_request(ROLE_USER);
	struct buf data;
	struct peer p;

	peer_new(&p);
	open_issuer(&p);
	CU_ASSERT_EQUAL(revoke(&p, 7, "T0042002", PEER_LATER), 0x9000);
	buf_init(&data, REVOCATION_MAX);
	put_good_link(&data);
	CU_ASSERT_EQUAL(store(&p, view_buf(&data)), 0x9000);
	CU_ASSERT_EQUAL(store(&p, view_buf(&data)), 0x6A88);
	CU_ASSERT_EQUAL(present(&p, &peer_world()->authority, "DEAUTHOR00001", &old), 0x6A88);
	CU_ASSERT_EQUAL(present(&p, &next, "DENEXTAU00002", &old), 0x9000);
	/* What was revoked stays so, the date moved on, and numbers begin anew. */
	old.chr = "DEHOST0042002";
	CU_ASSERT_EQUAL(present(&p, &next, "DENEXTAU00002", &old), 0x6984);
	old = host_request(ROLE_USER);
	old.expiration = PEER_TODAY + 1;
	CU_ASSERT_EQUAL(present(&p, &next, "DENEXTAU00002", &old), 0x6984);
	peer_reopen(&p, NULL);
	CU_ASSERT_EQUAL_FATAL(open_as(&p, &next, "DENEXTAU00002", ROLE_ALL), 0x9000);
	buf_reset(&data);
	put_list(&data, &next, "DENEXTAU00002", 1, "T0042001", PEER_LATER);
	CU_ASSERT_EQUAL(store(&p, view_buf(&data)), 0x9000);
	old = host_request(ROLE_USER);
	old.chr = "DEHOST0042002";
	CU_ASSERT_EQUAL(present(&p, &next, "DENEXTAU00002", &old), 0x9000);
	buf_free(&data);
	peer_free(&p);
}

static void links_that_lead_elsewhere_are_refused(void)
{
	const struct peer_party *authority = &peer_world()->authority;
	struct cvc_request r = link_request();
	EVP_PKEY *small = NULL;
	struct buf data;
	struct peer p;

	CU_ASSERT_EQUAL_FATAL(rsa_generate(1024, &small), RC_OK);
	peer_new(&p);
	open_issuer(&p);
	buf_init(&data, REVOCATION_MAX);
#define REFUSED(link, signer, car, sw)                           \
	do {                                                     \
		buf_reset(&data);                                \
		put_link(&data, link, signer, car);              \
		CU_ASSERT_EQUAL(store(&p, view_buf(&data)), sw); \
	} while (0)
	REFUSED(r, &next, "DENEXTAU00002", 0x6A80);
	REFUSED(r, &next, "DEAUTHOR00001", 0x6300);
	REFUSED(r, authority, "DEOTHERS00001", 0x6A88);
	r.type = CVC_DV;
	REFUSED(r, authority, "DEAUTHOR00001", 0x6A80);
	r = link_request();
	r.roles = 0;
	REFUSED(r, authority, "DEAUTHOR00001", 0x6A80);
	r = link_request();
	r.effective = PEER_TODAY - 1;
	REFUSED(r, authority, "DEAUTHOR00001", 0x6A80);
	r = link_request();
	r.key = small;
	REFUSED(r, authority, "DEAUTHOR00001", 0x6A80);
	r = link_request();
	r.scheme = RSA_PKCS1_SHA1;
	REFUSED(r, authority, "DEAUTHOR00001", 0x6A80);
#undef REFUSED
	CU_ASSERT_EQUAL(store(&p, authority_certificate()), 0x6A80);
	open_issuer(&p);
	EVP_PKEY_free(small);
	buf_free(&data);
	peer_free(&p);
}

/* By the card's date, which an issuer has moved on. */
static void a_link_that_has_expired_is_refused(void)
{
	const struct peer_party *authority = &peer_world()->authority;
	struct cvc_request r = link_request(), issuer = host_request(ROLE_ALL);
	struct buf data;
	struct peer p;

	peer_new(&p);
	buf_init(&data, REVOCATION_MAX);
	issuer.chr = "DEISSUER00002";
	issuer.key = peer_world()->issuer.key;
	issuer.type = CVC_DV;
	issuer.suite = 0;
	issuer.effective = PEER_TODAY + 6;
	CU_ASSERT_EQUAL(present(&p, authority, "DEAUTHOR00001", &issuer), 0x9000);
	open_issuer(&p);
	r.expiration = PEER_TODAY + 5;
	put_link(&data, r, authority, "DEAUTHOR00001");
	CU_ASSERT_EQUAL(store(&p, view_buf(&data)), 0x6984);
	open_issuer(&p);
	buf_reset(&data);
	r.expiration = PEER_TODAY + 6;
	put_link(&data, r, authority, "DEAUTHOR00001");
	CU_ASSERT_EQUAL(store(&p, view_buf(&data)), 0x9000);
	buf_free(&data);
	peer_free(&p);
}

static void a_link_gives_no_role_that_was_not_there(void)
{
	struct cvc_request r = link_request();
	struct buf data;
	struct peer p;

	peer_new(&p);
	open_issuer(&p);
	buf_init(&data, REVOCATION_MAX);
	put_good_link(&data);
	CU_ASSERT_EQUAL(store(&p, view_buf(&data)), 0x9000);
	CU_ASSERT_EQUAL_FATAL(open_as(&p, &next, "DENEXTAU00002", ROLE_ALL), 0x9000);
	r.chr = "DEAUTHOR00003";
	r.key = peer_world()->authority.key;
	r.roles = ROLE_ALL;
	buf_reset(&data);
	put_link(&data, r, &next, "DENEXTAU00002");
	CU_ASSERT_EQUAL(store(&p, view_buf(&data)), 0x6A80);
	buf_free(&data);
	peer_free(&p);
}

static bool card_certificate_is_by(struct peer *p, const char *car, uint32_t effective)
{
	struct buf out;
	struct view in;
	struct cvc c;
	bool is;

	CU_ASSERT_EQUAL(peer_environment(p, 0x42, 0xC1, 0xB6), 0x9000);
	buf_init(&out, CVC_MAX);
	CU_ASSERT_EQUAL(peer_send(p, 0x80, 0xCA, 0x7F, 0x21, view_of(NULL, 0), 65536, &out),
			0x9000);
	in = view_buf(&out);
	CU_ASSERT_EQUAL_FATAL(cvc_parse(&in, &c), RC_OK);
	is = view_equal(c.car, view_str(car)) && c.effective == effective;
	buf_free(&out);
	return is;
}

static void link_certificate_and_list_come_together_or_not_at_all(void)
{
	struct cvc_request old = host_request(ROLE_USER);
	struct buf data, bad;
	struct peer p;

	peer_new(&p);
	open_issuer(&p);
	buf_init(&data, REVOCATION_MAX);
	buf_init(&bad, REVOCATION_MAX);
	put_good_link(&data);
	put_card(&data, card_request(&p), &next, "DENEXTAU00002", 1);
	buf_view(&bad, view_buf(&data));
	put_list(&bad, &peer_world()->authority, "DEAUTHOR00001", 1, "T0042001", PEER_LATER);
	CU_ASSERT_EQUAL(store(&p, view_buf(&bad)), 0x6A88);
	CU_ASSERT_TRUE(card_certificate_is_by(&p, "DEAUTHOR00001", PEER_TODAY));
	CU_ASSERT_EQUAL(present(&p, &peer_world()->authority, "DEAUTHOR00001", &old), 0x9000);
	open_issuer(&p);
	put_list(&data, &next, "DENEXTAU00002", 1, "T0042002", PEER_LATER);
	CU_ASSERT_EQUAL(store(&p, view_buf(&data)), 0x9000);
	CU_ASSERT_TRUE(card_certificate_is_by(&p, "DENEXTAU00002", PEER_TODAY + 1));
	CU_ASSERT_EQUAL(open_as(&p, &next, "DENEXTAU00002", ROLE_USER), 0x9000);
	buf_free(&bad);
	buf_free(&data);
	peer_free(&p);
}

static void a_card_certificate_is_renewed_for_the_same_key_and_card_only(void)
{
	const struct peer_party *authority = &peer_world()->authority;
	struct cvc_request r;
	struct buf data;
	struct peer p;

	peer_new(&p);
	open_issuer(&p);
	buf_init(&data, REVOCATION_MAX);
#define RENEW(signer, version, sw)                                    \
	do {                                                          \
		buf_reset(&data);                                     \
		put_card(&data, r, signer, "DEAUTHOR00001", version); \
		CU_ASSERT_EQUAL(store(&p, view_buf(&data)), sw);      \
		r = card_request(&p);                                 \
	} while (0)
	r = card_request(&p);
	RENEW(&next, 1, 0x6300);
	RENEW(authority, 2, 0x6A80);
	RENEW(authority, 7, 0x6A88);
	r.chr = "DECARD00000002";
	RENEW(authority, 1, 0x6A80);
	r.roles = ROLE_USER;
	RENEW(authority, 1, 0x6A80);
	r.suite = 0x02;
	RENEW(authority, 1, 0x6A80);
	r.scheme = RSA_PKCS1_SHA256;
	RENEW(authority, 1, 0x6A80);
	r.effective = PEER_TODAY - 3;
	r.expiration = PEER_TODAY - 2;
	RENEW(authority, 1, 0x6984);
	r.effective = PEER_TODAY;
	RENEW(authority, 1, 0x6985);
	RENEW(authority, 1, 0x9000);
	RENEW(authority, 1, 0x6985);
#undef RENEW
	EVP_PKEY_free(r.key);
	CU_ASSERT_TRUE(card_certificate_is_by(&p, "DEAUTHOR00001", PEER_TODAY + 1));
	open_issuer(&p);
	buf_free(&data);
	peer_free(&p);
}

/* As present, to another instance of the peer's card. */
static uint16_t present_to(struct card *card, struct peer *p, const struct peer_party *signer,
			   const char *car, const struct cvc_request *request)
{
	struct card *own = p->card;
	uint16_t sw;

	p->card = card;
	sw = present(p, signer, car, request);
	p->card = own;
	return sw;
}

static void another_instance_of_the_card_sees_what_changed(void)
{
	const struct peer_party *authority = &peer_world()->authority;
	struct cvc_request old = host_request(ROLE_USER);
	struct card *other = NULL;
	struct buf data;
	struct peer p;

	peer_new(&p);
	CU_ASSERT_EQUAL_FATAL(card_open(p.dir, NULL, &other), RC_OK);
	CU_ASSERT_EQUAL(present_to(other, &p, authority, "DEAUTHOR00001", &old), 0x9000);
	buf_init(&data, REVOCATION_MAX);
	open_issuer(&p);
	CU_ASSERT_EQUAL(revoke(&p, 1, "T0042002", PEER_LATER), 0x9000);
	old.chr = "DEHOST0042002";
	CU_ASSERT_EQUAL(present_to(other, &p, authority, "DEAUTHOR00001", &old), 0x6984);
	put_good_link(&data);
	CU_ASSERT_EQUAL(store(&p, view_buf(&data)), 0x9000);
	old.chr = "DEHOST0042001";
	CU_ASSERT_EQUAL(present_to(other, &p, authority, "DEAUTHOR00001", &old), 0x6A88);
	CU_ASSERT_EQUAL(present_to(other, &p, &next, "DENEXTAU00002", &old), 0x9000);
	card_close(&other);
	buf_free(&data);
	peer_free(&p);
}

/* CREATE LEDGER for an auditor; what is in c, under its tag. */
static uint16_t make_ledger(struct peer *p, const struct auditor_certificate *c, struct buf *answer)
{
	bool bare = true;
	struct buf data;
	uint16_t sw;

	buf_init(&data, AUDITOR_CERTIFICATE_MAX);
	tlv_put(&data, 0x80, view_str("Invoices"));
	if (c->auditor.len)
		tlv_put(&data, 0x82, c->auditor);
	if (c->escrow.len)
		tlv_put(&data, 0x83, c->escrow);
	tlv_put(&data, 0x96, c->proof);
	buf_reset(answer);
	sw = peer_protected(p, 0x80, 0xD0, 0, 0, view_buf(&data), 65536, answer, &bare);
	CU_ASSERT_FALSE(bare);
	buf_free(&data);
	return sw;
}

/* Who holds the certificate of request, with the key of suite 42's host, says that these are the keys. */
static void put_certificate(const struct cvc_request *request, const struct peer_party *signer,
			    struct buf *out, struct auditor_certificate *ret)
{
	static char text[NOTE_KEY_MAX + 1];
	static uint8_t modulus[256];
	uint8_t public_key[ED25519_PUBLIC] = {1, 2, 3};
	struct note_key key;
	struct buf array, chain;

	*ret = (struct auditor_certificate){.escrow = view_of(modulus, sizeof(modulus))};
	CU_ASSERT_EQUAL_FATAL(note_cosigner_make("tax.example/auditor", public_key, &key), RC_OK);
	buf_fixed(&array, text, NOTE_KEY_MAX);
	note_put_cosigner(&array, &key);
	ret->auditor = view_buf(&array);
	buf_fixed(&array, modulus, sizeof(modulus));
	CU_ASSERT_EQUAL_FATAL(rsa_put_modulus(next.key, &array), RC_OK);
	peer_certify(signer, "DEAUTHOR00001", request, &chain);
	buf_init(out, AUDITOR_CERTIFICATE_MAX);
	CU_ASSERT_EQUAL_FATAL(auditor_certificate_put(ret, view_buf(&chain), request->key, out),
			      RC_OK);
	CU_ASSERT_EQUAL_FATAL(auditor_certificate_parse(view_buf(out), ret), RC_OK);
	buf_free(&chain);
}

static uint16_t make_for(struct peer *p, const struct cvc_request *request,
			 const struct peer_party *signer, struct buf *answer)
{
	struct auditor_certificate c;
	struct buf file;
	uint16_t sw;

	put_certificate(request, signer, &file, &c);
	sw = make_ledger(p, &c, answer);
	buf_free(&file);
	return sw;
}

static void a_ledger_is_made_from_the_certificate_of_an_auditor_only(void)
{
	const struct peer_party *authority = &peer_world()->authority;
	struct cvc_request auditor = host_request(ROLE_AUDITOR), other = host_request(ROLE_ALL);
	struct auditor_certificate c, altered;
	struct buf answer, file;
	struct peer p;

	auditor.chr = "DEAUDITO00007";
	other.chr = auditor.chr;
	other.roles &= ~(unsigned int)ROLE_AUDITOR;
	peer_new(&p);
	open_issuer(&p);
	buf_init(&answer, 65536);
	CU_ASSERT_EQUAL(make_for(&p, &auditor, &next, &answer), 0x6984);
	CU_ASSERT_EQUAL(make_for(&p, &other, authority, &answer), 0x6984);
	other = auditor;
	other.expiration = other.effective = PEER_TODAY - 100;
	CU_ASSERT_EQUAL(make_for(&p, &other, authority, &answer), 0x6984);
	put_certificate(&auditor, authority, &file, &c);
	altered = c;
	altered.escrow = view_of(NULL, 0);
	CU_ASSERT_EQUAL(make_ledger(&p, &altered, &answer), 0x6984);
	altered = c;
	altered.auditor = view_of(NULL, 0);
	CU_ASSERT_EQUAL(make_ledger(&p, &altered, &answer), 0x6A80);
	altered = c;
	altered.proof.len--;
	CU_ASSERT_EQUAL(make_ledger(&p, &altered, &answer), 0x6984);
	altered.proof.len = 0;
	CU_ASSERT_EQUAL(make_ledger(&p, &altered, &answer), 0x6A80);
	for (size_t i = file.len - c.proof.len; i < file.len; i += 83) {
		file.data[i] ^= 0x10;
		CU_ASSERT_NOT_EQUAL(make_ledger(&p, &c, &answer), 0x9000);
		file.data[i] ^= 0x10;
	}
	CU_ASSERT_EQUAL(make_ledger(&p, &c, &answer), 0x9000);
	CU_ASSERT_TRUE(memmem(answer.data, answer.len, c.proof.data, c.proof.len) != NULL);
	CU_ASSERT_EQUAL(revoke(&p, 1, "ITO00007", PEER_LATER), 0x9000);
	CU_ASSERT_EQUAL(make_ledger(&p, &c, &answer), 0x6984);
	buf_free(&file);
	buf_free(&answer);
	peer_free(&p);
}

int main(void)
{
	static CU_TestInfo tests[] = {
		{"a revoked host opens nothing until a later certificate",
		 a_revoked_host_opens_nothing_until_a_later_certificate},
		{"a revoked issuer takes his hosts with him",
		 a_revoked_issuer_takes_his_hosts_with_him},
		{"a list is taken once and replaces the one before",
		 a_list_is_taken_once_and_replaces_the_one_before},
		{"lists that are not the trust point's are refused",
		 lists_that_are_not_the_trust_points_are_refused},
		{"only an issuer brings changes", only_an_issuer_brings_changes},
		{"a link replaces the trust point", a_link_replaces_the_trust_point},
		{"links that lead elsewhere are refused", links_that_lead_elsewhere_are_refused},
		{"a link that has expired is refused", a_link_that_has_expired_is_refused},
		{"a link gives no role that was not there",
		 a_link_gives_no_role_that_was_not_there},
		{"link, certificate and list come together or not at all",
		 link_certificate_and_list_come_together_or_not_at_all},
		{"a card certificate is renewed for the same key and card only",
		 a_card_certificate_is_renewed_for_the_same_key_and_card_only},
		{"another instance of the card sees what changed",
		 another_instance_of_the_card_sees_what_changed},
		{"a ledger is made from the certificate of an auditor only",
		 a_ledger_is_made_from_the_certificate_of_an_auditor_only},
		CU_TEST_INFO_NULL,
	};
	static CU_SuiteInfo suites[] = {
		{.pName = "trust", .pInitFunc = start, .pCleanupFunc = finish, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("card trust", suites);
}
