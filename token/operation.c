/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of an operation, the same for every kind: *Init checks mechanism and key against the
 * table and the key's attributes; the calls that follow keep the two-call rule and end the
 * operation with its result or its failure, PKCS#11 5.2.
 */
#include "token/operation.h"

#include <string.h>

#include "token/application_key.h"
#include "token/lane.h"
#include "token/pubkey.h"
#include "token/secret.h"
#include "token/session.h"

#define NO_HASH CK_UNAVAILABLE_INFORMATION

/* What each kind asks of mechanism and key. */
static const struct kind {
	CK_FLAGS flag;
	CK_ATTRIBUTE_TYPE usage;
	CK_OBJECT_CLASS class;
} kinds[OPERATION_KINDS] = {
	[OPERATION_ENCRYPT] = {CKF_ENCRYPT, CKA_ENCRYPT, CKO_PUBLIC_KEY},
	[OPERATION_DECRYPT] = {CKF_DECRYPT, CKA_DECRYPT, CKO_PRIVATE_KEY},
	[OPERATION_DIGEST] = {CKF_DIGEST, 0, 0},
	[OPERATION_SIGN] = {CKF_SIGN, CKA_SIGN, CKO_PRIVATE_KEY},
	[OPERATION_VERIFY] = {CKF_VERIFY, CKA_VERIFY, CKO_PUBLIC_KEY},
	[OPERATION_SIGN_RECOVER] = {CKF_SIGN_RECOVER, CKA_SIGN_RECOVER, CKO_PRIVATE_KEY},
	[OPERATION_VERIFY_RECOVER] = {CKF_VERIFY_RECOVER, CKA_VERIFY_RECOVER, CKO_PUBLIC_KEY},
	[OPERATION_MESSAGE_ENCRYPT] = {CKF_MESSAGE_ENCRYPT, CKA_ENCRYPT, CKO_SECRET_KEY},
	[OPERATION_MESSAGE_DECRYPT] = {CKF_MESSAGE_DECRYPT, CKA_DECRYPT, CKO_SECRET_KEY},
};

void operation_prepare(struct operation *o)
{
	buf_init(&o->label, OPERATION_DATA_MAX);
	buf_init(&o->data, OPERATION_DATA_MAX + CK_INTAGLIO_SEAL_OVERHEAD);
	buf_init(&o->signature, SIGN_INPUT_MAX);
	buf_init(&o->secret, ATTR_LIST_MAX);
	buf_init(&o->past, OPERATION_DATA_MAX);
}

/* One that had no memory has to forget that, too. */
static void end_buffer(struct buf *b)
{
	if (b->cap || b->rc != RC_OK)
		buf_free(b);
}

void operation_end(struct operation *o)
{
	o->mechanism = NULL;
	o->is_multipart = false;
	o->is_private = false;
	o->has_result = false;
	o->has_signature = false;
	o->asks_each_time = false;
	o->needs_context = false;
	o->is_beside = false;
	o->in_parts = false;
	o->is_restricted = false;
	o->given = 0;
	o->is_unsaveable = false;
	EVP_PKEY_free(o->key);
	o->key = NULL;
	end_buffer(&o->label);
	end_buffer(&o->signature);
	end_buffer(&o->data);
	end_buffer(&o->secret);
	end_buffer(&o->past);
}

void operation_discard(struct operation *o)
{
	operation_end(o);
	EVP_MD_CTX_free(o->md);
	o->md = NULL;
}

/* Ends the operation unless its caller is to come again with a larger buffer. */
static CK_RV finish(struct operation *o, CK_RV rv)
{
	if (rv != CKR_BUFFER_TOO_SMALL)
		operation_end(o);
	return rv;
}

CK_RV operation_room(CK_BYTE_PTR out, CK_ULONG_PTR len, size_t need, bool *ret_go)
{
	CK_ULONG room = *len;

	*ret_go = out && room >= need;
	if (*ret_go)
		return CKR_OK;
	*len = need;
	return out ? CKR_BUFFER_TOO_SMALL : CKR_OK;
}

CK_RV operation_give(struct operation *o, CK_BYTE_PTR out, CK_ULONG_PTR len)
{
	bool go;
	CK_RV rv = operation_room(out, len, o->data.len, &go);

	if (!go)
		return rv;
	if (o->data.len)
		memcpy(out, o->data.data, o->data.len);
	*len = o->data.len;
	operation_end(o);
	return CKR_OK;
}

