/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said at which level, what is kept, and that threads keep their own. */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/suite.h"

/* Runs say with standard error in a file, and gives what it wrote. */
static const char *written(void (*say)(void))
{
	static char text[4096];
	FILE *file = tmpfile();
	int before = dup(STDERR_FILENO);
	size_t n;

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	say();
	fflush(stderr);
	dup2(before, STDERR_FILENO);
	close(before);
	rewind(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = 0;
	fclose(file);
	return text;
}

static void say_all(void)
{
	log_error("an error, %d", 1);
	log_warning("a warning");
	log_info("some news");
	log_debug("a detail");
}

static void each_level_prints_itself_and_what_is_worse(void)
{
	static const struct {
		enum log_level level;
		const char *text;
	} rows[] = {
		{LOG_LEVEL_NONE, ""},
		{LOG_LEVEL_ERROR, "intaglio: an error, 1\n"},
		{LOG_LEVEL_WARNING, "intaglio: an error, 1\nintaglio: a warning\n"},
		{LOG_LEVEL_INFO,
		 "intaglio: an error, 1\nintaglio: a warning\nintaglio: some news\n"},
		{LOG_LEVEL_DEBUG, "intaglio: an error, 1\nintaglio: a warning\n"
				  "intaglio: some news\nintaglio: a detail\n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		log_open(rows[i].level, false);
		CU_ASSERT_STRING_EQUAL(written(say_all), rows[i].text);
	}
	log_open(LOG_LEVEL_NONE, false);
}

static void the_last_error_or_warning_is_kept_even_unprinted(void)
{
	log_open(LOG_LEVEL_NONE, false);
	log_forget();
	CU_ASSERT_STRING_EQUAL(log_last(), "");
	log_info("news");
	CU_ASSERT_STRING_EQUAL(log_last(), "");
	log_error("first");
	log_warning("second");
	log_debug("detail");
	CU_ASSERT_STRING_EQUAL(log_last(), "second");
	log_error("after %s", log_last());
	CU_ASSERT_STRING_EQUAL(log_last(), "after second");
	log_forget();
	CU_ASSERT_STRING_EQUAL(log_last(), "");
}

static void a_long_sentence_is_cut_and_errno_stays(void)
{
	char longest[2000];

	log_open(LOG_LEVEL_NONE, false);
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = 0;
	errno = EPIPE;
	log_error("%s", longest);
	CU_ASSERT_EQUAL(errno, EPIPE);
	CU_ASSERT_EQUAL(strlen(log_last()), 511);
}

static void *speak(void *arg)
{
	bool *quiet = arg;

	*quiet = strcmp(log_last(), "") == 0;
	log_error("theirs");
	return NULL;
}

static void each_thread_keeps_its_own(void)
{
	pthread_t thread;
	bool quiet = false;

	log_open(LOG_LEVEL_NONE, false);
	log_error("ours");
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, speak, &quiet), 0);
	pthread_join(thread, NULL);
	CU_ASSERT(quiet);
	CU_ASSERT_STRING_EQUAL(log_last(), "ours");
}

int main(void)
{
	static CU_TestInfo tests[] = {
		{"each level prints itself and what is worse",
		 each_level_prints_itself_and_what_is_worse},
		{"the last error or warning is kept, even unprinted",
		 the_last_error_or_warning_is_kept_even_unprinted},
		{"a long sentence is cut and errno stays", a_long_sentence_is_cut_and_errno_stays},
		{"each thread keeps its own", each_thread_keeps_its_own},
		CU_TEST_INFO_NULL,
	};
	static CU_SuiteInfo suites[] = {
		{.pName = "log", .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("base log", suites);
}
