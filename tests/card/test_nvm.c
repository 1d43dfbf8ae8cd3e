/* SPDX-License-Identifier: BSD-2-Clause */
/* The card's memory on a real directory: records, leaves, transactions, processes, forks. */
#include "card/nvm.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/card/directory.h"
#include "tests/suite.h"

static const struct nvm_options small = {.segment_size = NVM_SEGMENT_MIN};

static struct nvm *fresh(const char *dir)
{
	struct nvm *nvm = NULL;

	CU_ASSERT_EQUAL(nvm_create(dir, &small), RC_OK);
	CU_ASSERT_EQUAL_FATAL(nvm_open(dir, NULL, &nvm), RC_OK);
	return nvm;
}

static void put_one(struct nvm *nvm, uint32_t id, const char *text)
{
	CU_ASSERT_EQUAL(nvm_begin(nvm), RC_OK);
	nvm_put(nvm, id, view_str(text));
	CU_ASSERT_EQUAL(nvm_commit(nvm, NULL, NULL), RC_OK);
}

static bool holds(struct nvm *nvm, uint32_t id, const char *text)
{
	struct view got;

	if (nvm_get(nvm, id, &got) != RC_OK)
		return text == NULL;
	return text && view_equal(got, view_str(text));
}

static enum rc append_one(struct nvm *nvm, uint32_t series, struct view leaf)
{
	enum rc rc = nvm_begin(nvm);

	if (rc != RC_OK)
		return rc;
	rc = nvm_append(nvm, series, leaf, NULL);
	if (rc != RC_OK) {
		nvm_abort(nvm);
		return rc;
	}
	return nvm_commit(nvm, NULL, NULL);
}

static bool leaf_is(struct nvm *nvm, uint32_t series, uint64_t index, struct view want)
{
	struct buf out;
	bool same;

	buf_init(&out, NVM_LEAF_MAX);
	same = nvm_leaf(nvm, series, index, &out) == RC_OK && view_equal(view_buf(&out), want);
	buf_free(&out);
	return same;
}

static void records_are_there_after_reopening(void)
{
	const char *dir = directory_new();
	struct nvm *nvm = fresh(dir);
	uint32_t id = 0;
	struct view got;

	put_one(nvm, 7, "seven");
	put_one(nvm, 3, "three");
	put_one(nvm, 7, "seven again");
	put_one(nvm, 5, "");
	CU_ASSERT_EQUAL(nvm_begin(nvm), RC_OK);
	nvm_delete(nvm, 3);
	nvm_put(nvm, 9, view_str("nine"));
	CU_ASSERT_TRUE(holds(nvm, 3, "three"));
	CU_ASSERT_TRUE(holds(nvm, 9, NULL));
	CU_ASSERT_EQUAL(nvm_commit(nvm, NULL, NULL), RC_OK);
	for (int round = 0; round < 2; round++) {
		CU_ASSERT_TRUE(holds(nvm, 3, NULL));
		CU_ASSERT_TRUE(holds(nvm, 5, ""));
		CU_ASSERT_TRUE(holds(nvm, 7, "seven again"));
		CU_ASSERT_TRUE(holds(nvm, 9, "nine"));
		CU_ASSERT_EQUAL(nvm_next(nvm, 5, &id, &got), RC_OK);
		CU_ASSERT_EQUAL(id, 7);
		CU_ASSERT_EQUAL(nvm_next(nvm, 9, &id, &got), RC_NOT_FOUND);
		nvm_close(&nvm);
		CU_ASSERT_EQUAL_FATAL(nvm_open(dir, NULL, &nvm), RC_OK);
	}
	nvm_close(&nvm);
	directory_free(&dir);
}

static void what_is_aborted_never_was(void)
{
	const char *dir = directory_new();
	struct nvm *nvm = fresh(dir);

	put_one(nvm, 1, "one");
	CU_ASSERT_EQUAL(nvm_begin(nvm), RC_OK);
	CU_ASSERT_EQUAL(nvm_begin(nvm), RC_STATE);
	nvm_put(nvm, 1, view_str("two"));
	CU_ASSERT_EQUAL(nvm_append(nvm, 4, view_str("leaf"), NULL), RC_OK);
	nvm_abort(nvm);
	CU_ASSERT_EQUAL(nvm_commit(nvm, NULL, NULL), RC_STATE);
	CU_ASSERT_TRUE(holds(nvm, 1, "one"));
	CU_ASSERT_EQUAL(nvm_leaf_count(nvm, 4), 0);
	CU_ASSERT_PTR_NULL(nvm_leaf_range(nvm, 4));
	nvm_close(&nvm);
	directory_free(&dir);
}

