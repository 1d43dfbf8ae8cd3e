/* SPDX-License-Identifier: BSD-2-Clause */
/* The card, its fixed objects, which no call can destroy, and the handles of what calls have made. */
#include "fuzz/world.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "fuzz/calls.h"
#include "module/entry.h"

enum { FIXED_MAX = 16, MADE = 24, ALL = FIXED_MAX + MADE, MEMORY_MIN = 512 << 20 };

static struct known {
	CK_OBJECT_HANDLE handle;
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE type;
} known[ALL]; /* the fixed ones first */
static size_t next;
static char directory[] = "/dev/shm/intaglio-fuzz-XXXXXX";
static pid_t owner;

CK_FUNCTION_LIST_3_2 *world_functions;
#define p11 world_functions

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_BYTE p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
static CK_BYTE ed25519[] = {0x13, 0x0C, 'e', 'd', 'w', 'a', 'r', 'd', 's', '2', '5', '5', '1', '9'};
static CK_BYTE sm2[] = {0x06, 0x08, 0x2A, 0x81, 0x1C, 0xCF, 0x55, 0x01, 0x82, 0x2D};
static CK_BYTE fixed_id[] = "fixed";

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void clean_up(void)
{
	if (owner != getpid())
		return;
	p11->C_Finalize(NULL);
	nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void must(const char *what, CK_RV rv)
{
	if (rv == CKR_OK)
		return;
	fprintf(stderr, "the card cannot be made ready: %s: %s\n", what, return_name(rv));
	exit(1);
}
#define MUST(call) must(#call, p11->call)

/* In memory if there is room, so that no disk is waited for. */
static void make_directory(void)
{
	struct statvfs memory;
	char *made = NULL;

	if (statvfs("/dev/shm", &memory) == 0 &&
	    (unsigned long long)memory.f_bavail * memory.f_frsize > MEMORY_MIN)
		made = mkdtemp(directory);
	if (!made) {
		memcpy(directory, "/tmp/intaglio-storm-XXXXXX",
		       sizeof("/tmp/intaglio-storm-XXXXXX"));
		made = mkdtemp(directory);
	}
	if (!made || setenv("HOME", directory, 1) != 0 ||
	    setenv("XDG_DATA_HOME", directory, 1) != 0 ||
	    setenv("XDG_CONFIG_HOME", directory, 1) != 0 ||
	    setenv("XDG_CACHE_HOME", directory, 1) != 0 || setenv("INTAGLIO_LOG", "none", 1) != 0 ||
	    setenv("PCSCLITE_CSOCK_NAME", "/nonexistent", 1) != 0) {
		perror("a directory for the card");
		exit(1);
	}
	owner = getpid();
}

void world_start(void)
{
	CK_UTF8CHAR name[] = "PKCS 11";
	CK_INTERFACE *interface;

	if (p11)
		return;
	make_directory();
	must("C_GetInterface", C_GetInterface(name, NULL, &interface, 0));
	p11 = interface->pFunctionList;
	atexit(clean_up);
}

static void make_pair(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE type, void *what, CK_ULONG what_len,
		      CK_ATTRIBUTE_TYPE what_type, CK_BBOOL *derives)
{
	CK_MECHANISM mechanism = {type, NULL, 0};
	CK_BBOOL *deciphers = type == CKM_INTAGLIO_SM2_KEY_PAIR_GEN ? &yes : &no;
	CK_ATTRIBUTE public[] = {
		{what_type, what, what_len},
		{CKA_TOKEN, &yes, 1},
		{CKA_ID, fixed_id, sizeof(fixed_id)},
		{CKA_DESTROYABLE, &no, 1},
		{CKA_MODIFIABLE, &no, 1},
		{CKA_VERIFY_RECOVER, &yes, 1},
	};
	CK_ATTRIBUTE private[] = {
		{CKA_TOKEN, &yes, 1},        {CKA_ID, fixed_id, sizeof(fixed_id)},
		{CKA_DESTROYABLE, &no, 1},   {CKA_MODIFIABLE, &no, 1},
		{CKA_SIGN, &yes, 1},         {CKA_DERIVE, derives, 1},
		{CKA_DECRYPT, deciphers, 1}, {CKA_SIGN_RECOVER, &yes, 1},
	};
	CK_ULONG more = type == CKM_RSA_PKCS_KEY_PAIR_GEN;
	CK_OBJECT_HANDLE one, other;

	MUST(C_GenerateKeyPair(s, &mechanism, public, 5 + more, private, 7 + more, &one, &other));
}

static void make_secret(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE type, CK_ULONG len,
			CK_BBOOL *extracts)
{
	CK_MECHANISM mechanism = {type, NULL, 0};
	CK_ATTRIBUTE template[] = {
		{CKA_VALUE_LEN, &len, sizeof(len)},
		{CKA_TOKEN, &yes, 1},
		{CKA_ID, fixed_id, sizeof(fixed_id)},
		{CKA_DESTROYABLE, &no, 1},
		{CKA_MODIFIABLE, &no, 1},
		{CKA_ENCRYPT, &yes, 1},
		{CKA_DECRYPT, &yes, 1},
		{CKA_SIGN, &yes, 1},
		{CKA_VERIFY, &yes, 1},
		{CKA_WRAP, &yes, 1},
		{CKA_UNWRAP, &yes, 1},
		{CKA_EXTRACTABLE, extracts, 1},
	};
	CK_OBJECT_HANDLE key;

	MUST(C_GenerateKey(s, &mechanism, template, 12, &key));
}

static void make_ledger(CK_SESSION_HANDLE s)
{
	CK_ULONG class = CKO_SECRET_KEY, type = CKK_INTAGLIO_LEDGER;
	static unsigned int made;
	char label[32];
	/* Another one's label is refused, and ledgers outlive what makes the token anew. */
	int len = snprintf(label, sizeof(label), "Ledger %d-%u", (int)getpid(), ++made);
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class, sizeof(class)},
		{CKA_KEY_TYPE, &type, sizeof(type)},
		{CKA_TOKEN, &yes, 1},
		{CKA_LABEL, label, (CK_ULONG)len},
	};
	CK_OBJECT_HANDLE ledger;

	MUST(C_CreateObject(s, template, 4, &ledger));
}

