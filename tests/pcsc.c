/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The module on a card in a reader, as tests/pcsc.sh starts it: pcscd, vpcd and intaglio-card are
 * running, and the control socket puts the card in and out. One word says what is tried; each
 * expectation that fails is printed, and the exit code is 1 if there was one.
 */
#include "base/cryptoki.h"

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

enum { RECORD = 300, WRITTEN = 1500, PROCESSES_MAX = 32, THREADS_MAX = 8, STEPS_MAX = 60 };

static CK_FUNCTION_LIST *p11;
static CK_SLOT_ID slot;
static CK_SESSION_HANDLE session;
static unsigned int failures;

static bool check(bool good, const char *what, CK_RV rv)
{
	if (!good) {
		printf("     %s: CKR 0x%lx\n", what, rv);
		failures++;
	}
	return good;
}

static bool ok(CK_RV rv, const char *what)
{
	return check(rv == CKR_OK, what, rv);
}

static void must(CK_RV rv, const char *what)
{
	if (!ok(rv, what))
		exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void control(const char *line)
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
	void *library = dlopen(getenv("module"), RTLD_NOW | RTLD_LOCAL);

	if (!library) {
		printf("     %s\n", dlerror());
		exit(1);
	}
	*(void **)&get_function_list = dlsym(library, "C_GetFunctionList");
	must(get_function_list(&p11), "C_GetFunctionList");
}

static void find_slot(void)
{
	CK_SLOT_ID slots[16];
	CK_ULONG count = 16;

	must(p11->C_GetSlotList(CK_FALSE, NULL, &count), "C_GetSlotList");
	count = 16;
	must(p11->C_GetSlotList(CK_FALSE, slots, &count), "C_GetSlotList");
	for (CK_ULONG i = 0; i < count; i++) {
		CK_SLOT_INFO info;

		must(p11->C_GetSlotInfo(slots[i], &info), "C_GetSlotInfo");
		if (strncmp((const char *)info.slotDescription, "Reader", 6) == 0) {
			slot = slots[i];
			return;
		}
	}
	puts("     there is no reader among the slots");
	exit(1);
}

static void start(void)
{
	CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK};

	must(p11->C_Initialize(&arguments), "C_Initialize");
	find_slot();
}

static bool wait_present(bool present)
{
	for (int i = 0; i < 100; i++) {
		CK_SLOT_INFO info;

		must(p11->C_GetSlotInfo(slot, &info), "C_GetSlotInfo");
		if (!(info.flags & CKF_TOKEN_PRESENT) == !present)
			return true;
		usleep(50 * 1000);
	}
	return check(false, present ? "the card does not come" : "the card does not go", 0);
}

static CK_RV open_session(void)
{
	return p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session);
}

static CK_RV login(void)
{
	return p11->C_Login(session, CKU_USER, (CK_UTF8CHAR_PTR) "123456", 6);
}

static CK_RV find(CK_SESSION_HANDLE s, CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE *ret,
		  CK_ULONG max, CK_ULONG *count)
{
	CK_RV rv = p11->C_FindObjectsInit(s, template, n);

	if (rv == CKR_OK)
		rv = p11->C_FindObjects(s, ret, max, count);
	if (rv == CKR_OK)
		rv = p11->C_FindObjectsFinal(s);
	return rv;
}

static CK_OBJECT_HANDLE find_class(CK_SESSION_HANDLE s, CK_OBJECT_CLASS class)
{
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)}};
	CK_OBJECT_HANDLE object = 0;
	CK_ULONG count = 0;

	if (ok(find(s, template, 1, &object, 1, &count), "C_FindObjects"))
		check(count == 1, "an object is not found", count);
	return object;
}

static CK_RV sign(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, CK_BYTE *signature, CK_ULONG *len)
{
	CK_MECHANISM mechanism = {CKM_SHA256_RSA_PKCS, NULL, 0};
	CK_RV rv = p11->C_SignInit(s, &mechanism, key);

	return rv == CKR_OK ? p11->C_Sign(s, (CK_BYTE_PTR) "text", 4, signature, len) : rv;
}

static CK_RV verify(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, CK_BYTE *signature, CK_ULONG len)
{
	CK_MECHANISM mechanism = {CKM_SHA256_RSA_PKCS, NULL, 0};
	CK_RV rv = p11->C_VerifyInit(s, &mechanism, key);

	return rv == CKR_OK ? p11->C_Verify(s, (CK_BYTE_PTR) "text", 4, signature, len) : rv;
}