static void leaves_are_found_in_every_segment(void)
{
	static uint8_t leaf[9000];
	const char *dir = directory_new();
	struct nvm *nvm = fresh(dir);
	uint8_t root[2][MERKLE_HASH];

	for (uint32_t i = 0; i < 100; i++) {
		leaf[0] = (uint8_t)i;
		CU_ASSERT_EQUAL(append_one(nvm, 1 + i % 3, view_of(leaf, 8000 + i)), RC_OK);
	}
	CU_ASSERT_EQUAL(merkle_root(nvm_leaf_range(nvm, 2), root[0]), RC_OK);
	for (int round = 0; round < 2; round++) {
		CU_ASSERT_EQUAL(nvm_leaf_count(nvm, 1), 34);
		CU_ASSERT_EQUAL(nvm_leaf_count(nvm, 3), 33);
		for (uint32_t i = 100; i-- > 0;) {
			leaf[0] = (uint8_t)i;
			CU_ASSERT_TRUE(leaf_is(nvm, 1 + i % 3, i / 3, view_of(leaf, 8000 + i)));
		}
		CU_ASSERT_FALSE(leaf_is(nvm, 1, 34, view_of(leaf, 1)));
		nvm_close(&nvm);
		CU_ASSERT_EQUAL_FATAL(nvm_open(dir, NULL, &nvm), RC_OK);
	}
	CU_ASSERT_EQUAL(merkle_root(nvm_leaf_range(nvm, 2), root[1]), RC_OK);
	CU_ASSERT_TRUE(view_equal(view_of(root[0], MERKLE_HASH), view_of(root[1], MERKLE_HASH)));
	nvm_close(&nvm);
	directory_free(&dir);
}

static void live_records_move_forward_and_leaves_stay(void)
{
	static uint8_t bytes[20000];
	const char *dir = directory_new();
	struct nvm *nvm = fresh(dir);

	put_one(nvm, 7, "seven");
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 60; i++) {
			CU_ASSERT_EQUAL(nvm_begin(nvm), RC_OK);
			nvm_put(nvm, 1, view_of(bytes, sizeof(bytes)));
			CU_ASSERT_EQUAL(nvm_commit(nvm, NULL, NULL), RC_OK);
		}
		/* The first segment is gone, and the one with the leaf is not. */
		CU_ASSERT_NOT_EQUAL(access(directory_file(dir, "log-00000001"), F_OK), 0);
		if (round == 0)
			CU_ASSERT_EQUAL(append_one(nvm, 1, view_str("leaf")), RC_OK);
	}
	nvm_close(&nvm);
	CU_ASSERT_EQUAL_FATAL(nvm_open(dir, NULL, &nvm), RC_OK);
	CU_ASSERT_TRUE(holds(nvm, 7, "seven"));
	CU_ASSERT_TRUE(leaf_is(nvm, 1, 0, view_str("leaf")));
	nvm_close(&nvm);
	directory_free(&dir);
}

static void more_segments_than_open_files_are_read(void)
{
	static uint8_t leaf[60000];
	const char *dir = directory_new();
	struct nvm *nvm = fresh(dir);

	for (uint32_t i = 0; i < 160; i++) {
		leaf[0] = (uint8_t)i;
		CU_ASSERT_EQUAL(append_one(nvm, 1, view_of(leaf, sizeof(leaf))), RC_OK);
	}
	CU_ASSERT_EQUAL(access(directory_file(dir, "log-00000028"), F_OK), 0);
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 160; i++) {
			leaf[0] = (uint8_t)i;
			CU_ASSERT_TRUE(leaf_is(nvm, 1, i, view_of(leaf, sizeof(leaf))));
		}
		nvm_close(&nvm);
		CU_ASSERT_EQUAL_FATAL(nvm_open(dir, NULL, &nvm), RC_OK);
	}
	nvm_close(&nvm);
	directory_free(&dir);
}

