/* SPDX-License-Identifier: BSD-2-Clause */
/* Key pairs, made by the card, and random bytes of both generators. */
#include <string.h>

#include <openssl/crypto.h>

#include "base/crypto.h"
#include "token/edit.h"
#include "token/mechanism.h"
#include "token/outcome.h"
#include "token/pubkey.h"
#include "token/template.h"

enum { RANDOM_STEP = 32768 };

/* The two templates of a generation as lists. */
struct pair {
	const struct mechanism *mechanism;
	const struct schema *public_schema, *private_schema;
	struct buf public_list, private_list;
};

/* The only public exponent of cards, 65537. */
static bool is_f4(struct view list)
{
	static const uint8_t f4[] = {0x01, 0x00, 0x01};
	struct view exponent;

	return attr_find(list, CKA_PUBLIC_EXPONENT, &exponent) != RC_OK ||
	       view_equal(exponent, view_of(f4, sizeof(f4)));
}

static CK_RV check_parameters(const struct pair *p)
{
	struct view list = view_buf(&p->public_list), params;
	uint64_t bits;

	if (p->mechanism->key_type == CKK_RSA) {
		bits = attr_ulong(list, CKA_MODULUS_BITS, 0);
		return bits < p->mechanism->min || bits > p->mechanism->max || bits % 8 ||
				       !is_f4(list)
			       ? CKR_ATTRIBUTE_VALUE_INVALID
			       : CKR_OK;
	}
	if (attr_find(list, CKA_EC_PARAMS, &params) != RC_OK)
		return CKR_TEMPLATE_INCOMPLETE;
	return curve_size(p->mechanism->key_type, params) ? CKR_OK : CKR_CURVE_NOT_SUPPORTED;
}

static CK_RV check_pair(struct session *s, const struct pair *p)
{
	CK_RV rv = check_parameters(p);

	if (rv == CKR_OK)
		rv = edit_check_new(s, p->private_schema, view_buf(&p->private_list));
	if (rv == CKR_OK)
		rv = edit_check_new(s, p->public_schema, view_buf(&p->public_list));
	/* The card makes key pairs for the user only, also those that are not private objects. */
	if (rv == CKR_OK && s->slot->login != LOGIN_USER)
		rv = CKR_USER_NOT_LOGGED_IN;
	return rv;
}

/* A public key that is to be a session object: the card's goes, its attributes stay. */
static CK_RV move_to_session(struct session *s, CK_OBJECT_HANDLE *public)
{
	struct object *o = store_get(&s->slot->store, *public);
	CK_OBJECT_HANDLE handle = 0;
	struct buf list;
	CK_RV rv = CKR_GENERAL_ERROR;

	buf_init(&list, ATTR_LIST_MAX);
	if (o) {
		buf_view(&list, view_buf(&o->list));
		rv = session_destroy_object(s, *public);
	}
	if (rv == CKR_OK)
		rv = edit_session_object(s, &list, &handle);
	if (rv == CKR_OK)
		*public = handle;
	buf_free(&list);
	return rv;
}

static CK_RV generate_on_card(struct session *s, struct pair *p, CK_OBJECT_HANDLE *ret_public,
			      CK_OBJECT_HANDLE *ret_private)
{
	bool stays = attr_bool(view_buf(&p->public_list), CKA_TOKEN, false);
	struct slot *slot = s->slot;
	uint64_t before = sc_change_counter(slot->sc);
	struct view rendered;
	struct buf objects;
	uint16_t sw = 0;
	CK_RV rv;

	template_strip(p->public_schema, &p->public_list);
	template_strip(p->private_schema, &p->private_list);
	buf_init(&objects, 4 * ATTR_LIST_MAX);
	rv = outcome(slot, CALL_OBJECT,
		     application_generate_key_pair(slot->sc, (uint32_t)p->mechanism->card,
						   view_buf(&p->public_list),
						   view_buf(&p->private_list), &objects, &sw),
		     &sw);
	rendered = view_buf(&objects);
	if (rv == CKR_OK)
		rv = edit_adopt(slot, &rendered, before, ret_public);
	if (rv == CKR_OK)
		rv = edit_adopt(slot, &rendered, before, ret_private);
	if (rv == CKR_OK && !stays)
		rv = move_to_session(s, ret_public);
	buf_free(&objects);
	return edit_narrow(rv);
}