static CK_RV seal(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE ledger)
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
	rv = p11->C_EncryptInit(s, &mechanism, ledger);
	return rv == CKR_OK ? p11->C_Encrypt(s, record, RECORD, sealed, &len) : rv;
}

static CK_ULONG records(CK_OBJECT_HANDLE ledger)
{
	CK_ULONG count = 0;
	CK_ATTRIBUTE template = {CKA_INTAGLIO_RECORD_COUNT, &count, sizeof(count)};

	ok(p11->C_GetAttributeValue(session, ledger, &template, 1), "the ledger's count");
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
	start();
	must(p11->C_InitToken(slot, (CK_UTF8CHAR_PTR) "12345678", 8, label), "C_InitToken");
	must(open_session(), "C_OpenSession");
	must(p11->C_Login(session, CKU_SO, (CK_UTF8CHAR_PTR) "12345678", 8), "C_Login SO");
	must(p11->C_InitPIN(session, (CK_UTF8CHAR_PTR) "123456", 6), "C_InitPIN");
	must(p11->C_Logout(session), "C_Logout");
	must(login(), "C_Login");
	must(p11->C_GenerateKeyPair(session, &mechanism, public, 4, private, 3, &one, &other),
	     "C_GenerateKeyPair");
	must(p11->C_CreateObject(session, ledger, 4, &one), "C_CreateObject (ledger)");
}

/* What is interrupted. Each finds its objects first, so that only its own commands are counted. */

static CK_RV write_object(void)
{
	static CK_BYTE value[WRITTEN];
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
				   {CKA_TOKEN, &yes, 1},
				   {CKA_LABEL, (void *)"written", 7},
				   {CKA_VALUE, value, sizeof(value)}};
	CK_OBJECT_HANDLE object;

	memset(value, 0x77, sizeof(value));
	return p11->C_CreateObject(session, template, 4, &object);
}

/* Objects of that label are whole; they are counted and removed. */
static CK_ULONG take_written(void)
{
	CK_ATTRIBUTE label = {CKA_LABEL, (void *)"written", 7};
	CK_OBJECT_HANDLE objects[16];
	CK_ULONG count = 0;

	ok(find(session, &label, 1, objects, 16, &count), "C_FindObjects");
	for (CK_ULONG i = 0; i < count; i++) {
		CK_BYTE value[WRITTEN] = {0};
		CK_ATTRIBUTE read = {CKA_VALUE, value, sizeof(value)};

		ok(p11->C_GetAttributeValue(session, objects[i], &read, 1), "the object's value");
		check(read.ulValueLen == WRITTEN && value[0] == 0x77 && value[WRITTEN - 1] == 0x77,
		      "half an object is on the card", read.ulValueLen);
		ok(p11->C_DestroyObject(session, objects[i]), "C_DestroyObject");
	}
	return count;
}

enum operation { LOGIN, SIGN, WRITE, SEAL, OPERATIONS };
static const char *const operation_names[] = {"login", "sign", "write", "seal"};

static CK_RV carry_out(enum operation operation, CK_OBJECT_HANDLE object)
{
	CK_BYTE signature[512];
	CK_ULONG len = sizeof(signature);
	CK_RV rv;

	switch (operation) {
	case LOGIN:
		rv = open_session();
		return rv == CKR_OK ? login() : rv;
	case SIGN:
		return sign(session, object, signature, &len);
	case WRITE:
		return write_object();
	default:
		return seal(session, object);
	}
}