static void a_range_is_known_before_its_commit(void)
{
	const char *dir = directory_new();
	struct nvm *nvm = fresh(dir);
	struct merkle_range range;
	uint8_t root[2][MERKLE_HASH];

	CU_ASSERT_EQUAL(nvm_begin(nvm), RC_OK);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(nvm_append(nvm, 1, view_str("leaf"), &range), RC_OK);
	CU_ASSERT_EQUAL(range.size, 3);
	CU_ASSERT_EQUAL(nvm_leaf_count(nvm, 1), 0);
	CU_ASSERT_EQUAL(nvm_commit(nvm, NULL, NULL), RC_OK);
	CU_ASSERT_EQUAL(merkle_root(&range, root[0]), RC_OK);
	CU_ASSERT_EQUAL(merkle_root(nvm_leaf_range(nvm, 1), root[1]), RC_OK);
	CU_ASSERT_TRUE(view_equal(view_of(root[0], MERKLE_HASH), view_of(root[1], MERKLE_HASH)));
	CU_ASSERT_TRUE(leaf_is(nvm, 1, 2, view_str("leaf")));
	nvm_close(&nvm);
	directory_free(&dir);
}

static void what_is_too_large_fails_the_commit(void)
{
	static uint8_t big[NVM_LEAF_MAX + 1];
	const char *dir = directory_new();
	struct nvm *nvm = fresh(dir);

	CU_ASSERT_EQUAL(nvm_begin(nvm), RC_OK);
	nvm_put(nvm, 1, view_of(big, NVM_RECORD_MAX + 1));
	nvm_put(nvm, 2, view_str("two"));
	CU_ASSERT_EQUAL(nvm_commit(nvm, NULL, NULL), RC_SPACE);
	CU_ASSERT_TRUE(holds(nvm, 2, NULL));
	CU_ASSERT_EQUAL(append_one(nvm, 1, view_of(big, sizeof(big))), RC_SPACE);
	CU_ASSERT_EQUAL(append_one(nvm, 1, view_of(big, NVM_LEAF_MAX)), RC_OK);
	CU_ASSERT_EQUAL(nvm_begin(nvm), RC_OK);
	nvm_put(nvm, 0, view_str("no identifier"));
	CU_ASSERT_EQUAL(nvm_commit(nvm, NULL, NULL), RC_ARGUMENT);
	/* More than a segment in one commit. */
	CU_ASSERT_EQUAL(nvm_begin(nvm), RC_OK);
	for (uint32_t id = 1; id < 6; id++)
		nvm_put(nvm, id, view_of(big, NVM_RECORD_MAX));
	CU_ASSERT_EQUAL(nvm_commit(nvm, NULL, NULL), RC_SPACE);
	put_one(nvm, 2, "two");
	nvm_close(&nvm);
	directory_free(&dir);
}

