/* SPDX-License-Identifier: BSD-2-Clause */
/* What authority.c and authority_show.c share: words for certificates. */
#ifndef INTAGLIO_TOOLS_AUTHORITY_H
#define INTAGLIO_TOOLS_AUTHORITY_H

#include <jansson.h>

#include "base/cvc.h"

enum { REFERENCE_TEXT = 2 * CVC_REFERENCE_MAX + 1, ROLES_TEXT = 48 };

/* What a certificate is, and what kind of holder it has. */
const char *authority_kind_text(const struct cvc *c);
/* A holder reference (ISO 8859-1) as UTF-8. */
const char *authority_reference_text(struct view reference, char ret[REFERENCE_TEXT]);
/* "user, issuer", or "none". */
const char *authority_roles_text(unsigned int roles, char ret[ROLES_TEXT]);
/* False if a word is no role; words are separated by commas. */
bool authority_roles_parse(const char *text, unsigned int *ret);
/* One certificate as a JSON object. */
json_t *authority_json(const struct cvc *c);
/* One certificate in one line of words. */
void authority_print(const struct cvc *c);

#endif
