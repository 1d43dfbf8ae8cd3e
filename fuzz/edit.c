/* SPDX-License-Identifier: BSD-2-Clause */
/* Damage to good bytes, and a Java Card package of nothing to be damaged. */
#include "fuzz/edit.h"

#include <stdlib.h>

enum { EDITS = 4, UNTOUCHED = 64, KINDS = 6 };

uint8_t edit_byte(struct view *input)
{
	uint8_t byte = 0;

	return view_u8(input, &byte) == RC_OK ? byte : 0;
}

struct view edit_bytes(struct view *input)
{
	size_t len = edit_byte(input);
	struct view bytes = {NULL, 0};

	if (view_take(input, len < input->len ? len : input->len, &bytes) != RC_OK)
		abort();
	return bytes;
}

/* One edit of what is in out from its byte from on. */
static void edit_once(struct view *input, struct buf *out, size_t from)
{
	uint8_t kind = edit_byte(input) % KINDS, value = edit_byte(input);
	size_t len = out->len - from;
	size_t at = len ? ((size_t)edit_byte(input) << 8 | edit_byte(input)) % len : 0;
	uint8_t *bytes;

	if (!len)
		return;
	bytes = out->data + from;
	switch (kind) {
	case 0:
		bytes[at] = value;
		return;
	case 1:
		bytes[at] ^= (uint8_t)(1 << value % 8);
		return;
	case 2:
		/* A length that is off by one. */
		bytes[at] = (uint8_t)(bytes[at] + (value & 1 ? 1 : -1));
		return;
	case 3:
		buf_truncate(out, from + at);
		return;
	case 4:
		for (size_t i = at; i + 1 < len; i++)
			bytes[i] = bytes[i + 1];
		buf_truncate(out, out->len - 1);
		return;
	default:
		buf_insert(out, from + at, &value, 1);
		return;
	}
}

void edit_put(struct view *input, struct view good, struct buf *out)
{
	uint8_t first = edit_byte(input);
	size_t from = out->len;

	buf_view(out, good);
	for (size_t n = first < UNTOUCHED ? 0 : first % EDITS; n; n--)
		edit_once(input, out, from);
}

bool edit_component(unsigned int n, const char **ret_name, struct buf *out)
{
	static const struct {
		const char *name, *body;
		uint8_t tag, len;
	} rows[] = {
		{"Header.cap", "\xDE\xCA\xFF\xED\x01\x02\x04\x00\x01\x06" EDIT_PACKAGE, 1, 16},
		{"Directory.cap", "\0", 2, 1},
		{"Import.cap", "\x01\x00\x01\x07\xA0\0\0\0\x62\0\x01", 4, 11},
		{"Applet.cap", "\x01\x07" EDIT_MODULE "\0\0", 3, 11},
		{"Class.cap", "\0", 6, 1},
		{"Method.cap", "\0\x01\x02\x03\x04\x05\x06\x07", 7, 8},
		{"StaticField.cap", "\0", 8, 1},
		{"Export.cap", "\0", 10, 1},
		{"ConstantPool.cap", "\0", 5, 1},
		{"RefLocation.cap", "\0", 9, 1},
		{"Descriptor.cap", "\0", 11, 1},
		{"Debug.cap", "\0", 12, 1},
	};

	if (n >= sizeof(rows) / sizeof(rows[0]))
		return false;
	*ret_name = rows[n].name;
	buf_u8(out, rows[n].tag);
	buf_u16(out, rows[n].len);
	buf_put(out, rows[n].body, rows[n].len);
	return true;
}

/* Debug, the last component, does not go onto a card. */
void edit_package(struct view *input, struct buf *out)
{
	uint8_t array[64], left_out = edit_byte(input), twice = edit_byte(input);
	const char *name;
	struct buf one, all;

	buf_init(&all, 4096);
	buf_fixed(&one, array, sizeof(array));
	for (unsigned int n = 0; edit_component(n, &name, &one) && n < 11; n++) {
		if (n != left_out)
			edit_put(input, view_buf(&one), &all);
		if (n == twice)
			buf_view(&all, view_buf(&one));
		buf_fixed(&one, array, sizeof(array));
	}
	edit_put(input, view_buf(&all), out);
	buf_free(&all);
}
