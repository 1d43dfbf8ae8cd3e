/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attribute lists as they travel between token and card and lie in card memory: a sequence of
 * `type 4 || length 4 || value`, types strictly ascending, CK_ULONG and CK_BBOOL values in the
 * portable form of attr_put_ulong (8 bytes) and attr_put_bool (1 byte).
 */
#ifndef INTAGLIO_BASE_ATTR_H
#define INTAGLIO_BASE_ATTR_H

#include "base/buf.h"
#include "base/cryptoki.h"

enum { ATTR_LIST_MAX = 60000 };

/* Takes the next attribute. RC_MALFORMED if truncated. */
enum rc attr_next(struct view *list, CK_ATTRIBUTE_TYPE *ret_type,
		  struct view *ret_value) WARN_UNUSED;
/* Checks a whole list: well-formed, strictly ascending. */
enum rc attr_check(struct view list) WARN_UNUSED;
/* RC_NOT_FOUND if the list does not have it. */
enum rc attr_find(struct view list, CK_ATTRIBUTE_TYPE type, struct view *ret_value) WARN_UNUSED;
/* The value as an integer / boolean; fallback if absent or of the wrong length. */
uint64_t attr_ulong(struct view list, CK_ATTRIBUTE_TYPE type, uint64_t fallback);
bool attr_bool(struct view list, CK_ATTRIBUTE_TYPE type, bool fallback);

/*
 * Puts an attribute in its place in an ascending list that begins at b's start, replacing an
 * earlier value of this type.
 */
void attr_set(struct buf *b, CK_ATTRIBUTE_TYPE type, struct view value);
void attr_set_ulong(struct buf *b, CK_ATTRIBUTE_TYPE type, uint64_t x);
void attr_set_bool(struct buf *b, CK_ATTRIBUTE_TYPE type, bool x);
/* Takes an attribute out, if it is there. */
void attr_remove(struct buf *b, CK_ATTRIBUTE_TYPE type);

#endif
