/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shim between the card's memory and the system: every system call of card/nvm*.c goes through
 * one table, so that a test can put a disk of its own under it and cut, tear and fail each call.
 * Members behave as the calls they are named after: -1 and errno on failure. All but fdatasync are
 * called from one thread at a time; fdatasync may run on another while none of them does.
 */
#ifndef INTAGLIO_CARD_NVM_IO_H
#define INTAGLIO_CARD_NVM_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/rc.h"

struct nvm_io {
	void *ctx; /* handed to each */
	int (*open_dir)(void *ctx, const char *path);
	/* openat with O_CLOEXEC | O_NOFOLLOW added. */
	int (*open_at)(void *ctx, int dir, const char *name, int flags, mode_t mode);
	int (*close)(void *ctx, int fd);
	ssize_t (*pread)(void *ctx, int fd, void *data, size_t size, uint64_t offset);
	ssize_t (*pwrite)(void *ctx, int fd, const void *data, size_t size, uint64_t offset);
	int (*fdatasync)(void *ctx, int fd);
	int (*fsync)(void *ctx, int fd);
	int (*fstat)(void *ctx, int fd, uint64_t *ret_size, mode_t *ret_mode);
	int (*fchmod)(void *ctx, int fd, mode_t mode);
	int (*rename_at)(void *ctx, int dir, const char *from, const char *to);
	int (*unlink_at)(void *ctx, int dir, const char *name);
	/* Calls each(arg, name) for every entry of a directory. */
	int (*list)(void *ctx, int dir, void (*each)(void *arg, const char *name), void *arg);
	/* Takes the write lock of an open file description, waiting for it; or gives it back. */
	int (*lock)(void *ctx, int fd, bool on);
	/* Takes a shared lock of one byte, which no write lock waits for; or gives it back. */
	int (*mark)(void *ctx, int fd, uint64_t at, bool on);
	/* Whether another open file description has that byte locked. */
	int (*marked)(void *ctx, int fd, uint64_t at, bool *ret);
	/* Bytes that the file system of a directory still has for us. */
	int (*space)(void *ctx, int dir, uint64_t *ret_free);
};

/* The table that calls the kernel. */
const struct nvm_io *nvm_io_kernel(void);

/* Reads until size bytes or the end of the file; -1 and errno on failure. */
ssize_t nvm_io_read(const struct nvm_io *io, int fd, void *data, size_t size, uint64_t offset);
/* Writes all of it; false and errno on failure. One pwrite unless the kernel takes less. */
bool nvm_io_write(const struct nvm_io *io, int fd, const void *data, size_t size, uint64_t offset);

#endif
