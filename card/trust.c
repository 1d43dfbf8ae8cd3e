/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes of trust. The role of the session only lets somebody bring them: what counts is who signed
 * them. Each part is judged under the trust point as it is after the parts before it.
 */
#include "card/trust.h"

#include "base/cvc_chain.h"
#include "base/revocation.h"
#include "base/tlv.h"
#include "card/identity.h"
#include "card/instance.h"
#include "card/suite.h"

enum {
	TAG_CERTIFICATE = 0x7F21,
	TAG_KEY = 0xA0,
	TAG_REFERENCE = 0x83,
	TAG_LIST = 0xE1,
	P1_LAST_BLOCK = 0x80,
};

/* What is being put together. */
struct change {
	const struct identity *identity;
	struct cvc trust_point; /* as it will be */
	EVP_PKEY *key; /* its public key */
	uint32_t date; /* the card's, as it will be */
	struct trust_update update;
};

/* An authority that a suite the card accepts would refuse would lock that suite's hosts out. */
static bool every_suite_accepts(const struct identity *identity, enum rsa_scheme scheme,
				const EVP_PKEY *key)
{
	struct view suites = identity_suites(identity);
	uint8_t id;

	while (view_u8(&suites, &id) == RC_OK) {
		const struct suite *suite = suite_find(id);

		if (!suite || !suite_accepts_key(suite, key) ||
		    (scheme == RSA_PKCS1_SHA1 && !suite->sha1))
			return false;
	}
	return true;
}

static uint16_t judge_link(const struct change *change, const struct cvc *link)
{
	const struct cvc *before = &change->trust_point;

	if (link->type != CVC_CVCA || view_equal(link->chr, link->car))
		return SW_WRONG_DATA;
	if (!view_equal(link->car, before->chr))
		return SW_REFERENCE_NOT_FOUND;
	if (cvc_verify(link, change->key, before->scheme) != RC_OK)
		return SW_AUTHENTICATION_FAILED;
	if (!link->roles || link->roles & ~before->roles || link->effective < before->effective)
		return SW_WRONG_DATA;
	return SW_OK;
}

static uint16_t take_link(struct change *change, struct view *data)
{
	EVP_PKEY *key = NULL;
	struct cvc link;
	uint16_t sw;

	if (cvc_parse(data, &link) != RC_OK)
		return SW_WRONG_DATA;
	sw = judge_link(change, &link);
	if (sw != SW_OK)
		return sw;
	if (link.effective > change->date)
		change->date = link.effective;
	if (link.expiration < change->date)
		return SW_REFERENCE_DATA_UNUSABLE;
	if (cvc_key(&link, &key) != RC_OK)
		return SW_WRONG_DATA;
	EVP_PKEY_free(change->key);
	change->key = key;
	change->trust_point = link;
	change->update.trust_point = link.object;
	change->update.date = change->date;
	return every_suite_accepts(change->identity, link.scheme, key) ? SW_OK : SW_WRONG_DATA;
}

/* The certificate renews the one that the card has: same key, same card, same suite, later or anew. */
static uint16_t judge_certificate(const struct change *change, const struct card_key *key,
				  const struct cvc_chain *chain)
{
	const struct cvc *c = cvc_chain_own(chain), *old;
	struct cvc_chain before;
	uint8_t id[CVC_ID];

	if (cvc_chain_parse(view_buf(&key->certificate), &before) != RC_OK)
		return SW_NO_DIAGNOSIS;
	old = cvc_chain_own(&before);
	if (!view_equal(chain->links[0].car, change->trust_point.chr))
		return SW_REFERENCE_NOT_FOUND;
	if (cvc_chain_verify(chain, &change->trust_point) != RC_OK)
		return SW_AUTHENTICATION_FAILED;
	if (c->type != CVC_TERMINAL || c->roles || c->suite != key->suite ||
	    !view_equal(c->public_key, old->public_key) || cvc_id(c, id) != RC_OK ||
	    !view_equal(view_of(id, CVC_ID), view_of(identity_id(change->identity), CVC_ID)))
		return SW_WRONG_DATA;
	for (size_t i = 0; i < chain->count; i++)
		if (chain->links[i].expiration < change->date)
			return SW_REFERENCE_DATA_UNUSABLE;
	return view_equal(c->car, old->car) && c->effective <= old->effective ? SW_CONDITIONS
									      : SW_OK;
}

static uint16_t take_certificate(struct change *change, struct view *data)
{
	struct trust_update *update = &change->update;
	const struct card_key *key;
	struct cvc_chain chain;
	uint8_t reference[2];
	struct view value;
	uint16_t sw;

	if (tlv_expect(data, TAG_KEY, &value) != RC_OK ||
	    tlv_copy(&value, TAG_REFERENCE, reference, 2) != RC_OK)
		return SW_WRONG_DATA;
	if (cvc_chain_parse(value, &chain) != RC_OK || update->key_count == CARD_KEYS_MAX)
		return SW_WRONG_DATA;
	key = identity_key(change->identity, reference[0], reference[1]);
	if (!key)
		return SW_REFERENCE_NOT_FOUND;
	sw = judge_certificate(change, key, &chain);
	if (sw != SW_OK)
		return sw;
	update->keys[update->key_count].version = reference[0];
	update->keys[update->key_count].index = reference[1];
	update->keys[update->key_count++].certificate = value;
	return SW_OK;
}

static uint16_t take_list(struct change *change, struct view *data)
{
	struct trust_update *update = &change->update;
	struct revocation list;

	if (revocation_parse(data, &list) != RC_OK)
		return SW_WRONG_DATA;
	if (!view_equal(list.car, change->trust_point.chr))
		return SW_REFERENCE_NOT_FOUND;
	if (revocation_verify(&list, change->key) != RC_OK)
		return SW_AUTHENTICATION_FAILED;
	if (!update->trust_point.len &&
	    list.sequence <= identity_revocation_sequence(change->identity))
		return SW_CONDITIONS;
	update->sequence = list.sequence;
	update->revoked = list.entries;
	return SW_OK;
}

static uint16_t take_all(struct change *change, struct view data)
{
	uint16_t sw = data.len ? SW_OK : SW_WRONG_DATA;

	if (tlv_is_next(data, TAG_CERTIFICATE))
		sw = take_link(change, &data);
	while (sw == SW_OK && tlv_is_next(data, TAG_KEY))
		sw = take_certificate(change, &data);
	if (sw == SW_OK && tlv_is_next(data, TAG_LIST))
		sw = take_list(change, &data);
	return sw == SW_OK && data.len ? SW_WRONG_DATA : sw;
}

uint16_t trust_store(struct command *c)
{
	struct identity *identity = c->card->identity;
	struct change change = {.identity = identity, .date = identity_date(identity)};
	uint16_t sw;
	enum rc rc;

	if (c->p1 != P1_LAST_BLOCK || c->p2 != 0)
		return SW_INCORRECT_P1P2;
	change.trust_point = *identity_trust_point(identity);
	change.update.number = identity_trust_number(identity);
	if (EVP_PKEY_up_ref(identity_trust_point_key(identity)) != 1)
		return SW_NO_DIAGNOSIS;
	change.key = identity_trust_point_key(identity);
	sw = take_all(&change, c->data);
	EVP_PKEY_free(change.key);
	if (sw != SW_OK)
		return sw;
	rc = identity_update(identity, &change.update);
	return rc == RC_OK ? SW_OK : rc == RC_STATE ? SW_CONDITIONS : command_sw(rc);
}
