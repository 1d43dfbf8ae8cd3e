/* SPDX-License-Identifier: BSD-2-Clause */
/* Invoices in UBL, element by element. */
#include "tools/ubl.h"

#include <stdio.h>
#include <string.h>

enum { DEPTH = 32, NAME = 32, AMOUNT_MAX = 13 };

struct scan {
	struct view in;
	unsigned int depth;
	char path[DEPTH][NAME]; /* local names from the root down */
	struct ubl ubl;
	struct ubl_rate rate; /* of the TaxSubtotal that is open */
	bool has_taxable, has_tax, has_payable, is_bad;
};

static struct view trim(struct view v)
{
	while (v.len && memchr(" \t\r\n", v.data[0], 4))
		v = view_of(v.data + 1, v.len - 1);
	while (v.len && memchr(" \t\r\n", v.data[v.len - 1], 4))
		v.len--;
	return v;
}

enum rc ubl_amount(struct view text, int64_t *ret)
{
	int64_t amount = 0;
	bool minus = false, point = false;
	unsigned int digits = 0, decimals = 0;
	uint8_t c;

	text = trim(text);
	if (text.len && text.data[0] == '-') {
		minus = true;
		text = view_of(text.data + 1, text.len - 1);
	}
	while (view_u8(&text, &c) == RC_OK) {
		if (c == '.' && !point) {
			point = true;
			continue;
		}
		if (c < '0' || c > '9' || (decimals == 2 && c != '0'))
			return RC_MALFORMED;
		if (decimals == 2)
			continue;
		decimals += point;
		amount = amount * 10 + (c - '0');
		if (++digits > AMOUNT_MAX)
			return RC_MALFORMED;
	}
	if (!digits)
		return RC_MALFORMED;
	for (; decimals < 2; decimals++)
		amount *= 10;
	*ret = minus ? -amount : amount;
	return RC_OK;
}

static void copy(struct view text, char *ret, size_t size)
{
	text = trim(text);
	snprintf(ret, size, "%.*s", (int)(text.len < size ? text.len : size - 1),
		 (const char *)text.data);
}

/* The character that &#38; or &#x26; refers to (XML 1.0, 4.1); 0 if none that XML has. */
static uint32_t referred(struct view name)
{
	static const struct {
		const char *name;
		uint32_t character;
	} entities[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
	static const char digits[] = "0123456789abcdef";
	uint32_t c = 0, base = 10;
	const char *digit;
	uint8_t byte;

	for (size_t i = 0; i < sizeof(entities) / sizeof(*entities); i++) {
		if (view_equal(name, view_str(entities[i].name)))
			return entities[i].character;
	}
	if (view_u8(&name, &byte) != RC_OK || byte != '#')
		return 0;
	if (name.len && name.data[0] == 'x') {
		base = 16;
		name = view_of(name.data + 1, name.len - 1);
	}
	while (view_u8(&name, &byte) == RC_OK) {
		digit = memchr(digits, byte >= 'A' && byte <= 'F' ? byte | 0x20 : byte, base);
		if (!digit || c > 0x10FFFF)
			return 0;
		c = c * base + (uint32_t)(digit - digits);
	}
	if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) || c == 0xFFFE || c == 0xFFFF ||
	    (c < ' ' && c != '\t' && c != '\n' && c != '\r'))
		return 0;
	return c;
}

static size_t put_utf8(uint32_t c, char ret[4])
{
	static const uint8_t first[] = {0, 0xC0, 0xE0, 0xF0};
	size_t more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;

	for (size_t i = more; i; i--, c >>= 6)
		ret[i] = (char)(0x80 | (c & 0x3F));
	ret[0] = (char)(first[more] | c);
	return more + 1;
}

/* With references followed. False, with what comes before, at a NUL, another one, or no room. */
static bool copy_whole(struct view text, char *ret, size_t size)
{
	char piece[4];
	const uint8_t *end;
	size_t len = 0, n;
	uint32_t c;

	ret[0] = '\0';
	for (text = trim(text); text.len;) {
		n = 1;
		piece[0] = (char)text.data[0];
		if (piece[0] == '&') {
			end = memchr(text.data, ';', text.len);
			c = end ? referred(view_of(text.data + 1, (size_t)(end - text.data) - 1))
				: 0;
			if (!c)
				return false;
			n = put_utf8(c, piece);
			text = view_of(end, text.len - (size_t)(end - text.data));
		}
		text = view_of(text.data + 1, text.len - 1);
		if (!piece[0] || n >= size - len)
			return false;
		memcpy(ret + len, piece, n);
		len += n;
		ret[len] = '\0';
	}
	return true;
}

static void copy_percent(struct view text, char ret[16])
{
	size_t len;

	copy(text, ret, 16);
	len = strlen(ret);
	if (!strchr(ret, '.'))
		return;
	while (len && ret[len - 1] == '0')
		ret[--len] = '\0';
	if (len && ret[len - 1] == '.')
		ret[len - 1] = '\0';
}

/* The element that is open, counted from the innermost. */
static bool is_in(const struct scan *s, unsigned int up, const char *name)
{
	return s->depth > up && !strcmp(s->path[s->depth - 1 - up], name);
}

static void take_amount(struct scan *s, struct view text, int64_t *to, bool *has)
{
	if (ubl_amount(text, to) == RC_OK)
		*has = true;
	else
		s->is_bad = true;
}

