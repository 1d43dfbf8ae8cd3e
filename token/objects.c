/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card's objects as the host knows them: read in pages, kept while the card's change counter
 * stands, and what a session may see of them. Search is among known objects; the snapshot that
 * C_FindObjectsInit takes is what C_FindObjects gives.
 */
#include <stdlib.h>
#include <string.h>

#include "base/note.h"
#include "token/application_key.h"
#include "token/cache.h"
#include "token/facts.h"
#include "token/outcome.h"
#include "token/record.h"
#include "token/session.h"
#include "token/template.h"

enum { READINGS_MAX = 3, STALE_MS = 1000, PAGE_MAX = 1 << 20, ALL_MAX = 8 << 20 };

static void mark_unseen(struct store *store, bool is_private)
{
	for (size_t i = 0; i < store->count; i++) {
		struct object *o = store->entries[i].object;

		if (o->number && o->is_private == is_private)
			o->seen = false;
	}
}

static bool is_gone(const struct object *o, const void *is_private)
{
	return o->number && o->is_private == *(const bool *)is_private && !o->seen;
}

/* Takes one page in; *above becomes the highest number in it. */
static enum rc take_page(struct store *store, struct view page, uint32_t *above)
{
	while (page.len) {
		struct view list;
		struct object *o;
		uint32_t number;
		enum rc rc = application_next_object(&page, &number, &list);

		if (rc != RC_OK)
			return rc;
		if (number <= *above)
			return RC_MALFORMED;
		o = store_put(store, number, NULL, list);
		if (!o)
			return RC_MEMORY;
		o->seen = true;
		*above = number;
	}
	return RC_OK;
}

/*
 * What a file of the public objects has to be of, where one is kept: for cards in readers, while the
 * counter of the last protected answer is that of SELECT.
 */
static bool find_cache_key(const struct slot *slot, struct cache_key *ret)
{
	const struct fci *fci = sc_fci(slot->sc);
	const uint8_t *id = sc_card_id(slot->sc);

	if (!slot->source->insertion || !fci || !id ||
	    fci->change_counter != sc_change_counter(slot->sc))
		return false;
	ret->counter = fci->change_counter;
	memcpy(ret->card, id, sizeof(ret->card));
	memcpy(ret->digest, fci->digest, sizeof(ret->digest));
	return true;
}

/* True if all public objects came from the disk. */
static bool read_kept(struct slot *slot)
{
	const bool is_private = false;
	struct cache_key key;
	struct buf objects;
	uint32_t above = 0;
	bool good;

	if (!find_cache_key(slot, &key))
		return false;
	buf_init(&objects, ALL_MAX);
	mark_unseen(&slot->store, is_private);
	good = cache_read(&key, &objects) == RC_OK &&
	       take_page(&slot->store, view_buf(&objects), &above) == RC_OK;
	if (good)
		store_drop(&slot->store, is_gone, &is_private);
	buf_free(&objects);
	return good;
}

static void keep(struct slot *slot, const struct buf *all)
{
	struct cache_key key;

	if (buf_rc(all) == RC_OK && find_cache_key(slot, &key))
		cache_write(&key, view_buf(all));
}

/* Reads all public or all private objects; those that are no longer there go. */
static CK_RV read_all(struct slot *slot, bool is_private)
{
	struct buf all;
	uint32_t above = 0;
	bool more = true;
	struct buf page;
	enum rc rc = RC_OK;
	uint16_t sw = 0;
	CK_RV rv = CKR_OK;

	if (!is_private && read_kept(slot))
		return CKR_OK;
	mark_unseen(&slot->store, is_private);
	buf_init(&page, PAGE_MAX);
	buf_init(&all, ALL_MAX);
	while (more && rv == CKR_OK) {
		buf_reset(&page);
		rc = application_read_objects(slot->sc, is_private, above, &page, &more, &sw);
		if (rc == RC_OK && more && !page.len)
			rc = RC_MALFORMED;
		if (rc == RC_OK)
			rc = take_page(&slot->store, view_buf(&page), &above);
		if (rc == RC_OK && !is_private)
			buf_view(&all, view_buf(&page));
		rv = outcome(slot, CALL_OBJECT, rc, &sw);
	}
	if (rv == CKR_OK && !is_private)
		keep(slot, &all);
	buf_free(&all);
	buf_free(&page);
	if (rv == CKR_OK)
		store_drop(&slot->store, is_gone, &is_private);
	return rv;
}