static void creation_needs_an_empty_directory(void)
{
	const char *dir = directory_new();
	struct nvm *nvm = NULL;
	struct stat st;

	CU_ASSERT_EQUAL(nvm_open(dir, NULL, &nvm), RC_NOT_FOUND);
	CU_ASSERT_EQUAL(nvm_open("/nonexistent", NULL, &nvm), RC_NOT_FOUND);
	CU_ASSERT_EQUAL(nvm_create("/nonexistent", NULL), RC_NOT_FOUND);
	CU_ASSERT_EQUAL(nvm_create(dir, &(struct nvm_options){.segment_size = 4096}), RC_ARGUMENT);
	CU_ASSERT_EQUAL(nvm_create(dir, &small), RC_OK);
	CU_ASSERT_EQUAL(nvm_create(dir, &small), RC_EXISTS);
	CU_ASSERT_EQUAL(stat(dir, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0700);
	CU_ASSERT_EQUAL(stat(directory_file(dir, "storage.key"), &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
	directory_free(&dir);
}

static void a_child_process_gets_nothing(void)
{
	const char *dir = directory_new();
	struct nvm *nvm = fresh(dir);
	struct view got;
	int status = 0;
	pid_t child;

	put_one(nvm, 1, "one");
	CU_ASSERT_EQUAL(nvm_begin(nvm), RC_OK);
	child = fork();
	if (child == 0) {
		bool ok = nvm_get(nvm, 1, &got) == RC_FORKED && nvm_begin(nvm) == RC_FORKED &&
			  nvm_refresh(nvm) == RC_FORKED && nvm_commit(nvm, NULL, NULL) == RC_FORKED;

		nvm_abort(nvm);
		nvm_close(&nvm);
		_exit(ok && !nvm ? 0 : 1);
	}
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	nvm_put(nvm, 1, view_str("two"));
	CU_ASSERT_EQUAL(nvm_commit(nvm, NULL, NULL), RC_OK);
	CU_ASSERT_TRUE(holds(nvm, 1, "two"));
	nvm_close(&nvm);
	directory_free(&dir);
}

static void add_one(void *arg)
{
	++*(int *)arg;
}

static void meanwhile_runs_once_a_commit(void)
{
	const char *dir = directory_new();
	struct nvm *nvm = fresh(dir);
	int runs = 0;

	for (int i = 0; i < 5; i++) {
		CU_ASSERT_EQUAL(nvm_begin(nvm), RC_OK);
		nvm_put(nvm, 1, view_of(&runs, sizeof(runs)));
		CU_ASSERT_EQUAL(nvm_commit(nvm, add_one, &runs), RC_OK);
		CU_ASSERT_EQUAL(runs, i + 1);
	}
	nvm_close(&nvm);
	directory_free(&dir);
}

static void a_second_handle_follows_the_first(void)
{
	const char *dir = directory_new();
	struct nvm *one = fresh(dir);
	struct nvm *two = NULL;

	CU_ASSERT_EQUAL_FATAL(nvm_open(dir, NULL, &two), RC_OK);
	put_one(one, 1, "one");
	CU_ASSERT_TRUE(holds(two, 1, NULL));
	CU_ASSERT_EQUAL(nvm_refresh(two), RC_OK);
	CU_ASSERT_TRUE(holds(two, 1, "one"));
	put_one(one, 1, "two");
	put_one(two, 2, "from the other");
	CU_ASSERT_TRUE(holds(two, 1, "two"));
	CU_ASSERT_EQUAL(nvm_refresh(one), RC_OK);
	CU_ASSERT_TRUE(holds(one, 2, "from the other"));
	nvm_close(&one);
	nvm_close(&two);
	directory_free(&dir);
}

static void a_view_survives_that_its_segments_are_removed(void)
{
	static uint8_t bytes[20000];
	const char *dir = directory_new();
	struct nvm *one = fresh(dir);
	struct nvm *two = NULL;

	CU_ASSERT_EQUAL_FATAL(nvm_open(dir, NULL, &two), RC_OK);
	for (int i = 0; i < 60; i++) {
		bytes[0] = (uint8_t)i;
		CU_ASSERT_EQUAL(nvm_begin(one), RC_OK);
		nvm_put(one, 1, view_of(bytes, sizeof(bytes)));
		CU_ASSERT_EQUAL(nvm_commit(one, NULL, NULL), RC_OK);
	}
	CU_ASSERT_NOT_EQUAL(access(directory_file(dir, "log-00000001"), F_OK), 0);
	CU_ASSERT_EQUAL(nvm_refresh(two), RC_OK);
	put_one(two, 2, "two");
	put_one(one, 3, "three");
	CU_ASSERT_TRUE(holds(one, 2, "two"));
	nvm_close(&one);
	nvm_close(&two);
	directory_free(&dir);
}

static void *begin_and_commit(void *arg)
{
	struct nvm *nvm = arg;

	put_one(nvm, 2, "after the other");
	return NULL;
}

static void a_transaction_waits_for_the_other_process(void)
{
	const char *dir = directory_new();
	struct nvm *one = fresh(dir);
	struct nvm *two = NULL;
	pthread_t thread;

	CU_ASSERT_EQUAL_FATAL(nvm_open(dir, NULL, &two), RC_OK);
	CU_ASSERT_EQUAL(nvm_begin(one), RC_OK);
	nvm_put(one, 1, view_str("first"));
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, begin_and_commit, two), 0);
	usleep(50000);
	CU_ASSERT_EQUAL(nvm_commit(one, NULL, NULL), RC_OK);
	pthread_join(thread, NULL);
	CU_ASSERT_TRUE(holds(two, 1, "first"));
	CU_ASSERT_EQUAL(nvm_refresh(one), RC_OK);
	CU_ASSERT_TRUE(holds(one, 2, "after the other"));
	nvm_close(&one);
	nvm_close(&two);
	directory_free(&dir);
}

static void two_processes_lose_nothing_of_each_other(void)
{
	enum { COMMITS = 300 };
	const char *dir = directory_new();
	struct nvm *nvm = fresh(dir);
	int status = 0;
	pid_t child;

	nvm_close(&nvm);
	child = fork();
	CU_ASSERT_EQUAL_FATAL(nvm_open(dir, NULL, &nvm), RC_OK);
	for (int i = 0; i < COMMITS; i++) {
		uint8_t leaf[3000] = {(uint8_t)(child == 0)};

		if (append_one(nvm, 1, view_of(leaf, sizeof(leaf))) != RC_OK)
			break;
	}
	if (child == 0) {
		uint64_t count = nvm_leaf_count(nvm, 1);

		nvm_close(&nvm);
		_exit(count >= COMMITS ? 0 : 1);
	}
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CU_ASSERT_EQUAL(nvm_refresh(nvm), RC_OK);
	CU_ASSERT_EQUAL(nvm_leaf_count(nvm, 1), 2 * COMMITS);
	nvm_close(&nvm);
	directory_free(&dir);
}

static void secrets_open_only_in_their_place(void)
{
	static const uint8_t wrap[2][32] = {{1}, {2}};
	const char *dir = directory_new();
	struct nvm *nvm = fresh(dir);
	uint8_t array[2][64];
	struct buf sealed;
	struct buf open;

	for (size_t i = 0; i < 2; i++) {
		const uint8_t *key = i ? wrap[0] : NULL;

		buf_fixed(&sealed, array[0], sizeof(array[0]));
		buf_fixed(&open, array[1], sizeof(array[1]));
		CU_ASSERT_EQUAL(nvm_secret_seal(nvm, 5, key, view_str("secret"), &sealed), RC_OK);
		CU_ASSERT_EQUAL(nvm_secret_open(nvm, 6, key, view_buf(&sealed), &open), RC_AUTH);
		CU_ASSERT_EQUAL(nvm_secret_open(nvm, 5, wrap[1], view_buf(&sealed), &open),
				RC_AUTH);
		CU_ASSERT_EQUAL(nvm_secret_open(nvm, 5, key, view_of(sealed.data, sealed.len - 1),
						&open),
				RC_AUTH);
		CU_ASSERT_EQUAL(nvm_secret_open(nvm, 5, key, view_of(sealed.data, 20), &open),
				RC_AUTH);
		CU_ASSERT_EQUAL(open.len, 0);
		for (size_t at = 0; at < sealed.len; at++) {
			sealed.data[at] ^= 1;
			CU_ASSERT_EQUAL(nvm_secret_open(nvm, 5, key, view_buf(&sealed), &open),
					RC_AUTH);
			sealed.data[at] ^= 1;
		}
		CU_ASSERT_EQUAL(nvm_secret_open(nvm, 5, key, view_buf(&sealed), &open), RC_OK);
		CU_ASSERT_TRUE(view_equal(view_buf(&open), view_str("secret")));
	}
	nvm_close(&nvm);
	directory_free(&dir);
}

static void a_key_file_that_others_can_read_is_refused(void)
{
	const char *dir = directory_new();
	struct nvm *nvm = fresh(dir);
	const char *path = directory_file(dir, "storage.key");

	nvm_close(&nvm);
	CU_ASSERT_EQUAL(chmod(path, 0640), 0);
	log_forget();
	CU_ASSERT_EQUAL(nvm_open(dir, NULL, &nvm), RC_POLICY);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "storage.key can be read by others"));
	CU_ASSERT_EQUAL(chmod(path, 0600), 0);
	CU_ASSERT_EQUAL(truncate(path, 31), 0);
	CU_ASSERT_EQUAL(nvm_open(dir, NULL, &nvm), RC_DAMAGED);
	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL(nvm_open(dir, NULL, &nvm), RC_DAMAGED);
	directory_free(&dir);
}

