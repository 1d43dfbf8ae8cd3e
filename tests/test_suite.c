/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of suite_run itself: each case runs in a child process of its own, since CUnit's registry
 * is a process global, and its exit code and last line are looked at.
 */
#include "tests/suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void passes(void)
{
	CU_PASS("as it should");
}

static void fails(void)
{
	CU_FAIL("on purpose");
}

static int cannot_start(void)
{
	return 1;
}

static CU_TestInfo one_pass[] = {{"passes", passes}, CU_TEST_INFO_NULL};
static CU_TestInfo one_of_each[] = {{"passes", passes}, {"fails", fails}, CU_TEST_INFO_NULL};
static CU_TestInfo none[] = {CU_TEST_INFO_NULL};

static CU_SuiteInfo good[] = {{.pName = "good", .pTests = one_pass}, CU_SUITE_INFO_NULL};
static CU_SuiteInfo mixed[] = {{.pName = "mixed", .pTests = one_of_each}, CU_SUITE_INFO_NULL};
static CU_SuiteInfo unstarted[] = {
	{.pName = "good", .pTests = one_pass},
	{.pName = "unstarted", .pInitFunc = cannot_start, .pTests = one_of_each},
	CU_SUITE_INFO_NULL,
};
static CU_SuiteInfo untorn[] = {
	{.pName = "untorn", .pCleanupFunc = cannot_start, .pTests = one_pass},
	CU_SUITE_INFO_NULL,
};
static CU_SuiteInfo empty[] = {{.pName = "empty", .pTests = none}, CU_SUITE_INFO_NULL};

/* Run SUITES in a child; true if it exits with CODE and its output ends with LAST. */
static int ends_with(CU_SuiteInfo *suites, int code, const char *last)
{
	char text[4096];
	size_t length = 0;
	size_t want = strlen(last);
	ssize_t n;
	int ends[2];
	int status = 0;
	pid_t child;

	if (pipe(ends) != 0)
		return 0;
	fflush(stdout);
	child = fork();
	if (child == 0) {
		dup2(ends[1], STDOUT_FILENO);
		code = suite_run("child", suites);
		fflush(stdout);
		_exit(code);
	}
	close(ends[1]);
	while (length < sizeof(text) - 1 &&
	       (n = read(ends[0], text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)n;
	text[length] = '\0';
	close(ends[0]);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return 0;
	return WIFEXITED(status) && WEXITSTATUS(status) == code && length >= want &&
	       strcmp(text + length - want, last) == 0;
}

static int check(const char *sentence, int holds)
{
	if (!holds)
		printf("FAIL suite: %s\n", sentence);
	return holds ? 0 : 1;
}

int main(void)
{
	int failed = 0;

	failed += check("a passing suite exits with 0", ends_with(good, 0, "1 passed, 0 failed\n"));
	failed += check("a failed test is counted", ends_with(mixed, 1, "1 passed, 1 failed\n"));
	failed += check("tests of a suite that cannot start count as failed",
			ends_with(unstarted, 1, "1 passed, 2 failed\n"));
	failed += check("a failed cleanup counts as failed",
			ends_with(untorn, 1, "1 passed, 1 failed\n"));
	failed += check("a program without tests has failed",
			ends_with(empty, 1, "0 passed, 1 failed\n"));
	printf("%d passed, %d failed\n", 5 - failed, failed);
	return failed == 0 ? 0 : 1;
}
