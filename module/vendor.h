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

#endif
