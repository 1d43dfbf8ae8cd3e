/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Secret keys come into being and travel, PKCS#11 5.18: generated, derived, wrapped, unwrapped. What
 * is to live on the card is made there; session keys are made and kept on the host, wiped with their
 * object. A card's key leaves only wrapped by another key of the card.
 */
#include <string.h>

#include "base/secret.h"
#include "base/symmetric.h"
#include "token/edit.h"
#include "token/outcome.h"
#include "token/pubkey.h"
#include "token/secret.h"
#include "token/template.h"

enum { VALUE_MAX = 4096, WRAPPED_MAX = VALUE_MAX + 1024 };

/* A key in the making. */
struct birth {
	const struct schema *schema;
	struct buf list;
};

static CK_RV begin(struct session *s, CK_KEY_TYPE fallback, const CK_ATTRIBUTE *template,
		   CK_ULONG count, struct birth *b)
{
	CK_ULONG type = template_ulong(template, count, CKA_KEY_TYPE, fallback);
	CK_RV rv;

	if (template_ulong(template, count, CKA_CLASS, CKO_SECRET_KEY) != CKO_SECRET_KEY)
		return CKR_TEMPLATE_INCONSISTENT;
	if (type != CKK_AES && type != CKK_GENERIC_SECRET && type != CKK_INTAGLIO_SM4)
		return type == CK_UNAVAILABLE_INFORMATION ? CKR_TEMPLATE_INCOMPLETE
							  : CKR_ATTRIBUTE_VALUE_INVALID;
	b->schema = schema_find(CKO_SECRET_KEY, type);
	rv = template_build(b->schema, TEMPLATE_GENERATE, template, count, &b->list);
	return rv == CKR_OK ? edit_check_new(s, b->schema, view_buf(&b->list)) : rv;
}

/* The same, with what the key that it comes from has for such keys under this type. */
static CK_RV begin_from(struct session *s, const struct object *key, CK_ATTRIBUTE_TYPE type,
			CK_KEY_TYPE fallback, const CK_ATTRIBUTE *template, CK_ULONG count,
			struct birth *b)
{
	struct joined joined;
	struct view value;
	CK_RV rv;

	if (attr_find(view_buf(&key->list), type, &value) != RC_OK)
		return begin(s, fallback, template, count, b);
	rv = template_join(value, template, count, &joined);
	if (rv == CKR_OK)
		rv = begin(s, fallback, joined.attributes, joined.count, b);
	template_joined_free(&joined);
	return rv;
}

/* What is known of a key's past: how it was made, and whether the key it comes from was open. */
struct history {
	CK_ULONG mechanism; /* CK_UNAVAILABLE_INFORMATION: not generated */
	bool always_sensitive, never_extractable;
};

static CK_RV finish(struct session *s, struct birth *b, struct view value,
		    const struct history *past, CK_OBJECT_HANDLE_PTR ret)
{
	struct view list = view_buf(&b->list);
	bool sensitive = attr_bool(list, CKA_SENSITIVE, false);
	bool extractable = attr_bool(list, CKA_EXTRACTABLE, true);

	attr_set(&b->list, CKA_VALUE, value);
	attr_set_ulong(&b->list, CKA_VALUE_LEN, value.len);
	if (attr_bool(view_buf(&b->list), CKA_TOKEN, false))
		return edit_card_object(s->slot, b->schema, &b->list, ret);
	attr_set_bool(&b->list, CKA_LOCAL, past->mechanism != CK_UNAVAILABLE_INFORMATION);
	attr_set_ulong(&b->list, CKA_KEY_GEN_MECHANISM, past->mechanism);
	attr_set_bool(&b->list, CKA_ALWAYS_SENSITIVE, past->always_sensitive && sensitive);
	attr_set_bool(&b->list, CKA_NEVER_EXTRACTABLE, past->never_extractable && !extractable);
	return edit_session_object(s, &b->list, ret);
}

