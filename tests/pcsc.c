/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The module on a card in a reader, as tests/pcsc.sh starts it: pcscd, vpcd and intaglio-card are
 * running, and the control socket puts the card in and out. One word says what is tried; each
 * expectation that fails is printed, and the exit code is 1 if there was one.
 */
#include "tests/pcsc.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RECORD = 300 };

CK_FUNCTION_LIST *pcsc_p11;
const CK_INTAGLIO_FUNCTION_LIST *pcsc_vendor;
CK_SLOT_ID pcsc_slot;
CK_SESSION_HANDLE pcsc_session;
unsigned int pcsc_failures;

bool pcsc_check(bool good, const char *what, CK_RV rv)
{
	if (!good) {
		printf("     %s: CKR 0x%lx\n", what, rv);
		pcsc_failures++;
	}
	return good;
}

bool pcsc_ok(CK_RV rv, const char *what)
{
	return pcsc_check(rv == CKR_OK, what, rv);
}

void pcsc_must(CK_RV rv, const char *what)
{
	if (!pcsc_ok(rv, what))
		exit(1);
}

double pcsc_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void pcsc_control(const char *line)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char answer[256] = "";
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/intaglio/card.sock",
		 getenv("XDG_RUNTIME_DIR"));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    dprintf(fd, "%s\n", line) < 0 || read(fd, answer, sizeof(answer) - 1) < 2 ||
	    strncmp(answer, "ok", 2) != 0) {
		printf("     intaglio-card does not obey '%s': %s\n", line, answer);
		exit(1);
	}
	close(fd);
}

static void load(void)
{
	CK_RV (*get_function_list)(CK_FUNCTION_LIST_PTR_PTR);
	CK_RV (*get_interface)(CK_UTF8CHAR *, CK_VERSION *, CK_INTERFACE_PTR_PTR, CK_FLAGS);
	CK_INTERFACE *interface;
	void *library = dlopen(getenv("module"), RTLD_NOW | RTLD_LOCAL);

	if (!library) {
		printf("     %s\n", dlerror());
		exit(1);
	}
	*(void **)&get_function_list = dlsym(library, "C_GetFunctionList");
	*(void **)&get_interface = dlsym(library, "C_GetInterface");
	pcsc_must(get_function_list(&pcsc_p11), "C_GetFunctionList");
	pcsc_must(get_interface((CK_UTF8CHAR *)"Vendor Intaglio", NULL, &interface, 0),
		  "C_GetInterface");
	pcsc_vendor = interface->pFunctionList;
}

static void find_slot(void)
{
	CK_SLOT_ID slots[16];
	CK_ULONG count = 16;

	pcsc_must(pcsc_p11->C_GetSlotList(CK_FALSE, NULL, &count), "C_GetSlotList");
	count = 16;
	pcsc_must(pcsc_p11->C_GetSlotList(CK_FALSE, slots, &count), "C_GetSlotList");
	for (CK_ULONG i = 0; i < count; i++) {
		CK_SLOT_INFO info;

		pcsc_must(pcsc_p11->C_GetSlotInfo(slots[i], &info), "C_GetSlotInfo");
		if (strncmp((const char *)info.slotDescription, "Reader", 6) == 0) {
			pcsc_slot = slots[i];
			return;
		}
	}
	puts("     there is no reader among the slots");
	exit(1);
}

void pcsc_start(void)
{
	CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK};

	pcsc_must(pcsc_p11->C_Initialize(&arguments), "C_Initialize");
	find_slot();
}

bool pcsc_wait_present(bool present)
{
	for (int i = 0; i < 100; i++) {
		CK_SLOT_INFO info;

		pcsc_must(pcsc_p11->C_GetSlotInfo(pcsc_slot, &info), "C_GetSlotInfo");
		if (!(info.flags & CKF_TOKEN_PRESENT) == !present)
			return true;
		usleep(50 * 1000);
	}
	return pcsc_check(false, present ? "the card does not come" : "the card does not go", 0);
}

CK_RV pcsc_open_session(void)
{
	return pcsc_p11->C_OpenSession(pcsc_slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
				       &pcsc_session);
}

CK_RV pcsc_login(void)
{
	return pcsc_p11->C_Login(pcsc_session, CKU_USER, (CK_UTF8CHAR_PTR) "123456", 6);
}

CK_RV pcsc_find(CK_SESSION_HANDLE s, CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE *ret,
		CK_ULONG max, CK_ULONG *count)
{
	CK_RV rv = pcsc_p11->C_FindObjectsInit(s, template, n);

	if (rv == CKR_OK)
		rv = pcsc_p11->C_FindObjects(s, ret, max, count);
	if (rv == CKR_OK)
		rv = pcsc_p11->C_FindObjectsFinal(s);
	return rv;
}

CK_OBJECT_HANDLE pcsc_find_class(CK_SESSION_HANDLE s, CK_OBJECT_CLASS class)
{
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)}};
	CK_OBJECT_HANDLE object = 0;
	CK_ULONG count = 0;

	if (pcsc_ok(pcsc_find(s, template, 1, &object, 1, &count), "C_FindObjects"))
		pcsc_check(count == 1, "an object is not found", count);
	return object;
}

CK_RV pcsc_sign(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, CK_BYTE *signature, CK_ULONG *len)
{
	CK_MECHANISM mechanism = {CKM_SHA256_RSA_PKCS, NULL, 0};
	CK_RV rv = pcsc_p11->C_SignInit(s, &mechanism, key);

	return rv == CKR_OK ? pcsc_p11->C_Sign(s, (CK_BYTE_PTR) "text", 4, signature, len) : rv;
}

