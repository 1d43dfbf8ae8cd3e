/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bounded cursor that every parse and build goes through. A struct view is a window on bytes
 * that somebody else owns; reading from it moves its front. A struct buf is built at its end; its
 * first failure is remembered, so that a builder appends freely and asks once, with buf_rc.
 * Buffers are wiped whenever their memory is given back. Not thread safe; integers big-endian.
 */
#ifndef INTAGLIO_BASE_BUF_H
#define INTAGLIO_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"

struct view {
	const uint8_t *data;
	size_t len;
};

struct buf {
	uint8_t *data;
	size_t len; /* bytes in use */
	size_t cap; /* bytes allocated, or the size of the fixed array */
	size_t max; /* the length it may never pass */
	enum rc rc; /* the first failure */
	bool fixed; /* data is the caller's array and never grows */
};

/* A view of len bytes at data; data may be NULL if len is 0. */
struct view view_of(const void *data, size_t len);
/* A view of a C string without its terminator. */
struct view view_str(const char *s);
/* The bytes in a buffer; valid until the buffer changes. */
struct view view_buf(const struct buf *b);
/* Equality of public bytes (not constant time; secrets go through secret_equal). */
bool view_equal(struct view a, struct view b);

/* Each takes from the front of v; RC_MALFORMED, and v unmoved, if v is shorter. */
enum rc view_u8(struct view *v, uint8_t *ret) WARN_UNUSED;
enum rc view_u16(struct view *v, uint16_t *ret) WARN_UNUSED;
enum rc view_u32(struct view *v, uint32_t *ret) WARN_UNUSED;
enum rc view_u64(struct view *v, uint64_t *ret) WARN_UNUSED;
enum rc view_take(struct view *v, size_t n, struct view *ret) WARN_UNUSED;
enum rc view_copy(struct view *v, void *dst, size_t n) WARN_UNUSED;
/* RC_OK if nothing is left, RC_MALFORMED otherwise. */
enum rc view_end(const struct view *v) WARN_UNUSED;

/* An empty buffer that grows to at most max bytes (RC_SPACE past that). Owns its memory. */
void buf_init(struct buf *b, size_t max);
/* An empty buffer in the caller's array of size bytes; never allocates, never freed. */
void buf_fixed(struct buf *b, void *array, size_t size);
/* Wipes and gives back; the buffer is then empty and usable again (fixed: wiped, kept). */
void buf_free(struct buf *b);
/* Wipes what was written and forgets a failure; keeps the memory. */
void buf_reset(struct buf *b);

/* Each appends; on failure the buffer keeps the first reason and takes nothing more. */
void buf_u8(struct buf *b, uint8_t x);
void buf_u16(struct buf *b, uint16_t x);
void buf_u32(struct buf *b, uint32_t x);
void buf_u64(struct buf *b, uint64_t x);
void buf_put(struct buf *b, const void *data, size_t len);
void buf_view(struct buf *b, struct view v);
void buf_str(struct buf *b, const char *s);
/* Appends printf-formatted text without a terminator. */
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Appends len bytes of undefined content and returns where to write them; NULL on failure. */
uint8_t *buf_space(struct buf *b, size_t len);
/* Shortens to len bytes (at most the present length), wiping the rest. */
void buf_truncate(struct buf *b, size_t len);
/* Inserts len bytes at offset at (at most the present length). */
void buf_insert(struct buf *b, size_t at, const void *data, size_t len);
/* Marks the buffer as failed, unless it is already. */
void buf_fail(struct buf *b, enum rc rc);
/* RC_OK if everything so far was appended, else the first failure. */
enum rc buf_rc(const struct buf *b) WARN_UNUSED;

#endif
