/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every function of the list in every state that library and session can be in, with every length 0,
 * 1, short and huge, every handle good and wrong, and each pointer left out; on a real card. All of
 * these together, not one by one. What comes back has to be a value that the standard lists for the
 * function (module/functions.def), exactly the one that it gives where a state allows of one only, and
 * nothing may be written behind a length that was given. Generated from calls.def and shapes.def. PINs
 * stay outside the lengths that a PIN can have, so that no try is used up.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "module/functions.h"
#include "tests/module/load.h"
#include "tests/suite.h"

enum {
	ARGUMENTS = 5,
	NUMBERS = 3,
	CHOICES = 6,
	ROOM = 32 << 20,
	HUGE_LENGTH = (1 << 16) + 1,
	HUGE_COUNT = 4096,
	TOUCHED = 256,
	NO_SESSION = 1000, /* beside the CKS_ values */
	STALE = 64
};

/* Under the sanitiser a thinned product; coprime to what the loops below count by. */
#ifdef __SANITIZE_ADDRESS__
enum { STEP = 37 };
#else
enum { STEP = 1 };
#endif

struct arguments {
	CK_ULONG handle;
	CK_ULONG number[ARGUMENTS];
	void *pointer[ARGUMENTS];
};

typedef CK_RV (*caller)(CK_FUNCTION_LIST_3_2 *list, const struct arguments *a);

#define H    a->handle
#define N(i) a->number[i]
#define P(i) a->pointer[i]
#define CALL(name, pointers, ...)                                                       \
	static CK_RV call_##name(CK_FUNCTION_LIST_3_2 *list, const struct arguments *a) \
	{                                                                               \
		return list->name(__VA_ARGS__);                                         \
	}
#include "tests/module/calls.def"
#undef CALL

static const struct row {
	const char *pointers;
	caller call;
} rows[FUNCTIONS] = {
#define CALL(name, pointers, ...) [FUNCTION_##name] = {pointers, call_##name},
#include "tests/module/calls.def"
#undef CALL
};

/* What the numbers and the pointers of each function mean. */
static const struct shape {
	enum function function;
	const char *numbers, *pointers;
} shapes[] = {
#define SHAPE(weight, name, numbers, pointers) {FUNCTION_##name, numbers, pointers},
#include "fuzz/shapes.def"
#undef SHAPE
};
static const size_t shape_count = sizeof(shapes) / sizeof(shapes[0]);

static struct loaded loaded;
static CK_FUNCTION_LIST_3_2 *list;
static CK_UTF8CHAR so_pin[] = "12345678", user_pin[] = "1234";
static unsigned char *room[ARGUMENTS], *more;
static unsigned long calls, refused, combination;
static CK_OBJECT_HANDLE aes, secret, rsa_public, rsa_private;
static CK_SESSION_HANDLE keeper, session;
static unsigned int entered;

enum work {
	FINDS = 1,
	ENCRYPTS = 2,
	DECRYPTS = 4,
	DIGESTS = 8,
	SIGNS = 16,
	VERIFIES = 32,
	SIGNS_RECOVER = 64,
	VERIFIES_RECOVER = 128,
	ENCRYPTS_MESSAGES = 256,
	DECRYPTS_MESSAGES = 512,
	HAS_SIGNATURE = 1024, /* a verification that was given it first */
	EVERYTHING = 1023,
};

