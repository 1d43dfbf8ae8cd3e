/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of slots: which directories are cards, and that it only grows. No card is touched. */
#include "token/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/suite.h"
#include "token/files.h"

static char root[] = "/tmp/intaglio-slot-XXXXXX";
static char cards[64];

static int set_up(void)
{
	if (!mkdtemp(root))
		return 1;
	snprintf(cards, sizeof(cards), "%s/intaglio/cards", root);
	setenv("XDG_DATA_HOME", root, 1);
	setenv("XDG_CONFIG_HOME", root, 1);
	unsetenv("INTAGLIO_CONF");
	return 0;
}

static int tear_down(void)
{
	files_remove_tree(root);
	return 0;
}

static const char *in_cards(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", cards, name);
	return path;
}

static const char *description(struct slots *slots, CK_SLOT_ID id)
{
	static char text[65];
	CK_SLOT_INFO info;

	CU_ASSERT_EQUAL(slot_info(slots_get(slots, id), &info), CKR_OK);
	memcpy(text, info.slotDescription, 64);
	for (size_t i = 64; i && text[i - 1] == ' '; i--)
		text[i - 1] = '\0';
	return text;
}

static void the_default_card_is_present_before_it_exists(void)
{
	struct slots *slots = NULL;

	CU_ASSERT_EQUAL_FATAL(slots_open(&slots), CKR_OK);
	CU_ASSERT_EQUAL(slots_count(slots), 1);
	CU_ASSERT_STRING_EQUAL(description(slots, 0), "Intaglio embedded card: default");
	CU_ASSERT_TRUE(slot_has_token(slots_get(slots, 0)));
	CU_ASSERT_PTR_NULL(slots_get(slots, 1));
	CU_ASSERT_EQUAL(slot_id(slots_get(slots, 0)), 0);
	CU_ASSERT_EQUAL(access(cards, F_OK), -1);
	slots_close(&slots);
	CU_ASSERT_PTR_NULL(slots);
}

static void every_directory_is_a_slot_and_nothing_else(void)
{
	struct slots *slots = NULL;
	FILE *file;

	CU_ASSERT_EQUAL(files_make_directories(in_cards("work")), RC_OK);
	CU_ASSERT_EQUAL(files_make_directories(in_cards("audit")), RC_OK);
	CU_ASSERT_EQUAL(files_make_directories(in_cards(".default.ABCDEF")), RC_OK);
	file = fopen(in_cards("a file"), "we");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fclose(file);
	CU_ASSERT_EQUAL_FATAL(slots_open(&slots), CKR_OK);
	CU_ASSERT_EQUAL(slots_count(slots), 3);
	CU_ASSERT_STRING_EQUAL(description(slots, 0), "Intaglio embedded card: default");
	CU_ASSERT_STRING_EQUAL(description(slots, 1), "Intaglio embedded card: audit");
	CU_ASSERT_STRING_EQUAL(description(slots, 2), "Intaglio embedded card: work");
	slots_close(&slots);
}

static void the_list_grows_and_never_shrinks(void)
{
	struct slots *slots = NULL;

	CU_ASSERT_EQUAL_FATAL(slots_open(&slots), CKR_OK);
	CU_ASSERT_EQUAL(files_make_directories(in_cards("added")), RC_OK);
	CU_ASSERT_EQUAL(slots_count(slots), 3);
	CU_ASSERT_EQUAL(slots_refresh(slots), CKR_OK);
	CU_ASSERT_EQUAL(slots_count(slots), 4);
	CU_ASSERT_STRING_EQUAL(description(slots, 3), "Intaglio embedded card: added");
	CU_ASSERT_EQUAL(rmdir(in_cards("audit")), 0);
	CU_ASSERT_EQUAL(slots_refresh(slots), CKR_OK);
	CU_ASSERT_EQUAL(slots_count(slots), 4);
	CU_ASSERT_STRING_EQUAL(description(slots, 1), "Intaglio embedded card: audit");
	slots_close(&slots);
}

static void without_a_home_there_is_no_embedded_slot(void)
{
	struct slots *slots = NULL;
	char *home = getenv("HOME") ? strdup(getenv("HOME")) : NULL;

	unsetenv("XDG_DATA_HOME");
	unsetenv("HOME");
	CU_ASSERT_EQUAL_FATAL(slots_open(&slots), CKR_OK);
	CU_ASSERT_EQUAL(slots_count(slots), 0);
	slots_close(&slots);
	setenv("XDG_DATA_HOME", root, 1);
	if (home)
		setenv("HOME", home, 1);
	free(home);
}

static void a_slot_without_a_connection_has_no_figures(void)
{
	struct slots *slots = NULL;
	CK_ULONG apdus = 1, sent = 1, received = 1;

	CU_ASSERT_EQUAL_FATAL(slots_open(&slots), CKR_OK);
	CU_ASSERT_EQUAL(slot_figures(slots_get(slots, 0), &apdus, &sent, &received), CKR_OK);
	CU_ASSERT_EQUAL(apdus + sent + received, 0);
	CU_ASSERT_STRING_EQUAL(slot_channel(slots_get(slots, 0)), "");
	slots_close(&slots);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"the_default_card_is_present_before_it_exists",
		 the_default_card_is_present_before_it_exists},
		{"every_directory_is_a_slot_and_nothing_else",
		 every_directory_is_a_slot_and_nothing_else},
		{"the_list_grows_and_never_shrinks", the_list_grows_and_never_shrinks},
		{"without_a_home_there_is_no_embedded_slot",
		 without_a_home_there_is_no_embedded_slot},
		{"a_slot_without_a_connection_has_no_figures",
		 a_slot_without_a_connection_has_no_figures},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "slot", .pInitFunc = set_up, .pCleanupFunc = tear_down, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("slot", suites);
}
