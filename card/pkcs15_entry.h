/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One object of the token as ISO/IEC 7816-15 has it: its entry in a directory file (8.3 to 8.9), and
 * the content of the file that the entry points to. Pure functions of an attribute list.
 */
#ifndef INTAGLIO_CARD_PKCS15_ENTRY_H
#define INTAGLIO_CARD_PKCS15_ENTRY_H

#include "base/attr.h"

/* Kinds of directory files; the number is the context tag in EF.ODF, 8.2. */
enum pkcs15_kind {
	PKCS15_PRIVATE_KEYS = 0,
	PKCS15_PUBLIC_KEYS = 1,
	PKCS15_CERTIFICATES = 4,
	PKCS15_DATA = 7,
	PKCS15_AUTHENTICATION = 8,
	PKCS15_KINDS,
};

enum { PKCS15_PIN_ID = 1 };

/* The directory file that an object belongs to. RC_NOT_FOUND: it is of no kind that is shown. */
enum rc pkcs15_kind_of(struct view list, enum pkcs15_kind *ret) WARN_UNUSED;
/* Appends the entry of an object whose value is the file at path. RC_NOT_FOUND as above. */
enum rc pkcs15_put_entry(struct view list, struct view path, struct buf *out) WARN_UNUSED;
/* Appends the value: a certificate, the bytes of a data object, a public key. RC_NOT_FOUND: none. */
enum rc pkcs15_put_value(struct view list, struct buf *out) WARN_UNUSED;
/* Appends the one entry of EF(AODF): the user PIN. */
void pkcs15_put_pin(struct buf *out);
/* Appends `SEQUENCE { OCTET STRING path }`. */
void pkcs15_put_path(struct view path, struct buf *out);
/* Appends a BIT STRING of named bits; bit 0 is the lowest of mask. */
void pkcs15_put_bits(uint32_t mask, struct buf *out);
/* The part of a text that is whole UTF-8 and fits a Label. */
struct view pkcs15_label(struct view text);

#endif
