/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys out of attributes and attributes out of keys. */
#include "card/key_material.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>

#include "base/provider.h"
#include "base/secret.h"
#include "base/sm2.h"
#include "base/tlv.h"

static const uint8_t p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
static const uint8_t p384[] = {0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22};
static const uint8_t p521[] = {0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x23};

/* PKCS#11 6.3.3: by object identifier, or by the name as a PrintableString. */
static const uint8_t ed25519[] = {0x06, 0x03, 0x2B, 0x65, 0x70};
static const uint8_t ed25519_name[] = {0x13, 0x0C, 'e', 'd', 'w', 'a', 'r',
				       'd',  's',  '2', '5', '5', '1', '9'};
static const uint8_t x25519[] = {0x06, 0x03, 0x2B, 0x65, 0x6E};
static const uint8_t x25519_name[] = {0x13, 0x0A, 'c', 'u', 'r', 'v', 'e', '2', '5', '5', '1', '9'};

static const struct curve curves[] = {
	{"P-256", {p256, sizeof(p256)}, 32, CKK_EC},
	{"P-384", {p384, sizeof(p384)}, 48, CKK_EC},
	{"P-521", {p521, sizeof(p521)}, 66, CKK_EC},
	{"ED25519", {ed25519, sizeof(ed25519)}, 32, CKK_EC_EDWARDS},
	{"ED25519", {ed25519_name, sizeof(ed25519_name)}, 32, CKK_EC_EDWARDS},
	{"X25519", {x25519, sizeof(x25519)}, 32, CKK_EC_MONTGOMERY},
	{"X25519", {x25519_name, sizeof(x25519_name)}, 32, CKK_EC_MONTGOMERY},
	{"SM2", {sm2_oid, SM2_OID}, SM2_SIZE, CKK_INTAGLIO_SM2},
};
enum { RAW_KEY = 32, TAG_OCTETS = 0x04 };

/* The numbers of an RSA key; the last five together or not at all. */
static const struct number {
	CK_ATTRIBUTE_TYPE type;
	const char *name;
	bool private;
} numbers[] = {
	{CKA_MODULUS, OSSL_PKEY_PARAM_RSA_N, false},
	{CKA_PUBLIC_EXPONENT, OSSL_PKEY_PARAM_RSA_E, false},
	{CKA_PRIVATE_EXPONENT, OSSL_PKEY_PARAM_RSA_D, true},
	{CKA_PRIME_1, OSSL_PKEY_PARAM_RSA_FACTOR1, true},
	{CKA_PRIME_2, OSSL_PKEY_PARAM_RSA_FACTOR2, true},
	{CKA_EXPONENT_1, OSSL_PKEY_PARAM_RSA_EXPONENT1, true},
	{CKA_EXPONENT_2, OSSL_PKEY_PARAM_RSA_EXPONENT2, true},
	{CKA_COEFFICIENT, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, true},
};

enum { NUMBER_COUNT = sizeof(numbers) / sizeof(numbers[0]), NUMBER_NEEDED = 3 };

const struct curve *key_curve(struct view params)
{
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (view_equal(curves[i].params, params))
			return &curves[i];
	return NULL;
}

/* RFC 7748 and 8032: a key is bytes and not a number, and a public one not a point. */
static bool is_raw(const struct curve *curve)
{
	return curve->key_type == CKK_EC_EDWARDS || curve->key_type == CKK_EC_MONTGOMERY;
}

/* libcrypto's type of the curve's keys. */
static const char *type_name(const struct curve *curve)
{
	return is_raw(curve) || curve->key_type == CKK_INTAGLIO_SM2 ? curve->name : "EC";
}

const struct curve *key_curve_of_size(size_t bytes)
{
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (curves[i].bytes == bytes)
			return &curves[i];
	return NULL;
}

/* Makes the key that the parameters describe. */
static enum rc from_params(const char *type, int selection, OSSL_PARAM_BLD *build, EVP_PKEY **ret)
{
	EVP_PKEY_CTX *context = crypto_key_context(type);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY *key = NULL;
	enum rc rc = RC_CRYPTO;

	ERR_set_mark();
	if (context && params && EVP_PKEY_fromdata_init(context) > 0)
		rc = EVP_PKEY_fromdata(context, &key, selection, params) > 0 ? RC_OK : RC_MALFORMED;
	if (rc == RC_OK)
		*ret = key;
	ERR_pop_to_mark();
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(context);
	return rc;
}

