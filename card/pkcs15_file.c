/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EF(DIR), EF(ODF), EF(TokenInfo), the directory files and the values, ISO/IEC 7816-15 clause 8.
 * READ BINARY reaches 32768 bytes into a file, so that a directory goes on in a further file.
 */
#include "card/pkcs15_file.h"

#include "base/tlv.h"
#include "card/identity.h"
#include "card/instance.h"
#include "card/object.h"
#include "card/pkcs15_entry.h"
#include "card/registry.h"

enum {
	GROUP_IDENTIFIER = 0x6000,
	VALUE_IDENTIFIER = 0x8000,
	GROUP_SHIFT = 12,
	GROUP_MASK = 0x0FFF,
	KIND_SHIFT = 4,
	PART_MASK = 0x0F,
	DIRECTORY_FIRST = PKCS15_DIRECTORY,
	DIRECTORY_LAST = PKCS15_DIRECTORY | PKCS15_PRIVATE | 0xFF,
	DIRECTORY_MAX = 32000,
	ENTRY_MAX = 2048,
	FILE_MAX = 65536,
	OBJECT_HEADER = 8,
	TAG_TEMPLATE = 0x61,
	TAG_AID = 0x4F,
	TAG_LABEL = 0x50,
	TAG_PATH = 0x51,
	TAG_INTEGER = 0x02,
	TAG_OCTETS = 0x04,
	TAG_UTF8 = 0x0C,
	TAG_SEQUENCE = 0x30,
	TAG_TOKEN_LABEL = 0x80,
	TAG_DIRECTORY = 0xA0,
	TOKEN_READ_ONLY = 1 << 0,
	TOKEN_LOGIN_REQUIRED = 1 << 1,
	PATH_MAX_BYTES = 8,
};

static bool is_directory(uint32_t file)
{
	return file >= DIRECTORY_FIRST && file <= DIRECTORY_LAST && !(file & 0x0100);
}

bool pkcs15_is_df(uint32_t file)
{
	return file == PKCS15_MF || file == PKCS15_APPLICATION || file >> 24 == PKCS15_GROUP >> 24;
}

uint32_t pkcs15_parent(uint32_t file)
{
	if (file >> 24 == PKCS15_VALUE >> 24)
		return PKCS15_GROUP | (file >> GROUP_SHIFT & GROUP_MASK);
	if (file == PKCS15_MF || file == PKCS15_DIR || file == PKCS15_APPLICATION)
		return PKCS15_MF;
	return PKCS15_APPLICATION;
}

uint16_t pkcs15_identifier(uint32_t file)
{
	if (file >> 24 == PKCS15_VALUE >> 24)
		return (uint16_t)(VALUE_IDENTIFIER | (file & GROUP_MASK));
	if (file >> 24 == PKCS15_GROUP >> 24)
		return (uint16_t)(GROUP_IDENTIFIER | (file & GROUP_MASK));
	return (uint16_t)file;
}

enum rc pkcs15_child(uint32_t parent, uint16_t identifier, uint32_t *ret)
{
	uint32_t low = identifier & GROUP_MASK, file = identifier;
	bool found;

	if (parent == PKCS15_MF) {
		found = file == PKCS15_DIR || file == PKCS15_APPLICATION;
	} else if (parent == PKCS15_APPLICATION && (identifier & ~GROUP_MASK) == GROUP_IDENTIFIER) {
		file = PKCS15_GROUP | low;
		found = true;
	} else if (parent == PKCS15_APPLICATION) {
		found = file == PKCS15_ODF || file == PKCS15_TOKEN_INFO || is_directory(file);
	} else {
		found = (identifier & ~GROUP_MASK) == VALUE_IDENTIFIER;
		file = PKCS15_VALUE | (parent & GROUP_MASK) << GROUP_SHIFT | low;
	}
	if (!found)
		return RC_NOT_FOUND;
	*ret = file;
	return RC_OK;
}

