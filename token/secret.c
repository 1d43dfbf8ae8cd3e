/* SPDX-License-Identifier: BSD-2-Clause */
/* Secret keys at work: base/symmetric.h on this side, KEY OPERATION on the other. */
#include "token/secret.h"

#include <string.h>

#include "base/secret.h"
#include "base/symmetric.h"
#include "token/outcome.h"

enum { GCM_IV_LONGEST = 128, CTR_BITS = 128 };

static CK_RV ctr_parameter(const CK_MECHANISM *given, struct buf *ret)
{
	const CK_AES_CTR_PARAMS *in = given->pParameter;

	if (!in || given->ulParameterLen != sizeof(*in) || !in->ulCounterBits ||
	    in->ulCounterBits > CTR_BITS)
		return CKR_MECHANISM_PARAM_INVALID;
	buf_u8(ret, (uint8_t)in->ulCounterBits);
	buf_put(ret, in->cb, sizeof(in->cb));
	return CKR_OK;
}

static CK_RV gcm_parameter(const CK_MECHANISM *given, struct buf *ret)
{
	const CK_GCM_PARAMS *in = given->pParameter;
	CK_ULONG tag;

	if (!in || given->ulParameterLen != sizeof(*in) || !in->pIv || !in->ulIvLen ||
	    in->ulIvLen > GCM_IV_LONGEST || (in->ulAADLen && !in->pAAD) ||
	    in->ulAADLen > OPERATION_DATA_MAX / 2)
		return CKR_MECHANISM_PARAM_INVALID;
	tag = in->ulTagBits / 8;
	/* SP 800-38D 5.2.1.2 */
	if (in->ulTagBits % 8 || tag > GCM_TAG || (tag < 12 && tag != 8 && tag != 4))
		return CKR_MECHANISM_PARAM_INVALID;
	buf_u8(ret, (uint8_t)tag);
	buf_u8(ret, (uint8_t)in->ulIvLen);
	buf_put(ret, in->pIv, in->ulIvLen);
	buf_put(ret, in->pAAD, in->ulAADLen);
	return CKR_OK;
}

CK_MECHANISM_TYPE secret_mode(CK_MECHANISM_TYPE type)
{
	switch (type) {
	case CKM_INTAGLIO_SM4_ECB:
		return CKM_AES_ECB;
	case CKM_INTAGLIO_SM4_CBC:
		return CKM_AES_CBC;
	case CKM_INTAGLIO_SM4_CBC_PAD:
		return CKM_AES_CBC_PAD;
	case CKM_INTAGLIO_SM4_CTR:
		return CKM_AES_CTR;
	default:
		return type;
	}
}

/* Lengths of the other parameters, which are an IV: exactly, or for wrapping also none. */
static CK_RV iv_parameter(const CK_MECHANISM *given, struct buf *ret)
{
	CK_ULONG len = given->ulParameterLen, wanted = AES_BLOCK;

	switch (secret_mode(given->mechanism)) {
	case CKM_AES_ECB:
		wanted = 0;
		break;
	case CKM_AES_KEY_WRAP:
		wanted = len ? 8 : 0;
		break;
	case CKM_AES_KEY_WRAP_KWP:
		wanted = len ? 4 : 0;
		break;
	default:
		break;
	}
	if (len != wanted || (len && !given->pParameter))
		return CKR_MECHANISM_PARAM_INVALID;
	buf_put(ret, given->pParameter, len);
	return CKR_OK;
}

CK_RV secret_parameter(const struct mechanism *mechanism, const CK_MECHANISM *given,
		       struct buf *ret)
{
	CK_RV rv;

	if (secret_mode(mechanism->type) == CKM_AES_CTR)
		rv = ctr_parameter(given, ret);
	else if (mechanism->type == CKM_AES_GCM)
		rv = gcm_parameter(given, ret);
	else
		rv = iv_parameter(given, ret);
	return rv == CKR_OK && buf_rc(ret) != RC_OK ? CKR_HOST_MEMORY : rv;
}

