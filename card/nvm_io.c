/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's side of the shim: thin calls, with nothing decided here. */
#include "card/nvm_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int kernel_open_dir(void *ctx, const char *path)
{
	(void)ctx;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int kernel_open_at(void *ctx, int dir, const char *name, int flags, mode_t mode)
{
	(void)ctx;
	return openat(dir, name, flags | O_CLOEXEC | O_NOFOLLOW, mode);
}

static int kernel_close(void *ctx, int fd)
{
	(void)ctx;
	return close(fd);
}

static ssize_t kernel_pread(void *ctx, int fd, void *data, size_t size, uint64_t offset)
{
	(void)ctx;
	return pread(fd, data, size, (off_t)offset);
}

static ssize_t kernel_pwrite(void *ctx, int fd, const void *data, size_t size, uint64_t offset)
{
	(void)ctx;
	return pwrite(fd, data, size, (off_t)offset);
}

static int kernel_fdatasync(void *ctx, int fd)
{
	(void)ctx;
	return fdatasync(fd);
}

static int kernel_fsync(void *ctx, int fd)
{
	(void)ctx;
	return fsync(fd);
}

static int kernel_fstat(void *ctx, int fd, uint64_t *ret_size, mode_t *ret_mode)
{
	struct stat st;

	(void)ctx;
	if (fstat(fd, &st) != 0)
		return -1;
	*ret_size = (uint64_t)st.st_size;
	*ret_mode = st.st_mode;
	return 0;
}

static int kernel_fchmod(void *ctx, int fd, mode_t mode)
{
	(void)ctx;
	return fchmod(fd, mode);
}

static int kernel_rename_at(void *ctx, int dir, const char *from, const char *to)
{
	(void)ctx;
	return renameat(dir, from, dir, to);
}

static int kernel_unlink_at(void *ctx, int dir, const char *name)
{
	(void)ctx;
	return unlinkat(dir, name, 0);
}

static int kernel_list(void *ctx, int dir, void (*each)(void *arg, const char *name), void *arg)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;
	DIR *listing;
	int saved;

	(void)ctx;
	if (fd < 0)
		return -1;
	listing = fdopendir(fd);
	if (!listing) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	errno = 0;
	while ((entry = readdir(listing)) != NULL)
		each(arg, entry->d_name);
	saved = errno;
	closedir(listing);
	errno = saved;
	return saved ? -1 : 0;
}

static int kernel_lock(void *ctx, int fd, bool on)
{
	struct flock whole = {.l_type = on ? F_WRLCK : F_UNLCK, .l_whence = SEEK_SET};
	int result;

	(void)ctx;
	do {
		result = fcntl(fd, F_OFD_SETLKW, &whole);
	} while (result != 0 && errno == EINTR);
	return result;
}

static int kernel_mark(void *ctx, int fd, uint64_t at, bool on)
{
	struct flock byte = {.l_type = on ? F_RDLCK : F_UNLCK,
			     .l_whence = SEEK_SET,
			     .l_start = (off_t)at,
			     .l_len = 1};

	(void)ctx;
	return fcntl(fd, F_OFD_SETLK, &byte);
}

static int kernel_marked(void *ctx, int fd, uint64_t at, bool *ret)
{
	struct flock byte = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)at, .l_len = 1};

	(void)ctx;
	if (fcntl(fd, F_OFD_GETLK, &byte) != 0)
		return -1;
	*ret = byte.l_type != F_UNLCK;
	return 0;
}

static int kernel_space(void *ctx, int dir, uint64_t *ret_free)
{
	struct statvfs vfs;

	(void)ctx;
	if (fstatvfs(dir, &vfs) != 0)
		return -1;
	*ret_free = (uint64_t)vfs.f_bavail * vfs.f_frsize;
	return 0;
}

const struct nvm_io *nvm_io_kernel(void)
{
	static const struct nvm_io kernel = {
		.open_dir = kernel_open_dir,
		.open_at = kernel_open_at,
		.close = kernel_close,
		.pread = kernel_pread,
		.pwrite = kernel_pwrite,
		.fdatasync = kernel_fdatasync,
		.fsync = kernel_fsync,
		.fstat = kernel_fstat,
		.fchmod = kernel_fchmod,
		.rename_at = kernel_rename_at,
		.unlink_at = kernel_unlink_at,
		.list = kernel_list,
		.lock = kernel_lock,
		.mark = kernel_mark,
		.marked = kernel_marked,
		.space = kernel_space,
	};

	return &kernel;
}

ssize_t nvm_io_read(const struct nvm_io *io, int fd, void *data, size_t size, uint64_t offset)
{
	uint8_t *to = data;
	size_t got = 0;

	while (got < size) {
		ssize_t n = io->pread(io->ctx, fd, to + got, size - got, offset + got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

bool nvm_io_write(const struct nvm_io *io, int fd, const void *data, size_t size, uint64_t offset)
{
	const uint8_t *from = data;
	size_t done = 0;

	while (done < size) {
		ssize_t n = io->pwrite(io->ctx, fd, from + done, size - done, offset + done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n < 0 ? errno : EIO;
			return false;
		}
		done += (size_t)n;
	}
	return true;
}
