/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CKM_INTAGLIO_SEAL: one command both enciphers and stores a record. The client nonce makes a
 * repetition harmless, so that an answer that was lost is asked for again.
 */
#include <string.h>

#include "base/ledger.h"
#include "base/record.h"
#include "token/outcome.h"
#include "token/session.h"

_Static_assert(LEDGER_OVERHEAD <= CK_INTAGLIO_SEAL_OVERHEAD, "what intaglio.h promises");

CK_RV seal_once(struct slot *slot, const struct application_seal *seal, struct buf *sealed)
{
	bool is_stored = false;
	uint16_t sw = 0;
	enum rc rc = application_ledger_seal(slot->sc, seal, sealed, &is_stored, &sw);
	bool is_lost = rc == RC_RESET || rc == RC_IO || rc == RC_AUTH;
	CK_RV rv;

	if (is_lost) {
		buf_reset(sealed);
		rc = application_ledger_seal(slot->sc, seal, sealed, &is_stored, &sw);
	}
	rv = outcome(slot, is_stored ? CALL_SEALED : CALL_SEAL, rc, &sw);
	if (rv != CKR_OK && is_lost && !(is_stored && rc == RC_SW))
		log_error("card %s: the answer to a seal was lost; log in and seal again with the "
			  "same nonce: what is stored already is not stored twice",
			  slot->name);
	return rv;
}

CK_RV seal_record(struct session *s, struct operation *o, struct view in, CK_BYTE_PTR out,
		  CK_ULONG_PTR out_len)
{
	const CK_INTAGLIO_SEAL_PARAMS *p = &o->parameter.seal;
	struct application_seal seal = {
		.ledger = o->number,
		.type = (uint16_t)p->ulType,
		.time = p->ullTime,
		.plaintext = in,
	};
	struct buf sealed;
	CK_RV rv;

	memcpy(seal.nonce, p->nonce, sizeof(seal.nonce));
	buf_fixed(&sealed, out, *out_len);
	rv = seal_once(s->slot, &seal, &sealed);
	if (rv == CKR_OK)
		*out_len = sealed.len;
	/* C_Encrypt has no CKR for a login that was lost on the way. */
	return rv == CKR_USER_NOT_LOGGED_IN ? CKR_DEVICE_ERROR : rv;
}

/* One leaf: its plaintext goes behind what is in record. */
struct opening {
	struct slot *slot;
	uint32_t ledger;
	struct leaf_header header; /* of the leaf that was opened last */
	struct buf *record;
};

/* What the card answered: header and plaintext. */
static enum rc take_plaintext(struct opening *o, struct view answer)
{
	enum rc rc = leaf_take_header(&answer, &o->header);

	if (rc == RC_OK)
		buf_view(o->record, answer);
	return rc == RC_OK ? buf_rc(o->record) : rc;
}

static enum rc open_index(struct opening *o, uint64_t index, uint16_t *ret_sw)
{
	struct buf answer;
	enum rc rc;

	buf_init(&answer, OPERATION_DATA_MAX + CK_INTAGLIO_SEAL_OVERHEAD);
	rc = application_ledger_open(o->slot->sc, o->ledger, index, &answer, ret_sw);
	if (rc == RC_OK)
		rc = take_plaintext(o, view_buf(&answer));
	buf_free(&answer);
	return rc;
}

static enum rc open_leaf(struct opening *o, struct view leaf, uint16_t *ret_sw)
{
	struct buf answer;
	enum rc rc;

	buf_init(&answer, OPERATION_DATA_MAX + CK_INTAGLIO_SEAL_OVERHEAD);
	rc = application_ledger_open_sealed(o->slot->sc, o->ledger, leaf, &answer, ret_sw);
	if (rc == RC_OK)
		rc = take_plaintext(o, view_buf(&answer));
	buf_free(&answer);
	return rc;
}

enum rc seal_open_index(struct slot *slot, uint32_t ledger, uint64_t index, struct buf *record,
			struct leaf_header *ret_header, uint16_t *ret_sw)
{
	struct opening o = {.slot = slot, .ledger = ledger, .record = record};
	enum rc rc = open_index(&o, index, ret_sw);

	if (rc == RC_OK && o.header.part == LEAF_REST) {
		/* No record has this number: it is the second of the one before. */
		buf_reset(record);
		*ret_sw = SW_RECORD_NOT_FOUND;
		return RC_SW;
	}
	if (rc == RC_OK)
		*ret_header = o.header;
	if (rc == RC_OK && o.header.part == LEAF_FIRST) {
		rc = open_index(&o, index + 1, ret_sw);
		if (rc == RC_OK && o.header.part != LEAF_REST)
			rc = RC_MALFORMED;
	}
	return rc;
}

/* The sealed record begins with its leaf, or two; a receipt may follow. */
static enum rc open_sealed(struct slot *slot, uint32_t ledger, struct view sealed,
			   struct buf *record, struct leaf_header *ret_header, uint16_t *ret_sw)
{
	struct opening o = {.slot = slot, .ledger = ledger, .record = record};
	struct sealed_record parts;
	enum rc rc;

	*ret_sw = SW_WRONG_DATA;
	if (sealed_take(&sealed, &parts) != RC_OK)
		return RC_SW;
	*ret_header = parts.header;
	rc = open_leaf(&o, parts.first, ret_sw);
	if (rc == RC_OK && parts.rest.len)
		rc = open_leaf(&o, parts.rest, ret_sw);
	return rc;
}

CK_RV seal_open(struct session *s, struct operation *o, struct view in)
{
	struct slot *slot = s->slot;
	struct leaf_header header;
	struct buf record;
	uint16_t sw = 0;
	enum rc rc;
	CK_RV rv;

	buf_init(&record, OPERATION_DATA_MAX);
	if (in.len)
		rc = open_sealed(slot, o->number, in, &record, &header, &sw);
	else
		rc = seal_open_index(slot, o->number, o->parameter.seal.ulIndex, &record, &header,
				     &sw);
	rv = outcome(slot, CALL_OPEN_RECORD, rc, &sw);
	if (rv == CKR_OK)
		buf_view(&o->data, record_value(header.type, view_buf(&record)));
	if (rv == CKR_OK && buf_rc(&o->data) != RC_OK)
		rv = CKR_HOST_MEMORY;
	buf_free(&record);
	return rv;
}