static void a_credential_takes_the_place_of_the_key_file(void)
{
	const char *dir = directory_new();
	const char *credentials = directory_new();
	struct nvm *nvm = NULL;

	directory_write(credentials, "intaglio.storage-key", "0123456789abcdef0123456789abcdef",
			32);
	setenv("CREDENTIALS_DIRECTORY", credentials, 1);
	nvm = fresh(dir);
	CU_ASSERT_NOT_EQUAL(access(directory_file(dir, "storage.key"), F_OK), 0);
	nvm_close(&nvm);
	unsetenv("CREDENTIALS_DIRECTORY");
	CU_ASSERT_EQUAL(nvm_open(dir, NULL, &nvm), RC_DAMAGED);
	directory_free(&dir);
	directory_free(&credentials);
}

static unsigned int segment_files(const char *dir)
{
	unsigned int count = 0;
	char name[16];

	for (unsigned int n = 1; n < 64; n++) {
		snprintf(name, sizeof(name), "log-%08x", n);
		count += access(directory_file(dir, name), F_OK) == 0;
	}
	return count;
}

static void prune(struct nvm *nvm, uint32_t series, uint64_t first, enum rc wanted)
{
	CU_ASSERT_EQUAL(nvm_begin(nvm), RC_OK);
	nvm_prune(nvm, series, first);
	CU_ASSERT_EQUAL(nvm_commit(nvm, NULL, NULL), wanted);
}

