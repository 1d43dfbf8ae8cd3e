/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ciphers whose whole blocks need not wait for the last part: ECB and CBC, PKCS#11 5.8 and 5.10.
 * What is left of a part, and the last block where it may be padding, lies in o->data. In CBC the
 * last block of ciphertext is the next IV.
 */
#include <string.h>

#include "token/secret.h"

enum { PASS_MAX = 16384 };

bool parts_are_possible(const struct mechanism *m, const struct object *key)
{
	switch (secret_mode(m->type)) {
	case CKM_AES_ECB:
	case CKM_AES_CBC:
		return true;
	case CKM_AES_CBC_PAD:
		/* What comes before the padding is asked for as CBC without. */
		return !key->is_restricted;
	default:
		return false;
	}
}

size_t parts_size(const struct operation *o, enum operation_kind kind, size_t len)
{
	size_t all = o->data.len + len, rest = all % AES_BLOCK;

	if (!rest && all && kind == OPERATION_DECRYPT &&
	    secret_mode(o->mechanism->type) == CKM_AES_CBC_PAD)
		rest = AES_BLOCK;
	return all - rest;
}

static void next_iv(struct operation *o, struct view ciphertext)
{
	if (secret_mode(o->mechanism->type) == CKM_AES_ECB)
		return;
	buf_reset(&o->label);
	buf_put(&o->label, ciphertext.data + (ciphertext.len - AES_BLOCK), AES_BLOCK);
}

/* The first len bytes of o->data, which are whole blocks, into out. */
static CK_RV run_blocks(struct session *s, enum operation_kind kind, struct operation *o,
			size_t len, CK_BYTE_PTR out)
{
	const struct mechanism *mechanism = o->mechanism;
	struct view in = view_of(o->data.data, len);
	uint8_t rest[AES_BLOCK];
	size_t rest_len = o->data.len - len;
	struct buf result;
	CK_RV rv;

	buf_init(&result, 2 * PASS_MAX);
	if (mechanism->type == CKM_AES_CBC_PAD)
		o->mechanism = mechanism_find(CKM_AES_CBC);
	if (mechanism->type == CKM_INTAGLIO_SM4_CBC_PAD)
		o->mechanism = mechanism_find(CKM_INTAGLIO_SM4_CBC);
	rv = secret_run(s, o, kind == OPERATION_ENCRYPT ? APPLICATION_ENCRYPT : APPLICATION_DECRYPT,
			in, &result);
	o->mechanism = mechanism;
	if (rv == CKR_OK && result.len != len)
		rv = CKR_DEVICE_ERROR;
	if (rv == CKR_OK) {
		memcpy(out, result.data, len);
		next_iv(o, kind == OPERATION_ENCRYPT ? view_buf(&result) : in);
		memcpy(rest, o->data.data + len, rest_len);
		buf_reset(&o->data);
		buf_put(&o->data, rest, rest_len);
		OPENSSL_cleanse(rest, sizeof(rest));
	}
	buf_free(&result);
	return rv;
}

CK_RV parts_run(struct session *s, enum operation_kind kind, struct operation *o, struct view in,
		CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	size_t done = 0, go;
	CK_RV rv = CKR_OK;

	do {
		size_t step = in.len < PASS_MAX ? in.len : PASS_MAX;

		buf_view(&o->data, view_of(in.data, step));
		if (buf_rc(&o->data) != RC_OK)
			return CKR_HOST_MEMORY;
		in.data += step;
		in.len -= step;
		go = parts_size(o, kind, 0);
		if (go)
			rv = run_blocks(s, kind, o, go, out + done);
		done += go;
	} while (rv == CKR_OK && in.len);
	if (rv == CKR_OK)
		*out_len = done;
	return rv;
}
