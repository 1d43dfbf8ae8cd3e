/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * First use of an embedded card: complete or not there at all, once however many ask, and leftovers
 * of an interrupted one removed.
 */
#include "token/provision.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sc/connection.h"
#include "sc/transport_embedded.h"
#include "tests/suite.h"
#include "token/files.h"

static char root[] = "/tmp/intaglio-provision-XXXXXX";
static char cards[64];
static char synced[1024];

/* Stands before the C library's for this program, and notes what was synced. */
int fsync(int fd)
{
	char link[64], path[256];
	size_t used = strlen(synced);
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path));
	if (n > 0)
		snprintf(synced + used, sizeof(synced) - used, "%.*s\n", (int)n, path);
	return (int)syscall(SYS_fsync, fd);
}

static int set_up(void)
{
	log_open(LOG_LEVEL_ERROR, false);
	if (!mkdtemp(root))
		return 1;
	snprintf(cards, sizeof(cards), "%s/a/cards", root);
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

static mode_t mode_of(const char *name)
{
	struct stat st;

	return stat(in_cards(name), &st) == 0 ? st.st_mode & 0777 : 0;
}

static void a_card_is_made_with_keys_that_only_its_owner_reads(void)
{
	struct config config = {0};

	CU_ASSERT_EQUAL_FATAL(provision(cards, "one", &config), RC_OK);
	CU_ASSERT_EQUAL(mode_of("one"), 0700);
	CU_ASSERT_EQUAL(mode_of("one/host/host.key"), 0600);
	CU_ASSERT_EQUAL(mode_of("one/host/authority.key"), 0600);
	CU_ASSERT_TRUE(mode_of("one/host/host.cvc") != 0);
	CU_ASSERT_EQUAL(mode_of("one/host/host-02.key"), 0);
}

static void the_host_s_certificate_has_all_roles_under_the_authority(void)
{
	struct identity *identity = NULL;
	const struct identity_key *key;

	CU_ASSERT_EQUAL_FATAL(identity_load(in_cards("one/host"), NULL, &identity), RC_OK);
	key = identity_find(identity, SUITE_42);
	CU_ASSERT_PTR_NOT_NULL_FATAL(key);
	CU_ASSERT_EQUAL(key->certificate.roles, ROLE_ALL);
	CU_ASSERT_EQUAL(key->certificate.type, CVC_TERMINAL);
	CU_ASSERT_FALSE(identity_has_links(identity));
	CU_ASSERT_PTR_NOT_NULL(identity_card(identity));
	CU_ASSERT_PTR_NULL(identity_find(identity, SUITE_02));
	identity_free(&identity);
}

/* A channel to a card with its own identity; RC_OK if both accept each other. */
static enum rc connect_as(const char *host, const char *card, const struct policy *policy,
			  uint8_t *ret_suite)
{
	struct identity *identity = NULL;
	struct transport *transport = NULL;
	struct sc *sc = NULL;
	enum rc rc = identity_load(in_cards(host), NULL, &identity);

	if (rc == RC_OK)
		rc = transport_embedded_open(in_cards(card), &transport);
	if (rc == RC_OK)
		rc = sc_open(&transport, identity, policy, &sc);
	if (rc == RC_OK)
		rc = sc_connect(sc);
	if (rc == RC_OK)
		*ret_suite = sc_suite(sc);
	sc_close(&sc);
	transport_close(&transport);
	identity_free(&identity);
	return rc;
}

static void a_channel_opens_with_the_card_that_was_made(void)
{
	uint8_t suite = 0;

	CU_ASSERT_EQUAL(connect_as("one/host", "one/card", NULL, &suite), RC_OK);
	CU_ASSERT_EQUAL(suite, SUITE_42);
}

static void no_channel_opens_with_another_card(void)
{
	struct config config = {0};
	uint8_t suite = 0;

	CU_ASSERT_EQUAL_FATAL(provision(cards, "two", &config), RC_OK);
	log_open(LOG_LEVEL_NONE, false);
	CU_ASSERT_NOT_EQUAL(connect_as("one/host", "two/card", NULL, &suite), RC_OK);
	log_open(LOG_LEVEL_ERROR, false);
}

static void old_suites_get_key_pairs_of_their_own_when_settings_ask(void)
{
	struct config config = {.make_02 = true, .make_01 = true};
	struct policy_card row = {.suite = SUITE_02, .level = LEVEL_ALL, .card_key = {2, 1}};
	struct policy policy = {&row, 1};
	struct identity *identity = NULL;
	uint8_t suite = 0;

	CU_ASSERT_EQUAL_FATAL(provision(cards, "old", &config), RC_OK);
	CU_ASSERT_EQUAL_FATAL(identity_load(in_cards("old/host"), NULL, &identity), RC_OK);
	CU_ASSERT_PTR_NOT_NULL(identity_find(identity, SUITE_02));
	memcpy(row.id, identity_card(identity), CVC_ID);
	identity_free(&identity);
	CU_ASSERT_EQUAL(connect_as("old/host", "old/card", NULL, &suite), RC_OK);
	CU_ASSERT_EQUAL(suite, SUITE_42);
	CU_ASSERT_EQUAL(connect_as("old/host", "old/card", &policy, &suite), RC_OK);
	CU_ASSERT_EQUAL(suite, SUITE_02);
	row.suite = SUITE_01;
	row.card_key = (struct policy_reference){3, 1};
	CU_ASSERT_EQUAL(connect_as("old/host", "old/card", &policy, &suite), RC_OK);
	CU_ASSERT_EQUAL(suite, SUITE_01);
}

static void a_card_that_is_there_is_left_alone(void)
{
	struct config config = {0};
	struct stat before, after;

	CU_ASSERT_EQUAL(stat(in_cards("one/host/host.key"), &before), 0);
	CU_ASSERT_EQUAL(provision(cards, "one", &config), RC_OK);
	CU_ASSERT_EQUAL(stat(in_cards("one/host/host.key"), &after), 0);
	CU_ASSERT_EQUAL(before.st_ino, after.st_ino);
}

static void what_an_interrupted_first_use_left_is_removed(void)
{
	struct config config = {0};

	CU_ASSERT_EQUAL(mkdir(in_cards(".three.ABCDEF"), 0700), 0);
	CU_ASSERT_EQUAL(mkdir(in_cards(".three.ABCDEF/host"), 0700), 0);
	CU_ASSERT_EQUAL(mkdir(in_cards(".three.ABCDEF/.unfinished"), 0700), 0);
	CU_ASSERT_EQUAL(mkdir(in_cards(".three.GHIJKL"), 0700), 0);
	CU_ASSERT_EQUAL(provision(cards, "three", &config), RC_OK);
	CU_ASSERT_EQUAL(access(in_cards(".three.ABCDEF"), F_OK), -1);
	CU_ASSERT_EQUAL(access(in_cards(".three.GHIJKL"), F_OK), -1);
	CU_ASSERT_EQUAL(access(in_cards("three/card"), F_OK), 0);
	CU_ASSERT_EQUAL(access(in_cards("three/.unfinished"), F_OK), -1);
}

/* However it is named: what its owner put aside, and what only looks unfinished. */
static void a_card_that_was_put_aside_stays(void)
{
	static const char *const names[] = {".one.backup", ".backup", ".one.backups",
					    ".one.old-01"};
	struct config config = {0};
	char from[256], key[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(from, sizeof(from), "%s", in_cards("one"));
		CU_ASSERT_EQUAL(rename(from, in_cards(names[i])), 0);
		CU_ASSERT_EQUAL_FATAL(provision(cards, "one", &config), RC_OK);
		snprintf(key, sizeof(key), "%s/host/host.key", names[i]);
		CU_ASSERT_EQUAL(access(in_cards(key), F_OK), 0);
	}
	CU_ASSERT_EQUAL(mkdir(in_cards(".notes"), 0700), 0);
	CU_ASSERT_EQUAL(mkdir(in_cards(".notes/.unfinished"), 0700), 0);
	CU_ASSERT_EQUAL(provision(cards, "four", &config), RC_OK);
	CU_ASSERT_EQUAL(access(in_cards(".notes"), F_OK), 0);
}

static void every_directory_on_the_way_is_made_durable(void)
{
	char dir[128], path[256];

	snprintf(dir, sizeof(dir), "%s/durable/x/y", root);
	synced[0] = '\0';
	CU_ASSERT_EQUAL(files_make_directories(dir), RC_OK);
	snprintf(path, sizeof(path), "%s\n%s/durable\n%s/durable/x\n", root, root, root);
	CU_ASSERT_STRING_EQUAL(synced, path);
	synced[0] = '\0';
	CU_ASSERT_EQUAL(files_make_directories(dir), RC_OK);
	CU_ASSERT_STRING_EQUAL(synced, "");
}

static void an_empty_directory_becomes_a_card(void)
{
	struct config config = {0};

	CU_ASSERT_EQUAL(mkdir(in_cards("empty"), 0700), 0);
	CU_ASSERT_EQUAL(provision(cards, "empty", &config), RC_OK);
	CU_ASSERT_EQUAL(access(in_cards("empty/host/host.key"), F_OK), 0);
}

static void of_four_processes_one_makes_the_card(void)
{
	struct config config = {0};
	pid_t children[4];
	uint8_t suite = 0;
	int status, good = 0;

	for (size_t i = 0; i < 4; i++) {
		children[i] = fork();
		if (children[i] == 0)
			_exit(provision(cards, "race", &config) == RC_OK ? 0 : 1);
	}
	for (size_t i = 0; i < 4; i++)
		if (waitpid(children[i], &status, 0) == children[i] && WIFEXITED(status) &&
		    WEXITSTATUS(status) == 0)
			good++;
	CU_ASSERT_EQUAL(good, 4);
	CU_ASSERT_EQUAL(connect_as("race/host", "race/card", NULL, &suite), RC_OK);
}

static void a_place_that_cannot_be_written_is_said(void)
{
	struct config config = {0};

	log_open(LOG_LEVEL_NONE, false);
	log_forget();
	CU_ASSERT_EQUAL(provision("/proc/nowhere/cards", "x", &config), RC_IO);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "/proc/nowhere"));
	log_open(LOG_LEVEL_ERROR, false);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"a_card_is_made_with_keys_that_only_its_owner_reads",
		 a_card_is_made_with_keys_that_only_its_owner_reads},
		{"the_host_s_certificate_has_all_roles_under_the_authority",
		 the_host_s_certificate_has_all_roles_under_the_authority},
		{"a_channel_opens_with_the_card_that_was_made",
		 a_channel_opens_with_the_card_that_was_made},
		{"no_channel_opens_with_another_card", no_channel_opens_with_another_card},
		{"old_suites_get_key_pairs_of_their_own_when_settings_ask",
		 old_suites_get_key_pairs_of_their_own_when_settings_ask},
		{"a_card_that_is_there_is_left_alone", a_card_that_is_there_is_left_alone},
		{"what_an_interrupted_first_use_left_is_removed",
		 what_an_interrupted_first_use_left_is_removed},
		{"a_card_that_was_put_aside_stays", a_card_that_was_put_aside_stays},
		{"every_directory_on_the_way_is_made_durable",
		 every_directory_on_the_way_is_made_durable},
		{"an_empty_directory_becomes_a_card", an_empty_directory_becomes_a_card},
		{"of_four_processes_one_makes_the_card", of_four_processes_one_makes_the_card},
		{"a_place_that_cannot_be_written_is_said", a_place_that_cannot_be_written_is_said},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "provision",
		 .pInitFunc = set_up,
		 .pCleanupFunc = tear_down,
		 .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("provision", suites);
}
