/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card's memory on a disk that fails: errors of every call, a full disk, a full card, and what
 * other handles see while one writes. Cuts of power are in tests/powercut.c.
 */
#include "card/nvm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "tests/disk.h"
#include "tests/suite.h"

static struct nvm_options options_on(struct disk *disk, uint64_t capacity)
{
	return (struct nvm_options){
		.segment_size = NVM_SEGMENT_MIN, .capacity = capacity, .io = disk_io(disk)};
}

static struct nvm *fresh(struct disk *disk, uint64_t capacity)
{
	struct nvm_options options = options_on(disk, capacity);
	struct nvm *nvm = NULL;

	CU_ASSERT_EQUAL(nvm_create("disk", &options), RC_OK);
	CU_ASSERT_EQUAL_FATAL(nvm_open("disk", &options, &nvm), RC_OK);
	return nvm;
}

static struct nvm *reopened(struct disk *disk)
{
	struct nvm_options options = options_on(disk, 0);
	struct nvm *nvm = NULL;

	CU_ASSERT_EQUAL(nvm_open("disk", &options, &nvm), RC_OK);
	return nvm;
}

static enum rc put(struct nvm *nvm, uint32_t id, size_t length, uint32_t value)
{
	uint8_t *bytes = calloc(1, length + sizeof(value));
	enum rc rc = nvm_begin(nvm);

	memcpy(bytes, &value, sizeof(value));
	if (rc == RC_OK) {
		nvm_put(nvm, id, view_of(bytes, length + sizeof(value)));
		rc = nvm_commit(nvm, NULL, NULL);
	}
	free(bytes);
	return rc;
}

static enum rc append(struct nvm *nvm, size_t length)
{
	uint8_t *bytes = calloc(1, length);
	enum rc rc = nvm_begin(nvm);

	if (rc == RC_OK) {
		CU_ASSERT_EQUAL(nvm_append(nvm, 1, view_of(bytes, length), NULL), RC_OK);
		rc = nvm_commit(nvm, NULL, NULL);
	}
	free(bytes);
	return rc;
}

static enum rc delete_record(struct nvm *nvm, uint32_t id)
{
	enum rc rc = nvm_begin(nvm);

	if (rc != RC_OK)
		return rc;
	nvm_delete(nvm, id);
	return nvm_commit(nvm, NULL, NULL);
}

/* The number that was put, UINT32_MAX if there is none. */
static uint32_t value_of(struct nvm *nvm, uint32_t id)
{
	uint32_t value = UINT32_MAX;
	struct view got;

	if (nvm_get(nvm, id, &got) == RC_OK)
		memcpy(&value, got.data, sizeof(value));
	return value;
}

/* Puts numbers into record 1 until a call fails or there were enough; the last one acknowledged. */
static uint32_t put_until_failure(struct nvm *nvm, enum rc *ret)
{
	uint32_t n = 0;

	do {
		*ret = put(nvm, 1, 15000, ++n);
	} while (*ret == RC_OK && n < 40);
	return *ret == RC_OK ? n : n - 1;
}

static void every_failing_call_stops_the_handle_and_loses_nothing(void)
{
	unsigned long calls;
	unsigned long failed = 0;

	for (calls = 0; calls < 1000; calls++) {
		struct disk *disk = disk_new();
		struct nvm *nvm = fresh(disk, 0);
		struct nvm *next;
		struct disk *cut;
		unsigned long before = disk_calls(disk);
		uint32_t acknowledged;
		uint32_t seen;
		enum rc rc;

		disk_fail(disk, calls, EIO);
		acknowledged = put_until_failure(nvm, &rc);
		if (rc == RC_OK) {
			/* What cannot be removed is no failure; but if no call failed, it is over. */
			bool over = disk_calls(disk) - before <= calls;

			nvm_close(&nvm);
			disk_free(&disk);
			if (over)
				break;
			continue;
		}
		failed++;
		CU_ASSERT_EQUAL(rc, RC_IO);
		CU_ASSERT_EQUAL(nvm_begin(nvm), RC_IO);
		CU_ASSERT_EQUAL(nvm_refresh(nvm), RC_IO);
		CU_ASSERT_EQUAL(value_of(nvm, 1), UINT32_MAX);
		nvm_close(&nvm);
		/* Whatever the next one sees, the platter has. */
		next = reopened(disk);
		seen = value_of(next, 1);
		CU_ASSERT_TRUE(seen == acknowledged || seen == acknowledged + 1 ||
			       (acknowledged == 0 && seen == UINT32_MAX));
		CU_ASSERT_EQUAL(put(next, 2, 1, 5), RC_OK);
		nvm_close(&next);
		cut = disk_cut(disk, NULL);
		next = reopened(cut);
		CU_ASSERT_EQUAL(value_of(next, 1), seen);
		CU_ASSERT_EQUAL(value_of(next, 2), 5);
		nvm_close(&next);
		disk_free(&cut);
		disk_free(&disk);
	}
	CU_ASSERT_TRUE(failed > 120);
	CU_ASSERT_TRUE(calls < 1000);
}

