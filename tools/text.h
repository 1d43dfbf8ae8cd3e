/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text of others made fit to be shown: what comes from records, labels, files or the names of files
 * may be any bytes. JSON and HTML take UTF-8 only; a terminal obeys control characters. One thread.
 */
#ifndef INTAGLIO_TOOLS_TEXT_H
#define INTAGLIO_TOOLS_TEXT_H

#include <stddef.h>

#include "base/buf.h"

enum { TEXT_GROWTH = 3 }; /* bytes that come of one at most, a terminating zero aside */

/*
 * Writes valid UTF-8 of at most size - 1 bytes, cut between characters, and a zero. Each byte that
 * belongs to no character, and a zero, becomes U+FFFD. Returns ret. The Unicode Standard 3.9, D92.
 */
char *text_utf8(struct view text, char *ret, size_t size);
/*
 * The same, and on one line: control characters, ends of lines and what turns the direction of
 * writing become U+FFFD too.
 */
char *text_line(struct view text, char *ret, size_t size);

#endif
