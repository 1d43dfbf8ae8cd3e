/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inputs of fuzz targets read byte by byte, and good bytes damaged as an input says: so that an input
 * of random bytes reaches further than the first check. Not thread safe.
 */
#ifndef INTAGLIO_FUZZ_EDIT_H
#define INTAGLIO_FUZZ_EDIT_H

#include "base/buf.h"

/* The next byte, 0 behind the end. */
uint8_t edit_byte(struct view *input);
/* As many bytes as the next one says, and are left. */
struct view edit_bytes(struct view *input);
/*
 * Appends good with up to three edits: bytes changed, left out, doubled or put in, or the end cut off.
 * A first byte below 64 is none.
 */
void edit_put(struct view *input, struct view good, struct buf *out);

/* Appends the component with this number, from 0, of a small package. False: there are no more. */
bool edit_component(unsigned int n, const char **ret_name, struct buf *out);
/* Appends the whole load file data block, its components edited. */
void edit_package(struct view *input, struct buf *out);

#define EDIT_PACKAGE "\xF0\x01\x02\x03\x04\x05"
#define EDIT_MODULE  "\xF0\x01\x02\x03\x04\x05\x01"

#endif