/* Takes the card's answer with a new object in. */
static CK_RV adopt(struct slot *slot, struct buf *object, uint64_t before, CK_OBJECT_HANDLE_PTR ret)
{
	struct view rendered = view_buf(object);

	return edit_adopt(slot, &rendered, before, ret);
}

static CK_RV generate_on_card(struct session *s, const struct mechanism *m, struct birth *b,
			      CK_OBJECT_HANDLE_PTR ret)
{
	struct slot *slot = s->slot;
	uint64_t before = sc_change_counter(slot->sc);
	struct buf object;
	uint16_t sw = 0;
	CK_RV rv;

	if (slot->login != LOGIN_USER)
		return CKR_USER_NOT_LOGGED_IN;
	template_strip(b->schema, &b->list);
	buf_init(&object, 2 * ATTR_LIST_MAX);
	rv = outcome(slot, CALL_OBJECT,
		     application_generate_key(slot->sc, (uint32_t)m->card, view_buf(&b->list),
					      &object, &sw),
		     &sw);
	if (rv == CKR_OK)
		rv = adopt(slot, &object, before, ret);
	buf_free(&object);
	return edit_narrow(rv);
}

static CK_RV generate_on_host(struct session *s, const struct mechanism *m, struct birth *b,
			      size_t len, CK_OBJECT_HANDLE_PTR ret)
{
	const struct history past = {m->type, true, true};
	uint8_t value[VALUE_MAX];
	CK_RV rv = crypto_random(value, len) == RC_OK ? CKR_OK : CKR_GENERAL_ERROR;

	if (rv == CKR_OK)
		rv = finish(s, b, view_of(value, len), &past, ret);
	secret_wipe(value, sizeof(value));
	return rv;
}

CK_RV session_generate_key(struct session *s, CK_MECHANISM_PTR mechanism, CK_ATTRIBUTE_PTR template,
			   CK_ULONG count, CK_OBJECT_HANDLE_PTR ret)
{
	const struct mechanism *m = mechanism_find(mechanism->mechanism);
	struct birth b = {0};
	CK_ULONG len;
	CK_RV rv = token_connect(s->slot);

	if (rv != CKR_OK)
		return rv;
	if (!m || m->scheme != SCHEME_KEY)
		return CKR_MECHANISM_INVALID;
	if (mechanism->ulParameterLen)
		return CKR_MECHANISM_PARAM_INVALID;
	if (template_ulong(template, count, CKA_KEY_TYPE, m->key_type) != m->key_type)
		return CKR_TEMPLATE_INCONSISTENT;
	buf_init(&b.list, ATTR_LIST_MAX);
	rv = begin(s, m->key_type, template, count, &b);
	len = template_ulong(template, count, CKA_VALUE_LEN, CK_UNAVAILABLE_INFORMATION);
	if (rv == CKR_OK && len == CK_UNAVAILABLE_INFORMATION)
		rv = CKR_TEMPLATE_INCOMPLETE;
	if (rv == CKR_OK && (len > VALUE_MAX || !symmetric_key_fits(m->key_type, len)))
		rv = CKR_ATTRIBUTE_VALUE_INVALID;
	if (rv == CKR_OK)
		rv = attr_bool(view_buf(&b.list), CKA_TOKEN, false)
			     ? generate_on_card(s, m, &b, ret)
			     : generate_on_host(s, m, &b, len, ret);
	buf_free(&b.list);
	return rv;
}

/* The digest of a key derivation function; NULL for CKD_NULL, *ret_known false for no function. */
static const struct hash *kdf_hash(CK_ULONG kdf, bool *ret_known)
{
	static const CK_MECHANISM_TYPE hashes[] = {
		[CKD_SHA1_KDF] = CKM_SHA_1,    [CKD_SHA224_KDF] = CKM_SHA224,
		[CKD_SHA256_KDF] = CKM_SHA256, [CKD_SHA384_KDF] = CKM_SHA384,
		[CKD_SHA512_KDF] = CKM_SHA512,
	};
	bool has = kdf < sizeof(hashes) / sizeof(hashes[0]) && hashes[kdf];

	*ret_known = has || kdf == CKD_NULL;
	return has ? hash_find(hashes[kdf]) : NULL;
}

