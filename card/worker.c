/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread under one mutex and one condition for either side. */
#include "card/worker.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

enum {
	LINGER_NS = 400000, /* as long as a commit takes */
	LOOK_OUT_NS = 1000000,
	CROWDED_NS = 500000, /* for so long nobody takes a processor who gives it back at once */
	REST_NS = 4000000,
	REST_MAX_NS = 1000000000,
};

enum state { IDLE = 1, WANTED = 2, RUNNING = 4, DONE = 8, STOP = 16 };

struct worker {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wanted;
	pthread_cond_t done;
	_Atomic enum state state; /* changes under the mutex, and is watched without */
	bool asleep;
	bool lingers;
	int processor; /* that it is kept to; -1: any */
	/* Of the one side that looks out: how long it rested last, and until when it does. */
	uint64_t rest, rests_until;
	void (*work)(void *arg);
	void *arg;
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* The processor is wanted by others: nobody looks out for a while, longer each time. */
static void rest(struct worker *w, uint64_t from)
{
	uint64_t longer = w->rest < REST_NS ? REST_NS : w->rest * 2;

	w->rest = longer < REST_MAX_NS ? longer : REST_MAX_NS;
	w->rests_until = from + w->rest;
}

/* Until the state is one of some. */
static void watch(struct worker *w, unsigned int states, uint64_t limit)
{
	uint64_t start = now(), before = start, at;

	if (start < w->rests_until)
		return;
	do {
		sched_yield();
		at = now();
		if (at - before > CROWDED_NS) {
			rest(w, at);
			return;
		}
		before = at;
	} while (!(w->state & states) && at - start < limit);
	/* Who was told that long ago and has not begun is given no processor by giving ours away. */
	if (w->state == WANTED && !(states & WANTED))
		rest(w, at);
	else
		w->rest /= 2;
}

/* Under the mutex. */
static void sleep_until_needed(struct worker *w)
{
	w->asleep = true;
	while (!(w->state & (WANTED | STOP)))
		pthread_cond_wait(&w->wanted, &w->mutex);
	w->asleep = false;
}

static void *run(void *arg)
{
	struct worker *w = arg;

	pthread_mutex_lock(&w->mutex);
	for (;;) {
		sleep_until_needed(w);
		if (w->state == STOP)
			break;
		if (w->state == WANTED) {
			w->state = RUNNING;
			pthread_mutex_unlock(&w->mutex);
			w->work(w->arg);
			pthread_mutex_lock(&w->mutex);
			w->state = DONE;
			pthread_cond_signal(&w->done);
		}
		if (!w->lingers)
			continue;
		pthread_mutex_unlock(&w->mutex);
		watch(w, WANTED | STOP, LINGER_NS);
		pthread_mutex_lock(&w->mutex);
	}
	pthread_mutex_unlock(&w->mutex);
	return NULL;
}

enum rc worker_new(bool lingers, struct worker **ret)
{
	struct worker *w = calloc(1, sizeof(*w));
	sigset_t all, before;
	int failed;

	if (!w)
		return RC_MEMORY;
	w->state = IDLE;
	w->asleep = true;
	w->lingers = lingers;
	w->processor = -1;
	pthread_mutex_init(&w->mutex, NULL);
	pthread_cond_init(&w->wanted, NULL);
	pthread_cond_init(&w->done, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed) {
		worker_forget(&w);
		return RC_MEMORY;
	}
	*ret = w;
	return RC_OK;
}

/* True if the thread was not asleep. */
static bool tell(struct worker *w, enum state state)
{
	bool is_awake;

	pthread_mutex_lock(&w->mutex);
	is_awake = !w->asleep;
	w->state = state;
	pthread_mutex_unlock(&w->mutex);
	/* After the lock is free, so that the thread does not wake only to wait for it. */
	pthread_cond_signal(&w->wanted);
	return is_awake;
}

bool worker_follow(struct worker *w)
{
	int processor = sched_getcpu();
	cpu_set_t one;

	if (processor >= 0 && processor == w->processor)
		return true;
	w->processor = -1;
	if (processor < 0 || processor >= CPU_SETSIZE)
		return false;
	CPU_ZERO(&one);
	CPU_SET(processor, &one);
	if (pthread_setaffinity_np(w->thread, sizeof(one), &one) != 0)
		return false;
	w->processor = processor;
	return true;
}

bool worker_begin(struct worker *w, void (*work)(void *arg), void *arg)
{
	w->work = work;
	w->arg = arg;
	return tell(w, WANTED);
}

void worker_look_out(struct worker *w)
{
	watch(w, DONE, LOOK_OUT_NS);
}

bool worker_is_crowded(const struct worker *w)
{
	return now() < w->rests_until;
}

void worker_end(struct worker *w)
{
	bool is_left;

	pthread_mutex_lock(&w->mutex);
	is_left = w->state == WANTED;
	while (!is_left && w->state != DONE)
		pthread_cond_wait(&w->done, &w->mutex);
	w->state = IDLE;
	pthread_mutex_unlock(&w->mutex);
	if (is_left)
		w->work(w->arg);
}

void worker_free(struct worker **w)
{
	if (!*w)
		return;
	(void)tell(*w, STOP);
	pthread_join((*w)->thread, NULL);
	pthread_cond_destroy(&(*w)->wanted);
	pthread_cond_destroy(&(*w)->done);
	pthread_mutex_destroy(&(*w)->mutex);
	worker_forget(w);
}

void worker_forget(struct worker **w)
{
	free(*w);
	*w = NULL;
}
