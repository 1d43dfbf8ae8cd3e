/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `pkcs11:` URIs (RFC 7512), as far as they name one private key of a token and say how to reach
 * it. Internal to sc/.
 */
#ifndef INTAGLIO_SC_PKCS11_URI_H
#define INTAGLIO_SC_PKCS11_URI_H

#include "base/buf.h"

enum { PKCS11_URI_VALUE = 512 };

enum pkcs11_uri_field {
	PKCS11_URI_TOKEN,
	PKCS11_URI_MANUFACTURER,
	PKCS11_URI_MODEL,
	PKCS11_URI_SERIAL,
	PKCS11_URI_SLOT_ID,
	PKCS11_URI_OBJECT,
	PKCS11_URI_ID,
	PKCS11_URI_TYPE,
	PKCS11_URI_MODULE_PATH,
	PKCS11_URI_PIN_SOURCE,
	PKCS11_URI_PIN_VALUE,
	PKCS11_URI_FIELDS
};

struct pkcs11_uri {
	/* Values without percent encoding; data has one byte more than len, a zero. */
	struct {
		bool given;
		size_t len;
		char data[PKCS11_URI_VALUE];
	} field[PKCS11_URI_FIELDS];
};

/* True if a text begins as such a URI. */
bool pkcs11_uri_is(struct view text);
/*
 * Parses a URI up to the end of its line. RC_MALFORMED for what is none, an attribute given twice,
 * or one that this host does not know: it could make the URI mean another key.
 */
enum rc pkcs11_uri_parse(struct view text, struct pkcs11_uri *ret) WARN_UNUSED;

#endif