/* ANSI X9.63 5.6.3: hash(Z || counter || shared data), as often as it takes. */
static CK_RV expand(const struct hash *hash, struct view z, struct view shared, uint8_t *ret,
		    size_t len)
{
	uint8_t block[EVP_MAX_MD_SIZE], counter[4];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct buf number;
	CK_RV rv = CKR_OK;

	for (size_t done = 0, i = 1; rv == CKR_OK && done < len; done += hash->size, i++) {
		size_t left = len - done;

		buf_fixed(&number, counter, sizeof(counter));
		buf_u32(&number, (uint32_t)i);
		if (!ctx || EVP_DigestInit_ex2(ctx, hash_md(hash), NULL) != 1 ||
		    EVP_DigestUpdate(ctx, z.data, z.len) != 1 ||
		    EVP_DigestUpdate(ctx, counter, sizeof(counter)) != 1 ||
		    (shared.len && EVP_DigestUpdate(ctx, shared.data, shared.len) != 1) ||
		    EVP_DigestFinal_ex(ctx, block, NULL) != 1)
			rv = CKR_GENERAL_ERROR;
		else
			memcpy(ret + done, block, left < hash->size ? left : hash->size);
	}
	EVP_MD_CTX_free(ctx);
	secret_wipe(block, sizeof(block));
	return rv;
}

/* The other's point, bare or in an OCTET STRING, as the card takes it. */
static CK_RV agree(struct session *s, const struct mechanism *m, const struct object *key,
		   struct view point, struct buf *ret)
{
	struct application_key_operation command = {
		.operation = APPLICATION_DERIVE,
		.key = key->number,
		.mechanism = (uint32_t)m->card,
		.input = point,
	};
	size_t size = key->type == CKK_EC ? 2 * key->size + 1 : key->size;
	uint16_t sw = 0;
	enum rc rc;

	/* A length byte, or two: 04 81 85. */
	if (point.len == size + 2 || point.len == size + 3)
		command.input = view_of(point.data + (point.len - size), size);
	if (command.input.len != size)
		return CKR_MECHANISM_PARAM_INVALID;
	rc = application_key_operation(s->slot->sc, &command, ret, &sw);
	if (rc == RC_SW && sw == SW_WRONG_DATA)
		return CKR_MECHANISM_PARAM_INVALID;
	return outcome(s->slot, CALL_DECRYPT, rc, &sw);
}

static CK_RV derive(struct session *s, const CK_ECDH1_DERIVE_PARAMS *p, const struct hash *hash,
		    struct view z, const struct object *key, struct birth *b,
		    CK_OBJECT_HANDLE_PTR ret)
{
	const struct history past = {
		CK_UNAVAILABLE_INFORMATION,
		attr_bool(view_buf(&key->list), CKA_ALWAYS_SENSITIVE, false),
		attr_bool(view_buf(&key->list), CKA_NEVER_EXTRACTABLE, false),
	};
	uint64_t fallback = b->schema->type != CKK_GENERIC_SECRET ? 0 : hash ? hash->size : z.len;
	uint64_t len = attr_ulong(view_buf(&b->list), CKA_VALUE_LEN, fallback);
	uint8_t bytes[VALUE_MAX];
	struct view value;
	CK_RV rv = CKR_OK;

	if (!len)
		return CKR_TEMPLATE_INCOMPLETE;
	if (!symmetric_key_fits(b->schema->type, len) || len > VALUE_MAX || (!hash && len > z.len))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	value = view_of(bytes, len);
	if (hash)
		rv = expand(hash, z, view_of(p->pSharedData, p->ulSharedDataLen), bytes, len);
	else
		/* Mechanisms 2.3.8: what is too long loses its leading end. */
		value = view_of(z.data + (z.len - len), len);
	if (rv == CKR_OK)
		rv = edit_narrow(finish(s, b, value, &past, ret));
	secret_wipe(bytes, sizeof(bytes));
	return rv;
}