static enum rc take_numbers(struct view list, BIGNUM *bn[NUMBER_COUNT], size_t *ret_count)
{
	struct view value;
	size_t count = 0;

	for (; count < NUMBER_COUNT; count++) {
		if (attr_find(list, numbers[count].type, &value) != RC_OK)
			break;
		if (!value.len || value.len > KEY_BYTES_MAX + 1)
			return RC_MALFORMED;
		bn[count] = BN_secure_new();
		if (!bn[count] || !BN_bin2bn(value.data, (int)value.len, bn[count]))
			return RC_MEMORY;
		BN_set_flags(bn[count], BN_FLG_CONSTTIME);
	}
	if (count != NUMBER_NEEDED && count != NUMBER_COUNT)
		return RC_MALFORMED;
	for (size_t i = count; i < NUMBER_COUNT; i++)
		if (attr_find(list, numbers[i].type, &value) != RC_NOT_FOUND)
			return RC_MALFORMED;
	*ret_count = count;
	return RC_OK;
}

static bool is_plausible(BIGNUM *const bn[NUMBER_COUNT], size_t count)
{
	int bits = BN_num_bits(bn[0]);

	if (bits < KEY_RSA_MIN || bits > KEY_RSA_MAX || !BN_is_odd(bn[0]) || !BN_is_odd(bn[1]) ||
	    BN_is_one(bn[1]))
		return false;
	for (size_t i = 1; i < count; i++)
		if (BN_is_zero(bn[i]) || BN_ucmp(bn[i], bn[0]) >= 0)
			return false;
	return true;
}

static enum rc rsa_from_list(struct view list, EVP_PKEY **ret)
{
	BIGNUM *bn[NUMBER_COUNT] = {NULL};
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	size_t count = 0;
	enum rc rc = take_numbers(list, bn, &count);

	if (rc == RC_OK && !is_plausible(bn, count))
		rc = RC_MALFORMED;
	if (!build)
		rc = RC_MEMORY;
	for (size_t i = 0; rc == RC_OK && i < count; i++)
		if (!OSSL_PARAM_BLD_push_BN(build, numbers[i].name, bn[i]))
			rc = RC_MEMORY;
	if (rc == RC_OK)
		rc = from_params("RSA", EVP_PKEY_KEYPAIR, build, ret);
	OSSL_PARAM_BLD_free(build);
	for (size_t i = 0; i < NUMBER_COUNT; i++)
		BN_clear_free(bn[i]);
	return rc;
}

/* RFC 7748 and 8032: any bytes of the right number are a private key. */
static enum rc raw_private(const struct curve *curve, struct view value, EVP_PKEY **ret)
{
	EVP_PKEY *key;

	if (value.len != RAW_KEY)
		return RC_MALFORMED;
	key = EVP_PKEY_new_raw_private_key_ex(crypto_context(), provider_key_type(curve->name),
					      NULL, value.data, value.len);
	if (!key)
		return RC_CRYPTO;
	*ret = key;
	return RC_OK;
}

static enum rc ec_from_list(struct view list, EVP_PKEY **ret)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	const struct curve *curve = NULL;
	struct view params, value;
	BIGNUM *secret = NULL;
	enum rc rc = RC_MALFORMED;

	if (attr_find(list, CKA_EC_PARAMS, &params) == RC_OK)
		curve = key_curve(params);
	if (!curve || attr_ulong(list, CKA_KEY_TYPE, 0) != curve->key_type ||
	    attr_find(list, CKA_VALUE, &value) != RC_OK || !value.len || value.len > curve->bytes)
		goto out;
	if (is_raw(curve)) {
		rc = raw_private(curve, value, ret);
		goto out;
	}
	rc = RC_MEMORY;
	secret = BN_secure_new();
	if (!secret || !build || !BN_bin2bn(value.data, (int)value.len, secret) ||
	    !OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curve->name, 0) ||
	    !OSSL_PARAM_BLD_push_BN_pad(build, OSSL_PKEY_PARAM_PRIV_KEY, secret, curve->bytes))
		goto out;
	rc = from_params(type_name(curve), EVP_PKEY_KEYPAIR, build, ret);
out:
	BN_clear_free(secret);
	OSSL_PARAM_BLD_free(build);
	return rc;
}

enum rc key_from_list(struct view list, EVP_PKEY **ret)
{
	switch (attr_ulong(list, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION)) {
	case CKK_RSA:
		return rsa_from_list(list, ret);
	case CKK_EC:
	case CKK_EC_EDWARDS:
	case CKK_EC_MONTGOMERY:
	case CKK_INTAGLIO_SM2:
		return ec_from_list(list, ret);
	default:
		return RC_MALFORMED;
	}
}