/* Text in the element that is open. */
static void take_text(struct scan *s, struct view text)
{
	if (!trim(text).len)
		return;
	if (s->depth == 2 && is_in(s, 0, "ID"))
		s->ubl.is_id_odd = !copy_whole(text, s->ubl.id, sizeof(s->ubl.id));
	else if (s->depth == 2 && is_in(s, 0, "IssueDate"))
		copy(text, s->ubl.date, sizeof(s->ubl.date));
	else if (s->depth == 2 && is_in(s, 0, "DocumentCurrencyCode"))
		copy(text, s->ubl.currency, sizeof(s->ubl.currency));
	else if (s->depth == 3 && is_in(s, 0, "PayableAmount") && is_in(s, 1, "LegalMonetaryTotal"))
		take_amount(s, text, &s->ubl.payable, &s->has_payable);
	else if (s->depth == 4 && is_in(s, 0, "TaxableAmount") && is_in(s, 1, "TaxSubtotal"))
		take_amount(s, text, &s->rate.taxable, &s->has_taxable);
	else if (s->depth == 4 && is_in(s, 0, "TaxAmount") && is_in(s, 1, "TaxSubtotal"))
		take_amount(s, text, &s->rate.tax, &s->has_tax);
	else if (s->depth == 5 && is_in(s, 0, "Percent") && is_in(s, 1, "TaxCategory") &&
		 is_in(s, 2, "TaxSubtotal"))
		copy_percent(text, s->rate.percent);
}

static void close_element(struct scan *s)
{
	if (s->depth == 3 && is_in(s, 0, "TaxSubtotal") && is_in(s, 1, "TaxTotal")) {
		if (!s->has_taxable || !s->has_tax || s->ubl.rate_count == UBL_RATES)
			s->is_bad = true;
		else
			s->ubl.rates[s->ubl.rate_count++] = s->rate;
	}
	if (s->depth)
		s->depth--;
	else
		s->is_bad = true;
}

static void open_element(struct scan *s, struct view tag, bool is_empty)
{
	size_t len = 0, from = 0;

	while (len < tag.len && !memchr(" \t\r\n", tag.data[len], 4)) {
		if (tag.data[len++] == ':')
			from = len;
	}
	if (s->depth == DEPTH || len == from) {
		s->is_bad = true;
		return;
	}
	snprintf(s->path[s->depth++], NAME, "%.*s",
		 (int)(len - from < NAME ? len - from : NAME - 1), (const char *)tag.data + from);
	if (is_in(s, 0, "TaxSubtotal")) {
		s->rate = (struct ubl_rate){.percent = "0"};
		s->has_taxable = s->has_tax = false;
	}
	if (is_empty)
		close_element(s);
}

/* Passes over what ends with a text. */
static bool skip_to(struct view *in, const char *end)
{
	const uint8_t *at = memmem(in->data, in->len, end, strlen(end));
	struct view skipped;

	return at && view_take(in, (size_t)(at - in->data) + strlen(end), &skipped) == RC_OK;
}

static bool starts(struct view in, const char *text)
{
	return in.len >= strlen(text) && view_equal(view_of(in.data, strlen(text)), view_str(text));
}

/* One piece of markup; in begins with '<'. */
static bool take_markup(struct scan *s)
{
	const uint8_t *end;
	struct view tag, bracket;
	bool is_empty = false;

	if (starts(s->in, "<?"))
		return skip_to(&s->in, "?>");
	if (starts(s->in, "<!--"))
		return skip_to(&s->in, "-->");
	if (starts(s->in, "<!"))
		return false;
	end = memchr(s->in.data, '>', s->in.len);
	if (!end || view_take(&s->in, (size_t)(end - s->in.data), &tag) != RC_OK ||
	    view_take(&s->in, 1, &bracket) != RC_OK)
		return false;
	if (starts(tag, "</"))
		close_element(s);
	else
		is_empty = tag.data[tag.len - 1] == '/';
	if (!starts(tag, "</"))
		open_element(s, view_of(tag.data + 1, tag.len - 1 - is_empty), is_empty);
	if (s->depth == 1 && !starts(tag, "</"))
		s->ubl.is_credit = is_in(s, 0, "CreditNote");
	return s->depth != 1 || is_in(s, 0, "CreditNote") || is_in(s, 0, "Invoice");
}

enum rc ubl_parse(struct view text, struct ubl *ret)
{
	struct scan s = {.in = text};
	const uint8_t *at;
	struct view piece;

	while (s.in.len && !s.is_bad) {
		at = memchr(s.in.data, '<', s.in.len);
		if (view_take(&s.in, at ? (size_t)(at - s.in.data) : s.in.len, &piece) != RC_OK)
			return RC_MALFORMED;
		take_text(&s, piece);
		if (s.in.len && !take_markup(&s))
			return RC_MALFORMED;
	}
	if (s.is_bad || s.depth || !s.has_payable || (!*s.ubl.id && !s.ubl.is_id_odd) ||
	    !*s.ubl.currency)
		return RC_MALFORMED;
	*ret = s.ubl;
	return RC_OK;
}

bool ubl_claims(struct view text)
{
	const uint8_t *at;
	struct view name;
	size_t len, from;

	while (text.len && (at = memchr(text.data, '<', text.len))) {
		text = view_of(at + 1, text.len - (size_t)(at - text.data) - 1);
		if (!text.len)
			break;
		if (text.data[0] == '?' || text.data[0] == '!')
			continue;
		for (len = from = 0; len < text.len && !memchr(" \t\r\n/>", text.data[len], 6);) {
			if (text.data[len++] == ':')
				from = len;
		}
		name = view_of(text.data + from, len - from);
		return view_equal(name, view_str("Invoice")) ||
		       view_equal(name, view_str("CreditNote"));
	}
	return false;
}
