/* SPDX-License-Identifier: BSD-2-Clause */
/* The bounded cursor: views for reading, wiped buffers for building. */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

struct view view_of(const void *data, size_t len)
{
	assert(data || !len);
	return (struct view){.data = data, .len = len};
}

struct view view_str(const char *s)
{
	return view_of(s, strlen(s));
}

struct view view_buf(const struct buf *b)
{
	return view_of(b->data, b->len);
}

bool view_equal(struct view a, struct view b)
{
	if (a.len != b.len)
		return false;
	return !a.len || CRYPTO_memcmp(a.data, b.data, a.len) == 0;
}

enum rc view_take(struct view *v, size_t n, struct view *ret)
{
	if (n > v->len)
		return RC_MALFORMED;
	*ret = view_of(v->data, n);
	if (n)
		v->data += n;
	v->len -= n;
	return RC_OK;
}

static enum rc take_integer(struct view *v, size_t n, uint64_t *ret)
{
	struct view bytes;
	uint64_t x = 0;

	if (view_take(v, n, &bytes) != RC_OK)
		return RC_MALFORMED;
	for (size_t i = 0; i < n; i++)
		x = x << 8 | bytes.data[i];
	*ret = x;
	return RC_OK;
}

enum rc view_u8(struct view *v, uint8_t *ret)
{
	uint64_t x;

	if (take_integer(v, 1, &x) != RC_OK)
		return RC_MALFORMED;
	*ret = (uint8_t)x;
	return RC_OK;
}

enum rc view_u16(struct view *v, uint16_t *ret)
{
	uint64_t x;

	if (take_integer(v, 2, &x) != RC_OK)
		return RC_MALFORMED;
	*ret = (uint16_t)x;
	return RC_OK;
}

enum rc view_u32(struct view *v, uint32_t *ret)
{
	uint64_t x;

	if (take_integer(v, 4, &x) != RC_OK)
		return RC_MALFORMED;
	*ret = (uint32_t)x;
	return RC_OK;
}

enum rc view_u64(struct view *v, uint64_t *ret)
{
	return take_integer(v, 8, ret);
}

enum rc view_copy(struct view *v, void *dst, size_t n)
{
	struct view bytes;

	if (view_take(v, n, &bytes) != RC_OK)
		return RC_MALFORMED;
	if (n)
		memcpy(dst, bytes.data, n);
	return RC_OK;
}

enum rc view_end(const struct view *v)
{
	return v->len ? RC_MALFORMED : RC_OK;
}

/* libc's, which wipes a record several times as fast as libcrypto's, and is left out as little. */
static void wipe(void *data, size_t len)
{
	explicit_bzero(data, len);
}

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void buf_fixed(struct buf *b, void *array, size_t size)
{
	*b = (struct buf){.data = array, .cap = size, .max = size, .fixed = true};
}

void buf_reset(struct buf *b)
{
	if (b->len)
		wipe(b->data, b->len);
	b->len = 0;
	b->rc = RC_OK;
}

void buf_free(struct buf *b)
{
	buf_reset(b);
	if (b->fixed)
		return;
	free(b->data);
	b->data = NULL;
	b->cap = 0;
}

void buf_fail(struct buf *b, enum rc rc)
{
	if (b->rc == RC_OK)
		b->rc = rc;
}

enum rc buf_rc(const struct buf *b)
{
	return b->rc;
}

/* Makes room for len more bytes; the old memory is wiped when it moves. */
static bool reserve(struct buf *b, size_t len)
{
	size_t cap;
	uint8_t *data;

	if (b->rc != RC_OK)
		return false;
	if (len > b->max - b->len) {
		b->rc = RC_SPACE;
		return false;
	}
	if (len <= b->cap - b->len)
		return true;
	cap = b->cap < 128 ? 256 : b->cap * 2;
	if (cap < b->len + len)
		cap = b->len + len;
	if (cap > b->max)
		cap = b->max;
	data = malloc(cap);
	if (!data) {
		b->rc = RC_MEMORY;
		return false;
	}
	if (b->len) {
		memcpy(data, b->data, b->len);
		wipe(b->data, b->len);
	}
	free(b->data);
	b->data = data;
	b->cap = cap;
	return true;
}

uint8_t *buf_space(struct buf *b, size_t len)
{
	uint8_t *at;

	if (!reserve(b, len))
		return NULL;
	at = b->data ? b->data + b->len : NULL;
	b->len += len;
	return at;
}

void buf_put(struct buf *b, const void *data, size_t len)
{
	uint8_t *at = buf_space(b, len);

	if (at && len)
		memcpy(at, data, len);
}

void buf_view(struct buf *b, struct view v)
{
	buf_put(b, v.data, v.len);
}

void buf_str(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

static void put_integer(struct buf *b, uint64_t x, size_t n)
{
	uint8_t bytes[8];

	for (size_t i = n; i > 0; i--, x >>= 8)
		bytes[i - 1] = (uint8_t)x;
	buf_put(b, bytes, n);
}

void buf_u8(struct buf *b, uint8_t x)
{
	put_integer(b, x, 1);
}

void buf_u16(struct buf *b, uint16_t x)
{
	put_integer(b, x, 2);
}

void buf_u32(struct buf *b, uint32_t x)
{
	put_integer(b, x, 4);
}

void buf_u64(struct buf *b, uint64_t x)
{
	put_integer(b, x, 8);
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;
	char line[1024];
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(line))
		buf_fail(b, RC_SPACE);
	else
		buf_put(b, line, (size_t)n);
}

void buf_truncate(struct buf *b, size_t len)
{
	assert(len <= b->len);
	if (b->len > len)
		wipe(b->data + len, b->len - len);
	b->len = len;
}

void buf_insert(struct buf *b, size_t at, const void *data, size_t len)
{
	size_t tail;

	if (b->rc != RC_OK)
		return;
	assert(at <= b->len);
	tail = b->len - at;
	if (!len || !buf_space(b, len))
		return;
	memmove(b->data + at + len, b->data + at, tail);
	memcpy(b->data + at, data, len);
}