CK_RV operation_collect(struct operation *o, struct view in)
{
	if (in.len > OPERATION_DATA_MAX - o->data.len)
		return CKR_DATA_LEN_RANGE;
	buf_view(&o->data, in);
	return buf_rc(&o->data) == RC_OK ? CKR_OK : CKR_HOST_MEMORY;
}

bool operation_allows(struct view list, CK_MECHANISM_TYPE type)
{
	struct view allowed;
	uint64_t one;

	if (attr_find(list, CKA_ALLOWED_MECHANISMS, &allowed) != RC_OK)
		return true;
	while (view_u64(&allowed, &one) == RC_OK)
		if (one == type)
			return true;
	return false;
}

/* Whether the mechanism's keys are secret keys. */
static bool is_secret(const struct mechanism *mechanism)
{
	return mechanism->scheme == SCHEME_SEAL || mechanism->scheme == SCHEME_CIPHER ||
	       mechanism->scheme == SCHEME_MAC || mechanism->scheme == SCHEME_LOAD;
}

static CK_RV check_key(const struct session *s, const struct kind *kind,
		       const struct mechanism *mechanism, const struct object *key)
{
	CK_OBJECT_CLASS class = is_secret(mechanism) ? CKO_SECRET_KEY : kind->class;

	if (key->class != class || key->type != mechanism->key_type)
		return CKR_KEY_TYPE_INCONSISTENT;
	if (!(key->uses >> (kind->usage - CKA_ENCRYPT) & 1))
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	if (key->is_restricted && !operation_allows(view_buf(&key->list), mechanism->type))
		return CKR_MECHANISM_INVALID;
	/* Sealing and opening records is the user's, although the ledger is a public object. */
	return session_may_use(s, key->is_private || mechanism->scheme == SCHEME_SEAL);
}

static CK_RV take_key(struct session *s, enum operation_kind kind, struct operation *o,
		      const struct mechanism *mechanism, CK_OBJECT_HANDLE handle)
{
	struct object *key;
	CK_ULONG bits;
	CK_RV rv;

	if (session_object(s, handle, &key) != CKR_OK)
		return CKR_KEY_HANDLE_INVALID;
	rv = check_key(s, &kinds[kind], mechanism, key);
	if (rv != CKR_OK)
		return rv;
	o->number = key->number;
	o->is_private = key->is_private || mechanism->scheme == SCHEME_SEAL;
	o->modulus = key->size;
	o->is_restricted = key->is_restricted;
	o->in_parts = (kind == OPERATION_ENCRYPT || kind == OPERATION_DECRYPT) &&
		      parts_are_possible(o, kind, mechanism);
	/* A card compares whole MACs only. */
	if (kind == OPERATION_VERIFY && mechanism->scheme == SCHEME_MAC &&
	    mechanism->type != mechanism->card && key->number &&
	    !(key->uses >> (CKA_SIGN - CKA_ENCRYPT) & 1))
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	o->asks_each_time = attr_bool(view_buf(&key->list), CKA_ALWAYS_AUTHENTICATE, false);
	o->needs_context = o->asks_each_time;
	/* Whoever shows the PIN for one operation has a lane until then. */
	o->is_beside = key->class == CKO_PRIVATE_KEY && !o->needs_context;
	if (mechanism->scheme == SCHEME_CIPHER || mechanism->scheme == SCHEME_MAC)
		return secret_take(o, key);
	if (mechanism->scheme == SCHEME_LOAD)
		return application_key_take(o, key);
	/* A field of 521 bits is 66 bytes. */
	bits = o->modulus == 66 ? 521 : o->modulus * 8;
	if (!is_secret(mechanism) && (bits < mechanism->min || bits > mechanism->max))
		return CKR_KEY_SIZE_RANGE;
	if (mechanism->scheme == SCHEME_SM2 && mechanism->hash != NO_HASH)
		rv = sign_identify(o, key);
	if (rv != CKR_OK || key->class != CKO_PUBLIC_KEY)
		return rv;
	rv = pubkey(key, &o->key);
	if (rv == CKR_OK)
		EVP_PKEY_up_ref(o->key);
	return rv;
}

/* Each message brings its own parameter. */
static bool takes_messages(enum operation_kind kind)
{
	return kind == OPERATION_MESSAGE_ENCRYPT || kind == OPERATION_MESSAGE_DECRYPT;
}

