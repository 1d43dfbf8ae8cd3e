/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of a ledger as objects: a CKO_DATA object whose CKA_APPLICATION is a ledger's CKA_LABEL is
 * sealed when it is created, and the newest records are found as private data objects, which cannot
 * be changed, copied or destroyed. Used under the slot's lock.
 */
#ifndef INTAGLIO_TOKEN_RECORD_H
#define INTAGLIO_TOKEN_RECORD_H

#include "token/session.h"

/* As many of a ledger's newest records as a search looks at. */
enum { RECORDS_FOUND = 256 };

/*
 * The ledger that a data object belongs to by its CKA_APPLICATION; *ret NULL if none. Two ledgers of
 * that label: CKR_TEMPLATE_INCONSISTENT. Looks at the ledgers that the store has.
 */
CK_RV record_ledger(struct session *s, struct view list, struct object **ret);
/* Seals the object of this list. CKR_OK: it is durable on the card. */
CK_RV record_create(struct session *s, struct object *ledger, struct view list,
		    CK_OBJECT_HANDLE_PTR ret);
/* Before a search: brings the records that it may find to the store. */
CK_RV record_load(struct session *s, struct view query);
/* The CKA_VALUE of a record, from the card. */
CK_RV record_get_value(struct session *s, const struct object *o, CK_ATTRIBUTE *attribute);

#endif