static void pruned_leaves_are_gone_and_their_tree_is_not(void)
{
	static uint8_t leaf[9000];
	const char *dir = directory_new();
	struct nvm *nvm = fresh(dir), *other = NULL;
	uint8_t root[2][MERKLE_HASH], hash[MERKLE_HASH];
	unsigned int files;
	struct buf out;

	buf_init(&out, NVM_LEAF_MAX);
	for (uint32_t i = 0; i < 100; i++) {
		leaf[0] = (uint8_t)i;
		CU_ASSERT_EQUAL(append_one(nvm, 1 + i % 2, view_of(leaf, 8000 + i)), RC_OK);
	}
	CU_ASSERT_EQUAL_FATAL(nvm_open(dir, NULL, &other), RC_OK);
	CU_ASSERT_EQUAL(merkle_root(nvm_leaf_range(nvm, 1), root[0]), RC_OK);
	files = segment_files(dir);
	CU_ASSERT_EQUAL(nvm_leaf_first(nvm, 1), 0);
	prune(nvm, 1, 45, RC_OK);
	CU_ASSERT_EQUAL(segment_files(dir), files);
	prune(nvm, 2, 45, RC_OK);
	CU_ASSERT_TRUE(segment_files(dir) < files);
	prune(nvm, 1, 51, RC_ARGUMENT);
	prune(nvm, 1, 44, RC_ARGUMENT);
	prune(nvm, 9, 1, RC_ARGUMENT);
	CU_ASSERT_EQUAL(nvm_refresh(other), RC_OK);
	CU_ASSERT_EQUAL(nvm_leaf_first(other, 1), 45);
	for (int round = 0; round < 3; round++) {
		CU_ASSERT_EQUAL(nvm_leaf_count(nvm, 1), 50);
		CU_ASSERT_EQUAL(nvm_leaf_first(nvm, 1), 45);
		CU_ASSERT_EQUAL(merkle_root(nvm_leaf_range(nvm, 1), root[1]), RC_OK);
		CU_ASSERT_TRUE(
			view_equal(view_of(root[0], MERKLE_HASH), view_of(root[1], MERKLE_HASH)));
		for (uint64_t i = 0; i < 50; i++) {
			leaf[0] = (uint8_t)(2 * i);
			CU_ASSERT_EQUAL(leaf_is(nvm, 1, i, view_of(leaf, 8000 + 2 * i)), i >= 45);
			CU_ASSERT_EQUAL(nvm_leaf_hash(nvm, 1, i, hash), i < 45 ? RC_STATE : RC_OK);
			CU_ASSERT_EQUAL(merkle_leaf_hash(view_of(leaf, 8000 + 2 * i), root[1]),
					RC_OK);
			CU_ASSERT_EQUAL(view_equal(view_of(hash, MERKLE_HASH),
						   view_of(root[1], MERKLE_HASH)),
					i >= 45);
		}
		CU_ASSERT_EQUAL(nvm_leaf(nvm, 1, 50, &out), RC_NOT_FOUND);
		nvm_close(&nvm);
		CU_ASSERT_EQUAL_FATAL(nvm_open(dir, NULL, &nvm), RC_OK);
	}
	/* To its end; what follows stands in the same segment. */
	prune(nvm, 1, 50, RC_OK);
	CU_ASSERT_EQUAL(append_one(nvm, 1, view_str("next")), RC_OK);
	for (int round = 0; round < 2; round++) {
		CU_ASSERT_EQUAL(nvm_leaf(nvm, 1, 49, &out), RC_STATE);
		CU_ASSERT_TRUE(leaf_is(nvm, 1, 50, view_str("next")));
		nvm_close(&nvm);
		CU_ASSERT_EQUAL_FATAL(nvm_open(dir, NULL, &nvm), RC_OK);
	}
	CU_ASSERT_EQUAL(nvm_refresh(other), RC_OK);
	CU_ASSERT_TRUE(leaf_is(other, 1, 50, view_str("next")));
	CU_ASSERT_EQUAL(nvm_begin(nvm), RC_OK);
	nvm_prune(nvm, 1, 51);
	nvm_abort(nvm);
	CU_ASSERT_EQUAL(nvm_leaf_first(nvm, 1), 50);
	buf_free(&out);
	nvm_close(&other);
	nvm_close(&nvm);
	directory_free(&dir);
}