static CK_RV start_hash(struct operation *o, const struct mechanism *mechanism)
{
	CK_RV rv;

	o->parameter.hash = hash_find(mechanism->hash);
	rv = digest_start(o);
	/* GB/T 32918.2 6.1 A1: Z goes before the message. */
	if (rv == CKR_OK && mechanism->scheme == SCHEME_SM2)
		rv = digest_update(o, view_buf(&o->label));
	return rv;
}

CK_RV operation_init(struct session *s, enum operation_kind kind, CK_MECHANISM_PTR mechanism,
		     CK_OBJECT_HANDLE key)
{
	struct operation *o = &s->operations[kind];
	const struct mechanism *row;
	CK_RV rv;

	if (!mechanism) {
		operation_end(o);
		return CKR_OK;
	}
	if (o->mechanism)
		return CKR_OPERATION_ACTIVE;
	row = mechanism_find(mechanism->mechanism);
	if (!row || !(row->flags & kinds[kind].flag))
		return CKR_MECHANISM_INVALID;
	rv = mechanism_parameter(row, mechanism, &o->parameter);
	if (rv == CKR_OK && row->scheme == SCHEME_CIPHER && !takes_messages(kind))
		rv = secret_parameter(row, mechanism, &o->label);
	if (rv == CKR_OK && kind != OPERATION_DIGEST)
		rv = take_key(s, kind, o, row, key);
	if (rv == CKR_OK && row->scheme == SCHEME_SEAL && kind == OPERATION_ENCRYPT &&
	    (o->parameter.seal.ulType == 0 || o->parameter.seal.ulType > UINT16_MAX))
		rv = CKR_MECHANISM_PARAM_INVALID;
	/* The caller's label need not outlive this call. */
	if (rv == CKR_OK && o->parameter.label.len) {
		buf_view(&o->label, o->parameter.label);
		rv = buf_rc(&o->label) == RC_OK ? CKR_OK : CKR_HOST_MEMORY;
	}
	if (rv == CKR_OK && row->hash != NO_HASH)
		rv = start_hash(o, row);
	if (rv == CKR_OK)
		o->mechanism = row;
	else
		operation_end(o);
	return rv;
}

static CK_RV active(struct session *s, enum operation_kind kind, struct operation **ret)
{
	*ret = &s->operations[kind];
	return (*ret)->mechanism ? CKR_OK : CKR_OPERATION_NOT_INITIALIZED;
}

/* The PIN has to be shown once more before this call, which otherwise ends the operation, 4.9. */
static bool waits_for_pin(const struct operation *o, const CK_BYTE *out)
{
	return o->needs_context && out;
}

static CK_RV sign(struct session *s, struct operation *o, struct view in, CK_BYTE_PTR out,
		  CK_ULONG_PTR out_len)
{
	uint8_t block[SIGN_INPUT_MAX];
	struct view input;
	bool go;
	CK_RV rv;

	if (o->mechanism->scheme == SCHEME_LOAD) {
		lane_alone(s);
		return application_key_sign(s, o, in, out, out_len);
	}
	rv = operation_room(out, out_len, signature_size(o), &go);
	if (!go)
		return rv;
	if (waits_for_pin(o, out))
		return finish(o, CKR_USER_NOT_LOGGED_IN);
	if (o->mechanism->scheme == SCHEME_MAC) {
		lane_alone(s);
		return finish(o, secret_sign(s, o, in, out, out_len));
	}
	rv = sign_input(o, in, block, &input);
	if (rv == CKR_OK)
		rv = sign_by_card(s, o, input, out, out_len);
	return finish(o, rv);
}

static CK_RV digest(struct operation *o, struct view in, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	size_t len = o->parameter.hash->size;
	bool go;
	CK_RV rv = operation_room(out, out_len, len, &go);

	if (!go)
		return rv;
	rv = digest_update(o, in);
	if (rv == CKR_OK)
		rv = digest_finish(o, out, &len);
	if (rv == CKR_OK)
		*out_len = len;
	return finish(o, rv);
}

