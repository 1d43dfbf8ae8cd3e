/* SPDX-License-Identifier: BSD-2-Clause */
/* The process's id, in a process, its threads, its child and a child that no handler hears of. */
#include "base/process.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/suite.h"

static void *ask(void *ret)
{
	*(pid_t *)ret = process_id();
	return NULL;
}

static void every_thread_has_the_id_of_its_process(void)
{
	pthread_t threads[8];
	pid_t ids[8] = {0};

	for (int i = 0; i < 8; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, ask, &ids[i]), 0);
	for (int i = 0; i < 8; i++) {
		CU_ASSERT_EQUAL(pthread_join(threads[i], NULL), 0);
		CU_ASSERT_EQUAL(ids[i], getpid());
	}
	CU_ASSERT_EQUAL(process_id(), getpid());
}

/* In the child: its own id, and its own child's. */
static bool is_right(int depth)
{
	int status = 0;
	pid_t child;

	if (process_id() != getpid() || process_id() != getpid())
		return false;
	if (depth == 0)
		return true;
	child = fork();
	if (child == 0)
		_exit(is_right(depth - 1) ? 0 : 1);
	return waitpid(child, &status, 0) == child && status == 0;
}

static void a_child_has_an_id_of_its_own(void)
{
	CU_ASSERT(is_right(3));
	CU_ASSERT_EQUAL(process_id(), getpid());
}

static void a_child_made_without_the_c_library_has_one_too(void)
{
	int status = -1;
	pid_t child;

	CU_ASSERT_EQUAL(process_id(), getpid());
	child = (pid_t)syscall(SYS_fork);
	if (child == 0)
		_exit(process_id() == (pid_t)syscall(SYS_getpid) ? 0 : 1);
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT_EQUAL(status, 0);
}

int main(void)
{
	static CU_TestInfo tests[] = {
		{"every thread has the id of its process", every_thread_has_the_id_of_its_process},
		{"a child has an id of its own", a_child_has_an_id_of_its_own},
		{"a child made without the C library has one, too",
		 a_child_made_without_the_c_library_has_one_too},
		CU_TEST_INFO_NULL,
	};

	static CU_SuiteInfo suites[] = {
		{.pName = "process", .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("base process", suites);
}