/* One pull, and what is on the card afterwards. True if the operation ended before it. */
static bool pull(enum operation operation, unsigned int commands, bool unanswered)
{
	CK_OBJECT_HANDLE object = 0;
	CK_SESSION_INFO info;
	CK_ULONG before = 0, after;
	char line[64];
	CK_RV rv;

	control("insert default");
	if (!wait_present(true))
		return true;
	if (operation == LOGIN) {
		/* From cold: the channel and the handshake are part of it. */
		must(p11->C_Finalize(NULL), "C_Finalize");
		start();
	} else {
		must(open_session(), "C_OpenSession");
		must(login(), "C_Login");
		object = find_class(session, operation == SEAL ? CKO_SECRET_KEY : CKO_PRIVATE_KEY);
		before = operation == SEAL ? records(object) : take_written();
		before = operation == SEAL ? before : 0;
	}
	snprintf(line, sizeof(line), "%s default %u",
		 unanswered ? "eject-unanswered" : "eject-after", commands);
	control(line);
	rv = carry_out(operation, object);
	if (rv == CKR_OK) {
		control("insert default");
		p11->C_CloseAllSessions(slot);
		return true;
	}
	check(rv == CKR_DEVICE_REMOVED || rv == CKR_TOKEN_NOT_PRESENT, operation_names[operation],
	      rv);
	rv = p11->C_GetSessionInfo(session, &info);
	check(rv == CKR_SESSION_HANDLE_INVALID || rv == CKR_DEVICE_REMOVED,
	      "a session outlives its card", rv);
	wait_present(false);
	control("insert default");
	if (!wait_present(true) || !ok(open_session(), "C_OpenSession again") ||
	    !ok(login(), "C_Login again"))
		return true;
	if (operation == SEAL) {
		object = find_class(session, CKO_SECRET_KEY);
		after = records(object);
		check(after == before || (unanswered && after == before + 1),
		      "records after a pull", after - before);
	}
	if (operation == WRITE) {
		after = take_written();
		check(after == 0 || (unanswered && after == 1), "objects after a pull", after);
	}
	ok(p11->C_CloseAllSessions(slot), "C_CloseAllSessions");
	return false;
}

static void unplug(void)
{
	start();
	for (int operation = 0; operation < OPERATIONS; operation++) {
		unsigned int pulled = 0;

		for (int unanswered = 0; unanswered < 2; unanswered++)
			for (unsigned int n = 0; n < STEPS_MAX && !failures; n++) {
				if (pull((enum operation)operation, n, unanswered))
					break;
				pulled++;
			}
		check(pulled >= 2, "pulls", pulled);
		printf("%s: pulled at %u places\n", operation_names[operation], pulled);
	}
}

/* Slot events. */

static struct {
	CK_RV rv;
	CK_SLOT_ID slot;
	double at;
} waited;

static void *wait_event(void *unused)
{
	waited.rv = p11->C_WaitForSlotEvent(0, &waited.slot, NULL);
	waited.at = now();
	return unused;
}

static void wait_for(const char *line)
{
	pthread_t thread;
	double begin;

	pthread_create(&thread, NULL, wait_event, NULL);
	usleep(300 * 1000);
	begin = now();
	control(line);
	pthread_join(thread, NULL);
	ok(waited.rv, "C_WaitForSlotEvent");
	check(waited.slot == slot, "another slot", waited.slot);
	check(waited.at - begin < 2, "the event comes late", 0);
	printf("%s: told after %.0f ms\n", line, (waited.at - begin) * 1000);
}

static void events(void)
{
	struct rusage before, after;
	CK_SLOT_ID told = 99;
	pthread_t thread;
	double spent;
	CK_RV rv;

	start();
	rv = p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &told, NULL);
	check(rv == CKR_NO_EVENT, "nothing happened", rv);
	wait_for("remove default");
	wait_present(false);
	wait_for("insert default");
	wait_present(true);
	rv = p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &told, NULL);
	check(rv == CKR_NO_EVENT, "an event is told once", rv);

	/* Out and in while nobody waits: other calls see it, and the event is there all the same. */
	control("remove default");
	wait_present(false);
	control("insert default");
	wait_present(true);
	ok(p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &told, NULL), "an event nobody waited for");
	check(told == slot, "of another slot", told);

	getrusage(RUSAGE_SELF, &before);
	pthread_create(&thread, NULL, wait_event, NULL);
	sleep(3);
	getrusage(RUSAGE_SELF, &after);
	spent = (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec) +
		(double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec) / 1e6 +
		(double)(after.ru_stime.tv_sec - before.ru_stime.tv_sec) +
		(double)(after.ru_stime.tv_usec - before.ru_stime.tv_usec) / 1e6;
	check(spent < 0.1, "waiting keeps the processor busy", 0);
	ok(p11->C_Finalize(NULL), "C_Finalize");
	pthread_join(thread, NULL);
	check(waited.rv == CKR_CRYPTOKI_NOT_INITIALIZED, "the wait ended by C_Finalize", waited.rv);
}