static CK_RV encrypt_secret(struct session *s, struct operation *o, struct view in, CK_BYTE_PTR out,
			    CK_ULONG_PTR out_len)
{
	size_t given = parts_given(o);
	struct buf result;
	bool go;
	CK_RV rv = operation_room(out, out_len, secret_size(o, in.len) - given, &go);

	if (!go)
		return rv;
	buf_init(&result, OPERATION_DATA_MAX + 2 * CK_INTAGLIO_SEAL_OVERHEAD);
	rv = secret_run(s, o, APPLICATION_ENCRYPT, in, &result);
	if (rv == CKR_OK && (result.len < given || result.len - given > *out_len))
		rv = CKR_DEVICE_ERROR;
	if (rv == CKR_OK) {
		if (result.len > given)
			memcpy(out, result.data + given, result.len - given);
		*out_len = result.len - given;
	}
	buf_free(&result);
	return finish(o, rv);
}

static CK_RV encrypt(struct session *s, struct operation *o, struct view in, CK_BYTE_PTR out,
		     CK_ULONG_PTR out_len)
{
	bool is_seal = o->mechanism->scheme == SCHEME_SEAL, go;
	CK_RV rv;

	if (o->mechanism->scheme == SCHEME_CIPHER)
		return encrypt_secret(s, o, in, out, out_len);
	rv = operation_room(
		out, out_len,
		is_seal ? in.len + CK_INTAGLIO_SEAL_OVERHEAD : encrypted_size(o, in.len), &go);
	if (!go)
		return rv;
	rv = is_seal ? seal_record(s, o, in, out, out_len) : encrypt_on_host(o, in, out, out_len);
	return finish(o, rv);
}

/*
 * The length of what comes out is known only when the card has done it, once: the result is kept
 * until a buffer is large enough for it.
 */
static CK_RV decrypt(struct session *s, struct operation *o, struct view in, CK_BYTE_PTR out,
		     CK_ULONG_PTR out_len)
{
	bool is_seal = o->mechanism->scheme == SCHEME_SEAL;
	bool is_cipher = o->mechanism->scheme == SCHEME_CIPHER;
	CK_RV rv;

	if (!o->has_result && !is_seal && !out) {
		*out_len = is_cipher ? in.len : decrypted_size(o, in.len);
		return CKR_OK;
	}
	if (!o->has_result && waits_for_pin(o, out))
		return finish(o, CKR_USER_NOT_LOGGED_IN);
	if (!o->has_result) {
		if (is_cipher || is_seal)
			lane_alone(s);
		if (is_cipher)
			rv = secret_run(s, o, APPLICATION_DECRYPT, in, &o->data);
		else
			rv = is_seal ? seal_open(s, o, in) : decrypt_by_card(s, o, in);
		if (rv != CKR_OK)
			return finish(o, rv);
		o->has_result = true;
	}
	return operation_give(o, out, out_len);
}

/* What was signed, out of the signature itself. */
static CK_RV recover(struct operation *o, struct view in, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	CK_RV rv;

	if (!out) {
		*out_len = o->modulus;
		return CKR_OK;
	}
	if (!o->has_result) {
		rv = recover_on_host(o, in, &o->data);
		if (rv != CKR_OK)
			return finish(o, rv);
		o->has_result = true;
	}
	return operation_give(o, out, out_len);
}

/* The whole work of an operation on all its input. */
static CK_RV run(struct session *s, enum operation_kind kind, struct operation *o, struct view in,
		 CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	switch (kind) {
	case OPERATION_VERIFY_RECOVER:
		return recover(o, in, out, out_len);
	case OPERATION_SIGN:
	case OPERATION_SIGN_RECOVER:
		return sign(s, o, in, out, out_len);
	case OPERATION_DIGEST:
		return digest(o, in, out, out_len);
	case OPERATION_ENCRYPT:
		return encrypt(s, o, in, out, out_len);
	case OPERATION_DECRYPT:
		return decrypt(s, o, in, out, out_len);
	default:
		return CKR_GENERAL_ERROR;
	}
}

CK_RV operation_single(struct session *s, enum operation_kind kind, CK_BYTE_PTR in, CK_ULONG in_len,
		       CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	struct operation *o;
	CK_RV rv = active(s, kind, &o);

	if (rv != CKR_OK)
		return rv;
	if (o->is_multipart)
		return CKR_OPERATION_ACTIVE;
	return run(s, kind, o, view_of(in, in_len), out, out_len);
}

/* What C_*Update and C_*Final may return is less than what their one-part sister may. */
static CK_RV narrow(CK_RV rv)
{
	return rv == CKR_DATA_INVALID ? CKR_FUNCTION_FAILED : rv;
}

