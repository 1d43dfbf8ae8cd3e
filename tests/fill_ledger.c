/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Seals the longest records of one leaf in the card's first ledger until one is refused, and says how
 * many went in and what refused the next. usage: fill_ledger MODULE PIN
 */
#include "base/cryptoki.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "base/intaglio.h"

enum { RECORD = 62000, SEALS_MAX = 5000 };

static CK_RV open_ledger(CK_FUNCTION_LIST *p11, const char *pin, CK_SESSION_HANDLE *s,
			 CK_OBJECT_HANDLE *ledger)
{
	CK_KEY_TYPE type = CKK_INTAGLIO_LEDGER;
	CK_ATTRIBUTE wanted = {CKA_KEY_TYPE, &type, sizeof(type)};
	CK_ULONG slots = 1, found = 0;
	CK_SLOT_ID slot;
	CK_RV rv = p11->C_Initialize(NULL);

	if (rv == CKR_OK)
		rv = p11->C_GetSlotList(CK_TRUE, &slot, &slots);
	if (rv == CKR_OK)
		rv = p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, s);
	if (rv == CKR_OK)
		rv = p11->C_Login(*s, CKU_USER, (CK_UTF8CHAR *)pin, strlen(pin));
	if (rv == CKR_OK)
		rv = p11->C_FindObjectsInit(*s, &wanted, 1);
	if (rv == CKR_OK)
		rv = p11->C_FindObjects(*s, ledger, 1, &found);
	return rv == CKR_OK && !found ? CKR_OBJECT_HANDLE_INVALID : rv;
}

int main(int argc, char **argv)
{
	static CK_BYTE record[RECORD], sealed[RECORD + CK_INTAGLIO_SEAL_OVERHEAD];
	CK_INTAGLIO_SEAL_PARAMS params = {.ulType = 1};
	CK_MECHANISM mechanism = {CKM_INTAGLIO_SEAL, &params, sizeof(params)};
	CK_RV (*get)(CK_FUNCTION_LIST_PTR_PTR);
	CK_FUNCTION_LIST *p11;
	CK_OBJECT_HANDLE ledger;
	CK_SESSION_HANDLE s;
	unsigned int n = 0;
	CK_ULONG len;
	CK_RV rv;
	void *library = argc == 3 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;

	if (!library)
		return 2;
	*(void **)&get = dlsym(library, "C_GetFunctionList");
	rv = get(&p11);
	if (rv == CKR_OK)
		rv = open_ledger(p11, argv[2], &s, &ledger);
	for (; rv == CKR_OK && n < SEALS_MAX; n += rv == CKR_OK) {
		params.ullTime = 10000000000000 + n;
		for (unsigned int i = 0; i < 8; i++)
			params.nonce[i] = (unsigned char)(params.ullTime >> (56 - 8 * i));
		len = sizeof(sealed);
		rv = p11->C_EncryptInit(s, &mechanism, ledger);
		if (rv == CKR_OK)
			rv = p11->C_Encrypt(s, record, sizeof(record), sealed, &len);
	}
	printf("%u sealed, %s\n", n, rv == CKR_DEVICE_MEMORY ? "CKR_DEVICE_MEMORY" : "another CKR");
	p11->C_Finalize(NULL);
	return n == SEALS_MAX;
}
