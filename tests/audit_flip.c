/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: audit_flip DIR KEY AUTHORITY STEP. Alters an export, one byte at a time, in every STEP-th place of
 * every file and in the first and last 64 of each, cuts its files off and makes them longer, and
 * audits it in this process after each alteration, as `audit verify` does. Ends with how many there
 * were; the exit code is 0 if each was found and the export is in order before and after.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/audit.h"

enum { FILES_MAX = 256, ENDS = 64 };

static const char *directory, *key, *authority;
static unsigned long step, count, missed;
static char *files[FILES_MAX];
static size_t file_count;

static enum exit_code verdict(void)
{
	enum exit_code code = EXIT_FILE;
	struct audit a;

	audit_init(&a);
	a.book.dir = directory;
	a.key_text = key;
	a.authority = authority;
	if (audit_walk(&a) == RC_OK)
		code = a.findings.count ? EXIT_REFUSED : *a.card ? EXIT_DONE : EXIT_UNVOUCHED;
	audit_free(&a);
	return code;
}

static void must_be_found(const char *what, const char *file, off_t at)
{
	count++;
	if (verdict() == EXIT_REFUSED)
		return;
	missed++;
	printf("not found: %s byte %lld of %s\n", what, (long long)at, file);
}

static void put(int fd, off_t at, uint8_t byte)
{
	if (pwrite(fd, &byte, 1, at) != 1) {
		perror("audit_flip");
		exit(1);
	}
}

static void flip(const char *file, int fd, off_t size)
{
	for (off_t at = 0; at < size; at++) {
		uint8_t byte;

		if (at % (off_t)step && at >= ENDS && at < size - ENDS)
			continue;
		if (pread(fd, &byte, 1, at) != 1)
			exit(1);
		put(fd, at, (uint8_t)(byte ^ 1U << at % 8));
		must_be_found("flipped", file, at);
		put(fd, at, byte);
	}
}

/* The part that is cut off comes back. */
static void cut(const char *file, int fd, off_t size)
{
	const off_t at[] = {0, size / 2, size - 1};
	uint8_t *bytes = malloc((size_t)size);

	if (!bytes || pread(fd, bytes, (size_t)size, 0) != size)
		exit(1);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		if (ftruncate(fd, at[i]) != 0)
			exit(1);
		must_be_found("cut off at", file, at[i]);
		if (pwrite(fd, bytes, (size_t)size, 0) != size)
			exit(1);
	}
	free(bytes);
	put(fd, size, '\n');
	must_be_found("longer by", file, size);
	if (ftruncate(fd, size) != 0)
		exit(1);
}

static int remember(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_F && file_count < FILES_MAX)
		files[file_count++] = strdup(path);
	return 0;
}

int main(int argc, char **argv)
{
	struct stat st;

	if (argc != 5 || !(step = strtoul(argv[4], NULL, 10)))
		return 2;
	directory = argv[1];
	key = argv[2];
	authority = argv[3];
	if (verdict() != EXIT_DONE || nftw(directory, remember, 16, FTW_PHYS) != 0 || !file_count ||
	    file_count == FILES_MAX) {
		printf("%s is not in order, or no export of a few files\n", directory);
		return 1;
	}
	for (size_t i = 0; i < file_count; i++) {
		int fd = open(files[i], O_RDWR | O_CLOEXEC);

		if (fd < 0 || fstat(fd, &st) != 0)
			return 1;
		flip(files[i], fd, st.st_size);
		cut(files[i], fd, st.st_size);
		close(fd);
		free(files[i]);
	}
	if (verdict() != EXIT_DONE)
		missed++;
	printf("%lu alterations of single files, %lu not found\n", count, missed);
	return missed != 0;
}