static void a_full_memory_takes_leaves_again_when_it_was_pruned(void)
{
	static uint8_t leaf[9000];
	struct nvm_options options = {.segment_size = NVM_SEGMENT_MIN,
				      .capacity = 5 * NVM_SEGMENT_MIN};
	const char *dir = directory_new();
	struct nvm *nvm = NULL;
	uint64_t count, total, before, after;
	enum rc rc;

	CU_ASSERT_EQUAL(nvm_create(dir, &options), RC_OK);
	CU_ASSERT_EQUAL_FATAL(nvm_open(dir, NULL, &nvm), RC_OK);
	while ((rc = append_one(nvm, 1, view_of(leaf, sizeof(leaf)))) == RC_OK)
		;
	CU_ASSERT_EQUAL(rc, RC_FULL);
	count = nvm_leaf_count(nvm, 1);
	nvm_space(nvm, &total, &before);
	CU_ASSERT_EQUAL(nvm_begin(nvm), RC_OK);
	nvm_put(nvm, 77, view_str("a record that is new"));
	nvm_prune(nvm, 1, count - 1);
	CU_ASSERT_EQUAL(nvm_commit(nvm, NULL, NULL), RC_OK);
	nvm_space(nvm, &total, &after);
	CU_ASSERT_TRUE(after >= before + NVM_SEGMENT_MIN);
	for (int i = 0; i < 30; i++)
		CU_ASSERT_EQUAL(append_one(nvm, 1, view_of(leaf, sizeof(leaf))), RC_OK);
	CU_ASSERT_EQUAL(nvm_leaf_count(nvm, 1), count + 30);
	nvm_close(&nvm);
	directory_free(&dir);
}

static CU_TestInfo tests[] = {
	{"pruned leaves are gone and their tree is not",
	 pruned_leaves_are_gone_and_their_tree_is_not},
	{"a full memory takes leaves again when it was pruned",
	 a_full_memory_takes_leaves_again_when_it_was_pruned},
	{"records are there after reopening", records_are_there_after_reopening},
	{"what is aborted never was", what_is_aborted_never_was},
	{"leaves are found in every segment", leaves_are_found_in_every_segment},
	{"live records move forward and leaves stay", live_records_move_forward_and_leaves_stay},
	{"more segments than open files are read", more_segments_than_open_files_are_read},
	{"a range is known before its commit", a_range_is_known_before_its_commit},
	{"what is too large fails the commit", what_is_too_large_fails_the_commit},
	{"creation needs an empty directory", creation_needs_an_empty_directory},
	{"a child process gets nothing", a_child_process_gets_nothing},
	{"meanwhile runs once a commit", meanwhile_runs_once_a_commit},
	CU_TEST_INFO_NULL,
};

static CU_TestInfo process_tests[] = {
	{"a second handle follows the first", a_second_handle_follows_the_first},
	{"a view survives that its segments are removed",
	 a_view_survives_that_its_segments_are_removed},
	{"a transaction waits for the other process", a_transaction_waits_for_the_other_process},
	{"two processes lose nothing of each other", two_processes_lose_nothing_of_each_other},
	CU_TEST_INFO_NULL,
};

static CU_TestInfo secret_tests[] = {
	{"secrets open only in their place", secrets_open_only_in_their_place},
	{"a key file that others can read is refused", a_key_file_that_others_can_read_is_refused},
	{"a credential takes the place of the key file",
	 a_credential_takes_the_place_of_the_key_file},
	CU_TEST_INFO_NULL,
};

int main(void)
{
	CU_SuiteInfo suites[] = {
		{.pName = "records and leaves", .pTests = tests},
		{.pName = "processes", .pTests = process_tests},
		{.pName = "secrets", .pTests = secret_tests},
		CU_SUITE_INFO_NULL,
	};

	log_open(LOG_LEVEL_NONE, false);
	return suite_run("nvm", suites);
}
