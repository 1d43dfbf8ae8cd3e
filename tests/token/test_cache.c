/* SPDX-License-Identifier: BSD-2-Clause */
/* The public objects on disk: what is taken from there, and every change that is noticed. */
#include "token/cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/suite.h"
#include "token/files.h"

static char root[] = "/tmp/intaglio-cache-XXXXXX";
static char path[128];
static const char objects[] = "objects as the card renders them";
static struct cache_key key = {.card = {'T', 'E', 'S', 'T', '0', '0', '0', '1'}, .counter = 7};

static int set_up(void)
{
	log_open(LOG_LEVEL_NONE, false);
	if (!mkdtemp(root) || setenv("XDG_CACHE_HOME", root, 1) != 0)
		return 1;
	snprintf(path, sizeof(path), "%s/intaglio/5445535430303031.objects", root);
	return crypto_sha256(view_str(objects), key.digest) != RC_OK;
}

static int tear_down(void)
{
	files_remove_tree(root);
	return 0;
}

static enum rc read_with(const struct cache_key *wanted)
{
	struct buf found;
	enum rc rc;

	buf_init(&found, 4096);
	rc = cache_read(wanted, &found);
	CU_ASSERT_TRUE(view_equal(view_buf(&found), view_str(rc == RC_OK ? objects : "")));
	buf_free(&found);
	return rc;
}

static void what_was_kept_is_read_by_its_key_alone(void)
{
	struct cache_key other = key;

	CU_ASSERT_EQUAL(read_with(&key), RC_NOT_FOUND);
	cache_write(&key, view_str(objects));
	CU_ASSERT_EQUAL(read_with(&key), RC_OK);
	other.counter++;
	CU_ASSERT_EQUAL(read_with(&other), RC_NOT_FOUND);
	other = key;
	other.card[0] ^= 1;
	CU_ASSERT_EQUAL(read_with(&other), RC_NOT_FOUND);
	other = key;
	other.digest[31] ^= 1;
	CU_ASSERT_EQUAL(read_with(&other), RC_NOT_FOUND);
	CU_ASSERT_EQUAL(read_with(&key), RC_OK);
}

static void objects_of_another_digest_are_not_kept(void)
{
	unlink(path);
	cache_write(&key, view_str("other objects"));
	CU_ASSERT_EQUAL(access(path, F_OK), -1);
}

static long size_of_file(void)
{
	struct stat st;

	return stat(path, &st) == 0 ? (long)st.st_size : 0;
}

static void every_flipped_byte_is_noticed(void)
{
	long size;

	cache_write(&key, view_str(objects));
	size = size_of_file();
	CU_ASSERT_TRUE(size > (long)sizeof(objects));
	for (long at = 0; at < size; at++) {
		FILE *file = fopen(path, "r+e");
		int byte;

		CU_ASSERT_PTR_NOT_NULL_FATAL(file);
		fseek(file, at, SEEK_SET);
		byte = fgetc(file);
		fseek(file, at, SEEK_SET);
		fputc(byte ^ 1, file);
		fclose(file);
		CU_ASSERT_EQUAL(read_with(&key), RC_NOT_FOUND);
		cache_write(&key, view_str(objects));
		CU_ASSERT_EQUAL(read_with(&key), RC_OK);
	}
}

static void every_cut_and_every_longer_file_is_noticed(void)
{
	cache_write(&key, view_str(objects));
	CU_ASSERT_EQUAL(truncate(path, size_of_file() + 1), 0);
	CU_ASSERT_EQUAL(read_with(&key), RC_NOT_FOUND);
	cache_write(&key, view_str(objects));
	for (long size = size_of_file() - 1; size >= 0; size--) {
		CU_ASSERT_EQUAL(truncate(path, size), 0);
		CU_ASSERT_EQUAL(read_with(&key), RC_NOT_FOUND);
	}
}

static void a_file_that_others_may_write_or_a_link_is_not_believed(void)
{
	char aside[160];

	cache_write(&key, view_str(objects));
	CU_ASSERT_EQUAL(chmod(path, 0620), 0);
	CU_ASSERT_EQUAL(read_with(&key), RC_NOT_FOUND);
	CU_ASSERT_EQUAL(chmod(path, 0600), 0);
	CU_ASSERT_EQUAL(read_with(&key), RC_OK);
	snprintf(aside, sizeof(aside), "%s.aside", path);
	CU_ASSERT_EQUAL(rename(path, aside), 0);
	CU_ASSERT_EQUAL(symlink(aside, path), 0);
	CU_ASSERT_EQUAL(read_with(&key), RC_NOT_FOUND);
	unlink(path);
}