static CK_RV update_blocks(struct session *s, enum operation_kind kind, struct operation *o,
			   struct view in, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	bool go;
	CK_RV rv = operation_room(out, out_len, parts_size(o, kind, in.len), &go);

	if (!go)
		return rv;
	o->is_multipart = true;
	rv = narrow(parts_run(s, kind, o, in, out, out_len));
	if (rv != CKR_OK)
		operation_end(o);
	return rv;
}

static CK_RV update(struct session *s, enum operation_kind kind, struct operation *o,
		    struct view view, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	CK_RV rv;

	/* What was left of an operation with a result was to fetch it. */
	if (o->has_result)
		return finish(o, CKR_OPERATION_ACTIVE);
	if (out_len && o->in_parts)
		return update_blocks(s, kind, o, view, out, out_len);
	/* The others give no output before their end; a question for the length feeds nothing. */
	if (out_len) {
		*out_len = 0;
		if (!out)
			return CKR_OK;
	}
	o->is_multipart = true;
	rv = o->mechanism->hash != NO_HASH ? digest_update(o, view) : operation_collect(o, view);
	if (rv == CKR_DATA_LEN_RANGE && kind == OPERATION_DECRYPT)
		rv = CKR_ENCRYPTED_DATA_LEN_RANGE;
	if (kind == OPERATION_DIGEST)
		state_remember(o, view);
	if (rv != CKR_OK)
		operation_end(o);
	return rv;
}

CK_RV operation_refuse(struct session *s, enum operation_kind kind, unsigned int call)
{
	struct operation *o = &s->operations[kind];
	bool is_for_it = o->has_signature == ((call & OPERATION_SIGNED) != 0);

	if (is_for_it && !(call & OPERATION_WHOLE && o->is_multipart))
		operation_end(o);
	return CKR_ARGUMENTS_BAD;
}

CK_RV operation_refuse_two(struct session *s, enum operation_kind first, enum operation_kind second)
{
	struct operation *a = &s->operations[first], *b = &s->operations[second];

	if (a->mechanism && b->mechanism && !b->has_signature) {
		operation_end(a);
		operation_end(b);
	}
	return CKR_ARGUMENTS_BAD;
}

/* A verification is begun with its signature or without, and goes on the same way. */
static CK_RV active_verify(struct session *s, bool has_signature, struct operation **ret)
{
	CK_RV rv = active(s, OPERATION_VERIFY, ret);

	if (rv == CKR_OK && (*ret)->has_signature != has_signature)
		return CKR_OPERATION_NOT_INITIALIZED;
	return rv;
}

CK_RV operation_update(struct session *s, enum operation_kind kind, CK_BYTE_PTR in, CK_ULONG in_len,
		       CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	struct operation *o;
	CK_RV rv = kind == OPERATION_VERIFY ? active_verify(s, false, &o) : active(s, kind, &o);

	return rv == CKR_OK ? update(s, kind, o, view_of(in, in_len), out, out_len) : rv;
}

/* What fails in one of the two leaves nothing to go on with in the other. */
static CK_RV end_two(struct session *s, enum operation_kind first, enum operation_kind second,
		     CK_RV rv)
{
	if (rv != CKR_OK && rv != CKR_BUFFER_TOO_SMALL) {
		operation_end(&s->operations[first]);
		operation_end(&s->operations[second]);
	}
	return rv;
}

CK_RV operation_update_two(struct session *s, enum operation_kind first, enum operation_kind second,
			   CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	const struct operation *o = &s->operations[second];
	bool fits;

	if (!s->operations[first].mechanism || !o->mechanism)
		return CKR_OPERATION_NOT_INITIALIZED;
	fits = !o->in_parts || *out_len >= parts_size(o, second, in_len);
	/* Before the other, which may write where its input is. */
	if (out && fits) {
		CK_RV rv = operation_update(s, first, in, in_len, NULL, NULL);

		if (rv != CKR_OK)
			return end_two(s, first, second, rv);
	}
	return end_two(s, first, second, operation_update(s, second, in, in_len, out, out_len));
}

