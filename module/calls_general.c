/* SPDX-License-Identifier: BSD-2-Clause */
/* General purpose functions, PKCS #11 5.4. */
#include <string.h>

#include "module/gate.h"

/*
 * 5.4.1: the four mutex functions are given all or none. Our locks are the operating system's, and
 * so are those of libcrypto; so an application that offers only its own (the third of the four
 * cases) is told that we cannot lock. In the first case, without flag and functions, there is
 * nothing to lock and our locks do no harm.
 */
static CK_RV check_init_args(const CK_C_INITIALIZE_ARGS *args)
{
	unsigned int functions;

	if (!args)
		return CKR_OK;
	functions = (args->CreateMutex != NULL) + (args->DestroyMutex != NULL) +
		    (args->LockMutex != NULL) + (args->UnlockMutex != NULL);
	if (args->pReserved || (functions != 0 && functions != 4))
		return CKR_ARGUMENTS_BAD;
	if (functions != 0 && !(args->flags & CKF_OS_LOCKING_OK))
		return CKR_CANT_LOCK;
	return CKR_OK;
}

CK_RV C_Initialize(void *init_args)
{
	struct call c = gate_none(FUNCTION_C_Initialize, true);
	const CK_C_INITIALIZE_ARGS *args = init_args;
	CK_RV rv = check_init_args(args);
	bool no_threads = args && args->flags & CKF_LIBRARY_CANT_CREATE_OS_THREADS;

	return gate_leave(&c, rv == CKR_OK ? gate_initialize(no_threads) : rv);
}

CK_RV C_Finalize(void *reserved)
{
	struct call c = gate_none(FUNCTION_C_Finalize, true);

	return gate_leave(&c, gate_finalize(reserved == NULL));
}

/* 3: text fields are padded with blanks and not terminated. */
static void fill(CK_UTF8CHAR *field, size_t size, const char *text)
{
	memset(field, ' ', size);
	memcpy(field, text, strlen(text));
}

static CK_RV get_info(CK_INFO_PTR ret, CK_VERSION version)
{
	memset(ret, 0, sizeof(*ret));
	ret->cryptokiVersion = version;
	fill(ret->manufacturerID, sizeof(ret->manufacturerID), "Intaglio");
	fill(ret->libraryDescription, sizeof(ret->libraryDescription),
	     "Intaglio smart card module");
	ret->libraryVersion.major = 0;
	ret->libraryVersion.minor = 1;
	return CKR_OK;
}

CK_RV C_GetInfo(CK_INFO_PTR ret)
{
	struct call c = gate_library(FUNCTION_C_GetInfo, ret != NULL);

	return gate_leave(&c, c.slots ? get_info(ret, (CK_VERSION){2, 40}) : c.rv);
}

CK_RV get_info_3_2(CK_INFO_PTR ret)
{
	struct call c = gate_library(FUNCTION_C_GetInfo, ret != NULL);

	return gate_leave(&c, c.slots ? get_info(ret, (CK_VERSION){3, 2}) : c.rv);
}