static CK_RV check_base(struct session *s, const struct mechanism *m, const struct object *key)
{
	if (key->class != CKO_PRIVATE_KEY ||
	    (key->type != m->key_type && key->type != CKK_EC_MONTGOMERY))
		return CKR_KEY_TYPE_INCONSISTENT;
	if (!attr_bool(view_buf(&key->list), CKA_DERIVE, false))
		return CKR_KEY_TYPE_INCONSISTENT;
	if (key->is_restricted && !operation_allows(view_buf(&key->list), m->type))
		return CKR_MECHANISM_INVALID;
	return session_may_use(s, key->is_private);
}

CK_RV session_derive_key(struct session *s, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE base,
			 CK_ATTRIBUTE_PTR template, CK_ULONG count, CK_OBJECT_HANDLE_PTR ret)
{
	const CK_ECDH1_DERIVE_PARAMS *p = mechanism->pParameter;
	const struct mechanism *m = mechanism_find(mechanism->mechanism);
	const struct hash *hash;
	struct birth b = {0};
	struct object *key;
	struct buf z;
	bool known;
	CK_RV rv;

	if (!m || m->scheme != SCHEME_DERIVE)
		return CKR_MECHANISM_INVALID;
	if (!p || mechanism->ulParameterLen != sizeof(*p) || !p->pPublicData ||
	    (p->ulSharedDataLen && !p->pSharedData) || p->ulSharedDataLen > OPERATION_DATA_MAX)
		return CKR_MECHANISM_PARAM_INVALID;
	hash = kdf_hash(p->kdf, &known);
	if (!known || (p->kdf == CKD_NULL && p->ulSharedDataLen))
		return CKR_MECHANISM_PARAM_INVALID;
	if (session_object(s, base, &key) != CKR_OK)
		return CKR_KEY_HANDLE_INVALID;
	rv = check_base(s, m, key);
	buf_init(&b.list, ATTR_LIST_MAX);
	buf_init(&z, VALUE_MAX);
	if (rv == CKR_OK)
		rv = begin_from(s, key, CKA_DERIVE_TEMPLATE, CKK_GENERIC_SECRET, template, count,
				&b);
	if (rv == CKR_OK)
		rv = agree(s, m, key, view_of(p->pPublicData, p->ulPublicDataLen), &z);
	if (rv == CKR_OK)
		rv = derive(s, p, hash, view_buf(&z), key, &b, ret);
	buf_free(&z);
	buf_free(&b.list);
	return rv == CKR_ENCRYPTED_DATA_LEN_RANGE || rv == CKR_ENCRYPTED_DATA_INVALID
		       ? CKR_FUNCTION_FAILED
		       : rv;
}

/* What wrapping and unwrapping call the key that does it, and what they ask of it. */
struct role {
	CK_FLAGS flag;
	CK_ATTRIBUTE_TYPE usage;
	CK_OBJECT_CLASS pair_class;
	CK_RV no_handle, no_type, no_size;
};
static const struct role wraps = {
	CKF_WRAP,
	CKA_WRAP,
	CKO_PUBLIC_KEY,
	CKR_WRAPPING_KEY_HANDLE_INVALID,
	CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
	CKR_WRAPPING_KEY_SIZE_RANGE,
};
static const struct role unwraps = {
	CKF_UNWRAP,
	CKA_UNWRAP,
	CKO_PRIVATE_KEY,
	CKR_UNWRAPPING_KEY_HANDLE_INVALID,
	CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
	CKR_UNWRAPPING_KEY_SIZE_RANGE,
};

