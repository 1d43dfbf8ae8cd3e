/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every function of the list in every state that a session can be in, with every length 0, 1, odd,
 * too short and huge, and with each pointer left out; on a real card. What comes back has to be a
 * value that the standard lists for the function (module/functions.def), and what is memory's has to
 * stay whole. Generated from calls.def. Wrong PINs stay outside the lengths that a PIN can have, so
 * that no try is used up.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "module/functions.h"
#include "tests/module/load.h"
#include "tests/suite.h"

enum { ARGUMENTS = 5, ROOM = 32 << 20, HUGE_LENGTH = (1 << 20) + 1, TOUCHED = 4096 };

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
	enum function function;
	const char *pointers;
	caller call;
} rows[] = {
#define CALL(name, pointers, ...) {FUNCTION_##name, pointers, call_##name},
#include "tests/module/calls.def"
#undef CALL
};
static const size_t row_count = sizeof(rows) / sizeof(rows[0]);

static struct loaded loaded;
static CK_FUNCTION_LIST_3_2 *list;
static CK_UTF8CHAR so_pin[] = "12345678", user_pin[] = "1234";
static unsigned char *room[ARGUMENTS];
static unsigned long calls, refused;

/* What a session has in work when the call comes. */
static const struct state {
	const char *name;
	CK_FLAGS flags;
	bool encrypts, decrypts, digests, signs, verifies, messages, finds, has_part;
} states[] = {
	{.name = "a public R/O session", .flags = CKF_SERIAL_SESSION},
	{.name = "a session with nothing in work"},
	{.name = "finding", .finds = true},
	{.name = "encrypting", .encrypts = true},
	{.name = "encrypting, after a part", .encrypts = true, .has_part = true},
	{.name = "decrypting", .decrypts = true},
	{.name = "decrypting, after a part", .decrypts = true, .has_part = true},
	{.name = "digesting", .digests = true},
	{.name = "digesting, after a part", .digests = true, .has_part = true},
	{.name = "signing", .signs = true},
	{.name = "signing, after a part", .signs = true, .has_part = true},
	{.name = "verifying", .verifies = true},
	{.name = "verifying, after a part", .verifies = true, .has_part = true},
	{.name = "messages", .messages = true},
	{.name = "everything at once",
	 .encrypts = true,
	 .decrypts = true,
	 .digests = true,
	 .signs = true,
	 .verifies = true,
	 .messages = true,
	 .finds = true},
};
static const size_t state_count = sizeof(states) / sizeof(states[0]);

static CK_OBJECT_HANDLE make_key(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE type)
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

	CU_ASSERT_EQUAL(list->C_GenerateKey(s, &mechanism, template, 6, &key), CKR_OK);
	return key;
}

static CK_SESSION_HANDLE enter(const struct state *state)
{
	CK_FLAGS flags = state->flags ? state->flags : CKF_SERIAL_SESSION | CKF_RW_SESSION;
	CK_MECHANISM cipher = {CKM_AES_ECB, NULL, 0}, digest = {CKM_SHA256, NULL, 0};
	CK_MECHANISM mac = {CKM_SHA256_HMAC, NULL, 0}, gcm = {CKM_AES_GCM, NULL, 0};
	CK_SESSION_HANDLE s = 0;
	CK_OBJECT_HANDLE aes, secret;
	CK_BYTE part[5] = {0}, out[16];
	CK_ULONG len = sizeof(out);
	CK_RV rv = CKR_OK;

	CU_ASSERT_EQUAL_FATAL(list->C_OpenSession(0, flags, NULL, NULL, &s), CKR_OK);
	aes = make_key(s, CKM_AES_KEY_GEN);
	secret = make_key(s, CKM_GENERIC_SECRET_KEY_GEN);
	if (state->encrypts)
		rv |= list->C_EncryptInit(s, &cipher, aes);
	if (state->decrypts)
		rv |= list->C_DecryptInit(s, &cipher, aes);
	if (state->digests)
		rv |= list->C_DigestInit(s, &digest);
	if (state->signs)
		rv |= list->C_SignInit(s, &mac, secret);
	if (state->verifies)
		rv |= list->C_VerifyInit(s, &mac, secret);
	if (state->messages)
		rv |= list->C_MessageEncryptInit(s, &gcm, aes) |
		      list->C_MessageDecryptInit(s, &gcm, aes);
	if (state->finds)
		rv |= list->C_FindObjectsInit(s, NULL, 0);
	if (state->has_part && state->encrypts)
		rv |= list->C_EncryptUpdate(s, part, sizeof(part), out, &len);
	if (state->has_part && state->decrypts)
		rv |= list->C_DecryptUpdate(s, part, sizeof(part), out, &len);
	if (state->has_part && state->digests)
		rv |= list->C_DigestUpdate(s, part, sizeof(part));
	if (state->has_part && state->signs)
		rv |= list->C_SignUpdate(s, part, sizeof(part));
	if (state->has_part && state->verifies)
		rv |= list->C_VerifyUpdate(s, part, sizeof(part));
	CU_ASSERT_EQUAL(rv, CKR_OK);
	return s;
}

