/* SPDX-License-Identifier: BSD-2-Clause */
/* GET DATA and STORE DATA of a security domain, GPCS 11.3 and 11.11. */
#include "base/tlv.h"
#include "card/certificate.h"
#include "card/domain.h"
#include "card/keyset.h"
#include "card/manager.h"
#include "card/scp10.h"

enum {
	OBJECT_CERTIFICATE = 0x7F21,
	OBJECT_EF_OD = 0x5031,
	TAG_ISSUER_NUMBER = 0x42,
	TAG_IMAGE_NUMBER = 0x45,
	TAG_CARD_DATA = 0x66,
	TAG_KEY_INFORMATION = 0xE0,
	TAG_KEY = 0xC0,
	TAG_COUNTER = 0xC1,
	TAG_CONFIRMATION_COUNTER = 0xC2,
	TAG_CPLC = 0x9F7F,
	OBJECT_APPLICATIONS = 0x2F00,
	TAG_APPLICATION = 0x61,
	TAG_AID = 0x4F,
	DGI_OBJECTS = 0x0070,
	DGI_LONG = 0xFF,
	DATA_MAX = 255,
	OBJECT_MAX = 32768,
	P1_LAST = 0x80,
	P1_STRUCTURE = 0x18,
	P1_DGI = 0x08,
	P1_ENCRYPTED = 0x60,
	CPLC_SIZE = 42,
	CPLC_CARD_AT = 12, /* IC serial number and batch: the card's identity */
	CLA_PROPRIETARY = 0x80,
};

/* What an administrator stores; the rest is made when it is asked for. */
static const uint32_t stored[] = {TAG_ISSUER_NUMBER, TAG_IMAGE_NUMBER};

static bool is_stored(uint32_t tag)
{
	for (size_t i = 0; i < sizeof(stored) / sizeof(stored[0]); i++)
		if (stored[i] == tag)
			return true;
	return false;
}

static enum rc load_stored(struct nvm *nvm, uint32_t domain, struct view *ret)
{
	enum rc rc = nvm_get(nvm, RECORD_DOMAIN_DATA | domain, ret);

	if (rc == RC_NOT_FOUND) {
		*ret = view_of(NULL, 0);
		return RC_OK;
	}
	return rc;
}

/* The card's identity stands for a number that nobody stored. */
static uint16_t put_stored(struct command *c, uint32_t domain, uint32_t tag, struct buf *out)
{
	struct view all, value = view_of(c->card_id, CVC_ID);
	enum rc rc = load_stored(c->nvm, domain, &all);

	if (rc != RC_OK)
		return command_sw(rc);
	if (tlv_find(all, tag, &value) == RC_NOT_FOUND && tag != TAG_IMAGE_NUMBER)
		return SW_REFERENCE_NOT_FOUND;
	tlv_put(out, tag, value);
	return SW_OK;
}

/* Identifier, version, type and length of each key; GPCS table 11-28. */
static uint16_t put_keys(struct command *c, uint32_t domain, struct buf *out)
{
	size_t mark = tlv_open(out, TAG_KEY_INFORMATION);
	struct keyset set = {.version = 0};
	enum rc rc;

	while ((rc = keyset_next(c->nvm, domain, set.version, &set)) == RC_OK)
		for (uint8_t id = 1; id <= KEYSET_KEYS; id++) {
			tlv_header(out, TAG_KEY, 4);
			buf_u8(out, id);
			buf_u8(out, set.version);
			buf_u8(out, set.type);
			buf_u8(out, (uint8_t)set.len);
		}
	keyset_wipe(&set);
	tlv_close(out, mark);
	return rc == RC_NOT_FOUND ? SW_OK : command_sw(rc);
}

static uint16_t put_counter(struct command *c, uint32_t domain, struct buf *out)
{
	struct keyset set;
	uint32_t n;
	enum rc rc = keyset_load(c->nvm, domain, 0, &set);

	if (rc == RC_OK)
		rc = keyset_counter(c->nvm, &set, &n);
	if (rc != RC_OK)
		return command_sw(rc);
	tlv_header(out, TAG_COUNTER, set.type == KEY_TYPE_DES ? SCP02_COUNTER : SCP03_COUNTER);
	if (set.type != KEY_TYPE_DES)
		buf_u8(out, (uint8_t)(n >> 16));
	buf_u16(out, (uint16_t)n);
	keyset_wipe(&set);
	return SW_OK;
}

