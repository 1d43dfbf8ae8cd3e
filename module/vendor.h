/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions of the interface "Vendor Intaglio"; intaglio.h says what each does. */
#ifndef INTAGLIO_MODULE_VENDOR_H
#define INTAGLIO_MODULE_VENDOR_H

#include "base/cryptoki.h"

CK_RV vendor_figures(CK_SLOT_ID slot, CK_INTAGLIO_FIGURES *ret);
CK_RV vendor_last_error(CK_UTF8CHAR *text, CK_ULONG *len);
CK_RV vendor_read_leaf(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE ledger, CK_ULONG index,
		       CK_BYTE *leaf, CK_ULONG *len);
CK_RV vendor_read_leaves(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE ledger, CK_ULONG index,
			 CK_BYTE *leaves, CK_ULONG *len);
CK_RV vendor_make_card(const CK_INTAGLIO_CARD *card);
CK_RV vendor_update_trust(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len);
CK_RV vendor_cosign(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE ledger, CK_BYTE *note,
		    CK_ULONG len);
CK_RV vendor_prune(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE ledger, CK_ULONG size);
CK_RV vendor_recognise_card(CK_SLOT_ID slot);
CK_RV vendor_card_info(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys,
		       CK_INTAGLIO_CARD_INFO *ret);
CK_RV vendor_list_content(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys,
			  CK_INTAGLIO_CONTENT *list, CK_ULONG *count);
CK_RV vendor_install_content(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys,
			     CK_INTAGLIO_INSTALLATION *installation);
CK_RV vendor_delete_content(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys,
			    const CK_INTAGLIO_AID *aid, CK_BBOOL related);
CK_RV vendor_lock_content(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys,
			  const CK_INTAGLIO_AID *aid, CK_BBOOL lock);
CK_RV vendor_put_keys(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys,
		      const CK_INTAGLIO_KEY_SET *fresh, CK_ULONG replaces);
CK_RV vendor_delete_keys(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys, CK_ULONG version);
CK_RV vendor_change_card(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys, CK_ULONG change);
CK_RV vendor_move_content(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys,
			  const CK_INTAGLIO_AID *aid, const CK_INTAGLIO_AID *domain);
CK_RV vendor_principal_create(CK_SLOT_ID slot);
CK_RV vendor_principal_put_keys(CK_SLOT_ID slot, const CK_INTAGLIO_TARGET_KEYS *keys);
CK_RV vendor_principal_load(CK_SLOT_ID slot, CK_INTAGLIO_PRINCIPAL_LOAD *load);
CK_RV vendor_principal_unload(CK_SLOT_ID slot, CK_ULONG application);
CK_RV vendor_principal_charge(CK_SLOT_ID slot, CK_ULONG application, CK_ULONG serial,
			      CK_ULONG count);
CK_RV vendor_principal_status(CK_SLOT_ID slot, CK_INTAGLIO_PRINCIPAL_STATUS *status);
CK_RV vendor_principal_trim(CK_SLOT_ID slot, CK_ULONG sequence);
CK_RV vendor_principal_install(CK_SLOT_ID principal, CK_SLOT_ID target,
			       CK_INTAGLIO_TRANSFER *transfer);
CK_RV vendor_principal_give_up(CK_SLOT_ID slot);

#endif
