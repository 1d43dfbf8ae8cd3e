/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects in an array sorted by handle, with hashes of what searches ask for most. */
#include "token/store.h"

#include <stdlib.h>
#include <string.h>

#include "token/pubkey.h"
#include "token/template.h"

enum { ROOM_FIRST = 16 };

/* FNV-1a, never 0 for a value that is not empty; only a filter: a match is compared in full. */
static uint64_t hash_of(struct view list, CK_ATTRIBUTE_TYPE type)
{
	uint64_t hash = 0xCBF29CE484222325;
	struct view value;

	if (attr_find(list, type, &value) != RC_OK || !value.len)
		return 0;
	for (size_t i = 0; i < value.len; i++)
		hash = (hash ^ value.data[i]) * 0x100000001B3;
	return hash | 1;
}

static void object_free(struct object **object)
{
	if (!*object)
		return;
	buf_free(&(*object)->list);
	EVP_PKEY_free((*object)->key);
	free(*object);
	*object = NULL;
}

/* Index of the first entry whose handle is not below; count if there is none. */
static size_t position(const struct store *store, CK_OBJECT_HANDLE handle)
{
	size_t low = 0, high = store->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (store->entries[middle].handle < handle)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct object *store_get(const struct store *store, CK_OBJECT_HANDLE handle)
{
	size_t at = position(store, handle);

	if (at == store->count || store->entries[at].handle != handle)
		return NULL;
	return store->entries[at].object;
}

static struct object *by_number(const struct store *store, uint32_t number)
{
	/* New ones come with numbers that only go up. */
	if (number > store->highest)
		return NULL;
	for (size_t i = 0; number && i < store->count; i++)
		if (store->entries[i].object->number == number)
			return store->entries[i].object;
	return NULL;
}

/* What follows from an object's list. */
static void derive(struct object *o)
{
	struct view list = view_buf(&o->list), value;
	CK_ATTRIBUTE_TYPE type_attribute;

	EVP_PKEY_free(o->key);
	o->key = NULL;
	o->class = attr_ulong(list, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
	type_attribute = schema_type_attribute(o->class);
	o->type = attr_ulong(list, type_attribute, CK_UNAVAILABLE_INFORMATION);
	o->schema = schema_find(o->class, o->type);
	o->is_private = attr_bool(list, CKA_PRIVATE, false);
	o->uses = 0;
	for (CK_ATTRIBUTE_TYPE use = CKA_ENCRYPT; use <= CKA_DERIVE; use++)
		if (attr_bool(list, use, false))
			o->uses |= (uint16_t)(1U << (use - CKA_ENCRYPT));
	o->is_restricted = attr_find(list, CKA_ALLOWED_MECHANISMS, &value) == RC_OK && value.len;
	o->size = type_attribute == CKA_KEY_TYPE ? pubkey_size(o->type, list) : 0;
}

static bool fill(struct object *o, struct view list)
{
	buf_reset(&o->list);
	buf_view(&o->list, list);
	if (buf_rc(&o->list) != RC_OK)
		return false;
	derive(o);
	return true;
}

static void fill_entry(struct entry *e)
{
	struct view list = view_buf(&e->object->list);

	e->handle = e->object->handle;
	e->class = e->object->class;
	e->is_private = e->object->is_private;
	e->id_hash = hash_of(list, CKA_ID);
	e->label_hash = hash_of(list, CKA_LABEL);
}

static bool grow(struct store *store)
{
	size_t room = store->room ? 2 * store->room : ROOM_FIRST;
	struct entry *entries;

	if (store->count < store->room)
		return true;
	entries = realloc(store->entries, room * sizeof(*entries));
	if (!entries)
		return false;
	store->entries = entries;
	store->room = room;
	return true;
}

struct object *store_put(struct store *store, uint32_t number, const struct session *owner,
			 struct view list)
{
	struct object *o = by_number(store, number);

	if (o) {
		if (!fill(o, list))
			return NULL;
		fill_entry(&store->entries[position(store, o->handle)]);
		return o;
	}
	if (!grow(store))
		return NULL;
	o = calloc(1, sizeof(*o));
	if (!o)
		return NULL;
	buf_init(&o->list, ATTR_LIST_MAX);
	if (!fill(o, list)) {
		object_free(&o);
		return NULL;
	}
	o->number = number;
	if (number > store->highest)
		store->highest = number;
	o->owner = owner;
	o->handle = ++store->last;
	store->entries[store->count] = (struct entry){.object = o};
	fill_entry(&store->entries[store->count++]);
	return o;
}

void store_refresh(struct store *store, struct object *object)
{
	derive(object);
	fill_entry(&store->entries[position(store, object->handle)]);
}

void store_remove(struct store *store, struct object *object)
{
	size_t at = position(store, object->handle);

	object_free(&object);
	store->count--;
	memmove(&store->entries[at], &store->entries[at + 1],
		(store->count - at) * sizeof(*store->entries));
}

void store_drop(struct store *store, bool (*is_dropped)(const struct object *o, const void *arg),
		const void *arg)
{
	size_t kept = 0;

	for (size_t i = 0; i < store->count; i++) {
		if (is_dropped(store->entries[i].object, arg))
			object_free(&store->entries[i].object);
		else
			store->entries[kept++] = store->entries[i];
	}
	store->count = kept;
}

static bool is_any(const struct object *o, const void *arg)
{
	(void)o;
	(void)arg;
	return true;
}

void store_clear(struct store *store)
{
	store_drop(store, is_any, NULL);
	free(store->entries);
	store->entries = NULL;
	store->room = 0;
}

void query_init(struct query *query, struct view list)
{
	struct view value;

	*query = (struct query){.list = list};
	query->has_class = attr_find(list, CKA_CLASS, &value) == RC_OK;
	query->class = attr_ulong(list, CKA_CLASS, 0);
	query->has_id = attr_find(list, CKA_ID, &value) == RC_OK;
	query->id_hash = hash_of(list, CKA_ID);
	query->has_label = attr_find(list, CKA_LABEL, &value) == RC_OK;
	query->label_hash = hash_of(list, CKA_LABEL);
}

/* Whether an object has an attribute with this value, as C_GetAttributeValue would show it. */
static bool has_value(const struct object *o, CK_ATTRIBUTE_TYPE type, struct view wanted)
{
	const struct schema_row *row = o->schema ? schema_row(o->schema, type) : NULL;
	struct view list = view_buf(&o->list), value;

	if (row && row->flags & SECRET && template_is_sensitive(list))
		return false;
	/* Attributes of a class that the schema does not know are there or not. */
	if (row ? !template_value(row, list, &value) : attr_find(list, type, &value) != RC_OK)
		return false;
	return view_equal(value, wanted);
}

bool object_matches(const struct object *o, struct view wanted)
{
	CK_ATTRIBUTE_TYPE type;
	struct view value;

	while (wanted.len) {
		if (attr_next(&wanted, &type, &value) != RC_OK || !has_value(o, type, value))
			return false;
	}
	return true;
}

const struct entry *store_next(const struct store *store, const struct query *query, size_t *at)
{
	while (*at < store->count) {
		const struct entry *e = &store->entries[(*at)++];

		if ((query->has_class && e->class != query->class) ||
		    (query->has_id && e->id_hash != query->id_hash) ||
		    (query->has_label && e->label_hash != query->label_hash))
			continue;
		if (object_matches(e->object, query->list))
			return e;
	}
	return NULL;
}
