/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Function lists and interfaces. A list is what functions.def has of its version and of all before
 * it; an interface is a row below, the first one being the default. All of it is constant.
 */
#include "module/entry.h"

#include <string.h>

#include "module/gate.h"
#include "module/vendor.h"

#define FUNCTION(name, version, scope, ...) IN_##version(name)
#define IN_2_40(name)                       .name = name,
#define IN_3_0(name)
#define IN_3_2(name)
#define IN_INTAGLIO(name)
static CK_FUNCTION_LIST functions_2_40 = {
	.version = {2, 40},
#include "module/functions.def"
};
/* The rows below are those of 2.40 but for C_GetInfo, which comes last and wins. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#undef IN_3_0
#define IN_3_0(name) .name = name,
static CK_FUNCTION_LIST_3_0 functions_3_0 = {
	.version = {3, 0},
#include "module/functions.def"
	.C_GetInfo = get_info_3_2,
};
#undef IN_3_2
#define IN_3_2(name) .name = name,
static CK_FUNCTION_LIST_3_2 functions_3_2 = {
	.version = {3, 2},
#include "module/functions.def"
	.C_GetInfo = get_info_3_2,
};
#undef FUNCTION
#pragma GCC diagnostic pop

static CK_INTAGLIO_FUNCTION_LIST functions_intaglio = {
	.version = {1, 5},
	.Figures = vendor_figures,
	.LastError = vendor_last_error,
	.ReadLeaf = vendor_read_leaf,
	.ReadLeaves = vendor_read_leaves,
	.MakeCard = vendor_make_card,
	.UpdateTrust = vendor_update_trust,
	.Cosign = vendor_cosign,
	.Prune = vendor_prune,
	.RecogniseCard = vendor_recognise_card,
	.CardInfo = vendor_card_info,
	.ListContent = vendor_list_content,
	.InstallContent = vendor_install_content,
	.DeleteContent = vendor_delete_content,
	.LockContent = vendor_lock_content,
	.PutKeys = vendor_put_keys,
	.DeleteKeys = vendor_delete_keys,
	.PrincipalCreate = vendor_principal_create,
	.PrincipalPutKeys = vendor_principal_put_keys,
	.PrincipalLoad = vendor_principal_load,
	.PrincipalUnload = vendor_principal_unload,
	.PrincipalCharge = vendor_principal_charge,
	.PrincipalStatus = vendor_principal_status,
	.PrincipalTrim = vendor_principal_trim,
	.PrincipalInstall = vendor_principal_install,
	.PrincipalGiveUp = vendor_principal_give_up,
	.ChangeCard = vendor_change_card,
	.MoveContent = vendor_move_content,
};

static CK_UTF8CHAR standard_name[] = "PKCS 11";
static CK_UTF8CHAR vendor_name[] = "Vendor Intaglio";

/* None has CKF_INTERFACE_FORK_SAFE: a child calls C_Initialize itself. */
static CK_INTERFACE interfaces[] = {
	{standard_name, &functions_3_2, 0},
	{standard_name, &functions_3_0, 0},
	{standard_name, &functions_2_40, 0},
	{vendor_name, &functions_intaglio, 0},
};
static const CK_ULONG interface_count = sizeof(interfaces) / sizeof(interfaces[0]);

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR ret)
{
	struct call c = gate_none(FUNCTION_C_GetFunctionList, ret != NULL);

	if (c.rv == CKR_OK)
		*ret = &functions_2_40;
	return gate_leave(&c, c.rv);
}

static CK_RV list_interfaces(CK_INTERFACE_PTR list, CK_ULONG_PTR count)
{
	CK_ULONG room = *count;

	*count = interface_count;
	if (!list)
		return CKR_OK;
	if (room < interface_count)
		return CKR_BUFFER_TOO_SMALL;
	memcpy(list, interfaces, sizeof(interfaces));
	return CKR_OK;
}

CK_RV C_GetInterfaceList(CK_INTERFACE_PTR list, CK_ULONG_PTR count)
{
	struct call c = gate_none(FUNCTION_C_GetInterfaceList, count != NULL);

	return gate_leave(&c, c.rv == CKR_OK ? list_interfaces(list, count) : c.rv);
}

/* Every function list begins with its version. */
static bool matches(const CK_INTERFACE *interface, const CK_UTF8CHAR *name,
		    const CK_VERSION *version, CK_FLAGS flags)
{
	const CK_VERSION *own = interface->pFunctionList;

	if (name && strcmp((const char *)name, (const char *)interface->pInterfaceName) != 0)
		return false;
	if (version && (version->major != own->major || version->minor != own->minor))
		return false;
	return (interface->flags & flags) == flags;
}

static CK_RV find_interface(const CK_UTF8CHAR *name, const CK_VERSION *version, CK_FLAGS flags,
			    CK_INTERFACE_PTR_PTR ret)
{
	for (CK_ULONG i = 0; i < interface_count; i++) {
		if (matches(&interfaces[i], name, version, flags)) {
			*ret = &interfaces[i];
			return CKR_OK;
		}
	}
	return CKR_ARGUMENTS_BAD;
}

CK_RV C_GetInterface(CK_UTF8CHAR_PTR name, CK_VERSION_PTR version, CK_INTERFACE_PTR_PTR ret,
		     CK_FLAGS flags)
{
	struct call c = gate_none(FUNCTION_C_GetInterface, ret != NULL);

	return gate_leave(&c, c.rv == CKR_OK ? find_interface(name, version, flags, ret) : c.rv);
}