static char certificate_path[128];
static const uint8_t card[CVC_ID] = {'T', 'E', 'S', 'T', '0', '0', '0', '1'};
static const char certificate[] = "a certificate as the card shows it";

static enum rc read_certificate(const uint8_t id[CVC_ID], uint8_t suite)
{
	struct buf found;
	enum rc rc;

	buf_init(&found, 4096);
	rc = cache_certificates.read(id, suite, &found);
	CU_ASSERT_TRUE(view_equal(view_buf(&found), view_str(rc == RC_OK ? certificate : "")));
	buf_free(&found);
	return rc;
}

static void a_certificate_is_kept_for_one_card_and_suite(void)
{
	const uint8_t other[CVC_ID] = {'T', 'E', 'S', 'T', '0', '0', '0', '2'};

	snprintf(certificate_path, sizeof(certificate_path),
		 "%s/intaglio/5445535430303031-42.certificate", root);
	CU_ASSERT_EQUAL(read_certificate(card, 0x42), RC_NOT_FOUND);
	cache_certificates.write(card, 0x42, view_str(certificate));
	CU_ASSERT_EQUAL(access(certificate_path, F_OK), 0);
	CU_ASSERT_EQUAL(read_certificate(card, 0x42), RC_OK);
	CU_ASSERT_EQUAL(read_certificate(card, 0x02), RC_NOT_FOUND);
	CU_ASSERT_EQUAL(read_certificate(other, 0x42), RC_NOT_FOUND);
}

static void every_change_of_a_kept_certificate_is_noticed_and_said(void)
{
	struct stat st;
	FILE *file;

	CU_ASSERT_EQUAL_FATAL(stat(certificate_path, &st), 0);
	for (long at = 0; at < st.st_size; at++) {
		int byte;

		file = fopen(certificate_path, "r+e");
		CU_ASSERT_PTR_NOT_NULL_FATAL(file);
		fseek(file, at, SEEK_SET);
		byte = fgetc(file);
		fseek(file, at, SEEK_SET);
		fputc(byte ^ 1, file);
		fclose(file);
		log_forget();
		CU_ASSERT_EQUAL(read_certificate(card, 0x42), RC_NOT_FOUND);
		CU_ASSERT_PTR_NOT_NULL(strstr(log_last(), "was altered"));
		cache_certificates.write(card, 0x42, view_str(certificate));
		CU_ASSERT_EQUAL(read_certificate(card, 0x42), RC_OK);
	}
	for (long size = st.st_size + 1; size >= 0; size--) {
		if (size == st.st_size)
			continue;
		CU_ASSERT_EQUAL(truncate(certificate_path, size), 0);
		CU_ASSERT_EQUAL(read_certificate(card, 0x42), RC_NOT_FOUND);
		cache_certificates.write(card, 0x42, view_str(certificate));
	}
	CU_ASSERT_EQUAL(chmod(certificate_path, 0602), 0);
	CU_ASSERT_EQUAL(read_certificate(card, 0x42), RC_NOT_FOUND);
}

static void without_a_directory_nothing_is_kept_and_nothing_fails(void)
{
	CU_ASSERT_EQUAL(setenv("XDG_CACHE_HOME", "/proc/nowhere", 1), 0);
	cache_certificates.write(card, 0x42, view_str(certificate));
	CU_ASSERT_EQUAL(read_certificate(card, 0x42), RC_NOT_FOUND);
	CU_ASSERT_EQUAL(setenv("XDG_CACHE_HOME", root, 1), 0);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"what_was_kept_is_read_by_its_key_alone", what_was_kept_is_read_by_its_key_alone},
		{"objects_of_another_digest_are_not_kept", objects_of_another_digest_are_not_kept},
		{"every_flipped_byte_is_noticed", every_flipped_byte_is_noticed},
		{"every_cut_and_every_longer_file_is_noticed",
		 every_cut_and_every_longer_file_is_noticed},
		{"a_file_that_others_may_write_or_a_link_is_not_believed",
		 a_file_that_others_may_write_or_a_link_is_not_believed},
		{"a_certificate_is_kept_for_one_card_and_suite",
		 a_certificate_is_kept_for_one_card_and_suite},
		{"every_change_of_a_kept_certificate_is_noticed_and_said",
		 every_change_of_a_kept_certificate_is_noticed_and_said},
		{"without_a_directory_nothing_is_kept_and_nothing_fails",
		 without_a_directory_nothing_is_kept_and_nothing_fails},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "cache", .pInitFunc = set_up, .pCleanupFunc = tear_down, .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("cache", suites);
}
