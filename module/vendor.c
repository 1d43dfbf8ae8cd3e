/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What fits no C_* function: figures of a slot's connection, the sentence on a failure, leaves as they
 * are stored, and a card's identity.
 */
#include "module/vendor.h"

#include <stdio.h>
#include <string.h>

#include "module/gate.h"

static CK_RV figures(struct slot *slot, CK_INTAGLIO_FIGURES *ret)
{
	CK_INTAGLIO_FIGURES f = {0};
	CK_RV rv = slot_figures(slot, &f.ulApdus, &f.ulSent, &f.ulReceived);

	if (rv != CKR_OK)
		return rv;
	snprintf(f.channel, sizeof(f.channel), "%s", slot_channel(slot));
	*ret = f;
	return CKR_OK;
}

CK_RV vendor_figures(CK_SLOT_ID slot, CK_INTAGLIO_FIGURES *ret)
{
	struct call c = gate_slot(FUNCTION_Figures, slot, ret != NULL);

	return gate_leave(&c, c.slot ? figures(c.slot, ret) : c.rv);
}

/* Not through the gate, which would forget what is asked for. */
CK_RV vendor_last_error(CK_UTF8CHAR *text, CK_ULONG *len)
{
	const char *explanation = gate_explanation();
	CK_ULONG room;

	if (!len)
		return CKR_ARGUMENTS_BAD;
	room = *len;
	*len = strlen(explanation);
	if (!text)
		return CKR_OK;
	if (room < *len)
		return CKR_BUFFER_TOO_SMALL;
	memcpy(text, explanation, *len);
	return CKR_OK;
}

CK_RV vendor_read_leaf(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE ledger, CK_ULONG index,
		       CK_BYTE *leaf, CK_ULONG *len)
{
	struct call c = gate_session(FUNCTION_ReadLeaf, session, len != NULL);

	return gate_leave(&c, c.session ? session_read_leaf(c.session, ledger, index, leaf, len)
					: c.rv);
}

CK_RV vendor_read_leaves(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE ledger, CK_ULONG index,
			 CK_BYTE *leaves, CK_ULONG *len)
{
	struct call c = gate_session(FUNCTION_ReadLeaves, session, len != NULL);

	return gate_leave(&c, c.session ? session_read_leaves(c.session, ledger, index, leaves, len)
					: c.rv);
}

CK_RV vendor_make_card(const CK_INTAGLIO_CARD *card)
{
	struct call c = gate_library(FUNCTION_MakeCard, card != NULL);

	return gate_leave(&c, c.rv == CKR_OK ? slots_make_card(c.slots, card) : c.rv);
}

CK_RV vendor_update_trust(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len)
{
	struct call c = gate_session(FUNCTION_UpdateTrust, session, data != NULL);

	return gate_leave(&c, c.session ? session_update_trust(c.session, data, len) : c.rv);
}

CK_RV vendor_cosign(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE ledger, CK_BYTE *note, CK_ULONG len)
{
	struct call c = gate_session(FUNCTION_Cosign, session, note != NULL);

	return gate_leave(&c,
			  c.session ? session_cosign_ledger(c.session, ledger, note, len) : c.rv);
}

CK_RV vendor_prune(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE ledger, CK_ULONG size)
{
	struct call c = gate_session(FUNCTION_Prune, session, true);

	return gate_leave(&c, c.session ? session_prune_ledger(c.session, ledger, size) : c.rv);
}

CK_RV vendor_recognise_card(CK_SLOT_ID slot)
{
	struct call c = gate_slot(FUNCTION_RecogniseCard, slot, true);

	return gate_leave(&c, c.slot ? slot_recognise(c.slot) : c.rv);
}

CK_RV vendor_card_info(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys, CK_INTAGLIO_CARD_INFO *ret)
{
	struct call c = gate_slot(FUNCTION_CardInfo, slot, ret != NULL);

	return gate_leave(&c, c.slot ? slot_card_info(c.slot, keys, ret) : c.rv);
}

CK_RV vendor_list_content(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys,
			  CK_INTAGLIO_CONTENT *list, CK_ULONG *count)
{
	struct call c = gate_slot(FUNCTION_ListContent, slot, count != NULL);

	return gate_leave(&c, c.slot ? slot_list_content(c.slot, keys, list, count) : c.rv);
}

CK_RV vendor_install_content(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys,
			     CK_INTAGLIO_INSTALLATION *installation)
{
	struct call c = gate_slot(FUNCTION_InstallContent, slot,
				  installation != NULL && (installation->pFile != NULL ||
							   installation->package.ulLen != 0));

	return gate_leave(&c, c.slot ? slot_install_content(c.slot, keys, installation) : c.rv);
}

CK_RV vendor_delete_content(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys,
			    const CK_INTAGLIO_AID *aid, CK_BBOOL related)
{
	struct call c = gate_slot(FUNCTION_DeleteContent, slot, aid != NULL);

	return gate_leave(&c, c.slot ? slot_delete_content(c.slot, keys, aid, related) : c.rv);
}

CK_RV vendor_lock_content(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys,
			  const CK_INTAGLIO_AID *aid, CK_BBOOL lock)
{
	struct call c = gate_slot(FUNCTION_LockContent, slot, aid != NULL);

	return gate_leave(&c, c.slot ? slot_lock_content(c.slot, keys, aid, lock) : c.rv);
}

CK_RV vendor_put_keys(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys,
		      const CK_INTAGLIO_KEY_SET *fresh, CK_ULONG replaces)
{
	struct call c = gate_slot(FUNCTION_PutKeys, slot, fresh != NULL);

	return gate_leave(&c, c.slot ? slot_put_keys(c.slot, keys, fresh, replaces) : c.rv);
}

CK_RV vendor_delete_keys(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys, CK_ULONG version)
{
	struct call c = gate_slot(FUNCTION_DeleteKeys, slot, version != 0);

	return gate_leave(&c, c.slot ? slot_delete_keys(c.slot, keys, version) : c.rv);
}

CK_RV vendor_change_card(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys, CK_ULONG change)
{
	struct call c = gate_slot(FUNCTION_ChangeCard, slot,
				  change >= CK_INTAGLIO_CARD_INITIALISE &&
					  change <= CK_INTAGLIO_CARD_TERMINATE);

	return gate_leave(&c, c.slot ? slot_change_card(c.slot, keys, change) : c.rv);
}

CK_RV vendor_move_content(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys,
			  const CK_INTAGLIO_AID *aid, const CK_INTAGLIO_AID *domain)
{
	struct call c = gate_slot(FUNCTION_MoveContent, slot, aid != NULL && domain != NULL);

	return gate_leave(&c, c.slot ? slot_move_content(c.slot, keys, aid, domain) : c.rv);
}
