/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects that say what the token is, PKCS#11 3.2 4.14 and 4.15: the profiles it has and a mechanism
 * object for each row of the mechanism table. They are the module's and on no card, neither token
 * nor session objects, so that only who asks for them finds them. Used under the slot's lock.
 */
#ifndef INTAGLIO_TOKEN_FACTS_H
#define INTAGLIO_TOKEN_FACTS_H

#include "token/store.h"

/* Whether objects of this class are such. */
bool facts_has_class(CK_OBJECT_CLASS class);
/* Whether a search asks for them: by class, or by an attribute that only they have. */
bool facts_are_wanted(const struct query *query);
/* Puts them into the store, unless they are there. CKR_HOST_MEMORY. */
CK_RV facts_put(struct store *store);
/* Whether what the object says is true of what else is in the store. */
bool facts_hold(const struct store *store, const struct object *fact);

#endif