CK_RV session_sync(struct session *s)
{
	struct slot *slot = s->slot;
	CK_RV rv = token_connect(slot);

	/* Others may have changed what a shared card holds: it is asked when its word is old. */
	if (rv == CKR_OK && slot->source->insertion && slot->public_known &&
	    slot_now_ms() - slot->talked_ms > STALE_MS)
		rv = token_refresh(slot);
	for (int i = 0; i < READINGS_MAX && rv == CKR_OK; i++) {
		bool is_current = slot->public_known &&
				  sc_change_counter(slot->sc) == slot->counter;
		bool wants_private = slot->login == LOGIN_USER;

		if (is_current && (slot->private_known || !wants_private))
			break;
		if (!is_current) {
			rv = read_all(slot, false);
			slot->private_known = false;
		}
		/* What this answer counted is what the public objects are of. */
		if (rv == CKR_OK && !is_current) {
			slot->public_known = true;
			slot->counter = sc_change_counter(slot->sc);
		}
		if (rv == CKR_OK && wants_private && slot->login == LOGIN_USER)
			rv = read_all(slot, true);
		/* A login that was lost meanwhile leaves the public objects, and they are enough. */
		if (rv == CKR_USER_NOT_LOGGED_IN)
			rv = CKR_OK;
		if (rv == CKR_OK && wants_private && slot->login == LOGIN_USER)
			slot->private_known = true;
	}
	return rv;
}

static bool is_visible(const struct session *s, const struct object *o)
{
	return !o->is_private || s->slot->login == LOGIN_USER;
}

CK_RV session_object(struct session *s, CK_OBJECT_HANDLE handle, struct object **ret)
{
	struct object *o = store_get(&s->slot->store, handle);

	if (!o || !is_visible(s, o))
		return CKR_OBJECT_HANDLE_INVALID;
	*ret = o;
	return CKR_OK;
}

/* A search template in portable form. An attribute that no object has finds nothing. */
static CK_RV make_query(CK_ATTRIBUTE_PTR template, CK_ULONG count, struct buf *list,
			bool *ret_can_match)
{
	*ret_can_match = true;
	for (CK_ULONG i = 0; i < count; i++) {
		enum schema_form form;
		CK_RV rv;

		if (!schema_form(template[i].type, &form)) {
			*ret_can_match = false;
			continue;
		}
		rv = template_put(list, form, &template[i]);
		if (rv != CKR_OK)
			return rv;
	}
	return CKR_OK;
}

static bool is_found(const struct session *s, const struct entry *entry, bool wants_facts)
{
	if (facts_has_class(entry->class))
		return wants_facts && facts_hold(&s->slot->store, entry->object);
	return is_visible(s, entry->object);
}

static CK_RV collect_found(struct session *s, const struct query *query)
{
	struct store *store = &s->slot->store;
	bool wants_facts = facts_are_wanted(query);
	const struct entry *entry;
	size_t at = 0;
	CK_RV rv = wants_facts ? facts_put(store) : CKR_OK;

	if (rv != CKR_OK)
		return rv;
	s->found = calloc(store->count ? store->count : 1, sizeof(*s->found));
	if (!s->found)
		return CKR_HOST_MEMORY;
	while ((entry = store_next(store, query, &at)))
		if (is_found(s, entry, wants_facts))
			s->found[s->found_count++] = entry->handle;
	return CKR_OK;
}

