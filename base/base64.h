/* SPDX-License-Identifier: BSD-2-Clause */
/* Base64 of RFC 4648 section 4, for public bytes: its tables are read at places that depend on them. */
#ifndef INTAGLIO_BASE_BASE64_H
#define INTAGLIO_BASE_BASE64_H

#include "base/buf.h"

/* Appends the padded text of some bytes, without line breaks. */
void base64_put(struct buf *b, struct view bytes);
/*
 * Appends the bytes of a padded text. RC_MALFORMED for anything base64_put does not make: other
 * characters, missing padding, bits set where there is padding.
 */
enum rc base64_parse(struct view text, struct buf *ret) WARN_UNUSED;

#endif