/* Who is logged in, and what the session has in work when the call comes. */
static const struct state {
	const char *name;
	CK_STATE login;
	unsigned int work;
	bool has_part;
} states[] = {
	{"no session", NO_SESSION, 0, false},
	{"a public R/O session", CKS_RO_PUBLIC_SESSION, 0, false},
	{"a public R/W session", CKS_RW_PUBLIC_SESSION, 0, false},
	{"the user's R/O session", CKS_RO_USER_FUNCTIONS, 0, false},
	{"the user's R/W session", CKS_RW_USER_FUNCTIONS, 0, false},
	{"the SO's session", CKS_RW_SO_FUNCTIONS, 0, false},
	{"finding", CKS_RW_USER_FUNCTIONS, FINDS, false},
	{"encrypting", CKS_RW_USER_FUNCTIONS, ENCRYPTS, false},
	{"encrypting, after a part", CKS_RW_USER_FUNCTIONS, ENCRYPTS, true},
	{"decrypting", CKS_RW_USER_FUNCTIONS, DECRYPTS, false},
	{"decrypting, after a part", CKS_RW_USER_FUNCTIONS, DECRYPTS, true},
	{"digesting", CKS_RW_USER_FUNCTIONS, DIGESTS, false},
	{"digesting, after a part", CKS_RW_USER_FUNCTIONS, DIGESTS, true},
	{"signing", CKS_RW_USER_FUNCTIONS, SIGNS, false},
	{"signing, after a part", CKS_RW_USER_FUNCTIONS, SIGNS, true},
	{"verifying", CKS_RW_USER_FUNCTIONS, VERIFIES, false},
	{"verifying, after a part", CKS_RW_USER_FUNCTIONS, VERIFIES, true},
	{"verifying what was signed", CKS_RW_USER_FUNCTIONS, HAS_SIGNATURE, false},
	{"verifying what was signed, after a part", CKS_RW_USER_FUNCTIONS, HAS_SIGNATURE, true},
	{"signing to recover", CKS_RW_USER_FUNCTIONS, SIGNS_RECOVER, false},
	{"recovering", CKS_RW_USER_FUNCTIONS, VERIFIES_RECOVER, false},
	{"encrypting messages", CKS_RW_USER_FUNCTIONS, ENCRYPTS_MESSAGES, false},
	{"decrypting messages", CKS_RW_USER_FUNCTIONS, DECRYPTS_MESSAGES, false},
	{"everything at once", CKS_RW_USER_FUNCTIONS, EVERYTHING, false},
	{"everything at once, after a part", CKS_RW_USER_FUNCTIONS, EVERYTHING, true},
	{"all but private keys, public R/O", CKS_RO_PUBLIC_SESSION, EVERYTHING & ~SIGNS_RECOVER,
	 false},
	{"all but private keys, the SO's", CKS_RW_SO_FUNCTIONS, EVERYTHING & ~SIGNS_RECOVER, true},
};
enum { PUBLIC_RO = 1, PUBLIC_RW = 2, USERS_RW = 4 };
static const size_t state_count = sizeof(states) / sizeof(states[0]);

/* First words of all memory: a length, a mechanism with its parameter, an attribute and its value. */
static const struct filling {
	CK_ULONG word;
	bool has_value;
	CK_ULONG len;
} fillings[] = {
	{0, false, 0},
	{7, false, 0},
	{HUGE_LENGTH, false, HUGE_LENGTH},
	{CKA_LABEL, true, 1},
	{CKA_LABEL, true, CK_UNAVAILABLE_INFORMATION},
	{CKM_AES_ECB, false, 0},
	{CKM_AES_CBC, true, 16},
	{CKM_AES_GCM, true, 15},
	{CKM_SHA256_HMAC, true, HUGE_LENGTH},
	{CK_UNAVAILABLE_INFORMATION, true, 1},
};

static size_t fillings_of(const struct shape *shape)
{
	return shape->pointers[0] ? sizeof(fillings) / sizeof(fillings[0]) : 1;
}

static CK_OBJECT_HANDLE make_key(CK_MECHANISM_TYPE type)
{
	CK_MECHANISM mechanism = {type, NULL, 0};
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ULONG len = 16;
	CK_ATTRIBUTE template[] = {
		{CKA_VALUE_LEN, &len, sizeof(len)}, {CKA_PRIVATE, &no, sizeof(no)},
		{CKA_ENCRYPT, &yes, sizeof(yes)},   {CKA_DECRYPT, &yes, sizeof(yes)},
		{CKA_SIGN, &yes, sizeof(yes)},      {CKA_VERIFY, &yes, sizeof(yes)},
	};
	CK_OBJECT_HANDLE key = 0;

	CU_ASSERT_EQUAL(list->C_GenerateKey(keeper, &mechanism, template, 6, &key), CKR_OK);
	return key;
}

static CK_OBJECT_HANDLE find(CK_OBJECT_CLASS class)
{
	CK_ATTRIBUTE template = {CKA_CLASS, &class, sizeof(class)};
	CK_OBJECT_HANDLE found = 0;
	CK_ULONG count = 0;

	list->C_FindObjectsInit(keeper, &template, 1);
	list->C_FindObjects(keeper, &found, 1, &count);
	list->C_FindObjectsFinal(keeper);
	CU_ASSERT_EQUAL(count, 1);
	return found;
}

