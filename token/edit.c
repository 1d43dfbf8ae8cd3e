/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects are created, copied, changed and destroyed: on the card if CKA_TOKEN is true, else in the
 * store as session objects, which die with their session.
 */
#include <stdio.h>
#include <string.h>

#include "base/ledger.h"
#include "token/edit.h"
#include "token/facts.h"
#include "token/outcome.h"
#include "token/record.h"
#include "token/template.h"

CK_RV edit_narrow(CK_RV rv)
{
	return rv == CKR_ACTION_PROHIBITED || rv == CKR_OBJECT_HANDLE_INVALID
		       ? CKR_TEMPLATE_INCONSISTENT
		       : rv;
}

CK_RV edit_adopt(struct slot *slot, struct view *rendered, uint64_t before,
		 CK_OBJECT_HANDLE_PTR ret)
{
	struct view list;
	struct object *o;
	uint32_t number;

	if (application_next_object(rendered, &number, &list) != RC_OK)
		return outcome(slot, CALL_OBJECT, RC_MALFORMED, 0);
	o = store_put(&slot->store, number, NULL, list);
	if (!o)
		return CKR_HOST_MEMORY;
	edit_count(slot, o->is_private, before);
	if (ret)
		*ret = o->handle;
	return CKR_OK;
}

void edit_count(struct slot *slot, bool is_private, uint64_t before)
{
	uint64_t now = sc_change_counter(slot->sc);

	/* Ours and nobody else's change: what is known is current again. */
	if (slot->counter == before && !is_private && now == before + 1)
		slot->counter = now;
}

CK_RV edit_card_object(struct slot *slot, const struct schema *schema, struct buf *list,
		       CK_OBJECT_HANDLE_PTR ret)
{
	uint64_t before = sc_change_counter(slot->sc);
	struct buf object;
	struct view rendered;
	uint16_t sw = 0;
	CK_RV rv;

	template_strip(schema, list);
	buf_init(&object, 2 * ATTR_LIST_MAX);
	rv = outcome(slot, CALL_OBJECT,
		     application_create_object(slot->sc, view_buf(list), &object, &sw), &sw);
	rendered = view_buf(&object);
	if (rv == CKR_OK)
		rv = edit_adopt(slot, &rendered, before, ret);
	buf_free(&object);
	return rv;
}

CK_RV edit_session_object(struct session *s, struct buf *list, CK_OBJECT_HANDLE_PTR ret)
{
	struct store *store = &s->slot->store;
	bool is_key = attr_ulong(view_buf(list), CKA_CLASS, 0) == CKO_SECRET_KEY;
	char unique[32];
	struct object *o;

	snprintf(unique, sizeof(unique), "session-%lu", store->last + 1);
	attr_set(list, CKA_UNIQUE_ID, view_str(unique));
	attr_set_bool(list, CKA_TOKEN, false);
	/* Unless its maker knows better, a secret was outside once. */
	if (is_key) {
		attr_set_bool(list, CKA_ALWAYS_SENSITIVE,
			      attr_bool(view_buf(list), CKA_ALWAYS_SENSITIVE, false));
		attr_set_bool(list, CKA_NEVER_EXTRACTABLE,
			      attr_bool(view_buf(list), CKA_NEVER_EXTRACTABLE, false));
	}
	if (buf_rc(list) != RC_OK)
		return CKR_HOST_MEMORY;
	o = store_put(store, 0, s, view_buf(list));
	if (!o)
		return CKR_HOST_MEMORY;
	s->has_objects = true;
	*ret = o->handle;
	return CKR_OK;
}

static void take_ulong(struct view list, CK_ATTRIBUTE_TYPE type, uint64_t *ret)
{
	*ret = attr_ulong(list, type, *ret);
}

