/* SPDX-License-Identifier: BSD-2-Clause */
/* RSA and SM2 encryption by libcrypto on the host, decryption by the card. */
#include <string.h>

#include <openssl/rsa.h>

#include "base/sm2.h"
#include "token/lane.h"
#include "token/outcome.h"

enum { PKCS1_OVERHEAD = 11, OAEP_PARAMETER_MAX = MECHANISM_PARAMETER + OPERATION_DATA_MAX };

/* OAEP's label is given away to the context, so it gets a copy. */
static bool set_oaep(EVP_PKEY_CTX *ctx, const struct operation *o)
{
	const struct mechanism_parameter *p = &o->parameter;
	void *label = NULL;

	if (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, hash_md(p->hash)) != 1 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, hash_md(p->mgf)) != 1)
		return false;
	if (!o->label.len)
		return true;
	label = OPENSSL_memdup(o->label.data, o->label.len);
	if (!label)
		return false;
	if (EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, (int)o->label.len) != 1) {
		OPENSSL_free(label);
		return false;
	}
	return true;
}

static bool set_padding(EVP_PKEY_CTX *ctx, const struct operation *o)
{
	switch (o->mechanism->scheme) {
	case SCHEME_RSA_PKCS:
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
	case SCHEME_RSA_OAEP:
		return set_oaep(ctx, o);
	default:
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1;
	}
}

static size_t longest_plaintext(const struct operation *o)
{
	size_t overhead = 0;

	if (o->mechanism->scheme == SCHEME_RSA_PKCS)
		overhead = PKCS1_OVERHEAD;
	if (o->mechanism->scheme == SCHEME_RSA_OAEP)
		overhead = 2 * o->parameter.hash->size + 2;
	return o->modulus > overhead ? o->modulus - overhead : 0;
}

size_t encrypted_size(const struct operation *o, size_t plaintext)
{
	return o->mechanism->scheme == SCHEME_SM2 ? sm2_ciphertext_max(plaintext) : o->modulus;
}

size_t decrypted_size(const struct operation *o, size_t ciphertext)
{
	return o->mechanism->scheme == SCHEME_SM2 ? ciphertext : o->modulus;
}

static CK_RV encrypt_sm2(struct operation *o, struct view in, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	struct buf b;

	buf_fixed(&b, out, *out_len);
	switch (sm2_encrypt(o->key, in, &b)) {
	case RC_OK:
		*out_len = b.len;
		return CKR_OK;
	case RC_ARGUMENT:
		return CKR_DATA_LEN_RANGE;
	default:
		return CKR_GENERAL_ERROR;
	}
}

static CK_RV encrypt_rsa(struct operation *o, struct view in, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	uint8_t block[SIGN_INPUT_MAX] = {0};
	size_t len = *out_len;
	EVP_PKEY_CTX *ctx;
	CK_RV rv = CKR_GENERAL_ERROR;

	if (in.len > longest_plaintext(o) || o->modulus > sizeof(block))
		return CKR_DATA_LEN_RANGE;
	if (o->mechanism->scheme == SCHEME_RSA_RAW) {
		if (in.len)
			memcpy(block + o->modulus - in.len, in.data, in.len);
		in = view_of(block, o->modulus);
	}
	ctx = EVP_PKEY_CTX_new_from_pkey(crypto_context(), o->key, NULL);
	if (ctx && EVP_PKEY_encrypt_init(ctx) == 1 && set_padding(ctx, o))
		rv = EVP_PKEY_encrypt(ctx, out, &len, in.data, in.len) == 1 ? CKR_OK
									    : CKR_DATA_INVALID;
	if (rv == CKR_OK)
		*out_len = len;
	EVP_PKEY_CTX_free(ctx);
	OPENSSL_cleanse(block, sizeof(block));
	return rv;
}

CK_RV encrypt_on_host(struct operation *o, struct view in, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	return o->mechanism->scheme == SCHEME_SM2 ? encrypt_sm2(o, in, out, out_len)
						  : encrypt_rsa(o, in, out, out_len);
}

/* What the card is asked to decipher. */
struct order {
	struct application_key_operation command;
	struct buf *out;
};

static enum rc order_plaintext(struct sc *sc, void *arg, uint16_t *ret_sw)
{
	const struct order *o = arg;

	return application_key_operation(sc, &o->command, o->out, ret_sw);
}

static bool length_fits(const struct operation *o, size_t ciphertext)
{
	return o->mechanism->scheme == SCHEME_SM2
		       ? ciphertext <= sm2_ciphertext_max(SM2_PLAINTEXT_MAX)
		       : ciphertext == o->modulus;
}

static CK_RV decipher(struct session *s, struct operation *o, enum application_operation operation,
		      struct view in)
{
	bool beside = o->is_beside && operation == APPLICATION_DECRYPT;
	struct order order = {
		.command = {.operation = operation,
			    .key = o->number,
			    .mechanism = (uint32_t)o->mechanism->card,
			    .input = in},
		.out = &o->data,
	};
	struct buf parameter;
	CK_RV rv;

	if (!length_fits(o, in.len))
		return CKR_ENCRYPTED_DATA_LEN_RANGE;
	buf_init(&parameter, OAEP_PARAMETER_MAX);
	buf_put(&parameter, o->parameter.bytes, o->parameter.len);
	buf_view(&parameter, view_buf(&o->label));
	order.command.parameter = view_buf(&parameter);
	rv = buf_rc(&parameter) == RC_OK ? CKR_OK : CKR_HOST_MEMORY;
	if (rv == CKR_OK)
		rv = o->asks_each_time ? lane_run_with_pin(s, CALL_DECRYPT, order_plaintext, &order)
				       : lane_run(s, beside, CALL_DECRYPT, order_plaintext, &order);
	buf_free(&parameter);
	return rv;
}

CK_RV decrypt_by_card(struct session *s, struct operation *o, struct view in)
{
	return decipher(s, o, APPLICATION_DECRYPT, in);
}

CK_RV unwrap_by_card(struct session *s, struct operation *o, struct view in)
{
	return decipher(s, o, APPLICATION_UNWRAP, in);
}