/* The path from the MF. */
static void put_path(uint32_t file, struct buf *path)
{
	if (file != PKCS15_MF)
		put_path(pkcs15_parent(file), path);
	buf_u16(path, pkcs15_identifier(file));
}

static void put_path_of(uint32_t file, struct buf *out)
{
	uint8_t array[PATH_MAX_BYTES];
	struct buf path;

	buf_fixed(&path, array, sizeof(array));
	put_path(file, &path);
	pkcs15_put_path(view_buf(&path), out);
}

/* A private key has no file of its own: its path is that of the application. */
static enum rc put_entry(uint32_t number, struct view list, struct buf *out)
{
	bool key = attr_ulong(list, CKA_CLASS, 0) == CKO_PRIVATE_KEY;
	uint8_t array[PATH_MAX_BYTES];
	struct buf path;

	buf_fixed(&path, array, sizeof(array));
	put_path(key ? PKCS15_APPLICATION : PKCS15_VALUE | number, &path);
	return pkcs15_put_entry(list, view_buf(&path), out);
}

/*
 * Walks the objects of one kind and appends the entries that fall into the given part of their
 * directory. *ret_parts: how many parts there are.
 */
static enum rc walk(const struct command *c, bool private, enum pkcs15_kind kind, uint32_t part,
		    struct buf *out, uint32_t *ret_parts)
{
	const uint8_t *key = object_key(c);
	uint32_t number = 0, at = 0;
	struct buf object, entry;
	size_t used = 0;
	enum rc rc;

	buf_init(&object, OBJECT_RENDERED_MAX);
	buf_init(&entry, ENTRY_MAX);
	while ((rc = object_next(c->nvm, number, private, key, &object, &number)) == RC_OK) {
		struct view list = view_buf(&object), header;
		enum pkcs15_kind its;

		if (view_take(&list, OBJECT_HEADER, &header) == RC_OK &&
		    pkcs15_kind_of(list, &its) == RC_OK && its == kind) {
			rc = put_entry(number, list, &entry);
			if (rc != RC_OK)
				break;
			if (used + entry.len > DIRECTORY_MAX) {
				used = 0;
				at++;
			}
			used += entry.len;
			if (at == part)
				buf_view(out, view_buf(&entry));
		}
		buf_reset(&object);
		buf_reset(&entry);
	}
	buf_free(&object);
	buf_free(&entry);
	if (rc != RC_NOT_FOUND)
		return rc;
	*ret_parts = used ? at + 1 : 0;
	return buf_rc(out);
}

static enum rc render_directory(const struct command *c, uint32_t file, struct buf *out)
{
	uint32_t kind = file >> KIND_SHIFT & 0x0F, part = file & PART_MASK, parts = 0;
	bool private = file & PKCS15_PRIVATE;
	enum rc rc;

	if (kind == PKCS15_AUTHENTICATION && !private && part == 0) {
		pkcs15_put_pin(out);
		return buf_rc(out);
	}
	if (kind != PKCS15_PRIVATE_KEYS && kind != PKCS15_PUBLIC_KEYS &&
	    kind != PKCS15_CERTIFICATES && kind != PKCS15_DATA)
		return RC_NOT_FOUND;
	if (private && !object_key(c))
		return RC_POLICY;
	rc = walk(c, private, (enum pkcs15_kind)kind, part, out, &parts);
	return rc == RC_OK && part && part >= parts ? RC_NOT_FOUND : rc;
}

static void put_directory(uint32_t file, struct buf *out)
{
	size_t mark = tlv_open(out, TAG_DIRECTORY | (file >> KIND_SHIFT & 0x0F));

	put_path_of(file, out);
	tlv_close(out, mark);
}

/* What a channel may not see is told of by one file a kind, whether there is anything in it or not. */
static enum rc put_directories(const struct command *c, bool private, enum pkcs15_kind kind,
			       struct buf *out)
{
	uint32_t file = PKCS15_DIRECTORY | (private ? PKCS15_PRIVATE : 0) |
			(uint32_t)kind << KIND_SHIFT;
	uint32_t parts = 1;
	struct buf unused;
	enum rc rc = RC_OK;

