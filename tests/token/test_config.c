/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings: what each key does, and that a line that cannot be used is named and left out. */
#include "token/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/suite.h"

static char path[] = "/tmp/intaglio-config-XXXXXX";

static int set_up(void)
{
	int fd = mkstemp(path);

	log_open(LOG_LEVEL_NONE, false);
	setenv("XDG_DATA_HOME", "/somewhere/data", 1);
	return fd < 0 || close(fd) != 0;
}

static int tear_down(void)
{
	return unlink(path);
}

static struct config *load(const char *text)
{
	struct config *config = NULL;
	FILE *file = fopen(path, "we");

	log_forget();
	if (!file || fputs(text, file) == EOF || fclose(file) != 0)
		return NULL;
	CU_ASSERT_EQUAL(config_load_file(path, &config), RC_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(config);
	return config;
}

static void an_empty_file_gives_the_defaults(void)
{
	struct config *config = load("");

	CU_ASSERT_EQUAL(config->log_level, LOG_LEVEL_WARNING);
	CU_ASSERT_FALSE(config->log_syslog);
	CU_ASSERT_FALSE(config->make_02);
	CU_ASSERT_EQUAL(config->policy.card_count, 0);
	CU_ASSERT_STRING_EQUAL(config->data, "/somewhere/data/intaglio");
	config_free(&config);
	CU_ASSERT_PTR_NULL(config);
}

static void every_key_is_read(void)
{
	struct config *config = load("# settings\n"
				     "[log]\n level = debug \nsyslog=yes\n\n"
				     "; cards\n[card]\ndata = /elsewhere\nsuites = 42, 02, 01\n"
				     "allow-02 = ABCDEFGH\nallow-02 = 0102030405060708\n");
	static const uint8_t second[] = {1, 2, 3, 4, 5, 6, 7, 8};

	CU_ASSERT_STRING_EQUAL(log_last(), "");
	CU_ASSERT_EQUAL(config->log_level, LOG_LEVEL_DEBUG);
	CU_ASSERT_TRUE(config->log_syslog);
	CU_ASSERT_STRING_EQUAL(config->data, "/elsewhere");
	CU_ASSERT_TRUE(config->make_02);
	CU_ASSERT_TRUE(config->make_01);
	CU_ASSERT_EQUAL_FATAL(config->policy.card_count, 2);
	CU_ASSERT_EQUAL(config->policy.cards[0].suite, SUITE_02);
	CU_ASSERT_TRUE(
		view_equal(view_of(config->policy.cards[0].id, CVC_ID), view_str("ABCDEFGH")));
	CU_ASSERT_TRUE(view_equal(view_of(config->policy.cards[1].id, CVC_ID),
				  view_of(second, sizeof(second))));
	config_free(&config);
}

static void a_card_that_is_not_named_keeps_the_modern_suite(void)
{
	static const uint8_t other[CVC_ID] = {9};
	struct config *config = load("[card]\nallow-02 = ABCDEFGH\n");

	CU_ASSERT_EQUAL(policy_find(&config->policy, other)->suite, SUITE_42);
	CU_ASSERT_EQUAL(policy_find(&config->policy, (const uint8_t *)"ABCDEFGH")->suite, SUITE_02);
	config_free(&config);
}

static void a_section_of_a_card_says_how_it_is_spoken_to(void)
{
	struct config *config =
		load("[policy]\ncards = named\nroles = user, auditor\nsuites = 42 01\n"
		     "[host]\nmodule = /usr/lib/softhsm.so\npassphrase-file = /run/pass\n"
		     "[card ABCDEFGH]\nsuite = 01\nlevel = 13\nnumbering = use\nhost = stored\n"
		     "host-key = 4 1\nkeys = joint\ndek = yes\n"
		     "[card 0102030405060708]\nsuite = 02\ncard-key = 5 2\n"
		     "authentication = external\nlevel = 03\nunauthenticated = yes\n");
	const struct policy *policy = &config->policy;
	const struct policy_card *row = policy_find(policy, (const uint8_t *)"ABCDEFGH");

	CU_ASSERT_STRING_EQUAL(log_last(), "");
	CU_ASSERT_TRUE(policy->named_only);
	CU_ASSERT_EQUAL(policy->suites, POLICY_42 | POLICY_01);
	CU_ASSERT_EQUAL(policy->roles, ROLE_USER | ROLE_AUDITOR);
	CU_ASSERT_PTR_NULL(policy_find(policy, (const uint8_t *)"ABCDEFGX"));
	CU_ASSERT_STRING_EQUAL(config->host_key.module, "/usr/lib/softhsm.so");
	CU_ASSERT_STRING_EQUAL(config->host_key.passphrase_file, "/run/pass");
	CU_ASSERT_EQUAL_FATAL(policy->card_count, 2);
	CU_ASSERT_EQUAL(row->suite, SUITE_01);
	CU_ASSERT_EQUAL(row->level, 0x13);
	CU_ASSERT_EQUAL(row->numbering, POLICY_NUMBERING_SEED);
	CU_ASSERT_TRUE(row->stored_host_key && row->joint_keys && row->dek);
	CU_ASSERT_EQUAL(row->host_key.version, 4);
	CU_ASSERT_EQUAL(row->card_key.version, 3);
	CU_ASSERT_EQUAL(policy_check(row), RC_OK);
	row = policy_find(policy, (const uint8_t *)"\1\2\3\4\5\6\7\x08");
	CU_ASSERT_EQUAL(row->suite, SUITE_02);
	CU_ASSERT_EQUAL(row->card_key.version, 5);
	CU_ASSERT_EQUAL(row->card_key.index, 2);
	CU_ASSERT_TRUE(row->external_only);
	CU_ASSERT_EQUAL(policy_check(row), RC_OK);
	config_free(&config);
}

static void a_bad_line_is_named_with_its_number(void)
{
	static const struct {
		const char *text, *line, *word;
	} rows[] = {
		{"[log]\nlevel = loud\n", "line 2", "level"},
		{"[log]\nlevle = info\n", "line 2", "levle"},
		{"level = info\n", "line 1", "level"},
		{"[log]\n\nsyslog = maybe\n", "line 3", "syslog"},
		{"nonsense\n", "line 1", "key = value"},
		{"[card]\nsuites = 02\n", "line 2", "suites"},
		{"[card]\nsuites = 42 17\n", "line 2", "suites"},
		{"[card]\ndata = relative/path\n", "line 2", "data"},
		{"[card]\nallow-02 = ABCDEFG\n", "line 2", "allow-02"},
		{"[card]\nallow-02 = 010203040506070g\n", "line 2", "allow-02"},
		{"[host]\nmodule = softhsm.so\n", "line 2", "module"},
		{"[policy]\ncards = all\n", "line 2", "cards"},
		{"[policy]\nroles = user admin\n", "line 2", "roles"},
		{"[policy]\nsuites = 42 03\n", "line 2", "suites"},
		{"[policy]\nsuites =\n", "line 2", "suites"},
		{"[card ABCDEFG]\nsuite = 02\n", "line 2", "suite"},
		{"[card ABCDEFGH]\ncolour = red\n", "line 2", "colour"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config *config = load(rows[i].text);

		CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), rows[i].line));
		CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), rows[i].word));
		CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), path));
		CU_ASSERT_EQUAL(config->policy.card_count, 0);
		CU_ASSERT_FALSE(config->make_02);
		config_free(&config);
	}
}

