/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of functions and return values, and the table of sessions. */
#include <stdlib.h>
#include <string.h>

#include "module/functions.h"
#include "module/sessions.h"
#include "tests/suite.h"

static void scopes_are_those_of_the_standard(void)
{
	CU_ASSERT_EQUAL(function_scope(FUNCTION_C_Initialize), SCOPE_NONE);
	CU_ASSERT_EQUAL(function_scope(FUNCTION_C_GetSlotList), SCOPE_LIBRARY);
	CU_ASSERT_EQUAL(function_scope(FUNCTION_C_OpenSession), SCOPE_SLOT);
	CU_ASSERT_EQUAL(function_scope(FUNCTION_C_CloseSession), SCOPE_SESSION);
	CU_ASSERT_STRING_EQUAL(function_name(FUNCTION_C_Sign), "C_Sign");
}

static void returns_are_those_of_the_function_and_of_its_scope(void)
{
	CU_ASSERT(function_may_return(FUNCTION_C_Login, CKR_OK));
	CU_ASSERT(function_may_return(FUNCTION_C_Login, CKR_PIN_INCORRECT));
	CU_ASSERT(function_may_return(FUNCTION_C_Login, CKR_SESSION_CLOSED));
	CU_ASSERT(function_may_return(FUNCTION_C_Login, CKR_CRYPTOKI_NOT_INITIALIZED));
	CU_ASSERT(function_may_return(FUNCTION_C_Login, CKR_GENERAL_ERROR));
	CU_ASSERT_FALSE(function_may_return(FUNCTION_C_Login, CKR_SLOT_ID_INVALID));
	CU_ASSERT_FALSE(function_may_return(FUNCTION_C_Login, CKR_SIGNATURE_INVALID));
	CU_ASSERT_FALSE(function_may_return(FUNCTION_C_Login, 0x12345678));
	CU_ASSERT_FALSE(function_may_return(FUNCTION_C_Initialize, CKR_CRYPTOKI_NOT_INITIALIZED));
	CU_ASSERT_FALSE(function_may_return(FUNCTION_C_GetInfo, CKR_DEVICE_ERROR));
	CU_ASSERT(function_may_return(FUNCTION_C_GetSlotInfo, CKR_DEVICE_ERROR));
	CU_ASSERT_FALSE(function_may_return(FUNCTION_C_GetSlotInfo, CKR_SESSION_CLOSED));
}

static void return_values_have_names(void)
{
	CU_ASSERT_STRING_EQUAL(return_name(CKR_OK), "CKR_OK");
	CU_ASSERT_STRING_EQUAL(return_name(CKR_PIN_LOCKED), "CKR_PIN_LOCKED");
	CU_ASSERT_STRING_EQUAL(return_name(0x12345678), "an unknown value");
}

static struct entry *entry(CK_SESSION_HANDLE handle, struct slot *slot, bool rw)
{
	struct entry *new = calloc(1, sizeof(*new));

	if (new) {
		new->handle = handle;
		new->slot = slot;
		new->rw = rw;
	}
	return new;
}

static size_t free_chain(struct entry *chain)
{
	size_t count = 0;

	while (chain) {
		struct entry *next = chain->next;

		free(chain);
		chain = next;
		count++;
	}
	return count;
}

/* The table never looks into a slot, so any two addresses are slots. */
static char slot_a;
static char slot_b;

static void sessions_are_found_counted_and_taken_out(void)
{
	struct sessions *sessions = sessions_new();
	struct slot *a = (struct slot *)(void *)&slot_a;
	struct slot *b = (struct slot *)(void *)&slot_b;
	CK_ULONG rw;

	CU_ASSERT_PTR_NOT_NULL_FATAL(sessions);
	for (CK_SESSION_HANDLE h = 1; h <= 1000; h++)
		CU_ASSERT_FATAL(sessions_put(sessions, entry(h, h % 4 ? a : b, h % 2 == 0)));
	CU_ASSERT_EQUAL(sessions_count(sessions, a, &rw), 750);
	CU_ASSERT_EQUAL(rw, 250);
	CU_ASSERT_EQUAL(sessions_get(sessions, 777)->handle, 777);
	CU_ASSERT_PTR_NULL(sessions_get(sessions, 0));
	CU_ASSERT_PTR_NULL(sessions_get(sessions, 1001));
	CU_ASSERT_EQUAL(free_chain(sessions_take(sessions, 777)), 1);
	CU_ASSERT_PTR_NULL(sessions_get(sessions, 777));
	CU_ASSERT_PTR_NULL(sessions_take(sessions, 777));
	CU_ASSERT_EQUAL(free_chain(sessions_take_all(sessions, b)), 250);
	CU_ASSERT_EQUAL(sessions_count(sessions, b, &rw), 0);
	CU_ASSERT_PTR_NOT_NULL(sessions_get(sessions, 999));
	CU_ASSERT_EQUAL(free_chain(sessions_take_all(sessions, NULL)), 749);
	sessions_free(&sessions);
	CU_ASSERT_PTR_NULL(sessions);
	sessions_free(&sessions);
}

int main(void)
{
	CU_TestInfo functions[] = {
		{"scopes_are_those_of_the_standard", scopes_are_those_of_the_standard},
		{"returns_are_those_of_the_function_and_of_its_scope",
		 returns_are_those_of_the_function_and_of_its_scope},
		{"return_values_have_names", return_values_have_names},
		{"sessions_are_found_counted_and_taken_out",
		 sessions_are_found_counted_and_taken_out},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "functions", .pTests = functions},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("functions", suites);
}