CK_RV secret_take(struct operation *o, const struct object *key)
{
	struct view value;

	if (key->number)
		return CKR_OK;
	if (attr_find(view_buf(&key->list), CKA_VALUE, &value) != RC_OK ||
	    !symmetric_key_fits(key->type, value.len))
		return CKR_KEY_SIZE_RANGE;
	buf_view(&o->secret, value);
	return buf_rc(&o->secret) == RC_OK ? CKR_OK : CKR_HOST_MEMORY;
}

size_t secret_size(const struct operation *o, size_t len)
{
	switch (secret_mode(o->mechanism->type)) {
	case CKM_AES_CBC_PAD:
		return (len / AES_BLOCK + 1) * AES_BLOCK;
	case CKM_AES_GCM:
		return len + (o->label.len ? o->label.data[0] : 0);
	case CKM_AES_KEY_WRAP:
		return len + 8;
	case CKM_AES_KEY_WRAP_KWP:
		return (len + 7) / 8 * 8 + 8;
	default:
		return len;
	}
}

/* A length that the mode can have. */
static bool is_whole(const struct operation *o, enum application_operation operation, size_t len)
{
	CK_MECHANISM_TYPE type = secret_mode(o->mechanism->type);

	if (type == CKM_AES_CBC_PAD && operation == APPLICATION_DECRYPT)
		return len && len % AES_BLOCK == 0;
	if (type == CKM_AES_CTR)
		return o->label.len == 1 + AES_BLOCK &&
		       symmetric_counter_suffices(o->label.data[0], o->label.data + 1, len);
	return (type != CKM_AES_ECB && type != CKM_AES_CBC) || len % AES_BLOCK == 0;
}

/* What a refusal of the table means, on whichever side it is. */
static CK_RV refusal(enum application_operation operation)
{
	switch (operation) {
	case APPLICATION_DECRYPT:
		return CKR_ENCRYPTED_DATA_INVALID;
	case APPLICATION_UNWRAP:
		return CKR_WRAPPED_KEY_INVALID;
	case APPLICATION_WRAP:
		return CKR_KEY_SIZE_RANGE;
	default:
		return CKR_DATA_INVALID;
	}
}

static CK_RV run_on_host(struct operation *o, enum application_operation operation, struct view in,
			 struct buf *out)
{
	bool encrypts = operation == APPLICATION_ENCRYPT || operation == APPLICATION_WRAP;
	enum rc rc = symmetric_run(o->mechanism->card,
				   encrypts ? SYMMETRIC_ENCRYPT : SYMMETRIC_DECRYPT,
				   view_buf(&o->secret), view_buf(&o->label), in, out);

	if (rc == RC_OK)
		return CKR_OK;
	return rc == RC_MALFORMED ? refusal(operation)
				  : (rc == RC_MEMORY ? CKR_HOST_MEMORY : CKR_GENERAL_ERROR);
}

static CK_RV run_on_card(struct session *s, struct operation *o,
			 enum application_operation operation, struct view parameter,
			 struct view in, struct buf *out)
{
	const struct application_key_operation command = {
		.operation = operation,
		.key = o->number,
		.mechanism = (uint32_t)o->mechanism->card,
		.parameter = parameter,
		.input = in,
	};
	uint16_t sw = 0;
	enum rc rc = application_key_operation(s->slot->sc, &command, out, &sw);

	if (rc == RC_SW && sw == SW_WRONG_DATA)
		return refusal(operation);
	if (rc == RC_SW && sw == SW_AUTHENTICATION_FAILED)
		return CKR_SIGNATURE_INVALID;
	return outcome(s->slot, CALL_DECRYPT, rc, &sw);
}

CK_RV secret_run(struct session *s, struct operation *o, enum application_operation operation,
		 struct view in, struct buf *out)
{
	CK_MECHANISM_TYPE mode = secret_mode(o->mechanism->type);
	CK_RV rv;

