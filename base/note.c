/* SPDX-License-Identifier: BSD-2-Clause */
/* Signed notes, checkpoints and their cosignatures, C2SP signed-note, tlog-checkpoint, tlog-cosignature. */
#include "base/note.h"

#include <inttypes.h>
#include <string.h>

#include "base/base64.h"

enum { ED25519_TYPE = 0x01, COSIGNATURE_TYPE = 0x04 };

static const char dash[] = "\xE2\x80\x94 "; /* U+2014 and a space */

/* What stands before the next separator, which is taken as well. RC_MALFORMED without one. */
static enum rc take_until(struct view *in, char separator, struct view *ret)
{
	const uint8_t *at = in->len ? memchr(in->data, separator, in->len) : NULL;
	struct view one;

	if (!at || view_take(in, (size_t)(at - in->data), ret) != RC_OK)
		return RC_MALFORMED;
	return view_take(in, 1, &one);
}

static bool is_name(struct view name)
{
	if (!name.len || name.len > NOTE_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		if (name.data[i] <= ' ' || name.data[i] > '~' || name.data[i] == '+')
			return false;
	}
	return true;
}

static enum rc key_make(struct view name, uint8_t type, const uint8_t *public_key,
			struct note_key *ret)
{
	uint8_t digest[SHA256_SIZE];
	struct view parts[] = {name, view_str("\n"), view_of(&type, 1),
			       view_of(public_key, ED25519_PUBLIC)};
	enum rc rc = crypto_sha256_parts(parts, 4, digest);

	if (rc != RC_OK)
		return rc;
	*ret = (struct note_key){.name = {0}};
	memcpy(ret->name, name.data, name.len);
	memcpy(ret->id, digest, NOTE_KEY_ID);
	memcpy(ret->public_key, public_key, ED25519_PUBLIC);
	return RC_OK;
}

enum rc note_key_make(const char *name, const uint8_t public_key[ED25519_PUBLIC],
		      struct note_key *ret)
{
	if (!is_name(view_str(name)))
		return RC_ARGUMENT;
	return key_make(view_str(name), ED25519_TYPE, public_key, ret);
}

enum rc note_cosigner_make(const char *name, const uint8_t public_key[ED25519_PUBLIC],
			   struct note_key *ret)
{
	if (!is_name(view_str(name)))
		return RC_ARGUMENT;
	return key_make(view_str(name), COSIGNATURE_TYPE, public_key, ret);
}

static void put_key(struct buf *b, uint8_t type, const struct note_key *key)
{
	uint8_t array[1 + ED25519_PUBLIC];
	struct buf typed;

	buf_fixed(&typed, array, sizeof(array));
	buf_u8(&typed, type);
	buf_put(&typed, key->public_key, ED25519_PUBLIC);
	buf_printf(b, "%s+", key->name);
	for (size_t i = 0; i < NOTE_KEY_ID; i++)
		buf_printf(b, "%02x", key->id[i]);
	buf_u8(b, '+');
	base64_put(b, view_buf(&typed));
}

void note_put_key(struct buf *b, const struct note_key *key)
{
	put_key(b, ED25519_TYPE, key);
}

void note_put_cosigner(struct buf *b, const struct note_key *key)
{
	put_key(b, COSIGNATURE_TYPE, key);
}

static enum rc parse_key(struct view text, uint8_t type, struct note_key *ret)
{
	uint8_t array[1 + ED25519_PUBLIC], id_array[2 * NOTE_KEY_ID];
	struct view name, id;
	struct note_key key;
	struct buf typed, expected;
	enum rc rc;

	buf_fixed(&typed, array, sizeof(array));
	buf_fixed(&expected, id_array, sizeof(id_array));
	if (take_until(&text, '+', &name) != RC_OK || !is_name(name) ||
	    take_until(&text, '+', &id) != RC_OK || base64_parse(text, &typed) != RC_OK ||
	    typed.len != sizeof(array) || array[0] != type)
		return RC_MALFORMED;
	rc = key_make(name, type, array + 1, &key);
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < NOTE_KEY_ID; i++)
		buf_printf(&expected, "%02x", key.id[i]);
	if (!view_equal(id, view_buf(&expected)))
		return RC_MALFORMED;
	*ret = key;
	return RC_OK;
}

enum rc note_parse_key(struct view text, struct note_key *ret)
{
	return parse_key(text, ED25519_TYPE, ret);
}

enum rc note_parse_cosigner(struct view text, struct note_key *ret)
{
	return parse_key(text, COSIGNATURE_TYPE, ret);
}

enum rc note_sign(struct view text, const struct note_key *key, EVP_PKEY *private_key,
		  struct buf *out)
{
	uint8_t signature[NOTE_KEY_ID + ED25519_SIGNATURE];
	enum rc rc;

