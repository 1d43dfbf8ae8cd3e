/* SPDX-License-Identifier: BSD-2-Clause */
/* Hexadecimal text as bytes, for vectors and scripts. */
#ifndef INTAGLIO_TESTS_SC_HEX_H
#define INTAGLIO_TESTS_SC_HEX_H

#include <stdlib.h>

#include "base/buf.h"

static inline unsigned int hex_value(char c)
{
	return (unsigned int)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
}

/* Appends the bytes of text, in which spaces do not count. */
static inline void hex_put(struct buf *b, const char *text)
{
	while (*text) {
		if (*text == ' ') {
			text++;
			continue;
		}
		if (!text[1])
			abort();
		buf_u8(b, (uint8_t)(hex_value(text[0]) << 4 | hex_value(text[1])));
		text += 2;
	}
}

#endif
