/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ciphers whose parts need not wait for the last one, PKCS#11 5.8 and 5.10. ECB and CBC give whole
 * blocks: what is left of a part, and the last block where it may be padding, lies in o->data, and in
 * CBC the last block of ciphertext is the next IV. CTR, and GCM that enciphers, give each byte at once:
 * the key stream is taken up where it was left. The card keeps nothing between commands, so that the
 * tag of GCM is made of all of the plaintext, which lies in o->data, once more; what is deciphered in
 * GCM waits for its tag (6.13.2).
 */
#include <string.h>

#include "base/symmetric.h"
#include "token/secret.h"

/* SP 800-38D 7.1: the first counter enciphers the tag, the next the first block. */
enum { PASS_MAX = 16384, GCM_COUNTER_BITS = 32, GCM_FIRST = 2 };

static bool is_stream(const struct operation *o)
{
	CK_MECHANISM_TYPE mode = secret_mode(o->mechanism->type);

	return mode == CKM_AES_CTR || mode == CKM_AES_GCM;
}

bool parts_are_possible(const struct operation *o, enum operation_kind kind,
			const struct mechanism *m)
{
	switch (secret_mode(m->type)) {
	case CKM_AES_ECB:
	case CKM_AES_CBC:
	case CKM_AES_CTR:
		return true;
	case CKM_AES_GCM:
		/* The key stream is asked for as CTR; other nonces are hashed to its beginning. */
		return kind == OPERATION_ENCRYPT && !o->is_restricted &&
		       o->label.data[1] == GCM_NONCE;
	case CKM_AES_CBC_PAD:
		/* What comes before the padding is asked for as CBC without. */
		return !o->is_restricted;
	default:
		return false;
	}
}

size_t parts_size(const struct operation *o, enum operation_kind kind, size_t len)
{
	size_t all = o->data.len + len, rest = all % AES_BLOCK;

	if (is_stream(o))
		return len;
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

size_t parts_given(const struct operation *o)
{
	return o->is_multipart && o->in_parts && o->mechanism->type == CKM_AES_GCM ? o->data.len
										   : 0;
}

/* The block that the key stream begins with, and the bits of it that count; 0 if there is none. */
static unsigned int first_block(const struct operation *o, uint8_t ret[AES_BLOCK])
{
	struct view label = view_buf(&o->label);
	uint8_t bits = GCM_COUNTER_BITS, tag, nonce;

	if (o->mechanism->type != CKM_AES_GCM)
		return view_u8(&label, &bits) == RC_OK && view_copy(&label, ret, AES_BLOCK) == RC_OK
			       ? bits
			       : 0;
	memset(ret, 0, AES_BLOCK);
	ret[AES_BLOCK - 1] = GCM_FIRST;
	return view_u8(&label, &tag) == RC_OK && view_u8(&label, &nonce) == RC_OK &&
			       view_copy(&label, ret, GCM_NONCE) == RC_OK
		       ? bits
		       : 0;
}

static void add(uint8_t block[AES_BLOCK], uint64_t n)
{
	for (size_t i = AES_BLOCK; i-- > 0 && n; n >>= 8) {
		n += block[i];
		block[i] = (uint8_t)n;
	}
}

/* As CTR from the block on that is due; what was used of that block goes in as zeros before. */
static CK_RV run_stream(struct session *s, enum operation_kind kind, struct operation *o,
			struct view in, CK_BYTE_PTR out)
{
	const struct mechanism *mechanism = o->mechanism;
	uint8_t block[AES_BLOCK], used[AES_BLOCK] = {0};
	size_t skip = o->given % AES_BLOCK;
	unsigned int bits = first_block(o, block);
	struct buf result, whole, label = o->label;
	CK_RV rv = CKR_HOST_MEMORY;

	add(block, o->given / AES_BLOCK);
	buf_init(&result, 2 * PASS_MAX);
	buf_init(&whole, 2 * PASS_MAX);
	buf_init(&o->label, 1 + AES_BLOCK);
	buf_u8(&o->label, (uint8_t)bits);
	buf_put(&o->label, block, sizeof(block));
	buf_put(&whole, used, skip);
	buf_view(&whole, in);
	if (mechanism->type == CKM_AES_GCM)
		o->mechanism = mechanism_find(CKM_AES_CTR);
	if (buf_rc(&whole) == RC_OK && buf_rc(&o->label) == RC_OK)
		rv = secret_run(
			s, o, kind == OPERATION_ENCRYPT ? APPLICATION_ENCRYPT : APPLICATION_DECRYPT,
			view_buf(&whole), &result);
	o->mechanism = mechanism;
	buf_free(&o->label);
	o->label = label;
	if (rv == CKR_OK && result.len != whole.len)
		rv = CKR_DEVICE_ERROR;
	if (rv == CKR_OK) {
		memcpy(out, result.data + skip, in.len);
		o->given += in.len;
	}
	buf_free(&whole);
	buf_free(&result);
	return rv;
}

static CK_RV run_streams(struct session *s, enum operation_kind kind, struct operation *o,
			 struct view in, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	uint8_t block[AES_BLOCK];
	unsigned int bits = first_block(o, block);
	size_t len = in.len;
	CK_RV rv = CKR_OK;

	if (!symmetric_counter_suffices(bits, block, o->given + len))
		return kind == OPERATION_ENCRYPT ? CKR_DATA_LEN_RANGE
						 : CKR_ENCRYPTED_DATA_LEN_RANGE;
	/* Before the output, which may be where the input is. */
	if (o->mechanism->type == CKM_AES_GCM)
		rv = operation_collect(o, in);
	for (size_t done = 0, step; rv == CKR_OK && done < len; done += step) {
		step = len - done < PASS_MAX ? len - done : PASS_MAX;
		rv = run_stream(s, kind, o, view_of(in.data + done, step), out + done);
	}
	if (rv == CKR_OK)
		*out_len = len;
	return rv;
}

CK_RV parts_run(struct session *s, enum operation_kind kind, struct operation *o, struct view in,
		CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	size_t done = 0, go;
	CK_RV rv = CKR_OK;

	if (is_stream(o))
		return run_streams(s, kind, o, in, out, out_len);
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
