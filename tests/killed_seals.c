/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Seals records in a child process that is killed (SIGKILL) at a random moment, again and again,
 * until SEALS were acknowledged, and checks after each death with a fresh start of the module: every
 * acknowledged record is there, whole and with its own bytes; at most the one in flight is there
 * beyond them, whole as well.
 */
#include "base/cryptoki.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SEALS = 500, RECORD = 1024, LONGEST_US = 20000 };

static CK_FUNCTION_LIST *p11;
static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE ledger;

static void die(const char *what)
{
	fprintf(stderr, "killed_seals: %s\n", what);
	_exit(1);
}

static void must(CK_RV rv, const char *what)
{
	if (rv != CKR_OK) {
		fprintf(stderr, "killed_seals: %s: CKR 0x%lx\n", what, rv);
		_exit(1);
	}
}

static void load(void)
{
	CK_RV (*get_function_list)(CK_FUNCTION_LIST_PTR_PTR);
	const char *build = getenv("INTAGLIO_BUILD");
	char path[4096];
	void *library;

	snprintf(path, sizeof(path), "%s/module/intaglio-pkcs11.so", build ? build : "build");
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		die(dlerror());
	*(void **)&get_function_list = dlsym(library, "C_GetFunctionList");
	must(get_function_list(&p11), "C_GetFunctionList");
	must(p11->C_Initialize(NULL), "C_Initialize");
}

static void make_token(void)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_INTAGLIO_LEDGER;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class, sizeof(class)},
		{CKA_KEY_TYPE, &type, sizeof(type)},
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_LABEL, (void *)"book", 4},
	};
	CK_UTF8CHAR label[32];

	memset(label, ' ', sizeof(label));
	load();
	must(p11->C_InitToken(0, (CK_UTF8CHAR_PTR) "12345678", 8, label), "C_InitToken");
	must(p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session),
	     "C_OpenSession");
	must(p11->C_Login(session, CKU_SO, (CK_UTF8CHAR_PTR) "12345678", 8), "C_Login");
	must(p11->C_InitPIN(session, (CK_UTF8CHAR_PTR) "123456", 6), "C_InitPIN");
	must(p11->C_Logout(session), "C_Logout");
	must(p11->C_Login(session, CKU_USER, (CK_UTF8CHAR_PTR) "123456", 6), "C_Login");
	must(p11->C_CreateObject(session, template, 4, &ledger), "C_CreateObject");
}

static void open_ledger(void)
{
	CK_KEY_TYPE type = CKK_INTAGLIO_LEDGER;
	CK_ATTRIBUTE template = {CKA_KEY_TYPE, &type, sizeof(type)};
	CK_ULONG count;

	load();
	must(p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session),
	     "C_OpenSession");
	must(p11->C_Login(session, CKU_USER, (CK_UTF8CHAR_PTR) "123456", 6), "C_Login");
	must(p11->C_FindObjectsInit(session, &template, 1), "C_FindObjectsInit");
	must(p11->C_FindObjects(session, &ledger, 1, &count), "C_FindObjects");
	must(p11->C_FindObjectsFinal(session), "C_FindObjectsFinal");
	if (count != 1)
		die("the ledger is gone");
}

static CK_ULONG record_count(void)
{
	CK_ULONG count;
	CK_ATTRIBUTE attribute = {CKA_INTAGLIO_RECORD_COUNT, &count, sizeof(count)};

	must(p11->C_GetAttributeValue(session, ledger, &attribute, 1), "C_GetAttributeValue");
	return count;
}

/* Record number n holds n, over and over: no two are alike and none can be half another. */
static void fill(CK_ULONG n, CK_BYTE record[RECORD])
{
	for (size_t i = 0; i < RECORD; i += sizeof(n))
		memcpy(record + i, &n, sizeof(n));
}

