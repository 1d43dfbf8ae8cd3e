/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations with secret keys: on the card for its objects, by libcrypto for session keys. Used under
 * the slot's lock.
 */
#ifndef INTAGLIO_TOKEN_SECRET_H
#define INTAGLIO_TOKEN_SECRET_H

#include "token/session.h"

/* The mechanism of AES that is the same mode; of those that have none, the mechanism itself. */
CK_MECHANISM_TYPE secret_mode(CK_MECHANISM_TYPE type);
/* The parameter of a cipher as the card takes it (doc/commands.md). CKR_MECHANISM_PARAM_INVALID. */
CK_RV secret_parameter(const struct mechanism *mechanism, const CK_MECHANISM *given,
		       struct buf *ret);
/* Takes a key into an operation: its number, or a session key's value. */
CK_RV secret_take(struct operation *o, const struct object *key);
/* Bytes that come out when so many are enciphered. */
size_t secret_size(const struct operation *o, size_t len);
/* Enciphers, deciphers, wraps or unwraps in and appends to out. */
CK_RV secret_run(struct session *s, struct operation *o, enum application_operation operation,
		 struct view in, struct buf *out);
/* Whether parts need not wait for the last one (token/parts.c), with the parameter in the label. */
bool parts_are_possible(const struct operation *o, enum operation_kind kind,
			const struct mechanism *m);
/* How much of what all the input in o->data comes to was given with its parts. */
size_t parts_given(const struct operation *o);
/* Bytes that come out when a part of so many goes in. */
size_t parts_size(const struct operation *o, enum operation_kind kind, size_t len);
/* Takes a part; out has room for what comes out. */
CK_RV parts_run(struct session *s, enum operation_kind kind, struct operation *o, struct view in,
		CK_BYTE_PTR out, CK_ULONG_PTR out_len);
/* C_Sign and C_Verify with a MAC. */
CK_RV secret_sign(struct session *s, struct operation *o, struct view in, CK_BYTE_PTR out,
		  CK_ULONG_PTR out_len);
CK_RV secret_verify(struct session *s, struct operation *o, struct view in, struct view mac);

#endif