/* A session that keeps login and keys, while others come and go. */
static void keep(CK_STATE state)
{
	bool is_user = state == CKS_RW_USER_FUNCTIONS || state == CKS_RO_USER_FUNCTIONS;
	CK_SESSION_INFO info = {0};
	CK_STATE wanted = is_user                        ? CKS_RW_USER_FUNCTIONS
			  : state == CKS_RW_SO_FUNCTIONS ? CKS_RW_SO_FUNCTIONS
							 : CKS_RW_PUBLIC_SESSION;
	CK_ULONG size;

	if (list->C_GetSessionInfo(keeper, &info) == CKR_OK && info.state == wanted &&
	    list->C_GetObjectSize(keeper, aes, &size) == CKR_OK &&
	    list->C_GetObjectSize(keeper, secret, &size) == CKR_OK)
		return;
	list->C_CloseAllSessions(0);
	CU_ASSERT_EQUAL_FATAL(list->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
						  NULL, &keeper),
			      CKR_OK);
	if (is_user) {
		CU_ASSERT_EQUAL(list->C_Login(keeper, CKU_USER, user_pin, sizeof(user_pin) - 1),
				CKR_OK);
		rsa_private = find(CKO_PRIVATE_KEY);
	}
	rsa_public = find(CKO_PUBLIC_KEY);
	if (wanted == CKS_RW_SO_FUNCTIONS)
		CU_ASSERT_EQUAL(list->C_Login(keeper, CKU_SO, so_pin, sizeof(so_pin) - 1), CKR_OK);
	aes = make_key(CKM_AES_KEY_GEN);
	secret = make_key(CKM_GENERIC_SECRET_KEY_GEN);
}

static CK_RV begin(const struct state *state)
{
	CK_MECHANISM cipher = {CKM_AES_ECB, NULL, 0}, digest = {CKM_SHA256, NULL, 0};
	CK_MECHANISM mac = {CKM_SHA256_HMAC, NULL, 0}, gcm = {CKM_AES_GCM, NULL, 0};
	CK_MECHANISM rsa = {CKM_RSA_PKCS, NULL, 0};
	CK_BYTE signature[32] = {0};
	CK_SESSION_HANDLE s = session;
	unsigned int work = state->work;
	CK_RV rv = CKR_OK;

	if (work & FINDS)
		rv |= list->C_FindObjectsInit(s, NULL, 0);
	if (work & ENCRYPTS)
		rv |= list->C_EncryptInit(s, &cipher, aes);
	if (work & DECRYPTS)
		rv |= list->C_DecryptInit(s, &cipher, aes);
	if (work & DIGESTS)
		rv |= list->C_DigestInit(s, &digest);
	if (work & SIGNS)
		rv |= list->C_SignInit(s, &mac, secret);
	if (work & VERIFIES)
		rv |= list->C_VerifyInit(s, &mac, secret);
	if (work & HAS_SIGNATURE)
		rv |= list->C_VerifySignatureInit(s, &mac, secret, signature, sizeof(signature));
	if (work & SIGNS_RECOVER)
		rv |= list->C_SignRecoverInit(s, &rsa, rsa_private);
	if (work & VERIFIES_RECOVER)
		rv |= list->C_VerifyRecoverInit(s, &rsa, rsa_public);
	if (work & ENCRYPTS_MESSAGES)
		rv |= list->C_MessageEncryptInit(s, &gcm, aes);
	if (work & DECRYPTS_MESSAGES)
		rv |= list->C_MessageDecryptInit(s, &gcm, aes);
	return rv;
}

static CK_RV add_parts(const struct state *state)
{
	CK_BYTE part[5] = {0}, out[16];
	CK_ULONG len = sizeof(out);
	CK_SESSION_HANDLE s = session;
	CK_RV rv = CKR_OK;

	if (state->work & ENCRYPTS)
		rv |= list->C_EncryptUpdate(s, part, sizeof(part), out, &len);
	if (state->work & DECRYPTS)
		rv |= list->C_DecryptUpdate(s, part, sizeof(part), out, &len);
	if (state->work & DIGESTS)
		rv |= list->C_DigestUpdate(s, part, sizeof(part));
	if (state->work & SIGNS)
		rv |= list->C_SignUpdate(s, part, sizeof(part));
	if (state->work & VERIFIES)
		rv |= list->C_VerifyUpdate(s, part, sizeof(part));
	if (state->work & HAS_SIGNATURE)
		rv |= list->C_VerifySignatureUpdate(s, part, sizeof(part));
	return rv;
}

