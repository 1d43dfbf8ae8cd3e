/* SPDX-License-Identifier: BSD-2-Clause */
/* One file a card: a line that names the format, the key, and the objects. Replaced whole. */
#include "token/cache.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "token/files.h"

enum { FILE_MAX = 8 << 20, CHUNK = 16384 };

static const char format[] = "intaglio objects 1\n";

static bool find_directory(char path[PATH_MAX])
{
	const char *xdg = secure_getenv("XDG_CACHE_HOME"), *home = secure_getenv("HOME");
	int len = -1;

	if (xdg && xdg[0] == '/')
		len = snprintf(path, PATH_MAX, "%s/intaglio", xdg);
	else if (home && home[0] == '/')
		len = snprintf(path, PATH_MAX, "%s/.cache/intaglio", home);
	return len > 0 && len < PATH_MAX;
}

static bool find_file(const struct cache_key *key, const char *directory, char path[PATH_MAX])
{
	char id[2 * CVC_ID + 1];
	int len;

	for (size_t i = 0; i < CVC_ID; i++)
		snprintf(id + 2 * i, 3, "%02X", key->card[i]);
	len = snprintf(path, PATH_MAX, "%s/%s.objects", directory, id);
	return len > 0 && len < PATH_MAX;
}

static void put_head(const struct cache_key *key, struct buf *b)
{
	buf_str(b, format);
	buf_put(b, key->card, sizeof(key->card));
	buf_u64(b, key->counter);
	buf_put(b, key->digest, sizeof(key->digest));
}

static bool has_digest(const struct cache_key *key, struct view objects)
{
	uint8_t digest[SHA256_SIZE];

	return crypto_sha256(objects, digest) == RC_OK &&
	       view_equal(view_of(digest, sizeof(digest)),
			  view_of(key->digest, sizeof(key->digest)));
}

/* Reads a file of ours; one that others may write is not believed. */
static enum rc read_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	uint8_t chunk[CHUNK];
	struct stat st;
	ssize_t n = 0;

	if (fd < 0)
		return RC_NOT_FOUND;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    !(st.st_mode & (S_IWGRP | S_IWOTH))) {
		while ((n = read(fd, chunk, sizeof(chunk))) > 0)
			buf_put(out, chunk, (size_t)n);
	} else {
		n = -1;
	}
	close(fd);
	return n == 0 && buf_rc(out) == RC_OK ? RC_OK : RC_NOT_FOUND;
}

enum rc cache_read(const struct cache_key *key, struct buf *objects)
{
	char directory[PATH_MAX], path[PATH_MAX];
	struct buf file, head;
	struct view rest, found;
	enum rc rc = RC_NOT_FOUND;

	buf_init(&file, FILE_MAX);
	buf_init(&head, CHUNK);
	put_head(key, &head);
	if (!find_directory(directory) || !find_file(key, directory, path) ||
	    buf_rc(&head) != RC_OK || read_file(path, &file) != RC_OK)
		goto out;
	rest = view_buf(&file);
	if (view_take(&rest, head.len, &found) != RC_OK || !view_equal(found, view_buf(&head)))
		goto out;
	if (!has_digest(key, rest)) {
		log_warning("%s was altered; the card's objects are read from the card", path);
		goto out;
	}
	buf_view(objects, rest);
	rc = buf_rc(objects);
out:
	buf_free(&file);
	buf_free(&head);
	return rc;
}

static bool write_file(const char *path, struct view bytes)
{
	char temporary[PATH_MAX];
	int len = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path), fd;
	bool good;

	if (len < 0 || len >= PATH_MAX)
		return false;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return false;
	good = write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len;
	close(fd);
	/* A file that a power cut leaves empty or torn has another digest, and counts as none. */
	good = good && rename(temporary, path) == 0;
	if (!good)
		unlink(temporary);
	return good;
}

void cache_write(const struct cache_key *key, struct view objects)
{
	char directory[PATH_MAX], path[PATH_MAX];
	struct buf file;

	if (!has_digest(key, objects) || !find_directory(directory) ||
	    !find_file(key, directory, path))
		return;
	buf_init(&file, FILE_MAX);
	put_head(key, &file);
	buf_view(&file, objects);
	if (buf_rc(&file) != RC_OK || files_make_directories(directory) != RC_OK ||
	    !write_file(path, view_buf(&file)))
		log_info("the card's public objects could not be kept at %s", path);
	buf_free(&file);
}