static struct {
	struct disk *disk;
	uint32_t expected;
} cut_after_failure;

static void look_after(struct disk *disk, const uint8_t *survives)
{
	struct disk *cut = disk_cut(disk, survives);
	struct nvm *nvm = reopened(cut);

	CU_ASSERT_TRUE(nvm && value_of(nvm, 1) >= cut_after_failure.expected);
	nvm_close(&nvm);
	disk_free(&cut);
}

static void cut_and_look(void *arg)
{
	uint8_t survives[2048];
	size_t pending = disk_pending(arg);

	CU_ASSERT_TRUE_FATAL(pending <= sizeof(survives));
	look_after(arg, NULL);
	for (size_t turn = 0; turn < 2 && pending > 1; turn++) {
		for (size_t i = 0; i < pending; i++)
			survives[i] = i % 2 == turn;
		look_after(arg, survives);
	}
}

/* A checkpoint or a name may be in the cache and look good, but the platter does not have it. */
static void what_did_not_reach_the_disk_is_not_built_on(void)
{
	for (unsigned long calls = 36; calls < 130; calls++) {
		struct disk *disk = disk_new();
		struct nvm *nvm = fresh(disk, 0);
		enum rc rc;

		/* So many that a checkpoint takes several sectors. */
		CU_ASSERT_EQUAL(nvm_begin(nvm), RC_OK);
		for (uint32_t id = 10; id < 40; id++)
			nvm_put(nvm, id, view_str("small"));
		CU_ASSERT_EQUAL(nvm_commit(nvm, NULL, NULL), RC_OK);
		disk_fail(disk, calls, EIO);
		cut_after_failure.expected = put_until_failure(nvm, &rc);
		nvm_close(&nvm);
		disk_watch(disk, cut_and_look, disk);
		nvm = reopened(disk);
		for (uint32_t n = 1; n < 6; n++)
			CU_ASSERT_EQUAL(put(nvm, 1, 15000, 100 + n), RC_OK);
		disk_watch(disk, NULL, NULL);
		nvm_close(&nvm);
		disk_free(&disk);
	}
}

static void a_full_disk_stops_growth_only(void)
{
	struct disk *disk = disk_new();
	struct nvm *nvm = fresh(disk, 0);
	uint64_t total;
	uint64_t left;
	uint64_t count;
	enum rc rc;

	disk_limit(disk, 3 * NVM_SEGMENT_MIN + 20000);
	CU_ASSERT_EQUAL(put(nvm, 1, 10, 1), RC_OK);
	CU_ASSERT_EQUAL(put(nvm, 2, 3000, 2), RC_OK);
	do {
		rc = append(nvm, 2000);
	} while (rc == RC_OK);
	CU_ASSERT_EQUAL(rc, RC_FULL);
	count = nvm_leaf_count(nvm, 1);
	CU_ASSERT_TRUE(count > 300);
	nvm_space(nvm, &total, &left);
	CU_ASSERT_TRUE(left < 4000);
	do {
		rc = append(nvm, 1);
	} while (rc == RC_OK);
	count = nvm_leaf_count(nvm, 1);
	CU_ASSERT_EQUAL(put(nvm, 3, 10, 1), RC_FULL);
	for (uint32_t n = 0; n < 100; n++)
		CU_ASSERT_EQUAL(put(nvm, 1, 10, n), RC_OK);
	CU_ASSERT_EQUAL(delete_record(nvm, 2), RC_OK);
	CU_ASSERT_EQUAL(append(nvm, 2000), RC_FULL);
	nvm_close(&nvm);
	nvm = reopened(disk);
	CU_ASSERT_EQUAL(value_of(nvm, 1), 99);
	CU_ASSERT_EQUAL(value_of(nvm, 2), UINT32_MAX);
	CU_ASSERT_EQUAL(nvm_leaf_count(nvm, 1), count);
	disk_limit(disk, 0);
	CU_ASSERT_EQUAL(append(nvm, 2000), RC_OK);
	nvm_close(&nvm);
	disk_free(&disk);
}