/* Fills an operation with mechanism and key; the caller discards it. */
static CK_RV prepare(struct session *s, const struct role *role, CK_MECHANISM_PTR mechanism,
		     CK_OBJECT_HANDLE handle, struct operation *o, struct object **ret)
{
	const struct mechanism *m = mechanism_find(mechanism->mechanism);
	struct object *key;
	CK_RV rv;

	operation_prepare(o);
	if (!m || !(m->flags & role->flag))
		return CKR_MECHANISM_INVALID;
	if (session_object(s, handle, &key) != CKR_OK)
		return role->no_handle;
	if (key->type != m->key_type ||
	    key->class != (m->scheme == SCHEME_CIPHER ? CKO_SECRET_KEY : role->pair_class) ||
	    !attr_bool(view_buf(&key->list), role->usage, false))
		return role->no_type;
	if (key->is_restricted && !operation_allows(view_buf(&key->list), m->type))
		return CKR_MECHANISM_INVALID;
	rv = session_may_use(s, key->is_private);
	if (rv == CKR_OK)
		rv = mechanism_parameter(m, mechanism, &o->parameter);
	if (rv == CKR_OK && m->scheme == SCHEME_CIPHER)
		rv = secret_parameter(m, mechanism, &o->label);
	if (rv == CKR_OK && o->parameter.label.len)
		buf_view(&o->label, o->parameter.label);
	if (rv != CKR_OK)
		return rv;
	o->mechanism = m;
	o->number = key->number;
	o->modulus = key->size;
	*ret = key;
	if (m->scheme == SCHEME_CIPHER)
		return secret_take(o, key) == CKR_OK ? CKR_OK : role->no_size;
	if (key->class != CKO_PUBLIC_KEY)
		return CKR_OK;
	rv = pubkey(key, &o->key);
	if (rv == CKR_OK)
		EVP_PKEY_up_ref(o->key);
	return rv == CKR_OK ? CKR_OK : role->no_type;
}

static CK_RV wrap_object(struct session *s, const struct operation *o, const struct object *target,
			 struct buf *out)
{
	const struct application_key_operation command = {
		.operation = APPLICATION_WRAP,
		.key = o->number,
		.mechanism = (uint32_t)o->mechanism->card,
		.parameter = view_buf(&o->label),
	};
	uint16_t sw = 0;
	enum rc rc = application_wrap_object(s->slot->sc, &command, target->number, out, &sw);
	CK_RV rv;

	if (rc == RC_SW && sw == SW_CONDITIONS)
		return CKR_KEY_NOT_WRAPPABLE;
	if (rc == RC_SW && sw == SW_WRONG_DATA)
		return CKR_KEY_SIZE_RANGE;
	rv = outcome(s->slot, CALL_DECRYPT, rc, &sw);
	return rv == CKR_ENCRYPTED_DATA_LEN_RANGE ? CKR_KEY_SIZE_RANGE : rv;
}

static CK_RV wrap_value(struct session *s, struct operation *o, struct view value, struct buf *out)
{
	CK_ULONG len = encrypted_size(o, value.len);
	uint8_t *at;
	CK_RV rv;

	if (o->mechanism->scheme == SCHEME_CIPHER)
		return secret_run(s, o, APPLICATION_WRAP, value, out);
	at = buf_space(out, len);
	if (!at)
		return CKR_HOST_MEMORY;
	rv = encrypt_on_host(o, value, at, &len);
	if (rv == CKR_OK)
		buf_truncate(out, len);
	return rv == CKR_DATA_LEN_RANGE || rv == CKR_DATA_INVALID ? CKR_KEY_SIZE_RANGE : rv;
}

