/* SPDX-License-Identifier: BSD-2-Clause */
/* Attributes to EVP_PKEY: RSA by modulus and exponent, EC by named curve and point. */
#include "token/pubkey.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "base/crypto.h"
#include "base/provider.h"
#include "base/rsa.h"
#include "base/sm2.h"
#include "base/tlv.h"

enum { TAG_OCTET_STRING = 0x04, POINT_UNCOMPRESSED = 0x04 };

static const uint8_t p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
static const uint8_t p384[] = {0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22};
static const uint8_t p521[] = {0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x23};

static const uint8_t ed25519[] = {0x06, 0x03, 0x2B, 0x65, 0x70};
static const uint8_t ed25519_name[] = {0x13, 0x0C, 'e', 'd', 'w', 'a', 'r',
				       'd',  's',  '2', '5', '5', '1', '9'};
static const uint8_t x25519[] = {0x06, 0x03, 0x2B, 0x65, 0x6E};
static const uint8_t x25519_name[] = {0x13, 0x0A, 'c', 'u', 'r', 'v', 'e', '2', '5', '5', '1', '9'};

static const struct curve {
	struct view oid; /* DER, as in CKA_EC_PARAMS */
	const char *name; /* libcrypto's */
	size_t size;
	CK_KEY_TYPE type;
} curves[] = {
	{{p256, sizeof(p256)}, "prime256v1", 32, CKK_EC},
	{{p384, sizeof(p384)}, "secp384r1", 48, CKK_EC},
	{{p521, sizeof(p521)}, "secp521r1", 66, CKK_EC},
	{{ed25519, sizeof(ed25519)}, "ED25519", 32, CKK_EC_EDWARDS},
	{{ed25519_name, sizeof(ed25519_name)}, "ED25519", 32, CKK_EC_EDWARDS},
	{{x25519, sizeof(x25519)}, "X25519", 32, CKK_EC_MONTGOMERY},
	{{x25519_name, sizeof(x25519_name)}, "X25519", 32, CKK_EC_MONTGOMERY},
	{{sm2_oid, SM2_OID}, "SM2", SM2_SIZE, CKK_INTAGLIO_SM2},
};

static const struct curve *find_curve(CK_KEY_TYPE type, struct view params)
{
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (curves[i].type == type && view_equal(curves[i].oid, params))
			return &curves[i];
	return NULL;
}

size_t curve_size(CK_KEY_TYPE type, struct view params)
{
	const struct curve *curve = find_curve(type, params);

	return curve ? curve->size : 0;
}

size_t pubkey_size(CK_KEY_TYPE type, struct view list)
{
	struct view value;

	if (type == CKK_RSA && attr_find(list, CKA_MODULUS, &value) == RC_OK)
		return value.len;
	if (attr_find(list, CKA_EC_PARAMS, &value) == RC_OK)
		return curve_size(type, value);
	return 0;
}

/* CKA_EC_POINT is a DER OCTET STRING around the point; some applications give the bare point. */
static bool take_point(const struct curve *curve, struct view value, struct view *ret)
{
	struct view rest = value;

	if (tlv_expect(&rest, TAG_OCTET_STRING, ret) != RC_OK || rest.len)
		*ret = value;
	return ret->len == 2 * curve->size + 1 && ret->data[0] == POINT_UNCOMPRESSED;
}

static bool find_point(CK_KEY_TYPE type, struct view list, const struct curve **ret_curve,
		       struct view *ret)
{
	struct view params, value;

	if (attr_find(list, CKA_EC_PARAMS, &params) != RC_OK ||
	    attr_find(list, CKA_EC_POINT, &value) != RC_OK)
		return false;
	*ret_curve = find_curve(type, params);
	return *ret_curve && take_point(*ret_curve, value, ret);
}

bool pubkey_point(CK_KEY_TYPE type, struct view list, struct view *ret)
{
	const struct curve *curve;

	return find_point(type, list, &curve, ret);
}

static EVP_PKEY *make_ec(CK_KEY_TYPE type, struct view list)
{
	const struct curve *curve;
	struct view point;
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *ctx;

	if (!find_point(type, list, &curve, &point))
		return NULL;
	/* The parameters are read only; the type of OSSL_PARAM does not say so. */
	OSSL_PARAM fields[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)curve->name,
						 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)point.data,
						  point.len),
		OSSL_PARAM_construct_end(),
	};
	ctx = crypto_key_context(type == CKK_EC ? "EC" : curve->name);
	if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, fields) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* A key that is bytes, RFC 7748 and 8032; some applications put them into an OCTET STRING. */
static EVP_PKEY *make_raw(CK_KEY_TYPE type, struct view list)
{
	const struct curve *curve;
	struct view params, value, point;

	if (attr_find(list, CKA_EC_PARAMS, &params) != RC_OK ||
	    attr_find(list, CKA_EC_POINT, &value) != RC_OK)
		return NULL;
	curve = find_curve(type, params);
	if (!curve)
		return NULL;
	point = value;
	if (value.len != curve->size && tlv_expect(&value, TAG_OCTET_STRING, &point) != RC_OK)
		return NULL;
	if (point.len != curve->size)
		return NULL;
	return EVP_PKEY_new_raw_public_key_ex(crypto_context(), provider_key_type(curve->name),
					      NULL, point.data, point.len);
}

static EVP_PKEY *make_rsa(struct view list)
{
	struct view modulus, exponent;
	EVP_PKEY *key = NULL;

	if (attr_find(list, CKA_MODULUS, &modulus) != RC_OK ||
	    attr_find(list, CKA_PUBLIC_EXPONENT, &exponent) != RC_OK ||
	    rsa_public(modulus, exponent, &key) != RC_OK)
		return NULL;
	return key;
}

CK_RV pubkey(struct object *o, EVP_PKEY **ret)
{
	if (!o->key && o->type == CKK_RSA)
		o->key = make_rsa(view_buf(&o->list));
	if (!o->key && (o->type == CKK_EC || o->type == CKK_INTAGLIO_SM2))
		o->key = make_ec(o->type, view_buf(&o->list));
	if (!o->key && (o->type == CKK_EC_EDWARDS || o->type == CKK_EC_MONTGOMERY))
		o->key = make_raw(o->type, view_buf(&o->list));
	if (!o->key)
		return CKR_KEY_TYPE_INCONSISTENT;
	*ret = o->key;
	return CKR_OK;
}
