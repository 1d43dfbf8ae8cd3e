/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of a directory, by openat and renameat; the lock is the directory's own (flock). */
#include "base/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"

struct directory {
	char *path;
	int fd;
};

static enum rc failed(const struct directory *d, const char *name, const char *what)
{
	log_error("%s/%s cannot be %s: %s", d->path, name, what, strerror(errno));
	return RC_IO;
}

static bool lock(int fd)
{
	while (flock(fd, LOCK_EX) != 0) {
		if (errno != EINTR)
			return false;
	}
	return true;
}

enum rc directory_open(const char *path, bool make, struct directory **ret)
{
	struct directory *d = calloc(1, sizeof(*d));
	enum rc rc = RC_MEMORY;

	if (!d)
		return rc;
	d->fd = -1;
	d->path = strdup(path);
	if (!d->path)
		goto out;
	rc = RC_IO;
	if (make && mkdir(path, 0700) != 0 && errno != EEXIST) {
		log_error("the directory %s cannot be made: %s", path, strerror(errno));
		goto out;
	}
	d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fd < 0 && errno == ENOENT) {
		rc = RC_NOT_FOUND;
		goto out;
	}
	if (d->fd < 0 || !lock(d->fd)) {
		log_error("the directory %s cannot be used: %s", path, strerror(errno));
		goto out;
	}
	*ret = d;
	d = NULL;
	rc = RC_OK;
out:
	directory_close(&d);
	return rc;
}

void directory_close(struct directory **directory)
{
	struct directory *d = directory ? *directory : NULL;

	if (!d)
		return;
	if (d->fd >= 0)
		close(d->fd);
	free(d->path);
	free(d);
	*directory = NULL;
}

const char *directory_path(const struct directory *directory)
{
	return directory->path;
}

enum rc directory_make(struct directory *directory, const char *name)
{
	if (mkdirat(directory->fd, name, 0700) != 0 && errno != EEXIST)
		return failed(directory, name, "made");
	return RC_OK;
}

bool directory_has(struct directory *directory, const char *name)
{
	return faccessat(directory->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool write_all(int fd, struct view bytes)
{
	while (bytes.len) {
		ssize_t n = write(fd, bytes.data, bytes.len);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			bytes = view_of(bytes.data + n, bytes.len - (size_t)n);
	}
	return true;
}

/* Syncs the directory that a name lies in. */
static bool sync_place(const struct directory *d, const char *name)
{
	const char *slash = strrchr(name, '/');
	char place[NAME_MAX + 1] = ".";
	bool good;
	int fd;

	if (slash)
		snprintf(place, sizeof(place), "%.*s", (int)(slash - name), name);
	fd = openat(d->fd, place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	good = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return good;
}

enum rc directory_write(struct directory *directory, const char *name, mode_t mode,
			struct view bytes)
{
	const char *slash = strrchr(name, '/');
	int prefix = slash ? (int)(slash - name) + 1 : 0;
	char temporary[PATH_MAX];
	enum rc rc = RC_OK;
	int fd;

	/* Whoever holds the lock is alone: a temporary file that is there was left by a crash. */
	if ((size_t)snprintf(temporary, sizeof(temporary), "%.*s.new", prefix, name) >=
	    sizeof(temporary))
		return RC_ARGUMENT;
	if (unlinkat(directory->fd, temporary, 0) != 0 && errno != ENOENT)
		return failed(directory, temporary, "removed");
	fd = openat(directory->fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return failed(directory, name, "written");
	if (fchmod(fd, mode) != 0 || !write_all(fd, bytes) || fsync(fd) != 0)
		rc = failed(directory, name, "written");
	if (close(fd) != 0 && rc == RC_OK)
		rc = failed(directory, name, "written");
	if (rc == RC_OK && renameat(directory->fd, temporary, directory->fd, name) != 0)
		rc = failed(directory, name, "written");
	if (rc != RC_OK)
		unlinkat(directory->fd, temporary, 0);
	else if (!sync_place(directory, name))
		rc = failed(directory, name, "made durable");
	return rc;
}

static enum rc read_all(int fd, struct buf *out)
{
	uint8_t chunk[4096];
	enum rc rc = RC_OK;
	ssize_t n = 1;

	while (rc == RC_OK && n != 0) {
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno != EINTR)
			rc = RC_IO;
		if (n > 0)
			buf_put(out, chunk, (size_t)n);
		if (rc == RC_OK)
			rc = buf_rc(out);
	}
	secret_wipe(chunk, sizeof(chunk));
	return rc;
}

static enum rc read_file(struct directory *d, const char *name, bool secret, struct buf *out)
{
	struct stat st;
	enum rc rc = RC_IO;
	int fd = openat(d->fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT ? RC_NOT_FOUND : failed(d, name, "read");
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		log_error("%s/%s is not a file", d->path, name);
	} else if (secret && st.st_mode & (S_IRWXG | S_IRWXO)) {
		log_error("%s/%s is not used: others than its owner may read or write it (mode "
			  "%03o); chmod 600 mends that, if nobody has read it yet",
			  d->path, name, (unsigned int)st.st_mode & 0777);
		rc = RC_POLICY;
	} else {
		rc = read_all(fd, out);
		if (rc == RC_IO)
			rc = failed(d, name, "read");
		else if (rc == RC_SPACE)
			log_error("%s/%s is too long", d->path, name);
	}
	close(fd);
	return rc;
}

enum rc directory_read(struct directory *directory, const char *name, struct buf *out)
{
	return read_file(directory, name, false, out);
}

enum rc directory_read_secret(struct directory *directory, const char *name, struct buf *out)
{
	return read_file(directory, name, true, out);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

enum rc directory_walk(struct directory *directory, const char *name,
		       enum rc (*each)(void *arg, const char *name), void *arg)
{
	struct dirent **entries = NULL;
	enum rc rc = RC_OK;
	int count = scandirat(directory->fd, name, &entries, is_visible, alphasort);

	if (count < 0)
		return errno == ENOENT ? RC_OK : failed(directory, name, "read");
	for (int i = 0; i < count; i++) {
		if (rc == RC_OK)
			rc = each(arg, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return rc;
}
