/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Damage done to the files of a card's memory: what is refused, with which sentence, and what is
 * survived. Each test makes a memory in a directory of its own and edits the files.
 */
#include "card/nvm.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "card/nvm_commit.h"
#include "tests/card/directory.h"
#include "tests/suite.h"

enum { FIRST = NVM_LOG_START };

static const struct nvm_options small = {.segment_size = NVM_SEGMENT_MIN};

static enum rc put_one(struct nvm *nvm, uint32_t id, struct view bytes)
{
	enum rc rc = nvm_begin(nvm);

	if (rc != RC_OK)
		return rc;
	nvm_put(nvm, id, bytes);
	return nvm_commit(nvm, NULL, NULL);
}

/* A memory with records 1 to count, one of 100 bytes a commit: commits are 256 bytes apart. */
static const char *memory(uint32_t count)
{
	const char *dir = directory_new();
	uint8_t bytes[100] = {0};
	struct nvm *nvm = NULL;

	CU_ASSERT_EQUAL_FATAL(nvm_create(dir, &small), RC_OK);
	CU_ASSERT_EQUAL_FATAL(nvm_open(dir, NULL, &nvm), RC_OK);
	for (uint32_t id = 1; id <= count; id++) {
		bytes[0] = (uint8_t)id;
		CU_ASSERT_EQUAL(put_one(nvm, id, view_of(bytes, sizeof(bytes))), RC_OK);
	}
	nvm_close(&nvm);
	return dir;
}

static void flip(const char *dir, const char *name, off_t offset)
{
	int fd = open(directory_file(dir, name), O_RDWR);
	uint8_t byte = 0;

	CU_ASSERT_TRUE_FATAL(fd >= 0 && pread(fd, &byte, 1, offset) == 1);
	byte ^= 0x10;
	CU_ASSERT_EQUAL(pwrite(fd, &byte, 1, offset), 1);
	close(fd);
}

static enum rc opens(const char *dir)
{
	struct nvm *nvm = NULL;
	enum rc rc;

	log_forget();
	rc = nvm_open(dir, NULL, &nvm);
	nvm_close(&nvm);
	return rc;
}

static bool said(const char *text)
{
	return strstr(log_last(), text) != NULL;
}

static uint32_t records(const char *dir)
{
	struct nvm *nvm = NULL;
	struct view got;
	uint32_t count = 0;
	uint32_t id = 0;

	CU_ASSERT_EQUAL_FATAL(nvm_open(dir, NULL, &nvm), RC_OK);
	while (nvm_next(nvm, id, &id, &got) == RC_OK)
		count++;
	nvm_close(&nvm);
	return count;
}

static void every_flipped_byte_before_a_good_commit_is_refused(void)
{
	const char *dir = memory(3);

	/* The second of three: header, item, data; not the zeros that fill it up. */
	for (off_t at = 256; at < 256 + NVM_HEADER + NVM_ITEM + 100; at++) {
		/* Zeros of the header are under its check, too. */
		flip(dir, "log-00000001", FIRST + at);
		CU_ASSERT_EQUAL(opens(dir), RC_DAMAGED);
		CU_ASSERT_TRUE(said("log-00000001 is damaged at offset 4352"));
		CU_ASSERT_TRUE(said("a later one at log-00000001 offset 4608 is good"));
		flip(dir, "log-00000001", FIRST + at);
	}
	CU_ASSERT_EQUAL(records(dir), 3);
	directory_free(&dir);
}

static void a_sector_of_zeros_before_a_good_commit_is_refused(void)
{
	static const uint8_t zeros[512];
	const char *dir = memory(8);
	int fd = open(directory_file(dir, "log-00000001"), O_RDWR);

	CU_ASSERT_EQUAL(pwrite(fd, zeros, sizeof(zeros), FIRST + 512), (ssize_t)sizeof(zeros));
	close(fd);
	CU_ASSERT_EQUAL(opens(dir), RC_DAMAGED);
	unlink(directory_file(dir, "generation"));
	CU_ASSERT_EQUAL(opens(dir), RC_DAMAGED);
	CU_ASSERT_TRUE(said("log-00000001 is damaged at offset 4608"));
	directory_free(&dir);
}

