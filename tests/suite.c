/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Run a table of CUnit suites with our own report: failures only, in the form of a compiler's
 * messages, and one summary line that ./run adds up. See suite.h.
 */
#include "tests/suite.h"

#include <stdio.h>

#include <CUnit/TestRun.h>

/* Failures that CUnit's own count of failed tests leaves out. */
static unsigned int failed_outside_tests;

static void print_failures(const CU_pFailureRecord first)
{
	for (const CU_FailureRecord *f = first; f != NULL; f = f->pNext)
		printf("%s:%u: %s: %s: %s\n", f->strFileName != NULL ? f->strFileName : "?",
		       f->uiLineNumber, f->pSuite != NULL ? f->pSuite->pName : "?",
		       f->pTest != NULL ? f->pTest->pName : "?",
		       f->strCondition != NULL ? f->strCondition : "?");
}

static void on_test_complete(const CU_pTest test, const CU_pSuite suite,
			     const CU_pFailureRecord failure)
{
	if (failure == NULL)
		return;
	printf("FAIL %s: %s\n", suite->pName, test->pName);
	print_failures(failure);
}

static void on_suite_init_failure(const CU_pSuite suite)
{
	printf("FAIL %s: the suite could not be set up\n", suite->pName);
	failed_outside_tests += suite->uiNumberOfTests > 0 ? suite->uiNumberOfTests : 1;
}

static void on_suite_cleanup_failure(const CU_pSuite suite)
{
	printf("FAIL %s: the suite could not be torn down\n", suite->pName);
	failed_outside_tests++;
}

static int summary(unsigned int passed, unsigned int failed)
{
	printf("%u passed, %u failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}

int suite_run(const char *name, CU_SuiteInfo *suites)
{
	unsigned int run;
	unsigned int failed;

	/* What a crash interrupts must be on its way out already. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS) {
		printf("FAIL %s: %s\n", name, CU_get_error_msg());
		return summary(0, 1);
	}
	CU_set_error_action(CUEA_IGNORE);
	CU_set_test_complete_handler(on_test_complete);
	CU_set_suite_init_failure_handler(on_suite_init_failure);
	CU_set_suite_cleanup_failure_handler(on_suite_cleanup_failure);
	CU_run_all_tests();

	run = CU_get_number_of_tests_run();
	failed = CU_get_number_of_tests_failed();
	if (run == 0 && failed_outside_tests == 0) {
		printf("FAIL %s: no test was run\n", name);
		failed_outside_tests = 1;
	}
	CU_cleanup_registry();
	return summary(run - failed, failed + failed_outside_tests);
}
