/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions of the interface "Vendor Intaglio" for principal cards. */
#include "module/gate.h"
#include "module/vendor.h"

CK_RV vendor_principal_create(CK_SLOT_ID slot)
{
	struct call c = gate_slot(FUNCTION_PrincipalCreate, slot, true);

	return gate_leave(&c, c.slot ? slot_create_principal(c.slot) : c.rv);
}

CK_RV vendor_principal_put_keys(CK_SLOT_ID slot, const CK_INTAGLIO_TARGET_KEYS *keys)
{
	struct call c = gate_slot(FUNCTION_PrincipalPutKeys, slot, keys != NULL);

	return gate_leave(&c, c.slot ? slot_put_target_keys(c.slot, keys) : c.rv);
}

CK_RV vendor_principal_load(CK_SLOT_ID slot, CK_INTAGLIO_PRINCIPAL_LOAD *load)
{
	struct call c = gate_slot(FUNCTION_PrincipalLoad, slot, load != NULL && load->pFiles);

	return gate_leave(&c, c.slot ? slot_load_principal(c.slot, load) : c.rv);
}

CK_RV vendor_principal_unload(CK_SLOT_ID slot, CK_ULONG application)
{
	struct call c = gate_slot(FUNCTION_PrincipalUnload, slot, true);

	return gate_leave(&c, c.slot ? slot_unload_principal(c.slot, application) : c.rv);
}

CK_RV vendor_principal_charge(CK_SLOT_ID slot, CK_ULONG application, CK_ULONG serial,
			      CK_ULONG count)
{
	struct call c = gate_slot(FUNCTION_PrincipalCharge, slot, true);

	return gate_leave(&c, c.slot ? slot_charge_principal(c.slot, application, serial, count)
				     : c.rv);
}

CK_RV vendor_principal_status(CK_SLOT_ID slot, CK_INTAGLIO_PRINCIPAL_STATUS *status)
{
	struct call c = gate_slot(FUNCTION_PrincipalStatus, slot, status != NULL);

	return gate_leave(&c, c.slot ? slot_principal_status(c.slot, status) : c.rv);
}

CK_RV vendor_principal_trim(CK_SLOT_ID slot, CK_ULONG sequence)
{
	struct call c = gate_slot(FUNCTION_PrincipalTrim, slot, true);

	return gate_leave(&c, c.slot ? slot_trim_principal(c.slot, sequence) : c.rv);
}

/* Two slots in one call are locked in the order of their numbers. */
CK_RV vendor_principal_install(CK_SLOT_ID principal, CK_SLOT_ID target,
			       CK_INTAGLIO_TRANSFER *transfer)
{
	bool first = principal < target;
	struct call c = gate_slot(FUNCTION_PrincipalInstall, first ? principal : target,
				  transfer != NULL && principal != target);
	struct slot *other;
	CK_RV rv = c.rv;

	if (!c.slot)
		return gate_leave(&c, rv);
	other = slots_get(c.slots, first ? target : principal);
	if (!other)
		return gate_leave(&c, CKR_SLOT_ID_INVALID);
	slot_lock(other);
	rv = slot_install_through(first ? c.slot : other, first ? other : c.slot, transfer);
	slot_unlock(other);
	return gate_leave(&c, rv);
}

CK_RV vendor_principal_give_up(CK_SLOT_ID slot)
{
	struct call c = gate_slot(FUNCTION_PrincipalGiveUp, slot, true);

	return gate_leave(&c, c.slot ? slot_give_up_principal(c.slot) : c.rv);
}
