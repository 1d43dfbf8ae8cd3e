/* SPDX-License-Identifier: BSD-2-Clause */
/* Directories of a test's own under $TMPDIR, flat: files only. Failures end the program. */
#ifndef INTAGLIO_TESTS_CARD_DIRECTORY_H
#define INTAGLIO_TESTS_CARD_DIRECTORY_H

#include <stddef.h>
#include <stdlib.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A new empty directory; give it back with directory_free. */
static inline const char *directory_new(void)
{
	const char *base = getenv("TMPDIR");
	char *path = NULL;

	if (asprintf(&path, "%s/intaglio-test-XXXXXX", base ? base : "/tmp") < 0 || !mkdtemp(path))
		abort();
	return path;
}

/* The path of a file in it, valid until the call after the next. */
static inline const char *directory_file(const char *dir, const char *name)
{
	static char paths[2][512];
	static int turn;

	turn = !turn;
	if (snprintf(paths[turn], sizeof(paths[turn]), "%s/%s", dir, name) >= 512)
		abort();
	return paths[turn];
}

static inline void directory_write(const char *dir, const char *name, const void *data, size_t size)
{
	int fd = open(directory_file(dir, name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd) != 0)
		abort();
}

/* Removes its files and the directory. */
static inline void directory_free(const char **dir)
{
	DIR *listing = opendir(*dir);
	struct dirent *entry;

	while (listing && (entry = readdir(listing)) != NULL)
		if (entry->d_name[0] != '.')
			unlink(directory_file(*dir, entry->d_name));
	if (listing)
		closedir(listing);
	rmdir(*dir);
	free((char *)*dir);
	*dir = NULL;
}

#endif
