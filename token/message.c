/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Message-based encryption, PKCS#11 3.0 5.9 and 5.11: one key, many messages, each with a nonce and
 * additional data of its own. AES-GCM, of whole messages and in parts: the card keeps nothing between
 * commands, so that what was in the parts lies in o->data and goes to it once more with the last one,
 * for the tag. Ciphertext is given with each part where token/parts.c can, plaintext after the tag.
 */
#include <string.h>

#include "base/crypto.h"
#include "token/secret.h"

enum { IV_LONGEST = 128 };

CK_RV message_init(struct session *s, enum operation_kind kind, CK_MECHANISM_PTR mechanism,
		   CK_OBJECT_HANDLE key)
{
	if (mechanism && mechanism->ulParameterLen)
		return CKR_MECHANISM_PARAM_INVALID;
	return operation_init(s, kind, mechanism, key);
}

/*
 * A new nonce but for its fixed bits, which come first. None is counted: a power cut would let a number
 * come again.
 */
static CK_RV generate_iv(const CK_GCM_MESSAGE_PARAMS *p)
{
	size_t fixed = p->ulIvFixedBits / 8;
	uint8_t given, free_bits = (uint8_t)(0xFF >> p->ulIvFixedBits % 8);

	if (p->ivGenerator == CKG_NO_GENERATE)
		return CKR_OK;
	if ((p->ivGenerator != CKG_GENERATE && p->ivGenerator != CKG_GENERATE_RANDOM) ||
	    p->ulIvFixedBits > 8 * p->ulIvLen ||
	    8 * p->ulIvLen - p->ulIvFixedBits < 8 * (GCM_NONCE - 4))
		return CKR_MECHANISM_PARAM_INVALID;
	given = p->pIv[fixed];
	if (crypto_random(p->pIv + fixed, p->ulIvLen - fixed) != RC_OK)
		return CKR_GENERAL_ERROR;
	p->pIv[fixed] = (uint8_t)((given & ~free_bits) | (p->pIv[fixed] & free_bits));
	return CKR_OK;
}

static bool is_good(const CK_GCM_MESSAGE_PARAMS *p, CK_ULONG len)
{
	CK_ULONG tag;

	if (!p || len != sizeof(*p) || !p->pIv || !p->ulIvLen || p->ulIvLen > IV_LONGEST ||
	    !p->pTag)
		return false;
	tag = p->ulTagBits / 8;
	return p->ulTagBits % 8 == 0 && tag <= GCM_TAG && (tag >= 12 || tag == 8 || tag == 4);
}

static CK_RV put_parameter(struct operation *o, const CK_GCM_MESSAGE_PARAMS *p, struct view aad)
{
	buf_reset(&o->label);
	buf_u8(&o->label, (uint8_t)(p->ulTagBits / 8));
	buf_u8(&o->label, (uint8_t)p->ulIvLen);
	buf_put(&o->label, p->pIv, p->ulIvLen);
	buf_view(&o->label, aad);
	return buf_rc(&o->label) == RC_OK ? CKR_OK : CKR_DATA_LEN_RANGE;
}

/* The tag travels beside the ciphertext here and behind it on the card. */
static CK_RV encrypt(struct session *s, struct operation *o, const CK_GCM_MESSAGE_PARAMS *p,
		     struct view in, size_t given, CK_BYTE_PTR out)
{
	size_t tag = p->ulTagBits / 8;
	CK_RV rv = secret_run(s, o, APPLICATION_ENCRYPT, in, &o->data);

	if (rv == CKR_OK && o->data.len != in.len + tag)
		rv = CKR_DEVICE_ERROR;
	if (rv != CKR_OK)
		return rv;
	if (in.len > given)
		memcpy(out, o->data.data + given, in.len - given);
	memcpy(p->pTag, o->data.data + in.len, tag);
	return CKR_OK;
}

static CK_RV decrypt(struct session *s, struct operation *o, const CK_GCM_MESSAGE_PARAMS *p,
		     struct view in, CK_BYTE_PTR out)
{
	struct buf whole;
	CK_RV rv;

	buf_init(&whole, OPERATION_DATA_MAX + GCM_TAG);
	buf_view(&whole, in);
	buf_put(&whole, p->pTag, p->ulTagBits / 8);
	rv = buf_rc(&whole) == RC_OK
		     ? secret_run(s, o, APPLICATION_DECRYPT, view_buf(&whole), &o->data)
		     : CKR_ENCRYPTED_DATA_LEN_RANGE;
	buf_free(&whole);
	if (rv == CKR_ENCRYPTED_DATA_INVALID)
		return CKR_AEAD_DECRYPT_FAILED;
	if (rv == CKR_OK && o->data.len != in.len)
		rv = CKR_DEVICE_ERROR;
	if (rv == CKR_OK && in.len)
		memcpy(out, o->data.data, in.len);
	return rv;
}

/* Whether a message may begin, whole or in parts. */
static CK_RV check_begin(const struct operation *o, bool encrypts, const struct message *m)
{
	if (!o->mechanism)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (o->is_multipart)
		return CKR_OPERATION_ACTIVE;
	if (!is_good(m->parameter, m->parameter_len))
		return CKR_MECHANISM_PARAM_INVALID;
	if (m->in_len > OPERATION_DATA_MAX || m->aad_len > OPERATION_DATA_MAX / 2)
		return encrypts ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE;
	return CKR_OK;
}