/* Seals without end; after each acknowledgement its number goes to the pipe. */
static void seal_until_killed(int acknowledge)
{
	open_ledger();
	for (CK_ULONG n = record_count();; n++) {
		CK_INTAGLIO_SEAL_PARAMS params = {.ulType = 1, .ullTime = n};
		CK_MECHANISM mechanism = {CKM_INTAGLIO_SEAL, &params, sizeof(params)};
		CK_BYTE record[RECORD], sealed[RECORD + CK_INTAGLIO_SEAL_OVERHEAD];
		CK_ULONG len = sizeof(sealed);

		for (int i = 0; i < 8; i++)
			params.nonce[i] = params.nonce[8 + i] = (unsigned char)(n >> 8 * (7 - i));
		fill(n, record);
		must(p11->C_EncryptInit(session, &mechanism, ledger), "C_EncryptInit");
		must(p11->C_Encrypt(session, record, RECORD, sealed, &len), "C_Encrypt");
		if (write(acknowledge, &n, sizeof(n)) != (ssize_t)sizeof(n))
			die("the pipe");
	}
}

/* Exit code 0: records from..acknowledged are right, and at most one is there beyond. */
static void check(CK_ULONG from, CK_ULONG acknowledged)
{
	CK_ULONG count;

	open_ledger();
	count = record_count();
	if (count < acknowledged + 1 || count > acknowledged + 2) {
		fprintf(stderr, "killed_seals: %lu acknowledged, %lu there\n", acknowledged,
			count - 1);
		_exit(1);
	}
	for (CK_ULONG n = from; n < count; n++) {
		CK_INTAGLIO_SEAL_PARAMS params = {.ulIndex = n};
		CK_MECHANISM mechanism = {CKM_INTAGLIO_SEAL, &params, sizeof(params)};
		CK_BYTE expected[RECORD], record[RECORD + 1];
		CK_ULONG len = sizeof(record);

		fill(n, expected);
		must(p11->C_DecryptInit(session, &mechanism, ledger), "C_DecryptInit");
		must(p11->C_Decrypt(session, NULL, 0, record, &len), "C_Decrypt");
		for (size_t i = 0; i < RECORD; i++)
			if (len != RECORD || record[i] != expected[i])
				die("a record came back with other bytes");
	}
	_exit(0);
}

/* Runs one role of this program in a process of its own. */
static pid_t start(void (*role)(CK_ULONG, CK_ULONG), CK_ULONG a, CK_ULONG b)
{
	pid_t pid = fork();

	if (pid == 0) {
		role(a, b);
		_exit(0);
	}
	if (pid < 0)
		die("fork");
	return pid;
}

static void role_make(CK_ULONG a, CK_ULONG b)
{
	(void)a;
	(void)b;
	make_token();
}

static void role_seal(CK_ULONG a, CK_ULONG b)
{
	(void)b;
	seal_until_killed((int)a);
}

static bool succeeded(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* One life of a sealing process; returns the last acknowledged number, or before if none was. */
static CK_ULONG live_and_die(CK_ULONG before)
{
	CK_ULONG n, last = before;
	int ends[2], status;
	pid_t pid;

	if (pipe(ends) != 0)
		die("pipe");
	pid = start(role_seal, (CK_ULONG)ends[1], 0);
	close(ends[1]);
	/* The clock starts with the first acknowledgement, so that every life comes to sealing. */
	if (read(ends[0], &n, sizeof(n)) != (ssize_t)sizeof(n))
		die("a sealing process ended by itself");
	last = n;
	usleep((useconds_t)(random() % LONGEST_US));
	kill(pid, SIGKILL);
	while (read(ends[0], &n, sizeof(n)) == (ssize_t)sizeof(n))
		last = n;
	close(ends[0]);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		die("a sealing process ended by itself");
	return last;
}

int main(void)
{
	CK_ULONG acknowledged = 0, from = 1;
	unsigned int lives = 0, failed = 0;

	srandom((unsigned int)getpid());
	if (!succeeded(start(role_make, 0, 0)))
		die("no token");
	while (acknowledged < SEALS) {
		acknowledged = live_and_die(acknowledged);
		lives++;
		failed += !succeeded(start(check, from, acknowledged));
		from = acknowledged > 1 ? acknowledged - 1 : 1;
	}
	failed += !succeeded(start(check, 1, acknowledged));
	printf("%lu records acknowledged in %u lives, each ended by SIGKILL\n", acknowledged,
	       lives);
	printf("%u passed, %u failed\n", lives + 1 - failed, failed);
	return failed ? 1 : 0;
}
