/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of a ledger as objects. What a record is called is inside it, so that only who may read
 * records finds them; the store keeps what it is called and not what it says.
 */
#include "token/record.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/crypto.h"
#include "base/ledger.h"
#include "base/record.h"
#include "token/outcome.h"
#include "token/template.h"

static bool is_ledger(const struct object *o)
{
	return o->number && o->class == CKO_SECRET_KEY && o->type == CKK_INTAGLIO_LEDGER;
}

static struct view value_of(struct view list, CK_ATTRIBUTE_TYPE type)
{
	struct view value;

	return attr_find(list, type, &value) == RC_OK ? value : view_of(NULL, 0);
}

CK_RV record_ledger(struct session *s, struct view list, struct object **ret)
{
	struct view application = value_of(list, CKA_APPLICATION);
	struct store *store = &s->slot->store;
	struct object *found = NULL;
	CK_RV rv = CKR_OK;

	*ret = NULL;
	if (attr_ulong(list, CKA_CLASS, 0) != CKO_DATA || !application.len)
		return CKR_OK;
	for (size_t i = 0; rv == CKR_OK && i < store->count; i++) {
		struct object *o = store->entries[i].object;

		if (!is_ledger(o) ||
		    !view_equal(value_of(view_buf(&o->list), CKA_LABEL), application))
			continue;
		if (found) {
			log_error("card %s: two ledgers have this CKA_APPLICATION as their label; "
				  "seal with CKM_INTAGLIO_SEAL and the ledger's key",
				  s->slot->name);
			rv = CKR_TEMPLATE_INCONSISTENT;
		}
		found = o;
	}
	if (rv == CKR_OK)
		*ret = found;
	return rv;
}

/* The list that the store has of a record: all but its value. */
static void describe(const struct object *ledger, uint64_t index, uint16_t type,
		     struct view plaintext, struct buf *list)
{
	struct view id = value_of(view_buf(&ledger->list), CKA_INTAGLIO_LEDGER_ID), label;
	bool is_object = record_is_object(type, plaintext);
	char text[32], unique[64];

	snprintf(text, sizeof(text), "record %llu", (unsigned long long)index);
	label = is_object ? value_of(plaintext, CKA_LABEL) : view_str(text);
	snprintf(unique, sizeof(unique), "record-%02x%02x%02x%02x-%llu", id.len ? id.data[0] : 0,
		 id.len ? id.data[1] : 0, id.len ? id.data[2] : 0, id.len ? id.data[3] : 0,
		 (unsigned long long)index);
	attr_set_ulong(list, CKA_CLASS, CKO_DATA);
	attr_set_bool(list, CKA_TOKEN, true);
	attr_set_bool(list, CKA_PRIVATE, true);
	attr_set(list, CKA_LABEL, label);
	attr_set(list, CKA_APPLICATION, value_of(view_buf(&ledger->list), CKA_LABEL));
	attr_set(list, CKA_OBJECT_ID,
		 is_object ? value_of(plaintext, CKA_OBJECT_ID) : view_of(NULL, 0));
	attr_set_bool(list, CKA_MODIFIABLE, false);
	attr_set_bool(list, CKA_COPYABLE, false);
	attr_set_bool(list, CKA_DESTROYABLE, false);
	attr_set(list, CKA_UNIQUE_ID, view_str(unique));
}

static CK_RV adopt(struct slot *slot, const struct object *ledger, const struct leaf_header *header,
		   struct view plaintext, CK_OBJECT_HANDLE_PTR ret)
{
	uint32_t number = ledger->number;
	struct object *o = NULL;
	struct buf list;

	buf_init(&list, ATTR_LIST_MAX);
	describe(ledger, header->index, header->type, plaintext, &list);
	if (buf_rc(&list) == RC_OK)
		o = store_put(&slot->store, 0, NULL, view_buf(&list));
	buf_free(&list);
	if (!o)
		return CKR_HOST_MEMORY;
	o->ledger = number;
	o->record = header->index;
	o->record_leaves = header->part == LEAF_FIRST ? 2 : 1;
	if (ret)
		*ret = o->handle;
	return CKR_OK;
}

/* What is sealed of an object. */
static CK_RV put_plaintext(struct view list, struct buf *out)
{
	static const CK_ATTRIBUTE_TYPE kept[] = {CKA_LABEL, CKA_VALUE, CKA_OBJECT_ID};

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		attr_set(out, kept[i], value_of(list, kept[i]));
	return buf_rc(out) == RC_OK ? CKR_OK : CKR_HOST_MEMORY;
}

/* A new client nonce; C_CreateObject has no place for the application's own. */
static bool fill(struct application_seal *seal)
{
	struct timespec now;
	struct buf nonce;

	clock_gettime(CLOCK_REALTIME, &now);
	seal->time = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	buf_fixed(&nonce, seal->nonce, sizeof(seal->nonce));
	buf_u64(&nonce, seal->time);
	return crypto_random(seal->nonce + 8, sizeof(seal->nonce) - 8) == RC_OK;
}

/* C_CreateObject knows nothing of data that is wrong or too long. */
static CK_RV narrow(CK_RV rv)
{
	if (rv == CKR_DATA_LEN_RANGE)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return rv == CKR_DATA_INVALID ? CKR_DEVICE_ERROR : rv;
}