/* Of receipts that were made: none is, the counter never moves. */
static uint16_t put_confirmations(const struct registry_entry *domain, struct buf *out)
{
	if (!(domain->privileges & PRIVILEGE_RECEIPT))
		return SW_REFERENCE_NOT_FOUND;
	tlv_put(out, TAG_CONFIRMATION_COUNTER, view_of((const uint8_t[]){0, 0}, 2));
	return SW_OK;
}

/* Card production life cycle data: this card is software, and only its identity says something. */
static uint16_t put_cplc(struct command *c, struct buf *out)
{
	static const uint8_t none[CPLC_SIZE];

	tlv_header(out, TAG_CPLC, CPLC_SIZE);
	buf_put(out, none, CPLC_CARD_AT);
	buf_put(out, c->card_id, CVC_ID);
	buf_put(out, none, CPLC_SIZE - CPLC_CARD_AT - CVC_ID);
	return SW_OK;
}

static uint16_t put_applications(struct command *c, const struct registry_entry *domain,
				 struct buf *out)
{
	struct registry_entry e = {.number = 0};

	while (registry_next(c->nvm, e.number, &e) == RC_OK) {
		size_t mark;

		if (e.kind == REGISTRY_LOAD_FILE ||
		    (!(domain->privileges & PRIVILEGE_GLOBAL_REGISTRY) &&
		     !manager_is_under(c->nvm, &e, domain->number)))
			continue;
		mark = tlv_open(out, TAG_APPLICATION);
		tlv_put(out, TAG_AID, aid_view(&e.aid));
		tlv_close(out, mark);
	}
	return SW_OK;
}

static uint16_t put_card_data(struct command *c, uint32_t domain, struct buf *out)
{
	size_t mark = tlv_open(out, TAG_CARD_DATA);

	domain_put_management_data(c, domain, out);
	tlv_close(out, mark);
	return SW_OK;
}

/* Appends the data object with its tag. */
static uint16_t put_object(struct command *c, const struct registry_entry *domain, uint32_t tag,
			   struct buf *out)
{
	switch (tag) {
	case TAG_ISSUER_NUMBER:
	case TAG_IMAGE_NUMBER:
		return put_stored(c, domain->number, tag, out);
	case TAG_CARD_DATA:
		return put_card_data(c, domain->number, out);
	case TAG_KEY_INFORMATION:
		return put_keys(c, domain->number, out);
	case TAG_COUNTER:
		return put_counter(c, domain->number, out);
	case TAG_CONFIRMATION_COUNTER:
		return put_confirmations(domain, out);
	case TAG_CPLC:
		return domain->number == REGISTRY_ISD ? put_cplc(c, out) : SW_REFERENCE_NOT_FOUND;
	case OBJECT_APPLICATIONS:
		return put_applications(c, domain, out);
	default:
		return SW_REFERENCE_NOT_FOUND;
	}
}

/* A proprietary class wants the object, an interindustry one its value. */
static uint16_t answer_object(struct command *c, uint32_t tag, struct view object)
{
	struct view value = object;

	if (!(c->cla & CLA_PROPRIETARY) && tag != OBJECT_APPLICATIONS &&
	    tlv_expect(&object, tag, &value) != RC_OK)
		return SW_NO_DIAGNOSIS;
	buf_view(c->answer, value);
	return SW_OK;
}

uint16_t manager_get_data(struct command *c)
{
	uint32_t tag = (uint32_t)c->p1 << 8 | c->p2;
	struct registry_entry domain;
	struct buf object;
	uint16_t sw;
	enum rc rc;

	if (tag == OBJECT_CERTIFICATE || tag == OBJECT_EF_OD)
		return c->channel->roles ? certificate_get_data(c) : scp10_step(c);
	buf_init(&object, OBJECT_MAX);
	rc = manager_domain(c, &domain);
	sw = rc == RC_OK ? put_object(c, &domain, tag, &object) : command_sw(rc);
	if (sw == SW_OK)
		sw = command_sw(buf_rc(&object));
	if (sw == SW_OK)
		sw = answer_object(c, tag, view_buf(&object));
	buf_free(&object);
	return sw;
}