	if (!private || object_key(c)) {
		buf_init(&unused, FILE_MAX);
		rc = walk(c, private, kind, PART_MASK + 1, &unused, &parts);
		buf_free(&unused);
	}
	for (uint32_t i = 0; rc == RC_OK && i < parts && i <= PART_MASK; i++)
		put_directory(file | i, out);
	return rc;
}

static enum rc render_odf(const struct command *c, struct buf *out)
{
	static const enum pkcs15_kind kinds[] = {PKCS15_PRIVATE_KEYS, PKCS15_PUBLIC_KEYS,
						 PKCS15_CERTIFICATES, PKCS15_DATA};
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < 2 * sizeof(kinds) / sizeof(kinds[0]); i++)
		rc = put_directories(c, i % 2, kinds[i / 2], out);
	put_directory(PKCS15_DIRECTORY | PKCS15_AUTHENTICATION << KIND_SHIFT, out);
	return rc == RC_OK ? buf_rc(out) : rc;
}

static struct view trimmed(const uint8_t *text, size_t len)
{
	struct view label = pkcs15_label(view_of(text, len));

	while (label.len && label.data[label.len - 1] == ' ')
		label.len--;
	return label;
}

static enum rc render_token_info(const struct command *c, struct buf *out)
{
	struct token_state state;
	enum rc rc = token_load(c->nvm, &state);
	size_t mark;

	if (rc != RC_OK)
		return rc;
	mark = tlv_open(out, TAG_SEQUENCE);
	tlv_put_u8(out, TAG_INTEGER, 0);
	tlv_put(out, TAG_OCTETS, view_of(c->card_id, CVC_ID));
	tlv_put(out, TAG_UTF8, view_str("Intaglio"));
	tlv_put(out, TAG_TOKEN_LABEL, trimmed(state.label, sizeof(state.label)));
	pkcs15_put_bits(TOKEN_READ_ONLY | TOKEN_LOGIN_REQUIRED, out);
	tlv_close(out, mark);
	return buf_rc(out);
}

static enum rc render_dir(const struct command *c, struct buf *out)
{
	uint8_t array[PATH_MAX_BYTES];
	struct registry_entry e;
	struct buf path;
	enum rc rc = registry_get(c->nvm, REGISTRY_PKCS15, &e);
	size_t mark;

	if (rc != RC_OK)
		return rc;
	buf_fixed(&path, array, sizeof(array));
	put_path(PKCS15_APPLICATION, &path);
	mark = tlv_open(out, TAG_TEMPLATE);
	tlv_put(out, TAG_AID, aid_view(&e.aid));
	tlv_put(out, TAG_LABEL, view_str("Intaglio"));
	tlv_put(out, TAG_PATH, view_buf(&path));
	tlv_close(out, mark);
	return buf_rc(out);
}

/* Without VERIFY a private object's value is as absent as one that never was. */
static enum rc render_value(const struct command *c, uint32_t number, struct buf *out)
{
	struct object object;
	enum rc rc = object_open(c->nvm, number, object_key(c), &object);

	if (rc != RC_OK)
		return rc == RC_POLICY ? RC_NOT_FOUND : rc;
	rc = pkcs15_put_value(view_buf(&object.list), out);
	object_free(&object);
	return rc;
}

enum rc pkcs15_render(const struct command *c, uint32_t file, struct buf *out)
{
	if (file >> 24 == PKCS15_VALUE >> 24)
		return render_value(c, file & ~(uint32_t)PKCS15_VALUE, out);
	switch (file) {
	case PKCS15_DIR:
		return render_dir(c, out);
	case PKCS15_ODF:
		return render_odf(c, out);
	case PKCS15_TOKEN_INFO:
		return render_token_info(c, out);
	default:
		return is_directory(file) ? render_directory(c, file, out) : RC_NOT_FOUND;
	}
}
