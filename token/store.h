/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The objects of one slot that the host knows: the card's, by number, and session objects. Sorted
 * by handle, and handles only go up, so that a handle is found by halving and none is used twice.
 * The store owns its objects and wipes what it drops. Used under the slot's lock.
 */
#ifndef INTAGLIO_TOKEN_STORE_H
#define INTAGLIO_TOKEN_STORE_H

#include <openssl/evp.h>

#include "base/attr.h"
#include "token/schema.h"

struct session;

struct object {
	CK_OBJECT_HANDLE handle;
	uint32_t number; /* on the card; 0: a session object, or a record */
	uint32_t ledger; /* the number of the ledger that the record is of; 0: no record */
	uint64_t record; /* its place in the ledger .. */
	unsigned int record_leaves; /* .. and how many it takes */
	const struct session *owner; /* of a session object */
	const struct schema *schema; /* NULL: a class or type of a later version */
	CK_OBJECT_CLASS class;
	CK_ULONG type; /* key or certificate type */
	bool is_private;
	uint16_t uses; /* bit CKA_x - CKA_ENCRYPT for every use from CKA_ENCRYPT to CKA_DERIVE */
	bool is_restricted; /* it has CKA_ALLOWED_MECHANISMS */
	size_t size; /* of a key, as pubkey_size gives it */
	bool seen; /* by the reading that goes on */
	struct buf list; /* its attributes; without secrets for the card's objects */
	EVP_PKEY *key; /* public key, made from the list at first use (token/pubkey.h) */
};

/* One row of the index: what a search looks at before it opens an object. */
struct entry {
	CK_OBJECT_HANDLE handle;
	CK_OBJECT_CLASS class;
	uint64_t id_hash, label_hash; /* 0: empty or absent */
	bool is_private;
	struct object *object;
};

struct store {
	struct entry *entries;
	size_t count, room;
	CK_OBJECT_HANDLE last; /* the newest handle given out */
	uint32_t highest; /* number on the card that was ever put */
};

/* What a search asks for: a list in portable form. */
struct query {
	struct view list;
	bool has_class, has_id, has_label;
	CK_OBJECT_CLASS class;
	uint64_t id_hash, label_hash;
};

/* NULL if there is none. */
struct object *store_get(const struct store *store, CK_OBJECT_HANDLE handle);
/*
 * Adds an object, or gives the card's object of this number a new list and keeps its handle. list
 * is copied. NULL without memory.
 */
struct object *store_put(struct store *store, uint32_t number, const struct session *owner,
			 struct view list);
/* After an object's list was changed in place: what follows from it. */
void store_refresh(struct store *store, struct object *object);
void store_remove(struct store *store, struct object *object);
/* Drops every object that the predicate names. */
void store_drop(struct store *store, bool (*is_dropped)(const struct object *o, const void *arg),
		const void *arg);
/* Drops everything. Handles go on where they were. */
void store_clear(struct store *store);

/* Whether the object has every attribute of a list, with the value that it would show. */
bool object_matches(const struct object *o, struct view wanted);
/* The list is borrowed as long as the query is used. */
void query_init(struct query *query, struct view list);
/* The next entry after *at (0 at first) that matches; NULL at the end. */
const struct entry *store_next(const struct store *store, const struct query *query, size_t *at);

#endif