CK_RV session_find_init(struct session *s, CK_ATTRIBUTE_PTR template, CK_ULONG count)
{
	struct query query;
	bool can_match;
	struct buf list;
	CK_RV rv;

	if (s->is_finding)
		return CKR_OPERATION_ACTIVE;
	buf_init(&list, ATTR_LIST_MAX);
	rv = make_query(template, count, &list, &can_match);
	if (rv == CKR_OK)
		rv = session_sync(s);
	if (rv == CKR_OK && can_match)
		rv = record_load(s, view_buf(&list));
	if (rv == CKR_OK && can_match)
		rv = application_keys_load(s->slot, view_buf(&list));
	s->found_count = 0;
	s->found_at = 0;
	if (rv == CKR_OK && can_match) {
		query_init(&query, view_buf(&list));
		rv = collect_found(s, &query);
	}
	s->is_finding = rv == CKR_OK;
	buf_free(&list);
	return rv;
}

CK_RV session_find(struct session *s, CK_OBJECT_HANDLE_PTR list, CK_ULONG max, CK_ULONG_PTR count)
{
	struct object *o;

	if (!s->is_finding)
		return CKR_OPERATION_NOT_INITIALIZED;
	*count = 0;
	while (*count < max && s->found_at < s->found_count) {
		CK_OBJECT_HANDLE handle = s->found[s->found_at++];

		if (session_object(s, handle, &o) == CKR_OK)
			list[(*count)++] = handle;
	}
	return CKR_OK;
}

CK_RV session_find_final(struct session *s)
{
	if (!s->is_finding)
		return CKR_OPERATION_NOT_INITIALIZED;
	free(s->found);
	s->found = NULL;
	s->is_finding = false;
	return CKR_OK;
}

CK_RV session_object_size(struct session *s, CK_OBJECT_HANDLE object, CK_ULONG_PTR ret)
{
	struct object *o;
	CK_RV rv = session_object(s, object, &o);

	if (rv == CKR_OK)
		*ret = o->list.len;
	return rv;
}

static CK_RV give_number(uint64_t number, CK_ATTRIBUTE *attribute)
{
	uint8_t array[sizeof(uint64_t)];
	struct buf bytes;

	buf_fixed(&bytes, array, sizeof(array));
	buf_u64(&bytes, number);
	return template_give(FORM_ULONG, view_buf(&bytes), attribute);
}

/* What is asked for of a ledger's state. */
static CK_RV give_state(const struct application_ledger *l, CK_ATTRIBUTE *attribute)
{
	switch (attribute->type) {
	case CKA_INTAGLIO_RECORD_COUNT:
		return give_number(l->leaves, attribute);
	case CKA_INTAGLIO_PRUNED_COUNT:
		return give_number(l->pruned, attribute);
	case CKA_INTAGLIO_WARNINGS:
		return give_number(l->warnings, attribute);
	case CKA_INTAGLIO_TIME_BACKWARDS:
		return give_number(l->backwards, attribute);
	case CKA_INTAGLIO_COSIGNED:
		return template_give(FORM_BYTES, l->cosigned, attribute);
	default:
		return template_give(FORM_BYTES, l->checkpoint, attribute);
	}
}

/* Attributes that only the card knows at this moment. */
static CK_RV get_live(struct session *s, const struct object *o, CK_ATTRIBUTE *attribute)
{
	bool is_certificate = attribute->type == CKA_INTAGLIO_LEDGER_CERTIFICATE;
	struct slot *slot = s->slot;
	struct application_ledger state;
	struct buf certificate;
	uint16_t sw = 0;
	enum rc rc;
	CK_RV rv;

	buf_init(&certificate, ATTR_LIST_MAX);
	if (is_certificate)
		rc = application_ledger_certificate(slot->sc, o->number, &certificate, &sw);
	else
		rc = application_ledger_status(slot->sc, o->number, &state, &sw);
	rv = outcome(slot, CALL_OBJECT, rc, &sw);
	if (rv != CKR_OK) {
		attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		rv = rv == CKR_DEVICE_REMOVED ? rv : CKR_DEVICE_ERROR;
	} else if (is_certificate) {
		rv = template_give(FORM_BYTES, view_buf(&certificate), attribute);
	} else {
		rv = give_state(&state, attribute);
	}
	buf_free(&certificate);
	return rv;
}

