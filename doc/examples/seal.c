/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Seal a file in the first ledger of the first card. usage: seal MODULE PIN FILE SEALED
 * cc -o seal seal.c $(pkg-config --cflags p11-kit-1) -ldl, and -I ../../base in the source tree
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include "intaglio.h"

/* SEALED.nonce: sealed again with the same nonce, after whatever went wrong, a record is stored once. */
static int take_nonce(CK_INTAGLIO_SEAL_PARAMS *p, const char *sealed)
{
	struct timespec now;
	char path[4096];
	int file, good = snprintf(path, sizeof(path), "%s.nonce", sealed) < (int)sizeof(path);
	ssize_t have;

	if (!good || (file = open(path, O_RDWR | O_CREAT, 0600)) < 0)
		return 0;
	if ((have = pread(file, p->nonce, 16, 0)) < 0)
		good = 0;
	else if (have < 16) {
		clock_gettime(CLOCK_REALTIME, &now);
		p->ullTime = now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
		for (int i = 0; i < 8; i++)
			p->nonce[i] = p->ullTime >> (56 - 8 * i);
		good = getrandom(p->nonce + 8, 8, 0) == 8 &&
		       pwrite(file, p->nonce, 16, 0) == 16 && !fsync(file);
	}
	for (int i = 0; i < 8; i++)
		p->ullTime = p->ullTime << 8 | p->nonce[i];
	return !close(file) && good;
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
	/* Before sealing, so that nothing is sealed whose receipt has no place. */
	int output = open(argv[4], O_WRONLY | O_CREAT, 0666);
	if (output < 0 || !take_nonce(&params, argv[4]))
		return perror(argv[4]), 2;
	if (p11->C_Initialize(NULL) || p11->C_GetSlotList(CK_TRUE, slot, &slots) || !slots ||
	    p11->C_OpenSession(slot[0], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s) ||
	    p11->C_Login(s, CKU_USER, (CK_UTF8CHAR *)argv[2], strlen(argv[2])) ||
	    p11->C_FindObjectsInit(s, &wanted, 1) || p11->C_FindObjects(s, &ledger, 1, &found) ||
	    p11->C_FindObjectsFinal(s) || !found || p11->C_EncryptInit(s, &mechanism, ledger) ||
	    p11->C_Encrypt(s, record, size, sealed, &len))
		return fprintf(stderr, "seal: the card refused\n"), 1;
	p11->C_Finalize(NULL);
	if (write(output, sealed, len) != (ssize_t)len || ftruncate(output, len) || fsync(output))
		return perror(argv[4]), 2;
	return 0;
}