static void make_objects(CK_SESSION_HANDLE s)
{
	CK_ULONG bits = 2048;

	make_pair(s, CKM_EC_KEY_PAIR_GEN, p256, sizeof(p256), CKA_EC_PARAMS, &yes);
	make_pair(s, CKM_EC_EDWARDS_KEY_PAIR_GEN, ed25519, sizeof(ed25519), CKA_EC_PARAMS, &no);
	make_pair(s, CKM_INTAGLIO_SM2_KEY_PAIR_GEN, sm2, sizeof(sm2), CKA_EC_PARAMS, &no);
	make_pair(s, CKM_RSA_PKCS_KEY_PAIR_GEN, &bits, sizeof(bits), CKA_MODULUS_BITS, &no);
	make_secret(s, CKM_AES_KEY_GEN, 16, &no);
	make_secret(s, CKM_AES_KEY_GEN, 32, &yes);
	make_secret(s, CKM_GENERIC_SECRET_KEY_GEN, 32, &yes);
	make_ledger(s);
}

static void describe(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE handle, struct known *ret)
{
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &ret->class, sizeof(ret->class)},
		{CKA_KEY_TYPE, &ret->type, sizeof(ret->type)},
	};

	ret->handle = handle;
	ret->type = CK_UNAVAILABLE_INFORMATION;
	p11->C_GetAttributeValue(s, handle, template, 2);
}

static CK_ULONG find_all(CK_SESSION_HANDLE s, CK_ATTRIBUTE *template, CK_ULONG len,
			 CK_OBJECT_HANDLE *ret, CK_ULONG max)
{
	CK_ULONG count = 0;

	MUST(C_FindObjectsInit(s, template, len));
	MUST(C_FindObjects(s, ret, max, &count));
	MUST(C_FindObjectsFinal(s));
	return count;
}

static void find_fixed(CK_SESSION_HANDLE s)
{
	CK_ATTRIBUTE by_id = {CKA_ID, fixed_id, sizeof(fixed_id)};
	CK_ATTRIBUTE by_label = {CKA_LABEL, fixed_id, sizeof(fixed_id)};
	CK_OBJECT_HANDLE found[FIXED_MAX];
	CK_ULONG count = find_all(s, &by_id, 1, found, FIXED_MAX - 1);

	count += find_all(s, &by_label, 1, found + count, 1);
	memset(known, 0, FIXED_MAX * sizeof(known[0]));
	for (CK_ULONG i = 0; i < count; i++)
		describe(s, found[i], &known[i]);
}

/* What calls have left on the card. */
static void destroy_others(CK_SESSION_HANDLE s)
{
	CK_OBJECT_CLASS ledger = CKK_INTAGLIO_LEDGER;
	CK_ATTRIBUTE template[] = {{CKA_TOKEN, &yes, 1}, {CKA_DESTROYABLE, &yes, 1}};
	CK_OBJECT_HANDLE found[64];
	CK_ULONG count = find_all(s, template, 2, found, 64);

	for (CK_ULONG i = 0; i < count; i++) {
		struct known one;

		describe(s, found[i], &one);
		if (one.type != ledger)
			p11->C_DestroyObject(s, found[i]);
	}
}

