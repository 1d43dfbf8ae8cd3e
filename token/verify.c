/* SPDX-License-Identifier: BSD-2-Clause */
/* Verification with public keys, by libcrypto on the host. */
#include <string.h>

#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include "base/crypto.h"
#include "token/operation.h"

enum { DER_SIGNATURE_MAX = 160 };

static bool set_padding(EVP_PKEY_CTX *ctx, const struct operation *o)
{
	const struct mechanism_parameter *p = &o->parameter;

	switch (o->mechanism->scheme) {
	case SCHEME_RSA_PKCS:
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
	case SCHEME_RSA_PSS:
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		       EVP_PKEY_CTX_set_signature_md(ctx, hash_md(p->hash)) == 1 &&
		       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, hash_md(p->mgf)) == 1 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)p->salt) == 1;
	default:
		return true;
	}
}

/* r || s, as PKCS#11 has it, to the SEQUENCE that libcrypto takes. */
static int to_der(struct view signature, uint8_t ret[DER_SIGNATURE_MAX])
{
	size_t half = signature.len / 2;
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(signature.data, (int)half, NULL);
	BIGNUM *s = BN_bin2bn(signature.data + half, (int)half, NULL);
	uint8_t *at = ret;
	int len = -1;

	if (!sig || !r || !s || ECDSA_SIG_set0(sig, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		goto out;
	}
	if (i2d_ECDSA_SIG(sig, NULL) <= DER_SIGNATURE_MAX)
		len = i2d_ECDSA_SIG(sig, &at);
out:
	ECDSA_SIG_free(sig);
	return len;
}

static CK_RV verify(EVP_PKEY_CTX *ctx, const struct operation *o, struct view input,
		    struct view signature)
{
	uint8_t der[DER_SIGNATURE_MAX];
	int len;

	if (EVP_PKEY_verify_init(ctx) != 1 || !set_padding(ctx, o))
		return CKR_GENERAL_ERROR;
	if (o->mechanism->scheme == SCHEME_ECDSA || o->mechanism->scheme == SCHEME_SM2) {
		len = to_der(signature, der);
		if (len < 0)
			return CKR_HOST_MEMORY;
		signature = view_of(der, (size_t)len);
	}
	return EVP_PKEY_verify(ctx, signature.data, signature.len, input.data, input.len) == 1
		       ? CKR_OK
		       : CKR_SIGNATURE_INVALID;
}

/* CKM_RSA_X_509: the public operation gives back what was signed. */
static CK_RV verify_raw(EVP_PKEY_CTX *ctx, const struct operation *o, struct view input,
			struct view signature)
{
	uint8_t block[SIGN_INPUT_MAX];
	size_t len = sizeof(block);

	if (o->modulus > sizeof(block) || EVP_PKEY_encrypt_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) != 1)
		return CKR_GENERAL_ERROR;
	if (EVP_PKEY_encrypt(ctx, block, &len, signature.data, signature.len) != 1)
		return CKR_SIGNATURE_INVALID;
	return view_equal(view_of(block, len), input) ? CKR_OK : CKR_SIGNATURE_INVALID;
}

/* RFC 8032: the message itself, in one step. */
static CK_RV verify_message(const struct operation *o, struct view input, struct view signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	CK_RV rv = CKR_HOST_MEMORY;

	if (ctx &&
	    EVP_DigestVerifyInit_ex(ctx, NULL, NULL, crypto_context(), NULL, o->key, NULL) == 1)
		rv = EVP_DigestVerify(ctx, signature.data, signature.len, input.data, input.len) ==
				     1
			     ? CKR_OK
			     : CKR_SIGNATURE_INVALID;
	EVP_MD_CTX_free(ctx);
	return rv;
}

CK_RV verify_on_host(struct operation *o, struct view input, struct view signature)
{
	EVP_PKEY_CTX *ctx;
	CK_RV rv;

	if (signature.len != signature_size(o))
		return CKR_SIGNATURE_LEN_RANGE;
	if (o->mechanism->scheme == SCHEME_EDDSA)
		return verify_message(o, input, signature);
	ctx = EVP_PKEY_CTX_new_from_pkey(crypto_context(), o->key, NULL);
	if (!ctx)
		return CKR_HOST_MEMORY;
	rv = o->mechanism->scheme == SCHEME_RSA_RAW ? verify_raw(ctx, o, input, signature)
						    : verify(ctx, o, input, signature);
	EVP_PKEY_CTX_free(ctx);
	return rv;
}

CK_RV recover_on_host(struct operation *o, struct view signature, struct buf *ret)
{
	int padding = o->mechanism->scheme == SCHEME_RSA_RAW ? RSA_NO_PADDING : RSA_PKCS1_PADDING;
	EVP_PKEY_CTX *ctx;
	size_t len = o->modulus;
	uint8_t *at;
	CK_RV rv = CKR_GENERAL_ERROR;

	if (signature.len != o->modulus)
		return CKR_SIGNATURE_LEN_RANGE;
	at = buf_space(ret, len);
	ctx = EVP_PKEY_CTX_new_from_pkey(crypto_context(), o->key, NULL);
	if (!at || !ctx)
		rv = CKR_HOST_MEMORY;
	else if (EVP_PKEY_verify_recover_init(ctx) == 1 &&
		 EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1)
		rv = EVP_PKEY_verify_recover(ctx, at, &len, signature.data, signature.len) == 1
			     ? CKR_OK
			     : CKR_SIGNATURE_INVALID;
	EVP_PKEY_CTX_free(ctx);
	if (rv == CKR_OK)
		buf_truncate(ret, len);
	return rv;
}
