/* SPDX-License-Identifier: BSD-2-Clause */
/* Data objects that are sealed because a ledger's label is their CKA_APPLICATION. */
#include "tests/token/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/suite.h"
#include "token/record.h"

enum { MANY = RECORDS_FOUND + 10 };

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_OBJECT_CLASS data_class = CKO_DATA;
static CK_OBJECT_HANDLE ledger;

static CK_RV create(struct session *s, CK_BBOOL *token, const char *application, const char *label,
		    const void *value, CK_ULONG len, CK_OBJECT_HANDLE *ret)
{
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &data_class, sizeof(data_class)},
		{CKA_TOKEN, token, sizeof(*token)},
		{CKA_APPLICATION, (void *)application, strlen(application)},
		{CKA_LABEL, (void *)label, strlen(label)},
		{CKA_VALUE, (void *)value, len},
	};

	return session_create_object(s, template, 5, ret);
}

static CK_RV seal(const char *label, CK_OBJECT_HANDLE *ret)
{
	return create(fixture.rw, &yes, "Book", label, label, strlen(label), ret);
}

/* How many data objects with this label, or with any, a session finds; the first one's handle too. */
static CK_ULONG find(const char *label, CK_OBJECT_HANDLE *ret)
{
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &data_class, sizeof(data_class)},
		{CKA_LABEL, (void *)label, label ? strlen(label) : 0},
	};
	static CK_OBJECT_HANDLE list[2 * MANY];
	CK_ULONG count = 0;

	CU_ASSERT_EQUAL(session_find_init(fixture.ro, template, label ? 2 : 1), CKR_OK);
	CU_ASSERT_EQUAL(session_find(fixture.ro, list, 2 * MANY, &count), CKR_OK);
	CU_ASSERT_EQUAL(session_find_final(fixture.ro), CKR_OK);
	if (ret)
		*ret = list[0];
	return count;
}

static CK_ULONG records(void)
{
	CK_ULONG count = 0;
	CK_ATTRIBUTE attribute = {CKA_INTAGLIO_RECORD_COUNT, &count, sizeof(count)};

	CU_ASSERT_EQUAL(session_get_attributes(fixture.ro, ledger, &attribute, 1), CKR_OK);
	return count;
}

static void an_object_with_the_ledgers_label_is_sealed_and_read_back(void)
{
	CK_OBJECT_HANDLE made, found = 0;
	char text[64] = "";
	CK_ATTRIBUTE value = {CKA_VALUE, text, sizeof(text)};
	CK_ULONG before = records();

	CU_ASSERT_EQUAL(seal("2026-1", &made), CKR_OK);
	CU_ASSERT_EQUAL(records(), before + 1);
	CU_ASSERT_EQUAL(find("2026-1", &found), 1);
	CU_ASSERT_EQUAL(found, made);
	CU_ASSERT_EQUAL(session_get_attributes(fixture.ro, found, &value, 1), CKR_OK);
	CU_ASSERT_EQUAL(value.ulValueLen, 6);
	CU_ASSERT_STRING_EQUAL(text, "2026-1");
	value.ulValueLen = 3;
	CU_ASSERT_EQUAL(session_get_attributes(fixture.ro, found, &value, 1), CKR_BUFFER_TOO_SMALL);
	value.pValue = NULL;
	CU_ASSERT_EQUAL(session_get_attributes(fixture.ro, found, &value, 1), CKR_OK);
	CU_ASSERT_EQUAL(value.ulValueLen, 6);
}

static void a_record_is_not_changed_copied_or_destroyed(void)
{
	CK_ATTRIBUTE label = {CKA_LABEL, (void *)"other", 5}, value = {CKA_VALUE, (void *)"x", 1};
	CK_OBJECT_HANDLE made, copy;

	CU_ASSERT_EQUAL(seal("kept", &made), CKR_OK);
	CU_ASSERT_EQUAL(session_set_attributes(fixture.rw, made, &label, 1), CKR_ACTION_PROHIBITED);
	CU_ASSERT_EQUAL(session_set_attributes(fixture.rw, made, &value, 1), CKR_ACTION_PROHIBITED);
	CU_ASSERT_EQUAL(session_copy_object(fixture.rw, made, &label, 1, &copy),
			CKR_ACTION_PROHIBITED);
	CU_ASSERT_EQUAL(session_destroy_object(fixture.rw, made), CKR_ACTION_PROHIBITED);
	CU_ASSERT_EQUAL(session_destroy_object(fixture.ro, made), CKR_SESSION_READ_ONLY);
	CU_ASSERT_EQUAL(find("kept", NULL), 1);
	CU_ASSERT_EQUAL(find("other", NULL), 0);
}

static void what_would_not_be_sealed_is_refused(void)
{
	CK_OBJECT_HANDLE made;
	CK_ULONG before = records();

	CU_ASSERT_EQUAL(create(fixture.rw, &no, "Book", "session", "x", 1, &made),
			CKR_TEMPLATE_INCONSISTENT);
	CU_ASSERT_EQUAL(create(fixture.ro, &yes, "Book", "ro", "x", 1, &made),
			CKR_SESSION_READ_ONLY);
	CU_ASSERT_EQUAL(records(), before);
}

static void an_ordinary_object_does_not_pass_for_a_record(void)
{
	CK_ATTRIBUTE application = {CKA_APPLICATION, (void *)"Book", 4};
	CK_OBJECT_HANDLE made;
	CK_ULONG before = records();

	CU_ASSERT_EQUAL(create(fixture.rw, &yes, "Elsewhere", "plain", "x", 1, &made), CKR_OK);
	CU_ASSERT_EQUAL(records(), before);
	CU_ASSERT_EQUAL(session_set_attributes(fixture.rw, made, &application, 1),
			CKR_TEMPLATE_INCONSISTENT);
	CU_ASSERT_EQUAL(session_destroy_object(fixture.rw, made), CKR_OK);
}