/* The rules of a new ledger, as far as the template has any. */
static CK_RV put_rules(struct view list, bool has_auditor, struct buf *out)
{
	struct ledger_rules rules;
	uint64_t append, read, prune, record_max;

	ledger_default_rules(&rules, has_auditor);
	append = rules.append;
	read = rules.read;
	prune = rules.prune;
	record_max = rules.record_max;
	take_ulong(list, CKA_INTAGLIO_APPEND_ROLES, &append);
	take_ulong(list, CKA_INTAGLIO_READ_ROLES, &read);
	take_ulong(list, CKA_INTAGLIO_PRUNE_ROLES, &prune);
	take_ulong(list, CKA_INTAGLIO_CAPACITY, &rules.capacity);
	take_ulong(list, CKA_INTAGLIO_RECORD_MAX, &record_max);
	if (append > ROLE_ALL || read > ROLE_ALL || prune > ROLE_ALL || record_max > UINT32_MAX)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	rules.append = (unsigned int)append;
	rules.read = (unsigned int)read;
	rules.prune = (unsigned int)prune;
	rules.record_max = (uint32_t)record_max;
	rules.cosigned = attr_bool(list, CKA_INTAGLIO_COSIGN_NEEDED, rules.cosigned);
	ledger_put_rules(out, &rules, has_auditor);
	return CKR_OK;
}

/* A ledger is made by a command of its own, from its label, who may countersign and read, and rules. */
static CK_RV create_ledger(struct session *s, struct view list, CK_OBJECT_HANDLE_PTR ret)
{
	struct slot *slot = s->slot;
	uint64_t before = sc_change_counter(slot->sc);
	struct application_policy policy = {.label = {NULL, 0}};
	uint8_t rules_array[64];
	struct view rendered;
	struct buf object, rules;
	uint16_t sw = 0;
	CK_RV rv;

	if (!attr_bool(list, CKA_TOKEN, false) ||
	    attr_find(list, CKA_LABEL, &policy.label) != RC_OK || !policy.label.len) {
		log_error("card %s: a ledger needs CKA_TOKEN true and a CKA_LABEL", slot->name);
		return CKR_TEMPLATE_INCONSISTENT;
	}
	if (attr_find(list, CKA_INTAGLIO_AUDITOR, &policy.auditor) != RC_OK)
		policy.auditor = view_of(NULL, 0);
	if (attr_find(list, CKA_INTAGLIO_ESCROW, &policy.escrow) != RC_OK)
		policy.escrow = view_of(NULL, 0);
	if (attr_find(list, CKA_INTAGLIO_AUDITOR_PROOF, &policy.proof) != RC_OK)
		policy.proof = view_of(NULL, 0);
	buf_fixed(&rules, rules_array, sizeof(rules_array));
	rv = put_rules(list, policy.auditor.len > 0, &rules);
	if (rv != CKR_OK)
		return rv;
	policy.rules = view_buf(&rules);
	buf_init(&object, 2 * ATTR_LIST_MAX);
	rv = outcome(slot, CALL_OBJECT, application_ledger_create(slot->sc, &policy, &object, &sw),
		     &sw);
	rendered = view_buf(&object);
	if (rv == CKR_OK)
		rv = edit_adopt(slot, &rendered, before, ret);
	buf_free(&object);
	return rv;
}

CK_RV edit_check_new(struct session *s, const struct schema *schema, struct view list)
{
	bool on_token = attr_bool(list, CKA_TOKEN, false);
	CK_RV rv = session_may_write(s, on_token);

	if (rv == CKR_OK)
		rv = session_may_use(s, attr_bool(list, CKA_PRIVATE, false));
	if (rv != CKR_OK)
		return rv;
	if (attr_bool(list, CKA_TRUSTED, false) && s->slot->login != LOGIN_SO)
		return CKR_ATTRIBUTE_READ_ONLY;
	/* PKCS#11 4.9: the PIN is asked for what only its owner sees. */
	if (attr_bool(list, CKA_ALWAYS_AUTHENTICATE, false) && !attr_bool(list, CKA_PRIVATE, true))
		return CKR_TEMPLATE_INCONSISTENT;
	if (schema->class == CKO_PRIVATE_KEY && !on_token) {
		log_error("card %s: private keys live on the card only; CKA_TOKEN must be true",
			  s->slot->name);
		return CKR_TEMPLATE_INCONSISTENT;
	}
	return CKR_OK;
}

