/* SPDX-License-Identifier: BSD-2-Clause */
/* Base64, RFC 4648 section 4, strict. */
#include "base/base64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_put(struct buf *b, struct view bytes)
{
	while (bytes.len) {
		size_t n = bytes.len < 3 ? bytes.len : 3;
		uint32_t group = 0;

		for (size_t i = 0; i < 3; i++)
			group = group << 8 | (i < n ? bytes.data[i] : 0);
		for (size_t i = 0; i < 4; i++)
			buf_u8(b, i > n ? '=' : (uint8_t)alphabet[group >> (18 - 6 * i) & 0x3F]);
		bytes = view_of(bytes.data + n, bytes.len - n);
	}
}

/* The value of a digit, or 64. */
static uint32_t digit(uint8_t c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (uint32_t)(at - alphabet) : 64;
}

enum rc base64_parse(struct view text, struct buf *ret)
{
	struct view four;

	while (text.len) {
		uint32_t group = 0;
		size_t digits = 4;

		if (view_take(&text, 4, &four) != RC_OK)
			return RC_MALFORMED;
		if (!text.len && four.data[3] == '=')
			digits = four.data[2] == '=' ? 2 : 3;
		for (size_t i = 0; i < digits; i++) {
			uint32_t value = digit(four.data[i]);

			if (value == 64)
				return RC_MALFORMED;
			group |= value << (18 - 6 * i);
		}
		if ((digits == 2 && group & 0xFFFF) || (digits == 3 && group & 0xFF))
			return RC_MALFORMED;
		for (size_t i = 0; i < digits - 1; i++)
			buf_u8(ret, (uint8_t)(group >> (16 - 8 * i)));
	}
	return buf_rc(ret);
}
