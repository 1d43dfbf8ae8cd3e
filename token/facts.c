/* SPDX-License-Identifier: BSD-2-Clause */
/* Profiles and mechanisms as objects; made when the first search asks for them. */
#include "token/facts.h"

#include <stdio.h>

#include "token/mechanism.h"

static const CK_PROFILE_ID profiles[] = {
	CKP_BASELINE_PROVIDER,
	CKP_EXTENDED_PROVIDER,
	CKP_AUTHENTICATION_TOKEN,
	CKP_PUBLIC_CERTIFICATES_TOKEN,
};

bool facts_has_class(CK_OBJECT_CLASS class)
{
	return class == CKO_PROFILE || class == CKO_MECHANISM;
}

bool facts_are_wanted(const struct query *query)
{
	struct view value;

	return (query->has_class && facts_has_class(query->class)) ||
	       attr_find(query->list, CKA_PROFILE_ID, &value) == RC_OK ||
	       attr_find(query->list, CKA_MECHANISM_TYPE, &value) == RC_OK ||
	       attr_find(query->list, CKA_UNIQUE_ID, &value) == RC_OK;
}

static bool are_there(const struct store *store)
{
	for (size_t i = 0; i < store->count; i++)
		if (facts_has_class(store->entries[i].class))
			return true;
	return false;
}

static CK_RV put_one(struct store *store, CK_OBJECT_CLASS class, CK_ATTRIBUTE_TYPE type,
		     CK_ULONG value)
{
	char unique[32];
	struct buf list;
	CK_RV rv = CKR_HOST_MEMORY;

	buf_init(&list, ATTR_LIST_MAX);
	snprintf(unique, sizeof(unique), "%s-%08lx", class == CKO_PROFILE ? "profile" : "mechanism",
		 value);
	attr_set_ulong(&list, CKA_CLASS, class);
	attr_set(&list, CKA_UNIQUE_ID, view_str(unique));
	attr_set_ulong(&list, type, value);
	if (buf_rc(&list) == RC_OK && store_put(store, 0, NULL, view_buf(&list)))
		rv = CKR_OK;
	buf_free(&list);
	return rv;
}

CK_RV facts_put(struct store *store)
{
	const struct mechanism *m;
	CK_RV rv = CKR_OK;

	if (are_there(store))
		return CKR_OK;
	for (size_t i = 0; rv == CKR_OK && i < sizeof(profiles) / sizeof(profiles[0]); i++)
		rv = put_one(store, CKO_PROFILE, CKA_PROFILE_ID, profiles[i]);
	for (size_t i = 0; rv == CKR_OK && (m = mechanism_at(i)); i++)
		rv = put_one(store, CKO_MECHANISM, CKA_MECHANISM_TYPE, m->type);
	return rv;
}

/* Whether the store has a public object of this class and CKA_ID. */
static bool has_public(const struct store *store, CK_OBJECT_CLASS class, uint64_t id_hash)
{
	for (size_t i = 0; i < store->count; i++) {
		const struct entry *e = &store->entries[i];

		if (e->class == class && !e->is_private && e->id_hash == id_hash)
			return true;
	}
	return false;
}

/* Profiles 5.6: every certificate is public, and its key found by its CKA_ID without a login. */
static bool certificates_are_public(const struct store *store)
{
	for (size_t i = 0; i < store->count; i++) {
		const struct entry *e = &store->entries[i];

		if (e->class == CKO_CERTIFICATE && e->is_private)
			return false;
		if (e->class == CKO_PRIVATE_KEY && e->is_private &&
		    has_public(store, CKO_CERTIFICATE, e->id_hash) &&
		    !has_public(store, CKO_PUBLIC_KEY, e->id_hash))
			return false;
	}
	return true;
}

bool facts_hold(const struct store *store, const struct object *fact)
{
	if (attr_ulong(view_buf(&fact->list), CKA_PROFILE_ID, 0) != CKP_PUBLIC_CERTIFICATES_TOKEN)
		return true;
	return certificates_are_public(store);
}
