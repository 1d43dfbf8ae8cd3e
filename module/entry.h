/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the shared object exports (PKCS #11 3.0, 5.4): the only symbols an application can look up.
 * All else is reached through the function lists that these give out.
 */
#ifndef INTAGLIO_MODULE_ENTRY_H
#define INTAGLIO_MODULE_ENTRY_H

#include "base/cryptoki.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR ret);
EXPORT CK_RV C_GetInterfaceList(CK_INTERFACE_PTR list, CK_ULONG_PTR count);
EXPORT CK_RV C_GetInterface(CK_UTF8CHAR_PTR name, CK_VERSION_PTR version, CK_INTERFACE_PTR_PTR ret,
			    CK_FLAGS flags);

#endif
