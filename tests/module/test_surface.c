/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every function of the list, called as no good application would: before C_Initialize, with each
 * pointer left out, with handles that are not there. Generated from the tables functions.def and
 * calls.def; runs on the token that does nothing and on a real card.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/functions.h"
#include "tests/module/load.h"
#include "tests/suite.h"

#define ARGUMENTS  5
#define NO_SESSION 0xFFFFFFFFFFFFFFF0UL

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
/* Room for whatever a function writes; zeros for whatever it reads. */
static unsigned char room[ARGUMENTS][4096];

static struct arguments all_given(const struct row *row, CK_ULONG handle)
{
	struct arguments a = {.handle = handle};

	memset(room, 0, sizeof(room));
	for (size_t i = 0; i < ARGUMENTS; i++) {
		a.number[i] = 1;
		a.pointer[i] = i < strlen(row->pointers) && row->pointers[i] != 'F' ? room[i]
										    : NULL;
	}
	return a;
}

static CK_ULONG open_session(void)
{
	CK_SESSION_HANDLE session = 0;

	CU_ASSERT_EQUAL(loaded.list->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
						   NULL, &session),
			CKR_OK);
	return session;
}

/* A handle with which the function gets as far as its other arguments. */
static CK_ULONG good_handle(const struct row *row)
{
	loaded.list->C_CloseAllSessions(0);
	return function_scope(row->function) == SCOPE_SESSION ? open_session() : 0;
}

static void check(const struct row *row, CK_RV rv, CK_RV wanted)
{
	if (rv != wanted)
		printf("%s returned %s, not %s\n", function_name(row->function), return_name(rv),
		       return_name(wanted));
	CU_ASSERT_EQUAL(rv, wanted);
}

static void check_allowed(const struct row *row, CK_RV rv)
{
	if (!function_may_return(row->function, rv))
		printf("%s returned %s\n", function_name(row->function), return_name(rv));
	CU_ASSERT(function_may_return(row->function, rv));
}

static void every_function_says_that_c_initialize_was_not_called(void)
{
	loaded.list->C_Finalize(NULL);
	for (size_t i = 0; i < row_count; i++) {
		struct arguments a = all_given(&rows[i], 0);
		struct arguments none = {0};

		if (function_scope(rows[i].function) == SCOPE_NONE)
			continue;
		check(&rows[i], rows[i].call(loaded.list_3_2, &a), CKR_CRYPTOKI_NOT_INITIALIZED);
		check(&rows[i], rows[i].call(loaded.list_3_2, &none), CKR_CRYPTOKI_NOT_INITIALIZED);
	}
	CU_ASSERT_EQUAL(loaded.list->C_Initialize(NULL), CKR_OK);
}

static void every_required_pointer_is_required(void)
{
	for (size_t i = 0; i < row_count; i++) {
		for (size_t p = 0; p < strlen(rows[i].pointers); p++) {
			struct arguments a;

			if (rows[i].pointers[p] != 'R')
				continue;
			a = all_given(&rows[i], good_handle(&rows[i]));
			a.pointer[p] = NULL;
			check(&rows[i], rows[i].call(loaded.list_3_2, &a), CKR_ARGUMENTS_BAD);
		}
	}
}

static void every_reserved_pointer_is_refused(void)
{
	for (size_t i = 0; i < row_count; i++) {
		for (size_t p = 0; p < strlen(rows[i].pointers); p++) {
			struct arguments a;

			if (rows[i].pointers[p] != 'F')
				continue;
			a = all_given(&rows[i], good_handle(&rows[i]));
			a.pointer[p] = room[p];
			check(&rows[i], rows[i].call(loaded.list_3_2, &a), CKR_ARGUMENTS_BAD);
		}
	}
}

static void every_pointer_that_may_be_left_out_is_survived(void)
{
	for (size_t i = 0; i < row_count; i++) {
		for (size_t p = 0; p < strlen(rows[i].pointers); p++) {
			struct arguments a;

			if (rows[i].pointers[p] != 'O')
				continue;
			a = all_given(&rows[i], good_handle(&rows[i]));
			a.pointer[p] = NULL;
			check_allowed(&rows[i], rows[i].call(loaded.list_3_2, &a));
		}
	}
}

