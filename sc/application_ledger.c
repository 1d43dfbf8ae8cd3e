/* SPDX-License-Identifier: BSD-2-Clause */
/* The ledger commands of doc/commands.md. */
#include "base/ledger.h"
#include "base/tlv.h"
#include "sc/application.h"

enum {
	CLA_OWN = 0x80,
	P1_SEAL = 0x00,
	P1_SEAL_FIRST = 0x01,
	P1_SEAL_REST = 0x02,
	P1_BY_INDEX = 0x00,
	P1_SEALED = 0x01,
	P1_READ_LEAF = 0x02,
	P1_READ_LEAVES = 0x03,
	P1_CERTIFICATE = 0x01, /* of LEDGER STATUS */
	P1_COSIGN = 0x00, /* of KEEP LEDGER */
	P1_PRUNE = 0x01,
};

enum rc application_ledger_create(struct sc *sc, const struct application_policy *policy,
				  struct buf *object, uint16_t *ret_sw)
{
	const struct apdu header = {
		.cla = CLA_OWN, .ins = APPLICATION_INS_CREATE_LEDGER, .le = APPLICATION_LE_ALL};
	struct buf *data = sc_scratch(sc);
	size_t before = object->len;
	struct view rest, list;
	uint32_t number;
	enum rc rc;

	tlv_put(data, 0x80, policy->label);
	if (policy->auditor.len)
		tlv_put(data, 0x82, policy->auditor);
	if (policy->escrow.len)
		tlv_put(data, 0x83, policy->escrow);
	buf_view(data, policy->rules);
	if (policy->proof.len)
		tlv_put(data, 0x96, policy->proof);
	rc = application_append(sc, &header, data, object, ret_sw);
	if (rc != RC_OK)
		return rc;
	rest = view_of(object->data + before, object->len - before);
	rc = application_next_object(&rest, &number, &list);
	if (rc == RC_OK)
		rc = view_end(&rest);
	if (rc != RC_OK)
		buf_truncate(object, before);
	return rc;
}

static enum rc by_index(struct sc *sc, uint8_t p1, uint32_t ledger, uint64_t index, struct buf *out,
			uint16_t *ret_sw)
{
	const struct apdu header = {.cla = CLA_OWN,
				    .ins = APPLICATION_INS_OPEN_RECORD,
				    .p1 = p1,
				    .le = APPLICATION_LE_ALL};
	struct buf *data = sc_scratch(sc);

	buf_u32(data, ledger);
	buf_u64(data, index);
	return application_append(sc, &header, data, out, ret_sw);
}

static enum rc seal_part(struct sc *sc, uint8_t p1, const struct application_seal *seal,
			 struct view plaintext, struct buf *answer, uint16_t *ret_sw)
{
	const struct apdu header = {
		.cla = CLA_OWN, .ins = APPLICATION_INS_SEAL, .p1 = p1, .le = APPLICATION_LE_ALL};
	struct buf *data = sc_scratch(sc);

	buf_u32(data, seal->ledger);
	buf_put(data, seal->nonce, sizeof(seal->nonce));
	buf_u16(data, seal->type);
	buf_u64(data, seal->time);
	buf_view(data, plaintext);
	return application_append(sc, &header, data, answer, ret_sw);
}

/* The first of two leaves is read, since the answer, `second leaf || receipt`, has no room for it. */
static enum rc put_first_leaf(struct sc *sc, uint32_t ledger, struct view answer,
			      struct buf *sealed, uint16_t *ret_sw)
{
	size_t before = sealed->len;
	struct sealed_record record;
	struct leaf_header rest;
	struct view in = answer, all;
	enum rc rc = leaf_take_header(&in, &rest);

	if (rc == RC_OK && (rest.part != LEAF_REST || !rest.index))
		rc = RC_MALFORMED;
	if (rc == RC_OK)
		rc = by_index(sc, P1_READ_LEAF, ledger, rest.index - 1, sealed, ret_sw);
	if (rc != RC_OK)
		return rc;
	buf_view(sealed, answer);
	rc = buf_rc(sealed);
	all = view_of(sealed->data + before, sealed->len - before);
	if (rc == RC_OK)
		rc = sealed_take(&all, &record);
	if (rc != RC_OK)
		buf_truncate(sealed, before);
	return rc;
}

enum rc application_ledger_seal(struct sc *sc, const struct application_seal *seal,
				struct buf *sealed, bool *ret_is_stored, uint16_t *ret_sw)
{
	struct view rest = seal->plaintext, first;
	struct buf answer;
	enum rc rc;

	if (rest.len <= LEAF_PLAINTEXT_MAX) {
		rc = seal_part(sc, P1_SEAL, seal, rest, sealed, ret_sw);
		*ret_is_stored |= rc == RC_OK;
		return rc;
	}
	buf_init(&answer, LEDGER_PLAINTEXT_MAX + LEDGER_OVERHEAD);
	rc = view_take(&rest, LEAF_FIRST_BYTES, &first);
	if (rc == RC_OK)
		rc = seal_part(sc, P1_SEAL_FIRST, seal, first, &answer, ret_sw);
	if (rc == RC_OK)
		rc = seal_part(sc, P1_SEAL_REST, seal, rest, &answer, ret_sw);
	*ret_is_stored |= rc == RC_OK;
	if (rc == RC_OK)
		rc = put_first_leaf(sc, seal->ledger, view_buf(&answer), sealed, ret_sw);
	buf_free(&answer);
	return rc;
}

enum rc application_ledger_open(struct sc *sc, uint32_t ledger, uint64_t index, struct buf *record,
				uint16_t *ret_sw)
{
	return by_index(sc, P1_BY_INDEX, ledger, index, record, ret_sw);
}