/* Zeros, but for the first word: an output's length, a mechanism, an attribute's type. */
static struct arguments fill(const struct row *row, CK_ULONG handle, CK_ULONG number, CK_ULONG word)
{
	struct arguments a = {.handle = handle};

	for (size_t i = 0; i < ARGUMENTS; i++) {
		memset(room[i], 0, TOUCHED);
		memcpy(room[i], &word, sizeof(word));
		a.number[i] = number;
		a.pointer[i] = i < strlen(row->pointers) && row->pointers[i] != 'F' ? room[i]
										    : NULL;
	}
	return a;
}

static bool takes_pin(enum function function)
{
	return function == FUNCTION_C_Login || function == FUNCTION_C_LoginUser ||
	       function == FUNCTION_C_SetPIN || function == FUNCTION_C_InitPIN ||
	       function == FUNCTION_C_InitToken;
}

/* What would end the test, wait for ever, or use up a try. */
static bool is_left_out(enum function function, CK_ULONG number)
{
	if (function == FUNCTION_C_Finalize || function == FUNCTION_C_Initialize)
		return true;
	if (function == FUNCTION_C_WaitForSlotEvent)
		return !(number & CKF_DONT_BLOCK);
	return takes_pin(function) && number >= 4 && number <= 64;
}

static void judge(const struct row *row, const struct state *state, CK_ULONG number, CK_RV rv)
{
	calls++;
	refused += rv != CKR_OK;
	if (!function_may_return(row->function, rv))
		printf("%s, length %lu, %s: %s\n", function_name(row->function), number,
		       state->name, return_name(rv));
	CU_ASSERT(function_may_return(row->function, rv));
}

static CK_ULONG handle_for(const struct row *row, const struct state *state)
{
	CK_SESSION_HANDLE s;

	list->C_CloseAllSessions(0);
	s = enter(state);
	return function_scope(row->function) == SCOPE_SESSION ? s : 0;
}

static void every_length_in_every_state_gets_a_listed_answer(void)
{
	static const CK_ULONG numbers[] = {0, 1, 15, 65, HUGE_LENGTH};
	static const CK_ULONG words[] = {0, 7, HUGE_LENGTH, CKM_AES_ECB};

	for (size_t s = 0; s < state_count; s++) {
		for (size_t r = 0; r < row_count; r++) {
			/* Each combination once over the states, not each in each. */
			CK_ULONG number = numbers[(r + s) % 5];

			for (size_t w = 0; w < 4; w++) {
				struct arguments a = fill(&rows[r],
							  handle_for(&rows[r], &states[s]), number,
							  words[w]);

				if (!is_left_out(rows[r].function, number))
					judge(&rows[r], &states[s], number, rows[r].call(list, &a));
			}
		}
	}
}

static void every_pointer_left_out_in_every_state_gets_a_listed_answer(void)
{
	for (size_t s = 0; s < state_count; s++) {
		for (size_t r = 0; r < row_count; r++) {
			for (size_t p = 0; p < strlen(rows[r].pointers); p++) {
				struct arguments a = fill(
					&rows[r], handle_for(&rows[r], &states[s]), 1, CKM_SHA256);
				CK_RV rv;

				if (is_left_out(rows[r].function, 1))
					continue;
				a.pointer[p] = NULL;
				rv = rows[r].call(list, &a);
				judge(&rows[r], &states[s], 1, rv);
				if (rows[r].pointers[p] == 'R')
					CU_ASSERT_EQUAL(rv, CKR_ARGUMENTS_BAD);
			}
		}
	}
}

