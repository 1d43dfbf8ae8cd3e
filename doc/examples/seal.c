/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Seal a file in the first ledger of the first card. usage: seal MODULE PIN FILE SEALED
 * cc -o seal seal.c $(pkg-config --cflags p11-kit-1) -ldl, and -I ../../base in the source tree
 */
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include "intaglio.h"

static int fill_nonce(CK_INTAGLIO_SEAL_PARAMS *p)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	p->ullTime = now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
	for (int i = 0; i < 8; i++)
		p->nonce[i] = p->ullTime >> (56 - 8 * i);
	/* Keep the nonce: sealed again with it after a crash, a record is not stored twice. */
	return getrandom(p->nonce + 8, 8, 0) == 8;
}

int main(int argc, char **argv)
{
	static unsigned char record[65536 + 1], sealed[sizeof(record) + CK_INTAGLIO_SEAL_OVERHEAD];
	CK_INTAGLIO_SEAL_PARAMS params = {.ulType = 1};
	CK_MECHANISM mechanism = {CKM_INTAGLIO_SEAL, &params, sizeof(params)};
	CK_KEY_TYPE type = CKK_INTAGLIO_LEDGER;
	CK_ATTRIBUTE wanted = {CKA_KEY_TYPE, &type, sizeof(type)};
	CK_ULONG slots = 16, found = 0, len = sizeof(sealed);
	CK_FUNCTION_LIST *p11;
	CK_RV (*get)(CK_FUNCTION_LIST **);
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE ledger;
	CK_SLOT_ID slot[16];
	FILE *file;
	void *library = argc == 5 ? dlopen(argv[1], RTLD_NOW) : NULL;

	if (!library || !(*(void **)&get = dlsym(library, "C_GetFunctionList")) || get(&p11))
		return fprintf(stderr, "usage: seal MODULE PIN FILE SEALED\n"), 2;
	if (!(file = fopen(argv[3], "rb")))
		return perror(argv[3]), 2;
	size_t size = fread(record, 1, sizeof(record), file);
	fclose(file);
	if (!fill_nonce(&params) || p11->C_Initialize(NULL) ||
	    p11->C_GetSlotList(CK_TRUE, slot, &slots) || !slots ||
	    p11->C_OpenSession(slot[0], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s) ||
	    p11->C_Login(s, CKU_USER, (CK_UTF8CHAR *)argv[2], strlen(argv[2])) ||
	    p11->C_FindObjectsInit(s, &wanted, 1) || p11->C_FindObjects(s, &ledger, 1, &found) ||
	    p11->C_FindObjectsFinal(s) || !found || p11->C_EncryptInit(s, &mechanism, ledger) ||
	    p11->C_Encrypt(s, record, size, sealed, &len))
		return fprintf(stderr, "seal: the card refused\n"), 1;
	p11->C_Finalize(NULL);
	if (!(file = fopen(argv[4], "wb")) || fwrite(sealed, 1, len, file) != len || fclose(file))
		return perror(argv[4]), 2;
	return 0;
}
