/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of the principal card; the layout of each is where it is put and taken. */
#include "card/principal_store.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/tlv.h"
#include "card/command.h"

enum {
	NUMBER_MASK = 0xFFFF,
	AUDIT_MASK = 0xFFFFFF,
	PART = 16384, /* bytes of code a record */
	PART_SHIFT = 8,
	SEAL_ROOM = 64,
	TAG_KEY_SET = 0x83,
	TAG_DELETES = 0xA1,
	TAG_FILES = 0xA2,
	TAG_INSTALLS = 0xA3,
	TAG_COMMAND = 0x04,
	TAG_NUMBER = 0x02,
	DELETE_MIN = 2,
	ITEMS_MAX = 1000,
};

static enum rc put_sealed(struct nvm *nvm, uint32_t id, struct view plain)
{
	struct buf sealed;
	enum rc rc;

	buf_init(&sealed, plain.len + SEAL_ROOM);
	rc = nvm_secret_seal(nvm, id, NULL, plain, &sealed);
	if (rc == RC_OK)
		nvm_put(nvm, id, view_buf(&sealed));
	buf_free(&sealed);
	return rc;
}

static enum rc put_built(struct nvm *nvm, uint32_t id, struct buf *plain)
{
	enum rc rc = buf_rc(plain);

	if (rc == RC_OK)
		rc = put_sealed(nvm, id, view_buf(plain));
	buf_free(plain);
	return rc;
}

/* Appends what a record has in plain. */
static enum rc get_sealed(struct nvm *nvm, uint32_t id, struct buf *out)
{
	struct view sealed;
	enum rc rc = nvm_get(nvm, id, &sealed);

	if (rc == RC_OK)
		rc = nvm_secret_open(nvm, id, NULL, sealed, out);
	return rc == RC_AUTH ? RC_DAMAGED : rc;
}

/* The low bits of the first record of a kind above after. */
static enum rc next_number(struct nvm *nvm, uint32_t kind, uint32_t after, uint32_t *ret)
{
	struct view bytes;
	uint32_t id;
	enum rc rc = nvm_next(nvm, kind | after, &id, &bytes);

	if (rc == RC_OK && (id & RECORD_KIND_MASK) != kind)
		rc = RC_NOT_FOUND;
	if (rc == RC_OK)
		*ret = id & ~(uint32_t)RECORD_KIND_MASK;
	return rc;
}

void principal_keys_wipe(struct principal_keys *keys)
{
	OPENSSL_cleanse(keys, sizeof(*keys));
}

static bool is_possible(const struct principal_keys *k)
{
	bool des = k->type == KEY_TYPE_DES;

	if (k->number == 0 || k->number > PRINCIPAL_KEYS_MAX || k->version == 0x80 ||
	    (k->flags & ~(PRINCIPAL_SHARED | PRINCIPAL_CLASS_84)))
		return false;
	if (des)
		return k->len == SCP02_KEY && k->block <= PRINCIPAL_PLAIN_MAX &&
		       (k->i == 0x15 || (k->i == 0x55 && !(k->flags & PRINCIPAL_SHARED)));
	return k->type == KEY_TYPE_AES && k->i == 0 && k->block < 0x8000 &&
	       (k->block <= PRINCIPAL_PLAIN_MAX || k->block > 0xFF) &&
	       (k->len == 16 || k->len == 24 || k->len == 32);
}

/* type 1 || i 1 || version 1 || flags 1 || block 2 || ENC || MAC || DEK */
enum rc principal_keys_take(struct view in, uint8_t number, struct principal_keys *ret)
{
	struct principal_keys k = {.number = number};
	enum rc rc = view_u8(&in, &k.type);

	if (rc == RC_OK)
		rc = view_u8(&in, &k.i);
	if (rc == RC_OK)
		rc = view_u8(&in, &k.version);
	if (rc == RC_OK)
		rc = view_u8(&in, &k.flags);
	if (rc == RC_OK)
		rc = view_u16(&in, &k.block);
	k.len = in.len / KEYSET_KEYS;
	if (rc != RC_OK || in.len % KEYSET_KEYS || !is_possible(&k))
		return RC_MALFORMED;
	for (int i = 0; rc == RC_OK && i < KEYSET_KEYS; i++)
		rc = view_copy(&in, k.key[i], k.len);
	if (rc == RC_OK)
		*ret = k;
	principal_keys_wipe(&k);
	return rc;
}

enum rc principal_keys_next(struct nvm *nvm, uint8_t after, struct principal_keys *ret)
{
	struct buf plain;
	uint32_t number;
	enum rc rc = next_number(nvm, RECORD_PRINCIPAL_KEYS, after, &number);

