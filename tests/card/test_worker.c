/* SPDX-License-Identifier: BSD-2-Clause */
/* A worker does what it is given once, whoever is faster; a commit's sync says what the disk says. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
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

/* Begun and ended at once, the owner is sometimes faster. */
static void is_done_by_the_owner_who_is_faster(void)
{
	struct job job = new_job(0);
	struct worker *w = NULL;
	unsigned int rounds = 0;

	CU_ASSERT_EQUAL_FATAL(worker_new(false, &w), RC_OK);
	while (job.done == job.elsewhere && rounds < 1000 * ROUNDS) {
		(void)worker_begin(w, work, &job);
		worker_end(w);
		rounds++;
	}
	CU_ASSERT(job.done > job.elsewhere);
	CU_ASSERT_EQUAL(job.done, rounds);
	worker_free(&w);
}

static void lingers(void)
{
	struct job job = new_job(0);
	struct worker *w = NULL;
	unsigned int rounds = 0;
	bool lingered = false;

	CU_ASSERT_EQUAL_FATAL(worker_new(true, &w), RC_OK);
	while (!lingered && rounds++ < 100 * ROUNDS) {
		lingered = worker_begin(w, work, &job);
		CU_ASSERT(rounds > 1 || !lingered);
		worker_end(w);
	}
	CU_ASSERT_TRUE(lingered);
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

static void *spin(void *arg)
{
	const atomic_bool *ended = arg;

	while (!*ended)
		;
	return NULL;
}

/* Where another thread takes all that it gets nobody looks out, longer and longer. */
static void rests_where_it_is_crowded(void)
{
	struct job job = new_job(0);
	atomic_bool ended = false;
	struct worker *w = NULL;
	cpu_set_t all, one;
	pthread_t hog;
	unsigned int rounds = 0;

	CU_ASSERT_EQUAL_FATAL(sched_getaffinity(0, sizeof(all), &all), 0);
	CU_ASSERT_EQUAL_FATAL(worker_new(false, &w), RC_OK);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	CU_ASSERT_EQUAL_FATAL(sched_setaffinity(0, sizeof(one), &one), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&hog, NULL, spin, &ended), 0);
	while (!worker_is_crowded(w) && rounds++ < 1000) {
		(void)worker_begin(w, work, &job);
		worker_look_out(w);
		if (!worker_is_crowded(w))
			worker_end(w);
	}
	CU_ASSERT_TRUE(worker_is_crowded(w));
	worker_end(w);
	ended = true;
	pthread_join(hog, NULL);
	CU_ASSERT_EQUAL(sched_setaffinity(0, sizeof(all), &all), 0);
	/* It is over when it is over. */
	for (rounds = 0; worker_is_crowded(w) && rounds < 10000; rounds++)
		usleep(1 * MS);
	CU_ASSERT_FALSE(worker_is_crowded(w));
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

struct fake_disk {
	pthread_t owner;
	unsigned int calls, elsewhere;
};

/* A disk that fails every other time. */
static int sync_every_other(void *ctx, int fd)
{
	struct fake_disk *disk = ctx;

	CU_ASSERT_EQUAL(fd, 7);
	disk->elsewhere += !pthread_equal(disk->owner, pthread_self());
	errno = ++disk->calls % 2 ? EIO : 0;
	return disk->calls % 2 ? -1 : 0;
}

/* Until the disk's thread has had some, which is sooner or later where it is not crowded for long. */
static void says_what_the_disk_says(void)
{
	struct fake_disk disk = {.owner = pthread_self()};
	const struct nvm_io io = {.ctx = &disk, .fdatasync = sync_every_other};
	struct nvm_sync *sync = NULL;
	unsigned int i = 0;

	CU_ASSERT_EQUAL_FATAL(nvm_sync_new(&io, &sync), RC_OK);
	for (; i < ROUNDS || (disk.elsewhere < 10 && i < 1000 * ROUNDS); i++) {
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
	CU_ASSERT_EQUAL(disk.calls, i);
	CU_ASSERT(disk.elsewhere >= 10);
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
		{"the owner does it who is faster", is_done_by_the_owner_who_is_faster},
		{"one that lingers is still there", lingers},
		{"one that lingers falls asleep", falls_asleep},
		{"who looks out rests where it is crowded", rests_where_it_is_crowded},
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