/* The card is reset by another program. */
static void other_reset(void)
{
	CK_BYTE signature[512];
	CK_ULONG len = sizeof(signature);
	CK_OBJECT_HANDLE key;
	CK_RV rv;

	start();
	must(open_session(), "C_OpenSession");
	must(login(), "C_Login");
	key = find_class(session, CKO_PRIVATE_KEY);
	ok(sign(session, key, signature, &len), "C_Sign");
	check(system("opensc-tool --reader 0 --reset >/dev/null 2>&1") == 0, "opensc-tool", 0);
	len = sizeof(signature);
	rv = sign(session, key, signature, &len);
	check(rv == CKR_USER_NOT_LOGGED_IN, "the login is lost and said so", rv);
	find_class(session, CKO_PUBLIC_KEY);
	ok(login(), "C_Login in the same session");
	key = find_class(session, CKO_PRIVATE_KEY);
	len = sizeof(signature);
	ok(sign(session, key, signature, &len), "C_Sign in the same session");
}

/* pcscd ends and comes back under a running program. */
static void restart(void)
{
	CK_BYTE signature[512];
	CK_ULONG len = sizeof(signature);
	CK_OBJECT_HANDLE key;
	CK_RV rv;

	start();
	must(open_session(), "C_OpenSession");
	must(login(), "C_Login");
	key = find_class(session, CKO_PRIVATE_KEY);
	check(system("./restart-pcscd") == 0, "pcscd is restarted", 0);
	rv = sign(session, key, signature, &len);
	check(rv == CKR_DEVICE_REMOVED, "C_Sign without pcscd", rv);
	wait_present(true);
	must(open_session(), "C_OpenSession");
	must(login(), "C_Login");
	key = find_class(session, CKO_PRIVATE_KEY);
	len = sizeof(signature);
	ok(sign(session, key, signature, &len), "C_Sign");
}

/* Processes that are killed leave their logical channels behind. */
static void killed(void)
{
	CK_BYTE signature[512];
	CK_ULONG len;
	CK_OBJECT_HANDLE key;

	for (int i = 0; i < 25 && !failures; i++) {
		int status;
		pid_t child = fork();

		if (child == 0) {
			start();
			must(open_session(), "C_OpenSession in a child");
			must(login(), "C_Login in a child");
			kill(getpid(), SIGKILL);
		}
		waitpid(child, &status, 0);
		check(WIFSIGNALED(status), "a child", (CK_RV)status);
		if (i == 0) {
			start();
			must(open_session(), "C_OpenSession");
			must(login(), "C_Login");
		}
		key = find_class(session, CKO_PRIVATE_KEY);
		len = sizeof(signature);
		ok(sign(session, key, signature, &len), "C_Sign while others are killed");
	}
}

/* A card of somebody else in the second reader: it knows no application, and counts. */

static struct {
	int fd;
	_Atomic unsigned int commands;
} foreign;

static void answer_foreign(const uint8_t *bytes, size_t len)
{
	uint8_t message[64] = {(uint8_t)(len >> 8), (uint8_t)len};

	memcpy(message + 2, bytes, len);
	if (write(foreign.fd, message, len + 2) != (ssize_t)len + 2)
		puts("     vpcd takes no answer");
}

static void *serve_foreign(void *unused)
{
	/* No historical bytes; T=1. */
	static const uint8_t atr[] = {0x3B, 0x80, 0x01, 0x81}, not_found[] = {0x6A, 0x82};
	uint8_t length[2], message[512];

	while (recv(foreign.fd, length, 2, MSG_WAITALL) == 2) {
		size_t len = (size_t)length[0] << 8 | length[1];

		if (len > sizeof(message) ||
		    recv(foreign.fd, message, len, MSG_WAITALL) != (ssize_t)len)
			break;
		if (len > 1) {
			foreign.commands++;
			answer_foreign(not_found, sizeof(not_found));
		} else if (message[0] == 4) {
			answer_foreign(atr, sizeof(atr));
		}
	}
	return unused;
}

static pthread_t insert_foreign(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(35964),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	pthread_t thread;

	foreign.fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(foreign.fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		puts("     there is no second reader");
		exit(1);
	}
	pthread_create(&thread, NULL, serve_foreign, NULL);
	sleep(1);
	return thread;
}

static void leave_alone(void)
{
	pthread_t thread;
	CK_TOKEN_INFO token;
	CK_SLOT_INFO info;
	unsigned int before;
	CK_RV rv;

	for (int insertion = 0; insertion < 2; insertion++) {
		before = foreign.commands;
		thread = insert_foreign();
		if (insertion == 0) {
			start();
			slot++;
		}
		for (int i = 0; i < 5; i++) {
			must(p11->C_GetSlotInfo(slot, &info), "C_GetSlotInfo");
			check(!(info.flags & CKF_TOKEN_PRESENT), "a foreign card is a token", 0);
			rv = p11->C_GetTokenInfo(slot, &token);
			check(rv == CKR_TOKEN_NOT_PRESENT, "C_GetTokenInfo", rv);
			rv = open_session();
			check(rv == CKR_TOKEN_NOT_PRESENT, "C_OpenSession", rv);
		}
		check(foreign.commands - before >= 1 && foreign.commands - before <= 2,
		      "commands to a foreign card", foreign.commands - before);
		printf("a foreign card: %u commands\n", foreign.commands - before);
		shutdown(foreign.fd, SHUT_RDWR);
		pthread_join(thread, NULL);
		close(foreign.fd);
		sleep(1);
	}
}

