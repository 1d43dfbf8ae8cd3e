/* SPDX-License-Identifier: BSD-2-Clause */
/* GET DATA of a security domain, GPCS 11.3; what was stored is card/manager_store.c's. */
#include "base/tlv.h"
#include "card/certificate.h"
#include "card/domain.h"
#include "card/keyed.h"
#include "card/keyring.h"
#include "card/keyset.h"
#include "card/manager_delegate.h"
#include "card/memory.h"
#include "card/scp10.h"
#include "card/scp_options.h"

enum {
	OBJECT_CERTIFICATE = 0x7F21,
	OBJECT_EF_OD = 0x5031,
	TAG_KEY_INFORMATION = 0xE0,
	TAG_KEY = 0xC0,
	KEY_TYPE_EXTENDED = 0xFF,
	TAG_COUNTER = 0xC1,
	TAG_CONFIRMATION_COUNTER = 0xC2,
	TAG_CPLC = 0x9F7F,
	TAG_LEVEL = 0xD3,
	LEVEL_NONE = 0x00,
	AUTHENTICATED = 0x80,
	OBJECT_APPLICATIONS = 0x2F00,
	TAG_APPLICATION = 0x61,
	TAG_AID = 0x4F,
	OBJECT_RESOURCES = 0xFF21,
	TAG_RESOURCES_COUNT = 0x81, /* ETSI TS 102 226 8.2.1.7.2 */
	TAG_RESOURCES_NON_VOLATILE = 0x82,
	TAG_RESOURCES_VOLATILE = 0x83,
	OBJECT_MAX = 32768,
	CPLC_SIZE = 42,
	CPLC_CARD_AT = 12, /* IC serial number and batch: the card's identity */
	CLA_PROPRIETARY = 0x80,
};

/* The card's identity stands for an image number that nobody stored. */
static uint16_t put_stored(struct command *c, uint32_t domain, uint32_t tag, struct buf *out)
{
	struct view value = view_of(c->card_id, CVC_ID);
	enum rc rc = manager_stored(c->nvm, domain, tag, &value);

	if (rc == RC_NOT_FOUND && tag == TAG_IMAGE_NUMBER)
		rc = RC_OK;
	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? SW_REFERENCE_NOT_FOUND : command_sw(rc);
	tlv_put(out, tag, value);
	return SW_OK;
}

/* A component of the extended format has a longer type and length, GPCS tables 11-28 and 11-29. */
static void put_component(struct buf *out, bool extended, uint8_t type, size_t len)
{
	if (extended) {
		buf_u8(out, KEY_TYPE_EXTENDED);
		buf_u8(out, type);
		buf_u16(out, (uint16_t)len);
	} else {
		buf_u8(out, type);
		buf_u8(out, len > UINT8_MAX ? 0 : (uint8_t)len);
	}
}

/* A key that opens no session. A point is told without its first byte, a curve by its reference. */
static void put_ring_key(const struct ring_key *key, struct buf *out)
{
	size_t mark = tlv_open(out, TAG_KEY);

	buf_u8(out, key->id);
	buf_u8(out, key->version);
	put_component(out, key->extended, key->type,
		      key->type == KEY_TYPE_ECC ? key->len - 1 : key->len);
	if (key->type == KEY_TYPE_RSA)
		put_component(out, key->extended, KEY_TYPE_RSA_EXPONENT, key->exponent_len);
	if (key->type == KEY_TYPE_ECC || key->type == KEY_TYPE_ECC_PRIVATE)
		put_component(out, key->extended, KEY_TYPE_CURVE, key->curve);
	if (key->extended) {
		buf_u8(out, 1);
		buf_u8(out, key->usage);
		buf_u8(out, 1);
		buf_u8(out, key->access);
	}
	tlv_close(out, mark);
}

static void put_set(const struct keyset *set, struct buf *out)
{
	for (uint8_t id = 1; id <= KEYSET_KEYS; id++) {
		if (set->missing & 1 << (id - 1))
			continue;
		tlv_header(out, TAG_KEY, 4);
		buf_u8(out, id);
		buf_u8(out, set->version);
		put_component(out, false, set->type, set->len);
	}
}

