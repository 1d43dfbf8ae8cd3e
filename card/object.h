/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects in card memory. RECORD_OBJECT | number: `01 || flags 1 || stamp 16 || n 4 || attribute
 * list n || sealed rest`. A public object's list lies open, its key material is sealed under the
 * storage key; of a private object everything is sealed, under the storage key and the user key.
 * The stamp is random and new with every write, so that a copy kept in RAM is known to be stale.
 */
#ifndef INTAGLIO_CARD_OBJECT_H
#define INTAGLIO_CARD_OBJECT_H

#include "base/attr.h"
#include "card/token.h"

enum {
	OBJECT_STAMP = 16,
	OBJECT_RENDERED_MAX = 8 + ATTR_LIST_MAX,
};

struct object {
	uint32_t number;
	bool private; /* CKA_PRIVATE */
	struct buf list; /* every attribute, key material too; owned */
};

/* What can be told of an object without opening it. */
struct object_head {
	bool private;
	uint8_t stamp[OBJECT_STAMP];
};

/* RC_NOT_FOUND. */
enum rc object_head(struct nvm *nvm, uint32_t number, struct object_head *ret) WARN_UNUSED;
/*
 * Opens an object; key is the user key, NULL if the caller has none. RC_NOT_FOUND; RC_POLICY: it is
 * private and there is no key; RC_DAMAGED. Freed with object_free.
 */
enum rc object_open(struct nvm *nvm, uint32_t number, const uint8_t *key,
		    struct object *ret) WARN_UNUSED;
/* Wipes. */
void object_free(struct object *object);
/* Puts it, inside a transaction; key as in object_open. RC_SPACE: its list is too long. */
enum rc object_put(struct nvm *nvm, const struct object *object, const uint8_t *key) WARN_UNUSED;
/* Appends `number 4 || length 4 || attribute list` without what stays on the card. */
enum rc object_render(const struct object *object, struct buf *out) WARN_UNUSED;
/*
 * Renders the first object above after that is private or public as asked. RC_NOT_FOUND at the end.
 */
enum rc object_next(struct nvm *nvm, uint32_t after, bool private, const uint8_t *key,
		    struct buf *out, uint32_t *ret_number) WARN_UNUSED;

/*
 * Fills in what a new object must have: defaults, and what the card sets itself. generated_by is
 * the mechanism, or ATTR_UNAVAILABLE for what was sent.
 */
void object_complete(struct object *object, uint64_t generated_by);
/* Gives a new object its number and CKA_UNIQUE_ID. RC_FULL. */
enum rc object_give_number(struct object *object, struct token_state *state) WARN_UNUSED;
/*
 * Inside a transaction: numbers and puts completed objects, and the token's state with them.
 * RC_POLICY: the channel may not write one of them.
 */
enum rc object_store_new(const struct command *c, struct object *objects, size_t count) WARN_UNUSED;
/* The channel's user key while the user is logged in on it, else NULL. */
const uint8_t *object_key(const struct command *c);

#endif
