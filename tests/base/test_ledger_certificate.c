/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ways from authority to card to ledger, and to an auditor and the auditor's keys: every other authority,
 * holder, key, byte and length is refused.
 */
#include "base/ledger_certificate.h"

#include <string.h>

#include "base/auditor_certificate.h"
#include "tests/suite.h"

static EVP_PKEY *authority, *card;
static struct buf authority_certificate, card_certificate, bytes;
static char verifier_key[NOTE_KEY_MAX + 1];

static const struct cvc_request of_authority = {
	.car = "DEAUTHOR00001",
	.chr = "DEAUTHOR00001",
	.scheme = RSA_PSS_SHA256,
	.type = CVC_CVCA,
	.roles = ROLE_ALL,
	.effective = 260102,
	.expiration = 311231,
};
static const struct cvc_request of_card = {
	.car = "DEAUTHOR00001",
	.chr = "DECARD0123400001",
	.scheme = RSA_PSS_SHA256,
	.type = CVC_TERMINAL,
	.effective = 260102,
	.expiration = 311231,
	.suite = 0x42,
};

static void issue(struct cvc_request request, EVP_PKEY *key, EVP_PKEY *signer, struct buf *out)
{
	buf_reset(out);
	request.key = key;
	CU_ASSERT_EQUAL_FATAL(cvc_issue(&request, signer, RSA_PSS_SHA256, out), RC_OK);
}

/* The certificate of the ledger whose public key is n times 32. */
static void certify(uint8_t n)
{
	uint8_t public_key[ED25519_PUBLIC];
	struct note_key key;
	struct buf text;

	memset(public_key, n, sizeof(public_key));
	CU_ASSERT_EQUAL_FATAL(note_key_make("intaglio/ledger/x", public_key, &key), RC_OK);
	memset(verifier_key, 0, sizeof(verifier_key));
	buf_fixed(&text, verifier_key, NOTE_KEY_MAX);
	note_put_key(&text, &key);
	buf_reset(&bytes);
	CU_ASSERT_EQUAL_FATAL(
		ledger_certificate_put(&key, card, view_buf(&card_certificate), &bytes), RC_OK);
}

static enum rc verify(struct view in)
{
	struct cvc_chain ret;

	return ledger_certificate_verify(in, view_buf(&authority_certificate),
					 view_str(verifier_key), &ret);
}

static int start(void)
{
	buf_init(&authority_certificate, CVC_MAX);
	buf_init(&card_certificate, CVC_MAX);
	buf_init(&bytes, AUDITOR_CERTIFICATE_MAX + LEDGER_CERTIFICATE_MAX);
	return rsa_generate(2048, &authority) != RC_OK || rsa_generate(2048, &card) != RC_OK;
}

static int finish(void)
{
	EVP_PKEY_free(authority);
	EVP_PKEY_free(card);
	buf_free(&authority_certificate);
	buf_free(&card_certificate);
	buf_free(&bytes);
	return 0;
}

static void the_usual(void)
{
	issue(of_authority, authority, authority, &authority_certificate);
	issue(of_card, card, authority, &card_certificate);
	certify(7);
}

static void the_card_s_word_is_verified_and_says_which_card(void)
{
	static const uint8_t id[CVC_ID] = {'2', '3', '4', '0', '0', '0', '0', '1'};
	uint8_t found[CVC_ID];
	struct cvc_chain ret;

	the_usual();
	CU_ASSERT_EQUAL(ledger_certificate_verify(view_buf(&bytes),
						  view_buf(&authority_certificate),
						  view_str(verifier_key), &ret),
			RC_OK);
	CU_ASSERT_EQUAL(cvc_id(cvc_chain_own(&ret), found), RC_OK);
	CU_ASSERT_TRUE(view_equal(view_of(found, CVC_ID), view_of(id, CVC_ID)));
	CU_ASSERT_EQUAL(cvc_chain_own(&ret)->expiration, 311231);
}

static void every_flipped_byte_and_every_other_length_is_refused(void)
{
	the_usual();
	for (size_t i = 0; i < bytes.len; i++) {
		bytes.data[i] ^= 0x10;
		CU_ASSERT_NOT_EQUAL(verify(view_buf(&bytes)), RC_OK);
		bytes.data[i] ^= 0x10;
		CU_ASSERT_EQUAL(verify(view_of(bytes.data, i)), RC_MALFORMED);
	}
	CU_ASSERT_EQUAL(verify(view_buf(&bytes)), RC_OK);
	buf_u8(&bytes, 0);
	CU_ASSERT_EQUAL(verify(view_buf(&bytes)), RC_MALFORMED);
}

