/* SPDX-License-Identifier: BSD-2-Clause */
/* Two workers: one for what is computed, one for the disk. */
#include "card/nvm_sync.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "card/worker.h"

struct nvm_sync {
	const struct nvm_io *io;
	struct worker *beside;
	struct worker *disk; /* NULL: there was no second thread to be had */
	bool is_burst; /* a commit follows another so soon that its thread is still there */
	int fd;
	int result, error; /* of fdatasync */
};

enum rc nvm_sync_new(const struct nvm_io *io, struct nvm_sync **ret)
{
	struct nvm_sync *sync = calloc(1, sizeof(*sync));
	enum rc rc;

	if (!sync)
		return RC_MEMORY;
	sync->io = io;
	rc = worker_new(true, &sync->beside);
	if (rc != RC_OK) {
		nvm_sync_free(&sync);
		return rc;
	}
	if (worker_new(false, &sync->disk) != RC_OK)
		sync->disk = NULL;
	*ret = sync;
	return RC_OK;
}

void nvm_sync_begin(struct nvm_sync *sync, void (*meanwhile)(void *arg), void *arg)
{
	sync->is_burst = worker_begin(sync->beside, meanwhile, arg);
}

static void sync_disk(void *arg)
{
	struct nvm_sync *sync = arg;

	sync->result = sync->io->fdatasync(sync->io->ctx, sync->fd);
	sync->error = errno;
}

int nvm_sync_file(struct nvm_sync *sync, int fd)
{
	if (!sync->disk || !sync->is_burst || worker_is_crowded(sync->disk) ||
	    !worker_follow(sync->disk))
		return sync->io->fdatasync(sync->io->ctx, fd);
	sync->fd = fd;
	(void)worker_begin(sync->disk, sync_disk, sync);
	worker_look_out(sync->disk);
	worker_end(sync->disk);
	errno = sync->error;
	return sync->result;
}

void nvm_sync_end(struct nvm_sync *sync)
{
	worker_end(sync->beside);
}

void nvm_sync_free(struct nvm_sync **sync)
{
	if (!*sync)
		return;
	worker_free(&(*sync)->disk);
	worker_free(&(*sync)->beside);
	free(*sync);
	*sync = NULL;
}

void nvm_sync_forget(struct nvm_sync **sync)
{
	if (!*sync)
		return;
	worker_forget(&(*sync)->disk);
	worker_forget(&(*sync)->beside);
	free(*sync);
	*sync = NULL;
}