static void a_bad_last_commit_is_dropped_unless_it_was_acknowledged(void)
{
	const char *dir = memory(3);

	flip(dir, "log-00000001", FIRST + 512 + 130);
	CU_ASSERT_EQUAL(opens(dir), RC_DAMAGED);
	CU_ASSERT_TRUE(said("the last good commit is 2, but 3 was acknowledged"));
	/* After a power cut the generation file may be an old one, or none. */
	unlink(directory_file(dir, "generation"));
	CU_ASSERT_EQUAL(records(dir), 2);
	CU_ASSERT_EQUAL(records(dir), 2);
	directory_free(&dir);
}

static void a_segment_that_is_too_short_is_refused(void)
{
	const char *dir = memory(3);

	CU_ASSERT_EQUAL(truncate(directory_file(dir, "log-00000001"), NVM_SEGMENT_MIN - 1), 0);
	CU_ASSERT_EQUAL(opens(dir), RC_DAMAGED);
	CU_ASSERT_TRUE(said("log-00000001 is damaged: it has 262143 bytes and should have 262144"));
	CU_ASSERT_EQUAL(truncate(directory_file(dir, "log-00000001"), 0), 0);
	CU_ASSERT_EQUAL(opens(dir), RC_DAMAGED);
	directory_free(&dir);
}

static void every_flipped_byte_of_a_segments_header_is_refused(void)
{
	const char *dir = memory(1);

	for (off_t at = 0; at < NVM_HEADER; at++) {
		flip(dir, "log-00000001", at);
		CU_ASSERT_EQUAL(opens(dir), RC_DAMAGED);
		CU_ASSERT_TRUE(said("log-00000001 is damaged at offset 0"));
		flip(dir, "log-00000001", at);
	}
	CU_ASSERT_EQUAL(opens(dir), RC_OK);
	directory_free(&dir);
}

/* Leaves of 60000 bytes, four to a segment. */
static const char *long_memory(uint32_t leaves)
{
	static uint8_t leaf[60000];
	const char *dir = memory(2);
	struct nvm *nvm = NULL;

	CU_ASSERT_EQUAL_FATAL(nvm_open(dir, NULL, &nvm), RC_OK);
	for (uint32_t i = 0; i < leaves; i++) {
		CU_ASSERT_EQUAL(nvm_begin(nvm), RC_OK);
		CU_ASSERT_EQUAL(nvm_append(nvm, 1, view_of(leaf, sizeof(leaf)), NULL), RC_OK);
		CU_ASSERT_EQUAL(nvm_commit(nvm, NULL, NULL), RC_OK);
	}
	nvm_close(&nvm);
	return dir;
}

static void every_missing_segment_is_refused(void)
{
	static const char *const names[] = {"log-00000001", "log-00000002", "log-00000003"};

	for (size_t i = 0; i < 3; i++) {
		const char *dir = long_memory(10);

		CU_ASSERT_EQUAL(opens(dir), RC_OK);
		CU_ASSERT_EQUAL(unlink(directory_file(dir, names[i])), 0);
		CU_ASSERT_EQUAL(opens(dir), RC_DAMAGED);
		CU_ASSERT_TRUE(said(names[i]));
		directory_free(&dir);
	}
}

static void a_damaged_leaf_is_noticed_when_it_is_read(void)
{
	const char *dir = long_memory(10);
	struct nvm *nvm = NULL;
	struct buf out;

	buf_init(&out, NVM_LEAF_MAX);
	/* Deep in the second leaf, in a segment that no opening replays. */
	flip(dir, "log-00000001", FIRST + 512 + 60160 + 5000);
	CU_ASSERT_EQUAL_FATAL(nvm_open(dir, NULL, &nvm), RC_OK);
	CU_ASSERT_EQUAL(nvm_leaf(nvm, 1, 0, &out), RC_OK);
	buf_reset(&out);
	CU_ASSERT_EQUAL(nvm_leaf(nvm, 1, 1, &out), RC_DAMAGED);
	CU_ASSERT_EQUAL(out.len, 0);
	CU_ASSERT_TRUE(said("leaf 1 of series 00000001 does not verify"));
	CU_ASSERT_EQUAL(nvm_leaf(nvm, 1, 2, &out), RC_OK);
	nvm_close(&nvm);
	buf_free(&out);
	directory_free(&dir);
}

static void a_damaged_record_before_the_checkpoint_is_refused(void)
{
	const char *dir = long_memory(10);

	flip(dir, "log-00000001", FIRST + NVM_HEADER + NVM_ITEM + 50);
	CU_ASSERT_EQUAL(opens(dir), RC_DAMAGED);
	CU_ASSERT_TRUE(said("log-00000001 is damaged at offset 4216: record 00000001"));
	directory_free(&dir);
}