enum rc key_check(struct view list)
{
	EVP_PKEY_CTX *context = NULL;
	EVP_PKEY *key = NULL;
	uint64_t type = attr_ulong(list, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION);
	bool is_rsa = type == CKK_RSA;
	enum rc rc = key_from_list(list, &key);

	if (rc != RC_OK)
		return rc;
	if (type == CKK_EC_EDWARDS || type == CKK_EC_MONTGOMERY) {
		EVP_PKEY_free(key);
		return RC_OK;
	}
	context = EVP_PKEY_CTX_new_from_pkey(crypto_context(), key, NULL);
	ERR_set_mark();
	if (!context)
		rc = RC_CRYPTO;
	else if ((is_rsa ? EVP_PKEY_pairwise_check(context) : EVP_PKEY_private_check(context)) != 1)
		rc = RC_MALFORMED;
	ERR_pop_to_mark();
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(key);
	return rc;
}

/* d * G, as `04 x y`. libcrypto 3.0 does not complete a key by itself. */
static enum rc sm2_point(struct view secret, uint8_t ret[SM2_POINT])
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name_ex(crypto_context(), NULL, NID_sm2);
	EC_POINT *point = group ? EC_POINT_new(group) : NULL;
	BIGNUM *d = BN_secure_new();
	enum rc rc = RC_CRYPTO;

	if (point && d && BN_bin2bn(secret.data, (int)secret.len, d) &&
	    EC_POINT_mul(group, point, d, NULL, NULL, NULL) == 1 &&
	    EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, ret, SM2_POINT, NULL) ==
		    SM2_POINT)
		rc = RC_OK;
	BN_clear_free(d);
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return rc;
}

enum rc key_put_point(struct buf *list)
{
	uint8_t point[SM2_POINT], array[2 + SM2_POINT];
	struct view secret, given, body, rest;
	struct buf wrapped;
	enum rc rc;

	if (attr_ulong(view_buf(list), CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION) !=
	    CKK_INTAGLIO_SM2)
		return RC_OK;
	rc = attr_find(view_buf(list), CKA_VALUE, &secret);
	if (rc == RC_OK)
		rc = sm2_point(secret, point);
	if (rc != RC_OK)
		return rc;
	if (attr_find(view_buf(list), CKA_EC_POINT, &given) == RC_OK && given.len) {
		rest = given;
		if (tlv_expect(&rest, TAG_OCTETS, &body) == RC_OK && !rest.len)
			given = body;
		if (!view_equal(given, view_of(point, sizeof(point))))
			return RC_MALFORMED;
	}
	buf_fixed(&wrapped, array, sizeof(array));
	tlv_put(&wrapped, TAG_OCTETS, view_of(point, sizeof(point)));
	attr_set(list, CKA_EC_POINT, view_buf(&wrapped));
	return buf_rc(list);
}

enum rc key_from_point(const struct curve *curve, struct view point, EVP_PKEY **ret)
{
	OSSL_PARAM_BLD *build;
	enum rc rc = RC_MEMORY;

	if (point.len != 1 + 2 * curve->bytes || point.data[0] != POINT_CONVERSION_UNCOMPRESSED)
		return RC_MALFORMED;
	build = OSSL_PARAM_BLD_new();
	if (build &&
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curve->name, 0) &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.data, point.len))
		rc = from_params("EC", EVP_PKEY_PUBLIC_KEY, build, ret);
	OSSL_PARAM_BLD_free(build);
	return rc;
}

enum rc key_from_x25519(struct view bytes, EVP_PKEY **ret)
{
	EVP_PKEY *key;

	if (bytes.len != RAW_KEY)
		return RC_MALFORMED;
	key = EVP_PKEY_new_raw_public_key_ex(crypto_context(), provider_key_type("X25519"), NULL,
					     bytes.data, bytes.len);
	if (!key)
		return RC_CRYPTO;
	*ret = key;
	return RC_OK;
}

enum rc key_generate_ec(const struct curve *curve, EVP_PKEY **ret)
{
	EVP_PKEY_CTX *context = crypto_key_context(type_name(curve));
	EVP_PKEY *key = NULL;
	enum rc rc = RC_CRYPTO;

	if (context && EVP_PKEY_keygen_init(context) > 0 &&
	    (curve->key_type != CKK_EC || EVP_PKEY_CTX_set_group_name(context, curve->name) > 0) &&
	    EVP_PKEY_generate(context, &key) > 0) {
		*ret = key;
		rc = RC_OK;
	}
	EVP_PKEY_CTX_free(context);
	return rc;
}