static void enter(const struct state *state)
{
	bool is_ro = state->login == CKS_RO_PUBLIC_SESSION || state->login == CKS_RO_USER_FUNCTIONS;
	CK_FLAGS flags = CKF_SERIAL_SESSION | (is_ro ? 0 : CKF_RW_SESSION);
	CK_SESSION_INFO info = {0};
	CK_RV rv;

	if (state->login == NO_SESSION) {
		list->C_CloseAllSessions(0);
		return;
	}
	keep(state->login);
	/* What calls have made goes with its session. */
	if (++entered % STALE == 0)
		list->C_CloseSession(session);
	if (list->C_SessionCancel(session, ~0UL) != CKR_OK ||
	    list->C_GetSessionInfo(session, &info) != CKR_OK || info.state != state->login) {
		list->C_CloseSession(session);
		CU_ASSERT_EQUAL_FATAL(list->C_OpenSession(0, flags, NULL, NULL, &session), CKR_OK);
	}
	rv = begin(state);
	if (state->has_part)
		rv |= add_parts(state);
	CU_ASSERT_EQUAL_FATAL(rv, CKR_OK);
}

/* What goes on with an operation: the kinds, and whether it takes all of the input at once. */
static const struct follower {
	enum function function;
	unsigned int work;
	bool whole;
} followers[] = {
	{FUNCTION_C_Encrypt, ENCRYPTS, true},
	{FUNCTION_C_EncryptUpdate, ENCRYPTS, false},
	{FUNCTION_C_EncryptFinal, ENCRYPTS, false},
	{FUNCTION_C_Decrypt, DECRYPTS, true},
	{FUNCTION_C_DecryptUpdate, DECRYPTS, false},
	{FUNCTION_C_DecryptFinal, DECRYPTS, false},
	{FUNCTION_C_Digest, DIGESTS, true},
	{FUNCTION_C_DigestUpdate, DIGESTS, false},
	{FUNCTION_C_DigestFinal, DIGESTS, false},
	{FUNCTION_C_Sign, SIGNS, true},
	{FUNCTION_C_SignUpdate, SIGNS, false},
	{FUNCTION_C_SignFinal, SIGNS, false},
	{FUNCTION_C_SignRecover, SIGNS_RECOVER, false},
	{FUNCTION_C_Verify, VERIFIES, true},
	{FUNCTION_C_VerifyUpdate, VERIFIES, false},
	{FUNCTION_C_VerifyFinal, VERIFIES, false},
	{FUNCTION_C_VerifyRecover, VERIFIES_RECOVER, false},
	{FUNCTION_C_VerifySignature, HAS_SIGNATURE, true},
	{FUNCTION_C_VerifySignatureUpdate, HAS_SIGNATURE, false},
	{FUNCTION_C_DigestEncryptUpdate, DIGESTS | ENCRYPTS, false},
	{FUNCTION_C_DecryptDigestUpdate, DECRYPTS | DIGESTS, false},
	{FUNCTION_C_SignEncryptUpdate, SIGNS | ENCRYPTS, false},
	{FUNCTION_C_DecryptVerifyUpdate, DECRYPTS | VERIFIES, false},
};
static const size_t follower_count = sizeof(followers) / sizeof(followers[0]);

/* What a call that is refused for its arguments may end. */
static unsigned int work_of(enum function function)
{
	for (size_t i = 0; i < follower_count; i++)
		if (followers[i].function == function)
			return followers[i].work;
	return 0;
}

/* Whether a call that returned this may have changed the state. */
static bool moves(const struct state *state, enum function function, CK_RV rv)
{
	switch (rv) {
	case CKR_ARGUMENTS_BAD:
		return state->work & work_of(function);
	case CKR_FUNCTION_NOT_SUPPORTED:
	case CKR_FUNCTION_NOT_PARALLEL:
	case CKR_OPERATION_ACTIVE:
	case CKR_OPERATION_NOT_INITIALIZED:
	case CKR_CRYPTOKI_ALREADY_INITIALIZED:
	case CKR_SESSION_EXISTS:
	case CKR_SESSION_READ_ONLY:
	case CKR_SLOT_ID_INVALID:
	case CKR_KEY_HANDLE_INVALID:
	case CKR_OBJECT_HANDLE_INVALID:
	case CKR_MECHANISM_INVALID:
	case CKR_USER_TYPE_INVALID:
		return false;
	default:
		return true;
	}
}