static void one_bad_checkpoint_of_two_is_survived(void)
{
	const char *dir = long_memory(10);
	struct stat st;

	CU_ASSERT_EQUAL(stat(directory_file(dir, "checkpoint-1"), &st), 0);
	for (int slot = 0; slot < 2; slot++) {
		const char *name = slot ? "checkpoint-1" : "checkpoint-0";

		for (off_t at = 0; at < 60; at++) {
			flip(dir, name, at);
			CU_ASSERT_EQUAL(records(dir), 2);
			flip(dir, name, at);
		}
	}
	CU_ASSERT_EQUAL(truncate(directory_file(dir, "checkpoint-0"), 30), 0);
	CU_ASSERT_EQUAL(opens(dir), RC_OK);
	CU_ASSERT_EQUAL(truncate(directory_file(dir, "checkpoint-1"), 30), 0);
	CU_ASSERT_EQUAL(opens(dir), RC_DAMAGED);
	CU_ASSERT_TRUE(said("neither checkpoint-0 nor checkpoint-1 is good"));
	unlink(directory_file(dir, "checkpoint-0"));
	unlink(directory_file(dir, "checkpoint-1"));
	CU_ASSERT_EQUAL(opens(dir), RC_DAMAGED);
	CU_ASSERT_EQUAL(nvm_create(dir, &small), RC_EXISTS);
	directory_free(&dir);
}

static void what_is_missing_is_said_by_name(void)
{
	const char *dir = memory(3);

	CU_ASSERT_EQUAL(unlink(directory_file(dir, "checkpoint-0")), 0);
	CU_ASSERT_EQUAL(opens(dir), RC_DAMAGED);
	CU_ASSERT_TRUE(said(dir) && said("checkpoint-0"));
	CU_ASSERT_EQUAL(nvm_create(dir, &small), RC_EXISTS);
	CU_ASSERT_EQUAL(unlink(directory_file(dir, "log-00000001")), 0);
	CU_ASSERT_EQUAL(opens(dir), RC_NOT_FOUND);
	CU_ASSERT_TRUE(said(dir) && said("neither a checkpoint nor a log"));
	CU_ASSERT_EQUAL(opens("/nonexistent/card"), RC_NOT_FOUND);
	CU_ASSERT_TRUE(said("/nonexistent/card"));
	directory_free(&dir);
}

static void a_segment_that_is_no_file_is_said_by_name(void)
{
	const char *dir = memory(3);

	CU_ASSERT_EQUAL(unlink(directory_file(dir, "log-00000001")), 0);
	CU_ASSERT_EQUAL(mkdir(directory_file(dir, "log-00000001"), 0700), 0);
	CU_ASSERT_EQUAL(opens(dir), RC_IO);
	CU_ASSERT_TRUE(said(dir) && said("log-00000001"));
	CU_ASSERT_EQUAL(rmdir(directory_file(dir, "log-00000001")), 0);
	directory_free(&dir);
}

static void a_bad_generation_file_harms_nobody(void)
{
	static const char garbage[] = "0123456789abcdef0123456789abcdef";
	const char *dir = memory(3);
	struct nvm *one = NULL;
	struct nvm *two = NULL;
	struct view got;

	CU_ASSERT_EQUAL_FATAL(nvm_open(dir, NULL, &one), RC_OK);
	CU_ASSERT_EQUAL_FATAL(nvm_open(dir, NULL, &two), RC_OK);
	for (uint32_t length = 0; length < sizeof(garbage); length++) {
		directory_write(dir, "generation", garbage, length);
		CU_ASSERT_EQUAL(nvm_refresh(two), RC_OK);
		directory_write(dir, "generation", garbage, length);
		CU_ASSERT_EQUAL(put_one(one, 10 + length, view_str("new")), RC_OK);
		CU_ASSERT_EQUAL(nvm_refresh(two), RC_OK);
		CU_ASSERT_EQUAL(nvm_get(two, 10 + length, &got), RC_OK);
		directory_write(dir, "generation", garbage, length);
		CU_ASSERT_EQUAL(opens(dir), RC_OK);
	}
	nvm_close(&one);
	nvm_close(&two);
	directory_free(&dir);
}

