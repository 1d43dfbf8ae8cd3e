/* SPDX-License-Identifier: BSD-2-Clause */
/* Files and directories of the host, durable and with their sentences. */
#include "token/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/pem.h>

#include "base/log.h"
#include "base/rsa.h"

enum { PEM_MAX = 16384, TREE_DEPTH = 8, RANDOM_NAME = 6 };

static int open_directory(const char *dir)
{
	return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static enum rc failed(const char *what, const char *dir, const char *name)
{
	log_error("%s/%s cannot be %s: %s", dir, name, what, strerror(errno));
	return RC_IO;
}

static bool write_all(int fd, struct view bytes)
{
	while (bytes.len) {
		ssize_t n = write(fd, bytes.data, bytes.len);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			bytes.data += n;
			bytes.len -= (size_t)n;
		}
	}
	return true;
}

enum rc files_write(const char *dir, const char *name, mode_t mode, struct view bytes)
{
	int at = open_directory(dir), fd;
	enum rc rc = RC_OK;

	if (at < 0)
		return failed("opened", dir, ".");
	fd = openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0 || !write_all(fd, bytes) || fsync(fd) != 0)
		rc = failed("written", dir, name);
	if (fd >= 0)
		close(fd);
	close(at);
	return rc;
}

enum rc files_write_key(const char *dir, const char *name, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct buf der;
	const char *text;
	enum rc rc;
	long len;

	if (!bio)
		return RC_MEMORY;
	buf_init(&der, PEM_MAX);
	rc = pkey_put_private(key, &der);
	if (rc == RC_OK &&
	    PEM_write_bio(bio, PEM_STRING_PKCS8INF, "", der.data, (long)der.len) <= 0)
		rc = RC_MEMORY;
	if (rc == RC_OK) {
		len = BIO_get_mem_data(bio, &text);
		rc = files_write(dir, name, 0600, view_of(text, (size_t)len));
		OPENSSL_cleanse((void *)text, (size_t)len);
	}
	buf_free(&der);
	BIO_free(bio);
	return rc;
}

enum rc files_write_hex(const char *dir, const char *name, struct view bytes)
{
	struct buf text;
	enum rc rc;

	buf_init(&text, 2 * bytes.len + 1);
	for (size_t i = 0; i < bytes.len; i++)
		buf_printf(&text, "%02x", bytes.data[i]);
	buf_str(&text, "\n");
	rc = buf_rc(&text);
	if (rc == RC_OK)
		rc = files_write(dir, name, 0644, view_buf(&text));
	buf_free(&text);
	return rc;
}

enum rc files_make_directory(const char *dir, const char *name)
{
	int at = open_directory(dir);
	enum rc rc = RC_OK;

	if (at < 0)
		return failed("opened", dir, ".");
	if (mkdirat(at, name, 0700) != 0)
		rc = failed("made", dir, name);
	close(at);
	return rc;
}

/* Makes a directory and its name durable, unless it is there. */
static enum rc make_one(const char *path)
{
	char *copy, *parent;
	enum rc rc = RC_OK;

	if (mkdir(path, 0700) != 0)
		return errno == EEXIST ? RC_OK : failed("made", path, ".");
	copy = strdup(path);
	if (!copy)
		return RC_MEMORY;
	parent = dirname(copy);
	rc = files_sync_directory(parent, ".");
	free(copy);
	return rc;
}

enum rc files_make_directories(const char *dir)
{
	char *path = strdup(dir);
	enum rc rc = RC_OK;

	if (!path)
		return RC_MEMORY;
	for (char *slash = path + 1; slash && rc == RC_OK;) {
		slash = strchr(slash, '/');
		if (slash)
			*slash = '\0';
		rc = make_one(path);
		if (slash)
			*slash++ = '/';
	}
	free(path);
	return rc;
}

enum rc files_sync_directory(const char *dir, const char *name)
{
	int at = open_directory(dir), fd = -1;
	enum rc rc = RC_OK;

	if (at >= 0)
		fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		rc = failed("written", dir, name);
	if (fd >= 0)
		close(fd);
	if (at >= 0)
		close(at);
	return rc;
}

enum rc files_lock(const char *dir, const char *name, int *ret_lock)
{
	int at = open_directory(dir), fd = -1;

	if (at >= 0) {
		fd = openat(at, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		close(at);
	}
	while (fd >= 0 && flock(fd, LOCK_EX) != 0) {
		if (errno == EINTR)
			continue;
		close(fd);
		fd = -1;
	}
	if (fd < 0)
		return failed("locked", dir, name);
	*ret_lock = fd;
	return RC_OK;
}

bool files_is_empty(const char *dir, const char *name)
{
	int at = open_directory(dir), fd = -1;
	struct dirent *entry;
	bool is_empty = false;
	DIR *d;

	if (at >= 0) {
		fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		is_empty = fd < 0 && errno == ENOENT;
		close(at);
	} else {
		is_empty = errno == ENOENT;
	}
	if (fd < 0)
		return is_empty;
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return false;
	}
	is_empty = true;
	while ((entry = readdir(d)) && is_empty)
		is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	closedir(d);
	return is_empty;
}

enum rc files_remove(const char *dir, const char *name)
{
	int at = open_directory(dir);
	enum rc rc = RC_OK;

	if (at < 0)
		return failed("opened", dir, ".");
	if (unlinkat(at, name, 0) != 0)
		rc = failed("removed", dir, name);
	close(at);
	return rc;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	if (remove(path) != 0)
		log_warning("%s cannot be removed: %s", path, strerror(errno));
	return 0;
}

void files_remove_tree(const char *dir)
{
	nftw(dir, remove_one, TREE_DEPTH, FTW_DEPTH | FTW_PHYS);
}

/* `.NAME.XXXXXX`, as mkdtemp made it. */
static bool is_temporary_name(const char *name)
{
	static const char made_of[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t len = strlen(name);
	const char *end;

	if (name[0] != '.' || len < 1 + 1 + 1 + RANDOM_NAME)
		return false;
	end = name + len - RANDOM_NAME;
	return end[-1] == '.' && strspn(end, made_of) == RANDOM_NAME;
}

static bool is_unfinished(const char *dir)
{
	char *mark;
	bool is;

	if (asprintf(&mark, "%s/" FILES_UNFINISHED, dir) < 0)
		return false;
	is = access(mark, F_OK) == 0;
	free(mark);
	return is;
}

void files_remove_leftovers(const char *dir)
{
	struct dirent *entry;
	DIR *d = opendir(dir);

	while (d && (entry = readdir(d))) {
		char *path;

		if (entry->d_type != DT_DIR || !is_temporary_name(entry->d_name) ||
		    asprintf(&path, "%s/%s", dir, entry->d_name) < 0)
			continue;
		/* Whoever was interrupted before it could write the mark left the directory empty. */
		if (is_unfinished(path)) {
			log_info("%s was left by an interrupted first use and is removed", path);
			files_remove_tree(path);
		} else if (rmdir(path) != 0) {
			log_debug("%s has no mark of an interrupted first use and stays", path);
		}
		free(path);
	}
	if (d)
		closedir(d);
}