CK_RV pcsc_verify(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, CK_BYTE *signature, CK_ULONG len)
{
	CK_MECHANISM mechanism = {CKM_SHA256_RSA_PKCS, NULL, 0};
	CK_RV rv = pcsc_p11->C_VerifyInit(s, &mechanism, key);

	return rv == CKR_OK ? pcsc_p11->C_Verify(s, (CK_BYTE_PTR) "text", 4, signature, len) : rv;
}

CK_RV pcsc_seal(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE ledger)
{
	CK_BYTE record[RECORD] = {0}, sealed[RECORD + CK_INTAGLIO_SEAL_OVERHEAD];
	CK_INTAGLIO_SEAL_PARAMS parameter = {.ulType = 1};
	CK_MECHANISM mechanism = {CKM_INTAGLIO_SEAL, &parameter, sizeof(parameter)};
	struct timespec t;
	CK_ULONG len = sizeof(sealed);
	CK_RV rv;

	clock_gettime(CLOCK_REALTIME, &t);
	parameter.ullTime = (unsigned long long)t.tv_sec * 1000;
	for (int i = 0; i < 8; i++)
		parameter.nonce[i] = (unsigned char)(parameter.ullTime >> 8 * (7 - i));
	if (getentropy(parameter.nonce + 8, 8) != 0)
		return CKR_HOST_MEMORY;
	rv = pcsc_p11->C_EncryptInit(s, &mechanism, ledger);
	return rv == CKR_OK ? pcsc_p11->C_Encrypt(s, record, RECORD, sealed, &len) : rv;
}

CK_ULONG pcsc_records(CK_OBJECT_HANDLE ledger)
{
	CK_ULONG count = 0;
	CK_ATTRIBUTE template = {CKA_INTAGLIO_RECORD_COUNT, &count, sizeof(count)};

	pcsc_ok(pcsc_p11->C_GetAttributeValue(pcsc_session, ledger, &template, 1),
		"the ledger's count");
	return count;
}

static void prepare(void)
{
	static CK_BYTE exponent[] = {1, 0, 1};
	CK_MECHANISM mechanism = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_INTAGLIO_LEDGER;
	CK_BBOOL yes = CK_TRUE;
	CK_ULONG bits = 2048;
	CK_ATTRIBUTE public[] = {{CKA_TOKEN, &yes, 1},
				 {CKA_VERIFY, &yes, 1},
				 {CKA_MODULUS_BITS, &bits, sizeof(bits)},
				 {CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent)}};
	CK_ATTRIBUTE private[] = {
		{CKA_TOKEN, &yes, 1}, {CKA_PRIVATE, &yes, 1}, {CKA_SIGN, &yes, 1}};
	CK_ATTRIBUTE ledger[] = {{CKA_CLASS, &class, sizeof(class)},
				 {CKA_KEY_TYPE, &type, sizeof(type)},
				 {CKA_TOKEN, &yes, 1},
				 {CKA_LABEL, (void *)"pcsc", 4}};
	CK_OBJECT_HANDLE one, other;
	CK_UTF8CHAR label[32];

	memset(label, ' ', sizeof(label));
	pcsc_start();
	pcsc_must(pcsc_p11->C_InitToken(pcsc_slot, (CK_UTF8CHAR_PTR) "12345678", 8, label),
		  "C_InitToken");
	pcsc_must(pcsc_open_session(), "C_OpenSession");
	pcsc_must(pcsc_p11->C_Login(pcsc_session, CKU_SO, (CK_UTF8CHAR_PTR) "12345678", 8),
		  "C_Login SO");
	pcsc_must(pcsc_p11->C_InitPIN(pcsc_session, (CK_UTF8CHAR_PTR) "123456", 6), "C_InitPIN");
	pcsc_must(pcsc_p11->C_Logout(pcsc_session), "C_Logout");
	pcsc_must(pcsc_login(), "C_Login");
	pcsc_must(pcsc_p11->C_GenerateKeyPair(pcsc_session, &mechanism, public, 4, private, 3, &one,
					      &other),
		  "C_GenerateKeyPair");
	pcsc_must(pcsc_p11->C_CreateObject(pcsc_session, ledger, 4, &one),
		  "C_CreateObject (ledger)");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *word;
		void (*run)(void);
	} words[] = {{"prepare", prepare},          {"unplug", pcsc_unplug},
		     {"three", pcsc_three},         {"unplug-parts", pcsc_unplug_parts},
		     {"events", pcsc_events},       {"reset", pcsc_reset},
		     {"killed", pcsc_killed},       {"restart", pcsc_restart},
		     {"foreign", pcsc_foreign},     {"fork", pcsc_fork},
		     {"crowd", pcsc_crowd},         {"storm", pcsc_storm},
		     {"wrong-pin", pcsc_wrong_pin}, {"daemon-killed", pcsc_daemon_killed}};

	setvbuf(stdout, NULL, _IOLBF, 0);
	load();
	if (argc == 5 && strcmp(argv[1], "many") == 0)
		pcsc_many((unsigned int)atoi(argv[2]), (unsigned int)atoi(argv[3]),
			  (unsigned int)atoi(argv[4]));
	for (size_t i = 0; argc == 2 && i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(argv[1], words[i].word) == 0)
			words[i].run();
	return pcsc_failures != 0;
}