	if (!text.len || text.data[text.len - 1] != '\n')
		return RC_ARGUMENT;
	memcpy(signature, key->id, NOTE_KEY_ID);
	rc = ed25519_sign(private_key, text, signature + NOTE_KEY_ID);
	if (rc != RC_OK)
		return rc;
	buf_view(out, text);
	buf_printf(out, "\n%s%s ", dash, key->name);
	base64_put(out, view_of(signature, sizeof(signature)));
	buf_u8(out, '\n');
	return buf_rc(out);
}

size_t note_utf8(struct view v, uint32_t *ret_point)
{
	uint8_t c = v.len ? v.data[0] : 0xFF;
	uint32_t point, least;
	size_t n;

	if (c < 0x80) {
		*ret_point = c;
		return 1;
	}
	if (c < 0xC2 || c > 0xF4)
		return 0;
	n = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
	least = n == 2 ? 0x80 : n == 3 ? 0x800 : 0x10000;
	if (v.len < n)
		return 0;
	point = c & (0x7FU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((v.data[i] & 0xC0) != 0x80)
			return 0;
		point = point << 6 | (v.data[i] & 0x3FU);
	}
	if (point < least || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
		return 0;
	*ret_point = point;
	return n;
}

static bool is_text(struct view v)
{
	uint32_t point;

	while (v.len) {
		size_t n = note_utf8(v, &point);

		if (!n || (point < ' ' && point != '\n'))
			return false;
		v = view_of(v.data + n, v.len - n);
	}
	return true;
}

/* Splits at the last empty line. */
static enum rc split(struct view note, struct view *ret_text, struct view *ret_signatures)
{
	if (note.len > NOTE_MAX || !is_text(note))
		return RC_MALFORMED;
	for (size_t at = note.len; at-- > 1;) {
		if (note.data[at] == '\n' && note.data[at - 1] == '\n') {
			*ret_text = view_of(note.data, at);
			*ret_signatures = view_of(note.data + at + 1, note.len - at - 1);
			return ret_signatures->len ? RC_OK : RC_MALFORMED;
		}
	}
	return RC_MALFORMED;
}

/*
 * What key signed a line with, without the key id: RC_NOT_FOUND if it is another's line, RC_MALFORMED
 * if it is none.
 */
static enum rc take_line(struct view line, const struct note_key *key, struct buf *ret)
{
	struct view prefix, name;
	struct buf signature;
	enum rc rc = RC_MALFORMED;

	buf_init(&signature, NOTE_MAX);
	if (view_take(&line, sizeof(dash) - 1, &prefix) != RC_OK ||
	    !view_equal(prefix, view_str(dash)) || take_until(&line, ' ', &name) != RC_OK ||
	    !name.len || memchr(name.data, '+', name.len))
		goto out;
	rc = base64_parse(line, &signature);
	if (rc == RC_OK && signature.len <= NOTE_KEY_ID)
		rc = RC_MALFORMED;
	if (rc != RC_OK)
		goto out;
	rc = RC_NOT_FOUND;
	if (!view_equal(name, view_str(key->name)) ||
	    !view_equal(view_of(signature.data, NOTE_KEY_ID), view_of(key->id, NOTE_KEY_ID)))
		goto out;
	buf_reset(ret);
	buf_put(ret, signature.data + NOTE_KEY_ID, signature.len - NOTE_KEY_ID);
	rc = buf_rc(ret);
out:
	buf_free(&signature);
	return rc;
}

/* Judges a signature over a note's text; arg is the caller's. RC_AUTH. */
typedef enum rc judge(struct view text, const struct note_key *key, struct view signature,
		      void *arg);

/* Every line of key is judged, and there is one. */
static enum rc open_note(struct view note, const struct note_key *key, judge *judge_one, void *arg,
			 struct view *ret_text)
{
	struct view text, signatures, line;
	struct buf signature;
	unsigned int count = 0;
	bool found = false;
	enum rc rc = RC_OK;

	if (split(note, &text, &signatures) != RC_OK)
		return RC_MALFORMED;
	buf_init(&signature, NOTE_MAX);
	while (signatures.len && rc == RC_OK) {
		rc = take_until(&signatures, '\n', &line);
		if (rc == RC_OK && ++count > NOTE_SIGNATURES_MAX)
			rc = RC_MALFORMED;
		if (rc == RC_OK)
			rc = take_line(line, key, &signature);
		if (rc == RC_OK) {
			rc = judge_one(text, key, view_buf(&signature), arg);
			found = true;
		} else if (rc == RC_NOT_FOUND) {
			rc = RC_OK;
		}
	}
	buf_free(&signature);
	if (rc == RC_OK && !found)
		rc = RC_AUTH;
	if (rc == RC_OK)
		*ret_text = text;
	return rc;
}

static enum rc judge_signature(struct view text, const struct note_key *key, struct view signature,
			       void *arg)
{
	(void)arg;
	return ed25519_verify(key->public_key, text, signature);
}

enum rc note_open(struct view note, const struct note_key *key, struct view *ret_text)
{
	return open_note(note, key, judge_signature, NULL, ret_text);
}

/* What a cosigner signs: a line that says what it is, the time, and the whole text. */
static enum rc cosigned_message(struct view text, uint64_t time, struct buf *ret)
{
	buf_init(ret, 64 + NOTE_MAX);
	buf_printf(ret, "cosignature/v1\ntime %" PRIu64 "\n", time);
	buf_view(ret, text);
	return buf_rc(ret);
}

enum rc note_cosign(struct view text, EVP_PKEY *private_key, uint64_t time,
		    struct note_cosignature *ret)
{
	struct note_cosignature c = {.time = time};
	struct buf message;
	enum rc rc;

	if (!text.len || text.data[text.len - 1] != '\n')
		return RC_ARGUMENT;
	rc = cosigned_message(text, time, &message);
	if (rc == RC_OK)
		rc = ed25519_sign(private_key, view_buf(&message), c.signature);
	buf_free(&message);
	if (rc == RC_OK)
		*ret = c;
	return rc;
}

void note_put_cosignature(struct buf *b, const struct note_key *cosigner,
			  const struct note_cosignature *cosignature)
{
	uint8_t array[NOTE_KEY_ID + 8 + ED25519_SIGNATURE];
	struct buf bytes;

	buf_fixed(&bytes, array, sizeof(array));
	buf_put(&bytes, cosigner->id, NOTE_KEY_ID);
	buf_u64(&bytes, cosignature->time);
	buf_put(&bytes, cosignature->signature, ED25519_SIGNATURE);
	buf_printf(b, "%s%s ", dash, cosigner->name);
	base64_put(b, view_buf(&bytes));
	buf_u8(b, '\n');
}

static enum rc judge_cosignature(struct view text, const struct note_key *key,
				 struct view signature, void *arg)
{
	struct note_cosignature c, *newest = arg;
	struct buf message;
	enum rc rc;

	if (view_u64(&signature, &c.time) != RC_OK ||
	    view_copy(&signature, c.signature, ED25519_SIGNATURE) != RC_OK ||
	    view_end(&signature) != RC_OK)
		return RC_AUTH;
	rc = cosigned_message(text, c.time, &message);
	if (rc == RC_OK)
		rc = ed25519_verify(key->public_key, view_buf(&message),
				    view_of(c.signature, ED25519_SIGNATURE));
	buf_free(&message);
	if (rc == RC_OK && c.time >= newest->time)
		*newest = c;
	return rc;
}

enum rc note_open_cosigned(struct view note, const struct note_key *cosigner, struct view *ret_text,
			   struct note_cosignature *ret)
{
	struct note_cosignature newest = {.time = 0};
	enum rc rc = open_note(note, cosigner, judge_cosignature, &newest, ret_text);

	if (rc == RC_OK)
		*ret = newest;
	return rc;
}

void note_put_checkpoint(struct buf *b, const struct checkpoint *c)
{
	buf_view(b, c->origin);
	buf_printf(b, "\n%" PRIu64 "\n", c->size);
	base64_put(b, view_of(c->root, MERKLE_HASH));
	buf_u8(b, '\n');
}

static enum rc parse_size(struct view digits, uint64_t *ret)
{
	uint64_t size = 0;
	uint8_t c;

	if (!digits.len || (digits.len > 1 && digits.data[0] == '0'))
		return RC_MALFORMED;
	while (digits.len) {
		if (view_u8(&digits, &c) != RC_OK || c < '0' || c > '9' ||
		    size > (UINT64_MAX - (c - '0')) / 10)
			return RC_MALFORMED;
		size = size * 10 + (c - '0');
	}
	*ret = size;
	return RC_OK;
}

enum rc note_parse_checkpoint(struct view text, struct checkpoint *ret)
{
	struct checkpoint c;
	struct view size, root, extension;
	struct buf hash;

	buf_fixed(&hash, c.root, MERKLE_HASH);
	if (take_until(&text, '\n', &c.origin) != RC_OK || !c.origin.len ||
	    take_until(&text, '\n', &size) != RC_OK || parse_size(size, &c.size) != RC_OK ||
	    take_until(&text, '\n', &root) != RC_OK || base64_parse(root, &hash) != RC_OK ||
	    hash.len != MERKLE_HASH)
		return RC_MALFORMED;
	while (text.len) {
		if (take_until(&text, '\n', &extension) != RC_OK || !extension.len)
			return RC_MALFORMED;
	}
	*ret = c;
	return RC_OK;
}