static CK_RV wrap(struct session *s, struct operation *o, const struct object *wrapping,
		  const struct object *target, struct buf *out)
{
	struct view list = view_buf(&target->list), value;

	if (target->class != CKO_SECRET_KEY || target->type == CKK_INTAGLIO_LEDGER)
		return CKR_KEY_NOT_WRAPPABLE;
	if (!attr_bool(list, CKA_EXTRACTABLE, false))
		return CKR_KEY_UNEXTRACTABLE;
	if (attr_bool(list, CKA_WRAP_WITH_TRUSTED, false) &&
	    !attr_bool(view_buf(&wrapping->list), CKA_TRUSTED, false))
		return CKR_KEY_NOT_WRAPPABLE;
	if (attr_find(view_buf(&wrapping->list), CKA_WRAP_TEMPLATE, &value) == RC_OK &&
	    !object_matches(target, value))
		return CKR_KEY_NOT_WRAPPABLE;
	if (!target->number)
		return attr_find(list, CKA_VALUE, &value) == RC_OK ? wrap_value(s, o, value, out)
								   : CKR_KEY_NOT_WRAPPABLE;
	/* What a key outside the card wraps would be as good as outside. */
	if (o->secret.len || o->mechanism->scheme != SCHEME_CIPHER) {
		log_error("card %s: its keys are wrapped by secret keys on the card only",
			  s->slot->name);
		return CKR_KEY_NOT_WRAPPABLE;
	}
	return wrap_object(s, o, target, out);
}

/* What is asked for: an SM2 ciphertext is of another length each time, so the longest. */
static size_t wrapped_room(const struct operation *o, const struct object *key, size_t len,
			   CK_BYTE_PTR out, const CK_ULONG *out_len)
{
	struct view value;

	if (o->mechanism->scheme != SCHEME_SM2 || (out && *out_len >= len) ||
	    attr_find(view_buf(&key->list), CKA_VALUE, &value) != RC_OK)
		return len;
	return encrypted_size(o, value.len);
}

CK_RV session_wrap_key(struct session *s, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE wrapping,
		       CK_OBJECT_HANDLE target, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	struct object *wrapper, *key;
	struct operation o = {0};
	struct buf wrapped;
	bool go;
	CK_RV rv = prepare(s, &wraps, mechanism, wrapping, &o, &wrapper);

	buf_init(&wrapped, WRAPPED_MAX);
	if (rv == CKR_OK && session_object(s, target, &key) != CKR_OK)
		rv = CKR_KEY_HANDLE_INVALID;
	if (rv == CKR_OK)
		rv = wrap(s, &o, wrapper, key, &wrapped);
	if (rv == CKR_OK)
		rv = operation_room(out, out_len, wrapped_room(&o, key, wrapped.len, out, out_len),
				    &go);
	if (rv == CKR_OK && go) {
		if (wrapped.len)
			memcpy(out, wrapped.data, wrapped.len);
		*out_len = wrapped.len;
	}
	buf_free(&wrapped);
	operation_discard(&o);
	return rv;
}

/* Into an object on the card, by a key on the card: the value is never seen here. */
static CK_RV unwrap_on_card(struct session *s, struct operation *o, struct view in, struct birth *b,
			    CK_OBJECT_HANDLE_PTR ret)
{
	struct slot *slot = s->slot;
	uint64_t before = sc_change_counter(slot->sc);
	struct application_key_operation command = {
		.operation = APPLICATION_UNWRAP,
		.key = o->number,
		.mechanism = (uint32_t)o->mechanism->card,
		.input = in,
	};
	struct buf object, parameter;
	uint16_t sw = 0;
	enum rc rc;
	CK_RV rv;

	template_strip(b->schema, &b->list);
	buf_init(&object, 2 * ATTR_LIST_MAX);
	buf_init(&parameter, OPERATION_DATA_MAX);
	buf_put(&parameter, o->parameter.bytes, o->parameter.len);
	buf_view(&parameter, view_buf(&o->label));
	command.parameter = view_buf(&parameter);
	rc = application_unwrap_object(slot->sc, &command, view_buf(&b->list), &object, &sw);
	if (rc == RC_SW && sw == SW_WRONG_DATA)
		rv = CKR_WRAPPED_KEY_INVALID;
	else
		rv = outcome(slot, CALL_OBJECT, rc, &sw);
	if (rv == CKR_OK)
		rv = adopt(slot, &object, before, ret);
	buf_free(&parameter);
	buf_free(&object);
	return edit_narrow(rv);
}

