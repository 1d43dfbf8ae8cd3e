/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file tree of ISO/IEC 7816-15 as it follows from the token's objects, doc/pkcs15.md. Nothing of
 * it is stored: a file is rendered whenever it is selected or read, as the channel may see it.
 */
#ifndef INTAGLIO_CARD_PKCS15_FILE_H
#define INTAGLIO_CARD_PKCS15_FILE_H

#include "card/command.h"

/* A place in the tree: the file identifier where it is below 10000, else one of the last two. */
enum {
	PKCS15_MF = 0x3F00,
	PKCS15_DIR = 0x2F00,
	PKCS15_APPLICATION = 0x5015,
	PKCS15_ODF = 0x5031,
	PKCS15_TOKEN_INFO = 0x5032,
	PKCS15_DIRECTORY = 0x4400, /* | kind << 4 | how many before it; up to 44FF */
	PKCS15_PRIVATE = 0x0200, /* that of the private objects */
	PKCS15_GROUP = 0x01000000, /* | high 12 bits of object numbers: DF 6000 | these */
	PKCS15_VALUE = 0x02000000, /* | object number: EF 8000 | its low 12 bits */
};

/* The child of a DF that has this file identifier. RC_NOT_FOUND: it cannot have one. */
enum rc pkcs15_child(uint32_t parent, uint16_t identifier, uint32_t *ret) WARN_UNUSED;
/* The DF that a file lies in; the MF lies in itself. */
uint32_t pkcs15_parent(uint32_t file);
bool pkcs15_is_df(uint32_t file);
uint16_t pkcs15_identifier(uint32_t file);
/* Appends the content of an EF. RC_NOT_FOUND; RC_POLICY: only after VERIFY. */
enum rc pkcs15_render(const struct command *c, uint32_t file, struct buf *out) WARN_UNUSED;

#endif
