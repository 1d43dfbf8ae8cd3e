/* SPDX-License-Identifier: BSD-2-Clause */
/* The module as an application loads it. */
#include "bench/client.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static CK_UTF8CHAR so_pin[] = "12345678", user_pin[] = "123456";

void client_die(const char *what)
{
	fprintf(stderr, "bench: %s failed\n", what);
	exit(1);
}

void client_must(CK_RV rv, const char *what)
{
	if (rv == CKR_OK)
		return;
	fprintf(stderr, "bench: %s: CKR 0x%lx\n", what, rv);
	exit(1);
}

void *client_load(const char *path, CK_FUNCTION_LIST **ret_p11)
{
	CK_RV (*get_function_list)(CK_FUNCTION_LIST_PTR_PTR);
	const char *build = getenv("INTAGLIO_BUILD");
	char built[4200];
	void *library;

	snprintf(built, sizeof(built), "%s/module/intaglio-pkcs11.so", build ? build : "build");
	library = dlopen(path ? path : built, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		client_die(dlerror());
	*(void **)&get_function_list = dlsym(library, "C_GetFunctionList");
	client_must(get_function_list(ret_p11), "C_GetFunctionList");
	return library;
}

const CK_INTAGLIO_FUNCTION_LIST *client_vendor(void *library)
{
	CK_RV (*get_interface)(CK_UTF8CHAR *, CK_VERSION *, CK_INTERFACE_PTR_PTR, CK_FLAGS);
	CK_INTERFACE *interface;

	*(void **)&get_interface = dlsym(library, "C_GetInterface");
	client_must(get_interface((CK_UTF8CHAR *)"Vendor Intaglio", NULL, &interface, 0),
		    "C_GetInterface");
	return interface->pFunctionList;
}

void client_init_token(CK_FUNCTION_LIST *p11, CK_SLOT_ID slot)
{
	CK_UTF8CHAR label[32];

	memset(label, ' ', sizeof(label));
	memcpy(label, "bench", 5);
	client_must(p11->C_InitToken(slot, so_pin, sizeof(so_pin) - 1, label), "C_InitToken");
}

CK_SESSION_HANDLE client_open_session(CK_FUNCTION_LIST *p11, CK_SLOT_ID slot)
{
	CK_SESSION_HANDLE session;

	client_must(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
				       &session),
		    "C_OpenSession");
	return session;
}

CK_SESSION_HANDLE client_init_pin(CK_FUNCTION_LIST *p11, CK_SLOT_ID slot)
{
	CK_SESSION_HANDLE session = client_open_session(p11, slot);

	client_must(p11->C_Login(session, CKU_SO, so_pin, sizeof(so_pin) - 1), "C_Login SO");
	client_must(p11->C_InitPIN(session, user_pin, sizeof(user_pin) - 1), "C_InitPIN");
	client_must(p11->C_Logout(session), "C_Logout");
	client_login(p11, session);
	return session;
}

void client_login(CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session)
{
	client_must(p11->C_Login(session, CKU_USER, user_pin, sizeof(user_pin) - 1), "C_Login");
}
