/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread that computes, under one mutex and one condition for either side. */
#include "card/nvm_sync.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { LINGER_NS = 400000 };

enum sync_state { SYNC_IDLE, SYNC_WANTED, SYNC_DONE, SYNC_STOP };

struct nvm_sync {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wanted;
	pthread_cond_t done;
	_Atomic enum sync_state state; /* changes under the mutex, and is watched without */
	void (*meanwhile)(void *arg);
	void *arg;
};

/*
 * Sealing comes in bursts, and waking a sleeping thread takes longer than what it is woken for: after
 * its work the thread looks out for more for as long as a commit takes, and lets others run.
 */
static void linger(struct nvm_sync *sync)
{
	struct timespec start, now;
	enum sync_state state;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		sched_yield();
		state = atomic_load(&sync->state);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (state != SYNC_WANTED && state != SYNC_STOP &&
		 (now.tv_sec - start.tv_sec) * 1000000000L + now.tv_nsec - start.tv_nsec <
			 LINGER_NS);
}

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
		sync->meanwhile(sync->arg);
		pthread_mutex_lock(&sync->mutex);
		sync->state = SYNC_DONE;
		pthread_cond_signal(&sync->done);
		pthread_mutex_unlock(&sync->mutex);
		linger(sync);
		pthread_mutex_lock(&sync->mutex);
	}
	pthread_mutex_unlock(&sync->mutex);
	return NULL;
}

enum rc nvm_sync_new(struct nvm_sync **ret)
{
	struct nvm_sync *sync = calloc(1, sizeof(*sync));
	sigset_t all;
	sigset_t before;
	int failed;

	if (!sync)
		return RC_MEMORY;
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
	pthread_mutex_unlock(&sync->mutex);
	/* After the lock is free, so that the thread does not wake only to wait for it. */
	pthread_cond_signal(&sync->wanted);
}

void nvm_sync_begin(struct nvm_sync *sync, void (*meanwhile)(void *arg), void *arg)
{
	sync->meanwhile = meanwhile;
	sync->arg = arg;
	tell(sync, SYNC_WANTED);
}

void nvm_sync_end(struct nvm_sync *sync)
{
	pthread_mutex_lock(&sync->mutex);
	while (sync->state != SYNC_DONE)
		pthread_cond_wait(&sync->done, &sync->mutex);
	sync->state = SYNC_IDLE;
	pthread_mutex_unlock(&sync->mutex);
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
