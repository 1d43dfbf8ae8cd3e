/* SPDX-License-Identifier: BSD-2-Clause */
/* A worker does what it is given once, whoever is faster; a commit's sync says what the disk says. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "card/nvm_sync.h"
#include "card/worker.h"
#include "tests/suite.h"

enum { ROUNDS = 5000, MS = 1000 };

struct job {
	pthread_t owner;
	unsigned int done, elsewhere; /* how often, and how often by another thread than owner */
	int processor;
	useconds_t takes;
};

static void work(void *arg)
{
	struct job *job = arg;

	if (job->takes)
		usleep(job->takes);
	job->done++;
	job->elsewhere += !pthread_equal(job->owner, pthread_self());
	job->processor = sched_getcpu();
}

static struct job new_job(useconds_t takes)
{
	return (struct job){.owner = pthread_self(), .takes = takes};
}

/* Both kinds, and one ended at once and after looking out. */
static void is_done_once(void)
{
	struct worker *w[2] = {NULL, NULL};

	CU_ASSERT_EQUAL_FATAL(worker_new(false, &w[0]), RC_OK);
	CU_ASSERT_EQUAL_FATAL(worker_new(true, &w[1]), RC_OK);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct job job = new_job(0);

		(void)worker_begin(w[i % 2], work, &job);
		if (i % 4 == 2)
			worker_look_out(w[0]);
		worker_end(w[i % 2]);
		CU_ASSERT_EQUAL(job.done, 1);
	}
	worker_free(&w[0]);
	worker_free(&w[1]);
	CU_ASSERT_PTR_NULL(w[0]);
	worker_free(&w[0]);
}

/* Where it does not come to it in a millisecond the owner has done it, and it is tried again. */
static void is_done_by_the_thread(void)
{
	struct job job = new_job(0);
	struct worker *w = NULL;
	unsigned int rounds = 0;

	CU_ASSERT_EQUAL_FATAL(worker_new(false, &w), RC_OK);
	while (!job.elsewhere && rounds < 1000) {
		(void)worker_begin(w, work, &job);
		usleep(1 * MS);
		worker_end(w);
		rounds++;
	}
	CU_ASSERT_EQUAL(job.elsewhere, 1);
	CU_ASSERT_EQUAL(job.done, rounds);
	worker_free(&w);
}

static void is_waited_for_past_looking_out(void)
{
	struct job job = new_job(20 * MS);
	struct worker *w = NULL;

	CU_ASSERT_EQUAL_FATAL(worker_new(false, &w), RC_OK);
	(void)worker_begin(w, work, &job);
	worker_look_out(w);
	worker_end(w);
	CU_ASSERT_EQUAL(job.done, 1);
	worker_free(&w);
}

static void falls_asleep(void)
{
	struct job job = new_job(0);
	struct worker *w = NULL;
	unsigned int tries = 0;
	bool lingered = true;

	CU_ASSERT_EQUAL_FATAL(worker_new(true, &w), RC_OK);
	while (lingered && tries++ < 1000) {
		(void)worker_begin(w, work, &job);
		worker_end(w);
		usleep(10 * MS);
		lingered = worker_begin(w, work, &job);
		worker_end(w);
	}
	CU_ASSERT_FALSE(lingered);
	worker_free(&w);
}

static void follows_to_a_processor(void)
{
	cpu_set_t all, one;
	struct worker *w = NULL;

	CU_ASSERT_EQUAL_FATAL(sched_getaffinity(0, sizeof(all), &all), 0);
	CU_ASSERT_EQUAL_FATAL(worker_new(false, &w), RC_OK);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		struct job job = new_job(0);

		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		CU_ASSERT_EQUAL_FATAL(sched_setaffinity(0, sizeof(one), &one), 0);
		CU_ASSERT_TRUE(worker_follow(w));
		for (unsigned int i = 0; i < 1000 && !job.elsewhere; i++) {
			(void)worker_begin(w, work, &job);
			usleep(1 * MS);
			worker_end(w);
		}
		CU_ASSERT_EQUAL(job.elsewhere, 1);
		CU_ASSERT_EQUAL(job.processor, cpu);
	}
	CU_ASSERT_EQUAL(sched_setaffinity(0, sizeof(all), &all), 0);
	worker_free(&w);
}

/* A disk that fails every other time, and keeps its caller's errno apart. */
static int sync_every_other(void *ctx, int fd)
{
	unsigned int *calls = ctx;

	CU_ASSERT_EQUAL(fd, 7);
	errno = ++*calls % 2 ? EIO : 0;
	return *calls % 2 ? -1 : 0;
}

static void says_what_the_disk_says(void)
{
	unsigned int calls = 0;
	const struct nvm_io io = {.ctx = &calls, .fdatasync = sync_every_other};
	struct nvm_sync *sync = NULL;

	CU_ASSERT_EQUAL_FATAL(nvm_sync_new(&io, &sync), RC_OK);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct job job = new_job(0);
		int failed;

		nvm_sync_begin(sync, work, &job);
		errno = 0;
		failed = nvm_sync_file(sync, 7);
		CU_ASSERT_EQUAL(failed, i % 2 ? 0 : -1);
		CU_ASSERT_EQUAL(errno, i % 2 ? 0 : EIO);
		nvm_sync_end(sync);
		CU_ASSERT_EQUAL(job.done, 1);
	}
	CU_ASSERT_EQUAL(calls, ROUNDS);
	nvm_sync_free(&sync);
	CU_ASSERT_PTR_NULL(sync);
}

int main(void)
{
	CU_TestInfo worker[] = {
		{"what is begun is done once", is_done_once},
		{"the thread does it where it has the time", is_done_by_the_thread},
		{"longer work than one looks out for is waited for",
		 is_waited_for_past_looking_out},
		{"one that lingers falls asleep", falls_asleep},
		{"the thread follows its owner to a processor", follows_to_a_processor},
		CU_TEST_INFO_NULL,
	};
	CU_TestInfo disk[] = {
		{"a failed sync and its errno come back", says_what_the_disk_says},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "worker", .pTests = worker},
		{.pName = "sync", .pTests = disk},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("worker", suites);
}
