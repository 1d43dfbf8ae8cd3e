/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BER-TLV data objects as ISO/IEC 7816-4 5.2.2 uses them: tags of one to three bytes, definite
 * lengths of at most five bytes. Reading accepts only minimal lengths; writing makes only those.
 */
#ifndef INTAGLIO_BASE_TLV_H
#define INTAGLIO_BASE_TLV_H

#include "base/buf.h"

/* Takes the next data object from the front of in. Tag as written, e.g. 0x87, 0x7F21. RC_MALFORMED. */
enum rc tlv_next(struct view *in, uint32_t *ret_tag, struct view *ret_value) WARN_UNUSED;
/* As tlv_next, but RC_MALFORMED, and in unmoved, unless the tag is the one asked for. */
enum rc tlv_expect(struct view *in, uint32_t tag, struct view *ret_value) WARN_UNUSED;
/* As tlv_expect; the whole object with tag and length goes to ret_object as well. */
enum rc tlv_object(struct view *in, uint32_t tag, struct view *ret_object,
		   struct view *ret_value) WARN_UNUSED;
/* True if the next data object has this tag; takes nothing. */
bool tlv_is_next(struct view in, uint32_t tag);
/* Searches one level of in for the first object of this tag. RC_NOT_FOUND, RC_MALFORMED. */
enum rc tlv_find(struct view in, uint32_t tag, struct view *ret_value) WARN_UNUSED;
/* Takes an object whose value is exactly n bytes into dst. */
enum rc tlv_copy(struct view *in, uint32_t tag, void *dst, size_t n) WARN_UNUSED;

/* Appends tag, length and value. */
void tlv_put(struct buf *b, uint32_t tag, struct view value);
void tlv_put_u8(struct buf *b, uint32_t tag, uint8_t x);
void tlv_put_u32(struct buf *b, uint32_t tag, uint32_t x);
void tlv_put_u64(struct buf *b, uint32_t tag, uint64_t x);
/* Appends only tag and length; the caller appends len bytes of value next. */
void tlv_header(struct buf *b, uint32_t tag, size_t len);
/* Opens a constructed object and returns a mark for tlv_close, which writes its length. */
size_t tlv_open(struct buf *b, uint32_t tag);
void tlv_close(struct buf *b, size_t mark);

#endif
