/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Personalisation commands. Everything is checked before anything is written: every certificate is
 * a card's, verifies under the trust point, directly or over the issuers that come with it, and
 * holds the public key of the pair it is for.
 */
#include "card/personalise.h"

#include <string.h>

#include "base/cvc_chain.h"
#include "base/tlv.h"
#include "card/chain.h"
#include "card/instance.h"
#include "card/suite.h"

enum {
	TAG_SUITE = 0x80,
	TAG_BITS = 0x81,
	TAG_REFERENCE = 0x83,
	TAG_KEY = 0xA0,
	TAG_HOST_KEY = 0xA1,
	TAG_SUITES = 0xC8,
	TAG_LEVEL = 0xC9,
	TAG_NUMBERING = 0xCA,
	TAG_VALUES_ONLY = 0xCB,
	P1_LAST_BLOCK = 0x80,
	LEVEL_BITS = 0x33,
};

static void key_forget(struct card_key *key)
{
	EVP_PKEY_free(key->pkey);
	buf_free(&key->certificate);
	memset(key, 0, sizeof(*key));
}

void pending_keys_forget(struct pending_keys *pending)
{
	for (size_t i = 0; i < pending->count; i++)
		key_forget(&pending->keys[i]);
	pending->count = 0;
}

static struct card_key *find(struct pending_keys *pending, uint8_t version, uint8_t index)
{
	for (size_t i = 0; i < pending->count; i++)
		if (pending->keys[i].version == version && pending->keys[i].index == index)
			return &pending->keys[i];
	return NULL;
}

/* The pending key of this reference, or a new one; NULL if there is no room. */
static struct card_key *find_or_add(struct pending_keys *pending, uint8_t version, uint8_t index)
{
	struct card_key *key = find(pending, version, index);

	if (key || pending->count == CARD_KEYS_MAX)
		return key;
	key = &pending->keys[pending->count++];
	key->version = version;
	key->index = index;
	buf_init(&key->certificate, CVC_CHAIN_BYTES);
	return key;
}

uint16_t personalise_generate(struct command *c)
{
	struct view data = c->data, bits_field;
	const struct suite *suite;
	struct card_key *key;
	EVP_PKEY *pkey = NULL;
	uint8_t suite_id;
	uint16_t bits;
	enum rc rc;

	if (c->p1 == 0 || c->p2 == 0)
		return SW_INCORRECT_P1P2;
	if (tlv_copy(&data, TAG_SUITE, &suite_id, 1) != RC_OK ||
	    tlv_expect(&data, TAG_BITS, &bits_field) != RC_OK ||
	    view_u16(&bits_field, &bits) != RC_OK || bits_field.len || data.len)
		return SW_WRONG_DATA;
	suite = suite_find(suite_id);
	if (!suite || bits < suite->min_bits || bits > suite->max_bits || bits % 256)
		return SW_WRONG_DATA;
	rc = rsa_generate(bits, &pkey);
	if (rc == RC_OK)
		rc = cvc_put_key(pkey, suite->signature, c->answer);
	key = rc == RC_OK ? find_or_add(&c->card->pending, c->p1, c->p2) : NULL;
	if (!key) {
		EVP_PKEY_free(pkey);
		return rc == RC_OK ? SW_NOT_ENOUGH_MEMORY : command_sw(rc);
	}
	EVP_PKEY_free(key->pkey);
	key->pkey = pkey;
	key->suite = suite_id;
	return SW_OK;
}

/* The certificate is that of a card, from this authority, for this key pair. */
static bool chain_fits(const struct cvc_chain *chain, const struct card_key *key,
		       const struct cvc *authority)
{
	const struct cvc *own = cvc_chain_own(chain);
	EVP_PKEY *certified = NULL;
	bool fits;

	fits = own->type == CVC_TERMINAL && own->roles == 0 && own->suite == key->suite &&
	       cvc_chain_verify(chain, authority) == RC_OK && cvc_key(own, &certified) == RC_OK &&
	       EVP_PKEY_eq(certified, key->pkey) == 1;
	EVP_PKEY_free(certified);
	return fits;
}

/* Takes one A0 { 83 02 ver idx, 7F21 .. } and keeps the certificates with their pending key. */
static bool take_key(struct view *data, struct pending_keys *pending, const struct cvc *authority,
		     uint8_t id[CVC_ID], bool first)
{
	uint8_t reference[2], own_id[CVC_ID];
	struct cvc_chain chain;
	struct card_key *key;
	struct view value;

	if (tlv_expect(data, TAG_KEY, &value) != RC_OK ||
	    tlv_copy(&value, TAG_REFERENCE, reference, 2) != RC_OK)
		return false;
	key = find(pending, reference[0], reference[1]);
	if (!key || key->certificate.len || cvc_chain_parse(value, &chain) != RC_OK ||
	    !chain_fits(&chain, key, authority) || cvc_id(cvc_chain_own(&chain), own_id) != RC_OK)
		return false;
	if (!first && !view_equal(view_of(own_id, CVC_ID), view_of(id, CVC_ID)))
		return false;
	memcpy(id, own_id, CVC_ID);
	buf_view(&key->certificate, value);
	return buf_rc(&key->certificate) == RC_OK;
}