/* Sets one number of the key; size 0: as short as it is. */
static enum rc set_number(const EVP_PKEY *key, const char *name, CK_ATTRIBUTE_TYPE type,
			  size_t size, struct buf *list)
{
	uint8_t bytes[KEY_BYTES_MAX];
	BIGNUM *bn = NULL;
	enum rc rc = RC_CRYPTO;

	if (EVP_PKEY_get_bn_param(key, name, &bn)) {
		if (!size)
			size = (size_t)BN_num_bytes(bn);
		if (size <= sizeof(bytes) && BN_bn2binpad(bn, bytes, (int)size) == (int)size) {
			attr_set(list, type, view_of(bytes, size));
			rc = buf_rc(list);
		}
	}
	BN_clear_free(bn);
	secret_wipe(bytes, sizeof(bytes));
	return rc;
}

static enum rc rsa_to_lists(const EVP_PKEY *key, struct buf *public_list, struct buf *private_list)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < NUMBER_COUNT; i++) {
		rc = set_number(key, numbers[i].name, numbers[i].type, 0, private_list);
		if (rc == RC_OK && !numbers[i].private)
			rc = set_number(key, numbers[i].name, numbers[i].type, 0, public_list);
	}
	return rc;
}

static enum rc ec_to_lists(const EVP_PKEY *key, const struct curve *curve, struct buf *public_list,
			   struct buf *private_list)
{
	uint8_t array[4 + 1 + 2 * 66], x[66], y[66];
	BIGNUM *bx = NULL, *by = NULL;
	struct buf point;
	size_t n = curve->bytes;
	enum rc rc = RC_CRYPTO;

	if (!EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &bx) ||
	    !EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &by) ||
	    BN_bn2binpad(bx, x, (int)n) != (int)n || BN_bn2binpad(by, y, (int)n) != (int)n)
		goto out;
	buf_fixed(&point, array, sizeof(array));
	tlv_header(&point, TAG_OCTETS, 1 + 2 * n);
	buf_u8(&point, POINT_CONVERSION_UNCOMPRESSED);
	buf_put(&point, x, n);
	buf_put(&point, y, n);
	attr_set(public_list, CKA_EC_PARAMS, curve->params);
	attr_set(public_list, CKA_EC_POINT, view_buf(&point));
	attr_set(private_list, CKA_EC_PARAMS, curve->params);
	if (curve->key_type == CKK_INTAGLIO_SM2)
		attr_set(private_list, CKA_EC_POINT, view_buf(&point));
	rc = buf_rc(public_list);
	if (rc == RC_OK)
		rc = set_number(key, OSSL_PKEY_PARAM_PRIV_KEY, CKA_VALUE, n, private_list);
out:
	BN_free(bx);
	BN_free(by);
	return rc;
}

static enum rc raw_to_lists(const EVP_PKEY *key, const struct curve *curve, struct buf *public_list,
			    struct buf *private_list)
{
	uint8_t array[2 + RAW_KEY], bytes[RAW_KEY];
	size_t len = sizeof(bytes);
	struct buf point;
	enum rc rc = RC_CRYPTO;

	buf_fixed(&point, array, sizeof(array));
	if (EVP_PKEY_get_raw_public_key(key, bytes, &len) != 1 || len != RAW_KEY)
		return RC_CRYPTO;
	tlv_put(&point, TAG_OCTETS, view_of(bytes, len));
	attr_set(public_list, CKA_EC_PARAMS, curve->params);
	attr_set(public_list, CKA_EC_POINT, view_buf(&point));
	attr_set(private_list, CKA_EC_PARAMS, curve->params);
	rc = buf_rc(public_list);
	if (rc == RC_OK && EVP_PKEY_get_raw_private_key(key, bytes, &len) != 1)
		rc = RC_CRYPTO;
	if (rc == RC_OK) {
		attr_set(private_list, CKA_VALUE, view_of(bytes, len));
		rc = buf_rc(private_list);
	}
	secret_wipe(bytes, sizeof(bytes));
	return rc;
}

enum rc key_to_lists(const EVP_PKEY *key, const struct curve *curve, struct buf *public_list,
		     struct buf *private_list)
{
	if (!curve)
		return rsa_to_lists(key, public_list, private_list);
	return is_raw(curve) ? raw_to_lists(key, curve, public_list, private_list)
			     : ec_to_lists(key, curve, public_list, private_list);
}