static void a_line_is_read_whole_however_long(void)
{
	static const char head[] = "[card]\ndata = /", tail[] = "\n[log]\nlevel = debug\n";
	char text[sizeof(head) + 3000 + sizeof(tail)];
	struct config *config = NULL;

	snprintf(text, sizeof(text), "%s%03000d%s", head, 0, tail);
	config = load(text);
	CU_ASSERT_EQUAL(strlen(config->data), 3001);
	CU_ASSERT_EQUAL(config->log_level, LOG_LEVEL_DEBUG);
	CU_ASSERT_STRING_EQUAL(log_last(), "");
	config_free(&config);
}

static void a_named_file_that_is_missing_is_an_error(void)
{
	struct config *config = NULL;

	setenv("INTAGLIO_CONF", "/nonexistent/intaglio.conf", 1);
	CU_ASSERT_EQUAL(config_load(&config), RC_IO);
	CU_ASSERT_PTR_NULL(config);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "/nonexistent/intaglio.conf"));
	unsetenv("INTAGLIO_CONF");
}

static void without_a_home_there_is_no_data_directory(void)
{
	struct config *config = NULL;
	char *home = getenv("HOME") ? strdup(getenv("HOME")) : NULL;

	unsetenv("XDG_DATA_HOME");
	unsetenv("HOME");
	CU_ASSERT_EQUAL(config_load_file(NULL, &config), RC_OK);
	CU_ASSERT_PTR_NULL(config->data);
	config_free(&config);
	setenv("HOME", "/homes/one", 1);
	CU_ASSERT_EQUAL(config_load_file(NULL, &config), RC_OK);
	CU_ASSERT_STRING_EQUAL(config->data, "/homes/one/.local/share/intaglio");
	config_free(&config);
	if (home)
		setenv("HOME", home, 1);
	free(home);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"an_empty_file_gives_the_defaults", an_empty_file_gives_the_defaults},
		{"every_key_is_read", every_key_is_read},
		{"a_card_that_is_not_named_keeps_the_modern_suite",
		 a_card_that_is_not_named_keeps_the_modern_suite},
		{"a_bad_line_is_named_with_its_number", a_bad_line_is_named_with_its_number},
		{"a_line_is_read_whole_however_long", a_line_is_read_whole_however_long},
		{"a section of a card says how it is spoken to",
		 a_section_of_a_card_says_how_it_is_spoken_to},
		{"a_named_file_that_is_missing_is_an_error",
		 a_named_file_that_is_missing_is_an_error},
		{"without_a_home_there_is_no_data_directory",
		 without_a_home_there_is_no_data_directory},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "config", .pInitFunc = set_up, .pCleanupFunc = tear_down, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("config", suites);
}