/* Many processes with many threads. */

struct share {
	_Atomic unsigned long done, wrong, busiest_ms;
};
static struct share *share;
static double deadline;

static void count(CK_RV rv, const char *what, double begin)
{
	unsigned long ms = (unsigned long)((now() - begin) * 1000), worst = share->busiest_ms;

	share->done++;
	while (ms > worst &&
	       !__atomic_compare_exchange_n((unsigned long *)&share->busiest_ms, &worst, ms, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
	if (rv != CKR_OK) {
		printf("     %s: CKR 0x%lx\n", what, rv);
		share->wrong++;
	}
}

static void *work(void *number)
{
	unsigned int at = (unsigned int)(size_t)number;
	CK_OBJECT_HANDLE private, public, ledger;
	CK_SESSION_HANDLE s;

	if (!ok(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s),
		"C_OpenSession"))
		return NULL;
	private = find_class(s, CKO_PRIVATE_KEY);
	public = find_class(s, CKO_PUBLIC_KEY);
	ledger = find_class(s, CKO_SECRET_KEY);
	while (now() < deadline && !share->wrong) {
		CK_BYTE signature[512];
		CK_ULONG len = sizeof(signature);
		double begin = now();
		CK_RV rv;

		switch (at++ % 4) {
		case 0:
		case 1:
			rv = sign(s, private, signature, &len);
			count(rv, "C_Sign", begin);
			if (rv == CKR_OK && verify(s, public, signature, len) != CKR_OK)
				share->wrong++;
			break;
		case 2:
			count(seal(s, ledger), "C_Encrypt", begin);
			break;
		default:
			if (find_class(s, CKO_PRIVATE_KEY) != private)
				share->wrong++;
			count(CKR_OK, "C_FindObjects", begin);
		}
	}
	return NULL;
}

static int be_one(unsigned int threads)
{
	pthread_t ids[THREADS_MAX];

	start();
	must(open_session(), "C_OpenSession");
	must(login(), "C_Login");
	for (unsigned int i = 0; i < threads; i++)
		pthread_create(&ids[i], NULL, work, (void *)(size_t)i);
	for (unsigned int i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	ok(p11->C_Finalize(NULL), "C_Finalize");
	share->wrong += failures;
	return failures != 0;
}

static void many(unsigned int processes, unsigned int threads, unsigned int seconds)
{
	pid_t children[PROCESSES_MAX];

	if (processes > PROCESSES_MAX || threads > THREADS_MAX)
		exit(2);
	share = mmap(NULL, sizeof(*share), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	deadline = now() + seconds;
	fflush(stdout);
	for (unsigned int i = 0; i < processes; i++) {
		children[i] = fork();
		if (children[i] == 0)
			exit(be_one(threads));
	}
	for (unsigned int i = 0; i < processes; i++) {
		int status;

		waitpid(children[i], &status, 0);
		check(status == 0, "a process", (CK_RV)status);
	}
	check(share->wrong == 0, "wrong results", share->wrong);
	check(share->done >= (unsigned long)processes * threads, "operations", share->done);
	printf("%u processes, %u threads each, %u s: %lu operations, %lu wrong, worst wait %lu ms\n",
	       processes, threads, seconds, share->done, share->wrong, share->busiest_ms);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *word;
		void (*run)(void);
	} words[] = {{"prepare", prepare},    {"unplug", unplug}, {"events", events},
		     {"reset", other_reset},  {"killed", killed}, {"restart", restart},
		     {"foreign", leave_alone}};

	setvbuf(stdout, NULL, _IOLBF, 0);
	load();
	if (argc == 5 && strcmp(argv[1], "many") == 0)
		many((unsigned int)atoi(argv[2]), (unsigned int)atoi(argv[3]),
		     (unsigned int)atoi(argv[4]));
	for (size_t i = 0; argc == 2 && i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(argv[1], words[i].word) == 0)
			words[i].run();
	return failures != 0;
}