	/* The last part of whole blocks may have none, and that of a key stream has none. */
	if (!in.len && o->is_multipart &&
	    (mode == CKM_AES_ECB || mode == CKM_AES_CBC || mode == CKM_AES_CTR))
		return CKR_OK;
	if (!is_whole(o, operation, in.len))
		return operation == APPLICATION_ENCRYPT   ? CKR_DATA_LEN_RANGE
		       : operation == APPLICATION_DECRYPT ? CKR_ENCRYPTED_DATA_LEN_RANGE
							  : refusal(operation);
	if (o->secret.len)
		return run_on_host(o, operation, in, out);
	rv = run_on_card(s, o, operation, view_buf(&o->label), in, out);
	if (operation != APPLICATION_ENCRYPT)
		return rv;
	/* What is too long is so before it is encrypted, and C_Encrypt knows of no login. */
	if (rv == CKR_ENCRYPTED_DATA_LEN_RANGE)
		return CKR_DATA_LEN_RANGE;
	return rv == CKR_USER_NOT_LOGGED_IN ? CKR_FUNCTION_FAILED : rv;
}

CK_RV secret_sign(struct session *s, struct operation *o, struct view in, CK_BYTE_PTR out,
		  CK_ULONG_PTR out_len)
{
	uint8_t whole[EVP_MAX_MD_SIZE];
	struct buf mac;
	enum rc rc;
	CK_RV rv;

	buf_fixed(&mac, whole, sizeof(whole));
	if (o->secret.len) {
		rc = symmetric_run(o->mechanism->card, SYMMETRIC_MAC, view_buf(&o->secret),
				   view_of(NULL, 0), in, &mac);
		rv = rc == RC_OK ? CKR_OK : CKR_GENERAL_ERROR;
	} else {
		rv = run_on_card(s, o, APPLICATION_SIGN, view_of(NULL, 0), in, &mac);
	}
	if (rv == CKR_OK && mac.len < o->parameter.mac)
		rv = CKR_DEVICE_ERROR;
	if (rv == CKR_OK) {
		memcpy(out, whole, o->parameter.mac);
		*out_len = o->parameter.mac;
	}
	OPENSSL_cleanse(whole, sizeof(whole));
	return rv == CKR_ENCRYPTED_DATA_LEN_RANGE ? CKR_DATA_LEN_RANGE : rv;
}

/* The MAC is made once more and its beginning compared. */
static CK_RV verify_beginning(struct session *s, struct operation *o, struct view in,
			      struct view mac)
{
	uint8_t own[EVP_MAX_MD_SIZE];
	CK_ULONG len = sizeof(own);
	CK_RV rv = secret_sign(s, o, in, own, &len);

	if (rv == CKR_OK && !secret_equal(own, mac.data, mac.len))
		rv = CKR_SIGNATURE_INVALID;
	OPENSSL_cleanse(own, sizeof(own));
	return rv == CKR_USER_NOT_LOGGED_IN ? CKR_FUNCTION_FAILED : rv;
}

CK_RV secret_verify(struct session *s, struct operation *o, struct view in, struct view mac)
{
	struct buf none;
	enum rc rc;
	CK_RV rv;

	if (mac.len != o->parameter.mac)
		return CKR_SIGNATURE_LEN_RANGE;
	if (mac.len < symmetric_mac_size(o->mechanism->card))
		return verify_beginning(s, o, in, mac);
	if (o->secret.len) {
		rc = symmetric_verify(o->mechanism->card, view_buf(&o->secret), in, mac);
		return rc == RC_OK     ? CKR_OK
		       : rc == RC_AUTH ? CKR_SIGNATURE_INVALID
				       : CKR_GENERAL_ERROR;
	}
	buf_init(&none, OPERATION_DATA_MAX);
	rv = run_on_card(s, o, APPLICATION_VERIFY, mac, in, &none);
	buf_free(&none);
	if (rv == CKR_ENCRYPTED_DATA_LEN_RANGE)
		return CKR_DATA_LEN_RANGE;
	return rv == CKR_USER_NOT_LOGGED_IN ? CKR_FUNCTION_FAILED : rv;
}
