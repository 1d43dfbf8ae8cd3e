/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Applications of a principal card as keys: a search that asks for CKK_INTAGLIO_APPLICATION finds one
 * public object for each, and CKM_INTAGLIO_APPLICATION_LOAD with it installs. Used under the slot's lock.
 */
#ifndef INTAGLIO_TOKEN_APPLICATION_KEY_H
#define INTAGLIO_TOKEN_APPLICATION_KEY_H

#include "token/session.h"

/*
 * Before a search: brings the applications that it may find to the store. One that is no search for
 * them, and a card that is no principal card, cost nothing and find nothing.
 */
CK_RV application_keys_load(struct slot *slot, struct view query);
/* C_SignInit: the application's number comes to the operation's parameter. */
CK_RV application_key_take(struct operation *o, const struct object *key);
/*
 * C_Sign and C_SignFinal: the installation. The operation is over before it begins, and the session
 * may be when it ends: neither is touched then.
 */
CK_RV application_key_sign(struct session *s, struct operation *o, struct view in, CK_BYTE_PTR out,
			   CK_ULONG_PTR out_len);

#endif