static bool take_keys(struct view *data, struct pending_keys *pending, const struct cvc *authority)
{
	uint8_t id[CVC_ID];
	size_t taken = 0;

	while (tlv_is_next(*data, TAG_KEY)) {
		if (!take_key(data, pending, authority, id, taken == 0))
			return false;
		taken++;
	}
	return taken > 0 && taken == pending->count;
}

/* Which of the two numberings of key agreement the card uses: 00 GPCS, 01 as step 134' has it. */
static bool take_numbering(struct view *data, struct personalisation *p)
{
	uint8_t numbering;

	p->numbering = NUMBERING_GPCS;
	if (!tlv_is_next(*data, TAG_NUMBERING))
		return true;
	if (tlv_copy(data, TAG_NUMBERING, &numbering, 1) != RC_OK || numbering > NUMBERING_PATENT)
		return false;
	p->numbering = numbering == NUMBERING_PATENT ? NUMBERING_PATENT : NUMBERING_GPCS;
	return true;
}

/* Whether certificates that do not describe themselves (P2 AE) are accepted: 01, or 00. */
static bool take_values_only(struct view *data, struct personalisation *p)
{
	uint8_t accepted = 0;

	if (tlv_is_next(*data, TAG_VALUES_ONLY) &&
	    (tlv_copy(data, TAG_VALUES_ONLY, &accepted, 1) != RC_OK || accepted > 1))
		return false;
	p->values_only = accepted == 1;
	return true;
}

static bool take_policy(struct view *data, struct personalisation *p)
{
	struct view suites;

	p->suites[0] = SUITE_MODERN;
	p->suite_count = 1;
	p->lowest_level = LEVEL_DEFAULT;
	if (tlv_is_next(*data, TAG_SUITES)) {
		if (tlv_expect(data, TAG_SUITES, &suites) != RC_OK || suites.len == 0 ||
		    suites.len > SUITES_MAX)
			return false;
		p->suite_count = suites.len;
		for (size_t i = 0; i < p->suite_count; i++)
			if (view_u8(&suites, &p->suites[i]) != RC_OK || !suite_find(p->suites[i]))
				return false;
	}
	if (tlv_is_next(*data, TAG_LEVEL) &&
	    (tlv_copy(data, TAG_LEVEL, &p->lowest_level, 1) != RC_OK ||
	     (p->lowest_level & ~LEVEL_BITS)))
		return false;
	return take_numbering(data, p) && take_values_only(data, p);
}

/* Stored host keys; whether their chains verify is judged when they are used, with the date of then. */
static bool take_hosts(struct view *data, struct personalisation *p)
{
	uint8_t reference[2];
	struct view value;

	while (tlv_is_next(*data, TAG_HOST_KEY)) {
		if (p->host_count == CARD_KEYS_MAX ||
		    tlv_expect(data, TAG_HOST_KEY, &value) != RC_OK ||
		    tlv_copy(&value, TAG_REFERENCE, reference, 2) != RC_OK || value.len == 0)
			return false;
		p->hosts[p->host_count].version = reference[0];
		p->hosts[p->host_count].index = reference[1];
		p->hosts[p->host_count++].chain = value;
	}
	return data->len == 0;
}

static uint16_t store(struct command *c, struct personalisation *p)
{
	struct pending_keys *pending = &c->card->pending;
	struct view data = c->data;
	EVP_PKEY *authority_key = NULL;
	struct cvc authority;
	bool good;
	enum rc rc;

	p->trust_point = data;
	if (cvc_parse(&data, &authority) != RC_OK || cvc_key(&authority, &authority_key) != RC_OK)
		return SW_WRONG_DATA;
	p->trust_point = authority.object;
	good = authority.type == CVC_CVCA && view_equal(authority.car, authority.chr) &&
	       cvc_verify(&authority, authority_key, authority.scheme) == RC_OK &&
	       take_keys(&data, pending, &authority) && take_policy(&data, p) &&
	       take_hosts(&data, p);
	EVP_PKEY_free(authority_key);
	if (!good)
		return SW_WRONG_DATA;
	p->keys = pending->keys;
	p->key_count = pending->count;
	rc = identity_personalise(c->card->identity, p);
	return rc == RC_OK ? SW_OK : rc == RC_STATE ? SW_CONDITIONS : command_sw(rc);
}

uint16_t personalise_store(struct command *c)
{
	struct pending_keys *pending = &c->card->pending;
	struct personalisation p = {.key_count = 0};
	uint16_t sw;

	if (c->p1 != P1_LAST_BLOCK || c->p2 != 0)
		return SW_INCORRECT_P1P2;
	sw = store(c, &p);
	if (sw == SW_OK)
		pending_keys_forget(pending);
	for (size_t i = 0; i < pending->count; i++)
		buf_reset(&pending->keys[i].certificate);
	return sw;
}
