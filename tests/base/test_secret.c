/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory for secrets: zeroed, wiped in a forked child, given back once. */
#include "base/secret.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/suite.h"

static bool all_zero(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i])
			return false;
	}
	return true;
}

static void memory_comes_zeroed_aligned_and_in_any_size(void)
{
	static const size_t sizes[] = {0, 1, 32, 4080, 4081, 4096, 100000};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint8_t *secret = secret_new(sizes[i]);

		CU_ASSERT_PTR_NOT_NULL_FATAL(secret);
		CU_ASSERT_EQUAL((uintptr_t)secret % 16, 0);
		CU_ASSERT(all_zero(secret, sizes[i]));
		memset(secret, 0xA5, sizes[i]);
		secret_free(&secret);
		CU_ASSERT_PTR_NULL(secret);
		secret_free(&secret);
	}
	secret_free(NULL);
}

static void a_size_nobody_has_is_refused(void)
{
	CU_ASSERT_PTR_NULL(secret_new(SIZE_MAX));
	CU_ASSERT_PTR_NULL(secret_new(SIZE_MAX / 2));
}

static void a_forked_child_finds_nothing_and_may_free_it(void)
{
	uint8_t *secret = secret_new(64);
	int status = -1;
	pid_t child;

	CU_ASSERT_PTR_NOT_NULL_FATAL(secret);
	memset(secret, 0x5A, 64);
	child = fork();
	if (child == 0) {
		bool wiped = all_zero(secret, 64);

		secret_free(&secret);
		_exit(wiped && !secret ? 0 : 1);
	}
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CU_ASSERT_EQUAL(secret[63], 0x5A);
	secret_free(&secret);
}

static void equality_and_wiping_reach_every_byte(void)
{
	uint8_t a[33], b[33];

	for (size_t i = 0; i < sizeof(a); i++) {
		memset(a, 7, sizeof(a));
		memset(b, 7, sizeof(b));
		CU_ASSERT(secret_equal(a, b, sizeof(a)));
		b[i] ^= 0x80;
		CU_ASSERT_FALSE(secret_equal(a, b, sizeof(a)));
	}
	CU_ASSERT(secret_equal(a, b, 0));
	secret_wipe(a, sizeof(a));
	CU_ASSERT(all_zero(a, sizeof(a)));
}

int main(void)
{
	static CU_TestInfo tests[] = {
		{"memory comes zeroed, aligned and in any size",
		 memory_comes_zeroed_aligned_and_in_any_size},
		{"a size nobody has is refused", a_size_nobody_has_is_refused},
		{"a forked child finds nothing and may free it",
		 a_forked_child_finds_nothing_and_may_free_it},
		{"equality and wiping reach every byte", equality_and_wiping_reach_every_byte},
		CU_TEST_INFO_NULL,
	};
	static CU_SuiteInfo suites[] = {
		{.pName = "secrets", .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("base secret", suites);
}
