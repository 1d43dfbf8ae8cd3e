/* SPDX-License-Identifier: BSD-2-Clause */
/* ECDSA on libcrypto, whose signatures are DER: they are taken apart and put together here. */
#include "base/ecdsa.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>

enum { DER_MAX = 160 };

static const struct ecdsa_curve curves[] = {
	{0x00, "P-256", 32, "SHA2-256", 32},
	{0x01, "P-384", 48, "SHA2-384", 48},
	{0x02, "P-521", 66, "SHA2-512", 64},
	{0x03, "brainpoolP256r1", 32, "SHA2-256", 32},
	{0x04, "brainpoolP256t1", 32, "SHA2-256", 32},
	{0x05, "brainpoolP384r1", 48, "SHA2-384", 48},
	{0x06, "brainpoolP384t1", 48, "SHA2-384", 48},
	{0x07, "brainpoolP512r1", 64, "SHA2-512", 64},
	{0x08, "brainpoolP512t1", 64, "SHA2-512", 64},
};

enum { CURVES = sizeof(curves) / sizeof(curves[0]) };

const struct ecdsa_curve *ecdsa_curve(unsigned int reference)
{
	return reference < CURVES ? &curves[reference] : NULL;
}

const struct ecdsa_curve *ecdsa_next_curve(const struct ecdsa_curve *curve)
{
	if (!curve)
		return curves;
	return curve + 1 < curves + CURVES ? curve + 1 : NULL;
}

static EC_GROUP *group_of(const struct ecdsa_curve *curve)
{
	int nist = EC_curve_nist2nid(curve->name);

	return EC_GROUP_new_by_curve_name_ex(crypto_context(), NULL,
					     nist != NID_undef ? nist : OBJ_sn2nid(curve->name));
}

static bool is_number(struct view in, size_t size, const BIGNUM *n)
{
	uint8_t wanted[ECDSA_SCALAR_MAX];

	return in.len == size && BN_bn2binpad(n, wanted, (int)size) == (int)size &&
	       view_equal(in, view_of(wanted, size));
}

static bool is_generator(struct view in, const EC_GROUP *group)
{
	uint8_t wanted[ECDSA_POINT_MAX];
	size_t len = EC_POINT_point2oct(group, EC_GROUP_get0_generator(group),
					POINT_CONVERSION_UNCOMPRESSED, wanted, sizeof(wanted),
					NULL);

	return len && view_equal(in, view_of(wanted, len));
}

static bool has_parameters(const struct ecdsa_curve *curve, const struct ecdsa_parameters *in)
{
	EC_GROUP *group = group_of(curve);
	BIGNUM *p = BN_new(), *a = BN_new(), *b = BN_new();
	bool has = group && p && a && b && EC_GROUP_get_curve(group, p, a, b, NULL) == 1 &&
		   is_number(in->p, curve->size, p) && is_number(in->a, curve->size, a) &&
		   is_number(in->b, curve->size, b) && is_generator(in->g, group) &&
		   is_number(in->n, curve->size, EC_GROUP_get0_order(group)) &&
		   (!in->k.len || is_number(in->k, 1, EC_GROUP_get0_cofactor(group)));

	BN_free(p);
	BN_free(a);
	BN_free(b);
	EC_GROUP_free(group);
	return has;
}

enum rc ecdsa_find_curve(const struct ecdsa_parameters *in, const struct ecdsa_curve **ret)
{
	for (size_t i = 0; i < CURVES; i++)
		if (has_parameters(&curves[i], in)) {
			*ret = &curves[i];
			return RC_OK;
		}
	return RC_NOT_FOUND;
}

/* A key of what was pushed; RC_MALFORMED where libcrypto does not take it. */
static enum rc make(OSSL_PARAM_BLD *build, int selection, EVP_PKEY **ret)
{
	EVP_PKEY_CTX *ctx = crypto_key_context("EC");
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	enum rc rc = RC_CRYPTO;

	if (ctx && params && EVP_PKEY_fromdata_init(ctx) == 1)
		rc = EVP_PKEY_fromdata(ctx, ret, selection, params) == 1 ? RC_OK : RC_MALFORMED;
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

static enum rc check_public(EVP_PKEY *key)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(crypto_context(), key, NULL);
	enum rc rc = RC_CRYPTO;

	if (ctx)
		rc = EVP_PKEY_public_check(ctx) == 1 ? RC_OK : RC_MALFORMED;
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

enum rc ecdsa_public(const struct ecdsa_curve *curve, struct view point, EVP_PKEY **ret)
{
	OSSL_PARAM_BLD *build;
	EVP_PKEY *key = NULL;
	enum rc rc = RC_CRYPTO;