static void another_ledger_s_key_is_refused(void)
{
	struct buf first;

	the_usual();
	buf_init(&first, LEDGER_CERTIFICATE_MAX);
	buf_view(&first, view_buf(&bytes));
	certify(8);
	CU_ASSERT_EQUAL(verify(view_buf(&first)), RC_AUTH);
	CU_ASSERT_EQUAL(verify(view_buf(&bytes)), RC_OK);
	buf_free(&first);
}

static void only_a_card_of_suite_42_under_this_authority_vouches(void)
{
	struct cvc_request with_role = of_card, of_suite_02 = of_card, of_another = of_card;
	struct cvc_request issuer = of_authority;

	the_usual();
	with_role.roles = ROLE_USER;
	issue(with_role, card, authority, &card_certificate);
	certify(7);
	CU_ASSERT_EQUAL(verify(view_buf(&bytes)), RC_AUTH);
	of_suite_02.suite = 0x02;
	issue(of_suite_02, card, authority, &card_certificate);
	certify(7);
	CU_ASSERT_EQUAL(verify(view_buf(&bytes)), RC_AUTH);
	of_another.car = "DEANOTHR00001";
	issue(of_another, card, authority, &card_certificate);
	certify(7);
	CU_ASSERT_EQUAL(verify(view_buf(&bytes)), RC_AUTH);
	issue(of_card, card, card, &card_certificate);
	certify(7);
	CU_ASSERT_EQUAL(verify(view_buf(&bytes)), RC_AUTH);
	issue(of_card, authority, authority, &card_certificate);
	certify(7);
	CU_ASSERT_EQUAL(verify(view_buf(&bytes)), RC_AUTH);
	the_usual();
	CU_ASSERT_EQUAL(verify(view_buf(&bytes)), RC_OK);
	issuer.type = CVC_DV;
	issue(issuer, authority, authority, &authority_certificate);
	CU_ASSERT_EQUAL(verify(view_buf(&bytes)), RC_AUTH);
}

/* The card's key pair in the part of a person's. */
static const struct cvc_request of_auditor = {
	.car = "DEAUTHOR00001",
	.chr = "DEAUDITO00007",
	.scheme = RSA_PSS_SHA256,
	.type = CVC_TERMINAL,
	.roles = ROLE_AUDITOR,
	.effective = 260102,
	.expiration = 311231,
	.suite = 0x42,
};
static char cosigner[NOTE_KEY_MAX + 1];
static uint8_t modulus[256];

static void say_keys(uint8_t n)
{
	uint8_t public_key[ED25519_PUBLIC];
	struct note_key key;
	struct buf text;

	memset(public_key, n, sizeof(public_key));
	memset(cosigner, 0, sizeof(cosigner));
	buf_fixed(&text, cosigner, NOTE_KEY_MAX);
	CU_ASSERT_EQUAL_FATAL(note_cosigner_make("tax.example/auditor", public_key, &key), RC_OK);
	note_put_cosigner(&text, &key);
	buf_fixed(&text, modulus, sizeof(modulus));
	CU_ASSERT_EQUAL_FATAL(rsa_put_modulus(authority, &text), RC_OK);
}

static enum rc put_auditor(bool with_escrow)
{
	struct auditor_certificate c = {.auditor = view_str(cosigner)};

	if (with_escrow)
		c.escrow = view_of(modulus, sizeof(modulus));
	buf_reset(&bytes);
	return auditor_certificate_put(&c, view_buf(&card_certificate), card, &bytes);
}

static enum rc verify_auditor(struct view in)
{
	struct auditor_certificate c;
	struct cvc_chain ret;
	enum rc rc = auditor_certificate_parse(in, &c);

	if (rc != RC_OK)
		return rc;
	return auditor_certificate_verify(&c, view_buf(&authority_certificate), &ret);
}

static void the_usual_auditor(bool with_escrow)
{
	the_usual();
	issue(of_auditor, card, authority, &card_certificate);
	say_keys(7);
	CU_ASSERT_EQUAL_FATAL(put_auditor(with_escrow), RC_OK);
}

static void an_auditor_s_word_for_his_keys_is_verified(void)
{
	struct auditor_certificate c;

	the_usual_auditor(true);
	CU_ASSERT_EQUAL(verify_auditor(view_buf(&bytes)), RC_OK);
	CU_ASSERT_EQUAL_FATAL(auditor_certificate_parse(view_buf(&bytes), &c), RC_OK);
	CU_ASSERT_TRUE(view_equal(c.auditor, view_str(cosigner)));
	CU_ASSERT_TRUE(view_equal(c.escrow, view_of(modulus, sizeof(modulus))));
	the_usual_auditor(false);
	CU_ASSERT_EQUAL(verify_auditor(view_buf(&bytes)), RC_OK);
	CU_ASSERT_EQUAL_FATAL(auditor_certificate_parse(view_buf(&bytes), &c), RC_OK);
	CU_ASSERT_EQUAL(c.escrow.len, 0);
}

