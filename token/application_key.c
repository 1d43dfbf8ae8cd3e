/* SPDX-License-Identifier: BSD-2-Clause */
/* The objects, and an installation between C_SignInit and C_Sign. */
#include "token/application_key.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "token/principal.h"

enum { ANSWER_MAX = 1 << 20, ID_LEN = 2 };

static bool is_application(const struct object *o)
{
	return o->class == CKO_SECRET_KEY && o->type == CKK_INTAGLIO_APPLICATION && !o->owner;
}

static void mark_unseen(struct store *store)
{
	for (size_t i = 0; i < store->count; i++)
		if (is_application(store->entries[i].object))
			store->entries[i].object->seen = false;
}

/* One that the issuer took off the card. */
static bool is_gone(const struct object *o, const void *arg)
{
	(void)arg;
	return is_application(o) && !o->seen;
}

/* The store's object of this application, or NULL. */
static struct object *find(const struct store *store, struct view id)
{
	for (size_t i = 0; i < store->count; i++) {
		struct object *o = store->entries[i].object;
		struct view value;

		if (is_application(o) && attr_find(view_buf(&o->list), CKA_ID, &value) == RC_OK &&
		    view_equal(value, id))
			return o;
	}
	return NULL;
}

static CK_RV put_one(struct store *store, const struct principal_card_counter *counter)
{
	const uint8_t id[ID_LEN] = {(uint8_t)(counter->number >> 8), (uint8_t)counter->number};
	struct object *old = find(store, view_of(id, sizeof(id)));
	char label[32], unique[32];
	struct object *fresh = NULL;
	struct buf list;

	/* A handle that an application has stays what it was. */
	if (old) {
		old->seen = true;
		attr_set_ulong(&old->list, CKA_INTAGLIO_ACTIVATIONS, counter->left);
		return buf_rc(&old->list) == RC_OK ? CKR_OK : CKR_HOST_MEMORY;
	}
	snprintf(label, sizeof(label), "application %u", counter->number);
	snprintf(unique, sizeof(unique), "application-%u", counter->number);
	buf_init(&list, ATTR_LIST_MAX);
	attr_set_ulong(&list, CKA_CLASS, CKO_SECRET_KEY);
	attr_set_ulong(&list, CKA_KEY_TYPE, CKK_INTAGLIO_APPLICATION);
	attr_set_bool(&list, CKA_TOKEN, true);
	attr_set_bool(&list, CKA_PRIVATE, false);
	attr_set(&list, CKA_ID, view_of(id, sizeof(id)));
	attr_set(&list, CKA_LABEL, view_str(label));
	attr_set_bool(&list, CKA_SIGN, true);
	attr_set_bool(&list, CKA_SENSITIVE, true);
	attr_set_bool(&list, CKA_EXTRACTABLE, false);
	attr_set_bool(&list, CKA_MODIFIABLE, false);
	attr_set_bool(&list, CKA_COPYABLE, false);
	attr_set_bool(&list, CKA_DESTROYABLE, false);
	attr_set(&list, CKA_UNIQUE_ID, view_str(unique));
	attr_set_ulong(&list, CKA_INTAGLIO_ACTIVATIONS, counter->left);
	if (buf_rc(&list) == RC_OK)
		fresh = store_put(store, 0, NULL, view_buf(&list));
	if (fresh)
		fresh->seen = true;
	buf_free(&list);
	return fresh ? CKR_OK : CKR_HOST_MEMORY;
}

CK_RV application_keys_load(struct slot *slot, struct view query)
{
	struct principal_card_counter counter;
	struct principal p;
	struct view in;
	struct buf all;
	uint16_t sw = 0;
	enum rc rc;
	CK_RV rv = CKR_OK;

	if (attr_ulong(query, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION) != CKK_INTAGLIO_APPLICATION)
		return CKR_OK;
	if (token_open_principal(slot, &p) != CKR_OK)
		return CKR_OK;
	buf_init(&all, ANSWER_MAX);
	rc = principal_card_status(p.card, PRINCIPAL_CARD_COUNTERS, 0, &all, &sw);
	in = view_buf(&all);
	mark_unseen(&slot->store);
	while (rc == RC_OK && rv == CKR_OK && in.len) {
		rc = principal_card_next_counter(&in, &counter);
		if (rc == RC_OK)
			rv = put_one(&slot->store, &counter);
	}
	if (rc == RC_OK && rv == CKR_OK)
		store_drop(&slot->store, is_gone, NULL);
	buf_free(&all);
	token_close_principal(&p);
	return rv;
}

CK_RV application_key_take(struct operation *o, const struct object *key)
{
	struct view id;
	uint16_t number;

	if (attr_find(view_buf(&key->list), CKA_ID, &id) != RC_OK || id.len != ID_LEN ||
	    view_u16(&id, &number) != RC_OK)
		return CKR_KEY_TYPE_INCONSISTENT;
	o->number = number;
	return CKR_OK;
}

/* Whom the session's application hears of progress by; a copy, since the session may close. */
struct surrender {
	CK_NOTIFY notify;
	CK_SESSION_HANDLE handle;
	void *application;
};

static CK_RV surrender(void *arg, CK_ULONG done, CK_ULONG total)
{
	const struct surrender *to = arg;

	(void)done;
	(void)total;
	return to->notify(to->handle, CKN_SURRENDER, to->application);
}

/* Locks another slot in the order of their numbers; the first one is locked before and after. */
static void lock_second(struct slot *first, struct slot *second)
{
	if (second->id > first->id) {
		slot_lock(second);
		return;
	}
	slot_unlock(first);
	slot_lock(second);
	slot_lock(first);
}

/* What C_Sign may return. */
static CK_RV narrow(CK_RV rv)
{
	switch (rv) {
	case CKR_OK:
	case CKR_FUNCTION_CANCELED:
	case CKR_DATA_INVALID:
	case CKR_DEVICE_ERROR:
	case CKR_DEVICE_MEMORY:
	case CKR_DEVICE_REMOVED:
	case CKR_HOST_MEMORY:
		return rv;
	case CKR_ACTION_PROHIBITED:
		return CKR_FUNCTION_REJECTED;
	default:
		return CKR_FUNCTION_FAILED;
	}
}

CK_RV application_key_sign(struct session *s, struct operation *o, struct view in, CK_BYTE_PTR out,
			   CK_ULONG_PTR out_len)
{
	const CK_INTAGLIO_APPLICATION_LOAD_PARAMS load = o->parameter.load;
	struct surrender to = {s->notify, s->handle, s->application};
	CK_INTAGLIO_TRANSFER t = {.ulApplication = o->number,
				  .ulVersion = load.ulVersion,
				  .bS16 = load.bS16,
				  .domain = load.domain,
				  .Progress = s->notify ? surrender : NULL,
				  .pApplication = &to};
	struct slot *principal = s->slot, *target;
	bool go;
	CK_RV rv = operation_room(out, out_len, sizeof(t.target), &go);

	if (!go)
		return rv;
	operation_end(o);
	if (in.len)
		return CKR_DATA_LEN_RANGE;
	target = slots_get(principal->slots, load.target);
	if (!target || target == principal) {
		log_error("card %s: the target of the installation is another slot",
			  principal->name);
		return CKR_FUNCTION_FAILED;
	}
	lock_second(principal, target);
	rv = slot_install_through(principal, target, &t);
	slot_unlock(target);
	if (rv != CKR_OK)
		return narrow(rv);
	memcpy(out, t.target, sizeof(t.target));
	*out_len = sizeof(t.target);
	return CKR_OK;
}