static void every_function_survives_zeros_and_nothing_at_all(void)
{
	for (size_t i = 0; i < row_count; i++) {
		struct arguments none = {0};
		struct arguments zeros;

		if (rows[i].function == FUNCTION_C_Finalize)
			continue;
		zeros = all_given(&rows[i], good_handle(&rows[i]));
		check_allowed(&rows[i], rows[i].call(loaded.list_3_2, &zeros));
		none.handle = good_handle(&rows[i]);
		check_allowed(&rows[i], rows[i].call(loaded.list_3_2, &none));
	}
}

static void every_handle_that_is_not_there_is_refused(void)
{
	CK_ULONG closed = open_session();

	loaded.list->C_CloseSession(closed);
	for (size_t i = 0; i < row_count; i++) {
		const CK_ULONG handles[] = {closed, NO_SESSION, 0, closed + 1000, ~0UL};
		enum scope scope = function_scope(rows[i].function);

		for (size_t h = 0; h < sizeof(handles) / sizeof(handles[0]); h++) {
			struct arguments a = all_given(&rows[i], handles[h]);

			if (scope == SCOPE_SESSION)
				check(&rows[i], rows[i].call(loaded.list_3_2, &a),
				      CKR_SESSION_HANDLE_INVALID);
			if (scope == SCOPE_SLOT && handles[h] > closed)
				check(&rows[i], rows[i].call(loaded.list_3_2, &a),
				      CKR_SLOT_ID_INVALID);
		}
	}
}

/* Keeps the lines of items, which a backslash continues, and drops those of their reasons. */
static char *items_of(char *text)
{
	char *to = text;
	bool is_item = false;

	for (char *line = text, *next; *line; line = next) {
		size_t len = strcspn(line, "\n");

		next = line + len + (line[len] != '\0');
		is_item = is_item || strncmp(line, ".It ", 4) == 0;
		if (!is_item)
			continue;
		is_item = len && line[len - 1] == '\\';
		memmove(to, line, (size_t)(next - line));
		to += next - line;
	}
	*to = '\0';
	return text;
}

/* The section of the manual that lists what is not supported. */
static char *manual_list(void)
{
	static char text[65536];
	const char *source = getenv("INTAGLIO_SOURCE");
	char path[512], *begin, *end;
	size_t len = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/doc/man/intaglio-pkcs11.7", source ? source : ".");
	file = fopen(path, "r");
	if (file) {
		len = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
	}
	text[len] = '\0';
	begin = strstr(text, ".Sh FUNCTIONS THAT ARE NOT SUPPORTED");
	CU_ASSERT_PTR_NOT_NULL_FATAL(begin);
	end = strstr(begin, ".El");
	CU_ASSERT_PTR_NOT_NULL_FATAL(end);
	*end = '\0';
	return items_of(begin);
}

/* Names are words: one may begin another. */
static bool is_listed(const char *list, const char *name)
{
	size_t len = strlen(name);
	const char *at = list;

	while ((at = strstr(at, name))) {
		if (strchr(" ,\n", at[len]))
			return true;
		at += len;
	}
	return false;
}

/* An item ".It Fn NAME" is followed by its reason. */
static void what_is_not_supported_is_what_the_manual_lists(void)
{
	const char *list = manual_list();

	for (size_t i = 0; i < row_count; i++) {
		struct arguments a = all_given(&rows[i], good_handle(&rows[i]));
		bool listed = is_listed(list, function_name(rows[i].function));
		CK_RV rv;

		if (rows[i].function == FUNCTION_C_Finalize ||
		    rows[i].function == FUNCTION_C_Initialize)
			continue;
		rv = rows[i].call(loaded.list_3_2, &a);
		if (listed != (rv == CKR_FUNCTION_NOT_SUPPORTED))
			printf("%s returned %s\n", function_name(rows[i].function),
			       return_name(rv));
		CU_ASSERT_EQUAL(listed, rv == CKR_FUNCTION_NOT_SUPPORTED);
		if (rows[i].function == FUNCTION_C_GetFunctionStatus ||
		    rows[i].function == FUNCTION_C_CancelFunction)
			check(&rows[i], rv, CKR_FUNCTION_NOT_PARALLEL);
	}
}

