/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Public keys from the attributes of objects, for what the host does with them, and the named
 * curves that cards have.
 */
#ifndef INTAGLIO_TOKEN_PUBKEY_H
#define INTAGLIO_TOKEN_PUBKEY_H

#include "token/store.h"

/* The object's public key, made at first use and kept in it. CKR_KEY_TYPE_INCONSISTENT. */
CK_RV pubkey(struct object *o, EVP_PKEY **ret);

/* The point of an EC or SM2 key as `04 x y`, as far as its list has one; borrowed. */
bool pubkey_point(CK_KEY_TYPE type, struct view list, struct view *ret);

/* Bytes of a field element of the curve in a CKA_EC_PARAMS; 0 if keys of this type have no such. */
size_t curve_size(CK_KEY_TYPE type, struct view params);
/* Bytes of an RSA modulus or of the field of an EC key, from an object's list; 0 for others. */
size_t pubkey_size(CK_KEY_TYPE type, struct view list);

#endif
