/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Installs application 1 as any program of PKCS#11 does: C_Sign with CKM_INTAGLIO_APPLICATION_LOAD.
 * load_application MODULE PRINCIPAL TARGET VERSION PLANT: two readers' names, the version of the
 * target's key set, and a file of 16 bytes that are in memory for two commands in the middle of it,
 * where a search of this memory has to find them.
 */
#include "base/cryptoki.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SLOTS = 32, PLANT = 16, ODD = 3, PLANTED_FROM = 4, PLANTED_TO = 6 };

static CK_FUNCTION_LIST *p11;
static const char *plant;
static unsigned int calls;
static char planted[ODD + PLANT]; /* where no word of the machine begins */

static void must(CK_RV rv, const char *what)
{
	if (rv == CKR_OK)
		return;
	fprintf(stderr, "load_application: %s: CKR 0x%lx\n", what, rv);
	exit(1);
}

static void load(const char *path)
{
	CK_RV (*get_function_list)(CK_FUNCTION_LIST_PTR_PTR);
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!library) {
		fprintf(stderr, "load_application: %s\n", dlerror());
		exit(1);
	}
	*(void **)&get_function_list = dlsym(library, "C_GetFunctionList");
	must(get_function_list(&p11), "C_GetFunctionList");
	must(p11->C_Initialize(NULL), "C_Initialize");
}

static CK_SLOT_ID find_slot(const char *reader)
{
	CK_SLOT_ID slots[SLOTS];
	CK_ULONG count = SLOTS;

	must(p11->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
	for (CK_ULONG i = 0; i < count; i++) {
		char name[sizeof(((CK_SLOT_INFO *)NULL)->slotDescription) + 1] = {0};
		CK_SLOT_INFO info;

		must(p11->C_GetSlotInfo(slots[i], &info), "C_GetSlotInfo");
		memcpy(name, info.slotDescription, sizeof(info.slotDescription));
		if (strstr(name, reader))
			return slots[i];
	}
	fprintf(stderr, "load_application: no card in %s\n", reader);
	exit(1);
}

static CK_OBJECT_HANDLE find_application(CK_SESSION_HANDLE session)
{
	CK_KEY_TYPE type = CKK_INTAGLIO_APPLICATION;
	CK_BYTE id[] = {0, 1};
	CK_ATTRIBUTE wanted[] = {{CKA_KEY_TYPE, &type, sizeof(type)}, {CKA_ID, id, sizeof(id)}};
	CK_OBJECT_HANDLE key = 0;
	CK_ULONG count = 0;

	must(p11->C_FindObjectsInit(session, wanted, 2), "C_FindObjectsInit");
	must(p11->C_FindObjects(session, &key, 1, &count), "C_FindObjects");
	must(p11->C_FindObjectsFinal(session), "C_FindObjectsFinal");
	must(count == 1 ? CKR_OK : CKR_KEY_HANDLE_INVALID, "the application's key");
	return key;
}

static CK_RV surrender(CK_SESSION_HANDLE session, CK_NOTIFICATION event, void *application)
{
	(void)session;
	(void)application;
	if (event != CKN_SURRENDER)
		return CKR_OK;
	calls++;
	if (calls == PLANTED_FROM) {
		int file = open(plant, O_RDONLY | O_CLOEXEC);

		must(file >= 0 && read(file, planted + ODD, PLANT) == PLANT ? CKR_OK
									    : CKR_GENERAL_ERROR,
		     plant);
		close(file);
	} else if (calls == PLANTED_TO) {
		explicit_bzero(planted, sizeof(planted));
	}
	return CKR_OK;
}

int main(int argc, char **argv)
{
	CK_INTAGLIO_APPLICATION_LOAD_PARAMS parameter = {.target = 0};
	CK_MECHANISM mechanism = {CKM_INTAGLIO_APPLICATION_LOAD, &parameter, sizeof(parameter)};
	CK_BYTE target[CK_INTAGLIO_TARGET_ID];
	CK_ULONG len = sizeof(target);
	CK_SESSION_HANDLE session;

	if (argc != 6) {
		fprintf(stderr, "usage: load_application MODULE PRINCIPAL TARGET VERSION PLANT\n");
		return 2;
	}
	plant = argv[5];
	load(argv[1]);
	parameter.target = find_slot(argv[3]);
	parameter.ulVersion = strtoul(argv[4], NULL, 0);
	must(p11->C_OpenSession(find_slot(argv[2]), CKF_SERIAL_SESSION, NULL, surrender, &session),
	     "C_OpenSession");
	must(p11->C_SignInit(session, &mechanism, find_application(session)), "C_SignInit");
	must(p11->C_Sign(session, NULL, 0, target, &len), "C_Sign");
	must(p11->C_Finalize(NULL), "C_Finalize");
	printf("installed, by %u calls, on ", calls);
	for (CK_ULONG i = 0; i < len; i++)
		printf("%02x", target[i]);
	putchar('\n');
	return 0;
}
