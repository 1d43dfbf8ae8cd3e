/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PKCS#11 types and constants: p11-kit's header, which is version 2.40, and what versions 3.0 to
 * 3.2 of the OASIS standard add, declared here once from the published text.
 */
#ifndef INTAGLIO_BASE_CRYPTOKI_H
#define INTAGLIO_BASE_CRYPTOKI_H

#include <p11-kit/pkcs11.h>

#include "base/intaglio.h"

/* PKCS#11 3.0, 3.6 and 5.4.5. */
typedef struct CK_INTERFACE {
	CK_UTF8CHAR *pInterfaceName;
	void *pFunctionList;
	CK_FLAGS flags;
} CK_INTERFACE;
typedef CK_INTERFACE *CK_INTERFACE_PTR;
typedef CK_INTERFACE_PTR *CK_INTERFACE_PTR_PTR;

#define CKF_INTERFACE_FORK_SAFE 0x00000001UL

#define CKA_UNIQUE_ID 0x00000004UL

#define CKR_OPERATION_CANCEL_FAILED 0x00000202UL

#endif
