/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loaded, initialised, finalised and unloaded a thousand times, the module leaves nothing behind.
 * What is measured is the resident memory of the process, after the first hundred times.
 */
#include <stdio.h>
#include <unistd.h>

#include "tests/module/load.h"
#include "tests/suite.h"

#define TIMES_TO_WARM_UP     100
#define TIMES                1000
#define TIMES_WITH_A_CHANNEL 300
#define MOST_GROWTH          (512 * 1024) /* bytes: half a KiB a time would show */

static long resident(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long pages = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%*s %ld", &pages) != 1)
		pages = 0;
	fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

static bool once(enum which which, bool uses_sessions)
{
	struct loaded loaded;
	CK_SESSION_HANDLE session;
	CK_ULONG count;
	bool good;

	if (!load_open(which, &loaded))
		return false;
	good = loaded.list->C_Initialize(NULL) == CKR_OK;
	good &= loaded.list->C_GetSlotList(CK_FALSE, NULL, &count) == CKR_OK;
	if (uses_sessions)
		good &= loaded.list->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session) ==
			CKR_OK;
	good &= loaded.list->C_Finalize(NULL) == CKR_OK;
	load_close(&loaded);
	return good;
}

static void load_often(enum which which, bool uses_sessions, int times)
{
	long before = 0;

	for (int i = 0; i < times; i++) {
		if (i == TIMES_TO_WARM_UP)
			before = resident();
		CU_ASSERT_FATAL(once(which, uses_sessions));
	}
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	/* With these, freed memory is kept for a while, and leaks are found by other means. */
	CU_ASSERT(resident() - before < MOST_GROWTH);
	if (resident() - before >= MOST_GROWTH)
		printf("it grew by %ld bytes\n", resident() - before);
#else
	(void)before;
#endif
}

static void a_thousand_times_on_a_token_that_does_nothing(void)
{
	load_often(LOAD_FAKE, true, TIMES);
}

static void a_thousand_times_on_a_card_that_is_not_used(void)
{
	load_often(LOAD_REAL, false, TIMES);
}

static void a_few_hundred_times_with_a_channel_to_a_card(void)
{
	load_often(LOAD_REAL, true, TIMES_WITH_A_CHANNEL);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"a_thousand_times_on_a_token_that_does_nothing",
		 a_thousand_times_on_a_token_that_does_nothing},
		{"a_thousand_times_on_a_card_that_is_not_used",
		 a_thousand_times_on_a_card_that_is_not_used},
		{"a_few_hundred_times_with_a_channel_to_a_card",
		 a_few_hundred_times_with_a_channel_to_a_card},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "loading", .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("load", suites);
}