/* What a number can be: its good values, none, too few, and too many. */
static size_t choose(const struct shape *shape, size_t which, CK_ULONG ret[CHOICES])
{
	switch (shape->numbers[which]) {
	case 'k':
	case 'K':
		memcpy(ret, (CK_ULONG[]){0, aes, rsa_private, CK_UNAVAILABLE_INFORMATION},
		       4 * sizeof(*ret));
		/* It takes long to make another. */
		if (shape->function == FUNCTION_C_DestroyObject)
			ret[2] = secret;
		return 4;
	case 'p':
		memcpy(ret, (CK_ULONG[]){0, 1, HUGE_LENGTH}, 3 * sizeof(*ret));
		return 3;
	case 'n':
	case 'c':
	case 'M':
		memcpy(ret, (CK_ULONG[]){0, 1, 15, HUGE_LENGTH}, 4 * sizeof(*ret));
		if (shape->numbers[which] == 'c')
			ret[3] = HUGE_COUNT;
		return 4;
	default:
		memcpy(ret, (CK_ULONG[]){0, 1, CKF_RW_SESSION, CKF_SERIAL_SESSION, ~0UL},
		       5 * sizeof(*ret));
		return 5;
	}
}

static size_t product(const struct shape *shape)
{
	CK_ULONG values[CHOICES];
	size_t n = 1;

	for (size_t i = 0; i < strlen(shape->numbers); i++)
		n *= choose(shape, i, values);
	return n;
}

/* The nth of all ways to fill in the numbers. */
static void put_numbers(const struct shape *shape, size_t nth, struct arguments *a)
{
	CK_ULONG values[CHOICES];

	for (size_t i = 0; i < strlen(shape->numbers); i++) {
		size_t n = choose(shape, i, values);

		a->number[i] = values[nth % n];
		nth /= n;
	}
}

static void put_pointers(const struct shape *shape, const struct filling *filling,
			 struct arguments *a)
{
	const CK_ATTRIBUTE first = {filling->word, filling->has_value ? more : NULL, filling->len};

	for (size_t i = 0; i < strlen(shape->pointers); i++) {
		memset(room[i], 0, TOUCHED);
		memcpy(room[i], &first, sizeof(first));
		a->pointer[i] = room[i];
	}
}

/* What would end the test, or wait for ever. */
static bool is_left_out(enum function function, const struct arguments *a)
{
	if (function == FUNCTION_C_Finalize)
		return !a->pointer[0];
	return function == FUNCTION_C_WaitForSlotEvent && !(a->number[0] & CKF_DONT_BLOCK);
}

/* Whether a pointer that is required is left out, and not for a length of 0. */
static bool lacks(const struct shape *shape, const struct arguments *a)
{
	for (size_t i = 0; i < strlen(shape->numbers); i++)
		if (strchr("npcMr", shape->numbers[i]) && !a->number[i])
			return false;
	for (size_t i = 0; i < strlen(shape->pointers); i++)
		if (rows[shape->function].pointers[i] == 'R' && !a->pointer[i])
			return true;
	return false;
}

/* Nothing is written behind an output whose length comes next among the pointers. */
static bool is_kept(const struct shape *shape, const struct filling *filling)
{
	for (size_t i = 0; i < strlen(shape->pointers); i++) {
		if (shape->pointers[i] != 'o' || filling->word >= sizeof(CK_ATTRIBUTE))
			continue;
		for (size_t at = sizeof(CK_ATTRIBUTE); at < TOUCHED; at++)
			if (room[i][at])
				return false;
	}
	return true;
}

/* Where calls cannot come further than their first check: the answers of each scope. */
struct barrier {
	const char *name;
	CK_RV library, slot, session;
	CK_ULONG slot_id, session_handle;
};

static CK_RV expected_behind(const struct barrier *b, enum scope scope)
{
	switch (scope) {
	case SCOPE_SESSION:
		return b->session;
	case SCOPE_SLOT:
		return b->slot;
	case SCOPE_LIBRARY:
		return b->library;
	default:
		return CKR_OK;
	}
}

static void judge(const struct shape *shape, const struct filling *filling,
		  const struct arguments *a, const char *state, CK_RV rv, CK_RV expected)
{
	bool listed = function_may_return(shape->function, rv);
	bool fits = expected == CKR_OK || rv == expected;

	calls++;
	refused += rv != CKR_OK;
	if (!listed || !fits || !is_kept(shape, filling))
		printf("%s(%lx, %lx, %lx), %lx in memory, %s: %s\n", function_name(shape->function),
		       a->number[0], a->number[1], a->number[2], filling->word, state,
		       return_name(rv));
	CU_ASSERT(listed);
	CU_ASSERT(fits);
	CU_ASSERT(is_kept(shape, filling));
}