	if (rc != RC_OK)
		return rc;
	buf_init(&plain, sizeof(*ret));
	rc = get_sealed(nvm, RECORD_PRINCIPAL_KEYS | number, &plain);
	if (rc == RC_OK)
		rc = principal_keys_take(view_buf(&plain), (uint8_t)number, ret);
	buf_free(&plain);
	return rc == RC_MALFORMED ? RC_DAMAGED : rc;
}

enum rc principal_keys_put(struct nvm *nvm, const struct principal_keys *keys)
{
	struct buf b;

	if (!is_possible(keys))
		return RC_ARGUMENT;
	buf_init(&b, sizeof(*keys));
	buf_u8(&b, keys->type);
	buf_u8(&b, keys->i);
	buf_u8(&b, keys->version);
	buf_u8(&b, keys->flags);
	buf_u16(&b, keys->block);
	for (int i = 0; i < KEYSET_KEYS; i++)
		buf_put(&b, keys->key[i], keys->len);
	return put_built(nvm, RECORD_PRINCIPAL_KEYS | keys->number, &b);
}

void principal_keys_delete(struct nvm *nvm, uint8_t number)
{
	nvm_delete(nvm, RECORD_PRINCIPAL_KEYS | number);
}

enum rc principal_file_get(struct nvm *nvm, uint16_t number, struct principal_file *ret)
{
	struct principal_file f = {.number = number};
	struct buf plain;
	struct view in;
	enum rc rc;

	buf_init(&plain, sizeof(f) + SEAL_ROOM);
	rc = get_sealed(nvm, RECORD_PRINCIPAL_FILE | number, &plain);
	in = view_buf(&plain);
	if (rc == RC_OK &&
	    (view_u32(&in, &f.size) != RC_OK || view_copy(&in, f.hash, sizeof(f.hash)) != RC_OK ||
	     in.len > sizeof(f.install)))
		rc = RC_DAMAGED;
	if (rc == RC_OK) {
		f.install_len = (uint8_t)in.len;
		rc = view_copy(&in, f.install, in.len);
	}
	if (rc == RC_OK)
		*ret = f;
	buf_free(&plain);
	OPENSSL_cleanse(&f, sizeof(f));
	return rc;
}

enum rc principal_file_next(struct nvm *nvm, uint16_t after, struct principal_file *ret)
{
	uint32_t number;
	enum rc rc = next_number(nvm, RECORD_PRINCIPAL_FILE, after, &number);

	return rc == RC_OK ? principal_file_get(nvm, (uint16_t)number, ret) : rc;
}

static uint32_t part_id(uint16_t number, size_t part)
{
	return RECORD_PRINCIPAL_PART | (uint32_t)number << PART_SHIFT | (uint32_t)part;
}

void principal_file_delete(struct nvm *nvm, uint16_t number)
{
	struct view part;

	nvm_delete(nvm, RECORD_PRINCIPAL_FILE | number);
	for (size_t i = 0; nvm_get(nvm, part_id(number, i), &part) == RC_OK; i++)
		nvm_delete(nvm, part_id(number, i));
}

enum rc principal_file_put(struct nvm *nvm, const struct principal_file *file, struct view code)
{
	struct buf b;
	enum rc rc;

	if (file->number == 0 || code.len != file->size || code.len > PRINCIPAL_FILE_MAX)
		return RC_ARGUMENT;
	principal_file_delete(nvm, file->number);
	buf_init(&b, sizeof(*file) + SEAL_ROOM);
	buf_u32(&b, file->size);
	buf_put(&b, file->hash, sizeof(file->hash));
	buf_put(&b, file->install, file->install_len);
	rc = put_built(nvm, RECORD_PRINCIPAL_FILE | file->number, &b);
	for (size_t i = 0; rc == RC_OK && code.len; i++) {
		struct view part;

		rc = view_take(&code, code.len < PART ? code.len : PART, &part);
		if (rc == RC_OK)
			rc = put_sealed(nvm, part_id(file->number, i), part);
	}
	return rc;
}

enum rc principal_file_read(struct nvm *nvm, const struct principal_file *file, size_t at,
			    size_t len, struct buf *out)
{
	struct buf part;
	enum rc rc = RC_OK;

	if (at > file->size || len > file->size - at)
		return RC_ARGUMENT;
	buf_init(&part, PART);
	while (rc == RC_OK && len) {
		size_t skip = at % PART, n;

		buf_reset(&part);
		rc = get_sealed(nvm, part_id(file->number, at / PART), &part);
		if (rc == RC_OK && part.len <= skip)
			rc = RC_DAMAGED;
		if (rc != RC_OK)
			break;
		n = part.len - skip < len ? part.len - skip : len;
		buf_put(out, part.data + skip, n);
		at += n;
		len -= n;
	}
	buf_free(&part);
	if (rc == RC_NOT_FOUND)
		rc = RC_DAMAGED;
	return rc == RC_OK ? buf_rc(out) : rc;
}