CK_RV message_run(struct session *s, enum operation_kind kind, const struct message *m,
		  CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	const CK_GCM_MESSAGE_PARAMS *p = m->parameter;
	struct operation *o = &s->operations[kind];
	struct view in = view_of(m->in, m->in_len);
	bool encrypts = kind == OPERATION_MESSAGE_ENCRYPT, go;
	CK_RV rv = check_begin(o, encrypts, m);

	if (rv != CKR_OK)
		return rv;
	/* An empty message has no output, and needs no room for it. */
	rv = operation_room(out || in.len ? out : p->pTag, out_len, in.len, &go);
	if (!go)
		return rv;
	rv = encrypts ? generate_iv(p) : CKR_OK;
	if (rv == CKR_OK)
		rv = put_parameter(o, p, view_of(m->aad, m->aad_len));
	buf_reset(&o->data);
	if (rv == CKR_OK)
		rv = encrypts ? encrypt(s, o, p, in, 0, out) : decrypt(s, o, p, in, out);
	if (rv == CKR_OK)
		*out_len = in.len;
	buf_reset(&o->data);
	return rv == CKR_DATA_LEN_RANGE && !encrypts ? CKR_ENCRYPTED_DATA_LEN_RANGE : rv;
}

CK_RV message_begin(struct session *s, enum operation_kind kind, const struct message *m)
{
	const CK_GCM_MESSAGE_PARAMS *p = m->parameter;
	struct operation *o = &s->operations[kind];
	bool encrypts = kind == OPERATION_MESSAGE_ENCRYPT;
	CK_RV rv = check_begin(o, encrypts, m);

	if (rv == CKR_OK && encrypts)
		rv = generate_iv(p);
	if (rv == CKR_OK)
		rv = put_parameter(o, p, view_of(m->aad, m->aad_len));
	if (rv != CKR_OK)
		return rv == CKR_DATA_LEN_RANGE && !encrypts ? CKR_ENCRYPTED_DATA_LEN_RANGE : rv;
	o->in_parts = encrypts && parts_are_possible(o, OPERATION_ENCRYPT, o->mechanism);
	o->is_multipart = true;
	return CKR_OK;
}

/* The message is over, and the process goes on. */
static void end_message(struct operation *o)
{
	buf_reset(&o->data);
	o->given = 0;
	o->in_parts = false;
	o->is_multipart = false;
}

/* All of the message, which lies in o->data: the rest of what comes out, and the tag. */
static CK_RV finish(struct session *s, enum operation_kind kind, const CK_GCM_MESSAGE_PARAMS *p,
		    size_t given, CK_BYTE_PTR out)
{
	struct operation *o = &s->operations[kind];
	struct buf input = o->data;
	CK_RV rv;

	buf_init(&o->data, OPERATION_DATA_MAX + CK_INTAGLIO_SEAL_OVERHEAD);
	rv = kind == OPERATION_MESSAGE_ENCRYPT ? encrypt(s, o, p, view_buf(&input), given, out)
					       : decrypt(s, o, p, view_buf(&input), out);
	buf_free(&input);
	return rv;
}

static CK_RV take_part(struct session *s, enum operation_kind kind, const struct message *m,
		       bool is_last, CK_BYTE_PTR out, CK_ULONG_PTR out_len, bool *ret_go)
{
	const CK_GCM_MESSAGE_PARAMS *p = m->parameter;
	struct operation *o = &s->operations[kind];
	struct view in = view_of(m->in, m->in_len);
	size_t given = o->in_parts ? o->data.len : 0, need;
	CK_RV rv;

	*ret_go = true;
	/* The nonce is that of the beginning. */
	if (!is_good(p, m->parameter_len) || p->ulTagBits / 8 != o->label.data[0])
		return CKR_MECHANISM_PARAM_INVALID;
	if (in.len > OPERATION_DATA_MAX - o->data.len)
		return CKR_DATA_LEN_RANGE;
	need = is_last || o->in_parts ? o->data.len + in.len - given : 0;
	/* A last part without output needs no room for it. */
	rv = operation_room(out || in.len || need || !is_last ? out : p->pTag, out_len, need,
			    ret_go);
	if (!*ret_go)
		return rv;
	if (!is_last && o->in_parts)
		return parts_run(s, OPERATION_ENCRYPT, o, in, out, out_len);
	rv = operation_collect(o, in);
	if (rv == CKR_OK && is_last)
		rv = finish(s, kind, p, given, out);
	if (rv == CKR_OK)
		*out_len = need;
	return rv;
}

CK_RV message_next(struct session *s, enum operation_kind kind, const struct message *m,
		   CK_FLAGS flags, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	struct operation *o = &s->operations[kind];
	bool is_last = flags & CKF_END_OF_MESSAGE, go = true;
	CK_RV rv;

	if (!o->mechanism || !o->is_multipart)
		return CKR_OPERATION_NOT_INITIALIZED;
	rv = flags & ~CKF_END_OF_MESSAGE ? CKR_ARGUMENTS_BAD
					 : take_part(s, kind, m, is_last, out, out_len, &go);
	/* What only asked for the length, or had no room, comes again. */
	if (go && (is_last || rv != CKR_OK))
		end_message(o);
	return rv == CKR_DATA_LEN_RANGE && kind == OPERATION_MESSAGE_DECRYPT
		       ? CKR_ENCRYPTED_DATA_LEN_RANGE
		       : rv;
}

CK_RV message_refuse(struct session *s, enum operation_kind kind)
{
	struct operation *o = &s->operations[kind];

	if (o->mechanism && o->is_multipart)
		end_message(o);
	return CKR_ARGUMENTS_BAD;
}

CK_RV message_final(struct session *s, enum operation_kind kind)
{
	struct operation *o = &s->operations[kind];

	if (!o->mechanism)
		return CKR_OPERATION_NOT_INITIALIZED;
	operation_end(o);
	return CKR_OK;
}
