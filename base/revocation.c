/* SPDX-License-Identifier: BSD-2-Clause */
/* Revocation lists: E1 { E2 { 80 42 81 82 83 } 5F37 }, fields in this order only. */
#include "base/revocation.h"

#include <string.h>

#include "base/tlv.h"

enum {
	TAG_LIST = 0xE1,
	TAG_BODY = 0xE2,
	TAG_VERSION = 0x80,
	TAG_CAR = 0x42,
	TAG_SEQUENCE = 0x81,
	TAG_DATE = 0x82,
	TAG_ENTRIES = 0x83,
	TAG_SIGNATURE = 0x5F37,
	VERSION = 1,
	CAR_MIN = 7,
};

static enum rc take_u32(struct view *in, uint32_t tag, uint32_t *ret)
{
	struct view value;

	if (tlv_expect(in, tag, &value) != RC_OK || view_u32(&value, ret) != RC_OK)
		return RC_MALFORMED;
	return view_end(&value);
}

/* Takes one entry from the front; ids are compared as numbers. */
static enum rc take_entry(struct view *entries, uint64_t *ret_id, uint32_t *ret_date)
{
	if (view_u64(entries, ret_id) != RC_OK || view_u32(entries, ret_date) != RC_OK)
		return RC_MALFORMED;
	return cvc_date_is_real(*ret_date) ? RC_OK : RC_MALFORMED;
}

static enum rc check_entries(struct view entries)
{
	uint64_t id, before = 0;
	bool first = true;
	uint32_t date;

	if (entries.len > REVOCATION_ENTRIES_MAX)
		return RC_MALFORMED;
	while (entries.len) {
		if (take_entry(&entries, &id, &date) != RC_OK || (!first && id <= before))
			return RC_MALFORMED;
		before = id;
		first = false;
	}
	return RC_OK;
}

static enum rc parse_body(struct view in, struct revocation *list)
{
	uint8_t version;

	if (tlv_copy(&in, TAG_VERSION, &version, 1) != RC_OK || version != VERSION ||
	    tlv_expect(&in, TAG_CAR, &list->car) != RC_OK || list->car.len < CAR_MIN ||
	    list->car.len > CVC_REFERENCE_MAX ||
	    take_u32(&in, TAG_SEQUENCE, &list->sequence) != RC_OK || !list->sequence ||
	    take_u32(&in, TAG_DATE, &list->date) != RC_OK || !cvc_date_is_real(list->date) ||
	    tlv_expect(&in, TAG_ENTRIES, &list->entries) != RC_OK || view_end(&in) != RC_OK)
		return RC_MALFORMED;
	return check_entries(list->entries);
}

enum rc revocation_parse(struct view *in, struct revocation *ret)
{
	struct view rest = *in, value, body;
	struct revocation list;

	if (tlv_object(&rest, TAG_LIST, &list.object, &value) != RC_OK ||
	    tlv_object(&value, TAG_BODY, &list.body, &body) != RC_OK ||
	    tlv_expect(&value, TAG_SIGNATURE, &list.signature) != RC_OK || !list.signature.len ||
	    view_end(&value) != RC_OK || parse_body(body, &list) != RC_OK)
		return RC_MALFORMED;
	*in = rest;
	*ret = list;
	return RC_OK;
}

enum rc revocation_verify(const struct revocation *list, EVP_PKEY *signer)
{
	return rsa_verify(signer, RSA_PSS_SHA256, &list->body, 1, list->signature);
}

static uint64_t id_number(const uint8_t id[CVC_ID])
{
	struct view v = view_of(id, CVC_ID);
	uint64_t number = 0;

	return view_u64(&v, &number) == RC_OK ? number : 0;
}

uint32_t revocation_earliest(struct view entries, const uint8_t id[CVC_ID])
{
	uint64_t wanted = id_number(id), entry;
	uint32_t date;

	while (take_entry(&entries, &entry, &date) == RC_OK) {
		if (entry == wanted)
			return date;
	}
	return 0;
}

bool revocation_covers(struct view entries, const struct cvc *certificate)
{
	uint8_t id[CVC_ID];

	return cvc_id(certificate, id) == RC_OK &&
	       certificate->effective < revocation_earliest(entries, id);
}

enum rc revocation_enter(struct buf *entries, const uint8_t id[CVC_ID], uint32_t date)
{
	uint64_t number = id_number(id), entry = 0;
	struct view rest = view_buf(entries), after;
	uint8_t array[REVOCATION_ENTRY];
	uint32_t before = 0;
	struct buf made;

	if (!cvc_date_is_real(date))
		return RC_ARGUMENT;
	for (after = rest; take_entry(&after, &entry, &before) == RC_OK && entry < number;)
		rest = after;
	buf_fixed(&made, array, sizeof(array));
	buf_u64(&made, number);
	buf_u32(&made, date);
	if (rest.len && entry == number) {
		if (date > before)
			memcpy(entries->data + (entries->len - rest.len), array, sizeof(array));
		return RC_OK;
	}
	if (entries->len + REVOCATION_ENTRY > REVOCATION_ENTRIES_MAX)
		return RC_SPACE;
	buf_insert(entries, entries->len - rest.len, array, sizeof(array));
	return buf_rc(entries);
}

enum rc revocation_sign(const struct revocation *list, EVP_PKEY *signer, struct buf *out)
{
	struct view signed_part;
	size_t object, mark;
	struct buf body;
	enum rc rc;

	if (!list->sequence || !cvc_date_is_real(list->date) ||
	    check_entries(list->entries) != RC_OK || list->car.len < CAR_MIN ||
	    list->car.len > CVC_REFERENCE_MAX)
		return RC_ARGUMENT;
	buf_init(&body, REVOCATION_MAX);
	mark = tlv_open(&body, TAG_BODY);
	tlv_put_u8(&body, TAG_VERSION, VERSION);
	tlv_put(&body, TAG_CAR, list->car);
	tlv_put_u32(&body, TAG_SEQUENCE, list->sequence);
	tlv_put_u32(&body, TAG_DATE, list->date);
	tlv_put(&body, TAG_ENTRIES, list->entries);
	tlv_close(&body, mark);
	rc = buf_rc(&body);
	if (rc != RC_OK)
		goto out;
	signed_part = view_buf(&body);
	object = tlv_open(out, TAG_LIST);
	buf_view(out, signed_part);
	mark = tlv_open(out, TAG_SIGNATURE);
	rc = rsa_sign(signer, RSA_PSS_SHA256, &signed_part, 1, out);
	if (rc != RC_OK)
		goto out;
	tlv_close(out, mark);
	tlv_close(out, object);
	rc = buf_rc(out);
out:
	buf_free(&body);
	return rc;
}