static void forget_what_was_written(const struct arguments *a)
{
	for (size_t i = 0; i < ARGUMENTS; i++)
		if (a->pointer[i])
			madvise(room[i], ROOM, MADV_DONTNEED);
}

/* All pointers there, then one of them left out, and then all. */
static bool leave_out(const struct shape *shape, size_t nth, struct arguments *a)
{
	size_t n = strlen(shape->pointers);

	if (nth > n + (n > 1))
		return false;
	for (size_t i = 0; i < n; i++)
		if (nth == i + 1 || nth == n + 1)
			a->pointer[i] = NULL;
	return true;
}

static void call_behind(const struct barrier *b, const struct shape *shape, size_t numbers,
			const struct filling *filling)
{
	enum scope scope = function_scope(shape->function);
	struct arguments a;

	for (size_t p = 0;; p++) {
		a = (struct arguments){.handle = scope == SCOPE_SESSION ? b->session_handle
									: b->slot_id};
		put_numbers(shape, numbers, &a);
		put_pointers(shape, filling, &a);
		if (!leave_out(shape, p, &a))
			return;
		judge(shape, filling, &a, b->name, rows[shape->function].call(list, &a),
		      expected_behind(b, scope));
	}
}

/* Functions that work on a library, slot or session, where there is none such. */
static void try_behind(const struct barrier *b)
{
	for (size_t i = 0; i < shape_count; i++) {
		enum scope scope = function_scope(shapes[i].function);

		if (scope == SCOPE_NONE || expected_behind(b, scope) == CKR_OK)
			continue;
		for (size_t n = 0; n < product(&shapes[i]); n++)
			for (size_t f = 0; f < fillings_of(&shapes[i]); f++)
				if (++combination % STEP == 0)
					call_behind(b, &shapes[i], n, &fillings[f]);
	}
}

static void nothing_works_without_a_library(void)
{
	const struct barrier b = {.name = "after C_Finalize",
				  .library = CKR_CRYPTOKI_NOT_INITIALIZED,
				  .slot = CKR_CRYPTOKI_NOT_INITIALIZED,
				  .session = CKR_CRYPTOKI_NOT_INITIALIZED,
				  .session_handle = session};

	CU_ASSERT_EQUAL(list->C_Finalize(NULL), CKR_OK);
	try_behind(&b);
	CU_ASSERT_EQUAL(list->C_Initialize(NULL), CKR_OK);
}

static void nothing_works_in_a_forked_child(void)
{
	const struct barrier b = {.name = "in a forked child",
				  .library = CKR_CRYPTOKI_NOT_INITIALIZED,
				  .slot = CKR_CRYPTOKI_NOT_INITIALIZED,
				  .session = CKR_CRYPTOKI_NOT_INITIALIZED,
				  .session_handle = session};
	int status = -1;
	pid_t child;

	enter(&states[PUBLIC_RO]);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		unsigned int before = CU_get_number_of_failures();

		try_behind(&b);
		fflush(stdout);
		_exit(CU_get_number_of_failures() != before);
	}
	waitpid(child, &status, 0);
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CU_ASSERT_EQUAL(list->C_GetSessionInfo(session, &(CK_SESSION_INFO){0}), CKR_OK);
}

static void nothing_works_on_a_slot_or_session_that_is_not(void)
{
	struct barrier b = {.name = "no such slot or session",
			    .slot = CKR_SLOT_ID_INVALID,
			    .session = CKR_SESSION_HANDLE_INVALID,
			    .slot_id = 1000};

	try_behind(&b);
	enter(&states[PUBLIC_RO]);
	b = (struct barrier){.name = "a session that was closed",
			     .session = CKR_SESSION_HANDLE_INVALID,
			     .session_handle = session};
	CU_ASSERT_EQUAL(list->C_CloseSession(session), CKR_OK);
	try_behind(&b);
}