/* Counts the items of a list, each of this tag and of a length in these bounds. */
static enum rc count_items(struct view list, uint32_t tag, size_t min, size_t max, size_t *ret)
{
	struct view value;
	size_t n = 0;

	while (list.len) {
		if (tlv_expect(&list, tag, &value) != RC_OK || value.len < min || value.len > max ||
		    ++n > ITEMS_MAX)
			return RC_MALFORMED;
	}
	*ret = n;
	return RC_OK;
}

enum rc principal_application_take(struct view in, struct principal_application *ret)
{
	struct principal_application a = {.key_set = 0};

	if (tlv_copy(&in, TAG_KEY_SET, &a.key_set, sizeof(a.key_set)) != RC_OK ||
	    a.key_set > PRINCIPAL_KEYS_MAX || tlv_expect(&in, TAG_DELETES, &a.deletes) != RC_OK ||
	    tlv_expect(&in, TAG_FILES, &a.files) != RC_OK ||
	    tlv_expect(&in, TAG_INSTALLS, &a.installs) != RC_OK || view_end(&in) != RC_OK)
		return RC_MALFORMED;
	if (count_items(a.deletes, TAG_COMMAND, DELETE_MIN, PRINCIPAL_PLAIN_MAX + 1,
			&a.delete_count) != RC_OK ||
	    count_items(a.files, TAG_NUMBER, 2, 2, &a.file_count) != RC_OK ||
	    count_items(a.installs, TAG_COMMAND, 1, PRINCIPAL_PLAIN_MAX, &a.install_count) !=
		    RC_OK ||
	    a.install_count == 0 || a.install_count > UINT8_MAX)
		return RC_MALFORMED;
	*ret = a;
	return RC_OK;
}

enum rc principal_item(struct view list, size_t index, struct view *ret)
{
	struct view value;
	uint32_t tag;

	while (index && list.len) {
		enum rc rc = tlv_next(&list, &tag, &value);

		if (rc != RC_OK)
			return rc;
		if (--index == 0) {
			*ret = value;
			return RC_OK;
		}
	}
	return RC_NOT_FOUND;
}

enum rc principal_file_number(const struct principal_application *app, size_t index, uint16_t *ret)
{
	struct view value;
	enum rc rc = principal_item(app->files, index, &value);

	return rc == RC_OK ? view_u16(&value, ret) : rc;
}

enum rc principal_definition_get(struct nvm *nvm, uint16_t number, struct buf *out)
{
	return get_sealed(nvm, RECORD_PRINCIPAL_APPLICATION | number, out);
}

enum rc principal_definition_put(struct nvm *nvm, uint16_t number, struct view definition)
{
	return put_sealed(nvm, RECORD_PRINCIPAL_APPLICATION | number, definition);
}

void principal_definition_delete(struct nvm *nvm, uint16_t number)
{
	nvm_delete(nvm, RECORD_PRINCIPAL_APPLICATION | number);
	nvm_delete(nvm, RECORD_PRINCIPAL_COUNTER | number);
}

enum rc principal_application_next(struct nvm *nvm, uint16_t after, uint16_t *ret)
{
	uint32_t number;
	enum rc rc = next_number(nvm, RECORD_PRINCIPAL_APPLICATION, after, &number);

	if (rc == RC_OK)
		*ret = (uint16_t)number;
	return rc;
}

/* number 2 || definition, its list of files empty || size 4, SHA-256 32, LV of INSTALL, of each file */
enum rc principal_digest(struct nvm *nvm, uint16_t number, struct view definition,
			 uint8_t ret[SHA256_SIZE])
{
	struct principal_application app;
	struct principal_file file;
	struct buf all;
	enum rc rc = principal_application_take(definition, &app);

	if (rc != RC_OK)
		return rc;
	buf_init(&all, 1 << 20);
	buf_u16(&all, number);
	tlv_put_u8(&all, TAG_KEY_SET, app.key_set);
	tlv_put(&all, TAG_DELETES, app.deletes);
	tlv_put(&all, TAG_FILES, view_of(NULL, 0));
	tlv_put(&all, TAG_INSTALLS, app.installs);
	for (size_t i = 1; rc == RC_OK && i <= app.file_count; i++) {
		uint16_t n;

		rc = principal_file_number(&app, i, &n);
		if (rc == RC_OK)
			rc = principal_file_get(nvm, n, &file);
		if (rc != RC_OK)
			break;
		buf_u32(&all, file.size);
		buf_put(&all, file.hash, sizeof(file.hash));
		buf_u8(&all, file.install_len);
		buf_put(&all, file.install, file.install_len);
	}
	if (rc == RC_OK)
		rc = buf_rc(&all);
	if (rc == RC_OK)
		rc = crypto_sha256(view_buf(&all), ret);
	buf_free(&all);
	return rc;
}

