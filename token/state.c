/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * C_GetOperationState and C_SetOperationState, PKCS#11 5.6.5 and 5.6.6. Of all operations a digest
 * can be saved: its state is what went in so far, so it needs no key and goes to any session of any
 * process. Layout: version 1 || mechanism 8 || input || SHA-256 of all before.
 */
#include <string.h>

#include "base/crypto.h"
#include "token/session.h"

enum { STATE_VERSION = 1, STATE_HEADER = 1 + 8, STATE_MAX = STATE_HEADER + OPERATION_DATA_MAX };

void state_remember(struct operation *o, struct view in)
{
	if (o->is_unsaveable)
		return;
	if (in.len <= OPERATION_DATA_MAX - o->past.len)
		buf_view(&o->past, in);
	else
		o->is_unsaveable = true;
	if (buf_rc(&o->past) != RC_OK)
		o->is_unsaveable = true;
	if (o->is_unsaveable)
		buf_free(&o->past);
}

static CK_RV check_saveable(const struct session *s)
{
	CK_RV rv = CKR_OPERATION_NOT_INITIALIZED;

	for (size_t i = 0; i < OPERATION_KINDS; i++) {
		if (!s->operations[i].mechanism)
			continue;
		if (i != OPERATION_DIGEST || s->operations[i].is_unsaveable)
			return CKR_STATE_UNSAVEABLE;
		rv = CKR_OK;
	}
	return rv;
}

CK_RV session_get_state(struct session *s, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	const struct operation *o = &s->operations[OPERATION_DIGEST];
	uint8_t digest[SHA256_SIZE];
	struct buf state;
	bool go;
	CK_RV rv = check_saveable(s);

	if (rv != CKR_OK)
		return rv;
	rv = operation_room(out, out_len, STATE_HEADER + o->past.len + SHA256_SIZE, &go);
	if (!go)
		return rv;
	buf_fixed(&state, out, *out_len);
	buf_u8(&state, STATE_VERSION);
	buf_u64(&state, o->mechanism->type);
	buf_view(&state, view_buf(&o->past));
	if (crypto_sha256(view_buf(&state), digest) != RC_OK)
		return CKR_GENERAL_ERROR;
	buf_put(&state, digest, sizeof(digest));
	*out_len = state.len;
	return buf_rc(&state) == RC_OK ? CKR_OK : CKR_GENERAL_ERROR;
}

/* RC_MALFORMED for what session_get_state did not make. */
static enum rc take_state(struct view state, CK_MECHANISM_TYPE *ret_type, struct view *ret_input)
{
	uint8_t digest[SHA256_SIZE], version;
	struct view body;
	uint64_t type;

	if (state.len < STATE_HEADER + SHA256_SIZE || state.len > STATE_MAX + SHA256_SIZE ||
	    view_take(&state, state.len - SHA256_SIZE, &body) != RC_OK ||
	    crypto_sha256(body, digest) != RC_OK ||
	    !view_equal(state, view_of(digest, sizeof(digest))) ||
	    view_u8(&body, &version) != RC_OK || version != STATE_VERSION ||
	    view_u64(&body, &type) != RC_OK)
		return RC_MALFORMED;
	*ret_type = type;
	*ret_input = body;
	return RC_OK;
}

CK_RV session_set_state(struct session *s, CK_BYTE_PTR in, CK_ULONG in_len,
			CK_OBJECT_HANDLE encryption_key, CK_OBJECT_HANDLE authentication_key)
{
	CK_MECHANISM mechanism = {CK_UNAVAILABLE_INFORMATION, NULL, 0};
	const struct mechanism *row;
	struct view input;
	CK_RV rv;

	if (take_state(view_of(in, in_len), &mechanism.mechanism, &input) != RC_OK)
		return CKR_SAVED_STATE_INVALID;
	row = mechanism_find(mechanism.mechanism);
	if (!row || row->scheme != SCHEME_DIGEST)
		return CKR_SAVED_STATE_INVALID;
	if (encryption_key || authentication_key)
		return CKR_KEY_NOT_NEEDED;
	for (size_t i = 0; i < OPERATION_KINDS; i++)
		operation_end(&s->operations[i]);
	session_find_final(s);
	rv = operation_init(s, OPERATION_DIGEST, &mechanism, 0);
	if (rv == CKR_OK && input.len)
		rv = operation_update(s, OPERATION_DIGEST, (CK_BYTE_PTR)input.data, input.len, NULL,
				      NULL);
	return rv == CKR_OK || rv == CKR_HOST_MEMORY ? rv : CKR_GENERAL_ERROR;
}