static void what_a_host_stores_cannot_pose_as_a_commit(void)
{
	const char *dir = memory(1);
	static const uint8_t zeros[NVM_HEADER];
	uint8_t bytes[NVM_ALIGN - (NVM_HEADER + NVM_ITEM) % NVM_ALIGN + 256] = {0};
	size_t pad = sizeof(bytes) - 256;
	struct nvm *nvm = NULL;
	struct buf forged;
	int fd = open(directory_file(dir, "log-00000001"), O_RDWR);

	CU_ASSERT_EQUAL_FATAL(nvm_open(dir, NULL, &nvm), RC_OK);
	/* Once a commit with a nonce of zeros and a later number, once a copy of a real one. */
	buf_init(&forged, 4096);
	CU_ASSERT_EQUAL(nvm_commit_build(&forged, zeros, 99, 0, 0, view_of(NULL, 0),
					 view_of(NULL, 0)),
			RC_OK);
	for (int copy = 0; copy < 2; copy++) {
		if (copy) {
			CU_ASSERT_EQUAL(pread(fd, bytes + pad, 256, FIRST), 256);
		} else {
			memcpy(bytes + pad, forged.data, forged.len);
		}
		CU_ASSERT_EQUAL(put_one(nvm, 7, view_of(bytes, sizeof(bytes))), RC_OK);
		/* The header of the commit around it is lost. */
		CU_ASSERT_EQUAL(pwrite(fd, zeros, sizeof(zeros), FIRST + 256), NVM_HEADER);
		nvm_close(&nvm);
		unlink(directory_file(dir, "generation"));
		CU_ASSERT_EQUAL(records(dir), 1);
		CU_ASSERT_EQUAL_FATAL(nvm_open(dir, NULL, &nvm), RC_OK);
	}
	nvm_close(&nvm);
	close(fd);
	buf_free(&forged);
	directory_free(&dir);
}

static void files_behind_symbolic_links_are_not_opened(void)
{
	const char *dir = memory(1);

	CU_ASSERT_EQUAL(
		rename(directory_file(dir, "log-00000001"), directory_file(dir, "elsewhere")), 0);
	CU_ASSERT_EQUAL(symlink("elsewhere", directory_file(dir, "log-00000001")), 0);
	CU_ASSERT_EQUAL(opens(dir), RC_IO);
	directory_free(&dir);
}

static void a_file_in_the_place_of_the_directory_is_said(void)
{
	const char *dir = memory(1);
	struct nvm *nvm = NULL;

	log_forget();
	CU_ASSERT_EQUAL(nvm_open(directory_file(dir, "lock"), NULL, &nvm), RC_IO);
	CU_ASSERT_TRUE(said("the directory cannot be opened"));
	directory_free(&dir);
}

static CU_TestInfo log_tests[] = {
	{"every flipped byte before a good commit is refused",
	 every_flipped_byte_before_a_good_commit_is_refused},
	{"a sector of zeros before a good commit is refused",
	 a_sector_of_zeros_before_a_good_commit_is_refused},
	{"a bad last commit is dropped unless it was acknowledged",
	 a_bad_last_commit_is_dropped_unless_it_was_acknowledged},
	{"a damaged leaf is noticed when it is read", a_damaged_leaf_is_noticed_when_it_is_read},
	{"a damaged record before the checkpoint is refused",
	 a_damaged_record_before_the_checkpoint_is_refused},
	{"what a host stores cannot pose as a commit", what_a_host_stores_cannot_pose_as_a_commit},
	CU_TEST_INFO_NULL,
};

static CU_TestInfo file_tests[] = {
	{"a segment that is too short is refused", a_segment_that_is_too_short_is_refused},
	{"every flipped byte of a segment's header is refused",
	 every_flipped_byte_of_a_segments_header_is_refused},
	{"every missing segment is refused", every_missing_segment_is_refused},
	{"one bad checkpoint of two is survived", one_bad_checkpoint_of_two_is_survived},
	{"what is missing is said by name", what_is_missing_is_said_by_name},
	{"a segment that is no file is said by name", a_segment_that_is_no_file_is_said_by_name},
	{"a bad generation file harms nobody", a_bad_generation_file_harms_nobody},
	{"files behind symbolic links are not opened", files_behind_symbolic_links_are_not_opened},
	{"a file in the place of the directory is said",
	 a_file_in_the_place_of_the_directory_is_said},
	CU_TEST_INFO_NULL,
};

int main(void)
{
	CU_SuiteInfo suites[] = {
		{.pName = "damaged log", .pTests = log_tests},
		{.pName = "damaged files", .pTests = file_tests},
		CU_SUITE_INFO_NULL,
	};

	log_open(LOG_LEVEL_NONE, false);
	return suite_run("nvm_damage", suites);
}