static void an_attribute_without_its_value_is_refused(void)
{
	CK_ATTRIBUTE attribute = {CKA_LABEL, NULL, 5};
	CK_OBJECT_HANDLE object;
	CK_ULONG session = open_session();

	CU_ASSERT_EQUAL(loaded.list->C_CreateObject(session, &attribute, 1, &object),
			CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(loaded.list->C_FindObjectsInit(session, &attribute, 1), CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(loaded.list->C_SetAttributeValue(session, 1, &attribute, 1),
			CKR_ARGUMENTS_BAD);
}

static void every_list_is_complete_and_of_its_version(void)
{
	CK_FUNCTION_LIST *list = NULL;

	CU_ASSERT_EQUAL(loaded.list->version.major, 2);
	CU_ASSERT_EQUAL(loaded.list->version.minor, 40);
	CU_ASSERT_EQUAL(loaded.list_3_0->version.major, 3);
	CU_ASSERT_EQUAL(loaded.list_3_0->version.minor, 0);
	CU_ASSERT_EQUAL(loaded.list_3_2->version.major, 3);
	CU_ASSERT_EQUAL(loaded.list_3_2->version.minor, 2);
#define FUNCTION(name, version, scope, ...) HAS_##version(name)
#define HAS_2_40(name)                      CU_ASSERT_PTR_NOT_NULL(loaded.list->name);
#define HAS_3_0(name)                                  \
	CU_ASSERT_PTR_NOT_NULL(loaded.list_3_0->name); \
	CU_ASSERT(loaded.list_3_0->name == loaded.list_3_2->name);
#define HAS_3_2(name)      CU_ASSERT_PTR_NOT_NULL(loaded.list_3_2->name);
#define HAS_INTAGLIO(name) CU_ASSERT_PTR_NOT_NULL(loaded.vendor->name);
#include "module/functions.def"
#undef FUNCTION
	CU_ASSERT_EQUAL(loaded.list->C_GetFunctionList(&list), CKR_OK);
	CU_ASSERT_PTR_EQUAL(list, loaded.list);
}

static void interfaces_are_found_by_name_version_and_flags(void)
{
	CK_UTF8CHAR standard[] = "PKCS 11";
	CK_UTF8CHAR vendor[] = "Vendor Intaglio";
	CK_UTF8CHAR other[] = "Vendor Other";
	CK_VERSION v2_40 = {2, 40};
	CK_VERSION v9 = {9, 0};
	CK_INTERFACE *found = NULL;

	CU_ASSERT_EQUAL(loaded.get_interface(NULL, NULL, &found, 0), CKR_OK);
	CU_ASSERT_PTR_EQUAL(found->pFunctionList, loaded.list_3_2);
	CU_ASSERT_EQUAL(loaded.get_interface(standard, &v2_40, &found, 0), CKR_OK);
	CU_ASSERT_PTR_EQUAL(found->pFunctionList, loaded.list);
	CU_ASSERT_EQUAL(loaded.get_interface(vendor, NULL, &found, 0), CKR_OK);
	CU_ASSERT_PTR_EQUAL(found->pFunctionList, loaded.vendor);
	CU_ASSERT_EQUAL(loaded.vendor->version.major, 1);
	CU_ASSERT_EQUAL(loaded.get_interface(standard, &v9, &found, 0), CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(loaded.get_interface(other, NULL, &found, 0), CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(loaded.get_interface(NULL, NULL, &found, CKF_INTERFACE_FORK_SAFE),
			CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(loaded.get_interface(NULL, NULL, NULL, 0), CKR_ARGUMENTS_BAD);
}

static void the_list_of_interfaces_follows_the_two_call_rule(void)
{
	CK_INTERFACE list[8];
	CK_ULONG count = 0;

	CU_ASSERT_EQUAL(loaded.get_interface_list(NULL, NULL), CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(loaded.get_interface_list(NULL, &count), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(count, 4);
	count = 1;
	CU_ASSERT_EQUAL(loaded.get_interface_list(list, &count), CKR_BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(count, 4);
	CU_ASSERT_EQUAL(loaded.get_interface_list(list, &count), CKR_OK);
	CU_ASSERT_STRING_EQUAL((const char *)list[0].pInterfaceName, "PKCS 11");
	CU_ASSERT_STRING_EQUAL((const char *)list[3].pInterfaceName, "Vendor Intaglio");
}

static void the_library_tells_who_it_is(void)
{
	CK_INFO info;

	CU_ASSERT_EQUAL(loaded.list->C_GetInfo(&info), CKR_OK);
	CU_ASSERT_EQUAL(info.cryptokiVersion.major, 2);
	CU_ASSERT_EQUAL(info.cryptokiVersion.minor, 40);
	CU_ASSERT_NSTRING_EQUAL((const char *)info.manufacturerID,
				"Intaglio                        ", 32);
	CU_ASSERT_NSTRING_EQUAL((const char *)info.libraryDescription,
				"Intaglio smart card module      ", 32);
	CU_ASSERT_EQUAL(info.libraryVersion.minor, 1);
	CU_ASSERT_EQUAL(info.flags, 0);
	CU_ASSERT_EQUAL(loaded.list_3_2->C_GetInfo(&info), CKR_OK);
	CU_ASSERT_EQUAL(info.cryptokiVersion.major, 3);
	CU_ASSERT_EQUAL(info.cryptokiVersion.minor, 2);
}

static void without_a_reader_there_is_no_slot_event(void)
{
	CK_SLOT_ID slot;

	CU_ASSERT_EQUAL(loaded.list->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_NO_EVENT);
	CU_ASSERT_EQUAL(loaded.list->C_WaitForSlotEvent(CKF_DONT_BLOCK, NULL, NULL),
			CKR_ARGUMENTS_BAD);
}

static void a_leaf_is_read_only_from_a_ledger(void)
{
	CK_BYTE leaf[64];
	CK_ULONG len = sizeof(leaf);

	CU_ASSERT_EQUAL(loaded.vendor->ReadLeaf(NO_SESSION, 1, 0, leaf, &len),
			CKR_SESSION_HANDLE_INVALID);
	CU_ASSERT_EQUAL(loaded.vendor->ReadLeaf(open_session(), 1, 0, leaf, NULL),
			CKR_ARGUMENTS_BAD);
	CU_ASSERT_NOT_EQUAL(loaded.vendor->ReadLeaf(open_session(), 12345, 0, leaf, &len), CKR_OK);
	CU_ASSERT_EQUAL(loaded.vendor->ReadLeaves(NO_SESSION, 1, 0, leaf, &len),
			CKR_SESSION_HANDLE_INVALID);
	CU_ASSERT_EQUAL(loaded.vendor->ReadLeaves(open_session(), 1, 0, leaf, NULL),
			CKR_ARGUMENTS_BAD);
	CU_ASSERT_NOT_EQUAL(loaded.vendor->ReadLeaves(open_session(), 12345, 0, leaf, &len),
			    CKR_OK);
}

static void only_a_ledger_is_countersigned_and_pruned(void)
{
	CK_BYTE note[] = {0};

	CU_ASSERT_EQUAL(loaded.vendor->Cosign(NO_SESSION, 1, note, 1), CKR_SESSION_HANDLE_INVALID);
	CU_ASSERT_EQUAL(loaded.vendor->Cosign(open_session(), 1, NULL, 1), CKR_ARGUMENTS_BAD);
	CU_ASSERT_NOT_EQUAL(loaded.vendor->Cosign(open_session(), 12345, note, 1), CKR_OK);
	CU_ASSERT_EQUAL(loaded.vendor->Prune(NO_SESSION, 1, 1), CKR_SESSION_HANDLE_INVALID);
	CU_ASSERT_NOT_EQUAL(loaded.vendor->Prune(open_session(), 12345, 1), CKR_OK);
}

static void a_card_is_recognised_in_a_slot_that_there_is(void)
{
	CU_ASSERT_EQUAL(loaded.vendor->RecogniseCard(4711), CKR_SLOT_ID_INVALID);
	CU_ASSERT_NOT_EQUAL(loaded.vendor->RecogniseCard(0), CKR_SLOT_ID_INVALID);
}

static void contents_are_managed_in_a_slot_that_there_is_with_all_that_is_needed(void)
{
	CK_INTAGLIO_AID aid = {.ulLen = 4};
	CK_INTAGLIO_INSTALLATION installation = {.ulFileLen = 1};
	CK_INTAGLIO_KEY_SET fresh = {.ulKeyLen = 15};
	CK_INTAGLIO_CARD_INFO info;
	CK_ULONG count = 0;

	CU_ASSERT_EQUAL(loaded.vendor->CardInfo(4711, NULL, &info), CKR_SLOT_ID_INVALID);
	CU_ASSERT_EQUAL(loaded.vendor->CardInfo(0, NULL, NULL), CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(loaded.vendor->ListContent(4711, NULL, NULL, &count), CKR_SLOT_ID_INVALID);
	CU_ASSERT_EQUAL(loaded.vendor->ListContent(0, NULL, NULL, NULL), CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(loaded.vendor->InstallContent(4711, NULL, &installation),
			CKR_SLOT_ID_INVALID);
	CU_ASSERT_EQUAL(loaded.vendor->InstallContent(0, NULL, NULL), CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(loaded.vendor->InstallContent(0, NULL, &installation), CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(loaded.vendor->DeleteContent(4711, NULL, &aid, CK_FALSE),
			CKR_SLOT_ID_INVALID);
	CU_ASSERT_EQUAL(loaded.vendor->DeleteContent(0, NULL, NULL, CK_FALSE), CKR_ARGUMENTS_BAD);
	CU_ASSERT_NOT_EQUAL(loaded.vendor->DeleteContent(0, NULL, &aid, CK_FALSE), CKR_OK);
	CU_ASSERT_EQUAL(loaded.vendor->LockContent(4711, NULL, &aid, CK_TRUE), CKR_SLOT_ID_INVALID);
	CU_ASSERT_EQUAL(loaded.vendor->LockContent(0, NULL, NULL, CK_TRUE), CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(loaded.vendor->PutKeys(4711, NULL, &fresh, 0), CKR_SLOT_ID_INVALID);
	CU_ASSERT_EQUAL(loaded.vendor->PutKeys(0, NULL, NULL, 0), CKR_ARGUMENTS_BAD);
	CU_ASSERT_NOT_EQUAL(loaded.vendor->PutKeys(0, NULL, &fresh, 0), CKR_OK);
	CU_ASSERT_EQUAL(loaded.vendor->DeleteKeys(4711, NULL, 1), CKR_SLOT_ID_INVALID);
	CU_ASSERT_EQUAL(loaded.vendor->DeleteKeys(0, NULL, 0), CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(loaded.vendor->ChangeCard(4711, NULL, CK_INTAGLIO_CARD_LOCK),
			CKR_SLOT_ID_INVALID);
	CU_ASSERT_EQUAL(loaded.vendor->ChangeCard(0, NULL, 0), CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(loaded.vendor->ChangeCard(0, NULL, CK_INTAGLIO_CARD_TERMINATE + 1),
			CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(loaded.vendor->MoveContent(4711, NULL, &aid, &aid), CKR_SLOT_ID_INVALID);
	CU_ASSERT_EQUAL(loaded.vendor->MoveContent(0, NULL, NULL, &aid), CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(loaded.vendor->MoveContent(0, NULL, &aid, NULL), CKR_ARGUMENTS_BAD);
	CU_ASSERT_NOT_EQUAL(loaded.vendor->MoveContent(0, NULL, &aid, &aid), CKR_OK);
}

static void identities_need_their_arguments(void)
{
	CK_INTAGLIO_CARD card = {.name = NULL};
	CK_BYTE data[] = {0};

	CU_ASSERT_EQUAL(loaded.vendor->MakeCard(NULL), CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(loaded.vendor->MakeCard(&card), CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(loaded.vendor->UpdateTrust(NO_SESSION, data, 1),
			CKR_SESSION_HANDLE_INVALID);
	CU_ASSERT_EQUAL(loaded.vendor->UpdateTrust(open_session(), NULL, 1), CKR_ARGUMENTS_BAD);
	CU_ASSERT_NOT_EQUAL(loaded.vendor->UpdateTrust(open_session(), data, 1), CKR_OK);
}

static int set_up(enum which which)
{
	if (!load_open(which, &loaded))
		return 1;
	return loaded.list->C_Initialize(NULL) == CKR_OK ? 0 : 1;
}

static int set_up_fake(void)
{
	return set_up(LOAD_FAKE);
}

static int set_up_real(void)
{
	return set_up(LOAD_REAL);
}

static int tear_down(void)
{
	CK_RV rv = loaded.list->C_Finalize(NULL);

	load_close(&loaded);
	return rv == CKR_OK ? 0 : 1;
}

static CU_TestInfo tests[] = {
	{"every_list_is_complete_and_of_its_version", every_list_is_complete_and_of_its_version},
	{"interfaces_are_found_by_name_version_and_flags",
	 interfaces_are_found_by_name_version_and_flags},
	{"the_list_of_interfaces_follows_the_two_call_rule",
	 the_list_of_interfaces_follows_the_two_call_rule},
	{"the_library_tells_who_it_is", the_library_tells_who_it_is},
	{"every_function_says_that_c_initialize_was_not_called",
	 every_function_says_that_c_initialize_was_not_called},
	{"every_required_pointer_is_required", every_required_pointer_is_required},
	{"every_reserved_pointer_is_refused", every_reserved_pointer_is_refused},
	{"every_pointer_that_may_be_left_out_is_survived",
	 every_pointer_that_may_be_left_out_is_survived},
	{"every_function_survives_zeros_and_nothing_at_all",
	 every_function_survives_zeros_and_nothing_at_all},
	{"every_handle_that_is_not_there_is_refused", every_handle_that_is_not_there_is_refused},
	{"what_is_not_supported_is_what_the_manual_lists",
	 what_is_not_supported_is_what_the_manual_lists},
	{"an_attribute_without_its_value_is_refused", an_attribute_without_its_value_is_refused},
	{"a_leaf_is_read_only_from_a_ledger", a_leaf_is_read_only_from_a_ledger},
	{"only_a_ledger_is_countersigned_and_pruned", only_a_ledger_is_countersigned_and_pruned},
	{"a_card_is_recognised_in_a_slot_that_there_is",
	 a_card_is_recognised_in_a_slot_that_there_is},
	{"contents_are_managed_in_a_slot_that_there_is_with_all_that_is_needed",
	 contents_are_managed_in_a_slot_that_there_is_with_all_that_is_needed},
	{"identities_need_their_arguments", identities_need_their_arguments},
	{"without_a_reader_there_is_no_slot_event", without_a_reader_there_is_no_slot_event},
	CU_TEST_INFO_NULL,
};

int main(void)
{
	CU_SuiteInfo suites[] = {
		{.pName = "surface over a token that does nothing",
		 .pInitFunc = set_up_fake,
		 .pCleanupFunc = tear_down,
		 .pTests = tests},
		{.pName = "surface over a card",
		 .pInitFunc = set_up_real,
		 .pCleanupFunc = tear_down,
		 .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("surface", suites);
}