static CK_RV create(struct session *s, const struct schema *schema, struct buf *list,
		    CK_OBJECT_HANDLE_PTR ret)
{
	struct object *ledger = NULL;
	CK_RV rv = edit_check_new(s, schema, view_buf(list));

	if (rv == CKR_OK && schema->class == CKO_DATA)
		rv = session_sync(s);
	if (rv == CKR_OK)
		rv = record_ledger(s, view_buf(list), &ledger);
	if (rv != CKR_OK)
		return rv;
	if (ledger)
		return record_create(s, ledger, view_buf(list), ret);
	if (schema->class == CKO_SECRET_KEY && schema->type == CKK_INTAGLIO_APPLICATION) {
		log_error("card %s: applications come onto a principal card by intaglio principal "
			  "load",
			  s->slot->name);
		return CKR_TEMPLATE_INCONSISTENT;
	}
	if (schema->class == CKO_SECRET_KEY && schema->type == CKK_INTAGLIO_LEDGER)
		return create_ledger(s, view_buf(list), ret);
	if (attr_bool(view_buf(list), CKA_TOKEN, false))
		return edit_card_object(s->slot, schema, list, ret);
	return edit_session_object(s, list, ret);
}

CK_RV session_create_object(struct session *s, CK_ATTRIBUTE_PTR template, CK_ULONG count,
			    CK_OBJECT_HANDLE_PTR ret)
{
	CK_ULONG class = template_ulong(template, count, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
	CK_ATTRIBUTE_TYPE type_attribute = schema_type_attribute(class);
	const struct schema *schema;
	struct buf list;
	CK_ULONG type;
	CK_RV rv = token_connect(s->slot);

	if (rv != CKR_OK)
		return rv;
	if (class == CK_UNAVAILABLE_INFORMATION)
		return CKR_TEMPLATE_INCOMPLETE;
	type = template_ulong(template, count, type_attribute, CK_UNAVAILABLE_INFORMATION);
	if (type == CK_UNAVAILABLE_INFORMATION)
		return CKR_TEMPLATE_INCOMPLETE;
	schema = schema_find(class, type);
	if (!schema)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	buf_init(&list, ATTR_LIST_MAX);
	rv = template_build(schema, TEMPLATE_CREATE, template, count, &list);
	if (rv == CKR_OK)
		rv = edit_narrow(create(s, schema, &list, ret));
	buf_free(&list);
	return rv;
}

static bool has_secret(const struct object *o)
{
	return o->class == CKO_PRIVATE_KEY || (o->class == CKO_SECRET_KEY && o->number);
}

/* A copy is a new object with the old one's attributes; secrets on the card cannot be copied. */
CK_RV session_copy_object(struct session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR template,
			  CK_ULONG count, CK_OBJECT_HANDLE_PTR ret)
{
	struct buf list, changes;
	struct object *o;
	CK_RV rv = session_object(s, object, &o);

	if (rv != CKR_OK)
		return rv;
	if (!o->schema || facts_has_class(o->class) || has_secret(o) ||
	    !attr_bool(view_buf(&o->list), CKA_COPYABLE, true))
		return CKR_ACTION_PROHIBITED;
	buf_init(&list, ATTR_LIST_MAX);
	buf_init(&changes, ATTR_LIST_MAX);
	buf_view(&list, view_buf(&o->list));
	rv = template_change(o->schema, MAY_COPY, view_buf(&list), template, count, &changes);
	if (rv == CKR_OK) {
		template_merge(&list, view_buf(&changes));
		rv = buf_rc(&list) == RC_OK ? create(s, o->schema, &list, ret) : CKR_HOST_MEMORY;
	}
	buf_free(&list);
	buf_free(&changes);
	return rv;
}

/* What destroying and changing have in common. */
static CK_RV check_write(struct session *s, const struct object *o, CK_ATTRIBUTE_TYPE permission)
{
	CK_RV rv = session_may_write(s, o->number || o->ledger);

	if (rv == CKR_OK)
		rv = session_may_use(s, o->is_private);
	if (rv != CKR_OK)
		return rv;
	if (facts_has_class(o->class))
		return CKR_ACTION_PROHIBITED;
	if (o->ledger) {
		log_error("card %s: a sealed record cannot be changed or destroyed", s->slot->name);
		return CKR_ACTION_PROHIBITED;
	}
	if (o->type == CKK_INTAGLIO_LEDGER && o->class == CKO_SECRET_KEY) {
		log_error("card %s: a ledger cannot be changed or destroyed", s->slot->name);
		return CKR_ACTION_PROHIBITED;
	}
	return attr_bool(view_buf(&o->list), permission, true) ? CKR_OK : CKR_ACTION_PROHIBITED;
}

CK_RV session_destroy_object(struct session *s, CK_OBJECT_HANDLE object)
{
	struct slot *slot = s->slot;
	struct object *o;
	uint64_t before;
	uint16_t sw = 0;
	CK_RV rv = session_object(s, object, &o);

	if (rv == CKR_OK)
		rv = check_write(s, o, CKA_DESTROYABLE);
	if (rv != CKR_OK)
		return rv;
	if (o->number) {
		before = sc_change_counter(slot->sc);
		rv = outcome(slot, CALL_OBJECT,
			     application_destroy_object(slot->sc, o->number, &sw), &sw);
		if (rv == CKR_OBJECT_HANDLE_INVALID)
			slot->public_known = false;
		/* C_DestroyObject knows of no login. */
		if (rv == CKR_USER_NOT_LOGGED_IN) {
			log_error("card %s: log in before deleting its objects", slot->name);
			rv = CKR_ACTION_PROHIBITED;
		}
		if (rv != CKR_OK)
			return rv;
		edit_count(slot, o->is_private, before);
	}
	store_remove(&slot->store, o);
	return CKR_OK;
}

static CK_RV set_on_card(struct slot *slot, const struct object *o, struct view changes)
{
	uint64_t before = sc_change_counter(slot->sc);
	struct view rendered;
	struct buf object;
	uint16_t sw = 0;
	CK_RV rv;

	buf_init(&object, 2 * ATTR_LIST_MAX);
	rv = outcome(slot, CALL_OBJECT,
		     application_set_attributes(slot->sc, o->number, changes, &object, &sw), &sw);
	rendered = view_buf(&object);
	if (rv == CKR_OK)
		rv = edit_adopt(slot, &rendered, before, NULL);
	buf_free(&object);
	return rv;
}

/* What is on the card already does not become a record by its name, and must not pass for one. */
static CK_RV check_application(struct session *s, const struct object *o, struct view changes)
{
	struct object *ledger = NULL;
	struct view application;
	struct buf list;
	CK_RV rv;

	if (o->class != CKO_DATA || attr_find(changes, CKA_APPLICATION, &application) != RC_OK)
		return CKR_OK;
	buf_init(&list, ATTR_LIST_MAX);
	attr_set_ulong(&list, CKA_CLASS, CKO_DATA);
	attr_set(&list, CKA_APPLICATION, application);
	rv = buf_rc(&list) == RC_OK ? record_ledger(s, view_buf(&list), &ledger) : CKR_HOST_MEMORY;
	buf_free(&list);
	if (rv != CKR_OK || !ledger)
		return rv;
	log_error("card %s: the CKA_APPLICATION is a ledger's label; a new object with it is "
		  "sealed, one that is there already is not",
		  s->slot->name);
	return CKR_TEMPLATE_INCONSISTENT;
}

static CK_RV set_in_store(struct slot *slot, struct object *o, struct view changes)
{
	template_merge(&o->list, changes);
	if (buf_rc(&o->list) != RC_OK)
		return CKR_HOST_MEMORY;
	store_refresh(&slot->store, o);
	return CKR_OK;
}

CK_RV session_set_attributes(struct session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR template,
			     CK_ULONG count)
{
	struct buf changes;
	struct object *o;
	CK_RV rv = session_object(s, object, &o);

	if (rv == CKR_OK)
		rv = check_write(s, o, CKA_MODIFIABLE);
	if (rv != CKR_OK)
		return rv;
	if (!o->schema)
		return CKR_ACTION_PROHIBITED;
	if (template_bool(template, count, CKA_TRUSTED, false) && s->slot->login != LOGIN_SO)
		return CKR_ATTRIBUTE_READ_ONLY;
	buf_init(&changes, ATTR_LIST_MAX);
	rv = template_change(o->schema, MAY_SET, view_buf(&o->list), template, count, &changes);
	if (rv == CKR_OK)
		rv = check_application(s, o, view_buf(&changes));
	if (rv == CKR_OK && changes.len)
		rv = o->number ? set_on_card(s->slot, o, view_buf(&changes))
			       : set_in_store(s->slot, o, view_buf(&changes));
	buf_free(&changes);
	return rv;
}