enum rc principal_counter_get(struct nvm *nvm, uint16_t number, struct principal_counter *ret)
{
	struct principal_counter n = {.left = 0};
	uint8_t array[SEAL_ROOM];
	struct buf plain;
	struct view in;
	enum rc rc;

	buf_fixed(&plain, array, sizeof(array));
	rc = get_sealed(nvm, RECORD_PRINCIPAL_COUNTER | number, &plain);
	in = view_buf(&plain);
	if (rc == RC_OK && (view_u32(&in, &n.left) != RC_OK || view_u32(&in, &n.used) != RC_OK ||
			    view_u32(&in, &n.serial) != RC_OK || view_u32(&in, &n.last) != RC_OK))
		rc = RC_DAMAGED;
	if (rc == RC_NOT_FOUND)
		rc = RC_OK;
	if (rc == RC_OK)
		*ret = n;
	return rc;
}

enum rc principal_counter_put(struct nvm *nvm, uint16_t number,
			      const struct principal_counter *counter)
{
	uint8_t array[SEAL_ROOM];
	struct buf b;

	buf_fixed(&b, array, sizeof(array));
	buf_u32(&b, counter->left);
	buf_u32(&b, counter->used);
	buf_u32(&b, counter->serial);
	buf_u32(&b, counter->last);
	return put_built(nvm, RECORD_PRINCIPAL_COUNTER | number, &b);
}

enum rc principal_state_get(struct nvm *nvm, struct principal_state *ret)
{
	struct principal_state s = {.audit_first = 1, .audit_next = 1};
	uint8_t is03 = 1;
	struct buf plain;
	struct view in;
	enum rc rc;

	buf_init(&plain, sizeof(s));
	rc = get_sealed(nvm, RECORD_PRINCIPAL, &plain);
	in = view_buf(&plain);
	if (rc == RC_OK &&
	    (view_u16(&in, &s.pending.application) != RC_OK ||
	     view_copy(&in, s.pending.target, sizeof(s.pending.target)) != RC_OK ||
	     view_copy(&in, s.pending.digest, sizeof(s.pending.digest)) != RC_OK ||
	     view_u8(&in, &s.pending.retries) != RC_OK || view_u32(&in, &s.audit_first) != RC_OK ||
	     view_u32(&in, &s.audit_next) != RC_OK))
		rc = RC_DAMAGED;
	/* Where it is not said, it is the one that nobody else drops. */
	if (rc == RC_OK && in.len)
		rc = view_u8(&in, &is03);
	s.pending.is03 = is03;
	if (rc == RC_NOT_FOUND)
		rc = RC_OK;
	if (rc == RC_OK)
		*ret = s;
	buf_free(&plain);
	return rc;
}

enum rc principal_state_put(struct nvm *nvm, const struct principal_state *state)
{
	struct buf b;

	buf_init(&b, sizeof(*state));
	buf_u16(&b, state->pending.application);
	buf_put(&b, state->pending.target, sizeof(state->pending.target));
	buf_put(&b, state->pending.digest, sizeof(state->pending.digest));
	buf_u8(&b, state->pending.retries);
	buf_u32(&b, state->audit_first);
	buf_u32(&b, state->audit_next);
	buf_u8(&b, state->pending.is03);
	return put_built(nvm, RECORD_PRINCIPAL, &b);
}

static uint32_t audit_id(uint32_t sequence)
{
	return RECORD_PRINCIPAL_AUDIT | (sequence & AUDIT_MASK);
}

enum rc principal_audit_append(struct nvm *nvm, struct principal_state *state,
			       const struct principal_audit *entry)
{
	struct buf b;

	if (state->audit_next == UINT32_MAX)
		return RC_FULL;
	buf_init(&b, PRINCIPAL_AUDIT_SIZE);
	buf_u32(&b, state->audit_next);
	buf_u8(&b, entry->event);
	buf_u16(&b, entry->application);
	buf_put(&b, entry->target, sizeof(entry->target));
	buf_put(&b, entry->digest, sizeof(entry->digest));
	buf_u8(&b, entry->proved);
	buf_u32(&b, entry->date);
	buf_u64(&b, entry->host_time);
	return put_built(nvm, audit_id(state->audit_next++), &b);
}

enum rc principal_audit_get(struct nvm *nvm, uint32_t sequence, struct buf *out)
{
	return get_sealed(nvm, audit_id(sequence), out);
}

void principal_audit_delete(struct nvm *nvm, uint32_t sequence)
{
	nvm_delete(nvm, audit_id(sequence));
}

void principal_wipe(struct nvm *nvm)
{
	struct view bytes;
	uint32_t id = RECORD_PRINCIPAL - 1;

	while (nvm_next(nvm, id, &id, &bytes) == RC_OK &&
	       id <= (RECORD_PRINCIPAL_LAST | AUDIT_MASK))
		nvm_delete(nvm, id);
}