CK_RV operation_decrypt_two(struct session *s, enum operation_kind second, CK_BYTE_PTR in,
			    CK_ULONG in_len, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	const struct operation *o = &s->operations[second];
	CK_RV rv;

	if (!s->operations[OPERATION_DECRYPT].mechanism || !o->mechanism || o->has_signature)
		return CKR_OPERATION_NOT_INITIALIZED;
	rv = operation_update(s, OPERATION_DECRYPT, in, in_len, out, out_len);
	if (rv == CKR_OK && out)
		rv = operation_update(s, second, out, *out_len, NULL, NULL);
	return end_two(s, OPERATION_DECRYPT, second, rv);
}

CK_RV operation_final(struct session *s, enum operation_kind kind, CK_BYTE_PTR out,
		      CK_ULONG_PTR out_len)
{
	struct operation *o;
	struct buf input;
	CK_RV rv = active(s, kind, &o);

	if (rv != CKR_OK)
		return rv;
	if (kind != OPERATION_DECRYPT || o->has_result)
		return narrow(run(s, kind, o, view_buf(&o->data), out, out_len));
	/* The result will take the place of the input. */
	input = o->data;
	buf_init(&o->data, OPERATION_DATA_MAX + CK_INTAGLIO_SEAL_OVERHEAD);
	rv = run(s, kind, o, view_buf(&input), out, out_len);
	if (o->mechanism && !o->has_result) {
		o->data = input;
		return narrow(rv);
	}
	buf_free(&input);
	return narrow(rv);
}

static CK_RV verify(struct session *s, struct operation *o, struct view in, struct view signature)
{
	uint8_t block[SIGN_INPUT_MAX];
	struct view input;
	CK_RV rv;

	if (o->mechanism->scheme == SCHEME_MAC) {
		rv = secret_verify(s, o, in, signature);
		operation_end(o);
		return rv;
	}
	rv = sign_input(o, in, block, &input);
	if (rv == CKR_OK)
		rv = verify_on_host(o, input, signature);
	operation_end(o);
	return rv;
}

CK_RV operation_verify(struct session *s, CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR signature,
		       CK_ULONG signature_len)
{
	struct operation *o;
	CK_RV rv = active_verify(s, false, &o);

	if (rv != CKR_OK)
		return rv;
	if (o->is_multipart)
		return CKR_OPERATION_ACTIVE;
	return verify(s, o, view_of(in, in_len), view_of(signature, signature_len));
}

CK_RV operation_verify_final(struct session *s, CK_BYTE_PTR signature, CK_ULONG signature_len)
{
	struct operation *o;
	CK_RV rv = active_verify(s, false, &o);

	if (rv != CKR_OK)
		return rv;
	return narrow(verify(s, o, view_buf(&o->data), view_of(signature, signature_len)));
}

CK_RV operation_verify_signature_init(struct session *s, CK_MECHANISM_PTR mechanism,
				      CK_OBJECT_HANDLE key, CK_BYTE_PTR signature,
				      CK_ULONG signature_len)
{
	struct operation *o = &s->operations[OPERATION_VERIFY];
	CK_RV rv;

	if (mechanism && signature_len > SIGN_INPUT_MAX)
		return CKR_SIGNATURE_LEN_RANGE;
	rv = operation_init(s, OPERATION_VERIFY, mechanism, key);
	if (rv != CKR_OK || !mechanism)
		return rv;
	buf_put(&o->signature, signature, signature_len);
	o->has_signature = true;
	if (buf_rc(&o->signature) == RC_OK)
		return CKR_OK;
	operation_end(o);
	return CKR_HOST_MEMORY;
}

CK_RV operation_verify_signature(struct session *s, CK_BYTE_PTR in, CK_ULONG in_len)
{
	struct operation *o;
	CK_RV rv = active_verify(s, true, &o);

	if (rv != CKR_OK)
		return rv;
	if (o->is_multipart)
		return CKR_OPERATION_ACTIVE;
	return verify(s, o, view_of(in, in_len), view_buf(&o->signature));
}

CK_RV operation_verify_signature_update(struct session *s, CK_BYTE_PTR in, CK_ULONG in_len)
{
	struct operation *o;
	CK_RV rv = active_verify(s, true, &o);

	return rv == CKR_OK ? update(s, OPERATION_VERIFY, o, view_of(in, in_len), NULL, NULL) : rv;
}

CK_RV operation_verify_signature_final(struct session *s)
{
	struct operation *o;
	CK_RV rv = active_verify(s, true, &o);

	if (rv != CKR_OK)
		return rv;
	return narrow(verify(s, o, view_buf(&o->data), view_buf(&o->signature)));
}