static CK_RV check_template(struct session *s, struct view list)
{
	const struct slot *slot = s->slot;

	if (!attr_bool(list, CKA_TOKEN, false)) {
		log_error("card %s: an object with a ledger's label as its CKA_APPLICATION is "
			  "sealed; it needs CKA_TOKEN true",
			  slot->name);
		return CKR_TEMPLATE_INCONSISTENT;
	}
	return session_may_use(s, true);
}

CK_RV record_create(struct session *s, struct object *ledger, struct view list,
		    CK_OBJECT_HANDLE_PTR ret)
{
	struct application_seal seal = {.ledger = ledger->number, .type = RECORD_TYPE_OBJECT};
	struct sealed_record record;
	struct buf plaintext, sealed;
	struct view in;
	CK_RV rv = check_template(s, list);

	if (rv != CKR_OK)
		return rv;
	buf_init(&plaintext, ATTR_LIST_MAX + 64);
	buf_init(&sealed, ATTR_LIST_MAX + 64 + LEDGER_OVERHEAD);
	rv = put_plaintext(list, &plaintext);
	if (rv == CKR_OK && !fill(&seal))
		rv = CKR_GENERAL_ERROR;
	seal.plaintext = view_buf(&plaintext);
	if (rv == CKR_OK)
		rv = narrow(seal_once(s->slot, &seal, &sealed));
	in = view_buf(&sealed);
	if (rv == CKR_OK && sealed_take(&in, &record) != RC_OK)
		rv = outcome(s->slot, CALL_OBJECT, RC_MALFORMED, 0);
	if (rv == CKR_OK)
		rv = adopt(s->slot, ledger, &record.header, seal.plaintext, ret);
	buf_free(&sealed);
	buf_free(&plaintext);
	return rv;
}

/* A record's plaintext. */
static CK_RV open_record(struct slot *slot, uint32_t ledger, uint64_t index, struct buf *out,
			 struct leaf_header *ret_header)
{
	uint16_t sw = 0;
	enum rc rc;

	buf_reset(out);
	rc = seal_open_index(slot, ledger, index, out, ret_header, &sw);
	return outcome(slot, CALL_OBJECT, rc, &sw);
}

static bool is_known(const struct store *store, uint32_t ledger, uint64_t index)
{
	for (size_t i = store->count; i-- > 0;) {
		const struct object *o = store->entries[i].object;

		if (o->ledger == ledger && index >= o->record &&
		    index - o->record < o->record_leaves)
			return true;
	}
	return false;
}

/* The codes that end a search; a record that cannot be opened, or no longer, is only not found. */
static bool ends_search(CK_RV rv)
{
	return rv == CKR_HOST_MEMORY || rv == CKR_DEVICE_REMOVED || rv == CKR_DEVICE_ERROR ||
	       rv == CKR_GENERAL_ERROR;
}

static CK_RV load_ledger(struct slot *slot, const struct object *ledger)
{
	uint32_t number = ledger->number;
	struct application_ledger state = {.leaves = 0};
	struct leaf_header header;
	uint64_t index;
	struct buf scratch;
	uint16_t sw = 0;
	CK_RV rv;

	buf_init(&scratch, ATTR_LIST_MAX + OPERATION_DATA_MAX);
	rv = outcome(slot, CALL_OBJECT, application_ledger_status(slot->sc, number, &state, &sw),
		     &sw);
	index = state.leaves > RECORDS_FOUND + 1 ? state.leaves - RECORDS_FOUND : 1;
	if (index < state.pruned)
		index = state.pruned;
	for (; !ends_search(rv) && slot->login == LOGIN_USER && index < state.leaves; index++) {
		if (is_known(&slot->store, number, index))
			continue;
		rv = open_record(slot, number, index, &scratch, &header);
		if (rv == CKR_OK)
			rv = adopt(slot, ledger, &header, view_buf(&scratch), NULL);
	}
	buf_free(&scratch);
	return ends_search(rv) ? rv : CKR_OK;
}

CK_RV record_load(struct session *s, struct view query)
{
	struct store *store = &s->slot->store;
	struct view application = value_of(query, CKA_APPLICATION), none;
	bool is_narrow = attr_find(query, CKA_APPLICATION, &none) == RC_OK;
	CK_RV rv = CKR_OK;

	if (s->slot->login != LOGIN_USER || attr_ulong(query, CKA_CLASS, 0) != CKO_DATA)
		return CKR_OK;
	/* Records are put behind what is there. */
	for (size_t i = 0, count = store->count; rv == CKR_OK && i < count; i++) {
		const struct object *o = store->entries[i].object;

		if (is_ledger(o) &&
		    (!is_narrow ||
		     view_equal(value_of(view_buf(&o->list), CKA_LABEL), application)))
			rv = load_ledger(s->slot, o);
	}
	return rv;
}

CK_RV record_get_value(struct session *s, const struct object *o, CK_ATTRIBUTE *attribute)
{
	struct leaf_header header;
	struct buf scratch;
	CK_RV rv;

	buf_init(&scratch, ATTR_LIST_MAX + OPERATION_DATA_MAX);
	rv = open_record(s->slot, o->ledger, o->record, &scratch, &header);
	if (rv != CKR_OK) {
		attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		rv = rv == CKR_DEVICE_REMOVED ? rv : CKR_DEVICE_ERROR;
	} else {
		rv = template_give(FORM_BYTES, record_value(header.type, view_buf(&scratch)),
				   attribute);
	}
	buf_free(&scratch);
	return rv;
}