static void a_record_as_large_as_an_object_can_be_is_kept_whole(void)
{
	enum { LARGE = 59000 };
	CK_BYTE *value = calloc(1, LARGE + 4000), *back = malloc(LARGE);
	CK_ATTRIBUTE attribute = {CKA_VALUE, back, LARGE};
	CK_OBJECT_HANDLE made;
	CK_ULONG before = records(), good = 0;

	memset(value, 0x5A, LARGE);
	CU_ASSERT_EQUAL(create(fixture.rw, &yes, "Book", "large", value, LARGE, &made), CKR_OK);
	CU_ASSERT_EQUAL(session_get_attributes(fixture.ro, made, &attribute, 1), CKR_OK);
	CU_ASSERT_EQUAL(attribute.ulValueLen, LARGE);
	CU_ASSERT_TRUE(view_equal(view_of(back, LARGE), view_of(value, LARGE)));
	CU_ASSERT_NOT_EQUAL(create(fixture.rw, &yes, "Book", "larger", value, LARGE + 4000, &made),
			    CKR_OK);
	CU_ASSERT_EQUAL(records(), before + 1);
	before = records();
	for (CK_ULONG len = 59900; len < 60010; len++)
		good += create(fixture.rw, &yes, "Book", "limit", value, len, &made) == CKR_OK;
	CU_ASSERT_TRUE(good > 0 && good < 110);
	CU_ASSERT_EQUAL(records(), before + good);
	free(value);
	free(back);
}

static void nobody_but_the_user_finds_records(void)
{
	CK_OBJECT_HANDLE made;
	CK_BYTE value[8];
	CK_ATTRIBUTE attribute = {CKA_VALUE, value, sizeof(value)};

	CU_ASSERT_EQUAL(seal("mine", &made), CKR_OK);
	CU_ASSERT_EQUAL(fixture_logout(), CKR_OK);
	CU_ASSERT_EQUAL(find("mine", NULL), 0);
	CU_ASSERT_EQUAL(session_get_attributes(fixture.ro, made, &attribute, 1),
			CKR_OBJECT_HANDLE_INVALID);
	CU_ASSERT_EQUAL(seal("nobody's", &made), CKR_USER_NOT_LOGGED_IN);
	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_OK);
	CU_ASSERT_EQUAL(find("mine", NULL), 1);
}

static void two_ledgers_have_never_one_label(void)
{
	CK_OBJECT_HANDLE made;

	CU_ASSERT_EQUAL(fixture_ledger("Twice", &made), CKR_OK);
	CU_ASSERT_EQUAL(fixture_ledger("Twice", &made), CKR_TEMPLATE_INCONSISTENT);
	CU_ASSERT_EQUAL(fixture_ledger("Twice ", &made), CKR_OK);
	CU_ASSERT_EQUAL(fixture_ledger("\x1B[2J", &made), CKR_TEMPLATE_INCONSISTENT);
}

static void the_newest_records_are_found_after_a_restart(void)
{
	CK_OBJECT_HANDLE made;
	char label[16];

	CU_ASSERT_EQUAL(seal("oldest", &made), CKR_OK);
	for (int i = 0; i < MANY; i++) {
		snprintf(label, sizeof(label), "many-%d", i);
		CU_ASSERT_EQUAL(seal(label, &made), CKR_OK);
	}
	CU_ASSERT_EQUAL(fixture_restart(), CKR_OK);
	CU_ASSERT_EQUAL(fixture_login(USER_PIN), CKR_OK);
	CU_ASSERT_EQUAL(find(NULL, NULL), RECORDS_FOUND);
	CU_ASSERT_EQUAL(find(label, NULL), 1);
	CU_ASSERT_EQUAL(find("oldest", NULL), 0);
	/* Nothing is read twice. */
	CK_ULONG apdus = fixture_apdus();

	CU_ASSERT_EQUAL(find(NULL, NULL), RECORDS_FOUND);
	CU_ASSERT_TRUE(fixture_apdus() - apdus < 8);
}

static int start(void)
{
	return fixture_start() || fixture_login(USER_PIN) != CKR_OK ||
	       fixture_ledger("Book", &ledger) != CKR_OK;
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"an_object_with_the_ledgers_label_is_sealed_and_read_back",
		 an_object_with_the_ledgers_label_is_sealed_and_read_back},
		{"a_record_is_not_changed_copied_or_destroyed",
		 a_record_is_not_changed_copied_or_destroyed},
		{"what_would_not_be_sealed_is_refused", what_would_not_be_sealed_is_refused},
		{"an_ordinary_object_does_not_pass_for_a_record",
		 an_ordinary_object_does_not_pass_for_a_record},
		{"a_record_as_large_as_an_object_can_be_is_kept_whole",
		 a_record_as_large_as_an_object_can_be_is_kept_whole},
		{"nobody_but_the_user_finds_records", nobody_but_the_user_finds_records},
		{"two_ledgers_have_never_one_label", two_ledgers_have_never_one_label},
		{"the_newest_records_are_found_after_a_restart",
		 the_newest_records_are_found_after_a_restart},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "records as objects",
		 .pInitFunc = start,
		 .pCleanupFunc = fixture_stop,
		 .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("records", suites);
}
