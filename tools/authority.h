/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the commands that work with an authority share: words for certificates, what options mean,
 * and the authority's directory.
 */
#ifndef INTAGLIO_TOOLS_AUTHORITY_H
#define INTAGLIO_TOOLS_AUTHORITY_H

#include <jansson.h>

#include "base/authority.h"
#include "tools/tool.h"

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

/* The exit code of a failure, and a sentence if there was none. */
enum exit_code authority_outcome(enum rc rc);

/* What an option says; *ret stays if text is NULL. Say a sentence and return false if it is wrong. */
bool authority_parse_number(const char *text, unsigned long least, unsigned long most,
			    unsigned int *ret);
/* YYYY-MM-DD. */
bool authority_parse_date(const char *text, uint32_t *ret);
/* A suite as it is written and read: 42, 02, 01. */
bool authority_parse_suite(const char *text, uint8_t *ret);
bool authority_parse_roles(const char *text, unsigned int *ret);

/* The first line of the file, INTAGLIO_PASSPHRASE, or asked for; file may be NULL. */
bool authority_passphrase(const char *file, struct buf *ret);
/* authority_open with that passphrase, if the key is enciphered. */
enum rc authority_open_for(const char *dir, const char *passphrase_file,
			   struct authority **ret) WARN_UNUSED;

#endif