static void a_full_card_still_counts_and_deletes(void)
{
	struct disk *disk = disk_new();
	struct nvm *nvm = fresh(disk, 6 * NVM_SEGMENT_MIN);
	uint64_t total;
	uint64_t left;
	enum rc rc;

	CU_ASSERT_EQUAL(put(nvm, 1, 10, 1), RC_OK);
	CU_ASSERT_EQUAL(put(nvm, 2, 3000, 2), RC_OK);
	do {
		rc = append(nvm, 5000);
	} while (rc == RC_OK);
	CU_ASSERT_EQUAL(rc, RC_FULL);
	nvm_space(nvm, &total, &left);
	CU_ASSERT_TRUE(total > 1000000 && total < 6 * NVM_SEGMENT_MIN);
	CU_ASSERT_TRUE(left < 6000);
	/* Many times more than what is kept free, so that room has to be made again and again. */
	for (uint32_t n = 0; n < 3000; n++)
		CU_ASSERT_EQUAL_FATAL(put(nvm, 1, 1000, n), RC_OK);
	CU_ASSERT_EQUAL(append(nvm, 5000), RC_FULL);
	CU_ASSERT_EQUAL(put(nvm, 3, 10, 1), RC_FULL);
	CU_ASSERT_EQUAL(delete_record(nvm, 2), RC_OK);
	nvm_close(&nvm);
	nvm = reopened(disk);
	CU_ASSERT_EQUAL(value_of(nvm, 1), 2999);
	nvm_close(&nvm);
	disk_free(&disk);
}

static void records_that_are_deleted_give_their_room_back(void)
{
	struct disk *disk = disk_new();
	struct nvm *nvm = fresh(disk, 4 * NVM_SEGMENT_MIN);
	uint32_t count = 0;

	for (int round = 0; round < 3; round++) {
		uint32_t fitted = 0;

		while (put(nvm, 1 + fitted, 8000, fitted) == RC_OK)
			fitted++;
		CU_ASSERT_TRUE(fitted > 30);
		CU_ASSERT_TRUE(round == 0 || fitted + 8 > count);
		count = fitted;
		for (uint32_t id = 1; id <= fitted; id++)
			CU_ASSERT_EQUAL(delete_record(nvm, id), RC_OK);
	}
	nvm_close(&nvm);
	disk_free(&disk);
}

static struct {
	struct nvm *reader;
	uint32_t last;
} following;

static void follow(void *arg)
{
	uint32_t value;

	(void)arg;
	CU_ASSERT_EQUAL(nvm_refresh(following.reader), RC_OK);
	value = value_of(following.reader, 1);
	CU_ASSERT_TRUE(value == following.last || value == following.last + 1);
	following.last = value;
}

static void a_reader_never_takes_half_a_commit_for_damage(void)
{
	struct disk *disk = disk_new();
	struct nvm *nvm = fresh(disk, 0);

	CU_ASSERT_EQUAL(put(nvm, 1, 15000, 0), RC_OK);
	following.reader = reopened(disk);
	following.last = 0;
	disk_watch(disk, follow, NULL);
	for (uint32_t n = 1; n < 100; n++)
		CU_ASSERT_EQUAL(put(nvm, 1, 15000, n), RC_OK);
	disk_watch(disk, NULL, NULL);
	CU_ASSERT_TRUE(following.last >= 98);
	nvm_close(&following.reader);
	nvm_close(&nvm);
	disk_free(&disk);
}

static void creation_on_a_full_disk_fails_and_can_be_repeated(void)
{
	struct disk *disk = disk_new();
	struct nvm_options options = options_on(disk, 0);
	struct nvm *nvm = NULL;

	disk_limit(disk, NVM_SEGMENT_MIN / 2);
	CU_ASSERT_EQUAL(nvm_create("disk", &options), RC_FULL);
	CU_ASSERT_EQUAL(nvm_open("disk", &options, &nvm), RC_NOT_FOUND);
	disk_limit(disk, 0);
	CU_ASSERT_EQUAL(nvm_create("disk", &options), RC_OK);
	CU_ASSERT_EQUAL(nvm_open("disk", &options, &nvm), RC_OK);
	nvm_close(&nvm);
	disk_free(&disk);
}

static CU_TestInfo tests[] = {
	{"every failing call stops the handle and loses nothing",
	 every_failing_call_stops_the_handle_and_loses_nothing},
	{"what did not reach the disk is not built on",
	 what_did_not_reach_the_disk_is_not_built_on},
	{"a full disk stops growth only", a_full_disk_stops_growth_only},
	{"a full card still counts and deletes", a_full_card_still_counts_and_deletes},
	{"records that are deleted give their room back",
	 records_that_are_deleted_give_their_room_back},
	{"a reader never takes half a commit for damage",
	 a_reader_never_takes_half_a_commit_for_damage},
	{"creation on a full disk fails and can be repeated",
	 creation_on_a_full_disk_fails_and_can_be_repeated},
	CU_TEST_INFO_NULL,
};

int main(void)
{
	CU_SuiteInfo suites[] = {
		{.pName = "failing disk", .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	log_open(LOG_LEVEL_NONE, false);
	return suite_run("nvm_disk", suites);
}
