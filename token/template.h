/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the templates of an application (CK_ATTRIBUTE arrays in this machine's forms) and
 * attribute lists (base/attr.h), under the rules of a schema. Every CKR is the one PKCS#11 2.40
 * 4.1.1 gives for the fault. Nothing here keeps a pointer into a template.
 */
#ifndef INTAGLIO_TOKEN_TEMPLATE_H
#define INTAGLIO_TOKEN_TEMPLATE_H

#include "base/attr.h"
#include "token/schema.h"

enum template_use { TEMPLATE_CREATE, TEMPLATE_GENERATE };

/*
 * Appends one attribute to a list in its portable form, after checking value and length.
 * CKR_ATTRIBUTE_VALUE_INVALID, CKR_HOST_MEMORY.
 */
CK_RV template_put(struct buf *list, enum schema_form form, const CK_ATTRIBUTE *attribute);

/* A CK_ULONG or CK_BBOOL of a template; fallback if it is not there or of another length. */
CK_ULONG template_ulong(const CK_ATTRIBUTE *template, CK_ULONG count, CK_ATTRIBUTE_TYPE type,
			CK_ULONG fallback);
bool template_bool(const CK_ATTRIBUTE *template, CK_ULONG count, CK_ATTRIBUTE_TYPE type,
		   bool fallback);

/*
 * The whole attribute list of a new object: the template's attributes and every default. class and
 * type (of the schema) are put in, and a template that says otherwise is CKR_TEMPLATE_INCONSISTENT.
 */
CK_RV template_build(const struct schema *schema, enum template_use use,
		     const CK_ATTRIBUTE *template, CK_ULONG count, struct buf *ret_list);
/*
 * What a template changes in an object whose list is given: MAY_COPY for a copy, MAY_SET for
 * C_SetAttributeValue. Values that stay as they are appear too.
 */
CK_RV template_change(const struct schema *schema, unsigned int use, struct view list,
		      const CK_ATTRIBUTE *template, CK_ULONG count, struct buf *ret_changes);
/* Takes out what only the card sets. */
void template_strip(const struct schema *schema, struct buf *list);
/* Puts every attribute of changes into list. */
void template_merge(struct buf *list, struct view changes);

/* True if the object does not show its secret values. */
bool template_is_sensitive(struct view list);
/* An attribute's value in a list, or its default; false if it has neither. */
bool template_value(const struct schema_row *row, struct view list, struct view *ret);
/*
 * One attribute of C_GetAttributeValue from an object's list; the rules for pValue and ulValueLen
 * of PKCS#11 5.7. CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, CKR_BUFFER_TOO_SMALL.
 */
CK_RV template_get(const struct schema *schema, struct view list, CK_ATTRIBUTE *attribute);
/* The same rules for one value in portable form. */
CK_RV template_give(enum schema_form form, struct view value, CK_ATTRIBUTE *attribute);

/* A template and what a key adds to it: CKA_UNWRAP_TEMPLATE, CKA_DERIVE_TEMPLATE. */
struct joined {
	CK_ATTRIBUTE *attributes; /* the first ones point where the template does */
	CK_ULONG count;
	uint8_t *values; /* of the added ones */
};
/*
 * Adds the attributes of a list that the template does not have. CKR_TEMPLATE_INCONSISTENT if it has
 * one with another value. The caller frees ret even then.
 */
CK_RV template_join(struct view list, const CK_ATTRIBUTE *template, CK_ULONG count,
		    struct joined *ret);
void template_joined_free(struct joined *joined);

#endif