/* Sets first, then the other keys, each in the order of versions and identifiers. */
static uint16_t put_keys(struct command *c, uint32_t domain, struct buf *out)
{
	size_t mark = tlv_open(out, TAG_KEY_INFORMATION);
	struct ring_key key = {.version = 0};
	struct keyset set = {.version = 0};
	int version = -1, id = -1;
	enum rc rc;

	while ((rc = keyset_next(c->nvm, domain, set.version, &set)) == RC_OK)
		put_set(&set, out);
	if (rc == RC_NOT_FOUND)
		while ((rc = keyring_next(c->nvm, domain, version, id, &key)) == RC_OK) {
			put_ring_key(&key, out);
			version = key.version;
			id = key.id;
		}
	keyset_wipe(&set);
	keyring_wipe(&key);
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

/* Of receipts that were made. */
static uint16_t put_confirmations(struct command *c, const struct registry_entry *domain,
				  struct buf *out)
{
	uint16_t count;
	enum rc rc = delegate_count(c->nvm, domain->number, &count);

	if (!(domain->privileges & PRIVILEGE_RECEIPT))
		return SW_REFERENCE_NOT_FOUND;
	if (rc != RC_OK)
		return command_sw(rc);
	tlv_header(out, TAG_CONFIRMATION_COUNTER, sizeof(count));
	buf_u16(out, count);
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

/* What an administrator stored instead is his to answer for. */
static uint16_t put_card_data(struct command *c, uint32_t domain, struct buf *out)
{
	uint16_t sw = put_stored(c, domain, TAG_CARD_DATA, out);
	size_t mark;

	if (sw != SW_REFERENCE_NOT_FOUND)
		return sw;
	mark = tlv_open(out, TAG_CARD_DATA);
	domain_put_management_data(c, domain, out);
	tlv_close(out, mark);
	return SW_OK;
}

/* The security level of the session, GPCS table 10-1; none without one. */
static uint16_t put_level(struct command *c, struct buf *out)
{
	uint8_t level = LEVEL_NONE;

	if (keyed_is_up(c->channel->keyed))
		level = AUTHENTICATED | keyed_level(c->channel->keyed);
	else if (scp10_is_up(c->channel->scp10))
		level = AUTHENTICATED | sm_level(c->channel->scp10->sm);
	tlv_put_u8(out, TAG_LEVEL, level);
	return SW_OK;
}

/* Applications, and what memory is left for more; no object says how much it is in all. */
static uint16_t put_resources(struct command *c, struct buf *out)
{
	struct registry_entry e = {.number = 0};
	size_t mark = tlv_open(out, OBJECT_RESOURCES);
	uint64_t left[MEMORY_KINDS];
	uint16_t count = 0;
	enum rc rc;

	while (registry_next(c->nvm, e.number, &e) == RC_OK)
		count += e.kind != REGISTRY_LOAD_FILE;
	rc = memory_free(c->nvm, left);
	if (rc != RC_OK)
		return command_sw(rc);
	tlv_header(out, TAG_RESOURCES_COUNT, sizeof(count));
	buf_u16(out, count);
	tlv_put_u32(out, TAG_RESOURCES_NON_VOLATILE,
		    left[MEMORY_NON_VOLATILE] < UINT32_MAX ? (uint32_t)left[MEMORY_NON_VOLATILE]
							   : UINT32_MAX);
	tlv_put_u32(out, TAG_RESOURCES_VOLATILE, (uint32_t)left[MEMORY_VOLATILE]);
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
	case TAG_CAPABILITIES:
	case TAG_MANAGER_URL:
	case TAG_SCP_OPTIONS:
		return put_stored(c, domain->number, tag, out);
	case TAG_LEVEL:
		return put_level(c, out);
	case OBJECT_RESOURCES:
		return put_resources(c, out);
	case TAG_CARD_DATA:
		return put_card_data(c, domain->number, out);
	case TAG_KEY_INFORMATION:
		return put_keys(c, domain->number, out);
	case TAG_COUNTER:
		return put_counter(c, domain->number, out);
	case TAG_CONFIRMATION_COUNTER:
		return put_confirmations(c, domain, out);
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

	if (manager_interrupts(c))
		return SW_CONDITIONS;
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
