/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One file a card and kind of content: a line that names the format, what it is of, and the content.
 * Replaced whole.
 */
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

enum { FILE_MAX = 8 << 20, CERTIFICATE_MAX = 5 * CVC_MAX, CHUNK = 16384 };

static const char objects_format[] = "intaglio objects 1\n";
static const char certificate_format[] = "intaglio certificate 1\n";

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

static bool find_file(const uint8_t card[CVC_ID], const char *suffix, const char *directory,
		      char path[PATH_MAX])
{
	char id[2 * CVC_ID + 1];
	int len;

	for (size_t i = 0; i < CVC_ID; i++)
		snprintf(id + 2 * i, 3, "%02X", card[i]);
	len = snprintf(path, PATH_MAX, "%s/%s%s", directory, id, suffix);
	return len > 0 && len < PATH_MAX;
}

static void put_objects_head(const struct cache_key *key, struct buf *b)
{
	buf_str(b, objects_format);
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
	put_objects_head(key, &head);
	if (!find_directory(directory) || !find_file(key->card, ".objects", directory, path) ||
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
	    !find_file(key->card, ".objects", directory, path))
		return;
	buf_init(&file, FILE_MAX);
	put_objects_head(key, &file);
	buf_view(&file, objects);
	if (buf_rc(&file) != RC_OK || files_make_directories(directory) != RC_OK ||
	    !write_file(path, view_buf(&file)))
		log_info("the card's public objects could not be kept at %s", path);
	buf_free(&file);
}

static bool find_certificate(const uint8_t card[CVC_ID], uint8_t suite, char directory[PATH_MAX],
			     char path[PATH_MAX])
{
	char suffix[sizeof("-00.certificate")];

	snprintf(suffix, sizeof(suffix), "-%02X.certificate", suite);
	return find_directory(directory) && find_file(card, suffix, directory, path);
}

/* The digest tells a file that was altered from a certificate that is no longer in order. */
static enum rc put_certificate(const uint8_t card[CVC_ID], uint8_t suite, struct view certificate,
			       struct buf *b)
{
	uint8_t digest[SHA256_SIZE];
	enum rc rc = crypto_sha256(certificate, digest);

	buf_str(b, certificate_format);
	buf_put(b, card, CVC_ID);
	buf_u8(b, suite);
	buf_put(b, digest, sizeof(digest));
	buf_view(b, certificate);
	return rc == RC_OK ? buf_rc(b) : rc;
}

static enum rc read_certificate(const uint8_t card[CVC_ID], uint8_t suite, struct buf *ret)
{
	const size_t head = strlen(certificate_format) + CVC_ID + 1 + SHA256_SIZE;
	char directory[PATH_MAX], path[PATH_MAX];
	struct buf file, expected;
	struct view rest, found;
	enum rc rc = RC_NOT_FOUND;

	buf_init(&file, CERTIFICATE_MAX);
	buf_init(&expected, CERTIFICATE_MAX);
	if (!find_certificate(card, suite, directory, path) || read_file(path, &file) != RC_OK)
		goto out;
	rest = view_buf(&file);
	if (view_take(&rest, head, &found) != RC_OK ||
	    put_certificate(card, suite, rest, &expected) != RC_OK ||
	    !view_equal(view_buf(&file), view_buf(&expected))) {
		log_warning("%s was altered; the card is asked for its certificate", path);
		goto out;
	}
	buf_view(ret, rest);
	rc = buf_rc(ret);
out:
	buf_free(&file);
	buf_free(&expected);
	return rc;
}

static void write_certificate(const uint8_t card[CVC_ID], uint8_t suite, struct view certificate)
{
	char directory[PATH_MAX], path[PATH_MAX];
	struct buf file;

	if (!find_certificate(card, suite, directory, path))
		return;
	buf_init(&file, CERTIFICATE_MAX);
	if (put_certificate(card, suite, certificate, &file) != RC_OK ||
	    files_make_directories(directory) != RC_OK || !write_file(path, view_buf(&file)))
		log_info("the card's certificate could not be kept at %s", path);
	buf_free(&file);
}

const struct sc_certificates cache_certificates = {read_certificate, write_certificate};
