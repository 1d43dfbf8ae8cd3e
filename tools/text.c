/* SPDX-License-Identifier: BSD-2-Clause */
/* Text of others, character by character. */
#include "tools/text.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/note.h"

/* What a line that others wrote must not have in it. */
static bool is_unfit(uint32_t character)
{
	static const struct {
		uint32_t first, last;
	} rows[] = {
		{0x0000, 0x001F}, {0x007F, 0x009F}, /* C0 and C1 */
		{0x061C, 0x061C}, {0x200E, 0x200F}, /* marks of direction */
		{0x2028, 0x202E}, /* ends of lines, embeddings and overrides */
		{0x2066, 0x2069}, /* isolates */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (character >= rows[i].first && character <= rows[i].last)
			return true;
	}
	return false;
}

static char *convert(struct view text, bool line, char *ret, size_t size)
{
	uint32_t character = 0;
	struct view piece;
	struct buf out;

	buf_fixed(&out, ret, size);
	while (text.len) {
		size_t n = note_utf8(text, &character);

		if (view_take(&text, n ? n : 1, &piece) != RC_OK)
			break;
		if (!n || !character || (line && is_unfit(character)))
			piece = view_str("\xEF\xBF\xBD");
		if (out.len + piece.len >= size)
			break;
		buf_view(&out, piece);
	}
	buf_u8(&out, 0);
	return ret;
}

char *text_utf8(struct view text, char *ret, size_t size)
{
	return convert(text, false, ret, size);
}

char *text_line(struct view text, char *ret, size_t size)
{
	return convert(text, true, ret, size);
}