/* What was stored, with these objects in the place of those of the same tag. */
static enum rc merge(struct view old, struct view fresh, struct buf *out)
{
	for (size_t i = 0; i < sizeof(stored) / sizeof(stored[0]); i++) {
		struct view value;

		if (tlv_find(fresh, stored[i], &value) == RC_OK ||
		    tlv_find(old, stored[i], &value) == RC_OK)
			tlv_put(out, stored[i], value);
	}
	return buf_rc(out);
}

/* Only objects that can be stored, each whole. */
static enum rc check_objects(struct view in)
{
	while (in.len) {
		struct view value;
		uint32_t tag;

		if (tlv_next(&in, &tag, &value) != RC_OK || !is_stored(tag) || value.len == 0)
			return RC_MALFORMED;
	}
	return RC_OK;
}

static enum rc store(struct command *c, uint32_t domain, struct view objects)
{
	uint8_t array[DATA_MAX];
	struct view old;
	struct buf out;
	enum rc rc = nvm_begin(c->nvm);

	if (rc != RC_OK)
		return rc;
	buf_fixed(&out, array, sizeof(array));
	rc = load_stored(c->nvm, domain, &old);
	if (rc == RC_OK)
		rc = merge(old, objects, &out);
	if (rc == RC_OK)
		nvm_put(c->nvm, RECORD_DOMAIN_DATA | domain, view_buf(&out));
	return command_commit(c->nvm, rc);
}

/* A data grouping: identifier, length of one byte or FF and two, content. */
static enum rc take_grouping(struct view *in, uint16_t *ret_dgi, struct view *ret)
{
	enum rc rc = view_u16(in, ret_dgi);
	uint16_t len = 0;
	uint8_t first = 0;

	if (rc == RC_OK)
		rc = view_u8(in, &first);
	len = first;
	if (rc == RC_OK && first == DGI_LONG)
		rc = view_u16(in, &len);
	return rc == RC_OK ? view_take(in, len, ret) : rc;
}

static uint16_t store_block(struct command *c, struct manager *m, const struct registry_entry *to)
{
	struct view in = c->data, objects = c->data;
	uint16_t dgi, sw;
	enum rc rc = RC_OK;

	if (c->p2 != m->store_block)
		return SW_INCORRECT_P1P2;
	if ((c->p1 & P1_ENCRYPTED))
		return SW_FUNCTION_NOT_SUPPORTED;
	if ((c->p1 & P1_STRUCTURE) == P1_DGI) {
		rc = take_grouping(&in, &dgi, &objects);
		if (rc != RC_OK || dgi != DGI_OBJECTS || in.len)
			return SW_WRONG_DATA;
	} else if ((c->p1 & P1_STRUCTURE) == P1_STRUCTURE) {
		return SW_INCORRECT_P1P2;
	}
	if (check_objects(objects) != RC_OK)
		return SW_WRONG_DATA;
	sw = command_sw(store(c, to->number, objects));
	if (sw == SW_OK)
		m->store_block = c->p1 & P1_LAST ? 0 : m->store_block + 1;
	if (sw == SW_OK && (c->p1 & P1_LAST))
		m->personalised = 0;
	return sw;
}

uint16_t manager_store_data(struct command *c)
{
	struct manager *m = manager_of(c->channel);
	struct registry_entry domain, to;
	enum rc rc = manager_domain(c, &domain);
	uint16_t sw;

	if (!m || rc != RC_OK)
		return command_sw(m ? rc : RC_MEMORY);
	if (m->personalised)
		rc = registry_get(c->nvm, m->personalised, &to);
	else
		to = domain;
	/* Neither may be locked, nor have been deleted since. */
	sw = rc == RC_OK ? manager_may_write(c, &domain) : SW_CONDITIONS;
	if (sw == SW_OK)
		sw = manager_may_write(c, &to);
	if (sw == SW_OK)
		sw = store_block(c, m, &to);
	if (sw != SW_OK)
		m->store_block = 0;
	return sw;
}