CK_RV session_get_attributes(struct session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR template,
			     CK_ULONG count)
{
	struct object *o;
	CK_RV rv = session_object(s, object, &o);

	if (rv != CKR_OK)
		return rv;
	for (CK_ULONG i = 0; i < count; i++) {
		const struct schema_row *row = o->schema ? schema_row(o->schema, template[i].type)
							 : NULL;
		CK_RV one;

		if (row && row->flags & LIVE)
			one = get_live(s, o, &template[i]);
		else if (o->ledger && template[i].type == CKA_VALUE)
			one = record_get_value(s, o, &template[i]);
		else
			one = template_get(o->schema, view_buf(&o->list), &template[i]);
		/* Every attribute is served; the first failure is told. */
		if (rv == CKR_OK)
			rv = one;
	}
	return rv;
}

/* What a reader of leaves asks the card for. */
typedef enum rc leaf_reader(struct sc *sc, uint32_t ledger, uint64_t index, struct buf *out,
			    uint16_t *ret_sw);

static CK_RV read_leaves(struct session *s, leaf_reader *reader, CK_OBJECT_HANDLE ledger,
			 CK_ULONG index, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	struct slot *slot = s->slot;
	struct object *o;
	struct buf leaf;
	uint16_t sw = 0;
	bool go;
	CK_RV rv = session_object(s, ledger, &o);

	if (rv != CKR_OK)
		return rv;
	if (!o->number || o->type != CKK_INTAGLIO_LEDGER)
		return CKR_KEY_TYPE_INCONSISTENT;
	buf_init(&leaf, ATTR_LIST_MAX + OPERATION_DATA_MAX);
	rv = outcome(slot, CALL_OPEN_RECORD, reader(slot->sc, o->number, index, &leaf, &sw), &sw);
	if (rv == CKR_OK)
		rv = operation_room(out, out_len, leaf.len, &go);
	if (rv == CKR_OK && go) {
		memcpy(out, leaf.data, leaf.len);
		*out_len = leaf.len;
	}
	buf_free(&leaf);
	return rv;
}

CK_RV session_read_leaf(struct session *s, CK_OBJECT_HANDLE ledger, CK_ULONG index, CK_BYTE_PTR out,
			CK_ULONG_PTR out_len)
{
	return read_leaves(s, application_ledger_read_leaf, ledger, index, out, out_len);
}

CK_RV session_read_leaves(struct session *s, CK_OBJECT_HANDLE ledger, CK_ULONG index,
			  CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	return read_leaves(s, application_ledger_read_leaves, ledger, index, out, out_len);
}

/* A ledger of the session, for what is done to it; *ret is its object number. */
static CK_RV writable_ledger(struct session *s, CK_OBJECT_HANDLE ledger, uint32_t *ret)
{
	struct object *o;
	CK_RV rv = session_object(s, ledger, &o);

	if (rv != CKR_OK)
		return rv;
	if (!o->number || o->type != CKK_INTAGLIO_LEDGER)
		return CKR_KEY_TYPE_INCONSISTENT;
	if (!session_is_rw(s))
		return CKR_SESSION_READ_ONLY;
	*ret = o->number;
	return CKR_OK;
}

CK_RV session_cosign_ledger(struct session *s, CK_OBJECT_HANDLE ledger, CK_BYTE_PTR note,
			    CK_ULONG len)
{
	uint32_t number;
	uint16_t sw = 0;
	CK_RV rv = writable_ledger(s, ledger, &number);

	if (rv != CKR_OK)
		return rv;
	if (len > NOTE_MAX / 2)
		return CKR_DATA_LEN_RANGE;
	return outcome(s->slot, CALL_COSIGN,
		       application_ledger_cosign(s->slot->sc, number, view_of(note, len), &sw),
		       &sw);
}

CK_RV session_prune_ledger(struct session *s, CK_OBJECT_HANDLE ledger, CK_ULONG size)
{
	uint32_t number;
	uint16_t sw = 0;
	CK_RV rv = writable_ledger(s, ledger, &number);

	if (rv != CKR_OK)
		return rv;
	return outcome(s->slot, CALL_PRUNE,
		       application_ledger_prune(s->slot->sc, number, size, &sw), &sw);
}
