/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certificate chains. Nothing of a certificate is believed before its signature has verified; then
 * revocation is judged, then the date may move on, then the kind, the dates, the roles and the suite
 * are judged.
 */
#include "card/chain.h"

#include <string.h>

static uint16_t chain_start(struct chain *chain, const struct identity *identity)
{
	const struct cvc *authority;
	struct view reference;

	if (!identity_is_personalised(identity))
		return SW_REFERENCE_NOT_FOUND;
	authority = identity_trust_point(identity);
	reference = authority->chr;
	if (EVP_PKEY_up_ref(identity_trust_point_key(identity)) != 1)
		return SW_NO_DIAGNOSIS;
	chain->signer = identity_trust_point_key(identity);
	chain->scheme = authority->scheme;
	chain->roles = authority->roles;
	chain->reference_len = reference.len;
	return view_copy(&reference, chain->reference, reference.len) == RC_OK ? SW_OK
									       : SW_NO_DIAGNOSIS;
}

static bool scheme_is_allowed(const struct suite *suite, enum rsa_scheme scheme)
{
	return scheme != RSA_PKCS1_SHA1 || suite->sha1;
}

/* Under AE only the values are certified; who signs such a thing says which fields it has. */
static enum rc verify_values(const struct cvc *certificate, EVP_PKEY *signer,
			     enum rsa_scheme scheme)
{
	struct buf values;
	struct view part;
	enum rc rc;

	buf_init(&values, CVC_MAX);
	rc = cvc_put_values(certificate, &values);
	part = view_buf(&values);
	if (rc == RC_OK)
		rc = rsa_verify(signer, scheme, &part, 1, certificate->signature);
	buf_free(&values);
	return rc;
}

static uint16_t verify(const struct chain *chain, const struct suite *suite, enum chain_form form,
		       const struct cvc *certificate)
{
	enum rc rc;

	if (!view_equal(certificate->car, view_of(chain->reference, chain->reference_len)))
		return SW_REFERENCE_NOT_FOUND;
	if (!scheme_is_allowed(suite, chain->scheme) ||
	    !scheme_is_allowed(suite, certificate->scheme) ||
	    !suite_accepts_key(suite, chain->signer))
		return SW_WRONG_DATA;
	if (form == CHAIN_VALUES_ONLY)
		rc = verify_values(certificate, chain->signer, chain->scheme);
	else
		rc = cvc_verify(certificate, chain->signer, chain->scheme);
	return rc == RC_OK ? SW_OK : SW_AUTHENTICATION_FAILED;
}

static uint16_t take_issuer(struct chain *chain, const struct cvc *certificate, EVP_PKEY *key)
{
	struct view reference = certificate->chr;

	if (EVP_PKEY_up_ref(key) != 1)
		return SW_NO_DIAGNOSIS;
	EVP_PKEY_free(chain->signer);
	chain->signer = key;
	chain->scheme = certificate->scheme;
	chain->reference_len = reference.len;
	return view_copy(&reference, chain->reference, reference.len) == RC_OK ? SW_OK
									       : SW_NO_DIAGNOSIS;
}

static uint16_t take_host(struct chain *chain, const struct suite *suite,
			  const struct cvc *certificate, EVP_PKEY *key)
{
	/* A certificate without a role is a card's; a chain may leave a host without one, too. */
	if (certificate->roles == 0 || chain->roles == 0)
		return SW_WRONG_DATA;
	if (!cvc_serves(certificate, suite->id))
		return SW_REFERENCE_NOT_FOUND;
	if (cvc_id(certificate, chain->host_id) != RC_OK)
		return SW_WRONG_DATA;
	if (crypto_sha256(certificate->public_key, chain->host_key_hash) != RC_OK ||
	    EVP_PKEY_up_ref(key) != 1)
		return SW_NO_DIAGNOSIS;
	chain->host = key;
	return SW_OK;
}

static uint16_t take(struct chain *chain, struct identity *identity, const struct suite *suite,
		     const struct cvc *certificate, EVP_PKEY *key)
{
	bool issues = certificate->type != CVC_TERMINAL;
	enum rc rc;

	if (identity_revokes(identity, certificate))
		return SW_REFERENCE_DATA_UNUSABLE;
	if (issues) {
		rc = identity_move_date(identity, certificate->effective);
		if (rc != RC_OK)
			return command_sw(rc);
	}
	if (certificate->expiration < identity_date(identity))
		return SW_REFERENCE_DATA_UNUSABLE;
	if (!suite_accepts_key(suite, key) || (issues && chain->count == CHAIN_MAX))
		return SW_WRONG_DATA;
	chain->roles &= certificate->roles;
	return issues ? take_issuer(chain, certificate, key)
		      : take_host(chain, suite, certificate, key);
}

uint16_t chain_present(struct chain *chain, struct identity *identity, const struct suite *suite,
		       enum chain_form form, struct view certificate)
{
	EVP_PKEY *key = NULL;
	struct cvc parsed;
	uint16_t sw;

	if (!chain->signer) {
		sw = chain_start(chain, identity);
		if (sw != SW_OK)
			return sw;
	}
	if (chain->host)
		return SW_CONDITIONS;
	if (cvc_parse(&certificate, &parsed) != RC_OK || certificate.len ||
	    chain->count++ == CHAIN_MAX)
		return SW_WRONG_DATA;
	sw = verify(chain, suite, form, &parsed);
	if (sw != SW_OK)
		return sw;
	if (cvc_key(&parsed, &key) != RC_OK)
		return SW_WRONG_DATA;
	sw = take(chain, identity, suite, &parsed, key);
	EVP_PKEY_free(key);
	return sw;
}

uint16_t chain_present_all(struct chain *chain, struct identity *identity,
			   const struct suite *suite, struct view certificates)
{
	uint16_t sw = SW_WRONG_DATA;
	struct cvc parsed;

	while (certificates.len) {
		if (cvc_parse(&certificates, &parsed) != RC_OK)
			return SW_WRONG_DATA;
		sw = chain_present(chain, identity, suite, CHAIN_SELF_DESCRIPTIVE, parsed.object);
		if (sw != SW_OK)
			return sw;
	}
	return chain->host ? SW_OK : SW_WRONG_DATA;
}

void chain_reset(struct chain *chain)
{
	EVP_PKEY_free(chain->signer);
	EVP_PKEY_free(chain->host);
	memset(chain, 0, sizeof(*chain));
}