void world_find_keys(void)
{
	CK_SESSION_HANDLE s;

	if (p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s) != CKR_OK)
		return;
	find_fixed(s);
	p11->C_CloseSession(s);
}

static CK_SESSION_HANDLE open_session(CK_FLAGS flags)
{
	struct arguments a = {.number = {flags}};
	CK_SESSION_HANDLE s;

	a.pointer[1] = &s;
	MUST(C_OpenSession(0, flags, NULL, NULL, &s));
	model_follow(FUNCTION_C_OpenSession, &a, CKR_OK);
	return s;
}

static void log_in(CK_SESSION_HANDLE s, CK_USER_TYPE user)
{
	CK_UTF8CHAR so[] = WORLD_SO_PIN, pin[] = WORLD_USER_PIN;
	struct arguments a = {.handle = s, .number = {user}};

	MUST(C_Login(s, user, user == CKU_SO ? so : pin, user == CKU_SO ? 8 : 6));
	model_follow(FUNCTION_C_Login, &a, CKR_OK);
}

static void log_out(CK_SESSION_HANDLE s)
{
	struct arguments a = {.handle = s};

	MUST(C_Logout(s));
	model_follow(FUNCTION_C_Logout, &a, CKR_OK);
}

static void make_token(void)
{
	CK_UTF8CHAR so[] = WORLD_SO_PIN, label[32];
	struct arguments none = {0};

	memset(label, ' ', sizeof(label));
	MUST(C_InitToken(0, so, 8, label));
	model_follow(FUNCTION_C_InitToken, &none, CKR_OK);
}

static void set_user_pin(CK_SESSION_HANDLE s)
{
	CK_UTF8CHAR pin[] = WORLD_USER_PIN;
	struct arguments a = {.handle = s};

	log_in(s, CKU_SO);
	MUST(C_InitPIN(s, pin, 6));
	model_follow(FUNCTION_C_InitPIN, &a, CKR_OK);
	log_out(s);
}

void world_ready(bool sessions, bool login)
{
	struct arguments none = {0};
	CK_SESSION_HANDLE s;
	static bool is_made;

	if (!model_is_open()) {
		MUST(C_Initialize(NULL));
		model_follow(FUNCTION_C_Initialize, &none, CKR_OK);
	}
	/* Who is logged in stays so: a login takes longer than all else. */
	s = open_session(CKF_SERIAL_SESSION | CKF_RW_SESSION);
	for (size_t i = 0; model_session(i); i++) {
		struct arguments a = {.handle = model_session(i)};

		if (a.handle == s)
			continue;
		MUST(C_CloseSession(a.handle));
		model_follow(FUNCTION_C_CloseSession, &a, CKR_OK);
		i = (size_t)-1;
	}
	if (!is_made) {
		MUST(C_CloseAllSessions(0));
		model_follow(FUNCTION_C_CloseAllSessions, &none, CKR_OK);
		make_token();
		s = open_session(CKF_SERIAL_SESSION | CKF_RW_SESSION);
		is_made = true;
	}
	if (model_user() == CKU_SO)
		log_out(s);
	if (!model_has_user_pin())
		set_user_pin(s);
	if (model_user() != CKU_USER)
		log_in(s, CKU_USER);
	if (model_was_wiped())
		make_objects(s);
	memset(known, 0, sizeof(known));
	destroy_others(s);
	find_fixed(s);
	if (!login)
		log_out(s);
	if (!sessions) {
		MUST(C_CloseAllSessions(0));
		model_follow(FUNCTION_C_CloseAllSessions, &none, CKR_OK);
	} else if (model_user() != CKU_SO) {
		open_session(CKF_SERIAL_SESSION);
	}
}

void world_keep(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
	describe(session, key, &known[FIXED_MAX + next++ % MADE]);
}

CK_OBJECT_HANDLE world_key(CK_KEY_TYPE type, CK_OBJECT_CLASS class, unsigned int which)
{
	for (size_t i = 0; i < ALL; i++) {
		const struct known *k = &known[(i + which) % ALL];

		if (k->handle && (type == CK_UNAVAILABLE_INFORMATION || k->type == type) &&
		    (class == 0 || k->class == class))
			return k->handle;
	}
	return known[which % ALL].handle;
}
