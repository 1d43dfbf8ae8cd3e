/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the card itself asks of attributes, whoever sends them: known types, right lengths, nothing
 * that only the card sets, and changes in the one direction that PKCS#11 allows. The complete rules
 * of templates, with their return values, are the token layer's.
 */
#ifndef INTAGLIO_CARD_OBJECT_SCHEMA_H
#define INTAGLIO_CARD_OBJECT_SCHEMA_H

#include "base/attr.h"

/* CK_UNAVAILABLE_INFORMATION as it travels. */
#define ATTR_UNAVAILABLE UINT64_MAX

/* A template for a new object. RC_MALFORMED: not a list, unknown, of a wrong length or the card's. */
enum rc schema_check_new(struct view list) WARN_UNUSED;
/* New values for an object that has the list now. RC_MALFORMED: not changeable, or not that way. */
enum rc schema_check_change(struct view changes, struct view now) WARN_UNUSED;
/* The list has one of these types: RC_MALFORMED. types ends with CK_UNAVAILABLE_INFORMATION. */
enum rc schema_check_without(struct view list, const CK_ATTRIBUTE_TYPE *types) WARN_UNUSED;

#endif