/* What continues or ends an operation that was never begun. */
static void nothing_goes_on_that_was_not_begun(void)
{
	static const enum function followers[] = {
		FUNCTION_C_Encrypt,
		FUNCTION_C_EncryptUpdate,
		FUNCTION_C_EncryptFinal,
		FUNCTION_C_Decrypt,
		FUNCTION_C_DecryptUpdate,
		FUNCTION_C_DecryptFinal,
		FUNCTION_C_Digest,
		FUNCTION_C_DigestUpdate,
		FUNCTION_C_DigestKey,
		FUNCTION_C_DigestFinal,
		FUNCTION_C_Sign,
		FUNCTION_C_SignUpdate,
		FUNCTION_C_SignFinal,
		FUNCTION_C_SignRecover,
		FUNCTION_C_Verify,
		FUNCTION_C_VerifyUpdate,
		FUNCTION_C_VerifyFinal,
		FUNCTION_C_VerifyRecover,
		FUNCTION_C_DigestEncryptUpdate,
		FUNCTION_C_DecryptDigestUpdate,
		FUNCTION_C_SignEncryptUpdate,
		FUNCTION_C_DecryptVerifyUpdate,
		FUNCTION_C_FindObjects,
		FUNCTION_C_FindObjectsFinal,
		FUNCTION_C_GetOperationState,
		FUNCTION_C_EncryptMessage,
		FUNCTION_C_DecryptMessage,
		FUNCTION_C_MessageEncryptFinal,
		FUNCTION_C_MessageDecryptFinal,
		FUNCTION_C_VerifySignature,
		FUNCTION_C_VerifySignatureUpdate,
		FUNCTION_C_VerifySignatureFinal,
	};

	for (size_t f = 0; f < sizeof(followers) / sizeof(followers[0]); f++) {
		for (size_t r = 0; r < row_count; r++) {
			struct arguments a;

			if (rows[r].function != followers[f])
				continue;
			a = fill(&rows[r], handle_for(&rows[r], &states[1]), 1, 64);
			CU_ASSERT_EQUAL(rows[r].call(list, &a), CKR_OPERATION_NOT_INITIALIZED);
		}
	}
}

static void the_token_is_whole_after_all_that(void)
{
	CK_TOKEN_INFO info;
	CK_SESSION_HANDLE s;

	list->C_CloseAllSessions(0);
	CU_ASSERT_EQUAL(list->C_GetTokenInfo(0, &info), CKR_OK);
	CU_ASSERT_EQUAL(info.flags & (CKF_USER_PIN_COUNT_LOW | CKF_SO_PIN_COUNT_LOW), 0);
	s = enter(&states[1]);
	CU_ASSERT_EQUAL(list->C_Login(s, CKU_USER, user_pin, sizeof(user_pin) - 1), CKR_OK);
	printf("%lu calls, %lu refused\n", calls, refused);
	CU_ASSERT(calls > 5000 && refused > calls / 2);
}

static int set_up(void)
{
	CK_UTF8CHAR label[32];
	CK_SESSION_HANDLE s;

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
	return list->C_Initialize(NULL) != CKR_OK ||
	       list->C_InitToken(0, so_pin, sizeof(so_pin) - 1, label) != CKR_OK ||
	       list->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s) !=
		       CKR_OK ||
	       list->C_Login(s, CKU_SO, so_pin, sizeof(so_pin) - 1) != CKR_OK ||
	       list->C_InitPIN(s, user_pin, sizeof(user_pin) - 1) != CKR_OK;
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
		{"every_length_in_every_state_gets_a_listed_answer",
		 every_length_in_every_state_gets_a_listed_answer},
		{"every_pointer_left_out_in_every_state_gets_a_listed_answer",
		 every_pointer_left_out_in_every_state_gets_a_listed_answer},
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