CK_RV session_generate_key_pair(struct session *s, CK_MECHANISM_PTR mechanism,
				CK_ATTRIBUTE_PTR public_template, CK_ULONG public_count,
				CK_ATTRIBUTE_PTR private_template, CK_ULONG private_count,
				CK_OBJECT_HANDLE_PTR ret_public, CK_OBJECT_HANDLE_PTR ret_private)
{
	struct pair p = {.mechanism = mechanism_find(mechanism->mechanism)};
	CK_OBJECT_HANDLE public = 0, private = 0;
	CK_RV rv = token_connect(s->slot);

	if (rv != CKR_OK)
		return rv;
	if (!p.mechanism || !(p.mechanism->flags & CKF_GENERATE_KEY_PAIR))
		return CKR_MECHANISM_INVALID;
	if (mechanism->ulParameterLen)
		return CKR_MECHANISM_PARAM_INVALID;
	p.public_schema = schema_find(CKO_PUBLIC_KEY, p.mechanism->key_type);
	p.private_schema = schema_find(CKO_PRIVATE_KEY, p.mechanism->key_type);
	buf_init(&p.public_list, ATTR_LIST_MAX);
	buf_init(&p.private_list, ATTR_LIST_MAX);
	rv = template_build(p.public_schema, TEMPLATE_GENERATE, public_template, public_count,
			    &p.public_list);
	if (rv == CKR_OK)
		rv = template_build(p.private_schema, TEMPLATE_GENERATE, private_template,
				    private_count, &p.private_list);
	if (rv == CKR_OK)
		rv = check_pair(s, &p);
	if (rv == CKR_OK)
		rv = generate_on_card(s, &p, &public, &private);
	if (rv == CKR_OK) {
		*ret_public = public;
		*ret_private = private;
	}
	buf_free(&p.public_list);
	buf_free(&p.private_list);
	return rv;
}

CK_RV session_seed_random(struct session *s, CK_BYTE_PTR seed, CK_ULONG len)
{
	struct slot *slot = s->slot;

	/* What was drawn before owes the seed nothing. */
	OPENSSL_cleanse(slot->random, sizeof(slot->random));
	slot->random_left = 0;
	/* The card's generator takes no seed from outside; the host's, which is mixed with it, does. */
	return crypto_random_seed(view_of(seed, len)) == RC_OK ? CKR_OK : CKR_DEVICE_ERROR;
}

/*
 * The host's generator over the card's: neither alone decides. Little is asked for often, and the
 * generator takes as long for a few bytes as for some hundred.
 */
static bool mix(struct slot *slot, CK_BYTE_PTR bytes, size_t len)
{
	while (len) {
		uint8_t *own;
		size_t step;

		if (!slot->random_left) {
			if (crypto_random(slot->random, RANDOM_KEPT) != RC_OK)
				return false;
			slot->random_left = RANDOM_KEPT;
		}
		own = slot->random + RANDOM_KEPT - slot->random_left;
		step = len < slot->random_left ? len : slot->random_left;
		for (size_t i = 0; i < step; i++)
			bytes[i] ^= own[i];
		OPENSSL_cleanse(own, step);
		slot->random_left -= step;
		bytes += step;
		len -= step;
	}
	return true;
}

CK_RV session_generate_random(struct session *s, CK_BYTE_PTR ret, CK_ULONG len)
{
	struct slot *slot = s->slot;
	CK_RV rv = token_connect(slot);

	while (len && rv == CKR_OK) {
		size_t step = len < RANDOM_STEP ? len : RANDOM_STEP;
		struct buf bytes;
		uint16_t sw = 0;

		buf_fixed(&bytes, ret, step);
		rv = outcome(slot, CALL_OBJECT, application_random(slot->sc, step, &bytes, &sw),
			     &sw);
		if (rv == CKR_OK && !mix(slot, ret, step))
			rv = CKR_DEVICE_ERROR;
		ret += step;
		len -= step;
	}
	return rv == CKR_OK || rv == CKR_HOST_MEMORY || rv == CKR_DEVICE_REMOVED ? rv
										 : CKR_DEVICE_ERROR;
}