/* A token that does nothing has a card that goes at a word. */
static void nothing_works_on_a_session_whose_card_was_taken(void)
{
	struct barrier b = {.name = "a card that was taken", .session = CKR_SESSION_HANDLE_INVALID};
	CK_FUNCTION_LIST_3_2 *real = list;
	CK_BYTE pull[] = "pull";
	struct loaded fake;

	CU_ASSERT_FATAL(load_open(LOAD_FAKE, &fake));
	list = fake.list_3_2;
	CU_ASSERT_EQUAL_FATAL(list->C_Initialize(NULL), CKR_OK);
	CU_ASSERT_EQUAL(list->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &b.session_handle),
			CKR_OK);
	CU_ASSERT_EQUAL(list->C_SeedRandom(b.session_handle, pull, sizeof(pull) - 1),
			CKR_DEVICE_REMOVED);
	try_behind(&b);
	CU_ASSERT_EQUAL(list->C_Finalize(NULL), CKR_OK);
	load_close(&fake);
	list = real;
}

/* CKR_OK: whatever is listed. */
static CK_RV expected_in(const struct state *state, const struct shape *shape,
			 const struct arguments *a)
{
	if (state->login == NO_SESSION && function_scope(shape->function) == SCOPE_SESSION)
		return CKR_SESSION_HANDLE_INVALID;
	return lacks(shape, a) ? CKR_ARGUMENTS_BAD : CKR_OK;
}

/* One function in one state, with one set of numbers and all ways to leave out pointers. */
static void call_in(const struct state *state, const struct shape *shape, size_t numbers,
		    const struct filling *filling, bool *fresh)
{
	struct arguments a;
	CK_RV rv;

	for (size_t p = 0;; p++) {
		if (!*fresh)
			enter(state);
		a = (struct arguments){
			.handle = function_scope(shape->function) == SCOPE_SESSION ? session : 0};
		put_numbers(shape, numbers, &a);
		put_pointers(shape, filling, &a);
		if (!leave_out(shape, p, &a))
			return;
		if (is_left_out(shape->function, &a))
			continue;
		rv = rows[shape->function].call(list, &a);
		judge(shape, filling, &a, state->name, rv, expected_in(state, shape, &a));
		*fresh = !moves(state, shape->function, rv);
		if (rv == CKR_OK)
			forget_what_was_written(&a);
	}
}

static void every_call_in_every_state_gets_a_listed_answer(void)
{
	for (size_t s = 0; s < state_count; s++) {
		bool fresh = false;

		for (size_t i = 0; i < shape_count; i++)
			for (size_t n = 0; n < product(&shapes[i]); n++)
				for (size_t f = 0; f < fillings_of(&shapes[i]); f++)
					if (++combination % STEP == 0)
						call_in(&states[s], &shapes[i], n, &fillings[f],
							&fresh);
	}
}

static const struct shape *shape_of(enum function function)
{
	for (size_t i = 0; i < shape_count; i++)
		if (shapes[i].function == function)
			return &shapes[i];
	return NULL;
}

/* 5.8.2 and its sisters: only C_Encrypt and the like leave it, where there were parts. */
static void what_is_refused_for_its_arguments_is_over(void)
{
	const struct filling filling = {64, false, 0};

	for (size_t i = 0; i < 2 * follower_count; i++) {
		const struct follower *f = &followers[i / 2];
		const struct state state = {"refused", CKS_RW_USER_FUNCTIONS, f->work, i % 2};
		struct arguments bad = {.number = {1, 1, 1}}, good = bad;

		enter(&state);
		bad.handle = good.handle = session;
		put_pointers(shape_of(f->function), &filling, &good);
		CU_ASSERT_EQUAL(rows[f->function].call(list, &bad), CKR_ARGUMENTS_BAD);
		CU_ASSERT_EQUAL(rows[f->function].call(list, &good),
				f->whole && state.has_part ? CKR_OPERATION_ACTIVE
							   : CKR_OPERATION_NOT_INITIALIZED);
	}
}

