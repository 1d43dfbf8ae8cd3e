/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread that waits for a file to sync, under one mutex and one condition for either side. */
#include "card/nvm_sync.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

enum sync_state { SYNC_IDLE, SYNC_WANTED, SYNC_DONE, SYNC_STOP };

struct nvm_sync {
	const struct nvm_io *io;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wanted;
	pthread_cond_t done;
	enum sync_state state;
	int fd;
	int result;
	int error;
};

static void *work(void *arg)
{
	struct nvm_sync *sync = arg;

	pthread_mutex_lock(&sync->mutex);
	for (;;) {
		while (sync->state != SYNC_WANTED && sync->state != SYNC_STOP)
			pthread_cond_wait(&sync->wanted, &sync->mutex);
		if (sync->state == SYNC_STOP)
			break;
		pthread_mutex_unlock(&sync->mutex);
		sync->result = sync->io->fdatasync(sync->io->ctx, sync->fd);
		sync->error = errno;
		pthread_mutex_lock(&sync->mutex);
		sync->state = SYNC_DONE;
		pthread_cond_signal(&sync->done);
	}
	pthread_mutex_unlock(&sync->mutex);
	return NULL;
}

enum rc nvm_sync_new(const struct nvm_io *io, struct nvm_sync **ret)
{
	struct nvm_sync *sync = calloc(1, sizeof(*sync));
	sigset_t all;
	sigset_t before;
	int failed;

	if (!sync)
		return RC_MEMORY;
	sync->io = io;
	pthread_mutex_init(&sync->mutex, NULL);
	pthread_cond_init(&sync->wanted, NULL);
	pthread_cond_init(&sync->done, NULL);
	/* The application's signals are for the application's threads. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&sync->thread, NULL, work, sync);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed) {
		nvm_sync_forget(&sync);
		return RC_MEMORY;
	}
	*ret = sync;
	return RC_OK;
}

static void tell(struct nvm_sync *sync, enum sync_state state)
{
	pthread_mutex_lock(&sync->mutex);
	sync->state = state;
	pthread_cond_signal(&sync->wanted);
	pthread_mutex_unlock(&sync->mutex);
}

void nvm_sync_begin(struct nvm_sync *sync, int fd)
{
	sync->fd = fd;
	tell(sync, SYNC_WANTED);
}

int nvm_sync_end(struct nvm_sync *sync)
{
	pthread_mutex_lock(&sync->mutex);
	while (sync->state != SYNC_DONE)
		pthread_cond_wait(&sync->done, &sync->mutex);
	sync->state = SYNC_IDLE;
	pthread_mutex_unlock(&sync->mutex);
	errno = sync->error;
	return sync->result;
}

void nvm_sync_free(struct nvm_sync **sync)
{
	if (!*sync)
		return;
	tell(*sync, SYNC_STOP);
	pthread_join((*sync)->thread, NULL);
	pthread_cond_destroy(&(*sync)->wanted);
	pthread_cond_destroy(&(*sync)->done);
	pthread_mutex_destroy(&(*sync)->mutex);
	nvm_sync_forget(sync);
}

void nvm_sync_forget(struct nvm_sync **sync)
{
	free(*sync);
	*sync = NULL;
}