	if (point.len != 1 + 2 * curve->size || point.data[0] != POINT_CONVERSION_UNCOMPRESSED)
		return RC_MALFORMED;
	crypto_mark_errors();
	build = OSSL_PARAM_BLD_new();
	if (build &&
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curve->name, 0) ==
		    1 &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.data,
					     point.len) == 1)
		rc = make(build, EVP_PKEY_PUBLIC_KEY, &key);
	if (rc == RC_OK)
		rc = check_public(key);
	OSSL_PARAM_BLD_free(build);
	crypto_drop_errors();
	if (rc == RC_OK)
		*ret = key;
	else
		EVP_PKEY_free(key);
	return rc;
}

/* Below the order, and not zero. */
static bool is_scalar(const struct ecdsa_curve *curve, const BIGNUM *d)
{
	EC_GROUP *group = group_of(curve);
	bool is = group && !BN_is_zero(d) && BN_cmp(d, EC_GROUP_get0_order(group)) < 0;

	EC_GROUP_free(group);
	return is;
}

enum rc ecdsa_private(const struct ecdsa_curve *curve, struct view scalar, EVP_PKEY **ret)
{
	OSSL_PARAM_BLD *build = NULL;
	BIGNUM *d = NULL;
	enum rc rc = RC_CRYPTO;

	if (scalar.len != curve->size)
		return RC_MALFORMED;
	crypto_mark_errors();
	build = OSSL_PARAM_BLD_new();
	d = BN_secure_new();
	if (!build || !d || !BN_bin2bn(scalar.data, (int)scalar.len, d))
		goto out;
	rc = RC_MALFORMED;
	if (!is_scalar(curve, d))
		goto out;
	rc = RC_CRYPTO;
	if (OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curve->name, 0) !=
		    1 ||
	    OSSL_PARAM_BLD_push_BN_pad(build, OSSL_PKEY_PARAM_PRIV_KEY, d, curve->size) != 1)
		goto out;
	rc = make(build, EVP_PKEY_KEYPAIR, ret);
out:
	BN_clear_free(d);
	OSSL_PARAM_BLD_free(build);
	crypto_drop_errors();
	return rc;
}

/* From r || s to what libcrypto takes. */
static int to_der(const struct ecdsa_curve *curve, struct view plain, uint8_t *out)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(plain.data, (int)curve->size, NULL);
	BIGNUM *s = BN_bin2bn(plain.data + curve->size, (int)curve->size, NULL);
	int len = -1;

	if (sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1) {
		len = i2d_ECDSA_SIG(sig, &out);
	} else {
		BN_free(r);
		BN_free(s);
	}
	ECDSA_SIG_free(sig);
	return len;
}

enum rc ecdsa_verify(EVP_PKEY *key, const struct ecdsa_curve *curve, struct view data,
		     struct view signature)
{
	uint8_t der[DER_MAX];
	EVP_MD_CTX *ctx = NULL;
	enum rc rc = RC_CRYPTO;
	int len;

	if (signature.len != 2 * curve->size)
		return RC_AUTH;
	crypto_mark_errors();
	ctx = EVP_MD_CTX_new();
	len = to_der(curve, signature, der);
	if (ctx && len > 0 &&
	    EVP_DigestVerifyInit_ex(ctx, NULL, curve->digest, crypto_context(), NULL, key, NULL) ==
		    1)
		rc = EVP_DigestVerify(ctx, der, (size_t)len, data.data, data.len) == 1 ? RC_OK
										       : RC_AUTH;
	EVP_MD_CTX_free(ctx);
	crypto_drop_errors();
	return rc;
}

/* From what libcrypto makes to r || s. */
static enum rc put_plain(const struct ecdsa_curve *curve, const uint8_t *der, size_t len,
			 struct buf *out)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	size_t before = out->len;
	uint8_t *to = sig ? buf_space(out, 2 * curve->size) : NULL;
	enum rc rc = sig ? buf_rc(out) : RC_CRYPTO;

	if (to && (BN_bn2binpad(ECDSA_SIG_get0_r(sig), to, (int)curve->size) < 0 ||
		   BN_bn2binpad(ECDSA_SIG_get0_s(sig), to + curve->size, (int)curve->size) < 0)) {
		buf_truncate(out, before);
		rc = RC_CRYPTO;
	}
	ECDSA_SIG_free(sig);
	return rc;
}

enum rc ecdsa_sign(EVP_PKEY *key, const struct ecdsa_curve *curve, struct view data,
		   struct buf *signature)
{
	uint8_t der[DER_MAX];
	size_t len = sizeof(der);
	EVP_MD_CTX *ctx = NULL;
	enum rc rc = RC_CRYPTO;

	crypto_mark_errors();
	ctx = EVP_MD_CTX_new();
	if (ctx &&
	    EVP_DigestSignInit_ex(ctx, NULL, curve->digest, crypto_context(), NULL, key, NULL) ==
		    1 &&
	    EVP_DigestSign(ctx, der, &len, data.data, data.len) == 1)
		rc = put_plain(curve, der, len, signature);
	EVP_MD_CTX_free(ctx);
	crypto_drop_errors();
	return rc;
}
