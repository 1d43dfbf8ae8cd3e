/* SPDX-License-Identifier: BSD-2-Clause */
/* One table of attributes, one reader of them. */
#include "sc/pkcs11_uri.h"

#include <string.h>

#include "base/secret.h"

static const char scheme[] = "pkcs11:";

static const struct {
	const char *name;
	bool is_query;
} attributes[PKCS11_URI_FIELDS] = {
	[PKCS11_URI_TOKEN] = {"token", false},
	[PKCS11_URI_MANUFACTURER] = {"manufacturer", false},
	[PKCS11_URI_MODEL] = {"model", false},
	[PKCS11_URI_SERIAL] = {"serial", false},
	[PKCS11_URI_SLOT_ID] = {"slot-id", false},
	[PKCS11_URI_OBJECT] = {"object", false},
	[PKCS11_URI_ID] = {"id", false},
	[PKCS11_URI_TYPE] = {"type", false},
	[PKCS11_URI_MODULE_PATH] = {"module-path", true},
	[PKCS11_URI_PIN_SOURCE] = {"pin-source", true},
	[PKCS11_URI_PIN_VALUE] = {"pin-value", true},
};

bool pkcs11_uri_is(struct view text)
{
	struct view head;

	return view_take(&text, sizeof(scheme) - 1, &head) == RC_OK &&
	       view_equal(head, view_str(scheme));
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Takes what is before the next of the separators, which is taken as well. */
static struct view take_until(struct view *in, const char *separators)
{
	struct view part = {.data = in->data, .len = 0};
	uint8_t c = 0;

	while (view_u8(in, &c) == RC_OK && !strchr(separators, c))
		part.len++;
	return part;
}

static enum rc decode(struct view in, char ret[PKCS11_URI_VALUE], size_t *ret_len)
{
	size_t len = 0;
	uint8_t c;

	while (view_u8(&in, &c) == RC_OK) {
		uint8_t digits[2];

		if (len + 1 == PKCS11_URI_VALUE)
			return RC_MALFORMED;
		if (c == '%') {
			if (view_copy(&in, digits, 2) != RC_OK || hex_digit(digits[0]) < 0 ||
			    hex_digit(digits[1]) < 0)
				return RC_MALFORMED;
			c = (uint8_t)(hex_digit(digits[0]) << 4 | hex_digit(digits[1]));
		}
		ret[len++] = (char)c;
	}
	ret[len] = '\0';
	*ret_len = len;
	return RC_OK;
}

static enum rc read_attribute(struct view text, bool is_query, struct pkcs11_uri *uri)
{
	struct view value = text, name = take_until(&value, "=");

	if (name.len == text.len)
		return RC_MALFORMED;
	for (size_t i = 0; i < PKCS11_URI_FIELDS; i++) {
		if (attributes[i].is_query != is_query ||
		    !view_equal(name, view_str(attributes[i].name)))
			continue;
		if (uri->field[i].given)
			return RC_MALFORMED;
		uri->field[i].given = true;
		return decode(value, uri->field[i].data, &uri->field[i].len);
	}
	return RC_MALFORMED;
}

enum rc pkcs11_uri_parse(struct view text, struct pkcs11_uri *ret)
{
	struct view rest, path, head;
	enum rc rc = RC_OK;

	memset(ret, 0, sizeof(*ret));
	if (!pkcs11_uri_is(text) || view_take(&text, sizeof(scheme) - 1, &head) != RC_OK)
		return RC_MALFORMED;
	rest = take_until(&text, "\r\n");
	path = take_until(&rest, "?");
	while (rc == RC_OK && path.len)
		rc = read_attribute(take_until(&path, ";"), false, ret);
	while (rc == RC_OK && rest.len)
		rc = read_attribute(take_until(&rest, "&"), true, ret);
	if (rc != RC_OK)
		secret_wipe(ret, sizeof(*ret));
	return rc;
}
