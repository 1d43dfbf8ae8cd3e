/* SPDX-License-Identifier: BSD-2-Clause */
/* Signatures first, then issuers, then the card's own certificate. */
#include "sc/card_chain.h"

#include "base/log.h"

static enum rc parse(struct view bytes, struct cvc_chain *ret)
{
	enum rc rc = cvc_chain_parse(bytes, ret);

	if (rc == RC_SPACE) {
		log_error("the card shows more than %d certificates", CVC_CHAIN_MAX);
		return RC_MALFORMED;
	}
	if (rc == RC_MALFORMED)
		log_error("the card's certificate is damaged");
	return rc;
}

/* SHA-1 and short keys are for cards in the field only. */
static enum rc check_signer(const struct scp10_suite *suite, const struct cvc *signer,
			    const char *who)
{
	EVP_PKEY *key = NULL;
	enum rc rc = cvc_key(signer, &key);

	if (rc != RC_OK)
		return rc;
	if (!rsa_exponent_is_f4(key) || rsa_bits(key) > suite->bits_max ||
	    (suite->strict &&
	     (signer->scheme == RSA_PKCS1_SHA1 || rsa_bits(key) < suite->bits_min))) {
		log_error("%s has a key or algorithm too weak for suite %02X", who, suite->id);
		rc = RC_POLICY;
	}
	EVP_PKEY_free(key);
	return rc;
}

static enum rc verify(const struct card_chain_terms *terms, const struct cvc_chain *chain,
		      const struct cvc **ret_authority)
{
	const struct cvc *authority = identity_authority(terms->identity, chain->links[0].car);
	enum rc rc = RC_AUTH;

	if (authority)
		rc = check_signer(terms->suite, authority, "the cards' authority");
	if (rc == RC_OK)
		rc = cvc_chain_verify(chain, authority);
	*ret_authority = authority;
	if (rc == RC_AUTH)
		log_error("the card's certificate does not verify under the authority that this "
			  "host trusts: it is a foreign card");
	return rc;
}

static enum rc check_dates(const struct cvc *c, const char *whose)
{
	char text[3][CVC_DATE_TEXT];
	uint32_t today = cvc_today();

	if (today <= c->expiration && today >= c->effective)
		return RC_OK;
	log_error("%s is valid from %s to %s, and today is %s: have it renewed, or set this "
		  "machine's clock",
		  whose, cvc_date_text(c->effective, text[0]),
		  cvc_date_text(c->expiration, text[1]), cvc_date_text(today, text[2]));
	return RC_EXPIRED;
}

/* Who certifies cards has the role issuer, as everybody above him. */
static enum rc check_issuers(const struct card_chain_terms *terms, const struct cvc_chain *chain,
			     const struct cvc *authority)
{
	static const char whose[] = "the certificate of the card's issuer";
	enum rc rc = RC_OK;

	for (size_t i = 0; i + 1 < chain->count && rc == RC_OK; i++) {
		const struct cvc *c = &chain->links[i];

		if (identity_is_revoked(terms->identity, c)) {
			log_error("%s is revoked by its authority", whose);
			return RC_POLICY;
		}
		rc = check_signer(terms->suite, c, "the card's issuer");
		if (rc == RC_OK)
			rc = check_dates(c, whose);
	}
	if (rc == RC_OK && chain->count > 1 && !(cvc_chain_roles(chain, authority) & ROLE_ISSUER)) {
		log_error("%s does not give it the role issuer, which certifies cards", whose);
		rc = RC_POLICY;
	}
	return rc;
}

static enum rc check_holder(const struct card_chain_terms *terms, const struct cvc *c)
{
	const uint8_t *expected = identity_card(terms->identity);
	uint8_t id[CVC_ID];
	enum rc rc = cvc_id(c, id);

	if (rc != RC_OK)
		return rc;
	if (c->type != CVC_TERMINAL || c->roles) {
		log_error("the card's certificate is not a card's: it has a role");
		return RC_POLICY;
	}
	if (!view_equal(view_of(id, CVC_ID), view_of(terms->card_id, CVC_ID)) ||
	    (expected && !view_equal(view_of(id, CVC_ID), view_of(expected, CVC_ID)))) {
		log_error("the card's certificate is another card's");
		return RC_POLICY;
	}
	if (identity_is_revoked(terms->identity, c)) {
		log_error("the card's certificate is revoked by its authority");
		return RC_POLICY;
	}
	return RC_OK;
}

static enum rc check_key(const struct card_chain_terms *terms, const struct cvc *c, EVP_PKEY *key)
{
	const struct scp10_suite *s = terms->suite;

	if (!cvc_serves(c, s->id) || (c->scheme == RSA_PSS_SHA256) != s->pss_key ||
	    rsa_bits(key) < s->bits_min || rsa_bits(key) > s->bits_max ||
	    !rsa_exponent_is_f4(key)) {
		log_error("the card's key is not one for suite %02X", s->id);
		return RC_POLICY;
	}
	/* What is signed by one end must fit under the key of the other. */
	if (s->agreement && rsa_bits(key) != rsa_bits(terms->host_key)) {
		log_error("suite 01 needs keys of one length: the card's has %u bits and the "
			  "host's %u",
			  rsa_bits(key), rsa_bits(terms->host_key));
		return RC_POLICY;
	}
	return RC_OK;
}

enum rc card_chain_check(const struct card_chain_terms *terms, struct view bytes,
			 struct card_chain_card *ret)
{
	struct card_chain_card card = {.key = NULL};
	struct cvc_chain chain;
	enum rc rc = parse(bytes, &chain);

	if (rc == RC_OK)
		rc = verify(terms, &chain, &card.authority);
	if (rc == RC_OK)
		rc = check_issuers(terms, &chain, card.authority);
	if (rc != RC_OK)
		return rc;
	card.certificate = *cvc_chain_own(&chain);
	rc = check_holder(terms, &card.certificate);
	if (rc == RC_OK)
		rc = cvc_key(&card.certificate, &card.key);
	if (rc == RC_OK)
		rc = check_key(terms, &card.certificate, card.key);
	if (rc == RC_OK)
		rc = check_dates(&card.certificate, "the card's certificate");
	if (rc == RC_OK)
		*ret = card;
	else
		EVP_PKEY_free(card.key);
	return rc;
}