static void an_altered_auditor_s_certificate_is_refused(void)
{
	the_usual_auditor(true);
	for (size_t i = 0; i < bytes.len; i++) {
		bytes.data[i] ^= 0x10;
		CU_ASSERT_NOT_EQUAL(verify_auditor(view_buf(&bytes)), RC_OK);
		bytes.data[i] ^= 0x10;
		CU_ASSERT_EQUAL(verify_auditor(view_of(bytes.data, i)), RC_MALFORMED);
	}
	CU_ASSERT_EQUAL(verify_auditor(view_buf(&bytes)), RC_OK);
	buf_u8(&bytes, 0);
	CU_ASSERT_EQUAL(verify_auditor(view_buf(&bytes)), RC_MALFORMED);
}

static void nothing_is_exchanged_in_an_auditor_s_certificate(void)
{
	struct auditor_certificate c, other;
	struct cvc_chain ret;
	struct buf kept;

	the_usual_auditor(true);
	buf_init(&kept, AUDITOR_CERTIFICATE_MAX);
	buf_view(&kept, view_buf(&bytes));
	CU_ASSERT_EQUAL_FATAL(auditor_certificate_parse(view_buf(&kept), &c), RC_OK);
	the_usual_auditor(false);
	CU_ASSERT_EQUAL_FATAL(auditor_certificate_parse(view_buf(&bytes), &other), RC_OK);
	other.proof = c.proof;
	CU_ASSERT_EQUAL(auditor_certificate_verify(&other, view_buf(&authority_certificate), &ret),
			RC_AUTH);
	say_keys(8);
	c.auditor = view_str(cosigner);
	CU_ASSERT_EQUAL(auditor_certificate_verify(&c, view_buf(&authority_certificate), &ret),
			RC_AUTH);
	buf_free(&kept);
}

static void only_an_auditor_of_suite_42_under_this_authority_is_one(void)
{
	struct cvc_request rows[] = {of_auditor, of_auditor, of_auditor, of_auditor};

	rows[0].roles = ROLE_ALL & ~(unsigned int)ROLE_AUDITOR;
	rows[1].suite = 0x02;
	rows[2].car = "DEANOTHR00001";
	rows[3].type = CVC_DV;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		the_usual_auditor(true);
		issue(rows[i], card, authority, &card_certificate);
		CU_ASSERT_EQUAL(put_auditor(true), RC_OK);
		CU_ASSERT_EQUAL(verify_auditor(view_buf(&bytes)), RC_AUTH);
	}
	issue(of_auditor, card, card, &card_certificate);
	CU_ASSERT_EQUAL(put_auditor(true), RC_OK);
	CU_ASSERT_EQUAL(verify_auditor(view_buf(&bytes)), RC_AUTH);
	issue(of_auditor, authority, authority, &card_certificate);
	CU_ASSERT_EQUAL(put_auditor(true), RC_ARGUMENT);
	the_usual_auditor(true);
	cosigner[20] ^= 1;
	CU_ASSERT_EQUAL(put_auditor(true), RC_ARGUMENT);
}

int main(void)
{
	static CU_TestInfo tests[] = {
		{"the_card_s_word_is_verified_and_says_which_card",
		 the_card_s_word_is_verified_and_says_which_card},
		{"every_flipped_byte_and_every_other_length_is_refused",
		 every_flipped_byte_and_every_other_length_is_refused},
		{"another_ledger_s_key_is_refused", another_ledger_s_key_is_refused},
		{"only_a_card_of_suite_42_under_this_authority_vouches",
		 only_a_card_of_suite_42_under_this_authority_vouches},
		{"an_auditor_s_word_for_his_keys_is_verified",
		 an_auditor_s_word_for_his_keys_is_verified},
		{"an_altered_auditor_s_certificate_is_refused",
		 an_altered_auditor_s_certificate_is_refused},
		{"nothing_is_exchanged_in_an_auditor_s_certificate",
		 nothing_is_exchanged_in_an_auditor_s_certificate},
		{"only_an_auditor_of_suite_42_under_this_authority_is_one",
		 only_an_auditor_of_suite_42_under_this_authority_is_one},
		CU_TEST_INFO_NULL,
	};
	static CU_SuiteInfo suites[] = {
		{.pName = "ledger_certificate",
		 .pInitFunc = start,
		 .pCleanupFunc = finish,
		 .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("base ledger_certificate", suites);
}
