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
	uint16_t sw = 0;
	enum rc rc = application_ledger_seal(slot->sc, seal, sealed, &sw);
	bool is_lost = rc == RC_RESET || rc == RC_IO || rc == RC_AUTH;
	CK_RV rv;

	if (is_lost) {
		buf_reset(sealed);
		rc = application_ledger_seal(slot->sc, seal, sealed, &sw);
	}
	rv = outcome(slot, CALL_SEAL, rc, &sw);
	if (rv != CKR_OK && is_lost)
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

/* The sealed record begins with its leaf; a receipt may follow. */
static enum rc open_sealed(struct slot *slot, uint32_t ledger, struct view sealed,
			   struct buf *record, uint16_t *ret_sw)
{
	struct view leaf;

	*ret_sw = SW_WRONG_DATA;
	if (leaf_take(&sealed, &leaf) != RC_OK)
		return RC_SW;
	return application_ledger_open_sealed(slot->sc, ledger, leaf, record, ret_sw);
}

CK_RV seal_open(struct session *s, struct operation *o, struct view in)
{
	struct slot *slot = s->slot;
	struct view all, header, before;
	uint16_t type = 0;
	struct buf record;
	uint16_t sw = 0;
	enum rc rc;
	CK_RV rv;

	buf_init(&record, OPERATION_DATA_MAX + CK_INTAGLIO_SEAL_OVERHEAD);
	if (in.len)
		rc = open_sealed(slot, o->number, in, &record, &sw);
	else
		rc = application_ledger_open(slot->sc, o->number, o->parameter.seal.ulIndex,
					     &record, &sw);
	all = view_buf(&record);
	if (rc == RC_OK)
		rc = view_take(&all, LEAF_HEADER_SIZE, &header);
	/* Version, ledger, index, card counter and time go before the type. */
	if (rc == RC_OK)
		rc = view_take(&header, 1 + LEDGER_ID + 8 + 8 + 8, &before);
	if (rc == RC_OK)
		rc = view_u16(&header, &type);
	rv = outcome(slot, CALL_OPEN_RECORD, rc, &sw);
	if (rv == CKR_OK)
		buf_view(&o->data, record_value(type, all));
	if (rv == CKR_OK && buf_rc(&o->data) != RC_OK)
		rv = CKR_HOST_MEMORY;
	buf_free(&record);
	return rv;
}