/* What continues or ends an operation that was never begun. */
static void nothing_goes_on_that_was_not_begun(void)
{
	static const enum function others[] = {
		FUNCTION_C_DigestKey,
		FUNCTION_C_FindObjects,
		FUNCTION_C_FindObjectsFinal,
		FUNCTION_C_GetOperationState,
		FUNCTION_C_EncryptMessage,
		FUNCTION_C_EncryptMessageBegin,
		FUNCTION_C_EncryptMessageNext,
		FUNCTION_C_DecryptMessage,
		FUNCTION_C_DecryptMessageBegin,
		FUNCTION_C_DecryptMessageNext,
		FUNCTION_C_MessageEncryptFinal,
		FUNCTION_C_MessageDecryptFinal,
		FUNCTION_C_VerifySignatureFinal,
	};
	const struct filling filling = {64, false, 0};

	const size_t other_count = sizeof(others) / sizeof(others[0]);

	for (size_t i = 0; i < follower_count + other_count; i++) {
		enum function function = i < follower_count ? followers[i].function
							    : others[i - follower_count];
		struct arguments a = {.number = {1, 1, 1}};

		enter(&states[PUBLIC_RW]);
		a.handle = session;
		put_pointers(shape_of(function), &filling, &a);
		CU_ASSERT_EQUAL(rows[function].call(list, &a), CKR_OPERATION_NOT_INITIALIZED);
	}
}

static void the_token_is_whole_after_all_that(void)
{
	CK_TOKEN_INFO info;

	list->C_CloseAllSessions(0);
	CU_ASSERT_EQUAL(list->C_GetTokenInfo(0, &info), CKR_OK);
	CU_ASSERT_EQUAL(info.flags & (CKF_USER_PIN_COUNT_LOW | CKF_SO_PIN_COUNT_LOW), 0);
	enter(&states[USERS_RW]);
	printf("%lu calls, %lu refused\n", calls, refused);
	CU_ASSERT(calls > 1000000 / STEP && refused > calls / 2);
}

static CK_RV make_pair(void)
{
	CK_MECHANISM mechanism = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ULONG bits = 2048;
	CK_ATTRIBUTE public[] = {{CKA_MODULUS_BITS, &bits, sizeof(bits)},
				 {CKA_TOKEN, &yes, sizeof(yes)},
				 {CKA_PRIVATE, &no, sizeof(no)},
				 {CKA_VERIFY_RECOVER, &yes, sizeof(yes)}};
	CK_ATTRIBUTE private[] = {{CKA_TOKEN, &yes, sizeof(yes)},
				  {CKA_SIGN_RECOVER, &yes, sizeof(yes)}};

	return list->C_GenerateKeyPair(keeper, &mechanism, public, 4, private, 2, &rsa_public,
				       &rsa_private);
}

static int set_up(void)
{
	CK_UTF8CHAR label[32];

	memset(label, ' ', sizeof(label));
	for (size_t i = 0; i < ARGUMENTS; i++) {
		room[i] = mmap(NULL, ROOM, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (room[i] == MAP_FAILED)
			return 1;
	}
	if (!load_open(LOAD_REAL, &loaded))
		return 1;
	list = loaded.list_3_2;
	more = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		    -1, 0);
	if (more == MAP_FAILED)
		return 1;
	return list->C_Initialize(NULL) != CKR_OK ||
	       list->C_InitToken(0, so_pin, sizeof(so_pin) - 1, label) != CKR_OK ||
	       list->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &keeper) !=
		       CKR_OK ||
	       list->C_Login(keeper, CKU_SO, so_pin, sizeof(so_pin) - 1) != CKR_OK ||
	       list->C_InitPIN(keeper, user_pin, sizeof(user_pin) - 1) != CKR_OK ||
	       list->C_Logout(keeper) != CKR_OK ||
	       list->C_Login(keeper, CKU_USER, user_pin, sizeof(user_pin) - 1) != CKR_OK ||
	       make_pair() != CKR_OK;
}

static int tear_down(void)
{
	CK_RV rv = list->C_Finalize(NULL);

	load_close(&loaded);
	return rv != CKR_OK;
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"nothing_works_without_a_library", nothing_works_without_a_library},
		{"nothing_works_in_a_forked_child", nothing_works_in_a_forked_child},
		{"nothing_works_on_a_slot_or_session_that_is_not",
		 nothing_works_on_a_slot_or_session_that_is_not},
		{"nothing_works_on_a_session_whose_card_was_taken",
		 nothing_works_on_a_session_whose_card_was_taken},
		{"every_call_in_every_state_gets_a_listed_answer",
		 every_call_in_every_state_gets_a_listed_answer},
		{"what_is_refused_for_its_arguments_is_over",
		 what_is_refused_for_its_arguments_is_over},
		{"nothing_goes_on_that_was_not_begun", nothing_goes_on_that_was_not_begun},
		{"the_token_is_whole_after_all_that", the_token_is_whole_after_all_that},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "bad input",
		 .pInitFunc = set_up,
		 .pCleanupFunc = tear_down,
		 .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("bad_input", suites);
}