static CK_RV unwrap_here(struct session *s, struct operation *o, struct view in, struct birth *b,
			 CK_OBJECT_HANDLE_PTR ret)
{
	static const struct history past = {CK_UNAVAILABLE_INFORMATION, false, false};
	CK_ULONG type = b->schema->type;
	struct buf value;
	CK_RV rv;

	buf_init(&value, WRAPPED_MAX);
	if (o->mechanism->scheme == SCHEME_CIPHER) {
		rv = secret_run(s, o, APPLICATION_UNWRAP, in, &value);
	} else {
		rv = unwrap_by_card(s, o, in);
		buf_view(&value, view_buf(&o->data));
	}
	if (rv == CKR_ENCRYPTED_DATA_INVALID)
		rv = CKR_WRAPPED_KEY_INVALID;
	if (rv == CKR_ENCRYPTED_DATA_LEN_RANGE)
		rv = CKR_WRAPPED_KEY_LEN_RANGE;
	if (rv == CKR_OK && (!symmetric_key_fits(type, value.len) ||
			     attr_ulong(view_buf(&b->list), CKA_VALUE_LEN, value.len) != value.len))
		rv = CKR_WRAPPED_KEY_INVALID;
	if (rv == CKR_OK)
		rv = edit_narrow(finish(s, b, view_buf(&value), &past, ret));
	buf_free(&value);
	return rv;
}

CK_RV session_unwrap_key(struct session *s, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE unwrapping,
			 CK_BYTE_PTR wrapped, CK_ULONG wrapped_len, CK_ATTRIBUTE_PTR template,
			 CK_ULONG count, CK_OBJECT_HANDLE_PTR ret)
{
	struct view in = view_of(wrapped, wrapped_len);
	struct operation o = {0};
	struct birth b = {0};
	struct object *key;
	CK_RV rv = prepare(s, &unwraps, mechanism, unwrapping, &o, &key);

	buf_init(&b.list, ATTR_LIST_MAX);
	if (rv == CKR_OK && wrapped_len > WRAPPED_MAX)
		rv = CKR_WRAPPED_KEY_LEN_RANGE;
	if (rv == CKR_OK)
		rv = begin_from(s, key, CKA_UNWRAP_TEMPLATE, CK_UNAVAILABLE_INFORMATION, template,
				count, &b);
	if (rv == CKR_OK)
		rv = attr_bool(view_buf(&b.list), CKA_TOKEN, false) && o.number
			     ? unwrap_on_card(s, &o, in, &b, ret)
			     : unwrap_here(s, &o, in, &b, ret);
	buf_free(&b.list);
	operation_discard(&o);
	return rv;
}

CK_RV session_digest_key(struct session *s, CK_OBJECT_HANDLE handle)
{
	struct operation *o = &s->operations[OPERATION_DIGEST];
	struct object *key;
	struct view value;

	if (!o->mechanism)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (session_object(s, handle, &key) != CKR_OK)
		return CKR_KEY_HANDLE_INVALID;
	/* The value of a key on the card does not leave it, not even to be hashed. */
	if (key->class != CKO_SECRET_KEY || key->number ||
	    attr_find(view_buf(&key->list), CKA_VALUE, &value) != RC_OK)
		return CKR_KEY_INDIGESTIBLE;
	o->is_multipart = true;
	o->is_unsaveable = true;
	return digest_update(o, value);
}