enum rc application_ledger_open_sealed(struct sc *sc, uint32_t ledger, struct view leaf,
				       struct buf *record, uint16_t *ret_sw)
{
	const struct apdu header = {.cla = CLA_OWN,
				    .ins = APPLICATION_INS_OPEN_RECORD,
				    .p1 = P1_SEALED,
				    .le = APPLICATION_LE_ALL};
	struct buf *data = sc_scratch(sc);

	buf_u32(data, ledger);
	buf_view(data, leaf);
	return application_append(sc, &header, data, record, ret_sw);
}

enum rc application_ledger_read_leaf(struct sc *sc, uint32_t ledger, uint64_t index,
				     struct buf *leaf, uint16_t *ret_sw)
{
	return by_index(sc, P1_READ_LEAF, ledger, index, leaf, ret_sw);
}

enum rc application_ledger_read_leaves(struct sc *sc, uint32_t ledger, uint64_t index,
				       struct buf *leaves, uint16_t *ret_sw)
{
	return by_index(sc, P1_READ_LEAVES, ledger, index, leaves, ret_sw);
}

static enum rc take_number(struct view *in, uint32_t tag, uint64_t *ret)
{
	struct view value;

	if (tlv_expect(in, tag, &value) != RC_OK || view_u64(&value, ret) != RC_OK || value.len)
		return RC_MALFORMED;
	return RC_OK;
}

enum rc application_ledger_status(struct sc *sc, uint32_t ledger, struct application_ledger *ret,
				  uint16_t *ret_sw)
{
	const struct apdu header = {
		.cla = CLA_OWN, .ins = APPLICATION_INS_LEDGER_STATUS, .le = APPLICATION_LE_ALL};
	struct application_ledger l = {.cosigned = {NULL, 0}};
	struct buf *data = sc_scratch(sc);
	struct view answer;
	enum rc rc;

	buf_u32(data, ledger);
	rc = application_exchange(sc, &header, data, &answer, ret_sw);
	if (rc != RC_OK)
		return rc;
	if (take_number(&answer, 0x80, &l.leaves) != RC_OK ||
	    tlv_expect(&answer, 0x81, &l.checkpoint) != RC_OK ||
	    take_number(&answer, 0x82, &l.pruned) != RC_OK ||
	    (tlv_is_next(answer, 0x83) && tlv_expect(&answer, 0x83, &l.cosigned) != RC_OK) ||
	    tlv_copy(&answer, 0x84, &l.warnings, 1) != RC_OK ||
	    take_number(&answer, 0x85, &l.backwards) != RC_OK ||
	    take_number(&answer, 0x86, &l.newest_backwards) != RC_OK || answer.len)
		return RC_MALFORMED;
	*ret = l;
	return RC_OK;
}

enum rc application_ledger_cosign(struct sc *sc, uint32_t ledger, struct view note,
				  uint16_t *ret_sw)
{
	const struct apdu header = {.cla = CLA_OWN,
				    .ins = APPLICATION_INS_KEEP_LEDGER,
				    .p1 = P1_COSIGN,
				    .le = APPLICATION_LE_SHORT};
	struct buf *data = sc_scratch(sc);
	struct view answer;

	buf_u32(data, ledger);
	buf_view(data, note);
	return application_exchange(sc, &header, data, &answer, ret_sw);
}

enum rc application_ledger_prune(struct sc *sc, uint32_t ledger, uint64_t size, uint16_t *ret_sw)
{
	const struct apdu header = {.cla = CLA_OWN,
				    .ins = APPLICATION_INS_KEEP_LEDGER,
				    .p1 = P1_PRUNE,
				    .le = APPLICATION_LE_SHORT};
	struct buf *data = sc_scratch(sc);
	struct view answer;

	buf_u32(data, ledger);
	buf_u64(data, size);
	return application_exchange(sc, &header, data, &answer, ret_sw);
}

enum rc application_ledger_certificate(struct sc *sc, uint32_t ledger, struct buf *certificate,
				       uint16_t *ret_sw)
{
	const struct apdu header = {.cla = CLA_OWN,
				    .ins = APPLICATION_INS_LEDGER_STATUS,
				    .p1 = P1_CERTIFICATE,
				    .le = APPLICATION_LE_ALL};
	struct buf *data = sc_scratch(sc);

	buf_u32(data, ledger);
	return application_append(sc, &header, data, certificate, ret_sw);
}

enum rc application_ledger_last_receipt(struct sc *sc, uint32_t ledger, struct buf *sealed,
					uint16_t *ret_sw)
{
	const struct apdu header = {
		.cla = CLA_OWN, .ins = APPLICATION_INS_LAST_RECEIPT, .le = APPLICATION_LE_ALL};
	struct buf *data = sc_scratch(sc), answer;
	struct leaf_header leaf;
	struct view in;
	enum rc rc;

	buf_u32(data, ledger);
	buf_init(&answer, LEDGER_PLAINTEXT_MAX + LEDGER_OVERHEAD);
	rc = application_append(sc, &header, data, &answer, ret_sw);
	in = view_buf(&answer);
	if (rc == RC_OK && leaf_take_header(&in, &leaf) == RC_OK && leaf.part == LEAF_REST) {
		rc = put_first_leaf(sc, ledger, view_buf(&answer), sealed, ret_sw);
	} else if (rc == RC_OK) {
		buf_view(sealed, view_buf(&answer));
		rc = buf_rc(sealed);
	}
	buf_free(&answer);
	return rc;
}
